/* Reading of configurations of atoms: units, variants, and what is refused. */
#define _POSIX_C_SOURCE 200809L
#include "cloud_two.h"
#include "support.h"

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
    write_file(path, two_frames);
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

/* The same virial in the ways that files have it, and names of one's own. */
Test(frames, variants_are_read)
{
    static const char *const lines[] = {
        "virials=\"-8 0 0 0 -8 0 0 0 -8\" Properties=species:S:1:pos:R:3 energy=1",
        "stress=\"1 1 1 0 0 0\" Properties=species:S:1:pos:R:3 energy=1 config_type=bcc",
        "stress=\"160.2176634 160.2176634 160.2176634 0 0 0\" Properties=species:S:1:pos:R:3 energy=1 "
        "config_type=\"hot bcc\"",
        "stress=[-1602176.634, -1602176.634, -1602176.634, 0, 0, 0] Properties=species:S:1:pos:R:3:F:R:3 E=1 "
        "energy=5 config_type=bcc"};
    static const eqml_frames_options options[] = {
        {NULL, NULL, NULL, 0}, {NULL, NULL, NULL, 0}, {NULL, NULL, "GPa", 0}, {"E", "F", "bar", 1}};
    char folder[TEMPORARY_PATH], path[512], text[512];
    eqml_frames all = {0};
    eqml_message message;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/one.xyz", folder);
    for (size_t k = 0; k < COUNT(lines); k++) {
        eqml_frames f;
        snprintf(text, sizeof text, "1\nLattice=\"2 0 0 0 2 0 0 0 2\" %s\nW 0 0 0 7 8 9\n", lines[k]);
        write_file(path, text);
        cr_assert_eq(eqml_frames_read_as(path, "W", &options[k], &f, &message), EQML_OK, "%s", message.text);
        cr_expect_eq(f.has[0], EQML_FRAME_ENERGY | EQML_FRAME_VIRIAL | (k == 3 ? EQML_FRAME_FORCES : 0));
        cr_expect_float_eq(f.virial[2], -8 * EQML_EV, 1e-12, "case %zu: %g", k, f.virial[2] / EQML_EV);
        cr_expect_float_eq(f.energy[0], EQML_EV, 1e-15);
        if (k)
            cr_assert_eq(eqml_frames_append(&all, &f), EQML_OK);
        else
            all = f;
    }
    cr_assert_eq(all.n, COUNT(lines));
    cr_expect_eq(all.natoms, COUNT(lines));
    cr_expect_eq(all.ngroups, 2);
    cr_expect_str_eq(eqml_frames_group(&all, all.group[0]), "");
    cr_expect_str_eq(eqml_frames_group(&all, all.group[2]), "hot bcc");
    cr_expect_eq(all.group[1], all.group[3]);
    cr_expect_eq(all.first[4], 4);
    const eqml_frames_options torr = {.stress_unit = "torr"};
    eqml_frames_free(&all);
    cr_expect_eq(eqml_frames_read_as(path, "W", &torr, &all, &message), EQML_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(message.text, "torr"), "%s", message.text);
    cr_expect_eq(eqml_frames_read(path, "W", &all, &message), EQML_ERROR_FORMAT);
    cr_expect_not_null(strstr(message.text, "--stress-unit"), "%s", message.text);
    cr_expect_eq(eqml_atomic_number("H"), 1);
    cr_expect_eq(eqml_atomic_number("Ta"), 73);
    cr_expect_eq(eqml_atomic_number("Xx"), 0);
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
        {"1\nProperties=species:S:1:pos:R:3:force:R:3\nW 0 0 0 0 1e30 0\n",
         ":3: expected a number of at most 1e+06", EQML_ERROR_VALUE},
        {"1\nProperties=species:S:1:pos:R:3 energy=-1e15\nW 0 0 0\n",
         ":2: expected a number of at most 1e+12", EQML_ERROR_VALUE},
        {"2\nProperties=species:S:1:pos:R:3\nW 0 0 0\n", "cut off", EQML_ERROR_FORMAT},
    };
    char folder[TEMPORARY_PATH], path[512];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/bad.xyz", folder);
    for (size_t k = 0; k < COUNT(cases); k++) {
        eqml_frames f;
        eqml_message message = {""};
        write_file(path, cases[k].text);
        cr_expect_eq(eqml_frames_read(path, "W H", &f, &message), cases[k].status, "case %zu: %s", k,
                     message.text);
        cr_expect_not_null(strstr(message.text, cases[k].word), "case %zu: %s", k, message.text);
        cr_expect(!f.n && !f.xyz);
    }
    remove_folder(folder);
}
