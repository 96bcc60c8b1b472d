/* The program of a composition, made by the generator's modules. */
#ifndef TESTS_MADE_H
#define TESTS_MADE_H
#include "molecule/molien.h"
#include "molecule/basis.h"
#include "molecule/lower.h"
#include <criterion/criterion.h>
#include <stdlib.h>

typedef struct made {
    composition c;
    blocks b;
    orbit_list orbits;
    structure *sets;
    basis *basis;
    lowering *lowering;
    program *program; /* of the lowering */
} made;

/* On the heap: the basis points into it. */
static inline made *make(const char *text, int degree, int covariant_degree)
{
    made *m = calloc(1, sizeof *m);
    char error[300] = "";
    cr_assert_eq(composition_parse(text, &m->c, error, sizeof error), 0, "%s", error);
    cr_assert_eq(blocks_create(m->c.npair_classes, degree, &m->b), 0);
    uint64_t *invariants = calloc(m->b.count, sizeof *invariants);
    cr_assert_eq(molien_invariants(&m->c, &m->b, invariants), 0);
    cr_assert_eq(orbits_enumerate_wanted(&m->c, &m->b, degree, NULL, &m->orbits), 0);
    m->sets = structure_create(&m->c, false);
    m->basis = basis_create(&m->c, &m->b, m->sets, invariants, &m->orbits, covariant_degree, NULL, error,
                            sizeof error);
    cr_assert_not_null(m->basis, "%s: %s", text, error);
    m->lowering = lower_basis(m->basis);
    m->program = m->lowering->program;
    free(invariants);
    return m;
}

static inline void made_free(made *m)
{
    lowering_free(m->lowering);
    basis_free(m->basis);
    structure_free(m->sets);
    orbits_free(&m->orbits);
    blocks_free(&m->b);
    composition_free(&m->c);
    free(m);
}

#endif
