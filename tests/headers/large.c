/* Many like atoms: the code with matrices against the table of operations. */
#include "h30_d3.h"
#include "units.h"
#include <stdlib.h>

enum { SIZE = 3 * h30_d3_NATOMS, MANY = 2 * EQML_FLOATS + 1 };

static double xyz[MANY][SIZE], gradients[MANY][SIZE], floats[MANY][SIZE];
static double work[EQML_WORK_ONE(h30_d3_NSLOTS, h30_d3_NPAIRS)];

static double difference(const double *x, const double *y)
{
    double largest = 0, size = 0;
    for (int k = 0; k < SIZE; k++) {
        largest = fmax(largest, fabs(x[k] - y[k]));
        size = fmax(size, fabs(y[k]));
    }
    return largest / size;
}

/* Atoms on a grid, a little off their places. */
static void place_atoms(void)
{
    for (int g = 0; g < MANY; g++)
        for (int k = 0; k < SIZE; k++) {
            const int place = k / 3, at[3] = {place % 3, place / 3 % 3, place / 9};
            xyz[g][k] = 2.5 * at[k % 3] + 0.5 * sin(7.0 * k + g);
        }
}

static void compare(const eqml_model *code, const eqml_model *table, double *in_double, double *in_float)
{
    double energies[MANY], one[SIZE], plain[SIZE];
    h30_d3_model_energy_gradient_batch(code, MANY, xyz[0], energies, gradients[0]);
    h30_d3_model_energy_gradient_batch_float(code, MANY, xyz[0], energies, floats[0]);
    for (int g = 0; g < MANY; g++) {
        const double energy = eqml_energy_gradient(table, xyz[g], plain, work);
        const double again = h30_d3_model_energy_gradient(code, xyz[g], one);
        *in_double = fmax(*in_double, fabs(again - energy) / (1 + fabs(energy)));
        *in_double = fmax(*in_double, difference(one, plain));
        *in_double = fmax(*in_double, difference(gradients[g], plain));
        *in_float = fmax(*in_float, difference(floats[g], plain));
    }
}

int large_disagrees(void)
{
    static const eqml_variable variables[] = {{EQML_MORSE, 1.5, 0, 0}};
    double coefficients[h30_d3_NTERMS], in_double = 0, in_float = 0;
    eqml_basis plain = h30_d3_basis;
    eqml_surface code, table;
    if (!plain.forward_one || !plain.forward_lanes || !plain.forward_floats)
        return 1;
    plain.forward_one = 0, plain.reverse_one = 0, plain.linear_one = 0;
    if (eqml_surface_create(&h30_d3_basis, variables, &code))
        return 1;
    if (eqml_surface_create(&plain, variables, &table)) {
        eqml_surface_free(&code);
        return 1;
    }
    for (int k = 0; k < h30_d3_NTERMS; k++)
        coefficients[k] = 1.0 / (k + 1);
    eqml_surface_set(&code, coefficients);
    eqml_surface_set(&table, coefficients);
    place_atoms();
    compare(&code.model, &table.model, &in_double, &in_float);
    eqml_surface_free(&code);
    eqml_surface_free(&table);
    return !(in_double < 1e-11 && in_float < 1e-4);
}
