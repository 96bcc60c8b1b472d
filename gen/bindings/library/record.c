/*
 * The record of a surface in its library, libNAME.so: what eqml_get gives for a NAME.pes. RECORD_HEADER is NAME_record.h,
 * which the fit writes. Part of each library of make pes.
 */
#include "eqml_library.h"
#include RECORD_HEADER
#include "groups.h"
#include <string.h>

enum { OK, ERROR_ARGUMENT }; /* as eqml_status */

#define X(group, type, name, parameters, arguments) WHEN_##group(extern type OF(name) parameters;)
#define V X
#include "functions.h"
#undef X

static int energies(const eqml_record *record, size_t n, const double *xyz, double *energy, double *gradient)
{
    (void)record;
    if (n == 1)
        *energy = gradient ? OF(energy_gradient)(xyz, gradient) : OF(energy)(xyz);
    else if (gradient)
        OF(energy_gradient_batch)(n, xyz, energy, gradient);
    else
        OF(energy_batch)(n, xyz, energy);
    return OK;
}

static int find_hessian(const eqml_record *record, const double *xyz, double *energy, double *gradient,
                        double *hessian)
{
    (void)record;
    *energy = OF(energy_hessian)(xyz, gradient, hessian);
    return OK;
}

#define TENSOR(name)                                                                                         \
    do {                                                                                                     \
        if (n == 1 && !jacobian)                                                                             \
            OF(name)(xyz, value);                                                                            \
        else if (n == 1)                                                                                     \
            OF(name##_jacobian)(xyz, value, jacobian);                                                       \
        else if (jacobian)                                                                                   \
            OF(name##_jacobian_batch)(n, xyz, value, jacobian);                                              \
        else                                                                                                 \
            OF(name##_batch)(n, xyz, value);                                                                 \
        return OK;                                                                                           \
    } while (0)

static int tensors(const eqml_record *record, int kind, size_t n, const double *xyz, double *value,
                   double *jacobian)
{
    (void)record, (void)n, (void)xyz, (void)value, (void)jacobian;
    switch (kind) {
        WHEN_DIPOLE(case EQML_OF_DIPOLE : TENSOR(dipole);)
        WHEN_QUADRUPOLE(case EQML_OF_QUADRUPOLE : TENSOR(quadrupole);)
        WHEN_POLARIZABILITY(case EQML_OF_POLARIZABILITY : TENSOR(polarizability);)
    }
    return ERROR_ARGUMENT;
}

static int inside(const eqml_record *record, const double *xyz)
{
    (void)record;
    return OF(inside)(xyz);
}

#ifdef SURFACE_SIGMA
static int sigmas(const eqml_record *record, size_t n, const double *xyz, double *sigma)
{
    (void)record;
    OF(energy_sigma_batch)(n, xyz, sigma);
    return OK;
}
#else
#define sigmas NULL
#endif

static const eqml_record surface = {
    sizeof surface,
    EQML_ABI,
    SURFACE_NATOMS,
    EQML_FITS_ENERGY WHEN_DIPOLE(| EQML_FITS_DIPOLE) WHEN_QUADRUPOLE(| EQML_FITS_QUADRUPOLE)
        WHEN_POLARIZABILITY(| EQML_FITS_POLARIZABILITY) WHEN_SIGMA(| EQML_FITS_SIGMA),
    SURFACE_CHARGE,
    SURFACE_NAME,
    SURFACE_COMPOSITION,
    SURFACE_SYMBOLS,
    surface_numbers,
    surface_classes,
    "hartree",
    "bohr",
    SURFACE_NTRAIN,
    SURFACE_LOWEST,
    SURFACE_HIGHEST,
    SURFACE_NTRAIN ? surface_lowest_xyz : NULL,
    SURFACE_RANGES ? surface_ranges : NULL,
    NULL,
    energies,
    find_hessian,
    tensors,
    inside,
    sigmas,
    NULL};

const eqml_record *eqml_surface_record(void)
{
    return &surface;
}
