/*
 * eqml: permutationally invariant potential energy surfaces in plain C.
 *
 * A molecule's potential energy is fitted to ab initio energies and gradients as a linear combination of
 * polynomials in functions y_ij = xi(r_ij) of the distances, exactly invariant under permutations of like
 * atoms, rotations, reflections and translations [1, 2]. A code generator, eqml-gen, chooses the polynomials
 * and writes them as a C header; this file holds everything else: variables, evaluation with derivatives,
 * reading of data, the least-squares fit, and files of fitted surfaces.
 *
 * Quick start
 *
 *     $ eqml-gen -d 6 -n ch4 -o ch4.h "H4 C"
 *
 *     #define EQML_IMPLEMENTATION               // in one C file
 *     #include "ch4.h"                          // includes eqml.h
 *
 *     eqml_variable morse[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_MORSE, 2.0, 0, 0}};    // H-H and H-C
 *     eqml_data data;
 *     eqml_surface surface;
 *     eqml_message message;
 *     if (eqml_data_read("methane.xyz", &data, &message) || eqml_surface_create(&ch4_basis, morse, &surface) ||
 *         eqml_fit(&surface, &data, NULL, NULL, &message))
 *         puts(message.text);
 *     else
 *         printf("%g\n", ch4_model_energy_gradient(&surface.model, xyz, gradient));
 *
 * Evaluation is inline; EQML_IMPLEMENTATION brings in the functions that read, fit and write. With
 * EQML_STATIC these are private to the file. The header compiles as C11 and as C++17 and needs the C library
 * only.
 *
 * Units      atomic units everywhere: bohr, hartree, hartree/bohr, e*bohr, e*bohr^2, bohr^3 (polarizabilities).
 * Shapes     xyz[natoms][3], gradient[natoms][3], hessian[3 natoms][3 natoms], row-major; batches have one more
 *            dimension in front. Atoms are in the order of the composition.
 * Threads    evaluation never allocates, never prints, and keeps no state: a model may be shared by threads.
 *            Functions that change an object (fit, read) want it to themselves.
 * Errors     fallible functions return an eqml_status; eqml_status_text() explains it, and an eqml_message,
 *            where given, names file, line and value. Nothing is printed, nothing aborts, nothing leaks.
 * Domain     coordinates must be finite and distances positive. Where a distance is zero, or a coordinate is
 *            NaN, the energy is NaN, and gradient, Hessian, tensors and Jacobians hold NaN, in batches those
 *            of that geometry alone (unless a basis that was cut or pruned does not use the pair). A distance
 *            counts as zero where its square does: below 1e-162 bohr, in float below 1e-23. Outside of its data a
 *            surface has no meaning, though it is finite and its gradient exact: the energy of two atoms at a tenth
 *            of a bond length may be below the minimum. eqml_surface_inside() tells where a distance is outside of
 *            those of the data, eqml_energy_sigma() how sure an energy is.
 * Symmetry   permuted atoms give the same energy up to the order of sums, not to the bit, and so do batches
 *            and single geometries: to some units in the last place of the largest terms that cancel.
 * Speed      compile with -O2 -march=native, and with -ffp-contract=fast where -std=c11 is asked for. Batches
 *            take several geometries at a time; those in float do all but differences of coordinates in single
 *            precision, with errors of about 1e-6 of the range of energies. With -fopenmp batches and fits use all cores,
 *            with the same results to the bit.
 * Macros     EQML_MALLOC, EQML_FREE: the allocator. EQML_API: linkage of the functions. EQML_STATIC: they are
 *            private to the file. EQML_SCALAR: no vectors. EQML_USE_LAPACK: least squares with LAPACK and BLAS.
 *            EQML_STACK_LIMIT: bytes of stack that a batch may take, 2 MB where it is not defined; batches of
 *            large molecules are slower with less.
 *
 * Materials  the second family of bases, neighbour clouds (eqml-gen --environment), makes potentials for clusters,
 *            surfaces and solids: see eqml_cloud_fit and eqml_cloud_evaluate.
 *
 * [1] Braams, Bowman, Int. Rev. Phys. Chem. 28, 577 (2009).
 * [2] Xie, Bowman, J. Chem. Theory Comput. 6, 26 (2010).
 */
