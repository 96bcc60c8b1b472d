/* Factorised polynomials: the operations give the same number as the monomials, at random points. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "molecule/composition.h"
#include "program/factorise.h"
#include "algebra/modular.h"
#include "molecule/orbit.h"

enum { SLOTS = 100000 };

/* Slots that are computed as soon as they are emitted. */
typedef struct machine {
    residue slot[SLOTS];
    unsigned nslots;
    size_t operations;
} machine;

static unsigned new_slot(void *m)
{
    machine *to = m;
    cr_assert(to->nslots < SLOTS);
    to->slot[to->nslots] = 0;
    return to->nslots++;
}

/* A coefficient that is a whole number. */
static residue whole(double coefficient)
{
    cr_assert_eq(coefficient, (double)(int)coefficient);
    return coefficient < 0 ? MODULAR_PRIME - (residue)-coefficient : (residue)coefficient;
}

static residue value_of(const machine *m, slot_product p)
{
    residue right = p.right == (unsigned)FACTORISE_ONE ? 1 : m->slot[p.right];
    return modular_multiply(whole(p.coefficient), modular_multiply(m->slot[p.left], right));
}

static void emit(void *m, unsigned target, slot_product product)
{
    machine *to = m;
    to->slot[target] = modular_reduce((uint64_t)value_of(to, product) + to->slot[target]);
    to->operations++;
}

/* coefficient: NULL, all are 1. */
static void expect_same(machine *m, factoriser *f, const unsigned short *monomial, const double *coefficient,
                        size_t count, int degree)
{
    slot_product *products;
    size_t n = factorise(f, monomial, coefficient, count, degree, degree, &products);
    residue sum = 0, direct = 0;
    for (size_t k = 0; k < n; k++) {
        cr_expect(coefficient || products[k].coefficient == 1);
        sum = modular_reduce((uint64_t)value_of(m, products[k]) + sum);
    }
    for (size_t k = 0; k < count; k++) {
        residue product = coefficient ? whole(coefficient[k]) : 1;
        for (int i = 0; i < degree; i++)
            product = modular_multiply(product, m->slot[monomial[k * (size_t)degree + (size_t)i]]);
        direct = modular_reduce((uint64_t)direct + product);
    }
    cr_expect_eq(sum, direct);
    m->operations += n;
    free(products);
}

Test(factorise, orbit_sums)
{
    static const char *const texts[] = {"H4 C", "(H2 O)2", "(H2)3", "H5"};
    machine *m = calloc(1, sizeof *m);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        composition c;
        blocks b;
        orbit_list orbits;
        char error[200];
        size_t monomials = 0;
        uint64_t seed = 7;
        cr_assert_eq(composition_parse(texts[t], &c, error, sizeof error), 0);
        cr_assert_eq(blocks_create(c.npair_classes, 4, &b), 0);
        cr_assert_eq(orbits_enumerate(&c, &b, 4, &orbits), 0);
        m->nslots = (unsigned)c.npairs;
        m->operations = 0;
        modular_random(&seed, (size_t)c.npairs, m->slot);
        factoriser f = factoriser_create(c.npairs, new_slot, emit, m);
        for (size_t k = 1; k < orbits.count; k++) {
            unsigned short *members;
            size_t count;
            int degree = orbits.order[k];
            cr_assert_eq(orbit_expand(&c, orbits.monomial + 4 * k, degree, 10000, &members, &count), 0);
            expect_same(m, &f, members, NULL, count, degree);
            monomials += count * (size_t)degree;
            free(members);
        }
        cr_expect(m->operations < monomials / 2, "%s: %zu operations, %zu variables", texts[t], m->operations,
                  monomials);
        factoriser_free(&f);
        orbits_free(&orbits);
        blocks_free(&b);
        composition_free(&c);
    }
    free(m);
}

/* A product of three sums unfolds into 4 * 4 * 4 monomials and folds again. */
Test(factorise, product_of_sums)
{
    unsigned short monomial[64][3];
    machine *m = calloc(1, sizeof *m);
    uint64_t seed = 11;
    for (int k = 0; k < 64; k++)
        for (int i = 0; i < 3; i++)
            monomial[k][i] = (unsigned short)(4 * i + (k >> 2 * i) % 4);
    m->nslots = 12;
    modular_random(&seed, 12, m->slot);
    factoriser f = factoriser_create(12, new_slot, emit, m);
    expect_same(m, &f, monomial[0], NULL, 64, 3);
    cr_expect_eq(m->operations, 14); /* three sums of four, two products */
    factoriser_free(&f);
    free(m);
}

/* (x0 + 2 x1 - x2)(x3 - 3 x4)(x5 + x6), twice and five times itself: as much work as with coefficients 1. */
Test(factorise, coefficients)
{
    static const double first[] = {1, 2, -1}, second[] = {1, -3};
    unsigned short monomial[12][3];
    double coefficient[12], multiple[12];
    machine *m = calloc(1, sizeof *m);
    uint64_t seed = 13;
    for (int k = 0; k < 12; k++) {
        monomial[k][0] = (unsigned short)(k % 3);
        monomial[k][1] = (unsigned short)(3 + k / 3 % 2);
        monomial[k][2] = (unsigned short)(5 + k / 6);
        coefficient[k] = 2 * first[k % 3] * second[k / 3 % 2];
        multiple[k] = 5 * coefficient[k];
    }
    m->nslots = 7;
    modular_random(&seed, 7, m->slot);
    factoriser f = factoriser_create(7, new_slot, emit, m);
    expect_same(m, &f, monomial[0], coefficient, 12, 3);
    cr_expect_eq(m->operations, 3 + 2 + 2 + 2); /* three sums, two products */
    const unsigned before = m->nslots;
    expect_same(m, &f, monomial[0], multiple, 12, 3);
    cr_expect_eq(m->nslots, before, "a multiple of a polynomial is computed anew");
    factoriser_free(&f);
    free(m);
}
