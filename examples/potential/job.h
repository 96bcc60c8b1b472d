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

typedef struct job {
    const char *data, *test, *directory, *name, *runtime, *basis_header;
    int train_every;
    eqml_radial radial; /* zero: from the data */
    eqml_cloud_fit_options fit;
} job;

typedef struct outcome {
    eqml_cloud_fit_result fit;
    eqml_cloud_errors train, test;
    size_t atoms_train, atoms_test;
    int tested;
    double seconds, us_per_atom; /* of energy and forces, with the list of neighbours */
} outcome;

/* Prints one line, "potential: text", and returns 1. */
int fail(const char *text);

/* Fills *j from the command line. Returns nonzero after a message. --help prints and ends the program. */
int parse_options(int argc, char **argv, job *j);

void print_report(const eqml_cloud_model *model, const outcome *o);

/* report.json. Returns nonzero after a message. */
int write_report(const char *path, const eqml_cloud_model *model, const outcome *o);
#endif
