/*
 * Dipoles: the counts of covariants, the independence of the emitted terms, the symmetries of the value, the
 * Jacobian, and the fit. What is compared with comes from this file: loops over permutations and monomials,
 * an interpreter of the tables modulo a prime, and one in complex numbers.
 */
#define _POSIX_C_SOURCE 200809L
#include <complex.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "a5_dipole.h"
#include "a5b_dipole.h"
#include "abc_dipole.h"
#include "ch4_dipole.h"
#include "h2o_d8.h"
#include "h2o_dipole.h"
#include "h3o_dipole.h"
#include "h5o2_dipole.h"
#include "o3_dipole.h"

#include "../gen/basis.h"
#include "../gen/molien.h"
#include "../gen/orbit.h"
#include "../gen/structure.h"
#include "../gen/tensor.h"
#include "temporary.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { ATOMS_LIMIT = 7, XYZ_LIMIT = 3 * ATOMS_LIMIT, CLASSES_LIMIT = 3, PAIR_CLASSES_LIMIT = 3 };

typedef double complex number;

/* A generated basis and the functions of its header. */
typedef struct subject {
    const eqml_basis *basis;
    double (*energy_gradient)(const eqml_model *m, const double *xyz, double *gradient);
    void (*dipole)(const eqml_model *m, const double *xyz, double *dipole);
    void (*dipole_jacobian)(const eqml_model *m, const double *xyz, double *dipole, double *jacobian);
    double (*all)(const eqml_model *m, const double *xyz, double *gradient, double *dipole);
    void (*dipole_batch)(const eqml_model *m, size_t n, const double *xyz, double *dipole);
} subject;

#define SUBJECT(NAME)                                                                                        \
    {                                                                                                        \
        &NAME##_basis, NAME##_model_energy_gradient, NAME##_model_dipole, NAME##_model_dipole_jacobian,      \
            NAME##_model_energy_gradient_dipole, NAME##_model_dipole_batch                                   \
    }

static const subject subjects[] = {SUBJECT(h2o_dipole), SUBJECT(h3o_dipole), SUBJECT(ch4_dipole),
                                   SUBJECT(o3_dipole),  SUBJECT(abc_dipole), SUBJECT(a5_dipole),
                                   SUBJECT(a5b_dipole), SUBJECT(h5o2_dipole)};
static const subject *const h2o = &subjects[0], *const h3o = &subjects[1], *const o3 = &subjects[3];

/* ---- Random molecules and surfaces ---- */

/* Uniform in [-1, 1). */
static double uniform(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) / 4503599627370496.0 - 1.0;
}

static double distance(const double *a, const double *b)
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                (a[2] - b[2]) * (a[2] - b[2]));
}

/* Atoms in a cube of 4 bohr, none closer than 1. */
static void random_geometry(uint64_t *state, int natoms, double *xyz)
{
    for (int i = 0; i < natoms; i++) {
        int crowded;
        do {
            crowded = 0;
            for (int k = 0; k < 3; k++)
                xyz[3 * i + k] = 2 * uniform(state);
            for (int j = 0; j < i; j++)
                crowded |= distance(xyz + 3 * i, xyz + 3 * j) < 1;
        } while (crowded);
    }
}

/* A different kind of variable for each class of pairs; all are below 1 where distances are above 1. */
static const eqml_variable variables[PAIR_CLASSES_LIMIT] = {
    {EQML_MORSE, 1.7, 0, 0}, {EQML_INVERSE, 0, 0, 0}, {EQML_POWER, -2, 0, 0}};
static const eqml_variable exponentials[PAIR_CLASSES_LIMIT] = {
    {EQML_MORSE, 2, 0, 0}, {EQML_MORSE, 2, 0, 0}, {EQML_MORSE, 2, 0, 0}};

/* Random shifts of the factors, and random coefficients of the energy and of the dipole. */
static eqml_surface random_surface(const eqml_basis *b, const eqml_variable *kinds, double charge,
                                   uint64_t *state)
{
    eqml_surface s;
    const int most =
        b->nterms > b->tensors[EQML_DIPOLE]->nterms ? b->nterms : b->tensors[EQML_DIPOLE]->nterms;
    double *coefficients = malloc((size_t)most * sizeof *coefficients);
    cr_assert(coefficients && eqml_surface_create(b, kinds, &s) == EQML_OK);
    for (int k = 1; k < b->nfactors; k++)
        s.offset[k] = 0.2 * uniform(state);
    for (int k = 0; k < most; k++)
        coefficients[k] = uniform(state);
    eqml_surface_set(&s, coefficients);
    for (int k = 0; k < most; k++)
        coefficients[k] = uniform(state);
    eqml_surface_set_tensor(&s, EQML_DIPOLE, coefficients);
    s.model.charge = charge;
    free(coefficients);
    return s;
}

static double largest(int n, const double *x)
{
    double most = 0;
    for (int k = 0; k < n; k++)
        most = fmax(most, fabs(x[k]));
    return most;
}

/* Equal to `tolerance`, relative to the largest number or to 1. */
#define expect_equal(n, x, y, tolerance, what)                                                               \
    do {                                                                                                     \
        const double unit_ = fmax(1, largest(n, y));                                                         \
        for (int k_ = 0; k_ < (n); k_++)                                                                     \
            cr_expect(fabs((x)[k_] - (y)[k_]) <= (tolerance)*unit_, "%s: %s: number %d is %.17g, not %.17g", \
                      __func__, what, k_, (x)[k_], (y)[k_]);                                                 \
    } while (0)

/* ---- Permutations and rotations ---- */

/* Goes to the next permutation in lexicographical order; 0 after the last. */
static int next_permutation(int n, int *p)
{
    int i = n - 2, j = n - 1;
    while (i >= 0 && p[i] > p[i + 1])
        i--;
    if (i < 0)
        return 0;
    while (p[j] < p[i])
        j--;
    int t = p[i];
    p[i] = p[j], p[j] = t;
    for (i++, j = n - 1; i < j; i++, j--)
        t = p[i], p[i] = p[j], p[j] = t;
    return 1;
}

static int keeps_classes(const eqml_basis *b, const int *p)
{
    for (int i = 0; i < b->natoms; i++)
        if (b->atom_classes[p[i]] != b->atom_classes[i])
            return 0;
    return 1;
}

/* A random rotation from a random quaternion; improper: times the inversion. */
static void random_rotation(uint64_t *state, int improper, double r[3][3])
{
    double q[4], norm = 0;
    for (int k = 0; k < 4; k++) {
        q[k] = uniform(state);
        norm += q[k] * q[k];
    }
    const double w = q[0], x = q[1], y = q[2], z = q[3], s = (improper ? -1 : 1) / norm;
    const double rows[3][3] = {{w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)},
                               {2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)},
                               {2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z}};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            r[i][k] = s * rows[i][k];
}

