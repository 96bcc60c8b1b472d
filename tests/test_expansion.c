/* Sums of surfaces over tuples of atoms: counts, symmetry, derivatives, cutoffs, and potentials that are
 * known. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ch4_d4.h"
#include "h2_d4.h"
#include "h2c_d3.h"
#include "h3_d3.h"
#include "hc_d4.h"
#include "nh3_d5.h"
#include "eqml.h"
#include "temporary.h"

enum { NATOMS = 5, SIZE = 3 * NATOMS };

static const eqml_variable morse[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_MORSE, 1.5, 0, 0}};

/* ---- helpers ------------------------------------------------------------------------------------------ */

/* Uniform in [-1, 1). */
static double uniform(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) / 4503599627370496.0 - 1.0;
}

/* Random places in a box, no two atoms closer than 1.2 bohr. */
static void place_atoms(int natoms, double box, uint64_t *state, double *xyz)
{
    for (int i = 0; i < natoms; i++) {
        double closest;
        do {
            closest = 9;
            for (int k = 0; k < 3; k++)
                xyz[3 * i + k] = box * uniform(state);
            for (int j = 0; j < i; j++)
                closest = fmin(closest, hypot(hypot(xyz[3 * i] - xyz[3 * j], xyz[3 * i + 1] - xyz[3 * j + 1]),
                                              xyz[3 * i + 2] - xyz[3 * j + 2]));
        } while (closest < 1.2);
    }
}

static eqml_data make_data(size_t n, uint64_t seed)
{
    eqml_data d = {.natoms = NATOMS, .n = n};
    uint64_t state = 88172645463325252u + seed;
    d.symbols = calloc(NATOMS, sizeof *d.symbols);
    d.xyz = calloc(n * SIZE, sizeof(double));
    d.energy = calloc(n, sizeof(double));
    d.gradient = calloc(n * SIZE, sizeof(double));
    d.has = malloc(n);
    cr_assert(d.symbols && d.xyz && d.energy && d.gradient && d.has);
    memset(d.has, EQML_HAS_ENERGY | EQML_HAS_GRADIENT, n);
    for (size_t g = 0; g < n; g++)
        place_atoms(NATOMS, 2.2, &state, d.xyz + g * SIZE);
    return d;
}

static eqml_expansion expand(int nparts, const eqml_part *parts)
{
    eqml_expansion x;
    eqml_message message = {""};
    cr_assert_eq(eqml_expansion_create(&x, "H H H H C", nparts, parts, &message), EQML_OK, "%s",
                 message.text);
    return x;
}

static double *make_work(const eqml_expansion *x)
{
    double *work = aligned_alloc(64, (eqml_expansion_work(x) * sizeof *work + 63) / 64 * 64);
    cr_assert_not_null(work);
    return work;
}

static double evaluate(const eqml_expansion *x, const double *xyz, double *gradient)
{
    double *work = make_work(x), v = eqml_expansion_energy_gradient(x, xyz, gradient, work);
    free(work);
    return v;
}

/* Any coefficients. */
static void randomise(eqml_expansion *x, uint64_t seed)
{
    uint64_t state = 362436069u + seed;
    x->constant = uniform(&state);
    for (int c = 0; c < x->ncomponents; c++) {
        eqml_surface *s = &x->components[c].surface;
        double *terms = calloc((size_t)s->model.basis->nterms, sizeof *terms);
        cr_assert_not_null(terms);
        for (int k = 0; k < s->model.basis->nterms; k++)
            terms[k] = uniform(&state);
        for (int k = 1; k < s->model.basis->nfactors; k++)
            s->offset[k] = uniform(&state);
        eqml_surface_set(s, terms);
        free(terms);
    }
}

static void take_energies(eqml_data *d, const eqml_expansion *x)
{
    for (size_t g = 0; g < d->n; g++)
        d->energy[g] = evaluate(x, d->xyz + g * SIZE, d->gradient + g * SIZE);
}

/* Pairs, triples, with and without a switch; the geometries have distances on both sides of the cutoffs. */
static const eqml_part many[] = {
    {&h2_d4_basis, morse, 0, NULL, 0, 0, 0},
    {&hc_d4_basis, morse, 0, NULL, 1.0, 4.0, 0},
    {&h3_d3_basis, morse, 0, NULL, 2.0, 3.5, 0},
    {&h2c_d3_basis, morse, 0, NULL, 0, 4.5, 3},
};
enum { MANY = 4 };

