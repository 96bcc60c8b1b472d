#ifndef EQML__CLOUD_PAIR_REFERENCE_C
#define EQML__CLOUD_PAIR_REFERENCE_C
#include "cloud/pair_reference.h"
#include "status.c"

/* The universal screening function, and what LAMMPS takes for its length and for the square of the electron's charge. */
static const double eqml__zbl_weight[4] = {0.02817, 0.28022, 0.50986, 0.18175};
static const double eqml__zbl_rate[4] = {0.20162, 0.40290, 0.94229, 3.19980};
#define EQML__ZBL_LENGTH (0.46850 * EQML_ANGSTROM)
#define EQML__ZBL_CHARGE2 (14.399645 * EQML_EV * EQML_ANGSTROM)

/* The polynomial that takes value and two derivatives to zero at `outer`, from what is without it at `inner`. */
static void eqml__pair_switch(eqml_pair_reference *p)
{
    const double r = p->outer, width = p->outer - p->inner;
    double e = 0, slope = 0, curvature = 0;
    for (int k = 0; k < 4; k++) {
        const double b = p->rate[k], v = p->amplitude[k] * exp(-b * r) / r;
        e += v;
        slope -= v * (b + 1 / r);
        curvature += v * (b * b + 2 * b / r + 2 / (r * r));
    }
    p->cubic = (-3 * slope + width * curvature) / (3 * width * width);
    p->quartic = (2 * slope - width * curvature) / (4 * width * width * width);
    p->constant = -e + width * slope / 2 - width * width * curvature / 12;
}

EQML_API eqml_status eqml_pair_zbl(double z1, double z2, double inner, double outer,
                                   eqml_pair_reference *pair)
{
    memset(pair, 0, sizeof *pair);
    if (!(z1 > 0 && z2 > 0 && z1 < 1000 && z2 < 1000 && inner >= 0 && inner < outer && outer < 1e6))
        return EQML_ERROR_ARGUMENT;
    const double length = EQML__ZBL_LENGTH / (pow(z1, 0.23) + pow(z2, 0.23));
    pair->inner = inner;
    pair->outer = outer;
    for (int k = 0; k < 4; k++) {
        pair->amplitude[k] = z1 * z2 * EQML__ZBL_CHARGE2 * eqml__zbl_weight[k];
        pair->rate[k] = eqml__zbl_rate[k] / length;
    }
    eqml__pair_switch(pair);
    return EQML_OK;
}

/* x of the equations m x = b (order n, at most 4), by elimination; returns nonzero where m is singular. */
static int eqml__solve_few(int n, double m[4][4], double *b)
{
    for (int k = 0; k < n; k++) {
        if (!(m[k][k] > 1e-13))
            return 1;
        for (int i = k + 1; i < n; i++) {
            const double f = m[i][k] / m[k][k];
            for (int j = k; j < n; j++)
                m[i][j] -= f * m[k][j];
            b[i] -= f * b[k];
        }
    }
    for (int k = n - 1; k >= 0; k--) {
        for (int j = k + 1; j < n; j++)
            b[k] -= m[k][j] * b[j];
        b[k] /= m[k][k];
    }
    return 0;
}

/* Of all x >= 0 the one that makes x (m x - 2 b) least, which is returned: each set of positive x is tried. */
static double eqml__least_positive(double m[4][4], const double *b, double *x)
{
    double best = 0;
    for (int k = 0; k < 4; k++)
        x[k] = 0;
    for (int set = 1; set < 16; set++) {
        int member[4], n = 0, positive = 1;
        double part[4][4], y[4], value = 0;
        for (int k = 0; k < 4; k++)
            if (set >> k & 1)
                member[n++] = k;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++)
                part[i][j] = m[member[i]][member[j]];
            y[i] = b[member[i]];
        }
        if (eqml__solve_few(n, part, y))
            continue;
        for (int i = 0; i < n; i++) {
            positive = positive && y[i] >= 0;
            value -= y[i] * b[member[i]];
        }
        if (!positive || value >= best)
            continue;
        best = value;
        for (int k = 0; k < 4; k++)
            x[k] = 0;
        for (int i = 0; i < n; i++)
            x[member[i]] = y[i];
    }
    return best;
}

/* Fits the amplitudes of a pair whose rates are set; returns the mean square of relative errors. */
static double eqml__fit_amplitudes(size_t n, const double *distance, const double *energy,
                                   eqml_pair_reference *pair)
{
    double m[4][4] = {{0}}, b[4] = {0}, size[4], x[4];
    eqml_pair_reference single[4];
    for (int k = 0; k < 4; k++) {
        single[k] = *pair;
        for (int j = 0; j < 4; j++)
            single[k].amplitude[j] = j == k;
        eqml__pair_switch(&single[k]);
    }
    for (size_t i = 0; i < n; i++) {
        double v[4];
        for (int k = 0; k < 4; k++)
            v[k] = eqml_pair_energy(&single[k], distance[i], NULL) / energy[i];
        for (int k = 0; k < 4; k++) {
            b[k] += v[k] / (double)n;
            for (int j = 0; j < 4; j++)
                m[k][j] += v[k] * v[j] / (double)n;
        }
    }
    for (int k = 0; k < 4; k++) /* columns of length 1 */
        size[k] = m[k][k] > 0 ? 1 / sqrt(m[k][k]) : 0;
    for (int k = 0; k < 4; k++) {
        b[k] *= size[k];
        for (int j = 0; j < 4; j++)
            m[k][j] *= size[k] * size[j];
    }
    const double rest = 1 + eqml__least_positive(m, b, x);
    for (int k = 0; k < 4; k++)
        pair->amplitude[k] = x[k] * size[k];
    eqml__pair_switch(pair);
    return rest > 0 ? rest : 0;
}

EQML_API eqml_status eqml_pair_fit(double z1, double z2, double inner, double outer, size_t n,
                                   const double *distance, const double *energy, eqml_pair_reference *pair,
                                   double *error)
{
    enum { STEPS = 64 };
    eqml_pair_reference zbl, best;
    double least = -1;
    eqml_status status = eqml_pair_zbl(z1, z2, inner, outer, &zbl);
    for (size_t i = 0; i < n && !status; i++)
        if (!(distance[i] > 0 && distance[i] < outer && energy[i] > 0 && energy[i] < 1e9))
            status = EQML_ERROR_VALUE;
    if (!status && !n)
        status = EQML_ERROR_EMPTY;
    memset(pair, 0, sizeof *pair);
    if (status)
        return status;
    best = zbl;
    for (int step = -STEPS; step <= STEPS; step++) {
        eqml_pair_reference p = zbl;
        for (int k = 0; k < 4; k++)
            p.rate[k] *= pow(2, (double)step / (double)STEPS);
        const double rest = eqml__fit_amplitudes(n, distance, energy, &p);
        if (least < 0 || rest < least) {
            least = rest;
            best = p;
        }
    }
    *pair = best;
    if (error)
        *error = sqrt(least);
    return EQML_OK;
}

#endif /* EQML__CLOUD_PAIR_REFERENCE_C */
