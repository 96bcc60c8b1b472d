/* Vibrational configuration interaction: oscillators and expansions whose answers are known, water by another method. */
#define _POSIX_C_SOURCE 200809L
#include "water.h"
#include "common/manifold.h"
#include "common/modes.h"
#include "vci/run.h"

/* A potential of three modes: Morse's along each, or springs, in coordinates turned against each other by `angle`. */
typedef struct potential {
    double w[3];     /* hartree */
    double depth[3]; /* hartree; 0: a spring */
    double angle;    /* of the first two */
    double coupling; /* of all three: c q0 q1 q2 */
} potential;

static void energies(void *context, size_t count, const double *q, double *value)
{
    const potential *p = context;
    const double c = cos(p->angle), s = sin(p->angle);
    for (size_t i = 0; i < count; i++, q += 3) {
        const double x[3] = {c * q[0] + s * q[1], c * q[1] - s * q[0], q[2]};
        value[i] = p->coupling * x[0] * x[1] * x[2];
        for (int k = 0; k < 3; k++) {
            const double a = p->depth[k] > 0 ? p->w[k] / sqrt(2 * p->depth[k]) : 0;
            value[i] += p->depth[k] > 0 ? p->depth[k] * pow(1 - exp(-a * x[k]), 2)
                                        : 0.5 * p->w[k] * p->w[k] * x[k] * x[k];
        }
    }
}

/* The states of a potential, in the order of its energies. Released with vci_states_free(). */
static void solve(const potential *p, int order, int points, int quanta, size_t states, vci_states *s)
{
    const double w[3] = {p->w[0], p->w[1], p->w[2]};
    modals m;
    expansion e;
    int failed;
    potential copy = *p;
    cr_assert_eq(modals_make(&m, 3, points, w, 0.25, energies, &copy, &failed), 0, "mode %d", failed);
    cr_assert_eq(expansion_make(&e, 3, order, points, 1), 0);
    expansion_origin(&e, energies, &copy);
    const expansion_grid grid = {m.q, m.v, 1};
    for (size_t t = 0; t < e.count; t++)
        cr_assert_eq(expansion_fill(&e, t, &grid, energies, &copy), 0);
    const vci_problem problem = {
        .v = &e, .order = order, .limits = {.quanta = quanta, .coupled = 3}, .states = (int)states};
    const char *bad = vci_solve(&problem, &m, s);
    cr_assert_null(bad, "%s", bad);
    modals_free(&m);
    expansion_free(&e);
}

Test(vci, springs_are_exact)
{
    const potential p = {.w = {0.006, 0.0083, 0.0171}};
    vci_states s;
    solve(&p, 3, 10, 4, 4, &s);
    cr_expect_float_eq(s.energy[0], 0.5 * (0.006 + 0.0083 + 0.0171), 1e-9);
    cr_expect_float_eq(s.scf, s.energy[0], 1e-9);
    cr_expect_float_eq(s.energy[1] - s.energy[0], 0.006, 1e-9);
    cr_expect_float_eq(s.energy[2] - s.energy[0], 0.0083, 1e-9);
    cr_expect_float_eq(s.energy[3] - s.energy[0], 0.012, 1e-9);
    cr_expect(s.fundamental[0] == 1 && s.fundamental[1] == 2 && s.fundamental[2] == -1);
    vci_states_free(&s);
}

/* Levels w (n + 1/2) - w^2/(4 D) (n + 1/2)^2 (P. M. Morse, Phys. Rev. 34, 57 (1929)), whatever the coordinates: turned ones
 * couple two modes. */
Test(vci, morse_oscillators_are_exact)
{
    const potential turned = {.w = {0.009, 0.009, 0.012}, .depth = {0.15, 0.15, 0.2}, .angle = 0.3},
                    straight = {.w = {0.009, 0.009, 0.012}, .depth = {0.15, 0.15, 0.2}};
    vci_states s[2];
    double exact[4] = {0};
    for (int k = 0; k < 3; k++) {
        const double x = pow(turned.w[k], 2) / (4 * turned.depth[k]);
        for (int v = 0; v < 4; v++) {
            const double n = (k == 0 && v == 1) || (k == 1 && v == 2) || (k == 2 && v == 3) ? 1.5 : 0.5;
            exact[v] += turned.w[k] * n - x * n * n;
        }
    }
    solve(&straight, 1, 14, 6, 4, &s[0]);
    solve(&turned, 2, 16, 12, 4, &s[1]);
    for (int v = 0; v < 4; v++) {
        cr_expect_float_eq(s[0].energy[v], exact[v], 1e-8, "%d: %g", v, s[0].energy[v] - exact[v]);
        cr_expect_float_eq(s[1].energy[v], exact[v], 2e-7, "%d: %g", v, s[1].energy[v] - exact[v]);
    }
    vci_states_free(&s[0]);
    vci_states_free(&s[1]);
}

