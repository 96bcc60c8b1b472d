/* Objects as closed surfaces of triangles, and clouds of points on them. */
#include "shapes.h"
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* A surface: triangles, corners counter-clockwise as seen from outside. */
typedef struct surface {
    size_t n, capacity;
    double (*corner)[3][3]; /* [n] */
    int failed;
} surface;

static double between(generator *g, double low, double high)
{
    return low + (high - low) * random_uniform(g);
}

static void add_triangle(surface *s, const double *a, const double *b, const double *c)
{
    if (s->n == s->capacity) {
        const size_t capacity = s->capacity ? 2 * s->capacity : 4096;
        void *more = realloc(s->corner, capacity * sizeof *s->corner);
        if (!more) {
            s->failed = 1;
            return;
        }
        s->corner = more;
        s->capacity = capacity;
    }
    memcpy(s->corner[s->n][0], a, 3 * sizeof(double));
    memcpy(s->corner[s->n][1], b, 3 * sizeof(double));
    memcpy(s->corner[s->n++][2], c, 3 * sizeof(double));
}

/* Parameters of an object; what they mean depends on the family. */
typedef struct object {
    family family;
    double a, b, c, d;
    int sides;
} object;

/* A point of the surface for u, v in [0, 1]; counter-clockwise is from u to v. */
typedef void patch(const object *o, double u, double v, double *x);

static void add_patch(surface *s, const object *o, patch *at, int nu, int nv)
{
    for (int i = 0; i < nu; i++)
        for (int j = 0; j < nv; j++) {
            double x[4][3];
            for (int k = 0; k < 4; k++) /* the corners, in turn */
                at(o, (double)(i + (k == 1 || k == 2)) / nu, (double)(j + (k > 1)) / nv, x[k]);
            add_triangle(s, x[0], x[1], x[2]);
            add_triangle(s, x[0], x[2], x[3]);
        }
}

/* ---- tubes about a curve ---- */

/* Helix: radius a, pitch b, turns c. Knot: a trefoil that winds about a circle of radius 1, tube of winding a. */
static void curve(const object *o, double u, double *x)
{
    if (o->family == HELIX) {
        const double t = 2 * pi * o->c * u;
        x[0] = o->a * cos(t);
        x[1] = o->a * sin(t);
        x[2] = o->b * o->c * (u - 0.5);
    } else {
        const double t = 2 * pi * u, r = 1 + o->a * cos(3 * t);
        x[0] = r * cos(2 * t);
        x[1] = r * sin(2 * t);
        x[2] = -o->b * sin(3 * t);
    }
}

static void cross(const double *a, const double *b, double *c)
{
    for (int k = 0; k < 3; k++)
        c[k] = a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3];
}

static double length(const double *a)
{
    return sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
}

/* Normal and binormal of the curve, by differences. */
static void frame(const object *o, double u, double *x, double *normal, double *binormal)
{
    const double h = 1e-4;
    double before[3], after[3], tangent[3], bend[3];
    curve(o, u, x);
    curve(o, u - h, before);
    curve(o, u + h, after);
    for (int k = 0; k < 3; k++) {
        tangent[k] = after[k] - before[k];
        bend[k] = after[k] - 2 * x[k] + before[k];
    }
    cross(tangent, bend, binormal);
    const double size = length(binormal), speed = length(tangent);
    for (int k = 0; k < 3; k++) {
        binormal[k] /= size;
        tangent[k] /= speed;
    }
    cross(binormal, tangent, normal);
}

/* The tube: v runs around, u along; d is its radius. */
static void tube_part(const object *o, double u, double v, double radius, double *x)
{
    double normal[3], binormal[3];
    frame(o, u, x, normal, binormal);
    for (int k = 0; k < 3; k++)
        x[k] += radius * (cos(2 * pi * v) * normal[k] + sin(2 * pi * v) * binormal[k]);
}

static void tube(const object *o, double u, double v, double *x)
{
    tube_part(o, v, u, o->d, x);
}

static void tube_begin(const object *o, double u, double v, double *x)
{
    tube_part(o, 0, v, o->d * u, x);
}

static void tube_end(const object *o, double u, double v, double *x)
{
    tube_part(o, 1, v, o->d * (1 - u), x);
}

/* ---- other surfaces ---- */

/* A regular polygon of `sides` and radius a, stretched by c along x, drawn up to height b and turned by d meanwhile. */
static void prism_part(const object *o, double around, double height, double size, double *x)
{
    const double place = around * o->sides, side = floor(place), part = place - side;
    const double t0 = 2 * pi * side / o->sides, t1 = 2 * pi * (side + 1) / o->sides;
    const double px = size * o->a * o->c * ((1 - part) * cos(t0) + part * cos(t1));
    const double py = size * o->a * ((1 - part) * sin(t0) + part * sin(t1));
    const double turn = o->d * (height - 0.5);
    x[0] = px * cos(turn) - py * sin(turn);
    x[1] = px * sin(turn) + py * cos(turn);
    x[2] = o->b * (height - 0.5);
}