/* dV/dx_k by differences of sixth order. */
static double difference(const eqml_expansion *x, double *xyz, int k, double step)
{
    static const double weight[] = {0, 3.0 / 4, -3.0 / 20, 1.0 / 60};
    const double at = xyz[k];
    double sum = 0;
    for (int i = -3; i <= 3; i++) {
        xyz[k] = at + i * step;
        sum += i ? (i > 0 ? 1 : -1) * weight[abs(i)] * evaluate(x, xyz, NULL) : 0;
    }
    xyz[k] = at;
    return sum / step;
}

/* ---- tuples ------------------------------------------------------------------------------------------- */

Test(expansion, tuples_are_counted_once)
{
    const eqml_part parts[] = {
        {&h2_d4_basis, morse, 0, NULL, 0, 0, 0},  {&hc_d4_basis, morse, 0, NULL, 0, 0, 0},
        {&h3_d3_basis, morse, 0, NULL, 0, 0, 0},  {&h2c_d3_basis, morse, 0, NULL, 0, 0, 0},
        {&ch4_d4_basis, morse, 0, NULL, 0, 0, 0},
    };
    const int counts[] = {6, 4, 4, 6, 1};
    eqml_expansion x = expand(5, parts);
    for (int c = 0; c < 5; c++) {
        const eqml_component *k = &x.components[c];
        const int natoms = parts[c].basis->natoms;
        cr_expect_eq(k->ntuples, counts[c], "part %d: %d tuples", c, k->ntuples);
        for (int t = 0; t < k->ntuples * natoms; t++) /* carbon at the places of carbon, hydrogens in order */
            if (parts[c].basis->symbols[2 * (t % natoms)] == 'C')
                cr_expect_eq(k->tuples[t], 4);
            else if (t % natoms)
                cr_expect_gt(k->tuples[t], k->tuples[t - 1]);
    }
    eqml_expansion_free(&x);
    eqml_expansion_free(&x);
}

/* ---- values and derivatives --------------------------------------------------------------------------- */

Test(expansion, gradients_batches_and_symmetry)
{
    eqml_data d = make_data(33, 1);
    eqml_expansion x = expand(MANY, many);
    randomise(&x, 2);
    double energy[33], *gradient = malloc(33 * SIZE * sizeof *gradient), *work = make_work(&x);
    cr_assert_not_null(gradient);
    eqml_expansion_energy_gradient_batch(&x, d.n, d.xyz, energy, gradient, work);
    for (size_t g = 0; g < d.n; g++) {
        double *xyz = d.xyz + g * SIZE, one[SIZE], v = evaluate(&x, xyz, one), turned[SIZE];
        cr_expect_float_eq(energy[g], v, 1e-12 * (1 + fabs(v)));
        cr_expect_float_eq(evaluate(&x, xyz, NULL), v, 1e-12 * (1 + fabs(v)));
        for (int k = 0; k < SIZE; k++) {
            cr_expect_float_eq(gradient[g * SIZE + (size_t)k], one[k], 1e-11);
            cr_expect_float_eq(difference(&x, xyz, k, 2e-3), one[k], 2e-6 * (1 + fabs(v)));
        }
        for (int a = 0; a < NATOMS; a++) { /* a cycle of the hydrogens, and a turn */
            const double *from = xyz + 3 * (a < 4 ? (a + 1) % 4 : 4);
            turned[3 * a] = 0.6 * from[0] - 0.8 * from[1] + 1;
            turned[3 * a + 1] = 0.8 * from[0] + 0.6 * from[1] - 2;
            turned[3 * a + 2] = -from[2];
        }
        cr_expect_float_eq(evaluate(&x, turned, NULL), v, 1e-11 * (1 + fabs(v)));
    }
    free(gradient);
    free(work);
    eqml_expansion_free(&x);
    eqml_data_free(&d);
}

