/* The choice of variables. */
#ifndef EQML__CHOOSE_H
#define EQML__CHOOSE_H
#include "fit.h"

/* How variables are chosen. Zero in every field is the default. */
typedef struct eqml_choice_options {
    const eqml_fit_options *fit; /* weights, ridge, reference, training geometries; not its progress */
    const unsigned char *fixed;  /* [npair_classes] nonzero: variables[c] stays as it is; NULL: none does */
    int choose_ridge;            /* nonzero: a ridge is chosen, too; that of `fit` does not count */
    int choose_energy_weight;    /* the same for E0 */
    void (*progress)(void *context, int trials, int most); /* told after each trial; NULL: nobody */
    void *context;
} eqml_choice_options;

typedef struct eqml_choice {
    int trials;           /* cross-validations; 0: there was too little data to choose by, see below */
    int degree;           /* of the terms in the last of those for variables; 0: all were fixed */
    double rmse_energy;   /* hartree, of the choice when it was cross-validated with these terms */
    double rmse_gradient; /* hartree/bohr for each component; 0 without gradients */
    int growing;          /* classes of pairs whose variable, chosen, grows with the distance */
    double ridge;         /* chosen, or that of the fit */
    double energy_weight; /* the same */
} eqml_choice;

EQML_API eqml_status eqml_choose_variables(const eqml_basis *basis, const eqml_data *data,
                                           const eqml_choice_options *options, eqml_variable *variables,
                                           eqml_choice *choice, eqml_message *message);
/*
 * variables[npair_classes] <- Morse variables, or the distance itself, whose ranges cross-validation within the
 * training geometries likes best. options, choice and message may be NULL. Test data are not looked at, no clock is
 * read, and the same input gives the same bits. Memory is that of one fit.
 *
 * The family is y = exp(-k r/m), where m is the mean distance of the pairs of two elements, which share one k. Centred
 * and scaled, y goes over into r itself at k = 0, and into a variable that grows at k < 0; the error of a fit is a
 * smooth function of k.
 *
 *   1. A menu: k = 1, 1/2, 1/4, 0 for all; the range 2 bohr; -1/4 for H-H with 0.4 for the rest.
 *   2. From the best of these a compass search [1]: each k goes up or down by a step for as long as that helps; then
 *      the step is halved. The terms are two degrees lower and the geometries a quarter, where these are enough.
 *   3. From there, and from k = 1/4 and k = 0, the same with all geometries; with all terms if half of the data has 15
 *      rows for each, else with those one degree lower: cross-validation has half the data, and should have about
 *      as many rows a term as the fit.
 *
 *   4. Where 3 had fewer terms than the data allow, since more would take too long: what was found and the menu once more,
 *      with as many terms as 2e12 operations allow on a part of the geometries, eight rows for each term in each half.
 *      The best is taken.
 *
 * A trial divides the geometries in two at random, fits each half and predicts the other; small data sets are divided
 * up to four times. Its score is the mean, over these fits, of the logarithm of the root mean square error of
 * energies, and of that of gradients where there are any. The worst 0.1 % of the errors, at least one, do not
 * count: one of them can hide the rest. Of all trials that are within one standard error of the best, the
 * one with the smallest sum of k^2 is taken, because it bends least.
 *
 * All takes about the time of 25 final fits, and no more than 2e12 floating-point operations for each of 2, 3 and 4:
 * large fits are chosen for by smaller ones.
 *
 * The ridge is chosen with the variables that were taken, in the same way: of 0, 1e-14, 1e-13, ... 1e-9 the largest
 * that raises the score by at most 0.01, 1 % of the error.
 *
 * The weight E0 is that of 0 (all weights 1), 0.3, 0.1, 0.03, 0.01, 0.003 and 0.001 hartree with the least mean logarithm of
 * the errors of energies in four bands, each with a quarter of the geometries that were held back: the lowest count as
 * much as the highest, which is what levels and dynamics near the minimum want.
 *
 * Where atoms part, r itself grows, and negative ranges do so fast. They are tried only where the longest distance in
 * the data is less than EQML_BOUNDED times the mean, and the surface is not to be used far beyond that; never in bases
 * with factors that are not terms, whose surfaces are to vanish at long range. Ranges are rounded to three digits,
 * so that they can be given again. With fewer than 20 geometries that have an energy, k is 1/4 and the ridge 0.
 *
 * [1] Kolda, Lewis, Torczon, SIAM Rev. 45, 385 (2003).
 *
 * Errors as those of eqml_fit.
 */

#define EQML_BOUNDED 2.5

EQML_API eqml_status eqml_choose_degree(const eqml_basis *basis, const eqml_data *data,
                                        const eqml_choice_options *options, const eqml_variable *variables,
                                        int *degree, double *rmse_energy, eqml_message *message);
/*
 * *degree <- the least degree, from 1 to that of the basis, whose score in cross-validation is at most 0.02, 2 % of the
 * error, above that of the best; rmse_energy[basis->degree + 1] <- the errors by degree (hartree; that of degree 0 is not
 * written). A trial is made as above with the terms up to each degree, and with all training geometries. options and
 * message may be NULL. EQML_ERROR_EMPTY: fewer than 20 training geometries have an energy.
 */

#endif /* EQML__CHOOSE_H */
