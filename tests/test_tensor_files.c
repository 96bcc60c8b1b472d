/* Tensors in files: data sets, .pes files, headers of surfaces, and the report of the fit program. */
#define _POSIX_C_SOURCE 200809L
#include "json.h"
#include "tensors.h"

#include "h2o_d2_tensors.h"

/* ---- .pes files ---- */

Test(tensor_file, round_trip_is_exact)
{
    uint64_t state = 61;
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 16], other[TEMPORARY_PATH + 16];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/a.pes", folder);
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        const eqml_basis *b = j->basis;
        eqml_surface s = random_surface(b, variables, -2, &state), again;
        double xyz[XYZ_LIMIT], value[COMPONENTS_LIMIT] = {0}, expected[COMPONENTS_LIMIT] = {0};
        eqml_message message = {""};
        cr_assert_eq(eqml_surface_write(&s, path, &message), EQML_OK, "%s", message.text);
        cr_assert_eq(eqml_surface_read(&again, b, path, &message), EQML_OK, "%s", message.text);
        cr_expect_eq(again.model.charge, b->tensors[EQML_DIPOLE] ? -2 : 0);
        for (int kind = 0; kind < EQML_TENSORS; kind++)
            if (b->tensors[kind])
                cr_expect_arr_eq(again.tensors[kind], s.tensors[kind],
                                 16 * (size_t)b->tensors[kind]->ntiles * sizeof(double));
        draw_geometry(&state, b->natoms, xyz);
        j->value(&s.model, xyz, expected);
        j->value(&again.model, xyz, value);
        cr_expect_arr_eq(value, expected, sizeof value);
        eqml_surface_free(&again);
        /* from the tables in the file */
        cr_assert_eq(eqml_surface_read(&again, NULL, path, &message), EQML_OK, "%s: %s", label(j),
                     message.text);
        const eqml_tensor_basis *t = again.model.basis->tensors[j->kind];
        const size_t size = (size_t)EQML_WORK_TENSOR(j->kind, t->nslots, b->npairs, t->nvectors, b->natoms);
        double *work = room(size + 8, sizeof *work);
        memset(value, 0, sizeof value);
        eqml_tensor_value(&again.model, j->kind, xyz, NULL, NULL, value,
                          work + (64 - (uintptr_t)work % 64) / sizeof *work);
        for (int c = 0; c < components_of(j); c++)
            cr_expect_float_eq(value[c], expected[c], 1e-11 * (1 + fabs(expected[c])), "%s", label(j));
        free(work);
        snprintf(other, sizeof other, "%s/b.pes", folder);
        cr_assert_eq(eqml_surface_write(&again, other, &message), EQML_OK);
        cr_expect_eq(run("cmp '%s' '%s'", path, other).status, 0, "%s", label(j));
        eqml_surface_free(&s);
        eqml_surface_free(&again);
    }
    remove_folder(folder);
}

/* Writes the text with another in place of `line`, which is `length` long, and expects a refusal. */
static void expect_damage(const eqml_basis *b, const char *path, const char *text, const char *line,
                          size_t length, const char *other)
{
    eqml_surface again;
    eqml_message message = {""};
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fwrite(text, 1, (size_t)(line - text), file);
    fputs(other, file);
    fputs(line + length, file);
    cr_assert_eq(fclose(file), 0);
    cr_expect_neq(eqml_surface_read(&again, b, path, &message), EQML_OK, "\"%.*s\" became \"%s\"",
                  (int)length, line, other);
    cr_expect_neq(message.text[0], '\0');
    for (int kind = 0; kind < EQML_TENSORS; kind++)
        cr_expect_null(again.tensors[kind]);
}

