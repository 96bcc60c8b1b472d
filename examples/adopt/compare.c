/* The fitted surface beside the potential, at geometries that neither the fit nor the checks have seen. */
#include "adopt/job.h"
#include "census/census.h"
#include "common/whole.h"
#include <dlfcn.h>
#include <time.h>

enum { BANDS = 4, WORST = 20 };

/* The functions of the fitted surface. */
typedef struct surface {
    double (*energy)(const double *xyz);
    double (*gradient)(const double *xyz, double *gradient);
    void (*batch)(size_t n, const double *xyz, double *energy);
    void (*gradient_batch)(size_t n, const double *xyz, double *energy, double *gradient);
} surface;

typedef struct band {
    double up_to; /* above the minimum, hartree */
    size_t n;
    double square, largest; /* of the differences, hartree */
} band;

typedef struct comparison {
    size_t n, size;
    double *xyz, *old, *new, *gradient; /* [n][size], [n], [n], [n][size] room */
    double low, high;                   /* energies of the potential */
    band bands[BANDS];
    size_t worst[WORST], nworst;
    /* Nanoseconds of a geometry; gradient 0 where the library has none. */
    double ns_old, ns_old_gradient, ns_new, ns_new_gradient, ns_batch, ns_gradient_batch;
} comparison;

static int load_surface(const job *j, surface *s)
{
    char name[256];
    void *handle = dlopen(j->surface, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return fail(j->surface, dlerror());
    int bad = 0;
    const struct {
        const char *suffix;
        void *function;
    } wanted[] = {{"energy", &s->energy},
                  {"energy_gradient", &s->gradient},
                  {"energy_batch", &s->batch},
                  {"energy_gradient_batch", &s->gradient_batch}};
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted && !bad; k++) {
        snprintf(name, sizeof name, "%s_%s", j->name, wanted[k].suffix);
        bad = find_function(handle, name, wanted[k].function, sizeof s->energy);
    }
    return bad ? fail(j->surface, "it is not the library of a surface of this name") : 0;
}

/* ---- differences ------------------------------------------------------------------------------------------ */

static double difference(const comparison *c, size_t g)
{
    const double d = fabs(c->new[g] - c->old[g]);
    return isfinite(d) ? d : INFINITY;
}

/* Puts a geometry among the worst, if it belongs there. */
static void keep_worst(comparison *c, size_t g)
{
    size_t at = c->nworst < WORST ? c->nworst++ : WORST;
    for (; at > 0 && (at == WORST || difference(c, g) > difference(c, c->worst[at - 1])); at--) {
        if (at == WORST && !(difference(c, g) > difference(c, c->worst[WORST - 1])))
            return;
        if (at < WORST)
            c->worst[at] = c->worst[at - 1];
    }
    c->worst[at] = g;
}

static void measure(const job *j, const beginning *b, comparison *c)
{
    c->low = HUGE_VAL, c->high = -HUGE_VAL;
    for (int k = 0; k < BANDS; k++)
        c->bands[k].up_to = j->up_to / PER_CM * (k + 1) / BANDS;
    for (size_t g = 0; g < c->n; g++) {
        const double d = difference(c, g);
        c->low = fmin(c->low, c->old[g]), c->high = fmax(c->high, c->old[g]);
        for (int k = 0; k < BANDS; k++)
            if (k == BANDS - 1 || c->old[g] - b->energy <= c->bands[k].up_to) {
                c->bands[k].n++;
                c->bands[k].square += d * d;
                c->bands[k].largest = fmax(c->bands[k].largest, d);
            }
        keep_worst(c, g);
    }
}

static double rms(const band *b)
{
    return b->n ? sqrt(b->square / (double)b->n) : 0;
}

/* ---- times ------------------------------------------------------------------------------------------------ */

/* Of this processor's time: others may use the machine, too. */
static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum kind { OLD, OLD_GRADIENT, NEW, NEW_GRADIENT, BATCH, GRADIENT_BATCH };

