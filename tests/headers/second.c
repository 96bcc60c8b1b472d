/* The same headers the other way round: a surface brings its own copy of the evaluation. */
#include "h2o_pes.h"
#include "h2o_pes.h"
#include "h2o_d8.h"
#include "eqml.h"
#include "units.h"

double second_energy(const double *xyz)
{
    double gradient[9], energy = h2o_energy_gradient(xyz, gradient);
    return eqml_status_text(EQML_OK) ? energy : 0;
}
