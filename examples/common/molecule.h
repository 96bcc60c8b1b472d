/*
 * What programs on a fitted surface share: their options, the surface and the geometry that they begin at, masses,
 * vibrations, and energies and dipoles of many geometries.
 *
 *     static const option own[] = {...};
 *     surface_job job = {.program = "dmc"};
 *     molecule m;
 *     int bad = surface_options(&job, help, argc, argv, own, count) || molecule_read(&job, &m) || molecule_settle(&job, &m);
 *     ...
 *     molecule_free(&m);
 *
 * The program is linked with a basis: `const eqml_basis *const basis`. What goes wrong is told in one line on standard
 * error. Atomic units, but for masses in dalton and wavenumbers in cm^-1.
 */
#ifndef EXAMPLES_MOLECULE_H
#define EXAMPLES_MOLECULE_H
#include "common/options.h"
#include "eqml.h"
#include <stdint.h>

extern const eqml_basis *const basis;

/* What the command line says to every such program; strings are those of the command line. */
typedef struct surface_job {
    const char *program;   /* "dmc": begins every message */
    const char *directory; /* where the surface is; NULL: "." */
    const char *name;      /* DIRECTORY/NAME.pes; NULL: the name of the basis */
    const char *start;     /* a file of geometries, the first counts; NULL: DIRECTORY/minimum.xyz */
    const char *masses;    /* "atomic", "nuclear" or a list in dalton; NULL: atomic */
    const char *isotopes;  /* "1=D,3=17.9991596" or "H=D"; NULL: the most abundant ones */
    const char *json;      /* a file for the results; NULL: none */
    int seed;              /* of random numbers; 1 where the command line has none */
    int few;    /* nonzero: the program has no use for masses and JSON: the first four options alone */
    int saddle; /* nonzero: the start may be a saddle, and is taken as it is */
} surface_job;

/* What --help says of these options: a program prints it behind its own; SURFACE_HELP_FEW with job.few. */
#define SURFACE_HELP_FEW                                                                                     \
    "  --directory D     folder of the surface; default .\n"                                                 \
    "  --name NAME       of the surface, D/NAME.pes\n"                                                       \
    "  --start FILE      a geometry to begin at; default D/minimum.xyz\n"                                    \
    "  --seed N          of the random numbers; default 1\n"
#define SURFACE_HELP                                                                                         \
    SURFACE_HELP_FEW                                                                                         \
    "  --masses M        atomic: of the most abundant isotopes; nuclear: without their electrons; or a "     \
    "list\n"                                                                                                 \
    "                    in dalton in the order of the atoms, 1.00727647,1.00727647,15.990526\n"             \
    "  --isotope LIST    other isotopes, by the number of the atom or its element: D, T or an atomic mass\n" \
    "                    in dalton, as in H=D or 1=D,3=17.9991596\n"                                         \
    "  --json FILE       the results as JSON too\n"

typedef struct molecule {
    const char *program, *name;
    eqml_surface surface;
    const eqml_model *model; /* of the surface */
    int natoms;
    char *symbols;  /* "H H O": elements, also where the basis has none */
    double *mass;   /* [natoms] dalton */
    double *xyz;    /* [natoms][3] the start; once settled, the minimum, its centre of mass in the origin */
    double energy;  /* hartree, there */
    int has_dipole; /* a dipole was fitted */
    int vibrations; /* 3 natoms - 6, or 3 natoms - 5 of a linear molecule */
    int negative;   /* those along which the surface curves downwards; 0 unless job->saddle */
    double *root;   /* [3 natoms] square roots of masses, in electron masses */
    double *wavenumber; /* [3 natoms] cm^-1: vibrations first, ascending; negative: imaginary */
    double *mode;       /* [3 natoms][3 natoms] rows, mass-weighted: vibrations first */
    double *work; /* for eqml_energy_gradient, eqml_energy_hessian and eqml_tensor_value; of one thread */
    eqml_lanes *lanes; /* for eqml_energy_gradient_batch */
} molecule;

/* "dmc: WHAT: TEXT" on standard error, "dmc: TEXT" where `what` is empty; returns 1. */
int complain(const char *program, const char *what, const char *text);

/* Reads the command line: the options above, and `count` of the program's own. Nonzero after a message. */
int surface_options(surface_job *j, const char *help, int argc, char **argv, const option *own, size_t count);

/*
 * molecule_read reads the surface, molecule_start the start and the symbols of its atoms. Nonzero after a message. *m is to be
 * released with molecule_free(), also after a failure.
 */
int molecule_read(const surface_job *j, molecule *m);
int molecule_start(const surface_job *j, molecule *m);

/*
 * The start, unless it was read; masses; the minimum in whose valley the start lies, and its vibrations. With job->saddle the start stays where it is. A
 * start outside of the training data, a way down that leaves them, and a stationary point that is no minimum are refused.
 * Nonzero after a message.
 */
int molecule_settle(const surface_job *j, molecule *m);

/* The symbol of an atom, from 0: a word of m->symbols, which goes on behind its length. */
const char *molecule_symbol(const molecule *m, int atom, size_t *length);

/* Whether a dipole was fitted; complains where not, and returns nonzero. */
int molecule_needs_dipole(const molecule *m);

/* energy[n], and gradient[n][natoms][3] unless NULL, at xyz[n][natoms][3]; dipole[n][3], e bohr, with respect to the origin.
 * They use the room of *m: one thread at a time. */
void molecule_energies(const molecule *m, size_t n, const double *xyz, double *energy, double *gradient);
void molecule_dipoles(const molecule *m, size_t n, const double *xyz, double *dipole);

void molecule_free(molecule *m);

/* Flushes standard output; the status of a program that ends with `status` otherwise. */
int surface_end(const char *program, int status);

#endif
