/* The threads of OpenMP, where programs are compiled with it; else there is one. */
#ifndef EXAMPLES_THREADS_H
#define EXAMPLES_THREADS_H
#include <stddef.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* How many there can be. */
static inline size_t threads_at_most(void)
{
#ifdef _OPENMP
    return (size_t)omp_get_max_threads();
#else
    return 1;
#endif
}

/* The number of the one that asks, from 0. */
static inline size_t this_thread(void)
{
#ifdef _OPENMP
    return (size_t)omp_get_thread_num();
#else
    return 0;
#endif
}

#endif
