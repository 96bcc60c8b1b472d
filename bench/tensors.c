/*
 * Times of the tensors of one surface, as one row of a table on standard output.
 *
 *     cc -DBASIS_HEADER='"b.h"' -DBASIS=b -DSURFACE_HEADER='"x_pes.h"' -DSURFACE=x [-DRANK_TWO] bench/tensors.c -lm
 *
 * The pair that is compared, energy and gradient with and without the dipole, is run in turn, so that both
 * see the same machine.
 */
#define _GNU_SOURCE
#include BASIS_HEADER
#include SURFACE_HEADER
#include "geometries.h"
#include "timing.h"
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 1000, ONES = 200, REPEATS = 25, NATOMS = JOIN(BASIS, _NATOMS), SIZE = 3 * NATOMS };
static const double LONG_ENOUGH = 0.002; /* seconds of one repetition */

static double geometry[BATCH][SIZE], gradient[SIZE], value[BATCH][6], jacobian[BATCH][6 * SIZE];
enum {
    KIND_dipole = EQML_DIPOLE,
    KIND_quadrupole = EQML_QUADRUPOLE,
    KIND_polarizability = EQML_POLARIZABILITY
};

#define ONE(NAME, CALLED)                                                                                    \
    static void NAME(size_t count)                                                                           \
    {                                                                                                        \
        for (size_t k = 0; k < count; k++) {                                                                 \
            const double *xyz = geometry[k % ONES];                                                          \
            CALLED;                                                                                          \
            sink = value[0][0] + gradient[0] + jacobian[0][0];                                               \
        }                                                                                                    \
    }
#define MANY(NAME, CALLED)                                                                                   \
    static void NAME(size_t count)                                                                           \
    {                                                                                                        \
        for (size_t k = 0; k < count; k += BATCH) {                                                          \
            CALLED;                                                                                          \
            sink = value[k % BATCH][0];                                                                      \
        }                                                                                                    \
    }
#define TENSOR(NAME)                                                                                         \
    ONE(run_##NAME, CALL(_##NAME)(xyz, value[0]))                                                            \
    ONE(run_##NAME##_jacobian, CALL(_##NAME##_jacobian)(xyz, value[0], jacobian[0]))                         \
    MANY(run_##NAME##_batch, CALL(_##NAME##_batch)(BATCH, geometry[0], value[0]))                            \
    MANY(run_##NAME##_jacobian_batch,                                                                        \
         CALL(_##NAME##_jacobian_batch)(BATCH, geometry[0], value[0], jacobian[0]))
ONE(run_gradient, value[0][0] = CALL(_energy_gradient)(xyz, gradient))
ONE(run_gradient_dipole, CALL(_energy_gradient_dipole)(xyz, gradient, value[0]))
TENSOR(dipole)
#ifdef RANK_TWO
TENSOR(quadrupole)
TENSOR(polarizability)
#endif

/* ns for one call, the fastest repetition of each of two functions that take turns. */
static void measure(void (*first)(size_t), void (*second)(size_t), double fastest[2])
{
    void (*const run[2])(size_t) = {first, second};
    size_t count[2];
    for (int k = 0; k < 2; k++) {
        fastest[k] = 1e300;
        for (count[k] = BATCH;; count[k] *= 2) {
            const double start = now();
            run[k](count[k]);
            if (now() - start >= LONG_ENOUGH)
                break;
        }
    }
    for (int r = 0; r < 2 * REPEATS; r++) {
        const double start = now();
        run[r % 2](count[r % 2]);
        const double took = 1e9 * (now() - start) / (double)count[r % 2];
        fastest[r % 2] = took < fastest[r % 2] ? took : fastest[r % 2];
    }
}

int main(void)
{
    double ns[2];
    random_geometries(7, BATCH, NATOMS, geometry[0]);
    measure(run_gradient, run_gradient_dipole, ns);
    printf("%-16s %5d %8.0f %8.0f %5.2f", JOIN(BASIS, _basis).name, JOIN(BASIS, _NTERMS), ns[0], ns[1],
           ns[1] / ns[0]);
#define PRINT(NAME)                                                                                          \
    measure(run_##NAME, run_##NAME##_jacobian, ns);                                                          \
    printf(" | %6d %7.0f %7.0f", JOIN(BASIS, _basis).tensors[KIND_##NAME]->nterms, ns[0], ns[1]);            \
    measure(run_##NAME##_batch, run_##NAME##_jacobian_batch, ns);                                            \
    printf(" %7.1f %7.0f", ns[0], ns[1]);
    PRINT(dipole)
#ifdef RANK_TWO
    PRINT(quadrupole)
    PRINT(polarizability)
#endif
    printf("\n");
    return 0;
}
