/* What a user of a potential checks first: the parts of `make properties`. Bohr, hartree inside. */
#ifndef PROPERTIES_H
#define PROPERTIES_H
#include "common/crystal.h"
#include "common/loaded.h"

#define ANGSTROM (1 / 0.529177210903) /* bohr; CODATA 2018 */
#define EV (1 / 27.211386245988)      /* hartree */
#define GPA (1 / 29421.015697)        /* hartree/bohr^3 */
#define J_PER_M2 (EV / (ANGSTROM * ANGSTROM) / 16.02176634)
#define THZ (1 / 6579.683920502) /* hartree over h */

enum { SURFACES = 3, POINTS = 4, MODES = 6, CURVE = 61, BANDS = 81 };

typedef struct problem {
    loaded potential;
    int species;
    double mass;     /* electron masses; 0: not known */
    double distance; /* of nearest neighbours, about */
} problem;

typedef struct results {
    crystal crystal;
    double energy[LATTICES], edge[LATTICES], ratio; /* of an atom, at its minimum; NaN: none; c/a of hcp */
    double elastic[6][6];                           /* internal strain relaxed */
    double elastic_clamped[6][6];
    double bulk, vacancy, vacancy_unrelaxed;
    int vacancy_atoms;
    double surface[SURFACES], surface_unrelaxed[SURFACES];
    double frequency[POINTS][MODES];                         /* imaginary ones negative */
    double curve_x[LATTICES][CURVE], curve[LATTICES][CURVE]; /* volume and energy of an atom */
    double dimer_x[CURVE], dimer[CURVE];
    double band[2][BANDS][MODES];
} results;

/* Energy, and where wanted forces a->forces and virial[6]; nonzero after a message. */
int evaluate_atoms(const problem *p, atoms *a, double *energy, int forces, double *virial);

/* Moves the atoms in their cell until no force is above 1e-4 eV/angstrom; nonzero after a message. */
int relax(const problem *p, atoms *a, double *energy);

/* Each fills in its part of the results; nonzero after a message. */
int find_crystals(const problem *p, int wanted,
                  results *r); /* wanted: a lattice, or -1: that of least energy */
int find_elastic(const problem *p, results *r);
int find_vacancy(const problem *p, results *r);
int find_surfaces(const problem *p, results *r);
int find_phonons(const problem *p, results *r);
int find_dimer(const problem *p, results *r);

/* Names of surfaces, of points of the Brillouin zone; the latter in units of 2 pi over the edges. */
const char *surface_name(lattice l, int k);
const char *point_name(lattice l, int k); /* NULL: there is none */
const double *point_place(lattice l, int k);

/* Pictures into a folder; nonzero after a message. */
int draw_results(const char *directory, const problem *p, const results *r);
#endif
