/* Energies of a molecule by several threads at once: a room for each. */
#ifndef EXAMPLES_ROOMS_H
#define EXAMPLES_ROOMS_H
#include "common/evaluate.h"
#include "common/molecule.h"
#include "common/threads.h"

typedef struct rooms {
    const molecule *m;
    size_t each; /* bytes */
    char *all;   /* released with free() */
} rooms;

/* Nonzero: no memory. */
static inline int rooms_make(const molecule *m, rooms *r)
{
    const size_t lanes = EQML_WORK_BATCH((size_t)basis->nslots, (size_t)basis->npairs, (size_t)m->natoms);
    r->m = m;
    r->each = (lanes * sizeof(eqml_lanes) + 63) / 64 * 64;
    r->all = aligned_alloc(64, threads_at_most() * r->each);
    return !r->all;
}

/* energy[n], and gradient[n][natoms][3] unless NULL, at xyz[n][natoms][3]; the room is that of the thread that calls. */
static inline void rooms_energies(void *context, size_t n, const double *xyz, double *energy,
                                  double *gradient)
{
    const rooms *r = context;
    char *room = r->all + this_thread() * r->each;
    evaluate_batch(r->m->model, n, xyz, energy, gradient, (eqml_lanes *)(void *)room);
}

#endif
