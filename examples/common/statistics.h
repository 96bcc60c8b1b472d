/* Means of correlated numbers, and what is known of their errors. */
#ifndef EXAMPLES_STATISTICS_H
#define EXAMPLES_STATISTICS_H
#include <math.h>
#include <stddef.h>

static inline double mean(size_t n, const double *x)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += x[k];
    return sum / (double)n;
}

/*
 * The standard error of the mean of a series x[n] whose neighbours are correlated, by blocking: H. Flyvbjerg, H. G.
 * Petersen, J. Chem. Phys. 91, 461 (1989). Neighbours are averaged in pairs again and again; the error that follows
 * from the averages as if they were independent grows until they are. The largest is taken, down to 32 averages. x is
 * overwritten. NaN where n is less than 2.
 */
static inline double block_error(size_t n, double *x)
{
    double most = n < 2 ? (double)NAN : 0;
    for (size_t blocks = n; blocks >= 2; blocks /= 2) {
        const double middle = mean(blocks, x);
        double square = 0;
        for (size_t k = 0; k < blocks; k++)
            square += (x[k] - middle) * (x[k] - middle);
        most = fmax(most, sqrt(square / ((double)blocks * (double)(blocks - 1))));
        if (blocks < 64)
            break;
        for (size_t k = 0; k < blocks / 2; k++)
            x[k] = 0.5 * (x[2 * k] + x[2 * k + 1]);
    }
    return most;
}

/*
 * The value at x = 0, and its error, of value[n] with errors error[n] at x[n], by weighted least squares for a straight line. With
 * one value, that one.
 */
static inline void extrapolate(size_t n, const double *x, const double *value, const double *error,
                               double *at_zero, double *its_error)
{
    double a = 0, b = 0, c = 0, p = 0, q = 0; /* the normal equations: a b | p, b c | q */
    for (size_t k = 0; k < n; k++) {
        const double weight = 1 / (error[k] * error[k]);
        a += weight, b += weight * x[k], c += weight * x[k] * x[k];
        p += weight * value[k], q += weight * x[k] * value[k];
    }
    *at_zero = n > 1 ? (c * p - b * q) / (a * c - b * b) : value[0];
    *its_error = n > 1 ? sqrt(c / (a * c - b * b)) : error[0];
}

#endif
