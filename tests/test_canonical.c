/* Canonical keys of monomials: equal for all members of an orbit, and for no others. */
#include "compositions.h"

/* ---- Canonical keys ---- */

/* The key of a monomial, and whether it stays the same under random elements of the group. */
static void expect_invariant_key(const composition *c, canonical *k, const unsigned short *monomial,
                                 int degree, uint64_t *state)
{
    const unsigned short *key;
    unsigned short *image = malloc((size_t)degree * sizeof *image), *first;
    size_t length = canonical_key(k, monomial, degree, &key);

    first = malloc(length * sizeof *first);
    memcpy(first, key, length * sizeof *first);
    int *element = malloc((size_t)c->natoms * sizeof *element);
    for (int i = 0; i < c->natoms; i++)
        element[i] = i;
    for (int step = 0; step < 20; step++) {
        for (int times = 0; times < 10; times++) {
            const int *generator = c->generator + draw(state, c->ngenerators) * c->natoms;
            for (int i = 0; i < c->natoms; i++)
                element[i] = generator[element[i]];
        }
        image_of(c, element, monomial, degree, image);
        cr_assert_eq(canonical_key(k, image, degree, &key), length);
        cr_assert_arr_eq(key, first, length * sizeof *key, "\"%s\"", c->text);
    }
    free(element);
    free(first);
    free(image);
}

static int compare_pairs(const void *x, const void *y)
{
    const unsigned short *a = x, *b = y;

    return (*a > *b) - (*a < *b);
}

Test(canonical, random_monomials)
{
    static const char *const texts[] = {"H6 C",           "H30 C14",        "(H2 O)4",
                                        "((H2 O)2 C)3",   "((H2)2)3 (C2)2", "(C (H2 (N O)2)2)2",
                                        "(H3 C)2 (H2 O)3"};
    uint64_t state = 88172645463325252u;

    for (size_t t = 0; t < COUNT(texts); t++) {
        composition c = parsed(texts[t]);
        canonical *k = canonical_create(&c, 12);

        for (int round = 0; round < 60; round++) {
            unsigned short monomial[12];
            int degree = draw(&state, 12) + 1, spread = draw(&state, c.npairs) + 1;

            for (int i = 0; i < degree; i++)
                monomial[i] = (unsigned short)draw(&state, spread);
            qsort(monomial, (size_t)degree, sizeof *monomial, compare_pairs);
            expect_invariant_key(&c, k, monomial, degree, &state);
        }
        canonical_free(k);
        composition_free(&c);
    }
}

/* Writes the monomial of a list of edges, sorted. */
static void join_edges(const composition *c, const int (*edge)[2], int n, unsigned short *monomial)
{
    for (int i = 0; i < n; i++)
        monomial[i] = (unsigned short)c->pair_of[edge[i][0] * c->natoms + edge[i][1]];
    qsort(monomial, (size_t)n, sizeof *monomial, compare_pairs);
}

Test(canonical, regular_graphs)
{
    /* A prism and the complete bipartite graph: all vertices look alike, and the two graphs differ. */
    static const int prism[][2] = {{0, 1}, {1, 2}, {0, 2}, {3, 4}, {4, 5}, {3, 5}, {0, 3}, {1, 4}, {2, 5}};
    static const int bipartite[][2] = {{0, 3}, {0, 4}, {0, 5}, {1, 3}, {1, 4},
                                       {1, 5}, {2, 3}, {2, 4}, {2, 5}};
    static const int petersen[][2] = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 0}, {0, 5}, {1, 6}, {2, 7},
                                      {3, 8}, {4, 9}, {5, 7}, {7, 9}, {9, 6}, {6, 8}, {8, 5}};
    /* Two triangles and a hexagon, disconnected and connected. */
    static const int triangles[][2] = {{0, 1}, {1, 2}, {0, 2}, {3, 4}, {4, 5}, {3, 5}};
    static const int hexagon[][2] = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {0, 5}};
    composition c = parsed("H12");
    canonical *k = canonical_create(&c, 15);
    const unsigned short *key;
    unsigned short x[15], first[64];
    uint64_t state = 362436069;
    size_t length;

    join_edges(&c, prism, 9, x);
    expect_invariant_key(&c, k, x, 9, &state);
    length = canonical_key(k, x, 9, &key);
    memcpy(first, key, length * sizeof *key);
    join_edges(&c, bipartite, 9, x);
    expect_invariant_key(&c, k, x, 9, &state);
    cr_expect_eq(canonical_key(k, x, 9, &key), length);
    cr_expect_arr_neq(key, first, length * sizeof *key);
    join_edges(&c, petersen, 15, x);
    expect_invariant_key(&c, k, x, 15, &state);

    join_edges(&c, triangles, 6, x);
    expect_invariant_key(&c, k, x, 6, &state);
    length = canonical_key(k, x, 6, &key);
    memcpy(first, key, length * sizeof *key);
    join_edges(&c, hexagon, 6, x);
    expect_invariant_key(&c, k, x, 6, &state);
    size_t other = canonical_key(k, x, 6, &key);
    cr_expect(other != length || memcmp(key, first, length * sizeof *key));
    canonical_free(k);
    composition_free(&c);
}

/* Graphs with symmetry groups of factorial order: none may cost more than a moment. */
Test(canonical, large_stars, .timeout = 120)
{
    enum { LEAVES = 29 };
    static const struct {
        const char *text;
        int stride; /* from one leaf to the next */
    } cases[] = {{"H30", 1}, {"(H2 O)30", 3}, {"((H2 O)2 C)28", 7}, {"H59 C", 2}};
    uint64_t state = 521288629;

    for (size_t t = 0; t < COUNT(cases); t++) {
        composition c = parsed(cases[t].text);
        canonical *k = canonical_create(&c, 2 * LEAVES);
        int star[2 * LEAVES][2], n = 0;
        unsigned short monomial[2 * LEAVES];

        for (int leaf = 1; leaf <= LEAVES && (leaf + 1) * cases[t].stride <= c.natoms; leaf++, n++) {
            star[n][0] = 0;
            star[n][1] = leaf * cases[t].stride;
        }
        join_edges(&c, (const int(*)[2])star, n, monomial);
        expect_invariant_key(&c, k, monomial, n, &state);
        for (int i = 0; i < n && cases[t].stride > 1; i++) { /* each leaf with one of its own */
            star[n + i][0] = star[i][1];
            star[n + i][1] = star[i][1] + 1;
        }
        join_edges(&c, (const int(*)[2])star, cases[t].stride > 1 ? 2 * n : n, monomial);
        expect_invariant_key(&c, k, monomial, cases[t].stride > 1 ? 2 * n : n, &state);
        canonical_free(k);
        composition_free(&c);
    }
}
