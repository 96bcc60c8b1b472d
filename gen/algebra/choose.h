/*
 * Chooses independent polynomials, as many as are known to exist: the dimension. Candidates are evaluated at
 * random points modulo a prime, one after the other. A candidate that raises the rank of the values is kept,
 * until the rank is the dimension. Independence modulo a prime proves independence, so that none is missing
 * then.
 *
 * A candidate is a pair of numbers; its kind says what they mean.
 */
#ifndef EQML_GEN_ALGEBRA_CHOOSE_H
#define EQML_GEN_ALGEBRA_CHOOSE_H
#include "algebra/modular.h"

typedef struct candidate {
    size_t left, right;
} candidate;

typedef struct candidate_kind {
    /* value[begin .. end) <- the values at these points. Returns false if the candidate is left out. */
    bool (*values)(void *context, candidate c, size_t begin, size_t end, residue *value);
    void (*accept)(void *context, candidate c);
} candidate_kind;

/*
 * A second condition on candidates, beside independence; it looks at their values at the points [begin, end).
 */
typedef struct candidate_test {
    bool (*holds)(const void *of, const residue *value);
    const void *of;
    size_t begin, end;
} candidate_test;

typedef struct choice {
    rank_space *space;
    size_t length, dimension; /* points at which the rank is tested; the rank that is wanted */
    candidate_test test;      /* holds is NULL: all pass */
    residue *value;           /* [npoints] */
    size_t ncandidates, capacity;
    candidate *candidate;
} choice;

enum { SPARE_POINTS = 8 }; /* random points of a test beyond the dimension */

/* A choice whose values are at up to npoints points. choice_free releases what it owns. */
choice choice_create(size_t npoints);
void choice_free(choice *c);

/*
 * Begins anew with nothing chosen; the rank is tested at the first `length` points. The caller sets the
 * dimension.
 */
void choice_begin(choice *c, size_t length);
bool choice_complete(const choice *c);

/* Appends a candidate to those that wait. */
void choice_propose(choice *c, size_t left, size_t right);

/*
 * Tries the candidates that wait, all of one kind, in their order, until the choice is complete. None waits
 * after that.
 */
void choose(choice *c, const candidate_kind *kind, void *context);

/* error[error_size] <- one line: how many of the polynomials called `what` a block lacks. */
void choice_explain(const choice *c, const char *what, int degree, size_t block, char *error,
                    size_t error_size);
#endif
