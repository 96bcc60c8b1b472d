/* D-optimal geometries, one after the other. */
#ifndef EQML__DESIGN_C
#define EQML__DESIGN_C
#include "design.h"
#include "designer.c"
#include "fit.c"
#include "rows.c"
#include "scale.c"
#include "status.c"

typedef struct eqml__design {
    eqml__designer core;
    const double *xyz, *weights;
    double apart;
    eqml_data one;     /* the candidate whose rows are made */
    double none;       /* its energy, which plays no part */
    unsigned char has; /* what of it is to be computed */
    eqml_fit_options options;
    eqml_component whole;
    eqml__fitter w;
    double *distance; /* [n][npairs] sorted in each class */
} eqml__design;

static void eqml__design_free(eqml__design *d)
{
    eqml__designer_free(&d->core);
    eqml__fitter_free(&d->w);
    EQML_FREE(d->one.gradient);
    EQML_FREE(d->distance);
}

/* The distances of geometry xyz, class by class, each sorted. */
static void eqml__sort_distances(const eqml_basis *b, const double *xyz, double *distance)
{
    for (int k = 0; k < b->npair_classes; k++) {
        size_t count = 0;
        for (int p = 0; p < b->npairs; p++) {
            const double *i = xyz + 3 * b->pairs[p][0], *j = xyz + 3 * b->pairs[p][1];
            double square = 0;
            for (int x = 0; x < 3; x++)
                square += (i[x] - j[x]) * (i[x] - j[x]);
            if (b->pair_classes[p] == k)
                distance[count++] = sqrt(square);
        }
        qsort(distance, count, sizeof(double), eqml__compare_numbers);
        distance += count;
    }
}

/* Root mean square. */
static double eqml__difference(size_t count, const double *a, const double *b)
{
    double square = 0;
    for (size_t k = 0; k < count; k++)
        square += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrt(square / (double)count);
}

EQML_API double eqml_design_change(const eqml_basis *basis, const double *a, const double *b, double *room)
{
    const size_t npairs = (size_t)basis->npairs;
    eqml__sort_distances(basis, a, room);
    eqml__sort_distances(basis, b, room + npairs);
    return eqml__difference(npairs, room, room + npairs);
}

/* Those of candidate g. */
static int eqml__geometry_rows(void *context, size_t g, double *rows)
{
    eqml__design *d = (eqml__design *)context;
    const size_t terms = (size_t)d->core.terms;
    d->one.xyz = (double *)(uintptr_t)(d->xyz + g * 3 * (size_t)d->one.natoms);
    const int count = eqml__find_rows(&d->w, 0, d->weights ? sqrt(d->weights[g]) : 1);
    for (int r = 0; r < count; r++)
        memcpy(rows + (size_t)r * d->core.length, d->w.rows + (size_t)r * (terms + 1),
               terms * sizeof(double));
    return count;
}

static bool eqml__is_near_geometry(void *context, size_t g, size_t other)
{
    const eqml__design *d = (const eqml__design *)context;
    const size_t npairs = (size_t)d->whole.surface.model.basis->npairs;
    return eqml__difference(npairs, d->distance + g * npairs, d->distance + other * npairs) < d->apart;
}

/* The caller calls eqml__design_free, also if this fails. */
static eqml_status eqml__design_create(eqml__design *d, const eqml_sigma *sigma, const eqml_surface *surface,
                                       size_t n, const eqml_design_options *o)
{
    const eqml_basis *b = surface->model.basis;
    d->core.context = d;
    d->core.find_rows = eqml__geometry_rows;
    d->core.is_near = o->apart > 0 ? eqml__is_near_geometry : NULL;
    d->weights = o->weights;
    d->apart = o->apart;
    d->options.gradient_weight = o->gradient_weight;
    d->options.energies_only = !(o->gradient_weight > 0);
    d->one.natoms = b->natoms;
    d->one.n = 1;
    d->one.energy = &d->none;
    d->has = d->options.energies_only ? EQML_HAS_ENERGY : EQML_HAS_ENERGY | EQML_HAS_GRADIENT;
    d->one.has = &d->has;
    eqml__fitter_of_surface(&d->w, &d->whole, surface, EQML_TENSORS, &d->one, &d->options);
    d->one.gradient = (double *)eqml__zeroed(3 * (size_t)b->natoms, sizeof(double));
    d->w.energy = d->one.energy, d->w.gradient = d->one.gradient;
    d->distance = (double *)eqml__zeroed(eqml__times(n, (size_t)b->npairs), sizeof(double));
    if (!d->one.gradient || !d->distance ||
        eqml__designer_create(&d->core, sigma, (int)eqml__rows_per_geometry(b->natoms, &d->options), n) ||
        eqml__fitter_create(&d->w))
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < n; g++)
        eqml__sort_distances(b, d->xyz + g * 3 * (size_t)b->natoms, d->distance + g * (size_t)b->npairs);
    return EQML_OK;
}

EQML_API eqml_status eqml_design(const eqml_sigma *sigma, const eqml_surface *surface, size_t n,
                                 const double *xyz, const eqml_design_options *options, size_t wanted,
                                 eqml_design_choice *choice, size_t *found, eqml_message *message)
{
    static const eqml_design_options defaults = {0, NULL, 0};
    const eqml_design_options *o = options ? options : &defaults;
    eqml__design d;
    *found = 0;
    memset(&d, 0, sizeof d);
    d.xyz = xyz;
    if (sigma->terms != surface->model.basis->nterms || !sigma->triangular)
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "the standard deviations are not those of the whole fit, or its data leave some of "
                          "its %d terms undetermined",
                          surface->model.basis->nterms);
    if (!(o->gradient_weight >= 0 && o->gradient_weight < HUGE_VAL) || !(o->apart >= 0))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "a design with gradients of weight %g, %g bohr apart",
                          o->gradient_weight, o->apart);
    for (size_t g = 0; o->weights && g < n; g++)
        if (!(o->weights[g] >= 0 && o->weights[g] < HUGE_VAL))
            return eqml__fail(message, EQML_ERROR_ARGUMENT, "candidate %zu has the weight %g", g + 1,
                              o->weights[g]);
    const eqml_status status = eqml__design_create(&d, sigma, surface, n, o);
    if (!status)
        *found = eqml__design_choose(&d.core, n, wanted, choice);
    else
        eqml__fail(message, status, "the design failed: %s", eqml_status_text(status));
    eqml__design_free(&d);
    return status;
}

#endif /* EQML__DESIGN_C */
