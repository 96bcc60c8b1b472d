/* Parts of the data that predict each other: the triangles of their rows, by kind. */
#ifndef EQML__CLOUD_FOLDS_C
#define EQML__CLOUD_FOLDS_C
#include "cloud/choose.h"
#include "cloud/fitter.c"
#include "compass.c"

enum { EQML__PARTS = 10, EQML__FEWEST_FRAMES = 10 };

typedef struct eqml__folds {
    eqml__cloud_fit w;
    int parts, number;         /* number: trials so far */
    unsigned char *part, *use; /* [frames->n] from 1; 0: takes no part. use: all but one */
    eqml_lsq *rows[EQML__PARTS][EQML_CLOUD_KINDS], *others[EQML__PARTS], *work, *sum;
    eqml_lsq *anchors;               /* in all of them; NULL: there are none */
    double factor[EQML_CLOUD_KINDS]; /* of `others`: roots of weights; negative: they are to be made */
    double *scale, *x;               /* of the penalty; a solution */
    double *atoms;
} eqml__folds;

/* What a trial found. */
typedef struct eqml__fold_trial {
    double score, rms[EQML_CLOUD_KINDS];
} eqml__fold_trial;

static void eqml__folds_free(eqml__folds *s)
{
    for (int g = 0; g < s->parts; g++) {
        for (int j = 0; j < EQML_CLOUD_KINDS; j++)
            eqml_lsq_free(s->rows[g][j]);
        eqml_lsq_free(s->others[g]);
    }
    eqml_lsq_free(s->anchors);
    eqml_lsq_free(s->work);
    eqml_lsq_free(s->sum);
    EQML_FREE(s->part);
    EQML_FREE(s->scale);
    EQML_FREE(s->x);
    eqml__cloud_fit_free(&s->w);
    memset(s, 0, sizeof *s);
}

/*
 * part[n] <- those of the used configurations, 1 to parts. Of so many in a row each goes to another part, in an order that
 * looks random, so that each part has of everything. Returns how many are dealt.
 */
static size_t eqml__deal(const eqml_frames *f, const eqml_cloud_fit_options *o, int parts,
                         unsigned char *part)
{
    int order[EQML__PARTS] = {0};
    size_t dealt = 0;
    for (size_t k = 0; k < f->n; k++) {
        part[k] = 0;
        if (!eqml__frame_trains(f, o, k))
            continue;
        const size_t place = dealt % (size_t)parts;
        for (int i = 0; i < parts && place == 0; i++) { /* shuffle */
            const int j = (int)(eqml__scatter_bits(dealt * EQML__PARTS + (size_t)i) % (unsigned)(i + 1));
            order[i] = order[j];
            order[j] = i;
        }
        part[k] = (unsigned char)(order[place] + 1);
        dealt++;
    }
    return dealt;
}

/*
 * The triangles of a basis. atoms[nspecies] is room; only the fraction `some` of forces takes part. The caller calls
 * eqml__folds_free, also on failure.
 */
static eqml_status eqml__folds_create(eqml__folds *s, const eqml_cloud_basis *basis,
                                      const eqml_radial *radial, const eqml_frames *frames,
                                      const eqml_cloud_fit_options *fit, int parts, double some,
                                      double *atoms, eqml_message *message)
{
    const double factor[EQML_CLOUD_KINDS] = {1, 1, 1};
    memset(s, 0, sizeof *s);
    if (parts && (parts < 2 || parts > EQML__PARTS))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "%d parts of the data: expected 2 to %d", parts,
                          EQML__PARTS);
    s->parts = parts ? parts : 5;
    s->factor[0] = -1;
    if (message)
        message->text[0] = 0;
    eqml_status status = eqml__cloud_fit_create(&s->w, basis, radial, frames, fit, atoms, message);
    if (status)
        return status;
    s->part = (unsigned char *)eqml__zeroed(2 * frames->n, 1);
    s->scale = (double *)eqml__zeroed((size_t)basis->nterms, sizeof(double));
    s->x = (double *)eqml__zeroed((size_t)s->w.ncols, sizeof(double));
    if (!s->part || !s->scale || !s->x)
        return EQML_ERROR_MEMORY;
    s->use = s->part + frames->n;
    s->w.some_forces = some;
    if (eqml__deal(frames, &s->w.options, s->parts, s->part) < EQML__FEWEST_FRAMES)
        return eqml__fail(message, EQML_ERROR_EMPTY, "too few configurations to choose by: %d are needed",
                          EQML__FEWEST_FRAMES);
    status = eqml__level_scales(basis, &s->w.options, s->scale);
    for (int g = 0; g < s->parts && !status; g++) {
        for (int j = 0; j < EQML_CLOUD_KINDS && !status; j++)
            if (j < EQML_CLOUD_VIRIAL || s->w.options.virial_weight > 0)
                status = eqml__lsq_open(&s->rows[g][j], s->w.ncols, 1);
        if (!status)
            status = eqml__lsq_open(&s->others[g], s->w.ncols, 1);
    }
    for (size_t k = 0; k < frames->n && !status; k++)
        if (s->part[k])
            status = eqml__put_frame(&s->w, k, s->rows[s->part[k] - 1], factor);
    if (!status && s->w.options.anchors) {
        s->w.options.anchor_weight = 1; /* that of trials comes later */
        status = eqml__lsq_open(&s->anchors, s->w.ncols, 1);
        if (!status)
            status = eqml__put_anchors(&s->w, s->anchors);
    }
    return status;
}

