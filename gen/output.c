#include "output.h"
#include "memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int report(const char *path)
{
    fprintf(stderr, "eqml-gen: cannot write %s: %s\n", path, errno ? strerror(errno) : "write error");
    return 1;
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
    snprintf(beside, size, "%s.new", path);
    FILE *out = fopen(beside, "w");
    int status = 0;
    if (!out) {
        status = report(path);
    } else {
        emit(out, s);
        bool bad = ferror(out) != 0;
        bad |= fclose(out) != 0;
        bad = bad || rename(beside, path) != 0;
        if (bad) {
            status = report(path);
            remove(beside);
        }
    }
    free(beside);
    return status;
}
