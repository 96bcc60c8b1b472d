/*
 * Invariant counts and orbits: against known counts, against each other, and against loops over all elements
 * of small groups.
 */
#include "compositions.h"

/* ---- Orbits and Molien numbers ---- */

static void expect_agreement(const composition *c, int degree)
{
    blocks b = blocks_of(c, degree);
    orbit_list list;
    uint64_t *count = malloc(b.count * sizeof *count), *total = calloc((size_t)degree + 1, sizeof *total);

    cr_assert_eq(orbits_enumerate(c, &b, degree, &list), 0);
    cr_assert_eq(molien_invariants(c, &b, count), 0);
    for (size_t k = 0; k < b.count; k++) {
        cr_assert_eq(orbits_in_block(&list, k), count[k], "\"%s\", block %zu", c->text, k);
        total[blocks_degree(&b, k)] += count[k];
    }
    cr_expect_eq(list.first[b.count], list.count);
    for (int d = 0; d <= degree; d++)
        cr_expect_eq(molien_total(c, d), total[d], "\"%s\", degree %d", c->text, d);

    memset(total, 0, ((size_t)degree + 1) * sizeof *total);
    for (int a = 0; a < c->nclasses; a++) {
        cr_assert_eq(molien_covariants(c, &b, a, count), 0);
        for (size_t k = 0; k < b.count; k++)
            total[blocks_degree(&b, k)] += count[k];
        for (int d = 0; d <= degree; d++)
            total[d] -= molien_total_covariants(c, a, d);
    }
    for (int d = 0; d <= degree; d++)
        cr_expect_eq(total[d], 0, "\"%s\", degree %d", c->text, d);
    orbits_free(&list);
    blocks_free(&b);
    free(count);
    free(total);
}

Test(orbit, agrees_with_molien_in_every_block)
{
    static const struct {
        const char *text;
        int degree;
    } cases[] = {
        {"H H", 9},
        {"H2", 9},
        {"H2 O", 8},
        {"H4 C", 8},
        {"C C O H2 H3 H", 4},
        {"H5 O2", 7},
        {"H2 O H2 O", 5},
        {"H8 C2", 4},
        {"H30 C14", 3},
        {"H100", 6},
        {"(H2 O)2", 5},
        {"(H2 O)3", 4},
        {"((H2 O)2 C)3", 3},
        {"(H2)3 C", 5},
        {"((H2)2)2", 6},
        {"(H2 O)2 (C O)2", 3},
        {"(H2 O)60", 3},
        {"(H3 C)2 (H2 O)2 H", 3},
        {"(C (H2 (N O)2)2)2", 3},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        composition c = parsed(cases[i].text);
        expect_agreement(&c, cases[i].degree);
        composition_free(&c);
    }
}

Test(orbit, groups_without_a_tree)
{
    static const char *const texts[] = {"H4 C", "(H2 O)2", "H3 C2", "((H2)2)2"};

    for (size_t i = 0; i < COUNT(texts); i++) {
        composition c = parsed(texts[i]);
        group_node *tree = c.tree;
        size_t expected;
        blocks b = blocks_of(&c, 4);
        orbit_list list;

        cr_assert_eq(orbits_enumerate(&c, &b, 4, &list), 0);
        expected = list.count;
        orbits_free(&list);
        c.tree = NULL;
        cr_assert_eq(orbits_enumerate(&c, &b, 4, &list), 0);
        cr_expect_eq(list.count, expected);
        expect_agreement(&c, 4);
        c.tree = tree;
        orbits_free(&list);
        blocks_free(&b);
        composition_free(&c);
    }
}

static void expect_cumulative(const char *text, int first_degree, const uint64_t *expected, size_t n,
                              int covariants)
{
    composition c = parsed(text);
    uint64_t sum = 0;

    for (int d = 0; d < first_degree + (int)n; d++) {
        if (!covariants)
            sum += molien_total(&c, d);
        for (int a = 0; a < c.nclasses && covariants; a++)
            sum += molien_total_covariants(&c, a, d);
        if (d >= first_degree)
            cr_expect_eq(sum, expected[d - first_degree], "\"%s\", degree %d: %llu", text, d,
                         (unsigned long long)sum);
    }
    composition_free(&c);
}

