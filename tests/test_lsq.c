/* Least squares: certified values, independent long double solutions, and properties that define the answer.
 */
#define _POSIX_C_SOURCE 200809L
#include "systems.h"
#include <float.h>

static const eqml_lsq_options defaults = {0.0, 0.0, 0};

/* --- Certified values ----------------------------------------------------------------------------------- */

/* NIST Statistical Reference Datasets, linear regression, Longley (J. W. Longley, J. Am. Stat. Assoc. 62, 819
 * (1967)); https://www.itl.nist.gov/div898/strd/lls/data/Longley.shtml */
Test(lsq, longley)
{
    static const double y[16] = {60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761,
                                 66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551};
    static const double data[16][6] = {
        {83.0, 234289, 2356, 1590, 107608, 1947},  {88.5, 259426, 2325, 1456, 108632, 1948},
        {88.2, 258054, 3682, 1616, 109773, 1949},  {89.5, 284599, 3351, 1650, 110929, 1950},
        {96.2, 328975, 2099, 3099, 112075, 1951},  {98.1, 346999, 1932, 3594, 113270, 1952},
        {99.0, 365385, 1870, 3547, 115094, 1953},  {100.0, 363112, 3578, 3350, 116219, 1954},
        {101.2, 397469, 2904, 3048, 117388, 1955}, {104.6, 419180, 2822, 2857, 118734, 1956},
        {108.4, 442769, 2936, 2798, 120445, 1957}, {110.8, 444546, 4681, 2637, 121950, 1958},
        {112.6, 482704, 3813, 2552, 123366, 1959}, {114.2, 502601, 3931, 2514, 125368, 1960},
        {115.7, 518173, 4806, 2572, 127852, 1961}, {116.9, 554894, 4007, 2827, 130081, 1962}};
    static const double certified[7] = {-3482258.63459582, 15.0618722713733,  -0.358191792925910E-01,
                                        -2.02022980381683, -1.03322686717359, -0.511041056535807E-01,
                                        1829.15146461355};
    matrix m = matrix_new(16, 7);
    for (int i = 0; i < 16; i++) {
        *at(m, i, 0) = 1.0;
        memcpy(at(m, i, 1), data[i], sizeof(data[i]));
    }
    double x[7];
    eqml_lsq_result result = solve(m, y, defaults, x);
    for (int j = 0; j < 7; j++)
        assert_close(x[j], certified[j], 1e-10);
    assert_close(result.residual, 836424.055505915, 1e-10);
    cr_assert_eq(result.rank, 7);
    free(m.a);
}

/* --- Full rank ------------------------------------------------------------------------------------------ */

/* b in the range of A: the coefficients come back whatever the shape, in whole blocks or not. */
Test(lsq, recovers_exact_coefficients)
{
    for (int k = 0; k < COUNT(widths); k++) {
        const int n = widths[k], heights[] = {n, n + 1, 2 * n + 3, 383, 384, 385, 1000};
        for (int h = 0; h < COUNT(heights); h++) {
            const int rows = heights[h];
            matrix m = matrix_random(rows, n, (uint64_t)(rows * 1000 + n)), truth = matrix_random(1, n, 5);
            double *b = matrix_new(1, rows).a, *x = matrix_new(1, n).a;
            multiply(m, truth.a, b);
            eqml_lsq_result result = solve(m, b, defaults, x);
            cr_assert_eq(result.rank, n, "rank %d of %d, %d rows", result.rank, n, rows);
            const double error = sqrt(distance2(n, x, truth.a) / norm2(n, truth.a));
            cr_assert_leq(error, 1e-14 * n * result.condition, "%d x %d: error %g", rows, n, error);
            cr_assert_leq(result.residual, 1e-26 * norm2(rows, b));
            free(m.a), free(truth.a), free(b), free(x);
        }
    }
}

