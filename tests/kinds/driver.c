/*
 * Every function of one surface against differences of a lower one, and all of them where a distance is zero
 * or a coordinate is no number. The surface's header is all of eqml that this file includes. NAME: of the
 * surface, BASIS: of its basis. TENSORS: it has all three. The functions are called with a model of the
 * program's own where it has no code, TABLES, or another variable, USERS. EXPANSION: no Hessian, no floats.
 */
#include SURFACE_HEADER
#include "geometry.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#ifdef LAYOUT /* of a written header, whose names of the runtime carry it */
#define eqml_basis JOIN(JOIN(eqml, LAYOUT), _basis)
#define eqml_model JOIN(JOIN(eqml, LAYOUT), _model)
#define eqml_variable JOIN(JOIN(eqml, LAYOUT), _variable)
#define EQML_USER JOIN(JOIN(EQML, LAYOUT), _USER)
#define EQML_SURFACE_FUNCTIONS JOIN(JOIN(EQML, LAYOUT), _SURFACE_FUNCTIONS)
#define EQML_SURFACE_TENSOR_FUNCTIONS JOIN(JOIN(EQML, LAYOUT), _SURFACE_TENSOR_FUNCTIONS)
#define EQML_SURFACE_ENERGY_DIPOLE_FUNCTION JOIN(JOIN(EQML, LAYOUT), _SURFACE_ENERGY_DIPOLE_FUNCTION)
#define EQML_FLOATS JOIN(JOIN(EQML, LAYOUT), _FLOATS)
#endif
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
enum {
    NATOMS = JOIN(BASIS, _NATOMS),
    SIZE = 3 * NATOMS,
    COUNT = 2 * EQML_FLOATS * 2 + 3,
    MOST_COMPONENTS = 6
};

#if defined(TABLES) || defined(USERS)
static eqml_basis own_basis;
static eqml_model own_model;
#define FUNCTIONS(SURFACE, OF_BASIS) EQML_SURFACE_FUNCTIONS(SURFACE, OF_BASIS, extern)
FUNCTIONS(own, BASIS)
#ifdef TENSORS
#define TENSOR_FUNCTIONS(SURFACE, OF_BASIS)                                                                  \
    EQML_SURFACE_TENSOR_FUNCTIONS(SURFACE, OF_BASIS, extern, dipole)                                         \
    EQML_SURFACE_TENSOR_FUNCTIONS(SURFACE, OF_BASIS, extern, quadrupole)                                     \
    EQML_SURFACE_TENSOR_FUNCTIONS(SURFACE, OF_BASIS, extern, polarizability)                                 \
    EQML_SURFACE_ENERGY_DIPOLE_FUNCTION(SURFACE, OF_BASIS, extern)
TENSOR_FUNCTIONS(own, BASIS)
#endif
#define CALL(FUNCTION, ...) own_##FUNCTION(__VA_ARGS__)
#else
#define CALL(FUNCTION, ...) JOIN(NAME, _##FUNCTION)(__VA_ARGS__)
#endif

#ifdef USERS
/* 1 / (1 + r^2); is never to see a distance that is none. */
static void users_variable(double r, const void *data, double y[3])
{
    (void)data;
    if (!(r > 0)) {
        fprintf(stderr, "%s: the user's variable is called at %g\n", TEXT(NAME), r);
        exit(1);
    }
    y[0] = 1 / (1 + r * r);
    y[1] = -2 * r * y[0] * y[0];
    y[2] = -2 * y[0] * y[0] + 8 * r * r * y[0] * y[0] * y[0];
}
static eqml_variable variables_of_ours[64];
#endif

