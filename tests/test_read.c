/* The data reader: what the two layouts mean, what is forgiven, and what is refused with which words. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eqml.h"
#include "comma.h"
#include "temporary.h"

#define BOHR 0.529177210903     /* angstrom; CODATA 2018 */
#define HARTREE 27.211386245988 /* eV; CODATA 2018 */

static void assert_near(double value, double expected)
{
    cr_assert(fabs(value - expected) <= 1e-14 * (1.0 + fabs(expected)), "%.17g is not %.17g", value,
              expected);
}

/* ---- temporary files ---- */

typedef struct reading {
    char path[1024];
    eqml_status status;
    eqml_data data;
    eqml_message message;
} reading;

static void write_temporary(char path[1024], const char *text, size_t size)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, 1024, "%s/eqml_read_XXXXXX", folder && *folder ? folder : "/tmp");
    const int descriptor = mkstemp(path);
    cr_assert(descriptor >= 0, "no temporary file %s", path);
    FILE *file = fdopen(descriptor, "wb");
    cr_assert(file && fwrite(text, 1, size, file) == size && fclose(file) == 0);
}

static reading read_bytes(const char *text, size_t size)
{
    reading r;
    memset(&r.data, 0x55, sizeof r.data); /* what was there must not matter */
    memset(&r.message, 0x55, sizeof r.message);
    write_temporary(r.path, text, size);
    r.status = eqml_data_read(r.path, &r.data, &r.message);
    remove(r.path);
    return r;
}

static reading read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

/* Reads what must be accepted; the caller frees. */
static eqml_data accepted(const char *text)
{
    const reading r = read_text(text);
    cr_assert_eq(r.status, EQML_OK, "%s", r.message.text);
    cr_assert_str_empty(r.message.text);
    return r.data;
}

static void assert_refusal(const reading *r, eqml_status status, int line, const char *words)
{
    static const eqml_data nothing;
    char place[1100];
    snprintf(place, sizeof place, line ? "%s:%d: " : "%s: ", r->path, line);
    cr_assert_eq(r->status, status, "%s: %s", eqml_status_text(r->status), r->message.text);
    cr_assert_eq(strncmp(r->message.text, place, strlen(place)), 0, "expected %s..., found %s", place,
                 r->message.text);
    cr_assert_not_null(strstr(r->message.text, words), "expected ...%s..., found %s", words, r->message.text);
    cr_assert_null(strchr(r->message.text, '\n'));
    cr_assert_eq(memcmp(&r->data, &nothing, sizeof nothing), 0, "data must be zero after a failure");
}

static void refused(const char *text, eqml_status status, int line, const char *words)
{
    const reading r = read_text(text);
    assert_refusal(&r, status, line, words);
}

/* ---- extended XYZ ---- */

Test(read, extended_xyz_converts_units_and_turns_forces_into_gradients)
{
    eqml_data d =
        accepted("2\n"
                 "Properties=species:S:1:pos:R:3:forces:R:3 energy=-2.5 dipole=\"0.5 -1.5 2\" pbc=\"F F F\"\n"
                 "H 0.1 0.2 0.3 1.0 -2.0 3.0\n"
                 "Cl 1.1 0.2 0.3 -1.0 2.0 -3.0\n");
    const double xyz[] = {0.1, 0.2, 0.3, 1.1, 0.2, 0.3}, force[] = {1, -2, 3, -1, 2, -3},
                 dipole[] = {0.5, -1.5, 2};
    cr_assert_eq(d.natoms, 2);
    cr_assert_eq(d.n, 1);
    cr_assert_str_eq(d.symbols[0], "H");
    cr_assert_str_eq(d.symbols[1], "Cl");
    cr_assert_eq(d.has[0], EQML_HAS_ENERGY | EQML_HAS_GRADIENT | EQML_HAS_DIPOLE);
    assert_near(d.energy[0], -2.5 / HARTREE);
    for (int i = 0; i < 6; i++) {
        assert_near(d.xyz[i], xyz[i] / BOHR);
        assert_near(d.gradient[i], -force[i] / HARTREE * BOHR);
    }
    for (int k = 0; k < 3; k++)
        assert_near(d.tensors[EQML_DIPOLE][k], dipole[k] / BOHR);
    eqml_data_free(&d);
}

