/* What the fit program chooses by itself: it says so, and what it says gives the same fit again. */
#define _POSIX_C_SOURCE 200809L
#include "json.h"
#include "misuse.h"

#define FIT                                                                                                  \
    "build/tests/fit --runtime eqml.h --basis-header build/tests/h2o_d8.h --census no --diagnose 0 "         \
    "--train-every 10 examples/data/h2o_ps.xyz --name w --directory '%s'"

TestSuite(automatic, .init = begin, .fini = end);

/* The line of options in what the program printed. */
static void options_of(const outcome *o, char options[500])
{
    const char *line = strstr(o->text, "\n    --variable ");
    cr_assert_not_null(line, "%s", o->text);
    const size_t length = strcspn(line + 1, "\n");
    cr_assert(length < 500);
    snprintf(options, 500, "%.*s", (int)length, line + 1);
}

Test(automatic, options_that_are_printed_give_the_same_fit)
{
    static const char *const asked[] = {"", "--ridge auto --energy-weight auto",
                                        "--variable H-H=auto --variable "
                                        "H-O=morse:3"};
    for (size_t k = 0; k < COUNT(asked); k++) {
        char options[500];
        outcome o = run(FIT " %s", folder, asked[k]);
        cr_assert_eq(o.status, 0, "%s", o.text);
        options_of(&o, options);
        cr_assert_eq(run("mv '%s/w.pes' '%s/chosen.pes'", folder, folder).status, 0);
        o = run(FIT " %s", folder, options);
        cr_assert_eq(o.status, 0, "%s: %s", options, o.text);
        cr_expect_null(strstr(o.text, "chosen"), "%s", o.text);
        cr_expect_eq(run("cmp '%s/w.pes' '%s/chosen.pes'", folder, folder).status, 0, "%s", options);
        if (k == 2)
            cr_expect_not_null(strstr(options, "H-O=morse:3"), "%s", options);
    }
}

/* Better on the test set, which it does not see, than the variables of old. */
Test(automatic, report_has_the_choice)
{
    double error[2];
    for (int automatic = 0; automatic < 2; automatic++) {
        char path[400];
        outcome o = run(FIT " %s", folder, automatic ? "" : "--variable morse:2");
        cr_assert_eq(o.status, 0, "%s", o.text);
        snprintf(path, sizeof path, "%s/report.json", folder);
        char *json = read_whole(path);
        error[automatic] = json_number(json, "rmse_energy_test");
        cr_expect_not_null(strstr(json_value(json, "variables"), "H-O="), "%s", json);
        cr_expect_eq(strncmp(json_value(json, "seconds_choice"), "null", 4) != 0, automatic);
        free(json);
    }
    cr_expect_lt(error[1], error[0]);
}

/* The degree that is written is the least whose error, as printed, is near the best. */
Test(automatic, degree)
{
    outcome o = run(FIT " --variable morse:3 --gradients 0 --degree-file '%s/degree'", folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    double error[9], best = HUGE_VAL;
    int least = 8;
    const char *at = strstr(o.text, "cm^-1: 1: ");
    cr_assert_not_null(at, "%s", o.text);
    at = strchr(at, ':') + 1;
    for (int d = 1; d <= 8; d++) {
        int degree, length;
        cr_assert_eq(sscanf(at, " %d: %lf%n", &degree, &error[d], &length), 2, "%s", at);
        cr_assert_eq(degree, d);
        at += length + 1;
        best = fmin(best, error[d]);
    }
    for (int d = 8; d >= 1; d--)
        if (error[d] <= 1.06 * best) /* scores are geometric means, errors are not */
            least = d;
    char path[400];
    snprintf(path, sizeof path, "%s/degree", folder);
    char *text = read_whole(path);
    cr_expect(abs(atoi(text) - least) <= 1, "%s: %s", text, o.text);
    cr_expect_neq(run("ls '%s/w.pes'", folder).status, 0);
    free(text);
}
