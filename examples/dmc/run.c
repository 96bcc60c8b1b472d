/* Runs of diffusion Monte Carlo. */
#define _POSIX_C_SOURCE 200809L
#include "dmc/run.h"
#include "common/eckart.h"
#include "common/modes.h"
#include "common/progress.h"
#include "common/rooms.h"
#include "common/statistics.h"
#include "common/whole.h"
#include "dmc/checkpoint.h"
#include <stdlib.h>

/* ---- descendant weighting ---- */

/* Averages over the ancestors, each weighted with what its descendants weigh now: J. Kalos, Phys. Rev. A 2, 250 (1970). */
static void weigh_ancestors(run *r)
{
    const walkers *w = &r->w;
    const size_t n = (size_t)r->on.n;
    double total = 0, value[AVERAGES], *sum = r->windows + r->window * AVERAGES;
    memset(r->shares, 0, w->room * sizeof *r->shares);
    memset(sum, 0, AVERAGES * sizeof *sum);
    for (size_t i = 0; i < w->alive; i++)
        r->shares[(size_t)w->parent[i]] += w->weight[i];
    for (size_t i = 0; i < w->room; i++)
        if (r->shares[i] > 0) {
            average_at(r->m, r->reference, r->parents + i * n, value);
            total += r->shares[i];
            for (int k = 0; k < AVERAGES; k++)
                sum[k] += r->shares[i] * value[k];
        }
    for (int k = 0; k < AVERAGES; k++)
        sum[k] /= total;
    r->window++;
}

static void mark_ancestors(run *r)
{
    walkers_mark(&r->w);
    memcpy(r->parents, r->w.xyz, r->w.alive * (size_t)r->on.n * sizeof *r->parents);
}

/* ---- one run ---- */

static int lost(const run *r)
{
    char text[256];
    snprintf(text, sizeof text,
             "all walkers died, at step %.0f of time step %g; the lowest energy they saw is %.1f cm^-1 above "
             "the minimum",
             r->w.steps, r->w.time_step, PER_CM * (r->w.deepest - r->m->energy));
    return complain("dmc", r->m->name, text);
}

/* From where it is to its end. */
static int go_on(run *r, run_results *all, progress *line)
{
    const run_options *o = r->o;
    const size_t end = r->settle + (size_t)o->steps;
    double *trace = all->trace + (size_t)all->done * (size_t)o->steps, next = seconds_now() + o->every;
    char what[64];
    snprintf(what, sizeof what, "time step %g (%d of %d)", r->w.time_step, all->done + 1, o->ntime_steps);
    for (; r->at < end; r->at++) {
        const double begin = seconds_now();
        if (r->at >= r->settle && r->length) {
            const size_t since = r->at - r->settle;
            if (since > 0 && since % r->length == 0)
                weigh_ancestors(r);
            if (since % r->length == 0 && since + r->length <= (size_t)o->steps)
                mark_ancestors(r);
        }
        const double energy = walkers_step(&r->w);
        if (!isfinite(energy)) {
            progress_end(line);
            return lost(r);
        }
        if (r->at >= r->settle)
            trace[r->at - r->settle] = energy - r->m->energy;
        r->seconds += seconds_now() - begin;
        if (o->checkpoint && seconds_now() >= next) {
            r->at++;
            const int bad = checkpoint_write(r, all);
            r->at--;
            if (bad)
                return 1;
            next = seconds_now() + o->every;
        }
        progress_show(line, what, (double)(r->at + 1), (double)end);
    }
    if (r->length && r->window < r->nwindows)
        weigh_ancestors(r);
    return 0;
}

static double *column(const run *r, int k, double *room)
{
    for (size_t w = 0; w < r->nwindows; w++)
        room[w] = r->windows[w * AVERAGES + (size_t)k];
    return room;
}

