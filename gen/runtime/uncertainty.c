/* The standard deviation of energies: its matrix and its calibration. */
#ifndef EQML__UNCERTAINTY_C
#define EQML__UNCERTAINTY_C
#include "uncertainty.h"
#include "errors.c"
#include "factor.c"
#include "memory.c"
#include "scale.c"
#include "status.c"

/* ---- the matrix ---------------------------------------------------------------------------------------- */

/* Numbers of the whole matrix. */
static size_t eqml__sigma_size(const eqml_sigma *s)
{
    size_t size = 0;
    for (int first = 0; first < s->rows; first += EQML__SIGMA_ROWS)
        size += EQML__SIGMA_ROWS * (size_t)eqml__sigma_length(s, first);
    return size;
}

/*
 * The right-hand side of the system <- row i of what is wanted of F: itself, or a combination of all rows with random signs
 * over the root of `rows`.
 */
static void eqml__choose_row(eqml__system *s, int i, int rows, bool whole, uint64_t *random)
{
    for (int k = 0; k < s->rank; k++) {
        *random ^= *random << 13, *random ^= *random >> 7, *random ^= *random << 17; /* xorshift */
        const double sign = (*random * UINT64_C(0x9E3779B97F4A7C15)) >> 63 ? 1 : -1;
        s->a[(size_t)k * s->ld + (size_t)s->n] = whole ? k == i : sign / sqrt((double)rows);
    }
}

/* Fills the matrix: row i is the solution for the unit vector i, or for a random vector. */
static eqml_status eqml__find_matrix(eqml__system *s, bool whole, eqml_sigma *sigma, double *matrix)
{
    uint64_t random = UINT64_C(0x2545F4914F6CDD1D);
    double *row = (double *)eqml__zeroed((size_t)s->n, sizeof(double));
    const int count = whole ? s->rank : sigma->rows;
    for (int i = 0; i < sigma->rows && row; i++) {
        const size_t length = (size_t)eqml__sigma_length(sigma, i / EQML__SIGMA_ROWS * EQML__SIGMA_ROWS);
        if (i < count) {
            eqml__choose_row(s, i, sigma->rows, whole, &random);
            eqml__system_solve(s, 0, row);
            memcpy(matrix, row, (length < (size_t)s->n ? length : (size_t)s->n) * sizeof(double));
        }
        matrix += length;
    }
    EQML_FREE(row);
    return row ? EQML_OK : EQML_ERROR_MEMORY;
}

/* Whether the columns of the system are in their own order, so that F is triangular. */
static bool eqml__in_order(const eqml__system *s)
{
    for (int j = 0; j < s->n; j++)
        if (s->permuted[j] != j)
            return false;
    return s->rank == s->n;
}

EQML_API void eqml_sigma_free(eqml_sigma *sigma)
{
    EQML_FREE((void *)(uintptr_t)sigma->matrix);
    memset(sigma, 0, sizeof *sigma);
}

/* ---- calibration --------------------------------------------------------------------------------------- */

#define EQML__CALIBRATED ((size_t)2000) /* geometries that are looked at, at most */

/* The geometries that were left out: the size of the error, and v over its median. */
typedef struct eqml__errors_seen {
    size_t count;
    double median;
    double *error, *variance, *shape, *scaled; /* [count]; shape: sigma but for its scale */
} eqml__errors_seen;

static double eqml__shape(double variance, double ratio, double power)
{
    const double part = pow(variance, power);
    return ratio < HUGE_VAL ? sqrt(1 + ratio * ratio * part * part) : part;
}

/* Minus the logarithm of the likelihood; *scale <- 68.27 % of the errors are within scale times the shape. */
static double eqml__unlikelihood(eqml__errors_seen *e, double ratio, double power, double *scale)
{
    const double freedom = 4;
    double sum = 0;
    for (size_t k = 0; k < e->count; k++) {
        e->shape[k] = eqml__shape(e->variance[k], ratio, power);
        e->scaled[k] = e->error[k] / e->shape[k];
    }
    qsort(e->scaled, e->count, sizeof(double), eqml__compare_numbers);
    *scale = fmax(e->scaled[(size_t)(0.6827 * (double)e->count)], DBL_MIN);
    for (size_t k = 0; k < e->count; k++) {
        const double u = e->error[k] / (*scale * e->shape[k]);
        sum += log(e->shape[k]) + log(*scale) + 0.5 * (freedom + 1) * log1p(u * u / freedom);
    }
    return sum;
}

static void eqml__calibrate(eqml__errors_seen *e, eqml_sigma *sigma)
{
    double best = HUGE_VAL;
    for (int quarters = 1; quarters <= 5; quarters++)
        for (int step = -9; step <= 9; step++) { /* ratios from 10^-2 to 10^2, and none of either */
            const double power = 0.25 * quarters, ratio = step < -8  ? 0
                                                          : step > 8 ? HUGE_VAL
                                                                     : pow(10, 0.25 * step);
            double scale;
            const double loss = eqml__unlikelihood(e, ratio, power, &scale);
            if (!(loss < best))
                continue;
            best = loss;
            sigma->power = power;
            sigma->floor = ratio < HUGE_VAL ? scale : 0;
            sigma->slope = (ratio < HUGE_VAL ? ratio : 1) * scale / pow(e->median, power);
        }
}

