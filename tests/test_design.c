/* The geometries to compute next: against determinants, on what is alike, and as a command. */
#define _POSIX_C_SOURCE 200809L
#include "misuse.h"
#include "surfaces.h"

#include "nh3_d5.h"

enum { N = 130, CANDIDATES = 30, WANTED = 8, TERMS = nh3_d5_NTERMS };

typedef struct subject {
    eqml_surface surface;
    eqml_data data, candidates;
    eqml_sigma sigma;
} subject;

/* A fit with gradients or without; rows of sigma: 0, the whole. */
static subject make_subject(int energies_only, int rows)
{
    uint64_t state = 7;
    const eqml_fit_options o = {.energies_only = energies_only};
    eqml_surface truth = random_surface(&nh3_d5_basis, morse, &state);
    subject s = {.surface = empty_surface(&nh3_d5_basis, morse)};
    eqml_influence *influence = room(N, sizeof *influence);
    eqml_problem *p;
    s.data = sample(&truth.model, N, &state);
    s.candidates = sample(&truth.model, CANDIDATES, &state);
    for (size_t g = 0; g < N; g++)
        s.data.energy[g] += 0.1 * draw_real(&state);
    cr_assert_eq(eqml_problem_create(&p, &s.surface, &s.data, &o, NULL, NULL), EQML_OK);
    cr_assert_eq(eqml_diagnose(p, &s.surface, &s.data, &o, NULL, influence, NULL), EQML_OK);
    cr_assert_eq(eqml_sigma_create(&s.sigma, p, &s.data, influence, rows, NULL), EQML_OK);
    eqml_problem_free(p);
    eqml_surface_free(&truth);
    free(influence);
    return s;
}

static void free_subject(subject *s)
{
    eqml_surface_free(&s->surface);
    eqml_data_free(&s->data);
    eqml_data_free(&s->candidates);
    eqml_sigma_free(&s->sigma);
}

static size_t choose(const subject *s, size_t n, const double *xyz, const eqml_design_options *o,
                     size_t wanted, eqml_design_choice *choice)
{
    eqml_message message = {""};
    size_t found;
    cr_assert_eq(eqml_design(&s->sigma, &s->surface, n, xyz, o, wanted, choice, &found, &message), EQML_OK,
                 "%s", message.text);
    return found;
}

/* ---- the information matrix itself, from surfaces with one coefficient ---- */

/* matrix += weight (e e^T + W sum_k g_k g_k^T), over all Cartesian components: what only moves the molecule adds nothing. */
static void add_information(const eqml_surface *s, const double *xyz, double weight, double gradient_weight,
                            long double *matrix)
{
    static double row[13][TERMS], gradient[12], unit[TERMS];
    eqml_surface one = empty_surface(&nh3_d5_basis, morse);
    double *work = room((size_t)EQML_WORK_ONE(nh3_d5_NSLOTS, nh3_d5_NPAIRS), sizeof *work);
    memcpy(one.centres, s->centres, (size_t)EQML_ROUND(nh3_d5_NPAIRS) * sizeof(double));
    memcpy(one.offset, s->offset, (size_t)nh3_d5_basis.nfactors * sizeof(double));
    for (int t = 0; t < TERMS; t++) {
        unit[t] = 1;
        eqml_surface_set(&one, unit);
        unit[t] = 0;
        row[0][t] = sqrt(weight) * eqml_energy_gradient(&one.model, xyz, gradient, work);
        for (int k = 0; k < 12; k++)
            row[1 + k][t] = sqrt(weight * gradient_weight) * gradient[k];
    }
    for (int r = 0; r < (gradient_weight > 0 ? 13 : 1); r++)
        for (int i = 0; i < TERMS; i++)
            for (int j = 0; j <= i; j++)
                matrix[i * TERMS + j] += (long double)row[r][i] * row[r][j];
    free(work);
    eqml_surface_free(&one);
}

/* By Cholesky's factor. */
static long double log_determinant(const long double *matrix)
{
    static long double l[TERMS][TERMS];
    long double sum = 0;
    for (int i = 0; i < TERMS; i++)
        for (int j = 0; j <= i; j++) {
            long double x = matrix[i * TERMS + j];
            for (int k = 0; k < j; k++)
                x -= l[i][k] * l[j][k];
            cr_assert(i != j || x > 0);
            l[i][j] = i == j ? sqrtl(x) : x / l[j][j];
            sum += i == j ? logl(x) : 0;
        }
    return sum;
}

