/*
 * Least squares whose triangle lies on all ranks, by ScaLAPACK, where EQML_USE_SCALAPACK is defined.
 *
 * The system is a block-cyclic matrix [R; rows] of n + 1 columns, the right-hand side last, on a grid of ranks. Each rank
 * collects rows; when one has its share full all put theirs below R, and pdgeqrf makes the new R. With twice as many rows as
 * columns in a block that takes 2.7 n^2 operations a row, a third more than where the zeros of R are made use of, and
 * 5 (n + 1)^2 numbers on all ranks together, the rows that wait among them. Ranks wait for each other at each block.
 */
#include "team.h"

#ifdef EQML_USE_SCALAPACK
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void Cblacs_get(int context, int what, int *value);
extern void Cblacs_gridinit(int *context, const char *order, int rows, int columns);
extern void Cblacs_gridinfo(int context, int *rows, int *columns, int *row, int *column);
extern int numroc_(const int *n, const int *nb, const int *iproc, const int *source, const int *nprocs);
extern void descinit_(int *desc, const int *m, const int *n, const int *mb, const int *nb, const int *irsrc,
                      const int *icsrc, const int *context, const int *lld, int *info);
extern void pdlaset_(const char *uplo, const int *m, const int *n, const double *alpha, const double *beta,
                     double *a, const int *ia, const int *ja, const int *desc);
extern void pdgeqrf_(const int *m, const int *n, double *a, const int *ia, const int *ja, const int *desc,
                     double *tau, double *work, const int *lwork, int *info);
extern void pdgemr2d_(const int *m, const int *n, const double *a, const int *ia, const int *ja,
                      const int *desca, double *b, const int *ib, const int *jb, const int *descb,
                      const int *context);
extern void pdtrcon_(const char *norm, const char *uplo, const char *diag, const int *n, double *a,
                     const int *ia, const int *ja, const int *desc, double *rcond, double *work,
                     const int *lwork, int *iwork, const int *liwork, int *info);
extern void pdtrtrs_(const char *uplo, const char *trans, const char *diag, const int *n, const int *nrhs,
                     double *a, const int *ia, const int *ja, const int *desca, double *b, const int *ib,
                     const int *jb, const int *descb, int *info);

enum { BLOCK = 64 }; /* rows and columns that lie on one rank side by side */
static const int zero = 0, one = 1, block = BLOCK;

typedef struct distributed {
    int n, width; /* unknowns; with the right-hand side */
    int share;    /* rows that a rank collects */
    int total;    /* rows of the matrix: width + share of all */
    int grid[4];  /* rows and columns of ranks, the row and column of this one */
    int local[2]; /* rows and columns of the matrix on this rank */
    int context;  /* of the grid */
    int desc[9], from[9];
    double *a;    /* [local columns][local rows] */
    double *rows; /* [width][share] */
    double *tau, *work;
    int size_work;
    int filled, failed;
    double count; /* rows of this rank so far */
} distributed;

static distributed d;

static double *room_for(size_t a, size_t b)
{
    return calloc(a * b + 1, sizeof(double));
}

static eqml_status begin_system(void *context, int ncols)
{
    int ranks, info, dims[2] = {0, 0}, lines;
    (void)context;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    MPI_Dims_create(ranks, 2, dims);
    d = (distributed){.n = ncols, .width = ncols + 1};
    d.share = (2 * d.width + ranks - 1) / ranks;
    d.total = d.width + ranks * d.share;
    Cblacs_get(-1, 0, &d.context);
    Cblacs_gridinit(&d.context, "Row", dims[0], dims[1]);
    Cblacs_gridinfo(d.context, &d.grid[0], &d.grid[1], &d.grid[2], &d.grid[3]);
    d.local[0] = numroc_(&d.total, &block, &d.grid[2], &zero, &d.grid[0]);
    d.local[1] = numroc_(&d.width, &block, &d.grid[3], &zero, &d.grid[1]);
    const int lld = d.local[0] > 0 ? d.local[0] : 1, waiting = ranks * d.share;
    descinit_(d.desc, &d.total, &d.width, &block, &block, &zero, &zero, &d.context, &lld, &info);
    Cblacs_get(-1, 0, &lines);
    Cblacs_gridinit(&lines, "Row", ranks, 1);
    descinit_(d.from, &waiting, &d.width, &d.share, &d.width, &zero, &zero, &lines, &d.share, &info);
    double size = 0;
    const int query = -1;
    pdgeqrf_(&d.total, &d.width, &size, &one, &one, d.desc, &size, &size, &query, &info);
    d.size_work = (int)size + 1;
    d.a = room_for((size_t)lld, (size_t)d.local[1]);
    d.rows = room_for((size_t)d.share, (size_t)d.width);
    d.tau = room_for((size_t)d.local[1], 1);
    d.work = room_for((size_t)d.size_work, 1);
    return d.a && d.rows && d.tau && d.work ? EQML_OK : EQML_ERROR_MEMORY;
}

