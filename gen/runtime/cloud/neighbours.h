/* Configurations of atoms, and who is within the cutoff of whom. */
#ifndef EQML__CLOUD_NEIGHBOURS_H
#define EQML__CLOUD_NEIGHBOURS_H
#include "status.h"
#include "compiler.h"

/* Atoms in space, open or periodic. Bohr. */
typedef struct eqml_configuration {
    size_t natoms;
    const double *xyz;  /* [natoms][3], anywhere: inside the cell or not */
    const int *species; /* [natoms] numbers from 0 on, as the basis lists them */
    const double *cell; /* [3][3] rows are the vectors of the cell; NULL: open in all directions */
    const int
        *pbc; /* [3] nonzero: periodic along this vector; NULL: as the cell, all or none. Vectors along which
                           it is open may be zero */
} eqml_configuration;

/* All pairs within a cutoff: the neighbours of atom i are first[i] .. first[i+1]-1. Both of a pair have each other, and
 * each periodic image counts, those of the atom itself too. */
typedef struct eqml_neighbours {
    size_t natoms, count;
    size_t *first;       /* [natoms + 1] */
    int *index;          /* [count] atoms */
    double (*vector)[3]; /* [count] from the atom to its neighbour */
    size_t capacity, atoms_capacity;
} eqml_neighbours;

EQML_API eqml_status eqml_neighbours_find(const eqml_configuration *configuration, double cutoff,
                                          eqml_neighbours *list, eqml_message *message);
/*
 * Finds all pairs closer than the cutoff, by bins: in time linear in the number of pairs. The cutoff may be larger than
 * the cell. *list is all zero, or from an earlier call, whose memory is used again. Each configuration gives the same
 * list in the same order.
 *
 * EQML_ERROR_VALUE: coordinates that are not finite, a cell without volume, two atoms in one place.
 * EQML_ERROR_ARGUMENT: the cutoff is not positive. message may be NULL.
 */

EQML_API void eqml_neighbours_free(eqml_neighbours *list);
/* Releases the memory of a list, which is then all zero. */

#endif /* EQML__CLOUD_NEIGHBOURS_H */
