/* Data sets. */
#ifndef EQML__DATA_H
#define EQML__DATA_H
#include "status.h"
#include "basis.h"
#include "units.h"

/* What a geometry has. A tensor's bit is EQML_HAS_DIPOLE << kind. */
enum {
    EQML_HAS_ENERGY = 1,
    EQML_HAS_GRADIENT = 2,
    EQML_HAS_DIPOLE = 4,
    EQML_HAS_QUADRUPOLE = 8,
    EQML_HAS_POLARIZABILITY = 16
};

/*
 * Geometries of one molecule, all with the same atoms in the same order. Numbers that a geometry does not
 * have are zero. Arrays of gradients and of tensors are NULL where no geometry has one.
 *
 * Dipoles [n][3] are in e*bohr, traceless quadrupoles [n][6] in e*bohr^2, both about the origin of the
 * coordinates; polarizabilities [n][6] are in bohr^3. Six components are xx xy xz yy yz zz.
 */
typedef struct eqml_data {
    int natoms;
    size_t n;                      /* geometries */
    char (*symbols)[4];            /* [natoms] element labels, "H" or "Cl" */
    double *xyz;                   /* [n][natoms][3] bohr */
    double *energy;                /* [n] hartree */
    double *gradient;              /* [n][natoms][3] hartree/bohr, or NULL */
    double *tensors[EQML_TENSORS]; /* by eqml_tensor, or NULL */
    unsigned char *has;            /* [n] bits EQML_HAS_... */
    size_t reordered; /* frames of the file whose elements came in another order than in the first */
} eqml_data;

/*
 * How to read a file that does not say enough itself, or whose names are its own. All zero: as eqml_data_read. Messages
 * call these as the fit program does, --energy-unit for unit[EQML_UNIT_ENERGY].
 */
typedef struct eqml_data_options {
    const char *unit[EQML_QUANTITIES]; /* see eqml_unit; NULL: that of the file, or else of its layout */
    const char *energy_key;            /* the key of the comment line that has the energy; NULL: energy */
    int energy_column;                 /* its word, from 1, that is the energy; 0: see the layouts below */
    const char *gradient_key,
        *force_key;   /* the column of extended XYZ that has gradients, or forces, not both; in the
                                             plain layout its number, from 1, the label being 1 */
    int skip_unclear; /* nonzero: gradients whose unit is not clear are not read, instead of refused */
} eqml_data_options;

/* What was read of the frames of one layout, in words; empty where nothing was. */
typedef struct eqml_data_layout {
    size_t frames;
    char energy[40], gradient[40];  /* the key or column */
    int forces;                     /* nonzero: forces, whose sign was changed */
    char unit[EQML_QUANTITIES][32]; /* names of units */
    int mixed; /* nonzero: in some frames another key, column or unit; these are of the last */
} eqml_data_layout;

/* A key or column that looks like an energy or a gradient and was not read. */
typedef struct eqml_data_unused {
    char name[40];
    int what; /* EQML_HAS_ENERGY or EQML_HAS_GRADIENT */
    size_t frames;
    int differs; /* nonzero: an energy that is not, everywhere, the number that was read as the energy */
} eqml_data_unused;

/* What a file was found to be. */
typedef struct eqml_data_source {
    eqml_data_layout plain, extended;
    char comment[64]; /* the first comment line, as far as it fits */
    int nunused;
    eqml_data_unused unused[12];
} eqml_data_source;

EQML_API eqml_status eqml_data_read(const char *path, eqml_data *data, eqml_message *message);
EQML_API eqml_status eqml_data_read_as(const char *path, const eqml_data_options *options, eqml_data *data,
                                       eqml_data_source *source, eqml_message *message);
