/* A logarithmic derivative in Delves' coordinates. */
#include "scatter/delves.h"
#include "common/eigen.h"
#include "scatter/packet.h"
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

/* ---- linear algebra ---- */

int delves_solve(size_t n, size_t m, double *matrix, double *right)
{
    for (size_t k = 0; k < n; k++) {
        size_t best = k;
        for (size_t i = k + 1; i < n; i++)
            if (fabs(matrix[i * n + k]) > fabs(matrix[best * n + k]))
                best = i;
        if (!(fabs(matrix[best * n + k]) > 0))
            return 1;
        for (size_t j = 0; j < n && best != k; j++) {
            const double t = matrix[k * n + j];
            matrix[k * n + j] = matrix[best * n + j], matrix[best * n + j] = t;
        }
        for (size_t j = 0; j < m && best != k; j++) {
            const double t = right[k * m + j];
            right[k * m + j] = right[best * m + j], right[best * m + j] = t;
        }
        for (size_t i = k + 1; i < n; i++) {
            const double f = matrix[i * n + k] / matrix[k * n + k];
            for (size_t j = k; j < n; j++)
                matrix[i * n + j] -= f * matrix[k * n + j];
            for (size_t j = 0; j < m; j++)
                right[i * m + j] -= f * right[k * m + j];
        }
    }
    for (size_t k = n; k-- > 0;)
        for (size_t j = 0; j < m; j++) {
            double sum = right[k * m + j];
            for (size_t i = k + 1; i < n; i++)
                sum -= matrix[k * n + i] * right[i * m + j];
            right[k * m + j] = sum / matrix[k * n + k];
        }
    return 0;
}

/* c <- a b, or with the first transposed; all [n][n]. */
static void multiply(size_t n, int transposed, const double *a, const double *b, double *c)
{
    memset(c, 0, n * n * sizeof *c);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            const double f = transposed ? a[k * n + i] : a[i * n + k];
            for (size_t j = 0; j < n; j++)
                c[i * n + j] += f * b[k * n + j];
        }
}

int delves_sector(size_t n, const double *square, double length, double *y, double *room)
{
    double *matrix = room, *right = room + n * n;
    memset(right, 0, n * n * sizeof *right);
    memcpy(matrix, y, n * n * sizeof *matrix);
    for (size_t k = 0; k < n; k++) {
        const double w = sqrt(fabs(square[k])), x = w * length;
        /* f' at begin and end from f there: diagonal and cross terms */
        const double own = x < 1e-6 ? 1 / length : square[k] > 0 ? w / tan(x) : w / tanh(x);
        const double other = x < 1e-6 ? 1 / length : square[k] > 0 ? w / sin(x) : w / sinh(x);
        matrix[k * n + k] += own;
        right[k * n + k] = other;
    }
    if (delves_solve(n, n, matrix, right))
        return 1;
    for (size_t i = 0; i < n; i++) {
        const double w = sqrt(fabs(square[i])), x = w * length;
        const double own = x < 1e-6 ? 1 / length : square[i] > 0 ? w / tan(x) : w / tanh(x);
        const double other = x < 1e-6 ? 1 / length : square[i] > 0 ? w / sin(x) : w / sinh(x);
        for (size_t j = 0; j < n; j++)
            y[i * n + j] = (i == j ? own : 0) - other * right[i * n + j];
    }
    return 0;
}

/* ---- bases ---- */

static void arc(const delves *d, const collinear *c, double rho, double *ab, double *bc, double *energy)
{
    const size_t n = d->points;
    for (size_t k = 0; k < n; k++) {
        const double theta = d->skew * (double)(k + 1) / (double)(n + 1);
        bc[k] = rho * sin(theta) / collinear_scale(c, 0);
        ab[k] = rho * sin(d->skew - theta) / collinear_scale(c, 1);
    }
    c->surface(c->context, n, ab, bc, energy);
    for (size_t k = 0; k < n; k++)
        energy[k] = fmin(energy[k], d->options.highest);
}

/* The kinetic energy between walls at both ends of the skew angle, for rho = 1: Colbert and Miller. */
static void angular(const delves *d, double *matrix)
{
    const size_t n = d->points;
    const double N = (double)(n + 1), unit = PI * PI / (4 * d->mass * d->skew * d->skew);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double p = (double)(i + 1), q = (double)(j + 1), sign = (i + j) % 2 ? -1 : 1;
            const double s = sin(PI * p / N), u = sin(PI * (p - q) / (2 * N)),
                         v = sin(PI * (p + q) / (2 * N));
            matrix[i * n + j] =
                unit * (i == j ? (2 * N * N + 1) / 3 - 1 / (s * s) : sign * (1 / (u * u) - 1 / (v * v)));
        }
}

