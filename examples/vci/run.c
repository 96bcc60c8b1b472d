/* Expansions term by term, then one calculation for each row of the table of convergence. */
#define _POSIX_C_SOURCE 200809L
#include "vci/run.h"
#include "common/modes.h"
#include "vci/checkpoint.h"

int vci_choose(vci_options *o, const molecule *m)
{
    const int modes = m->vibrations, large = modes > 9;
    if (m->natoms < 3 || modes > EXPANSION_MODES)
        return complain("vci", m->name, "molecules of 3 to 9 atoms are what it can do");
    if (modes != 3 * m->natoms - 6)
        return complain("vci", m->name,
                        "the molecule is linear at the minimum, where Watson's Hamiltonian has another form "
                        "(Mol. Phys. 19, 465 (1970)): levels does those of three atoms");
    if (o->order == 0)
        o->order = large ? 3 : 4;
    if (o->order > modes)
        o->order = modes;
    if (o->quanta == 0)
        o->quanta = modes <= 3 ? 12 : modes <= 6 ? 8 : modes <= 9 ? 6 : 4;
    if (o->coupled == 0 || o->coupled > modes)
        o->coupled = modes;
    if (o->reach == 0)
        o->reach = large ? 15000 : 60000;
    if (o->points == 0)
        o->points = o->quanta + 4 > 10 ? o->quanta + 4 : 10;
    if (o->mu < 0)
        o->mu = modes <= 3 ? 3 : large ? 1 : 2;
    if (o->mu > modes)
        o->mu = modes;
    if (o->dipole < 0)
        o->dipole = large ? 2 : 3;
    if (o->dipole > modes)
        o->dipole = modes;
    if (o->dipole > 0 && !m->has_dipole)
        o->dipole = 0;
    if (o->memory == 0)
        o->memory = 8;
    if (o->ceiling > 0 && o->ceiling < 1.5 * m->wavenumber[modes - 1])
        return complain("vci", "--ceiling",
                        "it is to leave room above the fundamentals: at least 1.5 times the highest");
    return 0;
}

static int no_memory(void)
{
    return complain("vci", "", "out of memory");
}

static space_limits limits_of(const vci_options *o, int quanta, const vci_run *r)
{
    return (space_limits){quanta, o->coupled, o->ceiling / PER_CM, r->w.wavenumber};
}

/* Whether there is memory for the largest space, before the surface is asked for anything: points, the matrix, and a term of it.
 * What is large is told. */
static int weigh(const vci_options *o, const vci_run *r)
{
    const space_limits limits = limits_of(o, o->quanta, r);
    const int modes = r->w.modes, lowest[] = {0, 1, 2, 3, 4, 5};
    double points = 0, size = 1, elements = 0, ranks = 1, memory = INFINITY;
    char text[512];
    parts p[EXPANSION_ORDER + 1];
    space s;
    for (int n = 1; n <= o->order; n++) {
        size *= (double)o->points * (modes - n + 1) / n;
        points += size;
    }
    int bad = space_make(&s, modes, o->points, &limits, &r->w.symmetry);
    const int many = bad && s.count > SPACE_MOST;
    for (int k = 0; k < o->order; k++)
        ranks *= s.levels[k];
    for (int b = 0; b < s.blocks && !bad; b++)
        elements += sparse_estimate(&s, b, b, 1, o->order);
    if (!bad && ranks < 1e9) {
        bad = parts_make(p, &s, o->order, lowest);
        const double count = bad ? 0 : (double)p[o->order].count;
        memory = 1e-9 * (8 * points + 12 * elements + 4 * ranks + 6 * count * count);
        parts_free(p, o->order);
    }
    if (many)
        snprintf(text, sizeof text, "more than %d configurations", SPACE_MOST);
    else
        snprintf(text, sizeof text,
                 "%zu configurations, in %d block%s of symmetry %.3g elements, and %.3g points of the "
                 "surface: about %.2g GB",
                 s.count, s.blocks, s.blocks > 1 ? "s" : "", elements, points, memory);
    space_free(&s);
    if (bad && !many)
        return no_memory();
    if (memory <= o->memory) {
        if (memory > 0.5)
            fprintf(stderr, "vci: %s\n", text);
        return 0;
    }
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "; --memory allows %g: fewer --quanta, a --ceiling, or a lower --order take less", o->memory);
    return complain("vci", r->w.m->name, text);
}

/* The potential, from the checkpoint as far as that goes. */
static int expand_potential(const vci_options *o, const expansion_grid *grid, progress *p, vci_run *r)
{
    const uint64_t of = grids_of(&r->w, &r->m, grid->limit);
    size_t filled = 0;
    double written = seconds_now(), done = 0, total = 0;
    if (expansion_make(&r->v, r->m.modes, o->order, o->points, 1))
        return no_memory();
    if (o->checkpoint && grids_read(o->checkpoint, of, &r->w, &r->v, &filled))
        return 1;
    for (size_t t = filled; t < r->v.count; t++)
        total += (double)expansion_size(&r->v, t);
    if (filled == 0)
        expansion_origin(&r->v, watson_energy, &r->w);
    for (size_t t = filled; t < r->v.count; t++) {
        progress_show(p, "points of the surface", done, total);
        if (expansion_fill(&r->v, t, grid, watson_energy, &r->w))
            return no_memory();
        done += (double)expansion_size(&r->v, t);
        if (o->checkpoint && (t + 1 == r->v.count || seconds_now() - written > o->every)) {
            if (grids_write(o->checkpoint, of, &r->w, &r->v, t + 1))
                return 1;
            written = seconds_now();
        }
    }
    return 0;
}

