/* Which geometries do not go with the others: leverages and leave-one-out errors. */
#ifndef EQML__DIAGNOSE_H
#define EQML__DIAGNOSE_H
#include "problem.h"

/*
 * A geometry has several rows in a fit, one for its energy and, where it has a gradient, one for each internal
 * displacement. It is left out as a whole. With its rows A_g, not yet times its weight w, their errors e_g in the fit,
 * the triangle R of all rows and H = A_g (R^T R)^-1 A_g^T, the errors of the fit without this geometry are [1, 2]
 *
 *     (1 - w H)^-1 e_g,     and the variance of its prediction there is     (1 - w H)^-1 H,
 *
 * exactly, and without another fit. Centres, offsets, penalties and the weights of the others stay as they are.
 *
 * [1] Cook, Weisberg, Residuals and Influence in Regression (1982), section 3.6, on several rows at once.
 * [2] Belsley, Kuh, Welsch, Regression Diagnostics (1980), section 2.1.
 */
typedef struct eqml_influence {
    int known;       /* 0: the geometry was not looked at, and all else is 0 */
    double residual; /* V - E, hartree */
    double
        deleted; /* the same, where V is fitted without this geometry; infinite: the others do not determine V here */
    double
        gradient; /* root mean square of the errors of the gradient's components, likewise fitted without this
                        geometry, hartree/bohr; 0 where its gradient was not fitted */
    double leverage; /* of the energy, w H_00: by how much V here follows E here, from 0 to 1 */
    double
        unknowns; /* trace of w H: how many unknowns the geometry determines. Over all geometries these add up to the
                        rank, less with a ridge */
    double
        variance; /* of V without this geometry, in units of the variance of an energy of weight 1: what the others
                        leave open here. Large where the geometry is isolated; infinite where they do not determine V */
} eqml_influence;

EQML_API eqml_status eqml_diagnose(const eqml_problem *problem, const eqml_surface *surface,
                                   const eqml_data *data, const eqml_fit_options *options,
                                   const unsigned char *which, eqml_influence *influence,
                                   eqml_message *message);
/*
 * Fills influence[data->n]. Surface, data and options are those of the fit that made the problem. Looked at are the
 * training geometries with which[g] nonzero; NULL: all. Those of weight 0 belong to them: they are left out already.
 *
 * Takes one pass over the data: as long as it takes to find their rows, and terms^2 operations a row, about as long as
 * the fit itself (methane, 495 terms, 45,000 rows: 1.2 s after 1.3; ethanol, 1,898 terms, 55,000 rows: 15 s after
 * 34 for twice as many); and 8 bytes for each square of the terms.
 *
 * EQML_ERROR_ARGUMENT: the surface is not over the basis of the problem. EQML_ERROR_MATCH, EQML_ERROR_EMPTY: as eqml_fit.
 */

/* What may be the matter with a geometry. */
typedef enum eqml_cause {
    EQML_CAUSE_NONE,     /* nothing: its error is usual at its energy */
    EQML_CAUSE_ISOLATED, /* no other geometry is near: without it V is extrapolated here */
    EQML_CAUSE_OFF, /* others are near and its energy is far off from what they say: it is wrong, or that of another
                            electronic state */
    EQML_CAUSE_GRADIENT /* its energy goes with the others, its gradient does not */
} eqml_cause;

EQML_API eqml_status eqml_find_causes(const eqml_data *data, const eqml_influence *influence,
                                      eqml_cause *cause);
/*
 * Fills cause[data->n] for the geometries that are known, EQML_CAUSE_NONE for others. Usual sizes of the errors
 * `deleted` and `gradient`, and of the standard deviation of V, the root of `variance`, are their medians among the
 * geometries whose energies are nearest, a twentieth of all (51 to 501). Isolated: the standard deviation is 4 times its
 * usual size or more. Off: an error is 12 times its usual size, 1.4826 medians, or more; where the geometry is isolated,
 * as many times more.
 */

#endif /* EQML__DIAGNOSE_H */
