/* What `make kim` finds out of surfaces, and writes into settings.h. */
#ifndef EQML_KIM_DESCRIBE_H
#define EQML_KIM_DESCRIBE_H
#include "eqml_library.h"

enum { MOST_ATOMS = 200 };

/* The elements of a surface, each once, and which of them each atom is. */
typedef struct species {
    int count, of[MOST_ATOMS];
    char names[4 * MOST_ATOMS]; /* "H O" */
} species;

int add_species(species *s, int i, const char *symbol, size_t length);
/* Atom i is of that element; returns its place. */

void put_integers(const char *name, int n, const int *values);
void put_numbers(const char *name, int n, const double *values);
/* Arrays of C, on the standard output. */

/* How two molecules are to be taken, as the user says it. */
typedef struct pair_request {
    const char *pes, *energy, *centre, *from,
        *to; /* a file, total | interaction, mass or an element, angstrom */
    double bond;
} pair_request;

int describe_pairs(const pair_request *request, const eqml_handle *alone, const species *s);
/* What pairs.c needs to know of the surface of two molecules. Nonzero: it is none of these, and why is on standard error;
 * else one line there says how strong the interaction is, and where it ends. */

#endif
