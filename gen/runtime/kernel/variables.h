/* Pair variables: roots, exponentials, y(r) and its derivatives. */
#ifndef EQML__KERNEL_VARIABLES_H
#define EQML__KERNEL_VARIABLES_H
#include "basis.h"

#if EQML_LANES > 1
/* Roots; with AVX-512 of quads alone, see eqml__distances_lanes. */
#if EQML_LANES == 8
EQML_INLINE eqml__quad eqml__sqrt_quad(eqml__quad x)
{
    return (eqml__quad)_mm256_sqrt_pd((__m256d)x);
}
#else
#define eqml__sqrt_quad eqml__sqrt_lanes
EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
#if EQML_LANES == 4
    return (eqml_lanes)_mm256_sqrt_pd((__m256d)x);
#elif defined(__SSE2__)
    return (eqml_lanes)_mm_sqrt_pd((__m128d)x);
#else
    for (int k = 0; k < EQML_LANES; k++)
        x[k] = sqrt(x[k]);
    return x;
#endif
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
#if EQML_LANES == 4
    return (eqml_floats)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
    return (eqml_floats)_mm_sqrt_ps((__m128)x);
#else
    for (int k = 0; k < EQML_FLOATS; k++)
        x[k] = sqrtf(x[k]);
    return x;
#endif
}
#endif

/* The root of the square of a distance, no number where that is zero; see eqml__distances_lanes. */
#define EQML__ROOT(SUFFIX, T, INTEGERS)                                                                      \
    EQML_INLINE T eqml__root_##SUFFIX(T x)                                                                   \
    {                                                                                                        \
        const T zero = {0};                                                                                  \
        return (T)((INTEGERS)eqml__sqrt_##SUFFIX(x) | (INTEGERS)(x == zero));                                \
    }
#if EQML_LANES == 8
EQML__ROOT(quad, eqml__quad, eqml__integers_quad)
#else
#define eqml__root_quad eqml__root_lanes
EQML__ROOT(lanes, eqml_lanes, eqml__integers)
EQML__ROOT(floats, eqml_floats, eqml__integers_floats)
#endif

/* The larger of x and `least`; x where it is not a number. */
EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    const eqml_lanes bound = eqml__all(least);
#if EQML_LANES == 8
    return (eqml_lanes)_mm512_maskz_max_pd(EQML__ALL_8, (__m512d)bound, (__m512d)x);
#elif EQML_LANES == 4
    return (eqml_lanes)_mm256_max_pd((__m256d)bound, (__m256d)x);
#elif defined(__SSE2__)
    return (eqml_lanes)_mm_max_pd((__m128d)bound, (__m128d)x);
#else
    for (int k = 0; k < EQML_LANES; k++)
        x[k] = bound[k] > x[k] ? bound[k] : x[k];
    return x;
#endif
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    const eqml_floats bound = eqml__all_floats(least);
#if EQML_LANES == 8
    return (eqml_floats)_mm512_maskz_max_ps(EQML__ALL_16, (__m512)bound, (__m512)x);
#elif EQML_LANES == 4
    return (eqml_floats)_mm256_max_ps((__m256)bound, (__m256)x);
#elif defined(__SSE2__)
    return (eqml_floats)_mm_max_ps((__m128)bound, (__m128)x);
#else
    for (int k = 0; k < EQML_FLOATS; k++)
        x[k] = bound[k] > x[k] ? bound[k] : x[k];
    return x;
#endif
}

#if EQML_LANES == 8
EQML_INLINE eqml__quad eqml__at_least_quad(eqml__quad x, double least)
{
    return (eqml__quad)_mm256_max_pd(_mm256_set1_pd(least), (__m256d)x);
}
#endif

/*
 * exp(x) of n vectors, in their place, for x <= 709, and exp(-708) below that: x = m ln 2 + t with
 * |t| <= ln 2 / 2, and 2^m, from the exponent bits, times 1 + t (1 + t q(t)). q is the minimax polynomial of
 * degree 9 (relative error of exp 4e-18); its even and its odd part run side by side, half as long a chain as
 * Horner's rule for one more multiplication. Cody and Waite, Software Manual for the Elementary Functions
 * (1980).
 */
