/*
 * Input that says what it is: units, keys, columns, labels and orders of real files, each read as it is meant, or refused or
 * named in one line. The library first, then the command line of the fit.
 */
#define _POSIX_C_SOURCE 200809L
#include "support.h"

#define BOHR 0.529177210903     /* angstrom; CODATA 2018, as all below */
#define HARTREE 27.211386245988 /* eV */
#define KCAL 627.5094740631     /* kcal/mol */
#define KJ 2625.4996394799      /* kJ/mol */
#define WAVENUMBER 219474.6313632
#define DEBYE 0.3934302695 /* e*bohr */

static char folder[TEMPORARY_PATH];

static void begin(void)
{
    make_folder(folder);
}

static void end(void)
{
    remove_folder(folder);
}

TestSuite(input, .init = begin, .fini = end);
TestSuite(input_command, .init = begin, .fini = end);

static void place(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    write_file(path, text);
}

/* ---- the library -------------------------------------------------------------------------------------- */

typedef struct reading {
    eqml_data data;
    eqml_data_source source;
    eqml_status status;
    eqml_message message;
} reading;

static reading read_as(const char *text, const eqml_data_options *options)
{
    reading r;
    char path[400];
    place("data.xyz", text);
    snprintf(path, sizeof path, "%s/data.xyz", folder);
    r.status = eqml_data_read_as(path, options, &r.data, &r.source, &r.message);
    return r;
}

static reading accepted(const char *text, const eqml_data_options *options)
{
    reading r = read_as(text, options);
    cr_assert_eq(r.status, EQML_OK, "%s%s", text, r.message.text);
    return r;
}

static void refused(const char *text, const eqml_data_options *options, int line, const char *word)
{
    reading r = read_as(text, options);
    char at[32];
    snprintf(at, sizeof at, "data.xyz:%d: ", line);
    cr_assert_neq(r.status, EQML_OK, "%s", text);
    cr_assert_not_null(strstr(r.message.text, line ? at : "data.xyz: "), "%s%s", text, r.message.text);
    cr_assert_not_null(strstr(r.message.text, word), "%s: expected ...%s..., found %s", text, word,
                       r.message.text);
    cr_assert_null(r.data.xyz);
}

static void assert_near(double value, double expected, const char *what)
{
    cr_assert(fabs(value - expected) <= 1e-9 * fabs(expected), "%s: %.17g is not %.17g", what, value,
              expected);
}

/* Two atoms with gradients, in the plain layout, and with forces, in the extended one. */
#define PLAIN(comment) "2\n" comment "\nH 0 0 0 1 0 0\nF 0 0 1 -1 0 0\n"
#define EXTENDED(keys)                                                                                       \
    "2\nProperties=species:S:1:pos:R:3:forces:R:3 " keys "\nH 0 0 0 1 0 0\nF 0 0 1 -1 0 0\n"

Test(input, units_by_name)
{
    static const struct {
        eqml_quantity quantity;
        const char *name;
        double size;
    } units[] = {{EQML_UNIT_ENERGY, "hartree", 1},
                 {EQML_UNIT_ENERGY, "Eh", 1},
                 {EQML_UNIT_ENERGY, "au", 1},
                 {EQML_UNIT_ENERGY, "eV", 1 / HARTREE},
                 {EQML_UNIT_ENERGY, "EV", 1 / HARTREE},
                 {EQML_UNIT_ENERGY, "kcal/mol", 1 / KCAL},
                 {EQML_UNIT_ENERGY, "kJ/mol", 1 / KJ},
                 {EQML_UNIT_ENERGY, "cm-1", 1 / WAVENUMBER},
                 {EQML_UNIT_ENERGY, "cm^-1", 1 / WAVENUMBER},
                 {EQML_UNIT_ENERGY, "Ry", 0.5},
                 {EQML_UNIT_LENGTH, "bohr", 1},
                 {EQML_UNIT_LENGTH, "Angstrom", 1 / BOHR},
                 {EQML_UNIT_LENGTH, "nm", 10 / BOHR},
                 {EQML_UNIT_GRADIENT, "hartree/bohr", 1},
                 {EQML_UNIT_GRADIENT, "au", 1},
                 {EQML_UNIT_GRADIENT, "eV/A", BOHR / HARTREE},
                 {EQML_UNIT_GRADIENT, "kcal/mol/angstrom", BOHR / KCAL},
                 {EQML_UNIT_GRADIENT, "cm-1/bohr", 1 / WAVENUMBER},
                 {EQML_UNIT_DIPOLE, "debye", DEBYE},
                 {EQML_UNIT_DIPOLE, "e*angstrom", 1 / BOHR},
                 {EQML_UNIT_QUADRUPOLE, "e*angstrom^2", 1 / (BOHR * BOHR)},
                 {EQML_UNIT_QUADRUPOLE, "buckingham", DEBYE / BOHR},
                 {EQML_UNIT_POLARIZABILITY, "angstrom^3", 1 / (BOHR * BOHR * BOHR)}};
    for (size_t k = 0; k < COUNT(units); k++)
        assert_near(eqml_unit(units[k].quantity, units[k].name), units[k].size, units[k].name);
    static const char *const wrong[] = {"",      "furlong", "hartree/", "/bohr", "bohr/hartree",
                                        "eV/eV", "angstrom"};
    for (size_t k = 0; k < COUNT(wrong); k++) {
        cr_assert_eq(eqml_unit(EQML_UNIT_ENERGY, wrong[k]), 0, "%s", wrong[k]);
        cr_assert_eq(eqml_unit(EQML_UNIT_GRADIENT, wrong[k]), 0, "%s", wrong[k]);
    }
    cr_assert_eq(eqml_unit(EQML_UNIT_ENERGY, NULL), 0);
}