static void compare_with_determinants(int energies_only)
{
    static long double now[TERMS * TERMS], with[TERMS * TERMS];
    subject s = make_subject(energies_only, 0);
    double weights[CANDIDATES];
    int taken[CANDIDATES] = {0};
    for (int g = 0; g < CANDIDATES; g++)
        weights[g] = 0.2 + 0.03 * g;
    const eqml_design_options o = {.gradient_weight = energies_only ? 0 : 0.5, .weights = weights};
    eqml_design_choice choice[WANTED];
    cr_assert_eq(choose(&s, CANDIDATES, s.candidates.xyz, &o, WANTED, choice), WANTED);
    memset(now, 0, sizeof now);
    for (size_t g = 0; g < N; g++)
        add_information(&s.surface, s.data.xyz + 12 * g, 1, energies_only ? 0 : 1, now);
    for (int k = 0; k < WANTED; k++) {
        const long double before = log_determinant(now);
        double best = 0, own = 0;
        for (size_t g = 0; g < CANDIDATES; g++) {
            memcpy(with, now, sizeof with);
            add_information(&s.surface, s.candidates.xyz + 12 * g, weights[g], o.gradient_weight, with);
            const double gain = taken[g] ? 0 : (double)(log_determinant(with) - before);
            best = gain > best ? gain : best;
            own = g == choice[k].candidate ? gain : own;
        }
        cr_expect_float_eq(choice[k].gain, own, 1e-6 * own, "%d: %.12g, by determinants %.12g", k,
                           choice[k].gain, own);
        cr_expect_geq(own, best * (1 - 1e-9), "%d: %.12g, and there is one of %.12g", k, own, best);
        taken[choice[k].candidate]++;
        add_information(&s.surface, s.candidates.xyz + 12 * choice[k].candidate, weights[choice[k].candidate],
                        o.gradient_weight, now);
    }
    free_subject(&s);
}

Test(design, takes_what_raises_the_determinant_most)
{
    compare_with_determinants(1);
}

Test(design, takes_gradients_as_a_block)
{
    compare_with_determinants(0);
}

/* A geometry with its hydrogens in another order is the same: it gains what is left of its variance, or is too near. */
Test(design, tells_what_is_alike)
{
    subject s = make_subject(1, 0);
    double pair[24];
    eqml_design_choice choice[3];
    memcpy(pair, s.candidates.xyz, 12 * sizeof(double));
    for (int k = 0; k < 12; k++)
        pair[12 + k] = pair[k < 9 ? (k + 3) % 9 : k];
    cr_assert_eq(choose(&s, 2, pair, NULL, 2, choice), 2);
    const double variance = expm1(choice[0].gain);
    cr_expect_float_eq(choice[1].gain, log1p(variance / (1 + variance)), 1e-8);
    cr_expect_neq(choice[0].candidate, choice[1].candidate);
    cr_expect_eq(choose(&s, 2, pair, &(eqml_design_options){.apart = 1e-6}, 2, choice), 1);
    double distances[2 * nh3_d5_NPAIRS];
    cr_expect_lt(eqml_design_change(&nh3_d5_basis, pair, pair + 12, distances), 1e-12);
    cr_expect_gt(eqml_design_change(&nh3_d5_basis, pair, s.candidates.xyz + 12, distances), 1e-3);
    cr_expect_eq(choose(&s, 2, pair, NULL, 3, choice), 2, "no candidate is taken twice");
    pair[1] = NAN;
    cr_expect_eq(choose(&s, 2, pair, NULL, 2, choice), 1);
    cr_expect_eq(choice[0].candidate, 1);
    cr_expect_eq(choose(&s, 0, pair, NULL, 2, choice), 0);
    free_subject(&s);
}

