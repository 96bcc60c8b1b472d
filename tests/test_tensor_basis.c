/*
 * The bases of tensors: the numbers of their terms, by loops over permutations and monomials, and the
 * independence of the emitted terms modulo a prime that the generator does not use.
 */
#define _POSIX_C_SOURCE 200809L
#include "tensors.h"

#include "molecule/basis.h"
#include "molecule/covariant.h"
#include "molecule/covariant_orbit.h"
#include "molecule/molien.h"
#include "molecule/orbit.h"
#include "molecule/structure.h"
#include "molecule/tensor.h"

/* ---- counts ---- */

/* Composition to certified basis of a tensor. */
typedef struct built {
    composition composition;
    blocks blocks;
    structure *structure;
    uint64_t *invariants; /* [blocks.count] */
    orbit_list orbits;
    basis *basis;
    tensor_basis *tensor;
} built;

/* In place: the parts point to each other. */
static void build(built *x, const char *text, tensor_kind kind, int degree)
{
    char error[512] = "";
    memset(x, 0, sizeof *x);
    cr_assert_eq(composition_parse(text, &x->composition, error, sizeof error), 0, "%s", error);
    cr_assert_eq(blocks_create(x->composition.npair_classes, degree, &x->blocks), 0);
    x->structure = structure_create(&x->composition, kind != TENSOR_DIPOLE);
    x->invariants = room(x->blocks.count, sizeof *x->invariants);
    cr_assert_eq(molien_invariants(&x->composition, &x->blocks, x->invariants), 0);
    cr_assert_eq(orbits_enumerate(&x->composition, &x->blocks, degree, &x->orbits), 0);
    x->basis = basis_create(&x->composition, &x->blocks, x->structure, x->invariants, &x->orbits, degree,
                            NULL, error, sizeof error);
    cr_assert_not_null(x->basis, "%s: %s", text, error);
    x->tensor = tensor_create(x->basis, kind, x->invariants, &x->orbits, degree, error, sizeof error);
    cr_assert_not_null(x->tensor, "%s: %s", text, error);
}

static void built_free(built *x)
{
    tensor_free(x->tensor);
    basis_free(x->basis);
    orbits_free(&x->orbits);
    free(x->invariants);
    structure_free(x->structure);
    blocks_free(&x->blocks);
    composition_free(&x->composition);
}

/* covariants, terms: [degree + 1], of each degree by itself */
static void expect_counts(const char *text, tensor_kind kind, int degree, const size_t *covariants,
                          const size_t *terms)
{
    size_t count[8];
    built x;
    build(&x, text, kind, degree);
    tensor_terms_by_degree(x.tensor, count);
    for (int d = 0; d <= degree; d++) {
        cr_expect_eq(x.tensor->carriers.covariants_by_degree[d], covariants[d],
                     "%s, %s, degree %d: %llu covariants, not %zu", text, tensor_name(kind), d,
                     (unsigned long long)x.tensor->carriers.covariants_by_degree[d], covariants[d]);
        cr_expect_eq(count[d], terms[d], "%s, %s, degree %d: %zu terms, not %zu", text, tensor_name(kind), d,
                     count[d], terms[d]);
    }
    built_free(&x);
}

/* The known series: covariants, and terms of the dipole, up to the degrees 0 to 7. */
static const size_t water[8] = {2, 7, 17, 33, 57, 90, 134, 190},
                    water_terms[8] = {1, 4, 10, 20, 35, 56, 84, 120};
static const size_t methane[8] = {2, 8, 31, 105, 314, 844, 2098, 4838};

Test(tensor_basis, dipoles_of_water_have_the_known_counts)
{
    size_t covariants[8], terms[8];
    for (int d = 0; d < 8; d++) {
        covariants[d] = water[d] - (d ? water[d - 1] : 0);
        terms[d] = water_terms[d] - (d ? water_terms[d - 1] : 0);
    }
    expect_counts("H2 O", TENSOR_DIPOLE, 7, covariants, terms);
}

