/* Who has a neighbourhood, and who may be in it: "W: W H He; H: W H He". */
#ifndef EQML_GEN_ENVIRONMENT_SPECIES_H
#define EQML_GEN_ENVIRONMENT_SPECIES_H
#include <stddef.h>

enum { SYMBOL_SIZE = 8, SPECIES_LIMIT = 100 };

typedef struct centre {
    int species, nneighbours;
    int *neighbour; /* [nneighbours] species, in the order of the text */
} centre;

typedef struct species_list {
    char *text;   /* in normal form: one blank after colons and semicolons, and between names */
    int nspecies; /* in the order of their first appearance */
    char (*symbol)[SYMBOL_SIZE]; /* [nspecies] */
    int ncentres;
    centre *centre; /* [ncentres] */
} species_list;

/*
 * Centres are set apart by semicolons; before the colon of each stands its own name, after it those of its
 * neighbours. A name is a capital letter and up to six letters or digits. Each species may be a centre once. Returns
 * 0, or -1 with one line in `error`; species_free in either case.
 */
int species_parse(const char *text, species_list *s, char *error, size_t error_size);
void species_free(species_list *s);
#endif