#define EQML__EXP(SUFFIX, T, INTEGERS, ALL, FMA)                                                             \
    EQML_INLINE void eqml__exp_##SUFFIX(int n, T *x)                                                         \
    {                                                                                                        \
        const double shifter = 6755399441055744.0; /* 1.5 * 2^52: the sum has the nearest integer last */    \
        T t[EQML__SIDES], u[EQML__SIDES], even[EQML__SIDES], odd[EQML__SIDES], power[EQML__SIDES];           \
        EQML__SIDE(x[k] = eqml__at_least_##SUFFIX(x[k], -708.0));                                            \
        EQML__SIDE(power[k] = FMA(x[k], ALL(1.4426950408889634), ALL(shifter)));                             \
        EQML__SIDE(u[k] = power[k] - shifter);                                                               \
        EQML__SIDE(t[k] = FMA(u[k], ALL(-6.93147180369123816490e-01), x[k])); /* the leading bits of ln 2 */ \
        EQML__SIDE(t[k] = FMA(u[k], ALL(-1.90821492927058770002e-10), t[k])); /* and the rest */             \
        EQML__SIDE(u[k] = t[k] * t[k]);                                                                      \
        EQML__SIDE(even[k] = FMA(u[k], ALL(2.763023404632676e-07), ALL(2.4801493135862195e-05)));            \
        EQML__SIDE(odd[k] = FMA(u[k], ALL(2.5000071536443212e-08), ALL(2.7557586269488052e-06)));            \
        EQML__SIDE(even[k] = FMA(even[k], u[k], ALL(0.0013888888943597978)));                                \
        EQML__SIDE(odd[k] = FMA(odd[k], u[k], ALL(0.00019841269506775536)));                                 \
        EQML__SIDE(even[k] = FMA(even[k], u[k], ALL(0.041666666666530267)));                                 \
        EQML__SIDE(odd[k] = FMA(odd[k], u[k], ALL(0.008333333333494335)));                                   \
        EQML__SIDE(even[k] = FMA(even[k], u[k], ALL(0.5000000000000011)));                                   \
        EQML__SIDE(odd[k] = FMA(odd[k], u[k], ALL(0.16666666666666413)));                                    \
        EQML__SIDE(power[k] = (T)(((INTEGERS)power[k] << 52) + (1023LL << 52)));                             \
        EQML__SIDE(even[k] = FMA(t[k], odd[k], even[k]));                                                    \
        EQML__SIDE(even[k] = FMA(t[k], even[k], ALL(1)));                                                    \
        EQML__SIDE(x[k] = FMA(power[k] * t[k], even[k], power[k]));                                          \
    }
EQML__EXP(lanes, eqml_lanes, eqml__integers, eqml__all, eqml__fma)
#if EQML_LANES == 8
EQML__EXP(quad, eqml__quad, eqml__integers_quad, eqml__quad_all, eqml__quad_fma)
#endif

/* The same in float: x <= 88, exp(-87) below -87; q of degree 4 (relative error of exp 3e-9). */
EQML_INLINE void eqml__exp_floats(int n, eqml_floats *x)
{
    const float shifter = 12582912.0f; /* 1.5 * 2^23 */
    eqml_floats t[EQML__SIDES], u[EQML__SIDES], even[EQML__SIDES], odd[EQML__SIDES], power[EQML__SIDES];
    EQML__SIDE(x[k] = eqml__at_least_floats(x[k], -87.0f));
    EQML__SIDE(power[k] = eqml__fma_floats(x[k], eqml__all_floats(1.44269504f), eqml__all_floats(shifter)));
    EQML__SIDE(u[k] = power[k] - shifter);
    EQML__SIDE(t[k] = eqml__fma_floats(u[k], eqml__all_floats(-0.693359375f), x[k]));
    EQML__SIDE(t[k] = eqml__fma_floats(u[k], eqml__all_floats(2.12194440e-4f), t[k]));
    EQML__SIDE(u[k] = t[k] * t[k]);
    EQML__SIDE(even[k] = eqml__fma_floats(u[k], eqml__all_floats(0.001381457758f),
                                          eqml__all_floats(0.04166838903f)));
    EQML__SIDE(
        odd[k] = eqml__fma_floats(u[k], eqml__all_floats(0.008368727051f), eqml__all_floats(0.1666652055f)));
    EQML__SIDE(even[k] = eqml__fma_floats(even[k], u[k], eqml__all_floats(0.4999999344f)));
    EQML__SIDE(power[k] = (eqml_floats)(((eqml__integers_floats)power[k] << 23) + (127 << 23)));
    EQML__SIDE(even[k] = eqml__fma_floats(t[k], odd[k], even[k]));
    EQML__SIDE(even[k] = eqml__fma_floats(t[k], even[k], eqml__all_floats(1)));
    EQML__SIDE(x[k] = eqml__fma_floats(power[k] * t[k], even[k], power[k]));
}
#else
#define eqml__sqrt_quad eqml__sqrt_lanes
EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    return sqrt(x);
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    return sqrtf(x);
}

