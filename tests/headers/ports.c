/* A surface's header alone, on any machine: batches against single geometries, in double and in float, and
 * derivatives against differences. */
#include SURFACE_HEADER
#include <stdio.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

/* BASIS: of the surface, with the layout number; MANY: more than any machine has in four vectors of floats. */
enum { SIZE = 3 * JOIN(BASIS, _NATOMS), MANY = 4 * 16 + 3 };

static double xyz[MANY][SIZE], gradients[MANY][SIZE], energies[MANY], alone[MANY];

static void place_atoms(void)
{
    for (int g = 0; g < MANY; g++)
        for (int k = 0; k < SIZE; k++)
            xyz[g][k] = 1.7 * sin(2.0 * (k / 3) + 1.3 * (k % 3)) + 0.1 * sin(7.0 * k + g);
}

static int differ(const char *what, double x, double y, double tolerance)
{
    const int differs = !(fabs(x - y) <= tolerance * (1 + fabs(y)));
    if (differs)
        fprintf(stderr, "%s: %.12g for %.12g\n", what, x, y);
    return differs;
}

static int batches_differ(void)
{
    int count = 0;
    h2o_energy_batch(MANY, xyz[0], alone);
    h2o_energy_gradient_batch(MANY, xyz[0], energies, gradients[0]);
    for (int g = 0; g < MANY; g++) {
        double gradient[SIZE], energy = h2o_energy_gradient(xyz[g], gradient);
        count += differ("energy alone", h2o_energy(xyz[g]), energy, 1e-12);
        count += differ("energies of a batch", alone[g], energy, 1e-12);
        count += differ("energies with gradients", energies[g], energy, 1e-12);
        for (int k = 0; k < SIZE; k++)
            count += differ("gradients of a batch", gradients[g][k], gradient[k], 1e-11);
    }
    h2o_energy_gradient_batch_float(MANY, xyz[0], energies, gradients[0]);
    for (int g = 0; g < MANY; g++) {
        double gradient[SIZE];
        count += differ("energies in float", energies[g], h2o_energy_gradient(xyz[g], gradient), 1e-4);
        for (int k = 0; k < SIZE; k++)
            count += differ("gradients in float", gradients[g][k], gradient[k], 1e-4);
    }
    return count;
}

static int derivatives_differ(void)
{
    const double step = 1e-4;
    static double gradient[SIZE], hessian[SIZE][SIZE], ahead[SIZE], behind[SIZE];
    int count = differ("energy with Hessian", h2o_energy_hessian(xyz[0], gradient, hessian[0]),
                       h2o_energy(xyz[0]), 1e-12);
    for (int k = 0; k < SIZE; k++) {
        double moved[SIZE];
        memcpy(moved, xyz[0], sizeof moved);
        moved[k] = xyz[0][k] + step;
        const double up = h2o_energy_gradient(moved, ahead);
        moved[k] = xyz[0][k] - step;
        const double down = h2o_energy_gradient(moved, behind);
        count += differ("gradient", gradient[k], (up - down) / (2 * step), 1e-5);
        for (int l = 0; l < SIZE; l++)
            count += differ("Hessian", hessian[k][l], (ahead[l] - behind[l]) / (2 * step), 1e-5);
    }
    return count;
}

int main(void)
{
    place_atoms();
    return batches_differ() + derivatives_differ() > 0;
}
