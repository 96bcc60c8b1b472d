/* Leverages and leave-one-out errors, from the triangle of a fit. */
#ifndef EQML__DIAGNOSE_C
#define EQML__DIAGNOSE_C
#include "diagnose.h"
#include "factor.c"
#include "fitter.c"
#include "problem.c"
#include "rows.c"
#include "scale.c"

/* Room for one geometry of at most `most` rows. */
typedef struct eqml__block {
    int most;
    double *x;          /* [n] coefficients, the constant less the shift */
    double *white;      /* [most / WIDTH, rounded up][n][WIDTH] whitened rows */
    double *hat;        /* [most][most] H */
    double *left;       /* [most][most] the triangle of 1 - w H */
    double *error, *by; /* [most] errors; the first column of H, and solutions */
} eqml__block;

static eqml_status eqml__block_create(eqml__block *b, int most, int n)
{
    const size_t rows = (size_t)most, strips = (rows + EQML__WIDTH - 1) / EQML__WIDTH;
    b->most = most;
    b->x = (double *)eqml__zeroed((size_t)n, sizeof(double));
    b->white = (double *)eqml__zeroed(eqml__times(strips * EQML__WIDTH, (size_t)n), sizeof(double));
    b->hat = (double *)eqml__zeroed(2 * rows * rows + 2 * rows, sizeof(double));
    if (!b->x || !b->white || !b->hat)
        return EQML_ERROR_MEMORY;
    b->left = b->hat + rows * rows;
    b->error = b->left + rows * rows;
    b->by = b->error + rows;
    return EQML_OK;
}

static void eqml__block_free(eqml__block *b)
{
    EQML_FREE(b->x);
    EQML_FREE(b->white);
    EQML_FREE(b->hat);
}

/* b->hat <- the products of the whitened rows[count][n]. */
static void eqml__find_hat(const eqml__system *s, int count, const double *rows, eqml__block *b)
{
    const size_t n = (size_t)s->n, size = n * EQML__WIDTH;
    eqml__whiten(s, count, rows, b->white);
    memset(b->hat, 0, (size_t)(b->most * b->most) * sizeof(double));
    for (int i = 0; i < count; i++)
        for (int first = 0; first <= i; first += EQML__WIDTH) {
            const double *left = b->white + (size_t)(i / EQML__WIDTH) * size + i % EQML__WIDTH;
            const double *right = b->white + (size_t)(first / EQML__WIDTH) * size;
            double sum[EQML__WIDTH] = {0};
            for (int j = 0; j < s->rank; j++, left += EQML__WIDTH, right += EQML__WIDTH)
                for (int k = 0; k < EQML__WIDTH; k++)
                    sum[k] += *left * right[k];
            for (int k = 0; k < EQML__WIDTH && first + k <= i; k++)
                b->hat[i * b->most + first + k] = b->hat[(first + k) * b->most + i] = sum[k];
        }
}

/*
 * Cholesky factor of 1 - w H. False where it has none to working precision: a combination of the rows is then
 * determined by this geometry alone.
 */
static bool eqml__factor_block(int count, double weight, eqml__block *b)
{
    for (int i = 0; i < count; i++) {
        double *row = b->left + i * b->most;
        for (int j = 0; j <= i; j++) {
            const double *other = b->left + j * b->most;
            double sum = (i == j) - weight * b->hat[i * b->most + j];
            for (int k = 0; k < j; k++)
                sum -= row[k] * other[k];
            if (i == j && !(sum > 1e-9))
                return false;
            row[j] = i == j ? sqrt(sum) : sum / other[j];
        }
    }
    return true;
}

/* y <- (1 - w H)^-1 y. */
static void eqml__solve_block(int count, const eqml__block *b, double *y)
{
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < i; j++)
            y[i] -= b->left[i * b->most + j] * y[j];
        y[i] /= b->left[i * b->most + i];
    }
    for (int i = count - 1; i >= 0; i--) {
        for (int j = i + 1; j < count; j++)
            y[i] -= b->left[j * b->most + i] * y[j];
        y[i] /= b->left[i * b->most + i];
    }
}

static void eqml__diagnose_one(eqml__fitter *w, const eqml__system *s, size_t g, eqml__block *b,
                               eqml_influence *found)
{
    const int n = s->n, count = eqml__find_rows(w, g, 1);
    const double root = eqml__row_weight(w, g), weight = root * root;
    const double gradient_weight = w->options->gradient_weight > 0 ? w->options->gradient_weight : 1;
    double squares = 0;
    for (int i = 0; i < count; i++) { /* and the rows without their values, side by side */
        const double *row = w->rows + (size_t)i * (size_t)(n + 1);
        b->error[i] = eqml__dot(n, row, b->x) - row[n];
        memmove(w->rows + (size_t)i * (size_t)n, row, (size_t)n * sizeof(double));
    }
    eqml__find_hat(s, count, w->rows, b);
    found->known = 1;
    found->residual = b->error[0];
    found->leverage = weight * b->hat[0];
    for (int i = 0; i < count; i++)
        found->unknowns += weight * b->hat[i * b->most + i];
    if (!eqml__factor_block(count, weight, b)) {
        found->deleted = found->variance = HUGE_VAL;
        found->gradient = count > 1 ? HUGE_VAL : 0;
        return;
    }
    memcpy(b->by, b->hat, (size_t)count * sizeof(double));
    eqml__solve_block(count, b, b->by);
    eqml__solve_block(count, b, b->error);
    for (int i = 1; i < count; i++)
        squares += b->error[i] * b->error[i];
    found->deleted = b->error[0];
    found->variance = b->by[0];
    found->gradient = sqrt(squares / (gradient_weight * 3 * w->natoms));
}

