/*
 * Partition functions, heat capacities and isotope effects of a gas of molecules on a fitted surface: harmonic for any molecule,
 * and exact for triatomic ones, by the sum over all rovibrational levels (common/triatomic.h). By hand:
 *
 *     cc -O2 -march=native -I. -Iexamples basis.c eqml.c examples/thermo.c examples/common/?*.c -o thermo -lm
 *     ./thermo --directory build/pes/water --name water [options]
 *
 * basis.c and eqml.c are those of fit/main.c. It reads NAME.pes and minimum.xyz.
 *
 *     exact      q = sum g (2 J + 1) exp(-E / kT) / prod (2 I + 1)       of the ideal gas, without translation
 *     harmonic   q = (pi kT^3 / (A B C))^(1/2) / s prod 1 / (1 - exp(-w / kT)), or kT / (s B) prod ... where linear
 *
 * (D. A. McQuarrie, Statistical Mechanics, 1976, chapters 6 and 8.) E counts from the lowest level, g is the number of states of
 * the nuclear spins I of the two ends, where these are alike, that go with the exchange of the ends; s is the symmetry number,
 * 2 for alike ends. With its energies' mean and variance Cp = R (5/2 + var(E) / (kT)^2); the harmonic one has 5/2 R + 3/2 R, or
 * R where linear, and for each vibration R x^2 e^x / (e^x - 1)^2, x = w / kT.
 *
 * Isotope effects: the reduced partition function ratio s' q' / (s q) (M'/M)^(3/2) prod (m / m')^(3/2) (J. Bigeleisen, M. G. Mayer,
 * J. Chem. Phys. 15, 261 (1947)), q and q' from the minimum of the surface, so that zero-point energies are in it: the equilibrium
 * constant of the exchange of isotopes with free atoms, over its classical value.
 */
#define _POSIX_C_SOURCE 200809L
#include "common/json.h"
#include "common/manifold.h"
#include "common/modes.h"
#include "common/units.h"
#include "common/whole.h"

static const char help[] =
    "options of thermodynamics:\n"
    "  --temperatures LIST  kelvin; default 298.15,500,1000\n"
    "  --up-to E         levels to add up, cm^-1 above the lowest; default 14000\n"
    "  --j J             highest J; default 36\n"
    "  --states N        of each K and symmetry, at most; default 60\n"
    "  --ratio LIST      isotopes of a second molecule, as for --isotope: the isotope effect\n"
    "  --exact yes|no    the sum over levels; default: yes for three atoms\n"
    "  --angular N       as below, but default 48: more than the highest K\n" MANIFOLD_HELP SURFACE_HELP;

enum { TEMPERATURES = 32 };

typedef struct job {
    surface_job on;
    manifold_options basis;
    double up_to, temperature[TEMPERATURES];
    int j, states, ntemperatures;
    const char *temperatures, *ratio, *exact;
} job;

/* Of one molecule, at each temperature. */
typedef struct gas {
    double zpe[2];              /* cm^-1: harmonic, exact */
    double q[2][TEMPERATURES];  /* from the lowest level */
    double cp[2][TEMPERATURES]; /* J/(mol K) */
    double share[TEMPERATURES]; /* of Cp, of the highest J and of energies over 9/10 of the highest */
    double total, product;      /* mass; product of the masses of the atoms, dalton */
    int symmetry;
    char masses[128];
} gas;

/* ---- the sum over levels -------------------------------------------------------------------------------- */

typedef struct sums {
    const job *j;
    double ground; /* hartree */
    double
        weight[2]; /* of antisymmetric and symmetric states under exchange, over the number of spin states */
    double q[TEMPERATURES], first[TEMPERATURES], second[TEMPERATURES], edge[TEMPERATURES];
} sums;

