/* Pictures: energies against volume, phonons, and the dimer. */
#include "properties.h"
#include "common/plot.h"
#include <errno.h>

static const char *const colours[MODES] = {"#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"};

static void draw_curves(plot *p, const results *r)
{
    double x[CURVE], y[CURVE];
    const double volume = r->crystal.edge[0] * r->crystal.edge[1] * r->crystal.edge[2] / r->crystal.natoms;
    const double unit = ANGSTROM * ANGSTROM * ANGSTROM, ground = r->energy[r->crystal.lattice];
    plot_axes(p, (plot_box){80, 20, 360, 300}, 0.65 * volume / unit, 1.7 * volume / unit, -0.05, 1,
              "volume of an atom / \u00c5\u00b3", "energy of an atom / eV");
    for (int l = 0; l < LATTICES; l++) {
        for (int k = 0; k < CURVE; k++) {
            x[k] = r->curve_x[l][k] / unit;
            y[k] = (r->curve[l][k] - ground) / EV;
        }
        plot_line(p, CURVE, x, y, (plot_style){colours[l], 1.8, 1, NULL}, lattice_name((lattice)l));
    }
    plot_legend(p, 130, 10);
}

static void draw_dimer(plot *p, const results *r)
{
    double x[CURVE], y[CURVE], low = 0;
    for (int k = 0; k < CURVE; k++) {
        x[k] = r->dimer_x[k] / ANGSTROM;
        y[k] = r->dimer[k] / EV;
        low = fmax(fmin(low, y[k]), -12);
    }
    plot_axes(p, (plot_box){540, 20, 360, 300}, 0, x[CURVE - 1], 1.2 * low - 0.5, 10,
              "distance of two atoms / \u00c5", "energy / eV");
    plot_line(p, CURVE, x, y, (plot_style){colours[0], 1.8, 1, NULL}, NULL);
}

static void draw_bands(plot *p, const results *r)
{
    const lattice l = r->crystal.lattice;
    const int modes = 3 * r->crystal.nkinds;
    double x[BANDS], y[BANDS], most = 0, least = 0;
    for (int k = 0; k < 2 * BANDS; k++) {
        most = fmax(most, r->band[k / BANDS][k % BANDS][modes - 1] / THZ);
        least = fmin(least, r->band[k / BANDS][k % BANDS][0] / THZ);
    }
    for (int path = 0; path < 2; path++) {
        char label[40];
        snprintf(label, sizeof label, "\u0393 to %s", point_name(l, path));
        plot_axes(p, (plot_box){80 + 320.0 * path, 20, 290, 300}, 0, 1, 1.1 * least, 1.1 * most, label,
                  path ? NULL : "frequency / THz");
        for (int m = 0; m < modes; m++) {
            for (int k = 0; k < BANDS; k++) {
                x[k] = (double)k / (BANDS - 1);
                y[k] = r->band[path][k][m] / THZ;
            }
            plot_line(p, BANDS, x, y, (plot_style){colours[m], 1.8, 1, NULL}, NULL);
        }
    }
}

int draw_results(const char *directory, const problem *problem, const results *r)
{
    char path[4096];
    plot p;
    snprintf(path, sizeof path, "%s/energies.svg", directory);
    plot_open(&p, path, 930, 390);
    draw_curves(&p, r);
    draw_dimer(&p, r);
    int bad = plot_close(&p);
    if (!bad && problem->mass > 0) {
        snprintf(path, sizeof path, "%s/phonons.svg", directory);
        plot_open(&p, path, 730, 390);
        draw_bands(&p, r);
        bad = plot_close(&p);
    }
    if (bad)
        fprintf(stderr, "properties: %s: cannot be written: %s\n", path, strerror(errno));
    return bad;
}
