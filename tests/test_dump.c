/*
 * What eqml-gen --dump prints: the text, evaluated line by line, gives the terms of the header; the graph has an
 * arrow for each operand.
 */
#define _POSIX_C_SOURCE 200809L
#include "emit/dump.h"
#include "support.h"

#include "ch4_d4.h"
#include "dimer_purified_d3.h"
#include "dimer_tensors.h"
#include "h2o_tensors.h"
#include "h30_d3.h"
#include "nh3_orbits_d4.h"

/* ---- reading the text ---- */

enum { LETTERS = 26, VALUES = 66000, LINE = 256 };

/* Values by letter and number: y7, s12, f3, D0, B2, and of terms t0, ... of the potential, and then of tensors. */
typedef struct reading {
    FILE *in;
    long left; /* lines of the section */
    double *value[2 * LETTERS];
    size_t nterms; /* of the potential, or of the last tensor */
} reading;

static double *place(reading *r, const char *name)
{
    char *end;
    const int letter = name[0] >= 'a' ? name[0] - 'a' : name[0] - 'A' + LETTERS;
    cr_assert(letter >= 0 && letter < 2 * LETTERS, "%s", name);
    const unsigned long number = strtoul(name + 1, &end, 10);
    cr_assert(end > name + 1 && number < VALUES && (!*end || *end == '.'), "%s", name);
    if (!r->value[letter])
        r->value[letter] = room(VALUES, sizeof(double));
    return &r->value[letter][number];
}

static double operand(reading *r, const char *word)
{
    const bool name = (word[0] >= 'a' && word[0] <= 'z') || (word[0] >= 'A' && word[0] <= 'Z');
    return name ? *place(r, word) : strtod(word, NULL);
}

/* "f2..f4": how many after the first. */
static unsigned long more(const char *word)
{
    const char *dots = strstr(word, "..");
    return dots ? strtoul(dots + 3, NULL, 10) - strtoul(word + 1, NULL, 10) : 0;
}

/* "target += a * b * c", or "=", where the last may be a range, and the target as well. */
static void evaluate(reading *r, char *line)
{
    char *word[8] = {0}, *rest = line;
    int n = 0;
    for (char *w; n < 8 && (w = strtok_r(rest, " \n", &rest)); n++)
        word[n] = w;
    cr_assert(n >= 3 && n % 2 == 1 && n < 8, "%s has %d words", word[0], n);
    const bool adds = !strcmp(word[1], "+=");
    cr_assert(adds || !strcmp(word[1], "="), "%s", word[1]);
    double factor = 1;
    for (int k = 2; k + 1 < n; k += 2) {
        cr_assert_str_eq(word[k + 1], "*");
        factor *= operand(r, word[k]);
    }
    cr_assert_eq(more(word[0]), n > 3 || word[2][0] == 'f' ? more(word[n - 1]) : 0);
    for (unsigned long i = 0; i <= more(word[0]); i++) {
        double *to = place(r, word[0]) + i;
        const double last = more(word[n - 1]) ? place(r, word[n - 1])[i] : operand(r, word[n - 1]);
        *to = (adds ? *to : 0) + factor * last;
    }
    if (word[0][0] == 't')
        r->nterms = strtoul(word[0] + 1, NULL, 10) + more(word[0]) + 1;
}

/* Reads lines up to one that opens a section of this kind, or to the end; false. */
static bool read_until(reading *r, const char *stop)
{
    char line[LINE];
    while (fgets(line, sizeof line, r->in)) {
        cr_assert_not_null(strchr(line, '\n'), "a line is too long: %s", line);
        if (line[0] == '#')
            continue;
        if (r->left > 0) {
            r->left--;
            if (strchr(line, '='))
                evaluate(r, line);
            continue;
        }
        const char *number = strrchr(line, ' ');
        cr_assert_not_null(number, "no section: %s", line);
        r->left = strtol(number, NULL, 10);
        if (!strncmp(line, stop, strlen(stop)))
            return true;
    }
    cr_assert_eq(r->left, 0, "lines are missing");
    return false;
}

/* With the inputs at hand. */
static void open_reading(reading *r, FILE *in, size_t ninputs, double (*input)(size_t))
{
    *r = (reading){.in = in};
    cr_assert_not_null(in);
    cr_assert(read_until(r, "inputs"));
    cr_assert_eq((size_t)r->left, ninputs);
    for (size_t k = 0; k < ninputs; k++) {
        char name[32];
        snprintf(name, sizeof name, "y%zu", k);
        *place(r, name) = input(k);
    }
}

