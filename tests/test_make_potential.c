/* The command that makes potentials of neighbour clouds, and the options of its fit program. */
#define _POSIX_C_SOURCE 200809L
#include "frames.h"
#include "json.h"

Test(make_potential, make_potential_leaves_a_header_a_library_and_a_report)
{
    double *truth = room((size_t)cloud_two_basis.nterms, sizeof *truth);
    char folder[TEMPORARY_PATH], path[512];
    make_folder(folder);
    const eqml_cloud_model model = random_model(&cloud_two_basis, truth, NULL);
    snprintf(path, sizeof path, "%s/a b.xyz", folder);
    make_frames(&model, path, 12);
    cr_assert_eq(run("cd '%s' && gzip -k 'a b.xyz'", folder).status, 0);
    const outcome o =
        run(QUICK_MAKE "potential DATA='%s.gz' ENVIRONMENT='W: W H; H: W H' ORDER=3 LEVEL=4 NAME=test_wh "
                       "FIT=\"--cutoff 4 --range 2.1 --ridge 1e-10 --test '%s'\"",
            path, path);
    cr_assert_eq(o.status, 0, "%s", o.text);
    const outcome report = run("cat build/potential/test_wh/report.json");
    cr_expect_null(json_wrong(report.text), "%s", report.text);
    cr_expect_gt(json_number(report.text, "terms"), 0);
    cr_expect_float_eq(json_number(report.text, "mae_force_train_ev_per_angstrom"),
                       json_number(report.text, "mae_force_test_ev_per_angstrom"), 1e-12);
    /* the header alone, in C and in C++, with all warnings */
    snprintf(path, sizeof path, "%s/main.c", folder);
    write_file(path,
               "#include \"test_wh_pot.h\"\n#include <stdio.h>\n"
               "int main(void)\n{\n    double x[6] = {0, 0, 0, 0, 0, 4}, e, f[6], v[6], each[2];\n"
               "    int s[2] = {0, 1};\n"
               "    if (test_wh_evaluate(2, x, s, NULL, NULL, &e, f, v, each)) return 1;\n"
               "    x[5] = 0;\n    if (!test_wh_evaluate(2, x, s, NULL, NULL, &e, f, v, each)) return 2;\n"
               "    printf(\"%s %d %g\\n\", test_wh_species(), test_wh_nspecies(), f[2] + f[5]);\n    return "
               "0;\n}\n");
    static const char *const compilers[] = {"cc -std=c11 -x c", "g++ -std=c++11 -x c++"};
    for (int k = 0; k < 2; k++) {
        const outcome built =
            run("%s -Wall -Wextra -Wpedantic -Werror -O1 -march=native -Ibuild/potential/test_wh '%s' -o "
                "'%s/main' -lm && '%s/main'",
                compilers[k], path, folder, folder);
        cr_expect_eq(built.status, 0, "%s", built.text);
        cr_expect_eq(strncmp(built.text, "W H 2 ", 6), 0, "%s", built.text);
    }
    remove_folder(folder);
    free(truth);
    cr_expect_eq(run("rm -rf build/potential/test_wh").status, 0);
}

