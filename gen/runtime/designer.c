/* The choice of rows with the largest determinant, whatever they are rows of. */
#ifndef EQML__DESIGNER_C
#define EQML__DESIGNER_C
#include "design.h"
#include "memory.c"
#include <stdbool.h>

typedef struct eqml__designer {
    void *context;
    /* rows[most][length] of a candidate, which are zero before, weighted as in the fit; returns how many */
    int (*find_rows)(void *context, size_t candidate, double *rows);
    /* whether a candidate is too near to one that is taken; NULL: none is */
    bool (*is_near)(void *context, size_t candidate, size_t other);
    int terms, most;     /* rows of a candidate, at most */
    size_t length;       /* of stored rows: EQML_ROUND(terms), zeros behind the last term */
    int taken;           /* 0: the factor is still a triangle */
    double *factor;      /* [terms][length] F */
    double *rows, *z;    /* [most][length] of a candidate, whitened */
    double *gram, *pull; /* [most][most]; [length] */
    double *gain;        /* [n] at most this; -1: not to be taken */
    size_t *seen;        /* [n] how many had been taken when it was found */
} eqml__designer;

static void eqml__designer_free(eqml__designer *d)
{
    EQML_FREE(d->factor);
    EQML_FREE(d->rows);
    EQML_FREE(d->gain);
    EQML_FREE(d->seen);
}

/* For n candidates of at most so many rows. The caller calls eqml__designer_free, also if this fails. */
static eqml_status eqml__designer_create(eqml__designer *d, const eqml_sigma *sigma, int most_rows, size_t n)
{
    const double *from = sigma->matrix;
    const size_t most = (size_t)most_rows;
    d->terms = sigma->terms;
    d->length = (size_t)EQML_ROUND(sigma->terms);
    d->most = most_rows;
    d->factor = (double *)eqml__zeroed(eqml__times((size_t)d->terms, d->length), sizeof(double));
    d->rows = (double *)eqml__zeroed((2 * most + 1) * d->length + most * most, sizeof(double));
    d->gain = (double *)eqml__zeroed(n, sizeof(double));
    d->seen = (size_t *)eqml__zeroed(n, sizeof(size_t));
    if (!d->factor || !d->rows || !d->gain || !d->seen)
        return EQML_ERROR_MEMORY;
    d->z = d->rows + most * d->length, d->pull = d->z + most * d->length, d->gram = d->pull + d->length;
    for (int i = 0; i < d->terms; i++) {
        const size_t length = (size_t)eqml__sigma_length(sigma, i / EQML__SIGMA_ROWS * EQML__SIGMA_ROWS);
        memcpy(d->factor + (size_t)i * d->length, from, length * sizeof(double));
        from += length;
    }
    return EQML_OK;
}

static double eqml__vector_product(size_t length, const double *a, const double *b)
{
    eqml_lanes sum = eqml__all(0);
    for (size_t j = 0; j < length; j += EQML_LANES)
        sum += eqml__load(a + j) * eqml__load(b + j);
    return eqml__sum(sum);
}

/* z[length] <- F row. */
static void eqml__design_whiten(const eqml__designer *d, const double *row, double *z)
{
    for (size_t i = 0; i < (size_t)d->terms; i++)
        z[i] = eqml__vector_product(d->taken ? d->length : (i + EQML_LANES) / EQML_LANES * EQML_LANES,
                                    d->factor + i * d->length, row);
}

static int eqml__designer_rows(eqml__designer *d, size_t g)
{
    memset(d->rows, 0, (size_t)d->most * d->length * sizeof(double));
    return d->find_rows(d->context, g, d->rows);
}

/* The logarithm of det(1 + Z Z^T) of candidate g, by Cholesky's factor; NaN where a row has no number. */
static double eqml__design_gain(eqml__designer *d, size_t g)
{
    const int count = eqml__designer_rows(d, g);
    double gain = 0;
    for (int i = 0; i < count; i++) {
        double *row = d->gram + i * d->most;
        const double *z = d->z + (size_t)i * d->length;
        eqml__design_whiten(d, d->rows + (size_t)i * d->length, d->z + (size_t)i * d->length);
        for (int j = 0; j <= i; j++) {
            const double *other = d->gram + j * d->most;
            double sum = (i == j) + eqml__vector_product(d->length, z, d->z + (size_t)j * d->length);
            for (int k = 0; k < j; k++)
                sum -= row[k] * other[k];
            row[j] = i == j ? sqrt(sum) : sum / other[j];
        }
        gain += 2 * log(row[i]);
    }
    return gain;
}

/* The factor with the rows of candidate g: F <- (1 - c z z^T) F, c = (1 - 1 / sqrt(1 + |z|^2)) / |z|^2, for each of them. */
static void eqml__design_take(eqml__designer *d, size_t g)
{
    const int count = eqml__designer_rows(d, g);
    for (int r = 0; r < count; r++) {
        eqml__design_whiten(d, d->rows + (size_t)r * d->length, d->z);
        const double square = eqml__vector_product(d->length, d->z, d->z), root = sqrt(1 + square);
        const double c = 1 / (root * (1 + root)); /* the same without a difference */
        d->taken = 1;
        memset(d->pull, 0, d->length * sizeof(double));
        for (size_t i = 0; i < (size_t)d->terms; i++)
            for (size_t j = 0; j < d->length; j++)
                d->pull[j] += d->z[i] * d->factor[i * d->length + j];
        for (size_t i = 0; i < (size_t)d->terms; i++)
            for (size_t j = 0; j < d->length; j++)
                d->factor[i * d->length + j] -= c * d->z[i] * d->pull[j];
    }
}

static bool eqml__is_near(const eqml__designer *d, size_t g, size_t taken, const eqml_design_choice *choice)
{
    for (size_t k = 0; k < taken && d->is_near; k++)
        if (d->is_near(d->context, g, choice[k].candidate))
            return true;
    return false;
}

/* choice <- at most `wanted` of n candidates; returns how many. */
static size_t eqml__design_choose(eqml__designer *d, size_t n, size_t wanted, eqml_design_choice *choice)
{
    size_t taken = 0;
    for (size_t g = 0; g < n; g++)
        d->gain[g] = eqml__design_gain(d, g);
    while (taken < wanted) {
        size_t top = n;
        for (size_t g = 0; g < n; g++)
            if (d->gain[g] > (top < n ? d->gain[top] : 0) && d->gain[g] < HUGE_VAL)
                top = g;
        if (top == n)
            break;
        if (d->seen[top] < taken) { /* its gain has fallen since */
            d->seen[top] = taken;
            d->gain[top] = eqml__is_near(d, top, taken, choice) ? -1 : eqml__design_gain(d, top);
            continue;
        }
        choice[taken].candidate = top;
        choice[taken++].gain = d->gain[top];
        d->gain[top] = -1;
        if (taken < wanted)
            eqml__design_take(d, top);
    }
    return taken;
}

#endif /* EQML__DESIGNER_C */
