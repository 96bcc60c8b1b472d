#include "molecule/covariant.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* ---- values ------------------------------------------------------------------------------------------- */

void contraction_values(const basis *b, int left, int right, size_t begin, size_t end, residue *value)
{
    const covariant *l = &b->covariant[left], *r = &b->covariant[right];
    memset(value + begin, 0, (end - begin) * sizeof *value);
    for (size_t x = 0; x < (size_t)b->structure->set[l->set].count; x++)
        modular_accumulate_vector(end - begin, l->value + x * b->npoints + begin,
                                  r->value + x * b->npoints + begin, value + begin);
}

/*
 * value[elements][npoints] += the products of the triples of a pattern. only >= 0: those with this target
 * position, added to value[npoints]. The first `length` points.
 */
static void pattern_values(const basis *b, const pattern *p, int left, int right, int only, size_t length,
                           residue *value)
{
    for (int k = 0; k < p->count; k++) {
        const int *triple = p->triple[k];
        if (only >= 0 && triple[0] != only)
            continue;
        residue *target = value + (only >= 0 ? 0 : (size_t)triple[0] * b->npoints);
        const residue *l = b->covariant[left].value + (size_t)triple[1] * b->npoints;
        if (right < 0)
            modular_add_vector(length, l, target);
        else
            modular_accumulate_vector(length, l, b->covariant[right].value + (size_t)triple[2] * b->npoints,
                                      target);
    }
}

/* ---- growth ------------------------------------------------------------------------------------------- */

covariant *covariant_append(basis *b)
{
    if (b->ncovariants == b->covariants_capacity) {
        b->covariants_capacity = b->covariants_capacity ? 2 * b->covariants_capacity : 64;
        b->covariant = xrealloc(b->covariant, (size_t)b->covariants_capacity, sizeof *b->covariant);
    }
    return &b->covariant[b->ncovariants++];
}

static int *range_of(const basis *b, size_t block, int set) /* [0] first, [1] end */
{
    return b->block_covariant[block * (size_t)b->structure->nsets + (size_t)set];
}

int covariant_next(const basis *b, int set, int v, int end)
{
    while (v < end && b->covariant[v].set != set)
        v++;
    return v;
}

typedef struct growth {
    basis *b;
    rank_space *space;
    size_t block;
    int set;
    size_t length; /* points in the rank test */
    residue *value;
} growth;

/* The pair variables of the classes that live on the set and in the block: always generators. */
static void add_variables(growth *g)
{
    basis *b = g->b;
    for (int class = 0; class < b->composition->npair_classes; class ++) {
        if (b->structure->variable_set[class] != g->set)
            continue;
        if (b->blocks->exponents[g->block * (size_t)b->blocks->nvariables + (size_t) class] != 1)
            continue;
        covariant *new = covariant_append(b);
        *new = (covariant){.set = g->set,
                           .pattern = COVARIANT_VARIABLES,
                           .left = class,
                           .right = -1,
                           .degree = 1,
                           .block = g->block};
        new->value = xcalloc((size_t)b->structure->set[g->set].count * b->npoints, sizeof *new->value);
        for (int p = 0; p < b->composition->npairs; p++)
            if (b->composition->pair_class[p] == class)
                memcpy(new->value + (size_t)b->structure->variable_position[p] * b->npoints,
                       b->variable + (size_t)p * b->npoints, b->npoints * sizeof *new->value);
        rank_extend(g->space, new->value);
    }
}

/* Gives to the rank what is no generator: the products of lower covariants, and of 1, with invariants. */
static void feed_decomposable(growth *g)
{
    basis *b = g->b;
    for (size_t k = b->block_term[g->block]; k < b->nterms && b->term[k].block == g->block; k++) {
        term_values(b, &b->term[k], 0, g->length, g->value);
        rank_extend(g->space, g->value);
    }
    residue *product = xmalloc(g->length, sizeof *product);
    for (size_t low = 1; low < b->blocks->first[blocks_degree(b->blocks, g->block)]; low++) {
        size_t rest = blocks_difference(b->blocks, g->block, low);
        if (rest == BLOCKS_NONE)
            continue;
        const int *range = range_of(b, rest, g->set);
        if (range[0] == range[1])
            continue;
        for (size_t k = b->block_term[low]; k < b->block_term[low + 1]; k++) {
            term_values(b, &b->term[k], 0, g->length, g->value);
            for (int v = covariant_next(b, g->set, range[0], range[1]); v < range[1];
                 v = covariant_next(b, g->set, v + 1, range[1])) {
                modular_multiply_vector(g->length, g->value, b->covariant[v].value, product);
                rank_extend(g->space, product);
            }
        }
    }
    free(product);
}

