/* Extrapolation grades: how far an atom's neighbourhood is from those that a fit was trained on. */
#ifndef EQML__CLOUD_GRADE_H
#define EQML__CLOUD_GRADE_H
#include "cloud/rows.h"
#include "variance.h"

/*
 * The coefficients leave the energy of an atom with terms t the variance v = |F t|^2, F^T F the inverse of the fit's
 * A^T A, penalty included (variance.h). Its grade is the root of v over the largest v of an atom of its species in the
 * training data: up to 1 the fit is as sure of it as of those, beyond it extrapolates. The matrix is F, or random combinations of
 * its rows: with 32 of them a grade has a relative standard deviation of at most 1/8. An atom takes one multiply-add for
 * each number of the matrix, beside its terms.
 */
typedef struct eqml_cloud_grader {
    eqml_sigma variance; /* its columns are the terms, then, unless they were given, the energies of atoms */
    const double *reach; /* [nspecies] the largest variance in the training data */
} eqml_cloud_grader;

EQML_FUNCTION eqml_status eqml_cloud_find_grades(const eqml_cloud_grader *g, const eqml_cloud_model *model,
                                                 const eqml_configuration *configuration,
                                                 eqml_cloud_workspace *w, double *grade,
                                                 eqml_message *message)
/*
 * grade[natoms] <- those of the atoms; 0 for an atom of a species that is no centre. Errors as those of
 * eqml_cloud_evaluate.
 */
{
    const eqml_cloud_basis *b = model->basis;
    const eqml_cloud_result none = {NULL, NULL, NULL, NULL};
    const size_t length = (size_t)EQML_ROUND(g->variance.terms);
    const int *species = configuration->species;
    size_t slots = 0, used = 0;
    eqml__cloud_lanes x;
    eqml_status status = eqml_neighbours_find(configuration, model->radial.cutoff, &w->list, message);
    if (!status)
        status = eqml__cloud_begin_lanes(&x, model, &w->list, species, 1, w, &none);
    if (status)
        return status;
    for (int c = 0; c < b->ncentres; c++)
        slots = (size_t)b->centres[c].program->nslots > slots ? (size_t)b->centres[c].program->nslots : slots;
    char *base = (char *)EQML_MALLOC((length + slots) * sizeof(double) + 192);
    if (!base)
        return EQML_ERROR_MEMORY;
    char *room = base + (64 - (uintptr_t)base % 64);
    double *terms = (double *)eqml__take(room, &used, length * sizeof(double));
    double *own = (double *)eqml__take(room, &used, slots * sizeof(double));
    for (size_t i = 0; i < configuration->natoms; i++) {
        grade[i] = 0;
        for (int c = 0; c < b->ncentres; c++) {
            const eqml_cloud_centre *centre = &b->centres[c];
            if (centre->species != species[i])
                continue;
            memset(terms, 0, length * sizeof(double));
            eqml__cloud_atom_values(&x, centre, i, own);
            eqml__cloud_terms(centre->program, own, terms + centre->first);
            if (g->variance.terms > b->nterms)
                terms[b->nterms + species[i]] = 1;
            grade[i] = sqrt(eqml__sigma_square_one(&g->variance, terms) / g->reach[species[i]]);
        }
    }
    EQML_FREE(base);
    return EQML_OK;
}

/*
 * The function NAME_grades of the potential NAME_model with its constant NAME_grader: arguments as those of
 * NAME_evaluate, grade[natoms]; returns an eqml_status.
 */
#define EQML_CLOUD_GRADE_FUNCTIONS(NAME, API)                                                                \
    API int NAME##_grades(size_t natoms, const double *xyz, const int *species, const double *cell,          \
                          const int *pbc, double *grade)                                                     \
    {                                                                                                        \
        eqml_cloud_workspace w;                                                                              \
        eqml_configuration c;                                                                                \
        memset(&w, 0, sizeof w);                                                                             \
        c.natoms = natoms;                                                                                   \
        c.xyz = xyz;                                                                                         \
        c.species = species;                                                                                 \
        c.cell = cell;                                                                                       \
        c.pbc = pbc;                                                                                         \
        const eqml_status status =                                                                           \
            eqml_cloud_find_grades(&NAME##_grader, &NAME##_model, &c, &w, grade, NULL);                      \
        eqml_cloud_workspace_free(&w);                                                                       \
        return (int)status;                                                                                  \
    }

#endif /* EQML__CLOUD_GRADE_H */
