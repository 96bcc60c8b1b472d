/* A fit that was kept, and its triangle. */
#ifndef EQML__PROBLEM_C
#define EQML__PROBLEM_C
#include "problem.h"
#include "fit.c"
#include "system.c"

struct eqml_problem {
    const eqml_basis *basis;
    eqml_surface surface; /* variables, offsets */
    eqml_lsq *lsq;        /* all rows, folded */
    double shift;         /* what was subtracted from the energies */
    double ridge;
};

EQML_API void eqml_problem_free(eqml_problem *problem)
{
    if (!problem)
        return;
    eqml_surface_free(&problem->surface);
    eqml_lsq_free(problem->lsq);
    EQML_FREE(problem);
}

EQML_API eqml_status eqml_problem_create(eqml_problem **problem, eqml_surface *surface, const eqml_data *data,
                                         const eqml_fit_options *options, eqml_fit_result *result,
                                         eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    eqml__triangle triangle = {NULL, 0};
    eqml_problem *p = (eqml_problem *)eqml__zeroed(1, sizeof *p);
    eqml_status status = p ? EQML_OK : EQML_ERROR_MEMORY;
    *problem = NULL;
    if (!status && options && options->solver)
        status = EQML_ERROR_ARGUMENT;
    if (!status)
        status = eqml_surface_create(b, surface->variables, &p->surface);
    if (status) {
        eqml__fail(message, status, "%s", eqml_status_text(status));
    } else {
        p->basis = b;
        p->ridge = options ? options->ridge : 0;
        status = eqml__fit_surface(surface, EQML_TENSORS, data, options, &triangle, result, message);
        p->lsq = triangle.lsq;
        p->shift = triangle.shift;
    }
    if (status) {
        eqml_problem_free(p);
        return status;
    }
    eqml__copy_classes(&p->surface, surface);
    memcpy(p->surface.offset, surface->offset, (size_t)b->nfactors * sizeof(double));
    p->surface.standardised = 1;
    *problem = p;
    return EQML_OK;
}

/* The triangle of the problem, ridge included, columns of unit norm; *beyond: the part of |b|^2 that no term
 * can reach. s->a is to be freed by the caller. */
static eqml_status eqml__problem_system(const eqml_problem *p, eqml__system *s, double *beyond)
{
    const int n = p->basis->nterms;
    void *room = EQML_MALLOC(eqml__system_size(n, 1));
    eqml_lsq *ridge = NULL;
    eqml_status status = room ? EQML_OK : EQML_ERROR_MEMORY;
    s->a = (double *)room;
    if (!status && p->ridge > 0)
        status = eqml__lsq_open(&ridge, n, 1);
    if (!status) {
        eqml__system_create(s, n, 1, room);
        status = eqml__system_load(s, p->lsq);
    }
    if (!status && ridge)
        status = eqml__system_ridge(s, p->ridge, eqml__is_term(p->basis, 0) ? 1 : 0, ridge);
    EQML_FREE(ridge);
    *beyond = *eqml__lsq_r(p->lsq, n, n) * *eqml__lsq_r(p->lsq, n, n);
    for (int i = 0; i < n && !status && p->ridge > 0; i++) { /* what the penalty takes away */
        const double before = *eqml__lsq_r(p->lsq, i, n), now = s->a[(size_t)i * s->ld + (size_t)n];
        *beyond += before * before - now * now;
    }
    return status;
}

#endif /* EQML__PROBLEM_C */
