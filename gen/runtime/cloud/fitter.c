/* What a fit works with: the rows of configurations, and the penalty. */
#ifndef EQML__CLOUD_FITTER_C
#define EQML__CLOUD_FITTER_C
#include "cloud/frames.c"
#include "cloud/levels.c"
#include "cloud/neighbours.c"
#include "compass.c"
#include "system.c"

typedef struct eqml__cloud_fit {
    const eqml_cloud_basis *basis;
    const eqml_radial *radial;
    const eqml_frames *frames;
    eqml_cloud_fit_options options;
    int ncols;          /* terms, and atoms unless they are given */
    double some_forces; /* the fraction of rows of forces that are taken, evenly spread */
    double *atoms;
    size_t used, natoms; /* configurations, and atoms of the largest */
    eqml_cloud_workspace workspace;
    double *energy, *forces, *virial, *count; /* rows of one configuration; atoms of each species */
    double *reference;                        /* [3 natoms] forces of the pairs */
    eqml_message *message;
} eqml__cloud_fit;

static int eqml__frame_used(const eqml_frames *f, const unsigned char *use, size_t k)
{
    return (!use || use[k]) && f->has[k];
}

static int eqml__is_anchor(const eqml_cloud_fit_options *o, size_t k)
{
    return o->anchors && o->anchors[k];
}

/* That configuration k is of the training data, and no anchor. */
static int eqml__frame_trains(const eqml_frames *f, const eqml_cloud_fit_options *o, size_t k)
{
    return eqml__frame_used(f, o->use, k) && !eqml__is_anchor(o, k);
}

static void eqml__cloud_fit_free(eqml__cloud_fit *w)
{
    eqml_cloud_workspace_free(&w->workspace);
    EQML_FREE(w->energy);
    EQML_FREE(w->forces);
    EQML_FREE(w->virial);
    EQML_FREE(w->count);
    EQML_FREE(w->reference);
}

/* Energy (less that of atoms), forces and virial of the pairs of configuration k, whose neighbours are known; zero
 * where there are none. */
static void eqml__pairs_of_frame(eqml__cloud_fit *w, size_t k, double *energy, double *virial)
{
    const eqml_configuration c = eqml_frame(w->frames, k);
    const eqml_cloud_result result = {energy, w->reference, virial, NULL};
    *energy = 0;
    memset(virial, 0, 6 * sizeof(double));
    memset(w->reference, 0, 3 * c.natoms * sizeof(double));
    eqml_pairs_add(w->basis->nspecies, w->options.pairs, &w->workspace.list, c.species, &result);
}

/* The neighbours of configuration k, as far as the potential with its pairs reaches. */
static eqml_status eqml__neighbours_of_frame(eqml__cloud_fit *w, size_t k)
{
    const eqml_configuration c = eqml_frame(w->frames, k);
    const eqml_cloud_model model = {w->basis, *w->radial, NULL, NULL, w->options.pairs};
    eqml_message why = {""};
    const eqml_status status = eqml_neighbours_find(&c, eqml_cloud_cutoff(&model), &w->workspace.list, &why);
    if (status)
        eqml__fail(w->message, status, "configuration %zu, line %zu: %s", k + 1, w->frames->line[k],
                   why.text[0] ? why.text : eqml_status_text(status));
    return status;
}

/* The energies of atoms that explain energies best by the numbers of atoms alone. */
static eqml_status eqml__fit_atoms(eqml__cloud_fit *w)
{
    const eqml_frames *f = w->frames;
    const int nspecies = w->basis->nspecies;
    eqml_lsq *lsq;
    size_t rows = 0;
    eqml_status status = eqml_lsq_create(&lsq, nspecies, 1);
    for (size_t k = 0; k < f->n && !status; k++) {
        if (!eqml__frame_trains(f, &w->options, k) || !(f->has[k] & EQML_FRAME_ENERGY))
            continue;
        double *row = eqml_lsq_row(lsq), pairs = 0, virial[6];
        const double scale = 1 / (double)(f->first[k + 1] - f->first[k]);
        for (int s = 0; s <= nspecies; s++)
            row[s] = 0;
        for (size_t i = f->first[k]; i < f->first[k + 1]; i++)
            row[f->species[i]] += scale;
        if (w->options.pairs) {
            status = eqml__neighbours_of_frame(w, k);
            if (status)
                break;
            eqml__pairs_of_frame(w, k, &pairs, virial);
        }
        row[nspecies] = (f->energy[k] - pairs) * scale;
        status = eqml_lsq_add(lsq);
        rows++;
    }
    for (int s = 0; s < nspecies; s++)
        w->atoms[s] = 0;
    if (!status && rows)
        status = eqml_lsq_solve(lsq, NULL, w->atoms, NULL);
    eqml_lsq_free(lsq);
    return status;
}

