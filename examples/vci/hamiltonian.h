/* The matrix of Watson's Hamiltonian between configurations, block by block, by its products with vectors. */
#ifndef VCI_HAMILTONIAN_H
#define VCI_HAMILTONIAN_H
#include "vci/sparse.h"

enum { MEAN_FIELD_ORDER = 4 }; /* most modes of a term in the mean field, which makes modals and no more */

typedef struct vci_problem {
    const expansion *v;       /* potential with Watson's term */
    const expansion *mu;      /* [6 fields] xx, yy, zz, xy, xz, yz; NULL: no angular momentum */
    const double *zeta;       /* [3][modes][modes] with mu */
    const expansion *dipole;  /* [3 fields]; NULL: none */
    const symmetry *symmetry; /* of modes and frame; NULL: none */
    int order, mu_order;      /* modes of a term of V, of mu */
    space_limits limits;
    int states; /* 0: as many as reach up to all fundamentals, at most 150 */
} vci_problem;

/* pi_a = -i R_a, R_a real and antisymmetric, takes block b to block b ^ symmetry.axis[a]. */
typedef struct hamiltonian {
    const space *space;
    int axis[3], rotates;
    sparse v[SYMMETRY_BLOCKS];        /* of each block */
    sparse r[3][SYMMETRY_BLOCKS];     /* R_a from block b */
    sparse mu[3][3][SYMMETRY_BLOCKS]; /* mu_ac, a <= c, to block b */
    double *diagonal;                 /* [count] */
    double *room;                     /* [6][largest block] */
    double elements;                  /* of all matrices */
} hamiltonian;

/* Nonzero: no memory. Released with hamiltonian_free(), also after that. */
int hamiltonian_make(hamiltonian *h, const vci_problem *p, const space *s, const modals *m);
void hamiltonian_free(hamiltonian *h);

/* y <- H x in a block. */
void hamiltonian_apply(const hamiltonian *h, int block, const double *x, double *y);

/* The operator of a field of an expansion, terms of up to `order` modes, between two blocks. Nonzero: no memory. Released with
 * sparse_free(), also after that. */
int hamiltonian_field(sparse *a, const space *s, const modals *m, const expansion *e, int field, int order,
                      int row_block, int column_block);

#endif
