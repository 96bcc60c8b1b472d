#include "program/uses.h"
#include "base/memory.h"
#include <stdlib.h>

static bool in_rows(const program *p, size_t operation)
{
    return (operation >= p->contractions && operation < p->products) || operation >= p->linear;
}

uses uses_of(size_t nslots, unsigned one, size_t count, const operation *list)
{
    uses u;
    u.first = xcalloc(nslots + 2, sizeof *u.first);
    u.use = xcalloc(2 * count + 1, sizeof *u.use);
    for (int pass = 0; pass < 2; pass++) { /* count, then fill */
        for (size_t k = 0; k < count; k++) {
            const operation *o = &list[k];
            unsigned slot[2] = {o->left, o->right}, other[2] = {o->right, o->left};
            for (int side = 0; side < 2; side++) {
                if (slot[side] == one)
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
        for (size_t i = 1; pass == 0 && i < nslots + 2; i++)
            u.first[i] += u.first[i - 1];
    }
    return u;
}

uses uses_create(const program *p)
{
    operation *list = xcalloc(p->noperations + 1, sizeof *list);
    size_t count = 0;
    for (size_t k = 0; k < p->noperations;) {
        const matrix_step *step = matrix_step_from(&p->matrices, k);
        if (!step && !in_rows(p, k))
            list[count++] = p->operation[k];
        k = step ? step->end : k + 1;
    }
    uses u = uses_of(p->nslots, (unsigned)p->factor0, count, list);
    free(list);
    return u;
}

void uses_free(uses *u)
{
    free(u->first);
    free(u->use);
}

size_t next_target(size_t count, const operation *list, size_t k)
{
    size_t end = k;
    while (end < count && list[end].target == list[k].target)
        end++;
    return end;
}
