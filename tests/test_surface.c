/*
 * Fitting, and files of surfaces: polynomials that lie in the space come back, weights and marks act as
 * documented, files hold every bit, and bad files are refused with file and line.
 */
#define _POSIX_C_SOURCE 200809L
#include "support.h"
#include "comma.h"

#include <float.h>
#include <signal.h>
#include <sys/resource.h>

#include "ch4_d4.h"
#include "h2o_d8.h"
#include "nh3_d5.h"

static const eqml_variable morse[] = {{EQML_MORSE, 2.0, NULL, NULL}, {EQML_MORSE, 2.0, NULL, NULL}};
static const eqml_variable mixed[] = {{EQML_EXP_OVER_R, 1.5, NULL, NULL}, {EQML_INVERSE, 0, NULL, NULL}};

/* ---- data made from a surface ---- */

static eqml_data make_data(int natoms, size_t n)
{
    eqml_data d;
    memset(&d, 0, sizeof d);
    d.natoms = natoms;
    d.n = n;
    d.symbols = room((size_t)natoms, sizeof *d.symbols);
    d.xyz = room(3 * (size_t)natoms * n, sizeof *d.xyz);
    d.energy = room(n, sizeof *d.energy);
    d.gradient = room(3 * (size_t)natoms * n, sizeof *d.gradient);
    d.has = room(n, 1);
    return d;
}

/* Geometries about a reference, and the energies and gradients of the model there. */
static eqml_data sample(const eqml_model *m, size_t n, uint64_t *state)
{
    eqml_data d = make_data(m->basis->natoms, n);
    const size_t size = 3 * (size_t)d.natoms;
    double *work = room((size_t)EQML_WORK_ONE(m->basis->nslots, m->basis->npairs), sizeof *work);
    for (size_t g = 0; g < n; g++) {
        draw_geometry(state, d.natoms, d.xyz + g * size);
        d.energy[g] = eqml_energy_gradient(m, d.xyz + g * size, d.gradient + g * size, work);
        d.has[g] = EQML_HAS_ENERGY | EQML_HAS_GRADIENT;
    }
    free(work);
    return d;
}

static eqml_surface random_surface(const eqml_basis *b, const eqml_variable *v, uint64_t *state)
{
    eqml_surface s;
    double *c = room((size_t)b->nterms, sizeof *c);
    cr_assert_eq(eqml_surface_create(b, v, &s), EQML_OK);
    for (int k = 0; k < b->nterms; k++)
        c[k] = draw_real(state);
    eqml_surface_set(&s, c);
    free(c);
    return s;
}

static eqml_surface empty_surface(const eqml_basis *b, const eqml_variable *v)
{
    eqml_surface s;
    cr_assert_eq(eqml_surface_create(b, v, &s), EQML_OK);
    return s;
}

/* Root mean square of the energies: the scale of errors. */
static double size_of(const eqml_data *d)
{
    double sum = 0;
    for (size_t g = 0; g < d->n; g++)
        sum += d->energy[g] * d->energy[g];
    return sqrt(sum / (double)d->n);
}

static eqml_errors errors_of(const eqml_surface *s, const eqml_data *d, const unsigned char *use)
{
    eqml_errors e;
    cr_assert_eq(eqml_surface_errors(s, d, use, &e), EQML_OK);
    return e;
}

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

/* ---- variables of a surface ---- */

Test(surface, variables_are_checked)
{
    const double a = 1;
    eqml_surface s;
    const eqml_variable bad[] = {{EQML_MORSE, 0, NULL, NULL},       {EQML_MORSE, -1, NULL, NULL},
                                 {EQML_MORSE, NAN, NULL, NULL},     {EQML_MORSE, INFINITY, NULL, NULL},
                                 {EQML_EXP_OVER_R, 0, NULL, NULL},  {EQML_USER, 1, NULL, &a},
                                 {(eqml_kind)17, 1, gaussian, NULL}};
    for (size_t k = 0; k < COUNT(bad); k++) {
        static const eqml_surface nothing;
        eqml_variable v[2] = {morse[0], bad[k]};
        memset(&s, 0x55, sizeof s);
        cr_assert_eq(eqml_surface_create(&ch4_d4_basis, v, &s), EQML_ERROR_ARGUMENT, "case %zu", k);
        cr_assert_eq(memcmp(&s, &nothing, sizeof s), 0);
        eqml_surface_free(&s);
    }
}

