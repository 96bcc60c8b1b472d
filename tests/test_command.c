/*
 * The fit's command line as a stranger would misuse it: one line that names what is wrong, a status that says
 * so, and no file left behind. And the JSON of all programs.
 */
#define _POSIX_C_SOURCE 200809L
#include "json.h"
#include "misuse.h"

#define FIT "build/tests/fit --runtime eqml.h --basis-header build/tests/h2o_d8.h --name w --directory '%s'"

static outcome fit(const char *options)
{
    return run(FIT " %s", folder, options);
}

/* The good data with a sed script applied. */
static outcome fit_edited(const char *script)
{
    cr_assert_eq(run("sed '%s' '%s/good.xyz' >'%s/bad.xyz'", script, folder, folder).status, 0);
    cr_assert_neq(run("cmp -s '%s/good.xyz' '%s/bad.xyz'", folder, folder).status, 0, "%s", script);
    return run(FIT " '%s/bad.xyz'", folder, folder);
}

TestSuite(fit_command, .init = begin, .fini = end);

Test(fit_command, misuse_is_told_in_one_line)
{
    static const char *const cases[][2] = {
        {"", "no data file"},
        {"none.xyz", "none.xyz"},
        {"/none/such.xyz", "/none/such.xyz"},
        {".", "."},
        {"a.xyz b.xyz", "more than one"},
        {"--ridge", "--ridge"},
        {"--ridge -1 x", "--ridge -1"},
        {"--ridge nan x", "--ridge nan"},
        {"--ridge inf x", "--ridge inf"},
        {"--gradients much x", "--gradients much"},
        {"--gradients -1 x", "--gradients -1"},
        {"--energy-weight 0 x", "--energy-weight 0"},
        {"--train-every 0 x", "--train-every 0"},
        {"--train-every 2.5 x", "whole number"},
        {"--train-every 1e99 x", "whole number"},
        {"--variable mors:2 x", "mors:2"},
        {"--variable morse x", "RANGE"},
        {"--variable morse: x", "RANGE"},
        {"--variable morse:0 x", "morse:0"},
        {"--variable exp-over-r:-2 x", "exp-over-r:-2"},
        {"--variable auto:2 x", "auto:2"},
        {"--ridge automatic x", "--ridge automatic"},
        {"--energy-weight automatic x", "--energy-weight automatic"},
        {"--variable morse:inf x", "morse:inf"},
        {"--variable inverse:2 x", "inverse:2"},
        {"--variable C-H=morse:2 x", "C-H=morse:2"},
        {"--variable =morse:2 x", "=morse:2"},
        {"--frobnicate 3 x", "--frobnicate"},
        {"--name 'a b' x", "C identifier"},
        {"--name 3 x", "C identifier"},
        {"--name '' x", "C identifier"},
        {"--directory /none/such x", "/none/such"},
        {"--runtime /none/eqml.h x", "/none/eqml.h"},
        {"--basis-header /none/b.h x", "/none/b.h"},
        {"--test a.xyz --train-every 2 x", "exclude"},
        {"--max-energy 0 x", "--max-energy 0"},
        {"--max-energy much x", "--max-energy much"},
        {"--diagnose some x", "--diagnose some"},
        {"--diagnose -1 x", "--diagnose -1"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        outcome o = fit(cases[k][0]);
        assert_refusal(&o, "fit: ", cases[k][1], cases[k][0]);
    }
    cr_assert_eq(run("test \"$(ls '%s')\" = good.xyz", folder).status, 0, "something is left");
    place("empty.xyz", "");
    outcome o = run(FIT " '%s/empty.xyz'", folder, folder);
    assert_refusal(&o, "fit: ", "no geometry", "an empty file");
}

Test(fit_command, bad_data_name_file_and_line)
{
    static const struct {
        const char *script;
        int line;
        const char *word;
    } cases[] = {
        {"1s/3/4/", 6, "columns"},
        {"1s/3/2/", 5, "number of atoms"},
        {"6s/3/4/", 6, "3"},
        {"1s/3/three/", 1, "three"},
        {"1s/3/0/", 1, "\"0\""},
        {"1s/3/-3/", 1, "\"-3\""},
        {"8s/0.95/nan/", 8, "nan"},
        {"8s/0.95/inf/", 8, "inf"},
        {"8s/0.95/1e999/", 8, "1e999"},
        {"2s/-76.2/NaN/", 2, "NaN"},
        {"2s/-76.2/low/", 2, "low"},
        {"2s/-76.2//", 2, "energy"},
        {"8s/0.95/x/", 8, "\"x\""},
        {"15d", 14, "cut off"},
        {"14,15d", 13, "cut off"},
        {"12,15d", 11, "cut off"},
        {"9s/ 0.7.*/ 0.7/", 9, "columns"},
        {"3s/H/Zz9/", 3, "Zz9"},
        {"8s/H/O/", 8, "expected H"},
        {"10s/O.*/O 0.0 0.95 0.6 0 0 0/", 6, "coincide"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        char at[400];
        outcome o = fit_edited(cases[k].script);
        assert_refusal(&o, "fit: ", cases[k].word, cases[k].script);
        snprintf(at, sizeof at, "fit: %s/bad.xyz:%d: ", folder, cases[k].line);
        cr_assert_eq(strncmp(o.text, at, strlen(at)), 0, "%s: expected %s, found %s", cases[k].script, at,
                     o.text);
    }
    /* what concerns the whole file names the file */
    outcome o = fit_edited("s/^[Oo]/N/");
    assert_refusal(&o, "fit: ", "bad.xyz", "another element");
    o = run("printf '2\\n-1\\nH 0 0 0\\nH 0 0 1\\n' >'%s/two.xyz'; " FIT " '%s/two.xyz'", folder, folder,
            folder);
    assert_refusal(&o, "fit: ", "two.xyz", "two atoms");
    o = run("printf '3\\nProperties=species:S:1:pos:R:3\\nH 0 0 0\\nH 0 0 1\\nO 0 1 0\\n' >'%s/no.xyz'; " FIT
            " '%s/no.xyz'",
            folder, folder, folder);
    assert_refusal(&o, "fit: ", "no.xyz", "no energies");
    cr_assert_eq(run("ls '%s' | grep -c '^w\\|report\\|new'", folder).status, 1, "something is left");
}

Test(fit_command, what_can_be_read_is_read)
{
    static const char *const scripts[] = {"s/$/\\r/",
                                          "15s/$/\\n\\n/",
                                          "6s/^/\\n/",
                                          "s/^H/1/",
                                          "2s/$/ 1.5 2.5/",
                                          "s/^\\([HhOo].*\\)/\\1 7/",
                                          "8,10s/ [^ ]* [^ ]* [^ ]*$//",
                                          "s/0\\.95/9.5D-01/"};
    for (size_t k = 0; k < COUNT(scripts); k++) {
        outcome o = fit_edited(scripts[k]);
        cr_assert_eq(o.status, 0, "%s: %s", scripts[k], o.text);
        cr_assert_not_null(strstr(o.text, "3 geometries"), "%s: %s", scripts[k], o.text);
        cr_assert_not_null(strstr(o.text, "do not determine all terms"), "%s: %s", scripts[k], o.text);
    }
    cr_assert_eq(
        run("cd '%s' && test \"$(LC_ALL=C ls | tr '\\n' ' ')\" = 'bad.xyz good.xyz holes.svg holes.xyz "
            "minimum.xyz report.json w.pes w_diagnosis.txt w_pes.h '",
            folder)
            .status,
        0);
}

/* The report has every key, numbers where there are data and null where there are none. */
Test(fit_command, the_report)
{
    static const char *const keys[] = {"terms",
                                       "rank",
                                       "condition",
                                       "n_train",
                                       "n_test",
                                       "rmse_energy_train",
                                       "rmse_energy_test",
                                       "rmse_gradient_train",
                                       "rmse_gradient_test",
                                       "rmse_dipole_train",
                                       "rmse_dipole_test",
                                       "max_error_energy_test",
                                       "seconds_fit"};
    outcome o = run(FIT " --train-every 2 '%s/good.xyz'", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    o = run("cat '%s/report.json'", folder);
    for (size_t k = 0; k < COUNT(keys); k++) {
        const int is_null = isnan(json_number(o.text, keys[k]));
        cr_assert_eq(is_null, strstr(keys[k], "dipole") != NULL, "%s: %s", keys[k], o.text);
    }
    cr_assert_eq(json_number(o.text, "n_train"), 2);
    cr_assert_eq(json_number(o.text, "n_test"), 1);
}

#define GOOD " --variable H-H=power:1 --variable H-O=morse:2"

/* A wrong energy is named by its frame; a robust fit does without it, and --max-energy without those high up. */
Test(fit_command, wrong_energies_are_named)
{
    cr_assert_eq(
        run("sed '52s/energy=[^ ]*/energy=9.0/' examples/data/h2o_ps.xyz >'%s/wrong.xyz'", folder).status, 0);
    outcome o = run(FIT GOOD " --train-every 2 '%s/wrong.xyz'", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    const char *at = strstr(o.text, "geometry    energy     error  left out  leverage");
    cr_assert_not_null(at, "%s", o.text);
    at = strchr(at, '\n');
    cr_expect_eq(strtol(at, NULL, 10), 11, "%s", o.text);
    cr_expect_lt(strstr(at, "off among close neighbours"), strchr(at + 1, '\n'), "%s", o.text);
    cr_expect_not_null(strstr(o.text, "energies up to"), "%s", o.text);
    o = run("cat '%s/report.json'", folder);
    cr_expect_eq(json_number(o.text, "n_left_out_in_turn"), 1250);
    cr_expect_eq(
        run("test $(grep -vc '^#' '%s/w_diagnosis.txt') = 1250 && grep -c '^11 .* off$' '%s/w_diagnosis.txt'",
            folder, folder)
            .status,
        0);
    cr_expect_eq(json_number(o.text, "n_off"), 1, "%s", o.text);
    cr_expect_eq(json_number(o.text, "n_above_max_energy"), 0);
    const double spoilt = json_number(o.text, "rmse_energy_test");
    o = run(FIT GOOD " --train-every 2 --robust --max-energy 0.1 --diagnose 20 '%s/wrong.xyz'", folder,
            folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "robust: Tukey's biweight"), "%s", o.text);
    o = run("cat '%s/report.json'", folder);
    cr_expect_eq(json_number(o.text, "n_left_out_in_turn"), 20);
    cr_expect_gt(json_number(o.text, "n_above_max_energy"), 10);
    o = run(FIT GOOD " --train-every 2 --robust --diagnose 0 '%s/wrong.xyz'", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    o = run("cat '%s/report.json'", folder);
    cr_expect_eq(json_number(o.text, "robust_dropped"), 1);
    cr_expect_eq(json_number(o.text, "n_left_out_in_turn"), 0);
    cr_expect_lt(json_number(o.text, "rmse_energy_test"), 0.5 * spoilt);
}

/* A fit that is worse than the mean of the data, or that the data do not determine, is told. */
Test(fit_command, poor_fits_are_noted)
{
    outcome o = run(FIT " --gradients 0 --train-every 50 examples/data/h2o_ps.xyz", folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "times the training error"), "%s", o.text);
    cr_expect_not_null(strstr(o.text, "50 of 95 terms determined"), "%s", o.text);
    cr_assert_eq(run("awk 'NR %% 5 == 2 { sub(/energy=[^ ]*/, \"energy=\" (NR * 7919 %% 1000) / 1000) } 1' "
                     "examples/data/h2o_ps.xyz >'%s/chance.xyz'",
                     folder)
                     .status,
                 0);
    o = run(FIT " --gradients 0 --train-every 2 '%s/chance.xyz'", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "half of the spread of the data"), "%s", o.text);
    cr_expect_not_null(strstr(o.text, "worse than the spread of the data"), "%s", o.text);
}

/* One geometry says nothing of how distances vary. */
Test(fit_command, constant_distances_are_named)
{
    outcome o = run(FIT " --train-every 3 '%s/good.xyz'", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_assert_not_null(strstr(o.text, "H-O distances (such as that of atoms 1 and 3) do not vary"), "%s",
                       o.text);
    o = run("cat '%s/report.json'", folder);
    cr_assert_not_null(strstr(o.text, "\"constant_pairs\": [\"H-H\", \"H-O\"]"), "%s", o.text);
    cr_assert(json_number(o.text, "rmse_energy_test") < 10, "%s", o.text);
}

/* A geometry of the test set where the powers overflow. */
Test(fit_command, what_is_not_finite_is_null)
{
    outcome o =
        run("{ cat '%s/good.xyz'; printf '3\\n-75\\nH 0 0 0\\nH 0 0 9e5\\nO 0 1 0\\n'; } >'%s/far.xyz'; " FIT
            " --train-every 2 --variable H-H=power:8 '%s/far.xyz'",
            folder, folder, folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    o = run("cat '%s/report.json'", folder);
    cr_assert(json_number(o.text, "rmse_energy_train") >= 0);
    cr_assert_eq(json_number(o.text, "n_test"), 2);
    cr_assert(isnan(json_number(o.text, "rmse_energy_test")), "%s", o.text);
    cr_assert(isnan(json_number(o.text, "max_error_energy_test")), "%s", o.text);
}

Test(fit_command, output_is_written_or_an_error)
{
    outcome o =
        run("for i in 1 2 3 4; do { " FIT " '%s/good.xyz' >'%s/log'$i || echo failed; } & done; wait; "
            "cd '%s' && ls | grep -v log",
            folder, folder, folder, folder);
    cr_assert_str_eq(
        o.text,
        "good.xyz\nholes.svg\nholes.xyz\nminimum.xyz\nreport.json\nw.pes\nw_diagnosis.txt\nw_pes.h\n");
    static const char *const written[] = {"report.json", "w.pes", "w_pes.h"};
    for (size_t k = 0; k < COUNT(written); k++) { /* what another may be writing is left alone */
        o = run("for i in .new .0.new; do echo mine >'%s/%s'$i; done; " FIT " '%s/good.xyz' >'%s/log' && "
                "cd '%s' && cat %s.*new && rm %s.*new",
                folder, written[k], folder, folder, folder, folder, written[k], written[k]);
        cr_assert_str_eq(o.text, "mine\nmine\n", "%s: %s", written[k], o.text);
    }
    if (access("/dev/full", W_OK))
        return;
    o = run("(build/tests/fit --help 2>&1 >/dev/full)");
    assert_refusal(&o, "fit: ", "standard output", "--help");
    o = run("(" FIT " '%s/good.xyz' 2>&1 >/dev/full)", folder, folder);
    assert_refusal(&o, "fit: ", "standard output", "a report");
}

/* ---- JSON ---- */

Test(json, strict_reading)
{
    static const char *const right[] = {"{}", "[]", " [1, -2.5e+3, 0, 0.1E7, true, false, null] ",
                                        "{\"a\": {\"a\": \"\\u00e9\\\"\\n\"}, \"b\": []}"};
    static const char *const wrong[] = {"",
                                        "nan",
                                        "-nan",
                                        "inf",
                                        "[1,]",
                                        "[1 2]",
                                        "{\"a\": 1,}",
                                        "{\"a\" 1}",
                                        "{a: 1}",
                                        "{\"a\": 1, \"a\": 2}",
                                        "01",
                                        "1.",
                                        ".5",
                                        "+1",
                                        "1e",
                                        "0x1p+0",
                                        "\"a",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\n\"",
                                        "[",
                                        "{\"a\":",
                                        "[] []",
                                        "{\"a\": -nan}",
                                        "tru"};
    for (size_t k = 0; k < COUNT(right); k++)
        cr_expect_null(json_wrong(right[k]), "%s", right[k]);
    for (size_t k = 0; k < COUNT(wrong); k++)
        cr_expect_not_null(json_wrong(wrong[k]), "%s", wrong[k]);
    cr_expect_eq(json_number("{\"x\": [{\"y\": 1}], \"y\": 2}", "y"), 2);
}

Test(json, statistics_of_the_generator)
{
    static const char *const commands[] = {"-d 3 'H4 C'",
                                           "-d 3 --dipole 3 --quadrupole 2 --polarizability 3 '(H2 O)2'",
                                           "-d 3 --terms purified '(H2 O)2'",
                                           "-d 3 --cap H-H=2 --without C-H --body 3 'H4 C'",
                                           "-d 2 --group tests/rotations.group 'H3 N'",
                                           "-d 1 H30",
                                           "--scheme orbit-sums -d 3 'H2 O'"};
    for (size_t k = 0; k < COUNT(commands); k++) {
        const outcome o = run("build/eqml-gen --stats %s", commands[k]);
        cr_assert_eq(o.status, 0, "%s", o.text);
        cr_expect(json_number(o.text, "terms") > 0, "%s", commands[k]);
    }
}

/* No compiler, so nothing is measured; its name and the flags are any text. */
Test(json, table_of_times)
{
    char place[TEMPORARY_PATH];
    make_folder(place);
    outcome o = run("build/bench/run '%s/bench' 'no \"such\" compiler' '-DX=\"a\\b\"\t' h2_o_d8", place);
    cr_assert_neq(o.status, 0, "%s", o.text);
    o = run("cat '%s/bench.json'", place);
    cr_expect(isnan(json_number(o.text, "fma_peak_per_ns")));
    static const char compiler[] = "\"no \\\"such\\\" compiler\",",
                      flags[] = "\"-DX=\\\"a\\\\b\\\"\\u0009\",";
    cr_expect(!strncmp(json_value(o.text, "compiler"), compiler, strlen(compiler)), "%s", o.text);
    cr_expect(!strncmp(json_value(o.text, "flags"), flags, strlen(flags)), "%s", o.text);
    remove_folder(place);
}
