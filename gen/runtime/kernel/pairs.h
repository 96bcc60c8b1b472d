/*
 * The pairs of one geometry (pairs in lanes) and of batches (geometries in lanes): differences, distances, variables,
 * and back to the gradient.
 */
#ifndef EQML__KERNEL_PAIRS_H
#define EQML__KERNEL_PAIRS_H
#include "basis.h"
#include "kernel/variables.h"

/* The variable of all classes of pairs, but for its rate; 0 where there is no such one. */
EQML_INLINE const eqml_variable *eqml__common_variable(const eqml_model *m)
{
    const eqml_variable *v = m->variables;
    if (v->kind == EQML_USER || v->kind == EQML_POWER)
        return m->basis->npair_classes == 1 ? v : NULL;
    for (int k = 1; k < m->basis->npair_classes; k++)
        if (v[k].kind != v->kind)
            return NULL;
    return v;
}

#if EQML_LANES >= 4
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

/* v[3] = x_i - x_j of the four pairs from p on; past the last pair the last again. */
EQML_INLINE void eqml__four_differences(const eqml_basis *b, const double *xyz, int p, __m256d v[4])
{
    const int last = b->npairs - 1;
    for (int k = 0; k < 4; k++) {
        const unsigned short *pair = b->pairs[p + k < last ? p + k : last];
        v[k] = eqml__point(xyz + 3 * pair[0]) - eqml__point(xyz + 3 * pair[1]);
    }
    eqml__turn(v);
}
#endif

#if EQML_LANES == 8
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
#endif

/*
 * d[3] = x_i - x_j of the EQML__QUAD pairs from p on; past the last pair the last again. In registers: a
 * vector that is loaded from numbers stored one by one has to wait until they have left the store buffer.
 */
EQML_INLINE void eqml__differences(const eqml_basis *b, const double *xyz, int p, eqml__quad d[3])
{
#if EQML_LANES >= 4
    __m256d v[4];
    eqml__four_differences(b, xyz, p, v);
    for (int k = 0; k < 3; k++)
        d[k] = (eqml__quad)v[k];
#else
    double part[3][EQML__QUAD];
    for (int lane = 0; lane < EQML__QUAD; lane++) {
        const unsigned short *pair = b->pairs[p + lane < b->npairs ? p + lane : p];
        for (int k = 0; k < 3; k++)
            part[k][lane] = xyz[3 * pair[0] + k] - xyz[3 * pair[1] + k];
    }
    for (int k = 0; k < 3; k++)
        d[k] = eqml__quad_load(part[k]);
#endif
}

/* n vectors of pairs from p on: see eqml__pairs_one. */
EQML_INLINE void eqml__side_pairs(const eqml_model *m, const eqml_variable *v, const double *xyz, int n,
                                  int p, double *y, double *pair, int stride)
{
    const eqml_basis *b = m->basis;
    eqml__quad d[EQML__SIDES][3], r[EQML__SIDES], inverse[EQML__SIDES], rate[EQML__SIDES], value[EQML__SIDES],
        slope[EQML__SIDES];
    EQML__SIDE(eqml__differences(b, xyz, p + k * EQML__QUAD, d[k]));
    EQML__SIDE(r[k] = eqml__quad_fma(d[k][0], d[k][0], eqml__quad_fma(d[k][1], d[k][1], d[k][2] * d[k][2])));
    EQML__SIDE(r[k] = eqml__root_quad(r[k]));
    EQML__SIDE(inverse[k] = 1.0 / r[k]);
    EQML__SIDE(rate[k] = eqml__quad_load(m->rates + p + k * EQML__QUAD));
    eqml__variables_quad(v, n, rate, r, inverse, value, slope);
    for (int k = 0; k < n; k++) {
        const int at = p + k * EQML__QUAD;
        for (int x = 0; x < 3; x++)
            eqml__quad_store(pair + x * stride + at, d[k][x]);
        eqml__quad_store(pair + 3 * stride + at, inverse[k]);
        eqml__quad_store(pair + 4 * stride + at, slope[k]);
        eqml__quad_store(pair + 5 * stride + at, r[k]);
        eqml__quad_store(y + at, value[k]);
    }
}

