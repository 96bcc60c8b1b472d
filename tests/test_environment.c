/*
 * The second family, neighbour clouds, in the generator: numbers of invariants by several routes, coupling constants by
 * what they must do, invariance and independence of the terms that are chosen.
 */
#define _POSIX_C_SOURCE 200809L
#include "algebra/keyset.h"
#include "clouds.h"
#include "environment/characters.h"
#include "environment/species.h"
#include "json.h"

/* ---- numbers ---- */

/* Counts for level n + 1.5 l, found once by an independent program from the same characters. */
Test(environment_counts, terms_and_characters_are_the_known_numbers)
{
    static const struct {
        int nspecies, order, level;
        size_t terms;
    } known[] = {{1, 4, 8, 69},    {1, 4, 10, 156},  {1, 4, 12, 338},  {1, 4, 14, 710},
                 {1, 4, 16, 1445}, {1, 4, 20, 5456}, {1, 5, 12, 423},  {1, 5, 20, 10031},
                 {2, 4, 12, 2691}, {2, 4, 14, 6451}, {2, 4, 16, 14586}};
    for (size_t k = 0; k < COUNT(known); k++) {
        chosen c = choose_terms(rule_of(known[k].order, known[k].level, false), known[k].nspecies);
        cr_expect_eq(c.s.nterms, known[k].terms);
        cr_expect_eq(c.p.nterms, known[k].terms);
        for (int order = 1; order <= known[k].order; order++)
            cr_expect_eq(c.s.terms_by_order[order], c.v.characters[order]);
        chosen_free(&c);
    }
    chosen c = choose_terms(rule_of(4, 12, false), 1);
    static const size_t by_order[] = {0, 12, 67, 132, 127};
    for (int order = 1; order <= 4; order++)
        cr_expect_eq(c.s.terms_by_order[order], by_order[order]);
    chosen_free(&c);
}

/* ---- numbers by brute force ---- */

typedef struct monomials {
    int ngroups, length;
    int l[ORDER_LIMIT], k[ORDER_LIMIT];
    keyset set; /* of the m + l of each factor, ascending within each group */
    int weight;
} monomials;

/* All monomials of a weight, factor by factor. */
static void enumerate(monomials *x, unsigned short *key, int group, int factor, int at, int sum)
{
    if (group == x->ngroups) {
        if (sum == x->weight)
            keyset_add(&x->set, key, (size_t)x->length, NULL);
        return;
    }
    if (factor == x->k[group]) {
        enumerate(x, key, group + 1, 0, at, sum);
        return;
    }
    for (int m = factor ? key[at - 1] : 0; m <= 2 * x->l[group]; m++) {
        key[at] = (unsigned short)m;
        enumerate(x, key, group, factor + 1, at + 1, sum + m - x->l[group]);
    }
}

static monomials monomials_of(int ngroups, const int *l, const int *k, int weight)
{
    monomials x = {.ngroups = ngroups, .weight = weight};
    unsigned short key[ORDER_LIMIT];
    for (int g = 0; g < ngroups; g++) {
        x.l[g] = l[g];
        x.length += x.k[g] = k[g];
    }
    enumerate(&x, key, 0, 0, 0, 0);
    return x;
}

/* Invariants are the polynomials of weight 0 that the raising operator, x_m -> (l - m) x_(m+1), takes to 0. */
static size_t count_by_force(int ngroups, const int *l, const int *k)
{
    monomials zero = monomials_of(ngroups, l, k, 0), one = monomials_of(ngroups, l, k, 1);
    rank_space *space = rank_create(one.set.count + 1);
    residue *row = room(one.set.count, sizeof *row);
    rank_reset(space, one.set.count + 1);
    for (size_t i = 0; i < zero.set.count; i++) {
        memset(row, 0, (one.set.count + 1) * sizeof *row);
        for (int f = 0; f < zero.length; f++) {
            size_t length, number;
            unsigned short key[ORDER_LIMIT];
            memcpy(key, keyset_key(&zero.set, i, &length), (size_t)zero.length * sizeof *key);
            int group = 0, first = 0;
            while (f >= first + k[group])
                first += k[group++];
            const int factor = 2 * l[group] - key[f];
            if (!factor)
                continue;
            key[f]++;
            for (int j = f; j + 1 < first + k[group] && key[j] > key[j + 1]; j++) { /* in order again */
                const unsigned short t = key[j];
                key[j] = key[j + 1];
                key[j + 1] = t;
            }
            cr_assert_eq(keyset_add(&one.set, key, (size_t)one.length, &number), 0);
            row[number] = modular_reduce((uint64_t)row[number] + (uint64_t)factor);
        }
        rank_extend(space, row);
    }
    const size_t invariants = zero.set.count - rank_of(space);
    rank_free(space);
    free(row);
    keyset_free(&zero.set);
    keyset_free(&one.set);
    return invariants;
}

