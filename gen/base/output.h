/* A file that appears whole or not at all. */
#ifndef GEN_OUTPUT_H
#define GEN_OUTPUT_H
#include "emit/header.h"
#include <stdio.h>

/*
 * Writes with emit(out, s) to a file beside `path`, then renames it; to standard output where path is NULL.
 * Returns 0, or 1 after one line on standard error, with `path` untouched and nothing left beside it.
 */
int output_write(const char *path, void (*emit)(FILE *, const summary *), const summary *s);
#endif