/*
 * Distances and pair variables of one geometry, pairs in lanes. pair holds six rows of `stride` numbers:
 * x_i - x_j (three rows), 1/r, dy/dr, and r; all rows and y are filled up to whole vectors. sides: chains side
 * by side, a constant; half as many are half as much code.
 */
EQML_INLINE void eqml__pairs_aside(const eqml_model *m, int sides, const double *xyz, double *y, double *pair,
                                   int stride)
{
    static const eqml_variable exponential = {EQML_MORSE, 1, 0, 0};
    const eqml_basis *b = m->basis;
    const eqml_variable *common = eqml__common_variable(m), *v = common ? common : &exponential;
    const int vectors = (b->npairs + EQML__QUAD - 1) / EQML__QUAD, rest = vectors % sides;
    int p = 0;
    for (; p + sides * EQML__QUAD <= vectors * EQML__QUAD; p += sides * EQML__QUAD)
        eqml__side_pairs(m, v, xyz, sides, p, y, pair, stride);
    if (rest == 3)
        eqml__side_pairs(m, v, xyz, 3, p, y, pair, stride);
    else if (rest == 2)
        eqml__side_pairs(m, v, xyz, 2, p, y, pair, stride);
    else if (rest == 1)
        eqml__side_pairs(m, v, xyz, 1, p, y, pair, stride);
    /* Where kinds are mixed, exponentials are in lanes nevertheless. */
    for (p = 0; p < b->npairs && !common; p++) {
        const eqml_variable *own = &m->variables[b->pair_classes[p]];
        double value[3];
        if (own->kind == EQML_MORSE)
            continue;
        eqml__variable(own, pair[5 * stride + p], value);
        y[p] = value[0];
        pair[4 * stride + p] = value[1];
    }
}

EQML_INLINE void eqml__pairs_one(const eqml_model *m, const double *xyz, double *y, double *pair, int stride)
{
    eqml__pairs_aside(m, EQML__SIDES, xyz, y, pair, stride);
}

#define EQML__HALVES (EQML_FLOATS / EQML_LANES) /* lanes to one vector of floats */

EQML_INLINE eqml_floats eqml__narrow(const eqml_lanes x[EQML__HALVES])
{
#if EQML_LANES == 8
    const __m256 low = _mm512_maskz_cvtpd_ps(EQML__ALL_8, (__m512d)x[0]);
    const __m256 high = _mm512_maskz_cvtpd_ps(EQML__ALL_8, (__m512d)x[1]);
    return (eqml_floats)eqml__join((__m256d)low, (__m256d)high);
#elif EQML_LANES == 4
    return (eqml_floats)_mm256_set_m128(_mm256_cvtpd_ps((__m256d)x[1]), _mm256_cvtpd_ps((__m256d)x[0]));
#elif defined(__SSE2__) && EQML_LANES == 2
    return (eqml_floats)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)x[0]), _mm_cvtpd_ps((__m128d)x[1]));
#else
    double from[EQML_FLOATS];
    float to[EQML_FLOATS];
    eqml_floats y;
    memcpy(from, x, sizeof from);
    for (int k = 0; k < EQML_FLOATS; k++)
        to[k] = (float)from[k];
    memcpy(&y, to, sizeof y);
    return y;
#endif
}

EQML_INLINE void eqml__widen(eqml_floats x, eqml_lanes y[EQML__HALVES])
{
#if EQML_LANES == 8
    y[0] = (eqml_lanes)_mm512_maskz_cvtps_pd(EQML__ALL_8, (__m256)eqml__low((__m512d)x));
    y[1] = (eqml_lanes)_mm512_maskz_cvtps_pd(EQML__ALL_8, (__m256)eqml__high((__m512d)x));
#elif EQML_LANES == 4
    y[0] = (eqml_lanes)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)x));
    y[1] = (eqml_lanes)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)x, 1));
#elif defined(__SSE2__) && EQML_LANES == 2
    y[0] = (eqml_lanes)_mm_cvtps_pd((__m128)x);
    y[1] = (eqml_lanes)_mm_cvtps_pd(_mm_movehl_ps((__m128)x, (__m128)x));
