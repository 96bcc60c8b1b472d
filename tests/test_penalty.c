/* Penalties: nothing changes where no point lies below, and else the minimum is that of an ordinary fit with those points. */
#define _POSIX_C_SOURCE 200809L
#include "commands.h"
#include "surfaces.h"

#include "ch4_d6.h"
#include "h2o_d8.h"
#include "nh3_d5.h"

enum { POINTS = 60 };

/* A fit to data of another surface with noise; points at random, a part of which it should be above. */
typedef struct subject {
    eqml_data data, points, fresh;
    eqml_surface surface;
    eqml_problem *problem;
    double *work, size;
} subject;

static subject make_subject(const eqml_basis *b, size_t n, const eqml_fit_options *o)
{
    uint64_t state = 11;
    eqml_message message = {""};
    eqml_surface truth = random_surface(b, morse, &state);
    subject s = {.data = sample(&truth.model, n, &state), .points = sample(&truth.model, POINTS, &state)};
    s.fresh = sample(&truth.model, POINTS, &state);
    s.size = size_of(&s.data);
    for (size_t g = 0; g < n; g++)
        s.data.energy[g] += 0.01 * s.size * draw_real(&state);
    for (size_t g = 0; g < POINTS; g++) /* from far below to above what the data say */
        s.points.energy[g] += s.size * (0.5 * (double)g / POINTS - 0.4);
    s.surface = empty_surface(b, morse);
    s.work = room((size_t)EQML_WORK_ONE(b->nslots, b->npairs), sizeof *s.work);
    cr_assert_eq(eqml_problem_create(&s.problem, &s.surface, &s.data, o, NULL, &message), EQML_OK, "%s",
                 message.text);
    eqml_surface_free(&truth);
    return s;
}

static void free_subject(subject *s)
{
    eqml_problem_free(s->problem);
    eqml_surface_free(&s->surface);
    eqml_data_free(&s->data);
    eqml_data_free(&s->points);
    eqml_data_free(&s->fresh);
    free(s->work);
}

/* Penalties of weights from half of this to this. */
static void weigh(double weight, double weights[POINTS])
{
    for (size_t g = 0; g < POINTS; g++)
        weights[g] = g % 2 ? weight : 0.5 * weight;
}

static eqml_penalty_result penalise(subject *s, double weight)
{
    eqml_message message = {""};
    eqml_penalty_result r;
    double weights[POINTS];
    weigh(weight, weights);
    cr_assert_eq(eqml_penalise(s->problem, &s->surface, s->points.n, s->points.xyz, s->points.energy, weights,
                               &r, &message),
                 EQML_OK, "%s", message.text);
    return r;
}

static double energy_at(const subject *s, const eqml_surface *surface, const eqml_data *d, size_t g)
{
    return eqml_energy_gradient(&surface->model, d->xyz + g * 3 * (size_t)d->natoms, NULL, s->work);
}

static double *coefficients_of(const eqml_surface *s)
{
    double *c = room((size_t)s->model.basis->nterms, sizeof *c);
    eqml_surface_get(s, c);
    return c;
}

/* Where all points lie high enough the surface keeps its bits; as without any point. */
Test(penalty, high_points_change_nothing)
{
    subject s = make_subject(&h2o_d8_basis, 200, NULL);
    const size_t bytes = (size_t)h2o_d8_basis.nterms * sizeof(double);
    double *before = coefficients_of(&s.surface);
    for (size_t g = 0; g < POINTS; g++)
        s.points.energy[g] = energy_at(&s, &s.surface, &s.points, g) - 1e-6 * s.size;
    for (s.points.n = 0; s.points.n <= POINTS; s.points.n += POINTS) {
        const eqml_penalty_result r = penalise(&s, 1);
        double *after = coefficients_of(&s.surface);
        cr_assert_eq(memcmp(before, after, bytes), 0);
        cr_assert(r.settled && !r.solved && !r.violated && !r.before && r.deepest == 0 && r.errors > 0);
        free(after);
    }
    s.points.n = POINTS;
    free(before);
    free_subject(&s);
}

/*
 * Below the least energies lie exactly those points that an ordinary fit must have as data, with these energies and the
 * penalty as their weight, to give the same surface: then it is the minimum, as the sum is convex. The other points have
 * pulled nothing.
 */
