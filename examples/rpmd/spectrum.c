/* Infrared spectra by ring-polymer molecular dynamics. */
#define _POSIX_C_SOURCE 200809L
#include "rpmd/spectrum.h"
#include "common/json.h"
#include "common/modes.h"
#include "common/plot.h"
#include "common/whole.h"

#define PI 3.14159265358979323846

enum { EVERY = 4, POINTS = 1001 }; /* steps from one dipole to the next; frequencies */

/* Adds |transform|^2 of dipole[samples][3] to sum[POINTS]. */
static void transform(size_t samples, const double *dipole, double dt, const double *frequency, double *sum)
{
    double middle[3] = {0};
    for (size_t k = 0; k < 3 * samples; k++)
        middle[k % 3] += dipole[k] / (double)samples;
    for (size_t f = 0; f < POINTS; f++)
        for (int axis = 0; axis < 3; axis++) {
            /* exp(-iwt) by one rotation for each step */
            const double c = cos(frequency[f] * dt), s = sin(frequency[f] * dt);
            double re = 0, im = 0, x = 1, y = 0;
            for (size_t t = 0; t < samples; t++) {
                const double window = 0.5 - 0.5 * cos(2 * PI * ((double)t + 0.5) / (double)samples);
                const double value = window * (dipole[3 * t + (size_t)axis] - middle[axis]), kept = x;
                re += value * x, im += value * y;
                x = x * c - y * s, y = y * c + kept * s;
            }
            sum[f] += re * re + im * im;
        }
}

/* A trajectory: its dipoles, and what its energy changes by. */
static double follow(ring *r, const molecule *m, const spectrum_options *o, double *beads, double *dipole)
{
    const double begun = ring_energy(r);
    for (size_t t = 0; t < o->length / EVERY; t++) {
        for (int k = 0; k < EVERY; k++)
            ring_step(r, 0);
        molecule_dipoles(m, r->beads, r->x, beads);
        for (size_t axis = 0; axis < 3; axis++) {
            dipole[3 * t + axis] = 0;
            for (size_t j = 0; j < r->beads; j++)
                dipole[3 * t + axis] += beads[3 * j + axis] / (double)r->beads;
        }
    }
    return fabs(ring_energy(r) - begun) * r->beta / (double)r->beads;
}

static void find_peaks(spectrum_results *r)
{
    double most = 0;
    for (size_t f = 0; f < r->n; f++)
        most = fmax(most, r->absorption[f]);
    for (size_t f = 0; f < r->n; f++)
        r->absorption[f] /= most;
    for (size_t f = 8; f + 8 < r->n && r->npeaks < SPECTRUM_PEAKS; f++) {
        int top = r->absorption[f] > 0.02;
        for (size_t k = 1; k <= 8; k++)
            top = top && r->absorption[f] > r->absorption[f - k] && r->absorption[f] >= r->absorption[f + k];
        if (top)
            r->peak[r->npeaks] = r->frequency[f], r->height[r->npeaks++] = r->absorption[f];
    }
}

int spectrum_run(const path_land *on, const molecule *m, const spectrum_options *o, spectrum_results *r)
{
    const size_t samples = o->length / EVERY;
    ring rings = {0};
    double *room = calloc(3 * samples + 3 * o->beads + POINTS, sizeof *room);
    *r = (spectrum_results){.n = POINTS};
    r->frequency = calloc(2 * POINTS, sizeof *r->frequency);
    int bad = !room || !r->frequency || ring_make(&rings, on, o->beads, o->temperature, o->step);
    if (!bad) {
        double *dipole = room, *beads = dipole + 3 * samples, *raw = beads + 3 * o->beads;
        r->absorption = r->frequency + POINTS;
        for (size_t f = 0; f < POINTS; f++)
            r->frequency[f] = o->highest * (double)f / (POINTS - 1);
        ring_begin(&rings, o->seed, 0, m->xyz);
        for (size_t t = 0; t < o->trajectories; t++) {
            for (size_t s = 0; s < (t ? o->settle : 4 * o->settle); s++)
                ring_step(&rings, 1);
            const double strayed = follow(&rings, m, o, beads, dipole);
            r->strayed = strayed > r->strayed || isnan(strayed) ? strayed : r->strayed;
            transform(samples, dipole, EVERY * o->step, r->frequency, raw);
        }
        /* smoothed over 3 points to each side, 15 cm^-1 up to 5000 */
        for (size_t f = 0; f < POINTS; f++) {
            double sum = 0, weights = 0;
            for (size_t k = f < 9 ? 0 : f - 9; k <= f + 9 && k < POINTS; k++) {
                const double d = ((double)k - (double)f) / 3, weight = exp(-0.5 * d * d);
                sum += weight * raw[k], weights += weight;
            }
            r->absorption[f] = r->frequency[f] * r->frequency[f] * sum / weights;
        }
        find_peaks(r);
        r->lowest = rings.lowest;
    }
    ring_free(&rings);
    free(room);
    return bad;
}

void spectrum_free(spectrum_results *r)
{
    free(r->frequency);
    *r = (spectrum_results){0};
}

int spectrum_draw(const char *path, const molecule *m, double kelvin, const spectrum_results *r)
{
    char title[512];
    double x[POINTS];
    whole w;
    plot p;
    for (size_t f = 0; f < r->n; f++)
        x[f] = PER_CM * r->frequency[f];
    whole_open(&w, path);
    plot_begin(&p, w.out, 760, 440);
    snprintf(title, sizeof title, "%s at %g K: infrared spectrum by ring polymers", m->name, kelvin);
    plot_text(&p, 80, 26, "start", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){80, 44, 650, 330}, 0, x[r->n - 1], 0, 1.08, "wavenumber / cm\u207b\u00b9",
              "absorption, highest = 1");
    for (int k = 0; k < m->vibrations; k++) {
        const double at[2] = {m->wavenumber[k], m->wavenumber[k]}, height[2] = {0, 1.08};
        plot_line(&p, 2, at, height, (plot_style){"#bbbbbb", 1.2, 1, "4 3"}, k ? NULL : "harmonic");
    }
    plot_line(&p, r->n, x, r->absorption, (plot_style){"#4477aa", 1.8, 1, NULL}, "ring polymers");
    plot_legend(&p, 230, 10);
    plot_finish(&p);
    return whole_close(&w, 0);
}

int spectrum_json(const char *path, const spectrum_results *r)
{
    double peak[SPECTRUM_PEAKS], x[POINTS];
    whole w;
    for (size_t k = 0; k < r->npeaks; k++)
        peak[k] = PER_CM * r->peak[k];
    for (size_t f = 0; f < r->n; f++)
        x[f] = PER_CM * r->frequency[f];
    whole_open(&w, path);
    json j = {w.out, 0};
    json_numbers(&j, "peaks", r->npeaks, peak);
    json_numbers(&j, "heights", r->npeaks, r->height);
    json_numbers(&j, "wavenumbers", r->n, x);
    json_numbers(&j, "absorption", r->n, r->absorption);
    json_number(&j, "strayed", r->strayed);
    json_end(&j);
    return whole_close(&w, 0);
}