static void set_up(void)
{
#if defined(TABLES) || defined(USERS)
    own_basis = JOIN(BASIS, _basis);
    own_model = JOIN(NAME, _model);
    own_model.basis = &own_basis;
#endif
#ifdef TABLES
    own_basis.forward_one = 0, own_basis.reverse_one = 0, own_basis.linear_one = 0;
    own_basis.forward_lanes = 0, own_basis.reverse_lanes = 0, own_basis.linear_lanes = 0;
    own_basis.forward_floats = 0, own_basis.reverse_floats = 0, own_basis.linear_floats = 0;
#endif
#ifdef USERS
    for (int k = 0; k < own_basis.npair_classes; k++) {
        const eqml_variable own = {EQML_USER, 0, users_variable, 0};
        variables_of_ours[k] = own;
    }
    own_model.variables = variables_of_ours;
#endif
#ifdef EXPANSION
    expansion_set_up();
#endif
}

static int bad;

static double largest(int n, const double *x)
{
    double most = 0;
    for (int k = 0; k < n; k++)
        most = fabs(x[k]) > most ? fabs(x[k]) : most;
    return most;
}

static void expect_close(const char *what, int n, const double *x, const double *expected, double tolerance)
{
    const double scale = 1e-3 + largest(n, expected);
    for (int k = 0; k < n; k++)
        if (!(fabs(x[k] - expected[k]) <= tolerance * scale)) {
            printf("%s: %s [%d]: %.12g, expected %.12g; the largest is %.3g\n", TEXT(NAME), what, k, x[k],
                   expected[k], scale);
            bad = 1;
            return;
        }
}

static int all_finite(size_t n, const double *x)
{
    for (size_t k = 0; k < n; k++)
        if (!isfinite(x[k]))
            return 0;
    return 1;
}

static void expect_finite(const char *what, int finite, size_t n, const double *x)
{
    if (all_finite(n, x) != finite) {
        printf("%s: %s: %s\n", TEXT(NAME), what, finite ? "is not finite" : "is finite");
        bad = 1;
    }
}

/* ---- differences of fourth order ---- */

typedef void function(const double *xyz, double *value);

static void difference(function *f, int n, const double *xyz, int at, double *slope)
{
    static const double weight[4] = {1, -8, 8, -1}, place[4] = {-2, -1, 1, 2};
    const double step = 2e-3;
    static double x[SIZE], value[SIZE > MOST_COMPONENTS ? SIZE : MOST_COMPONENTS];
    memcpy(x, xyz, sizeof x);
    memset(slope, 0, sizeof(double) * (size_t)n);
    for (int k = 0; k < 4; k++) {
        x[at] = xyz[at] + place[k] * step;
        f(x, value);
        for (int i = 0; i < n; i++)
            slope[i] += weight[k] * value[i] / (12 * step);
    }
}

static void energy_alone(const double *xyz, double *value)
{
    value[0] = CALL(energy, xyz);
}

#ifndef EXPANSION
static void gradient_alone(const double *xyz, double *value)
{
    CALL(energy_gradient, xyz, value);
}
#endif

static double geometry[COUNT][SIZE];

static void check_energies(void)
{
    static double e[COUNT], g[COUNT][SIZE], e2[COUNT], g2[COUNT][SIZE];
    for (int k = 0; k < COUNT; k++) {
        e[k] = CALL(energy_gradient, geometry[k], g[k]);
        e2[k] = CALL(energy, geometry[k]);
    }
    expect_close("energy alone", COUNT, e2, e, 1e-12);
    for (int at = 0; at < SIZE; at++)
        difference(energy_alone, 1, geometry[0], at, &g2[0][at]);
    expect_close("gradient", SIZE, g[0], g2[0], 1e-7);
#ifndef EXPANSION
    static double hessian[SIZE][SIZE], other[SIZE][SIZE];
    for (int k = 0; k < 2; k++) {
        e2[k] = CALL(energy_hessian, geometry[k], g2[k], hessian[0]);
        expect_close("energy with the Hessian", 1, e2 + k, e + k, 1e-12);
        expect_close("gradient with the Hessian", SIZE, g2[k], g[k], 1e-11);
        for (int at = 0; at < SIZE; at++)
            difference(gradient_alone, SIZE, geometry[k], at, other[at]);
        expect_close("Hessian", SIZE * SIZE, hessian[0], other[0], 1e-7);
    }
#endif
    for (int n = 1; n <= COUNT; n += n < 4 ? 1 : (COUNT - 3) / 4 + 1) {
        CALL(energy_batch, (size_t)n, geometry[0], e2);
        expect_close("energies in a batch", n, e2, e, 1e-11);
        memset(e2, 0, sizeof e2);
        CALL(energy_gradient_batch, (size_t)n, geometry[0], e2, g2[0]);
        expect_close("energies with gradients in a batch", n, e2, e, 1e-11);
        expect_close("gradients in a batch", n * SIZE, g2[0], g[0], 1e-11);
#ifndef EXPANSION
        CALL(energy_batch_float, (size_t)n, geometry[0], e2);
        expect_close("energies in floats", n, e2, e, 1e-4);
        memset(e2, 0, sizeof e2);
        CALL(energy_gradient_batch_float, (size_t)n, geometry[0], e2, g2[0]);
        expect_close("energies with gradients in floats", n, e2, e, 1e-4);
        expect_close("gradients in floats", n * SIZE, g2[0], g[0], 1e-3);
#endif
    }
}

