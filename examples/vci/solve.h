/*
 * Vibrational configuration interaction: the lowest states of an expanded Hamiltonian in a space of configurations of modals from
 * the self-consistent field (J. M. Bowman, K. Christoffel, F. Tobin, J. Phys. Chem. 83, 905 (1979)), block by block.
 *
 * The vibrational angular momentum terms, 1/2 sum pi_a mu_ab pi_b, are products of matrices between the same
 * configurations; what they miss at the edge of the space vanishes as it grows.
 */
#ifndef VCI_SOLVE_H
#define VCI_SOLVE_H
#include "vci/hamiltonian.h"

typedef struct vci_states {
    size_t configurations, n;
    int blocks;
    double scf;          /* hartree: energy of the ground state in the mean field */
    double *energy;      /* [n] hartree */
    double *strength;    /* [n] |<0|mu|v>|^2, e^2 bohr^2; NAN without dipole */
    double *dipole;      /* [3] of the ground state, e bohr */
    double *weight;      /* [n] of the largest configuration */
    unsigned char *main; /* [n][modes] that configuration */
    int *fundamental;    /* [modes] the state with one quantum in a mode; -1: not among these */
    int products;        /* of the matrix with a vector */
    double elements;     /* of the matrices, in all */
} vci_states;

/* m: modals, which the self-consistent field changes. NULL, or what went wrong in a few words. Released with vci_states_free(). */
const char *vci_solve(const vci_problem *p, modals *m, vci_states *s);
void vci_states_free(vci_states *s);

#endif
