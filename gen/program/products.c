#include "program/products.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* The products that are not factors themselves, as pairs of items, and the term of each item. */
static void find_products(product_list *l, const basis *b)
{
    unsigned *item = xcalloc(b->nterms, sizeof *item); /* 1 + number; 0: none */
    l->item_term = xcalloc(b->nterms, sizeof *l->item_term);
    l->product = xcalloc(b->nterms, sizeof *l->product);
    for (int pass = 0; pass < 2; pass++) /* items are numbered in the order of terms */
        for (size_t k = 0; k < b->nterms; k++) {
            const term *t = &b->term[k];
            if (pass == 1 && item[k]) {
                item[k] = ++l->nitems;
                l->item_term[l->nitems - 1] = k;
            } else if (pass == 0 && t->kind == TERM_PRODUCT && !t->factor) {
                item[t->left] = item[t->right] = 1;
            }
        }
    for (size_t k = 0; k < b->nterms; k++)
        if (b->term[k].kind == TERM_PRODUCT && !b->term[k].factor)
            l->product[l->nproducts++] = (item_pair){item[b->term[k].left] - 1, item[b->term[k].right] - 1};
    free(item);
}

product_list products_find(const basis *b)
{
    product_list l = {0};
    find_products(&l, b);
    l.tiling = tiling_create(l.nitems, l.nproducts, l.product);
    return l;
}

void products_free(product_list *l)
{
    free(l->item_term);
    free(l->product);
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

static unsigned factor_of_item(const product_list *l, const program *p, unsigned item)
{
    return item < l->nitems ? p->factor_of_term[l->item_term[item]] : 0;
}

void runs_of_pairs(size_t npairs, unsigned (*pair)[2], size_t *nruns, run **runs)
{
    qsort(pair, npairs, sizeof *pair, compare_pairs);
    *nruns = 0;
    *runs = NULL;
    for (size_t k = 0; k < npairs; k++) {
        run *last = *nruns ? &(*runs)[*nruns - 1] : NULL;
        if (last && last->left == pair[k][0] && last->first + last->count == pair[k][1]) {
            last->count++;
            continue;
        }
        *runs = xrealloc(*runs, *nruns + 1, sizeof **runs);
        (*runs)[(*nruns)++] = (run){pair[k][0], pair[k][1], 1};
    }
}

static void find_runs(const product_list *l, program *p)
{
    unsigned(*pair)[2] = xmalloc(l->nproducts, sizeof *pair);
    for (size_t k = 0; k < l->nproducts; k++) {
        pair[k][0] = factor_of_item(l, p, l->product[k].left);
        pair[k][1] = factor_of_item(l, p, l->product[k].right);
    }
    runs_of_pairs(l->nproducts, pair, &p->nruns, &p->run);
    free(pair);
    p->nterms = p->nwanted + l->nproducts;
}

static void find_tiles(const product_list *l, program *p)
{
    bool *column = xcalloc(p->nfactors + 1, sizeof *column);
    for (unsigned g = 0; g < l->tiling.ngroups; g++) {
        unsigned row[TILE];
        memset(column, 0, p->nfactors);
        for (int m = 0; m < TILE; m++) {
            row[m] = factor_of_item(l, p, l->tiling.group[g][m]);
            for (size_t k = 0; k < p->nruns && row[m]; k++)
                if (p->run[k].left == row[m])
                    memset(column + p->run[k].first, 1, p->run[k].count);
        }
        tiles_append(&p->tiles, row, column, (unsigned)p->ncore);
    }
    free(column);
}

void products_lay_out(const product_list *l, program *p)
{
    find_runs(l, p);
    find_tiles(l, p);
}
