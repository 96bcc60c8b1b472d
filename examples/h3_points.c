/*
 * Points of the BKMP2 surface of H3 (scatter/bkmp2.h) as extended XYZ, for a fit: make h3-points.
 *
 * They reach from short distances to an atom 17 bohr away from a molecule, where programs on scattering begin, and are closer together
 * where distances are short. Collinear points are taken up to 5.4 eV above H2, which is above three separate atoms, and up to 27 eV
 * with two atoms within a bohr, so that the fit has the repulsive flank down to 0.4 bohr; bent ones up to 2.2 eV: where three
 * distances are nearly equal, the surface has a cusp, higher up, that no polynomial follows.
 */
#include "eqml.h"
#include "scatter/bkmp2.h"
#include <stdio.h>

#define HIGHEST 0.2 /* hartree above H2 */
#define HIGHEST_CLOSE 1
#define HIGHEST_BENT 0.08

static void put(double a, double b, double cosine)
{
    /* the middle atom in the origin */
    const double sine = sqrt(1 - cosine * cosine), far = sqrt(a * a + b * b - 2 * a * b * cosine);
    const double energy = bkmp2(a, b, far);
    const double highest = cosine > -1 ? HIGHEST_BENT : a < 1 && b < 3 ? HIGHEST_CLOSE : HIGHEST;
    if (far < b - 1e-9 || energy > BKMP2_H2 + highest)
        return;
    printf("3\nProperties=species:S:1:pos:R:3 energy=%.12f pbc=\"F F F\"\n", energy / EQML_EV);
    printf("H %.9f 0 0\nH 0 0 0\nH %.9f %.9f 0\n", a / EQML_ANGSTROM, b * cosine / EQML_ANGSTROM,
           b * sine / EQML_ANGSTROM);
}

int main(void)
{
    static const double cosines[] = {-1, -0.9, -0.6, -0.1};
    for (size_t k = 0; k < sizeof cosines / sizeof *cosines; k++) {
        const double step = k ? 0.16 : 0.08;
        for (double a = 0.4; a < 12; a += step * (0.5 + a / 3))
            for (double b = a; b < 17; b += step * (0.5 + b / 3))
                put(a, b, cosines[k]);
    }
    return fflush(stdout) || ferror(stdout);
}
