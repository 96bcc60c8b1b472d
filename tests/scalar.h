/* The basis ch4_d6 compiled without vectors; arrays as in eqml_model. */
#ifndef TESTS_SCALAR_H
#define TESTS_SCALAR_H
#include <stddef.h>

struct eqml_variable;

typedef struct scalar_arrays {
    const struct eqml_variable *variables;
    const double *centres, *rates, *offset, *linear, *packed;
} scalar_arrays;

int scalar_lanes(void);
double scalar_energy_hessian(const scalar_arrays *a, const double *xyz, double *gradient, double *hessian);
void scalar_energy_gradient_batch(const scalar_arrays *a, size_t n, const double *xyz, double *energy,
                                  double *gradient);
#endif
