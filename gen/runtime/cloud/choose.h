/* Cross-validation of potentials, and the choices that are made by it. */
#ifndef EQML__CLOUD_CHOOSE_H
#define EQML__CLOUD_CHOOSE_H
#include "cloud/fit.h"

/* How choices are made. Zero in every field is the default. */
typedef struct eqml_cloud_choice_options {
    int cutoff, range; /* nonzero: chosen; else that of *radial stays */
    int kind;          /* nonzero: Bessel functions are tried beside Chebyshev's */
    int weights,
        ridge; /* the same for those of *fit; weights: of energies, and of virials where they take part */
    int parts; /* of the data, 2 to 10; 0: 5 */
    void (*progress)(void *context, int trials); /* told after each trial; NULL: nobody */
    void *context;
} eqml_cloud_choice_options;

typedef struct eqml_cloud_choice {
    int trials, terms; /* cross-validations; terms in the last of them */
    double rms
        [EQML_CLOUD_KINDS]; /* of the choice, in the data held back: (E - E_data) / natoms^(1/2), hartree; forces,
                                  hartree/bohr; virials as energies. 0: not in the data */
} eqml_cloud_choice;

EQML_API eqml_status eqml_cloud_choose(const eqml_cloud_basis *basis, const eqml_frames *frames,
                                       const eqml_cloud_choice_options *options, eqml_radial *radial,
                                       eqml_cloud_fit_options *fit, eqml_cloud_choice *choice,
                                       eqml_message *message);
/*
 * *radial and *fit <- what cross-validation over the training configurations likes best. radial->range is the distance
 * of nearest neighbours, or about that; a cutoff of 0 stands for 2.2 times that. fit also says what to train on, weights
 * of configurations, pairs beneath, and the smoothness of the penalty. Data that are not trained on are not looked at,
 * no clock is read, and the same input gives the same bits. choice and message may be NULL.
 *
 * Of every five training configurations in a row each goes, in an order that looks random, to one of five parts. Four
 * parts predict the fifth, in turn. The score of a trial is the sum of the logarithms of the root mean squares of the
 * errors of energies, forces and, where they take part, virials: no unit and no weight enters it, but for those of
 * configurations.
 *
 *   1. Cutoff and range: a compass search in their logarithms, by steps of 15 and 7 %, with terms up to the level that leaves at
 *      most 400 of them, and with about 20,000 rows of forces, with the weights that are given and a ridge of 1e-6. Where
 *      the kind of radial functions is chosen, then of Bessel functions, whose cutoff is sought from there. A user's own
 *      functions have a cutoff alone.
 *   2. Ridge and weights: a compass search by factors of 10 and of the root of it, with at most 1,000 terms and all
 *      rows, for either kind. Triangles of parts and kinds of rows are kept, so that these trials read no data. Bessel
 *      functions are taken where the score is then 0.01 better: small potentials would favour Chebyshev's.
 *   3. Of the ridges with these weights the largest that costs at most 1 % in the score.
 *
 * Errors as those of eqml_cloud_fit. EQML_ERROR_EMPTY: fewer than 10 configurations.
 */

EQML_API eqml_status eqml_cloud_choose_level(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                             const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                             int parts, int highest, int *level, double *score, int *terms,
                                             eqml_message *message);
/*
 * *level <- the least whole level up to `highest` whose score is at most 0.02, 2 % of an error, above that of the best;
 * score[highest + 1] <- those of each, terms[highest + 1] how many terms it has; 0 terms: it was not tried, since it has
 * less than three terms or as many as the level below.
 */

EQML_API eqml_status eqml_cloud_cross_validate(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                               const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                               int parts, eqml_cloud_errors *errors, eqml_message *message);
/* *errors <- those of each part, fitted by the others, together. parts 0: 5. */

#endif /* EQML__CLOUD_CHOOSE_H */
