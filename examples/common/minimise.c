/* Minima of surfaces, by BFGS. */
#include "common/evaluate.h"
#include "common/minimise.h"
#include <stdlib.h>

static double dot(int n, const double *a, const double *b)
{
    double sum = 0;
    for (int k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

static double largest(int n, const double *a)
{
    double most = 0;
    for (int k = 0; k < n; k++)
        most = fabs(a[k]) > most ? fabs(a[k]) : most;
    return most;
}

/* The inverse Hessian before anything is known of it: 0.5 hartree/bohr^2, about that of a bond, in all directions. */
static void forget(int n, double *inverse)
{
    for (int k = 0; k < n * n; k++)
        inverse[k] = k % (n + 1) == 0 ? 2 : 0;
}

/* The inverse Hessian after a step s along which the gradient changes by y; image: room for [n]. */
static void learn(int n, const double *s, const double *y, double *inverse, double *image)
{
    const double sy = dot(n, s, y);
    if (sy <= 1e-10 * sqrt(dot(n, s, s) * dot(n, y, y)))
        return;
    for (int i = 0; i < n; i++)
        image[i] = dot(n, inverse + i * n, y);
    const double scale = (1 + dot(n, y, image) / sy) / sy;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            inverse[i * n + j] += scale * s[i] * s[j] - (image[i] * s[j] + s[i] * image[j]) / sy;
}

minimise_end minimise_potential(int n, potential_function *potential, void *context, double *xyz,
                                double *energy, const minimise_options *options)
{
    const minimise_options none = {0}, *o = options ? options : &none;
    const int steps = o->steps ? o->steps : 500;
    const double small = o->gradient > 0 ? o->gradient : 1e-6, longest = o->longest > 0 ? o->longest : 0.15;
    double *inverse = calloc((size_t)n * (size_t)n + 6 * (size_t)n, sizeof *inverse);
    minimise_end end = MINIMISE_STOPPED;
    if (!inverse)
        return MINIMISE_MEMORY;
    double *gradient = inverse + n * n, *step = gradient + n, *next = step + n;
    double *next_gradient = next + n, *change = next_gradient + n, *image = change + n;
    int fresh = 1; /* nothing was learned yet */
    *energy = potential(context, xyz, gradient);
    forget(n, inverse);
    memcpy(next, xyz, (size_t)n * sizeof *next);
    for (int k = 0; k < steps; k++) {
        double there = 0, length = 1;
        int lower = 0;
        if (largest(n, gradient) <= small) {
            end = MINIMISE_DONE;
            break;
        }
        for (int i = 0; i < n; i++)
            step[i] = -dot(n, inverse + i * n, gradient);
        const double slope = dot(n, step, gradient), longer = largest(n, step) / longest;
        if (longer > 1)
            length = 1 / longer;
        for (int halved = 0; halved < 30 && !lower && slope < 0; halved++, length /= 2) {
            for (int i = 0; i < n; i++)
                next[i] = xyz[i] + length * step[i];
            if (o->outside && o->outside(o->context, next))
                break;
            there = potential(context, next, next_gradient);
            lower = there <= *energy + 1e-4 * length * slope;
        }
        if (!lower && o->outside && o->outside(o->context, next)) {
            end = MINIMISE_LEFT;
            break;
        }
        if (!lower && fresh)
            break;
        if (!lower) { /* once more, straight downhill */
            forget(n, inverse);
            fresh = 1;
            continue;
        }
        for (int i = 0; i < n; i++) {
            step[i] = next[i] - xyz[i];
            change[i] = next_gradient[i] - gradient[i];
            xyz[i] = next[i];
            gradient[i] = next_gradient[i];
        }
        *energy = there;
        learn(n, step, change, inverse, image);
        fresh = 0;
    }
    free(inverse);
    return end;
}

/* A surface as a potential. */
typedef struct modelled {
    const eqml_model *m;
    double *work;
} modelled;

static double energy_of(void *context, const double *xyz, double *gradient)
{
    const modelled *surface = context;
    return evaluate(surface->m, xyz, gradient, surface->work);
}

minimise_end minimise(const eqml_model *m, double *xyz, double *energy, const minimise_options *options)
{
    modelled surface = {
        m, calloc(EQML_WORK_ONE((size_t)m->basis->nslots, (size_t)m->basis->npairs), sizeof *surface.work)};
    const minimise_end end =
        surface.work ? minimise_potential(3 * m->basis->natoms, energy_of, &surface, xyz, energy, options)
                     : MINIMISE_MEMORY;
    free(surface.work);
    return end;
}
