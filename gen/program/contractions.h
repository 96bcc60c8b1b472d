/*
 * The contractions sum_x A[x] B[x] covariant by covariant: a row for each covariant, with its uses.
 *
 * All contractions over one set are the entries of a matrix between its covariants, the same matrix for each
 * element x of the set. So one pass over the rows does them for all elements side by side:
 *
 *     values      f_k = A . B                              over uses that have a value
 *     adjoints    dV/dA[x] = sum over uses of g_k B[x]     g = dV/df
 *     energy      sum over A of  A . (sum of g_k B)        over uses that only occur linearly
 *
 * Each contraction is a use of both its covariants. It counts as a value, or as energy, with the left one
 * only. Contractions done so have no coefficient; those that have one are operations like all others.
 */
#ifndef EQML_GEN_PROGRAM_CONTRACTIONS_H
#define EQML_GEN_PROGRAM_CONTRACTIONS_H
#include <stdbool.h>
#include <stddef.h>

/* A contraction of more vectors, or in lanes elements, than LONGEST is done in a loop, PART by PART. */
enum { CONTRACTION_LONGEST = 12, CONTRACTION_PART = 3 };

enum { ROW_ALIGNMENT = 4 }; /* elements of a row begin at a multiple of it, and are filled up with zeros */

typedef struct contraction_row {
    unsigned slot, count; /* elements of the covariant */
    unsigned nlinear, nvalues,
        nuses; /* first uses for the energy, then for values, then those on the right */
} contraction_row;

typedef struct contraction_use {
    unsigned factor, slot; /* and the first element of the other covariant */
} contraction_use;

typedef struct contraction_table {
    size_t nrows, nuses;
    contraction_row *row;
    contraction_use *use; /* row after row */
} contraction_table;

/* A contraction between two covariants, by their first slots. */
typedef struct contraction_item {
    unsigned factor, left, right;
    unsigned count; /* elements */
} contraction_item;

/* Whether contractions of so many operations are worth rows, and are not better done as single operations. */
bool contractions_pay(size_t noperations);

/* Rows in the order of slots; factors from `nvalues` on only occur linearly. contraction_table_free releases it. */
contraction_table contraction_table_create(size_t count, const contraction_item *items, size_t nvalues);
void contraction_table_free(contraction_table *t);
#endif