static void add_level(void *context, int J, int parity, int exchange, double energy)
{
    sums *s = context;
    const double e = energy - s->ground;
    const double g = (2 * J + 1) * (exchange ? s->weight[exchange > 0] : 1);
    (void)parity;
    for (int k = 0; k < s->j->ntemperatures; k++) {
        const double x = e / (KELVIN * s->j->temperature[k]), part = g * exp(-x);
        s->q[k] += part;
        s->first[k] += part * x;
        s->second[k] += part * x * x;
        if (J == s->j->j || e * PER_CM > 0.9 * s->j->up_to)
            s->edge[k] += part * x * x;
    }
}

/* Twice the spin of a nucleus; that of another isotope than hydrogen's is taken for the usual one. */
static int spin_of(const char *symbol, size_t length, double mass)
{
    static const struct {
        const char *symbol;
        int twice;
    } known[] = {{"C", 0}, {"N", 2}, {"O", 0}, {"F", 1}, {"Na", 3}, {"Si", 0}, {"P", 1}, {"S", 0}, {"Cl", 3}};
    const element *e = find_element(symbol, length);
    if (e && atomic_number(e) == 1)
        return mass > 1.5 && mass < 2.5 ? 2 : 1;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (e && e == find_element(known[k].symbol, strlen(known[k].symbol)))
            return known[k].twice;
    return 0;
}

/* Fermions change sign under exchange: (2 I + 1) (I + 1) symmetric spin states, and (2 I + 1) I antisymmetric ones. */
static void know_weights(const molecule *m, const triatomic *t, sums *s)
{
    const char *at = m->symbols;
    for (int i = 0; i < t->end[0]; i++)
        at = strchr(at, ' ') + 1;
    const int twice = spin_of(at, strcspn(at, " "), m->mass[t->end[0]]);
    const double spin = twice / 2.0, all = (twice + 1.0) * (twice + 1.0);
    const double even = (twice + 1) * (spin + 1) / all, odd = (twice + 1) * spin / all;
    s->weight[1] = twice % 2 ? odd : even;
    s->weight[0] = twice % 2 ? even : odd;
}

static int add_up(const job *j, const molecule *m, gas *g)
{
    triatomic_options o;
    triatomic t = {0};
    triatomic_states ground = {0};
    progress p = {.program = "thermo"};
    sums s = {.j = j};
    if (manifold_choose(m, &j->basis, &o))
        return 1;
    if (o.alike)
        o.vectors = TRIATOMIC_JACOBI;
    progress_show(&p, "grid", 0, 1);
    int bad = manifold_begin(m, &o, &t);
    if (!bad) {
        const char *why = triatomic_solve(&t, 0, o.alike, 0, 1, &ground);
        bad = why && complain("thermo", m->name, why);
    }
    if (!bad) {
        s.ground = ground.value[0];
        know_weights(m, &t, &s);
        bad =
            manifold_levels(m, &t, j->j, (size_t)j->states, s.ground + j->up_to / PER_CM, &p, add_level, &s);
    }
    progress_end(&p);
    g->zpe[1] = PER_CM * s.ground;
    for (int k = 0; k < j->ntemperatures; k++) {
        const double mean = s.first[k] / s.q[k];
        g->q[1][k] = s.q[k];
        g->cp[1][k] = GAS * (2.5 + s.second[k] / s.q[k] - mean * mean);
        g->share[k] = GAS * s.edge[k] / s.q[k];
    }
    triatomic_states_free(&ground);
    triatomic_free(&t);
    return bad;
}

/* ---- harmonic ------------------------------------------------------------------------------------------- */

/* The moments of inertia, ascending, in electron masses bohr^2. */
static void moments(const molecule *m, double *moment)
{
    double a[9] = {0}, v[9];
    for (int i = 0; i < m->natoms; i++)
        for (int k = 0; k < 3; k++)
            for (int l = 0; l < 3; l++) {
                const double *x = m->xyz + 3 * i;
                a[3 * k + l] += DALTON * m->mass[i] *
                                ((k == l ? x[0] * x[0] + x[1] * x[1] + x[2] * x[2] : 0) - x[k] * x[l]);
            }
    eigenvectors(3, a, moment, v);
}

