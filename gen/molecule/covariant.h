/* The covariants from which generators are contracted, grown degree by degree beside the invariants. */
#ifndef GEN_COVARIANT_H
#define GEN_COVARIANT_H
#include "molecule/basis.h"

/* Block i minus block j, or BLOCKS_NONE where an exponent would be negative. */
size_t block_difference(const blocks *b, size_t i, size_t j);

/* The sum of count monomials, each of up to b->degree variables, at all points. */
void monomials_values(const basis *b, const unsigned short *monomial, size_t count, residue *value);

/* Values of a term at the first `length` points. */
void term_values(const basis *b, const term *t, size_t length, residue *value);

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

void contraction_values(const basis *b, int left, int right, size_t length, residue *value);

/* Room for one more, which the caller fills. */
covariant *covariant_append(basis *b);

/* The next covariant over a set, from `v` on, or `end`: the range of a block and set may hold others between. */
int covariant_next(const basis *b, int set, int v, int end);

/* Marks a covariant, and what it is made of, as needed by a user; the potential's are there for everybody. */
void covariant_use(basis *b, int covariant, unsigned user);
#endif
