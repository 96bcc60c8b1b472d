/* Energies of a molecule by several threads at once: a room for each. */
#ifndef EXAMPLES_ROOMS_H
#define EXAMPLES_ROOMS_H
#include "common/molecule.h"
#ifdef _OPENMP
#include <omp.h>
#endif

typedef struct rooms {
    const molecule *m;
    size_t each; /* bytes */
    char *all;   /* released with free() */
} rooms;

/* How many threads there are at most, and the number of the one that asks. */
static inline int threads_at_most(void)
{
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

static inline int this_thread(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* Nonzero: no memory. */
static inline int rooms_make(const molecule *m, rooms *r)
{
    const size_t lanes = EQML_WORK_BATCH((size_t)basis->nslots, (size_t)basis->npairs, (size_t)m->natoms);
    r->m = m;
    r->each = (lanes * sizeof(eqml_lanes) + 63) / 64 * 64;
    r->all = aligned_alloc(64, (size_t)threads_at_most() * r->each);
    return !r->all;
}

/* energy[n], and gradient[n][natoms][3] unless NULL, at xyz[n][natoms][3]; the room is that of the thread that calls. */
static inline void rooms_energies(void *context, size_t n, const double *xyz, double *energy,
                                  double *gradient)
{
    const rooms *r = context;
    char *room = r->all + (size_t)this_thread() * r->each;
    eqml_energy_gradient_batch(r->m->model, n, xyz, energy, gradient, (eqml_lanes *)(void *)room);
}

#endif
