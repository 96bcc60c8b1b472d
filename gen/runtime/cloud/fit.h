/* Fits of neighbour clouds to configurations, and their errors. */
#ifndef EQML__CLOUD_FIT_H
#define EQML__CLOUD_FIT_H
#include "cloud/frames.h"
#include "cloud/rows.h"

/* What a fit may be told. Zero in every field is the default. */
typedef struct eqml_cloud_fit_options {
    double energy_weight;     /* of (E - E_data)^2 / natoms, angstrom^-2 against forces; 0: 100 */
    double virial_weight;     /* of the squares of virials over natoms, likewise; 0: they take no part */
    double ridge;             /* see eqml_lsq_options; 0: none */
    const unsigned char *use; /* [frames->n] nonzero: train on this one; NULL: on all */
    void (*progress)(void *context, size_t done,
                     size_t total); /* told after each configuration; NULL: nobody */
    void *context;
} eqml_cloud_fit_options;

typedef struct eqml_cloud_fit_result {
    size_t frames, rows; /* that were used */
    int rank;            /* without the energies of atoms */
    double condition;    /* of the column-scaled problem */
} eqml_cloud_fit_result;

EQML_API eqml_status eqml_cloud_fit(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                    const eqml_frames *frames, const eqml_cloud_fit_options *options,
                                    double *coefficients, double *atoms, eqml_cloud_fit_result *result,
                                    eqml_message *message);
/*
 * coefficients[basis->nterms] and atoms[basis->nspecies] <- the minimiser of
 *
 *     sum over configurations of  W_E (E - E_data)^2 / natoms + |F - F_data|^2 + W_V |V - V_data|^2 / natoms
 *
 * plus the ridge, on coefficients and energies of atoms together; these are relative to a first guess by least squares on
 * the numbers of atoms of each species alone. They are mean energies in the data, not those of free atoms. Rows are streamed: memory grows with the square of the terms.
 * options, result and message may be NULL.
 *
 * EQML_ERROR_EMPTY: nothing to train on. EQML_ERROR_VALUE: see eqml_neighbours_find; the message names the configuration.
 */

/* Mean absolute and root mean square errors; atomic units. */
typedef struct eqml_cloud_errors {
    size_t energies, forces;        /* configurations that have them */
    double mae_energy, rmse_energy; /* hartree for an atom */
    double mae_force, rmse_force;   /* hartree/bohr for each component */
    size_t virials;                 /* configurations that have them */
    double mae_virial, rmse_virial; /* hartree for an atom, each component */
} eqml_cloud_errors;

EQML_API eqml_status eqml_cloud_find_errors(const eqml_cloud_model *model, const eqml_frames *frames,
                                            const unsigned char *use, eqml_cloud_errors *errors,
                                            eqml_message *message);
/* Over the configurations with use[k] nonzero; NULL: over all. */

#endif /* EQML__CLOUD_FIT_H */
