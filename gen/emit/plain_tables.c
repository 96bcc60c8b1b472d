#include "emit/plain_tables.h"
#include <assert.h>

static void put_rows(FILE *out, const char *word, size_t count, const unsigned (*row)[3])
{
    fprintf(out, "%ss %zu\n", word, count);
    for (size_t k = 0; k < count; k++)
        fprintf(out, "%s %u %u %u\n", word, row[k][0], row[k][1], row[k][2]);
}

static void put_operations(FILE *out, const operation_list *l)
{
    assert(!l->coefficient);
    fprintf(out, "operations %zu\n", l->count);
    for (size_t k = 0; k < l->count; k++)
        fprintf(out, "operation %u %u %u\n", l->item[k].target, l->item[k].left, l->item[k].right);
}

static void put_runs(FILE *out, size_t count, const product_run *run)
{
    fprintf(out, "runs %zu\n", count);
    for (size_t k = 0; k < count; k++)
        fprintf(out, "run %u %u %u\n", run[k].left, run[k].first, run[k].count);
}

static void put_tensor(FILE *out, const tensor_description *t)
{
    const tensor_program *p = t->program;
    fprintf(out, "tensor %s %d %zu %zu %zu %zu\n", t->name, t->degree, p->nterms, p->nvectors, p->ngenerators,
            p->nslots);
    put_operations(out, &p->operations);
    put_rows(out, "element", p->nelements, (const unsigned(*)[3])p->element);
    put_rows(out, "product", p->nproducts, (const unsigned(*)[3])p->product);
    put_runs(out, p->nruns, p->run);
    fprintf(out, "references %d\n", t->nreference);
    for (int k = 0; k < t->nreference; k++)
        fprintf(out, "reference %d\n", t->reference[k]);
}

void emit_plain_tables(FILE *out, const description *d)
{
    const atoms_description *a = &d->atoms;
    const program *p = d->program;
    fprintf(out, "eqml-basis 2\nname %s\norigin %s\ncomposition %s\ndegree %d\natoms %d\n", d->name,
            d->command, a->composition, d->degree, a->natoms);
    for (int i = 0; i < a->natoms; i++)
        fprintf(out, "atom %s %d\n", a->symbol[i], a->atom_class[i]);
    fprintf(out, "classes %d\npairs %zu\n", a->npair_classes, p->ninputs);
    for (size_t k = 0; k < p->ninputs; k++)
        fprintf(out, "pair %d %d %d\n", a->pair[k][0], a->pair[k][1], a->pair_class[k]);
    fprintf(out, "slots %zu\nfactors %zu\n", p->factor0, p->nfactors);
    for (size_t f = 0; f < p->nfactors; f++)
        fprintf(out, "factor %d %d\n", p->factor[f].degree, p->factor[f].is_term);
    put_operations(out, &p->operations);
    put_runs(out, p->nruns, p->run);
    fprintf(out, "terms %zu\n", p->nterms);
    for (int k = 0; k < DESCRIBED_TENSORS; k++)
        if (d->tensor[k].program)
            put_tensor(out, &d->tensor[k]);
    fprintf(out, "end\n");
}
