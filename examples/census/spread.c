/* Geometries about a minimum up to an energy. */
#include "census/search.h"
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

static size_t draw_all(search *s, const double *minimum, double highest, size_t n, double *xyz, double *work)
{
    const double lowest = eqml_energy_gradient(s->m, minimum, NULL, work);
    size_t drawn = 0;
    for (size_t tries = 0; tries < 100 * n && drawn < n; tries++) {
        double *to = xyz + drawn * (size_t)s->n;
        census_displace(s, minimum, highest * random_uniform(&s->random), to);
        if (!is_close(s, to) && eqml_energy_gradient(s->m, to, NULL, work) - lowest <= highest)
            drawn++;
    }
    return drawn;
}

eqml_status census_spread(const eqml_model *m, const char *symbols, const double *minimum, double highest,
                          uint64_t seed, size_t n, double *xyz, size_t *drawn, eqml_message *message)
{
    const eqml_basis *b = m->basis;
    const size_t natoms = (size_t)b->natoms, size = 3 * natoms;
    const size_t bytes = EQML_WORK_HESSIAN((size_t)b->nslots, (size_t)b->npairs) * sizeof(double);
    census c = {.options = {.closest = 0.5}};
    search s = {.m = m, .c = &c, .n = (int)size};
    double *all =
        calloc(natoms + 3 * size + size * size + 2 * natoms * natoms + (size + 6) * size, sizeof *all);
    double *work = aligned_alloc(64, (bytes + 63) / 64 * 64);
    eqml_status status = EQML_ERROR_MEMORY;
    *drawn = 0;
    if (all && work) {
        s.mass = all, s.root = s.mass + natoms, s.wavenumber = s.root + size, s.energy = s.wavenumber + size;
        s.modes = s.energy + size, s.closest = s.modes + size * size,
        s.distance = s.closest + natoms * natoms;
        double *hessian = s.distance + natoms * natoms;
        status = know_atoms(&s, symbols, message);
        if (!status) {
            eqml_energy_hessian(m, minimum, s.wavenumber, hessian, work);
            s.nvibrations = vibrations(b->natoms, s.mass, minimum, hessian, s.root, s.wavenumber, s.modes,
                                       hessian + size * size);
            random_start(&s.random, seed, 0);
            *drawn = draw_all(&s, minimum, highest, n, xyz, work);
        }
    } else if (message) {
        snprintf(message->text, sizeof message->text, "out of memory");
    }
    free(all);
    free(work);
    return status;
}
