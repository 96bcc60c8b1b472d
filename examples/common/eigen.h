/*
 * Eigenvectors of symmetric matrices: by Jacobi's rotations, exact and short, up to a few hundred rows; and in eigen.c all of
 * a matrix of thousands of rows, and the lowest of a matrix that is only known by its products with vectors.
 */
#ifndef EXAMPLES_EIGEN_H
#define EXAMPLES_EIGEN_H
#include <math.h>
#include <stddef.h>

/*
 * Eigenvalues, ascending, of a symmetric a[n][n], of which the upper triangle counts: Householder's tridiagonalisation, then QL
 * with Wilkinson's shifts (J. H. Wilkinson, C. Reinsch, Linear Algebra, 1971, chapters II/2 and II/4). vector[n][n], unless
 * NULL: rows <- the eigenvectors. a is overwritten. About 4/3 n^3 multiply-adds, with vectors 6 n^3. Nonzero: no memory, or
 * the matrix is not finite.
 */
int eigen_all(size_t n, double *a, double *value, double *vector);

/*
 * The same for the `count` lowest: value[n] are all of them, vector[count][n] by inverse iteration on the tridiagonal form, each
 * orthogonal to those below it. About 4/3 n^3 + 6 count n^2 multiply-adds.
 */
int eigen_some(size_t n, size_t count, double *a, double *value, double *vector);

/* A symmetric matrix by its products: y <- A x. */
typedef struct eigen_operator {
    size_t n;
    void (*apply)(const void *context, size_t n, const double *x, double *y);
    const void *context;
    const double *diagonal; /* [n] of A: the preconditioner */
} eigen_operator;

/*
 * The lowest `count` eigenvalues and vector[count][n] by Davidson's method (E. R. Davidson, J. Comput. Phys. 17, 87 (1975)),
 * all at once, in a space of at most `space` vectors (0: 4 count + 20), which takes 2 space n doubles. It begins with the
 * unit vectors of the lowest diagonal elements, or, with `begun`, with vector as it is. Done when the residuals |A x - e x|
 * are below `tolerance`: errors of the values are their squares over a gap. Returns the number of products, 0 where they did
 * not suffice (`most`), or without memory.
 */
int eigen_lowest(const eigen_operator *o, size_t count, size_t space, double tolerance, int most, int begun,
                 double *value, double *vector);

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
