/* Wave packets by Chebyshev's recursion with damping. */
#include "scatter/packet.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

void packet_kinetic(size_t n, double step, double mass, double *matrix)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double d = i > j ? (double)(i - j) : (double)(j - i);
            const double t = i == j ? PI * PI / 3 : ((i + j) % 2 ? -2 : 2) / (d * d);
            matrix[i * n + j] = t / (2 * mass * step * step);
        }
}

/* What a run works with. A wave function has rows of the first coordinate, each of real parts and then of imaginary parts. */
typedef struct room {
    size_t size, row; /* 2 n0 n1, 2 n1 */
    double *kinetic[2], *now, *next, *last, *damping /* [n0][n1] */;
    double middle, half;        /* of the spectrum */
    double *seen[PACKET_LINES]; /* [nenergies][value, slope][points of the line][complex] */
    double *angle;              /* [nenergies] */
    double *on_line;            /* [2][points][2] value and slope on a line */
} room;

static double damping_at(const packet_axis *a, size_t k, double strength)
{
    const double low = (double)k * a->step, high = (double)(a->n - 1 - k) * a->step;
    double sum = 0;
    if (low < a->absorb_low)
        sum += strength * pow(1 - low / a->absorb_low, 2);
    if (high < a->absorb_high)
        sum += strength * pow(1 - high / a->absorb_high, 2);
    return sum;
}

/* y <- (H - middle)/half x */
static void apply(const packet_problem *p, const room *r, const double *x, double *y)
{
    const size_t n0 = p->axis[0].n, n1 = p->axis[1].n;
    for (size_t i = 0; i < n0; i++) {
        double *to = y + i * r->row;
        for (size_t c = 0; c < 2; c++)
            for (size_t j = 0; j < n1; j++)
                to[c * n1 + j] = (p->potential[i * n1 + j] - r->middle) * x[i * r->row + c * n1 + j];
        for (size_t k = 0; k < n0; k++) {
            const double t = r->kinetic[0][i * n0 + k], *from = x + k * r->row;
            for (size_t j = 0; j < r->row; j++)
                to[j] += t * from[j];
        }
        for (size_t c = 0; c < 2; c++)
            for (size_t k = 0; k < n1; k++) {
                const double f = x[i * r->row + c * n1 + k], *t = r->kinetic[1] + k * n1;
                for (size_t j = 0; j < n1; j++)
                    to[c * n1 + j] += f * t[j];
            }
        for (size_t j = 0; j < r->row; j++)
            to[j] /= r->half;
    }
}

static double at(const packet_problem *p, const double *x, const packet_line *l, size_t across, size_t along,
                 size_t part)
{
    const size_t n1 = p->axis[1].n, i = l->axis ? along : across, j = l->axis ? across : along;
    return x[(2 * i + part) * n1 + j];
}

/* Adds term n of the sum over polynomials to what is seen on a line. */
static void look(const packet_problem *p, room *r, int which, size_t n)
{
    const packet_line *l = &p->line[which];
    const packet_axis *a = &p->axis[l->axis];
    const size_t points = p->axis[!l->axis].n;
    for (size_t k = 0; k < points; k++)
        for (size_t part = 0; part < 2; part++) {
            double slope = 0;
            for (size_t q = 0; q < a->n; q++)
                if (q != l->at)
                    slope += ((q + l->at) % 2 ? -1 : 1) * at(p, r->now, l, q, k, part) /
                             (((double)l->at - (double)q) * a->step);
            r->on_line[2 * k + part] = at(p, r->now, l, l->at, k, part);
            r->on_line[2 * (points + k) + part] = slope;
        }
    for (size_t e = 0; e < p->nenergies; e++) {
        const double weight = n ? 2 : 1, c = weight * cos((double)n * r->angle[e]),
                     s = -weight * sin((double)n * r->angle[e]);
        double *sum = r->seen[which] + e * 4 * points;
        for (size_t k = 0; k < 2 * points; k++) {
            const double re = r->on_line[2 * k], im = r->on_line[2 * k + 1];
            sum[2 * k] += c * re - s * im;
            sum[2 * k + 1] += c * im + s * re;
        }
    }
}

static void begin(const packet_problem *p, room *r)
{
    const packet_axis *a = &p->axis[0];
    const size_t n1 = p->axis[1].n;
    double norm = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < a->n; i++) {
            const double x = a->first + (double)i * a->step, d = (x - p->centre) / (2 * p->width),
                         g = exp(-d * d);
            norm += pass ? 0 : g * g;
            for (size_t j = 0; j < n1 && pass; j++) {
                r->now[(2 * i) * n1 + j] = g / sqrt(norm) * cos(p->momentum * x) * p->channel[j];
                r->now[(2 * i + 1) * n1 + j] = -g / sqrt(norm) * sin(p->momentum * x) * p->channel[j];
            }
        }
}

