/* What the errors mean: below several energies, and with each geometry left out in turn. */
#include "job.h"

/* ---- training ----------------------------------------------------------------------------------------- */

size_t leave_out_high(const job *j, const eqml_data *data, unsigned char *train)
{
    double lowest = HUGE_VAL;
    size_t count = 0;
    for (size_t g = 0; g < data->n; g++)
        if (train[g] && (data->has[g] & EQML_HAS_ENERGY))
            lowest = fmin(lowest, data->energy[g]);
    for (size_t g = 0; g < data->n && j->max_energy > 0; g++)
        if (train[g] && (data->has[g] & EQML_HAS_ENERGY) && data->energy[g] > lowest + j->max_energy) {
            train[g] = 0;
            count++;
        }
    return count;
}

/* Operations that leaving out may take by default, about 20 seconds: half of the geometries of ethanol with 1,898 terms. */
#define MOST_WORK 2e11

/*
 * Marks the geometries to be left out in turn, at most as many as the job allows: all, or evenly spaced ones and, one in
 * ten, those with the largest errors. Returns how many.
 */
static size_t choose_geometries(const job *j, const eqml_data *data, const double *error, size_t rows,
                                size_t geometries, unsigned char *which)
{
    const double work = (double)rows * basis->nterms * (double)basis->nterms;
    const double most =
        j->diagnose >= 0 ? j->diagnose : floor((double)geometries * fmin(1, MOST_WORK / work));
    size_t count = 0, seen = 0;
    const size_t wanted = most < (double)geometries ? (size_t)most : geometries, largest = wanted / 10;
    for (size_t k = 0; k < largest && wanted < geometries; k++) {
        size_t worst = data->n;
        for (size_t g = 0; g < data->n; g++)
            if (!which[g] && error[g] >= 0 && (worst == data->n || error[g] > error[worst]))
                worst = g;
        if (worst < data->n)
            which[worst] = 1, count++;
    }
    const size_t rest = wanted - count, among = geometries - count;
    for (size_t g = 0; g < data->n; g++)
        if (!which[g] && error[g] >= 0) {
            which[g] = (seen + 1) * rest / among > seen * rest / among;
            count += which[g];
            seen++;
        }
    return count;
}

/* error[data->n] <- the sizes of the errors of the energies of the training geometries, -1 for others. */
static eqml_status find_errors(const job *j, const eqml_data *data, const eqml_surface *surface,
                               double *error)
{
    double *work = calloc((size_t)EQML_WORK_ONE(basis->nslots, basis->npairs), sizeof *work);
    for (size_t g = 0; g < data->n && work; g++) {
        error[g] = -1;
        if (j->fit.use[g] && (data->has[g] & EQML_HAS_ENERGY))
            error[g] = fabs(
                eqml_energy_gradient(&surface->model, data->xyz + 3 * g * (size_t)data->natoms, NULL, work) -
                data->energy[g]);
    }
    free(work);
    return work ? EQML_OK : EQML_ERROR_MEMORY;
}

/* Finds the worst geometries: those with the largest errors of the energy when left out. */
static void find_worst(const eqml_data *data, diagnosis *d)
{
    double squares = 0;
    for (size_t g = 0; g < data->n; g++) {
        const eqml_influence *f = &d->influence[g];
        if (!f->known)
            continue;
        d->looked++;
        d->causes[d->cause[g]]++;
        if (f->deleted < HUGE_VAL) {
            squares += f->deleted * f->deleted;
            d->determined++;
        }
        int at = d->nworst;
        while (at > 0 && fabs(f->deleted) > fabs(d->influence[d->worst[at - 1]].deleted))
            at--;
        if (at == MOST_WORST)
            continue;
        d->nworst += d->nworst < MOST_WORST;
        for (int k = d->nworst - 1; k > at; k--)
            d->worst[k] = d->worst[k - 1];
        d->worst[at] = g;
    }
    d->rmse = d->determined ? sqrt(squares / (double)d->determined) : 0;
}

