#include "match.h"
#include <stdio.h>

enum { MOST = 200 };

typedef struct search {
    int n, pinned, to; /* atom `pinned` of the surface must be `to` */
    const int *species, *found_species;
    const unsigned char *reference, *found;
    int sequence[MOST], *order;
    unsigned char taken[MOST];
} search;

/* Each element has one class of atoms. */
static int by_element(int n, const int *species, const int *classes)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (species[i] == species[j] && classes[i] != classes[j])
                return 0;
    return 1;
}

/* The atoms one after the other, each bonded to one before; returns how many bonds lead to from the first. */
static int set_sequence(int n, const unsigned char *reference, int sequence[MOST])
{
    unsigned char known[MOST] = {1};
    int count = 1;
    sequence[0] = 0;
    for (int k = 0; k < count; k++)
        for (int j = 0; j < n; j++)
            if (reference[n * sequence[k] + j] && !known[j]) {
                known[j] = 1;
                sequence[count++] = j;
            }
    return count;
}

/* Whether the atoms of the sequence from `depth` on can be matched, given those before. */
static int extend(search *s, int depth)
{
    if (depth == s->n)
        return 1;
    const int k = s->sequence[depth];
    for (int a = 0; a < s->n; a++) {
        int fits = !s->taken[a] && s->found_species[a] == s->species[k] && (k != s->pinned || a == s->to);
        for (int d = 0; d < depth && fits; d++) {
            const int other = s->sequence[d];
            fits = s->reference[s->n * k + other] == s->found[s->n * a + s->order[other]];
        }
        if (!fits)
            continue;
        s->taken[a] = 1;
        s->order[k] = a;
        if (extend(s, depth + 1))
            return 1;
        s->taken[a] = 0;
    }
    return 0;
}

int match_molecule(int n, const int *species, const int *classes, const unsigned char *reference,
                   const int *found_species, const unsigned char *found, int *order)
{
    search s = {.n = n,
                .pinned = -1,
                .species = species,
                .found_species = found_species,
                .reference = reference,
                .found = found,
                .order = order};
    if (!by_element(n, species, classes))
        return set_sequence(n, reference, s.sequence) != n || !extend(&s, 0);
    for (int k = 0; k < n; k++) {
        int a = 0;
        while (a < n && (s.taken[a] || found_species[a] != species[k]))
            a++;
        if (a == n)
            return 1;
        s.taken[a] = 1;
        order[k] = a;
    }
    return 0;
}

int check_reference(int n, const unsigned char *reference, const int *species, const int *classes,
                    double bond, const char *symbols, char why[FAMILY_WHY])
{
    int sequence[MOST], order[MOST];
    if (set_sequence(n, reference, sequence) != n) {
        snprintf(
            why, FAMILY_WHY,
            "with bonds up to %g sums of covalent radii the lowest geometry of %.100s is not one molecule: "
            "another value of bond?",
            bond, symbols);
        return 1;
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            if (species[i] != species[j] || classes[i] == classes[j])
                continue;
            search s = {.n = n,
                        .pinned = i,
                        .to = j,
                        .species = species,
                        .found_species = species,
                        .reference = reference,
                        .found = reference,
                        .order = order};
            set_sequence(n, reference, s.sequence);
            if (extend(&s, 0)) {
                snprintf(
                    why, FAMILY_WHY,
                    "bonds do not tell atoms %d and %d of %.100s apart, which are not alike in the surface",
                    j + 1, i + 1, symbols);
                return 1;
            }
        }
    return 0;
}
