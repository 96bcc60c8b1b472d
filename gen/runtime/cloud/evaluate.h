/* Energy, forces and virial of a configuration, atom by atom from their neighbours. */
#ifndef EQML__CLOUD_EVALUATE_H
#define EQML__CLOUD_EVALUATE_H
#include "cloud/basis.h"
#include "cloud/neighbours.h"
#include "cloud/pairs.h"
#include "cloud/moments.h"
#include "cloud/form.h"
#include "threads.h"

/* Memory that calls use again. All zero at first; eqml_cloud_workspace_free releases it. One for each thread. */
typedef struct eqml_cloud_workspace {
    eqml_neighbours list;
    char *room;
    size_t size;
} eqml_cloud_workspace;

EQML_FUNCTION void eqml_cloud_workspace_free(eqml_cloud_workspace *w)
{
    EQML_FREE(w->list.first);
    EQML_FREE(w->list.index);
    EQML_FREE(w->list.vector);
    EQML_FREE(w->room);
    memset(w, 0, sizeof *w);
}

/* Takes `bytes` from the room, which begins at 0 while the sizes are being added up; aligned for all vectors. */
EQML_INLINE void *eqml__take(char *room, size_t *used, size_t bytes)
{
    char *at = room ? room + *used : NULL;
    *used += (bytes + 63) / 64 * 64;
    return at;
}

/* Vectors that the neighbours of any atom need at most: each species may leave one that is not full. */
EQML_FUNCTION int eqml__cloud_vectors(const eqml_cloud_basis *b, const eqml_neighbours *list, int width)
{
    size_t most = 0;
    for (size_t i = 0; i < list->natoms; i++) {
        const size_t n = list->first[i + 1] - list->first[i];
        most = n > most ? n : most;
    }
    return (int)(most / (size_t)width) + b->nspecies + 1;
}

#include "kernel/of_lanes.inc"
#include "cloud/evaluate.inc"
#include "kernel/of_floats.inc"
#include "cloud/evaluate.inc"
#include "kernel/of_none.inc"

EQML_FUNCTION eqml_status eqml_cloud_evaluate_list(const eqml_cloud_model *model, const eqml_neighbours *list,
                                                   const int *species, eqml_cloud_workspace *w,
                                                   const eqml_cloud_result *result)
/*
 * Evaluates a model for neighbours that the caller has: those of eqml_neighbours_find up to eqml_cloud_cutoff, or a
 * list with skin, whose pairs beyond the cutoff are passed over. species[natoms]. Allocates only where the workspace is too small. With -fopenmp threads
 * share the atoms, with the same results to the bit. Atoms of a species
 * that is no centre have the energy model->atoms, or 0; neighbours of a species that is not around a centre count as
 * absent.
 *
 * EQML_ERROR_ARGUMENT: a species that the basis does not know, radial functions that eqml_radial_fault finds fault with.
 */
{
    return eqml__cloud_list_lanes(model, list, species, w, result);
}

EQML_FUNCTION eqml_status eqml_cloud_evaluate_list_float(const eqml_cloud_model *model,
                                                         const eqml_neighbours *list, const int *species,
                                                         eqml_cloud_workspace *w,
                                                         const eqml_cloud_result *result)
/*
 * The same in single precision, in about half the time: all but differences of coordinates, pairs, and sums over atoms,
 * with errors of about 1e-6 of the sizes of an atom's terms.
 */
{
    return eqml__cloud_list_floats(model, list, species, w, result);
}

EQML_FUNCTION eqml_status eqml_cloud_evaluate(const eqml_cloud_model *model,
                                              const eqml_configuration *configuration,
                                              eqml_cloud_workspace *w, const eqml_cloud_result *result,
                                              eqml_message *message)
/*
 * The same for a configuration, whose neighbours are found. Errors are those of eqml_neighbours_find as well. message may
 * be NULL; where the call fails, the results are as they were.
 */
{
    if (message)
        message->text[0] = 0;
    eqml_status status = eqml_neighbours_find(configuration, eqml_cloud_cutoff(model), &w->list, message);
    if (!status)
        status = eqml_cloud_evaluate_list(model, &w->list, configuration->species, w, result);
    const char *fault = eqml_radial_fault(&model->radial, model->basis->nmax);
    if (status == EQML_ERROR_ARGUMENT && message)
        strcpy(message->text, fault ? fault : "a species that the basis does not know");
    else if (status && message && !message->text[0])
        strcpy(message->text, eqml_status_text(status));
    return status;
}

#endif /* EQML__CLOUD_EVALUATE_H */
