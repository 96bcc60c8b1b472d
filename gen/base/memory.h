#ifndef EQML_GEN_BASE_MEMORY_H
#define EQML_GEN_BASE_MEMORY_H

/*
 * Allocation for the generator program. Each call gives room for `count` items of `size` bytes; on overflow
 * of the product or exhausted memory it prints one line on standard error and exits with status 1. A request
 * for nothing gives a valid pointer. Release with free().
 */

#include <stddef.h>

/* Uninitialised room. */
void *xmalloc(size_t count, size_t size);

/* Room set to zero bytes. */
void *xcalloc(size_t count, size_t size);

/* `old` (or NULL) moved to room for `count` items; the contents are kept up to the smaller size. */
void *xrealloc(void *old, size_t count, size_t size);

#endif
