/* A fitted surface of three atoms on a line, for scatter and rpmd. Lines are those of collinear.h. */
#ifndef SCATTER_LINE_H
#define SCATTER_LINE_H
#include "common/molecule.h"
#include "scatter/collinear.h"

typedef struct line {
    const molecule *m;
    double wall; /* hartree: where atoms are closer than in any data */
} line;

/* A collinear_surface with a line. It uses the room of the molecule: one thread at a time. */
void on_line(void *context, size_t n, const double *ab, const double *bc, double *energy);

/* Whether there are data `far` bohr from atom 1 to the molecule 2-3, and the surface is flat there; 0, or 1 after a message. */
int line_reaches(const char *program, const collinear *c, double far, line *l);

/* The same surface in R~ and r~: energy[n], and gradient[n][2] unless NULL, at x[n][2]. */
typedef struct line_land {
    line *l;
    const collinear *c;
} line_land;

void on_line_scaled(void *context, size_t n, const double *x, double *energy, double *gradient);

/* r_AB - r_BC is along . (R~, r~); begin: both 1.8 bohr; outwards: A moves away. */
void line_reaction(const collinear *c, double along[2], double begin[2], double outwards[2]);

#endif
