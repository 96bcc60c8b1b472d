/*
 * The generator: arithmetic and rank against a plain elimination, numbers of terms against the literature and
 * a Molien series over explicit group elements, patterns against the group, and the emitted tables against
 * explicit orbit sums, modulo a prime that the generator does not use.
 */
#define _POSIX_C_SOURCE 200809L
#include "support.h"
#include "json.h"

#include "algebra/modular.h"
#include "program/partition.h"
#include "molecule/structure.h"
#include "bases.h"

/* ---- arithmetic modulo the generator's prime ---- */

Test(modular, multiplication_at_the_edges_and_inside)
{
    static const residue edges[] = {0, 1, 2, 3, MODULAR_PRIME / 2, MODULAR_PRIME - 2, MODULAR_PRIME - 1};
    uint64_t state = 11;
    for (int k = 0; k < 20000; k++) {
        residue a = k < 49 ? edges[k / 7] : (residue)(draw_bits(&state) % MODULAR_PRIME);
        residue b = k < 49 ? edges[k % 7] : (residue)(draw_bits(&state) % MODULAR_PRIME);
        uint64_t product = (uint64_t)a * b;
        cr_assert_eq(modular_multiply(a, b), product % MODULAR_PRIME);
    }
    for (int bit = 0; bit < 64; bit++)
        for (int more = -1; more <= 1; more++) {
            uint64_t x = (UINT64_C(1) << bit) + (uint64_t)more;
            cr_assert_eq(modular_reduce(x), x % MODULAR_PRIME, "%llu", (unsigned long long)x);
        }
    cr_assert_eq(modular_reduce(UINT64_MAX), UINT64_MAX % MODULAR_PRIME);
}

Test(modular, vectors)
{
    enum { N = 37 };
    residue x[N], y[N], z[N], w[N];
    uint64_t state = 5, p = MODULAR_PRIME;
    modular_random(&state, N, x);
    modular_random(&state, N, y);
    modular_random(&state, N, z);
    x[0] = y[0] = z[0] = MODULAR_PRIME - 1;
    memcpy(w, z, sizeof z);
    modular_accumulate_vector(N, x, y, w);
    for (int i = 0; i < N; i++)
        cr_assert_eq(w[i], ((uint64_t)x[i] * y[i] + z[i]) % p);
    memcpy(w, z, sizeof z);
    modular_add_vector(N, x, w);
    for (int i = 0; i < N; i++)
        cr_assert_eq(w[i], ((uint64_t)x[i] + z[i]) % p);
    modular_multiply_vector(N, x, y, w);
    for (int i = 0; i < N; i++)
        cr_assert_eq(w[i], (uint64_t)x[i] * y[i] % p);
    modular_multiply_vector(N, x, y, x); /* in place, as the generator calls it */
    cr_assert_arr_eq(x, w, sizeof w);
}

Test(modular, random_residues_are_reduced_and_repeat)
{
    enum { N = 1000 };
    residue x[N], y[N];
    uint64_t state = 3, again = 3, other = 4;
    size_t same = 0;
    modular_random(&state, N, x);
    modular_random(&again, N, y);
    cr_assert_arr_eq(x, y, sizeof x);
    modular_random(&other, N, y);
    for (int i = 0; i < N; i++) {
        cr_assert_lt(x[i], MODULAR_PRIME);
        same += x[i] == y[i];
    }
    cr_assert_lt(same, 3);
}

/* ---- rank by column elimination with plain remainders, for any prime below 2^32 ---- */

static uint64_t power_modulo(uint64_t x, uint64_t e, uint64_t p)
{
    uint64_t result = 1;
    for (; e; e /= 2, x = x * x % p)
        if (e % 2)
            result = result * x % p;
    return result;
}

/* The rank of a[rows][cols], which is destroyed. */
static size_t plain_rank(size_t rows, size_t cols, uint64_t *a, uint64_t p)
{
    size_t rank = 0;
    for (size_t c = 0; c < cols && rank < rows; c++) {
        size_t pivot = rank;
        while (pivot < rows && a[pivot * cols + c] == 0)
            pivot++;
        if (pivot == rows)
            continue;
        uint64_t inverse = power_modulo(a[pivot * cols + c], p - 2, p);
        for (size_t k = c; k < cols; k++) {
            uint64_t t = a[pivot * cols + k];
            a[pivot * cols + k] = a[rank * cols + k];
            a[rank * cols + k] = t * inverse % p;
        }
        for (size_t r = rank + 1; r < rows; r++) {
            uint64_t minus = p - a[r * cols + c];
            for (size_t k = c; k < cols && minus != p; k++)
                a[r * cols + k] = (a[r * cols + k] + minus * a[rank * cols + k]) % p;
        }
        rank++;
    }
    return rank;
}

