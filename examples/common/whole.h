/* Files that appear whole or not at all: written beside their place, and renamed. Needs POSIX. */
#ifndef EXAMPLES_WHOLE_H
#define EXAMPLES_WHOLE_H
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct whole {
    FILE *out; /* NULL where there is none, errno says why; whole_close then fails */
    const char *path;
    char beside[4096];
} whole;

static inline void whole_open(whole *w, const char *path)
{
    w->out = NULL;
    w->path = path;
    const int length = snprintf(w->beside, sizeof w->beside, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof w->beside) {
        w->beside[0] = 0;
        errno = ENAMETOOLONG;
        return;
    }
    const int descriptor = mkstemp(w->beside); /* a file of this run's own */
    if (descriptor < 0)
        w->beside[0] = 0;
    else
        w->out = fdopen(descriptor, "w");
}

/* 0, or -1 where the file could not be written, or where bad is not zero: what was in its place is then as before. */
static inline int whole_close(whole *w, int bad)
{
    bad |= !w->out;
    if (w->out) {
        const mode_t mask = umask(0);
        umask(mask);
        bad |= ferror(w->out) || fchmod(fileno(w->out), 0666 & ~mask);
        bad |= fclose(w->out) != 0;
    }
    bad = bad || rename(w->beside, w->path);
    if (bad && w->beside[0]) {
        const int why = errno;
        remove(w->beside);
        errno = why;
    }
    return bad ? -1 : 0;
}

#endif
