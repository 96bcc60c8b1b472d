#include "program/partition.h"
#include "base/memory.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    MATRICES = 1 << GROUP_SIZE * GROUP_SIZE,
    SUBSETS = 1 << GROUP_SIZE,
    COLUMN = 4,          /* price of a column of four products */
    SIDE = 2,            /* of a stretch of columns: both sides of a matrix may have one */
    ROWS = 6,            /* of a group that is rows at all */
    WORK_LIMIT = 1 << 29 /* matrices looked at in the search: seconds */
};

/* A matrix of products as bits, four for each row; its cover as columns + SUBSETS * rows. */
typedef struct covers {
    unsigned char price[MATRICES], cover[MATRICES];
    unsigned char within_price[MATRICES], within[MATRICES]; /* of a group with itself: columns */
} covers;

typedef struct grouping {
    unsigned nitems, ngroups;
    unsigned *place;     /* [4 ngroups] items */
    unsigned char *near; /* [nitems + 1][ngroups] products with the members of each group, as bits */
    unsigned char *with; /* [nitems][nitems] whether there is a product */
    const covers *covers;
    long work;
} grouping;

/* ---- covers ------------------------------------------------------------------------------------------- */

static unsigned count_bits(unsigned x)
{
    unsigned count = 0;
    for (; x; x &= x - 1)
        count++;
    return count;
}

static unsigned price_of(unsigned columns, unsigned rows)
{
    return COLUMN * (count_bits(columns) + count_bits(rows)) + SIDE * ((columns != 0) + (rows != 0));
}

/* The columns that the matrix needs besides some rows. */
static unsigned columns_beside(unsigned matrix, unsigned rows)
{
    unsigned columns = 0;
    for (unsigned i = 0; i < GROUP_SIZE; i++)
        if (!(rows >> i & 1))
            columns |= matrix >> GROUP_SIZE * i & (SUBSETS - 1);
    return columns;
}

/* Within a group a column serves a product from either side. */
static bool covers_within(unsigned matrix, unsigned columns)
{
    for (unsigned i = 0; i < GROUP_SIZE; i++)
        if (!(columns >> i & 1) && (matrix >> GROUP_SIZE * i & (SUBSETS - 1) & ~columns))
            return false;
    return true;
}

static covers *find_covers(void)
{
    covers *c = xmalloc(1, sizeof *c);
    for (unsigned matrix = 0; matrix < MATRICES; matrix++) {
        unsigned least = UINT8_MAX, least_within = UINT8_MAX;
        for (unsigned s = 0; s < SUBSETS; s++) {
            unsigned columns = columns_beside(matrix, s), price = price_of(columns, s);
            if (price < least) {
                least = price;
                c->cover[matrix] = (unsigned char)(columns + SUBSETS * s);
            }
            price = price_of(s, 0);
            if (price < least_within && covers_within(matrix, s)) {
                least_within = price;
                c->within[matrix] = (unsigned char)s;
            }
        }
        c->price[matrix] = (unsigned char)least;
        c->within_price[matrix] = (unsigned char)least_within;
    }
    return c;
}

/* ---- the partition ------------------------------------------------------------------------------------ */

/* Products of an item with the members of a group, as bits. */
static unsigned products_with(const grouping *p, unsigned item, unsigned g)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < GROUP_SIZE; i++) {
        const unsigned other = p->place[GROUP_SIZE * g + i];
        if (item < p->nitems && other < p->nitems && p->with[(size_t)item * p->nitems + other])
            bits |= 1u << i;
    }
    return bits;
}

/* After a change of its members. */
static void look_near(grouping *p, unsigned g)
{
    for (unsigned item = 0; item < p->nitems; item++)
        p->near[(size_t)item * p->ngroups + g] = (unsigned char)products_with(p, item, g);
}

/* Products between two groups; the members of the second are as they were when others looked near. */
static unsigned matrix_near(const grouping *p, unsigned g, unsigned h)
{
    unsigned matrix = 0;
    for (unsigned i = 0; i < GROUP_SIZE; i++)
        matrix |= (unsigned)p->near[(size_t)p->place[GROUP_SIZE * g + i] * p->ngroups + h] << GROUP_SIZE * i;
    return matrix;
}

static unsigned matrix_between(const grouping *p, unsigned g, unsigned h)
{
    unsigned matrix = 0;
    for (unsigned i = 0; i < GROUP_SIZE; i++)
        matrix |= products_with(p, p->place[GROUP_SIZE * g + i], h) << GROUP_SIZE * i;
    return matrix;
}

/* What two groups cost, together and with all others. */
static unsigned price_around(grouping *p, unsigned g, unsigned h)
{
    const covers *c = p->covers;
    unsigned price = c->price[matrix_between(p, g, h)] + c->within_price[matrix_between(p, g, g)] +
                     c->within_price[matrix_between(p, h, h)];
    for (unsigned k = 0; k < p->ngroups; k++)
        if (k != g && k != h)
            price += c->price[matrix_near(p, g, k)] + c->price[matrix_near(p, h, k)];
    p->work += 2 * p->ngroups;
    return price;
}

static void swap(unsigned *x, unsigned *y)
{
    const unsigned was = *x;
    *x = *y;
    *y = was;
}

