/* What programs on a fitted surface share. */
#define _POSIX_C_SOURCE 200809L
#include "common/molecule.h"
#include "common/atoms.h"
#include "common/eckart.h"
#include "common/evaluate.h"
#include "common/minimise.h"
#include "common/modes.h"

int complain(const char *program, const char *what, const char *text)
{
    fprintf(stderr, "%s: %s%s%s\n", program, what, *what ? ": " : "", text);
    return 1;
}

int surface_options(surface_job *j, const char *help, int argc, char **argv, const option *own, size_t count)
{
    const option shared[] = {{"--directory", &j->directory, NULL, NULL, 0, 0},
                             {"--name", &j->name, NULL, NULL, 0, 0},
                             {"--start", &j->start, NULL, NULL, 0, 0},
                             {"--seed", NULL, NULL, &j->seed, 0, 0},
                             {"--masses", &j->masses, NULL, NULL, 0, 0},
                             {"--isotope", &j->isotopes, NULL, NULL, 0, 0},
                             {"--json", &j->json, NULL, NULL, 0, 0}};
    const size_t others = j->few ? 4 : sizeof shared / sizeof *shared;
    option *all = calloc(count + others, sizeof *all);
    if (!all)
        return complain(j->program, "", "out of memory");
    j->directory = ".";
    j->name = basis->name;
    j->seed = 1;
    memcpy(all, shared, others * sizeof *all);
    if (count)
        memcpy(all + others, own, count * sizeof *own);
    const int bad = take_options(j->program, help, argc, argv, all, count + others);
    free(all);
    return bad;
}

/* ---- the surface and the start ---- */

/* The file of the start; room for the name of the usual one. */
static const char *start_of(const surface_job *j, char path[4096])
{
    snprintf(path, 4096, "%s/minimum.xyz", j->directory);
    return j->start ? j->start : path;
}

