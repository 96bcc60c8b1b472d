/* Harmonic vibrations: normal modes, and the motions of a rigid body, which are none. */
#ifndef EXAMPLES_MODES_H
#define EXAMPLES_MODES_H
#include "common/eigen.h"
#include "common/elements.h"
#include <math.h>

#define PER_CM 219474.6313632 /* cm^-1 in a hartree; CODATA 2018 */

/*
 * Normal modes: rows of mode[n][n], n = 3 natoms, in mass-weighted coordinates, and wavenumber[n] in cm^-1 from the
 * lowest; where the surface curves downwards, as at a saddle, the wavenumber is imaginary, and its negative is given. At a
 * minimum the first six are translations and rotations. root[n] are the square roots of the masses in electron masses,
 * mass[natoms] in dalton. hessian[n][n] in hartree/bohr^2 is overwritten.
 */
static inline void normal_modes(int natoms, const double *mass, double *hessian, double *root,
                                double *wavenumber, double *mode)
{
    const int n = 3 * natoms;
    for (int k = 0; k < n; k++)
        root[k] = sqrt(DALTON * mass[k / 3]);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            hessian[i * n + j] /= root[i] * root[j];
    eigenvectors(n, hessian, wavenumber, mode);
    for (int k = 0; k < n; k++)
        wavenumber[k] = PER_CM * copysign(sqrt(fabs(wavenumber[k])), wavenumber[k]);
}

/* Makes row[n] orthogonal to the others[count][n], which are orthonormal, and of length 1; 0 where nothing is
 * left, as of the rotation of a linear molecule about its axis. */
static inline int modes__orthonormal(int n, int count, const double *others, double *row)
{
    double square = 0;
    for (int twice = 0; twice < 2; twice++)
        for (int o = 0; o < count; o++) {
            double product = 0;
            for (int k = 0; k < n; k++)
                product += row[k] * others[o * n + k];
            for (int k = 0; k < n; k++)
                row[k] -= product * others[o * n + k];
        }
    for (int k = 0; k < n; k++)
        square += row[k] * row[k];
    if (square <= 1e-8) /* dalton bohr^2 */
        return 0;
    for (int k = 0; k < n; k++)
        row[k] /= sqrt(square);
    return 1;
}

/*
 * Translations and rotations at xyz[natoms][3], orthonormal in mass-weighted coordinates: rigid[6][3 natoms]. Returns how
 * many there are: six, five where the molecule is linear.
 */
static inline int rigid_motions(int natoms, const double *mass, const double *xyz, double *rigid)
{
    const int n = 3 * natoms;
    double centre[3] = {0, 0, 0}, total = 0;
    int count = 0;
    for (int i = 0; i < natoms; i++) {
        total += mass[i];
        for (int k = 0; k < 3; k++)
            centre[k] += mass[i] * xyz[3 * i + k];
    }
    for (int motion = 0; motion < 6; motion++) {
        double *row = rigid + count * n;
        const int axis = motion % 3, a = (axis + 1) % 3, b = (axis + 2) % 3;
        for (int i = 0; i < natoms; i++) {
            const double *x = xyz + 3 * i, root = sqrt(mass[i]);
            row[3 * i + axis] = motion < 3 ? root : 0;
            row[3 * i + a] = motion < 3 ? 0 : -root * (x[b] - centre[b] / total);
            row[3 * i + b] = motion < 3 ? 0 : root * (x[a] - centre[a] / total);
        }
        count += modes__orthonormal(n, count, rigid, row);
    }
    return count;
}

/*
 * Vibrations alone: as normal_modes, but translations and rotations, taken as such exactly, come last, whatever the
 * Hessian says of them. Returns the number of vibrations, 3 natoms - 6 or 3 natoms - 5. rigid: room for [6][3 natoms].
 */
static inline int vibrations(int natoms, const double *mass, const double *xyz, double *hessian, double *root,
                             double *wavenumber, double *mode, double *rigid)
{
    /* Rigid motions are given wavenumbers above all others: H <- H - sum (H u u^T + u u^T H - u u^T H u u^T) + far u u^T,
     * motion by motion, in mass-weighted coordinates. */
    const double far = 1; /* the highest vibration, of H2, has 4e-4 */
    const int n = 3 * natoms, count = rigid_motions(natoms, mass, xyz, rigid);
    double *image = mode; /* room for H u */
    for (int r = 0; r < count; r++) {
        const double *u = rigid + r * n;
        double along = 0;
        for (int i = 0; i < n; i++) {
            image[i] = 0;
            for (int j = 0; j < n; j++) {
                const double weight = DALTON * sqrt(mass[i / 3] * mass[j / 3]);
                image[i] += hessian[i * n + j] / weight * u[j];
            }
            along += u[i] * image[i];
        }
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                const double weight = DALTON * sqrt(mass[i / 3] * mass[j / 3]);
                hessian[i * n + j] +=
                    weight * ((along + far) * u[i] * u[j] - image[i] * u[j] - u[i] * image[j]);
            }
    }
    normal_modes(natoms, mass, hessian, root, wavenumber, mode);
    return n - count;
}

#endif
