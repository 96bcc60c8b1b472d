/* Lanes of two numbers: SSE2. */
#ifndef EQML__LANES_SSE2_H
#define EQML__LANES_SSE2_H
#include "lanes/vector.h"

#ifdef EQML__WITH_SSE2
#include <emmintrin.h>
#define EQML__REGISTERS 16
#ifndef __clang__
#define EQML_KEEP(x) __asm__("" : "+x"(x))
#else
#define EQML_KEEP(x) ((void)0)
#endif

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
    return (eqml_lanes)_mm_sqrt_pd((__m128d)x);
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    return (eqml_floats)_mm_sqrt_ps((__m128)x);
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return (eqml_lanes)_mm_max_pd(_mm_set1_pd(least), (__m128d)x);
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    return (eqml_lanes)_mm_min_pd(_mm_set1_pd(most), (__m128d)x);
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    return (eqml_floats)_mm_max_ps(_mm_set1_ps(least), (__m128)x);
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    return (eqml_floats)_mm_min_ps(_mm_set1_ps(most), (__m128)x);
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    return (eqml_floats)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)x[0]), _mm_cvtpd_ps((__m128d)x[1]));
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    y[0] = (eqml_lanes)_mm_cvtps_pd((__m128)x);
    y[1] = (eqml_lanes)_mm_cvtps_pd(_mm_movehl_ps((__m128)x, (__m128)x));
}

EQML_INLINE void eqml__four_sums(const eqml_lanes x[4], double *sums)
{
    for (int k = 0; k < 4; k += 2)
        eqml__store(sums + k, (eqml_lanes)_mm_add_pd(_mm_unpacklo_pd((__m128d)x[k], (__m128d)x[k + 1]),
                                                     _mm_unpackhi_pd((__m128d)x[k], (__m128d)x[k + 1])));
}
#endif

#endif /* EQML__LANES_SSE2_H */
