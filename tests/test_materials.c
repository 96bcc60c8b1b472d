/* The programs of make properties, make dynamics and make shapes as commands: good input gives finite figures, bad input one line. */
#define _POSIX_C_SOURCE 200809L
#include "cloud_one.h"
#include "json.h"
#include "support.h"

/* Each of these, with the rest of a command, must fail with one line that has the word. */
static void expect_refusals(const char *command, size_t n, const char *const (*cases)[2])
{
    for (size_t k = 0; k < n; k++) {
        const outcome o = run("%s %s", command, cases[k][0]);
        cr_expect(o.status > 0 && o.status < 128, "%s: %s", cases[k][0], o.text);
        cr_expect_not_null(strstr(o.text, cases[k][1]), "%s: %s", cases[k][0], o.text);
        cr_expect(strchr(o.text, '\n') && !strchr(o.text, '\n')[1], "%s: %s", cases[k][0], o.text);
    }
}

/* The number behind the n-th place of a word in what a program prints. */
static double number_behind(const char *text, const char *word, int n)
{
    for (; n > 0 && text; n--) {
        text = strstr(text, word);
        text = text ? text + strlen(word) : NULL;
    }
    cr_assert_not_null(text, "%s", word);
    return strtod(text, NULL);
}

/* folder/ta.pot, and libta.so where it is wanted: attraction of pairs, (1 - (r/R)^2)^3, over the repulsion of nuclei. */
static void make_tantalum(const char *folder, int library)
{
    const eqml_cloud_basis *b = &cloud_one_basis;
    double *c = room((size_t)b->nterms, sizeof *c);
    int *order = room((size_t)b->nterms, sizeof *order), *parity = room((size_t)b->nterms, sizeof *parity);
    eqml_pair_reference pair;
    eqml_message message;
    char path[512];
    int first = 0;
    cr_assert_eq(eqml_cloud_term_kinds(b->centres[0].program, order, parity), EQML_OK);
    while (order[first] != 1)
        first++;
    c[first] = -2 * EQML_EV;
    cr_assert_eq(eqml_pair_zbl(73, 73, 4 * EQML_ANGSTROM, 4.8 * EQML_ANGSTROM, &pair), EQML_OK);
    const eqml_cloud_model model = {
        b, {.cutoff = 6 * EQML_ANGSTROM, .range = 3 * EQML_ANGSTROM}, c, NULL, &pair};
    snprintf(path, sizeof path, "%s/ta.pot", folder);
    cr_assert_eq(eqml_cloud_write(&model, path, &message), EQML_OK, "%s", message.text);
    if (library) {
        snprintf(path, sizeof path, "%s/ta_pot.h", folder);
        cr_assert_eq(
            eqml_cloud_write_header(&model, "ta", "eqml.h", "build/tests/cloud_one.h", path, &message),
            EQML_OK, "%s", message.text);
        const outcome o =
            run("cd '%s' && printf '#include <stddef.h>\\n#define ta_API extern\\n#include \"ta_pot.h\"\\n' "
                ">lib.c && cc -std=c11 -O1 -march=native -fPIC -shared lib.c -o libta.so -lm",
                folder);
        cr_assert_eq(o.status, 0, "%s", o.text);
    }
    free(c);
    free(order);
    free(parity);
}

Test(materials, properties_as_a_command)
{
    static const char *const cases[][2] = {
        {"--none", "unknown option"},
        {"--mass", "needs a value"},
        {"--distance -1 --name ta", "expected a finite number"},
        {"--name 3x", "C identifier"},
        {"--name none", "libnone.so"},
        {"--name ta --species W", "W: no species of the potential"},
        {"--name ta --distance 2.8 --crystal sc", "sc: expected fcc, bcc, hcp or diamond"},
    };
    char folder[TEMPORARY_PATH], command[1024];
    make_folder(folder);
    make_tantalum(folder, 1);
    const outcome built = run("make -s build/properties/properties");
    cr_assert_eq(built.status, 0, "%s", built.text);
    snprintf(command, sizeof command, "build/properties/properties --directory '%s'", folder);
    expect_refusals(command, COUNT(cases), cases);
    cr_expect_neq(run("ls '%s'/*.json '%s'/*.svg", folder, folder).status, 0, "nothing is left half-written");
    const outcome good = run("%s --name ta --crystal fcc --distance 2.8 --mass 180.95", command);
    cr_assert_eq(good.status, 0, "%s", good.text);
    const outcome report = run("cat '%s/properties.json'", folder);
    cr_expect_null(json_wrong(report.text), "%s", report.text);
    cr_expect_null(strstr(report.text, "nan"), "%s", report.text);
    /* a pair potential without tension of the crystal: Cauchy's relation */
    const double c12 = number_behind(good.text, "C12 ", 1), c44 = number_behind(good.text, "C44 ", 1);
    cr_expect(c12 > 0 && fabs(c12 - c44) < 0.02 * c12, "%s", good.text);
    cr_expect_gt(number_behind(good.text, "vacancy, eV:", 1), 0, "%s", good.text);
    cr_expect_eq(run("test -s '%s/energies.svg' && test -s '%s/phonons.svg'", folder, folder).status, 0);
    remove_folder(folder);
}

