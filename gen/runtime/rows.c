/* The rows of a fit: what one geometry says. */
#ifndef EQML__ROWS_C
#define EQML__ROWS_C
#include "fit.h"
#include "select.h"
#include "one.h"
#include "hessian.h"
#include "kernel/tensor.h"
#include "surface.c"
#include "lsq.c"

/* Slots of the potential and of any tensor. */
static int eqml__most_slots(const eqml_basis *b)
{
    int most = b->nslots;
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k] && b->tensors[k]->nslots > most)
            most = b->tensors[k]->nslots;
    return most;
}

/* Room for energies, gradients and tensors of one geometry, and for the rows of their fits, in doubles. */
static size_t eqml__most_work(const eqml_basis *b)
{
    size_t most = (size_t)EQML_WORK_ONE(eqml__most_slots(b), b->npairs);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const eqml_tensor_basis *t = b->tensors[k];
        if (!t)
            continue;
        const size_t work =
            (size_t)EQML_WORK_TENSOR(k, eqml__most_slots(b), b->npairs, t->nvectors, b->natoms) +
            (size_t)EQML_COMPONENTS(k) * ((size_t)t->nvectors + 1);
        most = work > most ? work : most;
    }
    return most;
}

/* Working memory of a fit. */
typedef struct eqml__fitter {
    eqml_surface *surface;
    const eqml_data *data;
    const eqml_fit_options *options;
    double *one;          /* [eqml__most_work] slots, variables, pairs */
    eqml_lanes *tangents; /* [nslots] */
    double *directions;   /* [3 natoms][3 natoms] rows: internal displacements */
    double *coefficients; /* [nterms] */
    double *mean;         /* [nfactors] */
    int *level;           /* [nfactors] the pass in which the mean is found */
    double *spread;       /* [EQML__SPREAD npairs] of pairs, see eqml__freeze */
    double *frozen;       /* [npairs] the variable of a pair whose distance is constant, HUGE_VAL of others */
    int nfrozen;          /* how many are constant */
    bool rounding;        /* some are, or some factor: the rank is decided as EQML__LEAST says */
    double squares;       /* the sum of the squared weights of geometries */
    eqml_lsq *lsq;
    size_t count;          /* training geometries */
    int wanted;            /* EQML_HAS_ENERGY or that of a tensor: what a geometry must have */
    eqml_tensor kind;      /* of this */
    size_t without_dipole; /* the geometry, from 1, whose quadrupole cannot be moved to R */
    double emin;
    const double *energy, *gradient; /* what is fitted: the data, or their difference to the reference */
    double shift;                    /* subtracted from these energies */
    eqml_problem *problem;           /* receives the triangle, unless null */
} eqml__fitter;

struct eqml_problem {
    const eqml_basis *basis;
    eqml_surface surface; /* variables, offsets */
    eqml_lsq *lsq;        /* all rows, folded */
    double shift;         /* what was subtracted from the energies */
    double ridge;
};

static bool eqml__trains(const eqml__fitter *w, size_t g)
{
    return (!w->options->use || w->options->use[g]) && (w->data->has[g] & w->wanted);
}

/*
 * Constant distances. Bonds of rigid monomers and constrained scans do not vary, but for the digits of the
 * data; nothing may be learnt from these. A pair is constant if its distance varies over the training
 * geometries by at most this, relative to its mean: 6 decimals in angstrom leave up to 3.5e-6 angstrom between
 * two distances, 5e-6 of the shortest bond, H-H. Motion that data mean to show is larger: displacements of
 * finite differences are 1e-3 bohr or more. The fit takes the pair variable at its mean, so that what depends
 * on it only is constant to the last digit and depends linearly on other columns to the last digit.
 */
#define EQML__CONSTANT 1e-5

/*
 * Then the rank is decided by rounding errors of the factors, which are in proportion to the size of what is
 * added up, shifts included, not to what the shift leaves. Columns are scaled by at least EQML__LEAST of that
 * size. Rounding errors are less than EQML__NOISE of it after that, and no column of theirs takes part.
 */
