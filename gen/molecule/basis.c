#include "molecule/basis.h"
#include "molecule/candidates.h"
#include "molecule/covariant.h"
#include "base/memory.h"
#include "molecule/molien.h"
#include "molecule/orbit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_POINTS = 64 }; /* enough to tell the covariants of small bases apart */

/* Completes a block: first its terms, then what terms of higher degrees may need as factors. */
static void complete_block(block_search *s, size_t allowed)
{
    basis *b = s->b;
    const wanted *w = s->orbits->wanted;
    size_t kept = w ? (size_t)w->kept_count[s->block] : allowed;
    choice_begin(&s->choice, allowed + SPARE_POINTS);
    if (kept == allowed) {
        candidates_fill(s, allowed, &b->allowed, true);
        return;
    }
    candidates_fill(s, kept, &b->kept, true);
    if (choice_complete(&s->choice) && s->degree < b->degree)
        candidates_fill(s, allowed, &b->allowed, false);
}

/*
 * The number of invariants in the largest block, or of covariants if these are to be complete and are more.
 */
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

/* Sets the variables at random points, and behind these at the points of the tests of membership. */
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

/* Drops what is neither a term nor a factor of one, and numbers the others anew. */
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
    block_search s = {.b = b, .choice = choice_create(b->npoints), .orbits = orbits};
    int half = (b->degree + 1) / 2;
    for (s.block = 1; s.block < blocks->count; s.block++) {
        s.degree = blocks_degree(blocks, s.block);
        complete_block(&s, (size_t)invariants[s.block]);
        b->block_term[s.block + 1] = b->nterms;
        if (!choice_complete(&s.choice)) {
            choice_explain(&s.choice, "invariants", s.degree, s.block, error, error_size);
            basis_free(b);
            b = NULL;
            break;
        }
        if (s.degree <= half)
            for (size_t k = b->block_term[s.block]; k < b->nterms; k++)
                term_keep_values(b, k);
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
            size_t count = orbit_write(b, monomial, t.degree);
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