static void try_pattern(growth *g, int pattern_index, int left, int right)
{
    basis *b = g->b;
    const pattern *p = &b->structure->pattern[pattern_index];
    memset(g->value, 0, g->length * sizeof *g->value);
    pattern_values(b, p, left, right, 0, g->length, g->value);
    if (!rank_extend(g->space, g->value))
        return;
    covariant *new = covariant_append(b);
    *new = (covariant){.set = g->set,
                       .pattern = pattern_index,
                       .left = left,
                       .right = right,
                       .degree = blocks_degree(b->blocks, g->block),
                       .block = g->block};
    new->value = xcalloc((size_t)b->structure->set[g->set].count * b->npoints, sizeof *new->value);
    pattern_values(b, p, left, right, -1, b->npoints, new->value);
}

/* Tries all pairs of lower covariants that a pattern takes into this block. */
static void try_pairs(growth *g, int pattern_index)
{
    basis *b = g->b;
    const pattern *p = &b->structure->pattern[pattern_index];
    size_t lower = b->blocks->first[blocks_degree(b->blocks, g->block)];
    for (size_t low = 1; low < lower; low++) {
        const int *l = range_of(b, low, p->left);
        size_t rest = l[0] == l[1] ? BLOCKS_NONE : blocks_difference(b->blocks, g->block, low);
        if (rest == BLOCKS_NONE)
            continue;
        const int *r = range_of(b, rest, p->right);
        for (int left = covariant_next(b, p->left, l[0], l[1]); left < l[1];
             left = covariant_next(b, p->left, left + 1, l[1]))
            for (int right = covariant_next(b, p->right, r[0], r[1]); right < r[1];
                 right = covariant_next(b, p->right, right + 1, r[1])) {
                bool commutes =
                    p->kind == PATTERN_POINTWISE || (p->kind == PATTERN_SERIES && p->left == p->right);
                if (commutes && left > right && p->kind == PATTERN_POINTWISE)
                    continue;
                if (p->kind == PATTERN_SERIES && p->left == p->right && p->square != (left == right))
                    continue;
                try_pattern(g, pattern_index, left, right);
            }
    }
}

/* Tries a pattern without a right side on the covariants [first, end) of this block. */
static void try_ones(growth *g, int pattern_index, int first, int end)
{
    int set = g->b->structure->pattern[pattern_index].left;
    for (int left = covariant_next(g->b, set, first, end); left < end;
         left = covariant_next(g->b, set, left + 1, end))
        try_pattern(g, pattern_index, left, -1);
}

static void grow_set(growth *g)
{
    basis *b = g->b;
    const structure *s = b->structure;
    rank_reset(g->space, g->length);
    feed_decomposable(g);
    if (blocks_degree(b->blocks, g->block) == 1)
        add_variables(g);
    static const enum pattern_kind cheapest_first[] = {PATTERN_POINTWISE, PATTERN_ENDS, PATTERN_PUSH,
                                                       PATTERN_SERIES};
    for (size_t kind = 0; kind < sizeof cheapest_first / sizeof *cheapest_first; kind++)
        for (int k = 0; k < s->npatterns; k++) {
            const pattern *p = &s->pattern[k];
            if (p->kind != cheapest_first[kind] || p->target != g->set)
                continue;
            if (p->right != SET_ONES) {
                try_pairs(g, k);
                continue;
            }
            const int *l = range_of(b, g->block, p->left); /* of the same block: grown just before */
            try_ones(g, k, l[0], l[1]);
        }
}

static bool transfers(const structure *s)
{
    for (int k = 0; k < s->npatterns; k++)
        if (s->pattern[k].kind == PATTERN_TRANSFER)
            return true;
    return false;
}

/*
 * Transfers lead from every set to every other, so they are repeated with what the last round gave, until
 * nothing is new. The covariants of the sets then stand mixed, in one range for all sets of the block.
 */
