/* How sure an energy is: its predictive standard deviation, from the triangle of the fit. */
#ifndef EQML__SIGMA_H
#define EQML__SIGMA_H
#include "kernel/pairs.h"
#include "kernel/sweeps.h"
#include "kernel/terms.h"
#include "model.h"
#include "variance.h"

/* Room for one geometry, in doubles, 64-byte aligned, and for a group of them, in eqml_lanes. */
#define EQML_WORK_SIGMA(nslots, npairs, nterms) (EQML_WORK_ONE(nslots, npairs) + EQML_ROUND(nterms))
#define EQML_WORK_SIGMA_LANES(nslots, natoms, nterms) (EQML_ROUND(nslots) + 3 * (natoms) + (nterms))

/*
 * The standard deviation (hartree) of the energy of one geometry xyz[natoms][3] (bohr), on the model whose fit made *s.
 * NaN where the energy is. Allocates nothing, keeps no state; one multiply-add for each number of the matrix.
 */
EQML_FUNCTION double eqml_energy_sigma(const eqml_sigma *s, const eqml_model *m, const double *xyz,
                                       double *work)
{
    const eqml_basis *b = m->basis;
    const int room = EQML_ROUND(b->nslots);
    double *terms = work + EQML_WORK_ONE(b->nslots, b->npairs);
    memset(terms, 0, sizeof(double) * (size_t)EQML_ROUND(b->nterms));
    eqml__pairs_one(m, xyz, work, work + 3 * room, EQML_ROUND(b->npairs));
    eqml__table_forward_one(b, work, m->offset);
    eqml__add_values_one(b, work + b->factor0, 1, 0, terms);
    return eqml__sigma_of(s, eqml__sigma_square_one(s, terms));
}

/* sigma[count] <- those of at most EQML_LANES geometries. work: EQML_WORK_SIGMA_LANES eqml_lanes. */
EQML_FUNCTION void eqml__sigma_step(const eqml_sigma *s, const eqml_model *m, int count, const double *xyz,
                                    double *sigma, eqml_lanes *work)
{
    const eqml_basis *b = m->basis;
    eqml_lanes *x = work + EQML_ROUND(b->nslots), *terms = x + 3 * b->natoms, *const slots[1] = {work};
    const eqml_lanes *const place[1] = {x};
    double square[EQML_LANES] EQML_ALIGNED;
    eqml__to_lanes(3 * b->natoms, count, xyz, x);
    eqml__pairs_lanes(m, 1, place, slots, NULL);
    eqml__table_forward_lanes(b, work, m->offset);
    memset(terms, 0, sizeof(eqml_lanes) * (size_t)b->nterms);
    eqml__add_values_lanes(b, work + b->factor0, eqml__all(1), 0, terms);
    eqml__store(square, eqml__sigma_square_lanes(s, terms));
    for (int k = 0; k < count; k++)
        sigma[k] = eqml__sigma_of(s, square[k]);
}

/* Those of n geometries xyz[n][natoms][3]; one thread. */
EQML_FUNCTION void eqml_energy_sigma_batch(const eqml_sigma *s, const eqml_model *m, size_t n,
                                           const double *xyz, double *sigma, eqml_lanes *work)
{
    const size_t size = 3 * (size_t)m->basis->natoms;
    for (size_t done = 0; done < n; done += EQML_LANES)
        eqml__sigma_step(s, m, n - done < EQML_LANES ? (int)(n - done) : EQML_LANES, xyz + done * size,
                         sigma + done, work);
}

/* The functions of a surface NAME over BASIS, with its constant NAME_sigma. */
#define EQML_SURFACE_SIGMA_FUNCTIONS(NAME, BASIS, API)                                                       \
    API double NAME##_energy_sigma(const double *xyz)                                                        \
    {                                                                                                        \
        double work[EQML_WORK_SIGMA(BASIS##_NSLOTS, BASIS##_NPAIRS, BASIS##_NTERMS)] EQML_ALIGNED;           \
        return eqml_energy_sigma(&NAME##_sigma, &NAME##_model, xyz, work);                                   \
    }                                                                                                        \
    enum {                                                                                                   \
        NAME##_SIGMA_ROOM = EQML_WORK_SIGMA_LANES(BASIS##_NSLOTS, BASIS##_NATOMS, BASIS##_NTERMS),           \
        NAME##_SIGMA_GROUP = NAME##_SIGMA_ROOM * sizeof(eqml_lanes) <= EQML_STACK_LIMIT ? EQML_LANES : 1     \
    };                                                                                                       \
    API void NAME##_energy_sigma_batch(size_t n, const double *xyz, double *sigma)                           \
    {                                                                                                        \
        const size_t size = 3 * BASIS##_NATOMS, step = NAME##_SIGMA_GROUP;                                   \
        const ptrdiff_t steps = (ptrdiff_t)((n + step - 1) / step);                                          \
        EQML__PARALLEL                                                                                       \
        for (ptrdiff_t k = 0; k < steps; k++) {                                                              \
            const size_t first = (size_t)k * step, count = n - first < step ? n - first : step;              \
            if (step > 1) {                                                                                  \
                eqml_lanes work[NAME##_SIGMA_GROUP > 1 ? NAME##_SIGMA_ROOM : 1];                             \
                eqml__sigma_step(&NAME##_sigma, &NAME##_model, (int)count, xyz + first * size,               \
                                 sigma + first, work);                                                       \
            } else {                                                                                         \
                sigma[first] = NAME##_energy_sigma(xyz + first * size);                                      \
            }                                                                                                \
        }                                                                                                    \
    }

#endif /* EQML__SIGMA_H */