/* Noisy data of widely different column scales against the one-shot long double solution. */
Test(lsq, agrees_with_one_shot_householder)
{
    for (int k = 0; k < COUNT(widths); k++) {
        const int n = widths[k], rows = 3 * n + 400;
        matrix m = matrix_random(rows, n, (uint64_t)n), b = matrix_random(1, rows, 17);
        double *x = matrix_new(1, n).a, *y = matrix_new(1, n).a;
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < n; j++)
                *at(m, i, j) *= pow(10.0, 7 * j % 13 - 6);
        eqml_lsq_result result = solve(m, b.a, defaults, x);
        const double rss = reference(m, b.a, y);
        assert_close(result.residual, rss, 1e-12);
        for (int j = 0; j < n; j++)
            cr_assert_leq(fabs(x[j] - y[j]) * column_norm(m, j), 1e-12, "coefficient %d of %d", j, n);
        free(m.a), free(b.a), free(x), free(y);
    }
}

Test(lsq, several_right_hand_sides)
{
    const int n = 29, rows = 700, nrhs = 21;
    matrix m = matrix_random(rows, n, 1), b = matrix_random(nrhs, rows, 2);
    double *x = matrix_new(nrhs, n).a, *y = matrix_new(1, n).a, total = 0.0;
    eqml_lsq *lsq;
    eqml_lsq_result result;
    cr_assert_eq(eqml_lsq_create(&lsq, n, nrhs), EQML_OK);
    for (int i = 0; i < rows; i++) {
        double *row = eqml_lsq_row(lsq);
        memcpy(row, at(m, i, 0), (size_t)n * sizeof(double));
        for (int k = 0; k < nrhs; k++)
            row[n + k] = *at(b, k, i);
        cr_assert_eq(eqml_lsq_add(lsq), EQML_OK);
    }
    cr_assert_eq(eqml_lsq_solve(lsq, NULL, x, &result), EQML_OK);
    for (int k = 0; k < nrhs; k++) {
        total += reference(m, at(b, k, 0), y);
        cr_assert_leq(distance2(n, x + k * n, y), 1e-26);
    }
    assert_close(result.residual, total, 1e-12);
    eqml_lsq_free(lsq);
    free(m.a), free(b.a), free(x), free(y);
}

/* Solving, adding and solving again is the same as solving once. */
Test(lsq, solve_leaves_the_system)
{
    const int n = 53, rows = 1100;
    matrix m = matrix_random(rows, n, 3), b = matrix_random(1, rows, 4);
    double *x = matrix_new(1, n).a, *y = matrix_new(1, n).a, *z = matrix_new(1, n).a;
    eqml_lsq *lsq;
    eqml_lsq_result result;
    eqml_lsq_options ridge = {0.0, 0.5, 0};
    cr_assert_eq(eqml_lsq_create(&lsq, n, 1), EQML_OK);
    for (int from = 0, to = 20; from < rows; from = to, to = to + 271 < rows ? to + 271 : rows) {
        feed(lsq, m, b.a, from, to);
        cr_assert_eq(eqml_lsq_solve(lsq, &ridge, x, NULL), EQML_OK);
        cr_assert_eq(eqml_lsq_solve(lsq, NULL, x, &result), EQML_OK);
    }
    cr_assert_eq(eqml_lsq_solve(lsq, NULL, z, NULL), EQML_OK);
    cr_assert_arr_eq(x, z, (size_t)n * sizeof(double));
    assert_close(result.residual, reference(m, b.a, y), 1e-12);
    cr_assert_leq(distance2(n, x, y), 1e-26);
    eqml_lsq_free(lsq);
    free(m.a), free(b.a), free(x), free(y), free(z);
}

/* The same bits from the same input, wherever the memory lies. */
Test(lsq, is_deterministic)
{
    const int n = 75, rows = 900;
    matrix m = matrix_random(rows, n, 8), b = matrix_random(1, rows, 9);
    double *x = matrix_new(1, n).a, *y = matrix_new(1, n).a;
    solve(m, b.a, defaults, x);
    for (size_t shift = 8; shift < 128; shift += 8) {
        void *hole = malloc(shift);
        solve(m, b.a, defaults, y);
        cr_assert_arr_eq(x, y, (size_t)n * sizeof(double));
        free(hole);
    }
    free(m.a), free(b.a), free(x), free(y);
}

