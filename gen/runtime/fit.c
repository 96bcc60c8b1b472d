/* Fits and their errors. */
#ifndef EQML__FIT_C
#define EQML__FIT_C
#include "fit.h"
#include "rows.c"
#include "status.c"

/* The number of training geometries, and the lowest of their energies. */
static void eqml__survey(eqml__fitter *w)
{
    size_t energies = 0;
    for (size_t g = 0; g < w->data->n; g++) {
        if (!eqml__trains(w, g))
            continue;
        w->count++;
        if ((w->data->has[g] & EQML_HAS_ENERGY) && (energies++ == 0 || w->data->energy[g] < w->emin))
            w->emin = w->data->energy[g];
    }
}

static eqml_status eqml__solve(eqml__fitter *w, int terms, int constant, eqml_fit_result *result)
{
    eqml_lsq_options solve;
    eqml_lsq_result solved;
    eqml_status status;
    memset(&solve, 0, sizeof solve);
    solve.ridge = w->options->ridge;
    solve.free_first = constant;
    status = eqml_lsq_solve(w->lsq, &solve, w->coefficients, &solved);
    if (status)
        return status;
    result->rows = solved.rows;
    result->terms = terms;
    result->rank = solved.rank;
    result->condition = solved.condition;
    return EQML_OK;
}

/* Sets what is fitted: the data, or their difference to the reference in memory that the caller frees. */
static eqml_status eqml__set_targets(eqml__fitter *w, double **difference)
{
    const eqml_data *d = w->data;
    const size_t size = 3 * (size_t)d->natoms;
    w->energy = d->energy;
    w->gradient = d->gradient;
    w->shift = HUGE_VAL;
    if (w->options->reference) {
        *difference = (double *)eqml__zeroed(eqml__times(d->n, size + 1), sizeof(double));
        if (!*difference)
            return EQML_ERROR_MEMORY;
        w->energy = *difference;
        w->gradient = *difference + d->n;
    }
    for (size_t g = 0; g < d->n; g++) {
        if (!eqml__trains(w, g))
            continue;
        if (*difference) {
            double *gradient = *difference + d->n + g * size;
            (*difference)[g] = d->energy[g] - w->options->reference(w->options->reference_context,
                                                                    d->xyz + g * size, gradient);
            for (size_t k = 0; k < size; k++)
                gradient[k] = (d->gradient ? d->gradient[g * size + k] : 0) - gradient[k];
        }
        w->shift = fmin(w->shift, w->energy[g]);
    }
    if (w->surface && !eqml__is_term(w->surface->model.basis, 0))
        w->shift = 0; /* no constant could take it up */
    return EQML_OK;
}

static eqml_status eqml__fit_energies(eqml__fitter *w, eqml_fit_result *result)
{
    const eqml_basis *b = w->surface->model.basis;
    double *difference = NULL;
    eqml_status status = eqml__set_targets(w, &difference);
    if (!status) {
        eqml__energy_scales(w);
        status = eqml__fit_rows(w, result);
    }
    if (!status)
        status = eqml__solve(w, b->nterms, eqml__is_term(b, 0), result);
    EQML_FREE(difference);
    if (status)
        return status;
    w->coefficients[0] += w->shift;
    eqml_surface_set(w->surface, w->coefficients);
    if (w->problem) {
        w->problem->shift = w->shift;
        w->problem->lsq = w->lsq;
        w->lsq = NULL;
    }
    return EQML_OK;
}

static eqml_status eqml__fit_tensors(eqml__fitter *w, eqml_fit_result *result)
{
    const eqml_tensor_basis *t = w->surface->model.basis->tensors[w->kind];
    eqml__tensor_scales(w);
    eqml_status status = eqml__tensor_rows(w, result);
    if (!status)
        status = eqml__solve(w, t->nterms, 0, result);
    if (status)
        return status;
    eqml_surface_set_tensor(w->surface, w->kind, w->coefficients);
    return EQML_OK;
}

