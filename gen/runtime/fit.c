/* Fits: from data to coefficients. */
#ifndef EQML__FIT_C
#define EQML__FIT_C
#include "fit.h"
#include "checkpoint.c"
#include "expansion.h"
#include "fitter.c"
#include "rows.c"
#include "shifts.c"
#include "status.c"
#include "team.c"
#include "tensor_rows.c"

static const eqml_fit_options eqml__fit_defaults = {0,    0,    0,    0,    NULL, NULL, NULL,
                                                    NULL, NULL, NULL, NULL, 0,    NULL, NULL};

/* The triangle of a fit of energies, for who wants to keep it. */
typedef struct eqml__triangle {
    eqml_lsq *lsq; /* all rows, folded; owned */
    double shift;  /* what was subtracted from the energies, hartree */
} eqml__triangle;

/* Finds the number of training geometries, their lowest energy and their weights. */
static void eqml__survey_data(eqml__fitter *w)
{
    size_t energies = 0;
    for (size_t g = 0; g < w->data->n; g++) {
        if (!eqml__trains(w, g))
            continue;
        w->count++;
        if ((w->data->has[g] & EQML_HAS_ENERGY) && (energies++ == 0 || w->data->energy[g] < w->lowest))
            w->lowest = w->data->energy[g];
    }
    for (size_t g = 0; g < w->data->n; g++)
        if (eqml__trains(w, g))
            w->squares += eqml__row_weight(w, g) * eqml__row_weight(w, g);
}

/* Whether column 0 is a constant. */
static bool eqml__constant_first(const eqml__fitter *w)
{
    return w->has_constant || eqml__is_term(w->components->surface.model.basis, 0);
}

/* Sets the energies and gradients that are fitted: the data, or their difference to the reference. */
static eqml_status eqml__set_targets(eqml__fitter *w)
{
    const eqml_data *d = w->data;
    const eqml_fit_options *o = w->options;
    const size_t size = 3 * (size_t)d->natoms;
    w->energy = d->energy;
    w->gradient = d->gradient;
    w->shift = HUGE_VAL;
    if (o->reference) {
        w->difference = (double *)eqml__zeroed(eqml__times(d->n, size + 1), sizeof(double));
        if (!w->difference)
            return EQML_ERROR_MEMORY;
        w->energy = w->difference;
        w->gradient = w->difference + d->n;
    }
    for (size_t g = 0; g < d->n; g++) {
        if (!eqml__is_offered(w, g))
            continue;
        if (o->reference) {
            double *gradient = w->difference + d->n + g * size;
            w->difference[g] = d->energy[g] - o->reference(o->reference_context, d->xyz + g * size, gradient);
            for (size_t k = 0; k < size; k++)
                gradient[k] = (d->gradient ? d->gradient[g * size + k] : 0) - gradient[k];
        }
        if (eqml__trains(w, g))
            w->shift = fmin(w->shift, w->energy[g]);
    }
    if (!eqml__constant_first(w)) /* no constant could take the shift up */
        w->shift = 0;
    return EQML_OK;
}

/* Passes the next training geometry: whether its rows are for this process. */
static bool eqml__takes(eqml__fitter *w, size_t g)
{
    const eqml_team *team = w->options->team;
    const bool takes = !team || w->done % (size_t)team->size == (size_t)team->rank;
    if (eqml__fits_energies(w))
        eqml__pass_geometry(w, g);
    else
        w->done++;
    return takes;
}

/* Adds the rows of this process, until so many training geometries are done. */
static eqml_status eqml__add_rows(eqml__fitter *w, size_t stop, eqml_message *message)
{
    const eqml_fit_options *o = w->options;
    const bool energies = eqml__fits_energies(w);
    eqml_status status = EQML_OK;
    while (w->first < w->data->n && w->done < stop && !status) {
        size_t count = 0;
        for (; w->first < w->data->n && w->done < stop && count < w->batch; w->first++)
            if (eqml__trains(w, w->first) && eqml__takes(w, w->first))
                w->chosen[count++] = w->first;
        if (count == 0)
            break;
        status = energies ? eqml__add_energy_rows(w, count) : eqml__tensor_rows(w, w->chosen[0]);
        if (!status && energies && !o->team && eqml__is_checkpoint_due(w))
            status = eqml__keep_checkpoint(w, time(NULL), message);
        if (!status && energies && o->progress)
            o->progress(o->context, w->done, w->count);
    }
    return status;
}

