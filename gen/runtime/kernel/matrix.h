/* Covariants over pairs as matrices, for code that would be too long element by element. */
#ifndef EQML__KERNEL_MATRIX_H
#define EQML__KERNEL_MATRIX_H
#include "basis.h"

EQML_INLINE int eqml__least(int x, int y)
{
    return x < y ? x : y;
}

/*
 * In generated code: t += l r, as matrices m[target], m[left], m[right] of covariants; `half`: where the
 * column is beyond the row only. The matrices of covariants over pairs are small, and are read where they
 * stand: in lanes element by element, in blocks that fit the registers; for one geometry the columns are
 * vectors, of a copy of a part of r.
 */
#define EQML__SERIES(T, ALL, FMA)                                                                            \
    EQML_NOINLINE void eqml__series_##T(const eqml_matrix *m, int left, int right, int target, int half,     \
                                        const T *l, const T *r, T *t)                                        \
    {                                                                                                        \
        enum { ROWS = EQML_LANES == 8 ? 4 : 2, COLUMNS = 4 };                                                \
        const int nrows = m[target].nrows, ncolumns = m[target].ncolumns, depth = m[left].ncolumns;          \
        for (int i = 0; i < nrows; i += ROWS)                                                                \
            for (int j = half ? i / COLUMNS * COLUMNS : 0; j < ncolumns; j += COLUMNS) {                     \
                const unsigned short *row[ROWS], *column[COLUMNS];                                           \
                T sum[ROWS][COLUMNS];                                                                        \
                for (int x = 0; x < ROWS; x++) /* past the last: the last again */                           \
                    row[x] = m[left].at + eqml__least(i + x, nrows - 1) * depth;                             \
                for (int y = 0; y < COLUMNS; y++)                                                            \
                    column[y] = m[right].at + eqml__least(j + y, ncolumns - 1);                              \
                for (int x = 0; x < ROWS; x++)                                                               \
                    for (int y = 0; y < COLUMNS; y++)                                                        \
                        sum[x][y] = ALL(0);                                                                  \
                for (int k = 0; k < depth; k++) {                                                            \
                    T across[COLUMNS];                                                                       \
                    for (int y = 0; y < COLUMNS; y++)                                                        \
                        across[y] = r[column[y][k * ncolumns]];                                              \
                    for (int x = 0; x < ROWS; x++) {                                                         \
                        const T along = l[row[x][k]];                                                        \
                        for (int y = 0; y < COLUMNS; y++)                                                    \
                            sum[x][y] = FMA(along, across[y], sum[x][y]);                                    \
                    }                                                                                        \
                }                                                                                            \
                for (int x = 0; x < eqml__least(ROWS, nrows - i); x++)                                       \
                    for (int y = 0; y < eqml__least(COLUMNS, ncolumns - j); y++)                             \
                        if (!half || j + y > i + x)                                                          \
                            t[m[target].at[(i + x) * ncolumns + j + y]] += sum[x][y];                        \
            }                                                                                                \
        memset(t + m[target].none, 0, sizeof *t);                                                            \
    }
EQML__SERIES(eqml_lanes, eqml__all, eqml__fma)
EQML__SERIES(eqml_floats, eqml__all_floats, eqml__fma_floats)

/*
 * In generated code, with a matrix of covariants over pairs and vectors over atoms:
 *
 *     push     t_i += sum_j a_ij g_j         outer    a_ij += t_i g_j         g NULL: ones
 *     ends     b_ij += a_ij g_i              meet     g_i += sum_j a_ij b_ij
 *
 * `turned`: m is the transpose of that matrix. total: the sum of n elements.
 */