/* The same file in different units is the same data. */
Test(input, units_of_options)
{
    static const struct {
        const char *energy, *length, *gradient;
        double e, x, g;
    } cases[] = {{"eV", "angstrom", "eV/angstrom", 1 / HARTREE, 1 / BOHR, BOHR / HARTREE},
                 {"hartree", "bohr", "hartree/bohr", 1, 1, 1},
                 {"hartree", "bohr", NULL, 1, 1, 1},
                 {"kcal/mol", NULL, "kcal/mol/angstrom", 1 / KCAL, 1 / BOHR, BOHR / KCAL},
                 {"cm-1", "bohr", "cm-1/bohr", 1 / WAVENUMBER, 1, 1 / WAVENUMBER}};
    for (size_t k = 0; k < COUNT(cases); k++)
        for (int extended = 0; extended < 2; extended++) {
            eqml_data_options o = {.unit = {cases[k].energy, cases[k].length, cases[k].gradient, "debye"}};
            reading r = accepted(extended ? EXTENDED("energy=-3 dipole=\"1 0 0\"") : PLAIN("-3"), &o);
            assert_near(r.data.energy[0], -3 * cases[k].e, "energy");
            assert_near(r.data.xyz[5], cases[k].x, "position");
            assert_near(r.data.gradient[0], (extended ? -1 : 1) * cases[k].g, "gradient");
            if (extended)
                assert_near(r.data.tensors[EQML_DIPOLE][0], DEBYE, "dipole");
            const eqml_data_layout *l = extended ? &r.source.extended : &r.source.plain;
            cr_assert_str_eq(l->unit[EQML_UNIT_ENERGY], cases[k].energy);
            eqml_data_free(&r.data);
        }
}

Test(input, units_that_the_file_names)
{
    static const struct {
        const char *text;
        double energy;
    } cases[] = {
        {"2\n-3 hartree\nH 0 0 0\nF 0 0 1\n", -3},
        {"2\n-3 eV\nH 0 0 0\nF 0 0 1\n", -3 / HARTREE},
        {"2\n-3 [kcal/mol]\nH 0 0 0\nF 0 0 1\n", -3 / KCAL},
        {"2\n-3 (cm-1) water\nH 0 0 0\nF 0 0 1\n", -3 / WAVENUMBER},
        {"2\n-3 energy_unit=kJ/mol\nH 0 0 0\nF 0 0 1\n", -3 / KJ},
        {"2\nenergy=-3 energy_unit=hartree\nH 0 0 0\nF 0 0 1\n", -3},
        {"2\nenergy=-3 units=au\nH 0 0 0\nF 0 0 1\n", -3},
        {"2\nenergy=-3 units=eV time_unit=fs\nH 0 0 0\nF 0 0 1\n", -3 / HARTREE},
        {EXTENDED("energy=-3 energy_units=hartree length_unit=angstrom forces_unit=hartree/bohr"), -3}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        reading r = accepted(cases[k].text, NULL);
        assert_near(r.data.energy[0], cases[k].energy, cases[k].text);
        eqml_data_free(&r.data);
    }
    reading r = accepted(EXTENDED("energy=-3 units=au"), NULL);
    assert_near(r.data.xyz[5], 1, "a position in bohr");
    assert_near(r.data.gradient[0], -1, "a force in hartree/bohr");
    eqml_data_free(&r.data);
    const eqml_data_options o = {.unit = {"hartree"}}; /* an option comes before what the file says */
    r = accepted("2\n-3 eV\nH 0 0 0\nF 0 0 1\n", &o);
    assert_near(r.data.energy[0], -3, "the option's unit");
    eqml_data_free(&r.data);
    refused(PLAIN("-3 kcal/mole"), NULL, 2, "kcal/mole");
    refused(PLAIN("-3 total energy in eV"), NULL, 2, "--energy-unit");
    refused(PLAIN("-3 water, (cm-1)"), NULL, 2, "--energy-unit");
    refused("2\nenergy=-3 kcal/mole\nH 0 0 0\nF 0 0 1\n", NULL, 2, "kcal/mole");
    refused("2\nenergy=-3\nH 0 0 0 1 2 3\nF 0 0 1 1 2 3\n", NULL, 3, "the key Properties says");
    refused(PLAIN("-3 energy_unit=stone"), NULL, 2, "\"stone\"");
    refused(EXTENDED("energy=-3 units=metal"), NULL, 2, "\"metal\"");
}

