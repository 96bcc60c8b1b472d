/*
 * The surface of two molecules, for `make kim`: which of its atoms is which of the one of a molecule alone, and whether its
 * energies are what the user says.
 */
#include "bonds.h"
#include "describe.h"
#include "elements.h"
#include "match.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = MOST_ATOMS / 2 };
static const double angstrom = 1 / 0.529177210903, ev = 27.211386245988; /* bohr, in a hartree; CODATA 2018 */

/* More than two molecules have with each other, hartree: then energies are not what they are said to be. */
static const double too_strong = 0.2;

typedef struct two {
    const pair_request *request;
    const eqml_handle *alone, *surface;
    const eqml_record *r;   /* of the surface of two */
    int n;                  /* atoms of a molecule */
    int half[2 * MOST];     /* [2n] the molecule of each atom of the surface, 0 or 1 */
    int atom[2 * MOST];     /* [2n] which of its atoms */
    double centre[MOST];    /* [n] weights of the centre */
    double xyz[2][MOST][3]; /* the lowest geometry of the two, bohr */
    double from, to;        /* angstrom */
    int total;              /* energies are those of both molecules, each alone included */
} two;

static int refuse(const two *t, const char *what)
{
    fprintf(stderr, "%s: %s\n", t->request->pes, what);
    return 1;
}

/* ---- atoms --------------------------------------------------------------------------------------------- */

/* The elements of all atoms, as places in those of a molecule. */
static int read_species(const two *t, const species *s, int *of)
{
    species all = *s;
    const char *symbol = t->r->symbols;
    for (int i = 0; i < 2 * t->n; i++) {
        const size_t length = strcspn(symbol, " ");
        of[i] = add_species(&all, i, symbol, length);
        symbol += length + (symbol[length] == ' ');
    }
    return all.count > s->count ? refuse(t, "it has other elements than one molecule") : 0;
}

/* half[] <- the molecule that bonds lead to, 0 that of the first atom. */
static int find_halves(two *t, const unsigned char *bonded)
{
    const int n = 2 * t->n;
    int count = 1, list[2 * MOST] = {0};
    for (int i = 0; i < n; i++)
        t->half[i] = i > 0;
    for (int k = 0; k < count; k++)
        for (int j = 0; j < n; j++)
            if (t->half[j] && bonded[n * list[k] + j]) {
                t->half[j] = 0;
                list[count++] = j;
            }
    return count == t->n
               ? 0
               : refuse(t, "its lowest geometry is not two molecules, by their bonds; another BOND?");
}

/* atom[] <- which atom of the molecule alone each is. */
static int match_halves(two *t, const species *s, const int *of, const unsigned char *bonded,
                        const unsigned char *reference)
{
    const eqml_record *alone = eqml_get(t->alone);
    for (int h = 0; h < 2; h++) {
        int members[MOST], found[MOST], order[MOST], count = 0;
        unsigned char bonds[MOST * MOST];
        for (int i = 0; i < 2 * t->n; i++)
            if (t->half[i] == h && count < t->n) {
                found[count] = of[i];
                members[count++] = i;
            }
        for (int i = 0; i < t->n; i++)
            for (int j = 0; j < t->n; j++)
                bonds[t->n * i + j] = bonded[2 * t->n * members[i] + members[j]];
        if (count != t->n || match_molecule(t->n, s->of, alone->classes, reference, found, bonds, order))
            return refuse(t, "it is not of two such molecules");
        for (int k = 0; k < t->n; k++) {
            t->atom[members[order[k]]] = k;
            memcpy(t->xyz[h][k], t->r->lowest_xyz + 3 * members[order[k]], sizeof t->xyz[h][k]);
        }
    }
    return 0;
}

static void find_bonds(int n, const double *xyz, const int *of, const species *s, double bond,
                       unsigned char *bonded)
{
    static double squares[MOST_ATOMS * MOST_ATOMS];
    set_bonds(bond, s->names, s->count, squares);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            bonded[n * i + j] =
                i != j && distance_square(xyz + 3 * i, xyz + 3 * j) < squares[s->count * of[i] + of[j]];
}

static int set_atoms(two *t, const species *s)
{
    static unsigned char bonded[4 * MOST * MOST], reference[MOST * MOST];
    int of[2 * MOST];
    if (read_species(t, s, of))
        return 1;
    find_bonds(2 * t->n, t->r->lowest_xyz, of, s, t->request->bond, bonded);
    find_bonds(t->n, eqml_get(t->alone)->lowest_xyz, s->of, s, t->request->bond, reference);
    return find_halves(t, bonded) || match_halves(t, s, of, bonded, reference);
}