static void prism(const object *o, double u, double v, double *x)
{
    prism_part(o, u, v, 1, x);
}

static void prism_bottom(const object *o, double u, double v, double *x)
{
    prism_part(o, u, 0, v, x);
}

static void prism_top(const object *o, double u, double v, double *x)
{
    prism_part(o, u, 1, 1 - v, x);
}

static void ellipsoid(const object *o, double u, double v, double *x)
{
    x[0] = o->a * sin(pi * (1 - v)) * cos(2 * pi * u);
    x[1] = o->b * sin(pi * (1 - v)) * sin(2 * pi * u);
    x[2] = o->c * cos(pi * (1 - v));
}

static void torus(const object *o, double u, double v, double *x)
{
    const double r = o->a + o->b * cos(2 * pi * v);
    x[0] = r * cos(2 * pi * u);
    x[1] = r * sin(2 * pi * u);
    x[2] = o->b * sin(2 * pi * v);
}

/* A box is a prism of four sides that is not turned; edges a, b, c. */
static void box_part(const object *o, double around, double height, double size, double *x)
{
    static const double corner[5][2] = {{1, -1}, {1, 1}, {-1, 1}, {-1, -1}, {1, -1}};
    const int side = around >= 1 ? 3 : (int)(4 * around);
    const double part = 4 * around - side;
    x[0] = size * o->a / 2 * ((1 - part) * corner[side][0] + part * corner[side + 1][0]);
    x[1] = size * o->b / 2 * ((1 - part) * corner[side][1] + part * corner[side + 1][1]);
    x[2] = o->c * (height - 0.5);
}

static void box(const object *o, double u, double v, double *x)
{
    box_part(o, u, v, 1, x);
}

static void box_bottom(const object *o, double u, double v, double *x)
{
    box_part(o, u, 0, v, x);
}

static void box_top(const object *o, double u, double v, double *x)
{
    box_part(o, u, 1, 1 - v, x);
}

static void make_surface(surface *s, family f, generator *g)
{
    object o = {.family = f};
    switch (f) {
    case HELIX:
        o.a = between(g, 0.6, 1);
        o.b = between(g, 0.8, 1.4);
        o.c = between(g, 1.5, 2.6);
        o.d = between(g, 0.15, 0.3);
        add_patch(s, &o, tube, 12, 64);
        add_patch(s, &o, tube_begin, 1, 12);
        add_patch(s, &o, tube_end, 1, 12);
        break;
    case KNOT:
        o.a = between(g, 0.35, 0.5);
        o.b = between(g, 0.35, 0.6);
        o.d = between(g, 0.1, 0.25);
        add_patch(s, &o, tube, 12, 96);
        break;
    case PRISM:
        o.sides = 3 + (int)between(g, 0, 2);
        o.a = between(g, 0.7, 1.1);
        o.b = between(g, 1.6, 3);
        o.c = between(g, 1, 1.5);
        o.d = between(g, 1, 1.8);
        add_patch(s, &o, prism, 6 * o.sides, 24);
        add_patch(s, &o, prism_bottom, o.sides, 1);
        add_patch(s, &o, prism_top, o.sides, 1);
        break;
    case ELLIPSOID:
        o.a = between(g, 0.6, 1.5);
        o.b = between(g, 0.6, 1.5);
        o.c = between(g, 0.6, 1.5);
        add_patch(s, &o, ellipsoid, 40, 24);
        break;
    case TORUS:
        o.a = between(g, 0.8, 1.3);
        o.b = between(g, 0.2, 0.6);
        add_patch(s, &o, torus, 40, 24);
        break;
    default:
        o.a = between(g, 0.9, 2.4);
        o.b = between(g, 0.9, 2.4);
        o.c = between(g, 0.9, 2.4);
        add_patch(s, &o, box, 4, 1);
        add_patch(s, &o, box_bottom, 4, 1);
        add_patch(s, &o, box_top, 4, 1);
    }
}

/* All is made right-handed; a left-handed object is a mirror image, to the bit. */
static void mirror(surface *s)
{
    for (size_t k = 0; k < s->n; k++)
        for (int d = 0; d < 3; d++) {
            const double sign = d == 1 ? -1 : 1, b = s->corner[k][1][d], c = s->corner[k][2][d];
            s->corner[k][0][d] *= sign;
            s->corner[k][1][d] = sign * c;
            s->corner[k][2][d] = sign * b;
        }
}

/* ---- clouds ---- */

