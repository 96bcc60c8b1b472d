/* Random configurations of W and H, and models that they are taken from. */
#ifndef TESTS_FRAMES_H
#define TESTS_FRAMES_H
#include "cloud_two.h"
#include "support.h"

enum { FRAMES = 40, EACH = 6 };

/* Random periodic configurations of W and H, with numbers from a model. */
static inline void make_frames(const eqml_cloud_model *model, const char *path, int count)
{
    static const char *const symbols[] = {"W", "H"};
    uint64_t state = 12;
    eqml_cloud_workspace w = {0};
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    for (int k = 0; k < count; k++) {
        double xyz[EACH][3], cell[9] = {9, 0, 0, 1, 9, 0, 0, 1, 9}, energy, forces[EACH][3], virial[6];
        int species[EACH];
        for (int i = 0; i < EACH; i++) {
            species[i] = (int)(draw_bits(&state) % 2);
            for (int d = 0; d < 3; d++) /* on a grid, moved a little: none come too close */
                xyz[i][d] = 4.5 * (i >> d & 1) + 0.9 * draw_real(&state);
        }
        const eqml_configuration c = {EACH, &xyz[0][0], species, cell, NULL};
        const eqml_cloud_result result = {&energy, &forces[0][0], virial, NULL};
        cr_assert_eq(eqml_cloud_evaluate(model, &c, &w, &result, NULL), EQML_OK);
        fprintf(file, "%d\nProperties=species:S:1:pos:R:3:forces:R:3 energy=%.17g Lattice=\"", EACH,
                energy / EQML_EV);
        for (int j = 0; j < 9; j++)
            fprintf(file, "%.17g ", cell[j] / EQML_ANGSTROM);
        fprintf(file, "\" virial=\"");
        for (int j = 0; j < 6; j++)
            fprintf(file, "%.17g ", virial[j] / EQML_EV);
        fprintf(file, "\"\n");
        for (int i = 0; i < EACH; i++) {
            fprintf(file, "%s", symbols[species[i]]);
            for (int d = 0; d < 3; d++)
                fprintf(file, " %.17g", xyz[i][d] / EQML_ANGSTROM);
            for (int d = 0; d < 3; d++)
                fprintf(file, " %.17g", forces[i][d] * EQML_ANGSTROM / EQML_EV);
            fprintf(file, "\n");
        }
    }
    cr_assert_eq(fclose(file), 0);
    eqml_cloud_workspace_free(&w);
}

static inline eqml_cloud_model random_model(const eqml_cloud_basis *b, double *coefficients,
                                            const double *atoms)
{
    uint64_t state = 99;
    for (int k = 0; k < b->nterms; k++)
        coefficients[k] = 1e-3 * draw_real(&state);
    return (eqml_cloud_model){b, {.cutoff = 7.5, .range = 4}, coefficients, atoms, NULL};
}

#endif
