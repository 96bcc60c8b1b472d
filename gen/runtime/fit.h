/* Fits of surfaces to data, and their errors. */
#ifndef EQML__FIT_H
#define EQML__FIT_H
#include "surface.h"
#include "data.h"
#include "lsq.h"
#include "team.h"

/*
 * A potential as a C function: returns the energy (hartree) at xyz[natoms][3] (bohr), writes
 * gradient[natoms][3].
 */
typedef double (*eqml_potential)(void *context, const double *xyz, double *gradient);

/* What a fit may be told. Zero in every field is the default. */
typedef struct eqml_fit_options {
    double gradient_weight;   /* W of gradients against energies; 0: 1 */
    int energies_only;        /* nonzero: gradients are not used */
    double ridge;             /* see eqml_lsq_options */
    double energy_weight;     /* E0, hartree: a geometry has the weight E0 / (E0 + E - Emin); 0: all have 1 */
    const unsigned char *use; /* [data->n] nonzero: train on this geometry; NULL: on all */
    void (*progress)(void *context, size_t done, size_t total); /* told now and then; NULL: nobody */
    void *context;
    eqml_potential reference; /* energies are fitted as the difference to this potential; NULL: as they are */
    void *reference_context;
    const double
        *weights; /* [data->n] further weights of geometries, times those above; one of weight 0 takes no
                              part; NULL: all have 1 */
    const char *checkpoint;    /* a file that keeps what is done, see eqml_fit(); NULL: none */
    double checkpoint_seconds; /* it is written that often; 0: 60; negative: as often as progress is told */
    const eqml_team *team;     /* processes that fit together, see eqml_fit(); NULL: this one alone */
    const eqml_solver *solver; /* solves for the energies, in all processes; NULL: eqml_lsq */
} eqml_fit_options;

typedef struct eqml_fit_result {
    size_t geometries, rows; /* that were used */
    int terms, rank;
    double condition;   /* of the column-scaled problem */
    int constant_pairs; /* classes of pairs whose distances do not vary, see eqml_constant_pairs */
    size_t resumed;     /* geometries whose rows came from the checkpoint */
} eqml_fit_result;

EQML_API eqml_status eqml_fit(eqml_surface *surface, const eqml_data *data, const eqml_fit_options *options,
                              eqml_fit_result *result, eqml_message *message);
/*
 * Fits a surface to energies and gradients by weighted linear least squares. Over the geometries in use that
 * have an energy it minimises
 *
 *     sum_g w_g ( (V_g - E_g)^2 + W |grad V_g - G_g|^2 )        in hartree and hartree/bohr,
 *
 * where w_g is the product of the weight by energy and of options.weights[g].
 *
 * The surface comes from eqml_surface_create(); the data are in the atom order of its basis. options, result
 * and message may be NULL. One surface may be fitted by one thread at a time.
 *
 * Shifts. The variable of each class of pairs is first centred on its mean over the training geometries, and then
 * each factor is shifted to mean 0. A complete basis spans the same space after that, and its condition improves
 * by powers of ten. Where some factors are not terms
 * (eqml-gen --terms purified or no-intramolecular) nothing is shifted, so that V vanishes where it must; the
 * energies are then fitted as they are, so give them relative to what is left out.
 *
 * Gradients enter along an orthonormal basis of the displacements that are neither translation nor rotation,
 * because the others say nothing about V.
 *
 * Constant distances, which vary in the data only in their last digits (rigid monomers, constrained scans, a
 * single geometry), are taken as constant; eqml_constant_pairs() names them. Terms that only they could tell
 * apart take no part, whatever the digits, and of all surfaces that fit the data the one of least norm is
 * taken. Unless gradients do, nothing says how such bonds stretch.
 *
 * Memory grows with the square of the number of terms, and not with the data: rows are streamed (eqml_lsq).
 * All that grows so is taken before the first row. With -fopenmp all threads make rows and fold them; the result is
 * that of one thread, to the bit.
 *
 * Checkpoint. With options.checkpoint the triangle is written to that file (see eqml_lsq_save()) every minute, or so
 * seldom that writing takes a twentieth of the time, and at the end, where it stays. If there is such a file already,
 * its geometries must be the first of those to train on, to the bit, with the same basis, variables, and weights;
 * the rows of the others are added. So
 *
 *     a fit that was stopped goes on where it was, and gives the same bits as one that was not,
 *     new data behind the old ones cost only the new rows; centres, shifts, and the lowest energy, to which weights
 *     refer, remain those of the old data,
 *     another ridge costs only the solution.
 *
 * Every other file is refused: EQML_ERROR_MATCH, it belongs to another fit, or what was constant, or lowest, in its
 * data is so no longer; EQML_ERROR_FORMAT, it is damaged; EQML_ERROR_FILE. Remove it to begin anew. A user's function
 * (EQML_USER) cannot be told from another one. Fits of tensors, which take little, keep no checkpoint.
 *
 * Several processes. With options.team all of them call eqml_fit(), or eqml_fit_tensor(), with the same surface, data and
 * options. Each makes and folds the rows of every team.size-th geometry; the triangles are gathered as eqml_lsq_gather()
 * does it, rank 0 solves, and all receive the surface, the same to the bit; with other numbers of processes it is the same up to
 * rounding. Rank 0 alone needs the memory of the solution, and reads and writes the checkpoint, which may be one of any number
 * of processes. For it the triangles are gathered then and there, so that how often it was written changes the result in its
 * rounding; it is written at most about a hundred times. Where one fails, all return its status and its message, which names
 * its rank.
 *
 * With options.solver a fit of energies holds no triangle, takes no checkpoint, and is no eqml_problem (EQML_ERROR_ARGUMENT).
 *
 * EQML_ERROR_EMPTY: no geometry to train on. EQML_ERROR_MATCH: the data have another number of atoms, or are not those of
 * rank 0. EQML_ERROR_ARGUMENT: a weight or ridge that is negative or not finite. EQML_ERROR_VALUE: a number of the data is not finite.
 */

