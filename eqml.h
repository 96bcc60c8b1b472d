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
 * Speed      compile with -O3 -march=native, and with -ffp-contract=fast where -std=c11 is asked for. Batches
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


/* ==== status.h ========================================================================================== */

/* Statuses, messages, units; the allocator and the linkage of functions. */
#ifndef EQML__STATUS_H
#define EQML__STATUS_H
#include <stddef.h>
#include <stdint.h>

#ifndef EQML_MALLOC
#include <stdlib.h>
#define EQML_MALLOC(size) malloc(size)
#define EQML_FREE(pointer) free(pointer)
#endif

/* The linkage of functions that read, fit and write: external, or private to one file with EQML_STATIC. */
#ifndef EQML_API
#if defined(EQML_STATIC) && defined(__GNUC__)
#define EQML_API static __attribute__((unused))
#elif defined(EQML_STATIC)
#define EQML_API static
#elif defined(__cplusplus)
#define EQML_API extern "C"
#else
#define EQML_API extern
#endif
#endif

/* Every function that can fail returns one of these. */
#define EQML_STATUS_LIST(X)                                                                                  \
    X(EQML_OK, "success")                                                                                    \
    X(EQML_ERROR_ARGUMENT, "an argument is outside its documented range")                                    \
    X(EQML_ERROR_MEMORY, "memory could not be allocated")                                                    \
    X(EQML_ERROR_FILE, "a file could not be opened, read or written")                                        \
    X(EQML_ERROR_FORMAT, "a file is not in the expected format")                                             \
    X(EQML_ERROR_VALUE, "a value is not finite or not physical")                                             \
    X(EQML_ERROR_MATCH, "atoms do not match the composition")                                                \
    X(EQML_ERROR_EMPTY, "there is no data to work on")

#define EQML__STATUS_ENUM(code, text) code,
typedef enum eqml_status { EQML_STATUS_LIST(EQML__STATUS_ENUM) EQML_STATUS_COUNT } eqml_status;
#undef EQML__STATUS_ENUM

/*
 * The caller's room for one line that says why a call failed, with file, line and value. Pass NULL to go
 * without.
 */
typedef struct eqml_message {
    char text[512];
} eqml_message;

#define EQML_ANGSTROM (1.0 / 0.529177210903) /* bohr; CODATA 2018 */
#define EQML_EV (1.0 / 27.211386245988)      /* hartree; CODATA 2018 */

EQML_API const char *eqml_status_text(eqml_status status);
/* What a status means, in a few words. Never NULL; the text is constant. */

#endif /* EQML__STATUS_H */

/* Evaluation: all inline, so that a surface whose tables are constants of the same file is specialised by the
 * compiler. The header of a surface has copies of these parts. */

/* ==== compiler.h ======================================================================================== */

/* What compilers are told: inlining, unrolling, chains side by side. */
#ifndef EQML__COMPILER_H
#define EQML__COMPILER_H
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

/*
 * EQML__APART goes before every function, and switches off two optimisations of gcc.
 *
 * Gathering numbers of straight-line code into vectors ("slp-vectorize"): it takes more instructions than it
 * saves, and a vector that is loaded from numbers waits until they are stored. One gradient of water of degree 8
 * takes 138 ns with it, 89 without.
 *
 * On machines other than x86-64, loop variables made of addresses ("ivopts"), because they bring out a bug of gcc
 * (90348). gcc lets two arrays share a place in the stack if they do not live at the same time, and judges that by
 * where their names appear; with ivopts an address is in use where no name appears. gcc 12 for aarch64 at -O2 laid
 * the factors of a row of the form over its sums, and batches were wrong. x86-64 addresses the stack with an index,
 * and has not shown it.
 */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define EQML__APART __attribute__((optimize("no-tree-slp-vectorize")))
#elif defined(__GNUC__) && !defined(__clang__)
#define EQML__APART __attribute__((optimize("no-tree-slp-vectorize", "no-ivopts")))
#else
#define EQML__APART
#endif

/* Without optimisation inlined kernels would be large and slow to compile: they are functions then. */
#if defined(__GNUC__)
#ifdef __OPTIMIZE__
#define EQML_INLINE static inline __attribute__((always_inline, unused))
#else
#define EQML_INLINE static inline __attribute__((unused))
#endif
#define EQML_FUNCTION EQML__APART static inline __attribute__((unused))
#define EQML_NOINLINE EQML__APART static __attribute__((noinline, unused))
#else
#define EQML_INLINE static inline
#define EQML_FUNCTION static inline
#define EQML_NOINLINE static inline
#endif

/*
 * A loop over tables. It is unrolled if the compiler knows the tables and the loop is short: offsets are then
 * constants, and numbers stay in registers. Only gcc is told to: clang decides by itself, and warns where it cannot
 * do as it is told.
 */
#if defined(__GNUC__)
#define EQML__KNOWN(condition) (__builtin_constant_p(condition) && (condition))
#else
#define EQML__KNOWN(condition) 0
#endif
#if defined(__GNUC__) && !defined(__clang__)
#define EQML__UNROLL_ALL _Pragma("GCC unroll 128")
#else
#define EQML__UNROLL_ALL
#endif
#define EQML__EACH(index, count, is_short, ...)                                                              \
    do {                                                                                                     \
        if (EQML__KNOWN(is_short)) {                                                                         \
            EQML__UNROLL_ALL                                                                                 \
            for (int index = 0; index < (count); index++) {                                                  \
                __VA_ARGS__                                                                                  \
            }                                                                                                \
        } else {                                                                                             \
            for (int index = 0; index < (count); index++) {                                                  \
                __VA_ARGS__                                                                                  \
            }                                                                                                \
        }                                                                                                    \
    } while (0)
/*
 * What counts as short: pairs; tiles of the form for one geometry, and for a batch; and the number of operations
 * from which code is long. Unrolled, one gradient of ammonia of degree 8 (67 tiles) takes 264 ns instead of 331. A
 * batch of water (13 tiles) takes 11 % less, but of methane of degree 6 (45) 19 % more, because its code overflows
 * the cache of instructions. For the same reason long code has no unrolled form and fewer pairs side by side: one
 * gradient of H5O2 of degree 5 then takes 737 ns instead of 1,012 (with AVX2 820 instead of 1,110).
 */
enum { EQML__FEW_PAIRS = 16, EQML__SHORT_ONE = 75, EQML__SHORT_LANES = 25, EQML__LONG_CODE = 1000 };

/* Up to so many atoms a batch keeps the sums of its gradient in registers. */
enum { EQML__FEW_ATOMS = 6 };

/*
 * n chains of dependent operations side by side: one goes on while another waits for its result. n is at most
 * EQML__SIDES, and must be a constant after inlining.
 */
#define EQML__SIDE(statement)                                                                                \
    do {                                                                                                     \
        EQML__UNROLL_ALL                                                                                     \
        for (int k = 0; k < n; k++)                                                                          \
            statement;                                                                                       \
    } while (0)
enum { EQML__SIDES = 4 };

/*
 * Kernels (kernel/NAME.inc) are one source, included for each type of number. Before that, kernel/of_TYPE.inc
 * defines
 *
 *     EQML__T          the type: eqml_lanes, eqml_floats, eqml__inner, or double
 *     EQML__NUMBER     what it holds, double or float
 *     EQML__INTEGERS   its bits as integers, for vectors
 *     EQML__SUFFIX     lanes, floats, inner, or one: EQML__FN(eqml__form) is then eqml__form_lanes ...
 *     EQML__ALL(x)     a T of the number x
 *     EQML__FMA(a, b, c)
 *     EQML__DATA(x)    the array x of a model, in the precision of the type
 */
#define EQML__FN(name) EQML__JOIN(name, EQML__SUFFIX)
#define EQML__JOIN(a, b) EQML__JOIN_(a, b)
#define EQML__JOIN_(a, b) a##_##b

#endif /* EQML__COMPILER_H */

/* ==== lanes/choose.h ==================================================================================== */

/* Which vectors the machine has: the one place that chooses. */
#ifndef EQML__LANES_CHOOSE_H
#define EQML__LANES_CHOOSE_H
#include <float.h>

/*
 * eqml_lanes holds EQML_LANES numbers: as many geometries, or directions of differentiation, at a time. One
 * file of lanes/ is taken, by the names that lanes.h lists. Scalar also where numbers have more digits than a
 * double (32-bit x86 without SSE2): the roundings on which exp rests are not made there.
 */
#if !defined(__GNUC__) || defined(EQML_SCALAR) || FLT_EVAL_METHOD != 0
#define EQML__WITH_SCALAR
#define EQML_LANES 1
#elif defined(__AVX512F__)
#define EQML__WITH_AVX512
#define EQML_LANES 8
#elif defined(__AVX__)
#define EQML__WITH_AVX2 /* the file names no instruction of integers, so that AVX alone has it too */
#define EQML_LANES 4
#elif defined(__SSE2__)
#define EQML__WITH_SSE2
#define EQML_LANES 2
#elif defined(__aarch64__) && defined(__ARM_NEON) && !defined(__AARCH64EB__)
#define EQML__WITH_NEON
#define EQML_LANES 2
#else
#define EQML__WITH_GENERIC
#define EQML_LANES 2
#endif

#endif /* EQML__LANES_CHOOSE_H */

/* ==== lanes/vector.h ==================================================================================== */

/* The types of all machines with vectors, by the extension of gcc and clang, and what this alone can say. */
#ifndef EQML__LANES_VECTOR_H
#define EQML__LANES_VECTOR_H

#ifndef EQML__WITH_SCALAR
#define EQML_FLOATS (2 * EQML_LANES)
typedef double eqml_lanes __attribute__((vector_size(8 * EQML_LANES)));
typedef double eqml__loose __attribute__((vector_size(8 * EQML_LANES), aligned(8), may_alias));
typedef long long eqml__integers __attribute__((vector_size(8 * EQML_LANES)));
typedef float eqml_floats __attribute__((vector_size(8 * EQML_LANES)));
typedef int eqml__integers_floats __attribute__((vector_size(8 * EQML_LANES)));
#define EQML_ALIGNED __attribute__((aligned(64)))

EQML_INLINE eqml_lanes eqml__load(const double *x)
{
    return *(const eqml__loose *)x;
}

EQML_INLINE void eqml__store(double *x, eqml_lanes value)
{
    *(eqml__loose *)x = value;
}

EQML_INLINE eqml_lanes eqml__all(double x)
{
    const eqml_lanes zero = {0};
    return x - zero; /* compilers know that this is x, as 0 + x is not where x is -0: one broadcast */
}

EQML_INLINE eqml_floats eqml__all_floats(float x)
{
    const eqml_floats zero = {0};
    return x - zero;
}

/* In generated code for one geometry: four slots as a vector. */
typedef double eqml_four __attribute__((vector_size(32), aligned(8), may_alias));
#define EQML_FOUR(p) (*(eqml_four *)(void *)(p))
#endif

#endif /* EQML__LANES_VECTOR_H */

/* ==== lanes/scalar.h ==================================================================================== */

/* Lanes of one number: any C compiler. */
#ifndef EQML__LANES_SCALAR_H
#define EQML__LANES_SCALAR_H

#ifdef EQML__WITH_SCALAR
#define EQML_FLOATS 1
#define EQML__REGISTERS 16
#define EQML_ALIGNED
typedef double eqml_lanes;
typedef float eqml_floats;
#define EQML_KEEP(x) ((void)0)

EQML_INLINE eqml_lanes eqml__load(const double *x)
{
    return *x;
}

EQML_INLINE void eqml__store(double *x, eqml_lanes value)
{
    *x = value;
}

EQML_INLINE eqml_lanes eqml__all(double x)
{
    return x;
}

EQML_INLINE eqml_floats eqml__all_floats(float x)
{
    return x;
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return x < least ? least : x;
}

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return a * b + c;
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
    return a * b + c;
}

EQML_INLINE eqml_lanes eqml__root_lanes(eqml_lanes x)
{
    return x == 0 ? (eqml_lanes)NAN : sqrt(x);
}

EQML_INLINE eqml_floats eqml__root_floats(eqml_floats x)
{
    return x == 0 ? (eqml_floats)NAN : sqrtf(x);
}

EQML_INLINE void eqml__exp_lanes(int n, eqml_lanes *x)
{
    EQML__SIDE(x[k] = exp(x[k]));
}

EQML_INLINE void eqml__exp_floats(int n, eqml_floats *x)
{
    EQML__SIDE(x[k] = expf(x[k]));
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[1])
{
    return (eqml_floats)x[0];
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[1])
{
    y[0] = (eqml_lanes)x;
}

EQML_INLINE void eqml__four_sums(const eqml_lanes x[4], double *sums)
{
    for (int k = 0; k < 4; k++)
        sums[k] = x[k];
}
#endif

#endif /* EQML__LANES_SCALAR_H */

/* ==== lanes/generic.h =================================================================================== */

/* Lanes of two numbers, without instructions of one machine. */
#ifndef EQML__LANES_GENERIC_H
#define EQML__LANES_GENERIC_H

#ifdef EQML__WITH_GENERIC
#define EQML__REGISTERS 16
#define EQML_KEEP(x) ((void)0)

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return a * b + c;
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
    return a * b + c;
}

EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    for (int k = 0; k < EQML_LANES; k++)
        x[k] = sqrt(x[k]);
    return x;
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    for (int k = 0; k < EQML_FLOATS; k++)
        x[k] = sqrtf(x[k]);
    return x;
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    for (int k = 0; k < EQML_LANES; k++)
        x[k] = least > x[k] ? least : x[k];
    return x;
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    for (int k = 0; k < EQML_LANES; k++)
        x[k] = most < x[k] ? most : x[k];
    return x;
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    for (int k = 0; k < EQML_FLOATS; k++)
        x[k] = least > x[k] ? least : x[k];
    return x;
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    for (int k = 0; k < EQML_FLOATS; k++)
        x[k] = most < x[k] ? most : x[k];
    return x;
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    eqml_floats y = {0};
    for (int k = 0; k < EQML_FLOATS; k++)
        y[k] = (float)x[k / EQML_LANES][k % EQML_LANES];
    return y;
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    for (int k = 0; k < EQML_FLOATS; k++)
        y[k / EQML_LANES][k % EQML_LANES] = (double)x[k];
}

EQML_INLINE void eqml__four_sums(const eqml_lanes x[4], double *sums)
{
    for (int k = 0; k < 4; k++)
        sums[k] = x[k][0] + x[k][1];
}
#endif

#endif /* EQML__LANES_GENERIC_H */

/* ==== lanes/sse2.h ====================================================================================== */

/* Lanes of two numbers: SSE2. */
#ifndef EQML__LANES_SSE2_H
#define EQML__LANES_SSE2_H

#ifdef EQML__WITH_SSE2
#include <emmintrin.h>
#define EQML__REGISTERS 16
#ifndef __clang__
#define EQML_KEEP(x) __asm__("" : "+x"(x))
#else
#define EQML_KEEP(x) ((void)0)
#endif

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return a * b + c;
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
    return a * b + c;
}

EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    return (eqml_lanes)_mm_sqrt_pd((__m128d)x);
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    return (eqml_floats)_mm_sqrt_ps((__m128)x);
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return (eqml_lanes)_mm_max_pd(_mm_set1_pd(least), (__m128d)x);
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    return (eqml_lanes)_mm_min_pd(_mm_set1_pd(most), (__m128d)x);
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    return (eqml_floats)_mm_max_ps(_mm_set1_ps(least), (__m128)x);
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    return (eqml_floats)_mm_min_ps(_mm_set1_ps(most), (__m128)x);
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    return (eqml_floats)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)x[0]), _mm_cvtpd_ps((__m128d)x[1]));
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    y[0] = (eqml_lanes)_mm_cvtps_pd((__m128)x);
    y[1] = (eqml_lanes)_mm_cvtps_pd(_mm_movehl_ps((__m128)x, (__m128)x));
}

EQML_INLINE void eqml__four_sums(const eqml_lanes x[4], double *sums)
{
    for (int k = 0; k < 4; k += 2)
        eqml__store(sums + k, (eqml_lanes)_mm_add_pd(_mm_unpacklo_pd((__m128d)x[k], (__m128d)x[k + 1]),
                                                     _mm_unpackhi_pd((__m128d)x[k], (__m128d)x[k + 1])));
}
#endif

#endif /* EQML__LANES_SSE2_H */

/* ==== lanes/neon.h ====================================================================================== */

/* Lanes of two numbers: NEON of 64-bit ARM. */
#ifndef EQML__LANES_NEON_H
#define EQML__LANES_NEON_H

#ifdef EQML__WITH_NEON
#include <arm_neon.h>
#define EQML__REGISTERS 32
#ifndef __clang__
#define EQML_KEEP(x) __asm__("" : "+w"(x))
#else
#define EQML_KEEP(x) ((void)0)
#endif

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return (eqml_lanes)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
    return (eqml_floats)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}

EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    return (eqml_lanes)vsqrtq_f64((float64x2_t)x);
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    return (eqml_floats)vsqrtq_f32((float32x4_t)x);
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return (eqml_lanes)vmaxq_f64((float64x2_t)x, vdupq_n_f64(least));
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    return (eqml_lanes)vminq_f64((float64x2_t)x, vdupq_n_f64(most));
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    return (eqml_floats)vmaxq_f32((float32x4_t)x, vdupq_n_f32(least));
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    return (eqml_floats)vminq_f32((float32x4_t)x, vdupq_n_f32(most));
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    return (eqml_floats)vcvt_high_f32_f64(vcvt_f32_f64((float64x2_t)x[0]), (float64x2_t)x[1]);
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    y[0] = (eqml_lanes)vcvt_f64_f32(vget_low_f32((float32x4_t)x));
    y[1] = (eqml_lanes)vcvt_high_f64_f32((float32x4_t)x);
}

EQML_INLINE void eqml__four_sums(const eqml_lanes x[4], double *sums)
{
    for (int k = 0; k < 4; k += 2)
        eqml__store(sums + k, (eqml_lanes)vpaddq_f64((float64x2_t)x[k], (float64x2_t)x[k + 1]));
}
#endif

#endif /* EQML__LANES_NEON_H */

/* ==== lanes/plain.h ===================================================================================== */

/* Atoms and transposes where lanes are two numbers at most: number by number. */
#ifndef EQML__LANES_PLAIN_H
#define EQML__LANES_PLAIN_H

#if EQML_LANES <= 2
#define EQML_KEEP_FOUR(x) ((void)0) /* two registers */
#define EQML_SUM_FOUR(x) (((x)[0] + (x)[1]) + ((x)[2] + (x)[3]))

EQML_INLINE void eqml__differences(const unsigned short (*pairs)[2], int last, int p, const double *xyz,
                                   eqml_lanes d[3])
{
    double part[3][EQML_LANES];
    for (int lane = 0; lane < EQML_LANES; lane++) {
        const unsigned short *pair = pairs[p + lane < last ? p + lane : last];
        for (int k = 0; k < 3; k++)
            part[k][lane] = xyz[3 * pair[0] + k] - xyz[3 * pair[1] + k];
    }
    for (int k = 0; k < 3; k++)
        d[k] = eqml__load(part[k]);
}

EQML_INLINE void eqml__clear_points(int n, double *sum)
{
    for (int k = 0; k < 4 * n; k++)
        sum[k] = 0;
}

EQML_INLINE void eqml__push_points(double force, const double *xi, const double *xj, double *i, double *j)
{
    for (int k = 0; k < 3; k++) {
        const double part = force * (xi[k] - xj[k]);
        i[k] += part;
        j[k] -= part;
    }
}

EQML_INLINE void eqml__put_point(double *to, const double *sum)
{
    for (int k = 0; k < 3; k++)
        to[k] = sum[k];
}

EQML_INLINE void eqml__transpose(int rows, int columns, const double *from, int from_stride, double *to,
                                 int to_stride)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            to[c * to_stride + r] = from[r * from_stride + c];
}
#endif

#endif /* EQML__LANES_PLAIN_H */

/* ==== lanes/avx.h ======================================================================================= */

/* Vectors of four numbers, for AVX2 and AVX-512: atoms as x, y, z, 0, and four by four transposed. */
#ifndef EQML__LANES_AVX_H
#define EQML__LANES_AVX_H

#if defined(EQML__WITH_AVX2) || defined(EQML__WITH_AVX512)
#include <immintrin.h>
#define EQML__INNER 4
typedef double eqml__inner __attribute__((vector_size(32)));
typedef long long eqml__integers_inner __attribute__((vector_size(32)));
#ifndef __clang__
#define EQML_KEEP(x) __asm__("" : "+v"(x))
#else
#define EQML_KEEP(x) ((void)0)
#endif
#define EQML_KEEP_FOUR(x) EQML_KEEP(x)
#define EQML_SUM_FOUR(x) eqml__sum_four((__m256d)(x))

EQML_INLINE double eqml__sum_four(__m256d x)
{
    const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}

EQML_INLINE eqml__inner eqml__load_inner(const double *x)
{
    return (eqml__inner)_mm256_loadu_pd(x);
}

EQML_INLINE void eqml__store_inner(double *x, eqml__inner value)
{
    _mm256_storeu_pd(x, (__m256d)value);
}

EQML_INLINE eqml__inner eqml__all_inner(double x)
{
    return (eqml__inner)_mm256_set1_pd(x);
}

EQML_INLINE eqml__inner eqml__fma_inner(eqml__inner a, eqml__inner b, eqml__inner c)
{
#ifdef __FMA__
    return (eqml__inner)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
    return a * b + c;
#endif
}

EQML_INLINE eqml__inner eqml__sqrt_inner(eqml__inner x)
{
    return (eqml__inner)_mm256_sqrt_pd((__m256d)x);
}

EQML_INLINE eqml__inner eqml__at_least_inner(eqml__inner x, double least)
{
    return (eqml__inner)_mm256_max_pd(_mm256_set1_pd(least), (__m256d)x);
}

EQML_INLINE eqml__inner eqml__at_most_inner(eqml__inner x, double most)
{
    return (eqml__inner)_mm256_min_pd(_mm256_set1_pd(most), (__m256d)x);
}

EQML_INLINE void eqml__four_sums(const eqml__inner x[4], double *sums)
{
    const __m256d low = _mm256_hadd_pd((__m256d)x[0], (__m256d)x[1]);
    const __m256d high = _mm256_hadd_pd((__m256d)x[2], (__m256d)x[3]);
    _mm256_storeu_pd(sums,
                     _mm256_add_pd(_mm256_permute2f128_pd(low, high, 0x21), _mm256_blend_pd(low, high, 0xC)));
}

/* x, y, z of an atom, and 0. */
EQML_INLINE __m256d eqml__point(const double *xyz)
{
    return _mm256_maskload_pd(xyz, _mm256_set_epi64x(0, -1, -1, -1));
}

/* Four rows become four columns. */
EQML_INLINE void eqml__turn(__m256d v[4])
{
    const __m256d a = _mm256_unpacklo_pd(v[0], v[1]), b = _mm256_unpackhi_pd(v[0], v[1]);
    const __m256d c = _mm256_unpacklo_pd(v[2], v[3]), d = _mm256_unpackhi_pd(v[2], v[3]);
    v[0] = _mm256_permute2f128_pd(a, c, 0x20);
    v[1] = _mm256_permute2f128_pd(b, d, 0x20);
    v[2] = _mm256_permute2f128_pd(a, c, 0x31);
    v[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

EQML_INLINE void eqml__differences(const unsigned short (*pairs)[2], int last, int p, const double *xyz,
                                   eqml__inner d[3])
{
    __m256d v[4];
    for (int k = 0; k < 4; k++) {
        const unsigned short *pair = pairs[p + k < last ? p + k : last];
        v[k] = eqml__point(xyz + 3 * pair[0]) - eqml__point(xyz + 3 * pair[1]);
    }
    eqml__turn(v);
    for (int k = 0; k < 3; k++)
        d[k] = (eqml__inner)v[k];
}

EQML_INLINE void eqml__clear_points(int n, double *sum)
{
    __m256d zero = _mm256_setzero_pd();
    EQML_KEEP(
        zero); /* gcc would fill with `rep stos`, which takes longer than all the rest of a small molecule */
    for (int i = 0; i < n; i++)
        _mm256_storeu_pd(sum + 4 * i, zero);
}

EQML_INLINE void eqml__push_points(double force, const double *xi, const double *xj, double *i, double *j)
{
    const __m256d d = _mm256_set1_pd(force) * (eqml__point(xi) - eqml__point(xj));
    _mm256_storeu_pd(i, _mm256_loadu_pd(i) + d);
    _mm256_storeu_pd(j, _mm256_loadu_pd(j) - d);
}

EQML_INLINE void eqml__put_point(double *to, const double *sum)
{
    const __m256d row = _mm256_loadu_pd(sum);
    _mm_storeu_pd(to, _mm256_castpd256_pd128(row));
    _mm_store_sd(to + 2, _mm256_extractf128_pd(row, 1));
}

/* Four by four in registers, where the last such block may overlap the one before. */
EQML_INLINE void eqml__transpose(int rows, int columns, const double *from, int from_stride, double *to,
                                 int to_stride)
{
    for (int r = 0; r < rows && rows >= 4 && columns >= 4; r += 4)
        for (int c = 0; c < columns; c += 4) {
            const int row = r < rows - 4 ? r : rows - 4, column = c < columns - 4 ? c : columns - 4;
            __m256d v[4];
            for (int k = 0; k < 4; k++)
                v[k] = _mm256_loadu_pd(from + (row + k) * from_stride + column);
            eqml__turn(v);
            for (int k = 0; k < 4; k++)
                _mm256_storeu_pd(to + (column + k) * to_stride + row, v[k]);
        }
    if (rows >= 4 && columns >= 4)
        return;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            to[c * to_stride + r] = from[r * from_stride + c];
}
#endif

#endif /* EQML__LANES_AVX_H */

/* ==== lanes/avx2.h ====================================================================================== */

/* Lanes of four numbers: AVX2, and AVX alone. */
#ifndef EQML__LANES_AVX2_H
#define EQML__LANES_AVX2_H

#ifdef EQML__WITH_AVX2
#define EQML__REGISTERS 16

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return eqml__fma_inner(a, b, c);
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
#ifdef __FMA__
    return (eqml_floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    return eqml__sqrt_inner(x);
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    return (eqml_floats)_mm256_sqrt_ps((__m256)x);
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return eqml__at_least_inner(x, least);
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    return eqml__at_most_inner(x, most);
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    return (eqml_floats)_mm256_max_ps(_mm256_set1_ps(least), (__m256)x);
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    return (eqml_floats)_mm256_min_ps(_mm256_set1_ps(most), (__m256)x);
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    return (eqml_floats)_mm256_set_m128(_mm256_cvtpd_ps((__m256d)x[1]), _mm256_cvtpd_ps((__m256d)x[0]));
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    y[0] = (eqml_lanes)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)x));
    y[1] = (eqml_lanes)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)x, 1));
}
#endif

#endif /* EQML__LANES_AVX2_H */

/* ==== lanes/avx512.h ==================================================================================== */

/* Lanes of eight numbers: AVX-512. */
#ifndef EQML__LANES_AVX512_H
#define EQML__LANES_AVX512_H

#ifdef EQML__WITH_AVX512
#define EQML__REGISTERS 32
/* Of the instructions on 64 bytes the masked forms are used, with a mask of all lanes: gcc 12 warns of the
 * plain ones in C++. */
#define EQML__ALL_8 ((__mmask8)-1)
#define EQML__ALL_16 ((__mmask16)-1)

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return (eqml_lanes)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
    return (eqml_floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    return (eqml_lanes)_mm512_maskz_sqrt_pd(EQML__ALL_8, (__m512d)x);
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    return (eqml_floats)_mm512_maskz_sqrt_ps(EQML__ALL_16, (__m512)x);
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return (eqml_lanes)_mm512_maskz_max_pd(EQML__ALL_8, (__m512d)eqml__all(least), (__m512d)x);
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    return (eqml_lanes)_mm512_maskz_min_pd(EQML__ALL_8, (__m512d)eqml__all(most), (__m512d)x);
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    return (eqml_floats)_mm512_maskz_max_ps(EQML__ALL_16, (__m512)eqml__all_floats(least), (__m512)x);
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    return (eqml_floats)_mm512_maskz_min_ps(EQML__ALL_16, (__m512)eqml__all_floats(most), (__m512)x);
}

/* The halves of a vector. */
EQML_INLINE __m256d eqml__low(__m512d x)
{
    return _mm512_maskz_extractf64x4_pd(EQML__ALL_8, x, 0);
}

EQML_INLINE __m256d eqml__high(__m512d x)
{
    return _mm512_maskz_extractf64x4_pd(EQML__ALL_8, x, 1);
}

EQML_INLINE __m512d eqml__from_halves(__m256d low, __m256d high)
{
    return _mm512_maskz_insertf64x4(EQML__ALL_8, _mm512_castpd256_pd512(low), high, 1);
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    const __m256 low = _mm512_maskz_cvtpd_ps(EQML__ALL_8, (__m512d)x[0]);
    const __m256 high = _mm512_maskz_cvtpd_ps(EQML__ALL_8, (__m512d)x[1]);
    return (eqml_floats)eqml__from_halves((__m256d)low, (__m256d)high);
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    y[0] = (eqml_lanes)_mm512_maskz_cvtps_pd(EQML__ALL_8, (__m256)eqml__low((__m512d)x));
    y[1] = (eqml_lanes)_mm512_maskz_cvtps_pd(EQML__ALL_8, (__m256)eqml__high((__m512d)x));
}

/*
 * r and 1/r from an approximation of 1/r to 14 bits, by an iteration of third order and one of second: the
 * unit for roots and quotients would take 40 cycles for eight numbers, longer than everything else (with AVX2
 * it takes 17 for four, beside the rest). A distance of zero is 0 times the infinite 1/r, no number.
 */
EQML_INLINE void eqml__distances_lanes(int n, const eqml_lanes *square, eqml_lanes *r, eqml_lanes *inverse)
{
    eqml_lanes s[EQML__SIDES], q[EQML__SIDES], h[EQML__SIDES];
    EQML__SIDE(s[k] = square[k]);
    EQML__SIDE(q[k] = (eqml_lanes)_mm512_maskz_rsqrt14_pd(EQML__ALL_8, (__m512d)s[k]));
    EQML__SIDE(h[k] = eqml__fma(-(s[k] * q[k]), q[k], eqml__all(1)));
    EQML__SIDE(q[k] = eqml__fma(q[k] * h[k], eqml__fma(h[k], eqml__all(0.375), eqml__all(0.5)), q[k]));
    EQML__SIDE(s[k] *= q[k]);
    EQML__SIDE(h[k] = 0.5 * eqml__fma(-s[k], q[k], eqml__all(1)));
    EQML__SIDE(r[k] = eqml__fma(s[k], h[k], s[k]));
    EQML__SIDE(inverse[k] = eqml__fma(q[k], h[k], q[k]));
}

/* In float the iteration of second order is enough. */
EQML_INLINE void eqml__distances_floats(int n, const eqml_floats *square, eqml_floats *r,
                                        eqml_floats *inverse)
{
    eqml_floats s[EQML__SIDES], q[EQML__SIDES], h[EQML__SIDES];
    EQML__SIDE(s[k] = square[k]);
    EQML__SIDE(q[k] = (eqml_floats)_mm512_maskz_rsqrt14_ps(EQML__ALL_16, (__m512)s[k]));
    EQML__SIDE(s[k] *= q[k]);
    EQML__SIDE(h[k] = 0.5f * eqml__fma_floats(-s[k], q[k], eqml__all_floats(1)));
    EQML__SIDE(r[k] = eqml__fma_floats(s[k], h[k], s[k]));
    EQML__SIDE(inverse[k] = eqml__fma_floats(q[k], h[k], q[k]));
}

/* eqml__turn for the lower and for the upper halves of four vectors. */
EQML_INLINE void eqml__turn_halves(__m512d v[4])
{
    const __m512i low = _mm512_set_epi64(13, 12, 5, 4, 9, 8, 1, 0),
                  high = _mm512_set_epi64(15, 14, 7, 6, 11, 10, 3, 2);
    const __m512d a = _mm512_maskz_unpacklo_pd(EQML__ALL_8, v[0], v[1]),
                  b = _mm512_maskz_unpackhi_pd(EQML__ALL_8, v[0], v[1]);
    const __m512d c = _mm512_maskz_unpacklo_pd(EQML__ALL_8, v[2], v[3]),
                  d = _mm512_maskz_unpackhi_pd(EQML__ALL_8, v[2], v[3]);
    v[0] = _mm512_maskz_permutex2var_pd(EQML__ALL_8, a, low, c);
    v[1] = _mm512_maskz_permutex2var_pd(EQML__ALL_8, b, low, d);
    v[2] = _mm512_maskz_permutex2var_pd(EQML__ALL_8, a, high, c);
    v[3] = _mm512_maskz_permutex2var_pd(EQML__ALL_8, b, high, d);
}

EQML_INLINE void eqml__group_to_lanes(int n, const double *xyz, eqml_lanes *x)
{
    for (int c = 0; c < n && n >= 4; c += 4) {
        const int column = c < n - 4 ? c : n - 4;
        const double *from = xyz + column;
        __m512d v[4];
        for (int k = 0; k < 4; k++)
            v[k] = eqml__from_halves(_mm256_loadu_pd(from + k * n), _mm256_loadu_pd(from + (k + 4) * n));
        eqml__turn_halves(v);
        for (int k = 0; k < 4; k++)
            x[column + k] = (eqml_lanes)v[k];
    }
    if (n < 4)
        eqml__transpose(EQML_LANES, n, xyz, n, (double *)(void *)x, EQML_LANES);
}

EQML_INLINE void eqml__group_from_lanes(int n, const eqml_lanes *x, double *rows)
{
    for (int c = 0; c < n && n >= 4; c += 4) {
        const int column = c < n - 4 ? c : n - 4;
        __m512d v[4];
        for (int k = 0; k < 4; k++)
            v[k] = (__m512d)x[column + k];
        eqml__turn_halves(v);
        for (int k = 0; k < 4; k++) {
            _mm256_storeu_pd(rows + k * n + column, eqml__low(v[k]));
            _mm256_storeu_pd(rows + (k + 4) * n + column, eqml__high(v[k]));
        }
    }
    if (n < 4)
        eqml__transpose(n, EQML_LANES, (const double *)(const void *)x, EQML_LANES, rows, n);
}

/* For one geometry, two rows of the form in a vector: four columns twice; two numbers, four times each; the two
 * rows again, and their sum. */
#define EQML__TWO_ROWS
EQML_INLINE eqml_lanes eqml__columns_twice(const double *f)
{
    return (eqml_lanes)_mm512_maskz_broadcast_f64x4(EQML__ALL_8, _mm256_loadu_pd(f));
}

EQML_INLINE eqml_lanes eqml__two_rows(double first, double second)
{
    return (eqml_lanes)eqml__from_halves(_mm256_set1_pd(first), _mm256_set1_pd(second));
}

EQML_INLINE eqml__inner eqml__first_row(eqml_lanes x)
{
    return (eqml__inner)eqml__low((__m512d)x);
}

EQML_INLINE eqml__inner eqml__second_row(eqml_lanes x)
{
    return (eqml__inner)eqml__high((__m512d)x);
}
#endif

#endif /* EQML__LANES_AVX512_H */

/* ==== lanes.h =========================================================================================== */

/* Lanes: vectors of numbers, the same names for every machine. */
#ifndef EQML__LANES_H
#define EQML__LANES_H

/*
 * No other part asks for a machine, or names its instructions. A machine has
 *
 *     eqml_lanes       EQML_LANES doubles: geometries, or directions, side by side; + - * / work lane by lane, and
 *                      with a number on one side
 *     eqml_floats      EQML_FLOATS floats, twice as many; one where lanes are scalar
 *     eqml__inner      EQML__INNER doubles of one geometry, four at most: pairs of atoms, columns of a tile. Small
 *                      molecules have few pairs, and a tile has four columns.
 *     EQML__REGISTERS  vectors that are at hand
 *
 *     all fma sqrt at_least (the larger of x and a number; x where it is not one) narrow widen (lanes and floats)
 *     load store       lanes and inner vectors, from any place
 *     distances        r and 1/r from r^2
 *     four_sums        sums[4]: the sum of each of four inner vectors
 *     differences      d[3] = x_i - x_j of EQML__INNER pairs from p on; past the last pair the last again. In
 *                      registers: a vector that is loaded from numbers stored one by one waits until these have
 *                      left the store buffer.
 *     clear_points     sum[n][4] = 0; push_points: to one atom force (x_i - x_j), from the other the same;
 *     put_point        to[3] from one sum
 *     transpose        to[columns][rows] = from[rows][columns], rows from_stride and to_stride apart
 *     group_to_lanes   x[n] in lanes from rows xyz[EQML_LANES][n]; group_from_lanes: back
 *
 * and for generated code EQML_FOUR (in its code for one geometry: four slots as a vector), EQML_SUM_FOUR (the sum
 * of its elements), and EQML_KEEP: a value stays in its register. gcc would load it again for each use, and loads
 * are what limits the kernels (energy of a dense form: 822 ns so, 590 ns with it; gradient of the form of H5O2 of
 * degree 7: 1,800 and 1,300 ns). EQML_KEEP_FOUR: the same for an eqml_four.
 */
#ifndef EQML__INNER
#define EQML__INNER EQML_LANES
typedef eqml_lanes eqml__inner;
#define eqml__load_inner eqml__load
#define eqml__store_inner eqml__store
#define eqml__all_inner eqml__all
#define eqml__fma_inner eqml__fma
#ifdef EQML__WITH_SCALAR
#define eqml__root_inner eqml__root_lanes
#define eqml__exp_inner eqml__exp_lanes
#else
typedef eqml__integers eqml__integers_inner;
#define eqml__sqrt_inner eqml__sqrt_lanes
#define eqml__at_least_inner eqml__at_least_lanes
#define eqml__at_most_inner eqml__at_most_lanes
#endif
#endif

#define EQML__HALVES (EQML_FLOATS / EQML_LANES) /* lanes to one vector of floats */

/* Lanes as parts of lanes, for kernels that are made for floats too. */
EQML_INLINE eqml_lanes eqml__narrow_lanes(const eqml_lanes x[1])
{
    return x[0];
}

/*
 * exp(x) for -708 <= x <= 709; beyond, it is that at the limit (in scalar code 0 or infinite). In float the limits are
 * -87 and 88.
 *
 * With x = m ln 2 + t, |t| <= ln 2 / 2, it is 2^m (1 + t (1 + t q(t))). 2^m is made from the bits of the exponent. ln 2
 * comes in two parts, the first of few digits, so that t is exact. q is the minimax polynomial of degree 9 (relative
 * error of exp 4e-18), in float of degree 4 (3e-9). Its even and its odd part are found side by side, which halves the
 * chain of Horner's rule for one more multiplication. Cody and Waite, Software Manual for the Elementary Functions
 * (1980).
 */
#ifndef EQML__WITH_SCALAR
#define EQML__EXP_TERM(x) EQML__ALL((EQML__NUMBER)(x))
#define EQML__EXP_STEP(sum, x) EQML__FMA(sum, u[k], EQML__EXP_TERM(x))
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/* The root of the square of a distance; where that is zero all bits are set, which is no number. */
EQML_INLINE EQML__T EQML__FN(eqml__root)(EQML__T x)
{
    const EQML__T zero = {0};
    return (EQML__T)((EQML__INTEGERS)EQML__FN(eqml__sqrt)(x) | (EQML__INTEGERS)(x == zero));
}

/* exp(x) of n vectors, in their place: see lanes.h. */
EQML_INLINE void EQML__FN(eqml__exp)(int n, EQML__T *x)
{
    const int is_double = sizeof(EQML__NUMBER) == sizeof(double), digits = is_double ? 52 : 23;
    const EQML__T log2_e = EQML__ALL((EQML__NUMBER)1.4426950408889634);
    const EQML__T ln2 = EQML__ALL((EQML__NUMBER)(is_double ? 6.93147180369123816490e-01 : 0.693359375));
    const EQML__T ln2_rest =
        EQML__ALL((EQML__NUMBER)(is_double ? 1.90821492927058770002e-10 : -2.12194440e-4));
    const EQML__NUMBER shifter = (EQML__NUMBER)(1.5 * (double)(1LL << digits));
    EQML__T t[EQML__SIDES], u[EQML__SIDES], even[EQML__SIDES], odd[EQML__SIDES], power[EQML__SIDES];
    EQML__SIDE(x[k] = EQML__FN(eqml__at_least)(x[k], (EQML__NUMBER)(is_double ? -708 : -87)));
    EQML__SIDE(x[k] = EQML__FN(eqml__at_most)(x[k], (EQML__NUMBER)(is_double ? 709 : 88)));
    EQML__SIDE(power[k] = EQML__FMA(x[k], log2_e, EQML__ALL(shifter))); /* the sum has m in its last digits */
    EQML__SIDE(u[k] = power[k] - shifter);
    EQML__SIDE(t[k] = EQML__FMA(u[k], -ln2, x[k]));
    EQML__SIDE(t[k] = EQML__FMA(u[k], -ln2_rest, t[k]));
    EQML__SIDE(u[k] = t[k] * t[k]);
    if (is_double) {
        EQML__SIDE(even[k] = EQML__EXP_STEP(EQML__EXP_TERM(2.763023404632676e-07), 2.4801493135862195e-05));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(EQML__EXP_TERM(2.5000071536443212e-08), 2.7557586269488052e-06));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.0013888888943597978));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(odd[k], 0.00019841269506775536));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.041666666666530267));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(odd[k], 0.008333333333494335));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.5000000000000011));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(odd[k], 0.16666666666666413));
    } else {
        EQML__SIDE(even[k] = EQML__EXP_STEP(EQML__EXP_TERM(0.001381457758), 0.04166838903));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(EQML__EXP_TERM(0.008368727051), 0.1666652055));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.4999999344));
    }
    /* the bits of 2^m, above those of 1 */
    EQML__SIDE(power[k] = (EQML__T)(((EQML__INTEGERS)power[k] << digits) + (EQML__INTEGERS)EQML__ALL(1)));
    EQML__SIDE(even[k] = EQML__FMA(t[k], odd[k], even[k]));
    EQML__SIDE(even[k] = EQML__FMA(t[k], even[k], EQML__ALL(1)));
    EQML__SIDE(x[k] = EQML__FMA(power[k] * t[k], even[k], power[k]));
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/* The root of the square of a distance; where that is zero all bits are set, which is no number. */
EQML_INLINE EQML__T EQML__FN(eqml__root)(EQML__T x)
{
    const EQML__T zero = {0};
    return (EQML__T)((EQML__INTEGERS)EQML__FN(eqml__sqrt)(x) | (EQML__INTEGERS)(x == zero));
}

/* exp(x) of n vectors, in their place: see lanes.h. */
EQML_INLINE void EQML__FN(eqml__exp)(int n, EQML__T *x)
{
    const int is_double = sizeof(EQML__NUMBER) == sizeof(double), digits = is_double ? 52 : 23;
    const EQML__T log2_e = EQML__ALL((EQML__NUMBER)1.4426950408889634);
    const EQML__T ln2 = EQML__ALL((EQML__NUMBER)(is_double ? 6.93147180369123816490e-01 : 0.693359375));
    const EQML__T ln2_rest =
        EQML__ALL((EQML__NUMBER)(is_double ? 1.90821492927058770002e-10 : -2.12194440e-4));
    const EQML__NUMBER shifter = (EQML__NUMBER)(1.5 * (double)(1LL << digits));
    EQML__T t[EQML__SIDES], u[EQML__SIDES], even[EQML__SIDES], odd[EQML__SIDES], power[EQML__SIDES];
    EQML__SIDE(x[k] = EQML__FN(eqml__at_least)(x[k], (EQML__NUMBER)(is_double ? -708 : -87)));
    EQML__SIDE(x[k] = EQML__FN(eqml__at_most)(x[k], (EQML__NUMBER)(is_double ? 709 : 88)));
    EQML__SIDE(power[k] = EQML__FMA(x[k], log2_e, EQML__ALL(shifter))); /* the sum has m in its last digits */
    EQML__SIDE(u[k] = power[k] - shifter);
    EQML__SIDE(t[k] = EQML__FMA(u[k], -ln2, x[k]));
    EQML__SIDE(t[k] = EQML__FMA(u[k], -ln2_rest, t[k]));
    EQML__SIDE(u[k] = t[k] * t[k]);
    if (is_double) {
        EQML__SIDE(even[k] = EQML__EXP_STEP(EQML__EXP_TERM(2.763023404632676e-07), 2.4801493135862195e-05));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(EQML__EXP_TERM(2.5000071536443212e-08), 2.7557586269488052e-06));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.0013888888943597978));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(odd[k], 0.00019841269506775536));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.041666666666530267));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(odd[k], 0.008333333333494335));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.5000000000000011));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(odd[k], 0.16666666666666413));
    } else {
        EQML__SIDE(even[k] = EQML__EXP_STEP(EQML__EXP_TERM(0.001381457758), 0.04166838903));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(EQML__EXP_TERM(0.008368727051), 0.1666652055));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.4999999344));
    }
    /* the bits of 2^m, above those of 1 */
    EQML__SIDE(power[k] = (EQML__T)(((EQML__INTEGERS)power[k] << digits) + (EQML__INTEGERS)EQML__ALL(1)));
    EQML__SIDE(even[k] = EQML__FMA(t[k], odd[k], even[k]));
    EQML__SIDE(even[k] = EQML__FMA(t[k], even[k], EQML__ALL(1)));
    EQML__SIDE(x[k] = EQML__FMA(power[k] * t[k], even[k], power[k]));
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml__inner
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers_inner
#define EQML__SUFFIX inner
#define EQML__ALL eqml__all_inner
#define EQML__FMA eqml__fma_inner
#define EQML__DATA(name) name
/* The root of the square of a distance; where that is zero all bits are set, which is no number. */
EQML_INLINE EQML__T EQML__FN(eqml__root)(EQML__T x)
{
    const EQML__T zero = {0};
    return (EQML__T)((EQML__INTEGERS)EQML__FN(eqml__sqrt)(x) | (EQML__INTEGERS)(x == zero));
}

/* exp(x) of n vectors, in their place: see lanes.h. */
EQML_INLINE void EQML__FN(eqml__exp)(int n, EQML__T *x)
{
    const int is_double = sizeof(EQML__NUMBER) == sizeof(double), digits = is_double ? 52 : 23;
    const EQML__T log2_e = EQML__ALL((EQML__NUMBER)1.4426950408889634);
    const EQML__T ln2 = EQML__ALL((EQML__NUMBER)(is_double ? 6.93147180369123816490e-01 : 0.693359375));
    const EQML__T ln2_rest =
        EQML__ALL((EQML__NUMBER)(is_double ? 1.90821492927058770002e-10 : -2.12194440e-4));
    const EQML__NUMBER shifter = (EQML__NUMBER)(1.5 * (double)(1LL << digits));
    EQML__T t[EQML__SIDES], u[EQML__SIDES], even[EQML__SIDES], odd[EQML__SIDES], power[EQML__SIDES];
    EQML__SIDE(x[k] = EQML__FN(eqml__at_least)(x[k], (EQML__NUMBER)(is_double ? -708 : -87)));
    EQML__SIDE(x[k] = EQML__FN(eqml__at_most)(x[k], (EQML__NUMBER)(is_double ? 709 : 88)));
    EQML__SIDE(power[k] = EQML__FMA(x[k], log2_e, EQML__ALL(shifter))); /* the sum has m in its last digits */
    EQML__SIDE(u[k] = power[k] - shifter);
    EQML__SIDE(t[k] = EQML__FMA(u[k], -ln2, x[k]));
    EQML__SIDE(t[k] = EQML__FMA(u[k], -ln2_rest, t[k]));
    EQML__SIDE(u[k] = t[k] * t[k]);
    if (is_double) {
        EQML__SIDE(even[k] = EQML__EXP_STEP(EQML__EXP_TERM(2.763023404632676e-07), 2.4801493135862195e-05));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(EQML__EXP_TERM(2.5000071536443212e-08), 2.7557586269488052e-06));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.0013888888943597978));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(odd[k], 0.00019841269506775536));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.041666666666530267));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(odd[k], 0.008333333333494335));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.5000000000000011));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(odd[k], 0.16666666666666413));
    } else {
        EQML__SIDE(even[k] = EQML__EXP_STEP(EQML__EXP_TERM(0.001381457758), 0.04166838903));
        EQML__SIDE(odd[k] = EQML__EXP_STEP(EQML__EXP_TERM(0.008368727051), 0.1666652055));
        EQML__SIDE(even[k] = EQML__EXP_STEP(even[k], 0.4999999344));
    }
    /* the bits of 2^m, above those of 1 */
    EQML__SIDE(power[k] = (EQML__T)(((EQML__INTEGERS)power[k] << digits) + (EQML__INTEGERS)EQML__ALL(1)));
    EQML__SIDE(even[k] = EQML__FMA(t[k], odd[k], even[k]));
    EQML__SIDE(even[k] = EQML__FMA(t[k], even[k], EQML__ALL(1)));
    EQML__SIDE(x[k] = EQML__FMA(power[k] * t[k], even[k], power[k]));
}
#undef EQML__EXP_TERM
#undef EQML__EXP_STEP
#endif

#ifndef EQML__WITH_AVX512
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/* r = sqrt(square) and 1/r of n vectors, to a unit in the last place. A distance of zero becomes no number, and
 * so does all that follows from it. */
EQML_INLINE void EQML__FN(eqml__distances)(int n, const EQML__T *square, EQML__T *r, EQML__T *inverse)
{
    EQML__SIDE(r[k] = EQML__FN(eqml__root)(square[k]));
    EQML__SIDE(inverse[k] = (EQML__NUMBER)1 / r[k]);
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/* r = sqrt(square) and 1/r of n vectors, to a unit in the last place. A distance of zero becomes no number, and
 * so does all that follows from it. */
EQML_INLINE void EQML__FN(eqml__distances)(int n, const EQML__T *square, EQML__T *r, EQML__T *inverse)
{
    EQML__SIDE(r[k] = EQML__FN(eqml__root)(square[k]));
    EQML__SIDE(inverse[k] = (EQML__NUMBER)1 / r[k]);
}

EQML_INLINE void eqml__group_to_lanes(int n, const double *xyz, eqml_lanes *x)
{
    eqml__transpose(EQML_LANES, n, xyz, n, (double *)(void *)x, EQML_LANES);
}

EQML_INLINE void eqml__group_from_lanes(int n, const eqml_lanes *x, double *rows)
{
    eqml__transpose(n, EQML_LANES, (const double *)(const void *)x, EQML_LANES, rows, n);
}
#endif
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml__inner
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers_inner
#define EQML__SUFFIX inner
#define EQML__ALL eqml__all_inner
#define EQML__FMA eqml__fma_inner
#define EQML__DATA(name) name
/* r = sqrt(square) and 1/r of n vectors, to a unit in the last place. A distance of zero becomes no number, and
 * so does all that follows from it. */
EQML_INLINE void EQML__FN(eqml__distances)(int n, const EQML__T *square, EQML__T *r, EQML__T *inverse)
{
    EQML__SIDE(r[k] = EQML__FN(eqml__root)(square[k]));
    EQML__SIDE(inverse[k] = (EQML__NUMBER)1 / r[k]);
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

/* The sum of n numbers, n a power of two. */
EQML_INLINE double eqml__sum_numbers(int n, double *part)
{
    for (int half = n / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            part[k] += part[k + half];
    return part[0];
}

EQML_INLINE double eqml__sum(eqml_lanes x)
{
    double part[EQML_LANES] EQML_ALIGNED;
    eqml__store(part, x);
    return eqml__sum_numbers(EQML_LANES, part);
}

EQML_INLINE double eqml__sum_inner(eqml__inner x)
{
    double part[EQML__INNER] EQML_ALIGNED;
    eqml__store_inner(part, x);
    return eqml__sum_numbers(EQML__INNER, part);
}

/* x[n] in lanes from the rows of xyz[count][n]; past the last row the last again. */
EQML_INLINE void eqml__to_lanes(int n, int count, const double *xyz, eqml_lanes *x)
{
    double *to = (double *)(void *)x;
    if (count >= EQML_LANES) {
        eqml__group_to_lanes(n, xyz, x);
        return;
    }
    eqml__transpose(count, n, xyz, n, to, EQML_LANES);
    for (int lane = count; lane < EQML_LANES; lane++)
        eqml__transpose(1, n, xyz + (count - 1) * n, n, to + lane, EQML_LANES);
}

/* The first `count` rows of rows[count][n] from x[n] in lanes. */
EQML_INLINE void eqml__from_lanes(int n, int count, const eqml_lanes *x, double *rows)
{
    if (count >= EQML_LANES)
        eqml__group_from_lanes(n, x, rows);
    else
        eqml__transpose(n, count, (const double *)(const void *)x, EQML_LANES, rows, n);
}

#endif /* EQML__LANES_H */

/* ==== layout.h ========================================================================================== */

/* What the generator and the runtime must agree on: the layout number, and the kinds of tensors. */
#ifndef EQML__LAYOUT_H
#define EQML__LAYOUT_H

/*
 * The layout number: it grows with every change of the records in basis.h (eqml_basis, eqml_model and what they
 * hold) or of what generated code calls. A basis header is refused by an eqml.h of another number. In the
 * header of a surface every name of the runtime carries the number, eqml4_model for eqml_model, so that
 * surfaces written by different versions, and eqml.h, may be included in one file in any order.
 */
#define EQML_LAYOUT 4

typedef enum eqml_tensor { EQML_DIPOLE, EQML_QUADRUPOLE, EQML_POLARIZABILITY, EQML_TENSORS } eqml_tensor;

#endif /* EQML__LAYOUT_H */

/* ==== basis.h =========================================================================================== */

/* Bases as eqml-gen writes them, what their code calls, and models: the layout that headers are checked against. */
#ifndef EQML__BASIS_H
#define EQML__BASIS_H

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
#define EQML_ROUND(n) (((n) + 7) / 8 * 8)
#define EQML_WORK_ONE(nslots, npairs)                                                                        \
    (3 * EQML_ROUND(nslots) + 6 * EQML_ROUND(npairs) +                                                       \
     4 * EQML_ROUND((npairs) + 1)) /* atoms are at most one more than pairs */

#endif /* EQML__BASIS_H */

/* ==== kernel/variables.h ================================================================================ */

/* Pair variables: roots, exponentials, y(r) and its derivatives. */
#ifndef EQML__KERNEL_VARIABLES_H
#define EQML__KERNEL_VARIABLES_H

/* A user's function, at distances only: elsewhere the variable is no number. */
EQML_INLINE void eqml__users_variable(const eqml_variable *v, double r, double y[3])
{
    if (r > 0)
        v->function(r, v->data, y);
    else
        y[0] = y[1] = y[2] = (double)NAN;
}

/* One number at a time. y, dy/dr, d2y/dr2 at r > 0; no numbers where r is none. rate: that of the pair, -1/a. */
EQML_FUNCTION void eqml__variable(const eqml_variable *v, double rate, double r, double y[3])
{
    double q = 1 / r;
    if (v->kind == EQML_USER) {
        eqml__users_variable(v, r, y);
    } else if (v->kind == EQML_INVERSE) {
        y[0] = q;
        y[1] = -q * q;
        y[2] = 2 * q * q * q;
    } else if (v->kind == EQML_POWER) {
        y[0] = 1;
        for (int k = 0; k < (int)fabs(v->range); k++)
            y[0] *= v->range > 0 ? r : q;
        y[1] = v->range * y[0] * q;
        y[2] = (v->range - 1) * y[1] * q;
    } else {
        const double e = exp(rate * r);
        if (v->kind == EQML_MORSE) {
            y[0] = e;
            y[1] = rate * e;
            y[2] = rate * rate * e;
        } else {
            y[0] = e * q;
            y[1] = y[0] * (rate - q);
            y[2] = y[0] * ((rate - q) * (rate - q) + q * q);
        }
    }
}

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/*
 * y, not centred, and dy/dr of n vectors of distances r, whose inverses are given too. The rates, -1/a, may differ
 * from lane to lane. A compiler that knows the model drops the tests of kind and range.
 */
EQML_INLINE void EQML__FN(eqml__variables)(const eqml_variable *v, int n, const EQML__T *rate,
                                           const EQML__T *r, const EQML__T *inverse, EQML__T *y,
                                           EQML__T *slope)
{
    if (v->kind == EQML_MORSE) {
        EQML__SIDE(y[k] = rate[k] * r[k]);
        EQML__FN(eqml__exp)(n, y);
        EQML__SIDE(slope[k] = rate[k] * y[k]);
    } else if (v->kind == EQML_INVERSE) {
        EQML__SIDE(y[k] = inverse[k]);
        EQML__SIDE(slope[k] = -inverse[k] * inverse[k]);
    } else if (v->kind == EQML_EXP_OVER_R) {
        EQML__SIDE(y[k] = rate[k] * r[k]);
        EQML__FN(eqml__exp)(n, y);
        EQML__SIDE(y[k] *= inverse[k]);
        EQML__SIDE(slope[k] = y[k] * (rate[k] - inverse[k]));
    } else if (v->kind == EQML_POWER) {
        for (int k = 0; k < n; k++) {
            EQML__T square = v->range > 0 ? r[k] : inverse[k], power = EQML__ALL(1);
            for (int rest = (int)fabs(v->range); rest > 0; rest /= 2, square *= square)
                if (rest % 2)
                    power *= square;
            y[k] = power;
            slope[k] = (EQML__NUMBER)v->range * power * inverse[k];
        }
    } else {
        for (int k = 0; k < n; k++) {
            EQML__NUMBER at[sizeof(EQML__T) / sizeof(EQML__NUMBER)],
                value[sizeof(EQML__T) / sizeof(EQML__NUMBER)];
            EQML__NUMBER derivative[sizeof(EQML__T) / sizeof(EQML__NUMBER)];
            memcpy(at, &r[k], sizeof r[k]);
            for (size_t lane = 0; lane < sizeof(EQML__T) / sizeof(EQML__NUMBER); lane++) {
                double all[3];
                eqml__users_variable(v, (double)at[lane], all);
                value[lane] = (EQML__NUMBER)all[0];
                derivative[lane] = (EQML__NUMBER)all[1];
            }
            memcpy(&y[k], value, sizeof y[k]);
            memcpy(&slope[k], derivative, sizeof slope[k]);
        }
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/*
 * y, not centred, and dy/dr of n vectors of distances r, whose inverses are given too. The rates, -1/a, may differ
 * from lane to lane. A compiler that knows the model drops the tests of kind and range.
 */
EQML_INLINE void EQML__FN(eqml__variables)(const eqml_variable *v, int n, const EQML__T *rate,
                                           const EQML__T *r, const EQML__T *inverse, EQML__T *y,
                                           EQML__T *slope)
{
    if (v->kind == EQML_MORSE) {
        EQML__SIDE(y[k] = rate[k] * r[k]);
        EQML__FN(eqml__exp)(n, y);
        EQML__SIDE(slope[k] = rate[k] * y[k]);
    } else if (v->kind == EQML_INVERSE) {
        EQML__SIDE(y[k] = inverse[k]);
        EQML__SIDE(slope[k] = -inverse[k] * inverse[k]);
    } else if (v->kind == EQML_EXP_OVER_R) {
        EQML__SIDE(y[k] = rate[k] * r[k]);
        EQML__FN(eqml__exp)(n, y);
        EQML__SIDE(y[k] *= inverse[k]);
        EQML__SIDE(slope[k] = y[k] * (rate[k] - inverse[k]));
    } else if (v->kind == EQML_POWER) {
        for (int k = 0; k < n; k++) {
            EQML__T square = v->range > 0 ? r[k] : inverse[k], power = EQML__ALL(1);
            for (int rest = (int)fabs(v->range); rest > 0; rest /= 2, square *= square)
                if (rest % 2)
                    power *= square;
            y[k] = power;
            slope[k] = (EQML__NUMBER)v->range * power * inverse[k];
        }
    } else {
        for (int k = 0; k < n; k++) {
            EQML__NUMBER at[sizeof(EQML__T) / sizeof(EQML__NUMBER)],
                value[sizeof(EQML__T) / sizeof(EQML__NUMBER)];
            EQML__NUMBER derivative[sizeof(EQML__T) / sizeof(EQML__NUMBER)];
            memcpy(at, &r[k], sizeof r[k]);
            for (size_t lane = 0; lane < sizeof(EQML__T) / sizeof(EQML__NUMBER); lane++) {
                double all[3];
                eqml__users_variable(v, (double)at[lane], all);
                value[lane] = (EQML__NUMBER)all[0];
                derivative[lane] = (EQML__NUMBER)all[1];
            }
            memcpy(&y[k], value, sizeof y[k]);
            memcpy(&slope[k], derivative, sizeof slope[k]);
        }
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml__inner
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers_inner
#define EQML__SUFFIX inner
#define EQML__ALL eqml__all_inner
#define EQML__FMA eqml__fma_inner
#define EQML__DATA(name) name
/*
 * y, not centred, and dy/dr of n vectors of distances r, whose inverses are given too. The rates, -1/a, may differ
 * from lane to lane. A compiler that knows the model drops the tests of kind and range.
 */
EQML_INLINE void EQML__FN(eqml__variables)(const eqml_variable *v, int n, const EQML__T *rate,
                                           const EQML__T *r, const EQML__T *inverse, EQML__T *y,
                                           EQML__T *slope)
{
    if (v->kind == EQML_MORSE) {
        EQML__SIDE(y[k] = rate[k] * r[k]);
        EQML__FN(eqml__exp)(n, y);
        EQML__SIDE(slope[k] = rate[k] * y[k]);
    } else if (v->kind == EQML_INVERSE) {
        EQML__SIDE(y[k] = inverse[k]);
        EQML__SIDE(slope[k] = -inverse[k] * inverse[k]);
    } else if (v->kind == EQML_EXP_OVER_R) {
        EQML__SIDE(y[k] = rate[k] * r[k]);
        EQML__FN(eqml__exp)(n, y);
        EQML__SIDE(y[k] *= inverse[k]);
        EQML__SIDE(slope[k] = y[k] * (rate[k] - inverse[k]));
    } else if (v->kind == EQML_POWER) {
        for (int k = 0; k < n; k++) {
            EQML__T square = v->range > 0 ? r[k] : inverse[k], power = EQML__ALL(1);
            for (int rest = (int)fabs(v->range); rest > 0; rest /= 2, square *= square)
                if (rest % 2)
                    power *= square;
            y[k] = power;
            slope[k] = (EQML__NUMBER)v->range * power * inverse[k];
        }
    } else {
        for (int k = 0; k < n; k++) {
            EQML__NUMBER at[sizeof(EQML__T) / sizeof(EQML__NUMBER)],
                value[sizeof(EQML__T) / sizeof(EQML__NUMBER)];
            EQML__NUMBER derivative[sizeof(EQML__T) / sizeof(EQML__NUMBER)];
            memcpy(at, &r[k], sizeof r[k]);
            for (size_t lane = 0; lane < sizeof(EQML__T) / sizeof(EQML__NUMBER); lane++) {
                double all[3];
                eqml__users_variable(v, (double)at[lane], all);
                value[lane] = (EQML__NUMBER)all[0];
                derivative[lane] = (EQML__NUMBER)all[1];
            }
            memcpy(&y[k], value, sizeof y[k]);
            memcpy(&slope[k], derivative, sizeof slope[k]);
        }
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

#endif /* EQML__KERNEL_VARIABLES_H */

/* ==== kernel/pairs.h ==================================================================================== */

/*
 * The pairs of one geometry (pairs in lanes) and of batches (geometries in lanes): differences, distances, variables,
 * and back to the gradient.
 */
#ifndef EQML__KERNEL_PAIRS_H
#define EQML__KERNEL_PAIRS_H

/* The kind of variable that all classes of pairs share (ranges may differ); NULL if kinds differ. */
EQML_INLINE const eqml_variable *eqml__common_variable(const eqml_model *m)
{
    const eqml_variable *v = m->variables;
    if (v->kind == EQML_USER || v->kind == EQML_POWER)
        return m->basis->npair_classes == 1 ? v : NULL;
    for (int k = 1; k < m->basis->npair_classes; k++)
        if (v[k].kind != v->kind)
            return NULL;
    return v;
}

/* n vectors of pairs from p on: see eqml__pairs_one. */
EQML_INLINE void eqml__side_pairs(const eqml_model *m, const eqml_variable *v, const double *xyz, int n,
                                  int p, double *y, double *pair, int stride)
{
    const eqml_basis *b = m->basis;
    eqml__inner d[EQML__SIDES][3], r[EQML__SIDES], inverse[EQML__SIDES], rate[EQML__SIDES],
        value[EQML__SIDES], slope[EQML__SIDES];
    EQML__SIDE(eqml__differences(b->pairs, b->npairs - 1, p + k * EQML__INNER, xyz, d[k]));
    EQML__SIDE(r[k] =
                   eqml__fma_inner(d[k][0], d[k][0], eqml__fma_inner(d[k][1], d[k][1], d[k][2] * d[k][2])));
    eqml__distances_inner(n, r, r, inverse);
    EQML__SIDE(rate[k] = eqml__load_inner(m->rates + p + k * EQML__INNER));
    eqml__variables_inner(v, n, rate, r, inverse, value, slope);
    for (int k = 0; k < n; k++) {
        const int at = p + k * EQML__INNER;
        for (int x = 0; x < 3; x++)
            eqml__store_inner(pair + x * stride + at, d[k][x]);
        eqml__store_inner(pair + 3 * stride + at, inverse[k]);
        eqml__store_inner(pair + 4 * stride + at, slope[k]);
        eqml__store_inner(pair + 5 * stride + at, r[k]);
        eqml__store_inner(y + at, value[k] - eqml__load_inner(m->centres + at));
    }
}

/*
 * Distances and pair variables of one geometry, pairs in lanes. pair holds six rows of `stride` numbers:
 * x_i - x_j (three rows), 1/r, dy/dr, and r; all rows and y are filled up to whole vectors. sides: chains side
 * by side, a constant; half as many are half as much code.
 */
EQML_INLINE void eqml__pairs_aside(const eqml_model *m, int sides, const double *xyz, double *y, double *pair,
                                   int stride)
{
    static const eqml_variable exponential = {EQML_MORSE, 1, 0, 0};
    const eqml_basis *b = m->basis;
    const eqml_variable *common = eqml__common_variable(m), *v = common ? common : &exponential;
    const int vectors = (b->npairs + EQML__INNER - 1) / EQML__INNER, rest = vectors % sides;
    int p = 0;
    for (; p + sides * EQML__INNER <= vectors * EQML__INNER; p += sides * EQML__INNER)
        eqml__side_pairs(m, v, xyz, sides, p, y, pair, stride);
    if (rest == 3)
        eqml__side_pairs(m, v, xyz, 3, p, y, pair, stride);
    else if (rest == 2)
        eqml__side_pairs(m, v, xyz, 2, p, y, pair, stride);
    else if (rest == 1)
        eqml__side_pairs(m, v, xyz, 1, p, y, pair, stride);
    /* Where kinds are mixed, exponentials are in lanes nevertheless. */
    for (p = 0; p < b->npairs && !common; p++) {
        const eqml_variable *own = &m->variables[b->pair_classes[p]];
        double value[3];
        if (own->kind == EQML_MORSE)
            continue;
        eqml__variable(own, m->rates[p], pair[5 * stride + p], value);
        y[p] = value[0] - m->centres[p];
        pair[4 * stride + p] = value[1];
    }
}

EQML_INLINE void eqml__pairs_one(const eqml_model *m, const double *xyz, double *y, double *pair, int stride)
{
    eqml__pairs_aside(m, EQML__SIDES, xyz, y, pair, stride);
}

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/* Pair p of n groups of geometries, one in each lane: their variables y[k][p], and where pair is not NULL,
 * pair[k][p] = x_i - x_j (three), 1/r, dy/dr. d[n]: x_i - x_j. */
EQML_INLINE void EQML__FN(eqml__pair)(const eqml_variable *v, EQML__NUMBER rate, EQML__NUMBER centre,
                                      int n, int p,
                                      EQML__T (*d)[3], EQML__T *const *y, EQML__T (*const *pair)[5])
{
    EQML__T r[EQML__SIDES], inverse[EQML__SIDES], rates[EQML__SIDES], value[EQML__SIDES], slope[EQML__SIDES];
    EQML__SIDE(r[k] = EQML__FMA(d[k][0], d[k][0], EQML__FMA(d[k][1], d[k][1], d[k][2] * d[k][2])));
    EQML__FN(eqml__distances)(n, r, r, inverse);
    EQML__SIDE(rates[k] = EQML__ALL(rate));
    EQML__FN(eqml__variables)(v, n, rates, r, inverse, value, slope);
    EQML__SIDE(y[k][p] = value[k] - centre);
    for (int k = 0; k < n && pair; k++) {
        EQML__T *to = pair[k][p];
        to[0] = d[k][0], to[1] = d[k][1], to[2] = d[k][2], to[3] = inverse[k], to[4] = slope[k];
    }
}

/* Cartesian gradients sum[3 natoms]: of each pair, dV/dr along the pair. */
EQML_INLINE void EQML__FN(eqml__scatter)(const eqml_basis *b, const EQML__T *adjoints, EQML__T (*pair)[5],
                                         EQML__T *sum)
{
    EQML__T few[3 * EQML__FEW_ATOMS], *to = EQML__KNOWN(b->natoms <= EQML__FEW_ATOMS) ? few : sum;
    for (int k = 0; k < 3 * b->natoms; k++)
        to[k] = EQML__ALL(0);
    EQML__EACH(p, b->npairs, b->npairs <= EQML__FEW_PAIRS, {
        const EQML__T force = adjoints[p] * pair[p][4] * pair[p][3];
        EQML__T *i = to + 3 * b->pairs[p][0], *j = to + 3 * b->pairs[p][1];
        for (int k = 0; k < 3; k++) {
            i[k] = EQML__FMA(force, pair[p][k], i[k]);
            j[k] = EQML__FMA(-force, pair[p][k], j[k]);
        }
    });
    for (int k = 0; k < 3 * b->natoms && to != sum; k++)
        sum[k] = to[k];
}

/* x_i - x_j of one pair, from coordinates in double, x[vectors of lanes to one T][3 natoms]: in float they would
 * lose the places that cancel. */
EQML_INLINE void EQML__FN(eqml__difference)(const eqml_basis *b, int p, const eqml_lanes *x, EQML__T d[3])
{
    enum { PARTS = sizeof(EQML__T) / sizeof(EQML__NUMBER) / EQML_LANES };
    const int i = 3 * b->pairs[p][0], j = 3 * b->pairs[p][1], size = 3 * b->natoms;
    for (int k = 0; k < 3; k++) {
        eqml_lanes part[PARTS];
        for (int at = 0; at < PARTS; at++)
            part[at] = x[at * size + i + k] - x[at * size + j + k];
        d[k] = EQML__FN(eqml__narrow)(part);
    }
}

/* Pair variables of n groups of geometries from their coordinates in lanes, x[group]. */
EQML_INLINE void EQML__FN(eqml__pairs)(const eqml_model *m, int n, const eqml_lanes *const *x,
                                       EQML__T *const *y, EQML__T (*const *pair)[5])
{
    const eqml_basis *b = m->basis;
    const eqml_variable *common = eqml__common_variable(m);
    EQML__EACH(p, b->npairs, b->npairs <= EQML__FEW_PAIRS, {
        const eqml_variable *v = common ? common : &m->variables[b->pair_classes[p]];
        EQML__T d[EQML__SIDES][3];
        EQML__SIDE(EQML__FN(eqml__difference)(b, p, x[k], d[k]));
        EQML__FN(eqml__pair)(v, (EQML__NUMBER)m->rates[p], (EQML__NUMBER)m->centres[p], n, p, d, y, pair);
    });
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/* Pair p of n groups of geometries, one in each lane: their variables y[k][p], and where pair is not NULL,
 * pair[k][p] = x_i - x_j (three), 1/r, dy/dr. d[n]: x_i - x_j. */
EQML_INLINE void EQML__FN(eqml__pair)(const eqml_variable *v, EQML__NUMBER rate, EQML__NUMBER centre,
                                      int n, int p,
                                      EQML__T (*d)[3], EQML__T *const *y, EQML__T (*const *pair)[5])
{
    EQML__T r[EQML__SIDES], inverse[EQML__SIDES], rates[EQML__SIDES], value[EQML__SIDES], slope[EQML__SIDES];
    EQML__SIDE(r[k] = EQML__FMA(d[k][0], d[k][0], EQML__FMA(d[k][1], d[k][1], d[k][2] * d[k][2])));
    EQML__FN(eqml__distances)(n, r, r, inverse);
    EQML__SIDE(rates[k] = EQML__ALL(rate));
    EQML__FN(eqml__variables)(v, n, rates, r, inverse, value, slope);
    EQML__SIDE(y[k][p] = value[k] - centre);
    for (int k = 0; k < n && pair; k++) {
        EQML__T *to = pair[k][p];
        to[0] = d[k][0], to[1] = d[k][1], to[2] = d[k][2], to[3] = inverse[k], to[4] = slope[k];
    }
}

/* Cartesian gradients sum[3 natoms]: of each pair, dV/dr along the pair. */
EQML_INLINE void EQML__FN(eqml__scatter)(const eqml_basis *b, const EQML__T *adjoints, EQML__T (*pair)[5],
                                         EQML__T *sum)
{
    EQML__T few[3 * EQML__FEW_ATOMS], *to = EQML__KNOWN(b->natoms <= EQML__FEW_ATOMS) ? few : sum;
    for (int k = 0; k < 3 * b->natoms; k++)
        to[k] = EQML__ALL(0);
    EQML__EACH(p, b->npairs, b->npairs <= EQML__FEW_PAIRS, {
        const EQML__T force = adjoints[p] * pair[p][4] * pair[p][3];
        EQML__T *i = to + 3 * b->pairs[p][0], *j = to + 3 * b->pairs[p][1];
        for (int k = 0; k < 3; k++) {
            i[k] = EQML__FMA(force, pair[p][k], i[k]);
            j[k] = EQML__FMA(-force, pair[p][k], j[k]);
        }
    });
    for (int k = 0; k < 3 * b->natoms && to != sum; k++)
        sum[k] = to[k];
}

/* x_i - x_j of one pair, from coordinates in double, x[vectors of lanes to one T][3 natoms]: in float they would
 * lose the places that cancel. */
EQML_INLINE void EQML__FN(eqml__difference)(const eqml_basis *b, int p, const eqml_lanes *x, EQML__T d[3])
{
    enum { PARTS = sizeof(EQML__T) / sizeof(EQML__NUMBER) / EQML_LANES };
    const int i = 3 * b->pairs[p][0], j = 3 * b->pairs[p][1], size = 3 * b->natoms;
    for (int k = 0; k < 3; k++) {
        eqml_lanes part[PARTS];
        for (int at = 0; at < PARTS; at++)
            part[at] = x[at * size + i + k] - x[at * size + j + k];
        d[k] = EQML__FN(eqml__narrow)(part);
    }
}

/* Pair variables of n groups of geometries from their coordinates in lanes, x[group]. */
EQML_INLINE void EQML__FN(eqml__pairs)(const eqml_model *m, int n, const eqml_lanes *const *x,
                                       EQML__T *const *y, EQML__T (*const *pair)[5])
{
    const eqml_basis *b = m->basis;
    const eqml_variable *common = eqml__common_variable(m);
    EQML__EACH(p, b->npairs, b->npairs <= EQML__FEW_PAIRS, {
        const eqml_variable *v = common ? common : &m->variables[b->pair_classes[p]];
        EQML__T d[EQML__SIDES][3];
        EQML__SIDE(EQML__FN(eqml__difference)(b, p, x[k], d[k]));
        EQML__FN(eqml__pair)(v, (EQML__NUMBER)m->rates[p], (EQML__NUMBER)m->centres[p], n, p, d, y, pair);
    });
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

#endif /* EQML__KERNEL_PAIRS_H */

/* ==== kernel/matrix.h =================================================================================== */

/* Covariants over pairs as matrices, for code that would be too long element by element. */
#ifndef EQML__KERNEL_MATRIX_H
#define EQML__KERNEL_MATRIX_H

EQML_INLINE int eqml__least(int x, int y)
{
    return x < y ? x : y;
}

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/*
 * For generated code: t += l r, where t, l and r hold covariants as the matrices m[target], m[left] and m[right].
 * half: only elements whose column is greater than their row. The matrices are small: they are read where they
 * stand, element by element, in blocks that fit the registers.
 */
EQML_NOINLINE void EQML__JOIN(eqml__series, EQML__T)(const eqml_matrix *m, int left, int right, int target,
                                                     int half, const EQML__T *l, const EQML__T *r, EQML__T *t)
{
    enum { ROWS = EQML__REGISTERS < 32 ? 2 : 4, COLUMNS = 4 };
    const int nrows = m[target].nrows, ncolumns = m[target].ncolumns, depth = m[left].ncolumns;
    for (int i = 0; i < nrows; i += ROWS)
        for (int j = half ? i / COLUMNS * COLUMNS : 0; j < ncolumns; j += COLUMNS) {
            const unsigned short *row[ROWS], *column[COLUMNS];
            EQML__T sum[ROWS][COLUMNS];
            for (int x = 0; x < ROWS; x++) /* past the last: the last again */
                row[x] = m[left].at + eqml__least(i + x, nrows - 1) * depth;
            for (int y = 0; y < COLUMNS; y++)
                column[y] = m[right].at + eqml__least(j + y, ncolumns - 1);
            for (int x = 0; x < ROWS; x++)
                for (int y = 0; y < COLUMNS; y++)
                    sum[x][y] = EQML__ALL(0);
            for (int k = 0; k < depth; k++) {
                EQML__T across[COLUMNS];
                for (int y = 0; y < COLUMNS; y++)
                    across[y] = r[column[y][k * ncolumns]];
                for (int x = 0; x < ROWS; x++) {
                    const EQML__T along = l[row[x][k]];
                    for (int y = 0; y < COLUMNS; y++)
                        sum[x][y] = EQML__FMA(along, across[y], sum[x][y]);
                }
            }
            for (int x = 0; x < eqml__least(ROWS, nrows - i); x++)
                for (int y = 0; y < eqml__least(COLUMNS, ncolumns - j); y++)
                    if (!half || j + y > i + x)
                        t[m[target].at[(i + x) * ncolumns + j + y]] += sum[x][y];
        }
    memset(t + m[target].none, 0, sizeof *t);
}
/*
 * For generated code: a matrix of covariants over pairs, with vectors over atoms.
 *
 *     push     t_i += sum_j a_ij g_j         outer    a_ij += t_i g_j         g NULL: ones
 *     ends     b_ij += a_ij g_i              meet     g_i += sum_j a_ij b_ij
 *
 * turned: m is the transpose of that matrix. total: the sum of n elements.
 */
EQML_NOINLINE EQML__T EQML__JOIN(eqml__total, EQML__T)(int n, const EQML__T *x)
{
    EQML__T sum[4];
    int k = 0;
    memset(sum, 0, sizeof sum);
    for (; k + 4 <= n; k += 4)
        for (int y = 0; y < 4; y++)
            sum[y] += x[k + y];
    for (; k < n; k++)
        sum[0] += x[k];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

EQML_NOINLINE void EQML__JOIN(eqml__push, EQML__T)(const eqml_matrix *m, const EQML__T *a, const EQML__T *g,
                                                   EQML__T *t)
{
    for (int i = 0; i < m->nrows; i += 4) {
        const unsigned short *row[4];
        EQML__T sum[4];
        for (int x = 0; x < 4; x++) /* past the last: the last again */
            row[x] = m->at + eqml__least(i + x, m->nrows - 1) * m->ncolumns;
        memset(sum, 0, sizeof sum);
        for (int j = 0; j < m->ncolumns; j++)
            for (int x = 0; x < 4; x++)
                sum[x] = g ? EQML__FMA(a[row[x][j]], g[j], sum[x]) : sum[x] + a[row[x][j]];
        for (int x = 0; x < eqml__least(4, m->nrows - i); x++)
            t[i + x] += sum[x];
    }
}

EQML_NOINLINE void EQML__JOIN(eqml__outer, EQML__T)(const eqml_matrix *m, int turned, const EQML__T *t,
                                                    const EQML__T *g, EQML__T *a)
{
    for (int k = 0; k < m->nruns; k++) {
        const unsigned short *run = m->runs[k];
        const EQML__T *t_row = t + run[0], *t_column = t + run[1];
        EQML__T *to = a + run[2];
        if (g) {
            const EQML__T *g_row = g + run[0], *g_column = g + run[1];
            if (m->symmetric || !turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] = EQML__FMA(t_row[0], g_column[x], to[x]);
            if (m->symmetric || turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] = EQML__FMA(t_column[x], g_row[0], to[x]);
        } else {
            if (m->symmetric || !turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] += t_row[0];
            if (m->symmetric || turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] += t_column[x];
        }
    }
}

EQML_NOINLINE void EQML__JOIN(eqml__ends, EQML__T)(const eqml_matrix *m, int turned, const EQML__T *a,
                                                   const EQML__T *g, EQML__T *b)
{
    for (int k = 0; k < m->nruns; k++) {
        const unsigned short *run = m->runs[k];
        const EQML__T *from = a + run[2], *row = g + run[0], *column = g + run[1];
        EQML__T *to = b + run[2];
        if (m->symmetric || !turned)
            for (int x = 0; x < run[3]; x++)
                to[x] = EQML__FMA(from[x], row[0], to[x]);
        if (m->symmetric || turned)
            for (int x = 0; x < run[3]; x++)
                to[x] = EQML__FMA(from[x], column[x], to[x]);
    }
}

EQML_NOINLINE void EQML__JOIN(eqml__meet, EQML__T)(const eqml_matrix *m, const EQML__T *a, const EQML__T *b,
                                                   EQML__T *g)
{
    const unsigned short *at = m->at;
    for (int i = 0; i < m->nrows; i++, at += m->ncolumns) {
        EQML__T sum[4];
        memset(sum, 0, sizeof sum);
        for (int j = 0; j < m->ncolumns; j += 4)
            for (int x = 0; x < 4; x++) {
                const int e = j + x < m->ncolumns ? at[j + x] : m->none;
                sum[x] = EQML__FMA(a[e], b[e], sum[x]);
            }
        g[i] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/*
 * For generated code: t += l r, where t, l and r hold covariants as the matrices m[target], m[left] and m[right].
 * half: only elements whose column is greater than their row. The matrices are small: they are read where they
 * stand, element by element, in blocks that fit the registers.
 */
EQML_NOINLINE void EQML__JOIN(eqml__series, EQML__T)(const eqml_matrix *m, int left, int right, int target,
                                                     int half, const EQML__T *l, const EQML__T *r, EQML__T *t)
{
    enum { ROWS = EQML__REGISTERS < 32 ? 2 : 4, COLUMNS = 4 };
    const int nrows = m[target].nrows, ncolumns = m[target].ncolumns, depth = m[left].ncolumns;
    for (int i = 0; i < nrows; i += ROWS)
        for (int j = half ? i / COLUMNS * COLUMNS : 0; j < ncolumns; j += COLUMNS) {
            const unsigned short *row[ROWS], *column[COLUMNS];
            EQML__T sum[ROWS][COLUMNS];
            for (int x = 0; x < ROWS; x++) /* past the last: the last again */
                row[x] = m[left].at + eqml__least(i + x, nrows - 1) * depth;
            for (int y = 0; y < COLUMNS; y++)
                column[y] = m[right].at + eqml__least(j + y, ncolumns - 1);
            for (int x = 0; x < ROWS; x++)
                for (int y = 0; y < COLUMNS; y++)
                    sum[x][y] = EQML__ALL(0);
            for (int k = 0; k < depth; k++) {
                EQML__T across[COLUMNS];
                for (int y = 0; y < COLUMNS; y++)
                    across[y] = r[column[y][k * ncolumns]];
                for (int x = 0; x < ROWS; x++) {
                    const EQML__T along = l[row[x][k]];
                    for (int y = 0; y < COLUMNS; y++)
                        sum[x][y] = EQML__FMA(along, across[y], sum[x][y]);
                }
            }
            for (int x = 0; x < eqml__least(ROWS, nrows - i); x++)
                for (int y = 0; y < eqml__least(COLUMNS, ncolumns - j); y++)
                    if (!half || j + y > i + x)
                        t[m[target].at[(i + x) * ncolumns + j + y]] += sum[x][y];
        }
    memset(t + m[target].none, 0, sizeof *t);
}
/*
 * For generated code: a matrix of covariants over pairs, with vectors over atoms.
 *
 *     push     t_i += sum_j a_ij g_j         outer    a_ij += t_i g_j         g NULL: ones
 *     ends     b_ij += a_ij g_i              meet     g_i += sum_j a_ij b_ij
 *
 * turned: m is the transpose of that matrix. total: the sum of n elements.
 */
EQML_NOINLINE EQML__T EQML__JOIN(eqml__total, EQML__T)(int n, const EQML__T *x)
{
    EQML__T sum[4];
    int k = 0;
    memset(sum, 0, sizeof sum);
    for (; k + 4 <= n; k += 4)
        for (int y = 0; y < 4; y++)
            sum[y] += x[k + y];
    for (; k < n; k++)
        sum[0] += x[k];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

EQML_NOINLINE void EQML__JOIN(eqml__push, EQML__T)(const eqml_matrix *m, const EQML__T *a, const EQML__T *g,
                                                   EQML__T *t)
{
    for (int i = 0; i < m->nrows; i += 4) {
        const unsigned short *row[4];
        EQML__T sum[4];
        for (int x = 0; x < 4; x++) /* past the last: the last again */
            row[x] = m->at + eqml__least(i + x, m->nrows - 1) * m->ncolumns;
        memset(sum, 0, sizeof sum);
        for (int j = 0; j < m->ncolumns; j++)
            for (int x = 0; x < 4; x++)
                sum[x] = g ? EQML__FMA(a[row[x][j]], g[j], sum[x]) : sum[x] + a[row[x][j]];
        for (int x = 0; x < eqml__least(4, m->nrows - i); x++)
            t[i + x] += sum[x];
    }
}

EQML_NOINLINE void EQML__JOIN(eqml__outer, EQML__T)(const eqml_matrix *m, int turned, const EQML__T *t,
                                                    const EQML__T *g, EQML__T *a)
{
    for (int k = 0; k < m->nruns; k++) {
        const unsigned short *run = m->runs[k];
        const EQML__T *t_row = t + run[0], *t_column = t + run[1];
        EQML__T *to = a + run[2];
        if (g) {
            const EQML__T *g_row = g + run[0], *g_column = g + run[1];
            if (m->symmetric || !turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] = EQML__FMA(t_row[0], g_column[x], to[x]);
            if (m->symmetric || turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] = EQML__FMA(t_column[x], g_row[0], to[x]);
        } else {
            if (m->symmetric || !turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] += t_row[0];
            if (m->symmetric || turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] += t_column[x];
        }
    }
}

EQML_NOINLINE void EQML__JOIN(eqml__ends, EQML__T)(const eqml_matrix *m, int turned, const EQML__T *a,
                                                   const EQML__T *g, EQML__T *b)
{
    for (int k = 0; k < m->nruns; k++) {
        const unsigned short *run = m->runs[k];
        const EQML__T *from = a + run[2], *row = g + run[0], *column = g + run[1];
        EQML__T *to = b + run[2];
        if (m->symmetric || !turned)
            for (int x = 0; x < run[3]; x++)
                to[x] = EQML__FMA(from[x], row[0], to[x]);
        if (m->symmetric || turned)
            for (int x = 0; x < run[3]; x++)
                to[x] = EQML__FMA(from[x], column[x], to[x]);
    }
}

EQML_NOINLINE void EQML__JOIN(eqml__meet, EQML__T)(const eqml_matrix *m, const EQML__T *a, const EQML__T *b,
                                                   EQML__T *g)
{
    const unsigned short *at = m->at;
    for (int i = 0; i < m->nrows; i++, at += m->ncolumns) {
        EQML__T sum[4];
        memset(sum, 0, sizeof sum);
        for (int j = 0; j < m->ncolumns; j += 4)
            for (int x = 0; x < 4; x++) {
                const int e = j + x < m->ncolumns ? at[j + x] : m->none;
                sum[x] = EQML__FMA(a[e], b[e], sum[x]);
            }
        g[i] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T double
#define EQML__NUMBER double
#define EQML__SUFFIX one
#define EQML__ALL(x) ((double)(x))
#define EQML__FMA(a, b, c) ((a) * (b) + (c))
#define EQML__DATA(name) name
/*
 * For generated code: a matrix of covariants over pairs, with vectors over atoms.
 *
 *     push     t_i += sum_j a_ij g_j         outer    a_ij += t_i g_j         g NULL: ones
 *     ends     b_ij += a_ij g_i              meet     g_i += sum_j a_ij b_ij
 *
 * turned: m is the transpose of that matrix. total: the sum of n elements.
 */
EQML_NOINLINE EQML__T EQML__JOIN(eqml__total, EQML__T)(int n, const EQML__T *x)
{
    EQML__T sum[4];
    int k = 0;
    memset(sum, 0, sizeof sum);
    for (; k + 4 <= n; k += 4)
        for (int y = 0; y < 4; y++)
            sum[y] += x[k + y];
    for (; k < n; k++)
        sum[0] += x[k];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

EQML_NOINLINE void EQML__JOIN(eqml__push, EQML__T)(const eqml_matrix *m, const EQML__T *a, const EQML__T *g,
                                                   EQML__T *t)
{
    for (int i = 0; i < m->nrows; i += 4) {
        const unsigned short *row[4];
        EQML__T sum[4];
        for (int x = 0; x < 4; x++) /* past the last: the last again */
            row[x] = m->at + eqml__least(i + x, m->nrows - 1) * m->ncolumns;
        memset(sum, 0, sizeof sum);
        for (int j = 0; j < m->ncolumns; j++)
            for (int x = 0; x < 4; x++)
                sum[x] = g ? EQML__FMA(a[row[x][j]], g[j], sum[x]) : sum[x] + a[row[x][j]];
        for (int x = 0; x < eqml__least(4, m->nrows - i); x++)
            t[i + x] += sum[x];
    }
}

EQML_NOINLINE void EQML__JOIN(eqml__outer, EQML__T)(const eqml_matrix *m, int turned, const EQML__T *t,
                                                    const EQML__T *g, EQML__T *a)
{
    for (int k = 0; k < m->nruns; k++) {
        const unsigned short *run = m->runs[k];
        const EQML__T *t_row = t + run[0], *t_column = t + run[1];
        EQML__T *to = a + run[2];
        if (g) {
            const EQML__T *g_row = g + run[0], *g_column = g + run[1];
            if (m->symmetric || !turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] = EQML__FMA(t_row[0], g_column[x], to[x]);
            if (m->symmetric || turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] = EQML__FMA(t_column[x], g_row[0], to[x]);
        } else {
            if (m->symmetric || !turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] += t_row[0];
            if (m->symmetric || turned)
                for (int x = 0; x < run[3]; x++)
                    to[x] += t_column[x];
        }
    }
}

EQML_NOINLINE void EQML__JOIN(eqml__ends, EQML__T)(const eqml_matrix *m, int turned, const EQML__T *a,
                                                   const EQML__T *g, EQML__T *b)
{
    for (int k = 0; k < m->nruns; k++) {
        const unsigned short *run = m->runs[k];
        const EQML__T *from = a + run[2], *row = g + run[0], *column = g + run[1];
        EQML__T *to = b + run[2];
        if (m->symmetric || !turned)
            for (int x = 0; x < run[3]; x++)
                to[x] = EQML__FMA(from[x], row[0], to[x]);
        if (m->symmetric || turned)
            for (int x = 0; x < run[3]; x++)
                to[x] = EQML__FMA(from[x], column[x], to[x]);
    }
}

EQML_NOINLINE void EQML__JOIN(eqml__meet, EQML__T)(const eqml_matrix *m, const EQML__T *a, const EQML__T *b,
                                                   EQML__T *g)
{
    const unsigned short *at = m->at;
    for (int i = 0; i < m->nrows; i++, at += m->ncolumns) {
        EQML__T sum[4];
        memset(sum, 0, sizeof sum);
        for (int j = 0; j < m->ncolumns; j += 4)
            for (int x = 0; x < 4; x++) {
                const int e = j + x < m->ncolumns ? at[j + x] : m->none;
                sum[x] = EQML__FMA(a[e], b[e], sum[x]);
            }
        g[i] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

/* The same for one geometry: the columns are vectors, of a copy of a part of r. */
EQML_NOINLINE void eqml__series_double(const eqml_matrix *m, int left, int right, int target, int half,
                                       const double *l, const double *r, double *t)
{
    enum { ROWS = 6, COLUMNS = 2 * EQML_LANES, DEPTH = 64 };
    const int nrows = m[target].nrows, ncolumns = m[target].ncolumns, all = m[left].ncolumns;
    double part[DEPTH * COLUMNS] EQML_ALIGNED, sums[COLUMNS] EQML_ALIGNED;
    for (int j = 0; j < ncolumns; j += COLUMNS)
        for (int first = 0; first < all; first += DEPTH) {
            const int depth = eqml__least(DEPTH, all - first), width = eqml__least(COLUMNS, ncolumns - j);
            for (int k = 0; k < depth; k++)
                for (int y = 0; y < COLUMNS; y++)
                    part[k * COLUMNS + y] =
                        r[m[right].at[(first + k) * ncolumns + j + eqml__least(y, width - 1)]];
            for (int i = 0; i < (half ? eqml__least(nrows, j + width - 1) : nrows); i += ROWS) {
                const unsigned short *row[ROWS];
                eqml_lanes sum[ROWS][2];
                for (int x = 0; x < ROWS; x++)
                    row[x] = m[left].at + eqml__least(i + x, nrows - 1) * all + first;
                for (int x = 0; x < ROWS; x++)
                    sum[x][0] = sum[x][1] = eqml__all(0);
                for (int k = 0; k < depth; k++) {
                    const eqml_lanes low = eqml__load(part + k * COLUMNS),
                                     high = eqml__load(part + k * COLUMNS + EQML_LANES);
                    for (int x = 0; x < ROWS; x++) {
                        const eqml_lanes along = eqml__all(l[row[x][k]]);
                        sum[x][0] = eqml__fma(along, low, sum[x][0]);
                        sum[x][1] = eqml__fma(along, high, sum[x][1]);
                    }
                }
                for (int x = 0; x < eqml__least(ROWS, nrows - i); x++) {
                    const unsigned short *to = m[target].at + (i + x) * ncolumns + j;
                    eqml__store(sums, sum[x][0]);
                    eqml__store(sums + EQML_LANES, sum[x][1]);
                    for (int y = half && i + x >= j ? i + x - j + 1 : 0; y < width; y++)
                        t[to[y]] += sums[y];
                }
            }
        }
    t[m[target].none] = 0;
}

#endif /* EQML__KERNEL_MATRIX_H */

/* ==== kernel/sweeps.h =================================================================================== */

/* The factors from the pair variables, and back. */
#ifndef EQML__KERNEL_SWEEPS_H
#define EQML__KERNEL_SWEEPS_H

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T double
#define EQML__NUMBER double
#define EQML__SUFFIX one
#define EQML__ALL(x) ((double)(x))
#define EQML__FMA(a, b, c) ((a) * (b) + (c))
#define EQML__DATA(name) name
/* All slots from the variables, slots[0 .. npairs), by the table of operations; generated code does the same. */
EQML_FUNCTION void EQML__FN(eqml__table_forward)(const eqml_basis *b, EQML__T *slots,
                                                 const EQML__NUMBER *offset)
{
    memset(slots + b->npairs, 0, sizeof(EQML__T) * (size_t)(b->factor0 - b->npairs));
    for (int k = 0; k < b->nfactors; k++)
        slots[b->factor0 + k] = EQML__ALL(k ? offset[k] : 1);
    for (int k = 0; k < b->noperations;) {
        const unsigned short *o = b->operations[k];
        const unsigned target = o[0];
        EQML__T sum = slots[target];
        for (; k < b->noperations && o[0] == target; k++, o += 3)
            sum += slots[o[1]] * slots[o[2]];
        slots[target] = sum;
    }
}

/* All adjoints, from those of the factors. */
EQML_FUNCTION void EQML__FN(eqml__table_reverse)(const eqml_basis *b, const EQML__T *slots, EQML__T *adjoints)
{
    memset(adjoints, 0, sizeof(EQML__T) * (size_t)b->factor0);
    for (int k = b->noperations - 1; k >= 0;) {
        const unsigned short *o = b->operations[k];
        const unsigned target = o[0];
        const EQML__T a = adjoints[target];
        for (; k >= 0 && o[0] == target; k--, o -= 3) {
            adjoints[o[1]] += a * slots[o[2]];
            adjoints[o[2]] += a * slots[o[1]];
        }
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/* All slots from the variables, slots[0 .. npairs), by the table of operations; generated code does the same. */
EQML_FUNCTION void EQML__FN(eqml__table_forward)(const eqml_basis *b, EQML__T *slots,
                                                 const EQML__NUMBER *offset)
{
    memset(slots + b->npairs, 0, sizeof(EQML__T) * (size_t)(b->factor0 - b->npairs));
    for (int k = 0; k < b->nfactors; k++)
        slots[b->factor0 + k] = EQML__ALL(k ? offset[k] : 1);
    for (int k = 0; k < b->noperations;) {
        const unsigned short *o = b->operations[k];
        const unsigned target = o[0];
        EQML__T sum = slots[target];
        for (; k < b->noperations && o[0] == target; k++, o += 3)
            sum += slots[o[1]] * slots[o[2]];
        slots[target] = sum;
    }
}

/* All adjoints, from those of the factors. */
EQML_FUNCTION void EQML__FN(eqml__table_reverse)(const eqml_basis *b, const EQML__T *slots, EQML__T *adjoints)
{
    memset(adjoints, 0, sizeof(EQML__T) * (size_t)b->factor0);
    for (int k = b->noperations - 1; k >= 0;) {
        const unsigned short *o = b->operations[k];
        const unsigned target = o[0];
        const EQML__T a = adjoints[target];
        for (; k >= 0 && o[0] == target; k--, o -= 3) {
            adjoints[o[1]] += a * slots[o[2]];
            adjoints[o[2]] += a * slots[o[1]];
        }
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/* All slots from the variables, slots[0 .. npairs), by the table of operations; generated code does the same. */
EQML_FUNCTION void EQML__FN(eqml__table_forward)(const eqml_basis *b, EQML__T *slots,
                                                 const EQML__NUMBER *offset)
{
    memset(slots + b->npairs, 0, sizeof(EQML__T) * (size_t)(b->factor0 - b->npairs));
    for (int k = 0; k < b->nfactors; k++)
        slots[b->factor0 + k] = EQML__ALL(k ? offset[k] : 1);
    for (int k = 0; k < b->noperations;) {
        const unsigned short *o = b->operations[k];
        const unsigned target = o[0];
        EQML__T sum = slots[target];
        for (; k < b->noperations && o[0] == target; k++, o += 3)
            sum += slots[o[1]] * slots[o[2]];
        slots[target] = sum;
    }
}

/* All adjoints, from those of the factors. */
EQML_FUNCTION void EQML__FN(eqml__table_reverse)(const eqml_basis *b, const EQML__T *slots, EQML__T *adjoints)
{
    memset(adjoints, 0, sizeof(EQML__T) * (size_t)b->factor0);
    for (int k = b->noperations - 1; k >= 0;) {
        const unsigned short *o = b->operations[k];
        const unsigned target = o[0];
        const EQML__T a = adjoints[target];
        for (; k >= 0 && o[0] == target; k--, o -= 3) {
            adjoints[o[1]] += a * slots[o[2]];
            adjoints[o[2]] += a * slots[o[1]];
        }
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

EQML_INLINE void eqml__forward_one(const eqml_model *m, double *slots)
{
    const eqml_basis *b = m->basis;
    const int end = b->factor0 + (b->forward_one ? b->nvalues : b->nfactors);
    double *const group[1] = {slots}; /* a copy: see eqml__potential_one */
    for (int k = end; k < end + 8 && k < EQML_ROUND(b->nslots); k++)
        slots[k] = 0; /* read by vectors of coefficients that are zero there */
    slots[b->factor0] = 1;
    if (b->forward_one)
        b->forward_one(1, group, m->offset);
    else
        eqml__table_forward_one(b, slots, m->offset);
}

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/* The factors of some groups of geometries in lanes, by code or from the table. */
EQML_INLINE void EQML__FN(eqml__forward)(const eqml_model *m, int groups, EQML__T *const *slots)
{
    const eqml_basis *b = m->basis;
    for (int k = 0; k < groups; k++)
        slots[k][b->factor0] = EQML__ALL(1);
    if (b->EQML__FN(forward))
        b->EQML__FN(forward)(groups, slots, m->EQML__DATA(offset));
    for (int k = 0; k < groups && !b->EQML__FN(forward); k++)
        EQML__FN(eqml__table_forward)(b, slots[k], m->EQML__DATA(offset));
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/* The factors of some groups of geometries in lanes, by code or from the table. */
EQML_INLINE void EQML__FN(eqml__forward)(const eqml_model *m, int groups, EQML__T *const *slots)
{
    const eqml_basis *b = m->basis;
    for (int k = 0; k < groups; k++)
        slots[k][b->factor0] = EQML__ALL(1);
    if (b->EQML__FN(forward))
        b->EQML__FN(forward)(groups, slots, m->EQML__DATA(offset));
    for (int k = 0; k < groups && !b->EQML__FN(forward); k++)
        EQML__FN(eqml__table_forward)(b, slots[k], m->EQML__DATA(offset));
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

#endif /* EQML__KERNEL_SWEEPS_H */

/* ==== kernel/form.h ===================================================================================== */

/* The quadratic form: the energy from the factors, and its derivatives. */
#ifndef EQML__KERNEL_FORM_H
#define EQML__KERNEL_FORM_H

/*
 * V = sum_k linear[k] f_k + sum over tiles of f_row c f_column, and g = dV/df unless g is NULL. The first sum goes
 * over nvalues factors only; the sweeps add the others.
 *
 * Each coefficient is read once, for the energy and for both of its derivatives. Tiles of the same four rows stand
 * side by side, so that the sums of these rows stay in registers. Four rows and one vector of columns (or of
 * geometries) need 4 sums, 4 factors, 4 coefficients and 3 more: that fits 16 registers, and coefficients are most of
 * what is loaded.
 */

/* The four columns of a tile with coefficients c. */
EQML_INLINE void eqml__columns_one(const double *c, const double *f, double *g, const eqml__inner *factor,
                                   eqml__inner *sum)
{
    for (int k = 0; k < 4; k += EQML__INNER) {
        const eqml__inner x = eqml__load_inner(f + k);
        eqml__inner part = eqml__all_inner(0);
        for (int row = 0; row < 4; row++) {
            const eqml__inner coefficient = eqml__load_inner(c + 4 * row + k);
            sum[row] = eqml__fma_inner(coefficient, x, sum[row]);
            part = eqml__fma_inner(coefficient, factor[row], part);
        }
        if (g)
            eqml__store_inner(g + k, eqml__load_inner(g + k) + part);
    }
}

/* Four rows: their part of the energy, and the sums over their columns. */
EQML_INLINE void eqml__rows_one(const eqml_rows *rows, const eqml_tile *tiles, const double *c,
                                const double *f, double *g, eqml__inner energy[4], double *sums)
{
    eqml__inner factor[4], sum[4];
    for (int row = 0; row < 4; row++) {
        factor[row] = eqml__all_inner(f[rows->row[row]]);
        sum[row] = eqml__all_inner(0);
    }
    for (int t = 0; t < rows->ntiles; t++)
        eqml__columns_one(c + 16 * t, f + tiles[t].first, g ? g + tiles[t].first : NULL, factor, sum);
    for (int row = 0; row < 4; row++)
        energy[row] = eqml__fma_inner(sum[row], factor[row], energy[row]);
    if (g)
        eqml__four_sums(sum, sums);
}

#ifdef EQML__TWO_ROWS
/*
 * The same with two rows in a vector, for forms that are not short. One gradient of ethanol of degree 4 takes 2.8 us
 * instead of 3.7, but of ammonia of degree 8, whose rows have few columns, 253 ns instead of 236.
 */
EQML_INLINE void eqml__columns_two(const double *c, const double *f, double *g, const eqml_lanes factor[2],
                                   eqml_lanes sum[2])
{
    const eqml_lanes x = eqml__columns_twice(f);
    eqml_lanes first = eqml__load(c), second = eqml__load(c + 8);
    EQML_KEEP(first);
    EQML_KEEP(second);
    sum[0] = eqml__fma(first, x, sum[0]);
    sum[1] = eqml__fma(second, x, sum[1]);
    if (g) {
        const eqml_lanes part = eqml__fma(second, factor[1], first * factor[0]);
        eqml__store_inner(g, eqml__load_inner(g) + (eqml__first_row(part) + eqml__second_row(part)));
    }
}

EQML_INLINE void eqml__rows_two(const eqml_rows *rows, const eqml_tile *tiles, const double *c,
                                const double *f, double *g, eqml__inner energy[4], double *sums)
{
    const int n = rows->ntiles;
    eqml_lanes factor[2], sum[2], other[2]; /* four chains of sums */
    eqml__inner total[4];
    for (int k = 0; k < 2; k++) {
        factor[k] = eqml__two_rows(f[rows->row[2 * k]], f[rows->row[2 * k + 1]]);
        sum[k] = other[k] = eqml__all(0);
    }
    for (int t = 0; t + 1 < n; t += 2) {
        const int one = tiles[t].first, two = tiles[t + 1].first;
        eqml__columns_two(c + 16 * t, f + one, g ? g + one : NULL, factor, sum);
        eqml__columns_two(c + 16 * t + 16, f + two, g ? g + two : NULL, factor, other);
    }
    if (n % 2)
        eqml__columns_two(c + 16 * (n - 1), f + tiles[n - 1].first, g ? g + tiles[n - 1].first : NULL, factor,
                          sum);
    for (int k = 0; k < 2; k++) {
        sum[k] += other[k];
        total[2 * k] = eqml__first_row(sum[k]);
        total[2 * k + 1] = eqml__second_row(sum[k]);
        sum[k] *= factor[k];
        energy[2 * k] += eqml__first_row(sum[k]);
        energy[2 * k + 1] += eqml__second_row(sum[k]);
    }
    if (g)
        eqml__four_sums(total, sums);
}
#else
#define eqml__rows_two eqml__rows_one
#endif

/* One vector at a time: for all at once the compiler calls memcpy, and g cannot stay in registers. */
EQML_INLINE void eqml__linear_one(const double *linear, const double *f, double *g, eqml__inner *energy)
{
    const eqml__inner l = eqml__load_inner(linear);
    *energy = eqml__fma_inner(l, eqml__load_inner(f), *energy);
    if (g)
        eqml__store_inner(g, l);
}

/* One geometry. f and g begin on a vector boundary; sums: room for [nrows][4]. */
EQML_INLINE double eqml__form_one(const eqml_model *m, int nvalues, const double *f, double *g, double *sums)
{
    const eqml_basis *b = m->basis;
    eqml__inner energy[4];
    double rest = 0;
    int k = 0, tile = 0;
    for (int row = 0; row < 4; row++)
        energy[row] = eqml__all_inner(0);
    for (; k + 4 * EQML__INNER <= nvalues; k += 4 * EQML__INNER)
        for (int row = 0; row < 4; row++) /* four chains of sums */
            eqml__linear_one(m->linear + k + row * EQML__INNER, f + k + row * EQML__INNER,
                             g ? g + k + row * EQML__INNER : NULL, &energy[row]);
    for (; k + EQML__INNER <= nvalues; k += EQML__INNER)
        eqml__linear_one(m->linear + k, f + k, g ? g + k : NULL, &energy[0]);
    for (; k < nvalues; k++) {
        rest += m->linear[k] * f[k];
        if (g)
            g[k] = m->linear[k];
    }
    for (; g && k < b->nfactors; k++)
        g[k] = m->linear[k];
    for (; g && k < EQML_ROUND(b->nfactors); k++)
        g[k] = 0;
    EQML__EACH(r, b->nrows, b->ntiles <= EQML__SHORT_ONE && (!g || b->noperations < EQML__LONG_CODE), {
        const eqml_tile *tiles = b->tiles + tile;
        const double *c = m->packed + 16 * tile;
        if (EQML__KNOWN(b->ntiles <= EQML__SHORT_ONE && (!g || b->noperations < EQML__LONG_CODE)))
            eqml__rows_one(b->rows + r, tiles, c, f, g, energy, sums + 4 * r);
        else
            eqml__rows_two(b->rows + r, tiles, c, f, g, energy, sums + 4 * r);
        tile += b->rows[r].ntiles;
    });
    /* Only now: a vector of g waits for the cache if one of its numbers has just been stored. */
    if (g)
        EQML__EACH(r, b->nrows, b->ntiles <= EQML__SHORT_ONE && (!g || b->noperations < EQML__LONG_CODE), {
            for (int row = 0; row < 4; row++)
                g[b->rows[r].row[row]] += sums[4 * r + row];
        });
    return rest + eqml__sum_inner((energy[0] + energy[1]) + (energy[2] + energy[3]));
}

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/*
 * The form of two groups of geometries (or directions) in lanes, x and z, so that each coefficient that is loaded
 * serves four multiply-adds. linear NULL: the products alone. g[0] NULL: no derivatives. keep: see EQML_KEEP; zero
 * in unrolled code, which would have to save what it is told to keep.
 *
 * With 32 registers every second column has sums of its own. Two units for multiply-adds need eight chains to be
 * busy, and with just eight any delay stops them: methane of degree 8 takes 113 ns, with sixteen 108.
 */
EQML_INLINE void EQML__FN(eqml__column)(const EQML__NUMBER *c, int keep, int k, const EQML__T *fx,
                                        const EQML__T *fz, EQML__T *gx, EQML__T *gz, const EQML__T rx[4],
                                        const EQML__T rz[4], EQML__T x[4], EQML__T z[4])
{
    EQML__T column_x = fx[k], column_z = fz[k], ax = EQML__ALL(0), az = ax;
    if (keep) {
        EQML_KEEP(column_x);
        EQML_KEEP(column_z);
    }
    if (gx)
        ax = gx[k], az = gz[k];
    for (int row = 0; row < 4; row++) {
        if (EQML__KNOWN(c[4 * row + k] == 0))
            continue;
        const EQML__T factor = EQML__ALL(c[4 * row + k]);
        x[row] = EQML__FMA(factor, column_x, x[row]);
        z[row] = EQML__FMA(factor, column_z, z[row]);
        if (gx) {
            ax = EQML__FMA(factor, rx[row], ax);
            az = EQML__FMA(factor, rz[row], az);
        }
    }
    if (gx)
        gx[k] = ax, gz[k] = az;
}

EQML_INLINE void EQML__FN(eqml__rows)(const eqml_rows *rows, const eqml_tile *tiles, const EQML__NUMBER *c,
                                      int keep, const EQML__T *fx, const EQML__T *fz, EQML__T *gx,
                                      EQML__T *gz, EQML__T vx[2], EQML__T vz[2])
{
    EQML__T rx[4], rz[4], x[4], z[4], other_x[4], other_z[4]; /* factors, sums over columns */
    EQML__T *const odd_x = EQML__REGISTERS < 32 ? x : other_x, *const odd_z =
                                                                   EQML__REGISTERS < 32 ? z : other_z;
    for (int row = 0; row < 4; row++) {
        rx[row] = fx[rows->row[row]], rz[row] = fz[rows->row[row]];
        x[row] = z[row] = other_x[row] = other_z[row] = EQML__ALL(0);
    }
    for (int t = 0; t < rows->ntiles; t++, c += 16) {
        const int k = tiles[t].first, columns = tiles[t].columns;
        const EQML__T *const at_x = fx + k, *const at_z = fz + k;
        EQML__T *const to_x = gx ? gx + k : NULL, *const to_z = gx ? gz + k : NULL;
        if (columns & 1)
            EQML__FN(eqml__column)(c, keep, 0, at_x, at_z, to_x, to_z, rx, rz, x, z);
        if (columns & 2)
            EQML__FN(eqml__column)(c, keep, 1, at_x, at_z, to_x, to_z, rx, rz, odd_x, odd_z);
        if (columns & 4)
            EQML__FN(eqml__column)(c, keep, 2, at_x, at_z, to_x, to_z, rx, rz, x, z);
        if (columns & 8)
            EQML__FN(eqml__column)(c, keep, 3, at_x, at_z, to_x, to_z, rx, rz, odd_x, odd_z);
    }
    for (int row = 0; row < 4; row++) {
        if (odd_x != x)
            x[row] += odd_x[row], z[row] += odd_z[row];
        vx[row / 2] = EQML__FMA(x[row], rx[row], vx[row / 2]);
        vz[row / 2] = EQML__FMA(z[row], rz[row], vz[row / 2]);
        if (gx) {
            gx[rows->row[row]] += x[row];
            gz[rows->row[row]] += z[row];
        }
    }
}

EQML_INLINE void EQML__FN(eqml__form)(const eqml_basis *b, int nvalues, const EQML__NUMBER *linear,
                                      const EQML__NUMBER *packed, EQML__T *const f[2], EQML__T *const g[2],
                                      EQML__T energy[2])
{
    const int keep = !EQML__KNOWN(b->ntiles <= EQML__SHORT_LANES);
    const EQML__T *fx = f[0], *fz = f[1];
    EQML__T *gx = g[0], *gz = g[1], vx[2], vz[2]; /* parts of the energy */
    int tile = 0;
    vx[0] = vx[1] = vz[0] = vz[1] = EQML__ALL(0);
    for (int k = 0; k < nvalues; k += 2)
        for (int odd = 0; odd < 2 && k + odd < nvalues; odd++) { /* two chains of sums */
            const EQML__T l = EQML__ALL(linear ? linear[k + odd] : 0);
            vx[odd] = EQML__FMA(l, fx[k + odd], vx[odd]);
            vz[odd] = EQML__FMA(l, fz[k + odd], vz[odd]);
            if (gx)
                gx[k + odd] = gz[k + odd] = l;
        }
    EQML__EACH(r, b->nrows, b->ntiles <= EQML__SHORT_LANES, {
        EQML__FN(eqml__rows)(b->rows + r, b->tiles + tile, packed + 16 * tile, keep, fx, fz, gx, gz, vx, vz);
        tile += b->rows[r].ntiles;
    });
    energy[0] = vx[0] + vx[1];
    energy[1] = vz[0] + vz[1];
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/*
 * The form of two groups of geometries (or directions) in lanes, x and z, so that each coefficient that is loaded
 * serves four multiply-adds. linear NULL: the products alone. g[0] NULL: no derivatives. keep: see EQML_KEEP; zero
 * in unrolled code, which would have to save what it is told to keep.
 *
 * With 32 registers every second column has sums of its own. Two units for multiply-adds need eight chains to be
 * busy, and with just eight any delay stops them: methane of degree 8 takes 113 ns, with sixteen 108.
 */
EQML_INLINE void EQML__FN(eqml__column)(const EQML__NUMBER *c, int keep, int k, const EQML__T *fx,
                                        const EQML__T *fz, EQML__T *gx, EQML__T *gz, const EQML__T rx[4],
                                        const EQML__T rz[4], EQML__T x[4], EQML__T z[4])
{
    EQML__T column_x = fx[k], column_z = fz[k], ax = EQML__ALL(0), az = ax;
    if (keep) {
        EQML_KEEP(column_x);
        EQML_KEEP(column_z);
    }
    if (gx)
        ax = gx[k], az = gz[k];
    for (int row = 0; row < 4; row++) {
        if (EQML__KNOWN(c[4 * row + k] == 0))
            continue;
        const EQML__T factor = EQML__ALL(c[4 * row + k]);
        x[row] = EQML__FMA(factor, column_x, x[row]);
        z[row] = EQML__FMA(factor, column_z, z[row]);
        if (gx) {
            ax = EQML__FMA(factor, rx[row], ax);
            az = EQML__FMA(factor, rz[row], az);
        }
    }
    if (gx)
        gx[k] = ax, gz[k] = az;
}

EQML_INLINE void EQML__FN(eqml__rows)(const eqml_rows *rows, const eqml_tile *tiles, const EQML__NUMBER *c,
                                      int keep, const EQML__T *fx, const EQML__T *fz, EQML__T *gx,
                                      EQML__T *gz, EQML__T vx[2], EQML__T vz[2])
{
    EQML__T rx[4], rz[4], x[4], z[4], other_x[4], other_z[4]; /* factors, sums over columns */
    EQML__T *const odd_x = EQML__REGISTERS < 32 ? x : other_x, *const odd_z =
                                                                   EQML__REGISTERS < 32 ? z : other_z;
    for (int row = 0; row < 4; row++) {
        rx[row] = fx[rows->row[row]], rz[row] = fz[rows->row[row]];
        x[row] = z[row] = other_x[row] = other_z[row] = EQML__ALL(0);
    }
    for (int t = 0; t < rows->ntiles; t++, c += 16) {
        const int k = tiles[t].first, columns = tiles[t].columns;
        const EQML__T *const at_x = fx + k, *const at_z = fz + k;
        EQML__T *const to_x = gx ? gx + k : NULL, *const to_z = gx ? gz + k : NULL;
        if (columns & 1)
            EQML__FN(eqml__column)(c, keep, 0, at_x, at_z, to_x, to_z, rx, rz, x, z);
        if (columns & 2)
            EQML__FN(eqml__column)(c, keep, 1, at_x, at_z, to_x, to_z, rx, rz, odd_x, odd_z);
        if (columns & 4)
            EQML__FN(eqml__column)(c, keep, 2, at_x, at_z, to_x, to_z, rx, rz, x, z);
        if (columns & 8)
            EQML__FN(eqml__column)(c, keep, 3, at_x, at_z, to_x, to_z, rx, rz, odd_x, odd_z);
    }
    for (int row = 0; row < 4; row++) {
        if (odd_x != x)
            x[row] += odd_x[row], z[row] += odd_z[row];
        vx[row / 2] = EQML__FMA(x[row], rx[row], vx[row / 2]);
        vz[row / 2] = EQML__FMA(z[row], rz[row], vz[row / 2]);
        if (gx) {
            gx[rows->row[row]] += x[row];
            gz[rows->row[row]] += z[row];
        }
    }
}

EQML_INLINE void EQML__FN(eqml__form)(const eqml_basis *b, int nvalues, const EQML__NUMBER *linear,
                                      const EQML__NUMBER *packed, EQML__T *const f[2], EQML__T *const g[2],
                                      EQML__T energy[2])
{
    const int keep = !EQML__KNOWN(b->ntiles <= EQML__SHORT_LANES);
    const EQML__T *fx = f[0], *fz = f[1];
    EQML__T *gx = g[0], *gz = g[1], vx[2], vz[2]; /* parts of the energy */
    int tile = 0;
    vx[0] = vx[1] = vz[0] = vz[1] = EQML__ALL(0);
    for (int k = 0; k < nvalues; k += 2)
        for (int odd = 0; odd < 2 && k + odd < nvalues; odd++) { /* two chains of sums */
            const EQML__T l = EQML__ALL(linear ? linear[k + odd] : 0);
            vx[odd] = EQML__FMA(l, fx[k + odd], vx[odd]);
            vz[odd] = EQML__FMA(l, fz[k + odd], vz[odd]);
            if (gx)
                gx[k + odd] = gz[k + odd] = l;
        }
    EQML__EACH(r, b->nrows, b->ntiles <= EQML__SHORT_LANES, {
        EQML__FN(eqml__rows)(b->rows + r, b->tiles + tile, packed + 16 * tile, keep, fx, fz, gx, gz, vx, vz);
        tile += b->rows[r].ntiles;
    });
    energy[0] = vx[0] + vx[1];
    energy[1] = vz[0] + vz[1];
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

/* What the sweeps leave out of the energy: the offsets of the factors from nvalues on. */
EQML_INLINE double eqml__rest(const eqml_model *m, int nvalues)
{
    double sum = 0;
    for (int k = nvalues; k < m->basis->nfactors; k++)
        sum += m->linear[k] * m->offset[k];
    return sum;
}

#endif /* EQML__KERNEL_FORM_H */

/* ==== kernel/terms.h ==================================================================================== */

/* The terms from the factors. */
#ifndef EQML__KERNEL_TERMS_H
#define EQML__KERNEL_TERMS_H

/* Whether factor k is a term, and so has a linear coefficient. */
EQML_INLINE int eqml__is_term(const eqml_basis *b, size_t k)
{
    return !b->is_term || b->is_term[k];
}

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T double
#define EQML__NUMBER double
#define EQML__SUFFIX one
#define EQML__ALL(x) ((double)(x))
#define EQML__FMA(a, b, c) ((a) * (b) + (c))
#define EQML__DATA(name) name
/* row += value * terms, in their order, from the factors f, without the first `skip` terms. */
EQML_FUNCTION void EQML__FN(eqml__add_values)(const eqml_basis *b, const EQML__T *f, EQML__T value, int skip,
                                              EQML__T *row)
{
    for (size_t k = (size_t)skip; k < (size_t)b->nfactors; k++)
        if (eqml__is_term(b, k))
            *row++ += value * f[k];
    for (int r = 0; r < b->nruns; r++) {
        const EQML__T left = value * f[b->runs[r][0]], *right = f + b->runs[r][1];
        for (int c = 0; c < b->runs[r][2]; c++)
            *row++ += left * right[c];
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/* row += value * terms, in their order, from the factors f, without the first `skip` terms. */
EQML_FUNCTION void EQML__FN(eqml__add_values)(const eqml_basis *b, const EQML__T *f, EQML__T value, int skip,
                                              EQML__T *row)
{
    for (size_t k = (size_t)skip; k < (size_t)b->nfactors; k++)
        if (eqml__is_term(b, k))
            *row++ += value * f[k];
    for (int r = 0; r < b->nruns; r++) {
        const EQML__T left = value * f[b->runs[r][0]], *right = f + b->runs[r][1];
        for (int c = 0; c < b->runs[r][2]; c++)
            *row++ += left * right[c];
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

#endif /* EQML__KERNEL_TERMS_H */

/* ==== wall.h ============================================================================================ */

/* Walls: what a surface is outside of its data. */
#ifndef EQML__WALL_H
#define EQML__WALL_H

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/* The leverage of geometries in lanes, from their factors; see eqml_wall. */
EQML_INLINE EQML__T EQML__FN(eqml__leverage)(const eqml_wall *w, const EQML__T *f)
{
    const int stride = EQML_ROUND(w->nfeatures);
    EQML__T x[EQML_WALL_FEATURES], sum = EQML__ALL(0);
    for (int i = 0; i < w->nfeatures; i++) {
        EQML__T z = EQML__ALL(0);
        x[i] = f[w->features[i]] - (EQML__NUMBER)w->means[i];
        for (int j = 0; j <= i; j++)
            z = EQML__FMA(EQML__ALL((EQML__NUMBER)w->whiten[j * stride + i]), x[j], z);
        sum = EQML__FMA(z, z, sum);
    }
    return sum;
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/* The leverage of geometries in lanes, from their factors; see eqml_wall. */
EQML_INLINE EQML__T EQML__FN(eqml__leverage)(const eqml_wall *w, const EQML__T *f)
{
    const int stride = EQML_ROUND(w->nfeatures);
    EQML__T x[EQML_WALL_FEATURES], sum = EQML__ALL(0);
    for (int i = 0; i < w->nfeatures; i++) {
        EQML__T z = EQML__ALL(0);
        x[i] = f[w->features[i]] - (EQML__NUMBER)w->means[i];
        for (int j = 0; j <= i; j++)
            z = EQML__FMA(EQML__ALL((EQML__NUMBER)w->whiten[j * stride + i]), x[j], z);
        sum = EQML__FMA(z, z, sum);
    }
    return sum;
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

/* The leverage of one geometry, rows of W in lanes; z[EQML_ROUND(nfeatures)] <- the whitened features, whose squares it is
 * the sum of. */
EQML_FUNCTION double eqml__leverage_one(const eqml_wall *w, const double *f, double *z)
{
    const int stride = EQML_ROUND(w->nfeatures);
    double x[EQML_WALL_FEATURES], sum = 0;
    for (int j = 0; j < w->nfeatures; j++)
        x[j] = f[w->features[j]] - w->means[j];
    for (int i = 0; i < stride; i += EQML_LANES) {
        eqml_lanes row = eqml__all(0);
        for (int j = 0; j < w->nfeatures; j++)
            row = eqml__fma(eqml__load(w->whiten + j * stride + i), eqml__all(x[j]), row);
        eqml__store(z + i, row);
    }
    for (int i = 0; i < w->nfeatures; i++)
        sum += z[i] * z[i];
    return sum;
}

/* The walled energy as a function of the fitted one, v, and of the leverage, and its derivatives. */
typedef struct eqml__walled {
    double energy, v, h, vv, vh, hh;
} eqml__walled;

EQML_FUNCTION eqml__walled eqml__raise_wall(const eqml_wall *w, double v, double h)
{
    const double outside = w->edges[0], base = w->edges[1], height = w->edges[2];
    const double scale = 1 / (outside - 1), t = h < outside ? (h - 1) * scale : 1, root = sqrt(h);
    const double s = t * t * t * (10 - t * (15 - 6 * t));
    const double s1 = 30 * t * t * (1 - t) * (1 - t) * scale;
    const double s2 = 60 * t * (1 - t) * (1 - 2 * t) * scale * scale;
    const double u = base + height * root, u1 = 0.5 * height / root, u2 = -0.5 * u1 / h;
    eqml__walled e = {u, 0, u1, 0, 0, u2};
    if (t < 1) {
        /* f(z, k) = z / (1 + k^2 z^2)^(1/2) and its derivatives */
        const double z = v - u, c = 10 / height, k = c * s, k1 = c * s1, k2 = c * s2, x = k * z;
        const double q = 1 / sqrt(1 + x * x), q3 = q * q * q, q5 = q3 * q * q, rest = 1 - s;
        const double f = z * q, fz = q3, fk = -x * z * z * q3, fzz = -3 * k * x * q5, fzk = -3 * x * z * q5;
        const double fkk = z * z * z * (3 * x * x * q5 - q3), along = k1 * fk - u1 * fz; /* df/dh */
        e.energy = u + rest * f;
        e.v = rest * fz;
        e.h = u1 - s1 * f + rest * along;
        e.vv = rest * fzz;
        e.vh = -s1 * fz + rest * (k1 * fzk - u1 * fzz);
        e.hh = u2 - s2 * f - 2 * s1 * along +
               rest * (k2 * fk - u2 * fz + u1 * u1 * fzz - 2 * u1 * k1 * fzk + k1 * k1 * fkk);
    }
    return e;
}

/* adjoints of all slots <- the derivatives of the leverage, from its whitened features. */
EQML_FUNCTION void eqml__leverage_reverse(const eqml_wall *w, const eqml_basis *b, const double *slots,
                                          const double *z, double *adjoints)
{
    const int stride = EQML_ROUND(w->nfeatures);
    for (int k = 0; k < b->nfactors; k++)
        adjoints[b->factor0 + k] = 0;
    for (int j = 0; j < w->nfeatures; j++)
        for (int i = j; i < w->nfeatures; i++)
            adjoints[b->factor0 + w->features[j]] += 2 * z[i] * w->whiten[j * stride + i];
    eqml__table_reverse_one(b, slots, adjoints);
}

/* sum[natoms][4] <- the derivatives of the leverage by the coordinates, from the adjoints of the pair variables. */
EQML_FUNCTION void eqml__leverage_gradient(const eqml_basis *b, const double *xyz, const double *adjoints,
                                           const double *pair, int stride, double *sum)
{
    eqml__clear_points(b->natoms, sum);
    for (int p = 0; p < b->npairs; p++) {
        const int i = b->pairs[p][0], j = b->pairs[p][1];
        eqml__push_points(adjoints[p] * pair[4 * stride + p] * pair[3 * stride + p], xyz + 3 * i, xyz + 3 * j,
                          sum + 4 * i, sum + 4 * j);
    }
}

/*
 * What comes after the energy of one geometry, and its gradient where that is not NULL, where there is a wall: inside
 * nothing. The slots hold the values, pair what eqml__pairs_one left there and room for sums behind it; adjoints are
 * overwritten.
 */
EQML_NOINLINE double eqml__put_wall(const eqml_model *m, const double *xyz, const double *slots,
                                    double *adjoints, double *pair, int stride, double energy,
                                    double *gradient)
{
    const eqml_basis *b = m->basis;
    double z[EQML_WALL_FEATURES], *sum = pair + 6 * stride;
    const double h = eqml__leverage_one(m->wall, slots + b->factor0, z);
    if (!(h > 1))
        return energy;
    const eqml__walled e = eqml__raise_wall(m->wall, energy, h);
    if (gradient) {
        eqml__leverage_reverse(m->wall, b, slots, z, adjoints);
        eqml__leverage_gradient(b, xyz, adjoints, pair, stride, sum);
        for (int k = 0; k < 3 * b->natoms; k++)
            gradient[k] = (e.v > 0 ? e.v * gradient[k] : 0) + e.h * sum[k / 3 * 4 + k % 3];
    }
    return e.energy;
}

#endif /* EQML__WALL_H */

/* ==== one.h ============================================================================================= */

/* Energy and gradient of one geometry. */
#ifndef EQML__ONE_H
#define EQML__ONE_H

/*
 * gradient[natoms][3]: the sum over the pairs of dV/dr times the unit vector between the two atoms.
 * adjoint_p = dV/dy_p; sum: room for [natoms][4].
 */
EQML_INLINE void eqml__scatter(const eqml_basis *b, const double *xyz, const double *adjoint,
                               const double *pair, int stride, double *sum, double *gradient)
{
    const double *inverse = pair + 3 * stride, *slope = pair + 4 * stride;
    eqml__clear_points(b->natoms, sum);
    EQML__EACH(p, b->npairs, b->npairs <= EQML__FEW_PAIRS, {
        const int i = b->pairs[p][0], j = b->pairs[p][1];
        eqml__push_points(adjoint[p] * slope[p] * inverse[p], xyz + 3 * i, xyz + 3 * j, sum + 4 * i,
                          sum + 4 * j);
    });
    for (int i = 0; i < b->natoms; i++)
        eqml__put_point(gradient + 3 * i, sum + 4 * i);
}

/* The energy from the slots of one geometry, and all adjoints unless these are NULL. sums: see eqml__form_one. */
EQML_INLINE double eqml__potential_one(const eqml_model *m, double *slots, double *adjoints, double *sums)
{
    const eqml_basis *b = m->basis;
    /* Copies: if the address of `slots` itself went to a function, the compiler would lose track of it. */
    double *const s[1] = {slots}, *const a[1] = {adjoints};
    const int nvalues = b->forward_one ? b->nvalues : b->nfactors;
    double energy = eqml__rest(m, nvalues);
    energy += eqml__form_one(m, nvalues, slots + b->factor0, adjoints ? adjoints + b->factor0 : NULL, sums);
    if (adjoints && b->reverse_one)
        b->reverse_one(1, s, a, m->linear, &energy);
    else if (adjoints)
        eqml__table_reverse_one(b, slots, adjoints);
    else if (nvalues < b->nfactors)
        b->linear_one(1, s, m->linear, &energy);
    return energy;
}

/*
 * Energy (hartree) of one geometry xyz[natoms][3] (bohr), and its gradient[natoms][3] (hartree/bohr) where
 * that is not NULL. work: EQML_WORK_ONE(nslots, npairs) doubles, 64-byte aligned.
 */
EQML_INLINE double eqml_energy_gradient(const eqml_model *m, const double *xyz, double *gradient,
                                        double *work)
{
    const eqml_basis *b = m->basis;
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(b->nslots);
    double *slots = work, *adjoints = work + room, *sums = work + 2 * room, *pair = work + 3 * room;
    double energy;
    /* y is filled up to whole vectors, into slots that are written later */
    if (gradient && b->noperations >= EQML__LONG_CODE)
        eqml__pairs_aside(m, EQML__SIDES / 2, xyz, slots, pair, stride);
    else
        eqml__pairs_one(m, xyz, slots, pair, stride);
    eqml__forward_one(m, slots);
    energy = eqml__potential_one(m, slots, gradient ? adjoints : NULL, sums);
    if (gradient)
        eqml__scatter(b, xyz, adjoints, pair, stride, pair + 6 * stride, gradient);
    if (m->wall)
        energy = eqml__put_wall(m, xyz, slots, adjoints, pair, stride, energy, gradient);
    return energy;
}

#endif /* EQML__ONE_H */

/* ==== batch.h =========================================================================================== */

/* Energies and gradients of batches, in double and in float. */
#ifndef EQML__BATCH_H
#define EQML__BATCH_H

/*
 * A batch is done in steps of two groups of geometries, each of one vector. The room for a step is on the stack. If
 * two groups take more than half of EQML_STACK_LIMIT, about the cache of a core, a step has one; if one takes more
 * than the limit, geometries are done one at a time.
 */
#ifndef EQML_STACK_LIMIT
#define EQML_STACK_LIMIT (2 << 20)
#endif
#define EQML_WORK_GROUPS(groups, nslots, npairs, natoms)                                                     \
    ((2 + (groups)) * EQML_ROUND(nslots) + (groups) * (5 * (npairs) + 6 * (natoms)) + 3 * (natoms) +         \
     EQML__WORK_WALL(npairs))
/* What one geometry may need more than that, where it is outside of the data: see eqml__step_wall. */
#define EQML__WORK_WALL(npairs) (EQML_LANES > 1 ? 64 : 5 * (npairs) + 64)
#define EQML_WORK_BATCH(nslots, npairs, natoms) EQML_WORK_GROUPS(2, nslots, npairs, natoms)

/* The sums of gradients as lanes: those of floats, widened, in x. */
EQML_INLINE const eqml_lanes *eqml__wide_lanes(int size, const eqml_lanes *sum, eqml_lanes *x)
{
    (void)size, (void)x;
    return sum;
}

EQML_INLINE const eqml_lanes *eqml__wide_floats(int size, const eqml_floats *sum, eqml_lanes *x)
{
    for (int k = 0; k < size; k++) {
        eqml_lanes part[EQML__HALVES];
        eqml__widen_floats(sum[k], part);
        for (int half = 0; half < EQML__HALVES; half++)
            x[half * size + k] = part[half];
    }
    return x;
}

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/*
 * Geometries of a step that are outside of the data, once more one by one; work: that of the step, which is done.
 */
EQML_NOINLINE void EQML__FN(eqml__step_wall)(const eqml_model *m, int count, EQML__T *const *f,
                                             const double *xyz, double *energy, double *gradient,
                                             double *work)
{
    enum { WIDTH = sizeof(EQML__T) / sizeof(EQML__NUMBER) };
    const int size = 3 * m->basis->natoms;
    EQML__T h[2];
    EQML__NUMBER leverage[2 * WIDTH];
    for (int group = 0; group < 2; group++)
        h[group] = EQML__FN(eqml__leverage)(m->wall, f[group]);
    memcpy(leverage, h, sizeof leverage);
    for (int k = 0; k < count; k++)
        if (leverage[k] > (EQML__NUMBER)1)
            energy[k] = eqml_energy_gradient(m, xyz + k * size, gradient ? gradient + k * size : NULL, work);
}

/*
 * Evaluates most_groups groups of geometries, each with as many as a T holds numbers, or fewer in all. gradient may
 * be NULL. In float, differences of coordinates are taken in double and then rounded. work: EQML_WORK_GROUPS of
 * most_groups. The form always takes two groups: a single one is given to it twice, and its second result is dropped.
 */
EQML_INLINE void EQML__FN(eqml__step)(const eqml_model *m, int most_groups, int count, const double *xyz,
                                      double *energy, double *gradient, eqml_lanes *work)
{
    enum { WIDTH = sizeof(EQML__T) / sizeof(EQML__NUMBER), PARTS = WIDTH / EQML_LANES };
    const eqml_basis *b = m->basis;
    const int room = EQML_ROUND(b->nslots), size = 3 * b->natoms, second = most_groups - 1;
    EQML__T *start = (EQML__T *)(void *)work, *rest = start + most_groups * room;
    EQML__T *slots[2] = {start, start + second * room}, *adjoints[2] = {rest, rest + room};
    EQML__T *f[2] = {slots[0] + b->factor0, slots[1] + b->factor0}, *g[2] = {0, 0}, v[2];
    EQML__T *sum = rest + 2 * room, (*pair)[5] = (EQML__T(*)[5])(void *)(sum + size);
    EQML__T(*const pairs[2])[5] = {pair, pair + second * b->npairs};
    eqml_lanes *x = work + (most_groups + 2) * room + size + 5 * most_groups * b->npairs; /* coordinates */
    const eqml_lanes *const place[2] = {x, x + second * PARTS * size};
    const int nvalues = b->EQML__FN(forward) ? b->nvalues : b->nfactors, groups = count > WIDTH ? 2 : 1;
    const double constant = eqml__rest(m, nvalues);
    if (gradient)
        g[0] = adjoints[0] + b->factor0, g[1] = adjoints[1] + b->factor0;
    for (int part = 0; part < most_groups * PARTS; part++) {
        const int done = part * EQML_LANES < count ? part * EQML_LANES : 0;
        eqml__to_lanes(size, count - done, xyz + done * size, x + part * size);
    }
    EQML__FN(eqml__pairs)(m, most_groups, place, slots, gradient ? pairs : NULL);
    EQML__FN(eqml__forward)(m, most_groups, slots);
    EQML__FN(eqml__form)(b, nvalues, m->EQML__DATA(linear), m->EQML__DATA(packed), f, g, v);
    if (gradient && b->EQML__FN(reverse))
        b->EQML__FN(reverse)(groups, slots, adjoints, m->EQML__DATA(linear), v);
    else if (!gradient && nvalues < b->nfactors)
        b->EQML__FN(linear)(groups, slots, m->EQML__DATA(linear), v);
    for (int group = 0; group < groups && gradient && !b->EQML__FN(reverse); group++)
        EQML__FN(eqml__table_reverse)(b, slots[group], adjoints[group]);
    for (int k = 0; k < count; k++)
        energy[k] = (double)((const EQML__NUMBER *)(const void *)v)[k] + constant;
    for (int group = 0; gradient && group < groups; group++) {
        const eqml_lanes *wide;
        EQML__FN(eqml__scatter)(b, adjoints[group], pairs[group], sum);
        wide = EQML__FN(eqml__wide)(size, sum, x);
        for (int part = 0; part < PARTS; part++) {
            const int done = group * WIDTH + part * EQML_LANES;
            if (done < count)
                eqml__from_lanes(size, count - done, wide + part * size, gradient + done * size);
        }
    }
    if (m->wall)
        EQML__FN(eqml__step_wall)(m, count, f, xyz, energy, gradient, (double *)(void *)work);
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_floats
#define EQML__NUMBER float
#define EQML__INTEGERS eqml__integers_floats
#define EQML__SUFFIX floats
#define EQML__ALL eqml__all_floats
#define EQML__FMA eqml__fma_floats
#define EQML__DATA(name) name##_float
/*
 * Geometries of a step that are outside of the data, once more one by one; work: that of the step, which is done.
 */
EQML_NOINLINE void EQML__FN(eqml__step_wall)(const eqml_model *m, int count, EQML__T *const *f,
                                             const double *xyz, double *energy, double *gradient,
                                             double *work)
{
    enum { WIDTH = sizeof(EQML__T) / sizeof(EQML__NUMBER) };
    const int size = 3 * m->basis->natoms;
    EQML__T h[2];
    EQML__NUMBER leverage[2 * WIDTH];
    for (int group = 0; group < 2; group++)
        h[group] = EQML__FN(eqml__leverage)(m->wall, f[group]);
    memcpy(leverage, h, sizeof leverage);
    for (int k = 0; k < count; k++)
        if (leverage[k] > (EQML__NUMBER)1)
            energy[k] = eqml_energy_gradient(m, xyz + k * size, gradient ? gradient + k * size : NULL, work);
}

/*
 * Evaluates most_groups groups of geometries, each with as many as a T holds numbers, or fewer in all. gradient may
 * be NULL. In float, differences of coordinates are taken in double and then rounded. work: EQML_WORK_GROUPS of
 * most_groups. The form always takes two groups: a single one is given to it twice, and its second result is dropped.
 */
EQML_INLINE void EQML__FN(eqml__step)(const eqml_model *m, int most_groups, int count, const double *xyz,
                                      double *energy, double *gradient, eqml_lanes *work)
{
    enum { WIDTH = sizeof(EQML__T) / sizeof(EQML__NUMBER), PARTS = WIDTH / EQML_LANES };
    const eqml_basis *b = m->basis;
    const int room = EQML_ROUND(b->nslots), size = 3 * b->natoms, second = most_groups - 1;
    EQML__T *start = (EQML__T *)(void *)work, *rest = start + most_groups * room;
    EQML__T *slots[2] = {start, start + second * room}, *adjoints[2] = {rest, rest + room};
    EQML__T *f[2] = {slots[0] + b->factor0, slots[1] + b->factor0}, *g[2] = {0, 0}, v[2];
    EQML__T *sum = rest + 2 * room, (*pair)[5] = (EQML__T(*)[5])(void *)(sum + size);
    EQML__T(*const pairs[2])[5] = {pair, pair + second * b->npairs};
    eqml_lanes *x = work + (most_groups + 2) * room + size + 5 * most_groups * b->npairs; /* coordinates */
    const eqml_lanes *const place[2] = {x, x + second * PARTS * size};
    const int nvalues = b->EQML__FN(forward) ? b->nvalues : b->nfactors, groups = count > WIDTH ? 2 : 1;
    const double constant = eqml__rest(m, nvalues);
    if (gradient)
        g[0] = adjoints[0] + b->factor0, g[1] = adjoints[1] + b->factor0;
    for (int part = 0; part < most_groups * PARTS; part++) {
        const int done = part * EQML_LANES < count ? part * EQML_LANES : 0;
        eqml__to_lanes(size, count - done, xyz + done * size, x + part * size);
    }
    EQML__FN(eqml__pairs)(m, most_groups, place, slots, gradient ? pairs : NULL);
    EQML__FN(eqml__forward)(m, most_groups, slots);
    EQML__FN(eqml__form)(b, nvalues, m->EQML__DATA(linear), m->EQML__DATA(packed), f, g, v);
    if (gradient && b->EQML__FN(reverse))
        b->EQML__FN(reverse)(groups, slots, adjoints, m->EQML__DATA(linear), v);
    else if (!gradient && nvalues < b->nfactors)
        b->EQML__FN(linear)(groups, slots, m->EQML__DATA(linear), v);
    for (int group = 0; group < groups && gradient && !b->EQML__FN(reverse); group++)
        EQML__FN(eqml__table_reverse)(b, slots[group], adjoints[group]);
    for (int k = 0; k < count; k++)
        energy[k] = (double)((const EQML__NUMBER *)(const void *)v)[k] + constant;
    for (int group = 0; gradient && group < groups; group++) {
        const eqml_lanes *wide;
        EQML__FN(eqml__scatter)(b, adjoints[group], pairs[group], sum);
        wide = EQML__FN(eqml__wide)(size, sum, x);
        for (int part = 0; part < PARTS; part++) {
            const int done = group * WIDTH + part * EQML_LANES;
            if (done < count)
                eqml__from_lanes(size, count - done, wide + part * size, gradient + done * size);
        }
    }
    if (m->wall)
        EQML__FN(eqml__step_wall)(m, count, f, xyz, energy, gradient, (double *)(void *)work);
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

/*
 * The step in float. A basis without code in float takes the code in double, which is faster than its table in float
 * (H5O2 of degree 7: 1.2 us, not 1.4).
 */
EQML_INLINE void eqml__step_in_float(const eqml_model *m, int most_groups, int count, const double *xyz,
                                     double *energy, double *gradient, eqml_lanes *work)
{
    const int size = 3 * m->basis->natoms, step = most_groups * EQML_LANES;
    if (m->basis->forward_floats || !m->basis->forward_lanes) {
        eqml__step_floats(m, most_groups, count, xyz, energy, gradient, work);
        return;
    }
    for (int done = 0; done < count; done += step)
        eqml__step_lanes(m, most_groups, count - done < step ? count - done : step, xyz + done * size,
                         energy + done, gradient ? gradient + done * size : NULL, work);
}

/*
 * Energies of n geometries xyz[n][natoms][3], and their gradients[n][natoms][3] where that is not NULL, for
 * any basis; one thread. work: EQML_WORK_BATCH(nslots, npairs, natoms) eqml_lanes.
 */
EQML_FUNCTION void eqml_energy_gradient_batch(const eqml_model *m, size_t n, const double *xyz,
                                              double *energy, double *gradient, eqml_lanes *work)
{
    const size_t size = 3 * (size_t)m->basis->natoms, step = 2 * EQML_LANES;
    for (size_t first = 0; first < n; first += step) {
        const size_t count = n - first < step ? n - first : step;
        eqml__step_lanes(m, 2, (int)count, xyz + first * size, energy + first,
                         gradient ? gradient + first * size : NULL, work);
    }
}

#endif /* EQML__BATCH_H */

/* ==== hessian.h ========================================================================================= */

/* Hessians. */
#ifndef EQML__HESSIAN_H
#define EQML__HESSIAN_H

/*
 * Derivatives along a direction in each lane, by the table of operations: those of all slots (tangents) from those of
 * the pair variables, by the first noperations; then those of the adjoints.
 */
EQML_FUNCTION void eqml__tangent_forward(const eqml_basis *b, int noperations, const double *slots,
                                         eqml_lanes *tangents)
{
    memset(tangents + b->npairs, 0, sizeof(eqml_lanes) * (size_t)(b->nslots - b->npairs));
    for (int k = 0; k < noperations;) {
        const unsigned short *o = b->operations[k];
        const unsigned target = o[0];
        eqml_lanes sum = tangents[target];
        for (; k < noperations && o[0] == target; k++, o += 3)
            sum += tangents[o[1]] * slots[o[2]] + tangents[o[2]] * slots[o[1]];
        tangents[target] = sum;
    }
}

EQML_FUNCTION void eqml__tangent_reverse(const eqml_basis *b, const double *slots, const double *adjoints,
                                         const eqml_lanes *tangents, eqml_lanes *changes)
{
    memset(changes, 0, sizeof(eqml_lanes) * (size_t)b->factor0);
    for (int k = b->noperations - 1; k >= 0; k--) {
        const unsigned short *o = b->operations[k];
        const eqml_lanes c = changes[o[0]];
        const double a = adjoints[o[0]];
        changes[o[1]] += c * slots[o[2]] + tangents[o[2]] * a;
        changes[o[2]] += c * slots[o[1]] + tangents[o[1]] * a;
    }
}

/* d r_p / d x for the directions [first, first + EQML_LANES), a direction being one Cartesian coordinate. */
EQML_INLINE eqml_lanes eqml__stretch(const eqml_basis *b, const double *pair, int stride, int p, int first)
{
    double part[EQML_LANES] EQML_ALIGNED = {0};
    for (int end = 0; end < 2; end++)
        for (int k = 0; k < 3; k++) {
            int lane = 3 * b->pairs[p][end] + k - first;
            double unit = pair[k * stride + p] * pair[3 * stride + p];
            if (lane >= 0 && lane < EQML_LANES)
                part[lane] = end ? -unit : unit;
        }
    return eqml__load(part);
}

#define EQML_WORK_HESSIAN(nslots, npairs) (EQML_WORK_ONE(nslots, npairs) + 32 * EQML_ROUND(nslots))

/* The changes of the adjoints of the factors of a leverage, from the tangents of these. */
EQML_FUNCTION void eqml__leverage_tangent(const eqml_wall *w, int nfactors, const eqml_lanes *f,
                                          eqml_lanes *g)
{
    const int stride = EQML_ROUND(w->nfeatures);
    for (int k = 0; k < nfactors; k++)
        g[k] = eqml__all(0);
    for (int i = 0; i < w->nfeatures; i++) {
        eqml_lanes z = eqml__all(0);
        for (int j = 0; j <= i; j++)
            z += f[w->features[j]] * w->whiten[j * stride + i];
        for (int j = 0; j <= i; j++)
            g[w->features[j]] += z * (2 * w->whiten[j * stride + i]);
    }
}

/*
 * Adds to hessian[n][n] scale times the second derivatives of the energy or, where there is one, of the leverage of a
 * wall. Work is that of eqml_energy_hessian, with the slots, the adjoints, and the pairs in it; needed: the operations up
 * to the last factor whose adjoint is not constant.
 */
EQML_FUNCTION void eqml__add_hessian(const eqml_model *m, const eqml_wall *wall, double scale, int needed,
                                     double *hessian, double *work)
{
    const eqml_basis *b = m->basis;
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(b->nslots), n = 3 * b->natoms;
    const double *slots = work, *adjoints = work + room, *pair = work + 3 * room;
    eqml_lanes *start = (eqml_lanes *)(void *)(work + EQML_WORK_ONE(b->nslots, b->npairs));
    eqml_lanes *tangent[2] = {start, start + room}, *change[2] = {start + 2 * room, start + 3 * room};
    eqml_lanes *f[2] = {tangent[0] + b->factor0, tangent[1] + b->factor0}, unused[2];
    eqml_lanes *g[2] = {change[0] + b->factor0, change[1] + b->factor0};
    for (int first = 0; first < n; first += EQML_LANES) {
        const int lanes = n - first < EQML_LANES ? n - first : EQML_LANES;
        const int group = first / EQML_LANES % 2;
        eqml_lanes *changes = change[group];
        if (group == 0) { /* the kernel of the form takes two groups of directions */
            for (int k = 0; k < 2; k++) {
                for (int p = 0; p < b->npairs; p++)
                    tangent[k][p] =
                        eqml__stretch(b, pair, stride, p, first + k * EQML_LANES) * pair[4 * stride + p];
                eqml__tangent_forward(b, needed, slots, tangent[k]);
            }
            if (wall)
                eqml__leverage_tangent(wall, b->nfactors, f[0], g[0]),
                    eqml__leverage_tangent(wall, b->nfactors, f[1], g[1]);
            else
                eqml__form_lanes(b, b->nfactors, NULL, m->packed, f, g, unused);
        }
        eqml__tangent_reverse(b, slots, adjoints, tangent[group], changes);
        for (int p = 0; p < b->npairs; p++) {
            double y[3], inverse = pair[3 * stride + p], slope = pair[4 * stride + p];
            eqml__variable(&m->variables[b->pair_classes[p]], m->rates[p], pair[5 * stride + p], y);
            /* force = dV/dr; along a direction, d(force u) = (dforce - force stretch/r) u + force dx/r */
            const double force = adjoints[p] * slope;
            const eqml_lanes stretch = eqml__stretch(b, pair, stride, p, first);
            const eqml_lanes bend = changes[p] * slope + stretch * (adjoints[p] * y[2] - force * inverse);
            const int i = 3 * b->pairs[p][0], j = 3 * b->pairs[p][1];
            double along[EQML_LANES];
            eqml__store(along, bend);
            for (int lane = 0; lane < lanes; lane++) {
                double *row = hessian + (first + lane) * n;
                for (int k = 0; k < 3; k++) {
                    double unit = pair[k * stride + p] * inverse;
                    double part = along[lane] * unit +
                                  ((first + lane == i + k) - (first + lane == j + k)) * force * inverse;
                    row[i + k] += scale * part;
                    row[j + k] -= scale * part;
                }
            }
        }
    }
}

/* What comes after the Hessian of the fitted energy, where there is a wall: inside nothing. Work as above. */
EQML_NOINLINE double eqml__put_wall_hessian(const eqml_model *m, const double *xyz, double energy,
                                            double *gradient, double *hessian, double *work)
{
    const eqml_basis *b = m->basis;
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(b->nslots), n = 3 * b->natoms;
    double *slots = work, *adjoints = work + room, *pair = work + 3 * room, *sum = pair + 6 * stride;
    double z[EQML_WALL_FEATURES];
    const double h = eqml__leverage_one(m->wall, slots + b->factor0, z);
    if (!(h > 1))
        return energy;
    const eqml__walled e = eqml__raise_wall(m->wall, energy, h);
    eqml__leverage_reverse(m->wall, b, slots, z, adjoints);
    eqml__leverage_gradient(b, xyz, adjoints, pair, stride, sum);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const double hi = sum[i / 3 * 4 + i % 3], hj = sum[j / 3 * 4 + j % 3], old = hessian[i * n + j];
            hessian[i * n + j] = e.hh * hi * hj;
            if (e.v > 0)
                hessian[i * n + j] += e.v * old + e.vv * gradient[i] * gradient[j] +
                                      e.vh * (gradient[i] * hj + hi * gradient[j]);
        }
    for (int k = 0; k < n; k++)
        gradient[k] = (e.v > 0 ? e.v * gradient[k] : 0) + e.h * sum[k / 3 * 4 + k % 3];
    eqml__add_hessian(m, m->wall, e.h, b->noperations, hessian, work);
    return e.energy;
}

/*
 * Energy, gradient[natoms][3] and hessian[3 natoms][3 natoms] (hartree/bohr^2) of one geometry, analytic:
 * the reverse sweep differentiated forward, with the directions in lanes.
 * work: EQML_WORK_HESSIAN(nslots, npairs) doubles, 64-byte aligned.
 */
EQML_FUNCTION double eqml_energy_hessian(const eqml_model *m, const double *xyz, double *gradient,
                                         double *hessian, double *work)
{
    const eqml_basis *b = m->basis;
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(b->nslots), n = 3 * b->natoms;
    double *slots = work, *adjoints = work + room, *sums = work + 2 * room, *pair = work + 3 * room;
    int needed = b->noperations;
    double energy;
    eqml__pairs_one(m, xyz, adjoints, pair, stride);
    for (int p = 0; p < b->npairs; p++)
        slots[p] = adjoints[p];
    eqml__forward_one(m, slots);
    energy = eqml__potential_one(m, slots, adjoints, sums);
    eqml__scatter(b, xyz, adjoints, pair, stride, pair + 6 * stride, gradient);
    while (needed > 0 && b->operations[needed - 1][0] >= b->factor0 + b->nvalues)
        needed--; /* the last ones make factors whose adjoints are constant */
    for (int k = 0; k < n * n; k++)
        hessian[k] = 0;
    eqml__add_hessian(m, NULL, 1, needed, hessian, work);
    return m->wall ? eqml__put_wall_hessian(m, xyz, energy, gradient, hessian, work) : energy;
}

#endif /* EQML__HESSIAN_H */

/* ==== inside.h ========================================================================================== */

/* Whether the distances of a geometry are among those of the training data. */
#ifndef EQML__INSIDE_H
#define EQML__INSIDE_H

/*
 * 1 if each distance of xyz[natoms][3] (bohr) lies in the range that its class of pairs has in the training data, 0 if
 * one does not or a coordinate is no number, -1 if the ranges are not known. squares[2][EQML_ROUND(npairs)]: of the
 * shortest distance of each pair, then of the longest; filled up with those of the last pair; negative: not known.
 *
 * A necessary condition for a surface to hold, and a cheap one: all distances may be usual and the geometry far
 * from all others. A product of the two margins, negative outside, spares a branch for each pair.
 */
EQML_INLINE int eqml__inside(const eqml_basis *b, const double *squares, const double *xyz)
{
    const int vectors = (b->npairs + EQML__INNER - 1) / EQML__INNER;
    const double *high = squares + EQML_ROUND(b->npairs);
    int inside = 1;
    if (squares[0] < 0)
        return -1;
    for (int k = 0; k < vectors; k++) {
        const int p = k * EQML__INNER;
        double margin[EQML__INNER] EQML_ALIGNED;
        eqml__inner d[3];
        eqml__differences(b->pairs, b->npairs - 1, p, xyz, d);
        const eqml__inner r = eqml__fma_inner(d[0], d[0], eqml__fma_inner(d[1], d[1], d[2] * d[2]));
        eqml__store_inner(margin, (r - eqml__load_inner(squares + p)) * (eqml__load_inner(high + p) - r));
        for (int lane = 0; lane < EQML__INNER; lane++)
            inside &= margin[lane] >= 0;
    }
    return inside;
}

/* The function of a surface NAME over BASIS, with its constants NAME_squares. */
#define EQML_SURFACE_INSIDE_FUNCTION(NAME, BASIS, API)                                                       \
    API int NAME##_inside(const double *xyz)                                                                 \
    {                                                                                                        \
        return eqml__inside(&BASIS##_basis, NAME##_squares, xyz);                                            \
    }

#endif /* EQML__INSIDE_H */

/* ==== kernel/tensor.h =================================================================================== */

/* Dipoles, quadrupoles and polarizabilities, and their Jacobians. */
#ifndef EQML__KERNEL_TENSOR_H
#define EQML__KERNEL_TENSOR_H

/*
 * A tensor is T = sum_x q_x B_x (and Q R for the dipole): effective charges times what atoms carry, r_i - R,
 * or pairs of atoms, or the unit tensor. The charges are q_x = sum_v P_v X_v(x), P_v the rows of coefficients
 * times the factors, X_v(x) a slot: one multiply-add a term, one an element, and a few for the tensor itself,
 * whatever its rank. Components are x y z, or xx xy xz yy yz zz.
 */

/* What carries the tensor: atoms, or pairs and behind them the unit tensor. */
#define EQML_CARRIERS(kind, npairs, natoms) ((kind) == EQML_DIPOLE ? (natoms) : (npairs) + 1)

/* Room for a tensor of one geometry, in doubles: slots and adjoints, pairs, P_v (and one more, for rows that
 * are not used), charges, what is carried. */
#define EQML_WORK_TENSOR(kind, nslots, npairs, nvectors, natoms)                                             \
    (EQML_WORK_ONE(nslots, npairs) + EQML_ROUND((nvectors) + 1) +                                            \
     EQML_ROUND((1 + EQML_COMPONENTS(kind)) * EQML_CARRIERS(kind, npairs, natoms)))

#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T double
#define EQML__NUMBER double
#define EQML__SUFFIX one
#define EQML__ALL(x) ((double)(x))
#define EQML__FMA(a, b, c) ((a) * (b) + (c))
#define EQML__DATA(name) name
/*
 * Tensors of one geometry (double), or of a geometry in each lane. Component k of x_i - x_j of pair p is
 * pair[k * across + p * along].
 */
/* Slots that only the tensor needs, behind those of the potential. */
EQML_INLINE void EQML__FN(eqml__tensor_slots)(const eqml_basis *b, const eqml_tensor_basis *t, EQML__T *slots)
{
    if (t->EQML__FN(forward)) {
        t->EQML__FN(forward)(slots);
        return;
    }
    memset(slots + b->nslots, 0, sizeof(EQML__T) * (size_t)(t->nslots - b->nslots));
    for (int k = 0; k < t->noperations; k++) {
        const unsigned short *o = t->operations[k];
        slots[o[0]] += slots[o[1]] * slots[o[2]];
    }
}

/* R: the centre of the reference atoms. */
EQML_INLINE void EQML__FN(eqml__reference)(const eqml_tensor_basis *t, const EQML__T *xyz, EQML__T centre[3])
{
    for (int k = 0; k < 3; k++) {
        centre[k] = EQML__ALL(0);
        for (int a = 0; a < t->nreference; a++)
            centre[k] += xyz[3 * t->reference[a] + k] * (1.0 / t->nreference);
    }
}

/* carried[carriers][components] */
EQML_INLINE void EQML__FN(eqml__carried)(const eqml_basis *b, eqml_tensor kind, const EQML__T *xyz,
                                         const EQML__T *pair, int across, int along, EQML__T *carried)
{
    if (kind == EQML_DIPOLE) {
        EQML__T centre[3];
        EQML__FN(eqml__reference)(b->tensors[kind], xyz, centre);
        for (int i = 0; i < b->natoms; i++)
            for (int k = 0; k < 3; k++)
                carried[3 * i + k] = xyz[3 * i + k] - centre[k];
        return;
    }
    for (int p = 0; p < b->npairs; p++) {
        const EQML__T x = pair[p * along], y = pair[across + p * along], z = pair[2 * across + p * along];
        const double scale = kind == EQML_QUADRUPOLE ? 1.5 : 1, part = kind == EQML_QUADRUPOLE ? 0.5 : 0;
        const EQML__T trace = part * (x * x + y * y + z * z);
        EQML__T *to = carried + 6 * p;
        to[0] = scale * (x * x) - trace;
        to[1] = scale * (x * y);
        to[2] = scale * (x * z);
        to[3] = scale * (y * y) - trace;
        to[4] = scale * (y * z);
        to[5] = scale * (z * z) - trace;
    }
    for (int c = 0; c < 6; c++)
        carried[6 * b->npairs + c] = EQML__ALL(c == 0 || c == 3 || c == 5);
}

/*
 * charges[carriers] from the weights P_v, which change: the weight of a product f D_w is passed on to D_w, so that
 * generators alone remain.
 */
EQML_INLINE void EQML__FN(eqml__charges)(const eqml_basis *b, const eqml_tensor_basis *t, int carriers,
                                         const EQML__T *slots, EQML__T *weights, EQML__T *charges)
{
    memset(charges, 0, sizeof(EQML__T) * (size_t)carriers);
    if (t->EQML__FN(charges)) {
        t->EQML__FN(charges)(slots, weights, charges);
        return;
    }
    for (int p = t->nproducts - 1; p >= 0; p--)
        weights[t->products[p][2]] += slots[b->factor0 + t->products[p][1]] * weights[t->products[p][0]];
    for (int e = 0; e < t->nelements; e++)
        charges[t->elements[e][2]] += weights[t->elements[e][0]] * slots[t->elements[e][1]];
}

/* The tensor itself. */
EQML_INLINE void EQML__FN(eqml__collect)(const eqml_model *m, eqml_tensor kind, const EQML__T *xyz,
                                         const EQML__T *charges, const EQML__T *carried, EQML__T *value)
{
    const eqml_basis *b = m->basis;
    const int components = EQML_COMPONENTS(kind), carriers = EQML_CARRIERS(kind, b->npairs, b->natoms);
    EQML__T centre[3];
    EQML__FN(eqml__reference)(b->tensors[kind], xyz, centre);
    for (int c = 0; c < components; c++) {
        EQML__T sum = kind == EQML_DIPOLE ? m->charge * centre[c % 3] : EQML__ALL(0);
        for (int x = 0; x < carriers; x++)
            sum += charges[x] * carried[components * x + c];
        value[c] = sum;
    }
}

/* The tensor factors D_v: rows of `row` numbers, as those of what is carried. */
EQML_INLINE void EQML__FN(eqml__vectors)(const eqml_basis *b, const eqml_tensor_basis *t, int row,
                                         const EQML__T *slots, const EQML__T *carried, EQML__T *vectors)
{
    memset(vectors, 0, sizeof(EQML__T) * (size_t)row * (size_t)(t->nvectors + 1));
    for (int e = 0; e < t->nelements; e++)
        for (int k = 0; k < row; k++)
            vectors[row * t->elements[e][0] + k] +=
                slots[t->elements[e][1]] * carried[row * t->elements[e][2] + k];
    for (int p = 0; p < t->nproducts; p++)
        for (int k = 0; k < row; k++)
            vectors[row * t->products[p][0] + k] =
                slots[b->factor0 + t->products[p][1]] * vectors[row * t->products[p][2] + k];
}

/* steps[3][6]: d B_c / d (x_i - x_j)_k of what one pair carries. */
EQML_INLINE void EQML__FN(eqml__steps)(eqml_tensor kind, const EQML__T d[3], EQML__T *steps)
{
    for (int c = 0; c < 6; c++) {
        const int first = c < 3 ? 0 : c < 5 ? 1 : 2, second = c < 3 ? c : c < 5 ? c - 2 : 2;
        for (int k = 0; k < 3; k++) {
            const double scale = kind == EQML_QUADRUPOLE ? 1.5 : 1;
            const double trace = kind == EQML_QUADRUPOLE && first == second ? 1 : 0;
            steps[6 * k + c] = scale * ((k == first) * d[second] + (k == second) * d[first]) - trace * d[k];
        }
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA
#define EQML__T eqml_lanes
#define EQML__NUMBER double
#define EQML__INTEGERS eqml__integers
#define EQML__SUFFIX lanes
#define EQML__ALL eqml__all
#define EQML__FMA eqml__fma
#define EQML__DATA(name) name
/*
 * Tensors of one geometry (double), or of a geometry in each lane. Component k of x_i - x_j of pair p is
 * pair[k * across + p * along].
 */
/* Slots that only the tensor needs, behind those of the potential. */
EQML_INLINE void EQML__FN(eqml__tensor_slots)(const eqml_basis *b, const eqml_tensor_basis *t, EQML__T *slots)
{
    if (t->EQML__FN(forward)) {
        t->EQML__FN(forward)(slots);
        return;
    }
    memset(slots + b->nslots, 0, sizeof(EQML__T) * (size_t)(t->nslots - b->nslots));
    for (int k = 0; k < t->noperations; k++) {
        const unsigned short *o = t->operations[k];
        slots[o[0]] += slots[o[1]] * slots[o[2]];
    }
}

/* R: the centre of the reference atoms. */
EQML_INLINE void EQML__FN(eqml__reference)(const eqml_tensor_basis *t, const EQML__T *xyz, EQML__T centre[3])
{
    for (int k = 0; k < 3; k++) {
        centre[k] = EQML__ALL(0);
        for (int a = 0; a < t->nreference; a++)
            centre[k] += xyz[3 * t->reference[a] + k] * (1.0 / t->nreference);
    }
}

/* carried[carriers][components] */
EQML_INLINE void EQML__FN(eqml__carried)(const eqml_basis *b, eqml_tensor kind, const EQML__T *xyz,
                                         const EQML__T *pair, int across, int along, EQML__T *carried)
{
    if (kind == EQML_DIPOLE) {
        EQML__T centre[3];
        EQML__FN(eqml__reference)(b->tensors[kind], xyz, centre);
        for (int i = 0; i < b->natoms; i++)
            for (int k = 0; k < 3; k++)
                carried[3 * i + k] = xyz[3 * i + k] - centre[k];
        return;
    }
    for (int p = 0; p < b->npairs; p++) {
        const EQML__T x = pair[p * along], y = pair[across + p * along], z = pair[2 * across + p * along];
        const double scale = kind == EQML_QUADRUPOLE ? 1.5 : 1, part = kind == EQML_QUADRUPOLE ? 0.5 : 0;
        const EQML__T trace = part * (x * x + y * y + z * z);
        EQML__T *to = carried + 6 * p;
        to[0] = scale * (x * x) - trace;
        to[1] = scale * (x * y);
        to[2] = scale * (x * z);
        to[3] = scale * (y * y) - trace;
        to[4] = scale * (y * z);
        to[5] = scale * (z * z) - trace;
    }
    for (int c = 0; c < 6; c++)
        carried[6 * b->npairs + c] = EQML__ALL(c == 0 || c == 3 || c == 5);
}

/*
 * charges[carriers] from the weights P_v, which change: the weight of a product f D_w is passed on to D_w, so that
 * generators alone remain.
 */
EQML_INLINE void EQML__FN(eqml__charges)(const eqml_basis *b, const eqml_tensor_basis *t, int carriers,
                                         const EQML__T *slots, EQML__T *weights, EQML__T *charges)
{
    memset(charges, 0, sizeof(EQML__T) * (size_t)carriers);
    if (t->EQML__FN(charges)) {
        t->EQML__FN(charges)(slots, weights, charges);
        return;
    }
    for (int p = t->nproducts - 1; p >= 0; p--)
        weights[t->products[p][2]] += slots[b->factor0 + t->products[p][1]] * weights[t->products[p][0]];
    for (int e = 0; e < t->nelements; e++)
        charges[t->elements[e][2]] += weights[t->elements[e][0]] * slots[t->elements[e][1]];
}

/* The tensor itself. */
EQML_INLINE void EQML__FN(eqml__collect)(const eqml_model *m, eqml_tensor kind, const EQML__T *xyz,
                                         const EQML__T *charges, const EQML__T *carried, EQML__T *value)
{
    const eqml_basis *b = m->basis;
    const int components = EQML_COMPONENTS(kind), carriers = EQML_CARRIERS(kind, b->npairs, b->natoms);
    EQML__T centre[3];
    EQML__FN(eqml__reference)(b->tensors[kind], xyz, centre);
    for (int c = 0; c < components; c++) {
        EQML__T sum = kind == EQML_DIPOLE ? m->charge * centre[c % 3] : EQML__ALL(0);
        for (int x = 0; x < carriers; x++)
            sum += charges[x] * carried[components * x + c];
        value[c] = sum;
    }
}

/* The tensor factors D_v: rows of `row` numbers, as those of what is carried. */
EQML_INLINE void EQML__FN(eqml__vectors)(const eqml_basis *b, const eqml_tensor_basis *t, int row,
                                         const EQML__T *slots, const EQML__T *carried, EQML__T *vectors)
{
    memset(vectors, 0, sizeof(EQML__T) * (size_t)row * (size_t)(t->nvectors + 1));
    for (int e = 0; e < t->nelements; e++)
        for (int k = 0; k < row; k++)
            vectors[row * t->elements[e][0] + k] +=
                slots[t->elements[e][1]] * carried[row * t->elements[e][2] + k];
    for (int p = 0; p < t->nproducts; p++)
        for (int k = 0; k < row; k++)
            vectors[row * t->products[p][0] + k] =
                slots[b->factor0 + t->products[p][1]] * vectors[row * t->products[p][2] + k];
}

/* steps[3][6]: d B_c / d (x_i - x_j)_k of what one pair carries. */
EQML_INLINE void EQML__FN(eqml__steps)(eqml_tensor kind, const EQML__T d[3], EQML__T *steps)
{
    for (int c = 0; c < 6; c++) {
        const int first = c < 3 ? 0 : c < 5 ? 1 : 2, second = c < 3 ? c : c < 5 ? c - 2 : 2;
        for (int k = 0; k < 3; k++) {
            const double scale = kind == EQML_QUADRUPOLE ? 1.5 : 1;
            const double trace = kind == EQML_QUADRUPOLE && first == second ? 1 : 0;
            steps[6 * k + c] = scale * ((k == first) * d[second] + (k == second) * d[first]) - trace * d[k];
        }
    }
}
#undef EQML__T
#undef EQML__NUMBER
#undef EQML__INTEGERS
#undef EQML__SUFFIX
#undef EQML__ALL
#undef EQML__FMA
#undef EQML__DATA

/* P_v of four rows of coefficients c. */
EQML_INLINE void eqml__four_weights_one(const eqml_rows *rows, const eqml_tile *tiles, const double *c,
                                        const double *f, double *weights)
{
    eqml__inner sum[4];
    double total[4];
    for (int row = 0; row < 4; row++)
        sum[row] = eqml__all_inner(0);
    for (int t = 0; t < rows->ntiles; t++)
        eqml__columns_one(c + 16 * t, f + tiles[t].first, NULL, sum, sum);
    eqml__four_sums(sum, total);
    for (int row = 0; row < 4; row++)
        weights[rows->row[row]] = total[row];
}

/* P_v for one geometry. weights[nvectors + 1] */
EQML_INLINE void eqml__weights_one(const eqml_tensor_basis *t, const double *coefficients, const double *f,
                                   double *weights)
{
    int tile = 0;
    EQML__EACH(r, t->nrows, t->ntiles <= EQML__SHORT_ONE, {
        eqml__four_weights_one(t->rows + r, t->tiles + tile, coefficients + 16 * tile, f, weights);
        tile += t->rows[r].ntiles;
    });
}

/* The same for a geometry in each lane. */
EQML_INLINE void eqml__weights_lanes(const eqml_tensor_basis *t, const double *coefficients,
                                     const eqml_lanes *f, eqml_lanes *weights)
{
    const eqml_tile *tile = t->tiles;
    const double *c = coefficients;
    for (const eqml_rows *rows = t->rows; rows < t->rows + t->nrows; rows++) {
        eqml_lanes s0 = eqml__all(0), s1 = s0, s2 = s0, s3 = s0;
        for (const eqml_tile *end = tile + rows->ntiles; tile < end; tile++, c += 16)
            for (int column = 0; column < 4; column++) {
                if (!(tile->columns >> column & 1))
                    continue;
                const eqml_lanes x = f[tile->first + column];
                s0 = eqml__fma(eqml__all(c[column]), x, s0);
                s1 = eqml__fma(eqml__all(c[4 + column]), x, s1);
                s2 = eqml__fma(eqml__all(c[8 + column]), x, s2);
                s3 = eqml__fma(eqml__all(c[12 + column]), x, s3);
            }
        weights[rows->row[0]] = s0, weights[rows->row[1]] = s1;
        weights[rows->row[2]] = s2, weights[rows->row[3]] = s3;
    }
}

/*
 * A tensor of one geometry: the dipole (e*bohr) with respect to the origin of its coordinates, the quadrupole
 * (e*bohr^2) with respect to R, the polarizability (bohr^3). With `energy` not NULL also the energy, and
 * gradient[natoms][3] where that is not NULL: all share distances, variables and factors. The basis and the
 * model must have the tensor. work: EQML_WORK_TENSOR(kind, nslots of the tensor, npairs, nvectors, natoms)
 * doubles, 64-byte aligned.
 */
EQML_INLINE void eqml_tensor_value(const eqml_model *m, eqml_tensor kind, const double *xyz, double *energy,
                                   double *gradient, double *value, double *work)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const int carriers = EQML_CARRIERS(kind, b->npairs, b->natoms);
    const int stride = EQML_ROUND(b->npairs), room = EQML_ROUND(t->nslots);
    double *slots = work, *adjoints = work + room, *sums = work + 2 * room, *pair = work + 3 * room;
    double *weights = work + EQML_WORK_ONE(t->nslots, b->npairs);
    double *charges = weights + EQML_ROUND(t->nvectors + 1), *carried = charges + carriers;
    eqml__pairs_one(m, xyz, slots, pair, stride);
    eqml__forward_one(m, slots);
    if (energy)
        *energy = eqml__potential_one(m, slots, gradient ? adjoints : NULL, sums);
    if (energy && gradient)
        eqml__scatter(b, xyz, adjoints, pair, stride, pair + 6 * stride, gradient);
    if (energy && m->wall)
        *energy = eqml__put_wall(m, xyz, slots, adjoints, pair, stride, *energy, gradient);
    eqml__tensor_slots_one(b, t, slots);
    eqml__weights_one(t, m->tensors[kind], slots + b->factor0, weights);
    eqml__charges_one(b, t, carriers, slots, weights, charges);
    eqml__carried_one(b, kind, xyz, pair, stride, 1, carried);
    eqml__collect_one(m, kind, xyz, charges, carried, value);
}

/* ---- their Jacobians ---------------------------------------------------------------------------------- */

/*
 * A reverse sweep for each component: the adjoint of P_v is the number D_v of that component, and that of a
 * slot X_v(x) is weights[v] B_x. In a batch lanes are geometries and each component has a row of its own; for
 * one geometry components are lanes, and all else is the same in all of them.
 */
EQML_INLINE int eqml__jacobian_rows(eqml_tensor kind, int one)
{
    return one ? (EQML_COMPONENTS(kind) + EQML_LANES - 1) / EQML_LANES : EQML_COMPONENTS(kind);
}

/* Room in eqml_lanes: slots and adjoints, pairs (five numbers each), weights, charges, and rows of what is
 * carried, of tensor factors, of steps (3 rows each) and of Cartesian derivatives. */
#define EQML_WORK_JACOBIAN(kind, nslots, npairs, nvectors, natoms)                                           \
    (2 * (nslots) + 5 * (npairs) + (1 + EQML_COMPONENTS(kind)) * ((nvectors) + 1) +                          \
     (1 + 4 * EQML_COMPONENTS(kind)) * EQML_CARRIERS(kind, npairs, natoms) +                                 \
     3 * (natoms) * (1 + EQML_COMPONENTS(kind)))

/* Where things are in that room. */
typedef struct eqml__jacobian {
    int rows, carriers;
    eqml_lanes *slots, *adjoints;  /* [nslots] */
    eqml_lanes (*pair)[5];         /* [npairs] x_i - x_j, 1/r, dy/dr */
    eqml_lanes *weights, *charges; /* [nvectors + 1], [carriers] */
    eqml_lanes *carried, *vectors; /* [carriers][rows], [nvectors + 1][rows] */
    eqml_lanes *steps;             /* [carriers][3][rows] */
    eqml_lanes *sum, *x;           /* [rows][3 natoms], [3 natoms] */
} eqml__jacobian;

EQML_INLINE eqml__jacobian eqml__lay_out_jacobian(const eqml_basis *b, eqml_tensor kind, int one,
                                                  eqml_lanes *work)
{
    const eqml_tensor_basis *t = b->tensors[kind];
    eqml__jacobian j;
    j.rows = eqml__jacobian_rows(kind, one);
    j.carriers = EQML_CARRIERS(kind, b->npairs, b->natoms);
    j.slots = work;
    j.adjoints = j.slots + t->nslots;
    j.pair = (eqml_lanes(*)[5])(void *)(j.adjoints + t->nslots);
    j.weights = j.adjoints + t->nslots + 5 * b->npairs;
    j.charges = j.weights + t->nvectors + 1;
    j.carried = j.charges + j.carriers;
    j.vectors = j.carried + j.carriers * j.rows;
    j.steps = j.vectors + (t->nvectors + 1) * j.rows;
    j.sum = j.steps + 3 * j.carriers * j.rows;
    j.x = j.sum + 3 * b->natoms * j.rows;
    return j;
}

/* Components into lanes, zero past the last. */
EQML_INLINE void eqml__put_components(int components, int rows, const double *from, eqml_lanes *to)
{
    for (int row = 0; row < rows; row++) {
        double part[EQML_LANES] EQML_ALIGNED;
        for (int lane = 0; lane < EQML_LANES; lane++)
            part[lane] = row * EQML_LANES + lane < components ? from[row * EQML_LANES + lane] : 0;
        to[row] = eqml__load(part);
    }
}

/* Adds to the adjoints of what the operations read, in reverse. */
EQML_FUNCTION void eqml__add_reverse(int noperations, const unsigned short (*operations)[3],
                                     const eqml_lanes *slots, eqml_lanes *adjoints)
{
    for (int k = noperations - 1; k >= 0; k--) {
        const unsigned short *o = operations[k];
        const eqml_lanes a = adjoints[o[0]];
        adjoints[o[1]] = eqml__fma(a, slots[o[2]], adjoints[o[1]]);
        adjoints[o[2]] = eqml__fma(a, slots[o[1]], adjoints[o[2]]);
    }
}

/* Adjoints of the slots for one row of components. */
EQML_INLINE void eqml__tensor_adjoints(const eqml_model *m, eqml_tensor kind, const eqml__jacobian *j,
                                       int row)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const eqml_lanes *d = j->vectors + row, *slots = j->slots;
    eqml_lanes *a = j->adjoints, *g = a + b->factor0;
    const double *c = m->tensors[kind];
    memset(a, 0, sizeof(eqml_lanes) * (size_t)t->nslots);
    const eqml_tile *tile = t->tiles;
    for (const eqml_rows *rows = t->rows; rows < t->rows + t->nrows; rows++) {
        const eqml_lanes d0 = d[j->rows * rows->row[0]], d1 = d[j->rows * rows->row[1]];
        const eqml_lanes d2 = d[j->rows * rows->row[2]], d3 = d[j->rows * rows->row[3]];
        for (const eqml_tile *end = tile + rows->ntiles; tile < end; tile++, c += 16)
            for (int column = 0; column < 4; column++) {
                eqml_lanes *to = g + tile->first + column;
                if (!(tile->columns >> column & 1))
                    continue;
                const eqml_lanes even =
                    eqml__fma(eqml__all(c[column]), d0, eqml__fma(eqml__all(c[4 + column]), d1, *to));
                *to = eqml__fma(eqml__all(c[8 + column]), d2, eqml__fma(eqml__all(c[12 + column]), d3, even));
            }
    }
    for (int p = 0; p < t->nproducts; p++)
        g[t->products[p][1]] =
            eqml__fma(j->weights[t->products[p][0]], d[j->rows * t->products[p][2]], g[t->products[p][1]]);
    for (int e = 0; e < t->nelements; e++) {
        eqml_lanes *to = a + t->elements[e][1];
        *to = eqml__fma(j->weights[t->elements[e][0]], j->carried[j->rows * t->elements[e][2] + row], *to);
    }
    if (t->reverse_lanes) {
        t->reverse_lanes(slots, a);
        return;
    }
    eqml__add_reverse(t->noperations, t->operations, slots, a);
    eqml__add_reverse(b->noperations, b->operations, slots, a);
}

/* The Jacobian from slots, pairs, folded weights, charges, carried tensors and their steps, into sum[rows][3
 * natoms]. */
EQML_INLINE void eqml__jacobian_lanes(const eqml_model *m, eqml_tensor kind, const eqml__jacobian *j)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    eqml__vectors_lanes(b, t, j->rows, j->slots, j->carried, j->vectors);
    for (int row = 0; row < j->rows; row++) {
        eqml_lanes *sum = j->sum + 3 * b->natoms * row, total = eqml__all(0);
        eqml__tensor_adjoints(m, kind, j, row);
        for (int k = 0; k < 3 * b->natoms; k++)
            sum[k] = eqml__all(0);
        for (int p = 0; p < b->npairs; p++) {
            const eqml_lanes force = j->adjoints[p] * j->pair[p][4] * j->pair[p][3];
            eqml_lanes *to = sum + 3 * b->pairs[p][0], *from = sum + 3 * b->pairs[p][1];
            for (int k = 0; k < 3; k++) {
                eqml_lanes step = force * j->pair[p][k];
                if (kind != EQML_DIPOLE)
                    step = eqml__fma(j->charges[p], j->steps[(3 * p + k) * j->rows + row], step);
                to[k] += step;
                from[k] -= step;
            }
        }
        if (kind != EQML_DIPOLE)
            continue;
        for (int i = 0; i < b->natoms; i++) {
            total += j->charges[i];
            for (int k = 0; k < 3; k++)
                sum[3 * i + k] = eqml__fma(j->charges[i], j->steps[k * j->rows + row], sum[3 * i + k]);
        }
        total = (m->charge - total) * (1.0 / t->nreference);
        for (int a = 0; a < t->nreference; a++)
            for (int k = 0; k < 3; k++)
                sum[3 * t->reference[a] + k] += total * j->steps[k * j->rows + row];
    }
}

/*
 * A tensor of one geometry and jacobian[components][natoms][3]. work: as in eqml_tensor_value; lanes:
 * EQML_WORK_JACOBIAN(kind, nslots of the tensor, npairs, nvectors, natoms) eqml_lanes.
 */
EQML_INLINE void eqml_tensor_jacobian(const eqml_model *m, eqml_tensor kind, const double *xyz, double *value,
                                      double *jacobian, double *work, eqml_lanes *lanes)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const eqml__jacobian j = eqml__lay_out_jacobian(b, kind, 1, lanes);
    const int stride = EQML_ROUND(b->npairs), components = EQML_COMPONENTS(kind), n = 3 * b->natoms;
    const double *slots = work, *pair = work + 3 * EQML_ROUND(t->nslots);
    const double *weights = work + EQML_WORK_ONE(t->nslots, b->npairs);
    const double *charges = weights + EQML_ROUND(t->nvectors + 1), *carried = charges + j.carriers;
    eqml_tensor_value(m, kind, xyz, NULL, NULL, value, work);
    for (int k = 0; k < t->nslots; k++)
        j.slots[k] = eqml__all(slots[k]);
    for (int p = 0; p < b->npairs; p++)
        for (int k = 0; k < 5; k++)
            j.pair[p][k] = eqml__all(pair[k * stride + p]);
    for (int v = 0; v < t->nvectors; v++)
        j.weights[v] = eqml__all(weights[v]);
    for (int x = 0; x < j.carriers; x++) {
        j.charges[x] = eqml__all(charges[x]);
        eqml__put_components(components, j.rows, carried + components * x, j.carried + j.rows * x);
    }
    for (int k = 0; k < 3 && kind == EQML_DIPOLE; k++) {
        const double unit[3] = {(double)(k == 0), (double)(k == 1), (double)(k == 2)};
        eqml__put_components(3, j.rows, unit, j.steps + k * j.rows);
    }
    for (int p = 0; p < b->npairs && kind != EQML_DIPOLE; p++) {
        const double d[3] = {pair[p], pair[stride + p], pair[2 * stride + p]};
        double steps[18];
        eqml__steps_one(kind, d, steps);
        for (int k = 0; k < 3; k++)
            eqml__put_components(6, j.rows, steps + 6 * k, j.steps + (3 * p + k) * j.rows);
    }
    eqml__jacobian_lanes(m, kind, &j);
    for (int c = 0; c < components; c++) {
        const double *from = (const double *)(const void *)(j.sum + c / EQML_LANES * n) + c % EQML_LANES;
        for (int k = 0; k < n; k++)
            jacobian[c * n + k] = from[k * EQML_LANES];
    }
}

/*
 * Tensors of up to EQML_LANES geometries: value[count][components], and where that is not NULL
 * jacobian[count][components][natoms][3]. work: EQML_WORK_JACOBIAN eqml_lanes.
 */
EQML_INLINE void eqml__tensor_step(const eqml_model *m, eqml_tensor kind, int count, const double *xyz,
                                   double *value, double *jacobian, eqml_lanes *work)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const eqml__jacobian j = eqml__lay_out_jacobian(b, kind, 0, work);
    const int n = j.rows * 3 * b->natoms;
    eqml_lanes total[6];
    const eqml_lanes *const x[1] = {j.x};
    eqml_lanes *const slots[1] = {j.slots}, (*const pair[1])[5] = {j.pair};
    eqml__to_lanes(3 * b->natoms, count, xyz, j.x);
    eqml__pairs_lanes(m, 1, x, slots, pair);
    eqml__forward_lanes(m, 1, &j.slots);
    eqml__tensor_slots_lanes(b, t, j.slots);
    eqml__weights_lanes(t, m->tensors[kind], j.slots + b->factor0, j.weights);
    eqml__charges_lanes(b, t, j.carriers, j.slots, j.weights, j.charges);
    eqml__carried_lanes(b, kind, j.x, j.pair[0], 1, 5, j.carried);
    eqml__collect_lanes(m, kind, j.x, j.charges, j.carried, total);
    for (int c = 0; c < j.rows; c++) {
        double part[EQML_LANES] EQML_ALIGNED;
        eqml__store(part, total[c]);
        for (int lane = 0; lane < count; lane++)
            value[j.rows * lane + c] = part[lane];
    }
    if (!jacobian)
        return;
    for (int k = 0; k < 9 && kind == EQML_DIPOLE; k++)
        j.steps[k] = eqml__all(k % 4 == 0);
    for (int p = 0; p < b->npairs && kind != EQML_DIPOLE; p++)
        eqml__steps_lanes(kind, j.pair[p], j.steps + 18 * p);
    eqml__jacobian_lanes(m, kind, &j);
    for (int k = 0; k < n; k++) {
        double part[EQML_LANES] EQML_ALIGNED;
        eqml__store(part, j.sum[k]);
        for (int lane = 0; lane < count; lane++)
            jacobian[(size_t)lane * (size_t)n + (size_t)k] = part[lane];
    }
}

#endif /* EQML__KERNEL_TENSOR_H */

/* ==== model.h =========================================================================================== */

/* The functions of one basis, and of one surface. */
#ifndef EQML__MODEL_H
#define EQML__MODEL_H

/* Steps are dealt out to the threads of OpenMP where the compiler has it; each geometry is computed alike
 * whatever their number, so results do not depend on it. */
#ifdef _OPENMP
#define EQML__PARALLEL _Pragma("omp parallel for schedule(static)")
#else
#define EQML__PARALLEL
#endif

#define EQML__MODEL_BATCH(NAME, FUNCTION, STEP, COUNT)                                                       \
    EQML_INLINE void FUNCTION(const eqml_model *m, size_t n, const double *xyz, double *energy,              \
                              double *gradient)                                                              \
    {                                                                                                        \
        const size_t size = 3 * NAME##_NATOMS, step = NAME##_GROUPS > 0 ? NAME##_GROUPS * COUNT : 1;         \
        const ptrdiff_t steps = (ptrdiff_t)((n + step - 1) / step);                                          \
        EQML__PARALLEL                                                                                       \
        for (ptrdiff_t k = 0; k < steps; k++) {                                                              \
            const size_t first = (size_t)k * step, count = n - first < step ? n - first : step;              \
            double *to = gradient ? gradient + first * size : NULL;                                          \
            if (NAME##_GROUPS > 0) {                                                                         \
                eqml_lanes work[NAME##_GROUPS == 2   ? NAME##_WORK_BOTH                                      \
                                : NAME##_GROUPS == 1 ? NAME##_WORK_ALONE                                     \
                                                     : 1];                                                   \
                STEP(m, NAME##_GROUPS, (int)count, xyz + first * size, energy + first, to, work);            \
            } else {                                                                                         \
                double work[EQML_WORK_ONE(NAME##_NSLOTS, NAME##_NPAIRS)] EQML_ALIGNED;                       \
                energy[first] = eqml_energy_gradient(m, xyz + first * size, to, work);                       \
            }                                                                                                \
        }                                                                                                    \
    }

/* What a generated header defines for models of its basis NAME; the model must be one of NAME_basis. */
#define EQML_BASIS_FUNCTIONS(NAME)                                                                           \
    EQML_INLINE double NAME##_model_energy(const eqml_model *m, const double *xyz)                           \
    {                                                                                                        \
        double work[EQML_WORK_ONE(NAME##_NSLOTS, NAME##_NPAIRS)] EQML_ALIGNED;                               \
        return eqml_energy_gradient(m, xyz, NULL, work);                                                     \
    }                                                                                                        \
    EQML_INLINE double NAME##_model_energy_gradient(const eqml_model *m, const double *xyz,                  \
                                                    double *gradient)                                        \
    {                                                                                                        \
        double work[EQML_WORK_ONE(NAME##_NSLOTS, NAME##_NPAIRS)] EQML_ALIGNED;                               \
        return eqml_energy_gradient(m, xyz, gradient, work);                                                 \
    }                                                                                                        \
    EQML_FUNCTION double NAME##_model_energy_hessian(const eqml_model *m, const double *xyz,                 \
                                                     double *gradient, double *hessian)                      \
    {                                                                                                        \
        double work[EQML_WORK_HESSIAN(NAME##_NSLOTS, NAME##_NPAIRS)] EQML_ALIGNED;                           \
        return eqml_energy_hessian(m, xyz, gradient, hessian, work);                                         \
    }                                                                                                        \
    enum {                                                                                                   \
        NAME##_WORK_ALONE = EQML_WORK_GROUPS(1, NAME##_NSLOTS, NAME##_NPAIRS, NAME##_NATOMS),                \
        NAME##_WORK_BOTH = EQML_WORK_GROUPS(2, NAME##_NSLOTS, NAME##_NPAIRS, NAME##_NATOMS),                 \
        NAME##_GROUPS = NAME##_WORK_BOTH * sizeof(eqml_lanes) <= EQML_STACK_LIMIT / 2 ? 2                    \
                        : NAME##_WORK_ALONE * sizeof(eqml_lanes) <= EQML_STACK_LIMIT  ? 1                    \
                                                                                      : 0                    \
    };                                                                                                       \
    EQML__MODEL_BATCH(NAME, NAME##_model_batch, eqml__step_lanes, EQML_LANES)                                \
    EQML__MODEL_BATCH(NAME, NAME##_model_batch_float, eqml__step_in_float, EQML_FLOATS)                      \
    EQML_INLINE void NAME##_model_energy_batch(const eqml_model *m, size_t n, const double *xyz,             \
                                               double *energy)                                               \
    {                                                                                                        \
        NAME##_model_batch(m, n, xyz, energy, NULL);                                                         \
    }                                                                                                        \
    EQML_INLINE void NAME##_model_energy_gradient_batch(const eqml_model *m, size_t n, const double *xyz,    \
                                                        double *energy, double *gradient)                    \
    {                                                                                                        \
        NAME##_model_batch(m, n, xyz, energy, gradient);                                                     \
    }                                                                                                        \
    EQML_INLINE void NAME##_model_energy_batch_float(const eqml_model *m, size_t n, const double *xyz,       \
                                                     double *energy)                                         \
    {                                                                                                        \
        NAME##_model_batch_float(m, n, xyz, energy, NULL);                                                   \
    }                                                                                                        \
    EQML_INLINE void NAME##_model_energy_gradient_batch_float(                                               \
        const eqml_model *m, size_t n, const double *xyz, double *energy, double *gradient)                  \
    {                                                                                                        \
        NAME##_model_batch_float(m, n, xyz, energy, gradient);                                               \
    }

/* Headers from before layout numbers call this. */
#ifdef __cplusplus
#define EQML_MODEL_FUNCTIONS(NAME)                                                                           \
    static_assert(0, "this basis is older than eqml.h: write it again with eqml-gen");
#else
#define EQML_MODEL_FUNCTIONS(NAME)                                                                           \
    _Static_assert(0, "this basis is older than eqml.h: write it again with eqml-gen");
#endif

/*
 * The C functions of a fitted surface NAME over the basis BASIS, for a constant model NAME_model, in groups that a
 * library compiles side by side. API is `static inline` in a header, `extern` in a library.
 */
#define EQML_SURFACE_ONE_FUNCTIONS(NAME, BASIS, API)                                                         \
    API int NAME##_natoms(void)                                                                              \
    {                                                                                                        \
        return BASIS##_NATOMS;                                                                               \
    }                                                                                                        \
    API const char *NAME##_symbols(void)                                                                     \
    {                                                                                                        \
        return BASIS##_basis.symbols;                                                                        \
    }                                                                                                        \
    API double NAME##_energy(const double *xyz)                                                              \
    {                                                                                                        \
        return BASIS##_model_energy(&NAME##_model, xyz);                                                     \
    }                                                                                                        \
    API double NAME##_energy_gradient(const double *xyz, double *gradient)                                   \
    {                                                                                                        \
        return BASIS##_model_energy_gradient(&NAME##_model, xyz, gradient);                                  \
    }                                                                                                        \
    API double NAME##_energy_hessian(const double *xyz, double *gradient, double *hessian)                   \
    {                                                                                                        \
        return BASIS##_model_energy_hessian(&NAME##_model, xyz, gradient, hessian);                          \
    }

#define EQML_SURFACE_BATCH_FUNCTIONS(NAME, BASIS, API)                                                       \
    API void NAME##_energy_batch(size_t n, const double *xyz, double *energy)                                \
    {                                                                                                        \
        BASIS##_model_energy_batch(&NAME##_model, n, xyz, energy);                                           \
    }                                                                                                        \
    API void NAME##_energy_gradient_batch(size_t n, const double *xyz, double *energy, double *gradient)     \
    {                                                                                                        \
        BASIS##_model_energy_gradient_batch(&NAME##_model, n, xyz, energy, gradient);                        \
    }

#define EQML_SURFACE_FLOAT_FUNCTIONS(NAME, BASIS, API)                                                       \
    API void NAME##_energy_batch_float(size_t n, const double *xyz, double *energy)                          \
    {                                                                                                        \
        BASIS##_model_energy_batch_float(&NAME##_model, n, xyz, energy);                                     \
    }                                                                                                        \
    API void NAME##_energy_gradient_batch_float(size_t n, const double *xyz, double *energy,                 \
                                                double *gradient)                                            \
    {                                                                                                        \
        BASIS##_model_energy_gradient_batch_float(&NAME##_model, n, xyz, energy, gradient);                  \
    }

/* All of them. */
#define EQML_SURFACE_FUNCTIONS(NAME, BASIS, API)                                                             \
    EQML_SURFACE_ONE_FUNCTIONS(NAME, BASIS, API)                                                             \
    EQML_SURFACE_BATCH_FUNCTIONS(NAME, BASIS, API)                                                           \
    EQML_SURFACE_FLOAT_FUNCTIONS(NAME, BASIS, API)

#endif /* EQML__MODEL_H */

/* ==== model_tensor.h ==================================================================================== */

/* The same for tensors. */
#ifndef EQML__MODEL_TENSOR_H
#define EQML__MODEL_TENSOR_H

/* The same for models with a tensor TENSOR: dipole, quadrupole or polarizability, of the kind KIND. */
#define EQML_BASIS_TENSOR_FUNCTIONS(NAME, TENSOR, KIND)                                                      \
    enum {                                                                                                   \
        NAME##_WORK_##TENSOR = EQML_WORK_TENSOR(KIND, NAME##_##TENSOR##_NSLOTS, NAME##_NPAIRS,               \
                                                NAME##_##TENSOR##_NVECTORS, NAME##_NATOMS),                  \
        NAME##_WORK_##TENSOR##_JACOBIAN = EQML_WORK_JACOBIAN(KIND, NAME##_##TENSOR##_NSLOTS, NAME##_NPAIRS,  \
                                                             NAME##_##TENSOR##_NVECTORS, NAME##_NATOMS),     \
        NAME##_##TENSOR##_IN_LANES =                                                                         \
            NAME##_WORK_##TENSOR##_JACOBIAN * sizeof(eqml_lanes) <= EQML_STACK_LIMIT                         \
    };                                                                                                       \
    EQML_INLINE void NAME##_model_##TENSOR(const eqml_model *m, const double *xyz, double *value)            \
    {                                                                                                        \
        double work[NAME##_WORK_##TENSOR] EQML_ALIGNED;                                                      \
        eqml_tensor_value(m, KIND, xyz, NULL, NULL, value, work);                                            \
    }                                                                                                        \
    EQML_FUNCTION void NAME##_model_##TENSOR##_jacobian(const eqml_model *m, const double *xyz,              \
                                                        double *value, double *jacobian)                     \
    {                                                                                                        \
        double work[NAME##_WORK_##TENSOR] EQML_ALIGNED;                                                      \
        eqml_lanes lanes[NAME##_WORK_##TENSOR##_JACOBIAN];                                                   \
        eqml_tensor_jacobian(m, KIND, xyz, value, jacobian, work, lanes);                                    \
    }                                                                                                        \
    /* jacobian may be NULL */                                                                               \
    EQML_FUNCTION void NAME##_model_##TENSOR##_jacobian_batch(                                               \
        const eqml_model *m, size_t n, const double *xyz, double *value, double *jacobian)                   \
    {                                                                                                        \
        const size_t size = 3 * NAME##_NATOMS, components = EQML_COMPONENTS(KIND);                           \
        const size_t step = NAME##_##TENSOR##_IN_LANES ? EQML_LANES : 1;                                     \
        const ptrdiff_t steps = (ptrdiff_t)((n + step - 1) / step);                                          \
        EQML__PARALLEL                                                                                       \
        for (ptrdiff_t k = 0; k < steps; k++) {                                                              \
            const size_t first = (size_t)k * step, count = n - first < step ? n - first : step;              \
            double *to = jacobian ? jacobian + first * components * size : NULL;                             \
            if (NAME##_##TENSOR##_IN_LANES) {                                                                \
                eqml_lanes work[NAME##_##TENSOR##_IN_LANES ? NAME##_WORK_##TENSOR##_JACOBIAN : 1];           \
                eqml__tensor_step(m, KIND, (int)count, xyz + first * size, value + first * components, to,   \
                                  work);                                                                     \
            } else if (to) {                                                                                 \
                NAME##_model_##TENSOR##_jacobian(m, xyz + first * size, value + first * components, to);     \
            } else {                                                                                         \
                NAME##_model_##TENSOR(m, xyz + first * size, value + first * components);                    \
            }                                                                                                \
        }                                                                                                    \
    }                                                                                                        \
    EQML_FUNCTION void NAME##_model_##TENSOR##_batch(const eqml_model *m, size_t n, const double *xyz,       \
                                                     double *value)                                          \
    {                                                                                                        \
        NAME##_model_##TENSOR##_jacobian_batch(m, n, xyz, value, NULL);                                      \
    }

#define EQML_MODEL_ENERGY_DIPOLE_FUNCTION(NAME)                                                              \
    EQML_INLINE double NAME##_model_energy_gradient_dipole(const eqml_model *m, const double *xyz,           \
                                                           double *gradient, double *dipole)                 \
    {                                                                                                        \
        double work[NAME##_WORK_dipole] EQML_ALIGNED, energy;                                                \
        eqml_tensor_value(m, EQML_DIPOLE, xyz, &energy, gradient, dipole, work);                             \
        return energy;                                                                                       \
    }

/* The functions of a tensor of it, where it has one: TENSOR is dipole, quadrupole or polarizability. */
#define EQML_SURFACE_TENSOR_FUNCTIONS(NAME, BASIS, API, TENSOR)                                              \
    API void NAME##_##TENSOR(const double *xyz, double *value)                                               \
    {                                                                                                        \
        BASIS##_model_##TENSOR(&NAME##_model, xyz, value);                                                   \
    }                                                                                                        \
    API void NAME##_##TENSOR##_jacobian(const double *xyz, double *value, double *jacobian)                  \
    {                                                                                                        \
        BASIS##_model_##TENSOR##_jacobian(&NAME##_model, xyz, value, jacobian);                              \
    }                                                                                                        \
    API void NAME##_##TENSOR##_batch(size_t n, const double *xyz, double *value)                             \
    {                                                                                                        \
        BASIS##_model_##TENSOR##_batch(&NAME##_model, n, xyz, value);                                        \
    }                                                                                                        \
    API void NAME##_##TENSOR##_jacobian_batch(size_t n, const double *xyz, double *value, double *jacobian)  \
    {                                                                                                        \
        BASIS##_model_##TENSOR##_jacobian_batch(&NAME##_model, n, xyz, value, jacobian);                     \
    }

#define EQML_SURFACE_ENERGY_DIPOLE_FUNCTION(NAME, BASIS, API)                                                \
    API double NAME##_energy_gradient_dipole(const double *xyz, double *gradient, double *dipole)            \
    {                                                                                                        \
        return BASIS##_model_energy_gradient_dipole(&NAME##_model, xyz, gradient, dipole);                   \
    }

#endif /* EQML__MODEL_TENSOR_H */

/* ==== variance.h ======================================================================================== */

/* The variance that the coefficients of a fit leave what is linear in them. */
#ifndef EQML__VARIANCE_H
#define EQML__VARIANCE_H

/*
 * With the terms t(x) of a geometry and F^T F = (A^T A)^-1 of the fit, ridge included, the coefficients leave its energy
 * the variance v = |F t|^2, in units of that of an energy of weight 1 [1]. The errors of a surface are those of its finite
 * basis and not noise, so what v means in hartree is found from the data (eqml_sigma_create):
 *
 *     sigma = sqrt(floor^2 + w^2),   w = slope v^power up to v = reach,   slope reach^power (v / reach)^(1/2) beyond.
 *
 * Noise alone would be power 1/2, floor = slope. Beyond the data w grows as the root of v, since an error of the
 * coefficients makes no more than that: |t dx| <= |F t| |F^-T dx|.
 *
 * Rows of `matrix` are those of F, terms of them, or fewer that are random combinations of them, with signs +1 and -1:
 * their squares sum to v on average, with a relative standard deviation of at most sqrt(2 / rows) [2]. 32 rows: 25 % of v.
 *
 * [1] Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed. (2009), section 3.2.
 * [2] Achlioptas, J. Comput. Syst. Sci. 66, 671 (2003).
 */
typedef struct eqml_sigma {
    int terms;           /* of the basis */
    int rows;            /* a multiple of 8; rows of zeros fill up */
    int triangular;      /* nonzero: row i is zero behind its i-th entry */
    double floor, slope; /* hartree */
    double power, reach;
    const double *matrix; /* eight rows after the other, each as long as eqml__sigma_length() says */
} eqml_sigma;

enum { EQML__SIGMA_ROWS = 8 }; /* that share each load of a term */

/* The stored length of the eight rows from `row` on: a multiple of eight, zeros behind the last entry. */
EQML_INLINE int eqml__sigma_length(const eqml_sigma *s, int row)
{
    const int end = row + EQML__SIGMA_ROWS;
    return s->triangular && end < s->terms ? end : EQML_ROUND(s->terms);
}

/* Hartree, from the variance v. */
EQML_INLINE double eqml__sigma_of(const eqml_sigma *s, double v)
{
    const double within = v > s->reach ? s->reach : v;
    double part = s->slope * (s->power == 0.5 ? sqrt(within) : pow(within, s->power));
    part *= v > s->reach ? sqrt(v / s->reach) : 1;
    return sqrt(s->floor * s->floor + part * part);
}

/* |matrix t|^2 for t[EQML_ROUND(terms)], zeros behind the last term. */
EQML_FUNCTION double eqml__sigma_square_one(const eqml_sigma *s, const double *t)
{
    const double *row = s->matrix;
    double square = 0;
    for (int first = 0; first < s->rows; first += EQML__SIGMA_ROWS) {
        const int length = eqml__sigma_length(s, first);
        eqml_lanes sum[EQML__SIGMA_ROWS];
        EQML__UNROLL_ALL
        for (int k = 0; k < EQML__SIGMA_ROWS; k++)
            sum[k] = eqml__all(0);
        for (int j = 0; j < length; j += EQML_LANES) {
            const eqml_lanes term = eqml__load(t + j);
            EQML__UNROLL_ALL
            for (int k = 0; k < EQML__SIGMA_ROWS; k++)
                sum[k] += term * eqml__load(row + (size_t)k * (size_t)length + j);
        }
        for (int k = 0; k < EQML__SIGMA_ROWS; k++) {
            const double z = eqml__sum(sum[k]);
            square += z * z;
        }
        row += EQML__SIGMA_ROWS * (size_t)length;
    }
    return square;
}

/* The same for a geometry in each lane. */
EQML_FUNCTION eqml_lanes eqml__sigma_square_lanes(const eqml_sigma *s, const eqml_lanes *t)
{
    const double *row = s->matrix;
    eqml_lanes square = eqml__all(0);
    for (int first = 0; first < s->rows; first += EQML__SIGMA_ROWS) {
        const size_t length = (size_t)eqml__sigma_length(s, first);
        const size_t terms = length < (size_t)s->terms ? length : (size_t)s->terms;
        eqml_lanes sum[EQML__SIGMA_ROWS];
        EQML__UNROLL_ALL
        for (int k = 0; k < EQML__SIGMA_ROWS; k++)
            sum[k] = eqml__all(0);
        for (size_t j = 0; j < terms; j++) {
            EQML__UNROLL_ALL
            for (size_t k = 0; k < EQML__SIGMA_ROWS; k++)
                sum[k] += row[k * length + j] * t[j];
        }
        for (int k = 0; k < EQML__SIGMA_ROWS; k++)
            square += sum[k] * sum[k];
        row += EQML__SIGMA_ROWS * length;
    }
    return square;
}

#endif /* EQML__VARIANCE_H */

/* ==== sigma.h =========================================================================================== */

/* How sure an energy is: its predictive standard deviation, from the triangle of the fit. */
#ifndef EQML__SIGMA_H
#define EQML__SIGMA_H

/* Room for one geometry, in doubles, 64-byte aligned, and for a group of them, in eqml_lanes. */
#define EQML_WORK_SIGMA(nslots, npairs, nterms) (EQML_WORK_ONE(nslots, npairs) + EQML_ROUND(nterms))
#define EQML_WORK_SIGMA_LANES(nslots, natoms, nterms) (EQML_ROUND(nslots) + 3 * (natoms) + (nterms))

/*
 * The standard deviation (hartree) of the energy of one geometry xyz[natoms][3] (bohr), on the model whose fit made *s.
 * NaN where the energy is. Allocates nothing, keeps no state; one multiply-add for each number of the matrix.
 */
EQML_FUNCTION double eqml_energy_sigma(const eqml_sigma *s, const eqml_model *m, const double *xyz,
                                       double *work)
{
    const eqml_basis *b = m->basis;
    const int room = EQML_ROUND(b->nslots);
    double *terms = work + EQML_WORK_ONE(b->nslots, b->npairs);
    memset(terms, 0, sizeof(double) * (size_t)EQML_ROUND(b->nterms));
    eqml__pairs_one(m, xyz, work, work + 3 * room, EQML_ROUND(b->npairs));
    eqml__table_forward_one(b, work, m->offset);
    eqml__add_values_one(b, work + b->factor0, 1, 0, terms);
    return eqml__sigma_of(s, eqml__sigma_square_one(s, terms));
}

/* sigma[count] <- those of at most EQML_LANES geometries. work: EQML_WORK_SIGMA_LANES eqml_lanes. */
EQML_FUNCTION void eqml__sigma_step(const eqml_sigma *s, const eqml_model *m, int count, const double *xyz,
                                    double *sigma, eqml_lanes *work)
{
    const eqml_basis *b = m->basis;
    eqml_lanes *x = work + EQML_ROUND(b->nslots), *terms = x + 3 * b->natoms, *const slots[1] = {work};
    const eqml_lanes *const place[1] = {x};
    double square[EQML_LANES] EQML_ALIGNED;
    eqml__to_lanes(3 * b->natoms, count, xyz, x);
    eqml__pairs_lanes(m, 1, place, slots, NULL);
    eqml__table_forward_lanes(b, work, m->offset);
    memset(terms, 0, sizeof(eqml_lanes) * (size_t)b->nterms);
    eqml__add_values_lanes(b, work + b->factor0, eqml__all(1), 0, terms);
    eqml__store(square, eqml__sigma_square_lanes(s, terms));
    for (int k = 0; k < count; k++)
        sigma[k] = eqml__sigma_of(s, square[k]);
}

/* Those of n geometries xyz[n][natoms][3]; one thread. */
EQML_FUNCTION void eqml_energy_sigma_batch(const eqml_sigma *s, const eqml_model *m, size_t n,
                                           const double *xyz, double *sigma, eqml_lanes *work)
{
    const size_t size = 3 * (size_t)m->basis->natoms;
    for (size_t done = 0; done < n; done += EQML_LANES)
        eqml__sigma_step(s, m, n - done < EQML_LANES ? (int)(n - done) : EQML_LANES, xyz + done * size,
                         sigma + done, work);
}

/* The functions of a surface NAME over BASIS, with its constant NAME_sigma. */
#define EQML_SURFACE_SIGMA_FUNCTIONS(NAME, BASIS, API)                                                       \
    API double NAME##_energy_sigma(const double *xyz)                                                        \
    {                                                                                                        \
        double work[EQML_WORK_SIGMA(BASIS##_NSLOTS, BASIS##_NPAIRS, BASIS##_NTERMS)] EQML_ALIGNED;           \
        return eqml_energy_sigma(&NAME##_sigma, &NAME##_model, xyz, work);                                   \
    }                                                                                                        \
    enum {                                                                                                   \
        NAME##_SIGMA_ROOM = EQML_WORK_SIGMA_LANES(BASIS##_NSLOTS, BASIS##_NATOMS, BASIS##_NTERMS),           \
        NAME##_SIGMA_GROUP = NAME##_SIGMA_ROOM * sizeof(eqml_lanes) <= EQML_STACK_LIMIT ? EQML_LANES : 1     \
    };                                                                                                       \
    API void NAME##_energy_sigma_batch(size_t n, const double *xyz, double *sigma)                           \
    {                                                                                                        \
        const size_t size = 3 * BASIS##_NATOMS, step = NAME##_SIGMA_GROUP;                                   \
        const ptrdiff_t steps = (ptrdiff_t)((n + step - 1) / step);                                          \
        EQML__PARALLEL                                                                                       \
        for (ptrdiff_t k = 0; k < steps; k++) {                                                              \
            const size_t first = (size_t)k * step, count = n - first < step ? n - first : step;              \
            if (step > 1) {                                                                                  \
                eqml_lanes work[NAME##_SIGMA_GROUP > 1 ? NAME##_SIGMA_ROOM : 1];                             \
                eqml__sigma_step(&NAME##_sigma, &NAME##_model, (int)count, xyz + first * size,               \
                                 sigma + first, work);                                                       \
            } else {                                                                                         \
                sigma[first] = NAME##_energy_sigma(xyz + first * size);                                      \
            }                                                                                                \
        }                                                                                                    \
    }

#endif /* EQML__SIGMA_H */

/* Neighbour clouds: the second family. */

/* ==== cloud/basis.h ===================================================================================== */

/* Bases of neighbour clouds as eqml-gen writes them, what their code calls, and models over them. */
#ifndef EQML__CLOUD_BASIS_H
#define EQML__CLOUD_BASIS_H

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
 * The radial functions R_n(r) = (1 - (r / cutoff)^2)^3 T_(n-1)(x), zero beyond the cutoff, where value and first two
 * derivatives vanish; T_n are Chebyshev polynomials in
 *
 *     x = 2 (y(r) - y(cutoff)) / (1 - y(cutoff)) - 1,      y = 1 / (1 + a s^4 / (1 + s^2)),      s = r / range, a = 10 / 13
 *
 * which falls from 1 at r = 0 to -1 at the cutoff, steepest near r = range: there the functions resolve most, so range
 * should be a distance of nearest neighbours. Witt et al., J. Chem. Phys. 159, 164101 (2023), with p = 2, q = 4.
 */
typedef struct eqml_radial {
    double cutoff, range; /* bohr */
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

/* ==== cloud/neighbours.h ================================================================================ */

/* Configurations of atoms, and who is within the cutoff of whom. */
#ifndef EQML__CLOUD_NEIGHBOURS_H
#define EQML__CLOUD_NEIGHBOURS_H

/* Atoms in space, open or periodic. Bohr. */
typedef struct eqml_configuration {
    size_t natoms;
    const double *xyz;  /* [natoms][3], anywhere: inside the cell or not */
    const int *species; /* [natoms] numbers from 0 on, as the basis lists them */
    const double *cell; /* [3][3] rows are the vectors of the cell; NULL: open in all directions */
    const int
        *pbc; /* [3] nonzero: periodic along this vector; NULL: as the cell, all or none. Vectors along which
                           it is open may be zero */
} eqml_configuration;

/* All pairs within a cutoff: the neighbours of atom i are first[i] .. first[i+1]-1. Both of a pair have each other, and
 * each periodic image counts, those of the atom itself too. */
typedef struct eqml_neighbours {
    size_t natoms, count;
    size_t *first;       /* [natoms + 1] */
    int *index;          /* [count] atoms */
    double (*vector)[3]; /* [count] from the atom to its neighbour */
    size_t capacity, atoms_capacity;
} eqml_neighbours;

EQML_API eqml_status eqml_neighbours_find(const eqml_configuration *configuration, double cutoff,
                                          eqml_neighbours *list, eqml_message *message);
/*
 * Finds all pairs closer than the cutoff, by bins: in time linear in the number of pairs. The cutoff may be larger than
 * the cell. *list is all zero, or from an earlier call, whose memory is used again. Each configuration gives the same
 * list in the same order.
 *
 * EQML_ERROR_VALUE: coordinates that are not finite, a cell without volume, two atoms in one place.
 * EQML_ERROR_ARGUMENT: the cutoff is not positive. message may be NULL.
 */

EQML_API void eqml_neighbours_free(eqml_neighbours *list);
/* Releases the memory of a list, which is then all zero. */

#endif /* EQML__CLOUD_NEIGHBOURS_H */

/* ==== cloud/harmonics.h ================================================================================= */

/* Real spherical harmonics and their gradients, for a vector of directions. */
#ifndef EQML__CLOUD_HARMONICS_H
#define EQML__CLOUD_HARMONICS_H

/*
 * Regular solid harmonics h_lm = r^l P_lm(cos theta) / (l + m)! {cos m phi, sin |m| phi} at unit vectors, m >= 0 at
 * [l (l+1) + m], sines at [l (l+1) - m]. In this scale all coefficients of gradients are 1 and 1/2: d/dz h_lm = h_(l-1)m.
 * S_lm = scale_lm h_lm has squares that add up to 2 l + 1. M. A. Caola, J. Phys. A 11, L23 (1978).
 */
#define EQML__HARMONIC(l, m) ((l) * ((l) + 1) + (m))

/* scale[(lmax+1)^2] of S_lm over h_lm. */
EQML_FUNCTION void eqml__harmonic_scales(int lmax, double *scale)
{
    for (int l = 0; l <= lmax; l++)
        for (int m = 0; m <= l; m++) {
            double square = (2 * l + 1) * (m ? 2 : 1);
            for (int k = 1; k <= l - m; k++)
                square *= k;
            for (int k = 1; k <= l + m; k++)
                square *= k;
            scale[EQML__HARMONIC(l, m)] = scale[EQML__HARMONIC(l, -m)] = sqrt(square);
        }
}

/* The harmonics h[(lmax+1)^2], `stride` lanes apart, at the unit vectors u. */
EQML_INLINE void eqml__harmonics(int lmax, const eqml_lanes *u, eqml_lanes *h, int stride)
{
#define EQML__H(l, m) h[EQML__HARMONIC(l, m) * stride]
    EQML__H(0, 0) = eqml__all(1);
    EQML__UNROLL_ALL
    for (int m = 0; m <= lmax; m++) {
        if (m > 0) {
            const double f = 1.0 / (2 * m);
            const eqml_lanes c = EQML__H(m - 1, m - 1), s = m > 1 ? EQML__H(m - 1, 1 - m) : eqml__all(0);
            EQML__H(m, m) = (u[0] * c - u[1] * s) * f;
            EQML__H(m, -m) = (u[0] * s + u[1] * c) * f;
        }
        EQML__UNROLL_ALL
        for (int l = m + 1; l <= lmax; l++) {
            const double f = 1.0 / ((l + m) * (l - m));
            const eqml_lanes z = u[2] * ((2 * l - 1) * f);
            EQML__H(l, m) = l > m + 1 ? z * EQML__H(l - 1, m) - EQML__H(l - 2, m) * f : z * EQML__H(l - 1, m);
            if (m > 0)
                EQML__H(l, -m) =
                    l > m + 1 ? z * EQML__H(l - 1, -m) - EQML__H(l - 2, -m) * f : z * EQML__H(l - 1, -m);
        }
    }
}

/* g[3] += weight * gradient of the solid harmonic h_lm, l >= 1, |m| <= l; a harmonic that does not exist is zero. */
EQML_INLINE void eqml__harmonic_gradient(int l, int m, eqml_lanes weight, const eqml_lanes *h, int stride,
                                         eqml_lanes *g)
{
    const int k = l - 1, a = m < 0 ? -m : m;
    const eqml_lanes zero = eqml__all(0), half = weight * 0.5;
    if (a <= k)
        g[2] = g[2] + weight * EQML__H(k, m);
    if (a == 0) {
        if (k >= 1) {
            g[0] = g[0] - weight * EQML__H(k, 1);
            g[1] = g[1] - weight * EQML__H(k, -1);
        }
        return;
    }
    /* neighbours in m of cosine and sine */
    const eqml_lanes cu = a + 1 <= k ? EQML__H(k, a + 1) : zero, su = a + 1 <= k ? EQML__H(k, -a - 1) : zero;
    const eqml_lanes cd = EQML__H(k, a - 1), sd = a > 1 ? EQML__H(k, 1 - a) : zero;
    if (m > 0) {
        g[0] = g[0] + half * (cd - cu);
        g[1] = g[1] - half * (sd + su);
    } else {
        g[0] = g[0] + half * (sd - su);
        g[1] = g[1] + half * (cd + cu);
    }
#undef EQML__H
}

#endif /* EQML__CLOUD_HARMONICS_H */

/* ==== cloud/radial.h ==================================================================================== */

/* Radial functions of neighbours and their derivatives, for a vector of distances. */
#ifndef EQML__CLOUD_RADIAL_H
#define EQML__CLOUD_RADIAL_H

/* What the functions take from eqml_radial. */
typedef struct eqml__radial {
    double per_cutoff2, per_range2; /* 1 / cutoff^2, 1 / range^2 */
    double slope, offset;           /* x = slope y - offset */
} eqml__radial;

#define EQML__AGNESI (10.0 / 13.0) /* y''(s) = 0 at s = 1 */

EQML_FUNCTION eqml__radial eqml__radial_of(const eqml_radial *radial)
{
    const double s2 = radial->cutoff * radial->cutoff / (radial->range * radial->range);
    const double y = 1 / (1 + EQML__AGNESI * s2 * s2 / (1 + s2));
    eqml__radial x;
    x.per_cutoff2 = 1 / (radial->cutoff * radial->cutoff);
    x.per_range2 = 1 / (radial->range * radial->range);
    x.slope = 2 / (1 - y);
    x.offset = x.slope * y + 1;
    return x;
}

/*
 * R_n(r), n = 1..nmax, at [(n-1) stride], and dR_n/dr likewise, from r^2 and r up to the cutoff.
 */
EQML_INLINE void eqml__radial_functions(const eqml__radial *p, int nmax, eqml_lanes r2, eqml_lanes r,
                                        eqml_lanes *value, eqml_lanes *slope, int stride)
{
    const eqml_lanes one = eqml__all(1), s2 = r2 * p->per_range2, t = s2 + one;
    /* y = t / (t + a s^4); dy/d(s^2) = -a s^2 (2 + s^2) / (t + a s^4)^2 */
    const eqml_lanes q = one / (t + s2 * s2 * EQML__AGNESI), y = t * q;
    const eqml_lanes dy = s2 * (s2 + eqml__all(2)) * q * q * (-EQML__AGNESI);
    const eqml_lanes x = y * p->slope - eqml__all(p->offset), dx = dy * r * (2 * p->slope * p->per_range2);
    const eqml_lanes e = one - r2 * p->per_cutoff2, f = e * e * e;
    const eqml_lanes df = e * e * r * (-6 * p->per_cutoff2), x2 = x + x;
    /* T_0 f, T_1 f and the recursion T_(n+1) = 2 x T_n - T_(n-1), which holds for T_n f, and with 2 dx T_n f for slopes:
     * (T_(n+1) f)' = 2 x (T_n f)' - (T_(n-1) f)' + 2 dx T_n f, f' being in the first two. */
    eqml_lanes v0 = f, d0 = df, v1 = x * f, d1 = x * df + dx * f;
    const eqml_lanes dx2 = dx + dx;
    for (int n = 0; n < nmax; n++) {
        value[n * stride] = v0;
        slope[n * stride] = d0;
        const eqml_lanes v2 = x2 * v1 - v0, d2 = x2 * d1 - d0 + dx2 * v1;
        v0 = v1;
        d0 = d1;
        v1 = v2;
        d1 = d2;
    }
}

#endif /* EQML__CLOUD_RADIAL_H */

/* ==== cloud/moments.h =================================================================================== */

/* The moments of an atom from its neighbours, and the forces back; neighbours are in the lanes. */
#ifndef EQML__CLOUD_MOMENTS_H
#define EQML__CLOUD_MOMENTS_H

/*
 * The neighbours of one atom, sorted by their place among the species of the centre, those of each species in vectors of
 * their own. What fills up a vector is at the cutoff, where all functions vanish. Arrays are `stride` vectors long.
 */
typedef struct eqml__shell {
    int nvectors, stride, capacity; /* capacity: of stride */
    int *pair;                      /* [stride][EQML_LANES] numbers of pairs in the list, -1: none */
    int *begin;                     /* [nspecies + 1] first vector of each species */
    eqml_lanes *unit;               /* [3][stride] r / |r| */
    eqml_lanes *inverse;            /* [stride] 1 / |r| */
    eqml_lanes *harmonic;           /* [(lmax+1)^2][stride] */
    eqml_lanes *value, *slope;      /* [nmax][stride] */
} eqml__shell;

/* Finds functions of distance and direction; unit holds the vectors r before. */
EQML_INLINE void eqml__shell_fill(int lmax, int nmax, const eqml__radial *radial, eqml__shell *x)
{
    const int stride = x->stride;
    for (int v = 0; v < x->nvectors; v++) {
        eqml_lanes *u = x->unit + v, r2, r, unit[3];
        r2 = u[0] * u[0] + u[stride] * u[stride] + u[2 * stride] * u[2 * stride];
        eqml__distances_lanes(1, &r2, &r, &x->inverse[v]);
        for (int k = 0; k < 3; k++)
            unit[k] = u[k * stride] = u[k * stride] * x->inverse[v];
        eqml__radial_functions(radial, nmax, r2, r, x->value + v, x->slope + v, stride);
        eqml__harmonics(lmax, unit, x->harmonic + v, stride);
    }
}

/* A function for each lmax that is common, whose factors the compiler knows. */
EQML_FUNCTION void eqml__shell_functions(const eqml_cloud_basis *b, const eqml__radial *radial,
                                         eqml__shell *x)
{
    switch (b->lmax) {
#define EQML__CLOUD_FILL(l)                                                                                  \
    case l:                                                                                                  \
        eqml__shell_fill(l, b->nmax, radial, x);                                                             \
        break;
        EQML__CLOUD_FILL(2)
        EQML__CLOUD_FILL(3)
        EQML__CLOUD_FILL(4)
        EQML__CLOUD_FILL(5)
        EQML__CLOUD_FILL(6)
#undef EQML__CLOUD_FILL
    default:
        eqml__shell_fill(b->lmax, b->nmax, radial, x);
    }
}

/* Moments from k on that differ in n only. */
EQML_INLINE int eqml__moments_alike(const eqml_cloud_program *p, int k)
{
    int n = 1;
    while (k + n < p->nmoments && p->moments[k + n][0] == p->moments[k][0] &&
           p->moments[k + n][1] == p->moments[k][1])
        n++;
    return n;
}

/* sums[4] of each of four vectors. */
EQML_INLINE void eqml__sums(const eqml_lanes sum[4], double *sums)
{
#if EQML_LANES == EQML__INNER || defined(EQML__WITH_SCALAR)
    eqml__four_sums(sum, sums);
#else
    for (int i = 0; i < 4; i++)
        sums[i] = eqml__sum(sum[i]);
#endif
}

/* sums[nm][4] <- of four radial functions with nm harmonics, one or two: so each load serves twice. */
EQML_INLINE void eqml__moment_tile(int nm, int begin, int end, const eqml_lanes *const *h,
                                   const eqml_lanes *const *value, double (*sums)[4])
{
    eqml_lanes sum[2][4];
    for (int m = 0; m < nm; m++)
        for (int i = 0; i < 4; i++)
            sum[m][i] = eqml__all(0);
    for (int v = begin; v < end; v++)
        for (int m = 0; m < nm; m++)
            for (int i = 0; i < 4; i++)
                sum[m][i] = eqml__fma(h[m][v], value[i][v], sum[m][i]);
    for (int m = 0; m < nm; m++)
        eqml__sums(sum[m], sums[m]);
}

/* slot[s * EQML_LANES] <- the moments of one atom: of lane `lane` where slot points there. */
EQML_FUNCTION void eqml__shell_moments(const eqml_cloud_program *p, const eqml__shell *x, const double *scale,
                                       double *slot)
{
    const int stride = x->stride;
    for (int k = 0, n; k < p->nmoments; k += n) {
        const unsigned short(*moment)[4] = p->moments + k;
        const int l = moment[0][1], begin = x->begin[moment[0][0]], end = x->begin[moment[0][0] + 1];
        n = eqml__moments_alike(p, k);
        n = n < 4 ? n : 4;
        const eqml_lanes *value[4], *h[2];
        for (int i = 0; i < 4; i++)
            value[i] = x->value + (moment[i < n ? i : 0][2] - 1) * stride;
        for (int m = -l, nm; m <= l; m += nm) {
            double sums[2][4];
            nm = m < l ? 2 : 1;
            for (int j = 0; j < 2; j++)
                h[j] = x->harmonic + EQML__HARMONIC(l, j < nm ? m + j : m) * stride;
            if (nm == 2)
                eqml__moment_tile(2, begin, end, h, value, sums);
            else
                eqml__moment_tile(1, begin, end, h, value, sums);
            for (int j = 0; j < nm; j++)
                for (int i = 0; i < n; i++)
                    slot[(moment[i][3] + m + j + l) * EQML_LANES] =
                        scale[EQML__HARMONIC(l, m + j)] * sums[j][i];
        }
    }
}

/* For nm neighbouring m, one or two, and nv vectors of neighbours, likewise: sums over n of adjoint times R_n and R_n'. */
EQML_INLINE void eqml__adjoint_tile(int nm, int nv, int n, int stride, const unsigned short (*moment)[4],
                                    const double *adjoint, const eqml_lanes *value, const eqml_lanes *slope,
                                    eqml_lanes (*values)[2], eqml_lanes (*slopes)[2])
{
    for (int m = 0; m < nm; m++)
        for (int v = 0; v < nv; v++)
            values[m][v] = slopes[m][v] = eqml__all(0);
    for (int i = 0; i < n; i++) {
        const double *a = adjoint + moment[i][3] * EQML_LANES;
        const eqml_lanes *r = value + (moment[i][2] - 1) * stride, *d = slope + (moment[i][2] - 1) * stride;
        for (int m = 0; m < nm; m++) {
            const eqml_lanes factor = eqml__all(a[m * EQML_LANES]);
            for (int v = 0; v < nv; v++) {
                values[m][v] = eqml__fma(factor, r[v], values[m][v]);
                slopes[m][v] = eqml__fma(factor, d[v], slopes[m][v]);
            }
        }
    }
}

/* One l, nv vectors of neighbours from v on: adds to their forces. */
EQML_INLINE void eqml__shell_push(int l, int nv, int v, int n, const unsigned short (*moment)[4],
                                  const eqml__shell *x, const double *scale, const double *adjoint,
                                  eqml_lanes *force)
{
    const int stride = x->stride;
    eqml_lanes g[2][3], along[2], values[2][2], slopes[2][2];
    for (int w = 0; w < nv; w++) {
        along[w] = eqml__all(0);
        for (int d = 0; d < 3; d++)
            g[w][d] = eqml__all(0);
    }
    EQML__UNROLL_ALL
    for (int m = -l; m <= l; m += 2) {
        const int nm = m < l ? 2 : 1;
        eqml__adjoint_tile(nm, nv, n, stride, moment, adjoint + (m + l) * EQML_LANES, x->value + v,
                           x->slope + v, values, slopes);
        for (int j = 0; j < nm; j++)
            for (int w = 0; w < nv; w++) {
                const eqml_lanes *h = x->harmonic + v + w;
                const double f = scale[EQML__HARMONIC(l, m + j)];
                along[w] = eqml__fma(slopes[j][w] * f, h[EQML__HARMONIC(l, m + j) * stride], along[w]);
                if (l)
                    eqml__harmonic_gradient(l, m + j, values[j][w] * f, h, stride, g[w]);
            }
    }
    for (int w = 0; w < nv; w++) {
        /* across: what is left of g without its part along the unit vector, over |r| */
        eqml_lanes u[3];
        for (int d = 0; d < 3; d++)
            u[d] = x->unit[d * stride + v + w];
        const eqml_lanes inverse = x->inverse[v + w];
        const eqml_lanes part = (g[w][0] * u[0] + g[w][1] * u[1] + g[w][2] * u[2]) * inverse;
        for (int d = 0; d < 3; d++)
            force[d * stride + v + w] =
                force[d * stride + v + w] + g[w][d] * inverse + (along[w] - part) * u[d];
    }
}

/* One l: all neighbours of the species, two vectors at a time. */
EQML_INLINE void eqml__shell_push_all(int l, int n, const unsigned short (*moment)[4], const eqml__shell *x,
                                      const double *scale, const double *adjoint, eqml_lanes *force)
{
    const int end = x->begin[moment[0][0] + 1];
    int v = x->begin[moment[0][0]];
    for (; v + 1 < end; v += 2)
        eqml__shell_push(l, 2, v, n, moment, x, scale, adjoint, force);
    if (v < end)
        eqml__shell_push(l, 1, v, n, moment, x, scale, adjoint, force);
}

/* force[3][stride] <- dE/dr of each neighbour, from the adjoints of the moments in one lane. */
EQML_FUNCTION void eqml__shell_forces(const eqml_cloud_program *p, const eqml__shell *x, const double *scale,
                                      const double *adjoint, eqml_lanes *force)
{
    for (int k = 0; k < 3; k++)
        for (int v = 0; v < x->nvectors; v++)
            force[k * x->stride + v] = eqml__all(0);
    for (int k = 0, n; k < p->nmoments; k += n) {
        const unsigned short(*moment)[4] = p->moments + k;
        const int l = moment[0][1];
        n = eqml__moments_alike(p, k);
        switch (l) {
#define EQML__CLOUD_PUSH(l)                                                                                  \
    case l:                                                                                                  \
        eqml__shell_push_all(l, n, moment, x, scale, adjoint, force);                                        \
        break;
            EQML__CLOUD_PUSH(0)
            EQML__CLOUD_PUSH(1)
            EQML__CLOUD_PUSH(2)
            EQML__CLOUD_PUSH(3)
            EQML__CLOUD_PUSH(4)
#undef EQML__CLOUD_PUSH
        default:
            eqml__shell_push_all(l, n, moment, x, scale, adjoint, force);
        }
    }
}

#endif /* EQML__CLOUD_MOMENTS_H */

/* ==== cloud/form.h ====================================================================================== */

/* The quadratic form of a basis of neighbour clouds, with its derivatives: lanes over atoms. */
#ifndef EQML__CLOUD_FORM_H
#define EQML__CLOUD_FORM_H

/*
 * Adds a row to the adjoints of its columns, and to its own; returns its part of the energy. The row and the sum over its
 * columns stay in registers as long as n = 2 l + 1 is small.
 */
EQML_INLINE eqml_lanes eqml__cloud_row(int n, int ncolumns, const unsigned short *column,
                                       const double *coefficient, const eqml_lanes *row,
                                       eqml_lanes *row_adjoint, const eqml_lanes *s, eqml_lanes *a)
{
    eqml_lanes g[2 * EQML__CLOUD_ANGULAR + 1], sum[2 * EQML__CLOUD_ANGULAR + 1], energy = eqml__all(0);
    for (int m = 0; m < n; m++) {
        g[m] = row[m];
        sum[m] = eqml__all(0);
    }
    for (int k = 0; k < ncolumns; k++) {
        const eqml_lanes c = eqml__all(coefficient[k]), *b = s + column[k];
        eqml_lanes *to = a + column[k];
        for (int m = 0; m < n; m++) {
            sum[m] = eqml__fma(c, b[m], sum[m]);
            to[m] = eqml__fma(c, g[m], to[m]);
        }
    }
    for (int m = 0; m < n; m++) {
        energy = eqml__fma(g[m], sum[m], energy);
        row_adjoint[m] = row_adjoint[m] + sum[m];
    }
    return energy;
}

/* The energy of each lane; to the adjoints a[nslots] its derivatives by the slots are added. */
EQML_FUNCTION eqml_lanes eqml__cloud_form(const eqml_cloud_program *p, const double *coefficient,
                                          const eqml_lanes *s, eqml_lanes *a)
{
    eqml_lanes energy = eqml__all(0);
    const unsigned short *column = p->columns;
    for (int k = 0; k < p->nrows; k++) {
        const int slot = p->rows[k][0], l = p->rows[k][1], n = p->rows[k][2];
        switch (l) {
#define EQML__CLOUD_ROW(l)                                                                                   \
    case l:                                                                                                  \
        energy = energy + eqml__cloud_row(2 * l + 1, n, column, coefficient, s + slot, a + slot, s, a);      \
        break;
            EQML__CLOUD_ROW(0)
            EQML__CLOUD_ROW(1)
            EQML__CLOUD_ROW(2)
            EQML__CLOUD_ROW(3)
#undef EQML__CLOUD_ROW
        default:
            energy = energy + eqml__cloud_row(2 * l + 1, n, column, coefficient, s + slot, a + slot, s, a);
        }
        column += n;
        coefficient += n;
    }
    return energy;
}

#endif /* EQML__CLOUD_FORM_H */

/* ==== cloud/pairs.h ===================================================================================== */

/* Energy, forces and virial of the pair potentials beneath a fit. */
#ifndef EQML__CLOUD_PAIRS_H
#define EQML__CLOUD_PAIRS_H

/* What is wanted: each may be NULL. */
typedef struct eqml_cloud_result {
    double *energy;   /* hartree */
    double *forces;   /* [natoms][3] -dE/dx, hartree/bohr */
    double *virial;   /* [6] xx yy zz yz xz xy, -dE/dstrain, hartree: minus volume times stress */
    double *energies; /* [natoms] of the atoms, which add up to the energy */
} eqml_cloud_result;

/* The place of two species among the pairs of all: pairs[nspecies (nspecies + 1) / 2]. */
EQML_INLINE int eqml_pair(int a, int b)
{
    return a > b ? a * (a + 1) / 2 + b : b * (b + 1) / 2 + a;
}

/* Beyond this distance no pair repels, bohr; pairs may be NULL: 0. */
EQML_FUNCTION double eqml_pairs_reach(int nspecies, const eqml_pair_reference *pairs)
{
    double reach = 0;
    for (int k = 0; pairs && k < nspecies * (nspecies + 1) / 2; k++)
        reach = pairs[k].outer > reach ? pairs[k].outer : reach;
    return reach;
}

/* How far neighbours must be known, bohr: the cutoff, or what pairs reach beyond it. */
EQML_FUNCTION double eqml_cloud_cutoff(const eqml_cloud_model *model)
{
    const double reach = eqml_pairs_reach(model->basis->nspecies, model->pairs);
    return model->radial.cutoff < reach ? reach : model->radial.cutoff;
}

/* Energies of a vector of distances below `outer`, and derivatives by them. */
EQML_INLINE eqml_lanes eqml__pair_energies(const eqml_pair_reference *p, eqml_lanes r, eqml_lanes inverse,
                                           eqml_lanes *slope)
{
    eqml_lanes screened[4], sum = eqml__all(0), rates = eqml__all(0);
    for (int k = 0; k < 4; k++)
        screened[k] = r * -p->rate[k];
    eqml__exp_lanes(4, screened);
    for (int k = 0; k < 4; k++) {
        const eqml_lanes part = screened[k] * p->amplitude[k];
        sum = sum + part;
        rates = rates + part * p->rate[k];
    }
    const eqml_lanes t = eqml__at_least_lanes(r - eqml__all(p->inner), 0), t2 = t * t;
    const eqml_lanes energy = sum * inverse;
    *slope = t2 * (t * (4 * p->quartic) + eqml__all(3 * p->cubic)) - (energy + rates) * inverse;
    return energy + (t2 * t * (t * p->quartic + eqml__all(p->cubic)) + eqml__all(p->constant));
}

/* The energy of two atoms, hartree, at a distance in bohr; *slope, where it is not NULL, its derivative. */
EQML_FUNCTION double eqml_pair_energy(const eqml_pair_reference *p, double r, double *slope)
{
    if (r >= p->outer) {
        if (slope)
            *slope = 0;
        return 0;
    }
    eqml_lanes d;
    const eqml_lanes e = eqml__pair_energies(p, eqml__all(r), eqml__all(1 / r), &d);
    if (slope)
        *slope = ((const double *)(const void *)&d)[0];
    return ((const double *)(const void *)&e)[0];
}

/* Some neighbours of one atom, of one species; lanes that are not taken are at `outer`. */
typedef struct eqml__repelled {
    int count, index[EQML_LANES];
    double r[3][EQML_LANES] EQML_ALIGNED;
} eqml__repelled;

/* Half of each pair's energy and derivatives: the other atom of the pair gives the other half. */
EQML_INLINE void eqml__pairs_flush(const eqml_pair_reference *p, size_t i, const eqml__repelled *x,
                                   const eqml_cloud_result *result)
{
    double energies[EQML_LANES] EQML_ALIGNED, factors[EQML_LANES] EQML_ALIGNED;
    double square[EQML_LANES] EQML_ALIGNED;
    eqml_lanes r, inverse, slope, square_lanes;
    for (int k = 0; k < EQML_LANES; k++)
        square[k] = k < x->count ? x->r[0][k] * x->r[0][k] + x->r[1][k] * x->r[1][k] + x->r[2][k] * x->r[2][k]
                                 : p->outer * p->outer;
    square_lanes = eqml__load(square);
    eqml__distances_lanes(1, &square_lanes, &r, &inverse);
    eqml__store(energies, eqml__pair_energies(p, r, inverse, &slope) * 0.5);
    eqml__store(factors, slope * inverse * 0.5);
    for (int k = 0; k < x->count; k++) {
        const double d[3] = {x->r[0][k], x->r[1][k], x->r[2][k]}, f = factors[k];
        if (result->energy)
            *result->energy += energies[k];
        if (result->energies)
            result->energies[i] += energies[k];
        for (size_t e = 0; e < 3 && result->forces; e++) {
            result->forces[3 * i + e] += f * d[e];
            result->forces[3 * (size_t)x->index[k] + e] -= f * d[e];
        }
        if (result->virial) {
            const double products[6] = {d[0] * d[0], d[1] * d[1], d[2] * d[2],
                                        d[1] * d[2], d[0] * d[2], d[0] * d[1]};
            for (int e = 0; e < 6; e++)
                result->virial[e] -= f * products[e];
        }
    }
}

EQML_FUNCTION void eqml_pairs_add(int nspecies, const eqml_pair_reference *pairs, const eqml_neighbours *list,
                                  const int *species, const eqml_cloud_result *result)
/*
 * Adds what the pairs give to results, which hold numbers before. The list must reach as far as eqml_pairs_reach, and may
 * reach farther; species[natoms] are below nspecies. pairs may be NULL: then nothing is added.
 */
{
    const double reach = eqml_pairs_reach(nspecies, pairs);
    eqml__repelled x;
    if (reach <= 0)
        return;
    for (size_t i = 0; i < list->natoms; i++)
        for (int z = 0; z < nspecies; z++) {
            const eqml_pair_reference *p = &pairs[eqml_pair(species[i], z)];
            const double outer2 = p->outer * p->outer;
            x.count = 0;
            for (size_t k = list->first[i]; k < list->first[i + 1]; k++) {
                const double *r = list->vector[k];
                if (r[0] * r[0] + r[1] * r[1] + r[2] * r[2] >= outer2 || species[list->index[k]] != z)
                    continue;
                for (int d = 0; d < 3; d++)
                    x.r[d][x.count] = r[d];
                x.index[x.count++] = list->index[k];
                if (x.count == EQML_LANES) {
                    eqml__pairs_flush(p, i, &x, result);
                    x.count = 0;
                }
            }
            if (x.count)
                eqml__pairs_flush(p, i, &x, result);
        }
}

#endif /* EQML__CLOUD_PAIRS_H */

/* ==== cloud/evaluate.h ================================================================================== */

/* Energy, forces and virial of a configuration, atom by atom from their neighbours. */
#ifndef EQML__CLOUD_EVALUATE_H
#define EQML__CLOUD_EVALUATE_H

/* Memory that calls use again. All zero at first; eqml_cloud_workspace_free releases it. One for each thread. */
typedef struct eqml_cloud_workspace {
    eqml_neighbours list;
    char *room;
    size_t size;
} eqml_cloud_workspace;

EQML_FUNCTION void eqml_cloud_workspace_free(eqml_cloud_workspace *w)
{
    EQML_FREE(w->list.first);
    EQML_FREE(w->list.index);
    EQML_FREE(w->list.vector);
    EQML_FREE(w->room);
    memset(w, 0, sizeof *w);
}

/* What one call works with. */
typedef struct eqml__cloud {
    const eqml_cloud_model *model;
    const eqml_neighbours *list;
    const int *species;
    const eqml_cloud_result *result;
    double virial[6], energy;
    eqml__radial radial;
    double *scale; /* of harmonics */
    eqml__shell shell[EQML_LANES];
    eqml_lanes *slots, *adjoints, *force;
} eqml__cloud;

/* Takes `bytes` from the room, which begins at 0 while the sizes are being added up; aligned for all vectors. */
EQML_INLINE void *eqml__take(char *room, size_t *used, size_t bytes)
{
    char *at = room ? room + *used : NULL;
    *used += (bytes + 63) / 64 * 64;
    return at;
}

/* Lays out the arrays of a call whose atoms have at most `vectors` vectors of neighbours; returns their size. */
EQML_FUNCTION size_t eqml__cloud_layout(eqml__cloud *x, char *room, int vectors)
{
    const eqml_cloud_basis *b = x->model->basis;
    const size_t lane = sizeof(eqml_lanes), n = (size_t)vectors,
                 harmonics = (size_t)(b->lmax + 1) * (size_t)(b->lmax + 1);
    size_t used = 0, slots = 0;
    int species = 0;
    for (int c = 0; c < b->ncentres; c++) {
        const size_t more = (size_t)b->centres[c].program->nslots;
        slots = more > slots ? more : slots;
        species = b->centres[c].nneighbours > species ? b->centres[c].nneighbours : species;
    }
    x->scale = (double *)eqml__take(room, &used, harmonics * sizeof(double));
    x->slots = (eqml_lanes *)eqml__take(room, &used, slots * lane);
    x->adjoints = (eqml_lanes *)eqml__take(room, &used, slots * lane);
    x->force = (eqml_lanes *)eqml__take(room, &used, 3 * n * lane);
    for (int k = 0; k < EQML_LANES; k++) {
        eqml__shell *s = &x->shell[k];
        s->capacity = vectors;
        s->pair = (int *)eqml__take(room, &used, n * EQML_LANES * sizeof(int));
        s->begin = (int *)eqml__take(room, &used, (size_t)(species + 1) * sizeof(int));
        s->unit = (eqml_lanes *)eqml__take(room, &used, 3 * n * lane);
        s->inverse = (eqml_lanes *)eqml__take(room, &used, n * lane);
        s->harmonic = (eqml_lanes *)eqml__take(room, &used, harmonics * n * lane);
        s->value = (eqml_lanes *)eqml__take(room, &used, (size_t)b->nmax * n * lane);
        s->slope = (eqml_lanes *)eqml__take(room, &used, (size_t)b->nmax * n * lane);
    }
    return used;
}

/* Vectors that the neighbours of any atom need at most: each species may leave one that is not full. */
EQML_FUNCTION int eqml__cloud_vectors(const eqml_cloud_basis *b, const eqml_neighbours *list)
{
    size_t most = 0;
    for (size_t i = 0; i < list->natoms; i++) {
        const size_t n = list->first[i + 1] - list->first[i];
        most = n > most ? n : most;
    }
    return (int)(most / EQML_LANES) + b->nspecies + 1;
}

/* Sorts the neighbours of atom i by species, and finds their functions. */
EQML_FUNCTION void eqml__cloud_shell(const eqml__cloud *x, const eqml_cloud_centre *centre, size_t i,
                                     eqml__shell *s)
{
    const eqml_neighbours *list = x->list;
    const double cutoff = x->model->radial.cutoff, cutoff2 = cutoff * cutoff;
    int vectors = 0;
    s->stride = s->capacity;
    for (int z = 0; z < centre->nneighbours; z++) {
        int count = 0;
        double *unit = (double *)(void *)(s->unit + vectors);
        const int stride = s->stride * EQML_LANES;
        int *pair = s->pair + vectors * EQML_LANES;
        s->begin[z] = vectors;
        for (size_t k = list->first[i]; k < list->first[i + 1]; k++) {
            const double *r = list->vector[k];
            if (x->species[list->index[k]] != centre->neighbours[z] ||
                r[0] * r[0] + r[1] * r[1] + r[2] * r[2] >= cutoff2)
                continue;
            for (int d = 0; d < 3; d++)
                unit[d * stride + count] = r[d];
            pair[count++] = (int)(k - list->first[i]);
        }
        for (; count % EQML_LANES; count++) {
            unit[count] = cutoff;
            unit[stride + count] = unit[2 * stride + count] = 0;
            pair[count] = -1;
        }
        vectors += count / EQML_LANES;
    }
    s->begin[centre->nneighbours] = s->nvectors = vectors;
    eqml__shell_functions(x->model->basis, &x->radial, s);
}

/* Gives the forces of an atom's neighbours to the atoms. */
EQML_FUNCTION void eqml__cloud_scatter(const eqml__cloud *x, size_t i, const eqml__shell *s, double *forces)
{
    const int *index = x->list->index + x->list->first[i];
    const double *force = (const double *)(const void *)x->force;
    const int stride = s->stride * EQML_LANES;
    double own[3] = {0, 0, 0};
    for (int k = 0; k < s->nvectors * EQML_LANES; k++) {
        if (s->pair[k] < 0)
            continue;
        double *to = forces + 3 * (size_t)index[s->pair[k]];
        for (int d = 0; d < 3; d++) {
            own[d] += force[d * stride + k];
            to[d] -= force[d * stride + k];
        }
    }
    for (size_t d = 0; d < 3; d++)
        forces[3 * i + d] += own[d];
}

/* Adds what an atom's neighbours give to the virial; lanes that are filled up have no force. */
EQML_FUNCTION void eqml__cloud_virial(eqml__cloud *x, const eqml__shell *s)
{
    static const int row[6] = {0, 1, 2, 1, 0, 0}, column[6] = {0, 1, 2, 2, 2, 1};
    for (int c = 0; c < 6; c++) {
        const eqml_lanes *u = s->unit + row[c] * s->stride, *f = x->force + column[c] * s->stride;
        eqml_lanes sum = eqml__all(0);
        for (int v = 0; v < s->nvectors; v++)
            sum = eqml__fma(u[v] / s->inverse[v], f[v], sum);
        x->virial[c] -= eqml__sum(sum);
    }
}

/* Up to EQML_LANES atoms of one centre, one in each lane. */
EQML_FUNCTION void eqml__cloud_atoms(eqml__cloud *x, const eqml_cloud_centre *centre, int count,
                                     const size_t *atom)
{
    const eqml_cloud_program *p = centre->program;
    const eqml_cloud_result *result = x->result;
    double *slots = (double *)(void *)x->slots, energy[EQML_LANES];
    for (int k = 0; k < p->nslots; k++)
        x->adjoints[k] = eqml__all(0);
    if (count < EQML_LANES) /* lanes without an atom have no neighbours */
        for (int k = 0; k < p->nslots; k++)
            x->slots[k] = eqml__all(0);
    x->slots[0] = eqml__all(1);
    for (int k = 0; k < count; k++) {
        eqml__cloud_shell(x, centre, atom[k], &x->shell[k]);
        eqml__shell_moments(p, &x->shell[k], x->scale, slots + k);
    }
    p->forward_lanes(x->slots);
    eqml__store(energy, eqml__cloud_form(p, x->model->coefficients + centre->first, x->slots, x->adjoints));
    for (int k = 0; k < count; k++) {
        const double own = x->model->atoms ? energy[k] + x->model->atoms[centre->species] : energy[k];
        x->energy += own;
        if (result->energies)
            result->energies[atom[k]] = own;
    }
    if (!result->forces && !result->virial)
        return;
    p->reverse_lanes(x->slots, x->adjoints);
    for (int k = 0; k < count; k++) {
        eqml__shell_forces(p, &x->shell[k], x->scale, (const double *)(const void *)x->adjoints + k,
                           x->force);
        if (result->forces)
            eqml__cloud_scatter(x, atom[k], &x->shell[k], result->forces);
        if (result->virial)
            eqml__cloud_virial(x, &x->shell[k]);
    }
}

/* All atoms that are centres of one species, lane by lane. */
EQML_FUNCTION void eqml__cloud_centre(eqml__cloud *x, const eqml_cloud_centre *centre)
{
    size_t atom[EQML_LANES];
    int count = 0;
    for (size_t i = 0; i < x->list->natoms; i++) {
        if (x->species[i] != centre->species)
            continue;
        atom[count++] = i;
        if (count == EQML_LANES) {
            eqml__cloud_atoms(x, centre, count, atom);
            count = 0;
        }
    }
    if (count)
        eqml__cloud_atoms(x, centre, count, atom);
}

/* Checks the arguments of a call and lays out its room. */
EQML_FUNCTION eqml_status eqml__cloud_begin(eqml__cloud *x, const eqml_cloud_model *model,
                                            const eqml_neighbours *list, const int *species,
                                            eqml_cloud_workspace *w, const eqml_cloud_result *result)
{
    const eqml_cloud_basis *b = model->basis;
    memset(x, 0, sizeof *x);
    x->model = model;
    x->list = list;
    x->species = species;
    x->result = result;
    if (!(model->radial.cutoff > 0) || !(model->radial.range > 0))
        return EQML_ERROR_ARGUMENT;
    for (size_t i = 0; i < list->natoms; i++)
        if (species[i] < 0 || species[i] >= b->nspecies)
            return EQML_ERROR_ARGUMENT;
    const int vectors = eqml__cloud_vectors(b, list) | 1; /* odd: no strides of powers of two */
    const size_t size = eqml__cloud_layout(x, NULL, vectors) + 64;
    if (size > w->size) {
        EQML_FREE(w->room);
        w->room = (char *)EQML_MALLOC(size);
        w->size = w->room ? size : 0;
        if (!w->room)
            return EQML_ERROR_MEMORY;
    }
    eqml__cloud_layout(x, w->room + (64 - (uintptr_t)w->room % 64), vectors);
    eqml__harmonic_scales(b->lmax, x->scale);
    x->radial = eqml__radial_of(&model->radial);
    return EQML_OK;
}

EQML_FUNCTION eqml_status eqml_cloud_evaluate_list(const eqml_cloud_model *model, const eqml_neighbours *list,
                                                   const int *species, eqml_cloud_workspace *w,
                                                   const eqml_cloud_result *result)
/*
 * Evaluates a model for neighbours that the caller has: those of eqml_neighbours_find up to eqml_cloud_cutoff, or a
 * list with skin, whose pairs beyond the cutoff are passed over. species[natoms]. Allocates only where the workspace is too small. Atoms of a species
 * that is no centre have the energy model->atoms, or 0; neighbours of a species that is not around a centre count as
 * absent.
 *
 * EQML_ERROR_ARGUMENT: a species that the basis does not know, a radial cutoff or range that is not positive.
 */
{
    const eqml_cloud_basis *b = model->basis;
    eqml__cloud x;
    const eqml_status status = eqml__cloud_begin(&x, model, list, species, w, result);
    if (status)
        return status;
    for (size_t i = 0; i < list->natoms; i++) {
        if (result->energies)
            result->energies[i] = model->atoms ? model->atoms[species[i]] : 0;
        for (size_t d = 0; d < 3 && result->forces; d++)
            result->forces[3 * i + d] = 0;
        int centre = 0;
        while (centre < b->ncentres && b->centres[centre].species != species[i])
            centre++;
        if (centre == b->ncentres && model->atoms)
            x.energy += model->atoms[species[i]];
    }
    for (int c = 0; c < b->ncentres; c++)
        eqml__cloud_centre(&x, &b->centres[c]);
    if (result->energy)
        *result->energy = x.energy;
    if (result->virial)
        memcpy(result->virial, x.virial, sizeof x.virial);
    eqml_pairs_add(b->nspecies, model->pairs, list, species, result);
    return EQML_OK;
}

EQML_FUNCTION eqml_status eqml_cloud_evaluate(const eqml_cloud_model *model,
                                              const eqml_configuration *configuration,
                                              eqml_cloud_workspace *w, const eqml_cloud_result *result,
                                              eqml_message *message)
/*
 * The same for a configuration, whose neighbours are found. Errors are those of eqml_neighbours_find as well. message may
 * be NULL; where the call fails, the results are as they were.
 */
{
    if (message)
        message->text[0] = 0;
    eqml_status status = eqml_neighbours_find(configuration, eqml_cloud_cutoff(model), &w->list, message);
    if (!status)
        status = eqml_cloud_evaluate_list(model, &w->list, configuration->species, w, result);
    if (status && message && !message->text[0])
        strcpy(message->text,
               status == EQML_ERROR_ARGUMENT
                   ? "a species that the basis does not know, or a radial range that is not positive"
                   : eqml_status_text(status));
    return status;
}

#endif /* EQML__CLOUD_EVALUATE_H */

/* ==== cloud/model.h ===================================================================================== */

/* The functions of one fitted potential. */
#ifndef EQML__CLOUD_MODEL_H
#define EQML__CLOUD_MODEL_H

EQML_FUNCTION eqml_status eqml__cloud_call(const eqml_cloud_model *model, size_t natoms, const double *xyz,
                                           const int *species, const double *cell, const int *pbc,
                                           const eqml_cloud_result *result)
{
    eqml_cloud_workspace w;
    eqml_configuration c;
    memset(&w, 0, sizeof w);
    c.natoms = natoms;
    c.xyz = xyz;
    c.species = species;
    c.cell = cell;
    c.pbc = pbc;
    const eqml_status status = eqml_cloud_evaluate(model, &c, &w, result, NULL);
    eqml_cloud_workspace_free(&w);
    return status;
}

/*
 * Functions NAME_nspecies, NAME_species, NAME_cutoff (bohr) and NAME_evaluate of the model NAME_model, for xyz[natoms][3] in
 * bohr, species by their numbers in NAME_species, cell[3][3] in rows (NULL: open), pbc[3] (NULL: all, where there is a
 * cell). Outputs may be NULL: energy in hartree, forces[natoms][3] in hartree/bohr, virial[6] xx yy zz yz xz xy as
 * -dE/dstrain in hartree, energies[natoms] of the atoms. NAME_evaluate returns an eqml_status, 0 where all is well; else
 * the outputs stay as they were. It may be called from any number of threads.
 */
#define EQML_CLOUD_POTENTIAL_FUNCTIONS(NAME, API)                                                            \
    API int NAME##_nspecies(void)                                                                            \
    {                                                                                                        \
        return NAME##_model.basis->nspecies;                                                                 \
    }                                                                                                        \
    API const char *NAME##_species(void)                                                                     \
    {                                                                                                        \
        return NAME##_model.basis->species;                                                                  \
    }                                                                                                        \
    API double NAME##_cutoff(void)                                                                           \
    {                                                                                                        \
        return eqml_cloud_cutoff(&NAME##_model);                                                             \
    }                                                                                                        \
    API int NAME##_evaluate(size_t natoms, const double *xyz, const int *species, const double *cell,        \
                            const int *pbc, double *energy, double *forces, double *virial,                  \
                            double *energies)                                                                \
    {                                                                                                        \
        const eqml_cloud_result result = {energy, forces, virial, energies};                                 \
        return (int)eqml__cloud_call(&NAME##_model, natoms, xyz, species, cell, pbc, &result);               \
    }

#endif /* EQML__CLOUD_MODEL_H */

/* ==== cloud/rows.h ====================================================================================== */

/* The terms of a configuration and their derivatives: the rows of a fit. */
#ifndef EQML__CLOUD_ROWS_H
#define EQML__CLOUD_ROWS_H

/* What is linear in the coefficients, for each of them: [..][basis->nterms]. */
typedef struct eqml_cloud_rows {
    double *energy; /* [1] */
    double *forces; /* [3 natoms], or NULL */
    double *virial; /* [6], or NULL */
} eqml_cloud_rows;

/* Room for the tangents of one atom: slots and terms along a direction, numbers of the atom itself. */
typedef struct eqml__tangents {
    eqml_lanes *slots, *terms, (*gradient)[3]; /* gradient: of each harmonic */
    double *own;                               /* [nslots] */
} eqml__tangents;

/* own[nslots] <- the slots of one atom. */
EQML_FUNCTION void eqml__cloud_own_slots(eqml__cloud *x, const eqml_cloud_program *p, double *own)
{
    double *slots = (double *)(void *)x->slots;
    for (int k = 0; k < p->nslots; k++)
        x->slots[k] = eqml__all(0);
    x->slots[0] = eqml__all(1);
    eqml__shell_moments(p, &x->shell[0], x->scale, slots);
    p->forward_lanes(x->slots);
    for (int k = 0; k < p->nslots; k++)
        own[k] = slots[k * EQML_LANES];
}

EQML_FUNCTION void eqml__cloud_terms(const eqml_cloud_program *p, const double *own, double *row)
{
    const unsigned short *column = p->columns;
    for (int k = 0; k < p->nrows; k++)
        for (int i = 0; i < p->rows[k][2]; i++, column++, row++)
            for (int m = 0; m <= 2 * p->rows[k][1]; m++)
                *row += own[p->rows[k][0] + m] * own[*column + m];
}

/* Gradients, by the vector r, of all harmonics of a vector of neighbours. */
EQML_FUNCTION void eqml__cloud_gradients(int lmax, const eqml__shell *s, int v, const double *scale,
                                         eqml_lanes (*gradient)[3])
{
    for (int l = 0; l <= lmax; l++)
        for (int m = -l; m <= l; m++) {
            eqml_lanes *g = gradient[EQML__HARMONIC(l, m)], along = eqml__all(0);
            for (int d = 0; d < 3; d++)
                g[d] = eqml__all(0);
            if (l)
                eqml__harmonic_gradient(l, m, eqml__all(scale[EQML__HARMONIC(l, m)]), s->harmonic + v,
                                        s->stride, g);
            for (int d = 0; d < 3; d++)
                along = along + g[d] * s->unit[d * s->stride + v];
            for (int d = 0; d < 3; d++)
                g[d] = (g[d] - along * s->unit[d * s->stride + v]) * s->inverse[v];
        }
}

/* terms[nterms] <- the derivatives of all terms as the neighbours of species z in vector v move along d. */
EQML_FUNCTION void eqml__cloud_tangent(const eqml_cloud_program *p, const eqml__shell *s, const double *scale,
                                       int z, int v, int d, eqml__tangents *t)
{
    const double *own = t->own;
    for (int k = 0; k < p->nslots; k++)
        t->slots[k] = eqml__all(0);
    for (int k = 0; k < p->nmoments; k++) {
        const unsigned short *moment = p->moments[k];
        const int l = moment[1], n = moment[2] - 1;
        if (moment[0] != z)
            continue;
        const eqml_lanes value = s->value[n * s->stride + v];
        const eqml_lanes slope = s->slope[n * s->stride + v] * s->unit[d * s->stride + v];
        for (int m = -l; m <= l; m++)
            t->slots[moment[3] + m + l] =
                slope * (s->harmonic[EQML__HARMONIC(l, m) * s->stride + v] * scale[EQML__HARMONIC(l, m)]) +
                value * t->gradient[EQML__HARMONIC(l, m)][d];
    }
    for (int k = 0; k < p->nkernels; k++)
        for (int i = p->kernels[k].first; i < p->kernels[k].first + p->kernels[k].count; i++)
            for (int c = 0; c < p->kernels[k].nconstants; c++) {
                const eqml_cloud_constant *x = &p->kernels[k].constants[c];
                const int a = p->products[i][0] + x->m1, b = p->products[i][1] + x->m2;
                eqml_lanes *to = &t->slots[p->products[i][2] + x->M];
                *to = *to + t->slots[a] * (x->value * own[b]) + t->slots[b] * (x->value * own[a]);
            }
    const unsigned short *column = p->columns;
    eqml_lanes *term = t->terms;
    for (int k = 0; k < p->nrows; k++) {
        const int row = p->rows[k][0], n = 2 * p->rows[k][1] + 1;
        for (int i = 0; i < p->rows[k][2]; i++, column++, term++) {
            eqml_lanes sum = eqml__all(0);
            for (int m = 0; m < n; m++)
                sum = eqml__fma(t->slots[row + m], eqml__all(own[*column + m]),
                                eqml__fma(t->slots[*column + m], eqml__all(own[row + m]), sum));
            *term = sum;
        }
    }
}

/* Adds the derivatives of atom i's terms to the rows of the forces and of the virial. */
EQML_FUNCTION void eqml__cloud_add_forces(const eqml__cloud *x, const eqml_cloud_centre *centre, size_t i,
                                          const eqml__shell *s, int v, int d, const eqml_lanes *terms,
                                          const eqml_cloud_rows *rows)
{
    static const int component[3][3] = {{0, 5, 4}, {5, 1, 3}, {4, 3, 2}};
    const eqml_neighbours *list = x->list;
    const double *term = (const double *)(const void *)terms;
    const size_t length = (size_t)x->model->basis->nterms, first = (size_t)centre->first;
    const size_t n = (size_t)centre->program->nterms;
    for (int lane = 0; lane < EQML_LANES; lane++) {
        const int number = s->pair[v * EQML_LANES + lane];
        if (number < 0)
            continue;
        const size_t pair = list->first[i] + (size_t)number, j = (size_t)list->index[pair];
        if (rows->forces) {
            double *from = rows->forces + (3 * i + (size_t)d) * length + first;
            double *to = rows->forces + (3 * j + (size_t)d) * length + first;
            for (size_t k = 0; k < n; k++) {
                from[k] += term[k * EQML_LANES + (size_t)lane];
                to[k] -= term[k * EQML_LANES + (size_t)lane];
            }
        }
        for (int e = 0; e < 3 && rows->virial; e++) {
            double *to = rows->virial + (size_t)component[d][e] * length + first;
            const double r = e == d ? list->vector[pair][e] : 0.5 * list->vector[pair][e];
            for (size_t k = 0; k < n; k++)
                to[k] -= r * term[k * EQML_LANES + (size_t)lane];
        }
    }
}

EQML_FUNCTION void eqml__cloud_atom_rows(eqml__cloud *x, const eqml_cloud_centre *centre, size_t i,
                                         eqml__tangents *t, const eqml_cloud_rows *rows)
{
    eqml__shell *s = &x->shell[0];
    eqml__cloud_shell(x, centre, i, s);
    eqml__cloud_own_slots(x, centre->program, t->own);
    eqml__cloud_terms(centre->program, t->own, rows->energy + centre->first);
    for (int z = 0; z < centre->nneighbours && (rows->forces || rows->virial); z++)
        for (int v = s->begin[z]; v < s->begin[z + 1]; v++) {
            eqml__cloud_gradients(x->model->basis->lmax, s, v, x->scale, t->gradient);
            for (int d = 0; d < 3; d++) {
                eqml__cloud_tangent(centre->program, s, x->scale, z, v, d, t);
                eqml__cloud_add_forces(x, centre, i, s, v, d, t->terms, rows);
            }
        }
}

EQML_FUNCTION eqml_status eqml_cloud_find_rows(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                               const eqml_neighbours *list, const int *species,
                                               eqml_cloud_workspace *w, const eqml_cloud_rows *rows)
/*
 * Overwrites the rows: with coefficients c, and energies of lone atoms zero, energy, forces and virial of
 * eqml_cloud_evaluate_list are rows c. EQML_ERROR_ARGUMENT as there.
 */
{
    const eqml_cloud_model model = {basis, *radial, NULL, NULL, NULL};
    const eqml_cloud_result none = {NULL, NULL, NULL, NULL};
    const size_t length = (size_t)basis->nterms;
    eqml__cloud x;
    eqml__tangents t;
    size_t used = 0, slots = 0;
    eqml_status status = eqml__cloud_begin(&x, &model, list, species, w, &none);
    if (status)
        return status;
    memset(rows->energy, 0, length * sizeof(double));
    if (rows->forces)
        memset(rows->forces, 0, 3 * list->natoms * length * sizeof(double));
    if (rows->virial)
        memset(rows->virial, 0, 6 * length * sizeof(double));
    for (int c = 0; c < basis->ncentres; c++)
        slots = (size_t)basis->centres[c].program->nslots > slots ? (size_t)basis->centres[c].program->nslots
                                                                  : slots;
    char *room = NULL, *base = NULL;
    for (int pass = 0; pass < 2; pass++) {
        used = 0;
        t.slots = (eqml_lanes *)eqml__take(room, &used, slots * sizeof(eqml_lanes));
        t.terms = (eqml_lanes *)eqml__take(room, &used, length * sizeof(eqml_lanes));
        t.gradient = (eqml_lanes(*)[3])eqml__take(
            room, &used, (size_t)(basis->lmax + 1) * (size_t)(basis->lmax + 1) * sizeof(eqml_lanes[3]));
        t.own = (double *)eqml__take(room, &used, slots * sizeof(double));
        if (!pass && !(base = (char *)EQML_MALLOC(used + 64)))
            return EQML_ERROR_MEMORY;
        room = base + (64 - (uintptr_t)base % 64);
    }
    for (size_t i = 0; i < list->natoms; i++)
        for (int c = 0; c < basis->ncentres; c++)
            if (basis->centres[c].species == species[i])
                eqml__cloud_atom_rows(&x, &basis->centres[c], i, &t, rows);
    EQML_FREE(base);
    return EQML_OK;
}

#endif /* EQML__CLOUD_ROWS_H */

/* ==== cloud/grade.h ===================================================================================== */

/* Extrapolation grades: how far an atom's neighbourhood is from those that a fit was trained on. */
#ifndef EQML__CLOUD_GRADE_H
#define EQML__CLOUD_GRADE_H

/*
 * The coefficients leave the energy of an atom with terms t the variance v = |F t|^2, F^T F the inverse of the fit's
 * A^T A, penalty included (variance.h). Its grade is the root of v over the largest v of an atom of its species in the
 * training data: up to 1 the fit is as sure of it as of those, beyond it extrapolates. The matrix is F, or random combinations of
 * its rows: with 32 of them a grade has a relative standard deviation of at most 1/8. An atom takes one multiply-add for
 * each number of the matrix, beside its terms.
 */
typedef struct eqml_cloud_grader {
    eqml_sigma variance; /* its columns are the terms, then, unless they were given, the energies of atoms */
    const double *reach; /* [nspecies] the largest variance in the training data */
} eqml_cloud_grader;

EQML_FUNCTION eqml_status eqml_cloud_find_grades(const eqml_cloud_grader *g, const eqml_cloud_model *model,
                                                 const eqml_configuration *configuration,
                                                 eqml_cloud_workspace *w, double *grade,
                                                 eqml_message *message)
/*
 * grade[natoms] <- those of the atoms; 0 for an atom of a species that is no centre. Errors as those of
 * eqml_cloud_evaluate.
 */
{
    const eqml_cloud_basis *b = model->basis;
    const eqml_cloud_result none = {NULL, NULL, NULL, NULL};
    const size_t length = (size_t)EQML_ROUND(g->variance.terms);
    const int *species = configuration->species;
    size_t slots = 0, used = 0;
    eqml__cloud x;
    eqml_status status = eqml_neighbours_find(configuration, model->radial.cutoff, &w->list, message);
    if (!status)
        status = eqml__cloud_begin(&x, model, &w->list, species, w, &none);
    if (status)
        return status;
    for (int c = 0; c < b->ncentres; c++)
        slots = (size_t)b->centres[c].program->nslots > slots ? (size_t)b->centres[c].program->nslots : slots;
    char *base = (char *)EQML_MALLOC((length + slots) * sizeof(double) + 192);
    if (!base)
        return EQML_ERROR_MEMORY;
    char *room = base + (64 - (uintptr_t)base % 64);
    double *terms = (double *)eqml__take(room, &used, length * sizeof(double));
    double *own = (double *)eqml__take(room, &used, slots * sizeof(double));
    for (size_t i = 0; i < configuration->natoms; i++) {
        grade[i] = 0;
        for (int c = 0; c < b->ncentres; c++) {
            const eqml_cloud_centre *centre = &b->centres[c];
            if (centre->species != species[i])
                continue;
            memset(terms, 0, length * sizeof(double));
            eqml__cloud_shell(&x, centre, i, &x.shell[0]);
            eqml__cloud_own_slots(&x, centre->program, own);
            eqml__cloud_terms(centre->program, own, terms + centre->first);
            if (g->variance.terms > b->nterms)
                terms[b->nterms + species[i]] = 1;
            grade[i] = sqrt(eqml__sigma_square_one(&g->variance, terms) / g->reach[species[i]]);
        }
    }
    EQML_FREE(base);
    return EQML_OK;
}

/*
 * The function NAME_grades of the potential NAME_model with its constant NAME_grader: arguments as those of
 * NAME_evaluate, grade[natoms]; returns an eqml_status.
 */
#define EQML_CLOUD_GRADE_FUNCTIONS(NAME, API)                                                                \
    API int NAME##_grades(size_t natoms, const double *xyz, const int *species, const double *cell,          \
                          const int *pbc, double *grade)                                                     \
    {                                                                                                        \
        eqml_cloud_workspace w;                                                                              \
        eqml_configuration c;                                                                                \
        memset(&w, 0, sizeof w);                                                                             \
        c.natoms = natoms;                                                                                   \
        c.xyz = xyz;                                                                                         \
        c.species = species;                                                                                 \
        c.cell = cell;                                                                                       \
        c.pbc = pbc;                                                                                         \
        const eqml_status status =                                                                           \
            eqml_cloud_find_grades(&NAME##_grader, &NAME##_model, &c, &w, grade, NULL);                      \
        eqml_cloud_workspace_free(&w);                                                                       \
        return (int)status;                                                                                  \
    }

#endif /* EQML__CLOUD_GRADE_H */

/* Contracts. */

/* ==== units.h =========================================================================================== */

/* Units by name. */
#ifndef EQML__UNITS_H
#define EQML__UNITS_H

/* What data have units of. */
typedef enum eqml_quantity {
    EQML_UNIT_ENERGY,
    EQML_UNIT_LENGTH,
    EQML_UNIT_GRADIENT, /* also of forces */
    EQML_UNIT_DIPOLE,   /* from here on in the order of eqml_tensor */
    EQML_UNIT_QUADRUPOLE,
    EQML_UNIT_POLARIZABILITY,
    EQML_QUANTITIES
} eqml_quantity;

EQML_API double eqml_unit(eqml_quantity quantity, const char *name);
/*
 * A unit in atomic units (CODATA 2018), or 0 where the name is not known. Names in any case; `au` is the atomic unit
 * of each quantity.
 *
 *   energy          hartree (Ha, Eh), eV, meV, Ry, kcal/mol, kJ/mol, cm-1 (cm^-1), K
 *   length          bohr, angstrom (A), pm, nm
 *   gradient        an energy, "/" and a length: hartree/bohr, eV/angstrom, kcal/mol/angstrom
 *   dipole          e*bohr, e*angstrom, debye (D)
 *   quadrupole      e*bohr^2, e*angstrom^2, debye*angstrom (buckingham)
 *   polarizability  bohr^3, angstrom^3
 */

EQML_API const char *eqml_unit_names(eqml_quantity quantity);
/* Those that are worth listing, "hartree, eV, ..."; the text is constant. */

#endif /* EQML__UNITS_H */

/* ==== data.h ============================================================================================ */

/* Data sets. */
#ifndef EQML__DATA_H
#define EQML__DATA_H

/* What a geometry has. A tensor's bit is EQML_HAS_DIPOLE << kind. */
enum {
    EQML_HAS_ENERGY = 1,
    EQML_HAS_GRADIENT = 2,
    EQML_HAS_DIPOLE = 4,
    EQML_HAS_QUADRUPOLE = 8,
    EQML_HAS_POLARIZABILITY = 16
};

/*
 * Geometries of one molecule, all with the same atoms in the same order. Numbers that a geometry does not
 * have are zero. Arrays of gradients and of tensors are NULL where no geometry has one.
 *
 * Dipoles [n][3] are in e*bohr, traceless quadrupoles [n][6] in e*bohr^2, both about the origin of the
 * coordinates; polarizabilities [n][6] are in bohr^3. Six components are xx xy xz yy yz zz.
 */
typedef struct eqml_data {
    int natoms;
    size_t n;                      /* geometries */
    char (*symbols)[4];            /* [natoms] element labels, "H" or "Cl" */
    double *xyz;                   /* [n][natoms][3] bohr */
    double *energy;                /* [n] hartree */
    double *gradient;              /* [n][natoms][3] hartree/bohr, or NULL */
    double *tensors[EQML_TENSORS]; /* by eqml_tensor, or NULL */
    unsigned char *has;            /* [n] bits EQML_HAS_... */
    size_t reordered; /* frames of the file whose elements came in another order than in the first */
} eqml_data;

/*
 * How to read a file that does not say enough itself, or whose names are its own. All zero: as eqml_data_read. Messages
 * call these as the fit program does, --energy-unit for unit[EQML_UNIT_ENERGY].
 */
typedef struct eqml_data_options {
    const char *unit[EQML_QUANTITIES]; /* see eqml_unit; NULL: that of the file, or else of its layout */
    const char *energy_key;            /* the key of the comment line that has the energy; NULL: energy */
    int energy_column;                 /* its word, from 1, that is the energy; 0: see the layouts below */
    const char *gradient_key,
        *force_key;   /* the column of extended XYZ that has gradients, or forces, not both; in the
                                             plain layout its number, from 1, the label being 1 */
    int skip_unclear; /* nonzero: gradients whose unit is not clear are not read, instead of refused */
} eqml_data_options;

/* What was read of the frames of one layout, in words; empty where nothing was. */
typedef struct eqml_data_layout {
    size_t frames;
    char energy[40], gradient[40];  /* the key or column */
    int forces;                     /* nonzero: forces, whose sign was changed */
    char unit[EQML_QUANTITIES][32]; /* names of units */
    int mixed; /* nonzero: in some frames another key, column or unit; these are of the last */
} eqml_data_layout;

/* A key or column that looks like an energy or a gradient and was not read. */
typedef struct eqml_data_unused {
    char name[40];
    int what; /* EQML_HAS_ENERGY or EQML_HAS_GRADIENT */
    size_t frames;
    int differs; /* nonzero: an energy that is not, everywhere, the number that was read as the energy */
} eqml_data_unused;

/* What a file was found to be. */
typedef struct eqml_data_source {
    eqml_data_layout plain, extended;
    char comment[64]; /* the first comment line, as far as it fits */
    int nunused;
    eqml_data_unused unused[12];
} eqml_data_source;

EQML_API eqml_status eqml_data_read(const char *path, eqml_data *data, eqml_message *message);
EQML_API eqml_status eqml_data_read_as(const char *path, const eqml_data_options *options, eqml_data *data,
                                       eqml_data_source *source, eqml_message *message);
/*
 * Reads a whole file of geometries; options and source may be NULL. Release *data with eqml_data_free(). What it held
 * before is overwritten, not released. On failure *data is all zero, and the message names file and line.
 *
 * A frame is a line with the number of atoms, a comment line, and one line for each atom. Its comment line
 * tells which of two layouts it has.
 *
 *   Extended XYZ: the comment line has a key Properties or energy, and no number at its beginning.
 *     energy=-40.5            eV
 *     dipole="0.1 0 0.2"      e*angstrom; or dipole_moment
 *     quadrupole="..."        e*angstrom^2, traceless: Theta_ab = 1/2 sum q (3 r_a r_b - r^2 delta_ab)
 *     polarizability="..."    bohr^3
 *     All are optional, and other keys are ignored. Tensors of rank two are six numbers xx xy xz yy yz zz,
 *     or all nine.
 *     Properties=species:S:1:pos:R:3:forces:R:3 lists the columns, in angstrom and eV/angstrom; `force` is
 *     the same as `forces`. Columns come in any order, with any others between them. Without this key they
 *     are species and pos.
 *   MSA, QM-22, the plain layout: the comment line begins with the energy in hartree; the rest of it is ignored.
 *     label x y z [gx gy gz], in angstrom and hartree/bohr: gradients, not forces. Further columns are
 *     ignored, and so are a fifth and a sixth without a seventh. All atoms of a frame have equally many.
 *
 * Units that the comment line names are heeded: keys with "unit" in their names, energy_unit=hartree or units=au, and in
 * the plain layout the word behind the energy, -40.5 hartree. Options come before them. Where energies or lengths have
 * other units than those of the layout, that of gradients must be named too, unless all is atomic.
 *
 * Keys and labels may be in any case. Labels may be atomic numbers, and may have a number or a mass behind the element (H1,
 * O_w, H@2.014). Numbers may have Fortran's exponents (1.0D+00, 0.123-103). Lines may end in CR LF. Blank lines may
 * stand between frames and at the end. Gradients and tensors may be in some frames only. Where a frame has the elements
 * of the first in another order, its atoms are brought into that order; those of one element keep theirs.
 *
 * While it reads, memory holds the text of the file (of a pipe, up to three times that) beside the arrays,
 * which take 24 bytes for an atom and as much for its gradient. Arrays of what no geometry has are given back
 * at the end.
 *
 * EQML_ERROR_FILE: the file cannot be read.
 * EQML_ERROR_EMPTY: it holds no geometry.
 * EQML_ERROR_ARGUMENT: an option is none.
 * EQML_ERROR_FORMAT: it has neither layout, is cut off, or its frames differ in their atoms; it has a key twice, two
 * different numbers that would be the energy, a unit that is not known, or nowhere the key or column of an option.
 * EQML_ERROR_VALUE: a number is infinite, nan or beyond 1e100, two atoms are closer than 1e-6 bohr, or
 * all within a fraction of an angstrom.
 */

EQML_API eqml_status eqml_data_match(eqml_data *data, const char *symbols, const int *class_of_atom,
                                     eqml_message *message);
EQML_API eqml_status eqml_data_match_order(eqml_data *data, const char *symbols, const int *class_of_atom,
                                           const int *order, eqml_message *message);
/*
 * Brings the atoms of *data into the order of a composition. `symbols` are those of its atoms, separated by
 * blanks ("H H H H C"); atoms with equal class_of_atom[natoms] are equivalent.
 *
 *   - If each element of the composition is in one class only, atoms are reordered by element. Atoms of one
 *     element keep their order; in fragments, "(H2 O)2", that order decides what belongs together.
 *   - If no symbol is an element of the data ("A4 B"), nothing is moved, and each class must be one element.
 *   - Otherwise the elements of the data must be in the order of the composition already.
 *
 * With an order[natoms], atom order[i] of the data (from 0) becomes atom i, and the elements must then be those of the
 * composition. D and T are hydrogen, unless the composition has them.
 *
 * EQML_ERROR_MATCH: none of these applies; or the frames came in different orders (data->reordered) while an element is
 * in several classes, or an order is given. The message says why, and *data is as before.
 */

EQML_API void eqml_data_free(eqml_data *data);
/* Releases the arrays and sets *data to zero. NULL and empty data are allowed. */

EQML_API const char *eqml_tensor_name(eqml_tensor kind);
/* "dipole", "quadrupole" or "polarizability". */

#endif /* EQML__DATA_H */

/* ==== lsq.h ============================================================================================= */

/* Linear least squares on a stream of rows. */
#ifndef EQML__LSQ_H
#define EQML__LSQ_H

/*
 * A linear least-squares problem whose rows arrive one by one:
 *
 *     minimise |A x - b|^2,    A has any number of rows; only a triangle of ncols^2 / 2 numbers is kept.
 *
 *     eqml_lsq *lsq;
 *     eqml_lsq_create(&lsq, 3, 1);
 *     for (each observation) {
 *         double *row = eqml_lsq_row(lsq);
 *         row[0] = 1, row[1] = t, row[2] = t * t;    the ncols entries of A ...
 *         row[3] = y;                                ... then the nrhs entries of b
 *         eqml_lsq_add(lsq);
 *     }
 *     eqml_lsq_solve(lsq, NULL, x, NULL);
 *     eqml_lsq_free(lsq);
 *
 * A weighted observation is a row multiplied by the square root of its weight. Numbers should be zero or of
 * magnitude 1e-140 to 1e140, because their squares are summed. One system belongs to one thread at a time;
 * the same calls in the same order give the same bits.
 *
 * Method. Rows are collected in blocks. Householder reflections fold each block into the triangular factor R
 * of A = Q R [1], panel by panel in compact WY form [2]. This is backward stable and forms no normal equations; a row
 * takes 2 ncols^2 floating-point operations, nearly all of them in matrix products.
 *
 * With -fopenmp a block is folded by all threads (OMP_NUM_THREADS), strips of columns side by side, while one makes the
 * reflectors of the next panel. Every number is computed alike by whichever thread takes it: the bits are those of
 * one thread. Where other programs want the cores too, OMP_WAIT_POLICY=passive keeps threads from waiting busily.
 *
 * Compile with -O2 -march=native -ffp-contract=fast: the products want wide vectors and fused multiply-adds.
 * With EQML_USE_LAPACK blocks are folded by LAPACK's dtpqrt, which is slower except where LAPACK is threaded.
 *
 * [1] Demmel, Grigori, Hoemmen, Langou, SIAM J. Sci. Comput. 34, A206 (2012).
 * [2] Schreiber, Van Loan, SIAM J. Sci. Stat. Comput. 10, 53 (1989).
 * [3] Golub, Van Loan, Matrix Computations, 4th ed. (2013), sections 5.4 and 5.5.
 */
typedef struct eqml_lsq eqml_lsq;

/* How a system is solved. Zero in every field is the default. */
typedef struct eqml_lsq_options {
    double tolerance; /* relative rank tolerance in [0, 1); 0: 2^-52 * (20 + 2 ncols + sqrt(rows)) */
    double ridge;     /* L >= 0: minimise |A x - b|^2 + L sum_j |a_j|^2 x_j^2, a_j the columns of A */
    int free_first;   /* nonzero: no penalty on column 0, the constant */
} eqml_lsq_options;

typedef struct eqml_lsq_result {
    size_t rows;      /* rows added so far */
    int rank;         /* numerical rank of the system that was solved, ridge included; at most ncols */
    double condition; /* its 2-norm condition number, see eqml_lsq_solve; 0 when the rank is 0 */
    double residual;  /* |A x - b|^2 without the ridge term, summed over the right-hand sides */
} eqml_lsq_result;

EQML_API eqml_status eqml_lsq_create(eqml_lsq **lsq, int ncols, int nrhs);
/*
 * Makes an empty system with ncols >= 1 columns and nrhs >= 1 right-hand sides. Release it with
 * eqml_lsq_free(). On failure *lsq is NULL. The memory of a first solution without ridge is taken too, so
 * that a solution that has no room fails here and not behind all the rows; solving gives it back.
 */

EQML_API size_t eqml_lsq_memory(int ncols, int nrhs, int ridge);
/*
 * Bytes of such a system and of its solution, with a ridge (nonzero) or without: about 12 ncols^2, or 16
 * ncols^2 with a ridge (16 and 24 with EQML_USE_LAPACK).
 */

EQML_API double *eqml_lsq_row(eqml_lsq *lsq);
/* Where to write the next row: ncols entries of A, then nrhs of b. Valid until the system is freed. */

EQML_API eqml_status eqml_lsq_add(eqml_lsq *lsq);
/* Adds the row that was written. EQML_ERROR_VALUE: an entry is not finite; the system is then as before. */

EQML_API eqml_status eqml_lsq_solve(eqml_lsq *lsq, const eqml_lsq_options *options, double *x,
                                    eqml_lsq_result *result);
/*
 * Solves for x[nrhs][ncols]. options and result may be NULL. The system stays: solve again with another
 * ridge, or add rows and solve again. There may be fewer rows than columns.
 *
 * Columns are first scaled to unit norm. In the scaled variables QR with column pivoting decides the rank: it
 * ends where |R_kk| <= tolerance * |R_11|. Of all minimisers the one of least norm is returned (complete
 * orthogonal factorisation [3]); a zero column gets the coefficient zero. `condition` is the ratio of the
 * extreme singular values of the scaled, truncated factor. Power and inverse iteration find it: a lower
 * bound, good to about 1 %.
 *
 * EQML_ERROR_EMPTY: no rows. EQML_ERROR_VALUE: squares overflowed. EQML_ERROR_MEMORY. EQML_ERROR_ARGUMENT: a
 * tolerance or a ridge out of range, or a NULL where none is allowed.
 */

EQML_API eqml_status eqml_lsq_merge(eqml_lsq *lsq, eqml_lsq *other);
/*
 * Adds all rows of another system of the same ncols and nrhs, from its triangle [1]: as if they had been added one by
 * one, up to rounding (exactly where *lsq has no rows yet), for the price of ncols / 3 of them. So rows may be dealt
 * out to several systems, whose triangles are combined at the end, and new rows cost nothing but themselves. *other
 * keeps its rows. What eqml_lsq_row() points to is overwritten.
 *
 * EQML_ERROR_ARGUMENT: the same system, or other sizes. EQML_ERROR_VALUE: squares of *other overflowed; *lsq is then
 * as before.
 */

EQML_API eqml_status eqml_lsq_save(const eqml_lsq *lsq, uint64_t key, const char *path,
                                   eqml_message *message);
EQML_API eqml_status eqml_lsq_load(eqml_lsq **lsq, uint64_t key, const char *path, eqml_message *message);
/*
 * Writes a system to a file, and makes the system of a file: the same to the bit, so that rows may be added as if
 * nothing had happened. `key` is the caller's word for what the columns are; a file with another key is refused. A
 * system takes 4 ncols^2 bytes. The file appears whole or not at all (a process that is killed while it writes leaves
 * PATH.0.new, and the old file as it was). All in 8-byte words in the order of this machine:
 *
 *     "eqml-lsq"                                          8 bytes
 *     0x0102030405060708, 1                               tells the order of bytes; the version
 *     key, ncols, nrhs, rows, waiting, notes              integers
 *     notes                                               of who wrote it, see eqml_fit_options.checkpoint
 *     tolerance, least[ncols + nrhs]                      doubles
 *     R[0][j], ..., R[j][j] for each column j             those of b are columns like others
 *     row[waiting][ncols + nrhs]                          rows that are not folded yet
 *     check                                               a digest of all that goes before
 *
 * Loading: release *lsq with eqml_lsq_free(). EQML_ERROR_FORMAT: no such file, or of a newer version, of a machine with
 * another order of bytes, cut off, or damaged. EQML_ERROR_MATCH: another key, or the checkpoint of a fit. On failure
 * *lsq is NULL.
 */

EQML_API void eqml_lsq_free(eqml_lsq *lsq);
/* NULL is allowed. */

#endif /* EQML__LSQ_H */

/* ==== surface.h ========================================================================================= */

/* Surfaces: models that own their arrays, and their files. */
#ifndef EQML__SURFACE_H
#define EQML__SURFACE_H

/*
 * A fitted potential, or one that is to be fitted, with its tensors. It owns its arrays; `model` points to
 * them and is what evaluation takes, with the functions of its basis.
 */
typedef struct eqml_surface {
    eqml_model model;
    eqml_variable *variables;      /* [npair_classes] */
    double *centres, *rates;       /* [EQML_ROUND(npairs)] */
    double *offset, *linear;       /* [nfactors] */
    double *packed;                /* [ntiles][4][4] */
    double *tensors[EQML_TENSORS]; /* [ntiles][4][4] of the tensor; NULL where the basis has none */
    double *ranges;   /* [npair_classes][2] the shortest and the longest distance of each class in the
                                      training data, bohr; 0 and infinity: not known */
    int standardised; /* nonzero: centres and offsets are set already; later fits keep them */
    float *rounded;   /* offset, linear and packed in float; set by eqml_surface_set */
    eqml_wall *wall;  /* with its arrays, in one piece; NULL: none */
} eqml_surface;

EQML_API eqml_status eqml_surface_create(const eqml_basis *basis, const eqml_variable *variables,
                                         eqml_surface *surface);
/*
 * Makes the zero potential over a basis, which must stay. variables[npair_classes] are copied. Release it
 * with eqml_surface_free(). On failure *surface is empty.
 *
 * EQML_ERROR_ARGUMENT: a range is not positive and finite (of a Morse variable it may be negative), an exponent is not a whole number from -12 to 12
 * other than 0, or a user's function is missing.
 */

EQML_API void eqml_surface_free(eqml_surface *surface);
/* Releases the arrays and empties the surface. An empty one is allowed. */

EQML_API void eqml_surface_clear_wall(eqml_surface *surface);
/* Takes the wall of a surface away, where it has one. */

EQML_API void eqml_surface_set(eqml_surface *surface, const double *coefficients);
EQML_API void eqml_surface_get(const eqml_surface *surface, double *coefficients);
/*
 * Sets or gets coefficients[nterms] in the order of terms: factors that are terms, then the products run by
 * run.
 */

EQML_API void eqml_surface_set_tensor(eqml_surface *surface, eqml_tensor kind, const double *coefficients);
EQML_API void eqml_surface_get_tensor(const eqml_surface *surface, eqml_tensor kind, double *coefficients);
/*
 * The same for a tensor that the basis has: coefficients[tensors[kind]->nterms], one tensor factor after the
 * other.
 */

EQML_API int eqml_surface_inside(const eqml_surface *surface, const double *xyz);
/*
 * 1 if each distance of xyz[natoms][3] (bohr) lies in the range of its class, to 12 digits; 0 if one does not, or a
 * coordinate is no number; -1 if the ranges are not known, as those of files from before they were stored. The fit of the
 * energies finds the ranges; where there was none, that of a tensor. A written header has the same as NAME_inside().
 */

EQML_API eqml_status eqml_surface_write(const eqml_surface *surface, const char *path, eqml_message *message);
EQML_API eqml_status eqml_surface_read(eqml_surface *surface, const eqml_basis *basis, const char *path,
                                       eqml_message *message);
/*
 * Writes and reads a .pes file: text, one item a line, numbers as hexadecimal floats, which are exact.
 *
 *     eqml-pes 4
 *     basis NAME DEGREE NTERMS NFACTORS TERMS        TERMS: a number for the terms and their order
 *     composition H4 C
 *     variable 0 morse 0x1p+1 0x1.8p-2   one line for each class of pairs: kind, range, centre; then, where they are
 *                                        known, the shortest and the longest distance in the training data
 *     offset 0x0p+0                      nfactors lines
 *     coefficient -0x1.43p+5             nterms lines
 *     wall NFEATURES                     0: there is none, nor the next three
 *     edge 0x1p+2                        3 lines: outside, base, height
 *     feature 3 0x0p+0                   nfeatures lines: factor, mean
 *     whiten 0x1.8p+1                    nfeatures (nfeatures + 1) / 2 lines, column after column
 *     dipole DEGREE NTERMS               these three for a dipole, then for a quadrupole, then for a
 *     charge 0x0p+0                      polarizability, where the basis has them; the total charge
 *     moment 0x1.8p-2                    for the dipole only, the last line for each term
 *     end
 *
 * A file appears whole or not at all, like all that eqml writes: a new file is written beside it and renamed.
 * A symbolic link is therefore replaced, and permissions of an old file are not kept.
 *
 * Writing: EQML_ERROR_ARGUMENT, the surface has a user's function; EQML_ERROR_VALUE, a number is not finite.
 * Reading makes the surface; release it with eqml_surface_free(). EQML_ERROR_MATCH: the file is of another
 * basis. On failure *surface is empty, and the message names the line.
 */

EQML_API eqml_status eqml_surface_write_header(const eqml_surface *surface, const char *name,
                                               const char *runtime, const char *basis_header,
                                               const char *path, eqml_message *message);
/*
 * Writes one self-contained C header with the functions NAME_energy and so on. `runtime` is the path of
 * eqml.h, `basis_header` that of the generated header of the basis; what the surface needs of them is copied.
 */

#endif /* EQML__SURFACE_H */

/* ==== fit.h ============================================================================================= */

/* Fits of surfaces to data, and their errors. */
#ifndef EQML__FIT_H
#define EQML__FIT_H

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
 * EQML_ERROR_EMPTY: no geometry to train on. EQML_ERROR_MATCH: the data have another number of atoms.
 * EQML_ERROR_ARGUMENT: a weight or ridge that is negative or not finite. EQML_ERROR_VALUE: a number of the data is not finite.
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
 * new wall. A subset or another basis of the surface has none.
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

/* ==== problem.h ========================================================================================= */

/* Fits that are kept with their triangle. */
#ifndef EQML__PROBLEM_H
#define EQML__PROBLEM_H

/*
 * A fit that was kept: the triangular factor R of its rows, |A x - b| = |R x - Q^T b|. What is asked of the fit
 * afterwards reads the data no more, or only once: which terms it needs (select.h), which geometries do not go
 * with the others (diagnose.h), how sure its energies are (sigma.h).
 */
typedef struct eqml_problem eqml_problem;

EQML_API eqml_status eqml_problem_create(eqml_problem **problem, eqml_surface *surface, const eqml_data *data,
                                         const eqml_fit_options *options, eqml_fit_result *result,
                                         eqml_message *message);
/*
 * Does what eqml_fit() does, and keeps the triangle, of nterms^2 / 2 numbers. Variables, centres and offsets of the
 * surface are copied; the tables of its basis must stay. Errors as eqml_fit; *problem is then null. A problem
 * is only read by what follows: threads may share it.
 */

EQML_API void eqml_problem_free(eqml_problem *problem);
/* Null is allowed. */

#endif /* EQML__PROBLEM_H */

/* ==== select.h ========================================================================================== */

/* Pruning and growing. */
#ifndef EQML__SELECT_H
#define EQML__SELECT_H

/* ---------------------------------------------------------------------------------------------------------
 * Pruning and growing: bases cut to the data
 *
 * A complete basis has terms that a data set does not need. Which ones is decided on the triangular factor of
 * the fit, |A x - b| = |R x - Q^T b|: the data are read once, whatever is tried afterwards.
 *
 *     eqml_problem_create(&problem, &surface, &data, &options, &message);     fits all terms, keeps R
 *     eqml_prune(problem, &ranking, &message);                                or eqml_grow(...)
 *     eqml_keep(problem, &ranking, 200, "small", &subset, &message);          the best 200 terms, refitted
 *     eqml_basis_write(subset.basis, "from ...", "small.basis", &message);    its basis as tables
 *
 * Offsets. Terms are products of centred variables and of factors that were shifted to mean 0. A complete basis spans the same space
 * with any shifts, some of its terms do not: here centres and offsets belong to the definition of the terms. They are
 * those of the fit of all terms, and a subset keeps them, also when eqml_fit() is given its surface.
 *
 * [1] Draper, Smith, Applied Regression Analysis, 3rd ed. (1998), chapter 15.
 * [2] Chen, Billings, Luo, Int. J. Control 50, 1873 (1989): orthogonal least squares.
 * [3] Rebollo-Neira, Lowe, IEEE Signal Process. Lett. 9, 137 (2002): optimized orthogonal matching pursuit.
 */

/* Terms in the order of their importance. */
typedef struct eqml_ranking {
    int terms;     /* that were ranked; more than these are linearly dependent, or were not asked for */
    int *term;     /* [terms] their numbers (see eqml_surface_get), the most important first */
    double *error; /* [terms] root mean square of the weighted rows, hartree, with the first k + 1 terms; with
                      a ridge, the penalty included */
} eqml_ranking;

EQML_API eqml_status eqml_prune(const eqml_problem *problem, eqml_ranking *ranking, eqml_message *message);
/* Backward elimination [1]: from the fit of all terms, drops again and again the one whose loss raises
 * |A x - b|^2 least, all others being refitted, until only the constant is left. Exact at every step: with
 * G = (R^T R)^-1 the loss of term j is x_j^2 / G_jj. 3 n^3 operations and n^2 numbers for n terms. Of
 * dependent columns only as many are ranked as the rank. On failure *ranking is empty. */

EQML_API eqml_status eqml_grow(const eqml_problem *problem, int terms, double error, eqml_ranking *ranking,
                               eqml_message *message);
/* Forward selection, also known as orthogonal least squares [2] or optimized orthogonal matching pursuit [3]:
 * from the constant, adds again and again the term that lowers |A x - b|^2 most, all others being refitted,
 * until there are `terms` of them (0: no limit), the error is at most `error` (hartree; 0: no limit), or what
 * is left, of the terms or of the data, is rounding errors. 6 n^2 operations a term. EQML_ERROR_ARGUMENT:
 * terms negative or more than the basis has, error negative or not a number. On failure *ranking is empty. */

EQML_API void eqml_ranking_free(eqml_ranking *ranking);
/* Empties it; an empty one is allowed. */

/* A surface of some of the terms of a basis, over a basis of its own. */
typedef struct eqml_subset {
    eqml_surface surface;
    eqml_basis *basis; /* owned */
    int terms;         /* chosen; a factor that only occurs in products is no term of the new basis */
    int rank;
    double condition; /* of the column-scaled problem */
    double error;     /* root mean square of the weighted rows, hartree, without a penalty */
} eqml_subset;

EQML_API eqml_status eqml_keep(const eqml_problem *problem, const eqml_ranking *ranking, int terms,
                               const char *name, eqml_subset *subset, eqml_message *message);
/* Refits the first `terms` terms of the ranking. The new basis, called `name` (a C identifier), has only
 * the pairs, operations and factors that these need, and no dipole. Everything in *subset is its own.
 * EQML_ERROR_ARGUMENT: terms less than 1 or more than were ranked, or no name. On failure *subset is
 * empty. */

EQML_API void eqml_subset_free(eqml_subset *subset);
/* Empties it; an empty one is allowed. */

EQML_API eqml_status eqml_basis_write(const eqml_basis *basis, const char *origin, const char *path,
                                      eqml_message *message);
/*
 * The tables of a basis as text, one item a line. eqml-gen writes its header from that:
 *
 *     $ eqml-gen --from small.basis -n small -o small.h
 *
 *     eqml-basis 1
 *     name small
 *     origin 200 terms of ethanol_d3           where it comes from: `origin`, one line; may be empty, or null
 *     composition C C O H2 H3 H
 *     degree 3
 *     atoms 9
 *     atom C 0                                 for each: symbol, class
 *     classes 14                               of pairs; not all need be in use
 *     pairs 36
 *     pair 0 1 0                               for each: atoms, class
 *     slots 640                                pairs, intermediate values; the factors are those from here on
 *     factors 120
 *     factor 2 1                               for each: degree; 1, or 0 where it only occurs in products
 *     operations 900
 *     operation 36 0 640                       slot[target] += slot[left] * slot[right]; slot 640 holds 1
 *     runs 80
 *     run 3 5 2                                products of a factor with the factors from 5 on, so many
 *     terms 200                                in all
 *     end
 *
 * The operations of a target stand together, after all that they read. The file appears whole or not at all.
 * EQML_ERROR_ARGUMENT: the origin is no such line; the basis has a tensor, which the file cannot hold.
 */

EQML_API eqml_status eqml_surface_rebase(const eqml_surface *from, const eqml_basis *basis, eqml_surface *to,
                                         eqml_message *message);
/* The same potential over another basis that has its terms, in whatever order: from a subset to the header that
 * eqml-gen wrote of it, or to the whole basis that it was cut from. Variables, centres, offsets and coefficients are the
 * same to the bit. Factors are recognised by their values at random points. *to is new; on failure it is empty.
 * EQML_ERROR_MATCH: other atoms, other classes of pairs, a term with a coefficient that the basis does not have;
 * or a tensor. */

#endif /* EQML__SELECT_H */

/* ==== diagnose.h ======================================================================================== */

/* Which geometries do not go with the others: leverages and leave-one-out errors. */
#ifndef EQML__DIAGNOSE_H
#define EQML__DIAGNOSE_H

/*
 * A geometry has several rows in a fit, one for its energy and, where it has a gradient, one for each internal
 * displacement. It is left out as a whole. With its rows A_g, not yet times its weight w, their errors e_g in the fit,
 * the triangle R of all rows and H = A_g (R^T R)^-1 A_g^T, the errors of the fit without this geometry are [1, 2]
 *
 *     (1 - w H)^-1 e_g,     and the variance of its prediction there is     (1 - w H)^-1 H,
 *
 * exactly, and without another fit. Centres, offsets, penalties and the weights of the others stay as they are.
 *
 * [1] Cook, Weisberg, Residuals and Influence in Regression (1982), section 3.6, on several rows at once.
 * [2] Belsley, Kuh, Welsch, Regression Diagnostics (1980), section 2.1.
 */
typedef struct eqml_influence {
    int known;       /* 0: the geometry was not looked at, and all else is 0 */
    double residual; /* V - E, hartree */
    double
        deleted; /* the same, where V is fitted without this geometry; infinite: the others do not determine V here */
    double
        gradient; /* root mean square of the errors of the gradient's components, likewise fitted without this
                        geometry, hartree/bohr; 0 where its gradient was not fitted */
    double leverage; /* of the energy, w H_00: by how much V here follows E here, from 0 to 1 */
    double
        unknowns; /* trace of w H: how many unknowns the geometry determines. Over all geometries these add up to the
                        rank, less with a ridge */
    double
        variance; /* of V without this geometry, in units of the variance of an energy of weight 1: what the others
                        leave open here. Large where the geometry is isolated; infinite where they do not determine V */
} eqml_influence;

EQML_API eqml_status eqml_diagnose(const eqml_problem *problem, const eqml_surface *surface,
                                   const eqml_data *data, const eqml_fit_options *options,
                                   const unsigned char *which, eqml_influence *influence,
                                   eqml_message *message);
/*
 * Fills influence[data->n]. Surface, data and options are those of the fit that made the problem. Looked at are the
 * training geometries with which[g] nonzero; NULL: all. Those of weight 0 belong to them: they are left out already.
 *
 * Takes one pass over the data: as long as it takes to find their rows, and terms^2 operations a row, about as long as
 * the fit itself (methane, 495 terms, 45,000 rows: 1.2 s after 1.3; ethanol, 1,898 terms, 55,000 rows: 15 s after
 * 34 for twice as many); and 8 bytes for each square of the terms.
 *
 * EQML_ERROR_ARGUMENT: the surface is not over the basis of the problem. EQML_ERROR_MATCH, EQML_ERROR_EMPTY: as eqml_fit.
 */

/* What may be the matter with a geometry. */
typedef enum eqml_cause {
    EQML_CAUSE_NONE,     /* nothing: its error is usual at its energy */
    EQML_CAUSE_ISOLATED, /* no other geometry is near: without it V is extrapolated here */
    EQML_CAUSE_OFF, /* others are near and its energy is far off from what they say: it is wrong, or that of another
                            electronic state */
    EQML_CAUSE_GRADIENT /* its energy goes with the others, its gradient does not */
} eqml_cause;

EQML_API eqml_status eqml_find_causes(const eqml_data *data, const eqml_influence *influence,
                                      eqml_cause *cause);
/*
 * Fills cause[data->n] for the geometries that are known, EQML_CAUSE_NONE for others. Usual sizes of the errors
 * `deleted` and `gradient`, and of the standard deviation of V, the root of `variance`, are their medians among the
 * geometries whose energies are nearest, a twentieth of all (51 to 501). Isolated: the standard deviation is 4 times its
 * usual size or more. Off: an error is 12 times its usual size, 1.4826 medians, or more; where the geometry is isolated,
 * as many times more.
 */

#endif /* EQML__DIAGNOSE_H */

/* ==== robust.h ========================================================================================== */

/* Fits that wrong data do not spoil. */
#ifndef EQML__ROBUST_H
#define EQML__ROBUST_H

/* How wrong data are told. Zero in every field is the default. */
typedef struct eqml_robust_options {
    double cut; /* c, in standard deviations: from here on a geometry has weight 0; 0: 20 */
    int fits;   /* at most so many; 0: 12 */
} eqml_robust_options;

typedef struct eqml_robust_result {
    int fits;
    size_t halved;  /* geometries whose weight came out below 1/2, those of weight 0 included */
    size_t dropped; /* of weight 0 */
    double change;  /* the largest of a weight between the last two fits */
} eqml_robust_result;

EQML_API eqml_status eqml_fit_robust(eqml_surface *surface, const eqml_data *data,
                                     const eqml_fit_options *options, const eqml_robust_options *robust,
                                     double *weights, eqml_fit_result *result, eqml_robust_result *found,
                                     eqml_message *message);
/*
 * Iteratively reweighted least squares: fits, finds weights[data->n] of the geometries from their errors, and fits
 * again, until no weight changes by more than 0.02. The loss is Tukey's biweight [1]: with u the error of a geometry in
 * units of its usual size, the weight is (1 - (u/c)^2)^2, and 0 from u = c on. u is the larger of those of the energy and
 * of the gradient; their usual sizes are 1.4826 times the median of |V - E|, and the median of |grad V - G|, among the
 * geometries whose energies are nearest, a twentieth of all (51 to 501): errors grow with the energy, and one that is
 * usual at the top of the data is an outlier near the minimum. Where a geometry is more isolated than is usual there
 * (eqml_find_causes), u is divided by how much: what no other geometry confirms is no error yet.
 *
 * Errors of a fit are mostly those of its finite basis: they have longer tails than a normal distribution, and the data at
 * their ends hold the surface. So c is large: with c = 20 gross errors alone are lost, and clean data keep theirs within
 * 3 %. With 12 one geometry falls after the other in some sets, with 6, a usual choice for noise, in all.
 *
 * options.weights are multiplied by these; weights[] are those that the errors of the last fit give. robust, result, found
 * and message may be null. Takes as many fits as found->fits says, and the time
 * of one eqml_diagnose(). Errors as eqml_fit.
 *
 * A wrong geometry that no other is near pulls the surface to itself and keeps a small error: no such loss can tell.
 * eqml_diagnose() names it as isolated.
 *
 * [1] Beaton, Tukey, Technometrics 16, 147 (1974); Holland, Welsch, Commun. Stat. A 6, 813 (1977).
 */

#endif /* EQML__ROBUST_H */

/* ==== uncertainty.h ===================================================================================== */

/* Standard deviations of energies: from a fit, their calibration, their files. */
#ifndef EQML__UNCERTAINTY_H
#define EQML__UNCERTAINTY_H

/*
 *     eqml_problem_create(&problem, &surface, &data, &options, NULL, &message);         a fit that is kept
 *     eqml_diagnose(problem, &surface, &data, &options, NULL, influence, &message);     its leave-one-out errors
 *     eqml_sigma_create(&sigma, problem, &data, influence, 32, &message);
 *     s = eqml_energy_sigma(&sigma, &surface.model, xyz, work);                         sigma.h
 */

EQML_API eqml_status eqml_sigma_create(eqml_sigma *sigma, const eqml_problem *problem, const eqml_data *data,
                                       const eqml_influence *influence, int rows, eqml_message *message);
/*
 * Makes the matrix of the variance from the triangle of a fit, and calibrates it; release it with eqml_sigma_free().
 * influence[data->n] is what eqml_diagnose() found. rows 0, or the number of terms or more: the whole factor, nterms^2 / 2
 * numbers (nterms^2 where the rank is not full) and nterms^3 operations to make it. Else so many random combinations of
 * its rows, a multiple of 8 at least: rows nterms numbers, and rows nterms^2 operations.
 *
 * Calibration looks at training data only: at the errors of the geometries that were left out in turn, e, and the
 * variances v there. The power is one of 1/4, 1/2, 3/4, 1 and 5/4; it and the ratio of floor and slope are those of the
 * largest likelihood of e under Student's t distribution of 4 degrees of freedom, which a few large errors do not
 * decide; then both are scaled so that 68.27 % of all |e| are at most sigma. The reach is the largest v.
 *
 * What the data do not determine at all, where the rank is less than the terms, is not in v.
 *
 * EQML_ERROR_EMPTY: fewer than 20 geometries that the others determine. On failure *sigma is empty.
 */

EQML_API void eqml_sigma_free(eqml_sigma *sigma);
/* Releases the matrix and empties *sigma. An empty one is allowed; one of a written header is not. */

/* How many errors are within one and two standard deviations: of normal ones 68.3 and 95.4 %. */
typedef struct eqml_coverage {
    size_t energies;
    double within[2];
} eqml_coverage;

EQML_API eqml_status eqml_sigma_coverage(const eqml_sigma *sigma, const eqml_surface *surface,
                                         const eqml_data *data, const unsigned char *use,
                                         eqml_coverage *coverage);
/* Over the geometries with an energy and use[g] nonzero; NULL: all. Say how it does on data that were not trained on. */

EQML_API eqml_status eqml_sigma_write(const eqml_sigma *sigma, const eqml_surface *surface, const char *path,
                                      eqml_message *message);
EQML_API eqml_status eqml_sigma_read(eqml_sigma *sigma, const eqml_surface *surface, const char *path,
                                     eqml_message *message);
/*
 * A .sigma file beside the .pes file of the surface: text, numbers as hexadecimal floats.
 *
 *     eqml-sigma 1
 *     basis NAME DEGREE NTERMS NFACTORS TERMS     as in a .pes file
 *     surface 0123456789abcdef                    a number for the coefficients, centres and offsets
 *     rows 32 0                                   rows; 1: row i is zero behind its i-th entry
 *     floor 0x1p-20
 *     slope 0x1p-18
 *     power 0x1p-1
 *     reach 0x1p-8
 *     number 0x1.8p+3                             the matrix, as it is stored
 *     end
 *
 * Reading: EQML_ERROR_MATCH, it belongs to another basis or to another fit. On failure *sigma is empty.
 */

EQML_API eqml_status eqml_sigma_write_header(const eqml_sigma *sigma, const eqml_surface *surface,
                                             const char *name, const char *runtime, const char *path,
                                             eqml_message *message);
/*
 * Writes a C header that includes "NAME_pes.h" (eqml_surface_write_header) and adds NAME_energy_sigma() and
 * NAME_energy_sigma_batch(), with the matrix as a constant. `runtime` is the path of eqml.h.
 */

#endif /* EQML__UNCERTAINTY_H */

/* ==== design.h ========================================================================================== */

/* Which geometries to compute next: those that tell a fit the most. */
#ifndef EQML__DESIGN_H
#define EQML__DESIGN_H

/*
 * The rows A of a geometry, weighted as in a fit, one for its energy and, where its gradient is to be computed, one for
 * each internal displacement, enlarge the determinant of the information matrix M = A^T A of the fit by the factor
 * det(1 + Z Z^T), Z^T = F A^T and F^T F = M^-1. The logarithm of it is the gain: log(1 + v) of an energy alone, with the
 * variance v of sigma.h. Geometries that make the determinant large together are D-optimal [1]; they are taken one after
 * the other, each with the largest gain beside those before it, and F follows, row by row and exactly [2]. Gains only
 * fall as geometries are taken, so that most candidates need not be looked at again [3]; all N together reach at least 63 %
 * of the largest sum that any N have [4]. What is alike gains little twice, and is kept apart so.
 *
 * [1] Fedorov, Theory of Optimal Experiments (1972), chapter 3.
 * [2] Bierman, Factorization Methods for Discrete Sequential Estimation (1977), chapter V: Potter's update.
 * [3] Minoux, in Optimization Techniques, Lecture Notes in Control and Information Sciences 7, 234 (1978).
 * [4] Nemhauser, Wolsey, Fisher, Math. Program. 14, 265 (1978).
 */

/* Zero in a field is its default. */
typedef struct eqml_design_options {
    double
        gradient_weight; /* W > 0: gradients are to be computed too, so heavy against energies; 0: they are not */
    const double *weights; /* [n] of the candidates, as the fit would give them; NULL: all 1 */
    double apart;          /* bohr: the least eqml_design_change() of any two that are taken */
} eqml_design_options;

typedef struct eqml_design_choice {
    size_t candidate; /* its number, from 0 */
    double gain;      /* beside those before it */
} eqml_design_choice;

EQML_API eqml_status eqml_design(const eqml_sigma *sigma, const eqml_surface *surface, size_t n,
                                 const double *xyz, const eqml_design_options *options, size_t wanted,
                                 eqml_design_choice *choice, size_t *found, eqml_message *message);
/*
 * choice[*found] <- at most `wanted` of the candidates xyz[n][natoms][3] (bohr, in the order of the basis), in order of
 * merit. No candidate is taken twice; of equal ones the first goes before. Fewer than wanted are found where candidates
 * are not apart, have no number (coincident atoms), or gain nothing (weight 0). sigma is that of the fit of the surface, whole
 * and not of random rows; a wall plays no part. options and message may be NULL. One thread; the same input gives the same
 * choice.
 *
 * Operations: r terms^2 / 2 for each candidate of r rows, r terms^2 for each that is looked at again, 3 r terms^2 for each
 * that is taken. Memory: 8 terms^2 bytes, and for each candidate 16 and 8 for each of its pairs.
 *
 * EQML_ERROR_ARGUMENT: sigma is not whole, or the data of the fit leave terms undetermined, since gains there would be
 * without bound: a ridge, more data or fewer terms help; or a weight is negative or no number.
 */

EQML_API double eqml_design_change(const eqml_basis *basis, const double *a, const double *b, double *room);
/*
 * How much two geometries a and b, each [natoms][3], differ: root mean square difference of their distances, sorted in
 * each class of pairs, bohr. The order of equivalent atoms plays no part. room[2 npairs].
 */

#endif /* EQML__DESIGN_H */

/* ==== expansion.h ======================================================================================= */

/* Expansions: a surface as a sum of surfaces over subsets of atoms. */
#ifndef EQML__EXPANSION_H
#define EQML__EXPANSION_H

/*
 * An expansion is a sum of surfaces over subsets of atoms:
 *
 *     V(x) = constant + sum over components c, and over their tuples of atoms t, of  s_c(x_t) V_c(x_t)
 *
 * All tuples of a component share one surface V_c. One least-squares problem fits everything. Many-body
 * expansions (pairs, triples, quadruples of each kind), fragmented bases of large molecules [1] and clusters
 * of any size are written so. Methane as pairs, triples and quadruples of its atoms:
 *
 *     eqml_part parts[] = {{&hh_basis, morse, 0, NULL, 0, 0, 0}, {&hc_basis, morse, 0, NULL, 0, 0, 0}, ...};
 *     eqml_expansion expansion;
 *     eqml_expansion_create(&expansion, "H H H H C", 6, parts, &message);
 *     eqml_expansion_fit(&expansion, &data, NULL, NULL, &message);
 *     work = aligned_alloc(64, eqml_expansion_work(&expansion) * sizeof(double));
 *     v = eqml_expansion_energy_gradient(&expansion, xyz, gradient, work);
 *
 * A component may vanish smoothly when its atoms are far apart. Its switch s_c is the product, over the
 * distances r within the tuple, of
 *
 *     1 for r <= inner,   u^3 (1 + 3 t + 6 t^2) = 1 - 10 t^3 + 15 t^4 - 6 t^5,   0 for r >= cutoff,
 *
 * with t = (r - inner) / (cutoff - inner) and u = 1 - t. It is twice continuously differentiable: the
 * potential switch of GROMACS [2].
 *
 * [1] Qu, Bowman, J. Chem. Phys. 150, 141101 (2019): a fragmented basis.
 * [2] Abraham et al., SoftwareX 1, 19 (2015); the reference manual, Modified non-bonded interactions.
 */

/* What a component is made of. */
typedef struct eqml_part {
    const eqml_basis *basis;
    const eqml_variable *variables; /* [npair_classes], copied */
    int ntuples;                    /* 0: all that the elements allow, see eqml_expansion_create */
    const int *tuples;              /* [ntuples][natoms of the basis] atoms of the molecule, copied */
    double inner, cutoff;           /* of the switch, bohr, 0 <= inner < cutoff; both 0: no switch */
    int centre;                     /* k > 0: only distances to the k-th atom of the tuple are switched */
} eqml_part;

typedef struct eqml_component {
    eqml_surface surface;
    int ntuples;
    int *tuples; /* [ntuples][natoms of the basis] */
    double inner, cutoff;
    int centre;
} eqml_component;

typedef struct eqml_expansion {
    int natoms, ncomponents;
    eqml_component *components;
    double constant; /* hartree */
} eqml_expansion;

EQML_API eqml_status eqml_expansion_create(eqml_expansion *expansion, const char *symbols, int nparts,
                                           const eqml_part *parts, eqml_message *message);
/*
 * Makes the zero potential of a molecule, with a component for each of parts[nparts]. `symbols` are those of
 * its atoms ("H H H H C"); the bases must stay. Release it with eqml_expansion_free(). On failure *expansion
 * is empty, and the message (may be NULL) names the part, from 0.
 *
 * A part without tuples gets each choice of atoms that are the elements of its basis in their order, once:
 * atoms of one class of the basis in ascending order.
 *
 * EQML_ERROR_ARGUMENT: an index of a tuple is out of range or twice in it; a cutoff is not positive or not
 * beyond `inner`; a centre is not alone in its class of atoms (the switch would not be invariant); variables
 * are not valid; a basis has factors that are not terms.
 * EQML_ERROR_MATCH: no atoms of the molecule are those of the basis.
 */

EQML_API void eqml_expansion_free(eqml_expansion *expansion);
/* Releases its arrays and empties it. An empty one is allowed. */

EQML_API eqml_status eqml_expansion_fit(eqml_expansion *expansion, const eqml_data *data,
                                        const eqml_fit_options *options, eqml_fit_result *result,
                                        eqml_message *message);
/*
 * Does what eqml_fit() does, with one unknown for `constant` and one for each term of each component. The
 * constant term of a component without a switch is left out. Each fit shifts the factors anew. Components may
 * overlap: a basis of triples contains functions of pairs. The rank is then less than the number of terms,
 * and the solution of least norm is taken.
 */

EQML_API eqml_status eqml_expansion_errors(const eqml_expansion *expansion, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors);
/* See eqml_surface_errors. */

EQML_API eqml_status eqml_expansion_write(const eqml_expansion *expansion, const char *path,
                                          eqml_message *message);
EQML_API eqml_status eqml_expansion_read(eqml_expansion *expansion, const char *path, int nbases,
                                         const eqml_basis *const *bases, eqml_message *message);
/*
 * Writes and reads a text file, exact:
 *
 *     eqml-expansion 1 NATOMS NCOMPONENTS
 *     constant -0x1.43p+5
 *     component NTUPLES ATOMS CENTRE     one for each, followed by
 *     inner 0x0p+0
 *     cutoff 0x1.8p+2
 *     tuple 0 1 4                        its tuples
 *     eqml-pes 4 ...                     and its surface, see eqml_surface_write
 *     end
 *
 * Reading makes the whole expansion. It wants a basis for each component, in their order, and checks the file
 * against them. Memory follows the lines of the file, whatever counts it promises. Errors are those of
 * eqml_surface_read;
 * EQML_ERROR_VALUE: also a tuple, switch or centre that eqml_expansion_create would refuse.
 */

/* Tuples that are evaluated together: two groups of lanes. */
enum { EQML__CHUNK = 2 * EQML_LANES };

/* Doubles of work that an evaluation needs, whatever the number of geometries. */
EQML_FUNCTION size_t eqml_expansion_work(const eqml_expansion *x)
{
    size_t most = 0;
    for (int k = 0; k < x->ncomponents; k++) {
        const eqml_basis *b = x->components[k].surface.model.basis;
        const size_t lanes = (size_t)EQML_WORK_BATCH(b->nslots, b->npairs, b->natoms) * EQML_LANES;
        const size_t need = lanes + EQML__CHUNK * 9 * (size_t)b->natoms;
        most = need > most ? need : most;
    }
    return most + 8;
}

/* Returns the switch of a tuple at xyz[natoms][3]; writes its gradient[natoms][3] unless that is NULL. */
EQML_FUNCTION double eqml__switch(const eqml_component *c, int natoms, const double *xyz, double *gradient)
{
    const double width = c->cutoff - c->inner;
    double product = 1;
    for (int k = 0; gradient && k < 3 * natoms; k++)
        gradient[k] = 0;
    for (int i = 0; c->cutoff > 0 && i < natoms; i++)
        for (int j = i + 1; j < natoms; j++) {
            if (c->centre && i != c->centre - 1 && j != c->centre - 1)
                continue;
            const double *a = xyz + 3 * i, *b = xyz + 3 * j, d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
            const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]), t = (r - c->inner) / width;
            if (t <= 0)
                continue;
            if (t >= 1)
                return 0;
            const double u = 1 - t, value = u * u * u * (1 + t * (3 + 6 * t));
            const double change = -30 * t * t * u * u / (width * value * r); /* dln s/dr, over r */
            product *= value;
            for (int k = 0; gradient && k < 3; k++) {
                gradient[3 * i + k] += change * d[k];
                gradient[3 * j + k] -= change * d[k];
            }
        }
    for (int k = 0; gradient && k < 3 * natoms; k++)
        gradient[k] *= product;
    return product;
}

/* Tuples that wait to be evaluated together, and where their results go. */
typedef struct eqml__chunk {
    int count;
    size_t geometry[EQML__CHUNK];
    const int *tuple[EQML__CHUNK];
    double factor[EQML__CHUNK];     /* of the switch */
    double *xyz, *gradient, *slope; /* [EQML__CHUNK][natoms][3]; slope: of the switch */
    double *work;
} eqml__chunk;

/* Evaluates the waiting tuples and adds them to their geometries; gradient may be NULL. */
EQML_FUNCTION void eqml__flush_chunk(const eqml_expansion *x, const eqml_component *c, eqml__chunk *chunk,
                                     double *energy, double *gradient)
{
    const eqml_model *m = &c->surface.model;
    const int natoms = m->basis->natoms;
    const size_t size = 3 * (size_t)natoms;
    double v[EQML__CHUNK];
    if (chunk->count == 0)
        return;
    eqml__step_lanes(m, 2, chunk->count, chunk->xyz, v, gradient ? chunk->gradient : NULL,
                     (eqml_lanes *)(void *)chunk->work);
    for (int k = 0; k < chunk->count; k++) {
        const double s = chunk->factor[k], *from = chunk->gradient + (size_t)k * size;
        const double *slope = chunk->slope + (size_t)k * size;
        energy[chunk->geometry[k]] += s * v[k];
        for (int a = 0; gradient && a < natoms; a++) {
            double *to = gradient + 3 * (chunk->geometry[k] * (size_t)x->natoms + (size_t)chunk->tuple[k][a]);
            for (int i = 0; i < 3; i++)
                to[i] += s * from[3 * a + i] + v[k] * slope[3 * a + i];
        }
    }
    chunk->count = 0;
}

/*
 * Writes energy[n] of the geometries xyz[n][natoms][3], and gradient[n][natoms][3] unless that is NULL. work
 * has eqml_expansion_work() doubles, 64-byte aligned, of each thread's own. Tuples beyond the cutoff cost
 * only their distances.
 */
EQML_FUNCTION void eqml_expansion_energy_gradient_batch(const eqml_expansion *x, size_t n, const double *xyz,
                                                        double *energy, double *gradient, double *work)
{
    const size_t size = 3 * (size_t)x->natoms;
    for (size_t g = 0; g < n; g++)
        energy[g] = x->constant;
    for (size_t k = 0; gradient && k < n * size; k++)
        gradient[k] = 0;
    for (int component = 0; component < x->ncomponents; component++) {
        const eqml_component *c = &x->components[component];
        const int natoms = c->surface.model.basis->natoms;
        const size_t room = 3 * (size_t)natoms * EQML__CHUNK;
        eqml__chunk chunk;
        chunk.count = 0;
        chunk.xyz = work;
        chunk.gradient = work + room;
        chunk.slope = work + 2 * room;
        chunk.work = work + (3 * room + 7) / 8 * 8;
        for (size_t g = 0; g < n; g++)
            for (int t = 0; t < c->ntuples; t++) {
                const int *tuple = c->tuples + (size_t)t * (size_t)natoms;
                double *to = chunk.xyz + 3 * (size_t)(chunk.count * natoms);
                for (int a = 0; a < natoms; a++)
                    for (int k = 0; k < 3; k++)
                        to[3 * a + k] = xyz[g * size + (size_t)(3 * tuple[a] + k)];
                const double s =
                    eqml__switch(c, natoms, to, chunk.slope + 3 * (size_t)(chunk.count * natoms));
                if (!(s > 0))
                    continue;
                chunk.factor[chunk.count] = s;
                chunk.geometry[chunk.count] = g;
                chunk.tuple[chunk.count] = tuple;
                if (++chunk.count == EQML__CHUNK)
                    eqml__flush_chunk(x, c, &chunk, energy, gradient);
            }
        eqml__flush_chunk(x, c, &chunk, energy, gradient);
    }
}

/*
 * Returns the energy of one geometry and writes its gradient[natoms][3] unless that is NULL; work as above.
 */
EQML_FUNCTION double eqml_expansion_energy_gradient(const eqml_expansion *x, const double *xyz,
                                                    double *gradient, double *work)
{
    double energy;
    eqml_expansion_energy_gradient_batch(x, 1, xyz, &energy, gradient, work);
    return energy;
}

#endif /* EQML__EXPANSION_H */

/* ==== choose.h ========================================================================================== */

/* The choice of variables. */
#ifndef EQML__CHOOSE_H
#define EQML__CHOOSE_H

/* How variables are chosen. Zero in every field is the default. */
typedef struct eqml_choice_options {
    const eqml_fit_options *fit; /* weights, ridge, reference, training geometries; not its progress */
    const unsigned char *fixed;  /* [npair_classes] nonzero: variables[c] stays as it is; NULL: none does */
    int choose_ridge;            /* nonzero: a ridge is chosen, too; that of `fit` does not count */
    int choose_energy_weight;    /* the same for E0 */
    void (*progress)(void *context, int trials, int most); /* told after each trial; NULL: nobody */
    void *context;
} eqml_choice_options;

typedef struct eqml_choice {
    int trials;           /* cross-validations; 0: there was too little data to choose by, see below */
    int degree;           /* of the terms in the last of those for variables; 0: all were fixed */
    double rmse_energy;   /* hartree, of the choice when it was cross-validated with these terms */
    double rmse_gradient; /* hartree/bohr for each component; 0 without gradients */
    int growing;          /* classes of pairs whose variable, chosen, grows with the distance */
    double ridge;         /* chosen, or that of the fit */
    double energy_weight; /* the same */
} eqml_choice;

EQML_API eqml_status eqml_choose_variables(const eqml_basis *basis, const eqml_data *data,
                                           const eqml_choice_options *options, eqml_variable *variables,
                                           eqml_choice *choice, eqml_message *message);
/*
 * variables[npair_classes] <- Morse variables, or the distance itself, whose ranges cross-validation within the
 * training geometries likes best. options, choice and message may be NULL. Test data are not looked at, no clock is
 * read, and the same input gives the same bits. Memory is that of one fit.
 *
 * The family is y = exp(-k r/m), where m is the mean distance of the pairs of two elements, which share one k. Centred
 * and scaled, y goes over into r itself at k = 0, and into a variable that grows at k < 0; the error of a fit is a
 * smooth function of k.
 *
 *   1. A menu: k = 1, 1/2, 1/4, 0 for all; the range 2 bohr; -1/4 for H-H with 0.4 for the rest.
 *   2. From the best of these a compass search [1]: each k goes up or down by a step for as long as that helps; then
 *      the step is halved. The terms are two degrees lower and the geometries a quarter, where these are enough.
 *   3. From there, and from k = 1/4 and k = 0, the same with all geometries; with all terms if half of the data has 15
 *      rows for each, else with those one degree lower: cross-validation has half the data, and should have about
 *      as many rows a term as the fit.
 *
 * A trial divides the geometries in two at random, fits each half and predicts the other; small data sets are divided
 * up to four times. Its score is the mean, over these fits, of the logarithm of the root mean square error of
 * energies, and of that of gradients where there are any. The worst 0.1 % of the errors, at least one, do not
 * count: one of them can hide the rest. Of all trials that are within one standard error of the best, the
 * one with the smallest sum of k^2 is taken, because it bends least.
 *
 * All takes about the time of 25 final fits, and no more than 2e12 floating-point operations for each of 2 and 3: large
 * fits are chosen for by smaller ones.
 *
 * The ridge is chosen with the variables that were taken, in the same way: of 0, 1e-14, 1e-13, ... 1e-9 the largest
 * that raises the score by at most 0.01, 1 % of the error.
 *
 * The weight E0 is that of 0 (all weights 1), 0.3, 0.1, 0.03, 0.01, 0.003 and 0.001 hartree with the least mean logarithm of
 * the errors of energies in four bands, each with a quarter of the geometries that were held back: the lowest count as
 * much as the highest, which is what levels and dynamics near the minimum want.
 *
 * Where atoms part, r itself grows, and negative ranges do so fast. They are tried only where the longest distance in
 * the data is less than EQML_BOUNDED times the mean, and the surface is not to be used far beyond that; never in bases
 * with factors that are not terms, whose surfaces are to vanish at long range. Ranges are rounded to three digits,
 * so that they can be given again. With fewer than 20 geometries that have an energy, k is 1/4 and the ridge 0.
 *
 * [1] Kolda, Lewis, Torczon, SIAM Rev. 45, 385 (2003).
 *
 * Errors as those of eqml_fit.
 */

#define EQML_BOUNDED 2.5

EQML_API eqml_status eqml_choose_degree(const eqml_basis *basis, const eqml_data *data,
                                        const eqml_choice_options *options, const eqml_variable *variables,
                                        int *degree, double *rmse_energy, eqml_message *message);
/*
 * *degree <- the least degree, from 1 to that of the basis, whose score in cross-validation is at most 0.02, 2 % of the
 * error, above that of the best; rmse_energy[basis->degree + 1] <- the errors by degree (hartree; that of degree 0 is not
 * written). A trial is made as above with the terms up to each degree, and with all training geometries. options and
 * message may be NULL. EQML_ERROR_EMPTY: fewer than 20 training geometries have an energy.
 */

#endif /* EQML__CHOOSE_H */

/* ==== cloud/frames.h ==================================================================================== */

/* Data sets of configurations: clusters, surfaces, solids. */
#ifndef EQML__CLOUD_FRAMES_H
#define EQML__CLOUD_FRAMES_H

/* What a configuration has. */
enum { EQML_FRAME_ENERGY = 1, EQML_FRAME_FORCES = 2, EQML_FRAME_VIRIAL = 4 };

typedef struct eqml_frames {
    size_t n, natoms;   /* configurations, atoms of all together */
    size_t *first;      /* [n + 1] first atom of each */
    double *xyz;        /* [natoms][3] bohr */
    int *species;       /* [natoms] */
    double *cell;       /* [n][3][3] bohr, rows; zero: open */
    int *pbc;           /* [n][3] */
    double *energy;     /* [n] hartree */
    double *forces;     /* [natoms][3] hartree/bohr */
    double *virial;     /* [n][6] xx yy zz yz xz xy, -dE/dstrain, hartree */
    unsigned char *has; /* [n] */
    size_t *line;       /* [n] that opens it in the file */
    int *group;         /* [n] number of its config_type, from 0 on; -1: it has none */
    int ngroups;
    char *groups; /* their names, each with its zero, one after the other */
} eqml_frames;

/* How to read a file whose names and units are its own. All zero: as eqml_frames_read. */
typedef struct eqml_frames_options {
    const char *energy_key, *force_key; /* NULL: energy; force or forces */
    const char *stress_unit;            /* eV/angstrom^3, GPa, kbar or bar; NULL: eV/angstrom^3 */
    int pressure; /* nonzero: `stress` is the pressure tensor, positive where a solid is compressed; else as in ASE */
} eqml_frames_options;

EQML_API eqml_status eqml_frames_read(const char *path, const char *species, eqml_frames *frames,
                                      eqml_message *message);
EQML_API eqml_status eqml_frames_read_as(const char *path, const char *species,
                                         const eqml_frames_options *options, eqml_frames *frames,
                                         eqml_message *message);
/*
 * Reads extended XYZ, as ASE writes it: energies in eV, forces in eV/angstrom, positions and Lattice in angstrom, rows
 * of the cell one after the other. pbc="T T F" or pbc=[T, T, F]; without it a frame with a Lattice is periodic in all
 * directions. Columns may be force or forces. virial or virials (eV, nine or six numbers: xx yy zz yz xz xy) is
 * -dE/dstrain; stress (eV/angstrom^3) is, as in ASE, dE/dstrain over the volume: a stress above 100 eV/angstrom^3 is
 * taken to be in another unit, and refused unless options name one. config_type names the group of a frame. Frames may differ in their atoms. species: "W H", as a basis
 * lists them; each atom must be one of these.
 *
 * options may be NULL. EQML_ERROR_ARGUMENT: the unit of stresses is not known.
 * EQML_ERROR_FILE, EQML_ERROR_FORMAT, EQML_ERROR_VALUE, EQML_ERROR_MATCH, EQML_ERROR_EMPTY: with file and line in the
 * message. On failure *frames is all zero.
 */

EQML_API eqml_configuration eqml_frame(const eqml_frames *frames, size_t frame);
/* One of them; valid as long as the frames are. */

EQML_API const char *eqml_frames_group(const eqml_frames *frames, int group);
/* The name of a group, from 0 on; "" for -1. */

EQML_API eqml_status eqml_frames_append(eqml_frames *frames, eqml_frames *more);
/* Puts the frames of *more behind the others, for the same species, and frees it. EQML_ERROR_MEMORY: both are as they were. */

EQML_API int eqml_atomic_number(const char *symbol);
/* 1 for H, 0 for what is no element. */

EQML_API void eqml_frames_free(eqml_frames *frames);

#endif /* EQML__CLOUD_FRAMES_H */

/* ==== cloud/pair_reference.h ============================================================================ */

/* Pair potentials beneath a fit, so that short distances are right: Ziegler-Biersack-Littmark, or fitted repulsion. */
#ifndef EQML__CLOUD_PAIR_REFERENCE_H
#define EQML__CLOUD_PAIR_REFERENCE_H

EQML_API eqml_status eqml_pair_zbl(double z1, double z2, double inner, double outer,
                                   eqml_pair_reference *pair);
/*
 * The universal repulsion of two nuclei of charges z1 and z2, atomic numbers, which from `inner` to `outer` (bohr) goes
 * over to zero as in LAMMPS's pair_style zbl. J. F. Ziegler, J. P. Biersack, U. Littmark, The Stopping and Range of Ions
 * in Matter (1985). Its constants are those of LAMMPS: screening length 0.46850 angstrom / (z1^0.23 + z2^0.23), square of
 * the electron's charge 14.399645 eV angstrom (2e-8 of it off today's value).
 *
 * EQML_ERROR_ARGUMENT: charges that are not positive, or not 0 <= inner < outer.
 */

EQML_API eqml_status eqml_pair_fit(double z1, double z2, double inner, double outer, size_t n,
                                   const double *distance, const double *energy, eqml_pair_reference *pair,
                                   double *error);
/*
 * The same with weights that are fitted to n energies (hartree) of two atoms at distances below `outer` (bohr), against
 * atoms far apart: weights at least zero of four screened charges, whose screening lengths are those of
 * Ziegler, Biersack and Littmark times a factor of 1/2 to 2. Squares of relative errors are least; *error is the root of
 * their mean, and may be NULL.
 *
 * EQML_ERROR_ARGUMENT: as above. EQML_ERROR_EMPTY: no energies. EQML_ERROR_VALUE: a distance that is not between 0 and
 * `outer`, an energy that is not positive: repulsion only.
 */

#endif /* EQML__CLOUD_PAIR_REFERENCE_H */

/* ==== cloud/fit.h ======================================================================================= */

/* Fits of neighbour clouds to configurations, and their errors. */
#ifndef EQML__CLOUD_FIT_H
#define EQML__CLOUD_FIT_H

/* What a fit weighs apart. */
enum { EQML_CLOUD_ENERGY, EQML_CLOUD_FORCES, EQML_CLOUD_VIRIAL, EQML_CLOUD_KINDS };

/* What a fit may be told. Zero in every field is the default. */
typedef struct eqml_cloud_fit_options {
    double energy_weight; /* W_E, angstrom^-2 against forces; 0: 100 */
    double virial_weight; /* W_V, likewise; 0: virials take no part */
    double ridge;         /* L of the penalty below; 0: none */
    double smoothness;    /* p of the penalty below */
    double level_weight;  /* w of the levels in it; 0: 1.5, as eqml-gen has it where it is told nothing */
    const double (
        *weights)[EQML_CLOUD_KINDS];  /* [frames->n] factors of the weights of energies, forces and virials;
                                        NULL: all 1 */
    const unsigned char *use;         /* [frames->n] nonzero: train on this one; NULL: on all */
    const eqml_pair_reference *pairs; /* beneath the potential: the fit is to the rest; NULL: none */
    const double *atoms; /* [basis->nspecies] energies of atoms, which are then not fitted; NULL: they are */
    void (*progress)(void *context, size_t done,
                     size_t total); /* told after each configuration; NULL: nobody */
    void *context;
} eqml_cloud_fit_options;

typedef struct eqml_cloud_fit_result {
    size_t frames, rows; /* that were used */
    int rank;            /* of the terms, without the energies of atoms; the penalty included */
    double condition;    /* of the column-scaled problem */
} eqml_cloud_fit_result;

EQML_API eqml_status eqml_cloud_fit(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                    const eqml_frames *frames, const eqml_cloud_fit_options *options,
                                    double *coefficients, double *atoms, eqml_lsq **triangle,
                                    eqml_cloud_fit_result *result, eqml_message *message);
/*
 * coefficients[basis->nterms] and atoms[basis->nspecies] <- the minimiser of
 *
 *     sum over configurations of  w_E W_E (E - E_data)^2 / natoms + w_F |F - F_data|^2 + w_V W_V |V - V_data|^2 / natoms
 *     + L sum over terms of  (level / mean level)^(2 p) |a|^2 c^2
 *
 * with the weights w of the configuration. The penalty is on coefficients c: |a| is the norm of a term's column, that is
 * what the term with coefficient 1 contributes to all of the data, and level the sum of n + w l over the factors of the
 * term, see eqml_cloud_levels. Energies of atoms, unless they are given, are fitted relative to a first guess by least
 * squares on the numbers of atoms of each species alone: mean energies in the data, not those of free atoms. What is
 * added to the guess is penalised like a term of mean level, so that what data of one composition leave open is small. A
 * term that no configuration has is penalised as if its norm were the usual one.
 *
 * Rows are streamed: memory grows with the square of the terms. triangle, unless NULL, <- that of all rows and of the
 * penalty, whose columns are the terms and then, unless they are given, the atoms; release it with eqml_lsq_free.
 * options, result and message may be NULL.
 *
 * EQML_ERROR_EMPTY: nothing to train on. EQML_ERROR_VALUE: see eqml_neighbours_find; the message names the configuration.
 */

EQML_API eqml_status eqml_cloud_levels(const eqml_cloud_basis *basis, double level_weight, double *level);
/* level[basis->nterms] <- the sums of n + level_weight l over the factors of the terms. */

EQML_API int eqml_cloud_isolated_atoms(const eqml_frames *frames, int nspecies, double *atoms);
/* atoms[nspecies] <- the energies of configurations of one atom without images, the last of each species. Returns how many species have
 * one; atoms of others stay as they are. */

/* Mean absolute and root mean square errors; atomic units. */
typedef struct eqml_cloud_errors {
    size_t energies, forces;        /* configurations that have them */
    double mae_energy, rmse_energy; /* hartree for an atom */
    double mae_force, rmse_force;   /* hartree/bohr for each component */
    size_t virials;                 /* configurations that have them */
    double mae_virial, rmse_virial; /* hartree for an atom, each component */
    double virial_sign;             /* correlation, -1 to 1, of virials with those of the data */
} eqml_cloud_errors;

EQML_API eqml_status eqml_cloud_find_errors(const eqml_cloud_model *model, const eqml_frames *frames,
                                            const unsigned char *use, eqml_cloud_errors *errors,
                                            eqml_message *message);
/* Over the configurations with use[k] nonzero; NULL: over all. */

#endif /* EQML__CLOUD_FIT_H */

/* ==== cloud/choose.h ==================================================================================== */

/* Cross-validation of potentials, and the choices that are made by it. */
#ifndef EQML__CLOUD_CHOOSE_H
#define EQML__CLOUD_CHOOSE_H

/* How choices are made. Zero in every field is the default. */
typedef struct eqml_cloud_choice_options {
    int cutoff, range; /* nonzero: chosen; else that of *radial stays */
    int weights,
        ridge; /* the same for those of *fit; weights: of energies, and of virials where they take part */
    int parts; /* of the data, 2 to 10; 0: 5 */
    void (*progress)(void *context, int trials); /* told after each trial; NULL: nobody */
    void *context;
} eqml_cloud_choice_options;

typedef struct eqml_cloud_choice {
    int trials, terms; /* cross-validations; terms in the last of them */
    double rms
        [EQML_CLOUD_KINDS]; /* of the choice, in the data held back: (E - E_data) / natoms^(1/2), hartree; forces,
                                  hartree/bohr; virials as energies. 0: not in the data */
} eqml_cloud_choice;

EQML_API eqml_status eqml_cloud_choose(const eqml_cloud_basis *basis, const eqml_frames *frames,
                                       const eqml_cloud_choice_options *options, eqml_radial *radial,
                                       eqml_cloud_fit_options *fit, eqml_cloud_choice *choice,
                                       eqml_message *message);
/*
 * *radial and *fit <- what cross-validation over the training configurations likes best. radial->range is the distance
 * of nearest neighbours, or about that; a cutoff of 0 stands for 2.2 times that. fit also says what to train on, weights
 * of configurations, pairs beneath, and the smoothness of the penalty. Data that are not trained on are not looked at,
 * no clock is read, and the same input gives the same bits. choice and message may be NULL.
 *
 * Of every five training configurations in a row each goes, in an order that looks random, to one of five parts. Four
 * parts predict the fifth, in turn. The score of a trial is the sum of the logarithms of the root mean squares of the
 * errors of energies, forces and, where they take part, virials: no unit and no weight enters it, but for those of
 * configurations.
 *
 *   1. Cutoff and range: a compass search in their logarithms, by steps of 15 and 7 %, with terms up to the level that leaves at
 *      most 400 of them, and with about 40,000 rows, with the weights that are given and a ridge of 1e-6.
 *   2. Ridge and weights: a compass search by factors of 10 and of the root of it, with at most 1,000 terms and all
 *      rows. Triangles of parts and kinds of rows are kept, so that these trials read no data.
 *   3. Of the ridges with these weights the largest that costs at most 1 % in the score.
 *
 * Errors as those of eqml_cloud_fit. EQML_ERROR_EMPTY: fewer than 10 configurations.
 */

EQML_API eqml_status eqml_cloud_choose_level(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                             const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                             int parts, int highest, int *level, double *score, int *terms,
                                             eqml_message *message);
/*
 * *level <- the least whole level up to `highest` whose score is at most 0.02, 2 % of an error, above that of the best;
 * score[highest + 1] <- those of each, terms[highest + 1] how many terms it has; 0 terms: it was not tried, since it has
 * less than three terms or as many as the level below.
 */

EQML_API eqml_status eqml_cloud_cross_validate(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                               const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                               int parts, eqml_cloud_errors *errors, eqml_message *message);
/* *errors <- those of each part, fitted by the others, together. parts 0: 5. */

#endif /* EQML__CLOUD_CHOOSE_H */

/* ==== cloud/potential.h ================================================================================= */

/* Fitted potentials as files. */
#ifndef EQML__CLOUD_POTENTIAL_H
#define EQML__CLOUD_POTENTIAL_H

EQML_API eqml_status eqml_cloud_write(const eqml_cloud_model *model, const char *path, eqml_message *message);
/*
 * Writes the numbers of a potential as text, exact (hexadecimal floats): its environment, radial parameters, energies of
 * atoms, coefficients and pairs, in atomic units. The file appears whole or not at all.
 */

EQML_API eqml_status eqml_cloud_read(const char *path, const eqml_cloud_basis *basis, eqml_radial *radial,
                                     double *coefficients, double *atoms, eqml_pair_reference *pairs,
                                     eqml_message *message);
/*
 * Reads them back: radial, coefficients[basis->nterms], atoms[basis->nspecies], pairs[n (n + 1) / 2] for n species, all
 * zero where the potential has none; pairs may be NULL where it is known to have none. EQML_ERROR_MATCH: the file is for another
 * basis. EQML_ERROR_FILE, EQML_ERROR_FORMAT, EQML_ERROR_VALUE: with file and line in the message.
 */

EQML_API eqml_status eqml_cloud_write_header(const eqml_cloud_model *model, const char *name,
                                             const char *runtime, const char *basis_header, const char *path,
                                             eqml_message *message);
/*
 * Writes a C header that needs nothing else: the parts of the runtime (the file eqml.h), the header of the basis, the
 * numbers, and the functions NAME_nspecies, NAME_species, NAME_cutoff and NAME_evaluate. They are static; NAME_API,
 * defined before, gives them another linkage.
 */

#endif /* EQML__CLOUD_POTENTIAL_H */

/* ==== cloud/grading.h =================================================================================== */

/* Extrapolation grades from a fit, and the configurations to compute next. */
#ifndef EQML__CLOUD_GRADING_H
#define EQML__CLOUD_GRADING_H

EQML_API eqml_status eqml_cloud_grader_create(eqml_cloud_grader *grader, const eqml_cloud_model *model,
                                              eqml_lsq *triangle, const eqml_frames *frames,
                                              const unsigned char *use, int rows, eqml_message *message);
/*
 * From the triangle of the fit that made the model, see eqml_cloud_fit, and its training data; release it with
 * eqml_cloud_grader_free. rows 0, or as many as columns: the whole of F, columns^2 / 2 numbers; else so many random
 * combinations of its rows, a multiple of 8 at least. What the data leave undetermined is not in the variance: give a ridge. On failure *grader is empty.
 */

EQML_API void eqml_cloud_grader_free(eqml_cloud_grader *grader);

EQML_API eqml_status eqml_cloud_design(const eqml_cloud_grader *grader, const eqml_cloud_model *model,
                                       const eqml_frames *pool, const eqml_cloud_fit_options *options,
                                       int forces, size_t wanted, eqml_design_choice *choice, size_t *found,
                                       eqml_message *message);
/*
 * choice[*found] <- at most `wanted` of the configurations of the pool, those to be computed next, in order of merit: the
 * same choice as eqml_design makes among geometries, by the rows of their energies and, where forces is not zero, of
 * their forces, weighted as in the fit. The grader has the whole of F.
 *
 * EQML_ERROR_ARGUMENT: it has not, or the data leave terms undetermined; a ridge helps.
 */

EQML_API eqml_status eqml_cloud_write_grades(const eqml_cloud_grader *grader, const eqml_cloud_model *model,
                                             const char *name, const char *runtime, const char *path,
                                             eqml_message *message);
/* Writes a C header that includes "NAME_pot.h" and adds NAME_grades(), with the matrix as a constant; runtime: eqml.h. */

#endif /* EQML__CLOUD_GRADING_H */

/* Implementation. */
#if defined(EQML_IMPLEMENTATION) && !defined(EQML_IMPLEMENTED)
#define EQML_IMPLEMENTED

/* ==== status.c ========================================================================================== */

/* Messages. */
#ifndef EQML__STATUS_C
#define EQML__STATUS_C
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *eqml_status_text(eqml_status status)
{
#define EQML__STATUS_TEXT(code, text) text,
    static const char *const texts[] = {EQML_STATUS_LIST(EQML__STATUS_TEXT)};
#undef EQML__STATUS_TEXT
    return (unsigned)status < (unsigned)EQML_STATUS_COUNT ? texts[status] : "unknown status";
}

/*
 * Writes the message, unless it is NULL, and returns the status: `return eqml__fail(...);` says why and ends.
 */
EQML_FUNCTION eqml_status eqml__fail(eqml_message *message, eqml_status status, const char *format, ...)
{
    if (message) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message->text, sizeof message->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

/*
 * The same of a file: its name stands before what is said, and its line unless that is 0. A long path keeps
 * its end, which names the file, and leaves room for the reason.
 */
EQML_FUNCTION eqml_status eqml__fail_file(eqml_message *message, eqml_status status, const char *path,
                                          size_t line, const char *format, ...)
{
    const size_t room = 255, length = strlen(path);
    const char *shown = length > room ? path + length - room : path;
    eqml_message why;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why.text, sizeof why.text, format, arguments);
    va_end(arguments);
    if (line > 0)
        return eqml__fail(message, status, "%s:%zu: %.230s", shown, line, why.text);
    return eqml__fail(message, status, "%s: %.230s", shown, why.text);
}

#endif /* EQML__STATUS_C */

/* ==== memory.c ========================================================================================== */

/* Arrays of zeros. */
#ifndef EQML__MEMORY_C
#define EQML__MEMORY_C
#include <stdint.h>
#include <string.h>

/* a * b, or SIZE_MAX, which no allocation can have, if the product does not fit. */
static size_t eqml__times(size_t a, size_t b)
{
    return b && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

/* An array of zeros that is never empty, so that NULL only means failure. Release it with EQML_FREE. */
static void *eqml__zeroed(size_t count, size_t size)
{
    const size_t bytes = eqml__times(count, size);
    void *array = bytes < SIZE_MAX ? EQML_MALLOC(bytes + 1) : NULL;
    return array ? memset(array, 0, bytes + 1) : NULL;
}

#endif /* EQML__MEMORY_C */

/* ==== threads.h ========================================================================================= */

/* The threads of OpenMP, where the compiler has it; else all is done by one. */
#ifndef EQML__THREADS_H
#define EQML__THREADS_H

/* EQML__OMP(directive) is `#pragma omp directive`. What is dealt out this way is computed alike by whichever thread
 * takes it, so that results do not depend on their number. */
#ifdef _OPENMP
#include <omp.h>
#define EQML__OMP(directive) EQML__PRAGMA(omp directive)
#define EQML__PRAGMA(text) _Pragma(#text)
#else
#define EQML__OMP(directive)
#endif

/* How many there will be: OMP_NUM_THREADS, or one for each core. */
static inline int eqml__most_threads(void)
{
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

/* The number of the one that asks, from 0. */
static inline int eqml__this_thread(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

#endif /* EQML__THREADS_H */

/* ==== text.c ============================================================================================ */

/* Text in pieces: words, labels, numbers. */
#ifndef EQML__TEXT_C
#define EQML__TEXT_C
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define EQML__BLANKS " \t\r\v\f" /* with CR, so that line ends of either kind are read */
#define EQML__ABSENT SIZE_MAX

/* A piece of a text; no NUL ends it. */
typedef struct eqml__span {
    const char *begin, *end;
} eqml__span;

static int eqml__is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static void eqml__skip(eqml__span *rest, const char *set)
{
    while (rest->begin < rest->end && eqml__is_one_of(*rest->begin, set))
        rest->begin++;
}

/* Takes the next word off *rest. Returns 0, and an empty word, at the end. */
static int eqml__next_word(eqml__span *rest, const char *separators, eqml__span *word)
{
    eqml__skip(rest, separators);
    word->begin = rest->begin;
    while (rest->begin < rest->end && !eqml__is_one_of(*rest->begin, separators))
        rest->begin++;
    word->end = rest->begin;
    return word->begin < word->end;
}

static size_t eqml__count_words(eqml__span rest)
{
    size_t count = 0;
    for (eqml__span word; eqml__next_word(&rest, EQML__BLANKS, &word);)
        count++;
    return count;
}

/* ASCII only, because what is a letter must not depend on the locale. */
static char eqml__lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether the word is this one, in any case. */
static int eqml__equals(eqml__span word, const char *lower_case)
{
    for (; word.begin < word.end && *lower_case; word.begin++, lower_case++)
        if (eqml__lower(*word.begin) != *lower_case)
            return 0;
    return word.begin == word.end && *lower_case == '\0';
}

/* Whether the word has this text in it, in any case. */
static int eqml__has_text(eqml__span word, const char *lower_case)
{
    const size_t length = strlen(lower_case);
    for (; (size_t)(word.end - word.begin) >= length; word.begin++) {
        const eqml__span here = {word.begin, word.begin + length};
        if (eqml__equals(here, lower_case))
            return 1;
    }
    return 0;
}

/* Whether two words are the same, in any case. */
static int eqml__same_word(eqml__span a, eqml__span b)
{
    if (a.end - a.begin != b.end - b.begin)
        return 0;
    for (; a.begin < a.end; a.begin++, b.begin++)
        if (eqml__lower(*a.begin) != eqml__lower(*b.begin))
            return 0;
    return 1;
}

/* Whether the span is this text, to the letter. */
static int eqml__is(eqml__span span, const char *text)
{
    const size_t length = (size_t)(span.end - span.begin);
    return length == strlen(text) && memcmp(span.begin, text, length) == 0;
}

static eqml__span eqml__span_of(const char *text)
{
    const eqml__span span = {text, text + strlen(text)};
    return span;
}

/* Word number k, from 0, of a list that blanks separate; empty past the last. */
static eqml__span eqml__word(const char *list, int k)
{
    eqml__span rest = eqml__span_of(list), word = rest;
    for (; k >= 0; k--)
        eqml__next_word(&rest, EQML__BLANKS, &word);
    return word;
}

/*
 * A text as messages show it: in quotes, cut after 50 characters, control characters as ?; "nothing" if
 * empty.
 */
static eqml_message eqml__quote(eqml__span text)
{
    eqml_message quote;
    eqml__skip(&text, EQML__BLANKS);
    while (text.begin < text.end && eqml__is_one_of(text.end[-1], EQML__BLANKS))
        text.end--;
    const int length = (int)(text.end - text.begin < 50 ? text.end - text.begin : 50);
    for (int i = 0; i < length; i++)
        quote.text[1 + i] = (unsigned char)text.begin[i] < ' ' ? '?' : text.begin[i];
    quote.text[0] = '"';
    strcpy(quote.text + 1 + length, text.begin + length < text.end ? "...\"" : "\"");
    if (length == 0)
        strcpy(quote.text, "nothing");
    return quote;
}

/* ---- counts, labels, numbers --------------------------------------------------------------------------- */

/* Returns a whole number of at most nine digits, or -1 if the word is none. */
static int eqml__parse_count(eqml__span word)
{
    int count = 0;
    if (word.begin == word.end || word.end - word.begin > 9)
        return -1;
    for (; word.begin < word.end; word.begin++) {
        if (*word.begin < '0' || *word.begin > '9')
            return -1;
        count = 10 * count + (*word.begin - '0');
    }
    return count;
}

/* Takes `count` whole numbers off *rest. Returns 0 if one is missing or not from least to most. */
static int eqml__next_counts(eqml__span *rest, int count, int least, int most, int *number)
{
    eqml__span word;
    for (int k = 0; k < count; k++) {
        eqml__next_word(rest, EQML__BLANKS, &word);
        number[k] = eqml__parse_count(word);
        if (number[k] < least || number[k] > most)
            return 0;
    }
    return 1;
}

/* How numbers are written: in data sets, and in files that eqml writes. */
typedef enum eqml__notation {
    EQML__DECIMAL,    /* Fortran's exponents (1.0D+00, 0.1-103) too; at most 1e100 in size */
    EQML__HEXADECIMAL /* or decimal; any finite number */
} eqml__notation;

/*
 * Where Fortran has dropped the letter of an exponent, as it does before three digits: the sign in 0.123-103. NULL where
 * it has not.
 */
static const char *eqml__bare_exponent(eqml__span word)
{
    if (word.end - word.begin < 6 || !eqml__is_one_of(word.end[-4], "+-"))
        return NULL;
    const char *sign = word.end - 4;
    for (const char *at = sign + 1; at < word.end; at++)
        if (*at < '0' || *at > '9')
            return NULL;
    int point = 0;
    for (const char *at = word.begin; at < sign; at++) {
        if (!eqml__is_one_of(*at, at == word.begin ? "+-.0123456789" : ".0123456789"))
            return NULL;
        point |= *at == '.';
    }
    return point ? sign : NULL;
}

/*
 * The number that is the whole of a word. EQML_ERROR_FORMAT: it is none. EQML_ERROR_VALUE: it is not finite,
 * or too large. strtod() is given the locale's decimal point, which it expects; what else it would take is
 * refused. 1e100 is far beyond anything physical and leaves squares and products finite. nan and inf are
 * known by their n, which holds under -ffast-math too.
 */
static eqml_status eqml__parse_number(eqml__span word, eqml__notation notation, double *number)
{
    const int decimal = notation == EQML__DECIMAL;
    const char *point = localeconv()->decimal_point;
    const char *bare = decimal ? eqml__bare_exponent(word) : NULL;
    char text[128], *end = text;
    for (; word.begin < word.end; word.begin++) {
        const char *as = word.begin;
        if (*word.begin == '.')
            as = point;
        else if (decimal && eqml__is_one_of(*word.begin, "dD"))
            as = "e";
        const size_t length = as == point ? strlen(point) : 1;
        if (*word.begin == '\0' || strchr(decimal ? "xX(," : "(,", *word.begin) ||
            (size_t)(end - text) + length + 1 >= sizeof text)
            return EQML_ERROR_FORMAT;
        if (word.begin == bare)
            *end++ = 'e';
        memcpy(end, as, length);
        end += length;
    }
    *end = '\0';
    *number = strtod(text, &end);
    if (end == text || *end != '\0')
        return EQML_ERROR_FORMAT;
    return fabs(*number) > (decimal ? 1e100 : DBL_MAX) || strpbrk(text, "nN") ? EQML_ERROR_VALUE : EQML_OK;
}

/*
 * symbol <- an element's label in its usual case, from a label or an atomic number, 8 or 8.0. What else programs write
 * behind an element is dropped: H1, O_w, C(2), and masses but for isotopes of hydrogen, which are D and T: H@2.014.
 * Returns 0 if the word is none of these.
 */
static int eqml__parse_label(eqml__span word, char symbol[4])
{
    static const char elements[] = "H HeLiBeB C N O F NeNaMgAlSiP S ClArK CaScTiV CrMnFeCoNiCuZnGaGeAsSeBrKr"
                                   "RbSrY ZrNbMoTcRuRhPdAgCdInSnSbTeI XeCsBaLaCePrNdPmSmEuGdTbDyHoErTmYbLuHf"
                                   "TaW ReOsIrPtAuHgTlPbBiPoAtRnFrRaAcThPaU NpPuAmCmBkCfEsFmMdNoLrRfDbSgBhHs"
                                   "MtDsRgCnNhFlMcLvTsOg";
    eqml__span head = word, tail;
    double mass = 0;
    const char *zeros = word.begin;
    while (zeros < word.end && *zeros >= '0' && *zeros <= '9')
        zeros++;
    if (zeros < word.end && *zeros == '.') {
        const char *rest = zeros + 1;
        while (rest < word.end && *rest == '0')
            rest++;
        head.end = rest == word.end ? zeros : word.end;
    }
    const int number = eqml__parse_count(head);
    if (number >= 1 && number <= 118) {
        word.begin = elements + 2 * (number - 1);
        word.end = word.begin + (word.begin[1] == ' ' ? 1 : 2);
    }
    memset(symbol, 0, 4);
    for (int i = 0; word.begin < word.end; i++, word.begin++) {
        const char letter = eqml__lower(*word.begin);
        if (letter < 'a' || letter > 'z')
            break;
        if (i == 3)
            return 0;
        symbol[i] = i == 0 ? (char)(letter - 'a' + 'A') : letter;
    }
    tail = word;
    if (tail.begin == tail.end)
        return symbol[0] != '\0';
    /* something stands behind the letters: these must be an element, so that a slip is no label */
    int known = eqml__is_one_of(*tail.begin, "0123456789_@-+(.:*'") && symbol[0] != '\0' && symbol[2] == '\0';
    for (const char *e = elements; known == 1 && *e; e += 2)
        known += e[0] == symbol[0] && (e[1] == symbol[1] || (e[1] == ' ' && symbol[1] == '\0'));
    if (known != 2 && !(known == 1 && !symbol[1] && eqml__is_one_of(symbol[0], "DT")))
        return 0;
    for (const char *at = tail.begin; at < tail.end; at++)
        if ((unsigned char)*at < '!')
            return 0;
    if (*tail.begin != '@')
        return 1;
    tail.begin++;
    if (eqml__parse_number(tail, EQML__DECIMAL, &mass) || !(mass > 0))
        return 0;
    if (symbol[0] == 'H' && !symbol[1] && mass > 1.9)
        symbol[0] = mass < 2.5 ? 'D' : 'T';
    return 1;
}

#endif /* EQML__TEXT_C */

/* ==== reader.c ========================================================================================== */

/* Text files, held in memory and read line by line. */
#ifndef EQML__READER_C
#define EQML__READER_C
#include <errno.h>
#include <stdio.h>

/* Bytes to begin with: one more than the file has, so that its end is seen; 1 MB for what has no size. */
static size_t eqml__first_room(FILE *file)
{
    const long size = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
    if (size >= 0)
        rewind(file);
    return size > 0 && (size_t)size < SIZE_MAX / 4 ? (size_t)size + 1 : (size_t)1 << 20;
}

/* Reads a stream to its end and puts a NUL behind it; the caller frees *text, also where this fails. */
static eqml_status eqml__read_stream(FILE *file, char **text, size_t *size)
{
    for (size_t room = eqml__first_room(file);; room = eqml__times(room, 2)) {
        char *larger = room < SIZE_MAX ? (char *)EQML_MALLOC(room) : NULL;
        if (!larger)
            return EQML_ERROR_MEMORY;
        if (*text)
            memcpy(larger, *text, *size);
        EQML_FREE(*text);
        *text = larger;
        *size += fread(*text + *size, 1, room - *size, file);
        if (*size < room) {
            (*text)[*size] = '\0';
            return ferror(file) ? EQML_ERROR_FILE : EQML_OK;
        }
    }
}

/* *text <- the whole of a file, *size bytes and a NUL, for the caller to free; NULL on failure. */
static eqml_status eqml__load_text(const char *path, char **text, size_t *size, eqml_message *message)
{
    FILE *file = fopen(path, "rb");
    *text = NULL;
    *size = 0;
    const eqml_status status = file ? eqml__read_stream(file, text, size) : EQML_ERROR_FILE;
    if (status == EQML_ERROR_FILE)
        eqml__fail_file(message, status, path, 0, "cannot be read: %s", strerror(errno));
    else if (status)
        eqml__fail_file(message, status, path, 0, "no memory for the file");
    if (file)
        fclose(file);
    if (status) {
        EQML_FREE(*text);
        *text = NULL;
    }
    return status;
}

typedef struct eqml__reader {
    const char *path;
    char *text;            /* owned */
    eqml__span rest;       /* what is yet to be read */
    size_t line;           /* the line read last, or at fault; from 1 */
    eqml_message *message; /* receives why the file is refused; may be NULL */
} eqml__reader;

/* Refuses the file at its line, for a reason given as to printf; returns the status. */
#define EQML__REFUSE(reader, status, ...)                                                                    \
    eqml__fail_file((reader)->message, status, (reader)->path, (reader)->line, __VA_ARGS__)

/* path and message must stay; on failure there is nothing to close. */
static eqml_status eqml__open_reader(eqml__reader *r, const char *path, eqml_message *message)
{
    size_t size;
    const eqml_status status = eqml__load_text(path, &r->text, &size, message);
    r->path = path;
    r->line = 0;
    r->message = message;
    r->rest.begin = r->text;
    r->rest.end = r->text ? r->text + size : NULL;
    if (size >= 3 && !status && memcmp(r->text, "\xEF\xBB\xBF", 3) == 0) /* a byte order mark */
        r->rest.begin += 3;
    return status;
}

static void eqml__close_reader(eqml__reader *r)
{
    EQML_FREE(r->text);
    r->text = NULL;
}

/* Takes the next line off the text, without its line feed; 0 at the end of the file. */
static int eqml__next_line(eqml__reader *r, eqml__span *line)
{
    if (r->rest.begin == r->rest.end)
        return 0;
    const char *feed = (const char *)memchr(r->rest.begin, '\n', (size_t)(r->rest.end - r->rest.begin));
    line->begin = r->rest.begin;
    line->end = feed ? feed : r->rest.end;
    r->rest.begin = feed ? feed + 1 : r->rest.end;
    r->line++;
    return 1;
}

#endif /* EQML__READER_C */

/* ==== units.c =========================================================================================== */

/* Units by name. */
#ifndef EQML__UNITS_C
#define EQML__UNITS_C

#define EQML__DEBYE 0.39343026952179116 /* e*bohr; 1e-21 / 299792458 coulomb metres, CODATA 2018 */

/* A name, the name that messages use, and the size in atomic units. The first of a size is that other name. */
typedef struct eqml__unit {
    eqml_quantity quantity;
    const char *name, *usual;
    double size;
} eqml__unit;

static const eqml__unit eqml__units[] = {
    {EQML_UNIT_ENERGY, "hartree", "hartree", 1},
    {EQML_UNIT_ENERGY, "hartrees", "hartree", 1},
    {EQML_UNIT_ENERGY, "ha", "hartree", 1},
    {EQML_UNIT_ENERGY, "eh", "hartree", 1},
    {EQML_UNIT_ENERGY, "ev", "eV", EQML_EV},
    {EQML_UNIT_ENERGY, "mev", "meV", 1e-3 * EQML_EV},
    {EQML_UNIT_ENERGY, "ry", "Ry", 0.5},
    {EQML_UNIT_ENERGY, "rydberg", "Ry", 0.5},
    {EQML_UNIT_ENERGY, "kcal/mol", "kcal/mol", 1 / 627.5094740631},
    {EQML_UNIT_ENERGY, "kcal", "kcal/mol", 1 / 627.5094740631},
    {EQML_UNIT_ENERGY, "kj/mol", "kJ/mol", 1 / 2625.4996394799},
    {EQML_UNIT_ENERGY, "kj", "kJ/mol", 1 / 2625.4996394799},
    {EQML_UNIT_ENERGY, "cm-1", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "cm^-1", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "cm^{-1}", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "cm**-1", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "1/cm", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "wavenumber", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "wavenumbers", "cm-1", 1 / 219474.6313632},
    {EQML_UNIT_ENERGY, "kelvin", "K", 1 / 315775.02480407},
    {EQML_UNIT_ENERGY, "k", "K", 1 / 315775.02480407},
    {EQML_UNIT_LENGTH, "bohr", "bohr", 1},
    {EQML_UNIT_LENGTH, "bohrs", "bohr", 1},
    {EQML_UNIT_LENGTH, "a0", "bohr", 1},
    {EQML_UNIT_LENGTH, "angstrom", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "angstroms", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "ang", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "a", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "\xC3\x85", "angstrom", EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "pm", "pm", 1e-2 * EQML_ANGSTROM},
    {EQML_UNIT_LENGTH, "nm", "nm", 10 * EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "e*bohr", "e*bohr", 1},
    {EQML_UNIT_DIPOLE, "e*a0", "e*bohr", 1},
    {EQML_UNIT_DIPOLE, "ea0", "e*bohr", 1},
    {EQML_UNIT_DIPOLE, "e*angstrom", "e*angstrom", EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "e*ang", "e*angstrom", EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "e*a", "e*angstrom", EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "ea", "e*angstrom", EQML_ANGSTROM},
    {EQML_UNIT_DIPOLE, "debye", "debye", EQML__DEBYE},
    {EQML_UNIT_DIPOLE, "d", "debye", EQML__DEBYE},
    {EQML_UNIT_QUADRUPOLE, "e*bohr^2", "e*bohr^2", 1},
    {EQML_UNIT_QUADRUPOLE, "ea0^2", "e*bohr^2", 1},
    {EQML_UNIT_QUADRUPOLE, "e*angstrom^2", "e*angstrom^2", EQML_ANGSTROM *EQML_ANGSTROM},
    {EQML_UNIT_QUADRUPOLE, "e*a^2", "e*angstrom^2", EQML_ANGSTROM *EQML_ANGSTROM},
    {EQML_UNIT_QUADRUPOLE, "debye*angstrom", "debye*angstrom", EQML__DEBYE *EQML_ANGSTROM},
    {EQML_UNIT_QUADRUPOLE, "buckingham", "debye*angstrom", EQML__DEBYE *EQML_ANGSTROM},
    {EQML_UNIT_POLARIZABILITY, "bohr^3", "bohr^3", 1},
    {EQML_UNIT_POLARIZABILITY, "a0^3", "bohr^3", 1},
    {EQML_UNIT_POLARIZABILITY, "angstrom^3", "angstrom^3", EQML_ANGSTROM *EQML_ANGSTROM *EQML_ANGSTROM},
    {EQML_UNIT_POLARIZABILITY, "a^3", "angstrom^3", EQML_ANGSTROM *EQML_ANGSTROM *EQML_ANGSTROM},
};

/* A name of a unit in the words of messages, and its size; size 0: none. */
typedef struct eqml__measure {
    char name[32];
    double size;
} eqml__measure;

/* An energy, "/", and a length: the slash is the last one, since energies may have one too. */
static eqml__measure eqml__find_unit(eqml_quantity quantity, eqml__span name)
{
    static const char *const atomic[EQML_QUANTITIES] = {"hartree", "bohr",     "hartree/bohr",
                                                        "e*bohr",  "e*bohr^2", "bohr^3"};
    eqml__measure found = {"", 0};
    if (eqml__equals(name, "au") || eqml__equals(name, "a.u.") || eqml__equals(name, "atomic")) {
        strcpy(found.name, atomic[quantity]);
        found.size = 1;
        return found;
    }
    for (size_t k = 0; k < sizeof eqml__units / sizeof *eqml__units; k++)
        if (eqml__units[k].quantity == quantity && eqml__equals(name, eqml__units[k].name)) {
            strcpy(found.name, eqml__units[k].usual);
            found.size = eqml__units[k].size;
        }
    const char *slash = name.end;
    while (quantity == EQML_UNIT_GRADIENT && slash > name.begin && *--slash != '/')
        ;
    if (quantity != EQML_UNIT_GRADIENT || slash <= name.begin)
        return found;
    const eqml__span above = {name.begin, slash}, below = {slash + 1, name.end};
    const eqml__measure energy = eqml__find_unit(EQML_UNIT_ENERGY, above),
                        length = eqml__find_unit(EQML_UNIT_LENGTH, below);
    if (energy.size > 0 && length.size > 0) {
        snprintf(found.name, sizeof found.name, "%.15s/%.15s", energy.name, length.name);
        found.size = energy.size / length.size;
    }
    return found;
}

EQML_API double eqml_unit(eqml_quantity quantity, const char *name)
{
    const int known = name && (unsigned)quantity < (unsigned)EQML_QUANTITIES;
    return known ? eqml__find_unit(quantity, eqml__span_of(name)).size : 0;
}

EQML_API const char *eqml_unit_names(eqml_quantity quantity)
{
    static const char *const names[EQML_QUANTITIES] = {
        "hartree, eV, meV, Ry, kcal/mol, kJ/mol, cm-1 or K",  "angstrom, bohr, pm or nm",
        "hartree/bohr, eV/angstrom or another energy/length", "e*angstrom, e*bohr or debye",
        "e*angstrom^2, e*bohr^2 or debye*angstrom",           "bohr^3 or angstrom^3"};
    return names[quantity];
}

#endif /* EQML__UNITS_C */

/* ==== comment.c ========================================================================================= */

/* Comment lines of data sets: keys, units, which of the layouts a frame has, and its energy and tensors. */
#ifndef EQML__COMMENT_C
#define EQML__COMMENT_C
#include <math.h>
#include <string.h>

/* A data set while it is read. */
typedef struct eqml__frames {
    eqml__reader in;
    const eqml_data_options *options;
    eqml_data *data;
    eqml_data_source *source;
    size_t frame;      /* the line that opened this frame */
    char (*labels)[4]; /* [natoms] of this frame, in its order; owned */
    double *row;       /* [natoms][3], to move atoms; owned */
} eqml__frames;

/* What the comment line of a frame says; a missing value has begin == NULL. */
typedef struct eqml__keys {
    eqml__span line, first; /* all of it; its first word */
    eqml__span properties, energy, tensors[EQML_TENSORS], unit[EQML_QUANTITIES], units;
    eqml__span twice; /* a key that was there before */
    int number;       /* nonzero: the first word is a number */
    int closed;       /* nonzero: all quotes and brackets are closed */
} eqml__keys;

/* Where the columns of each quantity begin in the atom lines of a frame, from 0, or EQML__ABSENT. */
typedef struct eqml__layout {
    eqml_data_layout *words; /* what the source says of this layout */
    size_t species, pos, gradient;
    size_t columns;
    int forces;                   /* nonzero: the columns are forces */
    double length_unit;           /* bohr */
    double gradient_unit;         /* hartree/bohr; negative where the file has forces; 0: not known */
    eqml__measure energy, length; /* the units, for a message */
} eqml__layout;

/* *value <- a number of the file times unit; `what` names it in messages. */
static eqml_status eqml__read_number(eqml__frames *r, const char *what, eqml__span word, double unit,
                                     double *value)
{
    double number = 0.0;
    const eqml_status status = eqml__parse_number(word, EQML__DECIMAL, &number);
    *value = number * unit;
    if (!status)
        return status;
    return EQML__REFUSE(&r->in, status,
                        status == EQML_ERROR_VALUE
                            ? "expected a finite number as %s, found %s; remove this geometry"
                            : "expected a decimal number as %s, found %s",
                        what, eqml__quote(word).text);
}

/* ---- comment lines ------------------------------------------------------------------------------------- */

/* Takes the value after key= off *rest: a word, or what stands in quotes or brackets. 0: they never close. */
static int eqml__next_value(eqml__span *rest, eqml__span *value)
{
    static const char opening[] = "\"'{[", closing[] = "\"'}]";
    const char open = rest->begin < rest->end ? *rest->begin : ' ';
    if (!eqml__is_one_of(open, opening)) {
        eqml__next_word(rest, EQML__BLANKS, value);
        return 1;
    }
    const char close = closing[strchr(opening, open) - opening];
    value->begin = rest->begin + 1;
    value->end = (const char *)memchr(value->begin, close, (size_t)(rest->end - value->begin));
    rest->begin = value->end ? value->end + 1 : rest->end;
    return value->end != NULL;
}

/* Takes a key and its value off *rest; other words are skipped. 0 at the end, or where *closed turned 0. */
static int eqml__next_key(eqml__span *rest, eqml__span *key, eqml__span *value, int *closed)
{
    while (eqml__next_word(rest, "=" EQML__BLANKS, key)) {
        eqml__skip(rest, EQML__BLANKS);
        if (rest->begin == rest->end || *rest->begin != '=')
            continue;
        rest->begin++;
        eqml__skip(rest, EQML__BLANKS);
        *closed = eqml__next_value(rest, value);
        return *closed;
    }
    return 0;
}

/* Of which quantity a key is the unit, EQML_QUANTITIES for all of them, or -1. */
static int eqml__unit_key(eqml__span key)
{
    static const struct {
        const char *word;
        eqml_quantity quantity;
    } words[] = {{"ener", EQML_UNIT_ENERGY},
                 {"forc", EQML_UNIT_GRADIENT},
                 {"grad", EQML_UNIT_GRADIENT},
                 {"leng", EQML_UNIT_LENGTH},
                 {"pos", EQML_UNIT_LENGTH},
                 {"dist", EQML_UNIT_LENGTH},
                 {"coord", EQML_UNIT_LENGTH},
                 {"dipole", EQML_UNIT_DIPOLE},
                 {"quadrupole", EQML_UNIT_QUADRUPOLE},
                 {"polariz", EQML_UNIT_POLARIZABILITY}};
    if (eqml__equals(key, "unit") || eqml__equals(key, "units"))
        return EQML_QUANTITIES;
    for (size_t k = 0; k < sizeof words / sizeof *words && eqml__has_text(key, "unit"); k++)
        if (eqml__has_text(key, words[k].word))
            return (int)words[k].quantity;
    return -1;
}

/* The place of a key's value; NULL for keys that are not read. */
static eqml__span *eqml__slot_of(eqml__keys *keys, eqml__span key, const char *energy_key)
{
    const int unit = eqml__unit_key(key);
    if (eqml__equals(key, "properties"))
        return &keys->properties;
    if (eqml__same_word(key, eqml__span_of(energy_key ? energy_key : "energy")))
        return &keys->energy;
    if (eqml__equals(key, "dipole_moment"))
        return &keys->tensors[EQML_DIPOLE];
    for (int k = 0; k < EQML_TENSORS; k++)
        if (eqml__equals(key, eqml_tensor_name((eqml_tensor)k)))
            return &keys->tensors[k];
    return unit < 0 ? NULL : unit < EQML_QUANTITIES ? &keys->unit[unit] : &keys->units;
}

/* Finds the known keys in a line of key=value pairs and other words. */
static eqml__keys eqml__find_keys(eqml__span line, const char *energy_key)
{
    eqml__keys keys;
    eqml__span rest = line, key, value;
    double number;
    memset(&keys, 0, sizeof keys);
    keys.closed = 1;
    keys.line = line;
    while (eqml__next_key(&rest, &key, &value, &keys.closed)) {
        eqml__span *slot = eqml__slot_of(&keys, key, energy_key);
        if (slot && slot->begin)
            keys.twice = key;
        if (slot)
            *slot = value;
    }
    rest = line;
    eqml__next_word(&rest, EQML__BLANKS, &keys.first);
    keys.number = eqml__parse_number(keys.first, EQML__DECIMAL, &number) != EQML_ERROR_FORMAT;
    return keys;
}

/* ---- units --------------------------------------------------------------------------------------------- */

/* The unit of a quantity that the options or the line name; size 0 where they name none. */
static eqml_status eqml__named_unit(eqml__frames *r, const eqml__keys *keys, eqml_quantity q,
                                    eqml__measure *unit)
{
    static const char *const what[EQML_QUANTITIES] = {"energies", "lengths",     "gradients",
                                                      "dipoles",  "quadrupoles", "polarizabilities"};
    eqml__span name = keys->unit[q];
    memset(unit, 0, sizeof *unit);
    if (r->options->unit[q])
        name = eqml__span_of(r->options->unit[q]);
    if (name.begin) {
        *unit = eqml__find_unit(q, name);
        if (!(unit->size > 0))
            return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "expected %s as the unit of %s, found %s",
                                eqml_unit_names(q), what[q], eqml__quote(name).text);
    } else if (keys->units.begin) {
        *unit = eqml__find_unit(q, keys->units);
    }
    return EQML_OK;
}

/* A key `units` must be a unit of something. */
static eqml_status eqml__check_units(eqml__frames *r, const eqml__keys *keys)
{
    int known = !keys->units.begin;
    for (int q = 0; q < EQML_QUANTITIES; q++)
        known |= eqml__find_unit((eqml_quantity)q, keys->units).size > 0;
    if (known)
        return EQML_OK;
    return EQML__REFUSE(
        &r->in, EQML_ERROR_FORMAT,
        "expected au, or a unit of energies, lengths or gradients as units, found %s; write energy_unit=, "
        "length_unit= or gradient_unit=",
        eqml__quote(keys->units).text);
}

/* A word with brackets round it, or without. */
static eqml__span eqml__strip(eqml__span word)
{
    while (word.begin < word.end && eqml__is_one_of(*word.begin, "([{\"'"))
        word.begin++;
    while (word.begin < word.end && eqml__is_one_of(word.end[-1], ")]}\"',;"))
        word.end--;
    return word;
}

/* Takes down a unit or a name for the source; another one than in the frame before is noted. */
static void eqml__take_down(eqml_data_layout *words, char *place, size_t room, eqml__span name)
{
    const int length =
        (int)((size_t)(name.end - name.begin) < room ? name.end - name.begin : (ptrdiff_t)room - 1);
    if (*place && ((int)strlen(place) != length || memcmp(place, name.begin, (size_t)length)))
        words->mixed = 1;
    memcpy(place, name.begin, (size_t)length);
    place[length] = '\0';
}

static void eqml__take_unit(eqml_data_layout *words, eqml_quantity q, const eqml__measure *unit)
{
    eqml__take_down(words, words->unit[q], sizeof words->unit[q], eqml__span_of(unit->name));
}

/* The unit that a word behind an energy names, as in -40.5 hartree; size 0 where it is no unit. */
static eqml_status eqml__unit_behind(eqml__frames *r, eqml__span word, eqml__measure *unit)
{
    static const char *const parts[] = {"hartree", "/mol", "kcal", "joule", "cm-", "cm^", "kelvin"};
    const eqml__span name = eqml__strip(word);
    int meant = 0;
    for (const char *at = word.begin; at < word.end; at++)
        if (*at == '=') /* a key */
            return EQML_OK;
    if (name.end - name.begin > 1) /* a K or A alone may be anything */
        *unit = eqml__find_unit(EQML_UNIT_ENERGY, name);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        meant |= eqml__has_text(name, parts[k]);
    if (unit->size > 0 || !meant)
        return EQML_OK;
    return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                        "expected %s as the unit of energies, found %s; or say --energy-unit",
                        eqml_unit_names(EQML_UNIT_ENERGY), eqml__quote(word).text);
}

/* Refuses a line of the plain layout that names another unit of energies than its own, but not where it would be heeded. */
static eqml_status eqml__check_words(eqml__frames *r, eqml__span line)
{
    static const char *const others[] = {"ev",   "mev",   "kcal/mol", "kj/mol",
                                         "cm-1", "cm^-1", "rydberg",  "kelvin"};
    for (eqml__span word; eqml__next_word(&line, EQML__BLANKS, &word);)
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            if (eqml__equals(eqml__strip(word), others[k]))
                return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                                    "is %s the unit of the energy? Say --energy-unit, %s or hartree",
                                    eqml__quote(word).text, others[k]);
    return EQML_OK;
}

/*
 * The units of a frame. `own` are those of its layout. That of gradients follows from those of energies and lengths only
 * where these are the layout's own, or atomic; else it must be named. behind: the word behind the energy; words: those that may name its
 * unit as well, or none.
 */
static eqml_status eqml__find_units(eqml__frames *r, const eqml__keys *keys, eqml__span behind,
                                    eqml__span words, const char *const *own, eqml__measure *unit)
{
    eqml_status status = eqml__check_units(r, keys);
    for (int k = 0; !status && k < EQML_QUANTITIES; k++) {
        const eqml_quantity q = (eqml_quantity)k;
        status = eqml__named_unit(r, keys, q, &unit[q]);
        if (!status && q == EQML_UNIT_ENERGY && !(unit[q].size > 0))
            status = eqml__unit_behind(r, behind, &unit[q]);
        if (!status && q == EQML_UNIT_ENERGY && !(unit[q].size > 0) && words.begin)
            status = eqml__check_words(r, words);
        if (unit[q].size > 0)
            continue;
        const eqml__measure usual = eqml__find_unit(q, eqml__span_of(own[q]));
        if (q != EQML_UNIT_GRADIENT || (!strcmp(unit[EQML_UNIT_ENERGY].name, own[EQML_UNIT_ENERGY]) &&
                                        !strcmp(unit[EQML_UNIT_LENGTH].name, own[EQML_UNIT_LENGTH])))
            unit[q] = usual;
        else if (unit[EQML_UNIT_ENERGY].size == 1 && unit[EQML_UNIT_LENGTH].size == 1)
            unit[q] = eqml__find_unit(q, eqml__span_of("au"));
    }
    return status;
}

/* ---- what looks like energies and gradients, and is not read ------------------------------------------- */

static int eqml__looks_like(eqml__span name, int what)
{
    static const char *const energies[] = {"e",     "u",  "u0",   "e0",        "etot", "e_tot",
                                           "toten", "pe", "epot", "potential", "scf"};
    static const char *const not_those[] = {"err", "sigma", "std", "weight", "unit", "var", "unc"};
    int alike = what == EQML_HAS_ENERGY ? eqml__has_text(name, "ener")
                                        : eqml__has_text(name, "forc") || eqml__has_text(name, "grad");
    for (size_t k = 0; k < sizeof energies / sizeof *energies; k++)
        alike |= what == EQML_HAS_ENERGY && eqml__equals(name, energies[k]);
    for (size_t k = 0; k < sizeof not_those / sizeof *not_those; k++)
        alike &= !eqml__has_text(name, not_those[k]);
    return alike;
}

static void eqml__note_unused(eqml__frames *r, int what, eqml__span name, int differs)
{
    eqml_data_source *source = r->source;
    const eqml_message quoted = eqml__quote(name); /* without control characters */
    const int length = (int)strlen(quoted.text) - 2;
    char text[sizeof source->unused->name];
    snprintf(text, sizeof text, "%.*s", length < 39 ? length : 39, quoted.text + 1);
    int k = 0;
    while (k < source->nunused && (source->unused[k].what != what || strcmp(source->unused[k].name, text)))
        k++;
    if (k == (int)(sizeof source->unused / sizeof *source->unused))
        return;
    if (k == source->nunused) {
        source->nunused++;
        source->unused[k].what = what;
        strcpy(source->unused[k].name, text);
    }
    source->unused[k].frames++;
    source->unused[k].differs |= differs;
}

/* The number of a word; 0 where it is none. */
static int eqml__is_number(eqml__span word, double *number)
{
    return !eqml__parse_number(word, EQML__DECIMAL, number);
}

/* Whether two numbers of a file are not the same one, but for their last digits. */
static int eqml__differ(double a, double b, double tolerance)
{
    return !(fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b)));
}

/* Notes the keys of a comment line, and its words where `words` is not 0, that may be energies. used: the key or the word
 * that was read; energy: its number as the file has it. */
static void eqml__note_energies(eqml__frames *r, const eqml__keys *keys, eqml__span used, double energy,
                                int words)
{
    eqml__span rest = keys->line, key, value;
    int closed = 1, column = 0;
    double number;
    while (eqml__next_key(&rest, &key, &value, &closed))
        if (value.begin != used.begin && eqml__looks_like(key, EQML_HAS_ENERGY) &&
            eqml__is_number(value, &number))
            eqml__note_unused(r, EQML_HAS_ENERGY, key, eqml__differ(number, energy, 1e-9));
    for (rest = keys->line; words && eqml__next_word(&rest, EQML__BLANKS, &value);) {
        char name[48];
        column++;
        if (value.begin == used.begin || !eqml__is_number(value, &number))
            continue;
        snprintf(name, sizeof name, "column %d", column);
        eqml__note_unused(r, EQML_HAS_ENERGY, eqml__span_of(name), eqml__differ(number, energy, 1e-9));
    }
}

/* "REF_energy, dft_energy": the keys of a line that may be its energy. */
static eqml_message eqml__candidates(const eqml__keys *keys)
{
    eqml_message list;
    eqml__span rest = keys->line, key, value;
    int closed = 1;
    size_t used = 0;
    double number;
    list.text[0] = '\0';
    while (used < 80 && eqml__next_key(&rest, &key, &value, &closed)) {
        const int length = (int)(key.end - key.begin < 30 ? key.end - key.begin : 30);
        if (eqml__looks_like(key, EQML_HAS_ENERGY) && eqml__is_number(value, &number))
            used += (size_t)snprintf(list.text + used, 40, "%s%.*s", used ? " or " : "", length, key.begin);
    }
    return list;
}

/* ---- layouts ------------------------------------------------------------------------------------------- */

/*
 * Takes the next number off a list. Brackets, commas and ASE's word _JSON, which some programs write, are
 * skipped.
 */
static int eqml__next_number(eqml__span *rest, eqml__span *word)
{
    static const char marks[] = ",[]{}" EQML__BLANKS;
    return eqml__next_word(rest, marks, word) &&
           (!eqml__equals(*word, "_json") || eqml__next_word(rest, marks, word));
}

/* value[count] <- a list of exactly so many numbers, times unit. */
static eqml_status eqml__read_list(eqml__frames *r, const char *what, eqml__span list, size_t count,
                                   double unit, double *value)
{
    eqml_status status = EQML_OK;
    eqml__span rest = list, word;
    size_t found = 0;
    for (; !status && eqml__next_number(&rest, &word); found++)
        if (found < count)
            status = eqml__read_number(r, what, word, unit, &value[found]);
    if (!status && found != count)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "expected %zu number%s as %s, found %s", count,
                            count > 1 ? "s" : "", what, eqml__quote(list).text);
    return status;
}

/*
 * value[6] <- xx xy xz yy yz zz, from six numbers or from all nine, which must be symmetric. A quadrupole
 * must be traceless.
 */
static eqml_status eqml__read_rank_two(eqml__frames *r, eqml_tensor kind, eqml__span list, double unit,
                                       double *value)
{
    static const int upper[6] = {0, 1, 2, 4, 5, 8}, lower[6] = {0, 3, 6, 4, 7, 8};
    const double tolerance = 1e-4; /* of the largest component: files hold few digits */
    const char *name = eqml_tensor_name(kind);
    eqml__span rest = list, word;
    double full[9], largest = 0, trace;
    int count = 0, symmetric = 1;
    while (eqml__next_number(&rest, &word))
        count++;
    eqml_status status = eqml__read_list(r, name, list, count == 9 ? 9 : 6, unit, full);
    if (status)
        return status;
    for (int k = 0; k < count; k++)
        largest = fmax(largest, fabs(full[k]));
    for (int k = 0; k < 6; k++) {
        value[k] = count == 9 ? 0.5 * (full[upper[k]] + full[lower[k]]) : full[k];
        symmetric &= count != 9 || fabs(full[upper[k]] - full[lower[k]]) <= tolerance * largest;
    }
    trace = value[0] + value[3] + value[5];
    if (!symmetric)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "the %s is not symmetric: %s", name,
                            eqml__quote(list).text);
    if (kind == EQML_QUADRUPOLE && fabs(trace) > 3 * tolerance * largest)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "the quadrupole is not traceless: %s; it must be 1/2 sum q (3 r r^T - r^2)",
                            eqml__quote(list).text);
    for (int k = 0; k < 6 && kind == EQML_QUADRUPOLE; k++)
        value[k] -= k == 0 || k == 3 || k == 5 ? trace / 3 : 0;
    return EQML_OK;
}

/* Reads the list of columns, the value of the key Properties. */
static eqml_status eqml__read_properties(eqml__frames *r, eqml__span properties, eqml__layout *layout)
{
    const eqml_data_options *options = r->options;
    const char *chosen = options->gradient_key ? options->gradient_key : options->force_key;
    eqml__span rest = properties, name, type, width, taken = {NULL, NULL};
    int good = 1;
    layout->species = layout->pos = layout->gradient = EQML__ABSENT;
    layout->columns = 0;
    layout->forces = !options->gradient_key;
    while (good && eqml__next_word(&rest, ":", &name)) {
        size_t *column = NULL;
        if (eqml__equals(name, "species"))
            column = &layout->species;
        else if (eqml__equals(name, "pos"))
            column = &layout->pos;
        else if (chosen ? eqml__same_word(name, eqml__span_of(chosen))
                        : eqml__equals(name, "forces") || eqml__equals(name, "force"))
            column = &layout->gradient;
        good = eqml__next_word(&rest, ":", &type) && eqml__next_word(&rest, ":", &width);
        const int columns = good ? eqml__parse_count(width) : 0;
        good = columns > 0 &&
               (!column || (*column == EQML__ABSENT && columns == (column == &layout->species ? 1 : 3)));
        if (column)
            *column = layout->columns;
        else if (good && eqml__looks_like(name, EQML_HAS_GRADIENT))
            eqml__note_unused(r, EQML_HAS_GRADIENT, name, 0);
        if (column == &layout->gradient)
            taken = name;
        layout->columns += (size_t)columns;
    }
    if (!good || layout->species == EQML__ABSENT || layout->pos == EQML__ABSENT)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "Properties needs species:S:1 and pos:R:3, and may have forces:R:3; found %s",
                            eqml__quote(properties).text);
    if (taken.begin)
        eqml__take_down(layout->words, layout->words->gradient, sizeof layout->words->gradient, taken);
    return EQML_OK;
}

/*
 * The columns of a frame in the plain layout. Its comment line does not say which follow: those of the first atom are
 * counted.
 */
static void eqml__count_columns(eqml__frames *r, eqml__layout *layout)
{
    const eqml_data_options *options = r->options;
    const char *chosen = options->gradient_key ? options->gradient_key : options->force_key;
    eqml__reader ahead = r->in;
    eqml__span line;
    char name[48];
    const size_t columns = eqml__next_line(&ahead, &line) ? eqml__count_words(line) : 0;
    const int first = chosen ? eqml__parse_count(eqml__span_of(chosen)) : 5;
    layout->species = 0;
    layout->pos = 1;
    layout->gradient = first >= 5 && columns >= (size_t)first + 2 ? (size_t)first - 1 : EQML__ABSENT;
    layout->columns = columns >= 4 ? columns : 4;
    layout->forces = options->force_key != NULL;
    const size_t beyond = layout->gradient == EQML__ABSENT ? 4 : layout->gradient + 3;
    if (columns >= beyond + 3) { /* one or two may be charges, and are no news */
        snprintf(name, sizeof name, "columns %zu to %zu", beyond + 1, beyond + 3);
        eqml__note_unused(r, EQML_HAS_GRADIENT, eqml__span_of(name), 0);
    }
    if (layout->gradient == EQML__ABSENT)
        return;
    snprintf(name, sizeof name, "column %d", first);
    eqml__take_down(layout->words, layout->words->gradient, sizeof layout->words->gradient,
                    eqml__span_of(name));
}

/* Word number `column`, from 1, of a comment line, and the one behind it. */
static eqml__span eqml__comment_word(eqml__span line, int column, eqml__span *behind)
{
    eqml__span word = {line.begin, line.begin};
    for (; column > 0; column--)
        eqml__next_word(&line, EQML__BLANKS, &word);
    eqml__next_word(&line, EQML__BLANKS, behind);
    return word;
}

/* The word behind a value of a line, with or without its quotes. */
static eqml__span eqml__word_behind(eqml__span line, eqml__span value)
{
    eqml__span word;
    line.begin = value.end < line.end && eqml__is_one_of(*value.end, "\"'}]") ? value.end + 1 : value.end;
    eqml__next_word(&line, EQML__BLANKS, &word);
    return word;
}

/* Refuses a line where two things could be the energy, and nothing says which. */
static eqml_status eqml__check_energy(eqml__frames *r, const eqml__keys *keys)
{
    const int chosen = r->options->energy_key || r->options->energy_column;
    double first = 0, second = 0;
    if (keys->twice.begin)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "the key %s is there twice; leave one",
                            eqml__quote(keys->twice).text);
    if (!keys->number || chosen || (!keys->properties.begin && !keys->energy.begin))
        return EQML_OK;
    if (!keys->properties.begin && eqml__is_number(keys->first, &first) &&
        eqml__is_number(keys->energy, &second) &&
        (!eqml__differ(first, second, 1e-9) || !eqml__differ(first, second * EQML_EV, 1e-5)))
        return EQML_OK;
    return EQML__REFUSE(
        &r->in, EQML_ERROR_FORMAT,
        "is the energy the number %.*s at the beginning, or a key? Say --energy-column 1 or --energy-key "
        "energy",
        (int)(keys->first.end - keys->first.begin < 30 ? keys->first.end - keys->first.begin : 30),
        keys->first.begin);
}

/* Reads the energy of a frame where the options and its layout say. */
static eqml_status eqml__read_energy(eqml__frames *r, const eqml__keys *keys, int extended,
                                     eqml_data_layout *words, const eqml__measure *unit)
{
    eqml_data *data = r->data;
    const int column = r->options->energy_column > 0          ? r->options->energy_column
                       : !extended && !r->options->energy_key ? 1
                                                              : 0;
    double *value = data->energy + data->n;
    eqml__span behind, used = {NULL, NULL};
    eqml_status status = EQML_OK;
    char name[sizeof words->energy];
    if (column > 0) {
        used = eqml__comment_word(keys->line, column, &behind);
        eqml__span word = used;
        if (word.end > word.begin && eqml__is_one_of(word.end[-1], ",;"))
            word.end--;
        snprintf(name, sizeof name, "column %d", column);
        const eqml_message may = eqml__candidates(keys);
        double number;
        if (column > 1 || !*may.text || eqml__parse_number(word, EQML__DECIMAL, &number) != EQML_ERROR_FORMAT)
            status = eqml__read_number(
                r,
                column > 1 ? "the energy in the column that was asked for"
                           : "the energy in hartree (or keys of extended XYZ: Properties, energy)",
                word, unit->size, value);
        else
            status = EQML__REFUSE(
                &r->in, EQML_ERROR_FORMAT,
                "expected a number as the energy, or the key energy, found %s; is it --energy-key %s?",
                eqml__quote(keys->line).text, may.text);
    } else if (keys->energy.begin) {
        used = keys->energy;
        snprintf(name, sizeof name, "%s", r->options->energy_key ? r->options->energy_key : "energy");
        status = eqml__read_list(r, "the energy", keys->energy, 1, unit->size, value);
    }
    if (status)
        return status;
    eqml__note_energies(r, keys, used, used.begin ? *value / unit->size : 0, !extended);
    if (!used.begin)
        return status;
    eqml__take_down(words, words->energy, sizeof words->energy, eqml__span_of(name));
    eqml__take_unit(words, EQML_UNIT_ENERGY, unit);
    data->has[data->n] |= EQML_HAS_ENERGY;
    return status;
}

static eqml_status eqml__read_tensors(eqml__frames *r, const eqml__keys *keys, eqml_data_layout *words,
                                      const eqml__measure *unit)
{
    eqml_data *data = r->data;
    eqml_status status = EQML_OK;
    for (int k = 0; k < EQML_TENSORS; k++) {
        const eqml_tensor kind = (eqml_tensor)k;
        const eqml_quantity q = (eqml_quantity)(EQML_UNIT_DIPOLE + k);
        double *value = data->tensors[k] + EQML_COMPONENTS(kind) * data->n;
        if (status || !keys->tensors[k].begin)
            continue;
        status = kind == EQML_DIPOLE
                     ? eqml__read_list(r, "the dipole", keys->tensors[k], 3, unit[q].size, value)
                     : eqml__read_rank_two(r, kind, keys->tensors[k], unit[q].size, value);
        eqml__take_unit(words, q, &unit[q]);
        data->has[data->n] |= (unsigned char)(EQML_HAS_DIPOLE << k);
    }
    return status;
}

/* Reads a comment line: which layout the frame has, its energy and tensors, and the columns that follow. */
static eqml_status eqml__read_comment(eqml__frames *r, eqml__layout *layout)
{
    static const char *const own[2][EQML_QUANTITIES] = {
        {"hartree", "angstrom", "hartree/bohr", "e*angstrom", "e*angstrom^2", "bohr^3"},
        {"eV", "angstrom", "eV/angstrom", "e*angstrom", "e*angstrom^2", "bohr^3"}};
    const eqml__span plain = eqml__span_of("species:S:1:pos:R:3");
    eqml__measure unit[EQML_QUANTITIES];
    const eqml__span none = {NULL, NULL};
    eqml__span line, behind = none;
    if (!eqml__next_line(&r->in, &line))
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "the file ends where a frame begins; is it cut off?");
    const eqml__keys keys = eqml__find_keys(line, r->options->energy_key);
    const int extended = keys.properties.begin || (keys.energy.begin && !keys.number);
    const int column = r->options->energy_column > 0 ? r->options->energy_column : 1;
    eqml_data_layout *words = extended ? &r->source->extended : &r->source->plain;
    memset(layout, 0, sizeof *layout);
    layout->words = words;
    if (!*r->source->comment)
        snprintf(r->source->comment, sizeof r->source->comment, "%.60s", eqml__quote(line).text);
    if (extended && !keys.closed)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "a quote or bracket in this line is never closed");
    if (r->options->energy_column > 0 || (!extended && !r->options->energy_key))
        eqml__comment_word(line, column, &behind);
    else if (keys.energy.begin)
        behind = eqml__word_behind(line, keys.energy);
    eqml_status status = eqml__check_energy(r, &keys);
    if (!status)
        status = eqml__find_units(r, &keys, behind, extended ? none : line, own[extended], unit);
    if (!status)
        status = eqml__read_energy(r, &keys, extended, words, &unit[EQML_UNIT_ENERGY]);
    if (!status && extended)
        status = eqml__read_tensors(r, &keys, words, unit);
    if (status)
        return status;
    if (extended)
        status = eqml__read_properties(r, keys.properties.begin ? keys.properties : plain, layout);
    else
        eqml__count_columns(r, layout);
    layout->energy = unit[EQML_UNIT_ENERGY];
    layout->length = unit[EQML_UNIT_LENGTH];
    layout->length_unit = layout->length.size;
    layout->gradient_unit = unit[EQML_UNIT_GRADIENT].size * (layout->forces ? -1 : 1);
    words->frames++;
    eqml__take_unit(words, EQML_UNIT_LENGTH, &layout->length);
    if (status || layout->gradient == EQML__ABSENT)
        return status;
    if (!(unit[EQML_UNIT_GRADIENT].size > 0) && r->options->skip_unclear) {
        eqml__note_unused(r, EQML_HAS_GRADIENT, eqml__span_of(words->gradient), 0);
        layout->gradient = EQML__ABSENT;
        words->gradient[0] = '\0';
        return status;
    }
    if (!(unit[EQML_UNIT_GRADIENT].size > 0))
        return EQML__REFUSE(
            &r->in, EQML_ERROR_FORMAT,
            "energies in %s and lengths in %s leave open what unit the %s have; say --gradient-unit, such "
            "as %s/%s or hartree/bohr",
            layout->energy.name, layout->length.name, layout->forces ? "forces" : "gradients",
            layout->energy.name, layout->length.name);
    words->forces = layout->forces;
    eqml__take_unit(words, EQML_UNIT_GRADIENT, &unit[EQML_UNIT_GRADIENT]);
    return status;
}

#endif /* EQML__COMMENT_C */

/* ==== data.c ============================================================================================ */

/* Reading data sets. */
#ifndef EQML__DATA_C
#define EQML__DATA_C

/*
 * Makes room for all frames at the first line of the first. A frame takes natoms + 2 lines, so the number of
 * lines bounds the number of frames, and no array has to grow.
 */
static eqml_status eqml__make_room(eqml__frames *r, int natoms)
{
    eqml_data *data = r->data;
    const size_t atoms = (size_t)natoms;
    size_t lines = 2; /* this one, and one that may lack its line feed */
    for (const char *p = r->in.rest.begin; p < r->in.rest.end; p++)
        lines += *p == '\n';
    const size_t frames = lines / (atoms + 2) + 1;
    if (lines < atoms + 2)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "the file ends before this frame of %d atoms does; is it cut off?", natoms);
    data->natoms = natoms;
    data->symbols = (char(*)[4])eqml__zeroed(atoms, 4);
    data->xyz = (double *)eqml__zeroed(eqml__times(frames, atoms), 3 * sizeof(double));
    data->energy = (double *)eqml__zeroed(frames, sizeof(double));
    data->gradient = (double *)eqml__zeroed(eqml__times(frames, atoms), 3 * sizeof(double));
    data->has = (unsigned char *)eqml__zeroed(frames, 1);
    r->labels = (char(*)[4])eqml__zeroed(atoms, 4);
    r->row = (double *)eqml__zeroed(atoms, 3 * sizeof(double));
    int complete =
        data->symbols && data->xyz && data->energy && data->gradient && data->has && r->labels && r->row;
    for (int k = 0; k < EQML_TENSORS; k++) {
        data->tensors[k] = (double *)eqml__zeroed(frames, EQML_COMPONENTS(k) * sizeof(double));
        complete = complete && data->tensors[k];
    }
    if (!complete)
        return EQML__REFUSE(&r->in, EQML_ERROR_MEMORY, "no memory for %zu geometries", frames);
    return EQML_OK;
}

/* Reads the line that opens a frame: the number of atoms. */
static eqml_status eqml__read_natoms(eqml__frames *r, eqml__span line)
{
    eqml__span rest = line, word;
    eqml__next_word(&rest, EQML__BLANKS, &word);
    const int natoms = eqml__count_words(line) == 1 ? eqml__parse_count(word) : 0;
    if (natoms < 1)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "expected the number of atoms in a frame, found %s%s",
                            eqml__quote(line).text,
                            r->data->n ? "; has the frame before it more atoms than it says?" : "");
    if (r->data->natoms == 0)
        return eqml__make_room(r, natoms);
    if (natoms != r->data->natoms)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "expected %d atoms as in the first frame, found %d",
                            r->data->natoms, natoms);
    return EQML_OK;
}

/* Reads the label of an atom. */
static eqml_status eqml__read_label(eqml__frames *r, int atom, eqml__span label)
{
    if (eqml__parse_label(label, r->labels[atom]))
        return EQML_OK;
    return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                        "expected an element like H, Cl or 17 as the label of atom %d, found %s", atom + 1,
                        eqml__quote(label).text);
}

/* rows[natoms][3] of a frame: the atom in place i comes from[i]. */
static void eqml__move_rows(const eqml__frames *r, double *rows, const int *from)
{
    const size_t size = 3 * (size_t)r->data->natoms;
    for (int i = 0; i < r->data->natoms; i++)
        memcpy(r->row + 3 * i, rows + 3 * from[i], 3 * sizeof *rows);
    memcpy(rows, r->row, size * sizeof *rows);
}

/*
 * Brings the atoms of a frame into the order of the first, which decides which atoms there are. Those of one element keep
 * their order.
 */
static eqml_status eqml__order_frame(eqml__frames *r)
{
    eqml_data *data = r->data;
    const int n = data->natoms;
    const size_t at = 3 * data->n * (size_t)n;
    int first = 0; /* the first atom that is another one */
    if (data->n == 0)
        memcpy(data->symbols, r->labels, 4 * (size_t)n);
    while (first < n && !memcmp(r->labels[first], data->symbols[first], 4))
        first++;
    if (first == n)
        return EQML_OK;
    int *from = (int *)eqml__zeroed((size_t)n, 2 * sizeof *from), *taken = from ? from + n : NULL,
        lacks = !from;
    for (int i = 0; !lacks && i < n; i++) {
        int j = 0;
        while (j < n && (taken[j] || memcmp(r->labels[j], data->symbols[i], 4)))
            j++;
        lacks = j == n;
        if (!lacks)
            taken[from[i] = j] = 1;
    }
    if (!lacks) {
        eqml__move_rows(r, data->xyz + at, from);
        eqml__move_rows(r, data->gradient + at, from);
        data->reordered++;
    }
    EQML_FREE(from);
    if (!from)
        return EQML__REFUSE(&r->in, EQML_ERROR_MEMORY, "no memory to order %d atoms", n);
    r->in.line = lacks ? r->frame + 2 + (size_t)first : r->in.line;
    return lacks
               ? EQML__REFUSE(
                     &r->in, EQML_ERROR_FORMAT,
                     "expected %s as atom %d, as in the first frame, found %s; all frames must have the same "
                     "elements",
                     data->symbols[first], first + 1, r->labels[first])
               : EQML_OK;
}

/* Puts a word into vector[3] if its column is one of the three from `first` on. */
static void eqml__keep(eqml__span word, size_t column, size_t first, eqml__span vector[3])
{
    if (column >= first && column - first < 3)
        vector[column - first] = word;
}

static eqml_status eqml__read_atom(eqml__frames *r, const eqml__layout *layout, int atom)
{
    eqml_data *data = r->data;
    eqml__span line, rest, word, label = {NULL, NULL}, pos[3], gradient[3];
    const size_t row = 3 * (data->n * (size_t)data->natoms + (size_t)atom);
    size_t columns = 0;
    if (!eqml__next_line(&r->in, &line))
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "the file ends after atom %d of %d in the frame of line %zu; is it cut off?",
                            atom, data->natoms, r->frame);
    for (rest = line; eqml__next_word(&rest, EQML__BLANKS, &word); columns++) {
        if (columns == layout->species)
            label = word;
        eqml__keep(word, columns, layout->pos, pos);
        eqml__keep(word, columns, layout->gradient, gradient);
    }
    if (columns != layout->columns)
        return EQML__REFUSE(
            &r->in, EQML_ERROR_FORMAT,
            "expected %zu columns for atom %d of %d in the frame of line %zu, found %zu: %s%s",
            layout->columns, atom + 1, data->natoms, r->frame, columns, eqml__quote(line).text,
            layout->words == &r->source->extended ? "; the key Properties says which there are" : "");
    eqml_status status = eqml__read_label(r, atom, label);
    for (int k = 0; !status && k < 3; k++)
        status =
            eqml__read_number(r, "a coordinate", pos[k], layout->length_unit, &data->xyz[row + (size_t)k]);
    if (layout->gradient == EQML__ABSENT)
        return status;
    data->has[data->n] |= EQML_HAS_GRADIENT;
    for (int k = 0; !status && k < 3; k++)
        status = eqml__read_number(r, layout->forces ? "a force" : "a gradient", gradient[k],
                                   layout->gradient_unit, &data->gradient[row + (size_t)k]);
    return status;
}

/*
 * Refuses a frame with two atoms in one place, at most 1e-6 bohr apart, or with all atoms so near to each other that these
 * are no positions: within 0.2 angstrom of two atoms, 0.5 of more.
 */
static eqml_status eqml__check_distances(eqml__frames *r)
{
    const eqml_data *data = r->data;
    const double *xyz = data->xyz + 3 * data->n * (size_t)data->natoms;
    double largest = 0;
    for (int i = 0; i < data->natoms; i++) {
        for (int j = 0; j < i; j++) {
            const double *a = xyz + 3 * i, *b = xyz + 3 * j;
            const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2], square = x * x + y * y + z * z;
            largest = fmax(largest, square);
            if (square >= 1e-12)
                continue;
            r->in.line = r->frame;
            return EQML__REFUSE(&r->in, EQML_ERROR_VALUE,
                                "atoms %d (%s) and %d (%s) of this frame coincide; remove it", j + 1,
                                data->symbols[j], i + 1, data->symbols[i]);
        }
    }
    largest = sqrt(largest) / EQML_ANGSTROM;
    if (data->natoms == 1 || largest > (data->natoms == 2 ? 0.2 : 0.5))
        return EQML_OK;
    r->in.line = r->frame;
    return EQML__REFUSE(
        &r->in, EQML_ERROR_VALUE,
        "all atoms of this frame are within %.2g angstrom: are these displacements and not positions, or "
        "has the file another --length-unit?",
        largest);
}

/* Reads a frame that opens with this line. */
static eqml_status eqml__read_frame(eqml__frames *r, eqml__span line)
{
    eqml__layout layout;
    r->frame = r->in.line;
    eqml_status status = eqml__read_natoms(r, line);
    if (!status)
        status = eqml__read_comment(r, &layout);
    for (int atom = 0; !status && atom < r->data->natoms; atom++)
        status = eqml__read_atom(r, &layout, atom);
    if (!status)
        status = eqml__order_frame(r);
    if (!status)
        status = eqml__check_distances(r);
    if (!status)
        r->data->n++;
    return status;
}

/* What the options name must be in some frame. */
static eqml_status eqml__check_found(eqml__frames *r, unsigned has)
{
    const eqml_data_options *o = r->options;
    const char *gradient = o->gradient_key ? o->gradient_key : o->force_key;
    const char *option = o->gradient_key ? "--gradient-key" : "--force-key";
    eqml_message others;
    size_t used = 0;
    others.text[0] = '\0';
    const int what = o->energy_key && !(has & EQML_HAS_ENERGY) ? EQML_HAS_ENERGY : EQML_HAS_GRADIENT;
    if (what == EQML_HAS_GRADIENT && (!gradient || (has & EQML_HAS_GRADIENT)))
        return EQML_OK;
    for (int k = 0; k < r->source->nunused && used < 100; k++)
        if (r->source->unused[k].what == what)
            used += (size_t)snprintf(others.text + used, 50, "%s%s", used ? ", " : "; there is ",
                                     r->source->unused[k].name);
    r->in.line = 0;
    if (what == EQML_HAS_ENERGY)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "no comment line has the key %.40s of --energy-key%s",
                            o->energy_key, others.text);
    return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "no frame has the column %.40s of %s%s%s", gradient,
                        option, others.text,
                        r->source->plain.frames ? "; in the plain layout give its number, from 5 on" : "");
}

static eqml_status eqml__read_frames(eqml__frames *r)
{
    eqml_status status = EQML_OK;
    unsigned char has = 0;
    for (eqml__span line; !status && eqml__next_line(&r->in, &line);)
        if (eqml__count_words(line) > 0)
            status = eqml__read_frame(r, line);
    if (!status && r->data->n == 0)
        status = EQML__REFUSE(&r->in, EQML_ERROR_EMPTY, "the file holds no geometry");
    for (size_t i = 0; i < r->data->n; i++)
        has |= r->data->has[i];
    if (!status)
        status = eqml__check_found(r, has);
    if (!(has & EQML_HAS_GRADIENT)) {
        EQML_FREE(r->data->gradient);
        r->data->gradient = NULL;
    }
    for (int k = 0; k < EQML_TENSORS; k++)
        if (!(has & (EQML_HAS_DIPOLE << k))) {
            EQML_FREE(r->data->tensors[k]);
            r->data->tensors[k] = NULL;
        }
    return status;
}

/* Refuses options that are none, before a file is opened. */
static eqml_status eqml__check_options(const eqml_data_options *o, eqml_message *message)
{
    static const char *const options[EQML_QUANTITIES] = {"energy", "length",     "gradient",
                                                         "dipole", "quadrupole", "polarizability"};
    const eqml_status status = EQML_ERROR_ARGUMENT;
    for (int q = 0; q < EQML_QUANTITIES; q++)
        if (o->unit[q] && !(eqml_unit((eqml_quantity)q, o->unit[q]) > 0))
            return eqml__fail(message, status, "--%s-unit %.60s: expected %s", options[q], o->unit[q],
                              eqml_unit_names((eqml_quantity)q));
    if (o->energy_key && o->energy_column)
        return eqml__fail(message, status, "--energy-key and --energy-column exclude each other");
    if (o->energy_column < 0)
        return eqml__fail(message, status, "--energy-column %d: expected a number from 1", o->energy_column);
    if (o->gradient_key && o->force_key)
        return eqml__fail(message, status, "--gradient-key and --force-key exclude each other");
    return EQML_OK;
}

EQML_API eqml_status eqml_data_read_as(const char *path, const eqml_data_options *options, eqml_data *data,
                                       eqml_data_source *source, eqml_message *message)
{
    static const eqml_data_options none = {{NULL, NULL, NULL, NULL, NULL, NULL}, NULL, 0, NULL, NULL, 0};
    eqml_data_source unasked;
    eqml__frames r;
    if (message)
        message->text[0] = '\0';
    if (data)
        memset(data, 0, sizeof *data);
    source = source ? source : &unasked;
    memset(source, 0, sizeof *source);
    if (!path || !data)
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "eqml_data_read: path and data must not be NULL");
    memset(&r, 0, sizeof r);
    r.options = options ? options : &none;
    r.data = data;
    r.source = source;
    eqml_status status = eqml__check_options(r.options, message);
    if (status)
        return status;
    status = eqml__open_reader(&r.in, path, message);
    if (!status)
        status = eqml__read_frames(&r);
    eqml__close_reader(&r.in);
    EQML_FREE(r.labels);
    EQML_FREE(r.row);
    if (status)
        eqml_data_free(data);
    return status;
}

eqml_status eqml_data_read(const char *path, eqml_data *data, eqml_message *message)
{
    return eqml_data_read_as(path, NULL, data, NULL, message);
}

void eqml_data_free(eqml_data *data)
{
    if (!data)
        return;
    EQML_FREE(data->symbols);
    EQML_FREE(data->xyz);
    EQML_FREE(data->energy);
    EQML_FREE(data->gradient);
    for (int k = 0; k < EQML_TENSORS; k++)
        EQML_FREE(data->tensors[k]);
    EQML_FREE(data->has);
    memset(data, 0, sizeof *data);
}

EQML_API const char *eqml_tensor_name(eqml_tensor kind)
{
    static const char *const names[EQML_TENSORS] = {"dipole", "quadrupole", "polarizability"};
    return names[kind];
}

#endif /* EQML__DATA_C */

/* ==== match.c =========================================================================================== */

/* The atoms of data in the order of a composition. */
#ifndef EQML__MATCH_C
#define EQML__MATCH_C

/* A place in the composition, and the atom of the data that goes there. */
typedef struct eqml__place {
    char wanted[4];  /* its symbol in the composition */
    char present[4]; /* the symbol of the atom with this number in the data */
    int class_of_atom;
    int source;    /* the atom of the data that belongs here */
    double row[3]; /* of that atom, while rows are moved */
} eqml__place;

static int eqml__same(const char a[4], const char b[4])
{
    return memcmp(a, b, 4) == 0;
}

/* "H H O ...": symbols of the composition (wanted nonzero) or of the data, as many as fit a message. */
static eqml_message eqml__list_symbols(int n, const eqml__place *place, int wanted)
{
    eqml_message list;
    size_t used = 0;
    list.text[0] = '\0';
    for (int i = 0; i < n && used < 60; i++)
        used += (size_t)snprintf(list.text + used, 8, i ? " %s" : "%s",
                                 wanted ? place[i].wanted : place[i].present);
    if (used >= 60)
        strcpy(list.text + used, " ...");
    return list;
}

/*
 * Sends the k-th atom of an element to its k-th place. Returns 0 if the data have too few atoms of an
 * element.
 */
static int eqml__pair_by_element(int n, eqml__place *place)
{
    for (int i = 0; i < n; i++) {
        int j = 0;
        for (int k = 0; k < i; k++)
            if (eqml__same(place[k].wanted, place[i].wanted))
                j = place[k].source + 1;
        while (j < n && !eqml__same(place[j].present, place[i].wanted))
            j++;
        if (j == n)
            return 0;
        place[i].source = j;
    }
    return 1;
}

/* Finds the source of each place. Returns NULL, or the reason why the data do not tell. */
static const char *eqml__find_sources(int n, eqml__place *place)
{
    int in_order = 1, shared = 0, mixed = 0, split = 0;
    for (int i = 0; i < n; i++) {
        place[i].source = i;
        in_order &= eqml__same(place[i].wanted, place[i].present);
        for (int j = 0; j < n; j++) {
            const int one_class = place[i].class_of_atom == place[j].class_of_atom;
            shared |= eqml__same(place[i].wanted, place[j].present);
            mixed |= one_class && !eqml__same(place[i].present, place[j].present);
            split |= !one_class && eqml__same(place[i].wanted, place[j].wanted);
        }
    }
    if (in_order || (!shared && !mixed))
        return NULL;
    if (!shared)
        return "a class would have several elements; reorder the file (--order), or name the elements";
    if (!eqml__pair_by_element(n, place))
        return "the elements differ in number";
    return split ? "an element is in several classes, and only the order can tell which; reorder the file, "
                   "or say --order"
                 : NULL;
}

/* Whether atoms of one element are in several classes. */
static int eqml__is_split(int n, const eqml__place *place)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (place[i].class_of_atom != place[j].class_of_atom &&
                eqml__same(place[place[i].source].present, place[place[j].source].present))
                return 1;
    return 0;
}

/* Brings rows[n][natoms][3], which may be NULL, into the order of the places. */
static void eqml__reorder(double *rows, size_t n, int natoms, eqml__place *place)
{
    for (size_t frame = 0; rows && frame < n; frame++, rows += 3 * (size_t)natoms) {
        for (int i = 0; i < natoms; i++)
            memcpy(place[i].row, rows + 3 * place[i].source, sizeof place[i].row);
        for (int i = 0; i < natoms; i++)
            memcpy(rows + 3 * i, place[i].row, sizeof place[i].row);
    }
}

/* Whether the composition has this symbol. */
static int eqml__wants(int n, const eqml__place *place, char symbol)
{
    for (int i = 0; i < n; i++)
        if (place[i].wanted[0] == symbol && !place[i].wanted[1])
            return 1;
    return 0;
}

/* D and T are labels of their own only where the composition says so. */
static void eqml__fill_places(const eqml_data *data, eqml__span symbols, const int *class_of_atom,
                              eqml__place *place)
{
    eqml__span word;
    const int n = data->natoms;
    for (int i = 0; i < data->natoms && eqml__next_word(&symbols, EQML__BLANKS, &word); i++) {
        if (!eqml__parse_label(word, place[i].wanted))
            strcpy(place[i].wanted, "?"); /* equal to no label of a file */
        memcpy(place[i].present, data->symbols[i], 4);
        place[i].class_of_atom = class_of_atom[i];
    }
    const int own[2] = {eqml__wants(n, place, 'D'), eqml__wants(n, place, 'T')};
    for (int i = 0; i < n; i++) {
        char *label = place[i].present;
        if (!label[1] && ((label[0] == 'D' && !own[0]) || (label[0] == 'T' && !own[1])))
            label[0] = 'H';
    }
}

/* Takes the sources from an order. Returns NULL, or what is wrong with it. */
static const char *eqml__take_order(int n, const int *order, eqml__place *place)
{
    int same = 1, shared = 0, mixed = 0;
    for (int i = 0; i < n; i++) {
        int times = 0;
        for (int j = 0; j < n; j++)
            times += order[j] == i;
        if (times != 1)
            return "the order must name each atom once";
        place[i].source = order[i];
    }
    for (int i = 0; i < n; i++) {
        const char *own = place[order[i]].present;
        same &= eqml__same(own, place[i].wanted);
        for (int j = 0; j < n; j++) {
            shared |= eqml__same(place[i].present, place[j].wanted);
            mixed |=
                place[i].class_of_atom == place[j].class_of_atom && !eqml__same(own, place[order[j]].present);
        }
    }
    return same || (!shared && !mixed) ? NULL
                                       : "the order puts other elements into the places of the composition";
}

EQML_API eqml_status eqml_data_match_order(eqml_data *data, const char *symbols, const int *class_of_atom,
                                           const int *order, eqml_message *message)
{
    if (message)
        message->text[0] = '\0';
    if (!data || !data->symbols || !symbols || !class_of_atom)
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "eqml_data_match: no argument may be NULL or empty");
    const eqml__span words = eqml__span_of(symbols);
    const int n = data->natoms;
    if (eqml__count_words(words) != (size_t)n)
        return eqml__fail(message, EQML_ERROR_MATCH, "the data have %d atoms, but the composition has %zu", n,
                          eqml__count_words(words));
    eqml__place *place = (eqml__place *)eqml__zeroed((size_t)n, sizeof *place);
    if (!place)
        return eqml__fail(message, EQML_ERROR_MEMORY, "no memory to order %d atoms", n);
    eqml__fill_places(data, words, class_of_atom, place);
    const char *reason = order ? eqml__take_order(n, order, place) : eqml__find_sources(n, place);
    if (!reason && data->reordered > 0 && (order || eqml__is_split(n, place)))
        reason =
            order ? "the frames have their atoms in different orders, and one order cannot serve all of them"
                  : "the frames have their atoms in different orders, and an element is in several classes";
    if (!reason) {
        eqml__reorder(data->xyz, data->n, n, place);
        eqml__reorder(data->gradient, data->n, n, place);
        for (int i = 0; i < n; i++)
            memcpy(data->symbols[i], place[place[i].source].present, 4);
    }
    if (reason)
        eqml__fail(message, EQML_ERROR_MATCH, "atoms of the data (%s) and composition (%s) do not match: %s",
                   eqml__list_symbols(n, place, 0).text, eqml__list_symbols(n, place, 1).text, reason);
    EQML_FREE(place);
    return reason ? EQML_ERROR_MATCH : EQML_OK;
}

eqml_status eqml_data_match(eqml_data *data, const char *symbols, const int *class_of_atom,
                            eqml_message *message)
{
    return eqml_data_match_order(data, symbols, class_of_atom, NULL, message);
}

#endif /* EQML__MATCH_C */

/* ==== file.c ============================================================================================ */

/* Files that appear whole or not at all, and exact numbers as text. */
#ifndef EQML__FILE_C
#define EQML__FILE_C
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static eqml_status eqml__no_memory(const char *path, eqml_message *message)
{
    return eqml__fail_file(message, EQML_ERROR_MEMORY, path, 0, "%s", eqml_status_text(EQML_ERROR_MEMORY));
}

/*
 * A file that appears whole or not at all: it is written beside its path, under a name that was free, and
 * renamed at the end. C offers no more than that, so a symbolic link, or a file with permissions of its own,
 * is replaced by a new file with the usual ones.
 */
typedef struct eqml__output {
    FILE *file;
    char *beside; /* the name it has until it is whole; owned */
    const char *path;
} eqml__output;

/* On success close it with eqml__close_output(); on failure there is nothing to close. */
static eqml_status eqml__open_output(eqml__output *out, const char *path, eqml_message *message)
{
    size_t size = strlen(path) + 16;
    out->path = path;
    out->file = NULL;
    out->beside = (char *)EQML_MALLOC(size);
    if (!out->beside)
        return eqml__no_memory(path, message);
    for (int k = 0; k < 100 && !out->file; k++) { /* others may write the same file */
        snprintf(out->beside, size, "%s.%d.new", path, k);
        out->file = fopen(out->beside, "wx"); /* "x" fails where there is such a file */
    }
    if (out->file)
        return EQML_OK;
    eqml__fail_file(message, EQML_ERROR_FILE, path, 0, "cannot be written: %s", strerror(errno));
    EQML_FREE(out->beside);
    return EQML_ERROR_FILE;
}

/* Gives the file its name if `status` is EQML_OK, else removes it. Returns the status of it all. */
static eqml_status eqml__close_output(eqml__output *out, eqml_status status, eqml_message *message)
{
    int failed = ferror(out->file) != 0;
    failed |= fclose(out->file) != 0;
    if (!status && (failed || rename(out->beside, out->path))) {
        status =
            eqml__fail_file(message, EQML_ERROR_FILE, out->path, 0, "cannot be written: %s", strerror(errno));
    }
    if (status)
        remove(out->beside);
    EQML_FREE(out->beside);
    return status;
}

/* The text of a number. */
typedef struct eqml__digits {
    char text[48];
} eqml__digits;

/* Puts a point in place of the locale's decimal point. */
static void eqml__use_point(char *text)
{
    const char *point = localeconv()->decimal_point;
    char *at = strstr(text, point);
    if (at) {
        *at = '.';
        memmove(at + 1, at + strlen(point), strlen(at + strlen(point)) + 1);
    }
}

/* A number as a hexadecimal float, which is exact. */
static eqml__digits eqml__hexadecimal(double number)
{
    eqml__digits d;
    snprintf(d.text, sizeof d.text, "%a", number);
    eqml__use_point(d.text);
    return d;
}

#endif /* EQML__FILE_C */

/* ==== lsq.c ============================================================================================= */

/* Least squares on a stream of rows: the triangle, folded block by block. */
#ifndef EQML__LSQ_C
#define EQML__LSQ_C
#include <stdbool.h>
#include <stdlib.h>

/* --- Householder reflections ---------------------------------------------------------------------------- */

/* H = I - tau [1; v] [1; v]^T with v = scale * tail maps [alpha; tail] to [beta; 0]. */
typedef struct eqml__reflector {
    double beta, tau, scale;
} eqml__reflector;

/* The sign of beta is opposite to alpha's, so that alpha - beta cannot cancel. tail2 = |tail|^2. */
static eqml__reflector eqml__reflect(double alpha, double tail2)
{
    eqml__reflector h = {alpha, 0.0, 0.0};
    if (tail2 > 0.0) {
        h.beta = -copysign(sqrt(alpha * alpha + tail2), alpha);
        h.tau = (h.beta - alpha) / h.beta;
        h.scale = 1.0 / (alpha - h.beta);
    }
    return h;
}

/* --- The streaming factorisation ------------------------------------------------------------------------ */

struct eqml_lsq {
    int ncols, nrhs;
    int width;        /* ncols + nrhs: the right-hand sides are columns like the others */
    int padded;       /* width, rounded up to whole panels; the rest stays zero */
    int filled;       /* rows waiting in the block */
    size_t rows;      /* rows added */
    double *row;      /* [padded]: the row being written */
    double *least;    /* [padded]: columns are scaled by no less than this; zero where nothing is asked for */
    double tolerance; /* the rank is decided with no less than this */
    double *r;        /* upper triangular [width][width], see eqml__lsq_r */
    double *block;    /* [EQML__LSQ_BLOCK][padded], see eqml__lsq_put */
    double *work;
    void *room;             /* for the next solution, see eqml__lsq_reserve; or null */
    struct eqml_lsq *spare; /* likewise, where it has a ridge; or null */
};

#define EQML__LSQ_BLOCK 384 /* rows folded at once: enough to hide the traffic of R, a panel stays in L2 */
#define EQML__LSQ_PANEL 48  /* reflectors applied at once */

#ifdef EQML_USE_LAPACK

/* R and the block are column-major squares and rectangles, as dtpqrt wants them. */

#define EQML__LSQ_WORK(padded) (2 * (size_t)EQML__LSQ_PANEL * (size_t)(padded))

#ifdef __cplusplus
#define EQML__FORTRAN extern "C"
#else
#define EQML__FORTRAN extern
#endif
EQML__FORTRAN void dtpqrt_(const int *m, const int *n, const int *l, const int *nb, double *a, const int *lda,
                           double *b, const int *ldb, double *t, const int *ldt, double *work, int *info);

static size_t eqml__lsq_r_size(int padded)
{
    return (size_t)padded * (size_t)padded;
}

static double *eqml__lsq_r(const eqml_lsq *lsq, int i, int j)
{
    return lsq->r + (size_t)j * (size_t)lsq->padded + i;
}

/* The element of row i of the block, column j. */
static double *eqml__lsq_waiting(const eqml_lsq *lsq, int i, int j)
{
    return lsq->block + (size_t)j * EQML__LSQ_BLOCK + (size_t)i;
}

static void eqml__lsq_put(eqml_lsq *lsq, int i, const double *row)
{
    for (int j = 0; j < lsq->width; j++)
        *eqml__lsq_waiting(lsq, i, j) = row ? row[j] : 0.0;
}

static void eqml__lsq_fold(eqml_lsq *lsq)
{
    const int none = 0, ldb = EQML__LSQ_BLOCK;
    const int nb = lsq->width < EQML__LSQ_PANEL ? lsq->width : EQML__LSQ_PANEL;
    double *t = lsq->work, *work = t + (size_t)EQML__LSQ_PANEL * (size_t)lsq->padded;
    int info; /* cannot fail: it only reports illegal arguments */
    if (lsq->filled)
        dtpqrt_(&lsq->filled, &lsq->width, &none, &nb, lsq->r, &lsq->padded, lsq->block, &ldb, t, &nb, work,
                &info);
    lsq->filled = 0;
}

#else

/* Matrices are kept as strips, two vectors wide and row-major, so that the tile below finds its operands in
 * consecutive memory and nothing is ever packed. A tile of 6 by 2 vectors fills the 16 registers of SSE and
 * AVX with accumulators and operands, and has chains enough to hide the latency of AVX-512. */
#define EQML__TILE 6                 /* rows; divides PANEL and BLOCK */
#define EQML__STRIP (2 * EQML_LANES) /* columns; divides PANEL */

/* The reflectors of one panel. */
typedef struct eqml__panel {
    int rows; /* of the block, rounded up to whole tiles; 0: it had nothing to eliminate */
    double *
        v; /* [PANEL / TILE][rows][TILE]: both products with it read it in this order, or nearly, so that there is
                  one copy, which stays in the second cache */
    double *t; /* [PANEL][PANEL] upper triangular, see eqml__lsq_factor */
} eqml__panel;

/* Two panels, since the reflectors of one are made while those of the other are applied; what makes them works on
 * d[PANEL][PANEL] and v[BLOCK][PANEL]. */
#define EQML__LSQ_WORK_PANEL ((size_t)EQML__LSQ_PANEL * (EQML__LSQ_BLOCK + EQML__LSQ_PANEL))
#define EQML__LSQ_WORK(padded) (3 * EQML__LSQ_WORK_PANEL)

/* sum[TILE][2] <-> c[TILE][STRIP] */
EQML_INLINE void eqml__tile_load(const double *c, eqml_lanes sum[EQML__TILE][2])
{
    EQML__UNROLL_ALL
    for (int i = 0; i < EQML__TILE; i++) {
        sum[i][0] = eqml__load(c + i * EQML__STRIP);
        sum[i][1] = eqml__load(c + i * EQML__STRIP + EQML_LANES);
    }
}

EQML_INLINE void eqml__tile_store(eqml_lanes sum[EQML__TILE][2], double *c)
{
    EQML__UNROLL_ALL
    for (int i = 0; i < EQML__TILE; i++) {
        eqml__store(c + i * EQML__STRIP, sum[i][0]);
        eqml__store(c + i * EQML__STRIP + EQML_LANES, sum[i][1]);
    }
}

/* sum += a b for one column a[TILE], elements `stride` apart, and one row b[STRIP]. */
EQML_INLINE void eqml__tile_step(const double *a, int stride, const double *b, eqml_lanes sum[EQML__TILE][2])
{
    EQML__UNROLL_ALL
    for (int i = 0; i < EQML__TILE; i++) {
        sum[i][0] += a[i * stride] * eqml__load(b);
        sum[i][1] += a[i * stride] * eqml__load(b + EQML_LANES);
    }
}

/* c += a b for c[TILE][STRIP], b[depth][STRIP] and columns a[k stride + (0 .. TILE - 1)]. */
static inline void eqml__tile(int depth, const double *a, ptrdiff_t stride, const double *b, double *c)
{
    eqml_lanes sum[EQML__TILE][2];
    eqml__tile_load(c, sum);
    for (int k = 0; k < depth; k++, a += stride, b += EQML__STRIP)
        eqml__tile_step(a, 1, b, sum);
    eqml__tile_store(sum, c);
}

/* c += v y for c[TILE][STRIP], y[PANEL][STRIP] and TILE rows of a panel's v, of `rows` in all. */
static inline void eqml__tile_back(int rows, const double *v, const double *y, double *c)
{
    eqml_lanes sum[EQML__TILE][2];
    eqml__tile_load(c, sum);
    for (int k = 0; k < EQML__LSQ_PANEL; k += EQML__TILE, v += rows * EQML__TILE) {
        EQML__UNROLL_ALL
        for (int j = 0; j < EQML__TILE; j++, y += EQML__STRIP)
            eqml__tile_step(v + j, EQML__TILE, y, sum);
    }
    eqml__tile_store(sum, c);
}

/* R ends at the last row of its diagonal panel: all strips of panel p have (p + 1) PANEL rows. */
static size_t eqml__lsq_r_offset(int column)
{
    size_t p = (size_t)(column / EQML__LSQ_PANEL), within = (size_t)(column % EQML__LSQ_PANEL);
    size_t above = EQML__LSQ_PANEL * (p * (p + 1) / 2), strip = within / EQML__STRIP;
    return EQML__LSQ_PANEL * (above + (p + 1) * strip * EQML__STRIP) + within % EQML__STRIP;
}

static size_t eqml__lsq_r_size(int padded)
{
    return eqml__lsq_r_offset(padded);
}

/* The element R_ij, i <= j. */
static double *eqml__lsq_r(const eqml_lsq *lsq, int i, int j)
{
    return lsq->r + eqml__lsq_r_offset(j) + (size_t)i * EQML__STRIP;
}

static double *eqml__lsq_block_strip(const eqml_lsq *lsq, int column)
{
    return lsq->block + (size_t)column * EQML__LSQ_BLOCK;
}

/* The element of row i of the block, column j. */
static double *eqml__lsq_waiting(const eqml_lsq *lsq, int i, int j)
{
    return eqml__lsq_block_strip(lsq, j / EQML__STRIP * EQML__STRIP) + i * EQML__STRIP + j % EQML__STRIP;
}

/* Row i of the block; a null row is zero. */
static void eqml__lsq_put(eqml_lsq *lsq, int i, const double *row)
{
    for (int j = 0; j < lsq->padded; j += EQML__STRIP) {
        double *to = eqml__lsq_block_strip(lsq, j) + i * EQML__STRIP;
        if (row)
            memcpy(to, row + j, EQML__STRIP * sizeof(double));
        else
            memset(to, 0, EQML__STRIP * sizeof(double));
    }
}

/* Copies rows of STRIP columns between matrices whose rows have the given lengths. */
static void eqml__strip_copy(int rows, double *to, int to_length, const double *from, int from_length)
{
    for (int i = 0; i < rows; i++)
        memcpy(to + i * to_length, from + i * from_length, EQML__STRIP * sizeof(double));
}

/* Copies the columns of one panel: the diagonal of R to d[PANEL][PANEL], the block to v[rows][PANEL]. Returns
 * 0 where the block has nothing to eliminate: so rows that begin with zeros cost less. */
static int eqml__lsq_gather(const eqml_lsq *lsq, int column, int rows, double *d, double *v)
{
    int nonzero = 0;
    for (int j = 0; j < EQML__LSQ_PANEL; j += EQML__STRIP) {
        const double *b = eqml__lsq_block_strip(lsq, column + j);
        eqml__strip_copy(EQML__LSQ_PANEL, d + j, EQML__LSQ_PANEL, eqml__lsq_r(lsq, column, column + j),
                         EQML__STRIP);
        eqml__strip_copy(rows, v + j, EQML__LSQ_PANEL, b, EQML__STRIP);
        for (int i = 0; i < rows * EQML__STRIP; i++)
            nonzero |= b[i] != 0.0;
    }
    return nonzero;
}

static void eqml__lsq_scatter(eqml_lsq *lsq, int column, const double *d)
{
    for (int j = 0; j < EQML__LSQ_PANEL; j += EQML__STRIP)
        eqml__strip_copy(EQML__LSQ_PANEL, eqml__lsq_r(lsq, column, column + j), EQML__STRIP, d + j,
                         EQML__LSQ_PANEL);
}

/* One pass over v[rows][PANEL]: v -= (scale v_j) w^T, then g = v^T v_next. w is zero in columns up to j, so
 * the vectors left of column j need no store. */
static void eqml__lsq_eliminate(int rows, double *v, int j, double scale, const double *w, int next,
                                double *g)
{
    const int first = j / EQML_LANES * EQML_LANES;
    memset(g, 0, EQML__LSQ_PANEL * sizeof(double));
    for (int i = 0; i < rows; i += EQML__TILE, v += EQML__TILE * EQML__LSQ_PANEL) {
        double t[EQML__TILE], s[EQML__TILE];
        for (int k = 0; k < EQML__TILE; k++) {
            t[k] = scale * v[k * EQML__LSQ_PANEL + j];
            s[k] = v[k * EQML__LSQ_PANEL + next] - t[k] * w[next];
        }
        for (int q = 0; q < first; q += EQML_LANES) {
            eqml_lanes sum = eqml__load(g + q);
            EQML__UNROLL_ALL
            for (int k = 0; k < EQML__TILE; k++)
                sum += s[k] * eqml__load(v + k * EQML__LSQ_PANEL + q);
            eqml__store(g + q, sum);
        }
        for (int q = first; q < EQML__LSQ_PANEL; q += EQML_LANES) {
            eqml_lanes sum = eqml__load(g + q), wq = eqml__load(w + q);
            EQML__UNROLL_ALL
            for (int k = 0; k < EQML__TILE; k++) {
                double *at = v + k * EQML__LSQ_PANEL + q;
                const eqml_lanes left = eqml__load(at) - t[k] * wq;
                eqml__store(at, left);
                sum += s[k] * left;
            }
            eqml__store(g + q, sum);
        }
    }
}

/* Factors the panel d[PANEL][PANEL] (upper triangular) above v[rows][PANEL]. On return d is the new triangle,
 * and the product of the reflectors is I - [I; v] T [I; v]^T with upper triangular T; t = -T. */
static void eqml__lsq_factor(int rows, double *d, double *v, double *t)
{
    double scale[EQML__LSQ_PANEL], w[EQML__LSQ_PANEL] = {0}, g[EQML__LSQ_PANEL];
    memset(t, 0, EQML__LSQ_PANEL * EQML__LSQ_PANEL * sizeof(double));
    eqml__lsq_eliminate(rows, v, 0, 0.0, w, 0, g);
    for (int j = 0; j < EQML__LSQ_PANEL; j++, d += EQML__LSQ_PANEL) {
        eqml__reflector h = eqml__reflect(d[j], g[j]);
        scale[j] = h.scale;
        for (int k = 0; k < j; k++) {
            double sum = 0.0;
            for (int l = k; l < j; l++)
                sum += t[k * EQML__LSQ_PANEL + l] * scale[l] * g[l];
            t[k * EQML__LSQ_PANEL + j] = -h.tau * h.scale * sum;
        }
        t[j * EQML__LSQ_PANEL + j] = -h.tau;
        d[j] = h.beta;
        w[j] = 0.0;
        for (int k = j + 1; k < EQML__LSQ_PANEL; k++) {
            w[k] = h.tau * (d[k] + h.scale * g[k]);
            d[k] -= w[k];
        }
        if (j + 1 < EQML__LSQ_PANEL)
            eqml__lsq_eliminate(rows, v, j, h.scale, w, j + 1, g);
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < EQML__LSQ_PANEL; j++)
            v[i * EQML__LSQ_PANEL + j] *= scale[j];
}

/* Makes the reflectors of the panel that begins at a column, and puts its new diagonal into R. */
static void eqml__lsq_reflect_panel(eqml_lsq *lsq, int column, int rows, eqml__panel *p)
{
    double *d = lsq->work, *v = d + EQML__LSQ_PANEL * EQML__LSQ_PANEL, *to = p->v;
    p->rows = eqml__lsq_gather(lsq, column, rows, d, v) ? rows : 0;
    if (!p->rows)
        return;
    eqml__lsq_factor(rows, d, v, p->t);
    eqml__lsq_scatter(lsq, column, d);
    for (int j = 0; j < EQML__LSQ_PANEL; j += EQML__TILE)
        for (int i = 0; i < rows; i++, to += EQML__TILE)
            memcpy(to, v + i * EQML__LSQ_PANEL + j, EQML__TILE * sizeof(double));
}

/* Asks for memory that is soon read. 14,752 columns are folded at 33 GFLOP/s with it, at 30 without. */
#ifdef __GNUC__
#define EQML__PREFETCH(address) __builtin_prefetch(address)
#else
#define EQML__PREFETCH(address) ((void)(address))
#endif

/* Applies the transposed product of a panel's reflectors to one strip of the columns behind it:
 * [r; b] += [I; v] t^T (r + v^T b). */
static void eqml__lsq_apply(const eqml__panel *p, double *r, double *b)
{
    enum { SIZE = EQML__LSQ_PANEL * EQML__STRIP };
    double w[SIZE] EQML_ALIGNED, y[SIZE] EQML_ALIGNED;
    const double *next = b + EQML__LSQ_BLOCK * EQML__STRIP; /* the strip behind; past the last, R */
    memcpy(w, r, sizeof w);
    memset(y, 0, sizeof y);
    for (int i = 0; i < EQML__LSQ_PANEL; i += EQML__TILE)
        eqml__tile(p->rows, p->v + i * p->rows, EQML__TILE, b, w + i * EQML__STRIP);
    for (int i = 0; i < EQML__LSQ_PANEL; i += EQML__TILE)
        eqml__tile(i + EQML__TILE, p->t + i, EQML__LSQ_PANEL, w, y + i * EQML__STRIP);
    for (int k = 0; k < SIZE; k++)
        r[k] += y[k];
    for (int i = 0; i < p->rows; i += EQML__TILE) {
        for (int k = i; k < i + EQML__TILE; k++)
            EQML__PREFETCH(next + k * EQML__STRIP);
        eqml__tile_back(p->rows, p->v + i * EQML__TILE, y, b + i * EQML__STRIP);
    }
}

/* Applies a panel, which begins at `column`, to the strips from column `from` to `to`. */
static void eqml__lsq_apply_strips(eqml_lsq *lsq, const eqml__panel *p, int column, int from, int to)
{
    for (int j = from; j < to; j += EQML__STRIP)
        eqml__lsq_apply(p, eqml__lsq_r(lsq, column, j), eqml__lsq_block_strip(lsq, j));
}

/* Columns that a thread takes at a time, a tenth of a millisecond of work; and the fewest such shares for which
 * there are threads, which cost some microseconds. */
#define EQML__LSQ_SHARE EQML__LSQ_PANEL
#define EQML__LSQ_FEW 3

/* R <- triangular factor of [R; block]; the block is empty afterwards. A panel is applied to the next panel first,
 * whose reflectors are then made while other threads apply it to the columns behind. Each strip is changed by one
 * thread, in the same order of panels: the bits do not depend on the threads. */
static void eqml__lsq_fold(eqml_lsq *lsq)
{
    eqml__panel panels[2];
    int rows = lsq->filled, last = (lsq->width - 1) / EQML__LSQ_PANEL;
    for (int k = 0; k < 2; k++) {
        panels[k].v = lsq->work + (size_t)(k + 1) * EQML__LSQ_WORK_PANEL;
        panels[k].t = panels[k].v + EQML__LSQ_BLOCK * EQML__LSQ_PANEL;
    }
    for (; rows % EQML__TILE; rows++)
        eqml__lsq_put(lsq, rows, NULL);
    if (rows)
        eqml__lsq_reflect_panel(lsq, 0, rows, &panels[0]);
    for (int k = 0; k < last && rows; k++) {
        const int column = k * EQML__LSQ_PANEL, next = column + EQML__LSQ_PANEL;
        eqml__panel *p = &panels[k % 2], *ahead = &panels[(k + 1) % 2];
        EQML__OMP(parallel for schedule(dynamic) if (last - k >= EQML__LSQ_FEW))
        for (int share = next; share < lsq->width; share += EQML__LSQ_SHARE) {
            const int end = share + EQML__LSQ_SHARE < lsq->width ? share + EQML__LSQ_SHARE : lsq->width;
            if (p->rows)
                eqml__lsq_apply_strips(lsq, p, column, share, end);
            if (share == next)
                eqml__lsq_reflect_panel(lsq, next, rows, ahead);
        }
    }
    lsq->filled = 0;
}

#endif

static int eqml__lsq_padded(int width)
{
    return (width + EQML__LSQ_PANEL - 1) / EQML__LSQ_PANEL * EQML__LSQ_PANEL;
}

/* Numbers in the one allocation of a system. */
static size_t eqml__lsq_count(int padded)
{
    return (size_t)padded * (EQML__LSQ_BLOCK + 2) + eqml__lsq_r_size(padded) + EQML__LSQ_WORK(padded);
}

/* Bytes of an eqml__system. */
static size_t eqml__system_size(int n, int nrhs)
{
    const size_t size = (size_t)n, ld = size + (size_t)nrhs;
    return (size * ld + 5 * size + ld) * sizeof(double) + size * sizeof(int);
}

/* A system without room for its solution. Everything lives in one allocation; the matrices begin on a cache
 * line. */
static eqml_status eqml__lsq_open(eqml_lsq **lsq, int ncols, int nrhs)
{
    *lsq = NULL;
    if (ncols < 1 || nrhs < 1 || ncols > (1 << 24) || nrhs > (1 << 24))
        return EQML_ERROR_ARGUMENT;
    const int width = ncols + nrhs, padded = eqml__lsq_padded(width);
    if ((double)padded * padded * sizeof(double) > 0.25 * (double)SIZE_MAX)
        return EQML_ERROR_MEMORY;
    const size_t nrow = (size_t)padded, nblock = nrow * EQML__LSQ_BLOCK, nr = eqml__lsq_r_size(padded);
    const size_t count = eqml__lsq_count(padded), line = 64;
    eqml_lsq *s = (eqml_lsq *)EQML_MALLOC(sizeof(eqml_lsq) + line + count * sizeof(double));
    if (!s)
        return EQML_ERROR_MEMORY;
    memset(s, 0, sizeof(eqml_lsq));
    s->ncols = ncols, s->nrhs = nrhs, s->width = width, s->padded = padded;
    s->block = (double *)(((uintptr_t)(s + 1) + line - 1) / line * line);
    memset(s->block, 0, count * sizeof(double));
    s->r = s->block + nblock;
    s->work = s->r + nr;
    s->row = s->work + EQML__LSQ_WORK(padded);
    s->least = s->row + nrow;
    *lsq = s;
    return EQML_OK;
}

/* Takes what the next solution needs, so that one for which memory is short fails before the work. */
static eqml_status eqml__lsq_reserve(eqml_lsq *lsq, int ridge)
{
    if (!lsq->room)
        lsq->room = EQML_MALLOC(eqml__system_size(lsq->ncols, lsq->nrhs));
    if (!lsq->room)
        return EQML_ERROR_MEMORY;
    return ridge && !lsq->spare ? eqml__lsq_open(&lsq->spare, lsq->ncols, lsq->nrhs) : EQML_OK;
}

static void eqml__lsq_release(eqml_lsq *lsq)
{
    EQML_FREE(lsq->room);
    EQML_FREE(lsq->spare);
    lsq->room = NULL;
    lsq->spare = NULL;
}

/* An empty system with the room of its first solution, which may have a ridge. */
static eqml_status eqml__lsq_start(eqml_lsq **lsq, int ncols, int nrhs, int ridge)
{
    eqml_status status = eqml__lsq_open(lsq, ncols, nrhs);
    if (status == EQML_OK)
        status = eqml__lsq_reserve(*lsq, ridge);
    if (status != EQML_OK) {
        eqml_lsq_free(*lsq);
        *lsq = NULL;
    }
    return status;
}

eqml_status eqml_lsq_create(eqml_lsq **lsq, int ncols, int nrhs)
{
    return lsq ? eqml__lsq_start(lsq, ncols, nrhs, 0) : EQML_ERROR_ARGUMENT;
}

size_t eqml_lsq_memory(int ncols, int nrhs, int ridge)
{
    const size_t stream = eqml__lsq_count(eqml__lsq_padded(ncols + nrhs)) * sizeof(double);
    return (ridge ? 2 : 1) * stream + eqml__system_size(ncols, nrhs);
}

void eqml_lsq_free(eqml_lsq *lsq)
{
    if (lsq)
        eqml__lsq_release(lsq);
    EQML_FREE(lsq);
}

double *eqml_lsq_row(eqml_lsq *lsq)
{
    return lsq->row;
}

eqml_status eqml_lsq_add(eqml_lsq *lsq)
{
    for (int j = 0; j < lsq->width; j++)
        if (!isfinite(lsq->row[j]))
            return EQML_ERROR_VALUE;
    eqml__lsq_put(lsq, lsq->filled++, lsq->row);
    lsq->rows++;
    if (lsq->filled == EQML__LSQ_BLOCK)
        eqml__lsq_fold(lsq);
    return EQML_OK;
}

/* Whether no square has overflowed. */
static bool eqml__lsq_is_finite(const eqml_lsq *lsq)
{
    bool finite = true;
    for (int j = 0; j < lsq->width; j++)
        for (int i = 0; i <= j; i++)
            finite = finite && isfinite(*eqml__lsq_r(lsq, i, j));
    return finite;
}

/* Adds the rows of another system times a factor: those of its triangle, whose leading zeros make them cheap. */
static eqml_status eqml__lsq_merge_times(eqml_lsq *lsq, eqml_lsq *other, double factor)
{
    if (!lsq || !other || lsq == other || lsq->ncols != other->ncols || lsq->nrhs != other->nrhs)
        return EQML_ERROR_ARGUMENT;
    eqml__lsq_fold(lsq);
    eqml__lsq_fold(other);
    if (!eqml__lsq_is_finite(other))
        return EQML_ERROR_VALUE;
    for (size_t k = 0; k < eqml__lsq_r_size(lsq->padded) && lsq->rows == 0; k++)
        lsq->r[k] = factor * other->r[k];
    for (int i = 0; i < lsq->width && lsq->rows > 0; i++) {
        memset(lsq->row, 0, (size_t)i * sizeof(double));
        for (int j = i; j < lsq->width; j++)
            lsq->row[j] = factor * *eqml__lsq_r(other, i, j);
        eqml__lsq_put(lsq, lsq->filled++, lsq->row);
        if (lsq->filled == EQML__LSQ_BLOCK || i + 1 == lsq->width)
            eqml__lsq_fold(lsq);
    }
    lsq->rows += other->rows;
    for (int j = 0; j < lsq->width; j++)
        lsq->least[j] = lsq->least[j] < other->least[j] ? other->least[j] : lsq->least[j];
    lsq->tolerance = lsq->tolerance < other->tolerance ? other->tolerance : lsq->tolerance;
    return EQML_OK;
}

eqml_status eqml_lsq_merge(eqml_lsq *lsq, eqml_lsq *other)
{
    return eqml__lsq_merge_times(lsq, other, 1);
}

#endif /* EQML__LSQ_C */

/* ==== lsq_file.c ======================================================================================== */

/* Least-squares systems as files. */
#ifndef EQML__LSQ_FILE_C
#define EQML__LSQ_FILE_C

enum { EQML__SAVED_VERSION = 1, EQML__SAVED_HEAD = 9 };

/* A digest of what h is of, and of these bytes behind it: one changed word always changes it. */
static uint64_t eqml__digest(uint64_t h, const void *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    for (size_t left = size; left > 0;) {
        const size_t now = left < 8 ? left : 8;
        uint64_t word = 0;
        if (now == 8)
            memcpy(&word, at, 8);
        else
            memcpy(&word, at, now);
        h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15); /* odd: it can be undone */
        h ^= h >> 32;
        at += now, left -= now;
    }
    return h;
}

/* A file that is written or read in words, with the digest of all so far. */
typedef struct eqml__saved {
    FILE *file;
    uint64_t check;
    const char *path;
    eqml_message *message;
    uint64_t head[EQML__SAVED_HEAD];
} eqml__saved;

static void eqml__put_words(eqml__saved *s, const void *words, size_t count)
{
    s->check = eqml__digest(s->check, words, 8 * count);
    fwrite(words, 8, count, s->file); /* errors stay with the file */
}

static bool eqml__get_words(eqml__saved *s, void *words, size_t count)
{
    if (fread(words, 8, count, s->file) != count)
        return false;
    s->check = eqml__digest(s->check, words, 8 * count);
    return true;
}

static void eqml__begin_head(uint64_t head[EQML__SAVED_HEAD])
{
    memcpy(head, "eqml-lsq", 8);
    head[1] = UINT64_C(0x0102030405060708);
    head[2] = EQML__SAVED_VERSION;
}

/* eqml_lsq_save() with notes[nnotes] of the caller's. */
static eqml_status eqml__lsq_save(const eqml_lsq *lsq, uint64_t key, const uint64_t *notes, size_t nnotes,
                                  const char *path, eqml_message *message)
{
    const size_t width = (size_t)lsq->width;
    eqml__output out;
    eqml__saved s;
    memset(&s, 0, sizeof s);
    double *column = (double *)eqml__zeroed(width, sizeof(double));
    if (!column)
        return eqml__no_memory(path, message);
    const eqml_status status = eqml__open_output(&out, path, message);
    if (status) {
        EQML_FREE(column);
        return status;
    }
    s.file = out.file;
    eqml__begin_head(s.head);
    s.head[3] = key, s.head[4] = (uint64_t)lsq->ncols, s.head[5] = (uint64_t)lsq->nrhs;
    s.head[6] = lsq->rows, s.head[7] = (uint64_t)lsq->filled, s.head[8] = nnotes;
    eqml__put_words(&s, s.head, EQML__SAVED_HEAD);
    eqml__put_words(&s, notes, nnotes);
    eqml__put_words(&s, &lsq->tolerance, 1);
    eqml__put_words(&s, lsq->least, width);
    for (int j = 0; j < lsq->width; j++) {
        for (int i = 0; i <= j; i++)
            column[i] = *eqml__lsq_r(lsq, i, j);
        eqml__put_words(&s, column, (size_t)j + 1);
    }
    for (int i = 0; i < lsq->filled; i++) {
        for (int j = 0; j < lsq->width; j++)
            column[j] = *eqml__lsq_waiting(lsq, i, j);
        eqml__put_words(&s, column, width);
    }
    const uint64_t check = s.check;
    eqml__put_words(&s, &check, 1);
    EQML_FREE(column);
    return eqml__close_output(&out, EQML_OK, message);
}

static eqml_status eqml__cut_off(eqml__saved *s)
{
    return eqml__fail_file(s->message, EQML_ERROR_FORMAT, s->path, 0,
                           "the saved system is cut off; remove the file to begin anew");
}

/* Opens a file and reads its head. On success eqml__lsq_restore() ends it, or fclose(). */
static eqml_status eqml__open_saved(eqml__saved *s, const char *path, eqml_message *message)
{
    uint64_t like[EQML__SAVED_HEAD];
    memset(s, 0, sizeof *s);
    s->path = path;
    s->message = message;
    s->file = fopen(path, "rb");
    if (!s->file)
        return eqml__fail_file(message, EQML_ERROR_FILE, path, 0, "cannot be read: %s", strerror(errno));
    eqml__begin_head(like);
    eqml_status status = EQML_OK;
    if (!eqml__get_words(s, s->head, 3) || s->head[0] != like[0])
        status = eqml__fail_file(message, EQML_ERROR_FORMAT, path, 0, "is not a saved least-squares system");
    else if (s->head[1] != like[1])
        status = eqml__fail_file(message, EQML_ERROR_FORMAT, path, 0,
                                 "was written on a machine with another order of bytes");
    else if (s->head[2] != like[2])
        status =
            eqml__fail_file(message, EQML_ERROR_FORMAT, path, 0,
                            "has version %llu, but only version %d is known; remove the file to begin anew",
                            (unsigned long long)s->head[2], EQML__SAVED_VERSION);
    else if (!eqml__get_words(s, s->head + 3, EQML__SAVED_HEAD - 3))
        status = eqml__cut_off(s);
    else if (s->head[4] < 1 || s->head[4] > 1 << 24 || s->head[5] < 1 || s->head[5] > 1 << 24 ||
             s->head[7] >= EQML__LSQ_BLOCK)
        status = eqml__fail_file(message, EQML_ERROR_FORMAT, path, 0, "is damaged");
    if (status)
        fclose(s->file);
    return status;
}

/* The rest of the file into an empty system of its sizes, and its notes; column[width]: work. */
static eqml_status eqml__read_saved(eqml__saved *s, eqml_lsq *lsq, uint64_t *notes, double *column)
{
    const size_t width = (size_t)lsq->width;
    uint64_t check = 0;
    bool whole = eqml__get_words(s, notes, (size_t)s->head[8]) && eqml__get_words(s, &lsq->tolerance, 1) &&
                 eqml__get_words(s, lsq->least, width);
    for (int j = 0; j < lsq->width && whole; j++) {
        whole = eqml__get_words(s, column, (size_t)j + 1);
        for (int i = 0; i <= j; i++)
            *eqml__lsq_r(lsq, i, j) = column[i];
    }
    lsq->rows = (size_t)s->head[6];
    lsq->filled = (int)s->head[7];
    for (int i = 0; i < lsq->filled && whole; i++) {
        whole = eqml__get_words(s, column, width);
        for (int j = 0; j < lsq->width; j++)
            *eqml__lsq_waiting(lsq, i, j) = column[j];
    }
    const uint64_t found = s->check;
    if (!whole || !eqml__get_words(s, &check, 1))
        return eqml__cut_off(s);
    if (check != found || getc(s->file) != EOF)
        return eqml__fail_file(s->message, EQML_ERROR_FORMAT, s->path, 0,
                               "is damaged: its check sum is wrong; remove the file to begin anew");
    return EQML_OK;
}

/* The same, and closes the file. On failure the system holds nothing of use. */
static eqml_status eqml__lsq_restore(eqml__saved *s, eqml_lsq *lsq, uint64_t *notes)
{
    double *column = (double *)eqml__zeroed((size_t)lsq->width, sizeof(double));
    const eqml_status status =
        column ? eqml__read_saved(s, lsq, notes, column) : eqml__no_memory(s->path, s->message);
    EQML_FREE(column);
    fclose(s->file);
    return status;
}

EQML_API eqml_status eqml_lsq_save(const eqml_lsq *lsq, uint64_t key, const char *path, eqml_message *message)
{
    return eqml__lsq_save(lsq, key, &key, 0, path, message);
}

EQML_API eqml_status eqml_lsq_load(eqml_lsq **lsq, uint64_t key, const char *path, eqml_message *message)
{
    eqml__saved s;
    uint64_t none;
    *lsq = NULL;
    eqml_status status = eqml__open_saved(&s, path, message);
    if (status)
        return status;
    if (s.head[3] != key || s.head[8] != 0)
        status = eqml__fail_file(message, EQML_ERROR_MATCH, path, 0, "belongs to another problem");
    else if (eqml_lsq_create(lsq, (int)s.head[4], (int)s.head[5]))
        status = eqml__no_memory(path, message);
    if (status)
        fclose(s.file);
    else
        status = eqml__lsq_restore(&s, *lsq, &none);
    if (status) {
        eqml_lsq_free(*lsq);
        *lsq = NULL;
    }
    return status;
}

#endif /* EQML__LSQ_FILE_C */

/* ==== system.c ========================================================================================== */

/* The triangular system of a least-squares problem: its rank, condition and solution of least norm. */
#ifndef EQML__SYSTEM_C
#define EQML__SYSTEM_C
#include <float.h>
#include <math.h>
#include <string.h>

/* The copy that a solution works on: columns scaled to unit norm, then possibly pivoted. */
typedef struct eqml__system {
    int n, nrhs, rank;
    size_t ld;      /* n + nrhs */
    double *a;      /* [n][ld], row-major: the triangle, then the right-hand sides */
    double *norm;   /* [n]: norms of the original columns */
    double *tau;    /* [n]: reflectors from the right, see eqml__system_complete */
    double *left;   /* [n]: norms of what is left of the columns, downdated ... */
    double *exact;  /* [n]: ... since they were last computed */
    double *u, *w;  /* [n], [ld]: work */
    int *permuted;  /* [n]: the original place of column j */
    double largest; /* extreme singular values of the leading triangle [rank][rank] */
    double smallest;
} eqml__system;

/* Four chains, because the compiler may not reorder a sum. */
static double eqml__dot(int n, const double *a, const double *b)
{
    double s[4] = {0.0, 0.0, 0.0, 0.0};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        s[0] += a[i] * b[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

static void eqml__axpy(int n, double alpha, const double *a, double *b)
{
    for (int i = 0; i < n; i++)
        b[i] += alpha * a[i];
}

/* Lays the arrays out in `room`, eqml__system_size() bytes, which stay the caller's. */
static void eqml__system_create(eqml__system *s, int n, int nrhs, void *room)
{
    const size_t size = (size_t)n, ld = size + (size_t)nrhs;
    double *p = (double *)room;
    memset(s, 0, sizeof(*s));
    s->n = n, s->nrhs = nrhs, s->rank = n, s->ld = ld;
    s->a = p, p += size * ld;
    s->norm = p, p += size;
    s->tau = p, p += size;
    s->left = p, p += size;
    s->exact = p, p += size;
    s->u = p, p += size;
    s->w = p, p += ld;
    s->permuted = (int *)p;
    for (int j = 0; j < n; j++)
        s->permuted[j] = j;
}

/*
 * Copies R and the right-hand sides. The columns of R are divided by norm[n] if that is not NULL, those of
 * norm zero excepted.
 */
static void eqml__system_copy(eqml__system *s, const eqml_lsq *lsq, const double *norm)
{
    memset(s->a, 0, (size_t)s->n * s->ld * sizeof(double));
    for (int j = 0; j < (int)s->ld; j++) {
        const double scale = norm && j < s->n && norm[j] > 0.0 ? norm[j] : 1.0;
        for (int i = 0; i < s->n && i <= j; i++)
            s->a[(size_t)i * s->ld + (size_t)j] = *eqml__lsq_r(lsq, i, j) / scale;
    }
}

/* Divides each column by its norm in A, which is that in R, or by lsq->least where this is larger. */
static eqml_status eqml__system_load(eqml__system *s, const eqml_lsq *lsq)
{
    for (int j = 0; j < lsq->width; j++) {
        double sum = 0.0;
        for (int i = 0; i <= j; i++)
            sum += *eqml__lsq_r(lsq, i, j) * *eqml__lsq_r(lsq, i, j);
        if (!isfinite(sum))
            return EQML_ERROR_VALUE;
        if (j < s->n)
            s->norm[j] = fmax(sqrt(sum), lsq->least[j]);
    }
    eqml__system_copy(s, lsq, s->norm);
    return EQML_OK;
}

/*
 * Adds the rows sqrt(ridge) e_i to the scaled system. lsq is one more stream, empty before: each row of R is
 * followed by that of its column, so that leading zeros stay.
 */
static eqml_status eqml__system_ridge(eqml__system *s, double ridge, int first, eqml_lsq *lsq)
{
    eqml_status status = EQML_OK;
    for (int i = 0; i < s->n && status == EQML_OK; i++) {
        double *row = eqml_lsq_row(lsq);
        memcpy(row, s->a + (size_t)i * s->ld, s->ld * sizeof(double));
        status = eqml_lsq_add(lsq);
        if (status != EQML_OK || i < first || s->norm[i] == 0.0)
            continue;
        memset(row, 0, s->ld * sizeof(double));
        row[i] = sqrt(ridge);
        status = eqml_lsq_add(lsq);
    }
    if (status == EQML_OK) {
        eqml__lsq_fold(lsq);
        eqml__system_copy(s, lsq, NULL);
    }
    return status;
}

/* y <- T y, T^T y, T^-1 y, T^-T y for the leading triangle T; rows are contiguous in all four. */
static void eqml__multiply(const eqml__system *s, double *y)
{
    for (int i = 0; i < s->rank; i++)
        y[i] = eqml__dot(s->rank - i, s->a + (size_t)i * s->ld + i, y + i);
}

static void eqml__multiply_transposed(const eqml__system *s, double *y)
{
    for (int i = s->rank - 1; i >= 0; i--) {
        const double *row = s->a + (size_t)i * s->ld, yi = y[i];
        y[i] = row[i] * yi;
        eqml__axpy(s->rank - i - 1, yi, row + i + 1, y + i + 1);
    }
}

static void eqml__divide(const eqml__system *s, double *y)
{
    for (int i = s->rank - 1; i >= 0; i--) {
        const double *row = s->a + (size_t)i * s->ld;
        y[i] = (y[i] - eqml__dot(s->rank - i - 1, row + i + 1, y + i + 1)) / row[i];
    }
}

static void eqml__divide_transposed(const eqml__system *s, double *y)
{
    for (int i = 0; i < s->rank; i++) {
        const double *row = s->a + (size_t)i * s->ld;
        y[i] /= row[i];
        eqml__axpy(s->rank - i - 1, -y[i], row + i + 1, y + i + 1);
    }
}

/* Largest singular value of T (inverse = 0) or of its inverse, from below: power iteration on T^T T from a
 * scattered start, until a step changes it by less than 1e-4. */
static double eqml__norm2(const eqml__system *s, int inverse)
{
    double *y = s->u, sigma = 0.0, previous;
    uint32_t random = 1;
    for (int i = 0; i < s->rank; i++) {
        random = random * 1664525u + 1013904223u;
        y[i] = random / 2147483648.0 - 1.0;
    }
    for (int iteration = 0; iteration < 300; iteration++) {
        double length = sqrt(eqml__dot(s->rank, y, y));
        for (int i = 0; i < s->rank; i++)
            y[i] /= length;
        (inverse ? eqml__divide_transposed : eqml__multiply)(s, y);
        previous = sigma;
        sigma = sqrt(eqml__dot(s->rank, y, y));
        if (!isfinite(sigma) || fabs(sigma - previous) <= 1e-4 * sigma)
            break;
        (inverse ? eqml__divide : eqml__multiply_transposed)(s, y);
    }
    return sigma;
}

static void eqml__system_singular_values(eqml__system *s)
{
    s->largest = s->rank ? eqml__norm2(s, 0) : 0.0;
    s->smallest = s->rank ? 1.0 / eqml__norm2(s, 1) : 0.0;
}

/*
 * Nonzero if pivoting cannot find a deficiency: every pivoted |R_kk| is at least the smallest singular value,
 * and |R_11|, a column norm, is at most sqrt(1 + ridge) = bound. The factor 2 covers the estimate.
 */
static int eqml__system_regular(eqml__system *s, double tolerance, double bound)
{
    for (int i = 0; i < s->n; i++)
        if (!(fabs(s->a[(size_t)i * s->ld + (size_t)i]) > tolerance * bound))
            return 0;
    eqml__system_singular_values(s);
    return s->smallest > 2.0 * tolerance * bound;
}

static double eqml__column_norm(const eqml__system *s, int first, int j)
{
    double sum = 0.0;
    for (int i = first; i < s->n; i++)
        sum += s->a[(size_t)i * s->ld + (size_t)j] * s->a[(size_t)i * s->ld + (size_t)j];
    return sqrt(sum);
}

static void eqml__swap(double *a, double *b)
{
    double t = *a;
    *a = *b;
    *b = t;
}

/* Exchanges column k with the one of the columns from k on that has the largest norm left. */
static void eqml__system_pivot(eqml__system *s, int k)
{
    int p = k;
    for (int j = k + 1; j < s->n; j++)
        if (s->left[j] > s->left[p])
            p = j;
    if (p == k)
        return;
    for (int i = 0; i < s->n; i++)
        eqml__swap(s->a + (size_t)i * s->ld + k, s->a + (size_t)i * s->ld + p);
    eqml__swap(s->left + k, s->left + p);
    eqml__swap(s->exact + k, s->exact + p);
    int t = s->permuted[k];
    s->permuted[k] = s->permuted[p];
    s->permuted[p] = t;
}

/*
 * Takes row k out of the norms that are left. If too many digits have cancelled since the last exact norm, it
 * is computed anew (Drmac, Bujanovic, ACM Trans. Math. Softw. 35, 12 (2008), as in LAPACK 3.1).
 */
static void eqml__system_downdate(eqml__system *s, int k)
{
    for (int j = k + 1; j < s->n; j++) {
        if (s->left[j] == 0.0)
            continue;
        const double ratio = fabs(s->a[(size_t)k * s->ld + (size_t)j]) / s->left[j];
        const double kept = fmax(0.0, 1.0 - ratio * ratio), trust = s->left[j] / s->exact[j];
        if (kept * trust * trust > sqrt(DBL_EPSILON))
            s->left[j] *= sqrt(kept);
        else
            s->left[j] = s->exact[j] = eqml__column_norm(s, k + 1, j);
    }
}

/*
 * Reflects column k to zeros below its diagonal. Does nothing and returns 0 if the new diagonal would be at
 * most `least`.
 */
static int eqml__system_step(eqml__system *s, int k, double least)
{
    double *v = s->u, *row = s->a + (size_t)k * s->ld;
    int last = k + 1; /* rows behind the last nonzero stay as they are */
    for (int i = k + 1; i < s->n; i++)
        if ((v[i] = s->a[(size_t)i * s->ld + (size_t)k]) != 0.0)
            last = i + 1;
    const eqml__reflector h = eqml__reflect(row[k], eqml__dot(last - k - 1, v + k + 1, v + k + 1));
    if (fabs(h.beta) <= least)
        return 0;
    const int m = (int)s->ld - k - 1;
    memcpy(s->w, row + k + 1, (size_t)m * sizeof(double));
    for (int i = k + 1; i < last; i++)
        eqml__axpy(m, v[i] *= h.scale, s->a + (size_t)i * s->ld + k + 1, s->w);
    row[k] = h.beta;
    eqml__axpy(m, -h.tau, s->w, row + k + 1);
    for (int i = k + 1; i < last; i++)
        eqml__axpy(m, -h.tau * v[i], s->w, s->a + (size_t)i * s->ld + k + 1);
    return 1;
}

/* QR with column pivoting, up to the numerical rank. */
static void eqml__system_triangulate(eqml__system *s, double tolerance)
{
    for (int j = 0; j < s->n; j++)
        s->left[j] = s->exact[j] = eqml__column_norm(s, 0, j);
    for (int k = 0; k < s->n; k++) {
        eqml__system_pivot(s, k);
        if (!eqml__system_step(s, k, k ? tolerance * fabs(s->a[0]) : 0.0)) {
            s->rank = k;
            return;
        }
        eqml__system_downdate(s, k);
    }
}

/* [R11 R12] = [T 0] Z: reflectors from the right, the last row first; their tails take the place of R12. */
static void eqml__system_complete(eqml__system *s)
{
    const int r = s->rank, m = s->n - r;
    for (int i = r - 1; i >= 0; i--) {
        double *row = s->a + (size_t)i * s->ld, *v = row + r;
        const eqml__reflector h = eqml__reflect(row[i], eqml__dot(m, v, v));
        row[i] = h.beta;
        s->tau[i] = h.tau;
        for (int k = 0; k < m; k++)
            v[k] *= h.scale;
        for (int q = 0; q < i; q++) {
            double *above = s->a + (size_t)q * s->ld, t = h.tau * (above[i] + eqml__dot(m, above + r, v));
            above[i] -= t;
            eqml__axpy(m, -t, v, above + r);
        }
    }
}

/* Finds the numerical rank r and leaves a regular triangle T of that size. */
static void eqml__system_reduce(eqml__system *s, double tolerance, double bound)
{
    if (eqml__system_regular(s, tolerance, bound))
        return;
    eqml__system_triangulate(s, tolerance);
    if (s->rank < s->n)
        eqml__system_complete(s);
    eqml__system_singular_values(s);
}

/* x[n] for one right-hand side: T y = c, z = Z^T [y; 0], then back to the caller's order and scale. */
static void eqml__system_solve(const eqml__system *s, int rhs, double *x)
{
    const int r = s->rank, m = s->n - r;
    double *z = s->u;
    for (int i = 0; i < s->n; i++)
        z[i] = i < r ? s->a[(size_t)i * s->ld + (size_t)(s->n + rhs)] : 0.0;
    eqml__divide(s, z);
    for (int i = 0; i < r && m > 0; i++) {
        const double *v = s->a + (size_t)i * s->ld + r, t = s->tau[i] * (z[i] + eqml__dot(m, v, z + r));
        z[i] -= t;
        eqml__axpy(m, -t, v, z + r);
    }
    for (int j = 0; j < s->n; j++) {
        const int k = s->permuted[j];
        x[k] = s->norm[k] > 0.0 ? z[j] / s->norm[k] : 0.0;
    }
}

/* |A x - b|^2 = |R x - c|^2 + |what no x can reach|^2. */
static double eqml__lsq_residual(const eqml_lsq *lsq, int rhs, const double *x)
{
    const int n = lsq->ncols, column = n + rhs;
    double total = 0.0;
    for (int i = 0; i <= column; i++) {
        double e = *eqml__lsq_r(lsq, i, column);
        for (int j = i; j < n; j++)
            e -= *eqml__lsq_r(lsq, i, j) * x[j];
        total += e * e;
    }
    return total;
}

static void eqml__lsq_report(const eqml_lsq *lsq, const eqml__system *s, const double *x,
                             eqml_lsq_result *result)
{
    result->rows = lsq->rows;
    result->rank = s->rank;
    result->condition = s->rank ? s->largest / s->smallest : 0.0;
    result->residual = 0.0;
    for (int k = 0; k < lsq->nrhs; k++)
        result->residual += eqml__lsq_residual(lsq, k, x + (size_t)k * (size_t)lsq->ncols);
}

/* Twice what dependent columns leave in R at worst, as measured with 2 to 500 columns and 600 to 2,000,000
 * rows; rounding errors of the folds add like a random walk. */
static double eqml__lsq_tolerance(const eqml_lsq *lsq)
{
    return fmax(lsq->tolerance, DBL_EPSILON * (20.0 + 2.0 * lsq->ncols + sqrt((double)lsq->rows)));
}

eqml_status eqml_lsq_solve(eqml_lsq *lsq, const eqml_lsq_options *options, double *x, eqml_lsq_result *result)
{
    const eqml_lsq_options zero = {0.0, 0.0, 0}, *o = options ? options : &zero;
    if (!lsq || !x || !(o->tolerance >= 0.0) || o->tolerance >= 1.0 || !(o->ridge >= 0.0) || isinf(o->ridge))
        return EQML_ERROR_ARGUMENT;
    if (lsq->rows == 0)
        return EQML_ERROR_EMPTY;
    const double tolerance = o->tolerance > 0.0 ? o->tolerance : eqml__lsq_tolerance(lsq);
    eqml__lsq_fold(lsq);

    eqml__system s;
    eqml_status status = eqml__lsq_reserve(lsq, o->ridge > 0.0);
    if (status == EQML_OK) {
        eqml__system_create(&s, lsq->ncols, lsq->nrhs, lsq->room);
        status = eqml__system_load(&s, lsq);
    }
    if (status == EQML_OK && o->ridge > 0.0)
        status = eqml__system_ridge(&s, o->ridge, o->free_first ? 1 : 0, lsq->spare);
    if (status == EQML_OK) {
        eqml__system_reduce(&s, tolerance, sqrt(1.0 + o->ridge));
        for (int k = 0; k < lsq->nrhs; k++)
            eqml__system_solve(&s, k, x + (size_t)k * (size_t)lsq->ncols);
        if (result)
            eqml__lsq_report(lsq, &s, x, result);
    }
    eqml__lsq_release(lsq);
    return status;
}

#endif /* EQML__SYSTEM_C */

/* ==== surface.c ========================================================================================= */

/* Surfaces: their arrays, and their coefficients in the order of terms. */
#ifndef EQML__SURFACE_C
#define EQML__SURFACE_C
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

EQML_API void eqml_surface_free(eqml_surface *surface)
{
    EQML_FREE(surface->variables);
    EQML_FREE(surface->centres);
    EQML_FREE(surface->rates);
    EQML_FREE(surface->ranges);
    EQML_FREE(surface->offset);
    EQML_FREE(surface->linear);
    EQML_FREE(surface->packed);
    for (int k = 0; k < EQML_TENSORS; k++)
        EQML_FREE(surface->tensors[k]);
    EQML_FREE(surface->rounded);
    EQML_FREE(surface->wall);
    memset(surface, 0, sizeof *surface);
}

static bool eqml__variable_is_valid(const eqml_variable *v)
{
    switch (v->kind) {
    case EQML_MORSE:
        return v->range != 0 && fabs(v->range) <= DBL_MAX;
    case EQML_EXP_OVER_R:
        return v->range > 0 && v->range <= DBL_MAX;
    case EQML_POWER:
        return v->range != 0 && v->range == floor(v->range) && fabs(v->range) <= 12;
    case EQML_INVERSE:
        return true;
    case EQML_USER:
        return v->function != NULL;
    }
    return false;
}

/* The centre of the variable of a class of pairs; 0 where the basis has no pair of it. */
static double eqml__get_centre(const eqml_surface *surface, int pair_class)
{
    const eqml_basis *b = surface->model.basis;
    for (int p = 0; p < b->npairs; p++)
        if (b->pair_classes[p] == pair_class)
            return surface->centres[p];
    return 0;
}

static void eqml__set_centre(eqml_surface *surface, int pair_class, double centre)
{
    const eqml_basis *b = surface->model.basis;
    for (int p = 0; p < b->npairs; p++)
        if (b->pair_classes[p] == pair_class)
            surface->centres[p] = centre;
}

/* Centres and ranges, between surfaces over bases with the same classes of pairs. */
static void eqml__copy_classes(eqml_surface *to, const eqml_surface *from)
{
    const int count = to->model.basis->npair_classes;
    for (int c = 0; c < count; c++)
        eqml__set_centre(to, c, eqml__get_centre(from, c));
    memcpy(to->ranges, from->ranges, 2 * (size_t)count * sizeof(double));
}

/* Whether any distances are known to be inside. */
static bool eqml__knows_ranges(const eqml_surface *surface)
{
    return surface->ranges[1] < HUGE_VAL;
}

/* The squares of the ranges of pair p, as eqml__inside takes them: a little wider, so that rounding leaves none out. */
static void eqml__squared_range(const eqml_surface *surface, int p, double square[2])
{
    const double *range = surface->ranges + 2 * surface->model.basis->pair_classes[p];
    square[0] = eqml__knows_ranges(surface) ? range[0] * range[0] * (1 - 2e-12) : -1;
    square[1] = eqml__knows_ranges(surface) ? range[1] * range[1] * (1 + 2e-12) : 1;
}

EQML_API int eqml_surface_inside(const eqml_surface *surface, const double *xyz)
{
    const eqml_basis *b = surface->model.basis;
    int inside = eqml__knows_ranges(surface) ? 1 : -1;
    for (int p = 0; p < b->npairs && inside == 1; p++) {
        double square = 0, range[2];
        for (int k = 0; k < 3; k++) {
            const double d = xyz[3 * b->pairs[p][0] + k] - xyz[3 * b->pairs[p][1] + k];
            square += d * d;
        }
        eqml__squared_range(surface, p, range);
        inside = square >= range[0] && square <= range[1];
    }
    return inside;
}

EQML_API eqml_status eqml_surface_create(const eqml_basis *basis, const eqml_variable *variables,
                                         eqml_surface *surface)
{
    size_t nfactors = (size_t)basis->nfactors;
    memset(surface, 0, sizeof *surface);
    for (int k = 0; k < basis->npair_classes; k++) {
        if (!eqml__variable_is_valid(&variables[k]))
            return EQML_ERROR_ARGUMENT;
    }
    surface->variables = (eqml_variable *)eqml__zeroed((size_t)basis->npair_classes, sizeof(eqml_variable));
    surface->centres = (double *)eqml__zeroed(EQML_ROUND((size_t)basis->npairs), sizeof(double));
    surface->rates = (double *)eqml__zeroed(EQML_ROUND((size_t)basis->npairs), sizeof(double));
    surface->ranges = (double *)eqml__zeroed(2 * (size_t)basis->npair_classes, sizeof(double));
    surface->offset = (double *)eqml__zeroed(nfactors, sizeof(double));
    surface->linear = (double *)eqml__zeroed(nfactors, sizeof(double));
    surface->packed = (double *)eqml__zeroed(eqml__times(16, (size_t)basis->ntiles), sizeof(double));
    surface->rounded = (float *)eqml__zeroed(2 * nfactors + 16 * (size_t)basis->ntiles, sizeof(float));
    bool complete = surface->variables && surface->centres && surface->rates && surface->ranges &&
                    surface->offset && surface->linear && surface->packed && surface->rounded;
    for (int k = 0; k < EQML_TENSORS; k++) {
        const eqml_tensor_basis *t = basis->tensors[k];
        surface->tensors[k] =
            t ? (double *)eqml__zeroed(eqml__times(16, (size_t)t->ntiles), sizeof(double)) : NULL;
        complete = complete && (!t || surface->tensors[k]);
    }
    if (!complete) {
        eqml_surface_free(surface);
        return EQML_ERROR_MEMORY;
    }
    memcpy(surface->variables, variables, (size_t)basis->npair_classes * sizeof(eqml_variable));
    for (int k = 0; k < basis->npair_classes; k++)
        surface->ranges[2 * k + 1] = HUGE_VAL;
    for (int p = 0; p < basis->npairs; p++) {
        const eqml_variable *v = &variables[basis->pair_classes[p]];
        surface->rates[p] = v->kind == EQML_MORSE || v->kind == EQML_EXP_OVER_R ? -1 / v->range : 0;
    }
    surface->model.basis = basis;
    surface->model.variables = surface->variables;
    surface->model.centres = surface->centres;
    surface->model.rates = surface->rates;
    surface->model.offset = surface->offset;
    surface->model.linear = surface->linear;
    surface->model.packed = surface->packed;
    for (int k = 0; k < EQML_TENSORS; k++)
        surface->model.tensors[k] = surface->tensors[k];
    surface->model.offset_float = surface->rounded;
    surface->model.linear_float = surface->rounded + nfactors;
    surface->model.packed_float = surface->rounded + 2 * nfactors;
    return EQML_OK;
}

/*
 * A place among the tiles. A search goes on where the last one ended, since products come mostly in the order
 * of the rows.
 */
typedef struct eqml__cursor {
    int nrows;
    int row, tile; /* the rows, and the first of their tiles */
    const eqml_rows *rows;
    const eqml_tile *tiles;
} eqml__cursor;

/* Finds where the coefficient of the product (left, right), which must exist, is stored. */
static size_t eqml__packed_place(eqml__cursor *at, int left, int right)
{
    for (;;) {
        const eqml_rows *rows = &at->rows[at->row];
        for (int row = 0; row < 4; row++)
            for (int t = 0; t < rows->ntiles && rows->row[row] == left; t++)
                if (at->tiles[at->tile + t].first == right / 4 * 4)
                    return 16 * (size_t)(at->tile + t) + 4 * (size_t)row + (size_t)(right % 4);
        at->tile += rows->ntiles;
        if (++at->row == at->nrows)
            at->row = at->tile = 0;
    }
}

/* Copies the coefficients of products to the packed order (set) or from it. */
static void eqml__transfer_runs(int nruns, const unsigned short (*runs)[3], eqml__cursor at,
                                double *coefficients, double *packed, bool set)
{
    for (int r = 0; r < nruns; r++)
        for (int c = 0; c < runs[r][2]; c++, coefficients++) {
            double *place = packed + eqml__packed_place(&at, runs[r][0], runs[r][1] + c);
            *(set ? place : coefficients) = *(set ? coefficients : place);
        }
}

/* Copies all coefficients of the energy to the surface (set) or from it. */
static void eqml__transfer(const eqml_surface *surface, double *coefficients, bool set)
{
    const eqml_basis *b = surface->model.basis;
    size_t k = 0;
    for (size_t f = 0; f < (size_t)b->nfactors; f++) {
        if (!eqml__is_term(b, f))
            continue;
        *(set ? &surface->linear[f] : &coefficients[k]) = set ? coefficients[k] : surface->linear[f];
        k++;
    }
    const eqml__cursor start = {b->nrows, 0, 0, b->rows, b->tiles};
    eqml__transfer_runs(b->nruns, b->runs, start, coefficients + k, surface->packed, set);
}

EQML_API void eqml_surface_set(eqml_surface *surface, const double *coefficients)
{
    const eqml_basis *b = surface->model.basis;
    float *rounded = surface->rounded;
    eqml__transfer(surface, (double *)coefficients, true);
    for (int k = 0; k < b->nfactors; k++) {
        rounded[k] = (float)surface->offset[k];
        rounded[b->nfactors + k] = (float)surface->linear[k];
    }
    for (int k = 0; k < 16 * b->ntiles; k++)
        rounded[2 * b->nfactors + k] = (float)surface->packed[k];
}

EQML_API void eqml_surface_get(const eqml_surface *surface, double *coefficients)
{
    eqml__transfer(surface, coefficients, false);
}

/* The same for a tensor. */
static void eqml__transfer_tensor(const eqml_surface *surface, eqml_tensor kind, double *coefficients,
                                  bool set)
{
    const eqml_tensor_basis *t = surface->model.basis->tensors[kind];
    const eqml__cursor start = {t->nrows, 0, 0, t->rows, t->tiles};
    eqml__transfer_runs(t->nruns, t->runs, start, coefficients, surface->tensors[kind], set);
}

EQML_API void eqml_surface_set_tensor(eqml_surface *surface, eqml_tensor kind, const double *coefficients)
{
    eqml__transfer_tensor(surface, kind, (double *)coefficients, true);
}

EQML_API void eqml_surface_get_tensor(const eqml_surface *surface, eqml_tensor kind, double *coefficients)
{
    eqml__transfer_tensor(surface, kind, coefficients, false);
}

/* Whether a number may be a total charge: whole, and of at most 1e6. */
static bool eqml__is_charge(double charge)
{
    return charge == floor(charge) && fabs(charge) <= 1e6;
}

#endif /* EQML__SURFACE_C */

/* ==== constant.c ======================================================================================== */

/* Distances that do not vary in the data. */
#ifndef EQML__CONSTANT_C
#define EQML__CONSTANT_C
#include <math.h>
#include <stdbool.h>
#include <string.h>

/*
 * A pair of atoms is constant if its distance varies over the training geometries by at most this fraction of
 * its mean. Bonds of rigid monomers and of constrained scans vary only in the last digits of the data, and
 * nothing may be learnt from those. Six decimals in angstrom leave up to 3.5e-6 angstrom between two
 * distances, 5e-6 of the shortest bond, H-H. Motion that data mean to show is larger: finite differences take
 * steps of 1e-3 bohr or more.
 */
#define EQML__CONSTANT 1e-5

/* What the training geometries show of one pair of atoms. */
typedef struct eqml__seen {
    double shortest, longest; /* bohr */
    double sum, count;        /* of the pair variable y */
    double low, high;         /* least and largest y */
} eqml__seen;

static double eqml__distance(const double *xyz, const unsigned short *pair)
{
    double square = 0;
    for (int k = 0; k < 3; k++) {
        const double d = xyz[3 * pair[0] + k] - xyz[3 * pair[1] + k];
        square += d * d;
    }
    return sqrt(square);
}

static void eqml__clear_seen(int npairs, eqml__seen *seen)
{
    memset(seen, 0, (size_t)npairs * sizeof *seen);
    for (int p = 0; p < npairs; p++)
        seen[p].shortest = seen[p].low = HUGE_VAL, seen[p].high = -HUGE_VAL;
}

/* Adds a geometry whose pair variables are y[npairs]. */
static void eqml__add_seen(const eqml_basis *b, const double *xyz, const double *y, eqml__seen *seen)
{
    for (int p = 0; p < b->npairs; p++, seen++) {
        const double r = eqml__distance(xyz, b->pairs[p]);
        seen->shortest = fmin(seen->shortest, r);
        seen->longest = fmax(seen->longest, r);
        seen->sum += y[p];
        seen->count += 1;
        seen->low = fmin(seen->low, y[p]);
        seen->high = fmax(seen->high, y[p]);
    }
}

static bool eqml__is_constant(double shortest, double longest)
{
    return longest - shortest <= EQML__CONSTANT * 0.5 * (shortest + longest);
}

/*
 * frozen[npairs] <- the mean of y where a pair is constant, HUGE_VAL elsewhere; returns how many are
 * constant. The fit takes y at this mean. What depends on constant pairs only is then constant to the last
 * digit, and linearly dependent to the last digit. Equally long pairs of one class get the same mean, because
 * their difference is rounding too.
 */
static int eqml__freeze(const eqml_basis *b, const eqml__seen *seen, double *frozen)
{
    int count = 0;
    for (int p = 0; p < b->npairs; p++) {
        const eqml__seen *own = seen + p;
        const bool constant = own->count > 0 && eqml__is_constant(own->shortest, own->longest);
        frozen[p] = constant ? own->sum / own->count : HUGE_VAL;
        count += constant;
        for (int q = 0; q < p && constant; q++)
            if (b->pair_classes[q] == b->pair_classes[p] &&
                eqml__is_constant(fmin(own->shortest, seen[q].shortest),
                                  fmax(own->longest, seen[q].longest))) {
                frozen[p] = frozen[q];
                break;
            }
    }
    return count;
}

/* How many classes have constant pairs only. */
static int eqml__constant_classes(const eqml_basis *b, const double *frozen)
{
    int count = 0;
    for (int c = 0; c < b->npair_classes; c++) {
        bool constant = true;
        for (int p = 0; p < b->npairs; p++)
            constant = constant && (b->pair_classes[p] != c || frozen[p] < HUGE_VAL);
        count += constant;
    }
    return count;
}

EQML_API int eqml_constant_pairs(const eqml_basis *basis, const eqml_data *data, const unsigned char *use,
                                 double *distance)
{
    int count = 0;
    for (int c = 0; c < basis->npair_classes; c++) {
        double sum = 0, number = 0;
        bool constant = true;
        for (int p = 0; p < basis->npairs; p++) {
            double shortest = HUGE_VAL, longest = 0;
            for (size_t g = 0; g < data->n && basis->pair_classes[p] == c; g++) {
                if (use && !use[g])
                    continue;
                const double *xyz = data->xyz + g * 3 * (size_t)basis->natoms;
                const double r = eqml__distance(xyz, basis->pairs[p]);
                shortest = fmin(shortest, r);
                longest = fmax(longest, r);
                sum += r;
                number++;
            }
            constant = constant && (basis->pair_classes[p] != c || eqml__is_constant(shortest, longest));
        }
        distance[c] = constant && number > 0 ? sum / number : 0;
        count += distance[c] > 0;
    }
    return count;
}

#endif /* EQML__CONSTANT_C */

/* ==== displacements.c =================================================================================== */

/* Orthonormal displacements of a geometry, those that change it apart from those that only move it. */
#ifndef EQML__DISPLACEMENTS_C
#define EQML__DISPLACEMENTS_C
#include <math.h>
#include <stddef.h>
#include <string.h>

/* Subtracts from v its part along each of the `count` orthonormal rows of q; returns the norm of the rest. */
static double eqml__orthogonalise(const double *q, int count, int n, double *v)
{
    double norm = 0;
    for (int twice = 0; twice < 2; twice++)
        for (int r = 0; r < count; r++) {
            double along = 0;
            for (int k = 0; k < n; k++)
                along += q[r * n + k] * v[k];
            for (int k = 0; k < n; k++)
                v[k] -= along * q[r * n + k];
        }
    for (int k = 0; k < n; k++)
        norm += v[k] * v[k];
    return sqrt(norm);
}

/*
 * Keeps row `count` of q, made orthonormal, unless its rest is shorter than `least`; returns the new count.
 */
static int eqml__accept_direction(double *q, int count, int n, double least)
{
    double *v = q + count * n, norm = eqml__orthogonalise(q, count, n, v);
    if (norm < least)
        return count;
    for (int k = 0; k < n; k++)
        v[k] /= norm;
    return count + 1;
}

/*
 * q[n][n] <- orthonormal rows, n = 3 natoms: first translations and rotations, *external of them (6, or 5 for
 * a linear geometry), then the internal displacements. Cartesian directions complete the space: beside
 * `count` rows at least one of them keeps a norm of sqrt((n - count) / n).
 */
static void eqml__displacements(const double *xyz, int natoms, double *q, int *external)
{
    const int n = 3 * natoms;
    double centre[3] = {0, 0, 0}, size = 0;
    int count = 0;
    for (int k = 0; k < n; k++)
        centre[k % 3] += xyz[k] / natoms;
    for (int k = 0; k < n; k++)
        size += (xyz[k] - centre[k % 3]) * (xyz[k] - centre[k % 3]);
    for (int axis = 0; axis < 6; axis++) {
        double *v = q + count * n;
        const int i = axis % 3, j = (axis + 1) % 3;
        for (int a = 0; a < natoms; a++)
            for (int k = 0; k < 3; k++) {
                const double *x = xyz + 3 * a;
                double turn = k == i ? -(x[j] - centre[j]) : k == j ? x[i] - centre[i] : 0;
                v[3 * a + k] = axis < 3 ? (k == axis) : turn;
            }
        count = eqml__accept_direction(q, count, n, axis < 3 ? 0.5 : 1e-4 * sqrt(size));
    }
    *external = count;
    for (int k = 0; k < n && count < n; k++) {
        memset(q + count * n, 0, (size_t)n * sizeof(double));
        q[count * n + k] = 1;
        count = eqml__accept_direction(q, count, n, 1e-3);
    }
}

#endif /* EQML__DISPLACEMENTS_C */

/* ==== fitter.c ========================================================================================== */

/* What a fit works with: the data, the components that are fitted to them, and room for one geometry. */
#ifndef EQML__FITTER_C
#define EQML__FITTER_C
#include <time.h>

/*
 * Every fit is that of an expansion: a sum of components over tuples of atoms. A surface is the case of one
 * component without a switch, whose only tuple is all atoms in their order (`tuples` is then NULL) and whose
 * constant term takes the place of the expansion's constant.
 */
typedef struct eqml__room eqml__room;

typedef struct eqml__fitter {
    /* What is asked for. */
    const eqml_data *data;
    const eqml_fit_options *options;
    int natoms, ncomponents;
    eqml_component *components;
    bool has_constant; /* column 0 is a constant of the sum, beside all components */
    int wanted;        /* EQML_HAS_...: a geometry without it takes no part */
    eqml_tensor kind;  /* EQML_TENSORS: energies are fitted */

    /* What is fitted. */
    int ncols;                       /* unknowns */
    size_t count;                    /* training geometries */
    double lowest;                   /* their lowest energy, hartree */
    double squares;                  /* the sum of their squared weights */
    const double *energy, *gradient; /* the data, or their difference to the reference */
    double *difference;              /* owns that difference; NULL without a reference */
    double shift;                    /* subtracted from these energies */
    size_t without_dipole;           /* geometry, from 1, whose quadrupole cannot be moved to R; 0: none */
    eqml_lsq *lsq;

    /* What is known of each pair of each component: [ncomponents][npairs], npairs of the largest basis. */
    int npairs;
    eqml__seen *seen;
    double *frozen; /* the mean of a constant pair's variable, HUGE_VAL for other pairs */
    int *nfrozen;   /* [ncomponents] constant pairs */

    /* Room for one tuple and one geometry, that of the first thread; see eqml__enter_room. */
    double *local;        /* [3][3 natoms] coordinates of a tuple, gradient of the switch, a displacement */
    double *one;          /* [eqml__most_work] slots, variables, pairs, parts of a tensor */
    eqml_lanes *tangents; /* [nslots] derivatives of the slots along lanes of displacements */
    double *directions;   /* [3 natoms][3 natoms] of the molecule: rows are displacements */
    int nrooms;           /* threads */
    eqml__room *rooms;    /* [nrooms] */

    double *sum, *size; /* [nfactors] of factors, see eqml__survey_factors */
    int *level;         /* [nfactors] the pass in which the shift of a factor is found */
    size_t batch;       /* geometries whose rows are made side by side */
    size_t *chosen;     /* [batch] their numbers ... */
    int *nrows;         /* [batch] ... of rows */
    double *rows;       /* [batch][eqml__rows_per_geometry][ncols + 1], the value last */
    double *solution;   /* [ncols] */

    /* The checkpoint; see checkpoint.c. */
    size_t done, first;   /* geometries whose rows are in the triangle; the first that may have none there */
    uint64_t key, passed; /* digests of what the rows are, and of the geometries done */
    time_t kept;          /* when it was written last */
    double keeping;       /* the seconds that took */
    bool explained;       /* a message says already why it failed */
} eqml__fitter;

/* What each thread has for itself; sizes are those of the largest basis. */
struct eqml__room {
    double *local, *one, *directions;
    eqml_lanes *tangents;
    void *unaligned; /* owns the tangents */
};

static bool eqml__fits_energies(const eqml__fitter *w)
{
    return w->kind == EQML_TENSORS;
}

/* ---- sizes --------------------------------------------------------------------------------------------- */

/* Slots of the potential or of the tensor that has the most. */
static int eqml__most_slots(const eqml_basis *b)
{
    int most = b->nslots;
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k] && b->tensors[k]->nslots > most)
            most = b->tensors[k]->nslots;
    return most;
}

/*
 * Room for the energy, the gradient or a tensor of one geometry, and for the rows of their fits, in doubles.
 */
static size_t eqml__most_work(const eqml_basis *b)
{
    size_t most = (size_t)EQML_WORK_ONE(eqml__most_slots(b), b->npairs);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const eqml_tensor_basis *t = b->tensors[k];
        if (!t)
            continue;
        const size_t work =
            (size_t)EQML_WORK_TENSOR(k, eqml__most_slots(b), b->npairs, t->nvectors, b->natoms) +
            (size_t)EQML_COMPONENTS(k) * ((size_t)t->nvectors + 1);
        most = work > most ? work : most;
    }
    return most;
}

/* Rows of a geometry, at most: the energy, and one for each displacement. */
static size_t eqml__rows_per_geometry(int natoms, const eqml_fit_options *options)
{
    return options && options->energies_only ? 1 : 1 + 3 * (size_t)natoms;
}

/* Geometries whose rows are made side by side: with threads about a block of the triangle. */
static size_t eqml__batch_size(int natoms, const eqml_fit_options *options)
{
    const size_t fit = EQML__LSQ_BLOCK / eqml__rows_per_geometry(natoms, options);
    return eqml__most_threads() > 1 && fit > 1 ? fit : 1;
}

/* 1 if the constant term of a component is left out, because the constant of the sum is the same; else 0. */
static int eqml__skipped(const eqml__fitter *w, const eqml_component *c)
{
    return w->has_constant && !(c->cutoff > 0) && eqml__is_term(c->surface.model.basis, 0);
}

/* Terms of a component, or of its tensor, that are fitted. */
static int eqml__fitted_terms(const eqml__fitter *w, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    return eqml__fits_energies(w) ? b->nterms - eqml__skipped(w, c) : b->tensors[w->kind]->nterms;
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static void eqml__fitter_free(eqml__fitter *w)
{
    for (int k = 0; k < w->nrooms && w->rooms; k++) {
        EQML_FREE(w->rooms[k].local);
        EQML_FREE(w->rooms[k].one);
        EQML_FREE(w->rooms[k].directions);
        EQML_FREE(w->rooms[k].unaligned);
    }
    EQML_FREE(w->rooms);
    eqml_lsq_free(w->lsq);
    EQML_FREE(w->difference);
    EQML_FREE(w->seen);
    EQML_FREE(w->frozen);
    EQML_FREE(w->nfrozen);
    EQML_FREE(w->sum);
    EQML_FREE(w->level);
    EQML_FREE(w->chosen);
    EQML_FREE(w->nrows);
    EQML_FREE(w->rows);
    EQML_FREE(w->solution);
}

/* Takes the room of each thread: so much work, slots and atoms of a basis. */
static eqml_status eqml__create_rooms(eqml__fitter *w, size_t one, size_t slots, size_t atoms)
{
    const size_t n = 3 * (size_t)w->natoms, lanes = sizeof(eqml_lanes);
    w->nrooms = eqml__most_threads();
    w->rooms = (eqml__room *)eqml__zeroed((size_t)w->nrooms, sizeof(eqml__room));
    for (int k = 0; k < w->nrooms && w->rooms; k++) {
        eqml__room *r = &w->rooms[k];
        r->local = (double *)eqml__zeroed(9 * atoms, sizeof(double));
        r->one = (double *)eqml__zeroed(one, sizeof(double));
        r->directions = (double *)eqml__zeroed(eqml__times(n, n), sizeof(double));
        r->unaligned = eqml__zeroed(slots + 1, lanes); /* one more, to align the others */
        r->tangents = (eqml_lanes *)(((uintptr_t)r->unaligned + lanes - 1) / lanes * lanes);
        if (!r->local || !r->one || !r->directions || !r->unaligned)
            return EQML_ERROR_MEMORY;
    }
    return w->rooms ? EQML_OK : EQML_ERROR_MEMORY;
}

/* From here on *w, or a copy of it that a thread has, works in the room of thread k. */
static void eqml__enter_room(eqml__fitter *w, int k)
{
    w->local = w->rooms[k].local;
    w->one = w->rooms[k].one;
    w->directions = w->rooms[k].directions;
    w->tangents = w->rooms[k].tangents;
}

/*
 * Takes all memory of a fit but that of the reference and of the triangle. The caller calls eqml__fitter_free,
 * also if this fails.
 */
static eqml_status eqml__fitter_create(eqml__fitter *w)
{
    const size_t count = (size_t)w->ncomponents;
    size_t one = 0, slots = 0, factors = 0, pairs = 0, atoms = 0, ncols = w->has_constant;
    for (size_t k = 0; k < count; k++) {
        const eqml_basis *b = w->components[k].surface.model.basis;
        const size_t work = eqml__most_work(b);
        one = work > one ? work : one;
        slots = (size_t)b->nslots > slots ? (size_t)b->nslots : slots;
        factors = (size_t)b->nfactors > factors ? (size_t)b->nfactors : factors;
        pairs = (size_t)b->npairs > pairs ? (size_t)b->npairs : pairs;
        atoms = (size_t)b->natoms > atoms ? (size_t)b->natoms : atoms;
        ncols += (size_t)eqml__fitted_terms(w, &w->components[k]);
    }
    if (ncols > INT32_MAX)
        return EQML_ERROR_MEMORY;
    w->ncols = (int)ncols;
    w->npairs = (int)pairs;
    w->seen = (eqml__seen *)eqml__zeroed(eqml__times(count, pairs), sizeof(eqml__seen));
    w->frozen = (double *)eqml__zeroed(eqml__times(count, pairs), sizeof(double));
    w->nfrozen = (int *)eqml__zeroed(count, sizeof(int));
    w->batch = eqml__fits_energies(w) ? eqml__batch_size(w->natoms, w->options) : 1;
    w->chosen = (size_t *)eqml__zeroed(w->batch, sizeof(size_t));
    w->nrows = (int *)eqml__zeroed(w->batch, sizeof(int));
    w->sum = (double *)eqml__zeroed(2 * factors, sizeof(double));
    w->size = w->sum ? w->sum + factors : NULL;
    w->level = (int *)eqml__zeroed(factors, sizeof(int));
    w->solution = (double *)eqml__zeroed(ncols, sizeof(double));
    if (eqml__fits_energies(w))
        w->rows = (double *)eqml__zeroed(
            eqml__times(w->batch * eqml__rows_per_geometry(w->natoms, w->options), ncols + 1),
            sizeof(double));
    if (!w->seen || !w->frozen || !w->nfrozen || !w->chosen || !w->nrows || !w->sum || !w->level ||
        !w->solution || (eqml__fits_energies(w) && !w->rows) || eqml__create_rooms(w, one, slots, atoms))
        return EQML_ERROR_MEMORY;
    eqml__enter_room(w, 0);
    return EQML_OK;
}

/* ---- one geometry, one tuple --------------------------------------------------------------------------- */

/* Whether geometry g is one to fit, if of weight 0. */
static bool eqml__is_offered(const eqml__fitter *w, size_t g)
{
    return (!w->options->use || w->options->use[g]) && (w->data->has[g] & w->wanted);
}

/* Whether it takes part in the fit. */
static bool eqml__trains(const eqml__fitter *w, size_t g)
{
    return eqml__is_offered(w, g) && (!w->options->weights || w->options->weights[g] > 0);
}

/* The square root of a geometry's weight, which multiplies its rows. */
static double eqml__row_weight(const eqml__fitter *w, size_t g)
{
    const double e0 = w->options->energy_weight, own = w->options->weights ? w->options->weights[g] : 1;
    if (!(e0 > 0) || !(own > 0) || !(w->data->has[g] & EQML_HAS_ENERGY))
        return sqrt(own);
    return sqrt(own * e0 / (e0 + w->data->energy[g] - w->lowest));
}

/* to[natoms of the basis][3] <- the vectors of the atoms of tuple t. */
static void eqml__gather_tuple(const eqml_component *c, int t, const double *from, double *to)
{
    const int natoms = c->surface.model.basis->natoms;
    const int *tuple = c->tuples ? c->tuples + (size_t)t * (size_t)natoms : NULL;
    for (int i = 0; i < natoms; i++)
        for (int k = 0; k < 3; k++)
            to[3 * i + k] = from[3 * (tuple ? tuple[i] : i) + k];
}

/*
 * Puts the pair variables of tuple t of geometry g at the beginning of w->one. *pair: its pairs, as
 * eqml__pairs_one leaves them. w->local holds its coordinates and the gradient of the switch. Returns the
 * switch; if that is 0, no variables are written.
 */
static double eqml__tuple_pairs(eqml__fitter *w, const eqml_component *c, size_t g, int t, double **pair)
{
    const eqml_basis *b = c->surface.model.basis;
    const int room = EQML_ROUND(eqml__most_slots(b)), stride = EQML_ROUND(b->npairs);
    double *y = w->one + room;
    eqml__gather_tuple(c, t, w->data->xyz + g * 3 * (size_t)w->natoms, w->local);
    const double s = eqml__switch(c, b->natoms, w->local, w->local + 3 * b->natoms);
    *pair = w->one + 2 * room;
    if (!(s > 0))
        return 0;
    eqml__pairs_one(&c->surface.model, w->local, y, *pair, stride);
    memcpy(w->one, y, (size_t)b->npairs * sizeof(double));
    return s;
}

/*
 * The same, and all slots of the potential behind the variables; those of constant pairs are at their means.
 */
static double eqml__tuple_slots(eqml__fitter *w, const eqml_component *c, size_t g, int t, double **pair)
{
    const eqml_basis *b = c->surface.model.basis;
    const ptrdiff_t k = c - w->components;
    const double *frozen = w->frozen + k * w->npairs;
    const double s = eqml__tuple_pairs(w, c, g, t, pair);
    if (!(s > 0))
        return 0;
    for (int p = 0; w->nfrozen[k] && p < b->npairs; p++)
        w->one[p] = frozen[p] < HUGE_VAL ? frozen[p] : w->one[p];
    eqml__table_forward_one(b, w->one, c->surface.model.offset);
    return s;
}

#endif /* EQML__FITTER_C */

/* ==== shifts.c ========================================================================================== */

/* Before the rows of a fit: centres of variables, constant pairs, shifts of factors, and least scales of columns. */
#ifndef EQML__SHIFTS_C
#define EQML__SHIFTS_C

/*
 * If pairs or factors are constant, rounding errors of the factors decide the rank. They are in proportion to
 * the size of what is added up, centres and shifts included, and not to what is left of it. Columns are
 * therefore scaled by at least EQML__LEAST of that size. Rounding errors are then below EQML__NOISE, and a
 * column of nothing else takes no part.
 */
#define EQML__LEAST 1e-3
#define EQML__NOISE 1e-11

/*
 * Finds the pairs of a component whose distances are constant over all its tuples in the training geometries.
 */
static void eqml__find_frozen(eqml__fitter *w, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const ptrdiff_t k = c - w->components;
    eqml__seen *seen = w->seen + k * w->npairs;
    double *pair;
    eqml__clear_seen(b->npairs, seen);
    for (size_t g = 0; g < w->data->n; g++)
        for (int t = 0; t < c->ntuples && eqml__trains(w, g); t++)
            if (eqml__tuple_pairs(w, c, g, t, &pair) > 0)
                eqml__add_seen(b, w->local, w->one, seen);
    w->nfrozen[k] = eqml__freeze(b, seen, w->frozen + k * w->npairs);
}

/*
 * The centre of a class of pairs: the mean of its variable, or, where all its pairs are constant and equally long,
 * the value at which they are frozen, so that nothing but an exact 0 is left of them. HUGE_VAL: no pair was seen.
 */
static double eqml__find_centre(const eqml_basis *b, int pair_class, const eqml__seen *seen,
                                const double *frozen)
{
    double sum = 0, count = 0, value = HUGE_VAL;
    bool constant = true;
    for (int p = 0; p < b->npairs; p++) {
        if (b->pair_classes[p] != pair_class)
            continue;
        constant = constant && frozen[p] < HUGE_VAL && (count == 0 || frozen[p] == value);
        value = frozen[p];
        sum += seen[p].sum, count += seen[p].count;
    }
    return constant ? value : count > 0 ? sum / count : HUGE_VAL;
}

/*
 * Centres the variable of each class of pairs: its mean over all tuples in the training geometries becomes 0,
 * also in what was seen of the pairs. A complete basis spans the same functions, and loses most of its
 * condition number, since variables of long ranges differ little from a constant. Nothing is done if that
 * would change what the basis spans, or if the variables are centred already; see eqml__shift_factors.
 */
static void eqml__centre_variables(eqml__fitter *w, eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const ptrdiff_t first = (c - w->components) * w->npairs;
    eqml__seen *seen = w->seen + first;
    double *frozen = w->frozen + first;
    for (int k = 0; k < b->npair_classes && !b->is_term && !c->surface.standardised; k++) {
        const double centre = eqml__find_centre(b, k, seen, frozen);
        if (!(centre < HUGE_VAL))
            continue;
        eqml__set_centre(&c->surface, k, eqml__get_centre(&c->surface, k) + centre);
        for (int p = 0; p < b->npairs; p++)
            if (b->pair_classes[p] == k) {
                seen[p].low -= centre, seen[p].high -= centre, seen[p].sum -= centre * seen[p].count;
                if (frozen[p] < HUGE_VAL)
                    frozen[p] -= centre;
            }
    }
    for (int p = 0; p < b->npairs; p++)
        if (frozen[p] < HUGE_VAL)
            seen[p].low = seen[p].high = frozen[p];
}

/*
 * One pass over the data: sum[k] and size[k] <- the sum and the largest size of factor k; returns how many
 * tuples.
 */
static double eqml__survey_factors(eqml__fitter *w, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const double *f = w->one + b->factor0;
    double count = 0, *pair;
    memset(w->sum, 0, (size_t)b->nfactors * sizeof(double));
    memset(w->size, 0, (size_t)b->nfactors * sizeof(double));
    for (size_t g = 0; g < w->data->n; g++)
        for (int t = 0; t < c->ntuples && eqml__trains(w, g); t++) {
            if (!(eqml__tuple_slots(w, c, g, t, &pair) > 0))
                continue;
            count++;
            for (int k = 1; k < b->nfactors; k++) {
                w->sum[k] += f[k];
                w->size[k] = fabs(f[k]) > w->size[k] ? fabs(f[k]) : w->size[k]; /* fmax would be a call */
            }
        }
    return count;
}

/*
 * level[k] <- 0 if factor k needs no other factor, else one more than the highest it needs; returns the
 * highest.
 */
static int eqml__factor_levels(const eqml_basis *b, int *level)
{
    int highest = 0;
    memset(level, 0, (size_t)b->nfactors * sizeof *level);
    for (int k = 0; k < b->noperations; k++) {
        const int target = b->operations[k][0] - b->factor0;
        for (int side = 1; side < 3 && target >= 0; side++) {
            const int source = b->operations[k][side] - b->factor0;
            if (source > 0 && level[target] <= level[source])
                level[target] = level[source] + 1;
        }
        if (target >= 0 && level[target] > highest)
            highest = level[target];
    }
    return highest;
}

/*
 * Shifts each factor to mean 0, level by level: a product of factors is shifted after its factors are.
 * Nothing is done if the factors are shifted already, or if some are not terms, since a shift would change
 * what the basis spans.
 */
static void eqml__shift_factors(eqml__fitter *w, eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    double *offset = c->surface.offset;
    if (b->is_term || c->surface.standardised)
        return;
    const int levels = eqml__factor_levels(b, w->level);
    memset(offset, 0, (size_t)b->nfactors * sizeof(double)); /* of an earlier fit */
    for (int level = 0; level <= levels; level++) {
        const double count = eqml__survey_factors(w, c);
        for (int k = 1; k < b->nfactors && count > 0; k++)
            if (w->level[k] == level)
                offset[k] = -w->sum[k] / count;
    }
    c->surface.standardised = 1;
}

/*
 * slot[nslots] <- a bound of what is added up in each slot, where each |y| is the largest that was seen, and `step`
 * times its rounding error larger: that is |y| and, since centring cancels, twice the centre, in units of the
 * machine's precision.
 */
static void eqml__slot_sizes(const eqml_model *m, const eqml__seen *seen, double step, double *slot)
{
    const eqml_basis *b = m->basis;
    for (int s = 0; s < b->nslots; s++)
        slot[s] = 0;
    for (int p = 0; p < b->npairs; p++) {
        const double largest = seen[p].count > 0 ? fmax(fabs(seen[p].low), fabs(seen[p].high)) : 0;
        slot[p] = largest + step * (largest + 2 * fabs(m->centres[p]));
    }
    slot[b->factor0] = 1;
    for (int k = 1; k < b->nfactors; k++)
        slot[b->factor0 + k] = fabs(m->offset[k]);
    for (int k = 0; k < b->noperations; k++)
        slot[b->operations[k][0]] += slot[b->operations[k][1]] * slot[b->operations[k][2]];
}

/* The rounding error of what follows from the slots is its change with this step, over the step. */
#define EQML__ERROR_STEP 1e-4

/*
 * Whether rounding errors decide the rank: a pair is constant, or a factor is, so that its shift leaves
 * rounding errors only. With two geometries the square of a shifted factor is constant.
 */
static bool eqml__has_rounding(eqml__fitter *w, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const ptrdiff_t component = c - w->components;
    const eqml__seen *seen = w->seen + component * w->npairs;
    const double *f = w->one + b->factor0;
    if (w->nfrozen[component])
        return true;
    if (!(eqml__survey_factors(w, c) > 0))
        return false;
    eqml__slot_sizes(&c->surface.model, seen, 0, w->one);
    memcpy(w->sum, f, (size_t)b->nfactors * sizeof(double));
    eqml__slot_sizes(&c->surface.model, seen, EQML__ERROR_STEP, w->one);
    for (int k = 1; k < b->nfactors; k++)
        if (!(w->size[k] > 100 * DBL_EPSILON * (f[k] - w->sum[k]) / EQML__ERROR_STEP))
            return true;
    return false;
}

#endif /* EQML__SHIFTS_C */

/* ==== rows.c ============================================================================================ */

/* The rows of a fit of energies and gradients. */
#ifndef EQML__ROWS_C
#define EQML__ROWS_C

/* row += value * terms + slope * their derivatives, where those of factor k are d[k EQML_LANES]. */
static void eqml__add_slopes(const eqml_basis *b, const double *f, const double *d, double value,
                             double slope, int skip, double *row)
{
    for (size_t k = (size_t)skip; k < (size_t)b->nfactors; k++)
        if (eqml__is_term(b, k))
            *row++ += value * f[k] + slope * d[k * EQML_LANES];
    for (int r = 0; r < b->nruns; r++) {
        const size_t a = b->runs[r][0], first = b->runs[r][1];
        const double left = value * f[a] + slope * d[a * EQML_LANES], change = slope * f[a];
        for (size_t c = first; c < first + b->runs[r][2]; c++)
            *row++ += left * f[c] + change * d[c * EQML_LANES];
    }
}

/*
 * Tangents of the pair variables of tuple t along the displacements first, first + 1, ... of the molecule,
 * one to a lane; those of the switch to along[EQML_LANES]. Lanes past the last displacement get zeros.
 */
static void eqml__seed_tangents(eqml__fitter *w, const eqml_component *c, int t, const double *pair,
                                int first, double *along)
{
    const eqml_basis *b = c->surface.model.basis;
    const int stride = EQML_ROUND(b->npairs), n = 3 * w->natoms;
    const double *slope = w->local + 3 * b->natoms;
    double *v = w->local + 6 * b->natoms, *tangent = (double *)w->tangents;
    for (int lane = 0; lane < EQML_LANES; lane++, tangent++) {
        along[lane] = 0;
        if (first + lane < n)
            eqml__gather_tuple(c, t, w->directions + (first + lane) * n, v);
        else
            memset(v, 0, 3 * (size_t)b->natoms * sizeof(double));
        for (int k = 0; k < 3 * b->natoms; k++)
            along[lane] += v[k] * slope[k];
        for (int p = 0; p < b->npairs; p++) {
            const double *i = v + 3 * b->pairs[p][0], *j = v + 3 * b->pairs[p][1];
            double stretch = 0;
            for (int k = 0; k < 3; k++)
                stretch += (i[k] - j[k]) * pair[k * stride + p];
            tangent[p * EQML_LANES] = stretch * (pair[3 * stride + p] * pair[4 * stride + p]);
        }
    }
}

/*
 * Adds tuple t of a component, whose columns begin at `column`, to the rows of geometry g; see
 * eqml__find_rows.
 */
static void eqml__add_tuple(eqml__fitter *w, const eqml_component *c, size_t column, size_t g, int t,
                            double weight, double gradient_weight, int external)
{
    const eqml_basis *b = c->surface.model.basis;
    const double *f = w->one + b->factor0, *d = (const double *)(w->tangents + b->factor0);
    const int n = 3 * w->natoms, skip = eqml__skipped(w, c);
    double along[EQML_LANES], *pair;
    const double s = eqml__tuple_slots(w, c, g, t, &pair);
    if (!(s > 0))
        return;
    eqml__add_values_one(b, f, weight * s, skip, w->rows + column);
    for (int first = external; first < n; first += EQML_LANES) {
        eqml__seed_tangents(w, c, t, pair, first, along);
        eqml__tangent_forward(b, b->noperations, w->one, w->tangents);
        for (int lane = 0; lane < EQML_LANES && first + lane < n; lane++)
            eqml__add_slopes(b, f, d + lane, gradient_weight * along[lane], gradient_weight * s, skip,
                             w->rows + (size_t)(1 + first - external + lane) * ((size_t)w->ncols + 1) +
                                 column);
    }
}

/*
 * w->rows <- the rows of geometry g, each followed by what it should give, times the square root `weight` of its
 * weight; returns how many. The first is its energy, the others, where it has a gradient, the derivative along each
 * displacement that is neither translation nor rotation. Those say nothing about the potential.
 */
static int eqml__find_rows(eqml__fitter *w, size_t g, double weight)
{
    const eqml_fit_options *o = w->options;
    const int n = 3 * w->natoms, gradients = !o->energies_only && (w->data->has[g] & EQML_HAS_GRADIENT);
    const double gradient_weight = weight * sqrt(o->gradient_weight > 0 ? o->gradient_weight : 1);
    const size_t length = (size_t)w->ncols + 1;
    size_t column = w->has_constant;
    int external = n;
    if (gradients)
        eqml__displacements(w->data->xyz + g * (size_t)n, w->natoms, w->directions, &external);
    memset(w->rows, 0, (size_t)(1 + n - external) * length * sizeof(double));
    if (w->has_constant)
        w->rows[0] = weight;
    for (int k = 0; k < w->ncomponents; k++) {
        const eqml_component *c = &w->components[k];
        for (int t = 0; t < c->ntuples; t++)
            eqml__add_tuple(w, c, column, g, t, weight, gradient_weight, external);
        column += (size_t)eqml__fitted_terms(w, c);
    }
    w->rows[w->ncols] = weight * (w->energy[g] - w->shift);
    for (int i = external; i < n; i++) {
        const double *v = w->directions + i * n, *gradient = w->gradient + g * (size_t)n;
        double along = 0;
        for (int k = 0; k < n; k++)
            along += v[k] * gradient[k];
        w->rows[(size_t)(1 + i - external) * length + (size_t)w->ncols] = gradient_weight * along;
    }
    return 1 + n - external;
}

/* The rows of geometries chosen[0], chosen[1], ..., each by one thread, which are then added in their order. */
static eqml_status eqml__add_energy_rows(eqml__fitter *w, size_t count)
{
    const size_t length = (size_t)w->ncols + 1, most = eqml__rows_per_geometry(w->natoms, w->options);
    eqml_status status = EQML_OK;
    EQML__OMP(parallel for schedule(dynamic) num_threads(w->nrooms) if (count > 1))
    for (size_t i = 0; i < count; i++) {
        eqml__fitter own = *w;
        eqml__enter_room(&own, eqml__this_thread());
        own.rows = w->rows + i * most * length;
        w->nrows[i] = eqml__find_rows(&own, w->chosen[i], eqml__row_weight(w, w->chosen[i]));
    }
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < w->nrows[i] && !status; k++) {
            memcpy(eqml_lsq_row(w->lsq), w->rows + (i * most + (size_t)k) * length, length * sizeof(double));
            status = eqml_lsq_add(w->lsq);
        }
    return status;
}

/* The least scale of each column of energies, see EQML__LEAST. */
static void eqml__set_energy_scales(eqml__fitter *w)
{
    double *least = w->lsq->least + w->has_constant;
    for (int k = 0; k < w->ncomponents; k++) {
        const eqml_component *c = &w->components[k];
        const eqml_basis *b = c->surface.model.basis;
        if (eqml__has_rounding(w, c)) {
            const double scale = EQML__LEAST * c->ntuples * sqrt(w->squares) / EQML__ERROR_STEP;
            for (int larger = 0; larger < 2; larger++) {
                eqml__slot_sizes(&c->surface.model, w->seen + k * w->npairs, larger ? EQML__ERROR_STEP : 0,
                                 w->one);
                eqml__add_values_one(b, w->one + b->factor0, larger ? scale : -scale, eqml__skipped(w, c),
                                     least);
            }
            w->lsq->tolerance = EQML__NOISE;
        }
        least += eqml__fitted_terms(w, c);
    }
}

#endif /* EQML__ROWS_C */

/* ==== tensor_rows.c ===================================================================================== */

/* The rows of the fit of a tensor. */
#ifndef EQML__TENSOR_ROWS_C
#define EQML__TENSOR_ROWS_C

/*
 * value[components] <- a tensor of the data as it is fitted: quadrupoles are moved to R, the centre of the
 * smallest class of atoms. Returns false where that takes a dipole and the geometry has none.
 */
static bool eqml__tensor_data(const eqml_model *m, eqml_tensor kind, const eqml_data *data, size_t g,
                              double *value)
{
    const eqml_tensor_basis *t = m->basis->tensors[kind];
    const double nowhere = 1e-6; /* bohr: R is the origin */
    double r[3], d[3] = {0, 0, 0}, along = 0, square = 0;
    memcpy(value, data->tensors[kind] + (size_t)EQML_COMPONENTS(kind) * g,
           (size_t)EQML_COMPONENTS(kind) * sizeof(double));
    if (kind != EQML_QUADRUPOLE)
        return true;
    eqml__reference_one(t, data->xyz + g * 3 * (size_t)m->basis->natoms, r);
    if (data->has[g] & EQML_HAS_DIPOLE)
        memcpy(d, data->tensors[EQML_DIPOLE] + 3 * g, sizeof d);
    else if (fabs(r[0]) + fabs(r[1]) + fabs(r[2]) > nowhere)
        return false;
    for (int k = 0; k < 3; k++) {
        along += r[k] * d[k];
        square += r[k] * r[k];
    }
    for (int i = 0, c = 0; i < 3; i++)
        for (int j = i; j < 3; j++, c++)
            value[c] += -1.5 * (r[i] * d[j] + d[i] * r[j]) + 1.5 * m->charge * r[i] * r[j] +
                        (i == j) * (along - 0.5 * m->charge * square);
    return true;
}

/* How often a component stands in the whole tensor: xy, xz and yz twice. */
static double eqml__multiplicity(eqml_tensor kind, int component)
{
    return kind == EQML_DIPOLE || component == 0 || component == 3 || component == 5 ? 1 : 2;
}

/* The parts of a tensor of one geometry, in w->one behind the slots of the potential. */
typedef struct eqml__tensor_parts {
    const eqml_tensor_basis *basis;
    int components;
    double *slots;
    double *vectors; /* [nvectors + 1][components] the tensor factors */
    double *carried; /* [carriers][components] what atoms or pairs carry */
} eqml__tensor_parts;

static eqml__tensor_parts eqml__find_tensor_parts(const eqml__fitter *w)
{
    const eqml_basis *b = w->components->surface.model.basis;
    eqml__tensor_parts p;
    p.basis = b->tensors[w->kind];
    p.components = EQML_COMPONENTS(w->kind);
    p.slots = w->one;
    p.vectors = w->one + EQML_WORK_ONE(eqml__most_slots(b), b->npairs);
    p.carried = p.vectors + p.components * (p.basis->nvectors + 1);
    return p;
}

/* Writes row `component` from the factors and the tensor factors; returns where its value goes. */
static double *eqml__put_tensor_row(const eqml_basis *b, const eqml__tensor_parts *p, int component,
                                    double weight, double *row)
{
    const eqml_tensor_basis *t = p->basis;
    const double *f = p->slots + b->factor0;
    for (int r = 0; r < t->nruns; r++) {
        const double d = weight * p->vectors[p->components * t->runs[r][0] + component];
        for (int k = 0; k < t->runs[r][2]; k++)
            *row++ = d * f[t->runs[r][1] + k];
    }
    return row;
}

/* The rows of geometry g, one for each component of the tensor. */
static eqml_status eqml__tensor_rows(eqml__fitter *w, size_t g)
{
    const eqml_component *c = w->components;
    const eqml_model *m = &c->surface.model;
    const eqml_basis *b = m->basis;
    const eqml__tensor_parts p = eqml__find_tensor_parts(w);
    double value[6], centre[3], *pair;
    eqml_status status = EQML_OK;
    if (!eqml__tensor_data(m, w->kind, w->data, g, value)) {
        w->without_dipole = g + 1;
        return EQML_ERROR_VALUE;
    }
    eqml__tuple_slots(w, c, g, 0, &pair);
    eqml__tensor_slots_one(b, p.basis, p.slots);
    eqml__carried_one(b, w->kind, w->local, pair, EQML_ROUND(b->npairs), 1, p.carried);
    eqml__vectors_one(b, p.basis, p.components, p.slots, p.carried, p.vectors);
    eqml__reference_one(p.basis, w->local, centre);
    for (int k = 0; k < p.components && !status; k++) {
        const double weight = eqml__row_weight(w, g) * sqrt(eqml__multiplicity(w->kind, k));
        double *row = eqml__put_tensor_row(b, &p, k, weight, eqml_lsq_row(w->lsq));
        *row = weight * (value[k] - (w->kind == EQML_DIPOLE ? m->charge * centre[k] : 0));
        status = eqml_lsq_add(w->lsq);
    }
    return status;
}

/*
 * The least scale of each column, see EQML__LEAST; what atoms or pairs carry is that of the first geometry.
 */
static void eqml__set_tensor_scales(eqml__fitter *w)
{
    const eqml_component *c = w->components;
    const eqml_basis *b = c->surface.model.basis;
    const eqml__tensor_parts p = eqml__find_tensor_parts(w);
    double *row[2] = {eqml_lsq_row(w->lsq), w->solution}, *pair;
    size_t g = 0;
    if (!eqml__has_rounding(w, c))
        return;
    while (!eqml__trains(w, g))
        g++;
    eqml__tuple_slots(w, c, g, 0, &pair);
    eqml__carried_one(b, w->kind, w->local, pair, EQML_ROUND(b->npairs), 1, p.carried);
    for (int k = 0; k < p.components * EQML_CARRIERS(w->kind, b->npairs, b->natoms); k++)
        p.carried[k] = fabs(p.carried[k]);
    for (int k = 0; k < p.components; k++) {
        for (int larger = 0; larger < 2; larger++) {
            eqml__slot_sizes(&c->surface.model, w->seen, larger ? EQML__ERROR_STEP : 0, p.slots);
            eqml__tensor_slots_one(b, p.basis, p.slots);
            eqml__vectors_one(b, p.basis, p.components, p.slots, p.carried, p.vectors);
            eqml__put_tensor_row(b, &p, k, EQML__LEAST * sqrt(w->squares) / EQML__ERROR_STEP, row[larger]);
        }
        for (int i = 0; i < w->ncols; i++)
            w->lsq->least[i] = hypot(w->lsq->least[i], row[1][i] - row[0][i]);
    }
    w->lsq->tolerance = EQML__NOISE;
}

#endif /* EQML__TENSOR_ROWS_C */

/* ==== checkpoint.c ====================================================================================== */

/* A fit of energies that is kept in a file while it goes on: a prefix of its geometries, folded. */
#ifndef EQML__CHECKPOINT_C
#define EQML__CHECKPOINT_C
#include <time.h>

/* Writing takes at most this part of the time. */
#define EQML__CHECKPOINT_PART 0.05

static uint64_t eqml__digest_int(uint64_t h, int number)
{
    const uint64_t word = (uint64_t)number;
    return eqml__digest(h, &word, sizeof word);
}

/* What the terms of a basis are, and their order. */
static uint64_t eqml__digest_basis(uint64_t h, const eqml_basis *b)
{
    const int sizes[] = {b->natoms, b->npairs,  b->npair_classes, b->nterms, b->nfactors,
                         b->nslots, b->factor0, b->noperations,   b->nruns,  b->is_term != NULL};
    h = eqml__digest(h, b->symbols, strlen(b->symbols));
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        h = eqml__digest_int(h, sizes[k]);
    h = eqml__digest(h, b->pairs, (size_t)b->npairs * sizeof *b->pairs);
    h = eqml__digest(h, b->pair_classes, (size_t)b->npairs * sizeof *b->pair_classes);
    h = eqml__digest(h, b->operations, (size_t)b->noperations * sizeof *b->operations);
    h = eqml__digest(h, b->runs, (size_t)b->nruns * sizeof *b->runs);
    return b->is_term ? eqml__digest(h, b->is_term, (size_t)b->nfactors) : h;
}

static uint64_t eqml__digest_component(uint64_t h, const eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const eqml_surface *s = &c->surface;
    const double edges[] = {c->inner, c->cutoff};
    h = eqml__digest_basis(h, b);
    for (int k = 0; k < b->npair_classes; k++) {
        h = eqml__digest_int(h, (int)s->variables[k].kind);
        h = eqml__digest(h, &s->variables[k].range, sizeof(double));
    }
    h = eqml__digest(h, edges, sizeof edges);
    h = eqml__digest_int(eqml__digest_int(h, c->centre), c->ntuples);
    if (c->tuples)
        h = eqml__digest(h, c->tuples, (size_t)c->ntuples * (size_t)b->natoms * sizeof *c->tuples);
    if (!s->standardised)
        return h;
    h = eqml__digest(h, s->centres, (size_t)b->npairs * sizeof(double));
    return eqml__digest(h, s->offset, (size_t)b->nfactors * sizeof(double));
}

/* What the rows are, whatever the geometries: basis, variables, weights. */
static uint64_t eqml__fit_key(const eqml__fitter *w)
{
    const eqml_fit_options *o = w->options;
    const double weights[] = {o->energies_only         ? -1
                              : o->gradient_weight > 0 ? o->gradient_weight
                                                       : 1,
                              o->energy_weight};
    uint64_t h = eqml__digest(1, weights, sizeof weights);
    h = eqml__digest_int(eqml__digest_int(h, w->ncols), w->natoms);
    h = eqml__digest_int(eqml__digest_int(h, w->has_constant), w->ncomponents);
    for (int k = 0; k < w->ncomponents; k++)
        h = eqml__digest_component(h, &w->components[k]);
    return h;
}

/* w->passed <- a digest of geometry g, too, and of what is fitted to it. */
static void eqml__pass_geometry(eqml__fitter *w, size_t g)
{
    const size_t n = 3 * (size_t)w->natoms;
    const bool gradient = !w->options->energies_only && (w->data->has[g] & EQML_HAS_GRADIENT);
    const double energies[] = {w->energy[g], w->data->energy[g], gradient ? 1.0 : 0.0,
                               w->options->weights ? w->options->weights[g] : 1.0};
    w->passed = eqml__digest(w->passed, energies, sizeof energies);
    w->passed = eqml__digest(w->passed, w->data->xyz + g * n, n * sizeof(double));
    if (gradient)
        w->passed = eqml__digest(w->passed, w->gradient + g * n, n * sizeof(double));
    w->done++;
}

/* ---- notes: what the rows in the triangle rest on ------------------------------------------------------- */

static size_t eqml__count_notes(const eqml__fitter *w)
{
    size_t count = 4;
    for (int k = 0; k < w->ncomponents; k++) {
        const eqml_basis *b = w->components[k].surface.model.basis;
        count += (size_t)b->npair_classes + (size_t)b->nfactors + (size_t)b->npairs;
    }
    return count;
}

/* Copies numbers to the notes, or back; returns the place behind. */
static uint64_t *eqml__note(uint64_t *notes, bool back, double *numbers, size_t count)
{
    memcpy(back ? (void *)numbers : (void *)notes, back ? (void *)notes : (void *)numbers,
           count * sizeof(double));
    return notes + count;
}

/* Geometries done and their digest; lowest energy, shift; centres, offsets, constant pairs of each component. */
static void eqml__pass_notes(eqml__fitter *w, uint64_t *notes, bool back)
{
    if (!back)
        notes[0] = w->done, notes[1] = w->passed;
    notes = eqml__note(notes + 2, back, &w->lowest, 1);
    notes = eqml__note(notes, back, &w->shift, 1);
    for (int k = 0; k < w->ncomponents; k++) {
        eqml_surface *s = &w->components[k].surface;
        const eqml_basis *b = s->model.basis;
        for (int c = 0; c < b->npair_classes; c++) {
            double centre = eqml__get_centre(s, c);
            notes = eqml__note(notes, back, &centre, 1);
            eqml__set_centre(s, c, centre);
        }
        notes = eqml__note(notes, back, s->offset, (size_t)b->nfactors);
        notes = eqml__note(notes, back, w->frozen + k * w->npairs, (size_t)b->npairs);
        s->standardised = s->standardised || (back && !b->is_term);
    }
}

/* ---- the file ------------------------------------------------------------------------------------------- */

/* Writes the file if it is time, or `now`. */
static eqml_status eqml__keep_checkpoint(eqml__fitter *w, bool now, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    const double asked = w->options->checkpoint_seconds;
    const double least = fmax(asked > 0 ? asked : 60, w->keeping / EQML__CHECKPOINT_PART);
    const time_t start = time(NULL);
    if (!path || (!now && asked >= 0 && difftime(start, w->kept) < least))
        return EQML_OK;
    uint64_t *notes = (uint64_t *)eqml__zeroed(eqml__count_notes(w), sizeof(uint64_t));
    eqml_status status = notes ? EQML_OK : eqml__no_memory(path, message);
    if (!status) {
        eqml__pass_notes(w, notes, false);
        status = eqml__lsq_save(w->lsq, w->key, notes, eqml__count_notes(w), path, message);
    }
    EQML_FREE(notes);
    w->kept = time(NULL);
    w->keeping = difftime(w->kept, start);
    w->explained = status != EQML_OK;
    return status;
}

/* Whether the file's geometries are the first of those in use; w->first <- the one behind them. */
static eqml_status eqml__follow_data(eqml__fitter *w, const uint64_t *notes, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    for (; w->first < w->data->n && w->done < notes[0]; w->first++)
        if (eqml__trains(w, w->first))
            eqml__pass_geometry(w, w->first);
    if (w->done < notes[0])
        return eqml__fail_file(
            message, EQML_ERROR_MATCH, path, 0,
            "holds a fit to %llu geometries, but only %zu are given; remove it to begin anew",
            (unsigned long long)notes[0], w->done);
    if (w->passed != notes[1])
        return eqml__fail_file(message, EQML_ERROR_MATCH, path, 0,
                               "holds a fit to other data: its %zu geometries are not the first %zu of those "
                               "given; remove it to begin anew",
                               w->done, w->done);
    return EQML_OK;
}

/* A note as the number that it is. */
static double eqml__noted(uint64_t word)
{
    double number;
    memcpy(&number, &word, sizeof number);
    return number;
}

/* Whether what the old rows took as lowest and as constant is so in all data; w still holds what was found there. */
static eqml_status eqml__follow_notes(const eqml__fitter *w, const uint64_t *notes, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    if (w->options->energy_weight > 0 && w->lowest < eqml__noted(notes[2]))
        return eqml__fail_file(
            message, EQML_ERROR_MATCH, path, 0,
            "its weights refer to the energy %.10g hartree, and the new data go down to %.10g; "
            "remove it to begin anew",
            notes[2], w->lowest);
    const uint64_t *at = notes + 4;
    for (int k = 0; k < w->ncomponents; k++) {
        const eqml_basis *b = w->components[k].surface.model.basis;
        at += b->npair_classes + b->nfactors;
        for (int p = 0; p < b->npairs; p++, at++)
            if ((eqml__noted(*at) < HUGE_VAL) != (w->frozen[k * w->npairs + p] < HUGE_VAL))
                return eqml__fail_file(
                    message, EQML_ERROR_MATCH, path, 0,
                    "the distance of atoms %d and %d was constant in its data, and varies in the "
                    "new; remove it to begin anew",
                    b->pairs[p][0] + 1, b->pairs[p][1] + 1);
    }
    return EQML_OK;
}

/* Reads the file; what the rows in it rest on takes the place of what was found in the data. */
static eqml_status eqml__read_checkpoint(eqml__fitter *w, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    const size_t count = eqml__count_notes(w);
    eqml__saved s;
    eqml_status status = eqml__open_saved(&s, path, message);
    if (status)
        return status;
    uint64_t *notes = NULL;
    if (s.head[3] != w->key || s.head[4] != (uint64_t)w->ncols || s.head[5] != 1 || s.head[8] != count)
        status = eqml__fail_file(
            message, EQML_ERROR_MATCH, path, 0,
            "belongs to a fit with another basis, other variables, or other weights; remove it "
            "to begin anew");
    else if (!(notes = (uint64_t *)eqml__zeroed(count, sizeof(uint64_t))))
        status = eqml__no_memory(path, message);
    if (status) {
        fclose(s.file);
        return status;
    }
    status = eqml__lsq_restore(&s, w->lsq, notes);
    if (!status)
        status = eqml__follow_data(w, notes, message);
    if (!status)
        status = eqml__follow_notes(w, notes, message);
    if (!status)
        eqml__pass_notes(w, notes, true);
    EQML_FREE(notes);
    return status;
}

/*
 * Begins the file, or goes on from it: *resumed. Where nothing can be written it fails now and not behind the rows.
 * Constant pairs must have been looked for.
 */
static eqml_status eqml__begin_checkpoint(eqml__fitter *w, bool *resumed, eqml_message *message)
{
    const char *path = w->options->checkpoint;
    eqml__output out;
    *resumed = false;
    w->kept = time(NULL);
    w->key = eqml__fit_key(w);
    w->passed = 1;
    errno = 0;
    FILE *old = path ? fopen(path, "rb") : NULL;
    eqml_status status = EQML_OK;
    if (old) {
        fclose(old);
        status = eqml__read_checkpoint(w, message);
        *resumed = !status;
    } else if (path && errno != ENOENT) {
        status = eqml__fail_file(message, EQML_ERROR_FILE, path, 0, "cannot be read: %s", strerror(errno));
    }
    if (path && !status)
        status = eqml__open_output(&out, path, message);
    if (path && !status) { /* it can be written; nothing is yet */
        fclose(out.file);
        remove(out.beside);
        EQML_FREE(out.beside);
    }
    w->explained = status != EQML_OK;
    return status;
}

#endif /* EQML__CHECKPOINT_C */

/* ==== fit.c ============================================================================================= */

/* Fits: from data to coefficients. */
#ifndef EQML__FIT_C
#define EQML__FIT_C

static const eqml_fit_options eqml__fit_defaults = {0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0};

/* The triangle of a fit of energies, for who wants to keep it. */
typedef struct eqml__triangle {
    eqml_lsq *lsq; /* all rows, folded; owned */
    double shift;  /* what was subtracted from the energies, hartree */
} eqml__triangle;

/* Finds the number of training geometries, their lowest energy and their weights. */
static void eqml__survey_data(eqml__fitter *w)
{
    size_t energies = 0;
    for (size_t g = 0; g < w->data->n; g++) {
        if (!eqml__trains(w, g))
            continue;
        w->count++;
        if ((w->data->has[g] & EQML_HAS_ENERGY) && (energies++ == 0 || w->data->energy[g] < w->lowest))
            w->lowest = w->data->energy[g];
    }
    for (size_t g = 0; g < w->data->n; g++)
        if (eqml__trains(w, g))
            w->squares += eqml__row_weight(w, g) * eqml__row_weight(w, g);
}

/* Whether column 0 is a constant. */
static bool eqml__constant_first(const eqml__fitter *w)
{
    return w->has_constant || eqml__is_term(w->components->surface.model.basis, 0);
}

/* Sets the energies and gradients that are fitted: the data, or their difference to the reference. */
static eqml_status eqml__set_targets(eqml__fitter *w)
{
    const eqml_data *d = w->data;
    const eqml_fit_options *o = w->options;
    const size_t size = 3 * (size_t)d->natoms;
    w->energy = d->energy;
    w->gradient = d->gradient;
    w->shift = HUGE_VAL;
    if (o->reference) {
        w->difference = (double *)eqml__zeroed(eqml__times(d->n, size + 1), sizeof(double));
        if (!w->difference)
            return EQML_ERROR_MEMORY;
        w->energy = w->difference;
        w->gradient = w->difference + d->n;
    }
    for (size_t g = 0; g < d->n; g++) {
        if (!eqml__is_offered(w, g))
            continue;
        if (o->reference) {
            double *gradient = w->difference + d->n + g * size;
            w->difference[g] = d->energy[g] - o->reference(o->reference_context, d->xyz + g * size, gradient);
            for (size_t k = 0; k < size; k++)
                gradient[k] = (d->gradient ? d->gradient[g * size + k] : 0) - gradient[k];
        }
        if (eqml__trains(w, g))
            w->shift = fmin(w->shift, w->energy[g]);
    }
    if (!eqml__constant_first(w)) /* no constant could take the shift up */
        w->shift = 0;
    return EQML_OK;
}

static eqml_status eqml__add_rows(eqml__fitter *w, eqml_message *message)
{
    const eqml_fit_options *o = w->options;
    const bool energies = eqml__fits_energies(w);
    const size_t before = w->done;
    eqml_status status = EQML_OK;
    for (size_t g = w->first; g < w->data->n && !status;) {
        size_t count = 0;
        for (; g < w->data->n && count < w->batch; g++)
            if (eqml__trains(w, g))
                w->chosen[count++] = g;
        if (count == 0)
            break;
        status = energies ? eqml__add_energy_rows(w, count) : eqml__tensor_rows(w, w->chosen[0]);
        for (size_t i = 0; i < count && energies; i++)
            eqml__pass_geometry(w, w->chosen[i]);
        if (!status && energies)
            status = eqml__keep_checkpoint(w, false, message);
        if (!status && energies && o->progress)
            o->progress(o->context, w->done, w->count);
    }
    return !status && energies && w->done > before ? eqml__keep_checkpoint(w, true, message) : status;
}

static eqml_status eqml__solve(eqml__fitter *w, eqml_fit_result *result)
{
    const bool energies = eqml__fits_energies(w);
    const eqml_lsq_options o = {0, w->options->ridge, energies && eqml__constant_first(w)};
    eqml_lsq_result solved;
    const eqml_status status = eqml_lsq_solve(w->lsq, &o, w->solution, &solved);
    if (status)
        return status;
    result->rows = solved.rows;
    result->terms = w->ncols;
    result->rank = solved.rank;
    result->condition = solved.condition;
    if (energies)
        w->solution[0] += w->shift;
    return EQML_OK;
}

/* Gives each component its coefficients. */
static void eqml__set_components(eqml__fitter *w)
{
    const double *from = w->solution + w->has_constant;
    double *terms = w->rows; /* done with */
    if (!eqml__fits_energies(w))
        eqml_surface_set_tensor(&w->components->surface, w->kind, w->solution);
    for (int k = 0; k < w->ncomponents && eqml__fits_energies(w); k++) {
        eqml_component *c = &w->components[k];
        const size_t skip = (size_t)eqml__skipped(w, c), count = (size_t)eqml__fitted_terms(w, c);
        terms[0] = 0;
        memcpy(terms + skip, from, count * sizeof(double));
        eqml_surface_set(&c->surface, terms);
        from += count;
    }
}

/* The shortest and the longest distance of each class of pairs in the training data, bohr. */
static void eqml__set_ranges(const eqml__fitter *w, eqml_component *c)
{
    const eqml_basis *b = c->surface.model.basis;
    const eqml__seen *seen = w->seen + (c - w->components) * w->npairs;
    double *ranges = c->surface.ranges;
    for (int k = 0; k < b->npair_classes; k++)
        ranges[2 * k] = HUGE_VAL, ranges[2 * k + 1] = 0;
    for (int p = 0; p < b->npairs; p++) {
        double *range = ranges + 2 * b->pair_classes[p];
        range[0] = fmin(range[0], seen[p].shortest);
        range[1] = fmax(range[1], seen[p].longest);
    }
    for (int k = 0; k < b->npair_classes; k++) /* a class without pairs */
        ranges[2 * k] = ranges[2 * k] < HUGE_VAL ? ranges[2 * k] : 0;
}

/* Finds the ranges of distances, and which pairs are constant. Ranges are those of the energies, where there are such. */
static void eqml__find_pairs(eqml__fitter *w)
{
    for (int k = 0; k < w->ncomponents; k++) {
        eqml__find_frozen(w, &w->components[k]);
        if (eqml__fits_energies(w) || !eqml__knows_ranges(&w->components[k].surface))
            eqml__set_ranges(w, &w->components[k]);
    }
}

/* Centres of variables and shifts of factors. */
static void eqml__shift_components(eqml__fitter *w)
{
    for (int k = 0; k < w->ncomponents; k++) {
        eqml__centre_variables(w, &w->components[k]);
        eqml__shift_factors(w, &w->components[k]);
    }
}

/* Sets what the rows rest on: centres, shifts, scales of columns; from the checkpoint, where there is one. */
static eqml_status eqml__prepare(eqml__fitter *w, eqml_fit_result *result, eqml_message *message)
{
    bool resumed = false;
    eqml_status status = EQML_OK;
    eqml__find_pairs(w);
    for (int k = 0; k < w->ncomponents; k++)
        result->constant_pairs +=
            eqml__constant_classes(w->components[k].surface.model.basis, w->frozen + k * w->npairs);
    if (eqml__fits_energies(w))
        status = eqml__begin_checkpoint(w, &resumed, message);
    result->resumed = w->done;
    if (status || resumed)
        return status;
    eqml__shift_components(w);
    if (eqml__fits_energies(w))
        eqml__set_energy_scales(w);
    else
        eqml__set_tensor_scales(w);
    return EQML_OK;
}

static eqml_status eqml__run_fit(eqml__fitter *w, eqml_fit_result *result, eqml_message *message)
{
    eqml_status status = eqml__fitter_create(w);
    if (!status)
        status = eqml__lsq_start(&w->lsq, w->ncols, 1, w->options->ridge > 0);
    if (!status && eqml__fits_energies(w))
        status = eqml__set_targets(w);
    if (!status)
        status = eqml__prepare(w, result, message);
    if (!status)
        status = eqml__add_rows(w, message);
    if (!status)
        status = eqml__solve(w, result);
    if (!status)
        eqml__set_components(w);
    result->geometries = w->count;
    return status;
}

/* Rows of energies and gradients that are held before they are folded. Those of tensors are not. */
static size_t eqml__rows_held(int natoms, const eqml_fit_options *options)
{
    return eqml__batch_size(natoms, options) * eqml__rows_per_geometry(natoms, options);
}

/* Bytes of what grows with the terms. */
static size_t eqml__fit_bytes(int terms, size_t rows, const eqml_fit_options *options)
{
    return eqml_lsq_memory(terms, 1, options && options->ridge > 0) +
           rows * ((size_t)terms + 1) * sizeof(double);
}

/* What all fits refuse; `over` names the basis or the expansion, `what` the data that are fitted. */
static eqml_status eqml__check_fit(eqml__fitter *w, const char *over, const char *what, eqml_message *message)
{
    const eqml_fit_options *o = w->options;
    if (w->data->natoms != w->natoms)
        return eqml__fail(message, EQML_ERROR_MATCH, "the data have %d atoms, the %s has %d", w->data->natoms,
                          over, w->natoms);
    if (!(o->gradient_weight >= 0) || !(o->ridge >= 0) || !(o->energy_weight >= 0))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "weights and ridge must not be negative");
    for (size_t g = 0; g < w->data->n && o->weights; g++)
        if (!(o->weights[g] >= 0) || !(o->weights[g] <= DBL_MAX))
            return eqml__fail(message, EQML_ERROR_ARGUMENT,
                              "the weight of geometry %zu is %g: expected a finite number, at least 0", g + 1,
                              o->weights[g]);
    eqml__survey_data(w);
    if (w->count == 0)
        return eqml__fail(message, EQML_ERROR_EMPTY, "no geometry with %s to train on", what);
    return EQML_OK;
}

/* Says why a fit failed. */
static eqml_status eqml__explain_failure(const eqml__fitter *w, eqml_status status, const char *what,
                                         eqml_message *message)
{
    const size_t rows = eqml__fits_energies(w) ? eqml__rows_held(w->natoms, w->options) : 0;
    if (w->explained)
        return status;
    if (w->without_dipole)
        return eqml__fail(
            message, status,
            "geometry %zu has a quadrupole about the origin, away from the centre of its smallest class of "
            "atoms, and no dipole to move it there; give the dipole, or put that centre at the origin",
            w->without_dipole);
    if (status == EQML_ERROR_MEMORY)
        return eqml__fail(message, status,
                          "the fit of %s takes %.2f GB of memory for its %d terms, which could not be had",
                          what, 1e-9 * (double)eqml__fit_bytes(w->ncols, rows, w->options), w->ncols);
    return eqml__fail(message, status, "the fit of %s failed: %s", what, eqml_status_text(status));
}

/*
 * Fits what *w asks for and frees the rest of it. On success *result, which may be NULL, is written, and
 * `constant`, unless NULL, receives the constant of the sum and `triangle`, unless NULL, the triangle.
 */
static eqml_status eqml__fit(eqml__fitter *w, const char *over, const char *what, double *constant,
                             eqml__triangle *triangle, eqml_fit_result *result, eqml_message *message)
{
    eqml_fit_result found;
    memset(&found, 0, sizeof found);
    if (!w->options)
        w->options = &eqml__fit_defaults;
    eqml_status status = eqml__check_fit(w, over, what, message);
    if (status)
        return status;
    if (!eqml__fits_energies(w) && !eqml__fitted_terms(w, w->components))
        found.geometries = w->count; /* the dipole of "O2": nothing to fit */
    else
        status = eqml__run_fit(w, &found, message);
    if (status) {
        eqml__explain_failure(w, status, what, message);
    } else {
        if (constant)
            *constant = w->solution[0];
        if (triangle) {
            triangle->lsq = w->lsq;
            triangle->shift = w->shift;
            w->lsq = NULL;
        }
        if (result)
            *result = found;
    }
    eqml__fitter_free(w);
    return status;
}

/* A fitter of the energies of a surface, or of a tensor; *whole shares the arrays of the surface. */
static void eqml__fitter_of_surface(eqml__fitter *w, eqml_component *whole, const eqml_surface *surface,
                                    eqml_tensor kind, const eqml_data *data, const eqml_fit_options *options)
{
    memset(whole, 0, sizeof *whole);
    memset(w, 0, sizeof *w);
    whole->surface = *surface;
    whole->ntuples = 1;
    w->data = data;
    w->options = options ? options : &eqml__fit_defaults;
    w->natoms = surface->model.basis->natoms;
    w->ncomponents = 1;
    w->components = whole;
    w->kind = kind;
    w->wanted = kind == EQML_TENSORS ? EQML_HAS_ENERGY : EQML_HAS_DIPOLE << kind;
}

/* Fits the energies of a surface, or a tensor of it; kind EQML_TENSORS: the energies. */
static eqml_status eqml__fit_surface(eqml_surface *surface, eqml_tensor kind, const eqml_data *data,
                                     const eqml_fit_options *options, eqml__triangle *triangle,
                                     eqml_fit_result *result, eqml_message *message)
{
    static const char *const what[] = {"a dipole", "a quadrupole", "a polarizability", "an energy"};
    const eqml_basis *b = surface->model.basis;
    eqml_message over;
    eqml_component whole;
    eqml__fitter w;
    eqml__fitter_of_surface(&w, &whole, surface, kind, data, options);
    snprintf(over.text, sizeof over.text, "basis \"%s\"", b->composition);
    const eqml_status status = eqml__fit(&w, over.text, what[kind], NULL, triangle, result, message);
    surface->standardised = whole.surface.standardised;
    return status;
}

EQML_API eqml_status eqml_fit(eqml_surface *surface, const eqml_data *data, const eqml_fit_options *options,
                              eqml_fit_result *result, eqml_message *message)
{
    return eqml__fit_surface(surface, EQML_TENSORS, data, options, NULL, result, message);
}

EQML_API eqml_status eqml_fit_tensor(eqml_surface *surface, eqml_tensor kind, const eqml_data *data,
                                     double charge, const eqml_fit_options *options, eqml_fit_result *result,
                                     eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    const double before = surface->model.charge;
    if (!b->tensors[kind])
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "the basis %s has no %s; generate it with --%s D",
                          b->name, eqml_tensor_name(kind), eqml_tensor_name(kind));
    if (!eqml__is_charge(charge))
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "the total charge is %g, but must be a whole number of elementary charges", charge);
    surface->model.charge = charge;
    const eqml_status status = eqml__fit_surface(surface, kind, data, options, NULL, result, message);
    if (status)
        surface->model.charge = before;
    return status;
}

EQML_API eqml_status eqml_expansion_fit(eqml_expansion *expansion, const eqml_data *data,
                                        const eqml_fit_options *options, eqml_fit_result *result,
                                        eqml_message *message)
{
    eqml__fitter w;
    memset(&w, 0, sizeof w);
    w.data = data;
    w.options = options;
    w.natoms = expansion->natoms;
    w.ncomponents = expansion->ncomponents;
    w.components = expansion->components;
    w.has_constant = true;
    w.kind = EQML_TENSORS;
    w.wanted = EQML_HAS_ENERGY;
    for (int k = 0; k < w.ncomponents; k++) /* each fit shifts the factors anew */
        w.components[k].surface.standardised = 0;
    return eqml__fit(&w, "expansion", "an energy", &expansion->constant, NULL, result, message);
}

EQML_API size_t eqml_fit_memory(const eqml_basis *basis, const eqml_fit_options *options)
{
    size_t most = eqml__fit_bytes(basis->nterms, eqml__rows_held(basis->natoms, options), options);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (basis->tensors[k]) {
            const size_t bytes = eqml__fit_bytes(basis->tensors[k]->nterms, 0, options);
            most = bytes > most ? bytes : most;
        }
    return most;
}

#endif /* EQML__FIT_C */

/* ==== errors.c ========================================================================================== */

/* Errors of surfaces and of any potential over data. */
#ifndef EQML__ERRORS_C
#define EQML__ERRORS_C

/* Sums of squares over the geometries in use, of errors and of the tensors themselves. */
typedef struct eqml__squares {
    double energy, gradient, tensor[EQML_TENSORS], tensor_data[EQML_TENSORS];
} eqml__squares;

static void eqml__add_error(const eqml_data *data, size_t g, double energy, const double *gradient,
                            eqml_errors *errors, eqml__squares *squares)
{
    const size_t n = 3 * (size_t)data->natoms;
    if (data->has[g] & EQML_HAS_ENERGY) {
        const double error = energy - data->energy[g];
        squares->energy += error * error;
        errors->energies++;
        if (fabs(error) > errors->max_energy) {
            errors->max_energy = fabs(error);
            errors->worst = g;
        }
    }
    if (data->has[g] & EQML_HAS_GRADIENT) {
        errors->gradients++;
        for (size_t k = 0; k < n; k++) {
            const double error = gradient[k] - data->gradient[g * n + k];
            squares->gradient += error * error;
        }
    }
}

static void eqml__add_tensor_error(const eqml_model *m, eqml_tensor kind, const eqml_data *data, size_t g,
                                   double *work, eqml_errors *errors, eqml__squares *squares)
{
    double value[6], wanted[6];
    if (!(data->has[g] & (EQML_HAS_DIPOLE << kind)) || !eqml__tensor_data(m, kind, data, g, wanted))
        return;
    eqml_tensor_value(m, kind, data->xyz + g * 3 * (size_t)data->natoms, NULL, NULL, value, work);
    errors->tensors[kind]++;
    for (int c = 0; c < EQML_COMPONENTS(kind); c++) {
        const double times = eqml__multiplicity(kind, c);
        squares->tensor[kind] += times * (value[c] - wanted[c]) * (value[c] - wanted[c]);
        squares->tensor_data[kind] += times * wanted[c] * wanted[c];
    }
}

static double eqml__root_mean(double squares, size_t count)
{
    return count ? sqrt(squares / (double)count) : 0;
}

static void eqml__take_means(size_t natoms, eqml_errors *errors, const eqml__squares *squares)
{
    errors->rmse_energy = eqml__root_mean(squares->energy, errors->energies);
    errors->rmse_gradient = eqml__root_mean(squares->gradient, 3 * natoms * errors->gradients);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const size_t components = (k == EQML_DIPOLE ? 3 : 9) * errors->tensors[k];
        errors->rmse_tensor[k] = eqml__root_mean(squares->tensor[k], components);
        errors->rms_tensor[k] = eqml__root_mean(squares->tensor_data[k], components);
    }
}

EQML_API eqml_status eqml_surface_errors(const eqml_surface *surface, const eqml_data *data,
                                         const unsigned char *use, eqml_errors *errors)
{
    const eqml_model *m = &surface->model;
    const eqml_basis *b = m->basis;
    const size_t n = 3 * (size_t)b->natoms, room = eqml__most_work(b);
    double *work = (double *)eqml__zeroed(room + n, sizeof(double)), *gradient = work + room;
    eqml__squares squares;
    memset(errors, 0, sizeof *errors);
    memset(&squares, 0, sizeof squares);
    if (!work)
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < data->n; g++) {
        if (use && !use[g])
            continue;
        const double energy = eqml_energy_gradient(m, data->xyz + g * n, gradient, work);
        eqml__add_error(data, g, energy, gradient, errors, &squares);
        for (int k = 0; k < EQML_TENSORS; k++)
            if (b->tensors[k])
                eqml__add_tensor_error(m, (eqml_tensor)k, data, g, work, errors, &squares);
    }
    eqml__take_means((size_t)b->natoms, errors, &squares);
    EQML_FREE(work);
    return EQML_OK;
}

EQML_API eqml_status eqml_potential_errors(eqml_potential potential, void *context, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors)
{
    const size_t n = 3 * (size_t)data->natoms;
    double *gradient = (double *)eqml__zeroed(n, sizeof(double));
    eqml__squares squares;
    memset(errors, 0, sizeof *errors);
    memset(&squares, 0, sizeof squares);
    if (!gradient)
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < data->n; g++)
        if (!use || use[g])
            eqml__add_error(data, g, potential(context, data->xyz + g * n, gradient), gradient, errors,
                            &squares);
    eqml__take_means((size_t)data->natoms, errors, &squares);
    EQML_FREE(gradient);
    return EQML_OK;
}

/* An expansion as an eqml_potential. */
typedef struct eqml__expanded {
    const eqml_expansion *expansion;
    double *work;
} eqml__expanded;

static double eqml__expand(void *context, const double *xyz, double *gradient)
{
    const eqml__expanded *e = (const eqml__expanded *)context;
    return eqml_expansion_energy_gradient(e->expansion, xyz, gradient, e->work);
}

EQML_API eqml_status eqml_expansion_errors(const eqml_expansion *expansion, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors)
{
    eqml__expanded e = {expansion, NULL};
    double *work = (double *)eqml__zeroed(eqml_expansion_work(expansion) + 8, sizeof(double));
    memset(errors, 0, sizeof *errors);
    if (!work)
        return EQML_ERROR_MEMORY;
    e.work = (double *)(((uintptr_t)work + 63) / 64 * 64);
    const eqml_status status = eqml_potential_errors(eqml__expand, &e, data, use, errors);
    EQML_FREE(work);
    return status;
}

#endif /* EQML__ERRORS_C */

/* ==== wall.c ============================================================================================ */

/* Walls from training data. */
#ifndef EQML__WALL_C
#define EQML__WALL_C
#include <stdbool.h>

/* A wall of so many features, in one piece of memory with its arrays, all zero; NULL where there is no memory. */
static eqml_wall *eqml__new_wall(int nfeatures)
{
    const size_t n = (size_t)nfeatures, square = n * EQML_ROUND(n);
    eqml_wall *w = (eqml_wall *)eqml__zeroed(1, sizeof *w + (n + square + 3) * sizeof(double) +
                                                    n * sizeof(unsigned short));
    if (!w)
        return NULL;
    double *numbers = (double *)(void *)(w + 1);
    w->nfeatures = nfeatures;
    w->means = numbers;
    w->whiten = numbers + n;
    w->edges = numbers + n + square;
    w->features = (unsigned short *)(void *)(numbers + n + square + 3);
    return w;
}

EQML_API void eqml_surface_clear_wall(eqml_surface *surface)
{
    EQML_FREE(surface->wall);
    surface->wall = NULL;
    surface->model.wall = NULL;
}

/* The surface takes the wall over. */
static void eqml__use_wall(eqml_surface *surface, eqml_wall *wall)
{
    eqml_surface_clear_wall(surface);
    surface->wall = wall;
    surface->model.wall = wall;
}

/* What a wall is made from: the training geometries, the features, and their means and spread. */
typedef struct eqml__mason {
    const eqml_model *m;
    const eqml_data *data;
    const unsigned char *use;
    int n;                                      /* features */
    unsigned short feature[EQML_WALL_FEATURES]; /* factors */
    double mean[EQML_WALL_FEATURES];
    double lower[EQML_WALL_FEATURES]
                [EQML_WALL_FEATURES]; /* of the covariance, then its factor, then its inverse */
    double largest;                   /* variable of a pair, not centred */
    double *work;
} eqml__mason;

static bool eqml__is_wall_point(const eqml__mason *a, size_t g)
{
    return (!a->use || a->use[g]) && (a->data->has[g] & EQML_HAS_ENERGY);
}

/* Features: the factors up to a degree whose values the code finds, or up to one less where these are too many. */
static void eqml__choose_features(eqml__mason *a, int most)
{
    const eqml_basis *b = a->m->basis;
    const int values = b->forward_one ? b->nvalues : b->nfactors;
    for (int degree = most; degree > 0; degree--) {
        int count = 0;
        for (int k = 1; k < values; k++)
            if (b->degrees[k] <= degree) {
                if (count < EQML_WALL_FEATURES)
                    a->feature[count] = (unsigned short)k;
                count++;
            }
        a->n = count;
        if (count <= EQML_WALL_FEATURES)
            return;
    }
}

/* The factors of a geometry. */
static const double *eqml__wall_factors(const eqml__mason *a, size_t g)
{
    const eqml_basis *b = a->m->basis;
    double *pair = a->work + 3 * EQML_ROUND(b->nslots);
    eqml__pairs_one(a->m, a->data->xyz + g * 3 * (size_t)b->natoms, a->work, pair, EQML_ROUND(b->npairs));
    eqml__forward_one(a->m, a->work);
    return a->work + b->factor0;
}

/* Means and covariance of the features; returns how many geometries there are. */
static size_t eqml__measure_spread(eqml__mason *a)
{
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t g = 0; g < a->data->n; g++) {
            if (!eqml__is_wall_point(a, g))
                continue;
            const double *f = eqml__wall_factors(a, g);
            for (int p = 0; p < a->m->basis->npairs; p++) {
                const double y = fabs(a->work[p] + a->m->centres[p]);
                a->largest = y > a->largest ? y : a->largest;
            }
            count += pass == 0;
            for (int i = 0; i < a->n; i++) {
                const double x = f[a->feature[i]] - a->mean[i];
                if (pass == 0)
                    a->lower[0][i] += x; /* sums, until there are means */
                for (int j = 0; j <= i && pass == 1; j++)
                    a->lower[i][j] += x * (f[a->feature[j]] - a->mean[j]) / (double)count;
            }
        }
        for (int i = 0; i < a->n && pass == 0 && count > 0; i++) {
            a->mean[i] = a->lower[0][i] / (double)count;
            a->lower[0][i] = 0;
        }
    }
    return count;
}

/*
 * The covariance becomes the inverse W of its Cholesky factor, W covariance W^T = 1. Left out are features that those
 * before them determine, and those that do not vary but in the last digits of the data, as of rigid molecules.
 */
static void eqml__whiten_features(eqml__mason *a)
{
    double factor[EQML_WALL_FEATURES][EQML_WALL_FEATURES];
    int from[EQML_WALL_FEATURES], kept = 0;
    for (int i = 0; i < a->n; i++) {
        double *row = factor[kept], pivot = a->lower[i][i];
        for (int j = 0; j < kept; j++) {
            row[j] = a->lower[i][from[j]];
            for (int k = 0; k < j; k++)
                row[j] -= row[k] * factor[j][k];
            row[j] /= factor[j][j];
            pivot -= row[j] * row[j];
        }
        const double least = pow(a->largest, a->m->basis->degrees[a->feature[i]]);
        if (pivot > 1e-9 * a->lower[i][i] && pivot > 1e-10 * least * least) {
            row[kept] = sqrt(pivot);
            from[kept++] = i;
        }
    }
    for (int i = 0; i < kept; i++) {
        a->feature[i] = a->feature[from[i]];
        a->mean[i] = a->mean[from[i]];
        for (int j = 0; j <= i; j++) {
            double sum = i == j;
            for (int k = j; k < i; k++)
                sum -= factor[i][k] * a->lower[k][j];
            a->lower[i][j] = sum / factor[i][i];
        }
    }
    a->n = kept;
}

/* The wall around what was measured: the largest leverage of the training geometries, times width, becomes 1. */
static eqml_status eqml__build_wall(const eqml__mason *a, double width, double outside, eqml_surface *surface)
{
    eqml_wall *wall = eqml__new_wall(a->n);
    double z[EQML_WALL_FEATURES], most = 0, low = HUGE_VAL, high = -HUGE_VAL;
    if (!wall)
        return EQML_ERROR_MEMORY;
    unsigned short *features = (unsigned short *)wall->features;
    double *means = (double *)wall->means, *whiten = (double *)wall->whiten, *edges = (double *)wall->edges;
    for (int i = 0; i < a->n; i++) {
        features[i] = a->feature[i];
        means[i] = a->mean[i];
        for (int j = 0; j <= i; j++)
            whiten[j * EQML_ROUND(a->n) + i] = a->lower[i][j];
    }
    for (size_t g = 0; g < a->data->n; g++)
        if (eqml__is_wall_point(a, g)) {
            const double h = eqml__leverage_one(wall, eqml__wall_factors(a, g), z),
                         energy = a->data->energy[g];
            most = h > most ? h : most;
            low = energy < low ? energy : low;
            high = energy > high ? energy : high;
        }
    for (int k = 0; k < a->n * EQML_ROUND(a->n); k++)
        whiten[k] /= sqrt(width * most);
    edges[0] = outside;
    edges[1] = low;
    edges[2] = high - low;
    eqml__use_wall(surface, wall);
    return EQML_OK;
}

EQML_API eqml_status eqml_surface_set_wall(eqml_surface *surface, const eqml_data *data,
                                           const unsigned char *use, const eqml_wall_options *options,
                                           eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    const double width = options && options->width > 0 ? options->width : 4;
    const double outside = options && options->outside > 1 ? options->outside : 2;
    eqml__mason *a = (eqml__mason *)eqml__zeroed(1, sizeof *a);
    double *work = (double *)eqml__zeroed((size_t)EQML_WORK_ONE(b->nslots, b->npairs), sizeof(double));
    eqml_status status = EQML_OK;
    size_t count = 0;
    if (!a || !work) {
        status = eqml__fail(message, EQML_ERROR_MEMORY, "a wall: out of memory");
    } else if (data->natoms != b->natoms) {
        status = eqml__fail(message, EQML_ERROR_MATCH, "a wall: the data have %d atoms, the surface %d",
                            data->natoms, b->natoms);
    } else {
        a->m = &surface->model, a->data = data, a->use = use, a->work = work;
        eqml__choose_features(a, options && options->degree > 0 ? options->degree : 2);
        if (a->n == 0 || a->n > EQML_WALL_FEATURES)
            status = eqml__fail(message, EQML_ERROR_ARGUMENT,
                                "a wall: the basis has %d factors of degree 1, not 1 to %d", a->n,
                                EQML_WALL_FEATURES);
        else
            count = eqml__measure_spread(a);
        if (!status && count < 2 * (size_t)a->n)
            status =
                eqml__fail(message, EQML_ERROR_EMPTY, "a wall: %lu geometries are too few for %d features",
                           (unsigned long)count, a->n);
        if (!status)
            eqml__whiten_features(a);
        if (!status && a->n == 0)
            status = eqml__fail(message, EQML_ERROR_EMPTY, "a wall: the geometries do not vary");
        if (!status && eqml__build_wall(a, width, outside, surface))
            status = eqml__fail(message, EQML_ERROR_MEMORY, "a wall: out of memory");
    }
    EQML_FREE(a);
    EQML_FREE(work);
    return status;
}

#endif /* EQML__WALL_C */

/* ==== surface_file.c ==================================================================================== */

/* Surfaces as .pes files. */
#ifndef EQML__SURFACE_FILE_C
#define EQML__SURFACE_FILE_C

/* Refuses numbers that are larger than `most` or not finite; `what` names them. */
static eqml_status eqml__check_numbers(const char *path, const char *what, size_t count, const double *number,
                                       double most, eqml_message *message)
{
    for (size_t k = 0; k < count; k++)
        if (!(fabs(number[k]) <= most))
            return eqml__fail_file(
                message, EQML_ERROR_VALUE, path, 0,
                "number %zu of the %s is %g, which the file cannot hold: fit again, with other "
                "variables or a ridge",
                k, what, number[k]);
    return EQML_OK;
}

/*
 * Refuses what a file cannot hold: a user's function, numbers that are not finite, and numbers of the energy
 * beyond `most`.
 */
static eqml_status eqml__check_writable(const eqml_surface *surface, const char *path, double most,
                                        eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    for (int k = 0; k < b->npair_classes; k++)
        if (surface->variables[k].kind == EQML_USER)
            return eqml__fail_file(message, EQML_ERROR_ARGUMENT, path, 0,
                                   "a surface with a user's pair function cannot be written to a file");
    eqml_status status =
        eqml__check_numbers(path, "centres", (size_t)b->npairs, surface->centres, DBL_MAX, message);
    if (!status)
        status = eqml__check_numbers(path, "offsets", (size_t)b->nfactors, surface->offset, most, message);
    if (!status)
        status = eqml__check_numbers(path, "coefficients of factors", (size_t)b->nfactors, surface->linear,
                                     most, message);
    if (!status)
        status = eqml__check_numbers(path, "coefficients of products", 16 * (size_t)b->ntiles,
                                     surface->packed, most, message);
    for (int k = 0; k < EQML_TENSORS && !status; k++)
        if (b->tensors[k])
            status = eqml__check_numbers(path, eqml_tensor_name((eqml_tensor)k),
                                         16 * (size_t)b->tensors[k]->ntiles, surface->tensors[k], DBL_MAX,
                                         message);
    if (!status)
        status = eqml__check_numbers(path, "total charge", 1, &surface->model.charge, DBL_MAX, message);
    return status;
}

static const char *const eqml__kind_names[] = {"morse", "inverse", "exp-over-r", "power"};

/* Terms of the energy or of the tensor that has the most. */
static size_t eqml__most_terms(const eqml_basis *b)
{
    int most = b->nterms;
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k] && b->tensors[k]->nterms > most)
            most = b->tensors[k]->nterms;
    return (size_t)most;
}

/* Adds a table to a hash (FNV-1a). */
static void eqml__mix(uint64_t *hash, const unsigned short *table, size_t count)
{
    for (size_t k = 0; k < count; k++)
        for (int byte = 0; byte < 2; byte++)
            *hash = (*hash ^ (table[k] >> 8 * byte & 0xff)) * 1099511628211u;
}

/* A hash of all terms in their order. With another basis coefficients would mean nothing. */
static uint64_t eqml__terms_number(const eqml_basis *b)
{
    uint64_t hash = 14695981039346656037u;
    eqml__mix(&hash, b->pairs[0], 2 * (size_t)b->npairs);
    eqml__mix(&hash, b->pair_classes, (size_t)b->npairs);
    eqml__mix(&hash, b->operations[0], 3 * (size_t)b->noperations);
    eqml__mix(&hash, b->runs[0], 3 * (size_t)b->nruns);
    for (size_t k = 0; k < (size_t)b->nfactors && b->is_term; k++) {
        const unsigned short is_term = b->is_term[k];
        eqml__mix(&hash, &is_term, 1);
    }
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const eqml_tensor_basis *t = b->tensors[kind];
        if (!t)
            continue;
        eqml__mix(&hash, t->operations[0], 3 * (size_t)t->noperations);
        eqml__mix(&hash, t->elements[0], 3 * (size_t)t->nelements);
        eqml__mix(&hash, t->products[0], 3 * (size_t)t->nproducts);
        eqml__mix(&hash, t->runs[0], 3 * (size_t)t->nruns);
    }
    return hash;
}

/* text <- what a .pes file says of its basis. */
static void eqml__describe_basis(const eqml_basis *b, char *text, size_t size)
{
    const uint64_t terms = eqml__terms_number(b);
    snprintf(text, size, "%s %d %d %d %08lx%08lx", b->name, b->degree, b->nterms, b->nfactors,
             (unsigned long)(terms >> 32), (unsigned long)(terms & 0xffffffff));
}

static void eqml__put_wall_lines(FILE *out, const eqml_wall *w)
{
    fprintf(out, "wall %d\n", w ? w->nfeatures : 0);
    for (int k = 0; k < 3 && w; k++)
        fprintf(out, "edge %s\n", eqml__hexadecimal(w->edges[k]).text);
    for (int k = 0; w && k < w->nfeatures; k++)
        fprintf(out, "feature %d %s\n", w->features[k], eqml__hexadecimal(w->means[k]).text);
    for (int j = 0; w && j < w->nfeatures; j++)
        for (int i = j; i < w->nfeatures; i++)
            fprintf(out, "whiten %s\n", eqml__hexadecimal(w->whiten[j * EQML_ROUND(w->nfeatures) + i]).text);
}

/* Writes the text of a .pes file. */
static eqml_status eqml__put_pes(FILE *out, const eqml_surface *surface)
{
    const eqml_basis *b = surface->model.basis;
    double *coefficients = (double *)eqml__zeroed(eqml__most_terms(b), sizeof(double));
    if (!coefficients)
        return EQML_ERROR_MEMORY;
    eqml_surface_get(surface, coefficients);
    char basis[1024];
    eqml__describe_basis(b, basis, sizeof basis);
    fprintf(out, "eqml-pes 4\nbasis %s\ncomposition %s\n", basis, b->composition);
    for (int k = 0; k < b->npair_classes; k++) {
        fprintf(out, "variable %d %s %s %s", k, eqml__kind_names[surface->variables[k].kind],
                eqml__hexadecimal(surface->variables[k].range).text,
                eqml__hexadecimal(eqml__get_centre(surface, k)).text);
        for (int end = 0; end < 2 && eqml__knows_ranges(surface); end++)
            fprintf(out, " %s", eqml__hexadecimal(surface->ranges[2 * k + end]).text);
        fprintf(out, "\n");
    }
    for (int k = 0; k < b->nfactors; k++)
        fprintf(out, "offset %s\n", eqml__hexadecimal(surface->offset[k]).text);
    for (int k = 0; k < b->nterms; k++)
        fprintf(out, "coefficient %s\n", eqml__hexadecimal(coefficients[k]).text);
    eqml__put_wall_lines(out, surface->wall);
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const eqml_tensor_basis *t = b->tensors[kind];
        if (!t)
            continue;
        eqml_surface_get_tensor(surface, t->kind, coefficients);
        fprintf(out, "%s %d %d\n", eqml_tensor_name(t->kind), t->degree, t->nterms);
        if (kind == EQML_DIPOLE)
            fprintf(out, "charge %s\n", eqml__hexadecimal(surface->model.charge).text);
        for (int k = 0; k < t->nterms; k++)
            fprintf(out, "moment %s\n", eqml__hexadecimal(coefficients[k]).text);
    }
    fprintf(out, "end\n");
    EQML_FREE(coefficients);
    return EQML_OK;
}

EQML_API eqml_status eqml_surface_write(const eqml_surface *surface, const char *path, eqml_message *message)
{
    eqml__output out;
    eqml_status status = eqml__check_writable(surface, path, DBL_MAX, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    status = eqml__put_pes(out.file, surface);
    if (status)
        eqml__no_memory(path, message);
    return eqml__close_output(&out, status, message);
}

/* Refuses a line; `expected` says what should stand there. */
static eqml_status eqml__bad_line(const eqml__reader *in, eqml_status status, eqml__span line,
                                  const char *expected)
{
    return EQML__REFUSE(in, status, "expected %s, found %s; is this the .pes file of this basis?", expected,
                        eqml__quote(line).text);
}

/* A line of a file: `rest` is what follows its first word and a blank. */
typedef struct eqml__item {
    eqml__span line, rest;
} eqml__item;

/* Takes the next line, whose first word must be `word`. */
static eqml_status eqml__next_item(eqml__reader *in, const char *word, eqml__item *item)
{
    eqml__span first;
    if (!eqml__next_line(in, &item->line)) {
        in->line++;
        return EQML__REFUSE(in, EQML_ERROR_FORMAT, "the file ends where \"%s\" was expected; it is truncated",
                            word);
    }
    if (item->line.begin < item->line.end && item->line.end[-1] == '\r')
        item->line.end--;
    first.begin = item->rest.begin = item->line.begin;
    item->rest.end = item->line.end;
    while (item->rest.begin < item->rest.end && *item->rest.begin != ' ')
        item->rest.begin++;
    first.end = item->rest.begin;
    if (!eqml__is(first, word))
        return eqml__bad_line(in, EQML_ERROR_FORMAT, item->line, word);
    item->rest.begin += item->rest.begin < item->rest.end;
    return EQML_OK;
}

/* Takes a line that must be `word` and behind it exactly `expected`. */
static eqml_status eqml__expect_item(eqml__reader *in, const char *word, const char *expected)
{
    eqml__item item;
    const eqml_status status = eqml__next_item(in, word, &item);
    if (status)
        return status;
    return eqml__is(item.rest, expected) ? EQML_OK
                                         : eqml__bad_line(in, EQML_ERROR_MATCH, item.line, expected);
}

/* Takes `count` lines of a word and a number. */
static eqml_status eqml__read_numbers(eqml__reader *in, const char *word, int count, double *number)
{
    for (int k = 0; k < count; k++) {
        eqml__item item;
        const eqml_status status = eqml__next_item(in, word, &item);
        if (status)
            return status;
        if (eqml__parse_number(item.rest, EQML__HEXADECIMAL, &number[k]))
            return eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "one finite number");
    }
    return EQML_OK;
}

/* Two distances, the shorter first, behind a centre; or nothing. */
static bool eqml__parse_distances(eqml__span rest, double distance[2])
{
    const size_t words = eqml__count_words(rest);
    eqml__span word;
    for (size_t k = 0; k < words && words == 2; k++) {
        eqml__next_word(&rest, EQML__BLANKS, &word);
        if (eqml__parse_number(word, EQML__HEXADECIMAL, &distance[k]))
            return false;
    }
    return words == 0 || (words == 2 && distance[0] >= 0 && distance[1] >= distance[0]);
}

/* Before version 3 variables had no centre, before 4 no distances. centre and ranges: of each class; these as they are where the file has none. */
static eqml_status eqml__read_variables(eqml__reader *in, int version, const eqml_basis *b,
                                        eqml_variable *variable, double *centre, double *ranges)
{
    for (int k = 0; k < b->npair_classes; k++) {
        eqml__item item;
        eqml__span name, range;
        int number;
        const eqml_status status = eqml__next_item(in, "variable", &item);
        if (status)
            return status;
        if (!eqml__next_counts(&item.rest, 1, k, k, &number))
            return eqml__bad_line(in, EQML_ERROR_FORMAT, item.line, "the classes of pairs in their order");
        eqml__next_word(&item.rest, EQML__BLANKS, &name);
        variable[k].kind = EQML_USER;
        for (int kind = 0; kind < EQML_USER; kind++)
            if (eqml__is(name, eqml__kind_names[kind]))
                variable[k].kind = (eqml_kind)kind;
        if (variable[k].kind == EQML_USER || item.rest.begin == item.rest.end)
            return eqml__bad_line(in, EQML_ERROR_FORMAT, item.line,
                                  version > 2 ? "variable CLASS morse|inverse|exp-over-r|power RANGE CENTRE"
                                              : "variable CLASS morse|inverse|exp-over-r|power RANGE");
        item.rest.begin++;
        range = item.rest;
        if (version > 2) {
            eqml__next_word(&item.rest, " ", &range);
            eqml__span word = {item.rest.end, item.rest.end};
            eqml__next_word(&item.rest, EQML__BLANKS, &word);
            if (eqml__parse_number(word, EQML__HEXADECIMAL, &centre[k]))
                return eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a finite centre behind the range");
            if (version < 4 ? item.rest.begin < item.rest.end
                            : !eqml__parse_distances(item.rest, ranges + 2 * k))
                return eqml__bad_line(
                    in, EQML_ERROR_VALUE, item.line,
                    version < 4 ? "nothing behind the centre"
                                : "the shortest and the longest distance behind the centre, or nothing");
        }
        if (eqml__parse_number(range, EQML__HEXADECIMAL, &variable[k].range) ||
            !eqml__variable_is_valid(&variable[k]))
            return eqml__bad_line(in, EQML_ERROR_VALUE, item.line,
                                  "a finite range, positive but of morse, or a whole exponent");
    }
    return EQML_OK;
}

/* Reads a tensor of the surface; terms: room for its coefficients. */
static eqml_status eqml__read_tensor(eqml__reader *in, eqml_tensor kind, eqml_surface *surface, double *terms)
{
    const eqml_tensor_basis *t = surface->model.basis->tensors[kind];
    double *charge = &surface->model.charge;
    char expected[64];
    eqml__item item;
    snprintf(expected, sizeof expected, "%d %d", t->degree, t->nterms);
    eqml_status status = eqml__expect_item(in, eqml_tensor_name(kind), expected);
    if (!status && kind == EQML_DIPOLE) {
        status = eqml__next_item(in, "charge", &item);
        if (!status && eqml__parse_number(item.rest, EQML__HEXADECIMAL, charge))
            status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "one finite number");
        if (!status && !eqml__is_charge(*charge))
            status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a whole number as the total charge");
    }
    if (!status)
        status = eqml__read_numbers(in, "moment", t->nterms, terms);
    if (!status)
        eqml_surface_set_tensor(surface, kind, terms);
    return status;
}

/* The lines of a wall, of which there may be none. */
static eqml_status eqml__read_wall(eqml__reader *in, const eqml_basis *b, eqml_surface *surface)
{
    eqml__item item;
    int nfeatures;
    eqml_status status = eqml__next_item(in, "wall", &item);
    if (!status && !eqml__next_counts(&item.rest, 1, 0, EQML_WALL_FEATURES, &nfeatures))
        status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a number of features");
    if (status || nfeatures == 0)
        return status;
    eqml_wall *wall = eqml__new_wall(nfeatures);
    if (!wall)
        return EQML_ERROR_MEMORY;
    eqml__use_wall(surface, wall);
    status = eqml__read_numbers(in, "edge", 3, (double *)wall->edges);
    if (!status && !(wall->edges[0] > 1))
        status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a wall whose first edge is above 1");
    for (int k = 0; k < nfeatures && !status; k++) {
        int feature = 0;
        status = eqml__next_item(in, "feature", &item);
        if (!status && (!eqml__next_counts(&item.rest, 1, 1, b->nfactors - 1, &feature) ||
                        item.rest.begin == item.rest.end || *item.rest.begin++ != ' ' ||
                        eqml__parse_number(item.rest, EQML__HEXADECIMAL, (double *)&wall->means[k])))
            status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a factor of this basis and its mean");
        ((unsigned short *)wall->features)[k] = (unsigned short)feature;
    }
    for (int j = 0; j < nfeatures && !status; j++)
        status = eqml__read_numbers(in, "whiten", nfeatures - j,
                                    (double *)wall->whiten + j * EQML_ROUND(nfeatures) + j);
    return status;
}

/* Takes the line "end". */
static eqml_status eqml__expect_end(eqml__reader *in)
{
    eqml__item item;
    const eqml_status status = eqml__next_item(in, "end", &item);
    if (!status && item.rest.begin < item.rest.end)
        return eqml__bad_line(in, EQML_ERROR_FORMAT, item.line, "nothing after the end");
    return status;
}

/* Reads the version, and what the file says of its basis, which must be this one. */
static eqml_status eqml__read_basis(eqml__reader *in, const eqml_basis *b, int *version)
{
    char expected[1024];
    eqml__item item;
    eqml_status status = eqml__next_item(in, "eqml-pes", &item);
    *version = status ? 3 : eqml__is(item.rest, "2") ? 2 : eqml__is(item.rest, "4") ? 4 : 3;
    if (!status && *version == 3 && !eqml__is(item.rest, "3"))
        status = eqml__bad_line(in, EQML_ERROR_FORMAT, item.line,
                                "version 2, 3 or 4 (terms of version 1 are in another order: fit again)");
    eqml__describe_basis(b, expected, sizeof expected);
    if (!status)
        status = eqml__expect_item(in, "basis", expected);
    if (!status)
        status = eqml__expect_item(in, "composition", b->composition);
    return status;
}

/* Reads the variables and makes the surface, which has no coefficients yet. */
static eqml_status eqml__read_zero_surface(eqml__reader *in, int version, const eqml_basis *b,
                                           eqml_surface *surface)
{
    const size_t count = (size_t)b->npair_classes;
    eqml_variable *variable = (eqml_variable *)eqml__zeroed(count, sizeof(eqml_variable));
    double *centre = (double *)eqml__zeroed(3 * count, sizeof(double)),
           *ranges = centre ? centre + count : NULL;
    for (size_t k = 0; k < count && centre; k++)
        ranges[2 * k + 1] = HUGE_VAL;
    eqml_status status = variable && centre ? eqml__read_variables(in, version, b, variable, centre, ranges)
                                            : EQML_ERROR_MEMORY;
    if (!status)
        status = eqml_surface_create(b, variable, surface);
    for (int k = 0; k < b->npair_classes && !status; k++)
        eqml__set_centre(surface, k, centre[k]);
    if (!status)
        memcpy(surface->ranges, ranges, 2 * count * sizeof(double));
    EQML_FREE(variable);
    EQML_FREE(centre);
    return status;
}

/* Reads a surface up to its end. *surface must be empty; the caller frees it, also where this fails. */
static eqml_status eqml__read_surface(eqml__reader *in, const eqml_basis *b, eqml_surface *surface)
{
    double *terms = NULL;
    int version;
    eqml_status status = eqml__read_basis(in, b, &version);
    if (!status)
        status = eqml__read_zero_surface(in, version, b, surface);
    if (!status)
        status = eqml__read_numbers(in, "offset", b->nfactors, surface->offset);
    if (!status) {
        terms = (double *)eqml__zeroed(eqml__most_terms(b), sizeof(double));
        status = terms ? eqml__read_numbers(in, "coefficient", b->nterms, terms) : EQML_ERROR_MEMORY;
    }
    if (!status)
        eqml_surface_set(surface, terms);
    if (!status && version == 4)
        status = eqml__read_wall(in, b, surface);
    for (int k = 0; k < EQML_TENSORS && !status; k++)
        if (b->tensors[k])
            status = eqml__read_tensor(in, (eqml_tensor)k, surface, terms);
    if (!status)
        status = eqml__expect_end(in);
    surface->standardised = 1;
    EQML_FREE(terms);
    return status;
}

/* Closes the file, all of which must have been read; returns the status of reading it. */
static eqml_status eqml__finish_reading(eqml__reader *in, eqml_status status)
{
    eqml__span line;
    if (!status && eqml__next_line(in, &line))
        status = eqml__bad_line(in, EQML_ERROR_FORMAT, line, "nothing after the end");
    if (status == EQML_ERROR_MEMORY)
        eqml__no_memory(in->path, in->message);
    eqml__close_reader(in);
    return status;
}

EQML_API eqml_status eqml_surface_read(eqml_surface *surface, const eqml_basis *basis, const char *path,
                                       eqml_message *message)
{
    eqml__reader in;
    memset(surface, 0, sizeof *surface);
    eqml_status status = eqml__open_reader(&in, path, message);
    if (status)
        return status;
    status = eqml__finish_reading(&in, eqml__read_surface(&in, basis, surface));
    if (status)
        eqml_surface_free(surface);
    return status;
}

#endif /* EQML__SURFACE_FILE_C */

/* ==== surface_header.c ================================================================================== */

/* Surfaces as C headers. */
#ifndef EQML__SURFACE_HEADER_C
#define EQML__SURFACE_HEADER_C

/* The layout number as text: "eqml" EQML__TAG "_model" is the name that eqml_model gets in a surface's header. */
#define EQML__TEXT_(x) #x
#define EQML__TEXT(x) EQML__TEXT_(x)
#define EQML__TAG EQML__TEXT(EQML_LAYOUT)

/*
 * C text on its way into the header of a surface: each name of the runtime gets the layout number behind
 * "eqml" or "EQML", and each name of the basis "eqml", the number and "_" before it. Comments and strings are
 * left alone, and so are the macros that a user defines.
 */
typedef struct eqml__tagger {
    FILE *out;
    const char *basis; /* its name, empty in the runtime */
    char place;        /* 0: code; '*': a comment; a quotation mark: within such */
} eqml__tagger;

static bool eqml__is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool eqml__is_word(const char *name, size_t length, const char *word)
{
    return strlen(word) == length && !strncmp(name, word, length);
}

static void eqml__put_name(const eqml__tagger *t, const char *name, size_t length)
{
    const size_t own = strlen(t->basis);
    const bool user =
        eqml__is_word(name, length, "EQML_SCALAR") || eqml__is_word(name, length, "EQML_STACK_LIMIT");
    if ((!strncmp(name, "eqml_", 5) || !strncmp(name, "EQML_", 5)) && !user)
        fprintf(t->out, "%.4s" EQML__TAG "%.*s", name, (int)length - 4, name + 4);
    else if (own && !strncmp(name, t->basis, own) && (length == own || name[own] == '_'))
        fprintf(t->out, "eqml" EQML__TAG "_%.*s", (int)length, name);
    else
        fprintf(t->out, "%.*s", (int)length, name);
}

/* A line, or a part of one that does not end within a name. */
static void eqml__put_tagged(eqml__tagger *t, const char *text)
{
    while (*text) {
        size_t length = 0;
        while (t->place == 0 && eqml__is_name(text[length]))
            length++;
        if (length) {
            eqml__put_name(t, text, length);
            text += length;
            continue;
        }
        if (t->place == 0 && text[0] == '/' && text[1] == '*')
            t->place = '*';
        else if (t->place == '*' && text[0] == '*' && text[1] == '/')
            t->place = 0, fputc(*text++, t->out);
        else if (t->place == 0 && (*text == '"' || *text == '\''))
            t->place = *text;
        else if (t->place == *text && *text != '*')
            t->place = 0;
        else if (t->place && t->place != '*' && text[0] == '\\' && text[1])
            fputc(*text++, t->out);
        fputc(*text++, t->out);
    }
}

/*
 * The parts of the runtime that a surface needs, and the word of a basis header that asks for one which others do
 * without.
 */
static const struct eqml__needed {
    const char *name, *asked_by;
} eqml__needed[] = {{"compiler.h", NULL},
                    {"lanes/choose.h", NULL},
                    {"lanes/vector.h", NULL},
                    {"lanes/scalar.h", NULL},
                    {"lanes/generic.h", NULL},
                    {"lanes/sse2.h", NULL},
                    {"lanes/neon.h", NULL},
                    {"lanes/plain.h", NULL},
                    {"lanes/avx.h", NULL},
                    {"lanes/avx2.h", NULL},
                    {"lanes/avx512.h", NULL},
                    {"lanes.h", NULL},
                    {"layout.h", NULL},
                    {"basis.h", NULL},
                    {"kernel/variables.h", NULL},
                    {"kernel/pairs.h", NULL},
                    {"kernel/matrix.h", "eqml_matrix"},
                    {"kernel/sweeps.h", NULL},
                    {"kernel/form.h", NULL},
                    {"wall.h", NULL},
                    {"one.h", NULL},
                    {"batch.h", NULL},
                    {"hessian.h", NULL},
                    {"inside.h", NULL},
                    {"kernel/tensor.h", "eqml_tensor_basis"},
                    {"model.h", NULL},
                    {"model_tensor.h", "eqml_tensor_basis"}};
enum { EQML__NEEDED = sizeof eqml__needed / sizeof *eqml__needed };

/* The text between the line that names a part and the next such line, or the end; NULL where there is none. */
static char *eqml__find_part(char *runtime, const char *name, char **end)
{
    const char mark[] = "\n/* ==== ";
    const size_t length = strlen(name), skip = sizeof mark - 1;
    for (char *at = strstr(runtime, mark); at; at = strstr(at + skip, mark))
        if (!strncmp(at + skip, name, length) && at[skip + length] == ' ') {
            *end = strstr(at + skip, mark);
            *end = *end ? *end : at + strlen(at);
            return at + 1;
        }
    return NULL;
}

/* Puts those parts of the runtime, of a list, that a basis with this header needs. */
static eqml_status eqml__put_parts(eqml__tagger *t, char *runtime, const char *path, const char *basis_header,
                                   const struct eqml__needed *needed, int count, eqml_message *message)
{
    for (int k = 0; k < count; k++) {
        char *end, *part = eqml__find_part(runtime, needed[k].name, &end);
        if (!part) {
            return eqml__fail(message, EQML_ERROR_FORMAT,
                              "%s: has no part %s; is it the file eqml.h of this version?", path,
                              needed[k].name);
        }
        if (needed[k].asked_by && !strstr(basis_header, needed[k].asked_by))
            continue;
        const char next = *end;
        *end = 0;
        eqml__put_tagged(t, part);
        *end = next;
    }
    return EQML_OK;
}

/* The texts that a header copies. */
typedef struct eqml__sources {
    char *runtime, *basis; /* owned */
} eqml__sources;

static eqml_status eqml__load_sources(eqml__sources *s, const char *runtime, const char *basis_header,
                                      eqml_message *message)
{
    size_t size;
    const eqml_status status = eqml__load_text(runtime, &s->runtime, &size, message);
    return status ? status : eqml__load_text(basis_header, &s->basis, &size, message);
}

static void eqml__free_sources(eqml__sources *s)
{
    EQML_FREE(s->runtime);
    EQML_FREE(s->basis);
}

/* Puts the parts of the runtime that the basis needs, and the basis itself; runtime: the path, for messages. */
static eqml_status eqml__put_sources(eqml__tagger *t, const eqml__sources *s, const char *runtime,
                                     const char *basis_name, const struct eqml__needed *needed, int count,
                                     eqml_message *message)
{
    const eqml_status status = eqml__put_parts(t, s->runtime, runtime, s->basis, needed, count, message);
    t->basis = basis_name;
    if (!status)
        eqml__put_tagged(t, s->basis);
    return status;
}

/*
 * A number for C and C++ of every standard, in decimal, since hexadecimal floats are new in C++17: with as
 * many digits as give it back exactly, a point whatever the locale, and "f" where it is a float.
 */
static eqml__digits eqml__decimal(double number, bool is_float)
{
    eqml__digits d;
    snprintf(d.text, sizeof d.text, is_float ? "%.9g" : "%.17g", is_float ? (double)(float)number : number);
    eqml__use_point(d.text);
    if (!strpbrk(d.text, ".e"))
        strcat(d.text, ".0");
    if (is_float)
        strcat(d.text, "f");
    return d;
}

/* The declaration of an array, or the beginning of its definition. */
static void eqml__begin_array(FILE *out, const char *type, const char *name, const char *what, int count,
                              bool defined)
{
    if (defined)
        fprintf(out, "%s_STORAGE ", name);
    else
        fprintf(out, "extern const ");
    fprintf(out, "%s %s_%s%s[%d] %s_%s%s", type, name, what, strcmp(type, "float") ? "" : "_float",
            count > 0 ? count : 1, name, defined ? "PLACED" : "HIDDEN", defined ? " = {" : ";\n");
}

/* Number k of an array that is defined. */
static void eqml__put_number(FILE *out, int k, bool is_float, double number)
{
    fprintf(out, "%s%s,", k % 4 ? " " : "\n    ", eqml__decimal(number, is_float).text);
}

/* An array, by its declaration where number is NULL, or by its definition. */
static void eqml__put_numbers(FILE *out, const char *name, const char *what, bool is_float, int count,
                              const double *number)
{
    eqml__begin_array(out, is_float ? "float" : "double", name, what, count, number != NULL);
    for (int k = 0; k < count && number; k++)
        eqml__put_number(out, k, is_float, number[k]);
    if (number)
        fprintf(out, "%s\n};\n", count > 0 ? "" : "0");
}

/* What eqml__inside needs: the squares of the shortest distances of all pairs, then of the longest. */
static void eqml__put_squares(FILE *out, const eqml_surface *surface, const char *name, bool defined)
{
    const eqml_basis *b = surface->model.basis;
    const int stride = EQML_ROUND(b->npairs);
    eqml__begin_array(out, "double", name, "squares", 2 * stride, defined);
    for (int k = 0; k < 2 * stride && defined; k++) {
        double square[2];
        eqml__squared_range(surface, k % stride < b->npairs ? k % stride : b->npairs - 1, square);
        eqml__put_number(out, k, false, square[k / stride]);
    }
    if (defined)
        fprintf(out, "\n};\n");
}

static void eqml__put_wall_arrays(FILE *out, const eqml_wall *w, const char *name, bool defined)
{
    const int n = w->nfeatures;
    eqml__begin_array(out, "unsigned short", name, "wall_features", n, defined);
    for (int k = 0; k < n && defined; k++)
        fprintf(out, "%d, ", w->features[k]);
    if (defined)
        fprintf(out, "};\n");
    eqml__put_numbers(out, name, "wall_means", false, n, defined ? w->means : NULL);
    eqml__put_numbers(out, name, "wall_whiten", false, n * EQML_ROUND(n), defined ? w->whiten : NULL);
    eqml__put_numbers(out, name, "wall_edges", false, 3, defined ? w->edges : NULL);
}

/* All arrays of a surface, by declarations or definitions. */
static void eqml__put_arrays(FILE *out, const eqml_surface *s, const char *name, bool defined)
{
    const eqml_basis *b = s->model.basis;
    const int pairs = EQML_ROUND(b->npairs);
    eqml__put_numbers(out, name, "centres", false, pairs, defined ? s->centres : NULL);
    eqml__put_numbers(out, name, "rates", false, pairs, defined ? s->rates : NULL);
    eqml__put_squares(out, s, name, defined);
    if (s->wall)
        eqml__put_wall_arrays(out, s->wall, name, defined);
    for (int is_float = 0; is_float < 2; is_float++) {
        eqml__put_numbers(out, name, "offset", is_float, b->nfactors, defined ? s->offset : NULL);
        eqml__put_numbers(out, name, "linear", is_float, b->nfactors, defined ? s->linear : NULL);
        eqml__put_numbers(out, name, "packed", is_float, 16 * b->ntiles, defined ? s->packed : NULL);
    }
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k]) {
            char what[64];
            snprintf(what, sizeof what, "%s_coefficients", eqml_tensor_name((eqml_tensor)k));
            eqml__put_numbers(out, name, what, false, 16 * b->tensors[k]->ntiles,
                              defined ? s->tensors[k] : NULL);
        }
}

/*
 * The numbers of a surface stand before all else, so that a library can have them in a unit by themselves, which is all
 * that is compiled anew after another fit.
 */
static void eqml__put_number_unit(FILE *out, const eqml_surface *surface, const char *name)
{
    fprintf(out,
            "\n/*\n"
            " * For libraries: with %s_APART the numbers are in another unit, and with %s_NUMBERS this is "
            "that unit.\n"
            " * What is compiled with %s_APART depends on the basis, and on the kinds of variables, not on "
            "the fit.\n"
            " */\n",
            name, name, name);
    fprintf(out, "#ifndef EQML_NUMBERS_%s\n#define EQML_NUMBERS_%s\n", name, name);
    fprintf(out, "#ifdef __GNUC__\n#define %s_HIDDEN __attribute__((aligned(64), visibility(\"hidden\")))\n",
            name);
    fprintf(out,
            "#define %s_ALIGNED __attribute__((aligned(64)))\n#else\n#define %s_HIDDEN\n#define "
            "%s_ALIGNED\n#endif\n",
            name, name, name);
    fprintf(out, "#if defined(%s_APART) || defined(%s_NUMBERS)\n", name, name);
    fprintf(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    eqml__put_arrays(out, surface, name, false);
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#define %s_STORAGE const\n", name);
    fprintf(
        out,
        "#define %s_PLACED\n#else\n#define %s_STORAGE static const\n#define %s_PLACED %s_ALIGNED\n#endif\n",
        name, name, name, name);
    fprintf(out, "#ifdef %s_APART\n#define %s_RANGE(a) 1\n#else\n#define %s_RANGE(a) a\n", name, name, name);
    eqml__put_arrays(out, surface, name, true);
    fprintf(out, "#endif\n#endif\n\n#ifndef %s_NUMBERS\n", name);
}

static void eqml__put_surface(FILE *out, const eqml_surface *surface, const char *name)
{
    static const char *const kinds[] = {"MORSE", "INVERSE", "EXP_OVER_R", "POWER"};
    static const char *const groups[] = {"ONE", "BATCH", "FLOAT", "TENSORS"}; /* of functions */
    const eqml_basis *b = surface->model.basis;
    fprintf(out, "\n#ifndef EQML_SURFACE_%s\n#define EQML_SURFACE_%s\n", name, name);
    fprintf(out, "static const eqml" EQML__TAG "_variable %s_variables[] = {\n", name);
    for (int k = 0; k < b->npair_classes; k++) {
        const eqml_variable *v = &surface->variables[k];
        const eqml__digits range = eqml__decimal(v->range, false);
        if (v->kind == EQML_POWER) /* the exponent is in the code */
            fprintf(out, "    {EQML" EQML__TAG "_%s, %s, 0, 0},\n", kinds[v->kind], range.text);
        else /* the code takes the rates */
            fprintf(out, "    {EQML" EQML__TAG "_%s, %s_RANGE(%s), 0, 0},\n", kinds[v->kind], name,
                    range.text);
    }
    fprintf(out, "};\n");
    if (surface->wall)
        fprintf(out,
                "static const eqml" EQML__TAG
                "_wall %s_wall = {%d, %s_wall_features, %s_wall_means, %s_wall_whiten, %s_wall_edges};\n",
                name, surface->wall->nfeatures, name, name, name, name);
    fprintf(out,
            "static const eqml" EQML__TAG "_model %s_model = {\n    &eqml" EQML__TAG
            "_%s_basis, %s_variables, %s_centres, "
            "%s_rates, %s_offset,\n",
            name, b->name, name, name, name, name);
    fprintf(out, "    %s_linear, %s_packed, {", name, name);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k])
            fprintf(out, "%s_%s_coefficients, ", name, eqml_tensor_name((eqml_tensor)k));
        else
            fprintf(out, "0, ");
    fprintf(out, "}, %s,\n", eqml__decimal(surface->model.charge, false).text);
    fprintf(out, "    %s_offset_float, %s_linear_float, %s_packed_float, ", name, name, name);
    fprintf(out, surface->wall ? "&%s_wall};\n" : "0};\n", name);
    fprintf(out,
            "\n#ifndef %s_API /* define it as extern, in one file, for functions with external linkage */\n",
            name);
    fprintf(out, "#define %s_API EQML" EQML__TAG "_FUNCTION\n#endif\n", name);
    fprintf(out, "/* Or one of these, for a part of them. */\n");
    for (int k = 0; k < 4; k++)
        fprintf(out, "#ifndef %s_%s_API\n#define %s_%s_API %s_API\n#endif\n", name, groups[k], name,
                groups[k], name);
    fprintf(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    for (int k = 0; k < 3; k++)
        fprintf(out,
                "EQML" EQML__TAG "_SURFACE_%s_FUNCTIONS(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
                "__APART %s_%s_API)\n",
                groups[k], name, b->name, name, groups[k]);
    fprintf(out,
            "EQML" EQML__TAG "_SURFACE_INSIDE_FUNCTION(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
            "__APART %s_ONE_API)\n",
            name, b->name, name);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k])
            fprintf(out,
                    "EQML" EQML__TAG "_SURFACE_TENSOR_FUNCTIONS(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
                    "__APART %s_TENSORS_API, %s)\n",
                    name, b->name, name, eqml_tensor_name((eqml_tensor)k));
    if (b->tensors[EQML_DIPOLE])
        fprintf(out,
                "EQML" EQML__TAG "_SURFACE_ENERGY_DIPOLE_FUNCTION(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
                "__APART %s_TENSORS_API)\n",
                name, b->name, name);
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n#endif /* %s_NUMBERS */\n", name);
}

static void eqml__put_banner(FILE *out, const eqml_basis *b, const char *name)
{
    static const char *const shapes[EQML_TENSORS] = {
        "dipole[3] in e*bohr, about the origin, its jacobian[3][3 natoms]",
        ("quadrupole[6] in e*bohr^2, traceless, xx xy xz yy yz zz, about the centre of the smallest class "
         "of\n"
         " * atoms, its jacobian[6][3 natoms]"),
        "polarizability[6] in bohr^3, xx xy xz yy yz zz, its jacobian[6][3 natoms]"};
    const int n = b->natoms;
    fprintf(out, "/*\n * %s: a potential energy surface for %s, fitted with eqml.\n *\n", name,
            b->composition);
    fprintf(out, " *     double %s_energy(const double *xyz);\n", name);
    fprintf(out, " *     double %s_energy_gradient(const double *xyz, double *gradient);\n", name);
    fprintf(out, " *     double %s_energy_hessian(const double *xyz, double *gradient, double *hessian);\n",
            name);
    fprintf(out, " *     void   %s_energy_batch(size_t n, const double *xyz, double *energy);\n", name);
    fprintf(out, " *     void   %s_energy_gradient_batch(size_t n, const double *xyz, double *energy,\n",
            name);
    fprintf(out, " *                                   double *gradient);\n");
    for (int k = 0; k < EQML_TENSORS; k++) {
        const char *what = eqml_tensor_name((eqml_tensor)k);
        if (!b->tensors[k])
            continue;
        fprintf(out, " *     void   %s_%s(const double *xyz, double *%s);\n", name, what, what);
        fprintf(out, " *     void   %s_%s_jacobian(const double *xyz, double *%s, double *jacobian);\n", name,
                what, what);
        fprintf(out, " *     void   %s_%s_batch(size_t n, const double *xyz, double *%s);\n", name, what,
                what);
        fprintf(out,
                " *     void   %s_%s_jacobian_batch(size_t n, const double *xyz, double *%s, double "
                "*jacobian);\n",
                name, what, what);
    }
    if (b->tensors[EQML_DIPOLE])
        fprintf(
            out,
            " *     double %s_energy_gradient_dipole(const double *xyz, double *gradient, double *dipole);\n",
            name);
    fprintf(
        out,
        " *     int    %s_inside(const double *xyz);   1: all distances are as in the training data, 0: not, "
        "-1: not known\n",
        name);
    fprintf(out, " *     int    %s_natoms(void);\n *     const char *%s_symbols(void);\n *\n", name, name);
    fprintf(out, " * xyz[%d][3] and gradient[%d][3] in bohr, hartree, hartree/bohr, hessian[%d][%d]", n, n,
            3 * n, 3 * n);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k])
            fprintf(out, ",\n * %s", shapes[k]);
    fprintf(out, "; batches xyz[n][%d][3].\n * Atoms in the order %s. All functions are thread-safe.\n", n,
            b->symbols);
    fprintf(out, " * Compile with -O3 -march=native (and -ffp-contract=fast where -std=c11 is asked for), "
                 "link with -lm.\n");
    fprintf(out, " */\n");
}

EQML_API eqml_status eqml_surface_write_header(const eqml_surface *surface, const char *name,
                                               const char *runtime, const char *basis_header,
                                               const char *path, eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    eqml__output out;
    eqml__tagger tagger = {NULL, "", 0};
    eqml__sources sources = {NULL, NULL};
    eqml_status status = eqml__check_writable(surface, path, (double)FLT_MAX, message);
    if (!status)
        status = eqml__load_sources(&sources, runtime, basis_header, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (!status) {
        tagger.out = out.file;
        eqml__put_banner(out.file, b, name);
        eqml__put_number_unit(out.file, surface, name);
        status = eqml__put_sources(&tagger, &sources, runtime, b->name, eqml__needed, EQML__NEEDED, message);
        if (!status)
            eqml__put_surface(out.file, surface, name);
        status = eqml__close_output(&out, status, message);
    }
    eqml__free_sources(&sources);
    return status;
}

#endif /* EQML__SURFACE_HEADER_C */

/* ==== problem.c ========================================================================================= */

/* A fit that was kept, and its triangle. */
#ifndef EQML__PROBLEM_C
#define EQML__PROBLEM_C

struct eqml_problem {
    const eqml_basis *basis;
    eqml_surface surface; /* variables, offsets */
    eqml_lsq *lsq;        /* all rows, folded */
    double shift;         /* what was subtracted from the energies */
    double ridge;
};

EQML_API void eqml_problem_free(eqml_problem *problem)
{
    if (!problem)
        return;
    eqml_surface_free(&problem->surface);
    eqml_lsq_free(problem->lsq);
    EQML_FREE(problem);
}

EQML_API eqml_status eqml_problem_create(eqml_problem **problem, eqml_surface *surface, const eqml_data *data,
                                         const eqml_fit_options *options, eqml_fit_result *result,
                                         eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    eqml__triangle triangle = {NULL, 0};
    eqml_problem *p = (eqml_problem *)eqml__zeroed(1, sizeof *p);
    eqml_status status = p ? EQML_OK : EQML_ERROR_MEMORY;
    *problem = NULL;
    if (!status)
        status = eqml_surface_create(b, surface->variables, &p->surface);
    if (status) {
        eqml__fail(message, status, "%s", eqml_status_text(status));
    } else {
        p->basis = b;
        p->ridge = options ? options->ridge : 0;
        status = eqml__fit_surface(surface, EQML_TENSORS, data, options, &triangle, result, message);
        p->lsq = triangle.lsq;
        p->shift = triangle.shift;
    }
    if (status) {
        eqml_problem_free(p);
        return status;
    }
    eqml__copy_classes(&p->surface, surface);
    memcpy(p->surface.offset, surface->offset, (size_t)b->nfactors * sizeof(double));
    p->surface.standardised = 1;
    *problem = p;
    return EQML_OK;
}

/* The triangle of the problem, ridge included, columns of unit norm; *beyond: the part of |b|^2 that no term
 * can reach. s->a is to be freed by the caller. */
static eqml_status eqml__problem_system(const eqml_problem *p, eqml__system *s, double *beyond)
{
    const int n = p->basis->nterms;
    void *room = EQML_MALLOC(eqml__system_size(n, 1));
    eqml_lsq *ridge = NULL;
    eqml_status status = room ? EQML_OK : EQML_ERROR_MEMORY;
    s->a = (double *)room;
    if (!status && p->ridge > 0)
        status = eqml__lsq_open(&ridge, n, 1);
    if (!status) {
        eqml__system_create(s, n, 1, room);
        status = eqml__system_load(s, p->lsq);
    }
    if (!status && ridge)
        status = eqml__system_ridge(s, p->ridge, eqml__is_term(p->basis, 0) ? 1 : 0, ridge);
    EQML_FREE(ridge);
    *beyond = *eqml__lsq_r(p->lsq, n, n) * *eqml__lsq_r(p->lsq, n, n);
    for (int i = 0; i < n && !status && p->ridge > 0; i++) { /* what the penalty takes away */
        const double before = *eqml__lsq_r(p->lsq, i, n), now = s->a[(size_t)i * s->ld + (size_t)n];
        *beyond += before * before - now * now;
    }
    return status;
}

#endif /* EQML__PROBLEM_C */

/* ==== select.c ========================================================================================== */

/* Pruning and growing: the ranking of terms. */
#ifndef EQML__SELECT_C
#define EQML__SELECT_C

/* Pruning and growing count on every factor being a term. */
static eqml_status eqml__check_terms(const eqml_problem *p, eqml_message *message)
{
    if (!p->basis->is_term)
        return EQML_OK;
    return eqml__fail(message, EQML_ERROR_ARGUMENT,
                      "the basis \"%s\" has factors that are not terms: it cannot be pruned or grown",
                      p->basis->name);
}

EQML_API void eqml_ranking_free(eqml_ranking *ranking)
{
    EQML_FREE(ranking->term);
    EQML_FREE(ranking->error);
    memset(ranking, 0, sizeof *ranking);
}

static eqml_status eqml__ranking_create(eqml_ranking *ranking, int terms)
{
    memset(ranking, 0, sizeof *ranking);
    ranking->term = (int *)eqml__zeroed((size_t)terms, sizeof(int));
    ranking->error = (double *)eqml__zeroed((size_t)terms, sizeof(double));
    if (ranking->term && ranking->error)
        return EQML_OK;
    eqml_ranking_free(ranking);
    return EQML_ERROR_MEMORY;
}

static double eqml__row_error(const eqml_problem *p, double square)
{
    return sqrt(fmax(0, square) / (double)p->lsq->rows);
}

/*
 * left[j] <- by how much column j, without its part along the rows before k, would lower |b|; negative if
 * that part is all of it.
 */
static void eqml__system_gains(eqml__system *s, int k, double tolerance)
{
    double *along = s->w, *square = s->exact;
    const double *row;
    memset(along, 0, (size_t)s->n * sizeof(double));
    memset(square, 0, (size_t)s->n * sizeof(double));
    for (int i = k; i < s->n; i++) {
        row = s->a + (size_t)i * s->ld;
        for (int j = k; j < s->n; j++) {
            along[j] += row[j] * row[s->n];
            square[j] += row[j] * row[j];
        }
    }
    for (int j = k; j < s->n; j++)
        s->left[j] = square[j] > 0 && sqrt(square[j]) > tolerance ? fabs(along[j]) / sqrt(square[j]) : -1;
}

EQML_API eqml_status eqml_grow(const eqml_problem *p, int terms, double error, eqml_ranking *ranking,
                               eqml_message *message)
{
    const int n = p->basis->nterms;
    const double tolerance = eqml__lsq_tolerance(p->lsq);
    double beyond = 0,
           reach = 0; /* the part of |b|^2 that no term can reach; the part of |b| that some can */
    eqml__system s;
    memset(ranking, 0, sizeof *ranking);
    eqml_status status = eqml__check_terms(p, message);
    if (status)
        return status;
    if (terms < 0 || terms > n || !(error >= 0)) {
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "growing to %d terms, error %g: expected 0 to %d terms, and an error of at least 0",
                          terms, error, n);
    }
    status = eqml__problem_system(p, &s, &beyond);
    if (!status)
        status = eqml__ranking_create(ranking, n);
    for (int k = 0; k < (terms ? terms : n) && !status; k++) {
        eqml__system_gains(&s, k, tolerance);
        for (int j = 0; j < n && k == 0 && eqml__is_term(p->basis, 0); j++)
            s.left[j] = j == 0; /* the constant first */
        eqml__system_pivot(&s, k);
        if (!(s.left[k] > 0) || !eqml__system_step(&s, k, 0))
            break;
        const double rest = eqml__column_norm(&s, k + 1, n);
        reach = k ? reach : hypot(rest, s.a[n]);
        ranking->term[k] = s.permuted[k];
        ranking->error[k] = eqml__row_error(p, beyond + rest * rest);
        ranking->terms = k + 1;
        if (ranking->error[k] <= error ||
            rest <= tolerance * reach) /* else what follows is rounding errors */
            break;
    }
    if (status)
        eqml__fail(message, status, "growing failed: %s", eqml_status_text(status));
    EQML_FREE(s.a);
    return status;
}

/* w[r][r] <- the inverse of the leading triangle, x[r] <- its product with the right-hand side. */
static void eqml__invert_triangle(const eqml__system *s, double *w, double *x)
{
    const size_t r = (size_t)s->rank;
    memset(w, 0, r * r * sizeof(double));
    for (size_t i = r; i-- > 0;) {
        const double *row = s->a + i * s->ld;
        double *to = w + i * r;
        to[i] = 1;
        for (size_t j = i + 1; j < r; j++)
            eqml__axpy((int)(r - j), -row[j], w + j * r + j, to + j);
        for (size_t j = i; j < r; j++)
            to[j] /= row[i];
    }
    for (size_t i = 0; i < r; i++) {
        x[i] = 0;
        for (size_t j = i; j < r; j++)
            x[i] += w[i * r + j] * s->a[j * s->ld + (size_t)s->n];
    }
}

/* Removes term j from the fit: rows of w lose their part along row j, and so G = w w^T becomes the inverse
 * normal matrix of the others. square[i] = |w_i|^2. */
static void eqml__eliminate_term(int r, const int *alive, int count, int j, double *w, double *x,
                                 double *square)
{
    const double *drop = w + (size_t)j * (size_t)r;
    for (int k = 0; k < count; k++) {
        double *row = w + (size_t)alive[k] * (size_t)r;
        const double part = eqml__dot(r, row, drop) / square[j];
        eqml__axpy(r, -part, drop, row);
        x[alive[k]] -= part * x[j];
        square[alive[k]] = eqml__dot(r, row, row);
    }
}

/*
 * Eliminates columns 0 .. r-1 of the system, each time the one with the smallest loss, but column `kept` last
 * of all. order[r] <- the columns, the first to go at the end; losses[r]: |b|^2 grows by so much as each
 * goes.
 */
static void eqml__eliminate_all(const eqml__system *s, double *w, double *x, double *square, int *alive,
                                int *order, double *losses, int kept)
{
    const int r = s->rank;
    eqml__invert_triangle(s, w, x);
    for (int i = 0; i < r; i++) {
        const double *row = w + (size_t)i * (size_t)r;
        alive[i] = i;
        square[i] = eqml__dot(r, row, row);
    }
    for (int count = r; count > 0; count--) {
        int best = -1;
        double least = 0;
        for (int k = 0; k < count; k++) {
            const int i = alive[k];
            const double loss = x[i] * x[i] / square[i];
            if ((s->permuted[i] != kept || count == 1) && (best < 0 || loss < least)) {
                best = k;
                least = loss;
            }
        }
        order[count - 1] = alive[best];
        losses[count - 1] = least;
        alive[best] = alive[count - 1];
        eqml__eliminate_term(r, alive, count - 1, order[count - 1], w, x, square);
    }
}

EQML_API eqml_status eqml_prune(const eqml_problem *p, eqml_ranking *ranking, eqml_message *message)
{
    const size_t n = (size_t)p->basis->nterms;
    const double tolerance = eqml__lsq_tolerance(p->lsq);
    double beyond = 0, *work = NULL;
    int *places = NULL;
    eqml__system s;
    memset(ranking, 0, sizeof *ranking);
    eqml_status status = eqml__check_terms(p, message);
    if (status)
        return status;
    status = eqml__problem_system(p, &s, &beyond);
    if (!status) {
        if (!eqml__system_regular(&s, tolerance, sqrt(1 + p->ridge)))
            eqml__system_triangulate(&s, tolerance);
        status = eqml__ranking_create(ranking, s.rank);
        work = (double *)eqml__zeroed(eqml__times(n, n + 3), sizeof(double));
        places = (int *)eqml__zeroed(2 * n, sizeof(int));
        if (!status && (!work || !places)) {
            eqml_ranking_free(ranking);
            status = EQML_ERROR_MEMORY;
        }
    }
    if (!status) {
        double *losses = work + n * (n + 2), square = beyond;
        eqml__eliminate_all(&s, work, work + n * n, work + n * (n + 1), places, places + n, losses,
                            eqml__is_term(p->basis, 0) ? 0 : -1);
        for (int i = s.rank; i < s.n; i++)
            square += s.a[(size_t)i * s.ld + n] * s.a[(size_t)i * s.ld + n];
        for (int k = s.rank - 1; k >= 0; k--) {
            ranking->term[k] = s.permuted[places[(int)n + k]];
            ranking->error[k] = eqml__row_error(p, square);
            square += losses[k];
        }
        ranking->terms = s.rank;
    } else {
        eqml__fail(message, status, "pruning failed: %s", eqml_status_text(status));
    }
    EQML_FREE(work);
    EQML_FREE(places);
    EQML_FREE(s.a);
    return status;
}

#endif /* EQML__SELECT_C */

/* ==== subset.c ========================================================================================== */

/* Some terms of a basis as a basis. */
#ifndef EQML__SUBSET_C
#define EQML__SUBSET_C

/* A product of two factors that the new basis takes over. */
typedef struct eqml__product {
    int left, right; /* factors of the new basis, left <= right */
    int term;        /* of the old one */
} eqml__product;

/* A subset in the making: what it needs of the old basis, in old and in new numbers. */
typedef struct eqml__selection {
    const eqml_basis *from;
    const unsigned char *keep; /* [nterms] */
    int *slot;                 /* [nslots] new number of a slot, -1 where nothing needs it */
    int *uses;                 /* [nfactors] products with each factor */
    int *order;                /* [nfactors] old numbers of the new factors */
    int *term;                 /* [nterms] old numbers of the new terms */
    int *term_of;              /* [nfactors] the term that an old factor is, or -1 */
    unsigned char *is_term;    /* [nfactors] of the new factors */
    eqml__product *product;    /* [products] */
    int npairs, factor0, nslots, nfactors, ncore, noperations, nproducts, nterms;
} eqml__selection;

static void eqml__mark_factors(eqml__selection *s)
{
    const eqml_basis *b = s->from;
    int k = 0;
    for (int i = 0; i < b->nslots; i++)
        s->slot[i] = -1;
    for (int f = 0; f < b->nfactors; f++) {
        s->term_of[f] = eqml__is_term(b, (size_t)f) ? k++ : -1;
        if (f == 0 || (s->term_of[f] >= 0 && s->keep[s->term_of[f]]))
            s->slot[b->factor0 + f] = 0;
    }
    for (int r = 0; r < b->nruns; r++)
        for (int c = 0; c < b->runs[r][2]; c++, k++) {
            const int left = b->runs[r][0], right = b->runs[r][1] + c;
            if (!s->keep[k])
                continue;
            s->uses[left]++;
            s->uses[right]++;
            s->slot[b->factor0 + left] = s->slot[b->factor0 + right] = 0;
            s->product[s->nproducts].left = left;
            s->product[s->nproducts].right = right;
            s->product[s->nproducts++].term = k;
        }
    for (int o = b->noperations - 1; o >= 0; o--)
        if (s->slot[b->operations[o][0]] == 0) {
            s->slot[b->operations[o][1]] = s->slot[b->operations[o][2]] = 0;
            s->noperations++;
        }
}

/* The constant, then the factors of products, the busiest first so that their products lie close together,
 * then the others. */
static void eqml__order_factors(eqml__selection *s)
{
    const eqml_basis *b = s->from;
    int most = 0;
    s->order[s->nfactors++] = 0;
    s->ncore = 1;
    for (int f = 1; f < b->nfactors; f++)
        most = s->uses[f] > most ? s->uses[f] : most;
    for (int uses = most; uses >= 0; uses--) {
        for (int f = 1; f < b->nfactors; f++)
            if (s->slot[b->factor0 + f] == 0 && s->uses[f] == uses)
                s->order[s->nfactors++] = f;
        if (uses == 1)
            s->ncore = s->nfactors;
    }
}

/* Intermediate values keep their places modulo four: the elements of a covariant lie side by side from a multiple
 * of four on, where eqml-gen, which writes the code, finds them. */
static void eqml__number_slots(eqml__selection *s)
{
    const eqml_basis *b = s->from;
    int four = -1; /* the last four slots of the old basis that were given a place */
    for (int i = 0; i < b->npairs; i++)
        if (s->slot[i] >= 0)
            s->slot[i] = s->npairs++;
    s->factor0 = s->npairs;
    for (int i = b->npairs; i < b->factor0; i++) {
        if (s->slot[i] < 0)
            continue;
        if (i / 4 != four)
            s->factor0 = (s->factor0 + 3) / 4 * 4 + 4;
        four = i / 4;
        s->slot[i] = s->factor0 - 4 + i % 4;
    }
    s->factor0 = EQML_ROUND(s->factor0); /* factors begin on a vector boundary */
    for (int f = 0; f < s->nfactors; f++)
        s->slot[b->factor0 + s->order[f]] = s->factor0 + f;
    s->nslots = s->factor0 + s->nfactors;
}

static int eqml__compare_products(const void *x, const void *y)
{
    const eqml__product *a = (const eqml__product *)x, *b = (const eqml__product *)y;
    return a->left != b->left ? (a->left < b->left ? -1 : 1) : (a->right > b->right) - (a->right < b->right);
}

static void eqml__sort_products(eqml__selection *s)
{
    const eqml_basis *b = s->from;
    for (int k = 0; k < s->nproducts; k++) {
        eqml__product *p = &s->product[k];
        const int left = s->slot[b->factor0 + p->left] - s->factor0,
                  right = s->slot[b->factor0 + p->right] - s->factor0;
        p->left = left < right ? left : right;
        p->right = left < right ? right : left;
    }
    qsort(s->product, (size_t)s->nproducts, sizeof *s->product, eqml__compare_products);
    for (int f = 0; f < s->nfactors; f++) {
        const int k = s->term_of[s->order[f]];
        s->is_term[f] = k >= 0 && s->keep[k];
        if (s->is_term[f])
            s->term[s->nterms++] = k;
    }
    for (int k = 0; k < s->nproducts; k++)
        s->term[s->nterms++] = s->product[k].term;
}

static int eqml__find_runs(const eqml__selection *s, unsigned short (*runs)[3])
{
    int count = 0;
    for (int k = 0; k < s->nproducts; k++) {
        const eqml__product *p = &s->product[k];
        if (count && runs[count - 1][0] == p->left && runs[count - 1][1] + runs[count - 1][2] == p->right) {
            runs[count - 1][2]++;
        } else {
            runs[count][0] = (unsigned short)p->left;
            runs[count][1] = (unsigned short)p->right;
            runs[count++][2] = 1;
        }
    }
    return count;
}

/* Rows are taken four at a time. column: room for [ncore]. */
static void eqml__find_tiles(eqml_basis *to, unsigned char *column, eqml_rows *rows, eqml_tile *tiles)
{
    const unsigned short(*runs)[3] = to->runs;
    for (int first = 0, next = 0; first < to->nruns; first = next) {
        eqml_rows *r = &rows[to->nrows++];
        int nrows = 0;
        memset(column, 0, (size_t)to->ncore);
        for (; next < to->nruns; next++) {
            if (nrows == 0 || r->row[nrows - 1] != runs[next][0]) {
                if (nrows == 4)
                    break;
                r->row[nrows++] = runs[next][0];
            }
            memset(column + runs[next][1], 1, runs[next][2]);
        }
        for (int k = 0; k < to->ncore; k += 4) {
            eqml_tile t = {(unsigned short)k, 0};
            for (int i = 0; i < 4 && k + i < to->ncore; i++)
                t.columns |= (unsigned short)(column[k + i] << i);
            if (!t.columns)
                continue;
            tiles[to->ntiles++] = t;
            r->ntiles++;
        }
    }
    to->rows = rows;
    to->tiles = tiles;
}

/* A basis with its tables, in one allocation. */
typedef struct eqml__own_basis {
    eqml_basis basis;
    unsigned short (*pairs)[2], *pair_classes, *atom_classes, (*operations)[3], (*runs)[3];
    eqml_rows *rows;
    eqml_tile *tiles;
    unsigned char *degrees, *is_term;
    char *text;
} eqml__own_basis;

static char *eqml__put_text(char **at, const char *text)
{
    char *place = *at;
    strcpy(place, text);
    *at += strlen(text) + 1;
    return place;
}

static eqml__own_basis *eqml__own_basis_create(const eqml__selection *s, size_t text)
{
    const size_t entry = sizeof(unsigned short), products = (size_t)s->nproducts + 1;
    const size_t shorts =
        3 * (size_t)s->npairs + (size_t)s->from->natoms + 3 * (size_t)s->noperations + 3 * products + 4;
    const size_t size = sizeof(eqml__own_basis) + products * (sizeof(eqml_rows) + sizeof(eqml_tile)) +
                        shorts * entry + 2 * (size_t)s->nfactors + text;
    eqml__own_basis *own = (eqml__own_basis *)eqml__zeroed(1, size);
    if (!own)
        return NULL;
    own->rows = (eqml_rows *)(void *)(own + 1);
    own->tiles = (eqml_tile *)(void *)(own->rows + products);
    own->pairs = (unsigned short(*)[2])(void *)(own->tiles + products);
    own->operations = (unsigned short(*)[3])(void *)(own->pairs + s->npairs);
    own->runs = own->operations + s->noperations;
    own->pair_classes = (unsigned short *)(own->runs + products);
    own->atom_classes = own->pair_classes + s->npairs;
    own->degrees = (unsigned char *)(own->atom_classes + s->from->natoms);
    own->is_term = own->degrees + s->nfactors;
    own->text = (char *)own->is_term + s->nfactors;
    return own;
}

static void eqml__copy_tables(const eqml__selection *s, eqml__own_basis *own)
{
    const eqml_basis *b = s->from;
    int count = 0;
    for (int p = 0; p < b->npairs; p++)
        if (s->slot[p] >= 0) {
            memcpy(own->pairs[s->slot[p]], b->pairs[p], sizeof *own->pairs);
            own->pair_classes[s->slot[p]] = b->pair_classes[p];
        }
    memcpy(own->atom_classes, b->atom_classes, (size_t)b->natoms * sizeof(unsigned short));
    for (int o = 0; o < b->noperations; o++)
        if (s->slot[b->operations[o][0]] >= 0) {
            for (int side = 0; side < 3; side++)
                own->operations[count][side] = (unsigned short)s->slot[b->operations[o][side]];
            count++;
        }
    for (int f = 0; f < s->nfactors; f++)
        own->degrees[f] = b->degrees[s->order[f]];
}

static eqml_status eqml__build_basis(eqml__selection *s, const char *name, eqml_basis **basis)
{
    const eqml_basis *b = s->from;
    const size_t text = strlen(name) + strlen(b->composition) + strlen(b->symbols) + 3;
    unsigned char *column = (unsigned char *)eqml__zeroed((size_t)b->nfactors, 1);
    eqml_status status = EQML_ERROR_MEMORY;
    eqml__mark_factors(s);
    eqml__order_factors(s);
    eqml__number_slots(s);
    eqml__sort_products(s);
    eqml__own_basis *own = eqml__own_basis_create(s, text);
    if (own && column) {
        eqml_basis *to = &own->basis;
        char *at = own->text;
        eqml__copy_tables(s, own);
        to->natoms = b->natoms;
        to->npair_classes = b->npair_classes;
        to->degree = b->degree;
        to->name = eqml__put_text(&at, name);
        to->composition = eqml__put_text(&at, b->composition);
        to->symbols = eqml__put_text(&at, b->symbols);
        to->npairs = s->npairs;
        to->nterms = s->nterms;
        to->nfactors = s->nfactors;
        to->ncore = s->ncore;
        to->nvalues = s->nfactors;
        to->nslots = s->nslots;
        to->factor0 = s->factor0;
        to->noperations = s->noperations;
        to->nruns = eqml__find_runs(s, own->runs);
        to->pairs = (const unsigned short(*)[2])own->pairs;
        to->pair_classes = own->pair_classes;
        to->atom_classes = own->atom_classes;
        to->operations = (const unsigned short(*)[3])own->operations;
        to->runs = (const unsigned short(*)[3])own->runs;
        eqml__find_tiles(to, column, own->rows, own->tiles);
        to->degrees = own->degrees;
        memcpy(own->is_term, s->is_term, (size_t)s->nfactors);
        to->is_term = memchr(own->is_term, 0, (size_t)s->nfactors) ? own->is_term : NULL;
        *basis = to;
        own = NULL;
        status = EQML_OK;
    }
    EQML_FREE(own);
    EQML_FREE(column);
    return status;
}

static void eqml__selection_free(eqml__selection *s)
{
    EQML_FREE(s->slot);
    EQML_FREE(s->uses);
    EQML_FREE(s->order);
    EQML_FREE(s->term);
    EQML_FREE(s->term_of);
    EQML_FREE(s->is_term);
    EQML_FREE(s->product);
}

/* Finds what the kept terms need. The caller frees the selection, also if this fails. */
static eqml_status eqml__selection_create(eqml__selection *s, const eqml_basis *from,
                                          const unsigned char *keep)
{
    memset(s, 0, sizeof *s);
    s->from = from;
    s->keep = keep;
    s->slot = (int *)eqml__zeroed((size_t)from->nslots, sizeof(int));
    s->uses = (int *)eqml__zeroed((size_t)from->nfactors, sizeof(int));
    s->order = (int *)eqml__zeroed((size_t)from->nfactors, sizeof(int));
    s->term = (int *)eqml__zeroed((size_t)from->nterms, sizeof(int));
    s->term_of = (int *)eqml__zeroed((size_t)from->nfactors, sizeof(int));
    s->is_term = (unsigned char *)eqml__zeroed((size_t)from->nfactors, 1);
    s->product = (eqml__product *)eqml__zeroed((size_t)from->nterms, sizeof(eqml__product));
    return s->slot && s->uses && s->order && s->term && s->term_of && s->is_term && s->product
               ? EQML_OK
               : EQML_ERROR_MEMORY;
}

/*
 * Fits terms[count] alone to the rows of R, which stand for the rows of data. x[nterms] <- the coefficients
 * of all terms, zero for the others.
 */
static eqml_status eqml__refit(const eqml_problem *p, const int *terms, int count, double *x,
                               eqml_subset *subset)
{
    const int n = p->basis->nterms;
    const int constant = eqml__is_term(p->basis, 0);
    eqml_lsq_options solve = {0, p->ridge, constant && terms[0] == 0};
    eqml_lsq_result solved;
    eqml_lsq *lsq;
    double *part = (double *)eqml__zeroed((size_t)count, sizeof(double));
    eqml_status status = eqml_lsq_create(&lsq, count, 1);
    if (!status && !part)
        status = EQML_ERROR_MEMORY;
    for (int k = 0; k < count && !status; k++)
        lsq->least[k] = p->lsq->least[terms[k]];
    if (!status)
        lsq->tolerance = p->lsq->tolerance;
    for (int i = 0; i <= n && !status; i++) {
        double *row = eqml_lsq_row(lsq);
        for (int k = 0; k < count; k++)
            row[k] = i <= terms[k] && i < n ? *eqml__lsq_r(p->lsq, i, terms[k]) : 0;
        row[count] = *eqml__lsq_r(p->lsq, i, n);
        status = eqml_lsq_add(lsq);
    }
    if (!status)
        status = eqml_lsq_solve(lsq, &solve, part, &solved);
    for (int k = 0; k < count && !status; k++)
        x[terms[k]] = part[k];
    if (!status) {
        subset->terms = count;
        subset->rank = solved.rank;
        subset->condition = solved.condition;
        subset->error = eqml__row_error(p, solved.residual);
    }
    if (constant)
        x[0] += p->shift;
    EQML_FREE(part);
    eqml_lsq_free(lsq);
    return status;
}

/* The surface over the new basis: offsets of its factors, coefficients x[nterms of the old one] of its terms.
 */
static eqml_status eqml__subset_surface(const eqml_problem *p, const eqml__selection *s, const double *x,
                                        eqml_subset *subset)
{
    double *coefficients = (double *)eqml__zeroed((size_t)subset->basis->nterms, sizeof(double));
    eqml_status status = coefficients ? EQML_OK : EQML_ERROR_MEMORY;
    if (!status)
        status = eqml_surface_create(subset->basis, p->surface.variables, &subset->surface);
    if (!status) {
        eqml__copy_classes(&subset->surface, &p->surface);
        for (int f = 0; f < s->nfactors; f++)
            subset->surface.offset[f] = p->surface.offset[s->order[f]];
        for (int k = 0; k < subset->basis->nterms; k++)
            coefficients[k] = x[s->term[k]];
        eqml_surface_set(&subset->surface, coefficients);
        subset->surface.standardised = 1;
    }
    EQML_FREE(coefficients);
    return status;
}

EQML_API void eqml_subset_free(eqml_subset *subset)
{
    eqml_surface_free(&subset->surface);
    EQML_FREE(subset->basis);
    memset(subset, 0, sizeof *subset);
}

EQML_API eqml_status eqml_keep(const eqml_problem *p, const eqml_ranking *ranking, int terms,
                               const char *name, eqml_subset *subset, eqml_message *message)
{
    const size_t n = (size_t)p->basis->nterms;
    memset(subset, 0, sizeof *subset);
    if (terms < 1 || terms > ranking->terms || !name || !*name) {
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "keeping %d terms: expected a name and 1 to %d, the number that was ranked", terms,
                          ranking->terms);
    }
    unsigned char *keep = (unsigned char *)eqml__zeroed(n, 1);
    double *x = (double *)eqml__zeroed(n, sizeof(double));
    eqml__selection s;
    memset(&s, 0, sizeof s);
    eqml_status status = keep && x ? eqml__refit(p, ranking->term, terms, x, subset) : EQML_ERROR_MEMORY;
    if (!status) {
        for (int k = 0; k < terms; k++)
            keep[ranking->term[k]] = 1;
        if (eqml__is_term(p->basis, 0))
            keep[0] = 1; /* holds the shift of the energies */
        status = eqml__selection_create(&s, p->basis, keep);
    }
    if (!status)
        status = eqml__build_basis(&s, name, &subset->basis);
    if (!status)
        status = eqml__subset_surface(p, &s, x, subset);
    eqml__selection_free(&s);
    EQML_FREE(keep);
    EQML_FREE(x);
    if (status) {
        eqml_subset_free(subset);
        eqml__fail(message, status, "keeping %d terms failed: %s", terms, eqml_status_text(status));
    }
    return status;
}

#endif /* EQML__SUBSET_C */

/* ==== basis_file.c ====================================================================================== */

/* A basis as a file of tables. */
#ifndef EQML__BASIS_FILE_C
#define EQML__BASIS_FILE_C
#include <ctype.h>
#include <stdbool.h>

static void eqml__put_basis_atoms(FILE *out, const eqml_basis *b)
{
    const char *symbol = b->symbols;
    fprintf(out, "atoms %d\n", b->natoms);
    for (int i = 0; i < b->natoms; i++) {
        const int length = (int)strcspn(symbol, " ");
        fprintf(out, "atom %.*s %d\n", length, symbol, b->atom_classes[i]);
        symbol += length + (symbol[length] == ' ');
    }
    fprintf(out, "classes %d\npairs %d\n", b->npair_classes, b->npairs);
    for (int p = 0; p < b->npairs; p++)
        fprintf(out, "pair %d %d %d\n", b->pairs[p][0], b->pairs[p][1], b->pair_classes[p]);
}

static void eqml__put_basis_tables(FILE *out, const eqml_basis *b)
{
    fprintf(out, "slots %d\nfactors %d\n", b->factor0, b->nfactors);
    for (int f = 0; f < b->nfactors; f++)
        fprintf(out, "factor %d %d\n", b->degrees[f], !b->is_term || b->is_term[f]);
    fprintf(out, "operations %d\n", b->noperations);
    for (int k = 0; k < b->noperations; k++)
        fprintf(out, "operation %d %d %d\n", b->operations[k][0], b->operations[k][1], b->operations[k][2]);
    fprintf(out, "runs %d\n", b->nruns);
    for (int k = 0; k < b->nruns; k++)
        fprintf(out, "run %d %d %d\n", b->runs[k][0], b->runs[k][1], b->runs[k][2]);
    fprintf(out, "terms %d\nend\n", b->nterms);
}

/* The header of the basis has it in a comment. */
static bool eqml__is_origin(const char *text)
{
    if (strlen(text) > 1000 || strstr(text, "*/") || strstr(text, "/*"))
        return false;
    while (*text && !iscntrl((unsigned char)*text))
        text++;
    return !*text;
}

EQML_API eqml_status eqml_basis_write(const eqml_basis *basis, const char *origin, const char *path,
                                      eqml_message *message)
{
    eqml__output out;
    origin = origin ? origin : "";
    if (!eqml__is_origin(origin))
        return eqml__fail_file(
            message, EQML_ERROR_ARGUMENT, path, 0,
            "the origin of the basis must be one line of at most 1000 characters, without the "
            "marks of comments in C");
    for (int k = 0; k < EQML_TENSORS; k++)
        if (basis->tensors[k])
            return eqml__fail_file(
                message, EQML_ERROR_ARGUMENT, path, 0,
                "the basis \"%s\" has a %s, which the file cannot hold; leave it out of the "
                "basis",
                basis->name, eqml_tensor_name((eqml_tensor)k));
    eqml_status status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    fprintf(out.file, "eqml-basis 1\nname %s\norigin%s%s\ncomposition %s\ndegree %d\n", basis->name,
            *origin ? " " : "", origin, basis->composition, basis->degree);
    eqml__put_basis_atoms(out.file, basis);
    eqml__put_basis_tables(out.file, basis);
    return eqml__close_output(&out, EQML_OK, message);
}

#endif /* EQML__BASIS_FILE_C */

/* ==== rebase.c ========================================================================================== */

/* A surface over another basis. */
#ifndef EQML__REBASE_C
#define EQML__REBASE_C
#include <stdlib.h>

/*
 * Factors are recognised by what they are, not by their numbers: two polynomials are the same where their values
 * are, at two points of random numbers modulo 2^64. The numbers of a point follow from the atoms of each pair, and
 * so are the same for both bases.
 */
static uint64_t eqml__scramble(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u; /* the finaliser of splitmix64 */
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* The values of one basis. */
typedef struct eqml__prints {
    uint64_t *slot;       /* [nslots] */
    uint64_t (*value)[2]; /* [nfactors] */
    uint64_t *offset;     /* [nfactors] numbers that factors are shifted by */
    int *term;            /* [nfactors] the term that a factor is, or -1 */
} eqml__prints;

static eqml_status eqml__prints_create(const eqml_basis *b, eqml__prints *p)
{
    int terms = 0;
    p->slot = (uint64_t *)eqml__zeroed((size_t)b->nslots, sizeof(uint64_t));
    p->value = (uint64_t(*)[2])eqml__zeroed((size_t)b->nfactors, sizeof *p->value);
    p->offset = (uint64_t *)eqml__zeroed((size_t)b->nfactors, sizeof(uint64_t));
    p->term = (int *)eqml__zeroed((size_t)b->nfactors, sizeof(int));
    if (!p->slot || !p->value || !p->offset || !p->term)
        return EQML_ERROR_MEMORY;
    for (int f = 0; f < b->nfactors; f++)
        p->term[f] = eqml__is_term(b, (size_t)f) ? terms++ : -1;
    return EQML_OK;
}

static void eqml__prints_free(eqml__prints *p)
{
    EQML_FREE(p->slot);
    EQML_FREE(p->value);
    EQML_FREE(p->offset);
    EQML_FREE(p->term);
}

static void eqml__find_prints(const eqml_basis *b, eqml__prints *p)
{
    for (int point = 0; point < 2; point++) {
        memset(p->slot, 0, (size_t)b->nslots * sizeof *p->slot);
        for (int k = 0; k < b->npairs; k++)
            p->slot[k] = eqml__scramble((uint64_t)b->pairs[k][0] << 32 | (uint64_t)b->pairs[k][1] << 16 |
                                        (uint64_t)(point + 1));
        for (int f = 0; f < b->nfactors; f++)
            p->slot[b->factor0 + f] = f ? p->offset[f] : 1;
        for (int k = 0; k < b->noperations; k++) {
            const unsigned short *o = b->operations[k];
            p->slot[o[0]] += p->slot[o[1]] * p->slot[o[2]];
        }
        for (int f = 0; f < b->nfactors; f++)
            p->value[f][point] = p->slot[b->factor0 + f];
    }
}

/* Where a term stands: a product of two factors; left is 0 for a factor alone. */
typedef struct eqml__place_of_term {
    unsigned left, right; /* left <= right */
    int term;
} eqml__place_of_term;

static int eqml__compare_places(const void *x, const void *y)
{
    const eqml__place_of_term *a = (const eqml__place_of_term *)x, *b = (const eqml__place_of_term *)y;
    return a->left != b->left ? (a->left < b->left ? -1 : 1) : (a->right > b->right) - (a->right < b->right);
}

/* All terms in their order; place[nterms]. */
static void eqml__list_terms(const eqml_basis *b, const eqml__prints *p, eqml__place_of_term *place)
{
    int k = 0;
    for (int f = 0; f < b->nfactors; f++)
        if (p->term[f] >= 0)
            place[k].left = 0, place[k].right = (unsigned)f, place[k].term = k, k++;
    for (int r = 0; r < b->nruns; r++)
        for (unsigned c = 0; c < b->runs[r][2]; c++, k++) {
            const unsigned left = b->runs[r][0], right = b->runs[r][1] + c;
            place[k].left = left < right ? left : right;
            place[k].right = left < right ? right : left;
            place[k].term = k;
        }
}

/* A factor by its values. */
typedef struct eqml__print {
    uint64_t value[2];
    int factor;
} eqml__print;

static int eqml__compare_prints(const void *x, const void *y)
{
    const eqml__print *a = (const eqml__print *)x, *b = (const eqml__print *)y;
    const int point = a->value[0] == b->value[0];
    return (a->value[point] > b->value[point]) - (a->value[point] < b->value[point]);
}

/* The work of one move; it owns all that is allocated. */
typedef struct eqml__move {
    const eqml_basis *from, *to;
    eqml__prints old_prints, new_prints;
    eqml__print *sorted; /* [nfactors] of the new basis */
    int *factor;         /* [nfactors] of the old basis: its number in the new one, or -1 */
    eqml__place_of_term *old_place, *new_place;
    double *old_coefficient, *new_coefficient;
} eqml__move;

static eqml_status eqml__move_create(eqml__move *m)
{
    m->sorted = (eqml__print *)eqml__zeroed((size_t)m->to->nfactors, sizeof *m->sorted);
    m->factor = (int *)eqml__zeroed((size_t)m->from->nfactors, sizeof(int));
    m->old_place = (eqml__place_of_term *)eqml__zeroed((size_t)m->from->nterms, sizeof *m->old_place);
    m->new_place = (eqml__place_of_term *)eqml__zeroed((size_t)m->to->nterms, sizeof *m->new_place);
    m->old_coefficient = (double *)eqml__zeroed((size_t)m->from->nterms, sizeof(double));
    m->new_coefficient = (double *)eqml__zeroed((size_t)m->to->nterms, sizeof(double));
    if (!m->sorted || !m->factor || !m->old_place || !m->new_place || !m->old_coefficient ||
        !m->new_coefficient || eqml__prints_create(m->from, &m->old_prints) ||
        eqml__prints_create(m->to, &m->new_prints))
        return EQML_ERROR_MEMORY;
    return EQML_OK;
}

static void eqml__move_free(eqml__move *m)
{
    eqml__prints_free(&m->old_prints);
    eqml__prints_free(&m->new_prints);
    EQML_FREE(m->sorted);
    EQML_FREE(m->factor);
    EQML_FREE(m->old_place);
    EQML_FREE(m->new_place);
    EQML_FREE(m->old_coefficient);
    EQML_FREE(m->new_coefficient);
}

/*
 * Factors of the new basis are found by their values without offsets. Products of factors are products of shifted
 * ones: so with offsets, random numbers, the values must agree again; else the factor is not the same.
 */
static void eqml__match_factors(eqml__move *m)
{
    eqml__prints *old = &m->old_prints, *now = &m->new_prints;
    eqml__find_prints(m->from, old);
    eqml__find_prints(m->to, now);
    for (int f = 0; f < m->to->nfactors; f++) {
        memcpy(m->sorted[f].value, now->value[f], sizeof now->value[f]);
        m->sorted[f].factor = f;
    }
    qsort(m->sorted, (size_t)m->to->nfactors, sizeof *m->sorted, eqml__compare_prints);
    for (int f = 0; f < m->from->nfactors; f++) {
        eqml__print wanted = {{old->value[f][0], old->value[f][1]}, f};
        const eqml__print *found = (const eqml__print *)bsearch(&wanted, m->sorted, (size_t)m->to->nfactors,
                                                                sizeof wanted, eqml__compare_prints);
        m->factor[f] = found ? found->factor : -1;
        old->offset[f] = eqml__scramble(~(uint64_t)f);
        if (found)
            now->offset[found->factor] = old->offset[f];
    }
    eqml__find_prints(m->from, old);
    eqml__find_prints(m->to, now);
    for (int f = 0; f < m->from->nfactors; f++)
        if (m->factor[f] >= 0 && memcmp(old->value[f], now->value[m->factor[f]], sizeof old->value[f]))
            m->factor[f] = -1;
}

/* Why a surface over one basis cannot stand over the other, whatever its coefficients; NULL if it can. */
static const char *eqml__misfit(const eqml_basis *from, const eqml_basis *to)
{
    if (from->natoms != to->natoms || strcmp(from->symbols, to->symbols))
        return "other atoms";
    if (from->npair_classes != to->npair_classes)
        return "other classes of pairs";
    for (int p = 0; p < from->npairs; p++)
        for (int q = 0; q < to->npairs; q++)
            if (!memcmp(from->pairs[p], to->pairs[q], sizeof *to->pairs) &&
                from->pair_classes[p] != to->pair_classes[q])
                return "other classes of pairs";
    for (int k = 0; k < EQML_TENSORS; k++)
        if (from->tensors[k])
            return "no place for a tensor";
    return NULL;
}

/*
 * Moves the coefficients to the places of their terms. Returns the first term with a coefficient that has no
 * place, or -1.
 */
static int eqml__move_coefficients(eqml__move *m)
{
    const size_t size = sizeof *m->new_place;
    eqml__list_terms(m->from, &m->old_prints, m->old_place);
    eqml__list_terms(m->to, &m->new_prints, m->new_place);
    qsort(m->new_place, (size_t)m->to->nterms, size, eqml__compare_places);
    for (int k = 0; k < m->from->nterms; k++) {
        const int left = m->factor[m->old_place[k].left], right = m->factor[m->old_place[k].right];
        eqml__place_of_term wanted = {(unsigned)(left < right ? left : right),
                                      (unsigned)(left < right ? right : left), k};
        const eqml__place_of_term *found =
            left < 0 || right < 0
                ? NULL
                : (const eqml__place_of_term *)bsearch(&wanted, m->new_place, (size_t)m->to->nterms, size,
                                                       eqml__compare_places);
        if (found)
            m->new_coefficient[found->term] = m->old_coefficient[k];
        else if (m->old_coefficient[k] != 0)
            return k;
    }
    return -1;
}

EQML_API eqml_status eqml_surface_rebase(const eqml_surface *from, const eqml_basis *basis, eqml_surface *to,
                                         eqml_message *message)
{
    eqml__move m;
    int lost = -1;
    memset(&m, 0, sizeof m);
    memset(to, 0, sizeof *to);
    m.from = from->model.basis;
    m.to = basis;
    const char *misfit = eqml__misfit(m.from, basis);
    if (misfit)
        return eqml__fail(message, EQML_ERROR_MATCH,
                          "a surface over \"%s\" cannot stand over \"%s\", which has %s", m.from->name,
                          basis->name, misfit);
    eqml_status status = eqml__move_create(&m);
    if (!status)
        status = eqml_surface_create(basis, from->variables, to);
    if (!status) {
        eqml__copy_classes(to, from);
        eqml__match_factors(&m);
        eqml_surface_get(from, m.old_coefficient);
        lost = eqml__move_coefficients(&m);
        for (int f = 0; f < m.from->nfactors; f++)
            if (m.factor[f] >= 0)
                to->offset[m.factor[f]] = from->offset[f];
        eqml_surface_set(to, m.new_coefficient);
        to->standardised = from->standardised;
    }
    if (status)
        eqml__fail(message, status, "a surface over \"%s\": %s", basis->name, eqml_status_text(status));
    if (lost >= 0)
        status = eqml__fail(message, EQML_ERROR_MATCH,
                            "a surface over \"%s\" cannot stand over \"%s\", which lacks its term %d",
                            m.from->name, basis->name, lost);
    if (status)
        eqml_surface_free(to);
    eqml__move_free(&m);
    return status;
}

#endif /* EQML__REBASE_C */

/* ==== factor.c ========================================================================================== */

/* The triangle of a fit, reduced to its rank, to divide rows by. */
#ifndef EQML__FACTOR_C
#define EQML__FACTOR_C

/*
 * The coefficients of a fit follow from its rows A and values b as x = G A^T b, where G is the inverse of A^T A, ridge
 * included, or, where the rank is not full, the inverse on the space that the data determine. With the whitened row
 * z(a) = F a, F^T F = G,
 *
 *     a G b^T = z(a) . z(b):
 *
 * the variance of a x, in units of that of a value of weight 1, is |z(a)|^2, and the leverage of a row is |z|^2.
 * F is T^-T Z P^T D^-1 with the triangle T, reflectors Z, permutation P and norms D of the eqml__system.
 */

/* Rows that are divided side by side, one in each column of a strip: two vectors. */
#define EQML__WIDTH (2 * EQML_LANES)

/* Triangle rows that are taken at once: each number of the strip is then loaded and stored once for so many. */
#define EQML__DEPTH 8

/* The system of a problem, reduced. s->a is to be freed by the caller, also on failure. */
static eqml_status eqml__factor_create(const eqml_problem *p, eqml__system *s)
{
    double beyond;
    const eqml_status status = eqml__problem_system(p, s, &beyond);
    if (!status)
        eqml__system_reduce(s, eqml__lsq_tolerance(p->lsq), sqrt(1 + p->ridge));
    return status;
}

/* strip[n][WIDTH] <- the rows[count][n], count <= WIDTH, in the scale and order of the columns of the system, zero past them. */
static void eqml__factor_load(const eqml__system *s, int count, const double *rows, double *strip)
{
    const int n = s->n;
    for (int j = 0; j < n; j++) {
        const int k = s->permuted[j];
        for (int i = 0; i < EQML__WIDTH; i++)
            strip[(size_t)j * EQML__WIDTH + (size_t)i] =
                i < count && s->norm[k] > 0 ? rows[(size_t)i * (size_t)n + (size_t)k] / s->norm[k] : 0;
    }
}

/* What is past the rank is brought to the front: the transposed of what eqml__system_solve does to a solution. */
static void eqml__factor_turn(const eqml__system *s, double *strip)
{
    const int r = s->rank, m = s->n - r;
    for (int i = r - 1; i >= 0 && m > 0; i--) {
        const double *v = s->a + (size_t)i * s->ld + r;
        double *own = strip + (size_t)i * EQML__WIDTH, *tail = strip + (size_t)r * EQML__WIDTH;
        double along[EQML__WIDTH];
        memcpy(along, own, sizeof along);
        for (int j = 0; j < m; j++)
            for (int k = 0; k < EQML__WIDTH; k++)
                along[k] += v[j] * tail[(size_t)j * EQML__WIDTH + (size_t)k];
        for (int k = 0; k < EQML__WIDTH; k++)
            own[k] -= along[k] *= s->tau[i];
        for (int j = 0; j < m; j++)
            for (int k = 0; k < EQML__WIDTH; k++)
                tail[(size_t)j * EQML__WIDTH + (size_t)k] -= v[j] * along[k];
    }
}

/* The rows `first` to first + DEPTH of the strip are known: takes their part from row j. */
static inline void eqml__factor_step(const eqml__system *s, int first, eqml_lanes known[EQML__DEPTH][2],
                                     int j, double *to)
{
    eqml_lanes left = eqml__load(to), right = eqml__load(to + EQML_LANES);
    const double *t = s->a + (size_t)first * s->ld + (size_t)j;
    EQML__UNROLL_ALL
    for (int k = 0; k < EQML__DEPTH; k++) {
        left -= t[(size_t)k * s->ld] * known[k][0];
        right -= t[(size_t)k * s->ld] * known[k][1];
    }
    eqml__store(to, left);
    eqml__store(to + EQML_LANES, right);
}

/* The rows first to first + count, count <= DEPTH, of a strip from which the rows above have been taken. */
static void eqml__factor_corner(const eqml__system *s, int first, int count, double *strip)
{
    for (int i = first; i < first + count; i++) {
        double *own = strip + (size_t)i * EQML__WIDTH;
        for (int q = first; q < i; q++)
            for (int k = 0; k < EQML__WIDTH; k++)
                own[k] -= s->a[(size_t)q * s->ld + (size_t)i] * strip[(size_t)q * EQML__WIDTH + (size_t)k];
        for (int k = 0; k < EQML__WIDTH; k++)
            own[k] /= s->a[(size_t)i * s->ld + (size_t)i];
    }
}

/* Takes the part of the DEPTH rows from `first` on, which are known, from all rows below. */
static void eqml__factor_below(const eqml__system *s, int first, double *strip)
{
    eqml_lanes known[EQML__DEPTH][2];
    for (int k = 0; k < EQML__DEPTH; k++)
        for (int half = 0; half < 2; half++)
            known[k][half] =
                eqml__load(strip + (size_t)(first + k) * EQML__WIDTH + (size_t)(half * EQML_LANES));
    for (int j = first + EQML__DEPTH; j < s->rank; j++)
        eqml__factor_step(s, first, known, j, strip + (size_t)j * EQML__WIDTH);
}

/*
 * Each strip <- T^-T strip, for the leading rank rows: rank^2 operations for each of their columns. Eight rows of the
 * triangle are used by all strips while they are in the cache.
 */
static void eqml__factor_divide(const eqml__system *s, int strips, double *strip)
{
    const int r = s->rank;
    const size_t size = (size_t)s->n * EQML__WIDTH;
    for (int first = 0; first < r; first += EQML__DEPTH)
        for (int at = 0; at < strips; at++) {
            double *own = strip + (size_t)at * size;
            eqml__factor_corner(s, first, r - first < EQML__DEPTH ? r - first : EQML__DEPTH, own);
            if (first + EQML__DEPTH < r)
                eqml__factor_below(s, first, own);
        }
}

/*
 * strips[count / WIDTH, rounded up][n][WIDTH], of which the first rank rows count <- the whitened rows[count][n], one in
 * each column.
 */
static void eqml__whiten(const eqml__system *s, int count, const double *rows, double *strips)
{
    const size_t n = (size_t)s->n, size = n * EQML__WIDTH;
    int number = 0;
    for (int first = 0; first < count; first += EQML__WIDTH, number++) {
        const int some = count - first < EQML__WIDTH ? count - first : EQML__WIDTH;
        eqml__factor_load(s, some, rows + (size_t)first * n, strips + (size_t)number * size);
        eqml__factor_turn(s, strips + (size_t)number * size);
    }
    eqml__factor_divide(s, number, strips);
}

#endif /* EQML__FACTOR_C */

/* ==== scale.c =========================================================================================== */

/* The usual size of an error, among geometries of about the same energy. */
#ifndef EQML__SCALE_C
#define EQML__SCALE_C
#include <float.h>
#include <math.h>
#include <stdlib.h>

/* The median of a number that is normally distributed about 0 is, in size, 1 / 1.4826 of its standard deviation. */
#define EQML__MAD 1.482602218505602

typedef struct eqml__ranked {
    double value;
    size_t place;
} eqml__ranked;

static int eqml__compare_ranked(const void *left, const void *right)
{
    const eqml__ranked *a = (const eqml__ranked *)left, *b = (const eqml__ranked *)right;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int eqml__compare_numbers(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* The median of number[count], count > 0, which is sorted. */
static double eqml__median(double *number, size_t count)
{
    qsort(number, count, sizeof *number, eqml__compare_numbers);
    return 0.5 * (number[(count - 1) / 2] + number[count / 2]);
}

/*
 * scale[count] <- 1.4826 times the median of the sizes of the errors of those geometries, 51 to 501 and else a twentieth
 * of all, whose energies are nearest in order. Errors of a fit grow with the energy: one that is usual at 30,000 cm^-1
 * is an outlier near the minimum. All zero, errors are taken to be rounding: `least` is the least scale.
 */
static eqml_status eqml__local_scales(size_t count, const double *energy, const double *error, double least,
                                      double *scale)
{
    size_t window = count / 20 < 51 ? 51 : count / 20 > 501 ? 501 : count / 20;
    window = window < count ? window : count;
    eqml__ranked *order = (eqml__ranked *)eqml__zeroed(count, sizeof *order);
    double *near = (double *)eqml__zeroed(window, sizeof *near);
    if (order && near) {
        for (size_t k = 0; k < count; k++)
            order[k].value = energy[k], order[k].place = k;
        qsort(order, count, sizeof *order, eqml__compare_ranked);
        for (size_t k = 0; k < count; k++) {
            size_t first = k < window / 2 ? 0 : k - window / 2;
            first = first + window > count ? count - window : first;
            for (size_t j = 0; j < window; j++)
                near[j] = fabs(error[order[first + j].place]);
            scale[order[k].place] = fmax(EQML__MAD * eqml__median(near, window), least);
        }
    }
    const eqml_status status = order && near ? EQML_OK : EQML_ERROR_MEMORY;
    EQML_FREE(order);
    EQML_FREE(near);
    return status;
}

#endif /* EQML__SCALE_C */

/* ==== diagnose.c ======================================================================================== */

/* Leverages and leave-one-out errors, from the triangle of a fit. */
#ifndef EQML__DIAGNOSE_C
#define EQML__DIAGNOSE_C

/* Room for one geometry of at most `most` rows. */
typedef struct eqml__block {
    int most;
    double *x;          /* [n] coefficients, the constant less the shift */
    double *white;      /* [most / WIDTH, rounded up][n][WIDTH] whitened rows */
    double *hat;        /* [most][most] H */
    double *left;       /* [most][most] the triangle of 1 - w H */
    double *error, *by; /* [most] errors; the first column of H, and solutions */
} eqml__block;

static eqml_status eqml__block_create(eqml__block *b, int most, int n)
{
    const size_t rows = (size_t)most, strips = (rows + EQML__WIDTH - 1) / EQML__WIDTH;
    b->most = most;
    b->x = (double *)eqml__zeroed((size_t)n, sizeof(double));
    b->white = (double *)eqml__zeroed(eqml__times(strips * EQML__WIDTH, (size_t)n), sizeof(double));
    b->hat = (double *)eqml__zeroed(2 * rows * rows + 2 * rows, sizeof(double));
    if (!b->x || !b->white || !b->hat)
        return EQML_ERROR_MEMORY;
    b->left = b->hat + rows * rows;
    b->error = b->left + rows * rows;
    b->by = b->error + rows;
    return EQML_OK;
}

static void eqml__block_free(eqml__block *b)
{
    EQML_FREE(b->x);
    EQML_FREE(b->white);
    EQML_FREE(b->hat);
}

/* b->hat <- the products of the whitened rows[count][n]. */
static void eqml__find_hat(const eqml__system *s, int count, const double *rows, eqml__block *b)
{
    const size_t n = (size_t)s->n, size = n * EQML__WIDTH;
    eqml__whiten(s, count, rows, b->white);
    memset(b->hat, 0, (size_t)(b->most * b->most) * sizeof(double));
    for (int i = 0; i < count; i++)
        for (int first = 0; first <= i; first += EQML__WIDTH) {
            const double *left = b->white + (size_t)(i / EQML__WIDTH) * size + i % EQML__WIDTH;
            const double *right = b->white + (size_t)(first / EQML__WIDTH) * size;
            double sum[EQML__WIDTH] = {0};
            for (int j = 0; j < s->rank; j++, left += EQML__WIDTH, right += EQML__WIDTH)
                for (int k = 0; k < EQML__WIDTH; k++)
                    sum[k] += *left * right[k];
            for (int k = 0; k < EQML__WIDTH && first + k <= i; k++)
                b->hat[i * b->most + first + k] = b->hat[(first + k) * b->most + i] = sum[k];
        }
}

/*
 * Cholesky factor of 1 - w H. False where it has none to working precision: a combination of the rows is then
 * determined by this geometry alone.
 */
static bool eqml__factor_block(int count, double weight, eqml__block *b)
{
    for (int i = 0; i < count; i++) {
        double *row = b->left + i * b->most;
        for (int j = 0; j <= i; j++) {
            const double *other = b->left + j * b->most;
            double sum = (i == j) - weight * b->hat[i * b->most + j];
            for (int k = 0; k < j; k++)
                sum -= row[k] * other[k];
            if (i == j && !(sum > 1e-9))
                return false;
            row[j] = i == j ? sqrt(sum) : sum / other[j];
        }
    }
    return true;
}

/* y <- (1 - w H)^-1 y. */
static void eqml__solve_block(int count, const eqml__block *b, double *y)
{
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < i; j++)
            y[i] -= b->left[i * b->most + j] * y[j];
        y[i] /= b->left[i * b->most + i];
    }
    for (int i = count - 1; i >= 0; i--) {
        for (int j = i + 1; j < count; j++)
            y[i] -= b->left[j * b->most + i] * y[j];
        y[i] /= b->left[i * b->most + i];
    }
}

static void eqml__diagnose_one(eqml__fitter *w, const eqml__system *s, size_t g, eqml__block *b,
                               eqml_influence *found)
{
    const int n = s->n, count = eqml__find_rows(w, g, 1);
    const double root = eqml__row_weight(w, g), weight = root * root;
    const double gradient_weight = w->options->gradient_weight > 0 ? w->options->gradient_weight : 1;
    double squares = 0;
    for (int i = 0; i < count; i++) { /* and the rows without their values, side by side */
        const double *row = w->rows + (size_t)i * (size_t)(n + 1);
        b->error[i] = eqml__dot(n, row, b->x) - row[n];
        memmove(w->rows + (size_t)i * (size_t)n, row, (size_t)n * sizeof(double));
    }
    eqml__find_hat(s, count, w->rows, b);
    found->known = 1;
    found->residual = b->error[0];
    found->leverage = weight * b->hat[0];
    for (int i = 0; i < count; i++)
        found->unknowns += weight * b->hat[i * b->most + i];
    if (!eqml__factor_block(count, weight, b)) {
        found->deleted = found->variance = HUGE_VAL;
        found->gradient = count > 1 ? HUGE_VAL : 0;
        return;
    }
    memcpy(b->by, b->hat, (size_t)count * sizeof(double));
    eqml__solve_block(count, b, b->by);
    eqml__solve_block(count, b, b->error);
    for (int i = 1; i < count; i++)
        squares += b->error[i] * b->error[i];
    found->deleted = b->error[0];
    found->variance = b->by[0];
    found->gradient = sqrt(squares / (gradient_weight * 3 * w->natoms));
}

EQML_API eqml_status eqml_diagnose(const eqml_problem *problem, const eqml_surface *surface,
                                   const eqml_data *data, const eqml_fit_options *options,
                                   const unsigned char *which, eqml_influence *influence,
                                   eqml_message *message)
{
    eqml_component whole;
    eqml__fitter w;
    eqml__system s;
    eqml__block block;
    memset(influence, 0, data->n * sizeof *influence);
    memset(&s, 0, sizeof s);
    memset(&block, 0, sizeof block);
    eqml__fitter_of_surface(&w, &whole, &problem->surface, EQML_TENSORS, data, options);
    if (surface->model.basis != problem->basis)
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "the surface is not over the basis of the problem");
    eqml_status status = eqml__check_fit(&w, "basis", "an energy", message);
    if (status)
        return status;
    status = eqml__fitter_create(&w);
    if (!status)
        status = eqml__set_targets(&w);
    if (!status) {
        eqml__find_pairs(&w);
        eqml__shift_components(&w);
    }
    if (!status)
        status = eqml__factor_create(problem, &s);
    if (!status)
        status = eqml__block_create(&block, (int)eqml__rows_per_geometry(w.natoms, w.options), w.ncols);
    if (!status) {
        eqml_surface_get(surface, block.x);
        block.x[0] -= w.shift;
        for (size_t g = 0; g < data->n; g++)
            if (eqml__is_offered(&w, g) && (!which || which[g]))
                eqml__diagnose_one(&w, &s, g, &block, &influence[g]);
    } else {
        eqml__fail(message, status, "the geometries could not be diagnosed: %s", eqml_status_text(status));
    }
    eqml__block_free(&block);
    EQML_FREE(s.a);
    eqml__fitter_free(&w);
    return status;
}

/* ---- causes -------------------------------------------------------------------------------------------- */

#define EQML__ISOLATED 4 /* times the usual standard deviation */
#define EQML__FAR 12     /* times the usual error */

/* Of the geometries that are known, in their order. */
typedef struct eqml__compared {
    size_t count;
    size_t *place;     /* [data->n] the geometry */
    double *energy;    /* [data->n] */
    double *error[2];  /* [data->n] `deleted` and `gradient` ... */
    double *usual[2];  /* [data->n] ... and their usual sizes at this energy */
    double *isolation; /* [data->n] the standard deviation of V, in units of its usual size at this energy */
} eqml__compared;

static void eqml__compared_free(eqml__compared *c)
{
    EQML_FREE(c->place);
    EQML_FREE(c->energy);
}

/* The caller frees *c, also on failure. */
static eqml_status eqml__compare(const eqml_data *data, const eqml_influence *influence, eqml__compared *c)
{
    c->count = 0;
    c->place = (size_t *)eqml__zeroed(data->n, sizeof(size_t));
    c->energy = (double *)eqml__zeroed(eqml__times(data->n, 6), sizeof(double));
    if (!c->place || !c->energy)
        return EQML_ERROR_MEMORY;
    for (size_t k = 0; k < 2; k++) {
        c->error[k] = c->energy + (1 + k) * data->n;
        c->usual[k] = c->energy + (3 + k) * data->n;
    }
    c->isolation = c->energy + 5 * data->n;
    for (size_t g = 0; g < data->n; g++) {
        if (!influence[g].known)
            continue;
        c->place[c->count] = g;
        c->energy[c->count] = data->energy[g];
        c->error[0][c->count] = influence[g].deleted;
        c->error[1][c->count] = influence[g].gradient;
        c->isolation[c->count++] = sqrt(influence[g].variance);
    }
    eqml_status status = eqml__local_scales(c->count, c->energy, c->isolation, DBL_MIN, c->usual[0]);
    for (size_t k = 0; k < c->count && !status; k++)
        c->isolation[k] *= EQML__MAD / c->usual[0][k];
    for (int k = 0; k < 2 && !status; k++)
        status = eqml__local_scales(c->count, c->energy, c->error[k], DBL_MIN, c->usual[k]);
    return status;
}

/* Whether an error is far from what is usual. */
static bool eqml__is_far(const eqml__compared *c, int which, size_t k)
{
    const double error = fabs(c->error[which][k]), isolation = c->isolation[k];
    return error < HUGE_VAL &&
           error >= EQML__FAR * (isolation >= EQML__ISOLATED ? isolation : 1) * c->usual[which][k];
}

EQML_API eqml_status eqml_find_causes(const eqml_data *data, const eqml_influence *influence,
                                      eqml_cause *cause)
{
    eqml__compared c;
    const eqml_status status = eqml__compare(data, influence, &c);
    for (size_t g = 0; g < data->n; g++)
        cause[g] = EQML_CAUSE_NONE;
    for (size_t k = 0; k < c.count && !status; k++) {
        eqml_cause *to = &cause[c.place[k]];
        if (eqml__is_far(&c, 0, k))
            *to = EQML_CAUSE_OFF;
        else if (eqml__is_far(&c, 1, k))
            *to = EQML_CAUSE_GRADIENT;
        else if (c.isolation[k] >= EQML__ISOLATED)
            *to = EQML_CAUSE_ISOLATED;
    }
    eqml__compared_free(&c);
    return status;
}

#endif /* EQML__DIAGNOSE_C */

/* ==== robust.c ========================================================================================== */

/* Iteratively reweighted least squares. */
#ifndef EQML__ROBUST_C
#define EQML__ROBUST_C

#define EQML__SETTLED 0.02 /* weights that change by less have converged */

/* The errors of the training geometries, and what they make of their weights. */
typedef struct eqml__doubt {
    size_t count;
    size_t *place;               /* [data->n] the geometry of each */
    double *energy;              /* [data->n] */
    double *error[2], *scale[2]; /* [data->n] of energy and gradient */
    double *excuse;              /* [data->n] isolation where it is above 1: of geometry g, not of the g-th */
    double *work;                /* [most_work], then a gradient */
} eqml__doubt;

static eqml_status eqml__doubt_create(eqml__doubt *d, size_t n, const eqml_basis *b)
{
    memset(d, 0, sizeof *d);
    d->place = (size_t *)eqml__zeroed(n, sizeof(size_t));
    d->energy = (double *)eqml__zeroed(eqml__times(6, n), sizeof(double));
    d->work = (double *)eqml__zeroed(eqml__most_work(b) + 3 * (size_t)b->natoms, sizeof(double));
    if (!d->place || !d->energy || !d->work)
        return EQML_ERROR_MEMORY;
    for (int k = 0; k < 2; k++) {
        d->error[k] = d->energy + (size_t)(1 + k) * n;
        d->scale[k] = d->energy + (size_t)(3 + k) * n;
    }
    d->excuse = d->energy + 5 * n;
    for (size_t g = 0; g < n; g++)
        d->excuse[g] = 1;
    return EQML_OK;
}

static void eqml__doubt_free(eqml__doubt *d)
{
    EQML_FREE(d->place);
    EQML_FREE(d->energy);
    EQML_FREE(d->work);
}

/* Finds the errors of all geometries that are to be fitted. Without a gradient that error is as usual. */
static void eqml__find_errors(const eqml__fitter *w, const eqml_surface *surface, eqml__doubt *d)
{
    const eqml_data *data = w->data;
    const size_t n = 3 * (size_t)data->natoms;
    double *gradient = d->work + eqml__most_work(surface->model.basis);
    d->count = 0;
    for (size_t g = 0; g < data->n; g++) {
        if (!eqml__is_offered(w, g))
            continue;
        const double energy = eqml_energy_gradient(&surface->model, data->xyz + g * n, gradient, d->work);
        double squares = 0;
        if (!w->options->energies_only && (data->has[g] & EQML_HAS_GRADIENT))
            for (size_t k = 0; k < n; k++)
                squares += (gradient[k] - w->gradient[g * n + k]) * (gradient[k] - w->gradient[g * n + k]);
        d->place[d->count] = g;
        d->energy[d->count] = data->energy[g];
        d->error[0][d->count] = energy - w->energy[g];
        d->error[1][d->count++] = sqrt(squares);
    }
}

/* How isolated the geometries are, from the triangle of the first fit. */
static eqml_status eqml__excuse_isolated(const eqml_problem *problem, const eqml_surface *surface,
                                         const eqml_data *data, const eqml_fit_options *options,
                                         eqml__doubt *d, eqml_message *message)
{
    eqml__compared c;
    eqml_influence *influence = (eqml_influence *)eqml__zeroed(data->n, sizeof *influence);
    memset(&c, 0, sizeof c);
    if (!influence)
        return eqml__fail(message, EQML_ERROR_MEMORY, "%s", eqml_status_text(EQML_ERROR_MEMORY));
    eqml_status status = eqml_diagnose(problem, surface, data, options, NULL, influence, message);
    if (!status) {
        status = eqml__compare(data, influence, &c);
        if (status)
            eqml__fail(message, status, "%s", eqml_status_text(status));
    }
    for (size_t k = 0; k < c.count && !status; k++)
        d->excuse[c.place[k]] = fmax(1, c.isolation[k]);
    eqml__compared_free(&c);
    EQML_FREE(influence);
    return status;
}

/* The usual sizes of the errors; errors below rounding are none. */
static eqml_status eqml__find_scales(eqml__doubt *d)
{
    double largest = 0;
    for (size_t k = 0; k < d->count; k++)
        largest = fmax(largest, fabs(d->energy[k]));
    const double least = 64 * DBL_EPSILON * largest + DBL_MIN;
    eqml_status status = eqml__local_scales(d->count, d->energy, d->error[0], least, d->scale[0]);
    if (!status)
        status = eqml__local_scales(d->count, d->energy, d->error[1], least * EQML__MAD, d->scale[1]);
    for (size_t k = 0; k < d->count && !status; k++)
        d->scale[1][k] /= EQML__MAD;
    return status;
}

/* The weights that follow from the errors; returns the largest change. */
static double eqml__set_weights(const eqml__doubt *d, double cut, double *weights)
{
    double change = 0;
    for (size_t k = 0; k < d->count; k++) {
        const size_t g = d->place[k];
        const double energy = fabs(d->error[0][k]) / d->scale[0][k];
        const double gradient = d->error[1][k] / d->scale[1][k];
        const double u = fmax(energy, gradient) / (cut * d->excuse[g]);
        const double weight = u < 1 ? (1 - u * u) * (1 - u * u) : 0;
        change = fmax(change, fabs(weight - weights[g]));
        weights[g] = weight;
    }
    return change;
}

/*
 * One more fit, with the weights that were found times those of the caller, and the weights that follow. The first, of
 * which d->count is 0, finds how isolated the geometries are.
 */
static eqml_status eqml__fit_again(eqml__fitter *w, eqml_surface *surface, double cut, eqml__doubt *d,
                                   double *product, double *weights, eqml_fit_result *result, double *change,
                                   eqml_message *message)
{
    eqml_fit_options o = *w->options;
    eqml_problem *problem = NULL;
    eqml_status status;
    for (size_t g = 0; g < w->data->n; g++)
        product[g] = weights[g] * (w->options->weights ? w->options->weights[g] : 1);
    o.weights = product;
    if (d->count > 0) {
        status = eqml_fit(surface, w->data, &o, result, message);
    } else {
        status = eqml_problem_create(&problem, surface, w->data, &o, result, message);
        if (!status)
            status = eqml__excuse_isolated(problem, surface, w->data, &o, d, message);
        eqml_problem_free(problem);
    }
    if (status)
        return status;
    eqml__find_errors(w, surface, d);
    status = eqml__find_scales(d);
    if (status)
        return eqml__fail(message, status, "%s", eqml_status_text(status));
    *change = eqml__set_weights(d, cut, weights);
    return EQML_OK;
}

EQML_API eqml_status eqml_fit_robust(eqml_surface *surface, const eqml_data *data,
                                     const eqml_fit_options *options, const eqml_robust_options *robust,
                                     double *weights, eqml_fit_result *result, eqml_robust_result *found,
                                     eqml_message *message)
{
    const eqml_robust_options zero = {0, 0}, *r = robust ? robust : &zero;
    const double cut = r->cut > 0 ? r->cut : 20;
    const int most = r->fits > 0 ? r->fits : 12;
    eqml_component whole;
    eqml__fitter w;
    eqml__doubt doubt;
    eqml_robust_result came;
    memset(&came, 0, sizeof came);
    for (size_t g = 0; g < data->n; g++)
        weights[g] = 1;
    if (!(r->cut >= 0) || r->fits < 0)
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "robust fit: cut and number of fits must not be negative");
    eqml__fitter_of_surface(&w, &whole, surface, EQML_TENSORS, data, options);
    eqml_status status = eqml__check_fit(&w, "basis", "an energy", message);
    if (status)
        return status;
    double *product = (double *)eqml__zeroed(data->n, sizeof(double));
    status = eqml__doubt_create(&doubt, data->n, surface->model.basis);
    if (!status)
        status = product ? eqml__set_targets(&w) : EQML_ERROR_MEMORY;
    if (status)
        eqml__fail(message, status, "the robust fit failed: %s", eqml_status_text(status));
    for (came.change = 1; !status && came.fits < most && came.change > EQML__SETTLED; came.fits++)
        status = eqml__fit_again(&w, surface, cut, &doubt, product, weights, result, &came.change, message);
    for (size_t k = 0; k < doubt.count && !status; k++) {
        came.halved += weights[doubt.place[k]] < 0.5;
        came.dropped += !(weights[doubt.place[k]] > 0);
    }
    if (found && !status)
        *found = came;
    EQML_FREE(product);
    eqml__doubt_free(&doubt);
    eqml__fitter_free(&w);
    return status;
}

#endif /* EQML__ROBUST_C */

/* ==== uncertainty.c ===================================================================================== */

/* The standard deviation of energies: its matrix and its calibration. */
#ifndef EQML__UNCERTAINTY_C
#define EQML__UNCERTAINTY_C

/* ---- the matrix ---------------------------------------------------------------------------------------- */

/* Numbers of the whole matrix. */
static size_t eqml__sigma_size(const eqml_sigma *s)
{
    size_t size = 0;
    for (int first = 0; first < s->rows; first += EQML__SIGMA_ROWS)
        size += EQML__SIGMA_ROWS * (size_t)eqml__sigma_length(s, first);
    return size;
}

/*
 * The right-hand side of the system <- row i of what is wanted of F: itself, or a combination of all rows with random signs
 * over the root of `rows`.
 */
static void eqml__choose_row(eqml__system *s, int i, int rows, bool whole, uint64_t *random)
{
    for (int k = 0; k < s->rank; k++) {
        *random ^= *random << 13, *random ^= *random >> 7, *random ^= *random << 17; /* xorshift */
        const double sign = (*random * UINT64_C(0x9E3779B97F4A7C15)) >> 63 ? 1 : -1;
        s->a[(size_t)k * s->ld + (size_t)s->n] = whole ? k == i : sign / sqrt((double)rows);
    }
}

/* Fills the matrix: row i is the solution for the unit vector i, or for a random vector. */
static eqml_status eqml__find_matrix(eqml__system *s, bool whole, eqml_sigma *sigma, double *matrix)
{
    uint64_t random = UINT64_C(0x2545F4914F6CDD1D);
    double *row = (double *)eqml__zeroed((size_t)s->n, sizeof(double));
    const int count = whole ? s->rank : sigma->rows;
    for (int i = 0; i < sigma->rows && row; i++) {
        const size_t length = (size_t)eqml__sigma_length(sigma, i / EQML__SIGMA_ROWS * EQML__SIGMA_ROWS);
        if (i < count) {
            eqml__choose_row(s, i, sigma->rows, whole, &random);
            eqml__system_solve(s, 0, row);
            memcpy(matrix, row, (length < (size_t)s->n ? length : (size_t)s->n) * sizeof(double));
        }
        matrix += length;
    }
    EQML_FREE(row);
    return row ? EQML_OK : EQML_ERROR_MEMORY;
}

/* Whether the columns of the system are in their own order, so that F is triangular. */
static bool eqml__in_order(const eqml__system *s)
{
    for (int j = 0; j < s->n; j++)
        if (s->permuted[j] != j)
            return false;
    return s->rank == s->n;
}

EQML_API void eqml_sigma_free(eqml_sigma *sigma)
{
    EQML_FREE((void *)(uintptr_t)sigma->matrix);
    memset(sigma, 0, sizeof *sigma);
}

/* ---- calibration --------------------------------------------------------------------------------------- */

#define EQML__CALIBRATED ((size_t)2000) /* geometries that are looked at, at most */

/* The geometries that were left out: the size of the error, and v over its median. */
typedef struct eqml__errors_seen {
    size_t count;
    double median;
    double *error, *variance, *shape, *scaled; /* [count]; shape: sigma but for its scale */
} eqml__errors_seen;

static double eqml__shape(double variance, double ratio, double power)
{
    const double part = pow(variance, power);
    return ratio < HUGE_VAL ? sqrt(1 + ratio * ratio * part * part) : part;
}

/* Minus the logarithm of the likelihood; *scale <- 68.27 % of the errors are within scale times the shape. */
static double eqml__unlikelihood(eqml__errors_seen *e, double ratio, double power, double *scale)
{
    const double freedom = 4;
    double sum = 0;
    for (size_t k = 0; k < e->count; k++) {
        e->shape[k] = eqml__shape(e->variance[k], ratio, power);
        e->scaled[k] = e->error[k] / e->shape[k];
    }
    qsort(e->scaled, e->count, sizeof(double), eqml__compare_numbers);
    *scale = fmax(e->scaled[(size_t)(0.6827 * (double)e->count)], DBL_MIN);
    for (size_t k = 0; k < e->count; k++) {
        const double u = e->error[k] / (*scale * e->shape[k]);
        sum += log(e->shape[k]) + log(*scale) + 0.5 * (freedom + 1) * log1p(u * u / freedom);
    }
    return sum;
}

static void eqml__calibrate(eqml__errors_seen *e, eqml_sigma *sigma)
{
    double best = HUGE_VAL;
    for (int quarters = 1; quarters <= 5; quarters++)
        for (int step = -9; step <= 9; step++) { /* ratios from 10^-2 to 10^2, and none of either */
            const double power = 0.25 * quarters, ratio = step < -8  ? 0
                                                          : step > 8 ? HUGE_VAL
                                                                     : pow(10, 0.25 * step);
            double scale;
            const double loss = eqml__unlikelihood(e, ratio, power, &scale);
            if (!(loss < best))
                continue;
            best = loss;
            sigma->power = power;
            sigma->floor = ratio < HUGE_VAL ? scale : 0;
            sigma->slope = (ratio < HUGE_VAL ? ratio : 1) * scale / pow(e->median, power);
        }
}

static bool eqml__is_calibrating(const eqml_influence *f)
{
    return f->known && fabs(f->deleted) < HUGE_VAL && f->variance > 0 && f->variance < HUGE_VAL;
}

/* Collects the errors, evenly spaced where there are many, and calibrates. */
static eqml_status eqml__calibrate_on(const eqml_data *data, const eqml_influence *influence,
                                      eqml_sigma *sigma)
{
    eqml__errors_seen e;
    size_t all = 0, seen = 0;
    for (size_t g = 0; g < data->n; g++)
        all += eqml__is_calibrating(&influence[g]);
    if (all < 20)
        return EQML_ERROR_EMPTY;
    const size_t most = all < EQML__CALIBRATED ? all : EQML__CALIBRATED;
    e.count = 0;
    e.error = (double *)eqml__zeroed(4 * most, sizeof(double));
    if (!e.error)
        return EQML_ERROR_MEMORY;
    e.variance = e.error + most, e.shape = e.variance + most, e.scaled = e.shape + most;
    for (size_t g = 0; g < data->n; g++) {
        if (!eqml__is_calibrating(&influence[g]))
            continue;
        if ((seen + 1) * most / all > seen * most / all) {
            e.error[e.count] = fabs(influence[g].deleted);
            e.scaled[e.count] = e.variance[e.count] = influence[g].variance;
            e.count++;
        }
        seen++;
    }
    e.median = eqml__median(e.scaled, e.count);
    sigma->reach = e.scaled[e.count - 1];
    for (size_t k = 0; k < e.count; k++)
        e.variance[k] /= e.median;
    eqml__calibrate(&e, sigma);
    EQML_FREE(e.error);
    return EQML_OK;
}

EQML_API eqml_status eqml_sigma_create(eqml_sigma *sigma, const eqml_problem *problem, const eqml_data *data,
                                       const eqml_influence *influence, int rows, eqml_message *message)
{
    const int n = problem->basis->nterms, wanted = EQML_ROUND(rows);
    const bool whole = rows == 0 || wanted >= n;
    eqml__system s;
    double *matrix = NULL;
    memset(sigma, 0, sizeof *sigma);
    memset(&s, 0, sizeof s);
    if (rows < 0)
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "standard deviations from %d rows: expected 0 or more", rows);
    eqml_status status = eqml__calibrate_on(data, influence, sigma);
    if (status == EQML_ERROR_EMPTY)
        eqml__fail(message, status, "standard deviations need 20 geometries that the others determine");
    if (!status)
        status = eqml__factor_create(problem, &s);
    if (!status) {
        sigma->terms = n;
        sigma->rows = whole ? EQML_ROUND(s.rank) : wanted;
        sigma->triangular = whole && eqml__in_order(&s);
        matrix = (double *)eqml__zeroed(eqml__sigma_size(sigma), sizeof(double));
        sigma->matrix = matrix;
        status = matrix ? eqml__find_matrix(&s, whole, sigma, matrix) : EQML_ERROR_MEMORY;
    }
    EQML_FREE(s.a);
    if (status)
        eqml_sigma_free(sigma);
    if (status && status != EQML_ERROR_EMPTY)
        eqml__fail(message, status, "standard deviations failed: %s", eqml_status_text(status));
    return status;
}

EQML_API eqml_status eqml_sigma_coverage(const eqml_sigma *sigma, const eqml_surface *surface,
                                         const eqml_data *data, const unsigned char *use,
                                         eqml_coverage *coverage)
{
    const eqml_model *m = &surface->model;
    const eqml_basis *b = m->basis;
    double *work =
        (double *)eqml__zeroed((size_t)EQML_WORK_SIGMA(b->nslots, b->npairs, b->nterms), sizeof(double));
    size_t within[2] = {0, 0};
    memset(coverage, 0, sizeof *coverage);
    if (!work)
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < data->n; g++) {
        const double *xyz = data->xyz + g * 3 * (size_t)data->natoms;
        if ((use && !use[g]) || !(data->has[g] & EQML_HAS_ENERGY))
            continue;
        const double error = fabs(eqml_energy_gradient(m, xyz, NULL, work) - data->energy[g]);
        const double deviation = eqml_energy_sigma(sigma, m, xyz, work);
        coverage->energies++;
        for (int k = 0; k < 2; k++)
            within[k] += error <= (k + 1) * deviation;
    }
    for (int k = 0; k < 2 && coverage->energies; k++)
        coverage->within[k] = (double)within[k] / (double)coverage->energies;
    EQML_FREE(work);
    return EQML_OK;
}

#endif /* EQML__UNCERTAINTY_C */

/* ==== sigma_file.c ====================================================================================== */

/* Standard deviations as .sigma files and as C headers. */
#ifndef EQML__SIGMA_FILE_C
#define EQML__SIGMA_FILE_C

/* Adds numbers to a hash, by their bits, whatever their order in memory. */
static void eqml__mix_numbers(uint64_t *hash, size_t count, const double *number)
{
    for (size_t k = 0; k < count; k++) {
        uint64_t bits;
        memcpy(&bits, &number[k], sizeof bits);
        for (int shift = 0; shift < 64; shift += 16) {
            const unsigned short part = (unsigned short)(bits >> shift & 0xffff);
            eqml__mix(hash, &part, 1);
        }
    }
}

/* What ties a .sigma file to its surface. */
static void eqml__describe_surface(const eqml_surface *s, char text[20])
{
    const eqml_basis *b = s->model.basis;
    uint64_t hash = 14695981039346656037u;
    for (int k = 0; k < b->npair_classes; k++)
        eqml__mix_numbers(&hash, 1, &s->variables[k].range);
    eqml__mix_numbers(&hash, (size_t)b->npairs, s->centres);
    eqml__mix_numbers(&hash, (size_t)b->nfactors, s->offset);
    eqml__mix_numbers(&hash, (size_t)b->nfactors, s->linear);
    eqml__mix_numbers(&hash, 16 * (size_t)b->ntiles, s->packed);
    snprintf(text, 20, "%08lx%08lx", (unsigned long)(hash >> 32), (unsigned long)(hash & 0xffffffff));
}

EQML_API eqml_status eqml_sigma_write(const eqml_sigma *sigma, const eqml_surface *surface, const char *path,
                                      eqml_message *message)
{
    eqml__output out;
    char basis[1024], fit[20];
    const size_t size = eqml__sigma_size(sigma);
    eqml_status status = eqml__check_numbers(path, "matrix", size, sigma->matrix, DBL_MAX, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    eqml__describe_basis(surface->model.basis, basis, sizeof basis);
    eqml__describe_surface(surface, fit);
    fprintf(out.file, "eqml-sigma 1\nbasis %s\nsurface %s\nrows %d %d\n", basis, fit, sigma->rows,
            sigma->triangular);
    fprintf(out.file, "floor %s\n", eqml__hexadecimal(sigma->floor).text);
    fprintf(out.file, "slope %s\n", eqml__hexadecimal(sigma->slope).text);
    fprintf(out.file, "power %s\n", eqml__hexadecimal(sigma->power).text);
    fprintf(out.file, "reach %s\n", eqml__hexadecimal(sigma->reach).text);
    for (size_t k = 0; k < size; k++)
        fprintf(out.file, "number %s\n", eqml__hexadecimal(sigma->matrix[k]).text);
    fprintf(out.file, "end\n");
    return eqml__close_output(&out, status, message);
}

/* Reads up to the numbers. */
static eqml_status eqml__read_sigma_head(eqml__reader *in, const eqml_surface *surface, eqml_sigma *sigma)
{
    char basis[1024], fit[20];
    int shape[2];
    eqml__item item;
    eqml__describe_basis(surface->model.basis, basis, sizeof basis);
    eqml__describe_surface(surface, fit);
    eqml_status status = eqml__expect_item(in, "eqml-sigma", "1");
    if (!status)
        status = eqml__expect_item(in, "basis", basis);
    if (!status)
        status = eqml__next_item(in, "surface", &item);
    if (!status && !eqml__is(item.rest, fit))
        return EQML__REFUSE(in, EQML_ERROR_MATCH,
                            "the standard deviations belong to another fit, %s and not %s",
                            eqml__quote(item.rest).text, fit);
    if (!status)
        status = eqml__next_item(in, "rows", &item);
    sigma->terms = surface->model.basis->nterms;
    if (!status &&
        (!eqml__next_counts(&item.rest, 2, 0, EQML_ROUND(sigma->terms), shape) || shape[0] < 1 ||
         shape[0] % EQML__SIGMA_ROWS || shape[1] > 1 || (shape[1] && shape[0] != EQML_ROUND(sigma->terms))))
        status = eqml__bad_line(in, EQML_ERROR_FORMAT, item.line, "rows, a multiple of 8, and 0 or 1");
    if (!status) {
        sigma->rows = shape[0], sigma->triangular = shape[1];
        status = eqml__read_numbers(in, "floor", 1, &sigma->floor);
    }
    if (!status)
        status = eqml__read_numbers(in, "slope", 1, &sigma->slope);
    if (!status)
        status = eqml__read_numbers(in, "power", 1, &sigma->power);
    if (!status)
        status = eqml__read_numbers(in, "reach", 1, &sigma->reach);
    return status;
}

EQML_API eqml_status eqml_sigma_read(eqml_sigma *sigma, const eqml_surface *surface, const char *path,
                                     eqml_message *message)
{
    eqml__reader in;
    memset(sigma, 0, sizeof *sigma);
    eqml_status status = eqml__open_reader(&in, path, message);
    if (status)
        return status;
    status = eqml__read_sigma_head(&in, surface, sigma);
    if (!status) {
        const size_t size = eqml__sigma_size(sigma);
        double *matrix = (double *)eqml__zeroed(size, sizeof(double));
        sigma->matrix = matrix;
        status = !matrix            ? EQML_ERROR_MEMORY
                 : size > INT32_MAX ? EQML_ERROR_FORMAT
                                    : eqml__read_numbers(&in, "number", (int)size, matrix);
    }
    if (!status)
        status = eqml__expect_end(&in);
    status = eqml__finish_reading(&in, status);
    if (status)
        eqml_sigma_free(sigma);
    return status;
}

static void eqml__put_sigma(FILE *out, const eqml_sigma *sigma, const char *basis, const char *name)
{
    const int size = (int)eqml__sigma_size(sigma);
    fprintf(out, "\n#ifndef EQML_SIGMA_%s\n#define EQML_SIGMA_%s\n", name, name);
    fprintf(out, "static const double %s_sigma_matrix[%d] %s_ALIGNED = {", name, size, name);
    for (int k = 0; k < size; k++)
        eqml__put_number(out, k, false, sigma->matrix[k]);
    fprintf(out, "\n};\nstatic const eqml" EQML__TAG "_sigma %s_sigma = {%d, %d, %d, %s, ", name,
            sigma->terms, sigma->rows, sigma->triangular, eqml__decimal(sigma->floor, false).text);
    fprintf(out, "%s, ", eqml__decimal(sigma->slope, false).text);
    fprintf(out, "%s, ", eqml__decimal(sigma->power, false).text);
    fprintf(out, "%s, %s_sigma_matrix};\n", eqml__decimal(sigma->reach, false).text, name);
    fprintf(out, "#ifndef %s_SIGMA_API\n#define %s_SIGMA_API %s_API\n#endif\n", name, name, name);
    fprintf(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    fprintf(out,
            "EQML" EQML__TAG "_SURFACE_SIGMA_FUNCTIONS(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
            "__APART %s_SIGMA_API)\n",
            name, basis, name);
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

EQML_API eqml_status eqml_sigma_write_header(const eqml_sigma *sigma, const eqml_surface *surface,
                                             const char *name, const char *runtime, const char *path,
                                             eqml_message *message)
{
    static const struct eqml__needed needed[] = {
        {"kernel/terms.h", NULL}, {"variance.h", NULL}, {"sigma.h", NULL}};
    eqml__output out;
    eqml__tagger tagger = {NULL, "", 0};
    char *parts = NULL;
    size_t size = eqml__sigma_size(sigma);
    if (size > INT32_MAX)
        return eqml__fail_file(message, EQML_ERROR_ARGUMENT, path, 0,
                               "a matrix of %zu numbers is no header: take fewer rows", size);
    eqml_status status = eqml__check_numbers(path, "matrix", size, sigma->matrix, DBL_MAX, message);
    if (!status)
        status = eqml__load_text(runtime, &parts, &size, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (!status) {
        tagger.out = out.file;
        fprintf(out.file,
                "/*\n * How sure the energies of the surface %s are: predictive standard deviations, "
                "hartree.\n *\n"
                " *     double %s_energy_sigma(const double *xyz);\n"
                " *     void   %s_energy_sigma_batch(size_t n, const double *xyz, double *sigma);\n *\n"
                " * xyz in bohr, as in %s_pes.h, which must lie beside this file.\n */\n#include "
                "\"%s_pes.h\"\n\n",
                name, name, name, name, name);
        status = eqml__put_parts(&tagger, parts, runtime, "", needed, 3, message);
        if (!status)
            eqml__put_sigma(out.file, sigma, surface->model.basis->name, name);
        status = eqml__close_output(&out, status, message);
    }
    EQML_FREE(parts);
    return status;
}

#endif /* EQML__SIGMA_FILE_C */

/* ==== designer.c ======================================================================================== */

/* The choice of rows with the largest determinant, whatever they are rows of. */
#ifndef EQML__DESIGNER_C
#define EQML__DESIGNER_C
#include <stdbool.h>

typedef struct eqml__designer {
    void *context;
    /* rows[most][length] of a candidate, which are zero before, weighted as in the fit; returns how many */
    int (*find_rows)(void *context, size_t candidate, double *rows);
    /* whether a candidate is too near to one that is taken; NULL: none is */
    bool (*is_near)(void *context, size_t candidate, size_t other);
    int terms, most;     /* rows of a candidate, at most */
    size_t length;       /* of stored rows: EQML_ROUND(terms), zeros behind the last term */
    int taken;           /* 0: the factor is still a triangle */
    double *factor;      /* [terms][length] F */
    double *rows, *z;    /* [most][length] of a candidate, whitened */
    double *gram, *pull; /* [most][most]; [length] */
    double *gain;        /* [n] at most this; -1: not to be taken */
    size_t *seen;        /* [n] how many had been taken when it was found */
} eqml__designer;

static void eqml__designer_free(eqml__designer *d)
{
    EQML_FREE(d->factor);
    EQML_FREE(d->rows);
    EQML_FREE(d->gain);
    EQML_FREE(d->seen);
}

/* For n candidates of at most so many rows. The caller calls eqml__designer_free, also if this fails. */
static eqml_status eqml__designer_create(eqml__designer *d, const eqml_sigma *sigma, int most_rows, size_t n)
{
    const double *from = sigma->matrix;
    const size_t most = (size_t)most_rows;
    d->terms = sigma->terms;
    d->length = (size_t)EQML_ROUND(sigma->terms);
    d->most = most_rows;
    d->factor = (double *)eqml__zeroed(eqml__times((size_t)d->terms, d->length), sizeof(double));
    d->rows = (double *)eqml__zeroed((2 * most + 1) * d->length + most * most, sizeof(double));
    d->gain = (double *)eqml__zeroed(n, sizeof(double));
    d->seen = (size_t *)eqml__zeroed(n, sizeof(size_t));
    if (!d->factor || !d->rows || !d->gain || !d->seen)
        return EQML_ERROR_MEMORY;
    d->z = d->rows + most * d->length, d->pull = d->z + most * d->length, d->gram = d->pull + d->length;
    for (int i = 0; i < d->terms; i++) {
        const size_t length = (size_t)eqml__sigma_length(sigma, i / EQML__SIGMA_ROWS * EQML__SIGMA_ROWS);
        memcpy(d->factor + (size_t)i * d->length, from, length * sizeof(double));
        from += length;
    }
    return EQML_OK;
}

static double eqml__vector_product(size_t length, const double *a, const double *b)
{
    eqml_lanes sum = eqml__all(0);
    for (size_t j = 0; j < length; j += EQML_LANES)
        sum += eqml__load(a + j) * eqml__load(b + j);
    return eqml__sum(sum);
}

/* z[length] <- F row. */
static void eqml__design_whiten(const eqml__designer *d, const double *row, double *z)
{
    for (size_t i = 0; i < (size_t)d->terms; i++)
        z[i] = eqml__vector_product(d->taken ? d->length : (i + EQML_LANES) / EQML_LANES * EQML_LANES,
                                    d->factor + i * d->length, row);
}

static int eqml__designer_rows(eqml__designer *d, size_t g)
{
    memset(d->rows, 0, (size_t)d->most * d->length * sizeof(double));
    return d->find_rows(d->context, g, d->rows);
}

/* The logarithm of det(1 + Z Z^T) of candidate g, by Cholesky's factor; NaN where a row has no number. */
static double eqml__design_gain(eqml__designer *d, size_t g)
{
    const int count = eqml__designer_rows(d, g);
    double gain = 0;
    for (int i = 0; i < count; i++) {
        double *row = d->gram + i * d->most;
        const double *z = d->z + (size_t)i * d->length;
        eqml__design_whiten(d, d->rows + (size_t)i * d->length, d->z + (size_t)i * d->length);
        for (int j = 0; j <= i; j++) {
            const double *other = d->gram + j * d->most;
            double sum = (i == j) + eqml__vector_product(d->length, z, d->z + (size_t)j * d->length);
            for (int k = 0; k < j; k++)
                sum -= row[k] * other[k];
            row[j] = i == j ? sqrt(sum) : sum / other[j];
        }
        gain += 2 * log(row[i]);
    }
    return gain;
}

/* The factor with the rows of candidate g: F <- (1 - c z z^T) F, c = (1 - 1 / sqrt(1 + |z|^2)) / |z|^2, for each of them. */
static void eqml__design_take(eqml__designer *d, size_t g)
{
    const int count = eqml__designer_rows(d, g);
    for (int r = 0; r < count; r++) {
        eqml__design_whiten(d, d->rows + (size_t)r * d->length, d->z);
        const double square = eqml__vector_product(d->length, d->z, d->z), root = sqrt(1 + square);
        const double c = 1 / (root * (1 + root)); /* the same without a difference */
        d->taken = 1;
        memset(d->pull, 0, d->length * sizeof(double));
        for (size_t i = 0; i < (size_t)d->terms; i++)
            for (size_t j = 0; j < d->length; j++)
                d->pull[j] += d->z[i] * d->factor[i * d->length + j];
        for (size_t i = 0; i < (size_t)d->terms; i++)
            for (size_t j = 0; j < d->length; j++)
                d->factor[i * d->length + j] -= c * d->z[i] * d->pull[j];
    }
}

static bool eqml__is_near(const eqml__designer *d, size_t g, size_t taken, const eqml_design_choice *choice)
{
    for (size_t k = 0; k < taken && d->is_near; k++)
        if (d->is_near(d->context, g, choice[k].candidate))
            return true;
    return false;
}

/* choice <- at most `wanted` of n candidates; returns how many. */
static size_t eqml__design_choose(eqml__designer *d, size_t n, size_t wanted, eqml_design_choice *choice)
{
    size_t taken = 0;
    for (size_t g = 0; g < n; g++)
        d->gain[g] = eqml__design_gain(d, g);
    while (taken < wanted) {
        size_t top = n;
        for (size_t g = 0; g < n; g++)
            if (d->gain[g] > (top < n ? d->gain[top] : 0) && d->gain[g] < HUGE_VAL)
                top = g;
        if (top == n)
            break;
        if (d->seen[top] < taken) { /* its gain has fallen since */
            d->seen[top] = taken;
            d->gain[top] = eqml__is_near(d, top, taken, choice) ? -1 : eqml__design_gain(d, top);
            continue;
        }
        choice[taken].candidate = top;
        choice[taken++].gain = d->gain[top];
        d->gain[top] = -1;
        if (taken < wanted)
            eqml__design_take(d, top);
    }
    return taken;
}

#endif /* EQML__DESIGNER_C */

/* ==== design.c ========================================================================================== */

/* D-optimal geometries, one after the other. */
#ifndef EQML__DESIGN_C
#define EQML__DESIGN_C

typedef struct eqml__design {
    eqml__designer core;
    const double *xyz, *weights;
    double apart;
    eqml_data one;     /* the candidate whose rows are made */
    double none;       /* its energy, which plays no part */
    unsigned char has; /* what of it is to be computed */
    eqml_fit_options options;
    eqml_component whole;
    eqml__fitter w;
    double *distance; /* [n][npairs] sorted in each class */
} eqml__design;

static void eqml__design_free(eqml__design *d)
{
    eqml__designer_free(&d->core);
    eqml__fitter_free(&d->w);
    EQML_FREE(d->one.gradient);
    EQML_FREE(d->distance);
}

/* The distances of geometry xyz, class by class, each sorted. */
static void eqml__sort_distances(const eqml_basis *b, const double *xyz, double *distance)
{
    for (int k = 0; k < b->npair_classes; k++) {
        size_t count = 0;
        for (int p = 0; p < b->npairs; p++) {
            const double *i = xyz + 3 * b->pairs[p][0], *j = xyz + 3 * b->pairs[p][1];
            double square = 0;
            for (int x = 0; x < 3; x++)
                square += (i[x] - j[x]) * (i[x] - j[x]);
            if (b->pair_classes[p] == k)
                distance[count++] = sqrt(square);
        }
        qsort(distance, count, sizeof(double), eqml__compare_numbers);
        distance += count;
    }
}

/* Root mean square. */
static double eqml__difference(size_t count, const double *a, const double *b)
{
    double square = 0;
    for (size_t k = 0; k < count; k++)
        square += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrt(square / (double)count);
}

EQML_API double eqml_design_change(const eqml_basis *basis, const double *a, const double *b, double *room)
{
    const size_t npairs = (size_t)basis->npairs;
    eqml__sort_distances(basis, a, room);
    eqml__sort_distances(basis, b, room + npairs);
    return eqml__difference(npairs, room, room + npairs);
}

/* Those of candidate g. */
static int eqml__geometry_rows(void *context, size_t g, double *rows)
{
    eqml__design *d = (eqml__design *)context;
    const size_t terms = (size_t)d->core.terms;
    d->one.xyz = (double *)(uintptr_t)(d->xyz + g * 3 * (size_t)d->one.natoms);
    const int count = eqml__find_rows(&d->w, 0, d->weights ? sqrt(d->weights[g]) : 1);
    for (int r = 0; r < count; r++)
        memcpy(rows + (size_t)r * d->core.length, d->w.rows + (size_t)r * (terms + 1),
               terms * sizeof(double));
    return count;
}

static bool eqml__is_near_geometry(void *context, size_t g, size_t other)
{
    const eqml__design *d = (const eqml__design *)context;
    const size_t npairs = (size_t)d->whole.surface.model.basis->npairs;
    return eqml__difference(npairs, d->distance + g * npairs, d->distance + other * npairs) < d->apart;
}

/* The caller calls eqml__design_free, also if this fails. */
static eqml_status eqml__design_create(eqml__design *d, const eqml_sigma *sigma, const eqml_surface *surface,
                                       size_t n, const eqml_design_options *o)
{
    const eqml_basis *b = surface->model.basis;
    d->core.context = d;
    d->core.find_rows = eqml__geometry_rows;
    d->core.is_near = o->apart > 0 ? eqml__is_near_geometry : NULL;
    d->weights = o->weights;
    d->apart = o->apart;
    d->options.gradient_weight = o->gradient_weight;
    d->options.energies_only = !(o->gradient_weight > 0);
    d->one.natoms = b->natoms;
    d->one.n = 1;
    d->one.energy = &d->none;
    d->has = d->options.energies_only ? EQML_HAS_ENERGY : EQML_HAS_ENERGY | EQML_HAS_GRADIENT;
    d->one.has = &d->has;
    eqml__fitter_of_surface(&d->w, &d->whole, surface, EQML_TENSORS, &d->one, &d->options);
    d->one.gradient = (double *)eqml__zeroed(3 * (size_t)b->natoms, sizeof(double));
    d->w.energy = d->one.energy, d->w.gradient = d->one.gradient;
    d->distance = (double *)eqml__zeroed(eqml__times(n, (size_t)b->npairs), sizeof(double));
    if (!d->one.gradient || !d->distance ||
        eqml__designer_create(&d->core, sigma, (int)eqml__rows_per_geometry(b->natoms, &d->options), n) ||
        eqml__fitter_create(&d->w))
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < n; g++)
        eqml__sort_distances(b, d->xyz + g * 3 * (size_t)b->natoms, d->distance + g * (size_t)b->npairs);
    return EQML_OK;
}

EQML_API eqml_status eqml_design(const eqml_sigma *sigma, const eqml_surface *surface, size_t n,
                                 const double *xyz, const eqml_design_options *options, size_t wanted,
                                 eqml_design_choice *choice, size_t *found, eqml_message *message)
{
    static const eqml_design_options defaults = {0, NULL, 0};
    const eqml_design_options *o = options ? options : &defaults;
    eqml__design d;
    *found = 0;
    memset(&d, 0, sizeof d);
    d.xyz = xyz;
    if (sigma->terms != surface->model.basis->nterms || !sigma->triangular)
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "the standard deviations are not those of the whole fit, or its data leave some of "
                          "its %d terms undetermined",
                          surface->model.basis->nterms);
    if (!(o->gradient_weight >= 0 && o->gradient_weight < HUGE_VAL) || !(o->apart >= 0))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "a design with gradients of weight %g, %g bohr apart",
                          o->gradient_weight, o->apart);
    for (size_t g = 0; o->weights && g < n; g++)
        if (!(o->weights[g] >= 0 && o->weights[g] < HUGE_VAL))
            return eqml__fail(message, EQML_ERROR_ARGUMENT, "candidate %zu has the weight %g", g + 1,
                              o->weights[g]);
    const eqml_status status = eqml__design_create(&d, sigma, surface, n, o);
    if (!status)
        *found = eqml__design_choose(&d.core, n, wanted, choice);
    else
        eqml__fail(message, status, "the design failed: %s", eqml_status_text(status));
    eqml__design_free(&d);
    return status;
}

#endif /* EQML__DESIGN_C */

/* ==== expansion.c ======================================================================================= */

/* Expansions: which tuples of atoms they have. */
#ifndef EQML__EXPANSION_C
#define EQML__EXPANSION_C

EQML_API void eqml_expansion_free(eqml_expansion *expansion)
{
    for (int k = 0; k < expansion->ncomponents && expansion->components; k++) {
        eqml_surface_free(&expansion->components[k].surface);
        EQML_FREE(expansion->components[k].tuples);
    }
    EQML_FREE(expansion->components);
    memset(expansion, 0, sizeof *expansion);
}

/* Lists all tuples that the elements allow, atom by atom. */
typedef struct eqml__chooser {
    const eqml_basis *basis;
    const char *symbols;
    int natoms, *chosen; /* [natoms of the basis] */
    int *tuples;         /* [count][natoms of the basis]; NULL: count only */
    size_t count;
} eqml__chooser;

/*
 * Whether an atom may stand at a place: of its element, not chosen before, in ascending order within a class.
 */
static int eqml__may_choose(const eqml__chooser *c, int place, int atom)
{
    const eqml__span a = eqml__word(c->symbols, atom), b = eqml__word(c->basis->symbols, place);
    for (int k = 0; k < place; k++)
        if (c->chosen[k] == atom ||
            (c->basis->atom_classes[k] == c->basis->atom_classes[place] && c->chosen[k] > atom))
            return 0;
    return a.end - a.begin == b.end - b.begin && !memcmp(a.begin, b.begin, (size_t)(a.end - a.begin));
}

/* Tries all atoms at this place and at those behind it. */
static void eqml__choose(eqml__chooser *c, int place)
{
    const int size = c->basis->natoms;
    if (place == size) {
        if (c->tuples)
            memcpy(c->tuples + c->count * (size_t)size, c->chosen, (size_t)size * sizeof(int));
        c->count++;
        return;
    }
    for (int atom = 0; atom < c->natoms; atom++)
        if (eqml__may_choose(c, place, atom)) {
            c->chosen[place] = atom;
            eqml__choose(c, place + 1);
        }
}

/*
 * Refuses a tuple with an atom that the molecule does not have, or with one twice; `number` is its place in
 * the list.
 */
static eqml_status eqml__check_tuple(const int *tuple, size_t size, size_t number, int natoms,
                                     eqml_message *why)
{
    for (size_t k = 0; k < size; k++) {
        if (tuple[k] < 0 || tuple[k] >= natoms)
            return eqml__fail(why, EQML_ERROR_ARGUMENT, "tuple %zu has atom %d, but there are %d atoms",
                              number, tuple[k], natoms);
        for (size_t j = 0; j < k; j++)
            if (tuple[j] == tuple[k])
                return eqml__fail(why, EQML_ERROR_ARGUMENT, "tuple %zu has atom %d twice", number, tuple[k]);
    }
    return EQML_OK;
}

/* Refuses a switch that is not one, or not invariant; centre and radii as in eqml_part. */
static eqml_status eqml__check_switch(const eqml_basis *b, double inner, double cutoff, int centre,
                                      eqml_message *why)
{
    const bool switched = cutoff != 0 || inner != 0;
    if (b->is_term)
        return eqml__fail(why, EQML_ERROR_ARGUMENT, "its basis has factors that are not terms");
    if (switched && !(inner >= 0 && cutoff > inner && cutoff <= DBL_MAX))
        return eqml__fail(why, EQML_ERROR_ARGUMENT,
                          "the switch from %g to %g: the cutoff must be positive, and beyond the inner "
                          "radius, which must not be negative",
                          inner, cutoff);
    for (int k = 0; k < b->natoms && centre; k++)
        if (centre < 1 || centre > b->natoms ||
            (k != centre - 1 && b->atom_classes[k] == b->atom_classes[centre - 1]))
            return eqml__fail(why, EQML_ERROR_ARGUMENT,
                              "the centre, %d, must be the number of an atom that is alone in its class",
                              centre);
    return EQML_OK;
}

/* Sets the tuples of a component: the caller's, checked, or all that the elements allow. */
static eqml_status eqml__set_tuples(eqml_component *c, const eqml_part *part, const char *symbols, int natoms,
                                    eqml_message *why)
{
    const size_t size = (size_t)part->basis->natoms;
    eqml__chooser choice = {part->basis, symbols, natoms, NULL, NULL, (size_t)part->ntuples};
    choice.chosen = (int *)eqml__zeroed(size, sizeof(int));
    if (!choice.chosen)
        return eqml__fail(why, EQML_ERROR_MEMORY, "no memory");
    if (!part->tuples) {
        choice.count = 0;
        eqml__choose(&choice, 0);
    }
    if (choice.count <= INT32_MAX)
        c->tuples = (int *)eqml__zeroed(eqml__times(choice.count, size), sizeof(int));
    c->ntuples = c->tuples ? (int)choice.count : 0;
    choice.tuples = c->tuples;
    if (!part->tuples && c->tuples) {
        choice.count = 0;
        eqml__choose(&choice, 0);
    }
    EQML_FREE(choice.chosen);
    if (!c->tuples)
        return eqml__fail(why, EQML_ERROR_MEMORY, "no memory for %zu tuples", choice.count);
    if (!c->ntuples)
        return eqml__fail(why, EQML_ERROR_MATCH, "no atoms of \"%s\" are those of the basis, \"%s\"", symbols,
                          part->basis->symbols);
    eqml_status status = EQML_OK;
    for (size_t t = 0; t < choice.count && part->tuples && !status; t++) {
        memcpy(c->tuples + t * size, part->tuples + t * size, size * sizeof(int));
        status = eqml__check_tuple(c->tuples + t * size, size, t, natoms, why);
    }
    return status;
}

static eqml_status eqml__add_component(eqml_component *c, const eqml_part *part, const char *symbols,
                                       int natoms, eqml_message *why)
{
    eqml_status status = eqml__check_switch(part->basis, part->inner, part->cutoff, part->centre, why);
    if (status)
        return status;
    if (part->ntuples < 0 || (part->ntuples > 0) != (part->tuples != NULL))
        return eqml__fail(why, EQML_ERROR_ARGUMENT, "%d tuples, but the list is %s", part->ntuples,
                          part->tuples ? "there" : "missing");
    status = eqml_surface_create(part->basis, part->variables, &c->surface);
    if (status)
        return eqml__fail(why, status, "the variables: %s", eqml_status_text(status));
    c->inner = part->inner;
    c->cutoff = part->cutoff;
    c->centre = part->centre;
    return eqml__set_tuples(c, part, symbols, natoms, why);
}

EQML_API eqml_status eqml_expansion_create(eqml_expansion *expansion, const char *symbols, int nparts,
                                           const eqml_part *parts, eqml_message *message)
{
    eqml_message why;
    eqml_status status = EQML_OK;
    memset(expansion, 0, sizeof *expansion);
    expansion->natoms = (int)eqml__count_words(eqml__span_of(symbols));
    if (nparts < 1 || expansion->natoms < 1) {
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "an expansion needs atoms and parts; there are %d and %d", expansion->natoms,
                          nparts);
    }
    expansion->components = (eqml_component *)eqml__zeroed((size_t)nparts, sizeof(eqml_component));
    if (!expansion->components)
        status = eqml__fail(&why, EQML_ERROR_MEMORY, "no memory");
    for (int k = 0; k < nparts && !status; k++) {
        expansion->ncomponents = k + 1;
        status = eqml__add_component(&expansion->components[k], &parts[k], symbols, expansion->natoms, &why);
    }
    if (status) {
        eqml__fail(message, status, "part %d: %.400s", expansion->ncomponents - 1, why.text);
        eqml_expansion_free(expansion);
    }
    return status;
}

#endif /* EQML__EXPANSION_C */

/* ==== expansion_file.c ================================================================================== */

/* Expansions as files. */
#ifndef EQML__EXPANSION_FILE_C
#define EQML__EXPANSION_FILE_C

EQML_API eqml_status eqml_expansion_write(const eqml_expansion *expansion, const char *path,
                                          eqml_message *message)
{
    eqml__output out;
    eqml_status status = eqml__check_numbers(path, "constant", 1, &expansion->constant, DBL_MAX, message);
    for (int k = 0; k < expansion->ncomponents && !status; k++)
        status = eqml__check_writable(&expansion->components[k].surface, path, DBL_MAX, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    fprintf(out.file, "eqml-expansion 1 %d %d\nconstant %s\n", expansion->natoms, expansion->ncomponents,
            eqml__hexadecimal(expansion->constant).text);
    for (int k = 0; k < expansion->ncomponents && !status; k++) {
        const eqml_component *c = &expansion->components[k];
        const size_t natoms = (size_t)c->surface.model.basis->natoms;
        fprintf(out.file, "component %d %zu %d\n", c->ntuples, natoms, c->centre);
        fprintf(out.file, "inner %s\ncutoff %s\n", eqml__hexadecimal(c->inner).text,
                eqml__hexadecimal(c->cutoff).text);
        for (size_t t = 0; t < (size_t)c->ntuples * natoms; t++)
            fprintf(out.file, "%s %d%s", t % natoms ? "" : "tuple", c->tuples[t],
                    (t + 1) % natoms ? "" : "\n");
        status = eqml__put_pes(out.file, &c->surface);
    }
    if (status)
        eqml__no_memory(path, message);
    fprintf(out.file, "end\n");
    return eqml__close_output(&out, status, message);
}

/* The tuples of a component. Room grows with the lines that there are, whatever number the file promised. */
static eqml_status eqml__read_tuples(eqml__reader *in, int count, size_t size, int natoms, eqml_component *c)
{
    eqml_message why;
    size_t room = 0;
    for (; c->ntuples < count; c->ntuples++) {
        const size_t t = (size_t)c->ntuples;
        eqml__item item;
        const eqml_status status = eqml__next_item(in, "tuple", &item);
        if (status)
            return status;
        if (t == room) {
            room = room ? eqml__times(room, 2) : 16;
            int *larger = (int *)eqml__zeroed(eqml__times(room, size), sizeof(int));
            if (!larger)
                return EQML_ERROR_MEMORY;
            if (t)
                memcpy(larger, c->tuples, t * size * sizeof(int));
            EQML_FREE(c->tuples);
            c->tuples = larger;
        }
        if (!eqml__next_counts(&item.rest, (int)size, 0, natoms - 1, c->tuples + t * size) ||
            item.rest.begin < item.rest.end)
            return eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "the atoms of a tuple");
        if (eqml__check_tuple(c->tuples + t * size, size, t, natoms, &why))
            return EQML__REFUSE(in, EQML_ERROR_VALUE, "%s", why.text);
    }
    return EQML_OK;
}

static eqml_status eqml__read_component(eqml__reader *in, const eqml_basis *b, int natoms, eqml_component *c)
{
    eqml__item item;
    int size[2];
    eqml_message why;
    eqml_status status = eqml__next_item(in, "component", &item);
    if (status)
        return status;
    if (!eqml__next_counts(&item.rest, 2, 1, INT32_MAX / 4, size) || size[1] != b->natoms)
        return eqml__bad_line(in, EQML_ERROR_MATCH, item.line,
                              "the number of tuples, and the atoms of the basis");
    if (!eqml__next_counts(&item.rest, 1, 0, b->natoms, &c->centre) || item.rest.begin < item.rest.end)
        return eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "the number of the centre");
    status = eqml__read_numbers(in, "inner", 1, &c->inner);
    if (!status)
        status = eqml__read_numbers(in, "cutoff", 1, &c->cutoff);
    if (status)
        return status;
    if (eqml__check_switch(b, c->inner, c->cutoff, c->centre, &why))
        return EQML__REFUSE(in, EQML_ERROR_VALUE, "%s", why.text);
    status = eqml__read_tuples(in, size[0], (size_t)b->natoms, natoms, c);
    return status ? status : eqml__read_surface(in, b, &c->surface);
}

static eqml_status eqml__read_expansion(eqml__reader *in, int nbases, const eqml_basis *const *bases,
                                        eqml_expansion *x)
{
    eqml__item item;
    int header[3];
    eqml_status status = eqml__next_item(in, "eqml-expansion", &item);
    if (status)
        return status;
    if (!eqml__next_counts(&item.rest, 3, 1, INT32_MAX / 4, header) || item.rest.begin < item.rest.end ||
        header[0] != 1)
        return eqml__bad_line(in, EQML_ERROR_FORMAT, item.line, "version 1, atoms and components");
    if (header[2] != nbases)
        return eqml__bad_line(in, EQML_ERROR_MATCH, item.line, "as many components as there are bases");
    x->natoms = header[1];
    x->components = (eqml_component *)eqml__zeroed((size_t)nbases, sizeof(eqml_component));
    if (!x->components)
        return EQML_ERROR_MEMORY;
    x->ncomponents = nbases;
    status = eqml__read_numbers(in, "constant", 1, &x->constant);
    for (int k = 0; k < nbases && !status; k++)
        status = eqml__read_component(in, bases[k], x->natoms, &x->components[k]);
    return status ? status : eqml__expect_end(in);
}

EQML_API eqml_status eqml_expansion_read(eqml_expansion *expansion, const char *path, int nbases,
                                         const eqml_basis *const *bases, eqml_message *message)
{
    eqml__reader in;
    memset(expansion, 0, sizeof *expansion);
    eqml_status status = eqml__open_reader(&in, path, message);
    if (status)
        return status;
    status = eqml__finish_reading(&in, eqml__read_expansion(&in, nbases, bases, expansion));
    if (status)
        eqml_expansion_free(expansion);
    return status;
}

#endif /* EQML__EXPANSION_FILE_C */

/* ==== compass.c ========================================================================================= */

/* Compass search: one coordinate after the other goes up or down by a step for as long as that helps [1].
 *
 * [1] Kolda, Lewis, Torczon, SIAM Rev. 45, 385 (2003). */
#ifndef EQML__COMPASS_C
#define EQML__COMPASS_C
#include <stdbool.h>

enum { EQML__MOST_TRIALS = 64 };

/* All trials so far. The arrays are the caller's. */
typedef struct eqml__compass {
    int n;                           /* coordinates */
    int made, best;                  /* trials; the number of the one with the least score */
    double *k;                       /* [n] to be tried next */
    double *tried;                   /* [EQML__MOST_TRIALS][n] */
    double score[EQML__MOST_TRIALS]; /* of them */
    void *context;
    bool (*may_be)(const void *context, int coordinate, double value);
    bool (*is_open)(const void *context, int coordinate); /* that it may move at all */
    eqml_status (*judge)(void *context, const double *k, int number, double *score); /* makes a trial */
} eqml__compass;

static double *eqml__tried(const eqml__compass *s, int trial)
{
    return s->tried + (size_t)trial * (size_t)s->n;
}

/* Makes a trial of k[n], unless it was made before; *number <- that of the trial. */
static eqml_status eqml__try(eqml__compass *s, const double *k, int *number)
{
    const size_t size = (size_t)s->n * sizeof(double);
    for (*number = 0; *number < s->made; ++*number)
        if (!memcmp(eqml__tried(s, *number), k, size))
            return EQML_OK;
    memcpy(eqml__tried(s, *number), k, size);
    const eqml_status status = s->judge(s->context, k, *number, &s->score[*number]);
    s->made += !status;
    return status;
}

/* Tries k, where each may be; it becomes the best if it is better than that. */
static eqml_status eqml__contend(eqml__compass *s, const double *k, bool *better)
{
    int made = s->made, number;
    *better = false;
    for (int g = 0; g < s->n; g++)
        if (!s->may_be(s->context, g, k[g]))
            return EQML_OK;
    const eqml_status status = eqml__try(s, k, &number);
    *better = !status && s->made > made && (made == 0 || s->score[number] < s->score[s->best]);
    if (*better)
        s->best = number;
    return status;
}

/* The best k moves along one coordinate for as long as that helps; *moved is set if it did. */
static eqml_status eqml__slide(eqml__compass *s, int coordinate, double step, int most, bool *moved)
{
    for (int sign = 1; sign >= -1; sign -= 2) {
        bool better = true, helped = false;
        while (better && s->made < most) {
            memcpy(s->k, eqml__tried(s, s->best), (size_t)s->n * sizeof(double));
            s->k[coordinate] += sign * step;
            const eqml_status status = eqml__contend(s, s->k, &better);
            if (status)
                return status;
            helped = helped || better;
        }
        *moved = *moved || helped;
        if (helped)
            break;
    }
    return EQML_OK;
}

/* A search from the best so far, of so many trials at most, which is below EQML__MOST_TRIALS. */
static eqml_status eqml__compass_search(eqml__compass *s, double step, double least, int most)
{
    while (step >= least && s->made < most) {
        bool moved = false;
        for (int g = 0; g < s->n; g++) {
            if (!s->is_open(s->context, g))
                continue;
            const eqml_status status = eqml__slide(s, g, step, most, &moved);
            if (status)
                return status;
        }
        if (!moved)
            step /= 2;
    }
    return EQML_OK;
}

/* Three digits can be read, and given again. */
static double eqml__three_digits(double x)
{
    char text[32];
    snprintf(text, sizeof text, "%.3g", x);
    return strtod(text, NULL);
}

/* A number that looks random: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t eqml__scatter_bits(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

#endif /* EQML__COMPASS_C */

/* ==== trial.c =========================================================================================== */

/* Trials of variables: groups of pairs, divisions of the data, and one cross-validation. */
#ifndef EQML__TRIAL_C
#define EQML__TRIAL_C

#define EQML__TRIMMED 1e-3 /* of the errors do not count */
#define EQML__FEWEST 20    /* geometries that are worth a trial */
enum { EQML__MOST_RUNS = 8 };

/* All pairs of the same two elements: they share k. */
typedef struct eqml__group {
    char elements[2][8];
    double sum, count, mean, longest; /* of their distances in the training geometries, bohr */
    bool may_grow, is_hydrogen;       /* k may be 0 and negative; H-H */
    bool open;                        /* there is a class whose variable is to be chosen */
} eqml__group;

typedef struct eqml__trial {
    double score,
        run[EQML__MOST_RUNS]; /* the mean, and of each fit: log(rms of energies) + log(rms of gradients) */
    double rmse_energy, rmse_gradient;
} eqml__trial;

/* The square of an error, and the energy of its geometry. */
typedef struct eqml__banded {
    double energy, square;
} eqml__banded;

/* What all trials share, and those of the present level: some of the terms, some of the geometries. */
typedef struct eqml__trials {
    const eqml_basis *whole; /* that of the surface */
    const eqml_data *data;
    const eqml_choice_options *options;
    eqml_fit_options fit;
    eqml_message *message;
    int ngroups, *group_of; /* [npair_classes] */
    eqml__group *groups;
    size_t trained;               /* training geometries with an energy */
    eqml__fitter weights;         /* knows the weights of geometries, and nothing else */
    unsigned char *offered, *use; /* [n] geometries of the level; those of one fit */
    double *squares, *slopes;     /* [n] errors of one fit */
    eqml__banded *banded;         /* [n] the same with the energies */
    bool by_bands;                /* a trial's score is that of eqml__log_bands */
    double *work;
    const eqml_variable *given; /* [npair_classes] by the caller */
    eqml_variable *variables;   /* [npair_classes] */
    double *k, *start;          /* [ngroups] */
    int told;                   /* trials of all levels */

    const eqml_basis *basis; /* of the level */
    eqml_basis *lower;       /* owns it, where it is not the whole */
    int degree, runs;        /* runs: fits of a trial */
    eqml__trial trials[EQML__MOST_TRIALS];
    eqml__compass search; /* over k */
} eqml__trials;

/* ---- groups of pairs ----------------------------------------------------------------------------------- */

static void eqml__copy_symbol(const eqml_basis *b, int atom, char symbol[8])
{
    const char *s = b->symbols;
    for (int i = 0; i < atom; i++)
        s = strchr(s, ' ') + 1;
    snprintf(symbol, 8, "%.*s", (int)strcspn(s, " "), s);
}

/* The group of a pair, made where it is the first of its elements. */
static int eqml__find_group(eqml__trials *s, const unsigned short *pair)
{
    char a[8], b[8];
    eqml__copy_symbol(s->whole, pair[0], a);
    eqml__copy_symbol(s->whole, pair[1], b);
    for (int k = 0; k < s->ngroups; k++) {
        const eqml__group *g = &s->groups[k];
        if ((!strcmp(g->elements[0], a) && !strcmp(g->elements[1], b)) ||
            (!strcmp(g->elements[0], b) && !strcmp(g->elements[1], a)))
            return k;
    }
    eqml__group *g = &s->groups[s->ngroups];
    memcpy(g->elements[0], a, sizeof a);
    memcpy(g->elements[1], b, sizeof b);
    g->is_hydrogen = !strcmp(a, "H") && !strcmp(b, "H");
    return s->ngroups++;
}

static bool eqml__may_train(const eqml__trials *s, size_t g)
{
    return eqml__trains(&s->weights, g);
}

static bool eqml__is_fixed(const eqml__trials *s, int pair_class)
{
    return s->options->fixed && s->options->fixed[pair_class];
}

static void eqml__survey_groups(eqml__trials *s)
{
    const eqml_basis *b = s->whole;
    for (int p = 0; p < b->npairs; p++) {
        const int k = eqml__find_group(s, b->pairs[p]);
        eqml__group *group = &s->groups[k];
        s->group_of[b->pair_classes[p]] = k;
        group->open = group->open || !eqml__is_fixed(s, b->pair_classes[p]);
        for (size_t g = 0; g < s->data->n; g++) {
            if (!eqml__may_train(s, g))
                continue;
            const double r = eqml__distance(s->data->xyz + g * 3 * (size_t)b->natoms, b->pairs[p]);
            group->sum += r, group->count++;
            group->longest = fmax(group->longest, r);
        }
    }
    for (int k = 0; k < s->ngroups; k++) {
        s->groups[k].mean = s->groups[k].sum / s->groups[k].count;
        s->groups[k].may_grow = !b->is_term && s->groups[k].longest < EQML_BOUNDED * s->groups[k].mean;
    }
}

/* variables[npair_classes] <- those of k[ngroups]. */
static void eqml__variables_of_k(const eqml__trials *s, const double *k, eqml_variable *variables)
{
    const eqml_variable distance = {EQML_POWER, 1, NULL, NULL}, morse = {EQML_MORSE, 1, NULL, NULL};
    for (int c = 0; c < s->whole->npair_classes; c++) {
        const int group = s->group_of[c];
        if (eqml__is_fixed(s, c)) {
            variables[c] = s->given[c];
            continue;
        }
        variables[c] = k[group] == 0 ? distance : morse;
        if (k[group] != 0)
            variables[c].range = eqml__three_digits(s->groups[group].mean / k[group]);
    }
}

/* ---- costs --------------------------------------------------------------------------------------------- */

/* marks[nterms] <- 1 for the terms up to a degree, unless NULL; returns how many. */
static int eqml__mark_terms(const eqml_basis *b, int degree, unsigned char *marks)
{
    int count = 0, term = 0;
    for (int f = 0; f < b->nfactors; f++)
        if (eqml__is_term(b, (size_t)f)) {
            count += b->degrees[f] <= degree;
            if (marks)
                marks[term++] = b->degrees[f] <= degree;
        }
    for (int r = 0; r < b->nruns; r++)
        for (int c = 0; c < b->runs[r][2]; c++) {
            const bool is_low = b->degrees[b->runs[r][0]] + b->degrees[b->runs[r][1] + c] <= degree;
            count += is_low;
            if (marks)
                marks[term++] = is_low;
        }
    return count;
}

static int eqml__terms_up_to(const eqml_basis *b, int degree)
{
    return degree < b->degree ? eqml__mark_terms(b, degree, NULL) : b->nterms;
}

/* Rows of a geometry, on average. */
static double eqml__rows_of_geometry(const eqml__trials *s)
{
    const int natoms = s->whole->natoms, inner = natoms > 2 ? 3 * natoms - 6 : 1;
    size_t gradients = 0;
    for (size_t g = 0; g < s->data->n && !s->fit.energies_only; g++)
        gradients += eqml__may_train(s, g) && (s->data->has[g] & EQML_HAS_GRADIENT);
    return 1 + inner * (double)gradients / (double)s->trained;
}

/* Floating-point operations of a fit: its rows are made, and folded. */
static double eqml__fit_cost(const eqml__trials *s, int degree, double geometries)
{
    const double terms = eqml__terms_up_to(s->whole, degree);
    return geometries * eqml__rows_of_geometry(s) * (2 * terms * terms + 200 * terms);
}

/* Small sets of data are divided more than once, to tell chance from merit. */
static int eqml__divisions(double geometries)
{
    return geometries >= 2000 ? 1 : geometries >= 700 ? 2 : geometries >= 350 ? 3 : 4;
}

static double eqml__trial_cost(const eqml__trials *s, int degree, double geometries)
{
    return eqml__divisions(geometries) * eqml__fit_cost(s, degree, geometries);
}

/* ---- geometries ---------------------------------------------------------------------------------------- */

/* Whether geometry g is in the half that division number `run` / 2 holds back from its fit number `run` % 2. */
static bool eqml__is_held(const eqml__trials *s, size_t g, int run)
{
    const uint64_t division = eqml__scatter_bits((uint64_t)(run / 2 + 1));
    return s->offered[g] && (int)(eqml__scatter_bits(division + g) >> 63) == run % 2;
}

/*
 * A new level: the terms up to a degree, about so many geometries, fewer where a trial would take more than `most`
 * floating-point operations.
 */
static eqml_status eqml__set_level(eqml__trials *s, int degree, double geometries, double most)
{
    const eqml_basis *b = s->whole;
    eqml_status status = EQML_OK;
    geometries = fmin(geometries, most / eqml__trial_cost(s, degree, 1) * eqml__divisions(1));
    geometries = fmin(fmax(geometries, EQML__FEWEST), (double)s->trained);
    EQML_FREE(s->lower);
    s->lower = NULL;
    s->basis = b;
    s->degree = b->is_term ? b->degree : degree; /* a basis with factors that are not terms is taken whole */
    s->search.made = s->search.best = 0;
    if (s->degree < b->degree) {
        eqml__selection selection;
        unsigned char *keep = (unsigned char *)eqml__zeroed((size_t)b->nterms, 1);
        if (!keep)
            return EQML_ERROR_MEMORY;
        eqml__mark_terms(b, s->degree, keep);
        status = eqml__selection_create(&selection, b, keep);
        if (!status)
            status = eqml__build_basis(&selection, "lower", &s->lower);
        eqml__selection_free(&selection);
        EQML_FREE(keep);
        s->basis = s->lower;
    }
    const double part = geometries / (double)s->trained;
    size_t count = 0;
    for (size_t g = 0; g < s->data->n; g++) {
        s->offered[g] =
            eqml__may_train(s, g) && (double)(eqml__scatter_bits(g) >> 11) / 9007199254740992.0 <= part;
        count += s->offered[g];
    }
    s->runs = 2 * eqml__divisions((double)count);
    return status;
}

/* ---- one trial ----------------------------------------------------------------------------------------- */

/* The root mean square without the worst. */
static double eqml__trimmed_rms(double *squares, size_t count)
{
    const size_t worst = count > 1 ? (size_t)ceil(EQML__TRIMMED * (double)count) : 0;
    double sum = 0;
    qsort(squares, count, sizeof *squares, eqml__compare_numbers);
    for (size_t i = 0; i + worst < count; i++)
        sum += squares[i];
    return count ? sqrt(sum / (double)(count - worst)) : 0;
}

/* Errors of a surface over the geometries that one fit of a trial holds back; returns how many these are. */
static size_t eqml__held_errors(eqml__trials *s, const eqml_surface *surface, int run, double *energy,
                                double *gradient)
{
    const eqml_data *d = s->data;
    const size_t n = 3 * (size_t)d->natoms;
    double *slope = s->work, *other = slope + n, *work = other + n;
    size_t energies = 0, gradients = 0;
    for (size_t g = 0; g < d->n; g++) {
        if (!eqml__is_held(s, g, run))
            continue;
        const double *xyz = d->xyz + g * n, root = eqml__row_weight(&s->weights, g);
        const bool has = !s->fit.energies_only && (d->has[g] & EQML_HAS_GRADIENT);
        double error = eqml_energy_gradient(&surface->model, xyz, has ? slope : NULL, work) - d->energy[g];
        double square = 0;
        memset(other, 0, n * sizeof(double));
        if (s->fit.reference)
            error += s->fit.reference(s->fit.reference_context, xyz, other);
        s->banded[energies].energy = d->energy[g];
        s->banded[energies].square = error * error;
        s->squares[energies++] = root * root * error * error;
        for (size_t k = 0; k < n && has; k++)
            square += (slope[k] + other[k] - d->gradient[g * n + k]) *
                      (slope[k] + other[k] - d->gradient[g * n + k]);
        if (has)
            s->slopes[gradients++] = root * root * square / (double)n;
    }
    *energy = eqml__trimmed_rms(s->squares, energies);
    *gradient = eqml__trimmed_rms(s->slopes, gradients);
    return energies;
}

/* The logarithm of an error; of a fit that came out as no number, infinity. */
static double eqml__log_error(double error)
{
    return error <= DBL_MAX ? log(fmax(error, DBL_MIN)) : HUGE_VAL;
}

static int eqml__compare_bands(const void *x, const void *y)
{
    const eqml__banded *a = (const eqml__banded *)x, *b = (const eqml__banded *)y;
    return (a->energy > b->energy) - (a->energy < b->energy);
}

/* The mean logarithm of the errors of energies in four bands with equally many geometries: the lowest count as much as
 * the highest, whose errors are larger. */
static double eqml__log_bands(eqml__trials *s, size_t count)
{
    double sum = 0;
    qsort(s->banded, count, sizeof *s->banded, eqml__compare_bands);
    for (size_t band = 0; band < 4; band++) {
        const size_t first = band * count / 4, end = (band + 1) * count / 4;
        for (size_t i = first; i < end; i++)
            s->squares[i - first] = s->banded[i].square;
        sum += eqml__log_error(eqml__trimmed_rms(s->squares, end - first));
    }
    return sum / 4;
}

/* *t <- a trial of k[ngroups]. */
static eqml_status eqml__judge(eqml__trials *s, const double *k, eqml__trial *t)
{
    memset(t, 0, sizeof *t);
    eqml__variables_of_k(s, k, s->variables);
    for (int run = 0; run < s->runs; run++) {
        eqml_surface surface;
        eqml_fit_options fit = s->fit;
        double energy = 0, gradient = 0;
        size_t held = 0;
        eqml_status status = eqml_surface_create(s->basis, s->variables, &surface);
        for (size_t g = 0; g < s->data->n; g++)
            s->use[g] = s->offered[g] && !eqml__is_held(s, g, run);
        fit.use = s->use;
        if (!status)
            status = eqml_fit(&surface, s->data, &fit, NULL, s->message);
        if (!status)
            held = eqml__held_errors(s, &surface, run, &energy, &gradient);
        eqml_surface_free(&surface);
        if (status)
            return status;
        t->run[run] = s->by_bands ? eqml__log_bands(s, held)
                                  : eqml__log_error(energy) + (gradient > 0 ? eqml__log_error(gradient) : 0);
        t->score += t->run[run] / s->runs;
        t->rmse_energy += energy * energy / s->runs;
        t->rmse_gradient += gradient * gradient / s->runs;
    }
    t->rmse_energy = sqrt(t->rmse_energy);
    t->rmse_gradient = sqrt(t->rmse_gradient);
    s->told++;
    if (s->options->progress)
        s->options->progress(s->options->context, s->told, EQML__MOST_TRIALS);
    return EQML_OK;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static void eqml__trials_free(eqml__trials *s)
{
    EQML_FREE(s->lower);
    EQML_FREE(s->group_of);
    EQML_FREE(s->groups);
    EQML_FREE(s->offered);
    EQML_FREE(s->squares);
    EQML_FREE(s->banded);
    EQML_FREE(s->work);
    EQML_FREE(s->variables);
    EQML_FREE(s->k);
    EQML_FREE(s->search.tried);
}

/* The caller frees the trials, also if this fails. */
static eqml_status eqml__trials_create(eqml__trials *s, const eqml_basis *basis, const eqml_data *data,
                                       const eqml_choice_options *options, const eqml_variable *given,
                                       eqml_message *message)
{
    const size_t n = data->n, classes = (size_t)basis->npair_classes, atoms = (size_t)basis->natoms;
    memset(s, 0, sizeof *s);
    s->whole = s->basis = basis;
    s->data = data;
    s->options = options;
    s->given = given;
    s->message = message;
    if (options->fit)
        s->fit = *options->fit;
    s->fit.progress = NULL;
    s->fit.checkpoint = NULL;
    s->weights.data = data;
    s->weights.options = &s->fit;
    s->weights.natoms = basis->natoms;
    s->weights.wanted = EQML_HAS_ENERGY;
    s->weights.kind = EQML_TENSORS;
    const eqml_status status = eqml__check_fit(&s->weights, "basis", "an energy", message);
    if (status && status != EQML_ERROR_EMPTY)
        return status;
    s->trained = s->weights.count;
    if (status) { /* distances may be known at least */
        size_t known = 0;
        s->weights.wanted = ~0;
        for (size_t g = 0; g < n; g++)
            known += eqml__trains(&s->weights, g);
        if (known == 0)
            return status;
    }
    s->group_of = (int *)eqml__zeroed(classes, sizeof(int));
    s->groups = (eqml__group *)eqml__zeroed(classes, sizeof(eqml__group));
    s->offered = (unsigned char *)eqml__zeroed(2 * n, 1);
    s->squares = (double *)eqml__zeroed(2 * n, sizeof(double));
    s->banded = (eqml__banded *)eqml__zeroed(n, sizeof(eqml__banded));
    s->work = (double *)eqml__zeroed(eqml__most_work(basis) + 6 * atoms, sizeof(double));
    s->variables = (eqml_variable *)eqml__zeroed(classes, sizeof(eqml_variable));
    s->k = (double *)eqml__zeroed(2 * classes, sizeof(double));
    s->search.tried = (double *)eqml__zeroed(EQML__MOST_TRIALS * classes, sizeof(double));
    if (!s->group_of || !s->groups || !s->offered || !s->squares || !s->banded || !s->work || !s->variables ||
        !s->k || !s->search.tried)
        return eqml__fail(message, EQML_ERROR_MEMORY, "out of memory");
    s->use = s->offered + n;
    s->slopes = s->squares + n;
    s->start = s->k + classes;
    eqml__survey_groups(s);
    s->search.n = s->ngroups;
    s->search.k = s->k;
    return EQML_OK;
}

#endif /* EQML__TRIAL_C */

/* ==== choose.c ========================================================================================== */

/* The choice of variables: the search over trials. */
#ifndef EQML__CHOOSE_C
#define EQML__CHOOSE_C

#define EQML__EFFORT 2e12   /* floating-point operations of one stage, at most */
#define EQML__FINAL_FITS 20 /* and the same in final fits, for the last stage */

/* Where k may be: the least of variables that may grow, and of those that may not; the gentle one of the menu. */
#define EQML__LEAST_K -2.0
#define EQML__LEAST_FALL 0.1
#define EQML__MOST_K 8.0
#define EQML__GENTLE_K 0.25

static bool eqml__may_be(const void *context, int group, double k)
{
    const eqml__trials *s = (const eqml__trials *)context;
    return k <= EQML__MOST_K && k >= (s->groups[group].may_grow ? EQML__LEAST_K : EQML__LEAST_FALL);
}

static bool eqml__is_open(const void *context, int group)
{
    return ((const eqml__trials *)context)->groups[group].open;
}

static eqml_status eqml__judge_numbered(void *context, const double *k, int number, double *score)
{
    eqml__trials *s = (eqml__trials *)context;
    const eqml_status status = eqml__judge(s, k, &s->trials[number]);
    *score = s->trials[number].score;
    return status;
}

/* All groups have the same k. */
static eqml_status eqml__contend_all(eqml__trials *s, double k)
{
    bool better;
    for (int g = 0; g < s->ngroups; g++)
        s->k[g] = k;
    return eqml__contend(&s->search, s->k, &better);
}

static eqml_status eqml__try_menu(eqml__trials *s)
{
    static const double all[] = {1, 0.5, EQML__GENTLE_K, 0};
    eqml_status status = EQML_OK;
    bool better;
    for (int m = 0; m < 4 && !status; m++)
        status = eqml__contend_all(s, all[m]);
    for (int g = 0; g < s->ngroups; g++)
        s->k[g] = s->groups[g].mean / 2;
    if (!status)
        status = eqml__contend(&s->search, s->k, &better);
    for (int g = 0; g < s->ngroups; g++)
        s->k[g] = s->groups[g].is_hydrogen ? -0.25 : 0.4;
    return status ? status : eqml__contend(&s->search, s->k, &better);
}

/* Stages 1 and 2; s->start <- the best. */
static eqml_status eqml__search_below(eqml__trials *s)
{
    const int whole = s->whole->degree, degree = whole > 3 ? whole - 2 : whole > 1 ? 2 : 1;
    const double geometries = fmax(0.25 * (double)s->trained,
                                   10.0 * eqml__terms_up_to(s->whole, degree) / eqml__rows_of_geometry(s));
    eqml_status status = eqml__set_level(s, degree, geometries, EQML__EFFORT / (double)EQML__MOST_TRIALS);
    if (!status)
        status = eqml__try_menu(s);
    if (!status)
        status = eqml__compass_search(&s->search, 0.25, 0.125, 40);
    memcpy(s->start, eqml__tried(&s->search, s->search.best), (size_t)s->ngroups * sizeof(double));
    return status;
}

/* How many trials of stage 3 may be made with the terms up to a degree. */
static int eqml__affordable(const eqml__trials *s, int degree)
{
    const double trial = eqml__trial_cost(s, degree, (double)s->trained);
    const double effort =
        fmin(EQML__EFFORT, EQML__FINAL_FITS * eqml__fit_cost(s, s->whole->degree, (double)s->trained));
    return (int)fmin(14, effort / trial);
}

static eqml_status eqml__search_above(eqml__trials *s)
{
    int degree = s->whole->degree;
    bool better;
    if (0.5 * (double)s->trained * eqml__rows_of_geometry(s) < 15.0 * s->whole->nterms && degree > 1)
        degree--;
    while (degree > 1 && eqml__affordable(s, degree) < 8)
        degree--;
    const int most = eqml__affordable(s, degree);
    if (most < 8)
        return EQML_OK;
    eqml_status status = eqml__set_level(s, degree, (double)s->trained, HUGE_VAL);
    if (!status)
        status = eqml__contend(&s->search, s->start, &better);
    if (!status)
        status = eqml__contend_all(s, EQML__GENTLE_K);
    if (!status)
        status = eqml__contend_all(s, 0);
    return status ? status : eqml__compass_search(&s->search, 0.25, 0.0625, most);
}

/* The trial that is taken: of those within one standard error of the best, the one that bends least. */
static int eqml__gentlest(const eqml__trials *s)
{
    const int runs = s->runs;
    int taken = s->search.best;
    double least = HUGE_VAL;
    for (int t = 0; t < s->search.made; t++) {
        const double mean = s->trials[t].score - s->trials[s->search.best].score,
                     *k = eqml__tried(&s->search, t);
        double squares = 0, bend = 0;
        for (int r = 0; r < runs; r++) {
            const double d = s->trials[t].run[r] - s->trials[s->search.best].run[r] - mean;
            squares += d * d;
        }
        for (int g = 0; g < s->ngroups; g++)
            bend += k[g] * k[g];
        if (mean <= sqrt(squares / (runs * (runs - 1))) && bend < least)
            least = bend, taken = t;
    }
    return taken;
}

/* A level of all terms and geometries, or of as many as so many trials can have. */
static eqml_status eqml__set_final_level(eqml__trials *s, int trials)
{
    int degree = s->whole->degree;
    while (degree > 1 && eqml__affordable(s, degree) < 8)
        degree--;
    return eqml__set_level(s, degree, (double)s->trained, EQML__EFFORT / trials);
}

/* s->fit.ridge <- the largest that costs nearly nothing with these k. */
static eqml_status eqml__choose_ridge(eqml__trials *s, const double *k)
{
    static const double ridges[] = {0, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9};
    enum { COUNT = sizeof ridges / sizeof ridges[0] };
    double score[COUNT], least = HUGE_VAL;
    int count = 0, taken = 0;
    eqml_status status = eqml__set_final_level(s, COUNT);
    for (; count < COUNT && !status; count++) {
        eqml__trial trial;
        s->fit.ridge = ridges[count];
        status = eqml__judge(s, k, &trial);
        score[count] = trial.score;
        least = fmin(least, trial.score);
        if (trial.score > least + 0.1)
            break; /* larger ones are worse still */
    }
    for (int r = 0; r < count && !status; r++)
        if (score[r] <= least + 0.01)
            taken = r;
    s->fit.ridge = ridges[taken];
    return status;
}

/* s->fit.energy_weight <- the one with the least error over bands of energies. */
static eqml_status eqml__choose_energy_weight(eqml__trials *s, const double *k)
{
    static const double weights[] = {0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001};
    enum { COUNT = sizeof weights / sizeof weights[0] };
    double least = HUGE_VAL, taken = 0;
    eqml_status status = eqml__set_final_level(s, COUNT);
    s->by_bands = true;
    for (int w = 0; w < COUNT && !status; w++) {
        eqml__trial trial;
        s->fit.energy_weight = weights[w];
        status = eqml__judge(s, k, &trial);
        if (!status && trial.score < least)
            least = trial.score, taken = weights[w];
    }
    s->by_bands = false;
    s->fit.energy_weight = taken;
    return status;
}

/* All stages; s->k <- the choice. */
static eqml_status eqml__search(eqml__trials *s, eqml_choice *found)
{
    bool open = false;
    for (int g = 0; g < s->ngroups; g++)
        open = open || s->groups[g].open;
    eqml_status status = open ? eqml__search_below(s) : EQML_OK;
    if (!status && open)
        status = eqml__search_above(s);
    if (!status && open) {
        const int taken = eqml__gentlest(s);
        found->degree = s->degree;
        found->rmse_energy = s->trials[taken].rmse_energy;
        found->rmse_gradient = s->trials[taken].rmse_gradient;
        memcpy(s->k, eqml__tried(&s->search, taken), (size_t)s->ngroups * sizeof(double));
    }
    if (!status && s->options->choose_energy_weight)
        status = eqml__choose_energy_weight(s, s->k);
    if (!status && s->options->choose_ridge)
        status = eqml__choose_ridge(s, s->k);
    found->trials = s->told;
    return status;
}

static const eqml_choice_options eqml__choice_defaults = {NULL, NULL, 0, 0, NULL, NULL};

EQML_API eqml_status eqml_choose_variables(const eqml_basis *basis, const eqml_data *data,
                                           const eqml_choice_options *options, eqml_variable *variables,
                                           eqml_choice *choice, eqml_message *message)
{
    eqml__trials s;
    eqml_choice found;
    memset(&found, 0, sizeof found);
    eqml_status status =
        eqml__trials_create(&s, basis, data, options ? options : &eqml__choice_defaults, variables, message);
    s.search.context = &s;
    s.search.may_be = eqml__may_be;
    s.search.is_open = eqml__is_open;
    s.search.judge = eqml__judge_numbered;
    for (int g = 0; g < s.ngroups; g++)
        s.k[g] = EQML__GENTLE_K;
    if (s.options->choose_ridge)
        s.fit.ridge = 0;
    if (s.options->choose_energy_weight)
        s.fit.energy_weight = 0;
    if (!status && s.trained >= EQML__FEWEST)
        status = eqml__search(&s, &found);
    if (!status) {
        eqml__variables_of_k(&s, s.k, variables);
        for (int c = 0; c < basis->npair_classes; c++)
            found.growing +=
                !eqml__is_fixed(&s, c) && (variables[c].kind == EQML_POWER || variables[c].range < 0);
        found.ridge = s.fit.ridge;
        found.energy_weight = s.fit.energy_weight;
        if (choice)
            *choice = found;
    }
    if (status == EQML_ERROR_MEMORY)
        eqml__fail(message, status, "the choice of variables is out of memory");
    eqml__trials_free(&s);
    return status;
}

EQML_API eqml_status eqml_choose_degree(const eqml_basis *basis, const eqml_data *data,
                                        const eqml_choice_options *options, const eqml_variable *variables,
                                        int *degree, double *rmse_energy, eqml_message *message)
{
    eqml__trials s;
    eqml_choice_options all_fixed = options ? *options : eqml__choice_defaults;
    eqml__trial *trials = (eqml__trial *)eqml__zeroed((size_t)basis->degree + 1, sizeof *trials);
    unsigned char *fixed = (unsigned char *)eqml__zeroed((size_t)basis->npair_classes, 1);
    eqml_status status = trials && fixed ? EQML_OK : eqml__fail(message, EQML_ERROR_MEMORY, "out of memory");
    int best = 1;
    memset(&s, 0, sizeof s);
    if (!status) {
        memset(fixed, 1, (size_t)basis->npair_classes);
        all_fixed.fixed = fixed;
        status = eqml__trials_create(&s, basis, data, &all_fixed, variables, message);
    }
    if (!status && s.trained < EQML__FEWEST)
        status = eqml__fail(message, EQML_ERROR_EMPTY,
                            "%zu energies are too few to choose a degree by: %d are needed", s.trained,
                            EQML__FEWEST);
    for (int d = 1; d <= basis->degree && !status; d++) {
        status = eqml__set_level(&s, d, (double)s.trained, HUGE_VAL);
        if (!status)
            status = eqml__judge(&s, s.k, &trials[d]);
        rmse_energy[d] = trials[d].rmse_energy;
        if (!status && trials[d].score < trials[best].score)
            best = d;
    }
    *degree = best;
    for (int d = best - 1; d >= 1 && !status; d--)
        if (trials[d].score <= trials[best].score + 0.02)
            *degree = d;
    if (status == EQML_ERROR_MEMORY)
        eqml__fail(message, status, "the choice of a degree is out of memory");
    eqml__trials_free(&s);
    EQML_FREE(trials);
    EQML_FREE(fixed);
    return status;
}

#endif /* EQML__CHOOSE_C */

/* ==== cloud/neighbours.c ================================================================================ */

#ifndef EQML__CLOUD_NEIGHBOURS_C
#define EQML__CLOUD_NEIGHBOURS_C

/* The cell and its bins. Atoms are known by their fractions of the cell's vectors. */
typedef struct eqml__bins {
    double cell[3][3], inverse[3][3]; /* fraction_k = sum_d r_d inverse[d][k] */
    int periodic[3], count[3], reach[3];
    double low[3], width[3]; /* of the fractions; low 0 and width 1 where it is periodic */
} eqml__bins;

static void eqml__cross(const double *a, const double *b, double *c)
{
    for (size_t k = 0; k < 3; k++)
        c[k] = a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3];
}

static double eqml__scalar_product(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* A unit vector, at right angles to the other two (or to the one of them that is not zero). */
static void eqml__open_vector(double cell[3][3], size_t k)
{
    double *v = cell[k];
    const double *a = cell[(k + 1) % 3], *b = cell[(k + 2) % 3];
    eqml__cross(a, b, v);
    for (size_t d = 0; d < 3 && eqml__scalar_product(v, v) == 0; d++) {
        double axis[3] = {0, 0, 0};
        axis[d] = 1;
        const double *other = eqml__scalar_product(a, a) > 0 ? a : b;
        eqml__cross(other, axis, v);
        if (eqml__scalar_product(a, a) == 0 && eqml__scalar_product(b, b) == 0) /* all three are open */
            v[k] = 1;
    }
    const double length = sqrt(eqml__scalar_product(v, v));
    for (size_t d = 0; d < 3; d++)
        v[d] /= length;
}

static eqml_status eqml__bins_cell(const eqml_configuration *c, eqml__bins *b, eqml_message *message)
{
    for (size_t k = 0; k < 3; k++) {
        b->periodic[k] = c->cell && (!c->pbc || c->pbc[k]);
        for (size_t d = 0; d < 3; d++) {
            b->cell[k][d] = b->periodic[k] ? c->cell[3 * k + d] : 0;
            if (!(fabs(b->cell[k][d]) <= 1e100))
                return eqml__fail(message, EQML_ERROR_VALUE, "the cell has a component that is not finite");
        }
    }
    for (size_t k = 0; k < 3; k++)
        if (!b->periodic[k])
            eqml__open_vector(b->cell, k);
    double normal[3][3];
    for (size_t k = 0; k < 3; k++)
        eqml__cross(b->cell[(k + 1) % 3], b->cell[(k + 2) % 3], normal[k]);
    const double volume = eqml__scalar_product(b->cell[0], normal[0]);
    double scale = 1;
    for (size_t k = 0; k < 3; k++)
        scale *= sqrt(eqml__scalar_product(b->cell[k], b->cell[k]));
    if (!(fabs(volume) > 1e-10 * scale))
        return eqml__fail(message, EQML_ERROR_VALUE,
                          "the cell has no volume: its vectors lie in a plane, or one is zero");
    for (size_t k = 0; k < 3; k++)
        for (size_t d = 0; d < 3; d++)
            b->inverse[d][k] = normal[k][d] / volume;
    return EQML_OK;
}

/* As many bins as atoms at most, no smaller than half the cutoff where that can be. */
static void eqml__bins_count(size_t natoms, const double *low, const double *high, double cutoff,
                             eqml__bins *b)
{
    double wanted[3], most = (double)natoms + 1;
    for (size_t k = 0; k < 3; k++) {
        const double per_height =
            sqrt(b->inverse[0][k] * b->inverse[0][k] + b->inverse[1][k] * b->inverse[1][k] +
                 b->inverse[2][k] * b->inverse[2][k]);
        b->low[k] = b->periodic[k] ? 0 : low[k];
        b->width[k] = b->periodic[k] ? 1 : (high[k] - low[k]) * (1 + 1e-9) + 1e-9;
        wanted[k] = floor(2 * b->width[k] / (per_height * cutoff));
        wanted[k] = wanted[k] < 1 ? 1 : wanted[k] > 1000 ? 1000 : wanted[k];
    }
    while (wanted[0] * wanted[1] * wanted[2] > most) {
        const int k = wanted[0] >= wanted[1] && wanted[0] >= wanted[2] ? 0 : wanted[1] >= wanted[2] ? 1 : 2;
        wanted[k] = floor(wanted[k] * 0.9);
    }
    for (size_t k = 0; k < 3; k++) {
        const double per_height =
            sqrt(b->inverse[0][k] * b->inverse[0][k] + b->inverse[1][k] * b->inverse[1][k] +
                 b->inverse[2][k] * b->inverse[2][k]);
        b->count[k] = (int)wanted[k];
        const double bin = b->width[k] / b->count[k]; /* as a fraction */
        b->reach[k] = (int)fmin(1e6, ceil(cutoff * per_height / bin));
    }
}

/* The atoms bin by bin; temporary arrays of one call. */
typedef struct eqml__binned {
    int *shift;          /* [natoms][3] whole cells that were taken off */
    int *bin;            /* [natoms] */
    int *start, *member; /* the atoms of a bin are member[start[bin]] .. */
    double (*inside)[3]; /* [natoms] where they are in the cell, in the order of members */
} eqml__binned;

static void eqml__binned_free(eqml__binned *x)
{
    EQML_FREE(x->shift);
    EQML_FREE(x->bin);
    EQML_FREE(x->start);
    EQML_FREE(x->member);
    EQML_FREE(x->inside);
}

static int eqml__bin_of(const eqml__bins *b, int k, double fraction)
{
    const int n = (int)((fraction - b->low[k]) / b->width[k] * b->count[k]);
    return n < 0 ? 0 : n >= b->count[k] ? b->count[k] - 1 : n;
}

/* fraction[natoms][3] of the cell's vectors, within the cell where it is periodic. Returns the first atom that is too many
 * cells away to be counted, or natoms. */
static size_t eqml__wrap(const eqml_configuration *c, const eqml__bins *b, double *fraction, int *shift)
{
    for (size_t i = 0; i < c->natoms; i++)
        for (size_t k = 0; k < 3; k++) {
            double f = 0;
            for (size_t d = 0; d < 3; d++)
                f += c->xyz[3 * i + d] * b->inverse[d][k];
            const double whole = b->periodic[k] ? floor(f) : 0;
            if (!(fabs(whole) < 1e9))
                return i;
            fraction[3 * i + k] = f - whole;
            shift[3 * i + k] = (int)whole;
        }
    return c->natoms;
}

/* Where each bin begins, and its members in the order of their numbers. */
static void eqml__sort_bins(size_t natoms, size_t nbins, const int *bin, int *start, int *member)
{
    for (size_t i = 0; i < natoms; i++)
        start[bin[i] + 1]++;
    for (size_t k = 0; k < nbins; k++)
        start[k + 1] += start[k];
    for (size_t i = natoms; i-- > 0;)
        member[--start[bin[i] + 1]] = (int)i;
    for (size_t k = 0; k < nbins; k++) /* start[k+1] is where bin k begins: one place to the left */
        start[k] = start[k + 1];
    start[nbins] = (int)natoms;
}

static eqml_status eqml__bin_atoms(const eqml_configuration *c, double cutoff, eqml__bins *b, eqml__binned *x,
                                   eqml_message *message)
{
    const size_t n = c->natoms;
    size_t lost = n;
    double low[3] = {0, 0, 0}, high[3] = {0, 0, 0};
    double *fraction = (double *)eqml__zeroed(3 * n, sizeof(double));
    x->shift = (int *)eqml__zeroed(3 * n, sizeof(int));
    x->bin = (int *)eqml__zeroed(n, sizeof(int));
    x->member = (int *)eqml__zeroed(n, sizeof(int));
    x->inside = (double(*)[3])eqml__zeroed(n, sizeof *x->inside);
    if (fraction && x->shift && x->bin && x->member && x->inside) {
        lost = eqml__wrap(c, b, fraction, x->shift);
        for (size_t i = 0; i < 3 * n && lost == n; i++) {
            const size_t k = i % 3;
            low[k] = i < 3 || fraction[i] < low[k] ? fraction[i] : low[k];
            high[k] = i < 3 || fraction[i] > high[k] ? fraction[i] : high[k];
        }
        eqml__bins_count(n, low, high, cutoff, b);
        const size_t nbins = (size_t)b->count[0] * (size_t)b->count[1] * (size_t)b->count[2];
        x->start = (int *)eqml__zeroed(nbins + 1, sizeof(int));
        for (size_t i = 0; i < n && lost == n; i++) {
            const double *f = fraction + 3 * i;
            x->bin[i] = (eqml__bin_of(b, 0, f[0]) * b->count[1] + eqml__bin_of(b, 1, f[1])) * b->count[2] +
                        eqml__bin_of(b, 2, f[2]);
        }
        if (x->start)
            eqml__sort_bins(n, nbins, x->bin, x->start, x->member);
    }
    EQML_FREE(fraction);
    if (lost < n)
        return eqml__fail(message, EQML_ERROR_VALUE, "atom %zu, counted from 0, is more than 1e9 cells away",
                          lost);
    if (!x->start)
        return EQML_ERROR_MEMORY;
    for (size_t at = 0; at < n; at++) {
        const size_t i = (size_t)x->member[at];
        for (size_t d = 0; d < 3; d++) {
            double r = c->xyz[3 * i + d];
            for (size_t k = 0; k < 3; k++)
                r -= x->shift[3 * i + k] * b->cell[k][d];
            x->inside[at][d] = r;
        }
    }
    return EQML_OK;
}

/* Room for one more pair. */
static int eqml__neighbours_grow(eqml_neighbours *list)
{
    const size_t capacity = list->capacity ? 2 * list->capacity : 4096;
    int *index = (int *)eqml__zeroed(capacity, sizeof(int));
    double(*vector)[3] = (double(*)[3])eqml__zeroed(capacity, sizeof *vector);
    if (!index || !vector) {
        EQML_FREE(index);
        EQML_FREE(vector);
        return -1;
    }
    if (list->count) {
        memcpy(index, list->index, list->count * sizeof *index);
        memcpy(vector, list->vector, list->count * sizeof *vector);
    }
    EQML_FREE(list->index);
    EQML_FREE(list->vector);
    list->index = index;
    list->vector = vector;
    list->capacity = capacity;
    return 0;
}

/*
 * Adds the pair of i and an image of j if they are closer than the cutoff. Its vector is that of the coordinates as given
 * plus whole cells; wrapped coordinates would have other last digits.
 */
static eqml_status eqml__add_pair(const eqml_configuration *c, const eqml__bins *b, const eqml__binned *x,
                                  size_t i, size_t j, const int *image, double cutoff2, eqml_neighbours *list,
                                  eqml_message *message)
{
    double d[3];
    for (size_t k = 0; k < 3; k++)
        d[k] = c->xyz[3 * j + k] - c->xyz[3 * i + k];
    for (size_t k = 0; k < 3; k++) {
        const double cells = image[k] + x->shift[3 * i + k] - x->shift[3 * j + k];
        for (size_t e = 0; e < 3 && cells != 0; e++)
            d[e] += cells * b->cell[k][e];
    }
    const double r2 = eqml__scalar_product(d, d);
    if (r2 >= cutoff2)
        return EQML_OK;
    if (!(r2 > 1e-16))
        return eqml__fail(message, EQML_ERROR_VALUE, "atoms %zu and %zu, counted from 0, are in one place", i,
                          j);
    if (list->count == list->capacity && eqml__neighbours_grow(list))
        return EQML_ERROR_MEMORY;
    list->index[list->count] = (int)j;
    memcpy(list->vector[list->count++], d, sizeof d);
    return EQML_OK;
}

/* The pairs of atom i, at `inside`, with the members of one bin, in the cell that is `image` cells away. */
static eqml_status eqml__pairs_in_bin(const eqml_configuration *c, const eqml__bins *b, const eqml__binned *x,
                                      size_t i, const double *inside, size_t bin, const int *image,
                                      double cutoff2, eqml_neighbours *list, eqml_message *message)
{
    const int here = image[0] == 0 && image[1] == 0 && image[2] == 0;
    const double near = cutoff2 * (1 + 1e-9); /* what is at the edge is decided by eqml__add_pair */
    double from[3];
    for (size_t d = 0; d < 3; d++)
        from[d] = inside[d] - image[0] * b->cell[0][d] - image[1] * b->cell[1][d] - image[2] * b->cell[2][d];
    for (int at = x->start[bin]; at < x->start[bin + 1]; at++) {
        const double *to = x->inside[at];
        const double d[3] = {to[0] - from[0], to[1] - from[1], to[2] - from[2]};
        const size_t j = (size_t)x->member[at];
        if (eqml__scalar_product(d, d) > near || (here && i == j))
            continue;
        const eqml_status status = eqml__add_pair(c, b, x, i, j, image, cutoff2, list, message);
        if (status)
            return status;
    }
    return EQML_OK;
}

/* The bin at a distance from that of atom i along k, and how many cells away it is; -1: outside. */
static int eqml__bin_beside(const eqml__bins *b, int k, int bin, int *image)
{
    const int n = b->count[k];
    *image = 0;
    if (bin >= 0 && bin < n)
        return bin;
    if (!b->periodic[k])
        return -1;
    *image = bin >= 0 ? bin / n : -((n - 1 - bin) / n);
    return bin - *image * n;
}

static eqml_status eqml__pairs_of(const eqml_configuration *c, const eqml__bins *b, const eqml__binned *x,
                                  size_t i, double cutoff2, eqml_neighbours *list, eqml_message *message)
{
    double inside[3];
    for (size_t d = 0; d < 3; d++) {
        inside[d] = c->xyz[3 * i + d];
        for (size_t k = 0; k < 3; k++)
            inside[d] -= x->shift[3 * i + k] * b->cell[k][d];
    }
    const int at[3] = {x->bin[i] / (b->count[1] * b->count[2]), x->bin[i] / b->count[2] % b->count[1],
                       x->bin[i] % b->count[2]};
    int image[3], bin[3];
    for (int p = -b->reach[0]; p <= b->reach[0]; p++) {
        if ((bin[0] = eqml__bin_beside(b, 0, at[0] + p, &image[0])) < 0)
            continue;
        for (int q = -b->reach[1]; q <= b->reach[1]; q++) {
            if ((bin[1] = eqml__bin_beside(b, 1, at[1] + q, &image[1])) < 0)
                continue;
            for (int r = -b->reach[2]; r <= b->reach[2]; r++) {
                if ((bin[2] = eqml__bin_beside(b, 2, at[2] + r, &image[2])) < 0)
                    continue;
                const size_t number =
                    ((size_t)bin[0] * (size_t)b->count[1] + (size_t)bin[1]) * (size_t)b->count[2] +
                    (size_t)bin[2];
                const eqml_status status =
                    eqml__pairs_in_bin(c, b, x, i, inside, number, image, cutoff2, list, message);
                if (status)
                    return status;
            }
        }
    }
    return EQML_OK;
}

static eqml_status eqml__neighbours_begin(const eqml_configuration *c, double cutoff, eqml_neighbours *list,
                                          eqml_message *message)
{
    if (!(cutoff > 0 && cutoff < 1e6))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "the cutoff is %g bohr; it must be positive", cutoff);
    for (size_t k = 0; k < 3 * c->natoms; k++)
        if (!(fabs(c->xyz[k]) < 1e9))
            return eqml__fail(message, EQML_ERROR_VALUE, "a coordinate of atom %zu, counted from 0, is %g",
                              k / 3, c->xyz[k]);
    if (list->atoms_capacity < c->natoms + 1) {
        EQML_FREE(list->first);
        list->first = (size_t *)eqml__zeroed(c->natoms + 1, sizeof(size_t));
        list->atoms_capacity = list->first ? c->natoms + 1 : 0;
        if (!list->first)
            return EQML_ERROR_MEMORY;
    }
    list->natoms = c->natoms;
    list->count = 0;
    return EQML_OK;
}

EQML_API eqml_status eqml_neighbours_find(const eqml_configuration *c, double cutoff, eqml_neighbours *list,
                                          eqml_message *message)
{
    eqml__bins bins;
    eqml__binned x = {NULL, NULL, NULL, NULL, NULL};
    eqml_status status = eqml__neighbours_begin(c, cutoff, list, message);
    if (!status)
        status = eqml__bins_cell(c, &bins, message);
    if (!status)
        status = eqml__bin_atoms(c, cutoff, &bins, &x, message);
    for (size_t i = 0; i < c->natoms && !status; i++) {
        list->first[i] = list->count;
        status = eqml__pairs_of(c, &bins, &x, i, cutoff * cutoff, list, message);
    }
    if (status == EQML_ERROR_MEMORY)
        eqml__fail(message, status, "no memory for the pairs of %zu atoms", c->natoms);
    if (!status)
        list->first[c->natoms] = list->count;
    eqml__binned_free(&x);
    return status;
}

EQML_API void eqml_neighbours_free(eqml_neighbours *list)
{
    EQML_FREE(list->first);
    EQML_FREE(list->index);
    EQML_FREE(list->vector);
    memset(list, 0, sizeof *list);
}

#endif /* EQML__CLOUD_NEIGHBOURS_C */

/* ==== cloud/pair_reference.c ============================================================================ */

#ifndef EQML__CLOUD_PAIR_REFERENCE_C
#define EQML__CLOUD_PAIR_REFERENCE_C

/* The universal screening function, and what LAMMPS takes for its length and for the square of the electron's charge. */
static const double eqml__zbl_weight[4] = {0.02817, 0.28022, 0.50986, 0.18175};
static const double eqml__zbl_rate[4] = {0.20162, 0.40290, 0.94229, 3.19980};
#define EQML__ZBL_LENGTH (0.46850 * EQML_ANGSTROM)
#define EQML__ZBL_CHARGE2 (14.399645 * EQML_EV * EQML_ANGSTROM)

/* The polynomial that takes value and two derivatives to zero at `outer`, from what is without it at `inner`. */
static void eqml__pair_switch(eqml_pair_reference *p)
{
    const double r = p->outer, width = p->outer - p->inner;
    double e = 0, slope = 0, curvature = 0;
    for (int k = 0; k < 4; k++) {
        const double b = p->rate[k], v = p->amplitude[k] * exp(-b * r) / r;
        e += v;
        slope -= v * (b + 1 / r);
        curvature += v * (b * b + 2 * b / r + 2 / (r * r));
    }
    p->cubic = (-3 * slope + width * curvature) / (3 * width * width);
    p->quartic = (2 * slope - width * curvature) / (4 * width * width * width);
    p->constant = -e + width * slope / 2 - width * width * curvature / 12;
}

EQML_API eqml_status eqml_pair_zbl(double z1, double z2, double inner, double outer,
                                   eqml_pair_reference *pair)
{
    memset(pair, 0, sizeof *pair);
    if (!(z1 > 0 && z2 > 0 && z1 < 1000 && z2 < 1000 && inner >= 0 && inner < outer && outer < 1e6))
        return EQML_ERROR_ARGUMENT;
    const double length = EQML__ZBL_LENGTH / (pow(z1, 0.23) + pow(z2, 0.23));
    pair->inner = inner;
    pair->outer = outer;
    for (int k = 0; k < 4; k++) {
        pair->amplitude[k] = z1 * z2 * EQML__ZBL_CHARGE2 * eqml__zbl_weight[k];
        pair->rate[k] = eqml__zbl_rate[k] / length;
    }
    eqml__pair_switch(pair);
    return EQML_OK;
}

/* x of the equations m x = b (order n, at most 4), by elimination; returns nonzero where m is singular. */
static int eqml__solve_few(int n, double m[4][4], double *b)
{
    for (int k = 0; k < n; k++) {
        if (!(m[k][k] > 1e-13))
            return 1;
        for (int i = k + 1; i < n; i++) {
            const double f = m[i][k] / m[k][k];
            for (int j = k; j < n; j++)
                m[i][j] -= f * m[k][j];
            b[i] -= f * b[k];
        }
    }
    for (int k = n - 1; k >= 0; k--) {
        for (int j = k + 1; j < n; j++)
            b[k] -= m[k][j] * b[j];
        b[k] /= m[k][k];
    }
    return 0;
}

/* Of all x >= 0 the one that makes x (m x - 2 b) least, which is returned: each set of positive x is tried. */
static double eqml__least_positive(double m[4][4], const double *b, double *x)
{
    double best = 0;
    for (int k = 0; k < 4; k++)
        x[k] = 0;
    for (int set = 1; set < 16; set++) {
        int member[4], n = 0, positive = 1;
        double part[4][4], y[4], value = 0;
        for (int k = 0; k < 4; k++)
            if (set >> k & 1)
                member[n++] = k;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++)
                part[i][j] = m[member[i]][member[j]];
            y[i] = b[member[i]];
        }
        if (eqml__solve_few(n, part, y))
            continue;
        for (int i = 0; i < n; i++) {
            positive = positive && y[i] >= 0;
            value -= y[i] * b[member[i]];
        }
        if (!positive || value >= best)
            continue;
        best = value;
        for (int k = 0; k < 4; k++)
            x[k] = 0;
        for (int i = 0; i < n; i++)
            x[member[i]] = y[i];
    }
    return best;
}

/* Fits the amplitudes of a pair whose rates are set; returns the mean square of relative errors. */
static double eqml__fit_amplitudes(size_t n, const double *distance, const double *energy,
                                   eqml_pair_reference *pair)
{
    double m[4][4] = {{0}}, b[4] = {0}, size[4], x[4];
    eqml_pair_reference single[4];
    for (int k = 0; k < 4; k++) {
        single[k] = *pair;
        for (int j = 0; j < 4; j++)
            single[k].amplitude[j] = j == k;
        eqml__pair_switch(&single[k]);
    }
    for (size_t i = 0; i < n; i++) {
        double v[4];
        for (int k = 0; k < 4; k++)
            v[k] = eqml_pair_energy(&single[k], distance[i], NULL) / energy[i];
        for (int k = 0; k < 4; k++) {
            b[k] += v[k] / (double)n;
            for (int j = 0; j < 4; j++)
                m[k][j] += v[k] * v[j] / (double)n;
        }
    }
    for (int k = 0; k < 4; k++) /* columns of length 1 */
        size[k] = m[k][k] > 0 ? 1 / sqrt(m[k][k]) : 0;
    for (int k = 0; k < 4; k++) {
        b[k] *= size[k];
        for (int j = 0; j < 4; j++)
            m[k][j] *= size[k] * size[j];
    }
    const double rest = 1 + eqml__least_positive(m, b, x);
    for (int k = 0; k < 4; k++)
        pair->amplitude[k] = x[k] * size[k];
    eqml__pair_switch(pair);
    return rest > 0 ? rest : 0;
}

EQML_API eqml_status eqml_pair_fit(double z1, double z2, double inner, double outer, size_t n,
                                   const double *distance, const double *energy, eqml_pair_reference *pair,
                                   double *error)
{
    enum { STEPS = 64 };
    eqml_pair_reference zbl, best;
    double least = -1;
    eqml_status status = eqml_pair_zbl(z1, z2, inner, outer, &zbl);
    for (size_t i = 0; i < n && !status; i++)
        if (!(distance[i] > 0 && distance[i] < outer && energy[i] > 0 && energy[i] < 1e9))
            status = EQML_ERROR_VALUE;
    if (!status && !n)
        status = EQML_ERROR_EMPTY;
    memset(pair, 0, sizeof *pair);
    if (status)
        return status;
    best = zbl;
    for (int step = -STEPS; step <= STEPS; step++) {
        eqml_pair_reference p = zbl;
        for (int k = 0; k < 4; k++)
            p.rate[k] *= pow(2, (double)step / STEPS);
        const double rest = eqml__fit_amplitudes(n, distance, energy, &p);
        if (least < 0 || rest < least) {
            least = rest;
            best = p;
        }
    }
    *pair = best;
    if (error)
        *error = sqrt(least);
    return EQML_OK;
}

#endif /* EQML__CLOUD_PAIR_REFERENCE_C */

/* ==== cloud/frames.c ==================================================================================== */

#ifndef EQML__CLOUD_FRAMES_C
#define EQML__CLOUD_FRAMES_C

/* A file while it is read. */
typedef struct eqml__cloud_reader {
    eqml__frames file; /* whose readers of words serve here as well; it has no data */
    eqml_frames *to;
    const char *species;
    const eqml_frames_options *options;
    double stress; /* the unit of stresses, hartree/bohr^3; positive: as in ASE */
    size_t frames_room, atoms_room;
} eqml__cloud_reader;

typedef struct eqml__cloud_keys {
    eqml__span properties, energy, lattice, pbc, virial, stress, group;
    int closed;
} eqml__cloud_keys;

/* *array <- room for so many items of a size, the first `count` kept. 0: no memory. */
static int eqml__grow(void *array, size_t count, size_t room, size_t size)
{
    void *old, *larger = eqml__zeroed(room, size);
    memcpy(&old, array, sizeof old);
    if (!larger)
        return 0;
    if (count)
        memcpy(larger, old, count * size);
    EQML_FREE(old);
    memcpy(array, &larger, sizeof larger);
    return 1;
}

static eqml_status eqml__frames_room(eqml__cloud_reader *r, size_t atoms)
{
    eqml_frames *f = r->to;
    int good = 1;
    if (f->n + 1 >= r->frames_room) {
        const size_t n = f->n, room = r->frames_room ? 2 * r->frames_room : 64;
        good = eqml__grow(&f->first, n + 1 < r->frames_room ? n + 1 : n, room + 1, sizeof *f->first) &&
               eqml__grow(&f->cell, 9 * n, 9 * room, sizeof *f->cell) &&
               eqml__grow(&f->pbc, 3 * n, 3 * room, sizeof *f->pbc) &&
               eqml__grow(&f->energy, n, room, sizeof *f->energy) &&
               eqml__grow(&f->virial, 6 * n, 6 * room, sizeof *f->virial) &&
               eqml__grow(&f->has, n, room, sizeof *f->has) &&
               eqml__grow(&f->group, n, room, sizeof *f->group) &&
               eqml__grow(&f->line, n, room, sizeof *f->line);
        if (good) {
            f->first[n] = f->natoms;
            r->frames_room = room;
        }
    }
    if (good && f->natoms + atoms > r->atoms_room) {
        const size_t n = f->natoms, room = 2 * (n + atoms);
        good = eqml__grow(&f->xyz, 3 * n, 3 * room, sizeof *f->xyz) &&
               eqml__grow(&f->forces, 3 * n, 3 * room, sizeof *f->forces) &&
               eqml__grow(&f->species, n, room, sizeof *f->species);
        if (good)
            r->atoms_room = room;
    }
    return good ? EQML_OK : EQML__REFUSE(&r->file.in, EQML_ERROR_MEMORY, "no memory for this file");
}

static eqml__cloud_keys eqml__find_cloud_keys(const eqml_frames_options *options, eqml__span rest)
{
    eqml__cloud_keys keys;
    eqml__span key, value;
    memset(&keys, 0, sizeof keys);
    keys.closed = 1;
    while (keys.closed && eqml__next_word(&rest, "=" EQML__BLANKS, &key)) {
        eqml__skip(&rest, EQML__BLANKS);
        if (rest.begin == rest.end || *rest.begin != '=')
            continue;
        rest.begin++;
        eqml__skip(&rest, EQML__BLANKS);
        if (rest.begin < rest.end && *rest.begin == '[') { /* pbc=[T, T, T] */
            value.begin = rest.begin + 1;
            value.end = (const char *)memchr(value.begin, ']', (size_t)(rest.end - value.begin));
            keys.closed = value.end != NULL;
            rest.begin = value.end ? value.end + 1 : rest.end;
        } else {
            keys.closed = eqml__next_value(&rest, &value);
        }
        static const char *const names[] = {"properties", "lattice", "pbc",        "virial",
                                            "virials",    "stress",  "config_type"};
        eqml__span *const place[] = {&keys.properties, &keys.lattice, &keys.pbc,  &keys.virial,
                                     &keys.virial,     &keys.stress,  &keys.group};
        for (int k = 0; k < 7 && keys.closed; k++)
            if (eqml__equals(key, names[k]))
                *place[k] = value;
        if (keys.closed && (options->energy_key ? eqml__same_word(key, eqml__span_of(options->energy_key))
                                                : eqml__equals(key, "energy")))
            keys.energy = value;
    }
    return keys;
}

static eqml_status eqml__read_pbc(eqml__cloud_reader *r, eqml__span list, int *pbc)
{
    eqml__span rest = list, word;
    int count = 0;
    for (; eqml__next_word(&rest, ",[]" EQML__BLANKS, &word); count++) {
        const int yes = eqml__equals(word, "t") || eqml__equals(word, "true") || eqml__equals(word, "1");
        if (count > 2 ||
            (!yes && !eqml__equals(word, "f") && !eqml__equals(word, "false") && !eqml__equals(word, "0")))
            break;
        pbc[count] = yes;
    }
    if (count == 3 && rest.begin == rest.end)
        return EQML_OK;
    return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "expected three of T and F as pbc, found %s",
                        eqml__quote(list).text);
}

/* value[6] xx yy zz yz xz xy, times unit, from six numbers in this order or from nine. */
static eqml_status eqml__read_virial(eqml__cloud_reader *r, const char *what, eqml__span list, double unit,
                                     double *value)
{
    static const int upper[6] = {0, 4, 8, 5, 2, 1}, lower[6] = {0, 4, 8, 7, 6, 3};
    eqml__span rest = list, word;
    double full[9];
    int count = 0;
    while (eqml__next_number(&rest, &word))
        count++;
    if (count != 9)
        return eqml__read_list(&r->file, what, list, 6, unit, value);
    const eqml_status status = eqml__read_list(&r->file, what, list, 9, unit, full);
    for (int k = 0; k < 6 && !status; k++)
        value[k] = 0.5 * (full[upper[k]] + full[lower[k]]);
    return status;
}

static double eqml__volume(const double *c)
{
    return fabs(c[0] * (c[4] * c[8] - c[5] * c[7]) + c[1] * (c[5] * c[6] - c[3] * c[8]) +
                c[2] * (c[3] * c[7] - c[4] * c[6]));
}

/* stress[6] xx yy zz yz xz xy as virials, in a cell of this volume. */
static eqml_status eqml__read_stress(eqml__cloud_reader *r, eqml__span list, double volume, double *virial)
{
    const double ev = EQML_EV / (EQML_ANGSTROM * EQML_ANGSTROM * EQML_ANGSTROM);
    eqml_status status = eqml__read_virial(r, "stress", list, r->stress, virial);
    for (int k = 0; k < 6 && !status; k++) {
        if (!r->options->stress_unit && fabs(virial[k]) > 100 * ev)
            return EQML__REFUSE(
                &r->file.in, EQML_ERROR_FORMAT,
                "a stress of %.4g eV/angstrom^3 is hardly one; say --stress-unit GPa, kbar or bar, "
                "and --stress-sign pressure where it is positive under compression",
                virial[k] / ev);
        virial[k] *= -volume;
    }
    return status;
}

EQML_API const char *eqml_frames_group(const eqml_frames *f, int group)
{
    const char *name = f->groups;
    if (group < 0 || group >= f->ngroups)
        return "";
    for (; group > 0; group--)
        name += strlen(name) + 1;
    return name;
}

/* *number <- that of a name of `length` bytes among the groups, to which it is added where it is new. */
static eqml_status eqml__find_group_number(eqml_frames *f, const char *name, size_t length, int *number)
{
    size_t used = 0;
    for (*number = 0; *number < f->ngroups; ++*number) {
        const char *known = f->groups + used;
        if (strlen(known) == length && !memcmp(known, name, length))
            return EQML_OK;
        used += strlen(known) + 1;
    }
    if (!eqml__grow(&f->groups, used, used + length + 1, 1))
        return EQML_ERROR_MEMORY;
    memcpy(f->groups + used, name, length);
    f->ngroups++;
    return EQML_OK;
}

static eqml_status eqml__read_cloud_comment(eqml__cloud_reader *r, eqml__layout *layout)
{
    eqml__span line;
    eqml_frames *f = r->to;
    double *cell = f->cell + 9 * f->n, *virial = f->virial + 6 * f->n;
    int *pbc = f->pbc + 3 * f->n;
    if (!eqml__next_line(&r->file.in, &line))
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "the file ends where a frame begins; is it cut off?");
    const eqml__cloud_keys keys = eqml__find_cloud_keys(r->options, line);
    if (!keys.closed)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "a quote or bracket in this line is never closed");
    if (!keys.properties.begin)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "expected Properties=species:S:1:pos:R:3... as in extended XYZ, found %s",
                            eqml__quote(line).text);
    f->has[f->n] = 0;
    for (int k = 0; k < 3; k++)
        pbc[k] = keys.lattice.begin != NULL;
    layout->words = &r->file.source->extended;
    layout->gradient_unit = -EQML_EV / EQML_ANGSTROM; /* the columns are forces */
    eqml_status status = eqml__read_properties(&r->file, keys.properties, layout);
    if (!status && keys.energy.begin) {
        status = eqml__read_list(&r->file, "the energy", keys.energy, 1, EQML_EV, &f->energy[f->n]);
        f->has[f->n] |= EQML_FRAME_ENERGY;
    }
    if (!status && keys.lattice.begin)
        status = eqml__read_list(&r->file, "Lattice", keys.lattice, 9, EQML_ANGSTROM, cell);
    if (!status && keys.pbc.begin)
        status = eqml__read_pbc(r, keys.pbc, pbc);
    if (!status && !keys.lattice.begin && (pbc[0] || pbc[1] || pbc[2]))
        status = EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "a periodic frame needs a Lattice");
    f->group[f->n] = -1;
    if (!status && keys.group.begin &&
        eqml__find_group_number(f, keys.group.begin, (size_t)(keys.group.end - keys.group.begin),
                                &f->group[f->n]))
        status = EQML__REFUSE(&r->file.in, EQML_ERROR_MEMORY, "no memory for this file");
    if (!status && !keys.virial.begin && keys.stress.begin && !(eqml__volume(cell) > 0))
        status = EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "a stress needs a Lattice with a volume");
    if (!status && (keys.virial.begin || keys.stress.begin)) {
        status = keys.virial.begin ? eqml__read_virial(r, "virial", keys.virial, EQML_EV, virial)
                                   : eqml__read_stress(r, keys.stress, eqml__volume(cell), virial);
        f->has[f->n] |= EQML_FRAME_VIRIAL;
    }
    return status;
}

static eqml_status eqml__read_cloud_atom(eqml__cloud_reader *r, const eqml__layout *layout, size_t atom)
{
    eqml_frames *f = r->to;
    eqml__span line, rest, word, label = {NULL, NULL}, pos[3], force[3];
    size_t columns = 0;
    char symbol[4];
    if (!eqml__next_line(&r->file.in, &line))
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "the file ends within a frame; is it cut off?");
    for (rest = line; eqml__next_word(&rest, EQML__BLANKS, &word); columns++) {
        if (columns == layout->species)
            label = word;
        eqml__keep(word, columns, layout->pos, pos);
        if (layout->gradient != EQML__ABSENT)
            eqml__keep(word, columns, layout->gradient, force);
    }
    if (columns < layout->columns)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "expected %zu columns, found %zu: %s",
                            layout->columns, columns, eqml__quote(line).text);
    int species = 0, known = eqml__parse_label(label, symbol);
    for (; known; species++) {
        const eqml__span name = eqml__word(r->species, species);
        if (name.begin == name.end)
            known = 0;
        else if (eqml__is(name, symbol))
            break;
    }
    if (!known)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_MATCH, "expected one of the elements %s, found %s",
                            r->species, eqml__quote(label).text);
    f->species[atom] = species;
    eqml_status status = EQML_OK;
    for (size_t k = 0; k < 3 && !status; k++)
        status = eqml__read_number(&r->file, "a coordinate", pos[k], EQML_ANGSTROM, &f->xyz[3 * atom + k]);
    for (size_t k = 0; k < 3 && !status && layout->gradient != EQML__ABSENT; k++)
        status = eqml__read_number(&r->file, "a force", force[k], -layout->gradient_unit,
                                   &f->forces[3 * atom + k]);
    return status;
}

static eqml_status eqml__read_cloud_frame(eqml__cloud_reader *r, eqml__span line)
{
    eqml_frames *f = r->to;
    eqml__span rest = line, word;
    eqml__layout layout;
    eqml__next_word(&rest, EQML__BLANKS, &word);
    const int natoms = eqml__count_words(line) == 1 ? eqml__parse_count(word) : 0;
    if (natoms < 1)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "expected the number of atoms in a frame, found %s%s", eqml__quote(line).text,
                            f->n ? "; has the frame before it more atoms than it says?" : "");
    if ((size_t)natoms > (size_t)(r->file.in.rest.end - r->file.in.rest.begin))
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "the file ends before this frame of %d atoms does; is it cut off?", natoms);
    eqml_status status = eqml__frames_room(r, (size_t)natoms);
    if (status)
        return status;
    f->line[f->n] = r->file.in.line;
    status = eqml__read_cloud_comment(r, &layout);
    for (size_t i = 0; i < (size_t)natoms && !status; i++)
        status = eqml__read_cloud_atom(r, &layout, f->natoms + i);
    if (status)
        return status;
    if (layout.gradient != EQML__ABSENT)
        f->has[f->n] |= EQML_FRAME_FORCES;
    f->natoms += (size_t)natoms;
    f->first[++f->n] = f->natoms;
    return EQML_OK;
}

EQML_API void eqml_frames_free(eqml_frames *f)
{
    EQML_FREE(f->first);
    EQML_FREE(f->xyz);
    EQML_FREE(f->species);
    EQML_FREE(f->cell);
    EQML_FREE(f->pbc);
    EQML_FREE(f->energy);
    EQML_FREE(f->forces);
    EQML_FREE(f->virial);
    EQML_FREE(f->has);
    EQML_FREE(f->line);
    EQML_FREE(f->group);
    EQML_FREE(f->groups);
    memset(f, 0, sizeof *f);
}

/* hartree/bohr^3; 0: not known. */
static double eqml__stress_unit(const char *name)
{
    static const char *const names[] = {"ev/angstrom^3", "gpa", "kbar", "bar"};
    static const double in_gpa[] = {160.2176634, 1, 0.1, 1e-4};
    const double ev = EQML_EV / (EQML_ANGSTROM * EQML_ANGSTROM * EQML_ANGSTROM);
    for (int k = 0; k < 4; k++)
        if (eqml__equals(eqml__span_of(name ? name : names[0]), names[k]))
            return in_gpa[k] / in_gpa[0] * ev;
    return 0;
}

EQML_API eqml_status eqml_frames_read_as(const char *path, const char *species,
                                         const eqml_frames_options *options, eqml_frames *frames,
                                         eqml_message *message)
{
    eqml__cloud_reader r;
    eqml__span line;
    eqml_frames_options own;
    eqml_data_options columns;
    eqml_data_source source; /* what the reader finds out, and nobody asks for */
    memset(&r, 0, sizeof r);
    memset(&own, 0, sizeof own);
    memset(&columns, 0, sizeof columns);
    memset(&source, 0, sizeof source);
    if (options)
        own = *options;
    columns.force_key = own.force_key;
    r.options = &own;
    r.file.options = &columns;
    r.file.source = &source;
    memset(frames, 0, sizeof *frames);
    r.to = frames;
    r.species = species;
    r.stress = eqml__stress_unit(own.stress_unit) * (own.pressure ? -1 : 1);
    if (r.stress == 0)
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "stresses in %.40s: expected eV/angstrom^3, GPa, kbar or bar", own.stress_unit);
    eqml_status status = eqml__open_reader(&r.file.in, path, message);
    if (status)
        return status;
    while (!status && eqml__next_line(&r.file.in, &line))
        if (eqml__count_words(line))
            status = eqml__read_cloud_frame(&r, line);
    if (!status && !frames->n)
        status = EQML__REFUSE(&r.file.in, EQML_ERROR_EMPTY, "there is no configuration in this file");
    eqml__close_reader(&r.file.in);
    if (status)
        eqml_frames_free(frames);
    return status;
}

EQML_API eqml_status eqml_frames_read(const char *path, const char *species, eqml_frames *frames,
                                      eqml_message *message)
{
    return eqml_frames_read_as(path, species, NULL, frames, message);
}

EQML_API int eqml_atomic_number(const char *symbol)
{
    for (int z = 118; z > 0; z--) {
        char number[8], own[4];
        snprintf(number, sizeof number, "%d", z);
        if (eqml__parse_label(eqml__span_of(number), own) && !strcmp(own, symbol))
            return z;
    }
    return 0;
}

EQML_API eqml_status eqml_frames_append(eqml_frames *f, eqml_frames *more)
{
    const size_t n = f->n, m = more->n, atoms = f->natoms, some = more->natoms;
    int good = eqml__grow(&f->first, n + 1, n + m + 1, sizeof *f->first) &&
               eqml__grow(&f->cell, 9 * n, 9 * (n + m), sizeof *f->cell) &&
               eqml__grow(&f->pbc, 3 * n, 3 * (n + m), sizeof *f->pbc) &&
               eqml__grow(&f->energy, n, n + m, sizeof *f->energy) &&
               eqml__grow(&f->virial, 6 * n, 6 * (n + m), sizeof *f->virial) &&
               eqml__grow(&f->has, n, n + m, sizeof *f->has) &&
               eqml__grow(&f->group, n, n + m, sizeof *f->group) &&
               eqml__grow(&f->line, n, n + m, sizeof *f->line) &&
               eqml__grow(&f->xyz, 3 * atoms, 3 * (atoms + some), sizeof *f->xyz) &&
               eqml__grow(&f->forces, 3 * atoms, 3 * (atoms + some), sizeof *f->forces) &&
               eqml__grow(&f->species, atoms, atoms + some, sizeof *f->species);
    for (size_t k = 0; k < m && good; k++) {
        const char *name = eqml_frames_group(more, more->group[k]);
        f->group[n + k] = -1;
        if (more->group[k] >= 0)
            good = !eqml__find_group_number(f, name, strlen(name), &f->group[n + k]);
        f->first[n + k + 1] = atoms + more->first[k + 1];
    }
    if (!good)
        return EQML_ERROR_MEMORY;
    memcpy(f->cell + 9 * n, more->cell, 9 * m * sizeof *f->cell);
    memcpy(f->pbc + 3 * n, more->pbc, 3 * m * sizeof *f->pbc);
    memcpy(f->energy + n, more->energy, m * sizeof *f->energy);
    memcpy(f->virial + 6 * n, more->virial, 6 * m * sizeof *f->virial);
    memcpy(f->has + n, more->has, m);
    memcpy(f->line + n, more->line, m * sizeof *f->line);
    memcpy(f->xyz + 3 * atoms, more->xyz, 3 * some * sizeof *f->xyz);
    memcpy(f->forces + 3 * atoms, more->forces, 3 * some * sizeof *f->forces);
    memcpy(f->species + atoms, more->species, some * sizeof *f->species);
    f->n += m;
    f->natoms += some;
    eqml_frames_free(more);
    return EQML_OK;
}

EQML_API eqml_configuration eqml_frame(const eqml_frames *f, size_t k)
{
    eqml_configuration c;
    const int *pbc = f->pbc + 3 * k;
    c.natoms = f->first[k + 1] - f->first[k];
    c.xyz = f->xyz + 3 * f->first[k];
    c.species = f->species + f->first[k];
    c.cell = pbc[0] || pbc[1] || pbc[2] ? f->cell + 9 * k : NULL;
    c.pbc = pbc;
    return c;
}

#endif /* EQML__CLOUD_FRAMES_C */

/* ==== cloud/levels.c ==================================================================================== */

/* What terms are made of: their levels, and the bases of fewer of them. */
#ifndef EQML__CLOUD_LEVELS_C
#define EQML__CLOUD_LEVELS_C

/* level[nslots] <- those of the tensors that begin there. */
static void eqml__slot_levels(const eqml_cloud_program *p, double level_weight, double *level)
{
    for (int k = 0; k < p->nmoments; k++)
        level[p->moments[k][3]] = p->moments[k][2] + level_weight * p->moments[k][1];
    for (int k = 0; k < p->nproducts; k++) /* operands stand before */
        level[p->products[k][2]] = level[p->products[k][0]] + level[p->products[k][1]];
}

EQML_API eqml_status eqml_cloud_levels(const eqml_cloud_basis *basis, double level_weight, double *level)
{
    for (int c = 0; c < basis->ncentres; c++) {
        const eqml_cloud_program *p = basis->centres[c].program;
        double *slot = (double *)eqml__zeroed((size_t)p->nslots, sizeof(double));
        double *to = level + basis->centres[c].first;
        const unsigned short *column = p->columns;
        if (!slot)
            return EQML_ERROR_MEMORY;
        eqml__slot_levels(p, level_weight, slot);
        for (int r = 0; r < p->nrows; r++)
            for (int k = 0; k < p->rows[r][2]; k++)
                *to++ = slot[p->rows[r][0]] + slot[*column++];
        EQML_FREE(slot);
    }
    return EQML_OK;
}

/* A basis with some of the terms of another, whose products it has all. */
typedef struct eqml__cloud_lower {
    eqml_cloud_basis basis;
    eqml_cloud_centre *centres;   /* [ncentres] */
    eqml_cloud_program *programs; /* [ncentres] */
    unsigned short (*rows)[3];    /* of all centres */
    unsigned short *columns;      /* likewise */
} eqml__cloud_lower;

static void eqml__lower_free(eqml__cloud_lower *b)
{
    EQML_FREE(b->centres);
    EQML_FREE(b->programs);
    EQML_FREE(b->rows);
    EQML_FREE(b->columns);
    memset(b, 0, sizeof *b);
}

/* *to <- the terms up to a level, level[whole->nterms]; the whole must stay. The caller frees *to, also on failure. */
static eqml_status eqml__lower_create(eqml__cloud_lower *to, const eqml_cloud_basis *whole,
                                      const double *level, double highest)
{
    size_t nrows = 0, ncentres = (size_t)whole->ncentres;
    memset(to, 0, sizeof *to);
    for (int c = 0; c < whole->ncentres; c++)
        nrows += (size_t)whole->centres[c].program->nrows;
    to->centres = (eqml_cloud_centre *)eqml__zeroed(ncentres, sizeof *to->centres);
    to->programs = (eqml_cloud_program *)eqml__zeroed(ncentres, sizeof *to->programs);
    to->rows = (unsigned short(*)[3])eqml__zeroed(nrows, sizeof *to->rows);
    to->columns = (unsigned short *)eqml__zeroed((size_t)whole->nterms, sizeof *to->columns);
    if (!to->centres || !to->programs || !to->rows || !to->columns)
        return EQML_ERROR_MEMORY;
    to->basis = *whole;
    to->basis.centres = to->centres;
    to->basis.nterms = 0;
    unsigned short(*row)[3] = to->rows, *put = to->columns;
    for (int c = 0; c < whole->ncentres; c++) {
        const eqml_cloud_program *p = whole->centres[c].program;
        const unsigned short *column = p->columns;
        eqml_cloud_program *q = &to->programs[c];
        *q = *p;
        q->rows = (const unsigned short(*)[3])row;
        q->columns = put;
        for (int r = 0; r < p->nrows; r++, row++) {
            memcpy(*row, p->rows[r], sizeof *row);
            (*row)[2] = 0;
            for (int k = 0; k < p->rows[r][2]; k++, column++, level++)
                if (*level <= highest) {
                    *put++ = *column;
                    (*row)[2]++;
                }
        }
        q->nterms = (int)(put - q->columns);
        to->centres[c] = whole->centres[c];
        to->centres[c].program = q;
        to->centres[c].first = to->basis.nterms;
        to->basis.nterms += q->nterms;
    }
    return EQML_OK;
}

#endif /* EQML__CLOUD_LEVELS_C */

/* ==== cloud/fitter.c ==================================================================================== */

/* What a fit works with: the rows of configurations, and the penalty. */
#ifndef EQML__CLOUD_FITTER_C
#define EQML__CLOUD_FITTER_C

typedef struct eqml__cloud_fit {
    const eqml_cloud_basis *basis;
    const eqml_radial *radial;
    const eqml_frames *frames;
    eqml_cloud_fit_options options;
    int ncols; /* terms, and atoms unless they are given */
    double *atoms;
    size_t used, natoms; /* configurations, and atoms of the largest */
    eqml_cloud_workspace workspace;
    double *energy, *forces, *virial, *count; /* rows of one configuration; atoms of each species */
    double *reference;                        /* [3 natoms] forces of the pairs */
    eqml_message *message;
} eqml__cloud_fit;

static int eqml__frame_used(const eqml_frames *f, const unsigned char *use, size_t k)
{
    return (!use || use[k]) && f->has[k];
}

static void eqml__cloud_fit_free(eqml__cloud_fit *w)
{
    eqml_cloud_workspace_free(&w->workspace);
    EQML_FREE(w->energy);
    EQML_FREE(w->forces);
    EQML_FREE(w->virial);
    EQML_FREE(w->count);
    EQML_FREE(w->reference);
}

/* Energy (less that of atoms), forces and virial of the pairs of configuration k, whose neighbours are known; zero
 * where there are none. */
static void eqml__pairs_of_frame(eqml__cloud_fit *w, size_t k, double *energy, double *virial)
{
    const eqml_configuration c = eqml_frame(w->frames, k);
    const eqml_cloud_result result = {energy, w->reference, virial, NULL};
    *energy = 0;
    memset(virial, 0, 6 * sizeof(double));
    memset(w->reference, 0, 3 * c.natoms * sizeof(double));
    eqml_pairs_add(w->basis->nspecies, w->options.pairs, &w->workspace.list, c.species, &result);
}

/* The neighbours of configuration k, as far as the potential with its pairs reaches. */
static eqml_status eqml__neighbours_of_frame(eqml__cloud_fit *w, size_t k)
{
    const eqml_configuration c = eqml_frame(w->frames, k);
    const eqml_cloud_model model = {w->basis, *w->radial, NULL, NULL, w->options.pairs};
    eqml_message why = {""};
    const eqml_status status = eqml_neighbours_find(&c, eqml_cloud_cutoff(&model), &w->workspace.list, &why);
    if (status)
        eqml__fail(w->message, status, "configuration %zu, line %zu: %s", k + 1, w->frames->line[k],
                   why.text[0] ? why.text : eqml_status_text(status));
    return status;
}

/* The energies of atoms that explain energies best by the numbers of atoms alone. */
static eqml_status eqml__fit_atoms(eqml__cloud_fit *w)
{
    const eqml_frames *f = w->frames;
    const int nspecies = w->basis->nspecies;
    eqml_lsq *lsq;
    size_t rows = 0;
    eqml_status status = eqml_lsq_create(&lsq, nspecies, 1);
    for (size_t k = 0; k < f->n && !status; k++) {
        if (!eqml__frame_used(f, w->options.use, k) || !(f->has[k] & EQML_FRAME_ENERGY))
            continue;
        double *row = eqml_lsq_row(lsq), pairs = 0, virial[6];
        const double scale = 1 / (double)(f->first[k + 1] - f->first[k]);
        for (int s = 0; s <= nspecies; s++)
            row[s] = 0;
        for (size_t i = f->first[k]; i < f->first[k + 1]; i++)
            row[f->species[i]] += scale;
        if (w->options.pairs) {
            status = eqml__neighbours_of_frame(w, k);
            if (status)
                break;
            eqml__pairs_of_frame(w, k, &pairs, virial);
        }
        row[nspecies] = (f->energy[k] - pairs) * scale;
        status = eqml_lsq_add(lsq);
        rows++;
    }
    for (int s = 0; s < nspecies; s++)
        w->atoms[s] = 0;
    if (!status && rows)
        status = eqml_lsq_solve(lsq, NULL, w->atoms, NULL);
    eqml_lsq_free(lsq);
    return status;
}

/* The caller calls eqml__cloud_fit_free, also if this fails. atoms[nspecies] <- a first guess, unless they are given. */
static eqml_status eqml__cloud_fit_create(eqml__cloud_fit *w, const eqml_cloud_basis *basis,
                                          const eqml_radial *radial, const eqml_frames *frames,
                                          const eqml_cloud_fit_options *options, double *atoms,
                                          eqml_message *message)
{
    const size_t length = (size_t)basis->nterms;
    memset(w, 0, sizeof *w);
    w->basis = basis;
    w->radial = radial;
    w->frames = frames;
    if (options)
        w->options = *options;
    w->ncols = basis->nterms + (w->options.atoms ? 0 : basis->nspecies);
    w->atoms = atoms;
    w->message = message;
    for (size_t k = 0; k < frames->n; k++) {
        const size_t n = frames->first[k + 1] - frames->first[k];
        w->used += eqml__frame_used(frames, w->options.use, k) != 0;
        w->natoms = n > w->natoms ? n : w->natoms;
    }
    if (!w->used)
        return eqml__fail(message, EQML_ERROR_EMPTY, "no configuration with an energy or forces to train on");
    w->forces = (double *)eqml__zeroed(eqml__times(3 * w->natoms, length), sizeof(double));
    w->energy = (double *)eqml__zeroed(length, sizeof(double));
    w->virial = (double *)eqml__zeroed(6 * length, sizeof(double));
    w->count = (double *)eqml__zeroed((size_t)basis->nspecies, sizeof(double));
    w->reference = (double *)eqml__zeroed(3 * w->natoms, sizeof(double));
    if (!w->forces || !w->energy || !w->virial || !w->count || !w->reference)
        return eqml__fail(message, EQML_ERROR_MEMORY, "no memory for the rows of %zu atoms", w->natoms);
    if (!w->options.atoms)
        return eqml__fit_atoms(w);
    memcpy(atoms, w->options.atoms, (size_t)basis->nspecies * sizeof(double));
    return EQML_OK;
}

/* One row, times a factor; count: atoms of each species, on which energies depend as well, or NULL. */
static eqml_status eqml__put_cloud_row(const eqml__cloud_fit *w, eqml_lsq *lsq, const double *from,
                                       const double *count, double value, double factor)
{
    const int n = w->basis->nterms;
    double *row = eqml_lsq_row(lsq);
    for (int k = 0; k < n; k++)
        row[k] = factor * from[k];
    for (int k = n; k < w->ncols; k++)
        row[k] = count ? factor * count[k - n] : 0;
    row[w->ncols] = factor * value;
    return eqml_lsq_add(lsq);
}

/*
 * Adds the rows of configuration k to a system for each kind, which may be the same one, or NULL where the kind takes no
 * part; those of energies and virials over the root of the number of atoms times angstrom^2, of each kind times factor.
 */
static eqml_status eqml__put_frame(eqml__cloud_fit *w, size_t k, eqml_lsq *const lsq[EQML_CLOUD_KINDS],
                                   const double factor[EQML_CLOUD_KINDS])
{
    static const unsigned char kind[EQML_CLOUD_KINDS] = {EQML_FRAME_ENERGY, EQML_FRAME_FORCES,
                                                         EQML_FRAME_VIRIAL};
    const eqml_frames *f = w->frames;
    const eqml_configuration c = eqml_frame(f, k);
    const size_t length = (size_t)w->basis->nterms;
    double root[EQML_CLOUD_KINDS], pairs, virial[6];
    int has[EQML_CLOUD_KINDS];
    for (int j = 0; j < EQML_CLOUD_KINDS; j++) {
        const double own = w->options.weights ? w->options.weights[k][j] : 1;
        root[j] =
            factor[j] * sqrt(own) / (j == EQML_CLOUD_FORCES ? 1 : EQML_ANGSTROM * sqrt((double)c.natoms));
        has[j] = lsq[j] && (f->has[k] & kind[j]) && own > 0;
    }
    if (!has[EQML_CLOUD_ENERGY] && !has[EQML_CLOUD_FORCES] && !has[EQML_CLOUD_VIRIAL])
        return EQML_OK;
    const eqml_cloud_rows rows = {w->energy, has[EQML_CLOUD_FORCES] ? w->forces : NULL,
                                  has[EQML_CLOUD_VIRIAL] ? w->virial : NULL};
    eqml_status status = eqml__neighbours_of_frame(w, k);
    if (status)
        return status;
    status = eqml_cloud_find_rows(w->basis, w->radial, &w->workspace.list, c.species, &w->workspace, &rows);
    if (status)
        return eqml__fail(w->message, status, "configuration %zu, line %zu: %s", k + 1, f->line[k],
                          eqml_status_text(status));
    eqml__pairs_of_frame(w, k, &pairs, virial);
    if (has[EQML_CLOUD_ENERGY]) {
        double rest = f->energy[k] - pairs;
        memset(w->count, 0, (size_t)w->basis->nspecies * sizeof(double));
        for (size_t i = 0; i < c.natoms; i++) {
            rest -= w->atoms[c.species[i]];
            w->count[c.species[i]] += 1;
        }
        status = eqml__put_cloud_row(w, lsq[0], w->energy, w->count, rest, root[0]);
    }
    for (size_t i = 0; i < 3 * c.natoms && has[EQML_CLOUD_FORCES] && !status; i++)
        status = eqml__put_cloud_row(w, lsq[1], w->forces + i * length, NULL,
                                     f->forces[3 * f->first[k] + i] - w->reference[i], root[1]);
    for (size_t i = 0; i < 6 && has[EQML_CLOUD_VIRIAL] && !status; i++)
        status = eqml__put_cloud_row(w, lsq[2], w->virial + i * length, NULL,
                                     f->virial[6 * k + i] - virial[i], root[2]);
    return status;
}

/* scale[nterms] <- (level / mean level)^p. */
static eqml_status eqml__level_scales(const eqml_cloud_basis *basis, const eqml_cloud_fit_options *o,
                                      double *scale)
{
    const double p = o->smoothness;
    double mean = 0;
    const eqml_status status = eqml_cloud_levels(basis, o->level_weight > 0 ? o->level_weight : 1.5, scale);
    for (int k = 0; k < basis->nterms && !status; k++)
        mean += scale[k] / basis->nterms;
    for (int k = 0; k < basis->nterms && !status; k++)
        scale[k] = p > 0 ? pow(scale[k] / mean, p) : 1;
    return status;
}

/*
 * Adds the penalty to a system: for each column a row of its own, ridge^(1/2) scale |a|; the scale of atoms is 1. A column
 * without any data counts as one of usual norm, so that it is determined too: to be 0.
 */
static eqml_status eqml__penalise(eqml_lsq *lsq, int nterms, double ridge, const double *scale)
{
    const int ncols = lsq->ncols;
    double *norm = (double *)eqml__zeroed((size_t)ncols, sizeof(double)), all = 0;
    eqml_status status = norm ? EQML_OK : EQML_ERROR_MEMORY;
    eqml__lsq_fold(lsq);
    for (int j = 0; j < ncols && !status; j++) {
        for (int i = 0; i <= j; i++)
            norm[j] += *eqml__lsq_r(lsq, i, j) * *eqml__lsq_r(lsq, i, j);
        all += norm[j] / ncols;
    }
    for (int j = 0; j < ncols && !status; j++) {
        memset(eqml_lsq_row(lsq), 0, (size_t)lsq->width * sizeof(double));
        eqml_lsq_row(lsq)[j] = (j < nterms ? scale[j] : 1) * sqrt(ridge * (norm[j] > 0 ? norm[j] : all));
        status = eqml_lsq_add(lsq);
    }
    EQML_FREE(norm);
    return status;
}

#endif /* EQML__CLOUD_FITTER_C */

/* ==== cloud/fit.c ======================================================================================= */

#ifndef EQML__CLOUD_FIT_C
#define EQML__CLOUD_FIT_C

EQML_API int eqml_cloud_isolated_atoms(const eqml_frames *f, int nspecies, double *atoms)
{
    int found = 0;
    unsigned char seen[256] = {0};
    for (size_t k = 0; k < f->n; k++) {
        const int s = f->species[f->first[k]], *pbc = f->pbc + 3 * k;
        if (f->first[k + 1] - f->first[k] != 1 || !(f->has[k] & EQML_FRAME_ENERGY) || pbc[0] || pbc[1] ||
            pbc[2] || s >= nspecies || s > 255)
            continue;
        found += !seen[s];
        seen[s] = 1;
        atoms[s] = f->energy[k];
    }
    return found;
}

/* The triangle of all rows and of the penalty. */
static eqml_status eqml__fit_rows(eqml__cloud_fit *w, eqml_lsq *lsq)
{
    const eqml_cloud_fit_options *o = &w->options;
    const double factor[EQML_CLOUD_KINDS] = {sqrt(o->energy_weight > 0 ? o->energy_weight : 100), 1,
                                             sqrt(o->virial_weight)};
    eqml_lsq *const kinds[EQML_CLOUD_KINDS] = {lsq, lsq, o->virial_weight > 0 ? lsq : NULL};
    eqml_status status = EQML_OK;
    for (size_t k = 0; k < w->frames->n && !status; k++) {
        if (eqml__frame_used(w->frames, o->use, k))
            status = eqml__put_frame(w, k, kinds, factor);
        if (o->progress)
            o->progress(o->context, k + 1, w->frames->n);
    }
    return status;
}

static eqml_status eqml__fit_penalty(eqml__cloud_fit *w, eqml_lsq *lsq)
{
    double *scale;
    if (!(w->options.ridge > 0))
        return EQML_OK;
    scale = (double *)eqml__zeroed((size_t)w->basis->nterms, sizeof(double));
    eqml_status status = scale ? eqml__level_scales(w->basis, &w->options, scale) : EQML_ERROR_MEMORY;
    if (!status)
        status = eqml__penalise(lsq, w->basis->nterms, w->options.ridge, scale);
    EQML_FREE(scale);
    return status;
}

EQML_API eqml_status eqml_cloud_fit(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                    const eqml_frames *frames, const eqml_cloud_fit_options *options,
                                    double *coefficients, double *atoms, eqml_lsq **triangle,
                                    eqml_cloud_fit_result *result, eqml_message *message)
{
    eqml__cloud_fit w;
    eqml_lsq_result solved;
    eqml_lsq *lsq = NULL;
    size_t rows = 0;
    double *x = NULL;
    memset(&solved, 0, sizeof solved);
    if (triangle)
        *triangle = NULL;
    if (message)
        message->text[0] = 0;
    eqml_status status = eqml__cloud_fit_create(&w, basis, radial, frames, options, atoms, message);
    if (!status)
        status = eqml_lsq_create(&lsq, w.ncols, 1);
    x = (double *)eqml__zeroed((size_t)basis->nterms + (size_t)basis->nspecies, sizeof(double));
    if (!status)
        status = x ? eqml__fit_rows(&w, lsq) : EQML_ERROR_MEMORY;
    if (!status) {
        rows = lsq->rows;
        status = eqml__fit_penalty(&w, lsq);
    }
    if (!status)
        status = eqml_lsq_solve(lsq, NULL, x, &solved);
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the fit: %s", eqml_status_text(status));
    if (!status) {
        memcpy(coefficients, x, (size_t)basis->nterms * sizeof(double));
        for (int s = basis->nterms; s < w.ncols; s++)
            atoms[s - basis->nterms] += x[s];
    }
    if (result) {
        const int others = w.ncols - basis->nterms;
        result->frames = w.used;
        result->rows = rows;
        result->rank = solved.rank > others ? solved.rank - others : 0;
        result->condition = solved.condition;
    }
    if (triangle && !status)
        *triangle = lsq;
    else
        eqml_lsq_free(lsq);
    eqml__cloud_fit_free(&w);
    EQML_FREE(x);
    return status;
}

/* Adds errors of n numbers, times a scale. */
static void eqml__add_errors(size_t n, const double *a, const double *b, double scale, double *sum,
                             double *squares)
{
    for (size_t k = 0; k < n; k++) {
        const double error = scale * (a[k] - b[k]);
        *sum += fabs(error);
        *squares += error * error;
    }
}

EQML_API eqml_status eqml_cloud_find_errors(const eqml_cloud_model *model, const eqml_frames *f,
                                            const unsigned char *use, eqml_cloud_errors *e,
                                            eqml_message *message)
{
    eqml_cloud_workspace w;
    size_t most = 0, components = 0;
    eqml_status status = EQML_OK;
    memset(&w, 0, sizeof w);
    memset(e, 0, sizeof *e);
    for (size_t k = 0; k < f->n; k++)
        most = f->first[k + 1] - f->first[k] > most ? f->first[k + 1] - f->first[k] : most;
    double products[3] = {0, 0, 0};
    double energy, virial[6], *forces = (double *)eqml__zeroed(3 * most, sizeof(double));
    const eqml_cloud_result result = {&energy, forces, virial, NULL};
    if (!forces)
        return eqml__fail(message, EQML_ERROR_MEMORY, "no memory for the forces");
    for (size_t k = 0; k < f->n && !status; k++) {
        const eqml_configuration c = eqml_frame(f, k);
        const double per_atom = 1 / (double)c.natoms;
        eqml_message why = {""};
        if (!eqml__frame_used(f, use, k))
            continue;
        status = eqml_cloud_evaluate(model, &c, &w, &result, &why);
        if (status)
            eqml__fail(message, status, "configuration %zu, line %zu: %s", k + 1, f->line[k], why.text);
        if (f->has[k] & EQML_FRAME_ENERGY) {
            eqml__add_errors(1, &energy, &f->energy[k], per_atom, &e->mae_energy, &e->rmse_energy);
            e->energies++;
        }
        if (f->has[k] & EQML_FRAME_FORCES) {
            eqml__add_errors(3 * c.natoms, forces, f->forces + 3 * f->first[k], 1, &e->mae_force,
                             &e->rmse_force);
            e->forces++;
            components += 3 * c.natoms;
        }
        if (f->has[k] & EQML_FRAME_VIRIAL) {
            eqml__add_errors(6, virial, f->virial + 6 * k, per_atom, &e->mae_virial, &e->rmse_virial);
            for (int i = 0; i < 6; i++) {
                products[0] += per_atom * per_atom * virial[i] * f->virial[6 * k + (size_t)i];
                products[1] += per_atom * per_atom * virial[i] * virial[i];
                products[2] +=
                    per_atom * per_atom * f->virial[6 * k + (size_t)i] * f->virial[6 * k + (size_t)i];
            }
            e->virials++;
        }
    }
    const double counts[3] = {(double)e->energies, (double)components, 6 * (double)e->virials};
    double *const mean[3] = {&e->mae_energy, &e->mae_force, &e->mae_virial};
    double *const square[3] = {&e->rmse_energy, &e->rmse_force, &e->rmse_virial};
    for (int k = 0; k < 3; k++) {
        *mean[k] = counts[k] > 0 ? *mean[k] / counts[k] : 0;
        *square[k] = counts[k] > 0 ? sqrt(*square[k] / counts[k]) : 0;
    }
    if (products[1] > 0 && products[2] > 0)
        e->virial_sign = products[0] / sqrt(products[1] * products[2]);
    EQML_FREE(forces);
    eqml_cloud_workspace_free(&w);
    return status;
}

#endif /* EQML__CLOUD_FIT_C */

/* ==== cloud/folds.c ===================================================================================== */

/* Parts of the data that predict each other: the triangles of their rows, by kind. */
#ifndef EQML__CLOUD_FOLDS_C
#define EQML__CLOUD_FOLDS_C

enum { EQML__PARTS = 10, EQML__FEWEST_FRAMES = 10 };

typedef struct eqml__folds {
    eqml__cloud_fit w;
    int parts, number;         /* number: trials so far */
    unsigned char *part, *use; /* [frames->n] from 1; 0: takes no part. use: all but one */
    eqml_lsq *rows[EQML__PARTS][EQML_CLOUD_KINDS], *others[EQML__PARTS], *work, *sum;
    double factor[EQML_CLOUD_KINDS]; /* of `others`: roots of weights; negative: they are to be made */
    double *scale, *x;               /* of the penalty; a solution */
    double *atoms;
} eqml__folds;

/* What a trial found. */
typedef struct eqml__fold_trial {
    double score, rms[EQML_CLOUD_KINDS];
} eqml__fold_trial;

static void eqml__folds_free(eqml__folds *s)
{
    for (int g = 0; g < s->parts; g++) {
        for (int j = 0; j < EQML_CLOUD_KINDS; j++)
            eqml_lsq_free(s->rows[g][j]);
        eqml_lsq_free(s->others[g]);
    }
    eqml_lsq_free(s->work);
    eqml_lsq_free(s->sum);
    EQML_FREE(s->part);
    EQML_FREE(s->scale);
    EQML_FREE(s->x);
    eqml__cloud_fit_free(&s->w);
    memset(s, 0, sizeof *s);
}

/*
 * part[n] <- those of the used configurations, 1 to parts. Of so many in a row each goes to another part, in an order that
 * looks random, so that each part has of everything. Only the fraction `some` takes part. Returns how many do.
 */
static size_t eqml__deal(const eqml_frames *f, const unsigned char *use, int parts, double some,
                         unsigned char *part)
{
    int order[EQML__PARTS] = {0};
    size_t dealt = 0;
    for (size_t k = 0; k < f->n; k++) {
        const double random = (double)(eqml__scatter_bits(k) >> 11) / 9007199254740992.0;
        part[k] = 0;
        if (!eqml__frame_used(f, use, k) || random > some)
            continue;
        const size_t place = dealt % (size_t)parts;
        for (int i = 0; i < parts && place == 0; i++) { /* shuffle */
            const int j = (int)(eqml__scatter_bits(dealt * EQML__PARTS + (size_t)i) % (unsigned)(i + 1));
            order[i] = order[j];
            order[j] = i;
        }
        part[k] = (unsigned char)(order[place] + 1);
        dealt++;
    }
    return dealt;
}

/*
 * The triangles of a basis. atoms[nspecies] is room; only a fraction of the configurations takes part. The caller calls
 * eqml__folds_free, also on failure.
 */
static eqml_status eqml__folds_create(eqml__folds *s, const eqml_cloud_basis *basis,
                                      const eqml_radial *radial, const eqml_frames *frames,
                                      const eqml_cloud_fit_options *fit, int parts, double some,
                                      double *atoms, eqml_message *message)
{
    const double factor[EQML_CLOUD_KINDS] = {1, 1, 1};
    memset(s, 0, sizeof *s);
    if (parts && (parts < 2 || parts > EQML__PARTS))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "%d parts of the data: expected 2 to %d", parts,
                          EQML__PARTS);
    s->parts = parts ? parts : 5;
    s->factor[0] = -1;
    if (message)
        message->text[0] = 0;
    eqml_status status = eqml__cloud_fit_create(&s->w, basis, radial, frames, fit, atoms, message);
    if (status)
        return status;
    s->part = (unsigned char *)eqml__zeroed(2 * frames->n, 1);
    s->scale = (double *)eqml__zeroed((size_t)basis->nterms, sizeof(double));
    s->x = (double *)eqml__zeroed((size_t)s->w.ncols, sizeof(double));
    if (!s->part || !s->scale || !s->x)
        return EQML_ERROR_MEMORY;
    s->use = s->part + frames->n;
    if (eqml__deal(frames, s->w.options.use, s->parts, some, s->part) < EQML__FEWEST_FRAMES)
        return eqml__fail(message, EQML_ERROR_EMPTY, "too few configurations to choose by: %d are needed",
                          EQML__FEWEST_FRAMES);
    status = eqml__level_scales(basis, &s->w.options, s->scale);
    for (int g = 0; g < s->parts && !status; g++) {
        for (int j = 0; j < EQML_CLOUD_KINDS && !status; j++)
            if (j < EQML_CLOUD_VIRIAL || s->w.options.virial_weight > 0)
                status = eqml__lsq_open(&s->rows[g][j], s->w.ncols, 1);
        if (!status)
            status = eqml__lsq_open(&s->others[g], s->w.ncols, 1);
    }
    for (size_t k = 0; k < frames->n && !status; k++)
        if (s->part[k])
            status = eqml__put_frame(&s->w, k, s->rows[s->part[k] - 1], factor);
    return status;
}

/* An empty system; the old one is freed. */
static eqml_status eqml__lsq_renew(eqml_lsq **lsq, int ncols)
{
    eqml_lsq_free(*lsq);
    return eqml__lsq_open(lsq, ncols, 1);
}

/* s->others[g] <- the rows of all parts but g, times roots of weights. */
static eqml_status eqml__find_others(eqml__folds *s, const double factor[EQML_CLOUD_KINDS])
{
    eqml_status status = EQML_OK;
    if (!memcmp(factor, s->factor, sizeof s->factor))
        return EQML_OK;
    for (int g = 0; g < s->parts && !status; g++)
        status = eqml__lsq_renew(&s->others[g], s->w.ncols);
    for (int way = 0; way < 2 && !status; way++) { /* the parts before, then those behind */
        status = eqml__lsq_renew(&s->sum, s->w.ncols);
        for (int i = 0; i < s->parts && !status; i++) {
            const int g = way ? s->parts - 1 - i : i;
            if (i > 0)
                status = eqml_lsq_merge(s->others[g], s->sum);
            for (int j = 0; j < EQML_CLOUD_KINDS && !status; j++)
                if (s->rows[g][j] && s->rows[g][j]->rows > 0 && i + 1 < s->parts)
                    status = eqml__lsq_merge_times(s->sum, s->rows[g][j], factor[j]);
        }
    }
    memcpy(s->factor, factor, sizeof s->factor);
    return status;
}

/* s->x <- the solution without part g. */
static eqml_status eqml__fold_solve(eqml__folds *s, int g, const eqml_cloud_fit_options *fit)
{
    eqml_status status = eqml__lsq_renew(&s->work, s->w.ncols);
    if (!status)
        status = eqml_lsq_merge(s->work, s->others[g]);
    if (!status && fit->ridge > 0)
        status = eqml__penalise(s->work, s->w.basis->nterms, fit->ridge, s->scale);
    return status ? status : eqml_lsq_solve(s->work, NULL, s->x, NULL);
}

static eqml_status eqml__find_folds(eqml__folds *s, const eqml_cloud_fit_options *fit)
{
    const double factor[EQML_CLOUD_KINDS] = {sqrt(fit->energy_weight > 0 ? fit->energy_weight : 100), 1,
                                             sqrt(fit->virial_weight)};
    return eqml__find_others(s, factor);
}

/* Trains on all parts but one, tests on this one, in turn; weights and ridge of *fit count. */
static eqml_status eqml__fold_judge(eqml__folds *s, const eqml_cloud_fit_options *fit, eqml__fold_trial *t)
{
    double squares[EQML_CLOUD_KINDS] = {0, 0, 0}, rows[EQML_CLOUD_KINDS] = {0, 0, 0};
    eqml_status status = eqml__find_folds(s, fit);
    memset(t, 0, sizeof *t);
    for (int g = 0; g < s->parts && !status; g++) {
        status = eqml__fold_solve(s, g, fit);
        for (int j = 0; j < EQML_CLOUD_KINDS && !status; j++)
            if (s->rows[g][j] && s->rows[g][j]->rows > 0) {
                eqml__lsq_fold(s->rows[g][j]);
                squares[j] += eqml__lsq_residual(s->rows[g][j], 0, s->x);
                rows[j] += (double)s->rows[g][j]->rows;
            }
    }
    for (int j = 0; j < EQML_CLOUD_KINDS; j++)
        if (rows[j] > 0) {
            const double rms = sqrt(squares[j] / rows[j]);
            t->rms[j] = j == EQML_CLOUD_FORCES ? rms : rms * EQML_ANGSTROM;
            t->score += rms <= DBL_MAX ? log(fmax(rms, DBL_MIN)) : HUGE_VAL;
        }
    s->number++;
    return status;
}

#endif /* EQML__CLOUD_FOLDS_C */

/* ==== cloud/choose.c ==================================================================================== */

#ifndef EQML__CLOUD_CHOOSE_C
#define EQML__CLOUD_CHOOSE_C

#define EQML__RADIAL_TERMS 400
#define EQML__RADIAL_ROWS 40000.0
#define EQML__WEIGHT_TERMS 1000

/* What a choice works with. */
typedef struct eqml__cloud_chooser {
    const eqml_cloud_basis *whole;
    const eqml_frames *frames;
    eqml_cloud_choice_options options;
    eqml_radial radial;         /* of the present trial */
    double start[2], some;      /* logarithms of cutoff and range at the start; fraction of the data */
    eqml_cloud_fit_options fit; /* likewise */
    double *level, *atoms;      /* [nterms]; [nspecies] those of *fit, and room */
    eqml__cloud_lower lower;
    eqml__folds folds; /* of the weights */
    eqml__compass search;
    double tried[4 * EQML__MOST_TRIALS], k[4];
    eqml__fold_trial trials[EQML__MOST_TRIALS];
    int told;
    eqml_message *message;
} eqml__cloud_chooser;

static int eqml__terms_below(const double *level, int count, double highest)
{
    int below = 0;
    for (int k = 0; k < count; k++)
        below += level[k] <= highest;
    return below;
}

/* s->lower <- the terms up to the highest half level that leaves at most so many; at least those of the lowest. */
static eqml_status eqml__set_lower(eqml__cloud_chooser *s, int most)
{
    const int n = s->whole->nterms;
    double highest = 0;
    for (int k = 0; k < n; k++)
        highest = fmax(highest, s->level[k]);
    while (highest > 1 && eqml__terms_below(s->level, n, highest) > most)
        highest -= 0.5;
    eqml__lower_free(&s->lower);
    return eqml__lower_create(&s->lower, s->whole, s->level, fmax(highest, 2));
}

static void eqml__told(eqml__cloud_chooser *s)
{
    s->told++;
    if (s->options.progress)
        s->options.progress(s->options.context, s->told);
}

/* ---- cutoff and range ---------------------------------------------------------------------------------- */

static eqml_radial eqml__radial_of_k(const eqml__cloud_chooser *s, const double *k)
{
    eqml_radial r;
    r.cutoff = eqml__three_digits(exp(s->start[0] + k[0]) / EQML_ANGSTROM) * EQML_ANGSTROM;
    r.range = eqml__three_digits(exp(s->start[1] + k[1]) / EQML_ANGSTROM) * EQML_ANGSTROM;
    return r;
}

static bool eqml__radial_may_be(const void *context, int coordinate, double value)
{
    const eqml__cloud_chooser *s = (const eqml__cloud_chooser *)context;
    const double x = exp(s->start[coordinate] + value - s->start[1]); /* in units of the range at first */
    return coordinate == 0 ? x > 1.2 && x < 5 : x > 0.3 && x < 2.5;
}

static bool eqml__radial_is_open(const void *context, int coordinate)
{
    const eqml_cloud_choice_options *o = &((const eqml__cloud_chooser *)context)->options;
    return coordinate == 0 ? o->cutoff != 0 : o->range != 0;
}

static eqml_status eqml__radial_judge(void *context, const double *k, int number, double *score)
{
    eqml__cloud_chooser *s = (eqml__cloud_chooser *)context;
    eqml__folds folds;
    s->radial = eqml__radial_of_k(s, k);
    eqml_status status = eqml__folds_create(&folds, &s->lower.basis, &s->radial, s->frames, &s->fit,
                                            s->options.parts, s->some, s->atoms, s->message);
    if (!status)
        status = eqml__fold_judge(&folds, &s->fit, &s->trials[number]);
    *score = s->trials[number].score;
    eqml__folds_free(&folds);
    eqml__told(s);
    return status;
}

static eqml_status eqml__choose_radial(eqml__cloud_chooser *s)
{
    const double given = s->fit.ridge;
    double rows = 0;
    bool better;
    eqml_status status = eqml__set_lower(s, EQML__RADIAL_TERMS);
    for (size_t k = 0; k < s->frames->n; k++)
        if (eqml__frame_used(s->frames, s->fit.use, k) && (s->frames->has[k] & EQML_FRAME_FORCES))
            rows += 3 * (double)(s->frames->first[k + 1] - s->frames->first[k]);
    s->some = rows > EQML__RADIAL_ROWS ? EQML__RADIAL_ROWS / rows : 1;
    s->start[0] = log(s->radial.cutoff);
    s->start[1] = log(s->radial.range);
    s->search.may_be = eqml__radial_may_be;
    s->search.is_open = eqml__radial_is_open;
    s->search.judge = eqml__radial_judge;
    s->search.n = 2;
    if (s->options.ridge || !(given > 0))
        s->fit.ridge = 1e-6;
    memset(s->k, 0, sizeof s->k);
    if (!status)
        status = eqml__contend(&s->search, s->k, &better);
    if (!status)
        status = eqml__compass_search(&s->search, 0.14, 0.07, 20);
    s->fit.ridge = given;
    if (!status && s->search.best > 0) /* else all stays as it was, to the last digit */
        s->radial = eqml__radial_of_k(s, eqml__tried(&s->search, s->search.best));
    else
        s->radial.cutoff = exp(s->start[0]), s->radial.range = exp(s->start[1]);
    return status;
}

/* ---- weights and ridge --------------------------------------------------------------------------------- */

/* k: decades of the ridge over 1e-6, of the weight of energies over 100, of that of virials. */
static void eqml__fit_of_k(const eqml__cloud_chooser *s, const double *k, eqml_cloud_fit_options *fit)
{
    if (s->options.ridge)
        fit->ridge = eqml__three_digits(1e-6 * pow(10, k[0]));
    if (s->options.weights)
        fit->energy_weight = eqml__three_digits(100 * pow(10, k[1]));
    if (s->options.weights && fit->virial_weight > 0)
        fit->virial_weight = eqml__three_digits(pow(10, k[2]));
}

static bool eqml__fit_may_be(const void *context, int coordinate, double value)
{
    (void)context;
    return coordinate == 0 ? value >= -6 && value <= 4 : value >= -4 && value <= 4;
}

static bool eqml__fit_is_open(const void *context, int coordinate)
{
    const eqml__cloud_chooser *s = (const eqml__cloud_chooser *)context;
    return coordinate == 0   ? s->options.ridge != 0
           : coordinate == 1 ? s->options.weights != 0
                             : s->options.weights != 0 && s->fit.virial_weight > 0;
}

static eqml_status eqml__fit_judge(void *context, const double *k, int number, double *score)
{
    eqml__cloud_chooser *s = (eqml__cloud_chooser *)context;
    eqml__fit_of_k(s, k, &s->fit);
    const eqml_status status = eqml__fold_judge(&s->folds, &s->fit, &s->trials[number]);
    *score = s->trials[number].score;
    eqml__told(s);
    return status;
}

/* The largest ridge beside the best that costs at most 1 %. */
static eqml_status eqml__raise_ridge(eqml__cloud_chooser *s)
{
    const double best = s->search.score[s->search.best];
    eqml_status status = EQML_OK;
    int number = s->search.best;
    memcpy(s->k, eqml__tried(&s->search, number), sizeof s->k);
    while (!status && s->search.made < EQML__MOST_TRIALS && s->search.score[number] <= best + 0.01) {
        s->search.best = number;
        s->k[0] += 0.5;
        if (!eqml__fit_may_be(s, 0, s->k[0]))
            break;
        status = eqml__try(&s->search, s->k, &number);
    }
    return status;
}

static eqml_status eqml__choose_fit(eqml__cloud_chooser *s)
{
    bool better;
    eqml_status status = eqml__set_lower(s, EQML__WEIGHT_TERMS);
    if (!status)
        status = eqml__folds_create(&s->folds, &s->lower.basis, &s->radial, s->frames, &s->fit,
                                    s->options.parts, 1, s->atoms, s->message);
    s->search.may_be = eqml__fit_may_be;
    s->search.is_open = eqml__fit_is_open;
    s->search.judge = eqml__fit_judge;
    s->search.n = 3;
    s->search.made = s->search.best = 0;
    memset(s->k, 0, sizeof s->k);
    if (!status)
        status = eqml__contend(&s->search, s->k, &better);
    if (!status)
        status = eqml__compass_search(&s->search, 1, 0.5, 30);
    if (!status && s->options.ridge)
        status = eqml__raise_ridge(s);
    if (!status)
        eqml__fit_of_k(s, eqml__tried(&s->search, s->search.best), &s->fit);
    eqml__folds_free(&s->folds);
    return status;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static eqml_status eqml__chooser_create(eqml__cloud_chooser *s, const eqml_cloud_basis *basis,
                                        const eqml_frames *frames, const eqml_cloud_fit_options *fit)
{
    memset(s, 0, sizeof *s);
    s->whole = basis;
    s->frames = frames;
    if (fit)
        s->fit = *fit;
    s->fit.progress = NULL;
    s->search.context = s;
    s->search.k = s->k;
    s->search.tried = s->tried;
    s->level = (double *)eqml__zeroed((size_t)basis->nterms, sizeof(double));
    s->atoms = (double *)eqml__zeroed((size_t)basis->nspecies, sizeof(double));
    if (!s->level || !s->atoms)
        return EQML_ERROR_MEMORY;
    return eqml_cloud_levels(basis, s->fit.level_weight > 0 ? s->fit.level_weight : 1.5, s->level);
}

static void eqml__chooser_free(eqml__cloud_chooser *s)
{
    eqml__lower_free(&s->lower);
    EQML_FREE(s->level);
    EQML_FREE(s->atoms);
}

static eqml_status eqml__chooser_failed(eqml_status status, eqml_message *message)
{
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the choice: %s", eqml_status_text(status));
    return status;
}

EQML_API eqml_status eqml_cloud_choose(const eqml_cloud_basis *basis, const eqml_frames *frames,
                                       const eqml_cloud_choice_options *options, eqml_radial *radial,
                                       eqml_cloud_fit_options *fit, eqml_cloud_choice *choice,
                                       eqml_message *message)
{
    eqml__cloud_chooser *s = (eqml__cloud_chooser *)eqml__zeroed(1, sizeof *s);
    if (message)
        message->text[0] = 0;
    if (!s)
        return eqml__chooser_failed(EQML_ERROR_MEMORY, message);
    eqml_status status = eqml__chooser_create(s, basis, frames, fit);
    s->options = *options;
    s->message = message;
    s->radial = *radial;
    if (s->radial.cutoff == 0)
        s->radial.cutoff = 2.2 * s->radial.range;
    if (!status && (options->cutoff || options->range))
        status = eqml__choose_radial(s);
    if (!status && (options->weights || options->ridge))
        status = eqml__choose_fit(s);
    if (!status) {
        *radial = s->radial;
        fit->ridge = s->fit.ridge;
        fit->energy_weight = s->fit.energy_weight;
        fit->virial_weight = s->fit.virial_weight;
    }
    if (!status && choice) {
        choice->trials = s->told;
        choice->terms = s->lower.basis.nterms;
        memcpy(choice->rms, s->trials[s->search.best].rms, sizeof choice->rms);
    }
    eqml__chooser_free(s);
    EQML_FREE(s);
    return eqml__chooser_failed(status, message);
}

EQML_API eqml_status eqml_cloud_choose_level(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                             const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                             int parts, int highest, int *level, double *score, int *terms,
                                             eqml_message *message)
{
    eqml__cloud_chooser *s = (eqml__cloud_chooser *)eqml__zeroed(1, sizeof *s);
    int best = 0;
    if (message)
        message->text[0] = 0;
    if (!s)
        return eqml__chooser_failed(EQML_ERROR_MEMORY, message);
    eqml_status status = eqml__chooser_create(s, basis, frames, fit);
    for (int d = 0; d <= highest && !status; d++) {
        eqml__fold_trial trial;
        memset(&trial, 0, sizeof trial);
        terms[d] = eqml__terms_below(s->level, basis->nterms, d);
        score[d] = HUGE_VAL;
        if (terms[d] < 3 || (d > 0 && terms[d] == terms[d - 1]))
            continue;
        eqml__lower_free(&s->lower);
        status = eqml__lower_create(&s->lower, basis, s->level, d);
        if (!status)
            status = eqml__folds_create(&s->folds, &s->lower.basis, radial, frames, &s->fit, parts, 1,
                                        s->atoms, message);
        if (!status)
            status = eqml__fold_judge(&s->folds, &s->fit, &trial);
        eqml__folds_free(&s->folds);
        score[d] = trial.score;
        if (!status && (!best || score[d] < score[best]))
            best = d;
    }
    *level = best;
    for (int d = best - 1; d >= 0 && !status; d--)
        if (score[d] <= score[best] + 0.02)
            *level = d;
    if (!status && !best)
        status = EQML_ERROR_EMPTY;
    eqml__chooser_free(s);
    EQML_FREE(s);
    return eqml__chooser_failed(status, message);
}

/* *to <- the errors of both, of which *to has none where it is empty. */
static void eqml__join_errors(eqml_cloud_errors *to, size_t *components, const eqml_cloud_errors *e,
                              size_t own)
{
    const double counts[3][2] = {{(double)to->energies, (double)e->energies},
                                 {(double)*components, (double)own},
                                 {(double)to->virials, (double)e->virials}};
    double *const mean[3] = {&to->mae_energy, &to->mae_force, &to->mae_virial};
    double *const square[3] = {&to->rmse_energy, &to->rmse_force, &to->rmse_virial};
    const double more[3][2] = {
        {e->mae_energy, e->rmse_energy}, {e->mae_force, e->rmse_force}, {e->mae_virial, e->rmse_virial}};
    for (int j = 0; j < 3; j++) {
        const double all = counts[j][0] + counts[j][1];
        if (!(all > 0))
            continue;
        *mean[j] = (*mean[j] * counts[j][0] + more[j][0] * counts[j][1]) / all;
        *square[j] =
            sqrt((*square[j] * *square[j] * counts[j][0] + more[j][1] * more[j][1] * counts[j][1]) / all);
    }
    to->energies += e->energies;
    to->forces += e->forces;
    to->virials += e->virials;
    *components += own;
}

EQML_API eqml_status eqml_cloud_cross_validate(const eqml_cloud_basis *basis, const eqml_radial *radial,
                                               const eqml_frames *frames, const eqml_cloud_fit_options *fit,
                                               int parts, eqml_cloud_errors *errors, eqml_message *message)
{
    const int n = basis->nterms;
    eqml_cloud_fit_options o;
    eqml__folds s;
    size_t components = 0;
    double *atoms = (double *)eqml__zeroed(2 * (size_t)basis->nspecies, sizeof(double));
    memset(errors, 0, sizeof *errors);
    memset(&o, 0, sizeof o);
    if (fit)
        o = *fit;
    if (!atoms)
        return eqml__chooser_failed(EQML_ERROR_MEMORY, message);
    double *own = atoms + basis->nspecies;
    eqml_status status = eqml__folds_create(&s, basis, radial, frames, &o, parts, 1, atoms, message);
    if (!status)
        status = eqml__find_folds(&s, &o);
    for (int g = 0; g < s.parts && !status; g++) {
        const eqml_cloud_model model = {basis, *radial, s.x, own, o.pairs};
        eqml_cloud_errors e;
        size_t held = 0;
        status = eqml__fold_solve(&s, g, &o);
        for (int k = 0; k < basis->nspecies; k++)
            own[k] = atoms[k] + (n + k < s.w.ncols ? s.x[n + k] : 0);
        for (size_t k = 0; k < frames->n; k++) {
            s.use[k] = s.part[k] == g + 1;
            if (s.use[k] && (frames->has[k] & EQML_FRAME_FORCES))
                held += 3 * (frames->first[k + 1] - frames->first[k]);
        }
        if (!status)
            status = eqml_cloud_find_errors(&model, frames, s.use, &e, message);
        if (!status)
            eqml__join_errors(errors, &components, &e, held);
    }
    eqml__folds_free(&s);
    EQML_FREE(atoms);
    return eqml__chooser_failed(status, message);
}

#endif /* EQML__CLOUD_CHOOSE_C */

/* ==== cloud/potential.c ================================================================================= */

#ifndef EQML__CLOUD_POTENTIAL_C
#define EQML__CLOUD_POTENTIAL_C

/* ---- NAME.pot ---------------------------------------------------------------------------------------- */

/* A pair as its numbers, in the order of the record; and back. */
enum { EQML__PAIR_NUMBERS = 13 };

static int eqml__npairs(const eqml_cloud_basis *b)
{
    return b->nspecies * (b->nspecies + 1) / 2;
}

static void eqml__pair_numbers(const eqml_pair_reference *p, double *number)
{
    number[0] = p->inner;
    number[1] = p->outer;
    for (int k = 0; k < 4; k++) {
        number[2 + k] = p->amplitude[k];
        number[6 + k] = p->rate[k];
    }
    number[10] = p->constant;
    number[11] = p->cubic;
    number[12] = p->quartic;
}

static void eqml__pair_of_numbers(const double *number, eqml_pair_reference *p)
{
    p->inner = number[0];
    p->outer = number[1];
    for (int k = 0; k < 4; k++) {
        p->amplitude[k] = number[2 + k];
        p->rate[k] = number[6 + k];
    }
    p->constant = number[10];
    p->cubic = number[11];
    p->quartic = number[12];
}

static eqml_status eqml__check_potential(const eqml_cloud_model *m, const char *path, eqml_message *message)
{
    eqml_status status = eqml__check_numbers(path, "coefficients", (size_t)m->basis->nterms, m->coefficients,
                                             DBL_MAX, message);
    if (!status && m->atoms)
        status = eqml__check_numbers(path, "energies of atoms", (size_t)m->basis->nspecies, m->atoms, DBL_MAX,
                                     message);
    for (int k = 0; m->pairs && k < eqml__npairs(m->basis) && !status; k++) {
        double numbers[EQML__PAIR_NUMBERS];
        eqml__pair_numbers(&m->pairs[k], numbers);
        status = eqml__check_numbers(path, "pair references", EQML__PAIR_NUMBERS, numbers, DBL_MAX, message);
    }
    return status;
}

/* What tells one basis from another: its terms in their order. */
static uint64_t eqml__cloud_number(const eqml_cloud_basis *b)
{
    uint64_t hash = 14695981039346656037u;
    for (int c = 0; c < b->ncentres; c++) {
        const eqml_cloud_program *p = b->centres[c].program;
        eqml__mix(&hash, p->moments[0], 4 * (size_t)p->nmoments);
        eqml__mix(&hash, p->products[0], 3 * (size_t)p->nproducts);
        eqml__mix(&hash, p->rows[0], 3 * (size_t)p->nrows);
        eqml__mix(&hash, p->columns, (size_t)p->nterms);
    }
    return hash;
}

static void eqml__put_hexadecimal(FILE *out, const char *word, int count, const double *number)
{
    fprintf(out, "%s %d\n", word, count);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s\n", eqml__hexadecimal(number ? number[k] : 0).text);
}

static void eqml__cloud_says(const eqml_cloud_basis *b, char *text, size_t size)
{
    const uint64_t number = eqml__cloud_number(b);
    snprintf(text, size, "%d %08lx%08lx %s", b->nterms, (unsigned long)(number >> 32),
             (unsigned long)(number & 0xffffffff), b->environment);
}

EQML_API eqml_status eqml_cloud_write(const eqml_cloud_model *m, const char *path, eqml_message *message)
{
    eqml__output out;
    char says[1024];
    const double radial[2] = {m->radial.cutoff, m->radial.range};
    eqml_status status = eqml__check_potential(m, path, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    eqml__cloud_says(m->basis, says, sizeof says);
    fprintf(out.file, "eqml-pot 2\nbasis %s\n", says);
    eqml__put_hexadecimal(out.file, "radial", 2, radial);
    eqml__put_hexadecimal(out.file, "atoms", m->basis->nspecies, m->atoms);
    eqml__put_hexadecimal(out.file, "coefficients", m->basis->nterms, m->coefficients);
    fprintf(out.file, "pairs %d\n", m->pairs ? eqml__npairs(m->basis) : 0);
    for (int k = 0; m->pairs && k < eqml__npairs(m->basis); k++) {
        double numbers[EQML__PAIR_NUMBERS];
        eqml__pair_numbers(&m->pairs[k], numbers);
        eqml__put_hexadecimal(out.file, "pair", EQML__PAIR_NUMBERS, numbers);
    }
    return eqml__close_output(&out, EQML_OK, message);
}

/* The next line, which must be this text. */
static eqml_status eqml__expect_line(eqml__reader *r, const char *text, eqml_status status)
{
    eqml__span line = {NULL, NULL};
    if (eqml__next_line(r, &line)) {
        while (line.end > line.begin && eqml__is_one_of(line.end[-1], EQML__BLANKS))
            line.end--;
        if (eqml__is(line, text))
            return EQML_OK;
    }
    return EQML__REFUSE(r, status, "expected \"%.100s\", found %s", text, eqml__quote(line).text);
}

static eqml_status eqml__read_hexadecimal(eqml__reader *r, const char *word, int count, double *number)
{
    char text[64];
    snprintf(text, sizeof text, "%s %d", word, count);
    eqml_status status = eqml__expect_line(r, text, EQML_ERROR_FORMAT);
    for (int k = 0; k < count && !status; k++) {
        eqml__span line = {NULL, NULL}, rest, one;
        eqml__next_line(r, &line);
        rest = line;
        eqml__next_word(&rest, EQML__BLANKS, &one);
        status = eqml__parse_number(one, EQML__HEXADECIMAL, &number[k]);
        if (status)
            EQML__REFUSE(r, status, "expected a finite number, found %s", eqml__quote(line).text);
    }
    return status;
}

static eqml_status eqml__read_pairs(eqml__reader *r, int npairs, eqml_pair_reference *pairs)
{
    eqml__span line = {NULL, NULL};
    char text[64];
    eqml_status status = EQML_OK;
    if (pairs)
        memset(pairs, 0, (size_t)npairs * sizeof *pairs);
    snprintf(text, sizeof text, "pairs %d", npairs);
    if (eqml__next_line(r, &line) && eqml__is(line, "pairs 0"))
        return EQML_OK;
    if (!line.begin || !eqml__is(line, text))
        return EQML__REFUSE(r, EQML_ERROR_FORMAT, "expected \"pairs 0\" or \"%s\", found %s", text,
                            eqml__quote(line).text);
    if (!pairs)
        return EQML__REFUSE(r, EQML_ERROR_MATCH,
                            "this potential has pair references, which the caller leaves out");
    for (int k = 0; k < npairs && !status; k++) {
        double numbers[EQML__PAIR_NUMBERS] = {0};
        status = eqml__read_hexadecimal(r, "pair", EQML__PAIR_NUMBERS, numbers);
        eqml__pair_of_numbers(numbers, &pairs[k]);
    }
    return status;
}

EQML_API eqml_status eqml_cloud_read(const char *path, const eqml_cloud_basis *basis, eqml_radial *radial,
                                     double *coefficients, double *atoms, eqml_pair_reference *pairs,
                                     eqml_message *message)
{
    eqml__reader r;
    char says[1024], line[1040];
    double parameters[2] = {0, 0};
    eqml_status status = eqml__open_reader(&r, path, message);
    if (status)
        return status;
    eqml__cloud_says(basis, says, sizeof says);
    snprintf(line, sizeof line, "basis %s", says);
    status = eqml__expect_line(&r, "eqml-pot 2", EQML_ERROR_FORMAT);
    if (!status)
        status = eqml__expect_line(&r, line, EQML_ERROR_MATCH);
    if (!status)
        status = eqml__read_hexadecimal(&r, "radial", 2, parameters);
    if (!status)
        status = eqml__read_hexadecimal(&r, "atoms", basis->nspecies, atoms);
    if (!status)
        status = eqml__read_hexadecimal(&r, "coefficients", basis->nterms, coefficients);
    if (!status)
        status = eqml__read_pairs(&r, eqml__npairs(basis), pairs);
    radial->cutoff = parameters[0];
    radial->range = parameters[1];
    eqml__close_reader(&r);
    return status;
}

/* ---- NAME_pot.h -------------------------------------------------------------------------------------- */

static const struct eqml__needed eqml__cloud_needed[] = {
    {"status.h", NULL},          {"compiler.h", NULL},
    {"lanes/choose.h", NULL},    {"lanes/vector.h", NULL},
    {"lanes/scalar.h", NULL},    {"lanes/generic.h", NULL},
    {"lanes/sse2.h", NULL},      {"lanes/neon.h", NULL},
    {"lanes/plain.h", NULL},     {"lanes/avx.h", NULL},
    {"lanes/avx2.h", NULL},      {"lanes/avx512.h", NULL},
    {"lanes.h", NULL},           {"layout.h", NULL},
    {"cloud/basis.h", NULL},     {"cloud/neighbours.h", NULL},
    {"cloud/harmonics.h", NULL}, {"cloud/radial.h", NULL},
    {"cloud/moments.h", NULL},   {"cloud/form.h", NULL},
    {"cloud/pairs.h", NULL},     {"cloud/evaluate.h", NULL},
    {"cloud/model.h", NULL},     {"status.c", NULL},
    {"memory.c", NULL},          {"cloud/neighbours.c", NULL}};
enum { EQML__CLOUD_NEEDED = sizeof eqml__cloud_needed / sizeof *eqml__cloud_needed };

static void eqml__put_potential_banner(FILE *out, const eqml_cloud_model *m, const char *name)
{
    fprintf(out, "/*\n * %s: a potential for configurations of %s, fitted with eqml.\n *\n", name,
            m->basis->species);
    fprintf(out,
            " *     int    %s_nspecies(void);\n *     const char *%s_species(void);     \"%s\"\n"
            " *     double %s_cutoff(void);        %.6g bohr\n"
            " *     int    %s_evaluate(size_t natoms, const double *xyz, const int *species, const double "
            "*cell,\n"
            " *                const int *pbc, double *energy, double *forces, double *virial, double "
            "*energies);\n *\n",
            name, name, m->basis->species, name, eqml_cloud_cutoff(m), name);
    fprintf(out, " * xyz[natoms][3] in bohr; species[natoms], their numbers in the list above; cell[3][3], "
                 "rows, or NULL: open;\n"
                 " * pbc[3], NULL: as the cell. Outputs may be NULL: energy in hartree, forces[natoms][3] in "
                 "hartree/bohr,\n"
                 " * virial[6] xx yy zz yz xz xy, -dE/dstrain in hartree, energies[natoms] of the atoms. "
                 "Returns 0, or a status\n"
                 " * with the outputs as they were. Thread-safe. Compile with -O3 -march=native "
                 "-ffp-contract=fast, link with\n"
                 " * -lm.\n */\n");
}

static void eqml__put_pair(FILE *out, const eqml_pair_reference *p)
{
    double number[EQML__PAIR_NUMBERS];
    eqml__pair_numbers(p, number);
    for (int k = 0; k < EQML__PAIR_NUMBERS; k++) {
        const int opens = k == 2 || k == 6, closes = k == 5 || k == 9;
        fprintf(out, "%s%s%s%s", k ? ", " : "    {", opens ? "{" : "", eqml__decimal(number[k], false).text,
                closes ? "}" : "");
    }
    fprintf(out, "},\n");
}

static void eqml__put_potential(FILE *out, const eqml_cloud_model *m, const char *name)
{
    const int number = EQML_LAYOUT;
    fprintf(out, "\n#ifndef EQML_POTENTIAL_%s\n#define EQML_POTENTIAL_%s\n", name, name);
    fprintf(out, "#define %s_STORAGE static const\n#define %s_PLACED EQML%d_ALIGNED\n", name, name, number);
    eqml__put_numbers(out, name, "coefficients", false, m->basis->nterms, m->coefficients);
    if (m->atoms)
        eqml__put_numbers(out, name, "atoms", false, m->basis->nspecies, m->atoms);
    if (m->pairs) {
        fprintf(
            out,
            "%s_STORAGE eqml%d_pair_reference %s_pairs[] = { /* inner, outer, amplitudes, rates, switching "
            "*/\n",
            name, number, name);
        for (int k = 0; k < eqml__npairs(m->basis); k++)
            eqml__put_pair(out, &m->pairs[k]);
        fprintf(out, "};\n");
    }
    fprintf(out, "static const eqml%d_cloud_model %s_model = {&eqml%d_%s_basis, {%s, ", number, name, number,
            m->basis->name, eqml__decimal(m->radial.cutoff, false).text);
    fprintf(out, "%s}, %s_coefficients, %s%s, %s%s};\n", eqml__decimal(m->radial.range, false).text, name,
            m->atoms ? name : "0", m->atoms ? "_atoms" : "", m->pairs ? name : "0", m->pairs ? "_pairs" : "");
    fprintf(out,
            "#ifndef %s_API /* define it as extern, in one file, for functions with external linkage */\n"
            "#define %s_API EQML%d_FUNCTION\n#endif\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
            "EQML%d_CLOUD_POTENTIAL_FUNCTIONS(%s, EQML%d__APART %s_API)\n"
            "#ifdef __cplusplus\n}\n#endif\n#endif\n",
            name, name, number, number, name, number, name);
}

EQML_API eqml_status eqml_cloud_write_header(const eqml_cloud_model *m, const char *name, const char *runtime,
                                             const char *basis_header, const char *path,
                                             eqml_message *message)
{
    eqml__output out;
    eqml__tagger tagger = {NULL, "", 0};
    eqml__sources sources = {NULL, NULL};
    eqml_status status = eqml__check_potential(m, path, message);
    if (!status)
        status = eqml__load_sources(&sources, runtime, basis_header, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (!status) {
        tagger.out = out.file;
        eqml__put_potential_banner(out.file, m, name);
        fprintf(out.file, "#ifndef EQML%d_STATIC\n#define EQML%d_STATIC\n#endif\n", EQML_LAYOUT, EQML_LAYOUT);
        status = eqml__put_sources(&tagger, &sources, runtime, m->basis->name, eqml__cloud_needed,
                                   EQML__CLOUD_NEEDED, message);
        if (!status)
            eqml__put_potential(out.file, m, name);
        status = eqml__close_output(&out, status, message);
    }
    eqml__free_sources(&sources);
    return status;
}

#endif /* EQML__CLOUD_POTENTIAL_C */

/* ==== cloud/grading.c =================================================================================== */

#ifndef EQML__CLOUD_GRADING_C
#define EQML__CLOUD_GRADING_C

EQML_API void eqml_cloud_grader_free(eqml_cloud_grader *g)
{
    eqml_sigma_free(&g->variance);
    EQML_FREE((void *)(uintptr_t)g->reach);
    memset(g, 0, sizeof *g);
}

/* g->variance <- F, or combinations of its rows. */
static eqml_status eqml__grader_matrix(eqml_cloud_grader *g, eqml_lsq *lsq, int rows)
{
    const int n = lsq->ncols, wanted = EQML_ROUND(rows);
    const bool whole = rows == 0 || wanted >= n;
    eqml__system s;
    void *room = EQML_MALLOC(eqml__system_size(n, 1));
    if (!room)
        return EQML_ERROR_MEMORY;
    eqml__lsq_fold(lsq);
    eqml__system_create(&s, n, 1, room);
    eqml_status status = eqml__system_load(&s, lsq);
    if (!status) {
        eqml__system_reduce(&s, eqml__lsq_tolerance(lsq), 1);
        g->variance.terms = n;
        g->variance.rows = whole ? EQML_ROUND(s.rank) : wanted;
        g->variance.triangular = whole && eqml__in_order(&s);
        double *matrix = (double *)eqml__zeroed(eqml__sigma_size(&g->variance), sizeof(double));
        g->variance.matrix = matrix;
        status = matrix ? eqml__find_matrix(&s, whole, &g->variance, matrix) : EQML_ERROR_MEMORY;
    }
    EQML_FREE(room);
    return status;
}

EQML_API eqml_status eqml_cloud_grader_create(eqml_cloud_grader *g, const eqml_cloud_model *model,
                                              eqml_lsq *triangle, const eqml_frames *frames,
                                              const unsigned char *use, int rows, eqml_message *message)
{
    const size_t nspecies = (size_t)model->basis->nspecies;
    eqml_cloud_workspace w;
    size_t most = 0;
    memset(g, 0, sizeof *g);
    memset(&w, 0, sizeof w);
    if (message)
        message->text[0] = 0;
    for (size_t k = 0; k < frames->n; k++)
        most =
            frames->first[k + 1] - frames->first[k] > most ? frames->first[k + 1] - frames->first[k] : most;
    double *reach = (double *)eqml__zeroed(2 * nspecies, sizeof(double)), *top = reach + nspecies;
    double *grade = (double *)eqml__zeroed(most, sizeof(double));
    eqml_status status = reach && grade && rows >= 0 ? eqml__grader_matrix(g, triangle, rows)
                         : rows < 0                  ? EQML_ERROR_ARGUMENT
                                                     : EQML_ERROR_MEMORY;
    g->reach = reach;
    for (size_t s = 0; s < nspecies && reach; s++)
        reach[s] = 1;
    for (size_t k = 0; k < frames->n && !status; k++) {
        const eqml_configuration c = eqml_frame(frames, k);
        if (!eqml__frame_used(frames, use, k))
            continue;
        status = eqml_cloud_find_grades(g, model, &c, &w, grade, message);
        for (size_t i = 0; i < c.natoms && !status; i++)
            top[c.species[i]] = fmax(top[c.species[i]], grade[i] * grade[i]);
    }
    if (!status)
        memcpy(reach, top, nspecies * sizeof(double));
    EQML_FREE(grade);
    eqml_cloud_workspace_free(&w);
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the grades: %s", eqml_status_text(status));
    if (status)
        eqml_cloud_grader_free(g);
    return status;
}

/* ---- the configurations to compute next ---------------------------------------------------------------- */

typedef struct eqml__cloud_design {
    eqml__designer core;
    eqml__cloud_fit w;
    int forces;
    eqml_status status; /* memory that was refused while rows were made */
} eqml__cloud_design;

/* row <- a row of the fit without its value, times a factor. */
static void eqml__design_row(const eqml__cloud_fit *w, const double *from, const double *count, double factor,
                             double *row)
{
    const int n = w->basis->nterms;
    for (int k = 0; k < n; k++)
        row[k] = factor * from[k];
    for (int k = n; k < w->ncols; k++)
        row[k] = count ? factor * count[k - n] : 0;
}

/* Those of configuration g; one that has no neighbours, or two atoms in one place, has no rows, and gains nothing. */
static int eqml__configuration_rows(void *context, size_t g, double *rows)
{
    eqml__cloud_design *d = (eqml__cloud_design *)context;
    eqml__cloud_fit *w = &d->w;
    const eqml_configuration c = eqml_frame(w->frames, g);
    const size_t length = (size_t)w->basis->nterms;
    const double weight = w->options.energy_weight > 0 ? w->options.energy_weight : 100;
    const eqml_cloud_rows found = {w->energy, d->forces ? w->forces : NULL, NULL};
    int count = 0;
    eqml_status status = eqml_neighbours_find(&c, w->radial->cutoff, &w->workspace.list, NULL);
    if (!status)
        status =
            eqml_cloud_find_rows(w->basis, w->radial, &w->workspace.list, c.species, &w->workspace, &found);
    if (status == EQML_ERROR_MEMORY)
        d->status = status;
    if (status)
        return 0;
    memset(w->count, 0, (size_t)w->basis->nspecies * sizeof(double));
    for (size_t i = 0; i < c.natoms; i++)
        w->count[c.species[i]] += 1;
    eqml__design_row(w, w->energy, w->count, sqrt(weight / (double)c.natoms) / EQML_ANGSTROM, rows);
    count++;
    for (size_t i = 0; i < 3 * c.natoms && d->forces; i++, count++)
        eqml__design_row(w, w->forces + i * length, NULL, 1, rows + (size_t)count * d->core.length);
    return count;
}

EQML_API eqml_status eqml_cloud_design(const eqml_cloud_grader *grader, const eqml_cloud_model *model,
                                       const eqml_frames *pool, const eqml_cloud_fit_options *options,
                                       int forces, size_t wanted, eqml_design_choice *choice, size_t *found,
                                       eqml_message *message)
{
    eqml__cloud_design d;
    eqml_cloud_fit_options all;
    unsigned char *has = (unsigned char *)eqml__zeroed(pool->n, 1);
    double *atoms = (double *)eqml__zeroed((size_t)model->basis->nspecies, sizeof(double));
    eqml_frames bare = *pool; /* what it has already plays no part */
    *found = 0;
    if (message)
        message->text[0] = 0;
    memset(&d, 0, sizeof d);
    memset(&all, 0, sizeof all);
    if (options)
        all = *options;
    all.use = NULL;
    if (grader->variance.terms == model->basis->nterms)
        all.atoms = atoms;
    eqml_status status = has && atoms ? EQML_OK : EQML_ERROR_MEMORY;
    if (!status && !grader->variance.triangular)
        status =
            eqml__fail(message, EQML_ERROR_ARGUMENT,
                       "the grades are not those of the whole fit, or its data leave some of its %d columns "
                       "undetermined; a ridge helps",
                       grader->variance.terms);
    if (!status) {
        memset(has, EQML_FRAME_FORCES, pool->n);
        bare.has = has;
        status = eqml__cloud_fit_create(&d.w, model->basis, &model->radial, &bare, &all, atoms, message);
        d.core.context = &d;
        d.core.find_rows = eqml__configuration_rows;
        d.forces = forces;
        if (!status)
            status = eqml__designer_create(&d.core, &grader->variance, forces ? 1 + 3 * (int)d.w.natoms : 1,
                                           pool->n);
        if (!status)
            *found = eqml__design_choose(&d.core, pool->n, wanted, choice);
        status = status ? status : d.status;
        eqml__designer_free(&d.core);
        eqml__cloud_fit_free(&d.w);
    }
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the design failed: %s", eqml_status_text(status));
    EQML_FREE(has);
    EQML_FREE(atoms);
    return status;
}

/* ---- NAME_grade.h -------------------------------------------------------------------------------------- */

static void eqml__put_grader(FILE *out, const eqml_cloud_grader *g, const char *name, int nspecies)
{
    const int size = (int)eqml__sigma_size(&g->variance);
    fprintf(out, "\n#ifndef EQML_GRADE_%s\n#define EQML_GRADE_%s\n", name, name);
    fprintf(out, "static const double %s_grade_matrix[%d] EQML" EQML__TAG "_ALIGNED = {", name, size);
    for (int k = 0; k < size; k++)
        eqml__put_number(out, k, false, g->variance.matrix[k]);
    fprintf(out, "\n};\nstatic const double %s_grade_reach[] = {", name);
    for (int s = 0; s < nspecies; s++)
        eqml__put_number(out, s, false, g->reach[s]);
    fprintf(out,
            "\n};\nstatic const eqml" EQML__TAG
            "_cloud_grader %s_grader = {{%d, %d, %d, 0, 0, 0, 0, %s_grade_matrix}, %s_grade_reach};\n",
            name, g->variance.terms, g->variance.rows, g->variance.triangular, name, name);
    fprintf(out,
            "#ifdef __cplusplus\nextern \"C\" {\n#endif\nEQML" EQML__TAG
            "_CLOUD_GRADE_FUNCTIONS(%s, EQML" EQML__TAG
            "__APART %s_API)\n#ifdef __cplusplus\n}\n#endif\n#endif\n",
            name, name);
}

EQML_API eqml_status eqml_cloud_write_grades(const eqml_cloud_grader *g, const eqml_cloud_model *model,
                                             const char *name, const char *runtime, const char *path,
                                             eqml_message *message)
{
    static const struct eqml__needed needed[] = {
        {"variance.h", NULL}, {"cloud/rows.h", NULL}, {"cloud/grade.h", NULL}};
    eqml__output out;
    eqml__tagger tagger = {NULL, "", 0};
    char *parts = NULL;
    size_t size = eqml__sigma_size(&g->variance);
    if (size > INT32_MAX)
        return eqml__fail_file(message, EQML_ERROR_ARGUMENT, path, 0,
                               "a matrix of %zu numbers is no header: take fewer rows", size);
    eqml_status status = eqml__check_numbers(path, "matrix", size, g->variance.matrix, DBL_MAX, message);
    if (!status)
        status = eqml__load_text(runtime, &parts, &size, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (!status) {
        tagger.out = out.file;
        fprintf(out.file,
                "/*\n * How far neighbourhoods are from those that the potential %s was trained on: "
                "extrapolation grades.\n"
                " *\n *     int %s_grades(size_t natoms, const double *xyz, const int *species, const double "
                "*cell,\n"
                " *                   const int *pbc, double *grade);\n *\n"
                " * Arguments as in %s_pot.h, which must lie beside this file; grade[natoms], up to 1 in the "
                "training "
                "data.\n */\n#include \"%s_pot.h\"\n\n",
                name, name, name, name);
        status = eqml__put_parts(&tagger, parts, runtime, "", needed, 3, message);
        if (!status)
            eqml__put_grader(out.file, g, name, model->basis->nspecies);
        status = eqml__close_output(&out, status, message);
    }
    EQML_FREE(parts);
    return status;
}

#endif /* EQML__CLOUD_GRADING_C */
#endif /* EQML_IMPLEMENTATION */
#endif /* EQML_H */
