/* What compilers are told: inlining, unrolling, chains side by side. */
#ifndef EQML__COMPILER_H
#define EQML__COMPILER_H
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

/*
 * EQML__APART goes before every function. It tells gcc three things.
 *
 * Optimise as -O3 does, at every level but -O0. At -O2 gcc leaves short loops as they are, and the arrays that
 * they run through in memory: a batch of water of degree 8 takes 57 ns a geometry then, and 17 this way, at -O1 19.
 *
 * Do not gather numbers of straight-line code into vectors ("slp-vectorize"): it takes more instructions than it
 * saves, and a vector that is loaded from numbers waits until they are stored. One gradient of water of degree 8
 * takes 138 ns with it, 89 without.
 *
 * On machines other than x86-64, no loop variables made of addresses ("ivopts"), because they bring out a bug of gcc
 * (90348). gcc lets two arrays share a place in the stack if they do not live at the same time, and judges that by
 * where their names appear; with ivopts an address is in use where no name appears. gcc 12 for aarch64 at -O2 laid
 * the factors of a row of the form over its sums, and batches were wrong. x86-64 addresses the stack with an index,
 * and has not shown it.
 */
#if !defined(__GNUC__) || defined(__clang__) || !defined(__OPTIMIZE__)
#define EQML__APART
#elif defined(__x86_64__)
#define EQML__APART __attribute__((optimize("O3", "no-tree-slp-vectorize")))
#else
#define EQML__APART __attribute__((optimize("O3", "no-tree-slp-vectorize", "no-ivopts")))
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

/* Rounds a length up to whole vectors, whatever their kind. */
#define EQML_ROUND(n) (((n) + 7) / 8 * 8)

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
