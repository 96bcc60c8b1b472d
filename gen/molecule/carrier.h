/* What carries a tensor: the classes of atoms, or of pairs and the unit tensor. */
#ifndef EQML_GEN_MOLECULE_CARRIER_H
#define EQML_GEN_MOLECULE_CARRIER_H
#include "molecule/terms.h"

typedef enum tensor_kind {
    TENSOR_DIPOLE,
    TENSOR_QUADRUPOLE,
    TENSOR_POLARIZABILITY,
    TENSOR_KINDS
} tensor_kind;

/* "dipole" and so on, as in options and names. */
const char *tensor_name(tensor_kind kind);

typedef struct carrier {
    int set; /* of the structure; SET_SCALAR if there is one element */
    int count;
    int *base;           /* [count] atom or pair of each element; npairs for the unit tensor */
    bool quotient;       /* modulo the covariants that are equal on all elements */
    uint64_t *dimension; /* [blocks] the number of terms, by the Molien series */
} carrier;

typedef struct carriers {
    int reference; /* class of the atoms whose centre is R */
    int count;
    carrier *carrier;
    uint64_t *covariants_by_degree; /* [degree + 1] before the constraint of total charge */
} carriers;

enum { CARRIERS_TERMS_LIMIT = 5000000 };

/*
 * Finds the carriers of a tensor up to a degree, with the numbers of their covariants. invariants[blocks]:
 * their number in each block. Returns 0, or -1 if there are more than CARRIERS_TERMS_LIMIT terms.
 * carriers_free releases them in either case.
 */
int carriers_find(const basis *b, tensor_kind kind, int degree, const uint64_t *invariants, carriers *c);
void carriers_free(carriers *c);
#endif
