/* Trials of variables: groups of pairs, divisions of the data, and one cross-validation. */
#ifndef EQML__TRIAL_C
#define EQML__TRIAL_C
#include "choose.h"
#include "compass.c"
#include "errors.c"
#include "fit.c"
#include "scale.c"
#include "subset.c"

#define EQML__TRIMMED 1e-3 /* of the errors do not count */
#define EQML__FEWEST 20    /* geometries that are worth a trial */
enum { EQML__MOST_RUNS = 8 };

/* All pairs of the same two elements: they share k. */
typedef struct eqml__group {
    char elements[2][8];
    double sum, count, mean, longest; /* of their distances in the training geometries, bohr */
    bool may_grow, is_hydrogen;       /* k may be 0 and negative; H-H */
    bool open;                        /* there is a class whose variable is to be chosen */
} eqml__group;

typedef struct eqml__trial {
    double score,
        run[EQML__MOST_RUNS]; /* the mean, and of each fit: log(rms of energies) + log(rms of gradients) */
    double rmse_energy, rmse_gradient;
} eqml__trial;

/* The square of an error, and the energy of its geometry. */
typedef struct eqml__banded {
    double energy, square;
} eqml__banded;

/* What all trials share, and those of the present level: some of the terms, some of the geometries. */
typedef struct eqml__trials {
    const eqml_basis *whole; /* that of the surface */
    const eqml_data *data;
    const eqml_choice_options *options;
    eqml_fit_options fit;
    eqml_message *message;
    int ngroups, *group_of; /* [npair_classes] */
    eqml__group *groups;
    size_t trained;               /* training geometries with an energy */
    eqml__fitter weights;         /* knows the weights of geometries, and nothing else */
    unsigned char *offered, *use; /* [n] geometries of the level; those of one fit */
    double *squares, *slopes;     /* [n] errors of one fit */
    eqml__banded *banded;         /* [n] the same with the energies */
    bool by_bands;                /* a trial's score is that of eqml__log_bands */
    double *work;
    const eqml_variable *given; /* [npair_classes] by the caller */
    eqml_variable *variables;   /* [npair_classes] */
    double *k, *start;          /* [ngroups] */
    int told;                   /* trials of all levels */

    const eqml_basis *basis; /* of the level */
    eqml_basis *lower;       /* owns it, where it is not the whole */
    int degree, runs;        /* runs: fits of a trial */
    eqml__trial trials[EQML__MOST_TRIALS];
    eqml__compass search; /* over k */
} eqml__trials;

/* ---- groups of pairs ----------------------------------------------------------------------------------- */

static void eqml__copy_symbol(const eqml_basis *b, int atom, char symbol[8])
{
    const char *s = b->symbols;
    for (int i = 0; i < atom; i++)
        s = strchr(s, ' ') + 1;
    snprintf(symbol, 8, "%.*s", (int)strcspn(s, " "), s);
}

/* The group of a pair, made where it is the first of its elements. */
static int eqml__find_group(eqml__trials *s, const unsigned short *pair)
{
    char a[8], b[8];
    eqml__copy_symbol(s->whole, pair[0], a);
    eqml__copy_symbol(s->whole, pair[1], b);
    for (int k = 0; k < s->ngroups; k++) {
        const eqml__group *g = &s->groups[k];
        if ((!strcmp(g->elements[0], a) && !strcmp(g->elements[1], b)) ||
            (!strcmp(g->elements[0], b) && !strcmp(g->elements[1], a)))
            return k;
    }
    eqml__group *g = &s->groups[s->ngroups];
    memcpy(g->elements[0], a, sizeof a);
    memcpy(g->elements[1], b, sizeof b);
    g->is_hydrogen = !strcmp(a, "H") && !strcmp(b, "H");
    return s->ngroups++;
}

static bool eqml__may_train(const eqml__trials *s, size_t g)
{
    return eqml__trains(&s->weights, g);
}

static bool eqml__is_fixed(const eqml__trials *s, int pair_class)
{
    return s->options->fixed && s->options->fixed[pair_class];
}