static eqml_status leave_out_in_turn(const job *j, const eqml_data *data, const eqml_surface *surface,
                                     const eqml_problem *problem, outcome *o, eqml_message *message)
{
    diagnosis *d = &o->diagnosis;
    const double start = seconds_now();
    unsigned char *which = calloc(data->n, 1);
    double *error = calloc(data->n, sizeof *error);
    d->influence = calloc(data->n, sizeof *d->influence);
    d->cause = calloc(data->n, sizeof *d->cause);
    eqml_status status = which && error && d->influence && d->cause ? EQML_OK : EQML_ERROR_MEMORY;
    if (!status)
        status = find_errors(j, data, surface, error);
    if (status)
        snprintf(message->text, sizeof message->text, "%s", eqml_status_text(status));
    else if (choose_geometries(j, data, error, o->fit.rows, o->fit.geometries, which) > 0)
        status = eqml_diagnose(problem, surface, data, &j->fit, which, d->influence, message);
    if (!status)
        status = eqml_find_causes(data, d->influence, d->cause);
    if (!status)
        find_worst(data, d);
    free(which);
    free(error);
    d->seconds = seconds_now() - start;
    return status;
}

eqml_status fit_energies(job *j, const eqml_data *data, eqml_surface *surface, outcome *o,
                         eqml_message *message)
{
    eqml_problem *problem = NULL;
    double *weights = NULL;
    eqml_status status = EQML_OK;
    if (j->robust) {
        weights = calloc(data->n, sizeof *weights);
        if (!weights) {
            snprintf(message->text, sizeof message->text, "%s", eqml_status_text(EQML_ERROR_MEMORY));
            return EQML_ERROR_MEMORY;
        }
        status = eqml_fit_robust(surface, data, &j->fit, NULL, weights, &o->fit, &o->robust, message);
        j->fit.weights = weights;
    }
    if (!status)
        status = eqml_problem_create(&problem, surface, data, &j->fit, &o->fit, message);
    if (!status && j->diagnose != 0)
        status = leave_out_in_turn(j, data, surface, problem, o, message);
    j->fit.weights = NULL;
    free(weights);
    eqml_problem_free(problem);
    return status;
}

/* ---- errors below several energies -------------------------------------------------------------------- */

static double lowest_energy(const eqml_data *data, const unsigned char *use)
{
    double lowest = HUGE_VAL;
    for (size_t g = 0; g < data->n; g++)
        if ((!use || use[g]) && (data->has[g] & EQML_HAS_ENERGY))
            lowest = fmin(lowest, data->energy[g]);
    return lowest;
}

/* The errors of the marked geometries up to an energy; `mark` is room for [data->n]. */
static eqml_status errors_up_to(const eqml_surface *surface, const eqml_data *data, const unsigned char *use,
                                double energy, unsigned char *mark, eqml_errors *errors)
{
    for (size_t g = 0; g < data->n; g++)
        mark[g] = (!use || use[g]) && (data->has[g] & EQML_HAS_ENERGY) && data->energy[g] <= energy;
    return eqml_surface_errors(surface, data, mark, errors);
}

/* The standard deviation of the energies that are marked. */
static double energy_spread(const eqml_data *data, const unsigned char *use)
{
    double sum = 0, squares = 0, count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t g = 0; g < data->n; g++) {
            if ((use && !use[g]) || !(data->has[g] & EQML_HAS_ENERGY))
                continue;
            if (pass == 0)
                sum += data->energy[g], count++;
            else
                squares += (data->energy[g] - sum / count) * (data->energy[g] - sum / count);
        }
    return count > 0 ? sqrt(squares / count) : 0;
}