static void rotate(int nvectors, double r[3][3], const double *from, double *to)
{
    for (int v = 0; v < nvectors; v++)
        for (int i = 0; i < 3; i++)
            to[3 * v + i] = r[i][0] * from[3 * v] + r[i][1] * from[3 * v + 1] + r[i][2] * from[3 * v + 2];
}

/* ---- The dipole in complex numbers, from the tables and the list of coefficients ---- */

static number variable_of(const eqml_variable *v, number r)
{
    switch (v->kind) {
    case EQML_MORSE:
        return cexp(-r / v->range);
    case EQML_INVERSE:
        return 1 / r;
    case EQML_EXP_OVER_R:
        return cexp(-r / v->range) / r;
    default:
        return cpow(r, v->range);
    }
}

static void interpret_operations(int count, const unsigned short (*operation)[3], number *slot)
{
    for (int k = 0; k < count; k++)
        slot[operation[k][0]] += slot[operation[k][1]] * slot[operation[k][2]];
}

/* d = Q R + sum_i q_i (r_i - R): effective charges q first, and vectors last. */
static void interpret(const eqml_surface *s, const number *xyz, number dipole[3])
{
    const eqml_basis *b = s->model.basis;
    const eqml_tensor_basis *t = b->tensors[EQML_DIPOLE];
    number *slot = calloc((size_t)t->nslots, sizeof *slot);
    number(*weight)[ATOMS_LIMIT] = calloc((size_t)t->nvectors, sizeof *weight);
    number charge[ATOMS_LIMIT] = {0}, centre[3] = {0, 0, 0};
    double *coefficients = calloc((size_t)t->nterms, sizeof *coefficients), *c = coefficients;
    cr_assert(slot && weight && coefficients);
    eqml_surface_get_tensor(s, EQML_DIPOLE, coefficients);
    for (int p = 0; p < b->npairs; p++) {
        number square = 0;
        for (int k = 0; k < 3; k++) {
            const number x = xyz[3 * b->pairs[p][0] + k] - xyz[3 * b->pairs[p][1] + k];
            square += x * x;
        }
        slot[p] = variable_of(&s->variables[b->pair_classes[p]], csqrt(square));
    }
    slot[b->factor0] = 1;
    for (int k = 1; k < b->nfactors; k++)
        slot[b->factor0 + k] = s->offset[k];
    interpret_operations(b->noperations, b->operations, slot);
    interpret_operations(t->noperations, t->operations, slot);
    for (int e = 0; e < t->nelements; e++)
        weight[t->elements[e][0]][t->elements[e][2]] += slot[t->elements[e][1]];
    for (int p = 0; p < t->nproducts; p++)
        for (int i = 0; i < b->natoms; i++)
            weight[t->products[p][0]][i] =
                slot[b->factor0 + t->products[p][1]] * weight[t->products[p][2]][i];
    for (int r = 0; r < t->nruns; r++)
        for (int k = 0; k < t->runs[r][2]; k++, c++)
            for (int i = 0; i < b->natoms; i++)
                charge[i] += *c * slot[b->factor0 + t->runs[r][1] + k] * weight[t->runs[r][0]][i];
    for (int a = 0; a < t->nreference; a++)
        for (int k = 0; k < 3; k++)
            centre[k] += xyz[3 * t->reference[a] + k] / t->nreference;
    for (int k = 0; k < 3; k++) {
        dipole[k] = s->model.charge * centre[k];
        for (int i = 0; i < b->natoms; i++)
            dipole[k] += charge[i] * (xyz[3 * i + k] - centre[k]);
    }
    free(slot);
    free(weight);
    free(coefficients);
}

/* The dipole, and its Jacobian by steps of 1e-100 along the imaginary axis: exact to rounding. */
static void interpreted_jacobian(const eqml_surface *s, const double *xyz, double *dipole, double *jacobian)
{
    const int n = 3 * s->model.basis->natoms;
    number x[XYZ_LIMIT], d[3];
    for (int k = 0; k < n; k++)
        x[k] = xyz[k];
    for (int k = 0; k < n; k++) {
        x[k] = xyz[k] + 1e-100 * I;
        interpret(s, x, d);
        x[k] = xyz[k];
        for (int c = 0; c < 3; c++) {
            dipole[c] = creal(d[c]);
            jacobian[c * n + k] = cimag(d[c]) / 1e-100;
        }
    }
}

/* ---- Counts ---- */

/* Composition to certified dipole basis. */
typedef struct built {
    composition composition;
    blocks blocks;
    structure *structure;
    uint64_t *invariants; /* [blocks.count] */
    orbit_list orbits;
    basis *basis;
    tensor_basis *dipole;
} built;

static built build(const char *text, int degree, int dipole_degree)
{
    built x;
    char error[512] = "";
    memset(&x, 0, sizeof x);
    cr_assert_eq(composition_parse(text, &x.composition, error, sizeof error), 0, "%s", error);
    cr_assert_eq(blocks_create(x.composition.npair_classes, degree, &x.blocks), 0);
    x.structure = structure_create(&x.composition, false);
    x.invariants = calloc(x.blocks.count, sizeof *x.invariants);
    cr_assert_eq(molien_invariants(&x.composition, &x.blocks, x.invariants), 0);
    cr_assert_eq(orbits_enumerate(&x.composition, &x.blocks, degree, &x.orbits), 0);
    x.basis = basis_create(&x.composition, &x.blocks, x.structure, x.invariants, &x.orbits, dipole_degree,
                           NULL, error, sizeof error);
    cr_assert_not_null(x.basis, "%s: %s", text, error);
    x.dipole =
        tensor_create(x.basis, TENSOR_DIPOLE, x.invariants, &x.orbits, dipole_degree, error, sizeof error);
    cr_assert_not_null(x.dipole, "%s: %s", text, error);
    return x;
}

static void built_free(built *x)
{
    tensor_free(x->dipole);
    basis_free(x->basis);
    orbits_free(&x->orbits);
    free(x->invariants);
    structure_free(x->structure);
    blocks_free(&x->blocks);
    composition_free(&x->composition);
}

static void expect_counts(const char *text, int degree, const size_t *covariants, const size_t *terms)
{
    size_t count[8];
    built x = build(text, degree, degree);
    tensor_terms_by_degree(x.dipole, count);
    for (int d = 0; d <= degree; d++) {
        cr_expect_eq(x.dipole->covariants_by_degree[d], covariants[d], "%s, degree %d: %llu covariants", text,
                     d, (unsigned long long)x.dipole->covariants_by_degree[d]);
        cr_expect_eq(count[d], terms[d], "%s, degree %d: %zu terms, not %zu", text, d, count[d], terms[d]);
    }
    built_free(&x);
}

/* The known series: covariants, and terms of the dipole, up to the degrees 0 to 7. */
static const size_t water[8] = {2, 7, 17, 33, 57, 90, 134, 190},
                    water_terms[8] = {1, 4, 10, 20, 35, 56, 84, 120};
