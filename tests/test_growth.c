/* Pruning, growing and differences to a reference: synthetic surfaces whose terms are known, and properties.
 */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "nh3_d5.h"
#include "ch4_d4.h"
#include "eqml.h"
#include "temporary.h"

static const eqml_variable morse[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_MORSE, 1.5, 0, 0}};

/* ---- synthetic data ----------------------------------------------------------------------------------- */

/* Uniform in [-1, 1). */
static double uniform(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) / 4503599627370496.0 - 1.0;
}

/* Random places in a box, no two atoms closer than 1.2 bohr. */
static void place_atoms(int natoms, uint64_t *state, double *xyz)
{
    for (int i = 0; i < natoms; i++) {
        double closest;
        do {
            closest = 9;
            for (int k = 0; k < 3; k++)
                xyz[3 * i + k] = 2.2 * uniform(state);
            for (int j = 0; j < i; j++)
                closest = fmin(closest, hypot(hypot(xyz[3 * i] - xyz[3 * j], xyz[3 * i + 1] - xyz[3 * j + 1]),
                                              xyz[3 * i + 2] - xyz[3 * j + 2]));
        } while (closest < 1.2);
    }
}

/* n geometries with energies and gradients, all zero. */
static eqml_data make_data(int natoms, size_t n, uint64_t seed)
{
    eqml_data d = {.natoms = natoms, .n = n};
    const size_t size = 3 * (size_t)natoms;
    uint64_t state = 88172645463325252u + seed;
    d.symbols = calloc((size_t)natoms, sizeof *d.symbols);
    d.xyz = calloc(n * size + 1, sizeof(double));
    d.energy = calloc(n + 1, sizeof(double));
    d.gradient = calloc(n * size + 1, sizeof(double));
    d.has = malloc(n + 1);
    cr_assert(d.symbols && d.xyz && d.energy && d.gradient && d.has);
    memset(d.has, EQML_HAS_ENERGY | EQML_HAS_GRADIENT, n + 1);
    for (size_t g = 0; g < n; g++)
        place_atoms(natoms, &state, d.xyz + g * size);
    return d;
}

static double evaluate(const eqml_model *m, const double *xyz, double *gradient)
{
    double *work = malloc((size_t)EQML_WORK_ONE(m->basis->nslots, m->basis->npairs) * sizeof *work + 64);
    cr_assert_not_null(work);
    double energy = eqml_energy_gradient(m, xyz, gradient, work);
    free(work);
    return energy;
}

/* Adds a surface to the data. */
static void add_surface(eqml_data *d, const eqml_model *m)
{
    const size_t size = 3 * (size_t)d->natoms;
    double gradient[32];
    for (size_t g = 0; g < d->n; g++) {
        d->energy[g] += evaluate(m, d->xyz + g * size, gradient);
        for (size_t k = 0; k < size; k++)
            d->gradient[g * size + k] += gradient[k];
    }
}

static eqml_surface zero_surface(const eqml_basis *basis)
{
    eqml_surface s;
    cr_assert_eq(eqml_surface_create(basis, morse, &s), EQML_OK);
    return s;
}

static const int sparse_terms[] = {0, 3, 7, 20, 41};
static const double sparse_values[] = {-56.5, 0.8, -1.1, 0.6, 2.5};
enum { SPARSE = 5 };

/* The surface of some terms, on the offsets that a fit to the data chooses; it is added to the data. */
static eqml_surface sparse_surface(const eqml_basis *basis, int count, const int *terms, eqml_data *d)
{
    eqml_surface s = zero_surface(basis);
    double *x = calloc((size_t)basis->nterms, sizeof *x);
    cr_assert_not_null(x);
    cr_assert_eq(eqml_fit(&s, d, NULL, NULL, NULL), EQML_OK); /* the offsets */
    for (int k = 0; k < count; k++)
        x[terms[k]] = sparse_values[k];
    eqml_surface_set(&s, x);
    free(x);
    add_surface(d, &s.model);
    return s;
}

/* Random coefficients: nothing is sparse. */
static eqml_surface dense_surface(const eqml_basis *basis, uint64_t seed)
{
    eqml_surface s = zero_surface(basis);
    double *x = calloc((size_t)basis->nterms, sizeof *x);
    uint64_t state = 362436069u + seed;
    cr_assert_not_null(x);
    for (int k = 0; k < basis->nterms; k++)
        x[k] = uniform(&state);
    eqml_surface_set(&s, x);
    free(x);
    return s;
}

