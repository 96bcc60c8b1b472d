/* Bases at run time, from their tables. */
#ifndef EQML__TABLES_H
#define EQML__TABLES_H
#include "status.h"
#include "basis.h"

EQML_API eqml_status eqml_basis_read(const char *path, eqml_basis **basis, eqml_message *message);
/*
 * Reads the tables of a basis, as eqml_basis_write writes them, or `eqml-gen --dump tables`, whose file is of version 2:
 * behind the terms it has, for each tensor,
 *
 *     tensor dipole 5 141 12 4 80        kind, degree, terms, tensor factors, generators of these, slots
 *     operations 3                       of slots behind those of the energy
 *     operation 70 1 20
 *     elements 9
 *     element 0 70 2                     tensor factor, slot, atom or pair; the number of pairs: the unit tensor
 *     products 8
 *     product 4 1 0                      tensor factor, factor, tensor factor that is its source
 *     runs 12
 *     run 0 0 20                         terms: a tensor factor with the factors from 0 on, so many
 *     references 1
 *     reference 4                        atoms whose centre is the point of reference
 *
 * The basis is evaluated from its tables, without code of its own, and serves for fits too. Release it with eqml_basis_free(),
 * after the surfaces over it. On failure *basis is NULL, and the message names the line.
 */

EQML_API void eqml_basis_free(eqml_basis *basis);
/* Releases a basis that was read; NULL is allowed. */

#endif /* EQML__TABLES_H */
