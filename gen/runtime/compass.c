/* Compass search: one coordinate after the other goes up or down by a step for as long as that helps [1].
 *
 * [1] Kolda, Lewis, Torczon, SIAM Rev. 45, 385 (2003). */
#ifndef EQML__COMPASS_C
#define EQML__COMPASS_C
#include "status.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { EQML__MOST_TRIALS = 64 };

/* All trials so far. The arrays are the caller's. */
typedef struct eqml__compass {
    int n;                           /* coordinates */
    int made, best;                  /* trials; the number of the one with the least score */
    double *k;                       /* [n] to be tried next */
    double *tried;                   /* [EQML__MOST_TRIALS][n] */
    double score[EQML__MOST_TRIALS]; /* of them */
    void *context;
    bool (*may_be)(const void *context, int coordinate, double value);
    bool (*is_open)(const void *context, int coordinate); /* that it may move at all */
    eqml_status (*judge)(void *context, const double *k, int number, double *score); /* makes a trial */
} eqml__compass;

static double *eqml__tried(const eqml__compass *s, int trial)
{
    return s->tried + (size_t)trial * (size_t)s->n;
}

/* Makes a trial of k[n], unless it was made before; *number <- that of the trial. */
static eqml_status eqml__try(eqml__compass *s, const double *k, int *number)
{
    const size_t size = (size_t)s->n * sizeof(double);
    for (*number = 0; *number < s->made; ++*number)
        if (!memcmp(eqml__tried(s, *number), k, size))
            return EQML_OK;
    memcpy(eqml__tried(s, *number), k, size);
    const eqml_status status = s->judge(s->context, k, *number, &s->score[*number]);
    s->made += !status;
    return status;
}

/* Tries k, where each may be; it becomes the best if it is better than that. */
static eqml_status eqml__contend(eqml__compass *s, const double *k, bool *better)
{
    int made = s->made, number;
    *better = false;
    for (int g = 0; g < s->n; g++)
        if (!s->may_be(s->context, g, k[g]))
            return EQML_OK;
    const eqml_status status = eqml__try(s, k, &number);
    *better = !status && s->made > made && (made == 0 || s->score[number] < s->score[s->best]);
    if (*better)
        s->best = number;
    return status;
}

/* The best k moves along one coordinate for as long as that helps; *moved is set if it did. */
static eqml_status eqml__slide(eqml__compass *s, int coordinate, double step, int most, bool *moved)
{
    for (int sign = 1; sign >= -1; sign -= 2) {
        bool better = true, helped = false;
        while (better && s->made < most) {
            memcpy(s->k, eqml__tried(s, s->best), (size_t)s->n * sizeof(double));
            s->k[coordinate] += sign * step;
            const eqml_status status = eqml__contend(s, s->k, &better);
            if (status)
                return status;
            helped = helped || better;
        }
        *moved = *moved || helped;
        if (helped)
            break;
    }
    return EQML_OK;
}

/* A search from the best so far, of so many trials at most, which is below EQML__MOST_TRIALS. */
static eqml_status eqml__compass_search(eqml__compass *s, double step, double least, int most)
{
    while (step >= least && s->made < most) {
        bool moved = false;
        for (int g = 0; g < s->n; g++) {
            if (!s->is_open(s->context, g))
                continue;
            const eqml_status status = eqml__slide(s, g, step, most, &moved);
            if (status)
                return status;
        }
        if (!moved)
            step /= 2;
    }
    return EQML_OK;
}

/* Three digits can be read, and given again. */
static double eqml__three_digits(double x)
{
    char text[32];
    snprintf(text, sizeof text, "%.3g", x);
    return strtod(text, NULL);
}

/* A number that looks random: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t eqml__scatter_bits(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* A number from 0 to 1 that looks random. */
static double eqml__scattered(uint64_t x)
{
    return (double)(eqml__scatter_bits(x) >> 11) / 9007199254740992.0;
}

#endif /* EQML__COMPASS_C */
