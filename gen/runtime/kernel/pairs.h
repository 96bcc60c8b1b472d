/*
 * The pairs of one geometry (pairs in lanes) and of batches (geometries in lanes): differences, distances, variables,
 * and back to the gradient.
 */
#ifndef EQML__KERNEL_PAIRS_H
#define EQML__KERNEL_PAIRS_H
#include "basis.h"
#include "kernel/variables.h"

/* The kind of variable that all classes of pairs share (ranges may differ); NULL if kinds differ. */
EQML_INLINE const eqml_variable *eqml__common_variable(const eqml_model *m)
{
    const eqml_variable *v = m->variables;
    if (v->kind == EQML_USER || v->kind == EQML_POWER)
        return m->basis->npair_classes == 1 ? v : NULL;
    for (int k = 1; k < m->basis->npair_classes; k++)
        if (v[k].kind != v->kind)
            return NULL;
    return v;
}

/* n vectors of pairs from p on: see eqml__pairs_one. */
EQML_INLINE void eqml__side_pairs(const eqml_model *m, const eqml_variable *v, const double *xyz, int n,
                                  int p, double *y, double *pair, int stride)
{
    const eqml_basis *b = m->basis;
    eqml__inner d[EQML__SIDES][3], r[EQML__SIDES], inverse[EQML__SIDES], rate[EQML__SIDES],
        value[EQML__SIDES], slope[EQML__SIDES];
    EQML__SIDE(eqml__differences(b->pairs, b->npairs - 1, p + k * EQML__INNER, xyz, d[k]));
    EQML__SIDE(r[k] =
                   eqml__fma_inner(d[k][0], d[k][0], eqml__fma_inner(d[k][1], d[k][1], d[k][2] * d[k][2])));
    eqml__distances_inner(n, r, r, inverse);
    EQML__SIDE(rate[k] = eqml__load_inner(m->rates + p + k * EQML__INNER));
    eqml__variables_inner(v, n, rate, r, inverse, value, slope);
    for (int k = 0; k < n; k++) {
        const int at = p + k * EQML__INNER;
        for (int x = 0; x < 3; x++)
            eqml__store_inner(pair + x * stride + at, d[k][x]);
        eqml__store_inner(pair + 3 * stride + at, inverse[k]);
        eqml__store_inner(pair + 4 * stride + at, slope[k]);
        eqml__store_inner(pair + 5 * stride + at, r[k]);
        eqml__store_inner(y + at, value[k] - eqml__load_inner(m->centres + at));
    }
}

/*
 * Distances and pair variables of one geometry, pairs in lanes. pair holds six rows of `stride` numbers:
 * x_i - x_j (three rows), 1/r, dy/dr, and r; all rows and y are filled up to whole vectors. sides: chains side
 * by side, a constant; half as many are half as much code.
 */
EQML_INLINE void eqml__pairs_aside(const eqml_model *m, int sides, const double *xyz, double *y, double *pair,
                                   int stride)
{
    static const eqml_variable exponential = {EQML_MORSE, 1, 0, 0};
    const eqml_basis *b = m->basis;
    const eqml_variable *common = eqml__common_variable(m), *v = common ? common : &exponential;
    const int vectors = (b->npairs + EQML__INNER - 1) / EQML__INNER, rest = vectors % sides;
    int p = 0;
    for (; p + sides * EQML__INNER <= vectors * EQML__INNER; p += sides * EQML__INNER)
        eqml__side_pairs(m, v, xyz, sides, p, y, pair, stride);
    if (rest == 3)
        eqml__side_pairs(m, v, xyz, 3, p, y, pair, stride);
    else if (rest == 2)
        eqml__side_pairs(m, v, xyz, 2, p, y, pair, stride);
    else if (rest == 1)
        eqml__side_pairs(m, v, xyz, 1, p, y, pair, stride);
    /* Where kinds are mixed, exponentials are in lanes nevertheless. */
    for (p = 0; p < b->npairs && !common; p++) {
        const eqml_variable *own = &m->variables[b->pair_classes[p]];
        double value[3];
        if (own->kind == EQML_MORSE)
            continue;
        eqml__variable(own, m->rates[p], pair[5 * stride + p], value);
        y[p] = value[0] - m->centres[p];
        pair[4 * stride + p] = value[1];
    }
}

EQML_INLINE void eqml__pairs_one(const eqml_model *m, const double *xyz, double *y, double *pair, int stride)
{
    eqml__pairs_aside(m, EQML__SIDES, xyz, y, pair, stride);
}

#include "kernel/of_lanes.inc"
#include "kernel/pairs.inc"
#include "kernel/of_floats.inc"
#include "kernel/pairs.inc"
#include "kernel/of_none.inc"

#endif /* EQML__KERNEL_PAIRS_H */
