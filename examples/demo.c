/*
 * What two fitted surfaces are worth: errors, structures, vibrations, speed, and pictures.
 *
 * `make demo` fits ammonia and water with `make pes` and then compiles this program, which includes the two
 * surfaces as any program would, and compares them with the data that they were fitted to.
 *
 *     demo DIRECTORY        the pictures go there
 */
#define _POSIX_C_SOURCE 200809L
#include "eqml.h"
#include "h2o_pes.h"
#include "common/modes.h"
#include "nh3_pes.h"
#include "common/plot.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define KCAL_MOL 627.5094740631 /* kcal/mol in a hartree */
#define DEBYE 2.541746473       /* debye in an e*bohr */
#define DEGREE 0.017453292519943295

enum { ATOMS_LIMIT = 4, COORDINATES_LIMIT = 3 * ATOMS_LIMIT, CUT_POINTS = 201 };

/*
 * A molecule with its surface and one coordinate x along which to cut it. geometry() places the atoms for x
 * and a second coordinate s of the same symmetry, which is relaxed; measure() finds x in any geometry.
 */
typedef struct molecule {
    const char *name, *title, *data, *report;
    double mass[ATOMS_LIMIT]; /* dalton */
    double (*energy)(const double *xyz);
    double (*energy_gradient)(const double *xyz, double *gradient);
    double (*energy_hessian)(const double *xyz, double *gradient, double *hessian);
    void (*energy_batch)(size_t n, const double *xyz, double *energy);
    void (*energy_gradient_batch)(size_t n, const double *xyz, double *energy, double *gradient);
    void (*dipole)(const double *xyz, double *dipole);
    double (*energy_gradient_dipole)(const double *xyz, double *gradient, double *dipole);

    void (*geometry)(double x, double s, double *xyz);
    double (*measure)(const double *xyz);
    double unit;                       /* of x in the picture */
    double first, last, s_min, s_max;  /* the cut in x; where to look for s */
    double saddle, near_min, near_max; /* x at the barrier; where to look for the minimum */
    double window;                     /* highest energy of the picture, 1000 cm^-1 */
    const char *label, *barrier;
    int bond[2], angle[3]; /* atoms of the bond and the angle to report */
} molecule;

static int fail(const char *where, const char *why)
{
    fprintf(stderr, "demo: %s: %s\n", where, why);
    return 1;
}

/* ---- geometry ------------------------------------------------------------------------------------------ */

/* Ammonia with a threefold axis: x is the height of N above the plane of the H, s their distance from the
 * axis.
 */
static void ammonia_geometry(double x, double s, double *xyz)
{
    for (int k = 0; k < 3; k++) {
        xyz[3 * k] = s * cos(120 * k * DEGREE);
        xyz[3 * k + 1] = s * sin(120 * k * DEGREE);
        xyz[3 * k + 2] = 0;
    }
    xyz[9] = xyz[10] = 0;
    xyz[11] = x;
}

