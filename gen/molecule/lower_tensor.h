/* The program of a tensor basis, on top of that of the potential. */
#ifndef EQML_GEN_MOLECULE_LOWER_TENSOR_H
#define EQML_GEN_MOLECULE_LOWER_TENSOR_H
#include "molecule/lower.h"
#include "molecule/tensor.h"
#include "program/tensor_program.h"

/*
 * The program of t over the program l of the basis b. The element slots in l of covariants that only tensors
 * need become those of this tensor. tensor_program_free releases the result.
 */
tensor_program *lower_tensor(const basis *b, lowering *l, const tensor_basis *t);
#endif
