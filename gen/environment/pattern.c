#include "environment/pattern.h"
#include "algebra/choose.h"
#include "base/memory.h"
#include "environment/characters.h"
#include "environment/coupling.h"
#include <stdlib.h>
#include <string.h>

cloud_pattern pattern_of(int ngroups, const int *l, const int *multiplicity)
{
    cloud_pattern p = {.ngroups = ngroups,
                       .dimension = (size_t)characters_invariants(ngroups, l, multiplicity)};
    for (int g = 0; g < ngroups; g++) {
        p.l[g] = l[g];
        p.multiplicity[g] = multiplicity[g];
        p.order += multiplicity[g];
    }
    return p;
}

static void add_recipe(cloud_pattern *p, recipe r)
{
    for (int g = 0; g < p->ngroups; g++)
        if (r.count[g] > p->multiplicity[g])
            return;
    p->recipe = xrealloc(p->recipe, (size_t)p->nrecipes + 1, sizeof *p->recipe);
    p->recipe[p->nrecipes++] = r;
}

/* All products at each L of a recipe with the moments of group g. */
static void add_products(cloud_pattern *p, int left, int g)
{
    const recipe a = p->recipe[left], b = p->recipe[1 + g];
    for (int L = abs(a.l - b.l); L <= a.l + b.l && L <= TRANSVECTANT_LIMIT && a.l + b.l + L <= COUPLING_LIMIT;
         L++) {
        const bool even = (a.l + b.l + L) % 2 == 0;
        if (left == 1 + g && !even)
            continue; /* antisymmetric: it vanishes */
        recipe r = {L, left, 1 + g, (unsigned char)(a.order + 1), a.natural == even, {0}};
        for (int k = 0; k < p->ngroups; k++)
            r.count[k] = (unsigned char)(a.count[k] + b.count[k]);
        add_recipe(p, r);
    }
}

static void make_recipes(cloud_pattern *p)
{
    add_recipe(p, (recipe){.natural = 1});
    for (int g = 0; g < p->ngroups; g++) {
        recipe r = {.l = p->l[g], .order = 1, .natural = 1};
        r.count[g] = 1;
        add_recipe(p, r);
    }
    for (int a = 0; a < p->ngroups && p->order > 1; a++)
        for (int b = a; b < p->ngroups; b++)
            add_products(p, 1 + a, b);
    const int twos = 1 + p->ngroups, threes = p->nrecipes;
    for (int f = twos; f < threes && p->order > 4; f++)
        for (int g = 0; g < p->ngroups; g++)
            add_products(p, f, g);
}

/* Whether two recipes make up the block, as orders that are at most one apart; order two also as F of L = 0 alone. */
static bool fits(const cloud_pattern *p, const recipe *a, const recipe *b)
{
    if (a->l != b->l || a->order + b->order != p->order || b->order > 3 ||
        (b->order - a->order > 1 && p->order > 2))
        return false;
    for (int g = 0; g < p->ngroups; g++)
        if (a->count[g] + b->count[g] != p->multiplicity[g])
            return false;
    return true;
}

static void make_candidates(cloud_pattern *p)
{
    size_t capacity = 0;
    for (int a = 0; a < p->nrecipes; a++)
        for (int b = 0; b < p->nrecipes; b++) {
            const recipe *x = &p->recipe[a], *y = &p->recipe[b];
            /* Under reflection the product is even where both or none are natural, and must be as the block is. */
            if (x->order > y->order || (x->order == y->order && a > b) || !fits(p, x, y))
                continue;
            if (p->ncandidates == capacity)
                p->candidate =
                    xrealloc(p->candidate, capacity = capacity ? 2 * capacity : 16, sizeof *p->candidate);
            p->candidate[p->ncandidates++] = (contraction){a, b};
        }
}

/* The values of all recipes at a point, one behind the other: [first[r]], 2 l + 1 each. */
static void evaluate(const cloud_pattern *p, const size_t *first, uint64_t *seed, transvectants *t,
                     residue *value)
{
    value[0] = 1;
    for (int r = 1; r < p->nrecipes; r++) {
        const recipe *x = &p->recipe[r];
        if (x->order == 1) {
            modular_random(seed, 2 * (size_t)x->l + 1, value + first[r]);
            continue;
        }
        transvectant(t, p->recipe[x->left].l, p->recipe[x->right].l, x->l, value + first[x->left],
                     value + first[x->right], value + first[r]);
    }
}

static void make_values(cloud_pattern *p, transvectants *t)
{
    uint64_t seed = 0;
    size_t *first = xmalloc((size_t)p->nrecipes + 1, sizeof *first);
    first[0] = 0;
    for (int r = 0; r < p->nrecipes; r++)
        first[r + 1] = first[r] + 2 * (size_t)p->recipe[r].l + 1;
    residue *value = xmalloc(first[p->nrecipes], sizeof *value);
    p->value = xmalloc(p->ncandidates * p->length, sizeof *p->value);
    for (size_t i = 0; i < p->length; i++) {
        evaluate(p, first, &seed, t, value);
        for (size_t k = 0; k < p->ncandidates; k++) {
            const contraction c = p->candidate[k];
            const int l = p->recipe[c.left].l;
            transvectant(t, l, l, 0, value + first[c.left], value + first[c.right],
                         p->value + k * p->length + i);
        }
    }
    free(value);
    free(first);
}

static bool is_natural(const cloud_pattern *p, size_t k)
{
    return p->recipe[p->candidate[k].left].natural && p->recipe[p->candidate[k].right].natural;
}

static bool is_zero(const cloud_pattern *p, size_t k)
{
    size_t i = 0;
    while (i < p->length && !p->value[k * p->length + i])
        i++;
    return i == p->length;
}

/* Candidates for which keep holds move to the front; the others go. */
static void sift(cloud_pattern *p, bool natural_only)
{
    size_t n = 0;
    for (size_t k = 0; k < p->ncandidates; k++) {
        if (is_zero(p, k) || (natural_only && !is_natural(p, k)))
            continue;
        p->candidate[n] = p->candidate[k];
        memmove(p->value + n * p->length, p->value + k * p->length, p->length * sizeof *p->value);
        n++;
    }
    p->ncandidates = n;
}

static size_t rank(const cloud_pattern *p, rank_space *space, bool natural_only)
{
    rank_reset(space, p->length);
    for (size_t k = 0; k < p->ncandidates && rank_of(space) < p->dimension; k++)
        if (!natural_only || is_natural(p, k))
            rank_extend(space, p->value + k * p->length);
    return rank_of(space);
}

size_t pattern_solve(cloud_pattern *p, transvectants *t)
{
    p->length = p->dimension + SPARE_POINTS;
    make_recipes(p);
    make_candidates(p);
    make_values(p, t);
    rank_space *space = rank_create(p->length);
    size_t reached = rank(p, space, true);
    const bool natural = reached == p->dimension;
    if (!natural)
        reached = rank(p, space, false);
    sift(p, natural);
    rank_free(space);
    return reached;
}

void pattern_free(cloud_pattern *p)
{
    free(p->recipe);
    free(p->candidate);
    free(p->value);
    memset(p, 0, sizeof *p);
}
