/* A line that tells on the terminal how far long work is. Needs POSIX. */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H
#include <stdio.h>
#include <time.h>
#include <unistd.h>

typedef struct progress {
    const char *program;
    int shown;       /* something stands on the line */
    double next;     /* when it is written again, s */
    double begin;    /* when the work began, s */
    double terminal; /* 1 where standard error is one, -1 where not, 0: not known yet */
} progress;

/* Seconds of a clock that only goes forward. */
static inline double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* done of total, in units of the caller's; a few times a second at most, and nothing unless standard error is a terminal.
 * *p begins as {.program = "dmc"}. */
static inline void progress_show(progress *p, const char *what, double done, double total)
{
    if (p->terminal == 0) {
        p->terminal = isatty(STDERR_FILENO) ? 1 : -1;
        p->begin = seconds_now();
    }
    const double now = p->terminal > 0 ? seconds_now() : 0;
    if (p->terminal < 0 || now < p->next)
        return;
    fprintf(stderr, "\r%s: %s, %.0f %%, %.0f s   ", p->program, what, 100 * done / total, now - p->begin);
    p->next = now + 0.3;
    p->shown = 1;
}

/* Clears the line: before anything else is printed. */
static inline void progress_end(progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = 0;
}

#endif