/* A file is refused without one of its lines, whichever, with one twice, and with one that is another. */
Test(tensor_file, a_damaged_file_is_refused)
{
    static const char *const in_place_of[][2] = {{"dipole ", "quadrupole 5 18\n"},
                                                 {"dipole ", "dipole 5 19\n"},
                                                 {"charge ", "charge 0x1p-1\n"},
                                                 {"charge ", "charge nan\n"},
                                                 {"quadrupole ", "quadrupole 3 22\n"},
                                                 {"quadrupole ", "quadrupole 4 22 1\n"},
                                                 {"polarizability ", "polarizability\n"},
                                                 {"polarizability ", "Polarizability 4 33\n"},
                                                 {"moment ", "moment inf\n"},
                                                 {"moment ", "moment 0x1p0 0x1p0\n"},
                                                 {"moment ", "coefficient 0x1p0\n"}};
    const eqml_basis *b = subject_of("o3_tensors", EQML_DIPOLE)->basis;
    uint64_t state = 62;
    size_t lines = 0;
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 16], twice[256];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/a.pes", folder);
    eqml_surface s = random_surface(b, variables, 1, &state);
    cr_assert_eq(eqml_surface_write(&s, path, NULL), EQML_OK);
    char *text = read_whole(path);
    cr_assert_not_null(strstr(text, "\ncharge 0x1p+0\n"));
    for (const char *at = strstr(text, "\ndipole ") + 1; *at; lines++) {
        const size_t length = strcspn(at, "\n") + 1;
        expect_damage(b, path, text, at, length, "");
        snprintf(twice, sizeof twice, "%.*s%.*s", (int)length, at, (int)length, at);
        expect_damage(b, path, text, at, length, twice);
        for (size_t k = 0; k < COUNT(in_place_of); k++)
            if (!strncmp(at, in_place_of[k][0], strlen(in_place_of[k][0])))
                expect_damage(b, path, text, at, length, in_place_of[k][1]);
        at += length;
    }
    size_t moments = 0;
    for (int kind = 0; kind < EQML_TENSORS; kind++)
        moments += (size_t)b->tensors[kind]->nterms;
    cr_expect_gt(lines, moments + EQML_TENSORS + 2); /* their heads, the charge, the tables, the end */
    free(text);
    eqml_surface_free(&s);
    remove_folder(folder);
}

/* ---- headers of surfaces ---- */

/* The header of a surface alone, compiled: all functions of all tensors, against the surface in memory. */
Test(tensor_file, a_copied_header_has_all_tensors)
{
    static const char program[] =
        "#include \"water_pes.h\"\n#include <stdio.h>\n"
        "static void print(int n, const double *x)\n{\n"
        "    for (int k = 0; k < n; k++)\n        printf(\"%a \", x[k]);\n}\n"
        "#define ALL(TENSOR, N) \\\n"
        "    water_##TENSOR(x, v), print(N, v); \\\n"
        "    water_##TENSOR##_batch(2, x, v), print(N, v + N); \\\n"
        "    water_##TENSOR##_jacobian(x, v, j), print(N, v), print(9 * N, j); \\\n"
        "    water_##TENSOR##_jacobian_batch(2, x, v, j), print(N, v + N), print(9 * N, j + 9 * N);\n"
        "int main(void)\n{\n    double x[18], v[12], j[108];\n"
        "    for (int k = 0; k < 9; k++)\n"
        "        if (scanf(\"%la\", &x[k]) != 1)\n            return 1;\n"
        "    for (int k = 0; k < 9; k++)\n        x[9 + k] = x[k];\n"
        "    ALL(dipole, 3)\n    ALL(quadrupole, 6)\n    ALL(polarizability, 6)\n    return 0;\n}\n";
    const eqml_basis *b = subject_of("h2o_tensors", EQML_DIPOLE)->basis;
    uint64_t state = 63;
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 32], numbers[512] = "";
    double xyz[9];
    eqml_message message = {""};
    eqml_surface s = random_surface(b, variables, 1, &state);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/water_pes.h", folder);
    cr_assert_eq(
        eqml_surface_write_header(&s, "water", "eqml.h", "build/tests/h2o_tensors.h", path, &message),
        EQML_OK, "%s", message.text);
    snprintf(path, sizeof path, "%s/use.c", folder);
    write_file(path, program);
    outcome o =
        run("cd '%s' && ${CC:-cc} -std=c11 -O0 -Wall -Wextra -Wpedantic -Werror use.c -o use -lm", folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    draw_geometry(&state, 3, xyz);
    for (int k = 0; k < 9; k++)
        snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), "%a ", xyz[k]);
    cr_assert_eq(run("echo '%s' | '%s/use' >'%s/output'", numbers, folder, folder).status, 0);
    snprintf(path, sizeof path, "%s/output", folder);
    char *text = read_whole(path), *at = text;
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const subject *j = subject_of("h2o_tensors", (eqml_tensor)kind);
        const int n = components_of(j), parts[] = {n, n, n, 9 * n, n, 9 * n};
        double value[6], jacobian[54], found[54];
        j->jacobian(&s.model, xyz, value, jacobian);
        for (size_t part = 0; part < COUNT(parts); part++) {
            for (int k = 0; k < parts[part]; k++)
                found[k] = strtod(at, &at);
            expect_equal(parts[part], found, parts[part] == n ? value : jacobian, 1e-11, label(j));
        }
    }
    free(text);
    eqml_surface_free(&s);
    remove_folder(folder);
}

