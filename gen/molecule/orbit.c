#include "molecule/orbit.h"

#include <stdlib.h>
#include <string.h>

#include "molecule/canonical.h"
#include "base/memory.h"
#include "base/progress.h"

typedef unsigned short word;

/* The enumeration. The list grows degree by degree; `known` holds the keys of the present degree. */
typedef struct search {
    const composition *c;
    const blocks *b;
    const wanted *wanted; /* or NULL */
    canonical *keys;
    keyset known;
    orbit_list *list;
    size_t room;              /* orbits that fit in the list */
    unsigned char *exponents; /* [npair_classes] */
    unsigned char *touched;   /* [natoms], by the monomial at hand */
    int *first, *second;      /* [natoms] atoms that are worth joining */
    unsigned char *joined;    /* [npairs], visited pairs of the monomial at hand */
    word *product;            /* [degree] */
} search;

/* Appends a monomial to the list if it is allowed and its orbit is new. */
static void offer(search *s, const word *monomial, int degree)
{
    orbit_list *list = s->list;
    size_t row = (size_t)list->degree;
    const word *key;

    if (s->wanted && !wanted_allows(s->wanted, monomial, degree))
        return;
    size_t length = canonical_key(s->keys, monomial, degree, &key);
    if (!keyset_add(&s->known, key, length, NULL))
        return;
    if (list->count == s->room) {
        s->room = 2 * s->room + 64;
        list->monomial = xrealloc(list->monomial, s->room * row, sizeof *list->monomial);
        list->block = xrealloc(list->block, s->room, sizeof *list->block);
        list->order = xrealloc(list->order, s->room, sizeof *list->order);
    }
    memset(s->exponents, 0, (size_t)s->c->npair_classes);
    for (int i = 0; i < list->degree; i++) {
        list->monomial[list->count * row + (size_t)i] = i < degree ? monomial[i] : ORBIT_UNUSED;
        if (i < degree)
            s->exponents[s->c->pair_class[monomial[i]]]++;
    }
    list->block[list->count] = blocks_find(s->b, s->exponents);
    list->order[list->count++] = degree;
}

static int any_touched(const search *s, int first, int n)
{
    return n > 0 && memchr(s->touched + first, 1, (size_t)n) != NULL;
}

/*
 * Lists the atoms of a node, shifted by `shift`, without repeating what is alike: of the untouched copies in
 * a power only the first, since the others can be exchanged with it while the touched atoms stay. Returns the
 * new length.
 */
static int list_atoms(const search *s, const group_node *node, int shift, int *atoms, int n)
{
    int size = node->natoms / node->copies, fresh = 0;

    if (node->kind == GROUP_ATOM)
        atoms[n++] = node->first_atom + shift;
    for (int i = 0; node->kind == GROUP_PRODUCT && i < node->nchildren; i++)
        n = list_atoms(s, &node->children[i], shift, atoms, n);
    for (int k = 0; node->kind == GROUP_POWER && k < node->copies; k++) {
        int known = any_touched(s, node->first_atom + shift + k * size, size);

        if (known || !fresh)
            n = list_atoms(s, node->children, shift + k * size, atoms, n);
        fresh |= !known;
    }
    return n;
}

/* The atoms worth joining, given those that are touched. */
static int candidates(const search *s, int *atoms)
{
    if (s->c->tree)
        return list_atoms(s, s->c->tree, 0, atoms, 0);
    for (int i = 0; i < s->c->natoms; i++)
        atoms[i] = i;
    return s->c->natoms;
}

/* Offers monomial * pair, in ascending order. */
static void offer_product(search *s, size_t orbit, int pair)
{
    const word *monomial = s->list->monomial + orbit * (size_t)s->list->degree;
    int degree = s->list->order[orbit], i = degree;

    for (; i > 0 && monomial[i - 1] > pair; i--)
        s->product[i] = monomial[i - 1];
    s->product[i] = (word)pair;
    memcpy(s->product, monomial, (size_t)i * sizeof *monomial);
    offer(s, s->product, degree + 1);
}

/*
 * Offers the products of an orbit's monomial with the pairs whose class is not below its own classes. They
 * reach all orbits of the next degree: any member without a pair of its highest class is the image of a
 * monomial in the list, since divisors of what is allowed are allowed. Of the pairs that a symmetry of the
 * monomial exchanges one is enough.
 */
static void extend(search *s, size_t orbit)
{
    const composition *c = s->c;
    const word *monomial = s->list->monomial + orbit * (size_t)s->list->degree;
    int highest = 0;

    memset(s->touched, 0, (size_t)c->natoms);
    memset(s->joined, 0, (size_t)c->npairs);
    for (int i = 0; i < s->list->order[orbit]; i++) {
        int class = c->pair_class[monomial[i]];

        highest = class > highest ? class : highest;
        s->touched[c->pair[monomial[i]][0]] = s->touched[c->pair[monomial[i]][1]] = 1;
    }
    int nfirst = candidates(s, s->first);
    for (int i = 0; i < nfirst; i++) {
        unsigned char before = s->touched[s->first[i]];

        s->touched[s->first[i]] = 1;
        int nsecond = candidates(s, s->second);
        s->touched[s->first[i]] = before;
        for (int j = 0; j < nsecond; j++) {
            int pair = c->pair_of[s->first[i] * c->natoms + s->second[j]];

            if (pair < 0 || s->joined[pair] || c->pair_class[pair] < highest)
                continue;
            s->joined[pair] = 1;
            offer_product(s, orbit, pair);
        }
    }
}

