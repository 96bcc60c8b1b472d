/*
 * Dynamics of a crystal on a fitted potential: at constant energy, by velocity Verlet, and, with --melt, heated slowly by a
 * thermostat until it melts. `make dynamics NAME=cu DYNAMICS="options"` links it with a file that says which basis the
 * potential has. By hand:
 *
 *     printf '#include "cu.h"\nconst eqml_cloud_basis *const basis = &cu_basis;\n' >basis.c
 *     printf '#define EQML_IMPLEMENTATION\n#include "eqml.h"\n' >eqml.c
 *     cc -O2 -march=native -I. -Iexamples -Ibuild/potential/cu basis.c eqml.c examples/dynamics.c -o dynamics -lm
 *     ./dynamics --directory build/potential/cu --name cu --edge 3.62 --mass 63.546
 *
 * The thermostat is Langevin's, in the splitting BAOAB of B. Leimkuhler, C. Matthews, Appl. Math. Res. Express 2013, 34.
 */
#include "common/crystal.h"
#include "common/elements.h"
#include "common/options.h"
#include "common/plot.h"
#include "common/random.h"
#include "common/units.h"
#include "eqml.h"
#include <errno.h>

extern const eqml_cloud_basis *const basis; /* that of the potential; the file that is linked says which */

enum { POINTS = 200 }; /* of a curve */

static const char help[] =
    "options:\n"
    "  --directory DIR     has NAME.pot; pictures go there, too; default .\n"
    "  --name NAME         of the potential; its first species is taken\n"
    "  --crystal LATTICE   fcc (default), bcc, hcp (c/a 1.633) or diamond\n"
    "  --edge A            of its cell, angstrom (required)\n"
    "  --cells N           along each edge, default 4\n"
    "  --periodic N        directions, 3 (default) or 2: a slab, which melts from its surfaces\n"
    "  --mass M            dalton; default: that of the most abundant isotope\n"
    "  --temperature T     kelvin, default 300: of the atoms at the start (twice as "
    "much, of which half becomes potential)\n"
    "  --time T            picoseconds, default 5\n"
    "  --step S            femtoseconds, default 1\n"
    "  --melt T            heat from --temperature to T and cool again, in --time "
    "each, by a Langevin thermostat\n"
    "  --friction G        of that, in 1/ps, default 2\n"
    "  --skin S            of lists of neighbours, angstrom, default 1; 0: made anew at each step\n"
    "  --seed N            of velocities and thermostat, default 1\n";

typedef struct job {
    const char *directory, *name, *crystal;
    double edge, cells, periodic, mass, temperature, time, step, melt, friction, skin, seed;
} job;

typedef struct motion {
    eqml_cloud_model model;
    double *numbers; /* coefficients, energies of atoms */
    eqml_pair_reference *pairs;
    eqml_skin list;
    eqml_cloud_workspace room;
    double skin;
    atoms a;
    double *velocity, *force;  /* [n][3]; force is that of the atoms */
    double mass, step, energy; /* potential */
    crystal crystal;
    generator random;
} motion;

static int fail(const char *about, const char *what)
{
    fprintf(stderr, "dynamics: %s: %s\n", about, what);
    return 1;
}

static int parse(int argc, char **argv, job *j)
{
    const struct {
        const char *name, **text;
        double *number, least;
    } options[] = {{"--directory", &j->directory, NULL, 0}, {"--name", &j->name, NULL, 0},
                   {"--crystal", &j->crystal, NULL, 0},     {"--edge", NULL, &j->edge, 0.5},
                   {"--cells", NULL, &j->cells, 1},         {"--periodic", NULL, &j->periodic, 2},
                   {"--mass", NULL, &j->mass, 0.1},         {"--temperature", NULL, &j->temperature, 0},
                   {"--time", NULL, &j->time, 0.001},       {"--step", NULL, &j->step, 0.001},
                   {"--melt", NULL, &j->melt, 1},           {"--friction", NULL, &j->friction, 0},
                   {"--skin", NULL, &j->skin, 0},           {"--seed", NULL, &j->seed, 0}};
    for (int i = 1; i < argc; i++) {
        const int k = find_option("dynamics", help, argc, argv, &i, options, sizeof options / sizeof *options,
                                  sizeof *options);
        if (k < 0)
            return 1;
        if (options[k].text)
            *options[k].text = argv[i];
        else if (parse_number("dynamics", options[k].name, argv[i], options[k].least, options[k].number))
            return 1;
    }
    if (!is_c_name(j->name))
        return fail("--name", "expected a C identifier, as in cu");
    if (j->edge == 0)
        return fail("--edge", "is missing: the edge of the cell in angstrom, as make properties finds it");
    if (j->cells > 40 || j->cells != floor(j->cells))
        return fail("--cells", "expected a whole number, at most 40");
    if (j->periodic != 2 && j->periodic != 3)
        return fail("--periodic", "expected 2 or 3");
    return j->time * 1000 / j->step > 1e8 ? fail("--time", "more than 100 million steps") : 0;
}