Test(materials, dynamics_as_a_command)
{
    static const char *const cases[][2] = {
        {"--none", "unknown option"},
        {"--name ta", "--edge: is missing"},
        {"--name ta --edge 4 --cells 2.5", "expected a whole number"},
        {"--name ta --edge 4 --periodic 1", "expected a finite number"},
        {"--name ta --edge 4 --mass 181 --crystal sc", "sc"},
        {"--name none --edge 4 --mass 181", "none.pot"},
        {"--name ta --edge 4 --time 1e9", "100 million steps"},
        {"--name ta --edge nan", "expected a finite number"},
    };
    char folder[TEMPORARY_PATH], command[1024];
    make_folder(folder);
    make_tantalum(folder, 0);
    const outcome built =
        run("make -s build/dynamics.o build/eqml.o && printf '#include \"cloud_one.h\"\\nconst "
            "eqml_cloud_basis "
            "*const basis = &cloud_one_basis;\\n' >'%s/basis.c' && cc -O0 -march=native -I. -Ibuild/tests "
            "'%s/basis.c' build/dynamics.o build/eqml.o -o '%s/dynamics' -lm",
            folder, folder, folder);
    cr_assert_eq(built.status, 0, "%s", built.text);
    snprintf(command, sizeof command, "'%s/dynamics' --directory '%s'", folder, folder);
    expect_refusals(command, COUNT(cases), cases);
    cr_expect_neq(run("ls '%s'/*.svg", folder).status, 0, "nothing is left half-written");
    const outcome good =
        run("%s --name ta --edge 4 --mass 180.95 --cells 3 --temperature 300 --time 0.2 --step 2", command);
    cr_assert_eq(good.status, 0, "%s", good.text);
    cr_expect_lt(fabs(number_behind(good.text, "drift of the energy ", 1)), 1e-4, "%s", good.text);
    cr_expect_lt(number_behind(good.text, "its fluctuation ", 1), 1e-3, "%s", good.text);
    cr_expect_gt(number_behind(good.text, "its fluctuation ", 1), 0, "%s", good.text);
    const outcome again =
        run("%s --name ta --edge 4 --mass 180.95 --cells 3 --temperature 300 --time 0.2 --step 2", command);
    cr_expect_str_eq(again.text, good.text);
    remove_folder(folder);
}

/* Small bases, and few clouds: what is learnt is nothing to be proud of, but it is learnt. */
Test(materials, shapes_as_a_command)
{
    static const char *const cases[][2] = {
        {"--none", "unknown option"},   {"--each 3", "at least 20"}, {"--points 1e7", "at most 100000"},
        {"--noise x", "finite number"}, {"--seed", "needs a value"},
    };
    char folder[TEMPORARY_PATH], command[1024];
    make_folder(folder);
    const outcome built =
        run("for n in plain chiral; do build/eqml-gen --environment 'P: P' --order 3 --level 7 "
            "--level-weight 0.7 --nmax 3 "
            "--lmax 4 $([ $n = plain ] || echo --chiral) -n $n -o '%s'/$n.h || exit; done; "
            "cc -O0 -march=native -I. -Iexamples '-I%s' examples/shapes/*.c build/eqml.o -o '%s/shapes' -lm",
            folder, folder, folder);
    cr_assert_eq(built.status, 0, "%s", built.text);
    snprintf(command, sizeof command, "'%s/shapes' --directory '%s'", folder, folder);
    expect_refusals(command, COUNT(cases), cases);
    cr_expect_neq(run("ls '%s'/*.svg", folder).status, 0, "nothing is left half-written");
    const outcome good = run("%s --each 20 --points 60", command);
    cr_assert_eq(good.status, 0, "%s", good.text);
    cr_expect_null(strstr(good.text, "nan"), "%s", good.text);
    for (int k = 1; k <= 2; k++) { /* by chance it would be 17 % */
        const double family = number_behind(good.text, "terms: family", k);
        cr_expect(family > 40 && family <= 100, "%s", good.text);
    }
    cr_expect_eq(
        run("cd '%s' && test -s shapes.svg && test -s confusion.svg && test -s regression.svg", folder)
            .status,
        0);
    remove_folder(folder);
}
