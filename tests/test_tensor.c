/*
 * The values of tensors and their Jacobians: symmetries, sum rules, batches, tables in place of code, and
 * shapes that have no choice. What is compared with comes from an interpreter in complex numbers.
 */
#define _POSIX_C_SOURCE 200809L
#include "tensors.h"

static void random_geometry(const subject *j, uint64_t *state, double *xyz)
{
    draw_geometry(state, j->basis->natoms, xyz);
}

/* ---- the value ---- */

Test(tensor, is_what_the_tables_say)
{
    uint64_t state = 21;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        eqml_surface s = random_surface(j->basis, variables, -1, &state);
        double xyz[XYZ_LIMIT], value[COMPONENTS_LIMIT], expected[COMPONENTS_LIMIT];
        number x[XYZ_LIMIT], t[COMPONENTS_LIMIT];
        random_geometry(j, &state, xyz);
        for (int i = 0; i < 3 * j->basis->natoms; i++)
            x[i] = xyz[i];
        exact_tensor(&s, j->kind, x, t);
        for (int c = 0; c < components_of(j); c++)
            expected[c] = (double)creall(t[c]);
        j->value(&s.model, xyz, value);
        expect_equal(components_of(j), value, expected, 1e-12, label(j));
        eqml_surface_free(&s);
    }
}

/* Under an improper rotation as well: the inversion turns a dipole round, and leaves the others. */
Test(tensor, turns_with_the_molecule)
{
    uint64_t state = 22;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        const int n = j->basis->natoms;
        eqml_surface s = random_surface(j->basis, variables, (double)(k % 3) - 1, &state);
        for (int turn = 0; turn < 20; turn++) {
            double xyz[XYZ_LIMIT], turned[XYZ_LIMIT], r[3][3];
            double value[COMPONENTS_LIMIT], expected[COMPONENTS_LIMIT];
            random_geometry(j, &state, xyz);
            random_rotation(&state, turn % 2, r);
            rotate_vectors(n, r, xyz, turned);
            j->value(&s.model, xyz, value);
            rotate_tensor(j->kind, r, value, expected);
            j->value(&s.model, turned, value);
            expect_equal(components_of(j), value, expected, 1e-12, label(j));
        }
        eqml_surface_free(&s);
    }
}

Test(tensor, is_the_same_for_every_order_of_like_atoms)
{
    uint64_t state = 23;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        const int n = j->basis->natoms;
        eqml_surface s = random_surface(j->basis, variables, 0, &state);
        double xyz[XYZ_LIMIT], permuted[XYZ_LIMIT], value[COMPONENTS_LIMIT], expected[COMPONENTS_LIMIT];
        int order, *element = symmetries(j->basis, &order);
        cr_assert(order > 1 || j->basis->atom_classes[n - 1] == n - 1);
        random_geometry(j, &state, xyz);
        j->value(&s.model, xyz, expected);
        for (int g = 0; g < order; g++) {
            for (int i = 0; i < n; i++)
                memcpy(permuted + 3 * i, xyz + 3 * element[g * n + i], 3 * sizeof *xyz);
            j->value(&s.model, permuted, value);
            expect_equal(components_of(j), value, expected, 1e-12, label(j));
        }
        free(element);
        eqml_surface_free(&s);
    }
}

/* A dipole moves with the charge; the others stay, the quadrupole as it is that about R. */
Test(tensor, moves_with_the_charge)
{
    static const double charges[] = {0, 1, -2}, shift[3] = {4.5, -7.25, 1.125};
    uint64_t state = 24;
    for (size_t k = 0; k < SUBJECTS; k++)
        for (size_t q = 0; q < COUNT(charges); q++) {
            const subject *j = subject_number(k);
            eqml_surface s = random_surface(j->basis, variables, charges[q], &state);
            double xyz[XYZ_LIMIT], value[COMPONENTS_LIMIT], expected[COMPONENTS_LIMIT];
            random_geometry(j, &state, xyz);
            j->value(&s.model, xyz, expected);
            for (int c = 0; c < 3 && j->kind == EQML_DIPOLE; c++)
                expected[c] += charges[q] * shift[c];
            for (int i = 0; i < 3 * j->basis->natoms; i++)
                xyz[i] += shift[i % 3];
            j->value(&s.model, xyz, value);
            expect_equal(components_of(j), value, expected, 1e-12, label(j));
            eqml_surface_free(&s);
        }
}

