/* Pruning and growing. */
#ifndef EQML__SELECT_H
#define EQML__SELECT_H
#include "problem.h"

/* ---------------------------------------------------------------------------------------------------------
 * Pruning and growing: bases cut to the data
 *
 * A complete basis has terms that a data set does not need. Which ones is decided on the triangular factor of
 * the fit, |A x - b| = |R x - Q^T b|: the data are read once, whatever is tried afterwards.
 *
 *     eqml_problem_create(&problem, &surface, &data, &options, &message);     fits all terms, keeps R
 *     eqml_prune(problem, &ranking, &message);                                or eqml_grow(...)
 *     eqml_keep(problem, &ranking, 200, "small", &subset, &message);          the best 200 terms, refitted
 *     eqml_basis_write(subset.basis, "from ...", "small.basis", &message);    its basis as tables
 *
 * Offsets. Terms are products of centred variables and of factors that were shifted to mean 0. A complete basis spans the same space
 * with any shifts, some of its terms do not: here centres and offsets belong to the definition of the terms. They are
 * those of the fit of all terms, and a subset keeps them, also when eqml_fit() is given its surface.
 *
 * [1] Draper, Smith, Applied Regression Analysis, 3rd ed. (1998), chapter 15.
 * [2] Chen, Billings, Luo, Int. J. Control 50, 1873 (1989): orthogonal least squares.
 * [3] Rebollo-Neira, Lowe, IEEE Signal Process. Lett. 9, 137 (2002): optimized orthogonal matching pursuit.
 */

/* Terms in the order of their importance. */
typedef struct eqml_ranking {
    int terms;     /* that were ranked; more than these are linearly dependent, or were not asked for */
    int *term;     /* [terms] their numbers (see eqml_surface_get), the most important first */
    double *error; /* [terms] root mean square of the weighted rows, hartree, with the first k + 1 terms; with
                      a ridge, the penalty included */
} eqml_ranking;

EQML_API eqml_status eqml_prune(const eqml_problem *problem, eqml_ranking *ranking, eqml_message *message);
/* Backward elimination [1]: from the fit of all terms, drops again and again the one whose loss raises
 * |A x - b|^2 least, all others being refitted, until only the constant is left. Exact at every step: with
 * G = (R^T R)^-1 the loss of term j is x_j^2 / G_jj. 3 n^3 operations and n^2 numbers for n terms. Of
 * dependent columns only as many are ranked as the rank. On failure *ranking is empty. */

EQML_API eqml_status eqml_grow(const eqml_problem *problem, int terms, double error, eqml_ranking *ranking,
                               eqml_message *message);
/* Forward selection, also known as orthogonal least squares [2] or optimized orthogonal matching pursuit [3]:
 * from the constant, adds again and again the term that lowers |A x - b|^2 most, all others being refitted,
 * until there are `terms` of them (0: no limit), the error is at most `error` (hartree; 0: no limit), or what
 * is left, of the terms or of the data, is rounding errors. 6 n^2 operations a term. EQML_ERROR_ARGUMENT:
 * terms negative or more than the basis has, error negative or not a number. On failure *ranking is empty. */

EQML_API void eqml_ranking_free(eqml_ranking *ranking);
/* Empties it; an empty one is allowed. */

/* A surface of some of the terms of a basis, over a basis of its own. */
typedef struct eqml_subset {
    eqml_surface surface;
    eqml_basis *basis; /* owned */
    int terms;         /* chosen; a factor that only occurs in products is no term of the new basis */
    int rank;
    double condition; /* of the column-scaled problem */
    double error;     /* root mean square of the weighted rows, hartree, without a penalty */
} eqml_subset;

EQML_API eqml_status eqml_keep(const eqml_problem *problem, const eqml_ranking *ranking, int terms,
                               const char *name, eqml_subset *subset, eqml_message *message);
/* Refits the first `terms` terms of the ranking. The new basis, called `name` (a C identifier), has only
 * the pairs, operations and factors that these need, and no dipole. Everything in *subset is its own.
 * EQML_ERROR_ARGUMENT: terms less than 1 or more than were ranked, or no name. On failure *subset is
 * empty. */

EQML_API void eqml_subset_free(eqml_subset *subset);
/* Empties it; an empty one is allowed. */

EQML_API eqml_status eqml_basis_write(const eqml_basis *basis, const char *origin, const char *path,
                                      eqml_message *message);
/*
 * The tables of a basis as text, one item a line. eqml-gen writes its header from that:
 *
 *     $ eqml-gen --from small.basis -n small -o small.h
 *
 *     eqml-basis 1
 *     name small
 *     origin 200 terms of ethanol_d3           where it comes from: `origin`, one line; may be empty, or null
 *     composition C C O H2 H3 H
 *     degree 3
 *     atoms 9
 *     atom C 0                                 for each: symbol, class
 *     classes 14                               of pairs; not all need be in use
 *     pairs 36
 *     pair 0 1 0                               for each: atoms, class
 *     slots 640                                pairs, intermediate values; the factors are those from here on
 *     factors 120
 *     factor 2 1                               for each: degree; 1, or 0 where it only occurs in products
 *     operations 900
 *     operation 36 0 640                       slot[target] += slot[left] * slot[right]; slot 640 holds 1
 *     runs 80
 *     run 3 5 2                                products of a factor with the factors from 5 on, so many
 *     terms 200                                in all
 *     end
 *
 * The operations of a target stand together, after all that they read. The file appears whole or not at all.
 * EQML_ERROR_ARGUMENT: the origin is no such line; the basis has a tensor, which the file cannot hold.
 */

EQML_API eqml_status eqml_surface_rebase(const eqml_surface *from, const eqml_basis *basis, eqml_surface *to,
                                         eqml_message *message);
/* The same potential over another basis that has its terms, in whatever order: from a subset to the header that
 * eqml-gen wrote of it, or to the whole basis that it was cut from. Variables, centres, offsets and coefficients are the
 * same to the bit. Factors are recognised by their values at random points. A wall comes along where the basis finds the
 * values of all its features, else *to has none. *to is new; on failure it is empty.
 * EQML_ERROR_MATCH: other atoms, other classes of pairs, a term with a coefficient that the basis does not have;
 * or a tensor. */

#endif /* EQML__SELECT_H */
