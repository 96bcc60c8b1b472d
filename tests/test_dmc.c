/* Diffusion Monte Carlo: walkers on surfaces whose energies are known, nodes, averages, runs that stop and go on. */
#define _POSIX_C_SOURCE 200809L
#include "springs.h"
#include "water.h"
#include "common/eckart.h"
#include "common/modes.h"
#include "common/statistics.h"
#include "dmc/run.h"

/* ---- walkers ---- */

/*
 * Oscillators: the lowest eigenvalue of exp(-dt V/2) exp(-dt T) exp(-dt V/2) is exp(-dt w'/2), cosh(w' dt) = 1 + (w dt)^2/2
 * (the transfer matrix of the discrete path integral: R. P. Feynman, A. R. Hibbs, Quantum Mechanics and Path Integrals).
 */
Test(dmc, oscillators_are_exact)
{
    enum { STEPS = 4000, N = 3 };
    springs s = {N, {0.4, 0.1, 0.025}};
    const double root[N] = {30, 30, 20}, origin[N] = {0}, mode[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, dt = 40;
    double wavenumber[N], exact = 0, *trace = room(STEPS, sizeof *trace);
    for (int k = 0; k < N; k++) {
        const double w = sqrt(s.constant[k]) / root[k];
        wavenumber[k] = PER_CM * w * 1.3; /* it does not begin where it ends */
        exact += 0.5 * acosh(1 + 0.5 * w * w * dt * dt) / dt;
    }
    const terrain on = {.n = N, .root = root, .energies = harmonic, .context = &s, .margin = 1e-4};
    walkers w;
    cr_assert_eq(walkers_make(&w, &on, 1000, dt), 0);
    cr_assert_eq(walkers_begin(&w, 3, 0, origin, N, wavenumber, mode), 0);
    for (int k = 0; k < 500; k++)
        walkers_step(&w);
    for (int k = 0; k < STEPS; k++)
        trace[k] = walkers_step(&w);
    const double found = mean(STEPS, trace), error = block_error(STEPS, trace);
    cr_assert_eq(w.holes, 0);
    cr_assert(w.alive > 500 && w.alive < 2000, "%zu", w.alive);
    cr_expect_lt(error, 0.01 * exact);
    cr_expect_lt(fabs(found - exact), 4 * error, "%g, not %g, error %g", found, exact, error);
    /* Without the exact error of the time step the test would fail: it sees that. */
    double plain = 0;
    for (int k = 0; k < N; k++)
        plain += 0.5 * wavenumber[k] / 1.3 / PER_CM;
    cr_expect_gt(fabs(plain - exact), 3 * error);
    walkers_free(&w);
    free(trace);
}

/* Where a weight grows by more than twice in a step no walker outgrows the others: all weights stay below 2, as long as there is
 * room, and the population stays, though the time step is a large one. */
Test(dmc, no_walker_outgrows_the_others)
{
    enum { STEPS = 1000, N = 4, WALKERS = 2000 };
    springs s = {N, {0.4, 0.4, 0.4, 0.4}};
    const double root[N] = {30, 30, 30, 30}, origin[N] = {0}, w = sqrt(0.4) / 30, dt = 50;
    const double mode[N * N] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    const double wavenumber[N] = {PER_CM * w, PER_CM * w, PER_CM * w, PER_CM * w};
    const double exact = N * 0.5 * acosh(1 + 0.5 * w * w * dt * dt) / dt;
    cr_assert_gt(exp(dt * exact), 4);
    const terrain on = {.n = N, .root = root, .energies = harmonic, .context = &s, .margin = 1e-4};
    double *trace = room(STEPS, sizeof *trace), heaviest = 0;
    walkers all;
    cr_assert_eq(walkers_make(&all, &on, WALKERS, dt), 0);
    cr_assert_eq(walkers_begin(&all, 3, 0, origin, N, wavenumber, mode), 0);
    for (int k = -100; k < STEPS; k++) {
        const double energy = walkers_step(&all);
        trace[k < 0 ? 0 : k] = energy;
        cr_assert(all.alive > WALKERS / 2 && all.alive < all.room, "step %d: %zu walkers", k, all.alive);
        for (size_t i = 0; i < all.alive; i++)
            heaviest = fmax(heaviest, all.weight[i]);
    }
    cr_expect_leq(heaviest, 2);
    const double found = mean(STEPS, trace), error = block_error(STEPS, trace);
    cr_expect_lt(error, 0.01 * exact);
    cr_expect_lt(fabs(found - exact), 4 * error, "%g, not %g, error %g", found, exact, error);
    walkers_free(&all);
    free(trace);
}

/* A hole in the way: whoever comes there dies and is counted, and the lowest place is remembered. */
static void with_a_hole(void *context, size_t count, const double *x, double *energy, double *gradient)
{
    harmonic(context, count, x, energy, gradient);
    for (size_t i = 0; i < count; i++)
        if (x[i] > 0.5)
            energy[i] = x[i] > 0.55 ? (double)NAN : -0.1 - x[i];
}

Test(dmc, walkers_die_in_holes)
{
    springs s = {1, {0.4}};
    const double root[1] = {30}, origin[1] = {0}, mode[1] = {1}, wavenumber[1] = {PER_CM * sqrt(0.4) / 30};
    const terrain on = {.n = 1, .root = root, .energies = with_a_hole, .context = &s, .margin = 1e-4};
    walkers w;
    cr_assert_eq(walkers_make(&w, &on, 500, 10), 0);
    cr_assert_eq(walkers_begin(&w, 3, 0, origin, 1, wavenumber, mode), 0);
    for (int k = 0; k < 200; k++)
        cr_assert(isfinite(walkers_step(&w)));
    cr_expect_gt(w.holes, 0);
    cr_expect(w.deepest < -0.6 && w.deepest > -0.65001 && w.deepest_xyz[0] > 0.5 && w.deepest_xyz[0] < 0.55);
    for (size_t i = 0; i < w.alive; i++)
        cr_expect(w.xyz[i] <= 0.5);
    walkers_free(&w);
}

/* ---- nodes ---- */

Test(dmc, nodes_have_their_slopes)
{
    static const char *const texts[] = {"1-3,2-3", "1-2,3-4", "4,1,2,3"};
    double xyz[12], root[12];
    uint64_t state = 5;
    for (int k = 0; k < 12; k++)
        xyz[k] = 2 * draw_real(&state), root[k] = 1 + k / 3;
    for (size_t t = 0; t < COUNT(texts); t++) {
        node at;
        double spread, unused, wanted = 0;
        cr_assert_eq(node_read("test", texts[t], 4, &at), 0);
        node_value(&at, xyz, root, &spread);
        for (int k = 0; k < 12; k++) {
            const double h = 1e-5, x = xyz[k];
            xyz[k] = x + h;
            const double above = node_value(&at, xyz, root, &unused);
            xyz[k] = x - h;
            const double below = node_value(&at, xyz, root, &unused), slope = (above - below) / (2 * h);
            xyz[k] = x;
            wanted += slope * slope / (root[k] * root[k]);
        }
        cr_expect_float_eq(spread, wanted, 1e-7 * wanted, "%s", texts[t]);
    }
}

Test(dmc, nodes_that_are_none_are_refused)
{
    static const char *const texts[] = {"",        "1",     "1-2",      "1-2,1-4", "1-1,2-3",
                                        "0-1,2-3", "1,2,3", "1-2,2-3x", "1,2,3,4"};
    for (size_t t = 0; t < COUNT(texts); t++) {
        node at;
        cr_expect_eq(node_read("test", texts[t], 3, &at), 1, "%s", texts[t]);
    }
}

/* ---- averages ---- */

/* The same in whatever place and direction a molecule is, and those of the rigid molecule at its minimum. */
Test(dmc, averages_turn_with_the_molecule)
{
    char folder[TEMPORARY_PATH];
    make_folder(folder);
    molecule m;
    settled_water(folder, &m);
    double reference[9], moved[9], value[AVERAGES], first[AVERAGES], tensor[3][3];
    uint64_t state = 3;
    memcpy(reference, m.xyz, sizeof reference);
    to_principal_axes(3, m.mass, reference);
    inertia_tensor(3, m.mass, reference, tensor);
    cr_expect(tensor[0][0] < tensor[1][1] && tensor[1][1] < tensor[2][2] && fabs(tensor[0][1]) < 1e-9);
    memcpy(moved, m.xyz, sizeof moved);
    average_at(&m, reference, moved, value);
    for (int k = 0; k < 3; k++)
        cr_expect_float_eq(value[k], 0.5 * PER_CM / DALTON / tensor[k][k], 1e-8 * value[k]);
    for (int turn = 0; turn < 5; turn++) {
        double axes[16], unused[4], rotation[3][3];
        for (int k = 0; k < 9; k++)
            moved[k] = m.xyz[k] + 0.2 * (k % 4 - 1.5) * (k % 3);
        average_at(&m, reference, moved, first);
        for (int k = 0; k < 9; k++)
            moved[k] = m.xyz[k] + 0.2 * (k % 4 - 1.5) * (k % 3);
        for (int i = 0; i < 9; i++)
            axes[i] = 0;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j <= i; j++)
                axes[3 * i + j] = axes[3 * j + i] = draw_real(&state);
        eigenvectors(3, axes, unused, &rotation[0][0]);
        for (int k = 0; k < 3; k++) /* right-handed */
            rotation[2][k] = rotation[0][(k + 1) % 3] * rotation[1][(k + 2) % 3] -
                             rotation[0][(k + 2) % 3] * rotation[1][(k + 1) % 3];
        rotate(rotation, 3, moved);
        for (int k = 0; k < 9; k++)
            moved[k] += 1 + k % 3;
        average_at(&m, reference, moved, value);
        for (int k = 0; k < AVERAGES; k++)
            cr_expect_float_eq(value[k], first[k], 1e-9 * (1 + fabs(first[k])));
    }
    molecule_free(&m);
    remove_folder(folder);
}