Test(input, the_unit_of_gradients_is_asked_where_it_is_open)
{
    refused(PLAIN("-3 eV"), NULL, 2, "--gradient-unit");
    refused(EXTENDED("energy=-3 energy_unit=hartree"), NULL, 2, "--gradient-unit");
    refused(EXTENDED("energy=-3 length_unit=bohr"), NULL, 2, "--gradient-unit");
    eqml_data_options o = {.skip_unclear = 1};
    reading r = accepted(PLAIN("-3 eV"), &o);
    cr_assert_null(r.data.gradient);
    eqml_data_free(&r.data);
}

Test(input, keys_and_columns_of_options)
{
    static const char text[] =
        "2\nProperties=species:S:1:pos:R:3:REF_forces:R:3:grad:R:3 REF_energy=-3 dft_energy=-4\n"
        "H 0 0 0 1 0 0 2 0 0\nF 0 0 1 -1 0 0 -2 0 0\n";
    eqml_data_options o = {.energy_key = "ref_ENERGY", .force_key = "REF_forces"};
    reading r = accepted(text, &o);
    assert_near(r.data.energy[0], -3 / HARTREE, "REF_energy");
    assert_near(r.data.gradient[0], -BOHR / HARTREE, "REF_forces");
    cr_assert_eq(r.source.nunused, 2);
    eqml_data_free(&r.data);
    o = (eqml_data_options){.energy_key = "dft_energy", .gradient_key = "grad"};
    r = accepted(text, &o);
    assert_near(r.data.energy[0], -4 / HARTREE, "dft_energy");
    assert_near(r.data.gradient[0], 2 * BOHR / HARTREE, "grad");
    eqml_data_free(&r.data);
    r = accepted(text, NULL); /* nothing is guessed */
    cr_assert_eq(r.data.has[0], 0);
    cr_assert_eq(r.source.nunused, 4);
    eqml_data_free(&r.data);

    o = (eqml_data_options){.energy_column = 3, .force_key = "6"};
    r = accepted("2\n17 -9 -3, n-body\nH 0 0 0 0.4 1 0 0\nF 0 0 1 -0.4 -1 0 0\n", &o);
    assert_near(r.data.energy[0], -3, "column 3");
    assert_near(r.data.gradient[0], -1, "forces from column 6 on");
    cr_assert_str_eq(r.source.plain.energy, "column 3");
    cr_assert_eq(r.source.nunused, 2);
    eqml_data_free(&r.data);

    o = (eqml_data_options){.energy_key = "no_energy"};
    refused(text, &o, 0, "REF_energy, dft_energy");
    o = (eqml_data_options){.force_key = "no_forces"};
    refused(text, &o, 0, "REF_forces, grad");
    refused(PLAIN("-3"), &o, 0, "its number");
    o = (eqml_data_options){.energy_column = 3};
    refused(PLAIN("-3 -4"), &o, 2, "found nothing");
    o = (eqml_data_options){.unit = {"stone"}};
    cr_assert_eq(eqml_data_read_as("none", &o, &r.data, NULL, &r.message), EQML_ERROR_ARGUMENT);
    o = (eqml_data_options){.energy_key = "a", .energy_column = 1};
    cr_assert_eq(eqml_data_read_as("none", &o, &r.data, NULL, &r.message), EQML_ERROR_ARGUMENT);
    o = (eqml_data_options){.force_key = "a", .gradient_key = "b"};
    cr_assert_eq(eqml_data_read_as("none", &o, &r.data, NULL, &r.message), EQML_ERROR_ARGUMENT);
}

