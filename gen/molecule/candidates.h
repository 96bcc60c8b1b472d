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
    bool wanted;            /* what is found counts as a term */
    size_t orbit, nmembers; /* the orbit that is written behind the monomials, and how many members it has */
} block_search;

/*
 * Appends candidates that pass the test to the basis, until the rank of the choice, which begins with what
 * the block has already, is `dimension`. choice_complete then says whether there were enough.
 */
void candidates_fill(block_search *s, size_t dimension, const membership *test, bool wanted);
#endif