/* ---- .pes files ---- */

typedef struct files {
    char folder[256], path[300], other[300];
} files;

static files make_files(void)
{
    files f;
    make_folder(f.folder);
    snprintf(f.path, sizeof f.path, "%s/a.pes", f.folder);
    snprintf(f.other, sizeof f.other, "%s/b.pes", f.folder);
    return f;
}

/* A surface whose numbers are awkward: subnormal, huge, negative zero, all mantissa bits. */
static eqml_surface awkward_surface(void)
{
    uint64_t state = 16;
    eqml_surface s = random_surface(&ch4_d4_basis, mixed, &state);
    const double numbers[] = {0x1p-1074, -DBL_MAX, -0.0, 1.0 / 3, DBL_MIN, 0x1.fffffffffffffp-3};
    memcpy(s.offset + 1, numbers, sizeof numbers);
    memcpy(s.linear, numbers, sizeof numbers);
    return s;
}

Test(pes, files_hold_every_bit)
{
    const eqml_basis *b = &ch4_d4_basis;
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    eqml_message message = {""};
    cr_assert_eq(eqml_surface_write(&s, f.path, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_surface_read(&t, b, f.path, &message), EQML_OK, "%s", message.text);
    for (int k = 0; k < b->npair_classes; k++)
        cr_assert(t.variables[k].kind == s.variables[k].kind && t.variables[k].range == s.variables[k].range);
    cr_assert_arr_eq(t.rates, s.rates, (size_t)b->npairs * sizeof(double));
    cr_assert_arr_eq(t.offset, s.offset, (size_t)b->nfactors * sizeof(double));
    cr_assert_arr_eq(t.linear, s.linear, (size_t)b->nfactors * sizeof(double));
    cr_assert_arr_eq(t.packed, s.packed, 16 * (size_t)b->ntiles * sizeof(double));
    cr_assert_eq(t.model.basis, b);
    cr_assert_eq(eqml_surface_write(&t, f.other, &message), EQML_OK);
    cr_assert_eq(run("cmp '%s' '%s'", f.path, f.other).status, 0);
    cr_assert_eq(run("test \"$(ls '%s')\" = 'a.pes\nb.pes'", f.folder).status, 0, "files beside are left");
    eqml_surface_free(&s);
    eqml_surface_free(&t);
    remove_folder(f.folder);
}

/* Line ends of the other kind, as a transfer between machines may leave them. */
Test(pes, carriage_returns_do_not_matter)
{
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    cr_assert_eq(eqml_surface_write(&s, f.path, NULL), EQML_OK);
    cr_assert_eq(run("sed 's/$/\\r/' '%s' >'%s'", f.path, f.other).status, 0);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, f.other, NULL), EQML_OK);
    cr_assert_arr_eq(t.packed, s.packed, 16 * (size_t)ch4_d4_basis.ntiles * sizeof(double));
    eqml_surface_free(&s);
    eqml_surface_free(&t);
    remove_folder(f.folder);
}

/* The decimal point of the program's locale is no part of the format. */
Test(pes, files_do_not_depend_on_the_locale)
{
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    cr_assert_eq(eqml_surface_write(&s, f.path, NULL), EQML_OK);
    char header[400], comma[400];
    uint64_t state = 20;
    eqml_surface plain = random_surface(&ch4_d4_basis, mixed, &state);
    eqml_message message = {""};
    snprintf(header, sizeof header, "%s/point.h", f.folder);
    snprintf(comma, sizeof comma, "%s/comma.h", f.folder);
    cr_assert_eq(eqml_surface_write_header(&plain, "ch4", "eqml.h", "build/tests/ch4_d4.h", header, &message),
                 EQML_OK, "%s", message.text);
    use_decimal_comma(f.folder);
    cr_assert_eq(eqml_surface_write_header(&plain, "ch4", "eqml.h", "build/tests/ch4_d4.h", comma, &message),
                 EQML_OK, "%s", message.text);
    cr_assert_eq(run("cmp '%s' '%s'", header, comma).status, 0);
    eqml_surface_free(&plain);
    cr_assert_eq(eqml_surface_write(&s, f.other, NULL), EQML_OK);
    cr_assert_eq(run("cmp '%s' '%s'", f.path, f.other).status, 0);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, f.path, NULL), EQML_OK);
    eqml_surface_free(&s);
    eqml_surface_free(&t);
    remove_folder(f.folder);
}

