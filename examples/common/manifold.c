/* The rovibrational levels of a triatomic molecule on a fitted surface. */
#define _POSIX_C_SOURCE 200809L
#include "common/manifold.h"
#include "common/modes.h"

static int alike(const molecule *m, int i, int j)
{
    return m->model->basis->atom_classes[i] == m->model->basis->atom_classes[j] && m->mass[i] == m->mass[j];
}

static double square(const molecule *m, int i, int j)
{
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += (m->xyz[3 * i + k] - m->xyz[3 * j + k]) * (m->xyz[3 * i + k] - m->xyz[3 * j + k]);
    return sum;
}

int manifold_choose(const molecule *m, const manifold_options *o, triatomic_options *t)
{
    char text[256];
    int apex = o->apex - 1;
    if (m->natoms != 3) {
        snprintf(text, sizeof text, "the molecule has %d atoms: this is for three", m->natoms);
        return complain(m->program, m->name, text);
    }
    for (int i = 0; i < 3 && apex < 0; i++)
        if (alike(m, (i + 1) % 3, (i + 2) % 3))
            apex = i;
    for (int i = 0; i < 3 && apex < 0; i++) /* opposite to the longest distance */
        if (square(m, (i + 1) % 3, (i + 2) % 3) >= fmax(square(m, i, (i + 1) % 3), square(m, i, (i + 2) % 3)))
            apex = i;
    *t = (triatomic_options){.apex = apex,
                             .alike = alike(m, (apex + 1) % 3, (apex + 2) % 3),
                             .points = o->points,
                             .angular = o->angular,
                             .cut = o->cut / PER_CM,
                             .cap = o->cap / PER_CM};
    memcpy(t->mass, m->mass, sizeof t->mass);
    if (!strcmp(o->vectors, "auto"))
        t->vectors = TRIATOMIC_RADAU;
    else if (!strcmp(o->vectors, "radau") || !strcmp(o->vectors, "jacobi"))
        t->vectors = *o->vectors == 'r' ? TRIATOMIC_RADAU : TRIATOMIC_JACOBI;
    else
        return complain(m->program, "--vectors", "expected radau, jacobi or auto");
    return 0;
}

/* Outside of the training data a surface must do as well as it can, on the flanks of its walls; what lies below the minimum there
 * is no potential. */
static void energies(void *context, size_t n, const double *xyz, double *energy)
{
    const molecule *m = context;
    molecule_energies(m, n, xyz, energy, NULL);
    for (size_t k = 0; k < n; k++)
        if (!(energy[k] > m->energy - 1e-4) && !eqml_surface_inside(&m->surface, xyz + 9 * k))
            energy[k] = INFINITY;
}

int manifold_begin(const molecule *m, const triatomic_options *o, triatomic *t)
{
    molecule copy = *m;
    const triatomic_potential v = {energies, &copy, m->energy};
    const char *bad = triatomic_begin(o, &v, m->xyz, t);
    if (bad)
        return complain(m->program, m->name, bad);
    if (t->holes) {
        char text[512];
        int length = snprintf(
            text, sizeof text,
            "%zu of %d points of the grid are holes, below the minimum: fit with a wall (FIT=\"--wall "
            "2,3\") or lower --cap. One of them, bohr:",
            t->holes, t->n * t->n * t->nq);
        for (int k = 0; k < 9; k++)
            length += snprintf(text + length, sizeof text - (size_t)length, " %.4f", t->hole[k]);
        return complain(m->program, m->name, text);
    }
    return 0;
}

int manifold_levels(const molecule *m, const triatomic *t, int most, size_t count, double highest,
                    progress *p, manifold_visit *visit, void *context)
{
    const int kinds = t->o.alike ? 2 : 1;
    triatomic_states *of_K = calloc((size_t)most + 1, sizeof *of_K);
    const char *bad = of_K ? NULL : "out of memory";
    for (int kind = 0; kind < kinds && !bad; kind++) {
        const int even = kind ? -1 : 1;
        for (int K = 0; K <= most && !bad; K++) {
            progress_show(p, "states of each K", kind * (most + 1) + K, kinds * (most + 1));
            bad = triatomic_solve(t, K, t->o.alike ? even : 0, 0, count, &of_K[K]);
            /* States above `highest` still bend those below it; a K that has none lower has no part, nor have higher ones. */
            while (!bad && of_K[K].n > 0 && of_K[K].value[of_K[K].n - 1] > highest + 10000 / PER_CM)
                of_K[K].n--;
            if (!bad && of_K[K].n == 0)
                break;
        }
        for (int J = 0; J <= most && !bad; J++)
            for (int lowest = 0; lowest <= (J > 0) && !bad; lowest++) {
                const int parity = (J % 2 ? -1 : 1) * (lowest ? -1 : 1);
                double *energy = NULL;
                size_t size = 0;
                progress_show(p, "J", J, most + 1);
                bad = triatomic_couple(t, J, lowest, of_K, &energy, NULL, &size);
                for (size_t k = 0; k < size && !bad && energy[k] <= highest; k++)
                    visit(context, J, parity, t->o.alike ? parity * even : 0, energy[k]);
                free(energy);
            }
        for (int K = 0; K <= most && of_K; K++)
            triatomic_states_free(&of_K[K]);
    }
    free(of_K);
    progress_end(p);
    return bad ? complain(m->program, m->name, bad) : 0;
}