Test(input, a_leading_number_means_the_plain_layout)
{
    static const char *const same[] = {"-76.3 energy=-76.3", "-76.3 energy=-2076.22877057"};
    for (size_t k = 0; k < COUNT(same); k++) {
        char text[200];
        snprintf(text, sizeof text, "2\n%s\nH 0 0 0 1 0 0\nF 0 0 1 -1 0 0\n", same[k]);
        reading r = accepted(text, NULL);
        assert_near(r.data.energy[0], -76.3, same[k]);
        assert_near(r.data.gradient[0], 1, same[k]);
        eqml_data_free(&r.data);
    }
    refused(PLAIN("0.5 energy=-76.3"), NULL, 2, "--energy-column 1 or --energy-key energy");
    refused("2\n-76.3 Properties=species:S:1:pos:R:3 energy=-3\nH 0 0 0\nF 0 0 1\n", NULL, 2,
            "-76.3 at the beginning");
    const eqml_data_options o = {.energy_key = "energy"};
    reading r = accepted("2\n12 Properties=species:S:1:pos:R:3 energy=-3\nH 0 0 0\nF 0 0 1\n", &o);
    assert_near(r.data.energy[0], -3 / HARTREE, "the key");
    eqml_data_free(&r.data);
}

Test(input, a_key_twice_is_refused)
{
    refused(EXTENDED("energy=-1 energy=-2"), NULL, 2, "\"energy\" is there twice");
    refused(EXTENDED("energy=-1 Energy=-1"), NULL, 2, "\"Energy\" is there twice");
    refused(EXTENDED("energy=-1 dipole=\"1 2 3\" dipole_moment=\"1 2 3\""), NULL, 2, "twice");
    refused(EXTENDED("properties=species:S:1:pos:R:3 energy=-1"), NULL, 2, "twice");
}

Test(input, labels_and_numbers_as_programs_write_them)
{
    static const char *const labels[][2] = {
        {"H1", "H"},       {"O_w", "O"},  {"8", "O"},       {"8.0", "O"},     {"17.", "Cl"},
        {"CL3", "Cl"},     {"C(2)", "C"}, {"H@2.014", "D"}, {"H@1.008", "H"}, {"H@3.016", "T"},
        {"C@13.003", "C"}, {"D", "D"},    {"D1", "D"},      {"t", "T"}};
    for (size_t k = 0; k < COUNT(labels); k++) {
        char text[100];
        snprintf(text, sizeof text, "2\n0\n%s 0 0 0\nF 0 0 1\n", labels[k][0]);
        reading r = accepted(text, NULL);
        cr_assert_str_eq(r.data.symbols[0], labels[k][1], "%s", labels[k][0]);
        eqml_data_free(&r.data);
    }
    reading r = accepted("2\n-0.5-001\nH 0 0.25-103 -1.5+000\nF 0 0 1\n", NULL);
    assert_near(r.data.energy[0], -0.05, "-0.5-001");
    assert_near(r.data.xyz[1], 0.25e-103 / BOHR, "0.25-103");
    assert_near(r.data.xyz[2], -1.5 / BOHR, "-1.5+000");
    eqml_data_free(&r.data);
}

/* D and T are hydrogen, but where the composition has them. */
Test(input, isotopes_follow_the_composition)
{
    static const char heavy[] = "3\n-1\nO 0 0 0\nD 0 0 1\nH@2.014 0 1 0\n",
                      mixed[] = "3\n-1\nD 0 0 0\nO 0 0 1\nH 0 1 0\n";
    const int water[] = {0, 0, 1}, apart[] = {0, 1, 2};
    reading r = accepted(heavy, NULL);
    cr_assert_eq(eqml_data_match(&r.data, "H H O", water, &r.message), EQML_OK, "%s", r.message.text);
    cr_assert_str_eq(r.data.symbols[0], "H");
    eqml_data_free(&r.data);
    r = accepted(heavy, NULL);
    cr_assert_eq(eqml_data_match(&r.data, "D D O", water, &r.message), EQML_OK, "%s", r.message.text);
    cr_assert_str_eq(r.data.symbols[0], "D");
    eqml_data_free(&r.data);
    r = accepted(mixed, NULL);
    cr_assert_eq(eqml_data_match(&r.data, "D D O", water, NULL), EQML_ERROR_MATCH);
    cr_assert_eq(eqml_data_match(&r.data, "H D O", apart, &r.message), EQML_OK, "%s", r.message.text);
    assert_near(r.data.xyz[1], 1 / BOHR, "the H");
    eqml_data_free(&r.data);
}

