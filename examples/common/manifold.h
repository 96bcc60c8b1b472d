/* The rovibrational levels of a triatomic molecule on a fitted surface: what `levels` and `thermo` share. */
#ifndef EXAMPLES_MANIFOLD_H
#define EXAMPLES_MANIFOLD_H
#include "common/molecule.h"
#include "common/progress.h"
#include "common/triatomic.h"

/* What the command line says of the basis; energies in cm^-1 above the minimum. */
typedef struct manifold_options {
    const char *vectors; /* "radau", "jacobi" or "auto" */
    int apex;            /* the number of the atom A, from 1; 0: found */
    int points, angular;
    double cut, cap;
} manifold_options;

/* clang-format off */
#define MANIFOLD_DEFAULTS {"auto", 0, 12, 32, 36000, 50000}
/* clang-format on */

/* The options of a program, rows of its table, and what --help says of them. */
/* clang-format off */
#define MANIFOLD_OPTIONS(o)                                                                                  \
    {"--vectors", &(o).vectors, NULL, NULL, 0, 0}, {"--apex", NULL, NULL, &(o).apex, 1, 3},                  \
    {"--points", NULL, NULL, &(o).points, 3, 60}, {"--angular", NULL, NULL, &(o).angular, 4, 200},           \
    {"--cut", NULL, &(o).cut, NULL, 100, 1e6}, {"--cap", NULL, &(o).cap, NULL, 100, 1e6}
/* clang-format on */
#define MANIFOLD_HELP                                                                                        \
    "options of the basis:\n"                                                                                \
    "  --vectors V       radau, jacobi, or auto, the default: Radau's\n"                                     \
    "  --apex N          the atom that the vectors of Radau begin near, and that those of Jacobi set "       \
    "apart,\n"                                                                                               \
    "                    from 1; default: the one that has no like, or the middle one\n"                     \
    "  --points N        of each distance; default 12\n"                                                     \
    "  --angular N       Legendre functions; default 32\n"                                                   \
    "  --cut E           bending states up to here are in the basis, cm^-1 above the minimum; default "      \
    "36000\n"                                                                                                \
    "  --cap E           energies above this count as this, cm^-1; default 50000\n"

/* The apex and the kind of vectors for a settled molecule of three atoms. Nonzero after a message. */
int manifold_choose(const molecule *m, const manifold_options *o, triatomic_options *t);

/* Grids and potential on the surface; holes are refused. Nonzero after a message; release with triatomic_free in any case. */
int manifold_begin(const molecule *m, const triatomic_options *o, triatomic *t);

/* What is done for each level: its J, total parity, exchange of the ends (1, -1; 0 where they are not alike), energy. */
typedef void manifold_visit(void *context, int J, int parity, int exchange, double energy);

/*
 * All levels of J <= most that the `count` lowest states of each K and symmetry give, and that lie below `highest` (hartree above
 * the minimum). For alike ends in Jacobi's vectors. Nonzero after a message.
 */
int manifold_levels(const molecule *m, const triatomic *t, int most, size_t count, double highest,
                    progress *p, manifold_visit *visit, void *context);

#endif
