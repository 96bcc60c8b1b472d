/* Least-squares systems as files. */
#ifndef EQML__LSQ_FILE_C
#define EQML__LSQ_FILE_C
#include "file.c"
#include "lsq.c"

enum { EQML__SAVED_VERSION = 1, EQML__SAVED_HEAD = 9 };

/* A digest of what h is of, and of these bytes behind it: one changed word always changes it. */
static uint64_t eqml__digest(uint64_t h, const void *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    for (size_t left = size; left > 0;) {
        const size_t now = left < 8 ? left : 8;
        uint64_t word = 0;
        if (now == 8)
            memcpy(&word, at, 8);
        else
            memcpy(&word, at, now);
        h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15); /* odd: it can be undone */
        h ^= h >> 32;
        at += now, left -= now;
    }
    return h;
}

/* A file that is written or read in words, with the digest of all so far. */
typedef struct eqml__saved {
    FILE *file;
    uint64_t check;
    const char *path;
    eqml_message *message;
    uint64_t head[EQML__SAVED_HEAD];
} eqml__saved;

static void eqml__put_words(eqml__saved *s, const void *words, size_t count)
{
    s->check = eqml__digest(s->check, words, 8 * count);
    fwrite(words, 8, count, s->file); /* errors stay with the file */
}

static bool eqml__get_words(eqml__saved *s, void *words, size_t count)
{
    if (fread(words, 8, count, s->file) != count)
        return false;
    s->check = eqml__digest(s->check, words, 8 * count);
    return true;
}

static void eqml__begin_head(uint64_t head[EQML__SAVED_HEAD])
{
    memcpy(head, "eqml-lsq", 8);
    head[1] = UINT64_C(0x0102030405060708);
    head[2] = EQML__SAVED_VERSION;
}

/* eqml_lsq_save() with notes[nnotes] of the caller's. */
static eqml_status eqml__lsq_save(const eqml_lsq *lsq, uint64_t key, const uint64_t *notes, size_t nnotes,
                                  const char *path, eqml_message *message)
{
    const size_t width = (size_t)lsq->width;
    eqml__output out;
    eqml__saved s;
    memset(&s, 0, sizeof s);
    double *column = (double *)eqml__zeroed(width, sizeof(double));
    if (!column)
        return eqml__no_memory(path, message);
    const eqml_status status = eqml__open_output(&out, path, message);
    if (status) {
        EQML_FREE(column);
        return status;
    }
    s.file = out.file;
    eqml__begin_head(s.head);
    s.head[3] = key, s.head[4] = (uint64_t)lsq->ncols, s.head[5] = (uint64_t)lsq->nrhs;
    s.head[6] = lsq->rows, s.head[7] = (uint64_t)lsq->filled, s.head[8] = nnotes;
    eqml__put_words(&s, s.head, EQML__SAVED_HEAD);
    eqml__put_words(&s, notes, nnotes);
    eqml__put_words(&s, &lsq->tolerance, 1);
    eqml__put_words(&s, lsq->least, width);
    for (int j = 0; j < lsq->width; j++) {
        for (int i = 0; i <= j; i++)
            column[i] = *eqml__lsq_r(lsq, i, j);
        eqml__put_words(&s, column, (size_t)j + 1);
    }
    for (int i = 0; i < lsq->filled; i++) {
        for (int j = 0; j < lsq->width; j++)
            column[j] = *eqml__lsq_waiting(lsq, i, j);
        eqml__put_words(&s, column, width);
    }
    const uint64_t check = s.check;
    eqml__put_words(&s, &check, 1);
    EQML_FREE(column);
    return eqml__close_output(&out, EQML_OK, message);
}

static eqml_status eqml__cut_off(eqml__saved *s)
{
    return eqml__fail_file(s->message, EQML_ERROR_FORMAT, s->path, 0,
                           "the saved system is cut off; remove the file to begin anew");
}

