/* The path between two mirror images, and the motion along it. */
#include "vci/inversion.h"
#include "common/eckart.h"
#include "common/evaluate.h"
#include "common/minimise.h"
#include "common/modes.h"

enum { HALF = 50, BEYOND = 50, PLACES = HALF + BEYOND + 1, GRID = 301, STRAIGHT = 50 };
#define HIGHEST (15000 / PER_CM) /* above the minimum: where the path ends */

/* image[natoms][3] <- the mirror image, turned to the minimum. Returns how far it is, bohr, of the atom and axis that go farthest. */
static double mirror_image(const molecule *m, double *image)
{
    double rotation[3][3], far = 0;
    for (int k = 0; k < 3 * m->natoms; k++)
        image[k] = -m->xyz[k];
    eckart_rotation(m->natoms, m->mass, m->xyz, image, rotation);
    rotate(rotation, m->natoms, image);
    for (int k = 0; k < 3 * m->natoms; k++)
        far = fmax(far, fabs(image[k] - m->xyz[k]));
    return far;
}

int inversion_bound(const molecule *m, double *bound)
{
    const int n = 3 * m->natoms;
    double *image = malloc(2 * (size_t)n * sizeof *image), *between = image + n, highest = 0, energy;
    *bound = INFINITY;
    if (!image)
        return 1;
    if (mirror_image(m, image) > 0.1) {
        for (int s = 1; s < STRAIGHT && isfinite(highest); s++) {
            for (int k = 0; k < n; k++)
                between[k] = m->xyz[k] + (image[k] - m->xyz[k]) * s / STRAIGHT;
            molecule_energies(m, 1, between, &energy, NULL);
            const double above = energy - m->energy;
            highest = above >= -1e-4 && above < 10000 / PER_CM ? fmax(highest, above) : INFINITY;
        }
        *bound = highest;
    }
    free(image);
    return 0;
}

/* ---- the path ---- */

typedef struct path {
    const molecule *m;
    int n;                    /* 3 natoms */
    double *normal;           /* [n] of the planes within which all is relaxed, in Cartesian coordinates */
    double square, offset;    /* of the normal; normal x of the plane */
    double *xyz;              /* [PLACES][n] from the middle outwards */
    double *hessian, *rigid;  /* [n][n], [7][n] */
    double *image, *gradient; /* [n], [n] */
    double s[PLACES], v[PLACES], zero_point[PLACES],
        whole[PLACES]; /* length from the middle; energies, hartree, the last their sum */
} path;

/* The energy in the plane, whatever the coordinate across it. */
static double in_plane(void *context, const double *xyz, double *gradient)
{
    path *p = context;
    double off = -p->offset, along = 0;
    for (int k = 0; k < p->n; k++)
        off += p->normal[k] * xyz[k];
    for (int k = 0; k < p->n; k++)
        p->image[k] = xyz[k] - off / p->square * p->normal[k];
    const double energy = evaluate(p->m->model, p->image, gradient, p->m->work);
    for (int k = 0; k < p->n; k++)
        along += p->normal[k] * gradient[k];
    for (int k = 0; k < p->n; k++)
        gradient[k] -= along / p->square * p->normal[k];
    return energy;
}

/* 1/2 sum of the harmonic wavenumbers within the plane, hartree. */
static double zero_point(path *p, const double *xyz)
{
    const int n = p->n;
    const double *root = p->m->root;
    double sum = 0;
    evaluate_hessian(p->m->model, xyz, p->gradient, p->hessian, p->m->work);
    int rigid = rigid_motions(p->m->natoms, p->m->mass, xyz, p->rigid);
    double *across = p->rigid + rigid * n;
    for (int k = 0; k < n; k++)
        across[k] = p->normal[k] / root[k];
    rigid += modes__orthonormal(n, rigid, p->rigid, across);
    for (int k = 0; k < n * n; k++)
        p->hessian[k] /= root[k / n] * root[k % n];
    for (int side = 0; side < 2; side++) /* rows, then columns */
        for (int row = 0; row < n; row++)
            for (int r = 0; r < rigid; r++) {
                double *h = p->hessian + (side ? row : row * n), product = 0;
                const int step = side ? n : 1;
                for (int k = 0; k < n; k++)
                    product += h[k * step] * p->rigid[r * n + k];
                for (int k = 0; k < n; k++)
                    h[k * step] -= product * p->rigid[r * n + k];
            }
    double *value = p->gradient, *vector = p->hessian + n * n;
    eigenvectors(n, p->hessian, value, vector);
    for (int k = 0; k < n; k++)
        sum += value[k] > 0 ? sqrt(value[k]) / 2 : 0;
    return sum;
}

/* Mass-weighted distance of two geometries, turned to each other. */
static double distance(const path *p, const double *from, const double *to, double *turned)
{
    double rotation[3][3], square = 0;
    memcpy(turned, to, (size_t)p->n * sizeof *turned);
    to_centre(p->m->natoms, p->m->mass, turned);
    eckart_rotation(p->m->natoms, p->m->mass, from, turned, rotation);
    rotate(rotation, p->m->natoms, turned);
    for (int k = 0; k < p->n; k++)
        square += pow(p->m->root[k] * (turned[k] - from[k]), 2);
    return sqrt(square);
}

