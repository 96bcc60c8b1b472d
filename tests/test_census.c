/* The census of holes, and what it is made of: random numbers, normal modes, minima. */
#define _POSIX_C_SOURCE 200809L
#include "support.h"
#include "census/census.h"
#include "common/elements.h"
#include "common/minimise.h"
#include "common/modes.h"
#include "common/random.h"
#include "common/statistics.h"
#include "h2_d4.h"

/* ---- random numbers ---- */

/* What the authors' program gives from the state 1, 2, 3, 4 (the crate rand_xoshiro has the same numbers in its tests). */
Test(random, xoshiro_is_the_published_one)
{
    static const uint64_t published[] = {UINT64_C(41943041),
                                         UINT64_C(58720359),
                                         UINT64_C(3588806011781223),
                                         UINT64_C(3591011842654386),
                                         UINT64_C(9228616714210784205),
                                         UINT64_C(9973669472204895162)};
    generator g = {.state = {1, 2, 3, 4}};
    for (size_t k = 0; k < COUNT(published); k++)
        cr_assert_eq(random_bits(&g), published[k], "number %zu", k);
}

Test(random, normal_numbers_are_normal)
{
    /* Chances to be beyond 0.5, 1, 2, 3, 3.442619855899 (where the tail begins) and 4, on both sides. */
    static const double edge[] = {0.5, 1, 2, 3, 3.442619855899, 4};
    enum { N = 4000000 };
    double sum = 0, square = 0, fourth = 0, beyond[COUNT(edge)] = {0}, above = 0;
    generator g;
    random_start(&g, 7, 3);
    for (int k = 0; k < N; k++) {
        const double x = random_normal(&g);
        sum += x, square += x * x, fourth += x * x * x * x;
        above += x > 0;
        for (size_t e = 0; e < COUNT(edge); e++)
            beyond[e] += fabs(x) > edge[e];
    }
    cr_assert_lt(fabs(sum / N), 5 / sqrt(N));
    cr_assert_lt(fabs(square / N - 1), 5 * sqrt(2.0 / N));
    cr_assert_lt(fabs(fourth / N - 3), 5 * sqrt(96.0 / N));
    cr_assert_lt(fabs(above / N - 0.5), 5 * sqrt(0.25 / N));
    for (size_t e = 0; e < COUNT(edge); e++) {
        const double chance = erfc(edge[e] / sqrt(2));
        cr_assert_lt(fabs(beyond[e] / N - chance), 5 * sqrt(chance / N), "%g", edge[e]);
    }
}

Test(random, streams_repeat_and_differ)
{
    generator a, b, c;
    random_start(&a, 1, 0), random_start(&b, 1, 0), random_start(&c, 1, 1);
    double product = 0;
    for (int k = 0; k < 100000; k++) {
        const double x = random_normal(&a), u = random_uniform(&b);
        random_uniform(&a), random_normal(&b);
        cr_assert(u >= 0 && u < 1);
        product += x * random_normal(&c);
    }
    cr_assert_lt(fabs(product), 5 * sqrt(1e5));
    random_start(&a, 1, 0), random_start(&b, 1, 0);
    for (int k = 0; k < 1000; k++)
        cr_assert_eq(random_normal(&a), random_normal(&b));
}

/* x_k = a x_(k-1) + noise has the variance 1/(1 - a^2), and its mean the error sqrt(1/n)/(1 - a). */
Test(statistics, errors_of_correlated_means)
{
    enum { N = 1 << 16 };
    double *x = room(N, sizeof *x), last = 0;
    generator g;
    random_start(&g, 5, 0);
    for (int k = 0; k < N; k++)
        x[k] = last = 0.9 * last + random_normal(&g);
    const double expected = sqrt(1.0 / N) / 0.1, average = mean(N, x), error = block_error(N, x);
    cr_assert_lt(fabs(average), 4 * expected);
    cr_assert(error > 0.6 * expected && error < 1.8 * expected, "%g, not %g", error, expected);
    free(x);
}

/* ---- vibrations ---- */

/* Springs between all atoms: the Hessian of sum k/2 (r - r0)^2 at rest is sum k u u^T. */
static void springs(int natoms, const double *xyz, double *hessian)
{
    const int n = 3 * natoms;
    memset(hessian, 0, (size_t)(n * n) * sizeof *hessian);
    for (int i = 0; i < natoms; i++)
        for (int j = 0; j < i; j++) {
            double u[3], r = 0;
            for (int k = 0; k < 3; k++)
                u[k] = xyz[3 * i + k] - xyz[3 * j + k], r += u[k] * u[k];
            for (int k = 0; k < 3; k++)
                for (int l = 0; l < 3; l++) {
                    const double h = 0.3 * u[k] * u[l] / r;
                    hessian[(3 * i + k) * n + 3 * i + l] += h, hessian[(3 * j + k) * n + 3 * j + l] += h;
                    hessian[(3 * i + k) * n + 3 * j + l] -= h, hessian[(3 * j + k) * n + 3 * i + l] -= h;
                }
        }
}

