/*
 * The family of molecular surfaces: an atom belongs to the molecule that its bonds lead to, and each molecule has the energy
 * of the surface, of which each of its atoms has the same share. So a molecule that lies across a border is counted once,
 * whatever the simulator does with images and processes, and each process needs nothing but what is around its atoms. Where
 * there is a surface of two molecules (PAIR_SURFACE), pairs.c adds their pairs.
 *
 * Two atoms are bonded where their distance is less than the sum of their covalent radii times the parameter `bond`. No
 * distance within a molecule may be longer than its bonds one after the other, or than 1.2 times that of the training data:
 * a simulator knows no neighbours beyond.
 */
#include "settings.h"
#include SURFACE_HEADER
#include "bonds.h"
#include "match.h"
#include "molecules.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(SURFACE, name)

#ifdef PAIR_SURFACE
enum { PARAMETERS = 1 + PAIR_PARAMETERS };
#else
enum { PARAMETERS = 1 };
#endif

typedef struct room {
    molecules m;
    bins bins;
    int atoms; /* there is room for so many */
    void *pairs;
} room;

/* What the parameter `bond` decides. */
typedef struct chemistry {
    double squares[SURFACE_NSPECIES][SURFACE_NSPECIES]; /* of the longest bonds between species, bohr^2 */
    double longest;                                     /* bond */
    unsigned char reference[N][N];                      /* the bonds of the lowest training geometry */
    double limit[N][N];                                 /* of distances in a molecule, bohr */
} chemistry;

static void set_chemistry(double bond, chemistry *c)
{
    set_bonds(bond, SURFACE_SPECIES, SURFACE_NSPECIES, c->squares[0]);
    c->longest = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            const double square = c->squares[surface_species[i]][surface_species[j]];
            c->reference[i][j] =
                i != j && distance_square(surface_lowest_xyz + 3 * i, surface_lowest_xyz + 3 * j) < square;
            c->limit[i][j] = i == j ? 0 : c->reference[i][j] ? sqrt(square) : HUGE_VAL;
            c->longest = fmax(c->longest, sqrt(square));
        }
    for (int k = 0; k < N; k++) /* one bond after the other */
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                c->limit[i][j] = fmin(c->limit[i][j], c->limit[i][k] + c->limit[k][j]);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            c->limit[i][j] = fmin(c->limit[i][j], 1.2 * surface_ranges[2 * (N * i + j) + 1]);
}

/* ---- what KIM asks first --------------------------------------------------------------------------------- */

const char *family_species(void)
{
    return SURFACE_SPECIES;
}

family_parameter *family_parameters(int *count)
{
    family_parameter *p = malloc(PARAMETERS * sizeof *p);
    *count = PARAMETERS;
    if (!p)
        return NULL;
    p[0] =
        (family_parameter){"bond", "atoms are bonded up to so many sums of their covalent radii", KIM_BOND};
#ifdef PAIR_SURFACE
    pairs_parameters(p + 1);
#endif
    return p;
}

int family_reach(const family_parameter *parameters, double *cutoff, char why[FAMILY_WHY])
{
    chemistry c;
    if (!parameters || !(parameters[0].value > 0.5 && parameters[0].value < 10)) {
        snprintf(why, FAMILY_WHY, "the parameter bond must be a number from 0.5 to 10");
        return 1;
    }
    set_chemistry(parameters[0].value, &c);
    *cutoff = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++)
            *cutoff = fmax(*cutoff, c.limit[i][j]);
#ifdef PAIR_SURFACE
    /* From an atom to its centre, to the centre of the other molecule, and to an atom of that. */
    double to, arm = 0;
    if (pairs_reach(parameters + 1, &to, why))
        return 1;
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++)
            sum += surface_centre[j] * c.limit[i][j];
        arm = fmax(arm, sum);
    }
    *cutoff = fmax(*cutoff, to + 2 * arm);
#endif
    return check_reference(N, c.reference[0], surface_species, surface_classes, parameters[0].value,
                           SURFACE_SYMBOLS, why);
}

void *family_room(void)
{
    room *r = calloc(1, sizeof *r);
#ifdef PAIR_SURFACE
    if (r && !(r->pairs = pairs_room())) {
        free(r);
        return NULL;
    }
#endif
    return r;
}

static void free_atoms(molecules *m)
{
    free(m->of);
    free(m->member);
    free(m->share);
    free(m->xyz);
    free(m->centre);
    free(m->energy);
    free(m->gradient);
    free(m->times);
}

void family_room_free(void *memory)
{
    room *r = memory;
    if (!r)
        return;
    free_atoms(&r->m);
    bins_free(&r->bins);
    free(r->pairs);
    free(r);
}

