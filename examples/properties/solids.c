/* Crystals, elastic constants, vacancies, surfaces. */
#include "properties.h"

int evaluate_atoms(const problem *p, atoms *a, double *energy, int forces, double *virial)
{
    const int status = p->potential.evaluate(a->n, a->xyz, a->species, a->cell, a->pbc, energy,
                                             forces ? a->forces : NULL, virial, NULL);
    if (!status && isfinite(*energy))
        return 0;
    fprintf(stderr, "properties: the potential fails for %zu atoms (status %d)\n", a->n, status);
    return 1;
}

/* FIRE: E. Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006); masses 1. */
int relax(const problem *p, atoms *a, double *energy)
{
    const double enough = 1e-4 * EV / ANGSTROM, longest = 0.1;
    double *v = calloc(3 * a->n, sizeof *v), dt = 1, mix = 0.1;
    int good = 0, bad = !v;
    for (int step = 0; step < 2000 && !bad; step++) {
        double power = 0, speed = 0, force = 0, most = 0;
        bad = evaluate_atoms(p, a, energy, 1, NULL);
        for (size_t k = 0; k < 3 * a->n && !bad; k++) {
            power += v[k] * a->forces[k];
            speed += v[k] * v[k];
            force += a->forces[k] * a->forces[k];
            most = fmax(most, fabs(a->forces[k]));
        }
        if (bad || most < enough) {
            free(v);
            return bad;
        }
        if (power > 0 && ++good > 5) {
            dt = fmin(1.1 * dt, 10);
            mix *= 0.99;
        } else if (power <= 0) {
            good = 0;
            dt *= 0.5;
            mix = 0.1;
        }
        for (size_t k = 0; k < 3 * a->n; k++) {
            v[k] = power > 0 ? (1 - mix) * v[k] + mix * sqrt(speed / force) * a->forces[k] : 0;
            v[k] += dt * a->forces[k];
            a->xyz[k] += fmax(-longest, fmin(longest, dt * v[k]));
        }
    }
    free(v);
    fprintf(stderr, "properties: %zu atoms do not come to rest\n", a->n);
    return 1;
}

/* *energy <- of an atom of a crystal. */
static int energy_of(const problem *p, const crystal *c, double *energy)
{
    atoms a;
    int bad = fill_cells(c, 1, p->species, &a);
    bad = bad || evaluate_atoms(p, &a, energy, 0, NULL);
    *energy /= c->natoms;
    free_atoms(&a);
    return bad;
}

/* The minimum of a crystal in one of its numbers (0: edge, 1: c/a) between low and high, by golden section. */
static int golden(const problem *p, lattice l, double x[2], int which, double low, double high,
                  double *energy)
{
    const double part = (sqrt(5) - 1) / 2;
    double y[2], e[2];
    for (int k = 0; k < 2; k++)
        y[k] = k ? low + part * (high - low) : high - part * (high - low);
    for (int step = -2; high - low > 1e-8 * high; step++) {
        const int k = step < 0 ? step + 2 : e[0] < e[1] ? 0 : 1;
        if (step >= 0 && k == 0) {
            high = y[1], y[1] = y[0], e[1] = e[0];
            y[0] = high - part * (high - low);
        } else if (step >= 0) {
            low = y[0], y[0] = y[1], e[0] = e[1];
            y[1] = low + part * (high - low);
        }
        x[which] = y[k];
        const crystal c = make_crystal(l, x[0], x[1]);
        if (energy_of(p, &c, &e[k]))
            return 1;
    }
    x[which] = (low + high) / 2;
    *energy = fmin(e[0], e[1]);
    return 0;
}

/*
 * From the lowest minimum of a scan of distances; edge NaN where there is none. The ends do not count: a potential without
 * repulsion beneath may fall again at distances shorter than those of its data.
 */
