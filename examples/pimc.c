/*
 * Path-integral Monte Carlo on a surface that `make pes` fitted: a molecule at a temperature, its nuclei as quantum particles:
 * thermal energy, heat capacity, distributions of distances.
 *
 *     make pimc NAME=h2o PIMC="--temperature 1000 --masses nuclear"
 *
 * Theory: pimc/paths.h. With P beads the averages have errors of order 1/P^2: they are computed with several numbers of beads, and
 * extrapolated by value + slope/P^2. The energy is that of one molecule that moves freely: translation, 3/2 kT, and rotation are in it; it
 * is given above the minimum of the surface. Like atoms are taken as distinguishable, which is right where no two of
 * them change places.
 *
 * The molecule is not kept together by anything but its surface: at temperatures where it falls apart within the run, the numbers mean
 * nothing. The longest distance that was met is printed; a move into a hole of the surface is not taken, but counted and told.
 *
 * Status: 0; 3 where holes were met; 1 where it could not be done.
 */
#define _POSIX_C_SOURCE 200809L
#include "census/census.h"
#include "common/json.h"
#include "common/modes.h"
#include "common/plot.h"
#include "common/progress.h"
#include "common/rooms.h"
#include "common/statistics.h"
#include "common/units.h"
#include "common/whole.h"
#include "pimc/paths.h"

enum { RUNS = 8, BINS = 600, PAIR_KINDS = PLOT_COLOURS };
#define BIN 0.02 /* bohr */

static const char help[] =
    "options of path-integral Monte Carlo:\n"
    "  --temperature T   K; default 300\n"
    "  --beads LIST      up to 8 numbers; default: those that make hw/(P kT) of the fastest vibration 0.6, "
    "0.45 and "
    "0.36\n"
    "  --rings N         that move side by side; default 64\n"
    "  --sweeps N        for each number of beads; default 20000; a quarter more before averages begin\n"
    "  --measure N       sweeps from one measurement to the next; default 5\n"
    "  --margin E        what lies deeper below the minimum is a hole, hartree; default 1e-4\n" SURFACE_HELP;

typedef struct pimc_options {
    double temperature, margin;
    int beads[RUNS], nruns, rings, sweeps, measure;
} pimc_options;

/* Distances of atoms of two elements. */
typedef struct distances {
    char name[32]; /* "H-O" */
    double count[BINS];
} distances;

typedef struct pimc_results {
    double energy[RUNS], error[RUNS];            /* hartree above the minimum */
    double capacity[RUNS], capacity_error[RUNS]; /* C/k */
    double at_zero[2], its_error[2];             /* energy, C/k, extrapolated */
    double holes, lowest, longest, seconds, calls;
    double *lowest_xyz;
    distances kind[PAIR_KINDS]; /* of the last run, which has most beads */
    int nkinds;
    int *kind_of; /* [natoms][natoms] -1: not counted */
} pimc_results;

static int fail(const char *what, const char *text)
{
    return complain("pimc", what, text);
}

/* "32,48,64"; or from the fastest vibration. */
static int read_beads(const char *text, const molecule *m, pimc_options *o)
{
    static const double parts[] = {0.6, 0.45, 0.36};
    const double quanta = m->wavenumber[m->vibrations - 1] / PER_CM / (KELVIN * o->temperature);
    if (!text)
        for (o->nruns = 0; o->nruns < 3; o->nruns++)
            o->beads[o->nruns] = 2 * (o->nruns + 1) + (int)ceil(quanta / parts[o->nruns]);
    for (; text && *text; text += *text == ',') {
        char *end;
        const long beads = strtol(text, &end, 10);
        if (end == text || (*end && *end != ',') || beads < 1 || beads > 100000 || o->nruns == RUNS)
            return fail("--beads", "expected up to 8 whole numbers, 32,48,64");
        for (int k = 0; k < o->nruns; k++)
            if (o->beads[k] >= beads)
                return fail("--beads", "expected ascending numbers");
        o->beads[o->nruns++] = (int)beads;
        text = end;
    }
    return o->nruns ? 0 : fail("--beads", "expected up to 8 whole numbers, 32,48,64");
}

/* ---- distances ---- */

static void name_kinds(const molecule *m, pimc_results *r)
{
    for (int i = 0; i < m->natoms; i++)
        for (int j = 0; j < i; j++) {
            char name[32];
            size_t a, b;
            int k = 0;
            const char *first = molecule_symbol(m, j, &a), *second = molecule_symbol(m, i, &b);
            snprintf(name, sizeof name, "%.*s-%.*s", (int)a, first, (int)b, second);
            while (k < r->nkinds && strcmp(r->kind[k].name, name))
                k++;
            if (k == r->nkinds && k < PAIR_KINDS)
                memcpy(r->kind[r->nkinds++].name, name, sizeof name);
            r->kind_of[i * m->natoms + j] = k < PAIR_KINDS ? k : -1;
        }
}

