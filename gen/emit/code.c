#include "emit/code.h"
#include "emit/fours.h"
#include "emit/matrices.h"
#include "emit/rows.h"
#include "emit/functions.h"
#include "base/memory.h"
#include "program/copies.h"
#include "program/uses.h"
#include <stdlib.h>
#include <string.h>

typedef struct code {
    functions f;
    const char *name;
    const program *p;
    unsigned *slot_piece, *adjoint_piece; /* [nslots] the last piece that has the value in a variable */
} code;

static code open_code(FILE *out, const char *name, const program *p, const char *macro, const signature *with)
{
    code c = {functions_open(out, name, macro, with), name, p, NULL, NULL};
    c.slot_piece = xcalloc(p->nslots, sizeof *c.slot_piece);
    c.adjoint_piece = xcalloc(p->nslots, sizeof *c.adjoint_piece);
    return c;
}

static void close_code(code *c)
{
    functions_close(&c->f);
    free(c->slot_piece);
    free(c->adjoint_piece);
}

/* Values that this function has loaded or computed are local variables: x of slots, a of adjoints. */
static void put_load(code *c, char variable, unsigned slot)
{
    unsigned *piece = variable == 'x' ? &c->slot_piece[slot] : &c->adjoint_piece[slot];
    if (*piece == c->f.piece)
        return;
    *piece = c->f.piece;
    char item[64];
    snprintf(item, sizeof item, "const T %c%u = %c[%u]; ", variable, slot, variable == 'x' ? 's' : 'a', slot);
    put_item(&c->f.line, item);
}

/*
 * The slots of copies, which this code does without, for those who read the table of operations after it: where
 * there are no vectors, a Hessian; tensors everywhere.
 */
static void put_copies(functions *f, const copies *c, bool everywhere)
{
    char item[96];
    const char *before = everywhere ? "" : "if (EQML_LANES == 1) { ", *after = "";
    for (unsigned slot = 0; slot < c->rest.factor0; slot++) {
        if (c->source[slot] == slot)
            continue;
        snprintf(item, sizeof item, "%ss[%u] = s[%u]; ", before, slot, c->source[slot]);
        put_item(&f->line, item);
        before = "";
        after = everywhere ? "" : "} ";
    }
    put_item(&f->line, after);
}

/* Their adjoints have gone to their sources: nothing is left for the Hessian to take there. */
static void put_copies_back(functions *f, const copies *c)
{
    char item[96];
    const char *before = "if (EQML_LANES == 1) { ", *after = "";
    for (unsigned slot = 0, end; slot < c->rest.factor0; slot = end) {
        for (end = slot; c->source[end] != end;)
            end++;
        if (end == slot) {
            end++;
            continue;
        }
        snprintf(item, sizeof item, "%smemset(a + %u, 0, %u * sizeof *a); ", before, slot, end - slot);
        put_item(&f->line, item);
        before = "";
        after = "} ";
    }
    put_item(&f->line, after);
}

static const signature forward = {FORWARD_SIGNATURE, "", "", false};

/* The targets of operations [begin, end). */
static void put_targets(code *c, size_t begin, size_t end)
{
    const program *p = c->p;
    char item[96];
    for (size_t k = begin, next; k < end; k = next) {
        const matrix_step *step = matrix_step_from(&p->matrices, k);
        if (step) {
            put_step(&c->f, c->name, p, step);
            next = step->end;
            continue;
        }
        unsigned target = p->operations.item[k].target;
        next = next_target(&p->operations, k);
        functions_reserve(&c->f, next - k);
        for (size_t i = k; i < next; i++) {
            put_load(c, 'x', p->operations.item[i].left);
            if (p->operations.item[i].right != p->factor0)
                put_load(c, 'x', p->operations.item[i].right);
        }
        snprintf(item, sizeof item, "const T x%u =", target);
        put_item(&c->f.line, item);
        if (target >= p->factor0) {
            snprintf(item, sizeof item, " EQML_ADD(offset[%zu],", target - p->factor0);
            put_item(&c->f.line, item);
        }
        for (size_t i = k; i < next; i++) {
            const operation *o = &p->operations.item[i];
            int n = snprintf(item, sizeof item, "%s ", i > k ? " +" : "");
            n += print_coefficient(item + n, sizeof item - (size_t)n,
                                   operations_coefficient(&p->operations, i));
            n += snprintf(item + n, sizeof item - (size_t)n, "x%u", o->left);
            if (o->right != p->factor0)
                snprintf(item + n, sizeof item - (size_t)n, "*x%u", o->right);
            put_item(&c->f.line, item);
        }
        snprintf(item, sizeof item, "%s; s[%u] = x%u; ", target >= p->factor0 ? ")" : "", target, target);
        put_item(&c->f.line, item);
        c->slot_piece[target] = c->f.piece;
    }
}

