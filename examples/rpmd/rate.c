/* Bennett and Chandler's rate with rings. */
#include "rpmd/rate.h"
#include "common/eigen.h"
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

/* 1/m of q. */
static double inverse_mass(const path_land *on, const double *along)
{
    double sum = 0;
    for (int c = 0; c < on->n; c++)
        sum += along[c] * along[c] / (on->root[c] * on->root[c]);
    return sum;
}

/* The frequency along which the surface falls from the stationary point that Newton's method finds from x[n], or 0. */
static double barrier_frequency(const path_land *on, const double *x)
{
    enum { STEPS = 20 };
    const int n = on->n;
    double at[COORDINATES], moved[2 * COORDINATES], gradient[2 * COORDINATES], here[COORDINATES], energy[2],
        hessian[COORDINATES * COORDINATES], value[COORDINATES], mode[COORDINATES * COORDINATES];
    memcpy(at, x, (size_t)n * sizeof *at);
    for (int step = 0; step <= STEPS; step++) {
        for (int i = 0; i < n; i++) {
            const double h = 1e-4;
            memcpy(moved, at, (size_t)n * sizeof *at);
            memcpy(moved + n, at, (size_t)n * sizeof *at);
            moved[i] += h, moved[n + i] -= h;
            on->energies(on->context, 2, moved, energy, gradient);
            for (int j = 0; j < n; j++)
                hessian[i * n + j] = (gradient[j] - gradient[n + j]) / (2 * h) / (on->root[i] * on->root[j]);
        }
        on->energies(on->context, 1, at, energy, here);
        eigenvectors(n, hessian, value, mode);
        for (int q = 0; q < n && step < STEPS; q++) {
            double force = 0;
            for (int k = 0; k < n; k++)
                force += here[k] * mode[q * n + k] / on->root[k];
            for (int k = 0; k < n && fabs(value[q]) > 1e-12; k++)
                at[k] -= force / value[q] * mode[q * n + k] / on->root[k];
        }
    }
    const int saddle = value[0] < 0 && (n < 2 || value[1] > 0); /* false for numbers that are none */
    return saddle ? sqrt(-value[0]) : 0;
}

/* Takes from x[n] what varies as other[n] does, whose mean is known to be zero. */
static void regress(size_t n, const double *other, double *x)
{
    const double middle = mean(n, x);
    double both = 0, square = 0, all = 0;
    for (size_t s = 0; s < n; s++)
        both += (x[s] - middle) * other[s], square += other[s] * other[s], all += x[s] * x[s];
    if (square < 1e-16 * all) /* but for rounding it is zero always: the coordinate of `outwards` */
        return;
    for (size_t s = 0; s < n; s++)
        x[s] -= both / square * other[s];
}

/*
 * The mean of dV/dq at a held q: the slope along any direction that changes q by 1 has it, since the means of slopes that leave q
 * as it is are zero. Of these directions the one where the slope varies least is the best: coordinate by coordinate the slope along it at
 * constant q is regressed. trace[n + 1][steps].
 */
static void mean_force(ring *r, const rate_options *o, const double *along, const double *outwards,
                       double *trace, double *force, double *error)
{
    const int n = r->on->n;
    double slope[COORDINATES];
    for (size_t s = 0; s < o->settle; s++)
        ring_step(r, 1);
    for (size_t s = 0; s < o->steps; s++) {
        ring_step(r, 1);
        ring_mean(r, r->gmode, slope);
        trace[s] = dot(n, slope, outwards);
        for (int c = 0; c < n; c++)
            trace[(size_t)(c + 1) * o->steps + s] = slope[c] - along[c] * trace[s];
    }
    for (int c = 0; c < n; c++)
        regress(o->steps, trace + (size_t)(c + 1) * o->steps, trace);
    *force = mean(o->steps, trace);
    *error = block_error(o->steps, trace);
}

/* W by Simpson's rule over pairs of intervals, from the far end; between them by the same parabola of the force. */
static void integrate(const rate_options *o, const double *force, const double *error, rate_results *r)
{
    const double width = o->far / (double)(o->places - 1);
    double variance = 0;
    for (size_t k = 0; k < o->places; k++) {
        const double weight = width / 3 * (k == 0 || k + 1 == o->places ? 1 : k % 2 ? 4 : 2);
        variance += weight * weight * error[k] * error[k];
    }
    for (size_t k = o->places; k-- > 0;) {
        const double *f = force + k;
        r->q[k] = width * (double)k;
        r->work[k] = k + 1 == o->places ? 0
                     : k % 2            ? r->work[k + 1] - width / 12 * (5 * f[1] + 8 * f[0] - f[-1])
                                        : r->work[k + 2] - width / 3 * (f[0] + 4 * f[1] + f[2]);
    }
    r->barrier = r->work[0];
    r->barrier_error = sqrt(variance);
}

