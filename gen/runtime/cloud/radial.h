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

/*
 * R_n(r), n = 1..nmax, at [(n-1) stride], and dR_n/dr likewise, from r^2 and r up to the cutoff.
 */
EQML_INLINE void eqml__radial_functions(const eqml__radial *p, int nmax, eqml_lanes r2, eqml_lanes r,
                                        eqml_lanes *value, eqml_lanes *slope, int stride)
{
    const eqml_lanes one = eqml__all(1), s2 = r2 * p->per_range2, t = s2 + one;
    /* y = t / (t + a s^4); dy/d(s^2) = -a s^2 (2 + s^2) / (t + a s^4)^2 */
    const eqml_lanes q = one / (t + s2 * s2 * EQML__AGNESI), y = t * q;
    const eqml_lanes dy = s2 * (s2 + eqml__all(2)) * q * q * (-EQML__AGNESI);
    const eqml_lanes x = y * p->slope - eqml__all(p->offset), dx = dy * r * (2 * p->slope * p->per_range2);
    const eqml_lanes e = one - r2 * p->per_cutoff2, f = e * e * e;
    const eqml_lanes df = e * e * r * (-6 * p->per_cutoff2), x2 = x + x;
    /* T_0 f, T_1 f and the recursion T_(n+1) = 2 x T_n - T_(n-1), which holds for T_n f, and with 2 dx T_n f for slopes:
     * (T_(n+1) f)' = 2 x (T_n f)' - (T_(n-1) f)' + 2 dx T_n f, f' being in the first two. */
    eqml_lanes v0 = f, d0 = df, v1 = x * f, d1 = x * df + dx * f;
    const eqml_lanes dx2 = dx + dx;
    for (int n = 0; n < nmax; n++) {
        value[n * stride] = v0;
        slope[n * stride] = d0;
        const eqml_lanes v2 = x2 * v1 - v0, d2 = x2 * d1 - d0 + dx2 * v1;
        v0 = v1;
        d0 = d1;
        v1 = v2;
        d1 = d2;
    }
}

#endif /* EQML__CLOUD_RADIAL_H */
