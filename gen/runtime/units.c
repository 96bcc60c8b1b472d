/* Units by name. */
#ifndef EQML__UNITS_C
#define EQML__UNITS_C
#include "units.h"
#include "text.c"

#define EQML__DEBYE 0.39343026952179116 /* e*bohr; 1e-21 / 299792458 coulomb metres, CODATA 2018 */

/* A name, the name that messages use, and the size in atomic units. The first of a size is that other name. */
typedef struct eqml__unit {
    eqml_quantity quantity;
    const char *name, *usual;
    double size;
} eqml__unit;

static const eqml__unit eqml__units[] = {
    {EQML_UNIT_ENERGY, "hartree", "hartree", 1},
    {EQML_UNIT_ENERGY, "hartrees", "hartree", 1},
    {EQML_UNIT_ENERGY, "ha", "hartree", 1},
    {EQML_UNIT_ENERGY, "eh", "hartree", 1},
    {EQML_UNIT_ENERGY, "ev", "eV", EQML_EV},
    {EQML_UNIT_ENERGY, "mev", "meV", 1e-3 * EQML_EV},
    {EQML_UNIT_ENERGY, "ry", "Ry", 0.5},
    {EQML_UNIT_ENERGY, "rydberg", "Ry", 0.5},
    {EQML_UNIT_ENERGY, "kcal/mol", "kcal/mol", 1 / 627.5094740631},
    {EQML_UNIT_ENERGY, "kcal", "kcal/mol", 1 / 627.5094740631},
    {EQML_UNIT_ENERGY, "kj/mol", "kJ/mol", 1 / 2625.4996394799},
    {EQML_UNIT_ENERGY, "kj", "kJ/mol", 1 / 2625.4996394799},
    {EQML_UNIT_ENERGY, "cm-1", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "cm^-1", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "cm^{-1}", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "cm**-1", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "1/cm", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "wavenumber", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "wavenumbers", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "kelvin", "K", 1 / 315775.02480407},
    {EQML_UNIT_ENERGY, "k", "K", 1 / 315775.02480407},
    {EQML_UNIT_LENGTH, "bohr", "bohr", 1},
    {EQML_UNIT_LENGTH, "bohrs", "bohr", 1},
    {EQML_UNIT_LENGTH, "a0", "bohr", 1},
    {EQML_UNIT_LENGTH, "angstrom", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "angstroms", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "ang", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "a", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "\xC3\x85", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "pm", "pm", 1e-2 * EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "nm", "nm", 10 * EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "e*bohr", "e*bohr", 1},
    {EQML_UNIT_DIPOLE, "e*a0", "e*bohr", 1},
    {EQML_UNIT_DIPOLE, "ea0", "e*bohr", 1},
    {EQML_UNIT_DIPOLE, "e*angstrom", "e*angstrom", EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "e*ang", "e*angstrom", EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "e*a", "e*angstrom", EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "ea", "e*angstrom", EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "debye", "debye", EQML__DEBYE},
    {EQML_UNIT_DIPOLE, "d", "debye", EQML__DEBYE},
    {EQML_UNIT_QUADRUPOLE, "e*bohr^2", "e*bohr^2", 1},
    {EQML_UNIT_QUADRUPOLE, "ea0^2", "e*bohr^2", 1},
    {EQML_UNIT_QUADRUPOLE, "e*angstrom^2", "e*angstrom^2", EQML_ANGSTROM *EQML_ANGSTROM},
    {EQML_UNIT_QUADRUPOLE, "e*a^2", "e*angstrom^2", EQML_ANGSTROM *EQML_ANGSTROM},
    {EQML_UNIT_QUADRUPOLE, "debye*angstrom", "debye*angstrom", EQML__DEBYE *EQML_ANGSTROM},
    {EQML_UNIT_QUADRUPOLE, "buckingham", "debye*angstrom", EQML__DEBYE *EQML_ANGSTROM},
    {EQML_UNIT_POLARIZABILITY, "bohr^3", "bohr^3", 1},
    {EQML_UNIT_POLARIZABILITY, "a0^3", "bohr^3", 1},
    {EQML_UNIT_POLARIZABILITY, "angstrom^3", "angstrom^3", EQML_ANGSTROM *EQML_ANGSTROM *EQML_ANGSTROM},
    {EQML_UNIT_POLARIZABILITY, "a^3", "angstrom^3", EQML_ANGSTROM *EQML_ANGSTROM *EQML_ANGSTROM},
};

/* A name of a unit in the words of messages, and its size; size 0: none. */
typedef struct eqml__measure {
    char name[32];
    double size;
} eqml__measure;

/* An energy, "/", and a length: the slash is the last one, since energies may have one too. */
static eqml__measure eqml__find_unit(eqml_quantity quantity, eqml__span name)
{
    static const char *const atomic[EQML_QUANTITIES] = {"hartree", "bohr",     "hartree/bohr",
                                                        "e*bohr",  "e*bohr^2", "bohr^3"};
    eqml__measure found = {"", 0};
    if (eqml__equals(name, "au") || eqml__equals(name, "a.u.") || eqml__equals(name, "atomic")) {
        strcpy(found.name, atomic[quantity]);
        found.size = 1;
        return found;
    }
    for (size_t k = 0; k < sizeof eqml__units / sizeof *eqml__units; k++)
        if (eqml__units[k].quantity == quantity && eqml__equals(name, eqml__units[k].name)) {
            strcpy(found.name, eqml__units[k].usual);
            found.size = eqml__units[k].size;
        }
    const char *slash = name.end;
    while (quantity == EQML_UNIT_GRADIENT && slash > name.begin && *--slash != '/')
        ;
    if (quantity != EQML_UNIT_GRADIENT || slash <= name.begin)
        return found;
    const eqml__span above = {name.begin, slash}, below = {slash + 1, name.end};
    const eqml__measure energy = eqml__find_unit(EQML_UNIT_ENERGY, above),
                        length = eqml__find_unit(EQML_UNIT_LENGTH, below);
    if (energy.size > 0 && length.size > 0) {
        snprintf(found.name, sizeof found.name, "%.15s/%.15s", energy.name, length.name);
        found.size = energy.size / length.size;
    }
    return found;
}

EQML_API double eqml_unit(eqml_quantity quantity, const char *name)
{
    const int known = name && (unsigned)quantity < (unsigned)EQML_QUANTITIES;
    return known ? eqml__find_unit(quantity, eqml__span_of(name)).size : 0;
}

EQML_API const char *eqml_unit_names(eqml_quantity quantity)
{
    static const char *const names[EQML_QUANTITIES] = {
        "hartree, eV, meV, Ry, kcal/mol, kJ/mol, cm-1 or K",  "angstrom, bohr, pm or nm",
        "hartree/bohr, eV/angstrom or another energy/length", "e*angstrom, e*bohr or debye",
        "e*angstrom^2, e*bohr^2 or debye*angstrom",           "bohr^3 or angstrom^3"};
    return names[quantity];
}

#endif /* EQML__UNITS_C */
