/* What dmc tells. */
#define _POSIX_C_SOURCE 200809L
#include "dmc/output.h"
#include "census/census.h"
#include "common/json.h"
#include "common/modes.h"
#include "common/plot.h"
#include "common/threads.h"
#include "common/statistics.h"
#include "common/whole.h"

void outcome_of(const run_options *o, const run_results *r, outcome *all)
{
    double x[RUN_STEPS], value[RUN_STEPS], error[RUN_STEPS], seconds = 0, surface = 0;
    *all = (outcome){0};
    for (int k = 0; k < r->done; k++) {
        x[k] = o->time_step[k] * o->time_step[k]; /* the order of the error */
        value[k] = PER_CM * r->of[k].energy, error[k] = PER_CM * r->of[k].error;
        all->holes += r->of[k].holes, all->walker_steps += r->of[k].walker_steps;
        seconds += r->of[k].seconds, surface += r->of[k].surface_seconds;
    }
    extrapolate((size_t)r->done, x, value, error, &all->zpe, &all->sigma);
    for (int a = 0; a < AVERAGES; a++) {
        for (int k = 0; k < r->done; k++)
            value[k] = r->of[k].average[a], error[k] = r->of[k].average_error[a] + 1e-300;
        extrapolate((size_t)r->done, x, value, error, &all->average[a], &all->sigma_average[a]);
    }
    all->walkers_per_s = all->walker_steps / seconds;
    all->surface_share = surface / (seconds * (double)threads_at_most());
}

static int has_average(const run_options *o, const molecule *m, int k)
{
    return o->descend > 0 && (k < AVERAGE_DIPOLE || m->has_dipole);
}

void print_outcome(const run_options *o, const molecule *m, const run_results *r, const outcome *all)
{
    printf("%s: diffusion Monte Carlo, %d walkers, %d steps for each time step; energies above the minimum\n",
           m->name, o->walkers, o->steps);
    printf("  time step, a.u.    energy, cm^-1     sigma\n");
    for (int k = 0; k < r->done; k++)
        printf("  %15g  %15.2f  %8.2f\n", o->time_step[k], PER_CM * r->of[k].energy, PER_CM * r->of[k].error);
    if (r->done > 1)
        printf("  %15s  %15.2f  %8.2f   (value + slope dt^2)\n", "to 0", all->zpe, all->sigma);
    if (o->node)
        printf("  with the node %s: the lowest state that is odd there\n", o->node);
    for (int k = 0; k < AVERAGES; k++)
        if (has_average(o, m, k))
            printf("  %-10s %12.5f +- %.5f %s\n", average_names[k], all->average[k], all->sigma_average[k],
                   average_units[k]);
    if (all->holes > 0)
        printf("  holes: %.0f walkers died in holes, %.3g for each million steps; the deepest lies %.1f "
               "cm^-1 below the "
               "minimum\n",
               all->holes, 1e6 * all->holes / all->walker_steps, -PER_CM * r->deepest);
    else
        printf("  holes: none; the lowest energy lies %.1f cm^-1 above the minimum\n", PER_CM * r->deepest);
    printf("  %.3g walker steps a second, %.0f %% of the time in the surface\n", all->walkers_per_s,
           100 * all->surface_share);
}

int write_json(const char *path, const run_options *o, const molecule *m, const run_results *r,
               const outcome *all)
{
    double step[3][RUN_STEPS];
    whole w;
    whole_open(&w, path);
    json j = {w.out, 0};
    for (int k = 0; k < r->done; k++)
        step[0][k] = o->time_step[k], step[1][k] = PER_CM * r->of[k].energy,
        step[2][k] = PER_CM * r->of[k].error;
    json_number(&j, "zpe", all->zpe);
    json_number(&j, "sigma", all->sigma);
    json_numbers(&j, "time_steps", (size_t)r->done, step[0]);
    json_numbers(&j, "energies", (size_t)r->done, step[1]);
    json_numbers(&j, "sigmas", (size_t)r->done, step[2]);
    for (int k = 0; k < AVERAGES; k++)
        if (has_average(o, m, k)) {
            char key[64];
            json_number(&j, average_names[k], all->average[k]);
            snprintf(key, sizeof key, "%s_sigma", average_names[k]);
            json_number(&j, key, all->sigma_average[k]);
        }
    json_number(&j, "holes", all->holes);
    json_number(&j, "lowest", PER_CM * r->deepest);
    json_number(&j, "walkers", o->walkers);
    json_number(&j, "steps", o->steps);
    json_number(&j, "walkers_per_s", all->walkers_per_s);
    json_number(&j, "surface_share", all->surface_share);
    json_end(&j);
    return whole_close(&w, 0) ? complain("dmc", path, strerror(errno)) : 0;
}