/* The caller calls eqml__cloud_fit_free, also if this fails. atoms[nspecies] <- a first guess, unless they are given. */
static eqml_status eqml__cloud_fit_create(eqml__cloud_fit *w, const eqml_cloud_basis *basis,
                                          const eqml_radial *radial, const eqml_frames *frames,
                                          const eqml_cloud_fit_options *options, double *atoms,
                                          eqml_message *message)
{
    const size_t length = (size_t)basis->nterms;
    memset(w, 0, sizeof *w);
    w->basis = basis;
    w->radial = radial;
    w->frames = frames;
    if (options)
        w->options = *options;
    w->some_forces = 1;
    w->ncols = basis->nterms + (w->options.atoms ? 0 : basis->nspecies);
    w->atoms = atoms;
    w->message = message;
    for (size_t k = 0; k < frames->n; k++) {
        const size_t n = frames->first[k + 1] - frames->first[k];
        w->used += eqml__frame_trains(frames, &w->options, k) != 0;
        w->natoms = n > w->natoms ? n : w->natoms;
    }
    if (!w->used)
        return eqml__fail(message, EQML_ERROR_EMPTY, "no configuration with an energy or forces to train on");
    w->forces = (double *)eqml__zeroed(eqml__times(3 * w->natoms, length), sizeof(double));
    w->energy = (double *)eqml__zeroed(length, sizeof(double));
    w->virial = (double *)eqml__zeroed(6 * length, sizeof(double));
    w->count = (double *)eqml__zeroed((size_t)basis->nspecies, sizeof(double));
    w->reference = (double *)eqml__zeroed(3 * w->natoms, sizeof(double));
    if (!w->forces || !w->energy || !w->virial || !w->count || !w->reference)
        return eqml__fail(message, EQML_ERROR_MEMORY, "no memory for the rows of %zu atoms", w->natoms);
    if (!w->options.atoms)
        return eqml__fit_atoms(w);
    memcpy(atoms, w->options.atoms, (size_t)basis->nspecies * sizeof(double));
    return EQML_OK;
}

/* One row, times a factor; count: atoms of each species, on which energies depend as well, or NULL. */
static eqml_status eqml__put_cloud_row(const eqml__cloud_fit *w, eqml_lsq *lsq, const double *from,
                                       const double *count, double value, double factor)
{
    const int n = w->basis->nterms;
    double *row = eqml_lsq_row(lsq);
    for (int k = 0; k < n; k++)
        row[k] = factor * from[k];
    for (int k = n; k < w->ncols; k++)
        row[k] = count ? factor * count[k - n] : 0;
    row[w->ncols] = factor * value;
    return eqml_lsq_add(lsq);
}

/*
 * Adds the rows of configuration k to a system for each kind, which may be the same one, or NULL where the kind takes no
 * part; those of energies and virials over the root of the number of atoms times angstrom^2, of each kind times factor.
 */
