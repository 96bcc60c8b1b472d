/* Pruning and growing: the ranking of terms. */
#ifndef EQML__SELECT_C
#define EQML__SELECT_C
#include "select.h"
#include "problem.c"
#include "system.c"

/* Pruning and growing count on every factor being a term. */
static eqml_status eqml__check_terms(const eqml_problem *p, eqml_message *message)
{
    if (!p->basis->is_term)
        return EQML_OK;
    return eqml__fail(message, EQML_ERROR_ARGUMENT,
                      "the basis \"%s\" has factors that are not terms: it cannot be pruned or grown",
                      p->basis->name);
}

EQML_API void eqml_ranking_free(eqml_ranking *ranking)
{
    EQML_FREE(ranking->term);
    EQML_FREE(ranking->error);
    memset(ranking, 0, sizeof *ranking);
}

static eqml_status eqml__ranking_create(eqml_ranking *ranking, int terms)
{
    memset(ranking, 0, sizeof *ranking);
    ranking->term = (int *)eqml__zeroed((size_t)terms, sizeof(int));
    ranking->error = (double *)eqml__zeroed((size_t)terms, sizeof(double));
    if (ranking->term && ranking->error)
        return EQML_OK;
    eqml_ranking_free(ranking);
    return EQML_ERROR_MEMORY;
}

static double eqml__row_error(const eqml_problem *p, double square)
{
    return sqrt(fmax(0, square) / (double)p->lsq->rows);
}

/* left[j] <- how far column j, of what is left of it below row k, would lower |b|; negative if dependent. */
static void eqml__system_gains(eqml__system *s, int k, double tolerance)
{
    double *along = s->w, *square = s->exact;
    const double *row;
    memset(along, 0, (size_t)s->n * sizeof(double));
    memset(square, 0, (size_t)s->n * sizeof(double));
    for (int i = k; i < s->n; i++) {
        row = s->a + (size_t)i * s->ld;
        for (int j = k; j < s->n; j++) {
            along[j] += row[j] * row[s->n];
            square[j] += row[j] * row[j];
        }
    }
    for (int j = k; j < s->n; j++)
        s->left[j] = square[j] > 0 && sqrt(square[j]) > tolerance ? fabs(along[j]) / sqrt(square[j]) : -1;
}

EQML_API eqml_status eqml_grow(const eqml_problem *p, int terms, double error, eqml_ranking *ranking,
                               eqml_message *message)
{
    const int n = p->basis->nterms;
    const double tolerance = eqml__lsq_tolerance(p->lsq);
    double beyond = 0,
           reach = 0; /* the part of |b|^2 that no term can reach; the part of |b| that some can */
    eqml__system s;
    memset(ranking, 0, sizeof *ranking);
    eqml_status status = eqml__check_terms(p, message);
    if (status)
        return status;
    if (terms < 0 || terms > n || !(error >= 0)) {
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "growing to %d terms, error %g: expected 0 to %d terms, and an error of at least 0",
                          terms, error, n);
    }
    status = eqml__problem_system(p, &s, &beyond);
    if (!status)
        status = eqml__ranking_create(ranking, n);
    for (int k = 0; k < (terms ? terms : n) && !status; k++) {
        eqml__system_gains(&s, k, tolerance);
        for (int j = 0; j < n && k == 0 && eqml__is_term(p->basis, 0); j++)
            s.left[j] = j == 0; /* the constant first */
        eqml__system_pivot(&s, k);
        if (!(s.left[k] > 0) || !eqml__system_step(&s, k, 0))
            break;
        const double rest = eqml__column_norm(&s, k + 1, n);
        reach = k ? reach : hypot(rest, s.a[n]);
        ranking->term[k] = s.permuted[k];
        ranking->error[k] = eqml__row_error(p, beyond + rest * rest);
        ranking->terms = k + 1;
        if (ranking->error[k] <= error ||
            rest <= tolerance * reach) /* else what follows is rounding errors */
            break;
    }
    if (status)
        eqml__fail(message, status, "growing failed: %s", eqml_status_text(status));
    EQML_FREE(s.a);
    return status;
}

