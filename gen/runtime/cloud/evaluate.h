/* Energy, forces and virial of a configuration, atom by atom from their neighbours. */
#ifndef EQML__CLOUD_EVALUATE_H
#define EQML__CLOUD_EVALUATE_H
#include "cloud/basis.h"
#include "cloud/neighbours.h"
#include "cloud/pairs.h"
#include "cloud/moments.h"
#include "cloud/form.h"

/* Memory that calls use again. All zero at first; eqml_cloud_workspace_free releases it. One for each thread. */
typedef struct eqml_cloud_workspace {
    eqml_neighbours list;
    char *room;
    size_t size;
} eqml_cloud_workspace;

EQML_FUNCTION void eqml_cloud_workspace_free(eqml_cloud_workspace *w)
{
    EQML_FREE(w->list.first);
    EQML_FREE(w->list.index);
    EQML_FREE(w->list.vector);
    EQML_FREE(w->room);
    memset(w, 0, sizeof *w);
}

/* What one call works with. */
typedef struct eqml__cloud {
    const eqml_cloud_model *model;
    const eqml_neighbours *list;
    const int *species;
    const eqml_cloud_result *result;
    double virial[6], energy;
    eqml__radial radial;
    double *scale; /* of harmonics */
    eqml__shell shell[EQML_LANES];
    eqml_lanes *slots, *adjoints, *force;
} eqml__cloud;

/* Takes `bytes` from the room, which begins at 0 while the sizes are being added up; aligned for all vectors. */
EQML_INLINE void *eqml__take(char *room, size_t *used, size_t bytes)
{
    char *at = room ? room + *used : NULL;
    *used += (bytes + 63) / 64 * 64;
    return at;
}

/* Lays out the arrays of a call whose atoms have at most `vectors` vectors of neighbours; returns their size. */
EQML_FUNCTION size_t eqml__cloud_layout(eqml__cloud *x, char *room, int vectors)
{
    const eqml_cloud_basis *b = x->model->basis;
    const size_t lane = sizeof(eqml_lanes), n = (size_t)vectors,
                 harmonics = (size_t)(b->lmax + 1) * (size_t)(b->lmax + 1);
    size_t used = 0, slots = 0;
    int species = 0;
    for (int c = 0; c < b->ncentres; c++) {
        const size_t more = (size_t)b->centres[c].program->nslots;
        slots = more > slots ? more : slots;
        species = b->centres[c].nneighbours > species ? b->centres[c].nneighbours : species;
    }
    x->scale = (double *)eqml__take(room, &used, harmonics * sizeof(double));
    x->slots = (eqml_lanes *)eqml__take(room, &used, slots * lane);
    x->adjoints = (eqml_lanes *)eqml__take(room, &used, slots * lane);
    x->force = (eqml_lanes *)eqml__take(room, &used, 3 * n * lane);
    for (int k = 0; k < EQML_LANES; k++) {
        eqml__shell *s = &x->shell[k];
        s->capacity = vectors;
        s->pair = (int *)eqml__take(room, &used, n * EQML_LANES * sizeof(int));
        s->begin = (int *)eqml__take(room, &used, (size_t)(species + 1) * sizeof(int));
        s->unit = (eqml_lanes *)eqml__take(room, &used, 3 * n * lane);
        s->inverse = (eqml_lanes *)eqml__take(room, &used, n * lane);
        s->harmonic = (eqml_lanes *)eqml__take(room, &used, harmonics * n * lane);
        s->value = (eqml_lanes *)eqml__take(room, &used, (size_t)b->nmax * n * lane);
        s->slope = (eqml_lanes *)eqml__take(room, &used, (size_t)b->nmax * n * lane);
    }
    return used;
}

/* Vectors that the neighbours of any atom need at most: each species may leave one that is not full. */
EQML_FUNCTION int eqml__cloud_vectors(const eqml_cloud_basis *b, const eqml_neighbours *list)
{
    size_t most = 0;
    for (size_t i = 0; i < list->natoms; i++) {
        const size_t n = list->first[i + 1] - list->first[i];
        most = n > most ? n : most;
    }
    return (int)(most / EQML_LANES) + b->nspecies + 1;
}

