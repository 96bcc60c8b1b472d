/* Radial functions of each kind, through the doors that a user takes: fits, choices, files, headers. */
#define _POSIX_C_SOURCE 200809L
#include "cloud_water.h"
#include "support.h"

enum { TERMS = 64, ATOMS = 6, FRAMES = 24 };

/* A user's own radial functions, r^2 exp(-n r / length). */
static void humps(const void *context, int nmax, double r, double *value, double *slope)
{
    const double length = *(const double *)context;
    for (int n = 1; n <= nmax; n++) {
        const double e = exp(-n * r / length);
        value[n - 1] = r * r * e;
        slope[n - 1] = (2 * r - n * r * r / length) * e;
    }
}

static const double length = 3, other_length = 3.1;

static const eqml_radial radials[] = {{.cutoff = 7, .range = 3.5},
                                      {.cutoff = 7, .kind = EQML_RADIAL_BESSEL},
                                      {7, 0, EQML_RADIAL_OWN, humps, &length}};

static double coefficients[TERMS];
static const double atoms[2] = {-0.5, -0.25};

static eqml_cloud_model model_of(size_t kind)
{
    uint64_t state = 5;
    cr_assert_leq(cloud_water_basis.nterms, TERMS);
    for (int k = 0; k < cloud_water_basis.nterms; k++)
        coefficients[k] = 0.01 * draw_real(&state);
    return (eqml_cloud_model){&cloud_water_basis, radials[kind], coefficients, atoms, NULL};
}

/* Atoms about the corners of a prism, and what a model says of them. */
static void make_atoms(uint64_t seed, double xyz[ATOMS][3], int species[ATOMS])
{
    for (int i = 0; i < ATOMS; i++) {
        species[i] = i % 2;
        for (int d = 0; d < 3; d++)
            xyz[i][d] = 3 * (i >> d & 1) + 0.8 * draw_real(&seed);
    }
}

typedef struct data {
    size_t first[FRAMES + 1], line[FRAMES];
    double xyz[FRAMES][ATOMS][3], energy[FRAMES], forces[FRAMES][ATOMS][3], virial[FRAMES][6],
        cell[FRAMES][9];
    int species[FRAMES][ATOMS], pbc[FRAMES][3], group[FRAMES];
    unsigned char has[FRAMES];
    eqml_frames frames;
} data;

static data *make_data(const eqml_cloud_model *model)
{
    data *d = room(1, sizeof *d);
    eqml_cloud_workspace w = {0};
    for (size_t k = 0; k < FRAMES; k++) {
        make_atoms(100 + k, d->xyz[k], d->species[k]);
        const eqml_configuration c = {ATOMS, &d->xyz[k][0][0], d->species[k], NULL, NULL};
        const eqml_cloud_result result = {&d->energy[k], &d->forces[k][0][0], d->virial[k], NULL};
        cr_assert_eq(eqml_cloud_evaluate(model, &c, &w, &result, NULL), EQML_OK);
        d->has[k] = EQML_FRAME_ENERGY | EQML_FRAME_FORCES;
        d->first[k + 1] = ATOMS * (k + 1);
        d->group[k] = -1;
    }
    d->frames.n = FRAMES;
    d->frames.natoms = ATOMS * FRAMES;
    d->frames.first = d->first;
    d->frames.line = d->line;
    d->frames.xyz = &d->xyz[0][0][0];
    d->frames.energy = d->energy;
    d->frames.forces = &d->forces[0][0][0];
    d->frames.virial = &d->virial[0][0];
    d->frames.cell = &d->cell[0][0];
    d->frames.species = &d->species[0][0];
    d->frames.pbc = &d->pbc[0][0];
    d->frames.has = d->has;
    d->frames.group = d->group;
    eqml_cloud_workspace_free(&w);
    return d;
}

/* Data of a model are met exactly by a fit with its functions, and not with others; a choice of the kind finds it. */
Test(radial, fits_and_choices_know_the_kind)
{
    for (size_t kind = 0; kind < COUNT(radials); kind++) {
        const eqml_cloud_model truth = model_of(kind);
        data *d = make_data(&truth);
        double found[TERMS], lone[2];
        eqml_message message;
        for (size_t tried = 0; tried < COUNT(radials); tried++) {
            eqml_cloud_errors e;
            const eqml_cloud_model fitted = {&cloud_water_basis, radials[tried], found, lone, NULL};
            cr_assert_eq(eqml_cloud_fit(&cloud_water_basis, &radials[tried], &d->frames, NULL, found, lone,
                                        NULL, NULL, &message),
                         EQML_OK, "%s", message.text);
            cr_assert_eq(eqml_cloud_find_errors(&fitted, &d->frames, NULL, &e, &message), EQML_OK);
            if (tried == kind)
                cr_expect_lt(e.rmse_force, 1e-10, "%g", e.rmse_force);
            else
                cr_expect_gt(e.rmse_force, 1e-6, "%g", e.rmse_force);
        }
        eqml_radial radial = radials[kind];
        eqml_cloud_fit_options fit = {.ridge = 1e-10};
        const eqml_cloud_choice_options options = {.kind = 1, .parts = 3};
        radial.range = 3.5;
        if (radial.kind != EQML_RADIAL_OWN)
            radial.kind = EQML_RADIAL_CHEBYSHEV;
        cr_assert_eq(
            eqml_cloud_choose(&cloud_water_basis, &d->frames, &options, &radial, &fit, NULL, &message),
            EQML_OK, "%s", message.text);
        cr_expect_eq(radial.kind, radials[kind].kind);
        cr_expect_eq(radial.cutoff, radials[kind].cutoff);
        free(d);
    }
}