/* Terms are covariants less invariants, of which there are 1, 3, 10, 30, 83, 208 up to each degree. */
Test(tensor_basis, dipoles_of_methane_have_the_known_counts)
{
    static const size_t invariants[6] = {1, 2, 7, 20, 53, 125};
    size_t covariants[6], terms[6], total = 0;
    composition c;
    char error[200];
    for (int d = 0; d < 6; d++) {
        covariants[d] = methane[d] - (d ? methane[d - 1] : 0);
        terms[d] = covariants[d] - invariants[d];
    }
    expect_counts("H4 C", TENSOR_DIPOLE, 5, covariants, terms);
    cr_assert_eq(composition_parse("H4 C", &c, error, sizeof error), 0);
    for (int d = 0; d < 8; d++) {
        total += molien_total_covariants(&c, 0, d) + molien_total_covariants(&c, 1, d);
        cr_expect_eq(total, methane[d], "degree %d: %zu covariants", d, total);
    }
    composition_free(&c);
}

/*
 * One pair: a term of each degree. Water: the pair H-H is kept by both permutations, a pair O-H by the
 * identity alone, so that all monomials in three variables count. Three unlike atoms: three such pairs.
 */
Test(tensor_basis, pairs_have_the_known_counts)
{
    static const size_t invariants_of_water[6] = {1, 2, 4, 6, 9, 12};
    size_t pair[6], pair_and_unit[6], bent[6], bent_and_unit[6], unlike[6], unlike_and_unit[6];
    for (size_t d = 0; d < 6; d++) {
        const size_t monomials = (d + 1) * (d + 2) / 2;
        pair[d] = 1;
        pair_and_unit[d] = 2;
        bent[d] = invariants_of_water[d] + monomials;
        bent_and_unit[d] = 2 * invariants_of_water[d] + monomials;
        unlike[d] = 3 * monomials;
        unlike_and_unit[d] = 4 * monomials;
    }
    expect_counts("H2", TENSOR_QUADRUPOLE, 5, pair, pair);
    expect_counts("H2", TENSOR_POLARIZABILITY, 5, pair_and_unit, pair_and_unit);
    expect_counts("H F", TENSOR_POLARIZABILITY, 5, pair_and_unit, pair_and_unit);
    expect_counts("H2 O", TENSOR_QUADRUPOLE, 5, bent, bent);
    expect_counts("H2 O", TENSOR_POLARIZABILITY, 5, bent_and_unit, bent_and_unit);
    expect_counts("A B C", TENSOR_QUADRUPOLE, 5, unlike, unlike);
    expect_counts("A B C", TENSOR_POLARIZABILITY, 5, unlike_and_unit, unlike_and_unit);
}

/* Orbits of monomials under permutations of pairs: a monomial counts if it is the least of its orbit. */
typedef struct census {
    int npairs, nimages;
    int image[720][36]; /* of the pairs, under each permutation */
    size_t orbits;
} census;

static void count_least(census *s, int *exponent, int pair, int rest)
{
    if (pair + 1 < s->npairs) {
        for (exponent[pair] = 0; exponent[pair] <= rest; exponent[pair]++)
            count_least(s, exponent, pair + 1, rest - exponent[pair]);
        return;
    }
    exponent[pair] = rest;
    for (int g = 0; g < s->nimages; g++) {
        int k = 0;
        while (k < s->npairs && exponent[s->image[g][k]] == exponent[k])
            k++;
        if (k < s->npairs && exponent[s->image[g][k]] < exponent[k])
            return;
    }
    s->orbits++;
}

/* A group of permutations of atoms. */
typedef struct permutations {
    int natoms, order, *element; /* [order][natoms] */
} permutations;

enum { EVERYTHING = -1 };

