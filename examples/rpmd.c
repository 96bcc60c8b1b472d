/*
 * Ring-polymer molecular dynamics on a surface that `make pes` fitted: the infrared spectrum of a molecule, or the rate of a
 * collinear reaction.
 *
 *     make rpmd NAME=water RPMD="--temperature 300"
 *     make rpmd NAME=h3 RPMD="--rate 1 --temperature 500"
 *
 * Theory: rpmd/rings.h, rpmd/rate.h, rpmd/spectrum.h. A ring of beads moves classically, and correlations of what it is on average
 * over its beads stand for Kubo-transformed quantum ones. They are exact at short times, at high temperatures, and for a position in a
 * harmonic surface. High vibrations may be disturbed by those of the ring (S. Habershon et al., Annu. Rev. Phys. Chem. 64, 387
 * (2013)).
 *
 * The rate is that of 1 + 2-3 -> 1-2 + 3 on a line, for each length of molecules. Beside it stands the exact one of the same
 * surface: k = integral of N(E) exp(-E/kT) dE / (2 pi Q), N the cumulative probability of scatter/delves.h, Q the partition
 * function of the reactants.
 *
 * Status: 0, or 1 where it could not be done.
 */
#define _POSIX_C_SOURCE 200809L
#include "common/elements.h"
#include "common/json.h"
#include "common/modes.h"
#include "common/molecule.h"
#include "common/rooms.h"
#include "common/units.h"
#include "common/whole.h"
#include "rpmd/rate.h"
#include "rpmd/spectrum.h"
#include "scatter/line.h"
#include "scatter/run.h"
#include "scatter/thermal.h"

#define PI 3.14159265358979323846
#define CM_PER_S 2.18769126e8 /* a bohr each a.u. of time */

static const char help[] =
    "options of ring-polymer molecular dynamics:\n"
    "  --temperature T   K; default 300\n"
    "  --beads N         default: 3 hw/kT of the fastest vibration, at most 64\n"
    "  --time-step T     a.u.; default 8\n"
    "  --rate N          1: the rate of atom 1 + molecule 2-3 on a line; default 0: the infrared spectrum\n"
    "  --trajectories N  of the spectrum; default 64\n"
    "  --length N        steps of each; default 4096\n"
    "  --steps N         of the rate, for each place of the mean force; default 40000\n"
    "  --places N        of the mean force, an odd number; default 25\n"
    "  --far Q           bohr: the difference of both distances where the reactants begin; default 9\n"
    "  --released N      places on the dividing line where rings are let go, twice each; default 2000\n"
    "  --follow T        fs that each is followed; default: those in which it goes 5 bohr\n" SURFACE_HELP;

typedef struct rpmd_options {
    double temperature, step, far, follow; /* K, a.u., bohr, fs */
    int beads, rate, trajectories, length, steps, places, released;
} rpmd_options;

static int fail(const char *what, const char *text)
{
    return complain("rpmd", what, text);
}

/* Whether rings went wrong: their change of energy is no number, or a bead lies deeper than the lowest energy there can be. */
static int rings_lost(double strayed, double lowest, double bottom)
{
    char text[256];
    if (!isfinite(strayed))
        return fail(
            "", "the rings are lost, their energy is not a number: take shorter steps by --time-step, or the "
                "surface has holes: make holes");
    if (lowest > bottom - 1e-3)
        return 0;
    snprintf(text, sizeof text,
             "a bead fell into a hole of the surface, to %.4g hartree below the minimum: make holes says "
             "where they are; "
             "fewer --beads stay nearer to the data",
             bottom - lowest);
    return fail("", text);
}

/* ---- the rate ---- */

