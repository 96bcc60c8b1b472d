/* What the errors mean: below several energies, and with each geometry left out in turn. */
#include "job.h"
#include "team.h"
#include "common/evaluate.h"

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
 * How many geometries to leave out in turn. Where the rank is not full, the triangle is reduced once more, in
 * terms^3 operations.
 */
static double most_geometries(const job *j, const outcome *o, size_t offered)
{
    const double terms = basis->nterms, work = (double)o->fit.rows * terms * terms;
    if (j->diagnose >= 0)
        return j->diagnose;
    if (o->fit.rank < o->fit.terms && terms * terms * terms > MOST_WORK)
        return 0;
    return floor((double)offered * fmin(1, MOST_WORK / work));
}

/*
 * Marks the geometries to be left out in turn, of those whose error is not negative: all, or evenly spaced ones, 1, and,
 * one in ten but a hundred at most, those with the largest errors of the others, 2. Returns how many.
 */
static size_t choose_geometries(const job *j, const outcome *o, const eqml_data *data, const double *error,
                                unsigned char *which)
{
    size_t offered = 0, seen = 0;
    for (size_t g = 0; g < data->n; g++)
        offered += error[g] >= 0;
    const double most = most_geometries(j, o, offered);
    const size_t wanted = most < (double)offered ? (size_t)most : offered;
    const size_t largest = wanted == offered ? 0
                           : wanted > 1000   ? 100
                                             : wanted / 10,
                 spaced = wanted - largest;
    for (size_t g = 0; g < data->n; g++)
        if (error[g] >= 0) {
            which[g] = (seen + 1) * spaced / offered > seen * spaced / offered;
            seen++;
        }
    for (size_t k = 0; k < largest; k++) {
        size_t worst = data->n;
        for (size_t g = 0; g < data->n; g++)
            if (!which[g] && error[g] >= 0 && (worst == data->n || error[g] > error[worst]))
                worst = g;
        which[worst] = 2;
    }
    return wanted;
}

/* error[data->n] <- the sizes of the errors of the energies of the training geometries, -1 for others. */
static eqml_status find_errors(const job *j, const eqml_data *data, const eqml_surface *surface,
                               double *error)
{
    double *work = calloc((size_t)EQML_WORK_ONE(basis->nslots, basis->npairs), sizeof *work);
    for (size_t g = 0; g < data->n && work; g++) {
        error[g] = -1;
        if (j->fit.use[g] && (data->has[g] & EQML_HAS_ENERGY))
            error[g] = fabs(evaluate(&surface->model, data->xyz + 3 * g * (size_t)data->natoms, NULL, work) -
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
        if (f->deleted < HUGE_VAL && d->which[g] == 1) {
            squares += f->deleted * f->deleted;
            d->determined++;
        }
        d->undetermined += !(f->deleted < HUGE_VAL);
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
    unsigned char *which = d->which = calloc(data->n, 1);
    double *error = calloc(data->n, sizeof *error);
    d->influence = calloc(data->n, sizeof *d->influence);
    d->cause = calloc(data->n, sizeof *d->cause);
    eqml_status status = which && error && d->influence && d->cause ? EQML_OK : EQML_ERROR_MEMORY;
    if (!status)
        status = find_errors(j, data, surface, error);
    if (status)
        snprintf(message->text, sizeof message->text, "%s", eqml_status_text(status));
    else if (choose_geometries(j, o, data, error, which) > 0)
        status = eqml_diagnose(problem, surface, data, &j->fit, which, d->influence, message);
    if (!status)
        status = eqml_find_causes(data, d->influence, d->cause);
    if (!status)
        find_worst(data, d);
    free(error);
    d->seconds = seconds_now() - start;
    return status;
}

/* ---- standard deviations ------------------------------------------------------------------------------ */

enum { MOST_WHOLE = 1000 }; /* terms of which the whole factor is kept: a file of 15 MB, half a second */

/* Makes sigma where enough geometries were left out to calibrate it. */
static eqml_status find_sigma(const job *j, const eqml_data *data, const eqml_problem *problem, outcome *o,
                              eqml_message *message)
{
    eqml_influence *fair =
        calloc(data->n, sizeof *fair); /* without those that were chosen for their errors */
    if (!fair) {
        snprintf(message->text, sizeof message->text, "%s", eqml_status_text(EQML_ERROR_MEMORY));
        return EQML_ERROR_MEMORY;
    }
    for (size_t g = 0; g < data->n; g++)
        if (o->diagnosis.which[g] == 1)
            fair[g] = o->diagnosis.influence[g];
    eqml_status status = eqml_sigma_create(&o->few, problem, data, fair, j->sigma, message);
    if (!status && basis->nterms <= MOST_WHOLE)
        status = eqml_sigma_create(&o->whole, problem, data, fair, 0, message);
    free(fair);
    return status == EQML_ERROR_EMPTY ? EQML_OK : status;
}

eqml_status find_coverage(const eqml_surface *surface, const eqml_data *other, const unsigned char *test,
                          outcome *o)
{
    if (!o->few.rows || !o->tested)
        return EQML_OK;
    return eqml_sigma_coverage(&o->few, surface, other, test, &o->coverage);
}

eqml_status fit_energies(job *j, const eqml_data *data, eqml_surface *surface, outcome *o,
                         eqml_message *message)
{
    eqml_problem *problem = NULL;
    eqml_status status = EQML_OK;
    if (j->robust) {
        o->weights = calloc(data->n, sizeof *o->weights);
        if (!o->weights) {
            snprintf(message->text, sizeof message->text, "%s", eqml_status_text(EQML_ERROR_MEMORY));
            return EQML_ERROR_MEMORY;
        }
        status = eqml_fit_robust(surface, data, &j->fit, NULL, o->weights, &o->fit, &o->robust, message);
        j->fit.weights = o->weights;
    }
    if (!status && j->fit.solver)
        return eqml_fit(surface, data, &j->fit, &o->fit, message);
    if (!status)
        status = eqml_problem_create(&problem, surface, data, &j->fit, &o->fit, message);
    const double fitted = seconds_now();
    const int look = j->diagnose != 0 && !team_rank(); /* rank 0 has the triangle */
    if (!status && look)
        status = leave_out_in_turn(j, data, surface, problem, o, message);
    if (!status && look && j->sigma > 0)
        status = find_sigma(j, data, problem, o, message);
    o->seconds_aside = seconds_now() - fitted;
    j->fit.weights = NULL; /* not those of tensors */
    if (j->penalties > 0 && !j->no_census)
        o->problem = problem;
    else
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
    free(o->diagnosis.which);
    free(o->weights);
    eqml_problem_free(o->problem);
    eqml_sigma_free(&o->few);
    eqml_sigma_free(&o->whole);
}
