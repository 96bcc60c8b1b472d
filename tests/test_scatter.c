/* Collinear scattering: what is known exactly, and two methods that know nothing of each other. */
#define _POSIX_C_SOURCE 200809L
#include "support.h"
#include "scatter/bkmp2.h"
#include "scatter/delves.h"
#include "scatter/packet.h"
#include "scatter/run.h"

#define PI 3.14159265358979323846

/* ---- the Eckart barrier, V/cosh^2(ax): C. Eckart, Phys. Rev. 35, 1303 (1930) ---- */

typedef struct barrier {
    double height, a, mass;
} barrier;

static double barrier_at(const barrier *b, double x)
{
    return b->height / pow(cosh(b->a * x), 2);
}

static double transmission(const barrier *b, double energy)
{
    const double k = PI * sqrt(2 * b->mass * energy) / b->a,
                 d = 0.5 * PI * sqrt(8 * b->mass * b->height / (b->a * b->a) - 1);
    return pow(sinh(k), 2) / (pow(sinh(k), 2) + pow(cosh(d), 2));
}

/* The packet moves over a barrier, with a harmonic oscillator beside that it has nothing to do with; and freely. */
Test(scatter, packets_tunnel_as_eckart_says)
{
    enum { N0 = 253, N1 = 12, ENERGIES = 4 };
    static const barrier barriers[] = {{0.016, 1.3, 1060}, {0, 1.3, 1060}};
    const double w = 0.02, step[2] = {0.12, 0.2};
    double *potential = room(N0 * N1, sizeof *potential), channel[N1], energy[ENERGIES], norm = 0;
    for (size_t b = 0; b < COUNT(barriers); b++) {
        packet_problem p = {.axis = {{N0, -12, step[0], 1060, 8, 8}, {N1, -1.1, step[1], 918, 0, 0}},
                            .potential = potential,
                            .highest = 0.2,
                            .strength = 0.03,
                            .centre = 7,
                            .width = 0.45,
                            .momentum = 6,
                            .channel = channel,
                            .channel_energy = 0.5 * w,
                            .nenergies = ENERGIES,
                            .energy = energy,
                            .nlines = 2,
                            .line = {{0, -1, 70}, {0, 1, 185}},
                            .leave = 1e-5,
                            .most = 20000};
        double probability[2 * ENERGIES], left;
        size_t steps;
        norm = 0;
        for (size_t j = 0; j < N1; j++) {
            const double y = -1.1 + (double)j * step[1];
            channel[j] = exp(-0.5 * 918 * w * y * y);
            norm += channel[j] * channel[j];
            for (size_t i = 0; i < N0; i++)
                potential[i * N1 + j] = fmin(
                    barrier_at(&barriers[b], -12 + (double)i * step[0]) + 0.5 * 918 * w * w * y * y, 0.2);
        }
        for (size_t j = 0; j < N1; j++)
            channel[j] /= sqrt(norm);
        for (int e = 0; e < ENERGIES; e++)
            energy[e] = 0.5 * w + 0.011 + 0.004 * e;
        cr_assert_eq(packet_run(&p, probability, &steps, &left), 0);
        cr_expect_leq(left, 1e-5);
        for (int e = 0; e < ENERGIES; e++) {
            const double exact = b ? 1 : transmission(&barriers[b], energy[e] - 0.5 * w);
            cr_expect_float_eq(probability[e], exact, 1e-3, "%g: %g, not %g", energy[e], probability[e],
                               exact);
            cr_expect_float_eq(probability[ENERGIES + e], 1 - exact, 1e-3, "%g: %g", energy[e],
                               probability[ENERGIES + e]);
        }
    }
    free(potential);
}

/* From the middle of the barrier the even and the odd solution go outwards; their phases tell the transmission, the squared sine
 * of what they differ by. */
static double by_phases(const barrier *b, double energy, double length)
{
    double phase[2];
    const double end = 12, k = sqrt(2 * b->mass * energy);
    const size_t sectors = (size_t)(end / length + 0.5);
    for (int odd = 0; odd < 2; odd++) {
        double y = odd ? 1e20 : 0, unused[2];
        for (size_t s = 0; s < sectors; s++) {
            const double square = 2 * b->mass * (energy - barrier_at(b, ((double)s + 0.5) * length));
            cr_assert_eq(delves_sector(1, &square, length, &y, unused), 0);
        }
        phase[odd] = atan2(k, y) - k * end; /* psi = sin(kx + phase) */
    }
    return pow(sin(phase[0] - phase[1]), 2);
}

Test(scatter, logarithmic_derivatives_tunnel_as_eckart_says)
{
    const barrier b = {0.016, 1, 1060};
    for (double energy = 0.009; energy < 0.03; energy += 0.003) {
        const double exact = transmission(&b, energy), coarse = by_phases(&b, energy, 0.04) - exact,
                     fine = by_phases(&b, energy, 0.02) - exact;
        cr_expect_float_eq(fine, 0, 2e-4, "%g: %g", energy, fine);
        if (fabs(coarse) > 1e-6) /* second order */
            cr_expect_float_eq(coarse / fine, 4, 0.4, "%g: %g", energy, coarse / fine);
    }
}

