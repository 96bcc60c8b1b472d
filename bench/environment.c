/*
 * Times of neighbour clouds, in us for an atom: stage by stage for atoms with so many neighbours each, and with the list
 * of neighbours for crystals of growing size. Usage: bench-NAME, with the basis NAME compiled in.
 */
#define _POSIX_C_SOURCE 200809L
#include "eqml.h"
#include BASIS_HEADER
#include "timing.h"
#include <stdio.h>
#include <stdlib.h>

static const eqml_cloud_basis *const basis = &JOIN(BASIS, _basis);

/* A stage of a few atoms is shorter than looking at the clock: it is repeated. */
enum { ATOMS = 64, ROUNDS = 40, REPEATS = 8 };

static uint64_t state = 1;

/* Uniform in [0, 1) (xorshift). */
static double draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

/* A list in which each of the atoms has so many neighbours, in random directions between half the cutoff and all of it. */
static eqml_neighbours make_list(int count, double cutoff)
{
    eqml_neighbours l = {.natoms = ATOMS, .count = (size_t)count * ATOMS};
    l.first = malloc((ATOMS + 1) * sizeof *l.first);
    l.index = malloc(l.count * sizeof *l.index);
    l.vector = malloc(l.count * sizeof *l.vector);
    for (size_t k = 0; k < l.count; k++) {
        double r[3], square = 0;
        while (square < 0.25 || square >= 1) {
            square = 0;
            for (int d = 0; d < 3; d++) {
                r[d] = 2 * draw() - 1;
                square += r[d] * r[d];
            }
        }
        for (int d = 0; d < 3; d++)
            l.vector[k][d] = cutoff * r[d];
        l.index[k] = (int)(draw() * ATOMS);
    }
    for (size_t i = 0; i <= ATOMS; i++)
        l.first[i] = i * (size_t)count;
    return l;
}

enum { FUNCTIONS, MOMENTS, PRODUCTS, FORM, REVERSE, FORCES, STAGES };
static const char *const names[STAGES] = {"functions", "moments", "products", "form", "reverse", "forces"};

/* Multiply-adds of each stage for an atom; 0 where they are not most of the work. */
static void count_multiply_adds(const eqml_cloud_program *p, int neighbours, double *count)
{
    memset(count, 0, STAGES * sizeof *count);
    for (int k = 0; k < p->nmoments; k++)
        count[MOMENTS] += (2 * p->moments[k][1] + 1) * (double)neighbours / p->nspecies;
    for (int k = 0; k < p->nkernels; k++)
        count[PRODUCTS] += (double)p->kernels[k].count * p->kernels[k].nconstants;
    for (int k = 0; k < p->nrows; k++)
        count[FORM] += 2.0 * (2 * p->rows[k][1] + 1) * p->rows[k][2];
    count[REVERSE] = 2 * count[PRODUCTS];
    count[FORCES] = 2 * count[MOMENTS];
}

/* Multiply-adds in a ns at most, of doubles. */
EQML__APART static double find_peak(void)
{
    double best = 1e9;
    for (int round = 0; round < 200; round++) {
        eqml_lanes x[12];
        for (int k = 0; k < 12; k++)
            x[k] = eqml__all(1e-3 * k);
        const double start = now();
        for (int r = 0; r < 4000; r++)
            for (int k = 0; k < 12; k++)
                x[k] = eqml__fma(x[k], eqml__all(0.999), eqml__all(1e-4));
        const double time = now() - start;
        best = time < best ? time : best;
        for (int k = 0; k < 12; k++)
            sink = eqml__sum(x[k]);
    }
    return 4000 * 12 * EQML_LANES / (1e9 * best);
}

static void print_stages(const char *what, int neighbours, const double *best, double all, double peak)
{
    double count[STAGES];
    count_multiply_adds(basis->centres[0].program, neighbours, count);
    printf("  %2d neighbours, %s:", neighbours, what);
    for (int s = 0; s < STAGES; s++) {
        printf(" %s %.3f", names[s], 1e6 * best[s]);
        if (count[s] > 0)
            printf(" (%.0f %%)", 100 * count[s] / (1e9 * best[s] * peak));
        printf(",");
    }
    printf(" all %.2f\n", 1e6 * all);
}

#include "kernel/of_lanes.inc"
#include "stages.inc"
#include "kernel/of_floats.inc"
#include "stages.inc"
#include "kernel/of_none.inc"

/* A body-centred crystal with n^3 cells, displaced at random; the list of neighbours apart. */
static void time_crystal(const eqml_cloud_model *model, int n)
{
    const double a = 6.0, cell[9] = {n * a, 0, 0, 0, n * a, 0, 0, 0, n * a};
    const size_t natoms = 2 * (size_t)n * (size_t)n * (size_t)n;
    double *xyz = malloc(3 * natoms * sizeof *xyz), *forces = malloc(3 * natoms * sizeof *forces), energy;
    double find = 1e9, evaluate = 1e9;
    int *species = calloc(natoms, sizeof *species);
    for (size_t i = 0; i < natoms; i++) {
        const size_t c = i / 2,
                     place[3] = {c % (size_t)n, c / (size_t)n % (size_t)n, c / (size_t)n / (size_t)n};
        species[i] = (int)(i % (size_t)basis->nspecies);
        for (size_t d = 0; d < 3; d++)
            xyz[3 * i + d] = a * ((double)place[d] + 0.5 * (double)(i % 2)) + 0.4 * draw();
    }
    const eqml_configuration c = {natoms, xyz, species, cell, NULL};
    eqml_cloud_workspace w = {0};
    const eqml_cloud_result result = {&energy, forces, NULL, NULL};
    for (int round = 0; round < 5; round++) {
        const double start = now();
        if (eqml_neighbours_find(&c, model->radial.cutoff, &w.list, NULL))
            exit(1);
        const double middle = now();
        eqml_cloud_evaluate_list(model, &w.list, species, &w, &result);
        const double end = now();
        find = middle - start < find ? middle - start : find;
        evaluate = end - middle < evaluate ? end - middle : evaluate;
    }
    printf("  %7zu atoms, %.1f neighbours: list %.2f, energy and forces %.2f\n", natoms,
           (double)w.list.count / (double)natoms, 1e6 * find / (double)natoms,
           1e6 * evaluate / (double)natoms);
    eqml_cloud_workspace_free(&w);
    free(xyz);
    free(forces);
    free(species);
}

int main(void)
{
    double *coefficients = malloc((size_t)basis->nterms * sizeof *coefficients);
    for (int k = 0; k < basis->nterms; k++)
        coefficients[k] = 1e-3 * draw();
    const eqml_cloud_model model = {
        .basis = basis, .radial = {.cutoff = 9.3, .range = 5}, .coefficients = coefficients};
    const double peak = find_peak();
    printf("%s: \"%s\", %d terms; us for an atom (share of the peak, %.1f multiply-adds in a ns)\n",
           basis->name, basis->environment, basis->nterms, peak);
    for (int count = 15; count <= 60; count *= 2)
        time_stages_lanes(&model, count, peak, "double");
    time_stages_floats(&model, 30, EQML_FLOATS / EQML_LANES * peak, "float");
    static const int sides[] = {4, 8, 16, 37}; /* 128 to 101,306 atoms */
    for (size_t k = 0; k < sizeof sides / sizeof *sides; k++)
        time_crystal(&model, sides[k]);
    free(coefficients);
    return 0;
}