#else
    float from[EQML_FLOATS];
    double to[EQML_FLOATS];
    memcpy(from, &x, sizeof from);
    for (int k = 0; k < EQML_FLOATS; k++)
        to[k] = (double)from[k];
    memcpy(y, to, sizeof to);
#endif
}

/* to[columns][rows] = from[rows][columns], rows `from_stride` and `to_stride` apart; four by four in
 * registers, where the last such block may overlap the one before. */
EQML_INLINE void eqml__transpose(int rows, int columns, const double *from, int from_stride, double *to,
                                 int to_stride)
{
#if EQML_LANES >= 4
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
#endif
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            to[c * to_stride + r] = from[r * from_stride + c];
}

/* x[n] in lanes from the rows of xyz[count][n]; past the last row the last again. */
EQML_INLINE void eqml__to_lanes(int n, int count, const double *xyz, eqml_lanes *x)
{
    double *to = (double *)(void *)x;
#if EQML_LANES == 8
    if (n >= 4 && count >= EQML_LANES) {
        for (int c = 0; c < n; c += 4) {
            const int column = c < n - 4 ? c : n - 4;
            const double *from = xyz + column;
            __m512d v[4];
            for (int k = 0; k < 4; k++)
                v[k] = eqml__join(_mm256_loadu_pd(from + k * n), _mm256_loadu_pd(from + (k + 4) * n));
            eqml__turn_halves(v);
            for (int k = 0; k < 4; k++)
                x[column + k] = (eqml_lanes)v[k];
        }
        return;
    }
#endif
    if (count >= EQML_LANES) {
        eqml__transpose(EQML_LANES, n, xyz, n, to, EQML_LANES);
        return;
    }
    eqml__transpose(count, n, xyz, n, to, EQML_LANES);
    for (int lane = count; lane < EQML_LANES; lane++)
        eqml__transpose(1, n, xyz + (count - 1) * n, n, to + lane, EQML_LANES);
}

/* The first `count` rows of gradient[count][n] from sum[n] in lanes. */
EQML_INLINE void eqml__from_lanes(int n, int count, const eqml_lanes *sum, double *gradient)
{
    const double *from = (const double *)(const void *)sum;
#if EQML_LANES == 8
    if (n >= 4 && count >= EQML_LANES) {
        for (int c = 0; c < n; c += 4) {
            const int column = c < n - 4 ? c : n - 4;
            __m512d v[4];
            for (int k = 0; k < 4; k++)
                v[k] = (__m512d)sum[column + k];
            eqml__turn_halves(v);
            for (int k = 0; k < 4; k++) {
                _mm256_storeu_pd(gradient + k * n + column, eqml__low(v[k]));
                _mm256_storeu_pd(gradient + (k + 4) * n + column, eqml__high(v[k]));
            }
        }
        return;
    }
#endif
    if (count >= EQML_LANES)
        eqml__transpose(n, EQML_LANES, from, EQML_LANES, gradient, n);
    else
        eqml__transpose(n, count, from, EQML_LANES, gradient, n);
}

/*
 * A geometry in each lane. Pair p of n groups of geometries: their variables y[k][p], and where pair is not
 * NULL, pair[k][p] = x_i - x_j (three), 1/r, dy/dr. d[n]: x_i - x_j. And all pairs' part in the Cartesian
 * gradients, sum[3 natoms].
 */
