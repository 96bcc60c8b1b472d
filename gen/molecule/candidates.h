/* The candidates for the terms of a block, in the order of basis.h. */
#ifndef EQML_GEN_MOLECULE_CANDIDATES_H
#define EQML_GEN_MOLECULE_CANDIDATES_H
#include "algebra/choose.h"
#include "molecule/terms.h"

/* The work on one block. */
typedef struct block_search {
    basis *b;
    choice choice;
    const orbit_list *orbits;
    size_t block;
    int degree;
    bool wanted;            /* what is found is a term */
    size_t orbit, nmembers; /* the orbit that stands behind the monomials, and its members */
} block_search;

/*
 * Candidates that pass the test, until the rank of the choice, which holds what the block has already, is
 * `dimension`; what is found is appended to the basis. Whether the choice is complete says whether that was enough.
 */
void candidates_fill(block_search *s, size_t dimension, const membership *test, bool wanted);
#endif
