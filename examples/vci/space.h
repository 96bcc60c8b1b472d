/*
 * Configurations: products of modals, one of each mode, by how far the modals are excited. Those of one symmetry stand together, a
 * block. Parts are what configurations are in a few modes; a term of an operator is a matrix between parts.
 */
#ifndef VCI_SPACE_H
#define VCI_SPACE_H
#include "vci/expansion.h"
#include "vci/symmetry.h"

enum { SPACE_MOST = 20000000 }; /* configurations */

/* Which configurations: at most `quanta` excitations together, in at most `coupled` modes, and together, by the modes'
 * harmonic energies, at most `ceiling`. */
typedef struct space_limits {
    int quanta, coupled;
    double ceiling;  /* hartree; 0: none */
    const double *w; /* [modes] hartree, with a ceiling */
} space_limits;

typedef struct space {
    int modes, blocks;
    space_limits limits;
    int levels[EXPANSION_MODES];              /* modals of each mode, at most the points */
    size_t count, begin[SYMMETRY_BLOCKS + 1]; /* block b: configurations begin[b] to begin[b + 1] */
    unsigned char *excited;                   /* [count][modes], in each block in the order of their sums */
} space;

/* The parts of a few modes: each is one with a mode less, and the excitation of the last mode. */
typedef struct parts {
    int n, mode[EXPANSION_ORDER];
    size_t count;
    int *parent, *last; /* [count] */
    int *rank; /* [levels]...[levels] which part some excitations are, the first mode outermost; -1: none */
} parts;

/* symmetry NULL: none. The limits' w is used as long as the space. Nonzero: no memory; or more than SPACE_MOST, where
 * s->count says so. Released with space_free(). */
int space_make(space *s, int modes, int points, const space_limits *limits, const symmetry *symmetry);
void space_free(space *s);

/* How many configurations a block has. */
size_t space_size(const space *s, int block);

/* The configuration with one excitation of one mode; count: it is not there. That with none is 0. */
size_t space_single(const space *s, int mode);

/* parts[n + 1]: of none of the modes, of the first, of the first two, ... Nonzero: no memory. Released with parts_free(), also after that. */
int parts_make(parts *p, const space *s, int n, const int *mode);
void parts_free(parts *p, int n);

/* The part that a configuration is. */
int parts_rank(const parts *p, const space *s, const unsigned char *excited);

#endif
