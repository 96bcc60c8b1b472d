/* The fit program over MPI, where there is one: several ranks give the errors of one, and one message where one of them fails. */
#define _POSIX_C_SOURCE 200809L
#include "support.h"
#include "json.h"

static char folder[TEMPORARY_PATH];

#define RANKS                                                                                                \
    "OPENBLAS_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "                      \
    "OMPI_MCA_rmaps_base_oversubscribe=1 timeout "                                                           \
    "100 mpirun -n %d "
#define FIT                                                                                                  \
    "--runtime eqml.h --basis-header build/tests/h2o_d8.h --name w --variable morse:2 --census no --wall "   \
    "no --directory '%s' "

static void begin(void)
{
    make_folder(folder);
}

static void end(void)
{
    remove_folder(folder);
}

TestSuite(mpi, .init = begin, .fini = end);

/* Compiles the program into the folder, with options; returns whether there is MPI, and what else it needs. */
static int compile_with(const char *package, const char *options)
{
    if (run("command -v mpirun && pkg-config --exists mpi-c %s", package).status) {
        cr_log_warn("skipped: no mpirun, or no MPI for C (libopenmpi-dev)%s",
                    *package ? ", or no ScaLAPACK (libscalapack-openmpi-dev)" : "");
        return 0;
    }
    const outcome o = run(
        "printf '#include \"build/tests/h2o_d8.h\"\\nconst eqml_basis *const basis = &h2o_d8_basis;\\n' "
        ">'%s/basis.c' && cc -O1 -std=c11 -DEQML_USE_MPI %s $(pkg-config --cflags mpi-c) -I. -Iexamples "
        "'%s/basis.c' examples/fit/team.c examples/fit/distributed.c "
        "$(ls build/fit/*.o | grep -v -e '/team.o' -e '/distributed.o') build/common/evaluate.o "
        "build/common/minimise.o build/census/*.o build/eqml.o -o '%s/fit' $(pkg-config --libs mpi-c %s) -lm",
        folder, options, folder, folder, package);
    cr_assert_eq(o.status, 0, "%s", o.text);
    return 1;
}

static int compile_fit(void)
{
    return compile_with("", "");
}

/* The error of a fit by so many ranks, with these options. */
static double error_with(int ranks, const char *options)
{
    char path[TEMPORARY_PATH + 16];
    const outcome o =
        run(RANKS "'%s/fit' " FIT "%s examples/data/h2o_ps.xyz", ranks, folder, folder, options);
    cr_assert_eq(o.status, 0, "%s", o.text);
    snprintf(path, sizeof path, "%s/report.json", folder);
    char *text = read_whole(path);
    const double error = json_number(text, "rmse_energy_train");
    free(text);
    return error;
}

static double error_of(int ranks)
{
    return error_with(ranks, "");
}

Test(mpi, ranks_fit_as_one_does)
{
    if (!compile_fit())
        return;
    const double one = error_of(1), three = error_of(3);
    cr_expect_gt(one, 0);
    cr_expect_lt(fabs(three - one), 1e-9 * one, "%g and %g hartree", three, one);
}

Test(mpi, a_file_that_one_rank_cannot_read_stops_all)
{
    char path[TEMPORARY_PATH + 16];
    if (!compile_fit())
        return;
    snprintf(path, sizeof path, "%s/ranks.sh", folder);
    write_file(path, "test \"$OMPI_COMM_WORLD_RANK\" != 1 || cd /\n\"$@\" examples/data/h2o_ps.xyz\n");
    const outcome o = run(RANKS "sh '%s' '%s/fit' --runtime \"$PWD/eqml.h\" --basis-header "
                                "\"$PWD/build/tests/h2o_d8.h\" --name w --directory '%s'",
                          3, path, folder, folder);
    cr_expect_neq(o.status, 0);
    const char *first = strstr(o.text, "fit: examples/data/h2o_ps.xyz: cannot be read");
    cr_assert_not_null(first, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "rank 1: fit: "), "%s", o.text);
    cr_expect_null(strstr(strstr(first, "cannot be read") + 1, "cannot be read"), "one message: %s", o.text);
    cr_expect_neq(run("ls '%s' | grep pes", folder).status, 0, "nothing is written");
}

/* Killed when the first checkpoint is there, long before the end: the file is of the rows of all, and another number of ranks
 * goes on. */
Test(mpi, goes_on_where_it_was_killed)
{
    char options[2 * TEMPORARY_PATH];
    if (!compile_fit())
        return;
    const double whole = error_of(1);
    snprintf(options, sizeof options, "--checkpoint '%s/lsq' --checkpoint-seconds 0", folder);
    const outcome killed =
        run("{ " RANKS "'%s/fit' " FIT "%s examples/data/h2o_ps.xyz >'%s/killed' 2>&1 & } && fit=$! && "
            "until [ -s '%s/lsq' ] || ! kill -0 $fit; do sleep 0.01; done; kill $fit; wait $fit; "
            "test -s '%s/lsq'",
            3, folder, folder, options, folder, folder, folder);
    cr_assert_eq(killed.status, 0, "%s", killed.text);
    const outcome o = run(RANKS "'%s/fit' " FIT "--checkpoint '%s/lsq' examples/data/h2o_ps.xyz", 2, folder,
                          folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    cr_expect_not_null(strstr(o.text, "geometries came from the checkpoint"), "%s", o.text);
    const double resumed = error_with(2, options);
    cr_expect_lt(fabs(resumed - whole), 1e-9 * whole, "%g and %g hartree", resumed, whole);
}

/* The triangle on all ranks. */
Test(mpi, scalapack_fits_as_one_rank_does)
{
    if (!compile_with("scalapack-openmpi", "-DEQML_USE_SCALAPACK"))
        return;
    const double one = error_of(1), three = error_with(3, "--solver scalapack");
    cr_expect_lt(fabs(three - one), 1e-7 * one, "%g and %g hartree", three, one);
    const outcome o =
        run(RANKS "'%s/fit' " FIT "--solver scalapack --checkpoint '%s/lsq' examples/data/h2o_ps.xyz", 2,
            folder, folder, folder);
    cr_expect_neq(o.status, 0);
    cr_expect_not_null(strstr(o.text, "--solver scalapack excludes --robust and --checkpoint"), "%s", o.text);
}
