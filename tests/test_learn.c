/* `make learn` around a stand-in for a quantum chemistry program, tests/methods/morse.sh; and the scripts of real ones. */
#define _POSIX_C_SOURCE 200809L
#include "commands.h"
#include <math.h>

/* As make runs it, but with surfaces that are compiled quickly. */
#define SCRIPT(settings)                                                                                     \
    "env -u MAKEFLAGS MAKEFLAGS=s DATA= START= TARGET=5 UP_TO=8000 JOBS=2 DEGREE= DIPOLE= QUADRUPOLE= "      \
    "POLARIZABILITY= "                                                                                       \
    "FIT= BASIS= FLOAT= LIBRARIES= METHOD=tests/methods/morse.sh LEARN= COMPOSITION='H2 O' " settings        \
    " sh examples/common/learn.sh cc -std=c11 -ffp-contract=fast -O0 -march=native"

/* The program alone, for water; variables of the environment come before it. */
#define PROGRAM(name, options)                                                                               \
    " MAKEFLAGS=s BASIS= LIBRARIES= build/tests/learn --compile cc -std=c11 -O0 -march=native -- "           \
    "--name " name " --folder build/learn/" name " --method tests/methods/morse.sh --up-to 8000 " options

/* Up to the first fit, which is refused. */
#define NO_FIT " --fit --nonsense --test 30 --first 10 --starts 1"

static void forget(const char *name)
{
    cr_assert_eq(run("rm -rf build/learn/%s build/pes/%s", name, name).status, 0);
}

static void begin(const char *name)
{
    forget(name);
    cr_assert_eq(run("mkdir -p build/learn/%s", name).status, 0);
}

/* How many frames a file has whose names begin so. */
static int count(const char *name, const char *file, const char *prefix)
{
    return atoi(run("grep -c ' *id=%s' build/learn/%s/%s || true", prefix, name, file).text);
}

/* No name stands twice in these files. */
static void expect_once(const char *name, const char *files)
{
    const outcome o = run("cd build/learn/%s && cat %s | grep -o 'id=[^ ]*' | sort | uniq -d", name, files);
    cr_expect_str_eq(o.text, "");
}

/* The surface is confirmed by fresh geometries, as many as it was tested on, which were neither trained nor tested on; those that
 * did not confirm one before are trained on. */
static void expect_confirmed(void)
{
    double confirmed = 0, rmse = NAN, in_report = NAN;
    outcome o = run("tail -n 1 build/learn/learn_loop/rounds.txt");
    cr_expect_eq(
        sscanf(o.text, "%*d %*f %*f %*f %*f %*d %*d %*f %*f %*f %*f whole %lf %lf", &confirmed, &rmse), 2,
        "%s", o.text);
    cr_expect(confirmed >= 30 && rmse <= 5, "%s", o.text);
    o = run("grep -o 'rmse_energy_confirmed.*' build/pes/learn_loop/report.json");
    cr_expect_eq(sscanf(o.text, "rmse_energy_confirmed\": %lf", &in_report), 1, "%s", o.text);
    cr_expect_float_eq(in_report * 219474.6313632, rmse, 1e-3 * rmse);
    const int spent =
        atoi(run("awk '!/^#/ && $13 > 0 && $14 > 5' build/learn/learn_loop/rounds.txt | wc -l").text);
    char last[32];
    snprintf(last, sizeof last, "confirm-%02d", spent);
    cr_expect_geq(count("learn_loop", "points.xyz", last), 30);
    cr_expect_eq(count("learn_loop", "train.xyz", last), 0);
    cr_expect_eq(count("learn_loop", "test.xyz", "confirm"), 0);
    cr_expect_eq(count("learn_loop", "train.xyz", "confirm") + count("learn_loop", "points.xyz", last),
                 count("learn_loop", "points.xyz", "confirm"));
}

Test(learn, from_a_formula_to_a_surface)
{
    forget("learn_loop");
    outcome o = run(SCRIPT("NAME=learn_loop LEARN='--test 30 --first 4 --round 10'"));
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "holes: 0, and 0 far out;"), "%s", o.text);
    cr_expect_eq(count("learn_loop", "points.xyz", "hessian"), 18);
    cr_expect_geq(count("learn_loop", "test.xyz", "test"), 30);
    cr_expect_eq(count("learn_loop", "train.xyz", "start"), 0);
    cr_expect_gt(count("learn_loop", "train.xyz", "ask"), 0, "%s", o.text);
    expect_once("learn_loop", "points.xyz");
    expect_once("learn_loop", "train.xyz test.xyz"); /* held out is what was never trained on */
    expect_confirmed();
    o = run("cd build/learn/learn_loop && test -s learning.svg && test -s "
            "../../pes/learn_loop/liblearn_loop.so && "
            "tail -n 1 rounds.txt");
    cr_expect_eq(o.status, 0, "%s", o.text);
    double rmse = NAN;
    cr_expect_eq(sscanf(o.text, "%*d %*f %*f %*f %*f %*d %*d %lf", &rmse), 1, "%s", o.text);
    cr_expect_leq(rmse, 5);
    forget("learn_loop");
}

