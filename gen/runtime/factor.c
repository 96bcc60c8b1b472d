/* The triangle of a fit, reduced to its rank, to divide rows by. */
#ifndef EQML__FACTOR_C
#define EQML__FACTOR_C
#include "lanes.h"
#include "problem.c"
#include "system.c"

/*
 * The coefficients of a fit follow from its rows A and values b as x = G A^T b, where G is the inverse of A^T A, ridge
 * included, or, where the rank is not full, the inverse on the space that the data determine. With the whitened row
 * z(a) = F a, F^T F = G,
 *
 *     a G b^T = z(a) . z(b):
 *
 * the variance of a x, in units of that of a value of weight 1, is |z(a)|^2, and the leverage of a row is |z|^2.
 * F is T^-T Z P^T D^-1 with the triangle T, reflectors Z, permutation P and norms D of the eqml__system.
 */

/* Rows that are divided side by side, one in each column of a strip: two vectors. */
#define EQML__WIDTH (2 * EQML_LANES)

/* Triangle rows that are taken at once: each number of the strip is then loaded and stored once for so many. */
#define EQML__DEPTH 8

/* The system of a problem, reduced. s->a is to be freed by the caller, also on failure. */
static eqml_status eqml__factor_create(const eqml_problem *p, eqml__system *s)
{
    double beyond;
    const eqml_status status = eqml__problem_system(p, s, &beyond);
    if (!status)
        eqml__system_reduce(s, eqml__lsq_tolerance(p->lsq), sqrt(1 + p->ridge));
    return status;
}

/* strip[n][WIDTH] <- the rows[count][n], count <= WIDTH, in the scale and order of the columns of the system, zero past them. */
static void eqml__factor_load(const eqml__system *s, int count, const double *rows, double *strip)
{
    const int n = s->n;
    for (int j = 0; j < n; j++) {
        const int k = s->permuted[j];
        for (int i = 0; i < EQML__WIDTH; i++)
            strip[(size_t)j * EQML__WIDTH + (size_t)i] =
                i < count && s->norm[k] > 0 ? rows[(size_t)i * (size_t)n + (size_t)k] / s->norm[k] : 0;
    }
}

/* What is past the rank is brought to the front: the transposed of what eqml__system_solve does to a solution. */
static void eqml__factor_turn(const eqml__system *s, double *strip)
{
    const int r = s->rank, m = s->n - r;
    for (int i = r - 1; i >= 0 && m > 0; i--) {
        const double *v = s->a + (size_t)i * s->ld + r;
        double *own = strip + (size_t)i * EQML__WIDTH, *tail = strip + (size_t)r * EQML__WIDTH;
        double along[EQML__WIDTH];
        memcpy(along, own, sizeof along);
        for (int j = 0; j < m; j++)
            for (int k = 0; k < EQML__WIDTH; k++)
                along[k] += v[j] * tail[(size_t)j * EQML__WIDTH + (size_t)k];
        for (int k = 0; k < EQML__WIDTH; k++)
            own[k] -= along[k] *= s->tau[i];
        for (int j = 0; j < m; j++)
            for (int k = 0; k < EQML__WIDTH; k++)
                tail[(size_t)j * EQML__WIDTH + (size_t)k] -= v[j] * along[k];
    }
}

/* The rows `first` to first + DEPTH of the strip are known: takes their part from row j. */
static inline void eqml__factor_step(const eqml__system *s, int first, eqml_lanes known[EQML__DEPTH][2],
                                     int j, double *to)
{
    eqml_lanes left = eqml__load(to), right = eqml__load(to + EQML_LANES);
    const double *t = s->a + (size_t)first * s->ld + (size_t)j;
    EQML__UNROLL_ALL
    for (int k = 0; k < EQML__DEPTH; k++) {
        left -= t[(size_t)k * s->ld] * known[k][0];
        right -= t[(size_t)k * s->ld] * known[k][1];
    }
    eqml__store(to, left);
    eqml__store(to + EQML_LANES, right);
}

/* strip <- T^-T strip, for the leading rank rows. rank^2 operations for each of the WIDTH columns. */
static void eqml__factor_divide(const eqml__system *s, double *strip)
{
    const int r = s->rank;
    for (int first = 0; first < r; first += EQML__DEPTH) {
        const int count = r - first < EQML__DEPTH ? r - first : EQML__DEPTH;
        for (int i = first; i < first + count; i++) {
            double *own = strip + (size_t)i * EQML__WIDTH;
            for (int q = first; q < i; q++)
                for (int k = 0; k < EQML__WIDTH; k++)
                    own[k] -=
                        s->a[(size_t)q * s->ld + (size_t)i] * strip[(size_t)q * EQML__WIDTH + (size_t)k];
            for (int k = 0; k < EQML__WIDTH; k++)
                own[k] /= s->a[(size_t)i * s->ld + (size_t)i];
        }
        if (count < EQML__DEPTH)
            break;
        eqml_lanes known[EQML__DEPTH][2];
        for (int k = 0; k < EQML__DEPTH; k++)
            for (int half = 0; half < 2; half++)
                known[k][half] =
                    eqml__load(strip + (size_t)(first + k) * EQML__WIDTH + (size_t)(half * EQML_LANES));
        for (int j = first + EQML__DEPTH; j < r; j++)
            eqml__factor_step(s, first, known, j, strip + (size_t)j * EQML__WIDTH);
    }
}

/* strip[n][WIDTH], of which the first rank rows count <- the whitened rows[count][n], one in each column. */
static void eqml__whiten(const eqml__system *s, int count, const double *rows, double *strip)
{
    eqml__factor_load(s, count, rows, strip);
    eqml__factor_turn(s, strip);
    eqml__factor_divide(s, strip);
}

#endif /* EQML__FACTOR_C */