static void harmonic(const job *j, const molecule *m, gas *g)
{
    const int linear = m->vibrations == 3 * m->natoms - 5;
    double moment[3];
    moments(m, moment);
    for (int v = 0; v < m->vibrations; v++)
        g->zpe[0] += m->wavenumber[v] / 2;
    for (int k = 0; k < j->ntemperatures; k++) {
        const double kt = KELVIN * j->temperature[k];
        double q =
            linear ? 2 * moment[2] * kt : sqrt(acos(-1) * pow(2 * kt, 3) * moment[0] * moment[1] * moment[2]);
        double cp = linear ? 3.5 : 4;
        for (int v = 0; v < m->vibrations; v++) {
            const double x = m->wavenumber[v] / PER_CM / kt;
            q /= 1 - exp(-x);
            cp += x * x / (4 * pow(sinh(x / 2), 2));
        }
        g->q[0][k] = q / g->symmetry;
        g->cp[0][k] = GAS * cp;
    }
}

/* ---- the job -------------------------------------------------------------------------------------------- */

static int parse_temperatures(job *j)
{
    const char *at = j->temperatures;
    for (;;) {
        char *end;
        const double t = strtod(at, &end);
        if (end == at || !(t >= 1 && t <= 20000) || (*end && *end != ',') || j->ntemperatures == TEMPERATURES)
            return complain("thermo", "--temperatures",
                            "expected at most 32 temperatures, 1 to 20000 kelvin, with commas");
        j->temperature[j->ntemperatures++] = t;
        if (!*end)
            return 0;
        at = end + 1;
    }
}

/* One molecule, with isotopes of its own. */
static int solve(const job *j, const char *isotopes, int exact, gas *g)
{
    surface_job on = j->on;
    molecule m = {0};
    on.isotopes = isotopes;
    int bad = molecule_read(&on, &m) || molecule_settle(&on, &m);
    *g = (gas){.product = 1, .symmetry = 1};
    if (!bad) {
        size_t length = 0;
        for (int i = 0; i < m.natoms; i++) {
            g->total += m.mass[i];
            g->product *= m.mass[i];
            if (length < sizeof g->masses - 16)
                length += (size_t)snprintf(g->masses + length, 16, "%s%.6g", i ? " " : "", m.mass[i]);
        }
        for (int i = 0; i < 3 && m.natoms == 3; i++) /* of three atoms; of others it stays 1 */
            if (basis->atom_classes[i] == basis->atom_classes[(i + 1) % 3] &&
                m.mass[i] == m.mass[(i + 1) % 3])
                g->symmetry = 2;
        harmonic(j, &m, g);
        bad = exact && add_up(j, &m, g);
    }
    molecule_free(&m);
    return bad;
}

/* The reduced partition function ratio. */
static double ratio(const gas *heavy, const gas *light, int kind, double temperature, int k)
{
    const double zero = exp(-(heavy->zpe[kind] - light->zpe[kind]) / (KELVIN_CM * temperature));
    return heavy->symmetry * heavy->q[kind][k] / (light->symmetry * light->q[kind][k]) * zero *
           pow(heavy->total / light->total * light->product / heavy->product, 1.5);
}

static void print(const job *j, const gas *g, int exact)
{
    printf("%s: masses %s dalton, zero-point energy %.2f cm^-1 harmonic", j->on.name, g->masses, g->zpe[0]);
    if (exact)
        printf(", %.2f exact", g->zpe[1]);
    printf(
        "\n  symmetry number %d%s\n  T / K      q harmonic      q exact   Cp harmonic  exact / (J/(mol K))\n",
        g->symmetry, basis->natoms == 3 ? "" : " (not looked for: heat capacities do not depend on it)");
    for (int k = 0; k < j->ntemperatures; k++) {
        printf("  %7.2f  %13.5g", j->temperature[k], g->q[0][k]);
        if (exact)
            printf("  %11.5g  %12.3f  %7.3f\n", g->q[1][k], g->cp[0][k], g->cp[1][k]);
        else
            printf("  %11s  %12.3f\n", "-", g->cp[0][k]);
        if (exact && g->share[k] > 0.02)
            printf(
                "    %.2g of Cp comes from the edge of the levels that were added up: more --up-to or --j\n",
                g->share[k]);
    }
}

