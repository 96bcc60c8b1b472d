/* Bases as eqml-gen writes them, what their code calls, and models: the layout that headers are checked against. */
#ifndef EQML__BASIS_H
#define EQML__BASIS_H
#include "compiler.h"
#include "lanes.h"
#include "layout.h"

/* In generated code: a number added to a T. */
#define EQML_ADD(number, x) ((number) + (x))

/*
 * In generated code: both sweeps from their parts. Covariants are followed by their contractions, the
 * factors, and these by products of factors; and back.
 */
#define EQML_SWEEPS(NAME, SUFFIX, T, NUMBER)                                                                 \
    EQML_FUNCTION void NAME##_forward_##SUFFIX(int groups, T *const *s, const NUMBER *offset)                \
    {                                                                                                        \
        NAME##_covariants_##SUFFIX(groups, s, offset);                                                       \
        NAME##_contract_##SUFFIX(groups, s, offset);                                                         \
        NAME##_products_##SUFFIX(groups, s, offset);                                                         \
    }                                                                                                        \
    EQML_FUNCTION void NAME##_reverse_##SUFFIX(int groups, T *const *s, T *const *a, const NUMBER *linear,   \
                                               T *energy)                                                    \
    {                                                                                                        \
        NAME##_products_back_##SUFFIX(groups, s, a, linear, energy);                                         \
        NAME##_gather_##SUFFIX(groups, s, a, linear, energy);                                                \
        NAME##_covariants_back_##SUFFIX(groups, s, a, linear, energy);                                       \
    }

/*
 * The products of four factors `row` stand side by side, as ntiles tiles: with the four factors from
 * `first` on, a multiple of four, as far as their bits are set in `columns`. A tile has sixteen
 * coefficients, row after row, zero where there is no term.
 */
typedef struct eqml_rows {
    unsigned short row[4], ntiles;
} eqml_rows;
typedef struct eqml_tile {
    unsigned short first, columns;
} eqml_tile;

/*
 * Where the elements of the covariants over one set of pairs stand, as a matrix between two lists of atoms.
 * Those of a covariant lie side by side, followed by a zero.
 */
typedef struct eqml_matrix {
    unsigned short nrows, ncolumns, none; /* none: the place of the zero */
    const unsigned short *at;             /* [nrows][ncolumns] the element, or none */
    /* The elements once each, as runs of neighbours in one row: row, first column, first element, number. A
     * symmetric matrix has those above its diagonal. Only where a kernel needs them. */
    unsigned short symmetric, nruns;
    const unsigned short (*runs)[4];
} eqml_matrix;

/* Components of a tensor: x y z, or xx xy xz yy yz zz. */
#define EQML_COMPONENTS(kind) ((kind) == EQML_DIPOLE ? 3 : 6)

/*
 * A basis for a tensor, as a sum of products f_a D_v of an invariant factor and a tensor factor.
 *
 *     dipole           d = Q R + sum_i w_i (r_i - R)                    w_i: of atoms, R the centre of the reference atoms
 *     quadrupole       Theta = sum_p w_p (3 r_p r_p^T - r_p^2 1) / 2    w_p: of pairs of atoms, r_p = r_i - r_j
 *     polarizability   alpha = sum_p w_p r_p r_p^T + w_0 1
 *
 * Tensor factors D_v are sums of slots times what atoms or pairs carry, or products of a factor and another
 * tensor factor. Slots past those of the potential are computed by operations of their own.
 */
typedef struct eqml_tensor_basis {
    eqml_tensor kind;
    int degree, nterms, nvectors, ngenerators;
    int nslots, noperations, nelements, nproducts, nruns, nrows, ntiles, nreference;
    const unsigned short (*operations)[3]; /* [noperations] target, left, right */
    const unsigned short (*elements)[3]; /* [nelements] vector, slot, atom or pair; npairs: the unit tensor */
    const unsigned short (*products)[3]; /* [nproducts] vector, factor, source */
    const unsigned short (*runs)[3];     /* [nruns] vector, first factor, number of factors */
    const eqml_rows *rows;               /* [nrows] vectors, nvectors where unused */
    const eqml_tile *tiles;              /* [ntiles] */
    const unsigned short *reference;     /* [nreference] atoms */
    void (*forward_one)(double *slots);  /* the operations as code, or 0 */
    void (*forward_lanes)(eqml_lanes *slots);
    void (*reverse_lanes)(const eqml_lanes *slots, eqml_lanes *adjoints); /* back to the pair variables */
    void (*charges_one)(const double *slots, double *weights, double *charges); /* products, elements */
    void (*charges_lanes)(const eqml_lanes *slots, eqml_lanes *weights, eqml_lanes *charges);
} eqml_tensor_basis;

/*
 * Slots of numbers hold the pair variables [npairs], intermediate values, and from factor0 on the factors.
 * The factors follow from the variables by operations slot[target] += slot[left] * slot[right].
 */