#define FIRST "3\n-1\nH 0 0 1 0 1 0\nO 0 0 0 0 2 0\nH 0 1 0 0 -3 0\n"
#define SECOND "3\n-2\nO 0 0 3 0 4 0\nH 0 0 1 0 5 0\nH 0 0 2 0 -9 0\n"

Test(input, frames_in_another_order_are_matched_by_element)
{
    reading r = accepted(FIRST SECOND, NULL);
    cr_assert_eq(r.data.reordered, 1);
    const double z[] = {1, 3, 2}, g[] = {5, 4, -9};
    for (int i = 0; i < 3; i++) {
        assert_near(r.data.xyz[9 + 3 * i + 2], z[i] / BOHR, "position");
        assert_near(r.data.gradient[9 + 3 * i + 1], g[i], "gradient");
    }
    const int water[] = {0, 0, 1}, apart[] = {0, 1, 2};
    cr_assert_eq(eqml_data_match(&r.data, "H O H", apart, &r.message), EQML_ERROR_MATCH);
    cr_assert_not_null(strstr(r.message.text, "different orders"), "%s", r.message.text);
    cr_assert_eq(eqml_data_match(&r.data, "H H O", water, &r.message), EQML_OK, "%s", r.message.text);
    assert_near(r.data.xyz[9 + 8], 3 / BOHR, "the O");
    eqml_data_free(&r.data);
}

Test(input, orders)
{
    const int apart[] = {0, 1, 2}, order[] = {2, 0, 1};
    reading r = accepted(FIRST, NULL);
    cr_assert_eq(eqml_data_match_order(&r.data, "H H O", apart, order, &r.message), EQML_OK, "%s",
                 r.message.text);
    const double g[] = {-3, 1, 2};
    for (int i = 0; i < 3; i++)
        assert_near(r.data.gradient[3 * i + 1], g[i], "gradient");
    eqml_data_free(&r.data);
    r = accepted(FIRST, NULL);
    static const int wrong[][3] = {{0, 1, 2}, {0, 0, 1}, {0, 2, 3}, {-1, 0, 1}};
    for (size_t k = 0; k < COUNT(wrong); k++)
        cr_assert_eq(eqml_data_match_order(&r.data, "H H O", apart, wrong[k], &r.message), EQML_ERROR_MATCH);
    eqml_data_free(&r.data);
    r = accepted(FIRST SECOND, NULL); /* one order cannot serve both */
    cr_assert_eq(eqml_data_match_order(&r.data, "H H O", apart, order, &r.message), EQML_ERROR_MATCH);
    eqml_data_free(&r.data);
}

Test(input, displacements_are_no_positions)
{
    refused("3\n-1\nH 0.1 0 0\nO 0 0.02 0\nH 0 0 -0.1\n", NULL, 1, "displacements");
    refused(FIRST "3\n-1\nH 0.1 0 0\nO 0 0.02 0\nH 0 0 -0.1\n", NULL, 6, "--length-unit");
    refused("2\n-1\nH 0.1 0 0\nH 0 0 0\n", NULL, 1, "displacements");
    eqml_data_options o = {.unit = {NULL, "nm"}};
    reading r = accepted("3\n-1\nH 0.1 0 0\nO 0 0.02 0\nH 0 0 -0.1\n", &o);
    eqml_data_free(&r.data);
}

/* ---- the command line of the fit ---------------------------------------------------------------------- */

#define FIT                                                                                                  \
    "build/tests/fit --runtime eqml.h --basis-header build/tests/h2o_d8.h --name w --directory '%s' --check"

static const char water[] = "3\n"
                            "-76.2\n"
                            "H 0.0 0.75 0.6 0 0.1 0\nH 0.0 -0.75 0.6 0 -0.1 0\nO 0 0 0 0 0 0\n"
                            "3\n"
                            "-76.1\n"
                            "H 0.0 0.95 0.6 0 0.2 0\nH 0.0 -0.75 0.7 0 -0.1 0\nO 0 0.1 0 0 -0.1 0\n"
                            "3\n"
                            "-76.15\n"
                            "H 0.1 0.95 0.5 0 0.2 0\nH 0.0 -0.65 0.7 0 -0.1 0\nO 0 0.1 0 0 -0.1 0\n";