static void count_distances(const molecule *m, const paths *p, pimc_results *r)
{
    for (size_t k = 0; k < p->rings * p->beads; k++) {
        const double *x = p->xyz + 3 * (size_t)m->natoms * k;
        for (int i = 0; i < m->natoms; i++)
            for (int j = 0; j < i; j++) {
                double square = 0;
                for (int c = 0; c < 3; c++)
                    square += (x[3 * i + c] - x[3 * j + c]) * (x[3 * i + c] - x[3 * j + c]);
                const double distance = sqrt(square);
                const int kind = r->kind_of[i * m->natoms + j], bin = (int)(distance / BIN);
                r->longest = fmax(r->longest, distance);
                if (kind >= 0 && bin < BINS)
                    r->kind[kind].count[bin]++;
            }
    }
}

/* ---- runs ---- */

static int one_run(const pimc_options *o, const surface_job *job, const molecule *m, const path_land *on,
                   int k, progress *line, pimc_results *r)
{
    const double began = seconds_now();
    const int settle = o->sweeps / 4;
    char what[64];
    paths p;
    snprintf(what, sizeof what, "%d beads (%d of %d)", o->beads[k], k + 1, o->nruns);
    if (paths_make(&p, on, (size_t)o->rings, (size_t)o->beads[k], KELVIN * o->temperature)) {
        paths_free(&p);
        return fail("", "out of memory: fewer --rings or --beads take less");
    }
    paths_begin(&p, (uint64_t)job->seed, (uint64_t)k << 32, m->xyz);
    for (int sweep = 0; sweep < settle + o->sweeps; sweep++) {
        paths_sweep(&p);
        if (sweep < settle && sweep % 10 == 9)
            paths_tune(&p);
        if (sweep >= settle && (sweep - settle) % o->measure == 0) {
            paths_measure(&p);
            if (k == o->nruns - 1)
                count_distances(m, &p, r);
        }
        progress_show(line, what, sweep + 1, settle + o->sweeps);
    }
    paths_energy(&p, &r->energy[k], &r->error[k]);
    paths_heat_capacity(&p, &r->capacity[k], &r->capacity_error[k]);
    r->holes += p.holes;
    r->calls += p.calls;
    r->seconds += seconds_now() - began;
    if (p.lowest < r->lowest) {
        r->lowest = p.lowest;
        memcpy(r->lowest_xyz, p.lowest_xyz, (size_t)on->n * sizeof *p.lowest_xyz);
    }
    paths_free(&p);
    return 0;
}

static int all_runs(const pimc_options *o, const surface_job *job, const molecule *m, pimc_results *r)
{
    progress line = {.program = "pimc"};
    double x[RUNS];
    rooms lanes;
    const path_land on = {3 * m->natoms, m->root, rooms_energies, &lanes, m->energy, o->margin};
    int bad = rooms_make(m, &lanes) ? fail("", "out of memory") : 0;
    r->lowest = m->energy;
    memcpy(r->lowest_xyz, m->xyz, (size_t)on.n * sizeof *m->xyz);
    name_kinds(m, r);
    for (int k = 0; k < o->nruns && !bad; k++) {
        bad = one_run(o, job, m, &on, k, &line, r);
        x[k] = 1 / ((double)o->beads[k] * o->beads[k]);
    }
    progress_end(&line);
    free(lanes.all);
    if (!bad) {
        extrapolate((size_t)o->nruns, x, r->energy, r->error, &r->at_zero[0], &r->its_error[0]);
        extrapolate((size_t)o->nruns, x, r->capacity, r->capacity_error, &r->at_zero[1], &r->its_error[1]);
    }
    return bad;
}

/* ---- what is told ---- */

static void print_results(const pimc_options *o, const molecule *m, const pimc_results *r)
{
    printf("%s: path-integral Monte Carlo at %g K, %d rings, %d sweeps for each number of beads\n", m->name,
           o->temperature, o->rings, o->sweeps);
    printf(
        "  energies above the minimum, translation and rotation in them; heat capacity at constant volume\n");
    printf("  %8s %16s %8s %16s %8s\n", "beads", "energy, cm^-1", "sigma", "C, J/(mol K)", "sigma");
    for (int k = 0; k < o->nruns; k++)
        printf("  %8d %16.2f %8.2f %16.3f %8.3f\n", o->beads[k], PER_CM * r->energy[k], PER_CM * r->error[k],
               GAS * r->capacity[k], GAS * r->capacity_error[k]);
    if (o->nruns > 1)
        printf("  %8s %16.2f %8.2f %16.3f %8.3f   (value + slope/P^2)\n", "all", PER_CM * r->at_zero[0],
               PER_CM * r->its_error[0], GAS * r->at_zero[1], GAS * r->its_error[1]);
    printf("  longest distance of two atoms: %.3f angstrom; ", r->longest / EQML_ANGSTROM);
    if (r->holes > 0)
        printf(
            "holes: %.0f moves led into holes and were not taken, the deepest %.1f cm^-1 below the minimum\n",
            r->holes, PER_CM * (m->energy - r->lowest));
    else
        printf("holes: none\n");
    printf("  %.3g energies a second\n", r->calls / r->seconds);
}

