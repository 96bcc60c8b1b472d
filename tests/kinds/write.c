/* Writes NAME_pes.h of a made-up surface of one basis: write EQML.H BASIS.H FOLDER NAME WHAT TERMS VARIABLES
 * WHAT: whole; walled: with a wall that part of the geometries of driver.c is beyond; prune or grow; of the last two
 * NAME.basis and NAME_all.pes, as examples/prune.c does. VARIABLES: morse, growing, or mixed. */
#include BASIS_HEADER
#include "geometry.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
enum { NATOMS = JOIN(BASIS, _NATOMS), SIZE = 3 * NATOMS, MOST_CLASSES = 16 };
static const eqml_basis *const basis = &JOIN(BASIS, _basis);

static void fail(const char *what)
{
    fprintf(stderr, "write: %s\n", what);
    exit(1);
}

/* With variables of all kinds where they are mixed; only one where there is one class of pairs. */
static eqml_surface made_up_surface(const char *which)
{
    static const eqml_variable kinds[] = {{EQML_MORSE, 2.0, 0, 0},
                                          {EQML_EXP_OVER_R, 3.0, 0, 0},
                                          {EQML_INVERSE, 0, 0, 0},
                                          {EQML_POWER, -2, 0, 0}};
    eqml_variable variables[MOST_CLASSES];
    eqml_surface s;
    uint64_t state = 362436069u;
    int most = basis->nterms;
    const int mixed = !strcmp(which, "mixed"), growing = !strcmp(which, "growing");
    for (int k = 0; k < MOST_CLASSES; k++)
        variables[k] = kinds[mixed ? k % 4 : 0];
    for (int k = 0; growing && k < MOST_CLASSES; k += 2)
        variables[k].range = -6;
    if (basis->npair_classes > MOST_CLASSES || eqml_surface_create(basis, variables, &s))
        fail("no surface");
    for (int k = 0; k < EQML_TENSORS; k++)
        if (basis->tensors[k] && basis->tensors[k]->nterms > most)
            most = basis->tensors[k]->nterms;
    for (int p = 0; p < basis->npairs; p++)
        s.centres[p] = 0.1 * (1 + basis->pair_classes[p]);
    double *x = malloc((size_t)most * sizeof *x);
    if (!x)
        fail("no memory");
    for (int k = -1; k < EQML_TENSORS; k++) {
        if (k >= 0 && !basis->tensors[k])
            continue;
        for (int i = 0; i < most; i++)
            x[i] = uniform(&state);
        if (k < 0)
            eqml_surface_set(&s, x);
        else
            eqml_surface_set_tensor(&s, (eqml_tensor)k, x);
    }
    free(x);
    return s;
}

/* Geometries with the energies and gradients of the surface. */
static eqml_data made_up_data(const eqml_surface *s, size_t n)
{
    eqml_data d = {.natoms = NATOMS, .n = n};
    uint64_t state = 88172645463325252u;
    d.symbols = calloc(NATOMS, sizeof *d.symbols);
    d.xyz = calloc(n * SIZE, sizeof(double));
    d.energy = calloc(n, sizeof(double));
    d.gradient = calloc(n * SIZE, sizeof(double));
    d.has = malloc(n);
    if (!d.symbols || !d.xyz || !d.energy || !d.gradient || !d.has)
        fail("no memory");
    memset(d.has, EQML_HAS_ENERGY | EQML_HAS_GRADIENT, n);
    for (size_t g = 0; g < n; g++) {
        place_atoms(NATOMS, &state, d.xyz + g * SIZE);
        d.energy[g] = JOIN(BASIS, _model_energy_gradient)(&s->model, d.xyz + g * SIZE, d.gradient + g * SIZE);
    }
    return d;
}

int main(int argc, char **argv)
{
    eqml_message message = {""};
    if (argc != 8)
        fail("write EQML.H BASIS.H FOLDER NAME WHAT TERMS VARIABLES");
    const char *runtime = argv[1], *header = argv[2], *name = argv[4], *what = argv[5];
    const int terms = atoi(argv[6]);
    char path[1000], tables[1000], called[100];
    eqml_surface s = made_up_surface(argv[7]);
    if (!strcmp(what, "walled")) {
        eqml_data d = made_up_data(&s, 300);
        const eqml_wall_options options = {.width = 0.15, .outside = 4};
        if (eqml_surface_set_wall(&s, &d, NULL, &options, &message))
            fail(message.text);
        eqml_data_free(&d);
    }
    if (!strcmp(what, "whole") || !strcmp(what, "walled")) {
        snprintf(path, sizeof path, "%s/%s_pes.h", argv[3], name);
        if (eqml_surface_write_header(&s, name, runtime, header, path, &message))
            fail(message.text);
    } else {
        eqml_data d = made_up_data(&s, 2 * ((size_t)basis->nterms / SIZE + 5));
        eqml_problem *problem;
        eqml_ranking ranking;
        eqml_subset subset;
        eqml_surface all;
        snprintf(path, sizeof path, "%s/%s_all.pes", argv[3], name);
        snprintf(tables, sizeof tables, "%s/%s.basis", argv[3], name);
        snprintf(called, sizeof called, "%s_few", name);
        if (eqml_problem_create(&problem, &s, &d, NULL, NULL, &message) ||
            (strcmp(what, "grow") ? eqml_prune(problem, &ranking, &message)
                                  : eqml_grow(problem, terms, 0, &ranking, &message)) ||
            eqml_keep(problem, &ranking, terms, called, &subset, &message) ||
            eqml_basis_write(subset.basis, "a made-up surface", tables, &message) ||
            eqml_surface_rebase(&subset.surface, basis, &all, &message) ||
            eqml_surface_write(&all, path, &message))
            fail(message.text);
        eqml_surface_free(&all);
        eqml_subset_free(&subset);
        eqml_ranking_free(&ranking);
        eqml_problem_free(problem);
        eqml_data_free(&d);
    }
    eqml_surface_free(&s);
    return 0;
}