static bool eqml__is_calibrating(const eqml_influence *f)
{
    return f->known && fabs(f->deleted) < HUGE_VAL && f->variance > 0 && f->variance < HUGE_VAL;
}

/* Collects the errors, evenly spaced where there are many, and calibrates. */
static eqml_status eqml__calibrate_on(size_t n, const eqml_influence *influence, eqml_sigma *sigma)
{
    eqml__errors_seen e;
    size_t all = 0, seen = 0;
    for (size_t g = 0; g < n; g++)
        all += eqml__is_calibrating(&influence[g]);
    if (all < 20)
        return EQML_ERROR_EMPTY;
    const size_t most = all < EQML__CALIBRATED ? all : EQML__CALIBRATED;
    e.count = 0;
    e.error = (double *)eqml__zeroed(4 * most, sizeof(double));
    if (!e.error)
        return EQML_ERROR_MEMORY;
    e.variance = e.error + most, e.shape = e.variance + most, e.scaled = e.shape + most;
    for (size_t g = 0; g < n; g++) {
        if (!eqml__is_calibrating(&influence[g]))
            continue;
        if ((seen + 1) * most / all > seen * most / all) {
            e.error[e.count] = fabs(influence[g].deleted);
            e.scaled[e.count] = e.variance[e.count] = influence[g].variance;
            e.count++;
        }
        seen++;
    }
    e.median = eqml__median(e.scaled, e.count);
    sigma->reach = e.scaled[e.count - 1];
    for (size_t k = 0; k < e.count; k++)
        e.variance[k] /= e.median;
    eqml__calibrate(&e, sigma);
    EQML_FREE(e.error);
    return EQML_OK;
}

EQML_API eqml_status eqml_sigma_create(eqml_sigma *sigma, const eqml_problem *problem, const eqml_data *data,
                                       const eqml_influence *influence, int rows, eqml_message *message)
{
    const int n = problem->basis->nterms, wanted = EQML_ROUND(rows);
    const bool whole = rows == 0 || wanted >= n;
    eqml__system s;
    double *matrix = NULL;
    memset(sigma, 0, sizeof *sigma);
    memset(&s, 0, sizeof s);
    if (rows < 0)
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "standard deviations from %d rows: expected 0 or more", rows);
    eqml_status status = eqml__calibrate_on(data->n, influence, sigma);
    if (status == EQML_ERROR_EMPTY)
        eqml__fail(message, status, "standard deviations need 20 geometries that the others determine");
    if (!status)
        status = eqml__factor_create(problem, &s);
    if (!status) {
        sigma->terms = n;
        sigma->rows = whole ? EQML_ROUND(s.rank) : wanted;
        sigma->triangular = whole && eqml__in_order(&s);
        matrix = (double *)eqml__zeroed(eqml__sigma_size(sigma), sizeof(double));
        sigma->matrix = matrix;
        status = matrix ? eqml__find_matrix(&s, whole, sigma, matrix) : EQML_ERROR_MEMORY;
    }
    EQML_FREE(s.a);
    if (status)
        eqml_sigma_free(sigma);
    if (status && status != EQML_ERROR_EMPTY)
        eqml__fail(message, status, "standard deviations failed: %s", eqml_status_text(status));
    return status;
}

EQML_API eqml_status eqml_sigma_coverage(const eqml_sigma *sigma, const eqml_surface *surface,
                                         const eqml_data *data, const unsigned char *use,
                                         eqml_coverage *coverage)
{
    const eqml_model *m = &surface->model;
    const eqml_basis *b = m->basis;
    double *work =
        (double *)eqml__zeroed((size_t)EQML_WORK_SIGMA(b->nslots, b->npairs, b->nterms), sizeof(double));
    size_t within[2] = {0, 0};
    memset(coverage, 0, sizeof *coverage);
    if (!work)
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < data->n; g++) {
        const double *xyz = data->xyz + g * 3 * (size_t)data->natoms;
        if ((use && !use[g]) || !(data->has[g] & EQML_HAS_ENERGY))
            continue;
        const double error = fabs(eqml__evaluate(m, xyz, NULL, work) - data->energy[g]);
        const double deviation = eqml_energy_sigma(sigma, m, xyz, work);
        coverage->energies++;
        for (int k = 0; k < 2; k++)
            within[k] += error <= (k + 1) * deviation;
    }
    for (int k = 0; k < 2 && coverage->energies; k++)
        coverage->within[k] = (double)within[k] / (double)coverage->energies;
    EQML_FREE(work);
    return EQML_OK;
}

#endif /* EQML__UNCERTAINTY_C */
