/*
 * A basis as tables: what eqml_basis_write of the runtime writes, a basis that was pruned or grown. gen/runtime/select.h
 * has the format.
 */
#ifndef EQML_GEN_MOLECULE_TABLES_H
#define EQML_GEN_MOLECULE_TABLES_H
#include "molecule/composition.h"
#include "program/arrange.h"

typedef struct basis_tables {
    char *name, *origin;     /* origin: one line, may be empty */
    composition composition; /* if the group came from a file, its classes are not those of the basis */
    int degree, npair_classes;
    int *atom_class; /* [natoms] */
    int (*pair)[2];  /* [inputs of the program] */
    int *pair_class; /* [inputs of the program] */
    program_tables program;
} basis_tables;

/*
 * Reads a file and checks it. Returns 0, or -1 with a one-line message that names file, line and value. It is
 * not checked that the polynomials are invariant and independent: they are in the basis that the file was cut
 * from. tables_free releases the tables, also after a failure.
 */
int tables_read(const char *path, basis_tables *t, char *error, size_t error_size);
void tables_free(basis_tables *t);
#endif
