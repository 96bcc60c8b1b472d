/*
 * Covariants that are computed as products of matrices, and not operation by operation.
 *
 * A covariant over pairs is a matrix between atoms, one over atoms a vector. What a long pattern does, and
 * its derivatives, are then loops over matrices; written out, a series between n atoms would be n^3
 * operations, and twice as many backward:
 *
 *     SERIES      T += A B              dV/dA += dV/dT B^T         dV/dB += A^T dV/dT
 *     PUSH        t_i += A_ij g_j       dV/dA_ij += dV/dt_i g_j    dV/dg_j += dV/dt_i A_ij
 *     ENDS        T_ij += A_ij g_i      dV/dA_ij += dV/dT_ij g_i   dV/dg_i += dV/dT_ij A_ij
 *     POINTWISE   T_x += A_x B_x        dV/dA_x += dV/dT_x B_x     dV/dB_x += dV/dT_x A_x
 *
 * A matrix says where the elements of the covariants over one set of pairs stand between two lists of atoms,
 * so that covariants stay as they are. The operations stay in the table, for all who read that; none of them has
 * a coefficient. These are forms of molecules, whose covariants stand over pairs of atoms.
 */
#ifndef EQML_GEN_PROGRAM_MATRICES_H
#define EQML_GEN_PROGRAM_MATRICES_H
#include <stdbool.h>
#include <stddef.h>

typedef struct element_matrix {
    int set, nrows, ncolumns; /* set: a number, of the pairs that are its elements */
    int *row, *column;        /* atoms, ascending */
    unsigned *element;        /* [nrows][ncolumns] of the set, or none: the place after the last */
    unsigned none;
    bool symmetric;
    int nruns;
    int (*run)[4]; /* [nruns] row, first column, first element, number: see eqml_matrix */
} element_matrix;

enum matrix_kind {
    MATRIX_COPY, /* of the pair variables of a class, which then lie side by side */
    MATRIX_SUM,  /* of such a copy: a factor */
    MATRIX_SERIES,
    MATRIX_PUSH,
    MATRIX_ENDS,
    MATRIX_POINTWISE
};

/* A pattern, and the numbers of its matrices; `half`: of a series A A, of which T takes the part above the
 * diagonal. */
typedef struct matrix_form {
    enum matrix_kind kind;
    int pattern; /* the number by which the form is found; of copies and sums, that of the set */
    bool half;
    size_t left, left_turned, right, right_turned, target;
    unsigned nleft, nright, ntarget; /* elements */
} matrix_form;

enum { RIGHT_ONES = -1 };

/* One covariant: the operations [first, end) of the program, and the first slots of T, A and B. Copies have
 * only T, sums only A. */
typedef struct matrix_step {
    size_t form, first, end;
    unsigned target, left;
    long right; /* or RIGHT_ONES */
} matrix_step;

typedef struct matrix_table {
    size_t nmatrices, nforms, nsteps;
    element_matrix *matrix;
    matrix_form *form;
    matrix_step *step; /* in the order of operations */
} matrix_table;

/* Finds the runs of a matrix, whose lists and elements the table owns from now on, and appends it; its number. */
size_t matrix_add(matrix_table *t, element_matrix m);
void matrix_append_form(matrix_table *t, matrix_form f);

/* The number of the form of a pattern, or of a copy or sum over a set, or nforms. */
size_t matrix_find_form(const matrix_table *t, enum matrix_kind kind, int pattern);
size_t matrix_find_pattern(const matrix_table *t, int pattern);
void matrix_append_step(matrix_table *t, matrix_step step);

/* The step that begins with operation `first`; that ends before operation `end`; or NULL. */
const matrix_step *matrix_step_from(const matrix_table *t, size_t first);
const matrix_step *matrix_step_until(const matrix_table *t, size_t end);

/* Operations that are done by steps. */
size_t matrix_operations(const matrix_table *t);

/* matrix_table_free releases the table, matrix_free what one matrix owns. */
void matrix_free(element_matrix *m);
void matrix_table_free(matrix_table *t);
#endif
