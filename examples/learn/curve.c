/* The learning curve: a line for each round, and a picture. */
#define _POSIX_C_SOURCE 200809L
#include "learn/learn.h"
#include "common/plot.h"
#include "common/whole.h"
#include <string.h>

static const char heading[] = "# round computed failed trained tested degree terms test_rmse_cm "
                              "test_largest_cm holes far census confirmed "
                              "confirmed_rmse_cm\n";

int curve_add(curve *c, const turn *t)
{
    if (c->n == c->room) {
        turn *more = realloc(c->turns, (2 * c->room + 16) * sizeof *more);
        if (!more)
            return fail("", "out of memory");
        c->turns = more;
        c->room = 2 * c->room + 16;
    }
    c->turns[c->n++] = *t;
    return 0;
}

void curve_free(curve *c)
{
    free(c->turns);
    *c = (curve){0};
}

int curve_read(const char *folder, curve *c)
{
    char path[PATH_LENGTH], line[512], census[16];
    snprintf(path, sizeof path, "%s/rounds.txt", folder);
    *c = (curve){0};
    FILE *in = fopen(path, "r");
    if (!in)
        return errno == ENOENT ? 0 : fail(path, strerror(errno));
    int bad = 0;
    while (!bad && fgets(line, sizeof line, in)) {
        turn t = {0};
        if (*line == '#')
            continue;
        /* The last two are not in older files. */
        if (sscanf(line, "%d %lf %lf %lf %lf %d %d %lf %lf %lf %lf %15s %lf %lf", &t.round, &t.computed,
                   &t.failed, &t.trained, &t.tested, &t.degree, &t.terms, &t.rmse, &t.largest, &t.holes,
                   &t.far, census, &t.confirmed, &t.rmse_confirmed) < 12) {
            bad = fail(path, "a line is no round");
            break;
        }
        t.whole = !strcmp(census, "whole");
        bad = curve_add(c, &t);
    }
    fclose(in);
    return bad;
}

static int write_table(const settings *s, const curve *c)
{
    char path[PATH_LENGTH];
    whole w;
    snprintf(path, sizeof path, "%s/rounds.txt", s->folder);
    whole_open(&w, path);
    if (w.out)
        fputs(heading, w.out);
    for (size_t k = 0; k < c->n && w.out; k++) {
        const turn *t = &c->turns[k];
        fprintf(w.out, "%d %.0f %.0f %.0f %.0f %d %d %.4g %.4g %.0f %.0f %s %.0f %.4g\n", t->round,
                t->computed, t->failed, t->trained, t->tested, t->degree, t->terms, t->rmse, t->largest,
                t->holes, t->far, t->whole ? "whole" : "short", t->confirmed, t->rmse_confirmed);
    }
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

/* ---- the picture ---------------------------------------------------------------------------------------------- */

static double log_rmse(const turn *t)
{
    return log10(fmax(t->rmse, 1e-3));
}

static double log_confirmed(const turn *t)
{
    return t->confirmed > 0 ? log10(fmax(t->rmse_confirmed, 1e-3)) : (double)NAN;
}

static double log_holes(const turn *t)
{
    return isfinite(t->holes) ? log10(1 + t->holes) : (double)NAN;
}

typedef double of_turn(const turn *t);

/* One curve: the turns that have a number; with a line where that has a width. */
static void draw(plot *p, const curve *c, of_turn *value, plot_style style, const char *name)
{
    double *x = calloc(2 * c->n + 1, sizeof *x), *y = x ? x + c->n : NULL;
    size_t n = 0;
    for (size_t k = 0; x && k < c->n; k++)
        if (isfinite(value(&c->turns[k]))) {
            x[n] = c->turns[k].computed;
            y[n++] = value(&c->turns[k]);
        }
    if (n > 0) {
        const plot_style dot = {style.colour, style.size > 0 ? 2.5 * style.size : 7, 1, NULL};
        if (style.size > 0)
            plot_line(p, n, x, y, style, name);
        plot_points(p, n, x, y, dot, style.size > 0 ? NULL : name);
    }
    free(x);
}

static void stretch(const curve *c, of_turn *value, double *most_x, double *low, double *high)
{
    for (size_t k = 0; k < c->n; k++) {
        const double v = value(&c->turns[k]);
        *most_x = fmax(*most_x, c->turns[k].computed);
        if (isfinite(v)) {
            *low = fmin(*low, v);
            *high = fmax(*high, v);
        }
    }
}

int curve_write(const settings *s, const curve *c, const curve *beside)
{
    const plot_style own = {"#4477aa", 2, 1, NULL}, other = {"#cc6677", 2, 1, "6 3"},
                     rule = {"#777777", 1, 1, "3 3"}, fresh = {"#22262c", 0, 1, NULL};
    char path[PATH_LENGTH], title[256];
    const double target = log10(s->target);
    double most = 1, low = target, high = target, no_hole = 0, most_holes = 1;
    plot p;
    whole w;
    if (write_table(s, c))
        return 1;
    stretch(c, log_rmse, &most, &low, &high);
    stretch(c, log_confirmed, &most, &low, &high);
    stretch(beside, log_rmse, &most, &low, &high);
    stretch(c, log_holes, &most, &no_hole, &most_holes);
    stretch(beside, log_holes, &most, &no_hole, &most_holes);
    most *= 1.05;
    snprintf(path, sizeof path, "%s/learning.svg", s->folder);
    snprintf(title, sizeof title, "%s: what is learned from computed geometries", s->name);
    whole_open(&w, path);
    plot_begin(&p, w.out, 640, 560);
    plot_text(&p, 370, 24, "middle", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){90, 40, 530, 270}, 0, most, floor(2 * low - 0.2) / 2, ceil(2 * high + 0.2) / 2,
              NULL, "log₁₀ (test RMSE / cm⁻¹)");
    plot_line(&p, 2, (double[]){0, most}, (double[]){target, target}, rule, "target");
    draw(&p, c, log_rmse, own, s->name);
    draw(&p, beside, log_rmse, other, beside->n ? s->beside : NULL);
    draw(&p, c, log_confirmed, fresh, "on fresh geometries");
    plot_legend(&p, 350, 8);
    plot_axes(&p, (plot_box){90, 330, 530, 160}, 0, most, -0.2, ceil(most_holes + 0.2), "computed geometries",
              "log₁₀ (1 + holes)");
    draw(&p, c, log_holes, own, NULL);
    draw(&p, beside, log_holes, other, NULL);
    plot_finish(&p);
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}
