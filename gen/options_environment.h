/* The part of the command line that is the second family's. */
#ifndef EQML_GEN_OPTIONS_ENVIRONMENT_H
#define EQML_GEN_OPTIONS_ENVIRONMENT_H
#include "options.h"

enum { OTHER_OPTION = -2 };

/* The status of the option at *i, OPTIONS_GO where it is well, or OTHER_OPTION. *seen: there was one. */
int options_take_environment(int argc, char **argv, int *i, options *o, bool *seen);

/* An environment takes the place of a composition; what is said of one (`molecule`) says nothing of the other. */
int options_check_environment(options *o, bool seen, bool molecule);

/* Fills in the rest from the normal form of the environment. */
void options_complete_environment(options *o, const char *text);
#endif
