/* Evaluation of models from their tables, compiled once for each set of vectors. Each function gives an eqml_status. */
#ifndef EQML_EVALUATE_H
#define EQML_EVALUATE_H
#include "eqml.h"

/* See eqml_record for the arguments. The model's basis must have the tensor. */
typedef struct eqml_evaluator {
    int (*energies)(const eqml_model *model, size_t n, const double *xyz, double *energy, double *gradient);
    int (*hessian)(const eqml_model *model, const double *xyz, double *energy, double *gradient,
                   double *hessian);
    int (*tensors)(const eqml_model *model, eqml_tensor kind, size_t n, const double *xyz, double *value,
                   double *jacobian);
    int (*charges)(const eqml_model *model, size_t n, const double *xyz, double *charges);
} eqml_evaluator;

extern const eqml_evaluator eqml_evaluator_plain, eqml_evaluator_avx2, eqml_evaluator_avx512;

#endif
