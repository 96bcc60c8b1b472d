/* Several processes that fit together. */
#ifndef FIT_TEAM_H
#define FIT_TEAM_H
#include "eqml.h"

/*
 * The ranks of MPI, where the program was compiled with it (make pes MPI=1) and is run by mpirun; else one process, with
 * which all this does nothing. All ranks read the data; rank 0 alone prints to the standard output, and writes files.
 */

/* Begins. What the other ranks print is kept back from here on. */
void team_begin(int *argc, char ***argv);

/* The processes, for eqml_fit_options.team; NULL: there is but one. */
const eqml_team *team_of_all(void);

/* Of this process, from 0. */
int team_rank(void);

/* Whether any of them has failed, for which `failed` is nonzero. Then the message of the first of these is shown, and no
 * other. All ranks call it. */
int team_failed(int failed);

/* bytes[size] of rank 0 to all ranks, which all call it. */
void team_share(void *bytes, int size);

/* Least squares whose triangle lies on all ranks (distributed.c), for eqml_fit_options.solver; NULL: not compiled in. */
const eqml_solver *distributed_solver(void);

#endif
