/*
 * Distances that do not vary in the data. Whatever of the digits of the data are left, predictions move by no
 * more than the rounding moves the geometries, and a step along a rigid bond changes the energy by little.
 */
#define _POSIX_C_SOURCE 200809L
#include "dimer_d3.h"
#include "h2o_d8.h"
#include "h2o_tensors.h"
#include "support.h"

#define POINTS 400
#define OH (0.96 * EQML_ANGSTROM)

/* A smooth potential of the distances of all pairs; bonds are Morse-like, the rest is repulsion. */
static double potential(int natoms, const double *xyz, double *gradient)
{
    double v = -76;
    for (int k = 0; k < 3 * natoms; k++)
        gradient[k] = 0;
    for (int i = 0; i < natoms; i++)
        for (int j = i + 1; j < natoms; j++) {
            double d[3], r = 0;
            for (int k = 0; k < 3; k++) {
                d[k] = xyz[3 * i + k] - xyz[3 * j + k];
                r += d[k] * d[k];
            }
            r = sqrt(r);
            const double e = exp(-0.8 * r), slope = -0.8 * e + 0.02 * cos(r);
            v += e + 0.02 * sin(r);
            for (int k = 0; k < 3; k++) {
                gradient[3 * i + k] += slope * d[k] / r;
                gradient[3 * j + k] -= slope * d[k] / r;
            }
        }
    return v;
}

/* Two hydrogens and an oxygen, turned at random. */
static void draw_water(uint64_t *state, double angle, const double centre[3], double *h1, double *h2,
                       double *o)
{
    double u[3], w[3], along = 0, size = 0, rest = 0;
    for (int k = 0; k < 3; k++) {
        u[k] = draw_real(state), w[k] = draw_real(state);
        size += u[k] * u[k];
    }
    for (int k = 0; k < 3; k++)
        along += (u[k] /= sqrt(size)) * w[k];
    for (int k = 0; k < 3; k++) {
        w[k] -= along * u[k];
        rest += w[k] * w[k];
    }
    for (int k = 0; k < 3; k++) {
        w[k] /= sqrt(rest);
        o[k] = centre[k];
        h1[k] = centre[k] + OH * (cos(angle / 2) * u[k] + sin(angle / 2) * w[k]);
        h2[k] = centre[k] + OH * (cos(angle / 2) * u[k] - sin(angle / 2) * w[k]);
    }
}

typedef struct rigid {
    eqml_data data;
    double xyz[POINTS * 18], energy[POINTS], gradient[POINTS * 18], dipole[POINTS * 3];
    unsigned char has[POINTS];
} rigid;

static void draw_one(uint64_t *state, const eqml_basis *b, double *xyz)
{
    const double zero[3] = {0, 0, 0};
    if (b->natoms == 3) {
        draw_water(state, 1.9 + 0.7 * draw_real(state), zero, xyz, xyz + 3, xyz + 6);
        return;
    }
    /* "(H2 O)2": H H O H H O, or the hydrogens first */
    int h[4], o[2], nh = 0, no = 0;
    for (int i = 0; i < 6; i++)
        if (b->symbols[2 * i] == 'H')
            h[nh++] = i;
        else
            o[no++] = i;
    double far[3], size = 0;
    for (int k = 0; k < 3; k++) {
        far[k] = draw_real(state);
        size += far[k] * far[k];
    }
    const double r = 6 + 1.5 * draw_real(state);
    for (int k = 0; k < 3; k++)
        far[k] *= r / sqrt(size);
    draw_water(state, 1.8242, zero, xyz + 3 * h[0], xyz + 3 * h[1], xyz + 3 * o[0]);
    draw_water(state, 1.8242, far, xyz + 3 * h[2], xyz + 3 * h[3], xyz + 3 * o[1]);
}

