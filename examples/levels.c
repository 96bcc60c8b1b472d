/*
 * Vibrational and rotational levels of a triatomic molecule on a fitted surface, with band strengths from its dipole: what is
 * solved, and how, see common/triatomic.h. By hand:
 *
 *     cc -O2 -march=native -I. -Iexamples basis.c eqml.c examples/levels.c examples/levels/?*.c examples/common/?*.c -o levels -lm
 *     ./levels --directory build/pes/water --name water [options]
 *
 * basis.c and eqml.c are those of fit/main.c. It reads NAME.pes and minimum.xyz, prints the levels, and draws levels.svg, and with a
 * dipole lines.svg: the lines from the ground state to J = 1 (levels/lines.h).
 *
 * Band strengths are N_A pi / (3 c^2 4 pi eps0) 2 w |<0|mu|v>|^2 (units.h), of the transition from the ground state with the energy
 * w, without rotation. The dipole is taken in the frame of Eckart (C. Eckart, Phys. Rev. 47, 552 (1935)) of the minimum, in
 * which rotation and vibration are coupled least; without rotation a strength belongs to a frame, and --frame bisector takes
 * another that is in use, by the bisector of Radau's vectors: the antisymmetric stretch of water differs by 3 %. Rotational
 * constants are those that give the three lowest levels of J = 1: B + C, A + C, A + B above the lowest of J = 0.
 *
 * What a level is wrong by has two parts. That of the basis is in the table of convergence: the same with fewer points and
 * functions. What then remains against a measured level, or one of the potential that the data come from, is the surface's.
 */
#define _POSIX_C_SOURCE 200809L
#include "common/json.h"
#include "common/manifold.h"
#include "common/modes.h"
#include "common/sticks.h"
#include "common/units.h"
#include "common/whole.h"
#include "levels/lines.h"

static const char help[] =
    "options of the levels:\n"
    "  --up-to E         levels of J = 0 to print, cm^-1 above the lowest; default 10000\n"
    "  --states N        of each symmetry, of J = 0 and of each K, at most; default 40\n"
    "  --j J             highest J; default 1\n"
    "  --up-to-j E       levels of J > 0 to print, cm^-1 above the lowest; default 500\n"
    "  --dipole yes|no   band strengths; default: where the surface has a dipole\n"
    "  --frame F         of the dipole: eckart, the default, or bisector, that of Radau's vectors\n"
    "  --convergence yes|no  the table of convergence; default yes\n" MANIFOLD_HELP SURFACE_HELP;

typedef struct job {
    surface_job on;
    manifold_options basis;
    double up_to, up_to_j;
    int states, j;
    const char *dipole, *frame, *convergence;
} job;

typedef struct level {
    double energy;   /* cm^-1 above the zero-point energy */
    int exchange;    /* of the ends: 1, -1, 0: they are not alike */
    double dipole;   /* debye, its average */
    double strength; /* km/mol, from the ground state */
} level;

typedef struct rotor {
    int J, parity, exchange;
    double energy; /* cm^-1 above the zero-point energy */
} rotor;

typedef struct levels {
    size_t n, nrotors, room;
    level *level;  /* [n] ascending */
    rotor *rotor;  /* [nrotors] ascending within J */
    double zpe;    /* cm^-1 above the minimum */
    double offset; /* of the lowest level of J = 0 among the rotors, cm^-1 above the minimum */
    line *line;    /* [nlines] from the ground state to J = 1, where there is a dipole */
    size_t nlines;
    int bad;
} levels;

/* ---- J = 0 ---------------------------------------------------------------------------------------------- */

