/* Radial functions of neighbours and their derivatives, for a vector of distances. */
#ifndef EQML__CLOUD_RADIAL_H
#define EQML__CLOUD_RADIAL_H
#include "cloud/basis.h"

/* What the functions take from eqml_radial. */
typedef struct eqml__radial {
    double per_cutoff2, per_range2; /* 1 / cutoff^2, 1 / range^2 */
    double slope, offset;           /* x = slope y - offset */
    const eqml_radial *of;
} eqml__radial;

#define EQML__AGNESI (10.0 / 13.0) /* y''(s) = 0 at s = 1 */

/* Why radial functions cannot be evaluated, or NULL. */
EQML_FUNCTION const char *eqml_radial_fault(const eqml_radial *r, int nmax)
{
    if (!(r->cutoff > 0 && r->cutoff <= DBL_MAX))
        return "the radial cutoff is not positive and finite";
    if (r->kind == EQML_RADIAL_CHEBYSHEV)
        return r->range > 0 && r->range <= DBL_MAX ? NULL : "the radial range is not positive and finite";
    if (r->kind == EQML_RADIAL_BESSEL)
        return NULL;
    if (r->kind != EQML_RADIAL_OWN)
        return "the radial functions are of no known kind";
    if (!r->function)
        return "the radial functions are the user's own, and their function is not given";
    return nmax <= EQML__CLOUD_NMAX ? NULL : "more radial functions than may be a user's own";
}

EQML_FUNCTION eqml__radial eqml__radial_of(const eqml_radial *radial)
{
    const double range = radial->kind == EQML_RADIAL_CHEBYSHEV ? radial->range : radial->cutoff;
    const double s2 = radial->cutoff * radial->cutoff / (range * range);
    const double y = 1 / (1 + EQML__AGNESI * s2 * s2 / (1 + s2));
    eqml__radial x;
    x.per_cutoff2 = 1 / (radial->cutoff * radial->cutoff);
    x.per_range2 = 1 / (range * range);
    x.slope = 2 / (1 - y);
    x.offset = x.slope * y + 1;
    x.of = radial;
    return x;
}

/* Coefficients of sin(x) / x and of cos(x) in x^2: Taylor's, whose rest is below 1e-16 up to pi / 2. */
enum { EQML__SERIES = 11 };
static const double eqml__sine_series[EQML__SERIES] = {1,
                                                       -1.0 / 6,
                                                       1.0 / 120,
                                                       -1.0 / 5040,
                                                       1.0 / 362880,
                                                       -1.0 / 39916800,
                                                       1.0 / 6227020800,
                                                       -1.0 / 1307674368000,
                                                       1.0 / 355687428096000,
                                                       -1.0 / 121645100408832000,
                                                       1.0 / 51090942171709440000.0};
static const double eqml__cosine_series[EQML__SERIES] = {1,
                                                         -1.0 / 2,
                                                         1.0 / 24,
                                                         -1.0 / 720,
                                                         1.0 / 40320,
                                                         -1.0 / 3628800,
                                                         1.0 / 479001600,
                                                         -1.0 / 87178291200,
                                                         1.0 / 20922789888000,
                                                         -1.0 / 6402373705728000,
                                                         1.0 / 2432902008176640000};

#include "kernel/of_lanes.inc"
#include "cloud/radial.inc"
#include "kernel/of_floats.inc"
#include "cloud/radial.inc"
#include "kernel/of_none.inc"

#endif /* EQML__CLOUD_RADIAL_H */
