/*
 * The whole census of holes in a surface that `make pes` fitted: what it is, see census/census.h. By hand:
 *
 *     cc -O3 -march=native -I. -Iexamples basis.c eqml.c examples/holes.c examples/common/minimise.c examples/census/?*.c \
 *         -o holes -lm
 *     ./holes --directory build/pes/ch4 --name ch4 [options]
 *
 * basis.c and eqml.c are those of fit/main.c. It reads NAME.pes and minimum.xyz, where the search begins, and writes
 * holes.json, holes.xyz, holes.svg and the minimum. Status: 0 no holes, 3 holes, 1 it could not be done.
 */
#define _POSIX_C_SOURCE 200809L
#include "census/census.h"
#include "common/atoms.h"
#include "common/options.h"
#include "common/whole.h"
#include <limits.h>

extern const eqml_basis *const basis;

static const char help[] =
    "options of the census:\n"
    "  --seed N          of the random numbers; default 1\n"
    "  --samples N       samples at each of the widths 1, 1.5, 2, 3; default 100000\n"
    "  --walkers N       default 2000\n"
    "  --steps N         of the walkers; default 5000\n"
    "  --time-step T     of the walkers, atomic units; default 10\n"
    "  --descents N      minimisations from holes, and from samples of widths 2 and 3, so many each; default "
    "50\n"
    "  --margin E        a hole is deeper than this, hartree; default 1e-4\n"
    "  --closest F       least distance of two atoms, as a fraction of the sum of their covalent radii; "
    "default 0.5\n"
    "  --kept N          geometries of holes at most; default 1000\n"
    "  --start FILE      a geometry to begin at; default minimum.xyz in the folder of the surface\n";

typedef struct job {
    const char *directory, *name, *start;
    census_options census;
} job;

static int fail(const char *what, const char *text)
{
    fprintf(stderr, "holes: %s%s%s\n", what, *what ? ": " : "", text);
    return 1;
}

static int parse_positive(const char *option, const char *text, int whole_number, double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end != text && !*end && *number > 0 && *number <= (whole_number ? (double)INT_MAX : DBL_MAX) &&
        (!whole_number || *number == floor(*number)))
        return 0;
    fprintf(stderr, "holes: %s %s: expected a %s above 0\n", option, text,
            whole_number ? "whole number" : "number");
    return 1;
}

static int parse_options(int argc, char **argv, job *j)
{
    census_options *o = &j->census;
    const struct {
        const char *name;
        int *whole;
        double *real;
        const char **text;
    } options[] = {{"--samples", &o->samples, NULL, NULL}, {"--walkers", &o->walkers, NULL, NULL},
                   {"--steps", &o->steps, NULL, NULL},     {"--descents", &o->descents, NULL, NULL},
                   {"--kept", &o->kept, NULL, NULL},       {"--time-step", NULL, &o->time_step, NULL},
                   {"--margin", NULL, &o->margin, NULL},   {"--closest", NULL, &o->closest, NULL},
                   {"--start", NULL, NULL, &j->start},     {"--directory", NULL, NULL, &j->directory},
                   {"--name", NULL, NULL, &j->name},       {"--seed", NULL, NULL, NULL}};
    const size_t count = sizeof options / sizeof *options;
    for (int i = 1; i < argc; i++) {
        double number = 0;
        const int k = find_option("holes", help, argc, argv, &i, options, count, sizeof *options);
        if (k < 0)
            return 1;
        if (options[k].text) {
            *options[k].text = argv[i];
            continue;
        }
        if (parse_positive(argv[i - 1], argv[i], !options[k].real, &number))
            return 1;
        if (options[k].real)
            *options[k].real = number;
        else if (options[k].whole)
            *options[k].whole = (int)number;
        else
            o->seed = (uint64_t)number;
    }
    return 0;
}

/* The first geometry of a file, in the order of the basis, and the symbols of its atoms, in room of its own. */
static int read_start(const char *path, eqml_data *data, char **symbols)
{
    eqml_message message;
    if (eqml_data_read(path, data, &message))
        return fail("", message.text);
    if (match_basis(data, basis, NULL, &message))
        return fail(path, message.text);
    *symbols = symbols_of(data);
    return *symbols ? 0 : fail("", "out of memory");
}

static int write_json(const char *path, const census *c)
{
    whole w;
    whole_open(&w, path);
    if (w.out) {
        census_json(w.out, c);
        fputc('\n', w.out);
    }
    return whole_close(&w, 0);
}

static int write_all(const job *j, const census *c, const char *symbols)
{
    char path[4096], title[512];
    snprintf(title, sizeof title, "%s: census of holes", j->name);
    for (int k = 0; k < 4; k++) {
        static const char *const names[] = {"minimum.xyz", "holes.xyz", "holes.svg", "holes.json"};
        snprintf(path, sizeof path, "%s/%s", j->directory, names[k]);
        if (k == 0   ? census_write_minimum(c, symbols, path)
            : k == 1 ? census_write_holes(c, symbols, path)
            : k == 2 ? census_draw(c, title, path)
                     : write_json(path, c))
            return fail(path, strerror(errno));
    }
    return 0;
}

int main(int argc, char **argv)
{
    job j = {".",
             basis->name,
             NULL,
             {.samples = 100000, .walkers = 2000, .steps = 5000, .descents = 50, .kept = 1000}};
    char path[4096], *symbols = NULL;
    eqml_message message;
    eqml_surface surface = {0};
    eqml_data start = {0};
    census c = {0};
    int status = parse_options(argc, argv, &j);
    if (status)
        return status;
    snprintf(path, sizeof path, "%s/%s.pes", j.directory, j.name);
    if (eqml_surface_read(&surface, basis, path, &message))
        status = fail("", message.text);
    snprintf(path, sizeof path, "%s/minimum.xyz", j.directory);
    if (!status)
        status = read_start(j.start ? j.start : path, &start, &symbols);
    if (!status && census_run(&surface.model, symbols, start.xyz, &j.census, &c, &message))
        status = fail(j.name, message.text);
    if (!status) {
        printf("%s:\n", j.name);
        census_print(stdout, &c);
        status = write_all(&j, &c, symbols);
        if (fflush(stdout) || ferror(stdout))
            status = fail("", "standard output cannot be written");
    }
    if (!status && c.holes)
        status = 3;
    free(symbols);
    census_free(&c);
    eqml_data_free(&start);
    eqml_surface_free(&surface);
    return status;
}
