/* Conversions from atomic units; constants: CODATA 2018. Those of energies and masses: PER_CM in modes.h, DALTON in
 * elements.h, and EQML_EV and EQML_ANGSTROM in eqml.h, the other way round. */
#ifndef EXAMPLES_UNITS_H
#define EXAMPLES_UNITS_H

#define DEBYE 2.541746473         /* debye in an e*bohr */
#define KELVIN 3.1668115634556e-6 /* Boltzmann's constant, hartree/kelvin */
#define KELVIN_CM 0.695034800     /* the same, cm^-1/kelvin */
#define FEMTOSECOND 41.341373336  /* a.u. of time */
#define GAS 8.31446261815324      /* the gas constant, J/(mol K) */

/*
 * The integrated absorption of a band is N_A pi / (3 c^2 4 pi eps0) |dmu/dQ|^2, Q the mass-weighted normal
 * coordinate (Yamaguchi, Frisch, Gaw, Schaefer, Binkley, J. Chem. Phys. 84, 2262 (1986)). In atomic units,
 * e^2/m_e, the factor is (pi/3) N_A alpha^2 a_0: with 6.02214076e23 /mol, 1/137.035999084 and
 * 5.29177210903e-14 km it is this in km/mol; in (debye/angstrom)^2/dalton it is the familiar 42.2561. Of a transition of
 * energy w with the moment <0|mu|v> it is KM_MOL 2 w |<0|mu|v>|^2.
 */
#define KM_MOL 1777097.7

#endif