static void emit_targets(FILE *out, const char *name, const program *p, const char *macro, size_t begin,
                         size_t end)
{
    code c = open_code(out, name, p, macro, &forward);
    put_targets(&c, begin, end);
    close_code(&c);
}

/* All but factors of contractions, and of products. */
static void emit_forward(FILE *out, const char *name, const copies *copies, bool tensors)
{
    const program *p = &copies->rest;
    code c = open_code(out, name, p, "FORWARD", &forward);
    put_targets(&c, 0, p->rows.nrows ? p->contractions : p->operations.count);
    put_copies(&c.f, copies, tensors);
    close_code(&c);
}

/* Derivatives of all slots along one direction: those of the variables are given. */
static void emit_tangent(FILE *out, const char *name, const program *p)
{
    static const signature with = {
        "const T *s, T *a", "s, a", "T *const *s, T *const *a", "s[k], a[k]", "", "", false};
    code c = open_code(out, name, p, "TANGENT", &with);
    char item[160];
    for (size_t k = 0; k < p->operations.count;) {
        size_t end = next_target(&p->operations, k);
        unsigned target = p->operations.item[k].target;
        functions_reserve(&c.f, 2 * (end - k));
        for (size_t i = k; i < end; i++) {
            const operation *o = &p->operations.item[i];
            put_load(&c, 'a', o->left);
            if (o->right == p->factor0)
                continue;
            put_load(&c, 'x', o->left);
            put_load(&c, 'a', o->right);
            put_load(&c, 'x', o->right);
        }
        snprintf(item, sizeof item, "const T a%u =", target);
        put_item(&c.f.line, item);
        for (size_t i = k; i < end; i++) {
            const operation *o = &p->operations.item[i];
            const double coefficient = operations_coefficient(&p->operations, i);
            int n = snprintf(item, sizeof item, "%s ", i > k ? " +" : "");
            n += print_coefficient(item + n, sizeof item - (size_t)n, coefficient);
            n += snprintf(item + n, sizeof item - (size_t)n, "a%u", o->left);
            if (o->right != p->factor0) {
                n += snprintf(item + n, sizeof item - (size_t)n, "*x%u + ", o->right);
                n += print_coefficient(item + n, sizeof item - (size_t)n, coefficient);
                snprintf(item + n, sizeof item - (size_t)n, "x%u*a%u", o->left, o->right);
            }
            put_item(&c.f.line, item);
        }
        snprintf(item, sizeof item, "; a[%u] = a%u; ", target, target);
        put_item(&c.f.line, item);
        c.adjoint_piece[target] = c.f.piece;
        k = end;
    }
    close_code(&c);
}

