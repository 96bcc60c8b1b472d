/* The factors from the pair variables, and back. */
#ifndef EQML__KERNEL_SWEEPS_H
#define EQML__KERNEL_SWEEPS_H
#include "basis.h"

/* From the table; the straight-line code does the same. The variables are in slots[0 .. npairs). */
#define EQML__TABLE_PROGRAM(SUFFIX, T, NUMBER, SET)                                                          \
    EQML_FUNCTION void eqml__table_forward_##SUFFIX(const eqml_basis *b, T *slots, const NUMBER *offset)     \
    {                                                                                                        \
        memset(slots + b->npairs, 0, sizeof(T) * (size_t)(b->factor0 - b->npairs));                          \
        for (int k = 0; k < b->nfactors; k++)                                                                \
            slots[b->factor0 + k] = SET(k ? offset[k] : 1);                                                  \
        for (int k = 0; k < b->noperations;) {                                                               \
            const unsigned short *o = b->operations[k];                                                      \
            const unsigned target = o[0];                                                                    \
            T sum = slots[target];                                                                           \
            for (; k < b->noperations && o[0] == target; k++, o += 3)                                        \
                sum += slots[o[1]] * slots[o[2]];                                                            \
            slots[target] = sum;                                                                             \
        }                                                                                                    \
    }                                                                                                        \
    /* The adjoints of the factors are given; those of everything else follow, and are all kept. */          \
    EQML_FUNCTION void eqml__table_reverse_##SUFFIX(const eqml_basis *b, const T *slots, T *adjoints)        \
    {                                                                                                        \
        memset(adjoints, 0, sizeof(T) * (size_t)b->factor0);                                                 \
        for (int k = b->noperations - 1; k >= 0;) {                                                          \
            const unsigned short *o = b->operations[k];                                                      \
            const unsigned target = o[0];                                                                    \
            const T a = adjoints[target];                                                                    \
            for (; k >= 0 && o[0] == target; k--, o -= 3) {                                                  \
                adjoints[o[1]] += a * slots[o[2]];                                                           \
                adjoints[o[2]] += a * slots[o[1]];                                                           \
            }                                                                                                \
        }                                                                                                    \
    }
EQML__TABLE_PROGRAM(one, double, double, (double))
EQML__TABLE_PROGRAM(lanes, eqml_lanes, double, eqml__all)
EQML__TABLE_PROGRAM(floats, eqml_floats, float, eqml__all_floats)

EQML_INLINE void eqml__forward_one(const eqml_model *m, double *slots)
{
    const eqml_basis *b = m->basis;
    const int end = b->factor0 + (b->forward_one ? b->nvalues : b->nfactors);
    double *const group[1] = {slots}; /* a copy: see eqml__potential_one */
    for (int k = end; k < end + 8 && k < EQML_ROUND(b->nslots); k++)
        slots[k] = 0; /* read by vectors of coefficients that are zero there */
    slots[b->factor0] = 1;
    if (b->forward_one)
        b->forward_one(1, group, m->offset);
    else
        eqml__table_forward_one(b, slots, m->offset);
}

EQML_INLINE void eqml__forward_lanes(const eqml_model *m, int groups, eqml_lanes *const *slots)
{
    const eqml_basis *b = m->basis;
    for (int k = 0; k < groups; k++)
        slots[k][b->factor0] = eqml__all(1);
    if (b->forward_lanes)
        b->forward_lanes(groups, slots, m->offset);
    for (int k = 0; k < groups && !b->forward_lanes; k++)
        eqml__table_forward_lanes(b, slots[k], m->offset);
}

#endif /* EQML__KERNEL_SWEEPS_H */