static void grow_transfers(growth *g, int first)
{
    basis *b = g->b;
    const structure *s = b->structure;
    for (int fresh = first, end = b->ncovariants; fresh < end; fresh = end, end = b->ncovariants)
        for (g->set = 0; g->set < s->nsets; g->set++) {
            rank_reset(g->space, g->length);
            feed_decomposable(g);
            for (int v = covariant_next(b, g->set, first, b->ncovariants); v < b->ncovariants;
                 v = covariant_next(b, g->set, v + 1, b->ncovariants))
                rank_extend(g->space, b->covariant[v].value);
            for (int k = 0; k < s->npatterns; k++)
                if (s->pattern[k].kind == PATTERN_TRANSFER && s->pattern[k].target == g->set)
                    try_ones(g, k, fresh, end);
        }
    for (int set = 0; set < s->nsets; set++) {
        range_of(b, g->block, set)[0] = first;
        range_of(b, g->block, set)[1] = b->ncovariants;
    }
}

void covariants_grow(basis *b, size_t block, rank_space *space)
{
    growth g = {.b = b, .space = space, .block = block, .length = b->npoints};
    int first = b->ncovariants;
    g.value = xmalloc(b->npoints, sizeof *g.value);
    for (int pairs = 1; pairs >= 0; pairs--) /* sets of pairs first: the others are pushed from them */
        for (g.set = 0; g.set < b->structure->nsets; g.set++) {
            if (b->structure->set[g.set].pairs != pairs)
                continue;
            int *range = range_of(b, block, g.set);
            range[0] = b->ncovariants;
            grow_set(&g);
            range[1] = b->ncovariants;
        }
    if (transfers(b->structure))
        grow_transfers(&g, first);
    free(g.value);
}

/* ---- contraction -------------------------------------------------------------------------------------- */

static int compare_contractions(const void *x, const void *y)
{
    const contraction *a = x, *b = y;
    if (a->cost != b->cost)
        return a->cost < b->cost ? -1 : 1;
    if (a->left != b->left)
        return a->left < b->left ? -1 : 1;
    return a->right < b->right ? -1 : a->right > b->right;
}

/* Multiply-adds that a covariant would add to the program. */
static int new_cost(const basis *b, int covariant)
{
    if (covariant < 0)
        return 0;
    const struct covariant *v = &b->covariant[covariant];
    if (v->users || v->pattern < 0)
        return 0;
    return b->structure->pattern[v->pattern].count + new_cost(b, v->left) + new_cost(b, v->right);
}

size_t contractions_find(const basis *b, size_t block, contraction **list)
{
    size_t count = 0, capacity = 0;
    int degree = blocks_degree(b->blocks, block);
    *list = NULL;
    for (int set = 0; set < b->structure->nsets; set++)
        for (size_t low = 1; low < b->blocks->first[degree / 2 + 1]; low++) {
            const int *l = range_of(b, low, set);
            size_t rest = l[0] == l[1] ? BLOCKS_NONE : blocks_difference(b->blocks, block, low);
            if (rest == BLOCKS_NONE || rest < low)
                continue;
            const int *r = range_of(b, rest, set);
            for (int left = covariant_next(b, set, l[0], l[1]); left < l[1];
                 left = covariant_next(b, set, left + 1, l[1]))
                for (int right = covariant_next(b, set, rest == low ? left : r[0], r[1]); right < r[1];
                     right = covariant_next(b, set, right + 1, r[1])) {
                    if (count == capacity) {
                        capacity = capacity ? 2 * capacity : 64;
                        *list = xrealloc(*list, capacity, sizeof **list);
                    }
                    int cost = b->structure->set[set].count + new_cost(b, left) + new_cost(b, right);
                    (*list)[count++] = (contraction){left, right, cost};
                }
        }
    if (count)
        qsort(*list, count, sizeof **list, compare_contractions);
    return count;
}

void covariant_use(basis *b, int index, unsigned user)
{
    covariant *v = &b->covariant[index];
    if (v->users & (USER_POTENTIAL | user))
        return;
    v->users |= user;
    if (v->pattern < 0)
        return;
    covariant_use(b, v->left, user);
    if (v->right >= 0)
        covariant_use(b, v->right, user);
}
