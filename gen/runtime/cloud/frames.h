/* Data sets of configurations: clusters, surfaces, solids. */
#ifndef EQML__CLOUD_FRAMES_H
#define EQML__CLOUD_FRAMES_H
#include "cloud/neighbours.h"

/* What a configuration has. */
enum { EQML_FRAME_ENERGY = 1, EQML_FRAME_FORCES = 2, EQML_FRAME_VIRIAL = 4 };

typedef struct eqml_frames {
    size_t n, natoms;   /* configurations, atoms of all together */
    size_t *first;      /* [n + 1] first atom of each */
    double *xyz;        /* [natoms][3] bohr */
    int *species;       /* [natoms] */
    double *cell;       /* [n][3][3] bohr, rows; zero: open */
    int *pbc;           /* [n][3] */
    double *energy;     /* [n] hartree */
    double *forces;     /* [natoms][3] hartree/bohr */
    double *virial;     /* [n][6] xx yy zz yz xz xy, -dE/dstrain, hartree */
    unsigned char *has; /* [n] */
    size_t *line;       /* [n] that opens it in the file */
} eqml_frames;

EQML_API eqml_status eqml_frames_read(const char *path, const char *species, eqml_frames *frames,
                                      eqml_message *message);
/*
 * Reads extended XYZ, as ASE writes it: energies in eV, forces in eV/angstrom, positions and Lattice in angstrom, rows
 * of the cell one after the other. pbc="T T F" or pbc=[T, T, F]; without it a frame with a Lattice is periodic in all
 * directions. Columns may be force or forces. virial (eV, nine or six numbers: xx yy zz yz xz xy) is -dE/dstrain; stress
 * (eV/angstrom^3) is, as in ASE, dE/dstrain over the volume. Frames may differ in their atoms. species: "W H", as a basis
 * lists them; each atom must be one of these.
 *
 * EQML_ERROR_FILE, EQML_ERROR_FORMAT, EQML_ERROR_VALUE, EQML_ERROR_MATCH, EQML_ERROR_EMPTY: with file and line in the
 * message. On failure *frames is all zero.
 */

EQML_API eqml_configuration eqml_frame(const eqml_frames *frames, size_t frame);
/* One of them; valid as long as the frames are. */

EQML_API void eqml_frames_free(eqml_frames *frames);

#endif /* EQML__CLOUD_FRAMES_H */