/* Orbits on monomials of one degree of the permutations that keep the set {i, j}: an atom where i == j. */
static size_t count_orbits(const permutations *group, int i, int j, int degree)
{
    static census s;
    int index[ATOMS_LIMIT][ATOMS_LIMIT], exponent[36];
    s.npairs = s.nimages = 0;
    s.orbits = 0;
    for (int a = 0; a < group->natoms; a++)
        for (int b = 0; b < a; b++)
            index[a][b] = index[b][a] = s.npairs++;
    for (int g = 0; g < group->order; g++) {
        const int *p = group->element + g * group->natoms;
        if (i != EVERYTHING && !(p[i] == i && p[j] == j) && !(p[i] == j && p[j] == i))
            continue;
        for (int a = 0; a < group->natoms; a++)
            for (int b = 0; b < a; b++)
                s.image[s.nimages][index[a][b]] = index[p[a]][p[b]];
        s.nimages++;
    }
    count_least(&s, exponent, 0, degree);
    return s.orbits;
}

/* Is no set {i, j} of its orbit before it? */
static bool is_first(const permutations *group, int i, int j)
{
    for (int g = 0; g < group->order; g++) {
        const int *p = group->element + g * group->natoms;
        const int least = p[i] < p[j] ? p[i] : p[j], other = p[i] + p[j] - least;
        if (least < i || (least == i && other < j))
            return false;
    }
    return true;
}

/* The counts of all tensors, and those of each class of pairs by itself. */
static void expect_orbits(const char *text, const permutations *group, int degree)
{
    size_t invariants[8], covariants[TENSOR_KINDS][8] = {{0}}, terms[TENSOR_KINDS][8];
    composition c;
    blocks b;
    char error[200];
    int which = 0;
    cr_assert_eq(composition_parse(text, &c, error, sizeof error), 0);
    cr_assert_eq(blocks_create(c.npair_classes, degree, &b), 0);
    uint64_t *molien = room(b.count, sizeof *molien);
    for (int i = 0; i < group->natoms; i++)
        for (int j = i; j < group->natoms; j++) {
            uint64_t in_class[8] = {0};
            if (!is_first(group, i, j))
                continue;
            if (i != j) {
                cr_assert_eq(molien_pair_covariants(&c, &b, which, molien), 0);
                for (size_t m = 0; m < b.count; m++)
                    in_class[blocks_degree(&b, m)] += molien[m];
            }
            for (int d = 0; d <= degree; d++) {
                const size_t orbits = count_orbits(group, i, j, d);
                covariants[i == j ? TENSOR_DIPOLE : TENSOR_QUADRUPOLE][d] += orbits;
                cr_expect(i == j || in_class[d] == orbits, "%s, pair class %d, degree %d: %llu, not %zu",
                          text, which, d, (unsigned long long)in_class[d], orbits);
            }
            which += i != j;
        }
    cr_expect_eq(which, c.npair_classes);
    for (int d = 0; d <= degree; d++) {
        invariants[d] = count_orbits(group, EVERYTHING, EVERYTHING, d);
        terms[TENSOR_DIPOLE][d] = covariants[TENSOR_DIPOLE][d] - invariants[d];
        terms[TENSOR_QUADRUPOLE][d] = covariants[TENSOR_QUADRUPOLE][d];
        terms[TENSOR_POLARIZABILITY][d] = covariants[TENSOR_QUADRUPOLE][d] + invariants[d];
        covariants[TENSOR_POLARIZABILITY][d] = terms[TENSOR_POLARIZABILITY][d];
    }
    for (int kind = 0; kind < TENSOR_KINDS; kind++)
        expect_counts(text, (tensor_kind)kind, degree, covariants[kind], terms[kind]);
    free(molien);
    blocks_free(&b);
    composition_free(&c);
}

