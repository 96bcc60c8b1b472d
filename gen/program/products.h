/*
 * The products of factors: their order, and their tables in a program.
 *
 * Items are the factors that occur in products, without the constant. They are numbered as columns of the tiles:
 * the factors 1, 2, ... of a program.
 */
#ifndef EQML_GEN_PROGRAM_PRODUCTS_H
#define EQML_GEN_PROGRAM_PRODUCTS_H
#include "program/tiles.h"

typedef struct product_run {
    unsigned left, first, count; /* products of factor `left` with factors first .. first + count - 1 */
} product_run;

typedef struct product_list {
    unsigned nitems;
    size_t nproducts;
    item_pair *product; /* [nproducts] */
    tiling tiling;
    unsigned *factor; /* [nitems] the factor of each item */
} product_list;

/* Of distinct products, on the heap, which the list owns from now on. products_free releases it. */
product_list products_create(unsigned nitems, size_t nproducts, item_pair *product);
void products_free(product_list *l);

/* As runs, an array for the caller to free, and as tiles. */
void products_lay_out(const product_list *l, size_t *nruns, product_run **runs, tile_list *tiles);

/* Sorts pairs of numbers and joins them to runs, an array for the caller to free. */
void runs_of_pairs(size_t npairs, unsigned (*pair)[2], size_t *nruns, product_run **runs);
#endif
