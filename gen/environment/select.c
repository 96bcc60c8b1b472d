#include "environment/select.h"
#include "algebra/choose.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 8, PASSES = 3, PRICE_UNIT = 1024 };

typedef struct work {
    inventory *v;
    selection *s;
    size_t *pick; /* [terms] the candidates that are chosen, block by block */
    choice choice;
    uint64_t *price;  /* [covariants], in units of 1 / PRICE_UNIT; FORBIDDEN: not to be had */
    uint64_t cost;    /* multiply-adds of all that is chosen */
    uint64_t *weight; /* room for the candidates of a block */
    size_t *order;
} work;

#define FORBIDDEN (UINT64_C(1) << 40)

/* ---- weights ---- */

/* Multiply-adds of a term: the energy and the adjoints of both. */
static uint64_t term_cost(int l)
{
    return 2 * (2 * (uint64_t)l + 1) + 1;
}

/* The covariants beyond channels that a candidate needs, at most four; returns how many. */
static int needs(const work *w, const cloud_block *b, size_t candidate, unsigned *id)
{
    const contraction c = w->v->pattern[b->pattern].candidate[candidate];
    const unsigned side[] = {w->v->id[b->ids + (size_t)c.left], w->v->id[b->ids + (size_t)c.right]};
    const cloud_covariant *list = w->v->covariants.item;
    int n = 0;
    for (int k = 0; k < 2; k++) {
        unsigned of[2] = {side[k], 0};
        const int count =
            list[side[k]].order == 3 ? (of[1] = list[side[k]].left, 2) : list[side[k]].order == 2;
        for (int i = 0; i < count; i++) {
            int j = 0;
            while (j < n && id[j] != of[i])
                j++;
            if (j == n)
                id[n++] = of[i];
        }
    }
    return n;
}

/* Counts the users of what a block's terms need, up or down, and keeps the cost. */
static void count_users(work *w, const cloud_block *b, bool up)
{
    const cloud_pattern *p = &w->v->pattern[b->pattern];
    for (size_t k = 0; k < p->dimension; k++) {
        unsigned id[4];
        const size_t candidate = w->pick[b->terms + k];
        const uint64_t own = term_cost(p->recipe[p->candidate[candidate].left].l);
        w->cost += up ? own : -own;
        const int n = needs(w, b, candidate, id);
        for (int i = 0; i < n; i++) {
            unsigned *users = &w->s->users[id[i]];
            *users += up ? 1u : -1u;
            if (*users == (up ? 1u : 0u))
                w->cost +=
                    up ? w->v->covariants.item[id[i]].weight : -(uint64_t)w->v->covariants.item[id[i]].weight;
        }
    }
}

/* ---- the choice in one block ---- */

typedef struct chooser {
    work *w;
    const cloud_pattern *p;
    size_t count, *pick;
} chooser;

static bool candidate_values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    const chooser *x = context;
    memcpy(value + begin, x->p->value + c.left * x->p->length + begin, (end - begin) * sizeof *value);
    return true;
}

static void candidate_accept(void *context, candidate c)
{
    chooser *x = context;
    x->pick[x->count++] = c.left;
}

/* Takes the lightest independent candidates at the present prices. False: those that are to be had do not suffice. */
static bool choose_block(work *w, const cloud_block *b)
{
    static const candidate_kind kind = {candidate_values, candidate_accept};
    const cloud_pattern *p = &w->v->pattern[b->pattern];
    chooser x = {w, p, 0, w->pick + b->terms};
    size_t n = 0;
    for (size_t k = 0; k < p->ncandidates; k++) {
        unsigned id[4];
        const int count = needs(w, b, k, id);
        uint64_t weight = term_cost(p->recipe[p->candidate[k].left].l) * PRICE_UNIT;
        for (int i = 0; i < count; i++)
            weight += w->price[id[i]];
        if (weight >= FORBIDDEN)
            continue;
        w->weight[k] = weight;
        size_t at = n++;
        for (; at > 0 && w->weight[w->order[at - 1]] > weight; at--)
            w->order[at] = w->order[at - 1];
        w->order[at] = k;
    }
    if (n < p->dimension)
        return false;
    if (p->dimension == 1 || p->dimension == p->ncandidates) { /* none is zero */
        memcpy(x.pick, w->order, p->dimension * sizeof *x.pick);
        return true;
    }
    choice_begin(&w->choice, p->length);
    w->choice.dimension = p->dimension;
    for (size_t k = 0; k < n; k++)
        choice_propose(&w->choice, w->order[k], 0);
    choose(&w->choice, &kind, &x);
    return choice_complete(&w->choice);
}

