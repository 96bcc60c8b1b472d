/*
 * The choice of the basis: which products of two lower terms, and which generators, make up the invariants.
 *
 * Block by block (a block is a multidegree), candidates are evaluated at random points modulo a prime and
 * kept where they raise the rank, until the rank equals the number of invariants that the Molien series
 * gives. Independence modulo a prime proves independence, so a full count proves the basis complete.
 *
 * Candidates, in this order:
 *   1. products of two terms of the pool: all terms of degree up to half the total degree, and all
 * generators;
 *   2. products of a generator and any other term, which then joins the pool. With these, every product of
 *      two invariants is spanned, so that what is still missing is a minimal set of generators;
 *   3. contractions of two covariants, the cheapest first, counting a covariant that is in use already as
 * free;
 *   4. orbit sums, of connected multigraphs first.
 */
#ifndef GEN_BASIS_H
#define GEN_BASIS_H
#include "algebra/blocks.h"
#include "molecule/composition.h"
#include "molecule/membership.h"
#include "algebra/modular.h"
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

/* Who needs a covariant: the potential, for its generators, or tensors, whose bits are above. */
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

/*
 * invariants: their number in each block; orbits: those of all blocks. Where these were cut (orbits->wanted),
 * the terms span what is kept: in each block they are chosen first, among candidates that pass the test, and
 * then the rest of what is allowed, as factors, which are dropped at the end where no term needs them.
 * Covariants are grown up to half the degree, or up to covariant_degree <= blocks->degree if that is higher,
 * with points enough for tests of rank of covariants over atoms, and over pairs where the structure is
 * complete there. Returns NULL and a one-line reason where no certified basis is found. progress: called
 * after each block with the number of terms, or NULL.
 */
basis *basis_create(const composition *c, const blocks *blocks, const structure *structure,
                    const uint64_t *invariants, const orbit_list *orbits, int covariant_degree,
                    void (*progress)(size_t terms), char *error, size_t error_size);

/* The plain basis, for comparison: each term the sum of the monomials of one orbit, all evaluated. */
basis *basis_of_orbits(const composition *c, const blocks *blocks, const structure *structure,
                       const orbit_list *orbits, char *error, size_t error_size);
void basis_free(basis *b);

static inline bool term_is_generator(const term *t)
{
    return t->kind != TERM_ONE && t->kind != TERM_PRODUCT;
}
#endif