static const struct {
    int ngroups, l[ORDER_LIMIT], k[ORDER_LIMIT];
} small[] = {{1, {0}, {1}},
             {1, {1}, {1}},
             {1, {0}, {4}},
             {1, {1}, {2}},
             {1, {2}, {3}},
             {1, {3}, {4}},
             {2, {1, 2}, {2, 1}},
             {3, {1, 1, 1}, {1, 1, 1}},
             {2, {2, 2}, {2, 2}},
             {3, {1, 2, 3}, {2, 1, 1}},
             {4, {1, 2, 2, 3}, {1, 1, 1, 1}},
             {1, {4}, {4}},
             {1, {2}, {5}},
             {2, {1, 2}, {2, 3}},
             {3, {1, 1, 2}, {2, 2, 1}},
             {2, {1, 2}, {4, 2}},
             {1, {2}, {6}},
             {3, {1, 2, 3}, {2, 2, 2}}};

/* The characters, the kernel of the raising operator, and the rank of all candidates are one number. */
Test(environment_counts, characters_brute_force_and_candidates_agree)
{
    transvectants *t = transvectants_create();
    for (size_t i = 0; i < COUNT(small); i++) {
        const size_t force = count_by_force(small[i].ngroups, small[i].l, small[i].k);
        cr_expect_eq((size_t)characters_invariants(small[i].ngroups, small[i].l, small[i].k), force,
                     "case %zu", i);
        cloud_pattern p = pattern_of(small[i].ngroups, small[i].l, small[i].k);
        cr_expect_eq(pattern_solve(&p, t), force, "case %zu", i);
        rank_space *space = rank_create(p.length);
        rank_reset(space, p.length);
        for (size_t k = 0; k < p.ncandidates; k++)
            rank_extend(space, p.value + k * p.length);
        cr_expect_eq(rank_of(space), force, "case %zu: more independent candidates than invariants", i);
        rank_free(space);
        pattern_free(&p);
    }
    transvectants_free(t);
}

/* ---- couplings ---- */

Test(environment_couplings, are_orthonormal_and_turn_along)
{
    uint64_t state = 7;
    long double rotation[3][3];
    random_rotation(&state, rotation);
    for (int l1 = 0; l1 <= 4; l1++)
        for (int l2 = 0; l2 <= 4; l2++)
            for (int L = abs(l1 - l2); L <= l1 + l2; L++) {
                size_t count;
                coupling *c = coupling_list(l1, l2, L, false, &count);
                long double gram[17][17] = {{0}}, d1[81], d2[81], d[17 * 17], worst = 0;
                for (size_t i = 0; i < count; i++)
                    for (size_t j = 0; j < count; j++)
                        if (c[i].m1 == c[j].m1 && c[i].m2 == c[j].m2)
                            gram[c[i].M + L][c[j].M + L] += (long double)c[i].value * c[j].value;
                for (int M = 0; M <= 2 * L; M++)
                    for (int N = 0; N <= 2 * L; N++)
                        cr_expect_float_eq((double)gram[M][N], M == N, 1e-15);
                /* F (D1 a, D2 b) = D F(a, b): column by column of the table of constants */
                rotation_of_harmonics(l1, rotation, &state, d1);
                rotation_of_harmonics(l2, rotation, &state, d2);
                rotation_of_harmonics(L, rotation, &state, d);
                const int n1 = 2 * l1 + 1, n2 = 2 * l2 + 1, n = 2 * L + 1;
                for (int a = 0; a < n1; a++)
                    for (int b = 0; b < n2; b++) {
                        long double turned[17] = {0}, plain[17] = {0};
                        for (size_t i = 0; i < count; i++) {
                            turned[c[i].M + L] +=
                                c[i].value * d1[(c[i].m1 + l1) * n1 + a] * d2[(c[i].m2 + l2) * n2 + b];
                            if (c[i].m1 + l1 == a && c[i].m2 + l2 == b)
                                plain[c[i].M + L] += c[i].value;
                        }
                        for (int M = 0; M < n; M++) {
                            long double sum = 0;
                            for (int N = 0; N < n; N++)
                                sum += d[M * n + N] * plain[N];
                            worst = fmaxl(worst, fabsl(sum - turned[M]));
                        }
                    }
                cr_expect_lt((double)worst, 1e-14, "%d %d %d: %Lg", l1, l2, L, worst);
                free(c);
            }
}

