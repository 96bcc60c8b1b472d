#include "program/copies.h"
#include "base/memory.h"
#include <stdlib.h>

/* What a slot is an element of. */
enum place { NO_ROW, SHORT_ROW, LONG_ROW };

static unsigned char *find_places(const program *p)
{
    unsigned char *place = xcalloc(p->nslots, sizeof *place);
    for (size_t r = 0; r < p->rows.nrows; r++)
        for (unsigned x = 0; x < p->rows.row[r].count; x++)
            place[p->rows.row[r].slot + x] =
                p->rows.row[r].count > CONTRACTION_LONGEST ? LONG_ROW : SHORT_ROW;
    return place;
}

static void find_sources(const program *p, unsigned *source)
{
    unsigned char *place = find_places(p);
    for (size_t k = 0, next; k < p->contractions; k = next) {
        const operation *o = &p->operations.item[k];
        next = next_target(&p->operations, k);
        if (next > k + 1 || o->right != p->factor0 || o->target >= p->factor0 ||
            operations_coefficient(&p->operations, k) != 1)
            continue;
        const unsigned from = source[o->left];
        if (place[o->target] == LONG_ROW || (place[o->target] == SHORT_ROW && place[from] != NO_ROW))
            continue;
        if (place[o->target] == SHORT_ROW)
            place[from] = SHORT_ROW;
        source[o->target] = from;
    }
    free(place);
}

copies copies_find(const program *p)
{
    copies c = {xcalloc(p->nslots, sizeof *c.source), *p};
    program *w = &c.without;
    const size_t count = p->operations.count, *from[] = {&p->contractions, &p->products, &p->linear};
    size_t *to[] = {&w->contractions, &w->products, &w->linear};
    for (unsigned slot = 0; slot < p->nslots; slot++)
        c.source[slot] = slot;
    if (p->rows.nrows && !p->matrices.nsteps)
        find_sources(p, c.source);
    w->operations = (operation_list){0};
    for (size_t k = 0; k <= count; k++) {
        const operation *o = &p->operations.item[k];
        for (int mark = 0; mark < 3; mark++)
            if (*from[mark] == k)
                *to[mark] = w->operations.count;
        if (k < count && c.source[o->target] == o->target)
            operations_append_scaled(&w->operations, operations_coefficient(&p->operations, k), o->target,
                                     c.source[o->left], c.source[o->right]);
    }
    return c;
}

void copies_free(copies *c)
{
    free(c->source);
    operations_free(&c->without.operations);
}