/* Products of random matrices have a known rank; single vectors are accepted where the plain rank rises. */
Test(modular, incremental_rank_agrees_with_plain_elimination)
{
    enum { ROWS = 23, COLS = 17 };
    uint64_t state = 99, p = MODULAR_PRIME;
    rank_space *space = rank_create(COLS);
    for (size_t inner = 0; inner <= COLS; inner++) {
        residue rows[ROWS][COLS];
        uint64_t left[ROWS][COLS], right[COLS][COLS];
        for (int i = 0; i < ROWS; i++)
            for (int k = 0; k < COLS; k++)
                left[i][k] = inner % 3 ? draw_bits(&state) % p : draw_bits(&state) % 2; /* and sparse ones */
        for (int k = 0; k < COLS; k++)
            for (int j = 0; j < COLS; j++)
                right[k][j] = draw_bits(&state) % p;
        rank_reset(space, COLS);
        for (size_t i = 0; i < ROWS; i++) {
            uint64_t copy[ROWS * COLS];
            residue before[COLS];
            for (size_t j = 0; j < COLS; j++) {
                uint64_t sum = 0;
                for (size_t k = 0; k < inner; k++)
                    sum = (sum + left[i][k] * right[k][j]) % p;
                rows[i][j] = (residue)sum;
            }
            for (size_t k = 0; k < (i + 1) * COLS; k++)
                copy[k] = rows[k / COLS][k % COLS];
            memcpy(before, rows[i], sizeof before);
            size_t old = rank_of(space);
            bool grew = rank_extend(space, rows[i]);
            cr_assert_arr_eq(before, rows[i], sizeof before);
            cr_assert_eq(rank_of(space), plain_rank(i + 1, COLS, copy, p));
            cr_assert_eq(grew, rank_of(space) > old);
        }
        cr_assert_leq(rank_of(space), inner);
    }
    rank_reset(space, 5); /* shorter vectors, and all forgotten */
    residue unit[5] = {0, 0, 0, 7, 0};
    cr_assert(rank_extend(space, unit));
    cr_assert_not(rank_extend(space, unit));
    cr_assert_eq(rank_of(space), 1);
    rank_free(space);
}

/* ---- patterns ---- */

static int find_element(const point_set *set, int element)
{
    for (int x = 0; x < set->count; x++)
        if (set->element[x] == element)
            return x;
    cr_assert_fail("the set is not closed under the group");
    return -1;
}

/* Where a generator takes a position of a set. */
static int move_position(const composition *c, const structure *s, int set, const int *image, int position)
{
    if (set < 0)
        return position;
    const point_set *points = &s->set[set];
    const int element = points->element[position];
    return find_element(points, points->pairs ? composition_pair_image(c, image, element) : image[element]);
}

static int has_triple(const pattern *p, int target, int left, int right)
{
    for (int k = 0; k < p->count; k++)
        if (p->triple[k][0] == target && p->triple[k][1] == left && p->triple[k][2] == right)
            return 1;
    return 0;
}

