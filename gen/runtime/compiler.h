/* What compilers are told: inlining, unrolling, chains side by side. */
#ifndef EQML__COMPILER_H
#define EQML__COMPILER_H
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

/*
 * EQML__APART: numbers stay apart. gcc would gather them from straight-line code into vectors, by more
 * instructions than this saves, and the vectors wait for what was stored as numbers: 138 instead of 89 ns
 * for one gradient of water of degree 8.
 *
 * Where the machine is not x86-64, also no induction variables made of addresses. gcc lets two arrays share a
 * place in the stack when they seem not to live at the same time, and an array seems to live only from where
 * its name appears; "ivopts" puts the address of an array in a variable, and uses that again in the next copy
 * of an unrolled loop, where the name does not appear. gcc 12 for aarch64 at -O2 so laid the factors of a row
 * of the form, rx, over its sums, other_x, and batches were wrong (GCC bug 90348). x86-64 addresses the stack
 * with an index, and has not shown it.
 */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define EQML__APART __attribute__((optimize("no-tree-slp-vectorize")))
#elif defined(__GNUC__) && !defined(__clang__)
#define EQML__APART __attribute__((optimize("no-tree-slp-vectorize", "no-ivopts")))
#else
#define EQML__APART
#endif

#if defined(__GNUC__)
#define EQML_INLINE static inline __attribute__((always_inline, unused))
#define EQML_FUNCTION EQML__APART static inline __attribute__((unused))
#define EQML_NOINLINE EQML__APART static __attribute__((noinline, unused))
#else
#define EQML_INLINE static inline
#define EQML_FUNCTION static inline
#define EQML_NOINLINE static inline
#endif

/*
 * A loop over tables, unrolled where the compiler knows the tables and that it is short: then offsets are
 * constants, and what passes through memory stays in registers. clang decides by itself, and warns where it
 * is told to and cannot.
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
 * Pairs, and tiles of the form, up to which loops are short. Ammonia of degree 8 (67 tiles) takes 264 ns for
 * one gradient, 331 in a loop; water (13) 11 % less in a batch, but methane of degree 6 (45) 19 % more: its
 * code is too long for the cache of instructions. For the same reason gradients with so many operations have
 * no unrolled form, and fewer pairs side by side: H5O2 of degree 5 takes 737 ns, in place of 1,012; with AVX2
 * 820 in place of 1,110.
 */
enum { EQML__FEW_PAIRS = 16, EQML__SHORT_ONE = 75, EQML__SHORT_LANES = 25, EQML__LONG_CODE = 1000 };
/* Atoms of which a batch has the sums of the gradient in registers. */
enum { EQML__FEW_ATOMS = 6 };

/* Chains of dependent operations, n of them side by side: one goes on while another waits for its result. n
 * is at most EQML__SIDES, and a constant where this is inlined. */
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