static eqml_problem *make_problem(eqml_surface *s, const eqml_data *d, const eqml_fit_options *o)
{
    eqml_problem *p;
    eqml_message message = {""};
    cr_assert_eq(eqml_problem_create(&p, s, d, o, NULL, &message), EQML_OK, "%s", message.text);
    return p;
}

static int contains(const int *list, int count, int wanted)
{
    for (int k = 0; k < count; k++)
        if (list[k] == wanted)
            return 1;
    return 0;
}

/* ---- choosing ----------------------------------------------------------------------------------------- */

/* Exact at any number of terms: dropping a term that is needed costs something, dropping others nothing. */
Test(growth, pruning_finds_the_terms_of_a_sparse_polynomial)
{
    const eqml_basis *const bases[] = {&nh3_d5_basis, &ch4_d4_basis};
    for (int b = 0; b < 2; b++) {
        eqml_data d = make_data(bases[b]->natoms, 120, 1), fresh = make_data(bases[b]->natoms, 20, 77);
        eqml_surface truth = sparse_surface(bases[b], SPARSE, sparse_terms, &d),
                     fitted = zero_surface(bases[b]);
        eqml_problem *p = make_problem(&fitted, &d, NULL);
        eqml_ranking pruned;
        eqml_subset small;
        eqml_errors errors;
        cr_assert_eq(eqml_prune(p, &pruned, NULL), EQML_OK);
        cr_expect_eq(pruned.terms, bases[b]->nterms);
        for (int k = 0; k < SPARSE; k++)
            cr_expect(contains(pruned.term, SPARSE, sparse_terms[k]), "basis %d: term %d", b,
                      sparse_terms[k]);
        cr_expect_lt(pruned.error[SPARSE - 1], 1e-9);
        cr_expect_gt(pruned.error[SPARSE - 2], 1e-5);

        cr_assert_eq(eqml_keep(p, &pruned, SPARSE, "small", &small, NULL), EQML_OK);
        add_surface(&fresh, &truth.model);
        cr_assert_eq(eqml_surface_errors(&small.surface, &fresh, NULL, &errors), EQML_OK);
        cr_expect_lt(errors.max_energy, 1e-9);
        cr_expect_lt(errors.rmse_gradient, 1e-9);
        cr_expect_lt(small.basis->noperations, bases[b]->noperations);
        cr_expect_lt(small.basis->nslots, bases[b]->nslots);
        eqml_subset_free(&small);
        eqml_ranking_free(&pruned);
        eqml_problem_free(p);
        eqml_surface_free(&fitted);
        eqml_surface_free(&truth);
        eqml_data_free(&d);
        eqml_data_free(&fresh);
    }
}

static void expect_grown(const eqml_basis *basis, int count, const int *terms)
{
    eqml_data d = make_data(basis->natoms, 150, 1);
    eqml_surface truth = sparse_surface(basis, count, terms, &d), fitted = zero_surface(basis);
    eqml_problem *p = make_problem(&fitted, &d, NULL);
    eqml_ranking grown;
    cr_assert_eq(eqml_grow(p, 0, 1e-9, &grown, NULL), EQML_OK);
    cr_expect_eq(grown.terms, count, "%s: %d terms for %d", basis->name, grown.terms, count);
    for (int k = 0; k < count; k++)
        cr_expect(contains(grown.term, count, terms[k]), "%s: term %d", basis->name, terms[k]);
    eqml_ranking_free(&grown);
    eqml_problem_free(p);
    eqml_surface_free(&fitted);
    eqml_surface_free(&truth);
    eqml_data_free(&d);
}

/* Greedy growth must find any one term beside the constant (Cauchy-Schwarz), and several that are nearly
 * orthogonal: the sums over the classes of pairs, and of the squares of one class. */
Test(growth, growing_finds_the_terms_of_a_sparse_polynomial)
{
    const int several[] = {0, 1, 2}, more[] = {0, 1, 2, 6};
    for (int k = 1; k < nh3_d5_basis.nterms; k += 3)
        expect_grown(&nh3_d5_basis, 2, (const int[]){0, k});
    for (int k = 1; k < ch4_d4_basis.nterms; k += 7)
        expect_grown(&ch4_d4_basis, 2, (const int[]){0, k});
    expect_grown(&nh3_d5_basis, 3, several);
    expect_grown(&ch4_d4_basis, 4, more);
}

