/* The rows of a fit of energies and gradients. */
#ifndef EQML__ROWS_C
#define EQML__ROWS_C
#include "displacements.c"
#include "fitter.c"
#include "hessian.h"
#include "kernel/terms.h"
#include "shifts.c"

/* row += value * terms + slope * their derivatives, where those of factor k are d[k EQML_LANES]. */
static void eqml__add_slopes(const eqml_basis *b, const double *f, const double *d, double value,
                             double slope, int skip, double *row)
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

/*
 * Tangents of the pair variables of tuple t along the displacements first, first + 1, ... of the molecule,
 * one to a lane; those of the switch to along[EQML_LANES]. Lanes past the last displacement get zeros.
 */
static void eqml__seed_tangents(eqml__fitter *w, const eqml_component *c, int t, const double *pair,
                                int first, double *along)
{
    const eqml_basis *b = c->surface.model.basis;
    const int stride = EQML_ROUND(b->npairs), n = 3 * w->natoms;
    const double *slope = w->local + 3 * b->natoms;
    double *v = w->local + 6 * b->natoms, *tangent = (double *)w->tangents;
    for (int lane = 0; lane < EQML_LANES; lane++, tangent++) {
        along[lane] = 0;
        if (first + lane < n)
            eqml__gather_tuple(c, t, w->directions + (first + lane) * n, v);
        else
            memset(v, 0, 3 * (size_t)b->natoms * sizeof(double));
        for (int k = 0; k < 3 * b->natoms; k++)
            along[lane] += v[k] * slope[k];
        for (int p = 0; p < b->npairs; p++) {
            const double *i = v + 3 * b->pairs[p][0], *j = v + 3 * b->pairs[p][1];
            double stretch = 0;
            for (int k = 0; k < 3; k++)
                stretch += (i[k] - j[k]) * pair[k * stride + p];
            tangent[p * EQML_LANES] = stretch * (pair[3 * stride + p] * pair[4 * stride + p]);
        }
    }
}

/*
 * Adds tuple t of a component, whose columns begin at `column`, to the rows of geometry g; see
 * eqml__find_rows.
 */
static void eqml__add_tuple(eqml__fitter *w, const eqml_component *c, size_t column, size_t g, int t,
                            double weight, double gradient_weight, int external)
{
    const eqml_basis *b = c->surface.model.basis;
    const double *f = w->one + b->factor0, *d = (const double *)(w->tangents + b->factor0);
    const int n = 3 * w->natoms, skip = eqml__skipped(w, c);
    double along[EQML_LANES], *pair;
    const double s = eqml__tuple_slots(w, c, g, t, &pair);
    if (!(s > 0))
        return;
    eqml__add_values_one(b, f, weight * s, skip, w->rows + column);
    for (int first = external; first < n; first += EQML_LANES) {
        eqml__seed_tangents(w, c, t, pair, first, along);
        eqml__tangent_forward(b, b->noperations, w->one, w->tangents);
        for (int lane = 0; lane < EQML_LANES && first + lane < n; lane++)
            eqml__add_slopes(b, f, d + lane, gradient_weight * along[lane], gradient_weight * s, skip,
                             w->rows + (size_t)(1 + first - external + lane) * ((size_t)w->ncols + 1) +
                                 column);
    }
}

/*
 * w->rows <- the rows of geometry g, each followed by what it should give, times the square root `weight` of its
 * weight; returns how many. The first is its energy, the others, where it has a gradient, the derivative along each
 * displacement that is neither translation nor rotation. Those say nothing about the potential.
 */
static int eqml__find_rows(eqml__fitter *w, size_t g, double weight)
{
    const eqml_fit_options *o = w->options;
    const int n = 3 * w->natoms, gradients = !o->energies_only && (w->data->has[g] & EQML_HAS_GRADIENT);
    const double gradient_weight = weight * sqrt(o->gradient_weight > 0 ? o->gradient_weight : 1);
    const size_t length = (size_t)w->ncols + 1;
    size_t column = w->has_constant;
    int external = n;
    if (gradients)
        eqml__displacements(w->data->xyz + g * (size_t)n, w->natoms, w->directions, &external);
    memset(w->rows, 0, (size_t)(1 + n - external) * length * sizeof(double));
    if (w->has_constant)
        w->rows[0] = weight;
    for (int k = 0; k < w->ncomponents; k++) {
        const eqml_component *c = &w->components[k];
        for (int t = 0; t < c->ntuples; t++)
            eqml__add_tuple(w, c, column, g, t, weight, gradient_weight, external);
        column += (size_t)eqml__fitted_terms(w, c);
    }
    w->rows[w->ncols] = weight * (w->energy[g] - w->shift);
    for (int i = external; i < n; i++) {
        const double *v = w->directions + i * n, *gradient = w->gradient + g * (size_t)n;
        double along = 0;
        for (int k = 0; k < n; k++)
            along += v[k] * gradient[k];
        w->rows[(size_t)(1 + i - external) * length + (size_t)w->ncols] = gradient_weight * along;
    }
    return 1 + n - external;
}

/* The rows of geometries chosen[0], chosen[1], ..., each by one thread, which are then added in their order. */
static eqml_status eqml__add_energy_rows(eqml__fitter *w, size_t count)
{
    const size_t length = (size_t)w->ncols + 1, most = eqml__rows_per_geometry(w->natoms, w->options);
    const eqml_solver *solver = w->options->solver;
    eqml_status status = EQML_OK;
    EQML__OMP(parallel for schedule(dynamic) num_threads(w->nrooms) if (count > 1))
    for (size_t i = 0; i < count; i++) {
        eqml__fitter own = *w;
        eqml__enter_room(&own, eqml__this_thread());
        own.rows = w->rows + i * most * length;
        w->nrows[i] = eqml__find_rows(&own, w->chosen[i], eqml__row_weight(w, w->chosen[i]));
    }
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < w->nrows[i] && !status; k++) {
            const double *row = w->rows + (i * most + (size_t)k) * length;
            if (solver) {
                solver->add(solver->context, row);
                continue;
            }
            memcpy(eqml_lsq_row(w->lsq), row, length * sizeof(double));
            status = eqml_lsq_add(w->lsq);
        }
    return status;
}

/* The least scale of each column of energies, see EQML__LEAST. */
static void eqml__set_energy_scales(eqml__fitter *w)
{
    double *least = w->lsq->least + w->has_constant;
    for (int k = 0; k < w->ncomponents; k++) {
        const eqml_component *c = &w->components[k];
        const eqml_basis *b = c->surface.model.basis;
        if (eqml__has_rounding(w, c)) {
            const double scale = EQML__LEAST * c->ntuples * sqrt(w->squares) / EQML__ERROR_STEP;
            for (int larger = 0; larger < 2; larger++) {
                eqml__slot_sizes(&c->surface.model, w->seen + k * w->npairs, larger ? EQML__ERROR_STEP : 0,
                                 w->one);
                eqml__add_values_one(b, w->one + b->factor0, larger ? scale : -scale, eqml__skipped(w, c),
                                     least);
            }
            w->lsq->tolerance = EQML__NOISE;
        }
        least += eqml__fitted_terms(w, c);
    }
}

#endif /* EQML__ROWS_C */
