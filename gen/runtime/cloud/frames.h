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
    int *group;         /* [n] number of its config_type, from 0 on; -1: it has none */
    int ngroups;
    char *groups; /* their names, each with its zero, one after the other */
} eqml_frames;

/* How to read a file whose names and units are its own. All zero: as eqml_frames_read. */
typedef struct eqml_frames_options {
    const char *energy_key, *force_key; /* NULL: energy; force or forces */
    const char *stress_unit;            /* eV/angstrom^3, GPa, kbar or bar; NULL: eV/angstrom^3 */
    int pressure; /* nonzero: `stress` is the pressure tensor, positive where a solid is compressed; else as in ASE */
} eqml_frames_options;

EQML_API eqml_status eqml_frames_read(const char *path, const char *species, eqml_frames *frames,
                                      eqml_message *message);
EQML_API eqml_status eqml_frames_read_as(const char *path, const char *species,
                                         const eqml_frames_options *options, eqml_frames *frames,
                                         eqml_message *message);
/*
 * Reads extended XYZ, as ASE writes it: energies in eV, forces in eV/angstrom, positions and Lattice in angstrom, rows
 * of the cell one after the other. pbc="T T F" or pbc=[T, T, F]; without it a frame with a Lattice is periodic in all
 * directions. Columns may be force or forces. virial or virials (eV, nine or six numbers: xx yy zz yz xz xy) is
 * -dE/dstrain; stress (eV/angstrom^3) is, as in ASE, dE/dstrain over the volume: a stress above 100 eV/angstrom^3 is
 * taken to be in another unit, and refused unless options name one. config_type names the group of a frame. Frames may differ in their atoms. species: "W H", as a basis
 * lists them; each atom must be one of these. A coordinate or force beyond 1e6, or any other number beyond 1e12, in the
 * units of the file, is refused.
 *
 * options may be NULL. EQML_ERROR_ARGUMENT: the unit of stresses is not known.
 * EQML_ERROR_FILE, EQML_ERROR_FORMAT, EQML_ERROR_VALUE, EQML_ERROR_MATCH, EQML_ERROR_EMPTY: with file and line in the
 * message. On failure *frames is all zero.
 */

EQML_API eqml_configuration eqml_frame(const eqml_frames *frames, size_t frame);
/* One of them; valid as long as the frames are. */

EQML_API const char *eqml_frames_group(const eqml_frames *frames, int group);
/* The name of a group, from 0 on; "" for -1. */

EQML_API eqml_status eqml_frames_append(eqml_frames *frames, eqml_frames *more);
/* Puts the frames of *more behind the others, for the same species, and frees it. EQML_ERROR_MEMORY: both are as they were. */

EQML_API void eqml_frames_free(eqml_frames *frames);

#endif /* EQML__CLOUD_FRAMES_H */