/* Coordinates are rounded to `digits` decimals in angstrom, energies are those before. */
static rigid *make_data(const eqml_basis *b, int digits, bool gradients)
{
    rigid *s = room(1, sizeof *s);
    uint64_t state = 11;
    const double unit = pow(10, digits) / EQML_ANGSTROM;
    const size_t n = 3 * (size_t)b->natoms;
    for (size_t g = 0; g < POINTS; g++) {
        double *xyz = s->xyz + g * n;
        draw_one(&state, b, xyz);
        s->energy[g] = potential(b->natoms, xyz, s->gradient + g * n);
        s->has[g] = EQML_HAS_ENERGY | EQML_HAS_DIPOLE | (gradients ? EQML_HAS_GRADIENT : 0);
        for (size_t k = 0; k < 3; k++) /* charges -0.8 and 0.4 */
            s->dipole[3 * g + k] = b->natoms == 3 ? 0.4 * (xyz[k] + xyz[3 + k]) - 0.8 * xyz[6 + k] : 0;
        for (size_t k = 0; k < n && digits < 17; k++)
            xyz[k] = floor(xyz[k] * unit + 0.5) / unit;
    }
    s->data.n = POINTS;
    s->data.natoms = b->natoms;
    s->data.xyz = s->xyz;
    s->data.energy = s->energy;
    s->data.gradient = gradients ? s->gradient : NULL;
    s->data.tensors[EQML_DIPOLE] = s->dipole;
    s->data.has = s->has;
    return s;
}

static eqml_surface make_surface(const eqml_basis *b)
{
    eqml_variable variables[16];
    eqml_surface surface;
    cr_assert_leq(b->npair_classes, 16);
    for (int k = 0; k < b->npair_classes; k++)
        variables[k] = (eqml_variable){EQML_MORSE, 2.0, 0, 0};
    cr_assert_eq(eqml_surface_create(b, variables, &surface), EQML_OK);
    return surface;
}

static double energy_of(const eqml_surface *s, const double *xyz)
{
    const eqml_basis *b = s->model.basis;
    if (b == &dimer_d3_basis)
        return dimer_d3_model_energy(&s->model, xyz);
    return b == &h2o_d8_basis ? h2o_d8_model_energy(&s->model, xyz)
                              : h2o_tensors_model_energy(&s->model, xyz);
}

/* The same fit of data with 17, 8 and 6 digits; points are those of another seed, whole and with a hydrogen
 * moved, along which nothing is known: the surface may have slopes of 2 hartree/bohr there. */
static void check_digits(const eqml_basis *b, bool gradients)
{
    static const int digits[] = {17, 8, 6};
    static const double step[] = {0, 1e-3, 0.05};
    static const double allowed[] = {0, 1e-6, 1e-4}, most[] = {0, 2e-3, 0.1};
    eqml_surface surface[3];
    eqml_fit_result result[3];
    for (int k = 0; k < 3; k++) {
        rigid *s = make_data(b, digits[k], gradients);
        surface[k] = make_surface(b);
        cr_assert_eq(eqml_fit(&surface[k], &s->data, NULL, &result[k], NULL), EQML_OK);
        cr_expect_gt(result[k].constant_pairs, 0);
        cr_expect_eq(result[k].rank, result[0].rank, "%s: rank %d with %d digits, %d with all", b->name,
                     result[k].rank, digits[k], result[0].rank);
        free(s);
    }
    uint64_t state = 12;
    for (int g = 0; g < 50; g++) {
        double xyz[18], moved[18];
        draw_one(&state, b, xyz);
        for (int m = 0; m < 3; m++) {
            memcpy(moved, xyz, sizeof moved);
            for (int k = 0; k < 3; k++) /* the first atom is a hydrogen; away from its oxygen */
                moved[k] += step[m] * (xyz[k] - xyz[6 + k]) / OH;
            const double e = energy_of(&surface[0], moved);
            for (int k = 1; k < 3; k++)
                cr_expect_leq(fabs(energy_of(&surface[k], moved) - e), allowed[k],
                              "%s, gradients %d, step %g, %d digits: %.3e", b->name, gradients, step[m],
                              digits[k], fabs(energy_of(&surface[k], moved) - e));
            cr_expect_leq(fabs(e - energy_of(&surface[0], xyz)), most[m], "%s: a step of %g: %.3e", b->name,
                          step[m], fabs(e - energy_of(&surface[0], xyz)));
        }
    }
    for (int k = 0; k < 3; k++)
        eqml_surface_free(&surface[k]);
}

Test(rigid, a_bending_scan_does_not_depend_on_its_digits)
{
    check_digits(&h2o_d8_basis, false);
}

Test(rigid, nor_does_one_with_gradients)
{
    check_digits(&h2o_d8_basis, true);
}

Test(rigid, nor_does_a_dimer_of_rigid_molecules)
{
    check_digits(&dimer_d3_basis, false);
}

Test(rigid, nor_does_one_with_forces)
{
    check_digits(&dimer_d3_basis, true);
}

