/* What carries a tensor: the classes of atoms, or of pairs and the unit tensor. */
#ifndef GEN_CARRIER_H
#define GEN_CARRIER_H
#include "molecule/tensor.h"

enum { CARRIERS_TERMS_LIMIT = 5000000 };

/*
 * Finds the reference class and the carriers of t, whose kind and degree are set, with the numbers of their
 * covariants: t->covariants_by_degree[degree + 1] must be zero. Returns -1 where there are more than
 * CARRIERS_TERMS_LIMIT.
 */
int carriers_find(tensor_basis *t, const basis *b, const uint64_t *invariants);
#endif
