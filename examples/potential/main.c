/*
 * From configurations to a potential: reads, fits, reports, and writes NAME.pot, NAME_pot.h and report.json.
 *
 * It knows no basis: `make potential` links it, for each potential, with a file that says which basis it is. By hand:
 *
 *     printf '#define EQML_IMPLEMENTATION\n#include "eqml.h"\n' >eqml.c
 *     printf '#include "cu.h"\nconst eqml_cloud_basis *const basis = &cu_basis;\n' >basis.c
 *     cc -O3 -march=native -I. basis.c eqml.c examples/potential/[a-z]*.c -o potential -lm
 *     ./potential --basis-header cu.h --runtime eqml.h --directory . --name cu [options] data.xyz
 */
#include "job.h"
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

/* The descriptor of a stream of what is in a .gz file, from gzip; -1 after a message. */
static int unpack(const char *path, pid_t *child)
{
    int ends[2];
    if (access(path, R_OK) || pipe(ends)) {
        fprintf(stderr, "potential: %s: cannot be read: %s\n", path, strerror(errno));
        return -1;
    }
    fflush(NULL);
    *child = fork();
    if (*child == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execlp("gzip", "gzip", "-dc", "--", path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (*child > 0)
        return ends[0];
    close(ends[0]);
    fprintf(stderr, "potential: %s: gzip cannot be started\n", path);
    return -1;
}

static int read_frames(const char *path, eqml_frames *frames)
{
    eqml_message message;
    const size_t length = strlen(path);
    if (length < 3 || strcmp(path + length - 3, ".gz"))
        return eqml_frames_read(path, basis->species, frames, &message) ? fail(message.text) : 0;
    pid_t child = -1;
    char stream[64];
    int ended = 0;
    const int descriptor = unpack(path, &child);
    if (descriptor < 0)
        return 1;
    snprintf(stream, sizeof stream, "/dev/fd/%d", descriptor);
    const int bad = eqml_frames_read(stream, basis->species, frames, &message) != EQML_OK;
    close(descriptor);
    waitpid(child, &ended, 0);
    if (ended) {
        fprintf(stderr, "potential: %s: gzip could not unpack it\n", path);
        return 1;
    }
    if (bad) /* the message names the stream */
        fprintf(stderr, "potential: %s%s\n", path, message.text + strcspn(message.text, ":"));
    return bad;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median over the configurations of the shortest distance; 0 where none has two atoms within 6 angstrom. */
static double nearest(const eqml_frames *frames)
{
    double *shortest = malloc(frames->n * sizeof *shortest), median = 0;
    size_t count = 0;
    eqml_neighbours list = {0};
    for (size_t k = 0; k < frames->n && shortest; k++) {
        const eqml_configuration c = eqml_frame(frames, k);
        double least = DBL_MAX;
        if (eqml_neighbours_find(&c, 6 * EQML_ANGSTROM, &list, NULL))
            continue;
        for (size_t p = 0; p < list.count; p++) {
            const double *r = list.vector[p], square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
            least = square < least ? square : least;
        }
        if (list.count)
            shortest[count++] = sqrt(least);
    }
    if (count) {
        qsort(shortest, count, sizeof *shortest, compare);
        median = shortest[count / 2];
    }
    eqml_neighbours_free(&list);
    free(shortest);
    return median;
}

/* Energy and forces of some configurations with the list of neighbours, in processor time. */
static double time_per_atom(const eqml_cloud_model *model, const eqml_frames *frames)
{
    double best = DBL_MAX;
    eqml_cloud_workspace w = {0};
    double energy, *forces = malloc(3 * frames->natoms * sizeof *forces);
    const eqml_cloud_result result = {&energy, forces, NULL, NULL};
    const size_t n = frames->n < 20 ? frames->n : 20;
    for (int round = 0; round < 3 && forces; round++) {
        const double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        for (size_t k = 0; k < n; k++) {
            const eqml_configuration c = eqml_frame(frames, k);
            eqml_cloud_evaluate(model, &c, &w, &result, NULL);
        }
        const double each = 1e6 * (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start) / (double)frames->first[n];
        best = each < best ? each : best;
    }
    eqml_cloud_workspace_free(&w);
    free(forces);
    return best;
}

static int fit_and_test(job *j, const eqml_frames *data, const eqml_frames *other, unsigned char *marks,
                        eqml_cloud_model *model, double *coefficients, double *atoms, outcome *o)
{
    unsigned char *train = marks, *test = marks + data->n;
    const double start = seconds_now();
    eqml_message message;
    for (size_t k = 0; k < data->n; k++) {
        train[k] = k % (size_t)j->train_every == 0;
        test[k] = !train[k];
    }
    j->fit.use = train;
    if (j->radial.range == 0)
        j->radial.range = nearest(data);
    if (j->radial.range == 0)
        return fail("no two atoms are within 6 angstrom in the data; give --range and --cutoff");
    if (j->radial.cutoff == 0)
        j->radial.cutoff = 2.2 * j->radial.range;
    *model = (eqml_cloud_model){basis, j->radial, coefficients, atoms, NULL};
    o->tested = other->n > 0 || j->train_every > 1;
    if (eqml_cloud_fit(basis, &j->radial, data, &j->fit, coefficients, atoms, &o->fit, &message) ||
        eqml_cloud_find_errors(model, data, train, &o->train, &message) ||
        (o->tested && eqml_cloud_find_errors(model, other->n ? other : data, other->n ? NULL : test, &o->test,
                                             &message))) {
        fprintf(stderr, "potential: %s: %s\n", j->data, message.text);
        return 1;
    }
    o->seconds = seconds_now() - start;
    o->us_per_atom = time_per_atom(model, data);
    return 0;
}

static int write_all(const job *j, const eqml_cloud_model *model, const outcome *o)
{
    char path[1024];
    eqml_message message;
    snprintf(path, sizeof path, "%s/%s.pot", j->directory, j->name);
    if (eqml_cloud_write(model, path, &message))
        return fail(message.text);
    snprintf(path, sizeof path, "%s/%s_pot.h", j->directory, j->name);
    if (eqml_cloud_write_header(model, j->name, j->runtime, j->basis_header, path, &message))
        return fail(message.text);
    snprintf(path, sizeof path, "%s/report.json", j->directory);
    return write_report(path, model, o);
}

int main(int argc, char **argv)
{
    job j = {.directory = ".", .name = basis->name, .runtime = "eqml.h", .train_every = 1};
    eqml_frames data = {0}, other = {0};
    eqml_cloud_model model;
    outcome o = {0};
    int status = parse_options(argc, argv, &j);
    if (!status)
        status = read_frames(j.data, &data);
    if (!status && j.test)
        status = read_frames(j.test, &other);
    if (!status) {
        unsigned char *marks = calloc(2, data.n);
        double *numbers = calloc((size_t)(basis->nterms + basis->nspecies), sizeof *numbers);
        status = marks && numbers
                     ? fit_and_test(&j, &data, &other, marks, &model, numbers, numbers + basis->nterms, &o)
                     : fail("out of memory");
        if (!status) {
            print_report(&model, &o);
            status = write_all(&j, &model, &o);
        }
        free(marks);
        free(numbers);
    }
    eqml_frames_free(&data);
    eqml_frames_free(&other);
    return status;
}
