/* The usual size of an error, among geometries of about the same energy. */
#ifndef EQML__SCALE_C
#define EQML__SCALE_C
#include "memory.c"
#include <float.h>
#include <math.h>
#include <stdlib.h>

/* The median of a number that is normally distributed about 0 is, in size, 1 / 1.4826 of its standard deviation. */
#define EQML__MAD 1.482602218505602

typedef struct eqml__ranked {
    double value;
    size_t place;
} eqml__ranked;

static int eqml__compare_ranked(const void *left, const void *right)
{
    const eqml__ranked *a = (const eqml__ranked *)left, *b = (const eqml__ranked *)right;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int eqml__compare_numbers(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* The median of number[count], count > 0, which is sorted. */
static double eqml__median(double *number, size_t count)
{
    qsort(number, count, sizeof *number, eqml__compare_numbers);
    return 0.5 * (number[(count - 1) / 2] + number[count / 2]);
}

/*
 * scale[count] <- 1.4826 times the median of the sizes of the errors of those geometries, 51 to 501 and else a twentieth
 * of all, whose energies are nearest in order. Errors of a fit grow with the energy: one that is usual at 30,000 cm^-1
 * is an outlier near the minimum. All zero, errors are taken to be rounding: `least` is the least scale.
 */
static eqml_status eqml__local_scales(size_t count, const double *energy, const double *error, double least,
                                      double *scale)
{
    size_t window = count / 20 < 51 ? 51 : count / 20 > 501 ? 501 : count / 20;
    window = window < count ? window : count;
    eqml__ranked *order = (eqml__ranked *)eqml__zeroed(count, sizeof *order);
    double *near = (double *)eqml__zeroed(window, sizeof *near);
    if (order && near) {
        for (size_t k = 0; k < count; k++)
            order[k].value = energy[k], order[k].place = k;
        qsort(order, count, sizeof *order, eqml__compare_ranked);
        for (size_t k = 0; k < count; k++) {
            size_t first = k < window / 2 ? 0 : k - window / 2;
            first = first + window > count ? count - window : first;
            for (size_t j = 0; j < window; j++)
                near[j] = fabs(error[order[first + j].place]);
            scale[order[k].place] = fmax(EQML__MAD * eqml__median(near, window), least);
        }
    }
    const eqml_status status = order && near ? EQML_OK : EQML_ERROR_MEMORY;
    EQML_FREE(order);
    EQML_FREE(near);
    return status;
}

#endif /* EQML__SCALE_C */
