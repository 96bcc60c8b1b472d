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

/* The harmonics h[(lmax+1)^2], `stride` lanes apart, at the unit vectors u. */
EQML_INLINE void eqml__harmonics(int lmax, const eqml_lanes *u, eqml_lanes *h, int stride)
{
#define EQML__H(l, m) h[EQML__HARMONIC(l, m) * stride]
    EQML__H(0, 0) = eqml__all(1);
    EQML__UNROLL_ALL
    for (int m = 0; m <= lmax; m++) {
        if (m > 0) {
            const double f = 1.0 / (2 * m);
            const eqml_lanes c = EQML__H(m - 1, m - 1), s = m > 1 ? EQML__H(m - 1, 1 - m) : eqml__all(0);
            EQML__H(m, m) = (u[0] * c - u[1] * s) * f;
            EQML__H(m, -m) = (u[0] * s + u[1] * c) * f;
        }
        EQML__UNROLL_ALL
        for (int l = m + 1; l <= lmax; l++) {
            const double f = 1.0 / ((l + m) * (l - m));
            const eqml_lanes z = u[2] * ((2 * l - 1) * f);
            EQML__H(l, m) = l > m + 1 ? z * EQML__H(l - 1, m) - EQML__H(l - 2, m) * f : z * EQML__H(l - 1, m);
            if (m > 0)
                EQML__H(l, -m) =
                    l > m + 1 ? z * EQML__H(l - 1, -m) - EQML__H(l - 2, -m) * f : z * EQML__H(l - 1, -m);
        }
    }
}

/* g[3] += weight * gradient of the solid harmonic h_lm, l >= 1, |m| <= l; a harmonic that does not exist is zero. */
EQML_INLINE void eqml__harmonic_gradient(int l, int m, eqml_lanes weight, const eqml_lanes *h, int stride,
                                         eqml_lanes *g)
{
    const int k = l - 1, a = m < 0 ? -m : m;
    const eqml_lanes zero = eqml__all(0), half = weight * 0.5;
    if (a <= k)
        g[2] = g[2] + weight * EQML__H(k, m);
    if (a == 0) {
        if (k >= 1) {
            g[0] = g[0] - weight * EQML__H(k, 1);
            g[1] = g[1] - weight * EQML__H(k, -1);
        }
        return;
    }
    /* neighbours in m of cosine and sine */
    const eqml_lanes cu = a + 1 <= k ? EQML__H(k, a + 1) : zero, su = a + 1 <= k ? EQML__H(k, -a - 1) : zero;
    const eqml_lanes cd = EQML__H(k, a - 1), sd = a > 1 ? EQML__H(k, 1 - a) : zero;
    if (m > 0) {
        g[0] = g[0] + half * (cd - cu);
        g[1] = g[1] - half * (sd + su);
    } else {
        g[0] = g[0] + half * (sd - su);
        g[1] = g[1] + half * (cd + cu);
    }
#undef EQML__H
}

#endif /* EQML__CLOUD_HARMONICS_H */