/* Rows that begin with zeros take a short cut; it must not show. */
Test(lsq, leading_zeros)
{
    const int n = 150, rows = 1200;
    matrix m = matrix_random(rows, n, 21), b = matrix_random(1, rows, 22);
    double *x = matrix_new(1, n).a, *y = matrix_new(1, n).a;
    for (int i = 384; i < rows; i++)
        memset(at(m, i, 0), 0, sizeof(double) * (size_t)(i < 800 ? 100 : 30));
    eqml_lsq_result result = solve(m, b.a, defaults, x);
    assert_close(result.residual, reference(m, b.a, y), 1e-12);
    cr_assert_leq(sqrt(distance2(n, x, y)), 1e-13 * n * result.condition);
    free(m.a), free(b.a), free(x), free(y);
}

/* --- Deficient rank ------------------------------------------------------------------------------------- */

/* In variables scaled by the column norms the solution must have no part in the null space, that is, it must
 * lie in the row space: z = D x = (A D^-1)^T w has a solution w for the given independent rows. */
static void assert_in_row_space(matrix independent, matrix m, const double *x)
{
    matrix transposed = matrix_new(m.cols, independent.rows);
    double *z = matrix_new(1, m.cols).a, *w = matrix_new(1, independent.rows).a;
    for (int j = 0; j < m.cols; j++) {
        const double norm = column_norm(m, j);
        z[j] = norm * x[j];
        for (int i = 0; i < independent.rows; i++)
            *at(transposed, j, i) = norm > 0.0 ? *at(independent, i, j) / norm : 0.0;
    }
    cr_assert_leq(reference(transposed, z, w), 1e-20 * norm2(m.cols, z));
    free(transposed.a), free(z), free(w);
}

Test(lsq, fewer_rows_than_columns)
{
    for (int k = 1; k < COUNT(widths); k++) {
        const int n = widths[k], heights[] = {1, n / 2, n - 1};
        for (int h = 0; h < COUNT(heights); h++) {
            const int rows = heights[h];
            matrix m = matrix_random(rows, n, (uint64_t)(100 * n + rows)), b = matrix_random(1, rows, 6);
            double *x = matrix_new(1, n).a, *y = matrix_new(1, rows).a;
            eqml_lsq_result result = solve(m, b.a, defaults, x);
            cr_assert_eq(result.rank, rows, "rank %d of %d x %d", result.rank, rows, n);
            multiply(m, x, y);
            cr_assert_leq(distance2(rows, y, b.a), 1e-22 * norm2(rows, b.a));
            cr_assert_leq(result.residual, 1e-22 * norm2(rows, b.a));
            assert_in_row_space(m, m, x);
            free(m.a), free(b.a), free(x), free(y);
        }
    }
}

/* Copies, multiples and sums of columns, and zero columns, among many rows. */
Test(lsq, dependent_columns)
{
    for (int k = 3; k < COUNT(widths); k++) {
        const int n = widths[k], free_columns = n - n / 4 - 1, rows = 2 * n + 900;
        matrix full = matrix_random(rows, free_columns, (uint64_t)n), m = matrix_new(rows, n);
        matrix b = matrix_random(1, rows, 3), rowspace = matrix_new(free_columns, n);
        double *x = matrix_new(1, n).a, *y = matrix_new(1, free_columns).a;
        for (int i = 0; i < rows; i++) /* the last columns: zero, or -3 times one plus another */
            for (int j = 0; j < n; j++)
                *at(m, i, j) = j < free_columns ? *at(full, i, j)
                               : j == n - 1     ? 0.0
                                                : -3.0 * *at(full, i, j - free_columns) + *at(full, i, 0);
        for (int i = 0; i < free_columns; i++) /* m = full rowspace */
            for (int j = 0; j < n; j++)
                *at(rowspace, i, j) = j < free_columns ? i == j
                                      : j == n - 1     ? 0.0
                                                       : -3.0 * (i == j - free_columns) + (i == 0);
        eqml_lsq_result result = solve(m, b.a, defaults, x);
        cr_assert_eq(result.rank, free_columns, "rank %d, not %d", result.rank, free_columns);
        assert_close(result.residual, reference(full, b.a, y), 1e-12);
        assert_in_row_space(rowspace, m, x);
        cr_assert_eq(x[n - 1], 0.0);
        free(full.a), free(m.a), free(b.a), free(rowspace.a), free(x), free(y);
    }
}

