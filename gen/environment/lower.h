/* The program of a selection: what is in use, in the order of evaluation. */
#ifndef EQML_GEN_ENVIRONMENT_LOWER_H
#define EQML_GEN_ENVIRONMENT_LOWER_H
#include "environment/select.h"
#include "program/coupled.h"

/* coupled_free releases it. */
coupled_program lower_selection(const inventory *v, const selection *s);
#endif
