/* Crystals of one element, their supercells, and slabs. */
#ifndef COMMON_CRYSTAL_H
#define COMMON_CRYSTAL_H
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum lattice { FCC, BCC, HCP, DIAMOND, LATTICES } lattice;

static inline const char *lattice_name(lattice l)
{
    static const char *const name[LATTICES] = {"fcc", "bcc", "hcp", "diamond"};
    return name[l];
}

/* The conventional cell, of right angles; of hcp the one of four atoms, edges a, a sqrt(3) and c. */
typedef struct crystal {
    lattice lattice;
    int natoms, nkinds; /* in that cell; atoms of one kind differ by a vector of the lattice */
    double edge[3];     /* bohr */
    double place[8][3]; /* [natoms] fractions */
    int kind[8];        /* [natoms] */
    double neighbour;   /* distance of nearest ones, bohr */
} crystal;

/* A crystal by its edge a and, for hcp, the ratio c/a. */
static inline crystal make_crystal(lattice l, double a, double ratio)
{
    static const double face[4][3] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
    static const double close[4][3] = {{0, 0, 0}, {0.5, 0.5, 0}, {0.5, 5.0 / 6, 0.5}, {0, 1.0 / 3, 0.5}};
    crystal c = {.lattice = l,
                 .natoms = l == BCC       ? 2
                           : l == DIAMOND ? 8
                                          : 4,
                 .nkinds = l == HCP || l == DIAMOND ? 2 : 1};
    for (int d = 0; d < 3; d++)
        c.edge[d] = a;
    for (int k = 0; k < c.natoms; k++) {
        for (int d = 0; d < 3; d++)
            c.place[k][d] = l == BCC ? 0.5 * k : l == HCP ? close[k][d] : face[k % 4][d] + 0.25 * (k / 4);
        c.kind[k] = l == HCP ? k / 2 : l == DIAMOND ? k / 4 : 0;
    }
    if (l == HCP) {
        c.edge[1] = a * sqrt(3);
        c.edge[2] = a * ratio;
    }
    c.neighbour = a * (l == FCC ? sqrt(0.5) : l == BCC ? sqrt(0.75) : l == DIAMOND ? sqrt(3) / 4 : 1);
    return c;
}

/* The edge at which nearest neighbours have that distance. */
static inline double edge_of(lattice l, double neighbour)
{
    return neighbour / make_crystal(l, 1, sqrt(8.0 / 3)).neighbour;
}

/* Atoms in a cell. */
typedef struct atoms {
    size_t n;
    double cell[9]; /* rows, bohr */
    int pbc[3];
    double *xyz;         /* [n][3] bohr */
    int *species, *kind; /* [n] */
    double *forces;      /* [n][3] room for them */
} atoms;

static inline void free_atoms(atoms *a)
{
    free(a->xyz);
    free(a->species);
    free(a->kind);
    free(a->forces);
    memset(a, 0, sizeof *a);
}

static inline int make_room(atoms *a, size_t n)
{
    a->n = n;
    a->xyz = malloc(3 * n * sizeof *a->xyz);
    a->forces = malloc(3 * n * sizeof *a->forces);
    a->species = malloc(n * sizeof *a->species);
    a->kind = malloc(n * sizeof *a->kind);
    return a->xyz && a->forces && a->species && a->kind ? 0 : -1;
}

/*
 * All atoms of a crystal in the box of three vectors, whole numbers of conventional cells, at right angles or not. The
 * atom at the origin comes first. 0, or -1 where memory is short (release it all the same).
 */
static inline int fill_box(const crystal *c, int box[3][3], int species, atoms *a)
{
    double h[3][3], inverse[3][3];
    int low[3], high[3];
    memset(a, 0, sizeof *a);
    for (int k = 0; k < 3; k++) {
        a->pbc[k] = 1;
        low[k] = high[k] = 0;
        for (int d = 0; d < 3; d++)
            h[k][d] = box[k][d];
    }
    for (int k = 0; k < 3; k++) /* corners of the box */
        for (int d = 0; d < 3; d++) {
            low[d] += box[k][d] < 0 ? box[k][d] : 0;
            high[d] += box[k][d] > 0 ? box[k][d] : 0;
        }
    const double volume = h[0][0] * (h[1][1] * h[2][2] - h[1][2] * h[2][1]) -
                          h[0][1] * (h[1][0] * h[2][2] - h[1][2] * h[2][0]) +
                          h[0][2] * (h[1][0] * h[2][1] - h[1][1] * h[2][0]);
    for (int k = 0; k < 3; k++)
        for (int d = 0; d < 3; d++) {
            const int k1 = (k + 1) % 3, k2 = (k + 2) % 3, d1 = (d + 1) % 3, d2 = (d + 2) % 3;
            inverse[d][k] = (h[k1][d1] * h[k2][d2] - h[k1][d2] * h[k2][d1]) / volume;
            a->cell[3 * k + d] = box[k][d] * c->edge[d];
        }
    if (make_room(a, (size_t)(fabs(volume) + 0.5) * (size_t)c->natoms))
        return -1;
    size_t n = 0;
    for (int pass = 0; pass < 2; pass++) /* the cell at the origin first */
        for (int i = low[0] - 1; i <= high[0]; i++)
            for (int j = low[1] - 1; j <= high[1]; j++)
                for (int k = low[2] - 1; k <= high[2]; k++)
                    for (int p = 0; p < c->natoms && (i || j || k) == pass; p++) {
                        const double x[3] = {i + c->place[p][0], j + c->place[p][1], k + c->place[p][2]};
                        int inside = n < a->n;
                        for (int f = 0; f < 3; f++) {
                            const double part =
                                x[0] * inverse[0][f] + x[1] * inverse[1][f] + x[2] * inverse[2][f];
                            inside = inside && part > -1e-9 && part < 1 - 1e-9;
                        }
                        if (!inside)
                            continue;
                        for (int d = 0; d < 3; d++)
                            a->xyz[3 * n + (size_t)d] = x[d] * c->edge[d];
                        a->species[n] = species;
                        a->kind[n++] = c->kind[p];
                    }
    return n == a->n ? 0 : -1;
}

/* So many conventional cells along each edge. */
static inline int fill_cells(const crystal *c, int along, int species, atoms *a)
{
    int box[3][3] = {{along, 0, 0}, {0, along, 0}, {0, 0, along}};
    return fill_box(c, box, species, a);
}

#endif
