/*
 * The n-mode expansion of a function of normal coordinates (S. Carter, S. J. Culik, J. M. Bowman, J. Chem. Phys. 107, 10458
 * (1997)), on direct products of each mode's points:
 *
 *     f(Q) = f(0) + sum_k f_k(Q_k) + sum_kl f_kl(Q_k, Q_l) + ...
 *
 * where a term is the function with all other modes at zero, less the terms of fewer of its modes. Coordinates are
 * mass-weighted, in atomic units.
 */
#ifndef VCI_EXPANSION_H
#define VCI_EXPANSION_H
#include <stddef.h>

enum { EXPANSION_MODES = 21, EXPANSION_ORDER = 6, EXPANSION_FIELDS = 6 };

/* value[count][fields] at q[count][modes]. What is not finite is not known there. */
typedef void mode_function(void *context, size_t count, const double *q, double *value);

typedef struct expansion_term {
    int n, mode[EXPANSION_ORDER]; /* ascending */
    double *value; /* [fields][points]...[points], the first mode outermost; NULL: not filled */
} expansion_term;

typedef struct expansion {
    int modes, order, points, fields;
    double origin[EXPANSION_FIELDS]; /* f(0) */
    size_t count;
    expansion_term *term; /* [count] those of fewer modes first */
    int *index;           /* [1 << modes] the term of a set of modes, a bit for each; -1: none */
    double calls;         /* points at which functions were asked for */
} expansion;

/* Where the modes have their points, q[modes][points], and their one-mode potentials, v[modes][points]. Terms of several modes are zero
 * at points where these potentials add up to more than `limit`: wave functions of low states vanish there, and a surface
 * may be anything. */
typedef struct expansion_grid {
    const double *q, *v;
    double limit;
} expansion_grid;

/* The terms, without values. order is at most the number of modes. Nonzero: no memory. Released with expansion_free(). */
int expansion_make(expansion *e, int modes, int order, int points, int fields);
void expansion_free(expansion *e);

/* Numbers in the values of a term. */
size_t expansion_size(const expansion *e, size_t term);

/* The value at zero; that of a term, those of fewer modes being filled. Nonzero: no memory. */
void expansion_origin(expansion *e, mode_function *f, void *context);
int expansion_fill(expansion *e, size_t term, const expansion_grid *grid, mode_function *f, void *context);

#endif