Test(structure, patterns_are_closed_under_the_group)
{
    static const char *const texts[] = {"H4 C",    "H5 O2",         "(H2 O)2",      "A B C D", "H2 O",
                                        "(H2)3 C", "C C O H2 H3 H", "((H2 O)2 C)2", "A5",      "(H2 O)3"};
    for (size_t k = 0; k < COUNT(texts); k++) {
        composition c;
        char error[200];
        cr_assert_eq(composition_parse(texts[k], &c, error, sizeof error), 0);
        structure *s = structure_create(&c, false);
        for (int g = 0; g < c.ngenerators; g++) {
            const int *image = c.generator + g * c.natoms;
            for (int p = 0; p < c.npairs; p++) {
                const int set = s->variable_set[c.pair_class[p]];
                cr_assert_eq(s->variable_position[composition_pair_image(&c, image, p)],
                             move_position(&c, s, set, image, s->variable_position[p]), "%s", texts[k]);
            }
            for (int q = 0; q < s->npatterns; q++) {
                const pattern *p = &s->pattern[q];
                for (int t = 0; t < p->count; t++) {
                    const int target = move_position(&c, s, p->target, image, p->triple[t][0]);
                    const int left = move_position(&c, s, p->left, image, p->triple[t][1]);
                    const int right = move_position(&c, s, p->right, image, p->triple[t][2]);
                    cr_assert(has_triple(p, target, left, right) ||
                                  (p->square && has_triple(p, target, right, left)),
                              "%s, pattern %d, generator %d", texts[k], q, g);
                }
            }
        }
        structure_free(s);
        composition_free(&c);
    }
}

/* ---- counts ---- */

static unsigned long long json_count(const char *json, const char *key)
{
    return strtoull(json_value(json, key), NULL, 10);
}

/* The numbers of an array; there must be `count`. */
static void json_counts(const char *json, const char *key, size_t count, unsigned long long *value)
{
    char *at = (char *)json_value(json, key);
    for (size_t k = 0; k < count; k++) {
        cr_assert(*at == '[' || *at == ',', "%s is too short", key);
        value[k] = strtoull(at + 1, &at, 10);
    }
    cr_assert_eq(*at, ']', "%s is too long", key);
}

static outcome statistics(const char *text, int degree)
{
    outcome o = run("build/eqml-gen --stats -d %d '%s'", degree, text);
    cr_assert_eq(o.status, 0, "%s", o.text);
    return o;
}

/* Numbers of invariants by Molien's formula: the mean over all elements g of prod 1/(1 - t^cycle of g). */
static void molien_by_elements(const composition *c, int degree, unsigned long long *count)
{
    int order, *element = group_elements(c->natoms, c->ngenerators, c->generator, 4096, &order);
    unsigned long long *sum = room((size_t)degree + 1, sizeof *sum);
    char *seen = room((size_t)c->npairs, 1);
    for (int e = 0; e < order; e++) {
        unsigned long long *series = room((size_t)degree + 1, sizeof *series);
        series[0] = 1;
        memset(seen, 0, (size_t)c->npairs);
        for (int p = 0; p < c->npairs; p++) {
            int length = 0;
            for (int q = p; !seen[q]; length++) {
                seen[q] = 1;
                q = composition_pair_image(c, element + e * c->natoms, q);
            }
            for (int d = length; length && d <= degree; d++)
                series[d] += series[d - length];
        }
        for (int d = 0; d <= degree; d++)
            sum[d] += series[d];
        free(series);
    }
    for (int d = 0; d <= degree; d++) {
        cr_assert_eq(sum[d] % (unsigned)order, 0);
        count[d] = sum[d] / (unsigned)order;
    }
    free(seen);
    free(sum);
    free(element);
}

Test(generator, counts_agree_with_molien_over_all_elements)
{
    static const struct {
        const char *text;
        int degree;
    } cases[] = {{"H2 O", 12},   {"H4 C", 8},      {"H5 O2", 5}, {"(H2 O)2", 5}, {"(H2 O)3", 3},
                 {"A6", 6},      {"A B C D", 5},   {"H2", 9},    {"H F", 9},     {"C C O H2 H3 H", 3},
                 {"(H2 C)2", 5}, {"((A2)2 B)2", 3}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        unsigned long long expected[16], found[16], total = 0;
        composition c;
        char error[200];
        const size_t degrees = (size_t)cases[k].degree + 1;
        cr_assert_eq(composition_parse(cases[k].text, &c, error, sizeof error), 0);
        molien_by_elements(&c, cases[k].degree, expected);
        outcome o = statistics(cases[k].text, cases[k].degree);
        json_counts(o.text, "molien", degrees, found);
        cr_assert_arr_eq(found, expected, degrees * sizeof *found, "%s", cases[k].text);
        json_counts(o.text, "terms_by_degree", degrees, found);
        cr_assert_arr_eq(found, expected, degrees * sizeof *found, "%s", cases[k].text);
        for (size_t d = 0; d < degrees; d++)
            total += expected[d];
        cr_assert_eq(json_count(o.text, "terms"), total);
        cr_assert_eq(json_count(o.text, "atoms"), (unsigned)c.natoms);
        cr_assert_eq(json_count(o.text, "pairs"), (unsigned)c.npairs);
        cr_assert_eq(json_count(o.text, "degree"), (unsigned)cases[k].degree);
        cr_assert_eq(json_count(o.text, "group_order"), strtoull(c.order, NULL, 10));
        composition_free(&c);
    }
}

