/* Lanes of four numbers: AVX2, and AVX alone. */
#ifndef EQML__LANES_AVX2_H
#define EQML__LANES_AVX2_H
#include "lanes/avx.h"

#ifdef EQML__WITH_AVX2
#define EQML__REGISTERS 16

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return eqml__fma_inner(a, b, c);
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
#ifdef __FMA__
    return (eqml_floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    return eqml__sqrt_inner(x);
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    return (eqml_floats)_mm256_sqrt_ps((__m256)x);
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return eqml__at_least_inner(x, least);
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    return eqml__at_most_inner(x, most);
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    return (eqml_floats)_mm256_max_ps(_mm256_set1_ps(least), (__m256)x);
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    return (eqml_floats)_mm256_min_ps(_mm256_set1_ps(most), (__m256)x);
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    return (eqml_floats)_mm256_set_m128(_mm256_cvtpd_ps((__m256d)x[1]), _mm256_cvtpd_ps((__m256d)x[0]));
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    y[0] = (eqml_lanes)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)x));
    y[1] = (eqml_lanes)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)x, 1));
}

EQML_INLINE void eqml__put_sums_lanes(int n, const eqml_lanes x[4], double *const *to)
{
    eqml__put_four(n, x, to);
}

EQML_INLINE void eqml__put_sums_floats(int n, const eqml_floats x[4], float *const *to)
{
    __m256 rows[4];
    for (int k = 0; k < 4; k++)
        rows[k] = (__m256)x[k];
    eqml__put_four_floats(n, rows, to);
}
#endif

#endif /* EQML__LANES_AVX2_H */
