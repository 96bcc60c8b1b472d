/* One-sided penalties on the triangle of a fit. */
#ifndef EQML__PENALTY_C
#define EQML__PENALTY_C
#include "penalty.h"
#include "fit.c"
#include "problem.c"
#include "rows.c"
#include "status.c"

#define EQML__PENALTY_MOST 50 /* problems that are solved */

/* The fit with its points. Energies and the constant term are those of the triangle, less its shift. */
typedef struct eqml__penalty {
    const eqml_problem *problem;
    size_t n;
    const double *least, *weights;
    eqml_data points;
    eqml_fit_options options;
    eqml_component whole;
    eqml__fitter w;
    eqml_lsq *base,
        *ridged;            /* the rows of the data; those and the ridge's, owned, or NULL: without a ridge */
    double *x, *next;       /* [nterms] coefficients */
    double *low, *low_next; /* [n] by how much the points lie below, negative above */
    double *energy;         /* [n] zeros: rows have no other values */
    unsigned char *has, *below; /* [n] */
} eqml__penalty;

static void eqml__penalty_free(eqml__penalty *p)
{
    eqml__fitter_free(&p->w);
    eqml_lsq_free(p->ridged);
    EQML_FREE(p->x);
    EQML_FREE(p->low);
    EQML_FREE(p->has);
}

/* The rows of the data and, where there is a ridge, those of it: sqrt(ridge) times the norm of each column. */
static eqml_status eqml__penalty_base(eqml__penalty *p)
{
    const eqml_problem *problem = p->problem;
    const int n = problem->basis->nterms;
    p->base = problem->lsq;
    if (!(problem->ridge > 0))
        return EQML_OK;
    eqml_status status = eqml__lsq_open(&p->ridged, n, 1);
    if (!status)
        status = eqml_lsq_merge(p->ridged, problem->lsq);
    for (int j = eqml__is_term(problem->basis, 0); j < n && !status; j++) {
        double *row = eqml_lsq_row(p->ridged), square = 0;
        for (int i = 0; i <= j; i++)
            square += *eqml__lsq_r(problem->lsq, i, j) * *eqml__lsq_r(problem->lsq, i, j);
        memset(row, 0, (size_t)(n + 1) * sizeof(double));
        row[j] = sqrt(problem->ridge) * fmax(sqrt(square), problem->lsq->least[j]);
        status = eqml_lsq_add(p->ridged);
    }
    if (!status)
        eqml__lsq_fold(p->ridged);
    p->base = p->ridged;
    return status;
}

/* The caller calls eqml__penalty_free, also if this fails. */
static eqml_status eqml__penalty_create(eqml__penalty *p, const eqml_surface *surface, const double *xyz)
{
    const eqml_basis *b = p->problem->basis;
    const size_t n = p->n, terms = (size_t)b->nterms;
    p->x = (double *)eqml__zeroed(2 * terms, sizeof(double));
    p->low = (double *)eqml__zeroed(eqml__times(n, 3), sizeof(double));
    p->has = (unsigned char *)eqml__zeroed(n, 2);
    if (!p->x || !p->low || !p->has)
        return EQML_ERROR_MEMORY;
    p->next = p->x + terms;
    p->low_next = p->low + n, p->energy = p->low + 2 * n;
    p->below = p->has + n;
    memset(p->has, EQML_HAS_ENERGY, n);
    p->points.natoms = b->natoms;
    p->points.n = n;
    p->points.xyz = (double *)(uintptr_t)xyz;
    p->points.energy = p->energy;
    p->points.has = p->has;
    p->options.energies_only = 1;
    eqml__fitter_of_surface(&p->w, &p->whole, &p->problem->surface, EQML_TENSORS, &p->points, &p->options);
    p->w.energy = p->energy;
    eqml_surface_get(surface, p->x);
    p->x[0] -= p->problem->shift;
    return eqml__fitter_create(&p->w);
}

/* The row of point i, of weight 1, in p->w.rows. */
static const double *eqml__penalty_row(eqml__penalty *p, size_t i)
{
    eqml__find_rows(&p->w, i, 1);
    return p->w.rows;
}

/* low[n] <- by how much the points lie below their least energies for the coefficients x. */
static void eqml__penalty_depths(eqml__penalty *p, const double *x, double *low)
{
    for (size_t i = 0; i < p->n; i++)
        low[i] = p->least[i] - p->problem->shift -
                 eqml__dot(p->problem->basis->nterms, eqml__penalty_row(p, i), x);
}

/* below <- marks of the points that lie below; returns whether any mark has changed. */
static bool eqml__penalty_mark(eqml__penalty *p)
{
    bool changed = false;
    for (size_t i = 0; i < p->n; i++) {
        const unsigned char below = p->low[i] > 0;
        changed = changed || below != p->below[i];
        p->below[i] = below;
    }
    return changed;
}