EQML_API eqml_status eqml_diagnose(const eqml_problem *problem, const eqml_surface *surface,
                                   const eqml_data *data, const eqml_fit_options *options,
                                   const unsigned char *which, eqml_influence *influence,
                                   eqml_message *message)
{
    eqml_component whole;
    eqml__fitter w;
    eqml__system s;
    eqml__block block;
    memset(influence, 0, data->n * sizeof *influence);
    memset(&s, 0, sizeof s);
    memset(&block, 0, sizeof block);
    eqml__fitter_of_surface(&w, &whole, &problem->surface, EQML_TENSORS, data, options);
    if (surface->model.basis != problem->basis)
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "the surface is not over the basis of the problem");
    eqml_status status = eqml__check_fit(&w, "basis", message);
    if (status)
        return status;
    status = eqml__fitter_create(&w);
    if (!status)
        status = eqml__set_targets(&w);
    if (!status) {
        eqml__find_pairs(&w);
        eqml__shift_components(&w);
    }
    if (!status)
        status = eqml__factor_create(problem, &s);
    if (!status)
        status = eqml__block_create(&block, (int)eqml__rows_per_geometry(w.natoms, w.options), w.ncols);
    if (!status) {
        eqml_surface_get(surface, block.x);
        block.x[0] -= w.shift;
        for (size_t g = 0; g < data->n; g++)
            if (eqml__is_offered(&w, g) && (!which || which[g]))
                eqml__diagnose_one(&w, &s, g, &block, &influence[g]);
    } else {
        eqml__fail(message, status, "the geometries could not be diagnosed: %s", eqml_status_text(status));
    }
    eqml__block_free(&block);
    EQML_FREE(s.a);
    eqml__fitter_free(&w);
    return status;
}

/* ---- causes -------------------------------------------------------------------------------------------- */

#define EQML__ISOLATED 4 /* times the usual standard deviation */
#define EQML__FAR 12     /* times the usual error */

/* Of the geometries that are known, in their order. */
typedef struct eqml__compared {
    size_t count;
    size_t *place;     /* [data->n] the geometry */
    double *energy;    /* [data->n] */
    double *error[2];  /* [data->n] `deleted` and `gradient` ... */
    double *usual[2];  /* [data->n] ... and their usual sizes at this energy */
    double *isolation; /* [data->n] the standard deviation of V, in units of its usual size at this energy */
} eqml__compared;

static void eqml__compared_free(eqml__compared *c)
{
    EQML_FREE(c->place);
    EQML_FREE(c->energy);
}

/* The caller frees *c, also on failure. */
static eqml_status eqml__compare(const eqml_data *data, const eqml_influence *influence, eqml__compared *c)
{
    c->count = 0;
    c->place = (size_t *)eqml__zeroed(data->n, sizeof(size_t));
    c->energy = (double *)eqml__zeroed(eqml__times(data->n, 6), sizeof(double));
    if (!c->place || !c->energy)
        return EQML_ERROR_MEMORY;
    for (size_t k = 0; k < 2; k++) {
        c->error[k] = c->energy + (1 + k) * data->n;
        c->usual[k] = c->energy + (3 + k) * data->n;
    }
    c->isolation = c->energy + 5 * data->n;
    for (size_t g = 0; g < data->n; g++) {
        if (!influence[g].known)
            continue;
        c->place[c->count] = g;
        c->energy[c->count] = data->energy[g];
        c->error[0][c->count] = influence[g].deleted;
        c->error[1][c->count] = influence[g].gradient;
        c->isolation[c->count++] = sqrt(influence[g].variance);
    }
    eqml_status status = eqml__local_scales(c->count, c->energy, c->isolation, DBL_MIN, c->usual[0]);
    for (size_t k = 0; k < c->count && !status; k++)
        c->isolation[k] *= EQML__MAD / c->usual[0][k];
    for (int k = 0; k < 2 && !status; k++)
        status = eqml__local_scales(c->count, c->energy, c->error[k], DBL_MIN, c->usual[k]);
    return status;
}

/* Whether an error is far from what is usual. */
static bool eqml__is_far(const eqml__compared *c, int which, size_t k)
{
    const double error = fabs(c->error[which][k]), isolation = c->isolation[k];
    return error < HUGE_VAL &&
           error >= EQML__FAR * (isolation >= EQML__ISOLATED ? isolation : 1) * c->usual[which][k];
}

EQML_API eqml_status eqml_find_causes(const eqml_data *data, const eqml_influence *influence,
                                      eqml_cause *cause)
{
    eqml__compared c;
    const eqml_status status = eqml__compare(data, influence, &c);
    for (size_t g = 0; g < data->n; g++)
        cause[g] = EQML_CAUSE_NONE;
    for (size_t k = 0; k < c.count && !status; k++) {
        eqml_cause *to = &cause[c.place[k]];
        if (eqml__is_far(&c, 0, k))
            *to = EQML_CAUSE_OFF;
        else if (eqml__is_far(&c, 1, k))
            *to = EQML_CAUSE_GRADIENT;
        else if (c.isolation[k] >= EQML__ISOLATED)
            *to = EQML_CAUSE_ISOLATED;
    }
    eqml__compared_free(&c);
    return status;
}

#endif /* EQML__DIAGNOSE_C */
