/*
 * The infrared spectrum by ring-polymer molecular dynamics: the absorption is proportional to w^2 times the spectrum of the
 * Kubo-transformed autocorrelation of the dipole, that of its mean over the beads (S. Habershon, G. S. Fanourgakis, D. E.
 * Manolopoulos, J. Chem. Phys. 129, 074501 (2008)). By the theorem of Wiener and Khinchin it is the mean over trajectories of
 * |integral of the dipole exp(-iwt) dt|^2, here with Hann's window. Trajectories are free; the thermostat acts between them.
 */
#ifndef RPMD_SPECTRUM_H
#define RPMD_SPECTRUM_H
#include "common/molecule.h"
#include "rpmd/rings.h"

enum { SPECTRUM_PEAKS = 32 };

typedef struct spectrum_options {
    double temperature, step; /* kT, a.u. */
    size_t beads, trajectories, length, settle;
    double highest; /* angular frequency, a.u. */
    uint64_t seed;
} spectrum_options;

typedef struct spectrum_results {
    size_t n;
    double *frequency, *absorption; /* [n] a.u., and of which the largest is 1 */
    size_t npeaks;
    double peak[SPECTRUM_PEAKS], height[SPECTRUM_PEAKS]; /* above 0.02 */
    double lowest;                                       /* energy of a bead that was seen, hartree */
    double strayed; /* change of a trajectory's energy over kT of all beads, the largest */
} spectrum_results;

/* Nonzero: no memory. Released with spectrum_free(), also after a failure. */
int spectrum_run(const path_land *on, const molecule *m, const spectrum_options *o, spectrum_results *r);
void spectrum_free(spectrum_results *r);

/* Nonzero, with errno, where the file cannot be written. */
int spectrum_draw(const char *path, const molecule *m, double kelvin, const spectrum_results *r);
int spectrum_json(const char *path, const spectrum_results *r);

#endif
