/*
 * Lists of neighbours that the caller has, as simulation programs hand them over: atoms of its own first, then copies of
 * them (ghosts), which are neighbours only. Energies of atoms, forces on ghosts and virial come back.
 */
#include "cloud_two.h"
#include <criterion/criterion.h>

enum { OWN = 4, IMAGES = 125, ALL = OWN * IMAGES };

Test(ghosts, an_open_list_with_copies_is_the_periodic_crystal)
{
    static double xyz[ALL][3], forces[ALL][3];
    static int species[ALL];
    const double cell[3][3] = {{7, 0, 0}, {0.5, 6.5, 0}, {-0.4, 0.8, 7.5}};
    const double own[OWN][3] = {{0.2, 0.1, 0.3}, {3.1, 3.4, 0.2}, {3.3, 0.1, 3.9}, {0.4, 3.0, 3.6}};
    const size_t n = (size_t)cloud_two_basis.nterms;
    const int middle = IMAGES / 2; /* the shift of no vector, which comes first here */
    double *coefficients = calloc(n, sizeof *coefficients), energy[2], virial[2][6], energies[2][OWN],
           periodic[OWN][3];
    const double atoms[2] = {-0.3, -0.7};
    eqml_cloud_model model = {.basis = &cloud_two_basis,
                              .radial = {.cutoff = 8.5, .range = 3.5},
                              .coefficients = coefficients,
                              .atoms = atoms};
    eqml_cloud_workspace w = {0};
    eqml_neighbours list = {0};
    eqml_message message;
    for (size_t k = 0; k < n; k++)
        coefficients[k] = 1e-3 * sin((double)(7 * k + 1));
    for (int image = 0; image < IMAGES; image++) {
        const int at = (image + middle) % IMAGES, shift[3] = {at % 5 - 2, at / 5 % 5 - 2, at / 25 - 2};
        for (int i = 0; i < OWN; i++) {
            for (int d = 0; d < 3; d++)
                xyz[OWN * image + i][d] =
                    own[i][d] + shift[0] * cell[0][d] + shift[1] * cell[1][d] + shift[2] * cell[2][d];
            species[OWN * image + i] = i % 2;
        }
    }
    const eqml_configuration crystal = {OWN, &xyz[0][0], species, &cell[0][0], NULL};
    const eqml_configuration open = {ALL, &xyz[0][0], species, NULL, NULL};
    const eqml_cloud_result whole = {&energy[0], &periodic[0][0], virial[0], energies[0]};
    const eqml_cloud_result parts = {&energy[1], &forces[0][0], virial[1], energies[1]};
    cr_assert_eq(eqml_cloud_evaluate(&model, &crystal, &w, &whole, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_neighbours_find(&open, model.radial.cutoff, &list, &message), EQML_OK, "%s",
                 message.text);
    list.natoms = OWN; /* ghosts have no energy; their forces, which the caller made zero, are added to */
    list.count = list.first[OWN];
    cr_assert_eq(eqml_cloud_evaluate_list(&model, &list, species, &w, &parts), EQML_OK);
    cr_expect_float_eq(energy[0], energy[1], 1e-12 * (1 + fabs(energy[0])));
    for (int i = 0; i < OWN; i++) {
        cr_expect_float_eq(energies[0][i], energies[1][i], 1e-12 * (1 + fabs(energies[0][i])));
        for (int d = 0; d < 3; d++) {
            double sum = 0;
            for (int image = 0; image < IMAGES; image++)
                sum += forces[OWN * image + i][d];
            cr_expect_float_eq(periodic[i][d], sum, 1e-12, "atom %d", i);
        }
    }
    for (int v = 0; v < 6; v++)
        cr_expect_float_eq(virial[0][v], virial[1][v], 1e-11);
    eqml_neighbours_free(&list);
    eqml_cloud_workspace_free(&w);
    free(coefficients);
}
