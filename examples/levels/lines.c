/* Strengths of lines from J = 0 to J = 1. */
#define _POSIX_C_SOURCE 200809L
#include "levels/lines.h"
#include "common/eckart.h"
#include "common/modes.h"
#include "common/sticks.h"
#include "common/units.h"
#include <errno.h>

/* Dipoles, e bohr, at all points along z, the first vector, and x: f[2][npairs][nq]. */
static void dipoles(const triatomic *t, lines_dipole *dipole, void *context, double *f)
{
    double xyz[9], mu[3];
    for (int p = 0; p < t->npairs; p++)
        for (int q = 0; q < t->nq; q++) {
            triatomic_place(t, t->x[0][t->pair[p][0]], t->x[1][t->pair[p][1]], t->cosine[q], xyz);
            to_centre(3, t->o.mass, xyz);
            dipole(context, xyz, mu);
            f[p * t->nq + q] = mu[2];
            f[(t->npairs + p) * t->nq + q] = mu[0];
        }
}

const char *lines_find(const triatomic *t, lines_dipole *dipole, void *context, size_t states, double highest,
                       line **lines, size_t *n)
{
    const int even = t->o.alike ? 1 : 0;
    triatomic_states ground = {0}, of_K[2] = {{0}, {0}};
    double *f = calloc(2 * (size_t)t->npairs * (size_t)t->nq + 1, sizeof *f), *energy = NULL, *vector = NULL;
    double *moment = calloc(2 * states + 1, sizeof *moment);
    const char *bad = f && moment ? NULL : "out of memory";
    size_t size = 0;
    *lines = NULL, *n = 0;
    if (!bad)
        bad = triatomic_solve(t, 0, even, 0, 1, &ground);
    for (int K = 0; K < 2 && !bad; K++) /* the dipole changes parity, and keeps the exchange of the ends */
        bad = triatomic_solve(t, K, -even, 0, states, &of_K[K]);
    if (!bad)
        bad = triatomic_couple(t, 1, 0, of_K, &energy, &vector, &size);
    if (!bad) {
        dipoles(t, dipole, context, f);
        for (size_t k = 0; k < size; k++) {
            const int K = k >= of_K[0].n;
            moment[k] =
                triatomic_element(t, &ground, 0, &of_K[K], K ? k - of_K[0].n : k, f + K * t->npairs * t->nq);
        }
        *lines = calloc(size + 1, sizeof **lines);
        bad = *lines ? NULL : "out of memory";
    }
    for (size_t k = 0; k < size && !bad; k++) {
        double sum = 0;
        const double at = energy[k] - ground.value[0];
        for (size_t v = 0; v < size; v++)
            sum += vector[k * size + v] * moment[v];
        if (PER_CM * at <= highest)
            (*lines)[(*n)++] = (line){PER_CM * at, sum * sum, KM_MOL * 2 * at * sum * sum};
    }
    triatomic_states_free(&ground);
    triatomic_states_free(&of_K[0]);
    triatomic_states_free(&of_K[1]);
    free(f), free(moment), free(energy), free(vector);
    return bad;
}

static void of_molecule(void *context, const double *xyz, double *mu)
{
    molecule_dipoles(context, 1, xyz, mu);
}

int lines_of_molecule(const molecule *m, const triatomic *t, size_t states, double highest, line **lines,
                      size_t *n)
{
    molecule copy = *m;
    const char *bad = lines_find(t, of_molecule, &copy, states, highest, lines, n);
    return bad ? complain(m->program, m->name, bad) : 0;
}

void lines_print(const line *lines, size_t n)
{
    printf("  lines from J = 0 of the ground state to J = 1:\n"
           "          wavenumber / cm^-1   moment^2 / debye^2   strength / (km/mol)\n");
    for (size_t k = 0; k < n; k++)
        printf("          %18.4f   %18.4g   %19.4g\n", lines[k].at, DEBYE * DEBYE * lines[k].moment,
               lines[k].strength);
}

int lines_draw(const char *path, const molecule *m, const line *lines, size_t n)
{
    char title[256];
    stick *s = malloc((n + 1) * sizeof *s);
    for (size_t k = 0; s && k < n; k++)
        s[k] = (stick){lines[k].at, lines[k].strength, 0};
    snprintf(title, sizeof title, "%s: lines from J = 0 to J = 1", m->name);
    const sticks o = {.title = title, .strengths = 1};
    return sticks_draw(m->program, path, &o, n, s) || printf("  picture: %s\n", path) < 0;
}
