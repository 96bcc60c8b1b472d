#include "emit_tensor.h"
#include "memory.h"
#include <stdlib.h>

enum { ITEMS_ON_A_LINE = 8 };

static void table(FILE *out, const char *name, const char *what, const char *rows, size_t count, const unsigned (*row)[3])
{
    fprintf(out, "static const unsigned short %s_%s_%s[][3] = {", name, what, rows);
    for (size_t k = 0; k < count; k++)
        fprintf(out, "%s{%u,%u,%u},", k % ITEMS_ON_A_LINE ? " " : "\n    ", row[k][0], row[k][1], row[k][2]);
    fprintf(out, "%s\n};\n", count ? "" : "{0,0,0}");
}

static void operations_table(FILE *out, const char *name, const char *what, const tensor_program *p)
{
    unsigned(*row)[3] = xcalloc(p->noperations, sizeof *row);
    for (size_t k = 0; k < p->noperations; k++) {
        row[k][0] = p->operation[k].target;
        row[k][1] = p->operation[k].left;
        row[k][2] = p->operation[k].right;
    }
    table(out, name, what, "operations", p->noperations, (const unsigned(*)[3])row);
    free(row);
}

static void runs_table(FILE *out, const char *name, const char *what, const tensor_program *p)
{
    unsigned(*row)[3] = xcalloc(p->nruns, sizeof *row);
    for (size_t k = 0; k < p->nruns; k++) {
        row[k][0] = p->run[k].left;
        row[k][1] = p->run[k].first;
        row[k][2] = p->run[k].count;
    }
    table(out, name, what, "runs", p->nruns, (const unsigned(*)[3])row);
    free(row);
}

void emit_tensor(FILE *out, const char *name, const char *what, const basis *b, const tensor_basis *t,
                 const tensor_program *p)
{
    const composition *c = b->composition;
    fprintf(out, "\n/*\n * %s of degree %d: %zu terms, each an invariant factor times one of %zu vector factors,\n", what,
            t->degree, p->nterms, p->nvectors);
    fprintf(out, " * of which %zu are generators; as many terms as independent covariants.\n *\n", p->ngenerators);
    size_t *terms = xcalloc((size_t)t->degree + 1, sizeof *terms);
    tensor_terms_by_degree(t, terms);
    fprintf(out, " *   degree       terms\n");
    for (int d = 0; d <= t->degree; d++)
        fprintf(out, " *   %6d  %10zu\n", d, terms[d]);
    free(terms);
    fprintf(out, " */\n");
    operations_table(out, name, what, p);
    table(out, name, what, "elements", p->nelements, (const unsigned(*)[3])p->element);
    table(out, name, what, "products", p->nproducts, (const unsigned(*)[3])p->product);
    runs_table(out, name, what, p);
    fprintf(out, "static const unsigned short %s_%s_reference[] = {", name, what);
    int nreference = 0;
    for (int i = 0; i < c->natoms && t->rank == 1; i++)
        if (c->class_of[i] == t->reference)
            fprintf(out, "%s%d", nreference++ ? ", " : "", i);
    fprintf(out, "%s};\n", nreference ? "" : "0");
    fprintf(out, "enum { %s_%s_NSLOTS = %zu, %s_%s_NVECTORS = %zu };\n", name, what, p->nslots, name, what, p->nvectors);
    fprintf(out, "static const eqml_tensor_basis %s_%s_basis = {\n", name, what);
    fprintf(out, "    %d, %d, %zu, %zu, %zu, /* rank, degree, terms, vector factors, generators of these */\n", t->rank,
            t->degree, p->nterms, p->nvectors, p->ngenerators);
    fprintf(out, "    %zu, %zu, %zu, %zu, %zu, %d, /* slots, operations, elements, products, runs, reference atoms */\n",
            p->nslots, p->noperations, p->nelements, p->nproducts, p->nruns, nreference);
    fprintf(out, "    %s_%s_operations, %s_%s_elements, %s_%s_products, %s_%s_runs, %s_%s_reference};\n", name, what, name,
            what, name, what, name, what, name, what);
}

void emit_tensor_statistics(FILE *out, const char *what, const tensor_basis *t, const tensor_program *p)
{
    size_t *terms = xcalloc((size_t)t->degree + 1, sizeof *terms);
    tensor_terms_by_degree(t, terms);
    fprintf(out, "  \"%s_degree\": %d,\n  \"%s_terms\": %zu,\n  \"%s_terms_by_degree\": [", what, t->degree, what, p->nterms,
            what);
    for (int d = 0; d <= t->degree; d++)
        fprintf(out, "%s%zu", d ? ", " : "", terms[d]);
    fprintf(out, "],\n  \"%s_covariants_by_degree\": [", what);
    for (int d = 0; d <= t->degree; d++)
        fprintf(out, "%s%llu", d ? ", " : "", (unsigned long long)t->covariants_by_degree[d]);
    fprintf(out, "],\n  \"%s_generators\": %zu,\n  \"%s_vector_factors\": %zu,\n  \"%s_operations\": %zu,\n", what,
            p->ngenerators, what, p->nvectors, what, p->noperations);
    free(terms);
}
