/*
 * Errors of potentials against what they cost, drawn from their reports:
 *
 *     cc -O2 -Iexamples examples/error_against_cost.c -o error_against_cost -lm
 *     ./error_against_cost picture.svg build/potential/cu_8/report.json build/potential/cu_12/report.json ...
 *
 * Several sets stand side by side, each behind its name, with errors that are known of other methods (meV/atom,
 * eV/angstrom) as lines:
 *
 *     ./error_against_cost picture.svg --set Cu --beside GAP:0.46,0.01 REPORT.json ... --set Ni ...
 *
 * Errors are those of the test set; where there is none, those of a cross-validation, or of the training set.
 */
#define _POSIX_C_SOURCE 200809L
#include "common/plot.h"
#include "common/whole.h"
#include <string.h>

enum { MOST = 64, MOST_SETS = 6, MOST_BESIDE = 4, QUANTITIES = 2 };

typedef struct report {
    double terms, cost, error[QUANTITIES]; /* us for an atom; meV/atom, eV/angstrom */
} report;

/* Errors of another method. */
typedef struct beside {
    char name[32];
    double error[QUANTITIES];
} beside;

/* Potentials of one element. */
typedef struct set {
    const char *name; /* or NULL */
    size_t n, nbeside;
    report reports[MOST];
    beside besides[MOST_BESIDE];
} set;

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "error_against_cost: %s: %s\n", what, why);
    return 1;
}

/* ---- reports ------------------------------------------------------------------------------------------- */

/* The number of a key of one of our reports; NAN where it is null or missing. */
static double number_of(const char *text, const char *key)
{
    char quoted[128];
    double value;
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(text, quoted);
    return at && sscanf(at + strlen(quoted), " %lf", &value) == 1 ? value : (double)NAN;
}

/* The mean absolute error of a kind, in the first set that has one. */
static double error_of(const char *text, const char *kind, const char *unit)
{
    static const char *const sets[] = {"test", "cross_validation", "train"};
    double value = (double)NAN;
    for (int k = 0; k < 3 && isnan(value); k++) {
        char key[80];
        snprintf(key, sizeof key, "mae_%s_%s_%s", kind, sets[k], unit);
        value = number_of(text, key);
    }
    return value;
}

static int read_report(const char *path, report *r)
{
    char text[16384];
    FILE *file = fopen(path, "r");
    const size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[length] = 0;
    if (file)
        fclose(file);
    r->terms = number_of(text, "terms");
    r->cost = number_of(text, "us_per_atom");
    r->error[0] = 1e3 * error_of(text, "energy", "ev_per_atom");
    r->error[1] = error_of(text, "force", "ev_per_angstrom");
    if (isfinite(r->terms) && r->cost > 0 && (isfinite(r->error[0]) || isfinite(r->error[1])))
        return 0;
    return fail(path, "no report of a potential: terms, us_per_atom and errors");
}

/* ---- the command line ---------------------------------------------------------------------------------- */

/* "GAP:0.46,0.01" */
static int parse_beside(const char *text, beside *b)
{
    char behind;
    if (sscanf(text, "%31[^:<>&]:%lf,%lf%c", b->name, &b->error[0], &b->error[1], &behind) == 3 &&
        b->error[0] > 0 && b->error[1] > 0)
        return 0;
    return fail(text, "expected a name and errors, meV/atom and eV/angstrom, as in --beside GAP:0.46,0.01");
}

/* sets[*count] <- what stands behind the picture's name. Returns nonzero after a message. */
static int parse_sets(int argc, char **argv, set *sets, size_t *count)
{
    *count = 0;
    for (int k = 2; k < argc; k++) {
        const int names = !strcmp(argv[k], "--set"), known = !strcmp(argv[k], "--beside");
        if ((names || known) && k + 1 == argc)
            return fail(argv[k], "expected a value");
        if (names || *count == 0) {
            if (*count == MOST_SETS)
                return fail("--set", "too many of them");
            sets[(*count)++].name = names ? argv[++k] : NULL;
            if (names && strpbrk(argv[k], "<>&"))
                return fail(argv[k], "a name without <, > and & is expected");
            if (names)
                continue;
        }
        set *s = &sets[*count - 1];
        if (known && s->nbeside == MOST_BESIDE)
            return fail("--beside", "too many of them");
        if (!known && s->n == MOST)
            return fail(argv[k], "too many reports of a set");
        if (known ? parse_beside(argv[++k], &s->besides[s->nbeside++])
                  : read_report(argv[k], &s->reports[s->n++]))
            return 1;
    }
    for (size_t k = 0; k < *count; k++)
        if (!sets[k].n)
            return fail(sets[k].name ? sets[k].name : argv[1], "no report of a potential is named");
    return 0;
}