Test(molien, known_counts)
{
    static const uint64_t methane[] = {1, 3, 10, 30, 83, 208, 495, 1101, 2327};

    expect_cumulative("H4 C", 0, methane, COUNT(methane), 0);
    expect_cumulative("C C O H2 H3 H", 4, (uint64_t[]){14752}, 1, 0);
    expect_cumulative("H5 O2", 7, (uint64_t[]){8717}, 1, 0);
    expect_cumulative("H2 O H2 O", 5, (uint64_t[]){4617}, 1, 0);
    expect_cumulative("H2 O H2 O H2 O", 4, (uint64_t[]){18980}, 1, 0);
    expect_cumulative("H2 O H2 O H2 O H2 O", 3, (uint64_t[]){10737}, 1, 0);
}

Test(molien, covariant_counts)
{
    static const uint64_t water[] = {2, 7, 17, 33, 57, 90, 134, 190};
    static const uint64_t methane[] = {2, 8, 31, 105, 314, 844, 2098, 4838};

    expect_cumulative("H2 O", 0, water, COUNT(water), 1);
    expect_cumulative("H4 C", 0, methane, COUNT(methane), 1);
}

/* The number of multigraphs with d edges does not depend on the number of atoms once there are 2d: OEIS
 * A050535. */
Test(molien, many_atoms)
{
    static const uint64_t multigraphs[] = {1, 1, 3, 8, 23, 66, 212, 686, 2389, 8682};
    composition c = parsed("H200");

    for (int d = 0; d < (int)COUNT(multigraphs); d++)
        cr_expect_eq(molien_total(&c, d), multigraphs[d]);
    composition_free(&c);
}

Test(molien, numbers_that_do_not_fit)
{
    composition c = parsed("C O N F S P Cl Br"), d = parsed("H5 O2");

    /* No symmetry: all monomials in 28 pairs. */
    cr_expect_eq(molien_total(&c, 20), blocks_number(27, 20));
    cr_expect_eq(molien_total(&c, 200), UINT64_MAX);
    cr_expect_eq(molien_total(&d, 250), UINT64_MAX);
    cr_expect_eq(molien_total_covariants(&d, 0, 250), UINT64_MAX);
    cr_expect_eq(molien_total(&d, 256), UINT64_MAX);
    composition_free(&c);
    composition_free(&d);
}

/* ---- Loops over all elements of small groups ---- */

enum { MAX_DEGREE = 6 };

/* Position of a permutation among all of its length: the mixed-radix digits count later smaller images. */
static size_t rank_of(const int *image, int n)
{
    size_t rank = 0;

    for (int i = 0; i < n; i++) {
        int smaller = 0;

        for (int j = i + 1; j < n; j++)
            smaller += image[j] < image[i];
        rank = rank * (size_t)(n - i) + (size_t)smaller;
    }
    return rank;
}

/* All elements of the group, at most 9 atoms: [*order][natoms]. */
static int *elements(const composition *c, size_t *order)
{
    enum { FACTORIAL_9 = 362880 };
    size_t n = (size_t)c->natoms, room = 1;
    cr_assert(c->natoms <= 9);
    unsigned char *known = calloc(FACTORIAL_9, 1);
    int *all = malloc(n * sizeof *all);

    for (size_t i = 0; i < n; i++)
        all[i] = (int)i;
    known[rank_of(all, c->natoms)] = 1;
    *order = 1;
    for (size_t k = 0; k < *order; k++) {
        for (int g = 0; g < c->ngenerators; g++) {
            if (*order == room)
                all = realloc(all, (room *= 2) * n * sizeof *all);
            int *image = all + *order * n;
            for (size_t i = 0; i < n; i++)
                image[i] = c->generator[(size_t)g * n + (size_t)all[k * n + i]];
            size_t rank = rank_of(image, c->natoms);
            *order += !known[rank];
            known[rank] = 1;
        }
    }
    free(known);
    return all;
}

typedef struct brute {
    const composition *c;
    const blocks *b;
    int *group; /* [order][natoms] */
    size_t order;
    uint64_t *smallest;   /* [blocks]: monomials smallest in their orbits */
    uint64_t *fixed;      /* [blocks]: pairs (element, fixed monomial) */
    uint64_t *fixed_atom; /* [nclasses][blocks]: the same with a fixed atom of the class */
    unsigned short (*minima)[MAX_DEGREE];
    size_t nminima;
} brute;

