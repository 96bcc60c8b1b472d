/*
 * The whole census of holes in a surface that `make pes` fitted: what it is, see census/census.h. By hand:
 *
 *     cc -O2 -march=native -I. -Iexamples basis.c eqml.c examples/holes.c examples/common/?*.c examples/census/?*.c \
 *         -o holes -lm
 *     ./holes --directory build/pes/ch4 --name ch4 [options]
 *
 * basis.c and eqml.c are those of fit/main.c. It reads NAME.pes and minimum.xyz, where the search begins, and writes
 * holes.json, holes.xyz, holes.svg and the minimum. Status: 0 no holes, 3 holes, 1 it could not be done.
 */
#define _POSIX_C_SOURCE 200809L
#include "census/census.h"
#include "common/molecule.h"
#include "common/whole.h"

static const char help[] =
    "options of the census:\n"
    "  --samples N       samples at each of the widths 1, 1.5, 2, 3; default 100000\n"
    "  --walkers N       default 2000\n"
    "  --steps N         of the walkers; default 5000\n"
    "  --time-step T     of the walkers, atomic units; default 10\n"
    "  --descents N      minimisations from holes, and from samples of widths 2 and 3, so many each; default "
    "50\n"
    "  --margin E        a hole is deeper than this, hartree; default 1e-4\n"
    "  --closest F       least distance of two atoms, as a fraction of the sum of their covalent radii, at "
    "most 1; "
    "default 0.5\n"
    "  --kept N          geometries of holes at most; default 1000\n" SURFACE_HELP_FEW;

static int fail(const char *what, const char *text)
{
    return complain("holes", what, text);
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

static int write_all(const surface_job *j, const census *c, const char *symbols)
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
    surface_job j = {.program = "holes", .few = 1};
    census_options o = {.samples = 100000, .walkers = 2000, .steps = 5000, .descents = 50, .kept = 1000};
    const option own[] = {{"--samples", NULL, NULL, &o.samples, 1, 0},
                          {"--walkers", NULL, NULL, &o.walkers, 1, 0},
                          {"--steps", NULL, NULL, &o.steps, 1, 0},
                          {"--descents", NULL, NULL, &o.descents, 1, 0},
                          {"--kept", NULL, NULL, &o.kept, 1, 0},
                          {"--time-step", NULL, &o.time_step, NULL, DBL_MIN, 0},
                          {"--margin", NULL, &o.margin, NULL, DBL_MIN, 0},
                          {"--closest", NULL, &o.closest, NULL, DBL_MIN, 1}};
    eqml_message message;
    molecule m = {0};
    census c = {0};
    int status = surface_options(&j, help, argc, argv, own, sizeof own / sizeof *own) ||
                 molecule_read(&j, &m) || molecule_start(&j, &m);
    o.seed = (uint64_t)j.seed;
    if (!status && census_run(m.model, m.symbols, m.xyz, &o, &c, &message))
        status = fail(j.name, message.text);
    if (!status) {
        printf("%s:\n", j.name);
        census_print(stdout, &c);
        status = surface_end("holes", write_all(&j, &c, m.symbols));
    }
    if (!status && c.holes)
        status = 3;
    census_free(&c);
    molecule_free(&m);
    return status;
}