eqml_status find_levels(const eqml_surface *surface, const eqml_data *data, const unsigned char *train,
                        const eqml_data *other, const unsigned char *test, outcome *o)
{
    static const double steps[] = {500,   1000,  2000,  5000,  10000,
                                   15000, 20000, 30000, 50000, 100000}; /* cm^-1 */
    const size_t all = o->train.energies + (o->tested ? o->test.energies : 0);
    unsigned char *mark = calloc(data->n > other->n ? data->n : other->n, 1);
    eqml_status status = mark ? EQML_OK : EQML_ERROR_MEMORY;
    size_t before = 0;
    o->lowest = lowest_energy(data, train);
    o->spread_train = energy_spread(data, train);
    if (o->tested) {
        o->lowest = fmin(o->lowest, lowest_energy(other, test));
        o->spread_test = energy_spread(other, test);
    }
    for (size_t k = 0; k < sizeof steps / sizeof *steps && !status; k++) {
        level *l = &o->levels[o->nlevels];
        l->energy = steps[k] / PER_CM;
        status = errors_up_to(surface, data, train, o->lowest + l->energy, mark, &l->train);
        if (!status && o->tested)
            status = errors_up_to(surface, other, test, o->lowest + l->energy, mark, &l->test);
        const size_t count = l->train.energies + l->test.energies;
        if (count >= before + 5 && count < all) { /* else it says nothing new */
            o->nlevels++;
            before = count;
        }
    }
    o->levels[o->nlevels++] = (level){HUGE_VAL, o->train, o->test};
    free(mark);
    return status;
}

void free_diagnosis(outcome *o)
{
    free(o->diagnosis.influence);
    free(o->diagnosis.cause);
}

/* ---- words -------------------------------------------------------------------------------------------- */

static const char *const cause_words[] = {
    "", "  isolated: without it the surface extrapolates here",
    "  off among close neighbours: a wrong energy, or another electronic state?",
    "  its gradient is off, its energy is not: wrong sign, unit or atom order?"};
static const char *const cause_keys[] = {"none", "isolated", "off", "gradient"};

static void print_levels(const outcome *o)
{
    if (o->nlevels < 2)
        return;
    printf("  energies up to         RMSE in cm^-1: train%s\n", o->tested ? "                 test" : "");
    for (int k = 0; k < o->nlevels; k++) {
        const level *l = &o->levels[k];
        if (l->energy < HUGE_VAL)
            printf("  %8.0f cm^-1 ", PER_CM * l->energy);
        else
            printf("  all            ");
        printf("%12.4f (%zu)", PER_CM * l->train.rmse_energy, l->train.energies);
        if (o->tested)
            printf("%12.4f (%zu)", PER_CM * l->test.rmse_energy, l->test.energies);
        printf("\n");
    }
}

static void print_worst(const eqml_data *data, const outcome *o)
{
    const diagnosis *d = &o->diagnosis;
    if (!d->looked)
        return;
    printf("  leave-one-out: RMSE %.4f cm^-1 over %zu of %zu geometries (%.2f s)", PER_CM * d->rmse,
           d->determined, o->train.energies, d->seconds);
    if (d->determined < d->looked)
        printf("; without %zu more the fit is not determined there", d->looked - d->determined);
    printf("\n  %zu isolated, %zu off among their neighbours, %zu with a gradient that is off; the worst "
           "(cm^-1):\n",
           d->causes[EQML_CAUSE_ISOLATED], d->causes[EQML_CAUSE_OFF], d->causes[EQML_CAUSE_GRADIENT]);
    printf("  geometry    energy     error  left out  leverage\n");
    for (int k = 0; k < d->nworst; k++) {
        const eqml_influence *f = &d->influence[d->worst[k]];
        printf("  %8zu %9.0f %9.2f %9.2f %9.3f%s\n", d->worst[k] + 1,
               PER_CM * (data->energy[d->worst[k]] - o->lowest), PER_CM * f->residual, PER_CM * f->deleted,
               f->leverage, cause_words[d->cause[d->worst[k]]]);
    }
}

void print_diagnosis(const eqml_data *data, const outcome *o)
{
    print_levels(o);
    print_worst(data, o);
    if (o->left_out)
        printf("  %zu geometries above --max-energy took no part in training\n", o->left_out);
    if (o->robust.fits)
        printf("  robust: Tukey's biweight, %d fits; %zu geometries have a weight below 1/2, %zu of them 0\n",
               o->robust.fits, o->robust.halved, o->robust.dropped);
}

