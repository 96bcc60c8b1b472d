#include "program/copies.h"
#include "base/memory.h"
#include <stdlib.h>

/* The kind of row that a slot is an element of. */
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
    program *rest = &c.rest;
    for (unsigned slot = 0; slot < p->nslots; slot++)
        c.source[slot] = slot;
    if (p->rows.nrows && !p->matrices.nsteps)
        find_sources(p, c.source);
    rest->operations = (operation_list){0};
    for (size_t k = 0; k < p->operations.count; k++) {
        const operation *o = &p->operations.item[k];
        if (c.source[o->target] == o->target)
            operations_append_scaled(&rest->operations, operations_coefficient(&p->operations, k), o->target,
                                     c.source[o->left], c.source[o->right]);
        else
            rest->contractions--, rest->products--, rest->linear--; /* all copies come before */
    }
    return c;
}

void copies_free(copies *c)
{
    free(c->source);
    operations_free(&c->rest.operations);
}
