/* Standard deviations of energies: by definition, from random rows, in batches, in files, and on data. */
#define _POSIX_C_SOURCE 200809L
#include "surfaces.h"

#include "dimer_purified_d3.h"
#include "h2o_d8.h"
#include "nh3_d5.h"

/* For each class of pairs, of which the dimer has five. */
#define MORSE                                                                                                \
    {                                                                                                        \
        EQML_MORSE, 2.0, NULL, NULL                                                                          \
    }
static const eqml_variable ranges[] = {MORSE, MORSE, MORSE, MORSE, MORSE};

/* A fit to data with noise, and what it takes to be sure of its energies. */
typedef struct subject {
    eqml_surface surface;
    eqml_data data;
    eqml_problem *problem;
    eqml_influence *influence;
} subject;

static subject make_subject(const eqml_basis *b, size_t n, double noise, const eqml_fit_options *o,
                            uint64_t *state)
{
    subject s;
    eqml_message message = {""};
    eqml_surface truth = random_surface(b, ranges, state);
    s.data = sample(&truth.model, n, state);
    for (size_t g = 0; g < n; g++) /* twelve uniform numbers are as good as normal ones */
        for (int k = 0; k < 12; k++)
            s.data.energy[g] += 0.5 * noise * draw_real(state);
    s.surface = empty_surface(b, ranges);
    s.influence = room(n, sizeof *s.influence);
    cr_assert_eq(eqml_problem_create(&s.problem, &s.surface, &s.data, o, NULL, &message), EQML_OK, "%s",
                 message.text);
    cr_assert_eq(eqml_diagnose(s.problem, &s.surface, &s.data, o, NULL, s.influence, &message), EQML_OK, "%s",
                 message.text);
    eqml_surface_free(&truth);
    return s;
}

static void free_subject(subject *s)
{
    eqml_problem_free(s->problem);
    eqml_surface_free(&s->surface);
    eqml_data_free(&s->data);
    free(s->influence);
}

/* sigma squared is the variance itself. */
static void uncalibrate(eqml_sigma *sigma)
{
    sigma->floor = 0, sigma->slope = 1, sigma->power = 0.5, sigma->reach = 1;
}

static double *work_room(const eqml_basis *b)
{
    return room((size_t)EQML_WORK_SIGMA(b->nslots, b->npairs, b->nterms), sizeof(double));
}

/* The variance is the sum of the squares by which the energy follows each datum: one refit for each of them. */
Test(sigma, is_how_the_energy_follows_the_data)
{
    enum { N = 130 };
    const eqml_fit_options o = {.energies_only = 1};
    uint64_t state = 8;
    subject s = make_subject(&h2o_d8_basis, N, 0.1, &o, &state);
    eqml_sigma sigma;
    cr_assert_eq(eqml_sigma_create(&sigma, s.problem, &s.data, s.influence, 0, NULL), EQML_OK);
    cr_expect_eq(sigma.triangular, 1);
    uncalibrate(&sigma);
    double xyz[9], *work = work_room(&h2o_d8_basis), sum = 0;
    draw_geometry(&state, 3, xyz);
    const double energy = eqml_energy_gradient(&s.surface.model, xyz, NULL, work);
    eqml_surface moved = empty_surface(&h2o_d8_basis, morse);
    for (size_t g = 0; g < N; g++) {
        s.data.energy[g] += 1;
        cr_assert_eq(eqml_fit(&moved, &s.data, &o, NULL, NULL), EQML_OK);
        const double follows = eqml_energy_gradient(&moved.model, xyz, NULL, work) - energy;
        sum += follows * follows;
        s.data.energy[g] -= 1;
    }
    const double v = pow(eqml_energy_sigma(&sigma, &s.surface.model, xyz, work), 2);
    cr_expect_float_eq(v, sum, 1e-6 * sum, "%.12g, by refits %.12g", v, sum);
    free(work);
    eqml_sigma_free(&sigma);
    eqml_surface_free(&moved);
    free_subject(&s);
}

/* A geometry of weight 0 is left out already: what is diagnosed there is the same variance, of gradients and all. */
static void compare_with_diagnosis(const eqml_basis *b, double ridge)
{
    enum { N = 70 };
    double weights[N];
    uint64_t state = 18;
    for (int g = 0; g < N; g++)
        weights[g] = g < 60;
    const eqml_fit_options o = {.weights = weights, .ridge = ridge};
    subject s = make_subject(b, N, 0.1, &o, &state);
    eqml_sigma sigma;
    double *work = work_room(b);
    cr_assert_eq(eqml_sigma_create(&sigma, s.problem, &s.data, s.influence, 0, NULL), EQML_OK);
    uncalibrate(&sigma);
    for (size_t g = 60; g < N; g++) {
        const double *xyz = s.data.xyz + 3 * (size_t)b->natoms * g;
        const double v = pow(eqml_energy_sigma(&sigma, &s.surface.model, xyz, work), 2);
        cr_expect_float_eq(v, s.influence[g].variance, 1e-8 * v, "%s, ridge %g", b->name, ridge);
    }
    free(work);
    eqml_sigma_free(&sigma);
    free_subject(&s);
}