static void compare_with_fit(const eqml_basis *b, size_t n, eqml_fit_options o, double weight)
{
    subject s = make_subject(b, n, &o);
    const eqml_penalty_result r = penalise(&s, weight);
    const size_t size = 3 * (size_t)b->natoms;
    eqml_data all = make_data(b->natoms, n + POINTS);
    double *weights = room(all.n, sizeof *weights), own[POINTS];
    size_t below = 0;
    weigh(weight, own);
    memcpy(all.xyz, s.data.xyz, n * size * sizeof(double));
    memcpy(all.energy, s.data.energy, n * sizeof(double));
    memcpy(all.gradient, s.data.gradient, n * size * sizeof(double));
    memcpy(all.has, s.data.has, n);
    for (size_t g = 0; g < all.n; g++)
        weights[g] = 1;
    all.n = n;
    for (size_t g = 0; g < POINTS; g++)
        if (energy_at(&s, &s.surface, &s.points, g) < s.points.energy[g]) {
            memcpy(all.xyz + all.n * size, s.points.xyz + g * size, size * sizeof(double));
            all.energy[all.n] = s.points.energy[g];
            all.has[all.n] = EQML_HAS_ENERGY;
            weights[all.n++] = own[g];
            below++;
        }
    cr_assert(r.settled && r.solved > 0 && r.violated == below && below > 0 && below < POINTS,
              "%s: %d solved, %zu and %zu below", b->name, r.solved, r.violated, below);
    cr_assert(r.errors > 0 && r.before > 0 && r.deepest > 0 && r.rank == b->nterms);
    eqml_surface other = empty_surface(b, morse);
    o.weights = weights;
    cr_assert_eq(eqml_fit(&other, &all, &o, NULL, NULL), EQML_OK);
    for (size_t g = 0; g < POINTS; g++)
        cr_assert_float_eq(energy_at(&s, &s.surface, &s.fresh, g), energy_at(&s, &other, &s.fresh, g),
                           1e-7 * s.size, "%s, geometry %zu", b->name, g);
    eqml_surface_free(&other);
    eqml_data_free(&all);
    free(weights);
    free_subject(&s);
}

Test(penalty, the_minimum_is_that_of_a_fit_with_the_points_below)
{
    compare_with_fit(&h2o_d8_basis, 200, (eqml_fit_options){.energies_only = 1}, 1e-2);
    compare_with_fit(&h2o_d8_basis, 200, (eqml_fit_options){.energies_only = 1}, 30);
    compare_with_fit(&nh3_d5_basis, 60, (eqml_fit_options){.gradient_weight = 0.5}, 1);
    compare_with_fit(&ch4_d6_basis, 60, (eqml_fit_options){0}, 1e-3);
}

/* A second call on its own surface finds nothing better. */
Test(penalty, a_minimum_stays_one)
{
    subject s = make_subject(&h2o_d8_basis, 200, NULL);
    const eqml_penalty_result first = penalise(&s, 1);
    double *before = coefficients_of(&s.surface);
    const eqml_penalty_result second = penalise(&s, 1);
    double *after = coefficients_of(&s.surface), largest = 0;
    cr_assert(second.settled && second.solved == 1 && second.violated == first.violated);
    for (int k = 0; k < h2o_d8_basis.nterms; k++)
        largest = fmax(largest, fabs(before[k]));
    for (int k = 0; k < h2o_d8_basis.nterms; k++)
        cr_assert_float_eq(before[k], after[k], 1e-9 * largest);
    free(before);
    free(after);
    free_subject(&s);
}

/* The heavier the penalty, the less deep the points and the worse the data, with a ridge and without; one of nearly no
 * weight is the fit. */
Test(penalty, heavier_is_higher)
{
    static const double ridges[] = {0, 1e-3};
    for (size_t k = 0; k < COUNT(ridges); k++) {
        const eqml_fit_options o = {.ridge = ridges[k]};
        double deepest = HUGE_VAL, errors = 0;
        for (double weight = 1e-20; weight < 1e4; weight *= weight < 1e-18 ? 1e14 : 100) {
            subject s = make_subject(&h2o_d8_basis, 200, &o);
            eqml_surface plain = empty_surface(&h2o_d8_basis, morse);
            cr_assert_eq(eqml_fit(&plain, &s.data, &o, NULL, NULL), EQML_OK);
            const eqml_penalty_result r = penalise(&s, weight);
            cr_assert(r.settled);
            if (weight < 1e-18)
                for (size_t g = 0; g < POINTS; g++)
                    cr_assert_float_eq(energy_at(&s, &s.surface, &s.fresh, g),
                                       energy_at(&s, &plain, &s.fresh, g), 1e-9 * s.size);
            else /* squares of the depths fall in the sum; the deepest of them nearly */
                cr_assert(r.deepest < 1.01 * deepest && r.errors > errors, "%g: %g after %g, %g after %g",
                          weight, r.deepest, deepest, r.errors, errors);
            deepest = r.deepest;
            errors = r.errors;
            eqml_surface_free(&plain);
            free_subject(&s);
        }
    }
}