/* Dipoles, in e bohr, at all points: two components in Eckart's frame, or in that of the bisector. f[2][npairs][nq]. */
static void dipoles(const molecule *m, const triatomic *t, int bisector, double *f)
{
    double x[2], cosine, reference[9], xyz[9], mu[3];
    triatomic_coordinates(t, m->xyz, x, &cosine);
    triatomic_place(t, x[0], x[1], cosine, reference);
    for (int p = 0; p < t->npairs; p++)
        for (int q = 0; q < t->nq; q++) {
            double total = 0, middle[2][2] = {{0}}, along = 0, across = 0;
            triatomic_place(t, t->x[0][t->pair[p][0]], t->x[1][t->pair[p][1]], t->cosine[q], xyz);
            for (int i = 0; i < 3; i++) {
                total += m->mass[i];
                for (int k = 0; k < 2; k++) {
                    middle[0][k] += m->mass[i] * reference[3 * i + 2 * k];
                    middle[1][k] += m->mass[i] * xyz[3 * i + 2 * k];
                }
            }
            for (int i = 0; i < 3; i++) {
                double r[2], y[2];
                for (int k = 0; k < 2; k++) {
                    r[k] = reference[3 * i + 2 * k] - middle[0][k] / total;
                    y[k] = xyz[3 * i + 2 * k] - middle[1][k] / total;
                }
                along += m->mass[i] * (r[0] * y[0] + r[1] * y[1]);
                across += m->mass[i] * (r[1] * y[0] - r[0] * y[1]);
            }
            for (int i = 0; i < 3; i++)
                for (int k = 0; k < 2; k++)
                    xyz[3 * i + 2 * k] -= middle[1][k] / total;
            const double turn = bisector ? acos(t->cosine[q]) / 2 : atan2(across, along), c = cos(turn),
                         s = sin(turn);
            double *to = f + p * t->nq + q;
            molecule_dipoles(m, 1, xyz, mu);
            to[0] = c * mu[0] - s * mu[2];
            to[t->npairs * t->nq] = s * mu[0] + c * mu[2];
        }
}

static int compare_levels(const void *a, const void *b)
{
    const double x = ((const level *)a)->energy, y = ((const level *)b)->energy;
    return (x > y) - (x < y);
}

/* States of J = 0 of both symmetries; with f their dipoles. Energies are above the minimum, until sorted. */
static int solve_vibrations(const molecule *m, const triatomic *t, int states, const double *f, levels *l)
{
    const int radau = t->o.vectors == TRIATOMIC_RADAU, kinds = t->o.alike ? 2 : 1;
    triatomic_states s[2] = {{0}, {0}};
    const char *bad = NULL;
    l->n = 0;
    l->level = calloc(2 * (size_t)states, sizeof *l->level);
    if (!l->level)
        return complain(m->program, "", "out of memory");
    for (int kind = 0; kind < kinds && !bad; kind++) {
        const int sign = kinds == 1 ? 0 : kind ? -1 : 1;
        bad = triatomic_solve(t, 0, radau ? 0 : sign, radau ? sign : 0, (size_t)states, &s[kind]);
        for (size_t k = 0; k < s[kind].n && !bad; k++) {
            level *to = &l->level[l->n++];
            *to = (level){PER_CM * (s[kind].value[k] - s[0].value[0]), sign, NAN, NAN};
            double square[2] = {0, 0};
            for (int c = 0; c < 2 && f; c++) {
                const double *g = f + c * t->npairs * t->nq;
                square[0] += pow(triatomic_element(t, &s[kind], k, &s[kind], k, g), 2);
                square[1] += pow(triatomic_element(t, &s[0], 0, &s[kind], k, g), 2);
            }
            if (f) {
                to->dipole = DEBYE * sqrt(square[0]);
                to->strength = KM_MOL * 2 * to->energy / PER_CM * square[1];
            }
        }
    }
    if (!bad) {
        l->zpe = PER_CM * s[0].value[0];
        qsort(l->level, l->n, sizeof *l->level, compare_levels);
    }
    triatomic_states_free(&s[0]);
    triatomic_states_free(&s[1]);
    return bad ? complain(m->program, m->name, bad) : 0;
}

/* ---- J > 0 ---------------------------------------------------------------------------------------------- */

static void keep_rotor(void *context, int J, int parity, int exchange, double energy)
{
    levels *l = context;
    if (l->nrotors == l->room) {
        const size_t room = 2 * l->room + 256;
        rotor *more = realloc(l->rotor, room * sizeof *more);
        if (!more) {
            l->bad = 1;
            return;
        }
        l->rotor = more;
        l->room = room;
    }
    l->rotor[l->nrotors++] = (rotor){J, parity, exchange, PER_CM * energy};
}

