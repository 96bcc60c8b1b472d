/* make pes: from data to a library or an error, whatever is in the values, and whoever else builds at that time. */
#define _POSIX_C_SOURCE 200809L
#include "misuse.h"
#include <signal.h>

#define MAKE_PES QUICK_MAKE "pes"

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
        {"DATA=@ COMPOSITION='H2 O' DEGREE=auto NAME=pes_misuse", "too few to choose a degree by"},
        {"DATA=/dev/null COMPOSITION='H2 O' DEGREE=auto NAME=pes_misuse", "must be a file"},
        {"DATA=@ COMPOSITION='H2 O' DEGREE=99 BASIS='-d 101' NAME=pes_misuse", "degree \"101\""},
        {"DATA=@ COMPOSITION='H4 C' DEGREE=99 NAME=pes_misuse", "the data have 3 atoms"},
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
    outcome o = run("mkdir '%s/my data' && cp '%s/good.xyz' '%s/my data/a b.xyz' && " MAKE
                    "pes DATA='%s/my data/a b.xyz' COMPOSITION='H2 O' DEGREE=2 NAME=pes_test"
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
    EXPECT("energy_sigma\n");
    EXPECT("energy_sigma_batch\n");
#undef EXPECT
    for (const char *at = strstr(o.text, "\npes_all_"); at; at = strstr(at + 1, "\npes_all_"))
        found++;
    cr_expect_eq(found, expected, "%s", o.text);
    /* their prototypes, and the record under a name that all libraries share */
    o = run("cd build/pes/pes_all && { sed -n 's/.* [*]*\\(pes_all_[a-z_]*\\)(.*/\\1/p' pes_all_api.h; "
            "echo eqml_surface_record; } | LC_ALL=C sort >api && nm -D --defined-only libpes_all.so | "
            "sed -n 's/.* T //p' | LC_ALL=C sort | diff api - && grep -c 'bind(c)' pes_all.f90");
    cr_expect_str_eq(o.text, "11\n");
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
    MAKE "-o build/eqml-gen -o build/flags -o build/eqml.o -o build/fit.o " target                           \
         " CC='%s/cc' COMPOSITION='H2 O' DEGREE=2 NAME=pes_stub"

/* A run that fails or is interrupted leaves the old files as they are, and nothing else. */
Test(make_pes, all_or_nothing)
{
    static const char *const failures[] = {"exit 1", "kill -INT $PPID; exit 0", "kill -TERM $PPID; exit 0"};
    signal(SIGINT, SIG_DFL); /* it is ignored where a shell runs the tests in the background */
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
                     "build/pes/pes_stub\narguments\nkept\nlibpes_stub.so\npes_stub.h\npes_stub.pes\n");
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
          "test -n \"$out\" || exit 0 # asked what it is\n"
          "for i in $in; do test \"$(tail -n 1 $i)\" = end || { echo \"$i is not whole\"; exit 1; }; done\n"
          "echo $out >>../outputs; echo begin >$out; sleep 0.03; echo end >>$out\n");
    outcome o = run(
        "chmod +x '%s/cc' && mkdir '%s/clone' && ln -s \"$PWD/Makefile\" \"$PWD/gen\" \"$PWD/eqml.h\" "
        "\"$PWD/examples\" \"$PWD/tests\" "
        "'%s/clone/' && "
        "cd '%s/clone' && make='env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s CC=../cc build/eqml-gen' && "
        "{ $make & one=$!; $make; two=$?; wait $one && test $two = 0; } && "
        "tail -n 1 build/eqml-gen && find build -name '*.[0-9]*' && sort ../outputs | uniq -d",
        folder, folder, folder, folder);
    cr_assert_str_eq(o.text, "end\n");
}