/* Allocates, shifts the factors unless that is done, fits, releases. */
static eqml_status eqml__run_fit(eqml__fitter *w, int terms,
                                 eqml_status (*fit)(eqml__fitter *, eqml_fit_result *),
                                 eqml_fit_result *result)
{
    const eqml_basis *b = w->surface->model.basis;
    const size_t n = 3 * (size_t)b->natoms, lanes = sizeof(eqml_lanes);
    eqml_status status = EQML_ERROR_MEMORY;
    if (terms == 0) { /* the dipole of "O2": nothing to fit */
        result->geometries = w->count;
        return EQML_OK;
    }
    void *tangents = eqml__zeroed((size_t)b->nslots + 1, lanes); /* one more, to align the others */
    w->tangents = (eqml_lanes *)(((uintptr_t)tangents + lanes - 1) / lanes * lanes);
    w->one = (double *)eqml__zeroed(eqml__most_work(b), sizeof(double));
    w->directions = (double *)eqml__zeroed(eqml__times(n, n), sizeof(double));
    w->coefficients = (double *)eqml__zeroed((size_t)terms, sizeof(double));
    w->mean = (double *)eqml__zeroed((size_t)b->nfactors, sizeof(double));
    w->level = (int *)eqml__zeroed((size_t)b->nfactors, sizeof(int));
    w->spread = (double *)eqml__zeroed((EQML__SPREAD + 1) * (size_t)b->npairs, sizeof(double));
    if (w->one && tangents && w->directions && w->coefficients && w->mean && w->level && w->spread)
        status = eqml__lsq_start(&w->lsq, terms, 1, w->options->ridge > 0);
    if (!status) {
        w->frozen = w->spread + EQML__SPREAD * b->npairs;
        w->squares = eqml__squared_weights(w);
        eqml__find_frozen(w);
        result->constant_pairs = eqml__constant_classes(b, w->frozen);
    }
    if (!status && !b->is_term && !w->surface->standardised)
        eqml__standardise(w);
    if (!status) {
        w->rounding = w->nfrozen || eqml__is_rounding(w);
        status = fit(w, result);
    }
    eqml_lsq_free(w->lsq);
    EQML_FREE(tangents);
    EQML_FREE(w->one);
    EQML_FREE(w->directions);
    EQML_FREE(w->coefficients);
    EQML_FREE(w->mean);
    EQML_FREE(w->level);
    EQML_FREE(w->spread);
    return status;
}

/* What all fits refuse; `what` names the data that are fitted. */
static eqml_status eqml__check_fit(eqml__fitter *w, int natoms, const char *composition, const char *what,
                                   eqml_message *message)
{
    const eqml_fit_options *o = w->options;
    if (w->data->natoms != natoms) {
        eqml__say(message, "the data have %d atoms, the basis \"%s\" has %d", w->data->natoms, composition,
                  natoms);
        return EQML_ERROR_MATCH;
    }
    if (!(o->gradient_weight >= 0) || !(o->ridge >= 0) || !(o->energy_weight >= 0)) {
        eqml__say(message, "weights and ridge must not be negative");
        return EQML_ERROR_ARGUMENT;
    }
    eqml__survey(w);
    if (w->count == 0) {
        eqml__say(message, "no geometry with %s to train on", what);
        return EQML_ERROR_EMPTY;
    }
    return EQML_OK;
}