#define eqml__root_quad eqml__root_lanes
EQML_INLINE eqml_lanes eqml__root_lanes(eqml_lanes square)
{
    return square == 0 ? (eqml_lanes)NAN : sqrt(square);
}

EQML_INLINE eqml_floats eqml__root_floats(eqml_floats square)
{
    return square == 0 ? NAN : sqrtf(square);
}

EQML_INLINE void eqml__exp_lanes(int n, eqml_lanes *x)
{
    EQML__SIDE(x[k] = exp(x[k]));
}

EQML_INLINE void eqml__exp_floats(int n, eqml_floats *x)
{
    EQML__SIDE(x[k] = expf(x[k]));
}
#endif

/*
 * r = sqrt(square) and 1/r of n vectors, to a unit in the last place. With AVX-512 from an approximation of
 * 1/r to 14 bits by an iteration of third order and one of second: the unit for roots and quotients would
 * take 40 cycles for eight numbers, longer than everything else (with AVX2 it takes 17 for four, beside the
 * rest).
 *
 * A distance of zero becomes no number, and so does all that follows from it: with AVX-512 it is 0 times the
 * infinite 1/r, elsewhere all its bits are set.
 */
EQML_INLINE void eqml__distances_lanes(int n, const eqml_lanes *square, eqml_lanes *r, eqml_lanes *inverse)
{
#if EQML_LANES == 8
    eqml_lanes s[EQML__SIDES], q[EQML__SIDES], h[EQML__SIDES];
    EQML__SIDE(s[k] = square[k]);
    EQML__SIDE(q[k] = (eqml_lanes)_mm512_maskz_rsqrt14_pd(EQML__ALL_8, (__m512d)s[k]));
    EQML__SIDE(h[k] = eqml__fma(-(s[k] * q[k]), q[k], eqml__all(1)));
    EQML__SIDE(q[k] = eqml__fma(q[k] * h[k], eqml__fma(h[k], eqml__all(0.375), eqml__all(0.5)), q[k]));
    EQML__SIDE(s[k] *= q[k]);
    EQML__SIDE(h[k] = 0.5 * eqml__fma(-s[k], q[k], eqml__all(1)));
    EQML__SIDE(r[k] = eqml__fma(s[k], h[k], s[k]));
    EQML__SIDE(inverse[k] = eqml__fma(q[k], h[k], q[k]));
#else
    EQML__SIDE(r[k] = eqml__root_lanes(square[k]));
    EQML__SIDE(inverse[k] = 1.0 / r[k]);
#endif
}

/* The same in float: one iteration of second order. */
EQML_INLINE void eqml__distances_floats(int n, const eqml_floats *square, eqml_floats *r,
                                        eqml_floats *inverse)
{
#if EQML_LANES == 8
    eqml_floats s[EQML__SIDES], q[EQML__SIDES], h[EQML__SIDES];
    EQML__SIDE(s[k] = square[k]);
    EQML__SIDE(q[k] = (eqml_floats)_mm512_maskz_rsqrt14_ps(EQML__ALL_16, (__m512)s[k]));
    EQML__SIDE(s[k] *= q[k]);
    EQML__SIDE(h[k] = 0.5f * eqml__fma_floats(-s[k], q[k], eqml__all_floats(1)));
    EQML__SIDE(r[k] = eqml__fma_floats(s[k], h[k], s[k]));
    EQML__SIDE(inverse[k] = eqml__fma_floats(q[k], h[k], q[k]));
#else
    EQML__SIDE(r[k] = eqml__root_floats(square[k]));
    EQML__SIDE(inverse[k] = 1.0f / r[k]);
#endif
}

/* A user's function, at distances only: elsewhere the variable is no number. */
EQML_INLINE void eqml__users_variable(const eqml_variable *v, double r, double y[3])
{
    if (r > 0)
        v->function(r, v->data, y);
    else
        y[0] = y[1] = y[2] = (double)NAN;
}

