/* Where slots are read: what the reverse sweep gathers the adjoint of each from. */
#ifndef EQML_GEN_PROGRAM_USES_H
#define EQML_GEN_PROGRAM_USES_H
#include "program/program.h"

typedef struct use {
    unsigned target, other; /* the adjoint of a slot takes  coefficient * adjoint[target] * slot[other] */
} use;

typedef struct uses {
    size_t *first;       /* [nslots + 1] */
    use *use;            /* in the order of operations */
    double *coefficient; /* of each use; NULL where all are 1 */
} uses;

/* Of any operations on nslots slots, of which slot `one` holds 1. uses_free releases them. */
uses uses_of(size_t nslots, unsigned one, const operation_list *list);

/* Of the operations of a program that are not done by rows of contractions or of matrices. */
uses uses_create(const program *p);
void uses_free(uses *u);

static inline double uses_coefficient(const uses *u, size_t k)
{
    return u->coefficient ? u->coefficient[k] : 1;
}
#endif
