/*
 * Programs made by hand, whose inputs and coefficients belong to no molecule: their code is compiled and run, and
 * its values and derivatives are those of the formulas.
 */
#define _POSIX_C_SOURCE 200809L
#include "emit/code.h"
#include "program/copies.h"
#include "program/program.h"
#include "support.h"

/* A program and the formula of its factors f_1, f_2, ... at inputs y. */
typedef struct example {
    program *p;
    void (*factors)(const double *y, double *f);
    const char *text;
} example;

static unsigned slot_of(program *p, unsigned count)
{
    p->nslots += count;
    return (unsigned)(p->nslots - count);
}

static void add(program *p, double coefficient, unsigned target, unsigned left, unsigned right)
{
    operations_append_scaled(&p->operations, coefficient, target, left, right);
}

/* Without contractions by rows; the products f_1 f_1, f_1 f_2. */
static void finish(program *p, unsigned core)
{
    item_pair *product = room(2, sizeof *product);
    product[0] = (item_pair){0, 0};
    product[1] = (item_pair){0, core - 1};
    product_list list = products_create(core, 2, product);
    p->ncore = core + 1;
    p->contractions = p->products = p->linear = p->operations.count;
    p->nvalues = p->nfactors;
    program_finish(p, &list, false);
    products_free(&list);
}

/* ---- the examples ---- */

static void factors_of_chain(const double *y, double *f)
{
    const double s = 0.5 * y[0] * y[1] - 2 * y[2] + y[1], t = s * y[0] + 3 * s * s;
    f[0] = 0.25 * y[0] + y[1];
    f[1] = 1.5 * s * t - 0.125 * t;
    f[2] = -0.75 * f[0] * f[1] + s * y[2];
}

/* Coefficients at products, at sums and at squares, in intermediate values and in factors; one input is not read. */
static example chain(void)
{
    program *p = program_create(4);
    const unsigned s = slot_of(p, 1), t = slot_of(p, 1), f = FACTOR_SLOT;
    for (int k = 0; k < 4; k++)
        program_add_factor(p, k, true);
    add(p, 0.5, s, 0, 1);
    add(p, -2, s, 2, FACTOR_SLOT);
    add(p, 1, s, 1, FACTOR_SLOT);
    add(p, 1, t, s, 0);
    add(p, 3, t, s, s);
    add(p, 0.25, f + 1, 0, FACTOR_SLOT);
    add(p, 1, f + 1, 1, FACTOR_SLOT);
    add(p, 1.5, f + 2, s, t);
    add(p, -0.125, f + 2, t, FACTOR_SLOT);
    add(p, -0.75, f + 3, f + 1, f + 2);
    add(p, 1, f + 3, s, 2);
    finish(p, 2);
    return (example){p, factors_of_chain, "chain"};
}

enum { WIDTH = 6 };

/* Covariants A_x = 1/3 y_x y_(x+1), B_x = -y_x^2 + 0.1 y_x and their contractions, the last one only linear. */
static void factors_of_rows(const double *y, double *f)
{
    f[0] = f[1] = f[2] = f[3] = 0;
    for (int x = 0; x < WIDTH; x++) {
        const double a = 1.0 / 3 * y[x] * y[(x + 1) % WIDTH], b = -y[x] * y[x] + 0.1 * y[x];
        f[0] += 0.7 * y[x];
        f[1] += a * b;
        f[2] += a * a;
        f[3] += b * b;
    }
}

/* Makes the product f1 f2; factors up to f3 need a value, the rest occurs linearly only. */
static void finish_rows(program *p)
{
    item_pair *product = room(1, sizeof *product);
    product[0] = (item_pair){0, 1};
    product_list list = products_create(2, 1, product);
    p->ncore = 3;
    p->nvalues = 4;
    program_finish(p, &list, true);
    products_free(&list);
}

/* Contractions by rows: these have no coefficients, what they read has. */
static example rows(void)
{
    program *p = program_create(WIDTH);
    p->nslots = p->first_row = 8;
    const unsigned a = slot_of(p, 8), b = slot_of(p, 8), f = FACTOR_SLOT;
    p->end_rows = p->nslots;
    for (int k = 0; k < 5; k++)
        program_add_factor(p, k, true);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1.0 / 3, a + x, x, (x + 1) % WIDTH);
    for (unsigned x = 0; x < WIDTH; x++) {
        add(p, -1, b + x, x, x);
        add(p, 0.1, b + x, x, FACTOR_SLOT);
    }
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 0.7, f + 1, x, FACTOR_SLOT);
    p->contractions = p->operations.count;
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, f + 2, a + x, b + x);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, f + 3, a + x, a + x);
    p->products = p->linear = p->operations.count;
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, f + 4, b + x, b + x);
    finish_rows(p);
    return (example){p, factors_of_rows, "rows"};
}