Test(generator, terms_of_the_literature)
{
    static const unsigned long long methane[] = {1, 3, 10, 30, 83, 208, 495, 1101, 2327};
    for (int d = 1; d <= 8; d++)
        cr_assert_eq(json_count(statistics("H4 C", d).text, "terms"), methane[d]);
    cr_assert_eq(json_count(statistics("C C O H2 H3 H", 4).text, "terms"), 14752);
    cr_assert_eq(json_count(statistics("H5 O2", 7).text, "terms"), 8717);
}

/* Fundamental invariants of the literature: where these are all, no higher degree adds another. */
Test(generator, minimal_generators_of_the_literature)
{
    static const struct {
        const char *text;
        int degree;
        unsigned generators;
    } cases[] = {{"A3 B", 9, 9}, {"A4 B", 8, 31}, {"A2 B C", 8, 7}, {"A4", 9, 9}, {"A5", 10, 56}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        unsigned long long by_degree[16], total = 0;
        outcome o = statistics(cases[k].text, cases[k].degree);
        cr_assert_eq(json_count(o.text, "generators"), cases[k].generators, "%s", cases[k].text);
        json_counts(o.text, "generators_by_degree", (size_t)cases[k].degree + 1, by_degree);
        for (int d = 0; d <= cases[k].degree; d++)
            total += by_degree[d];
        cr_assert_eq(total, cases[k].generators);
        cr_assert_eq(by_degree[cases[k].degree], 0);
    }
}

Test(generator, large_groups_have_their_order_as_text)
{
    outcome o = statistics("H30 C", 2);
    cr_assert_not_null(strstr(o.text, "\"group_order\": \"265252859812191058636308480000000\""));
}

Test(generator, the_same_bytes_in_every_run)
{
    char folder[256];
    make_folder(folder);
    static const char *const texts[] = {"H4 C", "(H2 O)2", "H5 O2"};
    for (size_t k = 0; k < COUNT(texts); k++) {
        cr_assert_eq(run("build/eqml-gen -d 4 -o '%s/one.h' '%s'", folder, texts[k]).status, 0);
        cr_assert_eq(run("build/eqml-gen -d 4 '%s' >'%s/two.h'", texts[k], folder).status, 0);
        cr_assert_eq(run("cmp '%s/one.h' '%s/two.h'", folder, folder).status, 0);
        cr_assert_eq(run("grep -q 'EQML_BASIS_FUNCTIONS' '%s/one.h'", folder).status, 0);
    }
    remove_folder(folder);
}

/* The banner's command makes the same header again. */
Test(generator, the_banner_regenerates_the_header)
{
    char folder[256];
    make_folder(folder);
    cr_assert_eq(run("build/eqml-gen --degree=3 -nwater -o '%s/one.h' ' H2O '", folder).status, 0);
    cr_assert_eq(run("cd build && eval \"./$(sed -n 's/^ \\* Generated by: //p' '%s/one.h')\" >'%s/two.h'",
                     folder, folder)
                     .status,
                 0);
    cr_assert_eq(run("cmp '%s/one.h' '%s/two.h'", folder, folder).status, 0);
    remove_folder(folder);
}

/* ---- the emitted tables, modulo another prime ---- */

#define OTHER_PRIME UINT64_C(998244353)

/* All terms at a point y[npairs], offsets modulo the prime or none. */
static void terms_modulo(const eqml_basis *b, const uint64_t *y, const uint64_t *offset, uint64_t *term)
{
    uint64_t *slot = room((size_t)b->nslots, sizeof *slot), *f = slot + b->factor0;
    int k = 0;
    for (int p = 0; p < b->npairs; p++)
        slot[p] = y[p];
    for (int i = 0; i < b->nfactors; i++)
        f[i] = i ? offset ? offset[i] : 0 : 1;
    for (int i = 0; i < b->noperations; i++) {
        const unsigned short *o = b->operations[i];
        slot[o[0]] = (slot[o[0]] + slot[o[1]] * slot[o[2]]) % OTHER_PRIME;
    }
    for (; k < b->nfactors; k++)
        term[k] = f[k];
    for (int r = 0; r < b->nruns; r++)
        for (int j = 0; j < b->runs[r][2]; j++)
            term[k++] = f[b->runs[r][0]] * f[b->runs[r][1] + j] % OTHER_PRIME;
    free(slot);
}

