/*
 * Molecules that have a mirror image which they reach over a barrier, as ammonia does: normal modes stay in one of the two wells.
 * Beside them stands a motion of one dimension, along the path of least energy from one to the other: at each place on
 * the straight way between the two, all other coordinates are relaxed, and the zero-point energy of their harmonic vibrations is
 * added (W. H. Miller, N. C. Handy, J. E. Adams, J. Chem. Phys. 72, 99 (1980), without curvature and rotation). Its mass is in the
 * length along the path, in mass-weighted coordinates.
 */
#ifndef VCI_INVERSION_H
#define VCI_INVERSION_H
#include "common/molecule.h"

enum { INVERSION_LEVELS = 6 };

typedef struct inversion {
    int known;      /* 0: there is no such path */
    double barrier; /* hartree, of the potential */
    double
        adiabatic; /* the same with the zero-point energy of the other vibrations, above that in the well */
    double level[INVERSION_LEVELS]; /* hartree above the lowest, by turns even and odd */
} inversion;

/* How high it goes on the straight way to the mirror image of the minimum, hartree: an upper bound of the barrier between the
 * two. INFINITY where the two are one, or are too far apart to meet, above 10,000 cm^-1. *m is settled; nonzero: no memory. */
int inversion_bound(const molecule *m, double *bound);

/* level[INVERSION_LEVELS] of a motion of mass 1 in a potential that is even about 0, v[count] at s[count], ascending from 0, atomic units; it
 * ends beyond the last. At least four. Nonzero: no memory. */
int inversion_levels(int count, const double *s, const double *v, double *level);

/* The motion along the path. Nonzero: no memory. */
int inversion_solve(const molecule *m, inversion *v);

#endif
