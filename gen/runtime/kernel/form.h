/* The quadratic form. */
#ifndef EQML__KERNEL_FORM_H
#define EQML__KERNEL_FORM_H
#include "basis.h"

/*
 * V = sum linear[k] f_k over the first nvalues factors, the others being left to the sweeps, + sum over tiles
 * of f_row c f_column; and where g is given, g = dV/df for all: each coefficient is read once for both of its
 * derivatives. Tiles of the same four rows stand side by side; their row sums stay in registers. Four rows
 * and one vector of columns (or of geometries) need 4 sums, 4 factors, 4 coefficients and 3 more: they fit 16
 * registers, and the coefficients are most of what is loaded.
 */

/* The four columns of a tile with coefficients c. */
EQML_INLINE void eqml__columns_one(const double *c, const double *f, double *g, const eqml__quad *factor,
                                   eqml__quad *sum)
{
    for (int k = 0; k < 4; k += EQML__QUAD) {
        const eqml__quad x = eqml__quad_load(f + k);
        eqml__quad part = eqml__quad_all(0);
        for (int row = 0; row < 4; row++) {
            const eqml__quad coefficient = eqml__quad_load(c + 4 * row + k);
            sum[row] = eqml__quad_fma(coefficient, x, sum[row]);
            part = eqml__quad_fma(coefficient, factor[row], part);
        }
        if (g)
            eqml__quad_store(g + k, eqml__quad_load(g + k) + part);
    }
}

/* Four rows: their part of the energy, and the sums over their columns. */
EQML_INLINE void eqml__rows_one(const eqml_rows *rows, const eqml_tile *tiles, const double *c,
                                const double *f, double *g, eqml__quad energy[4], double *sums)
{
    eqml__quad factor[4], sum[4];
    for (int row = 0; row < 4; row++) {
        factor[row] = eqml__quad_all(f[rows->row[row]]);
        sum[row] = eqml__quad_all(0);
    }
    for (int t = 0; t < rows->ntiles; t++)
        eqml__columns_one(c + 16 * t, f + tiles[t].first, g ? g + tiles[t].first : NULL, factor, sum);
    for (int row = 0; row < 4; row++)
        energy[row] = eqml__quad_fma(sum[row], factor[row], energy[row]);
    if (g)
        eqml__four_sums(sum, sums);
}

#if EQML_LANES == 8
/*
 * The same with two rows to a vector, for forms that are not short: ethanol of degree 4 takes 2.8 instead of
 * 3.7 us for one gradient, but ammonia of degree 8, where rows have few columns, 253 instead of 236 ns.
 */
EQML_INLINE void eqml__columns_two(const double *c, const double *f, double *g, const eqml_lanes factor[2],
                                   eqml_lanes sum[2])
{
    const eqml_lanes x = (eqml_lanes)_mm512_maskz_broadcast_f64x4(EQML__ALL_8, _mm256_loadu_pd(f));
    eqml_lanes first = eqml__load(c), second = eqml__load(c + 8);
    EQML_KEEP(first);
    EQML_KEEP(second);
    sum[0] = eqml__fma(first, x, sum[0]);
    sum[1] = eqml__fma(second, x, sum[1]);
    if (g) {
        const __m512d part = (__m512d)eqml__fma(second, factor[1], first * factor[0]);
        eqml__quad_store(g, eqml__quad_load(g) + (eqml__quad)(eqml__low(part) + eqml__high(part)));
    }
}

EQML_INLINE void eqml__rows_two(const eqml_rows *rows, const eqml_tile *tiles, const double *c,
                                const double *f, double *g, eqml__quad energy[4], double *sums)
{
    const int n = rows->ntiles;
    eqml_lanes factor[2], sum[2], other[2]; /* four chains of sums */
    eqml__quad total[4];
    for (int k = 0; k < 2; k++) {
        factor[k] = (eqml_lanes)eqml__join(_mm256_set1_pd(f[rows->row[2 * k]]),
                                           _mm256_set1_pd(f[rows->row[2 * k + 1]]));
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
        total[2 * k] = (eqml__quad)eqml__low((__m512d)sum[k]);
        total[2 * k + 1] = (eqml__quad)eqml__high((__m512d)sum[k]);
        sum[k] *= factor[k];
        energy[2 * k] += (eqml__quad)eqml__low((__m512d)sum[k]);
        energy[2 * k + 1] += (eqml__quad)eqml__high((__m512d)sum[k]);
    }
    if (g)
        eqml__four_sums(total, sums);
}
#else
#define eqml__rows_two eqml__rows_one
#endif

