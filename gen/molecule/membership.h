/*
 * Whether a polynomial lies in the span of a set of monomials, from its values at points modulo the prime. It
 * does if it equals its projection, the signed sum of its values with the variables outside each mask set to
 * zero (see indicator.h). There are two random points: a polynomial of degree d outside the span passes with
 * a probability below (d / 2^31)^2.
 */
#ifndef EQML_GEN_MOLECULE_MEMBERSHIP_H
#define EQML_GEN_MOLECULE_MEMBERSHIP_H

#include "molecule/indicator.h"
#include "algebra/modular.h"

enum { MEMBERSHIP_POINTS = 2 };

typedef struct membership {
    size_t first, count; /* the points of the test: count of them, from `first` on */
    size_t nmasks;
    residue *weight; /* [nmasks] */
} membership;

/* A test at the points from `first` on. */
membership membership_create(const indicator *set, size_t first);

/* Sets the variables, variable[npairs][npoints], of the points of the test; the state is that of
 * modular_random. */
void membership_place(const membership *m, const indicator *set, uint64_t *state, size_t npoints,
                      residue *variable);

/* Whether the polynomial with these values lies in the span; value[npoints]. */
bool membership_holds(const membership *m, const residue *value);

void membership_free(membership *m);

#endif
