/* Collinear scattering by two methods. */
#include "scatter/run.h"
#include "common/eigen.h"
#include "scatter/delves.h"
#include "scatter/packet.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PI 3.14159265358979323846
#define MOLECULE 6 /* bohr: longer than any molecule in its lowest state */
#define CUT 0.2    /* hartree above the bottom: the surface is cut off, above the energies of interest */

static int fail(const char *text)
{
    fprintf(stderr, "scatter: %s\n", text);
    return 1;
}

double scatter_bottom(const collinear *c, double far)
{
    enum { POINTS = 400 };
    const double part = c->mass[2] / (c->mass[1] + c->mass[2]), step = 0.01;
    double ab[POINTS], bc[POINTS], energy[POINTS];
    int best = 1;
    for (int k = 0; k < POINTS; k++)
        bc[k] = 0.6 + step * k, ab[k] = far - part * bc[k];
    c->surface(c->context, POINTS, ab, bc, energy);
    for (int k = 1; k + 1 < POINTS; k++)
        best = energy[k] < energy[best] ? k : best;
    const double below = energy[best - 1], above = energy[best + 1], bend = below + above - 2 * energy[best];
    return energy[best] - (bend > 0 ? (above - below) * (above - below) / (8 * bend) : 0);
}

/* ---- the wave packet ---- */

/* Distances of its plan, bohr: where it begins, how wide it is, where its lines lie. */
typedef struct plan {
    double width, centre, momentum, far_line, product_line;
} plan;

static plan plan_of(const collinear *c, const scatter_options *o, const scatter_results *r)
{
    const double mass = collinear_approach(c, 0);
    const double low = sqrt(2 * mass * fmax(o->energy[0] - r->ground, 0)),
                 high = sqrt(2 * mass * (o->energy[o->nenergies - 1] - r->ground));
    plan p;
    p.momentum = 0.5 * (low + high);
    p.width = fmin(fmax(3 / (high - low + 1e-3), 0.3),
                   0.8); /* at both ends the amplitude is exp(-2.25) of the middle one */
    p.centre = o->apart + 4.5 * p.width;
    p.far_line = p.centre + 6.5 * p.width;
    p.product_line = 5;
    return p;
}

static double *packet_surface(const collinear *c, const packet_axis *axis, double highest, double *lowest)
{
    const size_t n0 = axis[0].n, n1 = axis[1].n;
    const double part = c->mass[2] / (c->mass[1] + c->mass[2]);
    double *energy = calloc(n0 * n1 + 2 * n1, sizeof *energy);
    if (!energy)
        return NULL;
    double *ab = energy + n0 * n1, *bc = ab + n1;
    *lowest = highest;
    for (size_t i = 0; i < n0; i++) {
        for (size_t j = 0; j < n1; j++) {
            bc[j] = axis[1].first + (double)j * axis[1].step;
            ab[j] = axis[0].first + (double)i * axis[0].step - part * bc[j];
        }
        c->surface(c->context, n1, ab, bc, energy + i * n1);
        for (size_t j = 0; j < n1; j++) {
            energy[i * n1 + j] = fmin(energy[i * n1 + j], highest);
            *lowest = fmin(*lowest, energy[i * n1 + j]);
        }
    }
    return energy;
}

/* The lowest state of BC where the packet begins; at long distances, where the products are, a wall is put. */
static int channel_of(const packet_axis *r, const double *potential, double wall, double *energy,
                      double *state)
{
    double *h = calloc(r->n * r->n + r->n, sizeof *h);
    if (!h)
        return 1;
    packet_kinetic(r->n, r->step, r->mass, h);
    for (size_t j = 0; j < r->n; j++)
        h[j * r->n + j] += r->first + (double)j * r->step < MOLECULE ? potential[j] : wall;
    const int bad = eigen_some(r->n, 1, h, h + r->n * r->n, state);
    *energy = h[r->n * r->n];
    free(h);
    return bad;
}