/* A tensor with itself: the same sums, and nothing at all where L is odd. */
Test(environment_couplings, of_a_tensor_with_itself)
{
    uint64_t state = 3;
    for (int l = 1; l <= 5; l++)
        for (int L = 0; L <= 2 * l; L++) {
            size_t count, half;
            coupling *all = coupling_list(l, l, L, false, &count),
                     *same = coupling_list(l, l, L, true, &half);
            double a[11], f[21] = {0}, g[21] = {0};
            for (int m = 0; m <= 2 * l; m++)
                a[m] = draw_real(&state);
            for (size_t k = 0; k < count; k++)
                f[all[k].M + L] += all[k].value * a[all[k].m1 + l] * a[all[k].m2 + l];
            for (size_t k = 0; k < half && L % 2 == 0; k++)
                g[same[k].M + L] += same[k].value * a[same[k].m1 + l] * a[same[k].m2 + l];
            for (int M = 0; M <= 2 * L; M++)
                cr_expect_float_eq(f[M], g[M], 1e-14);
            free(all);
            free(same);
        }
}

/* ---- terms ---- */

enum { CLOUD = 9 };

/* R_n(r) = exp(-r) r^(n-1) */
static long double simple_radial(const void *context, int n, long double r)
{
    (void)context;
    return expl(-r) * powl(r, n - 1);
}

static void draw_cloud(uint64_t *state, int nspecies, long double (*x)[3], int *species)
{
    for (int j = 0; j < CLOUD; j++) {
        for (int k = 0; k < 3; k++)
            x[j][k] = draw_real(state);
        species[j] = (int)(draw_bits(state) % (uint64_t)nspecies);
    }
}

/* Each term stays as it is when the cloud is turned, its points change places, or, up to its sign, it is mirrored. */
static void check_invariance(level_rule rule, int nspecies)
{
    chosen c = choose_terms(rule, nspecies);
    uint64_t state = 11;
    long double x[CLOUD][3], turned[CLOUD][3], mirrored[CLOUD][3], rotation[3][3];
    int species[CLOUD], turned_species[CLOUD], odd = 0;
    draw_cloud(&state, nspecies, x, species);
    random_rotation(&state, rotation);
    for (int j = 0; j < CLOUD; j++) {
        rotate(rotation, x[(j + 4) % CLOUD], turned[j]);
        turned_species[j] = species[(j + 4) % CLOUD];
        for (int k = 0; k < 3; k++)
            mirrored[j][k] = k == 1 ? -x[j][k] : x[j][k];
    }
    long double *plain = cloud_terms(&c.p, simple_radial, NULL, CLOUD, (const long double(*)[3])x, species);
    long double *other =
        cloud_terms(&c.p, simple_radial, NULL, CLOUD, (const long double(*)[3])turned, turned_species);
    long double *mirror =
        cloud_terms(&c.p, simple_radial, NULL, CLOUD, (const long double(*)[3])mirrored, species);
    for (size_t k = 0; k < c.p.nterms; k++) {
        /* couplings are rounded to double, and some terms are small differences of larger numbers */
        const long double size = 1e-13L * (1 + fabsl(plain[k]));
        cr_expect_lt((double)fabsl(plain[k] - other[k]), (double)size, "term %zu: %Lg %Lg", k, plain[k],
                     other[k]);
        const bool even = fabsl(plain[k] - mirror[k]) < size, changes = fabsl(plain[k] + mirror[k]) < size;
        cr_expect(even || (rule.chiral && changes), "term %zu: %Lg, mirrored %Lg", k, plain[k], mirror[k]);
        odd += !even;
    }
    cr_expect_eq(odd > 0, rule.chiral);
    free(plain);
    free(other);
    free(mirror);
    chosen_free(&c);
}

Test(environment_terms, are_invariant)
{
    check_invariance(rule_of(4, 14, false), 1);
    check_invariance(rule_of(4, 9, false), 2);
    check_invariance(rule_of(6, 12, false), 1);
    check_invariance(rule_of(4, 14, true), 1);
}

