/* The bases that the tests share, and the functions of their models, but for those that functions_optimised.c compiles. */
#include "functions.h"

#include "abcd_d3.h"
#include "bases.h"
#include "ch4_d4.h"
#include "ch4_d6.h"
#include "dimer_d3.h"
#include "h2o_d8.h"
#include "h5o2_d4.h"
#include "nh3_d5.h"

const eqml_basis *const bases[BASES] = {
    [H2O_D8] = &h2o_d8_basis,  [NH3_D5] = &nh3_d5_basis,   [CH4_D4] = &ch4_d4_basis,
    [CH4_D6] = &ch4_d6_basis,  [H5O2_D4] = &h5o2_d4_basis, [DIMER_D3] = &dimer_d3_basis,
    [ABCD_D3] = &abcd_d3_basis};

const functions h2o_d8_functions = FUNCTIONS(h2o_d8), ch4_d4_functions = FUNCTIONS(ch4_d4),
                h5o2_d4_functions = FUNCTIONS(h5o2_d4), dimer_d3_functions = FUNCTIONS(dimer_d3),
                abcd_d3_functions = FUNCTIONS(abcd_d3);