/* |<k|chi>|^2 of the incoming waves, with the norm of the grid's points. */
static double incoming(const packet_problem *p, double k)
{
    const packet_axis *a = &p->axis[0];
    double re = 0, im = 0, norm = 0;
    for (size_t i = 0; i < a->n; i++) {
        const double x = a->first + (double)i * a->step, d = (x - p->centre) / (2 * p->width),
                     g = exp(-d * d);
        norm += g * g;
        re += g * cos((k - p->momentum) * x), im += g * sin((k - p->momentum) * x);
    }
    return (re * re + im * im) / norm;
}

static void probabilities(const packet_problem *p, const room *r, double *probability)
{
    for (int l = 0; l < p->nlines; l++)
        for (size_t e = 0; e < p->nenergies; e++) {
            const size_t points = p->axis[!p->line[l].axis].n;
            const double *value = r->seen[l] + e * 4 * points, *slope = value + 2 * points;
            const double mass = p->axis[0].mass, k = sqrt(2 * mass * (p->energy[e] - p->channel_energy));
            const double scale = 1 / (r->half * sin(r->angle[e]));
            double flux = 0;
            for (size_t q = 0; q < points; q++)
                flux += value[2 * q] * slope[2 * q + 1] - value[2 * q + 1] * slope[2 * q];
            flux *= scale * scale / p->axis[p->line[l].axis].mass / p->axis[p->line[l].axis].step;
            /* a sum over points of the first coordinate stands for an integral over its step */
            probability[(size_t)l * p->nenergies + e] =
                p->line[l].direction * flux / (mass / k * incoming(p, k) * p->axis[0].step);
        }
}

static void propagate(const packet_problem *p, room *r, size_t *steps, double *left)
{
    const size_t n1 = p->axis[1].n;
    *left = 1;
    for (*steps = 0; *steps<p->most && * left> p->leave; ++*steps) {
        for (int l = 0; l < p->nlines; l++)
            look(p, r, l, *steps);
        apply(p, r, r->now, r->next);
        const double twice = *steps ? 2 : 1;
        double norm = 0;
        for (size_t i = 0; i < r->size; i++) {
            const double damp = r->damping[i / r->row * n1 + i % n1];
            r->next[i] = damp * (twice * r->next[i] - damp * r->last[i]);
            norm += r->next[i] * r->next[i] + r->now[i] * r->now[i];
        }
        *left = norm;
        double *const free_now = r->last;
        r->last = r->now, r->now = r->next, r->next = free_now;
    }
}

int packet_run(const packet_problem *p, double *probability, size_t *steps, double *left)
{
    const size_t n0 = p->axis[0].n, n1 = p->axis[1].n, longest = n0 > n1 ? n0 : n1;
    room r = {.size = 2 * n0 * n1, .row = 2 * n1};
    double high = p->highest;
    size_t seen = 0;
    for (int l = 0; l < p->nlines; l++)
        seen += p->nenergies * 4 * p->axis[!p->line[l].axis].n;
    double *all =
        calloc(n0 * n0 + n1 * n1 + 3 * r.size + n0 * n1 + seen + p->nenergies + 4 * longest, sizeof *all);
    if (!all)
        return 1;
    r.kinetic[0] = all, r.kinetic[1] = all + n0 * n0;
    r.now = r.kinetic[1] + n1 * n1, r.next = r.now + r.size, r.last = r.next + r.size;
    r.damping = r.last + r.size, r.angle = r.damping + n0 * n1, r.on_line = r.angle + p->nenergies;
    double *place = r.on_line + 4 * longest;
    for (int l = 0; l < p->nlines; l++)
        r.seen[l] = place, place += p->nenergies * 4 * p->axis[!p->line[l].axis].n;
    for (int k = 0; k < 2; k++) {
        packet_kinetic(p->axis[k].n, p->axis[k].step, p->axis[k].mass, r.kinetic[k]);
        high += PI * PI / (2 * p->axis[k].mass * p->axis[k].step * p->axis[k].step);
    }
    r.middle = 0.5 * (high + p->lowest), r.half = 0.505 * (high - p->lowest);
    for (size_t i = 0; i < n0; i++)
        for (size_t j = 0; j < n1; j++)
            r.damping[i * n1 + j] =
                exp(-(damping_at(&p->axis[0], i, p->strength) + damping_at(&p->axis[1], j, p->strength)) /
                    r.half);
    for (size_t e = 0; e < p->nenergies; e++)
        r.angle[e] = acos((p->energy[e] - r.middle) / r.half);
    begin(p, &r);
    propagate(p, &r, steps, left);
    probabilities(p, &r, probability);
    free(all);
    return 0;
}
