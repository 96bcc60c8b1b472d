#include "molecule/tensor.h"
#include "molecule/carrier.h"
#include "molecule/covariant.h"
#include "molecule/covariant_orbit.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE_POINTS = 8 };

/* ---- vector factors and terms ------------------------------------------------------------------------- */

static size_t append_vector(tensor_basis *t, const basis *b, vector_factor new)
{
    if (t->nvectors == t->vectors_capacity) {
        t->vectors_capacity = t->vectors_capacity ? 2 * t->vectors_capacity : 64;
        t->vector = xrealloc(t->vector, t->vectors_capacity, sizeof *t->vector);
    }
    new.value = xcalloc(b->npoints, sizeof *new.value);
    t->vector[t->nvectors] = new;
    return t->nvectors++;
}

/* X at the first element; with a quotient, count * X_0 - sum X, which is zero just for X equal everywhere. */
static void generator_values(const basis *b, const carrier *c, int covariant, residue *value)
{
    if (covariant < 0) {
        for (size_t i = 0; i < b->npoints; i++)
            value[i] = c->quotient ? 0 : 1;
        return;
    }
    const residue *x = b->covariant[covariant].value;
    if (!c->quotient) {
        memcpy(value, x, b->npoints * sizeof *value);
        return;
    }
    for (size_t i = 0; i < b->npoints; i++) {
        uint64_t sum = 0;
        for (int k = 0; k < c->count; k++)
            sum += x[(size_t)k * b->npoints + i];
        value[i] = modular_reduce((uint64_t)c->count * x[i] + MODULAR_PRIME - modular_reduce(sum));
    }
}

static void use_vector(tensor_basis *t, basis *b, size_t index)
{
    vector_factor *v = &t->vector[index];
    if (v->used)
        return;
    v->used = true;
    if (v->term < 0) {
        if (v->covariant >= 0)
            covariant_use(b, v->covariant, tensor_user(t->kind));
        return;
    }
    b->term[v->term].factor = true;
    use_vector(t, b, (size_t)v->source);
}

static void append_term(tensor_basis *t, basis *b, tensor_term new)
{
    if (t->nterms == t->terms_capacity) {
        t->terms_capacity = t->terms_capacity ? 2 * t->terms_capacity : 256;
        t->term = xrealloc(t->term, t->terms_capacity, sizeof *t->term);
    }
    t->term[t->nterms++] = new;
    b->term[new.term].factor = true;
    use_vector(t, b, (size_t) new.vector);
}

/* ---- choice ------------------------------------------------------------------------------------------- */

typedef struct choice {
    tensor_basis *t;
    basis *b;
    const orbit_list *orbits;
    rank_space *space;
    int carrier, degree;
    size_t block, dimension, length;
    residue *value;
} choice;

static bool complete(const choice *s)
{
    return rank_of(s->space) == s->dimension;
}

static bool accept_generator(choice *s, int covariant)
{
    tensor_basis *t = s->t;
    size_t v = append_vector(t, s->b,
                             (vector_factor){.carrier = s->carrier,
                                             .covariant = covariant,
                                             .term = -1,
                                             .source = -1,
                                             .degree = s->degree,
                                             .block = s->block});
    generator_values(s->b, &t->carrier[s->carrier], covariant, t->vector[v].value);
    if (rank_extend(s->space, t->vector[v].value)) {
        append_term(t, s->b, (tensor_term){0, (int)v, s->degree, s->block});
        return true;
    }
    free(t->vector[--t->nvectors].value);
    return false;
}

/* The constant in block 0, the covariants of the structure elsewhere: none is a combination of products. */
static void add_generators(choice *s)
{
    const basis *b = s->b;
    int set = s->t->carrier[s->carrier].set;
    if (s->degree == 0) {
        if (!s->t->carrier[s->carrier].quotient)
            accept_generator(s, -1);
        return;
    }
    if (set == SET_SCALAR)
        return;
    const int *range = b->block_covariant[s->block * (size_t)b->structure->nsets + (size_t)set];
    for (int v = covariant_next(b, set, range[0], range[1]); v < range[1];
         v = covariant_next(b, set, v + 1, range[1]))
        accept_generator(s, v);
}

/* Pool terms times vector factors: a row for each vector factor. */
static void try_products(choice *s)
{
    tensor_basis *t = s->t;
    const basis *b = s->b;
    for (size_t v = 0; v < t->nvectors && !complete(s); v++) {
        if (t->vector[v].carrier != s->carrier)
            continue;
        size_t rest = block_difference(b->blocks, s->block, t->vector[v].block);
        if (rest == BLOCKS_NONE || rest == 0)
            continue;
        for (size_t k = b->block_term[rest]; k < b->block_term[rest + 1]; k++) {
            if (!b->term[k].value)
                continue;
            modular_multiply_vector(s->length, b->term[k].value, t->vector[v].value, s->value);
            if (rank_extend(s->space, s->value))
                append_term(t, s->b, (tensor_term){(int)k, (int)v, s->degree, s->block});
        }
    }
}

/* A term as a vector factor of its own. */
static size_t term_as_vector(choice *s, size_t index)
{
    tensor_basis *t = s->t;
    const tensor_term from = t->term[index];
    if (from.term == 0)
        return (size_t)from.vector;
    for (size_t v = 0; v < t->nvectors; v++)
        if (t->vector[v].term == from.term && t->vector[v].source == from.vector)
            return v;
    size_t v = append_vector(t, s->b,
                             (vector_factor){.carrier = s->carrier,
                                             .covariant = -1,
                                             .term = from.term,
                                             .source = from.vector,
                                             .degree = from.degree,
                                             .block = from.block});
    modular_multiply_vector(s->b->npoints, s->b->term[from.term].value, t->vector[from.vector].value,
                            t->vector[v].value);
    return v;
}

