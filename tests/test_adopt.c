/* Potentials of libraries, as they are called, checked, sampled and fitted; and the census of holes from the command line. */
#define _POSIX_C_SOURCE 200809L
#include "misuse.h"
#include <math.h>

/* Water, H H O: two bonds and the distance of the hydrogens, polynomials of degree 3 in exp(-r/2), with a hole where the
 * hydrogens are close; in other units, orders and layouts; and functions that are none of this. */
static const char library[] =
    "#include <math.h>\n#include <stdlib.h>\n"
    "static double apart(const double *a, const double *b)\n{\n"
    "    return sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));\n}\n"
    "static double bond(double r, double r0, double hole)\n{\n"
    "    const double s = exp((r0 - r) / 2) - 1;\n    return s * s - hole * s * s * s;\n}\n"
    "static int ready;\n"
    "double plain(const double *x)\n{\n"
    "    return -76 + bond(apart(x, x + 6), 1.8, 0) + bond(apart(x + 3, x + 6), 1.8, 0) +\n"
    "           0.3 * bond(apart(x, x + 3), 2.9, 1.9);\n}\n"
    "void begin_(void)\n{\n    ready = 1;\n}\n"
    "void other_(const int *n, double *v, const double *x)\n{\n" /* O H H, xxyyzz, angstrom, kcal/mol */
    "    double y[9];\n"
    "    for (int i = 0; i < 3; i++)\n        for (int k = 0; k < 3; k++)\n"
    "            y[3 * i + k] = x[3 * k + (i + 1) % 3] / 0.529177210903;\n"
    "    *v = ready && *n == 3 ? 627.5094740631 * (plain(y) + 76) : NAN;\n}\n"
    "double forces(const double *x, double *f)\n{\n    double y[9];\n"
    "    for (int i = 0; i < 9; i++)\n        y[i] = x[i];\n"
    "    for (int i = 0; i < 9; i++) {\n        y[i] = x[i] - 1e-4;\n        f[i] = plain(y);\n"
    "        y[i] = x[i] + 1e-4;\n        f[i] = (f[i] - plain(y)) / 2e-4;\n        y[i] = x[i];\n    }\n"
    "    return plain(x);\n}\n"
    "double uneven(const double *x)\n{\n    return plain(x) + 1e-3 * apart(x, x + 6);\n}\n"
    "double fixed(const double *x)\n{\n    return plain(x) + 1e-4 * (x[2] - x[8]) * (x[2] - x[8]);\n}\n"
    "double counts(const double *x)\n{\n    static int calls;\n    return plain(x) + 1e-9 * ++calls;\n}\n"
    "double no_number(const double *x)\n{\n    return x[0] / 0.0 - x[1] / 0.0;\n}\n"
    "double crashes(const double *x)\n{\n    *(volatile int *)0 = 1;\n    return *x;\n}\n"
    "double ends(const double *x)\n{\n    (void)x;\n    exit(0);\n}\n";