static int find_forces(motion *m)
{
    const eqml_configuration c = {m->a.n, m->a.xyz, m->a.species, m->a.cell, m->a.pbc};
    const eqml_cloud_result result = {&m->energy, m->force, NULL, NULL};
    eqml_message message;
    if (eqml_skin_update(&c, eqml_cloud_cutoff(&m->model), m->skin, &m->list, &message))
        return fail("the atoms have gone where the potential has no data", message.text);
    if (eqml_cloud_evaluate_list(&m->model, &m->list.list, m->a.species, &m->room, &result) ||
        !isfinite(m->energy))
        return fail("the potential", "it has no energy here: the atoms have gone where it has no data");
    return 0;
}

/* The numbers of the potential, from DIRECTORY/NAME.pot. */
static int read_potential(const job *j, motion *m)
{
    const size_t n = (size_t)basis->nterms, species = (size_t)basis->nspecies;
    char path[4096];
    eqml_message message;
    m->numbers = calloc(n + species, sizeof *m->numbers);
    m->pairs = calloc(species * (species + 1) / 2, sizeof *m->pairs);
    if (!m->numbers || !m->pairs)
        return fail(j->name, "out of memory");
    m->model = (eqml_cloud_model){
        .basis = basis, .coefficients = m->numbers, .atoms = m->numbers + n, .pairs = m->pairs};
    snprintf(path, sizeof path, "%s/%s.pot", j->directory, j->name);
    if (eqml_cloud_read(path, basis, &m->model.radial, m->numbers, m->numbers + n, m->pairs, &message)) {
        fprintf(stderr, "dynamics: %s\n", message.text);
        return 1;
    }
    return 0;
}

static double kinetic_energy(const motion *m)
{
    double sum = 0;
    for (size_t k = 0; k < 3 * m->a.n; k++)
        sum += m->velocity[k] * m->velocity[k];
    return 0.5 * m->mass * sum;
}

/* Velocities of a temperature, without motion of the whole. */
static void draw_velocities(motion *m, double temperature)
{
    double whole[3] = {0, 0, 0};
    for (size_t k = 0; k < 3 * m->a.n; k++) {
        m->velocity[k] = sqrt(temperature * KELVIN / m->mass) * random_normal(&m->random);
        whole[k % 3] += m->velocity[k] / (double)m->a.n;
    }
    for (size_t k = 0; k < 3 * m->a.n; k++)
        m->velocity[k] -= whole[k % 3];
}

/* One step: half a kick, a drift with the thermostat in its middle (temperature < 0: none), half a kick. */
static int advance(motion *m, double temperature, double friction)
{
    const double half = m->step / 2, keep = exp(-friction * m->step);
    const double thermal = temperature < 0 ? 0 : sqrt((1 - keep * keep) * temperature * KELVIN / m->mass);
    for (size_t k = 0; k < 3 * m->a.n; k++) {
        m->velocity[k] += half * m->force[k] / m->mass;
        m->a.xyz[k] += half * m->velocity[k];
        if (temperature >= 0)
            m->velocity[k] = keep * m->velocity[k] + thermal * random_normal(&m->random);
        m->a.xyz[k] += half * m->velocity[k];
    }
    if (find_forces(m))
        return 1;
    for (size_t k = 0; k < 3 * m->a.n; k++)
        m->velocity[k] += half * m->force[k] / m->mass;
    return 0;
}

/* Bragg's order: the mean of |sum exp(i k r) / n|^2 over four reflections: 1 in a perfect crystal, 1/n in a liquid. */
static double order_of(const motion *m)
{
    static const double cubic[4][3] = {{1, 1, 1}, {-1, 1, 1}, {1, -1, 1}, {1, 1, -1}};
    static const double centred[4][3] = {{1, 1, 0}, {1, 0, 1}, {0, 1, 1}, {1, -1, 0}};
    static const double hexagonal[4][3] = {{0, 0, 2}, {2, 0, 0}, {1, 3, 0}, {1, -3, 0}};
    const lattice l = m->crystal.lattice;
    const double(*list)[3] = l == BCC ? centred : l == HCP ? hexagonal : cubic;
    double order = 0;
    for (int r = 0; r < 4; r++) {
        double c = 0, s = 0;
        for (size_t k = 0; k < m->a.n; k++) {
            double angle = 0;
            for (size_t d = 0; d < 3; d++)
                angle += 6.283185307179586 * list[r][d] * m->a.xyz[3 * k + d] / m->crystal.edge[d];
            c += cos(angle);
            s += sin(angle);
        }
        order += (c * c + s * s) / (4 * (double)m->a.n * (double)m->a.n);
    }
    return order;
}

