/* Fits that are kept with their triangle. */
#ifndef EQML__PROBLEM_H
#define EQML__PROBLEM_H
#include "fit.h"

/*
 * A fit that was kept: the triangular factor R of its rows, |A x - b| = |R x - Q^T b|. What is asked of the fit
 * afterwards reads the data no more, or only once: which terms it needs (select.h), which geometries do not go
 * with the others (diagnose.h), how sure its energies are (sigma.h).
 */
typedef struct eqml_problem eqml_problem;

EQML_API eqml_status eqml_problem_create(eqml_problem **problem, eqml_surface *surface, const eqml_data *data,
                                         const eqml_fit_options *options, eqml_fit_result *result,
                                         eqml_message *message);
/*
 * Does what eqml_fit() does, and keeps the triangle, of nterms^2 / 2 numbers. Variables, centres and offsets of the
 * surface are copied; the tables of its basis must stay. Errors as eqml_fit; *problem is then null. A problem
 * is only read by what follows: threads may share it. Of several processes (options.team) rank 0 has the triangle; the
 * problems of the others are of no use but to be freed.
 */

EQML_API void eqml_problem_free(eqml_problem *problem);
/* Null is allowed. */

#endif /* EQML__PROBLEM_H */
