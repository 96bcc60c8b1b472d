/* Compositions and blocks for the tests of the generator's modules, and their random numbers. */
#ifndef TESTS_COMPOSITIONS_H
#define TESTS_COMPOSITIONS_H
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algebra/blocks.h"
#include "molecule/canonical.h"
#include "molecule/composition.h"
#include "molecule/molien.h"
#include "molecule/orbit.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static inline composition parsed(const char *text)
{
    composition c;
    char error[200] = "";

    cr_assert_eq(composition_parse(text, &c, error, sizeof error), 0, "%s", error);
    return c;
}

static inline blocks blocks_of(const composition *c, int degree)
{
    blocks b;

    cr_assert_eq(blocks_create(c->npair_classes, degree, &b), 0);
    return b;
}

/* Numbers from 0 to n - 1 without visible order, the same in every run. */
static inline int draw(uint64_t *state, int n)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (int)(*state % (uint64_t)n);
}

/* The image of a monomial, sorted. */
static inline void image_of(const composition *c, const int *element, const unsigned short *monomial,
                            int degree, unsigned short *image)
{
    for (int i = 0; i < degree; i++) {
        int j = i;
        unsigned short pair = (unsigned short)composition_pair_image(c, element, monomial[i]);

        for (; j > 0 && image[j - 1] > pair; j--)
            image[j] = image[j - 1];
        image[j] = pair;
    }
}
#endif
