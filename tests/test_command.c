/*
 * The command lines as a stranger would misuse them: one line that names what is wrong, a status that says
 * so, and no file left behind.
 */
#define _POSIX_C_SOURCE 200809L
#include "json.h"
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
        {"-d 3 --dump H2 ", "\"H2\""},
        {"-d 3 --dump= H2", "program or dot"},
        {"-d 3 --dump programs H2", "\"programs\""},
        {"-d 3 --dump dot --stats H2", "at a time"},
        {"-d 3 H2 --dump", "program or dot"},
        {"-d 3 -n 3x H2", "\"3x\""},
        {"-d 3 -n 'a b' H2", "\"a b\""},
        {"-d 3 -n a-b H2", "\"a-b\""},
        {"-d 3 -n eqml H2", "taken"},
        {"-d 3 -n eqml_x H2", "taken"},
        {"-d 3 H2 -n", "identifier"},
        {"--from", "--from needs"},
        {"--from= -n x", "--from needs"},
        {"--from x -d 3", "leave out"},
        {"--from x H2", "leave out"},
        {"--from x --body 2", "leave out"},
        {"--from x --dipole 2", "leave out"},
        {"--from /none/such", "/none/such: cannot be read"},
        {"--from tests", "tests: cannot be read"},
        {"--from Makefile", "Makefile:1:"},
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
    outcome few = run(
        "cd '%s' && \"$OLDPWD\"/build/eqml-gen -n x -d 3 --group few A4 | grep -v eqml-gen | cksum", place);
    outcome many = run(
        "cd '%s' && \"$OLDPWD\"/build/eqml-gen -n x -d 3 --group many A4 | grep -v eqml-gen | cksum", place);
    cr_assert_str_eq(many.text, few.text);
    outcome o = run("build/eqml-gen -d 1 --group '%s/cycle' A200", place);
    assert_refusal(&o, "eqml-gen: ", "101 classes of atoms and pairs", "a cycle of 200 atoms");
    remove_folder(place);
}

/* Pairs that no term needs are in no operation: their derivatives are zero. */
Test(generator_command, pairs_left_out_compile)
{
    char place[256];
    make_folder(place);
    outcome o = run("build/eqml-gen -d 3 --without C-H --cap H-H=2 -n cut -o '%s/cut.h' 'H4 C' && "
                    "printf '#include \"cut.h\"\\nint main(void) { return 0; }\\n' >'%s/use.c' && "
                    "${CC:-cc} -std=c11 -fsyntax-only -I. '%s/use.c'",
                    place, place, place);
    cr_expect_eq(o.status, 0, "%s", o.text);
    remove_folder(place);
}

Test(generator_command, nothing_is_left_of_a_failed_write)
{
    char folder[256];
    make_folder(folder);
    outcome o = run("build/eqml-gen -d 3 -o '%s' H2", folder); /* a folder stands there */
    assert_refusal(&o, "eqml-gen: ", folder, "a folder as output");
    cr_assert_eq(run("ls -d '%s'.*", folder).status, 2, "something is left");
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
    static const char *const printed[] = {"--help", "-h", "-d 3 --stats H2"};
    for (size_t k = 0; k < COUNT(printed); k++) {
        o = run("(build/eqml-gen %s 2>&1 >/dev/full)", printed[k]);
        assert_refusal(&o, "eqml-gen: ", "standard output", printed[k]);
    }
}

