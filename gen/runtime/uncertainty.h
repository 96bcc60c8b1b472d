/* Standard deviations of energies: from a fit, their calibration, their files. */
#ifndef EQML__UNCERTAINTY_H
#define EQML__UNCERTAINTY_H
#include "diagnose.h"
#include "sigma.h"

/*
 *     eqml_problem_create(&problem, &surface, &data, &options, NULL, &message);         a fit that is kept
 *     eqml_diagnose(problem, &surface, &data, &options, NULL, influence, &message);     its leave-one-out errors
 *     eqml_sigma_create(&sigma, problem, &data, influence, 32, &message);
 *     s = eqml_energy_sigma(&sigma, &surface.model, xyz, work);                         sigma.h
 */

EQML_API eqml_status eqml_sigma_create(eqml_sigma *sigma, const eqml_problem *problem, const eqml_data *data,
                                       const eqml_influence *influence, int rows, eqml_message *message);
/*
 * Makes the matrix of the variance from the triangle of a fit, and calibrates it; release it with eqml_sigma_free().
 * influence[data->n] is what eqml_diagnose() found. rows 0, or the number of terms or more: the whole factor, nterms^2 / 2
 * numbers (nterms^2 where the rank is not full) and nterms^3 operations to make it. Else so many random combinations of
 * its rows, a multiple of 8 at least: rows nterms numbers, and rows nterms^2 operations.
 *
 * Calibration looks at training data only: at the errors of the geometries that were left out in turn, e, and the
 * variances v there. The power is one of 1/4, 1/2, 3/4, 1 and 5/4; it and the ratio of floor and slope are those of the
 * largest likelihood of e under Student's t distribution of 4 degrees of freedom, which a few large errors do not
 * decide; then both are scaled so that 68.27 % of all |e| are at most sigma. The reach is the largest v.
 *
 * What the data do not determine at all, where the rank is less than the terms, is not in v.
 *
 * EQML_ERROR_EMPTY: fewer than 20 geometries that the others determine. On failure *sigma is empty.
 */

EQML_API void eqml_sigma_free(eqml_sigma *sigma);
/* Releases the matrix and empties *sigma. An empty one is allowed; one of a written header is not. */

/* How many errors are within one and two standard deviations: of normal ones 68.3 and 95.4 %. */
typedef struct eqml_coverage {
    size_t energies;
    double within[2];
} eqml_coverage;

EQML_API eqml_status eqml_sigma_coverage(const eqml_sigma *sigma, const eqml_surface *surface,
                                         const eqml_data *data, const unsigned char *use,
                                         eqml_coverage *coverage);
/* Over the geometries with an energy and use[g] nonzero; NULL: all. Say how it does on data that were not trained on. */

EQML_API eqml_status eqml_sigma_write(const eqml_sigma *sigma, const eqml_surface *surface, const char *path,
                                      eqml_message *message);
EQML_API eqml_status eqml_sigma_read(eqml_sigma *sigma, const eqml_surface *surface, const char *path,
                                     eqml_message *message);
/*
 * A .sigma file beside the .pes file of the surface: text, numbers as hexadecimal floats.
 *
 *     eqml-sigma 1
 *     basis NAME DEGREE NTERMS NFACTORS TERMS     as in a .pes file
 *     surface 0123456789abcdef                    a number for the coefficients, centres and offsets
 *     rows 32 0                                   rows; 1: row i is zero behind its i-th entry
 *     floor 0x1p-20
 *     slope 0x1p-18
 *     power 0x1p-1
 *     reach 0x1p-8
 *     number 0x1.8p+3                             the matrix, as it is stored
 *     end
 *
 * Reading: EQML_ERROR_MATCH, it belongs to another basis or to another fit. On failure *sigma is empty.
 */

EQML_API eqml_status eqml_sigma_write_header(const eqml_sigma *sigma, const eqml_surface *surface,
                                             const char *name, const char *runtime, const char *path,
                                             eqml_message *message);
/*
 * Writes a C header that includes "NAME_pes.h" (eqml_surface_write_header) and adds NAME_energy_sigma() and
 * NAME_energy_sigma_batch(), with the matrix as a constant. `runtime` is the path of eqml.h.
 */

#endif /* EQML__UNCERTAINTY_H */
