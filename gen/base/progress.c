#define _POSIX_C_SOURCE 200809L
#include "base/progress.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { QUIET = 2 }; /* seconds before the first line */

static struct {
    const char *pass;
    size_t total;
    time_t start, shown;
    int terminal, visible;
} line;

void progress_begin(const char *pass, size_t total)
{
    if (!line.start) {
        line.start = line.shown = time(NULL);
        line.terminal = isatty(2);
    }
    line.pass = pass;
    line.total = total;
}

void progress_show(size_t done)
{
    if (!line.terminal || !line.pass)
        return;
    const time_t now = time(NULL);
    if (now == line.shown || now - line.start < QUIET)
        return;
    line.shown = now;
    line.visible = 1;
    if (line.total)
        fprintf(stderr, "\reqml-gen: %s: %zu of %zu, %.0f%%\033[K", line.pass, done, line.total,
                100.0 * (double)done / (double)line.total);
    else
        fprintf(stderr, "\reqml-gen: %s\033[K", line.pass);
    fflush(stderr);
}

void progress_end(void)
{
    if (line.visible)
        fputs("\r\033[K", stderr);
    line.visible = 0;
    line.pass = NULL;
}
