/* The ground state of H3: the surface of A. I. Boothroyd, W. J. Keogh, P. G. Martin, M. R. Peterson, J. Chem. Phys. 104, 7139
 * (1996), "BKMP2", written anew from its formulas and parameters. */
#ifndef SCATTER_BKMP2_H
#define SCATTER_BKMP2_H

#define BKMP2_H2                                                                                             \
    (-0.174495770894) /* hartree: the minimum of H2, the third atom far away; three atoms apart are zero */

/* hartree, at the three distances in bohr, in any order, each at least 0.3 or so. A constant function: any thread. */
double bkmp2(double a, double b, double c);

/* The molecule H2 alone, hartree; distances in bohr. */
double bkmp2_h2(double r);

#endif
