/* Data, fits and files of potentials of neighbour clouds, and the command that makes them. */
#define _POSIX_C_SOURCE 200809L
#include "cloud_one.h"
#include "cloud_two.h"
#include "json.h"
#include "support.h"

/* A file of this text, in a folder of its own. */
static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

static const char two_frames[] = "2\n"
                                 "pbc=[T, F, T] energy=-3.5 Lattice = \"10 0 0 1 11 0 0 0 12\" "
                                 "Properties=species:S:1:pos:R:3:force:R:3:Z:I:1 "
                                 "stress=\"0.01 0 0 0 0.02 0 0 0 0.03\"\n"
                                 "W 0 0 1.5 0.1 -0.2 0.3 74\n"
                                 "H 1 2 3 -0.1 0.2 -0.3 1\n"
                                 "\n"
                                 "1\n"
                                 "Properties=pos:R:3:species:S:1 virial=\"1 2 3 4 5 6\"\n"
                                 "1D0 2 3 H\n";

Test(frames, are_read_in_their_units)
{
    char folder[TEMPORARY_PATH], path[512];
    make_folder(folder);
    eqml_frames f;
    eqml_message message;
    snprintf(path, sizeof path, "%s/two.xyz", folder);
    write_text(path, two_frames);
    cr_assert_eq(eqml_frames_read(path, "W H", &f, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(f.n, 2);
    cr_assert_eq(f.natoms, 3);
    cr_expect_eq(f.has[0], EQML_FRAME_ENERGY | EQML_FRAME_FORCES | EQML_FRAME_VIRIAL);
    cr_expect_eq(f.has[1], EQML_FRAME_VIRIAL);
    cr_expect_float_eq(f.energy[0], -3.5 * EQML_EV, 1e-15);
    cr_expect_float_eq(f.xyz[2], 1.5 * EQML_ANGSTROM, 1e-15);
    cr_expect_float_eq(f.forces[1], -0.2 * EQML_EV / EQML_ANGSTROM, 1e-15);
    cr_expect_float_eq(f.cell[3], EQML_ANGSTROM, 1e-15);
    cr_expect_float_eq(f.cell[4], 11 * EQML_ANGSTROM, 1e-14);
    cr_expect(f.pbc[0] && !f.pbc[1] && f.pbc[2]);
    cr_expect_float_eq(f.virial[2], -0.03 * 10 * 11 * 12 * EQML_EV, 1e-13); /* minus volume times stress */
    cr_expect_float_eq(f.virial[6 + 3], 4 * EQML_EV, 1e-14);
    cr_expect(f.species[0] == 0 && f.species[1] == 1 && f.species[2] == 1);
    cr_expect_null(eqml_frame(&f, 1).cell);
    cr_expect_eq(eqml_frame(&f, 1).natoms, 1);
    eqml_frames_free(&f);
    remove_folder(folder);
}

Test(frames, what_cannot_be_read_is_told)
{
    static const struct {
        const char *text, *word;
        eqml_status status;
    } cases[] = {
        {"", "no configuration", EQML_ERROR_EMPTY},
        {"x\n", ":1: expected the number of atoms", EQML_ERROR_FORMAT},
        {"2\n", ":1: the file ends", EQML_ERROR_FORMAT},
        {"1\nnothing here\nW 0 0 0\n", ":2: expected Properties", EQML_ERROR_FORMAT},
        {"1\nProperties=species:S:1:pos:R:3 energy=\"-3\nW 0 0 0\n", "never closed", EQML_ERROR_FORMAT},
        {"1\nProperties=species:S:1:pos:R:3 energy=x\nW 0 0 0\n", "\"x\"", EQML_ERROR_FORMAT},
        {"1\nProperties=species:S:1:pos:R:3 Lattice=\"1 2 3\"\nW 0 0 0\n", "9 numbers", EQML_ERROR_FORMAT},
        {"1\nProperties=species:S:1:pos:R:3 pbc=\"T F\"\nW 0 0 0\n", "pbc", EQML_ERROR_FORMAT},
        {"1\nProperties=species:S:1:pos:R:3 pbc=\"T T T\"\nW 0 0 0\n", "Lattice", EQML_ERROR_FORMAT},
        {"1\nProperties=species:S:1:pos:R:3 virial=\"1 2 3\"\nW 0 0 0\n", "6 numbers", EQML_ERROR_FORMAT},
        {"1\nProperties=species:S:1:pos:R:3\nU 0 0 0\n", ":3: expected one of the elements W H",
         EQML_ERROR_MATCH},
        {"1\nProperties=species:S:1:pos:R:3\nW 0 0\n", ":3: expected 4 columns", EQML_ERROR_FORMAT},
        {"1\nProperties=species:S:1:pos:R:3\nW 0 nan 0\n", "finite", EQML_ERROR_VALUE},
        {"2\nProperties=species:S:1:pos:R:3\nW 0 0 0\n", "cut off", EQML_ERROR_FORMAT},
    };
    char folder[TEMPORARY_PATH], path[512];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/bad.xyz", folder);
    for (size_t k = 0; k < COUNT(cases); k++) {
        eqml_frames f;
        eqml_message message = {""};
        write_text(path, cases[k].text);
        cr_expect_eq(eqml_frames_read(path, "W H", &f, &message), cases[k].status, "case %zu: %s", k,
                     message.text);
        cr_expect_not_null(strstr(message.text, cases[k].word), "case %zu: %s", k, message.text);
        cr_expect(!f.n && !f.xyz);
    }
    remove_folder(folder);
}

/* ---- rows and fits ---- */

enum { FRAMES = 40, EACH = 6 };

/* Random periodic configurations of W and H, with numbers from a model. */
static void make_frames(const eqml_cloud_model *model, const char *path, int count)
{
    static const char *const symbols[] = {"W", "H"};
    uint64_t state = 12;
    eqml_cloud_workspace w = {0};
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    for (int k = 0; k < count; k++) {
        double xyz[EACH][3], cell[9] = {9, 0, 0, 1, 9, 0, 0, 1, 9}, energy, forces[EACH][3], virial[6];
        int species[EACH];
        for (int i = 0; i < EACH; i++) {
            species[i] = (int)(draw_bits(&state) % 2);
            for (int d = 0; d < 3; d++) /* on a grid, moved a little: none come too close */
                xyz[i][d] = 4.5 * (i >> d & 1) + 0.9 * draw_real(&state);
        }
        const eqml_configuration c = {EACH, &xyz[0][0], species, cell, NULL};
        const eqml_cloud_result result = {&energy, &forces[0][0], virial, NULL};
        cr_assert_eq(eqml_cloud_evaluate(model, &c, &w, &result, NULL), EQML_OK);
        fprintf(file, "%d\nProperties=species:S:1:pos:R:3:forces:R:3 energy=%.17g Lattice=\"", EACH,
                energy / EQML_EV);
        for (int j = 0; j < 9; j++)
            fprintf(file, "%.17g ", cell[j] / EQML_ANGSTROM);
        fprintf(file, "\" virial=\"");
        for (int j = 0; j < 6; j++)
            fprintf(file, "%.17g ", virial[j] / EQML_EV);
        fprintf(file, "\"\n");
        for (int i = 0; i < EACH; i++) {
            fprintf(file, "%s", symbols[species[i]]);
            for (int d = 0; d < 3; d++)
                fprintf(file, " %.17g", xyz[i][d] / EQML_ANGSTROM);
            for (int d = 0; d < 3; d++)
                fprintf(file, " %.17g", forces[i][d] * EQML_ANGSTROM / EQML_EV);
            fprintf(file, "\n");
        }
    }
    cr_assert_eq(fclose(file), 0);
    eqml_cloud_workspace_free(&w);
}

static eqml_cloud_model random_model(const eqml_cloud_basis *b, double *coefficients, const double *atoms)
{
    uint64_t state = 99;
    for (int k = 0; k < b->nterms; k++)
        coefficients[k] = 1e-3 * draw_real(&state);
    return (eqml_cloud_model){b, {7.5, 4}, coefficients, atoms, NULL};
}

/* Energy, forces and virial are linear in the coefficients: rows times coefficients, by two ways of derivation. */
Test(potential, rows_times_coefficients_are_energy_forces_and_virial)
{
    const eqml_cloud_basis *b = &cloud_two_basis;
    const size_t n = (size_t)b->nterms;
    double *coefficients = room(n, sizeof *coefficients), *row = room(n * (1 + 3 * EACH + 6), sizeof *row);
    const eqml_cloud_model model = random_model(b, coefficients, NULL);
    uint64_t state = 4;
    double xyz[EACH][3], cell[9] = {9, 0, 0, 1, 9, 0, 0, 1, 9}, energy, forces[3 * EACH], virial[6];
    int species[EACH];
    for (int i = 0; i < EACH; i++) {
        species[i] = i % 2;
        for (int d = 0; d < 3; d++)
            xyz[i][d] = 4.5 * (i >> d & 1) + 0.9 * draw_real(&state);
    }
    const eqml_configuration c = {EACH, &xyz[0][0], species, cell, NULL};
    eqml_cloud_workspace w = {0};
    const eqml_cloud_result result = {&energy, forces, virial, NULL};
    const eqml_cloud_rows rows = {row, row + n, row + n * (1 + 3 * EACH)};
    cr_assert_eq(eqml_cloud_evaluate(&model, &c, &w, &result, NULL), EQML_OK);
    cr_assert_eq(eqml_cloud_find_rows(b, &model.radial, &w.list, species, &w, &rows), EQML_OK);
    for (size_t r = 0; r < 1 + 3 * EACH + 6; r++) {
        const double expected = r == 0 ? energy : r <= 3 * EACH ? forces[r - 1] : virial[r - 1 - 3 * EACH];
        double sum = 0, size = 1e-6;
        for (size_t k = 0; k < n; k++) {
            sum += row[r * n + k] * coefficients[k];
            size += fabs(row[r * n + k] * coefficients[k]);
        }
        cr_expect_float_eq(sum, expected, 1e-12 * size, "row %zu: %g, expected %g", r, sum, expected);
    }
    eqml_cloud_workspace_free(&w);
    free(coefficients);
    free(row);
}

/* Data that come from a model are fitted to the last digits, and the model comes back through a file. */
Test(potential, a_model_is_found_again)
{
    const eqml_cloud_basis *b = &cloud_two_basis;
    const size_t n = (size_t)b->nterms;
    static const double atoms[] = {-1.5, -0.25};
    double *truth = room(n, sizeof *truth), *found = room(n, sizeof *found), *again = room(n, sizeof *again);
    double found_atoms[2], again_atoms[2];
    const eqml_cloud_model model = random_model(b, truth, atoms);
    char folder[TEMPORARY_PATH], path[512], pot[512];
    make_folder(folder);
    eqml_frames frames;
    eqml_message message;
    eqml_cloud_fit_result result;
    eqml_cloud_errors errors;
    snprintf(path, sizeof path, "%s/data.xyz", folder);
    snprintf(pot, sizeof pot, "%s/w.pot", folder);
    make_frames(&model, path, FRAMES);
    cr_assert_eq(eqml_frames_read(path, b->species, &frames, &message), EQML_OK, "%s", message.text);
    const eqml_cloud_fit_options options = {.virial_weight = 1};
    cr_assert_eq(eqml_cloud_fit(b, &model.radial, &frames, &options, found, found_atoms, &result, &message),
                 EQML_OK, "%s", message.text);
    cr_expect_eq(result.frames, FRAMES);
    cr_expect_eq(result.rows, FRAMES * (1 + 3 * EACH + 6));
    eqml_cloud_model fitted = {b, model.radial, found, found_atoms, NULL};
    cr_assert_eq(eqml_cloud_find_errors(&fitted, &frames, NULL, &errors, &message), EQML_OK);
    cr_expect_eq(errors.energies, FRAMES);
    cr_expect_lt(errors.rmse_force, 1e-9);
    cr_expect_lt(errors.rmse_virial, 1e-8);
    eqml_pair_reference pairs[3] = {{.outer = 0}}, again_pairs[3];
    eqml_radial radial;
    for (int with = 0; with < 2; with++) {
        cr_assert_eq(eqml_cloud_write(&fitted, pot, &message), EQML_OK);
        cr_assert_eq(eqml_cloud_read(pot, b, &radial, again, again_atoms, again_pairs, &message), EQML_OK,
                     "%s", message.text);
        cr_expect_eq(memcmp(again_pairs, pairs, sizeof pairs), 0);
        cr_expect_eq(eqml_cloud_read(pot, b, &radial, again, again_atoms, NULL, &message),
                     with ? EQML_ERROR_MATCH : EQML_OK);
        cr_assert_eq(eqml_pair_zbl(74, 1, 1.5, 3, &pairs[1]), EQML_OK);
        fitted.pairs = pairs;
    }
    cr_expect_eq(memcmp(again, found, n * sizeof *again), 0);
    cr_expect_eq(memcmp(again_atoms, found_atoms, sizeof found_atoms), 0);
    cr_expect(radial.cutoff == model.radial.cutoff && radial.range == model.radial.range);
    cr_expect_eq(eqml_cloud_read(pot, &cloud_one_basis, &radial, again, again_atoms, again_pairs, &message),
                 EQML_ERROR_MATCH);
    cr_expect_not_null(strstr(message.text, "w.pot:2:"), "%s", message.text);
    eqml_frames_free(&frames);
    remove_folder(folder);
    free(truth);
    free(found);
    free(again);
}

/* ---- make potential ---- */

Test(potential, make_potential_leaves_a_header_a_library_and_a_report)
{
    double *truth = room((size_t)cloud_two_basis.nterms, sizeof *truth);
    char folder[TEMPORARY_PATH], path[512];
    make_folder(folder);
    const eqml_cloud_model model = random_model(&cloud_two_basis, truth, NULL);
    snprintf(path, sizeof path, "%s/a b.xyz", folder);
    make_frames(&model, path, 12);
    cr_assert_eq(run("cd '%s' && gzip -k 'a b.xyz'", folder).status, 0);
    const outcome o =
        run("make potential DATA='%s.gz' ENVIRONMENT='W: W H; H: W H' ORDER=3 LEVEL=4 NAME=test_wh "
            "FIT=\"--cutoff 4 --range 2.1 --ridge 1e-10 --test '%s'\"",
            path, path);
    cr_assert_eq(o.status, 0, "%s", o.text);
    const outcome report = run("cat build/potential/test_wh/report.json");
    cr_expect_null(json_wrong(report.text), "%s", report.text);
    cr_expect_gt(json_number(report.text, "terms"), 0);
    cr_expect_float_eq(json_number(report.text, "mae_force_train_ev_per_angstrom"),
                       json_number(report.text, "mae_force_test_ev_per_angstrom"), 1e-12);
    /* the header alone, in C and in C++, with all warnings */
    snprintf(path, sizeof path, "%s/main.c", folder);
    write_text(path,
               "#include \"test_wh_pot.h\"\n#include <stdio.h>\n"
               "int main(void)\n{\n    double x[6] = {0, 0, 0, 0, 0, 4}, e, f[6], v[6], each[2];\n"
               "    int s[2] = {0, 1};\n"
               "    if (test_wh_evaluate(2, x, s, NULL, NULL, &e, f, v, each)) return 1;\n"
               "    x[5] = 0;\n    if (!test_wh_evaluate(2, x, s, NULL, NULL, &e, f, v, each)) return 2;\n"
               "    printf(\"%s %d %g\\n\", test_wh_species(), test_wh_nspecies(), f[2] + f[5]);\n    return "
               "0;\n}\n");
    static const char *const compilers[] = {"cc -std=c11 -x c", "g++ -std=c++11 -x c++"};
    for (int k = 0; k < 2; k++) {
        const outcome built =
            run("%s -Wall -Wextra -Wpedantic -Werror -O1 -march=native -Ibuild/potential/test_wh '%s' -o "
                "'%s/main' -lm && '%s/main'",
                compilers[k], path, folder, folder);
        cr_expect_eq(built.status, 0, "%s", built.text);
        cr_expect_eq(strncmp(built.text, "W H 2 ", 6), 0, "%s", built.text);
    }
    remove_folder(folder);
    free(truth);
    cr_expect_eq(run("rm -rf build/potential/test_wh").status, 0);
}

Test(potential, misuse_is_told_in_one_line)
{
    static const char *const cases[][2] = {
        {"", "no data"},
        {"DATA=/none/such", "there is no such file"},
        {"DATA=Makefile", "no ENVIRONMENT"},
        {"DATA=Makefile ENVIRONMENT='W: W'", "no ORDER"},
        {"DATA=Makefile ENVIRONMENT='W: W' ORDER=3", "no LEVEL"},
        {"DATA=Makefile ENVIRONMENT='W: W' ORDER=3 LEVEL=4 NAME=3x", "C identifier"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        const outcome o = run("make -s potential %s", cases[k][0]);
        cr_expect_not_null(strstr(o.text, cases[k][1]), "%s: %s", cases[k][0], o.text);
    }
}