/* One part with all atoms is the surface itself. */
Test(expansion, of_one_whole_is_the_surface)
{
    const int all[] = {0, 1, 2, 3, 4};
    const eqml_part part = {&ch4_d4_basis, morse, 1, all, 0, 0, 0};
    const eqml_fit_options o = {.ridge = 1e-10, .energy_weight = 0.5};
    eqml_data d = make_data(40, 3);
    eqml_surface s;
    eqml_fit_result whole, sum;
    eqml_expansion x = expand(1, &part);
    uint64_t state = 4;
    for (size_t g = 0; g < d.n; g++) {
        d.energy[g] = uniform(&state);
        for (int k = 0; k < SIZE; k++)
            d.gradient[g * SIZE + (size_t)k] = uniform(&state);
    }
    cr_assert_eq(eqml_surface_create(&ch4_d4_basis, morse, &s), EQML_OK);
    cr_assert_eq(eqml_fit(&s, &d, &o, &whole, NULL), EQML_OK);
    cr_assert_eq(eqml_expansion_fit(&x, &d, &o, &sum, NULL), EQML_OK);
    cr_expect_eq(whole.terms, sum.terms);
    cr_expect_eq(whole.rank, sum.rank);
    cr_expect_eq(whole.rows, sum.rows);
    for (size_t g = 0; g < d.n; g++) {
        double gradient[SIZE], other[SIZE];
        const double v = ch4_d4_model_energy_gradient(&s.model, d.xyz + g * SIZE, gradient);
        cr_expect_float_eq(evaluate(&x, d.xyz + g * SIZE, other), v, 1e-8);
        for (int k = 0; k < SIZE; k++)
            cr_expect_float_eq(gradient[k], other[k], 1e-8);
    }
    eqml_surface_free(&s);
    eqml_expansion_free(&x);
    eqml_data_free(&d);
}

/* ---- cutoffs ------------------------------------------------------------------------------------------ */

Test(expansion, vanishes_beyond_the_cutoff)
{
    const eqml_part parts[] = {{&h2_d4_basis, morse, 0, NULL, 2.0, 5.0, 0},
                               {&h2c_d3_basis, morse, 0, NULL, 3.0, 4.0, 0}};
    eqml_expansion x = expand(2, parts);
    double xyz[SIZE], gradient[SIZE];
    randomise(&x, 5);
    for (int k = 0; k < SIZE; k++)
        xyz[k] = k % 3 == 0 ? 5.0 * (k / 3) : 0; /* neighbours are 5 bohr apart: exactly at the cutoff */
    cr_expect_eq(evaluate(&x, xyz, gradient), x.constant);
    for (int k = 0; k < SIZE; k++)
        cr_expect_eq(gradient[k], 0);

    /* Just within it, one pair remains, and goes with the third power of the distance to the cutoff. */
    const double steps[] = {1e-3, 5e-4};
    double left[2], slope[2];
    for (int k = 0; k < 2; k++) {
        xyz[0] = steps[k];
        left[k] = evaluate(&x, xyz, gradient) - x.constant;
        slope[k] = gradient[0];
        cr_expect_float_eq(gradient[0], -gradient[3], 1e-18);
        cr_expect_neq(left[k], 0);
    }
    cr_expect_float_eq(slope[0] / slope[1], 4, 0.05);
    cr_expect_lt(fabs(left[0]), 1e-8 * 100);
    eqml_expansion_free(&x);
}

/* Below `inner` the switch does nothing. */
Test(expansion, does_nothing_within)
{
    eqml_part part = {&h3_d3_basis, morse, 0, NULL, 8.0, 9.0, 0};
    eqml_expansion with = expand(1, &part), without;
    eqml_data d = make_data(10, 6);
    part.inner = part.cutoff = 0;
    without = expand(1, &part);
    randomise(&with, 7);
    randomise(&without, 7);
    for (size_t g = 0; g < d.n; g++)
        cr_expect_eq(evaluate(&with, d.xyz + g * SIZE, NULL), evaluate(&without, d.xyz + g * SIZE, NULL));
    eqml_expansion_free(&with);
    eqml_expansion_free(&without);
    eqml_data_free(&d);
}

/* ---- fits --------------------------------------------------------------------------------------------- */

/* A potential that is such a sum is recovered, at geometries that were not fitted too. */
Test(expansion, recovers_a_many_body_potential)
{
    for (int energies_only = 0; energies_only < 2; energies_only++) {
        const eqml_fit_options o = {.energies_only = energies_only};
        eqml_data d = make_data(energies_only ? 400 : 60, 8), fresh = make_data(40, 9);
        eqml_expansion truth = expand(MANY, many), x = expand(MANY, many);
        eqml_fit_result result;
        eqml_errors errors;
        eqml_message message = {""};
        randomise(&truth, 10);
        take_energies(&d, &truth);
        take_energies(&fresh, &truth);
        cr_assert_eq(eqml_expansion_fit(&x, &d, &o, &result, &message), EQML_OK, "%s", message.text);
        cr_expect_eq(result.geometries, d.n);
        cr_expect_leq(result.rank, result.terms);
        cr_assert_eq(eqml_expansion_errors(&x, &fresh, NULL, &errors), EQML_OK);
        cr_expect_lt(errors.max_energy, 1e-6);
        cr_expect_lt(errors.rmse_gradient, 1e-6);
        cr_expect_eq(errors.energies, fresh.n);
        eqml_expansion_free(&truth);
        eqml_expansion_free(&x);
        eqml_data_free(&d);
        eqml_data_free(&fresh);
    }
}

