/* A molecule's expansions, and its states in spaces that grow. */
#ifndef VCI_RUN_H
#define VCI_RUN_H
#include "common/progress.h"
#include "vci/inversion.h"
#include "vci/solve.h"
#include "vci/watson.h"

enum { RUN_ROWS = 8 };

typedef struct vci_options {
    int order, quanta, coupled, points; /* 0: as vci_choose has it */
    int mu,
        dipole; /* modes of terms; -1: as vci_choose has it; mu -1 after that: without rotation of the frame */
    int states;
    double reach;   /* cm^-1: of one-mode potentials, and of their sums */
    double ceiling; /* cm^-1: of configurations; 0: none */
    double memory;  /* GB that it may take */
    int convergence;
    const char *checkpoint;
    double every;
} vci_options;

/* A row of the table of convergence. */
typedef struct vci_row {
    int order, quanta;
    size_t configurations;
    double zpe, fundamental[EXPANSION_MODES]; /* cm^-1; NAN: not among the states */
} vci_row;

typedef struct vci_run {
    watson w;
    modals m;
    expansion v, mu, dipole;
    double mirror;       /* as inversion_bound has it */
    inversion inversion; /* where there is a mirror */
    vci_states states;
    vci_row row[RUN_ROWS];
    int nrows;
    double calls, surface_seconds, seconds; /* of this run, into the surface; spent there, and in all */
} vci_run;

/* Defaults for a molecule; refuses what it cannot have. Nonzero after a message. */
int vci_choose(vci_options *o, const molecule *m);

/* Nonzero after a message. Released with vci_run_free(), also after a failure. */
int vci_run_all(const vci_options *o, const molecule *m, vci_run *r);
void vci_run_free(vci_run *r);

#endif
