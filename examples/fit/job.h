/* The job of the fit program: what the command line asks for, and what came of it. */
#ifndef FIT_JOB_H
#define FIT_JOB_H
#define _POSIX_C_SOURCE 200809L
#include "census/census.h"
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
    const char *bindings; /* the folder gen/bindings, for what other languages need; NULL: nothing of that */
    int with_float;       /* nonzero: the library has batches in single precision */
    int no_header;        /* nonzero: no NAME_pes.h, for want of a header of the basis */
    eqml_data_options read; /* how to read the files */
    int *order;             /* [natoms] from 0, see eqml_data_match_order; NULL: not given */
    int check, checked;     /* nonzero: end when all is read; it was read and told before */
    int train_every;
    double charge;
    eqml_variable *variables;           /* [npair_classes] */
    unsigned char *given;               /* [npair_classes] nonzero: by an option; the others are chosen */
    int ridge_auto, energy_weight_auto; /* nonzero: these are chosen, too */
    const char *rows_file,
        *degree_file; /* for `make pes`: where to write the number of rows; the degree, and end */
    eqml_fit_options fit;
    int robust;        /* nonzero: wrong data are looked for and lose their weight */
    double max_energy; /* training geometries lie at most so far above the lowest, hartree; 0: no limit */
    double diagnose; /* geometries that are left out in turn, at most; negative: as many as take about 20 s */
    int sigma;       /* random rows of the standard deviation in NAME_sigma.h; 0: none */
    int no_census;
    int penalties;      /* rounds of penalties on holes, at most; 0: none */
    int penalties_auto; /* nonzero: but where that would take long */
    int wall;           /* WALL_... */
    eqml_wall_options wall_options;
} job;

enum { PENALTY_ROUNDS = 10 };          /* by default */
enum { WALL_NO, WALL_YES, WALL_AUTO }; /* AUTO: where the census meets holes */

/* Errors of the geometries up to an energy above the lowest. */
enum { MOST_LEVELS = 12 };
typedef struct level {
    double energy; /* above the lowest, hartree; infinite: all */
    eqml_errors train, test;
} level;

/* What leaving out each training geometry in turn has shown. */
enum { MOST_WORST = 10 };
typedef struct diagnosis {
    eqml_influence *influence; /* [data->n]; NULL: none was looked at */
    unsigned char
        *which; /* [data->n] 1: evenly spaced among all; 2: chosen for its large error; 0: not looked at */
    eqml_cause *cause;                      /* [data->n] */
    size_t looked;                          /* geometries that were looked at; of these ... */
    size_t determined;                      /* ... the evenly spaced ones that the others determine */
    size_t undetermined;                    /* ... those that the others do not */
    size_t causes[EQML_CAUSE_GRADIENT + 1]; /* how many of each */
    double rmse, seconds;                   /* hartree, over those that are determined */
    size_t worst[MOST_WORST];               /* geometries, the worst first */
    int nworst;
} diagnosis;

/* What came of it. */
typedef struct outcome {
    eqml_fit_result fit, tensor[EQML_TENSORS]; /* terms 0 where not fitted */
    eqml_errors train, test;
    double turning[EQML_TENSORS]; /* root mean square of the part that turns with the molecule, in train */
    double *constant;             /* [npair_classes], see eqml_constant_pairs */
    eqml_choice choice;           /* of variables, */
    int chosen;                   /* if there was any to choose */
    int tested;
    double seconds, seconds_choice;     /* of the fit; of the choice before it */
    double seconds_aside;               /* of what is found out about it */
    eqml_problem *problem;              /* of the energies, where penalties may need it, or NULL */
    size_t penalty_points, unpenalised; /* holes that were penalised; those of the census before any was */
    double penalty;                     /* their weight */
    int penalty_rounds;                 /* 0: none */
    const char *no_penalties;           /* why there are no more of them, or NULL */
    census holes;                       /* of the surface; empty where there is none, */
    char *symbols;                      /* of the atoms, as the census takes them, or NULL */
    const char *uncounted;              /* and why, or NULL */
    eqml_wall_options wall;             /* of its width 0 there is none */
    const char *no_wall;                /* why there can be none, or NULL */
    size_t unwalled; /* holes before there was one, with penalties, where the job is WALL_AUTO */
    double lowest;   /* energy of the data, hartree */
    double spread_train, spread_test; /* standard deviations of the energies, hartree */
    size_t left_out;                  /* training geometries above max_energy */
    double *weights;                  /* [data->n] of the robust fit; NULL: was not asked for */
    eqml_robust_result robust;        /* fits 0: was not asked for */
    level levels[MOST_LEVELS];
    int nlevels;
    diagnosis diagnosis;
    eqml_sigma few,
        whole; /* standard deviations of energies, empty where they were not made; see uncertainty.h */
    eqml_coverage coverage; /* of the test set, by `few` */
} outcome;

