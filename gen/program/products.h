/* The products of factors: which factors occur in them, and their tables in a program. */
#ifndef GEN_PRODUCTS_H
#define GEN_PRODUCTS_H
#include "program/program.h"

typedef struct product_list {
    unsigned nitems;   /* factors in products, without the constant */
    size_t *item_term; /* [nitems] */
    size_t nproducts;
    item_pair *product; /* [nproducts] */
    tiling tiling;
} product_list;

/* The products that are not factors themselves. products_free releases the list. */
product_list products_find(const basis *b);

/* Runs and tiles of the program, whose factors are numbered. */
void products_lay_out(const product_list *l, program *p);
void products_free(product_list *l);

/* Sorts pairs of numbers and joins them to runs, an array for the caller to free. */
void runs_of_pairs(size_t npairs, unsigned (*pair)[2], size_t *nruns, run **runs);
#endif
