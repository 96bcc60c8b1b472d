/* Dipoles, quadrupoles and polarizabilities, and their Jacobians. */
#ifndef EQML__KERNEL_TENSOR_H
#define EQML__KERNEL_TENSOR_H
#include "one.h"

/*
 * A tensor is T = sum_x q_x B_x (and Q R for the dipole): effective charges times what atoms carry, r_i - R,
 * or pairs of atoms, or the unit tensor. The charges are q_x = sum_v P_v X_v(x), P_v the rows of coefficients
 * times the factors, X_v(x) a slot: one multiply-add a term, one an element, and a few for the tensor itself,
 * whatever its rank. Components are x y z, or xx xy xz yy yz zz.
 */

/* What carries the tensor: atoms, or pairs and behind them the unit tensor. */
#define EQML_CARRIERS(kind, npairs, natoms) ((kind) == EQML_DIPOLE ? (natoms) : (npairs) + 1)

/* Room for a tensor of one geometry, in doubles: slots and adjoints, pairs, P_v (and one more, for rows that
 * are not used), charges, what is carried. */
#define EQML_WORK_TENSOR(kind, nslots, npairs, nvectors, natoms)                                             \
    (EQML_WORK_ONE(nslots, npairs) + EQML_ROUND((nvectors) + 1) +                                            \
     EQML_ROUND((1 + EQML_COMPONENTS(kind)) * EQML_CARRIERS(kind, npairs, natoms)))

#include "kernel/of_one.inc"
#include "kernel/tensor.inc"
#include "kernel/of_lanes.inc"
#include "kernel/tensor.inc"
#include "kernel/of_none.inc"

/* P_v of four rows of coefficients c. */
EQML_INLINE void eqml__four_weights_one(const eqml_rows *rows, const eqml_tile *tiles, const double *c,
                                        const double *f, double *weights)
{
    eqml__inner sum[4];
    double total[4];
    for (int row = 0; row < 4; row++)
        sum[row] = eqml__all_inner(0);
    for (int t = 0; t < rows->ntiles; t++)
        eqml__columns_one(c + 16 * t, f + tiles[t].first, NULL, sum, sum);
    eqml__four_sums(sum, total);
    for (int row = 0; row < 4; row++)
        weights[rows->row[row]] = total[row];
}

/* P_v for one geometry. weights[nvectors + 1] */
EQML_INLINE void eqml__weights_one(const eqml_tensor_basis *t, const double *coefficients, const double *f,
                                   double *weights)
{
    int tile = 0;
    EQML__EACH(r, t->nrows, t->ntiles <= EQML__SHORT_ONE, {
        eqml__four_weights_one(t->rows + r, t->tiles + tile, coefficients + 16 * tile, f, weights);
        tile += t->rows[r].ntiles;
    });
}

/* The same for a geometry in each lane. */
EQML_INLINE void eqml__weights_lanes(const eqml_tensor_basis *t, const double *coefficients,
                                     const eqml_lanes *f, eqml_lanes *weights)
{
    const eqml_tile *tile = t->tiles;
    const double *c = coefficients;
    for (const eqml_rows *rows = t->rows; rows < t->rows + t->nrows; rows++) {
        eqml_lanes s0 = eqml__all(0), s1 = s0, s2 = s0, s3 = s0;
        for (const eqml_tile *end = tile + rows->ntiles; tile < end; tile++, c += 16)
            for (int column = 0; column < 4; column++) {
                if (!(tile->columns >> column & 1))
                    continue;
                const eqml_lanes x = f[tile->first + column];
                s0 = eqml__fma(eqml__all(c[column]), x, s0);
                s1 = eqml__fma(eqml__all(c[4 + column]), x, s1);
                s2 = eqml__fma(eqml__all(c[8 + column]), x, s2);
                s3 = eqml__fma(eqml__all(c[12 + column]), x, s3);
            }
        weights[rows->row[0]] = s0, weights[rows->row[1]] = s1;
        weights[rows->row[2]] = s2, weights[rows->row[3]] = s3;
    }
}

/*
 * A tensor of one geometry: the dipole (e*bohr) with respect to the origin of its coordinates, the quadrupole
 * (e*bohr^2) with respect to R, the polarizability (bohr^3). With `energy` not NULL also the energy, and
 * gradient[natoms][3] where that is not NULL: all share distances, variables and factors. The basis and the
 * model must have the tensor. work: EQML_WORK_TENSOR(kind, nslots of the tensor, npairs, nvectors, natoms)
 * doubles, 64-byte aligned.
 */