/* ---- rounds ---- */

static uint64_t share(const work *w, size_t id, uint64_t users)
{
    return (uint64_t)w->v->covariants.item[id].weight * PRICE_UNIT / (users + 1);
}

static void choose_all(work *w)
{
    for (size_t b = 0; b < w->v->nblocks; b++)
        choose_block(w, &w->v->block[b]);
    memset(w->s->users, 0, w->v->covariants.count * sizeof *w->s->users);
    w->cost = 0;
    for (size_t b = 0; b < w->v->nblocks; b++)
        count_users(w, &w->v->block[b], true);
}

/* The first prices are as if all who might use a covariant did, the later ones from who did the last time. */
static void rounds(work *w)
{
    const size_t ncovariants = w->v->covariants.count;
    size_t *best = xmalloc(w->v->nterms, sizeof *best);
    uint64_t least = UINT64_MAX;
    uint64_t *may = xcalloc(ncovariants, sizeof *may);
    for (size_t b = 0; b < w->v->nblocks; b++)
        for (size_t r = 0; r < (size_t)w->v->pattern[w->v->block[b].pattern].nrecipes; r++)
            may[w->v->id[w->v->block[b].ids + r]]++;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t k = 0; k < ncovariants; k++)
            w->price[k] = share(w, k, round ? w->s->users[k] : may[k]);
        choose_all(w);
        if (w->cost < least) {
            least = w->cost;
            memcpy(best, w->pick, w->v->nterms * sizeof *best);
        }
    }
    memcpy(w->pick, best, w->v->nterms * sizeof *best);
    memset(w->s->users, 0, ncovariants * sizeof *w->s->users);
    w->cost = 0;
    for (size_t b = 0; b < w->v->nblocks; b++)
        count_users(w, &w->v->block[b], true);
    free(may);
    free(best);
}

/* ---- trials ---- */

/* What is in use is free, all else has its whole price. */
static void set_price(work *w, unsigned id)
{
    w->price[id] = w->s->users[id] ? 0 : (uint64_t)w->v->covariants.item[id].weight * PRICE_UNIT;
}

static void set_prices(work *w, const cloud_block *b)
{
    const size_t count = (size_t)w->v->pattern[b->pattern].nrecipes;
    for (size_t r = 0; r < count; r++)
        if (w->price[w->v->id[b->ids + r]] != FORBIDDEN)
            set_price(w, w->v->id[b->ids + r]);
}

static bool uses(const work *w, const cloud_block *b, unsigned id)
{
    for (size_t k = 0; k < w->v->pattern[b->pattern].dimension; k++) {
        unsigned of[4];
        const int n = needs(w, b, w->pick[b->terms + k], of);
        for (int i = 0; i < n; i++)
            if (of[i] == id)
                return true;
    }
    return false;
}

/* Which blocks might use each covariant: block[first[id] .. first[id+1]-1]. */
typedef struct index_of_blocks {
    size_t *first;
    unsigned *block;
} index_of_blocks;

static index_of_blocks index_blocks(const work *w)
{
    const size_t n = w->v->covariants.count;
    index_of_blocks x = {xcalloc(n + 2, sizeof *x.first), xmalloc(w->v->nids, sizeof *x.block)};
    for (size_t k = 0; k < w->v->nids; k++)
        x.first[w->v->id[k] + 2]++;
    for (size_t k = 1; k <= n + 1; k++)
        x.first[k] += x.first[k - 1];
    for (size_t b = 0; b < w->v->nblocks; b++) {
        const size_t count = (size_t)w->v->pattern[w->v->block[b].pattern].nrecipes;
        for (size_t r = 0; r < count; r++)
            x.block[x.first[w->v->id[w->v->block[b].ids + r] + 1]++] = (unsigned)b;
    }
    return x;
}