static void eqml__survey_groups(eqml__trials *s)
{
    const eqml_basis *b = s->whole;
    for (int p = 0; p < b->npairs; p++) {
        const int k = eqml__find_group(s, b->pairs[p]);
        eqml__group *group = &s->groups[k];
        s->group_of[b->pair_classes[p]] = k;
        group->open = group->open || !eqml__is_fixed(s, b->pair_classes[p]);
        for (size_t g = 0; g < s->data->n; g++) {
            if (!eqml__may_train(s, g))
                continue;
            const double r = eqml__distance(s->data->xyz + g * 3 * (size_t)b->natoms, b->pairs[p]);
            group->sum += r, group->count++;
            group->longest = fmax(group->longest, r);
        }
    }
    for (int k = 0; k < s->ngroups; k++) {
        s->groups[k].mean = s->groups[k].sum / s->groups[k].count;
        s->groups[k].may_grow = !b->is_term && s->groups[k].longest < EQML_BOUNDED * s->groups[k].mean;
    }
}

/* variables[npair_classes] <- those of k[ngroups]. */
static void eqml__variables_of_k(const eqml__trials *s, const double *k, eqml_variable *variables)
{
    const eqml_variable distance = {EQML_POWER, 1, NULL, NULL}, morse = {EQML_MORSE, 1, NULL, NULL};
    for (int c = 0; c < s->whole->npair_classes; c++) {
        const int group = s->group_of[c];
        if (eqml__is_fixed(s, c)) {
            variables[c] = s->given[c];
            continue;
        }
        variables[c] = k[group] == 0 ? distance : morse;
        if (k[group] != 0)
            variables[c].range = eqml__three_digits(s->groups[group].mean / k[group]);
    }
}

/* ---- costs --------------------------------------------------------------------------------------------- */

/* marks[nterms] <- 1 for the terms up to a degree, unless NULL; returns how many. */
static int eqml__mark_terms(const eqml_basis *b, int degree, unsigned char *marks)
{
    int count = 0, term = 0;
    for (int f = 0; f < b->nfactors; f++)
        if (eqml__is_term(b, (size_t)f)) {
            count += b->degrees[f] <= degree;
            if (marks)
                marks[term++] = b->degrees[f] <= degree;
        }
    for (int r = 0; r < b->nruns; r++)
        for (int c = 0; c < b->runs[r][2]; c++) {
            const bool is_low = b->degrees[b->runs[r][0]] + b->degrees[b->runs[r][1] + c] <= degree;
            count += is_low;
            if (marks)
                marks[term++] = is_low;
        }
    return count;
}

static int eqml__terms_up_to(const eqml_basis *b, int degree)
{
    return degree < b->degree ? eqml__mark_terms(b, degree, NULL) : b->nterms;
}

/* Rows of a geometry, on average. */
static double eqml__rows_of_geometry(const eqml__trials *s)
{
    const int natoms = s->whole->natoms, inner = natoms > 2 ? 3 * natoms - 6 : 1;
    size_t gradients = 0;
    for (size_t g = 0; g < s->data->n && !s->fit.energies_only; g++)
        gradients += eqml__may_train(s, g) && (s->data->has[g] & EQML_HAS_GRADIENT);
    return 1 + inner * (double)gradients / (double)s->trained;
}

/* Floating-point operations of a fit: its rows are made, and folded. */
static double eqml__fit_cost(const eqml__trials *s, int degree, double geometries)
{
    const double terms = eqml__terms_up_to(s->whole, degree);
    return geometries * eqml__rows_of_geometry(s) * (2 * terms * terms + 200 * terms);
}

/* Small sets of data are divided more than once, to tell chance from merit. */
static int eqml__divisions(double geometries)
{
    return geometries >= 2000 ? 1 : geometries >= 700 ? 2 : geometries >= 350 ? 3 : 4;
}

static double eqml__trial_cost(const eqml__trials *s, int degree, double geometries)
{
    return eqml__divisions(geometries) * eqml__fit_cost(s, degree, geometries);
}

/* ---- geometries ---------------------------------------------------------------------------------------- */

/* Whether geometry g is in the half that division number `run` / 2 holds back from its fit number `run` % 2. */
static bool eqml__is_held(const eqml__trials *s, size_t g, int run)
{
    const uint64_t division = eqml__scatter_bits((uint64_t)(run / 2 + 1));
    return s->offered[g] && (int)(eqml__scatter_bits(division + g) >> 63) == run % 2;
}

/*
 * A new level: the terms up to a degree, about so many geometries, fewer where a trial would take more than `most`
 * floating-point operations.
 */
