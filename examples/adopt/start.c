/* Where sampling begins: a minimum. */
#include "adopt/job.h"
#include "census/census.h"
#include "common/atoms.h"
#include "common/minimise.h"

enum { TRIES = 20, MOST_ATOMS = 200 };

/* ---- files ------------------------------------------------------------------------------------------------ */

/* Geometries in the order of the basis. */
static int read_geometries(const char *path, eqml_data *data)
{
    eqml_message message;
    if (eqml_data_read(path, data, &message))
        return fail("", message.text);
    return match_basis(data, basis, NULL, &message) ? fail(path, message.text) : 0;
}

int read_files(const job *j, beginning *b)
{
    const size_t size = 3 * (size_t)basis->natoms;
    eqml_data start = {0};
    int bad = 0;
    b->xyz = calloc(size, sizeof *b->xyz);
    b->hessian = calloc(size * size, sizeof *b->hessian);
    if (j->start && !(bad = read_geometries(j->start, &start)) && b->xyz)
        memcpy(b->xyz, start.xyz, size * sizeof *b->xyz);
    if (!bad && j->geometries)
        bad = read_geometries(j->geometries, &b->extra);
    if (!bad) {
        b->symbols = start.n ? symbols_of(&start) : b->extra.n ? symbols_of(&b->extra) : NULL;
        if (!start.n && !b->extra.n && (b->symbols = calloc(strlen(basis->symbols) + 1, 1)))
            strcpy(b->symbols, basis->symbols);
        bad = b->symbols && b->xyz && b->hessian ? 0 : fail("", "out of memory");
    }
    eqml_data_free(&start);
    return bad;
}

void free_beginning(beginning *b)
{
    free(b->symbols);
    free(b->xyz);
    free(b->hessian);
    eqml_data_free(&b->extra);
}

/* ---- atoms ------------------------------------------------------------------------------------------------ */

typedef struct atoms {
    double *mass, *radius; /* [natoms] dalton; covalent, bohr */
} atoms;

static int know_atoms(const char *symbols, atoms *a)
{
    a->mass = calloc(2 * (size_t)basis->natoms, sizeof *a->mass);
    if (!a->mass)
        return fail("", "out of memory");
    a->radius = a->mass + basis->natoms;
    for (int i = 0; i < basis->natoms; i++) {
        symbols += strspn(symbols, " ");
        const size_t length = strcspn(symbols, " ");
        const element *e = find_element(symbols, length);
        if (!e) {
            fprintf(stderr, "adopt: \"%.*s\" is no element: give COMPOSITION with elements\n", (int)length,
                    symbols);
            return 1;
        }
        a->mass[i] = e->mass;
        a->radius[i] = e->radius * EQML_ANGSTROM;
        symbols += length;
    }
    return 0;
}

static double apart(const double *xyz, int i, int k)
{
    const double x = xyz[3 * i] - xyz[3 * k], y = xyz[3 * i + 1] - xyz[3 * k + 1],
                 z = xyz[3 * i + 2] - xyz[3 * k + 2];
    return sqrt(x * x + y * y + z * z);
}

/* Two atoms closer than half the sum of their covalent radii, or one that has left: farther from all others than three
 * times that sum. */
static int is_nonsense(const void *context, const double *xyz)
{
    const atoms *a = context;
    for (int i = 0; i < basis->natoms; i++) {
        int alone = 1;
        for (int k = 0; k < basis->natoms; k++) {
            const double bond = a->radius[i] + a->radius[k];
            if (k != i && !(apart(xyz, i, k) >= 0.5 * bond))
                return 1;
            alone &= k == i || apart(xyz, i, k) > 3 * bond;
        }
        if (alone && basis->natoms > 1)
            return 1;
    }
    return 0;
}

/* Atoms at random, heavy ones first, each about a bond from one that is there, hydrogen from a heavy one if there is any. */
static void place_atoms(const atoms *a, generator *random, double *xyz)
{
    int placed[MOST_ATOMS], count = 0, heavy = 0;
    for (int light = 0; light < 2; light++)
        for (int i = 0; i < basis->natoms; i++) {
            if ((a->mass[i] < 4) != light)
                continue;
            for (int tries = 0; tries < 100; tries++) {
                const int from = light && heavy ? heavy : count;
                const int to = from ? placed[(int)(random_uniform(random) * from)] : i;
                double direction[3], square = 0, closest = HUGE_VAL;
                for (int k = 0; k < 3; k++) {
                    direction[k] = random_normal(random);
                    square += direction[k] * direction[k];
                }
                for (int k = 0; k < 3; k++)
                    xyz[3 * i + k] = to == i ? 0
                                             : xyz[3 * to + k] + 1.1 * (a->radius[i] + a->radius[to]) *
                                                                     direction[k] / sqrt(square);
                for (int k = 0; k < count; k++)
                    if (placed[k] != to)
                        closest =
                            fmin(closest, apart(xyz, i, placed[k]) / (a->radius[i] + a->radius[placed[k]]));
                if (closest > 1.6)
                    break;
            }
            placed[count++] = i;
            heavy += !light;
        }
}

/* ---- the minimum ------------------------------------------------------------------------------------------ */

static double function(void *context, const double *xyz, double *gradient)
{
    return potential_energy(context, xyz, gradient);
}

