/* Energy, forces and virial of the pair potentials beneath a fit. */
#ifndef EQML__CLOUD_PAIRS_H
#define EQML__CLOUD_PAIRS_H
#include "cloud/basis.h"
#include "cloud/neighbours.h"

/* What is wanted: each may be NULL. */
typedef struct eqml_cloud_result {
    double *energy;   /* hartree */
    double *forces;   /* [natoms][3] -dE/dx, hartree/bohr */
    double *virial;   /* [6] xx yy zz yz xz xy, -dE/dstrain, hartree: minus volume times stress */
    double *energies; /* [natoms] of the atoms, which add up to the energy */
} eqml_cloud_result;

/* The place of two species among the pairs of all: pairs[nspecies (nspecies + 1) / 2]. */
EQML_INLINE int eqml_pair(int a, int b)
{
    return a > b ? a * (a + 1) / 2 + b : b * (b + 1) / 2 + a;
}

/* Beyond this distance no pair repels, bohr; pairs may be NULL: 0. */
EQML_FUNCTION double eqml_pairs_reach(int nspecies, const eqml_pair_reference *pairs)
{
    double reach = 0;
    for (int k = 0; pairs && k < nspecies * (nspecies + 1) / 2; k++)
        reach = pairs[k].outer > reach ? pairs[k].outer : reach;
    return reach;
}

/* How far neighbours must be known, bohr: the cutoff, or what pairs reach beyond it. */
EQML_FUNCTION double eqml_cloud_cutoff(const eqml_cloud_model *model)
{
    const double reach = eqml_pairs_reach(model->basis->nspecies, model->pairs);
    return model->radial.cutoff < reach ? reach : model->radial.cutoff;
}

/* Energies of a vector of distances below `outer`, and derivatives by them. */
EQML_INLINE eqml_lanes eqml__pair_energies(const eqml_pair_reference *p, eqml_lanes r, eqml_lanes inverse,
                                           eqml_lanes *slope)
{
    eqml_lanes screened[4], sum = eqml__all(0), rates = eqml__all(0);
    for (int k = 0; k < 4; k++)
        screened[k] = r * -p->rate[k];
    eqml__exp_lanes(4, screened);
    for (int k = 0; k < 4; k++) {
        const eqml_lanes part = screened[k] * p->amplitude[k];
        sum = sum + part;
        rates = rates + part * p->rate[k];
    }
    const eqml_lanes t = eqml__at_least_lanes(r - eqml__all(p->inner), 0), t2 = t * t;
    const eqml_lanes energy = sum * inverse;
    *slope = t2 * (t * (4 * p->quartic) + eqml__all(3 * p->cubic)) - (energy + rates) * inverse;
    return energy + (t2 * t * (t * p->quartic + eqml__all(p->cubic)) + eqml__all(p->constant));
}

/* The energy of two atoms, hartree, at a distance in bohr; *slope, where it is not NULL, its derivative. */
EQML_FUNCTION double eqml_pair_energy(const eqml_pair_reference *p, double r, double *slope)
{
    if (r >= p->outer) {
        if (slope)
            *slope = 0;
        return 0;
    }
    eqml_lanes d;
    const eqml_lanes e = eqml__pair_energies(p, eqml__all(r), eqml__all(1 / r), &d);
    if (slope)
        *slope = ((const double *)(const void *)&d)[0];
    return ((const double *)(const void *)&e)[0];
}

/* Some neighbours of one atom, of one species; lanes that are not taken are at `outer`. */
typedef struct eqml__repelled {
    int count, index[EQML_LANES];
    double r[3][EQML_LANES] EQML_ALIGNED;
} eqml__repelled;

/* Half of each pair's energy and derivatives: the other atom of the pair gives the other half. */
EQML_INLINE void eqml__pairs_flush(const eqml_pair_reference *p, size_t i, const eqml__repelled *x,
                                   const eqml_cloud_result *result)
{
    double energies[EQML_LANES] EQML_ALIGNED, factors[EQML_LANES] EQML_ALIGNED;
    double square[EQML_LANES] EQML_ALIGNED;
    eqml_lanes r, inverse, slope, square_lanes;
    for (int k = 0; k < EQML_LANES; k++)
        square[k] = k < x->count ? x->r[0][k] * x->r[0][k] + x->r[1][k] * x->r[1][k] + x->r[2][k] * x->r[2][k]
                                 : p->outer * p->outer;
    square_lanes = eqml__load(square);
    eqml__distances_lanes(1, &square_lanes, &r, &inverse);
    eqml__store(energies, eqml__pair_energies(p, r, inverse, &slope) * 0.5);
    eqml__store(factors, slope * inverse * 0.5);
    for (int k = 0; k < x->count; k++) {
        const double d[3] = {x->r[0][k], x->r[1][k], x->r[2][k]}, f = factors[k];
        if (result->energy)
            *result->energy += energies[k];
        if (result->energies)
            result->energies[i] += energies[k];
        for (size_t e = 0; e < 3 && result->forces; e++) {
            result->forces[3 * i + e] += f * d[e];
            result->forces[3 * (size_t)x->index[k] + e] -= f * d[e];
        }
        if (result->virial) {
            const double products[6] = {d[0] * d[0], d[1] * d[1], d[2] * d[2],
                                        d[1] * d[2], d[0] * d[2], d[0] * d[1]};
            for (int e = 0; e < 6; e++)
                result->virial[e] -= f * products[e];
        }
    }
}

EQML_FUNCTION void eqml_pairs_add(int nspecies, const eqml_pair_reference *pairs, const eqml_neighbours *list,
                                  const int *species, const eqml_cloud_result *result)
/*
 * Adds what the pairs give to results, which hold numbers before. The list must reach as far as eqml_pairs_reach, and may
 * reach farther; species[natoms] are below nspecies. pairs may be NULL: then nothing is added.
 */
{
    const double reach = eqml_pairs_reach(nspecies, pairs);
    eqml__repelled x;
    if (reach <= 0)
        return;
    for (size_t i = 0; i < list->natoms; i++)
        for (int z = 0; z < nspecies; z++) {
            const eqml_pair_reference *p = &pairs[eqml_pair(species[i], z)];
            const double outer2 = p->outer * p->outer;
            x.count = 0;
            for (size_t k = list->first[i]; k < list->first[i + 1]; k++) {
                const double *r = list->vector[k];
                if (r[0] * r[0] + r[1] * r[1] + r[2] * r[2] >= outer2 || species[list->index[k]] != z)
                    continue;
                for (int d = 0; d < 3; d++)
                    x.r[d][x.count] = r[d];
                x.index[x.count++] = list->index[k];
                if (x.count == EQML_LANES) {
                    eqml__pairs_flush(p, i, &x, result);
                    x.count = 0;
                }
            }
            if (x.count)
                eqml__pairs_flush(p, i, &x, result);
        }
}

#endif /* EQML__CLOUD_PAIRS_H */
