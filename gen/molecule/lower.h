/* The program of a basis: its covariants and factors as operations on slots. */
#ifndef EQML_GEN_MOLECULE_LOWER_H
#define EQML_GEN_MOLECULE_LOWER_H
#include "molecule/terms.h"
#include "program/program.h"

/* A program, whose inputs are the pair variables, and where it has the terms and covariants of the basis. */
typedef struct lowering {
    program *program;
    unsigned *factor_of_term; /* [terms of the basis] the factor that a term is; 0 if it is none */
    unsigned **element_slot; /* [covariants of the basis][element of its set]; zeros if it is not evaluated */
    size_t ncovariants;
} lowering;

/* lowering_free releases it, with the program. */
lowering *lower_basis(const basis *b);
void lowering_free(lowering *l);
#endif
