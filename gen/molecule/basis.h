/*
 * The choice of the basis: which products of two lower terms, and which generators, make up the invariants.
 *
 * Block by block (a block is a multidegree), candidates are evaluated at random points modulo a prime and
 * kept if they raise the rank, until the rank is the number of invariants that the Molien series gives.
 * Independence modulo a prime proves independence, so a full count proves the basis complete.
 *
 * Candidates, in this order:
 *   1. products of two terms of the pool: all terms of degree up to half the total degree, and all generators;
 *   2. products of a generator and any other term, which then joins the pool. With these, every product of two
 *      invariants is spanned, so that what is still missing is a minimal set of generators;
 *   3. contractions of two covariants, the cheapest first; a covariant that is in use already costs nothing;
 *   4. orbit sums, those of connected multigraphs first.
 */
#ifndef EQML_GEN_MOLECULE_BASIS_H
#define EQML_GEN_MOLECULE_BASIS_H
#include "molecule/terms.h"

/*
 * The basis of the invariants. invariants[blocks]: their number in each block; orbits: those of all blocks.
 *
 * If the orbits were cut (orbits->wanted), the terms span what is kept. In each block they are chosen first,
 * among candidates that pass the test of membership, and then the rest of what is allowed, as factors.
 * Factors that no term needs are dropped at the end.
 *
 * Covariants are grown up to half the degree, or up to covariant_degree <= blocks->degree if that is higher.
 * There are then points enough to test the rank of covariants over atoms, and over pairs if the structure is
 * complete there.
 *
 * progress: called after each block with the number of terms so far, or NULL. Returns NULL and a one-line
 * reason in error[error_size] if no certified basis is found; basis_free releases the result.
 */
basis *basis_create(const composition *c, const blocks *blocks, const structure *structure,
                    const uint64_t *invariants, const orbit_list *orbits, int covariant_degree,
                    void (*progress)(size_t terms), char *error, size_t error_size);

/*
 * The basis of orbit sums, for comparison: each term is the sum of the monomials of one orbit, and all are
 * evaluated. NULL as above.
 */
basis *basis_of_orbits(const composition *c, const blocks *blocks, const structure *structure,
                       const orbit_list *orbits, char *error, size_t error_size);
#endif
