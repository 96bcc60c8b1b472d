/* Surfaces over the test bases, and data made from them. */
#ifndef TESTS_SURFACES_H
#define TESTS_SURFACES_H
#include "support.h"

static const eqml_variable morse[] = {{EQML_MORSE, 2.0, NULL, NULL}, {EQML_MORSE, 2.0, NULL, NULL}};
static const eqml_variable mixed[] = {{EQML_EXP_OVER_R, 1.5, NULL, NULL}, {EQML_INVERSE, 0, NULL, NULL}};

/* ---- data made from a surface ---- */

static inline eqml_data make_data(int natoms, size_t n)
{
    eqml_data d;
    memset(&d, 0, sizeof d);
    d.natoms = natoms;
    d.n = n;
    d.symbols = room((size_t)natoms, sizeof *d.symbols);
    d.xyz = room(3 * (size_t)natoms * n, sizeof *d.xyz);
    d.energy = room(n, sizeof *d.energy);
    d.gradient = room(3 * (size_t)natoms * n, sizeof *d.gradient);
    d.has = room(n, 1);
    return d;
}

/* Geometries about a reference, and the energies and gradients of the model there. */
static inline eqml_data sample(const eqml_model *m, size_t n, uint64_t *state)
{
    eqml_data d = make_data(m->basis->natoms, n);
    const size_t size = 3 * (size_t)d.natoms;
    double *work = room((size_t)EQML_WORK_ONE(m->basis->nslots, m->basis->npairs), sizeof *work);
    for (size_t g = 0; g < n; g++) {
        draw_geometry(state, d.natoms, d.xyz + g * size);
        d.energy[g] = eqml_energy_gradient(m, d.xyz + g * size, d.gradient + g * size, work);
        d.has[g] = EQML_HAS_ENERGY | EQML_HAS_GRADIENT;
    }
    free(work);
    return d;
}

static inline eqml_surface random_surface(const eqml_basis *b, const eqml_variable *v, uint64_t *state)
{
    eqml_surface s;
    double *c = room((size_t)b->nterms, sizeof *c);
    cr_assert_eq(eqml_surface_create(b, v, &s), EQML_OK);
    for (int k = 0; k < b->nterms; k++)
        c[k] = draw_real(state);
    eqml_surface_set(&s, c);
    free(c);
    return s;
}

static inline eqml_surface empty_surface(const eqml_basis *b, const eqml_variable *v)
{
    eqml_surface s;
    cr_assert_eq(eqml_surface_create(b, v, &s), EQML_OK);
    return s;
}

/* Root mean square of the energies: the scale of errors. */
static inline double size_of(const eqml_data *d)
{
    double sum = 0;
    for (size_t g = 0; g < d->n; g++)
        sum += d->energy[g] * d->energy[g];
    return sqrt(sum / (double)d->n);
}

static inline eqml_errors errors_of(const eqml_surface *s, const eqml_data *d, const unsigned char *use)
{
    eqml_errors e;
    cr_assert_eq(eqml_surface_errors(s, d, use, &e), EQML_OK);
    return e;
}
#endif