static int sectors_make(delves *d, const collinear *c)
{
    const size_t n = d->points, m = (size_t)d->options.channels;
    double *room = calloc(2 * n * n + m * n + 4 * n, sizeof *room);
    if (!room)
        return 1;
    double *kinetic = room, *h = room + n * n, *vector = h + n * n, *ab = vector + m * n, *bc = ab + n,
           *energy = bc + n, *value = energy + n;
    int bad = 0;
    angular(d, kinetic);
    for (size_t s = 0; s < d->sectors && !bad; s++) {
        const double rho = d->options.from + ((double)s + 0.5) * d->options.sector;
        arc(d, c, rho, ab, bc, energy);
        for (size_t k = 0; k < n * n; k++)
            h[k] = kinetic[k] / (rho * rho);
        for (size_t k = 0; k < n; k++)
            h[k * n + k] += energy[k] - 1 / (8 * d->mass * rho * rho);
        bad = eigen_some(n, m, h, value, vector);
        memcpy(d->level + s * m, value, m * sizeof *value);
        for (size_t i = 0; i < m && s; i++)
            for (size_t j = 0; j < m; j++) {
                double sum = 0;
                for (size_t k = 0; k < n; k++)
                    sum += d->last[i * n + k] * vector[j * n + k];
                d->overlap[(s * m + i) * m + j] = sum;
            }
        memcpy(d->last, vector, m * n * sizeof *vector);
    }
    free(room);
    return bad;
}

/* The states of the molecules, with the other atom where it is at the end; the lowest of both arrangements. */
static int states_make(delves *d, const collinear *c)
{
    const size_t n = d->grid, m = (size_t)d->options.channels;
    double *room = calloc(n * n + 4 * n + 2 * m * n, sizeof *room);
    if (!room)
        return 1;
    double *h = room, *value = h + n * n, *near = value + n, *far = near + n, *energy = far + n,
           *vector = energy + n, level[2][DELVES_CHANNELS];
    int bad = 0;
    size_t next[2] = {0, 0};
    for (int a = 0; a < 2 && !bad; a++) {
        packet_kinetic(n, d->grid_step, d->mass, h);
        for (size_t k = 0; k < n; k++) {
            near[k] = (double)(k + 1) * d->grid_step / collinear_scale(c, a);
            far[k] = d->end / sqrt(collinear_approach(c, a) / d->mass);
        }
        c->surface(c->context, n, a ? near : far, a ? far : near, energy);
        for (size_t k = 0; k < n; k++)
            h[k * n + k] += fmin(energy[k], d->options.highest);
        bad = eigen_some(n, m, h, value, vector + (size_t)a * m * n);
        memcpy(level[a], value, m * sizeof *value);
    }
    for (size_t k = 0; k < m && !bad; k++) {
        const int a = level[1][next[1]] < level[0][next[0]];
        d->state[k] = (delves_state){a, (int)next[a], level[a][next[a]]};
        memcpy(d->wave + k * n, vector + ((size_t)a * m + next[a]) * n, n * sizeof *vector);
        next[a]++;
    }
    free(room);
    return bad;
}

int delves_make(delves *d, const collinear *c, const delves_options *o)
{
    const size_t m = (size_t)o->channels;
    *d = (delves){
        .options = *o, .mass = collinear_mass(c), .skew = collinear_skew(c), .points = (size_t)o->points};
    d->sectors = (size_t)ceil((o->to - o->from) / o->sector - 1e-9);
    d->end = o->from + (double)d->sectors * o->sector;
    d->grid_step = 0.08;
    d->grid = (size_t)(o->longest / d->grid_step);
    d->level = calloc(d->sectors * m * (m + 1) + m * (d->points + d->grid), sizeof *d->level);
    if (!d->level)
        return 1;
    d->overlap = d->level + d->sectors * m, d->last = d->overlap + d->sectors * m * m;
    d->wave = d->last + m * d->points;
    return sectors_make(d, c) || states_make(d, c);
}

void delves_free(delves *d)
{
    free(d->level);
    *d = (delves){0};
}

/* ---- matching ---- */

/* The value of a function between the points of its grid, by sinc functions; zero outside. */
static double between(const delves *d, const double *wave, double r)
{
    double sum = 0;
    const double x = r / d->grid_step;
    if (x > (double)d->grid)
        return 0;
    for (size_t k = 0; k < d->grid; k++) {
        const double u = PI * (x - (double)(k + 1));
        sum += wave[k] * (fabs(u) < 1e-9 ? 1 : sin(u) / u);
    }
    return sum / sqrt(d->grid_step);
}