/*
 * Reads a whole file of geometries; options and source may be NULL. Release *data with eqml_data_free(). What it held
 * before is overwritten, not released. On failure *data is all zero, and the message names file and line.
 *
 * A frame is a line with the number of atoms, a comment line, and one line for each atom. Its comment line
 * tells which of two layouts it has.
 *
 *   Extended XYZ: the comment line has a key Properties or energy, and no number at its beginning.
 *     energy=-40.5            eV
 *     dipole="0.1 0 0.2"      e*angstrom; or dipole_moment
 *     quadrupole="..."        e*angstrom^2, traceless: Theta_ab = 1/2 sum q (3 r_a r_b - r^2 delta_ab)
 *     polarizability="..."    bohr^3
 *     All are optional, and other keys are ignored. Tensors of rank two are six numbers xx xy xz yy yz zz,
 *     or all nine.
 *     Properties=species:S:1:pos:R:3:forces:R:3 lists the columns, in angstrom and eV/angstrom; `force` is
 *     the same as `forces`. Columns come in any order, with any others between them. Without this key they
 *     are species and pos.
 *   MSA, QM-22, the plain layout: the comment line begins with the energy in hartree; the rest of it is ignored.
 *     label x y z [gx gy gz], in angstrom and hartree/bohr: gradients, not forces. Further columns are
 *     ignored, and so are a fifth and a sixth without a seventh. All atoms of a frame have equally many.
 *
 * Units that the comment line names are heeded: keys with "unit" in their names, energy_unit=hartree or units=au, and in
 * the plain layout the word behind the energy, -40.5 hartree. Options come before them. Where energies or lengths have
 * other units than those of the layout, that of gradients must be named too, unless all is atomic.
 *
 * Keys and labels may be in any case. Labels may be atomic numbers, and may have a number or a mass behind the element (H1,
 * O_w, H@2.014). Numbers may have Fortran's exponents (1.0D+00, 0.123-103). Lines may end in CR LF. Blank lines may
 * stand between frames and at the end. Gradients and tensors may be in some frames only. Where a frame has the elements
 * of the first in another order, its atoms are brought into that order; those of one element keep theirs.
 *
 * While it reads, memory holds the text of the file (of a pipe, up to three times that) beside the arrays,
 * which take 24 bytes for an atom and as much for its gradient. Arrays of what no geometry has are given back
 * at the end.
 *
 * EQML_ERROR_FILE: the file cannot be read.
 * EQML_ERROR_EMPTY: it holds no geometry.
 * EQML_ERROR_ARGUMENT: an option is none.
 * EQML_ERROR_FORMAT: it has neither layout, is cut off, or its frames differ in their atoms; it has a key twice, two
 * different numbers that would be the energy, a unit that is not known, or nowhere the key or column of an option.
 * EQML_ERROR_VALUE: a number is infinite, nan or beyond 1e12 (coordinates, gradients: 1e6), two atoms are closer than 1e-6 bohr, or
 * all within a fraction of an angstrom.
 */

EQML_API eqml_status eqml_data_match(eqml_data *data, const char *symbols, const int *class_of_atom,
                                     eqml_message *message);
EQML_API eqml_status eqml_data_match_order(eqml_data *data, const char *symbols, const int *class_of_atom,
                                           const int *order, eqml_message *message);
/*
 * Brings the atoms of *data into the order of a composition. `symbols` are those of its atoms, separated by
 * blanks ("H H H H C"); atoms with equal class_of_atom[natoms] are equivalent.
 *
 *   - If each element of the composition is in one class only, atoms are reordered by element. Atoms of one
 *     element keep their order; in fragments, "(H2 O)2", that order decides what belongs together.
 *   - If no symbol is an element of the data ("A4 B"), nothing is moved, and each class must be one element.
 *   - Otherwise the elements of the data must be in the order of the composition already.
 *
 * With an order[natoms], atom order[i] of the data (from 0) becomes atom i, and the elements must then be those of the
 * composition. D and T are hydrogen, unless the composition has them.
 *
 * EQML_ERROR_MATCH: none of these applies; or the frames came in different orders (data->reordered) while an element is
 * in several classes, or an order is given. The message says why, and *data is as before.
 */

EQML_API void eqml_data_free(eqml_data *data);
/* Releases the arrays and sets *data to zero. NULL and empty data are allowed. */

EQML_API const char *eqml_tensor_name(eqml_tensor kind);
/* "dipole", "quadrupole" or "polarizability". */

EQML_API int eqml_atomic_number(const char *symbol);
/* Of a symbol up to a blank or its end; that of hydrogen for D and T; 0 where it is no element. */

#endif /* EQML__DATA_H */
