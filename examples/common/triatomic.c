/* Rovibrational states of triatomic molecules. */
#include "common/triatomic.h"
#include "common/eigen.h"
#include "common/elements.h"
#include <stdlib.h>
#include <string.h>

static const char no_memory[] = "out of memory";

/* ---- coordinates ---------------------------------------------------------------------------------------- */

/* Radau's vectors are r - beta (m1 r1 + m2 r2) / (m1 + m2), r from the apex. */
static double beta_of(const triatomic *t)
{
    const double *m = t->o.mass, total = m[0] + m[1] + m[2];
    return 1 - sqrt(m[t->o.apex] / total);
}

void triatomic_place(const triatomic *t, double x1, double x2, double cosine, double *xyz)
{
    const double *m = t->o.mass, m1 = m[t->end[0]], m2 = m[t->end[1]];
    const double second[2] = {x2 * sqrt(fmax(0, 1 - cosine * cosine)), x2 * cosine}; /* x and z */
    const double beta = beta_of(t);
    double *apex = xyz + 3 * t->o.apex, *b = xyz + 3 * t->end[0], *c = xyz + 3 * t->end[1];
    memset(xyz, 0, 9 * sizeof *xyz);
    for (int k = 0; k < 2; k++) {
        const double v1 = k ? x1 : 0, v2 = second[k];
        const double middle = (m1 * v1 + m2 * v2) / (m1 + m2);
        if (t->o.vectors == TRIATOMIC_RADAU) {
            b[2 * k] = v1 + beta / (1 - beta) * middle;
            c[2 * k] = v2 + beta / (1 - beta) * middle;
        } else {
            b[2 * k] = -m2 / (m1 + m2) * v1;
            c[2 * k] = m1 / (m1 + m2) * v1;
            apex[2 * k] = v2;
        }
    }
}

void triatomic_coordinates(const triatomic *t, const double *xyz, double *x, double *cosine)
{
    const double *m = t->o.mass, m1 = m[t->end[0]], m2 = m[t->end[1]];
    double v[2][3], dot = 0;
    x[0] = x[1] = 0;
    for (int k = 0; k < 3; k++) {
        const double a = xyz[3 * t->o.apex + k], b = xyz[3 * t->end[0] + k], c = xyz[3 * t->end[1] + k];
        const double middle = (m1 * b + m2 * c) / (m1 + m2);
        const int radau = t->o.vectors == TRIATOMIC_RADAU;
        v[0][k] = radau ? b - a - beta_of(t) * (middle - a) : c - b;
        v[1][k] = radau ? c - a - beta_of(t) * (middle - a) : a - middle;
        x[0] += v[0][k] * v[0][k];
        x[1] += v[1][k] * v[1][k];
        dot += v[0][k] * v[1][k];
    }
    *cosine = dot / sqrt(x[0] * x[1]);
    x[0] = sqrt(x[0]), x[1] = sqrt(x[1]);
}

/* ---- the angle ------------------------------------------------------------------------------------------ */

/* Gauss-Legendre quadrature: zeros of P_n by Newton's method. */
static void quadrature(int n, double *x, double *root)
{
    const double pi = acos(-1);
    for (int k = 0; k < n; k++) {
        double z = cos(pi * (k + 0.75) / (n + 0.5)), slope = 1;
        for (int step = 0; step < 10; step++) {
            double p = 1, before = 0;
            for (int l = 1; l <= n; l++) {
                const double next = ((2 * l - 1) * z * p - (l - 1) * before) / l;
                before = p;
                p = next;
            }
            slope = n * (z * p - before) / (z * z - 1);
            z -= p / slope;
        }
        x[k] = z;
        root[k] = sqrt(2 / ((1 - z * z) * slope * slope));
    }
}

