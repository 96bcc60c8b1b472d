/*
 * The family of molecular surfaces: an atom belongs to the molecule that its bonds lead to, and each molecule has the energy
 * of the surface, of which each of its atoms has the same share. So a molecule that lies across a border is counted once,
 * whatever the simulator does with images and processes, and each process needs nothing but what is around its atoms.
 *
 * Two atoms are bonded where their distance is less than the sum of their covalent radii times the parameter `bond`.
 */
#include "settings.h"
#include SURFACE_HEADER
#include "elements.h"
#include "family.h"
#include "match.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(SURFACE, name)

enum { N = SURFACE_NATOMS };
static const double angstrom = 1 / 0.529177210903; /* bohr; CODATA 2018 */

typedef struct room {
    int *found;                      /* [atoms] nonzero: its molecule has been found */
    int *member;                     /* [molecules][N] atoms, in the order of the surface */
    double *share;                   /* [molecules] of its atoms, how many contribute */
    double *xyz, *gradient, *energy; /* [molecules][N][3], [N][3], [1] */
    int atoms, molecules;
    int warned;
} room;

/* ---- what is bonded -------------------------------------------------------------------------------------- */

static double covalent_radius(int species)
{
    const char *symbol = SURFACE_SPECIES;
    for (; species > 0; species--)
        symbol = strchr(symbol, ' ') + 1;
    const element *e = find_element(symbol, strcspn(symbol, " "));
    return e ? e->radius * angstrom : 0;
}

/* Squares of the longest bonds between species, bohr^2. */
static void set_bonds(double bond, double squares[SURFACE_NSPECIES][SURFACE_NSPECIES])
{
    for (int a = 0; a < SURFACE_NSPECIES; a++)
        for (int b = 0; b < SURFACE_NSPECIES; b++) {
            const double longest = bond * (covalent_radius(a) + covalent_radius(b));
            squares[a][b] = longest * longest;
        }
}

static double distance_square(const double *a, const double *b)
{
    return (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]);
}

/* The bonds of the lowest training geometry. */
static void set_reference(double bond, unsigned char bonded[N][N])
{
    double squares[SURFACE_NSPECIES][SURFACE_NSPECIES];
    set_bonds(bond, squares);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            bonded[i][j] = i != j && distance_square(surface_lowest_xyz + 3 * i, surface_lowest_xyz + 3 * j) <
                                         squares[surface_species[i]][surface_species[j]];
}

/* ---- what KIM asks first --------------------------------------------------------------------------------- */

const char *family_species(void)
{
    return SURFACE_SPECIES;
}

family_parameter *family_parameters(void)
{
    family_parameter *p = malloc(sizeof *p);
    if (p)
        *p = (family_parameter){"bond", "atoms are bonded up to so many sums of their covalent radii",
                                KIM_BOND};
    return p;
}

/* A molecule is no longer than its bonds one after the other, nor much longer than those of the training data. */
int family_reach(const family_parameter *parameter, double *cutoff, char why[FAMILY_WHY])
{
    double squares[SURFACE_NSPECIES][SURFACE_NSPECIES], longest = 0, known = 0;
    if (!parameter || !(parameter->value > 0.5 && parameter->value < 10)) {
        snprintf(why, FAMILY_WHY, "the parameter bond must be a number from 0.5 to 10");
        return 1;
    }
    set_bonds(parameter->value, squares);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++) {
            longest = fmax(longest, squares[surface_species[i]][surface_species[j]]);
            known = fmax(known, surface_ranges[2 * (N * i + j) + 1]);
        }
    *cutoff = fmin((N - 1) * sqrt(longest), 1.2 * known);
    unsigned char bonded[N][N];
    set_reference(parameter->value, bonded);
    return check_reference(N, bonded[0], surface_species, surface_classes, parameter->value, SURFACE_SYMBOLS,
                           why);
}

void *family_room(void)
{
    return calloc(1, sizeof(room));
}

static void free_atoms(room *r)
{
    free(r->found);
    free(r->member);
    free(r->share);
    free(r->xyz);
    free(r->gradient);
    free(r->energy);
}

void family_room_free(void *memory)
{
    room *r = memory;
    if (!r)
        return;
    free_atoms(r);
    free(r);
}

/* ---- molecules --------------------------------------------------------------------------------------------- */

