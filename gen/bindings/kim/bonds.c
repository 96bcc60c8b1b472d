#include "bonds.h"
#include "elements.h"
#include <stdlib.h>
#include <string.h>

static const double angstrom = 1 / 0.529177210903; /* bohr; CODATA 2018 */

static double covalent_radius(const char *symbols, int place)
{
    for (; place > 0; place--)
        symbols = strchr(symbols, ' ') + 1;
    const element *e = find_element(symbols, strcspn(symbols, " "));
    return e ? e->radius * angstrom : 0;
}

void set_bonds(double bond, const char *symbols, int n, double *squares)
{
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            const double longest = bond * (covalent_radius(symbols, a) + covalent_radius(symbols, b));
            squares[n * a + b] = longest * longest;
        }
}

double distance_square(const double *a, const double *b)
{
    return (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]);
}

/* ---- points in boxes ----------------------------------------------------------------------------------- */

/* The box of x along an axis; those outside belong to the last ones. */
static int box_of(const bins *b, int axis, double x)
{
    const double t = (x - b->low[axis]) / b->edge[axis];
    return t <= 0 ? 0 : t >= b->count[axis] ? b->count[axis] - 1 : (int)t;
}

static int place_of(const bins *b, const int box[3])
{
    return (box[0] * b->count[1] + box[1]) * b->count[2] + box[2];
}

/* At most as many boxes along an axis as there are points: where these are far apart, boxes are larger. */
static void set_boxes(bins *b, int n, const double *xyz, double edge)
{
    int most = 1;
    while (most * most * most < 4 * (double)n)
        most++;
    for (int d = 0; d < 3; d++) {
        double low = n ? xyz[d] : 0, high = low;
        for (int i = 1; i < n; i++) {
            low = xyz[3 * i + d] < low ? xyz[3 * i + d] : low;
            high = xyz[3 * i + d] > high ? xyz[3 * i + d] : high;
        }
        const double wide = (high - low) / edge;
        b->low[d] = low;
        b->count[d] = wide < 1 ? 1 : wide < most ? (int)wide : most;
        b->edge[d] = (high - low) / b->count[d];
        b->edge[d] = b->edge[d] > edge ? b->edge[d] : edge;
    }
    b->boxes = b->count[0] * b->count[1] * b->count[2];
}

int bins_fill(bins *b, int n, const double *xyz, double edge)
{
    const int boxes = b->boxes, points = b->points;
    set_boxes(b, n, xyz, edge);
    b->xyz = xyz;
    b->points = n;
    if (!b->head || b->boxes > boxes || n > points) {
        bins_free(b);
        b->head = malloc((size_t)b->boxes * sizeof(int));
        b->next = malloc((size_t)n * sizeof(int) + 1);
        if (!b->head || !b->next)
            return 1;
    }
    for (int k = 0; k < b->boxes; k++)
        b->head[k] = -1;
    for (int i = n; i-- > 0;) {
        const double *x = xyz + 3 * i;
        const int box[3] = {box_of(b, 0, x[0]), box_of(b, 1, x[1]), box_of(b, 2, x[2])};
        const int place = place_of(b, box);
        b->next[i] = b->head[place];
        b->head[place] = i;
    }
    return 0;
}

/* The next box that has a point. */
static int walk_on(const bins *b, bins_walk *w)
{
    while (w->point < 0 && w->step < 27) {
        const int step = w->step++;
        const int box[3] = {w->box[0] + step / 9 - 1, w->box[1] + step / 3 % 3 - 1, w->box[2] + step % 3 - 1};
        int there = 1;
        for (int d = 0; d < 3; d++)
            there = there && box[d] >= 0 && box[d] < b->count[d];
        if (there)
            w->point = b->head[place_of(b, box)];
    }
    return w->point;
}

int bins_first(const bins *b, const double *x, bins_walk *walk)
{
    *walk = (bins_walk){{box_of(b, 0, x[0]), box_of(b, 1, x[1]), box_of(b, 2, x[2])}, 0, -1};
    return walk_on(b, walk);
}

int bins_next(const bins *b, bins_walk *walk)
{
    walk->point = b->next[walk->point];
    return walk_on(b, walk);
}

void bins_free(bins *b)
{
    free(b->head);
    free(b->next);
    b->head = b->next = NULL;
}
