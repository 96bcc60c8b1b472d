/* Environments that low body orders cannot tell apart, and a mirror pair. */
#include "shapes.h"
#include <stdio.h>
#include <stdlib.h>

/* Points at multiples of 45 degrees on a circle: homometric sets, with the same angles between them, in other order. */
static void ring(double height, const int eighth[4], double (*xyz)[3])
{
    for (int k = 0; k < 4; k++) {
        const double angle = eighth[k] * 3.14159265358979323846 / 4;
        xyz[k][0] = 2 * cos(angle);
        xyz[k][1] = 2 * sin(angle);
        xyz[k][2] = height;
    }
}

/* most[order][odd] <- the largest difference between the terms of two clouds, over the largest term. */
static int compare(const eqml_cloud_basis *basis, double (*a)[3], double (*b)[3], double most[7][2])
{
    static const double origin[3] = {0, 0, 0};
    static const eqml_radial radial = {.cutoff = 4, .range = 2};
    const size_t n = (size_t)basis->nterms;
    eqml_cloud_workspace w = {0};
    double *terms = malloc(2 * n * sizeof *terms), largest = 0;
    int *kind = malloc(2 * n * sizeof *kind);
    const eqml_points points[2] = {{4, &a[0][0], NULL, NULL, origin}, {4, &b[0][0], NULL, NULL, origin}};
    eqml_status status = terms && kind ? EQML_OK : EQML_ERROR_MEMORY;
    if (!status)
        status = eqml_cloud_term_kinds(basis->centres[0].program, kind, kind + n);
    for (size_t k = 0; k < 2 && !status; k++)
        status = eqml_points_describe(basis, 0, &radial, &points[k], &w, terms + k * n);
    for (size_t k = 0; k < 14; k++)
        most[k / 2][k % 2] = 0;
    for (size_t k = 0; k < n && !status; k++)
        largest = fmax(largest, fabs(terms[k]));
    for (size_t k = 0; k < n && !status; k++) {
        double *to = &most[kind[k]][kind[n + k] < 0];
        *to = fmax(*to, fabs(terms[k] - terms[n + k]) / largest);
    }
    eqml_cloud_workspace_free(&w);
    free(terms);
    free(kind);
    if (status)
        fprintf(stderr, "shapes: %s\n", eqml_status_text(status));
    return (int)status;
}

int tell_pairs(const eqml_cloud_basis *basis)
{
    static const int a[4] = {0, 1, 3, 4}, b[4] = {0, 1, 2, 5};
    double chiral[4][3] = {{1.9, 0.2, 0.1}, {-0.3, 2.2, 0.4}, {0.5, -0.6, 2.5}, {-1.8, -1.1, 0.7}};
    double pair[3][2][4][3];
    static const char *const name[3] = {"ring", "cone", "mirror images"};
    ring(0, a, pair[0][0]);
    ring(0, b, pair[0][1]);
    ring(0.8, a, pair[1][0]);
    ring(0.8, b, pair[1][1]);
    for (int k = 0; k < 4; k++)
        for (int d = 0; d < 3; d++) {
            pair[2][0][k][d] = chiral[k][d];
            pair[2][1][k][d] = d ? chiral[k][d] : -chiral[k][d];
        }
    printf("  pairs of four neighbours: largest difference of a term, over the largest term\n"
           "  %-14s %9s %9s %9s %9s | %9s %9s\n",
           "", "2-body", "3-body", "4-body", "5-body", "chiral: 4", "5-body");
    for (int p = 0; p < 3; p++) {
        double most[7][2];
        if (compare(basis, pair[p][0], pair[p][1], most))
            return 1;
        printf("  %-14s %9.1e %9.1e %9.1e %9.1e | %9.1e %9.1e\n", name[p], most[1][0], most[2][0], most[3][0],
               most[4][0], most[3][1], most[4][1]);
    }
    return 0;
}