/* What eqml-gen makes of the tables costs what the header of the whole basis says. */
static void expect_same_cost(const eqml_basis *basis, const char *whole)
{
    char path[TEMPORARY_PATH], command[1000];
    eqml_message message = {""};
    make_file(path);
    cr_assert_eq(eqml_basis_write(basis, NULL, path, &message), EQML_OK, "%s", message.text);
    snprintf(command, sizeof command,
             "test \"$(build/eqml-gen --from %s | grep '^ \\* From pair variables')\" = "
             "\"$(grep '^ \\* From pair variables' build/tests/%s.h)\"",
             path, whole);
    cr_expect_eq(system(command), 0, "%s", command);
    remove(path);
}

Test(growth, nothing_pruned_is_the_original)
{
    eqml_data d = make_data(5, 100, 2);
    eqml_surface truth = dense_surface(&ch4_d4_basis, 3), fitted = zero_surface(&ch4_d4_basis);
    add_surface(&d, &truth.model);
    eqml_problem *p = make_problem(&fitted, &d, NULL);
    eqml_ranking ranking;
    eqml_subset all;
    cr_assert_eq(eqml_prune(p, &ranking, NULL), EQML_OK);
    cr_assert_eq(eqml_keep(p, &ranking, ch4_d4_basis.nterms, "everything", &all, NULL), EQML_OK);
    cr_expect_eq(all.basis->nterms, ch4_d4_basis.nterms);
    cr_expect_eq(all.basis->nfactors, ch4_d4_basis.nfactors);
    cr_expect_eq(all.basis->noperations, ch4_d4_basis.noperations);
    cr_expect_eq(all.basis->npairs, ch4_d4_basis.npairs);
    cr_expect_str_eq(all.basis->name, "everything");
    expect_same_cost(all.basis, "ch4_d4");
    for (size_t g = 0; g < d.n; g++) {
        double a[15], b[15], v = evaluate(&fitted.model, d.xyz + 15 * g, a);
        cr_expect_float_eq(evaluate(&all.surface.model, d.xyz + 15 * g, b), v, 1e-10 * (1 + fabs(v)));
        for (int k = 0; k < 15; k++)
            cr_expect_float_eq(a[k], b[k], 1e-9);
    }
    eqml_subset_free(&all);
    eqml_ranking_free(&ranking);
    eqml_problem_free(p);
    eqml_surface_free(&truth);
    eqml_surface_free(&fitted);
    eqml_data_free(&d);
}

/* The error of the fit to some of the terms, which eqml_keep finds by solving anew. */
static double error_of(const eqml_problem *p, int *terms, int count)
{
    double *unused = calloc((size_t)count, sizeof *unused);
    const eqml_ranking ranking = {count, terms, unused};
    eqml_subset subset;
    cr_assert_eq(eqml_keep(p, &ranking, count, "some", &subset, NULL), EQML_OK);
    const double error = subset.error;
    eqml_subset_free(&subset);
    free(unused);
    return error;
}