#define EQML__LEAST 1e-3
#define EQML__NOISE 1e-11

enum { EQML__SPREAD = 5 }; /* of a pair: least and largest distance, sums of y and 1, largest |y| */

static double eqml__distance(const double *xyz, const unsigned short *pair)
{
    double square = 0;
    for (int k = 0; k < 3; k++) {
        const double d = xyz[3 * pair[0] + k] - xyz[3 * pair[1] + k];
        square += d * d;
    }
    return sqrt(square);
}

static void eqml__clear_spread(const eqml_basis *b, double *spread)
{
    memset(spread, 0, EQML__SPREAD * sizeof(double) * (size_t)b->npairs);
    for (int p = 0; p < b->npairs; p++)
        spread[EQML__SPREAD * p] = HUGE_VAL;
}

/* Adds a geometry with pair variables y. */
static void eqml__add_spread(const eqml_basis *b, const double *xyz, const double *y, double *spread)
{
    for (int p = 0; p < b->npairs; p++, spread += EQML__SPREAD) {
        const double r = eqml__distance(xyz, b->pairs[p]);
        spread[0] = fmin(spread[0], r);
        spread[1] = fmax(spread[1], r);
        spread[2] += y[p];
        spread[3] += 1;
        spread[4] = fmax(spread[4], fabs(y[p]));
    }
}

static bool eqml__is_constant(const double *spread)
{
    return spread[1] - spread[0] <= EQML__CONSTANT * 0.5 * (spread[0] + spread[1]);
}

/* frozen[npairs] <- the mean of y where a pair is constant, else HUGE_VAL; the same for pairs of a class that
 * are equally long, whose difference is rounding too. Returns how many are. */
static int eqml__freeze(const eqml_basis *b, const double *spread, double *frozen)
{
    int count = 0;
    for (int p = 0; p < b->npairs; p++) {
        const double *own = spread + EQML__SPREAD * p;
        const bool constant = own[3] > 0 && eqml__is_constant(own);
        frozen[p] = constant ? own[2] / own[3] : HUGE_VAL;
        count += constant;
        for (int q = 0; q < p && constant; q++) {
            const double *other = spread + EQML__SPREAD * q;
            const double both[2] = {fmin(own[0], other[0]), fmax(own[1], other[1])};
            if (b->pair_classes[q] == b->pair_classes[p] && eqml__is_constant(both)) {
                frozen[p] = frozen[q];
                break;
            }
        }
    }
    return count;
}

/* How many classes have constant pairs only. */
static int eqml__constant_classes(const eqml_basis *b, const double *frozen)
{
    int count = 0;
    for (int c = 0; c < b->npair_classes; c++) {
        bool constant = true;
        for (int p = 0; p < b->npairs; p++)
            constant = constant && (b->pair_classes[p] != c || frozen[p] < HUGE_VAL);
        count += constant;
    }
    return count;
}

/* The size of what is added up in each slot, from the largest |y| of each pair. */
static void eqml__slot_sizes(const eqml_model *m, const double *spread, double *slot)
{
    const eqml_basis *b = m->basis;
    for (int s = 0; s < b->nslots; s++)
        slot[s] = s < b->npairs ? spread[EQML__SPREAD * s + 4] : 0;
    slot[b->factor0] = 1;
    for (int k = 1; k < b->nfactors; k++)
        slot[b->factor0 + k] = fabs(m->offset[k]);
    for (int k = 0; k < b->noperations; k++)
        slot[b->operations[k][0]] += slot[b->operations[k][1]] * slot[b->operations[k][2]];
}

