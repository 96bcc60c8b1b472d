/* Files that appear whole or not at all, and exact numbers as text. */
#ifndef EQML__FILE_C
#define EQML__FILE_C
#include "status.c"
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static eqml_status eqml__no_memory(const char *path, eqml_message *message)
{
    return eqml__fail_file(message, EQML_ERROR_MEMORY, path, 0, "%s", eqml_status_text(EQML_ERROR_MEMORY));
}

/*
 * A file that appears whole or not at all: it is written beside its path, under a name that was free, and
 * renamed at the end. C offers no more than that, so a symbolic link, or a file with permissions of its own,
 * is replaced by a new file with the usual ones.
 */
typedef struct eqml__output {
    FILE *file;
    char *beside; /* the name it has until it is whole; owned */
    const char *path;
} eqml__output;

/* On success close it with eqml__close_output(); on failure there is nothing to close. */
static eqml_status eqml__open_output(eqml__output *out, const char *path, eqml_message *message)
{
    size_t size = strlen(path) + 16;
    out->path = path;
    out->file = NULL;
    out->beside = (char *)EQML_MALLOC(size);
    if (!out->beside)
        return eqml__no_memory(path, message);
    for (int k = 0; k < 100 && !out->file; k++) { /* others may write the same file */
        snprintf(out->beside, size, "%s.%d.new", path, k);
        out->file = fopen(out->beside, "wx"); /* "x" fails where there is such a file */
    }
    if (out->file)
        return EQML_OK;
    eqml__fail_file(message, EQML_ERROR_FILE, path, 0, "cannot be written: %s", strerror(errno));
    EQML_FREE(out->beside);
    return EQML_ERROR_FILE;
}

/* Gives the file its name if `status` is EQML_OK, else removes it. Returns the status of it all. */
static eqml_status eqml__close_output(eqml__output *out, eqml_status status, eqml_message *message)
{
    int failed = ferror(out->file) != 0;
    failed |= fclose(out->file) != 0;
    if (!status && (failed || rename(out->beside, out->path))) {
        status =
            eqml__fail_file(message, EQML_ERROR_FILE, out->path, 0, "cannot be written: %s", strerror(errno));
    }
    if (status)
        remove(out->beside);
    EQML_FREE(out->beside);
    return status;
}

/* The text of a number. */
typedef struct eqml__digits {
    char text[48];
} eqml__digits;

/* Puts a point in place of the locale's decimal point. */
static void eqml__use_point(char *text)
{
    const char *point = localeconv()->decimal_point;
    char *at = strstr(text, point);
    if (at) {
        *at = '.';
        memmove(at + 1, at + strlen(point), strlen(at + strlen(point)) + 1);
    }
}

/* A number as a hexadecimal float, which is exact. */
static eqml__digits eqml__hexadecimal(double number)
{
    eqml__digits d;
    snprintf(d.text, sizeof d.text, "%a", number);
    eqml__use_point(d.text);
    return d;
}

#endif /* EQML__FILE_C */
