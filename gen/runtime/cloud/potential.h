/* Fitted potentials as files. */
#ifndef EQML__CLOUD_POTENTIAL_H
#define EQML__CLOUD_POTENTIAL_H
#include "cloud/basis.h"
#include "status.h"

EQML_API eqml_status eqml_cloud_write(const eqml_cloud_model *model, const char *path, eqml_message *message);
/*
 * Writes the numbers of a potential as text, exact (hexadecimal floats): its environment, radial parameters, energies of
 * atoms, coefficients and pairs, in atomic units. The file appears whole or not at all.
 */

EQML_API eqml_status eqml_cloud_read(const char *path, const eqml_cloud_basis *basis, eqml_radial *radial,
                                     double *coefficients, double *atoms, eqml_pair_reference *pairs,
                                     eqml_message *message);
/*
 * Reads them back: radial, coefficients[basis->nterms], atoms[basis->nspecies], pairs[n (n + 1) / 2] for n species, all
 * zero where the potential has none; pairs may be NULL where it is known to have none. Where radial functions are the user's
 * own a file cannot hold them: radial->function and context must then be those it was fitted with, which a few of their
 * values in the file tell; in other cases they are not looked at. EQML_ERROR_MATCH: the file is for another basis, or other
 * radial functions. EQML_ERROR_FILE, EQML_ERROR_FORMAT, EQML_ERROR_VALUE: with file and line in the message. On failure what
 * was read is not to be used.
 */

EQML_API eqml_status eqml_cloud_write_header(const eqml_cloud_model *model, const char *name,
                                             const char *runtime, const char *basis_header, const char *path,
                                             eqml_message *message);
/*
 * Writes a C header that needs nothing else: the parts of the runtime (the file eqml.h), the header of the basis, the
 * numbers, and the functions NAME_nspecies, NAME_species, NAME_cutoff and NAME_evaluate. They are static; NAME_API,
 * defined before, gives them another linkage. Where radial functions are the user's own, who includes the header defines
 * NAME_RADIAL before, as their C function, and NAME_RADIAL_CONTEXT where it needs one.
 */

#endif /* EQML__CLOUD_POTENTIAL_H */