/* Edits a good file with a sed script; reading it must fail at the line, with the word in the message. */
static void refuse_edit(const char *script, eqml_status status, int line, const char *word)
{
    static const eqml_surface nothing;
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    eqml_message message = {""};
    char place[400];
    cr_assert_eq(eqml_surface_write(&s, f.path, NULL), EQML_OK);
    cr_assert_eq(run("sed '%s' '%s' >'%s'", script, f.path, f.other).status, 0);
    cr_assert_neq(run("cmp -s '%s' '%s'", f.path, f.other).status, 0, "%s changes nothing", script);
    snprintf(place, sizeof place, "%s:%d: ", f.other, line);
    memset(&t, 0x55, sizeof t);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, f.other, &message), status, "%s: %s", script,
                 message.text);
    cr_assert_eq(strncmp(message.text, place, strlen(place)), 0, "%s: expected %s, found %s", script, place,
                 message.text);
    cr_assert_not_null(strstr(message.text, word), "%s: expected ...%s..., found %s", script, word,
                       message.text);
    cr_assert_null(strchr(message.text, '\n'));
    cr_assert_eq(memcmp(&t, &nothing, sizeof t), 0, "%s: the surface must be empty", script);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, f.other, NULL), status);
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

Test(pes, bad_files_are_refused_with_file_and_line)
{
    refuse_edit("1s/.*/junk/", EQML_ERROR_FORMAT, 1, "eqml-pes");
    refuse_edit("1s/2$/1/", EQML_ERROR_FORMAT, 1, "version 2");
    refuse_edit("2s/.$/x/", EQML_ERROR_MATCH, 2, "ch4_d4 4 83"); /* the same counts, other terms */
    refuse_edit("2s/ch4/nh3/", EQML_ERROR_MATCH, 2, "ch4_d4 4 83");
    refuse_edit("2s/83/84/", EQML_ERROR_MATCH, 2, "83");
    refuse_edit("3s/C/O/", EQML_ERROR_MATCH, 3, "H4 C");
    refuse_edit("3s/C/C N/", EQML_ERROR_MATCH, 3, "H4 C");
    refuse_edit("4s/0/1/", EQML_ERROR_FORMAT, 4, "order");
    refuse_edit("4s/exp-over-r/exp/", EQML_ERROR_FORMAT, 4, "morse");
    refuse_edit("4s/0x.*/-0x1p0/", EQML_ERROR_VALUE, 4, "positive");
    refuse_edit("4s/0x.*/0x0p0/", EQML_ERROR_VALUE, 4, "positive");
    refuse_edit("4s/0x.*/nan/", EQML_ERROR_VALUE, 4, "positive");
    refuse_edit("5s/0x.*/nan/", EQML_ERROR_VALUE, 5, "finite");
    refuse_edit("4s/0x.*//", EQML_ERROR_VALUE, 4, "range");
    refuse_edit("4s/ 0x.*//", EQML_ERROR_FORMAT, 4, "RANGE");
    refuse_edit("5d", EQML_ERROR_FORMAT, 5, "variable");
    refuse_edit("7s/offset.*/offset nan/", EQML_ERROR_VALUE, 7, "finite");
    refuse_edit("7s/offset.*/offset inf/", EQML_ERROR_VALUE, 7, "finite");
    refuse_edit("7s/offset.*/offset 1 2/", EQML_ERROR_VALUE, 7, "one");
    refuse_edit("7s/offset.*/offset/", EQML_ERROR_VALUE, 7, "number");
    refuse_edit("7s/offset.*/offset 0x1p+9999/", EQML_ERROR_VALUE, 7, "finite");
    refuse_edit("7s/offset/offsets/", EQML_ERROR_FORMAT, 7, "offset");
    refuse_edit("33d", EQML_ERROR_FORMAT, 33, "offset");
    refuse_edit("40s/.*/coefficient 1,5/", EQML_ERROR_VALUE, 40, "1,5");
    refuse_edit("100,$d", EQML_ERROR_FORMAT, 100, "truncated");
    refuse_edit("$d", EQML_ERROR_FORMAT, 117, "truncated");
    refuse_edit("1,$d", EQML_ERROR_FORMAT, 1, "truncated");
    refuse_edit("$s/end/coefficient 0/", EQML_ERROR_FORMAT, 117, "end");
    refuse_edit("$s/$/\\nend/", EQML_ERROR_FORMAT, 118, "end");
}

