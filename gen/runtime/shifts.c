/* Before the rows of a fit: constant pairs, shifts of factors, and least scales of columns. */
#ifndef EQML__SHIFTS_C
#define EQML__SHIFTS_C
#include "fitter.c"

/*
 * Where pairs or factors are constant, rounding errors of the factors decide the rank. These are in
 * proportion to the size of what is added up, shifts included, and not to what a shift leaves. Columns are
 * therefore scaled by at least EQML__LEAST of that size. Rounding errors are then below EQML__NOISE, and a
 * column of nothing else takes no part.
 */
#define EQML__LEAST 1e-3
#define EQML__NOISE 1e-11

/*
 * Finds the pairs of a component whose distances are constant over all its tuples in the training geometries.
 */
static void eqml__find_frozen(eqml__fitter *w, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const ptrdiff_t k = c - w->components;
    eqml__seen *seen = w->seen + k * w->npairs;
    double *pair;
    eqml__clear_seen(b->npairs, seen);
    for (size_t g = 0; g < w->data->n; g++)
        for (int t = 0; t < c->ntuples && eqml__trains(w, g); t++)
            if (eqml__tuple_pairs(w, c, g, t, &pair) > 0)
                eqml__add_seen(b, w->local, w->one, seen);
    w->nfrozen[k] = eqml__freeze(b, seen, w->frozen + k * w->npairs);
}

/*
 * One pass over the data: sum[k] and size[k] <- the sum and the largest size of factor k; returns how many
 * tuples.
 */
static double eqml__survey_factors(eqml__fitter *w, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const double *f = w->one + b->factor0;
    double count = 0, *pair;
    memset(w->sum, 0, (size_t)b->nfactors * sizeof(double));
    memset(w->size, 0, (size_t)b->nfactors * sizeof(double));
    for (size_t g = 0; g < w->data->n; g++)
        for (int t = 0; t < c->ntuples && eqml__trains(w, g); t++) {
            if (!(eqml__tuple_slots(w, c, g, t, &pair) > 0))
                continue;
            count++;
            for (int k = 1; k < b->nfactors; k++) {
                w->sum[k] += f[k];
                w->size[k] = fmax(w->size[k], fabs(f[k]));
            }
        }
    return count;
}

/*
 * level[k] <- 0 if factor k needs no other factor, else one more than the highest it needs; returns the
 * highest.
 */
static int eqml__factor_levels(const eqml_basis *b, int *level)
{
    int highest = 0;
    memset(level, 0, (size_t)b->nfactors * sizeof *level);
    for (int k = 0; k < b->noperations; k++) {
        const int target = b->operations[k][0] - b->factor0;
        for (int side = 1; side < 3 && target >= 0; side++) {
            const int source = b->operations[k][side] - b->factor0;
            if (source > 0 && level[target] <= level[source])
                level[target] = level[source] + 1;
        }
        if (target >= 0 && level[target] > highest)
            highest = level[target];
    }
    return highest;
}

/*
 * Shifts each factor to mean 0, level by level: a product of factors is shifted after its factors are.
 * Nothing is done where the factors are shifted already, or where some are not terms: a shift would change
 * what the basis spans.
 */
static void eqml__shift_factors(eqml__fitter *w, eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    double *offset = c->surface.offset;
    if (b->is_term || c->surface.standardised)
        return;
    const int levels = eqml__factor_levels(b, w->level);
    memset(offset, 0, (size_t)b->nfactors * sizeof(double)); /* of an earlier fit */
    for (int level = 0; level <= levels; level++) {
        const double count = eqml__survey_factors(w, c);
        for (int k = 1; k < b->nfactors && count > 0; k++)
            if (w->level[k] == level)
                offset[k] = -w->sum[k] / count;
    }
    c->surface.standardised = 1;
}

/* slot[nslots] <- the size of what is added up in each slot, from the largest |y| of each pair. */
static void eqml__slot_sizes(const eqml_model *m, const eqml__seen *seen, double *slot)
{
    const eqml_basis *b = m->basis;
    for (int s = 0; s < b->nslots; s++)
        slot[s] = s < b->npairs ? seen[s].largest : 0;
    slot[b->factor0] = 1;
    for (int k = 1; k < b->nfactors; k++)
        slot[b->factor0 + k] = fabs(m->offset[k]);
    for (int k = 0; k < b->noperations; k++)
        slot[b->operations[k][0]] += slot[b->operations[k][1]] * slot[b->operations[k][2]];
}

/*
 * Whether rounding errors decide the rank: a pair is constant, or a factor is, so that its shift leaves
 * rounding errors only. With two geometries the square of a shifted factor is constant.
 */
static bool eqml__has_rounding(eqml__fitter *w, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const ptrdiff_t component = c - w->components;
    const double *f = w->one + b->factor0;
    if (w->nfrozen[component])
        return true;
    if (!(eqml__survey_factors(w, c) > 0))
        return false;
    eqml__slot_sizes(&c->surface.model, w->seen + component * w->npairs, w->one);
    for (int k = 1; k < b->nfactors; k++)
        if (!(w->size[k] > 100 * DBL_EPSILON * f[k]))
            return true;
    return false;
}

#endif /* EQML__SHIFTS_C */