/* As many clouds as terms: their matrix has full rank, by elimination with complete pivoting. */
Test(environment_terms, are_independent_functions_of_the_cloud)
{
    chosen c = choose_terms(rule_of(4, 8, false), 1);
    const size_t n = c.p.nterms;
    uint64_t state = 5;
    long double *matrix = room(n * n, sizeof *matrix), scale[256] = {0}, first = 0, last = 0;
    for (size_t i = 0; i < n; i++) {
        long double x[CLOUD][3];
        int species[CLOUD];
        draw_cloud(&state, 1, x, species);
        long double *term =
            cloud_terms(&c.p, simple_radial, NULL, CLOUD, (const long double(*)[3])x, species);
        memcpy(matrix + i * n, term, n * sizeof *term);
        free(term);
    }
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < n; i++)
            scale[j] = fmaxl(scale[j], fabsl(matrix[i * n + j]));
        for (size_t i = 0; i < n; i++)
            matrix[i * n + j] /= scale[j];
    }
    for (size_t k = 0; k < n; k++) {
        size_t row = k, column = k;
        for (size_t i = k; i < n; i++)
            for (size_t j = k; j < n; j++)
                if (fabsl(matrix[i * n + j]) > fabsl(matrix[row * n + column])) {
                    row = i;
                    column = j;
                }
        for (size_t j = 0; j < n; j++) {
            const long double t = matrix[k * n + j];
            matrix[k * n + j] = matrix[row * n + j];
            matrix[row * n + j] = t;
        }
        for (size_t i = 0; i < n; i++) {
            const long double t = matrix[i * n + k];
            matrix[i * n + k] = matrix[i * n + column];
            matrix[i * n + column] = t;
        }
        last = fabsl(matrix[k * n + k]);
        first = k ? first : last;
        for (size_t i = k + 1; i < n; i++)
            for (size_t j = k + 1; j < n; j++)
                matrix[i * n + j] -= matrix[i * n + k] / matrix[k * n + k] * matrix[k * n + j];
    }
    cr_expect_gt((double)(last / first), 1e-16, "%Lg", last / first);
    free(matrix);
    chosen_free(&c);
}

/* The first pseudoscalar: three vectors with different radial functions. */
Test(environment_terms, chiral_ones_begin_with_three_vectors)
{
    static const int l[] = {1, 1, 1}, k[] = {1, 1, 1}, two[] = {2, 1};
    cr_expect_eq(characters_invariants(3, l, k), 1);
    cr_expect_eq(characters_invariants(2, l, two), 0);
    const size_t even = 1445;
    chosen c = choose_terms(rule_of(4, 16, true), 1);
    cr_expect_gt(c.s.nterms, even);
    cr_expect_eq(c.s.terms_by_order[2], 147); /* none of order two */
    chosen_free(&c);
}

/*
 * Rules by pair: what is cut to nothing is not there; blocks of one species count alike whatever the other's weight; and
 * a cap counts what the same rule without it has at a smaller level.
 */
Test(environment_counts, rules_by_pair_cut_what_they_say)
{
    const long weights[2] = {3 * LEVEL_UNIT / 2, 3 * LEVEL_UNIT}, all[2] = {10 * LEVEL_UNIT, 10 * LEVEL_UNIT},
               none[2] = {10 * LEVEL_UNIT, 0}, both[2] = {6 * LEVEL_UNIT, 6 * LEVEL_UNIT},
               one[1] = {8 * LEVEL_UNIT};
    level_rule rule = rule_of(4, 10, false);
    chosen plain = choose_terms(rule, 1), two = choose_terms(rule, 2);
    rule.caps = all;
    chosen same = choose_terms(rule, 2);
    cr_expect_eq(same.p.nterms, two.p.nterms);
    rule.caps = none;
    chosen alone = choose_terms(rule, 2);
    cr_expect_eq(alone.p.nterms, plain.p.nterms);
    rule.weights = weights; /* of which the second species has none to weigh */
    chosen weighed = choose_terms(rule, 2);
    cr_expect_eq(weighed.p.nterms, plain.p.nterms);
    rule.caps = all;
    chosen fewer = choose_terms(rule, 2);
    cr_expect(fewer.p.nterms > plain.p.nterms && fewer.p.nterms < two.p.nterms);
    rule.weights = NULL;
    rule.caps = one;
    chosen capped = choose_terms(rule, 1), small = choose_terms(rule_of(4, 8, false), 1);
    cr_expect_eq(capped.p.nterms, small.p.nterms);
    rule.caps = both;
    chosen mixed = choose_terms(rule, 2), six = choose_terms(rule_of(4, 6, false), 2);
    cr_expect(mixed.p.nterms > six.p.nterms && mixed.p.nterms < two.p.nterms);
    chosen *const list[] = {&plain, &two, &same, &alone, &weighed, &fewer, &capped, &small, &mixed, &six};
    for (size_t k = 0; k < COUNT(list); k++) {
        for (int order = 1; order <= 4; order++)
            cr_expect_eq(list[k]->s.terms_by_order[order], list[k]->v.characters[order]);
        chosen_free(list[k]);
    }
}

