/*
 * The sets on which the group acts, and the bilinear patterns between them.
 *
 * A covariant over a set S is a polynomial f_x for each element x of S with f_gx(gy) = f_x(y). Sets are the
 * orbits of atoms and of atom pairs. Every covariant and every invariant that is not an explicit orbit sum is
 * built by one operation,
 *
 *     target[t] = sum over the triples (t, l, r) of a pattern of left[l] * right[r]
 *
 * which is equivariant because the set of triples is closed under the group. In the language of graphs, where
 * a monomial is a multigraph and a covariant a sum over the maps of its vertices to atoms with one or two
 * vertices held fixed, the patterns glue graphs together:
 *
 *     POINTWISE  f_x g_x              glue at the fixed vertices
 *     PUSH       sum_j A_ij g_j       attach a graph with two fixed vertices and forget the second
 *     SERIES     sum_k A_ik B_kj      join end to end and forget the middle
 *     ENDS       A_ij (g_i + g_j)     glue at one end
 *     TRANSFER   sum_y g_y            over the y that stand in one relation (an orbital) to x: from the H of a
 *                                     fragment to its O, from atoms to pairs
 *     CONTRACT   sum_x f_x g_x        glue and forget: an invariant
 *
 * Invariants need transfers only where fragments are exchanged as wholes, or the group is known by its
 * generators. Elsewhere those from atoms to pairs are needed as well for all covariants over pairs.
 */
#ifndef EQML_GEN_MOLECULE_STRUCTURE_H
#define EQML_GEN_MOLECULE_STRUCTURE_H
#include "molecule/composition.h"
#include <stdbool.h>

enum { SET_SCALAR = -1, SET_ONES = -2 }; /* the one-point set; "right[r] = 1" */

typedef struct point_set {
    bool pairs; /* elements are pair indices, else atoms */
    int count;
    int *element; /* [count] */
} point_set;

enum pattern_kind {
    PATTERN_POINTWISE,
    PATTERN_PUSH,
    PATTERN_SERIES,
    PATTERN_ENDS,
    PATTERN_TRANSFER,
    PATTERN_CONTRACT
};

typedef struct pattern {
    enum pattern_kind kind;
    int target, left, right; /* sets */
    bool square;             /* only for left == right: symmetric triples written once */
    int count;
    int (*triple)[3]; /* [count] positions in target, left, right; sorted by target */
} pattern;

typedef struct structure {
    int nsets;
    point_set *set;
    int npatterns;
    pattern *pattern;
    int *variable_set;      /* [npair_classes] set over which the pair variables of a class are a covariant,
                               SET_SCALAR where the class has one pair only */
    int *variable_position; /* [npairs] position of a pair in that set */
    bool over_pairs;
} structure;

/*
 * over_pairs: adds the patterns that make covariants over pairs complete; invariants and atoms do not need
 * them.
 */
structure *structure_create(const composition *c, bool over_pairs);

/* Position in a set of the image of each element under each generator: [ngenerators][count], for the caller
 * to free. */
int *structure_images(const composition *c, const point_set *set);
void structure_free(structure *s);
#endif