/* A term of three modes: the expansion has it from order 3 on, where its second-order energy, -c^2/(8 w^3 (3 w)) of equal springs,
 * comes out for a small one. */
Test(vci, terms_of_three_modes)
{
    const double w = 0.01, c = 1e-6;
    const potential p = {.w = {w, w, w}, .coupling = c};
    vci_states s[2];
    solve(&p, 2, 10, 6, 1, &s[0]);
    solve(&p, 3, 10, 6, 1, &s[1]);
    const double shift = -c * c / (8 * w * w * w * 3 * w);
    cr_expect_float_eq(s[0].energy[0], 1.5 * w, 1e-10);
    cr_expect_float_eq(s[1].energy[0] - 1.5 * w, shift, 0.02 * fabs(shift), "%g, not %g",
                       s[1].energy[0] - 1.5 * w, shift);
    vci_states_free(&s[0]);
    vci_states_free(&s[1]);
}

/* ---- configurations and symmetry ---- */

/* What limits configurations is what they are counted by. */
Test(vci, configurations_within_limits)
{
    const double w[3] = {0.006, 0.009, 0.02};
    const space_limits limits = {7, 2, 0.05, w};
    size_t count = 0;
    space s;
    cr_assert_eq(space_make(&s, 3, 10, &limits, NULL), 0);
    for (int i = 0; i <= 7; i++)
        for (int j = 0; i + j <= 7; j++)
            for (int k = 0; i + j + k <= 7; k++)
                count +=
                    (i > 0) + (j > 0) + (k > 0) <= 2 && i * w[0] + j * w[1] + k * w[2] <= 0.05 * (1 + 1e-9);
    cr_expect_eq(s.count, count, "%zu, not %zu", s.count, count);
    for (int k = 0; k < 3; k++)
        cr_expect(s.excited[3 * space_single(&s, k) + (size_t)k] == 1);
    space_free(&s);
}

static int always(void *context, const double *xyz, const double *image)
{
    (void)xyz, (void)image;
    return context == NULL;
}

/* All displacements of a tetrahedron XY4, as one degenerate set: under a half turn, of character -1, eight of the fifteen change their
 * signs, under a reflection, of character 3, six. With one Y of another mass a reflection is left. */
Test(vci, symmetry_of_a_tetrahedron)
{
    static const double xyz[15] = {1, 1, 1, 1, -1, -1, -1, 1, -1, -1, -1, 1, 0, 0, 0};
    double mass[5] = {1, 1, 1, 1, 12}, w[15] = {0}, now[15], mode[15 * 15];
    for (int what = 0; what < 3; what++) {
        symmetry s;
        mass[0] = what == 1 ? 2 : 1;
        memcpy(now, xyz, sizeof now);
        for (int k = 0; k < 15 * 15; k++)
            mode[k] = k % 16 == 0;
        symmetry_find(5, mass, 15, w, always, what == 2 ? &s : NULL, now, mode, &s);
        cr_expect_eq(s.operations, what == 0 ? 2 : what == 1 ? 1 : 0, "%d: %d", what, s.operations);
        for (int g = 0; g < s.operations; g++) {
            int odd = 0;
            for (int k = 0; k < 15; k++)
                odd += s.odd[g] >> k & 1;
            cr_expect(odd == 6 || (odd == 8 && what == 0), "%d", odd);
        }
        if (what == 0)
            cr_expect(s.axis[0] && s.axis[1] && s.axis[2] && (s.axis[0] ^ s.axis[1]) == s.axis[2]);
        for (int k = 0; k < 15; k++)
            for (int l = 0; l <= k; l++) {
                double product = 0;
                for (int i = 0; i < 15; i++)
                    product += mode[15 * k + i] * mode[15 * l + i];
                cr_expect_float_eq(product, k == l, 1e-12);
            }
    }
}

/* ---- inversion ---- */

/* A spring has equal steps; two wells far apart give pairs of equal levels, those of each well. */
Test(vci, motion_along_a_path)
{
    enum { PLACES = 41 };
    const double w = 0.02;
    double s[PLACES], spring[PLACES], wells[PLACES], level[INVERSION_LEVELS];
    for (int k = 0; k < PLACES; k++) {
        s[k] = 2.5 * k;
        spring[k] = 0.5 * pow(w * s[k], 2);
        wells[k] = 0.125 * pow(w / 50, 2) * pow(s[k] * s[k] - 2500, 2);
    }
    cr_assert_eq(inversion_levels(PLACES, s, spring, level), 0);
    for (int k = 0; k < INVERSION_LEVELS; k++)
        cr_expect_float_eq(level[k], k * w, 1e-6, "%d: %g", k, level[k] - k * w);
    cr_assert_eq(inversion_levels(PLACES, s, wells, level), 0);
    cr_expect(level[1] < 1e-3 * w && level[3] - level[2] < 0.05 * w, "%g %g", level[1], level[3] - level[2]);
    cr_expect_float_eq(level[2], w, 0.2 * w, "%g", level[2]);
}

