/* Lanes of eight numbers: AVX-512. */
#ifndef EQML__LANES_AVX512_H
#define EQML__LANES_AVX512_H
#include "lanes/avx.h"

#ifdef EQML__WITH_AVX512
#define EQML__REGISTERS 32
/* Of the instructions on 64 bytes the masked forms are used, with a mask of all lanes: gcc 12 warns of the
 * plain ones in C++. */
#define EQML__ALL_8 ((__mmask8)-1)
#define EQML__ALL_16 ((__mmask16)-1)

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return (eqml_lanes)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
    return (eqml_floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    return (eqml_lanes)_mm512_maskz_sqrt_pd(EQML__ALL_8, (__m512d)x);
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    return (eqml_floats)_mm512_maskz_sqrt_ps(EQML__ALL_16, (__m512)x);
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return (eqml_lanes)_mm512_maskz_max_pd(EQML__ALL_8, (__m512d)eqml__all(least), (__m512d)x);
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    return (eqml_lanes)_mm512_maskz_min_pd(EQML__ALL_8, (__m512d)eqml__all(most), (__m512d)x);
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    return (eqml_floats)_mm512_maskz_max_ps(EQML__ALL_16, (__m512)eqml__all_floats(least), (__m512)x);
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    return (eqml_floats)_mm512_maskz_min_ps(EQML__ALL_16, (__m512)eqml__all_floats(most), (__m512)x);
}

/* The halves of a vector. */
EQML_INLINE __m256d eqml__low(__m512d x)
{
    return _mm512_maskz_extractf64x4_pd(EQML__ALL_8, x, 0);
}

EQML_INLINE __m256d eqml__high(__m512d x)
{
    return _mm512_maskz_extractf64x4_pd(EQML__ALL_8, x, 1);
}

EQML_INLINE __m512d eqml__from_halves(__m256d low, __m256d high)
{
    return _mm512_maskz_insertf64x4(EQML__ALL_8, _mm512_castpd256_pd512(low), high, 1);
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    const __m256 low = _mm512_maskz_cvtpd_ps(EQML__ALL_8, (__m512d)x[0]);
    const __m256 high = _mm512_maskz_cvtpd_ps(EQML__ALL_8, (__m512d)x[1]);
    return (eqml_floats)eqml__from_halves((__m256d)low, (__m256d)high);
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    y[0] = (eqml_lanes)_mm512_maskz_cvtps_pd(EQML__ALL_8, (__m256)eqml__low((__m512d)x));
    y[1] = (eqml_lanes)_mm512_maskz_cvtps_pd(EQML__ALL_8, (__m256)eqml__high((__m512d)x));
}

EQML_INLINE void eqml__put_sums_lanes(int n, const eqml_lanes x[4], double *const *to)
{
    eqml__inner half[4];
    for (int k = 0; k < 4; k++)
        half[k] = (eqml__inner)(eqml__low((__m512d)x[k]) + eqml__high((__m512d)x[k]));
    eqml__put_four(n, half, to);
}

EQML_INLINE void eqml__put_sums_floats(int n, const eqml_floats x[4], float *const *to)
{
    __m256 half[4];
    for (int k = 0; k < 4; k++)
        half[k] = (__m256)eqml__low((__m512d)x[k]) + (__m256)eqml__high((__m512d)x[k]);
    eqml__put_four_floats(n, half, to);
}

/*
 * r and 1/r from an approximation of 1/r to 14 bits, by an iteration of third order and one of second: the
 * unit for roots and quotients would take 40 cycles for eight numbers, longer than everything else (with AVX2
 * it takes 17 for four, beside the rest). A distance of zero is 0 times the infinite 1/r, no number.
 */
EQML_INLINE void eqml__distances_lanes(int n, const eqml_lanes *square, eqml_lanes *r, eqml_lanes *inverse)
{
    eqml_lanes s[EQML__SIDES], q[EQML__SIDES], h[EQML__SIDES];
    EQML__SIDE(s[k] = square[k]);
    EQML__SIDE(q[k] = (eqml_lanes)_mm512_maskz_rsqrt14_pd(EQML__ALL_8, (__m512d)s[k]));
    EQML__SIDE(h[k] = eqml__fma(-(s[k] * q[k]), q[k], eqml__all(1)));
    EQML__SIDE(q[k] = eqml__fma(q[k] * h[k], eqml__fma(h[k], eqml__all(0.375), eqml__all(0.5)), q[k]));
    EQML__SIDE(s[k] *= q[k]);
    EQML__SIDE(h[k] = 0.5 * eqml__fma(-s[k], q[k], eqml__all(1)));
    EQML__SIDE(r[k] = eqml__fma(s[k], h[k], s[k]));
    EQML__SIDE(inverse[k] = eqml__fma(q[k], h[k], q[k]));
}

