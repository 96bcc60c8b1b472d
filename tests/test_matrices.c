/*
 * Covariants as products of matrices: the code against an independent interpreter of the operations, in all
 * its types of numbers, and under permutations of like atoms.
 */
#define _POSIX_C_SOURCE 200809L
#include "support.h"

#include "functions.h"
#include "h20c3_d4.h"
#include "h30_d3.h"

enum { MOST_COORDINATES = 90, MANY = 2 * EQML_FLOATS + 3 };

static const functions all[] = {FUNCTIONS(h30_d3), FUNCTIONS(h20c3_d4)};

typedef struct trial {
    eqml_surface surface;
    double *coefficients;
    double *xyz; /* [MANY][natoms][3] */
} trial;

static trial *make_trial(const eqml_basis *b, uint64_t *state)
{
    static const eqml_variable variables[] = {
        {EQML_MORSE, 1.4, NULL, NULL}, {EQML_MORSE, 1.9, NULL, NULL}, {EQML_INVERSE, 0, NULL, NULL}};
    trial *t = room(1, sizeof *t);
    cr_assert_eq(eqml_surface_create(b, variables, &t->surface), EQML_OK);
    t->coefficients = room((size_t)b->nterms, sizeof *t->coefficients);
    for (int k = 0; k < b->nterms; k++)
        t->coefficients[k] = draw_real(state);
    for (int k = 1; k < b->nfactors; k++)
        t->surface.offset[k] = 0.3 * draw_real(state);
    eqml_surface_set(&t->surface, t->coefficients);
    t->xyz = room(MANY * 3 * (size_t)b->natoms, sizeof *t->xyz);
    for (int g = 0; g < MANY; g++)
        draw_geometry(state, b->natoms, t->xyz + g * 3 * b->natoms);
    return t;
}

static void free_trial(trial *t)
{
    eqml_surface_free(&t->surface);
    free(t->coefficients);
    free(t->xyz);
    free(t);
}

/* The largest difference, in units of the largest number. */
static double difference(int n, const double *x, const double *y)
{
    double largest = 0, size = 0;
    for (int k = 0; k < n; k++) {
        largest = fmax(largest, fabs(x[k] - y[k]));
        size = fmax(size, fabs(y[k]));
    }
    return largest / size;
}

/* The tolerances are some hundred times the error that rounding leaves. */
Test(matrices, one_geometry_is_exact)
{
    uint64_t state = 1;
    for (size_t k = 0; k < COUNT(all); k++) {
        const eqml_basis *b = all[k].basis;
        const int n = 3 * b->natoms;
        cr_assert(b->forward_one && b->reverse_one, "%s has no code", b->name);
        trial *t = make_trial(b, &state);
        const eqml_model *m = &t->surface.model;
        double gradient[MOST_COORDINATES], plain[MOST_COORDINATES];
        long double x[MOST_COORDINATES], g[MOST_COORDINATES], size;
        number z[MOST_COORDINATES];
        for (int i = 0; i < n; i++)
            z[i] = x[i] = t->xyz[i];
        exact_energy(m, t->coefficients, z, &size);
        const double exact = (double)exact_gradient(m, t->coefficients, x, g);
        for (int i = 0; i < n; i++)
            plain[i] = (double)g[i];
        const double energy = all[k].gradient(m, t->xyz, gradient);
        cr_assert_lt(fabs(energy - exact), 1e-13 * (double)size, "%s: %.17g is not %.17g", b->name, energy,
                     exact);
        cr_assert_lt(fabs(all[k].energy(m, t->xyz) - exact), 1e-13 * (double)size);
        cr_assert_lt(difference(n, gradient, plain), 1e-11, "%s", b->name);
        free_trial(t);
    }
}

Test(matrices, batches_equal_single_calls)
{
    uint64_t state = 2;
    for (size_t k = 0; k < COUNT(all); k++) {
        const int n = 3 * all[k].basis->natoms;
        trial *t = make_trial(all[k].basis, &state);
        const eqml_model *m = &t->surface.model;
        double energy[MANY], only[MANY], single[MANY];
        double *gradient = room(MANY * (size_t)n, sizeof *gradient),
               *one = room(MANY * (size_t)n, sizeof *one);
        for (int g = 0; g < MANY; g++)
            single[g] = all[k].gradient(m, t->xyz + g * n, one + g * n);
        all[k].gradient_batch(m, MANY, t->xyz, energy, gradient);
        all[k].energy_batch(m, MANY, t->xyz, only);
        cr_assert_lt(difference(MANY, energy, single), 1e-11);
        cr_assert_lt(difference(MANY, only, single), 1e-11);
        cr_assert_lt(difference(MANY * n, gradient, one), 1e-11);
        all[k].gradient_batch_float(m, MANY, t->xyz, energy, gradient);
        all[k].energy_batch_float(m, MANY, t->xyz, only);
        cr_assert_lt(difference(MANY, energy, single), 1e-4);
        cr_assert_lt(difference(MANY, only, single), 1e-4);
        cr_assert_lt(difference(MANY * n, gradient, one), 1e-4);
        free(gradient);
        free(one);
        free_trial(t);
    }
}

/* Exchanges of neighbours generate the group. */
Test(matrices, like_atoms_may_be_exchanged)
{
    uint64_t state = 3;
    for (size_t k = 0; k < COUNT(all); k++) {
        const eqml_basis *b = all[k].basis;
        const int n = 3 * b->natoms;
        trial *t = make_trial(b, &state);
        double gradient[MOST_COORDINATES], other[MOST_COORDINATES], *moved = t->xyz + n;
        const double energy = all[k].gradient(&t->surface.model, t->xyz, gradient);
        for (int i = 0; i + 1 < b->natoms; i++) {
            memcpy(moved, t->xyz, (size_t)n * sizeof *moved);
            for (int j = 0; j < 3; j++) {
                moved[3 * i + j] = t->xyz[3 * i + 3 + j];
                moved[3 * i + 3 + j] = t->xyz[3 * i + j];
            }
            const double again = all[k].gradient(&t->surface.model, moved, other);
            if (b->atom_classes[i] != b->atom_classes[i + 1]) {
                cr_assert_gt(fabs(again - energy), 1e-6 * fabs(energy));
                continue;
            }
            for (int j = 0; j < 3; j++) {
                const double swap = other[3 * i + j];
                other[3 * i + j] = other[3 * i + 3 + j];
                other[3 * i + 3 + j] = swap;
            }
            cr_assert_lt(fabs(again - energy), 1e-11 * fabs(energy));
            cr_assert_lt(difference(n, other, gradient), 1e-10);
        }
        free_trial(t);
    }
}
