/* The bases whose headers the tests include; compiled in one place, functions.c. */
#ifndef TESTS_BASES_H
#define TESTS_BASES_H
#include "eqml.h"

enum { H2O_D8, NH3_D5, CH4_D4, CH4_D6, H5O2_D4, DIMER_D3, ABCD_D3, BASES };
extern const eqml_basis *const bases[BASES];
#endif
