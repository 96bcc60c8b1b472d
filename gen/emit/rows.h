/* The rows of contractions as straight-line code. */
#ifndef EQML_GEN_EMIT_ROWS_H
#define EQML_GEN_EMIT_ROWS_H
#include "program/program.h"
#include <stdio.h>

/*
 * Macros CONTRACT, LINEAR and GATHER for the three passes of contractions.h; and the same with FOUR_ in front
 * for numbers of one geometry, with four elements of a row in a vector; what fills up a row must be zero.
 * source[nslots]: where each element is read, and its adjoint written, other than in vectors.
 */
void emit_rows(FILE *out, const char *name, const program *p, const unsigned *source);
#endif
