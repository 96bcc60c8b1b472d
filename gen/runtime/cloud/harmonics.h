/* Real spherical harmonics and their gradients, for a vector of directions. */
#ifndef EQML__CLOUD_HARMONICS_H
#define EQML__CLOUD_HARMONICS_H
#include "lanes.h"

/*
 * Regular solid harmonics h_lm = r^l P_lm(cos theta) / (l + m)! {cos m phi, sin |m| phi} at unit vectors, m >= 0 at
 * [l (l+1) + m], sines at [l (l+1) - m]. In this scale all coefficients of gradients are 1 and 1/2: d/dz h_lm = h_(l-1)m.
 * S_lm = scale_lm h_lm has squares that add up to 2 l + 1. M. A. Caola, J. Phys. A 11, L23 (1978).
 */
#define EQML__HARMONIC(l, m) ((l) * ((l) + 1) + (m))

/* scale[(lmax+1)^2] of S_lm over h_lm. */
EQML_FUNCTION void eqml__harmonic_scales(int lmax, double *scale)
{
    for (int l = 0; l <= lmax; l++)
        for (int m = 0; m <= l; m++) {
            double square = (2 * l + 1) * (m ? 2 : 1);
            for (int k = 1; k <= l - m; k++)
                square *= k;
            for (int k = 1; k <= l + m; k++)
                square *= k;
            scale[EQML__HARMONIC(l, m)] = scale[EQML__HARMONIC(l, -m)] = sqrt(square);
        }
}

#include "kernel/of_lanes.inc"
#include "cloud/harmonics.inc"
#include "kernel/of_floats.inc"
#include "cloud/harmonics.inc"
#include "kernel/of_none.inc"

/* g[3] += weight * gradient of the solid harmonic h_lm, l >= 1, |m| <= l; a harmonic that does not exist is zero. */
EQML_INLINE void eqml__harmonic_gradient(int l, int m, eqml_lanes weight, const eqml_lanes *h, eqml_lanes *g)
{
    const int k = l - 1, a = m < 0 ? -m : m;
    const eqml_lanes zero = eqml__all(0), half = weight * 0.5;
    if (a <= k)
        g[2] = g[2] + weight * h[EQML__HARMONIC(k, m)];
    if (a == 0) {
        if (k >= 1) {
            g[0] = g[0] - weight * h[EQML__HARMONIC(k, 1)];
            g[1] = g[1] - weight * h[EQML__HARMONIC(k, -1)];
        }
        return;
    }
    /* neighbours in m of cosine and sine */
    const eqml_lanes cu = a + 1 <= k ? h[EQML__HARMONIC(k, a + 1)] : zero,
                     su = a + 1 <= k ? h[EQML__HARMONIC(k, -a - 1)] : zero;
    const eqml_lanes cd = h[EQML__HARMONIC(k, a - 1)], sd = a > 1 ? h[EQML__HARMONIC(k, 1 - a)] : zero;
    if (m > 0) {
        g[0] = g[0] + half * (cd - cu);
        g[1] = g[1] - half * (sd + su);
    } else {
        g[0] = g[0] + half * (sd - su);
        g[1] = g[1] + half * (cd + cu);
    }
}

#endif /* EQML__CLOUD_HARMONICS_H */
