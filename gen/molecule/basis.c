#include "molecule/basis.h"
#include "molecule/covariant.h"
#include "base/memory.h"
#include "molecule/molien.h"
#include "molecule/orbit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPARE_POINTS = 8,         /* random points beyond the dimension */
    LEAST_POINTS = 64,        /* enough for the covariants of small bases */
    MONOMIALS_LIMIT = 2000000 /* of one explicit orbit sum */
};

static term *append_term(basis *b, term new)
{
    if (b->nterms == b->terms_capacity) {
        b->terms_capacity = b->terms_capacity ? 2 * b->terms_capacity : 256;
        b->term = xrealloc(b->term, b->terms_capacity, sizeof *b->term);
    }
    b->term[b->nterms] = new;
    return &b->term[b->nterms++];
}

/* The work on one block. */
typedef struct search {
    basis *b;
    rank_space *space;
    const orbit_list *orbits; /* made when first needed */
    size_t block;
    int degree;
    size_t dimension, length; /* wanted from the block; points in the rank test */
    const membership *test;   /* that candidates must pass, or NULL */
    bool wanted;              /* what is found is a term */
    residue *value;
} search;

static bool complete(const search *s)
{
    return rank_of(s->space) == s->dimension;
}

/* The product of two vectors of values, where it passes the test and raises the rank. */
static bool try_product(search *s, const residue *left, const residue *right, residue *product)
{
    const membership *test = s->test;
    if (test) {
        modular_multiply_vector(test->count, left + test->first, right + test->first, product + test->first);
        if (!membership_holds(test, product))
            return false;
    }
    modular_multiply_vector(s->length, left, right, product);
    return rank_extend(s->space, product);
}

/* Points at which a candidate that is no product is evaluated. */
static size_t candidate_length(const search *s)
{
    return s->test ? s->b->npoints : s->length;
}

/* Puts a term into the pool: its values are kept, and products with it are candidates from now on. */
static void keep_values(basis *b, size_t index)
{
    if (b->term[index].value)
        return;
    residue *value = xmalloc(b->npoints, sizeof *value);
    term_values(b, &b->term[index], b->npoints, value);
    b->term[index].value = value;
}

/* ---- products ----------------------------------------------------------------------------------------- */

static void accept_product(search *s, size_t left, size_t right)
{
    basis *b = s->b;
    append_term(b, (term){.kind = TERM_PRODUCT,
                          .left = (int)left,
                          .right = (int)right,
                          .degree = s->degree,
                          .block = s->block,
                          .wanted = s->wanted});
    b->term[left].factor = b->term[right].factor = true;
}

/* Products of pool terms, left of degree `low`: rows in the order of left, so that each row is one long run.
 */
static void try_pool_products(search *s, int low)
{
    basis *b = s->b;
    const blocks *blocks = b->blocks;
    for (size_t m = blocks->first[low]; m < blocks->first[low + 1] && !complete(s); m++) {
        size_t rest = block_difference(blocks, s->block, m);
        if (rest == BLOCKS_NONE || rest < m)
            continue;
        for (size_t left = b->block_term[m]; left < b->block_term[m + 1]; left++) {
            if (!b->term[left].value)
                continue;
            for (size_t right = rest == m ? left : b->block_term[rest]; right < b->block_term[rest + 1];
                 right++) {
                if (!b->term[right].value)
                    continue;
                if (try_product(s, b->term[left].value, b->term[right].value, s->value))
                    accept_product(s, left, right);
            }
        }
    }
}

/* Products of a generator and a term outside the pool. */
static void try_generator_products(search *s)
{
    basis *b = s->b;
    size_t first = b->nterms;
    residue *product = xmalloc(b->npoints, sizeof *product);
    for (size_t left = 1; left < b->block_term[b->blocks->first[s->degree]] && !complete(s); left++) {
        if (!term_is_generator(&b->term[left]))
            continue;
        size_t rest = block_difference(b->blocks, s->block, b->term[left].block);
        if (rest == BLOCKS_NONE)
            continue;
        for (size_t right = b->block_term[rest]; right < b->block_term[rest + 1] && !complete(s); right++) {
            if (b->term[right].value)
                continue;
            term_values(b, &b->term[right], candidate_length(s), s->value);
            if (try_product(s, b->term[left].value, s->value, product))
                accept_product(s, left < right ? left : right, left < right ? right : left);
        }
    }
    for (size_t k = first; k < b->nterms;
         k++) { /* only now: the pool was settled while this block was searched */
        keep_values(b, (size_t)b->term[k].left);
        keep_values(b, (size_t)b->term[k].right);
    }
    free(product);
}

