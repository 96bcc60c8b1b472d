#include "molecule/carrier.h"
#include "base/memory.h"
#include "molecule/molien.h"
#include <stdlib.h>
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

/* The class with the fewest atoms, the first of several. */
static int reference_class(const composition *c)
{
    int best = 0;
    for (int k = 1; k < c->nclasses; k++)
        if (atoms_in_class(c, k) < atoms_in_class(c, best))
            best = k;
    return best;
}

const char *tensor_name(tensor_kind kind)
{
    static const char *const name[TENSOR_KINDS] = {"dipole", "quadrupole", "polarizability"};
    return name[kind];
}

/*
 * Adds a carrier of `count` elements, which owns dimension[blocks], the numbers of its covariants, from now
 * on.
 */
static carrier *add_carrier(carriers *to, int set, int count, uint64_t *dimension)
{
    to->carrier = xrealloc(to->carrier, (size_t)to->count + 1, sizeof *to->carrier);
    carrier *new = &to->carrier[to->count++];
    *new = (carrier){.set = set, .count = count, .dimension = dimension};
    new->base = xcalloc((size_t)count, sizeof *new->base);
    return new;
}

static int add_atoms(carriers *to, const basis *b, int class)
{
    const composition *c = b->composition;
    uint64_t *dimension = xcalloc(b->blocks->count, sizeof *dimension);
    const int status = molien_covariants(c, b->blocks, class, dimension);
    carrier *new = add_carrier(to, atom_set_of_class(b, class), atoms_in_class(c, class), dimension);
    for (int i = 0, x = 0; i < c->natoms; i++)
        if (c->class_of[i] == class)
            new->base[x++] = i;
    new->quotient = class == to->reference;
    return status;
}

static int add_pairs(carriers *to, const basis *b, int class)
{
    const composition *c = b->composition;
    const int set = b->structure->variable_set[class];
    uint64_t *dimension = xcalloc(b->blocks->count, sizeof *dimension);
    const int status = molien_pair_covariants(c, b->blocks, class, dimension);
    carrier *new = add_carrier(to, set, set == SET_SCALAR ? 1 : b->structure->set[set].count, dimension);
    for (int p = 0; p < c->npairs; p++)
        if (c->pair_class[p] == class)
            new->base[set == SET_SCALAR ? 0 : b->structure->variable_position[p]] = p;
    return status;
}

static void add_unit_tensor(carriers *to, const basis *b, const uint64_t *invariants)
{
    uint64_t *dimension = xmalloc(b->blocks->count, sizeof *dimension);
    memcpy(dimension, invariants, b->blocks->count * sizeof *dimension);
    add_carrier(to, SET_SCALAR, 1, dimension)->base[0] = b->composition->npairs;
}

/*
 * Counts the covariants by degree, and returns their number. Then the dimensions of quotients lose the
 * invariants.
 */
static uint64_t count_covariants(carriers *to, const basis *b, int degree, const uint64_t *invariants)
{
    uint64_t total = 0;
    to->covariants_by_degree = xcalloc((size_t)degree + 1, sizeof *to->covariants_by_degree);
    for (int k = 0; k < to->count; k++) {
        carrier *c = &to->carrier[k];
        for (size_t m = 0; m < b->blocks->first[degree + 1]; m++)
            to->covariants_by_degree[blocks_degree(b->blocks, m)] += c->dimension[m];
        for (size_t m = 0; m < b->blocks->count && c->quotient; m++)
            c->dimension[m] -= invariants[m];
    }
    for (int d = 0; d <= degree; d++)
        total += to->covariants_by_degree[d];
    return total;
}

int carriers_find(const basis *b, tensor_kind kind, int degree, const uint64_t *invariants, carriers *to)
{
    const composition *c = b->composition;
    int status = 0;
    *to = (carriers){.reference = reference_class(c)};
    for (int class = 0; kind == TENSOR_DIPOLE && class < c->nclasses && !status; class ++)
        status = add_atoms(to, b, class);
    for (int class = 0; kind != TENSOR_DIPOLE && class < c->npair_classes && !status; class ++)
        status = add_pairs(to, b, class);
    if (kind == TENSOR_POLARIZABILITY)
        add_unit_tensor(to, b, invariants);
    return count_covariants(to, b, degree, invariants) > CARRIERS_TERMS_LIMIT || status ? -1 : 0;
}

void carriers_free(carriers *c)
{
    for (int k = 0; k < c->count; k++) {
        free(c->carrier[k].base);
        free(c->carrier[k].dimension);
    }
    free(c->carrier);
    free(c->covariants_by_degree);
    memset(c, 0, sizeof *c);
}
