/*
 * Operators between configurations as sparse matrices: two configurations that differ in more modes than the operator's terms have do
 * not meet. Terms are added one at a time, to all pairs that differ in no other mode, so that one at a time is in memory.
 */
#ifndef VCI_SPARSE_H
#define VCI_SPARSE_H
#include "vci/terms.h"

typedef struct sparse {
    int row_block, column_block;
    int triangle; /* nonzero: of a symmetric matrix within a block, the lower triangle with the diagonal, always there */
    size_t rows, columns;
    size_t *begin;    /* [rows + 1] */
    unsigned *column; /* [begin[rows]] ascending */
    double *value;    /* [begin[rows]] */
} sparse;

/* All zero, with room for what terms of up to `order` modes make of it. Nonzero: no memory. Released with sparse_free(). */
int sparse_make(sparse *a, const space *s, int row_block, int column_block, int triangle, int order);
void sparse_free(sparse *a);

/* How many elements that is; an estimate from some of the rows. */
double sparse_estimate(const space *s, int row_block, int column_block, int triangle, int order);

/* Adds a term; nonzero: no memory. */
int sparse_add_term(sparse *a, const space *s, const term_matrix *t);

/* Adds a number times the unit matrix, within a block. */
void sparse_add_constant(sparse *a, double constant);

/* Drops elements below `least`, but for the diagonal of a triangle, and gives back their room. */
void sparse_drop(sparse *a, double least);

/* y[rows] += factor A x; y[columns] += factor A^T x. */
void sparse_multiply(const sparse *a, double factor, const double *x, double *y);
void sparse_multiply_transposed(const sparse *a, double factor, const double *x, double *y);

#endif
