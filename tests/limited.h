/* An allocator that fails on demand, for the implementation of eqml.h that is included after this file. */
#ifndef TESTS_LIMITED_H
#define TESTS_LIMITED_H
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EQML_MALLOC(size) limited_malloc(size)
#define EQML_FREE(pointer) limited_free(pointer)

/* What is allocated, so that nothing is lost and nothing is freed twice. */
enum { MOST_ALIVE = 1000 };
static void *living[MOST_ALIVE];
static size_t allowed = SIZE_MAX, used, alive, asked; /* asked: bytes in all */

static void *limited_malloc(size_t size)
{
    void *pointer = used++ < allowed ? malloc(size) : NULL;
    asked += size;
    if (pointer) {
        cr_assert_lt(alive, MOST_ALIVE);
        memset(pointer, 0xA5, size); /* what nobody has written means nothing */
        living[alive++] = pointer;
    }
    return pointer;
}

static void limited_free(void *pointer)
{
    size_t k = 0;
    if (!pointer)
        return;
    while (k < alive && living[k] != pointer)
        k++;
    cr_assert_lt(k, alive, "freed, but not allocated or freed before");
    living[k] = living[--alive];
    free(pointer);
}

#endif
