/*
 * Watson's Hamiltonian of a nonlinear molecule that does not rotate (J. K. G. Watson, Mol. Phys. 15, 479 (1968)):
 *
 *     H = -1/2 sum_k d^2/dQ_k^2 + V(Q) - 1/8 sum_a mu_aa + 1/2 sum_ab pi_a mu_ab pi_b
 *
 * with pi_a = sum_kl zeta^a_kl Q_k P_l, zeta^a_kl = sum_i (l_ik x l_il)_a, and mu = I''^-1 I0 I''^-1, where I'' is the tensor of inertia
 * between the minimum and the geometry, sum m (r0.r 1 - r0 r^T), and I0 that of the minimum. Q are mass-weighted
 * normal coordinates; x = x0 + sum_k l_k Q_k / sqrt(m). Atomic units.
 */
#ifndef VCI_WATSON_H
#define VCI_WATSON_H
#include "common/molecule.h"
#include "vci/expansion.h"
#include "vci/symmetry.h"

typedef struct watson {
    const molecule *m;
    int modes;
    symmetry symmetry;     /* of the minimum, to which frame and modes are turned */
    double *xyz;           /* [natoms][3] the minimum */
    double *wavenumber;    /* [modes] hartree, harmonic */
    double *shift;         /* [modes][3 natoms] of the atoms along each mode */
    double *zeta;          /* [3][modes][modes] */
    double inertia[3][3];  /* of the minimum, electron masses bohr^2 */
    double margin;         /* what lies deeper below the minimum is a hole, hartree */
    double holes, deepest; /* points in holes; the lowest energy, hartree above the minimum */
    double *deepest_xyz;   /* [natoms][3] */
    double *room;          /* geometries and energies of a batch */
} watson;

/* *m is settled and not linear. Nonzero: no memory. Released with watson_free(). */
int watson_make(watson *w, const molecule *m);
void watson_free(watson *w);

/*
 * What is expanded; the context is a watson. Energies are V - 1/8 sum mu_aa above the minimum, not a number in a hole; mu has the
 * fields xx, yy, zz, xy, xz, yz; the dipole, in e bohr, is in the frame of Eckart (Phys. Rev. 47, 552 (1935)), as
 * displacements along normal coordinates are.
 */
mode_function watson_energy, watson_mu, watson_dipole;

#endif
