/* Checkpoints: a fit that was stopped goes on to the same bits, new data cost their own rows, other fits are refused. */
#define _POSIX_C_SOURCE 200809L
#include "surfaces.h"

#include "ch4_d4.h"
#include "h2_d4.h"
#include "h2o_d2_tensors.h"
#include "h2o_d8.h"

static char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 16], copied[TEMPORARY_PATH + 16];

static void begin(void)
{
    make_folder(folder);
    snprintf(path, sizeof path, "%s/fit.lsq", folder);
    snprintf(copied, sizeof copied, "%s/copy.lsq", folder);
}

static void end(void)
{
    remove_folder(folder);
}

TestSuite(checkpoint, .init = begin, .fini = end);

/* Energies and gradients that no surface has. */
static eqml_data noisy_data(const eqml_basis *b, size_t n, uint64_t seed)
{
    eqml_surface s = random_surface(b, morse, &seed);
    eqml_data d = sample(&s.model, n, &seed);
    const size_t size = n * 3 * (size_t)b->natoms;
    for (size_t g = 0; g < n; g++)
        d.energy[g] += 1e-2 * draw_real(&seed);
    for (size_t k = 0; k < size; k++)
        d.gradient[k] += 1e-2 * draw_real(&seed);
    for (size_t g = 0; g < n; g += 7)
        d.has[g] = EQML_HAS_ENERGY;
    eqml_surface_free(&s);
    return d;
}

typedef struct fitted {
    double *terms; /* [nterms] */
    eqml_fit_result result;
} fitted;

static fitted fit(const eqml_basis *b, const eqml_data *d, const eqml_fit_options *o)
{
    fitted f = {room((size_t)b->nterms, sizeof(double)), {0}};
    eqml_surface s = empty_surface(b, morse);
    eqml_message message;
    cr_assert_eq(eqml_fit(&s, d, o, &f.result, &message), EQML_OK, "%s", message.text);
    eqml_surface_get(&s, f.terms);
    eqml_surface_free(&s);
    return f;
}

/* ---- the same fit ---- */

/* Keeps the file as it is when so many geometries are done: what a killed process leaves. */
static void copy_at(void *context, size_t done, size_t total)
{
    const size_t *at = context;
    (void)total;
    if (done == *at)
        copy_file(path, copied);
}

static void stop_and_go_on(const eqml_data *d, eqml_fit_options o, const fitted *whole, size_t at)
{
    remove(path);
    o.checkpoint = path;
    o.checkpoint_seconds = -1;
    o.progress = copy_at;
    o.context = &at;
    fitted kept = fit(&ch4_d4_basis, d, &o);
    o.checkpoint = copied;
    fitted resumed = fit(&ch4_d4_basis, d, &o);
    const size_t size = (size_t)ch4_d4_basis.nterms * sizeof(double);
    cr_expect_eq(kept.result.resumed, 0);
    cr_expect_eq(resumed.result.resumed, at);
    cr_expect_eq(resumed.result.geometries, whole->result.geometries);
    cr_expect_eq(resumed.result.rows, whole->result.rows);
    cr_expect_eq(resumed.result.condition, whole->result.condition);
    cr_expect_arr_eq(kept.terms, whole->terms, size, "with a checkpoint, and without");
    cr_expect_arr_eq(resumed.terms, whole->terms, size, "stopped after %zu geometries", at);
    free(kept.terms);
    free(resumed.terms);
}

Test(checkpoint, a_fit_that_was_stopped_gives_the_same_bits)
{
    static const size_t stops[] = {1, 2, 44, 45, 89, 90};
    static const eqml_fit_options all[] = {
        {0}, {.energy_weight = 0.1, .gradient_weight = 3}, {.ridge = 1e-6}};
    eqml_data d = noisy_data(&ch4_d4_basis, 90, 3);
    for (size_t k = 0; k < COUNT(all); k++) {
        fitted whole = fit(&ch4_d4_basis, &d, &all[k]);
        for (size_t i = 0; i < COUNT(stops); i++)
            stop_and_go_on(&d, all[k], &whole, stops[i]);
        free(whole.terms);
    }
    eqml_data_free(&d);
}

/* The triangle has no ridge: another one needs no row. */
Test(checkpoint, another_ridge_costs_the_solution_only)
{
    eqml_data d = noisy_data(&ch4_d4_basis, 60, 4);
    const eqml_fit_options plain = {.checkpoint = path}, ridge = {.ridge = 1e-3},
                           again = {.ridge = 1e-3, .checkpoint = path};
    fitted first = fit(&ch4_d4_basis, &d, &plain), wanted = fit(&ch4_d4_basis, &d, &ridge);
    fitted found = fit(&ch4_d4_basis, &d, &again);
    cr_assert_eq(found.result.resumed, 60);
    cr_assert_arr_eq(found.terms, wanted.terms, (size_t)ch4_d4_basis.nterms * sizeof(double));
    free(first.terms);
    free(wanted.terms);
    free(found.terms);
    eqml_data_free(&d);
}