/* Room for all that can be: each contributing atom with a molecule of its own, the others being images. */
static int take(room *r, int atoms)
{
    if (atoms <= r->atoms)
        return 0;
    const size_t n = (size_t)atoms;
    free_atoms(r);
    r->found = malloc(n * sizeof(int));
    r->member = malloc(n * N * sizeof(int));
    r->share = malloc(n * sizeof(double));
    r->xyz = malloc(3 * n * N * sizeof(double));
    r->gradient = malloc(3 * n * N * sizeof(double));
    r->energy = malloc(n * sizeof(double));
    r->atoms = r->found && r->member && r->share && r->xyz && r->gradient && r->energy ? atoms : 0;
    return !r->atoms;
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

static int refuse(const family_atoms *atoms, int n, const int *members, const char *what,
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
static int follow_bonds(const family_atoms *atoms, double squares[SURFACE_NSPECIES][SURFACE_NSPECIES],
                        int first, int count, const int *near, int members[N + 1])
{
    int n = 1;
    members[0] = first;
    for (int k = 0; k < n && n <= N; k++) {
        const int from = members[k];
        const double *x = atoms->xyz + 3 * from, *square = squares[atoms->species[from]];
        for (int p = 0; p < count && n <= N; p++) {
            const int other = near[p];
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

/* Adds the molecule of a contributing atom. */
static int add_molecule(room *r, const family_atoms *atoms,
                        double squares[SURFACE_NSPECIES][SURFACE_NSPECIES], unsigned char reference[N][N],
                        int first, char why[FAMILY_WHY])
{
    int count, members[N + 1], species[N], order[N], contributing = 0;
    const int *near;
    unsigned char bonded[N][N];
    if (atoms->neighbours(atoms->simulator, first, &count, &near)) {
        snprintf(why, FAMILY_WHY, "the simulator has no neighbours of atom %d", first);
        return 1;
    }
    const int n = follow_bonds(atoms, squares, first, count, near, members);
    if (n != N)
        return refuse(atoms, n, members,
                      n < N ? "a bond is broken, or atoms are missing"
                            : "molecules touch, or the cell is too small for one",
                      why);
    for (int i = 0; i < N; i++) {
        species[i] = atoms->species[members[i]];
        for (int j = 0; j < N; j++)
            bonded[i][j] =
                i != j && distance_square(atoms->xyz + 3 * members[i], atoms->xyz + 3 * members[j]) <
                              squares[species[i]][atoms->species[members[j]]];
    }
    if (match_molecule(N, surface_species, surface_classes, reference[0], species, bonded[0], order))
        return refuse(atoms, n, members, "other atoms, or other bonds than in its lowest geometry", why);
    const int m = r->molecules++;
    for (int k = 0; k < N; k++) {
        const int atom = members[order[k]];
        r->member[N * m + k] = atom;
        memcpy(r->xyz + 3 * (N * m + k), atoms->xyz + 3 * atom, 3 * sizeof(double));
        if (atoms->contributing[atom]) {
            r->found[atom] = 1;
            contributing++;
        }
    }
    r->share[m] = (double)contributing / N;
    return 0;
}

/* The part of a molecule's energy that contributing atoms have. */
static int add_energy(const room *r, const family_atoms *atoms, int m, family_answer *answer,
                      char why[FAMILY_WHY])
{
    static const int row[6] = {0, 1, 2, 1, 0, 0}, column[6] = {0, 1, 2, 2, 2, 1};
    const double share = r->share[m];
    if (!isfinite(r->energy[m]))
        return refuse(atoms, N, r->member + N * m, "the energy is no number", why);
    answer->energy += share * r->energy[m];
    for (int k = 0; k < N; k++) {
        const int atom = r->member[N * m + k];
        const double *g = r->gradient + 3 * (N * m + k), *x = r->xyz + 3 * (N * m + k);
        if (atoms->contributing[atom])
            answer->energies[atom] += r->energy[m] / N;
        for (int d = 0; d < 3; d++)
            answer->forces[3 * atom + d] -= share * g[d];
        for (int c = 0; c < 6; c++)
            answer->virial[c] += share * g[row[c]] * x[column[c]];
    }
    if (!answer->outside && !r->warned && !OF(inside)(r->xyz + 3 * N * m))
        answer->outside = r->member[N * m] + 1;
    return 0;
}

int family_compute(const family_parameter *parameter, const family_atoms *atoms, void *memory,
                   family_answer *answer, char why[FAMILY_WHY])
{
    room *r = memory;
    double squares[SURFACE_NSPECIES][SURFACE_NSPECIES];
    unsigned char reference[N][N];
    if (take(r, atoms->natoms)) {
        snprintf(why, FAMILY_WHY, "there is not enough memory for the atoms");
        return 1;
    }
    set_bonds(parameter->value, squares);
    set_reference(parameter->value, reference);
    r->molecules = 0;
    for (int i = 0; i < atoms->natoms; i++)
        r->found[i] = 0;
    for (int i = 0; i < atoms->natoms; i++)
        if (atoms->contributing[i] && !r->found[i] && add_molecule(r, atoms, squares, reference, i, why))
            return 1;
    OF(energy_gradient_batch)((size_t)r->molecules, r->xyz, r->energy, r->gradient);
    for (int m = 0; m < r->molecules; m++)
        if (add_energy(r, atoms, m, answer, why))
            return 1;
    r->warned = r->warned || answer->outside;
    return 0;
}
