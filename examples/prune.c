/*
 * Error against number of terms: fits a basis, prunes it, grows it, prints a table of test errors and times,
 * and writes one of the small surfaces: NAME.basis, the tables of its basis, and NAME_all.pes, the surface over the
 * whole basis. From these eqml-gen and examples/rebase.c make the header of the basis and the files of the surface.
 *
 * Compile it with the basis header, with BASIS the name of the basis, and with the runtime:
 *
 *     printf '#define EQML_IMPLEMENTATION\n#include "eqml.h"\n' >eqml.c
 *     cc -O2 -march=native -I. -DBASIS_HEADER='"ethanol.h"' -DBASIS=ethanol examples/prune.c eqml.c -o prune -lm
 *     ./prune [options] data.xyz
 *
 * `make prune` does this.
 */
#define _POSIX_C_SOURCE 200809L
#include BASIS_HEADER
#include "common/atoms.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
static const eqml_basis *const basis = &JOIN(BASIS, _basis);

#define PER_CM 219474.6313632 /* cm^-1 in a hartree; CODATA 2018 */

static const char help[] =
    "options:\n"
    "  --train-every K   train on every K-th geometry from the first, test on the others; "
    "default 2\n"
    "  --morse A         the variables are exp(-r/A), bohr; default 2.0\n"
    "  --gradients W     weight of gradients against energies; default 1; 0: energies only\n"
    "  --terms M         the size of the surface that is written; default 200\n"
    "  --grow            write the grown surface, not the pruned one\n"
    "  --wall W[,D]      a wall around the training data, as --wall of the fit has it; default: none\n"
    "  --name NAME       of the files; default small\n"
    "  --directory DIR   where to write; default .\n";

typedef struct job {
    const char *path, *name, *directory;
    int every, terms, grow;
    double range;
    eqml_fit_options fit;
    eqml_wall_options wall; /* of its width 0: none */
    eqml_data data;
    unsigned char *train, *test; /* [data.n] */
} job;

static int fail(const char *text)
{
    fprintf(stderr, "prune: %s\n", text);
    return 1;
}

/* Standard output may be a file on a full disk. */
static int finish_output(void)
{
    if (!fflush(stdout) && !ferror(stdout))
        return 0;
    fprintf(stderr, "prune: standard output cannot be written\n");
    return 1;
}

/* WIDTH[,DEGREE] */
static int is_wall(const char *text, eqml_wall_options *wall)
{
    char *end;
    *wall = (eqml_wall_options){.width = strtod(text, &end), .degree = 2};
    if (end != text && *end == ',' && end[1] >= '1' && end[1] <= '9')
        wall->degree = (int)strtol(end + 1, &end, 10);
    return end != text && !*end && wall->width > 0 && wall->width < 1e6;
}

static int parse_options(int argc, char **argv, job *j)
{
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        char *end = NULL;
        if (!strcmp(option, "--help")) {
            fputs(help, stdout);
            exit(finish_output());
        }
        if (!strcmp(option, "--grow")) {
            j->grow = 1;
            continue;
        }
        if (strncmp(option, "--", 2)) {
            j->path = option;
            continue;
        }
        if (!value)
            return fail("an option needs a value; see --help");
        i++;
        const double number = strtod(value, &end);
        const int numeric = end != value && !*end;
        if (!strcmp(option, "--name"))
            j->name = value;
        else if (!strcmp(option, "--directory"))
            j->directory = value;
        else if (!strcmp(option, "--train-every") && numeric && number >= 2 && number < 1e9)
            j->every = (int)number;
        else if (!strcmp(option, "--terms") && numeric && number >= 1 && number < 1e9)
            j->terms = (int)number;
        else if (!strcmp(option, "--morse") && numeric && number > 0)
            j->range = number;
        else if (!strcmp(option, "--gradients") && numeric && number >= 0)
            j->fit.gradient_weight = number, j->fit.energies_only = number == 0;
        else if (!strcmp(option, "--wall") && is_wall(value, &j->wall))
            continue;
        else {
            fprintf(stderr, "prune: %s %s is not an option or not in its range\n%s", option, value, help);
            return 1;
        }
    }
    return j->path ? 0 : fail("no data file");
}

