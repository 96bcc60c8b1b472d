/* Lanes of two numbers, without instructions of one machine. */
#ifndef EQML__LANES_GENERIC_H
#define EQML__LANES_GENERIC_H
#include "lanes/vector.h"

#ifdef EQML__WITH_GENERIC
#define EQML__REGISTERS 16
#define EQML_KEEP(x) ((void)0)

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return a * b + c;
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
    return a * b + c;
}

EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    for (int k = 0; k < EQML_LANES; k++)
        x[k] = sqrt(x[k]);
    return x;
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    for (int k = 0; k < EQML_FLOATS; k++)
        x[k] = sqrtf(x[k]);
    return x;
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    for (int k = 0; k < EQML_LANES; k++)
        x[k] = least > x[k] ? least : x[k];
    return x;
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    for (int k = 0; k < EQML_LANES; k++)
        x[k] = most < x[k] ? most : x[k];
    return x;
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    for (int k = 0; k < EQML_FLOATS; k++)
        x[k] = least > x[k] ? least : x[k];
    return x;
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    for (int k = 0; k < EQML_FLOATS; k++)
        x[k] = most < x[k] ? most : x[k];
    return x;
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    eqml_floats y = {0};
    for (int k = 0; k < EQML_FLOATS; k++)
        y[k] = (float)x[k / EQML_LANES][k % EQML_LANES];
    return y;
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    for (int k = 0; k < EQML_FLOATS; k++)
        y[k / EQML_LANES][k % EQML_LANES] = (double)x[k];
}

EQML_INLINE void eqml__four_sums(const eqml_lanes x[4], double *sums)
{
    for (int k = 0; k < 4; k++)
        sums[k] = x[k][0] + x[k][1];
}
#endif

#endif /* EQML__LANES_GENERIC_H */
