/* Writes the header of a made-up surface of water: write NAME EQML.H BASIS.H OUTPUT.H */
#define EQML_IMPLEMENTATION
#include "h2o_d8.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    const eqml_variable variables[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_MORSE, 1.5, 0, 0}};
    double coefficients[h2o_d8_NTERMS];
    eqml_surface surface;
    eqml_message message;
    for (int k = 0; k < h2o_d8_NTERMS; k++)
        coefficients[k] = 1.0 / (k + 1);
    if (argc != 5 || eqml_surface_create(&h2o_d8_basis, variables, &surface))
        return 2;
    eqml_surface_set(&surface, coefficients);
    if (eqml_surface_write_header(&surface, argv[1], argv[2], argv[3], argv[4], &message)) {
        fprintf(stderr, "%s\n", message.text);
        return 1;
    }
    eqml_surface_free(&surface);
    return 0;
}
