#include "emit_tensor.h"
#include "emit.h"
#include "line.h"
#include "memory.h"
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
    line l = {out, 0, "    ", ""};
    fprintf(out, "static const eqml_tile %s_%s_tiles[] = {\n", name, what);
    put_tiles(&l, p->ntiles, p->tile);
    fprintf(out, "};\n");
}

/* ---- straight-line code ------------------------------------------------------------------------------- */

/* Statements over arrays, cut into functions that compilers can bear: see emit_code.c. */
typedef struct pieces {
    line line;
    const char *parameters, *arguments;
    unsigned count;
    size_t length, total; /* operations in this piece, and in all */
} pieces;

/* Long sums are added up in groups: a chain of dependent additions takes four cycles for each. */
enum { PIECE_OPERATIONS = 200, SUM_OPERATIONS = 48, GROUP_OPERATIONS = 8 };

static void open_piece(pieces *p)
{
    if (p->total <= PIECE_OPERATIONS)
        fprintf(p->line.out, "    EQML_INLINE void NAME(%s) \\\n    { \\\n", p->parameters);
    else
        fprintf(p->line.out, "    EQML_NOINLINE void NAME##_%u(%s) \\\n    { \\\n", p->count, p->parameters);
    p->count++;
    p->length = 0;
}

/* A function may have no use for one of its arguments. */
static void close_piece(pieces *p)
{
    end_line(&p->line);
    fprintf(p->line.out, "        (void)s, (void)%s; \\\n    } \\\n", strrchr(p->arguments, ' ') + 1);
}

static pieces open_pieces(FILE *out, const char *name, const char *what, const char *part,
                          const char *parameters, const char *arguments, size_t total)
{
    pieces p = {{out, 0, "        ", " \\"}, parameters, arguments, 0, 0, total};
    fprintf(out, "#define %s_%s_%s(NAME, T) \\\n", name, what, part);
    open_piece(&p);
    return p;
}

static void next_statement(pieces *p, size_t operations)
{
    if (p->length && p->length + operations > PIECE_OPERATIONS && p->total > PIECE_OPERATIONS) {
        close_piece(p);
        open_piece(p);
    }
    p->length += operations;
}

static void close_pieces(pieces *p)
{
    close_piece(p);
    if (p->total > PIECE_OPERATIONS) {
        fprintf(p->line.out, "    EQML_FUNCTION void NAME(%s) \\\n    { \\\n", p->parameters);
        for (unsigned k = 0; k < p->count; k++) {
            char item[64];
            snprintf(item, sizeof item, "NAME##_%u(%s); ", k, p->arguments);
            put_item(&p->line, item);
        }
        end_line(&p->line);
        fprintf(p->line.out, "    } \\\n");
    }
    fprintf(p->line.out, "\n");
}

static size_t operations_of_target(const tensor_program *p, size_t first)
{
    size_t end = first;
    while (end < p->noperations && p->operation[end].target == p->operation[first].target)
        end++;
    return end - first;
}

/* The late covariants, a statement for each target; what a statement reads is finished before it. */
static void forward_code(FILE *out, const char *name, const char *what, const tensor_program *p)
{
    pieces code = open_pieces(out, name, what, "FORWARD", "T *s", " s", p->noperations);
    char item[96];
    for (size_t k = 0, count; k < p->noperations; k += count) {
        count = operations_of_target(p, k);
        next_statement(&code, count);
        for (size_t i = k; i < k + count; i++) {
            const operation *o = &p->operation[i];
            int n = i > k ? snprintf(item, sizeof item, "+ ")
                          : snprintf(item, sizeof item, "s[%u] = ", o->target);
            n += snprintf(item + n, sizeof item - (size_t)n, "s[%u]", o->left);
            if (o->right != p->one)
                n += snprintf(item + n, sizeof item - (size_t)n, "*s[%u]", o->right);
            snprintf(item + n, sizeof item - (size_t)n, "%s", i + 1 < k + count ? " " : "; ");
            put_item(&code.line, item);
        }
    }
    close_pieces(&code);
}

/* And their adjoints in reverse. */
static void reverse_code(FILE *out, const char *name, const char *what, const tensor_program *p)
{
    pieces code = open_pieces(out, name, what, "REVERSE", "const T *s, T *a", "s, a", 2 * p->noperations);
    char item[96];
    for (size_t k = p->noperations; k-- > 0;) {
        const operation *o = &p->operation[k];
        next_statement(&code, 2);
        if (o->right == p->one)
            snprintf(item, sizeof item, "a[%u] += a[%u]; ", o->left, o->target);
        else
            snprintf(item, sizeof item, "a[%u] += a[%u]*s[%u]; ", o->left, o->target, o->right);
        put_item(&code.line, item);
        if (o->right == p->one)
            continue;
        snprintf(item, sizeof item, "a[%u] += a[%u]*s[%u]; ", o->right, o->target, o->left);
        put_item(&code.line, item);
    }
    close_pieces(&code);
}

