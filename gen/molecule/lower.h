/* The program of a basis: its covariants and factors as operations on slots. */
#ifndef EQML_GEN_MOLECULE_LOWER_H
#define EQML_GEN_MOLECULE_LOWER_H
#include "molecule/terms.h"
#include "program/program.h"

/* The program, whose inputs are the pair variables, and where it has what the basis knows by name. */
typedef struct lowering {
    program *program;
    unsigned *factor_of_term; /* [terms of the basis] its factor, where it is one */
    unsigned *
        *element_slot; /* [covariants of the basis][element of its set]; zeros where it is not evaluated */
    size_t ncovariants;
} lowering;

/* lowering_free releases it, with the program. */
lowering *lower_basis(const basis *b);
void lowering_free(lowering *l);
#endif