/* ---- data ---- */

static eqml_status read_text(const char *text, eqml_data *data, eqml_message *message)
{
    char path[TEMPORARY_PATH];
    make_file(path);
    write_file(path, text);
    const eqml_status status = eqml_data_read(path, data, message);
    remove(path);
    return status;
}

/* One atom whose comment line says this. */
static eqml_data accepted(const char *keys)
{
    char text[1024];
    eqml_data data;
    eqml_message message = {""};
    snprintf(text, sizeof text, "1\nenergy=1 %s\nH 0 0 0\n", keys);
    cr_assert_eq(read_text(text, &data, &message), EQML_OK, "%s", message.text);
    return data;
}

static void refused(const char *keys, eqml_status status, const char *words)
{
    char text[1024];
    eqml_data data;
    eqml_message message = {""};
    snprintf(text, sizeof text, "1\nenergy=1\nH 0 0 0\n1\nenergy=1 %s\nH 0 0 0\n", keys);
    cr_expect_eq(read_text(text, &data, &message), status, "%s", keys);
    cr_expect_not_null(strstr(message.text, ":5: "), "%s: %s", keys, message.text);
    cr_expect_not_null(strstr(message.text, words), "%s: \"%s\" does not say \"%s\"", keys, message.text,
                       words);
    cr_expect_eq(data.n, 0);
}

static void expect_tensor(const eqml_data *data, eqml_tensor kind, double unit, const double *expected)
{
    cr_assert_not_null(data->tensors[kind]);
    cr_expect(data->has[0] & (EQML_HAS_DIPOLE << kind));
    for (int c = 0; c < EQML_COMPONENTS(kind); c++)
        cr_expect(fabs(data->tensors[kind][c] - expected[c] * unit) <= 1e-14 * fabs(expected[c] * unit),
                  "%s, component %d: %.17g", eqml_tensor_name(kind), c, data->tensors[kind][c]);
}

/* The units of ASE for the moments, atomic units for the polarizability; six numbers or nine, as ASE 3.22
 * writes these. */
Test(tensor_data, units_and_layouts)
{
    static const double dipole[3] = {0.5, -1.5, 2}, quadrupole[6] = {1, 0.5, -0.25, 2, 0.125, -3},
                        polarizability[6] = {9, 0.5, -0.25, 8, 0.125, 7};
    static const char *const lines[] = {
        "dipole=\"0.5 -1.5 2\" quadrupole=\"1 0.5 -0.25 2 0.125 -3\" "
        "polarizability=\"9 0.5 -0.25 8 0.125 7\"",
        "Polarizability=\"9 0.5 -0.25 0.5 8 0.125 -0.25 0.125 7\" dipole_moment=\"0.5 -1.5 2\" "
        "QUADRUPOLE=\"1 0.5 -0.25 0.5 2 0.125 -0.25 0.125 -3\"",
        "quadrupole=[1,0.5,-0.25,0.5,2,0.125,-0.25,0.125,-3] dipole={0.5 -1.5 2} "
        "polarizability=[9, 0.5, -0.25, 8, 0.125, 7]",
        "dipole=\"0.5 -1.5 2\" quadrupole=\"_JSON [[1.0, 0.5, -0.25], [0.5, 2.0, 0.125], [-0.25, 0.125, "
        "-3.0]]\" "
        "polarizability=\"_JSON [[9.0, 0.5, -0.25], [0.5, 8.0, 0.125], [-0.25, 0.125, 7.0]]\""};
    const double angstrom = 1 / 0.529177210903; /* in bohr, CODATA 2018 */
    for (size_t k = 0; k < COUNT(lines); k++) {
        eqml_data data = accepted(lines[k]);
        cr_expect_eq(data.has[0],
                     EQML_HAS_ENERGY | EQML_HAS_DIPOLE | EQML_HAS_QUADRUPOLE | EQML_HAS_POLARIZABILITY);
        expect_tensor(&data, EQML_DIPOLE, angstrom, dipole);
        expect_tensor(&data, EQML_QUADRUPOLE, angstrom * angstrom, quadrupole);
        expect_tensor(&data, EQML_POLARIZABILITY, 1, polarizability);
        eqml_data_free(&data);
    }
}

