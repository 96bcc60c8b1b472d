/* Phonons from forces of displaced atoms in a supercell. */
#include "properties.h"
#include "common/eigen.h"

/* In units of 2 pi over the edges of the conventional cell. */
static const struct {
    const char *name;
    double place[3];
} points[LATTICES][POINTS] = {
    {{"X", {1, 0, 0}}, {"L", {0.5, 0.5, 0.5}}, {"K", {0.75, 0.75, 0}}, {NULL, {0, 0, 0}}},
    {{"H", {1, 0, 0}}, {"N", {0.5, 0.5, 0}}, {"P", {0.5, 0.5, 0.5}}, {NULL, {0, 0, 0}}},
    {{"A", {0, 0, 0.5}}, {"M", {0, 1, 0}}, {"\u0393", {0, 0, 0}}, {NULL, {0, 0, 0}}},
    {{"X", {1, 0, 0}}, {"L", {0.5, 0.5, 0.5}}, {"\u0393", {0, 0, 0}}, {NULL, {0, 0, 0}}}};

const char *point_name(lattice l, int k)
{
    return points[l][k].name;
}

const double *point_place(lattice l, int k)
{
    return points[l][k].place;
}

/* Force constants between the first atom of each kind and all others. */
typedef struct constants {
    atoms a;
    int along, nkinds;
    size_t first[2];
    double *value; /* [nkinds][3][n][3] */
} constants;

static int find_constants(const problem *p, const crystal *c, constants *f)
{
    const double step = 0.02;
    double energy;
    *f =
        (constants){.along = 4, .nkinds = c->nkinds}; /* even, so that the points that are asked for fit in */
    if (fill_cells(c, f->along, p->species, &f->a))
        return 1;
    f->value = calloc((size_t)f->nkinds * 9 * f->a.n, sizeof *f->value);
    while (f->nkinds == 2 && f->a.kind[f->first[1]] != 1)
        f->first[1]++;
    for (int k = 0; k < f->nkinds && f->value; k++)
        for (size_t d = 0; d < 3; d++)
            for (int sign = -1; sign < 2; sign += 2) {
                double *to = f->value + ((size_t)k * 3 + d) * 3 * f->a.n, *x = &f->a.xyz[3 * f->first[k] + d];
                const double rest = *x;
                *x += sign * step;
                if (evaluate_atoms(p, &f->a, &energy, 1, NULL))
                    return 1;
                *x = rest;
                for (size_t j = 0; j < 3 * f->a.n; j++)
                    to[j] -= sign * f->a.forces[j] / (2 * step);
            }
    return !f->value;
}

/* Cosine and sine of q . r, averaged over the nearest images of a vector. */
static void phase_of(const double *size, const double *r, const double *q, double *phase)
{
    double best = 1e300, count = 0;
    phase[0] = phase[1] = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int image = 0; image < 27; image++) {
            const int shift[3] = {image % 3 - 1, image / 3 % 3 - 1, image / 9 - 1};
            double square = 0, angle = 0;
            for (int d = 0; d < 3; d++) {
                const double x = r[d] + shift[d] * size[d];
                square += x * x;
                angle += q[d] * x;
            }
            if (!pass) {
                best = fmin(best, square);
            } else if (square < best + 1e-4) {
                phase[0] += cos(angle);
                phase[1] += sin(angle);
                count++;
            }
        }
    phase[0] /= count;
    phase[1] /= count;
}

/* Frequencies, ascending, at q in units of 2 pi over the edges; imaginary ones negative. */
static void frequencies(const problem *p, const crystal *c, const constants *f, const double *place,
                        double *out)
{
    const double two_pi = 6.283185307179586;
    const int m = 3 * f->nkinds, n = 2 * m;
    double matrix[144] = {0}, vectors[144], value[12], q[3], size[3];
    for (int d = 0; d < 3; d++) {
        q[d] = two_pi * place[d] / c->edge[d];
        size[d] = f->along * c->edge[d];
    }
    for (int k = 0; k < f->nkinds; k++)
        for (size_t j = 0; j < f->a.n; j++) {
            double r[3], phase[2];
            for (int d = 0; d < 3; d++)
                r[d] = f->a.xyz[3 * j + (size_t)d] - f->a.xyz[3 * f->first[k] + (size_t)d];
            phase_of(size, r, q, phase);
            for (int d = 0; d < 3; d++)
                for (int e = 0; e < 3; e++) {
                    const double x =
                        f->value[(((size_t)k * 3 + (size_t)d) * f->a.n + j) * 3 + (size_t)e] / p->mass;
                    const int row = 3 * k + d, column = 3 * f->a.kind[j] + e;
                    matrix[row * n + column] += phase[0] * x;
                    matrix[(m + row) * n + m + column] += phase[0] * x;
                    matrix[row * n + m + column] -= phase[1] * x;
                    matrix[(m + row) * n + column] += phase[1] * x;
                }
        }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            matrix[i * n + j] = matrix[j * n + i] = (matrix[i * n + j] + matrix[j * n + i]) / 2;
    eigenvectors(n, matrix, value, vectors);
    for (int k = 0; k < m; k++) /* each stands there twice */
        out[k] = value[2 * k] < 0 ? -sqrt(-value[2 * k]) : sqrt(value[2 * k]);
}

int find_phonons(const problem *p, results *r)
{
    constants f;
    const crystal *c = &r->crystal;
    const int bad = find_constants(p, c, &f);
    for (int k = 0; k < POINTS && points[c->lattice][k].name && !bad; k++)
        frequencies(p, c, &f, points[c->lattice][k].place, r->frequency[k]);
    for (int path = 0; path < 2 && !bad; path++)
        for (int k = 0; k < BANDS; k++) {
            double q[3];
            for (int d = 0; d < 3; d++)
                q[d] = points[c->lattice][path].place[d] * k / (BANDS - 1);
            frequencies(p, c, &f, q, r->band[path][k]);
        }
    free_atoms(&f.a);
    free(f.value);
    return bad;
}
