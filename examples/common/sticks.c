/* Stick spectra. */
#define _POSIX_C_SOURCE 200809L
#include "common/sticks.h"
#include "common/molecule.h"
#include "common/plot.h"
#include "common/whole.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS = 24, HIGH = 15 }; /* at most; pixels of one */

static const char *const colours[2] = {"#cc3311", "#4477aa"};

/* On the picture: a label, or a stick, which labels keep clear of. */
typedef struct rectangle {
    double left, right, top, bottom;
} rectangle;

static int meets(const rectangle *a, size_t n, const rectangle *b)
{
    for (size_t k = 0; k < n; k++)
        if (a->left < b[k].right && b[k].left < a->right && a->top < b[k].bottom && b[k].top < a->bottom)
            return 1;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const stick *x = a, *y = b;
    return x->height != y->height ? (x->height < y->height) - (x->height > y->height)
                                  : (x->at > y->at) - (x->at < y->at);
}

/* Labels from the highest stick on, to its right or else to its left, where they meet nothing. */
static void label(plot *p, size_t n, const stick *s, double highest, rectangle *taken)
{
    size_t labels = 0;
    char text[64];
    for (size_t k = 0; k < n; k++) {
        const double left = plot_left(p, s[k].at);
        taken[k] = (rectangle){left - 1.5, left + 1.5, plot_top(p, s[k].height), p->box.top + p->box.height};
    }
    for (size_t k = 0; k < n && labels < LABELS && s[k].height > 0.02 * highest; k++) {
        snprintf(text, sizeof text, "%.1f (%.3g)", s[k].at, s[k].height);
        const double left = plot_left(p, s[k].at), width = plot__width(text),
                     top = plot_top(p, s[k].height) - 4;
        for (int side = 1; side >= -1; side -= 2) {
            const double from = side > 0 ? left + 6 : left - 6 - width;
            const rectangle place = {from - 3, from + width + 3, top - HIGH, top + 3};
            if (place.left < p->box.left || place.right > p->box.left + p->box.width ||
                meets(&place, n + labels, taken))
                continue;
            plot_text(p, side > 0 ? left + 6 : left - 6, top, side > 0 ? "start" : "end", "normal", "#22262c",
                      text);
            taken[n + labels++] = place;
            break;
        }
    }
}

/* Nonzero, with errno, where it cannot be written. */
static int write_picture(const char *path, const sticks *o, size_t n, const stick *s)
{
    double highest = 0, last = 0;
    whole w;
    plot p;
    for (size_t k = 0; k < n; k++)
        highest = fmax(highest, s[k].height), last = fmax(last, s[k].at);
    if (!(highest > 0))
        return 0;
    stick *sorted = malloc(n * sizeof *sorted);
    rectangle *taken = malloc((n + LABELS) * sizeof *taken);
    int bad = !sorted || !taken;
    if (!bad) {
        memcpy(sorted, s, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare);
        whole_open(&w, path);
        plot_begin(&p, w.out, 760, 440);
        plot_text(&p, 90, 30, "start", "bold", "#22262c", o->title);
        for (int kind = 0; kind < 2 && o->kinds[0]; kind++)
            plot_text(&p, kind ? 730 : 625, 420, "end", "normal", colours[kind], o->kinds[kind]);
        plot_axes(&p, (plot_box){90, 48, 640, 330}, 0, 1.06 * last, 0, 1.2 * highest,
                  "wavenumber / cm\u207b\u00b9", o->strengths ? "strength / (km/mol)" : "level");
        for (size_t k = 0; k < n; k++)
            plot_line(&p, 2, (double[]){s[k].at, s[k].at}, (double[]){0, s[k].height},
                      (plot_style){colours[s[k].kind != 0], 2.2, 1, NULL}, NULL);
        if (o->strengths)
            label(&p, n, sorted, highest, taken);
        plot_finish(&p);
        bad = whole_close(&w, 0);
    }
    free(sorted);
    free(taken);
    return bad;
}

int sticks_draw(const char *program, const char *path, const sticks *o, size_t n, stick *s)
{
    if (!s)
        return complain(program, "", "out of memory");
    const int bad = write_picture(path, o, n, s);
    free(s);
    return bad ? complain(program, path, strerror(errno)) : 0;
}
