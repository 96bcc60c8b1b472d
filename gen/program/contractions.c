#include "program/contractions.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* Fewer operations gain nothing: H3N of degree 8 is as fast either way, H2O of degree 8 loses 5 % by rows. */
enum { LEAST_OPERATIONS = 32 };

bool contractions_pay(size_t noperations)
{
    return noperations >= LEAST_OPERATIONS;
}

enum part { LINEAR, VALUE, RIGHT, PARTS };

/* A use before it is sorted into its row. */
typedef struct entry {
    unsigned slot, count; /* of the row */
    enum part part;
    contraction_use use;
} entry;

static int compare_entries(const void *x, const void *y)
{
    const entry *a = x, *b = y;
    if (a->slot != b->slot)
        return a->slot < b->slot ? -1 : 1;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    return a->use.factor < b->use.factor ? -1 : a->use.factor > b->use.factor;
}

static void add_row(contraction_table *t, const entry *first, const entry *end)
{
    unsigned count[PARTS] = {0};
    for (const entry *e = first; e < end; e++) {
        t->use[t->nuses++] = e->use;
        count[e->part]++;
    }
    t->row[t->nrows++] =
        (contraction_row){first->slot, first->count, count[LINEAR], count[VALUE], (unsigned)(end - first)};
}

contraction_table contraction_table_create(size_t count, const contraction_item *items, size_t nvalues)
{
    contraction_table t = {0};
    entry *entries = xcalloc(2 * count, sizeof *entries);
    for (size_t k = 0; k < count; k++) {
        const contraction_item *c = &items[k];
        const enum part part = c->factor < nvalues ? VALUE : LINEAR;
        entries[2 * k] = (entry){c->left, c->count, part, {c->factor, c->right}};
        entries[2 * k + 1] = (entry){c->right, c->count, RIGHT, {c->factor, c->left}};
    }
    t.row = xcalloc(2 * count + 1, sizeof *t.row);
    t.use = xcalloc(2 * count + 1, sizeof *t.use);
    if (count)
        qsort(entries, 2 * count, sizeof *entries, compare_entries);
    for (size_t k = 0, end; k < 2 * count; k = end) {
        for (end = k; end < 2 * count && entries[end].slot == entries[k].slot;)
            end++;
        add_row(&t, entries + k, entries + end);
    }
    free(entries);
    return t;
}

void contraction_table_free(contraction_table *t)
{
    free(t->row);
    free(t->use);
    memset(t, 0, sizeof *t);
}