/* ---- molecules --------------------------------------------------------------------------------------------- */

/* Room for all that can be: each contributing atom with a molecule of its own, the others being images. */
static int take(room *r, int atoms)
{
    molecules *m = &r->m;
    if (atoms <= r->atoms)
        return 0;
    const size_t n = (size_t)atoms;
    free_atoms(m);
    m->of = malloc(n * sizeof(int));
    m->member = malloc(n * N * sizeof(int));
    m->share = malloc(n * sizeof(double));
    m->xyz = malloc(3 * n * N * sizeof(double));
    m->centre = malloc(3 * n * sizeof(double));
    m->energy = malloc(n * sizeof(double));
    m->gradient = malloc(3 * n * N * sizeof(double));
    m->times = malloc(n * sizeof(double));
    const int all =
        m->of && m->member && m->share && m->xyz && m->centre && m->energy && m->gradient && m->times;
    r->atoms = all ? atoms : 0;
    return !all;
}

/* "H O H O H", as far as there is room. */
static void name_atoms(const family_atoms *atoms, int n, const int *members, char text[80])
{
    size_t used = 0;
    text[0] = 0;
    for (int k = 0; k < n && used < 70; k++) {
        const char *symbol = SURFACE_SPECIES;
        for (int s = atoms->species[members[k]]; s > 0; s--)
            symbol = strchr(symbol, ' ') + 1;
        used += (size_t)snprintf(text + used, 80 - used, "%s%.*s", k ? " " : "", (int)strcspn(symbol, " "),
                                 symbol);
    }
}

int refuse_molecule(const family_atoms *atoms, int n, const int *members, const char *what,
                    char why[FAMILY_WHY])
{
    char text[80];
    const double *x = atoms->xyz + 3 * members[0];
    name_atoms(atoms, n, members, text);
    snprintf(why, FAMILY_WHY,
             "the molecule at %.4g %.4g %.4g bohr has the atoms %s%s, and the surface is of %.100s: %s", x[0],
             x[1], x[2], text, n > N ? " ..." : "", SURFACE_SYMBOLS, what);
    return 1;
}

/* The atoms that bonds lead to from an atom: members[N + 1], of which more than N are not looked for. */
static int follow_bonds(const family_atoms *atoms, const bins *bins, const chemistry *c, int first,
                        int members[N + 1])
{
    int n = 1;
    members[0] = first;
    for (int k = 0; k < n && n <= N; k++) {
        const int from = members[k];
        const double *x = atoms->xyz + 3 * from, *square = c->squares[atoms->species[from]];
        bins_walk walk;
        for (int other = bins_first(bins, x, &walk); other >= 0 && n <= N; other = bins_next(bins, &walk)) {
            if (distance_square(x, atoms->xyz + 3 * other) >= square[atoms->species[other]])
                continue;
            int known = 0;
            for (int m = 0; m < n; m++)
                known = known || members[m] == other;
            if (!known)
                members[n++] = other;
        }
    }
    return n;
}

/* What is wrong with a molecule of n atoms; NULL: nothing, and order[N] is that of the surface. */
static const char *what_is_wrong(const family_atoms *atoms, const chemistry *c, int n, const int *members,
                                 int order[N])
{
    int species[N];
    unsigned char bonded[N][N];
    double distance[N][N];
    if (n != N)
        return n < N ? "a bond is broken, or atoms are missing"
                     : "molecules touch, or the cell is too small for one";
    for (int i = 0; i < N; i++) {
        species[i] = atoms->species[members[i]];
        for (int j = 0; j < N; j++) {
            const double square = distance_square(atoms->xyz + 3 * members[i], atoms->xyz + 3 * members[j]);
            bonded[i][j] = i != j && square < c->squares[species[i]][atoms->species[members[j]]];
            distance[i][j] = sqrt(square);
        }
    }
    if (match_molecule(N, surface_species, surface_classes, c->reference[0], species, bonded[0], order))
        return "other atoms, or other bonds than in its lowest geometry";
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++)
            if (distance[order[i]][order[j]] > c->limit[i][j])
                return "it is longer than all molecules of the training data by a fifth";
    return NULL;
}

