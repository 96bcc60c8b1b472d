/* What a basis is made of: terms and covariants, and their values at random points modulo a prime. */
#ifndef EQML_GEN_MOLECULE_TERMS_H
#define EQML_GEN_MOLECULE_TERMS_H
#include "algebra/blocks.h"
#include "algebra/modular.h"
#include "molecule/composition.h"
#include "molecule/membership.h"
#include "molecule/orbit.h"
#include "molecule/structure.h"

enum term_kind {
    TERM_ONE,
    TERM_VARIABLE, /* the pair variable `left`, alone in its class */
    TERM_SUM,      /* sum of the pair variables of class `left` */
    TERM_CONTRACT, /* sum of products of the covariants `left` and `right` over their set */
    TERM_ORBIT,    /* sum over the monomials of an orbit, numbers [left, left + right) of basis->monomial */
    TERM_PRODUCT   /* product of the terms `left` <= `right` */
};

typedef struct term {
    enum term_kind kind;
    int left, right;
    int degree;
    size_t block;
    bool wanted;    /* counts as a term: the others are factors of terms only */
    bool factor;    /* evaluated and kept: a generator, the constant, or part of a product */
    residue *value; /* [npoints] for terms of the pool, else NULL */
} term;

/* In place of a pattern, for covariants that are not made of others. */
enum {
    COVARIANT_VARIABLES = -1, /* the pair variables of class `left` */
    COVARIANT_ORBIT =
        -2 /* sums over monomials, for element x numbers left + right x + [0, right) of basis->monomial */
};

/* Who needs a covariant: the potential, for its generators, or tensors, which have the higher bits. */
enum { USER_POTENTIAL = 1 };

typedef struct covariant {
    int set;         /* of the structure */
    int pattern;     /* of the structure, or one of the above */
    int left, right; /* covariants; right is -1 where the pattern takes ones */
    int degree;
    size_t block;
    unsigned users; /* bits */
    residue *value; /* [set count][npoints] */
} covariant;

typedef struct basis {
    const composition *composition;
    const blocks *blocks;
    const structure *structure;
    int degree;

    size_t nterms, terms_capacity;
    term *term;         /* in the order of degree, block, choice */
    size_t *block_term; /* [blocks + 1] first term of each block */

    int ncovariants, covariants_capacity;
    covariant *covariant;
    int (*block_covariant)[2]; /* [blocks * nsets] first and end covariant of each block and set */

    bool plain;   /* every term is written out as the sum of its monomials */
    bool tensors; /* covariants are grown for tensors, which ask for the value of any factor */
    size_t nmonomials;
    unsigned short *monomial; /* [nmonomials][degree] pair indices of explicit orbit sums, 0xFFFF unused */

    size_t npoints;
    membership allowed, kept; /* tests at the last of the points (see wanted.h); without masks: all pass */
    residue *variable;        /* [npairs][npoints] */
} basis;

static inline bool term_is_generator(const term *t)
{
    return t->kind != TERM_ONE && t->kind != TERM_PRODUCT;
}

/* Appends a term; the result is valid until the next one is appended. */
term *term_append(basis *b, term new);

/* value[begin .. end) <- a term at these points. */
void term_values(const basis *b, const term *t, size_t begin, size_t end, residue *value);

/* Puts a term into the pool: its values are kept, and products with it are candidates from now on. */
void term_keep_values(basis *b, size_t index);

/* value[begin .. end) <- the sum of `count` monomials, each of up to b->degree variables, at these points. */
void monomials_values(const basis *b, const unsigned short *monomial, size_t count, size_t begin, size_t end,
                      residue *value);

enum { MONOMIALS_LIMIT = 2000000 }; /* of one explicit orbit sum */

/*
 * Writes the members of the orbit of monomial[degree] behind the monomials of the basis; the caller counts
 * them if it keeps them. Returns their number, or 0 if it is more than MONOMIALS_LIMIT.
 */
size_t orbit_write(basis *b, const unsigned short *monomial, int degree);

void basis_free(basis *b);
#endif
