/* Surfaces over cut bases, and over that of a group from a file: separation, permutation, fit and file. */
#define _POSIX_C_SOURCE 200809L
#include "support.h"

#include "ch4_body3_d5.h"
#include "dimer_purified_d3.h"
#include "nh3_rotations_d5.h"
#include "trimer_purified_d3.h"

static uint64_t state = 88172645463325252u;

static eqml_surface random_surface(const eqml_basis *basis)
{
    eqml_surface s;
    eqml_variable morse[64];
    for (int k = 0; k < basis->npair_classes; k++)
        morse[k] = (eqml_variable){EQML_MORSE, 2.0, NULL, NULL};
    cr_assert_eq(eqml_surface_create(basis, morse, &s), EQML_OK);
    double *coefficients = calloc((size_t)basis->nterms, sizeof *coefficients);
    double *again = calloc((size_t)basis->nterms, sizeof *again);
    for (int k = 0; k < basis->nterms; k++)
        coefficients[k] = draw_real(&state);
    eqml_surface_set(&s, coefficients);
    eqml_surface_get(&s, again);
    cr_expect_arr_eq(coefficients, again, (size_t)basis->nterms * sizeof *again);
    free(coefficients);
    free(again);
    return s;
}

static double energy_of(const eqml_surface *s, const double *xyz)
{
    const eqml_basis *b = s->model.basis;
    double *work = calloc((size_t)EQML_WORK_ONE(b->nslots, b->npairs), sizeof *work);
    double energy = eqml_energy_gradient(&s->model, xyz, NULL, work);
    free(work);
    return energy;
}

static void random_geometry(const eqml_basis *b, double *xyz)
{
    for (int k = 0; k < 3 * b->natoms; k++)
        xyz[k] = 2.5 * draw_real(&state);
}

/* V, from a lively surface, is zero with any of the fragments of three atoms far away, and so is the
 * gradient. */
static void expect_separation(const eqml_basis *b)
{
    eqml_surface s = random_surface(b);
    double xyz[36], near[36], gradient[36], *work = calloc((size_t)EQML_WORK_ONE(b->nslots, b->npairs), 8);
    random_geometry(b, near);
    cr_expect(fabs(energy_of(&s, near)) > 1e-6);
    for (int fragment = 0; fragment < b->natoms / 3; fragment++) {
        memcpy(xyz, near, sizeof xyz);
        for (int k = 0; k < 9; k++)
            xyz[9 * fragment + k] += 200;
        double energy = eqml_energy_gradient(&s.model, xyz, gradient, work);
        cr_expect(fabs(energy) < 1e-15, "%g", energy);
        for (int k = 0; k < 3 * b->natoms; k++)
            cr_expect(fabs(gradient[k]) < 1e-15);
    }
    free(work);
    eqml_surface_free(&s);
}

Test(surface, purified_vanishes_on_separation)
{
    expect_separation(&dimer_purified_d3_basis);
    expect_separation(&trimer_purified_d3_basis);
}

/* Permutes like elements in all ways; V changes exactly where the permutation is outside the group. */
static int invariant_permutations(const eqml_basis *b, int *tried)
{
    eqml_surface s = random_surface(b);
    double xyz[36], moved[36];
    int image[12], count = 0;
    random_geometry(b, xyz);
    double energy = energy_of(&s, xyz);
    *tried = 0;
    for (int i = 0; i < b->natoms; i++)
        image[i] = -1;
    for (int atom = 0; atom >= 0;) { /* depth first over the images of atoms 0, 1, ... */
        int next = image[atom] + 1, taken = 1;
        for (; next < b->natoms && taken; next += taken) {
            taken = b->symbols[2 * next] != b->symbols[2 * atom];
            for (int i = 0; i < atom; i++)
                taken |= image[i] == next;
        }
        if (taken) {
            image[atom--] = -1;
            continue;
        }
        image[atom] = next;
        if (++atom < b->natoms)
            continue;
        for (int i = 0; i < b->natoms; i++)
            memcpy(moved + 3 * image[i], xyz + 3 * i, 3 * sizeof *xyz);
        count += fabs(energy_of(&s, moved) - energy) < 1e-10 * (1 + fabs(energy));
        ++*tried;
        atom--;
    }
    eqml_surface_free(&s);
    return count;
}

Test(surface, is_invariant_under_exactly_its_group)
{
    int tried;
    cr_expect_eq(invariant_permutations(&dimer_purified_d3_basis, &tried), 8);
    cr_expect_eq(tried, 48);
    cr_expect_eq(invariant_permutations(&trimer_purified_d3_basis, &tried), 48);
    cr_expect_eq(tried, 4320);
    cr_expect_eq(invariant_permutations(&nh3_rotations_d5_basis, &tried), 3);
    cr_expect_eq(tried, 6);
    cr_expect_eq(invariant_permutations(&ch4_body3_d5_basis, &tried), 24);
    cr_expect_eq(tried, 24);
}

/* A fit finds a surface of its own kind again, and keeps it zero on separation; so does its file. */
Test(surface, purified_fit)
{
    enum { N = 400 };
    const eqml_basis *b = &dimer_purified_d3_basis;
    const size_t n = 3 * (size_t)b->natoms;
    eqml_surface truth = random_surface(b), fitted = random_surface(b), read;
    eqml_data data;
    eqml_fit_result result;
    char path[TEMPORARY_PATH];
    memset(&data, 0, sizeof data);
    data.n = N;
    data.natoms = b->natoms;
    data.xyz = calloc(N * n, sizeof *data.xyz);
    data.energy = calloc(N, sizeof *data.energy);
    data.has = calloc(N, sizeof *data.has);
    for (size_t g = 0; g < N; g++) {
        random_geometry(b, data.xyz + g * n);
        data.energy[g] = energy_of(&truth, data.xyz + g * n);
        data.has[g] = EQML_HAS_ENERGY;
    }
    cr_assert_eq(eqml_fit(&fitted, &data, NULL, &result, NULL), EQML_OK);
    cr_expect_eq(result.terms, b->nterms);
    make_file(path);
    cr_assert_eq(eqml_surface_write(&fitted, path, NULL), EQML_OK);
    cr_assert_eq(eqml_surface_read(&read, b, path, NULL), EQML_OK);
    double xyz[18];
    for (int k = 0; k < 20; k++) {
        random_geometry(b, xyz);
        cr_expect(fabs(energy_of(&fitted, xyz) - energy_of(&truth, xyz)) < 1e-7);
        cr_expect_eq(energy_of(&fitted, xyz), energy_of(&read, xyz));
        for (int i = 9; i < 18; i++)
            xyz[i] -= 200;
        cr_expect(fabs(energy_of(&fitted, xyz)) < 1e-15);
    }
    remove(path);
    eqml_surface_free(&truth);
    eqml_surface_free(&fitted);
    eqml_surface_free(&read);
    free(data.xyz);
    free(data.energy);
    free(data.has);
}
