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
enum { ATOMS = 64, ROUNDS = 12, REPEATS = 16 };

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

typedef struct stage {
    const char *name;
    double best;
} stage;

/* The stages of eqml__cloud_atoms, each on its own for the atoms of the first centre. */
static void time_stages(const eqml_cloud_model *model, int count)
{
    eqml_neighbours list = make_list(count, model->radial.cutoff);
    const eqml_cloud_centre *centre = &basis->centres[0];
    const eqml_cloud_program *p = centre->program;
    int species[ATOMS] = {0};
    for (int i = 0; i < ATOMS && basis->nspecies > 1; i++)
        species[i] = i % basis->nspecies;
    eqml_cloud_workspace w = {0};
    double energy, *forces = calloc(3 * ATOMS, sizeof *forces), best[8];
    const eqml_cloud_result result = {&energy, forces, NULL, NULL};
    static const char *const names[] = {"functions", "moments", "products", "form",
                                        "reverse",   "forces",  "all"};
    eqml__cloud x;
    for (int s = 0; s < 7; s++)
        best[s] = 1e9;
    if (eqml__cloud_begin(&x, model, &list, species, &w, &result))
        exit(1);
    for (int round = 0; round < ROUNDS; round++) {
        double sum[6] = {0}, t[7];
        for (size_t i = 0; i + EQML_LANES <= ATOMS; i += EQML_LANES) {
            memset(x.adjoints, 0, (size_t)p->nslots * sizeof *x.adjoints);
            x.slots[0] = eqml__all(1);
            t[0] = now();
            for (int r = 0; r < REPEATS; r++)
                for (size_t k = 0; k < EQML_LANES; k++)
                    eqml__cloud_shell(&x, centre, i + k, &x.shell[k]);
            t[1] = now();
            for (int r = 0; r < REPEATS; r++)
                for (int k = 0; k < EQML_LANES; k++)
                    eqml__shell_moments(p, &x.shell[k], x.scale, (double *)(void *)x.slots + k);
            t[2] = now();
            for (int r = 0; r < REPEATS; r++)
                p->forward_lanes(x.slots);
            t[3] = now();
            for (int r = 0; r < REPEATS; r++)
                sink = eqml__sum(eqml__cloud_form(p, model->coefficients, x.slots, x.adjoints));
            t[4] = now();
            for (int r = 0; r < REPEATS; r++)
                p->reverse_lanes(x.slots, x.adjoints);
            t[5] = now();
            for (int r = 0; r < REPEATS; r++)
                for (size_t k = 0; k < EQML_LANES; k++) {
                    eqml__shell_forces(p, &x.shell[k], x.scale, (const double *)(const void *)x.adjoints + k,
                                       x.force);
                    eqml__cloud_scatter(&x, i + k, &x.shell[k], forces);
                }
            t[6] = now();
            for (int s = 0; s < 6; s++)
                sum[s] += t[s + 1] - t[s];
        }
        for (int s = 0; s < 6; s++)
            best[s] = sum[s] / REPEATS < best[s] ? sum[s] / REPEATS : best[s];
        const double start = now();
        eqml_cloud_evaluate_list(model, &list, species, &w, &result);
        const double all = now() - start;
        best[6] = all < best[6] ? all : best[6];
    }
    printf("  %2d neighbours:", count);
    for (int s = 0; s < 7; s++)
        printf(" %s %.2f%s", names[s], 1e6 * best[s] / ATOMS, s < 6 ? "," : "\n");
    free(forces);
    free(list.first);
    free(list.index);
    free(list.vector);
    eqml_cloud_workspace_free(&w);
}

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
    const eqml_cloud_model model = {basis, {9.3, 5}, coefficients, NULL, NULL};
    printf("%s: \"%s\", %d terms, %d lanes; us for an atom\n", basis->name, basis->environment, basis->nterms,
           EQML_LANES);
    for (int count = 15; count <= 60; count *= 2)
        time_stages(&model, count);
    for (int n = 4; n <= 24; n *= 2)
        time_crystal(&model, n);
    free(coefficients);
    return 0;
}
