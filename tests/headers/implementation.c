/* The one unit that holds the functions of eqml.h. */
#define EQML_IMPLEMENTATION
#include "eqml.h"
