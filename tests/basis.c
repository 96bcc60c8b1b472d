/* The basis that the parts of programs on a surface are linked with: water. */
#include "h2o_d8.h"

extern const eqml_basis *const basis;
const eqml_basis *const basis = &h2o_d8_basis;
