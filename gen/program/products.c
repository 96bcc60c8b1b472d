#include "program/products.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

product_list products_create(unsigned nitems, size_t nproducts, item_pair *product)
{
    product_list l = {.nitems = nitems, .nproducts = nproducts, .product = product};
    l.tiling = tiling_create(nitems, nproducts, product);
    l.factor = xcalloc(nitems + 1, sizeof *l.factor);
    for (unsigned k = 0; k < nitems; k++)
        l.factor[l.tiling.order[k]] = k + 1;
    return l;
}

void products_free(product_list *l)
{
    free(l->product);
    free(l->factor);
    tiling_free(&l->tiling);
}

/* ---- tables ------------------------------------------------------------------------------------------- */

static int compare_pairs(const void *x, const void *y)
{
    const unsigned *a = x, *b = y;
    if (a[0] != b[0])
        return a[0] < b[0] ? -1 : 1;
    return a[1] < b[1] ? -1 : a[1] > b[1];
}

void runs_of_pairs(size_t npairs, unsigned (*pair)[2], size_t *nruns, product_run **runs)
{
    qsort(pair, npairs, sizeof *pair, compare_pairs);
    *nruns = 0;
    *runs = NULL;
    for (size_t k = 0; k < npairs; k++) {
        product_run *last = *nruns ? &(*runs)[*nruns - 1] : NULL;
        if (last && last->left == pair[k][0] && last->first + last->count == pair[k][1]) {
            last->count++;
            continue;
        }
        *runs = xrealloc(*runs, *nruns + 1, sizeof **runs);
        (*runs)[(*nruns)++] = (product_run){pair[k][0], pair[k][1], 1};
    }
}

static void find_runs(const product_list *l, size_t *nruns, product_run **runs)
{
    unsigned(*pair)[2] = xmalloc(l->nproducts, sizeof *pair);
    for (size_t k = 0; k < l->nproducts; k++) {
        pair[k][0] = l->factor[l->product[k].left];
        pair[k][1] = l->factor[l->product[k].right];
    }
    runs_of_pairs(l->nproducts, pair, nruns, runs);
    free(pair);
}

static void find_tiles(const product_list *l, size_t nruns, const product_run *runs, tile_list *tiles)
{
    const unsigned ncolumns = l->nitems + 1;
    bool *column = xcalloc(ncolumns, sizeof *column);
    for (unsigned g = 0; g < l->tiling.ngroups; g++) {
        unsigned row[TILE];
        memset(column, 0, ncolumns);
        for (int m = 0; m < TILE; m++) {
            const unsigned item = l->tiling.group[g][m];
            row[m] = item < l->nitems ? l->factor[item] : 0;
            for (size_t k = 0; k < nruns && row[m]; k++)
                if (runs[k].left == row[m])
                    memset(column + runs[k].first, 1, runs[k].count);
        }
        tiles_append(tiles, row, column, ncolumns);
    }
    free(column);
}

void products_lay_out(const product_list *l, size_t *nruns, product_run **runs, tile_list *tiles)
{
    find_runs(l, nruns, runs);
    find_tiles(l, *nruns, *runs, tiles);
}