/* NAME.pot brings back each number; a user's own functions must be given, and be the same. */
Test(radial, files_know_the_kind)
{
    char folder[TEMPORARY_PATH], path[512];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/w.pot", folder);
    for (size_t kind = 0; kind < COUNT(radials); kind++) {
        const eqml_cloud_model model = model_of(kind);
        double again[TERMS], lone[2];
        eqml_pair_reference pairs[3];
        eqml_message message;
        eqml_radial radial = {.function = humps, .context = &length};
        cr_assert_eq(eqml_cloud_write(&model, path, &message), EQML_OK, "%s", message.text);
        cr_assert_eq(eqml_cloud_read(path, &cloud_water_basis, &radial, again, lone, pairs, &message),
                     EQML_OK, "%s", message.text);
        cr_expect(radial.cutoff == radials[kind].cutoff && radial.range == radials[kind].range &&
                  radial.kind == radials[kind].kind && radial.function == radials[kind].function &&
                  radial.context == radials[kind].context);
        cr_expect_eq(memcmp(again, coefficients, (size_t)cloud_water_basis.nterms * sizeof *again), 0);
        if (radial.kind != EQML_RADIAL_OWN)
            continue;
        radial.function = NULL;
        cr_expect_eq(eqml_cloud_read(path, &cloud_water_basis, &radial, again, lone, pairs, &message),
                     EQML_ERROR_MATCH);
        cr_expect_not_null(strstr(message.text, "w.pot:5: the radial functions are a user's own"), "%s",
                           message.text);
        radial.function = humps;
        radial.context = &other_length;
        cr_expect_eq(eqml_cloud_read(path, &cloud_water_basis, &radial, again, lone, pairs, &message),
                     EQML_ERROR_MATCH);
        cr_expect_not_null(strstr(message.text, "are not those of this potential: number 1"), "%s",
                           message.text);
        eqml_cloud_model bad = model;
        bad.radial.function = NULL;
        cr_expect_eq(eqml_cloud_write(&bad, path, &message), EQML_ERROR_ARGUMENT);
        cr_expect_not_null(strstr(message.text, "not given"), "%s", message.text);
    }
    /* as files were when there was but one kind */
    const eqml_cloud_model model = model_of(0);
    double again[TERMS], lone[2];
    eqml_radial radial = {.function = NULL};
    cr_assert_eq(eqml_cloud_write(&model, path, NULL), EQML_OK);
    cr_assert_eq(run("sed -i 's/^eqml-pot 3$/eqml-pot 2/; s/^chebyshev 2$/radial 2/' '%s'", path).status, 0);
    cr_expect_eq(eqml_cloud_read(path, &cloud_water_basis, &radial, again, lone, NULL, NULL), EQML_OK);
    cr_expect(radial.cutoff == 7 && radial.range == 3.5 && radial.kind == EQML_RADIAL_CHEBYSHEV);
    cr_assert_eq(run("sed -i 's/^radial 2$/legendre 2/' '%s'", path).status, 0);
    cr_expect_eq(eqml_cloud_read(path, &cloud_water_basis, &radial, again, lone, NULL, NULL),
                 EQML_ERROR_FORMAT);
    remove_folder(folder);
}

