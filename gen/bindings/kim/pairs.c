/*
 * Pairs of molecules: V2 = f(R) W(a, b), where W is the energy of the two less those of each alone (PAIR_TOTAL), or the
 * surface itself, where its data were interaction energies. R is the distance of the centres, and f falls from 1 at `from` to 0
 * at `to`, with two continuous derivatives: f = 1 - t^3 (10 - 15 t + 6 t^2), t = (R - from)/(to - from).
 *
 * Each of the 2 N atoms has the same share of a pair's energy. Two molecules of this process are one pair; a molecule with
 * one around it is a pair for each of the processes, or images, that have atoms of it.
 */
#include "bonds.h"
#include "molecules.h"
#include PAIR_HEADER
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(PAIR_SURFACE, name)

enum { BATCH = 32 };
static const double angstrom = 1 / 0.529177210903; /* bohr; CODATA 2018 */

struct pairs {
    int count, both[BATCH][2];
    double from, to; /* bohr */
    double xyz[BATCH][2 * N][3], gradient[BATCH][2 * N][3], energy[BATCH];
};

void pairs_parameters(family_parameter parameters[PAIR_PARAMETERS])
{
    parameters[0] = (family_parameter){
        "from", "angstrom; from this distance of their centres on the energy of two molecules falls",
        PAIR_FROM};
    parameters[1] =
        (family_parameter){"to", "angstrom; from this distance on it is 0, and the cutoff", PAIR_TO};
}

int pairs_reach(const family_parameter parameters[PAIR_PARAMETERS], double *to, char why[FAMILY_WHY])
{
    const double a = parameters[0].value, b = parameters[1].value;
    *to = b * angstrom;
    if (a > 0 && b > a && b <= 50)
        return 0;
    snprintf(why, FAMILY_WHY, "from is %g and to is %g: expected 0 < from < to <= 50 angstrom", a, b);
    return 1;
}

pairs *pairs_room(void)
{
    return calloc(1, sizeof(pairs));
}

/* f(R), and its derivative. */
static double switched(const pairs *p, double r, double *slope)
{
    const double t = (r - p->from) / (p->to - p->from);
    *slope = 0;
    if (t <= 0)
        return 1;
    *slope = -30 * t * t * (1 - t) * (1 - t) / (p->to - p->from);
    return 1 - t * t * t * (10 - 15 * t + 6 * t * t);
}

/* Adds pair p of the batch. */
static int add_pair(const pairs *room, int p, molecules *m, const family_atoms *atoms, family_answer *answer,
                    char why[FAMILY_WHY])
{
    const int *both = room->both[p];
    const double *a = m->centre + 3 * both[0], *b = m->centre + 3 * both[1];
    const double apart[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
    const double share = (m->share[both[0]] + m->share[both[1]]) / 2;
    const double r = sqrt(apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2]);
    double slope, energy = room->energy[p];
    const double f = switched(room, r, &slope);
    for (int h = 0; h < 2 && PAIR_TOTAL; h++) {
        energy -= m->energy[both[h]];
        m->times[both[h]] -= share * f;
    }
    if (!isfinite(energy))
        return refuse_molecule(atoms, N, m->member + N * both[0], "with another one its energy is no number",
                               why);
    answer->energy += share * f * energy;
    for (int k = 0; k < 2 * N; k++) {
        const int molecule = both[pair_half[k]], atom = m->member[N * molecule + pair_atom[k]];
        const double centre = slope > 0 || slope < 0 ? (pair_half[k] ? -1 : 1) * slope * energy / r *
                                                           surface_centre[pair_atom[k]]
                                                     : 0;
        double g[3];
        for (int d = 0; d < 3; d++)
            g[d] = share * (f * room->gradient[p][k][d] + centre * apart[d]);
        pull_atom(m, molecule, pair_atom[k], g, answer);
        if (atoms->contributing[atom])
            answer->energies[atom] += f * energy / (2 * N);
    }
    if (!answer->outside && !m->said_pair && !OF(inside)(room->xyz[p][0])) {
        answer->outside = m->member[N * both[0]] + 1;
        answer->whose = "the pair of molecules";
        m->said_pair = 1;
    }
    return 0;
}

static int add_batch(pairs *room, molecules *m, const family_atoms *atoms, family_answer *answer,
                     char why[FAMILY_WHY])
{
    OF(energy_gradient_batch)((size_t)room->count, room->xyz[0][0], room->energy, room->gradient[0][0]);
    for (int p = 0; p < room->count; p++)
        if (add_pair(room, p, m, atoms, answer, why))
            return 1;
    room->count = 0;
    return 0;
}

static void take_pair(pairs *room, const molecules *m, int a, int b)
{
    const int p = room->count++;
    room->both[p][0] = a;
    room->both[p][1] = b;
    for (int k = 0; k < 2 * N; k++)
        memcpy(room->xyz[p][k], m->xyz + 3 * (N * room->both[p][pair_half[k]] + pair_atom[k]),
               3 * sizeof(double));
}

/* An atom of the molecule that contributes. */
static int contributing_atom(const molecules *m, const family_atoms *atoms, int a)
{
    int k = 0;
    while (!atoms->contributing[m->member[N * a + k]])
        k++;
    return m->member[N * a + k];
}

int pairs_compute(const family_parameter parameters[PAIR_PARAMETERS], pairs *room, molecules *m,
                  const family_atoms *atoms, family_answer *answer, char why[FAMILY_WHY])
{
    room->count = 0;
    room->from = parameters[0].value * angstrom;
    room->to = parameters[1].value * angstrom;
    for (int a = 0; a < m->own; a++) {
        const int atom = contributing_atom(m, atoms, a);
        int count;
        const int *near;
        if (atoms->neighbours(atoms->simulator, atom, &count, &near)) {
            snprintf(why, FAMILY_WHY, "the simulator has no neighbours of atom %d", atom);
            return 1;
        }
        for (int k = 0; k < count; k++) {
            const int b = m->of[near[k]];
            if (b < 0 || m->member[N * b] != near[k] || b == a || (b < m->own && b < a))
                continue; /* not whole, counted by its first atom, the molecule itself, or had from b */
            if (distance_square(m->centre + 3 * a, m->centre + 3 * b) >= room->to * room->to)
                continue;
            take_pair(room, m, a, b);
            if (room->count == BATCH && add_batch(room, m, atoms, answer, why))
                return 1;
        }
    }
    return add_batch(room, m, atoms, answer, why);
}