/* No copy of all coefficients at once: the compiler would call memcpy, and g could not stay in registers. */
EQML_INLINE void eqml__linear_one(const double *linear, const double *f, double *g, eqml__quad *energy)
{
    const eqml__quad l = eqml__quad_load(linear);
    *energy = eqml__quad_fma(l, eqml__quad_load(f), *energy);
    if (g)
        eqml__quad_store(g, l);
}

/* One geometry. f and g begin on a vector boundary; sums: room for [nrows][4]. */
EQML_INLINE double eqml__form_one(const eqml_model *m, int nvalues, const double *f, double *g, double *sums)
{
    const eqml_basis *b = m->basis;
    eqml__quad energy[4];
    double rest = 0;
    int k = 0, tile = 0;
    for (int row = 0; row < 4; row++)
        energy[row] = eqml__quad_all(0);
    for (; k + 4 * EQML__QUAD <= nvalues; k += 4 * EQML__QUAD)
        for (int row = 0; row < 4; row++) /* four chains of sums */
            eqml__linear_one(m->linear + k + row * EQML__QUAD, f + k + row * EQML__QUAD,
                             g ? g + k + row * EQML__QUAD : NULL, &energy[row]);
    for (; k + EQML__QUAD <= nvalues; k += EQML__QUAD)
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
    /* After all tiles: a vector of g that is loaded when one of its numbers has just been stored waits for
     * the cache. */
    if (g)
        EQML__EACH(r, b->nrows, b->ntiles <= EQML__SHORT_ONE && (!g || b->noperations < EQML__LONG_CODE), {
            for (int row = 0; row < 4; row++)
                g[b->rows[r].row[row]] += sums[4 * r + row];
        });
    return rest + eqml__quad_sum((energy[0] + energy[1]) + (energy[2] + energy[3]));
}

/* Where there are 32 registers, every second column has sums of its own: eight chains are just what two units
 * for multiply-adds keep going, and any delay stops them (methane of degree 8: 113 ns, and 108 with sixteen). */
#if EQML_LANES == 8
#define EQML__OTHER(x) other_##x
#else
#define EQML__OTHER(x) x
#endif

/*
 * Two groups of lanes, x and z, of geometries (or directions): each coefficient that is loaded serves four
 * multiply-adds. linear may be NULL for the products alone; g[0] NULL: no derivatives. keep: see EQML_KEEP;
 * not in unrolled code, which would have to save what it is told to keep.
 */
