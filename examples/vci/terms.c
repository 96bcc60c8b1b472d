/* Matrices between parts. */
#include "vci/terms.h"
#include <stdlib.h>
#include <string.h>

static size_t triangle(size_t n)
{
    return n * (n + 1) / 2;
}

/* Where the element of two parts is, whichever is the row. */
static size_t pair_of(size_t a, size_t b)
{
    return a > b ? triangle(a) + b : triangle(b) + a;
}

static int begin_term(term_matrix *t, const space *s, int n, const int *mode)
{
    *t = (term_matrix){.n = n};
    if (parts_make(t->parts, s, n, mode))
        return 1;
    t->value = malloc(triangle(t->parts[n].count) * sizeof *t->value);
    return !t->value;
}

/*
 * The matrix of a function on the points of its modes: mode by mode, points of the first mode left are summed up and a pair of
 * its modals comes behind those that are there.
 */
static int transform(term_matrix *t, const modals *m, const double *value)
{
    const size_t p = (size_t)m->points;
    size_t rest = 1;
    double *now = NULL;
    for (int k = 0; k < t->n; k++)
        rest *= p;
    for (int k = 0; k < t->n; k++) {
        const parts *to = &t->parts[k + 1];
        const double *c = m->modal + (size_t)to->mode[k] * p * p, *from = k ? now : value;
        rest /= p;
        double *next = k + 1 == t->n ? t->value : malloc(triangle(to->count) * rest * sizeof *next);
        if (!next) {
            free(now);
            return 1;
        }
        double *out = next;
        memset(next, 0, triangle(to->count) * rest * sizeof *next);
        for (size_t a = 0; a < to->count; a++)
            for (size_t b = 0; b <= a; b++, out += rest) {
                const double *in = from + pair_of((size_t)to->parent[a], (size_t)to->parent[b]) * p * rest;
                const double *x = c + (size_t)to->last[a] * p, *y = c + (size_t)to->last[b] * p;
                for (size_t i = 0; i < p; i++) {
                    const double weight = x[i] * y[i];
                    for (size_t r = 0; r < rest; r++)
                        out[r] += weight * in[i * rest + r];
                }
            }
        free(now);
        now = k + 1 == t->n ? NULL : next;
    }
    return 0;
}

int term_make(term_matrix *t, const space *s, const modals *m, const expansion *e, size_t term, int field)
{
    const expansion_term *of = &e->term[term];
    const size_t size = expansion_size(e, term) / (size_t)e->fields;
    return begin_term(t, s, of->n, of->mode) || transform(t, m, of->value + (size_t)field * size);
}

int term_alone(term_matrix *t, const space *s, const modals *m, int mode)
{
    const size_t levels = (size_t)s->levels[mode], p = (size_t)m->points;
    double *h = malloc(levels * levels * sizeof *h);
    const int bad = begin_term(t, s, 1, &mode) || !h;
    if (!bad)
        modals_elements(m, mode, (int)levels, m->h + (size_t)mode * p * p, h);
    for (size_t i = 0; i < levels && !bad; i++)
        for (size_t j = 0; j <= i; j++)
            t->value[triangle(i) + j] = h[i * levels + j];
    free(h);
    return bad;
}

/* q, d[levels][levels]: Q and d/dQ of a mode. points: room for [points][points]. */
static void place_and_slope(const space *s, const modals *m, int mode, double *points, double *q, double *d)
{
    const size_t p = (size_t)m->points;
    memset(points, 0, p * p * sizeof *points);
    for (size_t i = 0; i < p; i++)
        points[i * (p + 1)] = m->q[(size_t)mode * p + i];
    modals_elements(m, mode, s->levels[mode], points, q);
    modals_elements(m, mode, s->levels[mode], m->d + (size_t)mode * p * p, d);
}

int term_turn(term_matrix *t, const space *s, const modals *m, int k, int l, double zeta_kl, double zeta_lk)
{
    const size_t p = (size_t)m->points, at = p * p, nk = (size_t)s->levels[k], nl = (size_t)s->levels[l];
    double *room = calloc(5 * at, sizeof *room), *q[2] = {room, room + at},
           *d[2] = {room + 2 * at, room + 3 * at};
    const int bad = begin_term(t, s, 2, (int[]){k, l}) || !room;
    t->antisymmetric = 1;
    if (!bad) {
        place_and_slope(s, m, k, room + 4 * at, q[0], d[0]);
        place_and_slope(s, m, l, room + 4 * at, q[1], d[1]);
        const parts *two = &t->parts[2], *one = &t->parts[1];
        double *to = t->value;
        for (size_t a = 0; a < two->count; a++)
            for (size_t b = 0; b <= a; b++) {
                const size_t i = (size_t)one->last[two->parent[a]] * nk + (size_t)one->last[two->parent[b]];
                const size_t j = (size_t)two->last[a] * nl + (size_t)two->last[b];
                *to++ = zeta_kl * q[0][i] * d[1][j] + zeta_lk * q[1][j] * d[0][i];
            }
    }
    free(room);
    return bad;
}

void term_free(term_matrix *t)
{
    parts_free(t->parts, t->n);
    free(t->value);
    *t = (term_matrix){0};
}
