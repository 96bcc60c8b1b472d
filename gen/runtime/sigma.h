/* How sure an energy is: its predictive standard deviation, from the triangle of the fit. */
#ifndef EQML__SIGMA_H
#define EQML__SIGMA_H
#include "kernel/pairs.h"
#include "kernel/sweeps.h"
#include "kernel/terms.h"
#include "model.h"

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

/* Room for one geometry, in doubles, 64-byte aligned, and for a group of them, in eqml_lanes. */
#define EQML_WORK_SIGMA(nslots, npairs, nterms) (EQML_WORK_ONE(nslots, npairs) + EQML_ROUND(nterms))
#define EQML_WORK_SIGMA_LANES(nslots, natoms, nterms) (EQML_ROUND(nslots) + 3 * (natoms) + (nterms))

/*
 * The standard deviation (hartree) of the energy of one geometry xyz[natoms][3] (bohr), on the model whose fit made *s.
 * NaN where the energy is. Allocates nothing, keeps no state; one multiply-add for each number of the matrix.
 */
EQML_FUNCTION double eqml_energy_sigma(const eqml_sigma *s, const eqml_model *m, const double *xyz,
                                       double *work)
{
    const eqml_basis *b = m->basis;
    const int room = EQML_ROUND(b->nslots);
    double *terms = work + EQML_WORK_ONE(b->nslots, b->npairs);
    memset(terms, 0, sizeof(double) * (size_t)EQML_ROUND(b->nterms));
    eqml__pairs_one(m, xyz, work, work + 3 * room, EQML_ROUND(b->npairs));
    eqml__table_forward_one(b, work, m->offset);
    eqml__add_values_one(b, work + b->factor0, 1, 0, terms);
    return eqml__sigma_of(s, eqml__sigma_square_one(s, terms));
}

/* sigma[count] <- those of at most EQML_LANES geometries. work: EQML_WORK_SIGMA_LANES eqml_lanes. */
EQML_FUNCTION void eqml__sigma_step(const eqml_sigma *s, const eqml_model *m, int count, const double *xyz,
                                    double *sigma, eqml_lanes *work)
{
    const eqml_basis *b = m->basis;
    eqml_lanes *x = work + EQML_ROUND(b->nslots), *terms = x + 3 * b->natoms, *const slots[1] = {work};
    const eqml_lanes *const place[1] = {x};
    double square[EQML_LANES] EQML_ALIGNED;
    eqml__to_lanes(3 * b->natoms, count, xyz, x);
    eqml__pairs_lanes(m, 1, place, slots, NULL);
    eqml__table_forward_lanes(b, work, m->offset);
    memset(terms, 0, sizeof(eqml_lanes) * (size_t)b->nterms);
    eqml__add_values_lanes(b, work + b->factor0, eqml__all(1), 0, terms);
    eqml__store(square, eqml__sigma_square_lanes(s, terms));
    for (int k = 0; k < count; k++)
        sigma[k] = eqml__sigma_of(s, square[k]);
}

/* Those of n geometries xyz[n][natoms][3]; one thread. */
EQML_FUNCTION void eqml_energy_sigma_batch(const eqml_sigma *s, const eqml_model *m, size_t n,
                                           const double *xyz, double *sigma, eqml_lanes *work)
{
    const size_t size = 3 * (size_t)m->basis->natoms;
    for (size_t done = 0; done < n; done += EQML_LANES)
        eqml__sigma_step(s, m, n - done < EQML_LANES ? (int)(n - done) : EQML_LANES, xyz + done * size,
                         sigma + done, work);
}

/* The functions of a surface NAME over BASIS, with its constant NAME_sigma. */
#define EQML_SURFACE_SIGMA_FUNCTIONS(NAME, BASIS, API)                                                       \
    API double NAME##_energy_sigma(const double *xyz)                                                        \
    {                                                                                                        \
        double work[EQML_WORK_SIGMA(BASIS##_NSLOTS, BASIS##_NPAIRS, BASIS##_NTERMS)] EQML_ALIGNED;           \
        return eqml_energy_sigma(&NAME##_sigma, &NAME##_model, xyz, work);                                   \
    }                                                                                                        \
    enum {                                                                                                   \
        NAME##_SIGMA_ROOM = EQML_WORK_SIGMA_LANES(BASIS##_NSLOTS, BASIS##_NATOMS, BASIS##_NTERMS),           \
        NAME##_SIGMA_GROUP = NAME##_SIGMA_ROOM * sizeof(eqml_lanes) <= EQML_STACK_LIMIT ? EQML_LANES : 1     \
    };                                                                                                       \
    API void NAME##_energy_sigma_batch(size_t n, const double *xyz, double *sigma)                           \
    {                                                                                                        \
        const size_t size = 3 * BASIS##_NATOMS, step = NAME##_SIGMA_GROUP;                                   \
        const ptrdiff_t steps = (ptrdiff_t)((n + step - 1) / step);                                          \
        EQML__PARALLEL                                                                                       \
        for (ptrdiff_t k = 0; k < steps; k++) {                                                              \
            const size_t first = (size_t)k * step, count = n - first < step ? n - first : step;              \
            if (step > 1) {                                                                                  \
                eqml_lanes work[NAME##_SIGMA_GROUP > 1 ? NAME##_SIGMA_ROOM : 1];                             \
                eqml__sigma_step(&NAME##_sigma, &NAME##_model, (int)count, xyz + first * size,               \
                                 sigma + first, work);                                                       \
            } else {                                                                                         \
                sigma[first] = NAME##_energy_sigma(xyz + first * size);                                      \
            }                                                                                                \
        }                                                                                                    \
    }

#endif /* EQML__SIGMA_H */
