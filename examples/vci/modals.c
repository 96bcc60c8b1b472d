/* One-mode problems and the self-consistent field. */
#define _DEFAULT_SOURCE
#include "vci/modals.h"
#include "common/eigen.h"
#include <stdlib.h>
#include <string.h>

enum { SINES = 120 };
#define CIRCLE 3.14159265358979323846

/* The potential along one mode at x[n], zero at the origin. room: [n][modes]. */
static void along(int modes, int mode, mode_function *f, void *context, size_t n, const double *x, double *v,
                  double *room)
{
    double origin;
    memset(room, 0, (size_t)modes * sizeof *room);
    f(context, 1, room, &origin);
    memset(room, 0, n * (size_t)modes * sizeof *room);
    for (size_t k = 0; k < n; k++)
        room[k * (size_t)modes + (size_t)mode] = x[k];
    f(context, n, room, v);
    for (size_t k = 0; k < n; k++)
        v[k] -= origin;
}

/* How far the well goes in one direction; *barrier, where it ends at the top of one. */
static double end_of_well(int modes, int mode, double step, double reach, mode_function *f, void *context,
                          double *room, double *barrier)
{
    double before = 0, x = 0;
    for (int k = 1; k <= 400; k++) {
        double v;
        along(modes, mode, f, context, 1, (double[]){k * step}, &v, room);
        if (!isfinite(v) || v > reach)
            return k * step;
        if (v < before && v > 0.1 * step * step) { /* it falls */
            *barrier = *barrier > 0 ? fmin(*barrier, before) : before;
            return x;
        }
        before = v;
        x = k * step;
    }
    return x;
}

/* The eigenfunctions, and what they give at their points. room: 4 SINES^2 and more. */
static int solve_mode(modals *m, int mode, mode_function *f, void *context, double *room)
{
    const size_t n = SINES, p = (size_t)m->points, at = (size_t)mode * p;
    const double low = m->low[mode], length = m->high[mode] - low;
    double *h = room, *vector = h + n * n, *d = vector + n * n, *sine = d + n * n, *x = sine + n * n,
           *v = x + n;
    double *value = v + n, *image = value + n, *own = image + n, *places = own + p * p, *turn = places + p,
           *spare = turn + p * p;
    for (size_t a = 0; a < n; a++) {
        x[a] = low + length * (double)(a + 1) / (n + 1);
        for (size_t s = 0; s < n; s++)
            sine[s * n + a] = sqrt(2.0 / (n + 1)) * sin((double)((s + 1) * (a + 1)) * CIRCLE / (n + 1));
    }
    along(m->modes, mode, f, context, n, x, v, spare);
    double highest = 0;
    for (size_t a = 0; a < n; a++)
        highest = isfinite(v[a]) ? fmax(highest, v[a]) : highest;
    memset(h, 0, n * n * sizeof *h);
    for (size_t s = 0; s < n; s++) {
        const double k = (double)(s + 1) * CIRCLE / length;
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++)
                h[a * n + b] += 0.5 * k * k * sine[s * n + a] * sine[s * n + b];
    }
    for (size_t a = 0; a < n; a++)
        h[a * n + a] += isfinite(v[a]) ? v[a] : highest;
    if (eigen_all(n, h, value, vector))
        return 1;
    /* d/dx between sines, and between eigenfunctions: in the basis of sines first. */
    for (size_t s = 0; s < p; s++) {
        for (size_t k = 0; k < n; k++) {
            image[k] = 0;
            for (size_t a = 0; a < n; a++)
                image[k] += sine[k * n + a] * vector[s * n + a];
        }
        memcpy(h + s * n, image, n * sizeof *image);
    }
    for (size_t s = 0; s < p; s++)
        for (size_t t = 0; t < p; t++) {
            double sum = 0, mean = 0;
            for (size_t a = 0; a < n; a++) {
                mean += vector[s * n + a] * x[a] * vector[t * n + a];
                for (size_t b = 1 - a % 2; b < n; b += 2) { /* s + t odd */
                    const double k = (double)(a + 1), l = (double)(b + 1);
                    sum += h[s * n + a] * h[t * n + b] * 4 * k * l / (length * (k * k - l * l));
                }
            }
            d[s * p + t] = sum;
            own[s * p + t] = mean;
        }
    eigenvectors((int)p, own, places, turn);
    memcpy(m->q + at, places, p * sizeof *places);
    along(m->modes, mode, f, context, p, places, m->v + at, spare);
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++) {
            double energy = 0, slope = 0;
            for (size_t s = 0; s < p; s++) {
                energy += turn[i * p + s] * value[s] * turn[j * p + s];
                for (size_t t = 0; t < p; t++)
                    slope += turn[i * p + s] * d[s * p + t] * turn[j * p + t];
            }
            m->h[(at + i) * p + j] = energy;
            m->d[(at + i) * p + j] = slope;
            m->modal[(at + i) * p + j] = turn[j * p + i]; /* the eigenfunction i at the point j */
        }
    memcpy(m->level + at, value, p * sizeof *value);
    return 0;
}

