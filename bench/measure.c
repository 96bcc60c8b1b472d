/*
 * Times and errors of one surface, as lines "key value" on standard output.
 *
 *     cc -DBASIS_HEADER='"b.h"' -DBASIS=b -DSURFACE_HEADER='"x_pes.h"' -DSURFACE=x bench/measure.c -lm
 *
 * Times are those of the fastest and of the median repetition, each repeated until it takes long enough for
 * the clock (FFTW's speed program). All geometries are different; results go through a sink.
 */
#define _GNU_SOURCE
#include BASIS_HEADER /* for the tables, the plain orbit sums and the peak; times are those of the surface */
#include SURFACE_HEADER
#ifdef ORBIT_HEADER
#include ORBIT_HEADER
#endif
#include "geometries.h"
#include "timing.h"
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __linux__
#include <sched.h>
#endif

enum {
    BATCH = 1000,
    ONES = 200,
    ERRORS = 200,
    REPEATS = 25,
    NATOMS = JOIN(BASIS, _NATOMS),
    SIZE = 3 * NATOMS
};
static const double LONG_ENOUGH = 0.005; /* seconds of one repetition */

static double geometry[BATCH][SIZE], energies[BATCH], gradients[BATCH][SIZE], hessian[SIZE * SIZE];

/* ---- what is measured: each function does its work `count` times -------------------------------------- */

#define ONE(NAME, EXPRESSION)                                                                                \
    static void NAME(size_t count)                                                                           \
    {                                                                                                        \
        double sum = 0;                                                                                      \
        for (size_t k = 0; k < count; k++) {                                                                 \
            const double *xyz = geometry[k % ONES];                                                          \
            sum += EXPRESSION;                                                                               \
        }                                                                                                    \
        sink = sum + gradients[0][0] + hessian[0];                                                           \
    }
ONE(run_energy, CALL(_energy)(xyz))
ONE(run_gradient, CALL(_energy_gradient)(xyz, gradients[0]))
ONE(run_hessian, CALL(_energy_hessian)(xyz, gradients[0], hessian))

#define MANY(NAME, CALLED)                                                                                   \
    static void NAME(size_t count)                                                                           \
    {                                                                                                        \
        for (size_t k = 0; k < count; k++) {                                                                 \
            CALLED;                                                                                          \
            sink = energies[k % BATCH] + gradients[k % BATCH][0];                                            \
        }                                                                                                    \
    }
MANY(run_batch_energy, CALL(_energy_batch)(BATCH, geometry[0], energies))
MANY(run_batch_gradient, CALL(_energy_gradient_batch)(BATCH, geometry[0], energies, gradients[0]))

MANY(run_batch_energy_float, CALL(_energy_batch_float)(BATCH, geometry[0], energies))
MANY(run_batch_gradient_float, CALL(_energy_gradient_batch_float)(BATCH, geometry[0], energies, gradients[0]))

#ifdef ORBIT_HEADER
/* ---- the plain orbit sums: the gradient by forward sweeps, one for each Cartesian coordinate ---------- */

#define PLAIN(suffix) JOIN(ORBIT, suffix)
enum { ORBIT_SLOTS = PLAIN(_NSLOTS), ORBIT_PAIRS = PLAIN(_NPAIRS), ORBIT_TERMS = PLAIN(_NTERMS) };
/* coefficients do not matter for the time */
static double orbit_centres[EQML_ROUND(ORBIT_PAIRS)], orbit_rates[EQML_ROUND(ORBIT_PAIRS)], orbit_zero[ORBIT_TERMS], orbit_linear[ORBIT_TERMS];
static eqml_variable orbit_variables[ORBIT_PAIRS]; /* as many as pairs are enough */
static const eqml_model orbit_model = {.basis = &PLAIN(_basis),
                                       .variables = orbit_variables,
                                       .centres = orbit_centres,
                                       .rates = orbit_rates,
                                       .offset = orbit_zero,
                                       .linear = orbit_linear,
                                       .packed = orbit_zero};

static void prepare_orbits(void)
{
    uint64_t seed = 5;
    for (int p = 0; p < ORBIT_PAIRS; p++)
        orbit_variables[p] = (eqml_variable){EQML_MORSE, 2.0, 0, 0}, orbit_rates[p] = -0.5;
    for (int k = 0; k < ORBIT_TERMS; k++)
        orbit_linear[k] = random_number(&seed);
}

