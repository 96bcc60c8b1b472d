/*
 * A long body of statements as a macro that defines functions: the body is cut into pieces, and one function
 * calls them in turn.
 */
#ifndef GEN_FUNCTIONS_H
#define GEN_FUNCTIONS_H
#include "line.h"
#include <stddef.h>

typedef struct signature {
    const char *parameters, *arguments; /* of each function, with their types and as they are passed on */
    const char *opening, *closing;      /* statements around those of each piece */
} signature;

typedef struct functions {
    line line; /* where statements are put */
    const signature *with;
    unsigned piece; /* number of the present one, from 1 on */
    size_t length;  /* operations in this piece so far */
} functions;

/* #define BASIS_MACRO(NAME, T, NUMBER), which defines the function NAME. The signature must outlive it. */
functions functions_open(FILE *out, const char *basis, const char *macro, const signature *with);

/* Makes room for some more operations: begins another piece where this one is long enough. */
void functions_reserve(functions *f, size_t operations);
void functions_close(functions *f);
#endif