/* Folds what all ranks have collected. Returns whether all have no more. */
static int fold(int finished)
{
    int said[3] = {!finished, d.filled > 0, d.failed}, all[3], info;
    const int first = d.width + 1, waiting = d.total - d.width, below = d.width - 1, second = 2;
    const double nothing = 0;
    MPI_Allreduce(said, all, 3, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    d.failed = all[2] > 0;
    if (all[1] > 0) {
        pdlaset_("L", &below, &below, &nothing, &nothing, d.a, &second, &one, d.desc);
        pdgemr2d_(&waiting, &d.width, d.rows, &one, &one, d.from, d.a, &first, &one, d.desc, &d.context);
        pdgeqrf_(&d.total, &d.width, d.a, &one, &one, d.desc, d.tau, d.work, &d.size_work, &info);
        memset(d.rows, 0, (size_t)d.share * (size_t)d.width * sizeof(double));
        d.filled = 0;
    }
    return !all[0];
}

static void add_row(void *context, const double *row)
{
    (void)context;
    for (int j = 0; j < d.width; j++) {
        d.failed = d.failed || !isfinite(row[j]);
        d.rows[(size_t)j * (size_t)d.share + (size_t)d.filled] = isfinite(row[j]) ? row[j] : 0;
    }
    d.count++;
    if (++d.filled == d.share)
        fold(0);
}

static void fold_all(void)
{
    while (!fold(1))
        ;
}

/* The place in the whole of a local row (k = 0) or column (k = 1). */
static int place(int k, int local)
{
    return (local / BLOCK * d.grid[k] + d.grid[2 + k]) * BLOCK + local % BLOCK;
}

static double *element(int i, int j)
{
    return d.a + (size_t)j * (size_t)d.local[0] + (size_t)i;
}

/* norm[n] <- those of the columns of R. */
static void find_norms(double *norm)
{
    memset(norm, 0, (size_t)d.n * sizeof *norm);
    for (int j = 0; j < d.local[1]; j++)
        for (int i = 0; i < d.local[0] && place(1, j) < d.n && place(0, i) <= place(1, j); i++)
            norm[place(1, j)] += *element(i, j) * *element(i, j);
    MPI_Allreduce(MPI_IN_PLACE, norm, d.n, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    for (int j = 0; j < d.n; j++)
        norm[j] = norm[j] > 0 ? sqrt(norm[j]) : 1;
}

/* Rows of the penalty, dealt out. row[width]: work. */
static void add_ridge(const eqml_lsq_options *o, const double *norm, double *row)
{
    const double count = d.count;
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    memset(row, 0, (size_t)d.width * sizeof *row);
    for (int j = (o->free_first != 0); j < d.n; j++)
        if (j % ranks == team_rank()) {
            row[j] = sqrt(o->ridge) * norm[j];
            add_row(NULL, row);
            row[j] = 0;
        }
    fold_all();
    d.count = count;
}

/* The condition of the triangle, its columns at unit norm; 1-norm. 0: no memory. */
static double find_condition(void)
{
    const int query = -1;
    int info, integers = 0;
    double size = 0, inverse = 0;
    pdtrcon_("1", "U", "N", &d.n, d.a, &one, &one, d.desc, &inverse, &size, &query, &integers, &query, &info);
    const int reals = (int)size + 1;
    double *work = room_for((size_t)reals, 1);
    int *whole = calloc((size_t)integers + 1, sizeof *whole), bad = !work || !whole;
    MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (!bad)
        pdtrcon_("1", "U", "N", &d.n, d.a, &one, &one, d.desc, &inverse, work, &reals, whole, &integers,
                 &info);
    free(work);
    free(whole);
    return bad ? 0 : inverse > 0 ? 1 / inverse : HUGE_VAL;
}

/* Solves in the scaled unknowns; x[n] <- the solution. norm[n], row[width]: work. */
static eqml_status find_solution(const eqml_lsq_options *o, double *norm, double *row, double *x,
                                 eqml_lsq_result *result, eqml_message *message)
{
    int info;
    find_norms(norm);
    if (o->ridge > 0)
        add_ridge(o, norm, row);
    for (int j = 0; j < d.local[1]; j++)
        for (int i = 0; i < d.local[0] && place(1, j) < d.n; i++)
            *element(i, j) /= norm[place(1, j)];
    MPI_Allreduce(MPI_IN_PLACE, &d.count, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    *result = (eqml_lsq_result){(size_t)d.count, d.n, find_condition(), 0};
    if (d.failed) {
        snprintf(message->text, sizeof message->text, "a row has a number that is not finite");
        return EQML_ERROR_VALUE;
    }
    if (!(result->condition > 0 && result->condition < 1e14)) {
        snprintf(
            message->text, sizeof message->text,
            "the data do not determine all %d terms (condition %.1e), and --solver scalapack cannot choose "
            "among solutions; give a --ridge, as 1e-10",
            d.n, result->condition);
        return EQML_ERROR_VALUE;
    }
    pdtrtrs_("U", "N", "N", &d.n, &one, d.a, &one, &one, d.desc, d.a, &one, &d.width, d.desc, &info);
    memset(x, 0, (size_t)d.n * sizeof *x);
    for (int j = 0; j < d.local[1]; j++)
        for (int i = 0; i < d.local[0] && place(1, j) == d.n && place(0, i) < d.n; i++)
            x[place(0, i)] = *element(i, j) / norm[place(0, i)];
    MPI_Allreduce(MPI_IN_PLACE, x, d.n, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    return EQML_OK;
}

static eqml_status solve_system(void *context, const eqml_lsq_options *options, double *x,
                                eqml_lsq_result *result, eqml_message *message)
{
    (void)context;
    fold_all(); /* before all else: other ranks may still have rows */
    double *norm = room_for((size_t)d.n, 1), *row = room_for((size_t)d.width, 1);
    int bad = !norm || !row;
    eqml_status status = EQML_ERROR_MEMORY;
    d.failed = d.failed || bad;
    MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (bad)
        snprintf(message->text, sizeof message->text, "out of memory");
    else
        status = find_solution(options, norm, row, x, result, message);
    free(norm);
    free(row);
    free(d.a);
    free(d.rows);
    free(d.tau);
    free(d.work);
    return status;
}

const eqml_solver *distributed_solver(void)
{
    static const eqml_solver solver = {begin_system, add_row, solve_system, NULL};
    return &solver;
}

#else

const eqml_solver *distributed_solver(void)
{
    return NULL;
}

#endif
