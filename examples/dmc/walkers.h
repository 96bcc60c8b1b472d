/*
 * Walkers of diffusion Monte Carlo (J. B. Anderson, J. Chem. Phys. 63, 1499 (1975)): a population distributed as the wave
 * function of the ground state, not as its square. A step of time dt moves each coordinate by a normal number of variance
 * dt/m, and multiplies a walker's weight by exp(-dt ((V + V')/2 - Eref)), V before and V' after the move: the symmetric
 * division of exp(-dt H), whose lowest eigenvalue exp(-dt E) has an error of order dt^2 in E.
 *
 * Weights vary continuously. A walker of weight above 2 becomes as many as its weight has whole units, which share it; one below
 * 1/2 dies with the chance 1 - weight, or goes on with weight 1. Neither changes any mean. (A weight grows by up to exp(dt Eref) in a
 * step: dividing it by two alone would let it outgrow all others, of methane at a step of 30 a.u.) Eref is an average of the energy so far, and brings the sum of weights
 * back to the number of walkers within about 500 a.u. of time.
 *
 * The energy of a step is Eref - ln(W'/W)/dt, W and W' the sums of weights before and after: the growth estimator.
 *
 * With a node, walkers that cross it die, and so do those that crossed it and came back within a step, with the chance
 * exp(-2 s s' / (g dt)), g = sum (ds/dx)^2/m: J. B. Anderson, J. Chem. Phys. 65, 4121 (1976).
 */
#ifndef DMC_WALKERS_H
#define DMC_WALKERS_H
#include "common/random.h"
#include "dmc/node.h"
#include <stddef.h>

enum { WALKERS_BLOCK = 512 }; /* walkers that one thread moves, with random numbers of their own */

/* What they walk on. Atomic units. */
typedef struct terrain {
    int n;              /* coordinates, 3 natoms */
    const double *root; /* [n] square roots of masses */
    /* energy[count], and gradient[count][n] unless NULL, at xyz[count][n]. Several threads call it at once. */
    void (*energies)(void *context, size_t count, const double *xyz, double *energy, double *gradient);
    void *context;
    double
        lowest; /* of the minimum; what lies deeper by the margin, or is not a number, is a hole: walkers there die */
    double margin;
    node node;
    double side; /* of the node: +1 or -1 */
} terrain;

typedef struct walkers {
    const terrain *on;
    size_t wanted, alive, room, blocks;
    double time_step, reference, average; /* average: of the energy, decaying, which the reference follows */
    double steps;
    double *xyz, *energy, *weight, *beside; /* [room][n], [room] thrice; beside: s */
    double *parent;        /* [room]: the number of a walker's ancestor at the last walkers_mark() */
    generator *random;     /* [blocks + 1]: one for each block, the last one for branching */
    double holes, deepest; /* walkers that died in holes; the lowest energy seen, hartree */
    double *deepest_xyz;   /* [n] */
    double *kick;          /* [n] roots of the variances of a move */
    double *sums;          /* [blocks][3], room of a step: weights after, lowest energy, who has it */
    double surface;        /* seconds in `energies`, of all threads */
    size_t bytes;          /* of all arrays, from xyz on */
} walkers;

/* *w <- room for about `wanted` walkers. Nonzero: no memory. Released with walkers_free(). */
int walkers_make(walkers *w, const terrain *on, size_t wanted, double time_step);
void walkers_free(walkers *w);

/* All weights 1, and all walkers at xyz[n], displaced along `modes` rows of mode[modes][n] (mass-weighted) as the ground states
 * of oscillators of these wavenumbers, cm^-1, are, on the right side of the node. Nonzero: no place beside the node was found. */
int walkers_begin(walkers *w, uint64_t seed, uint64_t stream, const double *xyz, int modes,
                  const double *wavenumber, const double *mode);

/* One step; returns its energy, NaN where all walkers died. */
double walkers_step(walkers *w);

/* From here on walkers know their ancestor among those of now. */
void walkers_mark(walkers *w);

#endif
