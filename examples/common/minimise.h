/* Minima of surfaces, and of other potentials. */
#ifndef EXAMPLES_MINIMISE_H
#define EXAMPLES_MINIMISE_H
#include "eqml.h"

/* How a minimisation ended. */
typedef enum minimise_end {
    MINIMISE_DONE,    /* all components of the gradient are small enough */
    MINIMISE_LEFT,    /* the way down leads out of bounds; xyz is the last geometry within */
    MINIMISE_STOPPED, /* too many steps, or no way down in spite of a gradient */
    MINIMISE_MEMORY
} minimise_end;

typedef struct minimise_options {
    int steps;       /* at most; 0: 500 */
    double gradient; /* hartree/bohr, of the largest component at the end; 0: 1e-6 */
    double longest;  /* step, bohr, of the coordinate that moves most; 0: 0.15 */
    int (*outside)(const void *context, const double *xyz); /* nonzero: out of bounds; NULL: there are none */
    const void *context;
} minimise_options;

/*
 * Walks downhill from xyz[natoms][3], by the quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno (J. Nocedal,
 * S. J. Wright, Numerical Optimization, 2nd ed., chapter 6), to the minimum of the valley in which it begins: steps are
 * short. xyz <- where it ends, *energy <- the energy there (hartree). options may be NULL. Thread-safe.
 */
minimise_end minimise(const eqml_model *m, double *xyz, double *energy, const minimise_options *options);

/* The energy at xyz[n], hartree, and its gradient[n], hartree/bohr; an energy that is infinite or NaN: none could be found. */
typedef double potential_function(void *context, const double *xyz, double *gradient);

/*
 * The same for any potential of n coordinates. Where it gives no energy, steps are made shorter; if it gives none at xyz
 * itself, *energy is not finite.
 */
minimise_end minimise_potential(int n, potential_function *potential, void *context, double *xyz,
                                double *energy, const minimise_options *options);

#endif
