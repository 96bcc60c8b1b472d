/*
 * Evaluation: energies, gradients and Hessians against an independent interpreter in long double complex, for
 * all kinds of variables; invariances; batches; straight-line code against the table; the scalar build.
 */
#define _POSIX_C_SOURCE 200809L
#include "support.h"

#include "functions.h"
#include "scalar.h"

/* -O2 for two bases, whose code has all that the optimiser may spoil: contractions by rows, short forms and long. */
static const functions *const all[] = {&h2o_d8_functions, &nh3_d5_functions,  &ch4_d4_functions,
                                       &ch4_d6_functions, &h5o2_d4_functions, &dimer_d3_functions,
                                       &abcd_d3_functions};

enum { MAX_COORDINATES = 21, MAX_CLASSES = 8 };

/* ---- surfaces with random coefficients and offsets ---- */

static const double width = 2.5;

/* One kind for all classes, with a range for each, or as last variant a mixture. */
enum { KINDS = EQML_USER + 1, VARIANTS = KINDS + 1 };
static void choose_variables(int variant, int classes, eqml_variable *v)
{
    for (int k = 0; k < classes; k++) {
        v[k] = (eqml_variable){(eqml_kind)(variant < KINDS ? variant : k % KINDS), 1.3 + 0.4 * k, NULL, NULL};
        if (v[k].kind == EQML_POWER)
            v[k].range = k % 2 ? 2 : -3;
        if (v[k].kind == EQML_USER)
            v[k] = (eqml_variable){EQML_USER, 0, gaussian, &width};
    }
}

typedef struct trial {
    eqml_surface surface;
    double *coefficients; /* [nterms] */
} trial;

static trial make_trial(const eqml_basis *b, int variant, uint64_t *state)
{
    trial t;
    eqml_variable v[MAX_CLASSES];
    cr_assert_leq(b->npair_classes, MAX_CLASSES);
    choose_variables(variant, b->npair_classes, v);
    cr_assert_eq(eqml_surface_create(b, v, &t.surface), EQML_OK);
    t.coefficients = room((size_t)b->nterms, sizeof *t.coefficients);
    for (int k = 0; k < b->nterms; k++)
        t.coefficients[k] = draw_real(state);
    for (int k = 1; k < b->nfactors; k++)
        t.surface.offset[k] = 0.3 * draw_real(state);
    for (int p = 0; p < b->npairs; p++) /* any centre that is the same in a class */
        t.surface.centres[p] = 0.1 * (1 + b->pair_classes[p]);
    eqml_surface_set(&t.surface, t.coefficients);
    return t;
}

static void free_trial(trial *t)
{
    eqml_surface_free(&t->surface);
    free(t->coefficients);
}

static double largest(int n, const double *x)
{
    double m = 0;
    for (int k = 0; k < n; k++)
        m = fmax(m, fabs(x[k]));
    return m;
}

static void assert_close(int n, const double *x, const double *y, double tolerance, const char *what)
{
    const double scale = 1 + largest(n, y);
    for (int k = 0; k < n; k++)
        cr_assert(fabs(x[k] - y[k]) <= tolerance * scale, "%s, %d: %.17g is not %.17g", what, k, x[k], y[k]);
}

/* ---- against the independent interpreter ---- */

/* The tolerances are some hundred times the error that rounding leaves; a wrong digit shows at 1e-3. */
Test(evaluation, energy_and_gradient_are_exact)
{
    uint64_t state = 1;
    for (size_t k = 0; k < COUNT(all); k++)
        for (int variant = 0; variant < VARIANTS; variant++) {
            const eqml_basis *b = all[k]->basis;
            const int n = 3 * b->natoms;
            trial t = make_trial(b, variant, &state);
            const eqml_model *m = &t.surface.model;
            double xyz[MAX_COORDINATES], gradient[MAX_COORDINATES], plain[MAX_COORDINATES], size = 0;
            long double x[MAX_COORDINATES], g[MAX_COORDINATES], magnitude;
            number z[MAX_COORDINATES];
            draw_geometry(&state, b->natoms, xyz);
            for (int i = 0; i < n; i++)
                z[i] = x[i] = xyz[i];
            exact_energy(m, t.coefficients, z, &magnitude);
            size = (double)magnitude;
            const double exact = (double)exact_gradient(m, t.coefficients, x, g);
            for (int i = 0; i < n; i++)
                plain[i] = (double)g[i];
            const double energy = all[k]->gradient(m, xyz, gradient);
            cr_assert(fabs(energy - exact) <= 1e-13 * size, "%s, variant %d: %.17g is not %.17g", b->name,
                      variant, energy, exact);
            cr_assert(fabs(all[k]->energy(m, xyz) - exact) <= 1e-13 * size, "%s", b->name);
            assert_close(n, gradient, plain, 1e-12, b->name);
            cr_assert_gt(largest(n, plain), 1e-3);
            free_trial(&t);
        }
}