Test(tensor, quadrupoles_are_traceless_for_any_coefficients)
{
    uint64_t state = 28;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        eqml_surface s = random_surface(j->basis, variables, 1, &state);
        for (int turn = 0; turn < 20 && j->kind == EQML_QUADRUPOLE; turn++) {
            double xyz[XYZ_LIMIT], value[6];
            random_geometry(j, &state, xyz);
            j->value(&s.model, xyz, value);
            const double trace = value[0] + value[3] + value[5];
            cr_expect(fabs(trace) <= 1e-13 * fmax(1, largest(6, value)), "%s: %g", label(j), trace);
        }
        eqml_surface_free(&s);
    }
}

/* Full batches of lanes, and any number left over. */
Test(tensor, of_a_batch_is_that_of_each)
{
    enum { MOST = 19 };
    static double xyz[MOST * XYZ_LIMIT], one[COMPONENTS_LIMIT * MOST], batch[COMPONENTS_LIMIT * MOST + 1];
    static double one_jacobian[JACOBIAN_LIMIT * MOST], jacobian[JACOBIAN_LIMIT * MOST + 1];
    uint64_t state = 25;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        const int n = 3 * j->basis->natoms, components = components_of(j);
        eqml_surface s = random_surface(j->basis, k % 2 ? variables : exponentials, 1, &state);
        for (int g = 0; g < MOST; g++) {
            double again[COMPONENTS_LIMIT];
            random_geometry(j, &state, xyz + g * n);
            j->value(&s.model, xyz + g * n, one + components * g);
            j->jacobian(&s.model, xyz + g * n, again, one_jacobian + components * n * g);
            expect_equal(components, again, one + components * g, 1e-12, label(j));
        }
        for (int count = 0; count <= MOST; count++) {
            const int size = components * count;
            batch[size] = jacobian[n * size] = 1234;
            j->batch(&s.model, (size_t)count, xyz, batch);
            expect_equal(size, batch, one, 1e-12, label(j));
            memset(batch, 0, (size_t)size * sizeof *batch);
            j->jacobian_batch(&s.model, (size_t)count, xyz, batch, NULL);
            expect_equal(size, batch, one, 1e-12, label(j));
            memset(batch, 0, (size_t)size * sizeof *batch);
            j->jacobian_batch(&s.model, (size_t)count, xyz, batch, jacobian);
            expect_equal(size, batch, one, 1e-12, label(j));
            expect_equal(n * size, jacobian, one_jacobian, 1e-12, label(j));
            cr_expect(batch[size] == 1234 && jacobian[n * size] == 1234, "written past the end");
        }
        eqml_surface_free(&s);
    }
}

Test(tensor, comes_with_the_same_energy_and_gradient)
{
    uint64_t state = 26;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        const eqml_tensor_basis *t = tensor_of(j);
        const int n = 3 * j->basis->natoms, components = components_of(j);
        double *work = room(
            (size_t)EQML_WORK_TENSOR(j->kind, t->nslots, j->basis->npairs, t->nvectors, j->basis->natoms),
            sizeof *work);
        eqml_surface s = random_surface(j->basis, variables, 1, &state);
        double xyz[XYZ_LIMIT], energy[2], gradient[2][XYZ_LIMIT], value[2][COMPONENTS_LIMIT];
        random_geometry(j, &state, xyz);
        energy[1] = j->energy_gradient(&s.model, xyz, gradient[1]);
        j->value(&s.model, xyz, value[1]);
        for (int function = 0; function < 2; function++) {
            if (function && !j->energy_gradient_dipole)
                continue;
            if (function)
                energy[0] = j->energy_gradient_dipole(&s.model, xyz, gradient[0], value[0]);
            else
                eqml_tensor_value(&s.model, j->kind, xyz, energy, gradient[0], value[0], work);
            expect_equal(1, &energy[0], &energy[1], 1e-13, label(j));
            expect_equal(n, gradient[0], gradient[1], 1e-13, label(j));
            expect_equal(components, value[0], value[1], 1e-13, label(j));
        }
        cr_expect_eq(j->energy_gradient_dipole != NULL, j->kind == EQML_DIPOLE);
        free(work);
        eqml_surface_free(&s);
    }
}

