/* The command lines of programs on a surface, misused: one line, which says what is wrong, a status that is not zero, and no file. */
#define _POSIX_C_SOURCE 200809L
#include "misuse.h"
#include "water.h"

static void surface(void)
{
    make_folder(folder);
    write_water(folder, "water");
    place("far.xyz", "3\n0\nH 7 0.6 0\nH -7 0.58 0\nO 0 0 0\n");
    place("line.xyz", "3\n0\nH 0.95 0 0\nH -0.95 0 0\nO 0 0 0\n");
    place("two.xyz", "2\n0\nH 0.95 0 0\nO 0 0 0\n");
    place("nitrogen.xyz", "3\n0\nH 0.95 0 0\nH -0.95 0 0\nN 0 0 0\n");
    place("grids", "nothing of the kind\n");
}

static void remove_surface(void)
{
    remove_folder(folder);
}

TestSuite(programs, .init = surface, .fini = remove_surface);

static void expect_refusal(const char *program, const char *basis_name, const char *options, const char *word)
{
    char begin[64], command[512];
    const outcome before = run("ls -l '%s'", folder);
    snprintf(begin, sizeof begin, "%s: ", program);
    snprintf(command, sizeof command, "%s %s", program, options);
    const outcome o = run("cd '%s' && \"$OLDPWD/build/tests/on-%s-%s\" --name water %s", folder, basis_name,
                          program, options);
    assert_refusal(&o, begin, word, command);
    const outcome after = run("ls -l '%s'", folder);
    cr_expect_str_eq(after.text, before.text, "%s: files changed: %s", command, after.text);
}

/* What is the same for all of them. */
Test(programs, all_of_them_refuse)
{
    static const char *const all[] = {"levels", "thermo", "dmc", "pimc", "scatter", "vci"};
    static const char *const cases[][2] = {
        {"--name nobody", "nobody.pes"},
        {"--directory nowhere", "nowhere/water.pes"},
        {"--start nowhere.xyz", "nowhere.xyz"},
        {"--start far.xyz", "far.xyz: a distance is outside of those of the training data"},
        {"--start two.xyz", "two.xyz"},
        {"--start nitrogen.xyz --masses atomic", "N"},
        {"--masses heavy", "--masses heavy: expected atomic, nuclear, or a mass"},
        {"--masses 1,1", "--masses 1,1: expected"},
        {"--isotope H=C", "--isotope H=C"},
        {"--isotope 4=D", "--isotope 4=D: there is no such atom"},
        {"--nonsense", "--nonsense"},
        {"--seed", "--seed"},
        {"--seed one", "--seed one"},
    };
    for (size_t p = 0; p < COUNT(all); p++)
        for (size_t k = 0; k < COUNT(cases); k++)
            expect_refusal(all[p], "water", cases[k][0], cases[k][1]);
}

/* What each has of its own. The surface has no dipole; a linear molecule is a saddle of it. */
Test(programs, each_refuses)
{
    static const char *const cases[][3] = {
        {"levels", "--dipole yes", "the surface has no dipole"},
        {"levels", "--dipole perhaps", "--dipole: expected yes or no"},
        {"levels", "--start line.xyz", "a saddle, no minimum"},
        {"levels", "--states 0", "--states 0"},
        {"levels", "--frame fixed", "--frame: expected eckart or bisector"},
        {"levels", "--frame bisector --vectors jacobi", "--frame: the bisector is that of Radau's vectors"},
        {"thermo", "--start line.xyz", "a saddle, no minimum"},
        {"thermo", "--temperatures 300,0", "--temperatures"},
        {"thermo", "--exact perhaps", "--exact: expected yes or no"},
        {"thermo", "--ratio H=C", "H=C"},
        {"dmc", "--start line.xyz", "a saddle, no minimum"},
        {"dmc", "--walkers 1", "--walkers 1"},
        {"dmc", "--time-steps 10,,20", "--time-steps: expected"},
        {"dmc", "--time-steps 10,10", "--time-steps: a time step stands twice"},
        {"dmc", "--time-steps 1000 --walkers 50 --steps 50 --json out.json", "all walkers died"},
        {"dmc", "--node 1-2", "--node 1-2"},
        {"dmc", "--checkpoint grids --walkers 50 --steps 50", "grids: it is no checkpoint"},
        {"pimc", "--start line.xyz", "a saddle, no minimum"},
        {"pimc", "--beads 8,4", "--beads: expected ascending"},
        {"pimc", "--temperature 0", "--temperature 0"},
        {"vci", "--start line.xyz", "a saddle, no minimum"},
        {"vci", "--dipole 2", "the surface has no dipole"},
        {"vci", "--order 9", "--order 9"},
        {"vci", "--memory 0.001", "--memory allows 0.001"},
        {"vci", "--ceiling 4000", "at least 1.5 times the highest"},
        {"vci", "--convergence maybe", "--convergence: expected yes or no"},
        {"vci", "--checkpoint grids", "grids"},
        {"scatter", "", "the data do not reach"},
        {"scatter", "--energies 1:0.5:7", "--energies"},
        {"rpmd", "", "the surface has no dipole"},
        {"rpmd", "--rate 1", "the data do not reach"},
        {"rpmd", "--rate 1 --places 24", "--places: expected an odd number"},
        {"rpmd", "--rate 2", "--rate 2"},
        {"rpmd", "--rate 1 --start far.xyz", "far.xyz: a distance is outside of those of the training data"},
    };
    for (size_t k = 0; k < COUNT(cases); k++)
        expect_refusal(cases[k][0], "water", cases[k][1], cases[k][2]);
}

