/* Operations of the minimum, and modes and axes turned to them. */
#include "vci/symmetry.h"
#include "common/eigen.h"
#include "common/random.h"
#include <string.h>

enum { ATOMS = 9, MODES = 21, CANDIDATES = 1 + 6 * ATOMS * ATOMS };
#define NEAR 1e-4       /* bohr, between an atom's image and an atom */
#define DEGENERATE 0.05 /* cm^-1 */

typedef struct operation {
    double r[3][3];
    int image[ATOMS]; /* which atom each one comes to */
} operation;

typedef struct finder {
    int natoms, count;
    const double *mass, *xyz;
    symmetry_test *same;
    void *context;
    operation found[CANDIDATES];
} finder;

/* to[natoms][3] <- the atoms of from moved by an operation, and numbered as they are named. */
static void apply(const operation *o, int natoms, const double *from, double *to)
{
    for (int i = 0; i < natoms; i++)
        for (int a = 0; a < 3; a++) {
            double sum = 0;
            for (int b = 0; b < 3; b++)
                sum += o->r[a][b] * from[3 * i + b];
            to[3 * o->image[i] + a] = sum;
        }
}

/* Which atom each atom comes to; 0: some comes to none. */
static int find_images(const finder *f, operation *o)
{
    for (int i = 0; i < f->natoms; i++) {
        o->image[i] = -1;
        for (int j = 0; j < f->natoms; j++) {
            double far = 0;
            for (int a = 0; a < 3; a++) {
                double x = -f->xyz[3 * j + a];
                for (int b = 0; b < 3; b++)
                    x += o->r[a][b] * f->xyz[3 * i + b];
                far += x * x;
            }
            if (far < NEAR * NEAR && fabs(f->mass[i] - f->mass[j]) < 1e-9 * f->mass[i])
                o->image[i] = j;
        }
        if (o->image[i] < 0)
            return 0;
    }
    return 1;
}

/* Whether the surface is invariant too, by a few geometries about the minimum. */
static int is_invariant(const finder *f, const operation *o)
{
    double xyz[3 * ATOMS], image[3 * ATOMS];
    generator random;
    random_start(&random, 1, 0);
    for (int sample = 0; sample < 4; sample++) {
        for (int k = 0; k < 3 * f->natoms; k++)
            xyz[k] = f->xyz[k] + 0.1 * (random_uniform(&random) - 0.5);
        apply(o, f->natoms, xyz, image);
        if (!f->same(f->context, xyz, image))
            return 0;
    }
    return 1;
}

/* Takes sign (1 - 2 u u^T), a half turn about u for -1, a reflection for 1, if it is new, and one of the molecule. */
static void consider(finder *f, const double *u, double sign)
{
    const double square = u[0] * u[0] + u[1] * u[1] + u[2] * u[2];
    operation o;
    if (square < 0.01)
        return;
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            o.r[a][b] = sign * ((a == b) - 2 * u[a] * u[b] / square);
    for (int k = 0; k < f->count; k++) {
        double apart = 0;
        for (int a = 0; a < 9; a++)
            apart = fmax(apart, fabs(o.r[a / 3][a % 3] - f->found[k].r[a / 3][a % 3]));
        if (apart < 1e-2)
            return;
    }
    if (find_images(f, &o) && is_invariant(f, &o))
        f->found[f->count++] = o;
}

/* An axis or a normal that is left in place goes through the middle of two atoms or from one to the other, or is normal to the two. */
static void find_operations(finder *f)
{
    operation inversion = {{{-1, 0, 0}, {0, -1, 0}, {0, 0, -1}}, {0}};
    if (find_images(f, &inversion) && is_invariant(f, &inversion))
        f->found[f->count++] = inversion;
    for (int i = 0; i < f->natoms; i++)
        for (int j = i; j < f->natoms; j++) {
            const double *x = f->xyz + 3 * i, *y = f->xyz + 3 * j;
            double u[3][3];
            for (int a = 0; a < 3; a++) {
                const int b = (a + 1) % 3, c = (a + 2) % 3;
                u[0][a] = x[a] + y[a], u[1][a] = x[a] - y[a], u[2][a] = x[b] * y[c] - x[c] * y[b];
            }
            for (int k = 0; k < 6; k++)
                consider(f, u[k / 2], k % 2 ? 1 : -1);
        }
}

static int commute(const operation *p, const operation *q)
{
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            double sum = 0;
            for (int c = 0; c < 3; c++)
                sum += p->r[a][c] * q->r[c][b] - q->r[a][c] * p->r[c][b];
            if (fabs(sum) > 1e-3)
                return 0;
        }
    return 1;
}

/* chosen[] <- operations that commute with each other: for each one, those behind it that join; the longest list. */
static int choose(const finder *f, int *chosen)
{
    int most = 0, now[SYMMETRY_BLOCKS];
    for (int first = 0; first < f->count; first++) {
        int n = 0;
        for (int k = first; k < f->count && n < SYMMETRY_BLOCKS; k++) {
            int joins = 1;
            for (int c = 0; c < n; c++)
                joins = joins && commute(&f->found[now[c]], &f->found[k]);
            if (joins)
                now[n++] = k;
        }
        if (n > most) {
            most = n;
            memcpy(chosen, now, (size_t)n * sizeof *now);
        }
    }
    return most;
}

/* The weight of an operation in sums whose eigenvectors are those of all. */
static double weight_of(int k)
{
    return sqrt(k + 2.0) - 0.4 * k;
}

