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
