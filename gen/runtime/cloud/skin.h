/* Neighbour lists for dynamics: kept, with a skin, until an atom has moved too far. */
#ifndef EQML__CLOUD_SKIN_H
#define EQML__CLOUD_SKIN_H
#include "cloud/neighbours.h"

/* All zero at first; eqml_skin_free releases it. One for each trajectory. */
typedef struct eqml_skin {
    eqml_neighbours list;           /* pairs within cutoff + skin, with the vectors of now */
    size_t searches, updates;       /* how often pairs were searched for, and calls in all */
    double reach, allowed, cell[9]; /* cutoff + skin; half the skin; of the last search, as are those below */
    int pbc[3], valid;
    size_t capacity, pairs_capacity;
    double *xyz;         /* [natoms][3] */
    double (*vector)[3]; /* [count] */
} eqml_skin;

EQML_API eqml_status eqml_skin_update(const eqml_configuration *configuration, double cutoff, double skin,
                                      eqml_skin *s, eqml_message *message);
/*
 * Brings s->list up to date: all pairs closer than the cutoff are in it, and some more. They are searched for, up to
 * cutoff + skin, at the first call, and where an atom has moved by more than half the skin since, or natoms, cell, pbc,
 * cutoff or skin are others; else only the vectors are found anew, from the displacements. Atoms may not change their
 * numbers between calls. An atom that is put back into the cell counts as moved.
 *
 * Errors are those of eqml_neighbours_find; EQML_ERROR_ARGUMENT also where the skin is negative. A list that is kept
 * notices coordinates that are not finite, and atoms in one place.
 */

EQML_API void eqml_skin_free(eqml_skin *s);

#endif /* EQML__CLOUD_SKIN_H */