static int write_json(const char *path, const pimc_options *o, const pimc_results *r)
{
    double beads[RUNS], energy[RUNS];
    whole w;
    whole_open(&w, path);
    json j = {w.out, 0};
    for (int k = 0; k < o->nruns; k++)
        beads[k] = o->beads[k], energy[k] = PER_CM * r->energy[k];
    json_number(&j, "temperature", o->temperature);
    json_number(&j, "energy", PER_CM * r->at_zero[0]);
    json_number(&j, "sigma", PER_CM * r->its_error[0]);
    json_number(&j, "heat_capacity", GAS * r->at_zero[1]);
    json_number(&j, "heat_capacity_sigma", GAS * r->its_error[1]);
    json_numbers(&j, "beads", (size_t)o->nruns, beads);
    json_numbers(&j, "energies", (size_t)o->nruns, energy);
    json_number(&j, "longest", r->longest);
    json_number(&j, "holes", r->holes);
    json_end(&j);
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

/* The distributions of distances, each of area 1. */
static int draw_distances(const char *path, const pimc_options *o, const molecule *m, const pimc_results *r)
{
    double x[BINS], y[BINS], total[PAIR_KINDS] = {0}, high = 0;
    int first = BINS, last = 0;
    char title[256];
    whole w;
    plot p;
    for (int k = 0; k < r->nkinds; k++) {
        for (int b = 0; b < BINS; b++)
            total[k] += r->kind[k].count[b] * BIN / EQML_ANGSTROM;
        for (int b = 0; b < BINS; b++)
            if (r->kind[k].count[b] > 0) {
                first = b < first ? b : first, last = b > last ? b : last;
                high = fmax(high, r->kind[k].count[b] / total[k]);
            }
    }
    whole_open(&w, path);
    plot_begin(&p, w.out, 680, 440);
    snprintf(title, sizeof title, "%s at %g K: distances", m->name, o->temperature);
    plot_text(&p, 80, 26, "start", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){80, 44, 570, 330}, first * BIN / EQML_ANGSTROM, (last + 1) * BIN / EQML_ANGSTROM,
              0, 1.08 * high, "distance / \u00c5", "density / \u00c5\u207b\u00b9");
    for (int k = 0; k < r->nkinds; k++) {
        for (int b = first; b <= last; b++) {
            x[b - first] = (b + 0.5) * BIN / EQML_ANGSTROM;
            y[b - first] = r->kind[k].count[b] / total[k];
        }
        plot_line(&p, (size_t)(last - first + 1), x, y, (plot_style){plot_colours[k], 1.8, 1, NULL},
                  r->kind[k].name);
    }
    plot_legend(&p, 480, 8);
    plot_finish(&p);
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

static int write_hole(const char *path, const molecule *m, const pimc_results *r)
{
    return census_write_hole(path, m->natoms, m->symbols, r->lowest_xyz, m->energy, m->energy - r->lowest)
               ? fail(path, strerror(errno))
               : 0;
}

int main(int argc, char **argv)
{
    surface_job job = {.program = "pimc"};
    pimc_options o = {.temperature = 300, .rings = 64, .sweeps = 20000, .measure = 5, .margin = 1e-4};
    const char *beads = NULL;
    const option own[] = {{"--temperature", NULL, &o.temperature, NULL, 1, 1e5},
                          {"--beads", &beads, NULL, NULL, 0, 0},
                          {"--rings", NULL, NULL, &o.rings, 2, 1e6},
                          {"--sweeps", NULL, NULL, &o.sweeps, 40, 1e9},
                          {"--measure", NULL, NULL, &o.measure, 1, 1e9},
                          {"--margin", NULL, &o.margin, NULL, DBL_MIN, 0}};
    char path[4096];
    molecule m = {0};
    pimc_results *r = calloc(1, sizeof *r);
    int status = surface_options(&job, help, argc, argv, own, sizeof own / sizeof *own) ||
                 molecule_read(&job, &m) || molecule_settle(&job, &m) || read_beads(beads, &m, &o);
    if (!status && r) {
        r->lowest_xyz = calloc(3 * (size_t)m.natoms, sizeof *r->lowest_xyz);
        r->kind_of = calloc((size_t)(m.natoms * m.natoms), sizeof *r->kind_of);
    }
    if (!status && !(r && r->lowest_xyz && r->kind_of))
        status = fail("", "out of memory");
    status = status || all_runs(&o, &job, &m, r);
    if (!status) {
        print_results(&o, &m, r);
        snprintf(path, sizeof path, "%s/pimc.svg", job.directory);
        status = draw_distances(path, &o, &m, r);
        snprintf(path, sizeof path, "%s/pimc_hole.xyz", job.directory);
        if (!status && r->holes > 0)
            status = write_hole(path, &m, r);
        if (!status && job.json)
            status = write_json(job.json, &o, r);
        if (!status && r->holes > 0)
            status = 3;
    }
    if (r) {
        free(r->lowest_xyz);
        free(r->kind_of);
    }
    free(r);
    molecule_free(&m);
    return surface_end("pimc", status);
}