static int find_crystal(const problem *p, lattice l, results *r)
{
    enum { SCAN = 56 };
    double e[SCAN], x[SCAN], ratio = sqrt(8.0 / 3);
    int best = 0;
    for (int k = 0; k < SCAN; k++) {
        x[k] = edge_of(l, p->distance * (0.75 + 0.01 * k));
        const crystal c = make_crystal(l, x[k], ratio);
        if (energy_of(p, &c, &e[k]))
            return 1;
    }
    for (int k = 1; k < SCAN - 1; k++)
        if (e[k] <= e[k - 1] && e[k] <= e[k + 1] && (best == 0 || e[k] < e[best]))
            best = k;
    r->edge[l] = r->energy[l] = (double)NAN;
    if (best == 0)
        return 0;
    double at[2] = {x[best], ratio}, width = x[1] - x[0];
    for (int round = 0; round < (l == HCP ? 12 : 1); round++) {
        if (golden(p, l, at, 0, at[0] - width, at[0] + width, &r->energy[l]))
            return 1;
        if (l == HCP && golden(p, l, at, 1, 0.95 * at[1], 1.05 * at[1], &r->energy[l]))
            return 1;
    }
    r->edge[l] = at[0];
    if (l == HCP)
        r->ratio = at[1];
    return 0;
}

int find_crystals(const problem *p, int wanted, results *r)
{
    int best = -1;
    r->ratio = sqrt(8.0 / 3);
    for (int l = 0; l < LATTICES; l++) {
        if (find_crystal(p, (lattice)l, r))
            return 1;
        if (isfinite(r->edge[l]) && (best < 0 || r->energy[l] < r->energy[best]))
            best = l;
    }
    if (wanted >= 0)
        best = wanted;
    if (best < 0 || !isfinite(r->edge[best])) {
        fprintf(
            stderr,
            "properties: no crystal has a minimum near %.2f angstrom between neighbours; give --distance\n",
            p->distance / ANGSTROM);
        return 1;
    }
    r->crystal = make_crystal((lattice)best, r->edge[best], r->ratio);
    for (int l = 0; l < LATTICES; l++)
        for (int k = 0; k < CURVE; k++) {
            const double edge = isfinite(r->edge[l]) ? r->edge[l] : edge_of((lattice)l, p->distance);
            const crystal c = make_crystal((lattice)l, edge * (0.85 + 0.35 * k / (CURVE - 1)), r->ratio);
            r->curve_x[l][k] = c.edge[0] * c.edge[1] * c.edge[2] / c.natoms;
            if (energy_of(p, &c, &r->curve[l][k]))
                return 1;
        }
    return 0;
}

/* ---- elastic constants ---- */

/* Voigt: xx yy zz yz xz xy, as the virial. */
static const int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};

