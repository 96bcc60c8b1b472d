#include "molecule/tensor.h"
#include "algebra/choose.h"
#include "molecule/covariant.h"
#include "molecule/covariant_orbit.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * value[begin .. end) <- what the test of rank sees of a covariant X at these points: X at the first element;
 * with a quotient, count X_0 - sum_x X_x, which is zero if and only if X is equal on all elements.
 */
static void generator_values(const basis *b, const carrier *c, int covariant, size_t begin, size_t end,
                             residue *value)
{
    if (covariant < 0) {
        for (size_t i = begin; i < end; i++)
            value[i] = c->quotient ? 0 : 1;
        return;
    }
    const residue *x = b->covariant[covariant].value;
    if (!c->quotient) {
        memcpy(value + begin, x + begin, (end - begin) * sizeof *value);
        return;
    }
    for (size_t i = begin; i < end; i++) {
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

/* The work on one block of one carrier. */
typedef struct search {
    tensor_basis *t;
    basis *b;
    const orbit_list *orbits;
    choice choice;
    int carrier, degree;
    size_t block;
    bool pending; /* the last covariant of the basis is an orbit that is not accepted yet */
} search;

static bool complete(const search *s)
{
    return choice_complete(&s->choice);
}

static const carrier *carrier_of(const search *s)
{
    return &s->t->carriers.carrier[s->carrier];
}

static void add_term(search *s, size_t term, size_t vector)
{
    append_term(s->t, s->b, (tensor_term){(int)term, (int)vector, s->degree, s->block});
}

/* A generator: covariant c.left - 1, or 1 if that is negative. */
static bool covariant_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    const search *s = context;
    generator_values(s->b, carrier_of(s), (int)c.left - 1, begin, end, value);
    return true;
}

static void accept_covariant(void *context, candidate c)
{
    search *s = context;
    const int covariant = (int)c.left - 1;
    const size_t v = append_vector(s->t, s->b,
                                   (vector_factor){.carrier = s->carrier,
                                                   .covariant = covariant,
                                                   .term = -1,
                                                   .source = -1,
                                                   .degree = s->degree,
                                                   .block = s->block});
    generator_values(s->b, carrier_of(s), covariant, 0, s->b->npoints, s->t->vector[v].value);
    add_term(s, 0, v);
}

/* The constant in block 0, the covariants of the structure elsewhere: none is a combination of products. */
static void try_generators(search *s)
{
    static const candidate_kind generators = {covariant_values, accept_covariant};
    const basis *b = s->b;
    const int set = carrier_of(s)->set;
    if (s->degree == 0 && !carrier_of(s)->quotient)
        choice_propose(&s->choice, 0, 0);
    if (s->degree > 0 && set != SET_SCALAR) {
        const int *range = b->block_covariant[s->block * (size_t)b->structure->nsets + (size_t)set];
        for (int v = covariant_next(b, set, range[0], range[1]); v < range[1];
             v = covariant_next(b, set, v + 1, range[1]))
            choice_propose(&s->choice, (size_t)v + 1, 0);
    }
    choose(&s->choice, &generators, s);
}

/* Term c.left times vector factor c.right. */
static bool product_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    const search *s = context;
    modular_multiply_vector(end - begin, s->b->term[c.left].value + begin,
                            s->t->vector[c.right].value + begin, value + begin);
    return true;
}

static void accept_product(void *context, candidate c)
{
    add_term(context, c.left, c.right);
}

/* Pool terms times vector factors: a row for each vector factor. */
static void try_products(search *s)
{
    static const candidate_kind products = {product_values, accept_product};
    const tensor_basis *t = s->t;
    const basis *b = s->b;
    for (size_t v = 0; v < t->nvectors && !complete(s); v++) {
        if (t->vector[v].carrier != s->carrier)
            continue;
        size_t rest = blocks_difference(b->blocks, s->block, t->vector[v].block);
        if (rest == BLOCKS_NONE || rest == 0)
            continue;
        for (size_t k = b->block_term[rest]; k < b->block_term[rest + 1]; k++)
            if (b->term[k].value)
                choice_propose(&s->choice, k, v);
        choose(&s->choice, &products, s);
    }
}

/* A term as a vector factor of its own. */
static size_t term_as_vector(search *s, size_t index)
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

/* Generator c.left of the invariants times term c.right of the tensor. */
static bool generator_product_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    const search *s = context;
    const tensor_term low = s->t->term[c.right];
    product_values(context, (candidate){(size_t)low.term, (size_t)low.vector}, begin, end, value);
    modular_multiply_vector(end - begin, s->b->term[c.left].value + begin, value + begin, value + begin);
    return true;
}

