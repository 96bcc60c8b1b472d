/* Energy against displacement, holes marked. */
#define _POSIX_C_SOURCE 200809L
#include "census/census.h"
#include "common/modes.h"
#include "common/plot.h"
#include "common/whole.h"
#include <stdlib.h>

#define UNIT (PER_CM / 1000) /* of the axis: 1000 cm^-1 */

typedef struct series {
    double width; /* of samples, 0: walkers */
    plot_style style;
    const char *name;
} series;

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The axes show all displacements, and energies up to where 97 of 100 points lie; down to the deepest hole, but no
 * further down than up. values: room for [points.n]. */
static void find_ranges(const census *c, double *values, double *right, double *low, double *high)
{
    const census_points *p = &c->points;
    *right = 0.1;
    for (size_t k = 0; k < p->n; k++) {
        values[k] = UNIT * p->energy[k];
        *right = fmax(*right, p->change[k]);
    }
    for (size_t k = 0; k < c->kept; k++)
        *right = fmax(*right, c->hole[k].change < 3 * *right ? c->hole[k].change : 0);
    qsort(values, p->n, sizeof *values, ascending);
    *high = p->n ? fmax(1, 1.1 * values[(size_t)(0.97 * (double)(p->n - 1))]) : 1;
    *low = fmax(-*high, 1.1 * UNIT * c->deepest);
    *low = fmin(*low, -0.05 * *high);
    *right *= 1.05;
}

/* Those that are no holes. */
static void draw_series(plot *p, const census *c, const series *s, double *x, double *y)
{
    const census_points *points = &c->points;
    size_t n = 0;
    for (size_t k = 0; k < points->n; k++)
        if (points->width[k] == s->width && points->energy[k] >= -c->options.margin) {
            x[n] = points->change[k];
            y[n++] = UNIT * points->energy[k];
        }
    plot_points(p, n, x, y, s->style, s->name);
}

/* Holes below or beside the axes are drawn at their edge. */
static void draw_holes(plot *p, const census *c, double right, double low, char *label, size_t size,
                       double *x, double *y)
{
    const double edge = 0.005;
    for (size_t k = 0; k < c->kept; k++) {
        x[k] = fmin(c->hole[k].change, (1 - edge) * right);
        y[k] = fmax(UNIT * c->hole[k].energy, low + edge * (p->y1 - low));
    }
    snprintf(label, size, "%zu holes", c->holes);
    plot_points(p, c->kept, x, y, (plot_style){"#cc2222", 6, 0.8, NULL}, label);
}

int census_draw(const census *c, const char *title, const char *path)
{
    static const series all[] = {{3, {"#ddaa33", 2.5, 0.7, NULL}, "samples, 3 widths"},
                                 {2, {"#55aa88", 2.5, 0.7, NULL}, "samples, 2 widths"},
                                 {1.5, {"#4477aa", 2.5, 0.7, NULL}, "samples, 1.5 widths"},
                                 {1, {"#223377", 2.5, 0.7, NULL}, "samples, 1 width"},
                                 {0, {"#777777", 2.5, 0.7, NULL}, "walkers"}};
    const size_t room = c->points.n + c->kept + 1;
    double *x = malloc(2 * room * sizeof *x), *y = x ? x + room : NULL, right, low, high;
    char label[128];
    plot p;
    whole w;
    if (!x)
        return -1;
    find_ranges(c, x, &right, &low, &high);
    whole_open(&w, path);
    plot_begin(&p, w.out, 880, 520);
    plot_text(&p, 90, 28, "start", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){90, 44, 600, 410}, 0, right, low, high,
              "root mean square change of the distances / bohr",
              "energy above the minimum / 1000 cm\u207b\u00b9");
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        draw_series(&p, c, &all[k], x, y);
    const double ends[2] = {0, right}, zero[2] = {0, 0};
    plot_line(&p, 2, ends, zero, (plot_style){"#22262c", 1, 1, "4 3"}, NULL);
    if (c->kept)
        draw_holes(&p, c, right, low, label, sizeof label, x, y);
    plot_legend(&p, 606, 0);
    plot_finish(&p);
    free(x);
    return whole_close(&w, 0);
}
