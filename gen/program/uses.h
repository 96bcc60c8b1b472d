/* Where the slots of a program are read: what the reverse sweep gathers the adjoint of each from. */
#ifndef GEN_USES_H
#define GEN_USES_H
#include "program/program.h"

typedef struct uses {
    size_t *first;      /* [nslots + 1] */
    unsigned (*use)[2]; /* target, other operand; in the order of operations */
} uses;

/* Of any operations on nslots slots, of which slot `one` holds 1. uses_free releases them. */
uses uses_of(size_t nslots, unsigned one, size_t count, const operation *list);

/* Of the operations of a program that are not done by rows of contractions or of matrices. */
uses uses_create(const program *p);
void uses_free(uses *u);

/* First operation of the next target, from operation k on. */
size_t next_target(size_t count, const operation *list, size_t k);
#endif
