/* What a fit works with: the data, the components that are fitted to them, and room for one geometry. */
#ifndef EQML__FITTER_C
#define EQML__FITTER_C
#include "constant.c"
#include "expansion.h"
#include "kernel/tensor.h"
#include "lsq.c"
#include "memory.c"
#include "surface.c"

/*
 * Every fit is that of an expansion: a sum of components over tuples of atoms. A surface is the case of one
 * component without a switch, whose only tuple is all atoms in their order (`tuples` is then NULL) and whose
 * constant term takes the place of the expansion's constant.
 */
typedef struct eqml__fitter {
    /* What is asked for. */
    const eqml_data *data;
    const eqml_fit_options *options;
    int natoms, ncomponents;
    eqml_component *components;
    bool has_constant; /* column 0 is a constant of the sum, beside all components */
    int wanted;        /* EQML_HAS_...: a geometry without it takes no part */
    eqml_tensor kind;  /* EQML_TENSORS: energies are fitted */

    /* What is fitted. */
    int ncols;                       /* unknowns */
    size_t count;                    /* training geometries */
    double lowest;                   /* their lowest energy, hartree */
    double squares;                  /* the sum of their squared weights */
    const double *energy, *gradient; /* the data, or their difference to the reference */
    double *difference;              /* owns that difference; NULL without a reference */
    double shift;                    /* subtracted from these energies */
    size_t without_dipole;           /* geometry, from 1, whose quadrupole cannot be moved to R; 0: none */
    eqml_lsq *lsq;

    /* What is known of each pair of each component: [ncomponents][npairs], npairs of the largest basis. */
    int npairs;
    eqml__seen *seen;
    double *frozen; /* the mean of a constant pair's variable, HUGE_VAL for other pairs */
    int *nfrozen;   /* [ncomponents] constant pairs */

    /* Room for one tuple and one geometry; sizes are those of the largest basis. */
    double *local;        /* [3][3 natoms] coordinates of a tuple, gradient of the switch, a displacement */
    double *one;          /* [eqml__most_work] slots, variables, pairs, parts of a tensor */
    eqml_lanes *tangents; /* [nslots] derivatives of the slots along lanes of displacements */
    void *unaligned;      /* owns the tangents */
    double *sum, *size;   /* [nfactors] of factors, see eqml__survey_factors */
    int *level;           /* [nfactors] the pass in which the shift of a factor is found */
    double *directions;   /* [3 natoms][3 natoms] of the molecule: rows are displacements */
    double *rows;         /* [eqml__rows_per_geometry][ncols], then [eqml__rows_per_geometry] their values */
    double *values;       /* the latter */
    double *solution;     /* [ncols] */
} eqml__fitter;

static bool eqml__fits_energies(const eqml__fitter *w)
{
    return w->kind == EQML_TENSORS;
}

/* ---- sizes --------------------------------------------------------------------------------------------- */

/* Slots of the potential or of the tensor that has the most. */
static int eqml__most_slots(const eqml_basis *b)
{
    int most = b->nslots;
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k] && b->tensors[k]->nslots > most)
            most = b->tensors[k]->nslots;
    return most;
}

/*
 * Room for the energy, the gradient or a tensor of one geometry, and for the rows of their fits, in doubles.
 */
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

/*
 * Rows that are held before they are folded: the energy, and one for each displacement. Those of tensors are
 * not.
 */
static size_t eqml__rows_per_geometry(int natoms, const eqml_fit_options *options)
{
    return options && options->energies_only ? 1 : 1 + 3 * (size_t)natoms;
}

/*
 * 1 where the constant term of a component is left out, because the constant of the sum is the same; else 0.
 */
static int eqml__skipped(const eqml__fitter *w, const eqml_component *c)
{
    return w->has_constant && !(c->cutoff > 0) && eqml__is_term(c->surface.model.basis, 0);
}