/* f[nl][nq] <- associated Legendre functions of norm 1 times the root of the weight, l = first, first + step, ... */
static void legendre(const triatomic *t, const triatomic_states *s, double *f)
{
    const int K = s->K;
    for (int q = 0; q < t->nq; q++) {
        const double z = t->cosine[q];
        double p = sqrt(0.5), before = 0, scale_before = 1;
        for (int k = 1; k <= K; k++)
            p *= sqrt((2 * k + 1) / (2.0 * k) * (1 - z * z));
        for (int l = K, row = 0; row < s->nl; l++) {
            if (l >= s->first && (l - s->first) % s->step == 0)
                f[row++ * t->nq + q] = p * t->root[q];
            const double scale = sqrt((4.0 * (l + 1) * (l + 1) - 1) / ((l + 1.0) * (l + 1) - (double)K * K));
            const double next = scale * (z * p - before / scale_before);
            before = p, scale_before = scale;
            p = next;
        }
    }
}

/* ---- distances ------------------------------------------------------------------------------------------ */

enum { FINE = 120, BATCH = 256 };

/* Energies at [n][x1, x2, cosine], above the minimum, at most the cap; those below are left as they are. */
static void energies_at(const triatomic *t, const triatomic_potential *v, size_t n, const double *at,
                        double *energy)
{
    double xyz[BATCH * 9];
    for (size_t first = 0; first < n; first += BATCH) {
        const size_t count = n - first < BATCH ? n - first : BATCH;
        for (size_t k = 0; k < count; k++) {
            const double *x = at + 3 * (first + k);
            triatomic_place(t, x[0], x[1], x[2], xyz + 9 * k);
        }
        v->energies(v->context, count, xyz, energy + first);
        for (size_t k = 0; k < count; k++) {
            const double e = energy[first + k] - v->minimum;
            energy[first + k] = e <= t->o.cap ? e : t->o.cap;
        }
    }
}

/*
 * The lowest potential over the other distance and the angle, at at[which]: *energy, and at[3] moves there, by Newton's method with
 * differences from where it is. Where that does not curve upwards they stay.
 */
static void relax(const triatomic *t, const triatomic_potential *v, int which, double *at, double *energy)
{
    const int other = 1 - which;
    for (int step = 0; step < 4; step++) {
        const double d[2] = {1e-3 * at[other], 1e-3};
        double near[9 * 3], e[9];
        for (int k = 0; k < 9; k++) {
            memcpy(near + 3 * k, at, 3 * sizeof *at);
            near[3 * k + other] += (k / 3 - 1) * d[0];
            near[3 * k + 2] = fmin(1, fmax(-1, near[3 * k + 2] + (k % 3 - 1) * d[1]));
        }
        energies_at(t, v, 9, near, e);
        *energy = e[4];
        const double gx = (e[7] - e[1]) / (2 * d[0]), gc = (e[5] - e[3]) / (2 * d[1]);
        const double xx = (e[7] - 2 * e[4] + e[1]) / (d[0] * d[0]),
                     cc = (e[5] - 2 * e[4] + e[3]) / (d[1] * d[1]);
        const double xc = (e[8] - e[6] - e[2] + e[0]) / (4 * d[0] * d[1]), volume = xx * cc - xc * xc;
        const double mx = -(cc * gx - xc * gc) / volume, mc = -(xx * gc - xc * gx) / volume;
        if (!(xx > 0 && cc > 0 && volume > 0) || fabs(mx) > 0.2 || fabs(mc) > 0.2 || fabs(at[2] + mc) > 0.99)
            break;
        at[other] += mx;
        at[2] += mc;
    }
}

/* Where the relaxed potential along x[which] reaches the cap, from the minimum at x and cosine. */
static void find_range(const triatomic *t, const triatomic_potential *v, int which, const double *x,
                       double cosine, double *range)
{
    const double step = 0.01 * x[which];
    for (int side = 0; side < 2; side++) {
        double at[3] = {x[0], x[1], cosine}, energy = 0;
        for (int k = 0; k < 800 && energy < t->o.cap && at[which] > 2 * step; k++) {
            at[which] += side ? step : -step;
            relax(t, v, which, at, &energy);
        }
        range[side] = at[which];
    }
}

