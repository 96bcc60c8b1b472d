/* Expansions: their fit and their files. */
#ifndef EQML__EXPANSION_C
#define EQML__EXPANSION_C
#include "expansion.h"
#include "fit.c"
#include "surface_file.c"
#include "text.c"

EQML_API void eqml_expansion_free(eqml_expansion *expansion)
{
    for (int k = 0; k < expansion->ncomponents && expansion->components; k++) {
        eqml_surface_free(&expansion->components[k].surface);
        EQML_FREE(expansion->components[k].tuples);
    }
    EQML_FREE(expansion->components);
    memset(expansion, 0, sizeof *expansion);
}

/* Word number k of a blank-separated list. */
static eqml__span eqml__symbol(const char *symbols, int k)
{
    eqml__span rest = {symbols, symbols + strlen(symbols)}, word = rest;
    for (; k >= 0; k--)
        eqml__next_word(&rest, EQML__BLANKS, &word);
    return word;
}

/* The choice of tuples, atom by atom. */
typedef struct eqml__chooser {
    const eqml_basis *basis;
    const char *symbols;
    int natoms, *chosen; /* [natoms of the basis] */
    int *tuples;         /* or null: count only */
    size_t count;
} eqml__chooser;

static int eqml__may_choose(const eqml__chooser *c, int place, int atom)
{
    const eqml__span a = eqml__symbol(c->symbols, atom), b = eqml__symbol(c->basis->symbols, place);
    for (int k = 0; k < place; k++)
        if (c->chosen[k] == atom ||
            (c->basis->atom_classes[k] == c->basis->atom_classes[place] && c->chosen[k] > atom))
            return 0;
    return a.end - a.begin == b.end - b.begin && !memcmp(a.begin, b.begin, (size_t)(a.end - a.begin));
}

static void eqml__choose(eqml__chooser *c, int place)
{
    const int size = c->basis->natoms;
    if (place == size) {
        if (c->tuples)
            memcpy(c->tuples + c->count * (size_t)size, c->chosen, (size_t)size * sizeof(int));
        c->count++;
        return;
    }
    for (int atom = 0; atom < c->natoms; atom++)
        if (eqml__may_choose(c, place, atom)) {
            c->chosen[place] = atom;
            eqml__choose(c, place + 1);
        }
}

/* What holds of each tuple, and of each switch, of an expansion that is made or read. */
static eqml_status eqml__check_tuple(const int *tuple, size_t size, size_t number, int natoms,
                                     eqml_message *why)
{
    for (size_t k = 0; k < size; k++) {
        if (tuple[k] < 0 || tuple[k] >= natoms)
            return eqml__data_fail(why, EQML_ERROR_ARGUMENT, "tuple %zu has atom %d, but there are %d atoms",
                                   number, tuple[k], natoms);
        for (size_t j = 0; j < k; j++)
            if (tuple[j] == tuple[k])
                return eqml__data_fail(why, EQML_ERROR_ARGUMENT, "tuple %zu has atom %d twice", number,
                                       tuple[k]);
    }
    return EQML_OK;
}

static eqml_status eqml__check_switch(const eqml_basis *b, double inner, double cutoff, int centre,
                                      eqml_message *why)
{
    const bool switched = cutoff != 0 || inner != 0;
    if (b->is_term)
        return eqml__data_fail(why, EQML_ERROR_ARGUMENT, "its basis has factors that are not terms");
    if (switched && !(inner >= 0 && cutoff > inner && cutoff <= DBL_MAX))
        return eqml__data_fail(why, EQML_ERROR_ARGUMENT,
                               "the switch from %g to %g: the cutoff must be positive, and beyond the inner "
                               "radius, which must not be negative",
                               inner, cutoff);
    for (int k = 0; k < b->natoms && centre; k++)
        if (centre < 1 || centre > b->natoms ||
            (k != centre - 1 && b->atom_classes[k] == b->atom_classes[centre - 1]))
            return eqml__data_fail(why, EQML_ERROR_ARGUMENT,
                                   "the centre, %d, must be the number of an atom that is alone in its class",
                                   centre);
    return EQML_OK;
}