/* ---- water ---- */

static const vci_options small = {.order = 3,
                                  .quanta = 9,
                                  .coupled = 3,
                                  .points = 12,
                                  .mu = 3,
                                  .states = 5,
                                  .reach = 60000,
                                  .memory = 1,
                                  .every = 60};

/* The same levels as in internal coordinates with the exact kinetic energy there. */
Test(vci, water_as_in_radau_coordinates)
{
    char folder[TEMPORARY_PATH];
    make_folder(folder);
    molecule m;
    settled_water(folder, &m);
    vci_run r;
    cr_assert_eq(vci_run_all(&small, &m, &r), 0);
    manifold_options basis_of = MANIFOLD_DEFAULTS;
    triatomic_options o;
    triatomic t = {0};
    triatomic_states even = {0}, odd = {0};
    cr_assert_eq(manifold_choose(&m, &basis_of, &o), 0);
    cr_assert_eq(o.vectors, TRIATOMIC_RADAU);
    cr_assert_eq(manifold_begin(&m, &o, &t), 0);
    cr_assert_null(triatomic_solve(&t, 0, 0, 1, 3, &even));
    cr_assert_null(triatomic_solve(&t, 0, 0, -1, 1, &odd));
    for (int v = 0; v < 3; v++)
        cr_expect_float_eq(PER_CM * r.states.energy[v], PER_CM * even.value[v], 0.1, "%d: %.3f", v,
                           PER_CM * (r.states.energy[v] - even.value[v]));
    const double third = PER_CM * r.states.energy[r.states.fundamental[2]];
    cr_expect_float_eq(third, PER_CM * odd.value[0], 0.3, "%.3f", third - PER_CM * odd.value[0]);
    triatomic_states_free(&even);
    triatomic_states_free(&odd);
    cr_expect(!isfinite(r.mirror), "a planar molecule is its mirror image");
    cr_expect_eq(r.w.holes, 0);
    triatomic_free(&t);
    vci_run_free(&r);
    molecule_free(&m);
    remove_folder(folder);
}

/* The Hamiltonian of water does not mix the blocks of its plane of symmetry: without them the levels are the same. */
Test(vci, blocks_of_symmetry)
{
    char folder[TEMPORARY_PATH];
    make_folder(folder);
    molecule m;
    settled_water(folder, &m);
    vci_run r;
    vci_states whole = {0};
    vci_options o = small;
    o.quanta = 6;
    cr_assert_eq(vci_run_all(&o, &m, &r), 0);
    cr_expect_eq(r.states.blocks, 2);
    const vci_problem p = {.v = &r.v,
                           .mu = &r.mu,
                           .zeta = r.w.zeta,
                           .order = 3,
                           .mu_order = 3,
                           .limits = {.quanta = 6, .coupled = 3},
                           .states = 5};
    const char *bad = vci_solve(&p, &r.m, &whole);
    cr_assert_null(bad, "%s", bad);
    cr_expect(whole.blocks == 1 && whole.configurations == r.states.configurations);
    for (size_t v = 0; v < 5; v++)
        cr_expect_float_eq(whole.energy[v], r.states.energy[v], 1e-9, "%g",
                           whole.energy[v] - r.states.energy[v]);
    vci_states_free(&whole);
    vci_run_free(&r);
    molecule_free(&m);
    remove_folder(folder);
}

/* A run from a checkpoint gives the same bits and asks the surface for no terms; one of something else is refused. */
Test(vci, checkpoints)
{
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 16];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/grids", folder);
    molecule m;
    settled_water(folder, &m);
    vci_options o = small;
    vci_run first, again, other;
    o.quanta = 4;
    cr_assert_eq(vci_run_all(&o, &m, &first), 0);
    o.checkpoint = path;
    o.order = 2; /* it grows to three later */
    cr_assert_eq(vci_run_all(&o, &m, &other), 0);
    vci_run_free(&other);
    o.order = 3;
    cr_assert_eq(vci_run_all(&o, &m, &other), 0);
    cr_assert_eq(vci_run_all(&o, &m, &again), 0);
    cr_expect(again.calls == 0 && other.calls > 0 && other.calls < first.calls);
    for (size_t v = 0; v < first.states.n; v++)
        cr_expect(first.states.energy[v] == again.states.energy[v] &&
                  first.states.energy[v] == other.states.energy[v]);
    vci_run_free(&other), vci_run_free(&again), vci_run_free(&first);
    o.points = 9;
    cr_expect_eq(vci_run_all(&o, &m, &other), 1);
    vci_run_free(&other);
    o.points = 12;
    cr_assert_eq(truncate(path, 3000), 0);
    cr_expect_eq(vci_run_all(&o, &m, &other), 1);
    vci_run_free(&other);
    write_file(path, "something else");
    cr_expect_eq(vci_run_all(&o, &m, &other), 1);
    vci_run_free(&other);
    molecule_free(&m);
    remove_folder(folder);
}
