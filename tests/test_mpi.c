/* The fit program over MPI, where there is one: several ranks give the errors of one, and one message where one of them fails. */
#define _POSIX_C_SOURCE 200809L
#include "support.h"
#include "json.h"

static char folder[TEMPORARY_PATH];

#define RANKS                                                                                                \
    "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 timeout " \
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

/* Compiles the program into the folder; returns whether there is MPI. */
static int compile_fit(void)
{
    if (run("command -v mpirun && pkg-config --exists mpi-c").status) {
        cr_log_warn("skipped: no mpirun, or no MPI for C (libopenmpi-dev)");
        return 0;
    }
    const outcome o = run(
        "printf '#include \"build/tests/h2o_d8.h\"\\nconst eqml_basis *const basis = &h2o_d8_basis;\\n' "
        ">'%s/basis.c' && cc -O1 -std=c11 -DEQML_USE_MPI $(pkg-config --cflags mpi-c) -I. -Iexamples "
        "'%s/basis.c' examples/fit/team.c $(ls build/fit/*.o | grep -v '/team.o') build/common/evaluate.o "
        "build/common/minimise.o build/census/*.o build/eqml.o -o '%s/fit' $(pkg-config --libs mpi-c) -lm",
        folder, folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    return 1;
}

static double error_of(int ranks)
{
    char path[TEMPORARY_PATH + 16];
    const outcome o = run(RANKS "'%s/fit' " FIT "examples/data/h2o_ps.xyz", ranks, folder, folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    snprintf(path, sizeof path, "%s/report.json", folder);
    char *text = read_whole(path);
    const double error = json_number(text, "rmse_energy_train");
    free(text);
    return error;
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
