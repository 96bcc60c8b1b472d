/*
 * Orbit sums with few operations. A homogeneous polynomial with coefficients 1 is written as a sum of
 * products, each of a sum of variables and a polynomial of one degree less,
 *
 *     P = sum_g (sum of the variables of g) * Q_g
 *
 * and so on downwards. Polynomials that come again, in one orbit sum or in several, are computed once.
 */
#ifndef GEN_FACTORISE_H
#define GEN_FACTORISE_H

#include "algebra/keyset.h"

typedef struct slot_product {
    unsigned left, right; /* slots; right is FACTORISE_ONE for a sum */
} slot_product;

enum { FACTORISE_ONE = -1 };

typedef struct factoriser {
    keyset known;   /* polynomials: degree, then the monomials in order */
    unsigned *slot; /* [known.count], room for slots_room */
    size_t slots_room;
    size_t *frequency; /* [nvariables] of zeros between calls */
    int nvariables;
    unsigned (*new_slot)(void *program);
    void (*emit)(void *program, unsigned target, unsigned left, unsigned right);
    void *program;
} factoriser;

/* For polynomials in nvariables; what is needed below a polynomial goes to `program` by new_slot and emit. */
factoriser factoriser_create(int nvariables, unsigned (*new_slot)(void *program),
                             void (*emit)(void *program, unsigned target, unsigned left, unsigned right),
                             void *program);

/*
 * The products whose sum is the polynomial; everything below them is emitted. monomial[count]: each of the
 * first `degree` of `stride` variables, ascending; all distinct, degree >= 1. Variables are their own slots.
 * Returns their number; *products is for the caller to free.
 */
size_t factorise(factoriser *f, const unsigned short *monomial, size_t count, int stride, int degree,
                 slot_product **products);

void factoriser_free(factoriser *f);

#endif
