#include "molecule/membership.h"

#include <stdlib.h>

#include "base/memory.h"

membership membership_create(const indicator *set, size_t first)
{
    membership m = {first, MEMBERSHIP_POINTS * (set->count + 1), set->count, NULL};

    m.weight = xmalloc(set->count, sizeof *m.weight);
    for (size_t k = 0; k < set->count; k++) {
        int64_t weight = set->weight[k] % (int64_t)MODULAR_PRIME;
        m.weight[k] = (residue)(weight < 0 ? weight + (int64_t)MODULAR_PRIME : weight);
    }
    return m;
}

/* Each random point comes once as it is, then once for each mask, with the variables outside of it zero. */
void membership_place(const membership *m, const indicator *set, uint64_t *state, size_t npoints,
                      residue *variable)
{
    for (size_t r = 0; r < MEMBERSHIP_POINTS; r++) {
        for (size_t p = 0; p < (size_t)set->npairs; p++) {
            residue *at = variable + p * npoints + m->first + r * (m->nmasks + 1);

            modular_random(state, 1, at);
            for (size_t k = 0; k < m->nmasks; k++)
                at[k + 1] = set->mask[k * (size_t)set->npairs + p] ? at[0] : 0;
        }
    }
}

bool membership_holds(const membership *m, const residue *value)
{
    for (size_t r = 0; r < MEMBERSHIP_POINTS; r++) {
        const residue *at = value + m->first + r * (m->nmasks + 1);
        uint64_t sum = 0;

        for (size_t k = 0; k < m->nmasks; k++)
            sum = modular_fold(sum + (uint64_t)m->weight[k] * at[k + 1]);
        if (modular_reduce(sum) != at[0])
            return false;
    }
    return true;
}

void membership_free(membership *m)
{
    free(m->weight);
    m->weight = NULL;
}
