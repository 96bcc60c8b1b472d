/* A fit of energies that is kept in a file while it goes on: a prefix of its geometries, folded. */
#ifndef EQML__CHECKPOINT_C
#define EQML__CHECKPOINT_C
#include "fitter.c"
#include "lsq_file.c"
#include <time.h>

/* Writing takes at most this part of the time. */
#define EQML__CHECKPOINT_PART 0.05

static uint64_t eqml__digest_int(uint64_t h, int number)
{
    const uint64_t word = (uint64_t)number;
    return eqml__digest(h, &word, sizeof word);
}

/* What the terms of a basis are, and their order. */
static uint64_t eqml__digest_basis(uint64_t h, const eqml_basis *b)
{
    const int sizes[] = {b->natoms, b->npairs,  b->npair_classes, b->nterms, b->nfactors,
                         b->nslots, b->factor0, b->noperations,   b->nruns,  b->is_term != NULL};
    h = eqml__digest(h, b->symbols, strlen(b->symbols));
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        h = eqml__digest_int(h, sizes[k]);
    h = eqml__digest(h, b->pairs, (size_t)b->npairs * sizeof *b->pairs);
    h = eqml__digest(h, b->pair_classes, (size_t)b->npairs * sizeof *b->pair_classes);
    h = eqml__digest(h, b->operations, (size_t)b->noperations * sizeof *b->operations);
    h = eqml__digest(h, b->runs, (size_t)b->nruns * sizeof *b->runs);
    return b->is_term ? eqml__digest(h, b->is_term, (size_t)b->nfactors) : h;
}

static uint64_t eqml__digest_component(uint64_t h, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const eqml_surface *s = &c->surface;
    const double edges[] = {c->inner, c->cutoff};
    h = eqml__digest_basis(h, b);
    for (int k = 0; k < b->npair_classes; k++) {
        h = eqml__digest_int(h, (int)s->variables[k].kind);
        h = eqml__digest(h, &s->variables[k].range, sizeof(double));
    }
    h = eqml__digest(h, edges, sizeof edges);
    h = eqml__digest_int(eqml__digest_int(h, c->centre), c->ntuples);
    if (c->tuples)
        h = eqml__digest(h, c->tuples, (size_t)c->ntuples * (size_t)b->natoms * sizeof *c->tuples);
    if (!s->standardised)
        return h;
    h = eqml__digest(h, s->centres, (size_t)b->npairs * sizeof(double));
    return eqml__digest(h, s->offset, (size_t)b->nfactors * sizeof(double));
}

/* What the rows are, whatever the geometries: basis, variables, weights. */
static uint64_t eqml__fit_key(const eqml__fitter *w)
{
    const eqml_fit_options *o = w->options;
    const double weights[] = {o->energies_only         ? -1
                              : o->gradient_weight > 0 ? o->gradient_weight
                                                       : 1,
                              o->energy_weight};
    uint64_t h = eqml__digest(1, weights, sizeof weights);
    h = eqml__digest_int(eqml__digest_int(h, w->ncols), w->natoms);
    h = eqml__digest_int(eqml__digest_int(h, w->has_constant), w->ncomponents);
    for (int k = 0; k < w->ncomponents; k++)
        h = eqml__digest_component(h, &w->components[k]);
    return h;
}

/* w->passed <- a digest of geometry g, too, and of what is fitted to it. */
static void eqml__pass_geometry(eqml__fitter *w, size_t g)
{
    const size_t n = 3 * (size_t)w->natoms;
    const bool gradient = !w->options->energies_only && (w->data->has[g] & EQML_HAS_GRADIENT);
    const double energies[] = {w->energy[g], w->data->energy[g], gradient ? 1.0 : 0.0,
                               w->options->weights ? w->options->weights[g] : 1.0};
    w->passed = eqml__digest(w->passed, energies, sizeof energies);
    w->passed = eqml__digest(w->passed, w->data->xyz + g * n, n * sizeof(double));
    if (gradient)
        w->passed = eqml__digest(w->passed, w->gradient + g * n, n * sizeof(double));
    w->done++;
}