/* The fit program over a basis of the tests: bad options, and what good ones leave. */
Test(make_potential, options_of_the_fit)
{
    static const char *const cases[][2] = {
        {"", "no data file"},
        {"--none", "unknown option"},
        {"--cutoff", "needs a value"},
        {"--cutoff -1 a.xyz", "expected a finite number"},
        {"--train-every 2.5 a.xyz", "expected a whole number"},
        {"--stress-sign up a.xyz", "expected ase or pressure"},
        {"--test a.xyz --train-every 2 a.xyz", "exclude each other"},
        {"--ask 3 a.xyz", "needs --pool"},
        {"a.xyz a.xyz", "--also"},
        {"--reference zbl:4,3 a.xyz", "none or zbl:A,B"},
        {"--atoms W=-1 a.xyz", "the energy of H"},
        {"--atoms isolated a.xyz", "not each species"},
        {"--weights none a.xyz", "none: cannot be read"},
        {"--weights bad a.xyz", "bad:2: expected a config_type and factors"},
        {"--weights other a.xyz", "other:1: no configuration has config_type=hot"},
        {"--stress-unit torr a.xyz", "torr"},
    };
    double *truth = room((size_t)cloud_two_basis.nterms, sizeof *truth);
    const eqml_cloud_model model = random_model(&cloud_two_basis, truth, NULL);
    char folder[TEMPORARY_PATH], path[512], command[1024];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/a.xyz", folder);
    make_frames(&model, path, 20);
    snprintf(path, sizeof path, "%s/bad", folder);
    write_file(path, "# factors\ncold 1 2\n");
    snprintf(path, sizeof path, "%s/other", folder);
    write_file(path, "hot 1 2 3\n");
    snprintf(path, sizeof path, "%s/basis.c", folder);
    write_file(path, "#include \"cloud_two.h\"\nconst eqml_cloud_basis *const basis = &cloud_two_basis;\n");
    const outcome built =
        run("make -s build/eqml.o build/potential.o && cc -O0 -march=native -I. -Ibuild/tests "
            "'%s/basis.c' build/potential.o build/eqml.o -o '%s/fit' -lm",
            folder, folder);
    cr_assert_eq(built.status, 0, "%s", built.text);
    snprintf(command, sizeof command,
             "here=$PWD; cd '%s' && ./fit --name wh --runtime \"$here/eqml.h\" "
             "--basis-header \"$here/build/tests/cloud_two.h\" ",
             folder);
    for (size_t k = 0; k < COUNT(cases); k++) {
        const outcome o = run("%s %s", command, cases[k][0]);
        cr_expect_neq(o.status, 0, "%s", cases[k][0]);
        cr_expect_not_null(strstr(o.text, cases[k][1]), "%s: %s", cases[k][0], o.text);
        cr_expect(strchr(o.text, '\n') && !strchr(o.text, '\n')[1], "%s: %s", cases[k][0], o.text);
    }
    const outcome left = run("cd '%s' && ls", folder);
    cr_expect_null(strstr(left.text, "wh"), "%s", left.text);
    const outcome good =
        run("%s --cutoff 4 --range 2.1 --energies 10 --virials 1 --ridge 1e-6 --reference zbl:1,2 "
            "--atoms W=-4.5,H=-1.1 --cross-validate 2 --pool a.xyz --ask 3 --test a.xyz a.xyz",
            command);
    cr_assert_eq(good.status, 0, "%s", good.text);
    const outcome report = run("cat '%s/report.json'", folder);
    cr_expect_null(json_wrong(report.text), "%s", report.text);
    cr_expect_gt(json_number(report.text, "mae_energy_cross_validation_ev_per_atom"), 0);
    cr_expect_leq(json_number(report.text, "largest_grade_test"), 1 + 1e-9);
    cr_expect(json_number(report.text, "coverage_force_two_sigma") >=
              json_number(report.text, "coverage_force_one_sigma"));
    const outcome asked = run("grep -c Properties '%s/ask.xyz'", folder);
    cr_expect_eq(atoi(asked.text), 3, "%s", asked.text);
    remove_folder(folder);
    free(truth);
}

Test(make_potential, misuse_is_told_in_one_line)
{
    static const char *const cases[][2] = {
        {"", "no data"},
        {"DATA=/none/such", "there is no such file"},
        {"DATA=Makefile", "no ENVIRONMENT"},
        {"DATA=Makefile ENVIRONMENT='W: W'", "no ORDER"},
        {"DATA=Makefile ENVIRONMENT='W: W' ORDER=3", "no LEVEL"},
        {"DATA=Makefile ENVIRONMENT='W: W' ORDER=3 LEVEL=4 NAME=3x", "C identifier"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        const outcome o = run(QUICK_MAKE "potential %s", cases[k][0]);
        cr_expect_not_null(strstr(o.text, cases[k][1]), "%s: %s", cases[k][0], o.text);
    }
}