/* What solves in the place of the triangle, or NULL. */
static const eqml_solver *eqml__solver(const eqml__fitter *w)
{
    return eqml__fits_energies(w) ? w->options->solver : NULL;
}

static eqml_status eqml__solve(eqml__fitter *w, eqml_fit_result *result, eqml_message *message)
{
    const eqml_solver *solver = eqml__solver(w);
    const bool energies = eqml__fits_energies(w);
    const eqml_lsq_options o = {0, w->options->ridge, energies && eqml__constant_first(w)};
    eqml_lsq_result solved;
    const eqml_status status = solver ? solver->solve(solver->context, &o, w->solution, &solved, message)
                                      : eqml_lsq_solve(w->lsq, &o, w->solution, &solved);
    w->explained = status && solver;
    if (status)
        return status;
    result->rows = solved.rows;
    result->terms = w->ncols;
    result->rank = solved.rank;
    result->condition = solved.condition;
    if (energies)
        w->solution[0] += w->shift;
    return EQML_OK;
}

/* Gives each component its coefficients. */
static void eqml__set_components(eqml__fitter *w)
{
    const double *from = w->solution + w->has_constant;
    double *terms = w->rows; /* done with */
    if (!eqml__fits_energies(w))
        eqml_surface_set_tensor(&w->components->surface, w->kind, w->solution);
    for (int k = 0; k < w->ncomponents && eqml__fits_energies(w); k++) {
        eqml_component *c = &w->components[k];
        const size_t skip = (size_t)eqml__skipped(w, c), count = (size_t)eqml__fitted_terms(w, c);
        terms[0] = 0;
        memcpy(terms + skip, from, count * sizeof(double));
        eqml_surface_set(&c->surface, terms);
        from += count;
    }
}

/* The shortest and the longest distance of each class of pairs in the training data, bohr. */
static void eqml__set_ranges(const eqml__fitter *w, eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const eqml__seen *seen = w->seen + (c - w->components) * w->npairs;
    double *ranges = c->surface.ranges;
    for (int k = 0; k < b->npair_classes; k++)
        ranges[2 * k] = HUGE_VAL, ranges[2 * k + 1] = 0;
    for (int p = 0; p < b->npairs; p++) {
        double *range = ranges + 2 * b->pair_classes[p];
        range[0] = fmin(range[0], seen[p].shortest);
        range[1] = fmax(range[1], seen[p].longest);
    }
    for (int k = 0; k < b->npair_classes; k++) /* a class without pairs */
        ranges[2 * k] = ranges[2 * k] < HUGE_VAL ? ranges[2 * k] : 0;
}

/* Finds the ranges of distances, and which pairs are constant. Ranges are those of the energies, where there are such. */
static void eqml__find_pairs(eqml__fitter *w)
{
    for (int k = 0; k < w->ncomponents; k++) {
        eqml__find_frozen(w, &w->components[k]);
        if (eqml__fits_energies(w) || !eqml__knows_ranges(&w->components[k].surface))
            eqml__set_ranges(w, &w->components[k]);
    }
}

/* Centres of variables and shifts of factors. */
static void eqml__shift_components(eqml__fitter *w)
{
    for (int k = 0; k < w->ncomponents; k++) {
        eqml__centre_variables(w, &w->components[k]);
        eqml__shift_factors(w, &w->components[k]);
    }
}

/* Whether this process solves, and keeps the checkpoint. */
static bool eqml__leads(const eqml__fitter *w)
{
    return !w->options->team || w->options->team->rank == 0;
}

