/*
 * What a KIM model is made of: model.c speaks with KIM, in the units of the simulator, and a family of potentials, molecules.c
 * or cloud.c, has the numbers, in bohr and hartree. A folder that `make kim` writes has model.c, schema.c, one family and
 * settings.h.
 */
#ifndef EQML_KIM_FAMILY_H
#define EQML_KIM_FAMILY_H
#include <stddef.h>

enum { FAMILY_WHY = 400 }; /* room for the longest message */

/* The atoms of a simulator: those that contribute, whose energies are asked for, and others around them (images, atoms of
 * other processes), whose forces are asked for as well. */
typedef struct family_atoms {
    int natoms;
    const int *species;      /* [natoms] places in family_species */
    const int *contributing; /* [natoms] */
    const double *xyz;       /* [natoms][3] bohr */
    /* The atoms within the cutoff, and maybe some beyond, of a contributing atom; nonzero: the simulator fails. */
    int (*neighbours)(const void *simulator, int atom, int *count, const int **list);
    const void *simulator;
} family_atoms;

/* What contributing atoms have together; all zero before. */
typedef struct family_answer {
    double energy, *energies, *forces; /* hartree; [natoms]; [natoms][3] -dE/dx */
    double virial[6];                  /* xx yy zz yz xz xy of dE/dstrain, as KIM has it */
    int outside;       /* distances are outside of the training data: an atom of these + 1, or 0 */
    const char *whose; /* whose distances: "the molecule", "the pair of molecules" */
} family_answer;

/* What a simulator may change. */
typedef struct family_parameter {
    const char *name, *description;
    double value;
} family_parameter;

const char *family_species(void);
/* The elements, separated by blanks. */

family_parameter *family_parameters(int *count);
/* New, with their defaults; NULL with *count 0 where the family has none, with another *count where there is no memory.
 * Released by free. */

int family_reach(const family_parameter *parameters, double *cutoff, char why[FAMILY_WHY]);
/* How far neighbours must be known, bohr; nonzero: a parameter cannot be. */

void *family_room(void);
void family_room_free(void *room);
/* Memory that calls use again: one for each thread. NULL where there is none. */

int family_compute(const family_parameter *parameters, const family_atoms *atoms, void *room,
                   family_answer *answer, char why[FAMILY_WHY]);
/* Nonzero with one line in why: what is wrong with the atoms. */

#endif
