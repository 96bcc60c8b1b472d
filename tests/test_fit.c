/* Fitting: polynomials that lie in the space come back; weights and marks act as documented. */
#define _POSIX_C_SOURCE 200809L
#include "surfaces.h"

#include "ch4_d4.h"
#include "h2o_d8.h"
#include "nh3_d5.h"

/* ---- the fit ---- */

/* Fits data of a random surface, and asks for its energies at other geometries. */
static void recover(const eqml_basis *b, const eqml_variable *v, const eqml_fit_options *o, size_t n,
                    double tolerance)
{
    uint64_t state = 77;
    eqml_surface truth = random_surface(b, v, &state), fitted = empty_surface(b, v);
    eqml_data train = sample(&truth.model, n, &state), test = sample(&truth.model, 50, &state);
    eqml_fit_result r;
    eqml_message message = {""};
    cr_assert_eq(eqml_fit(&fitted, &train, o, &r, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(r.terms, b->nterms);
    cr_assert_eq(r.rank, b->nterms);
    cr_assert_eq(r.geometries, n);
    cr_assert(r.condition >= 1 && r.condition < 1e12);
    const size_t rows = o->energies_only ? n : n * (size_t)(1 + 3 * b->natoms - 6);
    cr_assert_eq(r.rows, rows);
    eqml_errors e = errors_of(&fitted, &test, NULL);
    cr_assert_leq(e.rmse_energy, tolerance * size_of(&test), "%s: %g", b->name,
                  e.rmse_energy / size_of(&test));
    cr_assert_leq(e.rmse_gradient, 10 * tolerance * size_of(&test), "%s: %g", b->name, e.rmse_gradient);
    eqml_data_free(&train);
    eqml_data_free(&test);
    eqml_surface_free(&truth);
    eqml_surface_free(&fitted);
}

Test(fit, an_exact_polynomial_is_recovered)
{
    const eqml_fit_options plain = {0}, energies = {.energies_only = 1};
    const eqml_fit_options heavy = {.gradient_weight = 100}, weighted = {.energy_weight = 0.1};
    recover(&h2o_d8_basis, morse, &energies, 800, 1e-12);
    recover(&h2o_d8_basis, mixed, &plain, 400, 1e-12);
    recover(&nh3_d5_basis, morse, &plain, 200, 1e-12);
    recover(&nh3_d5_basis, morse, &energies, 600, 1e-12);
    recover(&ch4_d4_basis, morse, &heavy, 100, 1e-12);
    recover(&ch4_d4_basis, mixed, &weighted, 100, 1e-12);
    recover(&ch4_d4_basis, mixed, &energies, 500, 1e-12);
}

/* Data outside the space: only then do weights and marks matter. */
static eqml_data noisy(size_t n, uint64_t *state)
{
    eqml_surface truth = random_surface(&ch4_d4_basis, mixed, state);
    eqml_data d = sample(&truth.model, n, state);
    for (size_t g = 0; g < n; g++)
        d.energy[g] += 0.3 * draw_real(state);
    for (size_t k = 0; k < 15 * n; k++)
        d.gradient[k] += 0.3 * draw_real(state);
    eqml_surface_free(&truth);
    return d;
}

/* A fit by the normal equations' first-order condition: at the minimum, the gradient of the sum vanishes. */
static double weighted_sum(const eqml_surface *s, const eqml_data *d, const unsigned char *use, double ratio,
                           double e0)
{
    double sum = 0, lowest = INFINITY,
           *work = room((size_t)EQML_WORK_ONE(s->model.basis->nslots, 10), sizeof *work);
    for (size_t g = 0; g < d->n; g++)
        lowest = !use || use[g] ? fmin(lowest, d->energy[g]) : lowest;
    for (size_t g = 0; g < d->n; g++) {
        double gradient[15], weight = e0 > 0 ? e0 / (e0 + d->energy[g] - lowest) : 1;
        if (use && !use[g])
            continue;
        const double energy = eqml_energy_gradient(&s->model, d->xyz + 15 * g, gradient, work);
        sum += weight * (energy - d->energy[g]) * (energy - d->energy[g]);
        for (int k = 0; k < 15; k++)
            sum += weight * ratio * (gradient[k] - d->gradient[15 * g + (size_t)k]) *
                   (gradient[k] - d->gradient[15 * g + (size_t)k]);
    }
    free(work);
    return sum;
}

Test(fit, minimises_the_documented_sum)
{
    static const struct {
        double ratio, e0;
        int marks;
    } cases[] = {{0, 0, 0}, {1, 0, 0}, {7.5, 0, 1}, {0.01, 0.5, 0}, {0, 2, 1}};
    enum { N = 150 };
    uint64_t state = 5;
    eqml_data d = noisy(N, &state);
    unsigned char use[N];
    for (size_t g = 0; g < N; g++)
        use[g] = g % 3 != 1;
    for (size_t k = 0; k < COUNT(cases); k++) {
        const unsigned char *marks = cases[k].marks ? use : NULL;
        eqml_fit_options o = {.gradient_weight = cases[k].ratio,
                              .energies_only = cases[k].ratio == 0,
                              .energy_weight = cases[k].e0,
                              .use = marks};
        eqml_surface s = empty_surface(&ch4_d4_basis, mixed);
        eqml_fit_result r;
        double c[83], moved[83];
        cr_assert_eq(eqml_fit(&s, &d, &o, &r, NULL), EQML_OK);
        cr_assert_eq(r.geometries, marks ? N - N / 3 : N);
        eqml_surface_get(&s, c);
        const double least = weighted_sum(&s, &d, marks, cases[k].ratio, cases[k].e0);
        /* along any coefficient the sum is a parabola; its lowest point must be where the fit ended */
        for (int t = 0; t < 83; t += 3) {
            double side[2];
            for (int way = 0; way < 2; way++) {
                memcpy(moved, c, sizeof c);
                moved[t] += way ? 1e-2 : -1e-2;
                eqml_surface_set(&s, moved);
                side[way] = weighted_sum(&s, &d, marks, cases[k].ratio, cases[k].e0) - least;
            }
            cr_assert(side[0] > 0 && side[1] > 0, "case %zu, term %d: %g %g", k, t, side[0], side[1]);
            cr_assert_leq(fabs(side[0] - side[1]), 1e-5 * (side[0] + side[1]) + 1e-13 * least,
                          "case %zu, term %d: %g %g", k, t, side[0], side[1]);
        }
        eqml_surface_free(&s);
    }
    eqml_data_free(&d);
}

Test(fit, marks_select_and_errors_count)
{
    enum { N = 120 };
    uint64_t state = 6;
    eqml_data d = noisy(N, &state);
    unsigned char train[N], test[N];
    for (size_t g = 0; g < N; g++) {
        train[g] = g < 100;
        test[g] = !train[g];
    }
    for (size_t g = 100; g < N; g++) { /* what is not marked must not matter */
        d.energy[g] = 1e6;
        d.has[g] = g % 2 ? EQML_HAS_ENERGY : EQML_HAS_ENERGY | EQML_HAS_GRADIENT;
    }
    const eqml_fit_options o = {.use = train};
    eqml_surface all = empty_surface(&ch4_d4_basis, mixed), part = empty_surface(&ch4_d4_basis, mixed);
    cr_assert_eq(eqml_fit(&all, &d, &o, NULL, NULL), EQML_OK);
    d.n = 100;
    cr_assert_eq(eqml_fit(&part, &d, NULL, NULL, NULL), EQML_OK);
    d.n = N;
    cr_assert_arr_eq(all.linear, part.linear, (size_t)ch4_d4_basis.nfactors * sizeof(double));
    cr_assert_arr_eq(all.packed, part.packed, 16 * (size_t)ch4_d4_basis.ntiles * sizeof(double));
    eqml_errors e = errors_of(&all, &d, test);
    cr_assert_eq(e.energies, 20);
    cr_assert_eq(e.gradients, 10);
    cr_assert(e.worst >= 100 && e.max_energy >= e.rmse_energy && e.rmse_energy > 1e5);
    e = errors_of(&all, &d, train);
    cr_assert(e.energies == 100 && e.gradients == 100 && e.worst < 100 && e.rmse_energy < 1);
    d.n = 0;
    e = errors_of(&all, &d, NULL);
    cr_assert(e.energies == 0 && e.gradients == 0 && e.rmse_energy == 0 && e.rmse_gradient == 0);
    d.n = N;
    eqml_surface_free(&all);
    eqml_surface_free(&part);
    eqml_data_free(&d);
}

/* A small ridge changes little; a large one leaves the constant alone: the mean of the energies. */
Test(fit, ridge_between_its_limits)
{
    uint64_t state = 8;
    eqml_data d = noisy(150, &state);
    eqml_surface s = empty_surface(&ch4_d4_basis, mixed);
    eqml_fit_options o = {.energies_only = 1};
    double mean = 0, plain[83], c[83], before = 0;
    for (size_t g = 0; g < d.n; g++)
        mean += d.energy[g] / (double)d.n;
    cr_assert_eq(eqml_fit(&s, &d, &o, NULL, NULL), EQML_OK);
    eqml_surface_get(&s, plain);
    o.ridge = 1e-18;
    cr_assert_eq(eqml_fit(&s, &d, &o, NULL, NULL), EQML_OK);
    eqml_surface_get(&s, c);
    for (int k = 0; k < 83; k++)
        cr_assert_float_eq(c[k], plain[k], 1e-5 * (1 + fabs(plain[k])));
    for (o.ridge = 1e-10; o.ridge < 1e3; o.ridge *= 1e3) { /* the residual grows with the penalty */
        cr_assert_eq(eqml_fit(&s, &d, &o, NULL, NULL), EQML_OK);
        const double now = errors_of(&s, &d, NULL).rmse_energy;
        cr_assert_gt(now, before);
        before = now;
    }
    o.ridge = 1e14;
    cr_assert_eq(eqml_fit(&s, &d, &o, NULL, NULL), EQML_OK);
    for (size_t g = 0; g < 10; g++)
        cr_assert_float_eq(ch4_d4_model_energy(&s.model, d.xyz + 15 * g), mean, 1e-6 * (1 + fabs(mean)));
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

/* Fewer data than terms: the data are met, the rank says how many, and energies elsewhere stay finite. */
Test(fit, fewer_data_than_terms)
{
    uint64_t state = 9;
    eqml_data d = noisy(30, &state);
    eqml_surface s = empty_surface(&ch4_d4_basis, mixed);
    const eqml_fit_options o = {.energies_only = 1};
    eqml_fit_result r;
    cr_assert_eq(eqml_fit(&s, &d, &o, &r, NULL), EQML_OK);
    cr_assert_eq(r.rank, 30);
    cr_assert_eq(r.terms, 83);
    cr_assert_leq(errors_of(&s, &d, NULL).max_energy, 1e-10 * size_of(&d));
    d.n = 1;
    cr_assert_eq(eqml_fit(&s, &d, &o, &r, NULL), EQML_OK);
    cr_assert_eq(r.rank, 1);
    d.n = 30;
    double xyz[15];
    draw_geometry(&state, 5, xyz);
    cr_assert_float_eq(ch4_d4_model_energy(&s.model, xyz), d.energy[0], 1e-10 * (1 + fabs(d.energy[0])));
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

/* What a surface held before a fit must not matter. */
Test(fit, a_second_fit_gives_the_same_bits)
{
    uint64_t state = 19;
    eqml_data d = noisy(100, &state);
    eqml_surface s = empty_surface(&ch4_d4_basis, mixed), t = random_surface(&ch4_d4_basis, mixed, &state);
    for (int k = 0; k < ch4_d4_basis.nfactors; k++)
        t.offset[k] = draw_real(&state);
    cr_assert_eq(eqml_fit(&s, &d, NULL, NULL, NULL), EQML_OK);
    cr_assert_eq(eqml_fit(&t, &d, NULL, NULL, NULL), EQML_OK);
    cr_assert_arr_eq(s.offset, t.offset, (size_t)ch4_d4_basis.nfactors * sizeof(double));
    cr_assert_arr_eq(s.linear, t.linear, (size_t)ch4_d4_basis.nfactors * sizeof(double));
    cr_assert_arr_eq(s.packed, t.packed, 16 * (size_t)ch4_d4_basis.ntiles * sizeof(double));
    eqml_surface_free(&s);
    eqml_surface_free(&t);
    eqml_data_free(&d);
}

/* Factors are shifted to mean 0 over the training geometries. */
Test(fit, factors_have_mean_zero)
{
    const eqml_basis *b = &ch4_d4_basis;
    uint64_t state = 20;
    eqml_data d = noisy(60, &state);
    eqml_surface s = empty_surface(b, morse);
    number y[10], *slot = room((size_t)b->nslots, sizeof *slot);
    long double *mean = room((size_t)b->nfactors, sizeof *mean);
    cr_assert_eq(eqml_fit(&s, &d, NULL, NULL, NULL), EQML_OK);
    for (size_t g = 0; g < d.n; g++) {
        for (int p = 0; p < b->npairs; p++) {
            long double square = 0;
            for (int k = 0; k < 3; k++) {
                const long double x = d.xyz[15 * g + 3 * b->pairs[p][0] + (size_t)k];
                square += (x - d.xyz[15 * g + 3 * b->pairs[p][1] + (size_t)k]) *
                          (x - d.xyz[15 * g + 3 * b->pairs[p][1] + (size_t)k]);
            }
            y[p] = exact_variable(&morse[0], sqrtl(square));
        }
        interpret(b, y, s.offset, slot);
        for (int k = 0; k < b->nfactors; k++)
            mean[k] += creall(slot[b->factor0 + k]) / d.n;
    }
    cr_assert_lt(fabsl(mean[0] - 1), 1e-15L);
    for (int k = 1; k < b->nfactors; k++)
        cr_assert_lt(fabsl(mean[k]), 1e-14L, "factor %d: %Lg", k, mean[k]);
    free(slot);
    free(mean);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

/* Copies of one geometry say no more than one. */
Test(fit, equal_geometries_have_rank_one)
{
    uint64_t state = 10;
    eqml_data d = noisy(200, &state);
    eqml_surface s = empty_surface(&ch4_d4_basis, mixed);
    const eqml_fit_options o = {.energies_only = 1};
    eqml_fit_result r;
    for (size_t g = 1; g < d.n; g++)
        memcpy(d.xyz + 15 * g, d.xyz, 15 * sizeof(double));
    cr_assert_eq(eqml_fit(&s, &d, &o, &r, NULL), EQML_OK);
    cr_assert_eq(r.rank, 1);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

Test(fit, nothing_to_train_on)
{
    uint64_t state = 11;
    eqml_data d = noisy(5, &state);
    unsigned char none[5] = {0};
    eqml_surface s = empty_surface(&ch4_d4_basis, mixed);
    eqml_fit_options o = {.use = none};
    eqml_message message;
    cr_assert_eq(eqml_fit(&s, &d, &o, NULL, &message), EQML_ERROR_EMPTY);
    cr_assert_not_null(strstr(message.text, "no geometry"));
    cr_assert_eq(eqml_fit(&s, &d, &o, NULL, NULL), EQML_ERROR_EMPTY);
    for (int g = 0; g < 5; g++)
        d.has[g] = EQML_HAS_GRADIENT; /* the energies are absent */
    cr_assert_eq(eqml_fit(&s, &d, NULL, NULL, &message), EQML_ERROR_EMPTY);
    d.n = 0;
    cr_assert_eq(eqml_fit(&s, &d, NULL, NULL, &message), EQML_ERROR_EMPTY);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

Test(fit, bad_arguments_and_values)
{
    uint64_t state = 12;
    eqml_data d = noisy(5, &state);
    eqml_surface s = empty_surface(&ch4_d4_basis, mixed), other = empty_surface(&nh3_d5_basis, morse);
    eqml_message message = {""};
    const eqml_fit_options bad[] = {{.ridge = -1},           {.ridge = NAN},
                                    {.gradient_weight = -1}, {.gradient_weight = NAN},
                                    {.energy_weight = -0.5}, {.energy_weight = NAN}};
    for (size_t k = 0; k < COUNT(bad); k++) {
        message.text[0] = 0;
        cr_assert_eq(eqml_fit(&s, &d, &bad[k], NULL, &message), EQML_ERROR_ARGUMENT, "case %zu", k);
        cr_assert_str_not_empty(message.text);
    }
    cr_assert_eq(eqml_fit(&other, &d, NULL, NULL, &message), EQML_ERROR_MATCH);
    cr_assert_not_null(strstr(message.text, "5 atoms"));
    cr_assert_not_null(strstr(message.text, "H3 N"));
    memcpy(d.xyz + 3, d.xyz, 3 * sizeof(double)); /* coincident atoms: 1/r is infinite */
    cr_assert_eq(eqml_fit(&s, &d, NULL, NULL, &message), EQML_ERROR_VALUE);
    cr_assert_str_not_empty(message.text);
    eqml_surface_free(&s);
    eqml_surface_free(&other);
    eqml_data_free(&d);
}

static void count_calls(void *context, size_t done, size_t total)
{
    size_t *calls = context;
    cr_assert(done > calls[1] && done <= total && total == 30);
    calls[0]++;
    calls[1] = done;
}

Test(fit, progress_is_told)
{
    uint64_t state = 13;
    eqml_data d = noisy(30, &state);
    eqml_surface s = empty_surface(&ch4_d4_basis, mixed);
    size_t calls[2] = {0, 0};
    const eqml_fit_options o = {.progress = count_calls, .context = calls};
    cr_assert_eq(eqml_fit(&s, &d, &o, NULL, NULL), EQML_OK);
    cr_assert(calls[0] == 30 && calls[1] == 30);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

/* Some geometries without gradients: rows of energies only. */
Test(fit, gradients_in_some_geometries)
{
    uint64_t state = 14;
    eqml_data d = noisy(90, &state);
    eqml_surface s = empty_surface(&ch4_d4_basis, mixed);
    eqml_fit_result r;
    for (size_t g = 0; g < 40; g++) {
        d.has[g] = EQML_HAS_ENERGY;
        for (int k = 0; k < 15; k++)
            d.gradient[15 * g + (size_t)k] = 1e9; /* must not be looked at */
    }
    cr_assert_eq(eqml_fit(&s, &d, NULL, &r, NULL), EQML_OK);
    cr_assert_eq(r.rows, 90 + 50 * 9);
    cr_assert_lt(errors_of(&s, &d, NULL).rmse_energy, 10);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}
