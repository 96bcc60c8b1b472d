/* Geometries about a minimum up to an energy. */
#include "census/search.h"
#include "common/evaluate.h"
#include "common/modes.h"
#include <stdlib.h>

void census_displace(search *s, const double *centre, double energy, double *xyz)
{
    double square = 0, *amplitude = s->energy;
    for (int q = 0; q < s->nvibrations; q++) {
        amplitude[q] = random_normal(&s->random);
        square += amplitude[q] * amplitude[q];
    }
    memcpy(xyz, centre, (size_t)s->n * sizeof *xyz);
    for (int q = 0; q < s->nvibrations; q++) {
        const double w = fmax(s->wavenumber[q], 100) / PER_CM;
        const double x = amplitude[q] * sqrt(2 * energy / square) / w, *mode = s->modes + q * s->n;
        for (int k = 0; k < s->n; k++)
            xyz[k] += x * mode[k] / s->root[k];
    }
}

static size_t draw_all(search *s, census_function function, void *context, const double *minimum,
                       double highest, size_t n, double *xyz)
{
    const double lowest = function(context, minimum);
    size_t drawn = 0;
    for (size_t tries = 0; tries < 100 * n && drawn < n; tries++) {
        double *to = xyz + drawn * (size_t)s->n;
        census_displace(s, minimum, highest * random_uniform(&s->random), to);
        if (!is_close(s, to) && function(context, to) - lowest <= highest)
            drawn++;
    }
    return drawn;
}

static eqml_status out_of_memory(eqml_message *message)
{
    if (message)
        snprintf(message->text, sizeof message->text, "out of memory");
    return EQML_ERROR_MEMORY;
}

eqml_status census_spread_of(int natoms, census_function function, void *context, const char *symbols,
                             const double *minimum, double *hessian, double highest, uint64_t seed, size_t n,
                             double *xyz, size_t *drawn, eqml_message *message)
{
    const size_t atoms = (size_t)natoms, size = 3 * atoms;
    census c = {.options = {.closest = 0.5}};
    search s = {.c = &c, .n = (int)size};
    double *all = calloc(atoms + 3 * size + size * size + 2 * atoms * atoms + 6 * size, sizeof *all);
    *drawn = 0;
    if (!all)
        return out_of_memory(message);
    s.mass = all, s.root = s.mass + atoms, s.wavenumber = s.root + size, s.energy = s.wavenumber + size;
    s.modes = s.energy + size, s.closest = s.modes + size * size, s.distance = s.closest + atoms * atoms;
    const eqml_status status = know_atoms(&s, symbols, message);
    if (!status) {
        s.nvibrations = vibrations(natoms, s.mass, minimum, hessian, s.root, s.wavenumber, s.modes,
                                   s.distance + atoms * atoms);
        random_start(&s.random, seed, 0);
        *drawn = draw_all(&s, function, context, minimum, highest, n, xyz);
    }
    free(all);
    return status;
}

/* A surface and its room. */
typedef struct place {
    const eqml_model *m;
    double *work;
} place;

static double surface_energy(void *context, const double *xyz)
{
    const place *p = context;
    return evaluate(p->m, xyz, NULL, p->work);
}

eqml_status census_spread(const eqml_model *m, const char *symbols, const double *minimum, double highest,
                          uint64_t seed, size_t n, double *xyz, size_t *drawn, eqml_message *message)
{
    const eqml_basis *b = m->basis;
    const size_t size = 3 * (size_t)b->natoms;
    const size_t bytes = EQML_WORK_HESSIAN((size_t)b->nslots, (size_t)b->npairs) * sizeof(double);
    place p = {m, aligned_alloc(64, (bytes + 63) / 64 * 64)};
    double *hessian = calloc(size * (size + 1), sizeof *hessian); /* a gradient behind it */
    eqml_status status;
    *drawn = 0;
    if (p.work && hessian) {
        evaluate_hessian(m, minimum, hessian + size * size, hessian, p.work);
        status = census_spread_of(b->natoms, surface_energy, &p, symbols, minimum, hessian, highest, seed, n,
                                  xyz, drawn, message);
    } else {
        status = out_of_memory(message);
    }
    free(hessian);
    free(p.work);
    return status;
}
