/* Fits that wrong data do not spoil. */
#ifndef EQML__ROBUST_H
#define EQML__ROBUST_H
#include "fit.h"
#include "diagnose.h"

/* How wrong data are told. Zero in every field is the default. */
typedef struct eqml_robust_options {
    double cut; /* c, in standard deviations: from here on a geometry has weight 0; 0: 20 */
    int fits;   /* at most so many; 0: 12 */
} eqml_robust_options;

typedef struct eqml_robust_result {
    int fits;
    size_t halved;  /* geometries whose weight came out below 1/2, those of weight 0 included */
    size_t dropped; /* of weight 0 */
    double change;  /* the largest of a weight between the last two fits */
} eqml_robust_result;

EQML_API eqml_status eqml_fit_robust(eqml_surface *surface, const eqml_data *data,
                                     const eqml_fit_options *options, const eqml_robust_options *robust,
                                     double *weights, eqml_fit_result *result, eqml_robust_result *found,
                                     eqml_message *message);
/*
 * Iteratively reweighted least squares: fits, finds weights[data->n] of the geometries from their errors, and fits
 * again, until no weight changes by more than 0.02. The loss is Tukey's biweight [1]: with u the error of a geometry in
 * units of its usual size, the weight is (1 - (u/c)^2)^2, and 0 from u = c on. u is the larger of those of the energy and
 * of the gradient; their usual sizes are 1.4826 times the median of |V - E|, and the median of |grad V - G|, among the
 * geometries whose energies are nearest, a twentieth of all (51 to 501): errors grow with the energy, and one that is
 * usual at the top of the data is an outlier near the minimum. Where a geometry is more isolated than is usual there
 * (eqml_find_causes), u is divided by how much: what no other geometry confirms is no error yet.
 *
 * Errors of a fit are mostly those of its finite basis: they have longer tails than a normal distribution, and the data at
 * their ends hold the surface. So c is large: with c = 20 gross errors alone are lost, and clean data keep theirs within
 * 3 %. With 12 one geometry falls after the other in some sets, with 6, a usual choice for noise, in all.
 *
 * options.weights are multiplied by these; weights[] are those that the errors of the last fit give. robust, result, found
 * and message may be null. Takes as many fits as found->fits says, and the time
 * of one eqml_diagnose(). Errors as eqml_fit.
 *
 * A wrong geometry that no other is near pulls the surface to itself and keeps a small error: no such loss can tell.
 * eqml_diagnose() names it as isolated.
 *
 * [1] Beaton, Tukey, Technometrics 16, 147 (1974); Holland, Welsch, Commun. Stat. A 6, 813 (1977).
 */

#endif /* EQML__ROBUST_H */