Test(checkpoint, of_an_expansion)
{
    static const eqml_part parts[] = {{&h2o_d2_tensors_basis, mixed, 0, NULL, 0, 0, 0},
                                      {&h2_d4_basis, mixed, 0, NULL, 0, 6, 0}};
    eqml_data d = noisy_data(&h2o_d2_tensors_basis, 40, 5);
    unsigned char some[40] = {0};
    eqml_errors e[3];
    memset(some, 1, 25);
    for (int k = 0; k < 3; k++) {
        eqml_expansion x;
        eqml_message message;
        eqml_fit_result r;
        const eqml_fit_options o = {.use = k == 1 ? some : NULL, .checkpoint = k ? path : NULL};
        cr_assert_eq(eqml_expansion_create(&x, "H H O", 2, parts, &message), EQML_OK, "%s", message.text);
        cr_assert_eq(eqml_expansion_fit(&x, &d, &o, &r, &message), EQML_OK, "%s", message.text);
        cr_assert_eq(r.resumed, k == 2 ? 25 : 0);
        cr_assert_eq(eqml_expansion_errors(&x, &d, NULL, &e[k]), EQML_OK);
        eqml_expansion_free(&x);
    }
    cr_expect_float_eq(e[2].rmse_energy, e[0].rmse_energy, 1e-8 * e[0].rmse_energy);
    cr_expect_float_eq(e[2].rmse_gradient, e[0].rmse_gradient, 1e-8 * e[0].rmse_gradient);
    eqml_data_free(&d);
}

/* ---- more data ---- */

/* The old data, and new ones behind them: the fit of all, in other centres and shifts. */
Test(checkpoint, new_data_add_their_rows)
{
    eqml_data d = noisy_data(&ch4_d4_basis, 200, 6), test = noisy_data(&ch4_d4_basis, 20, 7);
    unsigned char use[200] = {0};
    eqml_surface all = empty_surface(&ch4_d4_basis, morse), added = empty_surface(&ch4_d4_basis, morse);
    double *work = room((size_t)EQML_WORK_ONE(ch4_d4_NSLOTS, ch4_d4_NPAIRS), sizeof *work);
    eqml_fit_result r;
    cr_assert_eq(eqml_fit(&all, &d, NULL, NULL, NULL), EQML_OK);
    for (size_t n = 80; n <= 200; n += 60) {
        const eqml_fit_options o = {.use = use, .checkpoint = path};
        memset(use, 1, n);
        eqml_surface_free(&added);
        added = empty_surface(&ch4_d4_basis, morse);
        cr_assert_eq(eqml_fit(&added, &d, &o, &r, NULL), EQML_OK);
        cr_assert_eq(r.resumed, n == 80 ? 0 : n - 60);
        cr_assert_eq(r.geometries, n);
    }
    for (size_t g = 0; g < test.n; g++)
        cr_expect_float_eq(eqml_energy_gradient(&added.model, test.xyz + 15 * g, NULL, work),
                           eqml_energy_gradient(&all.model, test.xyz + 15 * g, NULL, work),
                           1e-9 * size_of(&d));
    free(work);
    eqml_surface_free(&all);
    eqml_surface_free(&added);
    eqml_data_free(&d);
    eqml_data_free(&test);
}

/* ---- other fits ---- */

static void assert_refused(const eqml_basis *b, const eqml_variable *v, const eqml_data *d,
                           eqml_fit_options o, eqml_status status, const char *why)
{
    eqml_surface s = empty_surface(b, v);
    eqml_message message = {""};
    o.checkpoint = path;
    cr_expect_eq(eqml_fit(&s, d, &o, NULL, &message), status, "%s", message.text);
    cr_expect(strstr(message.text, path) && strstr(message.text, why), "\"%s\" lacks \"%s\"", message.text,
              why);
    eqml_surface_free(&s);
}