static void accept_generator_product(void *context, candidate c)
{
    add_term(context, c.left, term_as_vector(context, c.right));
}

/* Generators of the invariants times any lower term of the carrier: with these, all products are spanned. */
static void try_generator_products(search *s, size_t first_term)
{
    static const candidate_kind products = {generator_product_values, accept_generator_product};
    const tensor_basis *t = s->t;
    const basis *b = s->b;
    const size_t end = t->nterms;
    for (size_t g = 1; g < b->nterms && !complete(s); g++) {
        if (!term_is_generator(&b->term[g]))
            continue;
        size_t rest = blocks_difference(b->blocks, s->block, b->term[g].block);
        if (rest == BLOCKS_NONE)
            continue;
        for (size_t k = first_term; k < end; k++)
            if (t->term[k].block == rest)
                choice_propose(&s->choice, g, k);
        choose(&s->choice, &products, s);
    }
}

static void remove_pending(search *s)
{
    if (s->pending)
        covariant_remove_orbit(s->b);
    s->pending = false;
}

/* The covariant of orbit c.left and element c.right, which becomes the last one of the basis. */
static bool orbit_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    search *s = context;
    const orbit_list *list = s->orbits;
    remove_pending(s);
    const int covariant =
        covariant_append_orbit(s->b, carrier_of(s)->set, (int)c.right,
                               list->monomial + c.left * (size_t)list->degree, s->degree, s->block);
    if (covariant < 0)
        return false;
    s->pending = true;
    generator_values(s->b, carrier_of(s), covariant, begin, end, value);
    return true;
}

static void accept_orbit(void *context, candidate c)
{
    search *s = context;
    (void)c;
    s->pending = false;
    accept_covariant(s, (candidate){(size_t)s->b->ncovariants, 0});
}

/* The last resort, and always complete: one covariant for each orbit on elements and monomials together. */
static void try_orbits(search *s)
{
    static const candidate_kind orbits = {orbit_values, accept_orbit};
    for (size_t k = s->orbits->first[s->block]; k < s->orbits->first[s->block + 1]; k++)
        for (int x = 0; x < carrier_of(s)->count; x++)
            choice_propose(&s->choice, k, (size_t)x);
    choose(&s->choice, &orbits, s);
    remove_pending(s);
}

static int choose_carrier(search *s, char *error, size_t error_size)
{
    tensor_basis *t = s->t;
    const basis *b = s->b;
    const size_t first_term = t->nterms;
    const int pooled =
        t->degree - (b->degree + 1) / 2; /* higher ones pair with invariants of the pool as they are */
    for (s->block = 0; s->block < b->blocks->first[t->degree + 1]; s->block++) {
        size_t before = t->nterms;
        s->degree = blocks_degree(b->blocks, s->block);
        s->choice.dimension = (size_t)carrier_of(s)->dimension[s->block];
        choice_begin(&s->choice, s->choice.dimension + SPARE_POINTS);
        try_generators(s);
        try_products(s);
        if (!complete(s))
            try_generator_products(s, first_term);
        if (!complete(s) && carrier_of(s)->set != SET_SCALAR)
            try_orbits(s);
        if (!complete(s)) {
            choice_explain(&s->choice, "covariants", s->degree, s->block, error, error_size);
            return -1;
        }
        for (size_t k = before; k < t->nterms && s->degree <= pooled; k++)
            term_as_vector(s, k);
    }
    return 0;
}

static int choose_terms(tensor_basis *t, basis *b, const orbit_list *orbits, char *error, size_t error_size)
{
    search s = {.t = t, .b = b, .orbits = orbits, .choice = choice_create(b->npoints)};
    int status = 0;
    for (s.carrier = 0; s.carrier < t->carriers.count && !status; s.carrier++)
        status = choose_carrier(&s, error, error_size);
    choice_free(&s.choice);
    return status;
}

tensor_basis *tensor_create(basis *b, tensor_kind kind, const uint64_t *invariants, const orbit_list *orbits,
                            int degree, char *error, size_t error_size)
{
    tensor_basis *t = xcalloc(1, sizeof *t);
    t->kind = kind;
    t->degree = degree;
    if (carriers_find(b, kind, degree, invariants, &t->carriers))
        snprintf(error, error_size,
                 "the %s of degree %d has more than %d covariants; choose a smaller degree for it",
                 tensor_name(kind), degree, CARRIERS_TERMS_LIMIT);
    else if (!choose_terms(t, b, orbits, error, error_size))
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
    carriers_free(&t->carriers);
    for (size_t v = 0; v < t->nvectors; v++)
        free(t->vector[v].value);
    free(t->vector);
    free(t->term);
    free(t);
}