/* Where no data are: two atoms at 0.05 bohr, or one of them 1e6 bohr away. What comes of the polynomials there has no
 * meaning, but it is a number, and the gradient is that of the energy. */
Test(evaluation, energy_and_gradient_agree_far_out)
{
    uint64_t state = 17;
    for (size_t k = 0; k < COUNT(all); k++)
        for (int variant = 0; variant < VARIANTS; variant++)
            for (int away = 0; away < 2; away++) {
                const eqml_basis *b = all[k]->basis;
                const int n = 3 * b->natoms;
                trial t = make_trial(b, variant, &state);
                const eqml_model *m = &t.surface.model;
                double xyz[MAX_COORDINATES], gradient[MAX_COORDINATES], in_batch[MAX_COORDINATES], energy;
                long double x[MAX_COORDINATES], g[MAX_COORDINATES], magnitude, scale = 0;
                number z[MAX_COORDINATES];
                draw_geometry(&state, b->natoms, xyz);
                for (int i = 0; i < 3; i++)
                    xyz[3 + i] = away ? xyz[3 + i] + 6e5 : xyz[i] + (i == 1 ? 0.05 : 0);
                for (int i = 0; i < n; i++)
                    z[i] = x[i] = xyz[i];
                exact_energy(m, t.coefficients, z, &magnitude);
                const double exact = (double)exact_gradient(m, t.coefficients, x, g),
                             size = (double)magnitude;
                for (int i = 0; i < n; i++)
                    scale = fmaxl(scale, fabsl(g[i]));
                const double alone = all[k]->gradient(m, xyz, gradient);
                all[k]->gradient_batch(m, 1, xyz, &energy, in_batch);
                cr_assert(isfinite(alone) && fabs(alone - exact) <= 1e-13 * size,
                          "%s, variant %d: %.17g is not %.17g", b->name, variant, alone, exact);
                cr_assert(fabs(energy - exact) <= 1e-12 * size, "%s, variant %d", b->name, variant);
                for (int i = 0; i < n; i++) {
                    cr_assert(fabs(gradient[i] - (double)g[i]) <= 1e-10 * (double)scale + 1e-12,
                              "%s, variant %d, away %d: %g is not %Lg", b->name, variant, away, gradient[i],
                              g[i]);
                    cr_assert(fabs(in_batch[i] - (double)g[i]) <= 1e-10 * (double)scale + 1e-12);
                }
                free_trial(&t);
            }
}

Test(evaluation, hessian_is_exact_and_symmetric)
{
    uint64_t state = 2;
    for (size_t k = 0; k < COUNT(all); k++)
        for (int variant = 0; variant < VARIANTS; variant++) {
            const eqml_basis *b = all[k]->basis;
            const int n = 3 * b->natoms;
            if (n > 15 && variant != 4)
                continue;
            trial t = make_trial(b, variant, &state);
            const eqml_model *m = &t.surface.model;
            double xyz[MAX_COORDINATES], gradient[MAX_COORDINATES], again[MAX_COORDINATES];
            double *hessian = room((size_t)(n * n), sizeof *hessian),
                   *plain = room((size_t)(n * n), sizeof *plain);
            long double *exact = room((size_t)(n * n), sizeof *exact);
            draw_geometry(&state, b->natoms, xyz);
            exact_hessian(m, t.coefficients, xyz, exact);
            for (int i = 0; i < n * n; i++)
                plain[i] = (double)exact[i];
            for (int i = 0; i < n * n; i++)
                hessian[i] = NAN; /* every entry must be written */
            const double energy = all[k]->hessian(m, xyz, gradient, hessian);
            const double same = all[k]->gradient(m, xyz, again);
            assert_close(1, &energy, &same, 1e-13, b->name);
            assert_close(n, gradient, again, 1e-12, b->name);
            assert_close(n * n, hessian, plain, 1e-11, b->name);
            for (int i = 0; i < n; i++)
                for (int j = 0; j < i; j++)
                    cr_assert(fabs(hessian[i * n + j] - hessian[j * n + i]) <= 1e-12 * largest(n * n, plain));
            free(hessian);
            free(plain);
            free(exact);
            free_trial(&t);
        }
}