/* Sets what the rows rest on: centres, shifts, scales of columns; from the checkpoint, where there is one. */
static eqml_status eqml__prepare(eqml__fitter *w, eqml_fit_result *result, eqml_message *message)
{
    bool resumed = false;
    eqml_status status = EQML_OK;
    eqml__find_pairs(w);
    for (int k = 0; k < w->ncomponents; k++)
        result->constant_pairs +=
            eqml__constant_classes(w->components[k].surface.model.basis, w->frozen + k * w->npairs);
    if (eqml__fits_energies(w) && eqml__leads(w))
        status = eqml__begin_checkpoint(w, &resumed, message);
    result->resumed = w->done;
    if (status || resumed || !eqml__leads(w))
        return status;
    eqml__shift_components(w);
    if (eqml__solver(w))
        return EQML_OK;
    if (eqml__fits_energies(w))
        eqml__set_energy_scales(w);
    else
        eqml__set_tensor_scales(w);
    return EQML_OK;
}

/* Rows of energies and gradients that are held before they are folded. Those of tensors are not. */
static size_t eqml__rows_held(int natoms, const eqml_fit_options *options)
{
    return eqml__batch_size(natoms, options) * eqml__rows_per_geometry(natoms, options);
}

/* Bytes of what grows with the terms. */
static size_t eqml__fit_bytes(int terms, size_t rows, const eqml_fit_options *options)
{
    return eqml_lsq_memory(terms, 1, options && options->ridge > 0) +
           rows * ((size_t)terms + 1) * sizeof(double);
}

/* What is fitted, in words. */
static const char *eqml__what(const eqml__fitter *w)
{
    static const char *const what[] = {"a dipole", "a quadrupole", "a polarizability", "an energy"};
    return what[w->kind];
}

/* Says why a fit failed. */
static eqml_status eqml__explain_failure(const eqml__fitter *w, eqml_status status, eqml_message *message)
{
    const char *what = eqml__what(w);
    const size_t rows = eqml__fits_energies(w) ? eqml__rows_held(w->natoms, w->options) : 0;
    if (w->explained)
        return status;
    if (w->without_dipole)
        return eqml__fail(
            message, status,
            "geometry %zu has a quadrupole about the origin, away from the centre of its smallest class of "
            "atoms, and no dipole to move it there; give the dipole, or put that centre at the origin",
            w->without_dipole);
    if (status == EQML_ERROR_MEMORY)
        return eqml__fail(message, status,
                          "the fit of %s takes %.2f GB of memory for its %d terms, which could not be had",
                          what, 1e-9 * (double)eqml__fit_bytes(w->ncols, rows, w->options), w->ncols);
    return eqml__fail(message, status, "the fit of %s failed: %s", what, eqml_status_text(status));
}

/* ---- several processes ---------------------------------------------------------------------------------- */

/* Where there are several processes: fails with the first of them that has, and with its words. */
static eqml_status eqml__fit_agree(eqml__fitter *w, eqml_status status, eqml_message *message)
{
    if (!w->options->team)
        return status;
    if (status)
        eqml__explain_failure(w, status, message);
    status = eqml__agree(w->options->team, status, w->ncols, 1, message);
    w->explained = status != EQML_OK;
    return status;
}

/* What the fit is asked, and its data. */
static uint64_t eqml__digest_fit(const eqml__fitter *w)
{
    const size_t size = 3 * (size_t)w->natoms, parts = (size_t)EQML_COMPONENTS(w->kind);
    eqml__fitter all = *w;
    all.passed = eqml__digest(eqml__fit_key(w), &w->options->ridge, sizeof(double));
    all.passed = eqml__digest_int(all.passed, w->options->checkpoint != NULL);
    for (size_t g = 0; g < w->data->n; g++) {
        if (!eqml__trains(w, g))
            continue;
        if (eqml__fits_energies(w)) {
            eqml__pass_geometry(&all, g);
            continue;
        }
        all.passed = eqml__digest(all.passed, w->data->xyz + g * size, size * sizeof(double));
        all.passed = eqml__digest(all.passed, w->data->tensors[w->kind] + g * parts, parts * sizeof(double));
    }
    return all.passed;
}

