/* The quadratic form: the energy from the factors, and its derivatives. */
#ifndef EQML__KERNEL_FORM_H
#define EQML__KERNEL_FORM_H
#include "basis.h"

/*
 * V = sum_k linear[k] f_k + sum over tiles of f_row c f_column, and g = dV/df unless g is NULL. The first sum goes
 * over nvalues factors only; the sweeps add the others.
 *
 * Each coefficient is read once, for the energy and for both of its derivatives. Tiles of the same four rows stand
 * side by side, so that the sums of these rows stay in registers. Four rows and one vector of columns (or of
 * geometries) need 4 sums, 4 factors, 4 coefficients and 3 more: that fits 16 registers, and coefficients are most of
 * what is loaded.
 */

/* The four columns of a tile with coefficients c. */
EQML_INLINE void eqml__columns_one(const double *c, const double *f, double *g, const eqml__inner *factor,
                                   eqml__inner *sum)
{
    for (int k = 0; k < 4; k += EQML__INNER) {
        const eqml__inner x = eqml__load_inner(f + k);
        eqml__inner part = eqml__all_inner(0);
        for (int row = 0; row < 4; row++) {
            const eqml__inner coefficient = eqml__load_inner(c + 4 * row + k);
            sum[row] = eqml__fma_inner(coefficient, x, sum[row]);
            part = eqml__fma_inner(coefficient, factor[row], part);
        }
        if (g)
            eqml__store_inner(g + k, eqml__load_inner(g + k) + part);
    }
}

/* Four rows: their part of the energy, and the sums over their columns. */
EQML_INLINE void eqml__rows_one(const eqml_rows *rows, const eqml_tile *tiles, const double *c,
                                const double *f, double *g, eqml__inner energy[4], double *sums)
{
    eqml__inner factor[4], sum[4];
    for (int row = 0; row < 4; row++) {
        factor[row] = eqml__all_inner(f[rows->row[row]]);
        sum[row] = eqml__all_inner(0);
    }
    for (int t = 0; t < rows->ntiles; t++)
        eqml__columns_one(c + 16 * t, f + tiles[t].first, g ? g + tiles[t].first : NULL, factor, sum);
    for (int row = 0; row < 4; row++)
        energy[row] = eqml__fma_inner(sum[row], factor[row], energy[row]);
    if (g)
        eqml__four_sums(sum, sums);
}

#ifdef EQML__TWO_ROWS
/*
 * The same with two rows in a vector, for forms that are not short. One gradient of ethanol of degree 4 takes 2.8 us
 * instead of 3.7, but of ammonia of degree 8, whose rows have few columns, 253 ns instead of 236.
 */
EQML_INLINE void eqml__columns_two(const double *c, const double *f, double *g, const eqml_lanes factor[2],
                                   eqml_lanes sum[2])
{
    const eqml_lanes x = eqml__columns_twice(f);
    eqml_lanes first = eqml__load(c), second = eqml__load(c + 8);
    EQML_KEEP(first);
    EQML_KEEP(second);
    sum[0] = eqml__fma(first, x, sum[0]);
    sum[1] = eqml__fma(second, x, sum[1]);
    if (g) {
        const eqml_lanes part = eqml__fma(second, factor[1], first * factor[0]);
        eqml__store_inner(g, eqml__load_inner(g) + (eqml__first_row(part) + eqml__second_row(part)));
    }
}

EQML_INLINE void eqml__rows_two(const eqml_rows *rows, const eqml_tile *tiles, const double *c,
                                const double *f, double *g, eqml__inner energy[4], double *sums)
{
    const int n = rows->ntiles;
    eqml_lanes factor[2], sum[2], other[2]; /* four chains of sums */
    eqml__inner total[4];
    for (int k = 0; k < 2; k++) {
        factor[k] = eqml__two_rows(f[rows->row[2 * k]], f[rows->row[2 * k + 1]]);
        sum[k] = other[k] = eqml__all(0);
    }
    for (int t = 0; t + 1 < n; t += 2) {
        const int one = tiles[t].first, two = tiles[t + 1].first;
        eqml__columns_two(c + 16 * t, f + one, g ? g + one : NULL, factor, sum);
        eqml__columns_two(c + 16 * t + 16, f + two, g ? g + two : NULL, factor, other);
    }
    if (n % 2)
        eqml__columns_two(c + 16 * (n - 1), f + tiles[n - 1].first, g ? g + tiles[n - 1].first : NULL, factor,
                          sum);
    for (int k = 0; k < 2; k++) {
        sum[k] += other[k];
        total[2 * k] = eqml__first_row(sum[k]);
        total[2 * k + 1] = eqml__second_row(sum[k]);
        sum[k] *= factor[k];
        energy[2 * k] += eqml__first_row(sum[k]);
        energy[2 * k + 1] += eqml__second_row(sum[k]);
    }
    if (g)
        eqml__four_sums(total, sums);
}
#else
#define eqml__rows_two eqml__rows_one
#endif

