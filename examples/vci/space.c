/* Configurations, and their parts in a few modes. */
#include "vci/space.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- configurations ---- */

/* Wavenumbers of degenerate modes differ in their last places. */
static int is_below(const space_limits *l, double energy)
{
    return l->ceiling <= 0 || energy <= l->ceiling * (1 + 1e-5);
}

static double energy_of(const space_limits *l, int mode, int excitations)
{
    return l->ceiling > 0 ? excitations * l->w[mode] : 0;
}

/* The configurations of a block with exactly `rest` more excitations from the mode `from` on; counts them where there is no room yet. */
static void add_configurations(space *s, const symmetry *y, int block, unsigned char *now, int from, int rest,
                               int coupled, double energy)
{
    if (s->count > SPACE_MOST)
        return;
    if (rest == 0) {
        if (symmetry_block(y, s->modes, now) != block)
            return;
        if (s->excited)
            memcpy(s->excited + s->count * (size_t)s->modes, now, (size_t)s->modes);
        s->count++;
        return;
    }
    for (int k = from; k < s->modes && coupled > 0; k++)
        for (int n = rest < s->levels[k] ? rest : s->levels[k] - 1; n > 0; n--) {
            const double whole = energy + energy_of(&s->limits, k, n);
            now[k] = (unsigned char)n;
            if (is_below(&s->limits, whole))
                add_configurations(s, y, block, now, k + 1, rest - n, coupled - 1, whole);
            now[k] = 0;
        }
}

int space_make(space *s, int modes, int points, const space_limits *limits, const symmetry *symmetry_of)
{
    const symmetry none = {0}, *y = symmetry_of ? symmetry_of : &none;
    unsigned char now[EXPANSION_MODES] = {0};
    *s = (space){.modes = modes, .blocks = 1 << y->operations, .limits = *limits};
    for (int k = 0; k < modes; k++) {
        int levels = limits->quanta + 1 < points ? limits->quanta + 1 : points;
        while (levels > 1 && !is_below(limits, energy_of(limits, k, levels - 1)))
            levels--;
        s->levels[k] = levels;
    }
    for (int fill = 0; fill < 2; fill++) {
        if (s->count > SPACE_MOST || (fill && !(s->excited = malloc(s->count * (size_t)modes))))
            return 1;
        s->count = 0;
        for (int b = 0; b < s->blocks; b++) {
            s->begin[b] = s->count;
            for (int n = 0; n <= limits->quanta; n++)
                add_configurations(s, y, b, now, 0, n, limits->coupled, 0);
        }
        s->begin[s->blocks] = s->count;
    }
    return 0;
}

void space_free(space *s)
{
    free(s->excited);
    *s = (space){0};
}

size_t space_size(const space *s, int block)
{
    return s->begin[block + 1] - s->begin[block];
}

size_t space_single(const space *s, int mode)
{
    for (size_t i = 0; i < s->count; i++) {
        const unsigned char *x = s->excited + i * (size_t)s->modes;
        int sum = 0;
        for (int k = 0; k < s->modes; k++)
            sum += x[k];
        if (sum == 1 && x[mode])
            return i;
    }
    return s->count;
}

/* ---- parts ---- */

/* What the parts of a set of modes have of the limits: excitations and energy. */
typedef struct part_sums {
    int *quanta;
    double *energy;
} part_sums;

/* The parts in one mode more than those of `of`, of which the tables have `ranks` places. */
static int add_mode(const space *s, int mode, size_t ranks, const parts *of, const part_sums *of_sum,
                    parts *to, part_sums *sum)
{
    const size_t levels = (size_t)s->levels[mode], most = of->count * levels;
    to->parent = malloc(most * sizeof *to->parent);
    to->last = malloc(most * sizeof *to->last);
    to->rank = malloc(ranks * levels * sizeof *to->rank);
    sum->quanta = malloc(most * sizeof *sum->quanta);
    sum->energy = malloc(most * sizeof *sum->energy);
    if (!to->parent || !to->last || !to->rank || !sum->quanta || !sum->energy)
        return 1;
    for (size_t r = 0; r < ranks; r++)
        for (size_t n = 0; n < levels; n++) {
            const int from = of->rank[r];
            to->rank[r * levels + n] = -1;
            if (from < 0)
                continue;
            const int quanta = of_sum->quanta[from] + (int)n;
            const double energy = of_sum->energy[from] + energy_of(&s->limits, mode, (int)n);
            if (quanta > s->limits.quanta || !is_below(&s->limits, energy))
                continue;
            to->rank[r * levels + n] = (int)to->count;
            sum->quanta[to->count] = quanta, sum->energy[to->count] = energy;
            to->parent[to->count] = from;
            to->last[to->count++] = (int)n;
        }
    return 0;
}

int parts_make(parts *p, const space *s, int n, const int *mode)
{
    part_sums sum[EXPANSION_ORDER + 1] = {{0}};
    size_t ranks = 1;
    memset(p, 0, (size_t)(n + 1) * sizeof *p);
    p[0].count = 1;
    p[0].rank = calloc(1, sizeof *p[0].rank);
    sum[0].quanta = calloc(1, sizeof *sum[0].quanta);
    sum[0].energy = calloc(1, sizeof *sum[0].energy);
    int bad = !p[0].rank || !sum[0].quanta || !sum[0].energy;
    for (int k = 0; k < n && !bad; k++) {
        bad = add_mode(s, mode[k], ranks, &p[k], &sum[k], &p[k + 1], &sum[k + 1]);
        ranks *= (size_t)s->levels[mode[k]];
        p[k + 1].n = k + 1;
        memcpy(p[k + 1].mode, mode, (size_t)(k + 1) * sizeof *mode);
    }
    for (int k = 0; k <= n; k++)
        free(sum[k].quanta), free(sum[k].energy);
    return bad;
}

void parts_free(parts *p, int n)
{
    for (int k = 0; k <= n; k++)
        free(p[k].parent), free(p[k].last), free(p[k].rank);
    memset(p, 0, (size_t)(n + 1) * sizeof *p);
}

int parts_rank(const parts *p, const space *s, const unsigned char *excited)
{
    size_t at = 0;
    for (int k = 0; k < p->n; k++)
        at = at * (size_t)s->levels[p->mode[k]] + excited[p->mode[k]];
    return p->rank[at];
}
