/*
 * From a formula to a surface: a quantum chemistry program computes the geometries that a surface asks for, until its error
 * on held-out points is small enough and the census finds no holes.
 *
 *     points   what was computed, in one file that grows; what could not be computed
 *     method   jobs of the program, side by side
 *     start    the minimum and its normal modes, by the program itself
 *     sample   random geometries about the minimum and on the ways to its images
 *     next     what is computed: held-out samples, those before the first fit, the geometries of each round
 *     surface  fits, census and the next geometries, by `make pes`, `make holes` and `make ask`
 *     curve    the rounds as a table and as a picture
 *
 * Bohr and hartree in memory. Functions return nonzero after they have said in one line why, unless they say otherwise.
 */
#ifndef LEARN_H
#define LEARN_H
#include "census/search.h"
#include "eqml.h"
#include <stdio.h>

extern const eqml_basis *const basis; /* any of the molecule: its atoms are what counts */

enum { ID_LENGTH = 48, PATH_LENGTH = 4096, JOBS_LIMIT = 256, WAYS = 3, WAY_POINTS = 5 };

typedef struct settings {
    const char *name, *folder, *method, *start, *fit, *beside; /* folder: build/learn/NAME */
    char script[PATH_LENGTH];                                  /* of the method, an absolute path */
    double target, up_to;                                      /* cm^-1 */
    double jobs, degree, dipole, seed, timeout;                /* degree 0: grows; timeout in seconds */
    double test, first, round, most, starts;                   /* numbers of geometries, and of attempts */
    int random;     /* nonzero: random geometries instead of asked ones */
    char **compile; /* the compiler and its options, for make's scripts */
    char *symbols;  /* "H H H N" */
} settings;

int fail(const char *what, const char *text);

/* ---- points.c ------------------------------------------------------------------------------------------- */

/* What was computed, and what could not be. A point has the name of its origin: "test-00012", "ask-003-0007". */
typedef struct points {
    size_t n, room, failures, failures_room;
    char (*id)[ID_LENGTH];     /* [n] */
    double *xyz, *gradient;    /* [n][natoms][3] */
    double *energy;            /* [n] */
    char (*failed)[ID_LENGTH]; /* [failures] */
    double *failed_xyz;        /* [failures][natoms][3] */
    int file, failed_file;     /* descriptors, open for appending; the first is locked */
} points;

enum { NOT_COMPUTED = -1, FAILED = -2 };

/*
 * Reads points.xyz and failures.xyz of the folder, which may not exist yet, and keeps them open. Half a frame at the end, of
 * a machine that stopped, is cut off. Fails where another run has them open.
 */
int points_open(points *p, const settings *s);
void points_close(points *p);

/* The number of the point of this name and geometry, FAILED or NOT_COMPUTED. */
long points_find(const points *p, const char *id, const double *xyz);

/* Appends a whole frame in one write, and remembers it. dipole[3] (e bohr) may be NULL. */
int points_add(points *p, const settings *s, const char *id, const double *xyz, double energy,
               const double *gradient, const double *dipole);
int points_add_failure(points *p, const settings *s, const char *id, const double *xyz, const char *reason);

/* How many names begin so. */
size_t points_count(const points *p, const char *prefix);

/* The largest number R in names PREFIX-R-..., or 0. */
int points_last_round(const points *p, const char *prefix);

/* The lowest energy, of any point. */
double points_lowest(const points *p);

/* Of those whose names begin so, the ones up to up_to above the lowest: how many; marks[n] <- which, unless NULL. */
size_t points_up_to(const points *p, const settings *s, const char *prefix, unsigned char *marks);

/*
 * train.xyz and test.xyz of the folder, sorted by name, so that they do not depend on which job ended first. To test on:
 * those named test-, up to up_to above the lowest. To train on: all others but those on the way to the minimum, start-,
 * and the samples confirm-NN-... of number `spent` and later ones, which nothing has been decided by.
 */
int points_split(const points *p, const settings *s, int spent, size_t *trained, size_t *tested);

/* ---- method.c ------------------------------------------------------------------------------------------- */

typedef struct task {
    char id[ID_LENGTH];
    const double *xyz; /* [natoms][3] */
    long point;        /* its number after compute(), or FAILED */
} task;

/* s->script from s->method: a name in examples/methods, or a path with a slash. */
int find_method(settings *s);

/* Computes what is not yet known of n tasks, s->jobs at once. Failures of the program are recorded, and no reason to fail;
 * nor is it a failure that all do. */
int compute(const settings *s, points *p, const char *what, size_t n, task *tasks);

/* Why the last task failed that did, in this run or before. */
const char *last_reason(void);

/* Before the first of them, when the folder is ours: from here on an interruption ends all that runs, and what was computed
 * stays. */
void prepare_jobs(const settings *s);

