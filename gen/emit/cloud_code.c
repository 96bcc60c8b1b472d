#include "emit/cloud_code.h"
#include "emit/line.h"
#include <stdbool.h>

/* Constants that share their pair (m1, m2), from number k on, the first of which stands at k. */
static bool is_first(const coupled_kernel *x, size_t k)
{
    for (size_t i = 0; i < k; i++)
        if (x->constant[i].m1 == x->constant[k].m1 && x->constant[i].m2 == x->constant[k].m2)
            return false;
    return true;
}

static void put_operands(line *l, int components, char letter, int from)
{
    char item[64];
    for (int m = 0; m < components; m++) {
        snprintf(item, sizeof item, "const T %c%d = s[p[%d] + %d]; ", letter, m, from, m);
        put_item(l, item);
    }
}

static const char *right_letter(const coupled_kernel *x)
{
    return x->same ? "a" : "b";
}

static void open_loop(line *l, const coupled_kernel *x, const char *name)
{
    end_line(l);
    fprintf(l->out, "        for (int k = %zu; k < %zu; k++) { /* %d x %d to %d */%s\n", x->first,
            x->first + x->count, x->l1, x->l2, x->l, l->end);
    fprintf(l->out, "            const unsigned short *p = %s_products[k];%s\n", name, l->end);
    put_operands(l, 2 * x->l1 + 1, 'a', 0);
    if (!x->same)
        put_operands(l, 2 * x->l2 + 1, 'b', 1);
}

static void close_loop(line *l)
{
    end_line(l);
    fprintf(l->out, "        }%s\n", l->end);
}

enum { FACTOR = 40 };

/* Whether y multiplies the product of components of c, too; factor <- its coefficient, as code. */
static bool print_shared(char factor[FACTOR], const coupled_constant *y, const coupled_constant *c)
{
    const bool shared = y->m1 == c->m1 && y->m2 == c->m2;
    if (shared && !print_coefficient(factor, FACTOR, y->value))
        *factor = 0;
    return shared;
}

/* Each product of two components once; then it goes to the one or two M that have it. */
static void put_forward(line *l, const coupled_kernel *x, const char *name)
{
    char item[128];
    bool begun[128] = {false};
    open_loop(l, x, name);
    for (int m = 0; m <= 2 * x->l; m++) {
        snprintf(item, sizeof item, "%sf%d", m ? ", " : "T ", m);
        put_item(l, item);
    }
    put_item(l, "; ");
    for (size_t k = 0; k < x->nconstants; k++) {
        const coupled_constant *c = &x->constant[k];
        if (!is_first(x, k))
            continue;
        snprintf(item, sizeof item, "{ const T x = a%d*%s%d; ", c->m1, right_letter(x), c->m2);
        put_item(l, item);
        for (size_t i = k; i < x->nconstants; i++) {
            const coupled_constant *y = &x->constant[i];
            char factor[FACTOR];
            if (!print_shared(factor, y, c))
                continue;
            snprintf(item, sizeof item, "f%d %s %sx; ", y->M, begun[y->M] ? "+=" : "=", factor);
            put_item(l, item);
            begun[y->M] = true;
        }
        put_item(l, "} ");
    }
    for (int m = 0; m <= 2 * x->l; m++) {
        snprintf(item, sizeof item, "s[p[2] + %d] = f%d; ", m, m);
        put_item(l, item);
    }
    close_loop(l);
}

/* The adjoints of both operands, from those of the product. */
static void put_reverse(line *l, const coupled_kernel *x, const char *name)
{
    char item[128];
    open_loop(l, x, name);
    for (int m = 0; m <= 2 * x->l; m++) {
        snprintf(item, sizeof item, "const T g%d = a[p[2] + %d]; ", m, m);
        put_item(l, item);
    }
    for (int side = 0; side < 2 - x->same; side++)
        for (int m = 0; m <= 2 * (side ? x->l2 : x->l1); m++) {
            snprintf(item, sizeof item, "T d%c%d = a[p[%d] + %d]; ", 'a' + side, m, side, m);
            put_item(l, item);
        }
    for (size_t k = 0; k < x->nconstants; k++) {
        const coupled_constant *c = &x->constant[k];
        if (!is_first(x, k))
            continue;
        put_item(l, "{ const T q = ");
        for (size_t i = k; i < x->nconstants; i++) {
            const coupled_constant *y = &x->constant[i];
            char factor[FACTOR];
            if (!print_shared(factor, y, c))
                continue;
            snprintf(item, sizeof item, "%s%sg%d", i > k ? " + " : "", factor, y->M);
            put_item(l, item);
        }
        const char *other = right_letter(x);
        snprintf(item, sizeof item, "; da%d += q*%s%d; d%s%d += q*a%d; } ", c->m1, other, c->m2, other, c->m2,
                 c->m1);
        put_item(l, item);
    }
    for (int side = 0; side < 2 - x->same; side++)
        for (int m = 0; m <= 2 * (side ? x->l2 : x->l1); m++) {
            snprintf(item, sizeof item, "a[p[%d] + %d] = d%c%d; ", side, m, 'a' + side, m);
            put_item(l, item);
        }
    close_loop(l);
}

void emit_cloud_code(FILE *out, const char *name, const coupled_program *p)
{
    line l = {out, 0, "            ", " \\"};
    fprintf(out, "#define %s_CODE(SUFFIX, T, NUMBER) \\\n", name);
    fprintf(out, "    EQML_FUNCTION void %s_forward_##SUFFIX(T *s) \\\n    { \\\n        (void)s; \\\n",
            name);
    for (size_t k = 0; k < p->nkernels; k++)
        put_forward(&l, &p->kernel[k], name);
    fprintf(out,
            "    } \\\n    EQML_FUNCTION void %s_reverse_##SUFFIX(const T *s, T *a) \\\n    { \\\n        "
            "(void)s; \\\n"
            "        (void)a; \\\n",
            name);
    for (size_t k = p->nkernels; k-- > 0;)
        put_reverse(&l, &p->kernel[k], name);
    fprintf(out, "    }\n");
}