int write_deepest(const char *path, const molecule *m, const run_results *r)
{
    return census_write_hole(path, m->natoms, m->symbols, r->deepest_xyz, m->energy, -r->deepest)
               ? complain("dmc", path, strerror(errno))
               : 0;
}

/* ---- the picture ---- */

enum { SHOWN = 400 }; /* averages of as many stretches of a run are drawn */

static void draw_run(plot *p, const run_options *o, const run_results *r, int k, char *name, size_t size)
{
    const size_t steps = (size_t)o->steps, length = steps > SHOWN ? steps / SHOWN : 1, shown = steps / length;
    const double *trace = r->trace + (size_t)k * steps;
    double x[2 * SHOWN], y[2 * SHOWN];
    for (size_t s = 0; s < shown && s < 2 * SHOWN; s++) {
        x[s] = ((double)s + 0.5) * (double)length * o->time_step[k] / 1000;
        y[s] = PER_CM * mean(length, trace + s * length);
    }
    snprintf(name, size, "time step %g", o->time_step[k]);
    plot_line(p, shown, x, y, (plot_style){plot_colours[k % PLOT_COLOURS], 1, 0.8, NULL}, name);
}

int draw_trace(const char *path, const run_options *o, const molecule *m, const run_results *r,
               const outcome *all)
{
    double longest = 0, low = all->zpe, high = all->zpe;
    char name[RUN_STEPS][64], title[256], at_zero[96];
    whole w;
    plot p;
    for (int k = 0; k < r->done; k++) {
        /* Averages of a stretch stray by its own error, about the root of their number times that of the run. */
        const double stray = PER_CM * r->of[k].error * 3.5 * sqrt(fmin(o->steps, SHOWN));
        longest = fmax(longest, o->time_step[k] * o->steps / 1000);
        low = fmin(low, PER_CM * r->of[k].energy - stray),
        high = fmax(high, PER_CM * r->of[k].energy + stray);
    }
    whole_open(&w, path);
    plot_begin(&p, w.out, 760, 460);
    snprintf(title, sizeof title, "%s: diffusion Monte Carlo, %d walkers", m->name, o->walkers);
    plot_text(&p, 80, 26, "start", "bold", "#22262c", title);
    plot_axes(&p, (plot_box){80, 44, 650, 350}, 0, longest, low, high, "imaginary time / 1000 a.u.",
              "energy above the minimum / cm\u207b\u00b9");
    const double x[2] = {0, longest}, upper[2] = {all->zpe + all->sigma, all->zpe + all->sigma},
                 lower[2] = {all->zpe - all->sigma, all->zpe - all->sigma}, middle[2] = {all->zpe, all->zpe};
    for (int k = 0; k < r->done; k++)
        draw_run(&p, o, r, k, name[k], sizeof name[k]);
    plot_line(&p, 2, x, upper, (plot_style){"#22262c", 1, 1, "4 3"}, NULL);
    plot_line(&p, 2, x, lower, (plot_style){"#22262c", 1, 1, "4 3"}, NULL);
    snprintf(at_zero, sizeof at_zero, "%.1f \u00b1 %.1f, at time step 0", all->zpe, all->sigma);
    plot_line(&p, 2, x, middle, (plot_style){"#22262c", 1.5, 1, NULL}, at_zero);
    plot_legend(&p, 380, 8);
    plot_finish(&p);
    return whole_close(&w, 0) ? complain("dmc", path, strerror(errno)) : 0;
}
