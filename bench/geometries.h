/* Random geometries with distances of molecules, the same in every run. */
#ifndef BENCH_GEOMETRIES_H
#define BENCH_GEOMETRIES_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* Uniform in [-1, 1). */
static inline double random_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int64_t)*state * 0x1p-63;
}

/* Atoms in a ball, 1.5 bohr or more apart; up to nine atoms are never more than 6 bohr apart. */
static inline void random_geometry(uint64_t *state, int natoms, double *xyz)
{
    double radius = natoms <= 9 ? 3 : 1.5 * cbrt(natoms);
    for (int i = 0; i < natoms;) {
        double *at = xyz + 3 * i, square = 0;
        for (int k = 0; k < 3; k++) {
            at[k] = radius * random_number(state);
            square += at[k] * at[k];
        }
        int fits = square <= radius * radius;
        for (int j = 0; j < i; j++) {
            const double *b = xyz + 3 * j;
            fits &= hypot(hypot(at[0] - b[0], at[1] - b[1]), at[2] - b[2]) >= 1.5;
        }
        i += fits;
    }
}

static inline void random_geometries(uint64_t seed, size_t n, int natoms, double *xyz)
{
    for (size_t g = 0; g < n; g++)
        random_geometry(&seed, natoms, xyz + g * 3 * (size_t)natoms);
}
#endif
