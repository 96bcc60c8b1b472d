/* Radial functions of neighbours and their derivatives, for a vector of distances. */
#ifndef EQML__CLOUD_RADIAL_H
#define EQML__CLOUD_RADIAL_H
#include "cloud/basis.h"

/* What the functions take from eqml_radial. */
typedef struct eqml__radial {
    double per_cutoff2, per_range2; /* 1 / cutoff^2, 1 / range^2 */
    double slope, offset;           /* x = slope y - offset */
} eqml__radial;

#define EQML__AGNESI (10.0 / 13.0) /* y''(s) = 0 at s = 1 */

EQML_FUNCTION eqml__radial eqml__radial_of(const eqml_radial *radial)
{
    const double s2 = radial->cutoff * radial->cutoff / (radial->range * radial->range);
    const double y = 1 / (1 + EQML__AGNESI * s2 * s2 / (1 + s2));
    eqml__radial x;
    x.per_cutoff2 = 1 / (radial->cutoff * radial->cutoff);
    x.per_range2 = 1 / (radial->range * radial->range);
    x.slope = 2 / (1 - y);
    x.offset = x.slope * y + 1;
    return x;
}

#include "kernel/of_lanes.inc"
#include "cloud/radial.inc"
#include "kernel/of_floats.inc"
#include "cloud/radial.inc"
#include "kernel/of_none.inc"

#endif /* EQML__CLOUD_RADIAL_H */
