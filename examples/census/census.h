/*
 * The census of holes: where does a fitted surface lie below its own minimum?
 *
 * A hole is a geometry whose energy on the surface is below that of the minimum by more than a margin. None is real where
 * the minimum is the lowest of the molecule: holes are where no data hold the surface, and diffusion Monte Carlo,
 * path integrals and dynamics fall into them. Three ways to look for them, from the minimum outwards:
 *
 *   samples    normal coordinates q_i ~ N(0, s^2 / (2 w_i)), atomic units: the harmonic ground state (s = 1), and s times
 *              wider. Wavenumbers below 100 cm^-1 count as 100 cm^-1.
 *   walkers    diffusion Monte Carlo of the ground state, J. B. Anderson, J. Chem. Phys. 63, 1499 (1975): walkers diffuse
 *              by sqrt(t / m), and branch by exp(-t (V - E)). One that finds a hole dies there and is counted.
 *   descents   minimisations from the deepest holes, and from those samples that lie lowest beneath the harmonic surface.
 *
 * Geometries are nonsense, and count as no hole, where two atoms are closer than a fraction, a half, of the sum of their
 * covalent radii (H-H: 0.31 angstrom); walkers die there, and descents end.
 */
#ifndef CENSUS_H
#define CENSUS_H
#include "eqml.h"
#include <stdio.h>

enum { CENSUS_WIDTHS = 4 };
extern const double census_widths[CENSUS_WIDTHS]; /* s: 1, 1.5, 2, 3 */

/* Zero in a field is its default. */
typedef struct census_options {
    uint64_t seed;    /* 0: 1 */
    int samples;      /* at each width; 0: 10000 */
    int walkers;      /* 0: 1000 */
    int steps;        /* of the walkers; 0: 1000 */
    double time_step; /* t, atomic units of time; 0: 10 */
    int descents;     /* from holes, and as many from samples of each of the two largest widths; 0: 8 */
    double margin;    /* hartree; 0: 1e-4, 22 cm^-1 */
    double closest;   /* fraction of the sum of covalent radii; 0: 0.5 */
    int kept;         /* geometries of holes at most; 0: 500 */
} census_options;

typedef enum census_origin { CENSUS_SAMPLE, CENSUS_WALKER, CENSUS_DESCENT } census_origin;

typedef struct census_hole {
    double energy; /* hartree, below 0: from the minimum */
    double change; /* root mean square change of the distances from those of the minimum, bohr */
    double width;  /* of a sample, 0 of others */
    census_origin origin;
} census_hole;

/* Some of the geometries that were looked at, for a picture. */
typedef struct census_points {
    size_t n, room;
    double *change, *energy; /* [n] as in census_hole */
    double *width;           /* [n] 0: a walker */
} census_points;

typedef struct census {
    census_options options; /* with the defaults filled in */
    int natoms, vibrations;
    double *xyz;                 /* [natoms][3] the minimum, bohr */
    double minimum;              /* its energy, hartree */
    double harmonic;             /* zero-point energy, hartree: of the harmonic surface */
    double ground, ground_error; /* of the walkers, its standard error; NaN where they died out */
    size_t holes;                /* of all kinds */
    size_t sampled[CENSUS_WIDTHS], close[CENSUS_WIDTHS]; /* samples that are holes, and that are nonsense */
    size_t walker_steps, walker_holes, walker_close;
    int extinct; /* nonzero: all walkers died */
    size_t descents, descent_holes;
    double deepest; /* hartree, below 0; 0 where there is no hole, -infinity where it has no number */
    size_t kept;
    census_hole *hole; /* [kept] the deepest, then a fair sample of the others */
    double *hole_xyz;  /* [kept][natoms][3] bohr */
    census_points points;
    double seconds;
} census;

/*
 * Runs a census on a surface. start[natoms][3] (bohr) is a geometry in the valley of its minimum, such as that of the
 * lowest energy in the training data. symbols are those of the atoms, separated by blanks ("H H O"), in the order of the
 * basis. options may be NULL. The same seed gives the same census, by however many threads of OpenMP. Its cost is that of 4 samples + walkers
 * steps energies, in batches, and some random numbers for each. *c <- the census; release it with census_free().
 *
 * EQML_ERROR_ARGUMENT: a symbol is no element. EQML_ERROR_VALUE: the way down from the start leads to no minimum: it ends
 * in a hole, or nowhere. EQML_ERROR_MEMORY. On failure *c is empty, and message, which may be NULL, says why.
 */
eqml_status census_run(const eqml_model *m, const char *symbols, const double *start,
                       const census_options *options, census *c, eqml_message *message);

/* Releases the arrays and empties the census. An empty one is allowed. */
void census_free(census *c);

/*
 * Geometries about the minimum[natoms][3], without a census: xyz[n][natoms][3] <- displacements along the vibrations in
 * random directions, whose energies on the harmonic surface are even from 0 to `highest` (hartree), wavenumbers below 100
 * cm^-1 taken as 100 cm^-1. Two atoms are never closer than half the sum of their covalent radii, and the energy of the surface
 * is at most `highest` above that of the minimum; below it, it may be. *drawn <- how many there are: fewer than n where
 * less than one in a hundred is so. The same seed gives the same geometries. Errors as census_run.
 */
eqml_status census_spread(const eqml_model *m, const char *symbols, const double *minimum, double highest,
                          uint64_t seed, size_t n, double *xyz, size_t *drawn, eqml_message *message);

/* A potential that is no surface: returns the energy at xyz[natoms][3]. What is no number is refused as too high. */
typedef double (*census_function)(void *context, const double *xyz);

/* The same for such a potential, with its Hessian at the minimum, hessian[3 natoms][3 natoms], which is overwritten. */
eqml_status census_spread_of(int natoms, census_function function, void *context, const char *symbols,
                             const double *minimum, double *hessian, double highest, uint64_t seed, size_t n,
                             double *xyz, size_t *drawn, eqml_message *message);

/* ---- output.c ---- */

/* Holes for each million steps of a walker. */
double census_per_million(const census *c);

/* A few lines for people. */
void census_print(FILE *out, const census *c);

/* A JSON object without line end: hartree and bohr, energies of holes from that of the minimum. */
void census_json(FILE *out, const census *c);

/* One frame of extended XYZ, from bohr; the comment is what stands behind the properties. */
void census_put_frame(FILE *out, int natoms, const char *symbols, const double *xyz, const char *comment);

/*
 * Files, in extended XYZ (angstrom; energies in eV under the name surface_energy, since they are no data): the minimum; and
 * the holes that were kept, an empty file where there are none. Nonzero where a file could not be written; errno says
 * why.
 */
int census_write_minimum(const census *c, const char *symbols, const char *path);
int census_write_holes(const census *c, const char *symbols, const char *path);

/* The same of one hole that another program met, `below` hartree below the minimum. */
int census_write_hole(const char *path, int natoms, const char *symbols, const double *xyz, double minimum,
                      double below);

/* Energy against displacement, as SVG, holes marked. Nonzero where it could not be written; errno says why. */
int census_draw(const census *c, const char *title, const char *path);

#endif