static const size_t methane[8] = {2, 8, 31, 105, 314, 844, 2098, 4838};

Test(dipole_basis, water_has_the_known_counts)
{
    size_t covariants[8], terms[8];
    for (int d = 0; d < 8; d++) {
        covariants[d] = water[d] - (d ? water[d - 1] : 0);
        terms[d] = water_terms[d] - (d ? water_terms[d - 1] : 0);
    }
    expect_counts("H2 O", 7, covariants, terms);
}

/* Terms are covariants less invariants, of which there are 1, 3, 10, 30, 83, 208 up to each degree. */
Test(dipole_basis, methane_has_the_known_counts)
{
    static const size_t invariants[6] = {1, 2, 7, 20, 53, 125};
    size_t covariants[6], terms[6], total = 0;
    composition c;
    char error[200];
    for (int d = 0; d < 6; d++) {
        covariants[d] = methane[d] - (d ? methane[d - 1] : 0);
        terms[d] = covariants[d] - invariants[d];
    }
    expect_counts("H4 C", 5, covariants, terms);
    cr_assert_eq(composition_parse("H4 C", &c, error, sizeof error), 0);
    for (int d = 0; d < 8; d++) {
        total += molien_total_covariants(&c, 0, d) + molien_total_covariants(&c, 1, d);
        cr_expect_eq(total, methane[d], "degree %d: %zu covariants", d, total);
    }
    composition_free(&c);
}

