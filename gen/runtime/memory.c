/* Arrays of zeros. */
#ifndef EQML__MEMORY_C
#define EQML__MEMORY_C
#include "status.h"
#include <stdint.h>
#include <string.h>

/* a * b, or SIZE_MAX, which no allocation can have, if the product does not fit. */
static size_t eqml__times(size_t a, size_t b)
{
    return b && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

/* An array of zeros that is never empty, so that NULL only means failure. Release it with EQML_FREE. */
static void *eqml__zeroed(size_t count, size_t size)
{
    const size_t bytes = eqml__times(count, size);
    void *array = bytes < SIZE_MAX ? EQML_MALLOC(bytes + 1) : NULL;
    return array ? memset(array, 0, bytes + 1) : NULL;
}

#endif /* EQML__MEMORY_C */