#ifndef EQML_H
#define EQML_H

#include "status.h"

/* Evaluation: all inline, so that a surface whose tables are constants of the same file is specialised by the
 * compiler. The header of a surface has copies of these parts. */
#include "compiler.h"
#include "lanes/choose.h"
#include "lanes/vector.h"
#include "lanes/scalar.h"
#include "lanes/generic.h"
#include "lanes/sse2.h"
#include "lanes/neon.h"
#include "lanes/plain.h"
#include "lanes/avx.h"
#include "lanes/avx2.h"
#include "lanes/avx512.h"
#include "lanes.h"
#include "layout.h"
#include "basis.h"
#include "kernel/variables.h"
#include "kernel/pairs.h"
#include "kernel/matrix.h"
#include "kernel/sweeps.h"
#include "kernel/form.h"
#include "kernel/terms.h"
#include "wall.h"
#include "one.h"
#include "batch.h"
#include "hessian.h"
#include "inside.h"
#include "kernel/tensor.h"
#include "model.h"
#include "model_tensor.h"
#include "variance.h"
#include "sigma.h"

/* Neighbour clouds: the second family. */
#include "threads.h"
#include "cloud/basis.h"
#include "cloud/neighbours.h"
#include "cloud/harmonics.h"
#include "cloud/radial.h"
#include "cloud/moments.h"
#include "cloud/form.h"
#include "cloud/pairs.h"
#include "cloud/evaluate.h"
#include "cloud/model.h"
#include "cloud/rows.h"
#include "cloud/points.h"
#include "cloud/skin.h"
#include "cloud/grade.h"

/* Contracts. */
#include "units.h"
#include "data.h"
#include "lsq.h"
#include "team.h"
#include "tables.h"
#include "surface.h"
#include "fit.h"
#include "problem.h"
#include "penalty.h"
#include "select.h"
#include "diagnose.h"
#include "robust.h"
#include "uncertainty.h"
#include "design.h"
#include "expansion.h"
#include "choose.h"
#include "cloud/frames.h"
#include "cloud/pair_reference.h"
#include "cloud/fit.h"
#include "cloud/choose.h"
#include "cloud/potential.h"
#include "cloud/grading.h"
#include "cloud/calibrate.h"

/* Implementation. */
#if defined(EQML_IMPLEMENTATION) && !defined(EQML_IMPLEMENTED)
#define EQML_IMPLEMENTED
#include "status.c"
#include "memory.c"
#include "text.c"
#include "reader.c"
#include "units.c"
#include "comment.c"
#include "data.c"
#include "match.c"
#include "file.c"
#include "tiles.c"
#include "tables.c"
#include "lsq.c"
#include "lsq_file.c"
#include "team.c"
#include "system.c"
#include "surface.c"
#include "constant.c"
#include "displacements.c"
#include "fitter.c"
#include "shifts.c"
#include "rows.c"
#include "tensor_rows.c"
#include "checkpoint.c"
#include "fit.c"
#include "errors.c"
#include "wall.c"
#include "surface_file.c"
#include "surface_header.c"
#include "problem.c"
#include "penalty.c"
#include "select.c"
#include "subset.c"
#include "basis_file.c"
#include "rebase.c"
#include "factor.c"
#include "scale.c"
#include "diagnose.c"
#include "robust.c"
#include "uncertainty.c"
#include "sigma_file.c"
#include "designer.c"
#include "design.c"
#include "expansion.c"
#include "expansion_file.c"
#include "compass.c"
#include "trial.c"
#include "choose.c"
#include "cloud/neighbours.c"
#include "cloud/skin.c"
#include "cloud/pair_reference.c"
#include "cloud/frames.c"
#include "cloud/levels.c"
#include "cloud/fitter.c"
#include "cloud/fit.c"
#include "cloud/folds.c"
#include "cloud/choose.c"
#include "cloud/potential.c"
#include "cloud/grading.c"
#include "cloud/calibrate.c"
#endif /* EQML_IMPLEMENTATION */
#endif /* EQML_H */
