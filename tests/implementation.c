/* The one file of the tests that holds the functions of eqml.h. */
#define EQML_IMPLEMENTATION
#include "eqml.h"
