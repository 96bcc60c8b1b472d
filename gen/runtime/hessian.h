/* Hessians. */
#ifndef EQML__HESSIAN_H
#define EQML__HESSIAN_H
#include "one.h"

/*
 * Derivatives along a direction in each lane, by the table of operations: those of all slots (tangents) from those of
 * the pair variables, by the first noperations; then those of the adjoints.
 */
EQML_FUNCTION void eqml__tangent_forward(const eqml_basis *b, int noperations, const double *slots,
                                         eqml_lanes *tangents)
{
    memset(tangents + b->npairs, 0, sizeof(eqml_lanes) * (size_t)(b->nslots - b->npairs));
    for (int k = 0; k < noperations;) {
        const unsigned short *o = b->operations[k];
        const unsigned target = o[0];
        eqml_lanes sum = tangents[target];
        for (; k < noperations && o[0] == target; k++, o += 3)
            sum += tangents[o[1]] * slots[o[2]] + tangents[o[2]] * slots[o[1]];
        tangents[target] = sum;
    }
}

EQML_FUNCTION void eqml__tangent_reverse(const eqml_basis *b, const double *slots, const double *adjoints,
                                         const eqml_lanes *tangents, eqml_lanes *changes)
{
    memset(changes, 0, sizeof(eqml_lanes) * (size_t)b->factor0);
    for (int k = b->noperations - 1; k >= 0; k--) {
        const unsigned short *o = b->operations[k];
        const eqml_lanes c = changes[o[0]];
        const double a = adjoints[o[0]];
        changes[o[1]] += c * slots[o[2]] + tangents[o[2]] * a;
        changes[o[2]] += c * slots[o[1]] + tangents[o[1]] * a;
    }
}

/* d r_p / d x for the directions [first, first + EQML_LANES), a direction being one Cartesian coordinate. */
EQML_INLINE eqml_lanes eqml__stretch(const eqml_basis *b, const double *pair, int stride, int p, int first)
{
    double part[EQML_LANES] EQML_ALIGNED = {0};
    for (int end = 0; end < 2; end++)
        for (int k = 0; k < 3; k++) {
            int lane = 3 * b->pairs[p][end] + k - first;
            double unit = pair[k * stride + p] * pair[3 * stride + p];
            if (lane >= 0 && lane < EQML_LANES)
                part[lane] = end ? -unit : unit;
        }
    return eqml__load(part);
}

#define EQML_WORK_HESSIAN(nslots, npairs) (EQML_WORK_ONE(nslots, npairs) + 32 * EQML_ROUND(nslots))

/* The changes of the adjoints of the factors of a leverage, from the tangents of these. */
EQML_FUNCTION void eqml__leverage_tangent(const eqml_wall *w, int nfactors, const eqml_lanes *f,
                                          eqml_lanes *g)
{
    const int stride = EQML_ROUND(w->nfeatures);
    for (int k = 0; k < nfactors; k++)
        g[k] = eqml__all(0);
    for (int i = 0; i < w->nfeatures; i++) {
        eqml_lanes z = eqml__all(0);
        for (int j = 0; j <= i; j++)
            z += f[w->features[j]] * w->whiten[j * stride + i];
        for (int j = 0; j <= i; j++)
            g[w->features[j]] += z * (2 * w->whiten[j * stride + i]);
    }
}

/*
 * Adds to hessian[n][n] scale times the second derivatives of the energy or, where there is one, of the leverage of a
 * wall. Work is that of eqml_energy_hessian, with the slots, the adjoints, and the pairs in it; needed: the operations up
 * to the last factor whose adjoint is not constant.
 */
