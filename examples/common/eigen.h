/* Eigenvectors of symmetric matrices, by Jacobi's rotations: exact and short, for matrices up to a few hundred rows. */
#ifndef EXAMPLES_EIGEN_H
#define EXAMPLES_EIGEN_H
#include <math.h>

/* Jacobi's rotation of rows and columns p and q of a[n][n], which makes a_pq zero; of the rows of v with
 * them. */
static inline void jacobi_turn(int n, double *a, double *v, int p, int q)
{
    const double off = a[p * n + q];
    if (fabs(off) < 1e-300)
        return;
    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * off);
    const double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < n; k++) {
        const double x = a[k * n + p], y = a[k * n + q];
        a[k * n + p] = c * x - s * y, a[k * n + q] = s * x + c * y;
    }
    for (int k = 0; k < n; k++) {
        const double x = a[p * n + k], y = a[q * n + k], u = v[p * n + k], w = v[q * n + k];
        a[p * n + k] = c * x - s * y, a[q * n + k] = s * x + c * y;
        v[p * n + k] = c * u - s * w, v[q * n + k] = s * u + c * w;
    }
}

/* Eigenvalues, ascending, and eigenvectors, the rows of v[n][n], of a symmetric a[n][n], which is
 * overwritten. */
static inline void eigenvectors(int n, double *a, double *value, double *v)
{
    for (int k = 0; k < n * n; k++)
        v[k] = k % (n + 1) == 0;
    for (int sweep = 0; sweep < 30; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
                jacobi_turn(n, a, v, p, q);
    for (int k = 0; k < n; k++)
        value[k] = a[k * n + k];
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            if (value[j] < value[i]) {
                const double t = value[i];
                value[i] = value[j], value[j] = t;
                for (int k = 0; k < n; k++) {
                    const double u = v[i * n + k];
                    v[i * n + k] = v[j * n + k], v[j * n + k] = u;
                }
            }
}

#endif
