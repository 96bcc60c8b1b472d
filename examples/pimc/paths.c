/* Closed paths. */
#include "pimc/paths.h"
#include "common/statistics.h"
#include <stdlib.h>
#include <string.h>

/* Room of a ring: trial beads and their energies, gradients, a centroid. */
static size_t room_of(const paths *p)
{
    return 2 * p->beads * ((size_t)p->on->n + 1) + (size_t)p->on->n;
}

int paths_make(paths *p, const path_land *on, size_t rings, size_t beads, double temperature)
{
    const size_t n = (size_t)on->n;
    *p = (paths){.on = on, .rings = rings, .beads = beads, .beta = 1 / temperature};
    p->tau = p->beta / (double)beads;
    p->length = beads > 2 ? beads / 2 : 1;
    p->shift = 0.1;
    p->xyz = calloc(rings * beads * (n + 1) + n + rings * room_of(p), sizeof *p->xyz);
    p->random = calloc(rings, sizeof *p->random);
    p->sums = calloc(rings, sizeof *p->sums);
    if (!p->xyz || !p->random || !p->sums)
        return 1;
    p->energy = p->xyz + rings * beads * n;
    p->lowest_xyz = p->energy + rings * beads;
    p->room = p->lowest_xyz + n;
    return 0;
}

void paths_free(paths *p)
{
    free(p->xyz);
    free(p->random);
    free(p->sums);
    *p = (paths){0};
}

void paths_begin(paths *p, uint64_t seed, uint64_t stream, const double *xyz)
{
    const size_t n = (size_t)p->on->n;
    double energy;
    p->on->energies(p->on->context, 1, xyz, &energy, NULL);
    p->lowest = energy;
    memcpy(p->lowest_xyz, xyz, n * sizeof *xyz);
    for (size_t k = 0; k < p->rings * p->beads; k++) {
        memcpy(p->xyz + k * n, xyz, n * sizeof *xyz);
        p->energy[k] = energy;
    }
    for (size_t r = 0; r < p->rings; r++)
        random_start(&p->random[r], seed, stream + r);
}

/* ---- moves ---- */

/* What a ring's moves add up. */
typedef struct tally {
    double staged[2], shifted[2], holes, calls, lowest;
    const double *lowest_xyz;
} tally;

/* Is the sum of tau V allowed to change from that of `count` beads of energies `old` to those of `new`? */
static int is_taken(const paths *p, generator *g, size_t count, const double *xyz, const double *old,
                    size_t first, const double *new, tally *t)
{
    double change = 0;
    t->calls += (double)count;
    for (size_t k = 0; k < count; k++) {
        if (!(new[k] >= p->on->lowest - p->on->margin)) {
            t->holes++;
            if (new[k] < t->lowest)
                t->lowest = new[k], t->lowest_xyz = xyz + k *(size_t)p->on->n;
            return 0;
        }
        change += new[k] - old[(first + k) % p->beads];
    }
    return change <= 0 || random_uniform(g) < exp(-p->tau * change);
}

/* The lowest geometry of a hole is in the room of the ring, which the next move overwrites: it is kept at its end. */
static void keep_lowest(const paths *p, double *room, tally *t)
{
    double *kept = room + room_of(p) - (size_t)p->on->n;
    if (t->lowest_xyz && t->lowest_xyz != kept) {
        memcpy(kept, t->lowest_xyz, (size_t)p->on->n * sizeof *kept);
        t->lowest_xyz = kept;
    }
}

static void stage(paths *p, size_t ring, tally *t)
{
    const size_t n = (size_t)p->on->n, beads = p->beads, count = p->length;
    generator *g = &p->random[ring];
    double *xyz = p->xyz + ring * beads * n, *energy = p->energy + ring * beads;
    double *trial = p->room + ring * room_of(p), *new = trial + beads *n;
    const size_t start = (size_t)(random_uniform(g) * (double)beads), first = (start + 1) % beads;
    const double *before = xyz + start * n, *end = xyz + (start + count + 1) % beads * n;
    for (size_t k = 0; k < count; k++, before = trial + (k - 1) * n) {
        const double left = (double)(count - k), width = sqrt(p->tau * left / (left + 1));
        for (size_t c = 0; c < n; c++)
            trial[k * n + c] =
                (left * before[c] + end[c]) / (left + 1) + width / p->on->root[c] * random_normal(g);
    }
    p->on->energies(p->on->context, count, trial, new, NULL);
    t->staged[0]++;
    if (is_taken(p, g, count, trial, energy, first, new, t)) {
        t->staged[1]++;
        for (size_t k = 0; k < count; k++) {
            const size_t to = (first + k) % beads;
            memcpy(xyz + to * n, trial + k * n, n * sizeof *xyz);
            energy[to] = new[k];
        }
    }
    keep_lowest(p, trial, t);
}

static void shift(paths *p, size_t ring, tally *t)
{
    const size_t n = (size_t)p->on->n, beads = p->beads;
    generator *g = &p->random[ring];
    double *xyz = p->xyz + ring * beads * n, *energy = p->energy + ring * beads, by[3];
    double *trial = p->room + ring * room_of(p), *new = trial + beads *n;
    const size_t atom = (size_t)(random_uniform(g) * (double)n / 3);
    for (int k = 0; k < 3; k++)
        by[k] = p->shift * random_normal(g);
    memcpy(trial, xyz, beads * n * sizeof *trial);
    for (size_t s = 0; s < beads; s++)
        for (size_t k = 0; k < 3 && 3 * atom + k < n; k++)
            trial[s * n + 3 * atom + k] += by[k];
    p->on->energies(p->on->context, beads, trial, new, NULL);
    t->shifted[0]++;
    if (is_taken(p, g, beads, trial, energy, 0, new, t)) {
        t->shifted[1]++;
        memcpy(xyz, trial, beads * n * sizeof *xyz);
        memcpy(energy, new, beads * sizeof *energy);
    }
    keep_lowest(p, trial, t);
}

