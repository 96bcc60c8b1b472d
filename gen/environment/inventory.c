#include "environment/inventory.h"
#include "algebra/keyset.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of blocks that are looked at; of terms; of invariants of one block, whose choice takes time with the cube. */
enum { BLOCKS_LIMIT = 10000000, TERMS_LIMIT = 200000, DIMENSION_LIMIT = 300 };

typedef struct work {
    inventory *v;
    long seen;   /* blocks */
    keyset keys; /* of patterns */
    size_t blocks_capacity, ids_capacity;
    char *error;
    size_t error_size;
} work;

typedef struct group {
    int l, multiplicity;
    size_t channel;
} group;

static int compare_groups(const void *a, const void *b)
{
    const group *x = a, *y = b;
    if (x->l != y->l)
        return x->l - y->l;
    if (x->multiplicity != y->multiplicity)
        return y->multiplicity - x->multiplicity;
    return x->channel < y->channel ? -1 : 1;
}

/* The groups of a block in the order of a pattern; returns how many. */
static int find_groups(const inventory *v, int order, const size_t *index, group *g)
{
    int ngroups = 0;
    for (int k = 0; k < order; k++)
        if (k && index[k] == index[k - 1])
            g[ngroups - 1].multiplicity++;
        else
            g[ngroups++] = (group){v->channels.item[index[k]].l, 1, index[k]};
    qsort(g, (size_t)ngroups, sizeof *g, compare_groups);
    return ngroups;
}

/* The number of the pattern of groups; its dimension is found when it is met for the first time. */
static size_t find_pattern(work *w, int ngroups, const group *g)
{
    unsigned short key[2 * ORDER_LIMIT];
    int l[ORDER_LIMIT], multiplicity[ORDER_LIMIT];
    size_t number;
    for (int k = 0; k < ngroups; k++) {
        key[2 * k] = (unsigned short)(l[k] = g[k].l);
        key[2 * k + 1] = (unsigned short)(multiplicity[k] = g[k].multiplicity);
    }
    if (keyset_add(&w->keys, key, 2 * (size_t)ngroups, &number)) {
        w->v->pattern = xrealloc(w->v->pattern, ++w->v->npatterns, sizeof *w->v->pattern);
        w->v->pattern[number] = pattern_of(ngroups, l, multiplicity);
    }
    return number;
}

static int refuse_size(work *w, const char *what, long limit)
{
    snprintf(w->error, w->error_size,
             "more than %ld %s; choose a smaller level or order, or cut it by --lmax or --nmax", limit, what);
    return -1;
}

/* First walk: the characters alone, so that what is too much is refused at once. */
static int count_block(void *context, int order, const size_t *index)
{
    work *w = context;
    group g[ORDER_LIMIT];
    const int ngroups = find_groups(w->v, order, index, g);
    const size_t number = find_pattern(w, ngroups, g), dimension = w->v->pattern[number].dimension;
    w->v->characters[order] += dimension;
    w->v->nterms += dimension;
    if (dimension > DIMENSION_LIMIT)
        return refuse_size(w, "invariants in one block", DIMENSION_LIMIT);
    if (w->v->nterms > TERMS_LIMIT)
        return refuse_size(w, "terms", TERMS_LIMIT);
    return ++w->seen > BLOCKS_LIMIT ? refuse_size(w, "blocks of channels", BLOCKS_LIMIT) : 0;
}

/* Each pattern reaches the rank that its characters say, or there is no basis. */
static int solve_patterns(work *w)
{
    transvectants *couplings = transvectants_create();
    int status = 0;
    for (size_t k = 0; k < w->v->npatterns && !status; k++) {
        cloud_pattern *p = &w->v->pattern[k];
        const size_t rank = p->dimension ? pattern_solve(p, couplings) : 0;
        if (rank == p->dimension)
            continue;
        int n = snprintf(w->error, w->error_size,
                         "no certified basis: of %zu invariants of the moments l =", p->dimension);
        for (int g = 0; g < p->ngroups; g++)
            n += snprintf(w->error + n, w->error_size - (size_t)n, " %d^%d", p->l[g], p->multiplicity[g]);
        snprintf(w->error + n, w->error_size - (size_t)n, " only %zu are found as products of two covariants",
                 rank);
        status = -1;
    }
    transvectants_free(couplings);
    return status;
}

/* The covariants of a block's recipes. */
static void add_ids(work *w, const cloud_pattern *p, const group *g)
{
    const size_t count = (size_t)p->nrecipes;
    if (w->v->nids + count > w->ids_capacity)
        w->v->id = xrealloc(w->v->id, w->ids_capacity = 2 * (w->ids_capacity + count), sizeof *w->v->id);
    unsigned *id = w->v->id + w->v->nids;
    for (size_t r = 0; r < count; r++) {
        const recipe *x = &p->recipe[r];
        if (x->order < 2)
            id[r] = x->order ? 1 + (unsigned)g[r - 1].channel : 0;
        else
            id[r] = covariants_product(&w->v->covariants, id[x->left], id[x->right], x->l);
    }
    w->v->nids += count;
}

/* Second walk: the blocks that have invariants, with their covariants. */
static int add_block(void *context, int order, const size_t *index)
{
    work *w = context;
    group g[ORDER_LIMIT];
    const size_t number = find_pattern(w, find_groups(w->v, order, index, g), g);
    const cloud_pattern *p = &w->v->pattern[number];
    if (!p->dimension)
        return 0;
    if (w->v->nblocks == w->blocks_capacity)
        w->v->block =
            xrealloc(w->v->block, w->blocks_capacity = w->blocks_capacity ? 2 * w->blocks_capacity : 256,
                     sizeof *w->v->block);
    w->v->block[w->v->nblocks++] = (cloud_block){(unsigned)number, w->v->nids, w->v->nterms};
    w->v->nterms += p->dimension;
    add_ids(w, p, g);
    return 0;
}

int inventory_create(const level_rule *rule, int nspecies, inventory *v, char *error, size_t error_size)
{
    work w = {.v = v, .error = error, .error_size = error_size};
    memset(v, 0, sizeof *v);
    v->channels = channels_create(rule, nspecies);
    int *l = xmalloc(v->channels.count, sizeof *l);
    for (size_t k = 0; k < v->channels.count; k++)
        l[k] = v->channels.item[k].l;
    v->covariants = covariants_create(v->channels.count, l);
    free(l);
    int status = channels_each_block(rule, &v->channels, count_block, &w);
    if (!status)
        status = solve_patterns(&w);
    v->nterms = 0;
    if (!status)
        status = channels_each_block(rule, &v->channels, add_block, &w);
    keyset_free(&w.keys);
    return status;
}

void inventory_free(inventory *v)
{
    for (size_t k = 0; k < v->npatterns; k++)
        pattern_free(&v->pattern[k]);
    channels_free(&v->channels);
    covariants_free(&v->covariants);
    free(v->pattern);
    free(v->block);
    free(v->id);
    memset(v, 0, sizeof *v);
}