/* Weights of the centre: masses, or those atoms of an element alike. */
static int set_centre(two *t, const species *s)
{
    const char *wanted = t->request->centre;
    double sum = 0;
    for (int k = 0; k < t->n; k++) {
        const char *symbol = s->names;
        for (int p = s->of[k]; p > 0; p--)
            symbol = strchr(symbol, ' ') + 1;
        const size_t length = strcspn(symbol, " ");
        const element *e = find_element(symbol, length);
        t->centre[k] = strcmp(wanted, "mass") ? strlen(wanted) == length && !strncmp(wanted, symbol, length)
                       : e                    ? e->mass
                                              : 0;
        sum += t->centre[k];
    }
    for (int k = 0; k < t->n; k++)
        t->centre[k] /= sum;
    if (sum > 0)
        return 0;
    fprintf(stderr, "CENTRE=%s: expected mass, or an element of the molecule, %s\n", wanted, s->names);
    return 1;
}

/* ---- energies ------------------------------------------------------------------------------------------ */

/* The energy of two molecules, in the order of the surface. */
static double energy_of(const two *t, double xyz[2][MOST][3])
{
    double all[2 * MOST][3], energy;
    for (int i = 0; i < 2 * t->n; i++)
        memcpy(all[i], xyz[t->half[i]][t->atom[i]], sizeof all[i]);
    return eqml_energies(t->surface, 1, all[0], &energy, NULL, NULL, 0) ? NAN : energy;
}

/* That they have with each other, hartree. */
static double interaction(const two *t, double xyz[2][MOST][3])
{
    double energy = energy_of(t, xyz), alone;
    for (int h = 0; h < 2 && t->total; h++)
        energy -= eqml_energies(t->alone, 1, xyz[h][0], &alone, NULL, NULL, 0) ? NAN : alone;
    return energy;
}

/* Two atoms of either molecule, or the molecules, change places: the energy must not. */
static int check_symmetry(const two *t)
{
    static double moved[2][MOST][3], other[2][MOST][3];
    const int *classes = eqml_get(t->alone)->classes;
    const size_t size = (size_t)t->n * sizeof moved[0][0];
    for (int h = 0; h < 2; h++)
        for (int k = 0; k < t->n; k++)
            for (int d = 0; d < 3; d++)
                moved[h][k][d] = t->xyz[h][k][d] + 0.03 * sin(1 + 11 * h + 3 * k + 7 * d);
    const double energy = energy_of(t, moved), tolerance = 1e-9 * (1 + fabs(energy));
    memcpy(other[0], moved[1], size);
    memcpy(other[1], moved[0], size);
    if (!(fabs(energy_of(t, other) - energy) < tolerance))
        return refuse(t, "its energy changes as the two molecules are exchanged: fit it with a composition "
                         "as \"(H2 O)2\"");
    for (int i = 0; i < t->n; i++)
        for (int j = 0; j < i; j++) {
            if (classes[i] != classes[j])
                continue;
            memcpy(other, moved, sizeof other);
            memcpy(other[0][i], moved[0][j], sizeof other[0][i]);
            memcpy(other[0][j], moved[0][i], sizeof other[0][j]);
            if (!(fabs(energy_of(t, other) - energy) < tolerance))
                return refuse(t, "its energy changes as atoms of one molecule are exchanged that are alike "
                                 "in the other surface");
        }
    return 0;
}

/* The distance of the centres of the lowest geometry; apart <- these, moved to the distance r. */
static double move_apart(const two *t, double r, double apart[2][MOST][3])
{
    double between[3] = {0, 0, 0}, distance = 0;
    for (int k = 0; k < t->n; k++)
        for (int d = 0; d < 3; d++)
            between[d] += t->centre[k] * (t->xyz[1][k][d] - t->xyz[0][k][d]);
    for (int d = 0; d < 3; d++)
        distance += between[d] * between[d];
    distance = sqrt(distance);
    for (int h = 0; h < 2; h++)
        for (int k = 0; k < t->n; k++)
            for (int d = 0; d < 3; d++)
                apart[h][k][d] = t->xyz[h][k][d] + h * between[d] * (r / distance - 1);
    return distance;
}

