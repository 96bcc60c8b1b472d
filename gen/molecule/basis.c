#include "molecule/basis.h"
#include "algebra/choose.h"
#include "molecule/covariant.h"
#include "base/memory.h"
#include "molecule/molien.h"
#include "molecule/orbit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAST_POINTS = 64,        /* enough for the covariants of small bases */
    MONOMIALS_LIMIT = 2000000 /* of one explicit orbit sum */
};

/* The work on one block. */
typedef struct search {
    basis *b;
    choice choice;
    const orbit_list *orbits;
    size_t block;
    int degree;
    bool wanted; /* what is found is a term */
    size_t orbit,
        nmembers; /* the orbit that is expanded behind the monomials, ORBIT_NONE: none; its members */
} search;

enum { ORBIT_NONE = -1 };

static bool complete(const search *s)
{
    return choice_complete(&s->choice);
}

/* Puts a term into the pool: its values are kept, and products with it are candidates from now on. */
static void keep_values(basis *b, size_t index)
{
    if (b->term[index].value)
        return;
    residue *value = xmalloc(b->npoints, sizeof *value);
    term_values(b, &b->term[index], 0, b->npoints, value);
    b->term[index].value = value;
}

/* ---- products ----------------------------------------------------------------------------------------- */

/* Of two terms, the left one in the pool. */
static bool product_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    const search *s = context;
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
    search *s = context;
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
static void try_pool_products(search *s, int low)
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
static void try_generator_products(search *s)
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
         k++) { /* only now: the pool was settled while this block was searched */
        keep_values(b, (size_t)b->term[k].left);
        keep_values(b, (size_t)b->term[k].right);
    }
}

/* ---- generators --------------------------------------------------------------------------------------- */

/* Appends a generator, with its values at all points. */
static void accept_generator(search *s, const candidate_kind *kind, candidate c, term new)
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
    const search *s = context;
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
    search *s = context;
    const basis *b = s->b;
    const int class = (int)c.left;
    int last = 0;
    for (int p = 0; p < b->composition->npairs; p++)
        if (b->composition->pair_class[p] == class)
            last = p;
    if (b->structure->variable_set[class] == SET_SCALAR)
        accept_generator(s, &sums, c, (term){.kind = TERM_VARIABLE, .left = last});
    else /* the covariant is grown after the terms */
        accept_generator(s, &sums, c, (term){.kind = TERM_SUM, .left = class});
}

static void try_variable_sum(search *s)
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
    const search *s = context;
    contraction_values(s->b, (int)c.left, (int)c.right, begin, end, value);
    return true;
}

static void accept_contraction(void *context, candidate c);
static const candidate_kind contractions = {contracted_values, accept_contraction};

static void accept_contraction(void *context, candidate c)
{
    search *s = context;
    covariant_use(s->b, (int)c.left, USER_POTENTIAL);
    covariant_use(s->b, (int)c.right, USER_POTENTIAL);
    accept_generator(s, &contractions, c,
                     (term){.kind = TERM_CONTRACT, .left = (int)c.left, .right = (int)c.right});
}

static void try_contractions(search *s)
{
    contraction *list;
    size_t count = contractions_find(s->b, s->block, &list);
    for (size_t k = 0; k < count; k++)
        choice_propose(&s->choice, (size_t)list[k].left, (size_t)list[k].right);
    free(list);
    choose(&s->choice, &contractions, s);
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

/* Of orbit c.left. It is expanded once; if it is not accepted, the room is used again by the next. */
static bool orbit_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    search *s = context;
    basis *b = s->b;
    if (s->orbit != c.left) {
        s->orbit = c.left;
        s->nmembers = expand_orbit(b, s->orbits->monomial + c.left * (size_t)s->orbits->degree, s->degree);
    }
    if (s->nmembers)
        monomials_values(b, b->monomial + b->nmonomials * (size_t)b->degree, s->nmembers, begin, end, value);
    return s->nmembers > 0;
}

static void accept_orbit(void *context, candidate c);
static const candidate_kind orbit_sums = {orbit_values, accept_orbit};

static void accept_orbit(void *context, candidate c)
{
    search *s = context;
    accept_generator(s, &orbit_sums, c,
                     (term){.kind = TERM_ORBIT, .left = (int)s->b->nmonomials, .right = (int)s->nmembers});
    s->b->nmonomials += s->nmembers;
    s->orbit = (size_t)ORBIT_NONE;
}

/* Connected multigraphs first. In a product of symmetric groups the others are products of these; fragments
 * tie atoms together without an edge, and then they may be generators. */
static void try_orbits(search *s)
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

/* Candidates that pass the test, until the rank is `dimension`. */
static void fill(search *s, size_t dimension, const membership *test, bool wanted)
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

/* Terms first, then what may be a factor of terms of a higher degree. */
static void complete_block(search *s, size_t allowed)
{
    basis *b = s->b;
    const wanted *w = s->orbits->wanted;
    size_t kept = w ? (size_t)w->kept_count[s->block] : allowed;
    choice_begin(&s->choice, allowed + SPARE_POINTS);
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
    term_append(b, one);
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
    search s = {.b = b, .choice = choice_create(b->npoints), .orbits = orbits};
    int half = (b->degree + 1) / 2;
    for (s.block = 1; s.block < blocks->count; s.block++) {
        s.degree = blocks_degree(blocks, s.block);
        complete_block(&s, (size_t)invariants[s.block]);
        b->block_term[s.block + 1] = b->nterms;
        if (!complete(&s)) {
            choice_explain(&s.choice, "invariants", s.degree, s.block, error, error_size);
            basis_free(b);
            b = NULL;
            break;
        }
        if (s.degree <= half)
            for (size_t k = b->block_term[s.block]; k < b->nterms; k++)
                keep_values(b, k);
        if (invariants[s.block] > 0 && (s.degree <= half || s.degree <= covariant_degree))
            covariants_grow(b, s.block, s.choice.space);
        if (progress)
            progress(b->nterms);
    }
    if (b && orbits->wanted)
        drop_unused(b);
    choice_free(&s.choice);
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
    term_append(b, (term){.kind = TERM_ONE, .factor = true, .wanted = true});
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
        term_append(b, t);
    }
    return b;
}