Test(tensor_basis, counts_are_orbits_of_the_stabilisers)
{
    static const struct {
        const char *text;
        int degree, natoms, class_of[6];
    } cases[] = {{"O2", 6, 2, {0, 0}},
                 {"O3", 6, 3, {0, 0, 0}},
                 {"H2 O", 6, 3, {0, 0, 1}},
                 {"H O2", 6, 3, {0, 1, 1}},
                 {"A B C", 5, 3, {0, 1, 2}},
                 {"H3 N", 5, 4, {0, 0, 0, 1}},
                 {"H4", 5, 4, {0, 0, 0, 0}},
                 {"H2 O2", 4, 4, {0, 0, 1, 1}},
                 {"H2 C O", 4, 4, {0, 0, 1, 2}},
                 {"H4 C", 4, 5, {0, 0, 0, 0, 1}},
                 {"A5", 3, 5, {0, 0, 0, 0, 0}},
                 {"A3 B2", 3, 5, {0, 0, 0, 1, 1}},
                 {"A5 B", 3, 6, {0, 0, 0, 0, 0, 1}}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        permutations group = {.natoms = cases[k].natoms};
        group.element = class_permutations(cases[k].natoms, cases[k].class_of, &group.order);
        expect_orbits(cases[k].text, &group, cases[k].degree);
        free(group.element);
    }
}

/* Groups that exchange fragments: those of their compositions. */
Test(tensor_basis, counts_are_orbits_where_fragments_are_exchanged)
{
    static const struct {
        const char *text;
        int degree;
    } cases[] = {{"(H F)2", 4}, {"(H2 O)2", 3}, {"(H F)3", 3}, {"(A B)2 C", 3}, {"(H2 O)3", 2}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        composition c;
        char error[200];
        cr_assert_eq(composition_parse(cases[k].text, &c, error, sizeof error), 0);
        permutations group = {.natoms = c.natoms};
        group.element = group_elements(c.natoms, c.ngenerators, c.generator, 720, &group.order);
        expect_orbits(cases[k].text, &group, cases[k].degree);
        free(group.element);
        composition_free(&c);
    }
}

/* Where contracted covariants do not suffice, sums of monomials complete a basis, certified all the same. */
Test(tensor_basis, orbit_sums_complete_what_contractions_do_not_reach)
{
    const outcome o = run("build/eqml-gen -d 3 --dipole 3 --stats '(H2 O)3'");
    const char *sums = strstr(o.text, "\"dipole_orbit_sums\": ");
    cr_assert(sums && strtol(strchr(sums, ':') + 1, NULL, 10) > 0, "%s", o.text);
    char expected[64];
    const subject *trimer = subject_of("trimer_dipole", EQML_DIPOLE);
    snprintf(expected, sizeof expected, "\"dipole_terms\": %d,", tensor_of(trimer)->nterms);
    cr_expect_not_null(strstr(o.text, expected), "%s", o.text);
    cr_expect(!tensor_of(trimer)->forward_one && !tensor_of(trimer)->charges_one,
              "no code for a large basis");
}

/* The sum of a monomial over those in the group that take the element x of a set to y, at one point. */
static residue sum_over_group(const basis *b, const permutations *group, const point_set *set, int x, int y,
                              const unsigned short *monomial, int degree, size_t point, size_t *elements)
{
    const composition *c = b->composition;
    uint64_t sum = 0;
    *elements = 0;
    for (int g = 0; g < group->order; g++) {
        const int *p = group->element + g * group->natoms, from = set->element[x];
        residue product = 1;
        if ((set->pairs ? composition_pair_image(c, p, from) : p[from]) != set->element[y])
            continue;
        for (int i = 0; i < degree; i++)
            product = modular_multiply(
                product, b->variable[(size_t)composition_pair_image(c, p, monomial[i]) * b->npoints + point]);
        sum += product;
        ++*elements;
    }
    return modular_reduce(sum);
}

