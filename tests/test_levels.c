/* Rovibrational levels of triatomic molecules against exact ones, and by two coordinate systems; eigenvalues. */
#include "common/eigen.h"
#include "common/modes.h"
#include "common/triatomic.h"
#include "levels/lines.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* ---- eigenvalues ---- */

enum { N = 60, FEW = 5 };

static void product(const void *context, size_t n, const double *x, double *y)
{
    const double *a = context;
    for (size_t i = 0; i < n; i++) {
        y[i] = 0;
        for (size_t j = 0; j < n; j++)
            y[i] += a[i * n + j] * x[j];
    }
}

Test(eigen, all_ways_agree)
{
    static double a[N * N], copy[N * N], vector[N * N], value[N], other[N], few[FEW * N], diagonal[N];
    unsigned state = 7;
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) {
            state = state * 1664525U + 1013904223U;
            /* blocks, so that some values are degenerate and the matrix falls apart */
            a[i * N + j] = a[j * N + i] = i == j           ? i / 2
                                          : i / 3 == j / 3 ? (double)(state >> 8) / (1 << 26)
                                                           : 0;
        }
    for (int i = 0; i < N; i++)
        diagonal[i] = a[i * (N + 1)];
    memcpy(copy, a, sizeof a);
    eigenvectors(N, copy, value, vector);
    memcpy(copy, a, sizeof a);
    cr_assert_eq(eigen_all(N, copy, other, vector), 0);
    for (int k = 0; k < N; k++)
        cr_expect_float_eq(other[k], value[k], 1e-11);
    for (int k = 0; k < N; k++) {
        double y[N], norm = 0;
        product(a, N, vector + k * N, y);
        for (int i = 0; i < N; i++) {
            cr_expect_float_eq(y[i], value[k] * vector[k * N + i], 1e-10);
            norm += vector[k * N + i] * vector[k * N + i];
        }
        cr_expect_float_eq(norm, 1, 1e-12);
    }
    memcpy(copy, a, sizeof a);
    cr_assert_eq(eigen_some(N, FEW, copy, other, few), 0);
    const eigen_operator o = {N, product, a, diagonal};
    double lowest[FEW], rows[FEW * N];
    cr_assert_gt(eigen_lowest(&o, FEW, 0, 1e-9, 1000, 0, lowest, rows), 0);
    for (int k = 0; k < FEW; k++) {
        double y[N];
        cr_expect_float_eq(other[k], value[k], 1e-11);
        cr_expect_float_eq(lowest[k], value[k], 1e-11);
        product(a, N, few + k * N, y);
        for (int i = 0; i < N; i++)
            cr_expect_float_eq(y[i], value[k] * few[k * N + i], 1e-9);
    }
    a[0] = (double)NAN;
    cr_expect_neq(eigen_all(N, a, value, vector), 0, "a matrix that is not finite");
}

/* ---- three atoms: A in the middle, number 2 ---- */

/* Morse potentials of both bonds, and a spring of the angle. */
typedef struct model {
    double depth, range, length, bend, angle; /* hartree, 1/bohr, bohr, hartree, radian */
} model;

static void energies(void *context, size_t n, const double *xyz, double *energy)
{
    const model *m = context;
    for (size_t g = 0; g < n; g++) {
        const double *x = xyz + 9 * g;
        double square[2] = {0, 0}, dot = 0;
        energy[g] = 0;
        for (int k = 0; k < 3; k++) {
            const double a = x[k] - x[6 + k], b = x[3 + k] - x[6 + k];
            square[0] += a * a, square[1] += b * b, dot += a * b;
        }
        for (int k = 0; k < 2; k++)
            energy[g] += m->depth * pow(1 - exp(-m->range * (sqrt(square[k]) - m->length)), 2);
        const double cosine = dot / sqrt(square[0] * square[1]), turned = cosine - cos(m->angle);
        energy[g] += m->bend / 2 * turned * turned;
    }
}

static const model water = {.depth = 0.2, .range = 1.2, .length = 1.81, .bend = 0.17, .angle = 1.824};

