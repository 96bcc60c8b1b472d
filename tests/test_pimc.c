/* Path-integral Monte Carlo: oscillators, whose rings of beads are known exactly. */
#define _POSIX_C_SOURCE 200809L
#include "springs.h"
#include "support.h"
#include "pimc/paths.h"

/* The energy of an oscillator whose ring has `beads` beads: Z = 1/(2 sinh(P u/2)), 2 sinh(u/2) = w beta/P. */
static double ring_energy(double w, double beta, double beads)
{
    const double half = 0.5 * w * beta / beads, u = 2 * asinh(half);
    return 0.5 * w / tanh(0.5 * beads * u) / sqrt(1 + half * half);
}

/* Energy and heat capacity, quantum and classical (one bead), from cold to hot. */
Test(pimc, oscillators_are_exact)
{
    enum { N = 2, SWEEPS = 3000 };
    static const size_t beads[] = {1, 3, 8};
    springs s = {N, {0.4, 0.05}};
    const double root[N] = {30, 30}, origin[N] = {0}, temperature = 0.004;
    for (size_t b = 0; b < COUNT(beads); b++) {
        double exact = 0, above = 0, below = 0, energy, error, capacity, its_error;
        const double beta = 1 / temperature, h = 1e-3 * beta, count = (double)beads[b];
        for (int k = 0; k < N; k++) {
            const double w = sqrt(s.constant[k]) / root[k];
            exact += ring_energy(w, beta, count);
            above += ring_energy(w, beta + h, count), below += ring_energy(w, beta - h, count);
        }
        const path_land on = {.n = N, .root = root, .energies = harmonic, .context = &s, .margin = 1e-4};
        paths p;
        cr_assert_eq(paths_make(&p, &on, 24, beads[b], temperature), 0);
        paths_begin(&p, 11, 0, origin);
        for (int k = 0; k < 300; k++) {
            paths_sweep(&p);
            if (k % 10 == 9)
                paths_tune(&p);
        }
        for (int k = 0; k < SWEEPS; k++) {
            paths_sweep(&p);
            paths_measure(&p);
        }
        cr_expect(p.shifted[1] > 0.3 * p.shifted[0] && p.shifted[1] < 0.8 * p.shifted[0]);
        paths_energy(&p, &energy, &error);
        paths_heat_capacity(&p, &capacity, &its_error);
        cr_expect_lt(error, 0.02 * exact);
        cr_expect_lt(fabs(energy - exact), 4 * error, "%zu beads: %g, not %g, error %g", beads[b], energy,
                     exact, error);
        const double wanted = -beta * beta * (above - below) / (2 * h);
        cr_expect_lt(its_error, 0.1 * wanted);
        cr_expect_lt(fabs(capacity - wanted), 4 * its_error, "%zu beads: C/k %g, not %g, error %g", beads[b],
                     capacity, wanted, its_error);
        cr_expect_eq(p.holes, 0);
        paths_free(&p);
    }
}

/* The same seed gives the same paths. */
Test(pimc, paths_repeat)
{
    springs s = {1, {0.4}};
    const double root[1] = {30}, origin[1] = {0};
    const path_land on = {.n = 1, .root = root, .energies = harmonic, .context = &s, .margin = 1e-4};
    paths p[2];
    for (int k = 0; k < 2; k++) {
        cr_assert_eq(paths_make(&p[k], &on, 4, 5, 0.01), 0);
        paths_begin(&p[k], 2, 0, origin);
        for (int sweep = 0; sweep < 50; sweep++)
            paths_sweep(&p[k]);
    }
    for (int k = 0; k < 20; k++)
        cr_expect_eq(p[0].xyz[k], p[1].xyz[k]);
    cr_expect_neq(p[0].xyz[0], p[0].xyz[5]); /* rings differ */
    paths_free(&p[0]), paths_free(&p[1]);
}

/* Moves into holes are not taken, and the deepest is remembered. */
static void with_a_hole(void *context, size_t count, const double *x, double *energy, double *gradient)
{
    harmonic(context, count, x, energy, gradient);
    for (size_t i = 0; i < count; i++)
        if (x[i] > 0.4)
            energy[i] = x[i] > 0.6 ? (double)NAN : -0.1 - x[i];
}

Test(pimc, holes_are_not_entered)
{
    springs s = {1, {0.1}};
    const double root[1] = {30}, origin[1] = {0};
    const path_land on = {.n = 1, .root = root, .energies = with_a_hole, .context = &s, .margin = 1e-4};
    paths p;
    cr_assert_eq(paths_make(&p, &on, 4, 5, 0.01), 0);
    paths_begin(&p, 2, 0, origin);
    for (int sweep = 0; sweep < 200; sweep++)
        paths_sweep(&p);
    cr_expect_gt(p.holes, 0);
    cr_expect(p.lowest < -0.5 && p.lowest == -0.1 - p.lowest_xyz[0], "%g at %g", p.lowest, p.lowest_xyz[0]);
    for (int k = 0; k < 20; k++)
        cr_expect_leq(p.xyz[k], 0.4);
    paths_free(&p);
}