/* ---- notes: what the rows in the triangle rest on ------------------------------------------------------- */

static size_t eqml__count_notes(const eqml__fitter *w)
{
    size_t count = 4;
    for (int k = 0; k < w->ncomponents; k++) {
        const eqml_basis *b = w->components[k].surface.model.basis;
        count += (size_t)b->npair_classes + (size_t)b->nfactors + (size_t)b->npairs;
    }
    return count;
}

/* Copies numbers to the notes, or back; returns the place behind. */
static uint64_t *eqml__note(uint64_t *notes, bool back, double *numbers, size_t count)
{
    memcpy(back ? (void *)numbers : (void *)notes, back ? (void *)notes : (void *)numbers,
           count * sizeof(double));
    return notes + count;
}

/* Geometries done and their digest; lowest energy, shift; centres, offsets, constant pairs of each component. */
static void eqml__pass_notes(eqml__fitter *w, uint64_t *notes, bool back)
{
    if (!back)
        notes[0] = w->done, notes[1] = w->passed;
    notes = eqml__note(notes + 2, back, &w->lowest, 1);
    notes = eqml__note(notes, back, &w->shift, 1);
    for (int k = 0; k < w->ncomponents; k++) {
        eqml_surface *s = &w->components[k].surface;
        const eqml_basis *b = s->model.basis;
        for (int c = 0; c < b->npair_classes; c++) {
            double centre = eqml__get_centre(s, c);
            notes = eqml__note(notes, back, &centre, 1);
            eqml__set_centre(s, c, centre);
        }
        notes = eqml__note(notes, back, s->offset, (size_t)b->nfactors);
        notes = eqml__note(notes, back, w->frozen + k * w->npairs, (size_t)b->npairs);
        s->standardised = s->standardised || (back && !b->is_term);
    }
}

/* ---- the file ------------------------------------------------------------------------------------------- */

/* Whether it is time to write the file. */
static bool eqml__is_checkpoint_due(const eqml__fitter *w)
{
    const double asked = w->options->checkpoint_seconds;
    const double least = fmax(asked > 0 ? asked : 60, w->keeping / EQML__CHECKPOINT_PART);
    return w->options->checkpoint && (asked < 0 || difftime(time(NULL), w->kept) >= least);
}

/* Writes the file, where there is to be one. start: when the work for it began. */
static eqml_status eqml__keep_checkpoint(eqml__fitter *w, time_t start, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    if (!path)
        return EQML_OK;
    uint64_t *notes = (uint64_t *)eqml__zeroed(eqml__count_notes(w), sizeof(uint64_t));
    eqml_status status = notes ? EQML_OK : eqml__no_memory(path, message);
    if (!status) {
        eqml__pass_notes(w, notes, false);
        status = eqml__lsq_save(w->lsq, w->key, notes, eqml__count_notes(w), path, message);
    }
    EQML_FREE(notes);
    w->kept = time(NULL);
    w->keeping = difftime(w->kept, start);
    w->explained = status != EQML_OK;
    return status;
}

/* Whether the file's geometries are the first of those in use; w->first <- the one behind them. */
static eqml_status eqml__follow_data(eqml__fitter *w, const uint64_t *notes, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    for (; w->first < w->data->n && w->done < notes[0]; w->first++)
        if (eqml__trains(w, w->first))
            eqml__pass_geometry(w, w->first);
    if (w->done < notes[0])
        return eqml__fail_file(
            message, EQML_ERROR_MATCH, path, 0,
            "holds a fit to %llu geometries, but only %zu are given; remove it to begin anew",
            (unsigned long long)notes[0], w->done);
    if (w->passed != notes[1])
        return eqml__fail_file(message, EQML_ERROR_MATCH, path, 0,
                               "holds a fit to other data: its %zu geometries are not the first %zu of those "
                               "given; remove it to begin anew",
                               w->done, w->done);
    return EQML_OK;
}