/* ---- the command ---- */

Test(environment_command, statistics_are_json)
{
    const outcome o =
        run("build/eqml-gen --environment 'W: W H He;H:W' --order 3 --level 6.5 --lmax 3 --chiral --stats");
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_expect_null(json_wrong(o.text), "%s", o.text);
    cr_expect_not_null(strstr(o.text, "\"environment\": \"W: W H He; H: W\""), "%s", o.text);
    cr_expect_not_null(strstr(o.text, "\"level\": 6.5"), "%s", o.text);
}

Test(environment_command, misuse_is_told_in_one_line)
{
    static const char *const cases[][2] = {
        {"--environment", "needs centres"},
        {"--environment=", "needs centres"},
        {"--environment 'W: W'", "no order"},
        {"--environment 'W: W' --order 3", "no level"},
        {"--environment 'W: W' --order", "\"\""},
        {"--environment 'W: W' --order 0 --level 3", "\"0\""},
        {"--environment 'W: W' --order 7 --level 3", "\"7\""},
        {"--environment 'W: W' --order 3.5 --level 3", "\"3.5\""},
        {"--environment 'W: W' --order 3 --level", "\"\""},
        {"--environment 'W: W' --order 3 --level x", "\"x\""},
        {"--environment 'W: W' --order 3 --level 1e3", "\"1e3\""},
        {"--environment 'W: W' --order 3 --level 0.5", "from 1 to 100"},
        {"--environment 'W: W' --order 3 --level 100.5", "from 1 to 100"},
        {"--environment 'W: W' --order 3 --level 99999999999999999999", "from 1 to 100"},
        {"--environment 'W: W' --order 3 --level 2.0001", "three digits"},
        {"--environment 'W: W' --order 3 --level 5 --level-weight 0", "from 0.1 to 100"},
        {"--environment 'W: W' --order 3 --level 5 --level-weight W-W=", "\"\""},
        {"--environment 'W: W' --order 3 --level 5 --level-weight WW=2", "two species"},
        {"--environment 'W: W' --order 3 --level 5 --level-weight W-H=2", "no pair W-H"},
        {"--environment 'W: W' --order 3 --level 5 --cap H-W=2", "no pair H-W"},
        {"--environment 'W: W' --order 3 --level 5 --cap W-W", "\"W-W\""},
        {"--environment 'W: W' --order 3 --level 5 --lmax -1", "\"-1\""},
        {"--environment 'W: W' --order 3 --level 5 --lmax 21", "\"21\""},
        {"--environment 'W: W' --order 3 --level 5 --nmax 0", "\"0\""},
        {"--environment 'W: W' --order 3 --level 5 H2", "leave out"},
        {"--environment 'W: W' --order 3 --level 5 -d 3", "leave out"},
        {"--environment 'W: W' --order 3 --level 5 --body 3", "leave out"},
        {"--environment 'W: W' --order 3 --level 5 --from x", "leave out"},
        {"--environment 'W: W' --order 3 --level 5 --dump dot", "--stats"},
        {"--environment 'W: W' --order 6 --level 100", "smaller level"},
        {"--order 3 -d 3 H2", "belong to --environment"},
        {"--chiral -d 3 H2", "belong to --environment"},
        {"--environment ' ' --order 3 --level 5", "species"},
        {"--environment W --order 3 --level 5", "colon"},
        {"--environment 'W W' --order 3 --level 5", "colon"},
        {"--environment 'W:' --order 3 --level 5", "species"},
        {"--environment ': W' --order 3 --level 5", "species"},
        {"--environment 'w: w' --order 3 --level 5", "\"w: w\""},
        {"--environment 'W: W W' --order 3 --level 5", "twice"},
        {"--environment 'W: W; W: H' --order 3 --level 5", "twice"},
        {"--environment 'W: W; ; H: H' --order 3 --level 5", "species"},
        {"--environment 'W: W, H' --order 3 --level 5", "\", H\""},
        {"--environment 'Wwwwwwww: W' --order 3 --level 5", "six letters"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        const outcome o = run("build/eqml-gen --stats %s", cases[k][0]);
        cr_expect_gt(o.status, 0, "%s", cases[k][0]);
        cr_expect_eq(strncmp(o.text, "eqml-gen: ", 10), 0, "%s: %s", cases[k][0], o.text);
        cr_expect_not_null(strstr(o.text, cases[k][1]), "%s: expected ...%s..., found %s", cases[k][0],
                           cases[k][1], o.text);
        const char *end = strchr(o.text, '\n');
        cr_expect(end && !end[1], "%s: more than one line: %s", cases[k][0], o.text);
    }
}
