#ifndef EQML_GEN_MOLECULE_CANONICAL_H
#define EQML_GEN_MOLECULE_CANONICAL_H

/*
 * Canonical forms of monomials: two monomials are in one orbit if and only if their keys are equal. A
 * monomial of degree d touches at most 2d atoms, and its key is that of a small coloured graph, whatever the
 * group.
 */

#include <stddef.h>

#include "molecule/composition.h"
#include "algebra/keyset.h"

typedef struct canonical canonical;

/* Scratch for keys of monomials up to a degree; c must outlive it. */
canonical *canonical_create(const composition *c, int max_degree);

/*
 * Finds the key of monomial[degree], an ascending list of pairs, degree <= max_degree. Returns its length;
 * *key is valid until the next call.
 */
size_t canonical_key(canonical *k, const unsigned short *monomial, int degree, const unsigned short **key);

/* Releases the scratch. */
void canonical_free(canonical *k);

/* The image of monomial[degree] under map[natoms], in ascending order. */
void canonical_image(const composition *c, const int *map, const unsigned short *monomial, int degree,
                     unsigned short *image);

/*
 * Fills the set with the orbit of monomial[degree], by closure under the generators. Returns 0, or -1 as soon
 * as there are more than `limit` members.
 */
int canonical_closure(const composition *c, const unsigned short *monomial, int degree, size_t limit,
                      keyset *set);

#endif
