/* The functions of two models at -O2, whose code has what the optimiser may spoil: forms that are unrolled in a batch, and
 * such that are not; contractions by rows. Water is compiled so by check-headers. */
#include "functions.h"

#include "ch4_d6.h"
#include "nh3_d5.h"

const functions nh3_d5_functions = FUNCTIONS(nh3_d5), ch4_d6_functions = FUNCTIONS(ch4_d6);