static int by_packet(const collinear *c, const scatter_options *o, scatter_results *r)
{
    const plan at = plan_of(c, o, r);
    const double kinetic =
        o->energy[o->nenergies - 1] + 0.012; /* hartree: with a reserve, as waves go under barriers */
    packet_axis axis[2] = {{0, 0.5, 0, collinear_approach(c, 0), 0, o->absorber},
                           {0, 0.4, 0, collinear_molecule(c, 0), 0, o->absorber}};
    const double end[2] = {at.far_line + 0.5 + o->absorber, at.product_line + 0.5 + o->absorber};
    for (int k = 0; k < 2; k++) {
        axis[k].step = PI / ((k ? 2.5 : 1.9) * o->fineness * sqrt(2 * axis[k].mass * kinetic));
        axis[k].n = (size_t)((end[k] - axis[k].first) / axis[k].step) + 1;
        r->points[k] = axis[k].n;
    }
    const double cut = r->bottom + CUT;
    double lowest, *energy = calloc(o->nenergies * 3 + axis[1].n, sizeof *energy);
    double *potential = packet_surface(c, axis, cut, &lowest);
    int bad = !energy || !potential;
    if (!bad) {
        double *probability = energy + o->nenergies, *state = probability + 2 * o->nenergies;
        packet_problem p = {.axis = {axis[0], axis[1]},
                            .potential = potential,
                            .lowest = lowest,
                            .highest = cut,
                            .strength = o->strength,
                            .centre = at.centre,
                            .width = at.width,
                            .momentum = at.momentum,
                            .channel = state,
                            .nenergies = o->nenergies,
                            .energy = energy,
                            .nlines = 2,
                            .line = {{1, 1, (size_t)((at.product_line - axis[1].first) / axis[1].step)},
                                     {0, 1, (size_t)((at.far_line - axis[0].first) / axis[0].step)}},
                            .leave = 1e-6,
                            .most = 100000};
        const double *row = potential + (size_t)((at.centre - axis[0].first) / axis[0].step) * axis[1].n;
        for (size_t e = 0; e < o->nenergies; e++)
            energy[e] = r->bottom + o->energy[e];
        bad = channel_of(&axis[1], row, cut, &p.channel_energy, state) ||
              packet_run(&p, probability, &r->steps, &r->left);
        for (size_t e = 0; e < o->nenergies && !bad; e++)
            r->passed[e] = probability[e], r->back[e] = probability[o->nenergies + e];
    }
    r->calls += (double)(axis[0].n * axis[1].n);
    free(potential);
    free(energy);
    return bad ? fail("the wave packet: out of memory") : 0;
}

/* ---- the logarithmic derivative ---- */

static int by_delves(const collinear *c, const scatter_options *o, const delves *d, scatter_results *r)
{
    const size_t m = (size_t)o->channels;
    double *probability = calloc(m * m, sizeof *probability);
    int bad = !probability;
    for (size_t e = 0; e < o->nenergies && !bad; e++) {
        const double energy = r->bottom + o->energy[e];
        bad = delves_probabilities(d, energy, probability);
        for (size_t s = 0; s < m && !bad; s++) {
            const delves_state *from = &d->state[s];
            double sum = 0;
            for (size_t t = 0; t < m; t++) {
                const delves_state *to = &d->state[t];
                const double part = probability[s * m + t];
                sum += part;
                if (from->arrangement || !to->arrangement)
                    continue;
                r->all[e] += part;
                if (from->v)
                    continue;
                r->reactive[e] += part;
                if (to->v < SCATTER_STATES)
                    r->state[e * SCATTER_STATES + (size_t)to->v] = part;
            }
            if (energy > from->energy)
                r->unitarity = fmax(r->unitarity, fabs(sum - 1));
        }
    }
    free(probability);
    (void)c;
    return bad ? fail("the logarithmic derivative: out of memory, or a singular matrix") : 0;
}

static double now(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

int scatter_run(const collinear *c, const scatter_options *o, scatter_results *r)
{
    const size_t n = o->nenergies;
    *r = (scatter_results){0};
    r->passed = calloc((4 + SCATTER_STATES) * n, sizeof *r->passed);
    if (!r->passed)
        return fail("out of memory");
    r->back = r->passed + n, r->reactive = r->back + n, r->all = r->reactive + n, r->state = r->all + n;
    r->bottom = scatter_bottom(c, o->rho / sqrt(collinear_approach(c, 0) / collinear_mass(c)));
    const delves_options options = {
        .from = 1.5,
        .to = o->rho,
        .sector = 0.02 / o->fineness,
        .points = (int)(0.5 + 170 * o->fineness * sqrt(o->energy[n - 1] / 0.045 * collinear_mass(c) / 1060)),
        .channels = o->channels,
        .longest = 8,
        .highest = r->bottom + CUT};
    delves d;
    const double begun = now();
    int bad = delves_make(&d, c, &options) ? fail("the states of the angle: out of memory") : 0;
    for (int k = o->channels - 1; k >= 0 && !bad; k--)
        if (d.state[k].v == 0)
            *(d.state[k].arrangement ? &r->other : &r->ground) = d.state[k].energy - r->bottom;
    if (!bad && !(o->energy[0] > fmax(r->ground, r->other))) {
        fprintf(stderr,
                "scatter: the lowest energy, %g eV, is not above the lowest states, %.4f and %.4f eV: ask "
                "for higher "
                "ones by --energies\n",
                27.211386245988 * o->energy[0], 27.211386245988 * r->ground, 27.211386245988 * r->other);
        bad = 1;
    }
    bad = bad || by_delves(c, o, &d, r);
    r->calls = (double)(d.sectors * d.points);
    delves_free(&d);
    r->seconds[1] = now() - begun;
    bad = bad || by_packet(c, o, r);
    r->seconds[0] = now() - begun - r->seconds[1];
    return bad;
}

void scatter_free(scatter_results *r)
{
    free(r->passed);
    *r = (scatter_results){0};
}
