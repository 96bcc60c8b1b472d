#define EQML_SCALAR
#include "ch4_d6.h"

#include "scalar.h"

static eqml_model model_of(const scalar_arrays *a)
{
    eqml_model m = {.basis = &ch4_d6_basis,
                    .variables = a->variables,
                    .centres = a->centres,
                    .rates = a->rates,
                    .offset = a->offset,
                    .linear = a->linear,
                    .packed = a->packed};
    return m;
}

int scalar_lanes(void)
{
    return EQML_LANES;
}

double scalar_energy_hessian(const scalar_arrays *a, const double *xyz, double *gradient, double *hessian)
{
    const eqml_model m = model_of(a);
    return ch4_d6_model_energy_hessian(&m, xyz, gradient, hessian);
}

void scalar_energy_gradient_batch(const scalar_arrays *a, size_t n, const double *xyz, double *energy,
                                  double *gradient)
{
    const eqml_model m = model_of(a);
    ch4_d6_model_energy_gradient_batch(&m, n, xyz, energy, gradient);
}