Test(pes, files_that_cannot_be_read_or_written)
{
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    eqml_message message = {""};
    char path[400];
    snprintf(path, sizeof path, "%s/none/a.pes", f.folder);
    cr_assert_eq(eqml_surface_write(&s, path, &message), EQML_ERROR_FILE);
    cr_assert_not_null(strstr(message.text, path));
    cr_assert_eq(eqml_surface_write(&s, path, NULL), EQML_ERROR_FILE);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, path, &message), EQML_ERROR_FILE);
    cr_assert_not_null(strstr(message.text, path));
    cr_assert_neq(eqml_surface_read(&t, &ch4_d4_basis, f.folder, &message), EQML_OK);
    cr_assert_not_null(strstr(message.text, f.folder));
    cr_assert_eq(eqml_surface_write(&s, f.folder, &message), EQML_ERROR_FILE); /* a folder stands there */
    cr_assert_eq(run("ls -d '%s'.*", f.folder).status, 2, "something is left");
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

Test(pes, a_failed_write_leaves_the_old_file)
{
    files f = make_files();
    eqml_surface s = awkward_surface();
    eqml_message message = {""};
    write_file(f.path, "old");
    struct rlimit usual, small; /* no file can grow beyond 512 bytes: as if the disk were full */
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &usual), 0);
    small = usual;
    small.rlim_cur = 512;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    const eqml_status status = eqml_surface_write(&s, f.path, &message);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &usual), 0);
    cr_assert_eq(status, EQML_ERROR_FILE);
    cr_assert_not_null(strstr(message.text, f.path));
    char *text = read_whole(f.path);
    cr_assert_str_eq(text, "old");
    cr_assert_eq(run("test $(ls '%s' | wc -l) = 1", f.folder).status, 0, "something is left");
    free(text);
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