/* The adjoint of one slot as a sum over its uses; those that are `stored` begin with what is there. */
static void put_adjoint(code *c, const uses *u, unsigned slot, bool stored)
{
    const program *p = c->p;
    char item[96];
    bool variable = slot < p->ninputs;
    if (u->first[slot] == u->first[slot + 1]) {
        snprintf(item, sizeof item, "memset(a + %u, 0, sizeof *a); ", slot);
        if (!stored)
            put_item(&c->f.line, item);
        return;
    }
    functions_reserve(&c->f, u->first[slot + 1] - u->first[slot]);
    for (size_t i = u->first[slot]; i < u->first[slot + 1]; i++) {
        put_load(c, 'a', u->use[i].target);
        if (u->use[i].other != p->factor0)
            put_load(c, 'x', u->use[i].other);
    }
    snprintf(item, sizeof item, variable ? "a[%u] =" : "const T a%u =", slot);
    put_item(&c->f.line, item);
    if (stored) {
        snprintf(item, sizeof item, " a[%u]", slot);
        put_item(&c->f.line, item);
    }
    for (size_t i = u->first[slot]; i < u->first[slot + 1]; i++) {
        bool first = i == u->first[slot] && !stored;
        int n = snprintf(item, sizeof item, "%s ", first ? "" : " +");
        n += print_coefficient(item + n, sizeof item - (size_t)n, uses_coefficient(u, i));
        n += snprintf(item + n, sizeof item - (size_t)n, "a%u", u->use[i].target);
        if (u->use[i].other != p->factor0)
            snprintf(item + n, sizeof item - (size_t)n, "*x%u", u->use[i].other);
        put_item(&c->f.line, item);
    }
    put_item(&c->f.line, "; ");
    if (variable)
        return;
    snprintf(item, sizeof item, "a[%u] = a%u; ", slot, slot); /* for the functions that follow */
    put_item(&c->f.line, item);
    c->adjoint_piece[slot] = c->f.piece;
}

/* Adjoints of the targets of operations [0, end), the last one first: of the factors, or of all others. */
static void put_adjoints(code *c, const uses *u, const bool *stored, bool *begun, bool factors, size_t end)
{
    const program *p = c->p;
    while (end > 0) {
        const matrix_step *step = matrix_step_until(&p->matrices, end);
        if (step && !factors) {
            for (unsigned x = 0; x < p->matrices.form[step->form].ntarget; x++)
                put_adjoint(c, u, step->target + x, stored[step->target]);
            put_step_back(&c->f, c->name, p, step, begun);
        }
        if (step && (!factors || p->matrices.form[step->form].kind != MATRIX_SUM)) {
            end = step->first;
            continue;
        }
        unsigned target = p->operations.item[end - 1].target;
        if ((target >= p->factor0) == factors)
            put_adjoint(c, u, target, factors || stored[target]);
        while (end > 0 && p->operations.item[end - 1].target == target)
            end--;
    }
}

/* Adjoints that begin with what is there: rows of contractions write theirs, and matrices. */
static bool *find_stored(const program *p, const unsigned *source)
{
    bool *stored = xcalloc(p->nslots, sizeof *stored);
    for (size_t r = 0; r < p->rows.nrows; r++)
        for (unsigned x = 0; x < p->rows.row[r].count; x++)
            stored[source ? source[p->rows.row[r].slot + x] : p->rows.row[r].slot + x] = true;
    mark_operands(p, stored);
    return stored;
}

/* The factors first: all else follows from their adjoints, those of covariants by way of their rows. */
static void emit_adjoints(FILE *out, const char *name, const copies *copies)
{
    const program *p = &copies->rest;
    bool *stored = find_stored(p, copies->source), *begun = rows_begun(p);
    uses u = uses_create(p);
    static const signature with = {REVERSE_SIGNATURE, "", "", false};
    code c = open_code(out, name, p, p->rows.nrows ? "REVERSE_PRODUCTS" : "REVERSE", &with);
    put_adjoints(&c, &u, stored, begun, true, p->linear);
    if (p->rows.nrows) {
        close_code(&c);
        c = open_code(out, name, p, "REVERSE", &with);
    }
    put_adjoints(&c, &u, stored, begun, false, p->contractions);
    for (unsigned slot = 0; slot < p->ninputs; slot++)
        put_adjoint(&c, &u, slot, stored[slot]);
    put_copies_back(&c.f, copies);
    close_code(&c);
    uses_free(&u);
    free(stored);
    free(begun);
}

