/* Walkers. */
#define _POSIX_C_SOURCE 200809L
#include "dmc/walkers.h"
#include "common/modes.h"
#include "common/progress.h"
#include <stdlib.h>
#include <string.h>

#define RETURN_TIME 500 /* a.u., in which the sum of weights comes back */

enum { AFTER, LOWEST, WHO, SUMS };

int walkers_make(walkers *w, const terrain *on, size_t wanted, double time_step)
{
    const size_t n = (size_t)on->n, room = 2 * wanted, blocks = (room + WALKERS_BLOCK - 1) / WALKERS_BLOCK;
    const size_t numbers = room * n + 4 * room + 2 * n + SUMS * blocks;
    *w = (walkers){.on = on, .wanted = wanted, .room = room, .blocks = blocks, .time_step = time_step};
    w->bytes = numbers * sizeof(double) + (blocks + 1) * sizeof(generator);
    w->xyz = calloc(1, w->bytes);
    if (!w->xyz)
        return 1;
    w->energy = w->xyz + room * n, w->weight = w->energy + room, w->beside = w->weight + room;
    w->parent = w->beside + room, w->deepest_xyz = w->parent + room, w->kick = w->deepest_xyz + n;
    w->sums = w->kick + n;
    w->random = (generator *)(void *)(w->sums + SUMS * blocks);
    for (size_t k = 0; k < n; k++)
        w->kick[k] = sqrt(time_step) / on->root[k];
    return 0;
}

void walkers_free(walkers *w)
{
    free(w->xyz);
    *w = (walkers){0};
}

/* One walker of the harmonic ground state: the wave function, not its square, is drawn from: variance 1/w. */
static void draw(const walkers *w, generator *g, const double *xyz, int modes, const double *wavenumber,
                 const double *mode, double *to)
{
    const size_t n = (size_t)w->on->n;
    memcpy(to, xyz, n * sizeof *to);
    for (int q = 0; q < modes; q++) {
        const double x = random_normal(g) / sqrt(fmax(wavenumber[q], 100) / PER_CM);
        for (size_t k = 0; k < n; k++)
            to[k] += x * mode[(size_t)q * n + k] / w->on->root[k];
    }
}

int walkers_begin(walkers *w, uint64_t seed, uint64_t stream, const double *xyz, int modes,
                  const double *wavenumber, const double *mode)
{
    const terrain *on = w->on;
    double spread;
    for (size_t b = 0; b <= w->blocks; b++)
        random_start(&w->random[b], seed, stream + b);
    for (size_t i = 0; i < w->wanted; i++) {
        double *to = w->xyz + i * (size_t)on->n;
        int tries = 1000;
        do {
            draw(w, &w->random[w->blocks], xyz, modes, wavenumber, mode, to);
            if (on->node.kind != NODE_NONE)
                w->beside[i] = node_value(&on->node, to, on->root, &spread);
        } while (on->node.kind != NODE_NONE && on->side * w->beside[i] <= 0 && --tries > 0);
        if (!tries)
            return 1;
        w->weight[i] = 1;
        w->parent[i] = (double)i;
    }
    w->alive = w->wanted;
    w->steps = w->holes = 0;
    on->energies(on->context, w->alive, w->xyz, w->energy, NULL);
    w->average = on->lowest;
    for (int q = 0; q < modes; q++)
        w->average += 0.5 * wavenumber[q] / PER_CM;
    w->reference = w->average;
    w->deepest = w->energy[0];
    memcpy(w->deepest_xyz, w->xyz, (size_t)on->n * sizeof *w->xyz);
    /* What of the harmonic state lies in a hole dies at once: its energy would be that of the first step. */
    for (size_t i = 0; i < w->alive; i++)
        if (!(w->energy[i] >= on->lowest - on->margin))
            w->weight[i] = 0, w->energy[i] = on->lowest;
    return 0;
}

/* The chance that a walker that is on the right side of the node before and after a step did not cross it meanwhile. */
static double stayed(const walkers *w, size_t i)
{
    double spread;
    const double before = w->beside[i],
                 after = node_value(&w->on->node, w->xyz + i * (size_t)w->on->n, w->on->root, &spread);
    w->beside[i] = after;
    return after * before <= 0 ? 0 : 1 - exp(-2 * before * after / (spread * w->time_step));
}

