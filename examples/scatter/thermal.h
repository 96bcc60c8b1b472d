/* The exact rate of a collinear reaction from its cumulative probability: W. H. Miller, J. Chem. Phys. 62, 1899 (1975). */
#ifndef SCATTER_THERMAL_H
#define SCATTER_THERMAL_H
#include "scatter/collinear.h"

/*
 * A + BC -> AB + C at the temperature kT: *rate <- (1/2 pi) integral of N(E) exp(-E/kT) dE over the partition functions of
 * the distance of A, for each length, and of the vibration of BC; bohr per a.u. of time. By Simpson's rule on 160 energies
 * from the lowest state. Nonzero: no memory.
 */
int thermal_rate(const collinear *c, double temperature, double *rate);

#endif