/* ---- invariances ---- */

/* Random rotation from a quaternion; a reflection where sign is -1; then a translation. */
static void move(uint64_t *state, int sign, int natoms, const double *xyz, double *moved, double turn[9])
{
    double q[4], norm = 0, shift[3];
    for (int k = 0; k < 4; k++) {
        q[k] = draw_real(state);
        norm += q[k] * q[k];
    }
    for (int k = 0; k < 4; k++)
        q[k] /= sqrt(norm);
    const double w = q[0], x = q[1], y = q[2], z = q[3];
    const double r[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
                         2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                         2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
    for (int k = 0; k < 9; k++)
        turn[k] = sign * r[k];
    for (int k = 0; k < 3; k++)
        shift[k] = 5 * draw_real(state);
    for (int i = 0; i < natoms; i++)
        for (int k = 0; k < 3; k++) {
            moved[3 * i + k] = shift[k];
            for (int j = 0; j < 3; j++)
                moved[3 * i + k] += turn[3 * k + j] * xyz[3 * i + j];
        }
}

Test(evaluation, rotations_reflections_and_translations)
{
    uint64_t state = 3;
    for (size_t k = 0; k < COUNT(all); k++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const eqml_basis *b = all[k]->basis;
            trial t = make_trial(b, 4, &state);
            double xyz[MAX_COORDINATES], moved[MAX_COORDINATES], turn[9];
            double g[MAX_COORDINATES], turned[MAX_COORDINATES], h[MAX_COORDINATES], sum[3] = {0, 0, 0};
            draw_geometry(&state, b->natoms, xyz);
            move(&state, sign, b->natoms, xyz, moved, turn);
            const double energy = all[k]->gradient(&t.surface.model, xyz, g);
            const double again = all[k]->gradient(&t.surface.model, moved, h);
            assert_close(1, &again, &energy, 1e-11, b->name);
            for (int i = 0; i < b->natoms; i++)
                for (int j = 0; j < 3; j++) {
                    turned[3 * i + j] = 0;
                    for (int l = 0; l < 3; l++)
                        turned[3 * i + j] += turn[3 * j + l] * g[3 * i + l];
                    sum[j] += g[3 * i + j];
                }
            assert_close(3 * b->natoms, h, turned, 1e-11, b->name);
            cr_assert_lt(largest(3, sum), 1e-12 * (1 + largest(3 * b->natoms, g)));
            free_trial(&t);
        }
}

/* Every group element: the energy stays, and the gradient goes with the atoms. */
Test(evaluation, permutations)
{
    uint64_t state = 4;
    for (size_t k = 0; k < COUNT(all); k++) {
        const eqml_basis *b = all[k]->basis;
        composition c = composition_of(b);
        int order, *element = group_elements(c.natoms, c.ngenerators, c.generator, 1000, &order);
        trial t = make_trial(b, 4, &state);
        double xyz[MAX_COORDINATES], moved[MAX_COORDINATES], g[MAX_COORDINATES], h[MAX_COORDINATES];
        double permuted[MAX_COORDINATES];
        draw_geometry(&state, b->natoms, xyz);
        const double energy = all[k]->gradient(&t.surface.model, xyz, g);
        for (int e = 0; e < order; e++) {
            for (int i = 0; i < b->natoms; i++)
                for (int j = 0; j < 3; j++) {
                    moved[3 * element[e * b->natoms + i] + j] = xyz[3 * i + j];
                    permuted[3 * element[e * b->natoms + i] + j] = g[3 * i + j];
                }
            const double again = all[k]->gradient(&t.surface.model, moved, h);
            assert_close(1, &again, &energy, 1e-12, b->name);
            assert_close(3 * b->natoms, h, permuted, 1e-11, b->name);
        }
        free(element);
        free_trial(&t);
        composition_free(&c);
    }
}

/* An exchange of atoms that are not alike must change the energy: the surfaces above are not trivially flat.
 */
Test(evaluation, unlike_atoms_are_told_apart)
{
    uint64_t state = 5;
    for (size_t k = 0; k < COUNT(all); k++) {
        const eqml_basis *b = all[k]->basis;
        const int last = b->natoms - 1;
        trial t = make_trial(b, 0, &state);
        double xyz[MAX_COORDINATES], moved[MAX_COORDINATES];
        draw_geometry(&state, b->natoms, xyz);
        memcpy(moved, xyz, sizeof moved);
        for (int j = 0; j < 3; j++) {
            moved[j] = xyz[3 * last + j];
            moved[3 * last + j] = xyz[j];
        }
        cr_assert_gt(fabs(all[k]->energy(&t.surface.model, xyz) - all[k]->energy(&t.surface.model, moved)),
                     1e-6);
        free_trial(&t);
    }
}

/* ---- the other routes to the same numbers ---- */

Test(evaluation, batches_equal_single_calls)
{
    enum { MOST = 4 * EQML_LANES + 3 };
    uint64_t state = 6;
    for (size_t k = 0; k < COUNT(all); k++)
        for (int variant = 0; variant < VARIANTS; variant++) {
            const eqml_basis *b = all[k]->basis;
            const size_t n = 3 * (size_t)b->natoms;
            trial t = make_trial(b, variant, &state);
            double *xyz = room(MOST * n, sizeof *xyz), *gradient = room((MOST + 1) * n, sizeof *xyz);
            double energy[MOST + 1], only[MOST + 1], g[MAX_COORDINATES];
            for (int i = 0; i < MOST; i++)
                draw_geometry(&state, b->natoms, xyz + (size_t)i * n);
            for (size_t count = 0; count <= MOST; count++) {
                energy[count] = only[count] = 777;
                gradient[count * n] = 777;
                all[k]->gradient_batch(&t.surface.model, count, xyz, energy, gradient);
                all[k]->energy_batch(&t.surface.model, count, xyz, only);
                cr_assert(energy[count] == 777 && only[count] == 777 && gradient[count * n] == 777,
                          "a batch of %zu writes past its end", count);
                for (size_t i = 0; i < count; i++) {
                    const double single = all[k]->gradient(&t.surface.model, xyz + i * n, g);
                    assert_close(1, &energy[i], &single, 1e-12, b->name);
                    assert_close(1, &only[i], &single, 1e-12, b->name);
                    assert_close((int)n, gradient + i * n, g, 1e-11, b->name);
                }
            }
            free(xyz);
            free(gradient);
            free_trial(&t);
        }
}

/* Rounding of a few units in 2^24, of the sum of the terms' magnitudes; far from the origin as near it. */
Test(evaluation, batches_in_float_are_close)
{
    enum { MOST = 2 * EQML_FLOATS + 3 };
    uint64_t state = 13;
    for (size_t k = 0; k < COUNT(all); k++)
        for (int variant = 0; variant < VARIANTS; variant++) {
            const eqml_basis *b = all[k]->basis;
            const size_t n = 3 * (size_t)b->natoms;
            trial t = make_trial(b, variant, &state);
            const eqml_model *m = &t.surface.model;
            double *xyz = room(MOST * n, sizeof *xyz), *gradient = room((MOST + 1) * n, sizeof *xyz);
            double energy[MOST + 1], only[MOST + 1], g[MAX_COORDINATES], slope_scale[MOST];
            long double magnitude[MOST];
            for (size_t i = 0; i < MOST; i++) {
                long double x[MAX_COORDINATES], slope[MAX_COORDINATES];
                number z[MAX_COORDINATES];
                draw_geometry(&state, b->natoms, xyz + i * n);
                for (size_t c = 0; c < n; c++) {
                    xyz[i * n + c] += 100;
                    z[c] = x[c] = xyz[i * n + c];
                }
                exact_energy(m, t.coefficients, z, &magnitude[i]);
                exact_gradient(m, t.coefficients, x, slope);
                slope_scale[i] = (double)magnitude[i];
                for (size_t c = 0; c < n; c++)
                    slope_scale[i] = fmax(slope_scale[i], (double)fabsl(slope[c]));
            }
            for (size_t count = 0; count <= MOST; count++) {
                energy[count] = only[count] = gradient[count * n] = 777;
                all[k]->gradient_batch_float(m, count, xyz, energy, gradient);
                all[k]->energy_batch_float(m, count, xyz, only);
                cr_assert(energy[count] == 777 && only[count] == 777 && gradient[count * n] == 777,
                          "a batch of %zu writes past its end", count);
                for (size_t i = 0; i < count; i++) {
                    const double single = all[k]->gradient(m, xyz + i * n, g);
                    cr_assert_lt(fabs(energy[i] - single), 3e-6 * (double)magnitude[i], "%s", b->name);
                    cr_assert_lt(fabs(only[i] - single), 3e-6 * (double)magnitude[i], "%s", b->name);
                    for (size_t c = 0; c < n; c++)
                        cr_assert_lt(fabs(gradient[i * n + c] - g[c]), 3e-5 * slope_scale[i], "%s", b->name);
                }
            }
            free(xyz);
            free(gradient);
            free_trial(&t);
        }
}

/* The same basis without its code runs from its table, which finds the value of every factor. */
Test(evaluation, straight_line_code_equals_the_table)
{
    enum { N = 2 * EQML_FLOATS + 1 };
    uint64_t state = 7;
    size_t with_code = 0, without_values = 0;
    for (size_t k = 0; k < COUNT(all); k++) {
        const size_t n = 3 * (size_t)all[k]->basis->natoms;
        eqml_basis table = *all[k]->basis;
        trial t = make_trial(all[k]->basis, 0, &state);
        const eqml_model *code = &t.surface.model;
        eqml_model m = *code;
        double *xyz = room(N * n, sizeof *xyz), *G = room(N * n, sizeof *G), *H = room(N * n, sizeof *H);
        double g[MAX_COORDINATES], h[MAX_COORDINATES], e[N], f[N], only[N];
        with_code += table.forward_one && table.reverse_one && table.forward_lanes && table.reverse_lanes &&
                     table.forward_floats && table.reverse_floats;
        without_values += table.nvalues < table.nfactors;
        table.forward_one = NULL, table.reverse_one = NULL;
        table.forward_lanes = NULL, table.reverse_lanes = NULL;
        table.forward_floats = NULL, table.reverse_floats = NULL;
        m.basis = &table;
        for (size_t i = 0; i < N; i++)
            draw_geometry(&state, table.natoms, xyz + i * n);
        const double energy = all[k]->gradient(code, xyz, g), again = all[k]->gradient(&m, xyz, h);
        const double alone = all[k]->energy(code, xyz), table_alone = all[k]->energy(&m, xyz);
        assert_close(1, &again, &energy, 1e-12, table.name);
        assert_close(1, &alone, &energy, 1e-12, table.name);
        assert_close(1, &table_alone, &energy, 1e-12, table.name);
        assert_close((int)n, h, g, 1e-11, table.name);
        all[k]->gradient_batch(code, N, xyz, e, G);
        all[k]->gradient_batch(&m, N, xyz, f, H);
        assert_close(N, f, e, 1e-12, table.name);
        assert_close(N * (int)n, H, G, 1e-11, table.name);
        all[k]->energy_batch(code, N, xyz, only);
        assert_close(N, only, e, 1e-12, table.name);
        for (int floats = 0; floats < 2; floats++) {
            all[k]->gradient_batch_float(floats ? code : &m, N, xyz, f, H);
            all[k]->energy_batch_float(floats ? code : &m, N, xyz, only);
            assert_close(N, f, e, 1e-4, table.name);
            assert_close(N, only, e, 1e-4, table.name);
            assert_close(N * (int)n, H, G, 1e-4, table.name);
        }
        free(xyz);
        free(G);
        free(H);
        free_trial(&t);
    }
    cr_assert_gt(with_code, 0);
    cr_assert_gt(without_values, 0);
}

/* Nothing is read that was not written: a NaN would come through, were it multiplied by zero. */
Test(evaluation, what_was_in_the_room_before_does_not_matter)
{
    uint64_t state = 9;
    for (size_t k = 0; k < COUNT(all); k++) {
        const eqml_basis *b = all[k]->basis;
        const size_t size = (size_t)EQML_WORK_ONE(b->nslots, b->npairs);
        trial t = make_trial(b, 0, &state);
        double *work = room(size, sizeof *work);
        double xyz[MAX_COORDINATES], g[MAX_COORDINATES], h[MAX_COORDINATES];
        draw_geometry(&state, b->natoms, xyz);
        const double energy = all[k]->gradient(&t.surface.model, xyz, g);
        for (int gradient = 0; gradient < 2; gradient++) {
            for (size_t i = 0; i < size; i++)
                work[i] = NAN;
            const double again = eqml_energy_gradient(&t.surface.model, xyz, gradient ? h : NULL, work);
            assert_close(1, &again, &energy, 1e-12, b->name);
        }
        assert_close(3 * b->natoms, h, g, 1e-11, b->name);
        free(work);
        free_trial(&t);
    }
}

Test(evaluation, the_scalar_build_gives_the_same)
{
    enum { N = 3 };
    uint64_t state = 8;
    const size_t n = 15;
    for (int variant = 0; variant < VARIANTS; variant++) {
        trial t = make_trial(ch4_d6_functions.basis, variant, &state);
        const eqml_surface *s = &t.surface;
        double xyz[N * 15], g[15], h[15], hessian[225], again[225], e[N], f[N], G[N * 15], H[N * 15];
        for (size_t i = 0; i < N; i++)
            draw_geometry(&state, 5, xyz + i * n);
        const scalar_arrays arrays = {s->variables, s->centres, s->rates, s->offset, s->linear, s->packed};
        const double energy = ch4_d6_functions.hessian(&s->model, xyz, g, hessian);
        const double other = scalar_energy_hessian(&arrays, xyz, h, again);
        assert_close(1, &other, &energy, 1e-12, "energy");
        assert_close(15, h, g, 1e-11, "gradient");
        assert_close(225, again, hessian, 1e-11, "hessian");
        ch4_d6_functions.gradient_batch(&s->model, N, xyz, e, G);
        scalar_energy_gradient_batch(&arrays, N, xyz, f, H);
        assert_close(N, f, e, 1e-12, "energies");
        assert_close(N * 15, H, G, 1e-11, "gradients");
        free_trial(&t);
    }
    cr_assert_eq(scalar_lanes(), 1);
}

/* ---- coefficients ---- */

Test(evaluation, coefficients_come_back_as_they_were_set)
{
    uint64_t state = 9;
    for (size_t k = 0; k < COUNT(all); k++) {
        const int n = all[k]->basis->nterms;
        trial t = make_trial(all[k]->basis, 0, &state);
        double *back = room((size_t)n, sizeof *back);
        eqml_surface_get(&t.surface, back);
        cr_assert_arr_eq(back, t.coefficients, (size_t)n * sizeof *back, "%s", all[k]->basis->name);
        free(back);
        free_trial(&t);
    }
}

/* ---- variables ---- */

/* Slopes and curvatures of each kind, against the same function with complex steps and exact differences. */
Test(variable, derivatives)
{
    const eqml_variable kinds[] = {{EQML_MORSE, 1.7, NULL, NULL},      {EQML_INVERSE, 0, NULL, NULL},
                                   {EQML_EXP_OVER_R, 2.3, NULL, NULL}, {EQML_POWER, 2, NULL, NULL},
                                   {EQML_POWER, -3, NULL, NULL},       {EQML_USER, 0, gaussian, &width}};
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (double r = 0.3; r < 20; r *= 1.3) { /* rounding of r/a grows with r */
            double y[3];
            const long double tiny = 1e-300L, h = 1e-3L;
            const long double value = creall(exact_variable(&kinds[k], r));
            const long double slope = cimagl(exact_variable(&kinds[k], r + tiny * I)) / tiny;
            long double curvature = 0; /* sixth order, of the exact slopes */
            static const long double weight[] = {-1, 9, -45, 0, 45, -9, 1};
            for (int s = 0; s < 7; s++)
                curvature +=
                    weight[s] / 60 * cimagl(exact_variable(&kinds[k], r + (s - 3) * h + tiny * I)) / tiny / h;
            eqml__variable(&kinds[k], -1 / kinds[k].range, r, y);
            cr_assert_lt(fabsl(y[0] - value), 5e-14L * fabsl(value));
            cr_assert_lt(fabsl(y[1] - slope), 5e-14L * (fabsl(slope) + fabsl(value)));
            cr_assert_lt(fabsl(y[2] - curvature), 1e-11L * (fabsl(curvature) + fabsl(value)));
        }
}

/* In lanes, of doubles and of floats, as one by one: each kind, and each power that is allowed. */
Test(variable, lanes)
{
    eqml_variable kinds[4 + 2 * 12] = {{EQML_MORSE, 1.7, NULL, NULL},
                                       {EQML_INVERSE, 0, NULL, NULL},
                                       {EQML_EXP_OVER_R, 2.3, NULL, NULL},
                                       {EQML_USER, 0, gaussian, &width}};
    for (int n = 0; n < 12; n++) {
        kinds[4 + 2 * n] = (eqml_variable){EQML_POWER, n + 1, NULL, NULL};
        kinds[5 + 2 * n] = (eqml_variable){EQML_POWER, -n - 1, NULL, NULL};
    }
    uint64_t state = 11;
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (int repeat = 0; repeat < 100; repeat++) {
            const double rate = kinds[k].range == 0 ? 0 : -1 / kinds[k].range;
            double r[EQML_FLOATS], exact[3], y[EQML_LANES], slope[EQML_LANES];
            float near[EQML_FLOATS], y_float[EQML_FLOATS], slope_float[EQML_FLOATS];
            for (int lane = 0; lane < EQML_FLOATS; lane++)
                r[lane] = near[lane] = (float)(3 + 2.5 * draw_real(&state));
            const eqml_lanes at = eqml__load(r);
            eqml_floats at_float;
            memcpy(&at_float, near, sizeof at_float);
            const eqml_lanes inverse = 1.0 / at, rates = eqml__all(rate);
            const eqml_floats inverse_float = 1.0f / at_float, rates_float = eqml__all_floats((float)rate);
            eqml_lanes value, derivative;
            eqml_floats value_float, derivative_float;
            eqml__variables_lanes(&kinds[k], 1, &rates, &at, &inverse, &value, &derivative);
            eqml__variables_floats(&kinds[k], 1, &rates_float, &at_float, &inverse_float, &value_float,
                                   &derivative_float);
            eqml__store(y, value);
            eqml__store(slope, derivative);
            memcpy(y_float, &value_float, sizeof y_float);
            memcpy(slope_float, &derivative_float, sizeof slope_float);
            for (int lane = 0; lane < EQML_FLOATS; lane++) {
                eqml__variable(&kinds[k], rate, r[lane], exact);
                if (lane < EQML_LANES) {
                    cr_assert_lt(fabs(y[lane] - exact[0]), 1e-14 * fabs(exact[0]));
                    cr_assert_lt(fabs(slope[lane] - exact[1]), 1e-14 * (fabs(exact[1]) + fabs(exact[0])));
                }
                cr_assert_lt(fabs(y_float[lane] - exact[0]), 4e-6 * fabs(exact[0]));
                cr_assert_lt(fabs(slope_float[lane] - exact[1]), 4e-6 * (fabs(exact[1]) + fabs(exact[0])));
            }
        }
}

/* Distances and their inverses, to 1.5 units in the last place, over 18 powers of ten; and of atoms at one place. */
Test(variable, distances)
{
    enum { SIDES = 3 };
    uint64_t state = 13;
    double worst = 0, worst_float = 0;
    for (int k = 0; k < 100000; k++) {
        eqml_lanes square[SIDES], r[SIDES], inverse[SIDES];
        eqml_floats square_float[SIDES], r_float[SIDES], inverse_float[SIDES];
        double x[SIDES * EQML_LANES], y[2][SIDES * EQML_LANES];
        float near[SIDES * EQML_FLOATS], z[2][SIDES * EQML_FLOATS];
        for (int lane = 0; lane < SIDES * EQML_FLOATS; lane++)
            near[lane] = (float)pow(10, 18 * draw_real(&state));
        for (int lane = 0; lane < SIDES * EQML_LANES; lane++)
            x[lane] = pow(10, 18 * draw_real(&state));
        memcpy(square, x, sizeof x);
        memcpy(square_float, near, sizeof near);
        eqml__distances_lanes(SIDES, square, r, inverse);
        eqml__distances_floats(SIDES, square_float, r_float, inverse_float);
        memcpy(y[0], r, sizeof r);
        memcpy(y[1], inverse, sizeof inverse);
        memcpy(z[0], r_float, sizeof r_float);
        memcpy(z[1], inverse_float, sizeof inverse_float);
        for (int lane = 0; lane < SIDES * EQML_LANES; lane++) {
            const long double exact[2] = {sqrtl(x[lane]), 1 / sqrtl(x[lane])};
            for (int i = 0; i < 2; i++) {
                const double rounded = (double)exact[i], place = nextafter(rounded, INFINITY) - rounded;
                worst = fmax(worst, (double)(fabsl(y[i][lane] - exact[i]) / place));
            }
        }
        for (int lane = 0; lane < SIDES * EQML_FLOATS; lane++) {
            const double exact[2] = {sqrt(near[lane]), 1 / sqrt(near[lane])};
            for (int i = 0; i < 2; i++) {
                const float rounded = (float)exact[i], place = nextafterf(rounded, INFINITY) - rounded;
                worst_float = fmax(worst_float, fabs(z[i][lane] - exact[i]) / place);
            }
        }
    }
    cr_assert_leq(worst, 1.5, "%g units in the last place", worst);
    cr_assert_leq(worst_float, 1.5, "%g units in the last place", worst_float);

    eqml_lanes none = eqml__all(0), r, inverse;
    double at[EQML_LANES];
    eqml__distances_lanes(1, &none, &r, &inverse);
    eqml__store(at, r);
    cr_assert(isnan(at[0]), "a distance of zero is %g, and no NaN", at[0]);
}

#if EQML_LANES > 1
/* Units in the last place: 0.95 measured over 6 million arguments with fused products, 1.23 without. */
#ifdef __FMA__
static const long double exponential_bound = 1.0L;
#else
static const long double exponential_bound = 1.5L;
#endif

Test(variable, exponential)
{
    uint64_t state = 10;
    long double worst = 0;
    for (int k = 0; k < 300000; k++) {
        double x[EQML_LANES], y[EQML_LANES];
        for (int lane = 0; lane < EQML_LANES; lane++)
            x[lane] = (k % 3 == 0 ? 1.0 : k % 3 == 1 ? 30.0 : 708.0) * draw_real(&state);
        eqml_lanes v = eqml__load(x);
        eqml__exp_lanes(1, &v);
        eqml__store(y, v);
        for (int lane = 0; lane < EQML_LANES; lane++) {
            const long double exact = expl(x[lane]);
            const double rounded = (double)exact;
            const long double error = fabsl(y[lane] - exact) / (nextafter(rounded, INFINITY) - rounded);
            worst = fmaxl(worst, error);
        }
    }
    cr_assert_leq(worst, exponential_bound, "%Lg units in the last place", worst);

    const double edges[] = {0, -0.0, 709, -708, -709, -1e300, -INFINITY, 1e-300};
    for (size_t k = 0; k < COUNT(edges); k++) { /* below the range, the value at its end */
        double y[EQML_LANES];
        eqml_lanes v = eqml__all(edges[k]);
        eqml__exp_lanes(1, &v);
        eqml__store(y, v);
        cr_assert_lt(fabs(y[0] / exp(fmax(edges[k], -708)) - 1), 1e-15, "exp(%g) = %g", edges[k], y[0]);
    }
    double y[EQML_LANES];
    eqml_lanes v = eqml__all(NAN);
    eqml__exp_lanes(1, &v);
    eqml__store(y, v);
    cr_assert(isnan(y[0]));
}

Test(variable, exponential_in_float)
{
    uint64_t state = 12;
    double worst = 0;
    for (int k = 0; k < 300000; k++) {
        float x[EQML_FLOATS], y[EQML_FLOATS];
        eqml_floats v;
        for (int lane = 0; lane < EQML_FLOATS; lane++)
            x[lane] = (float)((k % 3 == 0 ? 1.0 : k % 3 == 1 ? 15.0 : 87.0) * draw_real(&state));
        memcpy(&v, x, sizeof v);
        eqml__exp_floats(1, &v);
        memcpy(y, &v, sizeof y);
        for (int lane = 0; lane < EQML_FLOATS; lane++) {
            const double exact = exp(x[lane]);
            const float rounded = (float)exact;
            worst = fmax(worst, fabs(y[lane] - exact) / (nextafterf(rounded, INFINITY) - rounded));
        }
    }
    cr_assert_leq(worst, (double)exponential_bound, "%g units in the last place", worst);

    const float edges[] = {0, -0.0f, 88, -87, -88, -1e30f, -INFINITY, 1e-30f};
    for (size_t k = 0; k < COUNT(edges); k++) {
        eqml_floats v = eqml__all_floats(edges[k]);
        float y[EQML_FLOATS];
        eqml__exp_floats(1, &v);
        memcpy(y, &v, sizeof y);
        cr_assert_lt(fabs(y[0] / exp(fmax(edges[k], -87)) - 1), 1e-6, "exp(%g) = %g", edges[k], y[0]);
    }
}
#endif