static int compare_rotors(const void *a, const void *b)
{
    const rotor *x = a, *y = b;
    return x->J != y->J ? (x->J > y->J) - (x->J < y->J) : (x->energy > y->energy) - (x->energy < y->energy);
}

static int solve_rotors(const job *j, const molecule *m, triatomic_options o, int with_lines, progress *p,
                        levels *l)
{
    triatomic t = {0};
    if (o.alike)
        o.vectors = TRIATOMIC_JACOBI;
    int bad = manifold_begin(m, &o, &t) ||
              manifold_levels(m, &t, j->j, (size_t)j->states, (l->zpe + fmax(j->up_to_j, 2000)) / PER_CM, p,
                              keep_rotor, l) ||
              (with_lines && lines_of_molecule(m, &t, (size_t)j->states, j->up_to, &l->line, &l->nlines));
    if (!bad && (l->bad || l->nrotors == 0))
        bad = complain(m->program, m->name, l->bad ? "out of memory" : "there are no levels");
    if (!bad) {
        qsort(l->rotor, l->nrotors, sizeof *l->rotor, compare_rotors);
        l->offset = l->rotor[0].energy;
        for (size_t k = 0; k < l->nrotors; k++)
            l->rotor[k].energy -= l->offset;
    }
    triatomic_free(&t);
    return bad;
}

/* A, B, C from the three lowest levels of J = 1, cm^-1; 0 where there are none. */
static int rotational_constants(const levels *l, double *abc)
{
    size_t k = 0;
    while (k < l->nrotors && l->rotor[k].J < 1)
        k++;
    if (k + 2 >= l->nrotors || l->rotor[k + 2].J != 1)
        return 0;
    const rotor *r = l->rotor + k;
    abc[0] = (r[1].energy + r[2].energy - r[0].energy) / 2;
    abc[1] = (r[0].energy + r[2].energy - r[1].energy) / 2;
    abc[2] = (r[0].energy + r[1].energy - r[2].energy) / 2;
    return 1;
}

/* ---- what came of it ------------------------------------------------------------------------------------ */

static const char *symmetry(int exchange)
{
    return exchange > 0 ? "sym" : exchange < 0 ? "anti" : "";
}

static void print_levels(const job *j, const molecule *m, const triatomic *t, const levels *l)
{
    printf("%s: %s's vectors, %d points, %d Legendre functions, bending states up to %.0f cm^-1\n", m->name,
           t->o.vectors == TRIATOMIC_RADAU ? "Radau" : "Jacobi", t->n, t->o.angular, j->basis.cut);
    printf("  masses %.8g %.8g %.8g dalton (%s)\n", m->mass[0], m->mass[1], m->mass[2], m->symbols);
    printf("  harmonic wavenumbers / cm^-1:");
    for (int k = 0; k < m->vibrations; k++)
        printf(" %.2f", m->wavenumber[k]);
    printf("\n  zero-point energy %.4f cm^-1", l->zpe);
    if (isfinite(l->level[0].dipole))
        printf(", dipole of the ground state %.5f debye", l->level[0].dipole);
    printf("\n  J = 0:  level / cm^-1   exchange   dipole / debye   strength / (km/mol)\n");
    for (size_t k = 0; k < l->n && l->level[k].energy <= j->up_to; k++) {
        const level *v = &l->level[k];
        printf("          %13.4f   %-8s", v->energy, symmetry(v->exchange));
        if (isfinite(v->dipole))
            printf("   %14.5f   %19.4g", v->dipole, v->strength);
        printf("\n");
    }
}

static void print_rotors(const job *j, const levels *l)
{
    double abc[3];
    if (rotational_constants(l, abc))
        printf("  rotational constants of the ground state, from J = 1: %.4f %.4f %.4f cm^-1\n", abc[0],
               abc[1], abc[2]);
    printf(
        "  J > 0:  J  level / cm^-1  parity  exchange, above %.4f cm^-1, the lowest of J = 0 in this basis\n",
        l->offset);
    for (size_t k = 0; k < l->nrotors; k++)
        if (l->rotor[k].J > 0 && l->rotor[k].energy <= j->up_to_j)
            printf("         %2d  %13.4f  %6s  %s\n", l->rotor[k].J, l->rotor[k].energy,
                   l->rotor[k].parity > 0 ? "+" : "-", symmetry(l->rotor[k].exchange));
}