static eqml_status eqml__set_level(eqml__trials *s, int degree, double geometries, double most)
{
    const eqml_basis *b = s->whole;
    eqml_status status = EQML_OK;
    geometries = fmin(geometries, most / eqml__trial_cost(s, degree, 1) * eqml__divisions(1));
    geometries = fmin(fmax(geometries, EQML__FEWEST), (double)s->trained);
    EQML_FREE(s->lower);
    s->lower = NULL;
    s->basis = b;
    s->degree = b->is_term ? b->degree : degree; /* a basis with factors that are not terms is taken whole */
    s->search.made = s->search.best = 0;
    if (s->degree < b->degree) {
        eqml__selection selection;
        unsigned char *keep = (unsigned char *)eqml__zeroed((size_t)b->nterms, 1);
        if (!keep)
            return EQML_ERROR_MEMORY;
        eqml__mark_terms(b, s->degree, keep);
        status = eqml__selection_create(&selection, b, keep);
        if (!status)
            status = eqml__build_basis(&selection, "lower", &s->lower);
        eqml__selection_free(&selection);
        EQML_FREE(keep);
        s->basis = s->lower;
    }
    const double part = geometries / (double)s->trained;
    size_t count = 0;
    for (size_t g = 0; g < s->data->n; g++) {
        s->offered[g] = eqml__may_train(s, g) && eqml__scattered(g) <= part;
        count += s->offered[g];
    }
    s->runs = 2 * eqml__divisions((double)count);
    return status;
}

/* ---- one trial ----------------------------------------------------------------------------------------- */

/* The root mean square without the worst. */
static double eqml__trimmed_rms(double *squares, size_t count)
{
    const size_t worst = count > 1 ? (size_t)ceil(EQML__TRIMMED * (double)count) : 0;
    double sum = 0;
    qsort(squares, count, sizeof *squares, eqml__compare_numbers);
    for (size_t i = 0; i + worst < count; i++)
        sum += squares[i];
    return count ? sqrt(sum / (double)(count - worst)) : 0;
}

/* Errors of a surface over the geometries that one fit of a trial holds back; returns how many these are. */
static size_t eqml__held_errors(eqml__trials *s, const eqml_surface *surface, int run, double *energy,
                                double *gradient)
{
    const eqml_data *d = s->data;
    const size_t n = 3 * (size_t)d->natoms;
    double *slope = s->work, *other = slope + n, *work = other + n;
    size_t energies = 0, gradients = 0;
    for (size_t g = 0; g < d->n; g++) {
        if (!eqml__is_held(s, g, run))
            continue;
        const double *xyz = d->xyz + g * n, root = eqml__row_weight(&s->weights, g);
        const bool has = !s->fit.energies_only && (d->has[g] & EQML_HAS_GRADIENT);
        double error = eqml__evaluate(&surface->model, xyz, has ? slope : NULL, work) - d->energy[g];
        double square = 0;
        memset(other, 0, n * sizeof(double));
        if (s->fit.reference)
            error += s->fit.reference(s->fit.reference_context, xyz, other);
        s->banded[energies].energy = d->energy[g];
        s->banded[energies].square = error * error;
        s->squares[energies++] = root * root * error * error;
        for (size_t k = 0; k < n && has; k++)
            square += (slope[k] + other[k] - d->gradient[g * n + k]) *
                      (slope[k] + other[k] - d->gradient[g * n + k]);
        if (has)
            s->slopes[gradients++] = root * root * square / (double)n;
    }
    *energy = eqml__trimmed_rms(s->squares, energies);
    *gradient = eqml__trimmed_rms(s->slopes, gradients);
    return energies;
}

/* The logarithm of an error; of a fit that came out as no number, infinity. */
static double eqml__log_error(double error)
{
    return error <= DBL_MAX ? log(fmax(error, DBL_MIN)) : HUGE_VAL;
}

static int eqml__compare_bands(const void *x, const void *y)
{
    const eqml__banded *a = (const eqml__banded *)x, *b = (const eqml__banded *)y;
    return (a->energy > b->energy) - (a->energy < b->energy);
}

/* The mean logarithm of the errors of energies in four bands with equally many geometries: the lowest count as much as
 * the highest, whose errors are larger. */
static double eqml__log_bands(eqml__trials *s, size_t count)
{
    double sum = 0;
    qsort(s->banded, count, sizeof *s->banded, eqml__compare_bands);
    for (size_t band = 0; band < 4; band++) {
        const size_t first = band * count / 4, end = (band + 1) * count / 4;
        for (size_t i = first; i < end; i++)
            s->squares[i - first] = s->banded[i].square;
        sum += eqml__log_error(eqml__trimmed_rms(s->squares, end - first));
    }
    return sum / 4;
}

