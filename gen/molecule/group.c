#include "molecule/group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "algebra/keyset.h"
#include "base/memory.h"
#include <stdio.h>

enum { LINE_SIZE = 4096 };

typedef struct reader {
    const composition *c;
    const char *path;
    int line;
    char *error;
    size_t error_size;
    int *generator; /* [ngenerators][natoms] */
    int ngenerators;
} reader;

static int refuse(const reader *r, const char *wrong)
{
    snprintf(r->error, r->error_size, "%s:%d: %s", r->path, r->line, wrong);
    return -1;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n,");
}

/* Reads the number of an atom, which counts from 1. Returns it from 0, or -1 after a refusal. */
static int read_atom(const reader *r, const char **at)
{
    char *end, text[120];

    errno = 0;
    long atom = strtol(*at, &end, 10);

    if (end == *at || **at == '-' || **at == '+')
        return refuse(r, "expected the number of an atom, or \")\"; for example (1 2)(3 4)");
    if (errno == ERANGE || atom < 1 || atom > r->c->natoms) {
        snprintf(text, sizeof text, "atom %.*s does not exist; atoms are numbered from 1 to %d",
                 end - *at > 20 ? 20 : (int)(end - *at), *at, r->c->natoms);
        return refuse(r, text);
    }
    *at = end;
    return (int)atom - 1;
}

/* Reads a cycle, from behind its "(" to behind its ")". moved[natoms]: the atoms that this line has named. */
static int read_cycle(reader *r, const char **at, int *image, unsigned char *moved)
{
    char text[120];
    int first = -1, last = -1;

    for (*at = skip_blanks(*at); **at != ')'; *at = skip_blanks(*at)) {
        int atom = read_atom(r, at);

        if (atom < 0)
            return -1;
        if (moved[atom]) {
            snprintf(text, sizeof text, "atom %d comes twice; the cycles of one line must be disjoint",
                     atom + 1);
            return refuse(r, text);
        }
        if (last >= 0 && r->c->class_of[atom] != r->c->class_of[last]) {
            snprintf(text, sizeof text,
                     "atom %d (%s) goes to atom %d (%s) of another class of the composition", last + 1,
                     r->c->symbol[last], atom + 1, r->c->symbol[atom]);
            return refuse(r, text);
        }
        moved[atom] = 1;
        if (last >= 0)
            image[last] = atom;
        else
            first = atom;
        last = atom;
        image[last] = first;
    }
    ++*at;
    return 0;
}

static int read_generator(reader *r, const char *at)
{
    size_t n = (size_t)r->c->natoms, g = (size_t)r->ngenerators++;
    unsigned char *moved = xcalloc(n, 1);
    int status = 0;

    r->generator = xrealloc(r->generator, (g + 1) * n, sizeof *r->generator);
    for (size_t i = 0; i < n; i++)
        r->generator[g * n + i] = (int)i;
    for (; *at && *at != '#' && !status; at = skip_blanks(at)) {
        if (*at != '(') {
            status = refuse(r, "expected \"(\"; for example (1 2)(3 4)");
            break;
        }
        at++;
        status = read_cycle(r, &at, r->generator + g * n, moved);
    }
    free(moved);
    return status;
}

static int read_lines(reader *r, FILE *in)
{
    char text[LINE_SIZE];
    int status = 0;

    while (!status && fgets(text, sizeof text, in)) {
        const char *at = skip_blanks(text);

        r->line++;
        if (!strchr(text, '\n') && !feof(in))
            status = refuse(r, "the line is too long; expected at most 4094 characters");
        else if (*at && *at != '#')
            status = read_generator(r, at);
    }
    if (!status && ferror(in))
        status = refuse(r, "the file cannot be read");
    r->line += r->line == 0;
    if (!status && r->ngenerators == 0)
        status = refuse(r, "no generator before the end of the file; () stands for the identity");
    return status;
}

/* Fills the set with the elements that the first `count` generators span; stops past GROUP_LIMIT. */
static void close_group(const reader *r, int count, keyset *group)
{
    size_t n = (size_t)r->c->natoms, length;
    unsigned short *next = xmalloc(n, sizeof *next);

    keyset_clear(group);
    for (size_t i = 0; i < n; i++)
        next[i] = (unsigned short)i;
    keyset_add(group, next, n, NULL);
    for (size_t k = 0; k < group->count && group->count <= GROUP_LIMIT; k++) {
        for (int g = 0; g < count; g++) {
            const unsigned short *element = keyset_key(group, k, &length);

            for (size_t i = 0; i < n; i++)
                next[i] = (unsigned short)r->generator[(size_t)g * n + element[i]];
            keyset_add(group, next, n, NULL);
        }
    }
    free(next);
}

/*
 * Drops the generators that those before them span, and so repetitions and the identity. Each that stays
 * doubles the group at least. Returns the order of the group, or 0 past GROUP_LIMIT.
 */
static size_t reduce(reader *r)
{
    size_t n = (size_t)r->c->natoms;
    unsigned short *key = xmalloc(n, sizeof *key);
    keyset group = {0};
    int kept = 0;

    close_group(r, 0, &group);
    for (int g = 0; g < r->ngenerators && group.count <= GROUP_LIMIT; g++) {
        for (size_t i = 0; i < n; i++)
            key[i] = (unsigned short)r->generator[(size_t)g * n + i];
        if (!keyset_add(&group, key, n, NULL))
            continue;
        memmove(r->generator + (size_t)kept * n, r->generator + (size_t)g * n, n * sizeof *r->generator);
        close_group(r, ++kept, &group);
    }
    size_t count = group.count;
    r->ngenerators = kept;
    free(key);
    keyset_free(&group);
    return count > GROUP_LIMIT ? 0 : count;
}

int group_read(const char *path, composition *c, char *error, size_t error_size)
{
    reader r = {.c = c, .path = path, .line = 0, .error = error, .error_size = error_size};
    FILE *in = fopen(path, "r");

    if (!in) {
        snprintf(error, error_size, "%s: cannot be read: %s", path, strerror(errno));
        return -1;
    }
    int status = read_lines(&r, in);
    fclose(in);
    size_t elements = status ? 0 : reduce(&r);
    if (!status && elements == 0)
        status = refuse(&r, "the group has more than a million elements; name it by the composition instead");
    if (!status)
        composition_set_group(c, r.ngenerators, r.generator, elements);
    free(r.generator);
    return status;
}

char *group_text(const composition *c, int generator)
{
    const int *image = c->generator + (size_t)generator * (size_t)c->natoms;
    char *text = xcalloc(16 * (size_t)c->natoms + 3, 1), *at = text;

    for (int i = 0; i < c->natoms; i++) {
        int smallest = 1;

        for (int j = image[i]; j != i && smallest; j = image[j])
            smallest = j > i;
        if (image[i] == i || !smallest)
            continue;
        at += sprintf(at, "(%d", i + 1);
        for (int j = image[i]; j != i; j = image[j])
            at += sprintf(at, " %d", j + 1);
        at += sprintf(at, ")");
    }
    if (at == text)
        strcpy(text, "()");
    return text;
}
