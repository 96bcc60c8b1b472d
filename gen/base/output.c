#define _POSIX_C_SOURCE 200809L
#include "base/output.h"
#include "base/memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int report(const char *path)
{
    fprintf(stderr, "eqml-gen: cannot write %s: %s\n", path, errno ? strerror(errno) : "write error");
    return 1;
}

/* A terminal, a pipe, /dev/null: written as it is, for a rename would put a file in its place. */
static bool is_special(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

int output_write(const char *path, void (*emit)(FILE *, const summary *), const summary *s)
{
    errno = 0;
    if (!path) {
        emit(stdout, s);
        return fflush(stdout) || ferror(stdout) ? report("standard output") : 0;
    }
    size_t size = strlen(path) + 8;
    char *beside = xcalloc(size, 1);
    bool special = is_special(path);
    snprintf(beside, size, special ? "%s" : "%s.new", path);
    FILE *out = fopen(beside, "w");
    int status = 0;
    if (!out) {
        status = report(path);
    } else {
        emit(out, s);
        bool bad = ferror(out) != 0;
        bad |= fclose(out) != 0;
        bad = bad || (!special && rename(beside, path) != 0);
        if (bad) {
            status = report(path);
            if (!special)
                remove(beside);
        }
    }
    free(beside);
    return status;
}
