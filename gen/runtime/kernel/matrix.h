/* Covariants over pairs as matrices, for code that would be too long element by element. */
#ifndef EQML__KERNEL_MATRIX_H
#define EQML__KERNEL_MATRIX_H
#include "basis.h"

EQML_INLINE int eqml__least(int x, int y)
{
    return x < y ? x : y;
}

#include "kernel/of_lanes.inc"
#include "kernel/series.inc"
#include "kernel/matrix.inc"
#include "kernel/of_floats.inc"
#include "kernel/series.inc"
#include "kernel/matrix.inc"
#include "kernel/of_one.inc"
#include "kernel/matrix.inc"
#include "kernel/of_none.inc"

/* The same for one geometry: the columns are vectors, of a copy of a part of r. */
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