#define EQML__FORM(SUFFIX, T, NUMBER, ALL, FMA)                                                              \
    EQML_INLINE void eqml__column_##SUFFIX(const NUMBER *c, int keep, int k, const T *fx, const T *fz,       \
                                           T *gx, T *gz, const T rx[4], const T rz[4], T x[4], T z[4])       \
    {                                                                                                        \
        T column_x = fx[k], column_z = fz[k], ax = ALL(0), az = ax;                                          \
        if (keep) {                                                                                          \
            EQML_KEEP(column_x);                                                                             \
            EQML_KEEP(column_z);                                                                             \
        }                                                                                                    \
        if (gx)                                                                                              \
            ax = gx[k], az = gz[k];                                                                          \
        for (int row = 0; row < 4; row++) {                                                                  \
            if (EQML__KNOWN(c[4 * row + k] == 0))                                                            \
                continue;                                                                                    \
            const T factor = ALL(c[4 * row + k]);                                                            \
            x[row] = FMA(factor, column_x, x[row]);                                                          \
            z[row] = FMA(factor, column_z, z[row]);                                                          \
            if (gx) {                                                                                        \
                ax = FMA(factor, rx[row], ax);                                                               \
                az = FMA(factor, rz[row], az);                                                               \
            }                                                                                                \
        }                                                                                                    \
        if (gx)                                                                                              \
            gx[k] = ax, gz[k] = az;                                                                          \
    }                                                                                                        \
                                                                                                             \
    EQML_INLINE void eqml__rows_##SUFFIX(const eqml_rows *rows, const eqml_tile *tiles, const NUMBER *c,     \
                                         int keep, const T *fx, const T *fz, T *gx, T *gz, T vx[2], T vz[2]) \
    {                                                                                                        \
        T rx[4], rz[4], x[4], z[4], other_x[4], other_z[4]; /* factors, sums over columns */                 \
        for (int row = 0; row < 4; row++) {                                                                  \
            rx[row] = fx[rows->row[row]], rz[row] = fz[rows->row[row]];                                      \
            x[row] = z[row] = other_x[row] = other_z[row] = ALL(0);                                          \
        }                                                                                                    \
        for (int t = 0; t < rows->ntiles; t++, c += 16) {                                                    \
            const int k = tiles[t].first, columns = tiles[t].columns;                                        \
            const T *const at_x = fx + k, *const at_z = fz + k;                                              \
            T *const to_x = gx ? gx + k : NULL, *const to_z = gx ? gz + k : NULL;                            \
            if (columns & 1)                                                                                 \
                eqml__column_##SUFFIX(c, keep, 0, at_x, at_z, to_x, to_z, rx, rz, x, z);                     \
            if (columns & 2)                                                                                 \
                eqml__column_##SUFFIX(c, keep, 1, at_x, at_z, to_x, to_z, rx, rz, EQML__OTHER(x),            \
                                      EQML__OTHER(z));                                                       \
            if (columns & 4)                                                                                 \
                eqml__column_##SUFFIX(c, keep, 2, at_x, at_z, to_x, to_z, rx, rz, x, z);                     \
            if (columns & 8)                                                                                 \
                eqml__column_##SUFFIX(c, keep, 3, at_x, at_z, to_x, to_z, rx, rz, EQML__OTHER(x),            \
                                      EQML__OTHER(z));                                                       \
        }                                                                                                    \
        for (int row = 0; row < 4; row++) {                                                                  \
            x[row] += other_x[row], z[row] += other_z[row];                                                  \
            vx[row / 2] = FMA(x[row], rx[row], vx[row / 2]);                                                 \
            vz[row / 2] = FMA(z[row], rz[row], vz[row / 2]);                                                 \
            if (gx) {                                                                                        \
                gx[rows->row[row]] += x[row];                                                                \
                gz[rows->row[row]] += z[row];                                                                \
            }                                                                                                \
        }                                                                                                    \
    }                                                                                                        \
                                                                                                             \
    EQML_INLINE void eqml__form_##SUFFIX(const eqml_basis *b, int nvalues, const NUMBER *linear,             \
                                         const NUMBER *packed, T *const f[2], T *const g[2], T energy[2])    \
    {                                                                                                        \
        const int keep = !EQML__KNOWN(b->ntiles <= EQML__SHORT_LANES);                                       \
        const T *fx = f[0], *fz = f[1];                                                                      \
        T *gx = g[0], *gz = g[1], vx[2], vz[2]; /* parts of the energy */                                    \
        int tile = 0;                                                                                        \
        vx[0] = vx[1] = vz[0] = vz[1] = ALL(0);                                                              \
        for (int k = 0; k < nvalues; k += 2)                                                                 \
            for (int odd = 0; odd < 2 && k + odd < nvalues; odd++) { /* two chains of sums */                \
                const T l = ALL(linear ? linear[k + odd] : 0);                                               \
                vx[odd] = FMA(l, fx[k + odd], vx[odd]);                                                      \
                vz[odd] = FMA(l, fz[k + odd], vz[odd]);                                                      \
                if (gx)                                                                                      \
                    gx[k + odd] = gz[k + odd] = l;                                                           \
            }                                                                                                \
        EQML__EACH(r, b->nrows, b->ntiles <= EQML__SHORT_LANES, {                                            \
            eqml__rows_##SUFFIX(b->rows + r, b->tiles + tile, packed + 16 * tile, keep, fx, fz, gx, gz, vx,  \
                                vz);                                                                         \
            tile += b->rows[r].ntiles;                                                                       \
        });                                                                                                  \
        energy[0] = vx[0] + vx[1];                                                                           \
        energy[1] = vz[0] + vz[1];                                                                           \
    }
EQML__FORM(lanes, eqml_lanes, double, eqml__all, eqml__fma)
EQML__FORM(floats, eqml_floats, float, eqml__all_floats, eqml__fma_floats)

/* The offsets of the factors from nvalues on: what the sweeps leave out of the energy. */
EQML_INLINE double eqml__rest(const eqml_model *m, int nvalues)
{
    double sum = 0;
    for (int k = nvalues; k < m->basis->nfactors; k++)
        sum += m->linear[k] * m->offset[k];
    return sum;
}

#endif /* EQML__KERNEL_FORM_H */
