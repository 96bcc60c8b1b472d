/* Energy and gradient of one geometry. */
#ifndef EQML__ONE_H
#define EQML__ONE_H
#include "kernel/pairs.h"
#include "kernel/sweeps.h"
#include "kernel/form.h"
#include "wall.h"

/*
 * gradient[natoms][3]: the sum over the pairs of dV/dr times the unit vector between the two atoms.
 * adjoint_p = dV/dy_p; sum: room for [natoms][4].
 */
EQML_INLINE void eqml__scatter(const eqml_basis *b, const double *xyz, const double *adjoint,
                               const double *pair, int stride, double *sum, double *gradient)
{
    const double *inverse = pair + 3 * stride, *slope = pair + 4 * stride;
    eqml__clear_points(b->natoms, sum);
    EQML__EACH(p, b->npairs, b->npairs <= EQML__FEW_PAIRS, {
        const int i = b->pairs[p][0], j = b->pairs[p][1];
        eqml__push_points(adjoint[p] * slope[p] * inverse[p], xyz + 3 * i, xyz + 3 * j, sum + 4 * i,
                          sum + 4 * j);
    });
    for (int i = 0; i < b->natoms; i++)
        eqml__put_point(gradient + 3 * i, sum + 4 * i);
}

/* The energy from the slots of one geometry, and all adjoints unless these are NULL. sums: see eqml__form_one. */
EQML_INLINE double eqml__potential_one(const eqml_model *m, double *slots, double *adjoints, double *sums)
{
    const eqml_basis *b = m->basis;
    /* Copies: if the address of `slots` itself went to a function, the compiler would lose track of it. */
    double *const s[1] = {slots}, *const a[1] = {adjoints};
    const int nvalues = b->forward_one ? b->nvalues : b->nfactors;
    double energy = eqml__rest(m, nvalues);
    energy += eqml__form_one(m, nvalues, slots + b->factor0, adjoints ? adjoints + b->factor0 : NULL, sums);
    if (adjoints && b->reverse_one)
        b->reverse_one(1, s, a, m->linear, &energy);
    else if (adjoints)
        eqml__table_reverse_one(b, slots, adjoints);
    else if (nvalues < b->nfactors)
        b->linear_one(1, s, m->linear, &energy);
    return energy;
}

/*
 * Energy (hartree) of one geometry xyz[natoms][3] (bohr), and its gradient[natoms][3] (hartree/bohr) where
 * that is not NULL. work: EQML_WORK_ONE(nslots, npairs) doubles, 64-byte aligned.
 */
EQML_INLINE double eqml_energy_gradient(const eqml_model *m, const double *xyz, double *gradient,
                                        double *work)
{
    const eqml_basis *b = m->basis;
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(b->nslots);
    double *slots = work, *adjoints = work + room, *sums = work + 2 * room, *pair = work + 3 * room;
    double energy;
    /* y is filled up to whole vectors, into slots that are written later */
    if (gradient && b->noperations >= EQML__LONG_CODE)
        eqml__pairs_aside(m, EQML__SIDES / 2, xyz, slots, pair, stride);
    else
        eqml__pairs_one(m, xyz, slots, pair, stride);
    eqml__forward_one(m, slots);
    energy = eqml__potential_one(m, slots, gradient ? adjoints : NULL, sums);
    if (gradient)
        eqml__scatter(b, xyz, adjoints, pair, stride, pair + 6 * stride, gradient);
    if (m->wall)
        energy = eqml__put_wall(m, xyz, slots, adjoints, pair, stride, energy, gradient);
    return energy;
}

#endif /* EQML__ONE_H */
