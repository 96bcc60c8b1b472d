/* The covariants from which generators are contracted, grown degree by degree beside the invariants. */
#ifndef EQML_GEN_MOLECULE_COVARIANT_H
#define EQML_GEN_MOLECULE_COVARIANT_H
#include "molecule/terms.h"

/*
 * Adds the covariants of one block over every set: a minimal set of generators, as far as the patterns reach,
 * of the module of covariants over the invariants. Needs all terms of the block and of those below it, and
 * must be called once for every block in order.
 */
void covariants_grow(basis *b, size_t block, rank_space *space);

/* The pair (left, right) of covariants whose contraction is a candidate, and its cost in multiply-adds. */
typedef struct contraction {
    int left, right;
    int cost;
} contraction;

/* All contractions that fall into a block, cheapest first; the caller frees. Their number. */
size_t contractions_find(const basis *b, size_t block, contraction **list);

/* Its values at the points [begin, end), at their places in value[npoints]. */
void contraction_values(const basis *b, int left, int right, size_t begin, size_t end, residue *value);

/* Room for one more, which the caller fills. */
covariant *covariant_append(basis *b);

/* The next covariant over a set, from `v` on, or `end`: the range of a block and set may hold others between. */
int covariant_next(const basis *b, int set, int v, int end);

/* Marks a covariant, and what it is made of, as needed by a user; the potential's are there for everybody. */
void covariant_use(basis *b, int covariant, unsigned user);
#endif
