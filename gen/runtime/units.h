/* Units by name. */
#ifndef EQML__UNITS_H
#define EQML__UNITS_H
#include "status.h"

/* What data have units of. */
typedef enum eqml_quantity {
    EQML_UNIT_ENERGY,
    EQML_UNIT_LENGTH,
    EQML_UNIT_GRADIENT, /* also of forces */
    EQML_UNIT_DIPOLE,   /* from here on in the order of eqml_tensor */
    EQML_UNIT_QUADRUPOLE,
    EQML_UNIT_POLARIZABILITY,
    EQML_QUANTITIES
} eqml_quantity;

EQML_API double eqml_unit(eqml_quantity quantity, const char *name);
/*
 * A unit in atomic units (CODATA 2018), or 0 where the name is not known. Names in any case; `au` is the atomic unit
 * of each quantity.
 *
 *   energy          hartree (Ha, Eh), eV, meV, Ry, kcal/mol, kJ/mol, cm-1 (cm^-1), K
 *   length          bohr, angstrom (A), pm, nm
 *   gradient        an energy, "/" and a length: hartree/bohr, eV/angstrom, kcal/mol/angstrom
 *   dipole          e*bohr, e*angstrom, debye (D)
 *   quadrupole      e*bohr^2, e*angstrom^2, debye*angstrom (buckingham)
 *   polarizability  bohr^3, angstrom^3
 */

EQML_API const char *eqml_unit_names(eqml_quantity quantity);
/* Those that are worth listing, "hartree, eV, ..."; the text is constant. */

#endif /* EQML__UNITS_H */
