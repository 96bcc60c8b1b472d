/*
 * Evaluation of neighbour clouds: against the definition in long double, and by what must hold of any energy of atoms.
 */
#define _POSIX_C_SOURCE 200809L
#include "clouds.h"
#include "cloud_chiral.h"
#include "cloud_one.h"
#include "cloud_six.h"
#include "cloud_two.h"

enum { ATOMS = 24, COEFFICIENTS = 4096 };

/* A system of atoms with a model, all made from a seed. */
typedef struct sample {
    size_t n;
    double xyz[ATOMS][3], cell[9], atoms[2];
    int species[ATOMS], pbc[3];
    double coefficients[COEFFICIENTS];
    eqml_pair_reference pairs[3];
    eqml_cloud_model model;
    eqml_configuration configuration;
} sample;

typedef struct answer {
    double energy, forces[ATOMS][3], virial[6], energies[ATOMS];
} answer;

enum shape { OPEN, TRICLINIC, SLAB, WIRE };

/* Cells of about three atoms' distance: the cutoff reaches beyond them. */
static sample make_sample(const eqml_cloud_basis *basis, enum shape shape, size_t n, uint64_t seed)
{
    static const double cell[9] = {7.5, 0.4, -0.6, 1.1, 8.2, 0.7, -0.9, 0.5, 6.8};
    sample s = {.n = n, .atoms = {-0.5, -0.25}};
    uint64_t state = seed;
    memcpy(s.cell, cell, sizeof cell);
    for (size_t i = 0; i < n; i++) {
        int close = 1;
        while (close) {
            for (int k = 0; k < 3; k++)
                s.xyz[i][k] = 5 * draw_real(&state);
            close = 0;
            for (size_t j = 0; j < i; j++) {
                double square = 0;
                for (int k = 0; k < 3; k++)
                    square += (s.xyz[i][k] - s.xyz[j][k]) * (s.xyz[i][k] - s.xyz[j][k]);
                close = close || square < 2;
            }
        }
        s.species[i] = (int)(draw_bits(&state) % (uint64_t)basis->nspecies);
    }
    cr_assert_leq(basis->nterms, COEFFICIENTS);
    for (int k = 0; k < basis->nterms; k++)
        s.coefficients[k] = 0.01 * draw_real(&state);
    for (int k = 0; k < 3; k++)
        s.pbc[k] = shape == TRICLINIC || (shape == SLAB && k != 1) || (shape == WIRE && k == 2);
    for (int k = 0; k < 9; k++)
        if (shape != TRICLINIC && !s.pbc[k / 3])
            s.cell[k] = 0;
    for (int k = 0; k < 2; k++) /* one reaches beyond the cutoff, one there is none of */
        cr_assert_eq(eqml_pair_zbl(1 + k, 2, 4, k ? 9 : 7, &s.pairs[k]), EQML_OK);
    s.model = (eqml_cloud_model){.basis = basis, .radial = {.cutoff = 8.5, .range = 3.5}};
    s.configuration = (eqml_configuration){n, NULL, NULL, NULL, NULL};
    if (shape != OPEN)
        s.configuration.cell = s.cell;
    return s;
}

static answer evaluate(sample *s)
{
    answer a = {0};
    eqml_message message;
    eqml_cloud_workspace w = {0};
    s->model.coefficients = s->coefficients;
    s->model.atoms = s->atoms;
    s->model.pairs = s->pairs;
    s->configuration.natoms = s->n;
    s->configuration.xyz = &s->xyz[0][0];
    s->configuration.species = s->species;
    if (s->configuration.cell) {
        s->configuration.cell = s->cell;
        s->configuration.pbc = s->pbc;
    }
    const eqml_cloud_result result = {&a.energy, &a.forces[0][0], a.virial, a.energies};
    cr_assert_eq(eqml_cloud_evaluate(&s->model, &s->configuration, &w, &result, &message), EQML_OK, "%s",
                 message.text);
    eqml_cloud_workspace_free(&w);
    return a;
}

/* ---- by definition ---- */

/* A user's own radial functions, exp(-n r / length). */
static void decays(const void *context, int nmax, double r, double *value, double *slope)
{
    const double length = *(const double *)context;
    for (int n = 1; n <= nmax; n++) {
        value[n - 1] = exp(-n * r / length);
        slope[n - 1] = -n / length * value[n - 1];
    }
}

static const double length = 4;