/* Files hold few digits: small traces are taken off, small asymmetries are averaged. */
Test(tensor_data, rounding_in_files_is_mended)
{
    static const double mean[6] = {9, 0.50002, -0.25, 8, 0.125, 7};
    eqml_data data = accepted("quadrupole=\"1.0001 0.5 -0.25 2.0001 0.125 -3\" "
                              "polarizability=\"9 0.50001 -0.25 0.50003 8 0.125 -0.25 0.125 7\"");
    const double *q = data.tensors[EQML_QUADRUPOLE];
    cr_expect(fabs(q[0] + q[3] + q[5]) < 1e-14 * fabs(q[5]), "%g", q[0] + q[3] + q[5]);
    expect_tensor(&data, EQML_POLARIZABILITY, 1, mean);
    eqml_data_free(&data);
}

Test(tensor_data, bad_values_are_refused)
{
    refused("quadrupole=\"1 0 0 1 0\"", EQML_ERROR_FORMAT, "6 numbers as quadrupole");
    refused("quadrupole=\"1 0 0 1 0 -2 0\"", EQML_ERROR_FORMAT, "6 numbers as quadrupole");
    refused("polarizability=\"\"", EQML_ERROR_FORMAT, "6 numbers as polarizability");
    refused("polarizability=9", EQML_ERROR_FORMAT, "6 numbers as polarizability");
    refused("polarizability=\"9 0 0 0 8 0 0 0\"", EQML_ERROR_FORMAT, "6 numbers as polarizability");
    refused("polarizability=\"9 0 0 0 8 0 0 0 7 0\"", EQML_ERROR_FORMAT, "6 numbers as polarizability");
    refused("polarizability=\"9 0.1 0 -0.1 8 0 0 0 7\"", EQML_ERROR_FORMAT,
            "polarizability is not symmetric");
    refused("polarizability=\"9 0 0 0 8 0 0.1 0 7\"", EQML_ERROR_FORMAT, "not symmetric");
    refused("quadrupole=\"1 0 0 0 1 0.1 0 0.2 -2\"", EQML_ERROR_FORMAT, "quadrupole is not symmetric");
    refused("quadrupole=\"1 0 0 1 0 1\"", EQML_ERROR_FORMAT, "not traceless");
    refused("quadrupole=\"1 0 0 0 1 0 0 0 -1.9\"", EQML_ERROR_FORMAT, "not traceless");
    refused("quadrupole=\"1 nan 0 1 0 -2\"", EQML_ERROR_VALUE, "nan");
    refused("quadrupole=\"1 0 0 1 0 -2e200\"", EQML_ERROR_VALUE, "-2e200");
    refused("polarizability=\"9 0 0 0 8 0 0 0 inf\"", EQML_ERROR_VALUE, "inf");
    refused("polarizability=\"9 0 0 x 0 7\"", EQML_ERROR_FORMAT, "\"x\"");
    refused("quadrupole=\"1 0 0 1 0 -2", EQML_ERROR_FORMAT, "closed");
}

/* What only some frames have is zero elsewhere, and what none has is no array. */
Test(tensor_data, tensors_may_be_in_some_frames_only)
{
    static const char text[] = "1\nenergy=1 dipole=\"1 2 3\"\nH 0 0 0\n"
                               "1\nenergy=1 polarizability=\"9 0 0 8 0 7\"\nH 0 0 0\n"
                               "1\n-1.5\nH 0 0 0\n";
    static const unsigned char has[] = {EQML_HAS_ENERGY | EQML_HAS_DIPOLE,
                                        EQML_HAS_ENERGY | EQML_HAS_POLARIZABILITY, EQML_HAS_ENERGY};
    eqml_data data;
    cr_assert_eq(read_text(text, &data, NULL), EQML_OK);
    cr_assert_eq(data.n, 3);
    cr_expect_arr_eq(data.has, has, sizeof has);
    cr_expect(data.tensors[EQML_DIPOLE] && data.tensors[EQML_POLARIZABILITY]);
    cr_expect_null(data.tensors[EQML_QUADRUPOLE]);
    for (int k = 0; k < 6; k++)
        cr_expect(data.tensors[EQML_POLARIZABILITY][k] == 0 &&
                  data.tensors[EQML_POLARIZABILITY][12 + k] == 0 && data.tensors[EQML_DIPOLE][3 + k] == 0);
    eqml_data_free(&data);
}