/* One number at a time. y, dy/dr, d2y/dr2 at r > 0; no numbers where r is none. */
EQML_FUNCTION void eqml__variable(const eqml_variable *v, double r, double y[3])
{
    double q = 1 / r;
    if (v->kind == EQML_USER) {
        eqml__users_variable(v, r, y);
    } else if (v->kind == EQML_INVERSE) {
        y[0] = q;
        y[1] = -q * q;
        y[2] = 2 * q * q * q;
    } else if (v->kind == EQML_POWER) {
        y[0] = 1;
        for (int k = 0; k < (int)fabs(v->range); k++)
            y[0] *= v->range > 0 ? r : q;
        y[1] = v->range * y[0] * q;
        y[2] = (v->range - 1) * y[1] * q;
    } else {
        double rate = -1 / v->range, e = exp(rate * r);
        if (v->kind == EQML_MORSE) {
            y[0] = e;
            y[1] = rate * e;
            y[2] = rate * rate * e;
        } else {
            y[0] = e * q;
            y[1] = y[0] * (rate - q);
            y[2] = y[0] * ((rate - q) * (rate - q) + q * q);
        }
    }
}

/*
 * y and dy/dr of n vectors of distances r and their inverses. The rates, -1/a, may differ from lane to lane.
 * Kind and range are constants of the model, so that a compiler which knows the model drops the tests.
 */
#define EQML__VARIABLE(SUFFIX, T, NUMBER, ALL)                                                               \
    EQML_INLINE void eqml__variables_##SUFFIX(const eqml_variable *v, int n, const T *rate, const T *r,      \
                                              const T *inverse, T *y, T *slope)                              \
    {                                                                                                        \
        if (v->kind == EQML_MORSE) {                                                                         \
            EQML__SIDE(y[k] = rate[k] * r[k]);                                                               \
            eqml__exp_##SUFFIX(n, y);                                                                        \
            EQML__SIDE(slope[k] = rate[k] * y[k]);                                                           \
        } else if (v->kind == EQML_INVERSE) {                                                                \
            EQML__SIDE(y[k] = inverse[k]);                                                                   \
            EQML__SIDE(slope[k] = -inverse[k] * inverse[k]);                                                 \
        } else if (v->kind == EQML_EXP_OVER_R) {                                                             \
            EQML__SIDE(y[k] = rate[k] * r[k]);                                                               \
            eqml__exp_##SUFFIX(n, y);                                                                        \
            EQML__SIDE(y[k] *= inverse[k]);                                                                  \
            EQML__SIDE(slope[k] = y[k] * (rate[k] - inverse[k]));                                            \
        } else if (v->kind == EQML_POWER) {                                                                  \
            for (int k = 0; k < n; k++) {                                                                    \
                T square = v->range > 0 ? r[k] : inverse[k], power = ALL(1);                                 \
                for (int rest = (int)fabs(v->range); rest > 0; rest /= 2, square *= square)                  \
                    if (rest % 2)                                                                            \
                        power *= square;                                                                     \
                y[k] = power;                                                                                \
                slope[k] = (NUMBER)v->range * power * inverse[k];                                            \
            }                                                                                                \
        } else {                                                                                             \
            for (int k = 0; k < n; k++) {                                                                    \
                NUMBER at[sizeof(T) / sizeof(NUMBER)], value[sizeof(T) / sizeof(NUMBER)];                    \
                NUMBER derivative[sizeof(T) / sizeof(NUMBER)];                                               \
                memcpy(at, &r[k], sizeof r[k]);                                                              \
                for (size_t lane = 0; lane < sizeof(T) / sizeof(NUMBER); lane++) {                           \
                    double all[3];                                                                           \
                    eqml__users_variable(v, (double)at[lane], all);                                          \
                    value[lane] = (NUMBER)all[0];                                                            \
                    derivative[lane] = (NUMBER)all[1];                                                       \
                }                                                                                            \
                memcpy(&y[k], value, sizeof y[k]);                                                           \
                memcpy(&slope[k], derivative, sizeof slope[k]);                                              \
            }                                                                                                \
        }                                                                                                    \
    }
EQML__VARIABLE(lanes, eqml_lanes, double, eqml__all)
EQML__VARIABLE(floats, eqml_floats, float, eqml__all_floats)
#if EQML_LANES == 8
EQML__VARIABLE(quad, eqml__quad, double, eqml__quad_all)
#endif

#endif /* EQML__KERNEL_VARIABLES_H */