static void close_reading(reading *r)
{
    for (int k = 0; k < 2 * LETTERS; k++)
        free(r->value[k]);
}

static double input(size_t k)
{
    return 0.9 + 0.4 * sin(1.7 * (double)k + 1);
}

/* ---- against the header ---- */

static void expect_value(double found, number expected, const char *text, size_t k)
{
    const double value = (double)creall(expected);
    cr_expect_float_eq(found, value, 1e-12 * (1 + fabs(value)), "%s: %zu is %.17g, not %.17g", text, k, found,
                       value);
}

/* The sections of a tensor, from its slots to its terms. */
static void expect_tensor(reading *r, const eqml_basis *b, const eqml_tensor_basis *t, const number *slot)
{
    number *all = room((size_t)t->nslots, sizeof *all), *vector = room((size_t)t->nvectors, sizeof *vector);
    memcpy(all, slot, (size_t)b->nslots * sizeof *all);
    for (int k = 0; k < t->noperations; k++)
        all[t->operations[k][0]] += all[t->operations[k][1]] * all[t->operations[k][2]];
    for (int k = 0; k < t->nelements; k++)
        vector[t->elements[k][0]] += all[t->elements[k][1]] * input(t->elements[k][2] + 100u);
    for (int k = 0; k < t->nproducts; k++)
        vector[t->products[k][0]] = all[b->factor0 + t->products[k][1]] * vector[t->products[k][2]];
    /* each tensor has slots and factors of its own */
    memset(place(r, "s0") + b->nslots, 0, (size_t)(VALUES - b->nslots) * sizeof(double));
    memset(place(r, "D0"), 0, VALUES * sizeof(double));
    for (size_t k = 0; k < 100; k++)
        place(r, "B0")[k] = input(k + 100);
    cr_assert(read_until(r, "products"));
    r->nterms = 0;
    const bool another = read_until(r, "tensor");
    cr_assert_eq(r->nterms, (size_t)t->nterms);
    for (int k = 0, i = 0; k < t->nruns; k++)
        for (int j = 0; j < t->runs[k][2]; j++, i++)
            expect_value(place(r, "t0")[i], vector[t->runs[k][0]] * all[b->factor0 + t->runs[k][1] + j],
                         b->name, (size_t)i);
    const eqml_tensor_basis *next = NULL;
    for (int k = t->kind + 1; k < EQML_TENSORS && !next; k++)
        next = b->tensors[k];
    cr_assert_eq(another, next != NULL);
    if (next)
        expect_tensor(r, b, next, slot);
    free(all);
    free(vector);
}

static void expect_header(const eqml_basis *b, const char *options)
{
    char command[512];
    snprintf(command, sizeof command, "build/eqml-gen -d %d %s --dump program '%s'", b->degree, options,
             b->composition);
    fflush(NULL);
    FILE *pipe = popen(command, "r");
    reading r;
    open_reading(&r, pipe, (size_t)b->npairs, input);
    number *y = room((size_t)b->npairs, sizeof *y), *slot = room((size_t)b->nslots, sizeof *slot);
    double *offset = room((size_t)b->nfactors, sizeof *offset);
    for (int k = 0; k < b->npairs; k++)
        y[k] = input((size_t)k);
    interpret(b, y, offset, slot);
    const bool tensor = read_until(&r, "tensor");
    size_t n = 0;
    const number *f = slot + b->factor0;
    const double *t = place(&r, "t0");
    for (int k = 0; k < b->nfactors; k++)
        if (!b->is_term || b->is_term[k]) {
            expect_value(t[n], f[k], b->name, n);
            n++;
        }
    for (int k = 0; k < b->nruns; k++)
        for (int j = 0; j < b->runs[k][2]; j++, n++)
            expect_value(t[n], f[b->runs[k][0]] * f[b->runs[k][1] + j], b->name, n);
    cr_expect_eq(n, (size_t)b->nterms, "%s", b->name);
    cr_expect_eq(n, r.nterms, "%s", b->name);
    int first = 0;
    while (first < EQML_TENSORS && !b->tensors[first])
        first++;
    cr_assert_eq(tensor, first < EQML_TENSORS);
    if (tensor)
        expect_tensor(&r, b, b->tensors[first], slot);
    cr_expect_eq(pclose(pipe), 0, "%s", command);
    close_reading(&r);
    free(y);
    free(slot);
    free(offset);
}