typedef struct eqml_basis {
    const char *name, *composition, *symbols; /* symbols: "H H H H C" */
    int natoms, npairs, npair_classes, degree;
    int nterms, nfactors, ncore;
    int nslots, factor0, noperations, nruns, nrows, ntiles;
    const unsigned short (*pairs)[2];      /* [npairs] atoms */
    const unsigned short *pair_classes;    /* [npairs] */
    const unsigned short *atom_classes;    /* [natoms] */
    const unsigned short (*operations)[3]; /* [noperations] target, left, right */
    const unsigned short (*runs)[3];       /* [nruns] factor, first factor, number of factors */
    const eqml_rows *rows;                 /* [nrows] */
    const eqml_tile *tiles;                /* [ntiles] */
    const unsigned char *degrees;          /* [nfactors] */
    /* The operations as code, or 0, each for some groups of numbers: slots[group], adjoints[group],
     * energy[group]. */
    void (*forward_one)(int groups, double *const *slots, const double *offset);
    void (*reverse_one)(int groups, double *const *slots, double *const *adjoints, const double *linear,
                        double *energy);
    void (*forward_lanes)(int groups, eqml_lanes *const *slots, const double *offset);
    void (*reverse_lanes)(int groups, eqml_lanes *const *slots, eqml_lanes *const *adjoints,
                          const double *linear, eqml_lanes *energy);
    const eqml_tensor_basis *tensors[EQML_TENSORS]; /* 0: none */
    const unsigned char
        *is_term; /* [nfactors] 0 for a factor that only occurs in products; or 0: all are terms */
    void (*forward_floats)(int groups, eqml_floats *const *slots, const float *offset);
    void (*reverse_floats)(int groups, eqml_floats *const *slots, eqml_floats *const *adjoints,
                           const float *linear, eqml_floats *energy);
    /* The code finds no value of factors from nvalues on, which occur in no product. Their part in the
     * energy, without the offsets, is added by the reverse sweep on its way, or by these where there is
     * none. */
    int nvalues;
    void (*linear_one)(int groups, double *const *slots, const double *linear, double *energy);
    void (*linear_lanes)(int groups, eqml_lanes *const *slots, const double *linear, eqml_lanes *energy);
    void (*linear_floats)(int groups, eqml_floats *const *slots, const float *linear, eqml_floats *energy);
} eqml_basis;

/* ---- the model ---------------------------------------------------------------------------------------- */

typedef enum eqml_kind {
    EQML_MORSE,      /* exp(-r/a) */
    EQML_INVERSE,    /* 1/r */
    EQML_EXP_OVER_R, /* exp(-r/a)/r */
    EQML_POWER,      /* r^a, a a whole number from -12 to 12 other than 0 */
    EQML_USER        /* a function of the caller's */
} eqml_kind;

/* The pair variable of one class of pairs, before it is centred. A user's function gives y, dy/dr and d2y/dr2 at a distance r
 * > 0 (bohr); it must be thread-safe if the model is shared by threads. */
typedef struct eqml_variable {
    eqml_kind kind;
    double range; /* a: bohr, negative for a Morse variable that grows; or the exponent of a power */
    void (*function)(double r, const void *data, double y[3]);
    const void *data;
} eqml_variable;

/*
 * What a surface is outside of its data. Inside is where the leverage is at most 1: the square of the distance from the
 * mean of the training geometries, in the space of a few factors of low degree (features), in units in which the
 * training geometries spread alike in all directions (P. C. Mahalanobis, 1936), over a limit.
 *
 *     leverage  h = |W (f - mean)|^2                    W: lower triangle
 *     energy    V inside; beyond, U + (1 - s) z         s goes from 0 to 1 between h = 1 and h = outside, as
 *     wall      U = base + height sqrt(h)               t^3 (10 - 15 t + 6 t^2)
 *     rest      z = (V - U) / (1 + k^2 (V - U)^2)^(1/2), k = 10 s / height: deep holes end early
 *
 * So energies are the fitted ones to the bit inside, and have two continuous derivatives everywhere.
 */
enum { EQML_WALL_FEATURES = 64 }; /* at most */
typedef struct eqml_wall {
    int nfeatures;
    const unsigned short *features; /* [nfeatures] factors */
    const double *means;            /* [nfeatures] */
    const double *whiten;           /* [nfeatures][EQML_ROUND(nfeatures)] W, column after column */
    const double *edges;            /* [3] outside, above 1; base and height, hartree */
} eqml_wall;

/*
 * A fitted potential. All arrays belong to the caller and are only read: a model may be shared by threads.
 * V = sum_k linear[k] f_k + sum over products, in variables y = xi(r) - centre; each factor f_k is shifted by offset[k] when it is computed.
 */
typedef struct eqml_model {
    const eqml_basis *basis;
    const eqml_variable *variables;      /* [npair_classes] */
    const double *centres;               /* [EQML_ROUND(npairs)] subtracted from the variable of each pair */
    const double *rates;                 /* [EQML_ROUND(npairs)] -1/range of each pair, 0 past the last */
    const double *offset;                /* [nfactors] */
    const double *linear;                /* [nfactors] */
    const double *packed;                /* [ntiles][4][4] coefficients of products */
    const double *tensors[EQML_TENSORS]; /* [ntiles of the tensor][4][4], 0 where there is none */
    double charge;                       /* total charge, in the dipole */
    const float *offset_float, *linear_float, *packed_float; /* the same, rounded, for batches in float */
    const eqml_wall *wall;                                   /* 0: none */
} eqml_model;

/* Room for one evaluation, in doubles; 64-byte alignment is fastest. */
#define EQML_WORK_ONE(nslots, npairs)                                                                        \
    (3 * EQML_ROUND(nslots) + 6 * EQML_ROUND(npairs) +                                                       \
     4 * EQML_ROUND((npairs) + 1)) /* atoms are at most one more than pairs */

#endif /* EQML__BASIS_H */