Test(vibrations, a_diatomic_molecule)
{
    const double xyz[6] = {0.3, 0.1, 0.2, 1.3, 1.4, 0.9}, mass[2] = {1.5, 14};
    double hessian[36], root[6], wavenumber[6], mode[36], rigid[36];
    springs(2, xyz, hessian);
    cr_assert_eq(vibrations(2, mass, xyz, hessian, root, wavenumber, mode, rigid), 1);
    const double reduced = DALTON * 1.5 * 14 / 15.5;
    cr_assert_float_eq(wavenumber[0], PER_CM * sqrt(0.3 / reduced), 1e-6);
}

/* What the Hessian says of rigid motions does not matter, and six of them come last; vibrations are as without. */
Test(vibrations, rigid_motions_are_apart)
{
    const double mass[4] = {1, 2, 3, 14};
    double xyz[12], plain[144], hessian[144], root[12], wanted[12], wavenumber[12], mode[144], rigid[72];
    uint64_t state = 9;
    for (int k = 0; k < 12; k++)
        xyz[k] = 2 * draw_real(&state);
    springs(4, xyz, plain);
    memcpy(hessian, plain, sizeof plain);
    normal_modes(4, mass, hessian, root, wanted, mode);
    cr_assert_eq(rigid_motions(4, mass, xyz, rigid), 6);
    memcpy(hessian, plain, sizeof plain);
    for (int r = 0; r < 6; r++)
        for (int i = 0; i < 12; i++)
            for (int j = 0; j < 12; j++)
                hessian[i * 12 + j] +=
                    (r - 2.5) * 0.01 * root[i] * root[j] / DALTON * rigid[r * 12 + i] * rigid[r * 12 + j];
    cr_assert_eq(vibrations(4, mass, xyz, hessian, root, wavenumber, mode, rigid), 6);
    for (int k = 0; k < 6; k++)
        cr_assert_float_eq(wavenumber[k], wanted[k + 6], 1e-5 * wanted[11]);
    const double line[9] = {0, 0, 0, 0, 0, 2, 0, 0, 5};
    cr_assert_eq(rigid_motions(3, mass, line, rigid), 5);
}

/* ---- the census ---- */

#define DEPTH 0.17 /* hartree */
#define REST 1.4   /* bohr */
#define RANGE 1.0

/*
 * Of a diatomic molecule: with u = exp(-(r - REST)/RANGE), D (1 - u)^2 is Morse's potential. Times 1 - u/h it has a hole
 * where u > h: an exact surface of degree 3, found by a fit.
 */
static double potential(double r, double h)
{
    const double u = exp(-(r - REST) / RANGE);
    return DEPTH * (1 - u) * (1 - u) * (h > 0 ? 1 - u / h : 1);
}

static eqml_surface surface_of(double h)
{
    enum { N = 40 };
    static char symbols[2][4] = {"H", "H"};
    static double xyz[N][6], energy[N];
    static unsigned char has[N];
    const eqml_variable morse = {EQML_MORSE, RANGE, 0, 0};
    eqml_data data = {.natoms = 2, .n = N, .symbols = symbols, .xyz = xyz[0], .energy = energy, .has = has};
    eqml_surface surface;
    eqml_message message;
    for (int k = 0; k < N; k++) {
        xyz[k][3] = 0.5 + 0.1 * k;
        energy[k] = potential(xyz[k][3], h);
        has[k] = EQML_HAS_ENERGY;
    }
    cr_assert_eq(eqml_surface_create(&h2_d4_basis, &morse, &surface), EQML_OK);
    cr_assert_eq(eqml_fit(&surface, &data, NULL, NULL, &message), EQML_OK, "%s", message.text);
    return surface;
}

static const double start[6] = {0, 0, 0, 0.3, 1.6, 0};

