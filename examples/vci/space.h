/*
 * Configurations: products of modals, one of each mode, by how far the modals are excited; and operators between them. An
 * operator is a sum of terms of few modes; a term is a matrix between the parts of configurations in its modes. The matrix between
 * configurations is sparse, since those that differ in more modes than a term has do not meet.
 */
#ifndef VCI_SPACE_H
#define VCI_SPACE_H
#include "vci/modals.h"

/* What configurations are in a few modes: each is one with a mode less, and the excitation of the last mode. */
typedef struct subspace {
    size_t count;
    int *parent, *last; /* [count] */
    int *rank; /* [levels]...[levels] which one excitations are, the first mode outermost; -1: none */
} subspace;

typedef struct space {
    int modes, quanta, coupled, levels; /* levels: modals of a mode, quanta + 1 or fewer */
    size_t count;
    unsigned char *excited; /* [count][modes], ascending sum */
    subspace sub[EXPANSION_ORDER + 1];
} space;

typedef struct operator_terms {
    const expansion *e; /* which modes terms have */
    int fields, order;
    int antisymmetric;
    double origin[EXPANSION_FIELDS];
    double **term; /* [e->count] matrices [fields][sub.count][sub.count]; NULL: zero */
} operator_terms;

/* Lower triangles, with the diagonal; fields side by side. */
typedef struct sparse {
    size_t n;
    int fields, antisymmetric;
    size_t *begin;    /* [n + 1] */
    unsigned *column; /* [begin[n]] */
    double *value;    /* [begin[n]][fields] */
} sparse;

/* All configurations of at most `quanta` excitations together, in at most `coupled` modes. Nonzero: no memory. Released with space_free(). */
int space_make(space *s, int modes, int quanta, int coupled, int points);
void space_free(space *s);

/* The configuration with one excitation of one mode; that with none is 0. */
size_t space_single(int mode);

/*
 * The terms of an expansion, up to `order` modes, between modals. With `hamiltonian`, those of one mode are the one-mode Hamiltonians. Nonzero: no memory.
 * terms_pi: the vibrational angular momentum, sum_kl zeta_kl Q_k d/dQ_l, for zeta[3][modes][modes]; *e is a skeleton of two
 * modes or more. Both are released with terms_free().
 */
int terms_make(operator_terms *o, const space *s, const modals *m, const expansion *e, int order,
               int hamiltonian);
int terms_pi(operator_terms *o, const space *s, const modals *m, const expansion *e, const double *zeta);
void terms_free(operator_terms *o);

/* The matrix between configurations; nonzero: no memory. y[n] += factor A_field x. */
int sparse_make(sparse *a, const space *s, const operator_terms *o);
void sparse_add(const sparse *a, int field, double factor, const double *x, double *y);
void sparse_free(sparse *a);

#endif