/* Prints one line, "fit: text", and returns 1. */
int fail(const char *text);

/* A clock, in seconds. */
double seconds_now(void);

/* ---- classes.c ---------------------------------------------------------------------------------------- */

/* What options call the kinds of variables, by eqml_kind. */
enum { KIND_WORDS = EQML_USER };
extern const char *const kind_words[KIND_WORDS];

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

/* ---- choose.c ----------------------------------------------------------------------------------------- */

/* Chooses the variables that no option gives, by the geometries that j->fit.use marks. Returns nonzero after a message. */
int choose_variables(job *j, const eqml_data *data, outcome *o);

/* Chooses these and the degree, says so, and writes it to j->degree_file. Returns nonzero after a message. */
int choose_degree(job *j, const eqml_data *data, outcome *o);

void print_choice(const job *j, const outcome *o);
void json_variables(FILE *out, const job *j, const outcome *o);

/* ---- holes.c ------------------------------------------------------------------------------------------ */

/*
 * The census of holes, from the lowest training geometry; penalties on what it finds, and the wall, where the job wants
 * them. Returns nonzero after a message; a surface without a minimum is no failure, but a note.
 */
int count_holes(const job *j, eqml_surface *surface, const eqml_data *data, const unsigned char *train,
                outcome *o);

void print_holes(const job *j, const outcome *o);

/* Writes minimum.xyz, holes.xyz and holes.svg, where there was a census. Returns nonzero after a message. */
int write_holes(const job *j, const outcome *o);
/* ---- diagnose.c --------------------------------------------------------------------------------------- */

/* Takes the marks of the geometries above max_energy away; returns how many these were. */
size_t leave_out_high(const job *j, const eqml_data *data, unsigned char *train);

/* Fits the energies, robustly where that is asked for, and leaves out each geometry in turn. */
eqml_status fit_energies(job *j, const eqml_data *data, eqml_surface *surface, outcome *o,
                         eqml_message *message);

/* Errors below several energies; `test` are the marks of the test set in `other`, NULL: all of it. */
eqml_status find_levels(const eqml_surface *surface, const eqml_data *data, const unsigned char *train,
                        const eqml_data *other, const unsigned char *test, outcome *o);

/* How sigma does on the test set. */
eqml_status find_coverage(const eqml_surface *surface, const eqml_data *other, const unsigned char *test,
                          outcome *o);

void free_diagnosis(outcome *o);
/* ---- explain.c ---------------------------------------------------------------------------------------- */

void print_diagnosis(const eqml_data *data, const outcome *o);
void print_notes(const outcome *o);
void json_diagnosis(FILE *out, const eqml_data *data, const outcome *o);
/* A line for each geometry that was left out in turn. */
void print_influence(FILE *out, const job *j, const eqml_data *data, const outcome *o);

/* ---- report.c and files.c ----------------------------------------------------------------------------- */

/* Standard output may be a file on a full disk: returns nonzero after a message. */
int finish_output(void);

/* The root mean square of a polarizability without its mean over all directions; next to that, the rest is small. */
double rms_anisotropy(const eqml_data *data, const unsigned char *use);

void print_report(const job *j, const eqml_data *data, const outcome *o);
void print_json(FILE *out, const job *j, const eqml_data *data, const outcome *o);

/* Null where the number is not known, or not finite: JSON has no other word for that. */
void json_number(FILE *out, const char *key, int known, double value);

/* Writes a number into a file by itself, for pes.sh. Returns nonzero after a message. */
int write_count(const char *path, size_t count);

/* bindings.c: NAME_api.h, NAME_record.h, NAME.f90 and NAME_plain.h and so on, where j->bindings says so. Returns nonzero
 * after a message. */
int write_bindings(const job *j, const eqml_surface *surface, const outcome *o);

/* Writes NAME.pes, NAME_pes.h, report.json, what was found out beside the fit, and what write_holes does. Returns nonzero
 * after a message. */
int write_all(const job *j, const eqml_data *data, const eqml_surface *surface, const outcome *o);

#endif
