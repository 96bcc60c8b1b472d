/*
 * Sets of monomials as signed sums of masks. A mask is a set of pairs, and stands for the monomials in these
 * pairs alone. The weights of the masks that hold a monomial add up to 1 if it is in the set, and to 0
 * otherwise (inclusion and exclusion). Two uses:
 *
 *     counting      the monomials of a mask are easily counted, so those of the set are, by the same sum;
 *     projection    a polynomial whose variables outside a mask are zero keeps the monomials of the mask, so
 *                   the same sum of such values is the value of its part in the set.
 */
#ifndef EQML_GEN_MOLECULE_INDICATOR_H
#define EQML_GEN_MOLECULE_INDICATOR_H

#include <stddef.h>
#include <stdint.h>

#include "molecule/composition.h"

enum { INDICATOR_LIMIT = 20000 }; /* masks */

typedef struct indicator {
    int npairs;
    int overflow; /* more than INDICATOR_LIMIT masks: there are none, here and in what is made from this */
    size_t count;
    unsigned char *mask; /* [count][npairs] 1 for a pair that the mask holds; distinct, in ascending order */
    int64_t *weight;     /* [count], none zero */
} indicator;

/* All monomials. */
indicator indicator_all(const composition *c);

/* Monomials that touch at most `body` atoms; body < natoms. */
indicator indicator_body(const composition *c, int body);

/* Monomials whose edges between fragments connect all of them; label[natoms] from 0 to nfragments - 1. */
indicator indicator_connected(const composition *c, const int *label, int nfragments);

/* Monomials with all edges within fragments. */
indicator indicator_within(const composition *c, const int *label);

/* The complement. */
indicator indicator_not(const composition *c, const indicator *a);

/* The intersection. */
indicator indicator_and(const indicator *a, const indicator *b);

void indicator_free(indicator *a);

#endif