/* Exchanges items of two groups where that lowers the price. */
static bool exchange(grouping *p, unsigned g, unsigned h)
{
    bool gained = false;
    unsigned price = price_around(p, g, h);
    for (unsigned x = GROUP_SIZE * g; x < GROUP_SIZE * (g + 1); x++)
        for (unsigned y = GROUP_SIZE * h; y < GROUP_SIZE * (h + 1); y++) {
            if (p->place[x] == p->nitems || p->place[y] == p->nitems)
                continue;
            swap(&p->place[x], &p->place[y]);
            const unsigned after = price_around(p, g, h);
            if (after >= price) {
                swap(&p->place[x], &p->place[y]);
                continue;
            }
            price = after;
            gained = true;
        }
    if (gained) {
        look_near(p, g);
        look_near(p, h);
    }
    return gained;
}

/* An item, then the ones whose partners are most like its own, and so on. */
static void place_alike(grouping *p)
{
    const unsigned n = p->nitems;
    for (unsigned x = 0; x < GROUP_SIZE * p->ngroups; x++)
        p->place[x] = x >= 1 && x <= n ? x - 1 : n;
    for (unsigned x = 1; x < n; x++) {
        unsigned best = x + 1, least = UINT32_MAX;
        for (unsigned y = x + 1; y <= n; y++) {
            unsigned distance = 0;
            for (unsigned k = 0; k < n; k++)
                distance += p->with[(size_t)p->place[x] * n + k] != p->with[(size_t)p->place[y] * n + k];
            if (distance < least) {
                least = distance;
                best = y;
            }
        }
        swap(&p->place[x + 1], &p->place[best]);
    }
}

static grouping grouping_create(unsigned nitems, size_t npairs, const item_pair *pairs, const covers *covers)
{
    grouping p = {.nitems = nitems, .ngroups = nitems / GROUP_SIZE + 1, .covers = covers};
    p.place = xcalloc(GROUP_SIZE * (size_t)p.ngroups, sizeof *p.place);
    p.near = xcalloc((size_t)nitems + 1, p.ngroups);
    p.with = xcalloc((size_t)nitems * nitems + 1, 1);
    for (size_t k = 0; k < npairs; k++) {
        p.with[(size_t)pairs[k].left * nitems + pairs[k].right] = 1;
        p.with[(size_t)pairs[k].right * nitems + pairs[k].left] = 1;
    }
    place_alike(&p);
    for (unsigned g = 0; g < p.ngroups; g++)
        look_near(&p, g);
    return p;
}

static void improve(grouping *p)
{
    for (bool better = true; better;) {
        better = false;
        for (unsigned g = 0; g < p->ngroups; g++)
            for (unsigned h = g + 1; h < p->ngroups && p->work < WORK_LIMIT; h++)
                better |= exchange(p, g, h);
    }
}

/* How many groups there are products with. */
static unsigned partners_of(const grouping *p, unsigned g)
{
    unsigned count = 0;
    for (unsigned h = 0; h < p->ngroups; h++)
        count += matrix_between(p, g, h) != 0;
    return count;
}

/* Of equal covers, that by columns which the group with more partners takes: fewer groups are rows at all. */
static void take_columns(const grouping *p, partition *to)
{
    const unsigned n = p->ngroups;
    unsigned *partners = xcalloc(n, sizeof *partners);
    for (unsigned g = 0; g < n; g++) {
        partners[g] = partners_of(p, g);
        to->columns[(size_t)g * n + g] = p->covers->within[matrix_between(p, g, g)];
    }
    for (unsigned g = 0; g < n; g++)
        for (unsigned h = 0; h < n; h++) {
            if (g == h || partners[g] < partners[h] || (partners[g] == partners[h] && g > h))
                continue;
            const unsigned cover = p->covers->cover[matrix_between(p, g, h)];
            to->columns[(size_t)g * n + h] = (unsigned char)(cover % SUBSETS);
            to->columns[(size_t)h * n + g] = (unsigned char)(cover / SUBSETS);
        }
    free(partners);
}

/* Groups that have few columns leave them to the other groups. */
static void leave_columns(const grouping *p, partition *to)
{
    const unsigned n = p->ngroups;
    unsigned char *columns = to->columns, *all = xcalloc(n, sizeof *all);
    for (unsigned h = 0; h < n; h++) {
        unsigned was = 0, becomes = 0;
        for (unsigned g = 0; g < n; g++) { /* all: what the others have as columns then */
            all[g] = (unsigned char)columns_beside(matrix_between(p, g, h), 0);
            was += price_of(columns[(size_t)g * n + h], columns[(size_t)h * n + g]);
            becomes += price_of(all[g], 0);
        }
        if (columns[(size_t)h * n + h] || becomes > was + ROWS)
            continue;
        for (unsigned g = 0; g < n; g++) {
            columns[(size_t)g * n + h] = all[g];
            columns[(size_t)h * n + g] = 0;
        }
    }
    free(all);
}

partition partition_create(unsigned nitems, size_t npairs, const item_pair *pairs)
{
    covers *covers = find_covers();
    grouping found = grouping_create(nitems, npairs, pairs, covers);
    improve(&found);
    partition p = {.ngroups = found.ngroups};
    p.item = xcalloc(p.ngroups, sizeof *p.item);
    p.columns = xcalloc(p.ngroups, p.ngroups);
    memcpy(p.item, found.place, p.ngroups * sizeof *p.item);
    take_columns(&found, &p);
    leave_columns(&found, &p);
    free(found.place);
    free(found.near);
    free(found.with);
    free(covers);
    return p;
}

void partition_free(partition *p)
{
    free(p->item);
    free(p->columns);
    memset(p, 0, sizeof *p);
}