/* w[r][r] <- the inverse of the leading triangle, x[r] <- its product with the right-hand side. */
static void eqml__invert_triangle(const eqml__system *s, double *w, double *x)
{
    const size_t r = (size_t)s->rank;
    memset(w, 0, r * r * sizeof(double));
    for (size_t i = r; i-- > 0;) {
        const double *row = s->a + i * s->ld;
        double *to = w + i * r;
        to[i] = 1;
        for (size_t j = i + 1; j < r; j++)
            eqml__axpy((int)(r - j), -row[j], w + j * r + j, to + j);
        for (size_t j = i; j < r; j++)
            to[j] /= row[i];
    }
    for (size_t i = 0; i < r; i++) {
        x[i] = 0;
        for (size_t j = i; j < r; j++)
            x[i] += w[i * r + j] * s->a[j * s->ld + (size_t)s->n];
    }
}

/* Removes term j from the fit: rows of w lose their part along row j, and so G = w w^T becomes the inverse
 * normal matrix of the others. square[i] = |w_i|^2. */
static void eqml__eliminate_term(int r, const int *alive, int count, int j, double *w, double *x,
                                 double *square)
{
    const double *drop = w + (size_t)j * (size_t)r;
    for (int k = 0; k < count; k++) {
        double *row = w + (size_t)alive[k] * (size_t)r;
        const double part = eqml__dot(r, row, drop) / square[j];
        eqml__axpy(r, -part, drop, row);
        x[alive[k]] -= part * x[j];
        square[alive[k]] = eqml__dot(r, row, row);
    }
}

/* Places 0 .. r-1 of the system in the order of elimination, from the back, column `kept` last of all;
 * losses[k]: of the k-th. */
static void eqml__eliminate_all(const eqml__system *s, double *w, double *x, double *square, int *alive,
                                int *order, double *losses, int kept)
{
    const int r = s->rank;
    eqml__invert_triangle(s, w, x);
    for (int i = 0; i < r; i++) {
        const double *row = w + (size_t)i * (size_t)r;
        alive[i] = i;
        square[i] = eqml__dot(r, row, row);
    }
    for (int count = r; count > 0; count--) {
        int best = -1;
        double least = 0;
        for (int k = 0; k < count; k++) {
            const int i = alive[k];
            const double loss = x[i] * x[i] / square[i];
            if ((s->permuted[i] != kept || count == 1) && (best < 0 || loss < least)) {
                best = k;
                least = loss;
            }
        }
        order[count - 1] = alive[best];
        losses[count - 1] = least;
        alive[best] = alive[count - 1];
        eqml__eliminate_term(r, alive, count - 1, order[count - 1], w, x, square);
    }
}

EQML_API eqml_status eqml_prune(const eqml_problem *p, eqml_ranking *ranking, eqml_message *message)
{
    const size_t n = (size_t)p->basis->nterms;
    const double tolerance = eqml__lsq_tolerance(p->lsq);
    double beyond = 0, *work = NULL;
    int *places = NULL;
    eqml__system s;
    memset(ranking, 0, sizeof *ranking);
    eqml_status status = eqml__check_terms(p, message);
    if (status)
        return status;
    status = eqml__problem_system(p, &s, &beyond);
    if (!status) {
        if (!eqml__system_regular(&s, tolerance, sqrt(1 + p->ridge)))
            eqml__system_triangulate(&s, tolerance);
        status = eqml__ranking_create(ranking, s.rank);
        work = (double *)eqml__zeroed(eqml__times(n, n + 3), sizeof(double));
        places = (int *)eqml__zeroed(2 * n, sizeof(int));
        if (!status && (!work || !places)) {
            eqml_ranking_free(ranking);
            status = EQML_ERROR_MEMORY;
        }
    }
    if (!status) {
        double *losses = work + n * (n + 2), square = beyond;
        eqml__eliminate_all(&s, work, work + n * n, work + n * (n + 1), places, places + n, losses,
                            eqml__is_term(p->basis, 0) ? 0 : -1);
        for (int i = s.rank; i < s.n; i++)
            square += s.a[(size_t)i * s.ld + n] * s.a[(size_t)i * s.ld + n];
        for (int k = s.rank - 1; k >= 0; k--) {
            ranking->term[k] = s.permuted[places[(int)n + k]];
            ranking->error[k] = eqml__row_error(p, square);
            square += losses[k];
        }
        ranking->terms = s.rank;
    } else {
        eqml__fail(message, status, "pruning failed: %s", eqml_status_text(status));
    }
    EQML_FREE(work);
    EQML_FREE(places);
    EQML_FREE(s.a);
    return status;
}

#endif /* EQML__SELECT_C */