/* What cannot be is refused, and the surface is as it was. */
Test(penalty, refusals)
{
    subject s = make_subject(&h2o_d8_basis, 200, NULL);
    eqml_message message;
    eqml_surface other = empty_surface(&nh3_d5_basis, morse);
    static const double bad_weights[] = {0, -1, (double)NAN, (double)INFINITY};
    double weights[POINTS];
    weigh(1, weights);
    double *before = coefficients_of(&s.surface), *xyz = s.points.xyz, *least = s.points.energy;
    for (size_t k = 0; k < COUNT(bad_weights); k++) {
        weights[4] = bad_weights[k];
        cr_assert_eq(eqml_penalise(s.problem, &s.surface, POINTS, xyz, least, weights, NULL, &message),
                     EQML_ERROR_ARGUMENT);
        cr_assert_not_null(strstr(message.text, "point 5 "), "%s", message.text);
    }
    weights[4] = 1;
    cr_assert_eq(eqml_penalise(s.problem, &other, 1, xyz, least, weights, NULL, &message),
                 EQML_ERROR_ARGUMENT);
    cr_assert_not_null(strstr(message.text, "basis"));
    for (int k = 0; k < 2; k++) { /* a least energy; two atoms in one place */
        double *bad = k ? xyz + 9 * 4 + 3 : least + 4, kept[3] = {bad[0], bad[1], bad[2]};
        if (k)
            memcpy(bad, xyz + 9 * 4, 3 * sizeof(double));
        else
            *bad = (double)NAN;
        cr_assert_eq(eqml_penalise(s.problem, &s.surface, POINTS, xyz, least, weights, NULL, &message),
                     EQML_ERROR_VALUE);
        cr_assert_not_null(strstr(message.text, "point 5 "), "%s", message.text);
        memcpy(bad, kept, sizeof kept);
    }
    double *after = coefficients_of(&s.surface);
    cr_assert_eq(memcmp(before, after, (size_t)h2o_d8_basis.nterms * sizeof *before), 0);
    free(before);
    free(after);
    eqml_surface_free(&other);
    free_subject(&s);
}

/* ---- the fit program ---- */

#define FIT(options)                                                                                         \
    "build/tests/fit --checked --runtime eqml.h --basis-header none --directory '%s' --name w --diagnose 0 " \
    "--wall no --variable morse:2 --gradients 0 " options " examples/data/h2o_ps.xyz"

/* A number of report.json. */
static double reported(const char *folder, const char *key)
{
    double number = NAN;
    /* The census is an object, whose first number is that of the holes. */
    const outcome o = run("grep -o '\"%s\": [0-9.][^,}]*' '%s/report.json'", key, folder);
    sscanf(o.text, "%*[^:]: %lf", &number);
    return number;
}

/* Of 63 energies, fewer than the terms, all is full of holes: penalties leave fewer, and are a better guess at the rest. The
 * ridge makes the fit the same on all machines. Where there is no hole, nothing is penalised: the same surface to the bit. */
Test(penalty, the_fit_program_lifts_holes)
{
    char folder[TEMPORARY_PATH];
    make_folder(folder);
    outcome o = run(FIT("--train-every 40 --ridge 1e-6 --penalties no"), folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    const double holes = reported(folder, "holes"), error = reported(folder, "rmse_energy_test");
    cr_expect(isnan(reported(folder, "penalty_rounds")));
    o = run(FIT("--train-every 40 --ridge 1e-6 --penalties 2"), folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "penalties: of weight"), "%s", o.text);
    cr_expect_gt(holes, 0);
    cr_expect_lt(reported(folder, "holes"), holes);
    cr_expect_lt(reported(folder, "rmse_energy_test"), error);
    cr_expect(reported(folder, "penalty_rounds") >= 1 && reported(folder, "penalty_rounds") <= 2);
    o = run(FIT("--penalties no --gradients 1") " && mv '%s/w.pes' '%s/before' && " FIT(
                "--penalties auto --gradients 1") " && cmp '%s/before' '%s/w.pes'",
            folder, folder, folder, folder, folder, folder);
    cr_expect_eq(o.status, 0, "%s", o.text);
    cr_expect_eq(reported(folder, "holes"), 0);
    remove_folder(folder);
}

Test(penalty, options_of_the_fit_program)
{
    static const char *const bad[] = {"0", "-1", "2.5", "1001", "some", "''"};
    for (size_t k = 0; k < COUNT(bad); k++) {
        const outcome o = run("build/tests/fit --penalties %s examples/data/h2o_ps.xyz", bad[k]);
        cr_expect_eq(o.status, 1);
        cr_expect_not_null(strstr(o.text, "expected auto, no, or a number of rounds from 1 to 1000"), "%s",
                           o.text);
    }
}
