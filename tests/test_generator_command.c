/*
 * The generator's command line as a stranger would misuse it: one line that names what is wrong, a status that says
 * so, and no file left behind.
 */
#define _POSIX_C_SOURCE 200809L
#include "misuse.h"

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