EQML_API int eqml_constant_pairs(const eqml_basis *basis, const eqml_data *data, const unsigned char *use,
                                 double *distance)
{
    int count = 0;
    for (int c = 0; c < basis->npair_classes; c++) {
        double sum = 0, number = 0;
        bool constant = true;
        for (int p = 0; p < basis->npairs; p++) {
            double spread[2] = {HUGE_VAL, 0};
            for (size_t g = 0; g < data->n && basis->pair_classes[p] == c; g++) {
                if (use && !use[g])
                    continue;
                const double *xyz = data->xyz + g * 3 * (size_t)basis->natoms;
                const double r = eqml__distance(xyz, basis->pairs[p]);
                spread[0] = fmin(spread[0], r);
                spread[1] = fmax(spread[1], r);
                sum += r;
                number++;
            }
            constant = constant && (basis->pair_classes[p] != c || eqml__is_constant(spread));
        }
        distance[c] = constant && number > 0 ? sum / number : 0;
        count += distance[c] > 0;
    }
    return count;
}

/* Slots of a geometry, at the beginning of work[eqml__most_work]; returns its pairs (see eqml__pairs_one).
 * Variables of pairs are replaced where frozen[npairs] is finite; it may be null. */
static double *eqml__model_slots(const eqml_model *m, const double *xyz, const double *frozen, double *work)
{
    const eqml_basis *b = m->basis;
    const int room = EQML_ROUND(eqml__most_slots(b)), stride = EQML_ROUND(b->npairs);
    double *y = work + room, *pair = work + 2 * room;
    eqml__pairs_one(m, xyz, y, pair, stride);
    memcpy(work, y, (size_t)b->npairs * sizeof(double));
    for (int p = 0; frozen && p < b->npairs; p++)
        work[p] = frozen[p] < HUGE_VAL ? frozen[p] : work[p];
    eqml__table_forward_one(b, work, m->offset);
    return pair;
}

static double *eqml__fit_slots(eqml__fitter *w, size_t g)
{
    const eqml_model *m = &w->surface->model;
    return eqml__model_slots(m, w->data->xyz + g * 3 * (size_t)m->basis->natoms,
                             w->nfrozen ? w->frozen : NULL, w->one);
}

/* Finds the pairs whose distances are constant over the training geometries. */
static void eqml__find_frozen(eqml__fitter *w)
{
    const eqml_basis *b = w->surface->model.basis;
    const int stride = EQML_ROUND(b->npairs);
    eqml__clear_spread(b, w->spread);
    for (size_t g = 0; g < w->data->n; g++)
        if (eqml__trains(w, g)) {
            const double *xyz = w->data->xyz + g * 3 * (size_t)b->natoms;
            eqml__pairs_one(&w->surface->model, xyz, w->one, w->one + stride, stride);
            eqml__add_spread(b, xyz, w->one, w->spread);
        }
    w->nfrozen = eqml__freeze(b, w->spread, w->frozen);
}

/* A factor has level 0 if it is computed from intermediate values only, else one more than its factors. */
static int eqml__factor_levels(const eqml_basis *b, int *level)
{
    int highest = 0;
    memset(level, 0, (size_t)b->nfactors * sizeof *level);
    for (int k = 0; k < b->noperations; k++) {
        const int target = b->operations[k][0] - b->factor0;
        for (int side = 1; side < 3 && target >= 0; side++) {
            const int source = b->operations[k][side] - b->factor0;
            if (source > 0 && level[target] <= level[source])
                level[target] = level[source] + 1;
        }
        if (target >= 0 && level[target] > highest)
            highest = level[target];
    }
    return highest;
}