/* Turns rows of vector[count][n] into eigenvectors of a[count][count] between them. */
static void turn_rows(int count, int n, double *a, double *vector)
{
    double value[MODES], turn[MODES * MODES], old[MODES * 3 * ATOMS];
    eigenvectors(count, a, value, turn);
    memcpy(old, vector, (size_t)(count * n) * sizeof *old);
    for (int k = 0; k < count; k++)
        for (int i = 0; i < n; i++) {
            vector[k * n + i] = 0;
            for (int l = 0; l < count; l++)
                vector[k * n + i] += turn[k * count + l] * old[l * n + i];
        }
}

/* The frame in which all operations are diagonal; atoms and modes are turned to it. */
static void turn_axes(finder *f, const int *chosen, int n, int modes, double *xyz, double *mode)
{
    double a[9] = {0}, axes[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (int c = 0; c < n; c++)
        for (int k = 0; k < 9; k++)
            a[k] += weight_of(c) * f->found[chosen[c]].r[k / 3][k % 3];
    turn_rows(3, 3, a, axes);
    const double determinant = axes[0] * (axes[4] * axes[8] - axes[5] * axes[7]) -
                               axes[1] * (axes[3] * axes[8] - axes[5] * axes[6]) +
                               axes[2] * (axes[3] * axes[7] - axes[4] * axes[6]);
    for (int k = 0; k < 3 && determinant < 0; k++)
        axes[k] = -axes[k];
    for (int row = 0; row <= modes; row++)
        for (int i = 0; i < f->natoms; i++) {
            double *x = (row < modes ? mode + row * 3 * f->natoms : xyz) + 3 * i;
            const double old[3] = {x[0], x[1], x[2]};
            for (int k = 0; k < 3; k++)
                x[k] = axes[3 * k] * old[0] + axes[3 * k + 1] * old[1] + axes[3 * k + 2] * old[2];
        }
    for (int c = 0; c < n; c++) {
        operation *o = &f->found[chosen[c]], old = *o;
        for (int k = 0; k < 3; k++)
            for (int l = 0; l < 3; l++) {
                o->r[k][l] = 0;
                for (int p = 0; p < 3; p++)
                    for (int q = 0; q < 3; q++)
                        o->r[k][l] += axes[3 * k + p] * old.r[p][q] * axes[3 * l + q];
            }
    }
}

/* <x| o y> of two modes. */
static double between(const operation *o, int natoms, const double *x, const double *y)
{
    double image[3 * ATOMS], sum = 0;
    apply(o, natoms, y, image);
    for (int i = 0; i < 3 * natoms; i++)
        sum += x[i] * image[i];
    return sum;
}

static void turn_modes(const finder *f, const int *chosen, int n, int modes, const double *wavenumber,
                       double *mode)
{
    const int size = 3 * f->natoms;
    double a[MODES * MODES];
    for (int first = 0, count; first < modes; first += count) {
        for (count = 1;
             first + count < modes && wavenumber[first + count] - wavenumber[first + count - 1] < DEGENERATE;)
            count++;
        for (int k = 0; k < count; k++)
            for (int l = 0; l < count; l++) {
                a[k * count + l] = 0;
                for (int c = 0; c < n; c++)
                    a[k * count + l] +=
                        weight_of(c) * between(&f->found[chosen[c]], f->natoms, mode + (first + k) * size,
                                               mode + (first + l) * size);
            }
        if (count > 1)
            turn_rows(count, size, a, mode + first * size);
    }
}

/* Whether a set of modes is a sum, modulo two, of some of those that are there already; the empty one is. */
static int depends(const symmetry *s, unsigned odd)
{
    for (int some = 0; some < 1 << s->operations; some++) {
        unsigned sum = odd;
        for (int k = 0; k < s->operations; k++)
            sum ^= some >> k & 1 ? s->odd[k] : 0;
        if (sum == 0)
            return 1;
    }
    return 0;
}

void symmetry_find(int natoms, const double *mass, int modes, const double *wavenumber, symmetry_test *same,
                   void *context, double *xyz, double *mode, symmetry *s)
{
    finder f = {.natoms = natoms, .mass = mass, .xyz = xyz, .same = same, .context = context};
    int chosen[SYMMETRY_BLOCKS];
    *s = (symmetry){0};
    if (natoms > ATOMS || modes > MODES)
        return;
    find_operations(&f);
    const int n = choose(&f, chosen);
    if (n == 0)
        return;
    turn_axes(&f, chosen, n, modes, xyz, mode);
    turn_modes(&f, chosen, n, modes, wavenumber, mode);
    for (int c = 0; c < n && s->operations < SYMMETRY_OPERATIONS; c++) {
        const operation *o = &f.found[chosen[c]];
        const double whole = o->r[0][0] * o->r[1][1] * o->r[2][2];
        unsigned odd = 0;
        int clear = 1;
        for (int k = 0; k < modes; k++) {
            const double sign = between(o, natoms, mode + k * 3 * natoms, mode + k * 3 * natoms);
            clear = clear && fabs(sign) > 1 - 1e-4;
            odd |= sign < 0 ? 1U << k : 0;
        }
        if (!clear || depends(s, odd))
            continue;
        for (int a = 0; a < 3; a++)
            s->axis[a] |= whole * o->r[a][a] < 0 ? 1 << s->operations : 0;
        s->odd[s->operations++] = odd;
    }
}

int symmetry_block(const symmetry *s, int modes, const unsigned char *excited)
{
    int block = 0;
    for (int g = 0; g < s->operations; g++)
        for (int k = 0; k < modes; k++)
            if (s->odd[g] >> k & 1 && excited[k] % 2)
                block ^= 1 << g;
    return block;
}
