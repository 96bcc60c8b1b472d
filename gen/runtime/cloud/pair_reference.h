/* Pair potentials beneath a fit, so that short distances are right: Ziegler-Biersack-Littmark, or fitted repulsion. */
#ifndef EQML__CLOUD_PAIR_REFERENCE_H
#define EQML__CLOUD_PAIR_REFERENCE_H
#include "cloud/pairs.h"
#include "status.h"

EQML_API eqml_status eqml_pair_zbl(double z1, double z2, double inner, double outer,
                                   eqml_pair_reference *pair);
/*
 * The universal repulsion of two nuclei of charges z1 and z2, atomic numbers, which from `inner` to `outer` (bohr) goes
 * over to zero as in LAMMPS's pair_style zbl. J. F. Ziegler, J. P. Biersack, U. Littmark, The Stopping and Range of Ions
 * in Matter (1985). Its constants are those of LAMMPS: screening length 0.46850 angstrom / (z1^0.23 + z2^0.23), square of
 * the electron's charge 14.399645 eV angstrom (2e-8 of it off today's value).
 *
 * EQML_ERROR_ARGUMENT: charges that are not positive, or not 0 <= inner < outer.
 */

EQML_API eqml_status eqml_pair_fit(double z1, double z2, double inner, double outer, size_t n,
                                   const double *distance, const double *energy, eqml_pair_reference *pair,
                                   double *error);
/*
 * The same with weights that are fitted to n energies (hartree) of two atoms at distances below `outer` (bohr), against
 * atoms far apart: weights at least zero of four screened charges, whose screening lengths are those of
 * Ziegler, Biersack and Littmark times a factor of 1/2 to 2. Squares of relative errors are least; *error is the root of
 * their mean, and may be NULL.
 *
 * EQML_ERROR_ARGUMENT: as above. EQML_ERROR_EMPTY: no energies. EQML_ERROR_VALUE: a distance that is not between 0 and
 * `outer`, an energy that is not positive: repulsion only.
 */

#endif /* EQML__CLOUD_PAIR_REFERENCE_H */
