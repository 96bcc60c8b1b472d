/* Lanes of one number: any C compiler. */
#ifndef EQML__LANES_SCALAR_H
#define EQML__LANES_SCALAR_H
#include "compiler.h"
#include "lanes/choose.h"

#ifdef EQML__WITH_SCALAR
#define EQML_FLOATS 1
#define EQML__REGISTERS 16
#define EQML_ALIGNED
typedef double eqml_lanes;
typedef float eqml_floats;
#define EQML_KEEP(x) ((void)0)

EQML_INLINE eqml_lanes eqml__load(const double *x)
{
    return *x;
}

EQML_INLINE void eqml__store(double *x, eqml_lanes value)
{
    *x = value;
}

EQML_INLINE eqml_lanes eqml__all(double x)
{
    return x;
}

EQML_INLINE eqml_floats eqml__all_floats(float x)
{
    return x;
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return x < least ? least : x;
}

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return a * b + c;
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
    return a * b + c;
}

EQML_INLINE eqml_lanes eqml__root_lanes(eqml_lanes x)
{
    return x == 0 ? (eqml_lanes)NAN : sqrt(x);
}

EQML_INLINE eqml_floats eqml__root_floats(eqml_floats x)
{
    return x == 0 ? (eqml_floats)NAN : sqrtf(x);
}

EQML_INLINE void eqml__exp_lanes(int n, eqml_lanes *x)
{
    EQML__SIDE(x[k] = exp(x[k]));
}

EQML_INLINE void eqml__exp_floats(int n, eqml_floats *x)
{
    EQML__SIDE(x[k] = expf(x[k]));
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[1])
{
    return (eqml_floats)x[0];
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[1])
{
    y[0] = (eqml_lanes)x;
}

EQML_INLINE void eqml__four_sums(const eqml_lanes x[4], double *sums)
{
    for (int k = 0; k < 4; k++)
        sums[k] = x[k];
}
#endif

#endif /* EQML__LANES_SCALAR_H */
