/* What a header says of itself, as the comment that it opens with. */
#ifndef EQML_GEN_EMIT_BANNER_H
#define EQML_GEN_EMIT_BANNER_H
#include "emit/description.h"
#include <stdio.h>

/* layout: the number that binds the header to its runtime. */
void emit_banner(FILE *out, const description *d, int layout);

/* What follows it in a header of either family: the include guard, the runtime, and the check of its layout number. */
void emit_guard(FILE *out, const char *name, int layout);
#endif
