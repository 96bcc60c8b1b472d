/*
 * A straight-line program that evaluates factors from inputs, and the table of their products. It knows no
 * family: the inputs may be pair variables of a molecule, or whatever else a basis is made of.
 *
 * All values live in one array of slots:
 *
 *     0 .. ninputs-1           the inputs
 *     ninputs ..               intermediate values: covariants, all elements of one side by side, and partial
 *                              monomials
 *     factor0 .. +nfactors-1   the factors; the first is the constant 1
 *
 * An operation adds slot[left] * slot[right], or a multiple of it, to slot[target] (see operations.h);
 * right == factor0 (the constant) makes it a sum. Before the first operation of a target this holds zero, or the
 * offset of the factor. The reverse sweep runs the same list backwards.
 *
 * The factors are sorted: the constant, the core (those that occur in products), the rest; so a surface is
 *
 *     V = sum_k linear[k] f_k  +  sum over runs (left, first, count) of  f_left * sum_b coefficient f_b
 *
 * The operations are sorted as well: those of intermediate values and simple factors; from `contractions` on those
 * of contractions that have a value; from `products` on products of factors; from `linear` on contractions
 * [nvalues, nfactors) that only occur linearly, for which an evaluation needs no value. Where there are
 * `row`s (see contractions.h), these are the contractions once more. A program without rows has neither part.
 *
 * A family builds a program in this order: inputs, slots, operations (whose targets and operands FACTOR_SLOT + k
 * are the factors), factors in the order of their numbers, the marks of the parts, and program_finish.
 */
#ifndef EQML_GEN_PROGRAM_PROGRAM_H
#define EQML_GEN_PROGRAM_PROGRAM_H
#include "program/contractions.h"
#include "program/matrices.h"
#include "program/operations.h"
#include "program/products.h"

enum { SLOTS_LIMIT = 65536 }; /* the tables of a header hold 16-bit numbers */

/*
 * Programs of at most this many operations, not counting those of matrices, are straight-line code, which is
 * two to three times as fast; longer ones run from their table of operations. At the cutoff compilers need
 * 8 s for the header, and as long again where the copy in float is called.
 */
enum { STRAIGHT_LINE_LIMIT = 6500, STRAIGHT_LINE_ORBITS_LIMIT = 20000 };

enum { FACTOR_SLOT = 1u << 30 }; /* where the factors stand until the number of slots is known */

typedef struct operation_count {
    size_t multiply, add, fma;
} operation_count;

typedef struct factor {
    unsigned char degree;
    bool is_term; /* the others only occur in products */
} factor;

typedef struct program {
    size_t ninputs, nslots, factor0, nfactors, nvalues, ncore; /* ncore: with the constant */
    operation_list operations;
    size_t contractions, products, linear; /* first operation of each part; their number without rows */
    size_t first_row, end_rows;            /* slots of covariants */
    factor *factor;                        /* [nfactors] */
    bool plain;                            /* orbit sums for comparison: no reverse sweep */
    contraction_table rows;
    matrix_table matrices; /* covariants that code computes as products of matrices, where it were too long */
    size_t nruns;
    product_run *run;
    tile_list tiles;
    size_t nwanted; /* factors that are terms */
    size_t nterms;
    operation_count energy, gradient; /* from the inputs to V and to V and all dV/dinput */
} program;

/* program_free releases it. */
program *program_create(size_t ninputs);

/* The number of another factor. */
unsigned program_add_factor(program *p, int degree, bool is_term);

/* Gives the factors their slots, makes the tables of products and, if `by_rows`, of contractions, and counts. */
void program_finish(program *p, const product_list *products, bool by_rows);

/* Operations that are written out where there is code: all but those of matrices and of long contractions. */
size_t program_written_out(const program *p);
void program_free(program *p);
#endif
