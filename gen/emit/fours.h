/* Covariants of one geometry as straight-line code, four elements at a time. */
#ifndef EQML_GEN_EMIT_FOURS_H
#define EQML_GEN_EMIT_FOURS_H
#include "program/uses.h"
#include <stdio.h>

/*
 * Macros FOUR_FORWARD and FOUR_REVERSE: the operations before the contractions, forward and back. Rows are
 * written in whole vectors, so that what fills them up is zero. stored[nslots]: adjoints that begin with what
 * is there.
 */
void emit_fours(FILE *out, const char *name, const program *p, const uses *u, const bool *stored);
#endif