int modals_make(modals *m, int modes, int points, const double *wavenumber, double reach, mode_function *f,
                void *context, int *failed)
{
    const size_t p = (size_t)points, n = (size_t)modes;
    *m = (modals){.modes = modes, .points = points};
    *failed = -1;
    double *all = calloc(n * (3 * p + 3 * p * p + 3), sizeof *all);
    double *room = calloc(4 * SINES * SINES + 4 * SINES + 2 * p * p + p + SINES * n + n * p, sizeof *room);
    m->q = all;
    int bad = !all || !room;
    if (!bad) {
        m->v = m->q + n * p, m->level = m->v + n * p, m->h = m->level + n * p;
        m->d = m->h + n * p * p, m->modal = m->d + n * p * p, m->low = m->modal + n * p * p,
        m->high = m->low + n;
        m->barrier = m->high + n;
    }
    for (int k = 0; k < modes && !bad; k++) {
        const double w = wavenumber[k], step = 0.1 / sqrt(w), far = fmin(reach, (3 * points + 10) * w);
        m->low[k] = end_of_well(modes, k, -step, far, f, context, room, &m->barrier[k]);
        m->high[k] = end_of_well(modes, k, step, far, f, context, room, &m->barrier[k]);
        bad = m->high[k] - m->low[k] < 10 * step || solve_mode(m, k, f, context, room);
        *failed = bad ? k : -1;
    }
    free(room);
    return bad;
}

void modals_free(modals *m)
{
    free(m->q);
    *m = (modals){0};
}

void modals_elements(const modals *m, int mode, int levels, const double *a, double *element)
{
    const int p = m->points;
    const double *c = m->modal + (size_t)(mode * p) * (size_t)p;
    for (int i = 0; i < levels; i++)
        for (int j = 0; j < levels; j++) {
            double sum = 0;
            for (int k = 0; k < p; k++)
                for (int l = 0; l < p; l++)
                    sum += c[i * p + k] * a[k * p + l] * c[j * p + l];
            element[i * levels + j] = sum;
        }
}

/* ---- the self-consistent field ---- */

/* Adds to field[points] the mean of a term over all of its modes but one, density[modes][points]; returns nothing for terms of one. */
static void mean_of_term(const expansion *e, const expansion_term *t, int keep, const double *density,
                         double *field)
{
    const int p = e->points;
    int point[EXPANSION_ORDER] = {0};
    for (size_t at = 0;; at++) {
        double weight = t->value[at];
        for (int k = 0; k < t->n && weight != 0; k++)
            if (k != keep)
                weight *= density[t->mode[k] * p + point[k]];
        field[point[keep]] += weight;
        int k = t->n - 1;
        while (k >= 0 && ++point[k] == p)
            point[k--] = 0;
        if (k < 0)
            return;
    }
}

int modals_scf(modals *m, const expansion *e, int order)
{
    const int p = m->points, modes = m->modes;
    const size_t square = (size_t)(p * p);
    double *density = calloc((size_t)((modes + 1) * p) + square, sizeof *density);
    if (!density)
        return 1;
    double *field = density + modes * p, *h = field + p, before = INFINITY;
    int cycle = 0;
    for (int k = 0; k < modes; k++) { /* one-mode functions to begin with */
        memcpy(h, m->h + (size_t)k * square, square * sizeof *h);
        eigenvectors(p, h, m->level + k * p, m->modal + (size_t)k * square);
        for (int i = 0; i < p; i++)
            density[k * p + i] = pow(m->modal[(size_t)k * square + (size_t)i], 2);
    }
    for (; cycle < 200; cycle++) {
        double energy = e->origin[0];
        for (int k = 0; k < modes; k++) {
            double alone = 0;
            const double *c = m->modal + (size_t)k * square;
            memset(field, 0, (size_t)p * sizeof *field);
            memcpy(h, m->h + (size_t)k * square, square * sizeof *h);
            for (size_t t = 0; t < e->count; t++)
                for (int i = 0; i < e->term[t].n && e->term[t].n > 1 && e->term[t].n <= order; i++)
                    if (e->term[t].mode[i] == k)
                        mean_of_term(e, &e->term[t], i, density, field);
            for (int i = 0; i < p; i++)
                h[i * p + i] += field[i];
            eigenvectors(p, h, m->level + k * p, m->modal + (size_t)k * square);
            for (int i = 0; i < p; i++) {
                density[k * p + i] = c[i] * c[i];
                for (int j = 0; j < p; j++)
                    alone += c[i] * m->h[(size_t)k * square + (size_t)(i * p + j)] * c[j];
            }
            energy += alone;
        }
        for (size_t t = 0; t < e->count; t++)
            if (e->term[t].n > 1 && e->term[t].n <= order) {
                memset(field, 0, (size_t)p * sizeof *field);
                mean_of_term(e, &e->term[t], 0, density, field);
                for (int i = 0; i < p; i++)
                    energy += field[i] * density[e->term[t].mode[0] * p + i];
            }
        m->scf = energy;
        if (fabs(energy - before) < 1e-12 * (1 + fabs(energy)))
            break;
        before = energy;
    }
    free(density);
    return cycle == 200;
}