/* stress[6] of the crystal under one strain; shears are engineering ones, twice the component of the tensor. */
static int stress_of(const problem *p, const crystal *c, int component, double strain, int relaxed,
                     double *stress)
{
    atoms a;
    double tensor[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, virial[6], energy;
    const int i = voigt[component][0], j = voigt[component][1];
    int bad = fill_cells(c, 1, p->species, &a);
    tensor[i][j] += i == j ? strain : strain / 2;
    tensor[j][i] = tensor[i][j];
    for (size_t k = 0; k < a.n + 3 && !bad; k++) {
        double *x = k < 3 ? a.cell + 3 * k : a.xyz + 3 * (k - 3), y[3];
        for (int d = 0; d < 3; d++)
            y[d] = x[0] * tensor[0][d] + x[1] * tensor[1][d] + x[2] * tensor[2][d];
        memcpy(x, y, sizeof y);
    }
    bad = bad || (relaxed && relax(p, &a, &energy)) || evaluate_atoms(p, &a, &energy, 1, virial);
    for (int k = 0; k < 6 && !bad; k++)
        stress[k] = -virial[k] / (c->edge[0] * c->edge[1] * c->edge[2]);
    free_atoms(&a);
    return bad;
}

int find_elastic(const problem *p, results *r)
{
    const double step = 2e-3;
    for (int relaxed = 0; relaxed < 2; relaxed++)
        for (int k = 0; k < 6; k++) {
            double up[6], down[6];
            if (stress_of(p, &r->crystal, k, step, relaxed, up) ||
                stress_of(p, &r->crystal, k, -step, relaxed, down))
                return 1;
            for (int j = 0; j < 6; j++)
                *(relaxed ? &r->elastic[j][k] : &r->elastic_clamped[j][k]) = (up[j] - down[j]) / (2 * step);
        }
    r->bulk = 0;
    for (int j = 0; j < 3; j++) /* under equal strain; exact for cubic crystals */
        for (int k = 0; k < 3; k++)
            r->bulk += r->elastic[j][k] / 9;
    return 0;
}

/* ---- vacancy and surfaces ---- */

int find_vacancy(const problem *p, results *r)
{
    static const int along[LATTICES] = {3, 4, 4, 2};
    atoms a;
    double whole = 0, left = 0;
    int bad = fill_cells(&r->crystal, along[r->crystal.lattice], p->species, &a) ||
              evaluate_atoms(p, &a, &whole, 0, NULL);
    const double n = (double)a.n;
    r->vacancy_atoms = (int)a.n;
    a.n -= !bad;
    bad = bad || evaluate_atoms(p, &a, &left, 0, NULL);
    r->vacancy_unrelaxed = left - (n - 1) / n * whole;
    bad = bad || relax(p, &a, &left);
    r->vacancy = left - (n - 1) / n * whole;
    free_atoms(&a);
    return bad;
}

const char *surface_name(lattice l, int k)
{
    static const char *const name[2][SURFACES] = {{"100", "110", "111"},
                                                  {"0001", "101\u03050", "112\u03050"}};
    return name[l == HCP][k];
}

/* Two vectors in each surface, then the one out of it. */
static const int faces[2][SURFACES][3][3] = {{{{0, 1, 0}, {0, 0, 1}, {1, 0, 0}},
                                              {{0, 0, 1}, {1, -1, 0}, {1, 1, 0}},
                                              {{1, -1, 0}, {1, 1, -2}, {1, 1, 1}}},
                                             {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                                              {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}},
                                              {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}}}};

int find_surfaces(const problem *p, results *r)
{
    for (int k = 0; k < SURFACES; k++) {
        const crystal *c = &r->crystal;
        int box[3][3], bad;
        double out = 0, in[2] = {0, 0}, energy = 0;
        atoms a;
        memcpy(box, faces[c->lattice == HCP][k], sizeof box);
        for (int d = 0; d < 3; d++) {
            out += pow(box[2][d] * c->edge[d], 2);
            for (int j = 0; j < 2; j++)
                in[j] += pow(box[j][d] * c->edge[d], 2);
        }
        const int layers =
            (int)ceil(20 * ANGSTROM / sqrt(out)); /* thick enough that the sides do not see each other */
        for (int d = 0; d < 3; d++)
            box[2][d] *= layers;
        bad = fill_box(c, box, p->species, &a);
        a.pbc[2] = 0;
        const double area = sqrt(in[0] * in[1]), bulk = r->energy[c->lattice];
        bad = bad || evaluate_atoms(p, &a, &energy, 0, NULL);
        r->surface_unrelaxed[k] = (energy - (double)a.n * bulk) / (2 * area);
        bad = bad || relax(p, &a, &energy);
        r->surface[k] = (energy - (double)a.n * bulk) / (2 * area);
        free_atoms(&a);
        if (bad)
            return 1;
    }
    return 0;
}

int find_dimer(const problem *p, results *r)
{
    double xyz[6] = {0}, forces[6], alone;
    int species[2] = {p->species, p->species};
    atoms a = {.n = 1, .xyz = xyz, .species = species, .forces = forces};
    if (evaluate_atoms(p, &a, &alone, 0, NULL))
        return 1;
    a.n = 2;
    for (int k = 0; k < CURVE; k++) {
        const double low = 0.3 * p->distance;
        r->dimer_x[k] = xyz[3] = low + (p->potential.cutoff - low) * k / (CURVE - 1);
        if (evaluate_atoms(p, &a, &r->dimer[k], 0, NULL))
            return 1;
        r->dimer[k] -= 2 * alone;
    }
    return 0;
}
