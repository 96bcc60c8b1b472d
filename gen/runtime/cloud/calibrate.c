#ifndef EQML__CLOUD_CALIBRATE_C
#define EQML__CLOUD_CALIBRATE_C
#include "cloud/calibrate.h"
#include "cloud/grading.c"
#include "diagnose.c"

enum { EQML__LEFT_ATOMS = 200, EQML__LEFT_FORCES = 30 }; /* of a configuration at most */

/* Errors of a configuration, and its rows as they are in the fit but for weights. */
typedef struct eqml__left {
    eqml__cloud_fit w;
    const eqml_cloud_model *model;
    eqml_cloud_workspace workspace; /* of evaluations */
    int ncols;                      /* of the triangle */
    size_t length;                  /* of a row */
    double *rows, *forces;          /* [1 + 3 natoms][length], [3 natoms] */
    double energy;                  /* error over the number of atoms */
} eqml__left;

static void eqml__left_free(eqml__left *x)
{
    eqml__cloud_fit_free(&x->w);
    eqml_cloud_workspace_free(&x->workspace);
    EQML_FREE(x->rows);
    EQML_FREE(x->forces);
}

/* length: of rows, zeros behind the columns. atoms[2 nspecies] is room: no energies of atoms are fitted. */
static eqml_status eqml__left_create(eqml__left *x, const eqml_cloud_model *model, const eqml_frames *frames,
                                     const eqml_cloud_fit_options *fit, int ncols, size_t length,
                                     double *atoms, eqml_message *message)
{
    memset(x, 0, sizeof *x);
    x->model = model;
    x->ncols = ncols;
    x->length = length;
    eqml_cloud_fit_options options = *fit;
    options.atoms = atoms + model->basis->nspecies;
    const eqml_status status =
        eqml__cloud_fit_create(&x->w, model->basis, &model->radial, frames, &options, atoms, message);
    if (status)
        return status;
    x->rows = (double *)eqml__zeroed(eqml__times(1 + 3 * x->w.natoms, length), sizeof(double));
    x->forces = (double *)eqml__zeroed(3 * x->w.natoms, sizeof(double));
    return x->rows && x->forces ? EQML_OK : EQML_ERROR_MEMORY;
}

/* Fills errors and rows with those of configuration k. */
static eqml_status eqml__left_find(eqml__left *x, size_t k)
{
    const eqml_frames *f = x->w.frames;
    const eqml_cloud_basis *b = x->model->basis;
    const eqml_configuration c = eqml_frame(f, k);
    const size_t n = (size_t)b->nterms, ncols = (size_t)x->ncols;
    const double per_atom = 1 / (double)c.natoms;
    const eqml_cloud_result result = {&x->energy, x->forces, NULL, NULL};
    const eqml_cloud_rows rows = {x->w.energy, x->w.forces, NULL};
    eqml_status status = eqml_cloud_evaluate(x->model, &c, &x->workspace, &result, x->w.message);
    if (!status)
        status =
            eqml_cloud_find_rows(b, &x->model->radial, &x->workspace.list, c.species, &x->w.workspace, &rows);
    if (status)
        return status;
    x->energy = (x->energy - f->energy[k]) * per_atom;
    for (size_t i = 0; i < 3 * c.natoms; i++)
        x->forces[i] -= f->forces[3 * f->first[k] + i];
    memset(x->rows, 0, (1 + 3 * c.natoms) * x->length * sizeof(double));
    for (size_t j = 0; j < n; j++)
        x->rows[j] = per_atom * x->w.energy[j];
    for (size_t i = 0; i < c.natoms && ncols > n; i++)
        x->rows[n + (size_t)c.species[i]] += per_atom;
    for (size_t i = 0; i < 3 * c.natoms; i++)
        memcpy(x->rows + (1 + i) * x->length, x->w.forces + i * n, n * sizeof(double));
    return EQML_OK;
}

/* found <- error and variance of row i of the block without all rows of it, whose root of weight is `root`. */
static void eqml__left_out(const eqml__block *b, int count, int i, double root, double *by,
                           eqml_influence *found)
{
    memcpy(by, b->hat + i * b->most, (size_t)count * sizeof(double));
    eqml__solve_block(count, b, by);
    found->known = 1;
    found->deleted = b->error[i] / root;
    found->variance = by[i] / (root * root);
}

