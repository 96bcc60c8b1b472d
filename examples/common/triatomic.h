/*
 * Rovibrational states of triatomic molecules, with the exact kinetic energy.
 *
 * Two orthogonal vectors and the angle between them. About an apex A with ends B and C these are Radau's vectors (R. Radau, Ann.
 * Sci. Ec. Norm. Super. 5, 311 (1868); F. T. Smith, Phys. Rev. Lett. 45, 1157 (1980)), which begin at one point near A, and
 * whose masses are those of the ends; or Jacobi's: from B to C, and from the centre of mass of these to A. In both,
 * kinetic energy has no products of momenta of different vectors, and with z along the first vector (J. Tennyson, B. T.
 * Sutcliffe, J. Chem. Phys. 77, 4061 (1982))
 *
 *     H = -1/(2 m1) d2/dx1^2 - 1/(2 m2) d2/dx2^2 + (b1 + b2) l^2 + b1 (J (J + 1) - 2 K^2) + V,   bi = 1/(2 mi xi^2),
 *     <K l|H|K+1 l> = -b1 (J (J + 1) - K (K + 1))^(1/2) (l (l + 1) - K (K + 1))^(1/2),
 *
 * times 2^(1/2) for K = 0; functions have the weight dx1 dx2 d(cos angle), and l is the angular momentum of the second vector.
 * What else is exact: parity, and, where B and C are alike, their exchange: in Radau's vectors for J = 0, in Jacobi's for all
 * J by even and odd l.
 *
 * Each distance has a potential-optimised DVR (J. Echave, D. C. Clary, Chem. Phys. Lett. 190, 225 (1992); H. Wei, T. Carrington,
 * J. Chem. Phys. 97, 3029 (1992)): eigenfunctions of the motion along it, in the lowest potential over the others, on a fine grid
 * (D. T. Colbert, W. H. Miller, J. Chem. Phys. 96, 1982 (1992)); their points diagonalise x. At each pair of points the bend is
 * solved in associated Legendre functions, and what lies below an energy makes up the basis (Z. Bacic, J. C. Light, J. Chem.
 * Phys. 85, 4594 (1986)). States of J > 0 are combinations of the lowest states of each K (J. Tennyson, B. T. Sutcliffe, Mol.
 * Phys. 58, 1067 (1986)). All is variational but the quadrature over points.
 *
 * Hartree, bohr, electron masses.
 */
#ifndef EXAMPLES_TRIATOMIC_H
#define EXAMPLES_TRIATOMIC_H
#include <stddef.h>

typedef enum triatomic_vectors { TRIATOMIC_RADAU, TRIATOMIC_JACOBI } triatomic_vectors;

/* What a potential says; thread-safe it need not be. energy[n] <- at xyz[n][3 atoms][3], hartree; infinite where there is none. */
typedef struct triatomic_potential {
    void (*energies)(void *context, size_t n, const double *xyz, double *energy);
    void *context;
    double minimum; /* the energy that all others are counted from */
} triatomic_potential;

typedef struct triatomic_options {
    triatomic_vectors vectors;
    int apex; /* the atom A: 0, 1 or 2 */
    int alike; /* the ends are alike: their exchange is a symmetry of the potential, and their masses are equal */
    int points;  /* of each distance */
    int angular; /* Legendre functions l < angular; the quadrature has a quarter more points */
    double cut;  /* bending states up to here are in the basis */
    double cap;  /* the potential is at most this: energies beyond do not matter */
    double mass[3];
} triatomic_options;

typedef struct triatomic {
    triatomic_options o;
    int end[2];            /* B and C */
    double reduced[2];     /* m1, m2 */
    int n, nq;             /* points of each distance; of the angle */
    double *x[2];          /* [n] */
    double *kinetic[2];    /* [n][n] */
    double *cosine, *root; /* [nq] of the angle, and the square root of its weight */
    double *potential;     /* [n][n][nq], above the minimum */
    int npairs;            /* of points that count: those with some potential below the cut */
    int (*pair)[2];        /* [npairs] */
    int *place;            /* [n][n] of the pair, or -1 */
    size_t holes;          /* points where the potential is below the minimum by more than 1e-4 */
    double hole[9];        /* the lowest of them */
} triatomic;

/* Some states of one K and one symmetry. */
typedef struct triatomic_states {
    int K, first, step; /* angular functions are l = first, first + step, ... */
    int nl;             /* how many */
    size_t n;           /* states */
    size_t size;        /* of the basis they were found in */
    double *value;      /* [n] above the minimum */
    double *vector;     /* [n][npairs][nl] */
} triatomic_states;

/*
 * Grids and potential about the geometry xyz[3][3], in the valley of whose minimum the molecule is. 0, or a message: static text.
 * Release with triatomic_free, also after a failure.
 */
const char *triatomic_begin(const triatomic_options *o, const triatomic_potential *v, const double *xyz,
                            triatomic *t);
void triatomic_free(triatomic *t);

/*
 * The `count` lowest states of a K, with the terms of J = K that are diagonal in K. parity of l (Jacobi): 1 even, -1 odd, 0 both.
 * exchange (Radau, K = 0 only): 1, -1, or 0: both. Fewer where the basis is smaller. 0, or a message.
 */
const char *triatomic_solve(const triatomic *t, int K, int parity, int exchange, size_t count,
                            triatomic_states *s);
void triatomic_states_free(triatomic_states *s);

/* The energies[size] of J from the states of each K[lowest..J]; lowest is 0, or 1 in the block that K = 0 does not belong to.
 * *size <- how many; the caller frees *energy. Unless NULL, *vector <- [size][size] rows of their states in those of each K, one K behind
 * the other, also to be freed. */
const char *triatomic_couple(const triatomic *t, int J, int lowest, const triatomic_states *of_K,
                             double **energy, double **vector, size_t *size);

/* <i|f|j> over all points, f[npairs][nq]; the two sets may have other symmetries, and another K. */
double triatomic_element(const triatomic *t, const triatomic_states *a, size_t i, const triatomic_states *b,
                         size_t j, const double *f);

/* xyz[3][3] of a point in the plane y = 0. */
void triatomic_place(const triatomic *t, double x1, double x2, double cosine, double *xyz);

/* The two distances and the cosine at xyz[3][3]. */
void triatomic_coordinates(const triatomic *t, const double *xyz, double *x, double *cosine);

#endif
