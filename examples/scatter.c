/*
 * Collinear scattering A + BC -> AB + C on a surface that `make pes` fitted: probabilities of reaction by a wave packet, and by an
 * independent method without time on the same surface.
 *
 *     make h3-surface
 *     make scatter NAME=h3 SCATTER="--energies 0.55,0.6,0.8,0.9 --json h3.json"
 *     make scatter NAME=h3 SCATTER="--isotope 1=D"
 *
 * Theory: scatter/packet.h, scatter/delves.h. The second atom of the surface stands in the middle: 1 + 2-3 -> 1-2 + 3, in collinear
 * geometries; the molecule is in its lowest state. Energies are total ones above the minimum of the molecule 2-3. Both methods use
 * nuclear motion alone, without any approximation but grids and bases; what they differ by, and what a run with coarser grids
 * changes, is printed. The surface must be fitted to data that reach to an atom and a molecule apart: scatter/bkmp2.h has such a one
 * for H3, and h3_points.c makes points of it.
 *
 * The cumulative probability N(E) is the sum over all states of the molecule that are open; rates follow from it (see W. H. Miller,
 * J. Chem. Phys. 62, 1899 (1975)).
 */
#define _POSIX_C_SOURCE 200809L
#include "common/json.h"
#include "common/molecule.h"
#include "common/elements.h"
#include "common/plot.h"
#include "common/whole.h"
#include "scatter/line.h"
#include "scatter/run.h"

enum { ENERGIES = 1000 };

static const char help[] =
    "options of collinear scattering, atom 1 + molecule 2-3 in its lowest state:\n"
    "  --energies LIST   total energies above the minimum of the molecule, eV: 0.55,0.6 or FROM:TO:NUMBER;\n"
    "                    default 0.4:1.2:81\n"
    "  --fineness F      of all grids; default 1; 1.4 halves the steps' squares\n"
    "  --check N         1, the default: once more with coarser grids, to tell the error; 0: not\n"
    "  --absorber L      length of the absorbers, bohr; default 8\n"
    "  --strength E      of the absorbers at their ends, hartree; default 0.03\n"
    "  --apart R         the packet begins at least this far from the molecule, bohr; default 10\n"
    "  --rho R           where the method without time ends, bohr; default 14\n" SURFACE_HELP;

static int fail(const char *what, const char *text)
{
    return complain("scatter", what, text);
}

/* "0.55,0.6" or "0.4:1.2:81", in eV, ascending. */
static int read_energies(const char *text, size_t *n, double *energy)
{
    double from, to;
    int number, end = 0;
    if (sscanf(text, "%lf:%lf:%d%n", &from, &to, &number, &end) == 3 && !text[end]) {
        if (!(from > 0 && to > from && to <= 3 && number >= 2 && number <= ENERGIES))
            return fail("--energies",
                        "expected FROM:TO:NUMBER with 0 < FROM < TO <= 3 eV and 2 to 1000 of them");
        for (*n = 0; *n < (size_t)number; ++*n)
            energy[*n] = (from + (to - from) * (double)*n / (number - 1)) * EQML_EV;
        return 0;
    }
    const char *at = text;
    for (*n = 0; *at; at += *at == ',') {
        char *stop;
        const double value = strtod(at, &stop) * EQML_EV;
        if (stop == at || (*stop && *stop != ',') ||
            !(value > (*n ? energy[*n - 1] : 0) && value <= 3 * EQML_EV) || *n == ENERGIES)
            break;
        energy[(*n)++] = value;
        at = stop;
    }
    return (*at || !*n) &&
           fail("--energies",
                "expected up to 1000 energies of at most 3 eV, ascending: 0.55,0.6, or FROM:TO:NUMBER");
}

/* ---- results ---- */

typedef struct summary {
    double difference;          /* of both methods, the largest */
    double unitarity;           /* of the packet */
    double change, change_here; /* of packet and logarithmic derivative with coarser grids; NaN: not known */
} summary;

