/* The moments of an atom from its neighbours, and the forces back; neighbours are in the lanes. */
#ifndef EQML__CLOUD_MOMENTS_H
#define EQML__CLOUD_MOMENTS_H
#include "cloud/basis.h"
#include "cloud/harmonics.h"
#include "cloud/radial.h"

/*
 * The neighbours of one atom, sorted by their place among the species of the centre, those of each species in vectors of
 * their own. What fills up a vector is at the cutoff, where all functions vanish. Arrays are `stride` vectors long.
 */
typedef struct eqml__shell {
    int nvectors, stride, capacity; /* capacity: of stride */
    int *pair;                      /* [stride][EQML_LANES] numbers of pairs in the list, -1: none */
    int *begin;                     /* [nspecies + 1] first vector of each species */
    eqml_lanes *unit;               /* [3][stride] r / |r| */
    eqml_lanes *inverse;            /* [stride] 1 / |r| */
    eqml_lanes *harmonic;           /* [(lmax+1)^2][stride] */
    eqml_lanes *value, *slope;      /* [nmax][stride] */
} eqml__shell;

/* Finds functions of distance and direction; unit holds the vectors r before. */
EQML_INLINE void eqml__shell_fill(int lmax, int nmax, const eqml__radial *radial, eqml__shell *x)
{
    const int stride = x->stride;
    for (int v = 0; v < x->nvectors; v++) {
        eqml_lanes *u = x->unit + v, r2, r, unit[3];
        r2 = u[0] * u[0] + u[stride] * u[stride] + u[2 * stride] * u[2 * stride];
        eqml__distances_lanes(1, &r2, &r, &x->inverse[v]);
        for (int k = 0; k < 3; k++)
            unit[k] = u[k * stride] = u[k * stride] * x->inverse[v];
        eqml__radial_functions(radial, nmax, r2, r, x->value + v, x->slope + v, stride);
        eqml__harmonics(lmax, unit, x->harmonic + v, stride);
    }
}

/* A function for each lmax that is common, whose factors the compiler knows. */
EQML_FUNCTION void eqml__shell_functions(const eqml_cloud_basis *b, const eqml__radial *radial,
                                         eqml__shell *x)
{
    switch (b->lmax) {
#define EQML__CLOUD_FILL(l)                                                                                  \
    case l:                                                                                                  \
        eqml__shell_fill(l, b->nmax, radial, x);                                                             \
        break;
        EQML__CLOUD_FILL(2)
        EQML__CLOUD_FILL(3)
        EQML__CLOUD_FILL(4)
        EQML__CLOUD_FILL(5)
        EQML__CLOUD_FILL(6)
#undef EQML__CLOUD_FILL
    default:
        eqml__shell_fill(b->lmax, b->nmax, radial, x);
    }
}

/* Moments from k on that differ in n only. */
EQML_INLINE int eqml__moments_alike(const eqml_cloud_program *p, int k)
{
    int n = 1;
    while (k + n < p->nmoments && p->moments[k + n][0] == p->moments[k][0] &&
           p->moments[k + n][1] == p->moments[k][1])
        n++;
    return n;
}

/* sums[4] of each of four vectors. */
EQML_INLINE void eqml__sums(const eqml_lanes sum[4], double *sums)
{
#if EQML_LANES == EQML__INNER || defined(EQML__WITH_SCALAR)
    eqml__four_sums(sum, sums);
#else
    for (int i = 0; i < 4; i++)
        sums[i] = eqml__sum(sum[i]);
#endif
}

/* sums[nm][4] <- of four radial functions with nm harmonics, one or two: so each load serves twice. */
EQML_INLINE void eqml__moment_tile(int nm, int begin, int end, const eqml_lanes *const *h,
                                   const eqml_lanes *const *value, double (*sums)[4])
{
    eqml_lanes sum[2][4];
    for (int m = 0; m < nm; m++)
        for (int i = 0; i < 4; i++)
            sum[m][i] = eqml__all(0);
    for (int v = begin; v < end; v++)
        for (int m = 0; m < nm; m++)
            for (int i = 0; i < 4; i++)
                sum[m][i] = eqml__fma(h[m][v], value[i][v], sum[m][i]);
    for (int m = 0; m < nm; m++)
        eqml__sums(sum[m], sums[m]);
}

/* slot[s * EQML_LANES] <- the moments of one atom: of lane `lane` where slot points there. */
EQML_FUNCTION void eqml__shell_moments(const eqml_cloud_program *p, const eqml__shell *x, const double *scale,
                                       double *slot)
{
    const int stride = x->stride;
    for (int k = 0, n; k < p->nmoments; k += n) {
        const unsigned short(*moment)[4] = p->moments + k;
        const int l = moment[0][1], begin = x->begin[moment[0][0]], end = x->begin[moment[0][0] + 1];
        n = eqml__moments_alike(p, k);
        n = n < 4 ? n : 4;
        const eqml_lanes *value[4], *h[2];
        for (int i = 0; i < 4; i++)
            value[i] = x->value + (moment[i < n ? i : 0][2] - 1) * stride;
        for (int m = -l, nm; m <= l; m += nm) {
            double sums[2][4];
            nm = m < l ? 2 : 1;
            for (int j = 0; j < 2; j++)
                h[j] = x->harmonic + EQML__HARMONIC(l, j < nm ? m + j : m) * stride;
            if (nm == 2)
                eqml__moment_tile(2, begin, end, h, value, sums);
            else
                eqml__moment_tile(1, begin, end, h, value, sums);
            for (int j = 0; j < nm; j++)
                for (int i = 0; i < n; i++)
                    slot[(moment[i][3] + m + j + l) * EQML_LANES] =
                        scale[EQML__HARMONIC(l, m + j)] * sums[j][i];
        }
    }
}