Test(read, extended_xyz_columns_come_in_any_order_with_others_between)
{
    eqml_data d = accepted("1\n"
                           "Properties=tags:I:1:force:R:3:note:S:2:pos:R:3:species:S:1:charge:R:1 energy=1\n"
                           "7 1 2 3 any words 4 5 6 H nan\n");
    cr_assert_str_eq(d.symbols[0], "H");
    for (int k = 0; k < 3; k++) {
        assert_near(d.xyz[k], (4 + k) / BOHR);
        assert_near(d.gradient[k], -(1 + k) / HARTREE * BOHR);
    }
    eqml_data_free(&d);
}

Test(read, extended_xyz_keys_are_found_however_they_are_written)
{
    static const char *const comments[] = {
        "energy=-3 dipole=\"1 2 3\"",
        "Energy = -3 DIPOLE = \"1 2 3\" PROPERTIES=species:S:1:pos:R:3",
        "energy=     -3.000 dipole_moment='1 2 3'",
        "dipole=[1, 2, 3] energy=\"-3\"",
        "dipole={1 2 3} flag energy=[-3]",
        "note=\"energy=5 dipole=\" dipole=\"[1.0, 2.0, 3.0]\"\tenergy=-0.3e1 free_energy=7 energy_error=8",
    };
    for (size_t i = 0; i < sizeof comments / sizeof *comments; i++) {
        char text[256];
        snprintf(text, sizeof text, "1\n%s\nH 0 0 0\n", comments[i]);
        eqml_data d = accepted(text);
        cr_assert_eq(d.has[0], EQML_HAS_ENERGY | EQML_HAS_DIPOLE);
        cr_assert_null(d.gradient);
        assert_near(d.energy[0], -3 / HARTREE);
        for (int k = 0; k < 3; k++)
            assert_near(d.tensors[EQML_DIPOLE][k], (1 + k) / BOHR);
        eqml_data_free(&d);
    }
}

Test(read, extended_xyz_may_lack_the_energy)
{
    eqml_data d = accepted("1\nProperties=species:S:1:pos:R:3 dipole=\"1 2 3\" free_energy=7\nH 0 0 0\n"
                           "1\nProperties=species:S:1:pos:R:3 energy=2\nH 0 0 0\n");
    cr_assert_eq(d.has[0], EQML_HAS_DIPOLE);
    cr_assert_eq(d.has[1], EQML_HAS_ENERGY);
    cr_assert_eq(d.energy[0], 0.0);
    cr_assert_eq(d.tensors[EQML_DIPOLE][3], 0.0);
    eqml_data_free(&d);
}

Test(read, extended_xyz_refuses_bad_properties)
{
    const eqml_status format = EQML_ERROR_FORMAT;
    refused("1\nProperties=species:S:1:forces:R:3\nH 0 0 0\n", format, 2, "pos:R:3");
    refused("1\nProperties=Z:I:1:pos:R:3\n1 0 0 0\n", format, 2, "species:S:1");
    refused("1\nProperties=species:S:1:pos:R:2\nH 0 0\n", format, 2, "pos:R:3");
    refused("1\nProperties=species:S:1:pos:R:3:forces:R:2\nH 0 0 0 0 0\n", format, 2, "forces:R:3");
    refused("1\nProperties=species:S:1:pos:R:3:pos:R:3\nH 0 0 0 0 0 0\n", format, 2, "Properties");
    refused("1\nProperties=species:S:1:pos:R\nH 0 0 0\n", format, 2, "Properties");
    refused("1\nProperties=species:S:1:pos:R:3:tags:I:x\nH 0 0 0 0\n", format, 2, "Properties");
    refused("1\nProperties=\nH 0 0 0\n", format, 2, "found nothing");
}

Test(read, extended_xyz_refuses_bad_values)
{
    const eqml_status format = EQML_ERROR_FORMAT, value = EQML_ERROR_VALUE;
    refused("1\nenergy=abc\nH 0 0 0\n", format, 2, "the energy, found \"abc\"");
    refused("1\nenergy=\"1 2\"\nH 0 0 0\n", format, 2, "expected 1 number as the energy, found \"1 2\"");
    refused("1\nenergy=\nH 0 0 0\n", format, 2, "found nothing");
    refused("1\nenergy=nan\nH 0 0 0\n", value, 2, "the energy, found \"nan\"");
    refused("1\nenergy=1 dipole=\"1 2\"\nH 0 0 0\n", format, 2, "3 numbers as the dipole, found \"1 2\"");
    refused("1\nenergy=1 dipole=\"1 2 3 4\"\nH 0 0 0\n", format, 2, "3 numbers as the dipole");
    refused("1\nenergy=1 dipole=\"1 inf 3\"\nH 0 0 0\n", value, 2, "the dipole, found \"inf\"");
    refused("1\nProperties=species:S:1:pos:R:3 note=\"open energy=1\nH 0 0 0\n", format, 2, "never closed");
    refused("1\nProperties=species:S:1:pos:R:3:forces:R:3\nH 0 0 0 1 NaN 2\n", value, 3,
            "a force, found \"NaN\"");
}