/* An orbit sum holds each monomial once: the sum over the group, divided by how often that meets each. */
Test(tensor_basis, orbit_sums_are_sums_over_the_group)
{
    built x;
    build(&x, "(H2 O)2", TENSOR_QUADRUPOLE, 3);
    const composition *c = &x.composition;
    const orbit_list *list = &x.orbits;
    const int before = x.basis->ncovariants;
    const size_t monomials = x.basis->nmonomials;
    permutations group = {.natoms = c->natoms};
    group.element = group_elements(c->natoms, c->ngenerators, c->generator, 8, &group.order);
    for (int s = 0; s < x.structure->nsets; s++)
        for (size_t k = 1; k < list->count; k += 5) {
            const point_set *set = &x.structure->set[s];
            const unsigned short *monomial = list->monomial + k * (size_t)list->degree;
            const int from = (int)k % set->count;
            const int v = covariant_append_orbit(x.basis, s, from, monomial, list->order[k], list->block[k]);
            cr_assert_eq(v, before);
            const covariant *sum = &x.basis->covariant[v];
            for (int to = 0; to < set->count; to++) {
                size_t elements;
                const size_t point = k % x.basis->npoints;
                const residue expected = sum_over_group(x.basis, &group, set, from, to, monomial,
                                                        list->order[k], point, &elements);
                cr_assert_eq(elements % (size_t)sum->right, 0);
                cr_expect_eq(modular_reduce(elements / (size_t)sum->right *
                                            sum->value[(size_t)to * x.basis->npoints + point]),
                             expected, "set %d, orbit %zu, element %d", s, k, to);
            }
            covariant_remove_orbit(x.basis);
            cr_expect(x.basis->ncovariants == before && x.basis->nmonomials == monomials);
        }
    free(group.element);
    built_free(&x);
}

/* ---- independence ---- */

#define PRIME 998244353u

static uint64_t power(uint64_t x, unsigned exponent)
{
    uint64_t result = 1;
    for (; exponent; exponent >>= 1, x = x * x % PRIME)
        if (exponent & 1)
            result = result * x % PRIME;
    return result;
}

static void modular_operations(int count, const unsigned short (*operation)[3], uint64_t *slot)
{
    for (int k = 0; k < count; k++)
        slot[operation[k][0]] =
            (slot[operation[k][0]] + slot[operation[k][1]] * slot[operation[k][2]]) % PRIME;
}

/* The slots of the potential and of the tensor at a random point. */
static void modular_slots(const subject *j, uint64_t *state, uint64_t *slot)
{
    const eqml_basis *b = j->basis;
    memset(slot, 0, (size_t)tensor_of(j)->nslots * sizeof *slot);
    for (int p = 0; p < b->npairs; p++)
        slot[p] = draw_bits(state) % PRIME;
    slot[b->factor0] = 1;
    modular_operations(b->noperations, b->operations, slot);
    modular_operations(tensor_of(j)->noperations, tensor_of(j)->operations, slot);
}

/* a[rows][cols], overwritten */
static size_t modular_rank(size_t rows, size_t cols, uint64_t *a)
{
    size_t rank = 0;
    for (size_t c = 0; c < cols && rank < rows; c++) {
        size_t pivot = rank;
        while (pivot < rows && a[pivot * cols + c] == 0)
            pivot++;
        if (pivot == rows)
            continue;
        uint64_t *row = a + rank * cols, *from = a + pivot * cols;
        const uint64_t inverse = power(from[c], PRIME - 2);
        for (size_t k = c; k < cols; k++) {
            const uint64_t x = from[k];
            from[k] = row[k];
            row[k] = x * inverse % PRIME;
        }
        for (size_t r = rank + 1; r < rows; r++) {
            uint64_t *below = a + r * cols;
            const uint64_t factor = (PRIME - below[c]) % PRIME;
            for (size_t k = c; factor && k < cols; k++)
                below[k] = (below[k] + factor * row[k]) % PRIME;
        }
        rank++;
    }
    return rank;
}

/* Class of what carries the tensor: atoms, or pairs and behind them the unit tensor. */
static int class_of_carrier(const subject *j, int x)
{
    if (j->kind == EQML_DIPOLE)
        return j->basis->atom_classes[x];
    return x < j->basis->npairs ? j->basis->pair_classes[x] : j->basis->npair_classes;
}