/* Large bases have no code, only tables: here they are taken in place of the code. */
Test(tensor, does_not_need_the_code)
{
    uint64_t state = 27;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        const int components = components_of(j), n = 3 * j->basis->natoms;
        eqml_tensor_basis plain_tensor = *tensor_of(j);
        eqml_basis plain = *j->basis;
        plain.forward_one = 0, plain.reverse_one = 0, plain.forward_lanes = 0, plain.reverse_lanes = 0;
        plain_tensor.forward_one = 0, plain_tensor.forward_lanes = 0, plain_tensor.reverse_lanes = 0;
        plain_tensor.charges_one = 0, plain_tensor.charges_lanes = 0;
        plain.tensors[j->kind] = &plain_tensor;
        eqml_surface s = random_surface(j->basis, variables, 1, &state);
        eqml_model model = s.model;
        double xyz[XYZ_LIMIT], value[COMPONENTS_LIMIT], expected[COMPONENTS_LIMIT];
        double jacobian[JACOBIAN_LIMIT], expected_jacobian[JACOBIAN_LIMIT];
        random_geometry(j, &state, xyz);
        j->jacobian(&s.model, xyz, expected, expected_jacobian);
        model.basis = &plain;
        j->value(&model, xyz, value);
        expect_equal(components, value, expected, 1e-12, label(j));
        j->batch(&model, 1, xyz, value);
        expect_equal(components, value, expected, 1e-12, label(j));
        j->jacobian(&model, xyz, value, jacobian);
        expect_equal(components * n, jacobian, expected_jacobian, 1e-12, label(j));
        j->jacobian_batch(&model, 1, xyz, value, jacobian);
        expect_equal(components, value, expected, 1e-12, label(j));
        expect_equal(components * n, jacobian, expected_jacobian, 1e-12, label(j));
        eqml_surface_free(&s);
    }
}

/* ---- the Jacobian ---- */

static void expect_jacobian(const subject *j, const eqml_surface *s, const double *xyz, const char *what)
{
    const int n = 3 * j->basis->natoms, components = components_of(j);
    double value[COMPONENTS_LIMIT], expected[COMPONENTS_LIMIT], jacobian[JACOBIAN_LIMIT],
        other[JACOBIAN_LIMIT];
    j->jacobian(&s->model, xyz, value, jacobian);
    exact_tensor_jacobian(s, j->kind, xyz, expected, other);
    expect_equal(components, value, expected, 1e-12, what);
    expect_equal(components * n, jacobian, other, 1e-12, what);
}

Test(tensor_jacobian, is_the_derivative)
{
    static const double width = 2.5;
    static const eqml_variable kinds[][PAIR_CLASSES_LIMIT] = {{{EQML_MORSE, 1.7, 0, 0},
                                                               {EQML_INVERSE, 0, 0, 0},
                                                               {EQML_POWER, -2, 0, 0},
                                                               {EQML_EXP_OVER_R, 2, 0, 0},
                                                               {EQML_USER, 0, gaussian, &width}},
                                                              {{EQML_EXP_OVER_R, 2.5, 0, 0},
                                                               {EQML_POWER, 1, 0, 0},
                                                               {EQML_MORSE, 3, 0, 0},
                                                               {EQML_USER, 0, gaussian, &width},
                                                               {EQML_INVERSE, 0, 0, 0}},
                                                              {{EQML_USER, 0, gaussian, &width},
                                                               {EQML_MORSE, 2, 0, 0},
                                                               {EQML_EXP_OVER_R, 4, 0, 0},
                                                               {EQML_INVERSE, 0, 0, 0},
                                                               {EQML_POWER, -3, 0, 0}},
                                                              {{EQML_INVERSE, 0, 0, 0},
                                                               {EQML_USER, 0, gaussian, &width},
                                                               {EQML_USER, 0, gaussian, &width},
                                                               {EQML_POWER, -1, 0, 0},
                                                               {EQML_MORSE, 4, 0, 0}}};
    uint64_t state = 31;
    for (size_t k = 0; k < SUBJECTS; k++)
        for (size_t kind = 0; kind < COUNT(kinds); kind++) {
            const subject *j = subject_number(k);
            eqml_surface s = random_surface(j->basis, kinds[kind], (double)kind - 1, &state);
            double xyz[XYZ_LIMIT];
            random_geometry(j, &state, xyz);
            expect_jacobian(j, &s, xyz, label(j));
            eqml_surface_free(&s);
        }
}