/* Each step is the best there is, found by trying all; and the errors of rankings are those of refits. */
Test(growth, every_step_is_the_best)
{
    eqml_data d = make_data(4, 60, 4);
    eqml_surface truth = dense_surface(&nh3_d5_basis, 5), fitted = zero_surface(&nh3_d5_basis);
    uint64_t state = 12345;
    const int n = nh3_d5_basis.nterms;
    int *terms = calloc((size_t)n, sizeof *terms);
    add_surface(&d, &truth.model);
    for (size_t g = 0; g < d.n; g++)
        d.energy[g] += 0.1 * uniform(&state); /* noise: the full fit is not exact */
    eqml_problem *p = make_problem(&fitted, &d, NULL);
    eqml_ranking grown, pruned;
    cr_assert_eq(eqml_grow(p, 4, 0, &grown, NULL), EQML_OK);
    cr_assert_eq(eqml_prune(p, &pruned, NULL), EQML_OK);
    cr_assert_eq(grown.terms, 4);
    cr_assert_eq(pruned.terms, n);
    cr_expect_eq(grown.term[0], 0);
    cr_expect_eq(pruned.term[0], 0);
    for (int size = 1; size < 4; size++) {
        memcpy(terms, grown.term, (size_t)size * sizeof *terms);
        for (int k = 1; k < n; k++)
            if (!contains(terms, size, k)) {
                terms[size] = k;
                cr_expect_geq(error_of(p, terms, size + 1), grown.error[size] * (1 - 1e-9));
            }
        cr_expect_float_eq(error_of(p, grown.term, size + 1), grown.error[size], 1e-9 * grown.error[size]);
    }
    for (int size = n - 1; size > n - 4; size--) {
        for (int left_out = 1; left_out <= size; left_out++) {
            memcpy(terms, pruned.term, (size_t)(size + 1) * sizeof *terms);
            terms[left_out] = terms[size];
            cr_expect_geq(error_of(p, terms, size), pruned.error[size - 1] * (1 - 1e-9));
        }
    }
    for (int k = 0; k < n; k += 7)
        cr_expect_float_eq(error_of(p, pruned.term, k + 1), pruned.error[k], 1e-7 * pruned.error[k]);
    for (int k = 1; k < n; k++)
        cr_expect_leq(pruned.error[k], pruned.error[k - 1]);
    eqml_ranking_free(&grown);
    eqml_ranking_free(&pruned);
    eqml_problem_free(p);
    eqml_surface_free(&truth);
    eqml_surface_free(&fitted);
    eqml_data_free(&d);
    free(terms);
}

/* Fewer rows than terms: as many are ranked as the rank, and they reproduce the data. */
Test(growth, dependent_terms_are_not_ranked)
{
    const eqml_fit_options energies = {.energies_only = 1};
    eqml_data d = make_data(5, 30, 6);
    eqml_surface truth = dense_surface(&ch4_d4_basis, 7), fitted = zero_surface(&ch4_d4_basis);
    eqml_ranking ranking;
    add_surface(&d, &truth.model);
    eqml_problem *p = make_problem(&fitted, &d, &energies);
    cr_assert_eq(eqml_prune(p, &ranking, NULL), EQML_OK);
    cr_expect_eq(ranking.terms, 30);
    cr_expect_lt(ranking.error[ranking.terms - 1], 1e-8);
    eqml_ranking_free(&ranking);
    cr_assert_eq(eqml_grow(p, 0, 0, &ranking, NULL), EQML_OK);
    cr_expect_leq(ranking.terms, 30);
    cr_expect_lt(ranking.error[ranking.terms - 1], 1e-8);
    eqml_ranking_free(&ranking);
    eqml_problem_free(p);
    eqml_surface_free(&truth);
    eqml_surface_free(&fitted);
    eqml_data_free(&d);
}

/* With a ridge, the penalised sum is what the ranking reports; it grows with the ridge. */
Test(growth, ridge)
{
    eqml_data d = make_data(4, 60, 16);
    eqml_surface truth = dense_surface(&nh3_d5_basis, 17), fitted = zero_surface(&nh3_d5_basis);
    double previous = -1;
    add_surface(&d, &truth.model);
    for (double ridge = 0; ridge<1; ridge = ridge> 0 ? 100 * ridge : 1e-6) {
        const eqml_fit_options o = {.ridge = ridge};
        eqml_problem *p = make_problem(&fitted, &d, &o);
        eqml_ranking pruned, grown;
        cr_assert_eq(eqml_prune(p, &pruned, NULL), EQML_OK);
        cr_assert_eq(eqml_grow(p, 0, 0, &grown, NULL), EQML_OK);
        cr_expect_gt(pruned.error[pruned.terms - 1], previous);
        if (ridge > 0)
            cr_expect_float_eq(pruned.error[pruned.terms - 1], grown.error[grown.terms - 1],
                               1e-6 * grown.error[grown.terms - 1]);
        previous = pruned.error[pruned.terms - 1];
        eqml_ranking_free(&pruned);
        eqml_ranking_free(&grown);
        eqml_problem_free(p);
    }
    eqml_surface_free(&truth);
    eqml_surface_free(&fitted);
    eqml_data_free(&d);
}

/* ---- the small surface -------------------------------------------------------------------------------- */

