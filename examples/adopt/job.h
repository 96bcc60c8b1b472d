/* The job of the program that adopts a potential: what the command line asks for, and what its parts share. */
#ifndef ADOPT_JOB_H
#define ADOPT_JOB_H
#define _XOPEN_SOURCE 700
#include "eqml.h"
#include "common/elements.h"
#include "common/modes.h"
#include "common/random.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const eqml_basis *const basis; /* of any degree: atoms and classes are taken from it; see main.c */

enum { MOST_ARGUMENTS = 6 };

/* What an argument of the library's function is. */
typedef enum argument {
    ARGUMENT_XYZ,
    ARGUMENT_ENERGY,
    ARGUMENT_GRADIENT,
    ARGUMENT_FORCES,
    ARGUMENT_WHOLE
} argument;

typedef struct job {
    const char *library, *symbol, *init, *folder; /* folder: where the library works; NULL: here */
    const char *form;                             /* of the call, as it was given */
    const char *energy_name, *length_name, *layout, *order_text, *start, *geometries;
    const char *samples_file, *surface, *directory, *name; /* samples, or a surface to compare with */
    double samples, up_to, seed, checks;
    /* What these mean: */
    argument arguments[MOST_ARGUMENTS];
    int whole[MOST_ARGUMENTS], narguments, returns; /* returns: nonzero where the energy is what it returns */
    double energy_unit, length_unit;
    int apart;  /* nonzero: all x, then all y, then all z */
    int *order; /* [natoms] the library's atom for each atom of the composition */
} job;

int fail(const char *what, const char *text);

/* ---- options.c ---- */

/* Fills *j from the command line. Returns nonzero after a message. --help prints and ends the program. */
int parse_options(int argc, char **argv, job *j);

/* ---- library.c: the potential as it was ---- */

typedef struct potential {
    const job *j;
    void *handle;
    void (*function)(void); /* of whatever type the call has */
    char symbol[128];       /* by which it was found */
    int has_gradient;
    double *xyz, *gradient; /* [natoms][3] as the library has them; behind them, room for differences */
    size_t calls, not_finite;
    size_t below; /* geometries that the last draw() refused, see there */
} potential;

/* Loads the library, changes to the folder where it works, and has it initialised. Returns nonzero after a message. */
int potential_open(const job *j, potential *p);

/* The energy at xyz[natoms][3]: atomic units, atoms as in the composition. gradient[natoms][3] may be NULL; where the library
 * has none, it is by differences. */
double potential_energy(potential *p, const double *xyz, double *gradient);

/* gradient[natoms][3] <- by differences of energies. */
void potential_differences(potential *p, const double *xyz, double *gradient);

/* hessian[3 natoms][3 natoms] <- second derivatives by differences. */
void potential_hessian(potential *p, const double *xyz, double *hessian);

/* Back to where the program began. */
void potential_close(potential *p);

/* *function <- a symbol of a library, a pointer to a function. Returns nonzero where there is none. */
int find_function(void *handle, const char *symbol, void *function, size_t size);

/* ---- start.c: where it begins ---- */

typedef struct beginning {
    char *symbols;   /* "H H O" */
    double *xyz;     /* [natoms][3] the minimum, bohr */
    double energy;   /* hartree */
    double *hessian; /* [3 natoms][3 natoms] there */
    eqml_data extra; /* geometries of the user's, in the order of the basis */
} beginning;

/* Reads the files that the job names. Returns nonzero after a message. */
int read_files(const job *j, beginning *b);

/* The minimum in the valley of the start, or that which most random geometries lead to; says so, with its
 * wavenumbers. Returns nonzero after a message. */
int find_beginning(const job *j, potential *p, beginning *b);

void free_beginning(beginning *b);

/* Geometries about the minimum, xyz[n][natoms][3], up to an energy, and not more than 1e-4 hartree below it: those would be in
 * holes, or of another isomer. *drawn <- how many there are. Another seed, other geometries. Returns nonzero after a
 * message. */
int draw(const job *j, potential *p, const beginning *b, uint64_t seed, size_t n, double *xyz, size_t *drawn);

/* ---- checks.c: is it a potential of these atoms? ---- */

typedef enum check { CHECK_AGAIN, CHECK_MOVED, CHECK_TURNED, CHECK_MIRRORED, CHECK_EXCHANGED, CHECKS } check;
extern const char *const check_names[CHECKS];

typedef struct checked {
    double largest[CHECKS]; /* change of the energy, hartree */
    int first, second;      /* atoms, from 0, whose exchange changes it most */
    double gradient;        /* difference to that by differences, hartree/bohr; NaN where there is none */
} checked;

/* Checks the potential at some geometries about the minimum, and says what came of it. Returns nonzero after a message. */
int check_potential(const job *j, potential *p, const beginning *b, checked *c);

/* ---- sample.c, compare.c: the two things that the program does ---- */

int write_samples(const job *j, potential *p, const beginning *b);

/* How far the surface is from the potential at new geometries, and how long both take. */
int compare(const job *j, potential *p, const beginning *b, const checked *c);

#endif
