/* The ranges of distances: found by fits, kept by files, headers, subsets; what is inside of them. */
#define _POSIX_C_SOURCE 200809L
#include "surfaces.h"

#include "ch4_d4.h"
#include "nh3_d5.h"

/* The shortest and the longest distance of each class over the marked geometries, by the definition. */
static void expected_ranges(const eqml_basis *b, const eqml_data *d, const unsigned char *use, double *ranges)
{
    for (int c = 0; c < b->npair_classes; c++)
        ranges[2 * c] = HUGE_VAL, ranges[2 * c + 1] = 0;
    for (size_t g = 0; g < d->n; g++)
        for (int p = 0; p < b->npairs && use[g]; p++) {
            const double *i = d->xyz + 3 * (g * (size_t)d->natoms + b->pairs[p][0]);
            const double *j = d->xyz + 3 * (g * (size_t)d->natoms + b->pairs[p][1]);
            const double r = hypot(hypot(i[0] - j[0], i[1] - j[1]), i[2] - j[2]);
            double *range = ranges + 2 * b->pair_classes[p];
            range[0] = fmin(range[0], r), range[1] = fmax(range[1], r);
        }
}

/* What a written header says, from the same numbers as it has. */
static int inside_of_header(const eqml_surface *s, const double *xyz)
{
    const eqml_basis *b = s->model.basis;
    const int stride = EQML_ROUND(b->npairs);
    double squares[2 * EQML_ROUND(10)] EQML_ALIGNED, square[2];
    for (int k = 0; k < stride; k++) {
        const double *range = s->ranges + 2 * b->pair_classes[k < b->npairs ? k : b->npairs - 1];
        square[0] = range[1] < HUGE_VAL ? range[0] * range[0] * (1 - 2e-12) : -1;
        square[1] = range[1] < HUGE_VAL ? range[1] * range[1] * (1 + 2e-12) : 1;
        squares[k] = square[0], squares[stride + k] = square[1];
    }
    const int inside = eqml__inside(b, squares, xyz);
    cr_assert_eq(inside, eqml_surface_inside(s, xyz));
    return inside;
}

Test(inside, ranges_are_those_of_the_training_data)
{
    enum { N = 150 };
    uint64_t state = 3;
    eqml_surface truth = random_surface(&ch4_d4_basis, morse, &state),
                 s = empty_surface(&ch4_d4_basis, morse);
    eqml_data d = sample(&truth.model, N, &state);
    unsigned char use[N];
    double ranges[4];
    int outside = 0;
    for (int g = 0; g < N; g++)
        use[g] = g < 100;
    const eqml_fit_options o = {.use = use};
    cr_expect_eq(inside_of_header(&s, d.xyz), -1, "nothing is known before the fit");
    cr_assert_eq(eqml_fit(&s, &d, &o, NULL, NULL), EQML_OK);
    expected_ranges(&ch4_d4_basis, &d, use, ranges);
    for (int k = 0; k < 4; k++)
        cr_expect_float_eq(s.ranges[k], ranges[k], 1e-14);
    for (size_t g = 0; g < N; g++) {
        const int inside = inside_of_header(&s, d.xyz + 15 * g);
        cr_expect(g >= 100 || inside == 1, "geometry %zu was trained on", g);
        outside += inside == 0;
    }
    cr_expect(outside > 0 && outside < 50);
    eqml_surface_free(&truth);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

/* Coincident atoms, atoms at 0.05 bohr and at 1e6 bohr, and what is no number, in any coordinate. */
Test(inside, no_odd_geometry_is)
{
    uint64_t state = 4;
    eqml_surface truth = random_surface(&nh3_d5_basis, morse, &state),
                 s = empty_surface(&nh3_d5_basis, morse);
    eqml_data d = sample(&truth.model, 60, &state);
    double xyz[12];
    cr_assert_eq(eqml_fit(&s, &d, NULL, NULL, NULL), EQML_OK);
    for (int k = 0; k < 12; k++)
        for (int odd = 0; odd < 5; odd++) {
            const double odds[] = {NAN, INFINITY, -INFINITY, 1e6, -1e200};
            memcpy(xyz, d.xyz, sizeof xyz);
            xyz[k] = odds[odd];
            cr_expect_eq(inside_of_header(&s, xyz), 0, "coordinate %d is %g", k, odds[odd]);
        }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            for (int apart = 0; apart < 2; apart++) {
                memcpy(xyz, d.xyz, sizeof xyz);
                memcpy(xyz + 3 * i, xyz + 3 * j, 3 * sizeof *xyz);
                xyz[3 * i + 1] += 0.05 * apart;
                cr_expect_eq(inside_of_header(&s, xyz), 0, "atoms %d and %d", i, j);
            }
    eqml_surface_free(&truth);
    eqml_surface_free(&s);
    eqml_data_free(&d);
}

/* Files, also those of before, and subsets of the terms. */
Test(inside, ranges_are_kept)
{
    uint64_t state = 5;
    eqml_surface truth = random_surface(&nh3_d5_basis, morse, &state),
                 s = empty_surface(&nh3_d5_basis, morse), t;
    eqml_data d = sample(&truth.model, 60, &state);
    eqml_message message = {""};
    eqml_problem *p;
    eqml_ranking ranking;
    eqml_subset subset;
    char path[TEMPORARY_PATH], old[TEMPORARY_PATH];
    make_file(path);
    make_file(old);
    cr_assert_eq(eqml_problem_create(&p, &s, &d, NULL, NULL, NULL), EQML_OK);
    cr_assert_eq(eqml_surface_write(&s, path, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_surface_read(&t, &nh3_d5_basis, path, &message), EQML_OK, "%s", message.text);
    cr_expect_arr_eq(t.ranges, s.ranges, 4 * sizeof(double));
    eqml_surface_free(&t);
    cr_assert_eq(run("sed '/^variable/s/\\( [^ ]*\\)\\{2\\}$//' '%s' >'%s'", path, old).status, 0);
    cr_assert_eq(eqml_surface_read(&t, &nh3_d5_basis, old, &message), EQML_OK, "%s", message.text);
    cr_expect_eq(eqml_surface_inside(&t, d.xyz), -1);
    cr_expect_eq(t.centres[0], s.centres[0]);
    eqml_surface_free(&t);
    cr_assert_eq(eqml_grow(p, 20, 0, &ranking, NULL), EQML_OK);
    cr_assert_eq(eqml_keep(p, &ranking, 20, "few", &subset, NULL), EQML_OK);
    cr_expect_arr_eq(subset.surface.ranges, s.ranges, 4 * sizeof(double));
    cr_assert_eq(eqml_surface_rebase(&subset.surface, &nh3_d5_basis, &t, NULL), EQML_OK);
    cr_expect_arr_eq(t.ranges, s.ranges, 4 * sizeof(double));
    eqml_surface_free(&t);
    eqml_subset_free(&subset);
    eqml_ranking_free(&ranking);
    eqml_problem_free(p);
    eqml_surface_free(&s);
    eqml_surface_free(&truth);
    eqml_data_free(&d);
    remove(path);
    remove(old);
}
