/* Least-squares systems made up by tests, and their solution by another route. */
#ifndef TESTS_SYSTEMS_H
#define TESTS_SYSTEMS_H
#include "eqml.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct matrix {
    int rows, cols;
    double *a; /* [rows][cols] */
} matrix;

static inline matrix matrix_new(int rows, int cols)
{
    matrix m = {rows, cols, calloc((size_t)rows * (size_t)cols + 1, sizeof(double))};
    cr_assert_not_null(m.a);
    return m;
}

static inline double *at(matrix m, int i, int j)
{
    return m.a + (size_t)i * (size_t)m.cols + (size_t)j;
}

/* Uniform in [-1, 1). */
static inline double uniform(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) / 4503599627370496.0 - 1.0;
}

static inline matrix matrix_random(int rows, int cols, uint64_t seed)
{
    matrix m = matrix_new(rows, cols);
    uint64_t state = 88172645463325252u + seed * 7919u;
    for (int i = 0; i < rows * cols; i++)
        m.a[i] = uniform(&state);
    return m;
}

static inline double column_norm(matrix m, int j)
{
    double sum = 0.0;
    for (int i = 0; i < m.rows; i++)
        sum += *at(m, i, j) * *at(m, i, j);
    return sqrt(sum);
}

/* y = m x */
static inline void multiply(matrix m, const double *x, double *y)
{
    for (int i = 0; i < m.rows; i++) {
        long double sum = 0.0L;
        for (int j = 0; j < m.cols; j++)
            sum += (long double)*at(m, i, j) * x[j];
        y[i] = (double)sum;
    }
}

static inline double distance2(int n, const double *x, const double *y)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sum;
}

static inline double norm2(int n, const double *x)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

/* One-shot Householder least squares in long double, columns scaled, full column rank. Returns |A x - b|^2.
 */
static inline double reference(matrix m, const double *b, double *x)
{
    const int rows = m.rows, n = m.cols, w = n + 1;
    long double *a = calloc((size_t)rows * (size_t)w, sizeof(*a)), rss = 0.0L;
    cr_assert(a && rows >= n);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < n; j++)
            a[i * w + j] = (long double)*at(m, i, j) / column_norm(m, j);
        a[i * w + n] = b[i];
    }
    for (int k = 0; k < n; k++) {
        long double sum = 0.0L;
        for (int i = k; i < rows; i++)
            sum += a[i * w + k] * a[i * w + k];
        const long double alpha = a[k * w + k], beta = alpha > 0 ? -sqrtl(sum) : sqrtl(sum);
        a[k * w + k] -= beta; /* the reflector overwrites its column for now */
        for (int j = k + 1; j < w; j++) {
            long double dot = 0.0L;
            for (int i = k; i < rows; i++)
                dot += a[i * w + k] * a[i * w + j];
            dot /= beta * (alpha - beta);
            for (int i = k; i < rows; i++)
                a[i * w + j] += dot * a[i * w + k];
        }
        a[k * w + k] = beta;
    }
    for (int i = n - 1; i >= 0; i--) {
        long double sum = a[i * w + n];
        for (int j = i + 1; j < n; j++)
            sum -= a[i * w + j] * (long double)(x[j] * column_norm(m, j));
        x[i] = (double)(sum / a[i * w + i] / column_norm(m, i));
    }
    for (int i = n; i < rows; i++)
        rss += a[i * w + n] * a[i * w + n];
    free(a);
    return (double)rss;
}

static inline void feed(eqml_lsq *lsq, matrix m, const double *b, int from, int to)
{
    for (int i = from; i < to; i++) {
        double *row = eqml_lsq_row(lsq);
        memcpy(row, at(m, i, 0), (size_t)m.cols * sizeof(double));
        row[m.cols] = b[i];
        cr_assert_eq(eqml_lsq_add(lsq), EQML_OK);
    }
}

static inline eqml_lsq_result solve(matrix m, const double *b, eqml_lsq_options options, double *x)
{
    eqml_lsq *lsq;
    eqml_lsq_result result;
    cr_assert_eq(eqml_lsq_create(&lsq, m.cols, 1), EQML_OK);
    feed(lsq, m, b, 0, m.rows);
    cr_assert_eq(eqml_lsq_solve(lsq, &options, x, &result), EQML_OK);
    cr_assert_eq(result.rows, (size_t)m.rows);
    eqml_lsq_free(lsq);
    return result;
}

#define assert_close(x, y, relative)                                                                         \
    cr_assert(fabs((x) - (y)) <= (relative)*fabs(y), "%.17g is not %.17g to %g", (double)(x), (double)(y),   \
              (double)(relative))

static const int widths[] = {1, 2, 3, 5, 7, 15, 16, 17, 31, 46, 47, 48, 49, 63, 94, 95, 96, 97, 130};
#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

#endif