EQML_INLINE void eqml_tensor_value(const eqml_model *m, eqml_tensor kind, const double *xyz, double *energy,
                                   double *gradient, double *value, double *work)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const int carriers = EQML_CARRIERS(kind, b->npairs, b->natoms);
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(t->nslots);
    double *slots = work, *adjoints = work + room, *sums = work + 2 * room, *pair = work + 3 * room;
    double *weights = work + EQML_WORK_ONE(t->nslots, b->npairs);
    double *charges = weights + EQML_ROUND(t->nvectors + 1), *carried = charges + carriers;
    eqml__pairs_one(m, xyz, slots, pair, stride);
    eqml__forward_one(m, slots);
    if (energy)
        *energy = eqml__potential_one(m, slots, gradient ? adjoints : NULL, sums);
    if (energy && gradient)
        eqml__scatter(b, xyz, adjoints, pair, stride, pair + 6 * stride, gradient);
    if (energy && m->wall)
        *energy = eqml__put_wall(m, xyz, slots, adjoints, pair, stride, *energy, gradient);
    eqml__tensor_slots_one(b, t, slots);
    eqml__weights_one(t, m->tensors[kind], slots + b->factor0, weights);
    eqml__charges_one(b, t, carriers, slots, weights, charges);
    eqml__carried_one(b, kind, xyz, pair, stride, 1, carried);
    eqml__collect_one(m, kind, xyz, charges, carried, value);
}

/* ---- their Jacobians ---------------------------------------------------------------------------------- */

/*
 * A reverse sweep for each component: the adjoint of P_v is the number D_v of that component, and that of a
 * slot X_v(x) is weights[v] B_x. In a batch lanes are geometries and each component has a row of its own; for
 * one geometry components are lanes, and all else is the same in all of them.
 */
EQML_INLINE int eqml__jacobian_rows(eqml_tensor kind, int one)
{
    return one ? (EQML_COMPONENTS(kind) + EQML_LANES - 1) / EQML_LANES : EQML_COMPONENTS(kind);
}

/* Room in eqml_lanes: slots and adjoints, pairs (five numbers each), weights, charges, and rows of what is
 * carried, of tensor factors, of steps (3 rows each) and of Cartesian derivatives. */
#define EQML_WORK_JACOBIAN(kind, nslots, npairs, nvectors, natoms)                                           \
    (2 * (nslots) + 5 * (npairs) + (1 + EQML_COMPONENTS(kind)) * ((nvectors) + 1) +                          \
     (1 + 4 * EQML_COMPONENTS(kind)) * EQML_CARRIERS(kind, npairs, natoms) +                                 \
     3 * (natoms) * (1 + EQML_COMPONENTS(kind)))

/* Where things are in that room. */
typedef struct eqml__jacobian {
    int rows, carriers;
    eqml_lanes *slots, *adjoints;  /* [nslots] */
    eqml_lanes (*pair)[5];         /* [npairs] x_i - x_j, 1/r, dy/dr */
    eqml_lanes *weights, *charges; /* [nvectors + 1], [carriers] */
    eqml_lanes *carried, *vectors; /* [carriers][rows], [nvectors + 1][rows] */
    eqml_lanes *steps;             /* [carriers][3][rows] */
    eqml_lanes *sum, *x;           /* [rows][3 natoms], [3 natoms] */
} eqml__jacobian;

EQML_INLINE eqml__jacobian eqml__lay_out_jacobian(const eqml_basis *b, eqml_tensor kind, int one,
                                                  eqml_lanes *work)
{
    const eqml_tensor_basis *t = b->tensors[kind];
    eqml__jacobian j;
    j.rows = eqml__jacobian_rows(kind, one);
    j.carriers = EQML_CARRIERS(kind, b->npairs, b->natoms);
    j.slots = work;
    j.adjoints = j.slots + t->nslots;
    j.pair = (eqml_lanes(*)[5])(void *)(j.adjoints + t->nslots);
    j.weights = j.adjoints + t->nslots + 5 * b->npairs;
    j.charges = j.weights + t->nvectors + 1;
    j.carried = j.charges + j.carriers;
    j.vectors = j.carried + j.carriers * j.rows;
    j.steps = j.vectors + (t->nvectors + 1) * j.rows;
    j.sum = j.steps + 3 * j.carriers * j.rows;
    j.x = j.sum + 3 * b->natoms * j.rows;
    return j;
}

/* Components into lanes, zero past the last. */
EQML_INLINE void eqml__put_components(int components, int rows, const double *from, eqml_lanes *to)
{
    for (int row = 0; row < rows; row++) {
        double part[EQML_LANES] EQML_ALIGNED;
        for (int lane = 0; lane < EQML_LANES; lane++)
            part[lane] = row * EQML_LANES + lane < components ? from[row * EQML_LANES + lane] : 0;
        to[row] = eqml__load(part);
    }
}

