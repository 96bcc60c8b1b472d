/* A program for people to read, and as a graph. */
#ifndef EQML_GEN_EMIT_DUMP_H
#define EQML_GEN_EMIT_DUMP_H
#include "emit/description.h"
#include <stdio.h>

/*
 * As text, a line for each operation, in the order of evaluation. Sections open with a word and a number of lines
 * that follow (without comments, which begin with #):
 *
 *     inputs 3             y0, y1, ...
 *     intermediate 2       s8 += y0 * y1          s9 += 0.5 * y2          slots by their numbers
 *     factors 3            f0 = 1                 f1 += s8 * s9           may come again, when what is above
 *                                                                         and below reads each other
 *     outputs 2            t0 = f0                                        factors that are terms
 *     products 1           t2..t4 = f1 * f2..f4                           runs of terms; V = sum of c_k t_k
 *     tensor dipole 5      D0 += s8 * B1          D1 = f2 * D0            B: what the tensor is carried by
 *     products 1           t0..t3 = D0 * f0..f3
 */
void dump_program(FILE *out, const description *d);

/*
 * As a graph in the language of Graphviz: a node for each value, with an arrow from each that it is made of; a dashed
 * line between two factors whose product is a term; V, and the tensors.
 */
void dump_dot(FILE *out, const description *d);
#endif
