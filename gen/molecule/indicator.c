#include "molecule/indicator.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ---- Signed sums ---- */

/* Appends a mask, to be set by the caller. */
static unsigned char *append(indicator *a, int64_t weight)
{
    size_t n = (size_t)a->npairs;

    if ((a->count & (a->count - 1)) == 0) { /* at powers of two the room doubles */
        a->mask = xrealloc(a->mask, (2 * a->count + 1) * n, 1);
        a->weight = xrealloc(a->weight, 2 * a->count + 1, sizeof *a->weight);
    }
    a->weight[a->count] = weight;
    return a->mask + n * a->count++;
}

typedef struct entry {
    const unsigned char *mask;
    size_t npairs;
    int64_t weight;
} entry;

static int compare(const void *x, const void *y)
{
    const entry *a = x, *b = y;

    return memcmp(a->mask, b->mask, a->npairs);
}

/* Sorts, adds up the weights of equal masks, and drops those that cancel. */
static indicator merged(indicator *a)
{
    indicator sum = {.npairs = a->npairs, .overflow = a->overflow};
    entry *entries = xmalloc(a->count, sizeof *entries);
    size_t n = (size_t)a->npairs;

    for (size_t k = 0; k < a->count; k++)
        entries[k] = (entry){a->mask + k * n, n, a->weight[k]};
    if (a->count)
        qsort(entries, a->count, sizeof *entries, compare);
    for (size_t k = 0, next; k < a->count; k = next) {
        int64_t weight = 0;

        for (next = k; next < a->count && !memcmp(entries[next].mask, entries[k].mask, n); next++)
            weight += entries[next].weight;
        if (weight)
            memcpy(append(&sum, weight), entries[k].mask, n);
    }
    free(entries);
    indicator_free(a);
    return sum;
}

indicator indicator_all(const composition *c)
{
    indicator all = {.npairs = c->npairs};

    memset(append(&all, 1), 1, (size_t)c->npairs);
    return all;
}

indicator indicator_not(const composition *c, const indicator *a)
{
    indicator not = indicator_all(c);

    not .overflow = a->overflow;
    for (size_t k = 0; k < a->count; k++)
        memcpy(append(&not, -a->weight[k]), a->mask + k * (size_t)a->npairs, (size_t)a->npairs);
    return merged(&not );
}

indicator indicator_and(const indicator *a, const indicator *b)
{
    indicator both = {.npairs = a->npairs, .overflow = a->overflow || b->overflow};
    size_t n = (size_t)a->npairs;

    both.overflow |= a->count > 0 && b->count > 20 * (size_t)INDICATOR_LIMIT / a->count;
    if (both.overflow)
        return both;
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            unsigned char *mask = append(&both, a->weight[i] * b->weight[j]);

            for (size_t p = 0; p < n; p++)
                mask[p] = a->mask[i * n + p] & b->mask[j * n + p];
        }
    }
    both = merged(&both);
    both.overflow = both.count > INDICATOR_LIMIT;
    return both;
}

void indicator_free(indicator *a)
{
    free(a->mask);
    free(a->weight);
    *a = (indicator){.npairs = a->npairs};
}

/* ---- Body order ---- */

static int64_t binomial(int n, int k)
{
    int64_t value = 1;

    for (int i = 1; i <= k; i++)
        value = value * (n - k + i) / i;
    return value;
}

/*
 * A sum over the sets U of at most `body` = k of the n atoms. The weight of the pairs within U is
 * (-1)^(k-|U|) binomial(n-|U|-1, k-|U|): these weights add up to 1 over the U that hold a given set of at
 * most k atoms.
 */
static void add_subsets(const composition *c, int body, int *chosen, int size, int next, indicator *a)
{
    int64_t weight = binomial(c->natoms - size - 1, body - size);
    unsigned char *mask = append(a, (body - size) % 2 ? -weight : weight);

    memset(mask, 0, (size_t)c->npairs);
    for (int i = 0; i < size; i++) {
        for (int j = i + 1; j < size; j++)
            mask[c->pair_of[chosen[i] * c->natoms + chosen[j]]] = 1;
    }
    for (int atom = next; atom < c->natoms && size < body; atom++) {
        chosen[size] = atom;
        add_subsets(c, body, chosen, size + 1, atom + 1, a);
    }
}

indicator indicator_body(const composition *c, int body)
{
    indicator a = {.npairs = c->npairs};
    int64_t subsets = 0;

    for (int size = 0; size <= body && subsets <= INDICATOR_LIMIT; size++)
        subsets += size <= 8 || c->natoms <= 30 ? binomial(c->natoms, size) : INDICATOR_LIMIT + 1;
    a.overflow = subsets > INDICATOR_LIMIT;
    if (a.overflow)
        return a;
    int *chosen = xmalloc((size_t)body + 1, sizeof *chosen);
    add_subsets(c, body, chosen, 0, 0, &a);
    free(chosen);
    return merged(&a);
}

/* ---- Fragments ---- */

/*
 * A sum over the partitions of the fragments into b parts. The weight of the pairs within parts is (-1)^(b-1)
 * (b-1)!, the Moebius function of the lattice of partitions. part[f] is set for f < next.
 */
static void add_partitions(const composition *c, const int *label, int nfragments, int *part, int next,
                           int nparts, indicator *a)
{
    if (next == nfragments) {
        int64_t weight = 1;

        for (int k = 1; k < nparts; k++)
            weight *= -k;
        unsigned char *mask = append(a, weight);
        for (int p = 0; p < c->npairs; p++)
            mask[p] = part[label[c->pair[p][0]]] == part[label[c->pair[p][1]]];
        return;
    }
    for (part[next] = 0; part[next] <= nparts; part[next]++)
        add_partitions(c, label, nfragments, part, next + 1, nparts + (part[next] == nparts), a);
}

indicator indicator_connected(const composition *c, const int *label, int nfragments)
{
    enum { MOST = 8 }; /* 4,140 partitions */
    indicator a = {.npairs = c->npairs};
    int part[MOST];

    a.overflow = nfragments > MOST;
    if (a.overflow)
        return a;
    add_partitions(c, label, nfragments, part, 0, 0, &a);
    return merged(&a);
}

indicator indicator_within(const composition *c, const int *label)
{
    indicator a = {.npairs = c->npairs};
    unsigned char *mask = append(&a, 1);

    for (int p = 0; p < c->npairs; p++)
        mask[p] = label[c->pair[p][0]] == label[c->pair[p][1]];
    return a;
}
