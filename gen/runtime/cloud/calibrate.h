/* How large the errors of a potential are likely to be, from those of configurations that are left out of its fit. */
#ifndef EQML__CLOUD_CALIBRATE_H
#define EQML__CLOUD_CALIBRATE_H
#include "cloud/grading.h"
#include "uncertainty.h"

/* Standard deviations from variances that the fit leaves, as in variance.h. The matrix is the grader's. */
typedef struct eqml_cloud_sigma {
    eqml_sigma energy; /* of the energy of a configuration over its number of atoms, hartree */
    eqml_sigma force;  /* of a component, hartree/bohr */
    double tail[2];    /* of energies, of forces: so many deviations hold 95.45 % of the errors left out */
    size_t left_out;   /* configurations */
} eqml_cloud_sigma;

EQML_API eqml_status eqml_cloud_calibrate(eqml_cloud_sigma *sigma, const eqml_cloud_grader *grader,
                                          const eqml_cloud_model *model, eqml_lsq *triangle,
                                          const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                          const unsigned char *use, size_t most, eqml_message *message);
/*
 * Leaves out, one after the other and each with all of its rows, `most` of the training configurations with use[k]
 * nonzero and at most 200 atoms, evenly spaced: from the triangle of the fit, without another. Errors and variances of
 * their energies, and of some of their forces, each calibrate as in eqml_sigma_create; the tails of both are
 * heavier than those of a normal distribution, and how much heavier is found from them, too. fit: the options of the fit.
 * The grader must stay. EQML_ERROR_EMPTY: fewer than 20 that the others determine.
 */

EQML_API eqml_status eqml_cloud_coverage(const eqml_cloud_sigma *sigma, const eqml_cloud_model *model,
                                         const eqml_frames *frames, const unsigned char *use,
                                         eqml_coverage coverage[2], double tail[2], double mean[2],
                                         eqml_message *message);
/*
 * How many errors of energies, and of components of forces, are within one and two standard deviations, over the
 * configurations with use[k] nonzero; NULL: all. tail <- the parts of them within sigma->tail deviations; mean <- the
 * root mean square of these deviations.
 */

#endif /* EQML__CLOUD_CALIBRATE_H */
