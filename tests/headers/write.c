/* Writes the header of a made-up surface, of water where no other BASIS is given: write NAME EQML.H BASIS.H OUTPUT.H */
#define EQML_IMPLEMENTATION
#ifndef BASIS
#define BASIS h2o_d8
#define BASIS_HEADER "h2o_d8.h"
#endif
#include BASIS_HEADER
#include <stdio.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
enum { NTERMS = JOIN(BASIS, _NTERMS) };

int main(int argc, char **argv)
{
    const eqml_variable variables[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_MORSE, 1.5, 0, 0}};
    double coefficients[NTERMS];
    eqml_surface surface;
    eqml_message message;
    for (int k = 0; k < NTERMS; k++)
        coefficients[k] = 1.0 / (k + 1);
    if (argc != 5 || eqml_surface_create(&JOIN(BASIS, _basis), variables, &surface))
        return 2;
    eqml_surface_set(&surface, coefficients);
    if (eqml_surface_write_header(&surface, argv[1], argv[2], argv[3], argv[4], &message)) {
        fprintf(stderr, "%s\n", message.text);
        return 1;
    }
    eqml_surface_free(&surface);
    return 0;
}
