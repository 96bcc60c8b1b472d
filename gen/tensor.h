/*
 * Bases for tensors: the dipole d = Q R + sum_i w_i (r_i - R), and rank 2 likewise over pairs of atoms.
 *
 * A tensor basis has carriers: point sets whose elements carry a geometric tensor B_x (an atom its position
 * from the reference point R, a pair its r_ij r_ij^T). Its covariants X give the vector factors
 *
 *     D = sum_x X_x B_x         (generators: X = 1, or a covariant of the structure)
 *     D' = f_a D                (products with an invariant)
 *
 * and every term of the basis is f_a D_k, an invariant factor times a vector factor. Terms are chosen block by
 * block by rank modulo a prime until their number is the one that the Molien series of the covariants gives.
 *
 * Dipoles: R is the centre of one class of atoms, so that the total charge is Q for any coefficients. Covariants
 * of this class that are the same for all its atoms then give D = 0: they are divided out (quotient).
 */
#ifndef GEN_TENSOR_H
#define GEN_TENSOR_H
#include "basis.h"

typedef struct carrier {
    int set; /* of the structure, or SET_SCALAR where there is one element */
    int count;
    int *base;           /* [count] atom or pair of each element */
    bool quotient;       /* modulo the covariants that are equal on all elements */
    bool isotropic;      /* one element that carries the unit tensor */
    uint64_t *dimension; /* [blocks] number of terms that there must be */
} carrier;

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
    int rank, degree;
    int reference; /* dipole: class of the reference point */
    int ncarriers;
    carrier *carrier;
    size_t nvectors, vectors_capacity;
    vector_factor *vector;
    size_t nterms, terms_capacity;
    tensor_term *term;
    uint64_t *covariants_by_degree; /* [degree + 1] before the constraint of total charge */
} tensor_basis;

/*
 * The dipole basis up to `degree` <= that of b, whose covariants over atoms have been grown that far. Marks what
 * it uses of b. NULL and a one-line reason where no certified basis is found.
 */
tensor_basis *tensor_dipole(basis *b, const uint64_t *invariants, int degree, char *error, size_t error_size);
void tensor_free(tensor_basis *t);

/* Terms of each degree by itself: count[degree + 1]. */
void tensor_terms_by_degree(const tensor_basis *t, size_t *count);
#endif