/* Moves the walkers of a block, and weighs them. */
static void move_block(walkers *w, size_t b, double *seconds)
{
    const terrain *on = w->on;
    const size_t n = (size_t)on->n, from = b * WALKERS_BLOCK;
    const size_t count = w->alive - from < WALKERS_BLOCK ? w->alive - from : WALKERS_BLOCK;
    double before[WALKERS_BLOCK], *xyz = w->xyz + from * n, *energy = w->energy + from,
                                  *sums = w->sums + SUMS * b;
    generator g = w->random[b]; /* a copy that no other can touch: its state stays in registers */
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n; k++)
            xyz[i * n + k] += w->kick[k] * random_normal(&g);
    memcpy(w->random[b].state, g.state, sizeof g.state);
    memcpy(before, energy, count * sizeof *before);
    const double clock = seconds_now();
    on->energies(on->context, count, xyz, energy, NULL);
    *seconds += seconds_now() - clock;
    sums[AFTER] = 0, sums[LOWEST] = INFINITY, sums[WHO] = (double)from;
    for (size_t i = 0; i < count; i++) {
        double weight = w->weight[from + i];
        if (energy[i] < sums[LOWEST])
            sums[LOWEST] = energy[i], sums[WHO] = (double)(from + i);
        if (energy[i] >= on->lowest - on->margin)
            weight *= exp(-w->time_step * (0.5 * (before[i] + energy[i]) - w->reference));
        else
            weight = -1; /* a hole */
        if (on->node.kind != NODE_NONE && weight > 0)
            weight *= stayed(w, from + i);
        w->weight[from + i] = weight;
        sums[AFTER] += fmax(weight, 0);
    }
}

static void copy(walkers *w, size_t to, size_t from)
{
    const size_t n = (size_t)w->on->n;
    memcpy(w->xyz + to * n, w->xyz + from * n, n * sizeof *w->xyz);
    w->energy[to] = w->energy[from], w->weight[to] = w->weight[from];
    w->beside[to] = w->beside[from], w->parent[to] = w->parent[from];
}

/* Death and birth. */
static void branch(walkers *w)
{
    generator *g = &w->random[w->blocks];
    const size_t last = w->alive; /* those behind were born in this step */
    for (size_t i = 0; i < last; i++) {
        double *weight = &w->weight[i];
        w->holes += *weight < 0;
        if (*weight < 0.5)
            *weight = *weight > 0 && random_uniform(g) < *weight ? 1 : 0;
        if (*weight > 2) {
            const size_t born = (size_t)*weight - 1, free = w->room - w->alive;
            const size_t copies = born < free ? born : free;
            *weight /= (double)(copies + 1);
            for (size_t k = 0; k < copies; k++)
                copy(w, w->alive++, i);
        }
    }
    /* The dead are replaced by the last ones. */
    for (size_t i = 0; i < w->alive;)
        if (w->weight[i] > 0)
            i++;
        else if (--w->alive > i)
            copy(w, i, w->alive);
}

double walkers_step(walkers *w)
{
    const long blocks = (long)((w->alive + WALKERS_BLOCK - 1) / WALKERS_BLOCK);
    double before = 0, after = 0, seconds = 0;
    for (size_t i = 0; i < w->alive; i++)
        before += w->weight[i];
#ifdef _OPENMP
#pragma omp parallel for schedule(static) reduction(+ : seconds)
#endif
    for (long b = 0; b < blocks; b++)
        move_block(w, (size_t)b, &seconds);
    w->surface += seconds;
    w->steps++;
    for (long b = 0; b < blocks; b++) {
        const double *sums = w->sums + SUMS * b;
        after += sums[AFTER];
        if (sums[LOWEST] < w->deepest) {
            w->deepest = sums[LOWEST];
            memcpy(w->deepest_xyz, w->xyz + (size_t)sums[WHO] * (size_t)w->on->n,
                   (size_t)w->on->n * sizeof *w->xyz);
        }
    }
    branch(w);
    if (!w->alive || !(after > 0))
        return (double)NAN;
    const double energy = w->reference - log(after / before) / w->time_step;
    const double share = fmax(w->time_step / RETURN_TIME, 1 / w->steps);
    w->average += fmin(share, 1) * (energy - w->average);
    w->reference = w->average - log(after / (double)w->wanted) / RETURN_TIME;
    return energy;
}

void walkers_mark(walkers *w)
{
    for (size_t i = 0; i < w->alive; i++)
        w->parent[i] = (double)i;
}