/* Orbits of monomials under a group of permutations of pairs: a monomial counts if it is the least of its orbit. */
typedef struct census {
    int npairs, nimages;
    int image[720][15]; /* of the pairs, under each permutation */
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

/* Orbits on monomials of one degree of the permutations that keep the classes, and the atom `fixed` unless -1. */
static size_t count_orbits(int natoms, const int *class_of, int fixed, int degree)
{
    static census s;
    int p[ATOMS_LIMIT], index[ATOMS_LIMIT][ATOMS_LIMIT], exponent[15];
    s.npairs = s.nimages = 0;
    s.orbits = 0;
    for (int i = 0; i < natoms; i++) {
        p[i] = i;
        for (int j = 0; j < i; j++)
            index[i][j] = index[j][i] = s.npairs++;
    }
    do {
        int keeps = fixed < 0 || p[fixed] == fixed;
        for (int i = 0; i < natoms; i++)
            keeps &= class_of[p[i]] == class_of[i];
        for (int i = 0; keeps && i < natoms; i++)
            for (int j = 0; j < i; j++)
                s.image[s.nimages][index[i][j]] = index[p[i]][p[j]];
        s.nimages += keeps;
    } while (next_permutation(natoms, p));
    count_least(&s, exponent, 0, degree);
    return s.orbits;
}

Test(dipole_basis, counts_are_orbits_of_the_stabilisers)
{
    static const struct {
        const char *text;
        int degree, natoms, class_of[6], first[3]; /* atom of each class; -1: no more */
    } cases[] = {
        {"O3", 6, 3, {0, 0, 0}, {0, -1, -1}},         {"H2 O", 6, 3, {0, 0, 1}, {0, 2, -1}},
        {"H O2", 6, 3, {0, 1, 1}, {0, 1, -1}},        {"A B C", 5, 3, {0, 1, 2}, {0, 1, 2}},
        {"H3 N", 5, 4, {0, 0, 0, 1}, {0, 3, -1}},     {"H2 O2", 4, 4, {0, 0, 1, 1}, {0, 2, -1}},
        {"H2 C O", 4, 4, {0, 0, 1, 2}, {0, 2, 3}},    {"A5", 3, 5, {0, 0, 0, 0, 0}, {0, -1, -1}},
        {"A3 B2", 3, 5, {0, 0, 0, 1, 1}, {0, 3, -1}}, {"A5 B", 3, 6, {0, 0, 0, 0, 0, 1}, {0, 5, -1}}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        size_t covariants[8] = {0}, terms[8];
        for (int d = 0; d <= cases[k].degree; d++) {
            for (int which = 0; which < 3 && cases[k].first[which] >= 0; which++)
                covariants[d] += count_orbits(cases[k].natoms, cases[k].class_of, cases[k].first[which], d);
            terms[d] = covariants[d] - count_orbits(cases[k].natoms, cases[k].class_of, -1, d);
        }
        expect_counts(cases[k].text, cases[k].degree, covariants, terms);
    }
}

/* ---- Independence of the emitted terms, modulo a prime that the generator does not use ---- */

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

/*
 * Effective charges of all terms at one random point: value[class][term], at the first atom of each class; for the
 * reference class less the mean of that class, which adds nothing to the dipole.
 */
static void modular_charges(const eqml_basis *b, uint64_t *state, uint64_t *slot,
                            uint64_t (*weight)[ATOMS_LIMIT], uint64_t *value)
{
    const eqml_tensor_basis *t = b->tensors[EQML_DIPOLE];
    const int reference = b->atom_classes[t->reference[0]];
    const uint64_t inverse = power((uint64_t)t->nreference, PRIME - 2);
    memset(slot, 0, (size_t)t->nslots * sizeof *slot);
    memset(weight, 0, (size_t)t->nvectors * sizeof *weight);
    for (int p = 0; p < b->npairs; p++)
        slot[p] = (uint64_t)((uniform(state) + 1) * (PRIME / 2));
    slot[b->factor0] = 1;
    modular_operations(b->noperations, b->operations, slot);
    modular_operations(t->noperations, t->operations, slot);
    for (int e = 0; e < t->nelements; e++)
        weight[t->elements[e][0]][t->elements[e][2]] += slot[t->elements[e][1]];
    for (int p = 0; p < t->nproducts; p++)
        for (int i = 0; i < b->natoms; i++)
            weight[t->products[p][0]][i] =
                slot[b->factor0 + t->products[p][1]] * (weight[t->products[p][2]][i] % PRIME) % PRIME;
    for (int v = 0; v < t->nvectors; v++) {
        uint64_t sum = 0;
        for (int i = 0; i < b->natoms; i++)
            sum += b->atom_classes[i] == reference ? weight[v][i] % PRIME : 0;
        const uint64_t mean = sum % PRIME * inverse % PRIME;
        for (int i = 0; i < b->natoms; i++)
            weight[v][i] = (weight[v][i] + (b->atom_classes[i] == reference ? PRIME - mean : 0)) % PRIME;
    }
    for (int i = 0, which = 0; i < b->natoms; i++) {
        if (b->atom_classes[i] != which)
            continue;
        for (int r = 0; r < t->nruns; r++)
            for (int k = 0; k < t->runs[r][2]; k++)
                *value++ = slot[b->factor0 + t->runs[r][1] + k] * weight[t->runs[r][0]][i] % PRIME;
        which++;
    }
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

Test(dipole_basis, emitted_terms_are_independent)
{
    uint64_t state = 11;
    for (size_t k = 0; k < COUNT(subjects); k++) {
        const eqml_basis *b = subjects[k].basis;
        const eqml_tensor_basis *t = b->tensors[EQML_DIPOLE];
        int nclasses = 0;
        for (int i = 0; i < b->natoms; i++)
            nclasses = b->atom_classes[i] == nclasses ? nclasses + 1 : nclasses;
        const size_t points = (size_t)t->nterms + 8;
        const size_t rows = points * (size_t)nclasses, cols = (size_t)t->nterms;
        uint64_t *slot = malloc((size_t)t->nslots * sizeof *slot), *a = malloc(rows * cols * sizeof *a);
        uint64_t(*weight)[ATOMS_LIMIT] = malloc((size_t)t->nvectors * sizeof *weight);
        cr_assert(slot && weight && a);
        for (size_t p = 0; p < points; p++)
            modular_charges(b, &state, slot, weight, a + p * (size_t)nclasses * cols);
        cr_expect_eq(modular_rank(rows, cols, a), cols, "%s: not independent", b->name);
        free(slot);
        free(weight);
        free(a);
    }
}

/* ---- The value ---- */

Test(dipole, is_what_the_tables_say)
{
    uint64_t state = 21;
    for (size_t k = 0; k < COUNT(subjects); k++) {
        const subject *j = &subjects[k];
        eqml_surface s = random_surface(j->basis, variables, -1, &state);
        double xyz[XYZ_LIMIT], value[3], expected[3];
        number x[XYZ_LIMIT], d[3];
        random_geometry(&state, j->basis->natoms, xyz);
        for (int i = 0; i < 3 * j->basis->natoms; i++)
            x[i] = xyz[i];
        interpret(&s, x, d);
        for (int c = 0; c < 3; c++)
            expected[c] = creal(d[c]);
        j->dipole(&s.model, xyz, value);
        expect_equal(3, value, expected, 1e-12, j->basis->name);
        eqml_surface_free(&s);
    }
}

Test(dipole, turns_with_the_molecule)
{
    uint64_t state = 22;
    for (size_t k = 0; k < COUNT(subjects); k++) {
        const subject *j = &subjects[k];
        const int n = j->basis->natoms;
        eqml_surface s = random_surface(j->basis, variables, (double)(k % 3) - 1, &state);
        for (int turn = 0; turn < 20; turn++) {
            double xyz[XYZ_LIMIT], turned[XYZ_LIMIT], value[3], expected[3], r[3][3];
            random_geometry(&state, n, xyz);
            random_rotation(&state, turn % 2, r);
            rotate(n, r, xyz, turned);
            j->dipole(&s.model, xyz, value);
            rotate(1, r, value, expected);
            j->dipole(&s.model, turned, value);
            expect_equal(3, value, expected, 1e-12, turn % 2 ? "reflection" : "rotation");
        }
        eqml_surface_free(&s);
    }
}

Test(dipole, is_the_same_for_every_order_of_like_atoms)
{
    uint64_t state = 23;
    for (size_t k = 0; k < COUNT(subjects); k++) {
        const subject *j = &subjects[k];
        const int n = j->basis->natoms;
        eqml_surface s = random_surface(j->basis, variables, 0, &state);
        double xyz[XYZ_LIMIT], permuted[XYZ_LIMIT], value[3], expected[3];
        int p[ATOMS_LIMIT];
        random_geometry(&state, n, xyz);
        j->dipole(&s.model, xyz, expected);
        for (int i = 0; i < n; i++)
            p[i] = i;
        while (next_permutation(n, p)) {
            if (!keeps_classes(j->basis, p))
                continue;
            for (int i = 0; i < n; i++)
                memcpy(permuted + 3 * i, xyz + 3 * p[i], 3 * sizeof *xyz);
            j->dipole(&s.model, permuted, value);
            expect_equal(3, value, expected, 1e-12, j->basis->name);
        }
        eqml_surface_free(&s);
    }
}

Test(dipole, moves_with_the_charge)
{
    static const double charges[] = {0, 1, -2}, shift[3] = {4.5, -7.25, 1.125};
    uint64_t state = 24;
    for (size_t k = 0; k < COUNT(subjects); k++)
        for (size_t q = 0; q < COUNT(charges); q++) {
            const subject *j = &subjects[k];
            eqml_surface s = random_surface(j->basis, variables, charges[q], &state);
            double xyz[XYZ_LIMIT], value[3], expected[3];
            random_geometry(&state, j->basis->natoms, xyz);
            j->dipole(&s.model, xyz, expected);
            for (int c = 0; c < 3; c++)
                expected[c] += charges[q] * shift[c];
            for (int i = 0; i < 3 * j->basis->natoms; i++)
                xyz[i] += shift[i % 3];
            j->dipole(&s.model, xyz, value);
            expect_equal(3, value, expected, 1e-12, j->basis->name);
            eqml_surface_free(&s);
        }
}

/* Full batches of lanes, and any number left over. */
Test(dipole, of_a_batch_is_that_of_each)
{
    enum { MOST = 19 };
    uint64_t state = 25;
    for (size_t k = 0; k < COUNT(subjects); k++) {
        const subject *j = &subjects[k];
        const int n = 3 * j->basis->natoms;
        eqml_surface s = random_surface(j->basis, k % 2 ? variables : exponentials, 1, &state);
        double xyz[MOST * XYZ_LIMIT], batch[3 * MOST + 1], one[3 * MOST];
        for (int g = 0; g < MOST; g++) {
            random_geometry(&state, j->basis->natoms, xyz + g * n);
            j->dipole(&s.model, xyz + g * n, one + 3 * g);
        }
        for (int count = 0; count <= MOST; count++) {
            batch[3 * count] = 1234;
            j->dipole_batch(&s.model, (size_t)count, xyz, batch);
            expect_equal(3 * count, batch, one, 1e-12, j->basis->name);
            cr_expect_eq(batch[3 * count], 1234, "written past the end");
        }
        eqml_surface_free(&s);
    }
}

Test(dipole, comes_with_the_same_energy_and_gradient)
{
    uint64_t state = 26;
    for (size_t k = 0; k < COUNT(subjects); k++) {
        const subject *j = &subjects[k];
        const int n = 3 * j->basis->natoms;
        eqml_surface s = random_surface(j->basis, variables, 1, &state);
        double xyz[XYZ_LIMIT], energy[2], gradient[2][XYZ_LIMIT], dipole[2][3];
        random_geometry(&state, j->basis->natoms, xyz);
        energy[0] = j->all(&s.model, xyz, gradient[0], dipole[0]);
        energy[1] = j->energy_gradient(&s.model, xyz, gradient[1]);
        j->dipole(&s.model, xyz, dipole[1]);
        expect_equal(1, &energy[0], &energy[1], 1e-13, j->basis->name);
        expect_equal(n, gradient[0], gradient[1], 1e-13, j->basis->name);
        expect_equal(3, dipole[0], dipole[1], 1e-13, j->basis->name);
        eqml_surface_free(&s);
    }
}

/* Large bases have no code, only tables: here they are taken in place of the code. */
Test(dipole, does_not_need_the_code)
{
    uint64_t state = 27;
    for (size_t k = 0; k < COUNT(subjects); k++) {
        const subject *j = &subjects[k];
        eqml_tensor_basis plain_dipole = *j->basis->tensors[EQML_DIPOLE];
        eqml_basis plain = *j->basis;
        plain.forward_one = 0, plain.reverse_one = 0, plain.forward_lanes = 0, plain.reverse_lanes = 0;
        plain_dipole.forward_one = 0, plain_dipole.forward_lanes = 0;
        plain.tensors[EQML_DIPOLE] = &plain_dipole;
        eqml_surface s = random_surface(j->basis, variables, 1, &state);
        eqml_model model = s.model;
        double xyz[XYZ_LIMIT], value[3], expected[3];
        random_geometry(&state, j->basis->natoms, xyz);
        j->dipole(&s.model, xyz, expected);
        model.basis = &plain;
        j->dipole(&model, xyz, value);
        expect_equal(3, value, expected, 1e-12, j->basis->name);
        j->dipole_batch(&model, 1, xyz, value);
        expect_equal(3, value, expected, 1e-12, j->basis->name);
        eqml_surface_free(&s);
    }
}

/* ---- The Jacobian ---- */

static void expect_jacobian(const subject *j, const eqml_surface *s, const double *xyz, const char *what)
{
    const int n = 3 * j->basis->natoms;
    double value[3], expected[3], jacobian[3 * XYZ_LIMIT], other[3 * XYZ_LIMIT];
    j->dipole_jacobian(&s->model, xyz, value, jacobian);
    interpreted_jacobian(s, xyz, expected, other);
    expect_equal(3, value, expected, 1e-12, what);
    expect_equal(3 * n, jacobian, other, 1e-12, what);
}

Test(dipole_jacobian, is_the_derivative)
{
    static const eqml_variable kinds[][PAIR_CLASSES_LIMIT] = {
        {{EQML_MORSE, 1.7, 0, 0}, {EQML_INVERSE, 0, 0, 0}, {EQML_POWER, -2, 0, 0}},
        {{EQML_EXP_OVER_R, 2.5, 0, 0}, {EQML_POWER, 1, 0, 0}, {EQML_MORSE, 3, 0, 0}}};
    uint64_t state = 31;
    for (size_t k = 0; k < COUNT(subjects); k++)
        for (size_t kind = 0; kind < COUNT(kinds); kind++) {
            eqml_surface s = random_surface(subjects[k].basis, kinds[kind], (double)kind - 1, &state);
            double xyz[XYZ_LIMIT];
            random_geometry(&state, subjects[k].basis->natoms, xyz);
            expect_jacobian(&subjects[k], &s, xyz, subjects[k].basis->name);
            eqml_surface_free(&s);
        }
}

/*
 * All atoms moved: the dipole moves by the charge. All atoms turned: it turns too, sum_a x_a x dd_c/dx_a = e_c x d
 * up to sign, in each component c.
 */
Test(dipole_jacobian, obeys_the_sum_rules)
{
    uint64_t state = 32;
    for (size_t k = 0; k < COUNT(subjects); k++) {
        const subject *j = &subjects[k];
        const int n = 3 * j->basis->natoms;
        const double charge = (double)(k % 4) - 2;
        eqml_surface s = random_surface(j->basis, variables, charge, &state);
        double xyz[XYZ_LIMIT], d[3], jacobian[3 * XYZ_LIMIT];
        random_geometry(&state, j->basis->natoms, xyz);
        j->dipole_jacobian(&s.model, xyz, d, jacobian);
        const double unit = fmax(1, largest(3 * n, jacobian));
        for (int c = 0; c < 3; c++)
            for (int axis = 0; axis < 3; axis++) {
                const int u = (axis + 1) % 3, v = (axis + 2) % 3;
                const double turned = c == u ? -d[v] : c == v ? d[u] : 0;
                double moved = 0, turn = 0;
                for (int a = 0; a < n; a += 3) {
                    moved += jacobian[c * n + a + axis];
                    turn += jacobian[c * n + a + v] * xyz[a + u] - jacobian[c * n + a + u] * xyz[a + v];
                }
                cr_expect_float_eq(moved, charge * (c == axis), 1e-12 * unit, "%s: %g", j->basis->name,
                                   moved);
                cr_expect_float_eq(turn, turned, 1e-11 * unit, "%s: %g, not %g", j->basis->name, turn,
                                   turned);
            }
        eqml_surface_free(&s);
    }
}

/* ---- Planar and linear geometries ---- */

/* Water, bent and linear, with equal and with other bonds: along z or in the plane of x and z. */
Test(dipole_shapes, water_bent_and_linear)
{
    uint64_t state = 41;
    eqml_surface s = random_surface(h2o->basis, variables, 0, &state);
    const double bent[9] = {1.4, 0, 1.1, -1.5, 0, 1.2, 0, 0, 0};
    const double linear[9] = {0, 0, 1.8, 0, 0, -2.1, 0, 0, 0},
                 symmetric[9] = {0, 0, 1.8, 0, 0, -1.8, 0, 0, 0};
    double d[3];
    expect_jacobian(h2o, &s, bent, "bent");
    expect_jacobian(h2o, &s, linear, "linear");
    expect_jacobian(h2o, &s, symmetric, "symmetric");
    h2o->dipole(&s.model, bent, d);
    cr_expect(fabs(d[1]) < 1e-14 && fabs(d[0]) > 1e-3 && fabs(d[2]) > 1e-3);
    h2o->dipole(&s.model, linear, d);
    cr_expect(fabs(d[0]) < 1e-14 && fabs(d[1]) < 1e-14 && fabs(d[2]) > 1e-3);
    h2o->dipole(&s.model, symmetric, d);
    cr_expect(largest(3, d) < 1e-12);
    eqml_surface_free(&s);
}

Test(dipole_shapes, a_planar_ion_and_a_triangle)
{
    uint64_t state = 42;
    const double h = sqrt(0.75);
    const double planar[12] = {1.9, 0, 0, -0.95, 1.9 * h, 0, -0.95, -1.9 * h, 0, 0, 0, 0};
    const double distorted[12] = {1.9, 0, 0, -0.8, 1.7 * h, 0, -0.95, -2 * h, 0, 0.1, 0.2, 0};
    const double triangle[9] = {2.4, 0, 0, -1.2, 2.4 * h, 0, -1.2, -2.4 * h, 0};
    const double line[9] = {0, 0, -2.3, 0, 0, 0.1, 0, 0, 2.6};
    double d[3];
    eqml_surface s = random_surface(h3o->basis, variables, 1, &state);
    expect_jacobian(h3o, &s, planar, "planar");
    expect_jacobian(h3o, &s, distorted, "distorted");
    h3o->dipole(&s.model, planar, d); /* the origin is the centre */
    cr_expect(largest(3, d) < 1e-12);
    h3o->dipole(&s.model, distorted, d);
    cr_expect(fabs(d[2]) < 1e-14 && fabs(d[0]) > 1e-3);
    eqml_surface_free(&s);
    s = random_surface(o3->basis, variables, 0, &state);
    expect_jacobian(o3, &s, triangle, "triangle");
    expect_jacobian(o3, &s, line, "line");
    o3->dipole(&s.model, triangle, d);
    cr_expect(largest(3, d) < 1e-12);
    o3->dipole(&s.model, line, d);
    cr_expect(fabs(d[0]) < 1e-14 && fabs(d[1]) < 1e-14 && fabs(d[2]) > 1e-3);
    eqml_surface_free(&s);
}

/* ---- The fit ---- */

/*
 * A model of point charges: those of an atom's class, changed by its neighbours in polynomials up to degree 2 (3
 * where `cubic`), and by what is missing to the total charge, shared by the class of the last atom.
 */
static void point_charges(const eqml_basis *b, double charge, int cubic, const double *xyz, double dipole[3])
{
    double near[ATOMS_LIMIT] = {0}, far[ATOMS_LIMIT] = {0}, q[ATOMS_LIMIT], missing = charge;
    const int last = b->atom_classes[b->natoms - 1];
    int sharing = 0;
    for (int twice = 0; twice < 2; twice++)
        for (int p = 0; p < b->npairs; p++) {
            const int i = b->pairs[p][0], j = b->pairs[p][1], which = b->pair_classes[p];
            const double y = exp(-distance(xyz + 3 * i, xyz + 3 * j) / exponentials[which].range);
            const double bond = (1 + 0.3 * which) * y;
            (twice ? far : near)[i] += bond * (twice ? near[j] : 1);
            (twice ? far : near)[j] += bond * (twice ? near[i] : 1);
        }
    for (int i = 0; i < b->natoms; i++) {
        const int which = b->atom_classes[i];
        q[i] = 0.3 - 0.2 * which + (0.5 - which) * near[i] + 0.7 * far[i] - 0.4 * near[i] * near[i] +
               (cubic ? 0.2 * near[i] * near[i] * near[i] : 0);
        missing -= q[i];
        sharing += which == last;
    }
    for (int c = 0; c < 3; c++) {
        dipole[c] = 0;
        for (int i = 0; i < b->natoms; i++)
            dipole[c] += (q[i] + (b->atom_classes[i] == last ? missing / sharing : 0)) * xyz[3 * i + c];
    }
}

/* Random geometries with an energy and, but for every fifth, a dipole; release it with eqml_data_free. */
static eqml_data point_charge_data(const eqml_basis *b, double charge, int cubic, size_t n, uint64_t *state)
{
    eqml_data data;
    memset(&data, 0, sizeof data);
    data.natoms = b->natoms;
    data.n = n;
    data.xyz = malloc(n * XYZ_LIMIT * sizeof *data.xyz);
    data.energy = calloc(n, sizeof *data.energy);
    data.tensors[EQML_DIPOLE] = malloc(3 * n * sizeof *data.tensors[EQML_DIPOLE]);
    data.has = malloc(n);
    cr_assert(data.xyz && data.energy && data.tensors[EQML_DIPOLE] && data.has);
    for (size_t g = 0; g < n; g++) {
        double *xyz = data.xyz + 3 * (size_t)b->natoms * g;
        random_geometry(state, b->natoms, xyz);
        point_charges(b, charge, cubic, xyz, data.tensors[EQML_DIPOLE] + 3 * g);
        for (int c = 0; c < 3 && g % 5 == 4; c++)
            data.tensors[EQML_DIPOLE][3 * g + (size_t)c] = NAN;
        data.energy[g] = sin(xyz[0]);
        data.has[g] = EQML_HAS_ENERGY | (g % 5 == 4 ? 0 : EQML_HAS_DIPOLE);
    }
    return data;
}

/* Also after a fit of energies, which shifts the factors; and where some geometries have no dipole. */
Test(dipole_fit, recovers_point_charges)
{
    static const double charges[] = {0, 1, -1, 0, 1, -2, 0, 1};
    uint64_t state = 51;
    for (size_t k = 0; k < COUNT(subjects); k++)
        for (int energies = 0; energies < 2; energies++) {
            const subject *j = &subjects[k];
            const eqml_tensor_basis *t = j->basis->tensors[EQML_DIPOLE];
            const int cubic = t->degree > 2;
            const size_t n = 5 * ((size_t)t->nterms / 5 + 12);
            eqml_data data = point_charge_data(j->basis, charges[k], cubic, n, &state);
            eqml_surface s;
            eqml_fit_result result;
            eqml_errors errors;
            cr_assert_eq(eqml_surface_create(j->basis, exponentials, &s), EQML_OK);
            if (energies)
                cr_assert_eq(eqml_fit(&s, &data, NULL, NULL, NULL), EQML_OK);
            cr_assert_eq(eqml_fit_tensor(&s, EQML_DIPOLE, &data, charges[k], NULL, &result, NULL), EQML_OK);
            cr_expect_eq(result.geometries, n / 5 * 4);
            cr_expect_eq(result.rows, 3 * (n / 5 * 4));
            cr_expect_eq(result.terms, t->nterms);
            cr_expect_eq(result.rank, t->nterms, "%s: rank %d of %d", j->basis->name, result.rank, t->nterms);
            cr_assert_eq(eqml_surface_errors(&s, &data, NULL, &errors), EQML_OK);
            cr_expect_eq(errors.tensors[EQML_DIPOLE], n / 5 * 4);
            cr_expect(errors.rmse_tensor[EQML_DIPOLE] < 1e-12, "%s: %g", j->basis->name,
                      errors.rmse_tensor[EQML_DIPOLE]);
            cr_expect(errors.rms_tensor[EQML_DIPOLE] > 0.1);
            for (int fresh = 0; fresh < 10; fresh++) {
                double xyz[XYZ_LIMIT], value[3], expected[3];
                random_geometry(&state, j->basis->natoms, xyz);
                j->dipole(&s.model, xyz, value);
                point_charges(j->basis, charges[k], cubic, xyz, expected);
                expect_equal(3, value, expected, 1e-9, j->basis->name);
            }
            eqml_surface_free(&s);
            eqml_data_free(&data);
        }
}

/* The reported errors are those of a loop over the data. */
Test(dipole_fit, reports_its_errors)
{
    uint64_t state = 54;
    eqml_data data = point_charge_data(h3o->basis, 1, 1, 60, &state);
    eqml_surface s = random_surface(h3o->basis, variables, 1, &state);
    eqml_errors errors;
    double error = 0, size = 0;
    for (size_t g = 0; g < data.n; g++) {
        double value[3];
        h3o->dipole(&s.model, data.xyz + 12 * g, value);
        for (size_t c = 0; c < 3 && (data.has[g] & EQML_HAS_DIPOLE); c++) {
            const double expected = data.tensors[EQML_DIPOLE][3 * g + c];
            error += (value[c] - expected) * (value[c] - expected);
            size += expected * expected;
        }
    }
    cr_assert_eq(eqml_surface_errors(&s, &data, NULL, &errors), EQML_OK);
    cr_expect_eq(errors.tensors[EQML_DIPOLE], 48);
    cr_expect_float_eq(errors.rmse_tensor[EQML_DIPOLE], sqrt(error / 144),
                       1e-12 * errors.rmse_tensor[EQML_DIPOLE]);
    cr_expect_float_eq(errors.rms_tensor[EQML_DIPOLE], sqrt(size / 144), 1e-12 * errors.rms_tensor[EQML_DIPOLE]);
    eqml_surface_free(&s);
    eqml_data_free(&data);
}

/* With the wrong charge nothing fits, as the molecules are not at the origin. */
Test(dipole_fit, keeps_the_charge_it_is_given)
{
    uint64_t state = 52;
    eqml_data data = point_charge_data(h3o->basis, 1, 1, 400, &state);
    eqml_surface s;
    eqml_errors errors;
    for (size_t g = 0; g < data.n; g++)
        for (int k = 0; k < 12; k++) {
            data.xyz[12 * g + (size_t)k] += 5;
            data.tensors[EQML_DIPOLE][3 * g + (size_t)k % 3] += k < 3 ? 5 : 0;
        }
    for (int charge = 0; charge < 3; charge++) {
        cr_assert_eq(eqml_surface_create(h3o->basis, exponentials, &s), EQML_OK);
        cr_assert_eq(eqml_fit_tensor(&s, EQML_DIPOLE, &data, charge, NULL, NULL, NULL), EQML_OK);
        cr_expect_eq(s.model.charge, charge);
        cr_assert_eq(eqml_surface_errors(&s, &data, NULL, &errors), EQML_OK);
        if (charge == 1)
            cr_expect(errors.rmse_tensor[EQML_DIPOLE] < 1e-11, "%g", errors.rmse_tensor[EQML_DIPOLE]);
        else
            cr_expect(errors.rmse_tensor[EQML_DIPOLE] > 1, "%g", errors.rmse_tensor[EQML_DIPOLE]);
        eqml_surface_free(&s);
    }
    eqml_data_free(&data);
}

/* Geometries that are weighted down or left out matter less, or not at all. */
Test(dipole_fit, uses_what_it_is_told_to)
{
    uint64_t state = 53;
    eqml_data data = point_charge_data(h2o->basis, 0, 1, 200, &state);
    unsigned char use[200];
    eqml_fit_options options = {0};
    eqml_fit_result result;
    eqml_surface s;
    eqml_errors errors;
    for (size_t g = 0; g < data.n; g++) {
        use[g] = g % 2 == 0;
        if (!use[g])
            data.tensors[EQML_DIPOLE][3 * g] = 77;
    }
    options.use = use;
    cr_assert_eq(eqml_surface_create(h2o->basis, exponentials, &s), EQML_OK);
    cr_assert_eq(eqml_fit_tensor(&s, EQML_DIPOLE, &data, 0, &options, &result, NULL), EQML_OK);
    cr_expect_eq(result.geometries, 80);
    cr_assert_eq(eqml_surface_errors(&s, &data, use, &errors), EQML_OK);
    cr_expect_eq(errors.tensors[EQML_DIPOLE], 80);
    cr_expect(errors.rmse_tensor[EQML_DIPOLE] < 1e-12);
    for (size_t g = 0; g < data.n; g++)
        data.energy[g] = use[g] ? 0 : 1e12; /* weights 1 and 1e-12 */
    options.use = NULL;
    for (int weighted = 0; weighted < 2; weighted++) {
        options.energy_weight = weighted;
        cr_assert_eq(eqml_fit_tensor(&s, EQML_DIPOLE, &data, 0, &options, &result, NULL), EQML_OK);
        cr_expect_eq(result.geometries, 160);
        cr_assert_eq(eqml_surface_errors(&s, &data, use, &errors), EQML_OK);
        cr_expect(weighted ? errors.rmse_tensor[EQML_DIPOLE] < 1e-6 : errors.rmse_tensor[EQML_DIPOLE] > 1,
                  "%g", errors.rmse_tensor[EQML_DIPOLE]);
    }
    eqml_surface_free(&s);
    eqml_data_free(&data);
}

/* ---- Files ---- */

Test(dipole_file, round_trip_is_exact)
{
    uint64_t state = 61;
    char directory[512], path[600];
    make_folder(directory);
    snprintf(path, sizeof path, "%s/a.pes", directory);
    for (size_t k = 0; k < COUNT(subjects); k++) {
        const subject *j = &subjects[k];
        eqml_surface s = random_surface(j->basis, variables, -2, &state), again;
        double xyz[XYZ_LIMIT], value[3], expected[3];
        eqml_message message = {""};
        cr_assert_eq(eqml_surface_write(&s, path, &message), EQML_OK, "%s", message.text);
        cr_assert_eq(eqml_surface_read(&again, j->basis, path, &message), EQML_OK, "%s", message.text);
        cr_expect_eq(again.model.charge, -2);
        cr_expect_arr_eq(again.tensors[EQML_DIPOLE], s.tensors[EQML_DIPOLE],
                         (size_t)j->basis->tensors[EQML_DIPOLE]->npacked * sizeof(double));
        random_geometry(&state, j->basis->natoms, xyz);
        j->dipole(&s.model, xyz, expected);
        j->dipole(&again.model, xyz, value);
        cr_expect_arr_eq(value, expected, sizeof value);
        eqml_surface_free(&s);
        eqml_surface_free(&again);
    }
    remove(path);
    rmdir(directory);
}

/* Without one of its lines, whichever, a file is refused; and with a charge that is no whole number. */
Test(dipole_file, a_damaged_file_is_refused)
{
    uint64_t state = 62;
    char directory[512], path[600], line[512];
    make_folder(directory);
    snprintf(path, sizeof path, "%s/a.pes", directory);
    eqml_surface s = random_surface(o3->basis, variables, 1, &state), again;
    cr_assert_eq(eqml_surface_write(&s, path, NULL), EQML_OK);
    size_t size = 0;
    char *text = calloc(1, 1 << 16), *copy = calloc(1, 1 << 16);
    FILE *file = fopen(path, "r");
    cr_assert(text && copy && file);
    size = fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    cr_assert_not_null(strstr(text, "\ncharge 0x1p+0\n"));
    for (char *at = strstr(text, "\ndipole ") + 1; at < text + size; at = strchr(at, '\n') + 1) {
        const size_t length = strcspn(at, "\n") + 1;
        eqml_message message = {""};
        snprintf(line, sizeof line, "%.*s", (int)length - 1, at);
        for (int wrong_charge = 0; wrong_charge < 2; wrong_charge++) {
            if (wrong_charge && strncmp(line, "charge", 6))
                continue;
            file = fopen(path, "w");
            cr_assert_not_null(file);
            fwrite(text, 1, (size_t)(at - text), file);
            if (wrong_charge)
                fputs("charge 0x1p-1\n", file);
            fputs(at + length, file);
            cr_assert_eq(fclose(file), 0);
            cr_expect_neq(eqml_surface_read(&again, o3->basis, path, &message), EQML_OK, "without %s", line);
            cr_expect_neq(message.text[0], '\0');
            cr_expect_null(again.tensors[EQML_DIPOLE]);
        }
    }
    free(text);
    free(copy);
    eqml_surface_free(&s);
    remove(path);
    rmdir(directory);
}

/* ---- Bad input ---- */

/* The fit fails with this status and these words, and leaves the charge as it was. */
static void expect_refused(const eqml_data *data, double charge, eqml_status status, const char *words)
{
    eqml_surface s;
    eqml_message message = {""};
    cr_assert_eq(eqml_surface_create(h2o->basis, exponentials, &s), EQML_OK);
    cr_expect_eq(eqml_fit_tensor(&s, EQML_DIPOLE, data, charge, NULL, NULL, &message), status, "charge %g",
                 charge);
    cr_expect_not_null(strstr(message.text, words), "\"%s\" does not say \"%s\"", message.text, words);
    cr_expect_eq(s.model.charge, 0);
    eqml_surface_free(&s);
}

Test(dipole_fit, refuses_bad_input)
{
    uint64_t state = 71;
    eqml_data data = point_charge_data(h2o->basis, 1, 1, 100, &state);
    eqml_surface without;
    eqml_message message = {""};
    expect_refused(&data, 0.5, EQML_ERROR_ARGUMENT, "0.5");
    expect_refused(&data, NAN, EQML_ERROR_ARGUMENT, "whole number");
    expect_refused(&data, INFINITY, EQML_ERROR_ARGUMENT, "whole number");
    expect_refused(&data, -1e300, EQML_ERROR_ARGUMENT, "whole number");
    data.tensors[EQML_DIPOLE][3 * 7 + 1] = NAN; /* in a geometry that has a dipole */
    expect_refused(&data, 1, EQML_ERROR_VALUE, "dipole");
    data.natoms = 4;
    expect_refused(&data, 1, EQML_ERROR_MATCH, "4 atoms");
    data.natoms = 3;
    memset(data.has, EQML_HAS_ENERGY, data.n);
    expect_refused(&data, 1, EQML_ERROR_EMPTY, "no geometry with a dipole");
    cr_assert_eq(eqml_surface_create(&h2o_d8_basis, exponentials, &without), EQML_OK);
    cr_expect_eq(eqml_fit_tensor(&without, EQML_DIPOLE, &data, 1, NULL, NULL, &message), EQML_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(message.text, "--dipole"));
    eqml_surface_free(&without);
    eqml_data_free(&data);
}

/* ---- The report of the fit program ---- */

/* Writes water with point charges, in orientations of the dipoles as they are or at random. */
static void write_frames(const char *path, int reoriented)
{
    uint64_t state = 81;
    FILE *file = fopen(path, "w");
    eqml_data data = point_charge_data(h2o->basis, 0, 1, 200, &state);
    cr_assert_not_null(file);
    for (size_t g = 0; g < data.n; g++) {
        const double *d = data.tensors[EQML_DIPOLE] + 3 * g, unit = 1 / EQML_ANGSTROM;
        double r[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, turned[3];
        if (reoriented)
            random_rotation(&state, 0, r);
        rotate(1, r, d, turned);
        fprintf(file, "3\nProperties=species:S:1:pos:R:3 energy=0");
        if (data.has[g] & EQML_HAS_DIPOLE)
            fprintf(file, " dipole=\"%.15g %.15g %.15g\"", turned[0] * unit, turned[1] * unit,
                    turned[2] * unit);
        for (int i = 0; i < 3; i++) {
            const double *x = data.xyz + 9 * g + (size_t)(3 * i);
            fprintf(file, "\n%s %.15g %.15g %.15g", i < 2 ? "H" : "O", x[0] * unit, x[1] * unit, x[2] * unit);
        }
        fputc('\n', file);
    }
    cr_assert_eq(fclose(file), 0);
    eqml_data_free(&data);
}

/* Runs the fit program on frames.xyz; its exit status, and what it printed. */
static int run_fit(const char *directory, const char *options, char *output, size_t size)
{
    char command[2048];
    snprintf(command, sizeof command,
             "build/tests/fit-h2o --directory %s --name h2o --runtime eqml.h --basis-header "
             "build/tests/h2o_dipole.h %s %s/frames.xyz 2>&1",
             directory, options, directory);
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    output[fread(output, 1, size - 1, pipe)] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

static int exists(const char *directory, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, R_OK) == 0;
}

Test(dipole_report, tells_when_dipoles_are_in_another_frame)
{
    static const char *const files[] = {"frames.xyz", "h2o.pes", "h2o_pes.h", "report.json"};
    char directory[512], path[600], output[8192];
    make_folder(directory);
    snprintf(path, sizeof path, "%s/frames.xyz", directory);

    write_frames(path, 0);
    cr_expect_neq(run_fit(directory, "--charge 0.5", output, sizeof output), 0);
    cr_expect_not_null(strstr(output, "whole number"), "%s", output);
    cr_expect_not(exists(directory, "h2o.pes"));
    cr_expect_eq(run_fit(directory, "--train-every 2", output, sizeof output), 0, "%s", output);
    cr_expect_not_null(strstr(output, "dipole: 56 terms, rank 56"), "%s", output);
    cr_expect_not_null(strstr(output, "80 geometries"), "%s", output);
    cr_expect_null(strstr(output, "another orientation"), "%s", output);
    cr_expect(exists(directory, "h2o_pes.h"));

    write_frames(path, 1);
    cr_expect_eq(run_fit(directory, "--train-every 2", output, sizeof output), 0, "%s", output);
    cr_expect_not_null(strstr(output, "another orientation"), "%s", output);

    for (size_t k = 0; k < COUNT(files); k++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[k]);
        remove(path);
    }
    cr_expect_eq(rmdir(directory), 0, "the fit has left other files");
}
