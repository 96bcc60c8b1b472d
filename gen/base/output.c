#define _POSIX_C_SOURCE 200809L
#include "base/output.h"
#include "base/memory.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_LINKS = 40 };

static int report(const char *path)
{
    fprintf(stderr, "eqml-gen: cannot write %s: %s\n", path, errno ? strerror(errno) : "write error");
    return 1;
}

static char *copy_of(const char *text)
{
    char *copy = xcalloc(strlen(text) + 1, 1);
    return strcpy(copy, text);
}

/* What the symbolic link holds, from where the link is; NULL where it cannot be read. */
static char *target_of_link(const char *link, size_t length)
{
    const char *slash = strrchr(link, '/');
    const size_t folder = slash ? (size_t)(slash - link) + 1 : 0;
    char *target = xcalloc(folder + length + 2, 1);
    ssize_t n = readlink(link, target + folder, length + 1);
    if (n < 0 || (size_t)n > length) {
        free(target);
        return NULL;
    }
    if (target[folder] == '/')
        memmove(target, target + folder, (size_t)n + 1);
    else
        memcpy(target, link, folder);
    return target;
}

/* The path behind all symbolic links, whether or not there is a file; NULL where they do not end. */
static char *follow_links(const char *path)
{
    char *here = copy_of(path);
    struct stat s;
    for (int k = 0; here && lstat(here, &s) == 0 && S_ISLNK(s.st_mode); k++) {
        char *next = k < MOST_LINKS ? target_of_link(here, s.st_size > 0 ? (size_t)s.st_size : 4096) : NULL;
        if (k == MOST_LINKS)
            errno = ELOOP;
        free(here);
        here = next;
    }
    return here;
}

/* Closes; returns whether all was written. */
static bool close_whole(FILE *out)
{
    bool whole = !ferror(out);
    return fclose(out) == 0 && whole;
}

static bool write_as_it_is(const char *path, void (*write)(FILE *, const void *), const void *context)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return false;
    write(out, context);
    return close_whole(out);
}

static bool write_beside(const char *path, mode_t mode, void (*write)(FILE *, const void *),
                         const void *context)
{
    const size_t size = strlen(path) + 8;
    char *beside = xcalloc(size, 1);
    snprintf(beside, size, "%s.XXXXXX", path);
    const int descriptor = mkstemp(beside);
    FILE *out = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    bool good = out != NULL;
    if (out) {
        write(out, context);
        good = fchmod(descriptor, mode) == 0;
        good = close_whole(out) && good;
        good = good && rename(beside, path) == 0;
    }
    if (!good && descriptor >= 0) {
        const int kept = errno;
        remove(beside);
        errno = kept;
    }
    free(beside);
    return good;
}

/* The permissions of a new file. */
static mode_t usual_mode(void)
{
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

int output_write(const char *path, void (*write)(FILE *, const void *), const void *context)
{
    errno = 0;
    if (!path) {
        write(stdout, context);
        return fflush(stdout) || ferror(stdout) ? report("standard output") : 0;
    }
    char *target = follow_links(path);
    struct stat s;
    bool good = false;
    if (!target) {
        good = false; /* errno says why */
    } else if (stat(path, &s) != 0) {
        errno = 0;
        good = write_beside(target, usual_mode(), write, context);
    } else if (S_ISDIR(s.st_mode)) {
        errno = EISDIR;
    } else if (!S_ISREG(s.st_mode)) {
        good = write_as_it_is(path, write, context);
    } else if (access(path, W_OK) == 0) {
        good = write_beside(target, s.st_mode & 07777, write, context);
    }
    const int status = good ? 0 : report(path);
    free(target);
    return status;
}