/* ---- the report of the fit program ---- */

/* Writes water with model tensors, in orientations of the tensors as they are or at random. */
static void write_frames(const char *path, int reoriented)
{
    static const double unit[EQML_TENSORS] = {EQML_ANGSTROM, EQML_ANGSTROM * EQML_ANGSTROM, 1};
    const subject *j = subject_of("h2o_tensors", EQML_DIPOLE);
    uint64_t state = 81;
    FILE *file = fopen(path, "w");
    eqml_data data = model_data(j, 0, 200, &state);
    cr_assert_not_null(file);
    for (size_t g = 0; g < data.n; g++) {
        double r[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, turned[COMPONENTS_LIMIT];
        if (reoriented)
            random_rotation(&state, 0, r);
        fprintf(file, "3\nProperties=species:S:1:pos:R:3 energy=0");
        for (int kind = 0; kind < EQML_TENSORS; kind++) {
            const size_t count = EQML_COMPONENTS(kind);
            if (!(data.has[g] & (EQML_HAS_DIPOLE << kind)))
                continue;
            rotate_tensor((eqml_tensor)kind, r, data.tensors[kind] + count * g, turned);
            fprintf(file, " %s=\"", eqml_tensor_name((eqml_tensor)kind));
            for (size_t c = 0; c < count; c++)
                fprintf(file, "%.15g ", turned[c] / unit[kind]);
            fputc('"', file);
        }
        for (int i = 0; i < 3; i++) {
            const double *x = data.xyz + 9 * g + (size_t)(3 * i);
            fprintf(file, "\n%s %.15g %.15g %.15g", i < 2 ? "H" : "O", x[0] / EQML_ANGSTROM,
                    x[1] / EQML_ANGSTROM, x[2] / EQML_ANGSTROM);
        }
        fputc('\n', file);
    }
    cr_assert_eq(fclose(file), 0);
    eqml_data_free(&data);
}

static outcome run_fit(const char *folder, const char *options, const char *data)
{
    return run("build/tests/fit-h2o --directory '%s' --name h2o --runtime eqml.h --basis-header "
               "build/tests/h2o_tensors.h %s '%s'",
               folder, options, data);
}

static int exists(const char *folder, const char *name)
{
    char path[TEMPORARY_PATH + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, R_OK) == 0;
}

Test(tensor_report, tells_when_tensors_are_in_another_frame)
{
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 32], note[64];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/frames.xyz", folder);

    write_frames(path, 0);
    outcome o = run_fit(folder, "--charge 0.5", path);
    cr_expect_neq(o.status, 0);
    cr_expect_not_null(strstr(o.text, "whole number"), "%s", o.text);
    cr_expect_not(exists(folder, "h2o.pes"));
    o = run_fit(folder, "--train-every 2", path);
    cr_expect_eq(o.status, 0, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "dipole: 56 terms, rank 56"), "%s", o.text);
    cr_expect_not_null(strstr(o.text, "80 geometries"), "%s", o.text);
    cr_expect_null(strstr(o.text, "another orientation"), "%s", o.text);
    cr_expect(exists(folder, "h2o_pes.h"));

    write_frames(path, 1);
    o = run_fit(folder, "--train-every 2", path);
    cr_expect_eq(o.status, 0, "%s", o.text);
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        snprintf(note, sizeof note, "the %s does not follow", eqml_tensor_name((eqml_tensor)kind));
        cr_expect_not_null(strstr(o.text, note), "no \"%s\" in %s", note, o.text);
    }
    cr_expect_not_null(strstr(o.text, "another orientation"), "%s", o.text);
    cr_expect_eq(run("cd '%s' && rm frames.xyz h2o.pes h2o_pes.h h2o_diagnosis.txt h2o.sigma h2o_sigma.h "
                     "report.json && "
                     "rm -f minimum.xyz holes.xyz holes.svg",
                     folder)
                     .status,
                 0);
    cr_expect_eq(rmdir(folder), 0, "the fit has left other files");
}

