/* Is the library's function a potential of these atoms? */
#include "adopt/job.h"
#include <math.h>

enum { GEOMETRIES = 10 };
const char *const check_names[CHECKS] = {"repeated", "moved", "turned", "mirrored", "exchanged"};

/* ---- permutations ----------------------------------------------------------------------------------------- */

/* A permutation of the atoms that keeps all classes of pairs, found atom by atom; those that stay are tried first. */
typedef struct exchange {
    int *image, *used; /* [natoms] -1: not yet */
    int *pair_class;   /* [natoms][natoms] */
    long steps;        /* that are left */
} exchange;

static int fits(const exchange *e, int i, int to)
{
    if (e->used[to] || basis->atom_classes[i] != basis->atom_classes[to])
        return 0;
    for (int k = 0; k < basis->natoms; k++)
        if (k != i && e->image[k] >= 0 &&
            e->pair_class[i * basis->natoms + k] != e->pair_class[to * basis->natoms + e->image[k]])
            return 0;
    return 1;
}

static int complete(exchange *e, int i)
{
    if (i == basis->natoms)
        return 1;
    if (e->image[i] >= 0)
        return complete(e, i + 1);
    for (int k = -1; k < basis->natoms && e->steps-- > 0; k++) {
        const int to = k < 0 ? i : k;
        if (!fits(e, i, to))
            continue;
        e->image[i] = to, e->used[to] = 1;
        if (complete(e, i + 1))
            return 1;
        e->image[i] = -1, e->used[to] = 0;
    }
    return 0;
}

/* e->image <- one that takes atom a to b, and b to a where that can be; 0 where there is none. */
static int find_exchange(exchange *e, int a, int b)
{
    for (int back = 1; back >= 0; back--) {
        for (int i = 0; i < basis->natoms; i++)
            e->image[i] = -1, e->used[i] = 0;
        e->steps = 100000;
        e->image[a] = b, e->used[b] = 1;
        if (back && fits(e, b, a))
            e->image[b] = a, e->used[a] = 1;
        if (complete(e, 0))
            return 1;
    }
    return 0;
}

static void know_pairs(exchange *e)
{
    for (int p = 0; p < basis->npairs; p++) {
        const int i = basis->pairs[p][0], k = basis->pairs[p][1];
        e->pair_class[i * basis->natoms + k] = e->pair_class[k * basis->natoms + i] = basis->pair_classes[p];
    }
}

/* ---- changes ---------------------------------------------------------------------------------------------- */

/* A rotation at random: three orthonormal rows. */
static void random_rotation(generator *random, double r[3][3])
{
    double q[4], square = 0;
    for (int k = 0; k < 4; k++) {
        q[k] = random_normal(random);
        square += q[k] * q[k];
    }
    for (int i = 0; i < 3; i++) /* of a unit quaternion (w, x, y, z) */
        for (int k = 0; k < 3; k++) {
            const double *v = q + 1, cross = i == k ? 0 : ((k - i + 3) % 3 == 1 ? -1 : 1) * v[3 - i - k];
            r[i][k] = ((i == k) * (2 * q[0] * q[0] - square) + 2 * v[i] * v[k] + 2 * q[0] * cross) / square;
        }
}

/* to[natoms][3] <- r xyz + shift */
static void transform(double r[3][3], const double *shift, const double *xyz, double *to)
{
    for (int i = 0; i < 3 * basis->natoms; i++)
        to[i] = r[i % 3][0] * xyz[i / 3 * 3] + r[i % 3][1] * xyz[i / 3 * 3 + 1] +
                r[i % 3][2] * xyz[i / 3 * 3 + 2] + shift[i % 3];
}

static void note(checked *c, check what, double change)
{
    change = isfinite(change) ? fabs(change) : INFINITY;
    c->largest[what] = fmax(c->largest[what], change);
}