/* One of each kind. */
static const eqml_radial radials[] = {{.cutoff = 8.5, .range = 3.5},
                                      {.cutoff = 8.5, .kind = EQML_RADIAL_BESSEL},
                                      {8.5, 0, EQML_RADIAL_OWN, decays, &length}};

static long double exact_radial(const void *context, int n, long double r)
{
    const eqml_radial *radial = context;
    const long double turn = acosl(-1) * r / radial->cutoff, left = 1 - r * r / powl(radial->cutoff, 2);
    if (radial->kind != EQML_RADIAL_CHEBYSHEV)
        return r >= radial->cutoff ? 0
                                   : powl(left, 3) * (radial->kind == EQML_RADIAL_BESSEL
                                                          ? sinl(n * turn) / turn
                                                          : expl(-n * r / (long double)length));
    const long double a = 10.0L / 13, c = radial->cutoff, s = r / radial->range, q = c / radial->range;
    const long double y = 1 / (1 + a * s * s * s * s / (1 + s * s)),
                      end = 1 / (1 + a * q * q * q * q / (1 + q * q));
    const long double x = 2 * (y - end) / (1 - end) - 1, t = 1 - r * r / (c * c);
    return r < c ? t * t * t * cosl((n - 1) * acosl(x > 1 ? 1 : x < -1 ? -1 : x)) : 0;
}

/* Without the polynomial that is added from 0 on, and ends at `outer`, V and two derivatives do not vanish there. */
static long double exact_pair(const eqml_pair_reference *p, long double r)
{
    long double v = 0, t = r > p->inner ? r - p->inner : 0;
    for (int k = 0; k < 4; k++)
        v += p->amplitude[k] * expl(-(long double)p->rate[k] * r) / r;
    return r < p->outer ? v + p->constant + t * t * t * (p->cubic + t * p->quartic) : 0;
}

