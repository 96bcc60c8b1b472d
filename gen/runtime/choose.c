/* The choice of variables: the search over trials. */
#ifndef EQML__CHOOSE_C
#define EQML__CHOOSE_C
#include "choose.h"
#include "trial.c"

#define EQML__EFFORT 2e12   /* floating-point operations of one stage, at most */
#define EQML__FINAL_FITS 20 /* and the same in final fits, for the last stage */

/* Where k may be: the least of variables that may grow, and of those that may not; the gentle one of the menu. */
#define EQML__LEAST_K -2.0
#define EQML__LEAST_FALL 0.1
#define EQML__MOST_K 8.0
#define EQML__GENTLE_K 0.25

static bool eqml__may_be(const void *context, int group, double k)
{
    const eqml__trials *s = (const eqml__trials *)context;
    return k <= EQML__MOST_K && k >= (s->groups[group].may_grow ? EQML__LEAST_K : EQML__LEAST_FALL);
}

static bool eqml__is_open(const void *context, int group)
{
    return ((const eqml__trials *)context)->groups[group].open;
}

static eqml_status eqml__judge_numbered(void *context, const double *k, int number, double *score)
{
    eqml__trials *s = (eqml__trials *)context;
    const eqml_status status = eqml__judge(s, k, &s->trials[number]);
    *score = s->trials[number].score;
    return status;
}

/* All groups have the same k. */
static eqml_status eqml__contend_all(eqml__trials *s, double k)
{
    bool better;
    for (int g = 0; g < s->ngroups; g++)
        s->k[g] = k;
    return eqml__contend(&s->search, s->k, &better);
}

static eqml_status eqml__try_menu(eqml__trials *s)
{
    static const double all[] = {1, 0.5, EQML__GENTLE_K, 0};
    eqml_status status = EQML_OK;
    bool better;
    for (int m = 0; m < 4 && !status; m++)
        status = eqml__contend_all(s, all[m]);
    for (int g = 0; g < s->ngroups; g++)
        s->k[g] = s->groups[g].mean / 2;
    if (!status)
        status = eqml__contend(&s->search, s->k, &better);
    for (int g = 0; g < s->ngroups; g++)
        s->k[g] = s->groups[g].is_hydrogen ? -0.25 : 0.4;
    return status ? status : eqml__contend(&s->search, s->k, &better);
}

/* Stages 1 and 2; s->start <- the best. */
static eqml_status eqml__search_below(eqml__trials *s)
{
    const int whole = s->whole->degree, degree = whole > 3 ? whole - 2 : whole > 1 ? 2 : 1;
    const double geometries = fmax(0.25 * (double)s->trained,
                                   10.0 * eqml__terms_up_to(s->whole, degree) / eqml__rows_of_geometry(s));
    eqml_status status = eqml__set_level(s, degree, geometries, EQML__EFFORT / (double)EQML__MOST_TRIALS);
    if (!status)
        status = eqml__try_menu(s);
    if (!status)
        status = eqml__compass_search(&s->search, 0.25, 0.125, 40);
    memcpy(s->start, eqml__tried(&s->search, s->search.best), (size_t)s->ngroups * sizeof(double));
    return status;
}

/* How many trials of stage 3 may be made with the terms up to a degree. */
static int eqml__affordable(const eqml__trials *s, int degree)
{
    const double trial = eqml__trial_cost(s, degree, (double)s->trained);
    const double effort =
        fmin(EQML__EFFORT, EQML__FINAL_FITS * eqml__fit_cost(s, s->whole->degree, (double)s->trained));
    return (int)fmin(14, effort / trial);
}

/* The degree that stage 3 should have for the rows of the data. */
static int eqml__degree_of_rows(const eqml__trials *s)
{
    const int degree = s->whole->degree;
    return 0.5 * (double)s->trained * eqml__rows_of_geometry(s) < 15.0 * s->whole->nterms && degree > 1
               ? degree - 1
               : degree;
}

static eqml_status eqml__search_above(eqml__trials *s)
{
    int degree = eqml__degree_of_rows(s);
    bool better;
    while (degree > 1 && eqml__affordable(s, degree) < 8)
        degree--;
    const int most = eqml__affordable(s, degree);
    if (most < 8)
        return EQML_OK;
    eqml_status status = eqml__set_level(s, degree, (double)s->trained, HUGE_VAL);
    if (!status)
        status = eqml__contend(&s->search, s->start, &better);
    if (!status)
        status = eqml__contend_all(s, EQML__GENTLE_K);
    if (!status)
        status = eqml__contend_all(s, 0);
    return status ? status : eqml__compass_search(&s->search, 0.25, 0.0625, most);
}

