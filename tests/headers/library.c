/* A surface as a library. */
#define h2o_API extern
#include "h2o_pes.h"