/* Sorts the neighbours of atom i by species, and finds their functions. */
EQML_FUNCTION void eqml__cloud_shell(const eqml__cloud *x, const eqml_cloud_centre *centre, size_t i,
                                     eqml__shell *s)
{
    const eqml_neighbours *list = x->list;
    const double cutoff = x->model->radial.cutoff, cutoff2 = cutoff * cutoff;
    int vectors = 0;
    s->stride = s->capacity;
    for (int z = 0; z < centre->nneighbours; z++) {
        int count = 0;
        double *unit = (double *)(void *)(s->unit + vectors);
        const int stride = s->stride * EQML_LANES;
        int *pair = s->pair + vectors * EQML_LANES;
        s->begin[z] = vectors;
        for (size_t k = list->first[i]; k < list->first[i + 1]; k++) {
            const double *r = list->vector[k];
            if (x->species[list->index[k]] != centre->neighbours[z] ||
                r[0] * r[0] + r[1] * r[1] + r[2] * r[2] >= cutoff2)
                continue;
            for (int d = 0; d < 3; d++)
                unit[d * stride + count] = r[d];
            pair[count++] = (int)(k - list->first[i]);
        }
        for (; count % EQML_LANES; count++) {
            unit[count] = cutoff;
            unit[stride + count] = unit[2 * stride + count] = 0;
            pair[count] = -1;
        }
        vectors += count / EQML_LANES;
    }
    s->begin[centre->nneighbours] = s->nvectors = vectors;
    eqml__shell_functions(x->model->basis, &x->radial, s);
}

/* Gives the forces of an atom's neighbours to the atoms. */
EQML_FUNCTION void eqml__cloud_scatter(const eqml__cloud *x, size_t i, const eqml__shell *s, double *forces)
{
    const int *index = x->list->index + x->list->first[i];
    const double *force = (const double *)(const void *)x->force;
    const int stride = s->stride * EQML_LANES;
    double own[3] = {0, 0, 0};
    for (int k = 0; k < s->nvectors * EQML_LANES; k++) {
        if (s->pair[k] < 0)
            continue;
        double *to = forces + 3 * (size_t)index[s->pair[k]];
        for (int d = 0; d < 3; d++) {
            own[d] += force[d * stride + k];
            to[d] -= force[d * stride + k];
        }
    }
    for (size_t d = 0; d < 3; d++)
        forces[3 * i + d] += own[d];
}

/* Adds what an atom's neighbours give to the virial; lanes that are filled up have no force. */
EQML_FUNCTION void eqml__cloud_virial(eqml__cloud *x, const eqml__shell *s)
{
    static const int row[6] = {0, 1, 2, 1, 0, 0}, column[6] = {0, 1, 2, 2, 2, 1};
    for (int c = 0; c < 6; c++) {
        const eqml_lanes *u = s->unit + row[c] * s->stride, *f = x->force + column[c] * s->stride;
        eqml_lanes sum = eqml__all(0);
        for (int v = 0; v < s->nvectors; v++)
            sum = eqml__fma(u[v] / s->inverse[v], f[v], sum);
        x->virial[c] -= eqml__sum(sum);
    }
}

/* Up to EQML_LANES atoms of one centre, one in each lane. */
EQML_FUNCTION void eqml__cloud_atoms(eqml__cloud *x, const eqml_cloud_centre *centre, int count,
                                     const size_t *atom)
{
    const eqml_cloud_program *p = centre->program;
    const eqml_cloud_result *result = x->result;
    double *slots = (double *)(void *)x->slots, energy[EQML_LANES];
    for (int k = 0; k < p->nslots; k++)
        x->adjoints[k] = eqml__all(0);
    if (count < EQML_LANES) /* lanes without an atom have no neighbours */
        for (int k = 0; k < p->nslots; k++)
            x->slots[k] = eqml__all(0);
    x->slots[0] = eqml__all(1);
    for (int k = 0; k < count; k++) {
        eqml__cloud_shell(x, centre, atom[k], &x->shell[k]);
        eqml__shell_moments(p, &x->shell[k], x->scale, slots + k);
    }
    p->forward_lanes(x->slots);
    eqml__store(energy, eqml__cloud_form(p, x->model->coefficients + centre->first, x->slots, x->adjoints));
    for (int k = 0; k < count; k++) {
        const double own = x->model->atoms ? energy[k] + x->model->atoms[centre->species] : energy[k];
        x->energy += own;
        if (result->energies)
            result->energies[atom[k]] = own;
    }
    if (!result->forces && !result->virial)
        return;
    p->reverse_lanes(x->slots, x->adjoints);
    for (int k = 0; k < count; k++) {
        eqml__shell_forces(p, &x->shell[k], x->scale, (const double *)(const void *)x->adjoints + k,
                           x->force);
        if (result->forces)
            eqml__cloud_scatter(x, atom[k], &x->shell[k], result->forces);
        if (result->virial)
            eqml__cloud_virial(x, &x->shell[k]);
    }
}