static int compare_carriers(const void *x, const void *y)
{
    const unsigned *a = x, *b = y;
    if (a[2] != b[2])
        return a[2] < b[2] ? -1 : 1;
    return a[0] < b[0] ? -1 : a[0] > b[0];
}

/* The weights of products go to their generators, and from these to what carries the tensor. */
static void charges_code(FILE *out, const char *name, const char *what, const tensor_program *p,
                         size_t factor0)
{
    pieces code = open_pieces(out, name, what, "CHARGES", "const T *s, T *w, T *q", "s, w, q",
                              p->nproducts + p->nelements);
    unsigned(*element)[3] = xcalloc(p->nelements + 1, sizeof *element);
    char item[96];
    for (size_t k = p->nproducts; k-- > 0;) {
        next_statement(&code, 1);
        snprintf(item, sizeof item, "w[%u] += s[%zu]*w[%u]; ", p->product[k][2], factor0 + p->product[k][1],
                 p->product[k][0]);
        put_item(&code.line, item);
    }
    memcpy(element, p->element, p->nelements * sizeof *element);
    qsort(element, p->nelements, sizeof *element, compare_carriers);
    for (size_t k = 0, end; k < p->nelements; k = end) {
        for (end = k; end < p->nelements && end < k + SUM_OPERATIONS && element[end][2] == element[k][2];)
            end++;
        next_statement(&code, end - k);
        const bool first = k == 0 || element[k - 1][2] != element[k][2];
        for (size_t i = k; i < end; i++) {
            const bool opens = (i - k) % GROUP_OPERATIONS == 0, last = i + 1 == end;
            const bool closes = last || (i + 1 - k) % GROUP_OPERATIONS == 0;
            int n = i > k ? snprintf(item, sizeof item, "+ ")
                          : snprintf(item, sizeof item, "q[%u] %s ", element[k][2], first ? "=" : "+=");
            n += snprintf(item + n, sizeof item - (size_t)n, "%sw[%u]", opens ? "(" : "", element[i][0]);
            if (element[i][1] != p->one)
                n += snprintf(item + n, sizeof item - (size_t)n, "*s[%u]", element[i][1]);
            snprintf(item + n, sizeof item - (size_t)n, "%s%s", closes ? ")" : "", last ? "; " : " ");
            put_item(&code.line, item);
        }
    }
    free(element);
    close_pieces(&code);
}

/* None also where there is nothing to do, as for the dipole of "O2". */
static bool has_code(const tensor_program *p)
{
    return p->nvectors && p->noperations + p->nproducts + p->nelements <= STRAIGHT_LINE_TENSOR_LIMIT;
}

static void code(FILE *out, const char *name, const char *what, const tensor_program *p, size_t factor0)
{
    static const char *const part[][3] = {{"FORWARD", "forward_one", "double"},
                                          {"FORWARD", "forward_lanes", "eqml_lanes"},
                                          {"REVERSE", "reverse_lanes", "eqml_lanes"},
                                          {"CHARGES", "charges_one", "double"},
                                          {"CHARGES", "charges_lanes", "eqml_lanes"}};
    forward_code(out, name, what, p);
    reverse_code(out, name, what, p);
    charges_code(out, name, what, p, factor0);
    for (size_t k = 0; k < sizeof part / sizeof *part; k++)
        fprintf(out, "%s_%s_%s(%s_%s_%s, %s)\n", name, what, part[k][0], name, what, part[k][1], part[k][2]);
    fprintf(out, "#undef %s_%s_FORWARD\n#undef %s_%s_REVERSE\n#undef %s_%s_CHARGES\n", name, what, name, what,
            name, what);
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
    if (has_code(p))
        code(out, name, what, p, potential->factor0);
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
        "    %zu, %zu, %zu, %zu, %zu, %zu, %zu, %d, /* slots, operations, elements, products, runs, tiles, "
        "packed, reference */\n",
        p->nslots, p->noperations, p->nelements, p->nproducts, p->nruns, p->ntiles, p->npacked, nreference);
    fprintf(out,
            "    %s_%s_operations, %s_%s_elements, %s_%s_products,\n    %s_%s_runs, %s_%s_tiles, "
            "%s_%s_reference,\n",
            name, what, name, what, name, what, name, what, name, what, name, what);
    if (has_code(p))
        fprintf(out,
                "    %s_%s_forward_one, %s_%s_forward_lanes, %s_%s_reverse_lanes,\n    %s_%s_charges_one, "
                "%s_%s_charges_lanes};\n",
                name, what, name, what, name, what, name, what, name, what);
    else
        fprintf(out, "    0, 0, 0, 0, 0};\n");
}

void emit_tensor_functions(FILE *out, const char *name, const tensor_basis *t)
{
    fprintf(out, "EQML_MODEL_TENSOR_FUNCTIONS(%s, %s, EQML_%s)\n", name, tensor_name(t->kind),
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
