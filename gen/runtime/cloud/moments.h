/* The moments of an atom from its neighbours, and the forces back; neighbours are in the lanes. */
#ifndef EQML__CLOUD_MOMENTS_H
#define EQML__CLOUD_MOMENTS_H
#include "cloud/basis.h"
#include "cloud/harmonics.h"
#include "cloud/radial.h"

/* Numbers in a vector of the kernel's type. */
#define EQML__CLOUD_WIDTH ((int)(sizeof(EQML__T) / sizeof(EQML__NUMBER)))

/* Where the harmonics begin in the block of a vector of neighbours. */
#define EQML__HARMONICS_AT 4

/* Moments from k on that differ in n only, which grows by one, and whose slots follow one another. */
EQML_INLINE int eqml__moments_alike(const eqml_cloud_program *p, int k)
{
    int n = 1;
    for (; k + n < p->nmoments; n++) {
        const unsigned short *first = p->moments[k], *other = p->moments[k + n];
        if (other[0] != first[0] || other[1] != first[1] || other[2] != first[2] + n ||
            other[3] != first[3] + n * (2 * first[1] + 1))
            break;
    }
    return n;
}

#include "kernel/of_lanes.inc"
#include "cloud/moments.inc"
#include "kernel/of_floats.inc"
#include "cloud/moments.inc"
#include "kernel/of_none.inc"

#endif /* EQML__CLOUD_MOMENTS_H */