/* The class over which each tensor factor is a covariant; it must be one. */
static int *classes_of_vectors(const subject *j)
{
    const eqml_tensor_basis *t = tensor_of(j);
    int *class_of = room((size_t)t->nvectors, sizeof *class_of);
    for (int v = 0; v < t->nvectors; v++)
        class_of[v] = -1;
    for (int e = 0; e < t->nelements; e++) {
        const int v = t->elements[e][0], which = class_of_carrier(j, t->elements[e][2]);
        cr_assert(class_of[v] < 0 || class_of[v] == which, "%s: a factor over two classes", label(j));
        class_of[v] = which;
    }
    for (int p = 0; p < t->nproducts; p++)
        class_of[t->products[p][0]] = class_of[t->products[p][2]];
    return class_of;
}

/*
 * Effective charges of all tensor factors at the first of a class. For the reference class of a dipole, less
 * the mean of the class, which adds nothing to the dipole.
 */
static void modular_weights(const subject *j, int which, const uint64_t *slot, uint64_t *weight,
                            uint64_t *sum)
{
    const eqml_tensor_basis *t = tensor_of(j);
    const int reduced = j->kind == EQML_DIPOLE && j->basis->atom_classes[t->reference[0]] == which;
    int first = 0;
    while (class_of_carrier(j, first) != which)
        first++;
    memset(weight, 0, (size_t)t->nvectors * sizeof *weight);
    memset(sum, 0, (size_t)t->nvectors * sizeof *sum);
    for (int e = 0; e < t->nelements; e++) {
        weight[t->elements[e][0]] += t->elements[e][2] == first ? slot[t->elements[e][1]] : 0;
        sum[t->elements[e][0]] += slot[t->elements[e][1]];
    }
    for (int v = 0; v < t->nvectors && reduced; v++) {
        const uint64_t mean = sum[v] % PRIME * power((uint64_t)t->nreference, PRIME - 2) % PRIME;
        weight[v] += PRIME - mean;
    }
    for (int p = 0; p < t->nproducts; p++)
        weight[t->products[p][0]] =
            slot[j->basis->factor0 + t->products[p][1]] * (weight[t->products[p][2]] % PRIME) % PRIME;
    for (int v = 0; v < t->nvectors; v++)
        weight[v] %= PRIME;
}

/* The terms over one class are independent; returns how many there are. */
static size_t expect_independent(const subject *j, int which, const int *class_of, uint64_t *state)
{
    const eqml_tensor_basis *t = tensor_of(j);
    size_t cols = 0;
    for (int r = 0; r < t->nruns; r++)
        cols += class_of[t->runs[r][0]] == which ? t->runs[r][2] : 0;
    const size_t rows = cols + 8;
    uint64_t *slot = room((size_t)t->nslots, sizeof *slot), *a = room(rows * cols, sizeof *a), *to = a;
    uint64_t *weight = room(2 * (size_t)t->nvectors, sizeof *weight);
    for (size_t point = 0; point < rows; point++) {
        modular_slots(j, state, slot);
        modular_weights(j, which, slot, weight, weight + t->nvectors);
        for (int r = 0; r < t->nruns; r++)
            for (int k = 0; k < t->runs[r][2] && class_of[t->runs[r][0]] == which; k++)
                *to++ = slot[j->basis->factor0 + t->runs[r][1] + k] * weight[t->runs[r][0]] % PRIME;
    }
    cr_expect_eq(modular_rank(rows, cols, a), cols, "%s, class %d: not independent", label(j), which);
    free(slot);
    free(a);
    free(weight);
    return cols;
}

Test(tensor_basis, emitted_terms_are_independent)
{
    uint64_t state = 11;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        const int last = j->kind == EQML_DIPOLE ? j->basis->natoms - 1 : j->basis->npairs;
        int *class_of = classes_of_vectors(j), nclasses = 0;
        size_t terms = 0;
        for (int x = 0; x <= last; x++)
            if (class_of_carrier(j, x) == nclasses)
                terms += expect_independent(j, nclasses++, class_of, &state);
        cr_expect_eq(terms, (size_t)tensor_of(j)->nterms, "%s: %zu terms over all classes", label(j), terms);
        free(class_of);
    }
}
