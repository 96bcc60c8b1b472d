/* Vectors: eqml_lanes, eqml_floats, quads. */
#ifndef EQML__LANES_H
#define EQML__LANES_H
#include "compiler.h"

#if defined(__GNUC__) && defined(__SSE2__)
#include <immintrin.h>
#endif

/*
 * eqml_lanes holds EQML_LANES numbers: as many geometries, or directions of differentiation, at a time.
 * The operators + - * / work on it lane by lane, and with a number on one side. One number where they have
 * more digits than a double (32-bit x86 without SSE2): the roundings on which exp rests are not made there.
 */
#if defined(__GNUC__) && !defined(EQML_SCALAR) && FLT_EVAL_METHOD == 0
#if defined(__AVX512F__)
#define EQML_LANES 8
#elif defined(__AVX__)
#define EQML_LANES 4
#else
#define EQML_LANES 2
#endif
typedef double eqml_lanes __attribute__((vector_size(8 * EQML_LANES)));
typedef long long eqml__integers __attribute__((vector_size(8 * EQML_LANES)));
typedef double eqml__loose __attribute__((vector_size(8 * EQML_LANES), aligned(8), may_alias));
#define EQML_FLOATS (2 * EQML_LANES)
typedef float eqml_floats __attribute__((vector_size(8 * EQML_LANES)));
typedef int eqml__integers_floats __attribute__((vector_size(8 * EQML_LANES)));
#define EQML_ALIGNED __attribute__((aligned(64)))
#else
#define EQML_LANES 1
typedef double eqml_lanes;
typedef double eqml__loose;
#define EQML_FLOATS 1
typedef float eqml_floats;
#define EQML_ALIGNED
#endif

/* Of the instructions on 64 bytes the masked forms are used, with a mask of all lanes: gcc 12 warns of the
 * plain ones in C++. */
#define EQML__ALL_8 ((__mmask8)-1)
#define EQML__ALL_16 ((__mmask16)-1)

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

/* a b + c, fused where the machine can. */
EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
#if defined(__FMA__) && EQML_LANES == 8
    return (eqml_lanes)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__) && EQML_LANES == 4
    return (eqml_lanes)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
    return a * b + c;
#endif
}

EQML_INLINE eqml_floats eqml__all_floats(float x)
{
    const eqml_floats zero = {0};
    return x - zero;
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
#if defined(__FMA__) && EQML_LANES == 8
    return (eqml_floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__) && EQML_LANES == 4
    return (eqml_floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

/*
 * eqml__quad: a vector of four numbers at most, EQML__QUAD of them, for pairs and columns of one geometry:
 * small molecules have few pairs, and a tile has four columns.
 */
#if EQML_LANES == 8
#define EQML__QUAD 4
typedef double eqml__quad __attribute__((vector_size(32)));
typedef long long eqml__integers_quad __attribute__((vector_size(32)));

EQML_INLINE eqml__quad eqml__quad_load(const double *x)
{
    return (eqml__quad)_mm256_loadu_pd(x);
}

EQML_INLINE void eqml__quad_store(double *x, eqml__quad value)
{
    _mm256_storeu_pd(x, (__m256d)value);
}

EQML_INLINE eqml__quad eqml__quad_all(double x)
{
    return (eqml__quad)_mm256_set1_pd(x);
}

EQML_INLINE eqml__quad eqml__quad_fma(eqml__quad a, eqml__quad b, eqml__quad c)
{
#ifdef __FMA__
    return (eqml__quad)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
    return a * b + c;
#endif
}
#else
#define EQML__QUAD EQML_LANES
typedef eqml_lanes eqml__quad;
#define eqml__quad_load eqml__load
#define eqml__quad_store eqml__store
#define eqml__quad_all eqml__all
#define eqml__quad_fma eqml__fma
#define eqml__variables_quad eqml__variables_lanes
#endif

EQML_INLINE double eqml__sum(eqml_lanes x)
{
    double part[EQML_LANES] EQML_ALIGNED;
    eqml__store(part, x);
    for (int half = EQML_LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            part[k] += part[k + half];
    return part[0];
}

EQML_INLINE double eqml__quad_sum(eqml__quad x)
{
    double part[EQML__QUAD] EQML_ALIGNED;
    eqml__quad_store(part, x);
    for (int half = EQML__QUAD / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            part[k] += part[k + half];
    return part[0];
}

/* sums[4]: the sum of each of four vectors. */
EQML_INLINE void eqml__four_sums(const eqml__quad x[4], double *sums)
{
#if EQML_LANES >= 4
    const __m256d low = _mm256_hadd_pd((__m256d)x[0], (__m256d)x[1]);
    const __m256d high = _mm256_hadd_pd((__m256d)x[2], (__m256d)x[3]);
    _mm256_storeu_pd(sums,
                     _mm256_add_pd(_mm256_permute2f128_pd(low, high, 0x21), _mm256_blend_pd(low, high, 0xC)));
#else
    for (int k = 0; k < 4; k++)
        sums[k] = eqml__quad_sum(x[k]);
#endif
}

#if EQML_LANES == 8
EQML_INLINE __m256d eqml__low(__m512d x)
{
    return _mm512_maskz_extractf64x4_pd(EQML__ALL_8, x, 0);
}

EQML_INLINE __m256d eqml__high(__m512d x)
{
    return _mm512_maskz_extractf64x4_pd(EQML__ALL_8, x, 1);
}

EQML_INLINE __m512d eqml__join(__m256d low, __m256d high)
{
    return _mm512_maskz_insertf64x4(EQML__ALL_8, _mm512_castpd256_pd512(low), high, 1);
}
#endif

/* A value to be kept in its register: gcc would load it again for each use, and loads are what limits the
 * kernels (energy of a dense form: 822 ns so, 590 ns with it; gradient of the form of H5O2 of degree 7: 1,800
 * and 1,300 ns). KEEP_FOUR: the same for an eqml_four. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__SSE2__) && EQML_LANES > 1
#define EQML_KEEP(x) __asm__("" : "+v"(x))
#else
#define EQML_KEEP(x) ((void)0)
#endif
#ifdef __AVX__
#define EQML_KEEP_FOUR(x) EQML_KEEP(x)
#else
#define EQML_KEEP_FOUR(x) ((void)0) /* two registers */
#endif

#endif /* EQML__LANES_H */
