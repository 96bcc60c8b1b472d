/* Before the rows of a fit: centres of variables, constant pairs, shifts of factors, and least scales of columns. */
#ifndef EQML__SHIFTS_C
#define EQML__SHIFTS_C
#include "fitter.c"

/*
 * If pairs or factors are constant, rounding errors of the factors decide the rank. They are in proportion to
 * the size of what is added up, centres and shifts included, and not to what is left of it. Columns are
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
 * The centre of a class of pairs: the mean of its variable, or, where all its pairs are constant and equally long,
 * the value at which they are frozen, so that nothing but an exact 0 is left of them. HUGE_VAL: no pair was seen.
 */
static double eqml__find_centre(const eqml_basis *b, int pair_class, const eqml__seen *seen,
                                const double *frozen)
{
    double sum = 0, count = 0, value = HUGE_VAL;
    bool constant = true;
    for (int p = 0; p < b->npairs; p++) {
        if (b->pair_classes[p] != pair_class)
            continue;
        constant = constant && frozen[p] < HUGE_VAL && (count == 0 || frozen[p] == value);
        value = frozen[p];
        sum += seen[p].sum, count += seen[p].count;
    }
    return constant ? value : count > 0 ? sum / count : HUGE_VAL;
}

/*
 * Centres the variable of each class of pairs: its mean over all tuples in the training geometries becomes 0,
 * also in what was seen of the pairs. A complete basis spans the same functions, and loses most of its
 * condition number, since variables of long ranges differ little from a constant. Nothing is done if that
 * would change what the basis spans, or if the variables are centred already; see eqml__shift_factors.
 */
static void eqml__centre_variables(eqml__fitter *w, eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const ptrdiff_t first = (c - w->components) * w->npairs;
    eqml__seen *seen = w->seen + first;
    double *frozen = w->frozen + first;
    for (int k = 0; k < b->npair_classes && !b->is_term && !c->surface.standardised; k++) {
        const double centre = eqml__find_centre(b, k, seen, frozen);
        if (!(centre < HUGE_VAL))
            continue;
        eqml__set_centre(&c->surface, k, eqml__get_centre(&c->surface, k) + centre);
        for (int p = 0; p < b->npairs; p++)
            if (b->pair_classes[p] == k) {
                seen[p].low -= centre, seen[p].high -= centre, seen[p].sum -= centre * seen[p].count;
                if (frozen[p] < HUGE_VAL)
                    frozen[p] -= centre;
            }
    }
    for (int p = 0; p < b->npairs; p++)
        if (frozen[p] < HUGE_VAL)
            seen[p].low = seen[p].high = frozen[p];
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
                w->size[k] = fabs(f[k]) > w->size[k] ? fabs(f[k]) : w->size[k]; /* fmax would be a call */
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
 * Nothing is done if the factors are shifted already, or if some are not terms, since a shift would change
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

/*
 * slot[nslots] <- a bound of what is added up in each slot, where each |y| is the largest that was seen, and `step`
 * times its rounding error larger: that is |y| and, since centring cancels, twice the centre, in units of the
 * machine's precision.
 */
static void eqml__slot_sizes(const eqml_model *m, const eqml__seen *seen, double step, double *slot)
{
    const eqml_basis *b = m->basis;
    for (int s = 0; s < b->nslots; s++)
        slot[s] = 0;
    for (int p = 0; p < b->npairs; p++) {
        const double largest = seen[p].count > 0 ? fmax(fabs(seen[p].low), fabs(seen[p].high)) : 0;
        slot[p] = largest + step * (largest + 2 * fabs(m->centres[p]));
    }
    slot[b->factor0] = 1;
    for (int k = 1; k < b->nfactors; k++)
        slot[b->factor0 + k] = fabs(m->offset[k]);
    for (int k = 0; k < b->noperations; k++)
        slot[b->operations[k][0]] += slot[b->operations[k][1]] * slot[b->operations[k][2]];
}

/* The rounding error of what follows from the slots is its change with this step, over the step. */
#define EQML__ERROR_STEP 1e-4

/*
 * Whether rounding errors decide the rank: a pair is constant, or a factor is, so that its shift leaves
 * rounding errors only. With two geometries the square of a shifted factor is constant.
 */
static bool eqml__has_rounding(eqml__fitter *w, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const ptrdiff_t component = c - w->components;
    const eqml__seen *seen = w->seen + component * w->npairs;
    const double *f = w->one + b->factor0;
    if (w->nfrozen[component])
        return true;
    if (!(eqml__survey_factors(w, c) > 0))
        return false;
    eqml__slot_sizes(&c->surface.model, seen, 0, w->one);
    memcpy(w->sum, f, (size_t)b->nfactors * sizeof(double));
    eqml__slot_sizes(&c->surface.model, seen, EQML__ERROR_STEP, w->one);
    for (int k = 1; k < b->nfactors; k++)
        if (!(w->size[k] > 100 * DBL_EPSILON * (f[k] - w->sum[k]) / EQML__ERROR_STEP))
            return true;
    return false;
}

#endif /* EQML__SHIFTS_C */
