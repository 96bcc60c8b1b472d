/*
 * Prints what a census of holes gives, to the bit: with any number of threads of OpenMP it must print the same. Walkers and
 * samples do not fill the last block.
 */
#include "census/census.h"
#include "ch4_d6.h"

enum { ATOMS = 5, GEOMETRIES = 200 };

/* Bonds and distances of hydrogens as polynomials of degree 2 in the variables: there is a minimum, and no more is known. */
static double bonds(const double *xyz)
{
    double sum = 0;
    for (int i = 0; i < ATOMS; i++)
        for (int j = 0; j < i; j++) {
            const double *p = xyz + 3 * i, *q = xyz + 3 * j;
            const double r = sqrt((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]) +
                                  (p[2] - q[2]) * (p[2] - q[2]));
            const double s = i == ATOMS - 1 ? 1 - exp((2.08 - r) / 2) : 1 - exp((3.4 - r) / 2);
            sum += (i == ATOMS - 1 ? 1 : 0.2) * s * s;
        }
    return sum;
}

int main(void)
{
    static const eqml_variable morse[] = {{EQML_MORSE, 2, NULL, NULL}, {EQML_MORSE, 2, NULL, NULL}};
    static double xyz[GEOMETRIES][3 * ATOMS], energy[GEOMETRIES];
    static unsigned char has[GEOMETRIES];
    const double at[3 * ATOMS] = {1.2, 1.2, 1.2, 1.2, -1.2, -1.2, -1.2, 1.2, -1.2, -1.2, -1.2, 1.2};
    const census_options options = {.samples = 3000, .walkers = 500, .steps = 200};
    const eqml_fit_options fit = {.energies_only = 1};
    const eqml_data data = {.natoms = ATOMS, .n = GEOMETRIES, .xyz = xyz[0], .energy = energy, .has = has};
    uint64_t state = 1;
    eqml_surface surface;
    eqml_fit_result result;
    eqml_message message = {"the surface could not be made"};
    census c;
    for (int g = 0; g < GEOMETRIES; g++) {
        for (int k = 0; k < 3 * ATOMS; k++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            xyz[g][k] = at[k] + 0.3 * ((double)(state >> 11) / 4503599627370496.0 - 1);
        }
        energy[g] = bonds(xyz[g]);
        has[g] = EQML_HAS_ENERGY;
    }
    if (eqml_surface_create(&ch4_d6_basis, morse, &surface) ||
        eqml_fit(&surface, &data, &fit, &result, &message) ||
        census_run(&surface.model, "H H H H C", at, &options, &c, &message)) {
        fprintf(stderr, "%s\n", message.text);
        return 1;
    }
    c.seconds = 0;
    census_json(stdout, &c);
    for (size_t k = 0; k < c.kept * 3 * ATOMS; k++)
        printf("\n%a", c.hole_xyz[k]);
    printf("\n%a\n", c.ground);
    census_free(&c);
    eqml_surface_free(&surface);
    return 0;
}
