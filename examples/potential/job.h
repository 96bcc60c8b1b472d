/* The job of the program behind `make potential`. */
#ifndef POTENTIAL_JOB_H
#define POTENTIAL_JOB_H
#define _POSIX_C_SOURCE 200809L
#include "eqml.h"
#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const eqml_cloud_basis *const basis; /* that of the potential; the file that is linked says which */

#define EV (1 / EQML_EV) /* in a hartree */
#define EV_PER_ANGSTROM (EQML_ANGSTROM / EQML_EV)

enum { MOST_FILES = 64, LEFT_OUT = 60 }; /* configurations that calibrate standard deviations */

typedef struct job {
    const char *data[MOST_FILES], *test, *directory, *name, *runtime, *basis_header;
    int nfiles, train_every;
    eqml_frames_options read;
    eqml_radial radial; /* zero: chosen, or from the data */
    int cutoff_auto, range_auto, kind_auto, weights_auto, ridge_auto;
    int parts;           /* of a cross-validation beside; 0: none */
    int highest;         /* a level is to be chosen up to this one, and nothing else; 0: no */
    const char *score;   /* the file for a cross-validated score, and nothing else; or NULL */
    const char *weights; /* a file */
    const char *reference, *atoms;
    int grades; /* rows of their matrix; 0: none */
    int ask;    /* configurations of the pool to compute next; 0: none */
    const char *pool;
    eqml_cloud_fit_options fit;
} job;

/* What the data are, and what is beneath the fit. */
typedef struct input {
    eqml_frames pool;                    /* to choose from */
    eqml_frames data, other;             /* other: to test on */
    double (*weights)[EQML_CLOUD_KINDS]; /* [data.n], or NULL */
    unsigned char *train, *test;         /* [data.n] */
    unsigned char *anchor;               /* [data.n] likewise; NULL: there are none */
    size_t anchors;                      /* they are the last of the data */
    eqml_pair_reference *pairs;          /* or NULL */
    double
        *shortest; /* [pairs] distances in the training data, bohr, where the pairs follow them; else NULL */
    double *atoms; /* [nspecies], or NULL */
} input;

typedef struct outcome {
    eqml_cloud_fit_result fit;
    eqml_cloud_errors train, test, validation;
    eqml_cloud_choice choice;
    int tested, validated, graded;
    size_t beyond;             /* test configurations with a grade beyond 1 */
    double largest_grade;      /* in the test set */
    size_t left_out;           /* configurations that calibrated standard deviations; 0: there are none */
    eqml_coverage coverage[2]; /* of the test set: energies; components of forces */
    double deviation[2];       /* their root mean squares, hartree for an atom, hartree/bohr */
    double tail[2];            /* so many deviations hold 95.45 % of the errors left out */
    double within_tail[2];     /* and this part of those of the test set */
    double us_per_grade;       /* for an atom, with its neighbours */
    double seconds, seconds_choice, us_per_atom; /* of energy and forces, with the list of neighbours */
} outcome;

/* Prints one line, "potential: text", and returns 1. */
int fail(const char *text);

/* Fills *j from the command line. Returns nonzero after a message. --help prints and ends the program. */
int parse_options(int argc, char **argv, job *j);

/* "chebyshev" or "bessel". */
const char *radial_name(const eqml_radial *radial);

/* Reads all files and makes what is beneath the fit; nonzero after a message. free_input is to be called anyway. */
int read_input(const job *j, input *in);
void free_input(input *in);

/* What is beneath the fit, as --reference says; nonzero after a message. */
int make_pairs(const job *j, input *in);

/* How many pairs of species there are. */
int pair_count(void);

/* pairs <- repulsions, switched off from inner to outer, each times length[pair], bohr. *unknown <- a species without
 * atomic number, or -1; nonzero after a message. */
int make_zbl(const double *length, double inner, double outer, eqml_pair_reference *pairs, int *unknown);

/* Adds anchors to the data where the pairs follow these; nonzero after a message. */
int add_anchors(input *in);

/* One line of what is beneath the fit. */
void print_pairs(const job *j, const input *in);

/* symbol <- that of species k. */
void species_symbol(int k, char symbol[8]);

/* Of the input: groups' names and weights, one a line. */
void print_groups(const input *in);

/* Cutoff, range, weights and ridge that the user leaves to the program; nonzero after a message. */
int choose_numbers(job *j, const input *in, outcome *o);

/* The score with what choose_numbers chooses, into the file j->score: the sum of the logarithms of the errors of energies
 * (eV/atom) and forces (eV/angstrom); nonzero after a message. */
int find_score(job *j, const input *in);

/* The level, up to j->highest, into the file `level`; nonzero after a message. */
int choose_level(job *j, const input *in);

/* Grades, and the configurations to compute next, from the triangle of the fit; nonzero after a message. */
int grade_and_ask(const job *j, const input *in, const eqml_cloud_model *model, eqml_lsq *triangle,
                  outcome *o);

double seconds_now(void);
void print_report(const job *j, const eqml_cloud_model *model, const outcome *o);

/* report.json. Returns nonzero after a message. */
int write_report(const char *path, const job *j, const eqml_cloud_model *model, const outcome *o);
#endif
