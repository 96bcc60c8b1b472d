#include "tensor_program.h"
#include "factorise.h"
#include "memory.h"
#include <stdlib.h>
#include <string.h>

/* Whether the tensor needs operations for a covariant that the potential has not. */
static bool is_late(const covariant *v, const tensor_basis *t)
{
    return !(v->users & USER_POTENTIAL) && (v->users & tensor_user(t->kind)) &&
           v->pattern != COVARIANT_VARIABLES;
}

static void emit(void *program, unsigned target, unsigned left, unsigned right)
{
    tensor_program *q = program;
    if (q->noperations == q->operations_capacity) {
        q->operations_capacity = q->operations_capacity ? 2 * q->operations_capacity : 256;
        q->operation = xrealloc(q->operation, q->operations_capacity, sizeof *q->operation);
    }
    q->operation[q->noperations++] =
        (operation){target, left, right == (unsigned)FACTORISE_ONE ? q->one : right};
}

static unsigned new_slot(void *program)
{
    return (unsigned)((tensor_program *)program)->nslots++;
}

static void emit_pattern(tensor_program *q, const basis *b, const program *p, const covariant *c,
                         const unsigned *slot)
{
    const pattern *pattern = &b->structure->pattern[c->pattern];
    for (int k = 0; k < pattern->count; k++) {
        const int *t = pattern->triple[k];
        emit(q, slot[t[0]], p->element_slot[c->left][t[1]],
             c->right < 0 ? q->one : p->element_slot[c->right][t[2]]);
    }
}

static void emit_orbit(tensor_program *q, const basis *b, factoriser *sums, const covariant *c,
                       const unsigned *slot)
{
    for (int x = 0; x < b->structure->set[c->set].count; x++) {
        slot_product *product;
        const size_t first = (size_t)c->left + (size_t)x * (size_t)c->right,
                     count = factorise(sums, b->monomial + first * (size_t)b->degree, (size_t)c->right,
                                       b->degree, c->degree, &product);
        for (size_t k = 0; k < count; k++)
            emit(q, slot[x], product[k].left, product[k].right);
        free(product);
    }
}

/* The late covariants lie behind the slots of the potential, on a vector boundary, element by element. */
static void emit_late_covariants(tensor_program *q, const basis *b, program *p, const tensor_basis *t)
{
    factoriser sums = factoriser_create(b->composition->npairs, new_slot, emit, q);
    q->nslots = (p->nslots + 7) / 8 * 8;
    q->one = (unsigned)p->factor0;
    for (int set = 0; set < b->structure->nsets; set++)
        for (int x = 0; x < b->structure->set[set].count; x++)
            for (int v = 0; v < b->ncovariants; v++)
                if (b->covariant[v].set == set && is_late(&b->covariant[v], t))
                    p->element_slot[v][x] = (unsigned)q->nslots++;
    for (int v = 0; v < b->ncovariants; v++) {
        const covariant *c = &b->covariant[v];
        if (!is_late(c, t))
            continue;
        if (c->pattern == COVARIANT_ORBIT)
            emit_orbit(q, b, &sums, c, p->element_slot[v]);
        else
            emit_pattern(q, b, p, c, p->element_slot[v]);
    }
    factoriser_free(&sums);
}

static void add_elements(tensor_program *q, const program *p, const tensor_basis *t, size_t from,
                         unsigned number)
{
    const vector_factor *v = &t->vector[from];
    const carrier *c = &t->carrier[v->carrier];
    q->element = xrealloc(q->element, q->nelements + (size_t)c->count, sizeof *q->element);
    for (int x = 0; x < c->count; x++) {
        unsigned *element = q->element[q->nelements++];
        element[0] = number;
        element[1] = v->covariant < 0 ? (unsigned)p->factor0 : p->element_slot[v->covariant][x];
        element[2] = (unsigned)c->base[x];
    }
}

/* Numbers the vector factors that are used: number_of[vector of t]. */
static unsigned *number_vectors(tensor_program *q, const program *p, const tensor_basis *t)
{
    unsigned *number_of = xcalloc(t->nvectors, sizeof *number_of);
    for (int products = 0; products < 2; products++)
        for (size_t v = 0; v < t->nvectors; v++) { /* sources come before their products in t */
            const vector_factor *from = &t->vector[v];
            if (!from->used || (from->term >= 0) != products)
                continue;
            number_of[v] = (unsigned)q->nvectors++;
            if (!products) {
                add_elements(q, p, t, v, number_of[v]);
                continue;
            }
            q->product = xrealloc(q->product, q->nproducts + 1, sizeof *q->product);
            unsigned *product = q->product[q->nproducts++];
            product[0] = number_of[v];
            product[1] = p->factor_of_term[from->term];
            product[2] = number_of[from->source];
        }
    q->ngenerators = q->nvectors - q->nproducts;
    return number_of;
}

static void find_runs(tensor_program *q, const program *p, const tensor_basis *t, const unsigned *number_of)
{
    unsigned(*pair)[2] = xcalloc(t->nterms, sizeof *pair);
    for (size_t k = 0; k < t->nterms; k++) {
        pair[k][0] = number_of[t->term[k].vector];
        pair[k][1] = p->factor_of_term[t->term[k].term];
    }
    runs_of_pairs(t->nterms, pair, &q->nruns, &q->run);
    q->nterms = t->nterms;
    free(pair);
}

/* The factors that a vector is multiplied with, from the first to the last, gaps included. */
static void find_rows(tensor_program *q)
{
    q->row = xcalloc(q->nvectors, sizeof *q->row);
    for (size_t k = 0; k < q->nruns; k++) {
        unsigned *row = q->row[q->run[k].left];
        if (row[1] == 0)
            row[0] = q->run[k].first;
        row[1] = q->run[k].first + q->run[k].count;
        row[2] = row[0] / 8 * 8;
        row[3] = (row[1] + 7) / 8 * 8 - row[2];
    }
    for (size_t v = 0; v < q->nvectors; v++)
        q->npacked += q->row[v][3];
}

tensor_program *tensor_program_create(const basis *b, program *p, const tensor_basis *t)
{
    tensor_program *q = xcalloc(1, sizeof *q);
    emit_late_covariants(q, b, p, t);
    unsigned *number_of = number_vectors(q, p, t);
    find_runs(q, p, t, number_of);
    find_rows(q);
    free(number_of);
    return q;
}

void tensor_program_free(tensor_program *p)
{
    if (!p)
        return;
    free(p->operation);
    free(p->element);
    free(p->product);
    free(p->run);
    free(p->row);
    free(p);
}
