/*
 * Bases for tensors. A tensor is a sum of covariants times geometric tensors B_x that points carry:
 *
 *     dipole           d = Q R + sum_i w_i (r_i - R)                          atoms
 *     quadrupole       Theta = sum_p w_p (3 r_p r_p^T - r_p^2 1) / 2          pairs p of atoms, r_p = r_i - r_j
 *     polarizability   alpha = sum_p w_p r_p r_p^T + w_0 1                    pairs, and the unit tensor
 *
 * That is complete: products r_p r_q^T + r_q r_p^T of other differences are combinations of squares. A tensor
 * basis has carriers, the point sets whose elements carry the B_x. Its covariants X give the vector factors
 *
 *     D = sum_x X_x B_x         (generators: X = 1, or a covariant of the structure)
 *     D' = f_a D                (products with an invariant)
 *
 * and every term of the basis is f_a D_k, an invariant factor times a vector factor. Terms are chosen block
 * by block by rank modulo a prime until their number is the one that the Molien series of the covariants
 * gives.
 *
 * Dipoles: R is the centre of one class of atoms, so that the total charge is Q for any coefficients.
 * Covariants of this class that are the same for all its atoms then give D = 0: they are divided out
 * (quotient).
 */
#ifndef EQML_GEN_MOLECULE_TENSOR_H
#define EQML_GEN_MOLECULE_TENSOR_H
#include "molecule/carrier.h"
#include "molecule/terms.h"

typedef struct vector_factor {
    int carrier;
    int covariant;    /* generator: of the basis; -1: X = 1 */
    int term, source; /* product of an invariant term and a vector factor; term is -1 for generators */
    int degree;
    size_t block;
    bool used;
    residue *value; /* [npoints] represents the vector factor in tests of rank */
} vector_factor;

typedef struct tensor_term {
    int term, vector; /* invariant times vector factor */
    int degree;
    size_t block;
} tensor_term;

typedef struct tensor_basis {
    tensor_kind kind;
    int degree;
    carriers carriers;
    size_t nvectors, vectors_capacity;
    vector_factor *vector;
    size_t nterms, terms_capacity;
    tensor_term *term;
} tensor_basis;

/* The tensor as a user of covariants. */
static inline unsigned tensor_user(tensor_kind kind)
{
    return 2u * USER_POTENTIAL << kind;
}

/*
 * The basis of a tensor up to `degree` <= that of b, whose covariants have been grown that far; for rank 2 on
 * a structure that is complete over pairs. If products of kept terms and these covariants do not suffice,
 * orbit sums complete the basis: b and orbits must be those of the whole group. Marks what it uses of b, and
 * may add covariants to it. Returns NULL and a one-line reason if no certified basis is found.
 */
tensor_basis *tensor_create(basis *b, tensor_kind kind, const uint64_t *invariants, const orbit_list *orbits,
                            int degree, char *error, size_t error_size);
void tensor_free(tensor_basis *t);

/* Generators that are orbit sums. */
size_t tensor_orbit_sums(const basis *b, const tensor_basis *t);

/* Terms of each degree by itself: count[degree + 1]. */
void tensor_terms_by_degree(const tensor_basis *t, size_t *count);
#endif
