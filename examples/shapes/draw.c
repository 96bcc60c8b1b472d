/* The pictures. */
#include "shapes.h"
#include "common/plot.h"
#include <stdlib.h>

static const char *const colours[FAMILIES] = {"#4477aa", "#ee6677", "#228833",
                                              "#ccbb44", "#66ccee", "#aa3377"};

enum { BANDS = 12 };

typedef struct dot {
    double depth, x, y;
} dot;

static int by_depth(const void *a, const void *b)
{
    const double x = ((const dot *)a)->depth, y = ((const dot *)b)->depth;
    return (x > y) - (x < y);
}

/* A cloud seen along z: what is near is large and dark. */
static void draw_one(plot *p, const cloud *c, double left, double top, double size, dot *dots)
{
    const eqml_points points = {c->n, c->xyz, NULL, c->weight, NULL};
    double centre[3], most = 0;
    eqml_points_centre(&points, centre);
    for (size_t k = 0; k < c->n; k++) {
        double square = 0;
        for (size_t d = 0; d < 3; d++)
            square += (c->xyz[3 * k + d] - centre[d]) * (c->xyz[3 * k + d] - centre[d]);
        most = fmax(most, sqrt(square));
        dots[k] =
            (dot){c->xyz[3 * k + 2] - centre[2], c->xyz[3 * k] - centre[0], c->xyz[3 * k + 1] - centre[1]};
    }
    qsort(dots, c->n, sizeof *dots, by_depth);
    for (size_t k = 0; k < c->n && p->out; k++) { /* bands of the same depth are one path each */
        const size_t band = k * BANDS / c->n;
        const double near = 0.5 + 0.5 * dots[k].depth / most;
        if (k == 0 || band != (k - 1) * BANDS / c->n)
            fprintf(p->out,
                    "%s<path fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" stroke-opacity=\"%.2f\" "
                    "stroke-linecap=\"round\" d=\"",
                    k ? "\"/>\n" : "", colours[c->family], 2.4 + 4.4 * near, 0.15 + 0.85 * near);
        fprintf(p->out, "M%.0f %.0fh0", left + size / 2 * (1 + 0.95 * dots[k].x / most),
                top + size / 2 * (1 - 0.95 * dots[k].y / most));
    }
    if (p->out && c->n > 0)
        fputs("\"/>\n", p->out);
    plot_text(p, left + size / 2, top + size + 14, "middle", "normal", "#22262c", class_name(class_of(c)));
}

int draw_examples(const char *path, const cloud *c, size_t n)
{
    const double size = 180;
    size_t most = 0;
    plot p;
    for (size_t k = 0; k < n; k++)
        most = c[k].n > most ? c[k].n : most;
    dot *dots = malloc((most + 1) * sizeof *dots);
    plot_open(&p, path, 5 * size + 100, 2 * size + 90);
    for (int k = 0; k < CLASSES && dots; k++)
        for (size_t i = 0; i < n; i++)
            if (class_of(&c[i]) == k) {
                draw_one(&p, &c[i], 20 + (size + 15) * (k % 5), 15 + (size + 35) * (k / 5), size, dots);
                break;
            }
    free(dots);
    return plot_close(&p) || !dots ? -1 : 0;
}

/* A table of classes, each row in shares of it. */
static void draw_table(plot *p, int table[CLASSES][CLASSES], double left, double top, int names,
                       const char *title)
{
    const double cell = 40;
    plot_text(p, left + cell * CLASSES / 2, top - 16, "middle", "bold", "#22262c", title);
    for (int i = 0; i < CLASSES; i++) {
        int sum = 0;
        for (int j = 0; j < CLASSES; j++)
            sum += table[i][j];
        if (names)
            plot_text(p, left - 8, top + cell * (i + 0.6), "end", "normal", "#22262c", class_name(i));
        if (p->out)
            fprintf(p->out,
                    "<text transform=\"translate(%.1f %.1f) rotate(-45)\" text-anchor=\"end\">%s</text>\n",
                    left + cell * (i + 0.6), top + cell * CLASSES + 14, class_name(i));
        for (int j = 0; j < CLASSES; j++) {
            char text[20];
            const double share = sum ? (double)table[i][j] / sum : 0;
            if (p->out)
                fprintf(p->out,
                        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%g\" height=\"%g\" fill=\"#4477aa\" "
                        "fill-opacity=\"%.3f\" stroke=\"#d0d4da\"/>\n",
                        left + cell * j, top + cell * i, cell, cell, share);
            snprintf(text, sizeof text, "%d", table[i][j]);
            if (table[i][j])
                plot_text(p, left + cell * (j + 0.5), top + cell * (i + 0.6), "middle", "normal",
                          share > 0.6 ? "#ffffff" : "#22262c", text);
        }
    }
}

int draw_confusion(const char *path, int plain[CLASSES][CLASSES], int chiral[CLASSES][CLASSES],
                   const char *title_plain, const char *title_chiral)
{
    plot p;
    plot_open(&p, path, 960, 500);
    draw_table(&p, plain, 120, 40, 1, title_plain);
    draw_table(&p, chiral, 560, 40, 0, title_chiral);
    return plot_close(&p);
}

/* The test clouds of one family, truth and guess. */
static size_t gather(const parity *s, int t, int m, double *x, double *y)
{
    size_t count = 0;
    for (size_t k = 1; k < s->n; k += 2)
        if (s->family[k] == (family)m) {
            x[count] = s->truth[t][k];
            y[count++] = s->guess[t][k];
        }
    return count;
}

int draw_parity(const char *path, const parity *s)
{
    static const char *const name[2] = {"radius of gyration", "enclosed volume"};
    double *x = malloc(2 * (s->n + 1) * sizeof *x), *y = x + s->n;
    plot p;
    if (!x)
        return -1;
    plot_open(&p, path, 1000, 490);
    for (int t = 0; t < 2; t++) {
        char text[FAMILIES][60], label[80];
        double most = 0;
        for (size_t k = 1; k < s->n; k += 2)
            most = fmax(most, s->truth[t][k]);
        snprintf(label, sizeof label, "%s, from the descriptors", name[t]);
        plot_axes(&p, (plot_box){80 + 490.0 * t, 20, 400, 400}, 0, 1.05 * most, 0, 1.05 * most, name[t],
                  label);
        plot_line(&p, 2, (double[]){0, 9e9}, (double[]){0, 9e9}, (plot_style){"#22262c", 1, 0.5, NULL}, NULL);
        for (int m = 0; m < FAMILIES; m++) {
            const size_t count = gather(s, t, m, x, y);
            snprintf(text[m], sizeof text[m], "%s, R\u00b2 %.3f", family_name((family)m), s->r2[t][m]);
            plot_points(&p, count, x, y, (plot_style){colours[m], 4, 0.7, NULL}, text[m]);
        }
        plot_legend(&p, 10, 10);
    }
    free(x);
    return plot_close(&p);
}