/* Copies stay copies through thousands of folds: both get half of the coefficient. */
Test(lsq, duplicates_in_a_long_stream)
{
    eqml_lsq *lsq;
    eqml_lsq_result result;
    uint64_t state = 12345;
    double x[4];
    cr_assert_eq(eqml_lsq_create(&lsq, 4, 1), EQML_OK);
    for (int i = 0; i < 200000; i++) {
        double *row = eqml_lsq_row(lsq), t = uniform(&state), u = uniform(&state);
        row[0] = 1.0, row[1] = t, row[2] = u, row[3] = t;
        row[4] = 2.0 + 3.0 * t - u;
        cr_assert_eq(eqml_lsq_add(lsq), EQML_OK);
    }
    cr_assert_eq(eqml_lsq_solve(lsq, NULL, x, &result), EQML_OK);
    cr_assert_eq(result.rank, 3);
    assert_close(x[0], 2.0, 1e-12);
    assert_close(x[1], 1.5, 1e-12);
    assert_close(x[2], -1.0, 1e-12);
    assert_close(x[3], 1.5, 1e-12);
    eqml_lsq_free(lsq);
}

Test(lsq, nothing_but_zeros)
{
    matrix m = matrix_new(10, 4);
    double b[10] = {1, 2, 3}, x[4] = {1, 1, 1, 1};
    eqml_lsq_result result = solve(m, b, defaults, x);
    cr_assert_eq(result.rank, 0);
    cr_assert_eq(result.condition, 0.0);
    assert_close(result.residual, 14.0, 1e-15);
    for (int j = 0; j < 4; j++)
        cr_assert_eq(x[j], 0.0);
    free(m.a);
}

/* --- Ridge ---------------------------------------------------------------------------------------------- */

/* The rows sqrt(L) |a_j| e_j appended by hand, solved in long double. */
Test(lsq, ridge_is_an_augmented_system)
{
    const double ridges[] = {1e-8, 1e-3, 1.0, 1e4};
    for (int k = 0; k < COUNT(widths); k++)
        for (int q = 0; q < COUNT(ridges); q++) {
            const int n = widths[k], rows = 200 + n,
                      free_first = (k + q) % 2; /* each ridge and each width has both */
            matrix m = matrix_random(rows, n, (uint64_t)n), b = matrix_random(1, rows + n, 4);
            matrix augmented = matrix_new(rows + n, n);
            double *x = matrix_new(1, n).a, *y = matrix_new(1, n).a, *fit = matrix_new(1, rows).a;
            for (int i = 0; i < rows; i++)
                *at(m, i, n / 2) *= 1e5;
            memcpy(augmented.a, m.a, (size_t)(rows * n) * sizeof(double));
            for (int j = 0; j < n; j++) {
                *at(augmented, rows + j, j) =
                    free_first && j == 0 ? 0.0 : sqrt(ridges[q]) * column_norm(m, j);
                b.a[rows + j] = 0.0;
            }
            reference(augmented, b.a, y);
            eqml_lsq_options options = {0.0, ridges[q], free_first};
            eqml_lsq_result result = solve(m, b.a, options, x);
            for (int j = 0; j < n; j++)
                cr_assert_leq(fabs(x[j] - y[j]) * column_norm(m, j), 1e-12 * sqrt(norm2(rows, b.a)));
            multiply(m, x, fit);
            assert_close(result.residual, distance2(rows, fit, b.a), 1e-12);
            cr_assert_eq(result.rank, n);
            free(m.a), free(b.a), free(augmented.a), free(x), free(y), free(fit);
        }
}

/* A ridge makes fewer rows than columns regular; a zero column stays at zero and carries no penalty. */
Test(lsq, ridge_on_a_deficient_system)
{
    const int n = 60, rows = 25;
    matrix m = matrix_random(rows, n, 1), b = matrix_random(1, rows, 2);
    double *x = matrix_new(1, n).a, *y = matrix_new(1, n).a;
    for (int i = 0; i < rows; i++)
        *at(m, i, 7) = 0.0;
    eqml_lsq_options options = {0.0, 1e-12, 0};
    eqml_lsq_result result = solve(m, b.a, options, x);
    cr_assert_eq(result.rank, n - 1);
    cr_assert_eq(x[7], 0.0);
    solve(m, b.a, defaults, y); /* the limit of a vanishing ridge is the solution of least norm */
    cr_assert_leq(distance2(n, x, y), 1e-16 * norm2(n, y));
    free(m.a), free(b.a), free(x), free(y);
}

