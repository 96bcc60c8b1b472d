/* The factors from the pair variables, and back. */
#ifndef EQML__KERNEL_SWEEPS_H
#define EQML__KERNEL_SWEEPS_H
#include "basis.h"

#include "kernel/of_one.inc"
#include "kernel/sweeps.inc"
#include "kernel/of_lanes.inc"
#include "kernel/sweeps.inc"
#include "kernel/of_floats.inc"
#include "kernel/sweeps.inc"
#include "kernel/of_none.inc"

EQML_INLINE void eqml__forward_one(const eqml_model *m, double *slots)
{
    const eqml_basis *b = m->basis;
    const int end = b->factor0 + (b->forward_one ? b->nvalues : b->nfactors);
    double *const group[1] = {slots}; /* a copy: see eqml__potential_one */
    for (int k = end; k < end + 8 && k < EQML_ROUND(b->nslots); k++)
        slots[k] = 0; /* read by vectors of coefficients that are zero there */
    slots[b->factor0] = 1;
    if (b->forward_one)
        b->forward_one(1, group, m->offset);
    else
        eqml__table_forward_one(b, slots, m->offset);
}

#include "kernel/of_lanes.inc"
#include "kernel/forward.inc"
#include "kernel/of_floats.inc"
#include "kernel/forward.inc"
#include "kernel/of_none.inc"

#endif /* EQML__KERNEL_SWEEPS_H */
