/* Which atoms are bonded: those whose distance is less than the sum of their covalent radii times a factor. */
#ifndef EQML_KIM_BONDS_H
#define EQML_KIM_BONDS_H

/* Points by where they are: boxes, each with a list. All zero before. */
typedef struct bins {
    int *head, *next; /* [boxes] first point, [points] the next one in its box; -1: none */
    const double *xyz;
    double low[3], edge[3];
    int count[3], boxes, points;
} bins;

/* Goes through the points of a box and its neighbours. */
typedef struct bins_walk {
    int box[3], step, point;
} bins_walk;

void set_bonds(double bond, const char *symbols, int n, double *squares);
/* squares[n][n] <- those of the longest bonds between n elements, bohr^2; symbols "H O". */

double distance_square(const double *a, const double *b);

int bins_fill(bins *b, int n, const double *xyz, double edge);
/* Sorts xyz[n][3], finite, which must live as long as the points are looked for, into boxes of at least that edge. Nonzero:
 * no memory. */

int bins_first(const bins *b, const double *x, bins_walk *walk);
int bins_next(const bins *b, bins_walk *walk);
/* The points within an edge of x, and some beyond; -1: there are no more. */

void bins_free(bins *b);

#endif
