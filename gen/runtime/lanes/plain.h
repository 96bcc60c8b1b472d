/* Atoms and transposes where lanes are two numbers at most: number by number. */
#ifndef EQML__LANES_PLAIN_H
#define EQML__LANES_PLAIN_H
#include "lanes/scalar.h"
#include "lanes/generic.h"
#include "lanes/sse2.h"
#include "lanes/neon.h"

#if EQML_LANES <= 2
#define EQML_KEEP_FOUR(x) ((void)0) /* two registers */
#define EQML_SUM_FOUR(x) (((x)[0] + (x)[1]) + ((x)[2] + (x)[3]))

EQML_INLINE void eqml__differences(const unsigned short (*pairs)[2], int last, int p, const double *xyz,
                                   eqml_lanes d[3])
{
    double part[3][EQML_LANES];
    for (int lane = 0; lane < EQML_LANES; lane++) {
        const unsigned short *pair = pairs[p + lane < last ? p + lane : last];
        for (int k = 0; k < 3; k++)
            part[k][lane] = xyz[3 * pair[0] + k] - xyz[3 * pair[1] + k];
    }
    for (int k = 0; k < 3; k++)
        d[k] = eqml__load(part[k]);
}

EQML_INLINE void eqml__put_sums_lanes(int n, const eqml_lanes *x, double *const *to)
{
    for (int k = 0; k < n; k++) {
        const double *part = (const double *)(const void *)&x[k];
        *to[k] = part[0];
        for (int lane = 1; lane < EQML_LANES; lane++)
            *to[k] += part[lane];
    }
}

EQML_INLINE void eqml__put_sums_floats(int n, const eqml_floats *x, float *const *to)
{
    for (int k = 0; k < n; k++) {
        const float *part = (const float *)(const void *)&x[k];
        *to[k] = part[0];
        for (int lane = 1; lane < EQML_FLOATS; lane++)
            *to[k] += part[lane];
    }
}

EQML_INLINE void eqml__clear_points(int n, double *sum)
{
    for (int k = 0; k < 4 * n; k++)
        sum[k] = 0;
}

EQML_INLINE void eqml__push_points(double force, const double *xi, const double *xj, double *i, double *j)
{
    for (int k = 0; k < 3; k++) {
        const double part = force * (xi[k] - xj[k]);
        i[k] += part;
        j[k] -= part;
    }
}

EQML_INLINE void eqml__put_point(double *to, const double *sum)
{
    for (int k = 0; k < 3; k++)
        to[k] = sum[k];
}

EQML_INLINE void eqml__transpose(int rows, int columns, const double *from, int from_stride, double *to,
                                 int to_stride)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            to[c * to_stride + r] = from[r * from_stride + c];
}
#endif

#endif /* EQML__LANES_PLAIN_H */
