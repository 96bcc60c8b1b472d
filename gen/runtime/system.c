/* The triangular system of a least-squares problem: its rank, condition and solution of least norm. */
#ifndef EQML__SYSTEM_C
#define EQML__SYSTEM_C
#include "lsq.c"
#include <float.h>
#include <math.h>
#include <string.h>

/* The copy that a solution works on: columns scaled to unit norm, then possibly pivoted. */
typedef struct eqml__system {
    int n, nrhs, rank;
    size_t ld;      /* n + nrhs */
    double *a;      /* [n][ld], row-major: the triangle, then the right-hand sides */
    double *norm;   /* [n]: norms of the original columns */
    double *tau;    /* [n]: reflectors from the right, see eqml__system_complete */
    double *left;   /* [n]: norms of what is left of the columns, downdated ... */
    double *exact;  /* [n]: ... since they were last computed */
    double *u, *w;  /* [n], [ld]: work */
    int *permuted;  /* [n]: the original place of column j */
    double largest; /* extreme singular values of the leading triangle [rank][rank] */
    double smallest;
} eqml__system;

/* Four chains, because the compiler may not reorder a sum. */
static double eqml__dot(int n, const double *a, const double *b)
{
    double s[4] = {0.0, 0.0, 0.0, 0.0};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        s[0] += a[i] * b[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

static void eqml__axpy(int n, double alpha, const double *a, double *b)
{
    for (int i = 0; i < n; i++)
        b[i] += alpha * a[i];
}

/* Lays the arrays out in `room`, eqml__system_size() bytes, which stay the caller's. */
static void eqml__system_create(eqml__system *s, int n, int nrhs, void *room)
{
    const size_t size = (size_t)n, ld = size + (size_t)nrhs;
    double *p = (double *)room;
    memset(s, 0, sizeof(*s));
    s->n = n, s->nrhs = nrhs, s->rank = n, s->ld = ld;
    s->a = p, p += size * ld;
    s->norm = p, p += size;
    s->tau = p, p += size;
    s->left = p, p += size;
    s->exact = p, p += size;
    s->u = p, p += size;
    s->w = p, p += ld;
    s->permuted = (int *)p;
    for (int j = 0; j < n; j++)
        s->permuted[j] = j;
}

/*
 * Copies R and the right-hand sides. The columns of R are divided by norm[n] if that is not NULL, those of
 * norm zero excepted.
 */
static void eqml__system_copy(eqml__system *s, const eqml_lsq *lsq, const double *norm)
{
    memset(s->a, 0, (size_t)s->n * s->ld * sizeof(double));
    for (int j = 0; j < (int)s->ld; j++) {
        const double scale = norm && j < s->n && norm[j] > 0.0 ? norm[j] : 1.0;
        for (int i = 0; i < s->n && i <= j; i++)
            s->a[(size_t)i * s->ld + (size_t)j] = *eqml__lsq_r(lsq, i, j) / scale;
    }
}

/* Divides each column by its norm in A, which is that in R, or by lsq->least where this is larger. */
static eqml_status eqml__system_load(eqml__system *s, const eqml_lsq *lsq)
{
    for (int j = 0; j < lsq->width; j++) {
        double sum = 0.0;
        for (int i = 0; i <= j; i++)
            sum += *eqml__lsq_r(lsq, i, j) * *eqml__lsq_r(lsq, i, j);
        if (!isfinite(sum))
            return EQML_ERROR_VALUE;
        if (j < s->n)
            s->norm[j] = fmax(sqrt(sum), lsq->least[j]);
    }
    eqml__system_copy(s, lsq, s->norm);
    return EQML_OK;
}

/*
 * Adds the rows sqrt(ridge) e_i to the scaled system. lsq is one more stream, empty before: each row of R is
 * followed by that of its column, so that leading zeros stay.
 */
static eqml_status eqml__system_ridge(eqml__system *s, double ridge, int first, eqml_lsq *lsq)
{
    eqml_status status = EQML_OK;
    for (int i = 0; i < s->n && status == EQML_OK; i++) {
        double *row = eqml_lsq_row(lsq);
        memcpy(row, s->a + (size_t)i * s->ld, s->ld * sizeof(double));
        status = eqml_lsq_add(lsq);
        if (status != EQML_OK || i < first || s->norm[i] == 0.0)
            continue;
        memset(row, 0, s->ld * sizeof(double));
        row[i] = sqrt(ridge);
        status = eqml_lsq_add(lsq);
    }
    if (status == EQML_OK) {
        eqml__lsq_fold(lsq);
        eqml__system_copy(s, lsq, NULL);
    }
    return status;
}

/* y <- T y, T^T y, T^-1 y, T^-T y for the leading triangle T; rows are contiguous in all four. */
static void eqml__multiply(const eqml__system *s, double *y)
{
    for (int i = 0; i < s->rank; i++)
        y[i] = eqml__dot(s->rank - i, s->a + (size_t)i * s->ld + i, y + i);
}

static void eqml__multiply_transposed(const eqml__system *s, double *y)
{
    for (int i = s->rank - 1; i >= 0; i--) {
        const double *row = s->a + (size_t)i * s->ld, yi = y[i];
        y[i] = row[i] * yi;
        eqml__axpy(s->rank - i - 1, yi, row + i + 1, y + i + 1);
    }
}

static void eqml__divide(const eqml__system *s, double *y)
{
    for (int i = s->rank - 1; i >= 0; i--) {
        const double *row = s->a + (size_t)i * s->ld;
        y[i] = (y[i] - eqml__dot(s->rank - i - 1, row + i + 1, y + i + 1)) / row[i];
    }
}

static void eqml__divide_transposed(const eqml__system *s, double *y)
{
    for (int i = 0; i < s->rank; i++) {
        const double *row = s->a + (size_t)i * s->ld;
        y[i] /= row[i];
        eqml__axpy(s->rank - i - 1, -y[i], row + i + 1, y + i + 1);
    }
}

/* Largest singular value of T (inverse = 0) or of its inverse, from below: power iteration on T^T T from a
 * scattered start, until a step changes it by less than 1e-4. */
static double eqml__norm2(const eqml__system *s, int inverse)
{
    double *y = s->u, sigma = 0.0, previous;
    uint32_t random = 1;
    for (int i = 0; i < s->rank; i++) {
        random = random * 1664525u + 1013904223u;
        y[i] = random / 2147483648.0 - 1.0;
    }
    for (int iteration = 0; iteration < 300; iteration++) {
        double length = sqrt(eqml__dot(s->rank, y, y));
        for (int i = 0; i < s->rank; i++)
            y[i] /= length;
        (inverse ? eqml__divide_transposed : eqml__multiply)(s, y);
        previous = sigma;
        sigma = sqrt(eqml__dot(s->rank, y, y));
        if (!isfinite(sigma) || fabs(sigma - previous) <= 1e-4 * sigma)
            break;
        (inverse ? eqml__divide : eqml__multiply_transposed)(s, y);
    }
    return sigma;
}

static void eqml__system_singular_values(eqml__system *s)
{
    s->largest = s->rank ? eqml__norm2(s, 0) : 0.0;
    s->smallest = s->rank ? 1.0 / eqml__norm2(s, 1) : 0.0;
}

/*
 * Nonzero if pivoting cannot find a deficiency: every pivoted |R_kk| is at least the smallest singular value,
 * and |R_11|, a column norm, is at most sqrt(1 + ridge) = bound. The factor 2 covers the estimate.
 */
static int eqml__system_regular(eqml__system *s, double tolerance, double bound)
{
    for (int i = 0; i < s->n; i++)
        if (!(fabs(s->a[(size_t)i * s->ld + (size_t)i]) > tolerance * bound))
            return 0;
    eqml__system_singular_values(s);
    return s->smallest > 2.0 * tolerance * bound;
}

static double eqml__column_norm(const eqml__system *s, int first, int j)
{
    double sum = 0.0;
    for (int i = first; i < s->n; i++)
        sum += s->a[(size_t)i * s->ld + (size_t)j] * s->a[(size_t)i * s->ld + (size_t)j];
    return sqrt(sum);
}

static void eqml__swap(double *a, double *b)
{
    double t = *a;
    *a = *b;
    *b = t;
}

/* Exchanges column k with the one of the columns from k on that has the largest norm left. */
static void eqml__system_pivot(eqml__system *s, int k)
{
    int p = k;
    for (int j = k + 1; j < s->n; j++)
        if (s->left[j] > s->left[p])
            p = j;
    if (p == k)
        return;
    for (int i = 0; i < s->n; i++)
        eqml__swap(s->a + (size_t)i * s->ld + k, s->a + (size_t)i * s->ld + p);
    eqml__swap(s->left + k, s->left + p);
    eqml__swap(s->exact + k, s->exact + p);
    int t = s->permuted[k];
    s->permuted[k] = s->permuted[p];
    s->permuted[p] = t;
}

/*
 * Takes row k out of the norms that are left. If too many digits have cancelled since the last exact norm, it
 * is computed anew (Drmac, Bujanovic, ACM Trans. Math. Softw. 35, 12 (2008), as in LAPACK 3.1).
 */
static void eqml__system_downdate(eqml__system *s, int k)
{
    for (int j = k + 1; j < s->n; j++) {
        if (s->left[j] == 0.0)
            continue;
        const double ratio = fabs(s->a[(size_t)k * s->ld + (size_t)j]) / s->left[j];
        const double kept = fmax(0.0, 1.0 - ratio * ratio), trust = s->left[j] / s->exact[j];
        if (kept * trust * trust > sqrt(DBL_EPSILON))
            s->left[j] *= sqrt(kept);
        else
            s->left[j] = s->exact[j] = eqml__column_norm(s, k + 1, j);
    }
}

/*
 * Reflects column k to zeros below its diagonal. Does nothing and returns 0 if the new diagonal would be at
 * most `least`.
 */
static int eqml__system_step(eqml__system *s, int k, double least)
{
    double *v = s->u, *row = s->a + (size_t)k * s->ld;
    int last = k + 1; /* rows behind the last nonzero stay as they are */
    for (int i = k + 1; i < s->n; i++)
        if ((v[i] = s->a[(size_t)i * s->ld + (size_t)k]) != 0.0)
            last = i + 1;
    const eqml__reflector h = eqml__reflect(row[k], eqml__dot(last - k - 1, v + k + 1, v + k + 1));
    if (fabs(h.beta) <= least)
        return 0;
    const int m = (int)s->ld - k - 1;
    memcpy(s->w, row + k + 1, (size_t)m * sizeof(double));
    for (int i = k + 1; i < last; i++)
        eqml__axpy(m, v[i] *= h.scale, s->a + (size_t)i * s->ld + k + 1, s->w);
    row[k] = h.beta;
    eqml__axpy(m, -h.tau, s->w, row + k + 1);
    for (int i = k + 1; i < last; i++)
        eqml__axpy(m, -h.tau * v[i], s->w, s->a + (size_t)i * s->ld + k + 1);
    return 1;
}

/* QR with column pivoting, up to the numerical rank. */
static void eqml__system_triangulate(eqml__system *s, double tolerance)
{
    for (int j = 0; j < s->n; j++)
        s->left[j] = s->exact[j] = eqml__column_norm(s, 0, j);
    for (int k = 0; k < s->n; k++) {
        eqml__system_pivot(s, k);
        if (!eqml__system_step(s, k, k ? tolerance * fabs(s->a[0]) : 0.0)) {
            s->rank = k;
            return;
        }
        eqml__system_downdate(s, k);
    }
}

/* [R11 R12] = [T 0] Z: reflectors from the right, the last row first; their tails take the place of R12. */
static void eqml__system_complete(eqml__system *s)
{
    const int r = s->rank, m = s->n - r;
    for (int i = r - 1; i >= 0; i--) {
        double *row = s->a + (size_t)i * s->ld, *v = row + r;
        const eqml__reflector h = eqml__reflect(row[i], eqml__dot(m, v, v));
        row[i] = h.beta;
        s->tau[i] = h.tau;
        for (int k = 0; k < m; k++)
            v[k] *= h.scale;
        for (int q = 0; q < i; q++) {
            double *above = s->a + (size_t)q * s->ld, t = h.tau * (above[i] + eqml__dot(m, above + r, v));
            above[i] -= t;
            eqml__axpy(m, -t, v, above + r);
        }
    }
}

/* Finds the numerical rank r and leaves a regular triangle T of that size. */
static void eqml__system_reduce(eqml__system *s, double tolerance, double bound)
{
    if (eqml__system_regular(s, tolerance, bound))
        return;
    eqml__system_triangulate(s, tolerance);
    if (s->rank < s->n)
        eqml__system_complete(s);
    eqml__system_singular_values(s);
}

/* x[n] for one right-hand side: T y = c, z = Z^T [y; 0], then back to the caller's order and scale. */
static void eqml__system_solve(const eqml__system *s, int rhs, double *x)
{
    const int r = s->rank, m = s->n - r;
    double *z = s->u;
    for (int i = 0; i < s->n; i++)
        z[i] = i < r ? s->a[(size_t)i * s->ld + (size_t)(s->n + rhs)] : 0.0;
    eqml__divide(s, z);
    for (int i = 0; i < r && m > 0; i++) {
        const double *v = s->a + (size_t)i * s->ld + r, t = s->tau[i] * (z[i] + eqml__dot(m, v, z + r));
        z[i] -= t;
        eqml__axpy(m, -t, v, z + r);
    }
    for (int j = 0; j < s->n; j++) {
        const int k = s->permuted[j];
        x[k] = s->norm[k] > 0.0 ? z[j] / s->norm[k] : 0.0;
    }
}

/* |A x - b|^2 = |R x - c|^2 + |what no x can reach|^2. */
static double eqml__lsq_residual(const eqml_lsq *lsq, int rhs, const double *x)
{
    const int n = lsq->ncols, column = n + rhs;
    double total = 0.0;
    for (int i = 0; i <= column; i++) {
        double e = *eqml__lsq_r(lsq, i, column);
        for (int j = i; j < n; j++)
            e -= *eqml__lsq_r(lsq, i, j) * x[j];
        total += e * e;
    }
    return total;
}

static void eqml__lsq_report(const eqml_lsq *lsq, const eqml__system *s, const double *x,
                             eqml_lsq_result *result)
{
    result->rows = lsq->rows;
    result->rank = s->rank;
    result->condition = s->rank ? s->largest / s->smallest : 0.0;
    result->residual = 0.0;
    for (int k = 0; k < lsq->nrhs; k++)
        result->residual += eqml__lsq_residual(lsq, k, x + (size_t)k * (size_t)lsq->ncols);
}

/* Twice what dependent columns leave in R at worst, as measured with 2 to 500 columns and 600 to 2,000,000
 * rows; rounding errors of the folds add like a random walk. */
static double eqml__lsq_tolerance(const eqml_lsq *lsq)
{
    return fmax(lsq->tolerance, DBL_EPSILON * (20.0 + 2.0 * lsq->ncols + sqrt((double)lsq->rows)));
}

eqml_status eqml_lsq_solve(eqml_lsq *lsq, const eqml_lsq_options *options, double *x, eqml_lsq_result *result)
{
    const eqml_lsq_options zero = {0.0, 0.0, 0}, *o = options ? options : &zero;
    if (!lsq || !x || !(o->tolerance >= 0.0) || o->tolerance >= 1.0 || !(o->ridge >= 0.0) || isinf(o->ridge))
        return EQML_ERROR_ARGUMENT;
    if (lsq->rows == 0)
        return EQML_ERROR_EMPTY;
    const double tolerance = o->tolerance > 0.0 ? o->tolerance : eqml__lsq_tolerance(lsq);
    eqml__lsq_fold(lsq);

    eqml__system s;
    eqml_status status = eqml__lsq_reserve(lsq, o->ridge > 0.0);
    if (status == EQML_OK) {
        eqml__system_create(&s, lsq->ncols, lsq->nrhs, lsq->room);
        status = eqml__system_load(&s, lsq);
    }
    if (status == EQML_OK && o->ridge > 0.0)
        status = eqml__system_ridge(&s, o->ridge, o->free_first ? 1 : 0, lsq->spare);
    if (status == EQML_OK) {
        eqml__system_reduce(&s, tolerance, sqrt(1.0 + o->ridge));
        for (int k = 0; k < lsq->nrhs; k++)
            eqml__system_solve(&s, k, x + (size_t)k * (size_t)lsq->ncols);
        if (result)
            eqml__lsq_report(lsq, &s, x, result);
    }
    eqml__lsq_release(lsq);
    return status;
}

#endif /* EQML__SYSTEM_C */