EQML_FUNCTION void eqml__add_hessian(const eqml_model *m, const eqml_wall *wall, double scale, int needed,
                                     double *hessian, double *work)
{
    const eqml_basis *b = m->basis;
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(b->nslots), n = 3 * b->natoms;
    const double *slots = work, *adjoints = work + room, *pair = work + 3 * room;
    eqml_lanes *start = (eqml_lanes *)(void *)(work + EQML_WORK_ONE(b->nslots, b->npairs));
    eqml_lanes *tangent[2] = {start, start + room}, *change[2] = {start + 2 * room, start + 3 * room};
    eqml_lanes *f[2] = {tangent[0] + b->factor0, tangent[1] + b->factor0}, unused[2];
    eqml_lanes *g[2] = {change[0] + b->factor0, change[1] + b->factor0};
    for (int first = 0; first < n; first += EQML_LANES) {
        const int lanes = n - first < EQML_LANES ? n - first : EQML_LANES;
        const int group = first / EQML_LANES % 2;
        eqml_lanes *changes = change[group];
        if (group == 0) { /* the kernel of the form takes two groups of directions */
            for (int k = 0; k < 2; k++) {
                for (int p = 0; p < b->npairs; p++)
                    tangent[k][p] =
                        eqml__stretch(b, pair, stride, p, first + k * EQML_LANES) * pair[4 * stride + p];
                eqml__tangent_forward(b, needed, slots, tangent[k]);
            }
            if (wall)
                eqml__leverage_tangent(wall, b->nfactors, f[0], g[0]),
                    eqml__leverage_tangent(wall, b->nfactors, f[1], g[1]);
            else
                eqml__form_lanes(b, b->nfactors, NULL, m->packed, f, g, unused);
        }
        eqml__tangent_reverse(b, slots, adjoints, tangent[group], changes);
        for (int p = 0; p < b->npairs; p++) {
            double y[3], inverse = pair[3 * stride + p], slope = pair[4 * stride + p];
            eqml__variable(&m->variables[b->pair_classes[p]], m->rates[p], pair[5 * stride + p], y);
            /* force = dV/dr; along a direction, d(force u) = (dforce - force stretch/r) u + force dx/r */
            const double force = adjoints[p] * slope;
            const eqml_lanes stretch = eqml__stretch(b, pair, stride, p, first);
            const eqml_lanes bend = changes[p] * slope + stretch * (adjoints[p] * y[2] - force * inverse);
            const int i = 3 * b->pairs[p][0], j = 3 * b->pairs[p][1];
            double along[EQML_LANES];
            eqml__store(along, bend);
            for (int lane = 0; lane < lanes; lane++) {
                double *row = hessian + (first + lane) * n;
                for (int k = 0; k < 3; k++) {
                    double unit = pair[k * stride + p] * inverse;
                    double part = along[lane] * unit +
                                  ((first + lane == i + k) - (first + lane == j + k)) * force * inverse;
                    row[i + k] += scale * part;
                    row[j + k] -= scale * part;
                }
            }
        }
    }
}

/* What comes after the Hessian of the fitted energy, where there is a wall: inside nothing. Work as above. */
EQML_NOINLINE double eqml__put_wall_hessian(const eqml_model *m, const double *xyz, double energy,
                                            double *gradient, double *hessian, double *work)
{
    const eqml_basis *b = m->basis;
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(b->nslots), n = 3 * b->natoms;
    double *slots = work, *adjoints = work + room, *pair = work + 3 * room, *sum = pair + 6 * stride;
    double z[EQML_WALL_FEATURES];
    const double h = eqml__leverage_one(m->wall, slots + b->factor0, z);
    if (!(h > 1))
        return energy;
    const eqml__walled e = eqml__raise_wall(m->wall, energy, h);
    eqml__leverage_reverse(m->wall, b, slots, z, adjoints);
    eqml__leverage_gradient(b, xyz, adjoints, pair, stride, sum);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const double hi = sum[i / 3 * 4 + i % 3], hj = sum[j / 3 * 4 + j % 3], old = hessian[i * n + j];
            hessian[i * n + j] = e.hh * hi * hj;
            if (e.v > 0)
                hessian[i * n + j] += e.v * old + e.vv * gradient[i] * gradient[j] +
                                      e.vh * (gradient[i] * hj + hi * gradient[j]);
        }
    for (int k = 0; k < n; k++)
        gradient[k] = (e.v > 0 ? e.v * gradient[k] : 0) + e.h * sum[k / 3 * 4 + k % 3];
    eqml__add_hessian(m, m->wall, e.h, b->noperations, hessian, work);
    return e.energy;
}

/*
 * Energy, gradient[natoms][3] and hessian[3 natoms][3 natoms] (hartree/bohr^2) of one geometry, analytic:
 * the reverse sweep differentiated forward, with the directions in lanes.
 * work: EQML_WORK_HESSIAN(nslots, npairs) doubles, 64-byte aligned.
 */
EQML_FUNCTION double eqml_energy_hessian(const eqml_model *m, const double *xyz, double *gradient,
                                         double *hessian, double *work)
{
    const eqml_basis *b = m->basis;
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(b->nslots), n = 3 * b->natoms;
    double *slots = work, *adjoints = work + room, *sums = work + 2 * room, *pair = work + 3 * room;
    int needed = b->noperations;
    double energy;
    eqml__pairs_one(m, xyz, adjoints, pair, stride);
    for (int p = 0; p < b->npairs; p++)
        slots[p] = adjoints[p];
    eqml__forward_one(m, slots);
    energy = eqml__potential_one(m, slots, adjoints, sums);
    eqml__scatter(b, xyz, adjoints, pair, stride, pair + 6 * stride, gradient);
    while (needed > 0 && b->operations[needed - 1][0] >= b->factor0 + b->nvalues)
        needed--; /* the last ones make factors whose adjoints are constant */
    for (int k = 0; k < n * n; k++)
        hessian[k] = 0;
    eqml__add_hessian(m, NULL, 1, needed, hessian, work);
    return m->wall ? eqml__put_wall_hessian(m, xyz, energy, gradient, hessian, work) : energy;
}

#endif /* EQML__HESSIAN_H */