static int write_json(const job *j, const gas *g, const gas *heavy, int exact)
{
    if (!j->on.json)
        return 0;
    static const char *const kinds[] = {"harmonic", "exact"};
    char key[64];
    double f[TEMPERATURES];
    whole w;
    whole_open(&w, j->on.json);
    json o = {.out = w.out};
    const size_t n = (size_t)j->ntemperatures;
    json_text(&o, "name", j->on.name);
    json_numbers(&o, "temperatures", n, j->temperature);
    for (int kind = 0; kind <= exact; kind++) {
        snprintf(key, sizeof key, "zpe_%s", kinds[kind]);
        json_number(&o, key, g->zpe[kind]);
        snprintf(key, sizeof key, "q_%s", kinds[kind]);
        json_numbers(&o, key, n, g->q[kind]);
        snprintf(key, sizeof key, "cp_%s", kinds[kind]);
        json_numbers(&o, key, n, g->cp[kind]);
        for (size_t k = 0; k < n && heavy; k++)
            f[k] = ratio(heavy, g, kind, j->temperature[k], (int)k);
        snprintf(key, sizeof key, "ratio_%s", kinds[kind]);
        if (heavy)
            json_numbers(&o, key, n, f);
    }
    json_end(&o);
    return whole_close(&w, 0) ? complain("thermo", j->on.json, strerror(errno)) : 0;
}

static int run(const job *j)
{
    const int exact = *j->exact ? !strcmp(j->exact, "yes") : basis->natoms == 3;
    gas g, heavy;
    /* Without levels first: what is wrong with the other isotopes is told before the long work. */
    if ((j->ratio && solve(j, j->ratio, 0, &heavy)) || solve(j, j->on.isotopes, exact, &g) ||
        (j->ratio && exact && solve(j, j->ratio, exact, &heavy)))
        return 1;
    print(j, &g, exact);
    if (j->ratio) {
        print(j, &heavy, exact);
        printf("  isotope effect, the second over the first: T / K, harmonic%s\n", exact ? ", exact" : "");
        for (int k = 0; k < j->ntemperatures; k++) {
            printf("  %7.2f  %12.5g", j->temperature[k], ratio(&heavy, &g, 0, j->temperature[k], k));
            if (exact)
                printf("  %12.5g", ratio(&heavy, &g, 1, j->temperature[k], k));
            printf("\n");
        }
    }
    return write_json(j, &g, j->ratio ? &heavy : NULL, exact);
}

int main(int argc, char **argv)
{
    job j = {.on = {.program = "thermo"},
             .basis = MANIFOLD_DEFAULTS,
             .up_to = 14000,
             .j = 36,
             .states = 60,
             .temperatures = "298.15,500,1000",
             .exact = ""};
    j.basis.angular = 48; /* K goes to that of the highest J */
    const option own[] = {MANIFOLD_OPTIONS(j.basis),
                          {"--temperatures", &j.temperatures, NULL, NULL, 0, 0},
                          {"--up-to", NULL, &j.up_to, NULL, 100, 0},
                          {"--j", NULL, NULL, &j.j, 1, 100},
                          {"--states", NULL, NULL, &j.states, 2, 10000},
                          {"--ratio", &j.ratio, NULL, NULL, 0, 0},
                          {"--exact", &j.exact, NULL, NULL, 0, 0}};
    int bad =
        surface_options(&j.on, help, argc, argv, own, sizeof own / sizeof *own) || parse_temperatures(&j);
    if (!bad && *j.exact && strcmp(j.exact, "yes") && strcmp(j.exact, "no"))
        bad = complain("thermo", "--exact", "expected yes or no");
    if (!bad && !strcmp(j.exact, "yes") && basis->natoms != 3)
        bad = complain("thermo", "--exact yes", "levels are added up for three atoms only");
    return surface_end("thermo", bad || run(&j));
}