/* A note as the number that it is. */
static double eqml__noted(uint64_t word)
{
    double number;
    memcpy(&number, &word, sizeof number);
    return number;
}

/* Whether what the old rows took as lowest and as constant is so in all data; w still holds what was found there. */
static eqml_status eqml__follow_notes(const eqml__fitter *w, const uint64_t *notes, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    if (w->options->energy_weight > 0 && w->lowest < eqml__noted(notes[2]))
        return eqml__fail_file(
            message, EQML_ERROR_MATCH, path, 0,
            "its weights refer to the energy %.10g hartree, and the new data go down to %.10g; "
            "remove it to begin anew",
            eqml__noted(notes[2]), w->lowest);
    const uint64_t *at = notes + 4;
    for (int k = 0; k < w->ncomponents; k++) {
        const eqml_basis *b = w->components[k].surface.model.basis;
        at += b->npair_classes + b->nfactors;
        for (int p = 0; p < b->npairs; p++, at++)
            if ((eqml__noted(*at) < HUGE_VAL) != (w->frozen[k * w->npairs + p] < HUGE_VAL))
                return eqml__fail_file(
                    message, EQML_ERROR_MATCH, path, 0,
                    "the distance of atoms %d and %d was constant in its data, and varies in the "
                    "new; remove it to begin anew",
                    b->pairs[p][0] + 1, b->pairs[p][1] + 1);
    }
    return EQML_OK;
}

/* Reads the file; what the rows in it rest on takes the place of what was found in the data. */
static eqml_status eqml__read_checkpoint(eqml__fitter *w, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    const size_t count = eqml__count_notes(w);
    eqml__saved s;
    eqml_status status = eqml__open_saved(&s, path, message);
    if (status)
        return status;
    uint64_t *notes = NULL;
    if (s.head[3] != w->key || s.head[4] != (uint64_t)w->ncols || s.head[5] != 1 || s.head[8] != count)
        status = eqml__fail_file(
            message, EQML_ERROR_MATCH, path, 0,
            "belongs to a fit with another basis, other variables, or other weights; remove it "
            "to begin anew");
    else if (!(notes = (uint64_t *)eqml__zeroed(count, sizeof(uint64_t))))
        status = eqml__no_memory(path, message);
    if (status) {
        fclose(s.file);
        return status;
    }
    status = eqml__lsq_restore(&s, w->lsq, notes);
    if (!status)
        status = eqml__follow_data(w, notes, message);
    if (!status)
        status = eqml__follow_notes(w, notes, message);
    if (!status)
        eqml__pass_notes(w, notes, true);
    EQML_FREE(notes);
    return status;
}

/*
 * Begins the file, or goes on from it: *resumed. Where nothing can be written it fails now and not behind the rows.
 * Constant pairs must have been looked for.
 */
static eqml_status eqml__begin_checkpoint(eqml__fitter *w, bool *resumed, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    eqml__output out;
    *resumed = false;
    w->kept = time(NULL);
    w->key = eqml__fit_key(w);
    w->passed = 1;
    errno = 0;
    FILE *old = path ? fopen(path, "rb") : NULL;
    eqml_status status = EQML_OK;
    if (old) {
        fclose(old);
        status = eqml__read_checkpoint(w, message);
        *resumed = !status;
    } else if (path && errno != ENOENT) {
        status = eqml__fail_file(message, EQML_ERROR_FILE, path, 0, "cannot be read: %s", strerror(errno));
    }
    if (path && !status)
        status = eqml__open_output(&out, path, message);
    if (path && !status) { /* it can be written; nothing is yet */
        fclose(out.file);
        remove(out.beside);
        EQML_FREE(out.beside);
    }
    w->explained = status != EQML_OK;
    return status;
}

#endif /* EQML__CHECKPOINT_C */
