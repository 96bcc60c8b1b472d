/*
 * Closed paths: a molecule at a temperature as rings of beads, each bead a geometry (R. P. Feynman, A. R. Hibbs, Quantum Mechanics
 * and Path Integrals, 1965). A ring of P beads has the weight exp(-S),
 *
 *     S = sum over beads s of  sum_k m_k (x_(s+1),k - x_s,k)^2 / (2 tau) + tau V(x_s),     tau = 1/(P kT), hbar = 1,
 *
 * which gives averages at the temperature T with an error of order 1/P^2. Many rings move side by side: they are independent,
 * and their spread is the error of the averages.
 *
 * Moves. Staging (M. Sprik, M. L. Klein, D. Chandler, Phys. Rev. B 31, 4234 (1985)): beads between two that stay are drawn anew as the free
 * particle has them, and taken or not by the change of tau V. A shift: all beads of one atom move alike.
 *
 * Estimators, with q_s = x_s - centroid, n coordinates: the energy by the centroid virial theorem (M. F. Herman, E. J. Bruskin,
 * B. J. Berne, J. Chem. Phys. 76, 5150 (1982)),
 *
 *     e = n kT/2 + 1/P sum_s (V + q . grad V / 2),
 *
 * and its derivative with paths that widen as the root of 1/kT does (K. R. Glaesemann, L. E. Fried, J. Chem. Phys. 117, 3020
 * (2002)): C/k = beta^2 (<e^2> - <e>^2 - <de/dbeta>),
 *
 *     de/dbeta = -n/(2 beta^2) + 1/(2 beta P) sum_s (3/2 q . grad V + 1/2 q . hessian . q).
 */
#ifndef PIMC_PATHS_H
#define PIMC_PATHS_H
#include "common/random.h"
#include <stddef.h>

/* Where the paths run. Atomic units. */
typedef struct path_land {
    int n;              /* coordinates, 3 natoms */
    const double *root; /* [n] square roots of masses */
    /* energy[count], and gradient[count][n] unless NULL, at xyz[count][n]. Several threads call it at once. */
    void (*energies)(void *context, size_t count, const double *xyz, double *energy, double *gradient);
    void *context;
    double lowest,
        margin; /* a move to less than lowest - margin, or to no number, leads into a hole and is not taken */
} path_land;

/* Sums over the measurements of one ring. */
typedef struct path_sums {
    double energy, square, slope; /* e, e^2, de/dbeta; e above the lowest energy */
    double count;
} path_sums;

typedef struct paths {
    const path_land *on;
    size_t rings, beads;
    double beta, tau;             /* 1/hartree */
    double *xyz, *energy;         /* [rings][beads][n], [rings][beads] */
    generator *random;            /* [rings] */
    path_sums *sums;              /* [rings] */
    size_t length;                /* beads that a staging move draws anew */
    double shift;                 /* of an atom, bohr */
    double staged[2], shifted[2]; /* moves tried and taken since paths_tune() */
    double holes, calls;          /* moves into holes; energies computed */
    double lowest;                /* energy of a hole that was met */
    double *lowest_xyz;           /* [n] */
    double *room;                 /* [rings][2 beads (n + 1) + n] */
} paths;

/* Room for rings of `beads` beads at the temperature kT. Nonzero: no memory. Released with paths_free(). */
int paths_make(paths *p, const path_land *on, size_t rings, size_t beads, double temperature);
void paths_free(paths *p);

/* All beads at xyz[n]. */
void paths_begin(paths *p, uint64_t seed, uint64_t stream, const double *xyz);

/* Every bead is staged once on average, and one atom of each ring shifted. */
void paths_sweep(paths *p);

/* Length and shift are changed so that half of the moves are taken; while the paths settle only. */
void paths_tune(paths *p);

/* Adds to the sums of all rings. */
void paths_measure(paths *p);

/* The energy above the lowest (hartree) and C/k, with their errors, from the spread of the rings. */
void paths_energy(const paths *p, double *energy, double *error);
void paths_heat_capacity(const paths *p, double *capacity, double *error);

#endif
