/* Terms of operators: matrices between parts of configurations in the modes of the term. */
#ifndef VCI_TERMS_H
#define VCI_TERMS_H
#include "vci/modals.h"
#include "vci/space.h"

typedef struct term_matrix {
    parts parts[EXPANSION_ORDER + 1]; /* those of all its modes are parts[n] */
    int n, antisymmetric;
    double *value; /* [count (count + 1) / 2] lower triangle: row i begins at i (i + 1) / 2 */
} term_matrix;

/* Field `field` of a term of an expansion. All here: nonzero: no memory. Released with term_free(), also after that. */
int term_make(term_matrix *t, const space *s, const modals *m, const expansion *e, size_t term, int field);

/* The one-mode Hamiltonian of a mode. */
int term_alone(term_matrix *t, const space *s, const modals *m, int mode);

/* zeta_kl (Q_k d/dQ_l) + zeta_lk (Q_l d/dQ_k) of two modes, k < l: a term of the vibrational angular momentum. */
int term_turn(term_matrix *t, const space *s, const modals *m, int k, int l, double zeta_kl, double zeta_lk);

void term_free(term_matrix *t);

#endif
