/* Which atom of a molecule is which of the surface. */
#ifndef EQML_KIM_MATCH_H
#define EQML_KIM_MATCH_H
#include "family.h"

int match_molecule(int n, const int *species, const int *classes, const unsigned char *reference,
                   const int *found_species, const unsigned char *found, int *order);
/*
 * Atom k of the surface is order[k] of the molecule that was found. Where all atoms of an element are alike, by the elements;
 * else the bonds found[n][n] must be those of reference[n][n] as well. Nonzero: it is another molecule.
 */

int check_reference(int n, const unsigned char *reference, const int *species, const int *classes,
                    double bond, const char *symbols, char why[FAMILY_WHY]);
/* Nonzero, with why: the bonds do not make one molecule, or do not tell atoms of one element apart that are not alike. */

#endif