static void begin(const model *m, triatomic_vectors vectors, double apex, int points, triatomic *t)
{
    const triatomic_options o = {.vectors = vectors,
                                 .apex = 2,
                                 .alike = 1,
                                 .points = points,
                                 .angular = 26,
                                 .cut = 36000 / PER_CM,
                                 .cap = 40000 / PER_CM,
                                 .mass = {1.008, 1.008, apex}};
    const triatomic_potential v = {energies, (void *)(size_t)m, 0};
    const double half = m->angle / 2, x = m->length * sin(half), z = m->length * cos(half);
    const double xyz[9] = {x, 0, z, -x, 0, z, 0, 0, 0};
    const char *bad = triatomic_begin(&o, &v, xyz, t);
    cr_assert_null(bad, "%s", bad);
    cr_assert_eq(t->holes, 0);
}

/* States of one K; exchange of the ends as each kind of vectors has it, 0: both. */
static triatomic_states solve(const triatomic *t, int K, int exchange, size_t count)
{
    triatomic_states s;
    const int radau = t->o.vectors == TRIATOMIC_RADAU;
    const char *bad = triatomic_solve(t, K, radau ? 0 : exchange, radau ? exchange : 0, count, &s);
    cr_assert_null(bad, "%s", bad);
    return s;
}

/* Within what the end of the basis, at 36,000 cm^-1, leaves. Without a spring, and about an apex that stays where it is, bonds do not know of each other where l = 0. */
Test(levels, two_morse_oscillators)
{
    model m = water;
    triatomic t;
    m.bend = 0;
    begin(&m, TRIATOMIC_RADAU, 1e9, 12, &t);
    const double mass = 1.008 * DALTON, w = m.range * sqrt(2 * m.depth / mass), wx = w * w / (4 * m.depth);
    const double zero = w / 2 - wx / 4, one = 1.5 * w - 2.25 * wx;
    triatomic_states even = solve(&t, 0, 1, 1), odd = solve(&t, 0, -1, 1);
    cr_expect_float_eq(PER_CM * even.value[0], PER_CM * 2 * zero, 0.01, "%.4f, not %.4f",
                       PER_CM * even.value[0], PER_CM * 2 * zero);
    cr_expect_float_eq(PER_CM * odd.value[0], PER_CM * (zero + one), 0.1, "%.4f, not %.4f",
                       PER_CM * odd.value[0], PER_CM * (zero + one));
    triatomic_states_free(&even);
    triatomic_states_free(&odd);
    triatomic_free(&t);
}

/* That of charges which stay where their atoms are. */
static void charges(void *context, const double *xyz, double *mu)
{
    const double *charge = context;
    for (int k = 0; k < 3; k++)
        mu[k] = charge[0] * (xyz[k] + xyz[3 + k]) + charge[1] * xyz[6 + k];
}

/* Lines to J = 1 in two frames that turn with other vectors: the same wavenumbers and moments; that of pure rotation is the square of
 * the dipole of a molecule that hardly vibrates. */
Test(levels, lines_belong_to_no_frame)
{
    triatomic radau, jacobi;
    double charge[2] = {0.35, -0.7};
    line *one, *other;
    size_t n[2], compared = 0;
    begin(&water, TRIATOMIC_RADAU, 15.995, 10, &radau);
    begin(&water, TRIATOMIC_JACOBI, 15.995, 11, &jacobi);
    radau.o.alike = 0; /* both kinds of exchange together */
    cr_assert_null(lines_find(&radau, charges, charge, 16, 4500, &one, &n[0]));
    cr_assert_null(lines_find(&jacobi, charges, charge, 10, 4500, &other, &n[1]));
    for (size_t k = 0; k < n[1]; k++)
        for (size_t l = 0; l < n[0]; l++)
            if (fabs(one[l].at - other[k].at) < 1 && one[l].moment > 1e-8 && other[k].moment > 1e-8) {
                cr_expect_float_eq(one[l].moment, other[k].moment, 0.03 * one[l].moment, "%.2f: %g, %g",
                                   one[l].at, one[l].moment, other[k].moment);
                compared++;
            }
    cr_expect(compared >= 4, "%zu", compared);
    const double z = 2 * charge[0] * water.length * cos(water.angle / 2);
    cr_expect_float_eq(other[0].moment, z * z, 0.03 * z * z, "%g, not %g", other[0].moment, z * z);
    free(one), free(other);
    triatomic_free(&radau);
    triatomic_free(&jacobi);
}

