/*
 * A node that is known: the wave function of the lowest state that is odd in a coordinate s vanishes where s does. By symmetry
 * the node is exact where two distances of like atoms are the same (an antisymmetric stretch), or where four atoms lie in one
 * plane (the umbrella of ammonia); elsewhere the energy is an upper bound.
 */
#ifndef DMC_NODE_H
#define DMC_NODE_H

typedef enum node_kind { NODE_NONE, NODE_DISTANCES, NODE_VOLUME } node_kind;

typedef struct node {
    node_kind kind;
    int atom[4]; /* s = r(0,1) - r(2,3), or the volume (x1-x0) . (x2-x0) x (x3-x0) */
} node;

/* "1-3,2-3" or "1,2,3,4", atoms counted from 1; NULL: no node. Nonzero after a message. */
int node_read(const char *program, const char *text, int natoms, node *s);

/* s at xyz[natoms][3], bohr or bohr^3. *spread <- sum over coordinates of (ds/dx)^2 / m, root[3 natoms] being the roots of the
 * masses. */
double node_value(const node *s, const double *xyz, const double *root, double *spread);

#endif