static eqml_status eqml__put_frame(eqml__cloud_fit *w, size_t k, eqml_lsq *const lsq[EQML_CLOUD_KINDS],
                                   const double factor[EQML_CLOUD_KINDS])
{
    static const unsigned char kind[EQML_CLOUD_KINDS] = {EQML_FRAME_ENERGY, EQML_FRAME_FORCES,
                                                         EQML_FRAME_VIRIAL};
    const eqml_frames *f = w->frames;
    const eqml_configuration c = eqml_frame(f, k);
    const size_t length = (size_t)w->basis->nterms;
    double root[EQML_CLOUD_KINDS], pairs, virial[6];
    int has[EQML_CLOUD_KINDS];
    for (int j = 0; j < EQML_CLOUD_KINDS; j++) {
        const double own = w->options.weights ? w->options.weights[k][j] : 1;
        root[j] =
            factor[j] * sqrt(own) / (j == EQML_CLOUD_FORCES ? 1 : EQML_ANGSTROM * sqrt((double)c.natoms));
        has[j] = lsq[j] && (f->has[k] & kind[j]) && own > 0;
    }
    if (!has[EQML_CLOUD_ENERGY] && !has[EQML_CLOUD_FORCES] && !has[EQML_CLOUD_VIRIAL])
        return EQML_OK;
    const eqml_cloud_rows rows = {w->energy, has[EQML_CLOUD_FORCES] ? w->forces : NULL,
                                  has[EQML_CLOUD_VIRIAL] ? w->virial : NULL};
    eqml_status status = eqml__neighbours_of_frame(w, k);
    if (status)
        return status;
    status = eqml_cloud_find_rows(w->basis, w->radial, &w->workspace.list, c.species, &w->workspace, &rows);
    if (status)
        return eqml__fail(w->message, status, "configuration %zu, line %zu: %s", k + 1, f->line[k],
                          eqml_status_text(status));
    eqml__pairs_of_frame(w, k, &pairs, virial);
    if (has[EQML_CLOUD_ENERGY]) {
        double rest = f->energy[k] - pairs;
        memset(w->count, 0, (size_t)w->basis->nspecies * sizeof(double));
        for (size_t i = 0; i < c.natoms; i++) {
            rest -= w->atoms[c.species[i]];
            w->count[c.species[i]] += 1;
        }
        status = eqml__put_cloud_row(w, lsq[0], w->energy, w->count, rest, root[0]);
    }
    for (size_t i = 0; i < 3 * c.natoms && has[EQML_CLOUD_FORCES] && !status; i++)
        if (w->some_forces >= 1 || eqml__scattered(3 * f->first[k] + i) < w->some_forces)
            status = eqml__put_cloud_row(w, lsq[1], w->forces + i * length, NULL,
                                         f->forces[3 * f->first[k] + i] - w->reference[i], root[1]);
    for (size_t i = 0; i < 6 && has[EQML_CLOUD_VIRIAL] && !status; i++)
        status = eqml__put_cloud_row(w, lsq[2], w->virial + i * length, NULL,
                                     f->virial[6 * k + i] - virial[i], root[2]);
    return status;
}

/* Adds the rows of the anchors, after the penalty, whose norms they take no part in. */
static eqml_status eqml__put_anchors(eqml__cloud_fit *w, eqml_lsq *lsq)
{
    const double weight = w->options.anchor_weight, root = weight > 0 ? sqrt(weight) : 1;
    const double factor[EQML_CLOUD_KINDS] = {root, root, root};
    eqml_lsq *const kinds[EQML_CLOUD_KINDS] = {lsq, lsq, lsq};
    eqml_status status = EQML_OK;
    for (size_t k = 0; k < w->frames->n && !status; k++)
        if (eqml__is_anchor(&w->options, k))
            status = eqml__put_frame(w, k, kinds, factor);
    return status;
}

/* scale[nterms] <- (level / mean level)^p. */
static eqml_status eqml__level_scales(const eqml_cloud_basis *basis, const eqml_cloud_fit_options *o,
                                      double *scale)
{
    const double p = o->smoothness;
    double mean = 0;
    const eqml_status status = eqml_cloud_levels(basis, o->level_weight > 0 ? o->level_weight : 1.5, scale);
    for (int k = 0; k < basis->nterms && !status; k++)
        mean += scale[k] / basis->nterms;
    for (int k = 0; k < basis->nterms && !status; k++)
        scale[k] = p > 0 ? pow(scale[k] / mean, p) : 1;
    return status;
}

/*
 * Adds the penalty to a system: for each column a row of its own, ridge^(1/2) scale |a|; the scale of atoms is 1. A column
 * without any data counts as one of usual norm, so that it is determined too: to be 0.
 */
static eqml_status eqml__penalise(eqml_lsq *lsq, int nterms, double ridge, const double *scale)
{
    const int ncols = lsq->ncols;
    double *norm = (double *)eqml__zeroed((size_t)ncols, sizeof(double)), all = 0;
    eqml_status status = norm ? EQML_OK : EQML_ERROR_MEMORY;
    eqml__lsq_fold(lsq);
    for (int j = 0; j < ncols && !status; j++) {
        for (int i = 0; i <= j; i++)
            norm[j] += *eqml__lsq_r(lsq, i, j) * *eqml__lsq_r(lsq, i, j);
        all += norm[j] / ncols;
    }
    for (int j = 0; j < ncols && !status; j++) {
        memset(eqml_lsq_row(lsq), 0, (size_t)lsq->width * sizeof(double));
        eqml_lsq_row(lsq)[j] = (j < nterms ? scale[j] : 1) * sqrt(ridge * (norm[j] > 0 ? norm[j] : all));
        status = eqml_lsq_add(lsq);
    }
    EQML_FREE(norm);
    return status;
}

#endif /* EQML__CLOUD_FITTER_C */
