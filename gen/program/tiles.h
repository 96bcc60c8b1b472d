/*
 * How the products of factors are laid out for the vector units.
 *
 * The products form a sparse matrix, row `left`, column `right`. Four rows are evaluated side by side, and
 * cost as much as their columns in use, whether by one row or by all four. So rows with similar columns are
 * put into one group (see partition.h). The four of a group are neighbours as columns, too, and fill a
 * vector.
 */
#ifndef EQML_GEN_PROGRAM_TILES_H
#define EQML_GEN_PROGRAM_TILES_H
#include "program/partition.h"
#include <stdbool.h>

enum { TILE = GROUP_SIZE, TILE_COEFFICIENTS = TILE * TILE };

/* Four rows side by side, and how many tiles they have; four columns of them, what the vector units work
 * on. */
typedef struct tile_rows {
    unsigned row[TILE]; /* factors; 0 where unused */
    size_t ntiles;
} tile_rows;
typedef struct tile {
    unsigned first, columns; /* the first column, a multiple of four; those that occur, as bits */
} tile;

typedef struct tile_list {
    size_t nrows, ntiles;
    tile_rows *rows;
    tile *tile; /* in the order of rows */
} tile_list;

/* Appends four rows with the columns that are in use, column[ncolumns]. */
void tiles_append(tile_list *l, const unsigned *row, const bool *column, unsigned ncolumns);
void tiles_free(tile_list *l);

typedef struct tiling {
    unsigned ngroups;
    unsigned (*group)[TILE]; /* [ngroups] items; nitems where unused */
    unsigned *order;         /* [nitems] the items, group by group: their order as columns */
} tiling;

/*
 * Groups the rows of distinct products and orders all items; rows and columns are items alike. Left and right
 * of a product may be exchanged. The first place of the first group is left to the constant, so that groups
 * begin on vector boundaries. tiling_free releases it.
 */
tiling tiling_create(unsigned nitems, size_t npairs, item_pair *pairs);
void tiling_free(tiling *t);
#endif