/* With z = y in reverse order: A = z, B_x = A_x y_x, C_x = B_(x / 2), D_x = A_x C_x. */
static void factors_of_repeats(const double *y, double *f)
{
    f[0] = f[1] = f[2] = f[3] = f[4] = 0;
    for (int x = 0; x < WIDTH; x++) {
        const double a = y[WIDTH - 1 - x], b = a * y[x], c = y[WIDTH - 1 - x / 2] * y[x / 2], d = a * c;
        f[0] += c;
        f[1] += a * b;
        f[2] += a * y[x];
        f[3] += b * d;
        f[4] += d * y[x];
    }
}

/* Where the covariants of the program below begin. */
enum { A = 8, B = 16, C = 24, D = 32, E = 40, G = 48 };

/* A repeats inputs, and so does E = y, which is a row as well and cannot take the same adjoints; C repeats B, and
 * G repeats C; in no row. */
static example repeats(void)
{
    program *p = program_create(WIDTH);
    const unsigned f = FACTOR_SLOT, last = WIDTH - 1;
    p->first_row = A;
    p->nslots = p->end_rows = G + 8;
    for (int k = 0; k < 6; k++)
        program_add_factor(p, k, true);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, A + x, last - x, f);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, B + x, A + x, x);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, C + x, B + x / 2, f);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, D + x, A + x, C + x);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, E + x, x, f);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, G + x, C + x, f);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, f + 1, G + x, f);
    p->contractions = p->operations.count;
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, f + 2, A + x, B + x);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, f + 3, A + x, E + x);
    p->products = p->linear = p->operations.count;
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, f + 4, B + x, D + x);
    for (unsigned x = 0; x < WIDTH; x++)
        add(p, 1, f + 5, D + x, E + x);
    finish_rows(p);
    return (example){p, factors_of_repeats, "repeats"};
}

/* ---- its code ---- */

/* V = sum_k w_k f_k. */
static double weight(size_t k)
{
    return 1 + 0.3 * sin((double)k);
}

static double value(const example *e, const double *y)
{
    double f[8] = {0}, v = 0;
    e->factors(y, f);
    for (size_t k = 1; k < e->p->nfactors; k++)
        v += weight(k) * f[k - 1];
    return v;
}

/* By differences of the fourth order. */
static double slope(const example *e, double *y, size_t k)
{
    const double at = y[k], step = 1e-3;
    double v[5];
    for (int i = -2; i <= 2; i++) {
        y[k] = at + i * step;
        v[i + 2] = value(e, y);
    }
    y[k] = at;
    return (8 * (v[3] - v[1]) - (v[4] - v[0])) / (12 * step);
}

static double input(size_t k)
{
    return 0.8 + 0.5 * cos(2.0 * (double)k + 1);
}

/* Prints V and its derivatives for a type of number T, of whose lanes the last one is shown. */
static void write_driver(FILE *out, const program *p, const char *suffix, const char *type,
                         const char *number)
{
    fprintf(out, "static void show_%s(void)\n{\n", suffix);
    fprintf(out, "    static union { %s t[%zu]; %s n[%zu * sizeof(%s) / sizeof(%s)]; } s, a;\n", type,
            p->nslots, number, p->nslots, type, number);
    fprintf(out, "    const size_t lanes = sizeof(%s) / sizeof(%s);\n", type, number);
    fprintf(out,
            "    %s offset[%zu] = {0}, linear[%zu], v = 0;\n    union { %s t; %s n[sizeof(%s) / sizeof(%s)]; "
            "} energy;\n",
            number, p->nfactors, p->nfactors, type, number, type, number);
    fprintf(out, "    %s *ps = s.t, *pa = a.t;\n", type);
    fprintf(out,
            "    for (size_t k = 0; k < %zu; k++)\n        for (size_t i = 0; i < lanes; i++)\n"
            "            s.n[k * lanes + i] = (%s)input[k];\n",
            p->ninputs, number);
    fprintf(out, "    for (size_t k = 0; k < %zu; k++)\n        linear[k] = (%s)weight[k];\n", p->nfactors,
            number);
    fprintf(out,
            "    for (size_t k = 0; k < %zu; k++) /* nothing but what is said may be taken for zero */\n"
            "        for (size_t i = 0; i < lanes; i++)\n            a.n[k * lanes + i] = 1e3;\n",
            p->nslots);
    fprintf(out, "    memset(&energy, 0, sizeof energy);\n    made_forward_%s(1, &ps, offset);\n", suffix);
    fprintf(out,
            "    for (size_t k = 0; k < %zu; k++)\n        for (size_t i = 0; i < lanes; i++)\n"
            "            a.n[(%zu + k) * lanes + i] = linear[k];\n",
            p->nvalues, p->factor0);
    fprintf(out, "    made_reverse_%s(1, &ps, &pa, linear, &energy.t);\n", suffix);
    fprintf(out,
            "    for (size_t k = 1; k < %zu; k++)\n        v += linear[k] * s.n[(%zu + k) * lanes + lanes - "
            "1];\n",
            p->nvalues, p->factor0);
    fprintf(out, "    printf(\"%%.17g\", (double)(v + energy.n[lanes - 1]));\n");
    fprintf(out,
            "    for (size_t k = 0; k < %zu; k++)\n        printf(\" %%.17g\", (double)a.n[k * lanes + lanes "
            "- 1]);\n"
            "    puts(\"\");\n}\n",
            p->ninputs);
}

