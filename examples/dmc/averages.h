/* What is averaged over the square of the wave function. */
#ifndef DMC_AVERAGES_H
#define DMC_AVERAGES_H
#include "common/molecule.h"

enum {
    AVERAGE_A,
    AVERAGE_B,
    AVERAGE_C,
    AVERAGE_DIPOLE,
    AVERAGE_ALONG_A,
    AVERAGE_ALONG_B,
    AVERAGE_ALONG_C,
    AVERAGES
};

/* Names and units, "A" and "cm^-1", as tables and JSON have them. */
extern const char *const average_names[AVERAGES], *const average_units[AVERAGES];

/*
 * value[AVERAGES] at xyz[natoms][3], which is moved: in the Eckart frame of the minimum reference[natoms][3], which lies in
 * its principal axes, its centre of mass in the origin. Rotational constants are those of the inverse tensor of inertia,
 * its diagonal; the dipole's size, and its components along the axes. Zero where no dipole was fitted.
 */
void average_at(const molecule *m, const double *reference, double *xyz, double *value);

#endif
