#include "emit/tensor.h"
#include "emit/header.h"
#include "emit/tensor_code.h"
#include "emit/line.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { ITEMS_ON_A_LINE = 8 };

static const char *const constant[TENSOR_KINDS] = {"DIPOLE", "QUADRUPOLE", "POLARIZABILITY"};

static void table(FILE *out, const char *name, const char *what, const char *rows, size_t count,
                  const unsigned (*row)[3])
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

static void tiles_table(FILE *out, const char *name, const char *what, const tensor_program *p)
{
    char both[128];
    snprintf(both, sizeof both, "%s_%s", name, what);
    emit_tiles(out, both, &p->tiles);
}

/* ---- the record --------------------------------------------------------------------------------------- */

void emit_tensor(FILE *out, const char *name, const basis *b, const program *potential, const tensor_basis *t,
                 const tensor_program *p)
{
    const composition *c = b->composition;
    const char *what = tensor_name(t->kind);
    fprintf(
        out,
        "\n/*\n * %s of degree %d: %zu terms, each an invariant factor times one of %zu tensor factors,\n",
        what, t->degree, p->nterms, p->nvectors);
    fprintf(out, " * of which %zu are generators; as many terms as independent covariants.\n *\n",
            p->ngenerators);
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
    tiles_table(out, name, what, p);
    const bool straight = emit_tensor_code(out, name, what, potential, p);
    fprintf(out, "static const unsigned short %s_%s_reference[] = {", name, what);
    int nreference = 0;
    for (int i = 0; i < c->natoms; i++)
        if (c->class_of[i] == t->reference)
            fprintf(out, "%s%d", nreference++ ? ", " : "", i);
    fprintf(out, "};\n");
    fprintf(out, "enum { %s_%s_NSLOTS = %zu, %s_%s_NVECTORS = %zu };\n", name, what, p->nslots, name, what,
            p->nvectors);
    fprintf(out, "static const eqml_tensor_basis %s_%s_basis = {\n", name, what);
    fprintf(out, "    EQML_%s, %d, %zu, %zu, %zu, /* degree, terms, tensor factors, generators of these */\n",
            constant[t->kind], t->degree, p->nterms, p->nvectors, p->ngenerators);
    fprintf(
        out,
        "    %zu, %zu, %zu, %zu, %zu, %zu, %zu, %d, /* slots, operations, elements, products, runs, rows, "
        "tiles, reference */\n",
        p->nslots, p->noperations, p->nelements, p->nproducts, p->nruns, p->tiles.nrows, p->tiles.ntiles,
        nreference);
    fprintf(out,
            "    %s_%s_operations, %s_%s_elements, %s_%s_products,\n    %s_%s_runs, %s_%s_rows, %s_%s_tiles, "
            "%s_%s_reference,\n",
            name, what, name, what, name, what, name, what, name, what, name, what, name, what);
    if (straight)
        fprintf(out,
                "    %s_%s_forward_one, %s_%s_forward_lanes, %s_%s_reverse_lanes,\n    %s_%s_charges_one, "
                "%s_%s_charges_lanes};\n",
                name, what, name, what, name, what, name, what, name, what);
    else
        fprintf(out, "    0, 0, 0, 0, 0};\n");
}

void emit_tensor_functions(FILE *out, const char *name, const tensor_basis *t)
{
    fprintf(out, "EQML_BASIS_TENSOR_FUNCTIONS(%s, %s, EQML_%s)\n", name, tensor_name(t->kind),
            constant[t->kind]);
}

void emit_tensor_statistics(FILE *out, const basis *b, const tensor_basis *t, const tensor_program *p)
{
    const char *what = tensor_name(t->kind);
    size_t *terms = xcalloc((size_t)t->degree + 1, sizeof *terms);
    tensor_terms_by_degree(t, terms);
    fprintf(out, "  \"%s_degree\": %d,\n  \"%s_terms\": %zu,\n  \"%s_terms_by_degree\": [", what, t->degree,
            what, p->nterms, what);
    for (int d = 0; d <= t->degree; d++)
        fprintf(out, "%s%zu", d ? ", " : "", terms[d]);
    fprintf(out, "],\n  \"%s_covariants_by_degree\": [", what);
    for (int d = 0; d <= t->degree; d++)
        fprintf(out, "%s%llu", d ? ", " : "", (unsigned long long)t->covariants_by_degree[d]);
    fprintf(out, "],\n  \"%s_generators\": %zu,\n  \"%s_orbit_sums\": %zu,\n", what, p->ngenerators, what,
            tensor_orbit_sums(b, t));
    fprintf(out, "  \"%s_vector_factors\": %zu,\n  \"%s_operations\": %zu,\n", what, p->nvectors, what,
            p->noperations);
    free(terms);
}