/* What qsort needs to know of an orbit. */
typedef struct entry {
    size_t block;
    const word *monomial;
    int degree;
} entry;

static int compare_entries(const void *x, const void *y)
{
    const entry *a = x, *b = y;

    if (a->block != b->block)
        return a->block < b->block ? -1 : 1;
    for (int i = 0; i < a->degree; i++) {
        if (a->monomial[i] != b->monomial[i])
            return a->monomial[i] < b->monomial[i] ? -1 : 1;
    }
    return 0;
}

/* Sorts by block, then monomial. Within a block all have one degree. */
static void sort(orbit_list *list)
{
    size_t row = (size_t)list->degree;
    entry *entries = xmalloc(list->count, sizeof *entries);
    word *sorted = xmalloc(list->count * row, sizeof *sorted);

    for (size_t i = 0; i < list->count; i++)
        entries[i] = (entry){list->block[i], list->monomial + i * row, list->order[i]};
    qsort(entries, list->count, sizeof *entries, compare_entries);
    for (size_t i = 0; i < list->count; i++) {
        memcpy(sorted + i * row, entries[i].monomial, row * sizeof *sorted);
        list->block[i] = entries[i].block;
        list->order[i] = entries[i].degree;
    }
    free(list->monomial);
    free(entries);
    list->monomial = sorted;
}

/* Whether the edges form one connected graph: grows the set of touched atoms from the first edge. */
static int is_connected(const composition *c, const word *monomial, int degree, unsigned char *touched)
{
    int reached = 0, before = -1;

    if (degree == 0)
        return 0;
    memset(touched, 0, (size_t)c->natoms);
    touched[c->pair[monomial[0]][0]] = 1;
    while (reached > before) {
        before = reached;
        reached = 0;
        for (int i = 0; i < degree; i++) {
            const int *pair = c->pair[monomial[i]];
            if (touched[pair[0]] || touched[pair[1]]) {
                touched[pair[0]] = touched[pair[1]] = 1;
                reached++;
            }
        }
    }
    return reached == degree;
}

int orbits_enumerate(const composition *c, const blocks *b, int max_degree, orbit_list *list)
{
    return orbits_enumerate_wanted(c, b, max_degree, NULL, list);
}

int orbits_enumerate_wanted(const composition *c, const blocks *b, int max_degree, const wanted *w,
                            orbit_list *list)
{
    search s = {.c = c, .b = b, .wanted = w, .list = list};

    memset(list, 0, sizeof *list);
    if (max_degree < 0 || max_degree > b->degree)
        return -1;
    list->degree = max_degree;
    list->wanted = w;
    s.keys = canonical_create(c, max_degree);
    s.exponents = xmalloc((size_t)c->npair_classes, 1);
    s.touched = xmalloc((size_t)c->natoms, 1);
    s.joined = xmalloc((size_t)c->npairs, 1);
    s.first = xmalloc((size_t)c->natoms, sizeof *s.first);
    s.second = xmalloc((size_t)c->natoms, sizeof *s.second);
    s.product = xmalloc((size_t)max_degree, sizeof *s.product);

    offer(&s, s.product, 0);
    for (size_t orbit = 0, start = 0; start < list->count; start = orbit) {
        size_t end = list->count;

        keyset_clear(&s.known);
        for (orbit = start; orbit < end; orbit++) {
            if (list->order[orbit] < max_degree)
                extend(&s, orbit);
            progress_show(list->count);
        }
    }
    sort(list);
    list->connected = xmalloc(list->count, 1);
    list->kept = xmalloc(list->count, 1);
    list->first = xmalloc(b->count + 1, sizeof *list->first);
    for (size_t i = 0, block = 0; block <= b->count; block++) {
        while (i < list->count && list->block[i] < block)
            i++;
        list->first[block] = i;
    }
    for (size_t i = 0; i < list->count; i++) {
        const word *monomial = list->monomial + i * (size_t)max_degree;
        list->connected[i] = (unsigned char)is_connected(c, monomial, list->order[i], s.touched);
        list->kept[i] = !w || wanted_keeps(w, monomial, list->order[i]);
    }

    canonical_free(s.keys);
    keyset_free(&s.known);
    free(s.exponents);
    free(s.touched);
    free(s.joined);
    free(s.first);
    free(s.second);
    free(s.product);
    return 0;
}

size_t orbits_in_block(const orbit_list *list, size_t block)
{
    return list->first[block + 1] - list->first[block];
}

void orbits_free(orbit_list *list)
{
    free(list->monomial);
    free(list->block);
    free(list->first);
    free(list->connected);
    free(list->kept);
    free(list->order);
    memset(list, 0, sizeof *list);
}

int orbit_expand(const composition *c, const unsigned short *monomial, int degree, size_t limit,
                 unsigned short **members, size_t *count)
{
    keyset set = {0};
    size_t row = (size_t)degree, length;

    if (canonical_closure(c, monomial, degree, limit, &set)) {
        keyset_free(&set);
        return -1;
    }
    entry *entries = xmalloc(set.count, sizeof *entries);
    for (size_t i = 0; i < set.count; i++)
        entries[i] = (entry){0, keyset_key(&set, i, &length), degree};
    qsort(entries, set.count, sizeof *entries, compare_entries);
    *members = xmalloc(set.count * row, sizeof **members);
    for (size_t i = 0; i < set.count; i++)
        memcpy(*members + i * row, entries[i].monomial, row * sizeof **members);
    *count = set.count;
    free(entries);
    keyset_free(&set);
    return 0;
}
