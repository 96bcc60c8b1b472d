#include "molecule/lower_tensor.h"
#include "program/factorise.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* Whether the tensor needs operations for a covariant that the potential does not have. */
static bool is_late(const covariant *v, const tensor_basis *t)
{
    return !(v->users & USER_POTENTIAL) && (v->users & tensor_user(t->kind)) &&
           v->pattern != COVARIANT_VARIABLES;
}

static void append(tensor_program *q, unsigned target, unsigned left, unsigned right)
{
    operations_append(&q->operations, target, left, right);
}

static void append_product(void *program, unsigned target, slot_product product)
{
    tensor_program *q = program;
    operations_append_scaled(&q->operations, product.coefficient, target, product.left,
                             product.right == (unsigned)FACTORISE_ONE ? q->one : product.right);
}

static unsigned new_slot(void *program)
{
    return (unsigned)((tensor_program *)program)->nslots++;
}

static void append_pattern(tensor_program *q, const basis *b, const lowering *l, const covariant *c,
                           const unsigned *slot)
{
    const pattern *pattern = &b->structure->pattern[c->pattern];
    for (int k = 0; k < pattern->count; k++) {
        const int *t = pattern->triple[k];
        append(q, slot[t[0]], l->element_slot[c->left][t[1]],
               c->right < 0 ? q->one : l->element_slot[c->right][t[2]]);
    }
}

static void append_orbit(tensor_program *q, const basis *b, factoriser *sums, const covariant *c,
                         const unsigned *slot)
{
    for (int x = 0; x < b->structure->set[c->set].count; x++) {
        slot_product *product;
        const size_t first = (size_t)c->left + (size_t)x * (size_t)c->right,
                     count = factorise(sums, b->monomial + first * (size_t)b->degree, NULL, (size_t)c->right,
                                       b->degree, c->degree, &product);
        for (size_t k = 0; k < count; k++)
            append_product(q, slot[x], product[k]);
        free(product);
    }
}

/* The late covariants lie behind the slots of the potential, the elements of each side by side, from a
 * multiple of four on. */