/* The shortest of the longest distances between two atoms of either molecule in the training data, angstrom. */
static double end_of_data(const two *t)
{
    double end = HUGE_VAL;
    for (int i = 0; i < 2 * t->n; i++)
        for (int j = 0; j < i; j++)
            if (t->half[i] != t->half[j])
                end = fmin(end, t->r->ranges[2 * (2 * t->n * i + j) + 1] / angstrom);
    return end;
}

static int check_energies(const two *t)
{
    static double apart[2][MOST][3];
    const double lowest = interaction(t, (double(*)[MOST][3])t->xyz), end = end_of_data(t);
    const double r = move_apart(t, t->from * angstrom, apart) / angstrom, at_from = interaction(t, apart);
    move_apart(t, t->to * angstrom, apart);
    const double at_to = interaction(t, apart);
    if (!(fabs(lowest) < too_strong)) {
        fprintf(stderr,
                "%s: with TWO_BODY_ENERGY=%s its two molecules have %.4g hartree with each other at its "
                "lowest: %s\n",
                t->request->pes, t->request->energy, lowest,
                t->total ? "its data and those of one molecule are of different methods, or are interaction "
                           "energies (TWO_BODY_ENERGY=interaction)"
                         : "its data are energies of the two together (TWO_BODY_ENERGY=total)");
        return 1;
    }
    fprintf(stderr,
            "two molecules have with each other, eV: %.4f at the lowest (centres %.2f A apart); this moved "
            "apart: %.4f at FROM=%g, "
            "%.4f at TO=%g, where it is switched off\n",
            lowest * ev, r, at_from * ev, t->from, at_to * ev, t->to);
    if (end < t->to)
        fprintf(stderr, "note: the data of %s end at %.2f A (the distance of some two atoms), before TO=%g\n",
                t->request->pes, end, t->to);
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------------------------- */

static int read_distance(const char *name, const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    if (end > text && !*end && *value > 0 && *value <= 50)
        return 0;
    fprintf(stderr, "%s=%s: expected a distance of at most 50 angstrom\n", name, text);
    return 1;
}

static int check_request(two *t)
{
    const pair_request *q = t->request;
    t->total = !strcmp(q->energy, "total");
    if (!t->total && strcmp(q->energy, "interaction")) {
        fprintf(stderr,
                "TWO_BODY_ENERGY=%s: expected total (energies of the two molecules together) or interaction "
                "(less those of each alone)\n",
                q->energy);
        return 1;
    }
    if (read_distance("FROM", q->from, &t->from) || read_distance("TO", q->to, &t->to))
        return 1;
    if (t->from < t->to)
        return 0;
    fprintf(stderr, "FROM=%s TO=%s: the interaction is switched off from FROM to TO, which must be larger\n",
            q->from, q->to);
    return 1;
}

static int describe_two(two *t, const species *s)
{
    if (t->r->natoms != 2 * t->n || t->n > MOST) {
        fprintf(stderr, "%s: it has %d atoms, and two molecules of \"%s\" have %d\n", t->request->pes,
                t->r->natoms, eqml_get(t->alone)->symbols, 2 * t->n);
        return 1;
    }
    if (!t->r->lowest_xyz || !t->r->ranges)
        return refuse(t, "its lowest geometry and its ranges are not known: fit it anew");
    if (set_atoms(t, s) || set_centre(t, s) || check_symmetry(t) || check_energies(t))
        return 1;
    printf("#define PAIR_TOTAL %d\n#define PAIR_FROM %.17g\n#define PAIR_TO %.17g\n", t->total, t->from,
           t->to);
    put_integers("pair_half", 2 * t->n, t->half);
    put_integers("pair_atom", 2 * t->n, t->atom);
    put_numbers("surface_centre", t->n, t->centre);
    return 0;
}

int describe_pairs(const pair_request *request, const eqml_handle *alone, const species *s)
{
    static two t;
    char why[EQML_WHY];
    eqml_handle *surface;
    t.request = request;
    t.alone = alone;
    t.n = eqml_get(alone)->natoms;
    if (check_request(&t))
        return 1;
    if (eqml_open(request->pes, &surface, why, sizeof why)) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    t.surface = surface;
    t.r = eqml_get(surface);
    const int failed = describe_two(&t, s);
    eqml_close(surface);
    return failed;
}
