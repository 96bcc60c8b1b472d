/*
 * Infrared and Raman spectra from fitted surfaces: finds the minimum, its harmonic vibrations, and their
 * double-harmonic intensities, prints a table, and draws it.
 *
 * `make ir` fits energies, dipoles and, where the data have them, polarizabilities of water and ammonia with
 * `make pes` and compiles this program.
 *
 *     ir DIRECTORY        the pictures go there
 */
#include "ammonia_pes.h"
#include "common/modes.h"
#include "common/plot.h"
#include "common/units.h"
#include "water_hf_pes.h"
#include "water_pes.h"
#include <errno.h>
#include <stdlib.h>

#define ANGSTROM (1.0 / 0.529177210903) /* bohr; CODATA 2018 */
#define DEGREE 0.017453292519943295

/*
 * The Raman activity is 45 a'^2 + 7 g'^2, a' and g' the mean and the anisotropy of dalpha/dQ (Neugebauer,
 * Reiher, Kind, Hess, J. Comput. Chem. 23, 895 (2002)); from bohr^4/m_e to angstrom^4/dalton:
 */
#define RAMAN (DALTON / (ANGSTROM * ANGSTROM * ANGSTROM * ANGSTROM))

enum { ATOMS_LIMIT = 4, COORDINATES_LIMIT = 3 * ATOMS_LIMIT, BANDS_LIMIT = 6, CURVE_POINTS = 801 };

typedef struct molecule {
    const char *name, *title;
    int natoms;
    double mass[ATOMS_LIMIT]; /* dalton */
    double start[COORDINATES_LIMIT];
    double (*energy_hessian)(const double *xyz, double *gradient, double *hessian);
    void (*dipole_jacobian)(const double *xyz, double *dipole, double *jacobian);
    void (*polarizability_jacobian)(const double *xyz, double *polarizability,
                                    double *jacobian); /* or NULL */
    struct {
        const char *name, *anchor; /* where its label stands: "start" is to its right */
        int lift;                  /* pixels above the top of its stick, to keep clear of other labels */
    } band[BANDS_LIMIT];           /* from the lowest wavenumber */
} molecule;

/* Masses: Wang et al., Chin. Phys. C 36, 1603 (2012). */
#define HYDROGEN 1.00782503223
#define NITROGEN 14.00307400443
#define OXYGEN 15.99491461957

static const molecule molecules[] = {
    {.name = "water",
     .title = "Water, Partridge and Schwenke 1997",
     .natoms = 3,
     .mass = {HYDROGEN, HYDROGEN, OXYGEN},
     .start = {1.4, 1.1, 0, -1.4, 1.1, 0, 0, 0, 0},
     .energy_hessian = water_energy_hessian,
     .dipole_jacobian = water_dipole_jacobian,
     .band = {{"\u03bd\u2082, bend", "start", 0},
              {"\u03bd\u2081, symmetric stretch", "end", 0},
              {"\u03bd\u2083, antisymmetric stretch", "end", 0}}},
    {.name = "water_hf",
     .title = "Water, Hartree-Fock/aug-cc-pVTZ",
     .natoms = 3,
     .mass = {HYDROGEN, HYDROGEN, OXYGEN},
     .start = {1.4, 1.1, 0, -1.4, 1.1, 0, 0, 0, 0},
     .energy_hessian = water_hf_energy_hessian,
     .dipole_jacobian = water_hf_dipole_jacobian,
     .polarizability_jacobian = water_hf_polarizability_jacobian,
     .band = {{"\u03bd\u2082, bend", "start", 0},
              {"\u03bd\u2081, symmetric stretch", "end", 0},
              {"\u03bd\u2083, antisymmetric stretch", "end", 0}}},
    {.name = "ammonia",
     .title = "Ammonia, MP2/aug-cc-pVTZ",
     .natoms = 4,
     .mass = {HYDROGEN, HYDROGEN, HYDROGEN, NITROGEN},
     .start = {1.8, 0, 0, -0.9, 1.6, 0, -0.9, -1.6, 0, 0, 0, 0.7},
     .energy_hessian = ammonia_energy_hessian,
     .dipole_jacobian = ammonia_dipole_jacobian,
     .band = {{"\u03bd\u2082, umbrella", "start", 0},
              {"\u03bd\u2084, bend", "start", 60},
              {"\u03bd\u2081, symmetric stretch", "end", 0},
              {"\u03bd\u2083, antisymmetric stretch", "end", 0}}},
};

static int fail(const char *where, const char *why)
{
    fprintf(stderr, "ir: %s: %s\n", where, why);
    return 1;
}

/* ---- the minimum and its vibrations ------------------------------------------------------------------- */

/*
 * Newton's method from m->start along the eigenvectors of the Hessian, but for the six lowest, which are
 * translations and rotations near a minimum; no step is longer than 0.2 bohr. Returns the last step's length.
 */
