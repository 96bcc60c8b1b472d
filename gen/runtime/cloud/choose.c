#ifndef EQML__CLOUD_CHOOSE_C
#define EQML__CLOUD_CHOOSE_C
#include "cloud/choose.h"
#include "cloud/fit.c"
#include "cloud/folds.c"

#define EQML__RADIAL_TERMS 400
#define EQML__RADIAL_ROWS 20000.0
#define EQML__WEIGHT_TERMS 1000

/* What a choice works with. */
typedef struct eqml__cloud_chooser {
    const eqml_cloud_basis *whole;
    const eqml_frames *frames;
    eqml_cloud_choice_options options;
    eqml_radial radial; /* of the present trial */
    eqml_radial kinds
        [2]; /* those that the fit is to choose among: the given one, or the best of each kind by pilots */
    int nkinds;
    double start[2], some;      /* logarithms of cutoff and range at the start; fraction of the forces */
    eqml_cloud_fit_options fit; /* likewise */
    double *level, *atoms;      /* [nterms]; [nspecies] those of *fit, and room */
    eqml__cloud_lower lower;
    eqml__folds folds; /* of the weights */
    eqml__compass search;
    double tried[4 * EQML__MOST_TRIALS], k[4];
    eqml__fold_trial trials[EQML__MOST_TRIALS];
    double rms[EQML_CLOUD_KINDS]; /* of the best */
    int told;
    eqml_message *message;
} eqml__cloud_chooser;

static int eqml__terms_below(const double *level, int count, double highest)
{
    int below = 0;
    for (int k = 0; k < count; k++)
        below += level[k] <= highest;
    return below;
}

/* s->lower <- the terms up to the highest half level that leaves at most so many; at least those of the lowest. */
static eqml_status eqml__set_lower(eqml__cloud_chooser *s, int most)
{
    const int n = s->whole->nterms;
    double highest = 0;
    for (int k = 0; k < n; k++)
        highest = fmax(highest, s->level[k]);
    while (highest > 1 && eqml__terms_below(s->level, n, highest) > most)
        highest -= 0.5;
    eqml__lower_free(&s->lower);
    return eqml__lower_create(&s->lower, s->whole, s->level, fmax(highest, 2));
}

static void eqml__told(eqml__cloud_chooser *s)
{
    s->told++;
    if (s->options.progress)
        s->options.progress(s->options.context, s->told);
}

/* ---- cutoff and range ---------------------------------------------------------------------------------- */

static eqml_radial eqml__radial_of_k(const eqml__cloud_chooser *s, const double *k)
{
    eqml_radial r = s->radial;
    r.cutoff = eqml__three_digits(exp(s->start[0] + k[0]) / EQML_ANGSTROM) * EQML_ANGSTROM;
    r.range = eqml__three_digits(exp(s->start[1] + k[1]) / EQML_ANGSTROM) * EQML_ANGSTROM;
    return r;
}

static bool eqml__radial_may_be(const void *context, int coordinate, double value)
{
    const eqml__cloud_chooser *s = (const eqml__cloud_chooser *)context;
    const double x = exp(s->start[coordinate] + value - s->start[1]); /* in units of the range at first */
    return coordinate == 0 ? x > 1.2 && x < 5 : x > 0.3 && x < 2.5;
}

static bool eqml__radial_is_open(const void *context, int coordinate)
{
    const eqml__cloud_chooser *s = (const eqml__cloud_chooser *)context;
    return coordinate == 0 ? s->options.cutoff != 0
                           : s->options.range != 0 && s->radial.kind == EQML_RADIAL_CHEBYSHEV;
}

static eqml_status eqml__radial_judge(void *context, const double *k, int number, double *score)
{
    eqml__cloud_chooser *s = (eqml__cloud_chooser *)context;
    eqml__folds folds;
    s->radial = eqml__radial_of_k(s, k);
    eqml_status status = eqml__folds_create(&folds, &s->lower.basis, &s->radial, s->frames, &s->fit,
                                            s->options.parts, s->some, s->atoms, s->message);
    if (!status)
        status = eqml__fold_judge(&folds, &s->fit, &s->trials[number]);
    *score = s->trials[number].score;
    eqml__folds_free(&folds);
    eqml__told(s);
    return status;
}

/* s->radial <- the best cutoff and range of its kind from its own on. */
static eqml_status eqml__search_radial(eqml__cloud_chooser *s)
{
    const eqml_radial first = s->radial;
    bool better;
    s->start[0] = log(first.cutoff);
    s->start[1] = log(first.range > 0 ? first.range : first.cutoff / 2.2);
    s->search.made = s->search.best = 0;
    memset(s->k, 0, sizeof s->k);
    eqml_status status = eqml__contend(&s->search, s->k, &better);
    if (!status)
        status = eqml__compass_search(&s->search, 0.14, 0.07, 20);
    if (!status && s->search.best > 0) /* else all stays as it was, to the last digit */
        s->radial = eqml__radial_of_k(s, eqml__tried(&s->search, s->search.best));
    else
        s->radial = first;
    memcpy(s->rms, s->trials[s->search.best].rms, sizeof s->rms);
    return status;
}