Test(sigma, is_the_variance_that_is_diagnosed)
{
    compare_with_diagnosis(&nh3_d5_basis, 0);
    compare_with_diagnosis(&nh3_d5_basis, 1e-4);
    compare_with_diagnosis(&dimer_purified_d3_basis, 0);
}

/* Fewer data than terms: the factor is no triangle, and each fitted energy follows its datum. */
Test(sigma, holds_where_the_rank_is_not_full)
{
    enum { N = 40 };
    const eqml_fit_options o = {.energies_only = 1};
    uint64_t state = 28;
    subject s = make_subject(&nh3_d5_basis, N, 0.1, &o, &state);
    eqml_sigma sigma;
    eqml_message message = {""};
    double *work = work_room(&nh3_d5_basis);
    cr_expect_eq(eqml_sigma_create(&sigma, s.problem, &s.data, s.influence, 0, &message), EQML_ERROR_EMPTY);
    cr_expect_not_null(strstr(message.text, "20 geometries"), "%s", message.text);
    cr_expect_null(sigma.matrix);
    for (size_t g = 0; g < N; g++)
        s.influence[g].deleted = s.influence[g].variance = 1;
    cr_assert_eq(eqml_sigma_create(&sigma, s.problem, &s.data, s.influence, 0, &message), EQML_OK, "%s",
                 message.text);
    cr_expect_eq(sigma.triangular, 0);
    uncalibrate(&sigma);
    for (size_t g = 0; g < N; g++)
        cr_expect_float_eq(eqml_energy_sigma(&sigma, &s.surface.model, s.data.xyz + 12 * g, work), 1, 1e-6);
    free(work);
    eqml_sigma_free(&sigma);
    free_subject(&s);
}

/* The variance from random rows: on average, and in spread, as stated. */
Test(sigma, random_rows_come_close)
{
    enum { N = 120, ROWS = 64, OTHERS = 200 };
    uint64_t state = 38;
    subject s = make_subject(&nh3_d5_basis, N, 0.1, NULL, &state);
    eqml_data others = make_data(4, OTHERS);
    eqml_sigma whole, few;
    double mean = 0, spread = 0, *work = work_room(&nh3_d5_basis);
    cr_assert_eq(eqml_sigma_create(&whole, s.problem, &s.data, s.influence, 0, NULL), EQML_OK);
    cr_assert_eq(eqml_sigma_create(&few, s.problem, &s.data, s.influence, ROWS, NULL), EQML_OK);
    cr_expect_eq(few.rows, ROWS);
    cr_expect(few.floor == whole.floor && few.slope == whole.slope && few.power == whole.power &&
              few.reach == whole.reach);
    uncalibrate(&whole);
    uncalibrate(&few);
    for (size_t g = 0; g < OTHERS; g++) {
        draw_geometry(&state, 4, others.xyz + 12 * g);
        const double ratio = pow(eqml_energy_sigma(&few, &s.surface.model, others.xyz + 12 * g, work) /
                                     eqml_energy_sigma(&whole, &s.surface.model, others.xyz + 12 * g, work),
                                 2);
        mean += ratio / OTHERS;
        spread += (ratio - 1) * (ratio - 1) / OTHERS;
    }
    cr_expect_float_eq(mean, 1, 3 * sqrt(2.0 / ROWS), "%g", mean); /* the geometries are not independent */
    cr_expect_leq(sqrt(spread), 2 * sqrt(2.0 / ROWS), "%g", sqrt(spread));
    free(work);
    eqml_sigma_free(&whole);
    eqml_sigma_free(&few);
    eqml_data_free(&others);
    free_subject(&s);
}

