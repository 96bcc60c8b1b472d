/* Walls: what a surface is outside of its data. */
#ifndef EQML__WALL_H
#define EQML__WALL_H
#include "kernel/pairs.h"
#include "kernel/sweeps.h"

#include "kernel/of_lanes.inc"
#include "kernel/wall.inc"
#include "kernel/of_floats.inc"
#include "kernel/wall.inc"
#include "kernel/of_none.inc"

/* The leverage of one geometry, rows of W in lanes; z[EQML_ROUND(nfeatures)] <- the whitened features, whose squares it is
 * the sum of. */
EQML_FUNCTION double eqml__leverage_one(const eqml_wall *w, const double *f, double *z)
{
    const int stride = EQML_ROUND(w->nfeatures);
    double x[EQML_WALL_FEATURES], sum = 0;
    for (int j = 0; j < w->nfeatures; j++)
        x[j] = f[w->features[j]] - w->means[j];
    for (int i = 0; i < stride; i += EQML_LANES) {
        eqml_lanes row = eqml__all(0);
        for (int j = 0; j < w->nfeatures; j++)
            row = eqml__fma(eqml__load(w->whiten + j * stride + i), eqml__all(x[j]), row);
        eqml__store(z + i, row);
    }
    for (int i = 0; i < w->nfeatures; i++)
        sum += z[i] * z[i];
    return sum;
}

/* The walled energy as a function of the fitted one, v, and of the leverage, and its derivatives. */
typedef struct eqml__walled {
    double energy, v, h, vv, vh, hh;
} eqml__walled;

EQML_FUNCTION eqml__walled eqml__raise_wall(const eqml_wall *w, double v, double h)
{
    const double outside = w->edges[0], base = w->edges[1], height = w->edges[2];
    const double scale = 1 / (outside - 1), t = h < outside ? (h - 1) * scale : 1, root = sqrt(h);
    const double s = t * t * t * (10 - t * (15 - 6 * t));
    const double s1 = 30 * t * t * (1 - t) * (1 - t) * scale;
    const double s2 = 60 * t * (1 - t) * (1 - 2 * t) * scale * scale;
    const double u = base + height * root, u1 = 0.5 * height / root, u2 = -0.5 * u1 / h;
    eqml__walled e = {u, 0, u1, 0, 0, u2};
    if (t < 1) {
        /* f(z, k) = z / (1 + k^2 z^2)^(1/2) and its derivatives */
        const double z = v - u, c = 10 / height, k = c * s, k1 = c * s1, k2 = c * s2, x = k * z;
        const double q = 1 / sqrt(1 + x * x), q3 = q * q * q, q5 = q3 * q * q, rest = 1 - s;
        const double f = z * q, fz = q3, fk = -x * z * z * q3, fzz = -3 * k * x * q5, fzk = -3 * x * z * q5;
        const double fkk = z * z * z * (3 * x * x * q5 - q3), along = k1 * fk - u1 * fz; /* df/dh */
        e.energy = u + rest * f;
        e.v = rest * fz;
        e.h = u1 - s1 * f + rest * along;
        e.vv = rest * fzz;
        e.vh = -s1 * fz + rest * (k1 * fzk - u1 * fzz);
        e.hh = u2 - s2 * f - 2 * s1 * along +
               rest * (k2 * fk - u2 * fz + u1 * u1 * fzz - 2 * u1 * k1 * fzk + k1 * k1 * fkk);
    }
    return e;
}

/* adjoints of all slots <- the derivatives of the leverage, from its whitened features. */
EQML_FUNCTION void eqml__leverage_reverse(const eqml_wall *w, const eqml_basis *b, const double *slots,
                                          const double *z, double *adjoints)
{
    const int stride = EQML_ROUND(w->nfeatures);
    for (int k = 0; k < b->nfactors; k++)
        adjoints[b->factor0 + k] = 0;
    for (int j = 0; j < w->nfeatures; j++)
        for (int i = j; i < w->nfeatures; i++)
            adjoints[b->factor0 + w->features[j]] += 2 * z[i] * w->whiten[j * stride + i];
    eqml__table_reverse_one(b, slots, adjoints);
}

/* sum[natoms][4] <- the derivatives of the leverage by the coordinates, from the adjoints of the pair variables. */
EQML_FUNCTION void eqml__leverage_gradient(const eqml_basis *b, const double *xyz, const double *adjoints,
                                           const double *pair, int stride, double *sum)
{
    eqml__clear_points(b->natoms, sum);
    for (int p = 0; p < b->npairs; p++) {
        const int i = b->pairs[p][0], j = b->pairs[p][1];
        eqml__push_points(adjoints[p] * pair[4 * stride + p] * pair[3 * stride + p], xyz + 3 * i, xyz + 3 * j,
                          sum + 4 * i, sum + 4 * j);
    }
}

/*
 * What comes after the energy of one geometry, and its gradient where that is not NULL, where there is a wall: inside
 * nothing. The slots hold the values, pair what eqml__pairs_one left there and room for sums behind it; adjoints are
 * overwritten.
 */
EQML_NOINLINE double eqml__put_wall(const eqml_model *m, const double *xyz, const double *slots,
                                    double *adjoints, double *pair, int stride, double energy,
                                    double *gradient)
{
    const eqml_basis *b = m->basis;
    double z[EQML_WALL_FEATURES], *sum = pair + 6 * stride;
    const double h = eqml__leverage_one(m->wall, slots + b->factor0, z);
    if (!(h > 1))
        return energy;
    const eqml__walled e = eqml__raise_wall(m->wall, energy, h);
    if (gradient) {
        eqml__leverage_reverse(m->wall, b, slots, z, adjoints);
        eqml__leverage_gradient(b, xyz, adjoints, pair, stride, sum);
        for (int k = 0; k < 3 * b->natoms; k++)
            gradient[k] = (e.v > 0 ? e.v * gradient[k] : 0) + e.h * sum[k / 3 * 4 + k % 3];
    }
    return e.energy;
}

#endif /* EQML__WALL_H */
