/*
 * Factors in groups of four, so that their products fill as few columns as possible.
 *
 * Either factor of a product may be its row. The products between two groups are a 4 x 4 matrix, and each of
 * them lies in a column that the one group takes from the other, or the other way round: some of the columns
 * and some of the rows of the matrix cover it. The cheapest cover is looked up in a table of all 65,536
 * matrices; so a partition into groups has a price, and items change places while that lowers it.
 */
#ifndef EQML_GEN_PROGRAM_PARTITION_H
#define EQML_GEN_PROGRAM_PARTITION_H
#include <stddef.h>

enum { GROUP_SIZE = 4 };

/* A product of two items, numbers below nitems. */
typedef struct item_pair {
    unsigned left, right;
} item_pair;

typedef struct partition {
    unsigned ngroups;
    unsigned (*item)
        [GROUP_SIZE]; /* [ngroups] nitems where there is none: first of all, and last in the last group */
    unsigned char
        *columns; /* [ngroups][ngroups] the members of the second group that the first has as columns */
} partition;

/* Products are distinct. partition_free releases the result. */
partition partition_create(unsigned nitems, size_t npairs, const item_pair *pairs);
void partition_free(partition *p);
#endif