static void draw_residues(uint64_t *state, int count, uint64_t *value)
{
    for (int k = 0; k < count; k++)
        value[k] = draw_bits(state) % OTHER_PRIME;
}

/* Values of all terms at `points` random points, as the columns [points, first + nterms) of a matrix's rows.
 */
static uint64_t *draw_points(uint64_t *state, int points, int npairs)
{
    uint64_t *y = room((size_t)points * (size_t)npairs, sizeof *y);
    draw_residues(state, points * npairs, y);
    return y;
}

Test(certificate, terms_are_independent_modulo_another_prime)
{
    for (size_t k = 0; k < BASES; k++) {
        const eqml_basis *b = bases[k];
        const size_t n = (size_t)b->nterms;
        uint64_t state = 7 + k, *y = draw_points(&state, b->nterms, b->npairs);
        uint64_t *a = room(n * n, sizeof *a);
        for (size_t i = 0; i < n; i++)
            terms_modulo(b, y + i * (size_t)b->npairs, NULL, a + i * n);
        cr_assert_eq(plain_rank(n, n, a, OTHER_PRIME), n, "%s", b->name);
        free(a);
        free(y);
    }
}

/* Shifted factors leave the space as it is: what the fit relies on. */
Test(certificate, offsets_change_neither_the_rank_nor_the_span)
{
    for (size_t k = 0; k < BASES; k++) {
        const eqml_basis *b = bases[k];
        const size_t n = (size_t)b->nterms, rows = 2 * n, cols = n + 8;
        if (n > 300)
            continue;
        uint64_t state = 70 + k, *y = draw_points(&state, (int)cols, b->npairs);
        uint64_t *offset = draw_points(&state, b->nfactors, 1), *term = room(n, sizeof *term);
        uint64_t *a = room(rows * cols, sizeof *a), *shifted = room(n * cols, sizeof *shifted);
        for (size_t i = 0; i < cols; i++) {
            terms_modulo(b, y + i * (size_t)b->npairs, NULL, term);
            for (size_t t = 0; t < n; t++)
                a[t * cols + i] = term[t];
            terms_modulo(b, y + i * (size_t)b->npairs, offset, term);
            for (size_t t = 0; t < n; t++)
                a[(n + t) * cols + i] = shifted[t * cols + i] = term[t];
        }
        cr_assert_eq(plain_rank(n, cols, shifted, OTHER_PRIME), n, "%s", b->name);
        cr_assert_eq(plain_rank(rows, cols, a, OTHER_PRIME), n, "%s", b->name);
        free(a);
        free(shifted);
        free(term);
        free(offset);
        free(y);
    }
}

Test(certificate, terms_are_invariant_under_every_group_element)
{
    for (size_t k = 0; k < BASES; k++) {
        const eqml_basis *b = bases[k];
        composition c = composition_of(b);
        int order, *element = group_elements(c.natoms, c.ngenerators, c.generator, 1000, &order);
        uint64_t state = 1 + k, *y = draw_points(&state, 1, b->npairs),
                 *moved = draw_points(&state, 1, b->npairs);
        uint64_t *term = room((size_t)b->nterms, sizeof *term),
                 *again = room((size_t)b->nterms, sizeof *term);
        cr_assert_eq((unsigned long long)order, strtoull(c.order, NULL, 10));
        terms_modulo(b, y, NULL, term);
        for (int e = 0; e < order; e++) {
            for (int p = 0; p < b->npairs; p++)
                moved[composition_pair_image(&c, element + e * c.natoms, p)] = y[p];
            terms_modulo(b, moved, NULL, again);
            cr_assert_arr_eq(again, term, (size_t)b->nterms * sizeof *term, "%s", b->name);
        }
        free(element);
        free(y);
        free(moved);
        free(term);
        free(again);
        composition_free(&c);
    }
}

