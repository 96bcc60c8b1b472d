#include "molecule/describe.h"
#include "base/memory.h"
#include "molecule/group.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)TENSOR_KINDS == DESCRIBED_TENSORS, "each kind of tensor has its place");

/* A text on the heap. */
static char *text(const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const size_t size = (size_t)vsnprintf(NULL, 0, format, arguments) + 1;
    char *result = xmalloc(size, 1);
    vsnprintf(result, size, format, again);
    va_end(again);
    va_end(arguments);
    return result;
}

static void add_note(description *d, char *note)
{
    d->note = xrealloc(d->note, (size_t)d->nnotes + 1, sizeof *d->note);
    d->note[d->nnotes++] = note;
}

static const char **symbols_of(const composition *c)
{
    const char **symbol = xcalloc((size_t)c->natoms, sizeof *symbol);
    for (int i = 0; i < c->natoms; i++)
        symbol[i] = c->symbol[i];
    return symbol;
}

static void describe_atoms(description *d, const composition *c)
{
    atoms_description *a = &d->atoms;
    *a = (atoms_description){.composition = c->text,
                             .natoms = c->natoms,
                             .npair_classes = c->npair_classes,
                             .atom_class = c->class_of,
                             .pair = (const int(*)[2])c->pair,
                             .pair_class = c->pair_class,
                             .group_order = c->order,
                             .npermutations = c->tree ? 0 : c->ngenerators};
    a->symbol = symbols_of(c);
    add_note(d, text("Group of permutations: order %s; classes of pairs: %d.", c->order, c->npair_classes));
    a->permutation = xcalloc((size_t)a->npermutations, sizeof *a->permutation);
    for (int g = 0; g < a->npermutations; g++) {
        a->permutation[g] = group_text(c, g);
        add_note(d, text("  generator %s", a->permutation[g]));
    }
}

static void count_terms(certificate *e, const basis *b)
{
    e->terms = xcalloc((size_t)b->degree + 1, sizeof *e->terms);
    e->generators = xcalloc((size_t)b->degree + 1, sizeof *e->generators);
    for (size_t k = 0; k < b->nterms; k++) {
        const term *t = &b->term[k];
        const bool generator = term_is_generator(t);
        e->terms[t->degree] += t->wanted;
        e->generators[t->degree] += generator;
        e->ngenerators += generator;
        e->norbits += t->kind == TERM_ORBIT;
    }
}

description describe_basis(const basis *b, const program *p, const uint64_t *molien_by_degree)
{
    description d = {.inputs = "pair variables", .degree = b->degree, .program = p};
    d.subject = text("permutationally invariant polynomials of \"%s\" up to degree %d", b->composition->text,
                     b->degree);
    d.certificate.name = "Molien series";
    d.certificate.count = molien_by_degree;
    count_terms(&d.certificate, b);
    describe_atoms(&d, b->composition);
    return d;
}

/*
 * Counts terms and generators of a program: its generators are the factors that are no products of other
 * factors.
 */
static void count_factors(certificate *e, const program *p, int degree)
{
    bool *product = xcalloc(p->nfactors, sizeof *product);
    e->terms = xcalloc((size_t)degree + 1, sizeof *e->terms);
    e->generators = xcalloc((size_t)degree + 1, sizeof *e->generators);
    for (size_t k = 0; k < p->operations.count; k++) {
        const operation *o = &p->operations.item[k];
        if (o->target > p->factor0 && (o->left > p->factor0 || o->right > p->factor0))
            product[o->target - p->factor0] = true;
    }
    for (size_t f = 0; f < p->nfactors; f++) {
        e->terms[p->factor[f].degree] += p->factor[f].is_term;
        e->generators[p->factor[f].degree] += f && !product[f];
        e->ngenerators += f && !product[f];
    }
    for (size_t r = 0; r < p->nruns; r++)
        for (unsigned c = 0; c < p->run[r].count; c++)
            e->terms[p->factor[p->run[r].left].degree + p->factor[p->run[r].first + c].degree]++;
    free(product);
}

description describe_tables(const basis_tables *t, const program *p)
{
    const composition *c = &t->composition;
    description d = {.inputs = "pair variables", .degree = t->degree, .program = p};
    d.subject =
        text("some permutationally invariant polynomials of \"%s\" up to degree %d", c->text, t->degree);
    count_factors(&d.certificate, p, t->degree);
    d.atoms = (atoms_description){.composition = c->text,
                                  .natoms = c->natoms,
                                  .npair_classes = t->npair_classes,
                                  .symbol = symbols_of(c),
                                  .atom_class = t->atom_class,
                                  .pair = (const int(*)[2])t->pair,
                                  .pair_class = t->pair_class};
    add_note(&d, text("Classes of pairs: %d; pairs in use: %zu.", t->npair_classes, p->ninputs));
    if (*t->origin)
        add_note(&d, text("Where it comes from: %s", t->origin));
    return d;
}

void describe_tensor(description *d, const basis *b, const tensor_basis *t, const tensor_program *p)
{
    static const char *const constant[TENSOR_KINDS] = {"DIPOLE", "QUADRUPOLE", "POLARIZABILITY"};
    const composition *c = b->composition;
    tensor_description *to = &d->tensor[t->kind];
    *to = (tensor_description){.program = p,
                               .name = tensor_name(t->kind),
                               .constant = constant[t->kind],
                               .degree = t->degree,
                               .covariants_count = t->carriers.covariants_by_degree,
                               .norbits = tensor_orbit_sums(b, t)};
    to->terms = xcalloc((size_t)t->degree + 1, sizeof *to->terms);
    tensor_terms_by_degree(t, to->terms);
    to->reference = xcalloc((size_t)c->natoms, sizeof *to->reference);
    for (int i = 0; i < c->natoms; i++)
        if (c->class_of[i] == t->carriers.reference)
            to->reference[to->nreference++] = i;
}

void description_free(description *d)
{
    for (int k = 0; k < d->nnotes; k++)
        free(d->note[k]);
    for (int g = 0; g < d->atoms.npermutations; g++)
        free(d->atoms.permutation[g]);
    for (int k = 0; k < DESCRIBED_TENSORS; k++) {
        free(d->tensor[k].terms);
        free(d->tensor[k].reference);
    }
    free(d->subject);
    free(d->note);
    free(d->certificate.terms);
    free(d->certificate.generators);
    free(d->atoms.symbol);
    free(d->atoms.permutation);
    memset(d, 0, sizeof *d);
}
