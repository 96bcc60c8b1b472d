#include "tiles.h"
#include "memory.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- bit sets ----------------------------------------------------------------------------------------- */

typedef struct bits {
    size_t words;   /* of one row */
    uint64_t *word; /* [rows][words] */
} bits;

static bits bits_create(size_t rows, size_t columns)
{
    bits b = {.words = (columns + 63) / 64};
    b.word = xcalloc(rows * b.words + 1, sizeof *b.word);
    return b;
}

static uint64_t *row_of(const bits *b, size_t row)
{
    return b->word + row * b->words;
}

static void add_bit(const bits *b, size_t row, size_t column)
{
    row_of(b, row)[column / 64] |= (uint64_t)1 << column % 64;
}

static bool has_bit(const bits *b, size_t row, size_t column)
{
    return row_of(b, row)[column / 64] >> column % 64 & 1;
}

static int ones(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    return (int)(((x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u >> 56);
}

/* Members of the symmetric difference. */
static int difference(const bits *b, size_t x, size_t y)
{
    int count = 0;
    for (size_t w = 0; w < b->words; w++)
        count += ones(row_of(b, x)[w] ^ row_of(b, y)[w]);
    return count;
}

/* ---- groups of rows ----------------------------------------------------------------------------------- */

/* Columns that a row adds to the group count for all rows; those that it shares are won. */
static int cost_of(const uint64_t *group, const uint64_t *row, size_t words)
{
    int cost = 0;
    for (size_t w = 0; w < words; w++)
        cost += TILE_ROWS * ones(row[w] & ~group[w]) - ones(row[w] & group[w]);
    return cost;
}

/* The longest row that is left, then the ones that fit it best. */
static void group_rows(tiling *t, unsigned nitems, const bits *rows)
{
    bool *left = xcalloc(nitems + 1, sizeof *left);
    uint64_t *group = xcalloc(rows->words + 1, sizeof *group);
    size_t remaining = 0;
    for (unsigned i = 0; i < nitems; i++)
        for (size_t w = 0; w < rows->words && !left[i]; w++)
            left[i] = row_of(rows, i)[w] != 0;
    for (unsigned i = 0; i < nitems; i++)
        remaining += left[i];
    t->group = xcalloc(remaining + 1, sizeof *t->group);
    while (remaining > 0) {
        unsigned *member = t->group[t->ngroups++];
        memset(group, 0, rows->words * sizeof *group);
        for (int m = 0; m < TILE_ROWS; m++) {
            unsigned best = nitems;
            int least = 0;
            for (unsigned i = 0; i < nitems; i++) {
                if (!left[i])
                    continue;
                int cost = (m == 0 ? -1 : 1) * cost_of(group, row_of(rows, i), rows->words);
                if (best == nitems || cost < least) {
                    best = i;
                    least = cost;
                }
            }
            member[m] = best;
            if (best == nitems)
                continue;
            left[best] = false;
            remaining--;
            for (size_t w = 0; w < rows->words; w++)
                group[w] |= row_of(rows, best)[w];
        }
    }
    free(left);
    free(group);
}

/* Does column `item` occur in the group? */
static bool group_has(const tiling *t, unsigned g, const bits *rows, unsigned nitems, unsigned item)
{
    for (int m = 0; m < TILE_ROWS; m++)
        if (t->group[g][m] < nitems && has_bit(rows, t->group[g][m], item))
            return true;
    return false;
}

/* Moves column `item` of a group to row `item` of another, where that one has all the columns already. */
static bool move_column(const tiling *t, unsigned g, const unsigned *group_of, const bits *rows,
                        unsigned nitems, unsigned item)
{
    const unsigned *member = t->group[g];
    if (group_of[item] == t->ngroups || !group_has(t, g, rows, nitems, item))
        return false;
    for (int m = 0; m < TILE_ROWS; m++)
        if (member[m] < nitems && has_bit(rows, member[m], item) &&
            (member[m] == item || has_bit(rows, item, member[m]) ||
             !group_has(t, group_of[item], rows, nitems, member[m])))
            return false;
    for (int m = 0; m < TILE_ROWS; m++)
        if (member[m] < nitems && has_bit(rows, member[m], item)) {
            row_of(rows, member[m])[item / 64] ^= (uint64_t)1 << item % 64;
            add_bit(rows, item, member[m]);
        }
    return true;
}

/* A product may stand on either side of the diagonal: columns are freed where that costs nothing. */
static void move_columns(const tiling *t, unsigned nitems, const bits *rows)
{
    unsigned *group_of = xcalloc(nitems + 1, sizeof *group_of);
    for (unsigned i = 0; i < nitems; i++)
        group_of[i] = t->ngroups;
    for (unsigned g = 0; g < t->ngroups; g++)
        for (int m = 0; m < TILE_ROWS; m++)
            group_of[t->group[g][m]] = g;
    for (bool moved = true; moved;) { /* ends: each move leaves fewer columns */
        moved = false;
        for (unsigned g = 0; g < t->ngroups; g++)
            for (unsigned i = 0; i < nitems; i++)
                moved |= move_column(t, g, group_of, rows, nitems, i);
    }
    free(group_of);
}

/* ---- order of columns --------------------------------------------------------------------------------- */

/* From one column to the most similar one that is left. */
static void chain_columns(tiling *t, unsigned nitems, const bits *columns)
{
    for (unsigned i = 0; i < nitems; i++)
        t->order[i] = i;
    for (unsigned k = 0; k + 1 < nitems; k++) {
        unsigned best = k + 1;
        int least = -1;
        for (unsigned i = k + 1; i < nitems; i++) {
            int d = difference(columns, t->order[k], t->order[i]);
            if (least < 0 || d < least || (d == least && t->order[i] < t->order[best])) {
                best = i;
                least = d;
            }
        }
        unsigned next = t->order[best];
        t->order[best] = t->order[k + 1];
        t->order[k + 1] = next;
    }
}

/* Reverses stretches of the chain while that makes it shorter (2-opt). */
static void improve_chain(tiling *t, unsigned nitems, const bits *columns)
{
    enum { SWEEPS = 6, ITEMS_LIMIT = 3000 }; /* bound the time: a sweep compares all pairs of items */
    bool better = nitems <= ITEMS_LIMIT;
    unsigned *order = t->order;
    for (int sweep = 0; sweep < SWEEPS && better; sweep++) {
        better = false;
        for (unsigned i = 1; i + 1 < nitems; i++)
            for (unsigned j = i + 1; j + 1 < nitems; j++) {
                if (difference(columns, order[i - 1], order[j]) +
                        difference(columns, order[i], order[j + 1]) >=
                    difference(columns, order[i - 1], order[i]) + difference(columns, order[j], order[j + 1]))
                    continue;
                for (unsigned low = i, high = j; low < high; low++, high--) {
                    unsigned swap = order[low];
                    order[low] = order[high];
                    order[high] = swap;
                }
                better = true;
            }
    }
}

tiling tiling_create(unsigned nitems, size_t npairs, item_pair *pairs)
{
    tiling t = {0};
    t.order = xcalloc(nitems + 1, sizeof *t.order);
    bits rows = bits_create(nitems, nitems);
    for (size_t k = 0; k < npairs; k++)
        add_bit(&rows, pairs[k].left, pairs[k].right);
    group_rows(&t, nitems, &rows);
    move_columns(&t, nitems, &rows);
    size_t found = 0;
    for (unsigned i = 0; i < nitems; i++)
        for (unsigned j = 0; j < nitems; j++)
            if (has_bit(&rows, i, j))
                pairs[found++] = (item_pair){i, j};
    bits columns = bits_create(nitems, t.ngroups);
    for (unsigned g = 0; g < t.ngroups; g++)
        for (int m = 0; m < TILE_ROWS; m++)
            for (unsigned i = 0; i < nitems && t.group[g][m] < nitems; i++)
                if (has_bit(&rows, t.group[g][m], i))
                    add_bit(&columns, i, g);
    chain_columns(&t, nitems, &columns);
    improve_chain(&t, nitems, &columns);
    free(rows.word);
    free(columns.word);
    return t;
}

void tiling_free(tiling *t)
{
    free(t->group);
    free(t->order);
    memset(t, 0, sizeof *t);
}
