/* The picture of a rate. */
#define _POSIX_C_SOURCE 200809L
#include "common/plot.h"
#include "common/units.h"
#include "common/whole.h"
#include "eqml.h"
#include "rpmd/rate.h"
#include <stdlib.h>

int rate_draw(const char *path, const char *name, double kelvin, const rate_results *r)
{
    double *room = calloc(r->nplaces, sizeof *room), time[RATE_TIMES + 1] = {0}, passed[RATE_TIMES + 1] = {1},
           low = 0, high = 0, top = 1;
    char title[512];
    whole w;
    plot p;
    if (!room)
        return 1;
    for (size_t k = 0; k < r->nplaces; k++) {
        room[k] = r->work[k] / EQML_EV;
        low = fmin(low, room[k]), high = fmax(high, room[k]);
    }
    for (size_t t = 0; t < r->ntimes; t++) {
        time[t + 1] = r->time[t] / FEMTOSECOND, passed[t + 1] = r->passed[t];
        top = fmax(top, passed[t + 1]);
    }
    whole_open(&w, path);
    plot_begin(&p, w.out, 900, 430);
    snprintf(title, sizeof title, "%s at %g K, collinear: rate by ring polymers", name, kelvin);
    plot_text(&p, 80, 26, "start", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){80, 44, 350, 320}, 0, r->q[r->nplaces - 1], 1.1 * low - 0.02 * high,
              1.1 * high + 1e-9, "r\u2081\u2082 \u2212 r\u2082\u2083 of the centroids / bohr",
              "free energy / eV");
    plot_line(&p, r->nplaces, r->q, room, (plot_style){"#4477aa", 2, 1, NULL}, NULL);
    plot_axes(&p, (plot_box){520, 44, 350, 320}, 0, time[r->ntimes], 0, 1.05 * top, "time / fs",
              "transmission coefficient");
    const double ends[2] = {0, time[r->ntimes]}, kappa[2] = {r->kappa, r->kappa};
    plot_line(&p, 2, ends, kappa, (plot_style){"#bbbbbb", 1.2, 1, "4 3"}, NULL);
    plot_line(&p, r->ntimes + 1, time, passed, (plot_style){"#ee6677", 2, 1, NULL}, NULL);
    plot_finish(&p);
    free(room);
    return whole_close(&w, 0);
}
