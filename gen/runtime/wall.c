/* Walls from training data. */
#ifndef EQML__WALL_C
#define EQML__WALL_C
#include "surface.h"
#include "data.h"
#include "fit.h"
#include "memory.c"
#include "reader.c"
#include "wall.h"
#include <stdbool.h>

/* A wall of so many features, in one piece of memory with its arrays, all zero; NULL where there is no memory. */
static eqml_wall *eqml__new_wall(int nfeatures)
{
    const size_t n = (size_t)nfeatures, square = n * EQML_ROUND(n);
    eqml_wall *w = (eqml_wall *)eqml__zeroed(1, sizeof *w + (n + square + 3) * sizeof(double) +
                                                    n * sizeof(unsigned short));
    if (!w)
        return NULL;
    double *numbers = (double *)(void *)(w + 1);
    w->nfeatures = nfeatures;
    w->means = numbers;
    w->whiten = numbers + n;
    w->edges = numbers + n + square;
    w->features = (unsigned short *)(void *)(numbers + n + square + 3);
    return w;
}

EQML_API void eqml_surface_clear_wall(eqml_surface *surface)
{
    EQML_FREE(surface->wall);
    surface->wall = NULL;
    surface->model.wall = NULL;
}

/* The surface takes the wall over. */
static void eqml__use_wall(eqml_surface *surface, eqml_wall *wall)
{
    eqml_surface_clear_wall(surface);
    surface->wall = wall;
    surface->model.wall = wall;
}

/* What a wall is made from: the training geometries, the features, and their means and spread. */
typedef struct eqml__mason {
    const eqml_model *m;
    const eqml_data *data;
    const unsigned char *use;
    int n;                                      /* features */
    unsigned short feature[EQML_WALL_FEATURES]; /* factors */
    double mean[EQML_WALL_FEATURES];
    double lower[EQML_WALL_FEATURES]
                [EQML_WALL_FEATURES]; /* of the covariance, then its factor, then its inverse */
    double largest;                   /* variable of a pair, not centred */
    double *work;
} eqml__mason;

static bool eqml__is_wall_point(const eqml__mason *a, size_t g)
{
    return (!a->use || a->use[g]) && (a->data->has[g] & EQML_HAS_ENERGY);
}

/* Features: the factors up to a degree whose values the code finds, or up to one less where these are too many. */
static void eqml__choose_features(eqml__mason *a, int most)
{
    const eqml_basis *b = a->m->basis;
    const int values = b->forward_one ? b->nvalues : b->nfactors;
    for (int degree = most; degree > 0; degree--) {
        int count = 0;
        for (int k = 1; k < values; k++)
            if (b->degrees[k] <= degree) {
                if (count < EQML_WALL_FEATURES)
                    a->feature[count] = (unsigned short)k;
                count++;
            }
        a->n = count;
        if (count <= EQML_WALL_FEATURES)
            return;
    }
}

/* The factors of a geometry. */
static const double *eqml__wall_factors(const eqml__mason *a, size_t g)
{
    const eqml_basis *b = a->m->basis;
    double *pair = a->work + 3 * EQML_ROUND(b->nslots);
    eqml__pairs_one(a->m, a->data->xyz + g * 3 * (size_t)b->natoms, a->work, pair, EQML_ROUND(b->npairs));
    eqml__forward_one(a->m, a->work);
    return a->work + b->factor0;
}

/* Means and covariance of the features; returns how many geometries there are. */
static size_t eqml__measure_spread(eqml__mason *a)
{
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t g = 0; g < a->data->n; g++) {
            if (!eqml__is_wall_point(a, g))
                continue;
            const double *f = eqml__wall_factors(a, g);
            for (int p = 0; p < a->m->basis->npairs; p++) {
                const double y = fabs(a->work[p] + a->m->centres[p]);
                a->largest = y > a->largest ? y : a->largest;
            }
            count += pass == 0;
            for (int i = 0; i < a->n; i++) {
                const double x = f[a->feature[i]] - a->mean[i];
                if (pass == 0)
                    a->lower[0][i] += x; /* sums, until there are means */
                for (int j = 0; j <= i && pass == 1; j++)
                    a->lower[i][j] += x * (f[a->feature[j]] - a->mean[j]) / (double)count;
            }
        }
        for (int i = 0; i < a->n && pass == 0 && count > 0; i++) {
            a->mean[i] = a->lower[0][i] / (double)count;
            a->lower[0][i] = 0;
        }
    }
    return count;
}

/*
 * The covariance becomes the inverse W of its Cholesky factor, W covariance W^T = 1. Left out are features that those
 * before them determine, and those that do not vary but in the last digits of the data, as of rigid molecules.
 */