/* Shifts each factor to mean 0, level by level: a product of factors is shifted after its factors are. */
static void eqml__standardise(eqml__fitter *w)
{
    const eqml_basis *b = w->surface->model.basis;
    const int levels = eqml__factor_levels(b, w->level);
    memset(w->surface->offset, 0, (size_t)b->nfactors * sizeof(double)); /* of an earlier fit */
    for (int level = 0; level <= levels; level++) {
        size_t count = 0;
        memset(w->mean, 0, (size_t)b->nfactors * sizeof(double));
        for (size_t g = 0; g < w->data->n; g++) {
            if (!eqml__trains(w, g))
                continue;
            eqml__fit_slots(w, g);
            count++;
            for (int k = 1; k < b->nfactors; k++)
                w->mean[k] += w->one[b->factor0 + k];
        }
        for (int k = 1; k < b->nfactors; k++)
            if (w->level[k] == level)
                w->surface->offset[k] = -w->mean[k] / (double)count;
    }
    w->surface->standardised = 1;
}

/* Subtracts from v its part along each of the `count` orthonormal rows of q; returns the norm of the rest. */
static double eqml__orthogonalise(const double *q, int count, int n, double *v)
{
    double norm = 0;
    for (int twice = 0; twice < 2; twice++)
        for (int r = 0; r < count; r++) {
            double along = 0;
            for (int k = 0; k < n; k++)
                along += q[r * n + k] * v[k];
            for (int k = 0; k < n; k++)
                v[k] -= along * q[r * n + k];
        }
    for (int k = 0; k < n; k++)
        norm += v[k] * v[k];
    return sqrt(norm);
}

static int eqml__accept_direction(double *q, int count, int n, double least)
{
    double *v = q + count * n, norm = eqml__orthogonalise(q, count, n, v);
    if (norm < least)
        return count;
    for (int k = 0; k < n; k++)
        v[k] /= norm;
    return count + 1;
}

/*
 * Orthonormal displacements of a geometry: first rotations and translations, then the others; q[n][n], n = 3
 * natoms. *external: the number of the former, 6, or 5 for linear geometries. The rest completes the space:
 * at least one Cartesian direction keeps a norm of sqrt((n - count) / n) beside `count` directions.
 */
static void eqml__displacements(const double *xyz, int natoms, double *q, int *external)
{
    const int n = 3 * natoms;
    double centre[3] = {0, 0, 0}, size = 0;
    int count = 0;
    for (int k = 0; k < n; k++)
        centre[k % 3] += xyz[k] / natoms;
    for (int k = 0; k < n; k++)
        size += (xyz[k] - centre[k % 3]) * (xyz[k] - centre[k % 3]);
    for (int axis = 0; axis < 6; axis++) {
        double *v = q + count * n;
        const int i = axis % 3, j = (axis + 1) % 3;
        for (int a = 0; a < natoms; a++)
            for (int k = 0; k < 3; k++) {
                const double *x = xyz + 3 * a;
                double turn = k == i ? -(x[j] - centre[j]) : k == j ? x[i] - centre[i] : 0;
                v[3 * a + k] = axis < 3 ? (k == axis) : turn;
            }
        count = eqml__accept_direction(q, count, n, axis < 3 ? 0.5 : 1e-4 * sqrt(size));
    }
    *external = count;
    for (int k = 0; k < n && count < n; k++) {
        memset(q + count * n, 0, (size_t)n * sizeof(double));
        q[count * n + k] = 1;
        count = eqml__accept_direction(q, count, n, 1e-3);
    }
}

/* Whether some factor is the same in all training geometries, so that its shift leaves rounding errors only. With
 * two geometries the square of a shifted factor is. */
static bool eqml__is_rounding(eqml__fitter *w)
{
    const eqml_basis *b = w->surface->model.basis;
    const double *f = w->one + b->factor0;
    memset(w->mean, 0, (size_t)b->nfactors * sizeof(double)); /* the largest values */
    for (size_t g = 0; g < w->data->n; g++)
        if (eqml__trains(w, g)) {
            eqml__fit_slots(w, g);
            for (int k = 1; k < b->nfactors; k++)
                w->mean[k] = fmax(w->mean[k], fabs(f[k]));
        }
    eqml__slot_sizes(&w->surface->model, w->spread, w->one);
    for (int k = 1; k < b->nfactors; k++)
        if (!(w->mean[k] > 100 * DBL_EPSILON * f[k]))
            return true;
    return false;
}

