#include "molecule/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *const terms_words[] = {"all", "purified", "no-intramolecular", "intramolecular"};

int request_set_terms(request_words *words, const char *text)
{
    for (int k = 0; k < 4; k++) {
        if (!strcmp(text, terms_words[k])) {
            words->terms = (enum terms_kind)k;
            return 0;
        }
    }
    return -1;
}

/* Copies the symbol text[length]; returns 0 if it is none. */
static int copy_symbol(const char *text, size_t length, char symbol[8])
{
    if (length < 1 || length > 7)
        return 0;
    memcpy(symbol, text, length);
    symbol[length] = 0;
    for (size_t i = 0; i < length; i++) {
        if (i ? symbol[i] < 'a' || symbol[i] > 'z' : symbol[i] < 'A' || symbol[i] > 'Z')
            return 0;
    }
    return 1;
}

int request_add_cap(request_words *words, const char *text, bool left_out)
{
    size_t first = strcspn(text, "-");
    const char *behind = text + first + (text[first] == '-');
    size_t second = strcspn(behind, "=");
    pair_cap *cap = &words->cap[words->ncaps];

    if (words->ncaps == REQUEST_CAPS || !copy_symbol(text, first, cap->symbol[0]) ||
        !copy_symbol(behind, second, cap->symbol[1]))
        return -1;
    cap->degree = 0;
    behind += second;
    if (left_out == (*behind == '='))
        return -1;
    if (!left_out) {
        if (behind[1] < '0' || behind[1] > '9')
            return -1;
        char *end;
        long degree = strtol(behind + 1, &end, 10);
        if (*end || degree > 255)
            return -1;
        cap->degree = (int)degree;
    }
    words->ncaps++;
    return 0;
}

static bool is_between(const composition *c, int pair, const pair_cap *cap)
{
    const char *a = c->symbol[c->pair[pair][0]], *b = c->symbol[c->pair[pair][1]];

    return (!strcmp(a, cap->symbol[0]) && !strcmp(b, cap->symbol[1])) ||
           (!strcmp(a, cap->symbol[1]) && !strcmp(b, cap->symbol[0]));
}

/* cap[npair_classes] <- the smallest of the caps on each class, -1 without one. */
static int find_caps(const request_words *words, const composition *c, int *cap, char *error,
                     size_t error_size)
{
    for (int v = 0; v < c->npair_classes; v++)
        cap[v] = -1;
    for (int k = 0; k < words->ncaps; k++) {
        const pair_cap *asked = &words->cap[k];
        int found = 0;

        for (int p = 0; p < c->npairs; p++) {
            int *here = &cap[c->pair_class[p]];

            if (!is_between(c, p, asked))
                continue;
            found = 1;
            if (*here < 0 || *here > asked->degree)
                *here = asked->degree;
        }
        if (!found) {
            snprintf(error, error_size, "\"%.60s\" has no pair %s-%s to cap or leave out", c->text,
                     asked->symbol[0], asked->symbol[1]);
            return -1;
        }
    }
    return 0;
}

int request_find(const request_words *words, const char *text, const composition *c, wanted_request *r,
                 char *error, size_t error_size)
{
    int status = 0;

    memset(r, 0, sizeof *r);
    r->terms = words->terms;
    r->body = words->body < c->natoms ? words->body : 0;
    if (words->fragments)
        status = fragments_parse(words->fragments, c, &r->fragments, error, error_size);
    else if (words->terms != TERMS_ALL)
        status = fragments_of_text(text, c, &r->fragments, error, error_size);
    if (!status && words->ncaps) {
        r->cap = xmalloc((size_t)c->npair_classes, sizeof *r->cap);
        status = find_caps(words, c, r->cap, error, error_size);
    }
    if (status || (words->terms == TERMS_ALL && !r->body && !words->ncaps)) {
        wanted_request_free(r);
        return status;
    }
    return 1;
}

char *request_options(const request_words *words, const wanted_request *r, const composition *c)
{
    char *list = words->terms != TERMS_ALL ? fragments_text(c, &r->fragments) : NULL;
    char *text = xcalloc(120 + (list ? strlen(list) : 0) + 40 * (size_t)words->ncaps, 1), *out = text;

    if (list)
        out += sprintf(out, " --terms %s --fragments %s", terms_words[words->terms], list);
    if (r->body)
        out += sprintf(out, " --body %d", words->body);
    for (int k = 0; k < words->ncaps; k++) {
        const pair_cap *cap = &words->cap[k];
        out += sprintf(out, " --cap %s-%s=%d", cap->symbol[0], cap->symbol[1], cap->degree);
    }
    free(list);
    return text;
}
