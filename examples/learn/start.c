/* Where it begins: the minimum and its normal modes, by the method itself. */
#define _POSIX_C_SOURCE 200809L
#include "learn/learn.h"
#include "common/atoms.h"
#include "common/elements.h"
#include "common/minimise.h"
#include "common/modes.h"
#include "common/whole.h"
#include <stdlib.h>

#define STEP 0.01 /* bohr, of the differences that the Hessian is made of */

/* ---- a rough geometry ------------------------------------------------------------------------------------- */

static double distance(const double *xyz, int i, int j)
{
    const double x = xyz[3 * i] - xyz[3 * j], y = xyz[3 * i + 1] - xyz[3 * j + 1],
                 z = xyz[3 * i + 2] - xyz[3 * j + 2];
    return sqrt(x * x + y * y + z * z);
}

/* The length of a bond, by covalent radii, from the least distances that a census allows. */
static double bond(const search *f, int i, int j)
{
    return sqrt(f->closest[i * (f->n / 3) + j]) / f->c->options.closest;
}

/* Puts atom `count` of the order beside a random one of those before it that may have many neighbours. */
static void place(const search *f, generator *random, const int *order, int count, double *xyz)
{
    const int atom = order[count];
    double *to = xyz + 3 * atom;
    for (int tries = 0; tries < 500; tries++) {
        int beside = order[(int)(random_uniform(random) * count)], crowded = 0;
        double direction[3], square = 0;
        if (f->mass[beside] < 3 && f->mass[order[0]] > 3 && tries < 400)
            continue; /* hydrogen has one */
        for (int k = 0; k < 3; k++) {
            direction[k] = random_normal(random);
            square += direction[k] * direction[k];
        }
        for (int k = 0; k < 3; k++)
            to[k] = xyz[3 * beside + k] + bond(f, atom, beside) * direction[k] / sqrt(square);
        for (int other = 0; other < count; other++)
            crowded += order[other] != beside && distance(xyz, atom, order[other]) <
                                                     (tries < 250 ? 1.5 : 1.2) * bond(f, atom, order[other]);
        if (!crowded)
            return;
    }
}

/* Heavy atoms first, each at the length of a bond from one of those before. */
static void place_all(const search *f, generator *random, int *order, double *xyz)
{
    const int natoms = f->n / 3;
    int count = 0;
    for (int light = 0; light < 2; light++)
        for (int i = 0; i < natoms; i++)
            if ((f->mass[i] < 3) == light)
                order[count++] = i;
    for (int k = 0; k < 3; k++)
        xyz[3 * order[0] + k] = 0;
    for (int k = 1; k < natoms; k++)
        place(f, random, order, k, xyz);
}

/* Do bonds hold all atoms together? group[natoms] is room. */
static int holds_together(const search *f, const double *xyz, int *group)
{
    const int natoms = f->n / 3;
    int groups = natoms;
    for (int i = 0; i < natoms; i++)
        group[i] = i;
    for (int i = 0; i < natoms; i++)
        for (int j = 0; j < i; j++)
            if (group[i] != group[j] && distance(xyz, i, j) < 1.4 * bond(f, i, j)) {
                const int from = group[i], to = group[j];
                for (int k = 0; k < natoms; k++)
                    group[k] = group[k] == from ? to : group[k];
                groups--;
            }
    return groups == 1;
}

/* ---- downhill ----------------------------------------------------------------------------------------------- */

typedef struct way_down {
    const settings *s;
    points *p;
    int attempt, step, broken;
} way_down;

static double computed_energy(void *context, const double *xyz, double *gradient)
{
    way_down *w = context;
    const size_t size = 3 * (size_t)basis->natoms;
    char what[64];
    task t = {.xyz = xyz};
    snprintf(t.id, sizeof t.id, "start-%02d-%04d", w->attempt, w->step++);
    snprintf(what, sizeof what, "the start, attempt %d, step %d", w->attempt + 1, w->step);
    memset(gradient, 0, size * sizeof *gradient);
    w->broken = w->broken || compute(w->s, w->p, what, 1, &t);
    if (w->broken || t.point < 0)
        return INFINITY;
    memcpy(gradient, w->p->gradient + (size_t)t.point * size, size * sizeof *gradient);
    return w->p->energy[t.point];
}

