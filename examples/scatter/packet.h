/*
 * A wave packet on a grid of two coordinates, from where it starts to absorbers: the probability of each energy to pass
 * through lines of the grid.
 *
 * Theory. The grid is that of D. T. Colbert, W. H. Miller, J. Chem. Phys. 96, 1982 (1992). The packet chi is a Gaussian in the first coordinate,
 * moving to lower values, times a state of the second. psi(E) = i (E - H + i0)^-1 chi is summed from Chebyshev's polynomials of H,
 * which a damping at the ends of the grid keeps from coming back: V. A. Mandelshtam, H. S. Taylor, J. Chem. Phys. 103,
 * 2903 (1995). There is no time step. The probability is the flux of psi(E) through a line over the incoming one, (m/k) |<k|chi>|^2.
 */
#ifndef SCATTER_PACKET_H
#define SCATTER_PACKET_H
#include <stddef.h>

/* A coordinate: points first, first + step, ...; absorbers as long as this at its ends, 0: none. Its wall: the packet must be small there. */
typedef struct packet_axis {
    size_t n;
    double first, step, mass, absorb_low, absorb_high;
} packet_axis;

enum { PACKET_LINES = 3 };

/* Through the points `at` of an axis; direction 1 or -1: which way counts. */
typedef struct packet_line {
    int axis, direction;
    size_t at;
} packet_line;

typedef struct packet_problem {
    packet_axis axis[2];
    const double *potential;        /* [n0][n1] hartree, finite; no point above `highest` */
    double lowest, highest;         /* of the potential: bounds */
    double strength;                /* hartree: of the absorbers at their ends; they rise with the square */
    double centre, width, momentum; /* of the Gaussian: exp(-(x - centre)^2/(4 width^2) - i momentum x) */
    const double *channel;          /* [n1] the state of the second coordinate, its squares sum to 1 */
    double channel_energy;          /* hartree, in the potential where the packet begins */
    size_t nenergies;
    const double *energy; /* [nenergies] hartree, each above channel_energy */
    int nlines;
    packet_line line[PACKET_LINES];
    double leave; /* the packet is followed until no more than this part of its norm is left */
    size_t most;  /* steps at most */
} packet_problem;

/* probability[nlines][nenergies]; *steps <- applications of H, *left <- what is left of the norm. Nonzero: no memory. */
int packet_run(const packet_problem *p, double *probability, size_t *steps, double *left);

/* matrix[n][n] <- the kinetic energy on points of this distance. */
void packet_kinetic(size_t n, double step, double mass, double *matrix);

#endif
