/*
 * What the tests share: reproducible random numbers, the elements of small groups, and an independent interpreter
 * of the tables of a basis.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H
#include <complex.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "molecule/composition.h"
#include "eqml.h"
#include "commands.h"

/* Complex numbers with the longest mantissa at hand: their imaginary parts carry exact derivatives. */
typedef long double complex number;

/* ---- memory and chance ---- */

static inline void *room(size_t count, size_t size)
{
    void *array = calloc(count + 1, size);
    cr_assert_not_null(array);
    return array;
}

/* 64 bits without visible order, the same in every run (xorshift; the state must not be zero). */
static inline uint64_t draw_bits(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x9E3779B97F4A7C15);
}

/* Uniform in [-1, 1). */
static inline double draw_real(uint64_t *state)
{
    return (double)(draw_bits(state) >> 11) / 4503599627370496.0 - 1.0;
}

/* ---- groups ---- */

/* All elements of the group that the generators[count][n] span, as images [*order][n]; the caller frees. */
static inline int *group_elements(int n, int count, const int *generator, int limit, int *order)
{
    int *element = room((size_t)limit * (size_t)n, sizeof *element), *image = room((size_t)n, sizeof *image);
    for (int i = 0; i < n; i++)
        element[i] = i;
    *order = 1;
    for (int k = 0; k < *order; k++)
        for (int g = 0; g < count; g++) {
            int known = 0;
            for (int i = 0; i < n; i++)
                image[i] = generator[g * n + element[k * n + i]];
            for (int e = 0; e < *order && !known; e++)
                known = !memcmp(element + e * n, image, (size_t)n * sizeof *image);
            if (known)
                continue;
            cr_assert_lt(*order, limit, "the group is larger than the test expects");
            memcpy(element + (*order)++ * n, image, (size_t)n * sizeof *image);
        }
    free(image);
    return element;
}

/* The composition of a basis: the group comes from its text, not from its tables. */
static inline composition composition_of(const eqml_basis *b)
{
    composition c;
    char error[256] = "";
    cr_assert_eq(composition_parse(b->composition, &c, error, sizeof error), 0, "%s", error);
    cr_assert_eq(c.natoms, b->natoms);
    return c;
}

/* ---- an independent interpreter ---- */

/* The slots of a basis from its pair variables y[npairs], by the definition of the table of operations. */
static inline void interpret(const eqml_basis *b, const number *y, const double *offset, number *slot)
{
    for (int s = 0; s < b->nslots; s++)
        slot[s] = s < b->npairs ? y[s] : 0;
    for (int k = 0; k < b->nfactors; k++)
        slot[b->factor0 + k] = k ? (number)offset[k] : 1;
    for (int k = 0; k < b->noperations; k++)
        slot[b->operations[k][0]] += slot[b->operations[k][1]] * slot[b->operations[k][2]];
}

/* All terms, in their order: the factors, then the products run by run. */
static inline void interpret_terms(const eqml_basis *b, const number *slot, number *term)
{
    const number *f = slot + b->factor0;
    int k = 0;
    for (; k < b->nfactors; k++)
        term[k] = f[k];
    for (int r = 0; r < b->nruns; r++)
        for (int j = 0; j < b->runs[r][2]; j++)
            term[k++] = f[b->runs[r][0]] * f[b->runs[r][1] + j];
    cr_assert_eq(k, b->nterms);
}

/* The user's function of the tests, exp(-(r/a)^2) with *data = a. */
static inline void gaussian(double r, const void *data, double y[3])
{
    const double a = *(const double *)data, x = r / a;
    y[0] = exp(-x * x);
    y[1] = -2 * x / a * y[0];
    y[2] = (4 * x * x - 2) / (a * a) * y[0];
}

static inline number exact_variable(const eqml_variable *v, number r)
{
    switch (v->kind) {
    case EQML_MORSE:
        return cexpl(-r / v->range);
    case EQML_INVERSE:
        return 1 / r;
    case EQML_EXP_OVER_R:
        return cexpl(-r / v->range) / r;
    case EQML_POWER:
        return cpowl(r, (long double)v->range);
    default: {
        const long double a = *(const double *)v->data;
        return cexpl(-(r / a) * (r / a));
    }
    }
}

