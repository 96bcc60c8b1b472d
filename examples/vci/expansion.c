/* The n-mode expansion, term by term, in batches. */
#include "vci/expansion.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2048 };

/* Terms of n modes that begin with those of *t, from the mode `from` on. */
static void add_terms(expansion *e, expansion_term *t, int have, int n, int from, int set)
{
    if (have == n) {
        t->n = n;
        e->index[set] = (int)e->count;
        e->term[e->count++] = *t;
        return;
    }
    for (int k = from; k < e->modes && have < EXPANSION_ORDER; k++) {
        t->mode[have] = k;
        add_terms(e, t, have + 1, n, k + 1, set | 1 << k);
    }
}

int expansion_make(expansion *e, int modes, int order, int points, int fields)
{
    size_t count = 0, choose = 1;
    *e = (expansion){.modes = modes, .order = order, .points = points, .fields = fields};
    for (int n = 1; n <= order; n++) {
        choose = choose * (size_t)(modes - n + 1) / (size_t)n;
        count += choose;
    }
    e->term = calloc(count + 1, sizeof *e->term);
    e->index = malloc(sizeof *e->index << modes);
    if (!e->term || !e->index)
        return 1;
    for (int set = 0; set < 1 << modes; set++)
        e->index[set] = -1;
    for (int n = 1; n <= order; n++) {
        expansion_term t = {0};
        add_terms(e, &t, 0, n, 0, 0);
    }
    return 0;
}

void expansion_free(expansion *e)
{
    for (size_t t = 0; t < e->count && e->term; t++)
        free(e->term[t].value);
    free(e->term);
    free(e->index);
    *e = (expansion){0};
}

static size_t power(int base, int n)
{
    size_t all = 1;
    for (int k = 0; k < n; k++)
        all *= (size_t)base;
    return all;
}

size_t expansion_size(const expansion *e, size_t term)
{
    return (size_t)e->fields * power(e->points, e->term[term].n);
}

void expansion_origin(expansion *e, mode_function *f, void *context)
{
    const double q[EXPANSION_MODES] = {0};
    f(context, 1, q, e->origin);
    e->calls++;
}

/* point[n] <- the points of the place `at` in a term's values. */
static void places(const expansion *e, const expansion_term *t, size_t at, int *point)
{
    for (int k = t->n; k-- > 0; at /= (size_t)e->points)
        point[k] = (int)(at % (size_t)e->points);
}

/* What the terms of fewer modes give at point[n]. */
static void lower_terms(const expansion *e, const expansion_term *t, const int *point, double *sum)
{
    memcpy(sum, e->origin, (size_t)e->fields * sizeof *sum);
    for (int part = 1; part < (1 << t->n) - 1; part++) {
        int set = 0, n = 0;
        size_t at = 0;
        for (int k = 0; k < t->n; k++)
            if (part >> k & 1) {
                set |= 1 << t->mode[k], n++;
                at = at * (size_t)e->points + (size_t)point[k];
            }
        const double *value = e->term[e->index[set]].value;
        for (int f = 0; f < e->fields; f++)
            sum[f] += value[(size_t)f * power(e->points, n) + at];
    }
}

int expansion_fill(expansion *e, size_t term, const expansion_grid *grid, mode_function *f, void *context)
{
    expansion_term *t = &e->term[term];
    const size_t size = power(e->points, t->n), modes = (size_t)e->modes, fields = (size_t)e->fields;
    double *q = calloc(BATCH * (modes + fields), sizeof *q);
    size_t *place = calloc(BATCH, sizeof *place), waiting = 0;
    t->value = calloc(fields * size, sizeof *t->value);
    if (!q || !place || !t->value) {
        free(q), free(place), free(t->value);
        t->value = NULL;
        return 1;
    }
    double *value = q + BATCH * modes, sum[EXPANSION_FIELDS];
    int point[EXPANSION_ORDER];
    for (size_t at = 0; at <= size; at++) {
        if (waiting == BATCH || (at == size && waiting)) {
            f(context, waiting, q, value);
            e->calls += (double)waiting;
            for (size_t i = 0; i < waiting; i++) {
                places(e, t, place[i], point);
                lower_terms(e, t, point, sum);
                for (size_t k = 0; k < fields; k++)
                    if (isfinite(value[i * fields + k]))
                        t->value[k * size + place[i]] = value[i * fields + k] - sum[k];
            }
            waiting = 0;
            memset(q, 0, BATCH * modes * sizeof *q);
        }
        if (at == size)
            break;
        double above = 0;
        places(e, t, at, point);
        for (int k = 0; k < t->n; k++) {
            const size_t on = (size_t)t->mode[k] * (size_t)e->points + (size_t)point[k];
            above += grid->v[on];
            q[waiting * modes + (size_t)t->mode[k]] = grid->q[on];
        }
        if (t->n > 1 && !(above <= grid->limit))
            continue; /* the next point takes the place in the batch, with the same modes */
        place[waiting++] = at;
    }
    free(q);
    free(place);
    return 0;
}