static void eqml__energy_row(eqml__fitter *w, size_t g, double weight)
{
    const eqml_basis *b = w->surface->model.basis;
    const double *f = w->one + b->factor0;
    double *row = eqml_lsq_row(w->lsq);
    size_t k = 0;
    for (size_t i = 0; i < (size_t)b->nfactors; i++)
        if (eqml__is_term(b, i))
            row[k++] = weight * f[i];
    for (int r = 0; r < b->nruns; r++) {
        const double left = weight * f[b->runs[r][0]], *right = f + b->runs[r][1];
        for (int c = 0; c < b->runs[r][2]; c++)
            row[k++] = left * right[c];
    }
    row[k] = weight * (w->energy[g] - w->shift);
}

/* Where pairs or factors are constant, the least scale of columns of energies, see EQML__LEAST. */
static void eqml__energy_scales(eqml__fitter *w)
{
    if (!w->rounding)
        return;
    eqml__slot_sizes(&w->surface->model, w->spread, w->one);
    eqml__energy_row(w, 0, EQML__LEAST * sqrt(w->squares));
    memcpy(w->lsq->least, eqml_lsq_row(w->lsq), (size_t)w->lsq->ncols * sizeof(double));
    w->lsq->tolerance = EQML__NOISE;
}

/* The derivative of every term along one lane of directions. */
static void eqml__gradient_row(eqml__fitter *w, int lane, double weight)
{
    const eqml_basis *b = w->surface->model.basis;
    const double *f = w->one + b->factor0, *d = (const double *)(w->tangents + b->factor0) + lane;
    double *row = eqml_lsq_row(w->lsq);
    size_t k = 0;
    for (size_t i = 0; i < (size_t)b->nfactors; i++)
        if (eqml__is_term(b, i))
            row[k++] = weight * d[i * EQML_LANES];
    for (int r = 0; r < b->nruns; r++) {
        const size_t a = b->runs[r][0], first = b->runs[r][1];
        const double left = weight * f[a], change = weight * d[a * EQML_LANES];
        for (size_t c = first; c < first + b->runs[r][2]; c++)
            row[k++] = left * d[c * EQML_LANES] + change * f[c];
    }
}

/* dy/dr times the stretch of each pair along lanes of the displacements q[first ..]. */
static void eqml__seed_tangents(const eqml_basis *b, const double *pair, const double *q, int first,
                                eqml_lanes *tangents)
{
    const int stride = EQML_ROUND(b->npairs), n = 3 * b->natoms;
    for (int p = 0; p < b->npairs; p++) {
        double part[EQML_LANES];
        const int i = 3 * b->pairs[p][0], j = 3 * b->pairs[p][1];
        for (int lane = 0; lane < EQML_LANES; lane++) {
            const double *v = q + (first + lane) * n;
            part[lane] = 0;
            for (int k = 0; k < 3 && first + lane < n; k++)
                part[lane] += (v[i + k] - v[j + k]) * pair[k * stride + p];
        }
        tangents[p] = eqml__load(part) * (pair[3 * stride + p] * pair[4 * stride + p]);
    }
}

static eqml_status eqml__gradient_rows(eqml__fitter *w, size_t g, const double *pair, double weight)
{
    const eqml_basis *b = w->surface->model.basis;
    const int n = 3 * b->natoms;
    int external;
    eqml__displacements(w->data->xyz + g * (size_t)n, b->natoms, w->directions, &external);
    for (int first = external; first < n; first += EQML_LANES) {
        eqml__seed_tangents(b, pair, w->directions, first, w->tangents);
        eqml__tangent_forward(b, b->noperations, w->one, w->tangents);
        for (int lane = 0; lane < EQML_LANES && first + lane < n; lane++) {
            const double *v = w->directions + (first + lane) * n, *gradient = w->gradient + g * (size_t)n;
            double along = 0;
            eqml_status status;
            for (int k = 0; k < n; k++)
                along += v[k] * gradient[k];
            eqml__gradient_row(w, lane, weight);
            eqml_lsq_row(w->lsq)[b->nterms] = weight * along;
            status = eqml_lsq_add(w->lsq);
            if (status)
                return status;
        }
    }
    return EQML_OK;
}