/* What rank 0 found before the rows, and these rest on, to all; which must have been asked the same. */
static eqml_status eqml__share_notes(eqml__fitter *w, uint64_t digest, eqml_message *message)
{
    const eqml_team *team = w->options->team;
    const size_t count = eqml__count_notes(w);
    uint64_t *notes = (uint64_t *)eqml__zeroed(count + 1, sizeof(uint64_t));
    eqml_status status = eqml__fit_agree(w, notes ? EQML_OK : EQML_ERROR_MEMORY, message);
    if (!status && team->rank == 0) {
        eqml__pass_notes(w, notes, false);
        notes[count] = digest;
    }
    if (!status)
        status = eqml__broadcast(team, notes, (count + 1) * sizeof(uint64_t), message);
    if (!status && notes[count] != digest)
        status = eqml__fail(message, EQML_ERROR_MATCH, "its data or options are not those of rank 0");
    if (!status && team->rank) {
        w->passed = 1;
        if (eqml__fits_energies(w))
            status = eqml__follow_data(w, notes, message);
        eqml__pass_notes(w, notes, true);
    }
    EQML_FREE(notes);
    w->explained = status != EQML_OK;
    return eqml__fit_agree(w, status, message);
}

/* The solution of rank 0 to all. */
static eqml_status eqml__share_solution(eqml__fitter *w, eqml_fit_result *result, eqml_message *message)
{
    const eqml_team *team = w->options->team;
    eqml_status status = eqml__broadcast(team, result, sizeof *result, message);
    if (!status)
        status = eqml__broadcast(team, w->solution, (size_t)w->ncols * sizeof(double), message);
    w->explained = status != EQML_OK;
    return status;
}

/* ---- the driver ----------------------------------------------------------------------------------------- */

/* Takes all memory, and sets what is fitted. Who does not solve needs no room for it. */
static eqml_status eqml__begin_fit(eqml__fitter *w)
{
    const eqml_solver *solver = eqml__solver(w);
    eqml_status status = eqml__fitter_create(w);
    if (!status && solver)
        status = solver->begin(solver->context, w->ncols);
    else if (!status)
        status = eqml__leads(w) ? eqml__lsq_start(&w->lsq, w->ncols, 1, w->options->ridge > 0)
                                : eqml__lsq_open(&w->lsq, w->ncols, 1);
    return !status && eqml__fits_energies(w) ? eqml__set_targets(w) : status;
}

/* Puts the rows of all processes into the system of rank 0. */
static eqml_status eqml__gather_rows(eqml__fitter *w, eqml_message *message)
{
    const eqml_status status = eqml_lsq_gather(w->options->team, w->lsq, message);
    w->explained = status != EQML_OK;
    return status;
}

/* Where it is time for a checkpoint, by the clock of rank 0, which then has all rows so far and writes it. */
static eqml_status eqml__keep_together(eqml__fitter *w, eqml_message *message)
{
    const time_t start = time(NULL);
    int due = eqml__leads(w) && eqml__is_checkpoint_due(w);
    eqml_status status = eqml__broadcast(w->options->team, &due, sizeof due, message);
    w->explained = status != EQML_OK;
    if (!status && due)
        status = eqml__gather_rows(w, message);
    if (status || !due)
        return status;
    if (eqml__leads(w))
        status = eqml__keep_checkpoint(w, start, message);
    else
        eqml__lsq_empty(w->lsq);
    return eqml__fit_agree(w, status, message);
}

/*
 * Makes the rows, and gathers those of all processes. With a checkpoint these meet after each hundredth of the geometries,
 * or so, to write it.
 */
static eqml_status eqml__fold_rows(eqml__fitter *w, eqml_message *message)
{
    const eqml_team *team = w->options->team;
    if (eqml__solver(w) || !team) /* a solver waits for the rows of others: none of them may wait elsewhere */
        return eqml__add_rows(w, SIZE_MAX, message);
    const bool keeps = w->options->checkpoint && eqml__fits_energies(w);
    const size_t batches = (size_t)team->size * w->batch, part = w->count / 100 + batches;
    eqml_status status = EQML_OK;
    while (keeps && w->count - w->done > part && !status) {
        status = eqml__fit_agree(w, eqml__add_rows(w, w->done + part, message), message);
        if (!status)
            status = eqml__keep_together(w, message);
    }
    if (!status)
        status = eqml__fit_agree(w, eqml__add_rows(w, SIZE_MAX, message), message);
    return status ? status : eqml__gather_rows(w, message);
}