/* The tuples of a part: the caller's, checked, or all that the elements allow. */
static eqml_status eqml__set_tuples(eqml_component *c, const eqml_part *part, const char *symbols, int natoms,
                                    eqml_message *why)
{
    const size_t size = (size_t)part->basis->natoms;
    eqml__chooser choice = {part->basis, symbols, natoms, NULL, NULL, (size_t)part->ntuples};
    choice.chosen = (int *)eqml__zeroed(size, sizeof(int));
    if (!choice.chosen)
        return eqml__data_fail(why, EQML_ERROR_MEMORY, "no memory");
    if (!part->tuples) {
        choice.count = 0;
        eqml__choose(&choice, 0);
    }
    if (choice.count <= INT32_MAX)
        c->tuples = (int *)eqml__zeroed(eqml__times(choice.count, size), sizeof(int));
    c->ntuples = c->tuples ? (int)choice.count : 0;
    choice.tuples = c->tuples;
    if (!part->tuples && c->tuples) {
        choice.count = 0;
        eqml__choose(&choice, 0);
    }
    EQML_FREE(choice.chosen);
    if (!c->tuples)
        return eqml__data_fail(why, EQML_ERROR_MEMORY, "no memory for %zu tuples", choice.count);
    if (!c->ntuples)
        return eqml__data_fail(why, EQML_ERROR_MATCH, "no atoms of \"%s\" are those of the basis, \"%s\"",
                               symbols, part->basis->symbols);
    eqml_status status = EQML_OK;
    for (size_t t = 0; t < choice.count && part->tuples && !status; t++) {
        memcpy(c->tuples + t * size, part->tuples + t * size, size * sizeof(int));
        status = eqml__check_tuple(c->tuples + t * size, size, t, natoms, why);
    }
    return status;
}

static eqml_status eqml__add_component(eqml_component *c, const eqml_part *part, const char *symbols,
                                       int natoms, eqml_message *why)
{
    eqml_status status = eqml__check_switch(part->basis, part->inner, part->cutoff, part->centre, why);
    if (status)
        return status;
    if (part->ntuples < 0 || (part->ntuples > 0) != (part->tuples != NULL))
        return eqml__data_fail(why, EQML_ERROR_ARGUMENT, "%d tuples, but the list is %s", part->ntuples,
                               part->tuples ? "there" : "missing");
    status = eqml_surface_create(part->basis, part->variables, &c->surface);
    if (status)
        return eqml__data_fail(why, status, "the variables: %s", eqml_status_text(status));
    c->inner = part->inner;
    c->cutoff = part->cutoff;
    c->centre = part->centre;
    return eqml__set_tuples(c, part, symbols, natoms, why);
}

EQML_API eqml_status eqml_expansion_create(eqml_expansion *expansion, const char *symbols, int nparts,
                                           const eqml_part *parts, eqml_message *message)
{
    const eqml__span all = {symbols, symbols + strlen(symbols)};
    eqml_message why;
    eqml_status status = EQML_OK;
    memset(expansion, 0, sizeof *expansion);
    expansion->natoms = (int)eqml__count_words(all);
    if (nparts < 1 || expansion->natoms < 1) {
        eqml__say(message, "an expansion needs atoms and parts; there are %d and %d", expansion->natoms,
                  nparts);
        return EQML_ERROR_ARGUMENT;
    }
    expansion->components = (eqml_component *)eqml__zeroed((size_t)nparts, sizeof(eqml_component));
    if (!expansion->components)
        status = eqml__data_fail(&why, EQML_ERROR_MEMORY, "no memory");
    for (int k = 0; k < nparts && !status; k++) {
        expansion->ncomponents = k + 1;
        status = eqml__add_component(&expansion->components[k], &parts[k], symbols, expansion->natoms, &why);
    }
    if (status) {
        eqml__say(message, "part %d: %.400s", expansion->ncomponents - 1, why.text);
        eqml_expansion_free(expansion);
    }
    return status;
}