Test(scatter, equations_are_solved)
{
    double matrix[9] = {0, 2, 1, 1, 1e-9, 3, 4, -1, 2}, right[6] = {0}, singular[4] = {1, 2, 2, 4},
           unused[2] = {1, 1};
    const double x[6] = {1, -2, 3, 0.5, -1, 4};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            for (int j = 0; j < 2; j++)
                right[2 * i + j] += matrix[3 * i + k] * x[2 * k + j];
    cr_assert_eq(delves_solve(3, 2, matrix, right), 0);
    for (int k = 0; k < 6; k++)
        cr_expect_float_eq(right[k], x[k], 1e-12);
    cr_expect_neq(delves_solve(2, 1, singular, unused), 0);
}

/* ---- the surface of H3 ---- */

/* Facts: the molecule's distance and depth; the saddle is collinear, at 1.757 bohr, 9.61 kcal/mol above (Boothroyd et al. 1996). */
Test(scatter, the_surface_of_h3_is_that_of_the_paper)
{
    const double h = 1e-3, s = 1.757, top = bkmp2(s, s, 2 * s);
    cr_expect_float_eq(bkmp2_h2(1.4014), BKMP2_H2, 1e-8);
    cr_expect_float_eq((top - BKMP2_H2) * 627.5095, 9.61, 0.01);
    cr_expect_float_eq(bkmp2(s + h, s + h, 2 * s + 2 * h), bkmp2(s - h, s - h, 2 * s - 2 * h), 2e-7);
    cr_expect_lt(bkmp2(s + h, s - h, 2 * s), top);
    cr_expect_gt(bkmp2(s, s, 2 * s - h), top);
    cr_expect_float_eq(bkmp2(1.4, 60, 60), bkmp2_h2(1.4), 2e-6);
    cr_expect_float_eq(bkmp2(40, 50, 60), 0, 2e-6);
    for (double r = 0.7; r < 3; r += 0.3) { /* like atoms; no step where the terms of short distances begin */
        cr_expect_float_eq(bkmp2(r, 1.3, 1.9), bkmp2(1.9, r, 1.3), 1e-12);
        cr_expect_float_eq(bkmp2(1.15 - 1e-9, r, r), bkmp2(1.15 + 1e-9, r, r), 1e-7);
    }
}

static void line_of_h3(void *context, size_t n, const double *ab, const double *bc, double *energy)
{
    (void)context;
    for (size_t k = 0; k < n; k++)
        energy[k] = fmin(ab[k], bc[k]) < 0.4 ? 1 : bkmp2(ab[k], bc[k], ab[k] + bc[k]);
}

/* Packet and logarithmic derivative agree to 1e-2, conserve probability, and agree with the published probabilities. */
static void both_methods(const double *dalton, size_t n, const double *ev, const double *published)
{
    double energy[8];
    collinear c = {.surface = line_of_h3};
    for (int k = 0; k < 3; k++)
        c.mass[k] = 1822.888486 * dalton[k];
    for (size_t e = 0; e < n; e++)
        energy[e] = ev[e] * EQML_EV;
    const scatter_options o = {.nenergies = n,
                               .energy = energy,
                               .fineness = 0.8,
                               .absorber = 5,
                               .strength = 0.03,
                               .apart = 8.5,
                               .rho = 12,
                               .channels = 16};
    scatter_results r;
    cr_assert_eq(scatter_run(&c, &o, &r), 0);
    cr_expect_lt(r.unitarity, 1e-4, "%g", r.unitarity);
    for (size_t e = 0; e < n; e++) {
        cr_expect_float_eq(r.passed[e], r.reactive[e], 1e-2, "%g eV: %g, %g", ev[e], r.passed[e],
                           r.reactive[e]);
        cr_expect_float_eq(r.passed[e] + r.back[e], 1, 4e-3, "%g eV: %g", ev[e], r.passed[e] + r.back[e]);
        if (published)
            cr_expect_float_eq(r.reactive[e], published[e], 1.5e-2, "%g eV: %g", ev[e], r.reactive[e]);
    }
    scatter_free(&r);
}

Test(scatter, both_methods_agree_for_hydrogen)
{
    static const double masses[3] = {1.00782503, 1.00782503, 1.00782503}, ev[4] = {0.55, 0.6, 0.8, 0.9},
                        published[4] = {0.808, 1.001, 0.925, 0.735};
    both_methods(masses, 4, ev, published);
}

Test(scatter, both_methods_agree_for_another_isotope)
{
    static const double masses[3] = {2.01410178, 1.00782503, 1.00782503}, ev[3] = {0.5, 0.7, 0.9};
    both_methods(masses, 3, ev, NULL);
}

Test(scatter, energies_below_the_states_are_refused)
{
    const double energy = 0.2 * EQML_EV;
    const collinear c = {.mass = {1837, 1837, 1837}, .surface = line_of_h3};
    const scatter_options o = {1, &energy, 0.75, 6, 0.03, 7.5, 10, 8};
    scatter_results r;
    cr_expect_eq(scatter_run(&c, &o, &r), 1);
    scatter_free(&r);
}