static summary summary_of(const scatter_options *o, const scatter_results *r, const scatter_results *coarse)
{
    summary s = {0, 0, coarse ? 0 : (double)NAN, coarse ? 0 : (double)NAN};
    for (size_t e = 0; e < o->nenergies; e++) {
        s.difference = fmax(s.difference, fabs(r->passed[e] - r->reactive[e]));
        s.unitarity = fmax(s.unitarity, fabs(r->passed[e] + r->back[e] - 1));
        if (coarse) {
            s.change = fmax(s.change, fabs(r->passed[e] - coarse->passed[e]));
            s.change_here = fmax(s.change_here, fabs(r->reactive[e] - coarse->reactive[e]));
        }
    }
    return s;
}

static void print_results(const molecule *m, const scatter_options *o, const scatter_results *r,
                          const summary *s)
{
    printf("%s, collinear, masses %.5f %.5f %.5f dalton: 1 + 2-3(v = 0) -> 1-2 + 3\n", m->name, m->mass[0],
           m->mass[1], m->mass[2]);
    printf("  lowest states: %.5f eV of 2-3, %.5f eV of 1-2, above the minimum of 2-3\n", r->ground / EQML_EV,
           r->other / EQML_EV);
    printf(
        "  energy, eV    packet: reacts   returns   sum - 1    without time: reacts   difference   N(E)\n");
    for (size_t e = 0; e < o->nenergies; e++)
        printf("  %10.4f    %14.5f  %8.5f  %8.1e    %20.5f   %10.1e   %.4f\n", o->energy[e] / EQML_EV,
               r->passed[e], r->back[e], r->passed[e] + r->back[e] - 1, r->reactive[e],
               r->passed[e] - r->reactive[e], r->all[e]);
    printf("  largest: difference of the methods %.1e; packet, sum - 1: %.1e; without time: %.1e\n",
           s->difference, s->unitarity, r->unitarity);
    if (isfinite(s->change))
        printf("  with grids 1.2 times as coarse: packet changes by %.1e, without time by %.1e\n", s->change,
               s->change_here);
    printf("  packet: %zu x %zu points, %zu products with H, no time step, %.1e of the norm left, %.2f s; "
           "without time: "
           "%.2f s; %.0f calls of the surface\n",
           r->points[0], r->points[1], r->steps, r->left, r->seconds[0], r->seconds[1], r->calls);
}