/* Generators of the invariants times any lower term of the carrier: with these, all products are spanned. */
static void try_generator_products(choice *s, size_t first_term)
{
    tensor_basis *t = s->t;
    const basis *b = s->b;
    residue *product = xmalloc(s->length, sizeof *product);
    size_t end = t->nterms;
    for (size_t g = 1; g < b->nterms && !complete(s); g++) {
        if (!term_is_generator(&b->term[g]))
            continue;
        size_t rest = block_difference(b->blocks, s->block, b->term[g].block);
        if (rest == BLOCKS_NONE)
            continue;
        for (size_t k = first_term; k < end && !complete(s); k++) {
            if (t->term[k].block != rest)
                continue;
            const tensor_term low = t->term[k];
            modular_multiply_vector(s->length, b->term[low.term].value, t->vector[low.vector].value,
                                    s->value);
            modular_multiply_vector(s->length, b->term[g].value, s->value, product);
            if (rank_extend(s->space, product)) {
                size_t v = term_as_vector(s, k);
                append_term(t, s->b, (tensor_term){(int)g, (int)v, s->degree, s->block});
            }
        }
    }
    free(product);
}

/* The last resort, and always complete: one covariant for each orbit on elements and monomials together. */
static void try_orbits(choice *s)
{
    basis *b = s->b;
    const orbit_list *list = s->orbits;
    const carrier *c = &s->t->carrier[s->carrier];
    for (size_t k = list->first[s->block]; k < list->first[s->block + 1]; k++)
        for (int x = 0; x < c->count && !complete(s); x++) {
            const int covariant = covariant_append_orbit(
                b, c->set, x, list->monomial + k * (size_t)list->degree, s->degree, s->block);
            if (covariant >= 0 && !accept_generator(s, covariant))
                covariant_remove_orbit(b);
        }
}

static int choose_carrier(choice *s, char *error, size_t error_size)
{
    tensor_basis *t = s->t;
    const basis *b = s->b;
    const size_t first_term = t->nterms;
    const int pooled =
        t->degree - (b->degree + 1) / 2; /* higher ones pair with invariants of the pool as they are */
    for (s->block = 0; s->block < b->blocks->first[t->degree + 1]; s->block++) {
        size_t before = t->nterms;
        s->degree = blocks_degree(b->blocks, s->block);
        s->dimension = (size_t)t->carrier[s->carrier].dimension[s->block];
        s->length = s->dimension + SPARE_POINTS;
        rank_reset(s->space, s->length);
        add_generators(s);
        try_products(s);
        if (!complete(s))
            try_generator_products(s, first_term);
        if (!complete(s) && t->carrier[s->carrier].set != SET_SCALAR)
            try_orbits(s);
        if (!complete(s)) {
            snprintf(error, error_size,
                     "degree %d: %zu of %zu covariants of block %zu found; no certified basis", s->degree,
                     rank_of(s->space), s->dimension, s->block);
            return -1;
        }
        for (size_t k = before; k < t->nterms && s->degree <= pooled; k++)
            term_as_vector(s, k);
    }
    return 0;
}

static int choose(tensor_basis *t, basis *b, const orbit_list *orbits, char *error, size_t error_size)
{
    choice s = {.t = t, .b = b, .orbits = orbits};
    int status = 0;
    s.space = rank_create(b->npoints);
    s.value = xmalloc(b->npoints, sizeof *s.value);
    for (s.carrier = 0; s.carrier < t->ncarriers && !status; s.carrier++)
        status = choose_carrier(&s, error, error_size);
    rank_free(s.space);
    free(s.value);
    return status;
}

const char *tensor_name(tensor_kind kind)
{
    static const char *const name[TENSOR_KINDS] = {"dipole", "quadrupole", "polarizability"};
    return name[kind];
}

tensor_basis *tensor_create(basis *b, tensor_kind kind, const uint64_t *invariants, const orbit_list *orbits,
                            int degree, char *error, size_t error_size)
{
    tensor_basis *t = xcalloc(1, sizeof *t);
    t->kind = kind;
    t->degree = degree;
    t->covariants_by_degree = xcalloc((size_t)degree + 1, sizeof *t->covariants_by_degree);
    if (carriers_find(t, b, invariants))
        snprintf(error, error_size,
                 "the %s of degree %d has more than %d covariants; choose a smaller degree for it",
                 tensor_name(kind), degree, CARRIERS_TERMS_LIMIT);
    else if (!choose(t, b, orbits, error, error_size))
        return t;
    tensor_free(t);
    return NULL;
}

size_t tensor_orbit_sums(const basis *b, const tensor_basis *t)
{
    size_t count = 0;
    for (size_t v = 0; v < t->nvectors; v++)
        count +=
            t->vector[v].covariant >= 0 && b->covariant[t->vector[v].covariant].pattern == COVARIANT_ORBIT;
    return count;
}

void tensor_terms_by_degree(const tensor_basis *t, size_t *count)
{
    memset(count, 0, ((size_t)t->degree + 1) * sizeof *count);
    for (size_t k = 0; k < t->nterms; k++)
        count[t->term[k].degree]++;
}

void tensor_free(tensor_basis *t)
{
    if (!t)
        return;
    for (int c = 0; c < t->ncarriers; c++) {
        free(t->carrier[c].base);
        free(t->carrier[c].dimension);
    }
    for (size_t v = 0; v < t->nvectors; v++)
        free(t->vector[v].value);
    free(t->carrier);
    free(t->vector);
    free(t->term);
    free(t->covariants_by_degree);
    free(t);
}