/* What all fits do; problem, unless null, receives the triangle. */
static eqml_status eqml__checked_fit(eqml_surface *surface, const eqml_data *data,
                                     const eqml_fit_options *options, int wanted, const char *what,
                                     eqml_fit_result *result, eqml_problem *problem, eqml_message *message)
{
    static const eqml_fit_options defaults = {0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL};
    const eqml_basis *b = surface->model.basis;
    const int energies = wanted == EQML_HAS_ENERGY;
    eqml_fit_result found;
    eqml__fitter w;
    eqml_status status;
    memset(&found, 0, sizeof found);
    memset(&w, 0, sizeof w);
    w.surface = surface;
    w.data = data;
    w.options = options ? options : &defaults;
    w.wanted = wanted;
    while (!energies && wanted != EQML_HAS_DIPOLE << w.kind)
        w.kind = (eqml_tensor)(w.kind + 1);
    w.problem = problem;
    status = eqml__check_fit(&w, b->natoms, b->composition, what, message);
    if (status)
        return status;
    const int terms = energies ? b->nterms : b->tensors[w.kind]->nterms;
    status = eqml__run_fit(&w, terms, energies ? eqml__fit_energies : eqml__fit_tensors, &found);
    if (w.without_dipole)
        eqml__say(
            message,
            "geometry %zu has a quadrupole about the origin, away from the centre of its smallest class of "
            "atoms, and no dipole to move it there; give the dipole, or put that centre at the origin",
            w.without_dipole);
    else if (status == EQML_ERROR_MEMORY)
        eqml__say(message, "the fit of %s takes %.2f GB of memory for its %d terms, which could not be had",
                  what, 1e-9 * (double)eqml_lsq_memory(terms, 1, w.options->ridge > 0), terms);
    else if (status)
        eqml__say(message, "the fit of %s failed: %s", what, eqml_status_text(status));
    else if (result)
        *result = found;
    return status;
}

EQML_API size_t eqml_fit_memory(const eqml_basis *basis, const eqml_fit_options *options)
{
    int terms = basis->nterms;
    for (int k = 0; k < EQML_TENSORS; k++)
        if (basis->tensors[k] && basis->tensors[k]->nterms > terms)
            terms = basis->tensors[k]->nterms;
    return eqml_lsq_memory(terms, 1, options && options->ridge > 0);
}

EQML_API eqml_status eqml_fit(eqml_surface *surface, const eqml_data *data, const eqml_fit_options *options,
                              eqml_fit_result *result, eqml_message *message)
{
    return eqml__checked_fit(surface, data, options, EQML_HAS_ENERGY, "an energy", result, NULL, message);
}

EQML_API eqml_status eqml_fit_tensor(eqml_surface *surface, eqml_tensor kind, const eqml_data *data,
                                     double charge, const eqml_fit_options *options, eqml_fit_result *result,
                                     eqml_message *message)
{
    static const char *const what[EQML_TENSORS] = {"a dipole", "a quadrupole", "a polarizability"};
    const eqml_basis *b = surface->model.basis;
    if (!b->tensors[kind]) {
        eqml__say(message, "the basis %s has no %s; generate it with --%s D", b->name, eqml_tensor_name(kind),
                  eqml_tensor_name(kind));
        return EQML_ERROR_ARGUMENT;
    }
    if (!eqml__is_charge(charge)) {
        eqml__say(message, "the total charge is %g, but must be a whole number of elementary charges",
                  charge);
        return EQML_ERROR_ARGUMENT;
    }
    const double before = surface->model.charge;
    surface->model.charge = charge;
    eqml_status status =
        eqml__checked_fit(surface, data, options, EQML_HAS_DIPOLE << kind, what[kind], result, NULL, message);
    if (status)
        surface->model.charge = before;
    return status;
}

/* Sums of squares, over the geometries in use. */
typedef struct eqml__squares {
    double energy, gradient, tensor[EQML_TENSORS], tensor_data[EQML_TENSORS];
} eqml__squares;

