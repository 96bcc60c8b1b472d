/* Leaving out a geometry by formula against leaving it out; causes; robust fits; weights of geometries. */
#define _POSIX_C_SOURCE 200809L
#include "surfaces.h"

#include "ch4_d4.h"
#include "dimer_purified_d3.h"
#include "h2o_d8.h"
#include "nh3_d5.h"

/* For each class of pairs, of which the dimer has five. */
#define MORSE                                                                                                \
    {                                                                                                        \
        EQML_MORSE, 2.0, NULL, NULL                                                                          \
    }
static const eqml_variable ranges[] = {MORSE, MORSE, MORSE, MORSE, MORSE};

/* Data that no surface of the basis fits: those of a random one, and noise. */
static eqml_data noisy(const eqml_basis *b, size_t n, double noise, uint64_t *state)
{
    eqml_surface truth = random_surface(b, ranges, state);
    eqml_data d = sample(&truth.model, n, state);
    for (size_t g = 0; g < n; g++) {
        d.energy[g] += noise * draw_real(state);
        for (size_t k = 0; k < 3 * (size_t)d.natoms; k++) /* along the gradient, which is no rotation */
            d.gradient[g * 3 * (size_t)d.natoms + k] *= 1 + noise * draw_real(state) * (k == 0);
    }
    eqml_surface_free(&truth);
    return d;
}

static eqml_influence *diagnosed(const eqml_problem *p, const eqml_surface *s, const eqml_data *d,
                                 const eqml_fit_options *o)
{
    eqml_message message = {""};
    eqml_influence *found = room(d->n, sizeof *found);
    cr_assert_eq(eqml_diagnose(p, s, d, o, NULL, found, &message), EQML_OK, "%s", message.text);
    return found;
}

/* ---- leaving out ---- */

/* The energy of geometry g on the surface that is fitted without it; centres and offsets stay. */
static double error_without(const eqml_surface *fitted, const eqml_data *d, const eqml_fit_options *o,
                            size_t g, double *gradient)
{
    const eqml_basis *b = fitted->model.basis;
    const size_t n = 3 * (size_t)d->natoms;
    eqml_surface s = empty_surface(b, fitted->variables);
    eqml_fit_options without = *o;
    unsigned char *use = room(d->n, 1);
    double *work = room((size_t)EQML_WORK_ONE(b->nslots, b->npairs), sizeof *work);
    for (size_t k = 0; k < d->n; k++)
        use[k] = k != g && (!o->use || o->use[k]);
    without.use = use;
    memcpy(s.centres, fitted->centres, (size_t)b->npairs * sizeof(double));
    memcpy(s.offset, fitted->offset, (size_t)b->nfactors * sizeof(double));
    s.standardised = 1;
    cr_assert_eq(eqml_fit(&s, d, &without, NULL, NULL), EQML_OK);
    const double error = eqml_energy_gradient(&s.model, d->xyz + g * n, gradient, work) - d->energy[g];
    free(use);
    free(work);
    eqml_surface_free(&s);
    return error;
}