/* Terms of a component, or of its tensor, that are fitted. */
static int eqml__fitted_terms(const eqml__fitter *w, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    return eqml__fits_energies(w) ? b->nterms - eqml__skipped(w, c) : b->tensors[w->kind]->nterms;
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static void eqml__fitter_free(eqml__fitter *w)
{
    eqml_lsq_free(w->lsq);
    EQML_FREE(w->difference);
    EQML_FREE(w->seen);
    EQML_FREE(w->frozen);
    EQML_FREE(w->nfrozen);
    EQML_FREE(w->local);
    EQML_FREE(w->one);
    EQML_FREE(w->unaligned);
    EQML_FREE(w->sum);
    EQML_FREE(w->level);
    EQML_FREE(w->directions);
    EQML_FREE(w->rows);
    EQML_FREE(w->solution);
}

/*
 * Takes all memory of a fit but that of the reference and of the triangle; the caller calls eqml__fitter_free also
 * where this fails.
 */
static eqml_status eqml__fitter_create(eqml__fitter *w)
{
    const size_t n = 3 * (size_t)w->natoms, count = (size_t)w->ncomponents, lanes = sizeof(eqml_lanes);
    size_t one = 0, slots = 0, factors = 0, pairs = 0, atoms = 0, ncols = w->has_constant;
    for (size_t k = 0; k < count; k++) {
        const eqml_basis *b = w->components[k].surface.model.basis;
        const size_t work = eqml__most_work(b);
        one = work > one ? work : one;
        slots = (size_t)b->nslots > slots ? (size_t)b->nslots : slots;
        factors = (size_t)b->nfactors > factors ? (size_t)b->nfactors : factors;
        pairs = (size_t)b->npairs > pairs ? (size_t)b->npairs : pairs;
        atoms = (size_t)b->natoms > atoms ? (size_t)b->natoms : atoms;
        ncols += (size_t)eqml__fitted_terms(w, &w->components[k]);
    }
    if (ncols > INT32_MAX)
        return EQML_ERROR_MEMORY;
    w->ncols = (int)ncols;
    w->npairs = (int)pairs;
    w->seen = (eqml__seen *)eqml__zeroed(eqml__times(count, pairs), sizeof(eqml__seen));
    w->frozen = (double *)eqml__zeroed(eqml__times(count, pairs), sizeof(double));
    w->nfrozen = (int *)eqml__zeroed(count, sizeof(int));
    w->local = (double *)eqml__zeroed(9 * atoms, sizeof(double));
    w->one = (double *)eqml__zeroed(one, sizeof(double));
    w->unaligned = eqml__zeroed(slots + 1, lanes); /* one more, to align the others */
    w->tangents = (eqml_lanes *)(((uintptr_t)w->unaligned + lanes - 1) / lanes * lanes);
    w->sum = (double *)eqml__zeroed(2 * factors, sizeof(double));
    w->size = w->sum ? w->sum + factors : NULL;
    w->level = (int *)eqml__zeroed(factors, sizeof(int));
    w->directions = (double *)eqml__zeroed(eqml__times(n, n), sizeof(double));
    w->solution = (double *)eqml__zeroed(ncols, sizeof(double));
    if (eqml__fits_energies(w))
        w->rows = (double *)eqml__zeroed(
            eqml__times(eqml__rows_per_geometry(w->natoms, w->options), ncols + 1), sizeof(double));
    w->values = w->rows ? w->rows + eqml__rows_per_geometry(w->natoms, w->options) * ncols : NULL;
    if (!w->seen || !w->frozen || !w->nfrozen || !w->local || !w->one || !w->unaligned || !w->sum ||
        !w->level || !w->directions || !w->solution || (eqml__fits_energies(w) && !w->rows))
        return EQML_ERROR_MEMORY;
    return EQML_OK;
}

/* ---- one geometry, one tuple --------------------------------------------------------------------------- */

/* Whether geometry g is one to fit, if of weight 0. */
static bool eqml__is_offered(const eqml__fitter *w, size_t g)
{
    return (!w->options->use || w->options->use[g]) && (w->data->has[g] & w->wanted);
}

/* Whether it takes part in the fit. */
static bool eqml__trains(const eqml__fitter *w, size_t g)
{
    return eqml__is_offered(w, g) && (!w->options->weights || w->options->weights[g] > 0);
}

/* The square root of a geometry's weight, which multiplies its rows. */
static double eqml__row_weight(const eqml__fitter *w, size_t g)
{
    const double e0 = w->options->energy_weight, own = w->options->weights ? w->options->weights[g] : 1;
    if (!(e0 > 0) || !(own > 0) || !(w->data->has[g] & EQML_HAS_ENERGY))
        return sqrt(own);
    return sqrt(own * e0 / (e0 + w->data->energy[g] - w->lowest));
}

/* to[natoms of the basis][3] <- the vectors of the atoms of tuple t. */
static void eqml__gather_tuple(const eqml_component *c, int t, const double *from, double *to)
{
    const int natoms = c->surface.model.basis->natoms;
    const int *tuple = c->tuples ? c->tuples + (size_t)t * (size_t)natoms : NULL;
    for (int i = 0; i < natoms; i++)
        for (int k = 0; k < 3; k++)
            to[3 * i + k] = from[3 * (tuple ? tuple[i] : i) + k];
}

/*
 * Pair variables of tuple t of geometry g, at the beginning of w->one. *pair: its pairs, as eqml__pairs_one
 * leaves them. w->local holds its coordinates and the gradient of the switch. Returns the switch; where that
 * is 0 there are no variables.
 */
static double eqml__tuple_pairs(eqml__fitter *w, const eqml_component *c, size_t g, int t, double **pair)
{
    const eqml_basis *b = c->surface.model.basis;
    const int room = EQML_ROUND(eqml__most_slots(b)), stride = EQML_ROUND(b->npairs);
    double *y = w->one + room;
    eqml__gather_tuple(c, t, w->data->xyz + g * 3 * (size_t)w->natoms, w->local);
    const double s = eqml__switch(c, b->natoms, w->local, w->local + 3 * b->natoms);
    *pair = w->one + 2 * room;
    if (!(s > 0))
        return 0;
    eqml__pairs_one(&c->surface.model, w->local, y, *pair, stride);
    memcpy(w->one, y, (size_t)b->npairs * sizeof(double));
    return s;
}

/* The same, and all slots of the potential behind the variables, those of constant pairs at their means. */
static double eqml__tuple_slots(eqml__fitter *w, const eqml_component *c, size_t g, int t, double **pair)
{
    const eqml_basis *b = c->surface.model.basis;
    const ptrdiff_t k = c - w->components;
    const double *frozen = w->frozen + k * w->npairs;
    const double s = eqml__tuple_pairs(w, c, g, t, pair);
    if (!(s > 0))
        return 0;
    for (int p = 0; w->nfrozen[k] && p < b->npairs; p++)
        w->one[p] = frozen[p] < HUGE_VAL ? frozen[p] : w->one[p];
    eqml__table_forward_one(b, w->one, c->surface.model.offset);
    return s;
}

#endif /* EQML__FITTER_C */