/* Sums of the areas of the triangles up to each; volume and radius of gyration of the surface. */
static void measure(const surface *s, double *area, double *volume, double *gyration)
{
    double total = 0, first[3] = {0, 0, 0}, second = 0;
    *volume = 0;
    for (size_t k = 0; k < s->n; k++) {
        const double(*x)[3] = (const double(*)[3])s->corner[k];
        double u[3], v[3], normal[3], middle[3] = {0, 0, 0}, square = 0;
        for (int d = 0; d < 3; d++) {
            u[d] = x[1][d] - x[0][d];
            v[d] = x[2][d] - x[0][d];
            middle[d] = (x[0][d] + x[1][d] + x[2][d]) / 3;
            /* the mean of a square over a triangle */
            square +=
                (x[0][d] * x[0][d] + x[1][d] * x[1][d] + x[2][d] * x[2][d] + 9 * middle[d] * middle[d]) / 12;
        }
        cross(u, v, normal);
        const double a = length(normal) / 2;
        area[k] = total += a;
        for (int d = 0; d < 3; d++) {
            first[d] += a * middle[d];
            *volume += normal[d] * middle[d] / 6; /* divergence theorem */
        }
        second += a * square;
    }
    *gyration = sqrt(second / total -
                     (first[0] * first[0] + first[1] * first[1] + first[2] * first[2]) / total / total);
}

/* A random rotation, from a random unit quaternion. */
static void draw_rotation(generator *g, double r[3][3])
{
    double q[4], size = 0;
    for (int k = 0; k < 4; k++) {
        q[k] = random_normal(g);
        size += q[k] * q[k];
    }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const int k = 3 - i - j; /* the third axis, where i and j differ */
            const double sign = (j - i + 3) % 3 == 1 ? -1 : 1;
            r[i][j] = i == j ? 2 * (q[0] * q[0] + q[i + 1] * q[i + 1]) / size - 1
                             : 2 * (q[i + 1] * q[j + 1] + sign * q[0] * q[k + 1]) / size;
        }
}

/* A point of the surface, all places alike. */
static void draw_point(const surface *s, const double *area, generator *g, double *x)
{
    const double at = random_uniform(g) * area[s->n - 1];
    size_t low = 0, high = s->n - 1;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (area[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    double u = random_uniform(g), v = random_uniform(g);
    if (u + v > 1)
        u = 1 - u, v = 1 - v;
    for (int d = 0; d < 3; d++) {
        const double *const c[3] = {s->corner[low][0], s->corner[low][1], s->corner[low][2]};
        x[d] = c[0][d] + u * (c[1][d] - c[0][d]) + v * (c[2][d] - c[0][d]);
    }
}

static void draw_points(cloud *c, const surface *s, const double *area, double size, double noise,
                        generator *g)
{
    double r[3][3];
    draw_rotation(g, r);
    for (size_t k = 0; k < c->n; k++) {
        double x[3], density;
        do { /* more points on one side: density 1 to 3 along z, before the object is turned */
            draw_point(s, area, g, x);
            density = 2 + tanh(x[2] / c->gyration);
        } while (3 * random_uniform(g) > density);
        c->weight[k] = 1 / density;
        for (int d = 0; d < 3; d++)
            x[d] = size * (x[d] + noise * c->gyration * random_normal(g));
        for (int d = 0; d < 3; d++)
            c->xyz[3 * k + (size_t)d] = r[d][0] * x[0] + r[d][1] * x[1] + r[d][2] * x[2];
    }
    double total = 0;
    for (size_t k = 0; k < c->n; k++)
        total += c->weight[k];
    for (size_t k = 0; k < c->n; k++)
        c->weight[k] /= total;
}

int draw_cloud(cloud *c, family f, int hand, size_t n, double noise, generator *g)
{
    surface s = {0};
    *c = (cloud){.family = f, .hand = (int)f < HANDED ? hand : 0, .n = n};
    make_surface(&s, f, g);
    if (c->hand < 0)
        mirror(&s);
    double *area = malloc((s.n + 1) * sizeof *area);
    c->xyz = malloc(3 * n * sizeof *c->xyz);
    c->weight = malloc(n * sizeof *c->weight);
    const int bad = s.failed || !area || !c->xyz || !c->weight;
    if (!bad) {
        const double size = between(g, 0.8, 1.25);
        measure(&s, area, &c->volume, &c->gyration);
        draw_points(c, &s, area, size, noise, g);
        c->volume *= size * size * size;
        c->gyration *= size;
    }
    free(area);
    free(s.corner);
    return bad ? -1 : 0;
}

void free_cloud(cloud *c)
{
    free(c->xyz);
    free(c->weight);
}

int class_of(const cloud *c)
{
    return (int)c->family < HANDED ? 2 * (int)c->family + (c->hand > 0) : HANDED + (int)c->family;
}

const char *class_name(int c)
{
    static const char *const name[CLASSES] = {"helix, left", "helix, right", "knot, left",
                                              "knot, right", "prism, left",  "prism, right",
                                              "ellipsoid",   "torus",        "box"};
    return name[c];
}

const char *family_name(family f)
{
    static const char *const name[FAMILIES] = {"helix", "knot", "prism", "ellipsoid", "torus", "box"};
    return name[f];
}
