/* Surfaces: their arrays, and their coefficients in the order of terms. */
#ifndef EQML__SURFACE_C
#define EQML__SURFACE_C
#include "surface.h"
#include "kernel/terms.h"
#include "memory.c"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

EQML_API void eqml_surface_free(eqml_surface *surface)
{
    EQML_FREE(surface->variables);
    EQML_FREE(surface->centres);
    EQML_FREE(surface->rates);
    EQML_FREE(surface->ranges);
    EQML_FREE(surface->offset);
    EQML_FREE(surface->linear);
    EQML_FREE(surface->packed);
    for (int k = 0; k < EQML_TENSORS; k++)
        EQML_FREE(surface->tensors[k]);
    EQML_FREE(surface->rounded);
    EQML_FREE(surface->wall);
    EQML_FREE(surface->lowest_xyz);
    eqml_basis_free(surface->own_basis);
    memset(surface, 0, sizeof *surface);
}

static bool eqml__variable_is_valid(const eqml_variable *v)
{
    switch (v->kind) {
    case EQML_MORSE:
        return v->range != 0 && fabs(v->range) <= DBL_MAX;
    case EQML_EXP_OVER_R:
        return v->range > 0 && v->range <= DBL_MAX;
    case EQML_POWER:
        return v->range != 0 && v->range == floor(v->range) && fabs(v->range) <= 12;
    case EQML_INVERSE:
        return true;
    case EQML_USER:
        return v->function != NULL;
    }
    return false;
}

/* The centre of the variable of a class of pairs; 0 where the basis has no pair of it. */
static double eqml__get_centre(const eqml_surface *surface, int pair_class)
{
    const eqml_basis *b = surface->model.basis;
    for (int p = 0; p < b->npairs; p++)
        if (b->pair_classes[p] == pair_class)
            return surface->centres[p];
    return 0;
}

static void eqml__set_centre(eqml_surface *surface, int pair_class, double centre)
{
    const eqml_basis *b = surface->model.basis;
    for (int p = 0; p < b->npairs; p++)
        if (b->pair_classes[p] == pair_class)
            surface->centres[p] = centre;
}

/* Centres, ranges and what is known of the data, between surfaces over bases with the same atoms and classes of pairs. */
static void eqml__copy_classes(eqml_surface *to, const eqml_surface *from)
{
    const int count = to->model.basis->npair_classes;
    for (int c = 0; c < count; c++)
        eqml__set_centre(to, c, eqml__get_centre(from, c));
    memcpy(to->ranges, from->ranges, 2 * (size_t)count * sizeof(double));
    to->ntrain = from->ntrain;
    to->lowest = from->lowest;
    to->highest = from->highest;
    memcpy(to->lowest_xyz, from->lowest_xyz, 3 * (size_t)to->model.basis->natoms * sizeof(double));
}

/* Whether any distances are known to be inside. */
static bool eqml__knows_ranges(const eqml_surface *surface)
{
    return surface->ranges[1] < HUGE_VAL;
}

/* The squares of the ranges of pair p, as eqml__inside takes them: a little wider, so that rounding leaves none out. */
static void eqml__squared_range(const eqml_surface *surface, int p, double square[2])
{
    const double *range = surface->ranges + 2 * surface->model.basis->pair_classes[p];
    square[0] = eqml__knows_ranges(surface) ? range[0] * range[0] * (1 - 2e-12) : -1;
    square[1] = eqml__knows_ranges(surface) ? range[1] * range[1] * (1 + 2e-12) : 1;
}

EQML_API int eqml_surface_inside(const eqml_surface *surface, const double *xyz)
{
    const eqml_basis *b = surface->model.basis;
    int inside = eqml__knows_ranges(surface) ? 1 : -1;
    for (int p = 0; p < b->npairs && inside == 1; p++) {
        double square = 0, range[2];
        for (int k = 0; k < 3; k++) {
            const double d = xyz[3 * b->pairs[p][0] + k] - xyz[3 * b->pairs[p][1] + k];
            square += d * d;
        }
        eqml__squared_range(surface, p, range);
        inside = square >= range[0] && square <= range[1];
    }
    return inside;
}