Test(read, extended_xyz_refuses_columns_other_than_announced)
{
    refused("1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=1\nH 0 0 0\n", EQML_ERROR_FORMAT, 3,
            "expected 7 columns for atom 1 of 1 in the frame of line 1, found 4: \"H 0 0 0\"");
    refused("1\nProperties=species:S:1:pos:R:3 energy=1\nH 0 0 0 1\n", EQML_ERROR_FORMAT, 3,
            "expected 4 columns");
    refused("1\nenergy=1\nH 0 0 0 1 2 3\n", EQML_ERROR_FORMAT, 3, "expected 4 columns");
}

/* ---- the MSA layout ---- */

Test(read, msa_layout_has_hartree_and_gradients)
{
    eqml_data d = accepted("    2\n"
                           "  -76.25\n"
                           "H     -0.1  0.2  0.3   0.5 -0.25  0.125\n"
                           "O      1.1  0.2  0.3  -0.5  0.25 -0.125\n");
    const double xyz[] = {-0.1, 0.2, 0.3, 1.1, 0.2, 0.3},
                 gradient[] = {0.5, -0.25, 0.125, -0.5, 0.25, -0.125};
    cr_assert_eq(d.n, 1);
    cr_assert_eq(d.energy[0], -76.25);
    cr_assert_eq(d.has[0], EQML_HAS_ENERGY | EQML_HAS_GRADIENT);
    cr_assert_null(d.tensors[EQML_DIPOLE]);
    for (int i = 0; i < 6; i++) {
        assert_near(d.xyz[i], xyz[i] / BOHR);
        cr_assert_eq(d.gradient[i], gradient[i]);
    }
    eqml_data_free(&d);
}

Test(read, msa_energy_may_be_followed_by_anything)
{
    eqml_data d = accepted("1\n-1.5 0.1 0.2 nan dipole=\"1 2 3\" it's \"open\nH 0 0 0\n");
    cr_assert_eq(d.energy[0], -1.5);
    cr_assert_eq(d.has[0], EQML_HAS_ENERGY);
    eqml_data_free(&d);
}

Test(read, msa_columns_beyond_those_known_are_ignored_if_all_atoms_have_them)
{
    static const char *const extra[] = {" q", " 0.5 q", " 1 2 3 q", " 1 2 3 q 0.5"};
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        char text[128];
        snprintf(text, sizeof text, "2\n1.0\nH 0 0 0%s\nH 0 0 1%s\n", extra[i], extra[i]);
        eqml_data d = accepted(text);
        cr_assert_eq(d.gradient != NULL, i >= 2);
        cr_assert(i < 2 || (d.gradient[3] == 1.0 && d.gradient[5] == 3.0));
        eqml_data_free(&d);
        snprintf(text, sizeof text, "2\n1.0\nH 0 0 0%s\nH 0 0 1%s 9\n", extra[i], extra[i]);
        refused(text, EQML_ERROR_FORMAT, 4, "columns for atom 2 of 2");
    }
}

Test(read, gradients_may_be_in_some_frames_only)
{
    eqml_data d = accepted("1\n1.0\nH 0 0 0\n1\n2.0\nH 0 0 0 4 5 6\n1\n3.0\nH 0 0 0\n");
    cr_assert_eq(d.n, 3);
    cr_assert_eq(d.has[0], EQML_HAS_ENERGY);
    cr_assert_eq(d.has[1], EQML_HAS_ENERGY | EQML_HAS_GRADIENT);
    cr_assert_eq(d.has[2], EQML_HAS_ENERGY);
    for (int k = 0; k < 3; k++) {
        cr_assert_eq(d.gradient[k], 0.0);
        cr_assert_eq(d.gradient[3 + k], 4.0 + k);
        cr_assert_eq(d.gradient[6 + k], 0.0);
    }
    eqml_data_free(&d);
}

