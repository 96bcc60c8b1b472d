/*
 * From configurations to a potential: reads, fits, reports, and writes NAME.pot, NAME_pot.h and report.json.
 *
 * It knows no basis: `make potential` links it, for each potential, with a file that says which basis it is. By hand:
 *
 *     printf '#define EQML_IMPLEMENTATION\n#include "eqml.h"\n' >eqml.c
 *     printf '#include "cu.h"\nconst eqml_cloud_basis *const basis = &cu_basis;\n' >basis.c
 *     cc -O2 -march=native -I. -Iexamples basis.c eqml.c examples/potential/[a-z]*.c -o potential -lm
 *     ./potential --basis-header cu.h --runtime eqml.h --directory . --name cu [options] data.xyz
 */
#include "job.h"
#include <time.h>

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double seconds_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

/* Energy and forces of some of the first `count` configurations with the list of neighbours, in processor time: of each the best of a few. */
static double time_per_atom(const eqml_cloud_model *model, const eqml_frames *frames, size_t count)
{
    eqml_cloud_workspace w = {0};
    double sum = 0, energy, *forces = malloc(3 * frames->natoms * sizeof *forces);
    const eqml_cloud_result result = {&energy, forces, NULL, NULL};
    const size_t n = count < 20 ? count : 20;
    for (size_t k = 0; k < n && forces; k++) {
        const eqml_configuration c = eqml_frame(frames, k);
        double best = DBL_MAX;
        for (int round = 0; round < 5; round++) {
            const double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
            eqml_cloud_evaluate(model, &c, &w, &result, NULL);
            const double once = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
            best = once < best ? once : best;
        }
        sum += best;
    }
    eqml_cloud_workspace_free(&w);
    free(forces);
    return 1e6 * sum / (double)frames->first[n];
}

static int fit_and_test(job *j, input *in, eqml_cloud_model *model, double *coefficients, double *atoms,
                        eqml_lsq **triangle, outcome *o)
{
    const eqml_frames *data = &in->data, *other = &in->other;
    eqml_message message;
    if (choose_numbers(j, in, o))
        return 1;
    const double start = seconds_now();
    *model = (eqml_cloud_model){basis, j->radial, coefficients, atoms, in->pairs};
    o->tested = other->n > 0 || j->train_every > 1;
    o->validated = j->parts > 0;
    if (eqml_cloud_fit(basis, &j->radial, data, &j->fit, coefficients, atoms, triangle, &o->fit, &message) ||
        eqml_cloud_find_errors(model, data, in->train, &o->train, &message) ||
        (o->tested && eqml_cloud_find_errors(model, other->n ? other : data, other->n ? NULL : in->test,
                                             &o->test, &message)) ||
        (o->validated &&
         eqml_cloud_cross_validate(basis, &j->radial, data, &j->fit, j->parts, &o->validation, &message))) {
        fprintf(stderr, "potential: %s: %s\n", j->data[0], message.text);
        return 1;
    }
    o->seconds = seconds_now() - start;
    o->us_per_atom = time_per_atom(model, data, data->n - in->anchors);
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
    return write_report(path, j, model, o);
}

static int fit_and_write(job *j, input *in)
{
    eqml_cloud_model model;
    outcome o = {0};
    eqml_lsq *triangle = NULL;
    double *numbers = calloc((size_t)(basis->nterms + basis->nspecies), sizeof *numbers);
    int bad = numbers ? fit_and_test(j, in, &model, numbers, numbers + basis->nterms, &triangle, &o)
                      : fail("out of memory");
    bad = bad || grade_and_ask(j, in, &model, triangle, &o);
    if (!bad) {
        print_groups(in);
        print_pairs(j, in);
        print_report(j, &model, &o);
        bad = write_all(j, &model, &o);
    }
    eqml_lsq_free(triangle);
    free(numbers);
    return bad;
}

int main(int argc, char **argv)
{
    job j = {.directory = ".", .name = basis->name, .runtime = "eqml.h", .train_every = 1};
    input in = {0};
    j.cutoff_auto = j.range_auto = j.kind_auto = j.weights_auto = j.ridge_auto = 1;
    j.fit.smoothness = 2;
    j.grades = 32;
    int bad = parse_options(argc, argv, &j) || read_input(&j, &in);
    if (!bad) {
        j.fit.use = in.train;
        j.fit.anchors = in.anchor;
        j.fit.weights = (const double(*)[EQML_CLOUD_KINDS])in.weights;
        j.fit.pairs = in.pairs;
        j.fit.atoms = in.atoms;
        bad = j.score ? find_score(&j, &in) : j.highest ? choose_level(&j, &in) : fit_and_write(&j, &in);
    }
    free_input(&in);
    return bad;
}