/* The relaxed potential at place[n], ascending, outwards from the minimum. */
static void relaxed(const triatomic *t, const triatomic_potential *v, int which, const double *x,
                    double cosine, int n, const double *place, double *energy)
{
    int middle = 0;
    while (middle < n - 1 && place[middle] < x[which])
        middle++;
    for (int side = 0; side < 2; side++) {
        double at[3] = {x[0], x[1], cosine};
        for (int k = side ? middle : middle - 1; k >= 0 && k < n; k += side ? 1 : -1) {
            at[which] = place[k];
            relax(t, v, which, at, &energy[k]);
        }
    }
}

/* Potential-optimised points, and the kinetic energy: that of the eigenfunctions less their potential. */
static const char *optimise_points(triatomic *t, const triatomic_potential *v, int which, const double *x,
                                   double cosine)
{
    double range[2];
    find_range(t, v, which, x, cosine, range);
    const double low = range[0], step = (range[1] - low) / (FINE - 1), pi = acos(-1);
    const int n = t->n;
    double *room = malloc((3 * FINE * FINE + 3 * FINE + 3 * (size_t)n * (size_t)n) * sizeof *room);
    if (!room)
        return no_memory;
    double *kinetic = room, *h = kinetic + FINE * FINE, *function = h + FINE * FINE;
    double *value = function + FINE * FINE, *place = value + FINE;
    double *lowest = place + FINE, *small = lowest + FINE, *turn = small + n * n, *energy = turn + n * n;
    const char *bad = NULL;
    for (int i = 0; i < FINE; i++)
        for (int j = 0; j < FINE; j++) {
            const int d = i - j;
            kinetic[i * FINE + j] = (d % 2 ? -1 : 1) * (d ? 2.0 / ((double)d * d) : pi * pi / 3) /
                                    (2 * t->reduced[which] * step * step);
        }
    memcpy(h, kinetic, FINE * FINE * sizeof *h);
    for (int i = 0; i < FINE; i++)
        place[i] = low + i * step;
    relaxed(t, v, which, x, cosine, FINE, place, lowest);
    for (int i = 0; i < FINE; i++)
        h[i * FINE + i] += lowest[i];
    if (eigen_all(FINE, h, value, function))
        bad = "the motion along a distance cannot be solved: the potential is no number";
    for (int i = 0; i < n && !bad; i++)
        for (int j = 0; j < n; j++) {
            double x = 0, k = 0;
            for (int a = 0; a < FINE; a++) {
                x += function[i * FINE + a] * place[a] * function[j * FINE + a];
                k += function[i * FINE + a] * (lowest[a] * function[j * FINE + a]);
            }
            small[i * n + j] = x;
            energy[i * n + j] = (i == j ? value[i] : 0) - k;
        }
    if (!bad && eigen_all((size_t)n, small, t->x[which], turn))
        bad = no_memory;
    for (int a = 0; a < n && !bad; a++)
        for (int b = 0; b < n; b++) {
            double sum = 0;
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    sum += turn[a * n + i] * energy[i * n + j] * turn[b * n + j];
            t->kinetic[which][a * n + b] = sum;
        }
    free(room);
    return bad;
}

/* ---- the grid ------------------------------------------------------------------------------------------- */

static const char *find_points(triatomic *t, const triatomic_potential *v, const double *xyz)
{
    const int same = t->o.alike && t->o.vectors == TRIATOMIC_RADAU;
    double x[2], cosine;
    const char *bad = NULL;
    triatomic_coordinates(t, xyz, x, &cosine);
    if (!(x[0] > 0.2 && x[1] > 0.2))
        return "a vector vanishes at the minimum: take the other kind, --vectors radau or jacobi";
    for (int which = 0; which < (same ? 1 : 2) && !bad; which++)
        bad = optimise_points(t, v, which, x, cosine);
    if (same && !bad) {
        memcpy(t->x[1], t->x[0], (size_t)t->n * sizeof *t->x[1]);
        memcpy(t->kinetic[1], t->kinetic[0], (size_t)t->n * (size_t)t->n * sizeof *t->kinetic[1]);
    }
    return bad;
}

