/* Vectors of four numbers, for AVX2 and AVX-512: atoms as x, y, z, 0, and four by four transposed. */
#ifndef EQML__LANES_AVX_H
#define EQML__LANES_AVX_H
#include "lanes/vector.h"

#if defined(EQML__WITH_AVX2) || defined(EQML__WITH_AVX512)
#include <immintrin.h>
#define EQML__INNER 4
typedef double eqml__inner __attribute__((vector_size(32)));
typedef long long eqml__integers_inner __attribute__((vector_size(32)));
#ifndef __clang__
#define EQML_KEEP(x) __asm__("" : "+v"(x))
#else
#define EQML_KEEP(x) ((void)0)
#endif
#define EQML_KEEP_FOUR(x) EQML_KEEP(x)
#define EQML_SUM_FOUR(x) eqml__sum_four((__m256d)(x))

EQML_INLINE double eqml__sum_four(__m256d x)
{
    const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}

EQML_INLINE eqml__inner eqml__load_inner(const double *x)
{
    return (eqml__inner)_mm256_loadu_pd(x);
}

EQML_INLINE void eqml__store_inner(double *x, eqml__inner value)
{
    _mm256_storeu_pd(x, (__m256d)value);
}

EQML_INLINE eqml__inner eqml__all_inner(double x)
{
    return (eqml__inner)_mm256_set1_pd(x);
}

EQML_INLINE eqml__inner eqml__fma_inner(eqml__inner a, eqml__inner b, eqml__inner c)
{
#ifdef __FMA__
    return (eqml__inner)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
    return a * b + c;
#endif
}

EQML_INLINE eqml__inner eqml__sqrt_inner(eqml__inner x)
{
    return (eqml__inner)_mm256_sqrt_pd((__m256d)x);
}

EQML_INLINE eqml__inner eqml__at_least_inner(eqml__inner x, double least)
{
    return (eqml__inner)_mm256_max_pd(_mm256_set1_pd(least), (__m256d)x);
}

EQML_INLINE eqml__inner eqml__at_most_inner(eqml__inner x, double most)
{
    return (eqml__inner)_mm256_min_pd(_mm256_set1_pd(most), (__m256d)x);
}

EQML_INLINE void eqml__four_sums(const eqml__inner x[4], double *sums)
{
    const __m256d low = _mm256_hadd_pd((__m256d)x[0], (__m256d)x[1]);
    const __m256d high = _mm256_hadd_pd((__m256d)x[2], (__m256d)x[3]);
    _mm256_storeu_pd(sums,
                     _mm256_add_pd(_mm256_permute2f128_pd(low, high, 0x21), _mm256_blend_pd(low, high, 0xC)));
}

/* The sums of four vectors, n of them wanted, each to its place; and of vectors of eight floats. */
EQML_INLINE void eqml__put_four(int n, const eqml__inner *x, double *const *to)
{
    const __m256d low = _mm256_hadd_pd((__m256d)x[0], (__m256d)x[1]);
    const __m256d high = _mm256_hadd_pd((__m256d)x[2], (__m256d)x[3]);
    const __m256d all =
        _mm256_add_pd(_mm256_permute2f128_pd(low, high, 0x21), _mm256_blend_pd(low, high, 0xC));
    const __m128d first = _mm256_castpd256_pd128(all), second = _mm256_extractf128_pd(all, 1);
    _mm_storel_pd(to[0], first);
    if (n > 1)
        _mm_storeh_pd(to[1], first);
    if (n > 2)
        _mm_storel_pd(to[2], second);
    if (n > 3)
        _mm_storeh_pd(to[3], second);
}

