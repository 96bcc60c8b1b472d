/*
 * What a basis spans: the blocks up to a level, multisets of channels.
 *
 * A channel (z, n, l) stands for the moments A_znlm, m = -l..l. Its level is n + w l, where w may depend on z; that of a block is the sum over
 * its channels, counted as often as they occur. Levels are whole thousandths, so that comparisons are exact.
 */
#ifndef EQML_GEN_ENVIRONMENT_LEVEL_H
#define EQML_GEN_ENVIRONMENT_LEVEL_H
#include <stdbool.h>
#include <stddef.h>

enum { ORDER_LIMIT = 6, LMAX_LIMIT = 20, NMAX_LIMIT = 100, LEVEL_UNIT = 1000 };

typedef struct level_rule {
    int order;          /* factors of a cloud_term at most, 1 .. ORDER_LIMIT */
    long level, weight; /* D and w, in units of 1 / LEVEL_UNIT */
    int lmax, nmax;     /* largest l and n; at most the limits above */
    bool chiral;        /* also what changes its sign under reflection */
    /* For each species around the centre, in the same units: w; the level of its channels in a block at most. */
    const long *weights, *caps; /* NULL: `weight` for all, and no such caps */
} level_rule;

typedef struct channel {
    int species, n, l; /* species: its place among the neighbours */
} channel;

typedef struct channel_list {
    size_t count;
    channel *item; /* by level, then l, n, species */
    long *level;   /* [count] */
} channel_list;

/* All that may occur in a block; channels_free releases it. */
channel_list channels_create(const level_rule *rule, int nspecies);
void channels_free(channel_list *c);

/*
 * Calls visit(context, order, index) for each multiset of channels within the rule whose parity may be right: index
 * [order] ascending. Stops where it returns nonzero, and returns that.
 */
int channels_each_block(const level_rule *rule, const channel_list *c,
                        int (*visit)(void *context, int order, const size_t *index), void *context);
#endif
