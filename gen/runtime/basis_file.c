/* A basis as a file of tables. */
#ifndef EQML__BASIS_FILE_C
#define EQML__BASIS_FILE_C
#include "select.h"
#include "file.c"
#include "tables.c"
#include <ctype.h>
#include <stdbool.h>

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
    eqml__put_energy_tables(out.file, basis);
    fprintf(out.file, "end\n");
    return eqml__close_output(&out, EQML_OK, message);
}

#endif /* EQML__BASIS_FILE_C */
