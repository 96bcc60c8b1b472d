/* Averages. */
#include "dmc/averages.h"
#include "common/eckart.h"
#include "common/modes.h"
#include "common/units.h"

const char *const average_names[AVERAGES] = {"A", "B", "C", "dipole", "dipole_a", "dipole_b", "dipole_c"};
const char *const average_units[AVERAGES] = {"cm^-1", "cm^-1", "cm^-1", "debye", "debye", "debye", "debye"};

/* The diagonal of the inverse of a symmetric matrix. */
static void inverse_diagonal(double (*t)[3], double diagonal[3])
{
    double minor[3], whole = 0;
    for (int k = 0; k < 3; k++) {
        const int a = (k + 1) % 3, b = (k + 2) % 3;
        minor[k] = t[a][a] * t[b][b] - t[a][b] * t[b][a];
        whole += t[0][k] * (t[1][a] * t[2][b] - t[1][b] * t[2][a]);
    }
    for (int k = 0; k < 3; k++)
        diagonal[k] = minor[k] / whole;
}

void average_at(const molecule *m, const double *reference, double *xyz, double *value)
{
    double rotation[3][3], tensor[3][3], inverse[3], *d = value + AVERAGE_ALONG_A;
    to_centre(m->natoms, m->mass, xyz);
    eckart_rotation(m->natoms, m->mass, reference, xyz, rotation);
    rotate(rotation, m->natoms, xyz);
    inertia_tensor(m->natoms, m->mass, xyz, tensor);
    inverse_diagonal(tensor, inverse);
    for (int k = 0; k < 3; k++) {
        value[k] = 0.5 * PER_CM / DALTON * inverse[k];
        d[k] = 0;
    }
    if (m->has_dipole)
        molecule_dipoles(m, 1, xyz, d);
    for (int k = 0; k < 3; k++)
        d[k] *= DEBYE;
    value[AVERAGE_DIPOLE] = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}