/* Triples of degree 3 contain all pairs of degree 3: the sum has as many independent terms as without them.
 */
Test(expansion, overlapping_parts_have_the_rank_of_their_span)
{
    const eqml_part parts[] = {{&h3_d3_basis, morse, 0, NULL, 0, 0, 0},
                               {&h3_d3_basis, morse, 0, NULL, 0, 0, 0}};
    eqml_data d = make_data(60, 11);
    eqml_fit_result one, two;
    eqml_expansion x = expand(1, parts), y = expand(2, parts);
    uint64_t state = 12;
    for (size_t g = 0; g < d.n; g++)
        d.energy[g] = uniform(&state);
    cr_assert_eq(eqml_expansion_fit(&x, &d, NULL, &one, NULL), EQML_OK);
    cr_assert_eq(eqml_expansion_fit(&y, &d, NULL, &two, NULL), EQML_OK);
    cr_expect_eq(two.rank, one.rank);
    cr_expect_eq(two.terms, 2 * one.terms - 1);
    for (size_t g = 0; g < d.n; g++)
        cr_expect_float_eq(evaluate(&x, d.xyz + g * SIZE, NULL), evaluate(&y, d.xyz + g * SIZE, NULL), 1e-9);
    eqml_expansion_free(&x);
    eqml_expansion_free(&y);
    eqml_data_free(&d);
}

static double reference(void *context, const double *xyz, double *gradient)
{
    return evaluate((const eqml_expansion *)context, xyz, gradient);
}

Test(expansion, fits_a_difference)
{
    eqml_data d = make_data(60, 13);
    eqml_expansion truth = expand(MANY, many), x = expand(2, many);
    const eqml_fit_options o = {.reference = reference, .reference_context = &truth};
    randomise(&truth, 14);
    take_energies(&d, &truth);
    for (size_t g = 0; g < d.n; g++)
        d.energy[g] += 0.25;
    cr_assert_eq(eqml_expansion_fit(&x, &d, &o, NULL, NULL), EQML_OK);
    for (size_t g = 0; g < d.n; g++)
        cr_expect_float_eq(evaluate(&x, d.xyz + g * SIZE, NULL), 0.25, 1e-9);
    eqml_expansion_free(&truth);
    eqml_expansion_free(&x);
    eqml_data_free(&d);
}

/* ---- files -------------------------------------------------------------------------------------------- */