/* Morse's potential has no hole; its levels are known: w/2 - w^2/(16 D) for the ground state. */
Test(census, a_potential_without_holes)
{
    eqml_surface surface = surface_of(0);
    census_options options = {.walkers = 2000, .steps = 4000, .time_step = 5};
    eqml_message message;
    census c;
    cr_assert_eq(census_run(&surface.model, "H H", start, &options, &c, &message), EQML_OK, "%s",
                 message.text);
    const double w = sqrt(2 * DEPTH / (RANGE * RANGE) / (DALTON * find_element("h", 1)->mass / 2));
    const double ground = w / 2 - w * w / (16 * DEPTH);
    cr_assert_eq(c.holes, 0);
    cr_assert_eq(c.deepest, 0);
    cr_assert_eq(c.vibrations, 1);
    cr_assert_lt(fabs(c.minimum), 1e-9);
    cr_assert_float_eq(c.harmonic, w / 2, 1e-7);
    /* The walkers' own error, and that of the time step, which is of order (w t)^2. */
    cr_assert_lt(fabs(c.ground - ground), 4 * c.ground_error + 0.1 * w * w * w * 25, "%g, not %g +- %g",
                 PER_CM * c.ground, PER_CM * ground, PER_CM * c.ground_error);
    cr_assert_lt(c.ground_error, 20 / PER_CM);
    census_free(&c);
    eqml_surface_free(&surface);
}

static double apart(const double *xyz)
{
    double square = 0;
    for (int k = 0; k < 3; k++)
        square += (xyz[k] - xyz[3 + k]) * (xyz[k] - xyz[3 + k]);
    return sqrt(square);
}

/* Stretched hydrogen, where Morse's potential lies below its parabola, so that no sample is refused. */
Test(census, samples_spread_up_to_an_energy)
{
    enum { N = 4000 };
    static double xyz[N][6], again[N][6];
    const double minimum[6] = {0, 0, 0, 0, REST, 0}, highest = 0.4 * DEPTH;
    eqml_surface surface = surface_of(0);
    eqml_message message;
    size_t drawn;
    double sum = 0, count = 0;
    for (int k = 0; k < 2; k++) {
        cr_assert_eq(census_spread(&surface.model, "H H", minimum, highest, 3, N, k ? again[0] : xyz[0],
                                   &drawn, &message),
                     EQML_OK, "%s", message.text);
        cr_assert_eq(drawn, N);
    }
    cr_expect_arr_eq(xyz, again, sizeof xyz);
    for (int k = 0; k < N; k++) {
        const double stretch = (apart(xyz[k]) - REST) / RANGE;
        cr_expect_leq(potential(apart(xyz[k]), 0), highest + 1e-9);
        if (stretch > 0)
            sum += DEPTH * stretch * stretch, count++;
    }
    cr_expect_float_eq(sum / count, highest / 2, 4 * highest / sqrt(12 * count));
    cr_expect_eq(census_spread(&surface.model, "H Q", minimum, highest, 3, N, xyz[0], &drawn, &message),
                 EQML_ERROR_ARGUMENT);
    cr_expect_eq(drawn, 0);
    eqml_surface_free(&surface);
}

/* The chance of a distance below r for width s: of a normal number. */
static double chance(double r, double s, double w)
{
    const double deviation = s * sqrt(0.5 / w / (DALTON * find_element("H", 1)->mass / 2));
    return 0.5 * erfc((REST - r) / deviation / sqrt(2));
}

Test(census, holes_are_where_they_were_put)
{
    const double h = 1.5, least = 0.31 * EQML_ANGSTROM;
    eqml_surface surface = surface_of(h);
    census_options options = {.samples = 40000};
    eqml_message message;
    census c, again;
    cr_assert_eq(census_run(&surface.model, "H H", start, &options, &c, &message), EQML_OK, "%s",
                 message.text);
    const double reduced = DALTON * find_element("H", 1)->mass / 2;
    const double w = sqrt(2 * DEPTH * (1 - 1 / h) / (RANGE * RANGE) / reduced);
    double edge = REST - RANGE * log(h); /* where the energy is that of the minimum less the margin */
    while (potential(edge, h) > -c.options.margin)
        edge -= 1e-6;
    for (int k = 0; k < CENSUS_WIDTHS; k++) {
        const double close = chance(least, census_widths[k], w),
                     hole = chance(edge, census_widths[k], w) - close;
        const double n = options.samples;
        cr_assert_lt(fabs((double)c.sampled[k] - n * hole), 5 * sqrt(n * hole) + 2,
                     "width %g: %zu holes, not %g", census_widths[k], c.sampled[k], n * hole);
        cr_assert_lt(fabs((double)c.close[k] - n * close), 5 * sqrt(n * close) + 2);
    }
    cr_assert_gt(c.walker_holes, 0);
    cr_assert_gt(c.descent_holes, 0);
    size_t sum = c.walker_holes + c.descent_holes;
    for (int k = 0; k < CENSUS_WIDTHS; k++)
        sum += c.sampled[k];
    cr_assert_eq(c.holes, sum);
    /* The deepest is where the atoms may come no closer, at the end of a descent. */
    cr_assert_eq(c.deepest, c.hole[0].energy);
    cr_assert_float_eq(c.deepest, potential(least, h), 0.15 * DEPTH);
    for (size_t k = 0; k < c.kept; k++) {
        const double r = apart(c.hole_xyz + 6 * k);
        cr_assert(r >= least && r <= edge + 1e-6, "%g", r);
        cr_assert_float_eq(c.hole[k].energy, potential(r, h), 1e-9);
        cr_assert_float_eq(c.hole[k].change, REST - r, 1e-5);
        cr_assert_geq(c.hole[k].energy, c.deepest);
    }
    /* The same seed, the same census. */
    cr_assert_eq(census_run(&surface.model, "H H", start, &options, &again, &message), EQML_OK);
    cr_assert_eq(again.kept, c.kept);
    cr_assert_eq(memcmp(again.hole_xyz, c.hole_xyz, c.kept * 6 * sizeof *c.hole_xyz), 0);
    cr_assert_eq(again.ground, c.ground);
    census_free(&again);
    options.seed = 2;
    cr_assert_eq(census_run(&surface.model, "H H", start, &options, &again, &message), EQML_OK);
    cr_assert_neq(again.ground, c.ground);
    census_free(&again);
    census_free(&c);
    eqml_surface_free(&surface);
}

