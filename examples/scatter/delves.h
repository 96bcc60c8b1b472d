/*
 * The scattering matrix of three atoms on a line, without time: a logarithmic derivative carried outwards in Delves'
 * coordinates (collinear.h).
 *
 * Theory. rho goes in short sectors. In each, the states of theta in its middle are the basis, and psi = sum of phi_n(theta) f_n(rho)
 * /sqrt(rho). With these energies constant, Y = f'/f of all solutions goes through a sector exactly, by k cot(kh) and k/sin(kh) (B.
 * R. Johnson, J. Comput. Phys. 13, 445 (1973); J. C. Light, R. B. Walker, J. Chem. Phys. 65, 4272 (1976), for R = 1/Y); from sector
 * to sector it is turned by the overlap of their bases. The error is of second order in the length of sectors. At the end incoming
 * and outgoing waves of both arrangements, in their own coordinates, are projected on the arc, with closed channels as they decay:
 * R. T Pack, G. A. Parker, J. Chem. Phys. 87, 3888 (1987).
 */
#ifndef SCATTER_DELVES_H
#define SCATTER_DELVES_H
#include "scatter/collinear.h"

enum { DELVES_CHANNELS = 64 };

typedef struct delves_options {
    double from, to, sector; /* rho, bohr */
    int points;              /* of theta */
    int channels;            /* states of theta, at most DELVES_CHANNELS */
    double longest;          /* bohr: the molecules' states are computed up to this distance of their atoms */
    double highest;          /* hartree: the surface is cut off there */
} delves_options;

/* Asymptotic states of both arrangements, the lowest `channels` of all. */
typedef struct delves_state {
    int arrangement, v;
    double energy; /* hartree */
} delves_state;

typedef struct delves {
    delves_options options;
    double mass, skew, end; /* end: rho at the end of the last sector */
    size_t sectors, points;
    double *level;   /* [sectors][channels] */
    double *overlap; /* [sectors][channels][channels] with the sector before */
    double *last;    /* [channels][points] the basis of the last sector */
    double *wave;    /* [channels][grid] asymptotic states on points of r~ */
    size_t grid;
    double grid_step;
    delves_state state[DELVES_CHANNELS];
} delves;

/* Nonzero: no memory. Released with delves_free(), also after a failure. */
int delves_make(delves *d, const collinear *c, const delves_options *o);
void delves_free(delves *d);

/* probability[channels][channels] from state to state, zero where one is closed, at an energy. Nonzero: no memory. */
int delves_probabilities(const delves *d, double energy, double *probability);

/*
 * y[n][n] at the end of a sector from y at its begin, with constants square[n], the squares of wave numbers. room[n][2n]. The step of
 * delves_probabilities; y of a wall is 1e20 of a unit matrix. Nonzero: it is singular.
 */
int delves_sector(size_t n, const double *square, double length, double *y, double *room);

/* matrix[n][n], right[n][m] <- its solution. Gauss with partial pivots. Nonzero: singular. */
int delves_solve(size_t n, size_t m, double *matrix, double *right);

#endif
