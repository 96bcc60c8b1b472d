/* The terms of a configuration and their derivatives: the rows of a fit. */
#ifndef EQML__CLOUD_ROWS_H
#define EQML__CLOUD_ROWS_H
#include "cloud/evaluate.h"

/* What is linear in the coefficients, for each of them: [..][basis->nterms]. */
typedef struct eqml_cloud_rows {
    double *energy; /* [1] */
    double *forces; /* [3 natoms], or NULL */
    double *virial; /* [6], or NULL */
} eqml_cloud_rows;

/* Room for the tangents of one atom: slots and terms along a direction, numbers of the atom itself. */
typedef struct eqml__tangents {
    eqml_lanes *slots, *terms, (*gradient)[3]; /* gradient: of each harmonic */
    double *own;                               /* [nslots] */
} eqml__tangents;

/* own[nslots] <- the slots of one atom. */
EQML_FUNCTION void eqml__cloud_own_slots(eqml__cloud_lanes *x, const eqml_cloud_program *p, double *own)
{
    eqml__desk_lanes *desk = &x->desk[0];
    double *slots = (double *)(void *)desk->slots;
    for (int k = 0; k < p->nslots; k++)
        desk->slots[k] = eqml__all(0);
    desk->slots[0] = eqml__all(1);
    eqml__plan_moments(p, &x->plan);
    eqml__shell_moments_lanes(&x->plan, &desk->shell[0], slots);
    eqml__cloud_scale_lanes(p, x->scale, desk->slots);
    p->forward_lanes(desk->slots);
    for (int k = 0; k < p->nslots; k++)
        own[k] = slots[k * EQML_LANES];
}

EQML_FUNCTION void eqml__cloud_terms(const eqml_cloud_program *p, const double *own, double *row)
{
    const unsigned short *column = p->columns;
    for (int k = 0; k < p->nrows; k++)
        for (int i = 0; i < p->rows[k][2]; i++, column++, row++)
            for (int m = 0; m <= 2 * p->rows[k][1]; m++)
                *row += own[p->rows[k][0] + m] * own[*column + m];
}

/* Gradients, by the vector r, of all harmonics of a vector of neighbours. */
EQML_FUNCTION void eqml__cloud_gradients(int lmax, const eqml_lanes *block, const double *scale,
                                         eqml_lanes (*gradient)[3])
{
    for (int l = 0; l <= lmax; l++)
        for (int m = -l; m <= l; m++) {
            eqml_lanes *g = gradient[EQML__HARMONIC(l, m)], along = eqml__all(0);
            for (int d = 0; d < 3; d++)
                g[d] = eqml__all(0);
            if (l)
                eqml__harmonic_gradient(l, m, eqml__all(scale[EQML__HARMONIC(l, m)]),
                                        block + EQML__HARMONICS_AT, g);
            for (int d = 0; d < 3; d++)
                along = along + g[d] * block[d];
            for (int d = 0; d < 3; d++)
                g[d] = (g[d] - along * block[d]) * block[3];
        }
}

/* terms[nterms] <- the derivatives of all terms as the neighbours of species z in one vector move along d. */
EQML_FUNCTION void eqml__cloud_tangent(const eqml_cloud_program *p, const eqml__shell_lanes *s,
                                       const double *scale, int z, int v, int d, eqml__tangents *t)
{
    const double *own = t->own;
    const eqml_lanes *block = s->block + v * s->size, *harmonic = block + EQML__HARMONICS_AT;
    for (int k = 0; k < p->nslots; k++)
        t->slots[k] = eqml__all(0);
    for (int k = 0; k < p->nmoments; k++) {
        const unsigned short *moment = p->moments[k];
        const int l = moment[1];
        if (moment[0] != z)
            continue;
        const eqml_lanes *radial = block + s->radial + 2 * (moment[2] - 1), slope = radial[1] * block[d];
        for (int m = -l; m <= l; m++)
            t->slots[moment[3] + m + l] =
                slope * (harmonic[EQML__HARMONIC(l, m)] * scale[EQML__HARMONIC(l, m)]) +
                radial[0] * t->gradient[EQML__HARMONIC(l, m)][d];
    }
    for (int k = 0; k < p->nkernels; k++)
        for (int i = p->kernels[k].first; i < p->kernels[k].first + p->kernels[k].count; i++)
            for (int c = 0; c < p->kernels[k].nconstants; c++) {
                const eqml_cloud_constant *x = &p->kernels[k].constants[c];
                const int a = p->products[i][0] + x->m1, b = p->products[i][1] + x->m2;
                eqml_lanes *to = &t->slots[p->products[i][2] + x->M];
                *to = *to + t->slots[a] * (x->value * own[b]) + t->slots[b] * (x->value * own[a]);
            }
    const unsigned short *column = p->columns;
    eqml_lanes *term = t->terms;
    for (int k = 0; k < p->nrows; k++) {
        const int row = p->rows[k][0], n = 2 * p->rows[k][1] + 1;
        for (int i = 0; i < p->rows[k][2]; i++, column++, term++) {
            eqml_lanes sum = eqml__all(0);
            for (int m = 0; m < n; m++)
                sum = eqml__fma(t->slots[row + m], eqml__all(own[*column + m]),
                                eqml__fma(t->slots[*column + m], eqml__all(own[row + m]), sum));
            *term = sum;
        }
    }
}