/* xyz <- the minimum below it, and *energy <- infinity where there is none. */
static int go_down(const settings *s, points *p, int attempt, double *xyz, double *energy)
{
    const minimise_options options = {.steps = 150, .gradient = 2e-5, .longest = 0.2};
    way_down w = {s, p, attempt, 0, 0};
    if (minimise_potential(3 * basis->natoms, computed_energy, &w, xyz, energy, &options) == MINIMISE_MEMORY)
        return fail("", "out of memory");
    return w.broken;
}

/* The first frame of a file whose comment says nothing of what it has, as those of many programs: a copy that says so. */
static int copy_frame(const char *from, const char *to)
{
    char line[1024];
    whole w;
    FILE *in = fopen(from, "r");
    whole_open(&w, to);
    for (long at = 0, lines = 2; in && w.out && at < lines && fgets(line, sizeof line, in); at++) {
        if (at == 0)
            lines = strtol(line, NULL, 10) + 2;
        fputs(at == 1 ? "Properties=species:S:1:pos:R:3\n" : line, w.out);
    }
    if (in)
        fclose(in);
    return whole_close(&w, 0);
}

/* Where a file cannot be read either way, the message is of the file itself. */
static int read_start(const settings *s, eqml_data *data)
{
    char path[PATH_LENGTH];
    eqml_message message, other;
    eqml_status status = eqml_data_read(s->start, data, &message);
    snprintf(path, sizeof path, "%s/start.xyz", s->folder);
    if (status == EQML_ERROR_FORMAT) {
        if (copy_frame(s->start, path))
            return fail(path, strerror(errno));
        status = eqml_data_read(path, data, &other);
    }
    if (status)
        return fail("", message.text);
    return match_basis(data, basis, NULL, &message) ? fail(s->start, message.text) : 0;
}

static int start_from_file(const settings *s, points *p, search *f)
{
    eqml_data data = {0};
    int bad = read_start(s, &data);
    if (!bad) {
        memcpy(f->c->xyz, data.xyz, (size_t)f->n * sizeof *data.xyz);
        bad = is_close(f, f->c->xyz) ? fail(s->start, "two atoms are closer than half a bond")
                                     : go_down(s, p, 0, f->c->xyz, &f->c->minimum);
    }
    eqml_data_free(&data);
    return bad;
}

static int start_from_formula(const settings *s, points *p, search *f)
{
    const size_t size = (size_t)f->n;
    double *xyz = calloc(size, sizeof *xyz);
    int *order = calloc(2 * size, sizeof *order), bad = 0, together = 0;
    if (!xyz || !order)
        bad = fail("", "out of memory");
    for (int attempt = 0; attempt < (int)s->starts && !bad; attempt++) {
        double energy;
        generator random;
        random_start(&random, (uint64_t)s->seed, 1000 + (uint64_t)attempt);
        place_all(f, &random, order, xyz);
        bad = go_down(s, p, attempt, xyz, &energy);
        const int held = !bad && isfinite(energy) && holds_together(f, xyz, order + size);
        if (isfinite(energy) && held >= together && (held > together || energy < f->c->minimum - 1e-7)) {
            f->c->minimum = energy;
            memcpy(f->c->xyz, xyz, size * sizeof *xyz);
            together = held;
        }
    }
    free(xyz);
    free(order);
    return bad;
}

/* ---- vibrations --------------------------------------------------------------------------------------------- */

/* hessian[n][n] <- differences of gradients. */
static int find_hessian(const settings *s, points *p, int tries, const search *f, double *hessian)
{
    const int n = f->n;
    const size_t size = (size_t)n;
    double *xyz = calloc(2 * size * size, sizeof *xyz);
    task *tasks = calloc(2 * size, sizeof *tasks);
    int bad = xyz && tasks ? 0 : fail("", "out of memory");
    for (int k = 0; k < 2 * n && !bad; k++) {
        double *to = xyz + (size_t)k * size;
        memcpy(to, f->c->xyz, size * sizeof *to);
        to[k / 2] += k % 2 ? -STEP : STEP;
        tasks[k].xyz = to;
        snprintf(tasks[k].id, sizeof tasks[k].id, "hessian-%d-%03d%c", tries, k / 2, k % 2 ? 'b' : 'a');
    }
    bad = bad || compute(s, p, "normal modes", 2 * size, tasks);
    for (int k = 0; k < 2 * n && !bad; k++)
        if (tasks[k].point < 0)
            bad = fail("the Hessian at the minimum cannot be computed", last_reason());
    for (int i = 0; i < n && !bad; i++)
        for (int j = 0; j < n; j++) {
            const double *g = p->gradient;
            const size_t a = size * (size_t)tasks[2 * i].point, b = size * (size_t)tasks[2 * i + 1].point,
                         c = size * (size_t)tasks[2 * j].point, d = size * (size_t)tasks[2 * j + 1].point;
            hessian[i * n + j] =
                (g[a + (size_t)j] - g[b + (size_t)j] + g[c + (size_t)i] - g[d + (size_t)i]) / (4 * STEP);
        }
    free(xyz);
    free(tasks);
    return bad;
}

