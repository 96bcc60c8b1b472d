#include "emit/tensor_code.h"
#include "emit/functions.h"
#include "base/memory.h"
#include "program/uses.h"
#include <stdlib.h>
#include <string.h>

/* Tensors of at most this many operations, products and elements have straight-line code. */
enum { STRAIGHT_LINE_TENSOR_LIMIT = 3000 };

/* Long sums are added up in groups: a chain of dependent additions takes four cycles for each. */
enum { INLINED_OPERATIONS = 200, SUM_OPERATIONS = 48, GROUP_OPERATIONS = 8 };

static size_t operations_of_target(const tensor_program *p, size_t first)
{
    return next_target(&p->operations, first) - first;
}

/* How an operand moves from one to the next of four targets. */
enum step { STEP_NONE = 0, STEP_ONE = 1, STEP_OTHER };

static enum step step_of(unsigned x0, unsigned x1, unsigned x2, unsigned x3)
{
    if (x1 == x0 && x2 == x0 && x3 == x0)
        return STEP_NONE;
    return x1 == x0 + 1 && x2 == x0 + 2 && x3 == x0 + 3 ? STEP_ONE : STEP_OTHER;
}

/* Whether four targets from operation k on, of `count` operations each, are one statement of vectors. */
static bool is_four(const tensor_program *p, size_t k, size_t count)
{
    bool moves = false;
    if (k + 4 * count > p->operations.count)
        return false;
    for (size_t i = k; i < k + count; i++) {
        const operation *o[4];
        for (size_t j = 0; j < 4; j++)
            o[j] = &p->operations.item[i + j * count];
        const enum step target = step_of(o[0]->target, o[1]->target, o[2]->target, o[3]->target);
        const enum step left = step_of(o[0]->left, o[1]->left, o[2]->left, o[3]->left);
        const enum step right = step_of(o[0]->right, o[1]->right, o[2]->right, o[3]->right);
        if (target != STEP_ONE || left == STEP_OTHER || right == STEP_OTHER)
            return false;
        moves |= left == STEP_ONE;
    }
    return moves;
}

static int put_slot(char *item, size_t size, const char *before, unsigned slot, bool four)
{
    return snprintf(item, size, four ? "%sEQML_FOUR(s + %u)" : "%ss[%u]", before, slot);
}

/* One target, or four of them: a sum of products. */
static void put_target(functions *f, const tensor_program *p, size_t k, size_t count, bool four)
{
    char item[128];
    functions_reserve(f, count);
    for (size_t i = k; i < k + count; i++) {
        const operation *o = &p->operations.item[i], *next = four ? &p->operations.item[i + count] : o;
        int n = 0;
        if (i == k)
            n = put_slot(item, sizeof item, "", o->target, four);
        n += snprintf(item + n, sizeof item - (size_t)n, i == k ? " = " : "+ ");
        n += put_slot(item + n, sizeof item - (size_t)n, "", o->left, next->left != o->left);
        if (o->right != p->one)
            n += put_slot(item + n, sizeof item - (size_t)n, "*", o->right, next->right != o->right);
        snprintf(item + n, sizeof item - (size_t)n, "%s", i + 1 < k + count ? " " : "; ");
        put_item(&f->line, item);
    }
}

/*
 * The late covariants, a statement for each target; what a statement reads is finished before it. For one
 * geometry, four elements of a covariant at a time where they are computed alike.
 */
static void forward_code(FILE *out, const char *basis, const char *macro, const tensor_program *p, bool fours)
{
    const signature with = {.parameters = "T *s",
                            .names = "s",
                            .opening = "",
                            .closing = "",
                            .inlined = p->operations.count <= INLINED_OPERATIONS};
    functions f = functions_open(out, basis, macro, &with);
    for (size_t k = 0, count; k < p->operations.count;) {
        count = operations_of_target(p, k);
        const bool four = fours && is_four(p, k, count);
        put_target(&f, p, k, count, four);
        k += four ? 4 * count : count;
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
        n += print_coefficient(item + n, sizeof item - (size_t)n, uses_coefficient(u, i));
        n += snprintf(item + n, sizeof item - (size_t)n, "a[%u]", u->use[i].target);
        if (u->use[i].other != one)
            n += snprintf(item + n, sizeof item - (size_t)n, "*s[%u]", u->use[i].other);
        snprintf(item + n, sizeof item - (size_t)n, "%s", closes ? "; " : " ");
        put_item(&f->line, item);
    }
}

/* The way back to the pair variables: through the late covariants, then through the potential. */
static void reverse_code(FILE *out, const char *basis, const program *potential, const tensor_program *p)
{
    static const signature with = {
        .parameters = "const T *s, T *a", .names = "s, a", .opening = "", .closing = ""};
    const operation_list *part[] = {&potential->operations, &p->operations};
    operation_list list = {0};
    for (int side = 0; side < 2; side++)
        for (size_t k = 0; k < part[side]->count; k++) {
            const operation *o = &part[side]->item[k];
            operations_append_scaled(&list, operations_coefficient(part[side], k), o->target, o->left,
                                     o->right);
        }
    uses u = uses_of(p->nslots, p->one, &list);
    functions f = functions_open(out, basis, "REVERSE", &with);
    for (size_t k = list.count; k-- > 0;)
        if (k == 0 || list.item[k].target != list.item[k - 1].target)
            put_adjoint(&f, &u, list.item[k].target, p->one);
    for (unsigned slot = 0; slot < potential->ninputs; slot++)
        put_adjoint(&f, &u, slot, p->one);
    functions_close(&f);
    uses_free(&u);
    operations_free(&list);
}

/* The elements of one vector factor at four carriers side by side, or at one. */
typedef struct charge {
    unsigned carrier, vector, slot;
    bool four;
} charge;