static int expand_other(int order, int points, int fields, const expansion_grid *grid, mode_function *f,
                        vci_run *r, expansion *e)
{
    if (expansion_make(e, r->m.modes, order, points, fields))
        return no_memory();
    expansion_origin(e, f, &r->w);
    for (size_t t = 0; t < e->count; t++)
        if (expansion_fill(e, t, grid, f, &r->w))
            return no_memory();
    return 0;
}

static int make_modals(const vci_options *o, const molecule *m, vci_run *r)
{
    char text[256];
    int failed;
    for (int k = 0; k < m->vibrations; k++)
        if (m->wavenumber[k] < 10) {
            snprintf(text, sizeof text,
                     "vibration %d has %.1f cm^-1: a mode as soft as this is no vibration in normal modes",
                     k + 1, m->wavenumber[k]);
            return complain("vci", m->name, text);
        }
    if (!modals_make(&r->m, m->vibrations, o->points, r->w.wavenumber, o->reach / PER_CM, watson_energy,
                     &r->w, &failed))
        return 0;
    if (failed < 0)
        return no_memory();
    snprintf(
        text, sizeof text,
        "along vibration %d (%.1f cm^-1) the surface has no well that holds %d points: it may have a hole "
        "near (make holes), or --points is too high",
        failed + 1, m->wavenumber[failed], o->points);
    return complain("vci", m->name, text);
}

static int solve_row(const vci_options *o, int order, int quanta, int last, vci_run *r)
{
    vci_states other = {0}, *s = last ? &r->states : &other;
    const vci_problem p = {.v = &r->v,
                           .mu = o->mu >= 0 ? &r->mu : NULL,
                           .zeta = r->w.zeta,
                           .dipole = last && o->dipole > 0 ? &r->dipole : NULL,
                           .symmetry = &r->w.symmetry,
                           .order = order,
                           .mu_order = o->mu,
                           .limits = limits_of(o, quanta, r),
                           .states = o->states};
    const char *bad = vci_solve(&p, &r->m, s);
    if (!bad) {
        vci_row *row = &r->row[r->nrows++];
        *row = (vci_row){.order = order, .quanta = quanta, .configurations = s->configurations};
        row->zpe = PER_CM * s->energy[0];
        for (int k = 0; k < r->m.modes; k++)
            row->fundamental[k] =
                s->fundamental[k] < 0 ? NAN : PER_CM * (s->energy[s->fundamental[k]] - s->energy[0]);
    }
    vci_states_free(&other);
    return bad ? complain("vci", r->w.m->name, bad) : 0;
}

int vci_run_all(const vci_options *o, const molecule *m, vci_run *r)
{
    progress p = {.program = "vci"};
    const double begin = seconds_now();
    *r = (vci_run){0};
    if (watson_make(&r->w, m))
        return no_memory();
    if (inversion_bound(m, &r->mirror) || (isfinite(r->mirror) && inversion_solve(m, &r->inversion)))
        return no_memory();
    if (weigh(o, r) || make_modals(o, m, r))
        return 1;
    const expansion_grid grid = {r->m.q, r->m.v, o->reach / PER_CM};
    int bad = expand_potential(o, &grid, &p, r);
    r->calls = r->v.calls;
    if (!bad && r->w.holes > 0) {
        char text[256];
        snprintf(text, sizeof text,
                 "%.0f points lie in holes of the surface, down to %.0f cm^-1 below the minimum: lower "
                 "--reach (now "
                 "%.0f), or mend the surface (make holes)",
                 r->w.holes, -PER_CM * r->w.deepest, o->reach);
        bad = complain("vci", m->name, text);
    }
    r->surface_seconds = seconds_now() - begin;
    bad = bad || expand_other(o->mu, o->points, 6, &grid, watson_mu, r, &r->mu) ||
          (o->dipole > 0 && expand_other(o->dipole, o->points, 3, &grid, watson_dipole, r, &r->dipole));
    for (int order = 2; order < o->order && o->convergence && !bad; order++) {
        progress_show(&p, "order of the expansion", order, o->order);
        bad = solve_row(o, order, o->quanta, 0, r);
    }
    for (int less = o->convergence ? 2 : 0; less >= 0 && !bad; less--) {
        progress_show(&p, "excitations", o->quanta - less, o->quanta);
        if (o->quanta - less >= 2 || less == 0)
            bad = solve_row(o, o->order, o->quanta - less, less == 0, r);
    }
    progress_end(&p);
    r->seconds = seconds_now() - begin;
    return bad;
}

void vci_run_free(vci_run *r)
{
    watson_free(&r->w);
    modals_free(&r->m);
    expansion_free(&r->v);
    expansion_free(&r->mu);
    expansion_free(&r->dipole);
    vci_states_free(&r->states);
}