/* Ammonia turns inside out: the planar geometry, between the minimum and its mirror image, is computed. */
Test(learn, the_way_to_a_mirror_image_is_sampled)
{
    forget("learn_way");
    outcome o = run(
        SCRIPT("COMPOSITION='H3 N' UP_TO=15000 NAME=learn_way FIT=--nonsense LEARN='--test 1 --first 1'"));
    cr_expect_not_null(strstr(o.text, "way to an image"), "%s", o.text);
    o = run("grep -A 5 'id=way-0-4' build/learn/learn_way/points.xyz");
    double x[4][3];
    const char *at = strchr(o.text, '\n');
    for (int i = 0; i < 4; i++) {
        cr_assert(at && sscanf(at + 1, "%*s %lf %lf %lf", &x[i][0], &x[i][1], &x[i][2]) == 3, "%s", o.text);
        at = strchr(at + 1, '\n');
    }
    double d[3][3]; /* from nitrogen to the hydrogens: they lie in a plane */
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            d[i][k] = x[i][k] - x[3][k];
    const double volume = d[0][0] * (d[1][1] * d[2][2] - d[1][2] * d[2][1]) +
                          d[0][1] * (d[1][2] * d[2][0] - d[1][0] * d[2][2]) +
                          d[0][2] * (d[1][0] * d[2][1] - d[1][1] * d[2][0]);
    cr_expect_float_eq(volume, 0, 1e-6);
    forget("learn_way");
}

Test(learn, a_restart_loses_nothing)
{
    begin("learn_again");
    outcome o = run(PROGRAM("learn_again", NO_FIT));
    cr_expect_eq(o.status, 1);
    cr_expect_not_null(strstr(o.text, "learn: the fit: "), "%s", o.text);
    /* As a machine leaves it that stops: the last frames are gone, and half of one is there. */
    o = run("cd build/learn/learn_again && head -n $(($(wc -l <points.xyz) - 100)) points.xyz >before && "
            "cp before points.xyz && printf '3\\nhalf' >>points.xyz");
    cr_assert_eq(o.status, 0, "%s", o.text);
    o = run(PROGRAM("learn_again", NO_FIT));
    cr_expect_not_null(strstr(o.text, "points.xyz: 6 bytes at its end are no whole frame"), "%s", o.text);
    o = run("cd build/learn/learn_again && head -c $(wc -c <before) points.xyz | cmp - before && "
            "test $(wc -l <points.xyz) -ge $(($(wc -l <before) + 100)) && cp points.xyz before");
    cr_expect_eq(o.status, 0, "%s", o.text);
    expect_once("learn_again", "points.xyz");
    /* What is known is not computed again: this method could not. */
    run("MORSE=fails" PROGRAM("learn_again", NO_FIT));
    o = run("cd build/learn/learn_again && cmp points.xyz before && test ! -s failures.xyz");
    cr_expect_eq(o.status, 0, "%s", o.text);
    o = run(PROGRAM("learn_again", "--seed 2" NO_FIT));
    cr_expect_eq(o.status, 1);
    cr_expect_not_null(strstr(o.text, "begun with seed=1, not with seed=2"), "%s", o.text);
    forget("learn_again");
}

/* Fresh geometries that did not confirm a surface are trained on; those that did, and those that none was tried on yet, are
 * kept apart. */
Test(learn, spent_samples_are_trained_on)
{
    static const char *const rounds[] = {"", "0 9 0 9 9 2 9 1 2 0 0 whole 2 9.5\n",
                                         "0 9 0 9 9 2 9 1 2 0 0 whole 2 4.5\n",
                                         "0 9 0 9 9 2 9 1 2 0 0 short\n0 9 0 9 9 2 9 1 2 0 0 whole 2 7\n"
                                         "0 9 0 9 9 2 9 1 2 0 0 whole 1 8\n"};
    static const int trained[] = {0, 2, 0, 3};
    begin("learn_spent");
    run(PROGRAM("learn_spent", NO_FIT));
    outcome o =
        run("cd build/learn/learn_spent && sed -i 's/id=first-00001/id=confirm-00-00000/;"
            "s/id=first-00003/id=confirm-00-00001/;s/id=first-00005/id=confirm-01-00000/' points.xyz");
    cr_assert_eq(o.status, 0, "%s", o.text);
    for (size_t k = 0; k < COUNT(rounds); k++) {
        write_file("build/learn/learn_spent/rounds.txt", rounds[k]);
        run(PROGRAM("learn_spent", NO_FIT));
        cr_expect_eq(count("learn_spent", "train.xyz", "confirm"), trained[k], "%zu", k);
        cr_expect_eq(count("learn_spent", "test.xyz", "confirm"), 0);
    }
    forget("learn_spent");
}