static void eqml__whiten_features(eqml__mason *a)
{
    double factor[EQML_WALL_FEATURES][EQML_WALL_FEATURES];
    int from[EQML_WALL_FEATURES], kept = 0;
    for (int i = 0; i < a->n; i++) {
        double *row = factor[kept], pivot = a->lower[i][i];
        for (int j = 0; j < kept; j++) {
            row[j] = a->lower[i][from[j]];
            for (int k = 0; k < j; k++)
                row[j] -= row[k] * factor[j][k];
            row[j] /= factor[j][j];
            pivot -= row[j] * row[j];
        }
        const double least = pow(a->largest, a->m->basis->degrees[a->feature[i]]);
        if (pivot > 1e-9 * a->lower[i][i] && pivot > 1e-10 * least * least) {
            row[kept] = sqrt(pivot);
            from[kept++] = i;
        }
    }
    for (int i = 0; i < kept; i++) {
        a->feature[i] = a->feature[from[i]];
        a->mean[i] = a->mean[from[i]];
        for (int j = 0; j <= i; j++) {
            double sum = i == j;
            for (int k = j; k < i; k++)
                sum -= factor[i][k] * a->lower[k][j];
            a->lower[i][j] = sum / factor[i][i];
        }
    }
    a->n = kept;
}

/* The wall around what was measured: the largest leverage of the training geometries, times width, becomes 1. */
static eqml_status eqml__build_wall(const eqml__mason *a, double width, double outside, eqml_surface *surface)
{
    eqml_wall *wall = eqml__new_wall(a->n);
    double z[EQML_WALL_FEATURES], most = 0, low = HUGE_VAL, high = -HUGE_VAL;
    if (!wall)
        return EQML_ERROR_MEMORY;
    unsigned short *features = (unsigned short *)wall->features;
    double *means = (double *)wall->means, *whiten = (double *)wall->whiten, *edges = (double *)wall->edges;
    for (int i = 0; i < a->n; i++) {
        features[i] = a->feature[i];
        means[i] = a->mean[i];
        for (int j = 0; j <= i; j++)
            whiten[j * EQML_ROUND(a->n) + i] = a->lower[i][j];
    }
    for (size_t g = 0; g < a->data->n; g++)
        if (eqml__is_wall_point(a, g)) {
            const double h = eqml__leverage_one(wall, eqml__wall_factors(a, g), z),
                         energy = a->data->energy[g];
            most = h > most ? h : most;
            low = energy < low ? energy : low;
            high = energy > high ? energy : high;
        }
    for (int k = 0; k < a->n * EQML_ROUND(a->n); k++)
        whiten[k] /= sqrt(width * most);
    edges[0] = outside;
    edges[1] = low;
    edges[2] = high - low;
    eqml__use_wall(surface, wall);
    return EQML_OK;
}

EQML_API eqml_status eqml_surface_set_wall(eqml_surface *surface, const eqml_data *data,
                                           const unsigned char *use, const eqml_wall_options *options,
                                           eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    const double width = options && options->width > 0 ? options->width : 4;
    const double outside = options && options->outside > 1 ? options->outside : 2;
    eqml__mason *a = (eqml__mason *)eqml__zeroed(1, sizeof *a);
    double *work = (double *)eqml__zeroed((size_t)EQML_WORK_ONE(b->nslots, b->npairs), sizeof(double));
    eqml_status status = EQML_OK;
    size_t count = 0;
    if (!a || !work) {
        status = eqml__fail(message, EQML_ERROR_MEMORY, "a wall: out of memory");
    } else if (data->natoms != b->natoms) {
        status = eqml__fail(message, EQML_ERROR_MATCH, "a wall: the data have %d atoms, the surface %d",
                            data->natoms, b->natoms);
    } else {
        a->m = &surface->model, a->data = data, a->use = use, a->work = work;
        eqml__choose_features(a, options && options->degree > 0 ? options->degree : 2);
        if (a->n == 0 || a->n > EQML_WALL_FEATURES)
            status = eqml__fail(message, EQML_ERROR_ARGUMENT,
                                "a wall: the basis has %d factors of degree 1, not 1 to %d", a->n,
                                EQML_WALL_FEATURES);
        else
            count = eqml__measure_spread(a);
        if (!status && count < 2 * (size_t)a->n)
            status =
                eqml__fail(message, EQML_ERROR_EMPTY, "a wall: %lu geometries are too few for %d features",
                           (unsigned long)count, a->n);
        if (!status)
            eqml__whiten_features(a);
        if (!status && a->n == 0)
            status = eqml__fail(message, EQML_ERROR_EMPTY, "a wall: the geometries do not vary");
        if (!status && eqml__build_wall(a, width, outside, surface))
            status = eqml__fail(message, EQML_ERROR_MEMORY, "a wall: out of memory");
    }
    EQML_FREE(a);
    EQML_FREE(work);
    return status;
}

#endif /* EQML__WALL_C */
