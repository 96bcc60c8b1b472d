/* Calls every function of the library, and compares them with one another; knows no header of it. */
#include "units.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

enum { SIZE = 9, MANY = 37 }; /* more than two groups of the widest vectors, and some left over */

#ifdef __cplusplus
extern "C" {
#endif
int h2o_natoms(void);
const char *h2o_symbols(void);
double h2o_energy(const double *xyz);
double h2o_energy_gradient(const double *xyz, double *gradient);
double h2o_energy_hessian(const double *xyz, double *gradient, double *hessian);
void h2o_energy_batch(size_t n, const double *xyz, double *energy);
void h2o_energy_gradient_batch(size_t n, const double *xyz, double *energy, double *gradient);
void h2o_energy_batch_float(size_t n, const double *xyz, double *energy);
void h2o_energy_gradient_batch_float(size_t n, const double *xyz, double *energy, double *gradient);
#ifdef __cplusplus
}
#endif

static double xyz[MANY][SIZE], energy[MANY], gradient[MANY][SIZE], other[MANY], slope[MANY][SIZE];

static int differ(size_t n, const double *x, const double *expected, double tolerance)
{
    double error = 0, size = 1;
    for (size_t k = 0; k < n; k++) {
        if (!(fabs(x[k]) <= HUGE_VAL))
            return 1;
        error = fmax(error, fabs(x[k] - expected[k]));
        size = fmax(size, fabs(expected[k]));
    }
    return !(error <= tolerance * size);
}

/* Whether the Hessian is not what differences of gradients, of second order, are. */
static int hessian_differs(void)
{
    const double step = 1e-4;
    double hessian[SIZE][SIZE], column[SIZE], up[SIZE], down[SIZE], x[SIZE];
    int differs = 0;
    other[0] = h2o_energy_hessian(xyz[0], slope[0], hessian[0]);
    differs |= differ(1, other, energy, 1e-12) || differ(SIZE, slope[0], gradient[0], 1e-11);
    for (int i = 0; i < SIZE; i++) {
        memcpy(x, xyz[0], sizeof x);
        x[i] += step;
        h2o_energy_gradient(x, up);
        x[i] -= 2 * step;
        h2o_energy_gradient(x, down);
        for (int k = 0; k < SIZE; k++)
            column[k] = (up[k] - down[k]) / (2 * step);
        differs |= differ(SIZE, hessian[i], column, 1e-5);
    }
    return differs;
}

/* Whether a batch of all geometries differs from one at a time; `energies` does without gradients. */
static int batch_differs(void energies(size_t, const double *, double *),
                         void gradients(size_t, const double *, double *, double *), double tolerance)
{
    int differs;
    memset(other, 0, sizeof other);
    energies(MANY, xyz[0], other);
    differs = differ(MANY, other, energy, tolerance);
    memset(other, 0, sizeof other);
    memset(slope, 0, sizeof slope);
    gradients(MANY, xyz[0], other, slope[0]);
    return differs || differ(MANY, other, energy, tolerance) ||
           differ((size_t)MANY * SIZE, slope[0], gradient[0], tolerance);
}

int client_disagrees(const double *geometry, double expected)
{
    for (int g = 0; g < MANY; g++)
        for (int k = 0; k < SIZE; k++)
            xyz[g][k] = geometry[k] + (g ? 0.1 * sin(1.0 + 3 * g + 7 * k) : 0);
    for (int g = 0; g < MANY; g++) {
        energy[g] = h2o_energy_gradient(xyz[g], gradient[g]);
        other[g] = h2o_energy(xyz[g]);
    }
    return h2o_natoms() != 3 || strcmp(h2o_symbols(), "H H O") != 0 || differ(1, energy, &expected, 1e-13) ||
           differ(MANY, other, energy, 1e-12) || hessian_differs() ||
           batch_differs(h2o_energy_batch, h2o_energy_gradient_batch, 1e-11) ||
           batch_differs(h2o_energy_batch_float, h2o_energy_gradient_batch_float, 1e-4);
}
