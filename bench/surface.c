/*
 * Writes the header of a surface with random coefficients over a basis, as the fit would write it: factors
 * shifted to mean 0 over the geometries, each term of about the same weight in the energy.
 *
 *     cc -DBASIS_HEADER='"x.h"' -DBASIS=x bench/surface.c -o surface -lm
 *     ./surface NAME eqml.h x.h NAME_pes.h
 */
#define EQML_IMPLEMENTATION
#include BASIS_HEADER
#include "geometries.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
enum { GEOMETRIES = 200 };

/* Means and deviations of the factors with the present offsets. */
static void factor_statistics(const eqml_model *m, const double *xyz, double *slots, double *work,
                              double *mean, double *deviation)
{
    const eqml_basis *b = m->basis;
    memset(mean, 0, (size_t)b->nfactors * sizeof *mean);
    memset(deviation, 0, (size_t)b->nfactors * sizeof *deviation);
    for (int g = 0; g < GEOMETRIES; g++) {
        eqml__pairs_one(m, xyz + g * 3 * b->natoms, slots, work, EQML_ROUND(b->npairs));
        eqml__table_forward_one(b, slots, m->offset);
        for (int k = 0; k < b->nfactors; k++) {
            mean[k] += slots[b->factor0 + k] / GEOMETRIES;
            deviation[k] += slots[b->factor0 + k] * slots[b->factor0 + k] / GEOMETRIES;
        }
    }
    for (int k = 0; k < b->nfactors; k++)
        deviation[k] = k ? sqrt(deviation[k]) : 1;
}

int main(int argc, char **argv)
{
    const eqml_basis *b = &JOIN(BASIS, _basis);
    const size_t n = (size_t)b->nfactors;
    eqml_surface surface;
    eqml_message message = {""};
    uint64_t seed = 1;
    eqml_variable *morse = calloc((size_t)b->npair_classes, sizeof *morse);
    double *xyz = calloc(GEOMETRIES * 3 * (size_t)b->natoms, sizeof *xyz);
    double *work = calloc((size_t)EQML_WORK_ONE(b->nslots, b->npairs), sizeof *work);
    double *pair = calloc(6 * EQML_ROUND((size_t)b->npairs), sizeof *pair);
    double *mean = calloc(n, sizeof *mean), *deviation = calloc(n, sizeof *deviation);
    double *coefficient = calloc((size_t)b->nterms, sizeof *coefficient);
    if (argc != 5 || !morse || !xyz || !work || !pair || !mean || !deviation || !coefficient)
        return 2;
    for (int k = 0; k < b->npair_classes; k++)
        morse[k] = (eqml_variable){EQML_MORSE, 2.0, 0, 0};
    if (eqml_surface_create(b, morse, &surface))
        return 1;
    random_geometries(7, GEOMETRIES, b->natoms, xyz);
    for (int pass = 0; pass <= b->degree; pass++) { /* products of shifted factors settle after them */
        factor_statistics(&surface.model, xyz, work, pair, mean, deviation);
        for (size_t k = 1; k < n; k++)
            surface.offset[k] -= mean[k];
    }
    factor_statistics(&surface.model, xyz, work, pair, mean, deviation);
    for (size_t k = 0; k < n; k++)
        coefficient[k] = random_number(&seed) / deviation[k];
    size_t term = n;
    for (int r = 0; r < b->nruns; r++)
        for (int c = 0; c < b->runs[r][2]; c++)
            coefficient[term++] =
                random_number(&seed) / (deviation[b->runs[r][0]] * deviation[b->runs[r][1] + c]);
    eqml_surface_set(&surface, coefficient);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k]) {
            double *weight = calloc((size_t)b->tensors[k]->nterms + 1, sizeof *weight);
            for (int i = 0; weight && i < b->tensors[k]->nterms; i++)
                weight[i] = random_number(&seed);
            if (weight)
                eqml_surface_set_tensor(&surface, (eqml_tensor)k, weight);
            free(weight);
        }
    eqml_status status = eqml_surface_write_header(&surface, argv[1], argv[2], argv[3], argv[4], &message);
    if (status)
        fprintf(stderr, "surface: %s\n", message.text);
    eqml_surface_free(&surface);
    free(morse), free(xyz), free(work), free(pair), free(mean), free(deviation), free(coefficient);
    return status != EQML_OK;
}
