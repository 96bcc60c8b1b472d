#ifndef EQML_GEN_MOLECULE_ORBIT_H
#define EQML_GEN_MOLECULE_ORBIT_H

/*
 * Orbits of monomials in the pair variables. A monomial is a multigraph on the atoms, one edge for each
 * factor; it is written as the ascending list of its pair indices, repeated by exponent.
 */

#include <stddef.h>

#include "algebra/blocks.h"
#include "molecule/composition.h"
#include "molecule/wanted.h"

#define ORBIT_UNUSED 0xFFFF /* fills a monomial's row past its degree */

typedef struct orbit_list {
    const wanted *wanted;     /* what the orbits were cut to, or NULL */
    size_t count;             /* orbits, the constant included */
    int degree;               /* highest degree = length of a row */
    unsigned short *monomial; /* [count][degree]: one member of the orbit, ORBIT_UNUSED at the end */
    size_t *block;            /* [count], ascending */
    size_t *first;            /* [nblocks+1]: orbits of block k are first[k] .. first[k+1]-1 */
    unsigned char
        *connected;      /* [count]: the edges form one connected graph on the atoms; 0 for the constant */
    int *order;          /* [count]: degree of the orbit */
    unsigned char *kept; /* [count]: see wanted.h; 1 for all where nothing is cut */
} orbit_list;

/*
 * All orbits up to max_degree <= b->degree, b over the pair classes of c; sorted by block, then by monomial.
 * The work grows with the number of orbits, not with the group. Returns 0, or -1 with an empty list where
 * max_degree is out of range.
 */
int orbits_enumerate(const composition *c, const blocks *b, int max_degree, orbit_list *list);

/* The same for the orbits that are allowed; w is NULL where all are. */
int orbits_enumerate_wanted(const composition *c, const blocks *b, int max_degree, const wanted *w,
                            orbit_list *list);

/* Number of orbits in a block: by this route, the number of invariants. */
size_t orbits_in_block(const orbit_list *list, size_t block);

/* Releases what orbits_enumerate allocated. */
void orbits_free(orbit_list *list);

/*
 * *members <- all monomials in the orbit of monomial[degree], [*count][degree] in lexicographic order, for
 * the caller to free; by closure under the generators. Returns 0, or -1 with nothing allocated if the orbit
 * has more than `limit` members.
 */
int orbit_expand(const composition *c, const unsigned short *monomial, int degree, size_t limit,
                 unsigned short **members, size_t *count);

#endif