void emit_orbit_code(FILE *out, const char *name, const program *p)
{
    const char *n = name;
    fprintf(out, "\n/* The operations as straight-line code; s: slots, a: derivatives. */\n");
    emit_targets(out, name, p, "FORWARD", 0, p->operations.count);
    emit_tangent(out, name, p);
    fprintf(out, "%s_FORWARD(%s_forward_one, double, double)\n", n, n);
    fprintf(out, "%s_TANGENT(%s_tangent_one, double, double)\n", n, n);
    fprintf(out, "#undef %s_FORWARD\n#undef %s_TANGENT\n", n, n);
}

/* Defines the function `function` of one type of numbers: types "T, NUMBER". */
static void define(FILE *out, const char *name, const char *macro, const char *function, const char *suffix,
                   const char *types)
{
    fprintf(out, "%s_%s(%s_%s_%s, %s)\n", name, macro, name, function, suffix, types);
}

/* With rows: the parts of both sweeps, and the sweeps. For one geometry the rows are in vectors of four. */
static void define_parts(FILE *out, const char *name, bool one, const char *suffix, const char *types)
{
    static const char *const parts[][2] = {{"FORWARD", "covariants"},
                                           {"CONTRACT", "contract"},
                                           {"LINEAR", "linear"},
                                           {"GATHER", "gather"},
                                           {"REVERSE", "covariants_back"}};
    enum { PARTS = sizeof parts / sizeof *parts };
    char four[32];
    define(out, name, "PRODUCTS", "products", suffix, types);
    define(out, name, "REVERSE_PRODUCTS", "products_back", suffix, types);
    fprintf(out, one ? "#if EQML_LANES > 1\n" : "");
    for (int k = 0; k < PARTS && one; k++) {
        snprintf(four, sizeof four, "FOUR_%s", parts[k][0]);
        define(out, name, four, parts[k][1], suffix, types);
    }
    fprintf(out, one ? "#else\n" : "");
    for (int k = 0; k < PARTS; k++)
        define(out, name, parts[k][0], parts[k][1], suffix, types);
    fprintf(out, "%sEQML_SWEEPS(%s, %s, %s)\n", one ? "#endif\n" : "", name, suffix, types);
}

void emit_code(FILE *out, const char *name, const program *p, bool tensors)
{
    static const char *const macros[] = {"FORWARD",       "REVERSE",     "PRODUCTS",    "REVERSE_PRODUCTS",
                                         "CONTRACT",      "LINEAR",      "GATHER",      "FOUR_FORWARD",
                                         "FOUR_CONTRACT", "FOUR_LINEAR", "FOUR_GATHER", "FOUR_REVERSE"};
    static const char *const types[] = {"double, double", "eqml_lanes, double", "eqml_floats, float"};
    static const char *const suffix[] = {"one", "lanes", "floats"};
    const bool rows = p->rows.nrows > 0;
    copies c = copies_find(p);
    emit_matrices(out, name, p);
    fprintf(
        out,
        "\n/* The operations as straight-line code, for each type of number T; s: slots, a: adjoints. */\n");
    emit_forward(out, name, &c, tensors);
    emit_adjoints(out, name, &c);
    if (rows) {
        uses u = uses_create(p);
        bool *stored = find_stored(p, NULL);
        emit_targets(out, name, p, "PRODUCTS", p->products, p->linear);
        emit_rows(out, name, p, c.source);
        emit_fours(out, name, p, &u, stored);
        uses_free(&u);
        free(stored);
    }
    copies_free(&c);
    for (int t = 0; t < 3; t++) {
        if (rows) {
            define_parts(out, name, t == 0, suffix[t], types[t]);
        } else {
            define(out, name, "FORWARD", "forward", suffix[t], types[t]);
            define(out, name, "REVERSE", "reverse", suffix[t], types[t]);
        }
    }
    for (size_t k = 0; k < (rows ? sizeof macros / sizeof *macros : 2); k++)
        fprintf(out, "#undef %s_%s\n", name, macros[k]);
}
