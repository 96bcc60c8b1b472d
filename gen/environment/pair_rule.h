/* Rules for pairs of a centre and a species around it: "W-H=2" on the command line. */
#ifndef EQML_GEN_ENVIRONMENT_PAIR_RULE_H
#define EQML_GEN_ENVIRONMENT_PAIR_RULE_H
#include "environment/species.h"
#include <stdbool.h>

enum { PAIR_RULES_LIMIT = 64 };

/* A level, in units of 1 / LEVEL_UNIT, for two species, whichever of them is the centre. */
typedef struct pair_rule {
    char symbol[2][SYMBOL_SIZE];
    long value;
} pair_rule;

typedef struct pair_rules {
    int count;
    pair_rule item[PAIR_RULES_LIMIT];
} pair_rules;

/* Adds a rule for "A-B", of `length` characters. Returns false where it is malformed, or one too many. */
bool pair_rules_add(pair_rules *rules, const char *pair, size_t length, long value);

/* value[c->nneighbours] <- what the rules say for each species around a centre; the last one holds, `other` without any. */
void pair_rules_find(const pair_rules *rules, const species_list *s, const centre *c, long other,
                     long *value);

/* The first rule for a pair that no centre has, or NULL. */
const pair_rule *pair_rules_unused(const pair_rules *rules, const species_list *s);
#endif
