/* Partitions of the atoms into fragments. */
#ifndef EQML_GEN_MOLECULE_FRAGMENTS_H
#define EQML_GEN_MOLECULE_FRAGMENTS_H

#include <stddef.h>

#include "molecule/composition.h"

typedef struct fragments {
    int count;
    int *label; /* [natoms] fragment of each atom, numbered by first atom */
} fragments;

/*
 * Reads a list such as "1-3,4-6" or "1-2+5,3-4": commas between fragments, + between ranges of one fragment,
 * atoms from 1. Each atom must be in exactly one fragment. Returns 0, or -1 with a one-line message and *f
 * empty.
 */
int fragments_parse(const char *text, const composition *c, fragments *f, char *error, size_t error_size);

/*
 * The fragments that the parentheses of a composition's text show: each copy of an outermost parenthesis, and
 * each run of atoms between them. Returns 0, or -1 with a one-line message if these are fewer than two.
 */
int fragments_of_text(const char *text, const composition *c, fragments *f, char *error, size_t error_size);

/* The list that fragments_parse reads; the caller frees. */
char *fragments_text(const composition *c, const fragments *f);

/*
 * *labels <- all images of the fragments under the group, [count][natoms], numbered by first atom in each,
 * for the caller to free; one row if the group takes fragments to fragments. Returns the count, or 0 if it is
 * more than `limit`.
 */
size_t fragments_images(const composition *c, const fragments *f, size_t limit, int **labels);

void fragments_free(fragments *f);

#endif
