#include "emit_tensor_code.h"
#include "emit.h"
#include "functions.h"
#include "memory.h"
#include "uses.h"
#include <stdlib.h>
#include <string.h>

/* Long sums are added up in groups: a chain of dependent additions takes four cycles for each. */
enum { INLINED_OPERATIONS = 200, SUM_OPERATIONS = 48, GROUP_OPERATIONS = 8 };

static size_t operations_of_target(const tensor_program *p, size_t first)
{
    size_t end = first;
    while (end < p->noperations && p->operation[end].target == p->operation[first].target)
        end++;
    return end - first;
}

/* The late covariants, a statement for each target; what a statement reads is finished before it. */
static void forward_code(FILE *out, const char *basis, const tensor_program *p)
{
    const signature with = {.parameters = "T *s",
                            .names = "s",
                            .opening = "",
                            .closing = "",
                            .inlined = p->noperations <= INLINED_OPERATIONS};
    functions f = functions_open(out, basis, "FORWARD", &with);
    char item[96];
    for (size_t k = 0, count; k < p->noperations; k += count) {
        count = operations_of_target(p, k);
        functions_reserve(&f, count);
        for (size_t i = k; i < k + count; i++) {
            const operation *o = &p->operation[i];
            int n = i > k ? snprintf(item, sizeof item, "+ ")
                          : snprintf(item, sizeof item, "s[%u] = ", o->target);
            n += snprintf(item + n, sizeof item - (size_t)n, "s[%u]", o->left);
            if (o->right != p->one)
                n += snprintf(item + n, sizeof item - (size_t)n, "*s[%u]", o->right);
            snprintf(item + n, sizeof item - (size_t)n, "%s", i + 1 < k + count ? " " : "; ");
            put_item(&f.line, item);
        }
    }
    functions_close(&f);
}

/* What one slot adds to its adjoint, which holds what the tensor's own adjoints are there. */
static void put_adjoint(functions *f, const uses *u, unsigned slot, unsigned one)
{
    const size_t begin = u->first[slot], end = u->first[slot + 1];
    char item[96];
    for (size_t i = begin; i < end; i++) {
        const bool opens = (i - begin) % SUM_OPERATIONS == 0;
        const bool closes = i + 1 == end || (i + 1 - begin) % SUM_OPERATIONS == 0;
        if (opens)
            functions_reserve(f, end - i < SUM_OPERATIONS ? end - i : SUM_OPERATIONS);
        int n = opens ? snprintf(item, sizeof item, "a[%u] += ", slot) : snprintf(item, sizeof item, "+ ");
        n += snprintf(item + n, sizeof item - (size_t)n, "a[%u]", u->use[i][0]);
        if (u->use[i][1] != one)
            n += snprintf(item + n, sizeof item - (size_t)n, "*s[%u]", u->use[i][1]);
        snprintf(item + n, sizeof item - (size_t)n, "%s", closes ? "; " : " ");
        put_item(&f->line, item);
    }
}

/* The way back to the pair variables: through the late covariants, then through the potential. */
static void reverse_code(FILE *out, const char *basis, const program *potential, const tensor_program *p)
{
    static const signature with = {
        .parameters = "const T *s, T *a", .names = "s, a", .opening = "", .closing = ""};
    const size_t count = potential->noperations + p->noperations;
    operation *list = xcalloc(count + 1, sizeof *list);
    memcpy(list, potential->operation, potential->noperations * sizeof *list);
    for (size_t k = 0; k < p->noperations; k++)
        list[potential->noperations + k] = p->operation[k];
    uses u = uses_of(p->nslots, p->one, count, list);
    functions f = functions_open(out, basis, "REVERSE", &with);
    for (size_t k = count; k-- > 0;)
        if (k == 0 || list[k].target != list[k - 1].target)
            put_adjoint(&f, &u, list[k].target, p->one);
    for (unsigned slot = 0; slot < potential->npairs; slot++)
        put_adjoint(&f, &u, slot, p->one);
    functions_close(&f);
    uses_free(&u);
    free(list);
}

static int compare_carriers(const void *x, const void *y)
{
    const unsigned *a = x, *b = y;
    if (a[2] != b[2])
        return a[2] < b[2] ? -1 : 1;
    return a[0] < b[0] ? -1 : a[0] > b[0];
}

/* The weights of products go to their generators, and from these to what carries the tensor. */
static void charges_code(FILE *out, const char *basis, const tensor_program *p)
{
    const signature with = {.parameters = "const T *s, T *w, T *q",
                            .names = "s, w, q",
                            .opening = "",
                            .closing = "",
                            .inlined = p->nproducts + p->nelements <= INLINED_OPERATIONS};
    functions f = functions_open(out, basis, "CHARGES", &with);
    unsigned(*element)[3] = xcalloc(p->nelements + 1, sizeof *element);
    char item[96];
    for (size_t k = p->nproducts; k-- > 0;) {
        functions_reserve(&f, 1);
        snprintf(item, sizeof item, "w[%u] += s[%u]*w[%u]; ", p->product[k][2], p->one + p->product[k][1],
                 p->product[k][0]);
        put_item(&f.line, item);
    }
    memcpy(element, p->element, p->nelements * sizeof *element);
    qsort(element, p->nelements, sizeof *element, compare_carriers);
    for (size_t k = 0, end; k < p->nelements; k = end) {
        for (end = k; end < p->nelements && end < k + SUM_OPERATIONS && element[end][2] == element[k][2];)
            end++;
        functions_reserve(&f, end - k);
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
            put_item(&f.line, item);
        }
    }
    free(element);
    functions_close(&f);
}

/* None also where there is nothing to do, as for the dipole of "O2". */
static bool has_code(const program *potential, const tensor_program *p)
{
    return p->nvectors && potential->noperations + p->noperations + p->nproducts + p->nelements <=
                              STRAIGHT_LINE_TENSOR_LIMIT;
}

bool emit_tensor_code(FILE *out, const char *name, const char *what, const program *potential,
                      const tensor_program *p)
{
    static const char *const part[][3] = {{"FORWARD", "forward_one", "double"},
                                          {"FORWARD", "forward_lanes", "eqml_lanes"},
                                          {"REVERSE", "reverse_lanes", "eqml_lanes"},
                                          {"CHARGES", "charges_one", "double"},
                                          {"CHARGES", "charges_lanes", "eqml_lanes"}};
    if (!has_code(potential, p))
        return false;
    char *basis = xcalloc(strlen(name) + strlen(what) + 2, 1);
    sprintf(basis, "%s_%s", name, what);
    forward_code(out, basis, p);
    reverse_code(out, basis, potential, p);
    charges_code(out, basis, p);
    for (size_t k = 0; k < sizeof part / sizeof *part; k++)
        fprintf(out, "%s_%s(%s_%s, %s, double)\n", basis, part[k][0], basis, part[k][1], part[k][2]);
    fprintf(out, "#undef %s_FORWARD\n#undef %s_REVERSE\n#undef %s_CHARGES\n", basis, basis, basis);
    free(basis);
    return true;
}
