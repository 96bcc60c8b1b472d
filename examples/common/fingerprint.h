/* What a checkpoint is of, in 64 bits: the hash of Fowler, Noll and Vo, 1a. */
#ifndef EXAMPLES_FINGERPRINT_H
#define EXAMPLES_FINGERPRINT_H
#include "common/molecule.h"

#define FINGERPRINT UINT64_C(0xCBF29CE484222325) /* of nothing */

static inline uint64_t fingerprint_add(uint64_t hash, const void *data, size_t bytes)
{
    const unsigned char *byte = data;
    for (size_t k = 0; k < bytes; k++)
        hash = (hash ^ byte[k]) * UINT64_C(0x100000001B3);
    return hash;
}

/* A settled molecule; minimum and vibrations stand for the surface. */
static inline uint64_t fingerprint_molecule(uint64_t hash, const molecule *m)
{
    const size_t n = 3 * (size_t)m->natoms;
    hash = fingerprint_add(hash, m->mass, (size_t)m->natoms * sizeof *m->mass);
    hash = fingerprint_add(hash, m->xyz, n * sizeof *m->xyz);
    return fingerprint_add(hash, m->wavenumber, n * sizeof *m->wavenumber);
}

#endif
