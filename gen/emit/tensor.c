#include "emit/tensor.h"
#include "emit/tables.h"
#include "emit/tensor_code.h"
#include "base/memory.h"
#include <stdlib.h>

enum { ITEMS_ON_A_LINE = 8 };

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
    const operation_list *l = &p->operations;
    unsigned(*row)[3] = xcalloc(l->count, sizeof *row);
    for (size_t k = 0; k < l->count; k++) {
        row[k][0] = l->item[k].target;
        row[k][1] = l->item[k].left;
        row[k][2] = l->item[k].right;
    }
    table(out, name, what, "operations", l->count, (const unsigned(*)[3])row);
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

void emit_tensor(FILE *out, const char *name, const program *potential, const tensor_description *t)
{
    const tensor_program *p = t->program;
    const char *what = t->name;
    fprintf(
        out,
        "\n/*\n * %s of degree %d: %zu terms, each an invariant factor times one of %zu tensor factors,\n",
        what, t->degree, p->nterms, p->nvectors);
    fprintf(out, " * of which %zu are generators; as many terms as independent covariants.\n *\n",
            p->ngenerators);
    fprintf(out, " *   degree       terms\n");
    for (int d = 0; d <= t->degree; d++)
        fprintf(out, " *   %6d  %10zu\n", d, t->terms[d]);
    fprintf(out, " */\n");
    operations_table(out, name, what, p);
    table(out, name, what, "elements", p->nelements, (const unsigned(*)[3])p->element);
    table(out, name, what, "products", p->nproducts, (const unsigned(*)[3])p->product);
    runs_table(out, name, what, p);
    tiles_table(out, name, what, p);
    const bool straight = emit_tensor_code(out, name, what, potential, p);
    fprintf(out, "static const unsigned short %s_%s_reference[] = {", name, what);
    for (int k = 0; k < t->nreference; k++)
        fprintf(out, "%s%d", k ? ", " : "", t->reference[k]);
    fprintf(out, "};\n");
    fprintf(out, "enum { %s_%s_NSLOTS = %zu, %s_%s_NVECTORS = %zu };\n", name, what, p->nslots, name, what,
            p->nvectors);
    fprintf(out, "static const eqml_tensor_basis %s_%s_basis = {\n", name, what);
    fprintf(out, "    EQML_%s, %d, %zu, %zu, %zu, /* degree, terms, tensor factors, generators of these */\n",
            t->constant, t->degree, p->nterms, p->nvectors, p->ngenerators);
    fprintf(
        out,
        "    %zu, %zu, %zu, %zu, %zu, %zu, %zu, %d, /* slots, operations, elements, products, runs, rows, "
        "tiles, reference */\n",
        p->nslots, p->operations.count, p->nelements, p->nproducts, p->nruns, p->tiles.nrows, p->tiles.ntiles,
        t->nreference);
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

void emit_tensor_functions(FILE *out, const char *name, const tensor_description *t)
{
    fprintf(out, "EQML_BASIS_TENSOR_FUNCTIONS(%s, %s, EQML_%s)\n", name, t->name, t->constant);
}