/* p->next <- the solution with the points that are marked. */
static eqml_status eqml__penalty_solve(eqml__penalty *p, eqml_lsq_result *solved)
{
    const int n = p->problem->basis->nterms;
    eqml_lsq *lsq;
    eqml_status status = eqml__lsq_open(&lsq, n, 1);
    if (!status)
        status = eqml_lsq_merge(lsq, p->base);
    for (size_t i = 0; i < p->n && !status; i++) {
        if (!p->below[i])
            continue;
        const double *from = eqml__penalty_row(p, i), root = sqrt(p->weights[i]);
        double *row = eqml_lsq_row(lsq);
        for (int k = 0; k < n; k++)
            row[k] = root * from[k];
        row[n] = root * (p->least[i] - p->problem->shift);
        status = eqml_lsq_add(lsq);
    }
    if (!status)
        status = eqml_lsq_solve(lsq, NULL, p->next, solved);
    eqml_lsq_free(lsq);
    return status;
}

/* What is minimised, but for a constant. */
static double eqml__penalty_sum(const eqml__penalty *p, const double *x, const double *low)
{
    double sum = 0;
    for (size_t i = 0; i < p->n; i++)
        sum += low[i] > 0 ? p->weights[i] * low[i] * low[i] : 0;
    return sum + eqml__lsq_residual(p->base, 0, x);
}

/*
 * x and low go to the solution, or so far towards it that the sum falls; energies are linear in x. Returns whether it is the
 * solution.
 */
static bool eqml__penalty_step(eqml__penalty *p, double *sum)
{
    const double before = *sum * (1 + 1e-9); /* rounding is no rise */
    const int n = p->problem->basis->nterms;
    int halved = 0;
    *sum = eqml__penalty_sum(p, p->next, p->low_next);
    for (; halved < 30 && !(*sum <= before); halved++) {
        for (int k = 0; k < n; k++)
            p->next[k] = 0.5 * (p->x[k] + p->next[k]);
        for (size_t i = 0; i < p->n; i++)
            p->low_next[i] = 0.5 * (p->low[i] + p->low_next[i]);
        *sum = eqml__penalty_sum(p, p->next, p->low_next);
    }
    memcpy(p->x, p->next, (size_t)n * sizeof(double));
    memcpy(p->low, p->low_next, p->n * sizeof(double));
    return halved == 0;
}

/* Steps until the points that lie below are the same on the solution. */
static eqml_status eqml__penalty_minimise(eqml__penalty *p, eqml_penalty_result *r)
{
    double sum = eqml__penalty_sum(p, p->x, p->low);
    eqml_lsq_result solved;
    while (r->solved < EQML__PENALTY_MOST && !r->settled) {
        const eqml_status status = eqml__penalty_solve(p, &solved);
        if (status)
            return status;
        r->solved++;
        r->rank = solved.rank;
        r->condition = solved.condition;
        eqml__penalty_depths(p, p->next, p->low_next);
        const bool whole = eqml__penalty_step(p, &sum);
        const bool changed = eqml__penalty_mark(p);
        r->settled = whole && !changed;
    }
    return EQML_OK;
}

/* Whether all points have energies: names the first that has none. */
static eqml_status eqml__penalty_check(const eqml__penalty *p, eqml_message *message)
{
    for (size_t i = 0; i < p->n; i++)
        if (!isfinite(p->low[i]))
            return eqml__fail(message, EQML_ERROR_VALUE,
                              "point %lu has no finite energy on the surface, or %g as its least one",
                              (unsigned long)(i + 1), p->least[i]);
    return EQML_OK;
}

EQML_API eqml_status eqml_penalise(const eqml_problem *problem, eqml_surface *surface, size_t n,
                                   const double *xyz, const double *least, const double *weights,
                                   eqml_penalty_result *result, eqml_message *message)
{
    eqml_penalty_result found;
    eqml__penalty p;
    memset(&found, 0, sizeof found);
    memset(&p, 0, sizeof p);
    p.problem = problem, p.n = n, p.least = least, p.weights = weights;
    if (surface->model.basis != problem->basis)
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "the surface is not over the basis of the problem");
    for (size_t i = 0; i < n; i++)
        if (!(weights[i] > 0 && weights[i] <= DBL_MAX))
            return eqml__fail(message, EQML_ERROR_ARGUMENT, "point %lu has the weight %g",
                              (unsigned long)(i + 1), weights[i]);
    eqml_status status = eqml__penalty_create(&p, surface, xyz);
    if (status) {
        eqml__fail(message, status, "penalties: %s", eqml_status_text(status));
    } else {
        eqml__penalty_depths(&p, p.x, p.low);
        status = eqml__penalty_check(&p, message);
    }
    found.settled = 1;
    if (!status && eqml__penalty_mark(&p)) {
        for (size_t i = 0; i < n; i++)
            found.before += p.below[i];
        found.settled = 0;
        status = eqml__penalty_base(&p);
        if (!status)
            status = eqml__penalty_minimise(&p, &found);
        if (status)
            eqml__fail(message, status, "penalties: %s", eqml_status_text(status));
    }
    if (!status)
        found.errors = eqml__lsq_residual(problem->lsq, 0, p.x);
    for (size_t i = 0; i < n && !status; i++) {
        found.violated += p.below[i];
        found.deepest = fmax(found.deepest, p.low[i]);
    }
    if (!status && found.solved) {
        p.x[0] += problem->shift;
        eqml_surface_set(surface, p.x);
    }
    if (!status && result)
        *result = found;
    eqml__penalty_free(&p);
    return status;
}

#endif /* EQML__PENALTY_C */
