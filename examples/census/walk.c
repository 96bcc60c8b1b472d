/* Diffusion Monte Carlo whose walkers die in holes. */
#include "census/search.h"
#include "common/evaluate.h"
#include "common/modes.h"
#include "common/statistics.h"
#include <stdlib.h>

enum { SHOWN = 2000, FIRST_STREAM = 1000 }; /* SHOWN: of all walkers on their way, in the picture */

/* A population, and the next one. */
typedef struct population {
    double *xyz, *next, *energy, *trace; /* [room][n] twice, [room], [steps] */
    size_t alive, room;
    generator *random; /* [room / CENSUS_BLOCK, up] */
} population;

/* Walkers of the harmonic ground state, or at the minimum where one of these would be nonsense. */
static void begin(search *s, population *p)
{
    const size_t n = (size_t)s->n;
    p->alive = (size_t)s->c->options.walkers;
    for (size_t i = 0; i < p->alive; i++) {
        double *xyz = p->xyz + i * n;
        memcpy(xyz, s->c->xyz, n * sizeof *xyz);
        for (int q = 0; q < s->nvibrations; q++) {
            /* The wave function, not its square, is what walkers are distributed by: variance 1/w. */
            const double w = fmax(s->wavenumber[q], 100) / PER_CM,
                         x = sqrt(1 / w) * random_normal(&s->random);
            for (size_t k = 0; k < n; k++)
                xyz[k] += x * s->modes[(size_t)q * n + k] / s->root[k];
        }
        if (is_close(s, xyz))
            memcpy(xyz, s->c->xyz, n * sizeof *xyz);
    }
}

static void diffuse_block(const search *s, block *b, void *context)
{
    const size_t n = (size_t)s->n;
    const double width = *(double *)context;
    for (size_t i = 0; i < b->count; i++)
        for (size_t k = 0; k < n; k++)
            b->xyz[i * n + k] += width / s->root[k] * random_normal(b->random);
}

static void diffuse(search *s, population *p)
{
    double width = sqrt(s->c->options.time_step);
    evaluate_blocks(s, p->alive, p->xyz, p->energy, p->random, diffuse_block, &width);
}

/* Copies of a walker go into the next population, as many as its weight says on average; returns the weight. */
static double branch(search *s, population *p, size_t i, double reference, size_t *next)
{
    const size_t n = (size_t)s->n;
    const double weight = exp(-s->c->options.time_step * (p->energy[i] - reference));
    const int copies = (int)fmin(3, floor(weight + random_uniform(&s->random)));
    for (int copy = 0; copy < copies && *next < p->room; copy++)
        memcpy(p->next + (*next)++ * n, p->xyz + i * n, n * sizeof *p->xyz);
    return weight;
}

/* One step; returns the mean energy of the walkers that are left: of their means before and after they branch, which stray
 * from the energy of the ground state to either side, alike. */
static double step(search *s, population *p, double reference, size_t every)
{
    census *c = s->c;
    const size_t n = (size_t)s->n;
    double before = 0, after = 0, weights = 0, *swap = p->xyz;
    size_t next = 0, counted = 0;
    diffuse(s, p);
    for (size_t i = 0; i < p->alive; i++) {
        const double *xyz = p->xyz + i * n, energy = p->energy[i];
        const int close = is_close(s, xyz);
        if (!close && c->walker_steps % every == 0)
            add_point(s, xyz, energy, 0);
        c->walker_steps++;
        if (close) {
            c->walker_close++;
        } else if (is_hole(s, energy)) {
            c->walker_holes++;
            add_hole(s, xyz, energy, CENSUS_WALKER, 0);
        } else {
            const double weight = branch(s, p, i, reference, &next);
            before += energy;
            after += weight * energy;
            weights += weight;
            counted++;
        }
    }
    p->xyz = p->next, p->next = swap;
    p->alive = next;
    return counted ? 0.5 * (before / (double)counted + after / weights) : c->minimum;
}

static void walk_on(search *s, population *p)
{
    census *c = s->c;
    const census_options *o = &c->options;
    const double total = (double)o->walkers * o->steps;
    const size_t every = total > SHOWN ? (size_t)(total / SHOWN) : 1;
    double reference = c->minimum + c->harmonic;
    int done = 0;
    for (; done < o->steps && p->alive > 0; done++) {
        const double average = step(s, p, reference, every);
        if (p->alive > 0) /* the population is brought back to its size within ten steps or so */
            reference = average - 0.1 / o->time_step * log((double)p->alive / o->walkers);
        p->trace[done] = reference - c->minimum;
    }
    c->extinct = p->alive == 0;
    const size_t settled = (size_t)done / 2;
    c->ground = c->extinct ? (double)NAN : mean((size_t)done - settled, p->trace + settled);
    c->ground_error = c->extinct ? (double)NAN : block_error((size_t)done - settled, p->trace + settled);
}

int walk(search *s)
{
    const census_options *o = &s->c->options;
    population p = {.room = 2 * (size_t)o->walkers};
    const size_t blocks = (p.room + CENSUS_BLOCK - 1) / CENSUS_BLOCK;
    double *all = malloc((2 * p.room * (size_t)s->n + p.room + (size_t)o->steps) * sizeof *all);
    p.random = malloc(blocks * sizeof *p.random);
    if (!all || !p.random) {
        free(all);
        free(p.random);
        return 1;
    }
    for (size_t k = 0; k < blocks; k++)
        random_start(&p.random[k], o->seed, FIRST_STREAM + k);
    p.xyz = all, p.next = p.xyz + p.room * (size_t)s->n, p.energy = p.next + p.room * (size_t)s->n;
    p.trace = p.energy + p.room;
    begin(s, &p);
    walk_on(s, &p);
    free(all);
    free(p.random);
    return 0;
}