Test(programs, molecules_of_other_sizes_are_refused)
{
    static const char *const cases[][3] = {
        {"levels", "", "more or fewer atoms than three"},
        {"thermo", "--exact yes", "three atoms only"},
        {"scatter", "", "scattering on a line is of three atoms"},
        {"rpmd", "--rate 1", "the rate is that of three atoms on a line"},
    };
    for (size_t k = 0; k < COUNT(cases); k++)
        expect_refusal(cases[k][0], "ammonia", cases[k][1], cases[k][2]);
}

/* Where the results cannot be written the status says so. */
Test(programs, results_that_cannot_be_written)
{
    const outcome o = run(
        "cd '%s' && \"$OLDPWD/build/tests/on-water-thermo\" --name water --exact no --json nowhere/out.json",
        folder);
    cr_expect_eq(o.status, 1, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "thermo: nowhere/out.json: "), "%s", o.text);
}

/* Pictures are whole and hold no number that is none. */
Test(programs, pictures_are_drawn)
{
    static const char *const cases[][3] = {
        {"levels", "--angular 16 --points 8 --j 0 --convergence no", "levels.svg"},
        {"vci", "--order 2 --quanta 3 --mu 0 --convergence no", "vci.svg"},
        {"dmc", "--walkers 100 --steps 100 --settle 100", "dmc.svg"},
        {"pimc", "--beads 4 --rings 2 --sweeps 40 --temperature 1000", "pimc.svg"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        char path[TEMPORARY_PATH + 32];
        const outcome o = run("cd '%s' && \"$OLDPWD/build/tests/on-water-%s\" --name water %s", folder,
                              cases[k][0], cases[k][1]);
        cr_assert_eq(o.status, 0, "%s %s: %s", cases[k][0], cases[k][1], o.text);
        snprintf(path, sizeof path, "%s/%s", folder, cases[k][2]);
        char *text = read_whole(path);
        cr_expect_eq(strncmp(text, "<svg ", 5), 0, "%s", cases[k][2]);
        cr_expect_not_null(strstr(text, "</svg>"), "%s", cases[k][2]);
        cr_expect(!strstr(text, "nan") && !strstr(text, "inf"), "%s", cases[k][2]);
        free(text);
    }
}

/* Holes that walkers and paths meet: the status is 3, and the deepest place is a geometry, whose comment says how deep. */
Test(programs, holes_are_told)
{
    static const char *const cases[][3] = {
        {"dmc", "--walkers 1000 --steps 60 --settle 100 --descend 0 --time-steps 40", "dmc_hole.xyz"},
        {"pimc", "--beads 2 --rings 20 --sweeps 400 --temperature 10000", "pimc_hole.xyz"},
    };
    write_water_of(16, folder, "water"); /* so few do not hold the surface */
    for (size_t k = 0; k < COUNT(cases); k++) {
        char path[TEMPORARY_PATH + 32];
        const outcome o = run("cd '%s' && \"$OLDPWD/build/tests/on-water-%s\" --name water %s", folder,
                              cases[k][0], cases[k][1]);
        cr_assert_eq(o.status, 3, "%s %s: status %d, %s", cases[k][0], cases[k][1], o.status, o.text);
        cr_expect_not_null(strstr(o.text, "holes: "), "%s", o.text);
        snprintf(path, sizeof path, "%s/%s", folder, cases[k][2]);
        char *text = read_whole(path);
        const char *depth = strstr(text, "below_minimum_cm=");
        cr_assert_not_null(depth, "%s", text);
        cr_expect_gt(strtod(depth + 17, NULL), 0, "%s", text);
        cr_expect_eq(strtol(text, NULL, 10), 3);
        free(text);
    }
}
