/*
 * The straight-line program that evaluates the factors, and the table of products.
 *
 * All values live in one array of slots:
 *
 *     0 .. npairs-1            the pair variables
 *     npairs ..                intermediate values: covariants, all elements of one side by side, and partial
 *                              monomials
 *     factor0 .. +nfactors-1   the factors; the first is the constant 1
 *
 * An operation adds slot[left] * slot[right] to slot[target]; right == factor0 (the constant) makes it a sum.
 * Operations with one target stand together, after everything that they read is finished. Before the first
 * one the target holds zero, or the offset of the factor. The reverse sweep runs the same list backwards.
 *
 * The factors are sorted: the constant, the core (those that occur in products), the rest; so a surface is
 *
 *     V = sum_k linear[k] f_k  +  sum over runs (left, first, count) of  f_left * sum_b coefficient f_b
 *
 * The operations are sorted as well: those of covariants and simple factors; from `contractions` on those of
 * contractions that have a value; from `products` on products of factors; from `linear` on contractions
 * [nvalues, nfactors) that only occur linearly, for which an evaluation needs no value. Where there are
 * `row`s (see contractions.h), these are the contractions once more.
 */
#ifndef GEN_PROGRAM_H
#define GEN_PROGRAM_H
#include "molecule/basis.h"
#include "program/contractions.h"
#include "program/matrices.h"
#include "program/tiles.h"

enum { SLOTS_LIMIT = 65536 }; /* the tables of a header hold 16-bit numbers */

/*
 * Programs of at most this many operations, not counting those of matrices, are straight-line code, which is
 * two to three times as fast; longer ones run from their table of operations. At the cutoff compilers need
 * 8 s for the header; the third copy, in float, stops earlier for that reason.
 */
enum { STRAIGHT_LINE_LIMIT = 6500, STRAIGHT_LINE_FLOATS_LIMIT = 2000, STRAIGHT_LINE_ORBITS_LIMIT = 20000 };

typedef struct operation {
    unsigned target, left, right;
} operation;

typedef struct run {
    unsigned left, first, count; /* products of factor `left` with factors first .. first + count - 1 */
} run;

typedef struct operation_count {
    size_t multiply, add, fma;
} operation_count;

typedef struct program {
    size_t npairs, nslots, factor0, nfactors, nvalues, ncore; /* ncore: with the constant */
    size_t noperations, operations_capacity;
    size_t contractions, products, linear; /* first operation of each part; noperations without rows */
    size_t first_row, end_rows;            /* slots of covariants */
    operation *operation;
    size_t *factor_term;      /* [nfactors] term of the basis */
    unsigned *factor_of_term; /* [terms of the basis] its factor, where it is one */
    unsigned *
        *element_slot; /* [covariants of the basis][element of its set], NULL where it is not evaluated */
    size_t ncovariants;
    contraction_table rows;
    matrix_table matrices; /* covariants that code computes as products of matrices, where it were too long */
    size_t nruns;
    run *run;
    tile_list tiles;
    size_t nwanted; /* factors that are terms */
    size_t nterms;
    operation_count energy, gradient; /* from the pair variables to V and to V and all dV/dy */
} program;

program *program_create(const basis *b);

/* Operations that are written out where there is code: all but those of matrices and of long contractions. */
size_t program_written_out(const program *p);
void program_free(program *p);
#endif
