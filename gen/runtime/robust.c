/* Iteratively reweighted least squares. */
#ifndef EQML__ROBUST_C
#define EQML__ROBUST_C
#include "robust.h"
#include "diagnose.c"
#include "errors.c"
#include "fit.c"
#include "fitter.c"
#include "scale.c"

#define EQML__SETTLED 0.02 /* weights that change by less have converged */

/* The errors of the training geometries, and what they make of their weights. */
typedef struct eqml__doubt {
    size_t count;
    size_t *place;               /* [data->n] the geometry of each */
    double *energy;              /* [data->n] */
    double *error[2], *scale[2]; /* [data->n] of energy and gradient */
    double *excuse;              /* [data->n] isolation where it is above 1: of geometry g, not of the g-th */
    double *work;                /* [most_work], then a gradient */
} eqml__doubt;

static eqml_status eqml__doubt_create(eqml__doubt *d, size_t n, const eqml_basis *b)
{
    memset(d, 0, sizeof *d);
    d->place = (size_t *)eqml__zeroed(n, sizeof(size_t));
    d->energy = (double *)eqml__zeroed(eqml__times(6, n), sizeof(double));
    d->work = (double *)eqml__zeroed(eqml__most_work(b) + 3 * (size_t)b->natoms, sizeof(double));
    if (!d->place || !d->energy || !d->work)
        return EQML_ERROR_MEMORY;
    for (int k = 0; k < 2; k++) {
        d->error[k] = d->energy + (size_t)(1 + k) * n;
        d->scale[k] = d->energy + (size_t)(3 + k) * n;
    }
    d->excuse = d->energy + 5 * n;
    for (size_t g = 0; g < n; g++)
        d->excuse[g] = 1;
    return EQML_OK;
}

static void eqml__doubt_free(eqml__doubt *d)
{
    EQML_FREE(d->place);
    EQML_FREE(d->energy);
    EQML_FREE(d->work);
}

/* Finds the errors of all geometries that are to be fitted. Without a gradient that error is as usual. */
static void eqml__find_errors(const eqml__fitter *w, const eqml_surface *surface, eqml__doubt *d)
{
    const eqml_data *data = w->data;
    const size_t n = 3 * (size_t)data->natoms;
    double *gradient = d->work + eqml__most_work(surface->model.basis);
    d->count = 0;
    for (size_t g = 0; g < data->n; g++) {
        if (!eqml__is_offered(w, g))
            continue;
        const double energy = eqml__evaluate(&surface->model, data->xyz + g * n, gradient, d->work);
        double squares = 0;
        if (!w->options->energies_only && (data->has[g] & EQML_HAS_GRADIENT))
            for (size_t k = 0; k < n; k++)
                squares += (gradient[k] - w->gradient[g * n + k]) * (gradient[k] - w->gradient[g * n + k]);
        d->place[d->count] = g;
        d->energy[d->count] = data->energy[g];
        d->error[0][d->count] = energy - w->energy[g];
        d->error[1][d->count++] = sqrt(squares);
    }
}

/* How isolated the geometries are, from the triangle of the first fit. */
static eqml_status eqml__excuse_isolated(const eqml_problem *problem, const eqml_surface *surface,
                                         const eqml_data *data, const eqml_fit_options *options,
                                         eqml__doubt *d, eqml_message *message)
{
    eqml__compared c;
    eqml_influence *influence = (eqml_influence *)eqml__zeroed(data->n, sizeof *influence);
    memset(&c, 0, sizeof c);
    if (!influence)
        return eqml__fail(message, EQML_ERROR_MEMORY, "%s", eqml_status_text(EQML_ERROR_MEMORY));
    eqml_status status = eqml_diagnose(problem, surface, data, options, NULL, influence, message);
    if (!status) {
        status = eqml__compare(data, influence, &c);
        if (status)
            eqml__fail(message, status, "%s", eqml_status_text(status));
    }
    for (size_t k = 0; k < c.count && !status; k++)
        d->excuse[c.place[k]] = fmax(1, c.isolation[k]);
    eqml__compared_free(&c);
    EQML_FREE(influence);
    return status;
}

