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

/*
 * Eckart's barrier, height/cosh^2(x/a), with the parameters of I. R. Craig and D. E. Manolopoulos, J. Chem. Phys. 122, 084106 (2005): much
 * like that of H + H2. Its exact probability: L. D. Landau, E. M. Lifshitz, Quantum Mechanics, problem 4 of section 25. With a second coordinate,
 * an oscillator, which the reaction does not feel.
 */
typedef struct eckart {
    int n;
    double height, a, constant;
} eckart;

static void over_eckart(void *context, size_t count, const double *x, double *energy, double *gradient)
{
    const eckart *e = context;
    const size_t n = (size_t)e->n;
    for (size_t k = 0; k < count; k++) {
        const double *at = x + k * n, u = 1 / cosh(at[0] / e->a);
        energy[k] = e->height * u * u;
        if (gradient)
            gradient[k * n] = -2 * e->height * u * u * tanh(at[0] / e->a) / e->a;
        if (n > 1) {
            energy[k] += 0.5 * e->constant * at[1] * at[1];
            if (gradient)
                gradient[k * n + 1] = e->constant * at[1];
        }
    }
}

/* (1/2 pi) integral of P(E) exp(-E/kT) dE over the partition function of a length. */
static double exact_rate(const eckart *e, double mass, double temperature)
{
    enum { PARTS = 20000 };
    const double top = 2 * e->height + 30 * temperature, width = top / PARTS,
                 closed = cosh(0.5 * PI * sqrt(8 * mass * e->height * e->a * e->a - 1));
    double sum = 0;
    for (int k = 0; k < PARTS; k++) {
        const double energy = width * (k + 0.5), open = sinh(fmin(PI * sqrt(2 * mass * energy) * e->a, 300));
        sum += width * exp(-energy / temperature) * open * open / (open * open + closed * closed);
    }
    return sum / (2 * PI) / sqrt(mass * temperature / (2 * PI));
}

static void eckart_rate(const eckart *e, double tilt, double kelvin, size_t beads, size_t released,
                        rate_results *r)
{
    const double root[2] = {sqrt(1061), sqrt(1061)}, along[2] = {1, tilt}, begin[2] = {0},
                 outwards[2] = {1, 0};
    eckart land = *e;
    const path_land on = {.n = e->n, .root = root, .energies = over_eckart, .context = &land};
    const rate_options o = {.temperature = 3.1668115634556e-6 * kelvin,
                            .step = 8,
                            .far = 5,
                            .beads = beads,
                            .places = 31,
                            .steps = 1500,
                            .settle = 150,
                            .released = released,
                            .apart = 15,
                            .follow = 1200,
                            .seed = 1};
    cr_assert_eq(rate_run(&on, along, begin, outwards, &o, r), 0);
}

/*
 * Well above the crossover temperature, 372 K, rings give the exact rate within a few per cent, where one bead, classical, gives three
 * quarters of it. What is left is known: to second order in hbar the exact rate is the classical one times 1 + (beta w)^2/24 (1 + kT/height)
 * (the barrier and its bend: E. Wigner, Z. Phys. Chem. B 19, 203 (1932)), of which rings have the first part.
 */
Test(rpmd, rates_over_eckarts_barrier_above_the_crossover)
{
    const eckart e = {1, 0.425 * 3.674932217565e-2, 0.734, 0};
    const double kelvin = 1000, kT = 3.1668115634556e-6 * kelvin, exact = exact_rate(&e, 1061, kT),
                 bend = pow(2.335, 2) / 24, part = (1 + bend) / (1 + bend * (1 + kT / e.height));
    rate_results r;
    eckart_rate(&e, 0, kelvin, 12, 400, &r);
    cr_expect_float_eq(r.frequency / (2 * PI * 3.1668115634556e-6), 372, 1);
    cr_expect_float_eq(r.frequency / kT, 2.335, 2e-3);
    cr_expect_lt(r.error, 0.05 * exact);
    cr_expect_float_eq(r.rate / exact, 1, 0.05 + 2 * r.error / exact, "%g", r.rate / exact);
    cr_expect_float_eq(r.transition / exact, part, 0.02, "%g, not %g", r.transition / exact, part);
    rate_free(&r);
    eckart_rate(&e, 0, kelvin, 1, 100, &r);
    cr_expect_float_eq(r.transition / exact, 0.77, 0.03, "%g", r.transition / exact);
    rate_free(&r);
}

/* The rate does not depend on the dividing line: one that is tilted against the reaction has a lower barrier, and more of its rings
 * come back. */
Test(rpmd, rates_do_not_depend_on_the_dividing_line)
{
    const eckart e = {2, 0.425 * 3.674932217565e-2, 0.734, 0.1};
    rate_results straight, tilted;
    eckart_rate(&e, 0, 1000, 6, 400, &straight);
    eckart_rate(&e, 0.6, 1000, 6, 1200, &tilted);
    cr_expect_gt(tilted.transition, 1.15 * straight.transition);
    cr_expect_lt(tilted.kappa, 0.9);
    cr_expect_lt(tilted.error, 0.08 * tilted.rate);
    cr_expect_lt(fabs(tilted.rate - straight.rate), 3 * hypot(tilted.error, straight.error),
                 "%g +- %g, %g +- %g", tilted.rate, tilted.error, straight.rate, straight.error);
    rate_free(&straight);
    rate_free(&tilted);
}