/* Of a link the target is written; permissions stay as they are, and are the usual ones of a new file. */
Test(generator_command, links_and_permissions_stay)
{
    static const struct {
        const char *before, *output, *after;
    } cases[] = {
        {"echo old >x.h && chmod 600 x.h", "x.h", "ls -l x.h | grep -q '^-rw-------'"},
        {"echo old >x.h && chmod 640 x.h && ln -s x.h link.h", "link.h",
         "test -L link.h && ls -l x.h | grep -q '^-rw-r-----'"},
        {"mkdir a b && ln -s ../b/x.h a/link.h && ln -s a/link.h link.h", "link.h",
         "test -L link.h && test -L a/link.h && cp b/x.h x.h"},
        {"ln -s \"$PWD/x.h\" link.h", "link.h", "test -L link.h"},
        {"umask 027", "x.h", "ls -l x.h | grep -q '^-rw-r-----'"},
        {"umask 022", "x.h", "ls -l x.h | grep -q '^-rw-r--r--'"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        char folder[256];
        make_folder(folder);
        outcome o =
            run("gen=$PWD/build/eqml-gen; cd '%s' && { %s; } && $gen -d 3 -n x -o %s H2 && { %s; } && "
                "grep -q x_basis x.h && ! ls | grep -v '^[ab]$\\|\\.h$'",
                folder, cases[k].before, cases[k].output, cases[k].after);
        cr_assert_eq(o.status, 0, "%s: %s", cases[k].before, o.text);
        remove_folder(folder);
    }
    char folder[256];
    make_folder(folder);
    outcome o =
        run("ln -s a '%s/b' && ln -s b '%s/a' && build/eqml-gen -d 3 -o '%s/a' H2", folder, folder, folder);
    assert_refusal(&o, "eqml-gen: ", "/a: ", "links in a circle");
    remove_folder(folder);
}

Test(generator_command, two_at_once_do_not_collide)
{
    char folder[256];
    make_folder(folder);
    outcome o = run("for i in 1 2 3 4 5 6 7 8; do { build/eqml-gen -d 4 -n x -o '%s/x.h' 'H4 C' || "
                    "echo failed; } & done; wait; build/eqml-gen -d 4 -n x 'H4 C' | cmp - '%s/x.h'; ls '%s'",
                    folder, folder, folder);
    cr_assert_str_eq(o.text, "x.h\n");
    /* what another may be writing is left alone */
    o = run("cd '%s' && echo mine >x.h.new && \"$OLDPWD\"/build/eqml-gen -d 3 -o x.h H2 && cat x.h.new",
            folder);
    cr_assert_str_eq(o.text, "mine\n");
    remove_folder(folder);
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
    cr_assert_eq(run("cd '%s' && test \"$(ls | grep -v 'holes\\|minimum' | tr '\\n' ' ')\" = 'bad.xyz "
                     "good.xyz report.json w.pes w_pes.h '",
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
        run("{ cat '%s/good.xyz'; printf '3\\n-75\\nH 0 0 0\\nH 0 0 1e60\\nO 0 1 0\\n'; } >'%s/far.xyz'; " FIT
            " --train-every 2 --variable H-H=power:8 '%s/far.xyz'",
            folder, folder, folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    o = run("cat '%s/report.json'", folder);
    cr_assert(json_number(o.text, "rmse_energy_train") >= 0);
    cr_assert_eq(json_number(o.text, "n_test"), 2);
    cr_assert(isnan(json_number(o.text, "rmse_energy_test")), "%s", o.text);
    cr_assert(isnan(json_number(o.text, "max_error_energy_test")), "%s", o.text);
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

Test(fit_command, output_is_written_or_an_error)
{
    outcome o =
        run("for i in 1 2 3 4; do { " FIT " '%s/good.xyz' >'%s/log'$i || echo failed; } & done; wait; "
            "cd '%s' && ls | grep -v 'log\\|holes\\|minimum'", /* three that a census leaves */
            folder, folder, folder, folder);
    cr_assert_str_eq(o.text, "good.xyz\nreport.json\nw.pes\nw_pes.h\n");
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
                    " DATA='%s/my data/a b.xyz' COMPOSITION='H2 O' DEGREE=2 NAME=pes_test"
                    " FIT='--variable morse:1.8 --gradients 0'",
                    folder, folder, folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    place("use.c", "#include <stdio.h>\n"
                   "int pes_test_natoms(void);\nconst char *pes_test_symbols(void);\n"
                   "double pes_test_energy(const double *xyz);\nint pes_test_inside(const double *xyz);\n"
                   "int main(void)\n{\n    const double b = 1 / 0.529177210903;\n"
                   "    double x[] = {0, 0.75 * b, 0.6 * b, 0, -0.75 * b, 0.6 * b, 0, 0, 0};\n"
                   "    printf(\"%d %s %.3f %d\", pes_test_natoms(), pes_test_symbols(), pes_test_energy(x), "
                   "pes_test_inside(x));\n"
                   "    x[0] = 1e6;\n    printf(\" %d\\n\", pes_test_inside(x));\n"
                   "    return 0;\n}\n");
    o = run("${CC:-cc} '%s/use.c' -o '%s/use' build/pes/pes_test/libpes_test.so "
            "-Wl,-rpath,\"$PWD/build/pes/pes_test\" && "
            "'%s/use'",
            folder, folder, folder);
    cr_assert_str_eq(o.text, "3 H H O -76.200 1 0\n");
    cr_assert_eq(
        run("cd build/pes/pes_test && ls pes_test.h pes_test_pes.h pes_test.pes libpes_test.so report.json")
            .status,
        0);
    run("rm -rf build/pes/pes_test");
}

/* Each group of functions is compiled by itself; all of them are in the library, and nothing else is. */
Test(make_pes, libraries_export_every_function)
{
    static const char *const one[] = {"natoms",          "symbols",        "energy",
                                      "energy_gradient", "energy_hessian", "inside"};
    static const char *const batch[] = {"energy_batch", "energy_gradient_batch"};
    static const char *const tensor[] = {"dipole", "quadrupole", "polarizability"};
    static const char *const of_tensor[] = {"", "_jacobian", "_batch", "_jacobian_batch"};
    outcome o =
        run(MAKE_PES " DATA=examples/data/h2o_tensors.xyz COMPOSITION='H2 O' DEGREE=2 DIPOLE=1 QUADRUPOLE=1"
                     " POLARIZABILITY=1 FLOAT=1 NAME=pes_all && nm -D --defined-only "
                     "build/pes/pes_all/libpes_all.so | sed -n 's/.* T //p'");
    cr_assert_eq(o.status, 0, "%s", o.text);
    char name[100];
    size_t expected = 0, found = 0;
#define EXPECT(...)                                                                                          \
    do {                                                                                                     \
        snprintf(name, sizeof name, "\npes_all_" __VA_ARGS__);                                               \
        cr_expect_not_null(strstr(o.text, name), "no %s in %s", name + 1, o.text);                           \
        expected++;                                                                                          \
    } while (0)
    for (size_t k = 0; k < COUNT(one); k++)
        EXPECT("%s\n", one[k]);
    for (size_t k = 0; k < COUNT(batch); k++) {
        EXPECT("%s\n", batch[k]);
        EXPECT("%s_float\n", batch[k]);
    }
    for (size_t k = 0; k < COUNT(tensor); k++)
        for (size_t f = 0; f < COUNT(of_tensor); f++)
            EXPECT("%s%s\n", tensor[k], of_tensor[f]);
    EXPECT("energy_gradient_dipole\n");
#undef EXPECT
    for (const char *at = strstr(o.text, "\npes_all_"); at; at = strstr(at + 1, "\npes_all_"))
        found++;
    cr_expect_eq(found, expected, "%s", o.text);
    run("rm -rf build/pes/pes_all");
}

/*
 * A compiler that makes, in no time, programs that note their arguments in the folder they are given, and
 * libraries; `instead` is what it does for a library first.
 */
static void place_compiler(const char *instead)
{
    char text[1000];
    snprintf(text, sizeof text,
             "#!/bin/sh\n"
             "all=$*\n"
             "while test $# -gt 0; do test \"$1\" != -o || out=$2; shift; done\n"
             "case $all in *-shared*) %s; echo new >\"$out\"; exit;; esac\n"
             "echo '#!/bin/sh' >\"$out\"\n"
             "echo 'for a; do printf \"<%%s>\\n\" \"$a\"; done >\"$2/arguments\"' >>\"$out\"\n"
             "echo 'echo new >\"$2/$NAME.pes\"' >>\"$out\"\n"
             "chmod +x \"$out\"\n",
             instead);
    place("cc", text);
    cr_assert_eq(run("chmod +x '%s/cc'", folder).status, 0);
}

#define MAKE_STUB(target)                                                                                    \
    "env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -o build/eqml-gen -o build/flags -o build/eqml.o"       \
    " -o build/fit.o " target " CC='%s/cc' COMPOSITION='H2 O' DEGREE=2 NAME=pes_stub"

/* A run that fails or is interrupted leaves the old files as they are, and nothing else. */
Test(make_pes, all_or_nothing)
{
    static const char *const failures[] = {"exit 1", "kill -INT $PPID; exit 0", "kill -TERM $PPID; exit 0"};
    run("rm -rf build/pes/pes_stub* && mkdir -p build/pes/pes_stub && cd build/pes/pes_stub && "
        "echo old >pes_stub.pes && echo old >libpes_stub.so && echo mine >mine");
    for (size_t k = 0; k < COUNT(failures); k++) {
        place_compiler(failures[k]);
        outcome o = run(MAKE_STUB("pes") " DATA='%s/good.xyz'", folder, folder);
        cr_assert_neq(o.status, 0, "%s: %s", failures[k], o.text);
        o = run("ls -d build/pes/pes_stub* && ls build/pes/pes_stub && cat build/pes/pes_stub/*");
        cr_assert_str_eq(o.text, "build/pes/pes_stub\nlibpes_stub.so\nmine\npes_stub.pes\nold\nmine\nold\n",
                         "%s", failures[k]);
    }
    place_compiler(":");
    outcome o = run(MAKE_STUB("pes") " DATA='%s/good.xyz'", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    o = run("ls -d build/pes/pes_stub* && cd build/pes/pes_stub && cat libpes_stub.so mine pes_stub.pes && "
            "grep -rl 'pes_stub\\.[A-Za-z0-9]*/' --include='*.h' --include='*.pes' .");
    cr_assert_str_eq(o.text, "build/pes/pes_stub\nnew\nmine\nnew\n");
    run("rm -rf build/pes/pes_stub");
}

Test(make_pes, several_at_once_leave_one_whole)
{
    run("rm -rf build/pes/pes_stub*");
    place_compiler(":");
    outcome o = run("for i in 1 2 3 4 5; do { " MAKE_STUB(
                        "pes") " DATA='%s/good.xyz' >'%s/log' || echo failed; } & "
                               "done; wait; ls -d build/pes/pes_stub*; ls build/pes/pes_stub",
                    folder, folder, folder);
    cr_assert_str_eq(o.text,
                     "build/pes/pes_stub\narguments\nfit\nlibpes_stub.so\npes_stub.h\npes_stub.pes\n");
    run("rm -rf build/pes/pes_stub*");
}

/* Names of files are read as they are, by whatever way they come; nothing in a value is run. */
Test(make_pes, values_are_not_shell_code)
{
    static const char *const names[] = {"a$b.xyz",
                                        "a$(HOME)b.xyz",
                                        "a${HOME}b",
                                        "a\"b.xyz",
                                        "a'b.xyz",
                                        "a b.xyz",
                                        "a#b.xyz",
                                        "a\\b.xyz",
                                        "a*b?[c].xyz",
                                        "a;b&c|d>e.xyz",
                                        "a%b.xyz",
                                        "a`touch pes_ran`b",
                                        "a$(shell touch pes_ran)",
                                        "a$$b",
                                        "a=b:c,d"};
    static const char *const ways[] = {"pes", "prune"};
    static const char *const notes[] = {"build/pes/pes_stub", "build/prune"};
    char path[400];
    place_compiler(":");
    for (size_t k = 0; k < COUNT(names); k++) {
        place(names[k], good);
        snprintf(path, sizeof path, "%s/%s", folder, names[k]);
        setenv("GIVEN", path, 1);
        for (size_t w = 0; w < 2; w++) {
            outcome o = w ? run(MAKE_STUB("prune") " DATA=\"$GIVEN\"", folder)
                          : run(MAKE_STUB("pes") " DATA=\"$GIVEN\"", folder);
            cr_assert_eq(o.status, 0, "make %s: %s: %s", ways[w], names[k], o.text);
            o = run("grep -Fx \"<$GIVEN>\" %s/arguments", notes[w]);
            cr_assert_eq(o.status, 0, "make %s: %s", ways[w], names[k]);
        }
    }
    /* from the environment */
    setenv("GIVEN", "a", 1);
    setenv("DATA", path, 1);
    cr_assert_eq(run(MAKE_STUB("pes"), folder).status, 0);
    unsetenv("DATA");
    outcome o = run(MAKE_STUB("pes") " DATA=-none.xyz", folder);
    cr_assert_not_null(strstr(o.text, "-none.xyz: there is no such file"), "%s", o.text);

    /* lists of options: quotes keep blanks together, nothing is run or looked up */
    setenv("GIVEN", "--test 'my file.xyz' \"it's $HOME\" `touch pes_ran` $(touch pes_ran) *", 1);
    o = run(MAKE_STUB("pes") " DATA='%s/good.xyz' FIT=\"$GIVEN\" && cat build/pes/pes_stub/arguments", folder,
            folder);
    cr_assert_not_null(strstr(o.text,
                              "<--test>\n<my file.xyz>\n<it's $HOME>\n<`touch>\n<pes_ran`>\n<$(touch>\n"
                              "<pes_ran)>\n<*>\n"),
                       "%s", o.text);
    o = run(MAKE_STUB("prune") " DATA='%s/good.xyz' PRUNE=\"$GIVEN\" && cat build/prune/arguments", folder,
            folder);
    cr_assert_not_null(strstr(o.text, "<my file.xyz>\n<it's $HOME>\n<`touch>\n"), "%s", o.text);
    static const char *const values[] = {"COMPOSITION",    "DEGREE", "DIPOLE", "QUADRUPOLE",
                                         "POLARIZABILITY", "NAME",   "BASIS"};
    setenv("GIVEN", "`touch pes_ran`\"$(touch pes_ran)", 1);
    for (size_t k = 0; k < COUNT(values); k++)
        for (size_t w = 0; w < 2; w++) {
            if (w && k > 1 && strcmp(values[k], "NAME"))
                continue;
            o = w ? run(MAKE_STUB("prune") " DATA='%s/good.xyz' %s=\"$GIVEN\"", folder, folder, values[k])
                  : run(MAKE_STUB("pes") " DATA='%s/good.xyz' %s=\"$GIVEN\"", folder, folder, values[k]);
            cr_assert_neq(o.status, 0, "make %s: %s", ways[w], values[k]);
        }
    cr_assert_eq(run("test -e pes_ran || test -e build/pes_ran").status, 1, "a value was run");
    run("rm -rf build/pes/pes_stub build/prune/pes_stub* build/prune/arguments");
}

/* In a clone without build/: what one make writes is never half there for another. */
Test(make_pes, two_builds_at_once)
{
    place("cc",
          "#!/bin/sh\n"
          "while test $# -gt 0; do case $1 in -o) out=$2; shift;; *.o) in=\"$in $1\";; esac; shift; done\n"
          "for i in $in; do test \"$(tail -n 1 $i)\" = end || { echo \"$i is not whole\"; exit 1; }; done\n"
          "echo $out >>../outputs; echo begin >$out; sleep 0.03; echo end >>$out\n");
    outcome o = run(
        "chmod +x '%s/cc' && mkdir '%s/clone' && ln -s \"$PWD/Makefile\" \"$PWD/gen\" \"$PWD/eqml.h\" "
        "'%s/clone/' && "
        "cd '%s/clone' && make='env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s CC=../cc build/eqml-gen' && "
        "{ $make & one=$!; $make; two=$?; wait $one && test $two = 0; } && "
        "tail -n 1 build/eqml-gen && find build -name '*.[0-9]*' && sort ../outputs | uniq -d",
        folder, folder, folder, folder);
    cr_assert_str_eq(o.text, "end\n");
}
