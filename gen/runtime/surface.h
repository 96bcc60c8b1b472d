/* Surfaces: models that own their arrays, and their files. */
#ifndef EQML__SURFACE_H
#define EQML__SURFACE_H
#include "status.h"
#include "basis.h"

/* ---------------------------------------------------------------------------------------------------------
 * Surfaces: models that own their arrays; fitting, writing and reading them
 */

/* A model with its arrays in memory of its own. Evaluate it through `model`, with the functions of its basis.
 */
typedef struct eqml_surface {
    eqml_model model;
    eqml_variable *variables;      /* [npair_classes] */
    double *rates;                 /* [EQML_ROUND(npairs)] */
    double *offset, *linear;       /* [nfactors] */
    double *packed;                /* [ntiles][4][4] */
    double *tensors[EQML_TENSORS]; /* [ntiles][4][4] of the tensor; null where the basis has none */
    int standardised;              /* nonzero: the factors are shifted for some data already */
    float *rounded;                /* offset, linear and packed in float; set by eqml_surface_set */
} eqml_surface;

EQML_API eqml_status eqml_surface_create(const eqml_basis *basis, const eqml_variable *variables,
                                         eqml_surface *surface);
/* The zero potential over `basis`, with a variable for each class of pairs (copied). A range must be
 * positive, a user's function present: EQML_ERROR_ARGUMENT. On failure *surface is empty. */

EQML_API void eqml_surface_free(eqml_surface *surface);
/* Empties it; an empty surface is allowed. */

EQML_API void eqml_surface_set(eqml_surface *surface, const double *coefficients);
EQML_API void eqml_surface_get(const eqml_surface *surface, double *coefficients);
/* coefficients[nterms] in the order of terms: the factors that are terms, then the products run by run. */

EQML_API void eqml_surface_set_tensor(eqml_surface *surface, eqml_tensor kind, const double *coefficients);
EQML_API void eqml_surface_get_tensor(const eqml_surface *surface, eqml_tensor kind, double *coefficients);
/* The same for a tensor of the basis: coefficients[tensors[kind]->nterms], one tensor factor after the
 * other. */

EQML_API eqml_status eqml_surface_write(const eqml_surface *surface, const char *path, eqml_message *message);
EQML_API eqml_status eqml_surface_read(eqml_surface *surface, const eqml_basis *basis, const char *path,
                                       eqml_message *message);
/*
 * A .pes file: text, one item a line, numbers as hexadecimal floats and so exact.
 *
 *     eqml-pes 2
 *     basis NAME DEGREE NTERMS NFACTORS TERMS        TERMS: a number that stands for the terms and their order
 *     composition H4 C
 *     variable 0 morse 0x1p+1            one line for each class of pairs
 *     offset 0x0p+0                      nfactors lines
 *     coefficient -0x1.43p+5             nterms lines
 *     dipole DEGREE NTERMS               these lines for a basis with a dipole, then for one with a
 *     charge 0x0p+0                      quadrupole and for one with a polarizability; the total charge only
 *     moment 0x1.8p-2                    for the dipole, the last line for each term
 *     end
 *
 * The file appears whole or not at all, as do all that eqml writes: a new one is written beside it and renamed,
 * so that a symbolic link is replaced, and permissions of an old file are not kept. User functions cannot be
 * written: EQML_ERROR_ARGUMENT. Reading checks the file against the basis: EQML_ERROR_MATCH. On failure *surface
 * is empty, and message names the line.
 */

EQML_API eqml_status eqml_surface_write_header(const eqml_surface *surface, const char *name,
                                               const char *runtime, const char *basis_header,
                                               const char *path, eqml_message *message);
/* One self-contained C header of the surface, with the functions NAME_energy and so on; `runtime` is the file
 * eqml.h, `basis_header` the generated header of the basis: the parts that are needed are copied. */

#endif /* EQML__SURFACE_H */
