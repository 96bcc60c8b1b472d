#ifndef EQML_GEN_ALGEBRA_BLOCKS_H
#define EQML_GEN_ALGEBRA_BLOCKS_H

/*
 * The multidegrees up to a total degree: one block for each vector of exponents of the pair classes. Blocks
 * are in order of total degree, then lexicographically descending; block 0 is the constant.
 */

#include <stddef.h>

#define BLOCKS_LIMIT 20000000 /* blocks; and at most 2^30 exponents in all */
#define BLOCKS_NONE ((size_t)-1)

typedef struct blocks {
    int nvariables, degree;   /* pair classes, highest total degree */
    size_t count;             /* number of blocks */
    unsigned char *exponents; /* [count][nvariables] */
    size_t *first;            /* [degree+2]: blocks of total degree d are first[d] .. first[d+1]-1 */
    size_t *ways;             /* [nvariables+1][degree+1]: monomials of degree <= d in n variables */
} blocks;

/* Number of multidegrees up to `degree`, without making them; SIZE_MAX if a size_t cannot hold it. */
size_t blocks_number(int nvariables, int degree);

/*
 * Lists all multidegrees of nvariables >= 1 up to `degree`, from 0 to 255. Returns 0, or -1 with *b empty if
 * an argument is out of range or there are more than BLOCKS_LIMIT blocks. blocks_free releases them.
 */
int blocks_create(int nvariables, int degree, blocks *b);

/* Index of a multidegree, exponents[nvariables], of total degree <= b->degree. */
size_t blocks_find(const blocks *b, const unsigned char *exponents);

/* Index of the sum of the multidegrees of blocks i and j; BLOCKS_NONE past the degree. */
size_t blocks_sum(const blocks *b, size_t i, size_t j);

/* Total degree of a block. */
int blocks_degree(const blocks *b, size_t block);

/* Releases what blocks_create allocated. */
void blocks_free(blocks *b);

/*
 * Index of the difference of the multidegrees of blocks i and j; BLOCKS_NONE if an exponent would be
 * negative.
 */
size_t blocks_difference(const blocks *b, size_t i, size_t j);

#endif