/* In float the iteration of second order is enough. */
EQML_INLINE void eqml__distances_floats(int n, const eqml_floats *square, eqml_floats *r,
                                        eqml_floats *inverse)
{
    eqml_floats s[EQML__SIDES], q[EQML__SIDES], h[EQML__SIDES];
    EQML__SIDE(s[k] = square[k]);
    EQML__SIDE(q[k] = (eqml_floats)_mm512_maskz_rsqrt14_ps(EQML__ALL_16, (__m512)s[k]));
    EQML__SIDE(s[k] *= q[k]);
    EQML__SIDE(h[k] = 0.5f * eqml__fma_floats(-s[k], q[k], eqml__all_floats(1)));
    EQML__SIDE(r[k] = eqml__fma_floats(s[k], h[k], s[k]));
    EQML__SIDE(inverse[k] = eqml__fma_floats(q[k], h[k], q[k]));
}

/* eqml__turn for the lower and for the upper halves of four vectors. */
EQML_INLINE void eqml__turn_halves(__m512d v[4])
{
    const __m512i low = _mm512_set_epi64(13, 12, 5, 4, 9, 8, 1, 0),
                  high = _mm512_set_epi64(15, 14, 7, 6, 11, 10, 3, 2);
    const __m512d a = _mm512_maskz_unpacklo_pd(EQML__ALL_8, v[0], v[1]),
                  b = _mm512_maskz_unpackhi_pd(EQML__ALL_8, v[0], v[1]);
    const __m512d c = _mm512_maskz_unpacklo_pd(EQML__ALL_8, v[2], v[3]),
                  d = _mm512_maskz_unpackhi_pd(EQML__ALL_8, v[2], v[3]);
    v[0] = _mm512_maskz_permutex2var_pd(EQML__ALL_8, a, low, c);
    v[1] = _mm512_maskz_permutex2var_pd(EQML__ALL_8, b, low, d);
    v[2] = _mm512_maskz_permutex2var_pd(EQML__ALL_8, a, high, c);
    v[3] = _mm512_maskz_permutex2var_pd(EQML__ALL_8, b, high, d);
}

EQML_INLINE void eqml__group_to_lanes(int n, const double *xyz, eqml_lanes *x)
{
    for (int c = 0; c < n && n >= 4; c += 4) {
        const int column = c < n - 4 ? c : n - 4;
        const double *from = xyz + column;
        __m512d v[4];
        for (int k = 0; k < 4; k++)
            v[k] = eqml__from_halves(_mm256_loadu_pd(from + k * n), _mm256_loadu_pd(from + (k + 4) * n));
        eqml__turn_halves(v);
        for (int k = 0; k < 4; k++)
            x[column + k] = (eqml_lanes)v[k];
    }
    if (n < 4)
        eqml__transpose(EQML_LANES, n, xyz, n, (double *)(void *)x, EQML_LANES);
}

EQML_INLINE void eqml__group_from_lanes(int n, const eqml_lanes *x, double *rows)
{
    for (int c = 0; c < n && n >= 4; c += 4) {
        const int column = c < n - 4 ? c : n - 4;
        __m512d v[4];
        for (int k = 0; k < 4; k++)
            v[k] = (__m512d)x[column + k];
        eqml__turn_halves(v);
        for (int k = 0; k < 4; k++) {
            _mm256_storeu_pd(rows + k * n + column, eqml__low(v[k]));
            _mm256_storeu_pd(rows + (k + 4) * n + column, eqml__high(v[k]));
        }
    }
    if (n < 4)
        eqml__transpose(n, EQML_LANES, (const double *)(const void *)x, EQML_LANES, rows, n);
}

/* For one geometry, two rows of the form in a vector: four columns twice; two numbers, four times each; the two
 * rows again, and their sum. */
#define EQML__TWO_ROWS
EQML_INLINE eqml_lanes eqml__columns_twice(const double *f)
{
    return (eqml_lanes)_mm512_maskz_broadcast_f64x4(EQML__ALL_8, _mm256_loadu_pd(f));
}

EQML_INLINE eqml_lanes eqml__two_rows(double first, double second)
{
    return (eqml_lanes)eqml__from_halves(_mm256_set1_pd(first), _mm256_set1_pd(second));
}

EQML_INLINE eqml__inner eqml__first_row(eqml_lanes x)
{
    return (eqml__inner)eqml__low((__m512d)x);
}

EQML_INLINE eqml__inner eqml__second_row(eqml_lanes x)
{
    return (eqml__inner)eqml__high((__m512d)x);
}
#endif

#endif /* EQML__LANES_AVX512_H */