static double minimise(const molecule *m, double *xyz)
{
    const int n = 3 * m->natoms;
    double gradient[COORDINATES_LIMIT], hessian[COORDINATES_LIMIT * COORDINATES_LIMIT];
    double value[COORDINATES_LIMIT], v[COORDINATES_LIMIT * COORDINATES_LIMIT], length = 1;
    memcpy(xyz, m->start, sizeof m->start);
    for (int iteration = 0; iteration < 50 && length > 1e-11; iteration++) {
        double step[COORDINATES_LIMIT] = {0};
        m->energy_hessian(xyz, gradient, hessian);
        eigenvectors(n, hessian, value, v);
        for (int mode = 6; mode < n; mode++) {
            double along = 0;
            for (int k = 0; k < n; k++)
                along += v[mode * n + k] * gradient[k];
            for (int k = 0; k < n; k++)
                step[k] -= along / fabs(value[mode]) * v[mode * n + k];
        }
        length = 0;
        for (int k = 0; k < n; k++)
            length += step[k] * step[k];
        length = sqrt(length);
        for (int k = 0; k < n; k++)
            xyz[k] += length > 0.2 ? step[k] * 0.2 / length : step[k];
    }
    return length;
}

enum { INFRARED, RAMAN_ACTIVITY, LIGHTS };

static const struct {
    const char *name, *unit, *file;
} lights[LIGHTS] = {{"infrared", "km/mol", "ir"}, {"Raman", "\u00c5\u2074/Da", "raman"}};

/* Bands: vibrations of the same wavenumber together. */
typedef struct spectrum {
    double dipole; /* e*bohr */
    int nbands, degeneracy[BANDS_LIMIT];
    double wavenumber[BANDS_LIMIT];        /* cm^-1 */
    double intensity[LIGHTS][BANDS_LIMIT]; /* km/mol, angstrom^4/dalton */
} spectrum;

static void add_vibration(spectrum *s, double wavenumber, const double *intensity)
{
    if (s->nbands == 0 || wavenumber - s->wavenumber[s->nbands - 1] > 0.1) {
        s->wavenumber[s->nbands++] = wavenumber;
    }
    for (int light = 0; light < LIGHTS; light++)
        s->intensity[light][s->nbands - 1] += intensity[light];
    s->degeneracy[s->nbands - 1]++;
}

/* Of a tensor's derivatives xx xy xz yy yz zz along a mode. */
static double raman_activity(const double *d)
{
    const double mean = (d[0] + d[3] + d[5]) / 3;
    const double anisotropy = 0.5 * (pow(d[0] - d[3], 2) + pow(d[3] - d[5], 2) + pow(d[5] - d[0], 2)) +
                              3 * (d[1] * d[1] + d[2] * d[2] + d[4] * d[4]);
    return 45 * mean * mean + 7 * anisotropy;
}

/* The derivatives of components along a mode: jacobian[components][n]. */
static void along_mode(int components, int n, const double *jacobian, const double *mode, const double *root,
                       double *slope)
{
    for (int c = 0; c < components; c++) {
        slope[c] = 0;
        for (int k = 0; k < n; k++)
            slope[c] += jacobian[c * n + k] * mode[k] / root[k];
    }
}

/* Normal modes are eigenvectors of the mass-weighted Hessian; tensors change along them by their Jacobians. */
static spectrum vibrations(const molecule *m, const double *xyz)
{
    const int n = 3 * m->natoms;
    enum { N = COORDINATES_LIMIT };
    double gradient[N], hessian[N * N], root[N], wavenumber[N], mode[N * N];
    double dipole[3], dipole_jacobian[3 * N], alpha[6], alpha_jacobian[6 * N] = {0};
    spectrum s = {0};
    m->energy_hessian(xyz, gradient, hessian);
    m->dipole_jacobian(xyz, dipole, dipole_jacobian);
    if (m->polarizability_jacobian)
        m->polarizability_jacobian(xyz, alpha, alpha_jacobian);
    normal_modes(m->natoms, m->mass, hessian, root, wavenumber, mode);
    for (int q = 6; q < n; q++) {
        double d[3], a[6];
        along_mode(3, n, dipole_jacobian, mode + q * n, root, d);
        along_mode(6, n, alpha_jacobian, mode + q * n, root, a);
        const double intensity[LIGHTS] = {KM_MOL * (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]),
                                          RAMAN * raman_activity(a)};
        add_vibration(&s, wavenumber[q], intensity);
    }
    s.dipole = sqrt(dipole[0] * dipole[0] + dipole[1] * dipole[1] + dipole[2] * dipole[2]);
    return s;
}

/* ---- the table ---------------------------------------------------------------------------------------- */

static void difference(const double *a, const double *b, double *d)
{
    for (int k = 0; k < 3; k++)
        d[k] = a[k] - b[k];
}

