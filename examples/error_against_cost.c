/*
 * Errors of potentials against what they cost, drawn from their reports:
 *
 *     cc -O2 -Iexamples examples/error_against_cost.c -o error_against_cost -lm
 *     ./error_against_cost picture.svg build/potential/cu_8/report.json build/potential/cu_12/report.json ...
 *
 * Errors are those of the test set; where there is none, those of a cross-validation, or of the training set.
 */
#define _POSIX_C_SOURCE 200809L
#include "common/plot.h"
#include "common/whole.h"
#include <string.h>

enum { MOST = 64 };

typedef struct report {
    double terms, cost, energy, force; /* meV/atom, eV/angstrom; us */
} report;

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
    r->energy = 1e3 * error_of(text, "energy", "ev_per_atom");
    r->force = error_of(text, "force", "ev_per_angstrom");
    if (isfinite(r->terms) && isfinite(r->cost) && (isfinite(r->energy) || isfinite(r->force)))
        return 0;
    fprintf(stderr, "error_against_cost: %s: no report of a potential: terms, us_per_atom and errors\n",
            path);
    return 1;
}

/* One panel: errors y against the logarithm of the cost, each with its number of terms. */
static void panel(plot *p, double left, size_t n, const report *r, const double *y, const char *label)
{
    double x[MOST], least = HUGE_VAL, most = -HUGE_VAL, top = 0;
    for (size_t k = 0; k < n; k++) {
        x[k] = log10(r[k].cost);
        least = x[k] < least ? x[k] : least;
        most = x[k] > most ? x[k] : most;
        top = y[k] > top ? y[k] : top;
    }
    plot_axes(p, (plot_box){left, 20, 330, 300}, least - 0.1, most + 0.2, 0, 1.1 * top,
              "log10 of the cost / (us for an atom); beside the points, terms", label);
    plot_line(p, n, x, y, (plot_style){"#4477aa", 1.5, 1, NULL}, NULL);
    plot_points(p, n, x, y, (plot_style){"#4477aa", 7, 1, NULL}, NULL);
    for (size_t k = 0; k < n; k++) {
        char text[32];
        snprintf(text, sizeof text, "%.0f", r[k].terms);
        plot_text(p, plot_left(p, x[k]) + 6, plot_top(p, y[k]) - 6, "start", "normal", "#22262c", text);
    }
}

int main(int argc, char **argv)
{
    report r[MOST];
    double energy[MOST], force[MOST];
    size_t n = 0;
    plot p;
    whole w;
    if (argc < 4 || argc > MOST + 2) {
        fprintf(stderr, "usage: error_against_cost PICTURE.svg REPORT.json REPORT.json ..., at most %d\n",
                MOST);
        return 2;
    }
    for (int k = 2; k < argc; k++, n++) {
        if (read_report(argv[k], &r[n]))
            return 1;
        energy[n] = r[n].energy;
        force[n] = r[n].force;
        printf("  %6.0f terms, %8.2f us, energies %8.3f meV/atom, forces %8.4f eV/angstrom\n", r[n].terms,
               r[n].cost, energy[n], force[n]);
    }
    whole_open(&w, argv[1]);
    plot_begin(&p, w.out, 860, 380);
    panel(&p, 75, n, r, energy, "mean absolute error / (meV/atom)");
    panel(&p, 495, n, r, force, "mean absolute error / (eV/angstrom)");
    plot_finish(&p);
    if (whole_close(&w, 0)) {
        fprintf(stderr, "error_against_cost: %s: cannot be written\n", argv[1]);
        return 1;
    }
    return 0;
}