/* NAME_pot.h of each kind, all in one program, against the model itself. */
Test(radial, headers_know_the_kind)
{
    static const char *const program =
        "#include <math.h>\n"
        "static void humps(const void *context, int nmax, double r, double *value, double *slope)\n{\n"
        "    const double length = *(const double *)context;\n    for (int n = 1; n <= nmax; n++) {\n"
        "        const double e = exp(-n * r / length);\n        value[n - 1] = r * r * e;\n"
        "        slope[n - 1] = (2 * r - n * r * r / length) * e;\n    }\n}\n"
        "static const double length = 3;\n"
        "#define w2_RADIAL humps\n#define w2_RADIAL_CONTEXT &length\n"
        "#include \"w0_pot.h\"\n#include \"w1_pot.h\"\n#include \"w2_pot.h\"\n#include <stdio.h>\n"
        "int main(void)\n{\n    double x[18], e, f[18], v[6];\n    int s[6];\n"
        "    for (int k = 0; k < 18; k++) if (scanf(\"%lf\", x + k) != 1) return 1;\n"
        "    for (int k = 0; k < 6; k++) s[k] = k % 2;\n"
        "#define ONE(w) if (w##_evaluate(6, x, s, NULL, NULL, &e, f, v, NULL)) return 2;\\\n"
        "    printf(\"%.17g %.17g %.17g\\n\", e, f[4], v[5]);\n"
        "    ONE(w0) ONE(w1) ONE(w2)\n    return 0;\n}\n";
    char folder[TEMPORARY_PATH], path[512], name[8];
    double xyz[ATOMS][3], expected[COUNT(radials)][3];
    int species[ATOMS];
    eqml_message message;
    eqml_cloud_workspace w = {0};
    make_folder(folder);
    make_atoms(3, xyz, species);
    for (size_t kind = 0; kind < COUNT(radials); kind++) {
        const eqml_cloud_model model = model_of(kind);
        const eqml_configuration c = {ATOMS, &xyz[0][0], species, NULL, NULL};
        double forces[3 * ATOMS], virial[6];
        const eqml_cloud_result result = {&expected[kind][0], forces, virial, NULL};
        cr_assert_eq(eqml_cloud_evaluate(&model, &c, &w, &result, NULL), EQML_OK);
        expected[kind][1] = forces[4];
        expected[kind][2] = virial[5];
        snprintf(name, sizeof name, "w%zu", kind);
        snprintf(path, sizeof path, "%s/%s_pot.h", folder, name);
        cr_assert_eq(
            eqml_cloud_write_header(&model, name, "eqml.h", "build/tests/cloud_water.h", path, &message),
            EQML_OK, "%s", message.text);
    }
    eqml_cloud_workspace_free(&w);
    snprintf(path, sizeof path, "%s/main.c", folder);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(program, file);
    cr_assert_eq(fclose(file), 0);
    snprintf(path, sizeof path, "%s/xyz", folder);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    for (int k = 0; k < 3 * ATOMS; k++)
        fprintf(file, "%.17g\n", xyz[k / 3][k % 3]);
    cr_assert_eq(fclose(file), 0);
    const outcome o = run("cd '%s' && cc -std=c11 -Wall -Wextra -Wpedantic -Werror -O0 main.c -o main -lm && "
                          "./main <xyz",
                          folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    const char *at = o.text;
    for (size_t kind = 0; kind < COUNT(radials); kind++)
        for (int k = 0; k < 3; k++) {
            char *end;
            cr_expect_float_eq(strtod(at, &end), expected[kind][k], 1e-12 * (1 + fabs(expected[kind][k])),
                               "kind %zu: %s", kind, at);
            at = end;
        }
    const outcome without = run("cd '%s' && cc -std=c11 -fsyntax-only w2_pot.h", folder);
    cr_expect_neq(without.status, 0);
    cr_expect_not_null(strstr(without.text, "define w2_RADIAL as their C function"), "%s", without.text);
    remove_folder(folder);
}

/* Terms of points are those of an atom in their middle. */
Test(radial, points_are_seen_by_each_kind)
{
    double xyz[ATOMS][3], term[TERMS], rows[TERMS];
    int species[ATOMS];
    make_atoms(8, xyz, species);
    for (int d = 0; d < 3; d++) /* the first, of species 0, in the centre */
        for (int i = ATOMS - 1; i >= 0; i--)
            xyz[i][d] -= xyz[0][d];
    for (size_t kind = 0; kind < COUNT(radials); kind++) {
        eqml_cloud_workspace w = {0};
        const double centre[3] = {0, 0, 0};
        const eqml_points points = {.n = ATOMS - 1, .xyz = xyz[1], .types = species + 1, .centre = centre};
        const eqml_configuration c = {ATOMS, &xyz[0][0], species, NULL, NULL};
        const eqml_cloud_rows all = {rows, NULL, NULL};
        const eqml_cloud_program *p = cloud_water_basis.centres[0].program;
        cr_assert_eq(eqml_points_describe(&cloud_water_basis, 0, &radials[kind], &points, &w, term), EQML_OK);
        cr_assert_eq(eqml_neighbours_find(&c, 7, &w.list, NULL), EQML_OK);
        w.list.natoms = 1;
        cr_assert_eq(eqml_cloud_find_rows(&cloud_water_basis, &radials[kind], &w.list, species, &w, &all),
                     EQML_OK);
        for (int k = 0; k < p->nterms; k++)
            cr_expect_float_eq(term[k], rows[cloud_water_basis.centres[0].first + k],
                               1e-12 * (1 + fabs(term[k])), "kind %zu, term %d", kind, k);
        eqml_cloud_workspace_free(&w);
    }
}