/* How a tensor changes when turned about an axis: d' = e x d, or W T + T W^T with W the matrix of e x. */
static void turning(eqml_tensor kind, int axis, const double *value, double *change)
{
    const int u = (axis + 1) % 3, v = (axis + 2) % 3;
    double w[3][3] = {{0}};
    w[u][v] = -1;
    w[v][u] = 1;
    for (int a = 0; a < 3; a++)
        for (int b = kind == EQML_DIPOLE ? 2 : a; b < 3; b++) {
            double sum = 0;
            for (int k = 0; k < 3; k++)
                sum += kind == EQML_DIPOLE
                           ? w[a][k] * value[k]
                           : w[a][k] * value[component[k][b]] + w[b][k] * value[component[a][k]];
            change[kind == EQML_DIPOLE ? a : component[a][b]] = sum;
        }
}

/* All atoms moved: a dipole moves by the charge, nothing else does. All turned: the tensor turns too. */
Test(tensor_jacobian, obeys_the_sum_rules)
{
    uint64_t state = 32;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        const int n = 3 * j->basis->natoms, components = components_of(j);
        const double charge = (double)(k % 4) - 2;
        eqml_surface s = random_surface(j->basis, variables, charge, &state);
        double xyz[XYZ_LIMIT], value[COMPONENTS_LIMIT], turned[COMPONENTS_LIMIT], jacobian[JACOBIAN_LIMIT];
        random_geometry(j, &state, xyz);
        j->jacobian(&s.model, xyz, value, jacobian);
        const double unit = fmax(1, largest(components * n, jacobian));
        for (int axis = 0; axis < 3; axis++) {
            const int u = (axis + 1) % 3, v = (axis + 2) % 3;
            turning(j->kind, axis, value, turned);
            for (int c = 0; c < components; c++) {
                const double follows = j->kind == EQML_DIPOLE && c == axis ? charge : 0;
                double moved = 0, turn = 0;
                for (int a = 0; a < n; a += 3) {
                    moved += jacobian[c * n + a + axis];
                    turn += jacobian[c * n + a + v] * xyz[a + u] - jacobian[c * n + a + u] * xyz[a + v];
                }
                cr_expect_float_eq(moved, follows, 1e-12 * unit, "%s: %g", label(j), moved);
                cr_expect_float_eq(turn, turned[c], 1e-11 * unit, "%s: %g, not %g", label(j), turn,
                                   turned[c]);
            }
        }
        eqml_surface_free(&s);
    }
}

/* ---- planar and linear geometries ---- */

enum shape { GENERAL, IN_XZ, ALONG_Z, ALONG_Z_EVEN, IN_XY, TRIANGLE };

/* What the symmetry of a shape says of a tensor: components that vanish, and that are equal. */
static void expect_shape(const subject *j, enum shape shape, const double *t, const char *what)
{
    const double none = 1e-14, even = 1e-12 * fmax(1, largest(components_of(j), t)), some = 1e-3;
    const bool linear = shape == ALONG_Z || shape == ALONG_Z_EVEN;
    if (j->kind == EQML_DIPOLE) {
        const bool x = shape == IN_XZ || shape == IN_XY, y = shape == IN_XY;
        const bool z = shape == IN_XZ || shape == ALONG_Z;
        cr_expect(x ? fabs(t[0]) > some : fabs(t[0]) < (shape == TRIANGLE ? even : none), "%s: %g", what,
                  t[0]);
        cr_expect(y || fabs(t[1]) < (shape == TRIANGLE ? even : none), "%s: %g", what, t[1]);
        cr_expect(z ? fabs(t[2]) > some : fabs(t[2]) < (shape == ALONG_Z_EVEN ? even : none), "%s: %g", what,
                  t[2]);
        return;
    }
    cr_expect(shape == IN_XY || fabs(t[1]) < (shape == TRIANGLE ? even : none), "%s: xy %g", what, t[1]);
    cr_expect(shape == IN_XZ ? fabs(t[2]) > some : fabs(t[2]) < none, "%s: xz %g", what, t[2]);
    cr_expect(fabs(t[4]) < none, "%s: yz %g", what, t[4]);
    cr_expect(fabs(t[5]) > some, "%s: zz %g", what, t[5]);
    if (linear || shape == TRIANGLE)
        cr_expect(fabs(t[0] - t[3]) < (linear ? none : even), "%s: xx %g, yy %g", what, t[0], t[3]);
    if (j->kind == EQML_QUADRUPOLE)
        cr_expect(fabs(t[0] + t[3] + t[5]) < even, "%s: trace %g", what, t[0] + t[3] + t[5]);
}

