/* Bennett and Chandler's rate with rings. */
#include "rpmd/rate.h"
#include "common/statistics.h"
#include "rpmd/rings.h"
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

enum { COORDINATES = 8 };

static double dot(int n, const double *a, const double *b)
{
    double sum = 0;
    for (int k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

/* The mean of dV/dq at a held q. */
static void mean_force(ring *r, const rate_options *o, const double *outwards, double *trace, double *force,
                       double *error)
{
    double mean_gradient[COORDINATES];
    for (size_t s = 0; s < o->settle; s++)
        ring_step(r, 1);
    for (size_t s = 0; s < o->steps; s++) {
        ring_step(r, 1);
        ring_mean(r, r->gradient, mean_gradient);
        trace[s] = dot(r->on->n, mean_gradient, outwards);
    }
    *force = mean(o->steps, trace);
    *error = block_error(o->steps, trace);
}

/* Rings that are let go from q = 0: kappa is the sum of q' of those that end as products, over half the sum of |q'|. */
static int release(ring *held, ring *loose, const double *along, const rate_options *o, rate_results *r)
{
    const int n = held->on->n;
    const size_t size = held->beads * (size_t)n;
    double centre[COORDINATES], *ended = calloc(o->released, sizeof *ended), half = 0, all = 0;
    if (!ended)
        return 1;
    for (size_t k = 0; k < o->released; k++) {
        for (size_t s = 0; s < o->apart; s++)
            ring_step(held, 1);
        memcpy(loose->x, held->x, size * sizeof *loose->x);
        memcpy(loose->gradient, held->gradient, size * sizeof *loose->x);
        memcpy(loose->energy, held->energy, held->beads * sizeof *loose->x);
        ring_momenta(loose);
        const double begun = ring_energy(loose);
        double speed = 0;
        ring_mean(loose, loose->p, centre);
        for (int c = 0; c < n; c++)
            speed -=
                along[c] * centre[c] / (loose->on->root[c] * loose->on->root[c]); /* q falls in a reaction */
        for (size_t s = 0; s < o->length; s++)
            ring_step(loose, 0);
        ring_mean(loose, loose->x, centre);
        r->strayed = fmax(r->strayed, fabs(ring_energy(loose) - begun) * loose->beta / (double)loose->beads);
        ended[k] = dot(n, along, centre) < 0 ? speed : 0;
        half += 0.5 * fabs(speed), all += ended[k];
    }
    r->kappa = all / half;
    for (size_t k = 0; k < o->released; k++)
        ended[k] *= (double)o->released / half;
    r->kappa_error = block_error(o->released, ended);
    free(ended);
    return 0;
}

int rate_run(const path_land *on, const double *along, const double *begin, const double *outwards,
             const rate_options *o, rate_results *r)
{
    ring held = {0}, loose = {0};
    double *trace = calloc(o->steps, sizeof *trace), place[COORDINATES], variance = 0, inverse = 0;
    *r = (rate_results){0};
    int bad = !trace || on->n > COORDINATES || ring_make(&held, on, o->beads, o->temperature, o->step) ||
              ring_make(&loose, on, o->beads, o->temperature, o->step);
    held.hold = along;
    for (size_t k = 0; k < o->places && !bad; k++) {
        const double width = o->far / (double)(o->places - 1), q = width * (double)k;
        const double weight = width / 3 * (k == 0 || k + 1 == o->places ? 1 : k % 2 ? 4 : 2); /* Simpson */
        double force, error;
        for (int c = 0; c < on->n; c++)
            place[c] = begin[c] + q * outwards[c];
        ring_begin(&held, o->seed, k, place);
        mean_force(&held, o, outwards, trace, &force, &error);
        r->barrier -= weight * force;
        variance += weight * weight * error * error;
    }
    if (!bad) {
        ring_begin(&held, o->seed, o->places, begin);
        random_start(&loose.random, o->seed, o->places + 1);
        for (size_t s = 0; s < o->settle; s++)
            ring_step(&held, 1);
        bad = release(&held, &loose, along, o, r);
    }
    for (int c = 0; c < on->n; c++)
        inverse += along[c] * along[c] / (on->root[c] * on->root[c]);
    r->barrier_error = sqrt(variance);
    r->transition = sqrt(o->temperature * inverse / (2 * PI)) * exp(-r->barrier / o->temperature);
    r->rate = r->kappa * r->transition;
    r->error = r->rate * hypot(r->barrier_error / o->temperature, r->kappa_error / (r->kappa + 1e-300));
    ring_free(&held);
    ring_free(&loose);
    free(trace);
    return bad;
}
