/*
 * From a data file to a fitted surface: reads, fits, reports, and writes NAME.pes, NAME_pes.h and
 * report.json.
 *
 * It knows no basis, and the runtime does not either: `make pes` compiles both once and links them, for each
 * surface, with a file that says which basis it is. By hand:
 *
 *     printf '#define EQML_IMPLEMENTATION\n#include "eqml.h"\n' >eqml.c
 *     printf '#include "ch4.h"\nconst eqml_basis *const basis = &ch4_basis;\n' >basis.c
 *     cc -O2 -march=native -I. -Iexamples basis.c eqml.c examples/common/minimise.c examples/census/?*.c \
 *         examples/fit/?*.c -o fit -lm
 *     ./fit --basis-header ch4.h --runtime eqml.h --directory . --name ch4 [options] data.xyz
 */
#include "job.h"
#include "team.h"
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Marks for training and for testing on one file: every K-th geometry, and the others. */
static void split(size_t n, int every, unsigned char *train, unsigned char *test)
{
    for (size_t g = 0; g < n; g++) {
        train[g] = g % (size_t)every == 0;
        test[g] = !train[g];
    }
}

/* Geometries that are marked and have what is asked for. */
static size_t count_marked(const eqml_data *data, const unsigned char *mark, int what)
{
    size_t count = 0;
    for (size_t g = 0; g < data->n; g++)
        count += mark[g] && (data->has[g] & what);
    return count;
}

/* ---- progress ----------------------------------------------------------------------------------------- */

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void show_progress(void *context, size_t done, size_t total)
{
    double *last = context, now = seconds_now();
    if (done < total && now - *last < 0.2)
        return;
    *last = now;
    fprintf(stderr, "\rfitting: %zu of %zu geometries%s", done, total, done == total ? "\n" : "");
}

/* Rows that the fit will have. */
static size_t count_rows(const job *j, const eqml_data *data, const unsigned char *train)
{
    const size_t inner = basis->natoms > 2 ? 3 * (size_t)basis->natoms - 6 : 1;
    const size_t gradients = j->fit.energies_only ? 0 : count_marked(data, train, EQML_HAS_GRADIENT);
    return count_marked(data, train, EQML_HAS_ENERGY) + inner * gradients;
}

/* What the fit will take, before it begins. */
static void print_memory(const job *j, const eqml_data *data, const unsigned char *train)
{
    printf("fit: %d terms, %zu rows: about %.2g GB of memory\n", basis->nterms, count_rows(j, data, train),
           1e-9 * (double)eqml_fit_memory(basis, &j->fit));
    fflush(stdout);
}

static int fit_and_test(job *j, eqml_data *data, const eqml_data *other, unsigned char *train,
                        unsigned char *test, eqml_surface *surface, outcome *o)
{
    eqml_message message;
    eqml_status status = EQML_OK;
    double shown = 0, start;
    if (isatty(2)) { /* which of several ranks, the first alone is */
        j->fit.progress = show_progress;
        j->fit.context = &shown;
    }
    const eqml_solver *solver = j->fit.solver; /* not for the choice, which rank 0 makes alone */
    j->fit.solver = NULL;
    if (team_failed(team_rank() ? 0 : choose_variables(j, data, o)))
        return 1;
    team_share(j->variables, basis->npair_classes * (int)sizeof *j->variables);
    team_share(&j->fit.ridge, sizeof j->fit.ridge);
    team_share(&j->fit.energy_weight, sizeof j->fit.energy_weight);
    j->fit.team = team_of_all();
    j->fit.solver = solver;
    start = seconds_now();
    if (count_marked(data, train, EQML_HAS_ENERGY) > 0)
        print_memory(j, data, train);
    if (eqml_surface_create(basis, j->variables, surface))
        return fail("the variables are not valid");
    int tensors = 0;
    for (int k = 0; k < EQML_TENSORS; k++)
        tensors += basis->tensors[k] != NULL;
    if (count_marked(data, train, EQML_HAS_ENERGY) > 0 || !tensors)
        status = fit_energies(j, data, surface, o, &message);
    for (int k = 0; k < EQML_TENSORS && !status; k++)
        if (basis->tensors[k])
            status =
                eqml_fit_tensor(surface, (eqml_tensor)k, data, j->charge, &j->fit, &o->tensor[k], &message);
    if (status) {
        fprintf(stderr, "fit: %s: %s\n", j->data, message.text);
        return 1;
    }
    if (team_rank()) /* rank 0 does the rest */
        return 0;
    o->seconds = seconds_now() - start - o->seconds_aside;
    eqml_constant_pairs(basis, data, train, o->constant);
    if (o->fit.terms > 0 && count_holes(j, surface, data, train, o))
        return 1;
    o->tested = other->n > 0 || j->train_every > 1;
    if (eqml_surface_errors(surface, data, train, &o->train) ||
        (o->tested &&
         eqml_surface_errors(surface, other->n ? other : data, other->n ? NULL : test, &o->test)) ||
        find_levels(surface, data, train, other->n ? other : data, other->n ? NULL : test, o) ||
        find_coverage(surface, other->n ? other : data, other->n ? NULL : test, o))
        return fail("out of memory");
    for (int k = 0; k < EQML_TENSORS; k++)
        o->turning[k] = k == EQML_POLARIZABILITY && data->tensors[k] ? rms_anisotropy(data, train)
                                                                     : o->train.rms_tensor[k];
    return 0;
}