/* The data of water with a sed script applied, read with options. */
static outcome edited(const char *script, const char *options)
{
    place("water.xyz", water);
    cr_assert_eq(run("sed '%s' '%s/water.xyz' >'%s/in.xyz'", script, folder, folder).status, 0);
    return run(FIT " %s '%s/in.xyz'", folder, options, folder);
}

/* No gradients, extended: the first number of a comment line becomes the value of these keys. */
#define KEYS(keys) "s/^-/" keys "-/;s/ 0 [^ ]* 0$//"

Test(input_command, one_line_says_what_was_read)
{
    static const struct {
        const char *script, *options, *words[5];
    } cases[] = {
        {"",
         "",
         {"3 frames", "energy (column 1) in hartree", "positions in angstrom",
          "gradients (column 5) in hartree/bohr", "H-H 1.5, H-O 0.96 angstrom"}},
        {"s/^-.*/& 0.5/", "", {"not used: column 2 (an energy?)"}},
        {"s/^H.*/& 1 2 3/;s/^O.*/& 1 2 3/", "", {"not used: columns 8 to 10 (gradients or forces?)"}},
        {KEYS("dft=1 energy="), "--energy-unit hartree", {"extended XYZ", "energy (key energy) in hartree"}},
        {KEYS("REF_energy="), "--energy-key REF_energy", {"energy (key REF_energy) in eV"}},
        {KEYS("free_energy=-7 energy="), "", {"not used: free_energy (an energy?)"}},
        {"s/^-/Properties=species:S:1:pos:R:3:dft_grad:R:3 energy=-/",
         "",
         {"not used: dft_grad (gradients or forces?)"}},
        {"s/^-/0.5 -/", "--energy-column 2", {"energy (column 2) in hartree", "not used: column 1"}},
        {"", "--order 2,1,3", {"3 frames"}},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        outcome o = edited(cases[k].script, cases[k].options);
        cr_assert_eq(o.status, 0, "%s: %s", cases[k].script, o.text);
        cr_assert_eq(strncmp(o.text, "read: ", 6), 0, "%s", o.text);
        for (int w = 0; w < 5 && cases[k].words[w]; w++)
            cr_assert_not_null(strstr(o.text, cases[k].words[w]), "%s: expected %s, found %s",
                               cases[k].script, cases[k].words[w], o.text);
    }
}

