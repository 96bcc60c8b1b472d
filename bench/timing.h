/* What the measuring programs share: the names of a surface's functions, the clock, and the sink of results. */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H
#include <time.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define CALL(function) JOIN(SURFACE, function)

static volatile double sink; /* what is written here the compiler has to compute */

/* Processor time of the thread, in seconds. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
#endif