/* *t <- a trial of k[ngroups]. */
static eqml_status eqml__judge(eqml__trials *s, const double *k, eqml__trial *t)
{
    memset(t, 0, sizeof *t);
    eqml__variables_of_k(s, k, s->variables);
    for (int run = 0; run < s->runs; run++) {
        eqml_surface surface;
        eqml_fit_options fit = s->fit;
        double energy = 0, gradient = 0;
        size_t held = 0;
        eqml_status status = eqml_surface_create(s->basis, s->variables, &surface);
        for (size_t g = 0; g < s->data->n; g++)
            s->use[g] = s->offered[g] && !eqml__is_held(s, g, run);
        fit.use = s->use;
        if (!status)
            status = eqml_fit(&surface, s->data, &fit, NULL, s->message);
        if (!status)
            held = eqml__held_errors(s, &surface, run, &energy, &gradient);
        eqml_surface_free(&surface);
        if (status)
            return status;
        t->run[run] = s->by_bands ? eqml__log_bands(s, held)
                                  : eqml__log_error(energy) + (gradient > 0 ? eqml__log_error(gradient) : 0);
        t->score += t->run[run] / s->runs;
        t->rmse_energy += energy * energy / s->runs;
        t->rmse_gradient += gradient * gradient / s->runs;
    }
    t->rmse_energy = sqrt(t->rmse_energy);
    t->rmse_gradient = sqrt(t->rmse_gradient);
    s->told++;
    if (s->options->progress)
        s->options->progress(s->options->context, s->told, EQML__MOST_TRIALS);
    return EQML_OK;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static void eqml__trials_free(eqml__trials *s)
{
    EQML_FREE(s->lower);
    EQML_FREE(s->group_of);
    EQML_FREE(s->groups);
    EQML_FREE(s->offered);
    EQML_FREE(s->squares);
    EQML_FREE(s->banded);
    EQML_FREE(s->work);
    EQML_FREE(s->variables);
    EQML_FREE(s->k);
    EQML_FREE(s->search.tried);
}

/* The caller frees the trials, also if this fails. */
static eqml_status eqml__trials_create(eqml__trials *s, const eqml_basis *basis, const eqml_data *data,
                                       const eqml_choice_options *options, const eqml_variable *given,
                                       eqml_message *message)
{
    const size_t n = data->n, classes = (size_t)basis->npair_classes, atoms = (size_t)basis->natoms;
    memset(s, 0, sizeof *s);
    s->whole = s->basis = basis;
    s->data = data;
    s->options = options;
    s->given = given;
    s->message = message;
    if (options->fit)
        s->fit = *options->fit;
    s->fit.progress = NULL;
    s->fit.checkpoint = NULL;
    s->weights.data = data;
    s->weights.options = &s->fit;
    s->weights.natoms = basis->natoms;
    s->weights.wanted = EQML_HAS_ENERGY;
    s->weights.kind = EQML_TENSORS;
    const eqml_status status = eqml__check_fit(&s->weights, "basis", message);
    if (status && status != EQML_ERROR_EMPTY)
        return status;
    s->trained = s->weights.count;
    if (status) { /* distances may be known at least */
        size_t known = 0;
        s->weights.wanted = ~0;
        for (size_t g = 0; g < n; g++)
            known += eqml__trains(&s->weights, g);
        if (known == 0)
            return status;
    }
    s->group_of = (int *)eqml__zeroed(classes, sizeof(int));
    s->groups = (eqml__group *)eqml__zeroed(classes, sizeof(eqml__group));
    s->offered = (unsigned char *)eqml__zeroed(2 * n, 1);
    s->squares = (double *)eqml__zeroed(2 * n, sizeof(double));
    s->banded = (eqml__banded *)eqml__zeroed(n, sizeof(eqml__banded));
    s->work = (double *)eqml__zeroed(eqml__most_work(basis) + 6 * atoms, sizeof(double));
    s->variables = (eqml_variable *)eqml__zeroed(classes, sizeof(eqml_variable));
    s->k = (double *)eqml__zeroed(2 * classes, sizeof(double));
    s->search.tried = (double *)eqml__zeroed(EQML__MOST_TRIALS * classes, sizeof(double));
    if (!s->group_of || !s->groups || !s->offered || !s->squares || !s->banded || !s->work || !s->variables ||
        !s->k || !s->search.tried)
        return eqml__fail(message, EQML_ERROR_MEMORY, "out of memory");
    s->use = s->offered + n;
    s->slopes = s->squares + n;
    s->start = s->k + classes;
    eqml__survey_groups(s);
    s->search.n = s->ngroups;
    s->search.k = s->k;
    return EQML_OK;
}

#endif /* EQML__TRIAL_C */
