#ifndef EQML__CLOUD_FIT_C
#define EQML__CLOUD_FIT_C
#include "cloud/fit.h"
#include "cloud/fitter.c"

EQML_API int eqml_cloud_isolated_atoms(const eqml_frames *f, int nspecies, double *atoms)
{
    int found = 0;
    unsigned char seen[256] = {0};
    for (size_t k = 0; k < f->n; k++) {
        const int s = f->species[f->first[k]], *pbc = f->pbc + 3 * k;
        if (f->first[k + 1] - f->first[k] != 1 || !(f->has[k] & EQML_FRAME_ENERGY) || pbc[0] || pbc[1] ||
            pbc[2] || s >= nspecies || s > 255)
            continue;
        found += !seen[s];
        seen[s] = 1;
        atoms[s] = f->energy[k];
    }
    return found;
}

/* The triangle of all rows and of the penalty. */
static eqml_status eqml__fit_rows(eqml__cloud_fit *w, eqml_lsq *lsq)
{
    const eqml_cloud_fit_options *o = &w->options;
    const double factor[EQML_CLOUD_KINDS] = {sqrt(o->energy_weight > 0 ? o->energy_weight : 100), 1,
                                             sqrt(o->virial_weight)};
    eqml_lsq *const kinds[EQML_CLOUD_KINDS] = {lsq, lsq, o->virial_weight > 0 ? lsq : NULL};
    eqml_status status = EQML_OK;
    for (size_t k = 0; k < w->frames->n && !status; k++) {
        if (eqml__frame_trains(w->frames, o, k))
            status = eqml__put_frame(w, k, kinds, factor);
        if (o->progress)
            o->progress(o->context, k + 1, w->frames->n);
    }
    return status;
}

static eqml_status eqml__fit_penalty(eqml__cloud_fit *w, eqml_lsq *lsq)
{
    double *scale;
    if (!(w->options.ridge > 0))
        return EQML_OK;
    scale = (double *)eqml__zeroed((size_t)w->basis->nterms, sizeof(double));
    eqml_status status = scale ? eqml__level_scales(w->basis, &w->options, scale) : EQML_ERROR_MEMORY;
    if (!status)
        status = eqml__penalise(lsq, w->basis->nterms, w->options.ridge, scale);
    EQML_FREE(scale);
    return status;
}

EQML_API eqml_status eqml_cloud_fit(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                    const eqml_frames *frames, const eqml_cloud_fit_options *options,
                                    double *coefficients, double *atoms, eqml_lsq **triangle,
                                    eqml_cloud_fit_result *result, eqml_message *message)
{
    eqml__cloud_fit w;
    eqml_lsq_result solved;
    eqml_lsq *lsq = NULL;
    size_t rows = 0;
    double *x = NULL;
    memset(&solved, 0, sizeof solved);
    if (triangle)
        *triangle = NULL;
    if (message)
        message->text[0] = 0;
    eqml_status status = eqml__cloud_fit_create(&w, basis, radial, frames, options, atoms, message);
    if (!status)
        status = eqml_lsq_create(&lsq, w.ncols, 1);
    x = (double *)eqml__zeroed((size_t)basis->nterms + (size_t)basis->nspecies, sizeof(double));
    if (!status)
        status = x ? eqml__fit_rows(&w, lsq) : EQML_ERROR_MEMORY;
    if (!status) {
        rows = lsq->rows;
        status = eqml__fit_penalty(&w, lsq);
    }
    if (!status)
        status = eqml__put_anchors(&w, lsq);
    if (!status)
        status = eqml_lsq_solve(lsq, NULL, x, &solved);
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the fit: %s", eqml_status_text(status));
    if (!status) {
        memcpy(coefficients, x, (size_t)basis->nterms * sizeof(double));
        for (int s = basis->nterms; s < w.ncols; s++)
            atoms[s - basis->nterms] += x[s];
    }
    if (result) {
        const int others = w.ncols - basis->nterms;
        result->frames = w.used;
        result->rows = rows;
        result->rank = solved.rank > others ? solved.rank - others : 0;
        result->condition = solved.condition;
    }
    if (triangle && !status)
        *triangle = lsq;
    else
        eqml_lsq_free(lsq);
    eqml__cloud_fit_free(&w);
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
    double products[3] = {0, 0, 0};
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
            for (int i = 0; i < 6; i++) {
                products[0] += per_atom * per_atom * virial[i] * f->virial[6 * k + (size_t)i];
                products[1] += per_atom * per_atom * virial[i] * virial[i];
                products[2] +=
                    per_atom * per_atom * f->virial[6 * k + (size_t)i] * f->virial[6 * k + (size_t)i];
            }
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
    if (products[1] > 0 && products[2] > 0)
        e->virial_sign = products[0] / sqrt(products[1] * products[2]);
    EQML_FREE(forces);
    eqml_cloud_workspace_free(&w);
    return status;
}

#endif /* EQML__CLOUD_FIT_C */
