/*
 * The monomials that a basis is to span, if these are not all up to the degree. Two sets, both closed under
 * the group:
 *
 *     allowed    a product is allowed only if its factors are: caps of the degree in a pair class, a cap of
 *                the number of atoms that are touched, intramolecular terms alone
 *     kept       among the allowed: what vanishes when fragments part. Factors of kept terms need not be kept.
 *
 * The certificate counts both sets in two ways: orbits of monomials that a predicate accepts one by one, and
 * the mean over the group (Burnside) of a signed sum over masks.
 */
#ifndef EQML_GEN_MOLECULE_WANTED_H
#define EQML_GEN_MOLECULE_WANTED_H

#include <stdbool.h>
#include <stdint.h>

#include "algebra/blocks.h"
#include "molecule/composition.h"
#include "molecule/fragments.h"
#include "molecule/indicator.h"

enum terms_kind {
    TERMS_ALL,
    TERMS_PURIFIED,          /* edges between fragments connect all of them: V vanishes as one leaves */
    TERMS_NO_INTRAMOLECULAR, /* some edge is between fragments */
    TERMS_INTRAMOLECULAR     /* no edge is */
};

/* What is asked for; all zero means everything. */
typedef struct wanted_request {
    enum terms_kind terms;
    fragments fragments; /* unless terms are all */
    int body;            /* atoms that a term touches; 0: any number */
    int *cap;            /* [npair_classes] degree in each class, -1: any; or NULL */
} wanted_request;

typedef struct wanted {
    const composition *composition;
    const wanted_request *request;
    size_t nimages;
    int *label;              /* [nimages][natoms] the fragments, and their images under the group */
    bool all_allowed;        /* only whole blocks are cut, which takes no masks */
    indicator allowed, kept; /* within blocks that the caps leave */
    uint64_t *allowed_count; /* [blocks] */
    uint64_t *kept_count;    /* [blocks] */
} wanted;

/*
 * Finds the sets of a request and counts them by Burnside; c, b and the request must outlive it. Returns NULL
 * and a one-line message if nothing but the constant would be left, or if the sets are too many to count.
 */
wanted *wanted_create(const composition *c, const blocks *b, const wanted_request *request, char *error,
                      size_t error_size);
void wanted_free(wanted *w);

/* The predicates, for monomial[degree]: the same for all members of an orbit. kept implies allowed. */
bool wanted_allows(const wanted *w, const unsigned short *monomial, int degree);
bool wanted_keeps(const wanted *w, const unsigned short *monomial, int degree);

void wanted_request_free(wanted_request *r);

#endif