/* All atoms that are centres of one species, lane by lane. */
EQML_FUNCTION void eqml__cloud_centre(eqml__cloud *x, const eqml_cloud_centre *centre)
{
    size_t atom[EQML_LANES];
    int count = 0;
    for (size_t i = 0; i < x->list->natoms; i++) {
        if (x->species[i] != centre->species)
            continue;
        atom[count++] = i;
        if (count == EQML_LANES) {
            eqml__cloud_atoms(x, centre, count, atom);
            count = 0;
        }
    }
    if (count)
        eqml__cloud_atoms(x, centre, count, atom);
}

/* Checks the arguments of a call and lays out its room. */
EQML_FUNCTION eqml_status eqml__cloud_begin(eqml__cloud *x, const eqml_cloud_model *model,
                                            const eqml_neighbours *list, const int *species,
                                            eqml_cloud_workspace *w, const eqml_cloud_result *result)
{
    const eqml_cloud_basis *b = model->basis;
    memset(x, 0, sizeof *x);
    x->model = model;
    x->list = list;
    x->species = species;
    x->result = result;
    if (!(model->radial.cutoff > 0) || !(model->radial.range > 0))
        return EQML_ERROR_ARGUMENT;
    for (size_t i = 0; i < list->natoms; i++)
        if (species[i] < 0 || species[i] >= b->nspecies)
            return EQML_ERROR_ARGUMENT;
    const int vectors = eqml__cloud_vectors(b, list) | 1; /* odd: no strides of powers of two */
    const size_t size = eqml__cloud_layout(x, NULL, vectors) + 64;
    if (size > w->size) {
        EQML_FREE(w->room);
        w->room = (char *)EQML_MALLOC(size);
        w->size = w->room ? size : 0;
        if (!w->room)
            return EQML_ERROR_MEMORY;
    }
    eqml__cloud_layout(x, w->room + (64 - (uintptr_t)w->room % 64), vectors);
    eqml__harmonic_scales(b->lmax, x->scale);
    x->radial = eqml__radial_of(&model->radial);
    return EQML_OK;
}

EQML_FUNCTION eqml_status eqml_cloud_evaluate_list(const eqml_cloud_model *model, const eqml_neighbours *list,
                                                   const int *species, eqml_cloud_workspace *w,
                                                   const eqml_cloud_result *result)
/*
 * Evaluates a model for neighbours that the caller has: those of eqml_neighbours_find up to eqml_cloud_cutoff, or a
 * list with skin, whose pairs beyond the cutoff are passed over. species[natoms]. Allocates only where the workspace is too small. Atoms of a species
 * that is no centre have the energy model->atoms, or 0; neighbours of a species that is not around a centre count as
 * absent.
 *
 * EQML_ERROR_ARGUMENT: a species that the basis does not know, a radial cutoff or range that is not positive.
 */
{
    const eqml_cloud_basis *b = model->basis;
    eqml__cloud x;
    const eqml_status status = eqml__cloud_begin(&x, model, list, species, w, result);
    if (status)
        return status;
    for (size_t i = 0; i < list->natoms; i++) {
        if (result->energies)
            result->energies[i] = model->atoms ? model->atoms[species[i]] : 0;
        for (size_t d = 0; d < 3 && result->forces; d++)
            result->forces[3 * i + d] = 0;
        int centre = 0;
        while (centre < b->ncentres && b->centres[centre].species != species[i])
            centre++;
        if (centre == b->ncentres && model->atoms)
            x.energy += model->atoms[species[i]];
    }
    for (int c = 0; c < b->ncentres; c++)
        eqml__cloud_centre(&x, &b->centres[c]);
    if (result->energy)
        *result->energy = x.energy;
    if (result->virial)
        memcpy(result->virial, x.virial, sizeof x.virial);
    eqml_pairs_add(b->nspecies, model->pairs, list, species, result);
    return EQML_OK;
}

EQML_FUNCTION eqml_status eqml_cloud_evaluate(const eqml_cloud_model *model,
                                              const eqml_configuration *configuration,
                                              eqml_cloud_workspace *w, const eqml_cloud_result *result,
                                              eqml_message *message)
/*
 * The same for a configuration, whose neighbours are found. Errors are those of eqml_neighbours_find as well. message may
 * be NULL; where the call fails, the results are as they were.
 */
{
    if (message)
        message->text[0] = 0;
    eqml_status status = eqml_neighbours_find(configuration, eqml_cloud_cutoff(model), &w->list, message);
    if (!status)
        status = eqml_cloud_evaluate_list(model, &w->list, configuration->species, w, result);
    if (status && message && !message->text[0])
        strcpy(message->text,
               status == EQML_ERROR_ARGUMENT
                   ? "a species that the basis does not know, or a radial range that is not positive"
                   : eqml_status_text(status));
    return status;
}

#endif /* EQML__CLOUD_EVALUATE_H */