/* A start as other programs write it, with a title for a comment, and its atoms in another order. */
Test(learn, it_starts_from_a_geometry)
{
    begin("learn_start");
    write_file("build/learn/learn_start/title.xyz",
               "3\nwater, 0.96 angstrom\nO 0 0 0\nH 0.8 0.6 0\nH -0.8 0.6 0\n");
    outcome o = run(PROGRAM("learn_start", "--start build/learn/learn_start/title.xyz" NO_FIT));
    cr_expect_not_null(strstr(o.text, "learn: the fit: "), "%s", o.text);
    o = run("head -n 5 build/learn/learn_start/points.xyz");
    cr_expect_not_null(strstr(o.text, "id=start-00-0000 "), "%s", o.text);
    double x = 0;
    cr_expect_eq(sscanf(strstr(o.text, "\nH "), "\nH %lf", &x), 1);
    cr_expect_float_eq(x, 0.8, 1e-9);
    forget("learn_start");
}

/* Ended in the midst of its jobs, it leaves whole frames, and no job and no folder of one behind. */
Test(learn, an_interrupted_run_leaves_whole_frames)
{
    begin("learn_ended");
    outcome o = run("{" PROGRAM(
        "learn_ended",
        "--fit --nonsense --test 3000 --starts 1") " >/dev/null & } ; "
                                                   "for k in $(seq 200); do sleep 0.05; test $(grep -c "
                                                   "id=test build/learn/learn_ended/points.xyz) -gt 5 && "
                                                   "break; "
                                                   "done; kill -TERM $!; wait $!; echo $?; ls -d "
                                                   "build/learn/learn_ended/job.*");
    cr_expect_not_null(strstr(o.text, "143\n"), "%s", o.text);
    cr_expect_not_null(strstr(o.text, "No such file"), "%s", o.text);
    o = run("cd build/learn/learn_ended && test $(wc -l <points.xyz) -eq $((5 * $(grep -c id= points.xyz)))");
    cr_expect_eq(o.status, 0, "%s", o.text);
    forget("learn_ended");
}

/* A run that ended before anything was computed binds its folder to nothing. */
Test(learn, a_slip_binds_no_folder)
{
    begin("learn_slip");
    outcome o = run("MORSE=fails" PROGRAM("learn_slip", "--starts 1 --seed 2"));
    cr_expect_neq(o.status, 0);
    run("rm build/learn/learn_slip/failures.xyz");
    o = run(PROGRAM("learn_slip", NO_FIT));
    cr_expect_not_null(strstr(o.text, "learn: the fit: "), "%s", o.text);
    forget("learn_slip");
}

Test(learn, failures_are_recorded_and_skipped)
{
    begin("learn_skips");
    outcome o = run("MORSE=far" PROGRAM("learn_skips", NO_FIT));
    cr_expect_not_null(strstr(o.text, "learn: the fit: "), "%s", o.text);
    cr_expect_eq(run("grep -c 'reason=\"too far\"' build/learn/learn_skips/failures.xyz").status, 0);
    cr_expect_gt(count("learn_skips", "points.xyz", "first"), 0);
    const int failed = count("learn_skips", "failures.xyz", ""),
              computed = count("learn_skips", "points.xyz", "");
    cr_expect_gt(failed, 0);
    run(PROGRAM("learn_skips", NO_FIT)); /* what failed is not tried again */
    cr_expect_eq(count("learn_skips", "failures.xyz", ""), failed);
    cr_expect_eq(count("learn_skips", "points.xyz", ""), computed);
    forget("learn_skips");
}

static void expect_line(const outcome *o, const char *what, const char *said)
{
    cr_expect_neq(o->status, 0, "%s", what);
    cr_expect_not_null(strstr(o->text, said), "%s: %s", what, o->text);
    cr_expect(o->length > 0 && strchr(o->text, '\n') + 1 - o->text == (ptrdiff_t)o->length, "%s: %s", what,
              o->text);
}

