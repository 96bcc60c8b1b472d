/* The terms from the factors. */
#ifndef EQML__KERNEL_TERMS_H
#define EQML__KERNEL_TERMS_H
#include "basis.h"

/* Whether factor k is a term, and so has a linear coefficient. */
EQML_INLINE int eqml__is_term(const eqml_basis *b, size_t k)
{
    return !b->is_term || b->is_term[k];
}

#include "kernel/of_one.inc"
#include "kernel/terms.inc"
#include "kernel/of_lanes.inc"
#include "kernel/terms.inc"
#include "kernel/of_none.inc"

#endif /* EQML__KERNEL_TERMS_H */
