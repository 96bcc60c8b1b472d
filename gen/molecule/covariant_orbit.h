/* Covariants written out as sums over orbits: what completes a basis where nothing shorter does. */
#ifndef EQML_GEN_MOLECULE_COVARIANT_ORBIT_H
#define EQML_GEN_MOLECULE_COVARIANT_ORBIT_H
#include "molecule/terms.h"

/*
 * Appends the covariant whose element x sums the monomials to which the group takes monomial[degree], of
 * `block`, as it takes `element` to x. Its number, or -1 where it has too many monomials. No range of blocks
 * holds it.
 */
int covariant_append_orbit(basis *b, int set, int element, const unsigned short *monomial, int degree,
                           size_t block);

/* Takes the last covariant back, one that covariant_append_orbit made. */
void covariant_remove_orbit(basis *b);
#endif
