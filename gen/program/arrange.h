/*
 * A program from the bare tables of one: the form in which contractions are found again.
 *
 * Tables have lost what a family knows: which operations are contractions of two covariants, and where the elements
 * of a covariant lie. They are found by their places: a contraction is a factor that is the sum of products of
 * neighbours with neighbours, and elements stand side by side from a multiple of four on, as in the programs of a
 * family. Factors get new numbers, in the order that suits their products; intermediate values stay in their slots.
 */
#ifndef EQML_GEN_PROGRAM_ARRANGE_H
#define EQML_GEN_PROGRAM_ARRANGE_H
#include "program/program.h"

/*
 * Slots of operations: inputs, intermediate values up to nslots, and factors, FACTOR_SLOT + k. Everything is read
 * after it is finished, intermediate values are made of inputs and of such alone, and each factor but the first, the
 * constant, is a target.
 */
typedef struct program_tables {
    size_t ninputs, nslots, nfactors, nproducts;
    factor *factor;
    operation_list operations;
    item_pair *product; /* [nproducts] distinct products of factors other than the constant */
} program_tables;

/* With rows where they pay and code can be had. */
program *program_arrange(const program_tables *t);
void program_tables_free(program_tables *t);
#endif