static void evaluate(enum kind kind, potential *p, const surface *s, comparison *c, size_t first,
                     size_t count)
{
    const double *xyz = c->xyz + first * c->size;
    if (kind == BATCH)
        s->batch(count, xyz, c->new + first);
    else if (kind == GRADIENT_BATCH)
        s->gradient_batch(count, xyz, c->new + first, c->gradient + first * c->size);
    else
        for (size_t g = first; g < first + count; g++, xyz += c->size)
            if (kind == NEW)
                c->new[g] = s->energy(xyz);
            else if (kind == NEW_GRADIENT)
                c->new[g] = s->gradient(xyz, c->gradient + g * c->size);
            else
                c->old[g] = potential_energy(p, xyz, kind == OLD ? NULL : c->gradient + g * c->size);
}

/* Nanoseconds for a geometry: the best of three rounds of 0.03 s or more, at different geometries in turn. */
static double time_of(enum kind kind, potential *p, const surface *s, comparison *c)
{
    const size_t block = c->n < 256 ? c->n : 256;
    double best = HUGE_VAL;
    for (int round = 0; round < 3; round++) {
        const double start = seconds_now();
        double seconds = 0;
        size_t done = 0;
        for (size_t first = 0; seconds < 0.03; first = first + 2 * block <= c->n ? first + block : 0) {
            const size_t count = kind >= NEW || block < 16 ? block : 16; /* the potential may be slow */
            evaluate(kind, p, s, c, first, count);
            done += count;
            seconds = seconds_now() - start;
        }
        best = fmin(best, 1e9 * seconds / (double)done);
    }
    return best;
}

/* ---- output ----------------------------------------------------------------------------------------------- */

static void print_comparison(const job *j, const beginning *b, const comparison *c)
{
    const band *all = &c->bands[BANDS - 1];
    const double range = c->high - c->low, part = all->largest / range;
    printf("  %s beside %s at %zu new geometries, cm^-1:\n", j->name, j->symbol, c->n);
    printf("    up to      geometries  rms difference  largest\n");
    for (int k = 0; k < BANDS; k++)
        printf("    %-9.0f  %10zu  %14.3e  %.3e\n", PER_CM * c->bands[k].up_to, c->bands[k].n,
               PER_CM * rms(&c->bands[k]), PER_CM * c->bands[k].largest);
    if (part <= 1e-9)
        printf("  recovered: the largest difference is %.1e of the range of energies, %.6g cm^-1\n", part,
               PER_CM * range);
    else
        printf("  not the same polynomial: the largest difference is %.1e of the range of energies, at %.0f "
               "cm^-1; the "
               "worst geometries are in adopt.xyz. If it should be one, give its variables (FIT=\"--variable "
               "morse:2\") and its degree; else more samples, or a higher degree, come closer\n",
               part, PER_CM * (c->old[c->worst[0]] - b->energy));
    printf("  ns a geometry: %s %.0f", j->symbol, c->ns_old);
    if (c->ns_old_gradient > 0)
        printf(", with gradient %.0f", c->ns_old_gradient);
    printf("; %s %.0f, with gradient %.0f, in batches %.0f and %.0f\n", j->name, c->ns_new,
           c->ns_new_gradient, c->ns_batch, c->ns_gradient_batch);
}