/* One vector at a time: for all at once the compiler calls memcpy, and g cannot stay in registers. */
EQML_INLINE void eqml__linear_one(const double *linear, const double *f, double *g, eqml__inner *energy)
{
    const eqml__inner l = eqml__load_inner(linear);
    *energy = eqml__fma_inner(l, eqml__load_inner(f), *energy);
    if (g)
        eqml__store_inner(g, l);
}

/* One geometry. f and g begin on a vector boundary; sums: room for [nrows][4]. */
EQML_INLINE double eqml__form_one(const eqml_model *m, int nvalues, const double *f, double *g, double *sums)
{
    const eqml_basis *b = m->basis;
    eqml__inner energy[4];
    double rest = 0;
    int k = 0, tile = 0;
    for (int row = 0; row < 4; row++)
        energy[row] = eqml__all_inner(0);
    for (; k + 4 * EQML__INNER <= nvalues; k += 4 * EQML__INNER)
        for (int row = 0; row < 4; row++) /* four chains of sums */
            eqml__linear_one(m->linear + k + row * EQML__INNER, f + k + row * EQML__INNER,
                             g ? g + k + row * EQML__INNER : NULL, &energy[row]);
    for (; k + EQML__INNER <= nvalues; k += EQML__INNER)
        eqml__linear_one(m->linear + k, f + k, g ? g + k : NULL, &energy[0]);
    for (; k < nvalues; k++) {
        rest += m->linear[k] * f[k];
        if (g)
            g[k] = m->linear[k];
    }
    for (; g && k < b->nfactors; k++)
        g[k] = m->linear[k];
    for (; g && k < EQML_ROUND(b->nfactors); k++)
        g[k] = 0;
    EQML__EACH(r, b->nrows, b->ntiles <= EQML__SHORT_ONE && (!g || b->noperations < EQML__LONG_CODE), {
        const eqml_tile *tiles = b->tiles + tile;
        const double *c = m->packed + 16 * tile;
        if (EQML__KNOWN(b->ntiles <= EQML__SHORT_ONE && (!g || b->noperations < EQML__LONG_CODE)))
            eqml__rows_one(b->rows + r, tiles, c, f, g, energy, sums + 4 * r);
        else
            eqml__rows_two(b->rows + r, tiles, c, f, g, energy, sums + 4 * r);
        tile += b->rows[r].ntiles;
    });
    /* Only now: a vector of g waits for the cache if one of its numbers has just been stored. */
    if (g)
        EQML__EACH(r, b->nrows, b->ntiles <= EQML__SHORT_ONE && (!g || b->noperations < EQML__LONG_CODE), {
            for (int row = 0; row < 4; row++)
                g[b->rows[r].row[row]] += sums[4 * r + row];
        });
    return rest + eqml__sum_inner((energy[0] + energy[1]) + (energy[2] + energy[3]));
}

#include "kernel/of_lanes.inc"
#include "kernel/form.inc"
#include "kernel/of_floats.inc"
#include "kernel/form.inc"
#include "kernel/of_none.inc"

/* What the sweeps leave out of the energy: the offsets of the factors from nvalues on. */
EQML_INLINE double eqml__rest(const eqml_model *m, int nvalues)
{
    double sum = 0;
    for (int k = nvalues; k < m->basis->nfactors; k++)
        sum += m->linear[k] * m->offset[k];
    return sum;
}

#endif /* EQML__KERNEL_FORM_H */
