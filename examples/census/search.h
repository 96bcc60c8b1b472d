/* What the parts of the census share. */
#ifndef CENSUS_SEARCH_H
#define CENSUS_SEARCH_H
#include "census/census.h"
#include "common/random.h"

/* Geometries that are evaluated together; and of these, those that one thread takes, by random numbers of their own. */
enum { CENSUS_BATCH = 1024, CENSUS_BLOCK = 128 };

typedef struct search {
    const eqml_model *m;
    census *c;
    int n, nvibrations;         /* 3 natoms; vibrations */
    double *mass, *root;        /* [natoms] dalton; [n] square roots of masses in electron masses */
    double *wavenumber, *modes; /* [n], [n][n]: vibrations first, rows in mass-weighted coordinates */
    double *closest;            /* [natoms][natoms] squares of the least distances, bohr^2 */
    double *distance;           /* [natoms][natoms] of the minimum, bohr */
    eqml_lanes *work;           /* [threads][room] of a batch */
    size_t room;
    double *xyz, *energy; /* [CENSUS_BATCH][n], [CENSUS_BATCH] */
    /* Samples of the two largest widths that lie lowest beneath the harmonic surface, lowest first: */
    double *lowest, *lowest_xyz; /* [2][descents] how far, hartree; [2][descents][n] */
    generator random, lots;      /* lots: which holes are kept */
} search;

/* For each block of n geometries: count geometries xyz and their energies, by a thread, with what is its own. */
typedef struct block {
    double *xyz, *energy;
    size_t count;
    generator *random; /* of this block, wherever it is done */
} block;

/* Has all geometries prepared, block by block by `prepare`, and evaluated. Block k of the geometries takes random[k], so that
 * the number of threads changes nothing. */
void evaluate_blocks(const search *s, size_t n, double *xyz, double *energy, generator *random,
                     void (*prepare)(const search *s, block *b, void *context), void *context);

/* Masses, and least distances. Needs s->c->options.closest; s->distance serves as room. */
eqml_status know_atoms(search *s, const char *symbols, eqml_message *message);

/* Are two atoms closer than atoms can be? */
int is_close(const search *s, const double *xyz);

/* Does this energy belong to a hole? What is no number does. */
int is_hole(const search *s, double energy);

/* Counts a hole, and may keep its geometry. */
void add_hole(search *s, const double *xyz, double energy, census_origin origin, double width);

/* Remembers a geometry for the picture, as long as there is room. */
void add_point(search *s, const double *xyz, double energy, double width);

/* xyz[n] <- centre[n] and a displacement in a random direction of the vibrations that takes this energy on the harmonic
 * surface, hartree, wavenumbers below 100 cm^-1 taken as 100 cm^-1. s->energy serves as room. */
void census_displace(search *s, const double *centre, double energy, double *xyz);

/* The three ways, in this order. They return nonzero where memory ran out. */
int draw_samples(search *s);
int walk(search *s);
int descend(search *s);

#endif
