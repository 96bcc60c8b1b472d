#include "program/tiles.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

void tiles_append(tile_list *l, const unsigned *row, const bool *column, unsigned ncolumns)
{
    tile_rows rows = {.ntiles = 0};
    memcpy(rows.row, row, sizeof rows.row);
    for (unsigned first = 0; first < ncolumns; first += TILE) {
        tile t = {.first = first};
        for (unsigned k = 0; k < TILE && first + k < ncolumns; k++)
            t.columns |= (unsigned)column[first + k] << k;
        if (!t.columns)
            continue;
        l->tile = xrealloc(l->tile, l->ntiles + 1, sizeof *l->tile);
        l->tile[l->ntiles++] = t;
        rows.ntiles++;
    }
    if (!rows.ntiles)
        return;
    l->rows = xrealloc(l->rows, l->nrows + 1, sizeof *l->rows);
    l->rows[l->nrows++] = rows;
}

void tiles_free(tile_list *l)
{
    free(l->rows);
    free(l->tile);
    memset(l, 0, sizeof *l);
}

/* A product stands in the row that has its other factor as a column. */
static void turn_pairs(const partition *p, size_t npairs, item_pair *pairs, const unsigned *place)
{
    for (size_t k = 0; k < npairs; k++) {
        const unsigned row = place[pairs[k].left], column = place[pairs[k].right];
        const unsigned columns = p->columns[(size_t)(row / TILE) * p->ngroups + column / TILE];
        if (!(columns >> column % TILE & 1))
            pairs[k] = (item_pair){pairs[k].right, pairs[k].left};
    }
}

tiling tiling_create(unsigned nitems, size_t npairs, item_pair *pairs)
{
    partition p = partition_create(nitems, npairs, pairs);
    tiling t = {.ngroups = p.ngroups, .group = p.item, .order = xcalloc(nitems + 1, sizeof *t.order)};
    unsigned *place = xcalloc(nitems + 1, sizeof *place), found = 0;
    for (unsigned k = 0; k < TILE * p.ngroups; k++) {
        const unsigned item = p.item[k / TILE][k % TILE];
        if (item == nitems)
            continue;
        place[item] = k;
        t.order[found++] = item;
    }
    turn_pairs(&p, npairs, pairs, place);
    free(place);
    free(p.columns);
    return t;
}

void tiling_free(tiling *t)
{
    free(t->group);
    free(t->order);
    memset(t, 0, sizeof *t);
}