static void eqml__add_error(const eqml_data *data, size_t g, double energy, const double *gradient,
                            eqml_errors *errors, eqml__squares *squares)
{
    const size_t n = 3 * (size_t)data->natoms;
    if (data->has[g] & EQML_HAS_ENERGY) {
        const double error = energy - data->energy[g];
        squares->energy += error * error;
        errors->energies++;
        if (fabs(error) > errors->max_energy) {
            errors->max_energy = fabs(error);
            errors->worst = g;
        }
    }
    if (data->has[g] & EQML_HAS_GRADIENT) {
        errors->gradients++;
        for (size_t k = 0; k < n; k++) {
            const double error = gradient[k] - data->gradient[g * n + k];
            squares->gradient += error * error;
        }
    }
}

static void eqml__add_tensor_error(const eqml_model *m, eqml_tensor kind, const eqml_data *data, size_t g,
                                   double *work, eqml_errors *errors, eqml__squares *squares)
{
    double value[6], wanted[6];
    if (!(data->has[g] & (EQML_HAS_DIPOLE << kind)) || !eqml__tensor_data(m, kind, data, g, wanted))
        return;
    eqml_tensor_value(m, kind, data->xyz + g * 3 * (size_t)data->natoms, NULL, NULL, value, work);
    errors->tensors[kind]++;
    for (int c = 0; c < EQML_COMPONENTS(kind); c++) {
        const double times = eqml__multiplicity(kind, c);
        squares->tensor[kind] += times * (value[c] - wanted[c]) * (value[c] - wanted[c]);
        squares->tensor_data[kind] += times * wanted[c] * wanted[c];
    }
}

static double eqml__root_mean(double squares, size_t count)
{
    return count ? sqrt(squares / (double)count) : 0;
}

static void eqml__take_means(size_t natoms, eqml_errors *errors, const eqml__squares *squares)
{
    errors->rmse_energy = eqml__root_mean(squares->energy, errors->energies);
    errors->rmse_gradient = eqml__root_mean(squares->gradient, 3 * natoms * errors->gradients);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const size_t components = (k == EQML_DIPOLE ? 3 : 9) * errors->tensors[k];
        errors->rmse_tensor[k] = eqml__root_mean(squares->tensor[k], components);
        errors->rms_tensor[k] = eqml__root_mean(squares->tensor_data[k], components);
    }
}

EQML_API eqml_status eqml_surface_errors(const eqml_surface *surface, const eqml_data *data,
                                         const unsigned char *use, eqml_errors *errors)
{
    const eqml_model *m = &surface->model;
    const eqml_basis *b = m->basis;
    const size_t n = 3 * (size_t)b->natoms, room = eqml__most_work(b);
    double *work = (double *)eqml__zeroed(room + n, sizeof(double)), *gradient = work + room;
    eqml__squares squares;
    memset(errors, 0, sizeof *errors);
    memset(&squares, 0, sizeof squares);
    if (!work)
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < data->n; g++) {
        if (use && !use[g])
            continue;
        const double energy = eqml_energy_gradient(m, data->xyz + g * n, gradient, work);
        eqml__add_error(data, g, energy, gradient, errors, &squares);
        for (int k = 0; k < EQML_TENSORS; k++)
            if (b->tensors[k])
                eqml__add_tensor_error(m, (eqml_tensor)k, data, g, work, errors, &squares);
    }
    eqml__take_means((size_t)b->natoms, errors, &squares);
    EQML_FREE(work);
    return EQML_OK;
}

EQML_API eqml_status eqml_potential_errors(eqml_potential potential, void *context, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors)
{
    const size_t n = 3 * (size_t)data->natoms;
    double *gradient = (double *)eqml__zeroed(n, sizeof(double));
    eqml__squares squares;
    memset(errors, 0, sizeof *errors);
    memset(&squares, 0, sizeof squares);
    if (!gradient)
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < data->n; g++)
        if (!use || use[g])
            eqml__add_error(data, g, potential(context, data->xyz + g * n, gradient), gradient, errors,
                            &squares);
    eqml__take_means((size_t)data->natoms, errors, &squares);
    EQML_FREE(gradient);
    return EQML_OK;
}

#endif /* EQML__FIT_C */