Test(input_command, what_is_not_clear_is_asked)
{
    static const char *const cases[][3] = {
        {KEYS("REF_energy="), "", "--energy-key REF_energy"},
        {KEYS("Properties=species:S:1:pos:R:3 REF_energy="), "", "as --energy-key: REF_energy"},
        {KEYS("Properties=species:S:1:pos:R:3 e0=-1 REF_energy="), "", "e0, REF_energy"},
        {KEYS("REF_energy=-5 energy="), "", "which key is the energy?"},
        {KEYS("energy=-5 energy="), "", "twice"},
        {"s/^-.*/& eV/", "", "--gradient-unit"},
        {"s/^-.*/& eV/", "--energy-unit stone", "--energy-unit stone: expected"},
        {"", "--gradient-unit hartree", "--gradient-unit hartree: expected"},
        {"", "--length-unit inch", "--length-unit inch: expected"},
        {"", "--dipole-unit eV", "--dipole-unit eV: expected"},
        {"", "--quadrupole-unit eV", "--quadrupole-unit eV: expected"},
        {"", "--polarizability-unit eV", "--polarizability-unit eV: expected"},
        {"", "--energy-column 0", "--energy-column 0"},
        {"", "--energy-column two", "--energy-column two"},
        {"", "--energy-column 9", "in.xyz:2: expected a decimal number"},
        {"", "--energy-key 'a b'", "--energy-key a b"},
        {"", "--energy-key x --energy-column 1", "exclude"},
        {"", "--force-key 5 --gradient-key 5", "exclude"},
        {"", "--force-key forces", "its number, from 5 on"},
        {"", "--force-key 6", "no frame has the column 6"},
        {"", "--order 1,2", "--order 1,2: expected the numbers 1 to 3"},
        {"", "--order 1,2,2", "--order 1,2,2: expected"},
        {"", "--order 1,2,4", "--order 1,2,4: expected"},
        {"", "--order 1,,3,x", "expected the numbers"},
        {"", "--order 3,1,2", "the order puts other elements"},
        {"s/ \\(-*\\)0\\.\\([1-9]\\)/ \\10.0\\2/g", "", "in.xyz:1: all atoms of this frame are within"},
        {"s/^-.*//", "", "in.xyz:2: expected a decimal number as the energy"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        outcome o = edited(cases[k][0], cases[k][1]);
        const char *line = strchr(o.text, '\n');
        cr_assert_eq(o.status, 1, "%s %s: %s", cases[k][0], cases[k][1], o.text);
        cr_assert_eq(strncmp(o.text, "fit: ", 5), 0, "%s", o.text);
        cr_assert_not_null(strstr(o.text, cases[k][2]), "%s %s: expected %s, found %s", cases[k][0],
                           cases[k][1], cases[k][2], o.text);
        cr_assert(line && !line[1], "more than one line: %s", o.text);
    }
}

Test(input_command, what_looks_wrong_is_named)
{
    static const char *const cases[][3] = {
        {"s/^-.*/0 1 water/", "",
         "the energies are all equal: are they energies? The first comment line is \"0 1 water\""},
        {"2s/.*/1/;7s/.*/2/;12s/.*/3/", "", "each one more than the last"},
        {"2s/.*/4/;7s/.*/1/;12s/.*/9/", "", "whole numbers"},
        {KEYS("energy="), "", "--energy-unit hartree"},
        {"2s/.*/0.5/;7s/.*/21.5/;12s/.*/7.25/", "", "--energy-unit cm-1, kcal/mol"},
        {"s/0\\.75/1.42/g;s/0\\.6/1.13/;s/0\\.7 /1.32 /;s/0\\.95/1.8/;s/0\\.5/0.95/", "",
         "--length-unit bohr"},
        {"", "--length-unit nm --gradient-unit hartree/bohr", "--length-unit angstrom"},
        {"s/ 0 -0.1 0$/ 0 0.1 0/", "", "do not add up to zero"},
        {"s/ 0 [^ ]* 0$/ 0 0 0/", "", "all gradients (column 5) are zero"},
        {"7s/$/ eV/", "--gradient-unit hartree/bohr",
         "frames differ in their layouts, keys, columns or units"},
        {"2s/^/energy=/;3,5s/ 0 [^ ]* 0$//", "", "frames differ"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        outcome o = edited(cases[k][0], cases[k][1]);
        cr_assert_eq(o.status, 0, "%s %s: %s", cases[k][0], cases[k][1], o.text);
        cr_assert_not_null(strstr(o.text, "\n  note: "), "%s: %s", cases[k][0], o.text);
        cr_assert_not_null(strstr(o.text, cases[k][2]), "%s %s: expected %s, found %s", cases[k][0],
                           cases[k][1], cases[k][2], o.text);
    }
    cr_assert_null(strstr(edited("", "").text, "note"), "a note on good data");
}

/* Data of a tensor alone have no energies, and need none. */
Test(input_command, dipoles_alone)
{
    place("dipoles.xyz",
          "3\nProperties=species:S:1:pos:R:3 dipole=\"0 0 1\"\nH 0 0.75 0.6\nH 0 -0.75 0.6\nO 0 0 0\n");
    outcome o =
        run("build/tests/fit-h2o --name w --directory '%s' --check --dipole-unit debye '%s/dipoles.xyz'",
            folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_assert_not_null(strstr(o.text, "dipole in debye"), "%s", o.text);
    o = run(FIT " '%s/dipoles.xyz'", folder, folder);
    cr_assert_eq(o.status, 1, "%s", o.text);
    cr_assert_not_null(strstr(o.text, "no energies"), "%s", o.text);
}

/* Atoms of a frame in another order, and the atoms of the file in an order of the user's. */
Test(input_command, orders)
{
    place("orders.xyz",
          "3\n-76.2\nO 0 0 0\nH 0 0.75 0.6\nH 0 -0.75 0.6\n3\n-76.1\nH 0 0.75 0.7\nO 0 0 0\nH 0 -0.75 0.6\n");
    outcome o = run(FIT " '%s/orders.xyz'", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_assert_not_null(strstr(o.text, "atoms of 1 frames brought into the order of the first"), "%s", o.text);
    place("order.xyz", "3\n-76.2\nO 0 0 0\nH 0 0.75 0.6\nH 0 -0.75 0.6\n");
    o = run(FIT " --order 3,2,1 '%s/order.xyz'", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
}

/* ---- gradients against energies ----------------------------------------------------------------------- */

/*
 * Geometries of water on a sum of three Morse potentials (hartree, bohr; made up), with its gradients times a factor, as
 * text in angstrom.
 */
static void place_morse(const char *name, double factor, double energy_factor)
{
    static const double depth[3] = {0.15, 0.15, 0.02}, steep[3] = {1.2, 1.2, 0.8},
                        rest[3] = {1.81, 1.81, 2.86};
    static const int pairs[3][2] = {{0, 2}, {1, 2}, {0, 1}};
    static const double at[9] = {0, 1.43, 1.11, 0, -1.43, 1.11, 0, 0, 0};
    char *text = room(200 * 400, 1), *out = text;
    uint64_t state = 1;
    for (int g = 0; g < 200; g++) {
        double x[9], gradient[9] = {0}, energy = -76;
        for (int k = 0; k < 9; k++)
            x[k] = at[k] + 0.3 * draw_real(&state);
        for (int p = 0; p < 3; p++) {
            const double *a = x + 3 * pairs[p][0], *b = x + 3 * pairs[p][1];
            const double r = sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
            const double e = exp(-steep[p] * (r - rest[p])), slope = 2 * depth[p] * steep[p] * e * (1 - e);
            energy += depth[p] * (1 - e) * (1 - e);
            for (int k = 0; k < 3; k++) {
                gradient[3 * pairs[p][0] + k] += slope * (a[k] - b[k]) / r;
                gradient[3 * pairs[p][1] + k] -= slope * (a[k] - b[k]) / r;
            }
        }
        out += sprintf(out, "3\n%.12f\n", energy_factor * energy);
        for (int i = 0; i < 3; i++) {
            out += sprintf(out, "%s", i < 2 ? "H" : "O");
            for (int k = 0; k < 3; k++)
                out += sprintf(out, " %.10f", x[3 * i + k] * BOHR);
            for (int k = 0; k < 3; k++)
                out += sprintf(out, " %.12g", factor * gradient[3 * i + k]);
            out += sprintf(out, "\n");
        }
    }
    place(name, text);
    free(text);
}

Test(input_command, gradients_of_the_wrong_sign_or_unit_are_named)
{
    static const struct {
        double factor;
        const char *note, *mended; /* a part of the note; the options that it names */
    } cases[] = {
        {-1, "--force-key 5", "--force-key 5"},
        {1 / BOHR, "--gradient-unit hartree/angstrom", "--gradient-unit hartree/angstrom"},
        {HARTREE, "--gradient-unit eV/bohr", "--gradient-unit eV/bohr"},
        {HARTREE / BOHR, "--gradient-unit eV/angstrom", "--gradient-unit eV/angstrom"},
        {-HARTREE / BOHR, "--gradient-unit eV/angstrom", "--force-key 5 --gradient-unit eV/angstrom"},
        {KCAL / BOHR, "--gradient-unit kcal/mol/angstrom", "--gradient-unit kcal/mol/angstrom"}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        place_morse("morse.xyz", cases[k].factor, 1);
        outcome o = run(FIT " '%s/morse.xyz'", folder, folder);
        cr_assert_eq(o.status, 0, "%s", o.text);
        cr_assert_not_null(strstr(o.text, "times those that the energies give"), "%g: %s", cases[k].factor,
                           o.text);
        cr_assert_not_null(strstr(o.text, cases[k].note), "%g: %s", cases[k].factor, o.text);
        o = run(FIT " %s '%s/morse.xyz'", folder, cases[k].mended, folder);
        cr_assert_null(strstr(o.text, "note"), "%s: %s", cases[k].mended, o.text);
    }
    place_morse("morse.xyz", 1, 1);
    cr_assert_null(strstr(run(FIT " '%s/morse.xyz'", folder, folder).text, "note"));
    outcome o = run(FIT " --force-key 5 '%s/morse.xyz'", folder, folder);
    cr_assert_not_null(strstr(o.text, "--gradient-key 5"), "%s", o.text);
    o = run(FIT " --gradient-unit hartree/angstrom '%s/morse.xyz'", folder, folder); /* 0.53 */
    cr_assert_not_null(strstr(o.text, "--gradient-unit hartree/bohr"), "%s", o.text);
    o = run(FIT " --length-unit bohr '%s/morse.xyz'", folder, folder);
    cr_assert_not_null(strstr(o.text, "--length-unit angstrom"), "%s", o.text);
    place_morse("morse.xyz", 1, WAVENUMBER); /* energies in cm-1, taken for hartree */
    o = run(FIT " '%s/morse.xyz'", folder, folder);
    cr_assert_not_null(strstr(o.text, "--energy-unit cm-1"), "%s", o.text);
}