Test(learn, what_cannot_be_done_is_one_line)
{
    static const struct {
        const char *before, *options, *said;
    } cases[] = {
        {"", "--method nothing_such", "METHOD=nothing_such: there is no such method: "},
        {"", "--method ./nothing.sh", "METHOD=./nothing.sh: there is no such method"},
        {"", "--method ./README.md", "chmod +x"},
        {"", "--start nothing.xyz", "nothing.xyz: "},
        {"", "--start examples/data/nh3_mp2.xyz", "nh3_mp2.xyz: "},
        {"", "--target small", "TARGET=small: expected a number, 1e-06 to 1e9"},
        {"", "--jobs 0", "JOBS=0: expected"},
        {"", "--jobs 1.5", "JOBS=1.5: expected a whole number"},
        {"", "--test 2e9", "--test 2e9: expected a whole number"},
        {"", "--choose some", "expected ask or random"},
        {"", "--some", "--some: unknown option"},
        {"", "--beside nobody", "has no rounds"},
        {"", "--folder build/learn/none", "build/learn/none"},
        {"MORSE=fails", "", "no geometry to begin with could be computed: the density did not converge"},
        {"MORSE=nothing", "", "the script left no result.xyz"},
        {"MORSE=rubbish", "", "found \"rubbish\""},
        {"MORSE=nan", "", "found \"nan\""},
        {"MORSE=atoms", "", "the result has 1 frames of 2 atoms instead of one of 3"},
        {"MORSE=moved", "", "atom 1 in another place"},
        {"MORSE=energy", "", "the result has no forces"},
        {"MORSE=hangs", "--timeout 0.1", "not done after 0.1 s"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        begin("learn_bad");
        const outcome o = run("%s" PROGRAM("learn_bad", "--starts 1 %s"), cases[k].before, cases[k].options);
        expect_line(&o, cases[k].said, cases[k].said);
    }
    static const char *const settings[][2] = {
        {"NAME=../a", "C identifier"},
        {"COMPOSITION=", "no COMPOSITION"},
        {"COMPOSITION='Xx2 O'", "\"Xx\" is no element"},
        {"START=nothing.xyz", "START=nothing.xyz: there is no such file"},
    };
    for (size_t k = 0; k < COUNT(settings); k++) {
        forget("learn_bad");
        const outcome o = run(SCRIPT("NAME=learn_bad %s"), settings[k][0]);
        expect_line(&o, settings[k][0], settings[k][1]);
    }
    forget("learn_bad");
    run("touch build/learn/learn_bad");
    const outcome o = run(SCRIPT("NAME=learn_bad"));
    cr_expect_str_eq(o.text, "make learn: build/learn/learn_bad: cannot be written\n");
    forget("learn_bad");
}

/* ---- real programs ------------------------------------------------------------------------------------------ */

/* Forces are minus the slope of the energy, and atoms stay where they were. */
static void expect_consistent(const char *method)
{
    char folder[TEMPORARY_PATH];
    double energy[2], x = 0, force[3] = {0};
    const double step = 0.004; /* angstrom */
    if (run("command -v %s", method).status) {
        fprintf(stderr, "learn: there is no %s here; its script is not tested\n", method);
        return;
    }
    for (int k = 0; k < 3; k++) { /* at the two ends of the step, and in its middle */
        char geometry[TEMPORARY_PATH + 16], text[256];
        make_folder(folder);
        snprintf(geometry, sizeof geometry, "%s/g.xyz", folder);
        snprintf(text, sizeof text, "3\n\nH 0.76 0.60 %.4f\nH -0.80 0.55 0\nO 0 0 0.1\n",
                 0.3 + step * (k == 2 ? 0.5 : k));
        write_file(geometry, text);
        outcome o = run("here=$PWD && cd '%s' && \"$here\"/examples/methods/%s.sh g.xyz r.xyz && cat r.xyz",
                        folder, method);
        cr_assert_eq(o.status, 0, "%s", o.text);
        const char *at = strstr(o.text, " energy="), *row = strstr(o.text, "\nH ");
        cr_assert(at && row, "%s", o.text);
        if (k < 2)
            energy[k] = strtod(at + 8, NULL);
        cr_expect_eq(sscanf(row, "\nH %*f %*f %lf %lf %lf %lf", &x, &force[0], &force[1], &force[2]), 4, "%s",
                     o.text);
        cr_expect_not_null(strstr(o.text, " dipole=\""), "%s", o.text);
        remove_folder(folder);
    }
    cr_expect_float_eq(x, 0.3 + 0.5 * step, 1e-9);
    cr_expect_float_eq(force[2], -(energy[1] - energy[0]) / step, 1e-3 * fabs(force[2]));
}

Test(learn, forces_of_xtb_are_slopes)
{
    expect_consistent("xtb");
}

Test(learn, forces_of_psi4_are_slopes)
{
    expect_consistent("psi4");
}
