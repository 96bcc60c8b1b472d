#ifndef EQML_GEN_MOLECULE_MOLIEN_H
#define EQML_GEN_MOLECULE_MOLIEN_H

/*
 * The numbers of invariants and covariants in each block, from the cycle types of the conjugacy classes of
 * the group (Burnside, Molien); no monomial is looked at. All numbers are exact.
 */

#include <stdint.h>

#include "algebra/blocks.h"
#include "molecule/composition.h"

/*
 * count[b->count] <- the number of independent invariants of each multidegree. b is over the pair classes of
 * c. Returns 0, or -1 if a number is above 2^62, or if the group has no tree and more than a million
 * elements.
 */
int molien_invariants(const composition *c, const blocks *b, uint64_t *count);

/*
 * Invariants of each multidegree in a set of monomials, which must be closed under the group: the sum over
 * masks, mask[nmasks][npairs], of weight times the monomials in the pairs of the mask (see indicator.h).
 */
int molien_masked(const composition *c, const blocks *b, size_t nmasks, const unsigned char *mask,
                  const int64_t *weight, uint64_t *count);

/* The same for the covariants of an atom class: invariants of the stabiliser of one of its atoms. */
int molien_covariants(const composition *c, const blocks *b, int atom_class, uint64_t *count);

/* The same for the covariants of a pair class: invariants of the stabiliser of one of its unordered pairs. */
int molien_pair_covariants(const composition *c, const blocks *b, int pair_class, uint64_t *count);

/*
 * The number of invariants of total degree exactly `degree`, without blocks: cheap, so that a caller may sum
 * over the degrees and refuse in time. UINT64_MAX if molien_invariants would fail.
 */
uint64_t molien_total(const composition *c, int degree);

/* The same for the covariants of an atom class. */
uint64_t molien_total_covariants(const composition *c, int atom_class, int degree);

/*
 * The work of these sums, known at once: how many conjugacy classes they go over (elements, if the group is
 * known by its generators), and in *bytes the memory that they take.
 */
double molien_classes(const composition *c, int degree, double *bytes);

#endif