#define EQML__MATRIX(T, FMA)                                                                                 \
    EQML_NOINLINE T eqml__total_##T(int n, const T *x)                                                       \
    {                                                                                                        \
        T sum[4];                                                                                            \
        int k = 0;                                                                                           \
        memset(sum, 0, sizeof sum);                                                                          \
        for (; k + 4 <= n; k += 4)                                                                           \
            for (int y = 0; y < 4; y++)                                                                      \
                sum[y] += x[k + y];                                                                          \
        for (; k < n; k++)                                                                                   \
            sum[0] += x[k];                                                                                  \
        return (sum[0] + sum[1]) + (sum[2] + sum[3]);                                                        \
    }                                                                                                        \
                                                                                                             \
    EQML_NOINLINE void eqml__push_##T(const eqml_matrix *m, const T *a, const T *g, T *t)                    \
    {                                                                                                        \
        for (int i = 0; i < m->nrows; i += 4) {                                                              \
            const unsigned short *row[4];                                                                    \
            T sum[4];                                                                                        \
            for (int x = 0; x < 4; x++) /* past the last: the last again */                                  \
                row[x] = m->at + eqml__least(i + x, m->nrows - 1) * m->ncolumns;                             \
            memset(sum, 0, sizeof sum);                                                                      \
            for (int j = 0; j < m->ncolumns; j++)                                                            \
                for (int x = 0; x < 4; x++)                                                                  \
                    sum[x] = g ? FMA(a[row[x][j]], g[j], sum[x]) : sum[x] + a[row[x][j]];                    \
            for (int x = 0; x < eqml__least(4, m->nrows - i); x++)                                           \
                t[i + x] += sum[x];                                                                          \
        }                                                                                                    \
    }                                                                                                        \
                                                                                                             \
    EQML_NOINLINE void eqml__outer_##T(const eqml_matrix *m, int turned, const T *t, const T *g, T *a)       \
    {                                                                                                        \
        for (int k = 0; k < m->nruns; k++) {                                                                 \
            const unsigned short *run = m->runs[k];                                                          \
            const T *t_row = t + run[0], *t_column = t + run[1];                                             \
            T *to = a + run[2];                                                                              \
            if (g) {                                                                                         \
                const T *g_row = g + run[0], *g_column = g + run[1];                                         \
                if (m->symmetric || !turned)                                                                 \
                    for (int x = 0; x < run[3]; x++)                                                         \
                        to[x] = FMA(t_row[0], g_column[x], to[x]);                                           \
                if (m->symmetric || turned)                                                                  \
                    for (int x = 0; x < run[3]; x++)                                                         \
                        to[x] = FMA(t_column[x], g_row[0], to[x]);                                           \
            } else {                                                                                         \
                if (m->symmetric || !turned)                                                                 \
                    for (int x = 0; x < run[3]; x++)                                                         \
                        to[x] += t_row[0];                                                                   \
                if (m->symmetric || turned)                                                                  \
                    for (int x = 0; x < run[3]; x++)                                                         \
                        to[x] += t_column[x];                                                                \
            }                                                                                                \
        }                                                                                                    \
    }                                                                                                        \
                                                                                                             \
    EQML_NOINLINE void eqml__ends_##T(const eqml_matrix *m, int turned, const T *a, const T *g, T *b)        \
    {                                                                                                        \
        for (int k = 0; k < m->nruns; k++) {                                                                 \
            const unsigned short *run = m->runs[k];                                                          \
            const T *from = a + run[2], *row = g + run[0], *column = g + run[1];                             \
            T *to = b + run[2];                                                                              \
            if (m->symmetric || !turned)                                                                     \
                for (int x = 0; x < run[3]; x++)                                                             \
                    to[x] = FMA(from[x], row[0], to[x]);                                                     \
            if (m->symmetric || turned)                                                                      \
                for (int x = 0; x < run[3]; x++)                                                             \
                    to[x] = FMA(from[x], column[x], to[x]);                                                  \
        }                                                                                                    \
    }                                                                                                        \
                                                                                                             \
    EQML_NOINLINE void eqml__meet_##T(const eqml_matrix *m, const T *a, const T *b, T *g)                    \
    {                                                                                                        \
        const unsigned short *at = m->at;                                                                    \
        for (int i = 0; i < m->nrows; i++, at += m->ncolumns) {                                              \
            T sum[4];                                                                                        \
            memset(sum, 0, sizeof sum);                                                                      \
            for (int j = 0; j < m->ncolumns; j += 4)                                                         \
                for (int x = 0; x < 4; x++) {                                                                \
                    const int e = j + x < m->ncolumns ? at[j + x] : m->none;                                 \
                    sum[x] = FMA(a[e], b[e], sum[x]);                                                        \
                }                                                                                            \
            g[i] += (sum[0] + sum[1]) + (sum[2] + sum[3]);                                                   \
        }                                                                                                    \
    }
EQML__MATRIX(eqml_lanes, eqml__fma)
EQML__MATRIX(eqml_floats, eqml__fma_floats)
#define EQML__FMA_ONE(a, b, c) ((a) * (b) + (c))
EQML__MATRIX(double, EQML__FMA_ONE)

EQML_NOINLINE void eqml__series_double(const eqml_matrix *m, int left, int right, int target, int half,
                                       const double *l, const double *r, double *t)
{
    enum { ROWS = 6, COLUMNS = 2 * EQML_LANES, DEPTH = 64 };
    const int nrows = m[target].nrows, ncolumns = m[target].ncolumns, all = m[left].ncolumns;
    double part[DEPTH * COLUMNS] EQML_ALIGNED, sums[COLUMNS] EQML_ALIGNED;
    for (int j = 0; j < ncolumns; j += COLUMNS)
        for (int first = 0; first < all; first += DEPTH) {
            const int depth = eqml__least(DEPTH, all - first), width = eqml__least(COLUMNS, ncolumns - j);
            for (int k = 0; k < depth; k++)
                for (int y = 0; y < COLUMNS; y++)
                    part[k * COLUMNS + y] =
                        r[m[right].at[(first + k) * ncolumns + j + eqml__least(y, width - 1)]];
            for (int i = 0; i < (half ? eqml__least(nrows, j + width - 1) : nrows); i += ROWS) {
                const unsigned short *row[ROWS];
                eqml_lanes sum[ROWS][2];
                for (int x = 0; x < ROWS; x++)
                    row[x] = m[left].at + eqml__least(i + x, nrows - 1) * all + first;
                for (int x = 0; x < ROWS; x++)
                    sum[x][0] = sum[x][1] = eqml__all(0);
                for (int k = 0; k < depth; k++) {
                    const eqml_lanes low = eqml__load(part + k * COLUMNS),
                                     high = eqml__load(part + k * COLUMNS + EQML_LANES);
                    for (int x = 0; x < ROWS; x++) {
                        const eqml_lanes along = eqml__all(l[row[x][k]]);
                        sum[x][0] = eqml__fma(along, low, sum[x][0]);
                        sum[x][1] = eqml__fma(along, high, sum[x][1]);
                    }
                }
                for (int x = 0; x < eqml__least(ROWS, nrows - i); x++) {
                    const unsigned short *to = m[target].at + (i + x) * ncolumns + j;
                    eqml__store(sums, sum[x][0]);
                    eqml__store(sums + EQML_LANES, sum[x][1]);
                    for (int y = half && i + x >= j ? i + x - j + 1 : 0; y < width; y++)
                        t[to[y]] += sums[y];
                }
            }
        }
    t[m[target].none] = 0;
}

#endif /* EQML__KERNEL_MATRIX_H */