/* ---- constant energy ---- */

static int run(const job *j, motion *m)
{
    const size_t steps = (size_t)(j->time * 1000 / j->step + 0.5);
    double *t = calloc(steps + 1, sizeof *t), *e = calloc(steps + 1, sizeof *e), mt = 0, me = 0, st = 0,
           se = 0, warm = 0;
    char path[4096];
    int bad = !t || !e ? fail("--time", "out of memory") : 0;
    draw_velocities(m, 2 * j->temperature);
    bad = bad || find_forces(m);
    for (size_t k = 0; k <= steps && !bad; k++) {
        if (k > 0)
            bad = advance(m, -1, 0);
        t[k] = 1e-3 * j->step * (double)k;
        e[k] = (m->energy + kinetic_energy(m)) / EQML_EV / (double)m->a.n;
        mt += t[k] / (double)(steps + 1);
        me += e[k] / (double)(steps + 1);
        if (2 * k >= steps)
            warm += kinetic_energy(m) / (1.5 * KELVIN * ((double)m->a.n - 1)) /
                    (double)(steps - (steps + 1) / 2 + 1);
    }
    for (size_t k = 0; k <= steps && !bad; k++) {
        st += (t[k] - mt) * (t[k] - mt);
        se += (t[k] - mt) * (e[k] - me);
    }
    double square = 0, most = 1e-12;
    for (size_t k = 0; k <= steps && !bad; k++) {
        e[k] -= me;
        square += e[k] * e[k] / (double)(steps + 1);
        most = fmax(most, fabs(1e6 * e[k]));
        e[k] *= 1e6;
    }
    if (!bad) {
        printf("%zu atoms, %zu steps of %g fs, %.0f K in the second half\n", m->a.n, steps, j->step, warm);
        printf("  drift of the energy %.2e eV/ps an atom, its fluctuation %.2e eV an atom\n", se / st,
               sqrt(square));
        printf("  neighbours were searched for in %zu of %zu steps\n", m->list.searches, m->list.updates);
        snprintf(path, sizeof path, "%s/energy.svg", j->directory);
        plot p;
        plot_open(&p, path, 660, 390);
        plot_axes(&p, (plot_box){90, 20, 540, 310}, 0, t[steps], -1.3 * most, 1.3 * most, "time / ps",
                  "energy from its mean / (\u00b5eV an atom)");
        plot_line(&p, steps + 1, t, e, (plot_style){"#4477aa", 0.8, 1, NULL}, NULL);
        bad = plot_close(&p) ? fail(path, strerror(errno)) : 0;
    }
    free(t);
    free(e);
    return bad;
}

/* ---- heating and cooling ---- */

typedef struct branch {
    double temperature[POINTS], energy[POINTS], order[POINTS];
} branch;

/* The temperature goes from one to the other in even steps, each of which is averaged over. */
static int sweep(const job *j, motion *m, double from, double to, branch *b)
{
    const size_t each = (size_t)(j->time * 1000 / j->step / POINTS) + 1;
    for (int k = 0; k < POINTS; k++) {
        const double target = from + (to - from) * k / (POINTS - 1);
        b->temperature[k] = b->energy[k] = 0;
        for (size_t s = 0; s < each; s++) {
            if (advance(m, target, 1e-3 * j->friction / FEMTOSECOND))
                return 1;
            if (kinetic_energy(m) > 1.5 * KELVIN * (double)m->a.n * 10 * (target + 1000))
                return fail(
                    j->name,
                    "atoms fell into a hole of the potential, at distances below those of its data; fit "
                    "it with a repulsion beneath, or to more data");
            b->temperature[k] += kinetic_energy(m) / (1.5 * KELVIN * (double)m->a.n) / (double)each;
            b->energy[k] += m->energy / EQML_EV / (double)m->a.n / (double)each;
        }
        b->order[k] = order_of(m);
    }
    return 0;
}