/* The usual sizes of the errors; errors below rounding are none. */
static eqml_status eqml__find_scales(eqml__doubt *d)
{
    double largest = 0;
    for (size_t k = 0; k < d->count; k++)
        largest = fmax(largest, fabs(d->energy[k]));
    const double least = 64 * DBL_EPSILON * largest + DBL_MIN;
    eqml_status status = eqml__local_scales(d->count, d->energy, d->error[0], least, d->scale[0]);
    if (!status)
        status = eqml__local_scales(d->count, d->energy, d->error[1], least * EQML__MAD, d->scale[1]);
    for (size_t k = 0; k < d->count && !status; k++)
        d->scale[1][k] /= EQML__MAD;
    return status;
}

/* The weights that follow from the errors; returns the largest change. */
static double eqml__set_weights(const eqml__doubt *d, double cut, double *weights)
{
    double change = 0;
    for (size_t k = 0; k < d->count; k++) {
        const size_t g = d->place[k];
        const double energy = fabs(d->error[0][k]) / d->scale[0][k];
        const double gradient = d->error[1][k] / d->scale[1][k];
        const double u = fmax(energy, gradient) / (cut * d->excuse[g]);
        const double weight = u < 1 ? (1 - u * u) * (1 - u * u) : 0;
        change = fmax(change, fabs(weight - weights[g]));
        weights[g] = weight;
    }
    return change;
}

/*
 * One more fit, with the weights that were found times those of the caller, and the weights that follow. The first, of
 * which d->count is 0, finds how isolated the geometries are.
 */
static eqml_status eqml__fit_again(eqml__fitter *w, eqml_surface *surface, double cut, eqml__doubt *d,
                                   double *product, double *weights, eqml_fit_result *result, double *change,
                                   eqml_message *message)
{
    eqml_fit_options o = *w->options;
    eqml_problem *problem = NULL;
    eqml_status status;
    for (size_t g = 0; g < w->data->n; g++)
        product[g] = weights[g] * (w->options->weights ? w->options->weights[g] : 1);
    o.weights = product;
    if (d->count > 0) {
        status = eqml_fit(surface, w->data, &o, result, message);
    } else {
        status = eqml_problem_create(&problem, surface, w->data, &o, result, message);
        if (!status)
            status = eqml__excuse_isolated(problem, surface, w->data, &o, d, message);
        eqml_problem_free(problem);
    }
    if (status)
        return status;
    eqml__find_errors(w, surface, d);
    status = eqml__find_scales(d);
    if (status)
        return eqml__fail(message, status, "%s", eqml_status_text(status));
    *change = eqml__set_weights(d, cut, weights);
    return EQML_OK;
}

EQML_API eqml_status eqml_fit_robust(eqml_surface *surface, const eqml_data *data,
                                     const eqml_fit_options *options, const eqml_robust_options *robust,
                                     double *weights, eqml_fit_result *result, eqml_robust_result *found,
                                     eqml_message *message)
{
    const eqml_robust_options zero = {0, 0}, *r = robust ? robust : &zero;
    const double cut = r->cut > 0 ? r->cut : 20;
    const int most = r->fits > 0 ? r->fits : 12;
    eqml_component whole;
    eqml__fitter w;
    eqml__doubt doubt;
    eqml_robust_result came;
    memset(&came, 0, sizeof came);
    for (size_t g = 0; g < data->n; g++)
        weights[g] = 1;
    if (!(r->cut >= 0) || r->fits < 0)
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "robust fit: cut and number of fits must not be negative");
    if (options && options->team)
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "robust fit: is for one process");
    eqml__fitter_of_surface(&w, &whole, surface, EQML_TENSORS, data, options);
    eqml_status status = eqml__check_fit(&w, "basis", message);
    if (status)
        return status;
    double *product = (double *)eqml__zeroed(data->n, sizeof(double));
    status = eqml__doubt_create(&doubt, data->n, surface->model.basis);
    if (!status)
        status = product ? eqml__set_targets(&w) : EQML_ERROR_MEMORY;
    if (status)
        eqml__fail(message, status, "the robust fit failed: %s", eqml_status_text(status));
    for (came.change = 1; !status && came.fits < most && came.change > EQML__SETTLED; came.fits++)
        status = eqml__fit_again(&w, surface, cut, &doubt, product, weights, result, &came.change, message);
    for (size_t k = 0; k < doubt.count && !status; k++) {
        came.halved += weights[doubt.place[k]] < 0.5;
        came.dropped += !(weights[doubt.place[k]] > 0);
    }
    if (found && !status)
        *found = came;
    EQML_FREE(product);
    eqml__doubt_free(&doubt);
    eqml__fitter_free(&w);
    return status;
}

#endif /* EQML__ROBUST_C */
