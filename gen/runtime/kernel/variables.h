/* Pair variables: roots, exponentials, y(r) and its derivatives. */
#ifndef EQML__KERNEL_VARIABLES_H
#define EQML__KERNEL_VARIABLES_H
#include "basis.h"

/* A user's function, at distances only: elsewhere the variable is no number. */
EQML_INLINE void eqml__users_variable(const eqml_variable *v, double r, double y[3])
{
    if (r > 0)
        v->function(r, v->data, y);
    else
        y[0] = y[1] = y[2] = (double)NAN;
}

/* One number at a time. y, dy/dr, d2y/dr2 at r > 0; no numbers where r is none. rate: that of the pair, -1/a. */
EQML_FUNCTION void eqml__variable(const eqml_variable *v, double rate, double r, double y[3])
{
    double q = 1 / r;
    if (v->kind == EQML_USER) {
        eqml__users_variable(v, r, y);
    } else if (v->kind == EQML_INVERSE) {
        y[0] = q;
        y[1] = -q * q;
        y[2] = 2 * q * q * q;
    } else if (v->kind == EQML_POWER) {
        y[0] = 1;
        for (int k = 0; k < (int)fabs(v->range); k++)
            y[0] *= v->range > 0 ? r : q;
        y[1] = v->range * y[0] * q;
        y[2] = (v->range - 1) * y[1] * q;
    } else {
        const double e = exp(rate * r);
        if (v->kind == EQML_MORSE) {
            y[0] = e;
            y[1] = rate * e;
            y[2] = rate * rate * e;
        } else {
            y[0] = e * q;
            y[1] = y[0] * (rate - q);
            y[2] = y[0] * ((rate - q) * (rate - q) + q * q);
        }
    }
}

#include "kernel/of_lanes.inc"
#include "kernel/variables.inc"
#include "kernel/of_floats.inc"
#include "kernel/variables.inc"
#include "kernel/of_inner.inc"
#include "kernel/variables.inc"
#include "kernel/of_none.inc"

#endif /* EQML__KERNEL_VARIABLES_H */
