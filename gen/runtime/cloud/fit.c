#ifndef EQML__CLOUD_FIT_C
#define EQML__CLOUD_FIT_C
#include "cloud/fit.h"
#include "cloud/frames.c"
#include "cloud/neighbours.c"
#include "lsq.h"

/* What a fit works with. */
typedef struct eqml__cloud_fit {
    const eqml_cloud_basis *basis;
    const eqml_radial *radial;
    const eqml_frames *frames;
    const eqml_cloud_fit_options *options;
    const double *atoms;
    eqml_lsq *lsq;
    eqml_cloud_workspace workspace;
    double *forces; /* rows of the largest configuration */
    double *energy, *virial, *count;
    eqml_message *message;
} eqml__cloud_fit;

static int eqml__frame_used(const eqml_frames *f, const unsigned char *use, size_t k)
{
    return (!use || use[k]) && f->has[k];
}

/* The energies of atoms that explain energies best by the numbers of atoms alone. */
static eqml_status eqml__fit_atoms(const eqml_cloud_basis *basis, const eqml_frames *f,
                                   const unsigned char *use, double *atoms)
{
    eqml_lsq *lsq;
    size_t rows = 0;
    eqml_status status = eqml_lsq_create(&lsq, basis->nspecies, 1);
    for (size_t k = 0; k < f->n && !status; k++) {
        if (!eqml__frame_used(f, use, k) || !(f->has[k] & EQML_FRAME_ENERGY))
            continue;
        double *row = eqml_lsq_row(lsq);
        const double scale = 1 / (double)(f->first[k + 1] - f->first[k]);
        for (int s = 0; s <= basis->nspecies; s++)
            row[s] = 0;
        for (size_t i = f->first[k]; i < f->first[k + 1]; i++)
            row[f->species[i]] += scale;
        row[basis->nspecies] = f->energy[k] * scale;
        status = eqml_lsq_add(lsq);
        rows++;
    }
    for (int s = 0; s < basis->nspecies; s++)
        atoms[s] = 0;
    if (!status && rows)
        status = eqml_lsq_solve(lsq, NULL, atoms, NULL);
    eqml_lsq_free(lsq);
    return status;
}

/* One row, times a weight; count: atoms of each species, on which energies depend as well, or NULL. */
static eqml_status eqml__put_cloud_row(eqml__cloud_fit *w, const double *from, const double *count,
                                       double value, double weight)
{
    const int n = w->basis->nterms, species = w->basis->nspecies;
    double *row = eqml_lsq_row(w->lsq);
    for (int k = 0; k < n; k++)
        row[k] = weight * from[k];
    for (int k = 0; k < species; k++)
        row[n + k] = count ? weight * count[k] : 0;
    row[n + species] = weight * value;
    return eqml_lsq_add(w->lsq);
}

static eqml_status eqml__put_frame(eqml__cloud_fit *w, size_t k)
{
    const eqml_frames *f = w->frames;
    const eqml_configuration c = eqml_frame(f, k);
    const size_t length = (size_t)w->basis->nterms;
    const eqml_cloud_fit_options *o = w->options;
    const double energy_weight = o && o->energy_weight > 0 ? o->energy_weight : 100;
    const double virial_weight = o ? o->virial_weight : 0;
    const double unit = EQML_ANGSTROM * EQML_ANGSTROM * (double)c.natoms; /* weights are in angstrom^-2 */
    const int has_forces = f->has[k] & EQML_FRAME_FORCES;
    const int has_virial = virial_weight > 0 && (f->has[k] & EQML_FRAME_VIRIAL);
    const eqml_cloud_rows rows = {w->energy, has_forces ? w->forces : NULL, has_virial ? w->virial : NULL};
    eqml_message why = {""};
    eqml_status status = eqml_neighbours_find(&c, w->radial->cutoff, &w->workspace.list, &why);
    if (!status)
        status =
            eqml_cloud_find_rows(w->basis, w->radial, &w->workspace.list, c.species, &w->workspace, &rows);
    if (status)
        return eqml__fail(w->message, status, "configuration %zu, line %zu: %s", k + 1, f->line[k],
                          why.text[0] ? why.text : eqml_status_text(status));
    if (f->has[k] & EQML_FRAME_ENERGY) {
        double rest = f->energy[k];
        for (int s = 0; s < w->basis->nspecies; s++)
            w->count[s] = 0;
        for (size_t i = 0; i < c.natoms; i++) {
            rest -= w->atoms[c.species[i]];
            w->count[c.species[i]] += 1;
        }
        status = eqml__put_cloud_row(w, w->energy, w->count, rest, sqrt(energy_weight / unit));
    }
    for (size_t i = 0; i < 3 * c.natoms && has_forces && !status; i++)
        status = eqml__put_cloud_row(w, w->forces + i * length, NULL, f->forces[3 * f->first[k] + i], 1);
    for (size_t i = 0; i < 6 && has_virial && !status; i++)
        status = eqml__put_cloud_row(w, w->virial + i * length, NULL, f->virial[6 * k + i],
                                     sqrt(virial_weight / unit));
    return status;
}

