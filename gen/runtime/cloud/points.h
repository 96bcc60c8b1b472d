/* Invariants of one cloud of points: objects by their surfaces, or the neighbourhood of one atom. */
#ifndef EQML__CLOUD_POINTS_H
#define EQML__CLOUD_POINTS_H
#include "cloud/rows.h"

/* Points in space. Lengths are in the unit of the cutoff and range that they are described with, whichever it is. */
typedef struct eqml_points {
    size_t n;
    const double *xyz;     /* [n][3] */
    const int *types;      /* [n] species of the basis; NULL: all 0 */
    const double *weights; /* [n] how much a point counts, as the area about it; NULL: 1 each */
    const double *centre;  /* [3] where they are seen from; NULL: their mean, by weight (centre of mass) */
} eqml_points;

EQML_FUNCTION void eqml_points_centre(const eqml_points *points, double centre[3])
/* centre <- what the points are seen from. NaN where it is their mean and the weights add up to zero. */
{
    double total = 0;
    for (size_t d = 0; d < 3; d++)
        centre[d] = points->centre ? points->centre[d] : 0;
    if (points->centre)
        return;
    for (size_t k = 0; k < points->n; k++) {
        const double weight = points->weights ? points->weights[k] : 1;
        total += weight;
        for (size_t d = 0; d < 3; d++)
            centre[d] += weight * points->xyz[3 * k + d];
    }
    for (size_t d = 0; d < 3; d++)
        centre[d] /= total;
}

/* vector[n][3] <- the points from the centre, type[n] <- their types. */
EQML_FUNCTION eqml_status eqml__points_seen(const eqml_cloud_basis *basis, const eqml_points *points,
                                            double (*vector)[3], int *type)
{
    double centre[3];
    eqml_points_centre(points, centre);
    for (size_t k = 0; k < points->n; k++) {
        double square = 0;
        for (size_t d = 0; d < 3; d++) {
            vector[k][d] = points->xyz[3 * k + d] - centre[d];
            square += vector[k][d] * vector[k][d];
        }
        if (!(square > 0 && square < 1e100) || (points->weights && !(fabs(points->weights[k]) < 1e100)))
            return EQML_ERROR_VALUE;
        type[k] = points->types ? points->types[k] : 0;
        if (type[k] < 0 || type[k] >= basis->nspecies)
            return EQML_ERROR_ARGUMENT;
    }
    return EQML_OK;
}

EQML_FUNCTION eqml_status eqml_points_describe(const eqml_cloud_basis *basis, int centre,
                                               const eqml_radial *radial, const eqml_points *points,
                                               eqml_cloud_workspace *w, double *terms)
/*
 * terms[basis->centres[centre].program->nterms] <- all terms of that centre (0: the first) for a cloud of points, whose
 * moments are the sums of weight times R_n S_lm. They do not change when the cloud is moved, turned or, but for chiral
 * terms, mirrored, nor with the order of its points; a point of weight 2 is two points in one place. Points beyond the
 * cutoff, and of types that the centre has not around it, count as absent. Allocates the memory of n points, and frees
 * it; the workspace grows as needed and may be used again. Any number of threads, a workspace each.
 *
 * EQML_ERROR_VALUE: coordinates or weights that are not finite, a point in the centre, which has no direction from there,
 * weights that add up to zero where the centre is to be their mean. EQML_ERROR_ARGUMENT: a centre or type that the basis
 * does not have, a cutoff or range that is not positive. EQML_ERROR_MEMORY. On failure the terms are as they were.
 */
{
    eqml_cloud_model model;
    const eqml_cloud_result none = {NULL, NULL, NULL, NULL};
    eqml_neighbours list;
    eqml__cloud_lanes x;
    size_t first[2] = {0, points->n}, used = 0;
    int *type = NULL;
    double *own = NULL;
    char *room = NULL;
    if (centre < 0 || centre >= basis->ncentres)
        return EQML_ERROR_ARGUMENT;
    const eqml_cloud_centre *c = &basis->centres[centre];
    memset(&list, 0, sizeof list);
    memset(&model, 0, sizeof model);
    model.basis = basis;
    model.radial = *radial;
    list.natoms = 1;
    list.count = points->n;
    list.first = first;
    for (int pass = 0; pass < 2; pass++) {
        used = 0;
        list.vector = (double(*)[3])eqml__take(room, &used, points->n * sizeof *list.vector);
        list.index = (int *)eqml__take(room, &used, points->n * sizeof(int));
        type = (int *)eqml__take(room, &used, (points->n + 1) * sizeof(int));
        own = (double *)eqml__take(room, &used, (size_t)c->program->nslots * sizeof(double));
        if (!pass && !(room = (char *)EQML_MALLOC(used)))
            return EQML_ERROR_MEMORY;
    }
    type[0] = 0;
    for (size_t k = 0; k < points->n; k++)
        list.index[k] = (int)k;
    eqml_status status = eqml__points_seen(basis, points, list.vector, type);
    if (!status)
        status = eqml__cloud_begin_lanes(&x, &model, &list, type, 1, w, &none);
    if (!status) {
        eqml__shell_lanes *s = &x.desk[0].shell[0];
        s->pair = x.group[0].pair;
        eqml__cloud_shell_lanes(&x, c, 0, s);
        for (int k = 0; k < s->nvectors * basis->nmax && points->weights; k++) {
            const int v = k / basis->nmax, n = k % basis->nmax, *pair = s->pair + v * EQML_LANES;
            double *value = (double *)(void *)(s->block + v * s->size + s->radial + 2 * n);
            for (int lane = 0; lane < EQML_LANES; lane++)
                value[lane] *= pair[lane] < 0 ? 0 : points->weights[pair[lane]];
        }
        eqml__cloud_own_slots(&x, c->program, own);
        memset(terms, 0, (size_t)c->program->nterms * sizeof(double));
        eqml__cloud_terms(c->program, own, terms);
    }
    EQML_FREE(room);
    return status;
}

EQML_FUNCTION eqml_status eqml_cloud_term_kinds(const eqml_cloud_program *p, int *order, int *parity)
/*
 * order[nterms] <- factors of each term: its body order is one more. parity[nterms] <- 1, or -1 for those that change their
 * sign under reflection. EQML_ERROR_MEMORY.
 */
{
    int *slot = (int *)EQML_MALLOC(2 * (size_t)p->nslots * sizeof(int));
    if (!slot)
        return EQML_ERROR_MEMORY;
    int *l = slot + p->nslots, term = 0;
    memset(slot, 0, 2 * (size_t)p->nslots * sizeof(int));
    /* order, and sum of the angular momenta, of what begins at each slot; the constant 1 has none of both */
    for (int k = 0; k < p->nmoments; k++) {
        slot[p->moments[k][3]] = 1;
        l[p->moments[k][3]] = p->moments[k][1];
    }
    for (int k = 0; k < p->nkernels; k++)
        for (int i = p->kernels[k].first; i < p->kernels[k].first + p->kernels[k].count; i++) {
            const unsigned short *product = p->products[i];
            slot[product[2]] = slot[product[0]] + slot[product[1]];
            l[product[2]] = l[product[0]] + l[product[1]];
        }
    for (int k = 0; k < p->nrows; k++)
        for (int i = 0; i < p->rows[k][2]; i++, term++) {
            order[term] = slot[p->rows[k][0]] + slot[p->columns[term]];
            parity[term] = (l[p->rows[k][0]] + l[p->columns[term]]) % 2 ? -1 : 1;
        }
    EQML_FREE(slot);
    return EQML_OK;
}

#endif /* EQML__CLOUD_POINTS_H */