Test(read, each_frame_is_recognised_by_its_own_comment_line)
{
    eqml_data d = accepted("1\n-1.0\nH 0 0 0 1 0 0\n"
                           "1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.0\nH 0 0 0 1 0 0\n");
    cr_assert_eq(d.energy[0], -1.0);
    assert_near(d.energy[1], -1.0 / HARTREE);
    cr_assert_eq(d.gradient[0], 1.0);
    assert_near(d.gradient[3], -BOHR / HARTREE);
    eqml_data_free(&d);
}

Test(read, comment_lines_of_neither_layout_are_refused)
{
    refused("1\nwater, optimised\nH 0 0 0\n", EQML_ERROR_FORMAT, 2, "the energy in hartree");
    refused("1\n\nH 0 0 0\n", EQML_ERROR_FORMAT, 2, "found nothing");
    refused("1\nREF_energy=-1.0\nH 0 0 0\n", EQML_ERROR_FORMAT, 2, "found \"REF_energy=-1.0\"");
    refused("1\nnan\nH 0 0 0\n", EQML_ERROR_VALUE, 2, "found \"nan\"");
}

/* ---- text, whatever wrote it ---- */

Test(read, line_ends_blank_lines_and_byte_order_marks_do_not_matter)
{
    static const char *const texts[] = {
        "2\n1.5\nH 0 0 0\nO 0 0 1\n2\n2.5\nH 0 0 0\nO 0 0 2\n",
        "2\n1.5\nH 0 0 0\nO 0 0 1\n2\n2.5\nH 0 0 0\nO 0 0 2",
        "2\r\n1.5\r\nH 0 0 0\r\nO 0 0 1\r\n2\r\n2.5\r\nH 0 0 0\r\nO 0 0 2\r\n",
        "\n \n2\n1.5\nH 0 0 0\nO 0 0 1\n\n\t\n2\n2.5\nH 0 0 0\nO 0 0 2\n\n\r\n  \n",
        "\xEF\xBB\xBF\t2 \n\t1.5 \n\tH\t0\t0\t0 \nO 0 0 1\n2\n2.5\nH 0 0 0\nO 0 0 2\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        eqml_data d = accepted(texts[i]);
        cr_assert_eq(d.n, 2);
        cr_assert_eq(d.energy[0], 1.5);
        cr_assert_eq(d.energy[1], 2.5);
        assert_near(d.xyz[11], 2 / BOHR);
        eqml_data_free(&d);
    }
}

Test(read, labels_come_in_any_case_or_as_atomic_numbers)
{
    eqml_data d = accepted("5\n0\nh 0 0 0\nCL 0 0 1\n6 0 0 2\n17 0 0 3\n118 0 0 4\n"
                           "5\n0\n1 0 0 0\ncl 0 0 1\nC 0 0 2\nCl 0 0 3\nog 0 0 4\n");
    static const char *const expected[] = {"H", "Cl", "C", "Cl", "Og"};
    cr_assert_eq(d.n, 2);
    for (int i = 0; i < 5; i++)
        cr_assert_str_eq(d.symbols[i], expected[i]);
    eqml_data_free(&d);
}

Test(read, labels_that_are_no_elements_are_refused)
{
    static const char *const labels[] = {"Hx1", "0",     "119", "Zz_a", "Abcd", "-",
                                         "1.5", "119.0", "H@",  "H@x",  "1_",   "_H"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        char text[64];
        snprintf(text, sizeof text, "2\n0\nH 0 0 0\n%s 0 0 1\n", labels[i]);
        refused(text, EQML_ERROR_FORMAT, 4, labels[i]);
    }
}

Test(read, decimal_numbers_are_read_as_strtod_reads_them)
{
    eqml_data d;
    unsigned long long seed = 1;
    for (int i = 0; i < 200; i++) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        const double energy = ldexp((double)(seed >> 11), (int)(seed % 160) - 174) * (i % 2 ? 1.0 : -1.0);
        char text[128];
        snprintf(text, sizeof text, i % 3 ? "1\n%.17g\nH 0 0 0\n" : "1\n%.17e\nH 0 0 0\n", energy);
        d = accepted(text);
        cr_assert_eq(d.energy[0], energy, "%s", text);
        eqml_data_free(&d);
    }
}

Test(read, numbers_may_have_fortran_exponents)
{
    eqml_data d = accepted("1\n-0.405D+02\nH 1.0d0 +.5 5.E-1 1D-3 -0 00\n");
    cr_assert_eq(d.energy[0], -40.5);
    assert_near(d.xyz[0], 1 / BOHR);
    assert_near(d.xyz[1], 0.5 / BOHR);
    assert_near(d.xyz[2], 0.5 / BOHR);
    cr_assert_eq(d.gradient[0], 1e-3);
    eqml_data_free(&d);
}

