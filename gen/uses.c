#include "uses.h"
#include "memory.h"
#include <stdlib.h>

static bool in_rows(const program *p, size_t operation)
{
    return (operation >= p->contractions && operation < p->products) || operation >= p->linear;
}

uses uses_create(const program *p)
{
    uses u;
    u.first = xcalloc(p->nslots + 2, sizeof *u.first);
    u.use = xcalloc(2 * p->noperations + 1, sizeof *u.use);
    for (int pass = 0; pass < 2; pass++) { /* count, then fill */
        for (size_t k = 0; k < p->noperations; k++) {
            if (in_rows(p, k))
                continue;
            const operation *o = &p->operation[k];
            unsigned slot[2] = {o->left, o->right}, other[2] = {o->right, o->left};
            for (int side = 0; side < 2; side++) {
                if (slot[side] == p->factor0)
                    continue;
                if (pass == 0) {
                    u.first[slot[side] + 2]++;
                } else {
                    size_t at = u.first[slot[side] + 1]++;
                    u.use[at][0] = o->target;
                    u.use[at][1] = other[side];
                }
            }
        }
        for (size_t i = 1; pass == 0 && i < p->nslots + 2; i++)
            u.first[i] += u.first[i - 1];
    }
    return u;
}

void uses_free(uses *u)
{
    free(u->first);
    free(u->use);
}

size_t next_target(const program *p, size_t k)
{
    size_t end = k;
    while (end < p->noperations && p->operation[end].target == p->operation[k].target)
        end++;
    return end;
}