/* The lowest levels with smaller bases: what is still to come. */
static int print_convergence(const job *j, const molecule *m, const triatomic_options *o, const levels *best)
{
    printf("  convergence: zero-point energy and lowest levels / cm^-1\n    points functions      cut\n");
    for (int less = 2; less >= 0; less--) {
        triatomic_options small = *o;
        triatomic t = {0};
        levels l = {0};
        int bad = 0;
        small.points -= 2 * less, small.angular -= 4 * less, small.cut -= 4000 * less / PER_CM;
        if (small.points < 3 || small.angular < 4 || small.cut < o->cut / 2)
            continue;
        if (less)
            bad = manifold_begin(m, &small, &t) ||
                  solve_vibrations(m, &t, j->states < 6 ? j->states : 6, NULL, &l);
        const levels *from = less ? &l : best;
        if (!bad)
            printf("    %6d %9d %8.0f  %11.4f", small.points, small.angular, PER_CM * small.cut, from->zpe);
        for (size_t k = 1; k < from->n && k < 5 && !bad; k++)
            printf("  %11.4f", from->level[k].energy);
        if (!bad)
            printf("\n");
        free(l.level);
        triatomic_free(&t);
        if (bad)
            return 1;
    }
    return 0;
}

static int write_json(const job *j, const molecule *m, const levels *l)
{
    if (!j->on.json)
        return 0;
    double *all = calloc(4 * (l->n + l->nrotors) + 2 * l->nlines, sizeof *all), abc[3];
    whole w;
    whole_open(&w, j->on.json);
    json o = {.out = all ? w.out : NULL};
    json_text(&o, "name", m->name);
    json_numbers(&o, "masses", 3, m->mass);
    json_numbers(&o, "harmonic", (size_t)m->vibrations, m->wavenumber);
    json_number(&o, "zpe", l->zpe);
    json_number(&o, "dipole", l->level[0].dipole);
    for (int what = 0; what < 4 && all; what++) {
        static const char *const keys[] = {"levels", "exchange", "dipoles", "strengths"};
        for (size_t k = 0; k < l->n; k++) {
            const level *v = &l->level[k];
            all[k] = what == 0 ? v->energy : what == 1 ? v->exchange : what == 2 ? v->dipole : v->strength;
        }
        json_numbers(&o, keys[what], l->n, all);
    }
    if (rotational_constants(l, abc))
        json_numbers(&o, "rotational_constants", 3, abc);
    for (size_t k = 0; k < l->nrotors && all; k++) {
        const rotor *r = &l->rotor[k];
        const double row[] = {r->J, r->parity, r->exchange, r->energy};
        memcpy(all + 4 * k, row, sizeof row);
    }
    json_matrix(&o, "J_parity_exchange_level", l->nrotors, 4, all);
    for (size_t k = 0; k < l->nlines && all; k++)
        all[2 * k] = l->line[k].at, all[2 * k + 1] = l->line[k].strength;
    if (l->nlines > 0)
        json_matrix(&o, "line_strength_0_1", l->nlines, 2, all);
    json_end(&o);
    free(all);
    return whole_close(&w, !o.out) ? complain(m->program, j->on.json, strerror(errno)) : 0;
}

/* Sticks of the bands where there is a dipole, else of height 1. */
static int draw(const job *j, const molecule *m, const levels *l)
{
    char path[4096], title[256];
    const int known = isfinite(l->level[0].dipole), alike = l->level[0].exchange != 0;
    size_t n = 0;
    stick *s = malloc(l->n * sizeof *s);
    for (size_t k = 1; s && k < l->n && l->level[k].energy <= j->up_to; k++)
        s[n++] = (stick){l->level[k].energy, known ? l->level[k].strength : 1, l->level[k].exchange < 0};
    snprintf(path, sizeof path, "%s/levels.svg", j->on.directory);
    snprintf(title, sizeof title, "%s: %s", m->name,
             known ? "bands from the ground state, exact vibrations" : "levels");
    const sticks o = {title, {alike ? "symmetric" : NULL, "antisymmetric"}, known};
    return sticks_draw(m->program, path, &o, n, s) || printf("  picture: %s\n", path) < 0;
}