static eqml_subset some_subset(int terms, eqml_data *d)
{
    eqml_surface truth = dense_surface(&ch4_d4_basis, 9), fitted = zero_surface(&ch4_d4_basis);
    eqml_ranking ranking;
    eqml_subset subset;
    *d = make_data(5, 60, 8);
    add_surface(d, &truth.model);
    eqml_problem *p = make_problem(&fitted, d, NULL);
    cr_assert_eq(eqml_prune(p, &ranking, NULL), EQML_OK);
    cr_assert_eq(eqml_keep(p, &ranking, terms, "some", &subset, NULL), EQML_OK);
    eqml_ranking_free(&ranking);
    eqml_problem_free(p);
    eqml_surface_free(&truth);
    eqml_surface_free(&fitted);
    return subset;
}

/* dV/dx_k by differences of sixth order. */
static double difference(const eqml_model *m, double *xyz, int k, double step)
{
    static const double weight[] = {0, 3.0 / 4, -3.0 / 20, 1.0 / 60};
    const double x = xyz[k];
    double sum = 0;
    for (int i = -3; i <= 3; i++) {
        xyz[k] = x + i * step;
        sum += i ? (i > 0 ? 1 : -1) * weight[abs(i)] * evaluate(m, xyz, NULL) : 0;
    }
    xyz[k] = x;
    return sum / step;
}

Test(growth, small_surfaces_are_invariant_and_differentiable)
{
    const int sizes[] = {1, 2, 5, 12, 30, 60};
    for (int k = 0; k < 6; k++) {
        eqml_data d;
        eqml_subset s = some_subset(sizes[k], &d);
        const eqml_basis *b = s.basis;
        const size_t lanes = (size_t)EQML_WORK_BATCH(b->nslots, b->npairs, b->natoms);
        eqml_lanes *work = aligned_alloc(64, (lanes * sizeof *work + 63) / 64 * 64);
        double energy[9], gradients[9 * 15];
        cr_expect_eq(s.terms, sizes[k]);
        cr_expect_eq(b->nterms, sizes[k]);
        cr_assert_not_null(work);
        eqml_energy_gradient_batch(&s.surface.model, 9, d.xyz, energy, gradients, work);
        free(work);
        for (int g = 0; g < 9; g++) {
            double *x = d.xyz + 15 * g, gradient[15], v = evaluate(&s.surface.model, x, gradient);
            cr_expect_float_eq(energy[g], v, 1e-11 * (1 + fabs(v)));
            for (int i = 0; i < 15; i++) {
                cr_expect_float_eq(gradients[15 * g + i], gradient[i], 1e-11);
                cr_expect_float_eq(difference(&s.surface.model, x, i, 1e-2), gradient[i], 1e-7);
            }
            for (int i = 0; i < 3; i++) { /* a cycle of three hydrogens */
                const double t = x[i];
                x[i] = x[3 + i], x[3 + i] = x[9 + i], x[9 + i] = t;
            }
            cr_expect_float_eq(evaluate(&s.surface.model, x, NULL), v, 1e-12 * (1 + fabs(v)));
        }
        eqml_subset_free(&s);
        eqml_data_free(&d);
    }
}

/* From the tables to a header and a surface with a wall, as `make prune` does it; the header alone, compiled: straight-line
 * code against the table, at a geometry beyond the wall. */