static int write_rate(const char *path, const rpmd_options *o, const rate_results *r, double exact)
{
    whole w;
    whole_open(&w, path);
    json j = {w.out, 0};
    json_number(&j, "temperature", o->temperature);
    json_number(&j, "beads", o->beads);
    json_number(&j, "barrier", r->barrier / EQML_EV);
    json_number(&j, "barrier_sigma", r->barrier_error / EQML_EV);
    json_number(&j, "kappa", r->kappa);
    json_number(&j, "kappa_sigma", r->kappa_error);
    json_number(&j, "rate", CM_PER_S * r->rate);
    json_number(&j, "sigma", CM_PER_S * r->error);
    json_number(&j, "exact", CM_PER_S * exact);
    json_number(&j, "ratio", r->rate / exact);
    json_number(&j, "ratio_sigma", r->error / exact);
    json_number(&j, "transition_ratio", r->transition / exact);
    json_number(&j, "crossover", r->frequency / (2 * PI * KELVIN));
    json_number(&j, "strayed", r->strayed);
    json_end(&j);
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

static void print_rate(const molecule *m, const rpmd_options *o, const rate_results *r, double exact)
{
    const double crossover = r->frequency / (2 * PI * KELVIN);
    printf("%s, collinear, %g K, %d beads, steps of %g a.u.: 1 + 2-3 -> 1-2 + 3\n", m->name, o->temperature,
           o->beads, o->step);
    if (crossover > 0)
        printf("  barrier of %.0fi cm^-1: crossover to deep tunnelling at %.0f K%s\n", PER_CM * r->frequency,
               crossover,
               o->temperature < crossover ? ", above this temperature: rates of rings come out too low" : "");
    printf("  free energy of the barrier   %10.5f +- %.5f eV\n", r->barrier / EQML_EV,
           r->barrier_error / EQML_EV);
    printf("  transition state theory      %10.4g cm/s\n", CM_PER_S * r->transition);
    printf("  transmission coefficient     %10.4f +- %.4f after %.0f fs; %.4f half as long before\n",
           r->kappa, r->kappa_error, r->time[r->ntimes - 1] / FEMTOSECOND, r->passed[r->ntimes / 2 - 1]);
    printf("  rate                         %10.4g +- %.2g cm/s\n", CM_PER_S * r->rate, CM_PER_S * r->error);
    printf("  exact, by N(E) of scatter    %10.4g cm/s; ratio %.3f +- %.3f\n", CM_PER_S * exact,
           r->rate / exact, r->error / exact);
    printf("  energy of released rings: strays by at most %.1e kT of all beads\n", r->strayed);
}

static int rate(const surface_job *job, const molecule *m, rpmd_options *o)
{
    line l = {m, m->energy + 1};
    const collinear c = {.mass = {m->root[0] * m->root[0], m->root[3] * m->root[3], m->root[6] * m->root[6]},
                         .surface = on_line,
                         .context = &l};
    const double root[2] = {sqrt(collinear_mass(&c)), sqrt(collinear_mass(&c))}, kT = KELVIN * o->temperature;
    line_land land = {.l = &l, .c = &c};
    const path_land on = {.n = 2, .root = root, .energies = on_line_scaled, .context = &land};
    double along[2], begin[2], outwards[2], exact;
    line_reaction(&c, along, begin, outwards);
    if (!o->beads)
        o->beads = (int)fmin(64, 4 * ceil(3 * 4400 / (4 * KELVIN_CM * o->temperature)));
    const rate_options options = {.temperature = kT,
                                  .step = o->step,
                                  .far = o->far,
                                  .beads = (size_t)o->beads,
                                  .places = (size_t)o->places,
                                  .steps = (size_t)o->steps,
                                  .settle = 500,
                                  .released = (size_t)o->released,
                                  .apart = 30,
                                  .follow = o->follow * FEMTOSECOND,
                                  .seed = (uint64_t)job->seed};
    rate_results r = {0};
    char path[4096];
    if (line_reaches("rpmd", &c, o->far + 1, &l))
        return 1;
    int bad = rate_run(&on, along, begin, outwards, &options, &r) || thermal_rate(&c, kT, &exact)
                  ? fail("", "out of memory")
                  : 0;
    bad = bad || rings_lost(r.rate + r.strayed, r.lowest, scatter_bottom(&c, o->far));
    if (!bad) {
        print_rate(m, o, &r, exact);
        snprintf(path, sizeof path, "%s/rpmd_rate.svg", job->directory);
        bad = rate_draw(path, m->name, o->temperature, &r) ? fail(path, strerror(errno)) : 0;
        bad = bad || (job->json && write_rate(job->json, o, &r, exact));
    }
    rate_free(&r);
    return bad;
}

/* ---- the spectrum ---- */

static int spectrum(const surface_job *job, const molecule *m, rpmd_options *o)
{
    rooms all;
    char path[4096];
    spectrum_results r = {0};
    if (!o->beads)
        o->beads =
            (int)fmin(64, 4 * ceil(3 * m->wavenumber[m->vibrations - 1] / (4 * KELVIN_CM * o->temperature)));
    if (rooms_make(m, &all))
        return fail("", "out of memory");
    const path_land on = {.n = 3 * m->natoms, .root = m->root, .energies = rooms_energies, .context = &all};
    const spectrum_options options = {.temperature = KELVIN * o->temperature,
                                      .step = o->step,
                                      .beads = (size_t)o->beads,
                                      .trajectories = (size_t)o->trajectories,
                                      .length = (size_t)o->length,
                                      .settle = 500,
                                      .highest = 5000 / PER_CM,
                                      .seed = (uint64_t)job->seed};
    int bad = spectrum_run(&on, m, &options, &r) ? fail("", "out of memory") : 0;
    bad = bad || rings_lost(r.strayed, r.lowest, m->energy);
    if (!bad) {
        printf("%s, %g K, %d beads, steps of %g a.u. (%.3f fs), %d trajectories of %.2f ps\n", m->name,
               o->temperature, o->beads, o->step, o->step / FEMTOSECOND, o->trajectories,
               o->step * o->length / FEMTOSECOND / 1000);
        printf("  energy strays by at most %.1e kT\n  peaks, cm^-1   harmonic ones", r.strayed);
        for (int k = 0; k < m->vibrations; k++)
            printf(" %.0f", m->wavenumber[k]);
        printf("\n");
        for (size_t k = 0; k < r.npeaks; k++)
            printf("  %10.0f    height %.3f\n", PER_CM * r.peak[k], r.height[k]);
        snprintf(path, sizeof path, "%s/rpmd.svg", job->directory);
        bad = spectrum_draw(path, m, o->temperature, &r) ? fail(path, strerror(errno)) : 0;
        if (!bad && job->json)
            bad = spectrum_json(job->json, &r) ? fail(job->json, strerror(errno)) : 0;
    }
    spectrum_free(&r);
    free(all.all);
    return bad;
}

int main(int argc, char **argv)
{
    surface_job job = {.program = "rpmd"};
    rpmd_options o = {.temperature = 300,
                      .step = 8,
                      .far = 9,
                      .trajectories = 64,
                      .length = 4096,
                      .steps = 40000,
                      .places = 25,
                      .released = 2000};
    const option own[] = {{"--temperature", NULL, &o.temperature, NULL, 10, 1e5},
                          {"--beads", NULL, NULL, &o.beads, 1, 1024},
                          {"--time-step", NULL, &o.step, NULL, 0.01, 200},
                          {"--rate", NULL, NULL, &o.rate, 0, 1},
                          {"--trajectories", NULL, NULL, &o.trajectories, 1, 1e6},
                          {"--length", NULL, NULL, &o.length, 64, 1e6},
                          {"--steps", NULL, NULL, &o.steps, 64, 1e8},
                          {"--places", NULL, NULL, &o.places, 3, 1e4},
                          {"--far", NULL, &o.far, NULL, 3, 20},
                          {"--released", NULL, NULL, &o.released, 10, 1e8},
                          {"--follow", NULL, &o.follow, NULL, 0, 1e6}};
    molecule m = {0};
    int bad = surface_options(&job, help, argc, argv, own, sizeof own / sizeof *own);
    job.saddle = o.rate;
    if (!bad && o.rate && basis->natoms != 3)
        bad = fail(basis->name, "the rate is that of three atoms on a line; the surface has another number");
    if (!bad && o.places % 2 == 0)
        bad = fail("--places", "expected an odd number, as Simpson's rule needs");
    bad = bad || molecule_read(&job, &m) || (!o.rate && molecule_needs_dipole(&m)) ||
          molecule_settle(&job, &m) || (o.rate ? rate(&job, &m, &o) : spectrum(&job, &m, &o));
    molecule_free(&m);
    return surface_end("rpmd", bad);
}