/* Opens a file and reads its head. On success eqml__lsq_restore() ends it, or fclose(). */
static eqml_status eqml__open_saved(eqml__saved *s, const char *path, eqml_message *message)
{
    uint64_t like[EQML__SAVED_HEAD];
    memset(s, 0, sizeof *s);
    s->path = path;
    s->message = message;
    s->file = fopen(path, "rb");
    if (!s->file)
        return eqml__fail_file(message, EQML_ERROR_FILE, path, 0, "cannot be read: %s", strerror(errno));
    eqml__begin_head(like);
    eqml_status status = EQML_OK;
    if (!eqml__get_words(s, s->head, 3) || s->head[0] != like[0])
        status = eqml__fail_file(message, EQML_ERROR_FORMAT, path, 0, "is not a saved least-squares system");
    else if (s->head[1] != like[1])
        status = eqml__fail_file(message, EQML_ERROR_FORMAT, path, 0,
                                 "was written on a machine with another order of bytes");
    else if (s->head[2] != like[2])
        status =
            eqml__fail_file(message, EQML_ERROR_FORMAT, path, 0,
                            "has version %llu, but only version %d is known; remove the file to begin anew",
                            (unsigned long long)s->head[2], EQML__SAVED_VERSION);
    else if (!eqml__get_words(s, s->head + 3, EQML__SAVED_HEAD - 3))
        status = eqml__cut_off(s);
    else if (s->head[4] < 1 || s->head[4] > 1 << 24 || s->head[5] < 1 || s->head[5] > 1 << 24 ||
             s->head[7] >= EQML__LSQ_BLOCK)
        status = eqml__fail_file(message, EQML_ERROR_FORMAT, path, 0, "is damaged");
    if (status)
        fclose(s->file);
    return status;
}

/* The rest of the file into an empty system of its sizes, and its notes; column[width]: work. */
static eqml_status eqml__read_saved(eqml__saved *s, eqml_lsq *lsq, uint64_t *notes, double *column)
{
    const size_t width = (size_t)lsq->width;
    uint64_t check = 0;
    bool whole = eqml__get_words(s, notes, (size_t)s->head[8]) && eqml__get_words(s, &lsq->tolerance, 1) &&
                 eqml__get_words(s, lsq->least, width);
    for (int j = 0; j < lsq->width && whole; j++) {
        whole = eqml__get_words(s, column, (size_t)j + 1);
        for (int i = 0; i <= j; i++)
            *eqml__lsq_r(lsq, i, j) = column[i];
    }
    lsq->rows = (size_t)s->head[6];
    lsq->filled = (int)s->head[7];
    for (int i = 0; i < lsq->filled && whole; i++) {
        whole = eqml__get_words(s, column, width);
        for (int j = 0; j < lsq->width; j++)
            *eqml__lsq_waiting(lsq, i, j) = column[j];
    }
    const uint64_t found = s->check;
    if (!whole || !eqml__get_words(s, &check, 1))
        return eqml__cut_off(s);
    if (check != found || getc(s->file) != EOF)
        return eqml__fail_file(s->message, EQML_ERROR_FORMAT, s->path, 0,
                               "is damaged: its check sum is wrong; remove the file to begin anew");
    return EQML_OK;
}

/* The same, and closes the file. On failure the system holds nothing of use. */
static eqml_status eqml__lsq_restore(eqml__saved *s, eqml_lsq *lsq, uint64_t *notes)
{
    double *column = (double *)eqml__zeroed((size_t)lsq->width, sizeof(double));
    const eqml_status status =
        column ? eqml__read_saved(s, lsq, notes, column) : eqml__no_memory(s->path, s->message);
    EQML_FREE(column);
    fclose(s->file);
    return status;
}

EQML_API eqml_status eqml_lsq_save(const eqml_lsq *lsq, uint64_t key, const char *path, eqml_message *message)
{
    return eqml__lsq_save(lsq, key, &key, 0, path, message);
}

EQML_API eqml_status eqml_lsq_load(eqml_lsq **lsq, uint64_t key, const char *path, eqml_message *message)
{
    eqml__saved s;
    uint64_t none;
    *lsq = NULL;
    eqml_status status = eqml__open_saved(&s, path, message);
    if (status)
        return status;
    if (s.head[3] != key || s.head[8] != 0)
        status = eqml__fail_file(message, EQML_ERROR_MATCH, path, 0, "belongs to another problem");
    else if (eqml_lsq_create(lsq, (int)s.head[4], (int)s.head[5]))
        status = eqml__no_memory(path, message);
    if (status)
        fclose(s.file);
    else
        status = eqml__lsq_restore(&s, *lsq, &none);
    if (status) {
        eqml_lsq_free(*lsq);
        *lsq = NULL;
    }
    return status;
}

#endif /* EQML__LSQ_FILE_C */
