/*
 * The choice of terms: in each block as many independent contractions as there are invariants, so that all together are
 * cheap to evaluate.
 *
 * Within a block the sets that may be chosen are the bases of a matroid, where going through the candidates by weight
 * finds the lightest. The weight of a candidate is that of its contraction, and for each covariant that it needs that
 * covariant's own, shared among its users; since these are only known afterwards, the choice is repeated. At last each
 * covariant is left out for trial, and stays out where that is cheaper.
 */
#ifndef EQML_GEN_ENVIRONMENT_SELECT_H
#define EQML_GEN_ENVIRONMENT_SELECT_H
#include "environment/inventory.h"

typedef struct cloud_term {
    unsigned left, right; /* covariants of one l, the lower order to the left */
    unsigned block;
} cloud_term;

typedef struct selection {
    unsigned *users; /* [covariants] terms and covariants that need each */
    size_t nterms;
    cloud_term *term;                       /* [nterms] block by block */
    size_t terms_by_order[ORDER_LIMIT + 1]; /* that were chosen */
} selection;

/* selection_free releases it. */
selection selection_create(inventory *v);
void selection_free(selection *s);
#endif
