/* Where the slots of a program are read: what the reverse sweep gathers the adjoint of each from. */
#ifndef GEN_USES_H
#define GEN_USES_H
#include "program.h"

typedef struct uses {
    size_t *first;      /* [nslots + 1] */
    unsigned (*use)[2]; /* target, other operand; in the order of operations */
} uses;

/* Of the operations that are not done by rows of contractions. uses_free releases them. */
uses uses_create(const program *p);
void uses_free(uses *u);

/* First operation of the next target, from operation k on. */
size_t next_target(const program *p, size_t k);
#endif
