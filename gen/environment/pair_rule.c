#include "environment/pair_rule.h"
#include <ctype.h>
#include <string.h>

static bool copy_symbol(char *to, const char *from, size_t length)
{
    if (length < 1 || length >= SYMBOL_SIZE || !isupper((unsigned char)*from))
        return false;
    for (size_t k = 1; k < length; k++)
        if (!isalnum((unsigned char)from[k]))
            return false;
    memcpy(to, from, length);
    to[length] = 0;
    return true;
}

bool pair_rules_add(pair_rules *rules, const char *pair, size_t length, long value)
{
    const char *dash = memchr(pair, '-', length);
    if (!dash || rules->count == PAIR_RULES_LIMIT)
        return false;
    pair_rule *r = &rules->item[rules->count];
    const size_t first = (size_t)(dash - pair);
    if (!copy_symbol(r->symbol[0], pair, first) || !copy_symbol(r->symbol[1], dash + 1, length - first - 1))
        return false;
    r->value = value;
    rules->count++;
    return true;
}

static bool holds(const pair_rule *r, const char *a, const char *b)
{
    return (!strcmp(r->symbol[0], a) && !strcmp(r->symbol[1], b)) ||
           (!strcmp(r->symbol[0], b) && !strcmp(r->symbol[1], a));
}

void pair_rules_find(const pair_rules *rules, const species_list *s, const centre *c, long other, long *value)
{
    for (int k = 0; k < c->nneighbours; k++) {
        value[k] = other;
        for (int i = 0; i < rules->count; i++)
            if (holds(&rules->item[i], s->symbol[c->species], s->symbol[c->neighbour[k]]))
                value[k] = rules->item[i].value;
    }
}

const pair_rule *pair_rules_unused(const pair_rules *rules, const species_list *s)
{
    for (int i = 0; i < rules->count; i++) {
        bool used = false;
        for (int c = 0; c < s->ncentres; c++)
            for (int k = 0; k < s->centre[c].nneighbours; k++)
                used = used || holds(&rules->item[i], s->symbol[s->centre[c].species],
                                     s->symbol[s->centre[c].neighbour[k]]);
        if (!used)
            return &rules->item[i];
    }
    return NULL;
}
