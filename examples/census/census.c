/* The census as a whole: its minimum, and what it keeps of what it finds. */
#include "census/census.h"
#include "census/search.h"
#include "common/elements.h"
#include "common/evaluate.h"
#include "common/minimise.h"
#include "common/modes.h"
#include "common/threads.h"
#include <stdlib.h>
#include <time.h>

const double census_widths[CENSUS_WIDTHS] = {1, 1.5, 2, 3};

enum { POINTS = 6000 }; /* of the picture */

int is_close(const search *s, const double *xyz)
{
    const int natoms = s->n / 3;
    for (int i = 0; i < natoms; i++)
        for (int j = 0; j < i; j++) {
            const double x = xyz[3 * i] - xyz[3 * j], y = xyz[3 * i + 1] - xyz[3 * j + 1],
                         z = xyz[3 * i + 2] - xyz[3 * j + 2];
            if (!(x * x + y * y + z * z >= s->closest[i * natoms + j]))
                return 1;
        }
    return 0;
}

int is_hole(const search *s, double energy)
{
    return !(energy >= s->c->minimum - s->c->options.margin);
}

static double distance(const double *xyz, int i, int j)
{
    double square = 0;
    for (int k = 0; k < 3; k++)
        square += (xyz[3 * i + k] - xyz[3 * j + k]) * (xyz[3 * i + k] - xyz[3 * j + k]);
    return sqrt(square);
}

/* The root mean square change of the distances from those of the minimum. */
static double change_of(const search *s, const double *xyz)
{
    const int natoms = s->n / 3;
    double square = 0;
    for (int i = 0; i < natoms; i++)
        for (int j = 0; j < i; j++) {
            const double change = distance(xyz, i, j) - s->distance[i * natoms + j];
            square += change * change;
        }
    return sqrt(2 * square / (natoms * (natoms - 1)));
}

/*
 * Holes are kept while there is room, and then each in the place of another with the chance that leaves a fair sample of all
 * (reservoir sampling). The deepest stands first and stays.
 */
void add_hole(search *s, const double *xyz, double energy, census_origin origin, double width)
{
    census *c = s->c;
    const double depth = isfinite(energy) ? energy - c->minimum : -INFINITY;
    const size_t n = (size_t)s->n, room = (size_t)c->options.kept;
    size_t at = c->kept;
    c->holes++;
    if (c->kept < room)
        c->kept++;
    else
        at = (size_t)(random_uniform(&s->lots) * (double)c->holes);
    if (depth < c->deepest) {
        if (at > 0 && at < room) { /* the first of before */
            c->hole[at] = c->hole[0];
            memcpy(c->hole_xyz + at * n, c->hole_xyz, n * sizeof *xyz);
        }
        c->deepest = depth;
        at = 0;
    } else if (at == 0 || at >= room) {
        return;
    }
    c->hole[at] = (census_hole){depth, change_of(s, xyz), width, origin};
    memcpy(c->hole_xyz + at * n, xyz, n * sizeof *xyz);
}

void add_point(search *s, const double *xyz, double energy, double width)
{
    census_points *p = &s->c->points;
    if (p->n == p->room || !isfinite(energy))
        return;
    p->change[p->n] = change_of(s, xyz);
    p->energy[p->n] = energy - s->c->minimum;
    p->width[p->n++] = width;
}

/* ---- before it begins --------------------------------------------------------------------------------- */

static eqml_status fail(eqml_message *message, eqml_status status, const char *text)
{
    if (message)
        snprintf(message->text, sizeof message->text, "%s", text);
    return status;
}

eqml_status know_atoms(search *s, const char *symbols, eqml_message *message)
{
    const int natoms = s->n / 3;
    double *radius = s->distance; /* room for them, until the minimum is known */
    for (int i = 0; i < natoms; i++) {
        symbols += strspn(symbols, " ");
        const size_t length = strcspn(symbols, " ");
        const element *e = find_element(symbols, length);
        if (!e) {
            if (message)
                snprintf(message->text, sizeof message->text,
                         "\"%.*s\" is no element that the census of holes knows", (int)length, symbols);
            return EQML_ERROR_ARGUMENT;
        }
        s->mass[i] = e->mass;
        radius[i] = e->radius;
        symbols += length;
    }
    for (int i = 0; i < natoms; i++)
        for (int j = 0; j < natoms; j++) {
            const double least = s->c->options.closest * (radius[i] + radius[j]) * EQML_ANGSTROM;
            s->closest[i * natoms + j] = least * least;
        }
    return EQML_OK;
}

