/* A file that appears whole or not at all. */
#ifndef EQML_GEN_BASE_OUTPUT_H
#define EQML_GEN_BASE_OUTPUT_H
#include <stdio.h>

/*
 * Writes with write(out, context) to a file of its own beside `path`, then renames it; to standard output where
 * path is NULL. Of a symbolic link the target is written, and a file that was there keeps its permissions; a
 * device or a pipe is written as it is. Returns 0, or 1 after one line on standard error, with `path` untouched
 * and nothing left beside it.
 */
int output_write(const char *path, void (*write)(FILE *, const void *), const void *context);
#endif
