/* Clouds of points: what their invariants must tell apart, and what not; objects whose measures are known. */
#include "cloud_chiral.h"
#include "cloud_two.h"
#include "shapes/shapes.h"
#include <criterion/criterion.h>

static const eqml_radial radial = {.cutoff = 4, .range = 2};
enum { TERMS = 2000 };

static void describe_points(const eqml_cloud_basis *basis, const eqml_points *points, double *terms)
{
    eqml_cloud_workspace w = {0};
    cr_assert_leq(basis->nterms, TERMS);
    cr_assert_eq(eqml_points_describe(basis, 0, &radial, points, &w, terms), EQML_OK);
    eqml_cloud_workspace_free(&w);
}

/* Largest difference of terms of an order and parity, over the largest term. */
static double difference(const double *a, const double *b, int order, int parity)
{
    const eqml_cloud_program *p = cloud_chiral_basis.centres[0].program;
    int orders[TERMS], parities[TERMS];
    double most = 0, largest = 0;
    cr_assert_eq(eqml_cloud_term_kinds(p, orders, parities), EQML_OK);
    for (int k = 0; k < p->nterms; k++) {
        largest = fmax(largest, fabs(a[k]));
        if (orders[k] == order && parities[k] == parity)
            most = fmax(most, fabs(a[k] - b[k]));
    }
    return most / largest;
}

/*
 * Four neighbours at multiples of 45 degrees, {0, 1, 3, 4} and {0, 1, 2, 5}: the same distances and angles, so that no
 * function of two or three bodies tells them apart; four bodies do. Both have a mirror plane.
 */
Test(points, homometric_rings_differ_from_four_bodies_on)
{
    static const int eighth[2][4] = {{0, 1, 3, 4}, {0, 1, 2, 5}};
    static const double origin[3] = {0, 0, 0};
    for (int lifted = 0; lifted < 2; lifted++) {
        double xyz[2][4][3], terms[2][TERMS];
        for (int s = 0; s < 2; s++) {
            for (int k = 0; k < 4; k++) {
                const double angle = eighth[s][k] * 0.78539816339744831;
                xyz[s][k][0] = 2 * cos(angle);
                xyz[s][k][1] = 2 * sin(angle);
                xyz[s][k][2] = 0.8 * lifted;
            }
            describe_points(&cloud_chiral_basis, &(eqml_points){4, &xyz[s][0][0], NULL, NULL, origin},
                            terms[s]);
        }
        cr_expect_lt(difference(terms[0], terms[1], 1, 1), 1e-14);
        cr_expect_lt(difference(terms[0], terms[1], 2, 1), 1e-14);
        cr_expect_gt(difference(terms[0], terms[1], 3, 1), 1e-2);
        cr_expect_gt(difference(terms[0], terms[1], 4, 1), 1e-2);
        cr_expect_lt(difference(terms[0], terms[1], 3, -1), 1e-14);
        cr_expect_lt(difference(terms[0], terms[1], 4, -1), 1e-14);
    }
}

Test(points, mirror_images_differ_by_the_sign_of_chiral_terms)
{
    static const double origin[3] = {0, 0, 0};
    double xyz[4][3] = {{1.9, 0.2, 0.1}, {-0.3, 2.2, 0.4}, {0.5, -0.6, 2.5}, {-1.8, -1.1, 0.7}};
    double terms[2][TERMS], minus[TERMS];
    const eqml_points points = {4, &xyz[0][0], NULL, NULL, origin};
    describe_points(&cloud_chiral_basis, &points, terms[0]);
    for (int k = 0; k < 4; k++)
        xyz[k][0] = -xyz[k][0];
    describe_points(&cloud_chiral_basis, &points, terms[1]);
    for (int k = 0; k < cloud_chiral_basis.nterms; k++)
        minus[k] = -terms[1][k];
    for (int order = 1; order <= 4; order++)
        cr_expect_lt(difference(terms[0], terms[1], order, 1), 1e-14);
    for (int order = 3; order <= 4; order++) {
        cr_expect_gt(difference(terms[0], terms[1], order, -1), 1e-3);
        cr_expect_lt(difference(terms[0], minus, order, -1), 1e-14);
    }
}

/* The terms of the neighbours of an atom are those of the rows of a fit. */
Test(points, terms_are_those_of_the_rows_of_a_fit)
{
    const double xyz[5][3] = {
        {0.3, 0.1, -0.2}, {1.9, 0.2, 0.1}, {-0.3, 2.2, 0.4}, {0.5, -0.6, 2.5}, {-1.8, -1.1, 0.7}};
    const int species[5] = {0, 1, 0, 1, 1};
    const size_t n = (size_t)cloud_two_basis.nterms;
    double *row = calloc(n, sizeof *row), terms[TERMS];
    eqml_cloud_workspace w = {0};
    size_t first[2] = {0, 4};
    int index[4] = {1, 2, 3, 4};
    double vector[4][3];
    for (int k = 0; k < 4; k++)
        for (int d = 0; d < 3; d++)
            vector[k][d] = xyz[k + 1][d] - xyz[0][d];
    const eqml_neighbours list = {.natoms = 1, .count = 4, .first = first, .index = index, .vector = vector};
    const eqml_cloud_rows rows = {row, NULL, NULL};
    cr_assert_eq(eqml_cloud_find_rows(&cloud_two_basis, &radial, &list, species, &w, &rows), EQML_OK);
    describe_points(&cloud_two_basis, &(eqml_points){4, &xyz[1][0], species + 1, NULL, xyz[0]}, terms);
    const eqml_cloud_centre *c = &cloud_two_basis.centres[0];
    cr_assert_eq(c->species, 0);
    for (int k = 0; k < c->program->nterms; k++)
        cr_expect_float_eq(terms[k], row[c->first + k], 1e-13 * (1 + fabs(row[c->first + k])));
    eqml_cloud_workspace_free(&w);
    free(row);
}

