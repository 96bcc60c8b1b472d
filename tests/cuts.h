/* Bases of given groups, and bases that are cut, made as eqml-gen makes them. */
#ifndef TESTS_CUTS_H
#define TESTS_CUTS_H
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "molecule/basis.h"
#include "molecule/group.h"
#include "molecule/molien.h"
#include "molecule/request.h"

typedef struct made {
    composition c;
    blocks b;
    wanted_request request;
    wanted *w;
    orbit_list orbits;
    structure *sets;
    basis *basis;
} made;

/* Words as on the command line, "" where there are none. */
typedef struct cuts {
    const char *terms, *fragments, *cap, *without;
    int body;
} cuts;

static inline request_words words_of(cuts cut)
{
    request_words words = {.fragments = cut.fragments, .body = cut.body};
    if (cut.terms)
        cr_assert_eq(request_set_terms(&words, cut.terms), 0);
    if (cut.cap)
        cr_assert_eq(request_add_cap(&words, cut.cap, false), 0);
    if (cut.without)
        cr_assert_eq(request_add_cap(&words, cut.without, true), 0);
    return words;
}

/* On the heap: basis and orbits point into it. */
static inline made *make(const char *text, const char *group, cuts cut, int degree)
{
    made *m = calloc(1, sizeof *m);
    char error[300] = "";
    request_words words = words_of(cut);
    cr_assert_eq(composition_parse(text, &m->c, error, sizeof error), 0, "%s", error);
    if (group)
        cr_assert_eq(group_read(group, &m->c, error, sizeof error), 0, "%s", error);
    cr_assert_eq(blocks_create(m->c.npair_classes, degree, &m->b), 0);
    int is_cut = request_find(&words, text, &m->c, &m->request, error, sizeof error);
    cr_assert(is_cut >= 0, "%s", error);
    uint64_t *invariants = calloc(m->b.count, sizeof *invariants);
    if (is_cut) {
        m->w = wanted_create(&m->c, &m->b, &m->request, error, sizeof error);
        cr_assert_not_null(m->w, "%s", error);
        memcpy(invariants, m->w->allowed_count, m->b.count * sizeof *invariants);
    } else {
        cr_assert_eq(molien_invariants(&m->c, &m->b, invariants), 0);
    }
    cr_assert_eq(orbits_enumerate_wanted(&m->c, &m->b, degree, m->w, &m->orbits), 0);
    m->sets = structure_create(&m->c, false);
    m->basis = basis_create(&m->c, &m->b, m->sets, invariants, &m->orbits, 0, NULL, error, sizeof error);
    cr_assert_not_null(m->basis, "%s: %s", text, error);
    free(invariants);
    return m;
}

static inline void made_free(made *m)
{
    basis_free(m->basis);
    structure_free(m->sets);
    orbits_free(&m->orbits);
    wanted_free(m->w);
    wanted_request_free(&m->request);
    blocks_free(&m->b);
    composition_free(&m->c);
    free(m);
}

static inline size_t terms_of(const made *m, int degree)
{
    size_t count = 0;
    for (size_t k = 0; k < m->basis->nterms; k++)
        count += m->basis->term[k].wanted && m->basis->term[k].degree == degree;
    return count;
}

#endif
