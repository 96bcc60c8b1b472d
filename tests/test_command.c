/*
 * The command lines as a stranger would misuse them: one line that names what is wrong, a status that says
 * so, and no file left behind.
 */
#define _POSIX_C_SOURCE 200809L
#include "support.h"

/* One line that begins with the program's name and holds the word; nothing else was printed. */
static void assert_refusal(const outcome *o, const char *program, const char *word, const char *command)
{
    cr_assert(o->status == 1 || o->status == 2, "%s: status %d: %s", command, o->status, o->text);
    cr_assert_eq(strncmp(o->text, program, strlen(program)), 0, "%s: %s", command, o->text);
    cr_assert_not_null(strstr(o->text, word), "%s: expected ...%s..., found %s", command, word, o->text);
    const char *end = strchr(o->text, '\n');
    cr_assert(end && !end[1], "%s: more than one line: %s", command, o->text);
}

/* ---- eqml-gen ---- */

Test(generator_command, misuse_is_told_in_one_line)
{
    static const char *const cases[][2] = {
        {"", "no composition"},
        {"\"H4 C\"", "no degree"},
        {"-d 3", "no composition"},
        {"-d", "--degree needs"},
        {"\"H4 C\" --degree", "--degree needs"},
        {"-d 0 H2", "\"0\""},
        {"-d -3 H2", "\"-3\""},
        {"--degree=-1 H2", "\"-1\""},
        {"-d 6x H2", "\"6x\""},
        {"-d six H2", "\"six\""},
        {"-d '' H2", "\"\""},
        {"-d 2.5 H2", "\"2.5\""},
        {"-d 101 H2", "\"101\""},
        {"-d 99999999999999999999 H2", "whole number"},
        {"-d 3 --frobnicate H2", "\"--frobnicate\""},
        {"-d 3 -q H2", "\"-q\""},
        {"-d 3 --stats=1 H2", "\"--stats=1\""},
        {"-d 3 H4 C", "quotes"},
        {"-d 3 -n 3x H2", "\"3x\""},
        {"-d 3 -n 'a b' H2", "\"a b\""},
        {"-d 3 -n a-b H2", "\"a-b\""},
        {"-d 3 -n eqml H2", "taken"},
        {"-d 3 -n eqml_x H2", "taken"},
        {"-d 3 H2 -n", "identifier"},
        {"-d 3 H2 -o", "--output needs"},
        {"-d 3 -o '' H2", "--output needs"},
        {"-d 3 ''", "nothing is written"},
        {"-d 3 '  '", "nothing is written"},
        {"-d 3 'H0 C'", "column 2"},
        {"-d 3 'H-1'", "column 2"},
        {"-d 3 '4H'", "column 1"},
        {"-d 3 '(H2 O'", "column 1"},
        {"-d 3 'H2 O)'", "column 5"},
        {"-d 3 'h2 o'", "column 1"},
        {"-d 3 'H'", "at least 2 atoms"},
        {"-d 3 'H201'", "200"},
        {"-d 3 'H99999999999999999999'", "200"},
        {"-d 100 'H4 C'", "smaller degree"},
        {"-d 20 'H8 C2'", "smaller degree"},
        {"-d 100 'H200'", "smaller degree"},
        {"-d 3 'H200'", "smaller degree"},
        {"-d 14 'H5 O2' --stats", "5000000"},
        {"-d 9 'H4 C2 O N'", "3241480 terms, and would take about"},
        {"-d 1 '(((((((A)2)2)2)2)2)2)2'", "GB of memory, past the limit of 1 hour and 8 GB; nest"},
        {"-d 3 -o /none/such/folder/x.h H2", "/none/such/folder/x.h"},
        {"-d 3 -o /none/such/folder/x.h --stats H2", "/none/such/folder/x.h"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        outcome o = run("build/eqml-gen %s", cases[k][0]);
        assert_refusal(&o, "eqml-gen: ", cases[k][1], cases[k][0]);
    }
}

/* Generators that say the same again cost nothing; a long cycle is refused before its patterns are made. */
Test(generator_command, large_groups)
{
    char place[256];
    make_folder(place);
    run("cd '%s' && for i in $(seq 5000); do echo '(1 2)'; echo '(1 2 3)(4)'; echo '()'; done >many && "
        "printf '(1 2)\\n(1 2 3)\\n' >few && echo \"($(seq -s ' ' 200))\" >cycle",
        place);
    outcome few = run("cd '%s' && \"$OLDPWD\"/build/eqml-gen -n x -d 3 --group few A4 | grep -v eqml-gen | cksum",
                      place);
    outcome many = run("cd '%s' && \"$OLDPWD\"/build/eqml-gen -n x -d 3 --group many A4 | grep -v eqml-gen | cksum",
                       place);
    cr_assert_str_eq(many.text, few.text);
    outcome o = run("build/eqml-gen -d 1 --group '%s/cycle' A200", place);
    assert_refusal(&o, "eqml-gen: ", "101 classes of atoms and pairs", "a cycle of 200 atoms");
    remove_folder(place);
}

Test(generator_command, nothing_is_left_of_a_failed_write)
{
    char folder[256];
    make_folder(folder);
    outcome o = run("build/eqml-gen -d 3 -o '%s' H2", folder); /* a folder stands there */
    assert_refusal(&o, "eqml-gen: ", folder, "a folder as output");
    cr_assert_eq(run("test -e '%s.new'", folder).status, 1);
    o = run("cd '%s' && echo old >x.h && \"$OLDPWD\"/build/eqml-gen -d 0 -o x.h H2", folder);
    assert_refusal(&o, "eqml-gen: ", "degree", "degree 0");
    o = run("cd '%s' && ulimit -f 8 && trap '' XFSZ && \"$OLDPWD\"/build/eqml-gen -d 8 -o x.h 'H4 C'",
            folder);
    assert_refusal(&o, "eqml-gen: ", "x.h", "a file too large");
    cr_assert_eq(run("cd '%s' && test \"$(ls)\" = x.h && test \"$(cat x.h)\" = old", folder).status, 0);
    remove_folder(folder);
    if (access("/dev/full", W_OK))
        return;
    o = run("(build/eqml-gen -d 3 H2 2>&1 >/dev/full)");
    assert_refusal(&o, "eqml-gen: ", "standard output", "a full disk");
    o = run("build/eqml-gen -d 3 -o /dev/full H2");
    assert_refusal(&o, "eqml-gen: ", "/dev/full", "a full disk by name");
    cr_assert_eq(run("test -c /dev/full").status, 0, "a device was replaced");
}

Test(generator_command, ways_that_must_work)
{
    static const char *const same[] = {"-d 3 -n x 'H2 O'",           "-d3 -nx H2O",
                                       "--degree=3 --name=x 'H2 O'", "'H2 O' --name x --degree 3",
                                       "-d 3 -n x -o - ' H2  O '",   "-d 9 -d 3 -n x '(H2 O)'"};
    outcome first = run("build/eqml-gen %s | cksum", same[0]);
    for (size_t k = 1; k < COUNT(same); k++)
        cr_assert_str_eq(run("build/eqml-gen %s | cksum", same[k]).text, first.text, "%s", same[k]);
    outcome o = run("build/eqml-gen --help");
    cr_assert_eq(o.status, 0);
    cr_assert_eq(strncmp(o.text, "usage: eqml-gen", 15), 0);
    cr_assert_not_null(strstr(run("build/eqml-gen -d 2 '(H2 O)2' --stats").text, "\"name\": \"h2_o_2_d2\""));
}

/* ---- the fit ---- */

static char folder[256];

static const char good[] = "3\n"
                           "-76.2\n"
                           "H 0.0 0.75 0.6 0 0.1 0\nH 0.0 -0.75 0.6 0 -0.1 0\nO 0 0 0 0 0 0\n"
                           "3\n"
                           "-76.1 and words\n"
                           "H 0.0 0.95 0.6 0 0.2 0\nH 0.0 -0.75 0.7 0 -0.1 0\nO 0 0.1 0 0 -0.1 0\n"
                           "3\n"
                           "-76.15\n"
                           "h 0.1 0.95 0.5 0 0.2 0\nH 0.0 -0.65 0.7 0 -0.1 0\no 0 0.1 0 0 -0.1 0\n";

static void place(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    write_file(path, text);
}

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

static void begin(void)
{
    make_folder(folder);
    place("good.xyz", good);
}

static void end(void)
{
    remove_folder(folder);
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
        {"--variable morse:-2 x", "morse:-2"},
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
        run("cd '%s' && test \"$(ls | tr '\\n' ' ')\" = 'bad.xyz good.xyz report.json w.pes w_pes.h '",
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
        char quoted[64];
        snprintf(quoted, sizeof quoted, "\"%s\": ", keys[k]);
        const char *at = strstr(o.text, quoted);
        cr_assert_not_null(at, "no %s", quoted);
        const int is_null = !strncmp(at + strlen(quoted), "null", 4);
        cr_assert_eq(is_null, strstr(keys[k], "dipole") != NULL, "%s", at);
    }
    cr_assert_not_null(strstr(o.text, "\"n_train\": 2,"));
    cr_assert_not_null(strstr(o.text, "\"n_test\": 1,"));
    cr_assert_null(strstr(o.text, "nan"));
}

/* ---- make pes ---- */

#define MAKE_PES "env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s pes"

TestSuite(make_pes, .init = begin, .fini = end);

Test(make_pes, misuse_is_told)
{
    static const char *const cases[][2] = {
        {"COMPOSITION='H2 O' DEGREE=3 NAME=pes_misuse", "DATA"},
        {"DATA=/none/such.xyz COMPOSITION='H2 O' DEGREE=3 NAME=pes_misuse", "/none/such.xyz"},
        {"DATA=@ DEGREE=3 NAME=pes_misuse", "COMPOSITION"},
        {"DATA=@ COMPOSITION='H2 O' NAME=pes_misuse", "DEGREE"},
        {"DATA=@ COMPOSITION='H2 O' DEGREE=0 NAME=pes_misuse", "degree \"0\""},
        {"DATA=@ COMPOSITION='H2 O' DEGREE='3 4' NAME=pes_misuse", "degree \"3 4\""},
        {"DATA=@ COMPOSITION='H4 C' DEGREE=99 NAME=pes_misuse", "smaller degree"},
        {"DATA=@ COMPOSITION='H0 C' DEGREE=3 NAME=pes_misuse", "column 2"},
        {"DATA=@ COMPOSITION='H2 O' DEGREE=3 NAME='a b'", "C identifier"},
        {"DATA=@ COMPOSITION='H2 O' DEGREE=3 NAME=3a", "C identifier"},
        {"DATA=@ COMPOSITION='H2 O' DEGREE=3 NAME=a-b", "C identifier"},
        {"DATA=@ COMPOSITION='H2 O' DEGREE=3 NAME=../a", "C identifier"},
        {"DATA=@ COMPOSITION='H2 O' DEGREE=3 NAME=eqml_a", "taken"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        char arguments[600];
        const char *at = strchr(cases[k][0], '@');
        snprintf(arguments, sizeof arguments, at ? "%.*s'%s/good.xyz'%s" : "%.*s",
                 at ? (int)(at - cases[k][0]) : (int)strlen(cases[k][0]), cases[k][0], folder,
                 at ? at + 1 : "");
        outcome o = run(MAKE_PES " %s", arguments);
        cr_assert_eq(o.status, 2, "%s: %s", cases[k][0], o.text);
        cr_assert_not_null(strstr(o.text, cases[k][1]), "%s: %s", cases[k][0], o.text);
    }
    run("rm -rf build/pes/pes_misuse build/pes/eqml_a");
}

/* From data in a folder with a blank in its name to a library that another program loads. */
Test(make_pes, from_data_to_library)
{
    outcome o = run("mkdir '%s/my data' && cp '%s/good.xyz' '%s/my data/a b.xyz' && " MAKE_PES
                    " CFLAGS=-O1 DATA='%s/my data/a b.xyz' COMPOSITION='H2 O' DEGREE=2 NAME=pes_test"
                    " FIT='--variable morse:1.8 --gradients 0'",
                    folder, folder, folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    place("use.c",
          "#include <stdio.h>\n"
          "int pes_test_natoms(void);\nconst char *pes_test_symbols(void);\n"
          "double pes_test_energy(const double *xyz);\n"
          "int main(void)\n{\n    const double b = 1 / 0.529177210903;\n"
          "    double x[] = {0, 0.75 * b, 0.6 * b, 0, -0.75 * b, 0.6 * b, 0, 0, 0};\n"
          "    printf(\"%d %s %.3f\\n\", pes_test_natoms(), pes_test_symbols(), pes_test_energy(x));\n"
          "    return 0;\n}\n");
    o = run("${CC:-cc} '%s/use.c' -o '%s/use' build/pes/pes_test/libpes_test.so "
            "-Wl,-rpath,\"$PWD/build/pes/pes_test\" && "
            "'%s/use'",
            folder, folder, folder);
    cr_assert_str_eq(o.text, "3 H H O -76.200\n");
    cr_assert_eq(
        run("cd build/pes/pes_test && ls pes_test.h pes_test_pes.h pes_test.pes libpes_test.so report.json")
            .status,
        0);
    run("rm -rf build/pes/pes_test");
}
