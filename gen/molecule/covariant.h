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

/* Two covariants whose contraction is a candidate, and what it would cost in multiply-adds. */
typedef struct contraction {
    int left, right;
    int cost;
} contraction;

/* *list <- all contractions of a block, the cheapest first, for the caller to free. Returns their number. */
size_t contractions_find(const basis *b, size_t block, contraction **list);

/* value[begin .. end) <- a contraction at these points. */
void contraction_values(const basis *b, int left, int right, size_t begin, size_t end, residue *value);

/* Appends a covariant, which the caller fills in. */
covariant *covariant_append(basis *b);

/*
 * The first covariant over a set from `v` on, or `end`: the range of a block and set may hold those of
 * others.
 */
int covariant_next(const basis *b, int set, int v, int end);

/*
 * Marks a covariant, and all that it is made of, as needed by a user. What the potential needs is there for
 * all users.
 */
void covariant_use(basis *b, int covariant, unsigned user);
#endif
