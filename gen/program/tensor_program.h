/*
 * The program of a tensor basis, on top of that of the potential: the operations of the values that only
 * tensors need, the vector factors, and the table of products with invariant factors.
 *
 *     D_v = sum over the elements (v, slot, base) of  slot * B_base       for generators; B: what is carried
 *     D_v = f_factor * D_source                                           for products
 *     T   = sum over runs (v, first, count) of  D_v * sum_k coefficient_k f_k
 *
 * As with the potential, rows of coefficients (one for each D_v) are laid out in tiles, four rows with
 * similar columns side by side; that decides the numbers of the vector factors.
 */
#ifndef EQML_GEN_PROGRAM_TENSOR_PROGRAM_H
#define EQML_GEN_PROGRAM_TENSOR_PROGRAM_H
#include "program/program.h"

typedef struct tensor_program {
    size_t nslots;             /* of the potential and of the values here, which follow those */
    unsigned one;              /* the slot that holds 1 */
    operation_list operations; /* without coefficients */
    size_t nvectors, ngenerators;
    size_t nelements;
    unsigned (*element)[3]; /* vector, slot, base; those of a vector stand together */
    size_t nproducts;
    unsigned (*product)[3]; /* vector, factor, source; sources come before their products */
    size_t nruns;
    product_run *run; /* left: vector */
    tile_list tiles;  /* rows: vectors; nvectors where unused */
    size_t nterms;
} tensor_program;

void tensor_program_free(tensor_program *p);
#endif
