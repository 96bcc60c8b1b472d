/* Fits of surfaces to data, and their errors. */
#ifndef EQML__FIT_H
#define EQML__FIT_H
#include "surface.h"
#include "data.h"
#include "lsq.h"

/* A potential as a C function: the energy (hartree) at xyz[natoms][3] (bohr), and its gradient[natoms][3]. */
typedef double (*eqml_potential)(void *context, const double *xyz, double *gradient);

/* Zero in every field means the default. */
typedef struct eqml_fit_options {
    double gradient_weight; /* W of gradients against energies; 0: 1 */
    int energies_only;      /* nonzero: gradients are not used */
    double ridge;           /* see eqml_lsq_options */
    double energy_weight; /* E0 > 0: a geometry has the weight E0 / (E0 + E - Emin), hartree; 0: 1 for all */
    const unsigned char *use; /* [data->n] nonzero for geometries to train on; null: all */
    void (*progress)(void *context, size_t done, size_t total); /* training geometries; null: none */
    void *context;
    eqml_potential reference; /* energies: what is fitted is the difference to this; null: to nothing */
    void *reference_context;
} eqml_fit_options;

typedef struct eqml_fit_result {
    size_t geometries, rows; /* that were used */
    int terms, rank;
    double condition;   /* of the column-scaled problem */
    int constant_pairs; /* classes of pairs whose distances do not vary, see eqml_constant_pairs */
} eqml_fit_result;

EQML_API eqml_status eqml_fit(eqml_surface *surface, const eqml_data *data, const eqml_fit_options *options,
                              eqml_fit_result *result, eqml_message *message);
/*
 * Weighted linear least squares: minimises, over the geometries with an energy in use,
 *
 *     sum_g w_g ( (V_g - E_g)^2 + W |grad V_g - G_g|^2 )        in hartree and hartree/bohr,
 *
 * for a surface made by eqml_surface_create; data in the atom order of the basis. Each factor is first
 * shifted to mean 0 over the training geometries, which leaves the span of a complete basis as it is and
 * improves its condition by powers of ten. Where some factors are not terms (a basis of eqml-gen --terms
 * purified or no-intramolecular) nothing is shifted, so that V vanishes where it must, and the energies are
 * fitted as they are: give them relative to what is left out. Gradients enter along an orthonormal basis of
 * the displacements that are neither translation nor rotation: the others say nothing about V. Rows are
 * streamed (eqml_lsq): memory grows with the square of the terms only, and all of it that does is taken before
 * the first row. result and message may be null. Not thread-safe on one surface. EQML_ERROR_EMPTY: no geometry to train on. EQML_ERROR_MATCH: data of another
 * number of atoms.
 *
 * Distances that do not vary in the data but for their digits (rigid monomers, constrained scans, one
 * geometry) are taken as constant: see eqml_constant_pairs. Terms that only they could tell apart take no
 * part, whatever the digits, and of the surfaces that fit the data the one of least norm is taken. It says
 * nothing about how these bonds stretch, unless gradients do.
 */

EQML_API int eqml_constant_pairs(const eqml_basis *basis, const eqml_data *data, const unsigned char *use,
                                 double *distance);
/*
 * distance[npair_classes] <- the mean distance (bohr) of a class all of whose pairs are constant, 0 for the
 * others; returns how many classes are constant. A pair of atoms is constant if its distance varies, over the
 * geometries with use[g] nonzero (null: all), by at most 1e-5 of its mean: 6 decimals in angstrom are enough
 * to be recognised.
 */

EQML_API size_t eqml_fit_memory(const eqml_basis *basis, const eqml_fit_options *options);
/* Bytes that a fit over this basis takes besides data and surface, of the energy or of that tensor which has
 * the most terms: known before there are data, and right but for a few vectors. A reference potential takes as
 * much as energies and gradients of the data besides. options may be null. */

EQML_API eqml_status eqml_fit_tensor(eqml_surface *surface, eqml_tensor kind, const eqml_data *data,
                                     double charge, const eqml_fit_options *options, eqml_fit_result *result,
                                     eqml_message *message);
/*
 * The same for a tensor, over the geometries in use that have it: minimises sum_g w_g |T_g - D_g|^2, the sum
 * of the squares of all components (nine for rank 2, in e*bohr, e*bohr^2 or bohr^3); of the options,
 * gradients play no part. The shift of the factors is that of eqml_fit if it went before; fitting energies
 * later keeps it.
 *
 * Dipoles have the total charge (a whole number of e) exact by construction. Quadrupoles are fitted about R,
 * the centre of the smallest class of atoms; those of the data are about the origin of their coordinates, and
 * are moved from there with the charge and the geometry's dipole: Theta - 3/2 (R d^T + d R^T) + R.d 1 + Q (3
 * R R^T - R^2 1) / 2.
 *
 * EQML_ERROR_ARGUMENT: the basis has no such tensor, or the charge is not whole. EQML_ERROR_EMPTY: no
 * geometry to train on. EQML_ERROR_VALUE: a quadrupole about another point than R, and no dipole to move it.
 */

typedef struct eqml_errors {
    size_t energies, gradients, tensors[EQML_TENSORS]; /* geometries that have them */
    double rmse_energy, rmse_gradient;                 /* hartree; hartree/bohr for each component */
    double max_energy;                                 /* largest error of an energy */
    size_t worst;                                      /* the geometry that has it */
    double rmse_tensor[EQML_TENSORS],
        rms_tensor[EQML_TENSORS]; /* for each of the 3 or 9 components: error, and
                                                            * the data themselves, quadrupoles about R */
} eqml_errors;

EQML_API eqml_status eqml_surface_errors(const eqml_surface *surface, const eqml_data *data,
                                         const unsigned char *use, eqml_errors *errors);
/* Root mean square errors over the geometries with use[g] nonzero, or all where use is null. */

EQML_API eqml_status eqml_potential_errors(eqml_potential potential, void *context, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors);
/*
 * The same of any potential: of a sum of surfaces, for one. With options.reference, eqml_fit() fits the
 * difference of the data to a reference, a cheaper method or a surface that exists (delta learning [1]); the
 * weights of geometries are still those of the whole energy. The potential is then the sum, for example
 *
 *     typedef struct corrected { const eqml_model *model; } corrected;
 *     double corrected_energy(void *context, const double *xyz, double *gradient)
 *     {
 *         double part[3 * ch4_NATOMS], v = reference(NULL, xyz, gradient);
 *         v += ch4_model_energy_gradient(((corrected *)context)->model, xyz, part);
 *         for (int k = 0; k < 3 * ch4_NATOMS; k++)
 *             gradient[k] += part[k];
 *         return v;
 *     }
 *
 * and any number of surfaces add up likewise.
 *
 * [1] Nandi, Qu, Houston, Conte, Bowman, J. Chem. Phys. 154, 051102 (2021).
 */

#endif /* EQML__FIT_H */