Test(expansion, files)
{
    const eqml_basis *bases[] = {&h2_d4_basis, &hc_d4_basis, &h3_d3_basis, &h2c_d3_basis};
    eqml_expansion x = expand(MANY, many), y;
    eqml_data d = make_data(10, 40);
    eqml_message message = {""};
    char path[TEMPORARY_PATH];
    make_file(path);
    randomise(&x, 41);
    cr_assert_eq(eqml_expansion_write(&x, path, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_expansion_read(&y, path, MANY, bases, &message), EQML_OK, "%s", message.text);
    for (size_t g = 0; g < d.n; g++)
        cr_expect_eq(evaluate(&x, d.xyz + g * SIZE, NULL), evaluate(&y, d.xyz + g * SIZE, NULL));
    eqml_expansion_free(&y);

    /* Other bases, and files that end early, are refused; nothing is left behind. */
    cr_expect_eq(eqml_expansion_read(&y, path, MANY - 1, bases, &message), EQML_ERROR_MATCH);
    bases[2] = &nh3_d5_basis;
    cr_expect_eq(eqml_expansion_read(&y, path, MANY, bases, &message), EQML_ERROR_MATCH);
    bases[2] = &h3_d3_basis;
    struct stat whole;
    cr_assert_eq(stat(path, &whole), 0);
    cr_assert_gt(whole.st_size, 1000);
    for (off_t size = whole.st_size - 5; size >= 0; size -= 37) {
        cr_assert_eq(truncate(path, size), 0);
        cr_expect_neq(eqml_expansion_read(&y, path, MANY, bases, &message), EQML_OK);
        cr_expect_null(y.components);
    }
    remove(path);
    cr_expect_eq(eqml_expansion_read(&y, path, MANY, bases, &message), EQML_ERROR_FILE);
    eqml_expansion_free(&x);
    eqml_data_free(&d);
}

/* Reads the pairs of hydrogens of methane from a file with one line put in place of another. */
static void expect_unread(const char *text, const char *line, const char *instead, eqml_status status,
                          const char *why)
{
    static const eqml_basis *const bases[] = {&h2_d4_basis};
    const char *at = strstr(text, line);
    char path[TEMPORARY_PATH];
    eqml_expansion x;
    eqml_message message = {""};
    cr_assert_not_null(at, "no %s in the file", line);
    make_file(path);
    FILE *out = fopen(path, "w");
    cr_assert_not_null(out);
    fprintf(out, "%.*s%s%s", (int)(at - text), text, instead, at + strlen(line));
    cr_assert_eq(fclose(out), 0);
    cr_expect_eq(eqml_expansion_read(&x, path, 1, bases, &message), status, "%s", instead);
    cr_expect_not_null(strstr(message.text, why), "%s: %s", instead, message.text);
    cr_expect_not_null(strstr(message.text, path), "%s: %s", instead, message.text);
    cr_expect_null(x.components);
    cr_expect_eq(eqml_expansion_read(&x, path, 1, bases, NULL), status);
    remove(path);
}

/* What creating refuses, reading refuses. */
Test(expansion, bad_files_are_refused)
{
    const eqml_part part = {&h2_d4_basis, morse, 0, NULL, 1, 3, 0};
    char path[TEMPORARY_PATH], text[4096];
    eqml_expansion x = expand(1, &part);
    eqml_message message = {""};
    make_file(path);
    cr_assert_eq(eqml_expansion_write(&x, path, &message), EQML_OK, "%s", message.text);
    FILE *in = fopen(path, "r");
    cr_assert_not_null(in);
    text[fread(text, 1, sizeof text - 1, in)] = 0;
    fclose(in);
    remove(path);
    expect_unread(text, "tuple 0 2\n", "tuple 0 0\n", EQML_ERROR_VALUE, "tuple 1 has atom 0 twice");
    expect_unread(text, "tuple 0 2\n", "tuple 0 5\n", EQML_ERROR_VALUE, "the atoms of a tuple");
    expect_unread(text, "tuple 0 2\n", "tuple -1 2\n", EQML_ERROR_VALUE, "the atoms of a tuple");
    expect_unread(text, "tuple 0 2\n", "tuple 0\n", EQML_ERROR_VALUE, "the atoms of a tuple");
    expect_unread(text, "tuple 0 2\n", "tuple 0 2 3\n", EQML_ERROR_VALUE, "the atoms of a tuple");
    expect_unread(text, "tuple 0 2\n", "", EQML_ERROR_FORMAT, "tuple");
    expect_unread(text, "component 6 2 0", "component 5 2 0", EQML_ERROR_FORMAT, "eqml-pes");
    expect_unread(text, "component 6 2 0", "component 536870911 2 0", EQML_ERROR_FORMAT, "tuple");
    expect_unread(text, "component 6 2 0", "component 536870912 2 0", EQML_ERROR_MATCH, "tuples");
    expect_unread(text, "component 6 2 0", "component 0 2 0", EQML_ERROR_MATCH, "tuples");
    expect_unread(text, "component 6 2 0", "component 6 3 0", EQML_ERROR_MATCH, "atoms of the basis");
    expect_unread(text, "component 6 2 0", "component 6 2 1", EQML_ERROR_VALUE, "alone in its class");
    expect_unread(text, "component 6 2 0", "component 6 2 3", EQML_ERROR_VALUE, "the centre");
    expect_unread(text, "cutoff 0x1.8p+1", "cutoff 0x1p-1", EQML_ERROR_VALUE, "the cutoff must be");
    expect_unread(text, "cutoff 0x1.8p+1", "cutoff 0x0p+0", EQML_ERROR_VALUE, "the cutoff must be");
    expect_unread(text, "cutoff 0x1.8p+1", "cutoff inf", EQML_ERROR_VALUE, "one finite number");
    expect_unread(text, "inner 0x1p+0", "inner -0x1p+0", EQML_ERROR_VALUE, "must not be negative");
    expect_unread(text, "eqml-expansion 1 5 1", "eqml-expansion 1 3 1", EQML_ERROR_VALUE, "the atoms");
    expect_unread(text, "eqml-expansion 1 5 1", "eqml-expansion 1 5 2", EQML_ERROR_MATCH, "as many");
    expect_unread(text, "eqml-expansion 1 5 1", "eqml-expansion 2 5 1", EQML_ERROR_FORMAT, "version 1");
    eqml_expansion_free(&x);
}

/* ---- bad inputs --------------------------------------------------------------------------------------- */

static void expect_refused(const eqml_part *part, eqml_status status, const char *why)
{
    const eqml_part parts[] = {many[0], *part};
    eqml_expansion x;
    eqml_message message = {""};
    cr_expect_eq(eqml_expansion_create(&x, "H H H H C", 2, parts, &message), status, "%s", why);
    cr_expect_not_null(strstr(message.text, "part 1"), "%s", message.text);
    cr_expect_not_null(strstr(message.text, why), "%s", message.text);
    cr_expect_null(x.components);
    cr_expect_eq(eqml_expansion_create(&x, "H H H H C", 2, parts, NULL), status);
}

Test(expansion, bad_inputs_are_refused)
{
    static const int beyond[] = {0, 5}, negative[] = {-1, 0}, twice[] = {2, 2};
    const eqml_variable bad[] = {{EQML_EXP_OVER_R, -1.0, 0, 0}};
    const eqml_basis *hh = &h2_d4_basis;
    expect_refused(&(eqml_part){hh, morse, 1, beyond, 0, 0, 0}, EQML_ERROR_ARGUMENT, "atom 5");
    expect_refused(&(eqml_part){hh, morse, 1, negative, 0, 0, 0}, EQML_ERROR_ARGUMENT, "atom -1");
    expect_refused(&(eqml_part){hh, morse, 1, twice, 0, 0, 0}, EQML_ERROR_ARGUMENT, "twice");
    expect_refused(&(eqml_part){hh, morse, 2, NULL, 0, 0, 0}, EQML_ERROR_ARGUMENT, "missing");
    expect_refused(&(eqml_part){hh, morse, 0, NULL, 0, -3, 0}, EQML_ERROR_ARGUMENT, "positive");
    expect_refused(&(eqml_part){hh, morse, 0, NULL, 4, 3, 0}, EQML_ERROR_ARGUMENT, "cutoff");
    expect_refused(&(eqml_part){hh, morse, 0, NULL, -1, 3, 0}, EQML_ERROR_ARGUMENT, "inner");
    expect_refused(&(eqml_part){hh, morse, 0, NULL, 0, nan(""), 0}, EQML_ERROR_ARGUMENT, "cutoff");
    expect_refused(&(eqml_part){hh, morse, 0, NULL, 1, 3, 1}, EQML_ERROR_ARGUMENT, "centre");
    expect_refused(&(eqml_part){hh, morse, 0, NULL, 1, 3, 3}, EQML_ERROR_ARGUMENT, "centre");
    expect_refused(&(eqml_part){hh, bad, 0, NULL, 0, 0, 0}, EQML_ERROR_ARGUMENT, "variables");
    expect_refused(&(eqml_part){&nh3_d5_basis, morse, 0, NULL, 0, 0, 0}, EQML_ERROR_MATCH, "H H H N");

    eqml_expansion x;
    eqml_message message = {""};
    cr_expect_eq(eqml_expansion_create(&x, " ", 1, many, &message), EQML_ERROR_ARGUMENT);
    cr_expect_eq(eqml_expansion_create(&x, "H H", 0, many, &message), EQML_ERROR_ARGUMENT);
    x = expand(1, many);
    eqml_data empty = make_data(1, 15), wrong = make_data(1, 15);
    empty.n = 0;
    wrong.natoms = 4;
    cr_expect_eq(eqml_expansion_fit(&x, &empty, NULL, NULL, &message), EQML_ERROR_EMPTY);
    cr_expect_eq(eqml_expansion_fit(&x, &wrong, NULL, NULL, &message), EQML_ERROR_MATCH);
    empty.n = 1;
    empty.energy[0] = nan("");
    cr_expect_eq(eqml_expansion_fit(&x, &empty, NULL, NULL, &message), EQML_ERROR_VALUE);
    eqml_expansion_free(&x);
    eqml_data_free(&empty);
    eqml_data_free(&wrong);
}