static int read_data(job *j)
{
    eqml_message message;
    eqml_status status = eqml_data_read(j->path, &j->data, &message);
    if (!status)
        status = match_basis(&j->data, basis, NULL, &message);
    if (status)
        return fail(message.text);
    j->train = calloc(2, j->data.n);
    if (!j->train)
        return fail("out of memory");
    j->test = j->train + j->data.n;
    for (size_t g = 0; g < j->data.n; g++) {
        j->train[g] = g % (size_t)j->every == 0;
        j->test[g] = !j->train[g];
    }
    j->fit.use = j->train;
    return 0;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Microseconds for an energy and gradient in a batch, the best of sixty; all from tables of operations, the
 * code of the basis left aside, because a subset has its code only when its header is compiled. */
static double microseconds(const eqml_surface *surface, const eqml_data *data)
{
    eqml_basis table = *surface->model.basis;
    eqml_model model = surface->model;
    const size_t n = 3 * (size_t)table.natoms, count = data->n < 160 ? data->n : 160,
                 vector = sizeof(eqml_lanes);
    const size_t lanes = (size_t)EQML_WORK_BATCH(table.nslots, table.npairs, table.natoms) + 1;
    double *result = malloc(count * (n + 1) * sizeof *result), best = 1e9;
    void *room = malloc(lanes * vector);
    eqml_lanes *work = (eqml_lanes *)(((uintptr_t)room + vector - 1) / vector * vector);
    table.forward_one = NULL, table.reverse_one = NULL;
    table.forward_lanes = NULL, table.reverse_lanes = NULL;
    model.basis = &table;
    for (int pass = 0; pass < 60 && result && room; pass++) {
        const double start = seconds_now();
        eqml_energy_gradient_batch(&model, count, data->xyz, result, result + count, work);
        const double seconds = (seconds_now() - start) / (double)count;
        best = seconds < best ? seconds : best;
    }
    free(result);
    free(room);
    return 1e6 * best;
}

static int print_row(const job *j, const char *what, int terms, const eqml_surface *surface)
{
    eqml_errors train, test;
    if (eqml_surface_errors(surface, &j->data, j->train, &train) ||
        eqml_surface_errors(surface, &j->data, j->test, &test))
        return fail("out of memory");
    printf("%-7s %6d  %7d %6d   %9.3f %9.3f   %9.3e %9.3e   %8.2f\n", what, terms,
           surface->model.basis->nfactors, surface->model.basis->noperations, PER_CM * train.rmse_energy,
           PER_CM * test.rmse_energy, train.rmse_gradient, test.rmse_gradient,
           microseconds(surface, &j->data));
    fflush(stdout);
    return 0;
}

static int print_curve(const job *j, const char *what, const eqml_problem *problem,
                       const eqml_ranking *ranking)
{
    static const int sizes[] = {10,   20,   50,   100,  200,  300,  500,  700,
                                1000, 1500, 2000, 3000, 5000, 7000, 10000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes && sizes[k] < ranking->terms; k++) {
        eqml_subset subset;
        eqml_message message;
        if (eqml_keep(problem, ranking, sizes[k], "subset", &subset, &message))
            return fail(message.text);
        const int status = print_row(j, what, sizes[k], &subset.surface);
        eqml_subset_free(&subset);
        if (status)
            return status;
    }
    return 0;
}

static int write_subset(const job *j, const eqml_problem *problem, const eqml_ranking *ranking)
{
    const int terms = j->terms < ranking->terms ? j->terms : ranking->terms;
    const char *slash = strrchr(j->path, '/'), *what = j->grow ? "grown" : "pruned";
    char name[256], origin[1000], tables[1024], pes[1024];
    eqml_subset subset = {0};
    eqml_surface all = {0}; /* over the whole basis */
    eqml_message message = {"out of memory"};
    snprintf(name, sizeof name, "%s_few", j->name);
    snprintf(origin, sizeof origin, "%d of the %d terms of %s, %s with %s", terms, basis->nterms, basis->name,
             what, slash ? slash + 1 : j->path);
    snprintf(tables, sizeof tables, "%s/%s.basis", j->directory, j->name);
    snprintf(pes, sizeof pes, "%s/%s_all.pes", j->directory, j->name);
    int status = eqml_keep(problem, ranking, terms, name, &subset, &message) ||
                 (j->wall.width > 0 &&
                  eqml_surface_set_wall(&subset.surface, &j->data, j->fit.use, &j->wall, &message)) ||
                 eqml_surface_rebase(&subset.surface, basis, &all, &message) ||
                 eqml_surface_write(&all, pes, &message) ||
                 eqml_basis_write(subset.basis, origin, tables, &message);
    if (status)
        fail(message.text);
    else
        printf("%s surface of %d terms: %s, %s\n", what, terms, tables, pes);
    eqml_surface_free(&all);
    eqml_subset_free(&subset);
    return status;
}

static int run(job *j, eqml_surface *surface, eqml_problem **problem, eqml_ranking *pruned,
               eqml_ranking *grown)
{
    eqml_message message;
    eqml_fit_result fit;
    double start = seconds_now();
    if (eqml_problem_create(problem, surface, &j->data, &j->fit, &fit, &message))
        return fail(message.text);
    printf("\"%s\", degree %d: %d terms, rank %d, condition %.1e; %zu rows folded in %.1f s\n",
           basis->composition, basis->degree, fit.terms, fit.rank, fit.condition, fit.rows,
           seconds_now() - start);
    start = seconds_now();
    if (eqml_prune(*problem, pruned, &message))
        return fail(message.text);
    printf("backward elimination %.1f s", seconds_now() - start);
    start = seconds_now();
    if (eqml_grow(*problem, 0, 0, grown, &message))
        return fail(message.text);
    printf(", forward selection %.1f s\n\n", seconds_now() - start);
    printf("                        opera-   energy RMSE, cm^-1   gradient, hartree/bohr   energy and\n");
    printf("         terms  factors  tions     train      test     train      test       gradient, us\n");
    if (print_row(j, "full", basis->nterms, surface) || print_curve(j, "pruned", *problem, pruned) ||
        print_curve(j, "grown", *problem, grown))
        return 1;
    return write_subset(j, *problem, j->grow ? grown : pruned);
}

int main(int argc, char **argv)
{
    job j = {.name = "small", .directory = ".", .every = 2, .terms = 200, .range = 2};
    eqml_surface surface = {0};
    eqml_problem *problem = NULL;
    eqml_ranking pruned = {0}, grown = {0};
    eqml_variable *variables = calloc((size_t)basis->npair_classes, sizeof *variables);
    int status = !variables ? fail("out of memory") : parse_options(argc, argv, &j) || read_data(&j);
    for (int k = 0; !status && k < basis->npair_classes; k++)
        variables[k] = (eqml_variable){EQML_MORSE, j.range, 0, 0};
    if (!status && eqml_surface_create(basis, variables, &surface))
        status = fail("the surface could not be made");
    if (!status)
        status = run(&j, &surface, &problem, &pruned, &grown) || finish_output();
    eqml_ranking_free(&pruned);
    eqml_ranking_free(&grown);
    eqml_problem_free(problem);
    eqml_surface_free(&surface);
    eqml_data_free(&j.data);
    free(j.train);
    free(variables);
    return status;
}