/* Working memory of the fit of an expansion. Of the fitter, `surface`, `coefficients` are not used. */
typedef struct eqml__expander {
    eqml_expansion *x;
    eqml__fitter fit;
    double
        *local;   /* [3][3 natoms of the largest basis] coordinates, gradient of the switch, a displacement */
    double *rows; /* [EQML_LANES][ncols] */
    double *solution;
    double *spread, *frozen; /* [ncomponents][npairs], see eqml__fitter */
    int *nfrozen;            /* [ncomponents] */
    int natoms, npairs;      /* of the largest basis */
    size_t ncols;
} eqml__expander;

/* The constant of a component without a switch is that of the expansion. */
static int eqml__skipped(const eqml_component *c)
{
    return c->cutoff > 0 || !eqml__is_term(c->surface.model.basis, 0) ? 0 : 1;
}

/* Brings tuple t of geometry g to w->local and its slots to w->fit.one. Returns the switch, or 0 where there
 * is nothing more to do; *pair: see eqml__pairs_one. */
static double eqml__tuple_slots(eqml__expander *w, const eqml_component *c, size_t g, int t, double **pair)
{
    const int natoms = c->surface.model.basis->natoms, *tuple = c->tuples + (size_t)t * (size_t)natoms;
    const double *xyz = w->fit.data->xyz + g * 3 * (size_t)w->x->natoms;
    const size_t k = (size_t)(c - w->x->components);
    for (int i = 0; i < 3 * natoms; i++)
        w->local[i] = xyz[3 * tuple[i / 3] + i % 3];
    const double s = eqml__switch(c, natoms, w->local, w->local + 3 * w->natoms);
    if (s > 0)
        *pair = eqml__model_slots(&c->surface.model, w->local,
                                  w->nfrozen[k] ? w->frozen + k * (size_t)w->npairs : NULL, w->fit.one);
    return s;
}

/* See eqml__find_frozen; over all tuples of component k. */
static void eqml__freeze_component(eqml__expander *w, size_t k)
{
    const eqml_component *c = &w->x->components[k];
    const eqml_basis *b = c->surface.model.basis;
    double *spread = w->spread + EQML__SPREAD * k * (size_t)w->npairs, *pair;
    w->nfrozen[k] = 0;
    eqml__clear_spread(b, spread);
    for (size_t g = 0; g < w->fit.data->n; g++)
        for (int t = 0; t < c->ntuples && eqml__trains(&w->fit, g); t++)
            if (eqml__tuple_slots(w, c, g, t, &pair) > 0)
                eqml__add_spread(b, w->local, w->fit.one, spread);
    w->nfrozen[k] = eqml__freeze(b, spread, w->frozen + k * (size_t)w->npairs);
}

/* See eqml__standardise. */
static void eqml__standardise_component(eqml__expander *w, eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const int levels = eqml__factor_levels(b, w->fit.level);
    double *pair;
    if (b->is_term)
        return;                                                         /* a shift would change the space */
    memset(c->surface.offset, 0, (size_t)b->nfactors * sizeof(double)); /* of an earlier fit */
    for (int level = 0; level <= levels; level++) {
        double count = 0;
        memset(w->fit.mean, 0, (size_t)b->nfactors * sizeof(double));
        for (size_t g = 0; g < w->fit.data->n; g++)
            for (int t = 0; t < c->ntuples && eqml__trains(&w->fit, g); t++) {
                if (!(eqml__tuple_slots(w, c, g, t, &pair) > 0))
                    continue;
                count++;
                for (int k = 1; k < b->nfactors; k++)
                    w->fit.mean[k] += w->fit.one[b->factor0 + k];
            }
        for (int k = 1; k < b->nfactors && count > 0; k++)
            if (w->fit.level[k] == level)
                c->surface.offset[k] = -w->fit.mean[k] / count;
    }
}

