/* Ring-polymer molecular dynamics. */
#include "rpmd/rings.h"
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

int ring_make(ring *r, const path_land *on, size_t beads, double temperature, double step)
{
    const size_t n = (size_t)on->n, size = beads * n;
    *r = (ring){.on = on,
                .beads = beads,
                .beta = 1 / temperature,
                .step = step,
                .friction = 3e-3,
                .lowest = INFINITY};
    r->x = calloc(5 * size + beads * (beads + 2), sizeof *r->x);
    if (!r->x)
        return 1;
    r->gradient = r->x + size, r->xmode = r->gradient + size, r->pmode = r->xmode + size,
    r->gmode = r->pmode + size;
    r->mode = r->gmode + size, r->frequency = r->mode + beads * beads, r->energy = r->frequency + beads;
    for (size_t k = 0; k < beads; k++) {
        r->frequency[k] = 2 * (double)beads * temperature * sin(PI * (double)k / (double)beads);
        for (size_t j = 0; j < beads; j++) {
            const double angle = 2 * PI * (double)(j * k % beads) / (double)beads;
            r->mode[k * beads + j] =
                k == 0           ? sqrt(1 / (double)beads)
                : 2 * k == beads ? (j % 2 ? -1 : 1) * sqrt(1 / (double)beads)
                                 : sqrt(2 / (double)beads) * (2 * k < beads ? cos(angle) : sin(angle));
        }
    }
    return 0;
}

void ring_free(ring *r)
{
    free(r->x);
    *r = (ring){0};
}

/* to <- modes of from, or back. */
static void turn(const ring *r, int back, const double *from, double *to)
{
    const size_t n = (size_t)r->on->n, beads = r->beads;
    memset(to, 0, beads * n * sizeof *to);
    for (size_t k = 0; k < beads; k++)
        for (size_t j = 0; j < beads; j++) {
            const double f = r->mode[back ? j * beads + k : k * beads + j];
            for (size_t c = 0; c < n; c++)
                to[k * n + c] += f * from[j * n + c];
        }
}

/* Takes what moves along `hold` from the centroid's momentum, the first n of the modes'. */
static void hold(ring *r)
{
    double speed = 0, inverse = 0;
    for (int c = 0; r->hold && c < r->on->n; c++) {
        const double mass = r->on->root[c] * r->on->root[c];
        speed += r->hold[c] * r->pmode[c] / mass, inverse += r->hold[c] * r->hold[c] / mass;
    }
    for (int c = 0; r->hold && c < r->on->n; c++)
        r->pmode[c] -= r->hold[c] * speed / inverse;
}

/* Mixes the modes' momenta with new ones: what is kept of mode k is exp(-friction dt). */
static void thermalise(ring *r, double dt)
{
    const size_t n = (size_t)r->on->n;
    for (size_t k = 0; k < r->beads; k++) {
        const double kept = exp(-dt * (k ? 2 * r->frequency[k] : r->friction)),
                     drawn = sqrt((1 - kept * kept) * (double)r->beads / r->beta);
        for (size_t c = 0; c < n; c++)
            r->pmode[k * n + c] =
                kept * r->pmode[k * n + c] + drawn * r->on->root[c] * random_normal(&r->random);
    }
}

void ring_momenta(ring *r)
{
    const size_t n = (size_t)r->on->n;
    for (size_t k = 0; k < r->beads * n; k++)
        r->pmode[k] = sqrt((double)r->beads / r->beta) * r->on->root[k % n] * random_normal(&r->random);
}

/* Beads from modes, the surface there, and its gradient in modes. */
static void look(ring *r)
{
    turn(r, 1, r->xmode, r->x);
    r->on->energies(r->on->context, r->beads, r->x, r->energy, r->gradient);
    for (size_t j = 0; j < r->beads; j++)
        r->lowest = fmin(r->lowest, r->energy[j]);
    turn(r, 0, r->gradient, r->gmode);
}

void ring_begin(ring *r, uint64_t seed, uint64_t stream, const double *x)
{
    const size_t n = (size_t)r->on->n;
    random_start(&r->random, seed, stream);
    memset(r->xmode, 0, r->beads * n * sizeof *r->xmode);
    for (size_t c = 0; c < n; c++)
        r->xmode[c] = sqrt((double)r->beads) * x[c];
    ring_momenta(r);
    look(r);
}

void ring_place(ring *r, const ring *from)
{
    const size_t size = r->beads * (size_t)r->on->n;
    memcpy(r->x, from->x, size * sizeof *r->x);
    memcpy(r->xmode, from->xmode, size * sizeof *r->x);
    memcpy(r->gmode, from->gmode, size * sizeof *r->x);
    memcpy(r->energy, from->energy, r->beads * sizeof *r->x);
}

static void free_motion(ring *r)
{
    const size_t n = (size_t)r->on->n;
    for (size_t k = 0; k < r->beads; k++) {
        const double w = r->frequency[k], c = cos(w * r->step), s = sin(w * r->step);
        for (size_t i = 0; i < n; i++) {
            const double mass = r->on->root[i] * r->on->root[i], x = r->xmode[k * n + i],
                         p = r->pmode[k * n + i];
            r->xmode[k * n + i] = k ? c * x + s * p / (mass * w) : x + r->step * p / mass;
            r->pmode[k * n + i] = k ? c * p - mass * w * s * x : p;
        }
    }
}

static void kick(ring *r)
{
    for (size_t k = 0; k < r->beads * (size_t)r->on->n; k++)
        r->pmode[k] -= 0.5 * r->step * r->gmode[k];
}

void ring_step(ring *r, int thermostat)
{
    if (thermostat)
        thermalise(r, 0.5 * r->step);
    kick(r);
    hold(r);
    free_motion(r);
    look(r);
    kick(r);
    if (thermostat)
        thermalise(r, 0.5 * r->step);
    hold(r);
}

double ring_energy(const ring *r)
{
    const size_t n = (size_t)r->on->n;
    double sum = 0;
    for (size_t k = 0; k < r->beads; k++) {
        sum += r->energy[k];
        for (size_t c = 0; c < n; c++) {
            const double mass = r->on->root[c] * r->on->root[c], x = r->frequency[k] * r->xmode[k * n + c],
                         p = r->pmode[k * n + c];
            sum += p * p / (2 * mass) + 0.5 * mass * x * x;
        }
    }
    return sum;
}

void ring_mean(const ring *r, const double *modes, double *mean)
{
    for (int c = 0; c < r->on->n; c++)
        mean[c] = modes[c] / sqrt((double)r->beads);
}
