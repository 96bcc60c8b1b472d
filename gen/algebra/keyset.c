#include "algebra/keyset.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static uint64_t hash(const unsigned short *key, size_t length)
{
    uint64_t h = length;

    for (size_t i = 0; i < length; i++) {
        h = (h ^ key[i]) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    return h;
}

const unsigned short *keyset_key(const keyset *set, size_t number, size_t *length)
{
    size_t start = number ? set->end[number - 1] : 0;

    *length = set->end[number] - start;
    return set->text + start;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t *find(const keyset *set, const unsigned short *key, size_t length)
{
    size_t mask = set->nslots - 1, at = (size_t)hash(key, length) & mask, known_length;

    for (; set->slot[at]; at = (at + 1) & mask) {
        const unsigned short *known = keyset_key(set, set->slot[at] - 1, &known_length);
        if (known_length == length && !memcmp(known, key, length * sizeof *key))
            break;
    }
    return set->slot + at;
}

static void grow_slots(keyset *set)
{
    free(set->slot);
    set->nslots = set->nslots ? 2 * set->nslots : 64;
    set->slot = xcalloc(set->nslots, sizeof *set->slot);
    for (size_t k = 0; k < set->count; k++) {
        size_t length;
        const unsigned short *key = keyset_key(set, k, &length);
        *find(set, key, length) = k + 1;
    }
}

int keyset_add(keyset *set, const unsigned short *key, size_t length, size_t *number)
{
    if (4 * set->count >= 3 * set->nslots) /* at most three quarters full */
        grow_slots(set);

    size_t *slot = find(set, key, length), start = set->count ? set->end[set->count - 1] : 0;
    int is_new = *slot == 0;
    if (is_new) {
        if (set->count == set->room) {
            set->room = 2 * set->room + 32;
            set->end = xrealloc(set->end, set->room, sizeof *set->end);
        }
        if (start + length >= set->textroom) {
            set->textroom = 2 * set->textroom + length + 256;
            set->text = xrealloc(set->text, set->textroom, sizeof *set->text);
        }
        if (length)
            memcpy(set->text + start, key, length * sizeof *key);
        set->end[set->count++] = start + length;
        *slot = set->count;
    }
    if (number)
        *number = *slot - 1;
    return is_new;
}

void keyset_clear(keyset *set)
{
    if (set->nslots)
        memset(set->slot, 0, set->nslots * sizeof *set->slot);
    set->count = 0;
}

void keyset_free(keyset *set)
{
    free(set->end);
    free(set->text);
    free(set->slot);
    memset(set, 0, sizeof *set);
}