static void append_late_covariants(tensor_program *q, const basis *b, lowering *l, const tensor_basis *t)
{
    factoriser sums = factoriser_create(b->composition->npairs, new_slot, append_product, q);
    q->nslots = (l->program->nslots + 7) / 8 * 8;
    q->one = (unsigned)l->program->factor0;
    for (int v = 0; v < b->ncovariants; v++) {
        if (!is_late(&b->covariant[v], t))
            continue;
        for (int x = 0; x < b->structure->set[b->covariant[v].set].count; x++)
            l->element_slot[v][x] = (unsigned)q->nslots++;
        q->nslots = (q->nslots + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
    }
    for (int v = 0; v < b->ncovariants; v++) {
        const covariant *c = &b->covariant[v];
        if (!is_late(c, t))
            continue;
        if (c->pattern == COVARIANT_ORBIT)
            append_orbit(q, b, &sums, c, l->element_slot[v]);
        else
            append_pattern(q, b, l, c, l->element_slot[v]);
    }
    factoriser_free(&sums);
}

static void add_elements(tensor_program *q, const lowering *l, const tensor_basis *t, size_t from,
                         unsigned number)
{
    const vector_factor *v = &t->vector[from];
    const carrier *c = &t->carriers.carrier[v->carrier];
    q->element = xrealloc(q->element, q->nelements + (size_t)c->count, sizeof *q->element);
    for (int x = 0; x < c->count; x++) {
        unsigned *element = q->element[q->nelements++];
        element[0] = number;
        element[1] = v->covariant < 0 ? (unsigned)l->program->factor0 : l->element_slot[v->covariant][x];
        element[2] = (unsigned)c->base[x];
    }
}

/* A vector factor in use and the invariant factors that it is multiplied with. */
typedef struct row {
    size_t vector;
    size_t nfactors;
    const bool *column; /* [nfactors] */
} row;

static int compare_rows(const void *x, const void *y)
{
    const row *a = x, *b = y;
    const int order = -memcmp(a->column, b->column, a->nfactors * sizeof *a->column);
    return order ? order : a->vector < b->vector ? -1 : a->vector > b->vector;
}

/* The rows of coefficients, those with equal columns side by side; the caller frees them and *columns. */
static row *sort_rows(const lowering *l, const tensor_basis *t, size_t *nrows, bool **columns)
{
    row *rows = xcalloc(t->nvectors + 1, sizeof *rows);
    *columns = xcalloc(t->nvectors * l->program->nfactors + 1, sizeof **columns);
    for (size_t k = 0; k < t->nterms; k++)
        (*columns)[(size_t)t->term[k].vector * l->program->nfactors + l->factor_of_term[t->term[k].term]] =
            true;
    *nrows = 0;
    for (size_t v = 0; v < t->nvectors; v++)
        if (t->vector[v].used)
            rows[(*nrows)++] = (row){v, l->program->nfactors, *columns + v * l->program->nfactors};
    qsort(rows, *nrows, sizeof *rows, compare_rows);
    return rows;
}

static void find_tiles(tensor_program *q, const row *rows)
{
    for (size_t first = 0; first < q->nvectors; first += TILE) {
        const size_t nfactors = rows[first].nfactors;
        unsigned number[TILE];
        bool *column = xcalloc(nfactors, sizeof *column);
        for (size_t m = 0; m < TILE; m++) {
            number[m] = (unsigned)(first + m < q->nvectors ? first + m : q->nvectors);
            for (size_t k = 0; k < nfactors && first + m < q->nvectors; k++)
                column[k] |= rows[first + m].column[k];
        }
        tiles_append(&q->tiles, number, column, (unsigned)nfactors);
        free(column);
    }
}

/* Vector factors are numbered in the order of their rows: number_of[vector of t]. */
static unsigned *number_vectors(tensor_program *q, const lowering *l, const tensor_basis *t)
{
    unsigned *number_of = xcalloc(t->nvectors + 1, sizeof *number_of);
    bool *columns;
    row *rows = sort_rows(l, t, &q->nvectors, &columns);
    for (size_t k = 0; k < q->nvectors; k++)
        number_of[rows[k].vector] = (unsigned)k;
    find_tiles(q, rows);
    free(rows);
    free(columns);
    return number_of;
}

static void find_vectors(tensor_program *q, const lowering *l, const tensor_basis *t,
                         const unsigned *number_of)
{
    for (size_t v = 0; v < t->nvectors; v++) { /* sources come before their products in t */
        const vector_factor *from = &t->vector[v];
        if (!from->used)
            continue;
        if (from->term < 0) {
            add_elements(q, l, t, v, number_of[v]);
            q->ngenerators++;
            continue;
        }
        q->product = xrealloc(q->product, q->nproducts + 1, sizeof *q->product);
        unsigned *product = q->product[q->nproducts++];
        product[0] = number_of[v];
        product[1] = l->factor_of_term[from->term];
        product[2] = number_of[from->source];
    }
}

static void find_runs(tensor_program *q, const lowering *l, const tensor_basis *t, const unsigned *number_of)
{
    unsigned(*pair)[2] = xcalloc(t->nterms + 1, sizeof *pair);
    for (size_t k = 0; k < t->nterms; k++) {
        pair[k][0] = number_of[t->term[k].vector];
        pair[k][1] = l->factor_of_term[t->term[k].term];
    }
    runs_of_pairs(t->nterms, pair, &q->nruns, &q->run);
    q->nterms = t->nterms;
    free(pair);
}

tensor_program *lower_tensor(const basis *b, lowering *l, const tensor_basis *t)
{
    tensor_program *q = xcalloc(1, sizeof *q);
    append_late_covariants(q, b, l, t);
    unsigned *number_of = number_vectors(q, l, t);
    find_vectors(q, l, t, number_of);
    find_runs(q, l, t, number_of);
    free(number_of);
    return q;
}