static double dot(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void difference(const double *a, const double *b, double *d)
{
    for (int k = 0; k < 3; k++)
        d[k] = a[k] - b[k];
}

/* The signed distance of N from the plane through the three H. */
static double ammonia_measure(const double *xyz)
{
    double a[3], b[3], n[3];
    difference(xyz + 3, xyz, a);
    difference(xyz + 6, xyz, b);
    const double normal[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                              a[0] * b[1] - a[1] * b[0]};
    difference(xyz + 9, xyz, n);
    return dot(normal, n) / sqrt(dot(normal, normal));
}

/* Water with equal bonds of length s: x is the angle. */
static void water_geometry(double x, double s, double *xyz)
{
    for (int k = 0; k < 9; k++)
        xyz[k] = 0;
    xyz[0] = s * sin(x / 2), xyz[1] = s * cos(x / 2);
    xyz[3] = -xyz[0], xyz[4] = xyz[1];
}

static double angle(const double *a, const double *centre, const double *b)
{
    double u[3], v[3];
    difference(a, centre, u);
    difference(b, centre, v);
    return acos(dot(u, v) / sqrt(dot(u, u) * dot(v, v)));
}

static double water_measure(const double *xyz)
{
    return angle(xyz, xyz + 6, xyz + 3);
}

static const molecule molecules[] = {
    {.name = "nh3",
     .title = "Ammonia, MP2/aug-cc-pVTZ",
     .data = "examples/data/nh3_mp2.xyz",
     .report = "build/pes/nh3/report.json",
     .mass = {1.00782503223, 1.00782503223, 1.00782503223, 14.00307400443},
     .energy = nh3_energy,
     .energy_gradient = nh3_energy_gradient,
     .energy_hessian = nh3_energy_hessian,
     .energy_batch = nh3_energy_batch,
     .energy_gradient_batch = nh3_energy_gradient_batch,
     .dipole = nh3_dipole,
     .energy_gradient_dipole = nh3_energy_gradient_dipole,
     .geometry = ammonia_geometry,
     .measure = ammonia_measure,
     .unit = EQML_ANGSTROM,
     .first = -0.65 * EQML_ANGSTROM,
     .last = 0.65 * EQML_ANGSTROM,
     .s_min = 1.2,
     .s_max = 2.6,
     .saddle = 0,
     .near_min = 0.1,
     .near_max = 1.2,
     .window = 8,
     .label = "height of N above the plane of the H atoms / \u00c5",
     .barrier = "inversion barrier",
     .bond = {0, 3},
     .angle = {0, 3, 1}},
    {.name = "h2o",
     .title = "Water, Partridge and Schwenke 1997",
     .data = "examples/data/h2o_ps.xyz",
     .report = "build/pes/h2o/report.json",
     .mass = {1.00782503223, 1.00782503223, 15.99491461957},
     .energy = h2o_energy,
     .energy_gradient = h2o_energy_gradient,
     .energy_hessian = h2o_energy_hessian,
     .energy_batch = h2o_energy_batch,
     .energy_gradient_batch = h2o_energy_gradient_batch,
     .dipole = h2o_dipole,
     .energy_gradient_dipole = h2o_energy_gradient_dipole,
     .geometry = water_geometry,
     .measure = water_measure,
     .unit = DEGREE,
     .first = 55 * DEGREE,
     .last = 180 * DEGREE,
     .s_min = 1.5,
     .s_max = 2.3,
     .saddle = 180 * DEGREE,
     .near_min = 90 * DEGREE,
     .near_max = 120 * DEGREE,
     .window = 30,
     .label = "H-O-H angle / degrees",
     .barrier = "barrier to linearity",
     .bond = {0, 2},
     .angle = {0, 2, 1}},
};

/* ---- the cut ------------------------------------------------------------------------------------------- */

/* The place of the minimum of f in [a, b], by golden sections. */
static double minimum(double (*f)(const void *context, double x), const void *context, double a, double b)
{
    const double golden = 0.6180339887498949;
    double left = b - golden * (b - a), right = a + golden * (b - a);
    double f_left = f(context, left), f_right = f(context, right);
    while (b - a > 1e-8) {
        if (f_left < f_right) {
            b = right, right = left, f_right = f_left;
            left = b - golden * (b - a), f_left = f(context, left);
        } else {
            a = left, left = right, f_left = f_right;
            right = a + golden * (b - a), f_right = f(context, right);
        }
    }
    return (a + b) / 2;
}

typedef struct place {
    const molecule *m;
    double x;
} place;

static double energy_at(const void *context, double s)
{
    const place *p = context;
    double xyz[COORDINATES_LIMIT];
    p->m->geometry(p->x, s, xyz);
    return p->m->energy(xyz);
}

/* The energy at x, the other coordinate relaxed. */
static double cut(const void *context, double x)
{
    const molecule *m = context;
    const place p = {m, x};
    return energy_at(&p, minimum(energy_at, &p, m->s_min, m->s_max));
}

/* The minimum of the surface: its energy, and its geometry. */
static double equilibrium(const molecule *m, double *xyz)
{
    const place p = {m, minimum(cut, m, m->near_min, m->near_max)};
    m->geometry(p.x, minimum(energy_at, &p, m->s_min, m->s_max), xyz);
    return m->energy(xyz);
}

/* ---- vibrations ---------------------------------------------------------------------------------------- */

/* Harmonic wavenumbers at a minimum (cm^-1), 3 natoms - 6 of them. */
static int harmonic(const molecule *m, int natoms, const double *xyz, double *wavenumber)
{
    enum { N = COORDINATES_LIMIT };
    double gradient[N], hessian[N * N], root[N], value[N], mode[N * N];
    m->energy_hessian(xyz, gradient, hessian);
    normal_modes(natoms, m->mass, hessian, root, value, mode);
    memcpy(wavenumber, value + 6, (size_t)(3 * natoms - 6) * sizeof *value);
    return 3 * natoms - 6;
}

/* ---- errors -------------------------------------------------------------------------------------------- */

/* Energies above the lowest of the data, and the errors of the surface; all [n], in cm^-1. */
typedef struct comparison {
    size_t n;
    double *reference, *fitted, *error, *coordinate;
} comparison;

typedef struct spread {
    size_t n, worst;
    double rmse, largest; /* cm^-1 */
} spread;

/* Training geometries are those with even numbers, counted from 0: --train-every 2. */
static int is_test(size_t geometry)
{
    return geometry % 2 == 1;
}

static spread errors(const comparison *c, int test, double highest)
{
    spread s = {0, 0, 0, 0};
    for (size_t g = 0; g < c->n; g++) {
        if (is_test(g) != test || c->reference[g] > highest)
            continue;
        s.n++;
        s.rmse += c->error[g] * c->error[g];
        if (fabs(c->error[g]) > s.largest) {
            s.largest = fabs(c->error[g]);
            s.worst = g;
        }
    }
    s.rmse = sqrt(s.rmse / (double)(s.n ? s.n : 1));
    return s;
}

static void print_errors(const char *what, const comparison *c, int test, double highest)
{
    const spread s = errors(c, test, highest);
    printf("    %-22s %7zu  %9.2f  %9.5f  %9.1f  (geometry %zu)\n", what, s.n, s.rmse,
           s.rmse / PER_CM * KCAL_MOL, s.largest, s.worst + 1);
}

/* Root mean square error of the gradient's components over the test geometries, hartree/bohr. */
static double gradient_error(const molecule *m, const eqml_data *data)
{
    const size_t size = 3 * (size_t)data->natoms;
    double sum = 0, gradient[COORDINATES_LIMIT];
    size_t count = 0;
    for (size_t g = 1; g < data->n; g += 2) {
        m->energy_gradient(data->xyz + g * size, gradient);
        for (size_t k = 0; k < size; k++, count++)
            sum += pow(gradient[k] - data->gradient[g * size + k], 2);
    }
    return sqrt(sum / (double)count);
}

/* The same of the dipole's components, e*bohr. */
static double dipole_error(const molecule *m, const eqml_data *data)
{
    double sum = 0, dipole[3];
    size_t count = 0;
    for (size_t g = 1; g < data->n; g += 2) {
        m->dipole(data->xyz + g * 3 * (size_t)data->natoms, dipole);
        for (size_t k = 0; k < 3; k++, count++)
            sum += pow(dipole[k] - data->tensors[EQML_DIPOLE][3 * g + k], 2);
    }
    return sqrt(sum / (double)count);
}

static int compare(const molecule *m, const eqml_data *data, comparison *c)
{
    const size_t size = 3 * (size_t)data->natoms;
    double lowest = data->energy[0];
    for (size_t g = 1; g < data->n; g++)
        lowest = data->energy[g] < lowest ? data->energy[g] : lowest;
    c->n = data->n;
    c->reference = malloc(4 * data->n * sizeof *c->reference);
    if (!c->reference)
        return fail(m->data, "out of memory");
    c->fitted = c->reference + data->n, c->error = c->fitted + data->n, c->coordinate = c->error + data->n;
    m->energy_batch(data->n, data->xyz, c->fitted);
    for (size_t g = 0; g < data->n; g++) {
        c->reference[g] = PER_CM * (data->energy[g] - lowest);
        c->fitted[g] = PER_CM * (c->fitted[g] - lowest);
        c->error[g] = c->fitted[g] - c->reference[g];
        c->coordinate[g] = m->measure(data->xyz + g * size) / m->unit;
    }
    return 0;
}

/* ---- speed --------------------------------------------------------------------------------------------- */

enum speed { ENERGY, GRADIENT, DIPOLE, HESSIAN, BATCH, BATCH_GRADIENT, SPEEDS };

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Every geometry of the data once; the sum keeps the compiler from leaving anything out. */
static double pass(const molecule *m, enum speed what, const eqml_data *data, double *energy,
                   double *gradient)
{
    const size_t size = 3 * (size_t)data->natoms;
    double hessian[COORDINATES_LIMIT * COORDINATES_LIMIT], sum = 0;
    if (what == BATCH)
        m->energy_batch(data->n, data->xyz, energy);
    else if (what == BATCH_GRADIENT)
        m->energy_gradient_batch(data->n, data->xyz, energy, gradient);
    for (size_t g = 0; g < data->n; g++) {
        const double *xyz = data->xyz + g * size;
        if (what == ENERGY)
            sum += m->energy(xyz);
        else if (what == GRADIENT)
            sum += m->energy_gradient(xyz, gradient);
        else if (what == DIPOLE)
            sum += m->energy_gradient_dipole(xyz, gradient, hessian);
        else if (what == HESSIAN)
            sum += m->energy_hessian(xyz, gradient, hessian);
    }
    return sum + energy[0];
}

/* Nanoseconds for a geometry: the fastest of many passes in a quarter of a second. */
static double nanoseconds(const molecule *m, enum speed what, const eqml_data *data, double *energy,
                          double *gradient)
{
    double best = 1e30, begin = seconds_now(), start, stop;
    volatile double keep = 0;
    do {
        start = seconds_now();
        keep = keep + pass(m, what, data, energy, gradient);
        stop = seconds_now();
        best = stop - start < best ? stop - start : best;
    } while (stop - begin < 0.25);
    return 1e9 * best / (double)data->n;
}

static int print_speed(const molecule *m, const eqml_data *data)
{
    double ns[SPEEDS], *room = calloc(data->n * (3 * (size_t)data->natoms + 1), sizeof *room);
    if (!room)
        return fail(m->data, "out of memory");
    for (int k = 0; k < SPEEDS; k++)
        ns[k] = nanoseconds(m, (enum speed)k, data, room, room + data->n);
    free(room);
    printf("  nanoseconds for a geometry, one thread\n"
           "    one at a time:  energy %.0f, with gradient %.0f, with gradient and dipole %.0f, with Hessian "
           "%.0f\n"
           "    in a batch:     energy %.0f, with gradient %.0f\n",
           ns[ENERGY], ns[GRADIENT], ns[DIPOLE], ns[HESSIAN], ns[BATCH], ns[BATCH_GRADIENT]);
    return 0;
}

/* ---- report -------------------------------------------------------------------------------------------- */

/* A number of report.json. */
static double number_of(const char *json, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(json, quoted);
    return at ? strtod(at + strlen(quoted), NULL) : 0;
}

static int print_fit(const molecule *m, const comparison *c)
{
    char json[4096];
    FILE *in = fopen(m->report, "r");
    if (!in)
        return fail(m->report, strerror(errno));
    json[fread(json, 1, sizeof json - 1, in)] = 0;
    fclose(in);
    double highest = 0;
    for (size_t g = 0; g < c->n; g++)
        highest = c->reference[g] > highest ? c->reference[g] : highest;
    printf("\n%s\n  %zu geometries up to %.0f cm^-1; every second one is fitted to, the others test the fit\n"
           "  %.0f terms, rank %.0f, condition %.1e, fitted in %.2f s\n",
           m->title, c->n, highest, number_of(json, "terms"), number_of(json, "rank"),
           number_of(json, "condition"), number_of(json, "seconds_fit"));
    return 0;
}

static void print_structure(const molecule *m, int natoms)
{
    double xyz[COORDINATES_LIMIT], wavenumber[COORDINATES_LIMIT], d[3], dipole[3];
    const double lowest = equilibrium(m, xyz);
    const int count = harmonic(m, natoms, xyz, wavenumber);
    m->dipole(xyz, dipole);
    difference(xyz + 3 * m->bond[0], xyz + 3 * m->bond[1], d);
    printf("  on the surface\n    bond %.4f A, angle %.2f degrees, dipole %.3f debye, %s %.0f cm^-1\n    "
           "harmonic wavenumbers",
           sqrt(dot(d, d)) / EQML_ANGSTROM,
           angle(xyz + 3 * m->angle[0], xyz + 3 * m->angle[1], xyz + 3 * m->angle[2]) / DEGREE,
           DEBYE * sqrt(dot(dipole, dipole)), m->barrier, PER_CM * (cut(m, m->saddle) - lowest));
    for (int k = 0; k < count; k++)
        printf(" %.0f", wavenumber[k]);
    printf(" cm^-1\n");
}

static int report(const molecule *m, const eqml_data *data, const comparison *c)
{
    if (print_fit(m, c))
        return 1;
    printf("    energies            geometries       RMSE       RMSE    largest\n"
           "                                       cm^-1   kcal/mol      cm^-1\n");
    print_errors("train", c, 0, INFINITY);
    print_errors("test", c, 1, INFINITY);
    print_errors("  below 20000 cm^-1", c, 1, 20000);
    print_errors("  below 10000 cm^-1", c, 1, 10000);
    const double gradient = gradient_error(m, data), dipole = dipole_error(m, data);
    printf("    gradients, test: RMSE %.2e hartree/bohr = %.3f kcal/mol/A for each component\n", gradient,
           gradient * KCAL_MOL * EQML_ANGSTROM);
    printf("    dipoles, test:   RMSE %.2e e*bohr = %.5f debye for each component\n", dipole, dipole * DEBYE);
    print_structure(m, data->natoms);
    return print_speed(m, data);
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

static const plot_style train_style = {"#4477aa", 4, 0.55, NULL}, test_style = {"#ee6677", 4, 0.55, NULL};
static const plot_style guide_style = {"#22262c", 1, 0.7, NULL}, cut_style = {"#22262c", 2.2, 1, NULL};

/* Draws the train or the test half of y against x. */
static void draw_half(plot *p, const comparison *c, const double *x, const double *y, double xscale,
                      double yscale, int test, const char *name)
{
    double *at = malloc(2 * c->n * sizeof *at);
    size_t n = 0;
    for (size_t g = 0; at && g < c->n; g++)
        if (is_test(g) == test) {
            at[n] = x[g] * xscale;
            at[c->n + n++] = y[g] * yscale;
        }
    plot_points(p, n, at, at + c->n, test ? test_style : train_style, name);
    free(at);
}

static int draw_parity(const molecule *m, const comparison *c, const char *path)
{
    char name[2][100], title[120];
    double top = 0, widest = 0;
    plot p;
    for (size_t g = 0; g < c->n; g++) {
        top = fmax(top, c->reference[g] / 1000);
        widest = fmax(widest, fabs(c->error[g]));
    }
    top *= 1.04;
    for (int test = 0; test < 2; test++) {
        const spread s = errors(c, test, INFINITY);
        snprintf(name[test], sizeof name[test], "%s, %zu geometries: RMSE %.2f cm\u207b\u00b9",
                 test ? "test" : "train", s.n, s.rmse);
    }
    plot_open(&p, path, 640, 720);
    snprintf(title, sizeof title, "%s: fitted against computed energies", m->title);
    plot_text(&p, 90, 30, "start", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){90, 48, 520, 400}, -0.02 * top, top, -0.02 * top, top, NULL,
              "fitted energy / 1000 cm\u207b\u00b9");
    plot_line(&p, 2, (double[]){-top, top}, (double[]){-top, top}, guide_style, NULL);
    for (int test = 0; test < 2; test++)
        draw_half(&p, c, c->reference, c->fitted, 1e-3, 1e-3, test, name[test]);
    plot_legend(&p, 8, 8);
    widest *= 1.1;
    plot_axes(&p, (plot_box){90, 468, 520, 190}, -0.02 * top, top, -widest, widest,
              "computed energy above the lowest / 1000 cm\u207b\u00b9",
              "fitted \u2212 computed / cm\u207b\u00b9");
    plot_line(&p, 2, (double[]){-top, top}, (double[]){0, 0}, guide_style, NULL);
    for (int test = 0; test < 2; test++)
        draw_half(&p, c, c->reference, c->error, 1e-3, 1, test, NULL);
    return plot_close(&p) ? fail(path, strerror(errno)) : 0;
}

static int draw_cut(const molecule *m, const comparison *c, const char *path)
{
    double x[CUT_POINTS], y[CUT_POINTS], xyz[COORDINATES_LIMIT];
    const double lowest = equilibrium(m, xyz), first = m->first / m->unit, last = m->last / m->unit;
    char title[120];
    plot p;
    /* The curve is the lowest energy at each x: all computed energies must lie on it or above. */
    for (int k = 0; k < CUT_POINTS; k++) {
        const double at = m->first + (m->last - m->first) * k / (CUT_POINTS - 1);
        x[k] = at / m->unit;
        y[k] = PER_CM * (cut(m, at) - lowest) / 1000;
    }
    plot_open(&p, path, 640, 480);
    snprintf(title, sizeof title, "%s: the %s is %.0f cm\u207b\u00b9", m->title, m->barrier,
             PER_CM * (cut(m, m->saddle) - lowest));
    plot_text(&p, 90, 30, "start", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){90, 48, 520, 370}, first, last, -0.02 * m->window, m->window, m->label,
              "energy above the minimum / 1000 cm\u207b\u00b9");
    draw_half(&p, c, c->coordinate, c->reference, 1, 1e-3, 0, "computed, train");
    draw_half(&p, c, c->coordinate, c->reference, 1, 1e-3, 1, "computed, test");
    plot_line(&p, CUT_POINTS, x, y, cut_style, "fitted surface, bonds relaxed");
    plot_legend(&p, 8, 8);
    return plot_close(&p) ? fail(path, strerror(errno)) : 0;
}

/* ---- the job ------------------------------------------------------------------------------------------- */

static int show(const molecule *m, const char *directory)
{
    eqml_data data;
    eqml_message message;
    comparison c = {0};
    char parity[1024], along[1024];
    if (eqml_data_read(m->data, &data, &message)) {
        fprintf(stderr, "demo: %s\n", message.text);
        return 1;
    }
    snprintf(parity, sizeof parity, "%s/%s_parity.svg", directory, m->name);
    snprintf(along, sizeof along, "%s/%s_cut.svg", directory, m->name);
    int bad =
        compare(m, &data, &c) || report(m, &data, &c) || draw_parity(m, &c, parity) || draw_cut(m, &c, along);
    if (!bad)
        printf("  pictures: %s %s\n", parity, along);
    free(c.reference);
    eqml_data_free(&data);
    return bad;
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    for (size_t k = 0; k < sizeof molecules / sizeof *molecules; k++)
        if (show(&molecules[k], directory))
            return 1;
    if (!fflush(stdout) && !ferror(stdout))
        return 0;
    return fail("standard output", "it cannot be written");
}
