#ifndef EQML_GEN_MOLECULE_COMPOSITION_H
#define EQML_GEN_MOLECULE_COMPOSITION_H

/*
 * A composition such as "H4 C" or "(H2 O)2": the atoms in coordinate order and the group of permutations that
 * leave the energy unchanged.
 *
 *     composition = item { item }        ordered, blanks between items are optional
 *     item        = symbol [ count ]     count like atoms, exchanged freely: symmetric group
 *                 | "(" composition ")" [ count ]     count fragments, exchanged as wholes: wreath product
 *
 * Every symbol in the text opens a class of its own: the H of "H2 O H2 O" form two classes.
 */

#include <stddef.h>

/*
 * The group as a tree. A power node stands for copies of its one child, on consecutive runs of atoms, with
 * all permutations of the copies; the child describes copy 0, and copy k is shifted by k * child natoms. No
 * product has a product as a child or fewer than two children, no power has fewer than two copies.
 */
enum group_kind { GROUP_ATOM, GROUP_PRODUCT, GROUP_POWER };

typedef struct group_node {
    enum group_kind kind;
    int first_atom, natoms;      /* the run of atoms; in a power, of all copies */
    int copies;                  /* power: number of copies; otherwise 1 */
    int nchildren;               /* atom: 0; power: 1 */
    struct group_node *children; /* [nchildren] */
} group_node;

typedef struct composition {
    int natoms, nclasses; /* class: orbit of atoms under the group */
    char (*symbol)[8];    /* [natoms] */
    int *class_of;        /* [natoms], classes numbered by first atom */
    int npairs;           /* natoms(natoms-1)/2 */
    int (*pair)[2];       /* [npairs], i < j, lexicographic */
    int *pair_of;         /* [natoms*natoms], -1 on the diagonal */
    int npair_classes;
    int *pair_class; /* [npairs], orbits of unordered pairs, numbered by first pair */
    int ngenerators;
    int *generator;   /* [ngenerators][natoms]: atom i goes to generator[g*natoms + i] */
    group_node *tree; /* NULL if the group is known by its generators only */
    char *text;       /* the composition in normal form: single blanks, no idle parentheses or counts */
    char *order;      /* of the group, in decimal digits */
} composition;

/*
 * Reads `text` into *c. Returns 0, or -1 with a one-line message in error[error_size] that shows the text,
 * the column, what is wrong and what is expected; *c is then empty. From 2 to 200 atoms are accepted.
 */
int composition_parse(const char *text, composition *c, char *error, size_t error_size);

/*
 * Replaces the group by that of generators, generator[ngenerators][natoms] (copied), of the given order.
 * Classes of atoms and pairs, and what follows from them, are found anew; the tree is gone.
 */
void composition_set_group(composition *c, int ngenerators, const int *generator, size_t order);

/* The pair to which a permutation of the atoms (image[natoms]) takes a pair. */
int composition_pair_image(const composition *c, const int *image, int pair);

/* Releases what composition_parse allocated; an empty composition is allowed. */
void composition_free(composition *c);

#endif
