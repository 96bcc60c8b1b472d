/* Runs of diffusion Monte Carlo, one for each time step, and what they found; stopped runs go on where they were. */
#ifndef DMC_RUN_H
#define DMC_RUN_H
#include "common/molecule.h"
#include "dmc/averages.h"
#include "dmc/walkers.h"

enum { RUN_STEPS = 8 }; /* time steps at most */

typedef struct run_options {
    int walkers, steps;          /* steps after those of settling */
    double settle, descend;      /* a.u. of time; descend: of descendant weighting, 0: no averages */
    double time_step[RUN_STEPS]; /* a.u. */
    int ntime_steps;
    double margin; /* of holes, hartree */
    const char *node, *checkpoint;
    double every; /* s between checkpoints */
    int seed;
} run_options;

/* Of one time step. Energies in hartree above the minimum. */
typedef struct run_result {
    double energy, error;
    double average[AVERAGES], average_error[AVERAGES];
    double holes, walker_steps, seconds, surface_seconds;
} run_result;

typedef struct run_results {
    run_result of[RUN_STEPS];
    int done;
    double deepest;      /* lowest energy seen, hartree above the minimum */
    double *deepest_xyz; /* [natoms][3] */
    double *trace;       /* [ntime_steps][steps] energies above the minimum of each step, hartree */
} run_results;

/*
 * Does all runs; m is settled. Nonzero after a message. What the checkpoint holds is not done again; with a checkpoint a run
 * that was stopped and went on gives the same bits as one that was not. Released with run_free().
 */
int run_all(const run_options *o, const molecule *m, run_results *r);
void run_free(run_results *r);

#endif