static void say_minimum(const search *f)
{
    printf("minimum: %.8f hartree, vibrations / cm^-1:", f->c->minimum);
    for (int q = 0; q < f->nvibrations; q++)
        printf(" %.0f", f->wavenumber[q]);
    putchar('\n');
    fflush(stdout);
}

/* Vibrations at the minimum; where it is none, but a saddle, a little along the way down, and down again. */
static int find_vibrations(const settings *s, points *p, search *f)
{
    const size_t n = (size_t)f->n;
    double *hessian = calloc((n + 6) * n, sizeof *hessian);
    int bad = hessian ? 0 : fail("", "out of memory");
    for (int tries = 0; !bad; tries++) {
        bad = find_hessian(s, p, tries, f, hessian);
        if (bad)
            break;
        f->nvibrations = vibrations(f->n / 3, f->mass, f->c->xyz, hessian, f->root, f->wavenumber, f->modes,
                                    hessian + n * n);
        if (f->wavenumber[0] > -20)
            break;
        if (tries == 3) {
            bad = fail("", "no minimum was found, only saddles: give a geometry near it, START=file.xyz");
            break;
        }
        for (size_t k = 0; k < n; k++)
            f->c->xyz[k] += 20 * f->modes[k] / f->root[k];
        bad = go_down(s, p, 90 + tries, f->c->xyz, &f->c->minimum);
        if (!bad && !isfinite(f->c->minimum))
            bad = fail("the minimum cannot be found", last_reason());
    }
    free(hessian);
    if (!bad)
        say_minimum(f);
    return bad;
}

/* The minimum once more, as a point to train on. */
static int keep_minimum(const settings *s, points *p, const search *f)
{
    task t = {.id = "minimum", .xyz = f->c->xyz};
    const size_t size = (size_t)f->n;
    if (compute(s, p, "the minimum", 1, &t))
        return 1;
    if (t.point < 0)
        return fail("the minimum cannot be computed", last_reason());
    for (size_t k = 0; k < size; k++)
        if (fabs(p->gradient[(size_t)t.point * size + k]) > 1e-3)
            return fail(
                "",
                "no minimum was found: the way down does not end; give a geometry near it, START=file.xyz");
    return 0;
}

int find_start(const settings *s, points *p, census *c, search *found)
{
    const size_t natoms = (size_t)basis->natoms, n = 3 * natoms;
    eqml_message message;
    *c = (census){.options = {.closest = 0.5}, .minimum = INFINITY, .xyz = calloc(n, sizeof(double))};
    *found = (search){.c = c, .n = (int)n};
    double *all = calloc(natoms + 4 * n + n * n + 2 * natoms * natoms, sizeof *all);
    found->mass = all;
    if (!all || !c->xyz)
        return fail("", "out of memory");
    found->root = found->mass + natoms, found->wavenumber = found->root + n;
    found->energy = found->wavenumber + n, found->modes = found->energy + n;
    found->closest = found->modes + n * n, found->distance = found->closest + natoms * natoms;
    if (know_atoms(found, s->symbols, &message))
        return fail("", message.text);
    if (*s->start ? start_from_file(s, p, found) : start_from_formula(s, p, found))
        return 1;
    if (!isfinite(c->minimum))
        return fail("no geometry to begin with could be computed", last_reason());
    return find_vibrations(s, p, found) || keep_minimum(s, p, found);
}

void start_free(search *found)
{
    free(found->mass);
    if (found->c)
        census_free(found->c);
    *found = (search){.m = NULL};
}