EQML_INLINE void eqml__put_four_floats(int n, const __m256 *x, float *const *to)
{
    const __m256 rows = _mm256_hadd_ps(_mm256_hadd_ps(x[0], x[1]), _mm256_hadd_ps(x[2], x[3]));
    const __m128 all = _mm_add_ps(_mm256_castps256_ps128(rows), _mm256_extractf128_ps(rows, 1));
    _mm_store_ss(to[0], all);
    if (n > 1)
        _mm_store_ss(to[1], _mm_shuffle_ps(all, all, 1));
    if (n > 2)
        _mm_store_ss(to[2], _mm_shuffle_ps(all, all, 2));
    if (n > 3)
        _mm_store_ss(to[3], _mm_shuffle_ps(all, all, 3));
}

/* x, y, z of an atom, and 0. */
EQML_INLINE __m256d eqml__point(const double *xyz)
{
    return _mm256_maskload_pd(xyz, _mm256_set_epi64x(0, -1, -1, -1));
}

/* Four rows become four columns. */
EQML_INLINE void eqml__turn(__m256d v[4])
{
    const __m256d a = _mm256_unpacklo_pd(v[0], v[1]), b = _mm256_unpackhi_pd(v[0], v[1]);
    const __m256d c = _mm256_unpacklo_pd(v[2], v[3]), d = _mm256_unpackhi_pd(v[2], v[3]);
    v[0] = _mm256_permute2f128_pd(a, c, 0x20);
    v[1] = _mm256_permute2f128_pd(b, d, 0x20);
    v[2] = _mm256_permute2f128_pd(a, c, 0x31);
    v[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

EQML_INLINE void eqml__differences(const unsigned short (*pairs)[2], int last, int p, const double *xyz,
                                   eqml__inner d[3])
{
    __m256d v[4];
    for (int k = 0; k < 4; k++) {
        const unsigned short *pair = pairs[p + k < last ? p + k : last];
        v[k] = eqml__point(xyz + 3 * pair[0]) - eqml__point(xyz + 3 * pair[1]);
    }
    eqml__turn(v);
    for (int k = 0; k < 3; k++)
        d[k] = (eqml__inner)v[k];
}

EQML_INLINE void eqml__clear_points(int n, double *sum)
{
    __m256d zero = _mm256_setzero_pd();
    EQML_KEEP(
        zero); /* gcc would fill with `rep stos`, which takes longer than all the rest of a small molecule */
    for (int i = 0; i < n; i++)
        _mm256_storeu_pd(sum + 4 * i, zero);
}

EQML_INLINE void eqml__push_points(double force, const double *xi, const double *xj, double *i, double *j)
{
    const __m256d d = _mm256_set1_pd(force) * (eqml__point(xi) - eqml__point(xj));
    _mm256_storeu_pd(i, _mm256_loadu_pd(i) + d);
    _mm256_storeu_pd(j, _mm256_loadu_pd(j) - d);
}

EQML_INLINE void eqml__put_point(double *to, const double *sum)
{
    const __m256d row = _mm256_loadu_pd(sum);
    _mm_storeu_pd(to, _mm256_castpd256_pd128(row));
    _mm_store_sd(to + 2, _mm256_extractf128_pd(row, 1));
}

/* Four by four in registers, where the last such block may overlap the one before. */
EQML_INLINE void eqml__transpose(int rows, int columns, const double *from, int from_stride, double *to,
                                 int to_stride)
{
    for (int r = 0; r < rows && rows >= 4 && columns >= 4; r += 4)
        for (int c = 0; c < columns; c += 4) {
            const int row = r < rows - 4 ? r : rows - 4, column = c < columns - 4 ? c : columns - 4;
            __m256d v[4];
            for (int k = 0; k < 4; k++)
                v[k] = _mm256_loadu_pd(from + (row + k) * from_stride + column);
            eqml__turn(v);
            for (int k = 0; k < 4; k++)
                _mm256_storeu_pd(to + (column + k) * to_stride + row, v[k]);
        }
    if (rows >= 4 && columns >= 4)
        return;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            to[c * to_stride + r] = from[r * from_stride + c];
}
#endif

#endif /* EQML__LANES_AVX_H */
