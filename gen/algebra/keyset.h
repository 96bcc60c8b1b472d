#ifndef EQML_GEN_ALGEBRA_KEYSET_H
#define EQML_GEN_ALGEBRA_KEYSET_H

/*
 * A growing set of distinct keys, strings of unsigned shorts of any length, numbered as they come. A set of
 * zero bytes is empty and ready.
 */

#include <stddef.h>

typedef struct keyset {
    size_t count;          /* keys */
    size_t *end;           /* [count]: key k is text[end[k-1]] .. text[end[k]-1] */
    unsigned short *text;  /* the keys, one behind the other */
    size_t *slot;          /* [nslots]: open addressing, 1 + number of a key, 0 where free */
    size_t nslots;         /* a power of two, or 0 */
    size_t room, textroom; /* allocated for end and text */
} keyset;

/*
 * Adds a key unless it is there; it must not be a part of the set's own text. Returns 1 if it is new, else 0.
 * *number, unless NULL, becomes the number of the key.
 */
int keyset_add(keyset *set, const unsigned short *key, size_t length, size_t *number);

/* The key of a number, valid until the next keyset_add. */
const unsigned short *keyset_key(const keyset *set, size_t number, size_t *length);

/* Empties the set, and keeps its memory for more keys. */
void keyset_clear(keyset *set);

/* Releases the memory; the set is then empty. */
void keyset_free(keyset *set);

#endif
