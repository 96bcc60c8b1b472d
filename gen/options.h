/* The command line. */
#ifndef GEN_OPTIONS_H
#define GEN_OPTIONS_H
#include "composition.h"
#include <stdbool.h>

typedef struct options {
    const char *composition, *output; /* output NULL: standard output */
    int degree;
    bool statistics, orbit_sums;
    char *name, *command; /* owned; command: what regenerates the header, whatever the output */
} options;

enum { OPTIONS_GO = -1 }; /* any other result is the program's exit status */

int options_parse(int argc, char **argv, options *o);

/* Fills in the name and the command from the composition's normal form. */
void options_complete(options *o, const composition *c);

void options_free(options *o);
#endif
