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