Test(rigid, nor_do_dipoles)
{
    static const int digits[] = {17, 8, 6};
    eqml_surface surface[3];
    for (int k = 0; k < 3; k++) {
        rigid *s = make_data(&h2o_tensors_basis, digits[k], false);
        surface[k] = make_surface(&h2o_tensors_basis);
        cr_assert_eq(eqml_fit_tensor(&surface[k], EQML_DIPOLE, &s->data, 0, NULL, NULL, NULL), EQML_OK);
        free(s);
    }
    uint64_t state = 12;
    for (int g = 0; g < 50; g++) {
        double xyz[18], d[3], other[3];
        draw_one(&state, &h2o_tensors_basis, xyz);
        for (int k = 0; k < 3; k++)
            xyz[k] += 1e-3 * (xyz[k] - xyz[6 + k]) / OH;
        h2o_tensors_model_dipole(&surface[0].model, xyz, d);
        for (int k = 1; k < 3; k++) {
            h2o_tensors_model_dipole(&surface[k].model, xyz, other);
            for (int c = 0; c < 3; c++)
                cr_expect_leq(fabs(other[c] - d[c]), k == 1 ? 1e-6 : 1e-4, "%d digits: %.3e", digits[k],
                              fabs(other[c] - d[c]));
        }
    }
    for (int k = 0; k < 3; k++)
        eqml_surface_free(&surface[k]);
}

/* Of one energy only the constant is known. */
Test(rigid, one_geometry_gives_a_constant)
{
    rigid *s = make_data(&h2o_d8_basis, 17, false);
    eqml_surface surface = make_surface(&h2o_d8_basis);
    eqml_fit_result result;
    unsigned char use[POINTS] = {1};
    const eqml_fit_options options = {.use = use};
    cr_assert_eq(eqml_fit(&surface, &s->data, &options, &result, NULL), EQML_OK);
    cr_expect_eq(result.rank, 1);
    cr_expect_eq(result.constant_pairs, h2o_d8_basis.npair_classes);
    for (int g = 0; g < POINTS; g++)
        cr_expect_leq(fabs(energy_of(&surface, s->xyz + 9 * g) - s->energy[0]), 1e-9);
    eqml_surface_free(&surface);
    free(s);
}

/* A sum of one component that is the whole molecule. */
Test(rigid, an_expansion_does_not_depend_on_the_digits)
{
    static const int digits[] = {17, 8, 6};
    static const eqml_variable morse[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_MORSE, 2.0, 0, 0}};
    const eqml_part part = {&h2o_d8_basis, morse, 0, NULL, 0, 0, 0};
    double first = 0;
    for (int k = 0; k < 3; k++) {
        rigid *s = make_data(&h2o_d8_basis, digits[k], false);
        eqml_expansion x;
        cr_assert_eq(eqml_expansion_create(&x, "H H O", 1, &part, NULL), EQML_OK);
        cr_assert_eq(eqml_expansion_fit(&x, &s->data, NULL, NULL, NULL), EQML_OK);
        double *work = aligned_alloc(64, (eqml_expansion_work(&x) * sizeof(double) + 63) / 64 * 64);
        double xyz[18], gradient[9];
        uint64_t state = 12;
        cr_assert_not_null(work);
        draw_one(&state, &h2o_d8_basis, xyz);
        for (int c = 0; c < 3; c++)
            xyz[c] += 1e-3 * (xyz[c] - xyz[6 + c]) / OH;
        const double e = eqml_expansion_energy_gradient(&x, xyz, gradient, work);
        first = k ? first : e;
        cr_expect_leq(fabs(e - first), k == 1 ? 1e-6 : 1e-4, "%d digits: %.3e", digits[k], fabs(e - first));
        free(work);
        eqml_expansion_free(&x);
        free(s);
    }
}

/* What is constant is named: to 6 decimals in angstrom, but not where an atom has moved by 1e-3 bohr. */
Test(rigid, constant_pairs_are_named)
{
    const eqml_basis *b = &h2o_d8_basis;
    rigid *s = make_data(b, 6, false);
    double distance[2];
    const int oh = b->pair_classes[1], hh = b->pair_classes[0];
    cr_assert_eq(b->pairs[1][1], 2);
    cr_expect_eq(eqml_constant_pairs(b, &s->data, NULL, distance), 1);
    cr_expect_float_eq(distance[oh], OH, 1e-5);
    cr_expect_eq(distance[hh], 0);
    for (int k = 0; k < 3; k++)
        s->xyz[k] += 1e-3 * (s->xyz[k] - s->xyz[6 + k]) / OH;
    cr_expect_eq(eqml_constant_pairs(b, &s->data, NULL, distance), 0);
    free(s);
}
