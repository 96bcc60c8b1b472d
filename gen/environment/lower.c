#include "environment/lower.h"
#include "base/memory.h"
#include <stdlib.h>

typedef struct sorted {
    int key[7];
    unsigned id; /* covariant */
} sorted;

static int compare(const void *a, const void *b)
{
    const sorted *x = a, *y = b;
    for (int k = 0; k < 7; k++)
        if (x->key[k] != y->key[k])
            return x->key[k] < y->key[k] ? -1 : 1;
    return 0;
}

/* Which covariants terms need, and what these are made of. */
static bool *find_needed(const inventory *v, const selection *s)
{
    const cloud_covariant *list = v->covariants.item;
    bool *needed = xcalloc(v->covariants.count, sizeof *needed);
    for (size_t k = 0; k < s->nterms; k++)
        needed[s->term[k].left] = needed[s->term[k].right] = true;
    for (int order = ORDER_LIMIT; order > 1; order--)
        for (size_t k = 0; k < v->covariants.count; k++)
            if (needed[k] && list[k].order == order)
                needed[list[k].left] = needed[list[k].right] = true;
    return needed;
}

/* Moments by species, l and n. */
static void lower_moments(const inventory *v, const bool *needed, unsigned *slot, coupled_program *p)
{
    const size_t n = v->channels.count;
    sorted *list = xmalloc(n, sizeof *list);
    for (size_t k = 0; k < n; k++)
        if (needed[1 + k]) {
            const channel *c = &v->channels.item[k];
            list[p->nmoments++] = (sorted){{c->species, c->l, c->n}, (unsigned)k};
        }
    qsort(list, p->nmoments, sizeof *list, compare);
    p->moment = xmalloc(p->nmoments, sizeof *p->moment);
    p->nslots = 1;
    for (size_t k = 0; k < p->nmoments; k++) {
        const channel *c = &v->channels.item[list[k].id];
        p->moment[k] = (coupled_moment){c->species, c->n, c->l, (unsigned)p->nslots};
        slot[1 + list[k].id] = (unsigned)p->nslots;
        p->nslots += 2 * (size_t)c->l + 1;
    }
    p->ninputs = p->nslots - 1;
    free(list);
}

static coupled_kernel make_kernel(const sorted *x, size_t first)
{
    coupled_kernel k = {
        .order = x->key[0], .l1 = x->key[1], .l2 = x->key[2], .l = x->key[3], .same = x->key[4] == 0};
    coupling *list = coupling_list(k.l1, k.l2, k.l, k.same, &k.nconstants);
    k.constant = xmalloc(k.nconstants, sizeof *k.constant);
    for (size_t i = 0; i < k.nconstants; i++)
        k.constant[i] =
            (coupled_constant){list[i].m1 + k.l1, list[i].m2 + k.l2, list[i].M + k.l, list[i].value};
    free(list);
    k.first = first;
    return k;
}

/* Products by kernel, and within one by their operands. */
static void lower_products(const inventory *v, const bool *needed, unsigned *slot, coupled_program *p)
{
    const cloud_covariant *c = v->covariants.item;
    sorted *list = xmalloc(v->covariants.count, sizeof *list);
    for (size_t k = 1 + v->covariants.nchannels; k < v->covariants.count; k++)
        if (needed[k])
            list[p->nproducts++] = (sorted){{c[k].order, c[c[k].left].l, c[c[k].right].l, c[k].l,
                                             c[k].left != c[k].right, (int)c[k].left, (int)c[k].right},
                                            (unsigned)k};
    qsort(list, p->nproducts, sizeof *list, compare);
    p->product = xmalloc(p->nproducts, sizeof *p->product);
    p->kernel = xmalloc(p->nproducts, sizeof *p->kernel);
    for (size_t k = 0; k < p->nproducts; k++) {
        const cloud_covariant *x = &c[list[k].id];
        int j = 0;
        while (k && j < 5 && list[k].key[j] == list[k - 1].key[j])
            j++;
        if (j < 5)
            p->kernel[p->nkernels++] = make_kernel(&list[k], k);
        p->kernel[p->nkernels - 1].count++;
        p->product[k] = (coupled_product){slot[x->left], slot[x->right], (unsigned)p->nslots};
        slot[list[k].id] = (unsigned)p->nslots;
        p->nslots += 2 * (size_t)x->l + 1;
    }
    free(list);
}

/*
 * A term may stand in the row of either factor. Rows are taken one after the other, each time the covariant that has the
 * most terms left: so they are few and long.
 */
static void lower_terms(const inventory *v, const selection *s, const unsigned *slot, coupled_program *p)
{
    const size_t ncovariants = v->covariants.count;
    size_t *left = xcalloc(ncovariants, sizeof *left), *first = xcalloc(ncovariants + 2, sizeof *first);
    unsigned *of = xmalloc(2 * s->nterms, sizeof *of);
    bool *done = xcalloc(s->nterms, sizeof *done);
    for (size_t k = 0; k < s->nterms; k++) {
        const cloud_term *t = &s->term[k];
        left[t->left]++;
        left[t->right] += t->left != t->right;
    }
    for (size_t k = 0; k < ncovariants; k++)
        first[k + 2] = first[k + 1] + left[k];
    for (size_t k = 0; k < s->nterms; k++) {
        const cloud_term *t = &s->term[k];
        of[first[t->left + 1]++] = (unsigned)k;
        if (t->left != t->right)
            of[first[t->right + 1]++] = (unsigned)k;
    }
    sorted *row = xmalloc(s->nterms, sizeof *row), *column = xmalloc(s->nterms, sizeof *column);
    size_t nrows = 0, n = 0;
    while (n < s->nterms) {
        size_t best = 0;
        for (size_t k = 1; k < ncovariants; k++)
            best = left[k] > left[best] ? k : best;
        row[nrows] = (sorted){{v->covariants.item[best].l, (int)slot[best]}, (unsigned)best};
        for (size_t k = first[best]; k < first[best + 1]; k++) {
            const cloud_term *t = &s->term[of[k]];
            const unsigned other = t->left == best ? t->right : t->left;
            if (done[of[k]])
                continue;
            done[of[k]] = true;
            left[best]--;
            left[other] -= other != best;
            column[n++] = (sorted){{v->covariants.item[best].l, (int)slot[best], (int)slot[other]}, other};
        }
        nrows++;
    }
    qsort(row, nrows, sizeof *row, compare);
    qsort(column, n, sizeof *column, compare);
    p->row = xmalloc(nrows, sizeof *p->row);
    p->column = xmalloc(n, sizeof *p->column);
    for (size_t k = 0; k < n; k++) {
        p->column[k] = slot[column[k].id];
        if (!k || column[k].key[1] != column[k - 1].key[1])
            p->row[p->nrows++] = (coupled_row){(unsigned)column[k].key[1], column[k].key[0], k, 0};
        p->row[p->nrows - 1].count++;
    }
    p->nterms = n;
    free(row);
    free(column);
    free(done);
    free(of);
    free(first);
    free(left);
}

coupled_program lower_selection(const inventory *v, const selection *s)
{
    coupled_program p = {0};
    bool *needed = find_needed(v, s);
    unsigned *slot = xcalloc(v->covariants.count, sizeof *slot);
    lower_moments(v, needed, slot, &p);
    lower_products(v, needed, slot, &p);
    lower_terms(v, s, slot, &p);
    coupled_count(&p);
    free(slot);
    free(needed);
    return p;
}
