/* What a census found: for people, as JSON, as geometries. */
#define _POSIX_C_SOURCE 200809L
#include "census/census.h"
#include "common/modes.h"
#include "common/whole.h"

double census_per_million(const census *c)
{
    return c->walker_steps ? 1e6 * (double)c->walker_holes / (double)c->walker_steps : 0;
}

/* A depth as text, in cm^-1. */
static const char *depth(const census *c, char text[32])
{
    if (isfinite(c->deepest))
        snprintf(text, 32, c->deepest * PER_CM > -1e6 ? "%.0f cm^-1" : "%.1e cm^-1", -PER_CM * c->deepest);
    return isfinite(c->deepest) ? text : "without end";
}

/* The part of the samples of width k that are holes. */
static double fraction(const census *c, int k)
{
    return (double)c->sampled[k] / c->options.samples;
}

void census_print(FILE *out, const census *c)
{
    const char *between = "";
    char text[32];
    if (!c->holes)
        fprintf(out, "  holes: none; ");
    else
        fprintf(out, "  HOLES: %zu, the deepest %s below the minimum; ", c->holes, depth(c, text));
    fprintf(out, "census of %.2g samples, %.2g walker steps, %zu descents, %.1f s\n",
            (double)CENSUS_WIDTHS * c->options.samples, (double)c->walker_steps, c->descents, c->seconds);
    if (c->holes) {
        fprintf(out, "    of the samples");
        for (int k = 0; k < CENSUS_WIDTHS; k++, between = ",")
            fprintf(out, "%s %.3g %% at width %g", between, 100 * fraction(c, k), census_widths[k]);
        fprintf(out, "; walkers: %zu, %.3g a million steps; descents: %zu\n", c->walker_holes,
                census_per_million(c), c->descent_holes);
    }
    if (c->extinct)
        fprintf(out, "    all walkers died after %zu steps\n", c->walker_steps);
    else
        fprintf(out, "    zero-point energy: harmonic %.0f cm^-1, walkers %.0f +- %.0f cm^-1\n",
                PER_CM * c->harmonic, PER_CM * c->ground, PER_CM * c->ground_error);
}

/* Null where the number is not finite. */
static void json_number(FILE *out, const char *key, double value)
{
    if (isfinite(value))
        fprintf(out, "\"%s\": %.10g, ", key, value);
    else
        fprintf(out, "\"%s\": null, ", key);
}

void census_json(FILE *out, const census *c)
{
    const census_options *o = &c->options;
    fprintf(out, "{\"holes\": %zu, ", c->holes);
    json_number(out, "deepest", c->deepest);
    json_number(out, "minimum", c->minimum);
    json_number(out, "margin", o->margin);
    json_number(out, "closest", o->closest);
    fprintf(out, "\"seed\": %llu, \"samples\": %d, \"widths\": [", (unsigned long long)o->seed, o->samples);
    for (int k = 0; k < CENSUS_WIDTHS; k++)
        fprintf(out, "%s%g", k ? ", " : "", census_widths[k]);
    fprintf(out, "], \"fractions\": [");
    for (int k = 0; k < CENSUS_WIDTHS; k++)
        fprintf(out, "%s%.6g", k ? ", " : "", fraction(c, k));
    fprintf(out, "], \"walkers\": %d, \"walker_steps\": %zu, \"walker_holes\": %zu, ", o->walkers,
            c->walker_steps, c->walker_holes);
    json_number(out, "per_million", census_per_million(c));
    fprintf(out, "\"descents\": %zu, \"descent_holes\": %zu, ", c->descents, c->descent_holes);
    json_number(out, "zero_point_harmonic", c->harmonic);
    json_number(out, "zero_point_walkers", c->ground);
    json_number(out, "zero_point_error", c->ground_error);
    fprintf(out, "\"seconds\": %.3f}", c->seconds);
}

/* ---- geometries --------------------------------------------------------------------------------------- */

void census_put_frame(FILE *out, int natoms, const char *symbols, const double *xyz, const char *comment)
{
    fprintf(out, "%d\nProperties=species:S:1:pos:R:3 %s\n", natoms, comment);
    for (int i = 0; i < natoms; i++) {
        symbols += strspn(symbols, " ");
        const int length = (int)strcspn(symbols, " ");
        fprintf(out, "%-2.*s %18.12f %18.12f %18.12f\n", length, symbols, xyz[3 * i] / EQML_ANGSTROM,
                xyz[3 * i + 1] / EQML_ANGSTROM, xyz[3 * i + 2] / EQML_ANGSTROM);
        symbols += length;
    }
}

int census_write_minimum(const census *c, const char *symbols, const char *path)
{
    char comment[128];
    whole w;
    snprintf(comment, sizeof comment, "surface_energy=%.12f pbc=\"F F F\"", c->minimum / EQML_EV);
    whole_open(&w, path);
    if (w.out)
        census_put_frame(w.out, c->natoms, symbols, c->xyz, comment);
    return whole_close(&w, 0);
}

/* A hole, `below` hartree below the minimum; `found` is what else there is to say, with a blank before. */
static void put_hole(FILE *out, int natoms, const char *symbols, const double *xyz, double minimum,
                     double below, const char *found)
{
    char comment[256];
    snprintf(comment, sizeof comment, "surface_energy=%.9f below_minimum_cm=%.1f%s pbc=\"F F F\"",
             (minimum - below) / EQML_EV, PER_CM * below, found);
    census_put_frame(out, natoms, symbols, xyz, comment);
}

int census_write_hole(const char *path, int natoms, const char *symbols, const double *xyz, double minimum,
                      double below)
{
    whole w;
    whole_open(&w, path);
    if (w.out)
        put_hole(w.out, natoms, symbols, xyz, minimum, below, "");
    return whole_close(&w, 0);
}

int census_write_holes(const census *c, const char *symbols, const char *path)
{
    static const char *const origins[] = {"sample", "walker", "descent"};
    whole w;
    whole_open(&w, path);
    for (size_t k = 0; k < c->kept && w.out; k++) {
        const census_hole *h = &c->hole[k];
        char found[64], width[32] = "";
        if (h->origin == CENSUS_SAMPLE)
            snprintf(width, sizeof width, " width=%g", h->width);
        snprintf(found, sizeof found, " found_by=%s%s", origins[h->origin], width);
        put_hole(w.out, c->natoms, symbols, c->hole_xyz + k * 3 * (size_t)c->natoms, c->minimum, -h->energy,
                 found);
    }
    return whole_close(&w, 0);
}
