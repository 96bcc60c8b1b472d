/* Which patterns of a structure are done by products of matrices: see program/matrices.h. */
#ifndef EQML_GEN_MOLECULE_LOWER_MATRICES_H
#define EQML_GEN_MOLECULE_LOWER_MATRICES_H
#include "molecule/terms.h"
#include "program/matrices.h"

/*
 * The forms of those patterns of the potential that are long enough; the greater the need, from 0 to
 * MATRIX_NEEDS - 1, the more of them. matrix_table_free releases them.
 */
enum { MATRIX_NEEDS = 2 };
matrix_table lower_matrices(const basis *b, int need);
#endif
