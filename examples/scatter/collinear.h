/*
 * Three atoms A, B, C on a line: distances, masses, coordinates. All in atomic units.
 *
 * With R the distance of A from the centre of mass of BC and r that of B and C, R~ = sqrt(mu_R/mu) R and r~ = sqrt(mu_r/mu) r have
 * the one mass mu = sqrt(mA mB mC/M); rho and theta are their polar coordinates (L. M. Delves, Nucl. Phys. 20, 275 (1960)): at
 * theta = 0 B and C meet, at theta = skew A and B do.
 */
#ifndef SCATTER_COLLINEAR_H
#define SCATTER_COLLINEAR_H
#include <math.h>
#include <stddef.h>

/* energy[n], hartree, of distances ab[n] and bc[n]; finite, and high where atoms are too close. */
typedef void collinear_surface(void *context, size_t n, const double *ab, const double *bc, double *energy);

typedef struct collinear {
    double mass[3]; /* electron masses */
    collinear_surface *surface;
    void *context;
} collinear;

/* Reduced masses: of the molecule of an arrangement, 0: A + BC, 1: C + AB; of the atom and the molecule; of all three. */
static inline double collinear_molecule(const collinear *c, int arrangement)
{
    const double end = c->mass[arrangement ? 0 : 2];
    return c->mass[1] * end / (c->mass[1] + end);
}

static inline double collinear_approach(const collinear *c, int arrangement)
{
    const double atom = c->mass[arrangement ? 2 : 0], rest = c->mass[1] + c->mass[arrangement ? 0 : 2];
    return atom * rest / (atom + rest);
}

static inline double collinear_mass(const collinear *c)
{
    return sqrt(collinear_molecule(c, 0) * collinear_approach(c, 0));
}

static inline double collinear_skew(const collinear *c)
{
    const double *m = c->mass;
    return atan(sqrt(m[1] * (m[0] + m[1] + m[2]) / (m[0] * m[2])));
}

/* r~/r of an arrangement. */
static inline double collinear_scale(const collinear *c, int arrangement)
{
    return sqrt(collinear_molecule(c, arrangement) / collinear_mass(c));
}

#endif