static void put_string(FILE *out, const char *key, const char *text)
{
    fprintf(out, "\"%s\": \"", key);
    for (; *text; text++)
        if ((unsigned char)*text < ' ')
            fprintf(out, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    fprintf(out, "\", ");
}

/* Null where the number is not finite. */
static void put_number(FILE *out, const char *key, double value)
{
    if (isfinite(value))
        fprintf(out, "\"%s\": %.10g, ", key, value);
    else
        fprintf(out, "\"%s\": null, ", key);
}

static void print_json(FILE *out, const job *j, const comparison *c, const checked *checks)
{
    const band *all = &c->bands[BANDS - 1];
    fprintf(out, "{");
    put_string(out, "library", j->library);
    put_string(out, "symbol", j->symbol);
    put_string(out, "call", j->form);
    fprintf(out, "\"checks\": {");
    for (int k = 0; k < CHECKS; k++)
        put_number(out, check_names[k], checks->largest[k]);
    fprintf(out, "\"geometries\": %zu}, \"geometries\": %zu, ", c->n, c->n);
    put_number(out, "gradient_less_differences", checks->gradient);
    put_number(out, "range", c->high - c->low);
    put_number(out, "rms", rms(all));
    put_number(out, "largest", all->largest);
    put_number(out, "largest_over_range", all->largest / (c->high - c->low));
    fprintf(out, "\"bands\": [");
    for (int k = 0; k < BANDS; k++) {
        fprintf(out, "%s{", k ? ", " : "");
        put_number(out, "up_to", c->bands[k].up_to);
        put_number(out, "rms", rms(&c->bands[k]));
        put_number(out, "largest", c->bands[k].largest);
        fprintf(out, "\"geometries\": %zu}", c->bands[k].n);
    }
    fprintf(out, "], ");
    put_number(out, "ns_old", c->ns_old);
    put_number(out, "ns_old_gradient", c->ns_old_gradient > 0 ? c->ns_old_gradient : (double)NAN);
    put_number(out, "ns_new", c->ns_new);
    put_number(out, "ns_new_gradient", c->ns_new_gradient);
    put_number(out, "ns_new_batch", c->ns_batch);
    fprintf(out, "\"ns_new_gradient_batch\": %.10g}\n", c->ns_gradient_batch);
}

static int write_comparison(const job *j, const beginning *b, const comparison *c, const checked *checks)
{
    char path[4096], comment[256];
    whole w;
    snprintf(path, sizeof path, "%s/adopt.xyz", j->directory);
    whole_open(&w, path);
    for (size_t k = 0; k < c->nworst && w.out; k++) {
        const size_t g = c->worst[k];
        snprintf(comment, sizeof comment,
                 "energy=%.17g surface_energy=%.17g difference_cm=%.6g above_minimum_cm=%.1f pbc=\"F F F\"",
                 c->old[g] / EQML_EV, c->new[g] / EQML_EV, PER_CM * (c->new[g] - c->old[g]),
                 PER_CM * (c->old[g] - b->energy));
        census_put_frame(w.out, basis->natoms, b->symbols, c->xyz + g * c->size, comment);
    }
    if (whole_close(&w, 0))
        return fail(path, strerror(errno));
    snprintf(path, sizeof path, "%s/adopt.json", j->directory);
    whole_open(&w, path);
    if (w.out)
        print_json(w.out, j, c, checks);
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

int compare(const job *j, potential *p, const beginning *b, const checked *checks)
{
    const size_t most = (size_t)j->checks, size = 3 * (size_t)basis->natoms;
    comparison c = {.size = size};
    surface s;
    if (load_surface(j, &s))
        return 1;
    c.xyz = calloc(most * (2 * size + 2), sizeof *c.xyz);
    if (!c.xyz)
        return fail("", "out of memory");
    c.old = c.xyz + most * size, c.new = c.old + most, c.gradient = c.new + most;
    int bad = draw(j, p, b, (uint64_t)j->seed + 2000, most, c.xyz, &c.n);
    if (!bad && c.n == 0)
        bad = fail(j->symbol, "no geometry about the minimum has an energy up to --up-to above it");
    if (!bad) {
        c.ns_old = time_of(OLD, p, &s, &c);
        c.ns_old_gradient = p->has_gradient ? time_of(OLD_GRADIENT, p, &s, &c) : 0;
        c.ns_batch = time_of(BATCH, p, &s, &c);
        c.ns_gradient_batch = time_of(GRADIENT_BATCH, p, &s, &c);
        c.ns_new_gradient = time_of(NEW_GRADIENT, p, &s, &c);
        c.ns_new = time_of(NEW, p, &s, &c);
        evaluate(OLD, p, &s, &c, 0, c.n);
        evaluate(NEW, p, &s, &c, 0, c.n);
        potential_close(p);
        measure(j, b, &c);
        print_comparison(j, b, &c);
        bad = write_comparison(j, b, &c, checks);
    }
    free(c.xyz);
    return bad;
}