/* Adds the derivatives of atom i's terms to the rows of the forces and of the virial. */
EQML_FUNCTION void eqml__cloud_add_forces(const eqml__cloud_lanes *x, const eqml_cloud_centre *centre,
                                          size_t i, const eqml__shell_lanes *s, int v, int d,
                                          const eqml_lanes *terms, const eqml_cloud_rows *rows)
{
    static const int component[3][3] = {{0, 5, 4}, {5, 1, 3}, {4, 3, 2}};
    const eqml_neighbours *list = x->list;
    const double *term = (const double *)(const void *)terms;
    const size_t length = (size_t)x->model->basis->nterms, first = (size_t)centre->first;
    const size_t n = (size_t)centre->program->nterms;
    for (int lane = 0; lane < EQML_LANES; lane++) {
        const int number = s->pair[v * EQML_LANES + lane];
        if (number < 0)
            continue;
        const size_t pair = list->first[i] + (size_t)number, j = (size_t)list->index[pair];
        if (rows->forces) {
            double *from = rows->forces + (3 * i + (size_t)d) * length + first;
            double *to = rows->forces + (3 * j + (size_t)d) * length + first;
            for (size_t k = 0; k < n; k++) {
                from[k] += term[k * EQML_LANES + (size_t)lane];
                to[k] -= term[k * EQML_LANES + (size_t)lane];
            }
        }
        for (int e = 0; e < 3 && rows->virial; e++) {
            double *to = rows->virial + (size_t)component[d][e] * length + first;
            const double r = e == d ? list->vector[pair][e] : 0.5 * list->vector[pair][e];
            for (size_t k = 0; k < n; k++)
                to[k] -= r * term[k * EQML_LANES + (size_t)lane];
        }
    }
}

/* own <- the values of all slots of the program of atom i, whose neighbours are returned. */
EQML_FUNCTION eqml__shell_lanes *
eqml__cloud_atom_values(eqml__cloud_lanes *x, const eqml_cloud_centre *centre, size_t i, double *own)
{
    eqml__shell_lanes *s = &x->desk[0].shell[0];
    s->pair = x->group[0].pair;
    eqml__cloud_shell_lanes(x, centre, i, s);
    eqml__cloud_own_slots(x, centre->program, own);
    return s;
}

EQML_FUNCTION void eqml__cloud_atom_rows(eqml__cloud_lanes *x, const eqml_cloud_centre *centre, size_t i,
                                         eqml__tangents *t, const eqml_cloud_rows *rows)
{
    eqml__shell_lanes *s = eqml__cloud_atom_values(x, centre, i, t->own);
    eqml__cloud_terms(centre->program, t->own, rows->energy + centre->first);
    for (int z = 0; z < centre->nneighbours && (rows->forces || rows->virial); z++)
        for (int v = s->begin[z]; v < s->begin[z + 1]; v++) {
            eqml__cloud_gradients(x->model->basis->lmax, s->block + v * s->size, x->scale, t->gradient);
            for (int d = 0; d < 3; d++) {
                eqml__cloud_tangent(centre->program, s, x->scale, z, v, d, t);
                eqml__cloud_add_forces(x, centre, i, s, v, d, t->terms, rows);
            }
        }
}

EQML_FUNCTION eqml_status eqml_cloud_find_rows(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                               const eqml_neighbours *list, const int *species,
                                               eqml_cloud_workspace *w, const eqml_cloud_rows *rows)
/*
 * Overwrites the rows: with coefficients c, and energies of lone atoms zero, energy, forces and virial of
 * eqml_cloud_evaluate_list are rows c. EQML_ERROR_ARGUMENT as there.
 */
{
    const eqml_cloud_model model = {basis, *radial, NULL, NULL, NULL};
    const eqml_cloud_result none = {NULL, NULL, NULL, NULL};
    const size_t length = (size_t)basis->nterms;
    eqml__cloud_lanes x;
    eqml__tangents t;
    size_t used = 0, slots = 0;
    eqml_status status = eqml__cloud_begin_lanes(&x, &model, list, species, 1, w, &none);
    if (status)
        return status;
    memset(rows->energy, 0, length * sizeof(double));
    if (rows->forces)
        memset(rows->forces, 0, 3 * list->natoms * length * sizeof(double));
    if (rows->virial)
        memset(rows->virial, 0, 6 * length * sizeof(double));
    for (int c = 0; c < basis->ncentres; c++)
        slots = (size_t)basis->centres[c].program->nslots > slots ? (size_t)basis->centres[c].program->nslots
                                                                  : slots;
    char *room = NULL, *base = NULL;
    for (int pass = 0; pass < 2; pass++) {
        used = 0;
        t.slots = (eqml_lanes *)eqml__take(room, &used, slots * sizeof(eqml_lanes));
        t.terms = (eqml_lanes *)eqml__take(room, &used, length * sizeof(eqml_lanes));
        t.gradient = (eqml_lanes(*)[3])eqml__take(
            room, &used, (size_t)(basis->lmax + 1) * (size_t)(basis->lmax + 1) * sizeof(eqml_lanes[3]));
        t.own = (double *)eqml__take(room, &used, slots * sizeof(double));
        if (!pass && !(base = (char *)EQML_MALLOC(used + 64)))
            return EQML_ERROR_MEMORY;
        room = base + (64 - (uintptr_t)base % 64);
    }
    for (size_t i = 0; i < list->natoms; i++)
        for (int c = 0; c < basis->ncentres; c++)
            if (basis->centres[c].species == species[i])
                eqml__cloud_atom_rows(&x, &basis->centres[c], i, &t, rows);
    EQML_FREE(base);
    return EQML_OK;
}

#endif /* EQML__CLOUD_ROWS_H */
