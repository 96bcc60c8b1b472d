#include "molecule/fragments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algebra/keyset.h"
#include "base/memory.h"

static int refuse(fragments *f, char *error, size_t error_size, const char *text, const char *wrong)
{
    snprintf(error, error_size, "fragments \"%.60s\": %s", text, wrong);
    fragments_free(f);
    return -1;
}

/* Numbers the labels by first atom. */
static void number(int natoms, int *label)
{
    int *new = xmalloc((size_t)natoms, sizeof *new), count = 0;

    for (int i = 0; i < natoms; i++)
        new[i] = -1;
    for (int i = 0; i < natoms; i++) {
        if (new[label[i]] < 0)
            new[label[i]] = count++;
        label[i] = new[label[i]];
    }
    free(new);
}

/* Reads the number of an atom, which counts from 1. Returns it from 0, or -1. */
static int read_atom(const char **at, int natoms)
{
    char *end;

    errno = 0;
    long atom = **at >= '0' && **at <= '9' ? strtol(*at, &end, 10) : 0;
    if (atom < 1 || atom > natoms || errno)
        return -1;
    *at = end;
    return (int)atom - 1;
}

int fragments_parse(const char *text, const composition *c, fragments *f, char *error, size_t error_size)
{
    char wrong[120];
    const char *at = text;

    f->count = 1;
    f->label = xmalloc((size_t)c->natoms, sizeof *f->label);
    for (int i = 0; i < c->natoms; i++)
        f->label[i] = -1;
    for (;; at++) {
        int first = read_atom(&at, c->natoms), last = first;

        if (first >= 0 && *at == '-') {
            at++;
            last = read_atom(&at, c->natoms);
        }
        if (first < 0 || last < first) {
            snprintf(wrong, sizeof wrong, "expected atoms from 1 to %d, such as 1-3,4-6 or 1-2+5,3-4",
                     c->natoms);
            return refuse(f, error, error_size, text, wrong);
        }
        for (int i = first; i <= last; i++) {
            if (f->label[i] >= 0) {
                snprintf(wrong, sizeof wrong, "atom %d comes twice; fragments must not overlap", i + 1);
                return refuse(f, error, error_size, text, wrong);
            }
            f->label[i] = f->count - 1;
        }
        f->count += *at == ',';
        if (*at != ',' && *at != '+')
            break;
    }
    if (*at)
        return refuse(f, error, error_size, text, "expected \",\" or \"+\" behind a range; such as 1-3,4-6");
    for (int i = 0; i < c->natoms; i++) {
        if (f->label[i] < 0) {
            snprintf(wrong, sizeof wrong, "atom %d (%s) is in no fragment", i + 1, c->symbol[i]);
            return refuse(f, error, error_size, text, wrong);
        }
    }
    if (f->count < 2)
        return refuse(f, error, error_size, text, "expected at least two fragments");
    number(c->natoms, f->label);
    return 0;
}

/* Atoms of the items in text[0 .. length), which are well formed. */
static int count_atoms(const char *text, size_t length)
{
    int total = 0, last = 0, depth = 0;
    size_t open = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '(' && depth++ == 0)
            open = i;
        if (text[i] == ')' && --depth == 0)
            total += last = count_atoms(text + open + 1, i - open - 1);
        if (depth > 0)
            continue;
        if (text[i] >= 'A' && text[i] <= 'Z')
            total += last = 1;
        if (text[i] >= '1' && text[i] <= '9') {
            char *end;
            total += ((int)strtol(text + i, &end, 10) - 1) * last;
            i = (size_t)(end - text) - 1;
        }
    }
    return total;
}

/* Gives the next atoms to `copies` new fragments of this size. */
static void add_fragments(fragments *f, int *atom, int size, int copies)
{
    for (int k = 0; k < copies && size > 0; k++, f->count++) {
        for (int i = 0; i < size; i++)
            f->label[(*atom)++] = f->count;
    }
}

int fragments_of_text(const char *text, const composition *c, fragments *f, char *error, size_t error_size)
{
    const char *at = text;
    int atom = 0;

    f->count = 0;
    f->label = xmalloc((size_t)c->natoms, sizeof *f->label);
    while (*at) {
        size_t bare = strcspn(at, "("), inside = 0;

        add_fragments(f, &atom, count_atoms(at, bare), 1);
        at += bare;
        if (!*at)
            break;
        for (int depth = 0; inside == 0 || depth > 0; inside++)
            depth += (at[inside] == '(') - (at[inside] == ')');
        char *end = (char *)at + inside;
        long copies = *end >= '1' && *end <= '9' ? strtol(end, &end, 10) : 1;
        add_fragments(f, &atom, count_atoms(at + 1, inside - 2), (int)copies);
        at = end;
    }
    if (f->count < 2)
        return refuse(f, error, error_size, text,
                      "no parentheses show them; for example \"(H2 O)2\", or --fragments 1-3,4-6");
    return 0;
}

char *fragments_text(const composition *c, const fragments *f)
{
    char *text = xcalloc((size_t)c->natoms * 10 + 1, 1), *out = text;

    for (int k = 0; k < f->count; k++) {
        const char *before = k ? "," : "";

        for (int i = 0, end; i < c->natoms; i = end) {
            for (end = i + 1; end < c->natoms && f->label[end] == f->label[i];)
                end++;
            if (f->label[i] != k)
                continue;
            out += sprintf(out, "%s%d", before, i + 1);
            if (end > i + 1)
                out += sprintf(out, "-%d", end);
            before = "+";
        }
    }
    return text;
}

size_t fragments_images(const composition *c, const fragments *f, size_t limit, int **labels)
{
    size_t n = (size_t)c->natoms, length;
    int *image = xmalloc(n, sizeof *image);
    unsigned short *key = xmalloc(n, sizeof *key);
    keyset images = {0};

    for (size_t i = 0; i < n; i++)
        key[i] = (unsigned short)f->label[i];
    keyset_add(&images, key, n, NULL);
    for (size_t k = 0; k < images.count && images.count <= limit; k++) {
        for (size_t g = 0; g < (size_t)c->ngenerators; g++) {
            const unsigned short *known = keyset_key(&images, k, &length);

            for (size_t i = 0; i < n; i++)
                image[c->generator[g * n + i]] = known[i];
            number(c->natoms, image);
            for (size_t i = 0; i < n; i++)
                key[i] = (unsigned short)image[i];
            keyset_add(&images, key, n, NULL);
        }
    }
    size_t count = images.count > limit ? 0 : images.count;
    *labels = xmalloc(count * n, sizeof **labels);
    for (size_t k = 0; k < count; k++) {
        const unsigned short *known = keyset_key(&images, k, &length);
        for (size_t i = 0; i < n; i++)
            (*labels)[k * n + i] = known[i];
    }
    free(image);
    free(key);
    keyset_free(&images);
    return count;
}

void fragments_free(fragments *f)
{
    free(f->label);
    f->label = NULL;
    f->count = 0;
}
