/* The products of a basis of neighbour clouds, and their way back, as loops with one written-out kernel each. */
#ifndef EQML_GEN_EMIT_CLOUD_CODE_H
#define EQML_GEN_EMIT_CLOUD_CODE_H
#include "program/coupled.h"
#include <stdio.h>

/* Macro NAME_CODE(SUFFIX, T, NUMBER), which defines NAME_forward_SUFFIX and NAME_reverse_SUFFIX. */
void emit_cloud_code(FILE *out, const char *name, const coupled_program *p);
#endif