/* The energy in long double, from coefficients in the order of terms. *size: the sum of all magnitudes. */
static inline number exact_energy(const eqml_model *m, const double *coefficients, const number *xyz,
                                  long double *size)
{
    const eqml_basis *b = m->basis;
    number *y = room((size_t)b->npairs, sizeof *y), *slot = room((size_t)b->nslots, sizeof *slot);
    number *term = room((size_t)b->nterms, sizeof *term), energy = 0;
    for (int p = 0; p < b->npairs; p++) {
        number square = 0;
        for (int k = 0; k < 3; k++) {
            const number d = xyz[3 * b->pairs[p][0] + k] - xyz[3 * b->pairs[p][1] + k];
            square += d * d;
        }
        y[p] = exact_variable(&m->variables[b->pair_classes[p]], csqrtl(square)) - m->centres[p];
    }
    interpret(b, y, m->offset, slot);
    interpret_terms(b, slot, term);
    *size = 0;
    for (int k = 0; k < b->nterms; k++) {
        energy += coefficients[k] * term[k];
        *size += fabsl(creall(coefficients[k] * term[k]));
    }
    free(y);
    free(slot);
    free(term);
    return energy;
}

/* The exact gradient by complex steps: no difference is taken, so the step may be as small as one likes. */
static inline long double exact_gradient(const eqml_model *m, const double *coefficients,
                                         const long double *xyz, long double *gradient)
{
    const int n = 3 * m->basis->natoms;
    const long double step = 1e-300L;
    long double size, energy = 0;
    number *x = room((size_t)n, sizeof *x);
    for (int k = 0; k < n; k++)
        x[k] = xyz[k];
    for (int k = 0; k < n; k++) {
        x[k] += step * I;
        const number v = exact_energy(m, coefficients, x, &size);
        gradient[k] = cimagl(v) / step;
        energy = creall(v);
        x[k] = xyz[k];
    }
    free(x);
    return energy;
}

/* The Hessian: differences of sixth order of exact gradients, good to 1e-14 or so. */
static inline void exact_hessian(const eqml_model *m, const double *coefficients, const double *xyz,
                                 long double *hessian)
{
    static const struct {
        int place;
        long double weight;
    } stencil[] = {{-3, -1 / 60.0L}, {-2, 9 / 60.0L}, {-1, -45 / 60.0L},
                   {1, 45 / 60.0L},  {2, -9 / 60.0L}, {3, 1 / 60.0L}};
    const int n = 3 * m->basis->natoms;
    const long double step = 2e-3L;
    long double *x = room((size_t)n, sizeof *x), *g = room((size_t)n, sizeof *g);
    for (int k = 0; k < n; k++)
        x[k] = xyz[k];
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++)
            hessian[i * n + k] = 0;
        for (size_t s = 0; s < COUNT(stencil); s++) {
            x[i] = xyz[i] + stencil[s].place * step;
            exact_gradient(m, coefficients, x, g);
            for (int k = 0; k < n; k++)
                hessian[i * n + k] += stencil[s].weight * g[k] / step;
        }
        x[i] = xyz[i];
    }
    free(x);
    free(g);
}

/* ---- geometries ---- */

/* Atoms at random places, no two closer than 1.2 bohr: a geometry without any symmetry. */
static inline void draw_geometry(uint64_t *state, int natoms, double *xyz)
{
    const double box = 1.7 * cbrt((double)natoms);
    for (int i = 0; i < natoms; i++) {
        int far = 0;
        while (!far) {
            far = 1;
            for (int k = 0; k < 3; k++)
                xyz[3 * i + k] = box * draw_real(state);
            for (int j = 0; j < i && far; j++) {
                double square = 0;
                for (int k = 0; k < 3; k++)
                    square += (xyz[3 * i + k] - xyz[3 * j + k]) * (xyz[3 * i + k] - xyz[3 * j + k]);
                far = square > 1.44;
            }
        }
    }
}
#endif
