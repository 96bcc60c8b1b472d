/* The blocks of a level, with all that may be chosen in each: patterns, solved and certified, and covariants. */
#ifndef EQML_GEN_ENVIRONMENT_INVENTORY_H
#define EQML_GEN_ENVIRONMENT_INVENTORY_H
#include "environment/covariants.h"
#include "environment/level.h"
#include "environment/pattern.h"

typedef struct cloud_block {
    unsigned pattern;
    size_t ids;   /* [recipes of the pattern] from here on in inventory.id */
    size_t terms; /* [dimension] from here on among all terms */
} cloud_block;

typedef struct inventory {
    channel_list channels;
    covariant_list covariants; /* all that a candidate somewhere needs */
    size_t npatterns, nblocks, nids, nterms;
    cloud_pattern *pattern;
    cloud_block *block;
    unsigned *id;                       /* [nids] covariants of the recipes of each block */
    size_t characters[ORDER_LIMIT + 1]; /* invariants of each order, by the integrals of characters alone */
} inventory;

/*
 * For a centre with so many species around it. Returns 0, or -1 with one line in `error`: too many blocks, or the rank of
 * a pattern is not its dimension. inventory_free in either case.
 */
int inventory_create(const level_rule *rule, int nspecies, inventory *v, char *error, size_t error_size);
void inventory_free(inventory *v);
#endif
