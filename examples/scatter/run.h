/* Collinear A + BC(v = 0) -> AB + C at many energies, by a wave packet and by a logarithmic derivative, on the same surface. */
#ifndef SCATTER_RUN_H
#define SCATTER_RUN_H
#include "scatter/collinear.h"

enum { SCATTER_STATES = 4 };

/* Grids are chosen from the masses and the highest energy; `fineness` 1 is converged to about 1e-3, more is finer. Distances: where the
 * surface has no more than the molecule's energy left, for H + H2. */
typedef struct scatter_options {
    size_t nenergies;
    const double
        *energy; /* [nenergies] hartree above the minimum of BC, the other atom far away; ascending */
    double fineness;
    double absorber; /* bohr */
    double strength; /* hartree */
    double apart;    /* bohr: A begins at least this far from BC */
    double rho;      /* bohr: where the logarithmic derivative is matched */
    int channels;
} scatter_options;

typedef struct scatter_results {
    double bottom, ground;   /* hartree: the minimum of BC, and its lowest state above it */
    double other;            /* the lowest state of the products above that minimum */
    double *passed, *back;   /* [nenergies] of the packet: reactive, and not */
    double *reactive, *all;  /* of the logarithmic derivative: from v = 0; from all states that are open */
    double *state;           /* [nenergies][SCATTER_STATES] to AB(v) */
    double unitarity;        /* its largest deviation from 1 over states and energies */
    size_t steps, points[2]; /* of the packet */
    double left, seconds[2], calls;
} scatter_results;

/* Everything. Nonzero after a message. Released with scatter_free(), also after a failure. */
int scatter_run(const collinear *c, const scatter_options *o, scatter_results *r);
void scatter_free(scatter_results *r);

/* The minimum of BC with A `far` from its centre, hartree. */
double scatter_bottom(const collinear *c, double far);

#endif
