/* Bases of neighbour clouds as eqml-gen writes them, what their code calls, and models over them. */
#ifndef EQML__CLOUD_BASIS_H
#define EQML__CLOUD_BASIS_H
#include "compiler.h"
#include "lanes.h"
#include "layout.h"

/*
 * Invariants of the neighbourhood of an atom. The neighbours of species z at r_j, as seen from the atom, have the moments
 *
 *     A_(z, n, l, m) = sum_j R_n(|r_j|) S_lm(r_j / |r_j|)          n = 1..nmax, m = -l..l
 *
 * with radial functions R_n (see eqml_radial) and real spherical harmonics S_lm, whose squares add up to 2 l + 1. Products
 * of moments are coupled to tensors F, T of angular momentum l; a term is the dot product of two tensors, moments or
 * products, of the same l. Neither are terms formed: the energy of an atom is a quadratic form
 *
 *     E = sum over rows of G_row . (sum over its columns of coefficient G_column)
 *
 * All components lie in slots: 0 holds the constant 1, then come the moments, then the products kernel by kernel.
 */

/* Largest l of moments, and of products (as in the generator). */
enum { EQML__CLOUD_LMAX = 20, EQML__CLOUD_ANGULAR = 40 };

/* slot[target + M] += value * slot[left + m1] * slot[right + m2] */
typedef struct eqml_cloud_constant {
    unsigned char m1, m2, M;
    double value;
} eqml_cloud_constant;

/* Products of the same three angular momenta. */
typedef struct eqml_cloud_kernel {
    unsigned char l1, l2, l;
    int nconstants, first, count; /* first product, how many */
    const eqml_cloud_constant *constants;
} eqml_cloud_kernel;

/* What all centres with so many species around them have in common. */
typedef struct eqml_cloud_program {
    int nspecies, nmoments, nslots, nkernels, nproducts, nrows, nterms;
    const unsigned short (
        *moments)[4]; /* [nmoments] species (place among the neighbours), l, n, first slot; sorted */
    const eqml_cloud_kernel *kernels;    /* [nkernels] */
    const unsigned short (*products)[3]; /* [nproducts] first slots of left, right, target */
    const unsigned short (*rows)[3];     /* [nrows] first slot, l, columns */
    const unsigned short *columns;       /* [nterms] first slots; terms are numbered so */
    /* All products from the moments; and back: adjoints a of the slots, to which those of operands are added. */
    void (*forward_lanes)(eqml_lanes *s);
    void (*reverse_lanes)(const eqml_lanes *s, eqml_lanes *a);
    void (*forward_floats)(eqml_floats *s);
    void (*reverse_floats)(const eqml_floats *s, eqml_floats *a);
} eqml_cloud_program;

typedef struct eqml_cloud_centre {
    int species, nneighbours;
    const unsigned char *neighbours; /* [nneighbours] species */
    const eqml_cloud_program *program;
    int first; /* of its coefficients */
} eqml_cloud_centre;

typedef struct eqml_cloud_basis {
    const char *name, *environment, *species; /* species: "W H He", in the order of their numbers */
    int order, nmax, lmax, nspecies, ncentres, nterms;
    const eqml_cloud_centre *centres; /* [ncentres] */
} eqml_cloud_basis;

/*
 * The radial functions R_n(r) = (1 - (r / cutoff)^2)^3 g_n(r), n = 1.., zero beyond the cutoff, where value and first two
 * derivatives vanish, whatever g_n is:
 *
 *   Chebyshev  g_n = T_(n-1)(x), the Chebyshev polynomials in
 *
 *                  x = 2 (y(r) - y(cutoff)) / (1 - y(cutoff)) - 1,   y = 1 / (1 + a s^4 / (1 + s^2)),   s = r / range, a = 10 / 13
 *
 *              which falls from 1 at r = 0 to -1 at the cutoff, steepest near r = range: there the functions resolve most, so
 *              range should be a distance of nearest neighbours. Witt et al., J. Chem. Phys. 159, 164101 (2023), with p = 2, q = 4.
 *   Bessel     g_n = sin(n pi r / cutoff) / (pi r / cutoff), the spherical Bessel functions j_0 with n zeros up to the
 *              cutoff, as in Gasteiger, Gross, Guennemann, ICLR 2020 (arXiv:2003.03123). They have no range.
 *   own        g_n and its slope from a function of the user.
 */
typedef enum eqml_radial_kind { EQML_RADIAL_CHEBYSHEV, EQML_RADIAL_BESSEL, EQML_RADIAL_OWN } eqml_radial_kind;

/* Largest nmax (as in the generator). */
enum { EQML__CLOUD_NMAX = 100 };

/*
 * value[n-1] <- g_n(r) and slope[n-1] <- dg_n/dr, n = 1..nmax, with two continuous derivatives for 0 < r < cutoff, bohr. It
 * is called for each neighbour, by several threads at once where there are several, and must give the same each time.
 */
typedef void (*eqml_radial_function)(const void *context, int nmax, double r, double *value, double *slope);

typedef struct eqml_radial {
    double cutoff, range;          /* bohr; range: of Chebyshev functions alone */
    eqml_radial_kind kind;         /* 0: Chebyshev */
    eqml_radial_function function; /* own ones; else not looked at */
    const void *context;           /* handed on to it; may be NULL */
} eqml_radial;

/*
 * A pair potential of two species beneath the fit: screened charges, and a polynomial that takes their value and two
 * derivatives to zero at `outer`,
 *
 *     V(r) = sum_k amplitude_k exp(-rate_k r) / r + constant + cubic t^3 + quartic t^4,     t = max(r - inner, 0)
 */
typedef struct eqml_pair_reference {
    double inner, outer;             /* bohr; outer 0: no potential */
    double amplitude[4];             /* hartree bohr */
    double rate[4];                  /* 1/bohr */
    double constant, cubic, quartic; /* hartree, over bohr^3, over bohr^4 */
} eqml_pair_reference;

typedef struct eqml_cloud_model {
    const eqml_cloud_basis *basis;
    eqml_radial radial;
    const double *coefficients; /* [basis->nterms] hartree */
    const double *atoms;        /* [basis->nspecies] energies of atoms without neighbours, hartree; NULL: 0 */
    const eqml_pair_reference *pairs; /* [eqml_pair of the last two species + 1], added; NULL: none */
} eqml_cloud_model;

#endif /* EQML__CLOUD_BASIS_H */