Test(levels, radau_and_jacobi_agree)
{
    triatomic radau, jacobi;
    begin(&water, TRIATOMIC_RADAU, 15.995, 11, &radau);
    begin(&water, TRIATOMIC_JACOBI, 15.995, 12, &jacobi);
    for (int exchange = 1; exchange >= -1; exchange -= 2) {
        triatomic_states a = solve(&radau, 0, exchange, 3), b = solve(&jacobi, 0, exchange, 3);
        for (int k = 0; k < 3; k++)
            cr_expect_float_eq(PER_CM * a.value[k], PER_CM * b.value[k], 0.3, "%.3f and %.3f",
                               PER_CM * a.value[k], PER_CM * b.value[k]);
        triatomic_states_free(&a);
        triatomic_states_free(&b);
    }
    /* J = 1: the three lowest levels, from blocks that differ in the two. */
    double level[2][3];
    for (int which = 0; which < 2; which++) {
        const triatomic *t = which ? &jacobi : &radau;
        int found = 0;
        for (int kind = 0; kind < (which ? 2 : 1); kind++) {
            triatomic_states s[2];
            for (int K = 0; K < 2; K++)
                s[K] = solve(t, K, which ? 1 - 2 * kind : 0, 12);
            for (int lowest = 0; lowest < 2; lowest++) {
                double *energy;
                size_t size;
                cr_assert_null(triatomic_couple(t, 1, lowest, s, &energy, NULL, &size));
                for (int k = 0; k < (which ? 1 : 2) && found < 3; k++)
                    if (energy[k] - energy[0] < 100 / PER_CM && energy[k] < s[0].value[0] + 100 / PER_CM)
                        level[which][found++] = energy[k];
                free(energy);
            }
            triatomic_states_free(&s[0]);
            triatomic_states_free(&s[1]);
        }
        cr_assert_eq(found, 3);
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++)
                if (level[which][j] > level[which][j + 1]) {
                    const double x = level[which][j];
                    level[which][j] = level[which][j + 1], level[which][j + 1] = x;
                }
    }
    for (int k = 0; k < 3; k++)
        cr_expect_float_eq(PER_CM * level[0][k], PER_CM * level[1][k], 0.3, "J = 1: %.3f and %.3f",
                           PER_CM * level[0][k], PER_CM * level[1][k]);
    triatomic_free(&radau);
    triatomic_free(&jacobi);
}

/* The states of both symmetries are those without symmetry; a message where nothing can be solved. */
Test(levels, symmetry_takes_nothing_away)
{
    triatomic t;
    begin(&water, TRIATOMIC_RADAU, 15.995, 7, &t);
    triatomic_states all = solve(&t, 0, 0, 6), of[2] = {solve(&t, 0, 1, 6), solve(&t, 0, -1, 6)};
    size_t at[2] = {0, 0};
    for (size_t k = 0; k < 6; k++) {
        const int next = of[0].value[at[0]] < of[1].value[at[1]] ? 0 : 1;
        cr_expect_float_eq(all.value[k], of[next].value[at[next]], 1e-10);
        at[next]++;
    }
    triatomic_states_free(&all);
    triatomic_states_free(&of[0]);
    triatomic_states_free(&of[1]);
    t.o.cut = -1;
    cr_expect_not_null(triatomic_solve(&t, 0, 0, 0, 3, &all));
    cr_expect_not_null(triatomic_solve(&t, 40, 0, 0, 3, &all));
    triatomic_free(&t);
}