/* Weights count points; without a centre the points are seen from their centre of mass, wherever the cloud is. */
Test(points, weights_count_and_the_centre_is_the_mean)
{
    const double xyz[5][3] = {
        {1.9, 0.2, 0.1}, {-0.3, 2.2, 0.4}, {0.5, -0.6, 2.5}, {-1.8, -1.1, 0.7}, {0.5, -0.6, 2.5}};
    const double weights[4] = {1, 1, 2, 1};
    double moved[4][3], terms[3][TERMS];
    for (int k = 0; k < 4; k++)
        for (int d = 0; d < 3; d++)
            moved[k][d] = xyz[k][d] + 10 * (d + 1);
    describe_points(&cloud_chiral_basis, &(eqml_points){5, &xyz[0][0], NULL, NULL, NULL}, terms[0]);
    describe_points(&cloud_chiral_basis, &(eqml_points){4, &xyz[0][0], NULL, weights, NULL}, terms[1]);
    describe_points(&cloud_chiral_basis, &(eqml_points){4, &moved[0][0], NULL, weights, NULL}, terms[2]);
    for (int k = 0; k < cloud_chiral_basis.nterms; k++)
        for (int way = 1; way < 3; way++)
            cr_expect_float_eq(terms[0][k], terms[way][k], 1e-11 * (1 + fabs(terms[0][k])));
}

Test(points, what_cannot_be_is_told)
{
    const double origin[3] = {0, 0, 0}, bad[3] = {0, NAN, 0}, one[3] = {1, 0, 0}, zero = 0;
    const int type = 1;
    const eqml_radial wrong = {.cutoff = 0, .range = 1};
    double terms[TERMS];
    eqml_cloud_workspace w = {0};
    const struct {
        eqml_points points;
        int centre;
        const eqml_radial *radial;
        eqml_status status;
    } cases[] = {{{1, origin, NULL, NULL, origin}, 0, &radial, EQML_ERROR_VALUE},
                 {{1, bad, NULL, NULL, origin}, 0, &radial, EQML_ERROR_VALUE},
                 {{1, one, NULL, &zero, NULL}, 0, &radial, EQML_ERROR_VALUE},
                 {{1, one, &type, NULL, origin}, 0, &radial, EQML_ERROR_ARGUMENT},
                 {{1, one, NULL, NULL, origin}, 1, &radial, EQML_ERROR_ARGUMENT},
                 {{1, one, NULL, NULL, origin}, 0, &wrong, EQML_ERROR_ARGUMENT},
                 {{0, one, NULL, NULL, origin}, 0, &radial, EQML_OK}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        cr_expect_eq(eqml_points_describe(&cloud_chiral_basis, cases[k].centre, cases[k].radial,
                                          &cases[k].points, &w, terms),
                     cases[k].status, "case %zu", k);
    eqml_cloud_workspace_free(&w);
}

/* Many points without noise measure the object; it is smaller than the ball about its centre that holds them. */
Test(shapes, clouds_have_the_size_of_their_objects)
{
    generator g;
    random_start(&g, 3, 0);
    for (int f = 0; f < FAMILIES; f++)
        for (int hand = -1; hand < 2; hand += 2) {
            cloud c;
            double square = 0, farthest = 0;
            cr_assert_eq(draw_cloud(&c, (family)f, hand, 20000, 0, &g), 0);
            const eqml_points points = {c.n, c.xyz, NULL, c.weight, NULL};
            double centre[3];
            eqml_points_centre(&points, centre);
            for (size_t k = 0; k < c.n; k++) {
                double own = 0;
                for (size_t d = 0; d < 3; d++)
                    own += (c.xyz[3 * k + d] - centre[d]) * (c.xyz[3 * k + d] - centre[d]);
                square += c.weight[k] * own;
                farthest = fmax(farthest, sqrt(own));
            }
            cr_expect_float_eq(sqrt(square), c.gyration, 0.02 * c.gyration, "%s", family_name((family)f));
            cr_expect(c.volume > 0 && c.volume < 4.19 * farthest * farthest * farthest, "%s",
                      family_name((family)f));
            cr_expect_eq(c.hand, f < HANDED ? hand : 0);
            free_cloud(&c);
        }
}
