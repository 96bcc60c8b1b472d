/* A run as it is, in a file that this machine reads again. */
#ifndef DMC_CHECKPOINT_H
#define DMC_CHECKPOINT_H
#include "dmc/run.h"

typedef struct run {
    const run_options *o;
    const molecule *m;
    terrain on;
    walkers w;
    size_t at, settle; /* steps done; steps of settling */
    size_t length, nwindows,
        window; /* steps between an ancestor and its descendants, 0: none; how often, and how often so far */
    size_t numbers;           /* in the arrays that follow, of one allocation */
    double *reference;        /* [n] the minimum in its principal axes */
    double *parents, *shares; /* [room][n], [room] */
    double *windows;          /* [nwindows][AVERAGES] */
    double seconds;
} run;

/* Whether there is a checkpoint to read. */
int checkpoint_has(const run_options *o);

/* *done <- the time steps that it has whole; nonzero, after a message, where it is of another run. */
int checkpoint_count(const run_options *o, const molecule *m, int *done);

/* r, prepared for the time step all->done, and *all <- what the file has; 1: the walkers too, 0: it has no walkers of this time
 * step, -1 after a message. */
int checkpoint_read(run *r, run_results *all);

/* Nonzero after a message; the file is whole, or as it was. */
int checkpoint_write(const run *r, const run_results *all);

#endif