/* Leaves configuration k out, whose rows are found; returns how many influences of forces. */
static size_t eqml__leave_out(eqml__left *x, size_t k, const eqml__system *s, eqml__block *b, double *by,
                              eqml_influence *energy, eqml_influence *forces)
{
    const eqml_frames *f = x->w.frames;
    const eqml_cloud_fit_options *o = &x->w.options;
    const size_t natoms = f->first[k + 1] - f->first[k];
    const double own[2] = {o->weights ? o->weights[k][EQML_CLOUD_ENERGY] : 1,
                           o->weights ? o->weights[k][EQML_CLOUD_FORCES] : 1};
    const double weight = (o->energy_weight > 0 ? o->energy_weight : 100) * own[0];
    const int with_energy = (f->has[k] & EQML_FRAME_ENERGY) && own[0] > 0,
              with_forces = (f->has[k] & EQML_FRAME_FORCES) && own[1] > 0;
    const double root[2] = {sqrt(weight * (double)natoms) / EQML_ANGSTROM, sqrt(own[1])};
    const int first = with_energy ? 0 : 1, count = with_energy + (with_forces ? 3 * (int)natoms : 0);
    size_t found = 0;
    for (int i = 0; i < count; i++) {
        const int row = first + i;
        const double r = root[row > 0];
        double *to = x->rows + (size_t)i * x->length;
        const double *from = x->rows + (size_t)row * x->length;
        for (size_t j = 0; j < x->length; j++)
            to[j] = r * from[j];
        b->error[i] = r * (row ? x->forces[row - 1] : x->energy);
    }
    eqml__find_hat(s, count, x->rows, b);
    if (!eqml__factor_block(count, 1, b))
        return 0;
    eqml__solve_block(count, b, b->error);
    if (with_energy)
        eqml__left_out(b, count, 0, root[0], by, energy);
    const size_t all = with_forces ? 3 * natoms : 0, few = EQML__LEFT_FORCES, some = all < few ? all : few;
    for (; found < some; found++)
        eqml__left_out(b, count, with_energy + (int)(found * all / some), root[1], by, &forces[found]);
    return found;
}

/* So many standard deviations have 95.45 % of the errors of n influences within. */
static double eqml__tail(size_t n, const eqml_influence *influence, const eqml_sigma *sigma, double *room)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (eqml__is_calibrating(&influence[i]))
            room[count++] = fabs(influence[i].deleted) / eqml__sigma_of(sigma, influence[i].variance);
    qsort(room, count, sizeof(double), eqml__compare_numbers);
    return room[(size_t)(0.9545 * (double)count)];
}

static int eqml__may_leave(const eqml_frames *f, const unsigned char *use, size_t k)
{
    return eqml__frame_used(f, use, k) && f->first[k + 1] - f->first[k] <= EQML__LEFT_ATOMS;
}

EQML_API eqml_status eqml_cloud_calibrate(eqml_cloud_sigma *sigma, const eqml_cloud_grader *g,
                                          const eqml_cloud_model *model, eqml_lsq *triangle,
                                          const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                          const unsigned char *use, size_t most, eqml_message *message)
{
    const int n = triangle->ncols;
    size_t all = 0, seen = 0, nforces = 0, atoms_most = 0;
    eqml__system s;
    eqml__block b;
    eqml__left x;
    memset(sigma, 0, sizeof *sigma);
    memset(&b, 0, sizeof b);
    if (message)
        message->text[0] = 0;
    for (size_t k = 0; k < frames->n; k++)
        if (eqml__may_leave(frames, use, k)) {
            const size_t natoms = frames->first[k + 1] - frames->first[k];
            atoms_most = natoms > atoms_most ? natoms : atoms_most;
            all++;
        }
    most = most < all ? most : all;
    const int count = 1 + 3 * (int)atoms_most;
    eqml_influence *energy = (eqml_influence *)eqml__zeroed(frames->n, sizeof *energy);
    eqml_influence *forces = (eqml_influence *)eqml__zeroed(most * EQML__LEFT_FORCES, sizeof *forces);
    double *by = (double *)eqml__zeroed((size_t)count + 2 * (size_t)model->basis->nspecies, sizeof(double));
    double *sorted = (double *)eqml__zeroed(frames->n + most * EQML__LEFT_FORCES, sizeof(double));
    void *room = EQML_MALLOC(eqml__system_size(n, 1));
    eqml_status status = energy && forces && by && sorted && room ? EQML_OK : EQML_ERROR_MEMORY;
    memset(&x, 0, sizeof x);
    if (!status)
        status = eqml__left_create(&x, model, frames, fit, n, (size_t)n, by + count, message);
    if (!status)
        status = eqml__block_create(&b, count, n);
    if (!status) {
        eqml__lsq_fold(triangle);
        eqml__system_create(&s, n, 1, room);
        status = eqml__system_load(&s, triangle);
    }
    if (!status)
        eqml__system_reduce(&s, eqml__lsq_tolerance(triangle), 1);
    for (size_t k = 0; k < frames->n && !status; k++) {
        if (!eqml__may_leave(frames, use, k))
            continue;
        if ((seen + 1) * most / all > seen * most / all) {
            status = eqml__left_find(&x, k);
            if (!status)
                nforces += eqml__leave_out(&x, k, &s, &b, by, &energy[k], forces + nforces);
            sigma->left_out++;
        }
        seen++;
    }
    sigma->energy = sigma->force = g->variance;
    if (!status)
        status = eqml__calibrate_on(frames->n, energy, &sigma->energy);
    if (!status && nforces)
        status = eqml__calibrate_on(nforces, forces, &sigma->force);
    if (!status)
        sigma->tail[0] = eqml__tail(frames->n, energy, &sigma->energy, sorted);
    if (!status && nforces)
        sigma->tail[1] = eqml__tail(nforces, forces, &sigma->force, sorted);
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the calibration: %s", eqml_status_text(status));
    eqml__left_free(&x);
    eqml__block_free(&b);
    EQML_FREE(energy);
    EQML_FREE(forces);
    EQML_FREE(by);
    EQML_FREE(sorted);
    EQML_FREE(room);
    return status;
}