static int conclude(const run *r, run_results *all)
{
    const size_t steps = (size_t)r->o->steps;
    run_result *result = &all->of[all->done];
    const double *trace = all->trace + (size_t)all->done * steps;
    double *room = calloc(steps + r->nwindows, sizeof *room);
    if (!room)
        return complain("dmc", "", "out of memory");
    memcpy(room, trace, steps * sizeof *room);
    *result = (run_result){.holes = r->w.holes,
                           .walker_steps = (double)r->w.wanted * r->w.steps,
                           .seconds = r->seconds,
                           .surface_seconds = r->w.surface};
    result->energy = mean(steps, trace);
    result->error = block_error(steps, room);
    for (int k = 0; k < AVERAGES && r->nwindows; k++) {
        result->average[k] = mean(r->nwindows, column(r, k, room));
        result->average_error[k] = block_error(r->nwindows, room);
    }
    if (r->w.deepest - r->m->energy < all->deepest) {
        all->deepest = r->w.deepest - r->m->energy;
        memcpy(all->deepest_xyz, r->w.deepest_xyz, (size_t)r->on.n * sizeof *room);
    }
    all->done++;
    free(room);
    return 0;
}

static void run_release(run *r)
{
    walkers_free(&r->w);
    free(r->reference);
}

/* Room for the run of this time step, and its beginning; the walkers are not placed yet. */
static int prepare(const run_options *o, const molecule *m, const node *at, rooms *lanes, double time_step,
                   run *r)
{
    const size_t n = 3 * (size_t)m->natoms, length = (size_t)ceil(o->descend / time_step);
    double spread;
    *r = (run){.o = o, .m = m};
    r->on = (terrain){.n = (int)n,
                      .root = m->root,
                      .energies = rooms_energies,
                      .context = lanes,
                      .lowest = m->energy,
                      .margin = o->margin,
                      .node = *at,
                      .side = 1};
    if (at->kind != NODE_NONE && node_value(at, m->xyz, m->root, &spread) < -1e-6)
        r->on.side = -1;
    r->settle = (size_t)ceil(o->settle / time_step);
    r->length = length <= (size_t)o->steps ? length : (size_t)o->steps;
    r->nwindows = r->length ? (size_t)o->steps / r->length : 0;
    if (walkers_make(&r->w, &r->on, (size_t)o->walkers, time_step))
        return complain("dmc", "", "out of memory: fewer --walkers take less");
    const size_t room = r->length ? r->w.room : 0;
    r->numbers = n + room * (n + 1) + r->nwindows * AVERAGES;
    r->reference = calloc(r->numbers, sizeof *r->reference);
    if (!r->reference)
        return complain("dmc", "", "out of memory: fewer --walkers take less");
    r->parents = r->reference + n, r->shares = r->parents + room * n, r->windows = r->shares + room;
    memcpy(r->reference, m->xyz, n * sizeof *r->reference);
    to_principal_axes(m->natoms, m->mass, r->reference);
    return 0;
}

static int one_run(const run_options *o, const molecule *m, const node *at, rooms *lanes, run_results *all,
                   progress *line)
{
    run r;
    int bad = prepare(o, m, at, lanes, o->time_step[all->done], &r);
    const int begun = !bad && checkpoint_has(o) ? checkpoint_read(&r, all) : 0;
    bad = bad || begun < 0;
    if (!bad && !begun &&
        walkers_begin(&r.w, (uint64_t)o->seed, (uint64_t)all->done << 32, m->xyz, m->vibrations,
                      m->wavenumber, m->mode))
        bad = complain("dmc", "--node", "no place on one side of the node was found about the minimum");
    bad = bad || go_on(&r, all, line) || conclude(&r, all);
    run_release(&r);
    return bad;
}

int run_all(const run_options *o, const molecule *m, run_results *all)
{
    const size_t n = 3 * (size_t)m->natoms;
    progress line = {.program = "dmc"};
    rooms lanes = {0};
    node at;
    *all = (run_results){.deepest = INFINITY};
    all->trace = calloc((size_t)o->ntime_steps * (size_t)o->steps + n, sizeof *all->trace);
    int bad = node_read("dmc", o->node, m->natoms, &at);
    if (!bad && (!all->trace || rooms_make(m, &lanes)))
        bad = complain("dmc", "", "out of memory");
    all->deepest_xyz = all->trace ? all->trace + (size_t)o->ntime_steps * (size_t)o->steps : NULL;
    if (!bad && checkpoint_has(o))
        bad = checkpoint_count(o, m, &all->done);
    while (!bad && all->done < o->ntime_steps)
        bad = one_run(o, m, &at, &lanes, all, &line);
    progress_end(&line);
    free(lanes.all);
    return bad;
}

void run_free(run_results *r)
{
    free(r->trace);
    *r = (run_results){0};
}
