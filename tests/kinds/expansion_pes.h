/* An expansion with the functions of a written surface: H3C as pairs, switched, and the whole. */
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "h2_d4.h"
#include "h2c_d3.h"
#include "geometry.h"
#include <stdlib.h>

enum { expansion_few_NATOMS = 4, expansion_few_NPAIRS = 6 };
static const unsigned short expansion_few_pairs[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
static const struct {
    const unsigned short (*pairs)[2];
} expansion_few_basis = {expansion_few_pairs};
static eqml_expansion expansion;
static double *expansion_work;

static inline void expansion_set_up(void)
{
    static const eqml_variable morse[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_EXP_OVER_R, 1.5, 0, 0}};
    static const eqml_part parts[] = {{&h2_d4_basis, morse, 0, NULL, 1.0, 6.0, 0},
                                      {&h2c_d3_basis, morse, 0, NULL, 0, 0, 0}};
    double x[100];
    uint64_t state = 362436069u;
    if (eqml_expansion_create(&expansion, "H H H C", 2, parts, NULL))
        exit(1);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 100; i++)
            x[i] = uniform(&state);
        eqml_surface_set(&expansion.components[k].surface, x);
    }
    const size_t bytes = (eqml_expansion_work(&expansion) * sizeof(double) + 63) / 64 * 64;
    expansion_work = (double *)aligned_alloc(64, bytes);
    if (!expansion_work)
        exit(1);
}

static inline double expansion_energy(const double *xyz)
{
    return eqml_expansion_energy_gradient(&expansion, xyz, NULL, expansion_work);
}

static inline double expansion_energy_gradient(const double *xyz, double *gradient)
{
    return eqml_expansion_energy_gradient(&expansion, xyz, gradient, expansion_work);
}

static inline void expansion_energy_batch(size_t n, const double *xyz, double *energy)
{
    eqml_expansion_energy_gradient_batch(&expansion, n, xyz, energy, NULL, expansion_work);
}

static inline void expansion_energy_gradient_batch(size_t n, const double *xyz, double *energy,
                                                   double *gradient)
{
    eqml_expansion_energy_gradient_batch(&expansion, n, xyz, energy, gradient, expansion_work);
}
