/* D-optimal geometries, one after the other. */
#ifndef EQML__DESIGN_C
#define EQML__DESIGN_C
#include "design.h"
#include "fit.c"
#include "memory.c"
#include "rows.c"
#include "scale.c"
#include "status.c"

typedef struct eqml__design {
    const double *xyz, *weights;
    eqml_data one;     /* the candidate whose rows are made */
    double none;       /* its energy, which plays no part */
    unsigned char has; /* what of it is to be computed */
    eqml_fit_options options;
    eqml_component whole;
    eqml__fitter w;
    int terms, most;     /* rows of a candidate, at most */
    size_t length;       /* of stored rows: EQML_ROUND(terms), zeros behind the last term */
    int taken;           /* 0: the factor is still a triangle */
    double *factor;      /* [terms][length] F */
    double *rows, *z;    /* [most][length] of a candidate, whitened */
    double *gram, *pull; /* [most][most]; [length] */
    double *gain;        /* [n] at most this; -1: not to be taken */
    size_t *seen;        /* [n] how many had been taken when it was found */
    double *distance;    /* [n][npairs] sorted in each class */
} eqml__design;

static void eqml__design_free(eqml__design *d)
{
    eqml__fitter_free(&d->w);
    EQML_FREE(d->one.gradient);
    EQML_FREE(d->factor);
    EQML_FREE(d->rows);
    EQML_FREE(d->gain);
    EQML_FREE(d->seen);
    EQML_FREE(d->distance);
}

