/* The rows of the fit of a tensor. */
#ifndef EQML__TENSOR_ROWS_C
#define EQML__TENSOR_ROWS_C
#include "fitter.c"
#include "kernel/tensor.h"
#include "shifts.c"

/*
 * value[components] <- a tensor of the data as it is fitted: quadrupoles are moved to R, the centre of the
 * smallest class of atoms. Returns false where that takes a dipole and the geometry has none.
 */
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

/* How often a component stands in the whole tensor: xy, xz and yz twice. */
static double eqml__multiplicity(eqml_tensor kind, int component)
{
    return kind == EQML_DIPOLE || component == 0 || component == 3 || component == 5 ? 1 : 2;
}

/* The parts of a tensor of one geometry, in w->one behind the slots of the potential. */
typedef struct eqml__tensor_parts {
    const eqml_tensor_basis *basis;
    int components;
    double *slots;
    double *vectors; /* [nvectors + 1][components] the tensor factors */
    double *carried; /* [carriers][components] what atoms or pairs carry */
} eqml__tensor_parts;

static eqml__tensor_parts eqml__find_tensor_parts(const eqml__fitter *w)
{
    const eqml_basis *b = w->components->surface.model.basis;
    eqml__tensor_parts p;
    p.basis = b->tensors[w->kind];
    p.components = EQML_COMPONENTS(w->kind);
    p.slots = w->one;
    p.vectors = w->one + EQML_WORK_ONE(eqml__most_slots(b), b->npairs);
    p.carried = p.vectors + p.components * (p.basis->nvectors + 1);
    return p;
}

/* Writes row `component` from the factors and the tensor factors; returns where its value goes. */
static double *eqml__put_tensor_row(const eqml_basis *b, const eqml__tensor_parts *p, int component,
                                    double weight, double *row)
{
    const eqml_tensor_basis *t = p->basis;
    const double *f = p->slots + b->factor0;
    for (int r = 0; r < t->nruns; r++) {
        const double d = weight * p->vectors[p->components * t->runs[r][0] + component];
        for (int k = 0; k < t->runs[r][2]; k++)
            *row++ = d * f[t->runs[r][1] + k];
    }
    return row;
}

/* The rows of geometry g, one for each component of the tensor. */
static eqml_status eqml__tensor_rows(eqml__fitter *w, size_t g)
{
    const eqml_component *c = w->components;
    const eqml_model *m = &c->surface.model;
    const eqml_basis *b = m->basis;
    const eqml__tensor_parts p = eqml__find_tensor_parts(w);
    double value[6], centre[3], *pair;
    eqml_status status = EQML_OK;
    if (!eqml__tensor_data(m, w->kind, w->data, g, value)) {
        w->without_dipole = g + 1;
        return EQML_ERROR_VALUE;
    }
    eqml__tuple_slots(w, c, g, 0, &pair);
    eqml__tensor_slots_one(b, p.basis, p.slots);
    eqml__carried_one(b, w->kind, w->local, pair, EQML_ROUND(b->npairs), 1, p.carried);
    eqml__vectors_one(b, p.basis, p.components, p.slots, p.carried, p.vectors);
    eqml__reference_one(p.basis, w->local, centre);
    for (int k = 0; k < p.components && !status; k++) {
        const double weight = eqml__row_weight(w, g) * sqrt(eqml__multiplicity(w->kind, k));
        double *row = eqml__put_tensor_row(b, &p, k, weight, eqml_lsq_row(w->lsq));
        *row = weight * (value[k] - (w->kind == EQML_DIPOLE ? m->charge * centre[k] : 0));
        status = eqml_lsq_add(w->lsq);
    }
    return status;
}

/*
 * The least scale of each column, see EQML__LEAST; what atoms or pairs carry is that of the first geometry.
 */
static void eqml__set_tensor_scales(eqml__fitter *w)
{
    const eqml_component *c = w->components;
    const eqml_basis *b = c->surface.model.basis;
    const eqml__tensor_parts p = eqml__find_tensor_parts(w);
    double *row = eqml_lsq_row(w->lsq), *pair;
    size_t g = 0;
    if (!eqml__has_rounding(w, c))
        return;
    while (!eqml__trains(w, g))
        g++;
    eqml__tuple_slots(w, c, g, 0, &pair);
    eqml__carried_one(b, w->kind, w->local, pair, EQML_ROUND(b->npairs), 1, p.carried);
    for (int k = 0; k < p.components * EQML_CARRIERS(w->kind, b->npairs, b->natoms); k++)
        p.carried[k] = fabs(p.carried[k]);
    eqml__slot_sizes(&c->surface.model, w->seen, p.slots);
    eqml__tensor_slots_one(b, p.basis, p.slots);
    eqml__vectors_one(b, p.basis, p.components, p.slots, p.carried, p.vectors);
    for (int k = 0; k < p.components; k++) {
        eqml__put_tensor_row(b, &p, k, EQML__LEAST * sqrt(w->squares), row);
        for (int i = 0; i < w->ncols; i++)
            w->lsq->least[i] = hypot(w->lsq->least[i], row[i]);
    }
    w->lsq->tolerance = EQML__NOISE;
}

#endif /* EQML__TENSOR_ROWS_C */
