/* Data sets. */
#ifndef EQML__DATA_H
#define EQML__DATA_H
#include "status.h"
#include "basis.h"

enum {
    EQML_HAS_ENERGY = 1,
    EQML_HAS_GRADIENT = 2,
    EQML_HAS_DIPOLE = 4, /* EQML_HAS_DIPOLE << kind: a tensor */
    EQML_HAS_QUADRUPOLE = 8,
    EQML_HAS_POLARIZABILITY = 16
};

/* Geometries of one molecule, all with the same atoms in the same order. */
typedef struct eqml_data {
    int natoms;
    size_t n;           /* geometries */
    char (*symbols)[4]; /* [natoms] element labels in the data's order, "H", "Cl" */
    double *xyz;        /* [n][natoms][3] bohr */
    double *energy;     /* [n] hartree; zero where absent */
    double *gradient;   /* [n][natoms][3] hartree/bohr, zero where absent; NULL where no geometry has it */
    double *tensors
        [EQML_TENSORS]; /* likewise: dipoles [n][3] e*bohr, about the origin of the coordinates; traceless
                                    * quadrupoles [n][6] e*bohr^2, likewise; polarizabilities [n][6] bohr^3;
                                    * components xx xy xz yy yz zz */
    unsigned char *has; /* [n] EQML_HAS_... bits */
} eqml_data;

EQML_API eqml_status eqml_data_read(const char *path, eqml_data *data, eqml_message *message);
/*
 * Reads a whole file. While it reads, memory holds the text of the file (of a pipe, up to three times that)
 * beside the arrays above, of which that of the gradients and those of the tensors are given back where the
 * file has none; afterwards the arrays only, 24 bytes an atom and as much for its gradient.
 *
 * Each frame is a line with the number of atoms, a comment line and one line an atom; the comment line tells
 * which of two layouts the frame has.
 *
 *   Extended XYZ: the comment line has a key Properties or energy.
 *     energy=-40.5 (eV) and dipole="0.1 0 0.2" (e*angstrom; or dipole_moment) may be absent, and so may
 *     quadrupole (e*angstrom^2, traceless, Theta_ab = 1/2 sum q (3 r_a r_b - r^2 delta_ab)) and polarizability
 *     (bohr^3), six numbers xx xy xz yy yz zz, or all nine; other keys are ignored.
 *     Properties=species:S:1:pos:R:3:forces:R:3 (angstrom, eV/angstrom; or force), in any order and
 *     with any others, says exactly which columns there are; without it they are species and pos.
 *   MSA, QM-22: the comment line begins with the energy (hartree); what follows is ignored.
 *     label x y z [gx gy gz], angstrom and hartree/bohr; gradients, not forces. Columns after these are
 *     ignored, and so are a fifth and sixth without a seventh. All atoms of a frame have equally many.
 *
 * Keys and labels may be in any case, labels may be atomic numbers, numbers may have Fortran's exponents
 * (1.0D+00), lines may end in CR LF, and there may be blank lines between frames and at the end. Gradients,
 * dipoles and other tensors may be in some frames only.
 *
 * EQML_ERROR_FILE: the file cannot be read. EQML_ERROR_EMPTY: it holds no geometry.
 * EQML_ERROR_FORMAT: it has neither layout, is cut off, or its frames differ in their atoms or their order.
 * EQML_ERROR_VALUE: a number is infinite, nan or beyond 1e100, or two atoms are closer than 1e-6 bohr.
 *
 * On failure the message (may be NULL) names file and line, and *data is all zero; otherwise release it with
 * eqml_data_free(). What *data held before is overwritten, not released.
 */

EQML_API eqml_status eqml_data_match(eqml_data *data, const char *symbols, const int *class_of_atom,
                                     eqml_message *message);
/*
 * Brings the atoms of *data into the order of a composition: symbols are those of its atoms, blank separated
 * ("H H H H C"), and atoms with equal class_of_atom[natoms] are equivalent.
 *
 *   - Where every element of the composition is in one class only, atoms are reordered by element. Those of
 *     one element keep their order; in fragments, "(H2 O)2", that decides what belongs together.
 *   - Else the elements of the data, in order, must be those of the composition; nothing is moved.
 *   - Where no symbol is an element of the data ("A4 B"), nothing is moved; a class must be one element.
 *
 * EQML_ERROR_MATCH otherwise, and the message (may be NULL) says why; *data is then as before.
 */

EQML_API void eqml_data_free(eqml_data *data);
/* Releases the arrays and sets *data to zero; may be repeated, and data may be NULL. */

EQML_API const char *eqml_tensor_name(eqml_tensor kind);
/* "dipole", "quadrupole" or "polarizability". */

#endif /* EQML__DATA_H */
