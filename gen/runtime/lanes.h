/* Lanes: vectors of numbers, the same names for every machine. */
#ifndef EQML__LANES_H
#define EQML__LANES_H
#include "lanes/choose.h"
#include "lanes/vector.h"
#include "lanes/scalar.h"
#include "lanes/generic.h"
#include "lanes/sse2.h"
#include "lanes/neon.h"
#include "lanes/plain.h"
#include "lanes/avx.h"
#include "lanes/avx2.h"
#include "lanes/avx512.h"

/*
 * No other part asks for a machine, or names its instructions. A machine has
 *
 *     eqml_lanes       EQML_LANES doubles: geometries, or directions, side by side; + - * / work lane by lane, and
 *                      with a number on one side
 *     eqml_floats      EQML_FLOATS floats, twice as many; one where lanes are scalar
 *     eqml__inner      EQML__INNER doubles of one geometry, four at most: pairs of atoms, columns of a tile. Small
 *                      molecules have few pairs, and a tile has four columns.
 *     EQML__REGISTERS  vectors that are at hand
 *
 *     all fma sqrt at_least (the larger of x and a number; x where it is not one) narrow widen (lanes and floats)
 *     load store       lanes and inner vectors, from any place
 *     distances        r and 1/r from r^2
 *     four_sums        sums[4]: the sum of each of four inner vectors
 *     put_sums         to[k][0]: the sum of the vector x[k], n of four (lanes and floats)
 *     differences      d[3] = x_i - x_j of EQML__INNER pairs from p on; past the last pair the last again. In
 *                      registers: a vector that is loaded from numbers stored one by one waits until these have
 *                      left the store buffer.
 *     clear_points     sum[n][4] = 0; push_points: to one atom force (x_i - x_j), from the other the same;
 *     put_point        to[3] from one sum
 *     transpose        to[columns][rows] = from[rows][columns], rows from_stride and to_stride apart
 *     group_to_lanes   x[n] in lanes from rows xyz[EQML_LANES][n]; group_from_lanes: back
 *
 * and for generated code EQML_FOUR (in its code for one geometry: four slots as a vector), EQML_SUM_FOUR (the sum
 * of its elements), and EQML_KEEP: a value stays in its register. gcc would load it again for each use, and loads
 * are what limits the kernels (energy of a dense form: 822 ns so, 590 ns with it; gradient of the form of H5O2 of
 * degree 7: 1,800 and 1,300 ns). EQML_KEEP_FOUR: the same for an eqml_four.
 */
#ifndef EQML__INNER
#define EQML__INNER EQML_LANES
typedef eqml_lanes eqml__inner;
#define eqml__load_inner eqml__load
#define eqml__store_inner eqml__store
#define eqml__all_inner eqml__all
#define eqml__fma_inner eqml__fma
#ifdef EQML__WITH_SCALAR
#define eqml__root_inner eqml__root_lanes
#define eqml__exp_inner eqml__exp_lanes
#else
typedef eqml__integers eqml__integers_inner;
#define eqml__sqrt_inner eqml__sqrt_lanes
#define eqml__at_least_inner eqml__at_least_lanes
#define eqml__at_most_inner eqml__at_most_lanes
#endif
#endif

#define EQML__HALVES (EQML_FLOATS / EQML_LANES) /* lanes to one vector of floats */

/* Lanes as parts of lanes, for kernels that are made for floats too. */
EQML_INLINE eqml_lanes eqml__narrow_lanes(const eqml_lanes x[1])
{
    return x[0];
}

/*
 * exp(x) for -708 <= x <= 709; beyond, it is that at the limit (in scalar code 0 or infinite). In float the limits are
 * -87 and 88.
 *
 * With x = m ln 2 + t, |t| <= ln 2 / 2, it is 2^m (1 + t (1 + t q(t))). 2^m is made from the bits of the exponent. ln 2
 * comes in two parts, the first of few digits, so that t is exact. q is the minimax polynomial of degree 9 (relative
 * error of exp 4e-18), in float of degree 4 (3e-9). Its even and its odd part are found side by side, which halves the
 * chain of Horner's rule for one more multiplication. Cody and Waite, Software Manual for the Elementary Functions
 * (1980).
 */
#ifndef EQML__WITH_SCALAR
#define EQML__EXP_TERM(x) EQML__ALL((EQML__NUMBER)(x))
#define EQML__EXP_STEP(sum, x) EQML__FMA(sum, u[k], EQML__EXP_TERM(x))
#include "kernel/of_lanes.inc"
#include "lanes/exp.inc"
#include "kernel/of_floats.inc"
#include "lanes/exp.inc"
#include "kernel/of_inner.inc"
#include "lanes/exp.inc"
#undef EQML__EXP_TERM
#undef EQML__EXP_STEP
#endif

#ifndef EQML__WITH_AVX512
#include "kernel/of_lanes.inc"
#include "lanes/distances.inc"
#include "kernel/of_floats.inc"
#include "lanes/distances.inc"

EQML_INLINE void eqml__group_to_lanes(int n, const double *xyz, eqml_lanes *x)
{
    eqml__transpose(EQML_LANES, n, xyz, n, (double *)(void *)x, EQML_LANES);
}

EQML_INLINE void eqml__group_from_lanes(int n, const eqml_lanes *x, double *rows)
{
    eqml__transpose(n, EQML_LANES, (const double *)(const void *)x, EQML_LANES, rows, n);
}
#endif
#include "kernel/of_inner.inc"
#include "lanes/distances.inc"
#include "kernel/of_none.inc"

/* The sum of n numbers, n a power of two. */
EQML_INLINE double eqml__sum_numbers(int n, double *part)
{
    for (int half = n / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            part[k] += part[k + half];
    return part[0];
}

EQML_INLINE double eqml__sum(eqml_lanes x)
{
    double part[EQML_LANES] EQML_ALIGNED;
    eqml__store(part, x);
    return eqml__sum_numbers(EQML_LANES, part);
}

EQML_INLINE double eqml__sum_inner(eqml__inner x)
{
    double part[EQML__INNER] EQML_ALIGNED;
    eqml__store_inner(part, x);
    return eqml__sum_numbers(EQML__INNER, part);
}

/* x[n] in lanes from the rows of xyz[count][n]; past the last row the last again. */
EQML_INLINE void eqml__to_lanes(int n, int count, const double *xyz, eqml_lanes *x)
{
    double *to = (double *)(void *)x;
    if (count >= EQML_LANES) {
        eqml__group_to_lanes(n, xyz, x);
        return;
    }
    eqml__transpose(count, n, xyz, n, to, EQML_LANES);
    for (int lane = count; lane < EQML_LANES; lane++)
        eqml__transpose(1, n, xyz + (count - 1) * n, n, to + lane, EQML_LANES);
}

/* The first `count` rows of rows[count][n] from x[n] in lanes. */
EQML_INLINE void eqml__from_lanes(int n, int count, const eqml_lanes *x, double *rows)
{
    if (count >= EQML_LANES)
        eqml__group_from_lanes(n, x, rows);
    else
        eqml__transpose(n, count, (const double *)(const void *)x, EQML_LANES, rows, n);
}

#endif /* EQML__LANES_H */
