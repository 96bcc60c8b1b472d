/*
 * Ring-polymer molecular dynamics (I. R. Craig, D. E. Manolopoulos, J. Chem. Phys. 121, 3368 (2004)): P beads, each with the surface,
 * springs between neighbours,
 *
 *     H = sum_j p_j^2/(2m) + m w^2 (x_j - x_(j-1))^2/2 + V(x_j),     w = P kT, hbar = 1, at the temperature P kT.
 *
 * A step is half a kick of the surface, free motion of the ring, exact in its normal modes, and half a kick: it is symplectic, and
 * energies stray by the square of the step. The thermostat is PILE: Langevin's in each mode, with friction twice its
 * frequency, half a step before and after (M. Ceriotti, M. Parrinello, T. E. Markland, D. E. Manolopoulos, J. Chem. Phys. 133,
 * 124104 (2010)).
 */
#ifndef RPMD_RINGS_H
#define RPMD_RINGS_H
#include "common/random.h"
#include "pimc/paths.h"

typedef struct ring {
    const path_land *on;
    size_t beads;
    double beta, step;
    double friction;      /* of the centroid under the thermostat */
    const double *hold;   /* [n] the sum of these times the centroid stays as it is; NULL: free */
    double *x, *gradient; /* [beads][n] */
    double *xmode, *pmode,
        *gmode;        /* [beads][n] places, momenta, gradient in normal modes, in which the ring moves */
    double *energy;    /* [beads] of the surface */
    double *mode;      /* [beads][beads] rows: normal modes; the first is the centroid's */
    double *frequency; /* [beads] */
    double lowest;     /* energy of a bead that was seen since ring_make() */
    generator random;
} ring;

/* Nonzero: no memory. Released with ring_free(). Temperature kT. */
int ring_make(ring *r, const path_land *on, size_t beads, double temperature, double step);
void ring_free(ring *r);

/* All beads at x[n], and new momenta. */
void ring_begin(ring *r, uint64_t seed, uint64_t stream, const double *x);

/* Momenta of the temperature; without hold, also where there is one: its own then moves, too. */
void ring_momenta(ring *r);

/* The beads of another ring of the same land, without its momenta. */
void ring_place(ring *r, const ring *from);

/* A step; with the thermostat or without. */
void ring_step(ring *r, int thermostat);

/* H. */
double ring_energy(const ring *r);

/* mean[n] over beads of what modes[beads][n] are the modes of: xmode, pmode or gmode. */
void ring_mean(const ring *r, const double *modes, double *mean);

#endif
