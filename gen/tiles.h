/*
 * How the products of factors are laid out for the vector units.
 *
 * The products form a sparse matrix, row `left`, column `right`. It is evaluated in groups of four rows, and
 * a group costs as much as its columns in use, whether by one row or by all four. So rows with similar
 * columns are put into one group, and the columns are numbered so that those of a group are consecutive.
 */
#ifndef GEN_TILES_H
#define GEN_TILES_H
#include <stddef.h>

enum { TILE_ROWS = 4, TILE_VECTOR = 4 };

/* Rows side by side, and one stretch of their columns: what the vector units work on. */
typedef struct tile {
    unsigned row[TILE_ROWS]; /* factors; 0 where unused */
    unsigned begin, end;     /* the columns that occur */
    unsigned first, count;   /* the columns that are stored: whole vectors around them */
} tile;

/* A product of two items, numbers below nitems. */
typedef struct item_pair {
    unsigned left, right;
} item_pair;

typedef struct tiling {
    unsigned ngroups;
    unsigned (*group)[TILE_ROWS]; /* [ngroups] items; nitems where unused */
    unsigned *order;              /* [nitems] the items in the order in which columns are consecutive */
} tiling;

/*
 * Groups the rows of distinct products and orders all items; rows and columns are items alike. Left and right
 * of a product may be exchanged; pairs[npairs] is rewritten in the order of rows. tiling_free releases it.
 */
tiling tiling_create(unsigned nitems, size_t npairs, item_pair *pairs);
void tiling_free(tiling *t);
#endif