Test(read, numbers_do_not_depend_on_the_locale)
{
    char folder[TEMPORARY_PATH];
    make_folder(folder);
    use_decimal_comma(folder);
    eqml_data d = accepted("1\n-40.5\nH 0 0 0\n");
    cr_assert_eq(d.energy[0], -40.5);
    eqml_data_free(&d);
    refused("1\n-40,5\nH 0 0 0\n", EQML_ERROR_FORMAT, 2, "found \"-40,5\"");
    char command[TEMPORARY_PATH + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

Test(read, what_is_no_decimal_number_is_refused)
{
    static const char *const words[] = {"0x10", "1.0.0", "1e",  "e5",    "--1",    "1-2",
                                        ".",    "+",     "1,5", "*****", "1.0abc", "nan(1)"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char text[64];
        snprintf(text, sizeof text, "1\n0\nH 0 %s 0\n", words[i]);
        refused(text, EQML_ERROR_FORMAT, 3, words[i]);
    }
    const char zero[] = "1\n0\nH 0 1\0 0\n";
    const reading r = read_bytes(zero, sizeof zero - 1);
    assert_refusal(&r, EQML_ERROR_FORMAT, 3, "found \"1?\"");
}

Test(read, what_is_not_finite_or_not_physical_is_refused)
{
    static const char *const words[] = {"nan",    "NaN",    "-inf", "Infinity", "1e999",
                                        "-1e308", "1D+101", "1e30", "-2e12"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char text[64];
        snprintf(text, sizeof text, "1\n%s\nH 0 0 0\n", words[i]);
        refused(text, EQML_ERROR_VALUE, 2, words[i]);
        snprintf(text, sizeof text, "1\n0\nH 0 %s 0\n", words[i]);
        refused(text, EQML_ERROR_VALUE, 3, words[i]);
        snprintf(text, sizeof text, "1\n0\nH 0 0 0 1 %s 1\n", words[i]);
        refused(text, EQML_ERROR_VALUE, 3, words[i]);
    }
    refused("1\n0\nH 0 2e6 0\n", EQML_ERROR_VALUE, 3, "a coordinate, found \"2e6\"");
    refused("1\n0\nH 0 0 0 1 -2e6 1\n", EQML_ERROR_VALUE, 3, "at most 1e+06 as a gradient");
}

Test(read, nul_bytes_match_nothing)
{
    const char key[] = "1\nproperties\0x=species:S:1:pos:R:3\nH 0 0 0\n", label[] = "1\n0\nH\0 0 0 0\n";
    const reading in_key = read_bytes(key, sizeof key - 1), in_label = read_bytes(label, sizeof label - 1);
    assert_refusal(&in_key, EQML_ERROR_FORMAT, 2, "found \"properties?x=");
    assert_refusal(&in_label, EQML_ERROR_FORMAT, 3, "found \"H?\"");
}

Test(read, lines_may_be_of_any_length)
{
    const size_t length = 3000000;
    char *text = malloc(length + 64);
    memset(text, ' ', length + 64);
    memcpy(text, "1\n7.5", 5);
    memset(text + 6, 'x', length / 2);
    memcpy(text + length / 2 + 10, "\nH 0 0", 6);
    memcpy(text + length, "1\n", 3);
    eqml_data d = accepted(text);
    cr_assert_eq(d.energy[0], 7.5);
    assert_near(d.xyz[2], 1 / BOHR);
    eqml_data_free(&d);
    memcpy(text, "1\nabc", 5);
    refused(text, EQML_ERROR_FORMAT, 2, "found \"abc");
    free(text);
}

Test(read, many_frames_keep_their_order)
{
    const int n = 20000;
    char *text = malloc((size_t)n * 64), *end = text;
    for (int i = 0; i < n; i++)
        end += sprintf(end, "2\n%d\nH 0 0 0 %d 0 0\nF 0 0 %d.5 0 0 0\n", i, i, i);
    eqml_data d = accepted(text);
    cr_assert_eq(d.n, (size_t)n);
    for (int i = 0; i < n; i++) {
        cr_assert_eq(d.energy[i], (double)i);
        cr_assert_eq(d.gradient[6 * i], (double)i);
        assert_near(d.xyz[6 * i + 5], (i + 0.5) / BOHR);
    }
    eqml_data_free(&d);
    free(text);
}

/* ---- frames that do not fit ---- */

Test(read, a_wrong_number_of_atoms_is_refused)
{
    const eqml_status format = EQML_ERROR_FORMAT;
    refused("2\n0\nH 0 0 0\nH 0 0 1\nH 0 0 2\n", format, 5,
            "expected the number of atoms in a frame, found \"H 0 0 2\"");
    refused("3\n0\nH 0 0 0\nH 0 0 1\n3\n0\nH 0 0 0\nH 0 0 1\n", format, 5,
            "expected 4 columns for atom 3 of 3 in the frame of line 1, found 1: \"3\"");
    refused("1\n0\nH 0 0 0\n2\n0\nH 0 0 0\nH 0 0 1\n", format, 4,
            "expected 1 atoms as in the first frame, found 2");
    refused("2\n0\nH 0 0 0\n\nH 0 0 1\n", format, 4, "found 0: nothing");
    refused("0\n0\n", format, 1, "the number of atoms");
    refused("-1\n0\n", format, 1, "found \"-1\"");
    refused("2.0\n0\nH 0 0 0\nH 0 0 1\n", format, 1, "found \"2.0\"");
    refused("2 1.0\n0\nH 0 0 0\nH 0 0 1\n", format, 1, "found \"2 1.0\"");
    refused("99999999999999999999\n0\n", format, 1, "the number of atoms");
    refused("some prose\n", format, 1, "found \"some prose\"");
}

Test(read, other_atoms_are_refused)
{
    refused("2\n0\nH 0 0 0\nF 0 0 1\n2\n0\nH 0 0 0\nCl 0 0 1\n", EQML_ERROR_FORMAT, 8,
            "expected F as atom 2, as in the first frame, found Cl");
    refused("2\n0\nH 0 0 0\nF 0 0 1\n2\n0\nF 0 0 0\nF 0 0 1\n", EQML_ERROR_FORMAT, 7, "expected H as atom 1");
}

Test(read, a_file_that_is_cut_off_is_refused_wherever_it_ends)
{
    const char text[] =
        "2\n1.5\nH 0 0 0 1 2 3\nF 0 0 1 1 2 3\n"
        "2\nenergy=1.5 Properties=species:S:1:pos:R:3:forces:R:3\nH 0 0 0 1 2 3\nF 0 0 1 1 2 3\n";
    const size_t first = strlen("2\n1.5\nH 0 0 0 1 2 3\nF 0 0 1 1 2 3");
    for (size_t size = 1; size < sizeof text - 2; size++) {
        if (size == first || size == first + 1)
            continue;
        const reading r = read_bytes(text, size);
        cr_assert_eq(r.status, EQML_ERROR_FORMAT, "%zu bytes: %s", size, r.message.text);
    }
    refused("2\n0\nH 0 0 0\nF 0 0 1\n2\n0\nH 0 0 0\n", EQML_ERROR_FORMAT, 7,
            "the file ends after atom 1 of 2 in the frame of line 5");
    refused("2\n0\nH 0 0 0\nF 0 0 1\n2\n", EQML_ERROR_FORMAT, 5, "cut off");
    refused("2\n0\nH 0 0 0\n", EQML_ERROR_FORMAT, 3, "cut off");
    refused("999999999\n0\nH 0 0 0\n", EQML_ERROR_FORMAT, 1, "cut off");
}

Test(read, coordinates_that_are_missing_are_refused)
{
    refused("2\n0\nH 0 0\nH 0 0 1\n", EQML_ERROR_FORMAT, 3, "found 3: \"H 0 0\"");
    refused("2\n0\nH 0 0 0\nH 0 0\n", EQML_ERROR_FORMAT, 4, "found 3: \"H 0 0\"");
    refused("1\n0\nH 1.0 abc 0\n", EQML_ERROR_FORMAT, 3,
            "expected a decimal number as a coordinate, found \"abc\"");
    refused("1\n0\nH 0 0 0 1 x 2\n", EQML_ERROR_FORMAT, 3, "a gradient, found \"x\"");
}

Test(read, coincident_atoms_are_refused_at_their_frame)
{
    refused("3\n0\nH 0 0 0\nO 0 0 1\nF 0 0 2\n3\n0\nH 0 0 0\nO 0 1 1\nF 0 1 1.0000001\n", EQML_ERROR_VALUE, 6,
            "atoms 2 (O) and 3 (F)");
    eqml_data d = accepted("3\n0\nH 0 0 0\nO 0 0 0.000001\nF 0 0 1\n");
    cr_assert_eq(d.n, 1);
    eqml_data_free(&d);
}

Test(read, empty_files_are_told_from_bad_ones)
{
    const reading nothing = read_text(""), blank = read_text("\n  \r\n");
    assert_refusal(&nothing, EQML_ERROR_EMPTY, 0, "no geometry");
    assert_refusal(&blank, EQML_ERROR_EMPTY, 2, "no geometry");
}

Test(read, files_that_cannot_be_read_are_refused_with_the_reason)
{
    reading r;
    write_temporary(r.path, "", 0);
    remove(r.path);
    r.status = eqml_data_read(r.path, &r.data, &r.message);
    assert_refusal(&r, EQML_ERROR_FILE, 0, "No such file");
    strcpy(r.path, ".");
    r.status = eqml_data_read(r.path, &r.data, &r.message);
    assert_refusal(&r, EQML_ERROR_FILE, 0, "directory");
}

Test(read, long_names_and_long_lines_leave_room_for_the_reason)
{
    char path[900];
    eqml_data d;
    eqml_message message;
    memset(path, 'a', sizeof path);
    strcpy(path + sizeof path - 10, "/last.xyz");
    cr_assert_eq(eqml_data_read(path, &d, &message), EQML_ERROR_FILE);
    cr_assert_not_null(strstr(message.text, "/last.xyz: "));
    cr_assert(strlen(message.text) > strcspn(message.text, " ") + 10);
}

Test(read, arguments_are_checked_and_the_message_is_optional)
{
    eqml_data d;
    eqml_message message;
    cr_assert_eq(eqml_data_read(NULL, &d, &message), EQML_ERROR_ARGUMENT);
    cr_assert_not_null(strstr(message.text, "path"));
    cr_assert_null(d.xyz);
    cr_assert_eq(eqml_data_read("x", NULL, NULL), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_data_read(".", &d, NULL), EQML_ERROR_FILE);
    eqml_data_free(&d);
    eqml_data_free(&d);
    eqml_data_free(NULL);
}

Test(read, every_status_has_its_own_text)
{
    for (int i = 0; i < EQML_STATUS_COUNT; i++)
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(eqml_status_text((eqml_status)i), eqml_status_text((eqml_status)j));
    cr_assert_str_eq(eqml_status_text(EQML_OK), "success");
    cr_assert_not_null(eqml_status_text((eqml_status)1000));
}

/* ---- atoms and composition ---- */

/* One frame of atoms 0, 1, ... with these labels; atom i has x = i bohr and a gradient of i. */
static eqml_data atoms(const char *labels)
{
    char text[4096], words[1024], *end = text;
    int n = 0;
    strcpy(words, labels);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "), n++)
        end += sprintf(end, "%s %.17g 0 0 %d 0 0\n", word, n * BOHR, n);
    char all[8400];
    snprintf(all, sizeof all, "%d\n0\n%s%d\n1\n%s", n, text, n, text);
    return accepted(all);
}

/* order: the atoms of the file, as digits, that must come in this order */
static void assert_match(const char *labels, const char *composition, const int *classes, const char *order)
{
    eqml_data d = atoms(labels);
    const eqml_data before = atoms(labels);
    eqml_message message;
    cr_assert_eq(eqml_data_match(&d, composition, classes, &message), EQML_OK, "%s", message.text);
    cr_assert_str_empty(message.text);
    for (int row = 0; row < 2 * d.natoms; row++) {
        const int atom = row % d.natoms, source = order[atom] - '0';
        assert_near(d.xyz[3 * row], source);
        cr_assert_eq(d.gradient[3 * row], (double)source);
        cr_assert_str_eq(d.symbols[atom], before.symbols[source]);
    }
    eqml_data_free(&d);
    eqml_data copy = before;
    eqml_data_free(&copy);
}

static void assert_no_match(const char *labels, const char *composition, const int *classes,
                            const char *words)
{
    eqml_data d = atoms(labels);
    eqml_message message;
    cr_assert_eq(eqml_data_match(&d, composition, classes, &message), EQML_ERROR_MATCH);
    cr_assert_not_null(strstr(message.text, words), "expected ...%s..., found %s", words, message.text);
    for (int row = 0; row < 2 * d.natoms; row++)
        cr_assert_eq(d.gradient[3 * row], (double)(row % d.natoms), "refused data must stay as they were");
    cr_assert_eq(eqml_data_match(&d, composition, classes, NULL), EQML_ERROR_MATCH);
    eqml_data_free(&d);
}

Test(match, elements_in_one_class_each_are_brought_into_order)
{
    const int methane[] = {0, 0, 0, 0, 1};
    assert_match("H H H H C", "H H H H C", methane, "01234");
    assert_match("C H H H H", "H H H H C", methane, "12340");
    assert_match("H c 1 H H", "H H H H C", methane, "02341");
    const int formaldehyde[] = {0, 0, 1, 2};
    assert_match("O C H H", "H H C O", formaldehyde, "2310");
    assert_match("H O H C", "  H H\tC O ", formaldehyde, "0231");
    const int chlorides[] = {7, 7, -3};
    assert_match("C CL cl", "Cl Cl C", chlorides, "120");
}

Test(match, atoms_of_one_element_keep_their_order)
{
    const int dimer[] = {0, 0, 1, 0, 0, 1};
    assert_match("H H O H H O", "H H O H H O", dimer, "012345");
    assert_match("O H H O H H", "H H O H H O", dimer, "120453");
    assert_match("H H H H O O", "H H O H H O", dimer, "014235");
}

Test(match, elements_in_several_classes_need_the_order_of_the_composition)
{
    const int classes[] = {0, 0, 0, 1, 1, 2, 3};
    assert_match("H H H H H C O", "H H H H H C O", classes, "0123456");
    assert_no_match("C H H H H H O", "H H H H H C O", classes, "several classes");
    assert_no_match("C H H H H H O", "H H H H H C O", classes,
                    "(C H H H H H O) and composition (H H H H H C O)");
}

Test(match, symbols_that_are_no_elements_of_the_data_take_the_order_of_the_file)
{
    const int a4b[] = {0, 0, 0, 0, 1}, a2b2[] = {0, 0, 1, 1};
    assert_match("H H H H C", "A A A A B", a4b, "01234");
    assert_match("H H H H H", "A A A A B", a4b, "01234");
    assert_match("O O H H", "X1 X1 Abcd Abcd", a2b2, "0123");
    assert_no_match("C H H H H", "A A A A B", a4b, "a class would have several elements");
}

Test(match, other_elements_are_refused)
{
    const int methane[] = {0, 0, 0, 0, 1};
    assert_no_match("H H H H O", "H H H H C", methane, "differ in number");
    assert_no_match("H H H C C", "H H H H C", methane, "(H H H C C) and composition (H H H H C)");
    assert_no_match("H H H H B", "A A A A B", (const int[]){0, 0, 1, 1, 2}, "differ in number");
}

Test(match, another_number_of_atoms_is_refused)
{
    assert_no_match("H H H H", "H H H H C", (const int[]){0, 0, 0, 0, 1},
                    "4 atoms, but the composition has 5");
    assert_no_match("H H H H C", "H H O", (const int[]){0, 0, 1}, "5 atoms, but the composition has 3");
}

Test(match, long_orders_are_cut_in_the_message)
{
    char labels[256] = "He", composition[256] = "He";
    int classes[41] = {0};
    for (int i = 1; i < 41; i++) {
        strcat(labels, " He");
        strcat(composition, i < 40 ? " He" : " Ne");
    }
    classes[40] = 1;
    assert_no_match(labels, composition, classes, "He ...) and composition (He He");
    assert_no_match(labels, composition, classes, "He ...) do not match: the elements differ in number");
}

Test(match, data_without_gradients_match_too)
{
    eqml_data d = accepted("2\n0\nF 0 0 0\nH 0 0 1\n");
    const int classes[] = {0, 1};
    cr_assert_eq(eqml_data_match(&d, "H F", classes, NULL), EQML_OK);
    cr_assert_null(d.gradient);
    assert_near(d.xyz[2], 1 / BOHR);
    cr_assert_str_eq(d.symbols[0], "H");
    eqml_data_free(&d);
}

Test(match, arguments_are_checked)
{
    eqml_data empty, d = atoms("H");
    const int classes[] = {0};
    eqml_message message;
    memset(&empty, 0, sizeof empty);
    cr_assert_eq(eqml_data_match(NULL, "H", classes, &message), EQML_ERROR_ARGUMENT);
    cr_assert_str_not_empty(message.text);
    cr_assert_eq(eqml_data_match(&empty, "H", classes, NULL), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_data_match(&d, NULL, classes, NULL), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_data_match(&d, "H", NULL, NULL), EQML_ERROR_ARGUMENT);
    eqml_data_free(&d);
}
