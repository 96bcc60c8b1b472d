/*
 * Lists of operations on slots, each
 *
 *     slot[target] += slot[left] * slot[right]     or     slot[target] += coefficient * slot[left] * slot[right]
 *
 * One slot holds 1, so that an operation with it on the right is a sum. Operations with one target stand together,
 * after everything that they read is finished.
 */
#ifndef EQML_GEN_PROGRAM_OPERATIONS_H
#define EQML_GEN_PROGRAM_OPERATIONS_H
#include <stddef.h>

typedef struct operation {
    unsigned target, left, right;
} operation;

typedef struct operation_list {
    size_t count, capacity;
    operation *item;
    double *coefficient; /* [count]; NULL where all are 1 */
} operation_list;

void operations_append(operation_list *l, unsigned target, unsigned left, unsigned right);
void operations_append_scaled(operation_list *l, double coefficient, unsigned target, unsigned left,
                              unsigned right);
void operations_free(operation_list *l);

static inline double operations_coefficient(const operation_list *l, size_t k)
{
    return l->coefficient ? l->coefficient[k] : 1;
}

/* First operation of the next target, from operation k on. */
size_t next_target(const operation_list *l, size_t k);
#endif