/* The trial that is taken: of those within one standard error of the best, the one that bends least. */
static int eqml__gentlest(const eqml__trials *s)
{
    const int runs = s->runs;
    int taken = s->search.best;
    double least = HUGE_VAL;
    for (int t = 0; t < s->search.made; t++) {
        const double mean = s->trials[t].score - s->trials[s->search.best].score,
                     *k = eqml__tried(&s->search, t);
        double squares = 0, bend = 0;
        for (int r = 0; r < runs; r++) {
            const double d = s->trials[t].run[r] - s->trials[s->search.best].run[r] - mean;
            squares += d * d;
        }
        for (int g = 0; g < s->ngroups; g++)
            bend += k[g] * k[g];
        if (mean <= sqrt(squares / (runs * (runs - 1))) && bend < least)
            least = bend, taken = t;
    }
    return taken;
}

/* s->start <- the trial that is taken; *found tells of it. */
static void eqml__take_trial(eqml__trials *s, int taken, eqml_choice *found)
{
    found->degree = s->degree;
    found->rmse_energy = s->trials[taken].rmse_energy;
    found->rmse_gradient = s->trials[taken].rmse_gradient;
    memcpy(s->start, eqml__tried(&s->search, taken), (size_t)s->ngroups * sizeof(double));
}

/*
 * Stage 4, where the trials so far had fewer terms than the rows of the data allow, for their cost: variables that suit few
 * terms need not suit many. What was taken, s->start, and the menu compete with more terms, on as many geometries as the
 * effort allows, and the best is taken.
 */
static eqml_status eqml__compare_plain(eqml__trials *s, eqml_choice *found)
{
    enum { MOST = 8 }; /* trials, of which seven are made */
    const double rows = eqml__rows_of_geometry(s);
    int degree = eqml__degree_of_rows(s);
    double geometries = 0;
    bool better;
    for (; degree > s->degree; degree--) {
        geometries = fmin((double)s->trained, EQML__EFFORT / (double)MOST / eqml__fit_cost(s, degree, 1));
        if (rows * geometries >= 16.0 * eqml__terms_up_to(s->whole, degree))
            break;
    }
    if (degree <= s->degree)
        return EQML_OK;
    eqml_status status = eqml__set_level(s, degree, geometries, HUGE_VAL);
    if (geometries < (double)s->trained)
        s->runs = 2; /* more divisions would take more than that */
    if (!status)
        status = eqml__contend(&s->search, s->start, &better);
    if (!status)
        status = eqml__try_menu(s);
    if (!status)
        eqml__take_trial(s, s->search.best, found);
    return status;
}

/* A level of all terms and geometries, or of as many as so many trials can have. */
static eqml_status eqml__set_final_level(eqml__trials *s, int trials)
{
    int degree = s->whole->degree;
    while (degree > 1 && eqml__affordable(s, degree) < 8)
        degree--;
    return eqml__set_level(s, degree, (double)s->trained, EQML__EFFORT / trials);
}

/* s->fit.ridge <- the largest that costs nearly nothing with these k. */
static eqml_status eqml__choose_ridge(eqml__trials *s, const double *k)
{
    static const double ridges[] = {0, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9};
    enum { COUNT = sizeof ridges / sizeof ridges[0] };
    double score[COUNT], least = HUGE_VAL;
    int count = 0, taken = 0;
    eqml_status status = eqml__set_final_level(s, COUNT);
    for (; count < COUNT && !status; count++) {
        eqml__trial trial;
        s->fit.ridge = ridges[count];
        status = eqml__judge(s, k, &trial);
        score[count] = trial.score;
        least = fmin(least, trial.score);
        if (trial.score > least + 0.1)
            break; /* larger ones are worse still */
    }
    for (int r = 0; r < count && !status; r++)
        if (score[r] <= least + 0.01)
            taken = r;
    s->fit.ridge = ridges[taken];
    return status;
}

/* s->fit.energy_weight <- the one with the least error over bands of energies. */
static eqml_status eqml__choose_energy_weight(eqml__trials *s, const double *k)
{
    static const double weights[] = {0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001};
    enum { COUNT = sizeof weights / sizeof weights[0] };
    double least = HUGE_VAL, taken = 0;
    eqml_status status = eqml__set_final_level(s, COUNT);
    s->by_bands = true;
    for (int w = 0; w < COUNT && !status; w++) {
        eqml__trial trial;
        s->fit.energy_weight = weights[w];
        status = eqml__judge(s, k, &trial);
        if (!status && trial.score < least)
            least = trial.score, taken = weights[w];
    }
    s->by_bands = false;
    s->fit.energy_weight = taken;
    return status;
}

