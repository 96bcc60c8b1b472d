/* What the header of a molecule says beside its program: fills in emit/description.h. */
#ifndef EQML_GEN_MOLECULE_DESCRIBE_H
#define EQML_GEN_MOLECULE_DESCRIBE_H
#include "emit/description.h"
#include "molecule/tables.h"
#include "molecule/terms.h"
#include "molecule/tensor.h"

/*
 * A basis and its program; molien_by_degree[degree + 1]: the independent count. All of these must outlive the
 * description. Name, command, cut and seconds are left to the caller. description_free releases what was filled in.
 */
description describe_basis(const basis *b, const program *p, const uint64_t *molien_by_degree);

/* Tables and their program, both of which must outlive it; `from` too is left to the caller. */
description describe_tables(const basis_tables *t, const program *p);

/* Adds a tensor to a description of its basis. */
void describe_tensor(description *d, const basis *b, const tensor_basis *t, const tensor_program *p);
void description_free(description *d);
#endif
