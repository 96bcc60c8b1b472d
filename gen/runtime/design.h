/* Which geometries to compute next: those that tell a fit the most. */
#ifndef EQML__DESIGN_H
#define EQML__DESIGN_H
#include "uncertainty.h"

/*
 * The rows A of a geometry, weighted as in a fit, one for its energy and, where its gradient is to be computed, one for
 * each internal displacement, enlarge the determinant of the information matrix M = A^T A of the fit by the factor
 * det(1 + Z Z^T), Z^T = F A^T and F^T F = M^-1. The logarithm of it is the gain: log(1 + v) of an energy alone, with the
 * variance v of sigma.h. Geometries that make the determinant large together are D-optimal [1]; they are taken one after
 * the other, each with the largest gain beside those before it, and F follows, row by row and exactly [2]. Gains only
 * fall as geometries are taken, so that most candidates need not be looked at again [3]; all N together reach at least 63 %
 * of the largest sum that any N have [4]. What is alike gains little twice, and is kept apart so.
 *
 * [1] Fedorov, Theory of Optimal Experiments (1972), chapter 3.
 * [2] Bierman, Factorization Methods for Discrete Sequential Estimation (1977), chapter V: Potter's update.
 * [3] Minoux, in Optimization Techniques, Lecture Notes in Control and Information Sciences 7, 234 (1978).
 * [4] Nemhauser, Wolsey, Fisher, Math. Program. 14, 265 (1978).
 */

/* Zero in a field is its default. */
typedef struct eqml_design_options {
    double
        gradient_weight; /* W > 0: gradients are to be computed too, so heavy against energies; 0: they are not */
    const double *weights; /* [n] of the candidates, as the fit would give them; NULL: all 1 */
    double apart;          /* bohr: the least eqml_design_change() of any two that are taken */
} eqml_design_options;

typedef struct eqml_design_choice {
    size_t candidate; /* its number, from 0 */
    double gain;      /* beside those before it */
} eqml_design_choice;

EQML_API eqml_status eqml_design(const eqml_sigma *sigma, const eqml_surface *surface, size_t n,
                                 const double *xyz, const eqml_design_options *options, size_t wanted,
                                 eqml_design_choice *choice, size_t *found, eqml_message *message);
/*
 * choice[*found] <- at most `wanted` of the candidates xyz[n][natoms][3] (bohr, in the order of the basis), in order of
 * merit. No candidate is taken twice; of equal ones the first goes before. Fewer than wanted are found where candidates
 * are not apart, have no number (coincident atoms), or gain nothing (weight 0). sigma is that of the fit of the surface, whole
 * and not of random rows; a wall plays no part. options and message may be NULL. One thread; the same input gives the same
 * choice.
 *
 * Operations: r terms^2 / 2 for each candidate of r rows, r terms^2 for each that is looked at again, 3 r terms^2 for each
 * that is taken. Memory: 8 terms^2 bytes, and for each candidate 16 and 8 for each of its pairs.
 *
 * EQML_ERROR_ARGUMENT: sigma is not whole, or the data of the fit leave terms undetermined, since gains there would be
 * without bound: a ridge, more data or fewer terms help; or a weight is negative or no number.
 */

EQML_API double eqml_design_change(const eqml_basis *basis, const double *a, const double *b, double *room);
/*
 * How much two geometries a and b, each [natoms][3], differ: root mean square difference of their distances, sorted in
 * each class of pairs, bohr. The order of equivalent atoms plays no part. room[2 npairs].
 */

#endif /* EQML__DESIGN_H */