/* row += value * terms + slope * their derivatives, those of factor k being d[k EQML_LANES]. */
static void eqml__add_terms(const eqml_basis *b, const double *f, const double *d, double value, double slope,
                            int skip, double *row)
{
    for (size_t k = (size_t)skip; k < (size_t)b->nfactors; k++)
        if (eqml__is_term(b, k))
            *row++ += value * f[k] + slope * d[k * EQML_LANES];
    for (int r = 0; r < b->nruns; r++) {
        const size_t a = b->runs[r][0], first = b->runs[r][1];
        const double left = value * f[a] + slope * d[a * EQML_LANES], change = slope * f[a];
        for (size_t c = first; c < first + b->runs[r][2]; c++)
            *row++ += left * f[c] + change * d[c * EQML_LANES];
    }
}

/* Tangents along lanes of displacements q[first ..] of the molecule, and those of the switch. */
static void eqml__seed_tuple(eqml__expander *w, const eqml_component *c, const int *tuple, const double *pair,
                             int first, double *along)
{
    const eqml_basis *b = c->surface.model.basis;
    const int stride = EQML_ROUND(b->npairs), n = 3 * w->x->natoms;
    const double *slope = w->local + 3 * w->natoms;
    double *v = w->local + 6 * w->natoms, *tangent = (double *)w->fit.tangents;
    for (int lane = 0; lane < EQML_LANES; lane++) {
        const double *q = w->fit.directions + (first + lane) * n;
        along[lane] = 0;
        for (int k = 0; k < 3 * b->natoms; k++) {
            v[k] = first + lane < n ? q[3 * tuple[k / 3] + k % 3] : 0;
            along[lane] += v[k] * slope[k];
        }
        for (int p = 0; p < b->npairs; p++) {
            const double *i = v + 3 * b->pairs[p][0], *j = v + 3 * b->pairs[p][1];
            double stretch = 0;
            for (int k = 0; k < 3; k++)
                stretch += (i[k] - j[k]) * pair[k * stride + p];
            tangent[p * EQML_LANES + lane] = stretch * pair[3 * stride + p] * pair[4 * stride + p];
        }
    }
}

/* Rows of geometry g: its energy (first < 0), or its derivatives along the displacements first, ... */
static void eqml__expansion_rows(eqml__expander *w, size_t g, int first)
{
    double along[EQML_LANES], *pair = NULL;
    size_t column = 1;
    memset(w->rows, 0, EQML_LANES * w->ncols * sizeof(double));
    w->rows[0] = first < 0;
    for (int k = 0; k < w->x->ncomponents; k++) {
        const eqml_component *c = &w->x->components[k];
        const eqml_basis *b = c->surface.model.basis;
        const double *f = w->fit.one + b->factor0, *d = (const double *)(w->fit.tangents + b->factor0);
        const int skip = eqml__skipped(c);
        for (int t = 0; t < c->ntuples; t++) {
            const double s = eqml__tuple_slots(w, c, g, t, &pair);
            if (!(s > 0))
                continue;
            if (first < 0) {
                memset(w->fit.tangents, 0, sizeof(eqml_lanes) * (size_t)b->nslots);
                eqml__add_terms(b, f, d, s, 0, skip, w->rows + column);
                continue;
            }
            eqml__seed_tuple(w, c, c->tuples + (size_t)t * (size_t)b->natoms, pair, first, along);
            eqml__tangent_forward(b, b->noperations, w->fit.one, w->fit.tangents);
            for (int lane = 0; lane < EQML_LANES && first + lane < 3 * w->x->natoms; lane++)
                eqml__add_terms(b, f, d + lane, along[lane], s, skip,
                                w->rows + (size_t)lane * w->ncols + column);
        }
        column += (size_t)(b->nterms - skip);
    }
}