/*
 * Runs a command of make's, with these variables in its environment, and its output in the file `log` of the folder.
 * *status <- its exit status.
 */
int run_script(const settings *s, char *const *arguments, const char *const (*variables)[2], size_t n,
               const char *log, int *status);

/* The last line of a file that is not empty, or what stands in its place. */
void last_line(const char *path, const char *otherwise, char *text, size_t size);

/* ---- start.c -------------------------------------------------------------------------------------------- */

/*
 * The minimum by the method: from the first geometry of s->start, or from s->starts rough ones, of which the lowest is taken
 * that holds together; and its vibrations. *search has all of a census that the sampler needs; release it with start_free().
 */
int find_start(const settings *s, points *p, census *c, search *found);
void start_free(search *found);

/* ---- sample.c ------------------------------------------------------------------------------------------- */

/* Ways from the minimum to its images: permutations of like atoms, and reflections, turned onto it as well as can be. */
typedef struct ways {
    int n;
    double *image;                   /* [WAYS][natoms][3] */
    double energy[WAYS][WAY_POINTS]; /* from the minimum, at (k + 1)/(2 WAY_POINTS) of the straight way */
} ways;

/* The shortest ways whose energy stays below s->up_to; their geometries are computed. */
int find_ways(const settings *s, points *p, search *found, ways *w);
void ways_free(ways *w);

/*
 * xyz <- a random geometry: displacements along the vibrations from the minimum, or, every second time where there are ways,
 * from a place on one. Their harmonic energies are even from 0 to `highest` (hartree) less the energy of that place.
 */
void sample(search *found, const ways *w, double highest, double *xyz);

/* ---- surface.c ------------------------------------------------------------------------------------------ */

typedef struct fitted {
    int degree, terms, rank;
    double rmse_train, rmse_test, max_test; /* hartree; NaN where not known */
    double holes, far;    /* met by samples and walkers, by minimisations alone; NaN: no census */
    int whole;            /* nonzero: the holes are those of the whole census */
    size_t chosen;        /* what the variables were chosen for, training geometries */
    char variables[1024]; /* options of the fit, as they were chosen */
    size_t confirmed;     /* fresh geometries that the surface was confirmed by, 0: none; */
    double rmse_confirmed, max_confirmed; /* their errors, hartree */
} fitted;

/* The highest degree that leaves three rows for each term, has at most 1,000 terms, and is at least `least`; or s->degree. */
int choose_degree(const settings *s, size_t trained, int least, int *degree);

/*
 * Fits to train.xyz. *f has the fit before: its variables are taken again where they are not empty. The last fit gets a wall
 * where it takes one, and a library; those before have neither, so that their holes show.
 */
int fit_surface(const settings *s, int degree, int last, fitted *f);

/* The whole census, in place of the short one. */
int count_holes(const settings *s, fitted *f);

/*
 * The errors of the last surface at the points whose names begin so, up to up_to above the lowest; they go into its report.json,
 * too, as n_confirmed, rmse_energy_confirmed and max_error_energy_confirmed.
 */
int confirm_surface(const settings *s, const points *p, const char *prefix, fitted *f);

/* *asked <- the next geometries, of the holes and pool.xyz of the folder; none where the surface cannot tell. */
int ask_for(const settings *s, size_t wanted, eqml_data *asked);

/* ---- next.c --------------------------------------------------------------------------------------------- */

/*
 * Held-out samples: so many as have s->test energies up to s->up_to among them, to test on, test-; and fresh ones of the same
 * kind, confirm-NN-, which begin with this prefix.
 */
int compute_test(const settings *s, points *p, search *found, const ways *w);
int compute_fresh(const settings *s, points *p, search *found, const ways *w, int number);
void fresh_prefix(int number, char prefix[ID_LENGTH]);

/* s->first samples before the first fit. */
int compute_first(const settings *s, points *p, search *found, const ways *w);

/* What the surface asks for, or, where that is nothing, the first of the pool. */
int compute_next(const settings *s, points *p, search *found, const ways *w, int round, size_t wanted);

/* ---- curve.c -------------------------------------------------------------------------------------------- */

typedef struct turn {
    int round, degree, terms;
    double computed, failed, trained, tested, rmse, largest; /* cm^-1 */
    double holes, far;                                       /* as in `fitted` */
    int whole;
    double confirmed, rmse_confirmed; /* fresh geometries, 0: none; cm^-1 */
} turn;

typedef struct curve {
    size_t n, room;
    turn *turns;
} curve;

/* Reads rounds.txt of a folder; none where there is no such file. */
int curve_read(const char *folder, curve *c);
int curve_add(curve *c, const turn *t);
void curve_free(curve *c);

/* rounds.txt and learning.svg, with the curve of another run beside it, which may be empty. */
int curve_write(const settings *s, const curve *c, const curve *beside);

#endif