/* The same from the code of plain sums: derivatives along one input after the other. */
static void write_plain_driver(FILE *out, const program *p)
{
    fprintf(out, "static void show_plain(void)\n{\n    static double s[%zu], a[%zu], offset[%zu];\n",
            p->nslots, p->nslots, p->nfactors);
    fprintf(out, "    double *ps = s, *pa = a, v = 0;\n    memcpy(s, input, sizeof input);\n"
                 "    plain_forward_one(1, &ps, offset);\n");
    fprintf(out,
            "    for (size_t k = 1; k < %zu; k++)\n        v += weight[k] * s[%zu + k];\n    "
            "printf(\"%%.17g\", v);\n",
            p->nfactors, p->factor0);
    fprintf(out,
            "    for (size_t i = 0; i < %zu; i++) {\n        memset(a, 0, sizeof a);\n        a[i] = 1;\n    "
            "    v = 0;\n"
            "        plain_tangent_one(1, &ps, &pa);\n",
            p->ninputs);
    fprintf(out,
            "        for (size_t k = 1; k < %zu; k++)\n            v += weight[k] * a[%zu + k];\n"
            "        printf(\" %%.17g\", v);\n    }\n    puts(\"\");\n}\n",
            p->nfactors, p->factor0);
}

static void write_program(const char *folder, const program *p)
{
    char path[TEMPORARY_PATH + 16];
    snprintf(path, sizeof path, "%s/made.c", folder);
    FILE *out = fopen(path, "w");
    cr_assert_not_null(out);
    fputs("#include \"eqml.h\"\n#include <stdio.h>\n#include <string.h>\n", out);
    fprintf(out, "static const double input[] = {");
    for (size_t k = 0; k < p->ninputs; k++)
        fprintf(out, "%.17g, ", input(k));
    fprintf(out, "};\nstatic const double weight[] = {");
    for (size_t k = 0; k < p->nfactors; k++)
        fprintf(out, "%.17g, ", weight(k));
    fputs("};\n", out);
    emit_code(out, "made", p, false);
    write_driver(out, p, "one", "double", "double");
    write_driver(out, p, "lanes", "eqml_lanes", "double");
    write_driver(out, p, "floats", "eqml_floats", "float");
    emit_orbit_code(out, "plain", p);
    write_plain_driver(out, p);
    fputs("int main(void)\n{\n    show_one();\n    show_lanes();\n    show_floats();\n    show_plain();\n"
          "    return 0;\n}\n",
          out);
    cr_assert_eq(fclose(out), 0);
}

static void expect_code(const example *e, const char *options)
{
    char folder[TEMPORARY_PATH];
    double y[8];
    make_folder(folder);
    write_program(folder, e->p);
    const outcome o =
        run("${CC:-cc} -std=c11 -O1 -Wall -Wextra %s -Wno-unused-function -I. '%s/made.c' -o '%s/made' "
            "-lm && '%s/made'",
            options, folder, folder, folder);
    cr_assert_eq(o.status, 0, "%s: %s", e->text, o.text);
    for (size_t k = 0; k < e->p->ninputs; k++)
        y[k] = input(k);
    const char *at = o.text;
    for (int type = 0; type < 4; type++) { /* of numbers, and the plain sums */
        const double close = type == 2 ? 1e-4 : 1e-9;
        char *end;
        const double v = strtod(at, &end);
        cr_expect_float_eq(v, value(e, y), close, "%s, type %d: %s", e->text, type, o.text);
        for (size_t k = 0; k < e->p->ninputs; k++) {
            const double found = strtod(end, &end), expected = slope(e, y, k);
            cr_expect_float_eq(found, expected, close, "%s, type %d, input %zu, not %.17g: %s", e->text, type,
                               k, expected, o.text);
        }
        at = end;
    }
    remove_folder(folder);
}

