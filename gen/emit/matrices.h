/* Covariants that are products of matrices, as calls of the runtime's kernels. */
#ifndef EQML_GEN_EMIT_MATRICES_H
#define EQML_GEN_EMIT_MATRICES_H
#include "emit/functions.h"
#include "program/program.h"

/* The table NAME_matrices, where there are some. */
void emit_matrices(FILE *out, const char *name, const program *p);

/* T from A and B. */
void put_step(functions *f, const char *name, const program *p, const matrix_step *step);

/* Which adjoints are written before the steps: begun[nslots], at the first slot of each covariant that is in
 * a row of contractions. The caller frees. */
bool *rows_begun(const program *p);

/* Adds to the adjoints of A and B from those of T, which must be complete. begun: kept up to date. */
void put_step_back(functions *f, const char *name, const program *p, const matrix_step *step, bool *begun);

/* Marks the slots of which a step adds to the adjoints. */
void mark_operands(const program *p, bool *stored);
#endif
