/*
 * Functions of one mode. Each mode has an interval about the minimum, on which its one-mode Hamiltonian -1/2 d^2/dQ^2 + V(Q)
 * is solved in sines; the lowest eigenfunctions are turned into functions that sit each at a point, those of the
 * potential-optimised discrete variable representation (J. Echave, D. C. Clary, Chem. Phys. Lett. 190, 225 (1992)). In these the
 * modals are vectors; those of the vibrational self-consistent field (J. M. Bowman, J. Chem. Phys. 68, 608 (1978)) see the mean
 * of the expansion over the ground states of the other modes. Mass-weighted coordinates, atomic units.
 */
#ifndef VCI_MODALS_H
#define VCI_MODALS_H
#include "vci/expansion.h"

typedef struct modals {
    int modes, points;
    double *q, *v;      /* [modes][points] points, and the one-mode potential there */
    double *h, *d;      /* [modes][points][points] one-mode Hamiltonian; d/dQ, antisymmetric */
    double *modal;      /* [modes][points][points] rows: modals, the lowest first */
    double *level;      /* [modes][points] their energies in the mean field */
    double *low, *high; /* [modes] the interval */
    double *barrier;    /* [modes] hartree, the lower one of those at whose top the interval ends; 0: none */
    double scf;         /* energy of the ground state in the mean field */
} modals;

/*
 * Points and one-mode functions of all modes: f has one field, the potential. `wavenumber`, hartree, sets the scale
 * of each mode. An interval ends where the potential passes `reach`, or begins to fall: behind a barrier is another well, which
 * is no part of the problem. *failed <- the mode of which the interval has no room for the points, or -1. Nonzero: no
 * memory, or a mode failed.
 */
int modals_make(modals *m, int modes, int points, const double *wavenumber, double reach, mode_function *f,
                void *context, int *failed);
void modals_free(modals *m);

/* The self-consistent field over the terms of up to `order` modes of field 0 of e. Modals begin as those of one mode. Nonzero: it does not converge. */
int modals_scf(modals *m, const expansion *e, int order);

/* element[levels][levels] of a[points][points] between the lowest modals of a mode. */
void modals_elements(const modals *m, int mode, int levels, const double *a, double *element);

#endif