static double orbit_gradient(const double *xyz, double *gradient)
{
    static double slots[ORBIT_SLOTS], tangents[ORBIT_SLOTS], pair[6 * EQML_ROUND(ORBIT_PAIRS)] EQML_ALIGNED;
    double *s = slots, *t = tangents;
    const eqml_basis *b = &PLAIN(_basis);
    const int stride = EQML_ROUND(ORBIT_PAIRS);
    double energy = 0;
    eqml__pairs_one(&orbit_model, xyz, t, pair, stride);
    memcpy(s, t, ORBIT_PAIRS * sizeof *s);
    s[b->factor0] = 1;
    PLAIN(_forward_one)(1, &s, orbit_zero);
    for (int k = 0; k < b->nfactors; k++)
        energy += orbit_linear[k] * s[b->factor0 + k];
    for (int x = 0; x < SIZE; x++) {
        for (int p = 0; p < ORBIT_PAIRS; p++) {
            const int sign = (b->pairs[p][0] == x / 3) - (b->pairs[p][1] == x / 3);
            t[p] = sign * pair[(x % 3) * stride + p] * pair[3 * stride + p] * pair[4 * stride + p];
        }
        t[b->factor0] = 0;
        PLAIN(_tangent_one)(1, &s, &t);
        gradient[x] = 0;
        for (int k = 0; k < b->nfactors; k++)
            gradient[x] += orbit_linear[k] * t[b->factor0 + k];
    }
    return energy;
}
ONE(run_orbit_energy, PLAIN(_model_energy)(&orbit_model, xyz))
ONE(run_orbit_gradient, orbit_gradient(xyz, gradients[0]))
#endif

/* Nothing but fused multiply-adds in registers: more chains than the latency of one needs. */
EQML__APART static void run_peak(size_t count)
{
    enum { CHAINS = 10 };
    eqml_lanes v[CHAINS];
    double sum = 0;
    const eqml_lanes factor = eqml__all(0.999), term = eqml__all(1e-3);
    for (int c = 0; c < CHAINS; c++)
        v[c] = eqml__all(0.1 * c);
    for (size_t k = 0; k < count; k++)
        for (int c = 0; c < CHAINS; c++)
            v[c] = eqml__fma(v[c], factor, term);
    for (int c = 0; c < CHAINS; c++)
        sum += eqml__sum(v[c]);
    sink = sum;
}
static const double PEAK_FMA = 10 * EQML_LANES;

/* ---- timing ------------------------------------------------------------------------------------------- */

static int compare(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

typedef struct timing {
    double minimum, median; /* ns for one call */
} timing;

static timing measure(void (*run)(size_t count))
{
    double seconds[REPEATS], took = 0;
    size_t count = 1;
    for (;; count *= 2) {
        double start = now();
        run(count);
        took = now() - start;
        if (took >= LONG_ENOUGH)
            break;
    }
    for (int r = 0; r < REPEATS; r++) {
        double start = now();
        run(count);
        seconds[r] = (now() - start) / (double)count;
    }
    qsort(seconds, REPEATS, sizeof *seconds, compare);
    return (timing){1e9 * seconds[0], 1e9 * seconds[REPEATS / 2]};
}

/* ---- accuracy: the same program from its tables in long double ----------------------------------------- */

typedef long double exact;
#define EXACT(x) ((exact)(x))
#define EQML__T exact
#define EQML__NUMBER double
#define EQML__SUFFIX exact
#define EQML__ALL EXACT
#include "../gen/runtime/kernel/sweeps.inc"

typedef struct exact_room {
    exact *slots, *adjoints, *unit, *slope; /* [nslots], [nslots], [npairs][3], [npairs] */
} exact_room;

static exact exact_energy_gradient(const eqml_model *m, const double *xyz, exact *gradient, exact_room *w)
{
    const eqml_basis *b = m->basis;
    exact energy = 0;
    for (int p = 0; p < b->npairs; p++) {
        exact square = 0;
        for (int k = 0; k < 3; k++) {
            w->unit[3 * p + k] = EXACT(xyz[3 * b->pairs[p][0] + k]) - xyz[3 * b->pairs[p][1] + k];
            square += w->unit[3 * p + k] * w->unit[3 * p + k];
        }
        exact r = sqrtl(square), rate = m->rates[p];
        w->slots[p] = expl(rate * r); /* surface.c takes Morse variables */
        w->slope[p] = rate * w->slots[p];
        for (int k = 0; k < 3; k++)
            w->unit[3 * p + k] /= r;
    }
    w->slots[b->factor0] = 1;
    eqml__table_forward_exact(b, w->slots, m->offset);
    exact *f = w->slots + b->factor0, *g = w->adjoints + b->factor0;
    for (int k = 0; k < b->nfactors; k++) {
        energy += m->linear[k] * f[k];
        g[k] = m->linear[k];
    }
    for (int r = 0, t = 0; r < b->nrows; t += b->rows[r++].ntiles)
        for (int k = 0; k < 16 * b->rows[r].ntiles; k++) {
            const eqml_tile *tile = &b->tiles[t + k / 16];
            const int left = b->rows[r].row[k / 4 % 4], right = tile->first + k % 4;
            const exact coefficient = m->packed[16 * t + k];
            if (!(tile->columns >> k % 4 & 1))
                continue;
            energy += coefficient * f[left] * f[right];
            g[left] += coefficient * f[right];
            g[right] += coefficient * f[left];
        }
    eqml__table_reverse_exact(b, w->slots, w->adjoints);
    for (int k = 0; k < SIZE; k++)
        gradient[k] = 0;
    for (int p = 0; p < b->npairs; p++)
        for (int k = 0; k < 3; k++) {
            const exact part = w->adjoints[p] * w->slope[p] * w->unit[3 * p + k];
            gradient[3 * b->pairs[p][0] + k] += part;
            gradient[3 * b->pairs[p][1] + k] -= part;
        }
    return energy;
}

typedef struct errors {
    double energy, gradient; /* largest, in units of the last place of the largest energy and component */
    double energy_float,
        gradient_float; /* largest, in units of the range of energies, and of the largest component */
} errors;

static errors measure_errors(const eqml_model *m)
{
    const eqml_basis *b = m->basis;
    const size_t n = (size_t)b->nslots, pairs = (size_t)b->npairs;
    exact *room = calloc(2 * n + 4 * pairs, sizeof *room);
    exact_room w = {room, room + n, room + 2 * n, room + 2 * n + 3 * pairs};
    double lowest = DBL_MAX, highest = -DBL_MAX, scale = 0, steepest = 0;
    errors e = {0};
    for (int g = 0; room && g < ERRORS; g++) {
        exact gradient[SIZE], energy = exact_energy_gradient(m, geometry[g], gradient, &w);
        double one[SIZE], value = CALL(_energy_gradient)(geometry[g], one);
        e.energy = fmax(e.energy, fabs((double)(value - energy)));
        for (int k = 0; k < SIZE; k++) {
            e.gradient = fmax(e.gradient, fabs((double)(one[k] - gradient[k])));
            steepest = fmax(steepest, fabs((double)gradient[k]));
        }
        scale = fmax(scale, fabs((double)energy));
        lowest = fmin(lowest, (double)energy);
        highest = fmax(highest, (double)energy);
    }
    free(room);
    CALL(_energy_gradient_batch_float)(ERRORS, geometry[0], energies, gradients[0]);
    for (int g = 0; g < ERRORS; g++) {
        double one[SIZE], value = CALL(_energy_gradient)(geometry[g], one);
        e.energy_float = fmax(e.energy_float, fabs(value - energies[g]) / (highest - lowest));
        for (int k = 0; k < SIZE; k++)
            e.gradient_float = fmax(e.gradient_float, fabs(one[k] - gradients[g][k]) / steepest);
    }
    e.energy /= scale * DBL_EPSILON;
    e.gradient /= steepest * DBL_EPSILON;
    return e;
}

/* ---- report ------------------------------------------------------------------------------------------- */

static void put(const char *key, double value)
{
    printf("%s %.5g\n", key, value);
}

static void put_timing(const char *key, void (*run)(size_t count), double calls)
{
    timing t = measure(run);
    put(key, t.minimum / calls);
    printf("%s_median %.5g\n", key, t.median / calls);
}

/* Stays on one core, the one it happens to run on, where the system can do that. */
static void pin(void)
{
#ifdef __linux__
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)sched_getcpu(), &set);
    sched_setaffinity(0, sizeof set, &set);
