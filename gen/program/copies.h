/*
 * Copies: intermediate values that only repeat another slot. Some are pair variables, put beside the others of their
 * class; some are sums of one number only. Code for one geometry needs them, since it loads neighbouring slots as a
 * vector. Code for batches, where every number is a vector of geometries, reads the source instead, and sends the
 * adjoint straight there. In H5O2 of degree 5, 90 of the 542 slots of covariants are copies.
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
