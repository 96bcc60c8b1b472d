/* Extrapolation grades from a fit, and the configurations to compute next. */
#ifndef EQML__CLOUD_GRADING_H
#define EQML__CLOUD_GRADING_H
#include "cloud/fit.h"
#include "cloud/grade.h"
#include "design.h"

EQML_API eqml_status eqml_cloud_grader_create(eqml_cloud_grader *grader, const eqml_cloud_model *model,
                                              eqml_lsq *triangle, const eqml_frames *frames,
                                              const unsigned char *use, int rows, eqml_message *message);
/*
 * From the triangle of the fit that made the model, see eqml_cloud_fit, and its training data; release it with
 * eqml_cloud_grader_free. rows 0, or as many as columns: the whole of F, columns^2 / 2 numbers; else so many random
 * combinations of its rows, a multiple of 8 at least. What the data leave undetermined is not in the variance: give a ridge. On failure *grader is empty.
 */

EQML_API void eqml_cloud_grader_free(eqml_cloud_grader *grader);

EQML_API eqml_status eqml_cloud_design(const eqml_cloud_grader *grader, const eqml_cloud_model *model,
                                       const eqml_frames *pool, const eqml_cloud_fit_options *options,
                                       int forces, size_t wanted, eqml_design_choice *choice, size_t *found,
                                       eqml_message *message);
/*
 * choice[*found] <- at most `wanted` of the configurations of the pool, those to be computed next, in order of merit: the
 * same choice as eqml_design makes among geometries, by the rows of their energies and, where forces is not zero, of
 * their forces, weighted as in the fit. The grader has the whole of F.
 *
 * EQML_ERROR_ARGUMENT: it has not, or the data leave terms undetermined; a ridge helps.
 */

EQML_API eqml_status eqml_cloud_write_grades(const eqml_cloud_grader *grader, const eqml_cloud_model *model,
                                             const char *name, const char *runtime, const char *path,
                                             eqml_message *message);
/* Writes a C header that includes "NAME_pot.h" and adds NAME_grades(), with the matrix as a constant; runtime: eqml.h. */

#endif /* EQML__CLOUD_GRADING_H */
