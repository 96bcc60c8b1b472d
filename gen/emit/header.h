/* The specialised header of a molecule: banner, tables, code and the records of the runtime. */
#ifndef EQML_GEN_EMIT_HEADER_H
#define EQML_GEN_EMIT_HEADER_H
#include "emit/description.h"
#include <stdio.h>

void emit_header(FILE *out, const description *d);
#endif
