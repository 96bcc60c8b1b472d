/* Compiled code for the energies of a basis that is known at run time alone, kept in a folder of the user's. */
#ifndef EQML_COMPILED_H
#define EQML_COMPILED_H
#include "eqml.h"

enum { COMPILED_WHY = 400 }; /* room for the longest message */

typedef struct compiled {
    void *library;
    const eqml_basis
        *basis; /* the same terms, maybe in another order: a surface is moved to it by eqml_surface_rebase */
    int (*energies)(const eqml_model *model, size_t n, const double *xyz, double *energy, double *gradient);
} compiled;

int compiled_wanted(void);
/* Whether the environment asks for it: EQML_COMPILE is set, and not 0 or empty. Not where a program has other rights than who
 * runs it. */

int compiled_open(int (*write_tables)(const void *context, const char *path), const void *context,
                  compiled *found, char why[COMPILED_WHY]);
/*
 * Finds the code in $XDG_CACHE_HOME/eqml, else ~/.cache/eqml, or makes it there: write_tables writes the tables of the basis
 * (eqml_basis_write), `eqml-gen --from` writes code, and $CC, else cc, compiles it with -O3 -march=native, or
 * with the options in EQML_COMPILE. Its name is a digest
 * of the tables, of the layout of eqml.h, of the compiler's command and of the processor. It is compiled in a folder of this
 * process' own and renamed, so that any number of processes may do so at once. Folder and file must belong to the user, and
 * be writable by nobody else. Nonzero, with why in one line: there is none, and nothing is left behind.
 */

void compiled_close(compiled *found);

#endif
