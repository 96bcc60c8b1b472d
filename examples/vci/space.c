/* Configurations and sparse operators. */
#include "vci/space.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- configurations ---- */

/* The configurations of exactly `rest` more excitations from the mode `from` on; counts them where there is no room yet. */
static void add_configurations(space *s, unsigned char *now, int from, int rest, int coupled)
{
    if (rest == 0) {
        if (s->excited)
            memcpy(s->excited + s->count * (size_t)s->modes, now, (size_t)s->modes);
        s->count++;
        return;
    }
    for (int k = from; k < s->modes && coupled > 0; k++)
        for (int n = rest < s->levels ? rest : s->levels - 1; n > 0; n--) {
            now[k] = (unsigned char)n;
            add_configurations(s, now, k + 1, rest - n, coupled - 1);
            now[k] = 0;
        }
}

/* The parts of configurations in one mode more than those of `of`. sum[] of both: their excitations. */
static int add_subspace(const space *s, size_t ranks, const subspace *of, const int *of_sum, subspace *to,
                        int **sum)
{
    const size_t levels = (size_t)s->levels, most = of->count * levels;
    to->parent = malloc(most * sizeof *to->parent);
    to->last = malloc(most * sizeof *to->last);
    to->rank = malloc(ranks * levels * sizeof *to->rank);
    *sum = malloc(most * sizeof **sum);
    if (!to->parent || !to->last || !to->rank || !*sum)
        return 1;
    for (size_t r = 0; r < ranks; r++)
        for (size_t n = 0; n < levels; n++) {
            const int from = of->rank[r], all = from < 0 ? 0 : of_sum[from] + (int)n;
            to->rank[r * levels + n] = -1;
            if (from < 0 || all > s->quanta)
                continue;
            to->rank[r * levels + n] = (int)to->count;
            (*sum)[to->count] = all;
            to->parent[to->count] = from;
            to->last[to->count++] = (int)n;
        }
    return 0;
}

int space_make(space *s, int modes, int quanta, int coupled, int points)
{
    unsigned char now[EXPANSION_MODES] = {0};
    int *sum[EXPANSION_ORDER + 1] = {0}, bad;
    size_t ranks = 1;
    *s = (space){.modes = modes, .quanta = quanta, .coupled = coupled};
    s->levels = quanta + 1 < points ? quanta + 1 : points;
    for (int fill = 0; fill < 2; fill++) {
        const size_t count = s->count;
        if (fill && !(s->excited = malloc(count * (size_t)modes)))
            return 1;
        s->count = 0;
        for (int n = 0; n <= quanta; n++)
            add_configurations(s, now, 0, n, coupled);
    }
    s->sub[0].count = 1;
    s->sub[0].rank = calloc(1, sizeof(int));
    sum[0] = calloc(1, sizeof(int));
    bad = !s->sub[0].rank || !sum[0];
    for (int k = 0; k < EXPANSION_ORDER && k < modes && !bad; k++) {
        bad = add_subspace(s, ranks, &s->sub[k], sum[k], &s->sub[k + 1], &sum[k + 1]);
        ranks *= (size_t)s->levels;
    }
    for (int k = 0; k <= EXPANSION_ORDER; k++)
        free(sum[k]);
    return bad;
}

void space_free(space *s)
{
    free(s->excited);
    for (int k = 0; k <= EXPANSION_ORDER; k++)
        free(s->sub[k].parent), free(s->sub[k].last), free(s->sub[k].rank);
    *s = (space){0};
}

size_t space_single(int mode)
{
    return 1 + (size_t)mode; /* configurations are in the order of their sums, then of their first mode */
}

/* ---- terms between parts of configurations ---- */

/*
 * matrix[s][s'] of a function of n modes on their points: mode by mode, points of the first mode left are summed up and a pair of
 * its modals comes behind those that are there.
 */
