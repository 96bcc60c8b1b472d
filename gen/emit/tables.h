/* The tables of a program. */
#ifndef EQML_GEN_EMIT_TABLES_H
#define EQML_GEN_EMIT_TABLES_H
#include "program/program.h"
#include <stdio.h>

/* "static const TYPE NAME_TABLESHAPE = {" */
void open_table(FILE *out, const char *type, const char *name, const char *table, const char *shape);

/* NAME_rows and NAME_tiles. */
void emit_tiles(FILE *out, const char *name, const tile_list *tiles);

/* NAME_operations, _runs, _rows, _tiles, _degrees, and _is_term where some factor is no term. The table of
 * operations has no column for coefficients: the program must be without. */
void emit_program_tables(FILE *out, const char *name, const program *p);
#endif
