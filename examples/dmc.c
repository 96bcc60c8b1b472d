/*
 * Diffusion Monte Carlo on a surface that `make pes` fitted: the zero-point energy, without any approximation but the surface, the
 * number of walkers and statistical errors; averages over the ground state; an excited state whose node is known.
 *
 *     make dmc NAME=h2o DMC="--walkers 20000 --masses nuclear --json h2o.json"
 *
 * Theory. In imaginary time the Schroedinger equation is one of diffusion with birth and death: psi(t) = exp(-t (H - Eref)) psi(0)
 * becomes the ground state, J. B. Anderson, J. Chem. Phys. 63, 1499 (1975). Walkers that diffuse and are weighted by
 * exp(-dt (V - Eref)) are distributed as psi. The step is the symmetric product exp(-dt V/2) exp(-dt T) exp(-dt V/2), whose
 * error in the energy is of order dt^2: runs with several time steps are extrapolated to zero by energy = E + slope dt^2. See
 * dmc/walkers.h for weights, births and nodes.
 *
 * Walkers are distributed as psi; averages over psi^2 weigh a walker with the number of its descendants after some time, which is
 * proportional to psi there: M. H. Kalos, Phys. Rev. A 2, 250 (1970). Errors of energies: blocking, as H. Flyvbjerg and H. G.
 * Petersen have it (common/statistics.h).
 *
 * A number of walkers that is kept at about N gives an error of the energy of order 1/N, downwards for the growth estimator: compare two numbers
 * of walkers where it matters. In rigid translations and rotations walkers diffuse freely, which adds nothing to the energy.
 *
 * Status: 0; 3 where walkers died in holes; 1 where it could not be done.
 */
#define _POSIX_C_SOURCE 200809L
#include "dmc/output.h"
#include <math.h>

static const char help[] =
    "options of diffusion Monte Carlo:\n"
    "  --walkers N       default 20000\n"
    "  --steps N         for each time step, beside those of settling; default 10000\n"
    "  --time-steps LIST a.u., up to 8; default 10,20,30\n"
    "  --settle T        a.u. of time before averages begin; default 5000\n"
    "  --descend T       a.u. of time between walkers and the descendants that weigh them in averages; "
    "default 1000; 0: no\n"
    "                    averages\n"
    "  --node LIST       an excited state: the difference of two distances is zero, 1-3,2-3; or four atoms "
    "lie in one plane,\n"
    "                    1,2,3,4\n"
    "  --margin E        what lies deeper below the minimum is a hole, hartree; default 1e-4\n"
    "  --checkpoint FILE written every minute; a run that was stopped goes on from it\n"
    "  --every S         seconds between checkpoints; default 60\n" SURFACE_HELP;

/* "10,20,30" */
static int read_time_steps(const char *text, run_options *o)
{
    const char *at = text;
    for (o->ntime_steps = 0; *at; at += *at == ',') {
        char *end;
        const double step = strtod(at, &end);
        if (end == at || (*end && *end != ',') || !(step > 0 && step <= 1000) || o->ntime_steps == RUN_STEPS)
            break;
        o->time_step[o->ntime_steps++] = step;
        at = end;
        for (int k = 0; k + 1 < o->ntime_steps; k++)
            if (o->time_step[k] == step)
                return complain("dmc", "--time-steps", "a time step stands twice");
    }
    return (*at || !o->ntime_steps) &&
           complain("dmc", "--time-steps", "expected up to 8 numbers of atomic units, 10,20,30");
}

int main(int argc, char **argv)
{
    surface_job job = {.program = "dmc"};
    run_options o = {
        .walkers = 20000, .steps = 10000, .settle = 5000, .descend = 1000, .margin = 1e-4, .every = 60};
    const char *time_steps = "10,20,30";
    const option own[] = {
        {"--walkers", NULL, NULL, &o.walkers, 10, 1e8},  {"--steps", NULL, NULL, &o.steps, 10, 1e9},
        {"--time-steps", &time_steps, NULL, NULL, 0, 0}, {"--settle", NULL, &o.settle, NULL, 0, 0},
        {"--descend", NULL, &o.descend, NULL, 0, 0},     {"--node", &o.node, NULL, NULL, 0, 0},
        {"--margin", NULL, &o.margin, NULL, DBL_MIN, 0}, {"--checkpoint", &o.checkpoint, NULL, NULL, 0, 0},
        {"--every", NULL, &o.every, NULL, 0, 0}};
    char path[4096];
    molecule m = {0};
    run_results results = {0};
    outcome all;
    int status = surface_options(&job, help, argc, argv, own, sizeof own / sizeof *own) ||
                 read_time_steps(time_steps, &o) || molecule_read(&job, &m) || molecule_settle(&job, &m);
    o.seed = job.seed;
    if (!status && !run_all(&o, &m, &results)) {
        outcome_of(&o, &results, &all);
        print_outcome(&o, &m, &results, &all);
        snprintf(path, sizeof path, "%s/dmc.svg", job.directory);
        status = draw_trace(path, &o, &m, &results, &all);
        snprintf(path, sizeof path, "%s/dmc_hole.xyz", job.directory);
        if (!status && all.holes > 0)
            status = write_deepest(path, &m, &results);
        if (!status && job.json)
            status = write_json(job.json, &o, &m, &results, &all);
        if (!status && all.holes > 0)
            status = 3;
    } else {
        status = 1;
    }
    run_free(&results);
    molecule_free(&m);
    return surface_end("dmc", status);
}