Test(design, is_the_same_each_time)
{
    subject s = make_subject(0, 0);
    const eqml_design_options o = {.gradient_weight = 1, .apart = 0.3};
    eqml_design_choice first[CANDIDATES], second[CANDIDATES];
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    const size_t found = choose(&s, CANDIDATES, s.candidates.xyz, &o, CANDIDATES, first);
    cr_expect(found > 1 && found < CANDIDATES);
    cr_expect_eq(choose(&s, CANDIDATES, s.candidates.xyz, &o, CANDIDATES, second), found);
    cr_expect_arr_eq(first, second, sizeof first);
    for (size_t k = 1; k < found; k++)
        cr_expect_leq(first[k].gain, first[k - 1].gain);
    free_subject(&s);
}

Test(design, refuses_what_it_cannot_judge)
{
    subject few = make_subject(1, 16), s = make_subject(1, 0);
    double weights[2] = {1, -1};
    eqml_design_choice choice[2];
    eqml_message message = {""};
    size_t found = 7;
    cr_expect_eq(eqml_design(&few.sigma, &few.surface, 2, few.data.xyz, NULL, 2, choice, &found, &message),
                 EQML_ERROR_ARGUMENT);
    cr_expect_eq(found, 0);
    cr_expect_not_null(strstr(message.text, "whole"), "%s", message.text);
    const eqml_design_options bad[] = {{.weights = weights}, {.gradient_weight = NAN}, {.apart = -1}};
    for (size_t k = 0; k < COUNT(bad); k++)
        cr_expect_eq(eqml_design(&s.sigma, &s.surface, 2, s.data.xyz, &bad[k], 2, choice, &found, &message),
                     EQML_ERROR_ARGUMENT);
    free_subject(&few);
    free_subject(&s);
}

/* ---- the command ---- */

Test(ask, a_surface_asks_for_geometries, .init = begin, .fini = end)
{
    outcome o = run(QUICK_MAKE "pes DATA=examples/data/h2o_ps.xyz COMPOSITION='H2 O' DEGREE=3 NAME=ask_test "
                               "FIT='--variable morse:2 --train-every 20'");
    cr_assert_eq(o.status, 0, "%s", o.text);
    place("other.xyz", "2\n-1\nH 0 0 0\nH 0 0 1\n");
    static const char *const cases[][2] = {
        {"NAME=ask_none", "there is no surface"},
        {"NAME=../a", "C identifier"},
        {"NAME=ask_test N=0", "N=0: expected a whole number above 0"},
        {"NAME=ask_test N=4 POOL='%s/good.xyz' ASK='--samples 0 --holes no'", "there are 3 candidates"},
        {"NAME=ask_test POOL='%s/other.xyz'", "atoms"},
        {"NAME=ask_test POOL='%s/none.xyz'", "none.xyz"},
        {"NAME=ask_test ASK='--gradients -1'", "--gradients -1"},
        {"NAME=ask_test ASK='--pool-up-to high'", "--pool-up-to high: expected a number"},
        {"NAME=ask_test ASK='--holes maybe'", "yes or no"},
        {"NAME=ask_test ASK=--some", "--some"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        const char *at = strstr(cases[k][0], "%s");
        const int before = at ? (int)(at - cases[k][0]) : (int)strlen(cases[k][0]);
        o = run(QUICK_MAKE "ask %.*s%s%s 2>&1 | grep -v ' Error '", before, cases[k][0], at ? folder : "",
                at ? at + 2 : "");
        cr_expect_not_null(strstr(o.text, cases[k][1]), "%s: %s", cases[k][0], o.text);
        cr_expect_eq(strchr(o.text, '\n') + 1 - o.text, (ptrdiff_t)o.length, "%s: %s", cases[k][0], o.text);
    }
    o = run(QUICK_MAKE
            "ask NAME=ask_test N=12 POOL='%s/good.xyz' ASK='--samples 100' && cat build/pes/ask_test/ask.xyz",
            folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    o = run("grep -c '^3$' build/pes/ask_test/ask.xyz && grep -c ' gain=.* origin=' "
            "build/pes/ask_test/ask.xyz && "
            "! grep ' energy=' build/pes/ask_test/ask.xyz");
    cr_expect_str_eq(o.text, "12\n12\n");
    /* Nothing of the pool is lower than its lowest. */
    o = run(MAKE "ask NAME=ask_test N=3 POOL='%s/good.xyz' ASK='--samples 0 --holes no --pool-up-to 1e-6'",
            folder);
    cr_expect_eq(o.status, 0, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "ask_test: 0 geometries of"), "%s", o.text);
    run("rm -rf build/pes/ask_test");
}