/* All but the first, which is done at the end. */
static void check_geometry(potential *p, exchange *e, generator *random, const double *xyz, double energy,
                           double *room, checked *c)
{
    const int n = basis->natoms;
    const double none[3] = {0, 0, 0};
    double turn[3][3], same[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                       mirror[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, -1}};
    const double shift[3] = {3 * random_normal(random), 3 * random_normal(random), 3 * random_normal(random)};
    transform(same, shift, xyz, room);
    note(c, CHECK_MOVED, potential_energy(p, room, NULL) - energy);
    random_rotation(random, turn);
    transform(turn, none, xyz, room);
    note(c, CHECK_TURNED, potential_energy(p, room, NULL) - energy);
    transform(mirror, none, xyz, room);
    note(c, CHECK_MIRRORED, potential_energy(p, room, NULL) - energy);
    for (int a = 0; a < n; a++)
        for (int b = 0; b < a; b++) {
            if (basis->atom_classes[a] != basis->atom_classes[b] || !find_exchange(e, a, b))
                continue;
            for (int i = 0; i < 3 * n; i++)
                room[3 * e->image[i / 3] + i % 3] = xyz[i];
            const double before = c->largest[CHECK_EXCHANGED];
            note(c, CHECK_EXCHANGED, potential_energy(p, room, NULL) - energy);
            if (c->largest[CHECK_EXCHANGED] > before)
                c->first = b, c->second = a;
        }
    if (p->has_gradient) {
        potential_energy(p, xyz, room);
        potential_differences(p, xyz, room + 3 * n);
        for (int i = 0; i < 3 * n; i++)
            c->gradient = fmax(c->gradient, isfinite(room[i]) ? fabs(room[i] - room[3 * n + i]) : INFINITY);
    }
}

static void print_checks(const job *j, const checked *c)
{
    const double most = 1e-6 * j->up_to; /* cm^-1 */
    printf("  checks at %d geometries, largest change of the energy in cm^-1:", GEOMETRIES);
    for (int k = 0; k < CHECKS; k++)
        printf("%s %s %.1e", k ? "," : "", check_names[k], PER_CM * c->largest[k]);
    if (isfinite(c->gradient))
        printf("; gradient less its differences %.1e hartree/bohr", c->gradient);
    printf("\n");
    if (c->largest[CHECK_AGAIN] > 0)
        printf(
            "  note: the same geometry gives another energy after other calls: the library keeps a state\n");
    for (int k = CHECK_MOVED; k < CHECK_EXCHANGED; k++)
        if (PER_CM * c->largest[k] > most)
            printf("  note: the energy changes by up to %.3g cm^-1 where all is %s; the surface cannot "
                   "follow that%s\n",
                   PER_CM * c->largest[k], check_names[k],
                   k == CHECK_MIRRORED ? "" : ": see whether units, layout and order are right");
    if (PER_CM * c->largest[CHECK_EXCHANGED] > most)
        printf("  note: the energy changes by up to %.3g cm^-1 where like atoms are exchanged, most with "
               "atoms %d and %d "
               "of the composition; the surface cannot follow that: is --order right, or should COMPOSITION "
               "keep "
               "them apart?\n",
               PER_CM * c->largest[CHECK_EXCHANGED], c->first + 1, c->second + 1);
    if (c->gradient > 1e-4)
        printf("  note: the gradient is not that of the energy: differ by up to %.3g hartree/bohr; -g says "
               "forces\n",
               c->gradient);
}

int check_potential(const job *j, potential *p, const beginning *b, checked *c)
{
    const size_t n = (size_t)basis->natoms, size = 3 * n;
    double *xyz = calloc((GEOMETRIES + 2) * size, sizeof *xyz), energy[GEOMETRIES];
    int *whole = calloc(2 * n + n * n, sizeof *whole);
    size_t drawn = 0;
    int bad = xyz && whole ? 0 : fail("", "out of memory");
    generator random;
    memset(c, 0, sizeof *c);
    c->gradient = p->has_gradient ? 0 : (double)NAN;
    if (!bad && !isfinite(b->energy))
        bad = fail(j->symbol, "the energy at the start is not a number");
    if (!bad)
        bad = draw(j, p, b, (uint64_t)j->seed + 1000, GEOMETRIES, xyz, &drawn);
    if (!bad && drawn == 0)
        bad = fail(j->symbol, "no geometry about the start has an energy up to --up-to above it");
    if (!bad) {
        exchange e = {whole, whole + n, whole + 2 * n, 0};
        know_pairs(&e);
        random_start(&random, (uint64_t)j->seed, 2);
        for (size_t g = 0; g < drawn; g++)
            energy[g] = potential_energy(p, xyz + g * size, NULL);
        for (size_t g = 0; g < drawn; g++)
            check_geometry(p, &e, &random, xyz + g * size, energy[g], xyz + GEOMETRIES * size, c);
        for (size_t g = 0; g < drawn; g++)
            note(c, CHECK_AGAIN, potential_energy(p, xyz + g * size, NULL) - energy[g]);
        print_checks(j, c);
    }
    free(xyz);
    free(whole);
    return bad;
}
