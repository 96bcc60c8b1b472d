/* Random geometries, about the minimum and on the ways to its images. */
#include "learn/learn.h"
#include "common/eckart.h"
#include "common/modes.h"
#include <stdlib.h>

enum { PERMUTATIONS = 5040 };

#define DIFFERENT 0.05 /* bohr: images nearer than this are the minimum itself */

/* Images of the minimum that lie nearest, one of each distance. */
typedef struct images {
    const search *f;
    int *atom, left, n;
    double *room, *image, length[WAYS];
} images;

/* Turns moved[natoms][3] onto fixed, both centred; returns the root of the mean square of their mass-weighted differences,
 * bohr. */
static double turn_onto(const search *f, const double *fixed, double *moved)
{
    double rotation[3][3], total = 0, square = 0;
    eckart_rotation(f->n / 3, f->mass, fixed, moved, rotation);
    rotate(rotation, f->n / 3, moved);
    for (int i = 0; i < f->n; i++) {
        const double off = moved[i] - fixed[i];
        square += f->mass[i / 3] * off * off;
        total += f->mass[i / 3] / 3;
    }
    return sqrt(square / total);
}

/* Puts an image among the nearest, unless one of its distance is there. */
static void keep_image(images *all, double length, const double *xyz)
{
    const size_t size = (size_t)all->f->n;
    int at = 0;
    if (length < DIFFERENT)
        return;
    while (at < all->n && all->length[at] < length - 1e-3)
        at++;
    if (at == WAYS || (at < all->n && fabs(all->length[at] - length) < 1e-3))
        return;
    all->n += all->n < WAYS;
    for (int k = all->n - 1; k > at; k--) {
        all->length[k] = all->length[k - 1];
        memcpy(all->image + (size_t)k * size, all->image + (size_t)(k - 1) * size, size * sizeof *xyz);
    }
    all->length[at] = length;
    memcpy(all->image + (size_t)at * size, xyz, size * sizeof *xyz);
}

/* The permutation that is complete, as it is and reflected. */
static void try_images(images *all)
{
    const search *f = all->f;
    for (int mirror = 0; mirror < 2; mirror++) {
        for (int i = 0; i < f->n / 3; i++)
            for (int k = 0; k < 3; k++)
                all->room[3 * i + k] = (mirror ? -1 : 1) * f->c->xyz[3 * all->atom[i] + k];
        keep_image(all, turn_onto(f, f->c->xyz, all->room), all->room);
    }
}

/* All permutations of atoms within their classes, from atom i on, as many as there is time for. */
static void permute(images *all, int i)
{
    const int natoms = all->f->n / 3;
    if (i == natoms) {
        all->left--;
        try_images(all);
    }
    for (int j = i; j < natoms && all->left > 0; j++) {
        const int a = all->atom[i], b = all->atom[j];
        if (basis->atom_classes[a] != basis->atom_classes[b])
            continue;
        all->atom[i] = b, all->atom[j] = a;
        permute(all, i + 1);
        all->atom[i] = a, all->atom[j] = b;
    }
}

/* xyz <- a place on a straight way, t = 0 the minimum, 1 the image. */
static void on_way(const search *f, const double *image, double t, double *xyz)
{
    for (int k = 0; k < f->n; k++)
        xyz[k] = (1 - t) * f->c->xyz[k] + t * image[k];
}

/* Computes the first halves of the ways; those that are too high, or fail, are left out. */
static int compute_ways(const settings *s, points *p, search *f, images *all, ways *w)
{
    const size_t size = (size_t)f->n;
    double *xyz = calloc(WAY_POINTS * size, sizeof *xyz);
    int bad = xyz ? 0 : fail("", "out of memory");
    for (int k = 0; k < all->n && !bad; k++) {
        const double *image = all->image + (size_t)k * size;
        task tasks[WAY_POINTS] = {{.point = 0}};
        double highest = 0;
        int close = 0;
        for (int at = 0; at < WAY_POINTS; at++) {
            tasks[at].xyz = xyz + (size_t)at * size;
            on_way(f, image, (at + 1) / (2.0 * WAY_POINTS), xyz + (size_t)at * size);
            snprintf(tasks[at].id, sizeof tasks[at].id, "way-%d-%d", k, at);
            close |= is_close(f, tasks[at].xyz);
        }
        if (close)
            continue;
        bad = compute(s, p, "a way to an image", WAY_POINTS, tasks);
        for (int at = 0; at < WAY_POINTS && !bad; at++) {
            const double energy = tasks[at].point < 0 ? INFINITY : p->energy[tasks[at].point] - f->c->minimum;
            w->energy[w->n][at] = fmax(energy, 0);
            highest = fmax(highest, energy);
        }
        if (!bad && highest <= s->up_to / PER_CM) {
            printf("way to an image: %.3f bohr, %.0f cm^-1 at its highest\n", all->length[k],
                   highest * PER_CM);
            memcpy(w->image + (size_t)w->n++ * size, image, size * sizeof *image);
        }
    }
    free(xyz);
    return bad;
}

int find_ways(const settings *s, points *p, search *found, ways *w)
{
    const size_t size = (size_t)found->n;
    images all = {.f = found, .left = PERMUTATIONS};
    *w = (ways){.image = calloc(WAYS * size, sizeof(double))};
    all.atom = calloc(size, sizeof *all.atom);
    all.room = calloc((WAYS + 1) * size, sizeof *all.room);
    all.image = all.room + size;
    int bad = w->image && all.atom && all.room ? 0 : fail("", "out of memory");
    if (!bad) {
        to_centre(found->n / 3, found->mass, found->c->xyz);
        for (int i = 0; i < found->n / 3; i++)
            all.atom[i] = i;
        permute(&all, 0);
        bad = compute_ways(s, p, found, &all, w);
    }
    free(all.atom);
    free(all.room);
    return bad;
}

void ways_free(ways *w)
{
    free(w->image);
    w->image = NULL;
}

/* The energy at t on a way, from 0 to 1/2, between those that were computed. */
static double energy_on_way(const double *energy, double t)
{
    const double at = 2 * WAY_POINTS * t;
    const int k = at < WAY_POINTS - 1 ? (int)at : WAY_POINTS - 1;
    const double before = k > 0 ? energy[k - 1] : 0;
    return before + (at - k) * (energy[k] - before);
}

void sample(search *found, const ways *w, double highest, double *xyz)
{
    generator *random = &found->random;
    double *centre = found->distance; /* room for one; a place is kept only until it is displaced */
    for (int tries = 0; tries < 1000; tries++) {
        double left = highest;
        const double *from = found->c->xyz;
        if (w->n > 0 && random_uniform(random) < 0.5) {
            const int way = (int)(random_uniform(random) * w->n);
            const double t = 0.5 * random_uniform(random);
            on_way(found, w->image + (size_t)way * (size_t)found->n, t, centre);
            left -= energy_on_way(w->energy[way], t);
            from = centre;
        }
        census_displace(found, from, fmax(left, 0) * random_uniform(random), xyz);
        if (!is_close(found, xyz))
            return;
    }
}