static int draw_melting(const job *j, const branch *b, double ground)
{
    static const char *const colour[2] = {"#ee6677", "#4477aa"}, *const name[2] = {"heating", "cooling"};
    char path[4096];
    plot p;
    double most = 0, y[POINTS], x[POINTS];
    for (int k = 0; k < 2 * POINTS; k++)
        most = fmax(most, b[k / POINTS].energy[k % POINTS] - ground);
    snprintf(path, sizeof path, "%s/melting.svg", j->directory);
    plot_open(&p, path, 1000, 400);
    for (int side = 0; side < 2; side++) {
        plot_axes(&p, (plot_box){80 + 480.0 * side, 20, 390, 310}, 0, 1.05 * j->melt, 0,
                  side ? 1 : 1.1 * most, "temperature / K",
                  side ? "Bragg order" : "energy above the crystal / (eV an atom)");
        for (int k = 0; k < 2; k++) {
            for (int i = 0; i < POINTS; i++) {
                x[i] = b[k].temperature[i];
                y[i] = side ? b[k].order[i] : b[k].energy[i] - ground;
            }
            plot_points(&p, POINTS, x, y, (plot_style){colour[k], 4, 0.8, NULL}, name[k]);
        }
        const double slope = 1.5 * KELVIN / EQML_EV; /* of a harmonic crystal */
        if (!side)
            plot_line(&p, 2, (double[]){0, 1e4}, (double[]){0, slope * 1e4},
                      (plot_style){"#22262c", 1, 0.6, "6 4"}, "harmonic");
        plot_legend(&p, side ? 270 : 10, 10);
    }
    return plot_close(&p) ? fail(path, strerror(errno)) : 0;
}

/* Where the order, a mean over ten points of heating and cooling in turn, first falls below 0.3; 0: nowhere. */
static double where_it_melts(const branch *b)
{
    for (int k = 0; k + 10 <= 2 * POINTS; k++) {
        double sum = 0, temperature = 0;
        for (int i = k; i < k + 10; i++) {
            sum += b[i / POINTS].order[i % POINTS] / 10;
            temperature += b[i / POINTS].temperature[i % POINTS] / 10;
        }
        if (sum < 0.3)
            return temperature;
    }
    return 0;
}

static int melt(const job *j, motion *m)
{
    static branch b[2];
    if (find_forces(m))
        return 1;
    const double ground = m->energy / EQML_EV / (double)m->a.n;
    draw_velocities(m, 2 * j->temperature);
    if (sweep(j, m, j->temperature, j->melt, &b[0]) || sweep(j, m, j->melt, j->temperature, &b[1]))
        return 1;
    const double at = where_it_melts(&b[0]);
    printf("%zu atoms heated from %g to %g K in %g ps, and cooled\n", m->a.n, j->temperature, j->melt,
           j->time);
    if (at > 0)
        printf("  the order of the crystal is lost at %.0f K%s\n", at,
               j->periodic == 3 ? ": above the melting point, since a crystal without surfaces is superheated"
                                : "");
    else
        printf("  it does not melt\n");
    return draw_melting(j, b, ground);
}

int main(int argc, char **argv)
{
    job j = {".", "", "fcc", 0, 4, 3, 0, 300, 5, 1, 0, 2, 1, 1};
    motion m = {0};
    int bad = 0, l = 0;
    if (parse(argc, argv, &j))
        return 1;
    const element *known = find_element(basis->species, strcspn(basis->species, " "));
    m.mass = (j.mass > 0 ? j.mass : known ? known->mass : 0) * DALTON;
    m.step = j.step * FEMTOSECOND;
    m.skin = j.skin * EQML_ANGSTROM;
    random_start(&m.random, (uint64_t)j.seed, 0);
    while (l < LATTICES && strcmp(j.crystal, lattice_name((lattice)l)))
        l++;
    if (l == LATTICES)
        bad = fail(j.crystal, "expected fcc, bcc, hcp or diamond");
    else if (m.mass == 0)
        bad = fail(basis->species, "its mass is not known here; give --mass");
    if (!bad) {
        m.crystal = make_crystal((lattice)l, j.edge * EQML_ANGSTROM, sqrt(8.0 / 3));
        if (fill_cells(&m.crystal, (int)j.cells, 0, &m.a) ||
            !(m.velocity = calloc(3 * m.a.n, sizeof *m.velocity)))
            bad = fail(j.name, "out of memory");
        m.a.pbc[2] = j.periodic == 3;
        m.force = m.a.forces;
    }
    bad = bad || read_potential(&j, &m) || (j.melt > 0 ? melt(&j, &m) : run(&j, &m));
    free(m.velocity);
    free_atoms(&m.a);
    free(m.numbers);
    free(m.pairs);
    eqml_skin_free(&m.list);
    eqml_cloud_workspace_free(&m.room);
    return bad;
}