void evaluate_blocks(const search *s, size_t n, double *xyz, double *energy, generator *random,
                     void (*prepare)(const search *s, block *b, void *context), void *context)
{
    const int blocks = (int)((n + CENSUS_BLOCK - 1) / CENSUS_BLOCK);
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic)
#endif
    for (int k = 0; k < blocks; k++) {
        const size_t first = (size_t)k * CENSUS_BLOCK, left = n - first;
        block b = {xyz + first * (size_t)s->n, energy + first, left < CENSUS_BLOCK ? left : CENSUS_BLOCK,
                   random + k};
        prepare(s, &b, context);
        evaluate_batch(s->m, b.count, b.xyz, b.energy, NULL, s->work + this_thread() * s->room);
    }
}

static int outside(const void *context, const double *xyz)
{
    return is_close(context, xyz);
}

/* Where the surface curves downwards along the lowest vibration, a little of it; tells whether it does. */
static int leave_saddle(search *s, double *xyz)
{
    if (s->wavenumber[0] > -20)
        return 0;
    for (int k = 0; k < s->n; k++)
        xyz[k] += 20 * s->modes[k] / s->root[k];
    return 1;
}

/* The geometry where the search begins, or that it comes to, is none. */
static eqml_status fail_close(const search *s, int tries, eqml_message *message)
{
    if (message)
        snprintf(message->text, sizeof message->text,
                 "no minimum: two atoms of %s are closer than %g of the sum of their covalent radii",
                 tries ? "the geometry downhill" : "the geometry where the search begins",
                 s->c->options.closest);
    return EQML_ERROR_VALUE;
}

/* The minimum in whose valley xyz lies, and its vibrations. hessian: room for [n][n], and six rows. */
static eqml_status find_minimum(search *s, double *hessian, double *work, eqml_message *message)
{
    const minimise_options options = {.gradient = 1e-7, .outside = outside, .context = s};
    census *c = s->c;
    const int n = s->n;
    for (int tries = 0; tries < 4; tries++) {
        if (is_close(s, c->xyz))
            return fail_close(s, tries, message);
        const minimise_end end = minimise(s->m, c->xyz, &c->minimum, &options);
        if (end == MINIMISE_MEMORY)
            return fail(message, EQML_ERROR_MEMORY, "out of memory");
        if (end == MINIMISE_LEFT)
            return fail(message, EQML_ERROR_VALUE,
                        "no minimum: downhill from the lowest geometry of the data lies a hole");
        if (!isfinite(c->minimum))
            return fail(message, EQML_ERROR_VALUE, "no minimum: the energy is not a number");
        evaluate_hessian(s->m, c->xyz, s->wavenumber, hessian, work);
        s->nvibrations =
            vibrations(n / 3, s->mass, c->xyz, hessian, s->root, s->wavenumber, s->modes, hessian + n * n);
        if (!leave_saddle(s, c->xyz)) {
            if (end == MINIMISE_STOPPED && !(s->wavenumber[0] > 0))
                break;
            return EQML_OK;
        }
    }
    return fail(message, EQML_ERROR_VALUE, "no minimum near the lowest geometry of the data");
}

static void describe_minimum(search *s)
{
    const int natoms = s->n / 3;
    s->c->vibrations = s->nvibrations;
    for (int k = 0; k < s->nvibrations; k++)
        s->c->harmonic += fmax(s->wavenumber[k], 0) / (2 * PER_CM);
    for (int i = 0; i < natoms; i++)
        for (int j = 0; j < natoms; j++)
            s->distance[i * natoms + j] = distance(s->c->xyz, i, j);
}

/* ---- the census --------------------------------------------------------------------------------------- */