#define EQML__PAIRS(SUFFIX, T, NUMBER, ALL, FMA)                                                             \
    EQML_INLINE void eqml__pair_##SUFFIX(const eqml_variable *v, NUMBER rate, int n, int p, T(*d)[3],        \
                                         T *const *y, T(*const *pair)[5])                                    \
    {                                                                                                        \
        T r[EQML__SIDES], inverse[EQML__SIDES], rates[EQML__SIDES], value[EQML__SIDES], slope[EQML__SIDES];  \
        EQML__SIDE(r[k] = FMA(d[k][0], d[k][0], FMA(d[k][1], d[k][1], d[k][2] * d[k][2])));                  \
        eqml__distances_##SUFFIX(n, r, r, inverse);                                                          \
        EQML__SIDE(rates[k] = ALL(rate));                                                                    \
        eqml__variables_##SUFFIX(v, n, rates, r, inverse, value, slope);                                     \
        EQML__SIDE(y[k][p] = value[k]);                                                                      \
        for (int k = 0; k < n && pair; k++) {                                                                \
            T *to = pair[k][p];                                                                              \
            to[0] = d[k][0], to[1] = d[k][1], to[2] = d[k][2], to[3] = inverse[k], to[4] = slope[k];         \
        }                                                                                                    \
    }                                                                                                        \
                                                                                                             \
    EQML_INLINE void eqml__scatter_##SUFFIX(const eqml_basis *b, const T *adjoints, T(*pair)[5], T *sum)     \
    {                                                                                                        \
        T few[3 * EQML__FEW_ATOMS], *to = EQML__KNOWN(b->natoms <= EQML__FEW_ATOMS) ? few : sum;             \
        for (int k = 0; k < 3 * b->natoms; k++)                                                              \
            to[k] = ALL(0);                                                                                  \
        EQML__EACH(p, b->npairs, b->npairs <= EQML__FEW_PAIRS, {                                             \
            const T force = adjoints[p] * pair[p][4] * pair[p][3];                                           \
            T *i = to + 3 * b->pairs[p][0], *j = to + 3 * b->pairs[p][1];                                    \
            for (int k = 0; k < 3; k++) {                                                                    \
                i[k] = FMA(force, pair[p][k], i[k]);                                                         \
                j[k] = FMA(-force, pair[p][k], j[k]);                                                        \
            }                                                                                                \
        });                                                                                                  \
        for (int k = 0; k < 3 * b->natoms && to != sum; k++)                                                 \
            sum[k] = to[k];                                                                                  \
    }
EQML__PAIRS(lanes, eqml_lanes, double, eqml__all, eqml__fma)
EQML__PAIRS(floats, eqml_floats, float, eqml__all_floats, eqml__fma_floats)

/* x_i - x_j of one pair. */
EQML_INLINE void eqml__difference_lanes(const eqml_basis *b, int p, const eqml_lanes *x, eqml_lanes d[3])
{
    const eqml_lanes *i = x + 3 * b->pairs[p][0], *j = x + 3 * b->pairs[p][1];
    for (int k = 0; k < 3; k++)
        d[k] = i[k] - j[k];
}

/* The same in float, from the coordinates in double, [EQML__HALVES][3 natoms]: in float they would lose the
 * places that cancel. */
EQML_INLINE void eqml__difference_floats(const eqml_basis *b, int p, const eqml_lanes *x, eqml_floats d[3])
{
    const int i = 3 * b->pairs[p][0], j = 3 * b->pairs[p][1], size = 3 * b->natoms;
    for (int k = 0; k < 3; k++) {
        eqml_lanes part[EQML__HALVES];
        for (int half = 0; half < EQML__HALVES; half++)
            part[half] = x[half * size + i + k] - x[half * size + j + k];
        d[k] = eqml__narrow(part);
    }
}

/* Pair variables of n groups of geometries from their coordinates in lanes, x[group]. */
#define EQML__ALL_PAIRS(SUFFIX, T, NUMBER)                                                                   \
    EQML_INLINE void eqml__pairs_##SUFFIX(const eqml_model *m, int n, const eqml_lanes *const *x,            \
                                          T *const *y, T(*const *pair)[5])                                   \
    {                                                                                                        \
        const eqml_basis *b = m->basis;                                                                      \
        const eqml_variable *common = eqml__common_variable(m);                                              \
        EQML__EACH(p, b->npairs, b->npairs <= EQML__FEW_PAIRS, {                                             \
            T d[EQML__SIDES][3];                                                                             \
            EQML__SIDE(eqml__difference_##SUFFIX(b, p, x[k], d[k]));                                         \
            eqml__pair_##SUFFIX(common ? common : &m->variables[b->pair_classes[p]], (NUMBER)m->rates[p], n, \
                                p, d, y, pair);                                                              \
        });                                                                                                  \
    }
EQML__ALL_PAIRS(lanes, eqml_lanes, double)
EQML__ALL_PAIRS(floats, eqml_floats, float)

#endif /* EQML__KERNEL_PAIRS_H */