/* As eqml__energy_scales, for each component with constant pairs. */
static void eqml__expansion_scales(eqml__expander *w)
{
    double *least = w->fit.lsq->least + 1;
    for (int k = 0; k < w->x->ncomponents; k++) {
        const eqml_component *c = &w->x->components[k];
        const eqml_basis *b = c->surface.model.basis;
        const int skip = eqml__skipped(c);
        if (w->nfrozen[k]) {
            eqml__slot_sizes(&c->surface.model, w->spread + EQML__SPREAD * (size_t)(k * w->npairs),
                             w->fit.one);
            memset(w->fit.tangents, 0, sizeof(eqml_lanes) * (size_t)b->nslots);
            eqml__add_terms(b, w->fit.one + b->factor0, (const double *)(w->fit.tangents + b->factor0),
                            EQML__LEAST * c->ntuples * sqrt(w->fit.squares), 0, skip, least);
            w->fit.lsq->tolerance = EQML__NOISE;
        }
        least += b->nterms - skip;
    }
}

static eqml_status eqml__push_row(eqml__expander *w, const double *from, double weight, double value)
{
    double *row = eqml_lsq_row(w->fit.lsq);
    for (size_t k = 0; k < w->ncols; k++)
        row[k] = weight * from[k];
    row[w->ncols] = weight * value;
    return eqml_lsq_add(w->fit.lsq);
}

static eqml_status eqml__expansion_gradient(eqml__expander *w, size_t g, double weight)
{
    const int n = 3 * w->x->natoms;
    eqml_status status = EQML_OK;
    int external;
    eqml__displacements(w->fit.data->xyz + g * (size_t)n, w->x->natoms, w->fit.directions, &external);
    for (int first = external; first < n && !status; first += EQML_LANES) {
        eqml__expansion_rows(w, g, first);
        for (int lane = 0; lane < EQML_LANES && first + lane < n && !status; lane++) {
            double along = 0;
            for (int k = 0; k < n; k++)
                along +=
                    w->fit.directions[(first + lane) * n + k] * w->fit.gradient[g * (size_t)n + (size_t)k];
            status = eqml__push_row(w, w->rows + (size_t)lane * w->ncols, weight, along);
        }
    }
    return status;
}

static eqml_status eqml__fit_expansion(eqml__expander *w, eqml_fit_result *result)
{
    const eqml_fit_options *o = w->fit.options;
    const eqml_data *data = w->fit.data;
    const double ratio = o->gradient_weight > 0 ? o->gradient_weight : 1;
    eqml_lsq_options solve = {0, o->ridge, 1};
    eqml_lsq_result solved;
    eqml_status status = EQML_OK;
    for (int k = 0; k < w->x->ncomponents; k++) {
        eqml__freeze_component(w, (size_t)k);
        eqml__standardise_component(w, &w->x->components[k]);
        result->constant_pairs +=
            eqml__constant_classes(w->x->components[k].surface.model.basis, w->frozen + k * w->npairs);
    }
    w->fit.squares = eqml__squared_weights(&w->fit);
    eqml__expansion_scales(w);
    for (size_t g = 0; g < data->n && !status; g++) {
        if (!eqml__trains(&w->fit, g))
            continue;
        const double weight = eqml__row_weight(&w->fit, g);
        eqml__expansion_rows(w, g, -1);
        status = eqml__push_row(w, w->rows, weight, w->fit.energy[g] - w->fit.shift);
        if (!status && !o->energies_only && (data->has[g] & EQML_HAS_GRADIENT))
            status = eqml__expansion_gradient(w, g, weight * sqrt(ratio));
        result->geometries++;
        if (o->progress)
            o->progress(o->context, result->geometries, w->fit.count);
    }
    if (!status)
        status = eqml_lsq_solve(w->fit.lsq, &solve, w->solution, &solved);
    if (status)
        return status;
    result->rows = solved.rows;
    result->terms = (int)w->ncols;
    result->rank = solved.rank;
    result->condition = solved.condition;
    return EQML_OK;
}

static void eqml__set_expansion(eqml__expander *w)
{
    double *from = w->solution + 1, *terms = w->rows; /* done with */
    w->x->constant = w->solution[0] + w->fit.shift;
    for (int k = 0; k < w->x->ncomponents; k++) {
        eqml_component *c = &w->x->components[k];
        const size_t skip = (size_t)eqml__skipped(c), count = (size_t)c->surface.model.basis->nterms - skip;
        terms[0] = 0;
        memcpy(terms + skip, from, count * sizeof(double));
        eqml_surface_set(&c->surface, terms);
        from += count;
    }
}

