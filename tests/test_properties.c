/*
 * Properties of solids, of a potential for which they are known: a Morse function between nearest neighbours, depth D and
 * force constant K at its minimum d. The fcc crystal of edge a = sqrt(2) d then has C11 = 2 K / a and C12 = C44 = K / a;
 * at X frequencies of omega^2 = 4 K / M (twice) and 8 K / M, at L of 2 K / M (twice) and 8 K / M; a vacancy costs the
 * energy of an atom, 6 D, since no bond is strained; and a surface half of the bonds that were cut.
 */
#include "properties/properties.h"
#include "eqml.h"
#include <criterion/criterion.h>

static const double depth = 0.01, rate = 1.2, nearest = 5, mass = 5e4;

/* Of one bond, and its derivative; cut off smoothly between 1.2 and 1.35 d, before the second neighbours. */
static double bond(double r, double *slope)
{
    const double low = 1.2 * nearest, high = 1.35 * nearest, e = exp(-rate * (r - nearest));
    const double v = depth * ((1 - e) * (1 - e) - 1), dv = 2 * depth * rate * (1 - e) * e;
    const double t = fmin(fmax((r - low) / (high - low), 0), 1);
    const double cut = 1 - t * t * t * (10 - 15 * t + 6 * t * t),
                 dcut = -30 * t * t * (1 - t) * (1 - t) / (high - low);
    *slope = dv * cut + v * dcut;
    return v * cut;
}

static int morse(size_t natoms, const double *xyz, const int *species, const double *cell, const int *pbc,
                 double *energy, double *forces, double *virial, double *energies)
{
    static const int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
    eqml_neighbours list = {0};
    const eqml_configuration c = {natoms, xyz, species, cell, pbc};
    const eqml_status status = eqml_neighbours_find(&c, 1.35 * nearest, &list, NULL);
    (void)energies;
    *energy = 0;
    for (size_t k = 0; k < 3 * natoms && forces; k++)
        forces[k] = 0;
    for (int k = 0; k < 6 && virial; k++)
        virial[k] = 0;
    for (size_t i = 0; i < natoms && !status; i++)
        for (size_t k = list.first[i]; k < list.first[i + 1]; k++) {
            const double *r = list.vector[k], length = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
            double slope;
            *energy += 0.5 * bond(length, &slope);
            for (size_t d = 0; d < 3 && forces; d++)
                forces[3 * i + d] += slope * r[d] / length;
            for (int v = 0; v < 6 && virial; v++)
                virial[v] -= 0.5 * slope * r[voigt[v][0]] * r[voigt[v][1]] / length;
        }
    eqml_neighbours_free(&list);
    return (int)status;
}

static problem morse_problem(void)
{
    return (problem){{NULL, 1, "X", 1.35 * nearest, morse}, 0, mass, 1.05 * nearest};
}

static void expect_near(double value, double known, double tolerance, const char *what)
{
    cr_expect_float_eq(value, known, tolerance * fabs(known), "%s: %.9g, known: %.9g", what, value, known);
}

Test(properties, of_nearest_neighbours_in_fcc_are_those_of_springs)
{
    const problem p = morse_problem();
    results *r = calloc(1, sizeof *r);
    const double a = sqrt(2) * nearest, k = 2 * depth * rate * rate;
    cr_assert_eq(find_crystals(&p, FCC, r), 0);
    expect_near(r->edge[FCC], a, 1e-6, "edge");
    expect_near(r->energy[FCC], -6 * depth, 1e-9, "energy");
    expect_near(r->energy[HCP], -6 * depth, 1e-6, "as many neighbours in hcp");
    expect_near(r->ratio, sqrt(8.0 / 3), 1e-3, "c/a");
    cr_assert_eq(find_elastic(&p, r), 0);
    expect_near(r->elastic[0][0], 2 * k / a, 1e-3, "C11");
    expect_near(r->elastic[0][1], k / a, 1e-3, "C12");
    expect_near(r->elastic[3][3], k / a, 1e-3, "C44");
    expect_near(r->bulk, 4 * k / (3 * a), 1e-3, "bulk modulus");
    cr_expect_lt(fabs(r->elastic[0][3]) + fabs(r->elastic[3][4]), 1e-6 * k / a);
    cr_assert_eq(find_vacancy(&p, r), 0);
    expect_near(r->vacancy, 6 * depth, 1e-4, "vacancy");
    cr_assert_eq(find_surfaces(&p, r), 0);
    expect_near(r->surface[0], 4 * depth / (a * a), 1e-4, "surface 100");
    expect_near(r->surface[1], 3 * sqrt(2) * depth / (a * a), 1e-4, "surface 110");
    expect_near(r->surface[2], 2 * sqrt(3) * depth / (a * a), 1e-4, "surface 111");
    cr_assert_eq(find_phonons(&p, r), 0);
    for (int m = 0; m < 3; m++) {
        expect_near(r->frequency[0][m], sqrt((m < 2 ? 4 : 8) * k / mass), 1e-3, "X");
        expect_near(r->frequency[1][m], sqrt((m < 2 ? 2 : 8) * k / mass), 1e-3, "L");
        cr_expect_lt(fabs(r->band[0][0][m]), 1e-4 * sqrt(k / mass), "the crystal moves freely");
    }
    cr_assert_eq(find_dimer(&p, r), 0);
    cr_expect_float_eq(r->dimer[CURVE - 1], 0, 1e-12);
    free(r);
}

/* The frequencies of long waves are those of sound, by the elastic constants; hcp has sublattices that move. */
Test(properties, sound_goes_as_elastic_constants_say)
{
    const problem p = morse_problem();
    results *r = calloc(1, sizeof *r);
    cr_assert_eq(find_crystals(&p, HCP, r), 0);
    cr_assert_eq(find_elastic(&p, r), 0);
    cr_assert_eq(find_phonons(&p, r), 0);
    const crystal *c = &r->crystal;
    const double density = mass * c->natoms / (c->edge[0] * c->edge[1] * c->edge[2]),
                 two_pi = 6.283185307179586;
    const int k = 4; /* along c, of BANDS - 1 steps to A, at half of 2 pi / c */
    const double q = 0.5 * two_pi / c->edge[2] * k / (BANDS - 1);
    expect_near(r->band[0][k][0] / q, sqrt(r->elastic[3][3] / density), 1e-2, "transverse");
    expect_near(r->band[0][k][2] / q, sqrt(r->elastic[2][2] / density), 1e-2, "longitudinal");
    cr_expect_lt(r->elastic[0][0], r->elastic_clamped[0][0] * (1 - 1e-3), "sublattices give way");
    free(r);
}

/* Here it is bcc, whose second neighbours are within the bond's reach. */
Test(properties, the_lowest_crystal_is_found)
{
    const problem p = morse_problem();
    results *r = calloc(1, sizeof *r);
    cr_assert_eq(find_crystals(&p, -1, r), 0);
    cr_expect_eq(r->crystal.lattice, BCC);
    for (int l = 0; l < LATTICES; l++)
        cr_expect(!(r->energy[l] < r->energy[BCC]), "%s", lattice_name((lattice)l));
    free(r);
}