static eqml_status eqml__run_fit(eqml__fitter *w, eqml_fit_result *result, eqml_message *message)
{
    eqml_status status = eqml__fit_agree(w, eqml__begin_fit(w), message);
    const uint64_t digest = !status && w->options->team ? eqml__digest_fit(w) : 0;
    if (!status)
        status = eqml__fit_agree(w, eqml__prepare(w, result, message), message);
    if (!status && w->options->team)
        status = eqml__share_notes(w, digest, message);
    if (!status)
        status = eqml__fold_rows(w, message);
    if (status)
        return status;
    if (eqml__leads(w) || eqml__solver(w)) {
        if (eqml__fits_energies(w) && w->done > result->resumed)
            status = eqml__keep_checkpoint(w, time(NULL), message);
        if (!status)
            status = eqml__solve(w, result, message);
        result->geometries = w->count;
    }
    status = eqml__fit_agree(w, status, message);
    if (!status && w->options->team)
        status = eqml__share_solution(w, result, message);
    if (!status)
        eqml__set_components(w);
    return status;
}

/* What all fits refuse; `over` names the basis or the expansion. */
static eqml_status eqml__check_fit(eqml__fitter *w, const char *over, eqml_message *message)
{
    const eqml_fit_options *o = w->options;
    if (w->data->natoms != w->natoms)
        return eqml__fail(message, EQML_ERROR_MATCH, "the data have %d atoms, the %s has %d", w->data->natoms,
                          over, w->natoms);
    if (!(o->gradient_weight >= 0) || !(o->ridge >= 0) || !(o->energy_weight >= 0))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "weights and ridge must not be negative");
    for (size_t g = 0; g < w->data->n && o->weights; g++)
        if (!(o->weights[g] >= 0) || !(o->weights[g] <= DBL_MAX))
            return eqml__fail(message, EQML_ERROR_ARGUMENT,
                              "the weight of geometry %zu is %g: expected a finite number, at least 0", g + 1,
                              o->weights[g]);
    if (eqml__solver(w) && o->checkpoint)
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "%s: a fit without a triangle of its own keeps no checkpoint", o->checkpoint);
    eqml__survey_data(w);
    if (w->count == 0)
        return eqml__fail(message, EQML_ERROR_EMPTY, "no geometry with %s to train on", eqml__what(w));
    return EQML_OK;
}

/*
 * Fits what *w asks for and frees the rest of it. On success *result, which may be NULL, is written, and
 * `constant`, unless NULL, receives the constant of the sum and `triangle`, unless NULL, the triangle.
 */
static eqml_status eqml__fit(eqml__fitter *w, const char *over, double *constant, eqml__triangle *triangle,
                             eqml_fit_result *result, eqml_message *message)
{
    eqml_fit_result found;
    eqml_message unread;
    memset(&found, 0, sizeof found);
    if (!w->options)
        w->options = &eqml__fit_defaults;
    if (!message)
        message = &unread;
    eqml_status status = eqml__check_fit(w, over, message);
    w->explained = status != EQML_OK;
    status = eqml__fit_agree(w, status, message);
    if (status)
        return status;
    if (!eqml__fits_energies(w) && !eqml__fitted_terms(w, w->components))
        found.geometries = w->count; /* the dipole of "O2": nothing to fit */
    else
        status = eqml__run_fit(w, &found, message);
    if (status) {
        eqml__explain_failure(w, status, message);
    } else {
        if (constant)
            *constant = w->solution[0];
        if (triangle) {
            triangle->lsq = w->lsq;
            triangle->shift = w->shift;
            w->lsq = NULL;
        }
        if (result)
            *result = found;
    }
    eqml__fitter_free(w);
    return status;
}

/* A fitter of the energies of a surface, or of a tensor; *whole shares the arrays of the surface. */
static void eqml__fitter_of_surface(eqml__fitter *w, eqml_component *whole, const eqml_surface *surface,
                                    eqml_tensor kind, const eqml_data *data, const eqml_fit_options *options)
{
    memset(whole, 0, sizeof *whole);
    memset(w, 0, sizeof *w);
    whole->surface = *surface;
    whole->ntuples = 1;
    w->data = data;
    w->options = options ? options : &eqml__fit_defaults;
    w->natoms = surface->model.basis->natoms;
    w->ncomponents = 1;
    w->components = whole;
    w->kind = kind;
    w->wanted = kind == EQML_TENSORS ? EQML_HAS_ENERGY : EQML_HAS_DIPOLE << kind;
}