static int minimum_below(potential *p, const atoms *a, double *xyz, double *energy)
{
    const minimise_options options = {.gradient = 2e-6, .outside = is_nonsense, .context = a};
    return !is_nonsense(a, xyz) &&
           minimise_potential(3 * basis->natoms, function, p, xyz, energy, &options) == MINIMISE_DONE &&
           isfinite(*energy);
}

/*
 * The minimum that most of the random geometries lead to, of equally many the lowest: far away, potentials that were fitted
 * have holes below their minimum, each found once.
 */
static int search(const job *j, potential *p, const atoms *a, beginning *b)
{
    const size_t size = 3 * (size_t)basis->natoms;
    double energy[TRIES], *xyz = calloc(TRIES * size, sizeof *xyz);
    int found = 0, best = -1, most = 0, lower = 0;
    generator random;
    if (!xyz)
        return fail("", "out of memory");
    random_start(&random, (uint64_t)j->seed, 1);
    for (int t = 0; t < TRIES; t++) {
        place_atoms(a, &random, xyz + (size_t)found * size);
        found += minimum_below(p, a, xyz + (size_t)found * size, &energy[found]);
    }
    for (int t = 0; t < found; t++) {
        int alike = 0;
        for (int other = 0; other < found; other++)
            alike += fabs(energy[other] - energy[t]) < 1e-6;
        if (alike > most || (alike == most && energy[t] < energy[best]))
            most = alike, best = t;
    }
    for (int t = 0; t < found; t++)
        lower += energy[t] < energy[best] - 1e-6;
    if (best >= 0) {
        memcpy(b->xyz, xyz + (size_t)best * size, size * sizeof *xyz);
        printf("  start: the minimum below %d of %d random geometries", most, TRIES);
        if (lower)
            printf("; %d lead to lower ones, to holes or another isomer: look at the first frame of the "
                   "samples, and "
                   "give --start FILE where it is not yours",
                   lower);
        printf("\n");
    }
    free(xyz);
    if (best < 0)
        return fail(j->symbol,
                    p->calls == p->not_finite
                        ? "no energy is a number: see whether it needs --init, or --in and a file there, and "
                          "how it is called (--call)"
                        : "no random geometry leads to a minimum: give a geometry by --start FILE, and see "
                          "whether units, layout, order and the sign of gradients are right");
    return 0;
}

static int print_wavenumbers(const atoms *a, const beginning *b)
{
    const size_t n = 3 * (size_t)basis->natoms;
    double *all = calloc(2 * n + 2 * n * n + 6 * n, sizeof *all);
    if (!all)
        return fail("", "out of memory");
    double *root = all, *wavenumber = root + n, *hessian = wavenumber + n, *mode = hessian + n * n;
    memcpy(hessian, b->hessian, n * n * sizeof *hessian);
    const int count =
        vibrations(basis->natoms, a->mass, b->xyz, hessian, root, wavenumber, mode, mode + n * n);
    printf("  minimum: %.9g hartree; wavenumbers", b->energy);
    for (int k = 0; k < count; k++)
        printf("%s %.0f", k ? "," : "", wavenumber[k]);
    printf(" cm^-1\n");
    if (wavenumber[0] < -20)
        printf("  note: that is a saddle, not a minimum: give a geometry aside of it by --start FILE\n");
    free(all);
    return 0;
}

int find_beginning(const job *j, potential *p, beginning *b)
{
    atoms a = {0};
    int bad = know_atoms(b->symbols, &a);
    if (!bad && !j->start)
        bad = search(j, p, &a, b);
    if (!bad && j->start && !minimum_below(p, &a, b->xyz, &b->energy))
        bad = fail(j->start,
                   "no minimum of the potential is in the valley of this geometry; see whether units, "
                   "layout, order and the sign of gradients are right");
    if (!bad) {
        b->energy = potential_energy(p, b->xyz, NULL);
        potential_hessian(p, b->xyz, b->hessian);
        bad = print_wavenumbers(&a, b);
    }
    free(a.mass);
    return bad;
}

/* ---- samples ---------------------------------------------------------------------------------------------- */

/* Geometries to draw from: those below the minimum, holes or of another isomer, are counted and refused. */
typedef struct source {
    potential *p;
    double least;
} source;

static double energy_of(void *context, const double *xyz)
{
    const source *s = context;
    const double energy = potential_energy(s->p, xyz, NULL);
    s->p->below += energy < s->least;
    return energy < s->least ? HUGE_VAL : energy;
}

int draw(const job *j, potential *p, const beginning *b, uint64_t seed, size_t n, double *xyz, size_t *drawn)
{
    const size_t size = 3 * (size_t)basis->natoms;
    double *hessian = malloc(size * size * sizeof *hessian);
    source from = {p, b->energy - 1e-4};
    eqml_message message;
    if (!hessian)
        return fail("", "out of memory");
    p->below = 0;
    memcpy(hessian, b->hessian, size * size * sizeof *hessian);
    const eqml_status status = census_spread_of(basis->natoms, energy_of, &from, b->symbols, b->xyz, hessian,
                                                j->up_to / PER_CM, seed, n, xyz, drawn, &message);
    free(hessian);
    return status ? fail("", message.text) : 0;
}