EQML_API eqml_status eqml_surface_create(const eqml_basis *basis, const eqml_variable *variables,
                                         eqml_surface *surface)
{
    size_t nfactors = (size_t)basis->nfactors;
    memset(surface, 0, sizeof *surface);
    for (int k = 0; k < basis->npair_classes; k++) {
        if (!eqml__variable_is_valid(&variables[k]))
            return EQML_ERROR_ARGUMENT;
    }
    surface->variables = (eqml_variable *)eqml__zeroed((size_t)basis->npair_classes, sizeof(eqml_variable));
    surface->centres = (double *)eqml__zeroed(EQML_ROUND((size_t)basis->npairs), sizeof(double));
    surface->rates = (double *)eqml__zeroed(EQML_ROUND((size_t)basis->npairs), sizeof(double));
    surface->lowest_xyz = (double *)eqml__zeroed(3 * (size_t)basis->natoms, sizeof(double));
    surface->ranges = (double *)eqml__zeroed(2 * (size_t)basis->npair_classes, sizeof(double));
    surface->offset = (double *)eqml__zeroed(nfactors, sizeof(double));
    surface->linear = (double *)eqml__zeroed(nfactors, sizeof(double));
    surface->packed = (double *)eqml__zeroed(eqml__times(16, (size_t)basis->ntiles), sizeof(double));
    surface->rounded = (float *)eqml__zeroed(2 * nfactors + 16 * (size_t)basis->ntiles, sizeof(float));
    bool complete = surface->variables && surface->centres && surface->rates && surface->ranges &&
                    surface->lowest_xyz && surface->offset && surface->linear && surface->packed &&
                    surface->rounded;
    for (int k = 0; k < EQML_TENSORS; k++) {
        const eqml_tensor_basis *t = basis->tensors[k];
        surface->tensors[k] =
            t ? (double *)eqml__zeroed(eqml__times(16, (size_t)t->ntiles), sizeof(double)) : NULL;
        complete = complete && (!t || surface->tensors[k]);
    }
    if (!complete) {
        eqml_surface_free(surface);
        return EQML_ERROR_MEMORY;
    }
    memcpy(surface->variables, variables, (size_t)basis->npair_classes * sizeof(eqml_variable));
    for (int k = 0; k < basis->npair_classes; k++)
        surface->ranges[2 * k + 1] = HUGE_VAL;
    for (int p = 0; p < basis->npairs; p++) {
        const eqml_variable *v = &variables[basis->pair_classes[p]];
        surface->rates[p] = v->kind == EQML_MORSE || v->kind == EQML_EXP_OVER_R ? -1 / v->range : 0;
    }
    surface->model.basis = basis;
    surface->model.variables = surface->variables;
    surface->model.centres = surface->centres;
    surface->model.rates = surface->rates;
    surface->model.offset = surface->offset;
    surface->model.linear = surface->linear;
    surface->model.packed = surface->packed;
    for (int k = 0; k < EQML_TENSORS; k++)
        surface->model.tensors[k] = surface->tensors[k];
    surface->model.offset_float = surface->rounded;
    surface->model.linear_float = surface->rounded + nfactors;
    surface->model.packed_float = surface->rounded + 2 * nfactors;
    return EQML_OK;
}

/*
 * A place among the tiles. A search goes on where the last one ended, since products come mostly in the order
 * of the rows.
 */
typedef struct eqml__cursor {
    int nrows;
    int row, tile; /* the rows, and the first of their tiles */
    const eqml_rows *rows;
    const eqml_tile *tiles;
} eqml__cursor;

/* Finds where the coefficient of the product (left, right), which must exist, is stored. */
static size_t eqml__packed_place(eqml__cursor *at, int left, int right)
{
    for (;;) {
        const eqml_rows *rows = &at->rows[at->row];
        for (int row = 0; row < 4; row++)
            for (int t = 0; t < rows->ntiles && rows->row[row] == left; t++)
                if (at->tiles[at->tile + t].first == right / 4 * 4)
                    return 16 * (size_t)(at->tile + t) + 4 * (size_t)row + (size_t)(right % 4);
        at->tile += rows->ntiles;
        if (++at->row == at->nrows)
            at->row = at->tile = 0;
    }
}

/* Copies the coefficients of products to the packed order (set) or from it. */
static void eqml__transfer_runs(int nruns, const unsigned short (*runs)[3], eqml__cursor at,
                                double *coefficients, double *packed, bool set)
{
    for (int r = 0; r < nruns; r++)
        for (int c = 0; c < runs[r][2]; c++, coefficients++) {
            double *place = packed + eqml__packed_place(&at, runs[r][0], runs[r][1] + c);
            *(set ? place : coefficients) = *(set ? coefficients : place);
        }
}

/* Copies all coefficients of the energy to the surface (set) or from it. */
static void eqml__transfer(const eqml_surface *surface, double *coefficients, bool set)
{
    const eqml_basis *b = surface->model.basis;
    size_t k = 0;
    for (size_t f = 0; f < (size_t)b->nfactors; f++) {
        if (!eqml__is_term(b, f))
            continue;
        *(set ? &surface->linear[f] : &coefficients[k]) = set ? coefficients[k] : surface->linear[f];
        k++;
    }
    const eqml__cursor start = {b->nrows, 0, 0, b->rows, b->tiles};
    eqml__transfer_runs(b->nruns, b->runs, start, coefficients + k, surface->packed, set);
}

EQML_API void eqml_surface_set(eqml_surface *surface, const double *coefficients)
{
    const eqml_basis *b = surface->model.basis;
    float *rounded = surface->rounded;
    eqml__transfer(surface, (double *)coefficients, true);
    for (int k = 0; k < b->nfactors; k++) {
        rounded[k] = (float)surface->offset[k];
        rounded[b->nfactors + k] = (float)surface->linear[k];
    }
    for (int k = 0; k < 16 * b->ntiles; k++)
        rounded[2 * b->nfactors + k] = (float)surface->packed[k];
}

EQML_API void eqml_surface_get(const eqml_surface *surface, double *coefficients)
{
    eqml__transfer(surface, coefficients, false);
}

/* The same for a tensor. */
static void eqml__transfer_tensor(const eqml_surface *surface, eqml_tensor kind, double *coefficients,
                                  bool set)
{
    const eqml_tensor_basis *t = surface->model.basis->tensors[kind];
    const eqml__cursor start = {t->nrows, 0, 0, t->rows, t->tiles};
    eqml__transfer_runs(t->nruns, t->runs, start, coefficients, surface->tensors[kind], set);
}

EQML_API void eqml_surface_set_tensor(eqml_surface *surface, eqml_tensor kind, const double *coefficients)
{
    eqml__transfer_tensor(surface, kind, (double *)coefficients, true);
}

EQML_API void eqml_surface_get_tensor(const eqml_surface *surface, eqml_tensor kind, double *coefficients)
{
    eqml__transfer_tensor(surface, kind, coefficients, false);
}

/* Whether a number may be a total charge: whole, and of at most 1e6. */
static bool eqml__is_charge(double charge)
{
    return charge == floor(charge) && fabs(charge) <= 1e6;
}

#endif /* EQML__SURFACE_C */
