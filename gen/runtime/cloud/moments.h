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
EQML_FUNCTION void eqml__shell_functions(const eqml_cloud_basis *b, const eqml__radial *radial,
                                         eqml__shell *x)
{
    const int stride = x->stride;
    for (int v = 0; v < x->nvectors; v++) {
        eqml_lanes *u = x->unit + v, r2, r, unit[3];
        r2 = u[0] * u[0] + u[stride] * u[stride] + u[2 * stride] * u[2 * stride];
        eqml__distances_lanes(1, &r2, &r, &x->inverse[v]);
        for (int k = 0; k < 3; k++)
            unit[k] = u[k * stride] = u[k * stride] * x->inverse[v];
        eqml__radial_functions(radial, b->nmax, r2, r, x->value + v, x->slope + v, stride);
        eqml__harmonics(b->lmax, unit, x->harmonic + v, stride);
    }
}

/* Moments from k on that differ in n only; at most four. */
EQML_INLINE int eqml__moments_alike(const eqml_cloud_program *p, int k)
{
    int n = 1;
    while (n < 4 && k + n < p->nmoments && p->moments[k + n][0] == p->moments[k][0] &&
           p->moments[k + n][1] == p->moments[k][1])
        n++;
    return n;
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
        const eqml_lanes *value[4];
        for (int i = 0; i < 4; i++)
            value[i] = x->value + (moment[i < n ? i : 0][2] - 1) * stride;
        for (int m = -l; m <= l; m++) {
            const eqml_lanes *h = x->harmonic + EQML__HARMONIC(l, m) * stride;
            eqml_lanes sum[4];
            double sums[4];
            for (int i = 0; i < 4; i++)
                sum[i] = eqml__all(0);
            for (int v = begin; v < end; v++)
                for (int i = 0; i < 4; i++)
                    sum[i] = eqml__fma(h[v], value[i][v], sum[i]);
            for (int i = 0; i < 4; i++)
                sums[i] = eqml__sum(sum[i]);
            for (int i = 0; i < n; i++)
                slot[(moment[i][3] + m + l) * EQML_LANES] = scale[EQML__HARMONIC(l, m)] * sums[i];
        }
    }
}

/* force[3][stride] <- dE/dr of each neighbour, from the adjoints of the moments in one lane. */
EQML_FUNCTION void eqml__shell_forces(const eqml_cloud_program *p, const eqml__shell *x, const double *scale,
                                      const double *adjoint, eqml_lanes *force)
{
    const int stride = x->stride;
    for (int k = 0; k < 3 * stride; k++)
        force[k] = eqml__all(0);
    for (int first = 0, end; first < p->nmoments; first = end) {
        const unsigned short(*moment)[4] = p->moments;
        const int l = moment[first][1], z = moment[first][0];
        end = first;
        while (end < p->nmoments && moment[end][0] == z && moment[end][1] == l)
            end++;
        for (int v = x->begin[z]; v < x->begin[z + 1]; v++) {
            const eqml_lanes *h = x->harmonic + v;
            eqml_lanes g[3] = {eqml__all(0), eqml__all(0), eqml__all(0)}, along = eqml__all(0), u[3];
            for (int m = -l; m <= l; m++) {
                eqml_lanes value = eqml__all(0), slope = eqml__all(0);
                for (int i = first; i < end; i++) {
                    const eqml_lanes a = eqml__all(adjoint[(moment[i][3] + m + l) * EQML_LANES]);
                    value = eqml__fma(a, x->value[(moment[i][2] - 1) * stride + v], value);
                    slope = eqml__fma(a, x->slope[(moment[i][2] - 1) * stride + v], slope);
                }
                const double f = scale[EQML__HARMONIC(l, m)];
                along = eqml__fma(slope * f, h[EQML__HARMONIC(l, m) * stride], along);
                if (l)
                    eqml__harmonic_gradient(l, m, value * f, h, stride, g);
            }
            /* across: what is left of g without its part along the unit vector, over |r| */
            for (int d = 0; d < 3; d++)
                u[d] = x->unit[d * stride + v];
            const eqml_lanes inverse = x->inverse[v],
                             part = (g[0] * u[0] + g[1] * u[1] + g[2] * u[2]) * inverse;
            for (int d = 0; d < 3; d++)
                force[d * stride + v] = force[d * stride + v] + g[d] * inverse + (along - part) * u[d];
        }
    }
}

#endif /* EQML__CLOUD_MOMENTS_H */
