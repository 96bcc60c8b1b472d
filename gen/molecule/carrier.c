#include "molecule/carrier.h"
#include "base/memory.h"
#include "molecule/molien.h"
#include <string.h>

static int atoms_in_class(const composition *c, int class)
{
    int count = 0;
    for (int i = 0; i < c->natoms; i++)
        count += c->class_of[i] == class;
    return count;
}

static int atom_set_of_class(const basis *b, int class)
{
    const structure *s = b->structure;
    for (int t = 0; t < s->nsets; t++)
        if (!s->set[t].pairs && b->composition->class_of[s->set[t].element[0]] == class)
            return t;
    return SET_SCALAR;
}

/* The smallest class; the first of these. */
static int reference_class(const composition *c)
{
    int best = 0;
    for (int k = 1; k < c->nclasses; k++)
        if (atoms_in_class(c, k) < atoms_in_class(c, best))
            best = k;
    return best;
}

/* A carrier for `count` elements whose covariants number dimension (owned from now on). */
static carrier *add_carrier(tensor_basis *t, const basis *b, int set, int count, uint64_t *dimension)
{
    t->carrier = xrealloc(t->carrier, (size_t)t->ncarriers + 1, sizeof *t->carrier);
    carrier *new = &t->carrier[t->ncarriers++];
    *new = (carrier){.set = set, .count = count, .dimension = dimension};
    new->base = xcalloc((size_t)count, sizeof *new->base);
    for (size_t m = 0; m < b->blocks->first[t->degree + 1]; m++)
        t->covariants_by_degree[blocks_degree(b->blocks, m)] += dimension[m];
    return new;
}

static int add_atoms(tensor_basis *t, const basis *b, const uint64_t *invariants, int class)
{
    const composition *c = b->composition;
    uint64_t *dimension = xcalloc(b->blocks->count, sizeof *dimension);
    const int status = molien_covariants(c, b->blocks, class, dimension);
    carrier *new = add_carrier(t, b, atom_set_of_class(b, class), atoms_in_class(c, class), dimension);
    for (int i = 0, x = 0; i < c->natoms; i++)
        if (c->class_of[i] == class)
            new->base[x++] = i;
    new->quotient = class == t->reference;
    for (size_t m = 0; m < b->blocks->count && new->quotient; m++)
        dimension[m] -= invariants[m];
    return status;
}

static int add_pairs(tensor_basis *t, const basis *b, int class)
{
    const composition *c = b->composition;
    const int set = b->structure->variable_set[class];
    uint64_t *dimension = xcalloc(b->blocks->count, sizeof *dimension);
    const int status = molien_pair_covariants(c, b->blocks, class, dimension);
    carrier *new = add_carrier(t, b, set, set == SET_SCALAR ? 1 : b->structure->set[set].count, dimension);
    for (int p = 0; p < c->npairs; p++)
        if (c->pair_class[p] == class)
            new->base[set == SET_SCALAR ? 0 : b->structure->variable_position[p]] = p;
    return status;
}

static void add_unit_tensor(tensor_basis *t, const basis *b, const uint64_t *invariants)
{
    uint64_t *dimension = xmalloc(b->blocks->count, sizeof *dimension);
    memcpy(dimension, invariants, b->blocks->count * sizeof *dimension);
    add_carrier(t, b, SET_SCALAR, 1, dimension)->base[0] = b->composition->npairs;
}

int carriers_find(tensor_basis *t, const basis *b, const uint64_t *invariants)
{
    const composition *c = b->composition;
    uint64_t total = 0;
    int status = 0;
    t->reference = reference_class(c);
    for (int class = 0; t->kind == TENSOR_DIPOLE && class < c->nclasses && !status; class ++)
        status = add_atoms(t, b, invariants, class);
    for (int class = 0; t->kind != TENSOR_DIPOLE && class < c->npair_classes && !status; class ++)
        status = add_pairs(t, b, class);
    if (t->kind == TENSOR_POLARIZABILITY)
        add_unit_tensor(t, b, invariants);
    for (int d = 0; d <= t->degree; d++)
        total += t->covariants_by_degree[d];
    return status || total > CARRIERS_TERMS_LIMIT ? -1 : 0;
}
