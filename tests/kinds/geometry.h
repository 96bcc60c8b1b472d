/* Random molecules of any size. */
#ifndef TESTS_KINDS_GEOMETRY_H
#define TESTS_KINDS_GEOMETRY_H
#include <stdint.h>

/* Uniform in [-1, 1). */
static inline double uniform(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) / 4503599627370496.0 - 1.0;
}

/* Near the points of a cubic lattice: no two atoms closer than 1.2 bohr. */
static inline void place_atoms(int natoms, uint64_t *state, double *xyz)
{
    int side = 1;
    while (side * side * side < natoms)
        side++;
    for (int i = 0; i < natoms; i++) {
        const int at[3] = {i % side, i / side % side, i / side / side};
        for (int k = 0; k < 3; k++)
            xyz[3 * i + k] = 2.2 * at[k] + 0.5 * uniform(state);
    }
}
#endif
