/*
 * The frame that turns with a molecule: C. Eckart, Phys. Rev. 47, 552 (1935), found as the rotation that brings the atoms
 * closest to a reference, by the largest eigenvector of a 4 x 4 matrix: B. K. P. Horn, J. Opt. Soc. Am. A 4, 629 (1987).
 */
#ifndef EXAMPLES_ECKART_H
#define EXAMPLES_ECKART_H
#include "common/eigen.h"
#include <string.h>

/* Moves the centre of mass of xyz[natoms][3] to the origin. */
static inline void to_centre(int natoms, const double *mass, double *xyz)
{
    double middle[3] = {0}, total = 0;
    for (int i = 0; i < natoms; i++) {
        total += mass[i];
        for (int k = 0; k < 3; k++)
            middle[k] += mass[i] * xyz[3 * i + k];
    }
    for (int i = 0; i < 3 * natoms; i++)
        xyz[i] -= middle[i % 3] / total;
}

/* x <- rotation x, for count vectors. */
static inline void rotate(double (*rotation)[3], int count, double *x)
{
    for (int i = 0; i < count; i++) {
        const double old[3] = {x[3 * i], x[3 * i + 1], x[3 * i + 2]};
        for (int k = 0; k < 3; k++)
            x[3 * i + k] = rotation[k][0] * old[0] + rotation[k][1] * old[1] + rotation[k][2] * old[2];
    }
}

/* The rotation that makes the sum of mass |rotation xyz - reference|^2 least; both have their centres of mass in the origin. */
static inline void eckart_rotation(int natoms, const double *mass, const double *reference, const double *xyz,
                                   double rotation[3][3])
{
    double s[3][3] = {{0}}, value[4], vector[16];
    for (int i = 0; i < natoms; i++)
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                s[a][b] += mass[i] * xyz[3 * i + a] * reference[3 * i + b];
    double m[16] = {s[0][0] + s[1][1] + s[2][2],
                    s[1][2] - s[2][1],
                    s[2][0] - s[0][2],
                    s[0][1] - s[1][0],
                    0,
                    s[0][0] - s[1][1] - s[2][2],
                    s[0][1] + s[1][0],
                    s[2][0] + s[0][2],
                    0,
                    0,
                    s[1][1] - s[0][0] - s[2][2],
                    s[1][2] + s[2][1],
                    0,
                    0,
                    0,
                    s[2][2] - s[0][0] - s[1][1]};
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < a; b++)
            m[4 * a + b] = m[4 * b + a];
    eigenvectors(4, m, value, vector);
    const double *q = vector + 12; /* of the largest eigenvalue */
    for (int a = 0; a < 3; a++) {
        const int b = (a + 1) % 3, c = (a + 2) % 3;
        const double *v = q + 1;
        rotation[a][a] = q[0] * q[0] + v[a] * v[a] - v[b] * v[b] - v[c] * v[c];
        rotation[a][b] = 2 * (v[a] * v[b] - q[0] * v[c]);
        rotation[a][c] = 2 * (v[a] * v[c] + q[0] * v[b]);
    }
}

/* The tensor of inertia of atoms whose centre of mass is the origin. */
static inline void inertia_tensor(int natoms, const double *mass, const double *xyz, double tensor[3][3])
{
    memset(tensor, 0, 9 * sizeof(double));
    for (int i = 0; i < natoms; i++)
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++) {
                const double *x = xyz + 3 * i;
                tensor[a][b] +=
                    mass[i] * ((a == b ? x[0] * x[0] + x[1] * x[1] + x[2] * x[2] : 0) - x[a] * x[b]);
            }
}

/* Turns atoms, their centre of mass in the origin, into their principal axes: a, b, c, of ascending moments. */
static inline void to_principal_axes(int natoms, const double *mass, double *xyz)
{
    double tensor[3][3], moment[3], axes[3][3];
    inertia_tensor(natoms, mass, xyz, tensor);
    eigenvectors(3, &tensor[0][0], moment, &axes[0][0]);
    for (int k = 0; k < 3; k++) /* right-handed */
        axes[2][k] =
            axes[0][(k + 1) % 3] * axes[1][(k + 2) % 3] - axes[0][(k + 2) % 3] * axes[1][(k + 1) % 3];
    rotate(axes, natoms, xyz);
}

#endif