/* The caller calls eqml__design_free, also if this fails. */
static eqml_status eqml__design_create(eqml__design *d, const eqml_sigma *sigma, const eqml_surface *surface,
                                       size_t n, const eqml_design_options *o)
{
    const eqml_basis *b = surface->model.basis;
    const double *from = sigma->matrix;
    d->weights = o->weights;
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
    d->terms = b->nterms;
    d->length = (size_t)EQML_ROUND(b->nterms);
    d->most = (int)eqml__rows_per_geometry(b->natoms, &d->options);
    const size_t most = (size_t)d->most;
    d->factor = (double *)eqml__zeroed(eqml__times((size_t)d->terms, d->length), sizeof(double));
    d->rows = (double *)eqml__zeroed((2 * most + 1) * d->length + most * most, sizeof(double));
    d->gain = (double *)eqml__zeroed(n, sizeof(double));
    d->seen = (size_t *)eqml__zeroed(n, sizeof(size_t));
    d->distance = (double *)eqml__zeroed(eqml__times(n, (size_t)b->npairs), sizeof(double));
    if (!d->one.gradient || !d->factor || !d->rows || !d->gain || !d->seen || !d->distance ||
        eqml__fitter_create(&d->w))
        return EQML_ERROR_MEMORY;
    d->z = d->rows + most * d->length, d->pull = d->z + most * d->length, d->gram = d->pull + d->length;
    for (int i = 0; i < d->terms; i++) {
        const size_t length = (size_t)eqml__sigma_length(sigma, i / EQML__SIGMA_ROWS * EQML__SIGMA_ROWS);
        memcpy(d->factor + (size_t)i * d->length, from, length * sizeof(double));
        from += length;
    }
    return EQML_OK;
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

static double eqml__vector_product(size_t length, const double *a, const double *b)
{
    eqml_lanes sum = eqml__all(0);
    for (size_t j = 0; j < length; j += EQML_LANES)
        sum += eqml__load(a + j) * eqml__load(b + j);
    return eqml__sum(sum);
}

/* z[length] <- F row. */
static void eqml__design_whiten(const eqml__design *d, const double *row, double *z)
{
    for (size_t i = 0; i < (size_t)d->terms; i++)
        z[i] = eqml__vector_product(d->taken ? d->length : (i + EQML_LANES) / EQML_LANES * EQML_LANES,
                                    d->factor + i * d->length, row);
}

/* d->rows <- those of candidate g; returns how many. */
static int eqml__design_rows(eqml__design *d, size_t g)
{
    const size_t terms = (size_t)d->terms;
    d->one.xyz = (double *)(uintptr_t)(d->xyz + g * 3 * (size_t)d->one.natoms);
    const int count = eqml__find_rows(&d->w, 0, d->weights ? sqrt(d->weights[g]) : 1);
    for (int r = 0; r < count; r++)
        memcpy(d->rows + (size_t)r * d->length, d->w.rows + (size_t)r * (terms + 1), terms * sizeof(double));
    return count;
}

/* The logarithm of det(1 + Z Z^T) of candidate g, by Cholesky's factor; NaN where a row has no number. */
static double eqml__design_gain(eqml__design *d, size_t g)
{
    const int count = eqml__design_rows(d, g);
    double gain = 0;
    for (int i = 0; i < count; i++) {
        double *row = d->gram + i * d->most;
        const double *z = d->z + (size_t)i * d->length;
        eqml__design_whiten(d, d->rows + (size_t)i * d->length, d->z + (size_t)i * d->length);
        for (int j = 0; j <= i; j++) {
            const double *other = d->gram + j * d->most;
            double sum = (i == j) + eqml__vector_product(d->length, z, d->z + (size_t)j * d->length);
            for (int k = 0; k < j; k++)
                sum -= row[k] * other[k];
            row[j] = i == j ? sqrt(sum) : sum / other[j];
        }
        gain += 2 * log(row[i]);
    }
    return gain;
}

/* The factor with the rows of candidate g: F <- (1 - c z z^T) F, c = (1 - 1 / sqrt(1 + |z|^2)) / |z|^2, for each of them. */
static void eqml__design_take(eqml__design *d, size_t g)
{
    const int count = eqml__design_rows(d, g);
    for (int r = 0; r < count; r++) {
        eqml__design_whiten(d, d->rows + (size_t)r * d->length, d->z);
        const double square = eqml__vector_product(d->length, d->z, d->z), root = sqrt(1 + square);
        const double c = 1 / (root * (1 + root)); /* the same without a difference */
        d->taken = 1;
        memset(d->pull, 0, d->length * sizeof(double));
        for (size_t i = 0; i < (size_t)d->terms; i++)
            for (size_t j = 0; j < d->length; j++)
                d->pull[j] += d->z[i] * d->factor[i * d->length + j];
        for (size_t i = 0; i < (size_t)d->terms; i++)
            for (size_t j = 0; j < d->length; j++)
                d->factor[i * d->length + j] -= c * d->z[i] * d->pull[j];
    }
}

/* Whether candidate g is too near to one of those taken. */
static bool eqml__is_near(const eqml__design *d, size_t g, size_t taken, const eqml_design_choice *choice,
                          double apart)
{
    const size_t npairs = (size_t)d->whole.surface.model.basis->npairs;
    for (size_t k = 0; k < taken && apart > 0; k++)
        if (eqml__difference(npairs, d->distance + g * npairs, d->distance + choice[k].candidate * npairs) <
            apart)
            return true;
    return false;
}

static size_t eqml__design_choose(eqml__design *d, size_t n, double apart, size_t wanted,
                                  eqml_design_choice *choice)
{
    const eqml_basis *b = d->whole.surface.model.basis;
    size_t taken = 0;
    for (size_t g = 0; g < n; g++) {
        eqml__sort_distances(b, d->xyz + g * 3 * (size_t)b->natoms, d->distance + g * (size_t)b->npairs);
        d->gain[g] = eqml__design_gain(d, g);
    }
    while (taken < wanted) {
        size_t top = n;
        for (size_t g = 0; g < n; g++)
            if (d->gain[g] > (top < n ? d->gain[top] : 0) && d->gain[g] < HUGE_VAL)
                top = g;
        if (top == n)
            break;
        if (d->seen[top] < taken) { /* its gain has fallen since */
            d->seen[top] = taken;
            d->gain[top] = eqml__is_near(d, top, taken, choice, apart) ? -1 : eqml__design_gain(d, top);
            continue;
        }
        choice[taken].candidate = top;
        choice[taken++].gain = d->gain[top];
        d->gain[top] = -1;
        if (taken < wanted)
            eqml__design_take(d, top);
    }
    return taken;
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
        *found = eqml__design_choose(&d, n, o->apart, wanted, choice);
    else
        eqml__fail(message, status, "the design failed: %s", eqml_status_text(status));
    eqml__design_free(&d);
    return status;
}

#endif /* EQML__DESIGN_C */