EQML_API eqml_status eqml_cloud_fit(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                    const eqml_frames *frames, const eqml_cloud_fit_options *options,
                                    double *coefficients, double *atoms, eqml_cloud_fit_result *result,
                                    eqml_message *message)
{
    eqml__cloud_fit w;
    eqml_lsq_options solve = {0, options ? options->ridge : 0, 0};
    eqml_lsq_result solved;
    const unsigned char *use = options ? options->use : NULL;
    const size_t length = (size_t)basis->nterms;
    size_t most = 0, used = 0;
    double *x = NULL;
    memset(&w, 0, sizeof w);
    memset(&solved, 0, sizeof solved);
    w.basis = basis;
    w.radial = radial;
    w.frames = frames;
    w.options = options;
    w.atoms = atoms;
    w.message = message;
    for (size_t k = 0; k < frames->n; k++) {
        const size_t n = frames->first[k + 1] - frames->first[k];
        used += eqml__frame_used(frames, use, k) != 0;
        most = n > most ? n : most;
    }
    if (!used)
        return eqml__fail(message, EQML_ERROR_EMPTY, "no configuration with an energy or forces to train on");
    eqml_status status = eqml__fit_atoms(basis, frames, use, atoms);
    if (!status)
        status = eqml_lsq_create(&w.lsq, basis->nterms + basis->nspecies, 1);
    w.forces = (double *)eqml__zeroed(eqml__times(3 * most, length), sizeof(double));
    w.energy = (double *)eqml__zeroed(length, sizeof(double));
    w.virial = (double *)eqml__zeroed(6 * length, sizeof(double));
    w.count = (double *)eqml__zeroed((size_t)basis->nspecies, sizeof(double));
    x = (double *)eqml__zeroed(length + (size_t)basis->nspecies, sizeof(double));
    if (!status && (!w.forces || !w.energy || !w.virial || !w.count || !x))
        status = EQML_ERROR_MEMORY;
    if (status)
        eqml__fail(message, status, "%s", eqml_status_text(status));
    for (size_t k = 0; k < frames->n && !status; k++) {
        if (eqml__frame_used(frames, use, k))
            status = eqml__put_frame(&w, k);
        if (options && options->progress)
            options->progress(options->context, k + 1, frames->n);
    }
    if (!status) {
        status = eqml_lsq_solve(w.lsq, &solve, x, &solved);
        if (status)
            eqml__fail(message, status, "the least-squares problem: %s", eqml_status_text(status));
        memcpy(coefficients, x, length * sizeof(double));
        for (int s = 0; s < basis->nspecies; s++)
            atoms[s] += x[basis->nterms + s];
    }
    if (result) {
        result->frames = used;
        result->rows = solved.rows;
        result->rank = solved.rank > basis->nspecies ? solved.rank - basis->nspecies : 0;
        result->condition = solved.condition;
    }
    eqml_lsq_free(w.lsq);
    eqml_cloud_workspace_free(&w.workspace);
    EQML_FREE(w.forces);
    EQML_FREE(w.energy);
    EQML_FREE(w.virial);
    EQML_FREE(w.count);
    EQML_FREE(x);
    return status;
}

/* Adds errors of n numbers, times a scale. */
static void eqml__add_errors(size_t n, const double *a, const double *b, double scale, double *sum,
                             double *squares)
{
    for (size_t k = 0; k < n; k++) {
        const double error = scale * (a[k] - b[k]);
        *sum += fabs(error);
        *squares += error * error;
    }
}

EQML_API eqml_status eqml_cloud_find_errors(const eqml_cloud_model *model, const eqml_frames *f,
                                            const unsigned char *use, eqml_cloud_errors *e,
                                            eqml_message *message)
{
    eqml_cloud_workspace w;
    size_t most = 0, components = 0;
    eqml_status status = EQML_OK;
    memset(&w, 0, sizeof w);
    memset(e, 0, sizeof *e);
    for (size_t k = 0; k < f->n; k++)
        most = f->first[k + 1] - f->first[k] > most ? f->first[k + 1] - f->first[k] : most;
    double energy, virial[6], *forces = (double *)eqml__zeroed(3 * most, sizeof(double));
    const eqml_cloud_result result = {&energy, forces, virial, NULL};
    if (!forces)
        return eqml__fail(message, EQML_ERROR_MEMORY, "no memory for the forces");
    for (size_t k = 0; k < f->n && !status; k++) {
        const eqml_configuration c = eqml_frame(f, k);
        const double per_atom = 1 / (double)c.natoms;
        eqml_message why = {""};
        if (!eqml__frame_used(f, use, k))
            continue;
        status = eqml_cloud_evaluate(model, &c, &w, &result, &why);
        if (status)
            eqml__fail(message, status, "configuration %zu, line %zu: %s", k + 1, f->line[k], why.text);
        if (f->has[k] & EQML_FRAME_ENERGY) {
            eqml__add_errors(1, &energy, &f->energy[k], per_atom, &e->mae_energy, &e->rmse_energy);
            e->energies++;
        }
        if (f->has[k] & EQML_FRAME_FORCES) {
            eqml__add_errors(3 * c.natoms, forces, f->forces + 3 * f->first[k], 1, &e->mae_force,
                             &e->rmse_force);
            e->forces++;
            components += 3 * c.natoms;
        }
        if (f->has[k] & EQML_FRAME_VIRIAL) {
            eqml__add_errors(6, virial, f->virial + 6 * k, per_atom, &e->mae_virial, &e->rmse_virial);
            e->virials++;
        }
    }
    const double counts[3] = {(double)e->energies, (double)components, 6 * (double)e->virials};
    double *const mean[3] = {&e->mae_energy, &e->mae_force, &e->mae_virial};
    double *const square[3] = {&e->rmse_energy, &e->rmse_force, &e->rmse_virial};
    for (int k = 0; k < 3; k++) {
        *mean[k] = counts[k] > 0 ? *mean[k] / counts[k] : 0;
        *square[k] = counts[k] > 0 ? sqrt(*square[k] / counts[k]) : 0;
    }
    EQML_FREE(forces);
    eqml_cloud_workspace_free(&w);
    return status;
}

#endif /* EQML__CLOUD_FIT_C */
