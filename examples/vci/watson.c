/* Geometries of normal coordinates, and what Watson's Hamiltonian needs of them. */
#include "vci/watson.h"
#include "common/eckart.h"
#include "common/elements.h"
#include "common/modes.h"
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256 };

/* A surface is as symmetric as its minimum where like atoms are alike to it, too. */
static int same_energies(void *context, const double *xyz, const double *image)
{
    const watson *w = context;
    double one, other;
    molecule_energies(w->m, 1, xyz, &one, NULL);
    molecule_energies(w->m, 1, image, &other, NULL);
    return fabs(one - other) <= 1e-9;
}

int watson_make(watson *w, const molecule *m)
{
    const size_t n = 3 * (size_t)m->natoms, modes = (size_t)m->vibrations;
    *w = (watson){.m = m, .modes = m->vibrations, .margin = 1e-4, .deepest = INFINITY};
    w->shift = calloc(2 * modes * n + 3 * modes * modes + modes + 2 * n + BATCH * (n + 1), sizeof *w->shift);
    if (!w->shift)
        return 1;
    double *mode = w->shift + modes * n;
    w->zeta = mode + modes * n;
    w->deepest_xyz = w->zeta + 3 * modes * modes;
    w->xyz = w->deepest_xyz + n;
    w->wavenumber = w->xyz + n;
    w->room = w->wavenumber + modes;
    memcpy(w->xyz, m->xyz, n * sizeof *w->xyz);
    memcpy(mode, m->mode, modes * n * sizeof *mode);
    symmetry_find(m->natoms, m->mass, m->vibrations, m->wavenumber, same_energies, w, w->xyz, mode,
                  &w->symmetry);
    for (size_t k = 0; k < modes; k++)
        w->wavenumber[k] = m->wavenumber[k] / PER_CM;
    for (size_t k = 0; k < modes; k++)
        for (size_t i = 0; i < n; i++)
            w->shift[k * n + i] = mode[k * n + i] / m->root[i];
    for (size_t k = 0; k < modes; k++)
        for (size_t l = 0; l < modes; l++)
            for (size_t i = 0; i < n; i += 3)
                for (size_t a = 0; a < 3; a++) {
                    const size_t b = i + (a + 1) % 3, c = i + (a + 2) % 3;
                    w->zeta[(a * modes + k) * modes + l] +=
                        mode[k * n + b] * mode[l * n + c] - mode[k * n + c] * mode[l * n + b];
                }
    for (size_t k = 0; k < 3 * modes * modes; k++) /* zero by symmetry */
        w->zeta[k] = fabs(w->zeta[k]) < 1e-7 ? 0 : w->zeta[k];
    inertia_tensor(m->natoms, m->mass, w->xyz, w->inertia);
    for (int a = 0; a < 9; a++)
        w->inertia[a / 3][a % 3] *= DALTON;
    return 0;
}

void watson_free(watson *w)
{
    free(w->shift);
    *w = (watson){0};
}

static void geometry(const watson *w, const double *q, double *xyz)
{
    const size_t n = 3 * (size_t)w->m->natoms;
    memcpy(xyz, w->xyz, n * sizeof *xyz);
    for (size_t k = 0; k < (size_t)w->modes; k++)
        for (size_t i = 0; i < n && q[k] != 0; i++)
            xyz[i] += q[k] * w->shift[k * n + i];
}

/* Near geometries where the tensor of inertia has no inverse, as a bent molecule that becomes linear, Watson's term goes to
 * minus infinity; states that reach there are none of this Hamiltonian's. Its determinant is this share of the minimum's. */
#define LEAST_INERTIA 0.2

static double determinant_of(double (*a)[3])
{
    return a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) -
           a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
           a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
}

/* mu; not a number where there is too little inertia. */
static void effective_inverse(watson *w, const double *xyz, double mu[3][3])
{
    double mixed[3][3] = {{0}}, inverse[3][3], half[3][3];
    for (int i = 0; i < w->m->natoms; i++) {
        const double *r = xyz + 3 * i, *r0 = w->xyz + 3 * i, mass = DALTON * w->m->mass[i];
        const double product = r[0] * r0[0] + r[1] * r0[1] + r[2] * r0[2];
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                mixed[a][b] += mass * ((a == b ? product : 0) - r0[a] * r[b]);
    }
    const double whole = determinant_of(mixed), least = LEAST_INERTIA * determinant_of(w->inertia);
    const double determinant = whole > least ? whole : (double)NAN;
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            const int c = (a + 1) % 3, d = (a + 2) % 3, e = (b + 1) % 3, f = (b + 2) % 3;
            inverse[b][a] = mixed[c][e] * mixed[d][f] - mixed[c][f] * mixed[d][e];
        }
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            half[a][b] = 0;
            for (int c = 0; c < 3; c++)
                half[a][b] += inverse[a][c] / determinant * w->inertia[c][b];
        }
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            mu[a][b] = 0;
            for (int c = 0; c < 3; c++)
                mu[a][b] += half[a][c] * inverse[c][b] / determinant;
        }
}

void watson_energy(void *context, size_t count, const double *q, double *value)
{
    watson *w = context;
    const size_t n = 3 * (size_t)w->m->natoms;
    double *energy = w->room, *xyz = energy + BATCH, mu[3][3];
    for (size_t at = 0; at < count; at += BATCH) {
        const size_t now = count - at < BATCH ? count - at : BATCH;
        for (size_t i = 0; i < now; i++)
            geometry(w, q + (at + i) * (size_t)w->modes, xyz + i * n);
        molecule_energies(w->m, now, xyz, energy, NULL);
        for (size_t i = 0; i < now; i++) {
            const double above = energy[i] - w->m->energy;
            value[at + i] = (double)NAN;
            if (isfinite(above) && above < w->deepest) {
                w->deepest = above;
                memcpy(w->deepest_xyz, xyz + i * n, n * sizeof *xyz);
            }
            if (!(above >= -w->margin)) {
                w->holes++;
                continue;
            }
            effective_inverse(w, xyz + i * n, mu);
            value[at + i] = above - (mu[0][0] + mu[1][1] + mu[2][2]) / 8;
        }
    }
}

void watson_mu(void *context, size_t count, const double *q, double *value)
{
    watson *w = context;
    double *xyz = w->room, mu[3][3];
    for (size_t i = 0; i < count; i++) {
        geometry(w, q + i * (size_t)w->modes, xyz);
        effective_inverse(w, xyz, mu);
        const double fields[] = {mu[0][0], mu[1][1], mu[2][2], mu[0][1], mu[0][2], mu[1][2]};
        memcpy(value + 6 * i, fields, sizeof fields);
    }
}

void watson_dipole(void *context, size_t count, const double *q, double *value)
{
    const watson *w = context;
    for (size_t i = 0; i < count; i++) {
        geometry(w, q + i * (size_t)w->modes, w->room);
        molecule_dipoles(w->m, 1, w->room, value + 3 * i);
    }
}
