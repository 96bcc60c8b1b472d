/*
 * Small line and scatter plots as SVG, drawn as they are described: open a picture, lay axes on it, draw.
 *
 *     plot p;
 *     plot_open(&p, "picture.svg", 640, 480);
 *     plot_axes(&p, (plot_box){80, 40, 520, 360}, 0, 10, -1, 1, "time / fs", "x / bohr");
 *     plot_points(&p, n, t, x, (plot_style){"#4477aa", 3, 0.6, NULL}, "computed");
 *     plot_line(&p, n, t, fit, (plot_style){"#222222", 1.5, 1, NULL}, "fitted");
 *     plot_legend(&p, 8, 8);
 *     if (plot_close(&p)) perror("picture.svg");
 *
 * Lengths on the picture are in pixels from the upper left corner; what is drawn is clipped to the axes.
 * Labels are UTF-8 text without the characters <, > and &.
 */
#ifndef PLOT_H
#define PLOT_H
#include <math.h>
#include <stddef.h>
#include <stdio.h>

typedef struct plot_box {
    double left, top, width, height;
} plot_box;

typedef struct plot_style {
    const char *colour;
    double size;      /* of a dot: diameter; of a line: width */
    double opacity;   /* 0 to 1 */
    const char *dash; /* of a line, as SVG has it: "6 4"; or NULL */
} plot_style;

enum { PLOT_LEGEND_LIMIT = 8, PLOT_COLOURS = 8 };

/* Colours of series that are told apart: P. Tol's bright scheme, and black. */
static const char *const plot_colours[PLOT_COLOURS] = {"#4477aa", "#ee6677", "#228833", "#ccbb44",
                                                       "#66ccee", "#aa3377", "#bbbbbb", "#222222"};

typedef struct plot {
    FILE *out; /* NULL where the file could not be opened: then nothing is drawn, and plot_close fails */
    plot_box box;
    double x0, x1, y0, y1; /* ranges of the axes */
    int naxes, nentries;
    struct {
        const char *text;
        plot_style style;
        int line;
    } entry[PLOT_LEGEND_LIMIT];
} plot;

/* A picture on a file that is open already; it stays open. */
static inline void plot_begin(plot *p, FILE *out, double width, double height)
{
    *p = (plot){.out = out};
    if (!p->out)
        return;
    fprintf(
        p->out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\" "
        "font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" font-size=\"13\" fill=\"#22262c\">\n"
        "<rect width=\"%g\" height=\"%g\" fill=\"#ffffff\"/>\n",
        width, height, width, height, width, height);
}

static inline void plot_finish(plot *p)
{
    if (p->out)
        fputs("</svg>\n", p->out);
}

static inline void plot_open(plot *p, const char *path, double width, double height)
{
    plot_begin(p, fopen(path, "w"), width, height);
}

/* 0, or -1 where the file could not be written. */
static inline int plot_close(plot *p)
{
    int bad = !p->out;
    if (p->out) {
        plot_finish(p);
        bad = ferror(p->out) != 0;
        bad |= fclose(p->out) != 0;
    }
    return bad ? -1 : 0;
}

/* Text at a place on the picture; anchor: "start", "middle" or "end"; weight: "normal" or "bold". */
static inline void plot_text(plot *p, double left, double top, const char *anchor, const char *weight,
                             const char *colour, const char *text)
{
    if (p->out)
        fprintf(p->out,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-weight=\"%s\" fill=\"%s\">%s</text>\n",
                left, top, anchor, weight, colour, text);
}

/* ---- axes ---- */

/* The place of a point of the axes' ranges on the picture. */
static inline double plot_left(const plot *p, double x)
{
    return p->box.left + (x - p->x0) / (p->x1 - p->x0) * p->box.width;
}

static inline double plot_top(const plot *p, double y)
{
    return p->box.top + (p->y1 - y) / (p->y1 - p->y0) * p->box.height;
}

/* The distance of ticks: 1, 2 or 5 times a power of ten, at most `count` of them in the range. */
static inline double plot_step(double range, double count)
{
    double power = pow(10, floor(log10(range / count))), rest = range / count / power;
    return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
}

/* A number as a label: as many decimals as the step needs, and a true minus sign. */
static inline void plot_number(char *text, size_t size, double value, double step)
{
    int decimals = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
    if (fabs(value) < step / 2)
        value = 0;
    snprintf(text, size, "%s%.*f", value < 0 ? "\u2212" : "", decimals, fabs(value));
}

/*
 * Axes on a part of the picture; what is drawn from here on belongs to them. A label may be NULL: then the
 * axis has ticks but no numbers, as where it shares those of the axes below.
 */