static void fill_in(const census_options *options, census_options *o)
{
    *o = options ? *options : (census_options){0};
    o->seed = o->seed ? o->seed : 1;
    o->samples = o->samples > 0 ? o->samples : 10000;
    o->walkers = o->walkers > 0 ? o->walkers : 1000;
    o->steps = o->steps > 0 ? o->steps : 1000;
    o->time_step = o->time_step > 0 ? o->time_step : 10;
    o->descents = o->descents > 0 ? o->descents : 8;
    o->descents = o->descents < CENSUS_BATCH ? o->descents : CENSUS_BATCH;
    o->margin = o->margin > 0 ? o->margin : 1e-4;
    o->closest = o->closest > 0 ? o->closest : 0.5;
    o->kept = o->kept > 0 ? o->kept : 500;
}

void census_free(census *c)
{
    free(c->xyz);
    free(c->hole);
    free(c->hole_xyz);
    free(c->points.change);
    free(c->points.energy);
    free(c->points.width);
    memset(c, 0, sizeof *c);
}

/* The arrays of the census; 0 where memory ran out. */
static int make_room(census *c, int natoms)
{
    const size_t n = 3 * (size_t)natoms, kept = (size_t)c->options.kept;
    c->natoms = natoms;
    c->points.room = POINTS;
    c->xyz = calloc(n, sizeof *c->xyz);
    c->hole = calloc(kept, sizeof *c->hole);
    c->hole_xyz = calloc(kept * n, sizeof *c->hole_xyz);
    c->points.change = calloc(POINTS, sizeof *c->points.change);
    c->points.energy = calloc(POINTS, sizeof *c->points.energy);
    c->points.width = calloc(POINTS, sizeof *c->points.width);
    return c->xyz && c->hole && c->hole_xyz && c->points.change && c->points.energy && c->points.width;
}

static double seconds_now(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Bytes, up to whole lines of the cache. */
static size_t lines(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

eqml_status census_run(const eqml_model *m, const char *symbols, const double *start,
                       const census_options *options, census *c, eqml_message *message)
{
    const eqml_basis *b = m->basis;
    const size_t natoms = (size_t)b->natoms, n = 3 * natoms;
    const size_t hessian_work = EQML_WORK_HESSIAN((size_t)b->nslots, (size_t)b->npairs) * sizeof(double);
    const size_t batch_work =
        EQML_WORK_BATCH((size_t)b->nslots, (size_t)b->npairs, natoms) * sizeof(eqml_lanes);
    const double began = seconds_now();
    search s = {.m = m, .c = c, .n = (int)n};
    eqml_status status = EQML_ERROR_MEMORY;
    memset(c, 0, sizeof *c);
    fill_in(options, &c->options);
    const size_t lowest = 2 * (size_t)c->options.descents;
    double *all =
        calloc(natoms + 2 * n + n * n + 2 * natoms * natoms + (n + 6) * n + (CENSUS_BATCH + lowest) * (n + 1),
               sizeof *all);
    s.room = lines(batch_work > hessian_work ? batch_work : hessian_work) / sizeof(eqml_lanes);
    s.work = aligned_alloc(64, lines(threads_at_most() * s.room * sizeof(eqml_lanes)));
    if (all && s.work && make_room(c, b->natoms)) {
        s.mass = all, s.root = s.mass + natoms, s.wavenumber = s.root + n, s.modes = s.wavenumber + n;
        s.closest = s.modes + n * n, s.distance = s.closest + natoms * natoms;
        double *hessian = s.distance + natoms * natoms;
        s.xyz = hessian + (n + 6) * n, s.energy = s.xyz + CENSUS_BATCH * n;
        s.lowest = s.energy + CENSUS_BATCH, s.lowest_xyz = s.lowest + lowest;
        random_start(&s.random, c->options.seed, 0);
        random_start(&s.lots, c->options.seed, 1);
        memcpy(c->xyz, start, n * sizeof *start);
        status = know_atoms(&s, symbols, message);
        if (!status)
            status = find_minimum(&s, hessian, (double *)(void *)s.work, message);
        if (!status) {
            describe_minimum(&s);
            if (draw_samples(&s) || walk(&s) || descend(&s))
                status = EQML_ERROR_MEMORY;
        }
    }
    free(all);
    free(s.work);
    c->seconds = seconds_now() - began;
    if (status) {
        census_free(c);
        if (status == EQML_ERROR_MEMORY)
            fail(message, status, "out of memory");
    }
    return status;
}
