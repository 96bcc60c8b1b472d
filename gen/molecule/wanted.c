#include "molecule/wanted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "molecule/molien.h"

enum { IMAGES_LIMIT = 1000 };

/* ---- One monomial ---- */

static const int *labels_of(const wanted *w, size_t image)
{
    return w->label + image * (size_t)w->composition->natoms;
}

static bool is_within(const wanted *w, const int *label, const unsigned short *monomial, int degree)
{
    for (int i = 0; i < degree; i++) {
        const int *pair = w->composition->pair[monomial[i]];
        if (label[pair[0]] != label[pair[1]])
            return false;
    }
    return true;
}

static int root(const int *parent, int x)
{
    while (parent[x] != x)
        x = parent[x];
    return x;
}

/* Whether the edges join all fragments. */
static bool connects(const wanted *w, const int *label, const unsigned short *monomial, int degree)
{
    int parent[200], parts = w->request->fragments.count; /* at most 200 atoms */

    for (int f = 0; f < parts; f++)
        parent[f] = f;
    int left = parts;
    for (int i = 0; i < degree; i++) {
        const int *pair = w->composition->pair[monomial[i]];
        int a = root(parent, label[pair[0]]), b = root(parent, label[pair[1]]);

        left -= a != b;
        parent[a] = b;
    }
    return left == 1;
}

static bool within_body(const wanted *w, const unsigned short *monomial, int degree)
{
    unsigned char touched[200] = {0};
    int atoms = 0;

    for (int i = 0; i < degree; i++) {
        for (int end = 0; end < 2; end++) {
            unsigned char *atom = &touched[w->composition->pair[monomial[i]][end]];
            atoms += !*atom;
            *atom = 1;
        }
    }
    return atoms <= w->request->body;
}

static bool within_caps(const wanted *w, const unsigned short *monomial, int degree)
{
    const composition *c = w->composition;

    for (int i = 0; i < degree; i++) {
        int class = c->pair_class[monomial[i]], count = 0;

        for (int j = 0; j < degree; j++)
            count += c->pair_class[monomial[j]] == class;
        if (w->request->cap[class] >= 0 && count > w->request->cap[class])
            return false;
    }
    return true;
}

bool wanted_allows(const wanted *w, const unsigned short *monomial, int degree)
{
    bool within = w->request->terms != TERMS_INTRAMOLECULAR;

    for (size_t k = 0; k < w->nimages && !within; k++)
        within = is_within(w, labels_of(w, k), monomial, degree);
    return within && (!w->request->cap || within_caps(w, monomial, degree)) &&
           (!w->request->body || within_body(w, monomial, degree));
}

bool wanted_keeps(const wanted *w, const unsigned short *monomial, int degree)
{
    bool keeps = wanted_allows(w, monomial, degree);

    for (size_t k = 0; k < w->nimages && keeps; k++) {
        if (w->request->terms == TERMS_PURIFIED)
            keeps = connects(w, labels_of(w, k), monomial, degree);
        if (w->request->terms == TERMS_NO_INTRAMOLECULAR)
            keeps = !is_within(w, labels_of(w, k), monomial, degree);
    }
    return keeps;
}

/* ---- All monomials ---- */

static void intersect(indicator *a, indicator *b)
{
    indicator both = indicator_and(a, b);

    indicator_free(a);
    indicator_free(b);
    *a = both;
}

/* Finds the sets as signed sums. Returns -1 if there are too many masks. */
static int find_masks(wanted *w)
{
    const composition *c = w->composition;
    const wanted_request *r = w->request;
    indicator outside = indicator_all(c); /* not within any image */

    w->allowed = indicator_all(c);
    if (r->body) {
        indicator body = indicator_body(c, r->body);
        intersect(&w->allowed, &body);
    }
    w->kept = indicator_all(c);
    for (size_t k = 0; k < w->nimages; k++) {
        indicator within = indicator_within(c, labels_of(w, k)), beyond = indicator_not(c, &within);

        if (r->terms == TERMS_PURIFIED) {
            indicator connected = indicator_connected(c, labels_of(w, k), r->fragments.count);
            intersect(&w->kept, &connected);
            indicator_free(&beyond);
        } else {
            intersect(&outside, &beyond);
        }
        indicator_free(&within);
    }
    if (r->terms == TERMS_NO_INTRAMOLECULAR)
        intersect(&w->kept, &outside);
    if (r->terms == TERMS_INTRAMOLECULAR) {
        indicator within = indicator_not(c, &outside);
        intersect(&w->allowed, &within);
    }
    bool fits = !outside.overflow;
    indicator_free(&outside);
    indicator kept = indicator_and(&w->kept, &w->allowed);
    indicator_free(&w->kept);
    w->kept = kept;
    return fits && !w->kept.overflow && !w->allowed.overflow ? 0 : -1;
}

/* Counts by Burnside, then empties the blocks that are past a cap. Returns -1 if a number is too large. */
static int count(const wanted *w, const blocks *b, const indicator *set, uint64_t *number)
{
    int status = molien_masked(w->composition, b, set->count, set->mask, set->weight, number);

    for (size_t m = 0; m < b->count && w->request->cap; m++) {
        for (int v = 0; v < b->nvariables; v++) {
            int cap = w->request->cap[v];
            if (cap >= 0 && b->exponents[m * (size_t)b->nvariables + (size_t)v] > cap)
                number[m] = 0;
        }
    }
    return status;
}

static const char *prepare(wanted *w, const blocks *b)
{
    const composition *c = w->composition;
    const wanted_request *r = w->request;
    uint64_t left = 0;

    if (r->terms != TERMS_ALL) {
        w->nimages = fragments_images(c, &r->fragments, IMAGES_LIMIT, &w->label);
        if (w->nimages == 0)
            return "the group takes these fragments to too many others; choose fragments that it exchanges";
    }
    if (find_masks(w))
        return "these restrictions are too many cases to count; choose fewer fragments or a smaller --body";
    w->all_allowed = !r->body && r->terms != TERMS_INTRAMOLECULAR;
    w->allowed_count = xcalloc(b->count, sizeof *w->allowed_count);
    w->kept_count = xcalloc(b->count, sizeof *w->kept_count);
    if (count(w, b, &w->allowed, w->allowed_count) || count(w, b, &w->kept, w->kept_count))
        return "the number of invariants is too large; choose a smaller degree";
    for (size_t m = 1; m < b->count; m++)
        left += w->kept_count[m];
    if (left == 0)
        return "these restrictions leave nothing but the constant; choose weaker ones, or a higher degree";
    return NULL;
}

wanted *wanted_create(const composition *c, const blocks *b, const wanted_request *request, char *error,
                      size_t error_size)
{
    wanted *w = xcalloc(1, sizeof *w);

    w->composition = c;
    w->request = request;
    const char *wrong = prepare(w, b);
    if (wrong) {
        snprintf(error, error_size, "%s", wrong);
        wanted_free(w);
        w = NULL;
    }
    return w;
}

void wanted_request_free(wanted_request *r)
{
    fragments_free(&r->fragments);
    free(r->cap);
    r->cap = NULL;
}

void wanted_free(wanted *w)
{
    if (!w)
        return;
    free(w->label);
    indicator_free(&w->allowed);
    indicator_free(&w->kept);
    free(w->allowed_count);
    free(w->kept_count);
    free(w);
}