Test(growth, files)
{
    eqml_data d;
    eqml_subset s = some_subset(12, &d);
    eqml_surface all, back;
    const eqml_wall_options wall = {.width = 0.02, .outside = 4};
    eqml_message message = {""};
    const double inside = evaluate(&s.surface.model, d.xyz, NULL);
    char directory[TEMPORARY_PATH], pes[300], tables[300], source[300], command[1200];
    make_folder(directory);
    snprintf(pes, sizeof pes, "%s/small_all.pes", directory);
    snprintf(tables, sizeof tables, "%s/small.basis", directory);
    snprintf(source, sizeof source, "%s/try.c", directory);
    cr_assert_eq(eqml_surface_set_wall(&s.surface, &d, NULL, &wall, &message), EQML_OK, "%s", message.text);
    cr_assert_neq(evaluate(&s.surface.model, d.xyz, NULL), inside);
    cr_assert_eq(eqml_surface_rebase(&s.surface, &ch4_d4_basis, &all, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_surface_write(&all, pes, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_basis_write(s.basis, NULL, tables, &message), EQML_OK, "%s", message.text);
    snprintf(
        command, sizeof command,
        "sh examples/common/few.sh %s small build/tests/ch4_d4.h ch4_d4 cc -std=c11 -Wall -Wextra -Wpedantic "
        "-Werror",
        directory);
    cr_assert_eq(system(command), 0);

    FILE *out = fopen(source, "w");
    cr_assert_not_null(out);
    fprintf(out, "#include \"small_pes.h\"\n#include <math.h>\nint main(void)\n{\n    const double x[] = {");
    for (int k = 0; k < 15; k++)
        fprintf(out, "%a, ", d.xyz[k]);
    double gradient[15], v = evaluate(&s.surface.model, d.xyz, gradient);
    fprintf(out, "};\n    double e, g[15], b[15];\n    e = small_energy_gradient(x, g);\n");
    fprintf(out, "    int bad = fabs(e - %a) > 1e-10 || fabs(small_energy(x) - e) > 1e-12;\n", v);
    fprintf(out, "    small_energy_gradient_batch(1, x, &e, b);\n");
    for (int k = 0; k < 15; k++)
        fprintf(out, "    bad |= fabs(g[%d] - %a) > 1e-10 || fabs(b[%d] - g[%d]) > 1e-10;\n", k, gradient[k],
                k, k);
    fprintf(out, "    return bad;\n}\n");
    fclose(out);
    snprintf(command, sizeof command,
             "cc -std=c11 -Wall -Wextra -Wpedantic -Werror -O1 %s -o %s/try -lm && %s/try", source, directory,
             directory);
    cr_expect_eq(system(command), 0);
    snprintf(command, sizeof command, "rm -r '%s'", directory);
    cr_expect_eq(system(command), 0);
    /* A wall of the whole basis has features that the subset lacks. */
    cr_assert_eq(eqml_surface_set_wall(&all, &d, NULL, NULL, &message), EQML_OK, "%s", message.text);
    cr_expect_eq(eqml_surface_rebase(&all, s.basis, &back, &message), EQML_ERROR_MATCH);
    cr_expect_not_null(strstr(message.text, "the wall of a surface over"), "%s", message.text);
    eqml_surface_free(&all);
    eqml_subset_free(&s);
    eqml_data_free(&d);
}

/* ---- bad inputs --------------------------------------------------------------------------------------- */

Test(growth, bad_inputs_are_refused)
{
    eqml_data d = make_data(4, 40, 10), empty = make_data(4, 0, 10), wrong = make_data(5, 10, 10);
    eqml_surface s = zero_surface(&nh3_d5_basis);
    eqml_problem *p = (eqml_problem *)&d;
    eqml_message message = {""};
    eqml_ranking r;
    eqml_subset subset;
    cr_expect_eq(eqml_problem_create(&p, &s, &empty, NULL, NULL, &message), EQML_ERROR_EMPTY);
    cr_expect_null(p);
    cr_expect_neq(message.text[0], 0);
    cr_expect_eq(eqml_problem_create(&p, &s, &wrong, NULL, NULL, &message), EQML_ERROR_MATCH);
    p = make_problem(&s, &d, NULL);
    cr_expect_eq(eqml_grow(p, nh3_d5_basis.nterms + 1, 0, &r, &message), EQML_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(message.text, "expected 0 to"));
    cr_expect_eq(eqml_grow(p, -1, 0, &r, &message), EQML_ERROR_ARGUMENT);
    cr_expect_eq(eqml_grow(p, 2, -1.0, &r, &message), EQML_ERROR_ARGUMENT);
    cr_expect_eq(eqml_grow(p, 2, nan(""), &r, NULL), EQML_ERROR_ARGUMENT);
    cr_expect_eq(r.terms, 0);
    eqml_ranking_free(&r);
    cr_assert_eq(eqml_grow(p, 2, 0, &r, &message), EQML_OK);
    cr_expect_eq(eqml_keep(p, &r, r.terms + 1, "x", &subset, &message), EQML_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(message.text, "expected"));
    cr_expect_eq(eqml_keep(p, &r, 0, "x", &subset, &message), EQML_ERROR_ARGUMENT);
    cr_expect_eq(eqml_keep(p, &r, 1, "", &subset, NULL), EQML_ERROR_ARGUMENT);
    cr_expect_null(subset.basis);
    eqml_subset_free(&subset);
    eqml_ranking_free(&r);
    eqml_problem_free(p);
    eqml_problem_free(NULL);
    eqml_surface_free(&s);
    eqml_data_free(&d);
    eqml_data_free(&empty);
    eqml_data_free(&wrong);
}

/* ---- differences to a reference ----------------------------------------------------------------------- */

static double model_potential(void *context, const double *xyz, double *gradient)
{
    return evaluate((const eqml_model *)context, xyz, gradient);
}

typedef struct sum {
    const eqml_model *first, *second;
} sum;

static double sum_potential(void *context, const double *xyz, double *gradient)
{
    const sum *s = context;
    double part[15], v = evaluate(s->first, xyz, gradient) + evaluate(s->second, xyz, part);
    for (int k = 0; k < 3 * s->first->basis->natoms; k++)
        gradient[k] += part[k];
    return v;
}

Test(delta, recovers_the_difference)
{
    eqml_data d = make_data(4, 80, 20), fresh = make_data(4, 20, 21);
    const int terms[] = {0, 1, 2};
    eqml_surface difference = sparse_surface(&nh3_d5_basis, 3, terms, &d),
                 fitted = zero_surface(&nh3_d5_basis);
    eqml_surface reference = dense_surface(&nh3_d5_basis, 22);
    eqml_variable other[2] = {{EQML_INVERSE, 0, 0, 0}, {EQML_EXP_OVER_R, 1.0, 0, 0}};
    const eqml_fit_options o = {.reference = model_potential, .reference_context = &reference.model};
    eqml_errors errors;
    memcpy(reference.variables, other, sizeof other); /* not in the span of the fitted basis */
    for (int k = 0; k < 6; k++)
        reference.rates[k] = other[nh3_d5_basis.pair_classes[k]].kind == EQML_INVERSE ? 0 : -1;
    add_surface(&d, &reference.model);
    cr_assert_eq(eqml_fit(&fitted, &d, &o, NULL, NULL), EQML_OK);

    add_surface(&fresh, &difference.model);
    cr_assert_eq(eqml_surface_errors(&fitted, &fresh, NULL, &errors), EQML_OK);
    cr_expect_lt(errors.max_energy, 1e-9);
    cr_expect_lt(errors.rmse_gradient, 1e-9);

    sum both = {&reference.model, &fitted.model}; /* and the sum is the data */
    cr_assert_eq(eqml_potential_errors(sum_potential, &both, &d, NULL, &errors), EQML_OK);
    cr_expect_eq(errors.energies, 80);
    cr_expect_lt(errors.max_energy, 1e-9);
    cr_expect_lt(errors.rmse_gradient, 1e-9);

    eqml_problem *p = make_problem(&fitted, &d, &o); /* the difference is sparse, the data are not */
    eqml_ranking r;
    cr_assert_eq(eqml_grow(p, 0, 1e-9, &r, NULL), EQML_OK);
    cr_expect_eq(r.terms, 3);
    eqml_ranking_free(&r);
    eqml_problem_free(p);
    eqml_surface_free(&difference);
    eqml_surface_free(&fitted);
    eqml_surface_free(&reference);
    eqml_data_free(&d);
    eqml_data_free(&fresh);
}

/* Weights of geometries come from the whole energy; without gradients in the data they are not missed. */
Test(delta, of_the_data_themselves_is_zero)
{
    eqml_data d = make_data(4, 80, 30);
    eqml_surface truth = dense_surface(&nh3_d5_basis, 31), fitted = zero_surface(&nh3_d5_basis);
    const eqml_fit_options o = {
        .energy_weight = 0.05, .reference = model_potential, .reference_context = &truth.model};
    add_surface(&d, &truth.model);
    free(d.gradient);
    d.gradient = NULL;
    memset(d.has, EQML_HAS_ENERGY, d.n);
    cr_assert_eq(eqml_fit(&fitted, &d, &o, NULL, NULL), EQML_OK);
    for (size_t g = 0; g < d.n; g++)
        cr_expect_float_eq(evaluate(&fitted.model, d.xyz + 12 * g, NULL), 0, 1e-11);
    eqml_surface_free(&truth);
    eqml_surface_free(&fitted);
    eqml_data_free(&d);
}