/* --- Conditioning --------------------------------------------------------------------------------------- */

/* Applies reflections I - 2 v v^T / v^T v from the left: singular values stay. */
static void mix_rows(matrix m, uint64_t seed)
{
    matrix v = matrix_random(3, m.rows, seed);
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < m.cols; j++) {
            double dot = 0.0, length = norm2(m.rows, at(v, k, 0));
            for (int i = 0; i < m.rows; i++)
                dot += *at(v, k, i) * *at(m, i, j);
            for (int i = 0; i < m.rows; i++)
                *at(m, i, j) -= 2.0 * dot / length * *at(v, k, i);
        }
    free(v.a);
}

/* U S V^T with V = Hadamard / sqrt(n): all columns have equal norms, so scaling leaves the singular values.
 */
static matrix with_singular_values(int rows, int n, const double *sigma, uint64_t seed)
{
    matrix m = matrix_new(rows, n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            *at(m, i, j) = __builtin_parity((unsigned)(i & j)) ? -sigma[i] : sigma[i];
    mix_rows(m, seed);
    for (int i = 0; i < rows; i++) /* powers of two: scaling takes them out exactly */
        for (int j = 0; j < n; j++)
            *at(m, i, j) *= ldexp(1.0, 5 * j % 17 - 8);
    return m;
}

Test(lsq, condition_number)
{
    const double spreads[] = {1.0, 1.5, 1e3, 1e6, 1e10, 1e12};
    for (int n = 2; n <= 128; n *= 4)
        for (int q = 0; q < COUNT(spreads); q++) {
            double sigma[128], x[128];
            for (int i = 0; i < n; i++)
                sigma[i] = pow(spreads[q], -(double)i / (n - 1));
            matrix m = with_singular_values(500, n, sigma, (uint64_t)n), b = matrix_random(1, 500, 2);
            eqml_lsq_result result = solve(m, b.a, defaults, x);
            cr_assert_eq(result.rank, n);
            assert_close(result.condition, spreads[q], 0.02);
            free(m.a), free(b.a);
        }
}

/* A gap in the singular values, and a tolerance inside the gap. */
Test(lsq, tolerance_sets_the_rank)
{
    for (int n = 4; n <= 128; n *= 2) {
        double sigma[128], x[128];
        for (int i = 0; i < n; i++)
            sigma[i] = i < 3 * n / 4 ? 1.0 / (1 + i % 5) : 1e-10;
        matrix m = with_singular_values(300, n, sigma, (uint64_t)n), b = matrix_random(1, 300, 2);
        eqml_lsq_options options = {1e-6, 0.0, 0};
        eqml_lsq_result cut = solve(m, b.a, options, x), whole = solve(m, b.a, defaults, x);
        cr_assert_eq(cut.rank, 3 * n / 4);
        cr_assert_eq(whole.rank, n);
        assert_close(cut.condition, n == 4 ? 3.0 : 5.0, 0.02);
        assert_close(whole.condition, 1e10, 0.02);
        free(m.a), free(b.a);
    }
}

/* Polynomials as steep as Hilbert's matrix: the error follows the condition number while the rank is full,
 * and beyond that the truncated solution still fits. */
Test(lsq, hilbert)
{
    for (int n = 2; n <= 26; n++) {
        const int rows = 500;
        matrix m = matrix_new(rows, n);
        double b[500], x[26], y[26], scale = 0.0, error = 0.0;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < n; j++)
                *at(m, i, j) = pow((i + 0.5) / rows, j);
            b[i] = exp((double)i / rows);
        }
        eqml_lsq_result result = solve(m, b, defaults, x);
        if (n <= 9) {
            reference(m, b, y);
            for (int j = 0; j < n; j++) {
                scale = fmax(scale, fabs(y[j]) * column_norm(m, j));
                error = fmax(error, fabs(x[j] - y[j]) * column_norm(m, j));
            }
            cr_assert_eq(result.rank, n);
            cr_assert_leq(error, 10 * n * DBL_EPSILON * result.condition * scale, "n = %d: %g", n, error);
        } else {
            cr_assert_leq(result.residual, 1e-14 * norm2(rows, b), "n = %d: %g", n, result.residual);
        }
        if (n == 26)
            cr_assert_lt(result.rank, n);
        cr_assert_lt(result.condition, 1e18);
        free(m.a);
    }
}