/* Counts an error, also whether it is within so many deviations as the tail has, and adds the square of its deviation. */
static void eqml__count_error(const eqml_sigma *sigma, double most, const double *row, double error,
                              eqml_coverage *coverage, double *tail, double *squares)
{
    const double deviation = eqml__sigma_of(sigma, eqml__sigma_square_one(sigma, row));
    coverage->energies++;
    for (int k = 0; k < 2; k++)
        coverage->within[k] += fabs(error) <= (k + 1) * deviation;
    *tail += fabs(error) <= most * deviation;
    *squares += deviation * deviation;
}

EQML_API eqml_status eqml_cloud_coverage(const eqml_cloud_sigma *sigma, const eqml_cloud_model *model,
                                         const eqml_frames *frames, const unsigned char *use,
                                         eqml_coverage coverage[2], double tail[2], double mean[2],
                                         eqml_message *message)
{
    const int ncols = sigma->energy.terms;
    eqml_cloud_fit_options fit;
    eqml__left x;
    double *atoms = (double *)eqml__zeroed(2 * (size_t)model->basis->nspecies, sizeof(double));
    eqml_status status = atoms ? EQML_OK : EQML_ERROR_MEMORY;
    memset(coverage, 0, 2 * sizeof *coverage);
    memset(tail, 0, 2 * sizeof *tail);
    memset(mean, 0, 2 * sizeof *mean);
    memset(&x, 0, sizeof x);
    memset(&fit, 0, sizeof fit);
    fit.pairs = model->pairs;
    if (message)
        message->text[0] = 0;
    if (!status) /* eqml__sigma_square_one reads whole vectors, from places that are aligned for them */
        status = eqml__left_create(&x, model, frames, &fit, ncols, (size_t)EQML_ROUND(ncols), atoms, message);
    double *row = (double *)eqml__zeroed((size_t)EQML_ROUND(ncols) + 8, sizeof(double));
    status = status ? status : row ? EQML_OK : EQML_ERROR_MEMORY;
    double *aligned = row ? row + (64 - (uintptr_t)row % 64) % 64 / sizeof(double) : NULL;
    for (size_t k = 0; k < frames->n && !status; k++) {
        const size_t n = 3 * (frames->first[k + 1] - frames->first[k]);
        if (!eqml__frame_used(frames, use, k))
            continue;
        status = eqml__left_find(&x, k);
        for (size_t i = 0; i <= n && !status; i++) {
            if (!(frames->has[k] & (i ? EQML_FRAME_FORCES : EQML_FRAME_ENERGY)))
                continue;
            memcpy(aligned, x.rows + i * x.length, x.length * sizeof(double));
            eqml__count_error(i ? &sigma->force : &sigma->energy, sigma->tail[i > 0], aligned,
                              i ? x.forces[i - 1] : x.energy, &coverage[i > 0], &tail[i > 0], &mean[i > 0]);
        }
    }
    for (int j = 0; j < 2; j++)
        if (coverage[j].energies) {
            mean[j] = sqrt(mean[j] / (double)coverage[j].energies);
            tail[j] /= (double)coverage[j].energies;
            coverage[j].within[0] /= (double)coverage[j].energies;
            coverage[j].within[1] /= (double)coverage[j].energies;
        }
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the coverage: %s", eqml_status_text(status));
    eqml__left_free(&x);
    EQML_FREE(row);
    EQML_FREE(atoms);
    return status;
}

#endif /* EQML__CLOUD_CALIBRATE_C */
