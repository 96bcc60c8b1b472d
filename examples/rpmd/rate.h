/*
 * The rate of a reaction on a line, A + BC -> AB + C, by Bennett and Chandler's factors: I. R. Craig, D. E. Manolopoulos, J. Chem. Phys.
 * 122, 084106 (2005); 123, 034102 (2005). q = r_AB - r_BC of the centroids is linear in coordinates, so that
 *
 *     k = kappa (2 pi beta m_q)^(-1/2) exp(-beta (W(0) - W(far))),
 *
 * a speed: molecules are counted for each length. W comes from the mean force at held q, kappa from rings that are let go at q = 0,
 * each twice, with momenta p and -p, which takes the mean of q' to zero.
 *
 * What to expect. The rate does not depend on where the dividing line lies, and is exact in the classical limit and for a parabolic
 * barrier. Below the crossover temperature hbar w_b/(2 pi k), w_b the frequency of the barrier, rings tunnel along an instanton, and
 * rates over symmetric barriers come out too low (J. O. Richardson, S. C. Althorpe, J. Chem. Phys. 131, 214106 (2009)).
 */
#ifndef RPMD_RATE_H
#define RPMD_RATE_H
#include "pimc/paths.h"

typedef struct rate_options {
    double temperature; /* kT */
    double step, far;   /* a.u.; bohr: q of the reactants */
    double
        follow; /* a.u. of time that a ring is followed; 0: in which q moves by 5 bohr at its thermal speed */
    size_t beads, places;   /* of the mean force, by Simpson's rule: odd */
    size_t steps, settle;   /* at each place */
    size_t released, apart; /* places where rings are let go, twice each, and steps between them */
    uint64_t seed;
} rate_options;

enum { RATE_TIMES = 100 };

typedef struct rate_results {
    double barrier, barrier_error; /* W(0) - W(far), hartree */
    double transition, kappa, kappa_error;
    double rate, error; /* bohr per a.u. of time */
    double strayed;     /* energy of released rings, the largest change over kT of all beads */
    double lowest;      /* energy of a bead that was seen, hartree */
    double frequency;   /* of the barrier, at the saddle next to `begin`, a.u.; 0: there is none */
    size_t nplaces;
    double *q, *work; /* [nplaces] from 0 to far, bohr; W - W(far) there, hartree */
    size_t ntimes;
    double time[RATE_TIMES],
        passed[RATE_TIMES]; /* [ntimes] a.u.; kappa if rings were followed up to there only */
} rate_results;

/*
 * The land has coordinates in which q = along . x; begin[n] is the geometry at q = 0, and outwards[n] a direction with
 * along . outwards = 1. Nonzero: no memory. Released with rate_free(), also after a failure.
 */
int rate_run(const path_land *on, const double *along, const double *begin, const double *outwards,
             const rate_options *o, rate_results *r);
void rate_free(rate_results *r);

/* The picture: W, and kappa by time. kelvin: the temperature. Nonzero, with errno, where it cannot be written. */
int rate_draw(const char *path, const char *name, double kelvin, const rate_results *r);

#endif
