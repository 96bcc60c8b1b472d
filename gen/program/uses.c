#include "program/uses.h"
#include "base/memory.h"
#include <stdlib.h>

static bool in_rows(const program *p, size_t operation)
{
    return (operation >= p->contractions && operation < p->products) || operation >= p->linear;
}

uses uses_of(size_t nslots, unsigned one, const operation_list *list)
{
    uses u = {0};
    u.first = xcalloc(nslots + 2, sizeof *u.first);
    u.use = xcalloc(2 * list->count + 1, sizeof *u.use);
    if (list->coefficient)
        u.coefficient = xcalloc(2 * list->count + 1, sizeof *u.coefficient);
    for (int pass = 0; pass < 2; pass++) { /* count, then fill */
        for (size_t k = 0; k < list->count; k++) {
            const operation *o = &list->item[k];
            unsigned slot[2] = {o->left, o->right}, other[2] = {o->right, o->left};
            for (int side = 0; side < 2; side++) {
                if (slot[side] == one)
                    continue;
                if (pass == 0) {
                    u.first[slot[side] + 2]++;
                    continue;
                }
                size_t at = u.first[slot[side] + 1]++;
                u.use[at] = (use){o->target, other[side]};
                if (u.coefficient)
                    u.coefficient[at] = list->coefficient[k];
            }
        }
        for (size_t i = 1; pass == 0 && i < nslots + 2; i++)
            u.first[i] += u.first[i - 1];
    }
    return u;
}

uses uses_create(const program *p)
{
    operation_list list = {0};
    for (size_t k = 0; k < p->operations.count;) {
        const matrix_step *step = matrix_step_from(&p->matrices, k);
        const operation *o = &p->operations.item[k];
        if (!step && !in_rows(p, k))
            operations_append_scaled(&list, operations_coefficient(&p->operations, k), o->target, o->left,
                                     o->right);
        k = step ? step->end : k + 1;
    }
    uses u = uses_of(p->nslots, (unsigned)p->factor0, &list);
    operations_free(&list);
    return u;
}

void uses_free(uses *u)
{
    free(u->first);
    free(u->use);
    free(u->coefficient);
}