/* The potential at all points; of ends that are alike exactly symmetric. Pairs that count. */
static const char *find_potential(triatomic *t, const triatomic_potential *v)
{
    const int n = t->n, nq = t->nq;
    double *at = malloc((size_t)nq * 4 * sizeof *at), deepest = -1e-4;
    if (!at)
        return no_memory;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            double *to = t->potential + (a * n + b) * nq, least = INFINITY;
            for (int q = 0; q < nq; q++) {
                at[3 * q] = t->x[0][a];
                at[3 * q + 1] = t->x[1][b];
                at[3 * q + 2] = t->cosine[q];
            }
            energies_at(t, v, (size_t)nq, at, to);
            for (int q = 0; q < nq; q++) {
                least = fmin(least, to[q]);
                t->holes += to[q] < -1e-4;
                if (to[q] < deepest) {
                    deepest = to[q];
                    triatomic_place(t, at[3 * q], at[3 * q + 1], at[3 * q + 2], t->hole);
                }
            }
            t->place[a * n + b] = least < t->o.cut ? t->npairs : -1;
            if (least < t->o.cut) {
                t->pair[t->npairs][0] = a;
                t->pair[t->npairs++][1] = b;
            }
        }
    free(at);
    for (int a = 0; a < n && t->o.alike; a++)
        for (int b = 0; b < n; b++)
            for (int q = 0; q < nq; q++) {
                const int radau = t->o.vectors == TRIATOMIC_RADAU;
                double *one = t->potential + (a * n + b) * nq + q;
                double *other = t->potential + (radau ? (b * n + a) * nq + q : (a * n + b) * nq + nq - 1 - q);
                *one = *other = (*one + *other) / 2;
            }
    return NULL;
}

const char *triatomic_begin(const triatomic_options *o, const triatomic_potential *v, const double *xyz,
                            triatomic *t)
{
    const int n = o->points, nq = o->angular + o->angular / 4 + 2;
    const size_t n2 = (size_t)n * (size_t)n;
    *t = (triatomic){.o = *o, .n = n, .nq = nq, .end = {o->apex == 0, o->apex == 2 ? 1 : 2}};
    const double m1 = DALTON * o->mass[t->end[0]], m2 = DALTON * o->mass[t->end[1]];
    const double apex = DALTON * o->mass[o->apex];
    t->reduced[0] = o->vectors == TRIATOMIC_RADAU ? m1 : m1 * m2 / (m1 + m2);
    t->reduced[1] = o->vectors == TRIATOMIC_RADAU ? m2 : apex * (m1 + m2) / (apex + m1 + m2);
    t->x[0] = calloc(2 * (size_t)n + 2 * n2 + 2 * (size_t)nq + n2 * (size_t)nq, sizeof(double));
    t->pair = calloc(n2, sizeof *t->pair);
    t->place = calloc(n2, sizeof *t->place);
    if (!t->x[0] || !t->pair || !t->place)
        return no_memory;
    t->x[1] = t->x[0] + n, t->kinetic[0] = t->x[1] + n, t->kinetic[1] = t->kinetic[0] + n2;
    t->cosine = t->kinetic[1] + n2, t->root = t->cosine + nq, t->potential = t->root + nq;
    quadrature(nq, t->cosine, t->root);
    const char *bad = find_points(t, v, xyz);
    return bad ? bad : find_potential(t, v);
}

void triatomic_free(triatomic *t)
{
    free(t->x[0]);
    free(t->pair);
    free(t->place);
    *t = (triatomic){0};
}

/* ---- states of one K ------------------------------------------------------------------------------------ */

/* The basis: at each pair of points (Radau with exchange: those with a <= b) bending states below the cut. */
typedef struct contracted {
    size_t n;       /* all of them */
    size_t *first;  /* [npairs + 1] of each pair */
    double *energy; /* [n] */
    double *bend;   /* [n][nl] */
} contracted;

static double rotational(const triatomic *t, int which, int point)
{
    const double x = t->x[which][point];
    return 1 / (2 * t->reduced[which] * x * x);
}