typedef struct placed {
    const char *basis, *what;
    enum shape shape;
    double xyz[12];
} placed;

/* For a dipole the charge is at R, which is the origin where it matters. */
Test(tensor_shapes, planar_and_linear_molecules)
{
    const double h = sqrt(0.75);
    const placed cases[] = {
        {"h2o_tensors", "bent water", IN_XZ, {1.4, 0, 1.1, -1.5, 0, 1.2, 0, 0, 0}},
        {"h2o_tensors", "linear water", ALONG_Z, {0, 0, 1.8, 0, 0, -2.1, 0, 0, 0}},
        {"h2o_tensors", "symmetric linear water", ALONG_Z_EVEN, {0, 0, 1.8, 0, 0, -1.8, 0, 0, 0}},
        {"h3o_tensors", "planar ion", TRIANGLE, {1.9, 0, 0, -0.95, 1.9 * h, 0, -0.95, -1.9 * h, 0, 0, 0, 0}},
        {"h3o_tensors",
         "distorted planar ion",
         IN_XY,
         {1.9, 0, 0, -0.8, 1.7 * h, 0, -0.95, -2 * h, 0, 0.1, 0.2, 0}},
        {"o3_tensors", "triangle", TRIANGLE, {2.4, 0, 0, -1.2, 2.4 * h, 0, -1.2, -2.4 * h, 0}},
        {"o3_tensors", "line", ALONG_Z, {0, 0, -2.3, 0, 0, 0.1, 0, 0, 2.6}},
        {"abc_tensors", "line of unlike atoms", ALONG_Z, {0, 0, -2.3, 0, 0, 0.1, 0, 0, 2.6}},
        {"o2_tensors", "two atoms", ALONG_Z_EVEN, {0, 0, 1.1, 0, 0, -1.1}}};
    uint64_t state = 41;
    for (size_t k = 0; k < COUNT(cases); k++)
        for (int kind = 0; kind < EQML_TENSORS; kind++) {
            const subject *j = subject_of(cases[k].basis, (eqml_tensor)kind);
            eqml_surface s = random_surface(j->basis, variables, j->basis->natoms == 4, &state);
            double value[COMPONENTS_LIMIT];
            expect_jacobian(j, &s, cases[k].xyz, cases[k].what);
            j->value(&s.model, cases[k].xyz, value);
            expect_shape(j, cases[k].shape, value, cases[k].what);
            eqml_surface_free(&s);
        }
}

/* All of them in a plane or on a line: no component leads out of it but those along the diagonal. */
Test(tensor_shapes, any_molecule_flattened)
{
    uint64_t state = 42;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        eqml_surface s = random_surface(j->basis, variables, 1, &state);
        double xyz[XYZ_LIMIT], t[COMPONENTS_LIMIT];
        for (int linear = 0; linear < 2; linear++) {
            random_geometry(j, &state, xyz);
            for (int i = 0; i < j->basis->natoms; i++) {
                xyz[3 * i + 1] = 0;
                xyz[3 * i] = linear ? 0 : xyz[3 * i] + 1.5 * i;
                xyz[3 * i + 2] += linear ? 5 * i : 0; /* no two at one place */
            }
            expect_jacobian(j, &s, xyz, label(j));
            j->value(&s.model, xyz, t);
            if (j->kind == EQML_DIPOLE) {
                cr_expect(t[1] == 0 && (!linear || t[0] == 0), "%s: %g %g", label(j), t[0], t[1]);
                continue;
            }
            cr_expect(t[1] == 0 && t[4] == 0 && (!linear || t[2] == 0), "%s: %g %g %g", label(j), t[1], t[4],
                      t[2]);
            cr_expect(!linear || t[0] == t[3], "%s: %.17g %.17g", label(j), t[0], t[3]);
        }
        eqml_surface_free(&s);
    }
}
