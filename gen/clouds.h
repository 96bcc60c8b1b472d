/* The second family: from an environment and a level to a header or its statistics. */
#ifndef EQML_GEN_CLOUDS_H
#define EQML_GEN_CLOUDS_H
#include "options.h"

/* The exit status of the program, after one line on standard error where it is not 0. */
int clouds_generate(options *o);
#endif