/* ---- the picture --------------------------------------------------------------------------------------- */

/* One panel: errors against the logarithm of the cost, each with its number of terms, and the known errors as lines. */
static void panel(plot *p, plot_box box, const set *s, int quantity, const char *xlabel, const char *ylabel)
{
    double x[MOST], y[MOST], least = HUGE_VAL, most = -HUGE_VAL, top = 0;
    for (size_t k = 0; k < s->n; k++) {
        x[k] = log10(s->reports[k].cost);
        y[k] = s->reports[k].error[quantity];
        least = x[k] < least ? x[k] : least;
        most = x[k] > most ? x[k] : most;
        top = y[k] > top ? y[k] : top;
    }
    for (size_t k = 0; k < s->nbeside; k++)
        top = s->besides[k].error[quantity] > top ? s->besides[k].error[quantity] : top;
    top = top > 0 ? top : 1;
    least -= 0.1;
    most += 0.25;
    plot_axes(p, box, least, most, 0, 1.1 * top, xlabel, ylabel);
    for (size_t k = 0; k < s->nbeside; k++) {
        const double ends[2] = {least, most}, level = s->besides[k].error[quantity], line[2] = {level, level};
        const char *colour = plot_colours[1 + k % (PLOT_COLOURS - 1)];
        plot_line(p, 2, ends, line, (plot_style){colour, 1.5, 1, k % 2 ? "2 4" : "8 4"}, s->besides[k].name);
    }
    plot_line(p, s->n, x, y, (plot_style){plot_colours[0], 1.5, 1, NULL}, NULL);
    plot_points(p, s->n, x, y, (plot_style){plot_colours[0], 7, 1, NULL}, NULL);
    for (size_t k = 0; k < s->n; k++) {
        char text[32];
        snprintf(text, sizeof text, "%.0f", s->reports[k].terms);
        plot_text(p, plot_left(p, x[k]) + 6, plot_top(p, y[k]) - 6, "start", "normal", "#22262c", text);
    }
    if (s->nbeside)
        plot_legend(p, box.width - 80, 6);
    if (s->name)
        plot_text(p, box.left + 6, box.top - 6, "start", "bold", "#22262c", s->name);
}

/* A set has its two panels side by side; several sets are columns, energies above forces. */
static void draw(plot *p, FILE *out, const set *sets, size_t count)
{
    static const char *const axis[] = {"mean absolute error / (meV/atom)",
                                       "mean absolute error / (eV/angstrom)"};
    const char *cost = count > 1 ? "log10 of the cost / (us for an atom)"
                                 : "log10 of the cost / (us for an atom); beside the points, terms";
    const int columns = count > 1 ? (int)count : QUANTITIES;
    plot_begin(p, out, columns * (count > 1 ? 325 : 430), count > 1 ? 640 : 380);
    for (size_t k = 0; k < count; k++)
        for (int q = 0; q < QUANTITIES; q++) {
            const plot_box many = {75 + 325 * (double)k, q ? 345 : 30, 235, 235},
                           one = {q ? 495 : 75, 25, 330, 295};
            panel(p, count > 1 ? many : one, &sets[k], q, count > 1 && !q ? NULL : cost, axis[q]);
        }
    plot_finish(p);
}

int main(int argc, char **argv)
{
    static set sets[MOST_SETS];
    size_t count;
    plot p;
    whole w;
    if (argc < 3 || argv[1][0] == '-') {
        fprintf(stderr,
                "usage: error_against_cost PICTURE.svg [--set NAME] [--beside NAME:ENERGY,FORCE] REPORT.json "
                "...; "
                "at most %d reports of each of %d sets\n",
                MOST, MOST_SETS);
        return 2;
    }
    if (parse_sets(argc, argv, sets, &count))
        return 1;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sets[i].n; k++) {
            const report *r = &sets[i].reports[k];
            printf("  %s%s%6.0f terms, %8.2f us, energies %8.3f meV/atom, forces %8.4f eV/angstrom\n",
                   sets[i].name ? sets[i].name : "", sets[i].name ? " " : "", r->terms, r->cost, r->error[0],
                   r->error[1]);
        }
    whole_open(&w, argv[1]);
    draw(&p, w.out, sets, count);
    return whole_close(&w, 0) ? fail(argv[1], "cannot be written") : 0;
}