/*
 * The waves of state s on the arc, in the basis: wave[0][n] cos(kR)/sqrt(k), wave[1][n] sin(kR)/sqrt(k); of a closed one, both
 * exp(-k(R - end)).
 */
static void project(const delves *d, double rho, double energy, int s, double *wave)
{
    const size_t n = d->points, m = (size_t)d->options.channels;
    const double above = energy - d->state[s].energy, k = sqrt(2 * d->mass * fabs(above));
    memset(wave, 0, 2 * m * sizeof *wave);
    for (size_t q = 0; q < n; q++) {
        const double place = d->skew * (double)(q + 1) / (double)(n + 1),
                     theta = d->state[s].arrangement ? d->skew - place : place;
        const double R = rho * cos(theta);
        const double part = between(d, d->wave + (size_t)s * d->grid, rho * sin(theta)) *
                            sqrt(rho * d->skew / (double)(n + 1));
        const double c = above > 0 ? cos(k * R) / sqrt(k) : exp(-k * (R - d->end));
        const double w = above > 0 ? sin(k * R) / sqrt(k) : c;
        for (size_t j = 0; j < m; j++) {
            wave[j] += d->last[j * n + q] * part * c;
            wave[m + j] += d->last[j * n + q] * part * w;
        }
    }
}

/*
 * psi = incoming - outgoing S, incoming exp(-ikR), outgoing exp(ikR), so that (B+ - Y A+) S = B- - Y A-, as real equations of
 * twice the size; a closed state has its decaying wave in place of the outgoing one, and no incoming one.
 */
static int match(const delves *d, double energy, const double *y, double *probability)
{
    const size_t m = (size_t)d->options.channels;
    const double h = 1e-4;
    double *room = calloc(4 * m * m + 4 * m * m + 4 * m * m + 6 * m, sizeof *room);
    if (!room)
        return 1;
    double *matrix = room, *right = matrix + 4 * m * m, *part = right + 4 * m * m /* [2][m][m]: cos, sin */,
           *wave = part + 2 * m * m;
    for (size_t s = 0; s < m; s++) {
        project(d, d->end, energy, (int)s, wave);
        project(d, d->end + h, energy, (int)s, wave + 2 * m);
        project(d, d->end - h, energy, (int)s, wave + 4 * m);
        for (size_t c = 0; c < 2; c++)
            for (size_t i = 0; i < m; i++) {
                double sum = (wave[(2 + c) * m + i] - wave[(4 + c) * m + i]) / (2 * h);
                for (size_t j = 0; j < m; j++)
                    sum -= y[i * m + j] * wave[c * m + j];
                part[(c * m + i) * m + s] = sum;
            }
    }
    for (size_t s = 0; s < m; s++) {
        const int open = energy > d->state[s].energy;
        for (size_t i = 0; i < m; i++) {
            const double c = part[i * m + s], w = open ? part[(m + i) * m + s] : 0;
            matrix[i * 2 * m + s] = matrix[(m + i) * 2 * m + m + s] = c;
            matrix[(m + i) * 2 * m + s] = w, matrix[i * 2 * m + m + s] = -w;
            right[i * m + s] = open ? c : 0, right[(m + i) * m + s] = -w;
        }
    }
    const int bad = delves_solve(2 * m, m, matrix, right);
    for (size_t from = 0; from < m && !bad; from++)
        for (size_t to = 0; to < m; to++) {
            const int open = energy > d->state[from].energy && energy > d->state[to].energy;
            const double re = right[to * m + from], im = right[(m + to) * m + from];
            probability[from * m + to] = open ? re * re + im * im : 0;
        }
    free(room);
    return bad;
}

int delves_probabilities(const delves *d, double energy, double *probability)
{
    const size_t m = (size_t)d->options.channels;
    double *y = calloc(m * m * 4 + m, sizeof *y);
    if (!y)
        return 1;
    double *turned = y + m * m, *room = y + 2 * m * m, *square = y + 4 * m * m;
    int bad = 0;
    for (size_t k = 0; k < m; k++)
        y[k * m + k] = 1e20;
    for (size_t s = 0; s < d->sectors && !bad; s++) {
        if (s) {
            multiply(m, 0, y, d->overlap + s * m * m, turned);
            multiply(m, 1, d->overlap + s * m * m, turned, y);
        }
        for (size_t k = 0; k < m; k++)
            square[k] = 2 * d->mass * (energy - d->level[s * m + k]);
        bad = delves_sector(m, square, d->options.sector, y, room);
    }
    bad = bad || match(d, energy, y, probability);
    free(y);
    return bad;
}