static int compare_charges(const void *x, const void *y)
{
    const charge *a = x, *b = y;
    if (a->four != b->four)
        return a->four ? -1 : 1;
    if (a->carrier != b->carrier)
        return a->carrier < b->carrier ? -1 : 1;
    return a->vector < b->vector ? -1 : a->vector > b->vector;
}

/* Carriers of one vector stand in order, as its elements do. Returns their number. */
static size_t find_charges(const tensor_program *p, bool fours, charge *list)
{
    size_t count = 0;
    for (size_t k = 0; k < p->nelements;) {
        const unsigned(*e)[3] = (const unsigned(*)[3])p->element + k;
        const bool four = fours && k + 4 <= p->nelements && e[3][0] == e[0][0] &&
                          step_of(e[0][2], e[1][2], e[2][2], e[3][2]) == STEP_ONE &&
                          step_of(e[0][1], e[1][1], e[2][1], e[3][1]) != STEP_OTHER;
        list[count++] = (charge){e[0][2], e[0][0], e[0][1], four};
        k += four ? 4 : 1;
    }
    qsort(list, count, sizeof *list, compare_charges);
    return count;
}

/* Charges that are alike in `four` and carrier: a sum, which is added to what is there. */
static void put_charges(functions *f, const charge *list, size_t count, unsigned one)
{
    char item[128];
    functions_reserve(f, count);
    for (size_t i = 0; i < count; i++) {
        const bool opens = i % GROUP_OPERATIONS == 0;
        const bool closes = i + 1 == count || (i + 1) % GROUP_OPERATIONS == 0;
        int n = i ? snprintf(item, sizeof item, "+ ")
                  : snprintf(item, sizeof item,
                             list->four ? "EQML_FOUR(q + %u) += " : "q[%u] += ", list->carrier);
        n += snprintf(item + n, sizeof item - (size_t)n, "%sw[%u]", opens ? "(" : "", list[i].vector);
        if (list[i].slot != one)
            n += put_slot(item + n, sizeof item - (size_t)n, "*", list[i].slot, list->four);
        snprintf(item + n, sizeof item - (size_t)n, "%s%s", closes ? ")" : "", i + 1 == count ? "; " : " ");
        put_item(&f->line, item);
    }
}

/* The weights of products go to their generators, and from these to what carries the tensor. */
static void charges_code(FILE *out, const char *basis, const char *macro, const tensor_program *p, bool fours)
{
    const signature with = {.parameters = "const T *s, T *w, T *q",
                            .names = "s, w, q",
                            .opening = "",
                            .closing = "",
                            .inlined = p->nproducts + p->nelements <= INLINED_OPERATIONS};
    functions f = functions_open(out, basis, macro, &with);
    charge *list = xcalloc(p->nelements + 1, sizeof *list);
    const size_t count = find_charges(p, fours, list);
    char item[96];
    for (size_t k = p->nproducts; k-- > 0;) {
        functions_reserve(&f, 1);
        snprintf(item, sizeof item, "w[%u] += s[%u]*w[%u]; ", p->product[k][2], p->one + p->product[k][1],
                 p->product[k][0]);
        put_item(&f.line, item);
    }
    for (size_t k = 0, end; k < count; k = end) {
        for (end = k; end < count && end < k + SUM_OPERATIONS && list[end].carrier == list[k].carrier &&
                      list[end].four == list[k].four;)
            end++;
        put_charges(&f, list + k, end - k, p->one);
    }
    free(list);
    functions_close(&f);
}

/* None also where there is nothing to do, as for the dipole of "O2". */
static bool has_code(const program *potential, const tensor_program *p)
{
    return p->nvectors && potential->operations.count + p->operations.count + p->nproducts + p->nelements <=
                              STRAIGHT_LINE_TENSOR_LIMIT;
}

bool emit_tensor_code(FILE *out, const char *name, const char *what, const program *potential,
                      const tensor_program *p)
{
    static const char *const part[][3] = {{"FORWARD", "forward_lanes", "eqml_lanes"},
                                          {"REVERSE", "reverse_lanes", "eqml_lanes"},
                                          {"CHARGES", "charges_lanes", "eqml_lanes"}};
    if (!has_code(potential, p))
        return false;
    char *basis = xcalloc(strlen(name) + strlen(what) + 2, 1);
    sprintf(basis, "%s_%s", name, what);
    forward_code(out, basis, "FORWARD", p, false);
    forward_code(out, basis, "FOUR_FORWARD", p, true);
    reverse_code(out, basis, potential, p);
    charges_code(out, basis, "CHARGES", p, false);
    charges_code(out, basis, "FOUR_CHARGES", p, true);
    for (size_t k = 0; k < sizeof part / sizeof *part; k++)
        fprintf(out, "%s_%s(%s_%s, %s, double)\n", basis, part[k][0], basis, part[k][1], part[k][2]);
    for (int four = 1; four >= 0; four--) { /* without vectors there are no fours */
        fprintf(out, four ? "#if EQML_LANES > 1\n" : "#else\n");
        fprintf(out, "%s_%sFORWARD(%s_forward_one, double, double)\n", basis, four ? "FOUR_" : "", basis);
        fprintf(out, "%s_%sCHARGES(%s_charges_one, double, double)\n", basis, four ? "FOUR_" : "", basis);
    }
    fprintf(out, "#endif\n#undef %s_FORWARD\n#undef %s_FOUR_FORWARD\n#undef %s_REVERSE\n", basis, basis,
            basis);
    fprintf(out, "#undef %s_CHARGES\n#undef %s_FOUR_CHARGES\n", basis, basis);
    free(basis);
    return true;
}
