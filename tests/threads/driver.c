/*
 * Prints what a fit gives, and neighbour clouds, to the bit: compiled with OpenMP and without, with any number of threads, it must print
 * the same. The columns are many enough that threads share them, the rows do not fill the last block.
 */
#include "eqml.h"
#include "ch4_d6.h"
#include "cloud_two.h"
#include <stdio.h>

enum { GEOMETRIES = 130, ATOMS = 5 };

static double draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) / 4503599627370496.0 - 1;
}

/* A methane whose atoms are moved by up to 0.3 bohr; energies and gradients are arbitrary. */
static void make_geometry(uint64_t *state, double *xyz, double *energy, double *gradient)
{
    static const double at[ATOMS][3] = {
        {1.2, 1.2, 1.2}, {1.2, -1.2, -1.2}, {-1.2, 1.2, -1.2}, {-1.2, -1.2, 1.2}};
    for (int k = 0; k < 3 * ATOMS; k++) {
        xyz[k] = at[k / 3][k % 3] + 0.3 * draw(state);
        gradient[k] = draw(state);
    }
    *energy = draw(state);
}

static int print_fit(const eqml_data *data, const eqml_fit_options *options)
{
    static const eqml_variable morse[] = {{EQML_MORSE, 2, NULL, NULL}, {EQML_MORSE, 2, NULL, NULL}};
    static double terms[10000];
    eqml_surface surface;
    eqml_fit_result result;
    eqml_message message = {""};
    if (eqml_surface_create(&ch4_d6_basis, morse, &surface))
        return 1;
    const eqml_status status = eqml_fit(&surface, data, options, &result, &message);
    eqml_surface_get(&surface, terms);
    eqml_surface_free(&surface);
    if (status) {
        fprintf(stderr, "%s\n", message.text);
        return 1;
    }
    printf("%zu rows, rank %d, condition %a\n", result.rows, result.rank, result.condition);
    for (int k = 0; k < ch4_d6_basis.nterms; k++)
        printf("%a\n", terms[k]);
    return 0;
}

/* Energy, virial, forces of a crystal of two species, whose atoms do not fill the last lanes, in both precisions. */
static int print_clouds(void)
{
    enum { SIDE = 6, MANY = SIDE * SIDE * SIDE - 1 };
    static double xyz[MANY][3], forces[MANY][3], energies[MANY], coefficients[4096];
    static int species[MANY];
    const double a = 4, cell[9] = {SIDE * a, 0, 0, 0, SIDE * a, 0, 0, 0, SIDE * a};
    double energy, virial[6];
    uint64_t state = 7;
    eqml_pair_reference pairs[3];
    for (int k = 0; k < 3; k++)
        if (eqml_pair_zbl(1 + k, 3, 2, 6, &pairs[k]))
            return 1;
    for (int k = 0; k < cloud_two_basis.nterms; k++)
        coefficients[k] = 1e-3 * draw(&state);
    for (int i = 0; i < MANY; i++) {
        const int place[3] = {i % SIDE, i / SIDE % SIDE, i / SIDE / SIDE};
        for (int d = 0; d < 3; d++)
            xyz[i][d] = a * place[d] + 0.5 * draw(&state);
        species[i] = draw(&state) > 0.2;
    }
    const eqml_cloud_model model = {&cloud_two_basis, {.cutoff = 9, .range = 4}, coefficients, NULL, pairs};
    const eqml_configuration c = {MANY, xyz[0], species, cell, NULL};
    const eqml_cloud_result result = {&energy, forces[0], virial, energies};
    eqml_cloud_workspace w;
    memset(&w, 0, sizeof w);
    int status = 0;
    for (int single = 0; single < 2 && !status; single++) {
        status = single ? eqml_cloud_evaluate_list_float(&model, &w.list, species, &w, &result)
                        : eqml_cloud_evaluate(&model, &c, &w, &result, NULL);
        printf("%a\n", energy);
        for (int k = 0; k < 6; k++)
            printf("%a\n", virial[k]);
        for (int i = 0; i < MANY; i++)
            printf("%a %a %a %a\n", energies[i], forces[i][0], forces[i][1], forces[i][2]);
    }
    eqml_cloud_workspace_free(&w);
    return status;
}

int main(void)
{
    static double xyz[GEOMETRIES][3 * ATOMS], energy[GEOMETRIES], gradient[GEOMETRIES][3 * ATOMS];
    static unsigned char has[GEOMETRIES];
    uint64_t state = 1;
    eqml_data data;
    memset(&data, 0, sizeof data);
    data.n = GEOMETRIES, data.natoms = ATOMS;
    data.xyz = xyz[0], data.energy = energy, data.gradient = gradient[0], data.has = has;
    for (int g = 0; g < GEOMETRIES; g++) {
        make_geometry(&state, xyz[g], &energy[g], gradient[g]);
        has[g] = g % 5 ? EQML_HAS_ENERGY | EQML_HAS_GRADIENT : EQML_HAS_ENERGY;
    }
    eqml_fit_options options;
    memset(&options, 0, sizeof options);
    int status = print_fit(&data, &options);
    options.ridge = 1e-6;
    status |= print_fit(&data, &options);
    options.energies_only = 1;
    status |= print_fit(&data, &options);
    return status | print_clouds();
}
