/* A basis as tables in plain text, version 2 of eqml-basis: what eqml_basis_read of the runtime reads. */
#ifndef EQML_GEN_EMIT_PLAIN_TABLES_H
#define EQML_GEN_EMIT_PLAIN_TABLES_H
#include "emit/description.h"
#include <stdio.h>

/* gen/runtime/select.h and gen/runtime/tables.h have the format. The operations must have no coefficients. */
void emit_plain_tables(FILE *out, const description *d);
#endif