static int counts(const triatomic *t, int exchange, int p)
{
    return !exchange || t->pair[p][0] <= t->pair[p][1];
}

static const char *contract(const triatomic *t, const triatomic_states *s, int exchange, contracted *c)
{
    const size_t nl = (size_t)s->nl, most = (size_t)t->npairs * nl;
    const int nq = t->nq;
    double *f = malloc(((size_t)nq * nl * 2 + 2 * nl * nl + nl) * sizeof *f), *g = f + (size_t)nq * nl;
    c->first = calloc((size_t)t->npairs + 1, sizeof *c->first);
    c->energy = malloc(most * (nl + 1) * sizeof *c->energy);
    const char *bad = f && c->first && c->energy ? NULL : no_memory;
    if (!bad) {
        double *h = g + (size_t)nq * nl, *turn = h + nl * nl, *value = turn + nl * nl;
        c->bend = c->energy + most;
        legendre(t, s, f);
        for (int p = 0; p < t->npairs && !bad; p++) {
            const int a = t->pair[p][0], b = t->pair[p][1];
            const double *v = t->potential + (a * t->n + b) * nq;
            const double b1 = rotational(t, 0, a), b2 = rotational(t, 1, b);
            c->first[p + 1] = c->n;
            if (!counts(t, exchange, p) || (exchange < 0 && a == b))
                continue;
            for (size_t i = 0; i < nl; i++)
                for (int q = 0; q < nq; q++)
                    g[i * (size_t)nq + (size_t)q] = f[i * (size_t)nq + (size_t)q] * v[q];
            for (size_t i = 0; i < nl; i++)
                for (size_t j = i; j < nl; j++) {
                    const double l = s->first + (double)i * s->step;
                    double sum = i == j ? (b1 + b2) * l * (l + 1) + b1 * (s->K - (double)s->K * s->K) : 0;
                    for (int q = 0; q < nq; q++)
                        sum += f[i * (size_t)nq + (size_t)q] * g[j * (size_t)nq + (size_t)q];
                    h[i * nl + j] = sum;
                }
            if (eigen_all(nl, h, value, turn))
                bad = "the bend cannot be solved: the potential is no number";
            for (size_t i = 0; i < nl && !bad && value[i] < t->o.cut; i++) {
                c->energy[c->n] = value[i];
                memcpy(c->bend + c->n++ * nl, turn + i * nl, nl * sizeof *turn);
            }
            c->first[p + 1] = c->n;
        }
    }
    free(f);
    return bad;
}

/* <a b|T|c d> of the distances. */
static double kinetic(const triatomic *t, int a, int b, int c, int d)
{
    return (b == d ? t->kinetic[0][a * t->n + c] : 0) + (a == c ? t->kinetic[1][b * t->n + d] : 0);
}

/* h[n][n], the upper triangle. With exchange basis functions are (ab +- ba) / (2 + 2 delta_ab)^(1/2). */
static void fill(const triatomic *t, const contracted *c, int exchange, size_t nl, double *h)
{
    for (int p = 0; p < t->npairs; p++)
        for (int r = p; r < t->npairs; r++) {
            const int *x = t->pair[p], *y = t->pair[r];
            double factor = kinetic(t, x[0], x[1], y[0], y[1]);
            if (c->first[p] == c->first[p + 1] || c->first[r] == c->first[r + 1])
                continue;
            if (exchange)
                factor = (factor + exchange * kinetic(t, x[0], x[1], y[1], y[0])) /
                         sqrt((x[0] == x[1] ? 2 : 1) * (y[0] == y[1] ? 2 : 1));
            if (factor == 0)
                continue;
            for (size_t i = c->first[p]; i < c->first[p + 1]; i++)
                for (size_t j = c->first[r] > i ? c->first[r] : i; j < c->first[r + 1]; j++) {
                    double overlap = 0;
                    for (size_t l = 0; l < nl; l++)
                        overlap += c->bend[i * nl + l] * c->bend[j * nl + l];
                    h[i * c->n + j] = factor * overlap + (i == j ? c->energy[i] : 0);
                }
        }
}