static void build_library(void)
{
    begin();
    place("old.c", library);
    const outcome o = run("${CC:-cc} -O1 -shared -fPIC '%s/old.c' -o '%s/old.so' -lm", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
}

TestSuite(adopt, .init = build_library, .fini = end);

#define ADOPT "build/tests/adopt --library '%s/old.so' --samples-file '%s/samples.xyz' --samples 50 "

/* The same potential, however it is called, gives the same samples, up to rounding. */
Test(adopt, conventions)
{
    static const char *const calls[] = {"--symbol plain",
                                        "--symbol OTHER --init begin --call 'f(n, v, x)' --layout xxyyzz "
                                        "--order 2,3,1 --length-unit angstrom "
                                        "--energy-unit kcal/mol",
                                        "--symbol forces --call 'v=f(x,-g)'"};
    for (size_t k = 0; k < COUNT(calls); k++) {
        outcome o = run(ADOPT "%s", folder, folder, calls[k]);
        cr_assert_eq(o.status, 0, "%s: %s", calls[k], o.text);
        cr_expect_null(strstr(o.text, "are right"), "%s: %s", calls[k], o.text);
        cr_expect_not_null(strstr(o.text, "samples: 51 geometries"), "%s: %s", calls[k], o.text);
        /* The antisymmetric stretch of two bonds of 0.5 hartree/bohr^2, which the distance of the hydrogens has no part
         * in: G = 1/mH + 2 sin^2(angle/2)/mO. */
        const char *at = strstr(o.text, "wavenumbers");
        double w[3];
        cr_assert(at && sscanf(at, "wavenumbers %lf, %lf, %lf", &w[0], &w[1], &w[2]) == 3, "%s", o.text);
        const double sine = 2.9 / 3.6, mass = 1 / (1 / 1.00782503 + 2 * sine * sine / 15.9949146);
        const double expected = 219474.6313632 * sqrt(0.5 / (1822.888486 * mass));
        cr_expect_lt(fmin(fabs(w[1] - expected), fabs(w[2] - expected)), 1, "%s: %s", calls[k], o.text);
    }
}

Test(adopt, what_is_no_potential_is_said)
{
    static const char *const cases[][2] = {
        {"--symbol uneven", "like atoms are exchanged, most with atoms 1 and 2"},
        {"--symbol fixed", "where all is turned"},
        {"--symbol counts", "keeps a state"},
        {"--symbol forces --call 'v=f(x,g)' --start '%s/good.xyz'", "sign of gradients"},
        {"--symbol other --call 'f(n,v,x)'", "no energy is a number"},
        {"--symbol no_number", "no energy is a number"},
        {"--symbol crashes", "crashed or ended the program"},
        {"--symbol ends", "crashed or ended the program"},
        {"--symbol none", "no symbol none"},
        {"--symbol plain --call 'f(x)'", "--call f(x): expected"},
        {"--symbol plain --call 'f(x,v) 1'", "expected"},
        {"--symbol plain --order 1,2", "--order 1,2: expected"},
        {"--symbol plain --layout zyx", "--layout zyx: expected"},
        {"--symbol plain --energy-unit feet", "--energy-unit feet: expected"},
        {"--symbol plain --in '%s/nowhere'", "nowhere"},
        {"--symbol plain --start '%s/none.xyz'", "none.xyz"},
        {"--symbol plain --samples 0", "--samples 0"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        char options[800];
        const char *at = strstr(cases[k][0], "%s");
        snprintf(options, sizeof options, "%.*s%s%s", at ? (int)(at - cases[k][0]) : 700, cases[k][0],
                 at ? folder : "", at ? at + 2 : "");
        const outcome o = run(ADOPT "%s", folder, folder, options);
        cr_expect_not_null(strstr(o.text, cases[k][1]), "%s: %s", cases[k][0], o.text);
        cr_expect_eq(o.status, k < 3 ? 0 : 1, "%s: status %d: %s", cases[k][0], o.status, o.text);
    }
}

/* A polynomial is recovered with its hole, which the census then finds. */
Test(adopt, from_library_to_library)
{
    outcome o = run(MAKE "adopt LIBRARY='%s/old.so' SYMBOL=plain COMPOSITION='H2 O' DEGREE=3 NAME=adopt_test "
                         "FIT='--variable morse:2 --wall no --sigma 0 --diagnose 0'",
                    folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    char *json = read_whole("build/pes/adopt_test/adopt.json");
    const char *at = strstr(json, "\"largest_over_range\": ");
    cr_assert_not_null(at, "%s", json);
    cr_expect_lt(strtod(strchr(at, ':') + 1, NULL), 1e-9, "%s", json);
    free(json);
    cr_expect_not_null(strstr(o.text, "recovered"), "%s", o.text);
    cr_expect_not_null(strstr(o.text, "below the minimum and are left out"), "%s", o.text);
    cr_expect_eq(run("test -s build/pes/adopt_test/adopt.xyz && test -s build/adopt/adopt_test.xyz").status,
                 0);

    o = run(MAKE "holes NAME=adopt_test HOLES='--samples 2000 --walkers 100 --steps 100'");
    cr_expect_eq(o.status, 2, "make fails: %s", o.text);
    cr_expect_not_null(strstr(o.text, "Error 3"), "%s", o.text);
    cr_expect_not_null(strstr(o.text, "HOLES:"), "%s", o.text);
    cr_expect_eq(run("grep -q below_minimum_cm build/pes/adopt_test/holes.xyz && "
                     "grep -q '\"holes\": [1-9]' build/pes/adopt_test/holes.json")
                     .status,
                 0);
    o = run(MAKE "holes NAME=adopt_test HOLES='--samples 500 --walkers 100 --steps 100 --margin 1e9'");
    cr_expect_eq(o.status, 0, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "holes: none"), "%s", o.text);
    o = run(MAKE "holes NAME=adopt_test HOLES='--samples none'");
    cr_expect_not_null(strstr(o.text, "--samples none: expected"), "%s", o.text);
    cr_expect_null(strstr(o.text, "Error 3"), "%s", o.text);
    run("rm -rf build/pes/adopt_test build/adopt/adopt_test.xyz");
}

Test(adopt, misuse_is_told)
{
    static const char *const cases[][2] = {
        {"SYMBOL=plain COMPOSITION='H2 O' DEGREE=3", "needs LIBRARY"},
        {"LIBRARY=/none/such.so SYMBOL=plain COMPOSITION='H2 O' DEGREE=3", "/none/such.so"},
        {"LIBRARY=Makefile SYMBOL=plain DEGREE=3", "needs COMPOSITION"},
        {"LIBRARY=Makefile SYMBOL=plain COMPOSITION='H2 O' DEGREE=3 NAME=a-b", "C identifier"},
        {"LIBRARY=Makefile SYMBOL=plain COMPOSITION='H2 O' DEGREE=101",
         "degree \"101\""}, /* before anything is sampled */
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        const outcome o = run(MAKE "adopt %s", cases[k][0]);
        cr_expect_eq(o.status, 2, "%s: %s", cases[k][0], o.text);
        cr_expect_not_null(strstr(o.text, cases[k][1]), "%s: %s", cases[k][0], o.text);
    }
}
