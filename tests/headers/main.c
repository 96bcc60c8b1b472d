/* All headers in one unit, in their usual order; the other units must agree. */
#include "eqml.h"
#include "h2o_d8.h"
#include "h2o_pes.h"
#include "units.h"
#include <stdio.h>

static int differ(double a, double b)
{
    return !(fabs(a - b) <= 1e-13 * (1 + fabs(b)));
}

int main(void)
{
    const double xyz[9] = {1.4, 0.1, -1.1, -1.5, 0.2, -1.0, 0.0, 0.05, 0.1};
    const eqml_variable variables[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_MORSE, 1.5, 0, 0}};
    double coefficients[h2o_d8_NTERMS], gradient[9];
    eqml_surface surface;
    eqml_lsq *lsq;
    if (eqml_surface_create(&h2o_d8_basis, variables, &surface))
        return 1;
    for (int k = 0; k < h2o_d8_NTERMS; k++)
        coefficients[k] = 1.0 / (k + 1);
    eqml_surface_set(&surface, coefficients);
    const double energy = h2o_d8_model_energy_gradient(&surface.model, xyz, gradient);
    eqml_surface_free(&surface);
    if (eqml_lsq_create(&lsq, 2, 1))
        return 1;
    eqml_lsq_free(lsq);
    if (differ(h2o_energy(xyz), energy) || differ(second_energy(xyz), energy) ||
        differ(private_energy(xyz), energy) || h2o_natoms() != 3 || client_disagrees(xyz, energy) ||
        versions_disagree(xyz) || versions_turned_disagree(xyz) || large_disagrees()) {
        fprintf(stderr, "the units disagree\n");
        return 1;
    }
    return 0;
}