/* Adds the molecule of an atom; one of an atom that does not contribute only where it is whole. */
static int add_molecule(room *r, const family_atoms *atoms, const chemistry *c, int first,
                        char why[FAMILY_WHY])
{
    molecules *all = &r->m;
    int members[N + 1], order[N], contributing = 0;
    const int n = follow_bonds(atoms, &r->bins, c, first, members);
    const char *wrong = what_is_wrong(atoms, c, n, members, order);
    if (wrong)
        return atoms->contributing[first] ? refuse_molecule(atoms, n, members, wrong, why) : 0;
    const int m = all->count++;
    for (int k = 0; k < N; k++) {
        const int atom = members[order[k]];
        all->member[N * m + k] = atom;
        memcpy(all->xyz + 3 * (N * m + k), atoms->xyz + 3 * atom, 3 * sizeof(double));
        all->of[atom] = m;
        contributing += atoms->contributing[atom] != 0;
    }
    all->share[m] = all->times[m] = (double)contributing / N;
#ifdef PAIR_SURFACE
    for (int d = 0; d < 3; d++) {
        all->centre[3 * m + d] = 0;
        for (int k = 0; k < N; k++)
            all->centre[3 * m + d] += surface_centre[k] * all->xyz[3 * (N * m + k) + d];
    }
#endif
    return 0;
}

void pull_atom(const molecules *m, int molecule, int k, const double g[3], family_answer *answer)
{
    static const int row[6] = {0, 1, 2, 1, 0, 0}, column[6] = {0, 1, 2, 2, 2, 1};
    const double *x = m->xyz + 3 * (N * molecule + k);
    double *force = answer->forces + 3 * m->member[N * molecule + k];
    for (int d = 0; d < 3; d++)
        force[d] -= g[d];
    for (int c = 0; c < 6; c++)
        answer->virial[c] += g[row[c]] * x[column[c]];
}

/* The part of a molecule's energy that contributing atoms have. */
static int add_energy(molecules *all, const family_atoms *atoms, int m, family_answer *answer,
                      char why[FAMILY_WHY])
{
    const double times = all->times[m];
    if (!isfinite(all->energy[m]))
        return refuse_molecule(atoms, N, all->member + N * m, "the energy is no number", why);
    if (m < all->own)
        answer->energy += all->share[m] * all->energy[m];
    for (int k = 0; k < N; k++) {
        const int atom = all->member[N * m + k];
        const double *slope = all->gradient + 3 * (N * m + k);
        if (atoms->contributing[atom])
            answer->energies[atom] += all->energy[m] / N;
        pull_atom(all, m, k, (double[3]){times * slope[0], times * slope[1], times * slope[2]}, answer);
    }
    if (m < all->own && !answer->outside && !all->said_alone && !OF(inside)(all->xyz + 3 * N * m)) {
        answer->outside = all->member[N * m] + 1;
        answer->whose = "the molecule";
        all->said_alone = 1;
    }
    return 0;
}

/* Finds the molecules, those with contributing atoms first. */
static int find_molecules(room *r, const family_atoms *atoms, const chemistry *c, char why[FAMILY_WHY])
{
    molecules *m = &r->m;
    for (int i = 0; i < 3 * atoms->natoms; i++)
        if (!isfinite(atoms->xyz[i])) {
            snprintf(why, FAMILY_WHY, "the position of an atom is no number");
            return 1;
        }
    if (take(r, atoms->natoms) || bins_fill(&r->bins, atoms->natoms, atoms->xyz, c->longest * (1 + 1e-9))) {
        snprintf(why, FAMILY_WHY, "there is not enough memory for the atoms");
        return 1;
    }
    m->count = 0;
    for (int i = 0; i < atoms->natoms; i++)
        m->of[i] = -1;
    for (int i = 0; i < atoms->natoms; i++)
        if (atoms->contributing[i] && m->of[i] < 0 && add_molecule(r, atoms, c, i, why))
            return 1;
    m->own = m->count;
#ifdef PAIR_SURFACE
    for (int i = 0; i < atoms->natoms; i++)
        if (m->of[i] < 0)
            add_molecule(r, atoms, c, i, why);
#endif
    return 0;
}

int family_compute(const family_parameter *parameters, const family_atoms *atoms, void *memory,
                   family_answer *answer, char why[FAMILY_WHY])
{
    room *r = memory;
    molecules *m = &r->m;
    chemistry c;
    set_chemistry(parameters[0].value, &c);
    if (find_molecules(r, atoms, &c, why))
        return 1;
#ifdef PAIR_SURFACE
    OF(energy_gradient_batch)((size_t)(PAIR_TOTAL ? m->count : m->own), m->xyz, m->energy, m->gradient);
    if (pairs_compute(parameters + 1, r->pairs, m, atoms, answer, why))
        return 1;
#else
    OF(energy_gradient_batch)((size_t)m->own, m->xyz, m->energy, m->gradient);
#endif
    for (int k = 0; k < m->count; k++)
        if ((k < m->own || m->times[k] < 0) && add_energy(m, atoms, k, answer, why))
            return 1;
    return 0;
}