EQML_API eqml_status eqml_fit_tensor(eqml_surface *surface, eqml_tensor kind, const eqml_data *data,
                                     double charge, const eqml_fit_options *options, eqml_fit_result *result,
                                     eqml_message *message);
/*
 * Fits a tensor of a surface. Over the geometries in use that have the tensor it minimises sum_g w_g |T_g -
 * D_g|^2, where the square is summed over all components: three, or nine for rank two, in e*bohr, e*bohr^2 or
 * bohr^3. Options on gradients, reference and progress play no part. If eqml_fit() went before, its shifts of
 * the factors are kept; otherwise those found here are kept by later fits.
 *
 * Dipoles have the total charge, a whole number of e, exactly by construction. Quadrupoles are fitted about
 * R, the centre of the smallest class of atoms. Those of the data are about the origin of their coordinates;
 * the charge and the dipole d of the geometry move them to Theta - 3/2 (R d^T + d R^T) + R.d 1 + Q (3 R R^T -
 * R^2 1) / 2.
 *
 * EQML_ERROR_ARGUMENT: the basis has no such tensor, or the charge is not whole. EQML_ERROR_EMPTY: no
 * geometry to train on. EQML_ERROR_VALUE: a quadrupole about another point than R has no dipole to move it.
 */

/* What a wall may be told. Zero in a field is its default. */
typedef struct eqml_wall_options {
    double width; /* the leverage where the wall begins, over the largest of the training geometries; 0: 4 */
    double outside; /* the leverage, from there, where nothing of the fitted energy is left; 0: 2 */
    int degree;     /* of the features; one less where they are more than EQML_WALL_FEATURES; 0: 2 */
} eqml_wall_options;

EQML_API eqml_status eqml_surface_set_wall(eqml_surface *surface, const eqml_data *data,
                                           const unsigned char *use, const eqml_wall_options *options,
                                           eqml_message *message);
/*
 * Gives a fitted surface a wall (eqml_wall) around the geometries with use[g] nonzero (NULL: all) that have an energy;
 * one that it had is replaced. All functions of the surface respect it. Features are the factors up to
 * options.degree; base and height are the least energy of the data and the range of all. A later fit of the surface needs a
 * new wall. A subset has none of its own; another basis takes it over (eqml_surface_rebase).
 *
 * Ranges of pair distances would be cheaper, and do not do: of the holes of methane (degree 6, Morse variables of 2 bohr)
 * that diffusion Monte Carlo finds, 86 % lie within ranges that are widened by a fifth. Features of degree 2 set all of
 * them apart; some of ammonia's need degree 3.
 *
 * EQML_ERROR_ARGUMENT: more than EQML_WALL_FEATURES factors of degree 1, or none. EQML_ERROR_EMPTY: fewer than twice as
 * many geometries as features, or all alike. EQML_ERROR_MATCH: the data have another number of atoms.
 */

EQML_API size_t eqml_fit_memory(const eqml_basis *basis, const eqml_fit_options *options);
/*
 * Bytes that a fit over this basis takes, beside data and surface: of the energy or of the tensor that takes
 * most. It is right but for a few vectors. A reference takes as much again as energies and gradients of the
 * data. options may be NULL.
 */

EQML_API int eqml_constant_pairs(const eqml_basis *basis, const eqml_data *data, const unsigned char *use,
                                 double *distance);
/*
 * Finds the classes whose pairs are all constant, and returns how many there are. distance[npair_classes] <-
 * the mean distance (bohr) of such a class, 0 for the others. A pair is constant if its distance varies, over
 * the geometries with use[g] nonzero (NULL: all), by at most 1e-5 of its mean. Six decimals in angstrom are
 * enough to be recognised.
 */

/* Errors over some geometries of a data set. */
typedef struct eqml_errors {
    size_t energies, gradients, tensors[EQML_TENSORS]; /* geometries that have them */
    double rmse_energy, rmse_gradient;                 /* hartree; hartree/bohr for each component */
    double max_energy;                                 /* largest error of an energy */
    size_t worst;                                      /* the geometry that has it */
    double rmse_tensor[EQML_TENSORS];                  /* for each of the 3 or 9 components */
    double rms_tensor[EQML_TENSORS];                   /* the same of the data; quadrupoles about R */
} eqml_errors;

EQML_API eqml_status eqml_surface_errors(const eqml_surface *surface, const eqml_data *data,
                                         const unsigned char *use, eqml_errors *errors);
/* Root mean square errors over the geometries with use[g] nonzero; NULL: over all. */

EQML_API eqml_status eqml_potential_errors(eqml_potential potential, void *context, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors);
/*
 * The same of any potential, for energies and gradients; for example of a sum of surfaces.
 *
 * Such a sum is what a fit with options.reference leads to. It fits the difference of the data to a
 * reference: a cheaper method, or a surface that exists (delta learning [1]). Weights of geometries are still
 * those of the whole energy. The potential is then reference plus surface, and any number of surfaces add up
 * likewise:
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
 * [1] Nandi, Qu, Houston, Conte, Bowman, J. Chem. Phys. 154, 051102 (2021).
 */

#endif /* EQML__FIT_H */