/* Does without a covariant, if that is cheaper. */
static void leave_out(work *w, const index_of_blocks *index, unsigned id, unsigned *changed, size_t *old)
{
    const uint64_t before = w->cost;
    size_t n = 0, kept = 0;
    bool possible = true;
    for (size_t k = index->first[id]; k < index->first[id + 1] && possible; k++) {
        const cloud_block *b = &w->v->block[index->block[k]];
        if (!uses(w, b, id))
            continue;
        const size_t dimension = w->v->pattern[b->pattern].dimension;
        memcpy(old + kept, w->pick + b->terms, dimension * sizeof *old);
        kept += dimension;
        changed[n++] = index->block[k];
        count_users(w, b, false);
        set_prices(w, b);
        w->price[id] = FORBIDDEN;
        possible = choose_block(w, b);
        if (!possible)
            memcpy(w->pick + b->terms, old + kept - dimension, dimension * sizeof *old);
        count_users(w, b, true);
    }
    if (!possible || w->cost >= before)
        while (n > 0) {
            const cloud_block *b = &w->v->block[changed[--n]];
            const size_t dimension = w->v->pattern[b->pattern].dimension;
            count_users(w, b, false);
            memcpy(w->pick + b->terms, old + (kept -= dimension), dimension * sizeof *old);
            count_users(w, b, true);
        }
    w->price[id] = 0;
}

/* Each block once more, at what it adds to the others. */
static void choose_again(work *w)
{
    for (size_t b = 0; b < w->v->nblocks; b++) {
        count_users(w, &w->v->block[b], false);
        set_prices(w, &w->v->block[b]);
        choose_block(w, &w->v->block[b]);
        count_users(w, &w->v->block[b], true);
    }
}

static void trials(work *w)
{
    const size_t ncovariants = w->v->covariants.count;
    index_of_blocks index = index_blocks(w);
    unsigned *changed = xmalloc(w->v->nblocks, sizeof *changed);
    size_t *old = xmalloc(w->v->nterms, sizeof *old);
    uint64_t before;
    memset(w->price, 0, ncovariants * sizeof *w->price);
    int pass = 0;
    do {
        before = w->cost;
        choose_again(w);
        for (unsigned id = (unsigned)ncovariants - 1; id > w->v->covariants.nchannels; id--)
            if (w->s->users[id])
                leave_out(w, &index, id, changed, old);
    } while (w->cost < before && ++pass < PASSES);
    free(old);
    free(changed);
    free(index.first);
    free(index.block);
}

/* ---- all ---- */

static void keep_terms(work *w)
{
    selection *s = w->s;
    s->term = xmalloc(w->v->nterms, sizeof *s->term);
    for (size_t b = 0; b < w->v->nblocks; b++) {
        const cloud_block *x = &w->v->block[b];
        const cloud_pattern *p = &w->v->pattern[x->pattern];
        s->terms_by_order[p->order] += p->dimension;
        for (size_t k = 0; k < p->dimension; k++) {
            const contraction c = p->candidate[w->pick[x->terms + k]];
            s->term[s->nterms++] = (cloud_term){w->v->id[x->ids + (size_t)c.left],
                                                w->v->id[x->ids + (size_t)c.right], (unsigned)b};
        }
    }
}

/* Room for the largest pattern. */
static void make_room(work *w)
{
    size_t length = 1, candidates = 1;
    for (size_t k = 0; k < w->v->npatterns; k++) {
        const cloud_pattern *p = &w->v->pattern[k];
        length = p->length > length ? p->length : length;
        candidates = p->ncandidates > candidates ? p->ncandidates : candidates;
    }
    w->choice = choice_create(length);
    w->weight = xmalloc(candidates, sizeof *w->weight);
    w->order = xmalloc(candidates, sizeof *w->order);
    w->pick = xcalloc(w->v->nterms, sizeof *w->pick);
    w->price = xcalloc(w->v->covariants.count, sizeof *w->price);
    w->s->users = xcalloc(w->v->covariants.count, sizeof *w->s->users);
}

selection selection_create(inventory *v)
{
    selection s = {0};
    work w = {.v = v, .s = &s};
    make_room(&w);
    rounds(&w);
    trials(&w);
    keep_terms(&w);
    choice_free(&w.choice);
    free(w.pick);
    free(w.price);
    free(w.weight);
    free(w.order);
    return s;
}

void selection_free(selection *s)
{
    free(s->users);
    free(s->term);
    memset(s, 0, sizeof *s);
}