/* Where the variables of one pair class are scaled, each term is scaled by a power: its degree there. */
Test(certificate, terms_are_homogeneous_in_each_pair_class)
{
    for (size_t k = 0; k < BASES; k++) {
        const eqml_basis *b = bases[k];
        const uint64_t scale = 3;
        uint64_t state = 31 + k, *y = draw_points(&state, 1, b->npairs),
                 *scaled = draw_points(&state, 1, b->npairs);
        uint64_t *term = room((size_t)b->nterms, sizeof *term),
                 *again = room((size_t)b->nterms, sizeof *term);
        int *degree = room((size_t)b->nterms, sizeof *degree), highest = 0;
        terms_modulo(b, y, NULL, term);
        for (int class = 0; class < b->npair_classes; class ++) {
            for (int p = 0; p < b->npairs; p++)
                scaled[p] = b->pair_classes[p] == class ? y[p] * scale % OTHER_PRIME : y[p];
            terms_modulo(b, scaled, NULL, again);
            for (int t = 0; t < b->nterms; t++) {
                int power = 0;
                for (uint64_t v = term[t]; power <= b->degree && v != again[t]; power++)
                    v = v * scale % OTHER_PRIME;
                cr_assert_leq(power, b->degree, "%s: term %d mixes degrees in class %d", b->name, t, class);
                degree[t] += power;
            }
        }
        for (int t = 0; t < b->nterms; t++) {
            cr_assert_leq(degree[t], b->degree);
            highest = degree[t] > highest ? degree[t] : highest;
            if (t < b->nfactors)
                cr_assert_eq(degree[t], b->degrees[t], "%s: factor %d", b->name, t);
        }
        cr_assert_eq(highest, b->degree);
        cr_assert_eq(degree[0], 0);
        free(y);
        free(scaled);
        free(term);
        free(again);
        free(degree);
    }
}

/* The next list of at most `degree` pairs, ascending with repeats, -1 where unused; 0 after the last. */
static int next_monomial(int npairs, int degree, int *pair)
{
    int k = degree - 1;
    while (k >= 0 && pair[k] == npairs - 1)
        k--;
    if (k < 0)
        return 0;
    pair[k]++;
    for (int later = k + 1; later < degree; later++)
        pair[later] = pair[k];
    return 1;
}

/* The sum over all group elements of the images of a monomial, at one point. */
static uint64_t orbit_sum(const composition *c, int order, const int *element, int degree, const int *pair,
                          const uint64_t *y)
{
    uint64_t sum = 0;
    for (int e = 0; e < order; e++) {
        uint64_t product = 1;
        for (int k = 0; k < degree; k++)
            if (pair[k] >= 0)
                product =
                    product * y[composition_pair_image(c, element + e * c->natoms, pair[k])] % OTHER_PRIME;
        sum += product;
    }
    return sum % OTHER_PRIME;
}

/* Plain orbit sums and terms span one space. */
Test(certificate, orbit_sums_and_terms_span_the_same_space)
{
    static const int small[] = {H2O_D8, NH3_D5, CH4_D4, DIMER_D3, ABCD_D3};
    for (size_t k = 0; k < COUNT(small); k++) {
        const eqml_basis *b = bases[small[k]];
        composition c = composition_of(b);
        int order, *element = group_elements(c.natoms, c.ngenerators, c.generator, 1000, &order);
        const size_t n = (size_t)b->nterms, points = n + 8;
        uint64_t state = 400 + k, *y = draw_points(&state, (int)points, b->npairs);
        int *pair = room((size_t)b->degree, sizeof *pair);
        size_t rows = 0, capacity = 64;
        uint64_t *sums = room(capacity * points, sizeof *sums), *terms, *term = room(n, sizeof *term);
        for (int d = 0; d < b->degree; d++)
            pair[d] = -1;
        do {
            if (rows == capacity) {
                sums = realloc(sums, (capacity *= 2) * points * sizeof *sums);
                cr_assert_not_null(sums);
            }
            for (size_t i = 0; i < points; i++)
                sums[rows * points + i] =
                    orbit_sum(&c, order, element, b->degree, pair, y + i * (size_t)b->npairs);
            rows++;
        } while (next_monomial(b->npairs, b->degree, pair));

        terms = room((n + rows) * points, sizeof *terms);
        for (size_t i = 0; i < points; i++) {
            terms_modulo(b, y + i * (size_t)b->npairs, NULL, term);
            for (size_t t = 0; t < n; t++)
                terms[t * points + i] = term[t];
        }
        memcpy(terms + n * points, sums, rows * points * sizeof *sums);
        cr_assert_geq(rows, n);
        cr_assert_eq(plain_rank(rows, points, sums, OTHER_PRIME), n, "%s", b->name);
        cr_assert_eq(plain_rank(n + rows, points, terms, OTHER_PRIME), n, "%s", b->name);
        free(pair);
        free(sums);
        free(terms);
        free(term);
        free(y);
        free(element);
        composition_free(&c);
    }
}