/* ---- runs ---- */

static void expect_same(const run_results *a, const run_results *b, const run_options *o)
{
    cr_assert_eq(a->done, b->done);
    for (int k = 0; k < a->done; k++) {
        cr_expect_eq(a->of[k].energy, b->of[k].energy);
        cr_expect_eq(a->of[k].error, b->of[k].error);
        cr_expect_eq(a->of[k].holes, b->of[k].holes);
        for (int q = 0; q < AVERAGES; q++)
            cr_expect_eq(a->of[k].average[q], b->of[k].average[q]);
    }
    cr_expect_eq(memcmp(a->trace, b->trace, (size_t)o->ntime_steps * (size_t)o->steps * sizeof *a->trace), 0);
    cr_expect_eq(a->deepest, b->deepest);
}

/* The same seed gives the same bits; so does a run that goes on from its last checkpoint. A checkpoint of something else is
 * refused. */
Test(dmc, runs_repeat_and_go_on)
{
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 16];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/state", folder);
    molecule m;
    settled_water(folder, &m);
    run_options o = {.walkers = 600,
                     .steps = 250,
                     .settle = 1000,
                     .descend = 500,
                     .margin = 1e-4,
                     .seed = 1,
                     .time_step = {20, 40},
                     .ntime_steps = 2};
    run_results first, again, later;
    cr_assert_eq(run_all(&o, &m, &first), 0);
    o.checkpoint = path;
    o.every = 0.01;
    cr_assert_eq(run_all(&o, &m, &again), 0);
    expect_same(&first, &again, &o);
    o.every = 1e9;
    cr_assert_eq(run_all(&o, &m, &later), 0); /* from some way through the second run */
    expect_same(&first, &later, &o);
    run_free(&later);
    o.seed = 2;
    cr_expect_eq(run_all(&o, &m, &later), 1);
    run_free(&later);
    o.seed = 1;
    cr_assert_eq(truncate(path, 5000), 0);
    cr_expect_eq(run_all(&o, &m, &later), 1);
    run_free(&later);
    write_file(path, "something else");
    cr_expect_eq(run_all(&o, &m, &later), 1);
    run_free(&later);
    run_free(&first), run_free(&again);
    molecule_free(&m);
    remove_folder(folder);
}

Test(statistics, values_are_extrapolated)
{
    const double x[3] = {1, 4, 9}, error[3] = {1, 2, 0.5}, value[3] = {7 - 0.03, 7 - 0.12, 7 - 0.27};
    double found, sigma, both = 0;
    extrapolate(3, x, value, error, &found, &sigma);
    cr_expect_float_eq(found, 7, 1e-12);
    /* The error is that of a sum of values, each with a share that a change of it alone tells. */
    for (int k = 0; k < 3; k++) {
        double moved[3], after, unused;
        memcpy(moved, value, sizeof moved);
        moved[k] += 1;
        extrapolate(3, x, moved, error, &after, &unused);
        both += (after - found) * (after - found) * error[k] * error[k];
    }
    cr_expect_float_eq(sigma, sqrt(both), 1e-9);
    extrapolate(1, x, value, error, &found, &sigma);
    cr_expect(found == value[0] && sigma == error[0]);
}