static int write_json(const char *path, const scatter_options *o, const scatter_results *r, const summary *s)
{
    double energy[ENERGIES];
    whole w;
    whole_open(&w, path);
    json j = {w.out, 0};
    for (size_t e = 0; e < o->nenergies; e++)
        energy[e] = o->energy[e] / EQML_EV;
    json_numbers(&j, "energies", o->nenergies, energy);
    json_numbers(&j, "probabilities", o->nenergies, r->passed);
    json_numbers(&j, "returned", o->nenergies, r->back);
    json_numbers(&j, "probabilities_without_time", o->nenergies, r->reactive);
    json_numbers(&j, "cumulative", o->nenergies, r->all);
    json_matrix(&j, "states", o->nenergies, SCATTER_STATES, r->state);
    json_number(&j, "ground", r->ground / EQML_EV);
    json_number(&j, "ground_products", r->other / EQML_EV);
    json_number(&j, "difference", s->difference);
    json_number(&j, "unitarity", s->unitarity);
    json_number(&j, "unitarity_without_time", r->unitarity);
    json_number(&j, "change", s->change);
    json_number(&j, "change_without_time", s->change_here);
    json_number(&j, "products", (double)r->steps);
    json_end(&j);
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

static int draw(const char *path, const molecule *m, const scatter_options *o, const scatter_results *r)
{
    static const char *const colours[SCATTER_STATES] = {"#228833", "#ccbb44", "#66ccee", "#aa3377"};
    double x[ENERGIES], y[ENERGIES];
    char title[512], name[SCATTER_STATES][32];
    const size_t n = o->nenergies;
    whole w;
    plot p;
    for (size_t e = 0; e < n; e++)
        x[e] = o->energy[e] / EQML_EV;
    const double margin = n > 1 ? 0 : 0.1;
    whole_open(&w, path);
    plot_begin(&p, w.out, 920, 460);
    snprintf(title, sizeof title, "%s, collinear: probability of reaction from v = 0", m->name);
    plot_text(&p, 80, 26, "start", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){80, 44, 610, 350}, x[0] - margin, x[n - 1] + margin, 0, 1.05,
              "total energy / eV", "probability");
    for (size_t v = 0; v < SCATTER_STATES; v++) {
        double most = 0;
        for (size_t e = 0; e < n; e++)
            y[e] = r->state[e * SCATTER_STATES + v], most = fmax(most, y[e]);
        snprintf(name[v], sizeof name[v], "to v = %zu", v);
        if (most > 1e-3)
            plot_line(&p, n, x, y, (plot_style){colours[v], 1.2, 1, "5 3"}, name[v]);
    }
    plot_line(&p, n, x, r->reactive, (plot_style){"#4477aa", 2, 1, NULL}, "logarithmic derivative");
    plot_points(&p, n, x, r->passed, (plot_style){"#ee6677", 5, 1, NULL}, "wave packet");
    plot_legend(&p, 620, 0); /* beside the axes */
    plot_finish(&p);
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

static int run(const surface_job *job, const molecule *m, const collinear *c, const scatter_options *o,
               int check)
{
    scatter_results fine = {0}, coarse = {0};
    scatter_options less = *o;
    char path[4096];
    less.fineness = o->fineness / 1.2;
    int bad = scatter_run(c, o, &fine) || (check && scatter_run(c, &less, &coarse));
    if (!bad) {
        const summary s = summary_of(o, &fine, check ? &coarse : NULL);
        print_results(m, o, &fine, &s);
        snprintf(path, sizeof path, "%s/scatter.svg", job->directory);
        bad = draw(path, m, o, &fine) || (job->json && write_json(job->json, o, &fine, &s));
    }
    scatter_free(&fine);
    scatter_free(&coarse);
    return bad;
}

int main(int argc, char **argv)
{
    surface_job job = {.program = "scatter", .saddle = 1};
    double energy[ENERGIES];
    const char *energies = "0.4:1.2:81";
    int check = 1;
    scatter_options o = {.energy = energy,
                         .fineness = 1,
                         .absorber = 8,
                         .strength = 0.03,
                         .apart = 10,
                         .rho = 14,
                         .channels = 24};
    const option own[] = {{"--energies", &energies, NULL, NULL, 0, 0},
                          {"--fineness", NULL, &o.fineness, NULL, 0.5, 4},
                          {"--check", NULL, NULL, &check, 0, 1},
                          {"--absorber", NULL, &o.absorber, NULL, 1, 30},
                          {"--strength", NULL, &o.strength, NULL, 1e-4, 1},
                          {"--apart", NULL, &o.apart, NULL, 4, 20},
                          {"--rho", NULL, &o.rho, NULL, 6, 40}};
    molecule m = {0};
    int bad = surface_options(&job, help, argc, argv, own, sizeof own / sizeof *own) ||
              read_energies(energies, &o.nenergies, energy);
    if (!bad && basis->natoms != 3)
        bad = fail(basis->name, "scattering on a line is of three atoms; the surface has another number");
    bad = bad || molecule_read(&job, &m) || molecule_settle(&job, &m);
    if (!bad) {
        line l = {&m, m.energy + 1};
        collinear c = {.surface = on_line, .context = &l};
        for (int k = 0; k < 3; k++)
            c.mass[k] = DALTON * m.mass[k];
        bad = line_reaches("scatter", &c, o.apart + 3, &l) || run(&job, &m, &c, &o, check);
    }
    molecule_free(&m);
    return surface_end("scatter", bad);
}
