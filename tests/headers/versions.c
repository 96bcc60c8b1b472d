/* A surface of this version before one of another. */
#include "h2o_pes.h"
#include "next_pes.h"
#include "units.h"
#include "versions.h"

int versions_disagree(const double *xyz)
{
    return two_versions_disagree(xyz);
}
