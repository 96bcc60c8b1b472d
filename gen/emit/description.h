/*
 * What a header says of its basis beside the program: a plain record that the family fills in, so that nothing
 * here knows one. What it points to is the family's.
 */
#ifndef EQML_GEN_EMIT_DESCRIPTION_H
#define EQML_GEN_EMIT_DESCRIPTION_H
#include "program/program.h"
#include "program/tensor_program.h"
#include <stdint.h>

/* The terms that were chosen, and the independent count that they equal: [degree + 1] each. count is NULL where
 * there is no such count: the header then claims no completeness. */
typedef struct certificate {
    const char *name; /* of the count, as the head of a column */
    const uint64_t *count;
    size_t *terms, *generators;
    size_t ngenerators, norbits; /* in all; explicit orbit sums among them */
} certificate;

/* What the record eqml_basis says of a molecule. */
typedef struct atoms_description {
    const char *composition;
    int natoms, npair_classes;
    const char **symbol;     /* [natoms] */
    const int *atom_class;   /* [natoms] */
    const int (*pair)[2];    /* [inputs of the program] */
    const int *pair_class;   /* [inputs of the program] */
    const char *group_order; /* decimal; NULL where it is not known */
    int npermutations;       /* that generate the group, where the composition does not say which it is */
    char **permutation;      /* [npermutations] in cycle notation */
} atoms_description;

typedef struct tensor_description {
    const tensor_program *program; /* NULL: none */
    const char *name, *constant;   /* "dipole", "DIPOLE" */
    int degree;
    int nreference, *reference;       /* atoms whose centre is the point of reference */
    size_t *terms;                    /* [degree + 1] */
    const uint64_t *covariants_count; /* [degree + 1] */
    size_t norbits;                   /* generators that are explicit orbit sums */
} tensor_description;

enum { DESCRIBED_TENSORS = 3 }; /* in the order of the runtime's eqml_tensor */

typedef struct description {
    const char *name;
    const char *command; /* that regenerates the header */
    const char *cut;     /* the options that cut the basis, each with a blank before it; NULL: none */
    char *subject;       /* what the header holds */
    const char *from;    /* the file of tables that this is made of, without its folder; NULL: none */
    const char *inputs;  /* what the inputs of the program are, in the plural */
    int nnotes;
    char **note; /* [nnotes] lines of the banner after the atoms */
    int degree;
    certificate certificate;
    const program *program;
    atoms_description atoms;
    tensor_description tensor[DESCRIBED_TENSORS];
    double seconds; /* statistics only */
} description;
#endif
