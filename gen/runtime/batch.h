/* Energies and gradients of batches, in double and in float. */
#ifndef EQML__BATCH_H
#define EQML__BATCH_H
#include "kernel/pairs.h"
#include "kernel/sweeps.h"
#include "kernel/form.h"

/*
 * A batch is worked through in steps of two groups of lanes (in float: of four, two vectors of floats), or of
 * one where two take more than half of EQML_STACK_LIMIT, which is about the cache of a core. The room for a
 * step is on the stack; where one group would be more than the limit, geometries are done one at a time.
 */
#ifndef EQML_STACK_LIMIT
#define EQML_STACK_LIMIT (2 << 20)
#endif
#define EQML_WORK_GROUPS(groups, nslots, npairs, natoms)                                                     \
    ((2 + (groups)) * EQML_ROUND(nslots) + (groups) * (5 * (npairs) + 6 * (natoms)) + 3 * (natoms))
#define EQML_WORK_BATCH(nslots, npairs, natoms) EQML_WORK_GROUPS(2, nslots, npairs, natoms)

/*
 * Up to EQML_LANES geometries in each of most_groups groups; gradient may be NULL. work: EQML_WORK_GROUPS of
 * most_groups. The form always takes two groups: with one alone it works on that twice, and the second
 * derivatives go nowhere.
 */
EQML_INLINE void eqml__step_lanes(const eqml_model *m, int most_groups, int count, const double *xyz,
                                  double *energy, double *gradient, eqml_lanes *work)
{
    const eqml_basis *b = m->basis;
    const int room = EQML_ROUND(b->nslots), size = 3 * b->natoms, second = most_groups - 1;
    eqml_lanes *slots[2] = {work, work + second * room}, *rest = work + most_groups * room;
    eqml_lanes *adjoints[2] = {rest, rest + room};
    eqml_lanes *f[2] = {slots[0] + b->factor0, slots[1] + b->factor0}, *g[2] = {0, 0}, v[2];
    eqml_lanes *sum = rest + 2 * room, (*pair)[5] = (eqml_lanes(*)[5])(void *)(sum + size);
    eqml_lanes *x = sum + size + 5 * most_groups * b->npairs;
    eqml_lanes(*const pairs[2])[5] = {pair, pair + second * b->npairs};
    const eqml_lanes *const place[2] = {x, x + second * size};
    const int nvalues = b->forward_lanes ? b->nvalues : b->nfactors, groups = count > EQML_LANES ? 2 : 1;
    const double constant = eqml__rest(m, nvalues);
    double value[2 * EQML_LANES];
    if (gradient)
        g[0] = adjoints[0] + b->factor0, g[1] = adjoints[1] + b->factor0;
    for (int group = 0; group < most_groups; group++) {
        const int done = group * EQML_LANES < count ? group * EQML_LANES : 0;
        eqml__to_lanes(size, count - done, xyz + done * size, x + group * size);
    }
    eqml__pairs_lanes(m, most_groups, place, slots, gradient ? pairs : NULL);
    eqml__forward_lanes(m, most_groups, slots);
    eqml__form_lanes(b, nvalues, m->linear, m->packed, f, g, v);
    if (gradient && b->reverse_lanes)
        b->reverse_lanes(groups, slots, adjoints, m->linear, v);
    else if (!gradient && nvalues < b->nfactors)
        b->linear_lanes(groups, slots, m->linear, v);
    for (int group = 0; group < groups && gradient && !b->reverse_lanes; group++)
        eqml__table_reverse_lanes(b, slots[group], adjoints[group]);
    eqml__store(value, v[0]);
    eqml__store(value + EQML_LANES, v[1]);
    for (int k = 0; k < count; k++)
        energy[k] = value[k] + constant;
    for (int group = 0; gradient && group * EQML_LANES < count; group++) {
        const int done = group * EQML_LANES;
        eqml__scatter_lanes(b, adjoints[group], pairs[group], sum);
        eqml__from_lanes(size, count - done, sum, gradient + done * size);
    }
}

/*
 * Energies of n geometries xyz[n][natoms][3], and their gradients[n][natoms][3] where that is not NULL, for
 * any basis; one thread. work: EQML_WORK_BATCH(nslots, npairs, natoms) eqml_lanes.
 */