Test(checkpoint, of_another_fit_is_refused)
{
    eqml_data d = noisy_data(&ch4_d4_basis, 30, 8), water = noisy_data(&h2o_d8_basis, 30, 9);
    unsigned char use[30];
    const eqml_fit_options plain = {.checkpoint = path}, energies = {.energies_only = 1},
                           heavy = {.gradient_weight = 2}, weighted = {.energy_weight = 0.1},
                           some = {.use = use};
    fitted f = fit(&ch4_d4_basis, &d, &plain);
    free(f.terms);
    copy_file(path, copied);
    assert_refused(&ch4_d4_basis, mixed, &d, plain, EQML_ERROR_MATCH, "variables");
    assert_refused(&h2o_d8_basis, morse, &water, plain, EQML_ERROR_MATCH, "basis");
    assert_refused(&ch4_d4_basis, morse, &d, energies, EQML_ERROR_MATCH, "weights");
    assert_refused(&ch4_d4_basis, morse, &d, heavy, EQML_ERROR_MATCH, "weights");
    assert_refused(&ch4_d4_basis, morse, &d, weighted, EQML_ERROR_MATCH, "weights");
    memset(use, 1, sizeof use);
    use[29] = 0;
    assert_refused(&ch4_d4_basis, morse, &d, some, EQML_ERROR_MATCH, "only 29");
    double *const numbers[] = {d.xyz + 15 * 3 + 2, d.energy + 4, d.gradient + 15 * 5 + 7};
    for (size_t k = 0; k < COUNT(numbers); k++) {
        const double before = *numbers[k];
        *numbers[k] = nextafter(before, 100);
        assert_refused(&ch4_d4_basis, morse, &d, plain, EQML_ERROR_MATCH, "other data");
        *numbers[k] = before;
    }
    d.has[2] = EQML_HAS_ENERGY;
    assert_refused(&ch4_d4_basis, morse, &d, plain, EQML_ERROR_MATCH, "other data");
    d.has[2] |= EQML_HAS_GRADIENT;
    cr_assert_eq(truncate(path, 4000), 0);
    assert_refused(&ch4_d4_basis, morse, &d, plain, EQML_ERROR_FORMAT, "cut off");
    copy_file(copied, path);
    f = fit(&ch4_d4_basis, &d, &plain);
    cr_assert_eq(f.result.resumed, 30, "the file has suffered");
    free(f.terms);
    eqml_data_free(&d);
    eqml_data_free(&water);
}

/* What the old rows rest on must hold for the new ones. */
Test(checkpoint, new_data_of_another_kind_are_refused)
{
    eqml_data d = noisy_data(&h2o_d8_basis, 60, 10);
    unsigned char use[60] = {0};
    const eqml_fit_options weighted = {.use = use, .energy_weight = 0.1, .checkpoint = path},
                           plain = {.use = use, .checkpoint = path};
    memset(use, 1, 40);
    for (size_t g = 0; g < 40; g++) { /* both H stand still */
        d.energy[g] = fabs(d.energy[g]);
        memcpy(d.xyz + 9 * g, d.xyz, 6 * sizeof(double));
    }
    free(fit(&h2o_d8_basis, &d, &weighted).terms);
    memset(use, 1, 60);
    d.energy[50] = -100;
    assert_refused(&h2o_d8_basis, morse, &d, weighted, EQML_ERROR_MATCH, "-100");
    remove(path);
    memset(use + 40, 0, 20);
    free(fit(&h2o_d8_basis, &d, &plain).terms);
    memset(use, 1, 60);
    assert_refused(&h2o_d8_basis, morse, &d, plain, EQML_ERROR_MATCH, "atoms 1 and 2");
    eqml_data_free(&d);
}

/* Before any row. */
Test(checkpoint, that_cannot_be_written_is_refused)
{
    eqml_data d = noisy_data(&ch4_d4_basis, 30, 11);
    const eqml_fit_options plain = {0};
    snprintf(path, sizeof path, "%s/none/fit", folder);
    assert_refused(&ch4_d4_basis, morse, &d, plain, EQML_ERROR_FILE, "cannot be written");
    eqml_data_free(&d);
}

/* ---- the fit program ---- */

Test(checkpoint, of_the_fit_program)
{
#define FIT_HERE                                                                                             \
    "build/tests/fit --runtime eqml.h --basis-header build/tests/h2o_d8.h --name w --directory '%s' "        \
    "--checkpoint '%s/fit.lsq' --variable morse:2 "
    outcome o = run("head -n 2500 examples/data/h2o_ps.xyz >'%s/some.xyz' && " FIT_HERE "'%s/some.xyz'",
                    folder, folder, folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_assert_null(strstr(o.text, "checkpoint"), "%s", o.text);
    o = run(FIT_HERE "examples/data/h2o_ps.xyz", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_assert_not_null(strstr(o.text, "500 of the 2500 geometries came from the checkpoint"), "%s", o.text);
    o = run(FIT_HERE "--variable morse:3 examples/data/h2o_ps.xyz", folder, folder);
    cr_assert_eq(o.status, 1, "%s", o.text);
    cr_assert_not_null(strstr(o.text, "fit.lsq: belongs to a fit with"), "%s", o.text);
}