/* Room for the largest component. Vectors are aligned by hand: *tangents is what to free. */
static eqml_status eqml__expander_create(eqml__expander *w, void **tangents)
{
    const size_t n = 3 * (size_t)w->x->natoms, vector = sizeof(eqml_lanes);
    size_t one = 0, slots = 0, factors = 0;
    w->ncols = 1;
    for (int k = 0; k < w->x->ncomponents; k++) {
        const eqml_component *c = &w->x->components[k];
        const eqml_basis *b = c->surface.model.basis;
        const size_t need = eqml__most_work(b);
        one = need > one ? need : one;
        slots = (size_t)b->nslots > slots ? (size_t)b->nslots : slots;
        factors = (size_t)b->nfactors > factors ? (size_t)b->nfactors : factors;
        w->natoms = b->natoms > w->natoms ? b->natoms : w->natoms;
        w->npairs = b->npairs > w->npairs ? b->npairs : w->npairs;
        w->ncols += (size_t)(b->nterms - eqml__skipped(c));
    }
    *tangents = eqml__zeroed(slots + 1, vector);
    w->fit.tangents = (eqml_lanes *)(((uintptr_t)*tangents + vector - 1) / vector * vector);
    w->fit.one = (double *)eqml__zeroed(one, sizeof(double));
    w->fit.directions = (double *)eqml__zeroed(eqml__times(n, n), sizeof(double));
    w->fit.mean = (double *)eqml__zeroed(factors, sizeof(double));
    w->fit.level = (int *)eqml__zeroed(factors, sizeof(int));
    w->local = (double *)eqml__zeroed(9 * (size_t)w->natoms, sizeof(double));
    const size_t pairs = (size_t)w->x->ncomponents * (size_t)w->npairs;
    w->spread = (double *)eqml__zeroed(EQML__SPREAD * pairs, sizeof(double));
    w->frozen = (double *)eqml__zeroed(pairs, sizeof(double));
    w->nfrozen = (int *)eqml__zeroed((size_t)w->x->ncomponents, sizeof(int));
    w->rows = (double *)eqml__zeroed(EQML_LANES * w->ncols + 1, sizeof(double));
    w->solution = (double *)eqml__zeroed(w->ncols, sizeof(double));
    if (!*tangents || !w->fit.one || !w->fit.directions || !w->fit.mean || !w->fit.level || !w->local ||
        !w->rows || !w->solution || !w->spread || !w->frozen || !w->nfrozen || w->ncols > INT32_MAX)
        return EQML_ERROR_MEMORY;
    return eqml__lsq_start(&w->fit.lsq, (int)w->ncols, 1, w->fit.options->ridge > 0);
}

EQML_API eqml_status eqml_expansion_fit(eqml_expansion *expansion, const eqml_data *data,
                                        const eqml_fit_options *options, eqml_fit_result *result,
                                        eqml_message *message)
{
    static const eqml_fit_options defaults = {0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL};
    eqml_fit_result found;
    eqml__expander w;
    void *tangents = NULL;
    double *difference = NULL;
    memset(&found, 0, sizeof found);
    memset(&w, 0, sizeof w);
    w.x = expansion;
    w.fit.data = data;
    w.fit.options = options ? options : &defaults;
    w.fit.wanted = EQML_HAS_ENERGY;
    eqml_status status = eqml__check_fit(&w.fit, expansion->natoms, "of the expansion", "an energy", message);
    if (status)
        return status;
    status = eqml__expander_create(&w, &tangents);
    if (!status)
        status = eqml__set_targets(&w.fit, &difference);
    if (!status)
        status = eqml__fit_expansion(&w, &found);
    if (!status) {
        eqml__set_expansion(&w);
        if (result)
            *result = found;
    } else {
        eqml__say(message, "the fit failed: %s", eqml_status_text(status));
    }
    eqml_lsq_free(w.fit.lsq);
    EQML_FREE(difference);
    EQML_FREE(tangents);
    EQML_FREE(w.fit.one);
    EQML_FREE(w.fit.directions);
    EQML_FREE(w.fit.mean);
    EQML_FREE(w.fit.level);
    EQML_FREE(w.local);
    EQML_FREE(w.spread);
    EQML_FREE(w.frozen);
    EQML_FREE(w.nfrozen);
    EQML_FREE(w.rows);
    EQML_FREE(w.solution);
    return status;
}