/* What the surface says of its training data. */
static void eqml__note_data(eqml_surface *surface, const eqml_data *data, const eqml_fit_options *options)
{
    const size_t size = 3 * (size_t)data->natoms;
    surface->ntrain = 0;
    for (size_t g = 0; g < data->n; g++) {
        if (!(data->has[g] & EQML_HAS_ENERGY) || (options && options->use && !options->use[g]) ||
            (options && options->weights && !(options->weights[g] > 0)))
            continue;
        const double energy = data->energy[g];
        if (!surface->ntrain || energy < surface->lowest) {
            surface->lowest = energy;
            memcpy(surface->lowest_xyz, data->xyz + g * size, size * sizeof(double));
        }
        if (!surface->ntrain++ || energy > surface->highest)
            surface->highest = energy;
    }
}

/* Fits the energies of a surface, or a tensor of it; kind EQML_TENSORS: the energies. */
static eqml_status eqml__fit_surface(eqml_surface *surface, eqml_tensor kind, const eqml_data *data,
                                     const eqml_fit_options *options, eqml__triangle *triangle,
                                     eqml_fit_result *result, eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    eqml_message over;
    eqml_component whole;
    eqml__fitter w;
    eqml__fitter_of_surface(&w, &whole, surface, kind, data, options);
    snprintf(over.text, sizeof over.text, "basis \"%s\"", b->composition);
    const eqml_status status = eqml__fit(&w, over.text, NULL, triangle, result, message);
    surface->standardised = whole.surface.standardised;
    if (!status && kind == EQML_TENSORS)
        eqml__note_data(surface, data, options);
    return status;
}

EQML_API eqml_status eqml_fit(eqml_surface *surface, const eqml_data *data, const eqml_fit_options *options,
                              eqml_fit_result *result, eqml_message *message)
{
    return eqml__fit_surface(surface, EQML_TENSORS, data, options, NULL, result, message);
}

EQML_API eqml_status eqml_fit_tensor(eqml_surface *surface, eqml_tensor kind, const eqml_data *data,
                                     double charge, const eqml_fit_options *options, eqml_fit_result *result,
                                     eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    const double before = surface->model.charge;
    if (!b->tensors[kind])
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "the basis %s has no %s; generate it with --%s D",
                          b->name, eqml_tensor_name(kind), eqml_tensor_name(kind));
    if (!eqml__is_charge(charge))
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "the total charge is %g, but must be a whole number of elementary charges", charge);
    surface->model.charge = charge;
    const eqml_status status = eqml__fit_surface(surface, kind, data, options, NULL, result, message);
    if (status)
        surface->model.charge = before;
    return status;
}

EQML_API eqml_status eqml_expansion_fit(eqml_expansion *expansion, const eqml_data *data,
                                        const eqml_fit_options *options, eqml_fit_result *result,
                                        eqml_message *message)
{
    eqml__fitter w;
    memset(&w, 0, sizeof w);
    w.data = data;
    w.options = options;
    w.natoms = expansion->natoms;
    w.ncomponents = expansion->ncomponents;
    w.components = expansion->components;
    w.has_constant = true;
    w.kind = EQML_TENSORS;
    w.wanted = EQML_HAS_ENERGY;
    for (int k = 0; k < w.ncomponents; k++) /* each fit shifts the factors anew */
        w.components[k].surface.standardised = 0;
    return eqml__fit(&w, "expansion", &expansion->constant, NULL, result, message);
}

EQML_API size_t eqml_fit_memory(const eqml_basis *basis, const eqml_fit_options *options)
{
    size_t most = eqml__fit_bytes(basis->nterms, eqml__rows_held(basis->natoms, options), options);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (basis->tensors[k]) {
            const size_t bytes = eqml__fit_bytes(basis->tensors[k]->nterms, 0, options);
            most = bytes > most ? bytes : most;
        }
    return most;
}

#endif /* EQML__FIT_C */