Test(census, what_cannot_be_done_is_said)
{
    eqml_surface surface = surface_of(1.5);
    const double within[6] = {0, 0, 0, 0, 0, 0.8}; /* downhill from here lies the hole */
    eqml_message message;
    census c;
    cr_assert_eq(census_run(&surface.model, "H Q", start, NULL, &c, &message), EQML_ERROR_ARGUMENT);
    cr_assert(strstr(message.text, "\"Q\""), "%s", message.text);
    cr_assert_eq(census_run(&surface.model, "H H", within, NULL, &c, &message), EQML_ERROR_VALUE);
    cr_assert(strstr(message.text, "hole"), "%s", message.text);
    cr_assert_eq(c.natoms, 0);
    census_free(&c);
    eqml_surface_free(&surface);
}

/* What it writes can be read back, and its energies are no data. */
Test(census, files)
{
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 32];
    eqml_surface surface = surface_of(1.5);
    census_options options = {.kept = 20};
    eqml_message message;
    eqml_data data;
    census c;
    make_folder(folder);
    cr_assert_eq(census_run(&surface.model, "H H", start, &options, &c, &message), EQML_OK);
    cr_assert_eq(c.kept, 20);
    snprintf(path, sizeof path, "%s/holes.xyz", folder);
    cr_assert_eq(census_write_holes(&c, "H H", path), 0);
    cr_assert_eq(eqml_data_read(path, &data, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(data.n, 20);
    for (size_t k = 0; k < 20 * 6; k++)
        cr_assert_float_eq(data.xyz[k], c.hole_xyz[k], 1e-9);
    for (size_t k = 0; k < 20; k++)
        cr_assert_eq(data.has[k], 0);
    eqml_data_free(&data);
    remove(path);
    snprintf(path, sizeof path, "%s/minimum.xyz", folder);
    cr_assert_eq(census_write_minimum(&c, "H H", path), 0);
    cr_assert_eq(eqml_data_read(path, &data, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(data.n, 1);
    eqml_data_free(&data);
    remove(path);
    snprintf(path, sizeof path, "%s/holes.svg", folder);
    cr_assert_eq(census_draw(&c, "H2", path), 0);
    remove(path);
    cr_assert_eq(rmdir(folder), 0);
    cr_assert_neq(census_write_holes(&c, "H H", "/nowhere/holes.xyz"), 0);
    census_free(&c);
    eqml_surface_free(&surface);
}

static int too_close(const void *limit, const double *xyz)
{
    return apart(xyz) < *(const double *)limit;
}

Test(minimise, ends_at_minima_or_bounds)
{
    eqml_surface surface = surface_of(0);
    double xyz[6] = {0, 0, 0, 2.4, 0.3, 0}, energy, limit = 1.6;
    cr_assert_eq(minimise(&surface.model, xyz, &energy, NULL), MINIMISE_DONE);
    cr_assert_float_eq(apart(xyz), REST, 1e-5);
    cr_assert_lt(fabs(energy), 1e-9);
    minimise_options options = {.outside = too_close, .context = &limit};
    double other[6] = {0, 0, 0, 0, 2.4, 0};
    cr_assert_eq(minimise(&surface.model, other, &energy, &options), MINIMISE_LEFT);
    cr_assert_geq(apart(other), limit);
    eqml_surface_free(&surface);
}
