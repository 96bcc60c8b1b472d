/* The functions of a model of one basis. */
#ifndef TESTS_FUNCTIONS_H
#define TESTS_FUNCTIONS_H
#include "eqml.h"

typedef struct functions {
    const eqml_basis *basis;
    double (*energy)(const eqml_model *, const double *);
    double (*gradient)(const eqml_model *, const double *, double *);
    double (*hessian)(const eqml_model *, const double *, double *, double *);
    void (*energy_batch)(const eqml_model *, size_t, const double *, double *);
    void (*gradient_batch)(const eqml_model *, size_t, const double *, double *, double *);
    void (*energy_batch_float)(const eqml_model *, size_t, const double *, double *);
    void (*gradient_batch_float)(const eqml_model *, size_t, const double *, double *, double *);
} functions;

#define FUNCTIONS(NAME)                                                                                      \
    {                                                                                                        \
        &NAME##_basis, NAME##_model_energy, NAME##_model_energy_gradient, NAME##_model_energy_hessian,       \
            NAME##_model_energy_batch, NAME##_model_energy_gradient_batch, NAME##_model_energy_batch_float,  \
            NAME##_model_energy_gradient_batch_float                                                         \
    }

/* of functions.c, and of functions_optimised.c */
extern const functions h2o_d8_functions, ch4_d4_functions, h5o2_d4_functions, dimer_d3_functions,
    abcd_d3_functions;
extern const functions nh3_d5_functions, ch4_d6_functions;

#endif
