/*
 * Which code a portable library takes, chosen once as it is loaded: by the processor, or a simpler one by the environment,
 * EQML_VECTORS=avx2 or EQML_VECTORS=plain, for tests and for comparison.
 */
#ifndef EQML_VECTORS_H
#define EQML_VECTORS_H
#include <stdlib.h>
#include <string.h>

enum { EQML_PLAIN, EQML_AVX2, EQML_AVX512 };

static inline int eqml_choose_vectors(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    const char *const wanted = getenv("EQML_VECTORS");
    const int most = wanted && !strcmp(wanted, "plain")  ? EQML_PLAIN
                     : wanted && !strcmp(wanted, "avx2") ? EQML_AVX2
                                                         : EQML_AVX512;
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    const int best = avx512 ? EQML_AVX512 : avx2 ? EQML_AVX2 : EQML_PLAIN;
    return best < most ? best : most;
#else
    return EQML_PLAIN;
#endif
}

#endif
