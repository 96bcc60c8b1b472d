/* The quadratic form of a basis of neighbour clouds, with its derivatives: lanes over atoms. */
#ifndef EQML__CLOUD_FORM_H
#define EQML__CLOUD_FORM_H
#include "cloud/basis.h"

#include "kernel/of_lanes.inc"
#include "cloud/form.inc"
#include "kernel/of_floats.inc"
#include "cloud/form.inc"
#include "kernel/of_none.inc"

#endif /* EQML__CLOUD_FORM_H */