static int compare_monomials(const void *x, const void *y)
{
    const unsigned short *a = x, *b = y;

    for (int i = 0; i < MAX_DEGREE; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

static void visit_monomial(brute *s, const unsigned short *monomial, int degree)
{
    unsigned char *exponents = calloc((size_t)s->c->npair_classes, 1);
    unsigned short image[MAX_DEGREE];
    int smallest = 1;

    for (int i = 0; i < degree; i++)
        exponents[s->c->pair_class[monomial[i]]]++;
    size_t block = blocks_find(s->b, exponents);
    for (size_t k = 0; k < s->order; k++) {
        const int *element = s->group + k * (size_t)s->c->natoms;

        memcpy(image, monomial, sizeof image);
        image_of(s->c, element, monomial, degree, image);
        int order = compare_monomials(image, monomial);
        smallest &= order >= 0;
        s->fixed[block] += order == 0;
        for (int i = 0; i < s->c->natoms && order == 0; i++)
            s->fixed_atom[(size_t)s->c->class_of[i] * s->b->count + block] += element[i] == i;
    }
    s->smallest[block] += (uint64_t)smallest;
    if (smallest) {
        s->minima = realloc(s->minima, (s->nminima + 1) * sizeof *s->minima);
        memcpy(s->minima[s->nminima++], monomial, sizeof *s->minima);
    }
    free(exponents);
}

/* Visits the monomial and all its multiples by later pairs up to the degree. */
static void each_monomial(brute *s, unsigned short *monomial, int degree)
{
    visit_monomial(s, monomial, degree);
    if (degree == s->b->degree || degree == MAX_DEGREE)
        return;
    for (int p = degree ? monomial[degree - 1] : 0; p < s->c->npairs; p++) {
        monomial[degree] = (unsigned short)p;
        each_monomial(s, monomial, degree + 1);
    }
    monomial[degree] = ORBIT_UNUSED;
}

static void compare_lists(const brute *s, const orbit_list *list)
{
    unsigned short(*minima)[MAX_DEGREE] = malloc(list->count * sizeof *minima);
    size_t row = (size_t)list->degree;

    for (size_t i = 0; i < list->count; i++) {
        unsigned short *members;
        size_t n, degree = (size_t)list->order[i];

        cr_assert_eq(orbit_expand(s->c, list->monomial + i * row, (int)degree, s->order, &members, &n), 0);
        memset(minima[i], 0xFF, sizeof *minima);
        memcpy(minima[i], members, degree * sizeof *members);
        cr_expect_eq(s->order % n, 0);
        free(members);
    }
    cr_assert_eq(list->count, s->nminima);
    qsort(minima, list->count, sizeof *minima, compare_monomials);
    qsort(s->minima, s->nminima, sizeof *minima, compare_monomials);
    cr_expect_arr_eq(minima, s->minima, s->nminima * sizeof *minima);
    free(minima);
}

static void expect_brute_force(const char *text, int degree)
{
    composition c = parsed(text);
    blocks b = blocks_of(&c, degree);
    brute s = {.c = &c, .b = &b};
    unsigned short monomial[MAX_DEGREE];
    orbit_list list;
    uint64_t *count = malloc(b.count * sizeof *count);

    s.group = elements(&c, &s.order);
    cr_expect_eq(s.order, strtoull(c.order, NULL, 10), "%s", text);
    s.smallest = calloc(b.count, sizeof *s.smallest);
    s.fixed = calloc(b.count, sizeof *s.fixed);
    s.fixed_atom = calloc((size_t)c.nclasses * b.count, sizeof *s.fixed_atom);
    memset(monomial, 0xFF, sizeof monomial);
    each_monomial(&s, monomial, 0);

    cr_assert_eq(orbits_enumerate(&c, &b, degree, &list), 0);
    cr_assert_eq(molien_invariants(&c, &b, count), 0);
    for (size_t k = 0; k < b.count; k++) {
        cr_assert_eq(orbits_in_block(&list, k), s.smallest[k], "\"%s\", block %zu", text, k);
        cr_assert_eq(count[k] * s.order, s.fixed[k], "\"%s\", block %zu", text, k);
    }
    for (int a = 0; a < c.nclasses; a++) {
        cr_assert_eq(molien_covariants(&c, &b, a, count), 0);
        for (size_t k = 0; k < b.count; k++)
            cr_assert_eq(count[k] * s.order, s.fixed_atom[(size_t)a * b.count + k], "\"%s\", block %zu", text,
                         k);
    }
    compare_lists(&s, &list);

    free(s.group);
    free(s.smallest);
    free(s.fixed);
    free(s.fixed_atom);
    free(s.minima);
    free(count);
    orbits_free(&list);
    blocks_free(&b);
    composition_free(&c);
}

Test(group, brute_force)
{
    expect_brute_force("H H", 6);
    expect_brute_force("H2", 6);
    expect_brute_force("H2 O", 6);
    expect_brute_force("H4 C", 5);
    expect_brute_force("H3 C2 O", 4);
    expect_brute_force("H5 O2", 3);
    expect_brute_force("H7", 2); /* more atoms than two pairs and one atom touch */
    expect_brute_force("H2 O H2 O", 4);
    expect_brute_force("(H2 O)2", 4);
    expect_brute_force("(H C)3", 4);
    expect_brute_force("(H2)3", 4);
    expect_brute_force("(H3)2 C", 3);
    expect_brute_force("((H2)2)2", 3);
    expect_brute_force("((H C)2)2", 3);
    expect_brute_force("(H2 (O C)2)1 N", 3);
    expect_brute_force("(H2 O)3", 2);
    expect_brute_force("(H C)4", 1);
}

/* ---- The list of orbits ---- */

Test(orbit, list_is_sorted_and_complete)
{
    composition c = parsed("H4 C");
    blocks b = blocks_of(&c, 5);
    orbit_list list;
    size_t members_in_all = 0, nconnected = 0;

    cr_assert_eq(orbits_enumerate(&c, &b, 4, &list), 0); /* blocks may reach further */
    cr_expect_eq(list.count, 83);
    cr_expect_eq(list.degree, 4);
    for (size_t i = 0; i < list.count; i++) {
        const unsigned short *m = list.monomial + 4 * i;
        unsigned short *members;
        size_t n;

        cr_expect(i == 0 || list.block[i - 1] < list.block[i] ||
                  (list.block[i - 1] == list.block[i] && memcmp(m - 4, m, 8)));
        cr_expect_eq(list.order[i], blocks_degree(&b, list.block[i]));
        for (int k = 0; k < 4; k++) {
            cr_expect_eq(m[k] == ORBIT_UNUSED, k >= list.order[i]);
            cr_expect(k == 0 || m[k - 1] <= m[k]);
        }
        cr_assert_eq(orbit_expand(&c, m, list.order[i], 24, &members, &n), 0);
        cr_expect(n <= 24);
        free(members);
        if (n > 1)
            cr_expect_eq(orbit_expand(&c, m, list.order[i], n - 1, &members, &n), -1);
        members_in_all += n;
        nconnected += list.connected[i];
    }
    cr_expect_eq(members_in_all, 1001); /* binomial(10 + 4, 4) */
    cr_expect(nconnected > 0 && nconnected < list.count);
    cr_expect_eq(list.connected[0], 0);
    cr_expect_eq(list.connected[1], 1);
    for (size_t k = b.first[5]; k < b.count; k++)
        cr_expect_eq(orbits_in_block(&list, k), 0);
    orbits_free(&list);
    cr_expect_eq(orbits_enumerate(&c, &b, 6, &list), -1);
    cr_expect_eq(orbits_enumerate(&c, &b, -1, &list), -1);
    orbits_free(&list);
    blocks_free(&b);
    composition_free(&c);
}

Test(orbit, expand_gives_sorted_distinct_members)
{
    composition c = parsed("(H2 O)2");
    static const unsigned short monomial[] = {0, 3};
    unsigned short *members;
    size_t n;

    cr_assert_eq(orbit_expand(&c, monomial, 2, 100, &members, &n), 0);
    cr_expect_eq(n, 8); /* H0-H1 of one water, H0-H4 across: 2 * 4 */
    for (size_t i = 1; i < n; i++)
        cr_expect(members[2 * i - 2] < members[2 * i] ||
                  (members[2 * i - 2] == members[2 * i] && members[2 * i - 1] < members[2 * i + 1]));
    free(members);
    cr_assert_eq(orbit_expand(&c, monomial, 0, 1, &members, &n), 0);
    cr_expect_eq(n, 1);
    free(members);
    composition_free(&c);
}
