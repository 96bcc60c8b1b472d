/* Descriptions of clouds, and what is learnt from them by linear least squares. */
#include "shapes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In radii of gyration where clouds are scaled; else in the length of the drawn objects, whose radius is about 1. */
static const eqml_radial near_ones = {.cutoff = 2.6, .range = 1}, far_ones = {.cutoff = 4, .range = 1.4};

/* xyz <- the points from their centre, over their radius of gyration. */
static void scale(const cloud *c, double *xyz)
{
    const eqml_points points = {c->n, c->xyz, NULL, c->weight, NULL};
    double centre[3], square = 0, total = 0;
    eqml_points_centre(&points, centre);
    for (size_t k = 0; k < c->n; k++) {
        for (size_t d = 0; d < 3; d++) {
            xyz[3 * k + d] = c->xyz[3 * k + d] - centre[d];
            square += c->weight[k] * xyz[3 * k + d] * xyz[3 * k + d];
        }
        total += c->weight[k];
    }
    for (size_t k = 0; k < 3 * c->n; k++)
        xyz[k] /= sqrt(square / total);
}

/* Means 0 and deviations 1 over the even rows. */
static void standardise(features *f)
{
    const size_t columns = (size_t)f->columns;
    for (size_t j = 1; j < columns; j++) {
        double mean = 0, square = 0, count = 0;
        for (size_t k = 0; k < f->rows; k += 2, count++)
            mean += f->value[k * columns + j];
        mean /= count;
        for (size_t k = 0; k < f->rows; k += 2)
            square += (f->value[k * columns + j] - mean) * (f->value[k * columns + j] - mean);
        const double deviation = square > 0 ? sqrt(square / count) : 1;
        for (size_t k = 0; k < f->rows; k++)
            f->value[k * columns + j] = (f->value[k * columns + j] - mean) / deviation;
    }
}

int describe(const eqml_cloud_basis *basis, const cloud *c, size_t n, int scaled, features *f)
{
    eqml_cloud_workspace w = {0};
    size_t most = 0;
    for (size_t k = 0; k < n; k++)
        most = c[k].n > most ? c[k].n : most;
    double *xyz = malloc((3 * most + 1) * sizeof *xyz);
    *f = (features){n, basis->nterms + 1, malloc((n + 1) * (size_t)(basis->nterms + 1) * sizeof(double))};
    eqml_status status = xyz && f->value ? EQML_OK : EQML_ERROR_MEMORY;
    for (size_t k = 0; k < n && !status; k++) {
        double *row = f->value + k * (size_t)f->columns;
        if (scaled)
            scale(&c[k], xyz);
        const eqml_points points = {c[k].n, scaled ? xyz : c[k].xyz, NULL, c[k].weight, NULL};
        row[0] = 1;
        status = eqml_points_describe(basis, 0, scaled ? &near_ones : &far_ones, &points, &w, row + 1);
    }
    if (!status)
        standardise(f);
    else
        fprintf(stderr, "shapes: %s\n", eqml_status_text(status));
    eqml_cloud_workspace_free(&w);
    free(xyz);
    return (int)status;
}

int learn(const features *f, const unsigned char *use, int targets, const double *target, double ridge,
          double *x)
{
    const eqml_lsq_options options = {0, ridge, 1};
    eqml_lsq *lsq = NULL;
    eqml_status status = eqml_lsq_create(&lsq, f->columns, targets);
    for (size_t k = 0; k < f->rows && !status; k += 2) {
        if (use && !use[k])
            continue;
        double *row = eqml_lsq_row(lsq);
        memcpy(row, f->value + k * (size_t)f->columns, (size_t)f->columns * sizeof *row);
        memcpy(row + f->columns, target + k * (size_t)targets, (size_t)targets * sizeof *row);
        status = eqml_lsq_add(lsq);
    }
    if (!status)
        status = eqml_lsq_solve(lsq, &options, x, NULL);
    eqml_lsq_free(lsq);
    if (status)
        fprintf(stderr, "shapes: %s\n", eqml_status_text(status));
    return (int)status;
}

double predict(const features *f, size_t k, const double *x)
{
    double sum = 0;
    for (int j = 0; j < f->columns; j++)
        sum += f->value[k * (size_t)f->columns + (size_t)j] * x[j];
    return sum;
}