EQML_FUNCTION void eqml_energy_gradient_batch(const eqml_model *m, size_t n, const double *xyz,
                                              double *energy, double *gradient, eqml_lanes *work)
{
    const size_t size = 3 * (size_t)m->basis->natoms, step = 2 * EQML_LANES;
    for (size_t first = 0; first < n; first += step) {
        const size_t count = n - first < step ? n - first : step;
        eqml__step_lanes(m, 2, (int)count, xyz + first * size, energy + first,
                         gradient ? gradient + first * size : NULL, work);
    }
}

/*
 * The same for up to EQML_FLOATS geometries in each group; all but differences of coordinates in float.
 * Without code in float all is done by the code in double, which is faster than the table in float (H5O2 of
 * degree 7: 1.2 and 1.4 us).
 */
EQML_INLINE void eqml__step_floats(const eqml_model *m, int most_groups, int count, const double *xyz,
                                   double *energy, double *gradient, eqml_lanes *work)
{
    const eqml_basis *b = m->basis;
    const int room = EQML_ROUND(b->nslots), size = 3 * b->natoms, second = most_groups - 1;
    eqml_floats *start = (eqml_floats *)(void *)work, *rest = start + most_groups * room;
    eqml_floats *slots[2] = {start, start + second * room}, *adjoints[2] = {rest, rest + room};
    eqml_floats *f[2] = {slots[0] + b->factor0, slots[1] + b->factor0}, *g[2] = {0, 0}, v[2];
    eqml_floats *sum = rest + 2 * room, (*pair)[5] = (eqml_floats(*)[5])(void *)(sum + size);
    eqml_floats(*const pairs[2])[5] = {pair, pair + second * b->npairs};
    eqml_lanes *x = work + (most_groups + 2) * room + size + 5 * most_groups * b->npairs;
    const eqml_lanes *const place[2] = {x, x + second * EQML__HALVES * size};
    const int nvalues = b->forward_floats ? b->nvalues : b->nfactors, parts = count > EQML_FLOATS ? 2 : 1;
    const double constant = eqml__rest(m, nvalues);
    for (int done = 0, step = most_groups * EQML_LANES;
         done < count && b->forward_lanes && !b->forward_floats; done += step)
        eqml__step_lanes(m, most_groups, count - done < step ? count - done : step, xyz + done * size,
                         energy + done, gradient ? gradient + done * size : NULL, work);
    if (b->forward_lanes && !b->forward_floats)
        return;
    if (gradient)
        g[0] = adjoints[0] + b->factor0, g[1] = adjoints[1] + b->factor0;
    for (int part = 0; part < most_groups * EQML__HALVES; part++) {
        const int done = part * EQML_LANES < count ? part * EQML_LANES : 0;
        eqml__to_lanes(size, count - done, xyz + done * size, x + part * size);
    }
    eqml__pairs_floats(m, most_groups, place, slots, gradient ? pairs : NULL);
    for (int part = 0; part < most_groups; part++)
        slots[part][b->factor0] = eqml__all_floats(1);
    if (b->forward_floats)
        b->forward_floats(most_groups, slots, m->offset_float);
    for (int part = 0; part < most_groups && !b->forward_floats; part++)
        eqml__table_forward_floats(b, slots[part], m->offset_float);
    eqml__form_floats(b, nvalues, m->linear_float, m->packed_float, f, g, v);
    if (gradient && b->reverse_floats)
        b->reverse_floats(parts, slots, adjoints, m->linear_float, v);
    else if (!gradient && nvalues < b->nfactors)
        b->linear_floats(parts, slots, m->linear_float, v);
    for (int part = 0; part < parts && gradient && !b->reverse_floats; part++)
        eqml__table_reverse_floats(b, slots[part], adjoints[part]);
    for (int k = 0; k < count; k++)
        energy[k] = (double)((const float *)(const void *)v)[k] + constant;
    for (int group = 0; gradient && group * EQML_FLOATS < count; group++) {
        eqml__scatter_floats(b, adjoints[group], pairs[group], sum);
        for (int k = 0; k < size; k++) {
            eqml_lanes part[EQML__HALVES];
            eqml__widen(sum[k], part);
            for (int half = 0; half < EQML__HALVES; half++)
                x[half * size + k] = part[half];
        }
        for (int half = 0; half < EQML__HALVES; half++) {
            const int done = group * EQML_FLOATS + half * EQML_LANES;
            if (done < count)
                eqml__from_lanes(size, count - done, x + half * size, gradient + done * size);
        }
    }
}

#endif /* EQML__BATCH_H */
