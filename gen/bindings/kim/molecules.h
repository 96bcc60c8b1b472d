/* The molecules of a simulator, as molecules.c finds them and pairs.c takes them by twos. */
#ifndef EQML_KIM_MOLECULES_H
#define EQML_KIM_MOLECULES_H
#include "family.h"
#include "settings.h"

enum { N = SURFACE_NATOMS };

typedef struct molecules {
    int own,
        count; /* those with contributing atoms come first; behind them those around, where there are pairs */
    int *of;   /* [atoms] the molecule of an atom; -1: not whole */
    int *member;               /* [count][N] atoms, in the order of the surface */
    double *share;             /* [count] of its atoms, how many contribute */
    double *xyz;               /* [count][N][3] bohr */
    double *centre;            /* [count][3] */
    double *energy;            /* [count] alone */
    double *gradient;          /* [count][N][3] */
    double *times;             /* [count] how often that energy counts */
    int said_alone, said_pair; /* that one has distances outside of the training data */
} molecules;

/* Adds minus g[3], a derivative of the energy, to the force of atom k of a molecule, and g to the virial. */
void pull_atom(const molecules *m, int molecule, int k, const double g[3], family_answer *answer);

/* One line about a molecule, always nonzero. */
int refuse_molecule(const family_atoms *atoms, int n, const int *members, const char *what,
                    char why[FAMILY_WHY]);

#ifdef PAIR_SURFACE
typedef struct pairs pairs;

/* What the simulator may change of them: from, to; angstrom. */
enum { PAIR_PARAMETERS = 2 };
void pairs_parameters(family_parameter parameters[PAIR_PARAMETERS]);

/* The distance of the centres beyond which there is nothing, bohr; nonzero: parameters cannot be. */
int pairs_reach(const family_parameter parameters[PAIR_PARAMETERS], double *to, char why[FAMILY_WHY]);

/* Room for a batch; released by free. */
pairs *pairs_room(void);

/* Adds the part of their energies that contributing atoms have, and takes from `times` what is counted there already. */
int pairs_compute(const family_parameter parameters[PAIR_PARAMETERS], pairs *room, molecules *m,
                  const family_atoms *atoms, family_answer *answer, char why[FAMILY_WHY]);
#endif

#endif
