/* Names of the classes of pairs. */
#include "job.h"

const char *const kind_words[KIND_WORDS] = {"morse", "inverse", "exp-over-r", "power"};

/* The symbol of atom i: its place and length in the basis' list. */
static const char *symbol_of(int atom, size_t *length)
{
    const char *s = basis->symbols;
    for (int i = 0; i < atom; i++)
        s = strchr(s, ' ') + 1;
    *length = strcspn(s, " ");
    return s;
}

static int same_symbol(int atom, const char *text, size_t length)
{
    size_t own;
    const char *symbol = symbol_of(atom, &own);
    return own == length && !strncmp(symbol, text, length);
}

int class_has_elements(int k, const char *label, size_t length)
{
    const char *dash = memchr(label, '-', length);
    size_t first = dash ? (size_t)(dash - label) : 0;
    for (int p = 0; dash && p < basis->npairs; p++)
        if (basis->pair_classes[p] == k) {
            int i = basis->pairs[p][0], j = basis->pairs[p][1];
            return (same_symbol(i, label, first) && same_symbol(j, dash + 1, length - first - 1)) ||
                   (same_symbol(j, label, first) && same_symbol(i, dash + 1, length - first - 1));
        }
    return 0;
}

const unsigned short *pair_of_class(int c, char label[16])
{
    int p = 0;
    while (basis->pair_classes[p] != c)
        p++;
    size_t left, right;
    const char *first = symbol_of(basis->pairs[p][0], &left), *second = symbol_of(basis->pairs[p][1], &right);
    snprintf(label, 16, "%.*s-%.*s", (int)left, first, (int)right, second);
    return basis->pairs[p];
}
