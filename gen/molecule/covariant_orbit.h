/* Covariants written out as sums over orbits: what completes a basis where nothing shorter does. */
#ifndef EQML_GEN_MOLECULE_COVARIANT_ORBIT_H
#define EQML_GEN_MOLECULE_COVARIANT_ORBIT_H
#include "molecule/terms.h"

/*
 * Appends the covariant over a set whose element x is the sum of the images of monomial[degree], of `block`,
 * under those elements of the group that take `element` to x. Returns its number, or -1 if it has too many
 * monomials. The ranges of blocks do not contain it.
 */
int covariant_append_orbit(basis *b, int set, int element, const unsigned short *monomial, int degree,
                           size_t block);

/* Removes the last covariant, which covariant_append_orbit must have made. */
void covariant_remove_orbit(basis *b);
#endif
