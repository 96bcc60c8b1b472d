#include "molecule/candidates.h"
#include "molecule/covariant.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { ORBIT_NONE = -1 };

static bool complete(const block_search *s)
{
    return choice_complete(&s->choice);
}

/* ---- products ----------------------------------------------------------------------------------------- */

/* The product of two terms; the left one is in the pool. */
static bool product_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    const block_search *s = context;
    const basis *b = s->b;
    const residue *left = b->term[c.left].value, *right = b->term[c.right].value;
    if (!right) {
        term_values(b, &b->term[c.right], begin, end, value);
        right = value;
    }
    modular_multiply_vector(end - begin, left + begin, right + begin, value + begin);
    return true;
}

static void accept_product(void *context, candidate c)
{
    block_search *s = context;
    basis *b = s->b;
    const size_t left = c.left < c.right ? c.left : c.right, right = c.left < c.right ? c.right : c.left;
    term_append(b, (term){.kind = TERM_PRODUCT,
                          .left = (int)left,
                          .right = (int)right,
                          .degree = s->degree,
                          .block = s->block,
                          .wanted = s->wanted});
    b->term[left].factor = b->term[right].factor = true;
}

static const candidate_kind products = {product_values, accept_product};

/* Products of pool terms, left of degree `low`: rows in the order of left, so that each row is one long run. */
static void try_pool_products(block_search *s, int low)
{
    basis *b = s->b;
    const blocks *blocks = b->blocks;
    for (size_t m = blocks->first[low]; m < blocks->first[low + 1] && !complete(s); m++) {
        size_t rest = blocks_difference(blocks, s->block, m);
        if (rest == BLOCKS_NONE || rest < m)
            continue;
        for (size_t left = b->block_term[m]; left < b->block_term[m + 1]; left++)
            for (size_t right = rest == m ? left : b->block_term[rest]; right < b->block_term[rest + 1];
                 right++)
                if (b->term[left].value && b->term[right].value)
                    choice_propose(&s->choice, left, right);
        choose(&s->choice, &products, s);
    }
}

/* Products of a generator and a term outside the pool. */
static void try_generator_products(block_search *s)
{
    basis *b = s->b;
    size_t first = b->nterms;
    for (size_t left = 1; left < b->block_term[b->blocks->first[s->degree]] && !complete(s); left++) {
        if (!term_is_generator(&b->term[left]))
            continue;
        size_t rest = blocks_difference(b->blocks, s->block, b->term[left].block);
        if (rest == BLOCKS_NONE)
            continue;
        for (size_t right = b->block_term[rest]; right < b->block_term[rest + 1]; right++)
            if (!b->term[right].value)
                choice_propose(&s->choice, left, right);
        choose(&s->choice, &products, s);
    }
    for (size_t k = first; k < b->nterms;
         k++) { /* only now: the pool stays as it is while a block is searched */
        term_keep_values(b, (size_t)b->term[k].left);
        term_keep_values(b, (size_t)b->term[k].right);
    }
}

/* ---- generators --------------------------------------------------------------------------------------- */

/* Appends a generator, with its values at all points. */
static void accept_generator(block_search *s, const candidate_kind *kind, candidate c, term new)
{
    new.degree = s->degree;
    new.block = s->block;
    new.wanted = s->wanted;
    new.factor = true;
    new.value = xmalloc(s->b->npoints, sizeof *new.value);
    kind->values(s, c, 0, s->b->npoints, new.value);
    term_append(s->b, new);
}

/* The sum of the variables of a pair class, c.left. */
static bool sum_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    const block_search *s = context;
    const basis *b = s->b;
    memset(value + begin, 0, (end - begin) * sizeof *value);
    for (size_t p = 0; p < (size_t)b->composition->npairs; p++)
        if (b->composition->pair_class[p] == (int)c.left)
            modular_add_vector(end - begin, b->variable + p * b->npoints + begin, value + begin);
    return true;
}

static void accept_sum(void *context, candidate c);
static const candidate_kind sums = {sum_values, accept_sum};

