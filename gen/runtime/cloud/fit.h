/* Fits of neighbour clouds to configurations, and their errors. */
#ifndef EQML__CLOUD_FIT_H
#define EQML__CLOUD_FIT_H
#include "cloud/frames.h"
#include "cloud/rows.h"
#include "lsq.h"

/* What a fit weighs apart. */
enum { EQML_CLOUD_ENERGY, EQML_CLOUD_FORCES, EQML_CLOUD_VIRIAL, EQML_CLOUD_KINDS };

/* What a fit may be told. Zero in every field is the default. */
typedef struct eqml_cloud_fit_options {
    double energy_weight; /* W_E, angstrom^-2 against forces; 0: 100 */
    double virial_weight; /* W_V, likewise; 0: virials take no part */
    double ridge;         /* L of the penalty below; 0: none */
    double smoothness;    /* p of the penalty below */
    double level_weight;  /* w of the levels in it; 0: 1.5, as eqml-gen has it where it is told nothing */
    const double (
        *weights)[EQML_CLOUD_KINDS];  /* [frames->n] factors of the weights of energies, forces and virials;
                                        NULL: all 1 */
    const unsigned char *use;         /* [frames->n] nonzero: train on this one; NULL: on all */
    const unsigned char *anchors;     /* [frames->n] nonzero: an anchor, see below; NULL: there are none */
    double anchor_weight;             /* factor of the weights of anchors; 0: 1 */
    const eqml_pair_reference *pairs; /* beneath the potential: the fit is to the rest; NULL: none */
    const double *atoms; /* [basis->nspecies] energies of atoms, which are then not fitted; NULL: they are */
    void (*progress)(void *context, size_t done,
                     size_t total); /* told after each configuration; NULL: nobody */
    void *context;
} eqml_cloud_fit_options;

typedef struct eqml_cloud_fit_result {
    size_t frames, rows; /* that were used */
    int rank;            /* of the terms, without the energies of atoms; the penalty included */
    double condition;    /* of the column-scaled problem */
} eqml_cloud_fit_result;

EQML_API eqml_status eqml_cloud_fit(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                    const eqml_frames *frames, const eqml_cloud_fit_options *options,
                                    double *coefficients, double *atoms, eqml_lsq **triangle,
                                    eqml_cloud_fit_result *result, eqml_message *message);
/*
 * coefficients[basis->nterms] and atoms[basis->nspecies] <- the minimiser of
 *
 *     sum over configurations of  w_E W_E (E - E_data)^2 / natoms + w_F |F - F_data|^2 + w_V W_V |V - V_data|^2 / natoms
 *     + L sum over terms of  (level / mean level)^(2 p) |a|^2 c^2
 *
 * with the weights w of the configuration. The penalty is on coefficients c: |a| is the norm of a term's column, that is
 * what the term with coefficient 1 contributes to all of the data, and level the sum of n + w l over the factors of the
 * term, see eqml_cloud_levels. Energies of atoms, unless they are given, are fitted relative to a first guess by least
 * squares on the numbers of atoms of each species alone: mean energies in the data, not those of free atoms. What is
 * added to the guess is penalised like a term of mean level, so that what data of one composition leave open is small. A
 * term that no configuration has is penalised as if its norm were the usual one.
 *
 * Anchors tell of places where there are no data. They take part whatever use[k] says, with W_E = W_V = 1, so that what they
 * weigh does not follow the data's energies; they are in no norm |a|, in no first guess, and a cross-validation holds none
 * of them back.
 *
 * Rows are streamed: memory grows with the square of the terms. triangle, unless NULL, <- that of all rows and of the
 * penalty, whose columns are the terms and then, unless they are given, the atoms; release it with eqml_lsq_free.
 * options, result and message may be NULL.
 *
 * EQML_ERROR_EMPTY: nothing to train on. EQML_ERROR_VALUE: see eqml_neighbours_find; the message names the configuration.
 */

EQML_API eqml_status eqml_cloud_levels(const eqml_cloud_basis *basis, double level_weight, double *level);
/* level[basis->nterms] <- the sums of n + level_weight l over the factors of the terms. */

EQML_API int eqml_cloud_isolated_atoms(const eqml_frames *frames, int nspecies, double *atoms);
/* atoms[nspecies] <- the energies of configurations of one atom without images, the last of each species. Returns how many species have
 * one; atoms of others stay as they are. */

/* Mean absolute and root mean square errors; atomic units. */
typedef struct eqml_cloud_errors {
    size_t energies, forces;        /* configurations that have them */
    double mae_energy, rmse_energy; /* hartree for an atom */
    double mae_force, rmse_force;   /* hartree/bohr for each component */
    size_t virials;                 /* configurations that have them */
    double mae_virial, rmse_virial; /* hartree for an atom, each component */
    double virial_sign;             /* correlation, -1 to 1, of virials with those of the data */
} eqml_cloud_errors;

EQML_API eqml_status eqml_cloud_find_errors(const eqml_cloud_model *model, const eqml_frames *frames,
                                            const unsigned char *use, eqml_cloud_errors *errors,
                                            eqml_message *message);
/* Over the configurations with use[k] nonzero; NULL: over all. */

#endif /* EQML__CLOUD_FIT_H */