/* ---- generators --------------------------------------------------------------------------------------- */

static void accept_generator(search *s, term new)
{
    new.degree = s->degree;
    new.block = s->block;
    new.wanted = s->wanted;
    new.factor = true;
    new.value = xmalloc(s->b->npoints, sizeof *new.value);
    memcpy(new.value, s->value, s->b->npoints * sizeof *new.value);
    append_term(s->b, new);
}

/* The sum of the variables of a pair class. */
static void add_variable_sum(search *s)
{
    basis *b = s->b;
    int class = 0;
    while (b->blocks->exponents[s->block * (size_t)b->blocks->nvariables + (size_t) class] == 0)
        class ++;
    memset(s->value, 0, b->npoints * sizeof *s->value);
    int last = 0;
    for (int p = 0; p < b->composition->npairs; p++)
        if (b->composition->pair_class[p] == class) {
            modular_add_vector(b->npoints, b->variable + (size_t)p * b->npoints, s->value);
            last = p;
        }
    rank_extend(s->space, s->value);
    if (b->structure->variable_set[class] == SET_SCALAR) {
        accept_generator(s, (term){.kind = TERM_VARIABLE, .left = last});
        return;
    }
    accept_generator(s, (term){.kind = TERM_SUM, .left = class}); /* the covariant is grown after the terms */
}

static void try_contractions(search *s)
{
    basis *b = s->b;
    contraction *list;
    size_t count = contractions_find(b, s->block, &list);
    for (size_t k = 0; k < count && !complete(s); k++) {
        contraction_values(b, list[k].left, list[k].right, candidate_length(s), s->value);
        if ((s->test && !membership_holds(s->test, s->value)) || !rank_extend(s->space, s->value))
            continue;
        contraction_values(b, list[k].left, list[k].right, b->npoints, s->value);
        covariant_use(b, list[k].left, USER_POTENTIAL);
        covariant_use(b, list[k].right, USER_POTENTIAL);
        accept_generator(s, (term){.kind = TERM_CONTRACT, .left = list[k].left, .right = list[k].right});
    }
    free(list);
}

/* Writes the members of an orbit behind the basis' monomials, without counting them yet; 0: too many. */
static size_t expand_orbit(basis *b, const unsigned short *monomial, int degree)
{
    unsigned short *members;
    size_t count, first = b->nmonomials;
    if (orbit_expand(b->composition, monomial, degree, MONOMIALS_LIMIT, &members, &count))
        return 0;
    b->monomial = xrealloc(b->monomial, (first + count) * (size_t)b->degree, sizeof *b->monomial);
    for (size_t m = 0; m < count; m++)
        for (int k = 0; k < b->degree; k++)
            b->monomial[(first + m) * (size_t)b->degree + (size_t)k] =
                k < degree ? members[m * (size_t)degree + (size_t)k] : ORBIT_UNUSED;
    free(members);
    return count;
}

static void try_orbit(search *s, const unsigned short *monomial)
{
    basis *b = s->b;
    size_t first = b->nmonomials, count = expand_orbit(b, monomial, s->degree);
    if (!count)
        return;
    monomials_values(b, b->monomial + first * (size_t)b->degree, count, s->value);
    if (!rank_extend(s->space, s->value))
        return; /* the room is used again by the next orbit */
    b->nmonomials += count;
    accept_generator(s, (term){.kind = TERM_ORBIT, .left = (int)first, .right = (int)count});
}

/* Connected multigraphs first. In a product of symmetric groups the others are products of these; fragments
 * tie atoms together without an edge, and then they may be generators. */
static void try_orbits(search *s)
{
    const orbit_list *list = s->orbits;
    for (int connected = 1; connected >= 0; connected--)
        for (size_t k = list->first[s->block]; k < list->first[s->block + 1] && !complete(s); k++)
            if (list->connected[k] == connected && (list->kept[k] || !s->wanted))
                try_orbit(s, list->monomial + k * (size_t)list->degree);
}

/* ---- blocks ------------------------------------------------------------------------------------------- */

/* Candidates that pass the test, until the rank is `dimension`. */
static void fill(search *s, size_t dimension, const membership *test, bool wanted)
{
    s->dimension = dimension;
    s->test = test && test->nmasks ? test : NULL;
    s->wanted = wanted;
    for (int low = s->degree / 2; low >= 1 && !complete(s); low--)
        try_pool_products(s, low);
    if (!complete(s))
        try_generator_products(s);
    if (complete(s))
        return;
    if (s->degree == 1)
        add_variable_sum(s);
    else
        try_contractions(s);
    if (!complete(s))
        try_orbits(s);
}

