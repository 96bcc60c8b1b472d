/* A copy of the implementation that no other unit sees, hardly used. */
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "h2o_d8.h"

#include "units.h"

double private_energy(const double *xyz)
{
    const eqml_variable variables[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_MORSE, 1.5, 0, 0}};
    double coefficients[h2o_d8_NTERMS], energy = 0;
    eqml_surface surface;
    for (int k = 0; k < h2o_d8_NTERMS; k++)
        coefficients[k] = 1.0 / (k + 1);
    if (eqml_surface_create(&h2o_d8_basis, variables, &surface))
        return 0;
    eqml_surface_set(&surface, coefficients);
    h2o_d8_model_energy_batch(&surface.model, 1, xyz, &energy);
    eqml_surface_free(&surface);
    return energy;
}
