/* Penalties: energies that a fitted surface should not lie below. */
#ifndef EQML__PENALTY_H
#define EQML__PENALTY_H
#include "problem.h"

typedef struct eqml_penalty_result {
    size_t violated, before; /* points below their least energies: on the surface now, and before */
    double deepest;          /* by how much at most, hartree; 0: none is below */
    double errors; /* the weighted sum of squares of the data, on the surface now, as a fit minimises it */
    int solved;    /* least-squares problems that were solved; 0: no point was below, and nothing was done */
    int settled;   /* nonzero: the minimum was found; 0: it was not in the most that are solved, 50 */
    int rank;      /* of the last one; and its condition, as in eqml_fit_result */
    double condition;
} eqml_penalty_result;

EQML_API eqml_status eqml_penalise(const eqml_problem *problem, eqml_surface *surface, size_t n,
                                   const double *xyz, const double *least, const double *weights,
                                   eqml_penalty_result *result, eqml_message *message);
/*
 * Fits the surface of a problem once more, with one-sided penalties at the points xyz[n][natoms][3] (bohr), whose energies
 * nobody knows but for what they should not lie below, least[n] (hartree): it minimises
 *
 *     what eqml_fit() minimises + sum_i weights_i max(0, least_i - V(x_i))^2.
 *
 * So small weights move first what the data leave open, and a point that lies high enough is as if it were not
 * there. Where no point lies below, the surface stays as it is, to the bit. The sum is convex; its minimum is found by
 * Newton's method [1]: the points that lie below are rows of a least-squares problem, are found anew on its solution, and so
 * on until they are the same, each step halved until the sum falls. Each solution takes that of the fit's triangle, which
 * is kept, and a row for each of these points; the data are not read.
 *
 * The surface is that which eqml_problem_create() fitted, or what an earlier call made of it: with more points each time it
 * follows holes that open elsewhere. Walls play no part; a wall is raised afterwards. A problem knows nothing of
 * penalties: standard deviations, leverages and designs are those of the data. result and message may be NULL.
 *
 * EQML_ERROR_ARGUMENT: the surface is not over the basis of the problem; a weight that is not positive and finite.
 * EQML_ERROR_VALUE: a point or its least energy is not finite, or two of its atoms are in one place. EQML_ERROR_MEMORY:
 * twice the 4 nterms^2 bytes of the triangle, and more with a ridge, and the solution. The surface is then as before.
 *
 * [1] O. L. Mangasarian, Optim. Methods Softw. 17, 913 (2002).
 */

#endif /* EQML__PENALTY_H */
