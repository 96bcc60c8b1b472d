/* Ring-polymer molecular dynamics: oscillators, of which averages and correlations of the centroid are exact; energies; the rate
 * of a free particle. */
#define _POSIX_C_SOURCE 200809L
#include "common/statistics.h"
#include "rpmd/rate.h"
#include "rpmd/rings.h"
#include "springs.h"
#include "support.h"

#define PI 3.14159265358979323846

/* The centroid of a harmonic ring swings as one particle would: RPMD is exact for its position, with any number of beads. */
Test(rpmd, positions_of_oscillators_are_exact)
{
    springs s = {2, {0.4, 0.05}};
    const double root[2] = {30, 20}, origin[2] = {0.2, -0.3};
    const path_land on = {.n = 2, .root = root, .energies = harmonic, .context = &s};
    double first[2], speed[2], now[2], error[2] = {0};
    for (int pass = 0; pass < 2; pass++) {
        const double step = pass ? 1 : 2;
        ring r;
        cr_assert_eq(ring_make(&r, &on, 7, 0.004, step), 0);
        ring_begin(&r, 3, 0, origin);
        ring_mean(&r, r.xmode, first);
        ring_mean(&r, r.pmode, speed);
        for (int k = 0; k < (int)(200 / step); k++)
            ring_step(&r, 0);
        ring_mean(&r, r.xmode, now);
        for (int c = 0; c < 2; c++) {
            const double w = sqrt(s.constant[c]) / root[c];
            const double exact = first[c] * cos(200 * w) + speed[c] / (root[c] * root[c] * w) * sin(200 * w);
            cr_expect_float_eq(now[c], exact, 2e-3);
            error[pass] += fabs(now[c] - exact);
        }
        ring_free(&r);
    }
    cr_expect_float_eq(error[0] / error[1], 4, 0.1, "%g", error[0] / error[1]);
}

/* <x^2> of the centroid is kT/k; of all beads, that of the ring, the sum over modes of kT P/(m (w^2 + w_k^2)) / P. Both within
 * their errors, under the thermostat. */
Test(rpmd, the_thermostat_keeps_the_temperature)
{
    enum { BEADS = 6, STEPS = 40000 };
    springs s = {1, {0.4}};
    const double root[1] = {30}, origin[1] = {0}, temperature = 0.004;
    const path_land on = {.n = 1, .root = root, .energies = harmonic, .context = &s};
    double *centre = room(STEPS, sizeof *centre), *beads = room(STEPS, sizeof *beads), x, wanted = 0;
    ring r;
    cr_assert_eq(ring_make(&r, &on, BEADS, temperature, 10), 0);
    r.friction = 0.02;
    ring_begin(&r, 5, 0, origin);
    for (int k = 0; k < 1000; k++)
        ring_step(&r, 1);
    for (int k = 0; k < STEPS; k++) {
        ring_step(&r, 1);
        ring_mean(&r, r.xmode, &x);
        centre[k] = x * x, beads[k] = 0;
        for (int j = 0; j < BEADS; j++)
            beads[k] += r.x[j] * r.x[j] / BEADS;
    }
    for (int k = 0; k < BEADS; k++)
        wanted += temperature / (s.constant[0] + 900 * r.frequency[k] * r.frequency[k]);
    const double found[2] = {mean(STEPS, centre), mean(STEPS, beads)};
    const double error[2] = {block_error(STEPS, centre), block_error(STEPS, beads)};
    cr_expect_lt(error[0], 0.05 * found[0]);
    cr_expect_lt(fabs(found[0] - temperature / s.constant[0]), 4 * error[0] + 0.005 * found[0],
                 "%g +- %g, not %g", found[0], error[0], temperature / s.constant[0]);
    cr_expect_lt(fabs(found[1] - wanted), 4 * error[1] + 0.005 * wanted, "%g +- %g, not %g", found[1],
                 error[1], wanted);
    ring_free(&r);
    free(centre);
    free(beads);
}

/* V = k x^2/2 + a x^4: energies of free rings stray by the square of the step. */
static void quartic(void *context, size_t count, const double *x, double *energy, double *gradient)
{
    (void)context;
    for (size_t k = 0; k < count; k++) {
        energy[k] = 0.2 * x[k] * x[k] + 0.1 * pow(x[k], 4);
        if (gradient)
            gradient[k] = 0.4 * x[k] + 0.4 * pow(x[k], 3);
    }
}

Test(rpmd, energies_stray_by_the_square_of_the_step)
{
    const double root[1] = {30}, origin[1] = {0.5};
    const path_land on = {.n = 1, .root = root, .energies = quartic};
    double strayed[2] = {0};
    for (int pass = 0; pass < 2; pass++) {
        const double step = pass ? 1 : 2;
        ring r;
        cr_assert_eq(ring_make(&r, &on, 8, 0.004, step), 0);
        ring_begin(&r, 7, 0, origin);
        const double begun = ring_energy(&r);
        for (int k = 0; k < (int)(1000 / step); k++) {
            ring_step(&r, 0);
            strayed[pass] = fmax(strayed[pass], fabs(ring_energy(&r) - begun));
        }
        ring_free(&r);
    }
    cr_expect_gt(strayed[1], 0);
    cr_expect_float_eq(strayed[0] / strayed[1], 4, 0.5, "%g", strayed[0] / strayed[1]);
}

/* A barrier that is a parabola on a flat land, in one coordinate, with one bead: k = (kT/(2 pi m))^(1/2) exp(-height/kT), and no
 * ring comes back. */
static void hill(void *context, size_t count, const double *x, double *energy, double *gradient)
{
    (void)context;
    for (size_t k = 0; k < count; k++) {
        const double u = 1 / cosh(x[k]);
        energy[k] = 0.01 * u * u;
        if (gradient)
            gradient[k] = -0.02 * u * u * tanh(x[k]);
    }
}

Test(rpmd, classical_rates_over_a_hill_are_those_of_transition_state_theory)
{
    const double root[1] = {30}, along[1] = {1}, begin[1] = {0}, temperature = 0.005;
    const path_land on = {.n = 1, .root = root, .energies = hill};
    const rate_options o = {.temperature = temperature,
                            .step = 20,
                            .far = 10,
                            .beads = 1,
                            .places = 101,
                            .steps = 64,
                            .settle = 8,
                            .released = 200,
                            .apart = 2,
                            .follow = 2000,
                            .seed = 1};
    const double exact = sqrt(temperature / (2 * PI * 900)) * exp(-0.01 / temperature);
    rate_results r;
    cr_assert_eq(rate_run(&on, along, begin, along, &o, &r), 0);
    cr_expect_float_eq(r.barrier, 0.01, 1e-5, "%g", r.barrier);
    cr_expect_float_eq(r.transition, exact, 2e-3 * exact);
    cr_expect_lt(fabs(r.kappa - 1), 4 * r.kappa_error + 1e-12, "%g +- %g", r.kappa, r.kappa_error);
    cr_expect_lt(r.kappa_error, 0.1);
    cr_expect_float_eq(r.frequency, sqrt(2 * 0.01 / 900), 1e-6);
    rate_free(&r);
}
