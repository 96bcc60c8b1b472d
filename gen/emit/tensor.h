/* The part of a header, and of the statistics, that belongs to a tensor basis. */
#ifndef GEN_EMIT_TENSOR_H
#define GEN_EMIT_TENSOR_H
#include "program/tensor_program.h"
#include <stdio.h>

/* The tables of NAME_dipole, or of another kind, and the record eqml_tensor_basis of it. */
void emit_tensor(FILE *out, const char *name, const basis *b, const program *potential, const tensor_basis *t,
                 const tensor_program *p);

/* The functions that evaluate it. */
void emit_tensor_functions(FILE *out, const char *name, const tensor_basis *t);

/* Its lines in the JSON object, each with a comma at the end. */
void emit_tensor_statistics(FILE *out, const basis *b, const tensor_basis *t, const tensor_program *p);
#endif
