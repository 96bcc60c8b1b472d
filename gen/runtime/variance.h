/* The variance that the coefficients of a fit leave what is linear in them. */
#ifndef EQML__VARIANCE_H
#define EQML__VARIANCE_H
#include "compiler.h"
#include "lanes.h"

/*
 * With the terms t(x) of a geometry and F^T F = (A^T A)^-1 of the fit, ridge included, the coefficients leave its energy
 * the variance v = |F t|^2, in units of that of an energy of weight 1 [1]. The errors of a surface are those of its finite
 * basis and not noise, so what v means in hartree is found from the data (eqml_sigma_create):
 *
 *     sigma = sqrt(floor^2 + w^2),   w = slope v^power up to v = reach,   slope reach^power (v / reach)^(1/2) beyond.
 *
 * Noise alone would be power 1/2, floor = slope. Beyond the data w grows as the root of v, since an error of the
 * coefficients makes no more than that: |t dx| <= |F t| |F^-T dx|.
 *
 * Rows of `matrix` are those of F, terms of them, or fewer that are random combinations of them, with signs +1 and -1:
 * their squares sum to v on average, with a relative standard deviation of at most sqrt(2 / rows) [2]. 32 rows: 25 % of v.
 *
 * [1] Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed. (2009), section 3.2.
 * [2] Achlioptas, J. Comput. Syst. Sci. 66, 671 (2003).
 */
typedef struct eqml_sigma {
    int terms;           /* of the basis */
    int rows;            /* a multiple of 8; rows of zeros fill up */
    int triangular;      /* nonzero: row i is zero behind its i-th entry */
    double floor, slope; /* hartree */
    double power, reach;
    const double *matrix; /* eight rows after the other, each as long as eqml__sigma_length() says */
} eqml_sigma;

enum { EQML__SIGMA_ROWS = 8 }; /* that share each load of a term */

/* The stored length of the eight rows from `row` on: a multiple of eight, zeros behind the last entry. */
EQML_INLINE int eqml__sigma_length(const eqml_sigma *s, int row)
{
    const int end = row + EQML__SIGMA_ROWS;
    return s->triangular && end < s->terms ? end : EQML_ROUND(s->terms);
}

/* Hartree, from the variance v. */
EQML_INLINE double eqml__sigma_of(const eqml_sigma *s, double v)
{
    const double within = v > s->reach ? s->reach : v;
    double part = s->slope * (s->power == 0.5 ? sqrt(within) : pow(within, s->power));
    part *= v > s->reach ? sqrt(v / s->reach) : 1;
    return sqrt(s->floor * s->floor + part * part);
}

/* |matrix t|^2 for t[EQML_ROUND(terms)], zeros behind the last term. */
EQML_FUNCTION double eqml__sigma_square_one(const eqml_sigma *s, const double *t)
{
    const double *row = s->matrix;
    double square = 0;
    for (int first = 0; first < s->rows; first += EQML__SIGMA_ROWS) {
        const int length = eqml__sigma_length(s, first);
        eqml_lanes sum[EQML__SIGMA_ROWS];
        EQML__UNROLL_ALL
        for (int k = 0; k < EQML__SIGMA_ROWS; k++)
            sum[k] = eqml__all(0);
        for (int j = 0; j < length; j += EQML_LANES) {
            const eqml_lanes term = eqml__load(t + j);
            EQML__UNROLL_ALL
            for (int k = 0; k < EQML__SIGMA_ROWS; k++)
                sum[k] += term * eqml__load(row + (size_t)k * (size_t)length + j);
        }
        for (int k = 0; k < EQML__SIGMA_ROWS; k++) {
            const double z = eqml__sum(sum[k]);
            square += z * z;
        }
        row += EQML__SIGMA_ROWS * (size_t)length;
    }
    return square;
}

/* The same for a geometry in each lane. */
EQML_FUNCTION eqml_lanes eqml__sigma_square_lanes(const eqml_sigma *s, const eqml_lanes *t)
{
    const double *row = s->matrix;
    eqml_lanes square = eqml__all(0);
    for (int first = 0; first < s->rows; first += EQML__SIGMA_ROWS) {
        const size_t length = (size_t)eqml__sigma_length(s, first);
        const size_t terms = length < (size_t)s->terms ? length : (size_t)s->terms;
        eqml_lanes sum[EQML__SIGMA_ROWS];
        EQML__UNROLL_ALL
        for (int k = 0; k < EQML__SIGMA_ROWS; k++)
            sum[k] = eqml__all(0);
        for (size_t j = 0; j < terms; j++) {
            EQML__UNROLL_ALL
            for (size_t k = 0; k < EQML__SIGMA_ROWS; k++)
                sum[k] += row[k * length + j] * t[j];
        }
        for (int k = 0; k < EQML__SIGMA_ROWS; k++)
            square += sum[k] * sum[k];
        row += EQML__SIGMA_ROWS * length;
    }
    return square;
}

#endif /* EQML__VARIANCE_H */