static void compare_with_refits(const eqml_basis *b, const eqml_fit_options *o, size_t n)
{
    uint64_t state = 21;
    eqml_data d = noisy(b, n, 0.1, &state);
    eqml_surface s = empty_surface(b, ranges);
    eqml_fit_result r;
    eqml_problem *p;
    cr_assert_eq(eqml_problem_create(&p, &s, &d, o, &r, NULL), EQML_OK);
    eqml_influence *found = diagnosed(p, &s, &d, o);
    double unknowns = 0, gradient[18], own[18];
    for (size_t g = 0; g < n; g++) {
        unknowns += found[g].unknowns;
        cr_assert_eq(found[g].known, 1);
        cr_assert(found[g].leverage >= 0 && found[g].leverage <= 1 + 1e-12);
        cr_assert_geq(found[g].variance, 0);
    }
    if (!(o->ridge > 0))
        cr_assert_float_eq(unknowns, r.rank, 1e-7 * r.rank);
    for (size_t g = 0; g < n; g += n / 5) {
        const double error = error_without(&s, &d, o, g, gradient);
        cr_expect_float_eq(found[g].deleted, error, 1e-7 * fabs(error),
                           "%s, geometry %zu: %.12g, refitted %.12g", b->name, g, found[g].deleted, error);
        /* once more with 1 in place of the leverage's datum: the fitted energy follows by the leverage */
        eqml_data moved = d;
        moved.energy = room(n, sizeof(double));
        memcpy(moved.energy, d.energy, n * sizeof(double));
        moved.energy[g] += 1;
        eqml_surface t = empty_surface(b, ranges);
        cr_assert_eq(eqml_fit(&t, &moved, o, NULL, NULL), EQML_OK);
        double *work = room((size_t)EQML_WORK_ONE(b->nslots, b->npairs), sizeof *work);
        const double *xyz = d.xyz + 3 * g * (size_t)d.natoms;
        const double follows =
            eqml_energy_gradient(&t.model, xyz, own, work) - eqml_energy_gradient(&s.model, xyz, own, work);
        cr_expect_float_eq(found[g].leverage, follows, 1e-7, "%s, geometry %zu: leverage %.12g, %.12g",
                           b->name, g, found[g].leverage, follows);
        cr_expect_float_eq(found[g].residual, eqml_energy_gradient(&s.model, xyz, own, work) - d.energy[g],
                           1e-9);
        free(work);
        free(moved.energy);
        eqml_surface_free(&t);
    }
    free(found);
    eqml_problem_free(p);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

Test(diagnose, leaves_out_as_a_refit_does)
{
    const eqml_fit_options plain = {0}, energies = {.energies_only = 1}, heavy = {.gradient_weight = 20};
    compare_with_refits(&h2o_d8_basis, &plain, 120);
    compare_with_refits(&nh3_d5_basis, &energies, 300);
    compare_with_refits(&nh3_d5_basis, &plain, 60);
    compare_with_refits(&ch4_d4_basis, &heavy, 40);
    compare_with_refits(&dimer_purified_d3_basis, &plain, 60);
}

/* Weights of the geometries, by energy and by hand, one of them 0: that geometry is left out already. */
Test(diagnose, weights_are_heeded)
{
    enum { N = 60 };
    uint64_t state = 21;
    double weights[N], gradient[12];
    eqml_data d = noisy(&nh3_d5_basis, N, 0.1, &state);
    for (int g = 0; g < N; g++)
        weights[g] = g == 7 ? 0 : 1 + 0.5 * (g % 3);
    const eqml_fit_options o = {.weights = weights};
    eqml_surface s = empty_surface(&nh3_d5_basis, morse);
    eqml_problem *p;
    cr_assert_eq(eqml_problem_create(&p, &s, &d, &o, NULL, NULL), EQML_OK);
    eqml_influence *found = diagnosed(p, &s, &d, &o);
    cr_expect_eq(found[7].deleted, found[7].residual);
    cr_expect_eq(found[7].leverage, 0);
    cr_expect_gt(found[7].variance, 0);
    for (size_t g = 5; g < 9; g++) {
        const double error = error_without(&s, &d, &o, g, gradient);
        cr_expect_float_eq(found[g].deleted, error, 1e-7 * fabs(error));
    }
    free(found);
    eqml_problem_free(p);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

/* With fewer energies than terms each fixes what no other does: without it nothing is known there. */
Test(diagnose, what_the_others_do_not_determine_is_infinite)
{
    uint64_t state = 4;
    eqml_data d = noisy(&ch4_d4_basis, 20, 0.1, &state);
    eqml_surface s = empty_surface(&ch4_d4_basis, morse);
    const eqml_fit_options o = {.energies_only = 1};
    eqml_fit_result r;
    eqml_problem *p;
    cr_assert_eq(eqml_problem_create(&p, &s, &d, &o, &r, NULL), EQML_OK);
    cr_assert_eq(r.rank, 20);
    eqml_influence *found = diagnosed(p, &s, &d, &o);
    for (size_t g = 0; g < d.n; g++) {
        cr_expect(isinf(found[g].deleted) && isinf(found[g].variance));
        cr_expect_float_eq(found[g].leverage, 1, 1e-7);
    }
    free(found);
    eqml_problem_free(p);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

Test(diagnose, only_marked_geometries_are_looked_at)
{
    uint64_t state = 9;
    eqml_data d = noisy(&h2o_d8_basis, 60, 0.1, &state);
    unsigned char use[60], which[60];
    for (int g = 0; g < 60; g++)
        use[g] = g != 3, which[g] = g < 10;
    const eqml_fit_options o = {.use = use};
    eqml_surface s = empty_surface(&h2o_d8_basis, morse), other = empty_surface(&ch4_d4_basis, morse);
    eqml_problem *p;
    eqml_message message = {""};
    eqml_influence found[60];
    cr_assert_eq(eqml_problem_create(&p, &s, &d, &o, NULL, NULL), EQML_OK);
    cr_assert_eq(eqml_diagnose(p, &s, &d, &o, which, found, NULL), EQML_OK);
    for (int g = 0; g < 60; g++) {
        cr_expect_eq(found[g].known, g < 10 && g != 3);
        cr_expect(found[g].known || found[g].deleted == 0);
    }
    cr_expect_eq(eqml_diagnose(p, &other, &d, &o, NULL, found, &message), EQML_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(message.text, "basis"));
    eqml_problem_free(p);
    eqml_surface_free(&s);
    eqml_surface_free(&other);
    eqml_data_free(&d);
}

/* ---- causes ---- */

/* Small noise, a wrong energy, a wrong gradient, and a geometry away from all others. */
Test(diagnose, causes_are_told_apart)
{
    enum { N = 300, WRONG = 50, TURNED = 100, ALONE = 150 };
    uint64_t state = 12;
    eqml_data d = noisy(&nh3_d5_basis, N, 1e-3, &state);
    for (int k = 0; k < 3; k++)
        d.xyz[12 * ALONE + k] += 2.5 * (d.xyz[12 * ALONE + k] - d.xyz[12 * ALONE + 9 + k]);
    const double scale = size_of(&d);
    d.energy[WRONG] += 0.5 * scale;
    for (int k = 0; k < 12; k++)
        d.gradient[12 * TURNED + k] *= -1;
    eqml_surface s = empty_surface(&nh3_d5_basis, morse);
    eqml_problem *p;
    eqml_cause cause[N];
    cr_assert_eq(eqml_problem_create(&p, &s, &d, NULL, NULL, NULL), EQML_OK);
    eqml_influence *found = diagnosed(p, &s, &d, NULL);
    cr_assert_eq(eqml_find_causes(&d, found, cause), EQML_OK);
    cr_expect_eq(cause[WRONG], EQML_CAUSE_OFF);
    cr_expect_eq(cause[TURNED], EQML_CAUSE_GRADIENT);
    cr_expect_eq(cause[ALONE], EQML_CAUSE_ISOLATED);
    free(found);
    eqml_problem_free(p);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

/* ---- weights and robust fits ---- */

/* A geometry of weight 2 counts as two, one of weight 0 as none. */
Test(weights, count_geometries)
{
    enum { N = 80 };
    uint64_t state = 31;
    double weights[N], left[252], right[252];
    unsigned char use[N];
    eqml_data d = noisy(&nh3_d5_basis, N, 0.1, &state);
    cr_assert_leq(nh3_d5_basis.nterms, 252);
    for (size_t k = 0; k < 12; k++) /* the last is the first once more */
        d.xyz[12 * (N - 1) + k] = d.xyz[k], d.gradient[12 * (N - 1) + k] = d.gradient[k];
    d.energy[N - 1] = d.energy[0];
    for (int g = 0; g < N; g++) {
        weights[g] = g == 0 ? 2 : g != 5 && g != N - 1;
        use[g] = g != 5;
    }
    const eqml_fit_options twice = {.weights = weights}, marked = {.use = use};
    eqml_surface s = empty_surface(&nh3_d5_basis, morse);
    eqml_fit_result r;
    cr_assert_eq(eqml_fit(&s, &d, &marked, &r, NULL), EQML_OK);
    cr_expect_eq(r.geometries, N - 1);
    eqml_surface_get(&s, left);
    cr_assert_eq(eqml_fit(&s, &d, &twice, &r, NULL), EQML_OK);
    cr_expect_eq(r.geometries, N - 2);
    eqml_surface_get(&s, right);
    for (int k = 0; k < nh3_d5_basis.nterms; k++)
        cr_expect_float_eq(left[k], right[k], 1e-8 * (1 + fabs(left[k])), "term %d: %g %g", k, left[k],
                           right[k]);
    weights[3] = -1;
    eqml_message message = {""};
    cr_expect_eq(eqml_fit(&s, &d, &twice, NULL, &message), EQML_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(message.text, "geometry 4"), "%s", message.text);
    weights[3] = INFINITY;
    cr_expect_eq(eqml_fit(&s, &d, &twice, NULL, NULL), EQML_ERROR_ARGUMENT);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

/* Wrong energies and gradients do not move the surface, and clean data keep their weights. */
Test(robust, wrong_data_lose_their_weight)
{
    enum { N = 400 };
    uint64_t state = 14;
    double weights[N];
    eqml_data d = noisy(&nh3_d5_basis, N, 1e-3, &state);
    const double scale = size_of(&d);
    eqml_surface clean = empty_surface(&nh3_d5_basis, morse), plain = empty_surface(&nh3_d5_basis, morse);
    eqml_surface robust = empty_surface(&nh3_d5_basis, morse);
    eqml_robust_result found;
    eqml_message message = {""};
    unsigned char good[N];
    cr_assert_eq(eqml_fit_robust(&clean, &d, NULL, NULL, weights, NULL, &found, &message), EQML_OK, "%s",
                 message.text);
    cr_expect_eq(found.dropped, 0);
    cr_expect_leq(found.fits, 3);
    for (int g = 0; g < N; g++)
        good[g] = g % 40 != 7;
    for (int g = 7; g < N; g += 40) {
        if (g % 80 == 7)
            d.energy[g] += 0.3 * scale;
        for (int k = 0; k < 12 && g % 80 != 7; k++)
            d.gradient[12 * g + k] *= -1;
    }
    cr_assert_eq(eqml_fit(&plain, &d, NULL, NULL, NULL), EQML_OK);
    cr_assert_eq(eqml_fit_robust(&robust, &d, NULL, NULL, weights, NULL, &found, &message), EQML_OK, "%s",
                 message.text);
    for (int g = 0; g < N; g++)
        cr_expect(good[g] ? weights[g] > 0.5 : weights[g] == 0, "geometry %d has weight %g", g, weights[g]);
    cr_expect_eq(found.dropped, N / 40);
    const double least = errors_of(&clean, &d, good).rmse_energy;
    cr_expect_leq(errors_of(&robust, &d, good).rmse_energy, 1.2 * least);
    cr_expect_geq(errors_of(&plain, &d, good).rmse_energy, 5 * least);
    const eqml_robust_options bad = {-1, 0}, worse = {0, -2};
    cr_expect_eq(eqml_fit_robust(&robust, &d, NULL, &bad, weights, NULL, NULL, NULL), EQML_ERROR_ARGUMENT);
    cr_expect_eq(eqml_fit_robust(&robust, &d, NULL, &worse, weights, NULL, NULL, NULL), EQML_ERROR_ARGUMENT);
    eqml_surface_free(&clean);
    eqml_surface_free(&plain);
    eqml_surface_free(&robust);
    eqml_data_free(&d);
}

/* Data without errors: nothing is dropped for its rounding. */
Test(robust, exact_data_stay)
{
    enum { N = 200 };
    uint64_t state = 15;
    double weights[N];
    eqml_surface truth = random_surface(&nh3_d5_basis, morse, &state),
                 s = empty_surface(&nh3_d5_basis, morse);
    eqml_data d = sample(&truth.model, N, &state);
    eqml_robust_result found;
    cr_assert_eq(eqml_fit_robust(&s, &d, NULL, NULL, weights, NULL, &found, NULL), EQML_OK);
    cr_expect_eq(found.dropped, 0);
    cr_expect_leq(errors_of(&s, &d, NULL).rmse_energy, 1e-11 * size_of(&d));
    eqml_surface_free(&truth);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}