/* The weight of a geometry by its energy, as the square root that multiplies rows. */
static double eqml__row_weight(const eqml__fitter *w, size_t g)
{
    const double e0 = w->options->energy_weight;
    if (!(e0 > 0) || !(w->data->has[g] & EQML_HAS_ENERGY))
        return 1;
    return sqrt(e0 / (e0 + w->data->energy[g] - w->emin));
}

static eqml_status eqml__fit_rows(eqml__fitter *w, eqml_fit_result *result)
{
    const eqml_fit_options *o = w->options;
    const double ratio = o->gradient_weight > 0 ? o->gradient_weight : 1;
    for (size_t g = 0; g < w->data->n; g++) {
        if (!eqml__trains(w, g))
            continue;
        const double weight = eqml__row_weight(w, g);
        const double *pair = eqml__fit_slots(w, g);
        eqml_status status;
        eqml__energy_row(w, g, weight);
        status = eqml_lsq_add(w->lsq);
        if (!status && !o->energies_only && (w->data->has[g] & EQML_HAS_GRADIENT))
            status = eqml__gradient_rows(w, g, pair, weight * sqrt(ratio));
        if (status)
            return status;
        result->geometries++;
        if (o->progress)
            o->progress(o->context, result->geometries, w->count);
    }
    return EQML_OK;
}

/* The sum of the squared weights of the training geometries. */
static double eqml__squared_weights(const eqml__fitter *w)
{
    double sum = 0;
    for (size_t g = 0; g < w->data->n; g++)
        if (eqml__trains(w, g))
            sum += eqml__row_weight(w, g) * eqml__row_weight(w, g);
    return sum;
}

/* A tensor of the data as it is fitted: quadrupoles about R. False where that takes a dipole and there is
 * none. */
static bool eqml__tensor_data(const eqml_model *m, eqml_tensor kind, const eqml_data *data, size_t g,
                              double *value)
{
    const eqml_tensor_basis *t = m->basis->tensors[kind];
    const double nowhere = 1e-6; /* bohr: R is the origin */
    double r[3], d[3] = {0, 0, 0}, along = 0, square = 0;
    memcpy(value, data->tensors[kind] + (size_t)EQML_COMPONENTS(kind) * g,
           (size_t)EQML_COMPONENTS(kind) * sizeof(double));
    if (kind != EQML_QUADRUPOLE)
        return true;
    eqml__reference_one(t, data->xyz + g * 3 * (size_t)m->basis->natoms, r);
    if (data->has[g] & EQML_HAS_DIPOLE)
        memcpy(d, data->tensors[EQML_DIPOLE] + 3 * g, sizeof d);
    else if (fabs(r[0]) + fabs(r[1]) + fabs(r[2]) > nowhere)
        return false;
    for (int k = 0; k < 3; k++) {
        along += r[k] * d[k];
        square += r[k] * r[k];
    }
    for (int i = 0, c = 0; i < 3; i++)
        for (int j = i; j < 3; j++, c++)
            value[c] += -1.5 * (r[i] * d[j] + d[i] * r[j]) + 1.5 * m->charge * r[i] * r[j] +
                        (i == j) * (along - 0.5 * m->charge * square);
    return true;
}

/* How often a component stands in the whole tensor. */
static double eqml__multiplicity(eqml_tensor kind, int component)
{
    return kind == EQML_DIPOLE || component == 0 || component == 3 || component == 5 ? 1 : 2;
}

