/*
 * Random numbers: xoshiro256++ of D. Blackman and S. Vigna, ACM Trans. Math. Softw. 47, 36 (2021), period 2^256 - 1,
 * its state from a seed by SplitMix64; normal numbers by the ziggurat of G. Marsaglia and W. W. Tsang, J. Stat. Softw.
 * 5, 8 (2000), in the form of J. A. Doornik (2005), which takes the layer and the place in it from different bits.
 *
 *     generator g;
 *     random_start(&g, 1, 0);
 *     x += step * random_normal(&g);
 *
 * The same seed gives the same numbers everywhere, but for the last places that libm's exp and log may differ in. A
 * generator belongs to one thread; streams of one seed are as good as independent.
 */
#ifndef EXAMPLES_RANDOM_H
#define EXAMPLES_RANDOM_H
#include <math.h>
#include <stdint.h>

enum { RANDOM_LAYERS = 128 };

typedef struct generator {
    uint64_t state[4];
    double edge[RANDOM_LAYERS + 1]; /* of the layers of the ziggurat, from the widest */
    double inner[RANDOM_LAYERS];    /* the part of a layer that lies under the next one */
} generator;

static inline uint64_t random__split_mix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline uint64_t random__turn(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

#define RANDOM__TAIL 3.442619855899      /* where the tail begins */
#define RANDOM__AREA 9.91256303526217e-3 /* of each layer */

static inline void random_start(generator *g, uint64_t seed, uint64_t stream)
{
    uint64_t x = seed, mixed = random__split_mix(&x) + stream * UINT64_C(0xD1342543DE82EF95);
    for (int k = 0; k < 4; k++)
        g->state[k] = random__split_mix(&mixed);
    double f = exp(-0.5 * RANDOM__TAIL * RANDOM__TAIL);
    g->edge[0] = RANDOM__AREA / f;
    g->edge[1] = RANDOM__TAIL;
    g->edge[RANDOM_LAYERS] = 0;
    for (int k = 2; k < RANDOM_LAYERS; k++) {
        g->edge[k] = sqrt(-2 * log(RANDOM__AREA / g->edge[k - 1] + f));
        f = exp(-0.5 * g->edge[k] * g->edge[k]);
    }
    for (int k = 0; k < RANDOM_LAYERS; k++)
        g->inner[k] = g->edge[k + 1] / g->edge[k];
}

/* 64 bits. */
static inline uint64_t random_bits(generator *g)
{
    uint64_t *s = g->state, bits = random__turn(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = random__turn(s[3], 45);
    return bits;
}

/* Uniform in [0, 1), a multiple of 2^-53. */
static inline double random_uniform(generator *g)
{
    return (double)(random_bits(g) >> 11) * 0x1p-53;
}

/* Of mean 0 and variance 1. */
static inline double random_normal(generator *g)
{
    for (;;) {
        const uint64_t bits = random_bits(g);
        const int layer = (int)(bits & (RANDOM_LAYERS - 1));
        const double u = 2 * ((double)(bits >> 11) * 0x1p-53) - 1, x = u * g->edge[layer];
        if (fabs(u) < g->inner[layer])
            return x;
        if (layer == 0) {
            double beyond, y;
            do {
                beyond = -log(1 - random_uniform(g)) / RANDOM__TAIL;
                y = -log(1 - random_uniform(g));
            } while (y + y < beyond * beyond);
            return u < 0 ? -RANDOM__TAIL - beyond : RANDOM__TAIL + beyond;
        }
        const double a = g->edge[layer], b = g->edge[layer + 1];
        const double low = exp(-0.5 * (a * a - x * x)), high = exp(-0.5 * (b * b - x * x));
        if (high + random_uniform(g) * (low - high) < 1)
            return x;
    }
}

#endif