/* One ring, let go from where `held` is with the momenta it has: adds its speed to passed[] at the times where it is a product. Returns what
 * its speed counts at the end. */
static double follow(ring *loose, const double *along, size_t every, double speed, rate_results *r)
{
    const int n = loose->on->n;
    const double begun = ring_energy(loose);
    double centre[COORDINATES], counted = 0;
    for (size_t t = 0; t < r->ntimes; t++) {
        for (size_t s = 0; s < every; s++)
            ring_step(loose, 0);
        ring_mean(loose, loose->xmode, centre);
        counted = dot(n, along, centre) < 0 ? speed : 0;
        r->passed[t] += counted;
    }
    const double strayed = fabs(ring_energy(loose) - begun) * loose->beta / (double)loose->beads;
    r->strayed = strayed > r->strayed || isnan(strayed) ? strayed : r->strayed;
    return counted;
}

/* Rings that are let go from q = 0: kappa is the sum of q' of those that end as products, over half the sum of |q'|. */
static int release(ring *held, ring *loose, const double *along, const rate_options *o, rate_results *r)
{
    const size_t size = held->beads * (size_t)held->on->n, every = (size_t)(r->time[0] / o->step + 0.5);
    double centre[COORDINATES], *ended = calloc(o->released, sizeof *ended), half = 0;
    if (!ended)
        return 1;
    for (size_t k = 0; k < o->released; k++) {
        for (size_t s = 0; s < o->apart; s++)
            ring_step(held, 1);
        ring_momenta(held);
        double speed = 0;
        ring_mean(held, held->pmode, centre);
        for (int c = 0; c < held->on->n; c++)
            speed -=
                along[c] * centre[c] / (held->on->root[c] * held->on->root[c]); /* q falls in a reaction */
        for (int sign = 1; sign >= -1; sign -= 2) {
            ring_place(loose, held);
            for (size_t i = 0; i < size; i++)
                loose->pmode[i] = sign * held->pmode[i];
            ended[k] += follow(loose, along, every, sign * speed, r);
        }
        half += fabs(speed);
    }
    r->kappa = mean(o->released, ended) * (double)o->released / half;
    for (size_t t = 0; t < r->ntimes; t++)
        r->passed[t] /= half;
    for (size_t k = 0; k < o->released; k++)
        ended[k] *= (double)o->released / half;
    r->kappa_error = block_error(o->released, ended);
    free(ended);
    return 0;
}

int rate_run(const path_land *on, const double *along, const double *begin, const double *outwards,
             const rate_options *o, rate_results *r)
{
    const double width = o->far / (double)(o->places - 1), inverse = inverse_mass(on, along),
                 speed = sqrt(o->temperature * inverse),
                 every = ceil((o->follow > 0 ? o->follow : 5 / speed) / (RATE_TIMES * o->step));
    ring held = {0}, loose = {0};
    double *trace = calloc((COORDINATES + 1) * o->steps + 2 * o->places, sizeof *trace), place[COORDINATES];
    *r = (rate_results){.nplaces = o->places, .ntimes = RATE_TIMES};
    r->q = calloc(2 * r->nplaces, sizeof *r->q);
    int bad = !trace || !r->q || on->n > COORDINATES ||
              ring_make(&held, on, o->beads, o->temperature, o->step) ||
              ring_make(&loose, on, o->beads, o->temperature, o->step);
    if (!bad) {
        double *force = trace + (COORDINATES + 1) * o->steps, *error = force + o->places;
        r->work = r->q + r->nplaces;
        r->frequency = barrier_frequency(on, begin);
        held.hold = along;
        for (size_t t = 0; t < r->ntimes; t++)
            r->time[t] = every * o->step * (double)(t + 1);
        for (size_t k = 0; k < o->places; k++) {
            for (int c = 0; c < on->n; c++)
                place[c] = begin[c] + width * (double)k * outwards[c];
            ring_begin(&held, o->seed, k, place);
            mean_force(&held, o, along, outwards, trace, &force[k], &error[k]);
        }
        integrate(o, force, error, r);
        ring_begin(&held, o->seed, o->places, begin);
        for (size_t s = 0; s < o->settle; s++)
            ring_step(&held, 1);
        bad = release(&held, &loose, along, o, r);
        r->transition = sqrt(o->temperature * inverse / (2 * PI)) * exp(-r->barrier / o->temperature);
        r->rate = r->kappa * r->transition;
        r->error = r->rate * hypot(r->barrier_error / o->temperature, r->kappa_error / (r->kappa + 1e-300));
    }
    r->lowest = fmin(held.lowest, loose.lowest);
    ring_free(&held);
    ring_free(&loose);
    free(trace);
    return bad;
}

void rate_free(rate_results *r)
{
    free(r->q);
    *r = (rate_results){0};
}
