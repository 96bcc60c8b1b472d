/*
 * Patterns of blocks, and what may be chosen in each.
 *
 * Blocks that differ only in which channels have their l have the same invariants: a pattern is the list of (l, number
 * of factors) of the distinct channels of a block, its groups. It is solved once. Candidates are products, at L = L, of
 * two covariants whose factors together are those of the block: A, F = (A A)_L, T = (F A)_L. Their values at random
 * points, modulo the prime, decide which sets are independent; the characters say how large such sets are.
 */
#ifndef EQML_GEN_ENVIRONMENT_PATTERN_H
#define EQML_GEN_ENVIRONMENT_PATTERN_H
#include "algebra/modular.h"
#include "environment/level.h"
#include "environment/transvectant.h"

/* A covariant by its groups: 0 is the constant 1, 1 + g the moments of group g, all else a product of two others. */
typedef struct recipe {
    int l, left, right;               /* left: of order one or two, right: of order one */
    unsigned char order, natural;     /* natural: parity (-1)^l */
    unsigned char count[ORDER_LIMIT]; /* factors of each group */
} recipe;

typedef struct contraction {
    int left, right; /* recipes of the same l, the lower order to the left */
} contraction;

typedef struct cloud_pattern {
    int order, ngroups;
    int l[ORDER_LIMIT], multiplicity[ORDER_LIMIT]; /* by l, then the larger multiplicity first */
    size_t dimension;                              /* by characters */
    size_t length;                                 /* points, where it was solved */
    int nrecipes;
    recipe *recipe;
    size_t ncandidates;
    contraction *candidate;
    residue *value; /* [ncandidates][length] */
} cloud_pattern;

/* The pattern of groups in their order, with its dimension, not yet solved. */
cloud_pattern pattern_of(int ngroups, const int *l, const int *multiplicity);

/*
 * Finds recipes, candidates and their values. Candidates of natural parity throughout, if they span all there is;
 * else all. Returns the rank that was reached, which is the dimension where nothing is amiss.
 */
size_t pattern_solve(cloud_pattern *p, transvectants *t);
void pattern_free(cloud_pattern *p);
#endif