/* Terms first, then what may be a factor of terms of a higher degree. */
static void complete_block(search *s, size_t allowed)
{
    basis *b = s->b;
    const wanted *w = s->orbits->wanted;
    size_t kept = w ? (size_t)w->kept_count[s->block] : allowed;
    s->length = allowed + SPARE_POINTS;
    rank_reset(s->space, s->length);
    if (kept == allowed) {
        fill(s, allowed, &b->allowed, true);
        return;
    }
    fill(s, kept, &b->kept, true);
    if (complete(s) && s->degree < b->degree)
        fill(s, allowed, &b->allowed, false);
}

/* As many as the largest block of invariants has, or of covariants where these are wanted complete. */
static uint64_t largest_block(const composition *c, const blocks *blocks, const uint64_t *invariants,
                              int covariant_degree, bool over_pairs)
{
    uint64_t largest = LEAST_POINTS;
    for (size_t m = 0; m < blocks->count; m++)
        if (invariants[m] > largest)
            largest = invariants[m];
    uint64_t *covariants = xcalloc(blocks->count, sizeof *covariants);
    const int nclasses = over_pairs ? c->npair_classes : c->nclasses;
    for (int class = 0; class < nclasses && covariant_degree > 0; class ++)
        if (!(over_pairs ? molien_pair_covariants : molien_covariants)(c, blocks, class, covariants))
            for (size_t m = 0; m < blocks->first[covariant_degree + 1]; m++)
                if (covariants[m] > largest)
                    largest = covariants[m];
    free(covariants);
    return largest;
}

/* Random points, and behind them those of the tests that are needed. */
static void place_tests(basis *b, const wanted *w)
{
    size_t main_points = b->npoints, npairs = (size_t)b->composition->npairs;
    uint64_t seed = 1;
    if (!w->all_allowed) {
        b->allowed = membership_create(&w->allowed, b->npoints);
        b->npoints += b->allowed.count;
    }
    b->kept = membership_create(&w->kept, b->npoints);
    b->npoints += b->kept.count;
    b->variable = xmalloc(npairs * b->npoints, sizeof *b->variable);
    for (size_t p = 0; p < npairs; p++)
        modular_random(&seed, main_points, b->variable + p * b->npoints);
    if (!w->all_allowed)
        membership_place(&b->allowed, &w->allowed, &seed, b->npoints, b->variable);
    membership_place(&b->kept, &w->kept, &seed, b->npoints, b->variable);
}

static basis *prepare(const composition *c, const blocks *blocks, const structure *structure,
                      const uint64_t *invariants, int covariant_degree, const wanted *w)
{
    basis *b = xcalloc(1, sizeof *b);
    b->composition = c;
    b->blocks = blocks;
    b->structure = structure;
    b->degree = blocks->degree;
    b->tensors = covariant_degree > 0;
    const size_t atoms = (size_t)largest_block(c, blocks, invariants, covariant_degree, false),
                 pairs = structure->over_pairs
                             ? (size_t)largest_block(c, blocks, invariants, covariant_degree, true)
                             : 0;
    b->npoints = (atoms > pairs ? atoms : pairs) + SPARE_POINTS;
    if (w) {
        place_tests(b, w);
    } else {
        b->variable = xmalloc((size_t)c->npairs * b->npoints, sizeof *b->variable);
        uint64_t seed = 1;
        modular_random(&seed, (size_t)c->npairs * b->npoints, b->variable);
    }
    b->block_term = xcalloc(blocks->count + 1, sizeof *b->block_term);
    b->block_covariant = xcalloc(blocks->count * (size_t)structure->nsets + 1, sizeof *b->block_covariant);
    term one = {.kind = TERM_ONE, .factor = true, .wanted = !w || w->kept_count[0]};
    one.value = xmalloc(b->npoints, sizeof *one.value);
    for (size_t i = 0; i < b->npoints; i++)
        one.value[i] = 1;
    append_term(b, one);
    b->block_term[1] = 1;
    return b;
}