/* What a check would use up for the fit. */
static int is_pipe(const char *path)
{
    struct stat s;
    return !stat(path, &s) && !S_ISREG(s.st_mode);
}

/* What is not for several ranks. */
static int check_team(const job *j)
{
    if (j->check || j->degree_file)
        return fail("--check and --degree-file are for one rank");
    if (j->robust)
        return fail("--robust is for one rank");
    if (is_pipe(j->data) || (j->test && is_pipe(j->test)))
        return fail("several ranks read the data, which must be files and no pipes");
    return 0;
}

int main(int argc, char **argv)
{
    job j = {.directory = ".",
             .name = basis->name,
             .runtime = "eqml.h",
             .train_every = 1,
             .wall = WALL_AUTO,
             .penalties = PENALTY_ROUNDS,
             .penalties_auto = 1,
             .diagnose = -1,
             .sigma = 32};
    eqml_data data = {0}, other = {0};
    eqml_surface surface = {0};
    outcome o = {0};
    unsigned char *marks = NULL;
    int status;
    team_begin(&argc, &argv);
    j.variables = calloc((size_t)basis->npair_classes, sizeof *j.variables);
    j.given = calloc((size_t)basis->npair_classes, 1);
    o.constant = calloc((size_t)basis->npair_classes, sizeof *o.constant);
    if (!j.variables || !j.given || !o.constant) {
        free(j.variables);
        free(j.given);
        free(o.constant);
        return team_failed(fail("out of memory"));
    }
    status = parse_options(argc, argv, &j);
    if (!status)
        status = team_of_all() ? check_team(&j) : 0;
    if (!status)
        status = check_places(&j);
    if (!status)
        status = read_data(j.data, &j, &data);
    if (!status && j.test && !(j.check && is_pipe(j.test)))
        status = read_data(j.test, &j, &other);
    if (!status) {
        marks = calloc(2, data.n);
        status = marks ? 0 : fail("out of memory");
    }
    status = team_failed(status);
    if (!status) {
        split(data.n, j.train_every, marks, marks + data.n);
        o.left_out = leave_out_high(&j, &data, marks);
        j.fit.use = marks;
        status = j.check         ? j.rows_file && write_count(j.rows_file, count_rows(&j, &data, marks))
                 : j.degree_file ? choose_degree(&j, &data, &o)
                                 : fit_and_test(&j, &data, &other, marks, marks + data.n, &surface, &o);
    }
    if (!status && !j.check && !j.degree_file && !team_rank()) {
        print_report(&j, &data, &o);
        status = write_all(&j, &data, &surface, &o);
    }
    status = team_failed(status || finish_output());
    free(marks);
    free(j.variables);
    free(j.given);
    free(j.order);
    free(o.constant);
    free_diagnosis(&o);
    free(o.symbols);
    census_free(&o.holes);
    eqml_surface_free(&surface);
    eqml_data_free(&data);
    eqml_data_free(&other);
    return status;
}