/* A state in all pairs of points and angular functions. */
static void expand(const triatomic *t, const contracted *c, int exchange, size_t nl, const double *from,
                   double *to)
{
    for (int p = 0; p < t->npairs; p++)
        for (size_t i = c->first[p]; i < c->first[p + 1]; i++) {
            const int a = t->pair[p][0], b = t->pair[p][1];
            const double factor = exchange && a != b ? from[i] * sqrt(0.5) : from[i];
            double *other = exchange && a != b ? to + (size_t)t->place[b * t->n + a] * nl : NULL;
            for (size_t l = 0; l < nl; l++) {
                to[(size_t)p * nl + l] += factor * c->bend[i * nl + l];
                if (other)
                    other[l] += exchange * factor * c->bend[i * nl + l];
            }
        }
}

typedef struct upper {
    const double *h; /* [n][n], the upper triangle */
} upper;

static void multiply(const void *context, size_t n, const double *x, double *y)
{
    const double *h = ((const upper *)context)->h;
    memset(y, 0, n * sizeof *y);
    for (size_t i = 0; i < n; i++) {
        const double *row = h + i * n;
        double sum = 0;
        for (size_t j = i + 1; j < n; j++) {
            sum += row[j] * x[j];
            y[j] += row[j] * x[i];
        }
        y[i] += row[i] * x[i] + sum;
    }
}

/* The lowest states of h: Davidson's method where few of many are wanted, else all at once. */
static int lowest_states(size_t n, size_t count, double *h, double *value, double *vector)
{
    if (n < 800 || 15 * count > n)
        return eigen_some(n, count, h, value, vector);
    const upper context = {h};
    double *diagonal = malloc(n * sizeof *diagonal);
    if (!diagonal)
        return 1;
    for (size_t k = 0; k < n; k++)
        diagonal[k] = h[k * (n + 1)];
    const eigen_operator o = {n, multiply, &context, diagonal};
    const int products = eigen_lowest(&o, count, 6 * count + 60, 1e-7, 20000, 0, value, vector);
    free(diagonal);
    return products == 0 && eigen_some(n, count, h, value, vector);
}

const char *triatomic_solve(const triatomic *t, int K, int parity, int exchange, size_t count,
                            triatomic_states *s)
{
    contracted c = {0};
    *s = (triatomic_states){.K = K, .first = K, .step = parity ? 2 : 1};
    s->first += parity && (K % 2 == 0) != (parity > 0);
    s->nl = t->o.angular > s->first ? (t->o.angular - s->first + s->step - 1) / s->step : 0;
    if (s->nl < 2)
        return "there are too few Legendre functions for this K: more --angular";
    const size_t nl = (size_t)s->nl, size = (size_t)t->npairs * nl;
    const char *bad = contract(t, s, exchange, &c);
    double *h = NULL;
    if (!bad && c.n == 0)
        bad = "no state of the bend lies below the cut";
    if (!bad) {
        s->size = c.n;
        s->n = count < c.n ? count : c.n;
        h = calloc(c.n * (c.n + s->n + 1), sizeof *h);
        s->value = calloc(s->n * (size + 1), sizeof *s->value);
        if (!h || !s->value)
            bad = no_memory;
    }
    if (!bad) {
        double *vector = h + c.n * c.n, *value = vector + s->n * c.n;
        s->vector = s->value + s->n;
        fill(t, &c, exchange, nl, h);
        if (lowest_states(c.n, s->n, h, value, vector))
            bad = no_memory;
        for (size_t k = 0; k < s->n && !bad; k++) {
            s->value[k] = value[k];
            expand(t, &c, exchange, nl, vector + k * c.n, s->vector + k * size);
        }
    }
    free(h);
    free(c.first);
    free(c.energy);
    if (bad)
        triatomic_states_free(s);
    return bad;
}

void triatomic_states_free(triatomic_states *s)
{
    free(s->value);
    *s = (triatomic_states){0};
}

/* ---- J > 0 ---------------------------------------------------------------------------------------------- */