Test(dump, text_gives_the_terms_of_the_header)
{
    expect_header(&ch4_d4_basis, "");
    expect_header(&dimer_purified_d3_basis, "--terms purified");
    expect_header(&nh3_orbits_d4_basis, "--scheme orbit-sums");
    expect_header(&h30_d3_basis, "");
    expect_header(&h2o_tensors_basis, "--dipole 5 --quadrupole 4 --polarizability 4");
    expect_header(&dimer_tensors_basis, "--dipole 3 --quadrupole 2 --polarizability 2");
}

/* Coefficients, and an intermediate value that reads a factor, in the order of evaluation. */
Test(dump, text_of_a_program_made_by_hand)
{
    program *p = program_create(2);
    const unsigned s = (unsigned)p->nslots++, t = (unsigned)p->nslots++, f = FACTOR_SLOT;
    for (int k = 0; k < 3; k++)
        program_add_factor(p, k, k > 0);
    operations_append_scaled(&p->operations, 1.0 / 3, s, 0, 1);
    operations_append_scaled(&p->operations, -2, f + 1, s, FACTOR_SLOT);
    operations_append_scaled(&p->operations, 1, t, f + 1, 0);
    operations_append_scaled(&p->operations, 0.1, f + 2, t, 1);
    p->contractions = p->products = p->linear = p->operations.count;
    p->ncore = 2;
    p->nvalues = 3;
    item_pair *product = room(1, sizeof *product);
    *product = (item_pair){0, 0};
    product_list list = products_create(1, 1, product);
    program_finish(p, &list, false);
    products_free(&list);

    const description d = {.name = "made", .subject = "a test", .inputs = "numbers", .program = p};
    FILE *file = tmpfile();
    cr_assert_not_null(file);
    dump_program(file, &d);
    rewind(file);
    reading r;
    open_reading(&r, file, 2, input);
    cr_assert_not(read_until(&r, "tensor"));
    const double y0 = input(0), y1 = input(1), f1 = -2 * (1.0 / 3 * y0 * y1), f2 = 0.1 * f1 * y0 * y1;
    cr_assert_eq(r.nterms, 3u);
    expect_value(place(&r, "t0")[0], f1, "f1", 0);
    expect_value(place(&r, "t0")[1], f2, "f2", 1);
    expect_value(place(&r, "t0")[2], f1 * f1, "f1 f1", 2);
    fclose(file);
    close_reading(&r);
    program_free(p);
}

/* ---- the graph ---- */

/* One statement a line; no arrow twice; every value that an arrow leads to or comes from has a node. */
static void expect_graph(const char *arguments)
{
    char folder[TEMPORARY_PATH];
    make_folder(folder);
    outcome o = run("build/eqml-gen --dump dot -o '%s/g' %s", folder, arguments);
    cr_assert_eq(o.status, 0, "%s: %s", arguments, o.text);
    o = run("cd '%s' && head -n 1 g | grep -q '^digraph [a-z0-9_]* {$' && test \"$(tail -n 1 g)\" = '}' && "
            "! sed '1d;$d' g | grep -v ';$'",
            folder);
    cr_expect_eq(o.status, 0, "%s: %s", arguments, o.text);
    o = run("cd '%s' && grep -e '->' g | grep -v -e '\\[' | sort | uniq -d", folder);
    cr_expect_str_eq(o.text, "", "%s", arguments);
    o = run(
        "cd '%s' && grep -v -e '->' g | grep '\\[' | awk '{print $1}' | sort -u >nodes && grep -e '->' g | "
        "grep -v _D | tr -d ';' | awk '{print $1; print $3}' | sort -u | comm -23 - nodes",
        folder);
    cr_expect_str_eq(o.text, "", "%s", arguments);
    o = run("cd '%s' && if command -v nop >/dev/null; then nop -p g; fi", folder);
    cr_expect_str_eq(o.text, "", "%s", arguments);
    remove_folder(folder);
}

Test(dump, graph)
{
    expect_graph("-d 4 'H4 C'");
    expect_graph("-d 3 --dipole 3 --quadrupole 2 --polarizability 2 '(H2 O)2'");
    expect_graph("-d 3 --scheme orbit-sums 'H3 N'");
    expect_graph("-d 5 --cap H-H=2 --without C-H 'H4 C'");
}
