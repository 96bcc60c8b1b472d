/*
 * Lines from the ground state, J = 0, to the levels of J = 1: pure rotation, fundamentals and the rest. Their strengths belong to no
 * frame, unlike those of bands without rotation.
 *
 * The function of J = 1 is a vector of three functions of the distances and the angle, along the axes that its frame has: z, along the
 * first vector, of K = 0; x, in the plane, of K = 1; and y, of the other parity. The line has the moment
 * |<g|mu_z|z> + <g|mu_x|x>|^2, which is |<g|mu|v>|^2 of the band where rotation and vibration do not mix, summed over the directions of J = 1.
 */
#ifndef LEVELS_LINES_H
#define LEVELS_LINES_H
#include "common/molecule.h"
#include "common/triatomic.h"

typedef struct line {
    double at;       /* cm^-1 */
    double moment;   /* e^2 bohr^2 */
    double strength; /* km/mol, of a molecule in the ground state */
} line;

/* mu[3], e bohr, of three atoms, their centre of mass in the origin. */
typedef void lines_dipole(void *context, const double *xyz, double *mu);

/*
 * lines[*n], ascending, up to `highest` cm^-1, from the `states` lowest states of each K; of alike ends in Jacobi's vectors. The caller
 * frees *lines, also after a failure. NULL, or what went wrong.
 */
const char *lines_find(const triatomic *t, lines_dipole *dipole, void *context, size_t states, double highest,
                       line **lines, size_t *n);

/* The same of a surface, whose dipole it has. Nonzero after a message. */
int lines_of_molecule(const molecule *m, const triatomic *t, size_t states, double highest, line **lines,
                      size_t *n);

/* A table, and a picture at `path`; nonzero after a message. */
void lines_print(const line *lines, size_t n);
int lines_draw(const char *path, const molecule *m, const line *lines, size_t n);

#endif
