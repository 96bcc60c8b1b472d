/* The second `make pes`: the data are read first, what did not change is kept, and what did is made anew. */
#define _DEFAULT_SOURCE
#include "support.h"
#include <fcntl.h>
#include <sys/file.h>

static char folder[TEMPORARY_PATH];

/* One test at a time: all make the same surface. The lock ends with the process. */
static void begin(void)
{
    const int lock = open("build/pes_refit.lock", O_CREAT | O_RDWR, 0666);
    cr_assert(lock >= 0 && !flock(lock, LOCK_EX));
    make_folder(folder);
    run("rm -rf build/pes/pes_refit*");
}

static void end(void)
{
    run("rm -rf build/pes/pes_refit*");
    remove_folder(folder);
}

TestSuite(refit, .init = begin, .fini = end);

/* When the objects of the library were made, and the fit program. */
static outcome times(void)
{
    outcome o = run("cd build/pes/pes_refit/kept && ls --full-time fit ONE.o BATCH.o");
    cr_assert_eq(o.status, 0, "%s", o.text);
    return o;
}

/* Whether there is a wall is in the code. */
#define FIRST "pes DATA=examples/data/h2o_ps.xyz COMPOSITION='H2 O' NAME=pes_refit DEGREE=3 FIT='--wall no'"

/* The energy of one geometry from the library, and from the header alone. */
static void assert_one_surface(void)
{
    char path[400];
    snprintf(path, sizeof path, "%s/use.c", folder);
    write_file(
        path,
        "#include <stdio.h>\n"
        "#ifdef HEADER\n#include \"pes_refit_pes.h\"\n#else\n"
        "double pes_refit_energy(const double *xyz);\n"
        "double pes_refit_energy_hessian(const double *xyz, double *gradient, double *hessian);\n#endif\n"
        "int main(void)\n{\n"
        "    const double x[] = {0, 1.4, 1.1, 0, -1.5, 1.2, 0, 0.1, 0};\n"
        "    double g[9], h[81];\n"
        "    const double e = pes_refit_energy(x), f = pes_refit_energy_hessian(x, g, h);\n"
        "    printf(\"%.9e %.9e %.9e %.9e\\n\", e, f, g[1], h[10]);\n"
        "    return 0;\n}\n");
    outcome header =
        run("${CC:-cc} -O1 -march=native -DHEADER -Ibuild/pes/pes_refit '%s' -o '%s/a' -lm && '%s/a'", path,
            folder, folder);
    outcome library = run("${CC:-cc} '%s' -o '%s/b' build/pes/pes_refit/libpes_refit.so "
                          "-Wl,-rpath,\"$PWD/build/pes/pes_refit\" && '%s/b'",
                          path, folder, folder);
    cr_assert_eq(header.status, 0, "%s", header.text);
    cr_assert_eq(library.status, 0, "%s", library.text);
    cr_assert_str_eq(library.text, header.text);
}

Test(refit, what_did_not_change_is_kept)
{
    outcome o = run(QUICK_MAKE FIRST);
    cr_assert_eq(o.status, 0, "%s", o.text);
    assert_one_surface();
    o = run("cd build/pes/pes_refit && for form in -DALL -Dpes_refit_APART -Dpes_refit_NUMBERS; do "
            "${CC:-cc} -std=c11 $form -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c pes_refit_pes.h && "
            "${CXX:-c++} -std=c++11 $form -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ "
            "pes_refit_pes.h || exit 1; "
            "done");
    cr_assert_eq(o.status, 0, "%s", o.text);
    const outcome first = times();
    const outcome numbers = run("cksum <build/pes/pes_refit/libpes_refit.so");
    static const char *const same[] = {"--variable H-O=morse:3", "--variable morse:4 --gradients 0",
                                       "--train-every 3 --ridge 1e-9"};
    for (size_t k = 0; k < COUNT(same); k++) {
        o = run(QUICK_MAKE "refit DATA=examples/data/h2o_ps.xyz COMPOSITION='H2 O' NAME=pes_refit DEGREE=3 "
                           "FIT='--wall no %s'",
                same[k]);
        cr_assert_eq(o.status, 0, "%s: %s", same[k], o.text);
        cr_assert_str_eq(times().text, first.text, "%s", same[k]);
        cr_assert_str_neq(run("cksum <build/pes/pes_refit/libpes_refit.so").text, numbers.text, "%s",
                          same[k]);
        assert_one_surface();
    }
    /* the same command makes the same */
    o = run(QUICK_MAKE FIRST);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_assert_str_eq(run("cksum <build/pes/pes_refit/libpes_refit.so").text, numbers.text);
    cr_assert_str_eq(times().text, first.text);

    /* another kind of variable is in the code; the fit program is as it was */
    o = run(QUICK_MAKE FIRST " FIT='--variable H-H=power:1'");
    cr_assert_eq(o.status, 0, "%s", o.text);
    assert_one_surface();
    const outcome second = times();
    cr_assert_str_neq(second.text, first.text);
    /* another basis changes everything */
    o = run(QUICK_MAKE FIRST " DEGREE=2");
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_assert_str_neq(times().text, second.text);
    assert_one_surface();
}

/* Bad data are refused before anything is generated or compiled, at the first run and at the next, and nothing is lost. */
Test(refit, data_are_read_first)
{
    char path[400];
    snprintf(path, sizeof path, "%s/bad.xyz", folder);
    write_file(path, "3\n-1 stone/mol\nH 0 0 0\nH 0 0 1\nO 0 1 0\n");
    outcome o = run("env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make build/eqml.o build/fit.o build/eqml-gen "
                    ">'%s/log'; " QUICK_MAKE "pes DATA='%s' COMPOSITION='H2 O' NAME=pes_refit DEGREE=3",
                    folder, path);
    cr_assert_neq(o.status, 0);
    cr_assert_not_null(strstr(o.text, "bad.xyz:2: expected hartree"), "%s", o.text);
    cr_assert_eq(run("ls -d build/pes/pes_refit*").status, 2);
    o = run(QUICK_MAKE FIRST);
    cr_assert_eq(o.status, 0, "%s", o.text);
    const outcome before = times();
    o = run(QUICK_MAKE "pes DATA='%s' COMPOSITION='H2 O' NAME=pes_refit DEGREE=3", path);
    cr_assert_neq(o.status, 0);
    cr_assert_not_null(strstr(o.text, "bad.xyz:2: expected hartree"), "%s", o.text);
    cr_assert_null(strstr(o.text, "eqml-gen"), "%s", o.text);
    cr_assert_str_eq(times().text, before.text);
    assert_one_surface();
}
