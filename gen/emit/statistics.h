/* The statistics, one JSON object. */
#ifndef EQML_GEN_EMIT_STATISTICS_H
#define EQML_GEN_EMIT_STATISTICS_H
#include "emit/description.h"
#include <stdio.h>

void emit_statistics(FILE *out, const description *d);
#endif
