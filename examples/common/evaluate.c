/* The evaluation of surfaces, compiled once. */
#include "common/evaluate.h"

double evaluate(const eqml_model *m, const double *xyz, double *gradient, double *work)
{
    return eqml_energy_gradient(m, xyz, gradient, work);
}

double evaluate_hessian(const eqml_model *m, const double *xyz, double *gradient, double *hessian,
                        double *work)
{
    return eqml_energy_hessian(m, xyz, gradient, hessian, work);
}

void evaluate_batch(const eqml_model *m, size_t n, const double *xyz, double *energy, double *gradient,
                    eqml_lanes *work)
{
    eqml_energy_gradient_batch(m, n, xyz, energy, gradient, work);
}
