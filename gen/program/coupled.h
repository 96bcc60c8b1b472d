/*
 * Programs whose values are tensors: products of angular momenta, and a quadratic form of what comes out. Like `program`
 * they know no family. They run from tables, with one kernel for all products of the same three l: written out, as the
 * operations of `program` are, they would overflow the cache of instructions from a few hundred products on.
 *
 * All components lie in one array of slots, those of a tensor, m = -l..l, side by side:
 *
 *     0                    the constant 1
 *     1 .. ninputs         the inputs: moments
 *     ninputs + 1 ..       products, kernel by kernel
 *
 *     slot[target + M] += value * slot[left + m1] * slot[right + m2]        for each constant of the kernel
 *     E = sum over rows, sum over their columns  coefficient * slot[row] . slot[column]
 *
 * The dot product is over the 2 l + 1 components. Terms are numbered in the order of rows and columns.
 */
#ifndef EQML_GEN_PROGRAM_COUPLED_H
#define EQML_GEN_PROGRAM_COUPLED_H
#include <stdbool.h>
#include <stddef.h>

typedef struct coupled_constant {
    int m1, m2, M; /* components from 0 on */
    double value;
} coupled_constant;

typedef struct coupled_kernel {
    int order, l1, l2, l; /* order: of the products */
    bool same;            /* left and right are one tensor */
    size_t nconstants;
    coupled_constant *constant; /* by M, m1, m2 */
    size_t first, count;        /* products */
} coupled_kernel;

typedef struct coupled_product {
    unsigned left, right, target;
} coupled_product;

typedef struct coupled_moment {
    int species, n, l;
    unsigned slot;
} coupled_moment;

typedef struct coupled_row {
    unsigned slot;
    int l;
    size_t first, count; /* columns */
} coupled_row;

typedef struct coupled_program {
    size_t ninputs, nslots; /* components */
    size_t nmoments, nkernels, nproducts, nrows, nterms;
    coupled_moment *moment;
    coupled_kernel *kernel;
    coupled_product *product;
    coupled_row *row; /* by l */
    unsigned *column; /* [nterms] slots */
    /* Multiplications and multiply-adds of an evaluation with all derivatives. */
    size_t forward, reverse, form;
} coupled_program;

/* Counts the operations of a program that is complete otherwise. */
void coupled_count(coupled_program *p);
void coupled_free(coupled_program *p);
#endif