typedef struct eqml__expanded {
    const eqml_expansion *expansion;
    double *work;
} eqml__expanded;

static double eqml__expand(void *context, const double *xyz, double *gradient)
{
    const eqml__expanded *e = (const eqml__expanded *)context;
    return eqml_expansion_energy_gradient(e->expansion, xyz, gradient, e->work);
}

EQML_API eqml_status eqml_expansion_errors(const eqml_expansion *expansion, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors)
{
    eqml__expanded e = {expansion, NULL};
    double *work = (double *)eqml__zeroed(eqml_expansion_work(expansion) + 8, sizeof(double));
    memset(errors, 0, sizeof *errors);
    if (!work)
        return EQML_ERROR_MEMORY;
    e.work = (double *)(((uintptr_t)work + 63) / 64 * 64);
    const eqml_status status = eqml_potential_errors(eqml__expand, &e, data, use, errors);
    EQML_FREE(work);
    return status;
}

EQML_API eqml_status eqml_expansion_write(const eqml_expansion *expansion, const char *path,
                                          eqml_message *message)
{
    eqml__output out;
    eqml_status status = eqml__check_numbers(path, "constant", 1, &expansion->constant, DBL_MAX, message);
    for (int k = 0; k < expansion->ncomponents && !status; k++)
        status = eqml__check_writable(&expansion->components[k].surface, path, DBL_MAX, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    fprintf(out.file, "eqml-expansion 1 %d %d\nconstant %s\n", expansion->natoms, expansion->ncomponents,
            eqml__hexadecimal(expansion->constant).text);
    for (int k = 0; k < expansion->ncomponents && !status; k++) {
        const eqml_component *c = &expansion->components[k];
        const size_t natoms = (size_t)c->surface.model.basis->natoms;
        fprintf(out.file, "component %d %zu %d\n", c->ntuples, natoms, c->centre);
        fprintf(out.file, "inner %s\ncutoff %s\n", eqml__hexadecimal(c->inner).text,
                eqml__hexadecimal(c->cutoff).text);
        for (size_t t = 0; t < (size_t)c->ntuples * natoms; t++)
            fprintf(out.file, "%s %d%s", t % natoms ? "" : "tuple", c->tuples[t],
                    (t + 1) % natoms ? "" : "\n");
        status = eqml__put_pes(out.file, &c->surface);
    }
    if (status)
        eqml__no_memory(path, message);
    fprintf(out.file, "end\n");
    return eqml__close_output(&out, status, message);
}

/* Whole numbers from text on; 0 where one of them is missing or out of range. */
static int eqml__parse_integers(char **text, int count, long least, long most, int *number)
{
    for (int k = 0; k < count; k++) {
        char *end;
        const long value = strtol(*text, &end, 10);
        if (end == *text || value < least || value > most)
            return 0;
        number[k] = (int)value;
        *text = end;
    }
    return 1;
}

/* Refuses the line for what a check of the caller's arguments says. */
static eqml_status eqml__refuse_line(const eqml__input *in, const eqml_message *why)
{
    eqml__say(in->message, "%s:%d: %.400s", in->path, in->line, why->text);
    return EQML_ERROR_VALUE;
}

/* The tuples of a component; room grows with the lines that there are, whatever number the file promised. */
static eqml_status eqml__read_tuples(eqml__input *in, int count, size_t size, int natoms, eqml_component *c)
{
    eqml_message why;
    size_t room = 0;
    for (; c->ntuples < count; c->ntuples++) {
        const size_t t = (size_t)c->ntuples;
        char *rest;
        eqml_status status = eqml__pes_line(in, "tuple", &rest);
        if (status)
            return status;
        if (t == room) {
            room = room ? eqml__times(room, 2) : 16;
            int *larger = (int *)eqml__zeroed(eqml__times(room, size), sizeof(int));
            if (!larger)
                return EQML_ERROR_MEMORY;
            if (t)
                memcpy(larger, c->tuples, t * size * sizeof(int));
            EQML_FREE(c->tuples);
            c->tuples = larger;
        }
        if (!eqml__parse_integers(&rest, (int)size, 0, natoms - 1, c->tuples + t * size) || *rest)
            return eqml__bad_line(in, EQML_ERROR_VALUE, "the atoms of a tuple");
        if (eqml__check_tuple(c->tuples + t * size, size, t, natoms, &why))
            return eqml__refuse_line(in, &why);
    }
    return EQML_OK;
}

static eqml_status eqml__read_component(eqml__input *in, const eqml_basis *b, int natoms, eqml_component *c)
{
    char *rest;
    int size[2];
    eqml_message why;
    eqml_status status = eqml__pes_line(in, "component", &rest);
    if (status)
        return status;
    if (!eqml__parse_integers(&rest, 2, 1, INT32_MAX / 4, size) || size[1] != b->natoms)
        return eqml__bad_line(in, EQML_ERROR_MATCH, "the number of tuples, and the atoms of the basis");
    if (!eqml__parse_integers(&rest, 1, 0, b->natoms, &c->centre) || *rest)
        return eqml__bad_line(in, EQML_ERROR_VALUE, "the number of the centre");
    status = eqml__read_numbers(in, "inner", 1, &c->inner);
    if (!status)
        status = eqml__read_numbers(in, "cutoff", 1, &c->cutoff);
    if (status)
        return status;
    if (eqml__check_switch(b, c->inner, c->cutoff, c->centre, &why))
        return eqml__refuse_line(in, &why);
    status = eqml__read_tuples(in, size[0], (size_t)b->natoms, natoms, c);
    return status ? status : eqml__read_surface(in, b, &c->surface);
}

static eqml_status eqml__read_expansion(eqml__input *in, int nbases, const eqml_basis *const *bases,
                                        eqml_expansion *x)
{
    char *rest;
    int header[3];
    eqml_status status = eqml__pes_line(in, "eqml-expansion", &rest);
    if (status)
        return status;
    if (!eqml__parse_integers(&rest, 3, 1, INT32_MAX / 4, header) || *rest || header[0] != 1)
        return eqml__bad_line(in, EQML_ERROR_FORMAT, "version 1, atoms and components");
    if (header[2] != nbases)
        return eqml__bad_line(in, EQML_ERROR_MATCH, "as many components as there are bases");
    x->natoms = header[1];
    x->components = (eqml_component *)eqml__zeroed((size_t)nbases, sizeof(eqml_component));
    if (!x->components)
        return EQML_ERROR_MEMORY;
    x->ncomponents = nbases;
    status = eqml__read_numbers(in, "constant", 1, &x->constant);
    for (int k = 0; k < nbases && !status; k++)
        status = eqml__read_component(in, bases[k], x->natoms, &x->components[k]);
    return status ? status : eqml__pes_line(in, "end", &rest);
}

EQML_API eqml_status eqml_expansion_read(eqml_expansion *expansion, const char *path, int nbases,
                                         const eqml_basis *const *bases, eqml_message *message)
{
    eqml__input in;
    memset(expansion, 0, sizeof *expansion);
    eqml_status status = eqml__open_input(&in, path, message);
    if (status)
        return status;
    status = eqml__close_input(&in, eqml__read_expansion(&in, nbases, bases, expansion));
    if (status)
        eqml_expansion_free(expansion);
    return status;
}

#endif /* EQML__EXPANSION_C */