Test(sigma, batches_equal_single_calls)
{
    enum { MOST = 2 * EQML_LANES + 3 };
    uint64_t state = 48;
    subject s = make_subject(&nh3_d5_basis, 80, 0.1, NULL, &state);
    const eqml_basis *b = &nh3_d5_basis;
    const size_t lanes = EQML_WORK_SIGMA_LANES((size_t)b->nslots, (size_t)b->natoms, (size_t)b->nterms);
    double *work = work_room(b), deviation[MOST + 1];
    void *unaligned = room(lanes + 1, sizeof(eqml_lanes));
    eqml_lanes *wide = (eqml_lanes *)(((uintptr_t)unaligned + sizeof(eqml_lanes) - 1) / sizeof(eqml_lanes) *
                                      sizeof(eqml_lanes));
    for (int rows = 0; rows <= 16; rows += 16) {
        eqml_sigma sigma;
        cr_assert_eq(eqml_sigma_create(&sigma, s.problem, &s.data, s.influence, rows, NULL), EQML_OK);
        for (size_t n = 0; n <= MOST; n++) {
            deviation[n] = 777;
            eqml_energy_sigma_batch(&sigma, &s.surface.model, n, s.data.xyz, deviation, wide);
            cr_assert_eq(deviation[n], 777, "a batch of %zu writes past its end", n);
            for (size_t g = 0; g < n; g++) {
                const double alone = eqml_energy_sigma(&sigma, &s.surface.model, s.data.xyz + 12 * g, work);
                cr_assert_float_eq(deviation[g], alone, 1e-9 * alone);
            }
        }
        double odd[12];
        memcpy(odd, s.data.xyz, sizeof odd);
        odd[4] = NAN;
        cr_expect(isnan(eqml_energy_sigma(&sigma, &s.surface.model, odd, work)));
        eqml_sigma_free(&sigma);
    }
    free(work);
    free(unaligned);
    free_subject(&s);
}

/* On data that were not trained on. */
Test(sigma, covers_as_it_should)
{
    const eqml_fit_options energies = {.energies_only = 1}, plain = {0};
    uint64_t state = 58;
    for (int gradients = 0; gradients < 2; gradients++) {
        const eqml_fit_options *o = gradients ? &plain : &energies;
        subject s = make_subject(&nh3_d5_basis, 400, 0.2, o, &state);
        eqml_data others = make_data(4, 400);
        eqml_surface exact = empty_surface(&nh3_d5_basis, morse);
        eqml_coverage c;
        eqml_sigma sigma;
        unsigned char train[400];
        for (int g = 0; g < 400; g++)
            train[g] = g < 200;
        eqml_fit_options half = *o;
        half.use = train;
        eqml_problem *p;
        cr_assert_eq(eqml_problem_create(&p, &exact, &s.data, &half, NULL, NULL), EQML_OK);
        cr_assert_eq(eqml_diagnose(p, &exact, &s.data, &half, NULL, s.influence, NULL), EQML_OK);
        cr_assert_eq(eqml_sigma_create(&sigma, p, &s.data, s.influence, 0, NULL), EQML_OK);
        for (int g = 0; g < 400; g++)
            train[g] = !train[g];
        cr_assert_eq(eqml_sigma_coverage(&sigma, &exact, &s.data, train, &c), EQML_OK);
        cr_expect_eq(c.energies, 200);
        cr_expect_float_eq(c.within[0], 0.683, 0.1, "gradients %d: %g", gradients, c.within[0]);
        cr_expect_float_eq(c.within[1], 0.954, 0.05, "gradients %d: %g", gradients, c.within[1]);
        eqml_problem_free(p);
        eqml_sigma_free(&sigma);
        eqml_surface_free(&exact);
        eqml_data_free(&others);
        free_subject(&s);
    }
}

/* ---- files ---- */