#endif
}

int main(void)
{
    const eqml_model model = {.basis = &JOIN(BASIS, _basis),
                              .centres = CALL(_model).centres,
                              .rates = CALL(_model).rates,
                              .offset = CALL(_model).offset,
                              .linear = CALL(_model).linear,
                              .packed = CALL(_model).packed},
                     *m = &model;
    const double terms = m->basis->nterms;
    int linear = 0; /* operations of factors without a value, whose adjoints are constant */
    for (int k = 0; k < m->basis->noperations; k++)
        linear += m->basis->operations[k][0] >= m->basis->factor0 + m->basis->nvalues;
    pin();
    random_geometries(1, BATCH, NATOMS, geometry[0]);
    double peak = PEAK_FMA / measure(run_peak).minimum;
    put("terms", terms);
    put("multiply_adds_energy", terms + m->basis->noperations); /* without pair variables */
    put("multiply_adds_gradient", 2 * terms + 3.0 * m->basis->noperations - linear);
    put_timing("energy_ns", run_energy, 1);
    put_timing("gradient_ns", run_gradient, 1);
    put_timing("hessian_ns", run_hessian, 1);
    put_timing("batch_energy_ns", run_batch_energy, BATCH);
    put_timing("batch_gradient_ns", run_batch_gradient, BATCH);
    put_timing("batch_energy_float_ns", run_batch_energy_float, BATCH);
    put_timing("batch_gradient_float_ns", run_batch_gradient_float, BATCH);
#ifdef ORBIT_HEADER
    prepare_orbits();
    put_timing("orbit_sum_energy_ns", run_orbit_energy, 1);
    put_timing("orbit_sum_gradient_ns", run_orbit_gradient, 1);
#endif
    peak = fmax(peak, PEAK_FMA / measure(run_peak).minimum);
    put("fma_peak_per_ns", peak);
    errors e = measure_errors(m);
    put("error_energy_ulps", e.energy);
    put("error_gradient_ulps", e.gradient);
    put("error_energy_float", e.energy_float);
    put("error_gradient_float", e.gradient_float);
    return 0;
}