/* Each product lies in a column that one of its groups takes from the other, and no column is taken in vain;
 * items all have a place, the first and the last ones being free. */
Test(certificate, partitions_cover_the_products)
{
    uint64_t state = 21;
    for (unsigned n = 0; n < 40; n += 3)
        for (unsigned density = 1; density < 10; density += 4) {
            item_pair *pairs = room((size_t)n * n + 1, sizeof *pairs);
            size_t count = 0;
            for (unsigned i = 0; i < n; i++)
                for (unsigned j = i; j < n; j++)
                    if (5 + 5 * draw_real(&state) < density)
                        pairs[count++] = (item_pair){i, j};
            partition p = partition_create(n, count, pairs);
            unsigned *place = room(n + 1, sizeof *place), free_places = 0;
            for (unsigned k = 0; k < GROUP_SIZE * p.ngroups; k++) {
                const unsigned item = p.item[k / GROUP_SIZE][k % GROUP_SIZE];
                free_places += item == n;
                place[item] = k;
            }
            cr_assert_eq(p.item[0][0], n);
            cr_assert_eq(free_places, GROUP_SIZE * p.ngroups - n);
            cr_assert_lt(free_places, GROUP_SIZE + 1);
            unsigned char *used = room((size_t)p.ngroups * p.ngroups, 1);
            for (size_t k = 0; k < count; k++) {
                unsigned found = 0;
                for (int side = 0; side < 2; side++) {
                    const unsigned row = place[side ? pairs[k].right : pairs[k].left];
                    const unsigned column = place[side ? pairs[k].left : pairs[k].right];
                    const size_t groups = (size_t)(row / GROUP_SIZE) * p.ngroups + column / GROUP_SIZE;
                    used[groups] |= (unsigned char)(1u << column % GROUP_SIZE);
                    found |= p.columns[groups] >> column % GROUP_SIZE & 1u;
                }
                cr_assert(found, "%u items, product %u %u", n, pairs[k].left, pairs[k].right);
            }
            for (size_t k = 0; k < (size_t)p.ngroups * p.ngroups; k++)
                cr_assert_eq(p.columns[k] & ~used[k], 0);
            free(used);
            free(place);
            free(pairs);
            partition_free(&p);
        }
}

/* Tiles hold each product of the runs exactly once, and nothing else that counts. */
Test(certificate, tiles_cover_the_runs)
{
    for (size_t k = 0; k < BASES; k++) {
        const eqml_basis *b = bases[k];
        const size_t n = (size_t)b->nfactors;
        unsigned char *covered = room(n * n, 1);
        const eqml_tile *tile = b->tiles;
        for (int r = 0; r < b->nrows; r++)
            for (int t = 0; t < b->rows[r].ntiles; t++, tile++) {
                cr_assert_eq(tile->first % 4, 0);
                cr_assert_leq(tile->first + 4, EQML_ROUND(b->nslots) - b->factor0);
                for (int k = 0; k < 16; k++) {
                    const size_t row = b->rows[r].row[k / 4], column = tile->first + (size_t)k % 4;
                    if (row && tile->columns >> k % 4 & 1)
                        cr_assert_eq(covered[row * n + column]++, 0, "%s", b->name);
                }
            }
        cr_assert_eq(tile - b->tiles, b->ntiles);
        for (int r = 0; r < b->nruns; r++)
            for (int j = 0; j < b->runs[r][2]; j++)
                cr_assert_eq(covered[b->runs[r][0] * n + b->runs[r][1] + (size_t)j]++, 1, "%s", b->name);
        free(covered);
    }
}