/* For nm neighbouring m, one or two, and nv vectors of neighbours, likewise: sums over n of adjoint times R_n and R_n'. */
EQML_INLINE void eqml__adjoint_tile(int nm, int nv, int n, int stride, const unsigned short (*moment)[4],
                                    const double *adjoint, const eqml_lanes *value, const eqml_lanes *slope,
                                    eqml_lanes (*values)[2], eqml_lanes (*slopes)[2])
{
    for (int m = 0; m < nm; m++)
        for (int v = 0; v < nv; v++)
            values[m][v] = slopes[m][v] = eqml__all(0);
    for (int i = 0; i < n; i++) {
        const double *a = adjoint + moment[i][3] * EQML_LANES;
        const eqml_lanes *r = value + (moment[i][2] - 1) * stride, *d = slope + (moment[i][2] - 1) * stride;
        for (int m = 0; m < nm; m++) {
            const eqml_lanes factor = eqml__all(a[m * EQML_LANES]);
            for (int v = 0; v < nv; v++) {
                values[m][v] = eqml__fma(factor, r[v], values[m][v]);
                slopes[m][v] = eqml__fma(factor, d[v], slopes[m][v]);
            }
        }
    }
}

/* One l, nv vectors of neighbours from v on: adds to their forces. */
EQML_INLINE void eqml__shell_push(int l, int nv, int v, int n, const unsigned short (*moment)[4],
                                  const eqml__shell *x, const double *scale, const double *adjoint,
                                  eqml_lanes *force)
{
    const int stride = x->stride;
    eqml_lanes g[2][3], along[2], values[2][2], slopes[2][2];
    for (int w = 0; w < nv; w++) {
        along[w] = eqml__all(0);
        for (int d = 0; d < 3; d++)
            g[w][d] = eqml__all(0);
    }
    EQML__UNROLL_ALL
    for (int m = -l; m <= l; m += 2) {
        const int nm = m < l ? 2 : 1;
        eqml__adjoint_tile(nm, nv, n, stride, moment, adjoint + (m + l) * EQML_LANES, x->value + v,
                           x->slope + v, values, slopes);
        for (int j = 0; j < nm; j++)
            for (int w = 0; w < nv; w++) {
                const eqml_lanes *h = x->harmonic + v + w;
                const double f = scale[EQML__HARMONIC(l, m + j)];
                along[w] = eqml__fma(slopes[j][w] * f, h[EQML__HARMONIC(l, m + j) * stride], along[w]);
                if (l)
                    eqml__harmonic_gradient(l, m + j, values[j][w] * f, h, stride, g[w]);
            }
    }
    for (int w = 0; w < nv; w++) {
        /* across: what is left of g without its part along the unit vector, over |r| */
        eqml_lanes u[3];
        for (int d = 0; d < 3; d++)
            u[d] = x->unit[d * stride + v + w];
        const eqml_lanes inverse = x->inverse[v + w];
        const eqml_lanes part = (g[w][0] * u[0] + g[w][1] * u[1] + g[w][2] * u[2]) * inverse;
        for (int d = 0; d < 3; d++)
            force[d * stride + v + w] =
                force[d * stride + v + w] + g[w][d] * inverse + (along[w] - part) * u[d];
    }
}

/* One l: all neighbours of the species, two vectors at a time. */
EQML_INLINE void eqml__shell_push_all(int l, int n, const unsigned short (*moment)[4], const eqml__shell *x,
                                      const double *scale, const double *adjoint, eqml_lanes *force)
{
    const int end = x->begin[moment[0][0] + 1];
    int v = x->begin[moment[0][0]];
    for (; v + 1 < end; v += 2)
        eqml__shell_push(l, 2, v, n, moment, x, scale, adjoint, force);
    if (v < end)
        eqml__shell_push(l, 1, v, n, moment, x, scale, adjoint, force);
}

/* force[3][stride] <- dE/dr of each neighbour, from the adjoints of the moments in one lane. */
EQML_FUNCTION void eqml__shell_forces(const eqml_cloud_program *p, const eqml__shell *x, const double *scale,
                                      const double *adjoint, eqml_lanes *force)
{
    for (int k = 0; k < 3; k++)
        for (int v = 0; v < x->nvectors; v++)
            force[k * x->stride + v] = eqml__all(0);
    for (int k = 0, n; k < p->nmoments; k += n) {
        const unsigned short(*moment)[4] = p->moments + k;
        const int l = moment[0][1];
        n = eqml__moments_alike(p, k);
        switch (l) {
#define EQML__CLOUD_PUSH(l)                                                                                  \
    case l:                                                                                                  \
        eqml__shell_push_all(l, n, moment, x, scale, adjoint, force);                                        \
        break;
            EQML__CLOUD_PUSH(0)
            EQML__CLOUD_PUSH(1)
            EQML__CLOUD_PUSH(2)
            EQML__CLOUD_PUSH(3)
            EQML__CLOUD_PUSH(4)
#undef EQML__CLOUD_PUSH
        default:
            eqml__shell_push_all(l, n, moment, x, scale, adjoint, force);
        }
    }
}

#endif /* EQML__CLOUD_MOMENTS_H */
