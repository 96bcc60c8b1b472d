/* Tables and JSON. */
#define _POSIX_C_SOURCE 200809L
#include "vci/output.h"
#include "common/json.h"
#include "common/modes.h"
#include "common/sticks.h"
#include "common/units.h"
#include "common/whole.h"

static double above(const vci_run *r, size_t state)
{
    return PER_CM * (r->states.energy[state] - r->states.energy[0]);
}

/* km/mol */
static double strength(const vci_run *r, size_t state)
{
    return KM_MOL * 2 * above(r, state) / PER_CM * r->states.strength[state];
}

/* "v1 + 2 v3" */
static void name_state(const vci_run *r, size_t state, size_t size, char *text)
{
    const unsigned char *main = r->states.main + state * (size_t)r->m.modes;
    size_t at = 0;
    text[0] = 0;
    for (int k = 0; k < r->m.modes && at < size; k++)
        if (main[k]) {
            char many[8] = "";
            if (main[k] > 1)
                snprintf(many, sizeof many, "%d ", main[k]);
            at += (size_t)snprintf(text + at, size - at, "%s%sv%d", at ? " + " : "", many, k + 1);
        }
    if (!at)
        snprintf(text, size, "ground state");
}

static void print_modes(const molecule *m, const vci_run *r)
{
    const vci_row *row = &r->row[r->nrows - 1];
    int missing = 0;
    printf("  mode  harmonic / cm^-1  mean field / cm^-1  fundamental / cm^-1%s\n",
           isfinite(r->states.strength[0]) ? "  strength / (km/mol)" : "");
    for (int k = 0; k < r->m.modes; k++) {
        const int p = r->m.points;
        printf("  v%-3d  %16.2f  %18.2f", k + 1, m->wavenumber[k],
               PER_CM * (r->m.level[k * p + 1] - r->m.level[k * p]));
        if (isfinite(row->fundamental[k]))
            printf("  %19.3f", row->fundamental[k]);
        else
            printf("  %19s", "-"), missing = 1;
        if (isfinite(row->fundamental[k]) && isfinite(r->states.strength[0]))
            printf("  %19.4g", strength(r, (size_t)r->states.fundamental[k]));
        printf("\n");
    }
    if (missing)
        printf(
            "  - lies above the states that were asked for (--states), or is spread over several of them\n");
}

static void print_convergence(const vci_run *r)
{
    const int shown = r->m.modes <= 9 ? r->m.modes : 0;
    printf(
        "  convergence: zero-point energy, largest change of a fundamental against the last row%s / cm^-1\n",
        shown ? ", fundamentals" : "");
    printf("  order  excitations  configurations  zero-point   change\n");
    for (int k = 0; k < r->nrows; k++) {
        const vci_row *row = &r->row[k], *last = &r->row[r->nrows - 1];
        double change = 0;
        for (int q = 0; q < r->m.modes; q++)
            change =
                fmax(change, fabs(row->fundamental[q] - last->fundamental[q])); /* those that both have */
        printf("  %5d  %11d  %14zu  %10.3f  %7.3f", row->order, row->quanta, row->configurations, row->zpe,
               change);
        for (int q = 0; q < shown; q++)
            printf("  %8.2f", row->fundamental[q]);
        printf("\n");
    }
}

void vci_print(const vci_options *o, const molecule *m, const vci_run *r)
{
    printf(
        "%s: Watson's Hamiltonian, J = 0, terms of up to %d modes, %d points of a mode, up to %d excitations "
        "in up to %d modes: %zu configurations in %d block%s of symmetry\n",
        m->name, o->order, o->points, o->quanta, o->coupled, r->states.configurations, r->states.blocks,
        r->states.blocks > 1 ? "s" : "");
    if (o->ceiling > 0)
        printf("  configurations up to %.0f cm^-1, by harmonic wavenumbers\n", o->ceiling);
    printf("  mu in terms of up to %d modes; one-mode potentials and their sums up to %.0f cm^-1\n", o->mu,
           o->reach);
    for (int k = 0; k < r->m.modes; k++)
        if (r->m.barrier[k] > 0)
            printf("  along v%d the potential falls again behind %.0f cm^-1, where the grid ends\n", k + 1,
                   PER_CM * r->m.barrier[k]);
    if (isfinite(r->mirror))
        printf(
            "  there are two minima: the mirror image lies behind a barrier of at most %.0f cm^-1; these are "
            "states of one\n  well, without the splittings of tunnelling, and those near the barrier are not "
            "to be trusted\n",
            PER_CM * r->mirror);
    if (r->inversion.known) {
        static const char *const names[INVERSION_LEVELS] = {"0+", "0-", "1+", "1-", "2+", "2-"};
        printf("  inversion alone, along the path of least energy: barrier %.0f cm^-1, %.0f with the "
               "zero-point energy of the "
               "other\n  vibrations; levels / cm^-1:",
               PER_CM * r->inversion.barrier, PER_CM * r->inversion.adiabatic);
        for (int k = 1; k < INVERSION_LEVELS; k++)
            printf("%s %s %.2f", k > 1 ? "," : "", names[k], PER_CM * r->inversion.level[k]);
        printf("\n");
    }
    printf("  zero-point energy: %.3f cm^-1; mean field %.3f\n", PER_CM * r->states.energy[0],
           PER_CM * r->states.scf);
    if (isfinite(r->states.strength[0])) {
        const double *d = r->states.dipole;
        printf("  dipole of the ground state: %.5f debye\n",
               DEBYE * sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]));
    }
    print_modes(m, r);
    printf("  level / cm^-1  weight  largest configuration\n");
    for (size_t v = 0; v < r->states.n; v++) {
        char text[256];
        name_state(r, v, sizeof text, text);
        printf("  %13.3f  %6.3f  %s\n", above(r, v), r->states.weight[v], text);
    }
    if (o->convergence)
        print_convergence(r);
    printf("  %.0f points of the surface in %.1f s, %.3g a second; %.1f s in all, %.0f %% of them in the "
           "surface; %d "
           "products of the matrix, of %.3g elements\n",
           r->calls, r->surface_seconds, r->calls / r->surface_seconds, r->seconds,
           100 * r->surface_seconds / r->seconds, r->states.products, r->states.elements);
}