static int draw_lines(const job *j, const molecule *m, const levels *l)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/lines.svg", j->on.directory);
    return lines_draw(path, m, l->line, l->nlines);
}

static int run(const job *j, const molecule *m, const triatomic_options *o)
{
    triatomic t = {0};
    levels l = {0};
    progress p = {.program = "levels"};
    double *f = NULL;
    const int wanted = !strcmp(j->dipole, "yes") || (!*j->dipole && m->has_dipole);
    progress_show(&p, "J = 0", 0, 1);
    int bad = manifold_begin(m, o, &t);
    if (!bad && wanted) {
        f = calloc(2 * (size_t)t.npairs * (size_t)t.nq + 1, sizeof *f);
        if (f)
            dipoles(m, &t, *j->frame == 'b', f);
        bad = !f && complain(m->program, "", "out of memory");
    }
    bad = bad || solve_vibrations(m, &t, j->states, f, &l) ||
          (j->j > 0 && solve_rotors(j, m, *o, wanted, &p, &l));
    progress_end(&p);
    if (!bad) {
        print_levels(j, m, &t, &l);
        if (j->j > 0)
            print_rotors(j, &l);
        if (l.nlines > 0)
            lines_print(l.line, l.nlines);
        bad = (!strcmp(j->convergence, "yes") && print_convergence(j, m, o, &l)) || write_json(j, m, &l) ||
              draw(j, m, &l) || (l.nlines > 0 && draw_lines(j, m, &l));
    }
    free(f);
    free(l.level);
    free(l.rotor);
    free(l.line);
    triatomic_free(&t);
    return bad;
}

int main(int argc, char **argv)
{
    job j = {.on = {.program = "levels"},
             .basis = MANIFOLD_DEFAULTS,
             .up_to = 10000,
             .up_to_j = 500,
             .states = 40,
             .j = 1,
             .dipole = "",
             .frame = "eckart",
             .convergence = "yes"};
    const option own[] = {MANIFOLD_OPTIONS(j.basis),
                          {"--up-to", NULL, &j.up_to, NULL, 0, 0},
                          {"--up-to-j", NULL, &j.up_to_j, NULL, 0, 0},
                          {"--states", NULL, NULL, &j.states, 1, 10000},
                          {"--j", NULL, NULL, &j.j, 0, 100},
                          {"--dipole", &j.dipole, NULL, NULL, 0, 0},
                          {"--frame", &j.frame, NULL, NULL, 0, 0},
                          {"--convergence", &j.convergence, NULL, NULL, 0, 0}};
    molecule m = {0};
    triatomic_options o;
    int bad = surface_options(&j.on, help, argc, argv, own, sizeof own / sizeof *own);
    if (!bad && *j.dipole && strcmp(j.dipole, "yes") && strcmp(j.dipole, "no"))
        bad = complain("levels", "--dipole", "expected yes or no");
    if (!bad && strcmp(j.frame, "eckart") && strcmp(j.frame, "bisector"))
        bad = complain("levels", "--frame", "expected eckart or bisector");
    if (!bad && strcmp(j.convergence, "yes") && strcmp(j.convergence, "no"))
        bad = complain("levels", "--convergence", "expected yes or no");
    if (!bad && basis->natoms != 3)
        bad = complain("levels", basis->name, "its molecule has more or fewer atoms than three");
    bad = bad || molecule_read(&j.on, &m) || (!strcmp(j.dipole, "yes") && molecule_needs_dipole(&m)) ||
          molecule_settle(&j.on, &m) || manifold_choose(&m, &j.basis, &o) ||
          (*j.frame == 'b' && o.vectors != TRIATOMIC_RADAU &&
           complain("levels", "--frame", "the bisector is that of Radau's vectors: --vectors radau")) ||
          run(&j, &m, &o);
    molecule_free(&m);
    return surface_end("levels", bad);
}