/* A number of report.json; NAN for null. */
static double reported(const char *report, const char *what, const char *set)
{
    char key[64];
    snprintf(key, sizeof key, "rmse_%s_%s", what, set);
    return json_number(report, key);
}

/* Fits a tensor of a basis of water to every second geometry; the errors of the others. */
static double test_error(const eqml_basis *b, eqml_tensor kind, const eqml_data *data)
{
    static const eqml_variable kinds[] = {{EQML_POWER, 1, 0, 0}, {EQML_MORSE, 2, 0, 0}}; /* H-H, H-O */
    unsigned char *mark = room(data->n, 1);
    const eqml_fit_options options = {.use = mark};
    eqml_surface s;
    eqml_errors errors;
    cr_assert_eq(eqml_surface_create(b, kinds, &s), EQML_OK);
    for (size_t g = 0; g < data->n; g++)
        mark[g] = g % 2 == 0;
    cr_assert_eq(eqml_fit_tensor(&s, kind, data, 0, &options, NULL, NULL), EQML_OK);
    for (size_t g = 0; g < data->n; g++)
        mark[g] = g % 2 == 1;
    cr_assert_eq(eqml_surface_errors(&s, data, mark, &errors), EQML_OK);
    cr_expect_eq(errors.tensors[kind], data->n / 2);
    free(mark);
    eqml_surface_free(&s);
    return errors.rmse_tensor[kind];
}

/* Tensors of water from electronic structure: errors fall fast with the degree, and the report tells them. */
Test(tensor_report, tensors_of_water)
{
    static const char file[] = "examples/data/h2o_tensors.xyz";
    static const double limit[EQML_TENSORS] = {2e-3, 3e-3, 1e-2}; /* e bohr, e bohr^2, bohr^3 */
    const eqml_basis *b = subject_of("h2o_tensors", EQML_DIPOLE)->basis;
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 32];
    eqml_data data;
    eqml_message message = {""};
    make_folder(folder);
    const outcome o = run_fit(folder, "--train-every 2 --variable H-H=power:1 --variable H-O=morse:2", file);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_expect_null(strstr(o.text, "another orientation"), "%s", o.text);
    snprintf(path, sizeof path, "%s/report.json", folder);
    char *report = read_whole(path);
    cr_assert_eq(eqml_data_read(file, &data, &message), EQML_OK, "%s", message.text);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const eqml_tensor kind = (eqml_tensor)k;
        const char *name = eqml_tensor_name(kind);
        const double low = test_error(&h2o_d2_tensors_basis, kind, &data), high = test_error(b, kind, &data);
        const double told = reported(report, name, "test"), train = reported(report, name, "train");
        cr_expect(high < low / 4, "%s: %g after %g", name, high, low);
        cr_expect(high < limit[k], "%s: %g", name, high);
        cr_expect(train > 0 && train < told, "%s: %g, %g", name, train, told);
        cr_expect_float_eq(told, high, 0.01 * high, "%s: %g, not %g", name, told, high);
    }
    free(report);
    eqml_data_free(&data);
    remove_folder(folder);
}

/* A basis without tensors: the keys are there, and null. */
Test(tensor_report, what_is_not_fitted_is_null)
{
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 32];
    make_folder(folder);
    const outcome o = run("build/tests/fit --directory '%s' --name h2o --runtime eqml.h --basis-header "
                          "build/tests/h2o_d8.h --train-every 2 examples/data/h2o_tensors.xyz",
                          folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    snprintf(path, sizeof path, "%s/report.json", folder);
    char *report = read_whole(path);
    for (int k = 0; k < EQML_TENSORS; k++) {
        cr_expect(isnan(reported(report, eqml_tensor_name((eqml_tensor)k), "train")));
        cr_expect(isnan(reported(report, eqml_tensor_name((eqml_tensor)k), "test")));
    }
    cr_expect(reported(report, "energy", "test") > 0);
    free(report);
    remove_folder(folder);
}