/* Entries of component c for factors f; returns where the next entry of the row goes. */
static double *eqml__tensor_row(const eqml_tensor_basis *t, int components, const double *f,
                                const double *vectors, int c, double weight, double *row)
{
    for (int r = 0; r < t->nruns; r++) {
        const double d = weight * vectors[components * t->runs[r][0] + c];
        for (int k = 0; k < t->runs[r][2]; k++)
            *row++ = d * f[t->runs[r][1] + k];
    }
    return row;
}

/* As eqml__energy_scales, for a tensor; what atoms or pairs carry is that of the first geometry. */
static void eqml__tensor_scales(eqml__fitter *w)
{
    const eqml_basis *b = w->surface->model.basis;
    const eqml_tensor_basis *t = b->tensors[w->kind];
    const int components = EQML_COMPONENTS(w->kind), stride = EQML_ROUND(b->npairs);
    double *slots = w->one, *vectors = w->one + EQML_WORK_ONE(eqml__most_slots(b), b->npairs);
    double *carried = vectors + components * (t->nvectors + 1), *row = eqml_lsq_row(w->lsq);
    size_t g = 0;
    if (!w->rounding)
        return;
    while (!eqml__trains(w, g))
        g++;
    const double *pair = eqml__fit_slots(w, g);
    eqml__carried_one(b, w->kind, w->data->xyz + g * 3 * (size_t)b->natoms, pair, stride, 1, carried);
    for (int k = 0; k < components * EQML_CARRIERS(w->kind, b->npairs, b->natoms); k++)
        carried[k] = fabs(carried[k]);
    eqml__slot_sizes(&w->surface->model, w->spread, slots);
    eqml__tensor_slots_one(b, t, slots);
    eqml__vectors_one(b, t, components, slots, carried, vectors);
    for (int c = 0; c < components; c++) {
        eqml__tensor_row(t, components, slots + b->factor0, vectors, c, EQML__LEAST * sqrt(w->squares), row);
        for (int k = 0; k < t->nterms; k++)
            w->lsq->least[k] = hypot(w->lsq->least[k], row[k]);
    }
    w->lsq->tolerance = EQML__NOISE;
}

/* A row for each component. */
static eqml_status eqml__tensor_rows(eqml__fitter *w, eqml_fit_result *result)
{
    const eqml_model *m = &w->surface->model;
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[w->kind];
    const int components = EQML_COMPONENTS(w->kind), stride = EQML_ROUND(b->npairs);
    double *slots = w->one, *vectors = w->one + EQML_WORK_ONE(eqml__most_slots(b), b->npairs);
    double *carried = vectors + components * (t->nvectors + 1);
    const double *f = slots + b->factor0;
    for (size_t g = 0; g < w->data->n; g++) {
        const double *xyz = w->data->xyz + g * 3 * (size_t)b->natoms, *pair;
        double value[6], centre[3];
        if (!eqml__trains(w, g))
            continue;
        if (!eqml__tensor_data(m, w->kind, w->data, g, value)) {
            w->without_dipole = g + 1;
            return EQML_ERROR_VALUE;
        }
        pair = eqml__fit_slots(w, g);
        eqml__tensor_slots_one(b, t, slots);
        eqml__carried_one(b, w->kind, xyz, pair, stride, 1, carried);
        eqml__vectors_one(b, t, components, slots, carried, vectors);
        eqml__reference_one(t, xyz, centre);
        for (int c = 0; c < components; c++) {
            const double weight = eqml__row_weight(w, g) * sqrt(eqml__multiplicity(w->kind, c));
            double *row = eqml__tensor_row(t, components, f, vectors, c, weight, eqml_lsq_row(w->lsq));
            eqml_status status;
            *row = weight * (value[c] - (w->kind == EQML_DIPOLE ? m->charge * centre[c] : 0));
            status = eqml_lsq_add(w->lsq);
            if (status)
                return status;
        }
        result->geometries++;
    }
    return EQML_OK;
}

#endif /* EQML__ROWS_C */