/* s->kinds <- the best of each kind, by small potentials. */
static eqml_status eqml__find_kinds(eqml__cloud_chooser *s)
{
    const double given = s->fit.ridge;
    double rows = 0;
    s->nkinds = 0;
    eqml_status status = eqml__set_lower(s, EQML__RADIAL_TERMS);
    for (size_t k = 0; k < s->frames->n; k++)
        if (eqml__frame_trains(s->frames, &s->fit, k) && (s->frames->has[k] & EQML_FRAME_FORCES))
            rows += 3 * (double)(s->frames->first[k + 1] - s->frames->first[k]);
    s->some = rows > EQML__RADIAL_ROWS ? EQML__RADIAL_ROWS / rows : 1;
    s->search.may_be = eqml__radial_may_be;
    s->search.is_open = eqml__radial_is_open;
    s->search.judge = eqml__radial_judge;
    s->search.n = 2;
    if (s->options.ridge || !(given > 0))
        s->fit.ridge = 1e-6;
    if (!status)
        status = eqml__search_radial(s);
    s->kinds[s->nkinds++] = s->radial;
    if (!status && s->options.kind && s->radial.kind == EQML_RADIAL_CHEBYSHEV) {
        s->radial.kind = EQML_RADIAL_BESSEL;
        status = eqml__search_radial(s);
        s->kinds[s->nkinds++] = s->radial;
    }
    s->fit.ridge = given;
    return status;
}

/* ---- weights and ridge --------------------------------------------------------------------------------- */

/* k: decades of the ridge over 1e-6, of the weight of energies over 100, of that of virials. */
static void eqml__fit_of_k(const eqml__cloud_chooser *s, const double *k, eqml_cloud_fit_options *fit)
{
    if (s->options.ridge)
        fit->ridge = eqml__three_digits(1e-6 * pow(10, k[0]));
    if (s->options.weights)
        fit->energy_weight = eqml__three_digits(100 * pow(10, k[1]));
    if (s->options.weights && fit->virial_weight > 0)
        fit->virial_weight = eqml__three_digits(pow(10, k[2]));
}

static bool eqml__fit_may_be(const void *context, int coordinate, double value)
{
    (void)context;
    return coordinate == 0 ? value >= -6 && value <= 4 : value >= -4 && value <= 4;
}

static bool eqml__fit_is_open(const void *context, int coordinate)
{
    const eqml__cloud_chooser *s = (const eqml__cloud_chooser *)context;
    return coordinate == 0   ? s->options.ridge != 0
           : coordinate == 1 ? s->options.weights != 0
                             : s->options.weights != 0 && s->fit.virial_weight > 0;
}

static eqml_status eqml__fit_judge(void *context, const double *k, int number, double *score)
{
    eqml__cloud_chooser *s = (eqml__cloud_chooser *)context;
    eqml__fit_of_k(s, k, &s->fit);
    const eqml_status status = eqml__fold_judge(&s->folds, &s->fit, &s->trials[number]);
    *score = s->trials[number].score;
    eqml__told(s);
    return status;
}

/* The largest ridge beside the best that costs at most 1 %. */
static eqml_status eqml__raise_ridge(eqml__cloud_chooser *s)
{
    const double best = s->search.score[s->search.best];
    eqml_status status = EQML_OK;
    int number = s->search.best;
    memcpy(s->k, eqml__tried(&s->search, number), sizeof s->k);
    while (!status && s->search.made < EQML__MOST_TRIALS && s->search.score[number] <= best + 0.01) {
        s->search.best = number;
        s->k[0] += 0.5;
        if (!eqml__fit_may_be(s, 0, s->k[0]))
            break;
        status = eqml__try(&s->search, s->k, &number);
    }
    return status;
}

/* s->fit <- the best weights and ridge for s->radial, from s->k on by a step. *score <- how good they are. */
static eqml_status eqml__search_fit(eqml__cloud_chooser *s, double step, double *score)
{
    bool better;
    eqml__folds_free(&s->folds);
    eqml_status status = eqml__folds_create(&s->folds, &s->lower.basis, &s->radial, s->frames, &s->fit,
                                            s->options.parts, 1, s->atoms, s->message);
    s->search.made = s->search.best = 0;
    if (!status)
        status = eqml__contend(&s->search, s->k, &better);
    if (!status)
        status = eqml__compass_search(&s->search, step, 0.5, 30);
    *score = s->search.score[s->search.best];
    if (!status && s->options.ridge)
        status = eqml__raise_ridge(s);
    memcpy(s->k, eqml__tried(&s->search, s->search.best), sizeof s->k);
    if (!status)
        eqml__fit_of_k(s, s->k, &s->fit);
    return status;
}

