/*
 * The rate of a reaction on a line, A + BC -> AB + C, by Bennett and Chandler's factors: I. R. Craig, D. E. Manolopoulos, J. Chem. Phys.
 * 122, 084106 (2005); 123, 034102 (2005). q = r_AB - r_BC of the centroids is linear in coordinates, so that
 *
 *     k = kappa (2 pi beta m_q)^(-1/2) exp(-beta (W(0) - W(far))),
 *
 * a speed: molecules are counted for each length. W comes from the mean force at held q, kappa from rings that are let go at q = 0.
 */
#ifndef RPMD_RATE_H
#define RPMD_RATE_H
#include "pimc/paths.h"

typedef struct rate_options {
    double temperature;             /* kT */
    double step, far;               /* a.u.; bohr: q of the reactants */
    size_t beads, places;           /* of the mean force, by Simpson's rule: odd */
    size_t steps, settle;           /* at each place */
    size_t released, apart, length; /* rings let go, steps between them, steps that each is followed */
    uint64_t seed;
} rate_options;

typedef struct rate_results {
    double barrier, barrier_error; /* W(0) - W(far), hartree */
    double transition, kappa, kappa_error;
    double rate, error; /* bohr per a.u. of time */
    double strayed;     /* energy of released rings, the largest change over kT of all beads */
} rate_results;

/*
 * The land has coordinates in which q = along . x; begin[n] is the geometry at q = 0, and outwards[n] a direction with
 * along . outwards = 1. Nonzero: no memory.
 */
int rate_run(const path_land *on, const double *along, const double *begin, const double *outwards,
             const rate_options *o, rate_results *r);

#endif