static void accept_sum(void *context, candidate c)
{
    block_search *s = context;
    const basis *b = s->b;
    const int class = (int)c.left;
    int last = 0;
    for (int p = 0; p < b->composition->npairs; p++)
        if (b->composition->pair_class[p] == class)
            last = p;
    if (b->structure->variable_set[class] == SET_SCALAR)
        accept_generator(s, &sums, c, (term){.kind = TERM_VARIABLE, .left = last});
    else /* no covariant yet: those of a block are grown after its terms */
        accept_generator(s, &sums, c, (term){.kind = TERM_SUM, .left = class});
}

static void try_variable_sum(block_search *s)
{
    const blocks *blocks = s->b->blocks;
    size_t class = 0;
    while (blocks->exponents[s->block * (size_t)blocks->nvariables + class] == 0)
        class ++;
    choice_propose(&s->choice, class, 0);
    choose(&s->choice, &sums, s);
}

static bool contracted_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    const block_search *s = context;
    contraction_values(s->b, (int)c.left, (int)c.right, begin, end, value);
    return true;
}

static void accept_contraction(void *context, candidate c);
static const candidate_kind contractions = {contracted_values, accept_contraction};

static void accept_contraction(void *context, candidate c)
{
    block_search *s = context;
    covariant_use(s->b, (int)c.left, USER_POTENTIAL);
    covariant_use(s->b, (int)c.right, USER_POTENTIAL);
    accept_generator(s, &contractions, c,
                     (term){.kind = TERM_CONTRACT, .left = (int)c.left, .right = (int)c.right});
}

static void try_contractions(block_search *s)
{
    contraction *list;
    size_t count = contractions_find(s->b, s->block, &list);
    for (size_t k = 0; k < count; k++)
        choice_propose(&s->choice, (size_t)list[k].left, (size_t)list[k].right);
    free(list);
    choose(&s->choice, &contractions, s);
}

/*
 * The sum over orbit c.left, whose members are written behind the monomials of the basis. Unless it is
 * accepted, the next orbit takes their place.
 */
static bool orbit_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    block_search *s = context;
    basis *b = s->b;
    if (s->orbit != c.left) {
        s->orbit = c.left;
        s->nmembers = orbit_write(b, s->orbits->monomial + c.left * (size_t)s->orbits->degree, s->degree);
    }
    if (s->nmembers)
        monomials_values(b, b->monomial + b->nmonomials * (size_t)b->degree, s->nmembers, begin, end, value);
    return s->nmembers > 0;
}

static void accept_orbit(void *context, candidate c);
static const candidate_kind orbit_sums = {orbit_values, accept_orbit};

static void accept_orbit(void *context, candidate c)
{
    block_search *s = context;
    accept_generator(s, &orbit_sums, c,
                     (term){.kind = TERM_ORBIT, .left = (int)s->b->nmonomials, .right = (int)s->nmembers});
    s->b->nmonomials += s->nmembers;
    s->orbit = (size_t)ORBIT_NONE;
}

/*
 * Connected multigraphs come first. If the group is a product of symmetric groups, the others are products of
 * these. Fragments tie atoms together without an edge, so that there the others may be generators too.
 */
static void try_orbits(block_search *s)
{
    const orbit_list *list = s->orbits;
    for (int connected = 1; connected >= 0; connected--)
        for (size_t k = list->first[s->block]; k < list->first[s->block + 1]; k++)
            if (list->connected[k] == connected && (list->kept[k] || !s->wanted))
                choice_propose(&s->choice, k, 0);
    s->orbit = (size_t)ORBIT_NONE;
    choose(&s->choice, &orbit_sums, s);
}

/* ---- blocks ------------------------------------------------------------------------------------------- */

static bool is_member(const void *test, const residue *value)
{
    return membership_holds(test, value);
}

void candidates_fill(block_search *s, size_t dimension, const membership *test, bool wanted)
{
    s->choice.dimension = dimension;
    s->choice.test = (candidate_test){.holds = NULL};
    if (test->nmasks)
        s->choice.test = (candidate_test){is_member, test, test->first, test->first + test->count};
    s->wanted = wanted;
    for (int low = s->degree / 2; low >= 1 && !complete(s); low--)
        try_pool_products(s, low);
    if (!complete(s))
        try_generator_products(s);
    if (complete(s))
        return;
    if (s->degree == 1)
        try_variable_sum(s);
    else
        try_contractions(s);
    if (!complete(s))
        try_orbits(s);
}
