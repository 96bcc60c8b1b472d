/*
 * Arithmetic and incremental rank modulo the Mersenne prime p = 2^31 - 1.
 *
 * Polynomials are represented by their values at random points. Vectors of values that are independent
 * modulo p prove that the polynomials are independent over the rationals; the converse fails only with the
 * probability of an unlucky point (Schwartz-Zippel: about degree * dimension / p), and then a count falls
 * short of the Molien series and is noticed.
 */
#ifndef EQML_GEN_ALGEBRA_MODULAR_H
#define EQML_GEN_ALGEBRA_MODULAR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULAR_PRIME 2147483647u

typedef uint32_t residue; /* always reduced: 0 .. p-1 */

static inline uint64_t
modular_fold(uint64_t x) /* congruent to x; below 2^34, and below 2^32 + 1 if x < 2^63 */
{
    return (x & MODULAR_PRIME) + (x >> 31);
}

static inline residue modular_reduce(uint64_t x)
{
    x = modular_fold(modular_fold(x));
    return (residue)(x >= MODULAR_PRIME ? x - MODULAR_PRIME : x);
}

static inline residue modular_multiply(residue a, residue b)
{
    return modular_reduce((uint64_t)a * b);
}

/* z[i] = x[i] y[i], and z[i] += x[i] y[i], for i < n. */
void modular_multiply_vector(size_t n, const residue *x, const residue *y, residue *z);
void modular_accumulate_vector(size_t n, const residue *x, const residue *y, residue *z);
void modular_add_vector(size_t n, const residue *x, residue *z); /* z += x */

/* x[n] <- pseudo-random residues, the same for the same state (splitmix64). */
void modular_random(uint64_t *state, size_t n, residue *x);

/* A growing set of independent vectors of one length, in echelon form. */
typedef struct rank_space rank_space;

rank_space *rank_create(size_t max_length);
void rank_free(rank_space *space);
void rank_reset(rank_space *space, size_t length); /* forget all; vectors have `length` <= max_length now */
size_t rank_of(const rank_space *space);

/* Adds x[length] and returns true if it is independent of the vectors in the space. x is not changed. */
bool rank_extend(rank_space *space, const residue *x);
#endif
