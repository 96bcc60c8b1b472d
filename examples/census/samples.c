/* Samples of the harmonic ground state, and of wider ones; and minimisations from what lies low. */
#include "census/search.h"
#include "common/evaluate.h"
#include "common/minimise.h"
#include "common/modes.h"
#include <stdlib.h>

enum { SHOWN = 800, FIRST_STREAM = 100 }; /* SHOWN: of each width, in the picture */

/* A geometry of the density of width s; returns its energy on the harmonic surface, from the minimum (hartree). */
static double draw(const search *s, generator *random, double width, double *xyz)
{
    double harmonic = 0;
    memcpy(xyz, s->c->xyz, (size_t)s->n * sizeof *xyz);
    for (int q = 0; q < s->nvibrations; q++) {
        const double w = fmax(s->wavenumber[q], 100) / PER_CM;
        const double x = width * sqrt(0.5 / w) * random_normal(random), *mode = s->modes + q * s->n;
        harmonic += 0.5 * w * w * x * x;
        for (int k = 0; k < s->n; k++)
            xyz[k] += x * mode[k] / s->root[k];
    }
    return harmonic;
}

/* Puts a sample among the lowest of its width, if it belongs there. */
static void keep_low(search *s, int wide, double beneath, const double *xyz)
{
    const int count = s->c->options.descents;
    const size_t n = (size_t)s->n;
    double *lowest = s->lowest + wide * count, *to = s->lowest_xyz + (size_t)(wide * count) * n;
    int at = count - 1;
    if (!(beneath < lowest[at]))
        return;
    while (at > 0 && beneath < lowest[at - 1])
        at--;
    const size_t behind = (size_t)(count - 1 - at);
    memmove(lowest + at + 1, lowest + at, behind * sizeof *lowest);
    memmove(to + ((size_t)at + 1) * n, to + (size_t)at * n, behind * n * sizeof *to);
    lowest[at] = beneath;
    memcpy(to + (size_t)at * n, xyz, n * sizeof *to);
}

/* The samples of a block. */
typedef struct drawing {
    double width, *harmonic; /* [CENSUS_BATCH] */
} drawing;

static void draw_block(const search *s, block *b, void *context)
{
    const drawing *d = context;
    const size_t first = (size_t)(b->energy - s->energy);
    for (size_t i = 0; i < b->count; i++)
        d->harmonic[first + i] = draw(s, b->random, d->width, b->xyz + i * (size_t)s->n);
}

static void draw_width(search *s, int k, double *harmonic, generator *random)
{
    census *c = s->c;
    const double width = census_widths[k];
    drawing all = {width, harmonic};
    const int wide = k - (CENSUS_WIDTHS - 2); /* 0 and 1: descents begin here */
    for (int first = 0; first < c->options.samples; first += CENSUS_BATCH) {
        const int left = c->options.samples - first, count = left < CENSUS_BATCH ? left : CENSUS_BATCH;
        evaluate_blocks(s, (size_t)count, s->xyz, s->energy, random, draw_block, &all);
        for (int i = 0; i < count; i++) {
            const double *xyz = s->xyz + i * s->n;
            if (is_close(s, xyz)) {
                c->close[k]++;
                continue;
            }
            if (first + i < SHOWN)
                add_point(s, xyz, s->energy[i], width);
            if (is_hole(s, s->energy[i])) {
                c->sampled[k]++;
                add_hole(s, xyz, s->energy[i], CENSUS_SAMPLE, width);
            } else if (wide >= 0) {
                keep_low(s, wide, s->energy[i] - c->minimum - harmonic[i], xyz);
            }
        }
    }
}

int draw_samples(search *s)
{
    enum { BLOCKS = CENSUS_BATCH / CENSUS_BLOCK };
    double *harmonic = malloc(CENSUS_BATCH * sizeof *harmonic);
    generator *random = malloc(BLOCKS * sizeof *random);
    if (!harmonic || !random) {
        free(harmonic);
        free(random);
        return 1;
    }
    for (int k = 0; k < BLOCKS; k++)
        random_start(&random[k], s->c->options.seed, FIRST_STREAM + (uint64_t)k);
    for (int k = 0; k < 2 * s->c->options.descents; k++)
        s->lowest[k] = INFINITY;
    for (int k = 0; k < CENSUS_WIDTHS; k++)
        draw_width(s, k, harmonic, random);
    free(harmonic);
    free(random);
    return 0;
}

/* ---- descents ----------------------------------------------------------------------------------------- */

static int outside(const void *context, const double *xyz)
{
    return is_close(context, xyz);
}

/* Downhill from a geometry, which is overwritten. */
static int descend_from(search *s, double *xyz)
{
    const minimise_options options = {.steps = 300, .gradient = 1e-4, .outside = outside, .context = s};
    double energy;
    if (minimise(s->m, xyz, &energy, &options) == MINIMISE_MEMORY)
        return 1;
    s->c->descents++;
    if (is_hole(s, energy)) {
        s->c->descent_holes++;
        add_hole(s, xyz, energy, CENSUS_DESCENT, 0);
    }
    return 0;
}

int descend(search *s)
{
    const int count = s->c->options.descents;
    const size_t n = (size_t)s->n;
    int bad = 0;
    /* Those that begin in holes first, from a copy, since the list changes. */
    const int deep = s->c->kept < (size_t)count ? (int)s->c->kept : count;
    memcpy(s->xyz, s->c->hole_xyz, (size_t)deep * n * sizeof *s->xyz);
    for (int k = 0; k < deep && !bad; k++)
        bad = descend_from(s, s->xyz + (size_t)k * n);
    for (int k = 0; k < 2 * count && !bad; k++)
        if (isfinite(s->lowest[k]))
            bad = descend_from(s, s->lowest_xyz + (size_t)k * n);
    return bad;
}
