/*
 * A long body of statements as a macro that defines functions: the body is cut into pieces, and one function
 * calls them in turn. It does so for one or more groups of numbers: a piece after the other, each for all
 * groups, so that the code of a piece is fetched once. A long body is more than fits the cache of
 * instructions.
 */
#ifndef EQML_GEN_EMIT_FUNCTIONS_H
#define EQML_GEN_EMIT_FUNCTIONS_H
#include "emit/line.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct signature {
    const char *parameters, *names; /* of a piece, with their types and without */
    const char *all_parameters,
        *argument; /* of the whole after `int groups`, and what a piece gets in group k; or NULL: the
                                      function is for one group, with the parameters of its pieces */
    const char *opening, *closing; /* statements around those of each piece */
    bool inlined;                  /* short: the pieces are inline */
} signature;

/* Forward: slots s from slots. */
#define FORWARD_SIGNATURE                                                                                    \
    "T *s, const NUMBER *offset", "s, offset", "T *const *s, const NUMBER *offset", "s[k], offset"
/* Reverse: adjoints a; the coefficients and the energy of factors without a value. */
#define REVERSE_SIGNATURE                                                                                    \
    "const T *s, T *a, const NUMBER *linear, T *energy", "s, a, linear, energy",                             \
        "T *const *s, T *const *a, const NUMBER *linear, T *energy", "s[k], a[k], linear, &energy[k]"

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