static double dot(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* The last atom is the centre. */
static void print_spectrum(const molecule *m, const double *xyz, const spectrum *s)
{
    const double *centre = xyz + 3 * (m->natoms - 1);
    double a[3], b[3];
    difference(xyz, centre, a);
    difference(xyz + 3, centre, b);
    printf("\n%s\n", m->title);
    printf("  at the minimum: bonds of %.4f A, angles of %.2f degrees, a dipole moment of %.4f debye\n",
           sqrt(dot(a, a)) / ANGSTROM, acos(dot(a, b) / sqrt(dot(a, a) * dot(b, b))) / DEGREE,
           DEBYE * s->dipole);
    printf("    wavenumber / cm^-1    intensity / (km/mol)%s\n",
           m->polarizability_jacobian ? "    Raman activity / (A^4/Da)" : "");
    for (int k = 0; k < s->nbands; k++) {
        printf("    %10.1f%s          %10.2f", s->wavenumber[k], s->degeneracy[k] > 1 ? " (2)" : "    ",
               s->intensity[INFRARED][k]);
        if (m->polarizability_jacobian)
            printf("                %10.2f", s->intensity[RAMAN_ACTIVITY][k]);
        printf("        %s\n", m->band[k].name);
    }
}

/* ---- the picture -------------------------------------------------------------------------------------- */

#define WIDTH 40.0 /* of a Lorentzian at half its height, cm^-1 */

/* Sum of Lorentzians, each as high as its stick. */
static double envelope(const spectrum *s, int light, double x)
{
    double sum = 0;
    for (int k = 0; k < s->nbands; k++) {
        const double t = (x - s->wavenumber[k]) / (WIDTH / 2);
        sum += s->intensity[light][k] / (1 + t * t);
    }
    return sum;
}

/* Beside the top of its stick, and above *floor, the place of the label below it; *floor becomes its own. */
static void draw_label(plot *p, const molecule *m, const spectrum *s, int light, int band, double *floor)
{
    const int right = !strcmp(m->band[band].anchor, "start");
    const double left = plot_left(p, s->wavenumber[band]) + (right ? 9 : -9);
    const double top = fmin(plot_top(p, s->intensity[light][band]) - m->band[band].lift, *floor);
    char text[80];
    plot_text(p, left, top - 9, m->band[band].anchor, "bold", "#22262c", m->band[band].name);
    snprintf(text, sizeof text, "%.0f cm\u207b\u00b9, %.1f %s", s->wavenumber[band],
             s->intensity[light][band], lights[light].unit);
    plot_text(p, left, top + 8, m->band[band].anchor, "normal", "#22262c", text);
    *floor = right ? plot_top(p, 0) - 18 : top - 40;
}

static int draw(const molecule *m, const spectrum *s, int light, const char *path)
{
    static double x[CURVE_POINTS], y[CURVE_POINTS];
    const double first = 500, last = 4400;
    double highest = 0;
    char title[120], unit[40];
    plot p;
    for (int k = 0; k < CURVE_POINTS; k++) {
        x[k] = first + (last - first) * k / (CURVE_POINTS - 1);
        y[k] = envelope(s, light, x[k]);
        highest = fmax(highest, y[k]);
    }
    plot_open(&p, path, 760, 440);
    snprintf(title, sizeof title, "%s: harmonic %s spectrum", m->title, lights[light].name);
    snprintf(unit, sizeof unit, "%s / (%s)", light == INFRARED ? "intensity" : "activity",
             lights[light].unit);
    plot_text(&p, 90, 30, "start", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){90, 48, 640, 330}, first, last, 0, 1.5 * highest, "wavenumber / cm\u207b\u00b9",
              unit);
    plot_area(&p, CURVE_POINTS, x, y, (plot_style){"#4477aa", 1, 0.22, NULL},
              "Lorentzians, 40 cm\u207b\u00b9 wide");
    for (int k = 0; k < s->nbands; k++)
        plot_line(&p, 2, (double[]){s->wavenumber[k], s->wavenumber[k]},
                  (double[]){0, s->intensity[light][k]}, (plot_style){"#cc3311", 2.6, 1, NULL},
                  k ? NULL : "double-harmonic intensities");
    double floor = plot_top(&p, 0) - 18;
    for (int k = 0; k < s->nbands; k++)
        draw_label(&p, m, s, light, k, &floor);
    plot_legend(&p, 12, 10);
    return plot_close(&p) ? fail(path, strerror(errno)) : 0;
}

/* ---- the job ------------------------------------------------------------------------------------------ */

static int show(const molecule *m, const char *directory)
{
    double xyz[COORDINATES_LIMIT];
    char path[1024];
    if (minimise(m, xyz) > 1e-9)
        return fail(m->name, "no minimum was found");
    const spectrum s = vibrations(m, xyz);
    print_spectrum(m, xyz, &s);
    for (int light = 0; light < LIGHTS && (light == INFRARED || m->polarizability_jacobian); light++) {
        snprintf(path, sizeof path, "%s/%s_%s.svg", directory, m->name, lights[light].file);
        if (draw(m, &s, light, path))
            return 1;
        printf("  picture: %s\n", path);
    }
    return 0;
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
