/*
 * From data to a potential in one C program: reads ammonia's energies and gradients, fits a surface,
 * evaluates it, and writes it to a file. Start your own from here.
 *
 *     make
 *     build/eqml-gen -d 5 -n nh3 -o nh3.h "H3 N"
 *     cc -O2 -march=native -I. examples/quickstart.c -o quickstart -lm
 *     ./quickstart examples/data/nh3_mp2.xyz
 */
#define EQML_IMPLEMENTATION /* in one file of a program: the functions that read, fit and write */
#include "nh3.h"            /* the basis; includes eqml.h */
#include <stdio.h>

#define PER_CM 219474.6313632 /* cm^-1 in a hartree */

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "examples/data/nh3_mp2.xyz";
    /* A variable for each class of pairs, as the classes first occur among (0, 1), (0, 2) ...: H-H, H-N. */
    const eqml_variable variables[] = {{EQML_MORSE, 8.0, 0, 0}, {EQML_MORSE, 2.5, 0, 0}};
    const int classes[] = {0, 0, 0, 1}; /* like atoms have like numbers */
    eqml_data data = {0};
    eqml_surface surface = {0};
    eqml_fit_result fit;
    eqml_errors errors;
    eqml_message message = {"out of memory"};
    int failed = 1;

    if (eqml_data_read(path, &data, &message) || eqml_data_match(&data, "H H H N", classes, &message) ||
        eqml_surface_create(&nh3_basis, variables, &surface) ||
        eqml_fit(&surface, &data, NULL, &fit, &message) ||
        eqml_surface_errors(&surface, &data, NULL, &errors) ||
        eqml_surface_write(&surface, "nh3.pes", &message)) {
        fprintf(stderr, "quickstart: %s\n", message.text);
    } else {
        double gradient[12];
        const double *xyz = data.xyz; /* the first geometry: [4][3], bohr */
        const double energy = nh3_model_energy_gradient(&surface.model, xyz, gradient);
        printf("%d terms fitted to %zu geometries: RMSE %.2f cm^-1, %.1e hartree/bohr\n", fit.terms,
               fit.geometries, PER_CM * errors.rmse_energy, errors.rmse_gradient);
        printf(
            "first geometry: computed %.6f, fitted %.6f hartree; dV/dx of the first atom %.6f hartree/bohr\n",
            data.energy[0], energy, gradient[0]);
        failed = fflush(stdout) || ferror(stdout);
        if (failed)
            fprintf(stderr, "quickstart: standard output cannot be written\n");
    }
    eqml_surface_free(&surface);
    eqml_data_free(&data);
    return failed;
}
