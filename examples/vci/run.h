/* A molecule's expansions, and its states in spaces that grow. */
#ifndef VCI_RUN_H
#define VCI_RUN_H
#include "common/progress.h"
#include "vci/solve.h"
#include "vci/watson.h"

enum { RUN_ROWS = 8 };

typedef struct run_options {
    int order, quanta, coupled, points; /* 0: as run_choose has it */
    int mu,
        dipole; /* modes of terms; -1: as run_choose has it; mu -1 after that: without rotation of the frame */
    int states;
    double reach; /* cm^-1: of one-mode potentials, and of their sums */
    int convergence;
    const char *checkpoint;
    double every;
} run_options;

/* A row of the table of convergence. */
typedef struct run_row {
    int order, quanta;
    size_t configurations;
    double zpe, fundamental[EXPANSION_MODES]; /* cm^-1; NAN: not among the states */
} run_row;

typedef struct run {
    watson w;
    modals m;
    expansion v, mu, dipole;
    vci_states states;
    run_row row[RUN_ROWS];
    int nrows;
    double calls, surface_seconds, seconds; /* of this run, into the surface; spent there, and in all */
} run;

/* Defaults for a molecule; refuses what it cannot have. Nonzero after a message. */
int run_choose(run_options *o, const molecule *m);

/* Nonzero after a message. Released with run_free(), also after a failure. */
int run_all(const run_options *o, const molecule *m, run *r);
void run_free(run *r);

#endif