/* Adds to the adjoints of what the operations read, in reverse. */
EQML_FUNCTION void eqml__add_reverse(int noperations, const unsigned short (*operations)[3],
                                     const eqml_lanes *slots, eqml_lanes *adjoints)
{
    for (int k = noperations - 1; k >= 0; k--) {
        const unsigned short *o = operations[k];
        const eqml_lanes a = adjoints[o[0]];
        adjoints[o[1]] = eqml__fma(a, slots[o[2]], adjoints[o[1]]);
        adjoints[o[2]] = eqml__fma(a, slots[o[1]], adjoints[o[2]]);
    }
}

/* Adjoints of the slots for one row of components. */
EQML_INLINE void eqml__tensor_adjoints(const eqml_model *m, eqml_tensor kind, const eqml__jacobian *j,
                                       int row)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const eqml_lanes *d = j->vectors + row, *slots = j->slots;
    eqml_lanes *a = j->adjoints, *g = a + b->factor0;
    const double *c = m->tensors[kind];
    memset(a, 0, sizeof(eqml_lanes) * (size_t)t->nslots);
    const eqml_tile *tile = t->tiles;
    for (const eqml_rows *rows = t->rows; rows < t->rows + t->nrows; rows++) {
        const eqml_lanes d0 = d[j->rows * rows->row[0]], d1 = d[j->rows * rows->row[1]];
        const eqml_lanes d2 = d[j->rows * rows->row[2]], d3 = d[j->rows * rows->row[3]];
        for (const eqml_tile *end = tile + rows->ntiles; tile < end; tile++, c += 16)
            for (int column = 0; column < 4; column++) {
                eqml_lanes *to = g + tile->first + column;
                if (!(tile->columns >> column & 1))
                    continue;
                const eqml_lanes even =
                    eqml__fma(eqml__all(c[column]), d0, eqml__fma(eqml__all(c[4 + column]), d1, *to));
                *to = eqml__fma(eqml__all(c[8 + column]), d2, eqml__fma(eqml__all(c[12 + column]), d3, even));
            }
    }
    for (int p = 0; p < t->nproducts; p++)
        g[t->products[p][1]] =
            eqml__fma(j->weights[t->products[p][0]], d[j->rows * t->products[p][2]], g[t->products[p][1]]);
    for (int e = 0; e < t->nelements; e++) {
        eqml_lanes *to = a + t->elements[e][1];
        *to = eqml__fma(j->weights[t->elements[e][0]], j->carried[j->rows * t->elements[e][2] + row], *to);
    }
    if (t->reverse_lanes) {
        t->reverse_lanes(slots, a);
        return;
    }
    eqml__add_reverse(t->noperations, t->operations, slots, a);
    eqml__add_reverse(b->noperations, b->operations, slots, a);
}

/* The Jacobian from slots, pairs, folded weights, charges, carried tensors and their steps, into sum[rows][3
 * natoms]. */
EQML_INLINE void eqml__jacobian_lanes(const eqml_model *m, eqml_tensor kind, const eqml__jacobian *j)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    eqml__vectors_lanes(b, t, j->rows, j->slots, j->carried, j->vectors);
    for (int row = 0; row < j->rows; row++) {
        eqml_lanes *sum = j->sum + 3 * b->natoms * row, total = eqml__all(0);
        eqml__tensor_adjoints(m, kind, j, row);
        for (int k = 0; k < 3 * b->natoms; k++)
            sum[k] = eqml__all(0);
        for (int p = 0; p < b->npairs; p++) {
            const eqml_lanes force = j->adjoints[p] * j->pair[p][4] * j->pair[p][3];
            eqml_lanes *to = sum + 3 * b->pairs[p][0], *from = sum + 3 * b->pairs[p][1];
            for (int k = 0; k < 3; k++) {
                eqml_lanes step = force * j->pair[p][k];
                if (kind != EQML_DIPOLE)
                    step = eqml__fma(j->charges[p], j->steps[(3 * p + k) * j->rows + row], step);
                to[k] += step;
                from[k] -= step;
            }
        }
        if (kind != EQML_DIPOLE)
            continue;
        for (int i = 0; i < b->natoms; i++) {
            total += j->charges[i];
            for (int k = 0; k < 3; k++)
                sum[3 * i + k] = eqml__fma(j->charges[i], j->steps[k * j->rows + row], sum[3 * i + k]);
        }
        total = (m->charge - total) * (1.0 / t->nreference);
        for (int a = 0; a < t->nreference; a++)
            for (int k = 0; k < 3; k++)
                sum[3 * t->reference[a] + k] += total * j->steps[k * j->rows + row];
    }
}

/*
 * A tensor of one geometry and jacobian[components][natoms][3]. work: as in eqml_tensor_value; lanes:
 * EQML_WORK_JACOBIAN(kind, nslots of the tensor, npairs, nvectors, natoms) eqml_lanes.
 */
