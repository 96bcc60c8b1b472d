/* The types of all machines with vectors, by the extension of gcc and clang, and what this alone can say. */
#ifndef EQML__LANES_VECTOR_H
#define EQML__LANES_VECTOR_H
#include "compiler.h"
#include "lanes/choose.h"

#ifndef EQML__WITH_SCALAR
#define EQML_FLOATS (2 * EQML_LANES)
typedef double eqml_lanes __attribute__((vector_size(8 * EQML_LANES)));
typedef double eqml__loose __attribute__((vector_size(8 * EQML_LANES), aligned(8), may_alias));
typedef long long eqml__integers __attribute__((vector_size(8 * EQML_LANES)));
typedef float eqml_floats __attribute__((vector_size(8 * EQML_LANES)));
typedef int eqml__integers_floats __attribute__((vector_size(8 * EQML_LANES)));
#define EQML_ALIGNED __attribute__((aligned(64)))

EQML_INLINE eqml_lanes eqml__load(const double *x)
{
    return *(const eqml__loose *)x;
}

EQML_INLINE void eqml__store(double *x, eqml_lanes value)
{
    *(eqml__loose *)x = value;
}

EQML_INLINE eqml_lanes eqml__all(double x)
{
    const eqml_lanes zero = {0};
    return x - zero; /* compilers know that this is x, as 0 + x is not where x is -0: one broadcast */
}

EQML_INLINE eqml_floats eqml__all_floats(float x)
{
    const eqml_floats zero = {0};
    return x - zero;
}

/* In generated code for one geometry: four slots as a vector. */
typedef double eqml_four __attribute__((vector_size(32), aligned(8), may_alias));
#define EQML_FOUR(p) (*(eqml_four *)(void *)(p))
#endif

#endif /* EQML__LANES_VECTOR_H */