static int transform(const space *s, const modals *m, const expansion_term *t, const double *value,
                     double *matrix)
{
    const size_t p = (size_t)m->points;
    size_t rest = 1;
    double *now = NULL;
    for (int k = 0; k < t->n; k++)
        rest *= p;
    for (int k = 0; k < t->n; k++) {
        const subspace *to = &s->sub[k + 1];
        const double *c = m->modal + (size_t)t->mode[k] * p * p, *from = k ? now : value;
        const size_t before = s->sub[k].count;
        rest /= p;
        double *next = k + 1 == t->n ? matrix : malloc(to->count * to->count * rest * sizeof *next);
        if (!next) {
            free(now);
            return 1;
        }
        memset(next, 0, to->count * to->count * rest * sizeof *next);
        for (size_t a = 0; a < to->count; a++)
            for (size_t b = 0; b < to->count; b++) {
                const double *in = from + ((size_t)to->parent[a] * before + (size_t)to->parent[b]) * p * rest;
                const double *x = c + (size_t)to->last[a] * p, *y = c + (size_t)to->last[b] * p;
                double *out = next + (a * to->count + b) * rest;
                for (size_t i = 0; i < p; i++) {
                    const double weight = x[i] * y[i];
                    for (size_t r = 0; r < rest; r++)
                        out[r] += weight * in[i * rest + r];
                }
            }
        free(now);
        now = k + 1 == t->n ? NULL : next;
    }
    return 0;
}

static int begin_terms(operator_terms *o, const expansion *e, int order, int fields)
{
    *o = (operator_terms){.e = e, .order = order, .fields = fields};
    o->term = calloc(e->count + 1, sizeof *o->term);
    return !o->term;
}

int terms_make(operator_terms *o, const space *s, const modals *m, const expansion *e, int order,
               int hamiltonian)
{
    int bad = begin_terms(o, e, order, e->fields);
    memcpy(o->origin, e->origin, sizeof o->origin);
    for (size_t t = 0; t < e->count && !bad && e->term[t].n <= order; t++) {
        const size_t count = s->sub[e->term[t].n].count, square = count * count,
                     size = expansion_size(e, t) / (size_t)e->fields;
        o->term[t] = malloc((size_t)e->fields * square * sizeof **o->term);
        bad = !o->term[t];
        if (!bad && hamiltonian && e->term[t].n == 1) {
            const int mode = e->term[t].mode[0];
            modals_elements(m, mode, s->levels, m->h + (size_t)(mode * m->points * m->points), o->term[t]);
            continue;
        }
        for (int f = 0; f < e->fields && !bad; f++)
            bad = transform(s, m, &e->term[t], e->term[t].value + (size_t)f * size,
                            o->term[t] + (size_t)f * square);
    }
    return bad;
}

int terms_pi(operator_terms *o, const space *s, const modals *m, const expansion *e, const double *zeta)
{
    const size_t levels = (size_t)s->levels, square = levels * levels, n = (size_t)m->modes,
                 p = (size_t)m->points;
    double *q = calloc(2 * n * square + p * p, sizeof *q), *d = q ? q + n * square : NULL;
    const subspace *two = &s->sub[2];
    int bad = begin_terms(o, e, 2, 3) || !q;
    o->antisymmetric = 1;
    for (size_t k = 0; k < n && !bad; k++) {
        double *points = d + n * square;
        for (size_t i = 0; i < p; i++)
            points[i * (p + 1)] = m->q[k * p + i];
        modals_elements(m, (int)k, s->levels, points, q + k * square);
        modals_elements(m, (int)k, s->levels, m->d + k * p * p, d + k * square);
    }
    for (size_t t = 0; t < e->count && !bad && e->term[t].n <= 2; t++) {
        if (e->term[t].n == 1)
            continue;
        const size_t k = (size_t)e->term[t].mode[0], l = (size_t)e->term[t].mode[1];
        double *to = o->term[t] = malloc(3 * two->count * two->count * sizeof *to);
        bad = !to;
        for (size_t f = 0; f < 3 && !bad; f++)
            for (size_t a = 0; a < two->count; a++)
                for (size_t b = 0; b < two->count; b++) {
                    const size_t i = (size_t)s->sub[1].last[two->parent[a]] * levels +
                                     (size_t)s->sub[1].last[two->parent[b]];
                    const size_t j = (size_t)two->last[a] * levels + (size_t)two->last[b];
                    *to++ = zeta[(f * n + k) * n + l] * q[k * square + i] * d[l * square + j] +
                            zeta[(f * n + l) * n + k] * q[l * square + j] * d[k * square + i];
                }
    }
    free(q);
    return bad;
}

