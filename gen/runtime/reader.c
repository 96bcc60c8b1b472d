/* Text files, held in memory and read line by line. */
#ifndef EQML__READER_C
#define EQML__READER_C
#include "memory.c"
#include "status.c"
#include "text.c"
#include <errno.h>
#include <stdio.h>

/* Bytes to begin with: one more than the file has, so that its end is seen; 1 MB for what has no size. */
static size_t eqml__first_room(FILE *file)
{
    const long size = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
    if (size >= 0)
        rewind(file);
    return size > 0 && (size_t)size < SIZE_MAX / 4 ? (size_t)size + 1 : (size_t)1 << 20;
}

/* Reads a stream to its end and puts a NUL behind it; the caller frees *text, also where this fails. */
static eqml_status eqml__read_stream(FILE *file, char **text, size_t *size)
{
    for (size_t room = eqml__first_room(file);; room = eqml__times(room, 2)) {
        char *larger = room < SIZE_MAX ? (char *)EQML_MALLOC(room) : NULL;
        if (!larger)
            return EQML_ERROR_MEMORY;
        if (*text)
            memcpy(larger, *text, *size);
        EQML_FREE(*text);
        *text = larger;
        *size += fread(*text + *size, 1, room - *size, file);
        if (*size < room) {
            (*text)[*size] = '\0';
            return ferror(file) ? EQML_ERROR_FILE : EQML_OK;
        }
    }
}

/* *text <- the whole of a file, *size bytes and a NUL, for the caller to free; NULL on failure. */
static eqml_status eqml__load_text(const char *path, char **text, size_t *size, eqml_message *message)
{
    FILE *file = fopen(path, "rb");
    *text = NULL;
    *size = 0;
    const eqml_status status = file ? eqml__read_stream(file, text, size) : EQML_ERROR_FILE;
    if (status == EQML_ERROR_FILE)
        eqml__fail_file(message, status, path, 0, "cannot be read: %s", strerror(errno));
    else if (status)
        eqml__fail_file(message, status, path, 0, "no memory for the file");
    if (file)
        fclose(file);
    if (status) {
        EQML_FREE(*text);
        *text = NULL;
    }
    return status;
}

typedef struct eqml__reader {
    const char *path;
    char *text;            /* owned */
    eqml__span rest;       /* what is yet to be read */
    size_t line;           /* the line read last, or at fault; from 1 */
    eqml_message *message; /* receives why the file is refused; may be NULL */
} eqml__reader;

/* Refuses the file at its line, for a reason given as to printf; returns the status. */
#define EQML__REFUSE(reader, status, ...)                                                                    \
    eqml__fail_file((reader)->message, status, (reader)->path, (reader)->line, __VA_ARGS__)

/* path and message must stay; on failure there is nothing to close. */
static eqml_status eqml__open_reader(eqml__reader *r, const char *path, eqml_message *message)
{
    size_t size;
    const eqml_status status = eqml__load_text(path, &r->text, &size, message);
    r->path = path;
    r->line = 0;
    r->message = message;
    r->rest.begin = r->text;
    r->rest.end = r->text ? r->text + size : NULL;
    if (size >= 3 && !status && memcmp(r->text, "\xEF\xBB\xBF", 3) == 0) /* a byte order mark */
        r->rest.begin += 3;
    return status;
}

static void eqml__close_reader(eqml__reader *r)
{
    EQML_FREE(r->text);
    r->text = NULL;
}

/* Takes the next line off the text, without its line feed; 0 at the end of the file. */
static int eqml__next_line(eqml__reader *r, eqml__span *line)
{
    if (r->rest.begin == r->rest.end)
        return 0;
    const char *feed = (const char *)memchr(r->rest.begin, '\n', (size_t)(r->rest.end - r->rest.begin));
    line->begin = r->rest.begin;
    line->end = feed ? feed : r->rest.end;
    r->rest.begin = feed ? feed + 1 : r->rest.end;
    r->line++;
    return 1;
}

#endif /* EQML__READER_C */
