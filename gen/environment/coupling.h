/*
 * Real coupling constants: how two real tensors of angular momenta l1 and l2 make one of L,
 *
 *     F_M = sum_(m1, m2) C_(m1 m2 M) A_m1 B_m2,        m = -l..l
 *
 * in the basis of the real harmonics S_lm = K_lm P_l^|m|(cos theta) { sqrt 2 cos m phi, 1, sqrt 2 sin |m| phi } for m
 * positive, 0, negative, without the phase (-1)^m. They are Clebsch-Gordan coefficients in another basis, times -i
 * where l1 + l2 + L is odd (F is then a pseudotensor). Each is a whole number times the square root of a rational:
 * both are exact, and the product is rounded once, in extended precision. Where m1 and m2 are given, at most two M
 * occur.
 */
#ifndef EQML_GEN_ENVIRONMENT_COUPLING_H
#define EQML_GEN_ENVIRONMENT_COUPLING_H
#include <stdbool.h>
#include <stddef.h>

enum { COUPLING_LIMIT = 60 }; /* of l1 + l2 + L: all whole numbers fit 64 bits */

typedef struct coupling {
    int m1, m2, M;
    double value;
} coupling;

/* One constant; 0 where the selection rules say so. */
double coupling_constant(int l1, int m1, int l2, int m2, int L, int M);

/*
 * All that are not zero, by M, m1, m2; the caller frees. `same`: the two tensors are one, l1 = l2 and L even: only
 * m1 <= m2, both orders added up.
 */
coupling *coupling_list(int l1, int l2, int L, bool same, size_t *count);
#endif
