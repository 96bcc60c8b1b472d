#include "emit/fours.h"
#include "emit/matrices.h"
#include "emit/functions.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { FOUR = ROW_ALIGNMENT };

typedef struct writer {
    functions f;
    const char *name;
    const program *p;
    const bool *is_target; /* [nslots]; a slot among the rows that is none fills up its row */
} writer;

/* A product of left and right slots, or of left alone, and its coefficient. */
typedef struct product {
    unsigned left, right;
    double coefficient;
    bool done; /* written as part of a vector */
} product;

/* What an element is a sum of. */
typedef struct element {
    size_t count, capacity;
    product *product;
} element;

static void add_product(element *e, unsigned left, unsigned right, double coefficient)
{
    if (e->count == e->capacity) {
        e->capacity = 2 * e->capacity + 8;
        e->product = xrealloc(e->product, e->capacity, sizeof *e->product);
    }
    e->product[e->count++] = (product){left, right, coefficient, false};
}

static void put(writer *w, const char *format, unsigned number)
{
    char item[64];
    snprintf(item, sizeof item, format, number);
    put_item(&w->f.line, item);
}

/* ---- vectors ------------------------------------------------------------------------------------------ */

static bool is_row(const program *p, unsigned slot)
{
    return slot >= p->first_row && slot < p->end_rows;
}

/* Whether the slots from x on are elements, and filling, where those from y on are. */
static bool alike(const writer *w, unsigned x, unsigned y)
{
    return is_row(w->p, y) && !memcmp(w->is_target + x, w->is_target + y, FOUR * sizeof(bool));
}

/* The place of a product among those that are not done, or e->count. */
static size_t find_product(const element *e, unsigned left, unsigned right, double coefficient)
{
    size_t k = 0;
    for (; k < e->count; k++) {
        const product *p = &e->product[k];
        if (!p->done && p->left == left && p->right == right && p->coefficient == coefficient)
            break;
    }
    return k;
}

/* Whether product k of the first of four elements goes on in the others, slot by slot; then it is done. */
static bool take_vector(const writer *w, unsigned slot, element *e, size_t k)
{
    const product first = e[0].product[k];
    size_t at[FOUR];
    if (first.done || !alike(w, slot, first.left) || !alike(w, slot, first.right))
        return false;
    for (unsigned d = 0; d < FOUR && w->is_target[slot + d]; d++)
        if ((at[d] = find_product(&e[d], first.left + d, first.right + d, first.coefficient)) == e[d].count)
            return false;
    for (unsigned d = 0; d < FOUR && w->is_target[slot + d]; d++)
        e[d].product[at[d]].done = true;
    return true;
}

/* ---- statements --------------------------------------------------------------------------------------- */

/* The products of an element that are not done, in numbers; left: the array of the left slots. */
static void put_sum(writer *w, const element *e, char left)
{
    const char *plus = "";
    for (size_t k = 0; k < e->count; k++) {
        const product *p = &e->product[k];
        char item[96];
        if (p->done)
            continue;
        int n = snprintf(item, sizeof item, "%s", plus);
        n += print_coefficient(item + n, sizeof item - (size_t)n, p->coefficient);
        n += snprintf(item + n, sizeof item - (size_t)n, "%c[%u]", left, p->left);
        if (p->right != w->p->factor0)
            snprintf(item + n, sizeof item - (size_t)n, "*s[%u]", p->right);
        put_item(&w->f.line, item);
        plus = " + ";
    }
    if (!*plus)
        put_item(&w->f.line, "0");
}

static bool all_done(const element *e)
{
    for (int d = 0; d < FOUR; d++)
        for (size_t k = 0; k < e[d].count; k++)
            if (!e[d].product[k].done)
                return false;
    return true;
}

/* Four elements e of the array `to`, as products of vectors and a vector made of numbers. */
static void put_four(writer *w, char to, unsigned slot, element *e, char left, bool stored)
{
    char item[128];
    functions_reserve(&w->f, e[0].count + e[1].count + e[2].count + e[3].count);
    snprintf(item, sizeof item, "{ eqml_four v = ");
    put_item(&w->f.line, item);
    const char *plus = "";
    if (stored) {
        snprintf(item, sizeof item, "EQML_FOUR(%c + %u)", to, slot);
        put_item(&w->f.line, item);
        plus = " + ";
    }
    for (size_t k = 0; k < e[0].count; k++)
        if (take_vector(w, slot, e, k)) {
            const product *p = &e[0].product[k];
            int n = snprintf(item, sizeof item, "%s", plus);
            n += print_coefficient(item + n, sizeof item - (size_t)n, p->coefficient);
            snprintf(item + n, sizeof item - (size_t)n, "EQML_FOUR(%c + %u)*EQML_FOUR(s + %u)", left, p->left,
                     p->right);
            put_item(&w->f.line, item);
            plus = " + ";
        }
    if (!*plus || !all_done(e)) {
        put_item(&w->f.line, *plus ? "; const eqml_four n = {" : "{");
        for (int d = 0; d < FOUR; d++) {
            put_item(&w->f.line, d ? ", " : "");
            put_sum(w, &e[d], left);
        }
        put_item(&w->f.line, *plus ? "}; v += n" : "}");
    }
    snprintf(item, sizeof item, "; EQML_FOUR(%c + %u) = v; } ", to, slot);
    put_item(&w->f.line, item);
}