void paths_sweep(paths *p)
{
    const size_t moves = (p->beads + p->length - 1) / p->length;
    const long rings = (long)p->rings;
    double staged = 0, staged_taken = 0, shifted_taken = 0, holes = 0, calls = 0;
#ifdef _OPENMP
#pragma omp parallel for schedule(static) reduction(+ : staged, staged_taken, shifted_taken, holes, calls)
#endif
    for (long r = 0; r < rings; r++) {
        tally t = {.lowest = p->lowest};
        for (size_t k = 0; k < moves && p->beads > 1; k++)
            stage(p, (size_t)r, &t);
        shift(p, (size_t)r, &t);
        staged += t.staged[0], staged_taken += t.staged[1], shifted_taken += t.shifted[1];
        holes += t.holes, calls += t.calls;
        if (t.lowest_xyz) {
#ifdef _OPENMP
#pragma omp critical
#endif
            if (t.lowest < p->lowest) {
                p->lowest = t.lowest;
                memcpy(p->lowest_xyz, t.lowest_xyz, (size_t)p->on->n * sizeof(double));
            }
        }
    }
    p->staged[0] += staged, p->staged[1] += staged_taken;
    p->shifted[0] += (double)rings, p->shifted[1] += shifted_taken;
    p->holes += holes, p->calls += calls;
}

void paths_tune(paths *p)
{
    const size_t most = p->beads - 1;
    if (p->staged[0] > 0 && p->staged[1] < 0.45 * p->staged[0])
        p->length -= (p->length + 7) / 8;
    else if (p->staged[1] > 0.55 * p->staged[0])
        p->length += (p->length + 7) / 8;
    p->length = p->length < 1 ? 1 : p->length > most ? most : p->length;
    p->length = p->length < 1 ? 1 : p->length;
    if (p->shifted[0] > 0)
        p->shift *= p->shifted[1] < 0.45 * p->shifted[0]   ? 0.85
                    : p->shifted[1] > 0.55 * p->shifted[0] ? 1.15
                                                           : 1;
    memset(p->staged, 0, sizeof p->staged);
    memset(p->shifted, 0, sizeof p->shifted);
}

/* ---- estimators ---- */

static double dot(size_t n, const double *a, const double *b)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

static void measure(paths *p, size_t ring)
{
    const size_t n = (size_t)p->on->n, beads = p->beads;
    const double *xyz = p->xyz + ring * beads * n;
    double *moved = p->room + ring * room_of(p), *energy = moved + beads * n, *gradient = energy + beads;
    double *centroid = gradient + beads * n, potential = 0, virial = 0, curvature = 0;
    const double h = 1e-3; /* of q, for the second derivative along it */
    memset(centroid, 0, n * sizeof *centroid);
    for (size_t s = 0; s < beads; s++)
        for (size_t k = 0; k < n; k++)
            centroid[k] += xyz[s * n + k] / (double)beads;
    for (int way = -1; way <= 1; way++) {
        for (size_t k = 0; k < beads * n; k++)
            moved[k] = xyz[k] + way * h * (xyz[k] - centroid[k % n]);
        p->on->energies(p->on->context, beads, moved, energy, gradient);
        for (size_t k = 0; k < beads * n; k++)
            moved[k] = xyz[k] - centroid[k % n];
        const double along = dot(beads * n, moved, gradient);
        if (way)
            curvature += way * along / (2 * h);
        else
            virial = along;
        for (size_t s = 0; s < beads && !way; s++)
            potential += energy[s] - p->on->lowest;
    }
    const double count = (double)beads, beta = p->beta, half = 0.5 * (double)n;
    const double e = half / beta + (potential + 0.5 * virial) / count;
    path_sums *sum = &p->sums[ring];
    sum->energy += e;
    sum->square += e * e;
    sum->slope += -half / (beta * beta) + (1.5 * virial + 0.5 * curvature) / (2 * beta * count);
    sum->count++;
}

void paths_measure(paths *p)
{
    const long rings = (long)p->rings;
#ifdef _OPENMP
#pragma omp parallel for schedule(static)
#endif
    for (long r = 0; r < rings; r++)
        measure(p, (size_t)r);
    p->calls += 3 * (double)(p->rings * p->beads);
}

/* The mean of value[rings] and its error: rings are independent. */
static void spread(size_t rings, const double *value, double *middle, double *error)
{
    double square = 0;
    *middle = mean(rings, value);
    for (size_t r = 0; r < rings; r++)
        square += (value[r] - *middle) * (value[r] - *middle);
    *error = sqrt(square / ((double)rings * (double)(rings - 1)));
}

void paths_energy(const paths *p, double *energy, double *error)
{
    double *value = p->room; /* measurements are over */
    for (size_t r = 0; r < p->rings; r++)
        value[r] = p->sums[r].energy / p->sums[r].count;
    spread(p->rings, value, energy, error);
}

void paths_heat_capacity(const paths *p, double *capacity, double *error)
{
    double middle, unused, *value = p->room;
    paths_energy(p, &middle, &unused);
    for (size_t r = 0; r < p->rings; r++) {
        const path_sums *s = &p->sums[r];
        const double about = (s->square - 2 * middle * s->energy) / s->count + middle * middle;
        value[r] = p->beta * p->beta * (about - s->slope / s->count);
    }
    spread(p->rings, value, capacity, error);
}
