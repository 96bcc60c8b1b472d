/* The part of a header that belongs to a tensor basis. */
#ifndef EQML_GEN_EMIT_TENSOR_H
#define EQML_GEN_EMIT_TENSOR_H
#include "emit/description.h"
#include <stdio.h>

/* The tables of NAME_dipole, or of another kind, and the record eqml_tensor_basis of it. */
void emit_tensor(FILE *out, const char *name, const program *potential, const tensor_description *t);

/* The functions that evaluate it. */
void emit_tensor_functions(FILE *out, const char *name, const tensor_description *t);
#endif
