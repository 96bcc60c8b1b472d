#include "program/contractions.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* Fewer operations gain nothing: H3N of degree 8 is as fast either way, H2O of degree 8 loses 5 % by rows. */
enum { LEAST_OPERATIONS = 32 };

bool contractions_pay(const basis *b)
{
    int count = 0;
    for (size_t k = 0; k < b->nterms; k++)
        if (b->term[k].kind == TERM_CONTRACT)
            count += b->structure->set[b->covariant[b->term[k].left].set].count;
    return count >= LEAST_OPERATIONS;
}

enum part { LINEAR, VALUE, RIGHT, PARTS };

/* A use before it is sorted into its row. */
typedef struct entry {
    int row; /* covariant */
    enum part part;
    contraction_use use;
} entry;

static int compare_entries(const void *x, const void *y)
{
    const entry *a = x, *b = y;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    return a->use.factor < b->use.factor ? -1 : a->use.factor > b->use.factor;
}

static void add_row(contraction_table *t, const basis *b, unsigned *const *slot, const entry *first,
                    const entry *end)
{
    unsigned count[PARTS] = {0};
    for (const entry *e = first; e < end; e++) {
        t->use[t->nuses++] = e->use;
        count[e->part]++;
    }
    t->row[t->nrows++] = (contraction_row){slot[first->row][0],
                                           (unsigned)b->structure->set[b->covariant[first->row].set].count,
                                           count[LINEAR], count[VALUE], (unsigned)(end - first)};
}

contraction_table contraction_table_create(const basis *b, const unsigned *factor_of_term, size_t nvalues,
                                           unsigned *const *slot)
{
    contraction_table t = {0};
    entry *entries = xcalloc(2 * b->nterms, sizeof *entries);
    size_t count = 0;
    for (size_t k = 0; k < b->nterms; k++) {
        const term *c = &b->term[k];
        if (c->kind != TERM_CONTRACT || !c->factor)
            continue;
        unsigned f = factor_of_term[k];
        entries[count++] = (entry){c->left, f < nvalues ? VALUE : LINEAR, {f, slot[c->right][0]}};
        entries[count++] = (entry){c->right, RIGHT, {f, slot[c->left][0]}};
    }
    t.row = xcalloc(count + 1, sizeof *t.row);
    t.use = xcalloc(count + 1, sizeof *t.use);
    if (count)
        qsort(entries, count, sizeof *entries, compare_entries);
    for (int set = 0; set < b->structure->nsets; set++) /* rows of one length stand together */
        for (size_t k = 0, end; k < count; k = end) {
            for (end = k; end < count && entries[end].row == entries[k].row;)
                end++;
            if (b->covariant[entries[k].row].set == set)
                add_row(&t, b, slot, entries + k, entries + end);
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