int vci_draw(const char *path, const molecule *m, const vci_run *r)
{
    char title[256];
    const int known = isfinite(r->states.strength[0]);
    stick *s = malloc(r->states.n * sizeof *s);
    for (size_t v = 1; s && v < r->states.n; v++)
        s[v - 1] = (stick){above(r, v), known ? strength(r, v) : 1, 0};
    snprintf(title, sizeof title, "%s: %s by configuration interaction", m->name,
             known ? "bands from the ground state" : "levels");
    const sticks o = {.title = title, .strengths = known};
    return sticks_draw("vci", path, &o, r->states.n - 1, s);
}

int vci_write_json(const char *path, const vci_options *o, const molecule *m, const vci_run *r)
{
    const size_t n = r->states.n, modes = (size_t)r->m.modes;
    const vci_row *last = &r->row[r->nrows - 1];
    double *room = calloc(2 * n + RUN_ROWS * (modes + 4) + modes, sizeof *room);
    if (!room)
        return complain("vci", "", "out of memory");
    double *levels = room, *strengths = levels + n, *bands = strengths + n, *table = bands + modes,
           *to = table;
    double along[INVERSION_LEVELS];
    whole w;
    for (size_t v = 0; v < n; v++)
        levels[v] = above(r, v), strengths[v] = strength(r, v);
    for (size_t k = 0; k < modes; k++)
        bands[k] = r->states.fundamental[k] < 0 ? NAN : strengths[r->states.fundamental[k]];
    for (int k = 0; k < r->nrows; k++) {
        const vci_row *row = &r->row[k];
        *to++ = row->order, *to++ = row->quanta, *to++ = (double)row->configurations, *to++ = row->zpe;
        for (size_t q = 0; q < modes; q++)
            *to++ = row->fundamental[q];
    }
    whole_open(&w, path);
    json j = {w.out, 0};
    json_text(&j, "name", m->name);
    json_numbers(&j, "masses", (size_t)m->natoms, m->mass);
    json_number(&j, "order", o->order);
    json_number(&j, "excitations", o->quanta);
    json_number(&j, "configurations", (double)r->states.configurations);
    json_number(&j, "zpe", PER_CM * r->states.energy[0]);
    json_number(&j, "mean_field", PER_CM * r->states.scf);
    json_numbers(&j, "harmonic", modes, m->wavenumber);
    json_numbers(&j, "fundamentals", modes, last->fundamental);
    json_numbers(&j, "levels", n, levels);
    if (isfinite(r->states.strength[0])) {
        const double *d = r->states.dipole;
        json_number(&j, "dipole", DEBYE * sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]));
        json_numbers(&j, "fundamental_strengths", modes, bands);
        json_numbers(&j, "strengths", n, strengths);
    }
    json_matrix(&j, "convergence", (size_t)r->nrows, modes + 4, table);
    json_number(&j, "mirror_barrier", PER_CM * r->mirror);
    for (int k = 0; k < INVERSION_LEVELS; k++)
        along[k] = PER_CM * r->inversion.level[k];
    if (r->inversion.known)
        json_numbers(&j, "inversion_levels", INVERSION_LEVELS, along);
    json_number(&j, "calls", r->calls);
    json_number(&j, "calls_per_s", r->calls / r->surface_seconds);
    json_number(&j, "surface_share", r->surface_seconds / r->seconds);
    json_end(&j);
    free(room);
    return whole_close(&w, 0) ? complain("vci", path, strerror(errno)) : 0;
}
