/* Fits by several processes. */
#ifndef EQML__TEAM_H
#define EQML__TEAM_H
#include "lsq.h"

/*
 * One of several processes that work together: MPI's ranks, or others that can send bytes to each other. `send` and
 * `receive` return EQML_OK when the bytes were passed on, or have arrived, in the order in which they were sent. For
 * each `send` there is a `receive` of the same size on the other side. Bytes are those of memory: all processes run the
 * same program on machines of one kind. examples/fit/team.c is such a team over MPI.
 */
typedef struct eqml_team {
    int rank, size; /* this process, from 0; how many there are */
    eqml_status (*send)(void *context, int to, const void *bytes, size_t size);
    eqml_status (*receive)(void *context, int from, void *bytes, size_t size);
    void *context;
} eqml_team;

EQML_API eqml_status eqml_lsq_gather(const eqml_team *team, eqml_lsq *lsq, eqml_message *message);
/*
 * Adds the rows of all processes to the system of rank 0, from their triangles, which go up a binary tree [1 of lsq.h]: as
 * if they had been added there, up to rounding, and with the same bits each time. All processes of the team call it, with
 * systems of the same sizes. Each sends 4 (ncols + nrhs)^2 bytes at most once, and receives as much at most log2(size)
 * times, row by row, so that nobody has a second triangle; folding one takes the time of ncols / 3 rows. The systems of
 * other ranks keep what they have gathered.
 *
 * All return the same status and the same message, where one fails. EQML_ERROR_VALUE: squares of a system overflowed.
 * EQML_ERROR_ARGUMENT: sizes differ. EQML_ERROR_FILE: another process cannot be reached.
 */

/*
 * Least squares by others than eqml_lsq, for a triangle that no process can hold. All processes of a team call `begin`, then
 * `add` for each of their rows, then `solve`. `add` cannot fail: what is wrong with a row, solve tells. Status, solution and
 * message are the same in all. examples/fit/distributed.c is such a solver over ScaLAPACK.
 */
typedef struct eqml_solver {
    eqml_status (*begin)(void *context, int ncols);
    void (*add)(void *context, const double *row); /* [ncols + 1], the value last */
    eqml_status (*solve)(void *context, const eqml_lsq_options *options, double *x, eqml_lsq_result *result,
                         eqml_message *message); /* x[ncols] */
    void *context;
} eqml_solver;

#endif /* EQML__TEAM_H */