/* --- Errors --------------------------------------------------------------------------------------------- */

Test(lsq, empty)
{
    eqml_lsq *lsq;
    double x[3];
    cr_assert_eq(eqml_lsq_create(&lsq, 3, 1), EQML_OK);
    cr_assert_eq(eqml_lsq_solve(lsq, NULL, x, NULL), EQML_ERROR_EMPTY);
    eqml_lsq_free(lsq);
    eqml_lsq_free(NULL);
}

/* A row that is not finite is refused, and the others count. */
Test(lsq, not_finite)
{
    const double bad[] = {NAN, INFINITY, -INFINITY};
    eqml_lsq *lsq;
    eqml_lsq_result result;
    double x[2];
    cr_assert_eq(eqml_lsq_create(&lsq, 2, 1), EQML_OK);
    for (int i = 0; i < 10; i++) {
        double *row = eqml_lsq_row(lsq);
        row[0] = 1.0, row[1] = i, row[2] = 3.0 - i;
        cr_assert_eq(eqml_lsq_add(lsq), EQML_OK);
        row = eqml_lsq_row(lsq);
        row[0] = 1.0, row[1] = i, row[2] = 7.0;
        row[i % 3] = bad[i % COUNT(bad)];
        cr_assert_eq(eqml_lsq_add(lsq), EQML_ERROR_VALUE);
    }
    cr_assert_eq(eqml_lsq_solve(lsq, NULL, x, &result), EQML_OK);
    cr_assert_eq(result.rows, 10u);
    assert_close(x[0], 3.0, 1e-13);
    assert_close(x[1], -1.0, 1e-13);
    eqml_lsq_free(lsq);
}

Test(lsq, overflow)
{
    for (int column = 0; column < 3; column++) {
        eqml_lsq *lsq;
        double x[2];
        cr_assert_eq(eqml_lsq_create(&lsq, 2, 1), EQML_OK);
        for (int i = 0; i < 5; i++) {
            double *row = eqml_lsq_row(lsq);
            row[0] = 1.0, row[1] = i, row[2] = 1.0;
            row[column] = 1e300;
            cr_assert_eq(eqml_lsq_add(lsq), EQML_OK);
        }
        cr_assert_eq(eqml_lsq_solve(lsq, NULL, x, NULL), EQML_ERROR_VALUE);
        eqml_lsq_free(lsq);
    }
}

Test(lsq, arguments)
{
    eqml_lsq *lsq;
    double x[1];
    cr_assert_eq(eqml_lsq_create(NULL, 1, 1), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_lsq_create(&lsq, 0, 1), EQML_ERROR_ARGUMENT);
    cr_assert_null(lsq);
    cr_assert_eq(eqml_lsq_create(&lsq, 1, 0), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_lsq_create(&lsq, 1, 1), EQML_OK);
    eqml_lsq_row(lsq)[0] = 2.0;
    eqml_lsq_row(lsq)[1] = 6.0;
    cr_assert_eq(eqml_lsq_add(lsq), EQML_OK);
    const eqml_lsq_options wrong[] = {{-1.0, 0.0, 0}, {1.0, 0.0, 0}, {NAN, 0.0, 0},
                                      {0.0, -1.0, 0}, {0.0, NAN, 0}, {0.0, INFINITY, 0}};
    for (int i = 0; i < COUNT(wrong); i++)
        cr_assert_eq(eqml_lsq_solve(lsq, wrong + i, x, NULL), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_lsq_solve(lsq, NULL, NULL, NULL), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_lsq_solve(NULL, NULL, x, NULL), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_lsq_solve(lsq, NULL, x, NULL), EQML_OK);
    assert_close(x[0], 3.0, 1e-15);
    eqml_lsq_free(lsq);
}