EQML_INLINE void eqml_tensor_jacobian(const eqml_model *m, eqml_tensor kind, const double *xyz, double *value,
                                      double *jacobian, double *work, eqml_lanes *lanes)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const eqml__jacobian j = eqml__lay_out_jacobian(b, kind, 1, lanes);
    const int stride = EQML_ROUND(b->npairs), components = EQML_COMPONENTS(kind), n = 3 * b->natoms;
    const double *slots = work, *pair = work + 3 * EQML_ROUND(t->nslots);
    const double *weights = work + EQML_WORK_ONE(t->nslots, b->npairs);
    const double *charges = weights + EQML_ROUND(t->nvectors + 1), *carried = charges + j.carriers;
    eqml_tensor_value(m, kind, xyz, NULL, NULL, value, work);
    for (int k = 0; k < t->nslots; k++)
        j.slots[k] = eqml__all(slots[k]);
    for (int p = 0; p < b->npairs; p++)
        for (int k = 0; k < 5; k++)
            j.pair[p][k] = eqml__all(pair[k * stride + p]);
    for (int v = 0; v < t->nvectors; v++)
        j.weights[v] = eqml__all(weights[v]);
    for (int x = 0; x < j.carriers; x++) {
        j.charges[x] = eqml__all(charges[x]);
        eqml__put_components(components, j.rows, carried + components * x, j.carried + j.rows * x);
    }
    for (int k = 0; k < 3 && kind == EQML_DIPOLE; k++) {
        const double unit[3] = {(double)(k == 0), (double)(k == 1), (double)(k == 2)};
        eqml__put_components(3, j.rows, unit, j.steps + k * j.rows);
    }
    for (int p = 0; p < b->npairs && kind != EQML_DIPOLE; p++) {
        const double d[3] = {pair[p], pair[stride + p], pair[2 * stride + p]};
        double steps[18];
        eqml__steps_one(kind, d, steps);
        for (int k = 0; k < 3; k++)
            eqml__put_components(6, j.rows, steps + 6 * k, j.steps + (3 * p + k) * j.rows);
    }
    eqml__jacobian_lanes(m, kind, &j);
    for (int c = 0; c < components; c++) {
        const double *from = (const double *)(const void *)(j.sum + c / EQML_LANES * n) + c % EQML_LANES;
        for (int k = 0; k < n; k++)
            jacobian[c * n + k] = from[k * EQML_LANES];
    }
}

/*
 * Tensors of up to EQML_LANES geometries: value[count][components], and where that is not NULL
 * jacobian[count][components][natoms][3]. work: EQML_WORK_JACOBIAN eqml_lanes.
 */
EQML_INLINE void eqml__tensor_step(const eqml_model *m, eqml_tensor kind, int count, const double *xyz,
                                   double *value, double *jacobian, eqml_lanes *work)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const eqml__jacobian j = eqml__lay_out_jacobian(b, kind, 0, work);
    const int n = j.rows * 3 * b->natoms;
    eqml_lanes total[6];
    const eqml_lanes *const x[1] = {j.x};
    eqml_lanes *const slots[1] = {j.slots}, (*const pair[1])[5] = {j.pair};
    eqml__to_lanes(3 * b->natoms, count, xyz, j.x);
    eqml__pairs_lanes(m, 1, x, slots, pair);
    eqml__forward_lanes(m, 1, &j.slots);
    eqml__tensor_slots_lanes(b, t, j.slots);
    eqml__weights_lanes(t, m->tensors[kind], j.slots + b->factor0, j.weights);
    eqml__charges_lanes(b, t, j.carriers, j.slots, j.weights, j.charges);
    eqml__carried_lanes(b, kind, j.x, j.pair[0], 1, 5, j.carried);
    eqml__collect_lanes(m, kind, j.x, j.charges, j.carried, total);
    for (int c = 0; c < j.rows; c++) {
        double part[EQML_LANES] EQML_ALIGNED;
        eqml__store(part, total[c]);
        for (int lane = 0; lane < count; lane++)
            value[j.rows * lane + c] = part[lane];
    }
    if (!jacobian)
        return;
    for (int k = 0; k < 9 && kind == EQML_DIPOLE; k++)
        j.steps[k] = eqml__all(k % 4 == 0);
    for (int p = 0; p < b->npairs && kind != EQML_DIPOLE; p++)
        eqml__steps_lanes(kind, j.pair[p], j.steps + 18 * p);
    eqml__jacobian_lanes(m, kind, &j);
    for (int k = 0; k < n; k++) {
        double part[EQML_LANES] EQML_ALIGNED;
        eqml__store(part, j.sum[k]);
        for (int lane = 0; lane < count; lane++)
            jacobian[(size_t)lane * (size_t)n + (size_t)k] = part[lane];
    }
}

#endif /* EQML__KERNEL_TENSOR_H */
