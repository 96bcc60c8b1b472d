/* A surface of another version first, then all that is of this one. */
#include "next_pes.h"
#include "eqml.h"
#include "h2o_d8.h"
#include "h2o_pes.h"
#include "units.h"
#include "versions.h"

int versions_turned_disagree(const double *xyz)
{
    return two_versions_disagree(xyz);
}
