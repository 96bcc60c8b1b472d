/* A basis as a file of tables. */
#ifndef EQML__BASIS_FILE_C
#define EQML__BASIS_FILE_C
#include "select.h"
#include "file.c"
#include <ctype.h>
#include <stdbool.h>

static void eqml__put_basis_atoms(FILE *out, const eqml_basis *b)
{
    const char *symbol = b->symbols;
    fprintf(out, "atoms %d\n", b->natoms);
    for (int i = 0; i < b->natoms; i++) {
        const int length = (int)strcspn(symbol, " ");
        fprintf(out, "atom %.*s %d\n", length, symbol, b->atom_classes[i]);
        symbol += length + (symbol[length] == ' ');
    }
    fprintf(out, "classes %d\npairs %d\n", b->npair_classes, b->npairs);
    for (int p = 0; p < b->npairs; p++)
        fprintf(out, "pair %d %d %d\n", b->pairs[p][0], b->pairs[p][1], b->pair_classes[p]);
}

static void eqml__put_basis_tables(FILE *out, const eqml_basis *b)
{
    fprintf(out, "slots %d\nfactors %d\n", b->factor0, b->nfactors);
    for (int f = 0; f < b->nfactors; f++)
        fprintf(out, "factor %d %d\n", b->degrees[f], !b->is_term || b->is_term[f]);
    fprintf(out, "operations %d\n", b->noperations);
    for (int k = 0; k < b->noperations; k++)
        fprintf(out, "operation %d %d %d\n", b->operations[k][0], b->operations[k][1], b->operations[k][2]);
    fprintf(out, "runs %d\n", b->nruns);
    for (int k = 0; k < b->nruns; k++)
        fprintf(out, "run %d %d %d\n", b->runs[k][0], b->runs[k][1], b->runs[k][2]);
    fprintf(out, "terms %d\nend\n", b->nterms);
}

/* The header of the basis has it in a comment. */
static bool eqml__is_origin(const char *text)
{
    if (strlen(text) > 1000 || strstr(text, "*/") || strstr(text, "/*"))
        return false;
    while (*text && !iscntrl((unsigned char)*text))
        text++;
    return !*text;
}

EQML_API eqml_status eqml_basis_write(const eqml_basis *basis, const char *origin, const char *path,
                                      eqml_message *message)
{
    eqml__output out;
    origin = origin ? origin : "";
    if (!eqml__is_origin(origin))
        return eqml__fail_file(
            message, EQML_ERROR_ARGUMENT, path, 0,
            "the origin of the basis must be one line of at most 1000 characters, without the "
            "marks of comments in C");
    for (int k = 0; k < EQML_TENSORS; k++)
        if (basis->tensors[k])
            return eqml__fail_file(
                message, EQML_ERROR_ARGUMENT, path, 0,
                "the basis \"%s\" has a %s, which the file cannot hold; leave it out of the "
                "basis",
                basis->name, eqml_tensor_name((eqml_tensor)k));
    eqml_status status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    fprintf(out.file, "eqml-basis 1\nname %s\norigin%s%s\ncomposition %s\ndegree %d\n", basis->name,
            *origin ? " " : "", origin, basis->composition, basis->degree);
    eqml__put_basis_atoms(out.file, basis);
    eqml__put_basis_tables(out.file, basis);
    return eqml__close_output(&out, EQML_OK, message);
}

#endif /* EQML__BASIS_FILE_C */
