/* Oscillators, as a potential that walkers and paths run on. */
#ifndef TESTS_SPRINGS_H
#define TESTS_SPRINGS_H
#include <stddef.h>

typedef struct springs {
    int n;
    double constant[4];
} springs;

/* energy[count], and gradient[count][n] unless NULL, at x[count][n]. */
static inline void harmonic(void *context, size_t count, const double *x, double *energy, double *gradient)
{
    const springs *s = context;
    for (size_t i = 0; i < count; i++) {
        energy[i] = 0;
        for (int k = 0; k < s->n; k++) {
            const size_t at = i * (size_t)s->n + (size_t)k;
            energy[i] += 0.5 * s->constant[k] * x[at] * x[at];
            if (gradient)
                gradient[at] = s->constant[k] * x[at];
        }
    }
}

#endif