/* ---- sweeps ------------------------------------------------------------------------------------------- */

static void clear(element *e)
{
    for (int d = 0; d < FOUR; d++)
        e[d].count = 0;
}

static void put_forward(writer *w, element *e)
{
    const program *p = w->p;
    for (size_t k = 0; k < p->contractions;) {
        const matrix_step *step = matrix_step_from(&p->matrices, k);
        if (step) {
            put_step(&w->f, w->name, p, step);
            k = step->end;
            continue;
        }
        unsigned slot = p->operations.item[k].target;
        bool row = is_row(p, slot);
        clear(e);
        for (; k < p->contractions; k++) {
            const operation *o = &p->operations.item[k];
            if (o->target < slot || o->target >= slot + (row ? FOUR : 1))
                break;
            add_product(&e[o->target - slot], o->left, o->right, operations_coefficient(&p->operations, k));
        }
        if (row) {
            put_four(w, 's', slot, e, 's', false);
            continue;
        }
        functions_reserve(&w->f, e->count);
        put(w, "s[%u] = ", slot);
        if (slot >= p->factor0)
            put(w, "offset[%u] + ", slot - (unsigned)p->factor0);
        put_sum(w, e, 's');
        put_item(&w->f.line, "; ");
    }
}

static void find_element(const uses *u, unsigned slot, element *e)
{
    for (size_t k = u->first[slot]; k < u->first[slot + 1]; k++)
        add_product(e, u->use[k].target, u->use[k].other, uses_coefficient(u, k));
}

static void put_number_back(writer *w, const uses *u, unsigned slot, bool stored, element *e)
{
    clear(e);
    find_element(u, slot, e);
    if (stored && !e->count)
        return;
    functions_reserve(&w->f, e->count);
    put(w, stored ? "a[%u] += " : "a[%u] = ", slot);
    put_sum(w, e, 'a');
    put_item(&w->f.line, "; ");
}

/* Four elements of a covariant, or their filling, from a multiple of four on. */
static void put_four_back(writer *w, const uses *u, unsigned slot, bool stored, element *e)
{
    clear(e);
    for (unsigned d = 0; d < FOUR; d++)
        find_element(u, slot + d, &e[d]);
    if (!stored || !all_done(e))
        put_four(w, 'a', slot, e, 'a', stored);
}

static void put_reverse(writer *w, const uses *u, const bool *stored, element *e)
{
    const program *p = w->p;
    bool *begun = rows_begun(p);
    for (size_t end = p->contractions; end > 0;) {
        const matrix_step *step = matrix_step_until(&p->matrices, end);
        if (step) {
            for (unsigned x = 0; x < p->matrices.form[step->form].ntarget; x += FOUR)
                put_four_back(w, u, step->target + x, stored[step->target], e);
            put_step_back(&w->f, w->name, p, step, begun);
            end = step->first;
            continue;
        }
        unsigned slot = p->operations.item[end - 1].target;
        if (!is_row(p, slot)) {
            if (slot < p->factor0)
                put_number_back(w, u, slot, false, e);
            while (end > 0 && p->operations.item[end - 1].target == slot)
                end--;
            continue;
        }
        slot = slot / FOUR * FOUR;
        put_four_back(w, u, slot, stored[slot], e);
        while (end > 0 && p->operations.item[end - 1].target / FOUR * FOUR == slot)
            end--;
    }
    for (unsigned slot = 0; slot < p->ninputs; slot++)
        put_number_back(w, u, slot, stored[slot], e);
    free(begun);
}

void emit_fours(FILE *out, const char *name, const program *p, const uses *u, const bool *stored)
{
    static const signature forward = {FORWARD_SIGNATURE, "", "", false};
    static const signature reverse = {REVERSE_SIGNATURE, "", "", false};
    bool *is_target = xcalloc(p->nslots + FOUR, sizeof *is_target);
    element e[FOUR] = {{0}};
    for (size_t k = 0; k < p->operations.count; k++)
        is_target[p->operations.item[k].target] = true;
    writer w = {functions_open(out, name, "FOUR_FORWARD", &forward), name, p, is_target};
    put_forward(&w, e);
    functions_close(&w.f);
    w.f = functions_open(out, name, "FOUR_REVERSE", &reverse);
    put_reverse(&w, u, stored, e);
    functions_close(&w.f);
    for (int d = 0; d < FOUR; d++)
        free(e[d].product);
    free(is_target);
}