/* Geometry 1 of the batches has a distance of zero, or coordinates that are no numbers. */
static void check_not_finite(int i, int j, double coordinate)
{
    static double kept[SIZE], e[COUNT], g[COUNT][SIZE];
    const size_t n = COUNT;
    double *xyz = geometry[1];
    memcpy(kept, xyz, sizeof kept);
    if (isfinite(coordinate))
        memcpy(xyz + 3 * i, xyz + 3 * j, 3 * sizeof *xyz);
    else
        xyz[3 * i] = coordinate;
    e[0] = CALL(energy, xyz);
    expect_finite("energy at the edge", 0, 1, e);
    e[0] = CALL(energy_gradient, xyz, g[0]);
    expect_finite("energy with the gradient at the edge", 0, 1, e);
    expect_finite("gradient at the edge", 0, SIZE, g[0]);
#ifndef EXPANSION
    static double hessian[SIZE][SIZE];
    e[0] = CALL(energy_hessian, xyz, g[0], hessian[0]);
    expect_finite("energy with the Hessian at the edge", 0, 1, e);
    expect_finite("gradient with the Hessian at the edge", 0, SIZE, g[0]);
    expect_finite("Hessian at the edge", 0, SIZE * SIZE, hessian[0]);
#endif
    for (int floats = 0; floats < 2; floats++)
        for (int gradients = 0; gradients < 2; gradients++) {
            memset(e, 0, sizeof e);
            memset(g, 0, sizeof g);
#ifndef EXPANSION
            if (floats && gradients)
                CALL(energy_gradient_batch_float, n, geometry[0], e, g[0]);
            else if (floats)
                CALL(energy_batch_float, n, geometry[0], e);
            else
#endif
                if (gradients)
                CALL(energy_gradient_batch, n, geometry[0], e, g[0]);
            else
                CALL(energy_batch, n, geometry[0], e);
            for (int k = 0; k < COUNT; k++) {
                expect_finite("energy in a batch at the edge", k != 1, 1, e + k);
                expect_finite("gradient in a batch at the edge", k != 1 || !gradients, SIZE, g[k]);
            }
        }
#ifdef TENSORS
    static double value[COUNT][6], jacobian[COUNT][6][SIZE];
#define CHECK_TENSOR_AT_THE_EDGE(TENSOR, COMPONENTS)                                                         \
    CALL(TENSOR, xyz, value[0]);                                                                             \
    expect_finite(#TENSOR " at the edge", 0, COMPONENTS, value[0]);                                          \
    CALL(TENSOR##_jacobian, xyz, value[0], jacobian[0][0]);                                                  \
    expect_finite(#TENSOR " jacobian at the edge", 0, COMPONENTS *SIZE, jacobian[0][0]);                     \
    CALL(TENSOR##_jacobian_batch, n, geometry[0], value[0], jacobian[0][0]);                                 \
    for (int k = 0; k < COUNT; k++) {                                                                        \
        expect_finite(#TENSOR " in a batch at the edge", k != 1, COMPONENTS, value[0] + COMPONENTS * k);     \
        expect_finite(#TENSOR " jacobian in a batch at the edge", k != 1, COMPONENTS * SIZE,                 \
                      jacobian[0][0] + COMPONENTS * SIZE * k);                                               \
    }
    CHECK_TENSOR_AT_THE_EDGE(dipole, 3)
    CHECK_TENSOR_AT_THE_EDGE(quadrupole, 6)
    CHECK_TENSOR_AT_THE_EDGE(polarizability, 6)
#endif
    memcpy(xyz, kept, sizeof kept);
}

#ifdef TENSORS
#define CHECK_TENSOR(TENSOR, COMPONENTS)                                                                     \
    static void TENSOR##_alone(const double *xyz, double *value)                                             \
    {                                                                                                        \
        CALL(TENSOR, xyz, value);                                                                            \
    }                                                                                                        \
                                                                                                             \
    static void check_##TENSOR(void)                                                                         \
    {                                                                                                        \
        static double v[COUNT][COMPONENTS], j[COUNT][COMPONENTS][SIZE], v2[COUNT][COMPONENTS];               \
        static double j2[COUNT][COMPONENTS][SIZE];                                                           \
        double slope[COMPONENTS];                                                                            \
        for (int k = 0; k < COUNT; k++) {                                                                    \
            CALL(TENSOR##_jacobian, geometry[k], v[k], j[k][0]);                                             \
            CALL(TENSOR, geometry[k], v2[k]);                                                                \
        }                                                                                                    \
        expect_close(#TENSOR " alone", COUNT *COMPONENTS, v2[0], v[0], 1e-12);                               \
        for (int at = 0; at < SIZE; at++) {                                                                  \
            difference(TENSOR##_alone, COMPONENTS, geometry[0], at, slope);                                  \
            for (int c = 0; c < COMPONENTS; c++)                                                             \
                j2[0][c][at] = slope[c];                                                                     \
        }                                                                                                    \
        expect_close(#TENSOR " jacobian", COMPONENTS *SIZE, j[0][0], j2[0][0], 1e-7);                        \
        CALL(TENSOR##_batch, COUNT, geometry[0], v2[0]);                                                     \
        expect_close(#TENSOR " in a batch", COUNT *COMPONENTS, v2[0], v[0], 1e-11);                          \
        CALL(TENSOR##_jacobian_batch, COUNT, geometry[0], v2[0], j2[0][0]);                                  \
        expect_close(#TENSOR " with its jacobian in a batch", COUNT *COMPONENTS, v2[0], v[0], 1e-11);        \
        expect_close(#TENSOR " jacobian in a batch", COUNT *COMPONENTS *SIZE, j2[0][0], j[0][0], 1e-11);     \
    }
CHECK_TENSOR(dipole, 3)
CHECK_TENSOR(quadrupole, 6)
CHECK_TENSOR(polarizability, 6)

static void check_tensors(void)
{
    double e, e2, g[SIZE], g2[SIZE], d[3], d2[3];
    check_dipole();
    check_quadrupole();
    check_polarizability();
    e = CALL(energy_gradient, geometry[0], g);
    CALL(dipole, geometry[0], d);
    e2 = CALL(energy_gradient_dipole, geometry[0], g2, d2);
    expect_close("energy with the dipole", 1, &e2, &e, 1e-12);
    expect_close("gradient with the dipole", SIZE, g2, g, 1e-11);
    expect_close("dipole with the energy", 3, d2, d, 1e-12);
}
#endif

int main(void)
{
    uint64_t state = 4101842887655102017u;
    set_up();
    for (int k = 0; k < COUNT; k++)
        place_atoms(NATOMS, &state, geometry[k]);
    check_energies();
#ifdef TENSORS
    check_tensors();
#endif
    const int npairs = JOIN(BASIS, _NPAIRS), step = npairs / 8 + 1;
    for (int p = 0; p < npairs; p += step) {
        const unsigned short *pair = JOIN(BASIS, _basis).pairs[p];
        check_not_finite(pair[0], pair[1], 0);
        check_not_finite(pair[0], pair[1], NAN);
    }
    return bad;
}
