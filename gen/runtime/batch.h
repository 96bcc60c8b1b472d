/* Energies and gradients of batches, in double and in float. */
#ifndef EQML__BATCH_H
#define EQML__BATCH_H
#include "kernel/pairs.h"
#include "kernel/sweeps.h"
#include "kernel/form.h"
#include "one.h"

/*
 * A batch is done in steps of two groups of geometries, each of one vector. The room for a step is on the stack. If
 * two groups take more than half of EQML_STACK_LIMIT, about the cache of a core, a step has one; if one takes more
 * than the limit, geometries are done one at a time.
 */
#ifndef EQML_STACK_LIMIT
#define EQML_STACK_LIMIT (2 << 20)
#endif
#define EQML_WORK_GROUPS(groups, nslots, npairs, natoms)                                                     \
    ((2 + (groups)) * EQML_ROUND(nslots) + (groups) * (5 * (npairs) + 6 * (natoms)) + 3 * (natoms) +         \
     EQML__WORK_WALL(npairs))
/* What one geometry may need more than that, where it is outside of the data: see eqml__step_wall. */
#define EQML__WORK_WALL(npairs) (EQML_LANES > 1 ? 64 : 5 * (npairs) + 64)
#define EQML_WORK_BATCH(nslots, npairs, natoms) EQML_WORK_GROUPS(2, nslots, npairs, natoms)

/* The sums of gradients as lanes: those of floats, widened, in x. */
EQML_INLINE const eqml_lanes *eqml__wide_lanes(int size, const eqml_lanes *sum, eqml_lanes *x)
{
    (void)size, (void)x;
    return sum;
}

EQML_INLINE const eqml_lanes *eqml__wide_floats(int size, const eqml_floats *sum, eqml_lanes *x)
{
    for (int k = 0; k < size; k++) {
        eqml_lanes part[EQML__HALVES];
        eqml__widen_floats(sum[k], part);
        for (int half = 0; half < EQML__HALVES; half++)
            x[half * size + k] = part[half];
    }
    return x;
}

#include "kernel/of_lanes.inc"
#include "kernel/step.inc"
#include "kernel/of_floats.inc"
#include "kernel/step.inc"
#include "kernel/of_none.inc"

/*
 * Energies of n geometries xyz[n][natoms][3], and their gradients[n][natoms][3] where that is not NULL, for
 * any basis; one thread. work: EQML_WORK_BATCH(nslots, npairs, natoms) eqml_lanes.
 */
EQML_FUNCTION void eqml_energy_gradient_batch(const eqml_model *m, size_t n, const double *xyz,
                                              double *energy, double *gradient, eqml_lanes *work)
{
    const size_t size = 3 * (size_t)m->basis->natoms, step = 2 * EQML_LANES;
    for (size_t first = 0; first < n; first += step) {
        const size_t count = n - first < step ? n - first : step;
        eqml__step_lanes(m, 2, (int)count, xyz + first * size, energy + first,
                         gradient ? gradient + first * size : NULL, work);
    }
}

#endif /* EQML__BATCH_H */
