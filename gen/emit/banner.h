/* What a header says of itself, as the comment that it opens with. */
#ifndef EQML_GEN_EMIT_BANNER_H
#define EQML_GEN_EMIT_BANNER_H
#include "emit/description.h"
#include <stdio.h>

/* layout: the number that binds the header to its runtime. */
void emit_banner(FILE *out, const description *d, int layout);
#endif