/* Drops what is neither a term nor needed by one, and numbers the others anew. */
static void drop_unused(basis *b)
{
    int *number = xcalloc(b->nterms, sizeof *number), count = 0;
    bool *live = xcalloc(b->nterms, sizeof *live);
    for (size_t k = 0; k < b->nterms; k++)
        b->term[k].factor = k == 0;
    for (size_t k = b->nterms; k-- > 0;) {
        term *t = &b->term[k];
        live[k] = t->wanted || t->factor;
        if (live[k] && t->kind == TERM_PRODUCT)
            b->term[t->left].factor = b->term[t->right].factor = true;
        else if (live[k])
            t->factor = true;
    }
    for (int v = 0; v < b->ncovariants; v++)
        b->covariant[v].users = 0;
    for (size_t k = 0, m = 0; k <= b->nterms; k++) {
        for (; m <= b->blocks->count && b->block_term[m] == k; m++)
            b->block_term[m] = (size_t)count;
        if (k == b->nterms)
            break;
        term t = b->term[k];
        if (!live[k]) {
            free(t.value);
            continue;
        }
        if (t.kind == TERM_PRODUCT) {
            t.left = number[t.left];
            t.right = number[t.right];
        }
        if (t.kind == TERM_CONTRACT) {
            covariant_use(b, t.left, USER_POTENTIAL);
            covariant_use(b, t.right, USER_POTENTIAL);
        }
        number[k] = count;
        b->term[count++] = t;
    }
    b->nterms = (size_t)count;
    free(number);
    free(live);
}

basis *basis_create(const composition *c, const blocks *blocks, const structure *structure,
                    const uint64_t *invariants, const orbit_list *orbits, int covariant_degree,
                    void (*progress)(size_t terms), char *error, size_t error_size)
{
    basis *b = prepare(c, blocks, structure, invariants, covariant_degree, orbits->wanted);
    search s = {.b = b, .orbits = orbits};
    s.space = rank_create(b->npoints);
    s.value = xmalloc(b->npoints, sizeof *s.value);
    int half = (b->degree + 1) / 2;
    for (s.block = 1; s.block < blocks->count; s.block++) {
        s.degree = blocks_degree(blocks, s.block);
        complete_block(&s, (size_t)invariants[s.block]);
        b->block_term[s.block + 1] = b->nterms;
        if (!complete(&s)) {
            snprintf(error, error_size,
                     "degree %d: %zu of %zu invariants of block %zu found; no certified basis", s.degree,
                     rank_of(s.space), s.dimension, s.block);
            basis_free(b);
            b = NULL;
            break;
        }
        if (s.degree <= half)
            for (size_t k = b->block_term[s.block]; k < b->nterms; k++)
                keep_values(b, k);
        if (invariants[s.block] > 0 && (s.degree <= half || s.degree <= covariant_degree))
            covariants_grow(b, s.block, s.space);
        if (progress)
            progress(b->nterms);
    }
    if (b && orbits->wanted)
        drop_unused(b);
    rank_free(s.space);
    free(s.value);
    return b;
}

basis *basis_of_orbits(const composition *c, const blocks *blocks, const structure *structure,
                       const orbit_list *orbits, char *error, size_t error_size)
{
    basis *b = xcalloc(1, sizeof *b);
    b->composition = c;
    b->blocks = blocks;
    b->structure = structure;
    b->degree = blocks->degree;
    b->plain = true;
    b->block_term = xcalloc(blocks->count + 1, sizeof *b->block_term);
    append_term(b, (term){.kind = TERM_ONE, .factor = true, .wanted = true});
    for (size_t k = 1; k < orbits->count; k++) {
        const unsigned short *monomial = orbits->monomial + k * (size_t)orbits->degree;
        term t = {.kind = TERM_SUM,
                  .degree = orbits->order[k],
                  .block = orbits->block[k],
                  .factor = true,
                  .wanted = true};
        if (t.degree == 1) {
            t.left = c->pair_class[monomial[0]];
        } else {
            size_t count = expand_orbit(b, monomial, t.degree);
            if (!count || count + b->nmonomials > MONOMIALS_LIMIT) {
                snprintf(error, error_size, "too many monomials to write out; choose a smaller degree");
                basis_free(b);
                return NULL;
            }
            t.kind = TERM_ORBIT;
            t.left = (int)b->nmonomials;
            t.right = (int)count;
            b->nmonomials += count;
        }
        append_term(b, t);
    }
    return b;
}

void basis_free(basis *b)
{
    if (!b)
        return;
    for (size_t k = 0; k < b->nterms; k++)
        free(b->term[k].value);
    for (int k = 0; k < b->ncovariants; k++)
        free(b->covariant[k].value);
    free(b->term);
    free(b->block_term);
    free(b->covariant);
    free(b->block_covariant);
    free(b->monomial);
    free(b->variable);
    membership_free(&b->allowed);
    membership_free(&b->kept);
    free(b);
}