void print_notes(const outcome *o)
{
    const double train = o->train.rmse_energy, test = o->test.rmse_energy;
    const int tested = o->tested && o->test.energies > 0;
    if (!o->fit.terms)
        return;
    if (tested && o->left_out == 0 && test > 5 * train && test > 1e-9 * o->spread_test)
        printf("  note: the test error is %.3g times the training error: too many terms for these data; try "
               "a lower degree, "
               "more data\n        or a ridge\n",
               test / train);
    if (tested && o->test.energies > 1 && !(test < o->spread_test))
        printf("  note: the test error is worse than the spread of the data (%.4g cm^-1): their mean would "
               "be better\n",
               PER_CM * o->spread_test);
    if (o->train.energies > 1 && train > 0.5 * o->spread_train)
        printf("  note: the training error is more than half of the spread of the data (%.4g cm^-1): are "
               "energies and "
               "geometries\n        in the units and in the order that were assumed?\n",
               PER_CM * o->spread_train);
}

/* A number among others on a line. */
static void json_inline(FILE *out, const char *key, int known, double value)
{
    if (known && isfinite(value))
        fprintf(out, ", \"%s\": %.10g", key, value);
    else
        fprintf(out, ", \"%s\": null", key);
}

static void json_worst(FILE *out, const eqml_data *data, const outcome *o)
{
    const diagnosis *d = &o->diagnosis;
    fprintf(out, "  \"worst\": [");
    for (int k = 0; k < d->nworst; k++) {
        const size_t g = d->worst[k];
        const eqml_influence *f = &d->influence[g];
        fprintf(out, "%s\n    {\"geometry\": %zu", k ? "," : "", g + 1);
        json_inline(out, "energy", 1, data->energy[g]);
        json_inline(out, "error", 1, f->residual);
        json_inline(out, "error_left_out", 1, f->deleted);
        json_inline(out, "gradient_error_left_out", f->gradient > 0, f->gradient);
        json_inline(out, "leverage", 1, f->leverage);
        json_inline(out, "unknowns", 1, f->unknowns);
        json_inline(out, "variance", 1, f->variance);
        fprintf(out, ", \"cause\": \"%s\"}", cause_keys[d->cause[g]]);
    }
    fprintf(out, "],\n");
}

void json_diagnosis(FILE *out, const eqml_data *data, const outcome *o)
{
    const diagnosis *d = &o->diagnosis;
    fprintf(out, "  \"energy_levels\": [");
    for (int k = 0; k < o->nlevels; k++) {
        const level *l = &o->levels[k];
        fprintf(out, "%s\n    {\"n_train\": %zu, \"n_test\": %zu", k ? "," : "", l->train.energies,
                l->test.energies);
        json_inline(out, "up_to", l->energy < HUGE_VAL, l->energy);
        json_inline(out, "train", l->train.energies > 0, l->train.rmse_energy);
        json_inline(out, "test", l->test.energies > 0, l->test.rmse_energy);
        fprintf(out, "}");
    }
    fprintf(out, "],\n");
    json_number(out, "rmse_energy_left_out", d->determined > 0, d->rmse);
    fprintf(out,
            "  \"n_left_out_in_turn\": %zu,\n  \"n_isolated\": %zu,\n  \"n_off\": %zu,\n  "
            "\"n_gradient_off\": %zu,\n",
            d->looked, d->causes[EQML_CAUSE_ISOLATED], d->causes[EQML_CAUSE_OFF],
            d->causes[EQML_CAUSE_GRADIENT]);
    json_worst(out, data, o);
    fprintf(out, "  \"n_above_max_energy\": %zu,\n", o->left_out);
    json_number(out, "robust_fits", o->robust.fits > 0, o->robust.fits);
    json_number(out, "robust_halved", o->robust.fits > 0, (double)o->robust.halved);
    json_number(out, "robust_dropped", o->robust.fits > 0, (double)o->robust.dropped);
}
