/* Evaluation of a surface whose basis is known at run time: the functions of eqml.h, compiled once for all programs. In
 * each file that calls them they would be compiled anew, which takes seconds. Arguments and work are those of
 * eqml_energy_gradient, eqml_energy_hessian and eqml_energy_gradient_batch. */
#ifndef COMMON_EVALUATE_H
#define COMMON_EVALUATE_H
#include "eqml.h"

double evaluate(const eqml_model *m, const double *xyz, double *gradient, double *work);
double evaluate_hessian(const eqml_model *m, const double *xyz, double *gradient, double *hessian,
                        double *work);
void evaluate_batch(const eqml_model *m, size_t n, const double *xyz, double *energy, double *gradient,
                    eqml_lanes *work);

#endif
