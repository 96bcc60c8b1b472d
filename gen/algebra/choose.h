/*
 * The choice of independent polynomials, of which it is known beforehand how many there are: candidates are
 * evaluated at random points modulo a prime, one after the other, and kept where they raise the rank, until it is
 * the dimension. Independence modulo a prime proves independence, so that then none is missing.
 *
 * A candidate is a pair of numbers, whose meaning is its kind's.
 */
#ifndef EQML_GEN_ALGEBRA_CHOOSE_H
#define EQML_GEN_ALGEBRA_CHOOSE_H
#include "algebra/modular.h"

typedef struct candidate {
    size_t left, right;
} candidate;

typedef struct candidate_kind {
    /* Writes the values at the points [begin, end) to their places in value[npoints]; false: it is left out. */
    bool (*values)(void *context, candidate c, size_t begin, size_t end, residue *value);
    void (*accept)(void *context, candidate c);
} candidate_kind;

/* A second condition on candidates, beside independence, judged by their values at the points [begin, end). */
typedef struct candidate_test {
    bool (*holds)(const void *of, const residue *value);
    const void *of;
    size_t begin, end;
} candidate_test;

typedef struct choice {
    rank_space *space;
    size_t length, dimension; /* points in the test of rank; the rank that is wanted */
    candidate_test test;      /* holds is NULL: all pass */
    residue *value;           /* [npoints] */
    size_t ncandidates, capacity;
    candidate *candidate;
} choice;

enum { SPARE_POINTS = 8 }; /* random points of a test beyond the dimension */

/* Values are taken at up to npoints points. choice_free releases what the choice owns. */
choice choice_create(size_t npoints);
void choice_free(choice *c);

/* Forgets all that was chosen. */
void choice_begin(choice *c, size_t length);
bool choice_complete(const choice *c);

/* Another candidate, behind those that wait. */
void choice_propose(choice *c, size_t left, size_t right);

/* Goes through the candidates that wait, all of one kind, until the choice is complete; none waits after that. */
void choose(choice *c, const candidate_kind *kind, void *context);

/* What is missing, in one line. */
void choice_explain(const choice *c, const char *what, int degree, size_t block, char *error,
                    size_t error_size);
#endif
