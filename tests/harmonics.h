/* Real spherical harmonics by their definition, in long double; rotations; for the tests of neighbour clouds. */
#ifndef TESTS_HARMONICS_H
#define TESTS_HARMONICS_H
#include "support.h"

/*
 * value[2l+1], m = -l..l, in the direction of r, of any length: normalised so that their squares add up to 2 l + 1,
 * without the phase (-1)^m.
 */
static inline void harmonics_at(int l, const long double r[3], long double *value)
{
    const long double length = sqrtl(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]), z = r[2] / length;
    const long double phi = atan2l(r[1], r[0]);
    for (int m = 0; m <= l; m++) {
        /* P_lm = (1 - z^2)^(m/2) d^m P_l / dz^m, from P_mm upwards in l */
        long double before = 0, now = 1;
        for (int k = 1; k <= m; k++)
            now *= (2 * k - 1) * sqrtl(1 - z * z);
        for (int k = m + 1; k <= l; k++) {
            const long double next = ((2 * k - 1) * z * now - (k + m - 1) * before) / (k - m);
            before = now;
            now = next;
        }
        long double scale = 2 * l + 1;
        for (int k = l - m + 1; k <= l + m; k++)
            scale /= k;
        scale = sqrtl(m ? 2 * scale : scale);
        value[l + m] = scale * now * cosl(m * phi);
        if (m)
            value[l - m] = scale * now * sinl(m * phi);
    }
}

/* A random rotation, from a quaternion. */
static inline void random_rotation(uint64_t *state, long double rotation[3][3])
{
    long double q[4], norm = 0;
    for (int k = 0; k < 4; k++) {
        q[k] = draw_real(state);
        norm += q[k] * q[k];
    }
    norm = sqrtl(norm);
    const long double w = q[0] / norm, x = q[1] / norm, y = q[2] / norm, z = q[3] / norm;
    const long double m[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                                 {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                                 {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
    memcpy(rotation, m, sizeof m);
}

static inline void rotate(long double rotation[3][3], const long double r[3], long double *to)
{
    for (int i = 0; i < 3; i++)
        to[i] = rotation[i][0] * r[0] + rotation[i][1] * r[1] + rotation[i][2] * r[2];
}

/* x[n][columns] <- a^-1 x, by elimination with pivots; a[n][n] is lost. */
static inline void solve_linear(int n, long double *a, int columns, long double *x)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            pivot = fabsl(a[i * n + k]) > fabsl(a[pivot * n + k]) ? i : pivot;
        for (int j = 0; j < n; j++) {
            const long double t = a[k * n + j];
            a[k * n + j] = a[pivot * n + j];
            a[pivot * n + j] = t;
        }
        for (int j = 0; j < columns; j++) {
            const long double t = x[k * columns + j];
            x[k * columns + j] = x[pivot * columns + j];
            x[pivot * columns + j] = t;
        }
        for (int i = 0; i < n; i++) {
            const long double f = i == k ? 0 : a[i * n + k] / a[k * n + k];
            for (int j = 0; j < n && f != 0; j++)
                a[i * n + j] -= f * a[k * n + j];
            for (int j = 0; j < columns && f != 0; j++)
                x[i * columns + j] -= f * x[k * columns + j];
        }
    }
    for (int k = 0; k < n; k++)
        for (int j = 0; j < columns; j++)
            x[k * columns + j] /= a[k * n + k];
}

/* d[2l+1][2l+1]: harmonics of R r from those of r. */
static inline void rotation_of_harmonics(int l, long double rotation[3][3], uint64_t *state, long double *d)
{
    const int n = 2 * l + 1;
    long double a[64 * 64], x[64 * 64];
    for (int i = 0; i < n; i++) {
        long double r[3], turned[3];
        for (int k = 0; k < 3; k++)
            r[k] = draw_real(state);
        rotate(rotation, r, turned);
        harmonics_at(l, r, a + i * n);
        harmonics_at(l, turned, x + i * n);
    }
    solve_linear(n, a, n, x);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            d[i * n + j] = x[j * n + i];
}
#endif