static inline void plot_axes(plot *p, plot_box box, double x0, double x1, double y0, double y1,
                             const char *xlabel, const char *ylabel)
{
    char number[40];
    const double xstep = plot_step(x1 - x0, box.width / 70), ystep = plot_step(y1 - y0, box.height / 35);
    const double bottom = box.top + box.height;
    p->box = box;
    p->x0 = x0, p->x1 = x1, p->y0 = y0, p->y1 = y1;
    p->nentries = 0;
    if (!p->out)
        return;
    fprintf(p->out,
            "<clipPath id=\"axes%d\"><rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"/></clipPath>\n",
            ++p->naxes, box.left, box.top, box.width, box.height);
    for (double k = ceil(x0 / xstep - 1e-9); k * xstep <= x1 + 1e-9 * xstep; k++) {
        const double left = plot_left(p, k * xstep);
        fprintf(p->out,
                "<path d=\"M%.1f %gv%g\" stroke=\"#eceef1\"/><path d=\"M%.1f %gv-5\" stroke=\"#22262c\"/>\n",
                left, box.top, box.height, left, bottom);
        plot_number(number, sizeof number, k * xstep, xstep);
        if (xlabel)
            plot_text(p, left, bottom + 19, "middle", "normal", "#22262c", number);
    }
    for (double k = ceil(y0 / ystep - 1e-9); k * ystep <= y1 + 1e-9 * ystep; k++) {
        const double top = plot_top(p, k * ystep);
        fprintf(p->out,
                "<path d=\"M%g %.1fh%g\" stroke=\"#eceef1\"/><path d=\"M%g %.1fh5\" stroke=\"#22262c\"/>\n",
                box.left, top, box.width, box.left, top);
        plot_number(number, sizeof number, k * ystep, ystep);
        if (ylabel)
            plot_text(p, box.left - 8, top + 4.5, "end", "normal", "#22262c", number);
    }
    fprintf(p->out, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"none\" stroke=\"#22262c\"/>\n",
            box.left, box.top, box.width, box.height);
    if (xlabel)
        plot_text(p, box.left + box.width / 2, bottom + 42, "middle", "normal", "#22262c", xlabel);
    if (ylabel)
        fprintf(p->out,
                "<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
                box.left - 56, box.top + box.height / 2, ylabel);
}

/* ---- what is drawn on the axes ---- */

static inline void plot__remember(plot *p, const char *text, plot_style style, int line)
{
    if (!text || p->nentries == PLOT_LEGEND_LIMIT)
        return;
    p->entry[p->nentries].text = text;
    p->entry[p->nentries].style = style;
    p->entry[p->nentries++].line = line;
}

/* Dots: strokes of no length with round ends, all in one path; those outside the axes are left out. */
static inline void plot_points(plot *p, size_t n, const double *x, const double *y, plot_style s,
                               const char *name)
{
    plot__remember(p, name, s, 0);
    if (!p->out)
        return;
    fprintf(p->out,
            "<path clip-path=\"url(#axes%d)\" fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" "
            "stroke-opacity=\"%g\" "
            "stroke-linecap=\"round\" d=\"",
            p->naxes, s.colour, s.size, s.opacity);
    for (size_t k = 0; k < n; k++)
        if (x[k] >= p->x0 && x[k] <= p->x1 && y[k] >= p->y0 && y[k] <= p->y1)
            fprintf(p->out, "M%.1f %.1fh0", plot_left(p, x[k]), plot_top(p, y[k]));
    fputs("\"/>\n", p->out);
}

static inline void plot_line(plot *p, size_t n, const double *x, const double *y, plot_style s,
                             const char *name)
{
    plot__remember(p, name, s, 1);
    if (!p->out)
        return;
    fprintf(p->out,
            "<path clip-path=\"url(#axes%d)\" fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" "
            "stroke-opacity=\"%g\" "
            "stroke-linejoin=\"round\" stroke-dasharray=\"%s\" d=\"",
            p->naxes, s.colour, s.size, s.opacity, s.dash ? s.dash : "none");
    for (size_t k = 0; k < n; k++)
        fprintf(p->out, "%c%.1f %.1f", k ? 'L' : 'M', plot_left(p, x[k]), plot_top(p, y[k]));
    fputs("\"/>\n", p->out);
}

/* What lies between the bottom of the axes and a curve, its x ascending. */
static inline void plot_area(plot *p, size_t n, const double *x, const double *y, plot_style s,
                             const char *name)
{
    s.size = 10; /* in the legend */
    plot__remember(p, name, s, 1);
    if (!p->out || n == 0)
        return;
    fprintf(p->out,
            "<path clip-path=\"url(#axes%d)\" fill=\"%s\" fill-opacity=\"%g\" stroke=\"none\" d=\"M%.1f %.1f",
            p->naxes, s.colour, s.opacity, plot_left(p, x[0]), p->box.top + p->box.height);
    for (size_t k = 0; k < n; k++)
        fprintf(p->out, "L%.1f %.1f", plot_left(p, x[k]), plot_top(p, y[k]));
    fprintf(p->out, "V%.1fZ\"/>\n", p->box.top + p->box.height);
}

/* The width of a text in pixels, roughly: 6.7 for each character of UTF-8. */
static inline double plot__width(const char *text)
{
    double width = 0;
    for (; *text; text++)
        width += (*text & 0xC0) == 0x80 ? 0 : 6.7;
    return width;
}

/* What was named on these axes, a line each, in a box at (left, top) from the axes' upper left corner. */
static inline void plot_legend(plot *p, double left, double top)
{
    double width = 0;
    for (int k = 0; k < p->nentries; k++)
        width = fmax(width, plot__width(p->entry[k].text));
    left += p->box.left;
    top += p->box.top;
    if (p->out)
        fprintf(p->out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"#ffffff\" "
                "fill-opacity=\"0.94\"/>\n",
                left, top, width + 52, 20 * p->nentries + 6);
    left += 10;
    top += 13;
    for (int k = 0; k < p->nentries && p->out; k++, top += 20) {
        const plot_style *s = &p->entry[k].style;
        if (p->entry[k].line)
            fprintf(p->out,
                    "<path d=\"M%.1f %.1fh24\" stroke=\"%s\" stroke-width=\"%g\" stroke-opacity=\"%g\" "
                    "stroke-dasharray=\"%s\"/>\n",
                    left, top, s->colour, s->size, s->opacity, s->dash ? s->dash : "none");
        else
            fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", left + 12, top,
                    s->colour);
        plot_text(p, left + 32, top + 4.5, "start", "normal", "#22262c", p->entry[k].text);
    }
}

#endif /* PLOT_H */