int molecule_start(const surface_job *j, molecule *m)
{
    char room[4096];
    const char *path = start_of(j, room);
    eqml_data data = {0};
    eqml_message message;
    int bad = 0;
    if (eqml_data_read(path, &data, &message))
        bad = complain(j->program, "", message.text);
    else if (match_basis(&data, basis, NULL, &message))
        bad = complain(j->program, path, message.text);
    else if (!(m->symbols = symbols_of(&data)))
        bad = complain(j->program, "", "out of memory");
    else
        memcpy(m->xyz, data.xyz, 3 * (size_t)m->natoms * sizeof *m->xyz);
    eqml_data_free(&data);
    return bad;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

int molecule_read(const surface_job *j, molecule *m)
{
    const eqml_basis *b = basis;
    const eqml_tensor_basis *t = b->tensors[EQML_DIPOLE];
    const size_t natoms = (size_t)b->natoms, n = 3 * natoms, slots = (size_t)b->nslots,
                 pairs = (size_t)b->npairs;
    size_t work = EQML_WORK_HESSIAN(slots, pairs);
    char path[4096];
    eqml_message message;
    if (t)
        work = larger(work,
                      EQML_WORK_TENSOR(EQML_DIPOLE, (size_t)t->nslots, pairs, (size_t)t->nvectors, natoms));
    *m = (molecule){.program = j->program, .name = j->name, .natoms = b->natoms};
    m->mass = calloc(natoms + n + 2 * n + n * n, sizeof *m->mass);
    m->work = aligned_alloc(64, (work * sizeof(double) + 63) / 64 * 64);
    m->lanes = aligned_alloc(64, (EQML_WORK_BATCH(slots, pairs, natoms) * sizeof(eqml_lanes) + 63) / 64 * 64);
    if (!m->mass || !m->work || !m->lanes)
        return complain(j->program, "", "out of memory");
    m->xyz = m->mass + natoms, m->root = m->xyz + n, m->wavenumber = m->root + n, m->mode = m->wavenumber + n;
    snprintf(path, sizeof path, "%s/%s.pes", j->directory, j->name);
    if (eqml_surface_read(&m->surface, b, path, &message))
        return complain(j->program, "", message.text);
    m->model = &m->surface.model;
    m->has_dipole = m->model->tensors[EQML_DIPOLE] != NULL;
    return 0;
}

void molecule_free(molecule *m)
{
    eqml_surface_free(&m->surface);
    free(m->symbols);
    free(m->mass);
    free(m->work);
    free(m->lanes);
    *m = (molecule){0};
}

/* ---- masses ---- */

#define ELECTRON (1 / DALTON) /* its mass in dalton */

/* The mass of a nucleus, or of an atom, of this symbol or of this many dalton. 0: neither. */
static double mass_of(const char *text, size_t length, int nuclear, int charge)
{
    const element *e = find_element(text, length);
    char number[64], *end;
    snprintf(number, sizeof number, "%.*s", (int)length, text);
    const double mass = e ? e->mass : strtod(number, &end);
    if ((!e && (*end || end == number)) || !(mass > 0 && mass < 1000))
        return 0;
    return mass - (nuclear ? (e ? atomic_number(e) : charge) * ELECTRON : 0);
}

/* The next word of a list that commas separate; its length, 0 at the end. */
static size_t next_word(const char **list)
{
    *list += **list == ',';
    return strcspn(*list, ",");
}

static int bad_masses(const surface_job *j, const char *option, const char *why)
{
    char text[512];
    snprintf(text, sizeof text, "%s %s: %s", option, !strcmp(option, "--masses") ? j->masses : j->isotopes,
             why);
    return complain(j->program, "", text);
}

const char *molecule_symbol(const molecule *m, int atom, size_t *length)
{
    const char *at = m->symbols;
    for (; atom > 0; atom--)
        at = strchr(at, ' ') + 1;
    *length = strcspn(at, " ");
    return at;
}

/* "1=D" or "H=D" for each atom that is meant. */
static int take_isotopes(const surface_job *j, int nuclear, molecule *m)
{
    const char *list = j->isotopes ? j->isotopes : "";
    for (size_t length; (length = next_word(&list)) > 0; list += length) {
        const char *equals = memchr(list, '=', length);
        int found = 0;
        if (!equals)
            return bad_masses(j, "--isotope", "expected atom=isotope, as in 1=D or H=D");
        const size_t before = (size_t)(equals - list), after = length - before - 1;
        for (int i = 0; i < m->natoms; i++) {
            char number[32];
            size_t size;
            const char *symbol = molecule_symbol(m, i, &size);
            const element *e = find_element(symbol, size);
            snprintf(number, sizeof number, "%d", i + 1);
            if (!(e && e == find_element(list, before)) &&
                !(strlen(number) == before && !memcmp(number, list, before)))
                continue;
            const element *heavier = find_element(equals + 1, after);
            if (e && heavier && atomic_number(heavier) != atomic_number(e))
                return bad_masses(j, "--isotope", "it is not of the same element");
            m->mass[i] = mass_of(equals + 1, after, nuclear, e ? atomic_number(e) : 0);
            if (m->mass[i] <= 0)
                return bad_masses(j, "--isotope", "expected D, T or an atomic mass in dalton");
            found = 1;
        }
        if (!found)
            return bad_masses(j, "--isotope", "there is no such atom");
    }
    return 0;
}

static int take_masses(const surface_job *j, molecule *m)
{
    const char *masses = j->masses ? j->masses : "atomic", *list = masses;
    const int nuclear = !strcmp(masses, "nuclear"), listed = !nuclear && strcmp(masses, "atomic");
    for (int i = 0; i < m->natoms; i++) {
        size_t length;
        const char *symbol = molecule_symbol(m, i, &length);
        const element *e = find_element(symbol, length);
        if (listed) {
            const size_t size = next_word(&list);
            char *end = NULL;
            m->mass[i] = size ? strtod(list, &end) : 0;
            if (!(m->mass[i] > 0 && m->mass[i] < 1000) || end != list + size)
                return bad_masses(j, "--masses",
                                  "expected atomic, nuclear, or a mass in dalton for each atom, with commas");
            list += size;
        } else if (e) {
            m->mass[i] = mass_of(symbol, length, nuclear, 0);
        } else {
            return bad_masses(j, "--masses",
                              "the symbols of the start are no elements: give masses as a list");
        }
    }
    if (listed && *list)
        return bad_masses(j, "--masses", "there are more masses than atoms");
    return take_isotopes(j, nuclear, m);
}

/* ---- the minimum ---- */

static int is_outside(const void *context, const double *xyz)
{
    const molecule *m = context;
    return eqml_surface_inside(&m->surface, xyz) == 0;
}

/* The vibrations, and of them how many are negative; steps by Newton's method along them first, which takes the gradient to
 * the last digits. */
static int find_vibrations(int steps, molecule *m)
{
    const size_t n = 3 * (size_t)m->natoms;
    double *hessian = calloc(n * n + 7 * n, sizeof *hessian);
    if (!hessian)
        return complain(m->program, "", "out of memory");
    double *rigid = hessian + n * n, *gradient = rigid + 6 * n;
    for (int step = 0; step <= steps; step++) {
        m->energy = evaluate_hessian(m->model, m->xyz, gradient, hessian, m->work);
        m->vibrations =
            vibrations(m->natoms, m->mass, m->xyz, hessian, m->root, m->wavenumber, m->mode, rigid);
        m->negative = 0;
        for (int q = 0; q < m->vibrations; q++)
            m->negative += m->wavenumber[q] < 0;
        for (int q = 0; q < m->vibrations && step < steps && !m->negative; q++) {
            const double w = m->wavenumber[q] / PER_CM, *mode = m->mode + (size_t)q * n;
            double along = 0;
            for (size_t k = 0; k < n; k++)
                along += gradient[k] * mode[k] / m->root[k];
            for (size_t k = 0; k < n && w > 1e-5; k++)
                m->xyz[k] -= along / (w * w) * mode[k] / m->root[k];
        }
    }
    free(hessian);
    return 0;
}

int molecule_settle(const surface_job *j, molecule *m)
{
    const minimise_options options = {.gradient = 1e-9, .outside = is_outside, .context = m};
    char room[4096], text[512];
    const char *from = start_of(j, room);
    if ((!m->symbols && molecule_start(j, m)) || take_masses(j, m))
        return 1;
    if (is_outside(m, m->xyz))
        return complain(
            j->program, from,
            "a distance is outside of those of the training data, where the surface means nothing");
    m->energy = evaluate(m->model, m->xyz, NULL, m->work);
    if (!j->saddle) {
        const minimise_end end = minimise(m->model, m->xyz, &m->energy, &options);
        if (end == MINIMISE_MEMORY)
            return complain(j->program, "", "out of memory");
        if (end == MINIMISE_LEFT)
            return complain(j->program, from,
                            "the way down leads out of the training data: give a geometry "
                            "in the valley of the minimum by --start");
    }
    if (!isfinite(m->energy))
        return complain(j->program, from, "the energy is not a number");
    to_centre(m->natoms, m->mass, m->xyz);
    if (find_vibrations(j->saddle ? 0 : 2, m))
        return 1;
    if (m->negative && !j->saddle) {
        snprintf(
            text, sizeof text,
            "the surface curves downwards along %d vibration%s there (the first: %.1fi cm^-1): a saddle, "
            "no minimum; give a geometry in the valley of one by --start",
            m->negative, m->negative > 1 ? "s" : "", -m->wavenumber[0]);
        return complain(j->program, from, text);
    }
    return 0;
}

/* ---- energies and dipoles ---- */

int molecule_needs_dipole(const molecule *m)
{
    return !m->has_dipole &&
           complain(m->program, m->name, "the surface has no dipole: fit one with make pes ... DIPOLE=6");
}

void molecule_energies(const molecule *m, size_t n, const double *xyz, double *energy, double *gradient)
{
    evaluate_batch(m->model, n, xyz, energy, gradient, m->lanes);
}

void molecule_dipoles(const molecule *m, size_t n, const double *xyz, double *dipole)
{
    for (size_t g = 0; g < n; g++)
        eqml_tensor_value(m->model, EQML_DIPOLE, xyz + g * 3 * (size_t)m->natoms, NULL, NULL, dipole + 3 * g,
                          m->work);
}

int surface_end(const char *program, int status)
{
    if (fflush(stdout) || ferror(stdout))
        return complain(program, "", "standard output cannot be written");
    return status;
}
