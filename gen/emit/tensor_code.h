/* The operations of a tensor as straight-line code. */
#ifndef EQML_GEN_EMIT_TENSOR_CODE_H
#define EQML_GEN_EMIT_TENSOR_CODE_H
#include "program/tensor_program.h"
#include <stdio.h>

/*
 * The functions NAME_WHAT_forward_one, _forward_lanes, _reverse_lanes (through the tensor's operations and
 * the potential's), _charges_one and _charges_lanes. Returns whether there are: long programs run from their
 * tables.
 */
bool emit_tensor_code(FILE *out, const char *name, const char *what, const program *potential,
                      const tensor_program *p);
#endif