/* From the middle outwards, through the minimum and beyond it; the number of places, 0 where there is no such path. */
static int walk(path *p, const double *image)
{
    const molecule *m = p->m;
    const minimise_options options = {.gradient = 1e-7};
    int count = 0;
    p->square = 0;
    double begin = 0, whole = 0;
    for (int k = 0; k < p->n; k++) {
        p->normal[k] = m->root[k] * m->root[k] * (image[k] - m->xyz[k]) / DALTON;
        p->square += p->normal[k] * p->normal[k];
        begin += p->normal[k] * m->xyz[k];
        whole += p->normal[k] * (image[k] - m->xyz[k]);
    }
    for (; count < PLACES; count++) {
        double *xyz = p->xyz + count * p->n, energy;
        for (int k = 0; k < p->n; k++)
            xyz[k] = count ? xyz[k - p->n] : (m->xyz[k] + image[k]) / 2;
        p->offset = begin + whole * (HALF - count) / (2.0 * HALF);
        const minimise_end end = minimise_potential(p->n, in_plane, p, xyz, &energy, &options);
        if (end == MINIMISE_MEMORY || !isfinite(energy) || energy < m->energy - 1e-4)
            return 0;
        in_plane(p, xyz, p->gradient); /* into the plane */
        memcpy(xyz, p->image, (size_t)p->n * sizeof *xyz);
        to_centre(m->natoms, m->mass, xyz);
        p->v[count] = energy - m->energy;
        p->s[count] = count ? p->s[count - 1] + distance(p, xyz - p->n, xyz, p->image) : 0;
        p->zero_point[count] = zero_point(p, xyz);
        if (p->v[count] > HIGHEST)
            return count > HALF + 4 ? count : 0;
    }
    return count;
}

/* ---- the motion ---- */

/* Cubic through the four places about s, of a function that is even about the middle. */
static double between(int count, const double *s, const double *f, double at)
{
    int first = -1;
    double sum = 0;
    at = fabs(at);
    while (first < count - 4 && s[first + 2] < at)
        first++;
    for (int i = first; i < first + 4; i++) {
        double weight = f[i < 0 ? -i : i];
        const double own = i < 0 ? -s[-i] : s[i];
        for (int j = first; j < first + 4; j++)
            if (j != i) {
                const double other = j < 0 ? -s[-j] : s[j];
                weight *= (at - other) / (own - other);
            }
        sum += weight;
    }
    return sum;
}

/* On equal steps: D. T. Colbert, W. H. Miller, J. Chem. Phys. 96, 1982 (1992). */
int inversion_levels(int count, const double *s, const double *v, double *level)
{
    const double far = s[count - 1], step = 2 * far / (GRID + 1), pi = acos(-1);
    double *h = malloc((GRID * GRID + GRID) * sizeof *h), *value = h + GRID * GRID;
    if (!h)
        return 1;
    for (int i = 0; i < GRID; i++)
        for (int j = 0; j < GRID; j++) {
            const int d = i - j;
            h[i * GRID + j] =
                (d % 2 ? -1 : 1) * (d ? 2.0 / ((double)d * d) : pi * pi / 3) / (2 * step * step);
        }
    for (int i = 0; i < GRID; i++)
        h[i * (GRID + 1)] += between(count, s, v, -far + (i + 1) * step);
    const int bad = eigen_all(GRID, h, value, NULL);
    for (int k = 0; k < INVERSION_LEVELS && !bad; k++)
        level[k] = value[k] - value[0];
    free(h);
    return bad;
}

int inversion_solve(const molecule *m, inversion *v)
{
    const size_t n = 3 * (size_t)m->natoms;
    path p = {.m = m, .n = (int)n};
    double *all = calloc((PLACES + 11) * n + 2 * n * n, sizeof *all);
    *v = (inversion){0};
    if (!all)
        return 1;
    p.xyz = all, p.normal = p.xyz + PLACES * n, p.rigid = p.normal + n;
    p.image = p.rigid + 7 * n, p.gradient = p.image + n, p.hessian = p.gradient + n;
    double *image = p.hessian + 2 * n * n;
    const int count = mirror_image(m, image) > 0.1 ? walk(&p, image) : 0;
    int bad = 0;
    if (count > HALF) {
        double lowest = INFINITY;
        for (int k = 0; k < count; k++) {
            p.whole[k] = p.v[k] + p.zero_point[k];
            lowest = fmin(lowest, p.whole[k]);
        }
        v->known = 1;
        v->barrier = p.v[0];
        v->adiabatic = p.whole[0] - lowest;
        bad = inversion_levels(count, p.s, p.whole, v->level);
    }
    free(all);
    return bad;
}