/* The energy of an atom at `at`, all images within three cells being looked at. */
static long double exact_atom(const sample *s, const chosen *c, size_t i)
{
    static long double x[1 << 16][3];
    static int species[1 << 16];
    const eqml_cloud_basis *b = s->model.basis;
    long double repulsion = 0;
    int centre = 0, count = 0, reach[3];
    while (b->centres[centre].species != s->species[i])
        centre++;
    for (int k = 0; k < 3; k++)
        reach[k] = s->configuration.cell && s->pbc[k] ? 3 : 0;
    for (size_t j = 0; j < s->n; j++)
        for (int p = -reach[0]; p <= reach[0]; p++)
            for (int q = -reach[1]; q <= reach[1]; q++)
                for (int r = -reach[2]; r <= reach[2]; r++) {
                    if (i == j && !p && !q && !r)
                        continue;
                    for (int k = 0; k < 3; k++)
                        x[count][k] = (long double)s->xyz[j][k] - s->xyz[i][k] + p * (long double)s->cell[k] +
                                      q * (long double)s->cell[3 + k] + r * (long double)s->cell[6 + k];
                    const long double *d = x[count],
                                      distance = sqrtl(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
                    repulsion += exact_pair(&s->pairs[eqml_pair(s->species[i], s->species[j])], distance) / 2;
                    if (distance >= s->model.radial.cutoff)
                        continue;
                    species[count] = 0;
                    while (b->centres[centre].neighbours[species[count]] != s->species[j])
                        species[count]++;
                    count++;
                }
    long double *term =
        cloud_terms(&c->p, exact_radial, &s->model.radial, count, (const long double(*)[3])x, species);
    long double energy = s->atoms[s->species[i]] + repulsion;
    for (int k = 0; k < b->centres[centre].program->nterms; k++)
        energy += s->coefficients[b->centres[centre].first + k] * term[k];
    free(term);
    return energy;
}

static const struct {
    const eqml_cloud_basis *basis;
    int order, level, chiral;
} bases[] = {{&cloud_one_basis, 4, 10, 0},
             {&cloud_two_basis, 4, 7, 0},
             {&cloud_six_basis, 6, 9, 0},
             {&cloud_chiral_basis, 4, 12, 1}};

Test(clouds, energies_are_those_of_the_definition)
{
    for (size_t b = 0; b < COUNT(bases); b++) {
        chosen c =
            choose_terms(rule_of(bases[b].order, bases[b].level, bases[b].chiral), bases[b].basis->nspecies);
        for (int way = 0; way < (WIRE + 2) * (int)COUNT(radials); way++) {
            const int shape = way % (WIRE + 2); /* the last: two atoms, one neighbour each */
            sample s = shape > WIRE ? make_sample(bases[b].basis, OPEN, 2, 18)
                                    : make_sample(bases[b].basis, shape, shape == TRICLINIC ? 5 : 9, 17 + b);
            s.model.radial = radials[way / (WIRE + 2)];
            const answer a = evaluate(&s);
            double sum = 0;
            for (size_t i = 0; i < s.n; i++) {
                const long double exact = exact_atom(&s, &c, i);
                cr_expect_lt((double)fabsl(a.energies[i] - exact), 2e-12 * (1 + (double)fabsl(exact)),
                             "basis %zu, shape %d, atom %zu: %.17g, exactly %.17Lg", b, shape, i,
                             a.energies[i], exact);
                sum += a.energies[i];
            }
            cr_expect_float_eq(a.energy, sum, 1e-12 * (1 + fabs(sum)));
        }
        chosen_free(&c);
    }
}

/* Central differences of fourth order. */
static double slope(const double e[4], double h)
{
    return (8 * (e[1] - e[2]) - (e[0] - e[3])) / (12 * h);
}

Test(clouds, forces_and_virial_are_derivatives_of_the_energy)
{
    static const double steps[] = {2, 1, -1, -2};
    static const int pair[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
    const double h = 1e-3;
    for (size_t b = 0; b < COUNT(bases); b++)
        for (int shape = OPEN; shape <= WIRE; shape++) {
            sample s = make_sample(bases[b].basis, shape, shape == TRICLINIC ? 5 : 9, 40 + b);
            s.model.radial = radials[(b + (size_t)shape) % COUNT(radials)];
            const answer a = evaluate(&s);
            const double size = 1 + fabs(a.energy);
            for (size_t i = 0; i < 2; i++)
                for (int k = 0; k < 3; k++) {
                    double e[4];
                    for (int j = 0; j < 4; j++) {
                        sample moved = s;
                        moved.xyz[i][k] += steps[j] * h;
                        e[j] = evaluate(&moved).energy;
                    }
                    cr_expect_float_eq(a.forces[i][k], -slope(e, h), 1e-7 * size,
                                       "basis %zu, shape %d: %g %g", b, shape, a.forces[i][k], -slope(e, h));
                }
            for (int v = 0; v < 6; v++) {
                double e[4];
                for (int j = 0; j < 4; j++) {
                    sample moved = s;
                    for (size_t i = 0; i < s.n + 3; i++) {
                        const double *from = i < s.n ? s.xyz[i] : s.cell + 3 * (i - s.n);
                        double *to = i < s.n ? moved.xyz[i] : moved.cell + 3 * (i - s.n);
                        to[pair[v][0]] += 0.5e-1 * steps[j] * h * from[pair[v][1]];
                        to[pair[v][1]] += 0.5e-1 * steps[j] * h * from[pair[v][0]];
                    }
                    e[j] = evaluate(&moved).energy;
                }
                cr_expect_float_eq(a.virial[v], -slope(e, 0.1 * h), 1e-7 * size, "basis %zu, shape %d: %g %g",
                                   b, shape, a.virial[v], -slope(e, 0.1 * h));
            }
            for (int k = 0; k < 3; k++) {
                double sum = 0;
                for (size_t i = 0; i < s.n; i++)
                    sum += a.forces[i][k];
                cr_expect_float_eq(sum, 0, 1e-11 * size);
            }
        }
}

/* In single precision the same within its roundings, in C units of the sizes of energies and forces. */
Test(clouds, single_precision_is_near_double)
{
    for (size_t b = 0; b < COUNT(bases); b++)
        for (int shape = OPEN; shape <= WIRE; shape++) {
            sample s = make_sample(bases[b].basis, shape, shape == TRICLINIC ? 7 : 11, 50 + b);
            s.model.radial = radials[(b + (size_t)shape) % COUNT(radials)];
            const answer exact = evaluate(&s);
            answer a = {0};
            eqml_cloud_workspace w = {0};
            const eqml_cloud_result result = {&a.energy, &a.forces[0][0], a.virial, a.energies};
            double size = 1, force = 1;
            cr_assert_eq(eqml_neighbours_find(&s.configuration, eqml_cloud_cutoff(&s.model), &w.list, NULL),
                         EQML_OK);
            cr_assert_eq(eqml_cloud_evaluate_list_float(&s.model, &w.list, s.species, &w, &result), EQML_OK);
            for (size_t i = 0; i < s.n; i++) {
                size += fabs(exact.energies[i]);
                for (int d = 0; d < 3; d++)
                    force += fabs(exact.forces[i][d]);
            }
            cr_expect_float_eq(a.energy, exact.energy, 1e-4 * size, "basis %zu, shape %d: %g %g", b, shape,
                               a.energy, exact.energy);
            for (size_t i = 0; i < s.n; i++) {
                cr_expect_float_eq(a.energies[i], exact.energies[i], 1e-4 * size);
                for (int d = 0; d < 3; d++)
                    cr_expect_float_eq(a.forces[i][d], exact.forces[i][d], 1e-4 * force,
                                       "basis %zu, shape %d: %g %g", b, shape, a.forces[i][d],
                                       exact.forces[i][d]);
            }
            for (int v = 0; v < 6; v++)
                cr_expect_float_eq(a.virial[v], exact.virial[v], 1e-3 * (size + force));
            eqml_cloud_workspace_free(&w);
        }
}

/* ---- invariance ---- */

/* The same energies of atoms, in the order of `image`, and forces turned along. */
static void expect_same(const answer *a, const answer *b, size_t n, const size_t *image,
                        long double rotation[3][3], const char *what)
{
    for (size_t i = 0; i < n; i++) {
        const size_t j = image ? image[i] : i;
        long double f[3] = {a->forces[i][0], a->forces[i][1], a->forces[i][2]}, turned[3];
        cr_expect_float_eq(a->energies[i], b->energies[j], 1e-12 * (1 + fabs(a->energies[i])),
                           "%s: atom %zu: %g %g", what, i, a->energies[i], b->energies[j]);
        rotate(rotation, f, turned);
        for (int k = 0; k < 3; k++)
            cr_expect_float_eq((double)turned[k], b->forces[j][k], 1e-11 * (1 + fabs(a->forces[i][k])),
                               "%s: force", what);
    }
}

Test(clouds, energies_are_invariant)
{
    long double one[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                mirror[3][3] = {{1, 0, 0}, {0, -1, 0}, {0, 0, 1}};
    for (size_t b = 0; b < COUNT(bases); b++)
        for (int shape = OPEN; shape <= WIRE; shape++) {
            sample s = make_sample(bases[b].basis, shape, shape == TRICLINIC ? 6 : 9, 60 + b), t;
            const answer a = evaluate(&s);
            uint64_t state = 5;
            long double rotation[3][3];
            random_rotation(&state, rotation);
            for (int way = 0; way < 2; way++) {
                t = s;
                for (size_t i = 0; i < s.n + 3; i++) {
                    const double *from = i < s.n ? s.xyz[i] : s.cell + 3 * (i - s.n);
                    double *to = i < s.n ? t.xyz[i] : t.cell + 3 * (i - s.n);
                    long double r[3] = {from[0], from[1], from[2]}, turned[3];
                    rotate(way ? mirror : rotation, r, turned);
                    for (int k = 0; k < 3; k++)
                        to[k] = (double)turned[k];
                }
                const answer turned = evaluate(&t);
                if (!way || !bases[b].chiral)
                    expect_same(&a, &turned, s.n, NULL, way ? mirror : rotation, way ? "mirrored" : "turned");
                else
                    cr_expect_gt(fabs(a.energy - turned.energy), 1e-6,
                                 "a chiral basis tells mirror images apart");
            }
            size_t image[ATOMS];
            t = s;
            for (size_t i = 0; i < s.n; i++) {
                image[i] = (i + 3) % s.n;
                memcpy(t.xyz[image[i]], s.xyz[i], sizeof s.xyz[i]);
                t.species[image[i]] = s.species[i];
            }
            const answer permuted = evaluate(&t);
            expect_same(&a, &permuted, s.n, image, one, "permuted");
            t = s;
            for (size_t i = 0; i < s.n; i++)
                for (int k = 0; k < 3; k++)
                    t.xyz[i][k] += 1.25 + k - 7 * s.cell[3 + k] + (i % 2 ? 2 * s.cell[6 + k] : 0);
            const answer moved = evaluate(&t);
            expect_same(&a, &moved, s.n, NULL, one, "moved, some by whole cells");
            if (shape != TRICLINIC)
                continue;
            t = s; /* another cell of the same lattice, left-handed */
            for (int k = 0; k < 3; k++) {
                t.cell[k] = s.cell[3 + k] + s.cell[k];
                t.cell[3 + k] = s.cell[k];
                t.cell[6 + k] = s.cell[6 + k] - 2 * s.cell[k];
            }
            const answer other = evaluate(&t);
            expect_same(&a, &other, s.n, NULL, one, "in another cell");
            t = s; /* twice the cell */
            t.n = 2 * s.n;
            for (size_t i = 0; i < s.n; i++) {
                t.species[s.n + i] = s.species[i];
                for (int k = 0; k < 3; k++)
                    t.xyz[s.n + i][k] = s.xyz[i][k] + s.cell[k];
            }
            for (int k = 0; k < 3; k++)
                t.cell[k] *= 2;
            const answer twice = evaluate(&t);
            expect_same(&a, &twice, s.n, NULL, one, "in a cell of twice the size");
            cr_expect_float_eq(2 * a.energy, twice.energy, 1e-11 * (1 + fabs(a.energy)));
            for (int v = 0; v < 6; v++)
                cr_expect_float_eq(2 * a.virial[v], twice.virial[v], 1e-11 * (1 + fabs(a.virial[v])));
        }
}

/* ---- at the edge ---- */

/* As a neighbour leaves, what it adds vanishes with the third power of the distance to the cutoff. */
Test(clouds, energy_is_smooth_at_the_cutoff)
{
    for (size_t kind = 0; kind < COUNT(radials); kind++) {
        sample s = make_sample(&cloud_one_basis, OPEN, 3, 9);
        const double x[3][3] = {{0, 0, 0}, {2.5, 0, 0}, {0, 0, 0}};
        memcpy(s.xyz, x, sizeof x);
        double last = 0;
        s.model.radial = radials[kind];
        for (int k = 0; k < 4; k++) {
            const double h = 0.1 / (1 << k);
            s.n = 3;
            s.xyz[2][1] = s.model.radial.cutoff - h; /* from atom 0; atom 1 is farther away */
            const answer with = evaluate(&s);
            s.n = 2;
            const double rest = fabs(with.energies[0] - evaluate(&s).energies[0]);
            if (k)
                cr_expect_lt(rest, last / 7, "%g after %g", rest, last);
            last = rest;
        }
        s.n = 3;
        s.xyz[2][1] = s.model.radial.cutoff + 1e-9;
        const answer outside = evaluate(&s);
        s.n = 2;
        cr_expect_eq(outside.energies[0], evaluate(&s).energies[0]);
    }
}

/* An atom on a face of the cell, a little before it and a little behind, and put back on the other side. */
Test(clouds, nothing_happens_at_the_faces_of_a_cell)
{
    for (int k = 0; k < 3; k++) {
        sample s = make_sample(&cloud_two_basis, TRICLINIC, 5, 21);
        answer a[4];
        for (int way = 0; way < 4; way++) {
            for (int d = 0; d < 3; d++)
                s.xyz[0][d] = 0.1 * s.cell[3 * ((k + 1) % 3) + d] + (way - 1.5) * 1e-10 * s.cell[3 * k + d] +
                              (way > 2 ? -s.cell[3 * k + d] : 0);
            a[way] = evaluate(&s);
        }
        for (int way = 1; way < 4; way++)
            for (size_t i = 0; i < s.n; i++) {
                cr_expect_float_eq(a[way].energies[i], a[0].energies[i], 1e-7 * (1 + fabs(a[0].energies[i])));
                for (int d = 0; d < 3; d++)
                    cr_expect_float_eq(a[way].forces[i][d], a[0].forces[i][d],
                                       1e-6 * (1 + fabs(a[0].forces[i][d])));
            }
    }
}

Test(clouds, an_atom_alone_has_its_own_energy)
{
    for (size_t b = 0; b < COUNT(bases); b++) {
        sample s = make_sample(bases[b].basis, OPEN, 2, 3);
        s.xyz[1][0] = s.xyz[0][0] + 100;
        const answer a = evaluate(&s);
        cr_expect_float_eq(a.energy, s.atoms[s.species[0]] + s.atoms[s.species[1]], 1e-14);
        for (int k = 0; k < 6; k++)
            cr_expect(a.forces[k / 3][k % 3] == 0 && a.virial[k] == 0);
        s.n = 0;
        cr_expect_eq(evaluate(&s).energy, 0);
    }
}

/* Many atoms at once: the last lanes are not full, and bins are many. */
Test(clouds, pairs_are_all_found_and_symmetric)
{
    enum { MANY = 250 };
    static double xyz[MANY][3];
    static int count[2][MANY];
    const double cell[9] = {31, 2, 0, -4, 29, 1, 3, 0, 37};
    uint64_t state = 77;
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k < 3; k++)
            xyz[i][k] = 40 * draw_real(&state);
    for (int periodic = 0; periodic < 2; periodic++)
        for (int cutoff = 5; cutoff < 40; cutoff += 16) {
            const eqml_configuration c = {MANY, &xyz[0][0], NULL, periodic ? cell : NULL, NULL};
            eqml_neighbours list = {0};
            eqml_message message;
            cr_assert_eq(eqml_neighbours_find(&c, cutoff, &list, &message), EQML_OK, "%s", message.text);
            size_t expected = 0;
            memset(count, 0, sizeof count);
            /* atoms lie up to two cells away from the first; the longest cutoff reaches farther than the images */
            for (int image = 0; image < (!periodic ? 1 : cutoff < 30 ? 7 * 7 * 7 : 0); image++) {
                const int at[3] = {periodic ? image / 49 - 3 : 0, periodic ? image / 7 % 7 - 3 : 0,
                                   periodic ? image % 7 - 3 : 0};
                double shift[3] = {0, 0, 0};
                for (int e = 0; e < 3; e++)
                    for (int k = 0; k < 3; k++)
                        shift[k] += at[e] * cell[3 * e + k];
                for (int i = 0; i < MANY; i++)
                    for (int j = 0; j < MANY; j++) {
                        const double x = xyz[j][0] - xyz[i][0] + shift[0],
                                     y = xyz[j][1] - xyz[i][1] + shift[1],
                                     z = xyz[j][2] - xyz[i][2] + shift[2], square = x * x + y * y + z * z;
                        expected += square < cutoff * cutoff && square > 0;
                    }
            }
            for (int i = 0; i < MANY; i++)
                for (size_t k = list.first[i]; k < list.first[i + 1]; k++) {
                    count[0][i]++;
                    count[1][list.index[k]]++;
                }
            cr_expect_eq(memcmp(count[0], count[1], sizeof count[0]), 0);
            if (!periodic || cutoff < 30)
                cr_expect_eq(list.count, expected, "cutoff %d: %zu, expected %zu", cutoff, list.count,
                             expected);
            eqml_neighbours_free(&list);
        }
}

/* ---- pairs ---- */

/* Two tungsten atoms in LAMMPS (29 Sep 2021, pair_style zbl 4.0 4.8): angstrom, eV, eV/angstrom. */
Test(clouds, repulsion_is_that_of_lammps)
{
    static const double known[][3] = {
        {0.3, 27277.59043786253, 240938.05616176373},
        {1.0, 435.76933164107925, 1951.1020054062244},
        {2.0, 11.846145894232535, 35.84491913118989},
        {3.0, 0.7014813874971825, 1.9173072322731843},
        {3.5, 0.1757688020252593, 0.5007370736558877},
        {4.0, 0.03647423411412422, 0.13519476607615305},
        {4.2, 0.015679264728723896, 0.07622442468026092},
        {4.79, 8.248470338646786e-08, 2.4723550882183335e-05},
    };
    eqml_pair_reference p;
    cr_assert_eq(eqml_pair_zbl(74, 74, 4 * EQML_ANGSTROM, 4.8 * EQML_ANGSTROM, &p), EQML_OK);
    for (size_t k = 0; k < COUNT(known); k++) {
        double slope;
        const double energy = eqml_pair_energy(&p, known[k][0] * EQML_ANGSTROM, &slope) / EQML_EV;
        const double force = -slope * EQML_ANGSTROM / EQML_EV;
        cr_expect_float_eq(energy, known[k][1], 1e-9 * known[k][1], "%g: %.15g", known[k][0], energy);
        cr_expect_float_eq(force, known[k][2], 1e-9 * known[k][2], "%g: %.15g", known[k][0], force);
    }
    cr_expect_eq(eqml_pair_energy(&p, p.outer, NULL), 0);
}

/* What is left as the distance goes to the outer one falls with the third power: two derivatives vanish. */
Test(clouds, repulsion_is_smooth_where_it_ends)
{
    eqml_pair_reference p;
    double last = 0;
    cr_assert_eq(eqml_pair_zbl(6, 14, 2, 5, &p), EQML_OK);
    for (int k = 0; k < 6; k++) {
        const double left = fabs(eqml_pair_energy(&p, p.outer - 0.1 / (1 << k), NULL));
        if (k)
            cr_expect_lt(left, last / 7, "%g after %g", left, last);
        last = left;
    }
    for (int k = 0; k < 2;
         k++) { /* and it is whole at short distances but for a constant, the derivative all */
        double slope, v = 0, d = 0;
        const double r = 0.4 + k;
        for (int j = 0; j < 4; j++) {
            v += p.amplitude[j] * exp(-p.rate[j] * r) / r;
            d -= p.amplitude[j] * exp(-p.rate[j] * r) / r * (p.rate[j] + 1 / r);
        }
        cr_expect_float_eq(eqml_pair_energy(&p, r, &slope), v + p.constant, 1e-13 * v);
        cr_expect_float_eq(slope, d, 1e-13 * fabs(d));
    }
}

/* A potential of the same form is found again; another is met within a few parts in a hundred. */
Test(clouds, repulsion_is_fitted)
{
    enum { POINTS = 20 };
    double distance[POINTS], energy[POINTS], error;
    eqml_pair_reference truth, found;
    cr_assert_eq(eqml_pair_zbl(29, 29, 2, 4, &truth), EQML_OK);
    for (int k = 0; k < POINTS; k++) {
        distance[k] = 0.5 + 0.15 * k;
        energy[k] = eqml_pair_energy(&truth, distance[k], NULL);
    }
    cr_assert_eq(eqml_pair_fit(29, 29, 2, 4, POINTS, distance, energy, &found, &error), EQML_OK);
    cr_expect_lt(error, 1e-6);
    for (int k = 0; k < POINTS; k++)
        cr_expect_float_eq(eqml_pair_energy(&found, distance[k], NULL), energy[k], 1e-5 * energy[k]);
    for (int k = 0; k < POINTS; k++)
        energy[k] *= 1 + 0.1 * distance[k];
    cr_assert_eq(eqml_pair_fit(29, 29, 2, 4, POINTS, distance, energy, &found, &error), EQML_OK);
    cr_expect_lt(error, 0.03, "%g", error);
    for (int k = 0; k < 4; k++)
        cr_expect_geq(found.amplitude[k], 0);
    cr_expect_eq(eqml_pair_fit(29, 29, 2, 4, 0, distance, energy, &found, NULL), EQML_ERROR_EMPTY);
    energy[3] = -1;
    cr_expect_eq(eqml_pair_fit(29, 29, 2, 4, POINTS, distance, energy, &found, NULL), EQML_ERROR_VALUE);
    energy[3] = NAN;
    cr_expect_eq(eqml_pair_fit(29, 29, 2, 4, POINTS, distance, energy, &found, NULL), EQML_ERROR_VALUE);
    cr_expect_eq(eqml_pair_zbl(29, 29, 4, 4, &found), EQML_ERROR_ARGUMENT);
    cr_expect_eq(eqml_pair_zbl(29, NAN, 2, 4, &found), EQML_ERROR_ARGUMENT);
    cr_expect_eq(eqml_pair_zbl(29, 0, 2, 4, &found), EQML_ERROR_ARGUMENT);
}

/* ---- lists that are kept ---- */

/* Atoms that wander: the energy is that of a list made anew, though pairs are searched for only now and then. */
Test(clouds, lists_with_a_skin_hold_all_pairs)
{
    for (int shape = OPEN; shape <= WIRE; shape++) {
        sample s = make_sample(&cloud_two_basis, shape, shape == TRICLINIC ? 5 : 9, 31);
        eqml_skin skin = {0};
        eqml_cloud_workspace w = {0};
        uint64_t state = 3;
        answer anew = evaluate(&s); /* sets the pointers */
        const double cutoff = eqml_cloud_cutoff(&s.model);
        for (int step = 0; step < 60; step++) {
            answer kept = {0};
            const eqml_cloud_result result = {&kept.energy, &kept.forces[0][0], kept.virial, NULL};
            eqml_message message;
            cr_assert_eq(eqml_skin_update(&s.configuration, cutoff, 1.5, &skin, &message), EQML_OK, "%s",
                         message.text);
            cr_assert_eq(eqml_cloud_evaluate_list(&s.model, &skin.list, s.species, &w, &result), EQML_OK);
            anew = evaluate(&s);
            cr_expect_float_eq(kept.energy, anew.energy, 1e-11 * (1 + fabs(anew.energy)));
            for (size_t i = 0; i < s.n; i++)
                for (int d = 0; d < 3; d++) {
                    cr_expect_float_eq(kept.forces[i][d], anew.forces[i][d], 1e-10 * (1 + fabs(anew.energy)));
                    s.xyz[i][d] += 0.1 * draw_real(&state);
                }
        }
        cr_expect_eq(skin.updates, 60);
        cr_expect(skin.searches > 1 && skin.searches < 40, "%zu searches", skin.searches);
        const size_t before = skin.searches;
        s.cell[0] += 0.25;
        cr_assert_eq(eqml_skin_update(&s.configuration, cutoff, 1.5, &skin, NULL), EQML_OK);
        cr_expect_eq(skin.searches, before + (shape == TRICLINIC || shape == SLAB ? 1 : 0));
        memcpy(s.xyz[1], s.xyz[0], sizeof s.xyz[0]);
        cr_expect_eq(eqml_skin_update(&s.configuration, cutoff, 1.5, &skin, NULL), EQML_ERROR_VALUE);
        s.xyz[1][2] = NAN;
        cr_expect_eq(eqml_skin_update(&s.configuration, cutoff, 1.5, &skin, NULL), EQML_ERROR_VALUE);
        cr_expect_eq(eqml_skin_update(&s.configuration, cutoff, -1, &skin, NULL), EQML_ERROR_ARGUMENT);
        eqml_skin_free(&skin);
        eqml_cloud_workspace_free(&w);
    }
}

/* ---- what cannot be ---- */

static void expect_refusal(sample *s, eqml_status status, const char *word)
{
    eqml_message message = {""};
    eqml_cloud_workspace w = {0};
    double energy = 42;
    s->model.coefficients = s->coefficients;
    s->configuration.xyz = &s->xyz[0][0];
    s->configuration.species = s->species;
    if (s->configuration.cell) {
        s->configuration.cell = s->cell;
        s->configuration.pbc = s->pbc;
    }
    const eqml_cloud_result result = {&energy, NULL, NULL, NULL};
    cr_expect_eq(eqml_cloud_evaluate(&s->model, &s->configuration, &w, &result, &message), status);
    cr_expect_not_null(strstr(message.text, word), "expected ...%s..., found %s", word, message.text);
    cr_expect_eq(energy, 42);
    cr_expect_eq(eqml_cloud_evaluate(&s->model, &s->configuration, &w, &result, NULL), status);
    eqml_cloud_workspace_free(&w);
}

Test(clouds, what_cannot_be_is_told)
{
    const sample good = make_sample(&cloud_two_basis, TRICLINIC, 4, 8);
    sample s = good;
    s.xyz[2][1] = NAN;
    expect_refusal(&s, EQML_ERROR_VALUE, "atom 2");
    s = good;
    s.xyz[3][0] = INFINITY;
    expect_refusal(&s, EQML_ERROR_VALUE, "atom 3");
    s = good;
    memcpy(s.xyz[1], s.xyz[3], sizeof s.xyz[1]);
    expect_refusal(&s, EQML_ERROR_VALUE, "in one place");
    s = good;
    for (int k = 0; k < 3; k++)
        s.xyz[1][k] = s.xyz[3][k] + s.cell[k];
    expect_refusal(&s, EQML_ERROR_VALUE, "in one place");
    s = good;
    memset(s.cell, 0, 3 * sizeof *s.cell);
    expect_refusal(&s, EQML_ERROR_VALUE, "no volume");
    s = good;
    memcpy(s.cell, s.cell + 3, 3 * sizeof *s.cell);
    expect_refusal(&s, EQML_ERROR_VALUE, "no volume");
    s = good;
    s.cell[4] = NAN;
    expect_refusal(&s, EQML_ERROR_VALUE, "cell");
    s = good;
    s.species[1] = 2;
    expect_refusal(&s, EQML_ERROR_ARGUMENT, "species");
    s = good;
    s.species[1] = -1;
    expect_refusal(&s, EQML_ERROR_ARGUMENT, "species");
    s = good;
    for (int k = 0; k < 3; k++) /* a cell may not be flat in any direction, nor zero in all */
        s.cell[6 + k] = s.cell[k] - s.cell[3 + k];
    expect_refusal(&s, EQML_ERROR_VALUE, "no volume");
    memset(s.cell, 0, sizeof s.cell);
    expect_refusal(&s, EQML_ERROR_VALUE, "no volume");
    s = good;
    s.model.radial.cutoff = -1;
    expect_refusal(&s, EQML_ERROR_ARGUMENT, "cutoff");
    s = good;
    s.model.radial.range = 0;
    expect_refusal(&s, EQML_ERROR_ARGUMENT, "range");
    s = good;
    s.model.radial.kind = EQML_RADIAL_OWN;
    expect_refusal(&s, EQML_ERROR_ARGUMENT, "function is not given");
    s = good;
    s.model.radial.kind = (eqml_radial_kind)7;
    expect_refusal(&s, EQML_ERROR_ARGUMENT, "no known kind");
}
