/*
 * Polynomials with few operations. A homogeneous polynomial is written as a sum of products, each of a sum of
 * variables and a polynomial of one degree less,
 *
 *     P = sum_g (sum of the variables of g) * Q_g
 *
 * and so on downwards. Polynomials that come again, in one polynomial or in several, are computed once, whatever the
 * number that multiplies them. Coefficients need not be 1; orbit sums, where all are, have none in what they become.
 */
#ifndef EQML_GEN_PROGRAM_FACTORISE_H
#define EQML_GEN_PROGRAM_FACTORISE_H

#include "algebra/keyset.h"

typedef struct slot_product {
    unsigned left, right; /* slots; right is FACTORISE_ONE for a sum */
    double coefficient;
} slot_product;

/* Adds a product to a slot of the program. */
typedef void factorise_emit(void *program, unsigned target, slot_product product);

enum { FACTORISE_ONE = -1 };

typedef struct factoriser {
    keyset known;   /* polynomials: degree, the monomials in order, the coefficients if not all are 1 */
    unsigned *slot; /* [known.count], room for slots_room */
    size_t slots_room;
    size_t *frequency; /* [nvariables] of zeros between calls */
    int nvariables;
    unsigned (*new_slot)(void *program);
    factorise_emit *emit;
    void *program;
} factoriser;

/* For polynomials in nvariables; what is needed below a polynomial goes to `program` by new_slot and emit. */
factoriser factoriser_create(int nvariables, unsigned (*new_slot)(void *program), factorise_emit *emit,
                             void *program);

/*
 * The products whose sum is the polynomial; everything below them is emitted. monomial[count]: each of the
 * first `degree` of `stride` variables, ascending; all distinct, degree >= 1. coefficient[count]: none is 0; or NULL,
 * all are 1. Variables are their own slots. Returns their number; *products is for the caller to free.
 */
size_t factorise(factoriser *f, const unsigned short *monomial, const double *coefficient, size_t count,
                 int stride, int degree, slot_product **products);

void factoriser_free(factoriser *f);

#endif