Test(pes, user_functions_cannot_be_written)
{
    const double a = 2;
    const eqml_variable v[] = {morse[0], {EQML_USER, 0, gaussian, &a}};
    files f = make_files();
    eqml_surface s = empty_surface(&ch4_d4_basis, v);
    eqml_message message = {""};
    cr_assert_eq(eqml_surface_write(&s, f.path, &message), EQML_ERROR_ARGUMENT);
    cr_assert_not_null(strstr(message.text, "user"));
    message.text[0] = 0;
    cr_assert_eq(eqml_surface_write_header(&s, "ch4", "eqml.h", "build/tests/ch4_d4.h", f.path, &message),
                 EQML_ERROR_ARGUMENT);
    cr_assert_not_null(strstr(message.text, "user"));
    cr_assert_eq(run("test -z \"$(ls '%s')\"", f.folder).status, 0);
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

/* ---- headers of surfaces ---- */

/* The header is compiled by another compiler run, and prints the energies, gradients and Hessians of a
 * geometry. */
Test(header, a_copied_header_gives_the_same_numbers)
{
    static const char program[] =
        "#include \"ch4_pes.h\"\n#include <stdio.h>\n"
        "int main(void)\n{\n"
        "    double x[30], g[30], h[225], e[2], v;\n"
        "    for (int k = 0; k < 15; k++)\n"
        "        if (scanf(\"%la\", &x[k]) != 1)\n            return 1;\n"
        "    for (int k = 0; k < 15; k++)\n        x[15 + k] = x[k];\n"
        "    v = ch4_energy_hessian(x, g, h);\n"
        "    printf(\"%d %s\\n%a %a %a\\n\", ch4_natoms(), ch4_symbols(), v, ch4_energy(x), h[17]);\n"
        "    printf(\"%a %a\\n\", ch4_energy_gradient(x, g), g[14]);\n"
        "    ch4_energy_batch(2, x, e);\n    printf(\"%a\\n\", e[1]);\n"
        "    ch4_energy_gradient_batch(2, x, e, g);\n    printf(\"%a %a\\n\", e[1], g[29]);\n"
        "    return 0;\n}\n";
    files f = make_files();
    uint64_t state = 17;
    eqml_surface s = random_surface(&ch4_d4_basis, mixed, &state);
    eqml_message message = {""};
    char path[400];
    double xyz[15], g[15], h[225], found[8];
    s.offset[3] = 0.25;
    draw_geometry(&state, 5, xyz);
    const double energy = ch4_d4_model_energy_hessian(&s.model, xyz, g, h);
    const double expected[] = {energy, energy, h[17], energy, g[14], energy, energy, g[14]};
    snprintf(path, sizeof path, "%s/ch4_pes.h", f.folder);
    cr_assert_eq(eqml_surface_write_header(&s, "ch4", "eqml.h", "build/tests/ch4_d4.h", path, &message),
                 EQML_OK, "%s", message.text);
    snprintf(path, sizeof path, "%s/use.c", f.folder);
    write_file(path, program);
    outcome o =
        run("cd '%s' && ${CC:-cc} -std=c11 -O1 -Wall -Wextra -Wpedantic -Werror use.c -o use -lm", f.folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    char text[1024] = "";
    for (int k = 0; k < 15; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%a ", xyz[k]);
    o = run("echo '%s' | '%s/use'", text, f.folder);
    cr_assert_eq(o.status, 0);
    cr_assert_eq(strncmp(o.text, "5 H H H H C\n", 12), 0, "%s", o.text);
    char *at = o.text + 12;
    for (size_t k = 0; k < COUNT(found); k++) {
        found[k] = strtod(at, &at);
        cr_assert(fabs(found[k] - expected[k]) <= 1e-11 * (1 + fabs(expected[k])),
                  "number %zu: %.17g is not %.17g", k, found[k], expected[k]);
    }
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

/* A header holds its coefficients in float too; what does not fit is refused, and nothing is left. */
Test(header, what_cannot_be_printed_is_refused)
{
    const double bad[] = {NAN, HUGE_VAL, -1e39};
    files f = make_files();
    uint64_t state = 19;
    eqml_message message;
    for (size_t k = 0; k < COUNT(bad); k++) {
        eqml_surface s = random_surface(&ch4_d4_basis, mixed, &state);
        s.linear[2] = bad[k];
        message.text[0] = 0;
        cr_assert_eq(eqml_surface_write_header(&s, "ch4", "eqml.h", "build/tests/ch4_d4.h", f.path, &message),
                     EQML_ERROR_VALUE);
        cr_assert_not_null(strstr(message.text, "number 2 of the coefficients of factors"), "%s",
                           message.text);
        if (!isfinite(bad[k]))
            cr_assert_eq(eqml_surface_write(&s, f.path, &message), EQML_ERROR_VALUE);
        cr_assert_eq(run("test -z \"$(ls '%s')\"", f.folder).status, 0, "something is left");
        eqml_surface_free(&s);
    }
    remove_folder(f.folder);
}

Test(header, bad_sources_are_refused)
{
    static const char *const bad[][2] = {{"none.h", "build/tests/ch4_d4.h"},
                                         {"eqml.h", "none.h"},
                                         {"build/tests/ch4_d4.h", "build/tests/ch4_d4.h"},
                                         {"gen", "build/tests/ch4_d4.h"},
                                         {"eqml.h", "gen"}};
    files f = make_files();
    uint64_t state = 18;
    eqml_surface s = random_surface(&ch4_d4_basis, mixed, &state);
    for (size_t k = 0; k < COUNT(bad); k++) {
        eqml_message message = {""};
        cr_assert_neq(eqml_surface_write_header(&s, "ch4", bad[k][0], bad[k][1], f.path, &message), EQML_OK,
                      "case %zu", k);
        const char *culprit = k == 1 || k == 4 ? bad[k][1] : bad[k][0];
        cr_assert_not_null(strstr(message.text, culprit), "case %zu: %s", k, message.text);
        cr_assert_eq(run("test -z \"$(ls '%s')\"", f.folder).status, 0, "something is left");
    }
    eqml_surface_free(&s);
    remove_folder(f.folder);
}