/* block[rows of a][rows of b]: <a|b1 f(l)|b>, f = 1 within a K, the root of l (l + 1) - K (K + 1) between K and K + 1. */
static void couple(const triatomic *t, const triatomic_states *a, const triatomic_states *b, double factor,
                   size_t stride, double *weighted, double *block)
{
    for (size_t i = 0; i < a->n; i++) {
        memset(weighted, 0, (size_t)t->npairs * (size_t)b->nl * sizeof *weighted);
        for (int p = 0; p < t->npairs; p++)
            for (int k = 0; k < b->nl; k++) {
                const double l = b->first + (double)k * b->step, K = a->K;
                const int same = (b->first - a->first) / a->step + k; /* its place among those of a */
                weighted[p * b->nl + k] =
                    rotational(t, 0, t->pair[p][0]) * (a->K == b->K ? 1 : sqrt(l * (l + 1) - K * (K + 1))) *
                    a->vector[(i * (size_t)t->npairs + (size_t)p) * (size_t)a->nl + (size_t)same];
            }
        for (size_t j = 0; j < b->n; j++) {
            const double *v = b->vector + j * (size_t)t->npairs * (size_t)b->nl;
            double sum = 0;
            for (int k = 0; k < t->npairs * b->nl; k++)
                sum += weighted[k] * v[k];
            block[i * stride + j] += factor * sum;
        }
    }
}

const char *triatomic_couple(const triatomic *t, int J, int lowest, const triatomic_states *of_K,
                             double **energy, double **vector, size_t *size)
{
    size_t n = 0, row = 0;
    for (int K = lowest; K <= J; K++)
        n += of_K[K].n;
    double *h = calloc(n * n + 1, sizeof *h),
           *weighted = calloc((size_t)t->npairs * (size_t)t->o.angular, sizeof *h);
    *energy = calloc(n + 1, sizeof **energy);
    if (vector)
        *vector = calloc(n * n + 1, sizeof **vector);
    *size = n;
    const char *bad = h && weighted && *energy && (!vector || *vector) ? NULL : no_memory;
    for (int K = lowest; K <= J && !bad; K++) {
        const triatomic_states *a = &of_K[K];
        const double jj = (double)J * (J + 1), kk = (double)K * (K + 1);
        couple(t, a, a, jj - kk, n, weighted, h + row * n + row);
        for (size_t k = 0; k < a->n; k++)
            h[(row + k) * (n + 1)] += a->value[k];
        if (K < J)
            couple(t, a, a + 1, -sqrt((jj - kk) * (K == 0 ? 2 : 1)), n, weighted, h + row * n + row + a->n);
        row += a->n;
    }
    if (!bad && eigen_all(n, h, *energy, vector ? *vector : NULL))
        bad = no_memory;
    free(h);
    free(weighted);
    if (bad) {
        free(*energy);
        *energy = NULL;
    }
    if (bad && vector) {
        free(*vector);
        *vector = NULL;
    }
    return bad;
}

double triatomic_element(const triatomic *t, const triatomic_states *a, size_t i, const triatomic_states *b,
                         size_t j, const double *f)
{
    const size_t na = (size_t)a->nl, nb = (size_t)b->nl, nq = (size_t)t->nq, pairs = (size_t)t->npairs;
    double *of_a = malloc((na + nb) * nq * sizeof *of_a), *of_b = of_a + na * nq, sum = 0;
    if (!of_a)
        return NAN;
    legendre(t, a, of_a);
    legendre(t, b, of_b);
    for (size_t p = 0; p < pairs; p++)
        for (size_t q = 0; q < nq; q++) {
            double x = 0, y = 0;
            for (size_t l = 0; l < na; l++)
                x += a->vector[(i * pairs + p) * na + l] * of_a[l * nq + q];
            for (size_t l = 0; l < nb; l++)
                y += b->vector[(j * pairs + p) * nb + l] * of_b[l * nq + q];
            sum += x * y * f[p * nq + q];
        }
    free(of_a);
    return sum;
}