/* An empty system; the old one is freed. */
static eqml_status eqml__lsq_renew(eqml_lsq **lsq, int ncols)
{
    eqml_lsq_free(*lsq);
    return eqml__lsq_open(lsq, ncols, 1);
}

/* s->others[g] <- the rows of all parts but g, times roots of weights. */
static eqml_status eqml__find_others(eqml__folds *s, const double factor[EQML_CLOUD_KINDS])
{
    eqml_status status = EQML_OK;
    if (!memcmp(factor, s->factor, sizeof s->factor))
        return EQML_OK;
    for (int g = 0; g < s->parts && !status; g++)
        status = eqml__lsq_renew(&s->others[g], s->w.ncols);
    for (int way = 0; way < 2 && !status; way++) { /* the parts before, then those behind */
        status = eqml__lsq_renew(&s->sum, s->w.ncols);
        for (int i = 0; i < s->parts && !status; i++) {
            const int g = way ? s->parts - 1 - i : i;
            if (i > 0)
                status = eqml_lsq_merge(s->others[g], s->sum);
            for (int j = 0; j < EQML_CLOUD_KINDS && !status; j++)
                if (s->rows[g][j] && s->rows[g][j]->rows > 0 && i + 1 < s->parts)
                    status = eqml__lsq_merge_times(s->sum, s->rows[g][j], factor[j]);
        }
    }
    memcpy(s->factor, factor, sizeof s->factor);
    return status;
}

/* s->x <- the solution without part g. */
static eqml_status eqml__fold_solve(eqml__folds *s, int g, const eqml_cloud_fit_options *fit)
{
    eqml_status status = eqml__lsq_renew(&s->work, s->w.ncols);
    if (!status)
        status = eqml_lsq_merge(s->work, s->others[g]);
    if (!status && fit->ridge > 0)
        status = eqml__penalise(s->work, s->w.basis->nterms, fit->ridge, s->scale);
    if (!status && s->anchors && fit->anchors)
        status =
            eqml__lsq_merge_times(s->work, s->anchors, fit->anchor_weight > 0 ? sqrt(fit->anchor_weight) : 1);
    return status ? status : eqml_lsq_solve(s->work, NULL, s->x, NULL);
}

static eqml_status eqml__find_folds(eqml__folds *s, const eqml_cloud_fit_options *fit)
{
    const double factor[EQML_CLOUD_KINDS] = {sqrt(fit->energy_weight > 0 ? fit->energy_weight : 100), 1,
                                             sqrt(fit->virial_weight)};
    return eqml__find_others(s, factor);
}

/* Trains on all parts but one, tests on this one, in turn; weights, ridge, and anchors or none, of *fit count. */
static eqml_status eqml__fold_judge(eqml__folds *s, const eqml_cloud_fit_options *fit, eqml__fold_trial *t)
{
    double squares[EQML_CLOUD_KINDS] = {0, 0, 0}, rows[EQML_CLOUD_KINDS] = {0, 0, 0};
    eqml_status status = eqml__find_folds(s, fit);
    memset(t, 0, sizeof *t);
    for (int g = 0; g < s->parts && !status; g++) {
        status = eqml__fold_solve(s, g, fit);
        for (int j = 0; j < EQML_CLOUD_KINDS && !status; j++)
            if (s->rows[g][j] && s->rows[g][j]->rows > 0) {
                eqml__lsq_fold(s->rows[g][j]);
                squares[j] += eqml__lsq_residual(s->rows[g][j], 0, s->x);
                rows[j] += (double)s->rows[g][j]->rows;
            }
    }
    for (int j = 0; j < EQML_CLOUD_KINDS; j++)
        if (rows[j] > 0) {
            const double rms = sqrt(squares[j] / rows[j]);
            t->rms[j] = j == EQML_CLOUD_FORCES ? rms : rms * EQML_ANGSTROM;
            t->score += rms <= DBL_MAX ? log(fmax(rms, DBL_MIN)) : HUGE_VAL;
        }
    s->number++;
    return status;
}

#endif /* EQML__CLOUD_FOLDS_C */
