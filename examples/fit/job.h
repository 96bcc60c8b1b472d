/* The job of the fit program: what the command line asks for, and what came of it. */
#ifndef FIT_JOB_H
#define FIT_JOB_H
#define _POSIX_C_SOURCE 200809L
#include "eqml.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const eqml_basis *const basis; /* that of the surface; see main.c */

#define PER_CM 219474.6313632   /* cm^-1 in a hartree; CODATA 2018 */
#define KCAL_MOL 627.5094740631 /* kcal/mol in a hartree */

typedef struct job {
    const char *data, *test, *directory, *name, *runtime, *basis_header;
    eqml_data_options read; /* how to read the files */
    int *order;             /* [natoms] from 0, see eqml_data_match_order; NULL: not given */
    int check, checked;     /* nonzero: end when all is read; it was read and told before */
    int train_every;
    double charge;
    eqml_variable *variables; /* [npair_classes] */
    eqml_fit_options fit;
} job;

/* What came of it. */
typedef struct outcome {
    eqml_fit_result fit, tensor[EQML_TENSORS]; /* terms 0 where not fitted */
    eqml_errors train, test;
    double turning[EQML_TENSORS]; /* root mean square of the part that turns with the molecule, in train */
    double *constant;             /* [npair_classes], see eqml_constant_pairs */
    int tested;
    double seconds;
} outcome;

/* Prints one line, "fit: text", and returns 1. */
int fail(const char *text);

/* ---- classes.c ---------------------------------------------------------------------------------------- */

/* Does pair class k join the elements "A-B" (length characters), in either order? */
int class_has_elements(int k, const char *label, size_t length);

/* The first pair of a class; label <- its elements, as "H-O". */
const unsigned short *pair_of_class(int c, char label[16]);

/* ---- options.c ---------------------------------------------------------------------------------------- */

/* Fills *j from the command line. Returns nonzero after a message. --help prints and ends the program. */
int parse_options(int argc, char **argv, job *j);

/* A long fit should not end with files that cannot be written: what it needs is looked for first. */
int check_places(const job *j);

/* ---- data_options.c ----------------------------------------------------------------------------------- */

/* The options of the reader. Returns -1 where this is none of them, 1 after a message, else 0. */
int parse_data_option(const char *option, const char *value, job *j);

extern const char data_help[];

/* ---- input.c, source.c, doubts.c, slope.c -------------------------------------------------------------- */

/* Reads a file, tells what it is, and brings its atoms into the order of the basis. Returns nonzero after a message. */
int read_data(const char *path, const job *j, eqml_data *data);

/* One line that says what was read. */
void print_source(const char *path, const eqml_data *data, const eqml_data_source *source);

/* Notes on what looks wrong, each with the option that would mend it. */
void print_doubts(const eqml_data *data, const eqml_data_source *source);

/* A note where the gradients are not those of the energies but for a factor. */
void print_slope(const eqml_data *data, const eqml_data_layout *layout);

/* The shortest distance of each pair of atoms over all geometries, [natoms][natoms], bohr, for the caller to free; NULL
 * where there is no memory. */
double *shortest_distances(const eqml_data *data);

/* ---- report.c and files.c ----------------------------------------------------------------------------- */

/* Standard output may be a file on a full disk: returns nonzero after a message. */
int finish_output(void);

/* The root mean square of a polarizability without its mean over all directions; next to that, the rest is small. */
double rms_anisotropy(const eqml_data *data, const unsigned char *use);

void print_report(const job *j, const outcome *o);
void print_json(FILE *out, const outcome *o);

/* Writes NAME.pes, NAME_pes.h and report.json. Returns nonzero after a message. */
int write_all(const job *j, const eqml_surface *surface, const outcome *o);

#endif
