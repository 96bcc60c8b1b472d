#include "environment/level.h"
#include "base/memory.h"
#include <stdlib.h>

typedef struct ranked {
    channel channel;
    long level;
} ranked;

static int compare(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    const long difference[] = {x->level - y->level, x->channel.l - y->channel.l, x->channel.n - y->channel.n,
                               x->channel.species - y->channel.species};
    for (int k = 0; k < 4; k++)
        if (difference[k])
            return difference[k] < 0 ? -1 : 1;
    return 0;
}

static long level_of(const level_rule *rule, int species, int n, int l)
{
    return (long)n * LEVEL_UNIT + l * (rule->weights ? rule->weights[species] : rule->weight);
}

/* A channel of l > 0 needs partners whose l add up to l at least, and each of them has n >= 1. */
static bool may_occur(const level_rule *rule, int nspecies, int species, int n, int l)
{
    const long own = level_of(rule, species, n, l);
    long partners = 0;
    for (int z = 0; z < nspecies && l; z++) {
        const long other = level_of(rule, z, 1, l);
        partners = z && partners < other ? partners : other;
    }
    return own + partners <= rule->level && (!rule->caps || own <= rule->caps[species]) &&
           (!l || rule->order > 1);
}

channel_list channels_create(const level_rule *rule, int nspecies)
{
    size_t count = 0, capacity = 64;
    ranked *list = xmalloc(capacity, sizeof *list);
    for (int l = 0; l <= rule->lmax; l++)
        for (int z = 0; z < nspecies; z++)
            for (int n = 1; n <= rule->nmax && may_occur(rule, nspecies, z, n, l); n++) {
                if (count == capacity)
                    list = xrealloc(list, capacity *= 2, sizeof *list);
                list[count++] = (ranked){{z, n, l}, level_of(rule, z, n, l)};
            }
    qsort(list, count, sizeof *list, compare);
    channel_list c = {count, xmalloc(count, sizeof *c.item), xmalloc(count, sizeof *c.level)};
    for (size_t k = 0; k < count; k++) {
        c.item[k] = list[k].channel;
        c.level[k] = list[k].level;
    }
    free(list);
    return c;
}

void channels_free(channel_list *c)
{
    free(c->item);
    free(c->level);
    *c = (channel_list){0};
}

typedef struct walk {
    const level_rule *rule;
    const channel_list *channels;
    int (*visit)(void *, int, const size_t *);
    void *context;
    size_t index[ORDER_LIMIT];
} walk;

/* Whether the channels of one species are within its cap, the last of `order` ones being of that species. */
static bool is_within_cap(const walk *w, int order)
{
    const channel_list *c = w->channels;
    const int species = c->item[w->index[order - 1]].species;
    long sum = 0;
    if (!w->rule->caps)
        return true;
    for (int k = 0; k < order; k++)
        sum += c->item[w->index[k]].species == species ? c->level[w->index[k]] : 0;
    return sum <= w->rule->caps[species];
}

/* Channels from `first` on join the `order` ones that are there, of which l adds up to `sum`, the largest `largest`. */
static int extend(walk *w, int order, size_t first, long left, int sum, int largest)
{
    const channel_list *c = w->channels;
    if (order && 2 * largest <= sum && (w->rule->chiral || sum % 2 == 0)) {
        const int status = w->visit(w->context, order, w->index);
        if (status)
            return status;
    }
    if (order == w->rule->order)
        return 0;
    for (size_t k = first; k < c->count && c->level[k] <= left; k++) {
        const int l = c->item[k].l;
        w->index[order] = k;
        if (!is_within_cap(w, order + 1))
            continue;
        const int status = extend(w, order + 1, k, left - c->level[k], sum + l, l > largest ? l : largest);
        if (status)
            return status;
    }
    return 0;
}

int channels_each_block(const level_rule *rule, const channel_list *c,
                        int (*visit)(void *context, int order, const size_t *index), void *context)
{
    walk w = {rule, c, visit, context, {0}};
    return extend(&w, 0, 0, rule->level, 0, 0);
}
