#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Bytes to ask for: never zero. */
static size_t bytes(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        fprintf(stderr, "eqml-gen: out of memory: %zu items of %zu bytes\n", count, size);
        exit(1);
    }
    return count && size ? count * size : 1;
}

static void *checked(void *room, size_t count, size_t size)
{
    if (!room) {
        fprintf(stderr, "eqml-gen: out of memory: %zu bytes\n", count * size);
        exit(1);
    }
    return room;
}

void *xmalloc(size_t count, size_t size)
{
    return checked(malloc(bytes(count, size)), count, size);
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(bytes(count, size), 1), count, size);
}

void *xrealloc(void *old, size_t count, size_t size)
{
    return checked(realloc(old, bytes(count, size)), count, size);
}
