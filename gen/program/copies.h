/*
 * Intermediate values that only repeat another slot: pair variables beside those of their class, or sums over
 * the ends of pairs of which one counts. Vectors of elements need them side by side; where every number is a
 * vector of geometries, they are better read where they come from, and their adjoints go straight there:
 * of the slots of covariants of H5O2 of degree 5, 90 of 542.
 */
#ifndef EQML_GEN_PROGRAM_COPIES_H
#define EQML_GEN_PROGRAM_COPIES_H
#include "program/program.h"

typedef struct copies {
    unsigned *source; /* [nslots] what a copy repeats, which is no copy; every other slot itself */
    program rest;     /* the program without them; only its operations are its own */
} copies;

/*
 * Of a program with rows and without matrices; others keep theirs, whose code works along neighbouring slots.
 * So do rows that are long enough for a loop. Two elements of rows never become one: each writes its adjoint
 * before all else that goes there. copies_free releases the result.
 */
copies copies_find(const program *p);
void copies_free(copies *c);
#endif