/* s->radial <- the best of the kinds of functions that are left, by potentials of the size of the fit; s->fit for it. */
static eqml_status eqml__choose_fit(eqml__cloud_chooser *s)
{
    double score = HUGE_VAL;
    eqml_status status = eqml__set_lower(s, EQML__WEIGHT_TERMS);
    eqml_cloud_fit_options best = s->fit;
    eqml_radial chosen = s->radial;
    s->search.may_be = eqml__fit_may_be;
    s->search.is_open = eqml__fit_is_open;
    s->search.judge = eqml__fit_judge;
    s->search.n = 3;
    memset(s->k, 0, sizeof s->k);
    for (int kind = 0; kind < s->nkinds && !status; kind++) {
        double own = HUGE_VAL;
        s->radial = s->kinds[kind];
        status = eqml__search_fit(s, kind ? 0.5 : 1, &own);
        if (own < score - 0.01) {
            score = own;
            best = s->fit;
            chosen = s->radial;
            memcpy(s->rms, s->trials[s->search.best].rms, sizeof s->rms);
        }
    }
    s->fit = best;
    s->radial = chosen;
    eqml__folds_free(&s->folds);
    return status;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static eqml_status eqml__chooser_create(eqml__cloud_chooser *s, const eqml_cloud_basis *basis,
                                        const eqml_frames *frames, const eqml_cloud_fit_options *fit)
{
    memset(s, 0, sizeof *s);
    s->whole = basis;
    s->frames = frames;
    if (fit)
        s->fit = *fit;
    s->fit.progress = NULL;
    s->search.context = s;
    s->search.k = s->k;
    s->search.tried = s->tried;
    s->level = (double *)eqml__zeroed((size_t)basis->nterms, sizeof(double));
    s->atoms = (double *)eqml__zeroed((size_t)basis->nspecies, sizeof(double));
    if (!s->level || !s->atoms)
        return EQML_ERROR_MEMORY;
    return eqml_cloud_levels(basis, s->fit.level_weight > 0 ? s->fit.level_weight : 1.5, s->level);
}

static void eqml__chooser_free(eqml__cloud_chooser *s)
{
    eqml__lower_free(&s->lower);
    EQML_FREE(s->level);
    EQML_FREE(s->atoms);
}

static eqml_status eqml__chooser_failed(eqml_status status, eqml_message *message)
{
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the choice: %s", eqml_status_text(status));
    return status;
}

EQML_API eqml_status eqml_cloud_choose(const eqml_cloud_basis *basis, const eqml_frames *frames,
                                       const eqml_cloud_choice_options *options, eqml_radial *radial,
                                       eqml_cloud_fit_options *fit, eqml_cloud_choice *choice,
                                       eqml_message *message)
{
    eqml__cloud_chooser *s = (eqml__cloud_chooser *)eqml__zeroed(1, sizeof *s);
    if (message)
        message->text[0] = 0;
    if (!s)
        return eqml__chooser_failed(EQML_ERROR_MEMORY, message);
    eqml_status status = eqml__chooser_create(s, basis, frames, fit);
    s->options = *options;
    s->message = message;
    s->radial = *radial;
    if (s->radial.cutoff == 0)
        s->radial.cutoff = 2.2 * s->radial.range;
    s->kinds[s->nkinds++] = s->radial;
    if (!status && (options->cutoff || options->range || options->kind))
        status = eqml__find_kinds(s);
    s->radial = s->kinds[0];
    if (!status && (options->weights || options->ridge || s->nkinds > 1))
        status = eqml__choose_fit(s);
    if (!status) {
        *radial = s->radial;
        fit->ridge = s->fit.ridge;
        fit->energy_weight = s->fit.energy_weight;
        fit->virial_weight = s->fit.virial_weight;
    }
    if (!status && choice) {
        choice->trials = s->told;
        choice->terms = s->lower.basis.nterms;
        memcpy(choice->rms, s->rms, sizeof choice->rms);
    }
    eqml__chooser_free(s);
    EQML_FREE(s);
    return eqml__chooser_failed(status, message);
}

EQML_API eqml_status eqml_cloud_choose_level(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                             const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                             int parts, int highest, int *level, double *score, int *terms,
                                             eqml_message *message)
{
    eqml__cloud_chooser *s = (eqml__cloud_chooser *)eqml__zeroed(1, sizeof *s);
    int best = 0;
    if (message)
        message->text[0] = 0;
    if (!s)
        return eqml__chooser_failed(EQML_ERROR_MEMORY, message);
    eqml_status status = eqml__chooser_create(s, basis, frames, fit);
    for (int d = 0; d <= highest && !status; d++) {
        eqml__fold_trial trial;
        memset(&trial, 0, sizeof trial);
        terms[d] = eqml__terms_below(s->level, basis->nterms, d);
        score[d] = HUGE_VAL;
        if (terms[d] < 3 || (d > 0 && terms[d] == terms[d - 1]))
            continue;
        eqml__lower_free(&s->lower);
        status = eqml__lower_create(&s->lower, basis, s->level, d);
        if (!status)
            status = eqml__folds_create(&s->folds, &s->lower.basis, radial, frames, &s->fit, parts, 1,
                                        s->atoms, message);
        if (!status)
            status = eqml__fold_judge(&s->folds, &s->fit, &trial);
        eqml__folds_free(&s->folds);
        score[d] = trial.score;
        if (!status && (!best || score[d] < score[best]))
            best = d;
    }
    *level = best;
    for (int d = best - 1; d >= 0 && !status; d--)
        if (score[d] <= score[best] + 0.02)
            *level = d;
    if (!status && !best)
        status = EQML_ERROR_EMPTY;
    eqml__chooser_free(s);
    EQML_FREE(s);
    return eqml__chooser_failed(status, message);
}

/* *to <- the errors of both, of which *to has none where it is empty. */
static void eqml__join_errors(eqml_cloud_errors *to, size_t *components, const eqml_cloud_errors *e,
                              size_t own)
{
    const double counts[3][2] = {{(double)to->energies, (double)e->energies},
                                 {(double)*components, (double)own},
                                 {(double)to->virials, (double)e->virials}};
    double *const mean[3] = {&to->mae_energy, &to->mae_force, &to->mae_virial};
    double *const square[3] = {&to->rmse_energy, &to->rmse_force, &to->rmse_virial};
    const double more[3][2] = {
        {e->mae_energy, e->rmse_energy}, {e->mae_force, e->rmse_force}, {e->mae_virial, e->rmse_virial}};
    for (int j = 0; j < 3; j++) {
        const double all = counts[j][0] + counts[j][1];
        if (!(all > 0))
            continue;
        *mean[j] = (*mean[j] * counts[j][0] + more[j][0] * counts[j][1]) / all;
        *square[j] =
            sqrt((*square[j] * *square[j] * counts[j][0] + more[j][1] * more[j][1] * counts[j][1]) / all);
    }
    to->energies += e->energies;
    to->forces += e->forces;
    to->virials += e->virials;
    *components += own;
}

EQML_API eqml_status eqml_cloud_cross_validate(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                               const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                               int parts, eqml_cloud_errors *errors, eqml_message *message)
{
    const int n = basis->nterms;
    eqml_cloud_fit_options o;
    eqml__folds s;
    size_t components = 0;
    double *atoms = (double *)eqml__zeroed(2 * (size_t)basis->nspecies, sizeof(double));
    memset(errors, 0, sizeof *errors);
    memset(&o, 0, sizeof o);
    if (fit)
        o = *fit;
    if (!atoms)
        return eqml__chooser_failed(EQML_ERROR_MEMORY, message);
    double *own = atoms + basis->nspecies;
    eqml_status status = eqml__folds_create(&s, basis, radial, frames, &o, parts, 1, atoms, message);
    if (!status)
        status = eqml__find_folds(&s, &o);
    for (int g = 0; g < s.parts && !status; g++) {
        const eqml_cloud_model model = {basis, *radial, s.x, own, o.pairs};
        eqml_cloud_errors e;
        size_t held = 0;
        status = eqml__fold_solve(&s, g, &o);
        for (int k = 0; k < basis->nspecies; k++)
            own[k] = atoms[k] + (n + k < s.w.ncols ? s.x[n + k] : 0);
        for (size_t k = 0; k < frames->n; k++) {
            s.use[k] = s.part[k] == g + 1;
            if (s.use[k] && (frames->has[k] & EQML_FRAME_FORCES))
                held += 3 * (frames->first[k + 1] - frames->first[k]);
        }
        if (!status)
            status = eqml_cloud_find_errors(&model, frames, s.use, &e, message);
        if (!status)
            eqml__join_errors(errors, &components, &e, held);
    }
    eqml__folds_free(&s);
    EQML_FREE(atoms);
    return eqml__chooser_failed(status, message);
}

#endif /* EQML__CLOUD_CHOOSE_C */