void terms_free(operator_terms *o)
{
    for (size_t t = 0; o->term && t < o->e->count; t++)
        free(o->term[t]);
    free(o->term);
    *o = (operator_terms){0};
}

/* ---- between configurations ---- */

/* Adds the terms whose modes are those of the set and `more` others from the mode `from` on. */
static void add_elements(const space *s, const operator_terms *o, const unsigned char *a,
                         const unsigned char *b, int set, int have, int from, double *value)
{
    if (have > 0) {
        const int index = o->e->index[set];
        const expansion_term *t = &o->e->term[index];
        const subspace *sub = &s->sub[have];
        const double *matrix = o->term[index];
        size_t row = 0, column = 0;
        for (int k = 0; k < have; k++) {
            row = row * (size_t)s->levels + a[t->mode[k]];
            column = column * (size_t)s->levels + b[t->mode[k]];
        }
        const size_t at = (size_t)sub->rank[row] * sub->count + (size_t)sub->rank[column];
        for (int f = 0; f < o->fields && matrix; f++)
            value[f] += matrix[(size_t)f * sub->count * sub->count + at];
    }
    for (int k = from; k < s->modes && have < o->order; k++)
        if (!(set >> k & 1))
            add_elements(s, o, a, b, set | 1 << k, have + 1, k + 1, value);
}

/* One more element; nonzero: no memory. */
static int put(sparse *a, size_t *room, size_t at, size_t column, const double *value)
{
    const size_t fields = (size_t)a->fields;
    if (at == *room) {
        const size_t more = 2 * *room + 4096;
        unsigned *columns = realloc(a->column, more * sizeof *columns);
        a->column = columns ? columns : a->column;
        double *values = columns ? realloc(a->value, more * fields * sizeof *values) : NULL;
        a->value = values ? values : a->value;
        if (!values)
            return 1;
        *room = more;
    }
    a->column[at] = (unsigned)column;
    memcpy(a->value + at * fields, value, fields * sizeof *value);
    return 0;
}

int sparse_make(sparse *a, const space *s, const operator_terms *o)
{
    const size_t modes = (size_t)s->modes;
    size_t room = 0, at = 0;
    *a = (sparse){.n = s->count, .fields = o->fields, .antisymmetric = o->antisymmetric};
    a->begin = calloc(s->count + 1, sizeof *a->begin);
    if (!a->begin)
        return 1;
    for (size_t i = 0; i < s->count; i++) {
        const unsigned char *x = s->excited + i * modes;
        for (size_t j = 0; j <= i; j++) {
            const unsigned char *y = s->excited + j * modes;
            double value[EXPANSION_FIELDS] = {0}, largest = 0;
            int set = 0, apart = 0;
            for (size_t k = 0; k < modes && apart <= o->order; k++)
                if (x[k] != y[k])
                    set |= 1 << k, apart++;
            if (apart > o->order)
                continue;
            add_elements(s, o, x, y, set, apart, 0, value);
            for (int f = 0; f < o->fields; f++) {
                value[f] += i == j ? o->origin[f] : 0;
                largest = fabs(value[f]) > largest ? fabs(value[f]) : largest;
            }
            if ((largest > 1e-13 || i == j) && put(a, &room, at++, j, value))
                return 1;
        }
        a->begin[i + 1] = at;
    }
    return 0;
}

void sparse_add(const sparse *a, int field, double factor, const double *x, double *y)
{
    const size_t fields = (size_t)a->fields;
    const double sign = a->antisymmetric ? -factor : factor;
    const double *value = a->value + field;
    for (size_t i = 0; i < a->n; i++) {
        double sum = 0;
        const double to_column = sign * x[i];
        for (size_t k = a->begin[i]; k < a->begin[i + 1]; k++) {
            const double v = value[k * fields];
            const size_t j = a->column[k];
            if (j == i)
                continue;
            sum += v * x[j];
            y[j] += to_column * v;
        }
        y[i] += factor * sum;
        if (a->begin[i + 1] > a->begin[i] && a->column[a->begin[i + 1] - 1] == i)
            y[i] += factor * value[(a->begin[i + 1] - 1) * fields] * x[i];
    }
}

void sparse_free(sparse *a)
{
    free(a->begin);
    free(a->column);
    free(a->value);
    *a = (sparse){0};
}
