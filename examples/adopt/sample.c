/* Samples of the potential, as data for a fit. */
#include "adopt/job.h"
#include "census/census.h"
#include "common/whole.h"

typedef struct set {
    size_t n, size;                  /* geometries, and numbers of one */
    double *xyz, *energy, *gradient; /* [n][size], [n], [n][size] or NULL */
} set;

/* The minimum, the user's geometries, and those about the minimum. */
static int gather(const job *j, potential *p, const beginning *b, set *s)
{
    const size_t extra = b->extra.n, most = 1 + extra + (size_t)j->samples;
    size_t drawn = 0;
    s->size = 3 * (size_t)basis->natoms;
    s->xyz = calloc(most * s->size, sizeof *s->xyz);
    s->energy = calloc(most, sizeof *s->energy);
    s->gradient = p->has_gradient ? calloc(most * s->size, sizeof *s->gradient) : NULL;
    if (!s->xyz || !s->energy || (p->has_gradient && !s->gradient))
        return fail("", "out of memory");
    memcpy(s->xyz, b->xyz, s->size * sizeof *s->xyz);
    if (extra)
        memcpy(s->xyz + s->size, b->extra.xyz, extra * s->size * sizeof *s->xyz);
    s->n = 1 + extra;
    if (draw(j, p, b, (uint64_t)j->seed, (size_t)j->samples, s->xyz + s->n * s->size, &drawn))
        return 1;
    s->n += drawn;
    if ((double)drawn < j->samples)
        printf(
            "  note: %zu samples, not %g: too few geometries about the minimum lie up to %g cm^-1 above it\n",
            drawn, j->samples, j->up_to);
    return 0;
}

/* Energies; those that are no number are left out. */
static void evaluate(const job *j, potential *p, set *s)
{
    size_t kept = 0;
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (size_t g = 0; g < s->n; g++) {
        double *to = s->xyz + kept * s->size;
        memmove(to, s->xyz + g * s->size, s->size * sizeof *to);
        const double e = potential_energy(p, to, s->gradient ? s->gradient + kept * s->size : NULL);
        if (!isfinite(e))
            continue;
        s->energy[kept++] = e;
        low = fmin(low, e), high = fmax(high, e);
    }
    printf("  samples: %zu geometries, %.6f to %.6f hartree, a span of %.6g cm^-1%s\n", kept, low, high,
           PER_CM * (high - low), s->gradient ? ", with gradients" : "");
    if (p->not_finite)
        printf("  note: %zu of %zu energies of %s are no number; those geometries are left out\n",
               p->not_finite, p->calls, j->symbol);
    if (p->below)
        printf("  note: %zu geometries lie below the minimum and are left out: holes of %s, or another "
               "isomer, which "
               "--start or --geometries would take in\n",
               p->below, j->symbol);
    s->n = kept;
}

/* Extended XYZ with all digits, units as ASE has them. */
static void put_frame(FILE *out, const char *symbols, const set *s, size_t g)
{
    const double *xyz = s->xyz + g * s->size;
    fprintf(out, "%d\nProperties=species:S:1:pos:R:3%s energy=%.17g pbc=\"F F F\"\n", basis->natoms,
            s->gradient ? ":forces:R:3" : "", s->energy[g] / EQML_EV);
    for (int i = 0; i < basis->natoms; i++) {
        symbols += strspn(symbols, " ");
        const int length = (int)strcspn(symbols, " ");
        fprintf(out, "%-2.*s %.17g %.17g %.17g", length, symbols, xyz[3 * i] / EQML_ANGSTROM,
                xyz[3 * i + 1] / EQML_ANGSTROM, xyz[3 * i + 2] / EQML_ANGSTROM);
        for (int k = 3 * i; s->gradient && k < 3 * i + 3; k++)
            fprintf(out, " %.17g", -s->gradient[g * s->size + (size_t)k] / (EQML_EV / EQML_ANGSTROM));
        fputc('\n', out);
        symbols += length;
    }
}

int write_samples(const job *j, potential *p, const beginning *b)
{
    set s = {0};
    whole w;
    int bad = gather(j, p, b, &s);
    if (!bad) {
        evaluate(j, p, &s);
        potential_close(p);
        whole_open(&w, j->samples_file);
        for (size_t g = 0; g < s.n && w.out; g++)
            put_frame(w.out, b->symbols, &s, g);
        if (whole_close(&w, 0))
            bad = fail(j->samples_file, strerror(errno));
    }
    free(s.xyz);
    free(s.energy);
    free(s.gradient);
    return bad;
}
