/*
 * The number of invariants of a block, without looking at one: an integral of characters over the rotations.
 *
 * The symmetric power Sym^k(V_l) has a vector of weight M for each choice of k of the m = -l..l, repeats allowed,
 * that adds up to M: the Gaussian binomial coefficient [2l+k, k] in q, centred. In the product over the channels of a
 * block, q^0 counts one vector for each irreducible part of any L >= 0, q^1 for each of L >= 1: their difference is the
 * number of invariants. It depends on the pattern of (l, k) alone.
 */
#ifndef EQML_GEN_ENVIRONMENT_CHARACTERS_H
#define EQML_GEN_ENVIRONMENT_CHARACTERS_H
#include <stdint.h>

/* ngroups channels, the g-th of l[g] occurring k[g] times; in all at most ORDER_LIMIT factors, l <= LMAX_LIMIT. Under
 * reflection the invariants change their sign where the sum of k l is odd. */
uint64_t characters_invariants(int ngroups, const int *l, const int *k);
#endif