Test(sigma, files_hold_every_bit_and_belong_to_a_fit)
{
    uint64_t state = 68;
    subject s = make_subject(&nh3_d5_basis, 80, 0.1, NULL, &state);
    eqml_sigma sigma, again;
    eqml_message message = {""};
    char path[TEMPORARY_PATH], edited[TEMPORARY_PATH];
    static const struct {
        const char *script, *word;
        eqml_status status;
    } edits[] = {{"1s/1$/2/", "eqml-sigma 2", EQML_ERROR_MATCH},
                 {"2s/nh3/ph3/", "nh3_d5", EQML_ERROR_MATCH},
                 {"3s/.$/x/", "another fit", EQML_ERROR_MATCH},
                 {"4s/.*/rows 7 0/", "multiple of 8", EQML_ERROR_FORMAT},
                 {"4s/.*/rows 8000 0/", "multiple of 8", EQML_ERROR_FORMAT},
                 {"4s/.*/rows 16 1/", "multiple of 8", EQML_ERROR_FORMAT},
                 {"5s/0x.*/nan/", "finite", EQML_ERROR_VALUE},
                 {"10s/number.*/number 1 2/", "finite", EQML_ERROR_VALUE},
                 {"100,$d", "truncated", EQML_ERROR_FORMAT},
                 {"$s/$/\\nend/", "nothing after", EQML_ERROR_FORMAT}};
    make_file(path);
    make_file(edited);
    for (int rows = 0; rows <= 16; rows += 16) {
        cr_assert_eq(eqml_sigma_create(&sigma, s.problem, &s.data, s.influence, rows, NULL), EQML_OK);
        cr_assert_eq(eqml_sigma_write(&sigma, &s.surface, path, &message), EQML_OK, "%s", message.text);
        cr_assert_eq(eqml_sigma_read(&again, &s.surface, path, &message), EQML_OK, "%s", message.text);
        cr_expect(sigma.rows == again.rows && sigma.floor == again.floor && sigma.slope == again.slope &&
                  sigma.power == again.power && sigma.reach == again.reach &&
                  sigma.triangular == again.triangular);
        cr_expect_arr_eq(sigma.matrix, again.matrix, eqml__sigma_length(&sigma, 0) * 8 * sizeof(double));
        eqml_sigma_free(&again);
        eqml_sigma_free(&sigma);
    }
    for (size_t k = 0; k < COUNT(edits); k++) {
        cr_assert_eq(run("sed '%s' '%s' >'%s'", edits[k].script, path, edited).status, 0);
        cr_expect_eq(eqml_sigma_read(&again, &s.surface, edited, &message), edits[k].status, "%s: %s",
                     edits[k].script, message.text);
        cr_expect_not_null(strstr(message.text, edits[k].word), "%s: %s", edits[k].script, message.text);
        cr_expect_null(again.matrix);
    }
    s.surface.linear[1] += 1;
    cr_expect_eq(eqml_sigma_read(&again, &s.surface, path, &message), EQML_ERROR_MATCH);
    cr_expect_eq(eqml_sigma_create(&again, s.problem, &s.data, s.influence, -8, &message),
                 EQML_ERROR_ARGUMENT);
    remove(path);
    remove(edited);
    free_subject(&s);
}

/* The header is compiled by another compiler run, beside that of the surface; beyond the reach too. */
Test(sigma, a_written_header_gives_the_same_numbers)
{
    static const char program[] = "#include <stddef.h>\n#include \"nh3_sigma.h\"\n#include <stdio.h>\n"
                                  "int main(void)\n{\n"
                                  "    double x[60], s[5];\n"
                                  "    for (int k = 0; k < 60; k++)\n"
                                  "        if (scanf(\"%la\", &x[k]) != 1)\n            return 1;\n"
                                  "    nh3_energy_sigma_batch(5, x, s);\n"
                                  "    for (int k = 0; k < 5; k++)\n"
                                  "        printf(\"%a %a\\n\", nh3_energy_sigma(x + 12 * k), s[k]);\n"
                                  "    return 0;\n}\n";
    uint64_t state = 78;
    subject s = make_subject(&nh3_d5_basis, 80, 0.1, NULL, &state);
    char folder[256], path[300], text[2048] = "";
    double *work = work_room(&nh3_d5_basis);
    eqml_message message = {""};
    eqml_sigma sigma;
    make_folder(folder);
    cr_assert_eq(eqml_sigma_create(&sigma, s.problem, &s.data, s.influence, 16, &message), EQML_OK, "%s",
                 message.text);
    snprintf(path, sizeof path, "%s/nh3_pes.h", folder);
    cr_assert_eq(
        eqml_surface_write_header(&s.surface, "nh3", "eqml.h", "build/tests/nh3_d5.h", path, &message),
        EQML_OK, "%s", message.text);
    snprintf(path, sizeof path, "%s/nh3_sigma.h", folder);
    cr_assert_eq(eqml_sigma_write_header(&sigma, &s.surface, "nh3", "eqml.h", path, &message), EQML_OK, "%s",
                 message.text);
    snprintf(path, sizeof path, "%s/use.c", folder);
    write_file(path, program);
    outcome o =
        run("cd '%s' && ${CC:-cc} -std=c11 -O1 -Wall -Wextra -Wpedantic -Werror use.c -o use -lm", folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    for (int k = 0; k < 3; k++) /* the last geometry is away from all data */
        s.data.xyz[12 * 4 + k] += 3;
    for (int k = 0; k < 60; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%a ", s.data.xyz[k]);
    o = run("echo '%s' | '%s/use'", text, folder);
    cr_assert_eq(o.status, 0);
    char *at = o.text;
    for (size_t g = 0; g < 5; g++)
        for (int batch = 0; batch < 2; batch++) {
            const double found = strtod(at, &at);
            const double expected = eqml_energy_sigma(&sigma, &s.surface.model, s.data.xyz + 12 * g, work);
            cr_expect(expected > 0 && fabs(found - expected) <= 1e-8 * expected, "%zu: %g is not %g", g,
                      found, expected);
        }
    free(work);
    eqml_sigma_free(&sigma);
    free_subject(&s);
    remove_folder(folder);
}