/* All stages; s->k <- the choice. */
static eqml_status eqml__search(eqml__trials *s, eqml_choice *found)
{
    bool open = false;
    for (int g = 0; g < s->ngroups; g++)
        open = open || s->groups[g].open;
    eqml_status status = open ? eqml__search_below(s) : EQML_OK;
    if (!status && open)
        status = eqml__search_above(s);
    if (!status && open) {
        eqml__take_trial(s, eqml__gentlest(s), found);
        status = eqml__compare_plain(s, found);
        memcpy(s->k, s->start, (size_t)s->ngroups * sizeof(double));
    }
    if (!status && s->options->choose_energy_weight)
        status = eqml__choose_energy_weight(s, s->k);
    if (!status && s->options->choose_ridge)
        status = eqml__choose_ridge(s, s->k);
    found->trials = s->told;
    return status;
}

static const eqml_choice_options eqml__choice_defaults = {NULL, NULL, 0, 0, NULL, NULL};

EQML_API eqml_status eqml_choose_variables(const eqml_basis *basis, const eqml_data *data,
                                           const eqml_choice_options *options, eqml_variable *variables,
                                           eqml_choice *choice, eqml_message *message)
{
    eqml__trials s;
    eqml_choice found;
    memset(&found, 0, sizeof found);
    eqml_status status =
        eqml__trials_create(&s, basis, data, options ? options : &eqml__choice_defaults, variables, message);
    s.search.context = &s;
    s.search.may_be = eqml__may_be;
    s.search.is_open = eqml__is_open;
    s.search.judge = eqml__judge_numbered;
    for (int g = 0; g < s.ngroups; g++)
        s.k[g] = EQML__GENTLE_K;
    if (s.options->choose_ridge)
        s.fit.ridge = 0;
    if (s.options->choose_energy_weight)
        s.fit.energy_weight = 0;
    if (!status && s.trained >= EQML__FEWEST)
        status = eqml__search(&s, &found);
    if (!status) {
        eqml__variables_of_k(&s, s.k, variables);
        for (int c = 0; c < basis->npair_classes; c++)
            found.growing +=
                !eqml__is_fixed(&s, c) && (variables[c].kind == EQML_POWER || variables[c].range < 0);
        found.ridge = s.fit.ridge;
        found.energy_weight = s.fit.energy_weight;
        if (choice)
            *choice = found;
    }
    if (status == EQML_ERROR_MEMORY)
        eqml__fail(message, status, "the choice of variables is out of memory");
    eqml__trials_free(&s);
    return status;
}

EQML_API eqml_status eqml_choose_degree(const eqml_basis *basis, const eqml_data *data,
                                        const eqml_choice_options *options, const eqml_variable *variables,
                                        int *degree, double *rmse_energy, eqml_message *message)
{
    eqml__trials s;
    eqml_choice_options all_fixed = options ? *options : eqml__choice_defaults;
    eqml__trial *trials = (eqml__trial *)eqml__zeroed((size_t)basis->degree + 1, sizeof *trials);
    unsigned char *fixed = (unsigned char *)eqml__zeroed((size_t)basis->npair_classes, 1);
    eqml_status status = trials && fixed ? EQML_OK : eqml__fail(message, EQML_ERROR_MEMORY, "out of memory");
    int best = 1;
    memset(&s, 0, sizeof s);
    if (!status) {
        memset(fixed, 1, (size_t)basis->npair_classes);
        all_fixed.fixed = fixed;
        status = eqml__trials_create(&s, basis, data, &all_fixed, variables, message);
    }
    if (!status && s.trained < EQML__FEWEST)
        status = eqml__fail(message, EQML_ERROR_EMPTY,
                            "%zu energies are too few to choose a degree by: %d are needed", s.trained,
                            EQML__FEWEST);
    for (int d = 1; d <= basis->degree && !status; d++) {
        status = eqml__set_level(&s, d, (double)s.trained, HUGE_VAL);
        if (!status)
            status = eqml__judge(&s, s.k, &trials[d]);
        rmse_energy[d] = trials[d].rmse_energy;
        if (!status && trials[d].score < trials[best].score)
            best = d;
    }
    *degree = best;
    for (int d = best - 1; d >= 1 && !status; d--)
        if (trials[d].score <= trials[best].score + 0.02)
            *degree = d;
    if (status == EQML_ERROR_MEMORY)
        eqml__fail(message, status, "the choice of a degree is out of memory");
    eqml__trials_free(&s);
    EQML_FREE(trials);
    EQML_FREE(fixed);
    return status;
}

#endif /* EQML__CHOOSE_C */
