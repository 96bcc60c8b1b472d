/*
 * Couplings of angular momenta modulo the prime, for the choice of terms.
 *
 * V_l is the space of binary forms f = sum_i f_i x^(2l-i) y^i of degree 2l, and the coupling of V_l1 and V_l2 to V_L the
 * transvectant of order k = l1 + l2 - L,
 *
 *     (f, g)_k = sum_s (-1)^s binomial(k, s) (d/dx)^(k-s) (d/dy)^s f  (d/dx)^s (d/dy)^(k-s) g,
 *
 * equivariant under SL(2), with whole coefficients: no square root. Up to a factor it is the Clebsch-Gordan product,
 * since that is unique. Real forms of it do not matter for rank.
 */
#ifndef EQML_GEN_ENVIRONMENT_TRANSVECTANT_H
#define EQML_GEN_ENVIRONMENT_TRANSVECTANT_H
#include "algebra/modular.h"

typedef struct transvectants transvectants;

/* A store that makes each coupling once. */
transvectants *transvectants_create(void);
void transvectants_free(transvectants *t);

/* h[2L+1] = (f[2 l1+1], g[2 l2+1]); |l1 - l2| <= L <= l1 + l2, all at most TRANSVECTANT_LIMIT. */
enum { TRANSVECTANT_LIMIT = 40 };
void transvectant(transvectants *t, int l1, int l2, int L, const residue *f, const residue *g, residue *h);
#endif
