/* Surfaces: models that own their arrays, and their files. */
#ifndef EQML__SURFACE_H
#define EQML__SURFACE_H
#include "status.h"
#include "basis.h"
#include "tables.h"

/*
 * A fitted potential, or one that is to be fitted, with its tensors. It owns its arrays; `model` points to
 * them and is what evaluation takes, with the functions of its basis.
 */
typedef struct eqml_surface {
    eqml_model model;
    eqml_variable *variables;      /* [npair_classes] */
    double *centres, *rates;       /* [EQML_ROUND(npairs)] */
    double *offset, *linear;       /* [nfactors] */
    double *packed;                /* [ntiles][4][4] */
    double *tensors[EQML_TENSORS]; /* [ntiles][4][4] of the tensor; NULL where the basis has none */
    double *ranges;   /* [npair_classes][2] the shortest and the longest distance of each class in the
                                      training data, bohr; 0 and infinity: not known */
    int standardised; /* nonzero: centres and offsets are set already; later fits keep them */
    float *rounded;   /* offset, linear and packed in float; set by eqml_surface_set */
    eqml_wall *wall;  /* with its arrays, in one piece; NULL: none */
    size_t ntrain;    /* geometries that the energies were fitted to; 0: not known, and nor the next three */
    double lowest, highest; /* of their energies, hartree */
    double *lowest_xyz;     /* [natoms][3] the geometry of the lowest, bohr */
    eqml_basis *own_basis;  /* read from the surface's own file; NULL: the basis is another's */
} eqml_surface;

EQML_API eqml_status eqml_surface_create(const eqml_basis *basis, const eqml_variable *variables,
                                         eqml_surface *surface);
/*
 * Makes the zero potential over a basis, which must stay. variables[npair_classes] are copied. Release it
 * with eqml_surface_free(). On failure *surface is empty.
 *
 * EQML_ERROR_ARGUMENT: a range is not positive and finite (of a Morse variable it may be negative), an exponent is not a whole number from -12 to 12
 * other than 0, or a user's function is missing.
 */

EQML_API void eqml_surface_free(eqml_surface *surface);
/* Releases the arrays and empties the surface. An empty one is allowed. */

EQML_API void eqml_surface_clear_wall(eqml_surface *surface);
/* Takes the wall of a surface away, where it has one. */

EQML_API void eqml_surface_set(eqml_surface *surface, const double *coefficients);
EQML_API void eqml_surface_get(const eqml_surface *surface, double *coefficients);
/*
 * Sets or gets coefficients[nterms] in the order of terms: factors that are terms, then the products run by
 * run.
 */

EQML_API void eqml_surface_set_tensor(eqml_surface *surface, eqml_tensor kind, const double *coefficients);
EQML_API void eqml_surface_get_tensor(const eqml_surface *surface, eqml_tensor kind, double *coefficients);
/*
 * The same for a tensor that the basis has: coefficients[tensors[kind]->nterms], one tensor factor after the
 * other.
 */

EQML_API int eqml_surface_inside(const eqml_surface *surface, const double *xyz);
/*
 * 1 if each distance of xyz[natoms][3] (bohr) lies in the range of its class, to 12 digits; 0 if one does not, or a
 * coordinate is no number; -1 if the ranges are not known, as those of files from before they were stored. The fit of the
 * energies finds the ranges; where there was none, that of a tensor. A written header has the same as NAME_inside().
 */

EQML_API eqml_status eqml_surface_write(const eqml_surface *surface, const char *path, eqml_message *message);
EQML_API eqml_status eqml_surface_read(eqml_surface *surface, const eqml_basis *basis, const char *path,
                                       eqml_message *message);
/*
 * Writes and reads a .pes file: text, one item a line, numbers as hexadecimal floats, which are exact.
 *
 *     eqml-pes 5
 *     basis NAME DEGREE NTERMS NFACTORS TERMS        TERMS: a number for the terms and their order
 *     composition H4 C
 *     variable 0 morse 0x1p+1 0x1.8p-2   one line for each class of pairs: kind, range, centre; then, where they are
 *                                        known, the shortest and the longest distance in the training data
 *     offset 0x0p+0                      nfactors lines
 *     coefficient -0x1.43p+5             nterms lines
 *     wall NFEATURES                     0: there is none, nor the next three
 *     edge 0x1p+2                        3 lines: outside, base, height
 *     feature 3 0x0p+0                   nfeatures lines: factor, mean
 *     whiten 0x1.8p+1                    nfeatures (nfeatures + 1) / 2 lines, column after column
 *     dipole DEGREE NTERMS               these three for a dipole, then for a quadrupole, then for a
 *     charge 0x0p+0                      polarizability, where the basis has them; the total charge
 *     moment 0x1.8p-2                    for the dipole only, the last line for each term
 *     data 500 -0x1.3p+6 -0x1.2p+6       training geometries (0: not known), their lowest and highest energy
 *     lowest 0x0p+0 0x0p+0 0x1p+0        natoms lines, where there are any: the geometry of the lowest
 *     tables                             of the basis, as in eqml_basis_read, from the atoms on
 *     ...
 *     end
 *
 * The file holds all that evaluation needs. Files of versions 2 to 4, without the last ones of these, are read too, but
 * for the tables. A file appears whole or not at all, like all that eqml writes: a new file is written beside it and renamed.
 * A symbolic link is therefore replaced, and permissions of an old file are not kept.
 *
 * Writing: EQML_ERROR_ARGUMENT, the surface has a user's function; EQML_ERROR_VALUE, a number is not finite.
 * Reading makes the surface; release it with eqml_surface_free(). With NULL for the basis, it is made from the
 * tables of the file and belongs to the surface; evaluation then takes no code but that of eqml.h, a few times
 * slower than a compiled header. EQML_ERROR_MATCH: the file is of another basis. On failure *surface is empty, and the message names the line.
 */

EQML_API eqml_status eqml_surface_write_header(const eqml_surface *surface, const char *name,
                                               const char *runtime, const char *basis_header,
                                               const char *path, eqml_message *message);
/*
 * Writes one self-contained C header with the functions NAME_energy and so on. `runtime` is the path of
 * eqml.h, `basis_header` that of the generated header of the basis; what the surface needs of them is copied.
 */

#endif /* EQML__SURFACE_H */