Test(program, code_of_any_inputs_and_coefficients)
{
    example e[] = {chain(), rows(), repeats()};
    for (size_t k = 0; k < COUNT(e); k++) {
        expect_code(&e[k], "-march=native");
        expect_code(&e[k], "-DEQML_SCALAR");
        program_free(e[k].p);
    }
}

/* ---- copies ---- */

Test(program, copies_are_read_where_they_come_from)
{
    example e = repeats();
    const program *p = e.p;
    copies c = copies_find(p);
    for (unsigned x = 0; x < WIDTH; x++) {
        cr_expect_eq(c.source[A + x], WIDTH - 1 - x);
        cr_expect_eq(c.source[B + x], B + x);
        cr_expect_eq(c.source[C + x], B + x / 2);
        cr_expect_eq(c.source[D + x], D + x);
        cr_expect_eq(c.source[E + x], E + x, "two rows with one adjoint");
        cr_expect_eq(c.source[G + x], B + x / 2, "a copy of a copy");
    }
    const program *w = &c.rest;
    cr_expect_eq(w->operations.count, p->operations.count - 3 * WIDTH);
    cr_expect_eq(w->contractions, p->contractions - 3 * WIDTH);
    cr_expect_eq(w->products, p->products - 3 * WIDTH);
    cr_expect_eq(w->linear, p->linear - 3 * WIDTH);
    for (size_t k = 0; k < w->operations.count; k++) {
        const operation *o = &w->operations.item[k];
        cr_expect(c.source[o->target] == o->target && c.source[o->left] == o->left &&
                  c.source[o->right] == o->right);
    }
    copies_free(&c);
    program_free(e.p);
}

/* Sums, multiples and products are none, nor is anything in a program without rows. */
Test(program, only_copies_are_copies)
{
    example e[] = {chain(), rows()};
    for (size_t k = 0; k < COUNT(e); k++) {
        copies c = copies_find(e[k].p);
        for (unsigned slot = 0; slot < e[k].p->nslots; slot++)
            cr_expect_eq(c.source[slot], slot, "%s, slot %u", e[k].text, slot);
        cr_expect_eq(c.rest.operations.count, e[k].p->operations.count);
        copies_free(&c);
        program_free(e[k].p);
    }
}

/* ---- lists ---- */

Test(program, coefficients_cost_nothing_where_all_are_one)
{
    operation_list l = {0};
    for (unsigned k = 0; k < 1000; k++)
        operations_append_scaled(&l, 1, 9, k, k + 1);
    cr_expect_null(l.coefficient);
    operations_append_scaled(&l, 0.5, 10, 1, 2);
    operations_append(&l, 10, 3, 4);
    cr_assert_not_null(l.coefficient);
    for (size_t k = 0; k < l.count; k++)
        cr_expect_eq(operations_coefficient(&l, k), k == 1000 ? 0.5 : 1);
    cr_expect_eq(next_target(&l, 0), 1000u);
    cr_expect_eq(next_target(&l, 1000), l.count);
    operations_free(&l);
}

/* s = 2 y0 y1 + 3 y2, f1 = s y0: counted by hand. */
Test(program, counts_coefficients)
{
    program *p = program_create(3);
    const unsigned s = slot_of(p, 1);
    program_add_factor(p, 0, false);
    program_add_factor(p, 3, true);
    add(p, 2, s, 0, 1);
    add(p, 3, s, 2, FACTOR_SLOT);
    add(p, 1, FACTOR_SLOT + 1, s, 0);
    p->contractions = p->products = p->linear = p->operations.count;
    p->ncore = 1;
    p->nvalues = 2;
    product_list none = products_create(0, 0, room(1, sizeof(item_pair)));
    program_finish(p, &none, false);
    products_free(&none);
    /* value: 2 y0 y1; + 3 y2; offset + s y0; V = c f1 + 0 */
    cr_expect_eq(p->energy.multiply, 2u);
    cr_expect_eq(p->energy.add, 0u);
    cr_expect_eq(p->energy.fma, 3u);
    /* and back: dy0 += ds 2 y1, dy1 += ds 2 y0, dy2 += 3 ds, ds += df y0, dy0 += df s */
    cr_expect_eq(p->gradient.multiply - p->energy.multiply, 2u);
    cr_expect_eq(p->gradient.fma - p->energy.fma, 5u);
    cr_expect_eq(p->gradient.add, 0u);
    program_free(p);
}
