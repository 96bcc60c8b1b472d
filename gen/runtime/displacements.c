/* Orthonormal displacements of a geometry, those that change it apart from those that only move it. */
#ifndef EQML__DISPLACEMENTS_C
#define EQML__DISPLACEMENTS_C
#include <math.h>
#include <stddef.h>
#include <string.h>

/* Subtracts from v its part along each of the `count` orthonormal rows of q; returns the norm of the rest. */
static double eqml__orthogonalise(const double *q, int count, int n, double *v)
{
    double norm = 0;
    for (int twice = 0; twice < 2; twice++)
        for (int r = 0; r < count; r++) {
            double along = 0;
            for (int k = 0; k < n; k++)
                along += q[r * n + k] * v[k];
            for (int k = 0; k < n; k++)
                v[k] -= along * q[r * n + k];
        }
    for (int k = 0; k < n; k++)
        norm += v[k] * v[k];
    return sqrt(norm);
}

/*
 * Keeps row `count` of q, made orthonormal, unless its rest is shorter than `least`; returns the new count.
 */
static int eqml__accept_direction(double *q, int count, int n, double least)
{
    double *v = q + count * n, norm = eqml__orthogonalise(q, count, n, v);
    if (norm < least)
        return count;
    for (int k = 0; k < n; k++)
        v[k] /= norm;
    return count + 1;
}

/*
 * q[n][n] <- orthonormal rows, n = 3 natoms: first translations and rotations, *external of them (6, or 5 for
 * a linear geometry), then the internal displacements. Cartesian directions complete the space: beside
 * `count` rows at least one of them keeps a norm of sqrt((n - count) / n).
 */
static void eqml__displacements(const double *xyz, int natoms, double *q, int *external)
{
    const int n = 3 * natoms;
    double centre[3] = {0, 0, 0}, size = 0;
    int count = 0;
    for (int k = 0; k < n; k++)
        centre[k % 3] += xyz[k] / natoms;
    for (int k = 0; k < n; k++)
        size += (xyz[k] - centre[k % 3]) * (xyz[k] - centre[k % 3]);
    for (int axis = 0; axis < 6; axis++) {
        double *v = q + count * n;
        const int i = axis % 3, j = (axis + 1) % 3;
        for (int a = 0; a < natoms; a++)
            for (int k = 0; k < 3; k++) {
                const double *x = xyz + 3 * a;
                double turn = k == i ? -(x[j] - centre[j]) : k == j ? x[i] - centre[i] : 0;
                v[3 * a + k] = axis < 3 ? (k == axis) : turn;
            }
        count = eqml__accept_direction(q, count, n, axis < 3 ? 0.5 : 1e-4 * sqrt(size));
    }
    *external = count;
    for (int k = 0; k < n && count < n; k++) {
        memset(q + count * n, 0, (size_t)n * sizeof(double));
        q[count * n + k] = 1;
        count = eqml__accept_direction(q, count, n, 1e-3);
    }
}

#endif /* EQML__DISPLACEMENTS_C */
